"""The genuine pool manager and ours on one chain, asked the same, and what they answered."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import eth_abi
from eth_utils import keccak

from chain.blocks import Receipt
from chain.calls import CallRequest
from chain.local_chain import LocalChain

OURS = (0x0400).to_bytes(20, "big")
NATIVE = bytes(20)
RICH = 1 << 200
GAS = 16_000_000

KEY = "(address,address,uint24,int24,address)"
STEP = "(address,uint256,bytes)"
PLAN = f"({STEP}[],address[],uint256)"
OUTCOME = keccak(text="Outcome(bool,bytes)")

Key = tuple[bytes, bytes, int, int, bytes]
Step = tuple[bytes, int, bytes]


def code_of(artefact: dict[str, Any]) -> bytes:
    return bytes.fromhex(artefact["bytecode"]["object"].removeprefix("0x"))


def encoded(signature: str, *arguments: Any) -> bytes:
    """Return call data; types are read from the signature, tuples included."""
    types = split(signature[signature.index("(") + 1 : -1])
    return keccak(text=signature)[:4] + eth_abi.encode(types, arguments)


def split(text: str) -> list[str]:
    """Split a list of types at its commas."""
    parts, depth = [""], 0
    for letter in text:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts if text else []


def pool_id(key: Key) -> bytes:
    return keccak(eth_abi.encode([KEY], [key]))


@dataclass(kw_only=True)
class Heard:
    """What came of one request: outcomes in order, and logs as if the manager were ours."""

    status: int | None
    outcomes: list[tuple[bool, bytes]]
    logs: list[tuple[Any, ...]]
    gas_used: int = field(compare=False)


@dataclass(kw_only=True)
class Scene:
    """A chain with a genuine pool manager beside ours, and who calls both."""

    chain: LocalChain
    genuine: bytes
    sender: bytes
    codes: dict[str, bytes]

    # Contracts.

    def deploy(self, code: bytes) -> bytes:
        receipt = self.send(None, code)
        assert receipt.status == 1
        assert receipt.contract_address is not None
        return receipt.contract_address

    def contract(self, name: str, at: bytes | None = None) -> bytes:
        """Make one of the contracts beside this file, at a place of our choice if one is given."""
        address = self.deploy(self.codes[name])
        if at is not None:
            self.chain.set_code(at, self.chain.state().code(address))
            address = at
        return address

    def token(self, mode: int = 0, at: bytes | None = None) -> bytes:
        token = self.contract("Token", at)
        self.send(token, encoded("become(uint256)", mode))
        return token

    def give(self, currency: bytes, to: bytes, amount: int = RICH) -> None:
        if currency == NATIVE:
            self.chain.set_balance(to, amount)
        else:
            self.send(currency, encoded("mint(address,uint256)", to, amount))

    def prepare(
        self,
        hook: bytes,
        signature: str,
        data: bytes,
        *,
        reverts: bool = False,
        request: bytes = b"",
    ) -> None:
        """Tell a hook what to answer to a call."""
        call = encoded(
            "prepare(bytes4,(bool,bytes,bytes))",
            keccak(text=signature)[:4],
            (reverts, data, request),
        )
        assert self.send(hook, call).status == 1

    # Requests.

    def send(self, to: bytes | None, data: bytes, value: int = 0) -> Receipt:
        request = CallRequest(sender=self.sender, to=to, data=data, value=value, gas=GAS)
        self.chain.send(request)
        (receipt,) = self.chain.receipts(self.chain.head.hash) or ()
        return receipt

    def direct(self, manager: bytes, session: bytes, data: bytes, value: int = 0) -> Heard:
        """Have a session make one call."""
        act = encoded("act(address,bytes,uint256)", manager, data, value)
        receipt = self.send(session, act)
        return heard(receipt, manager)

    def unlocked(
        self,
        manager: bytes,
        session: bytes,
        steps: Sequence[Step],
        currencies: Sequence[bytes],
        manner: int = 0,
    ) -> Heard:
        """Have a session make calls within an unlock, and settle these currencies."""
        plan = eth_abi.encode([PLAN], [(list(steps), list(currencies), manner)])
        return self.direct(manager, session, encoded("unlock(bytes)", plan))

    def both(self, act: Callable[[bytes], Heard]) -> tuple[Heard, Heard]:
        """Ask ours, then the genuine one."""
        return act(OURS), act(self.genuine)

    # State.

    def same_storage(self) -> bool:
        """Compare the roots of all that both keep."""
        state = self.chain.state()
        ours, theirs = (state.proof(each, ()).storage_hash for each in (OURS, self.genuine))
        return bool(ours == theirs)


def heard(receipt: Receipt, manager: bytes) -> Heard:
    outcomes: list[tuple[bool, bytes]] = []
    logs: list[tuple[Any, ...]] = []
    for log in receipt.logs:
        if log.topics[0] == OUTCOME:
            success, output = eth_abi.decode(["bool", "bytes"], log.data)
            outcomes.append((success, output.replace(manager, OURS)))
        else:
            address = OURS if log.address == manager else log.address
            topics = tuple(each.replace(manager, OURS) for each in log.topics)
            logs.append((address, topics, log.data.replace(manager, OURS)))
    return Heard(status=receipt.status, outcomes=outcomes, logs=logs, gas_used=receipt.gas_used)
