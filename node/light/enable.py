"""Becoming a validator: the bond in the ValidatorRegistry first, votes only once it stands.

What is done next follows from what the registry says, so a restart at any point goes on where it
was. Where taking part is refused, the bond is withdrawn again: by itself, as soon as it may be.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from ..codec import Reader, Refused, sized, u8
from ..core import Store
from ..crypto import SIGNATURE, SIGNING_PUBLIC, SigningKey
from ..rlp import keccak
from ..wallet import Transfer
from .answers import Rpc, RpcFailed, data, member, shown, word

POSSESSION = keccak(b"PARS-VALIDATOR-KEY-V1")
STAKE_MAX = 2**127
REASON_MAX = 256
TIP = 10**9
_WANTED = b"light/e/wanted"
_SENT = b"light/e/sent"
_UNKNOWN, _REGISTERED, _ACTIVE, _SUSPENDED, _EXITED, _SLASHED, _EXITING = range(7)

Calls = Generator[list[Rpc], list[Any], Any]
Sign = Callable[[Transfer], tuple[bytes, bytes]]


class Stage(Enum):
    """How far it is."""

    OFF = "off"
    REGISTERING = "registering"
    WAITING = "waiting"  # for the day after registering
    ACTIVATING = "activating"
    ON = "on"  # the node may vote
    LEAVING = "leaving"


@dataclass(frozen=True, slots=True)
class Status:
    """How far it is, and why it goes no further."""

    stage: Stage
    reason: str = ""


class Enabling:
    """One node's way into the set of validators and out again. Call `step` until it is ON or OFF.

    The driver sends what the steps ask for to its chain node, as for a `Gateway`.
    """

    def __init__(
        self,
        *,
        key: SigningKey,
        address: bytes,
        sign: Sign,
        registry: bytes,
        chain_id: int,
        store: Store,
    ) -> None:
        self._key = key
        self._address = address
        self._sign = sign
        self._registry = registry
        self._chain_id = chain_id
        self._store = store
        self._stake = 0
        self._reason = ""
        kept = store.get(_WANTED)
        if kept is not None:
            reader = Reader(kept)
            self._stake = int.from_bytes(reader.take(reader.u8()), "big")
            self._reason = reader.sized(4 * REASON_MAX).decode()

    def enable(self, stake: int) -> None:
        """Want to take part, with this stake in wei."""
        if not 0 < stake <= STAKE_MAX:
            raise Refused("enable: not a stake")
        self._want(stake, "")

    def disable(self, reason: str = "") -> None:
        """Want to take part no longer; what is bonded comes back in time."""
        self._want(0, reason)

    def _want(self, stake: int, reason: str) -> None:
        self._stake, self._reason = stake, reason[:REASON_MAX]
        number = stake.to_bytes(16, "big")
        self._store.commit({_WANTED: u8(16) + number + sized(self._reason.encode())})

    def step(self) -> Generator[list[Rpc], list[Any], Status]:
        """Do what is next, if anything is; return how far it is."""
        state, until, now = yield from self._look()
        sent = yield from self._sent()
        if sent:
            return Status(_stage(state, wanted=self._stake > 0), self._reason)
        if self._stake and state in (_UNKNOWN, _EXITED):
            if (yield from self._send(self._register(), self._stake)):
                return Status(Stage.REGISTERING)
            self.disable(self._reason)  # nothing is bonded: there is nothing to take back
        elif self._stake and state in (_REGISTERED, _SUSPENDED) and until <= now:
            if (yield from self._send(_selector("activate()"), 0)):
                return Status(Stage.ACTIVATING)
            self.disable(self._reason)
        elif not self._stake and state in (_REGISTERED, _ACTIVE, _SUSPENDED):
            yield from self._send(_selector("exit()"), 0)
            return Status(Stage.LEAVING, self._reason)
        elif not self._stake and state == _EXITING and until <= now:
            yield from self._send(_selector("withdraw()"), 0)
            return Status(Stage.LEAVING, self._reason)
        elif state == _SLASHED and self._stake:
            self.disable("the bond was slashed")
        return Status(_stage(state, wanted=self._stake > 0), self._reason)

    def _look(self) -> Generator[list[Rpc], list[Any], tuple[int, int, int]]:
        """Return what the registry says of us, until when, and the chain's time."""
        asked = _selector("validator(address)") + self._address.rjust(32, b"\0")
        call = {"to": shown(self._registry), "input": shown(asked)}
        output, block = yield [
            Rpc("eth_call", (call, "latest")),
            Rpc("eth_getBlockByNumber", ("latest", False)),
        ]
        words = data(output)
        if len(words) != 128:
            raise Refused("enable: no registry there")
        state, until = (int.from_bytes(words[at : at + 32], "big") for at in (0, 64))
        return state, until, word(member(block, "timestamp"))

    def _sent(self) -> Generator[list[Rpc], list[Any], bool]:
        """Return whether a transaction of ours is under way; send it again if need be."""
        raw = self._store.get(_SENT)
        if raw is None:
            return False
        (receipt,) = yield [Rpc("eth_getTransactionReceipt", (shown(keccak(raw)),))]
        if receipt is None:
            (again,) = yield [Rpc("eth_sendRawTransaction", (shown(raw),))]
            if not isinstance(again, RpcFailed) or "already known" in str(again):
                return True
        self._store.commit({_SENT: None})
        if receipt is not None and word(member(receipt, "status")) != 1 and self._stake:
            self.disable("the registry refused the transaction")
        return receipt is not None

    def _send(self, call_data: bytes, value: int) -> Generator[list[Rpc], list[Any], bool]:
        """Sign a call of the registry and send it, unless it would fail."""
        call = {
            "from": shown(self._address),
            "to": shown(self._registry),
            "input": shown(call_data),
            "value": hex(value),
        }
        gas, nonce, block = yield [
            Rpc("eth_estimateGas", (call, "latest")),
            Rpc("eth_getTransactionCount", (shown(self._address), "pending")),
            Rpc("eth_getBlockByNumber", ("latest", False)),
        ]
        if isinstance(gas, RpcFailed):
            self._reason = str(gas)[:REASON_MAX]
            return False
        raw, _ = self._sign(
            Transfer(
                chain_id=self._chain_id,
                nonce=word(nonce),
                max_priority_fee=TIP,
                max_fee=2 * word(member(block, "baseFeePerGas")) + TIP,
                gas=word(gas) * 9 // 8,
                to=self._registry,
                value=value,
                data=call_data,
            )
        )
        self._store.commit({_SENT: raw})
        (sent,) = yield [Rpc("eth_sendRawTransaction", (shown(raw),))]
        if isinstance(sent, RpcFailed):
            self._store.commit({_SENT: None})
            self._reason = str(sent)[:REASON_MAX]
            return False
        return True

    def _register(self) -> bytes:
        """Return the call of `register`, with the proof that the key is ours."""
        words = (self._chain_id.to_bytes(32, "big"), self._registry, self._address)
        message = POSSESSION + b"".join(each.rjust(32, b"\0") for each in words)
        possession = self._key.sign(message)
        key_room = 32 + SIGNING_PUBLIC
        heads = (64).to_bytes(32, "big") + (64 + key_room).to_bytes(32, "big")
        return (
            _selector("register(bytes,bytes)")
            + heads
            + SIGNING_PUBLIC.to_bytes(32, "big")
            + self._key.public
            + SIGNATURE.to_bytes(32, "big")
            + possession
            + bytes(-SIGNATURE % 32)
        )


def _selector(signature: str) -> bytes:
    return keccak(signature.encode())[:4]


def _stage(state: int, *, wanted: bool) -> Stage:
    if state == _EXITING or (not wanted and state in (_REGISTERED, _ACTIVE, _SUSPENDED)):
        return Stage.LEAVING
    if state == _ACTIVE:
        return Stage.ON
    if state in (_REGISTERED, _SUSPENDED):
        return Stage.WAITING
    return Stage.REGISTERING if wanted and state in (_UNKNOWN, _EXITED) else Stage.OFF
