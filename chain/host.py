"""Our precompiles as an engine calls them, and the chain as they see it.

`answer` charges the price, runs the entry and turns its outcome into py-evm's errors, which both
engines know. `FrameHost` is what an entry may ask for, at the EVM's own prices.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from eth.exceptions import OutOfGas, Revert, VMError

import precompiles.precompile as pars
from precompiles import deployment, registry

from .encoding import keccak
from .engine.prices import (
    GAS_CALL_VALUE,
    GAS_CLEARS_REFUND,
    GAS_COLD_ACCOUNT,
    GAS_COLD_SLOT,
    GAS_COPY_WORD,
    GAS_LOG,
    GAS_LOG_BYTE,
    GAS_NEW_ACCOUNT,
    GAS_RESET,
    GAS_SENTRY,
    GAS_SET,
    GAS_STIPEND,
    GAS_WARM,
)
from .errors import ChainError
from .execution import BlockEnv, Origin
from .frames import STACK_DEPTH_MAX, Frames
from .rules import is_delegation
from .state import World

INSUFFICIENT_BALANCE = keccak(b"InsufficientBalance()")[:4]

log = logging.getLogger(__name__)


def is_pars_address(address: bytes) -> bool:
    """Say whether an address lies in the range of our precompiles."""
    return 3 <= address[18] <= 9 and not any(address[:18])


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A call that a precompile makes; its gas is paid for."""

    to: bytes
    code_address: bytes
    """Where its code stands: an account may delegate to another (EIP-7702)."""
    delegated: bool
    value: int
    data: bytes
    gas: int
    static: bool


class Frame(Protocol):
    """The frame that a precompile runs in, as either engine gives it."""

    world: World
    env: BlockEnv
    shared: Frames
    origin: Origin
    data: bytes
    sender: bytes
    value: int
    static: bool
    delegated: bool
    depth: int

    @property
    def gas_left(self) -> int:
        """Gas that the frame has left."""
        ...

    def take(self, gas: int, reason: str) -> None:
        """Take gas from the frame; raise OutOfGas where it has not enough."""
        ...

    def give_back(self, gas: int) -> None:
        """Return gas that was taken."""
        ...

    def refund(self, gas: int) -> None:
        """Add to what the transaction gets back, or take from it."""
        ...

    def log(self, address: bytes, topics: Sequence[bytes], data: bytes) -> None:
        """Append a log."""
        ...

    def call(self, child: Child) -> tuple[bool, bytes, int]:
        """Run a call; return whether it succeeded, its output, and the gas that it left."""
        ...

    def is_warm(self, address: bytes) -> bool:
        """Say whether the transaction has paid for an account."""
        ...

    def ancestor(self, number: int) -> bytes:
        """Return the hash of one of the last 256 blocks, or nothing."""
        ...


def answer(address: bytes, frame: Frame) -> bytes:
    """Charge the precompile at an address and run it; raise what py-evm's frames end with."""
    precompile = registry.at(address)
    assert precompile is not None, "asked only for addresses inside the range"
    frame.take(pars.price(precompile, frame.data), precompile.name)
    call = pars.Call(
        data=frame.data,
        caller=frame.sender,
        value=frame.value,
        static=frame.static,
        delegated=frame.delegated,
        host=FrameHost(frame, address),
        context=_context(frame),
    )
    try:
        return pars.execute(precompile, call)
    except pars.Revert as refusal:
        raise Revert(refusal.data) from None
    except (VMError, ChainError):
        raise
    except pars.OutOfGas as error:
        raise OutOfGas(str(error)) from None
    except Exception as bug:
        if frame.shared.loud:
            raise
        log.exception("%s failed on %d bytes of input", precompile.name, len(frame.data))
        raise Revert(b"") from bug


def _context(frame: Frame) -> pars.Context:
    """Return what an entry may know, made once for all calls of a transaction."""
    env, origin, told = frame.env, frame.origin, frame.shared.told
    if told is None or told[0] is not env or told[1] is not origin:
        told = frame.shared.told = env, origin, _told(frame)
    context: pars.Context = told[2]
    return context


def _told(frame: Frame) -> pars.Context:
    env, shared = frame.env, frame.shared
    return pars.Context(
        chain_id=env.chain_id,
        block_number=env.number,
        timestamp=env.timestamp,
        coinbase=env.coinbase,
        gas_limit=env.gas_limit,
        base_fee=env.base_fee or 0,
        prevrandao=env.prev_randao,
        parent_hash=shared.parent_hash,
        origin=frame.origin.sender,
        gas_price=frame.origin.gas_price,
        mode=shared.mode,
        secret_ops=shared.secret_ops,
        random=shared.random if shared.mode == "call" else pars.no_randomness,
    )


class FrameHost:
    """What a precompile may ask of the chain: the frame it runs in, at the EVM's own prices."""

    def __init__(self, frame: Frame, address: bytes) -> None:
        self._frame = frame
        self._world = frame.world
        self._address = address
        self._touched: set[bytes] = set()
        """Accounts that this frame itself has paid for: warm until it ends."""

    def charge(self, gas: int, reason: str) -> None:
        """Take gas from the frame."""
        self._frame.take(gas, reason)

    def _refuse_writes(self) -> None:
        if self._frame.static:
            raise pars.WRITE_PROTECTION()

    def _touch_slot(self, address: bytes, slot: int) -> int:
        """Warm a slot up and return what that costs."""
        if self._world.is_storage_warm(address, slot):
            return 0
        self._world.mark_storage_warm(address, slot)
        return GAS_COLD_SLOT

    def _read(self, address: bytes, slot: int) -> int:
        self.charge(self._touch_slot(address, slot) or GAS_WARM, "SLOAD")
        return self._world.get_storage(address, slot)

    def load(self, slot: int) -> int:
        """Read a word, as SLOAD does."""
        return self._read(self._address, slot)

    def storage_of(self, address: bytes, slot: int) -> int:
        """Read a word of any account; the EVM has no instruction for it."""
        self._touch_account(address)
        return self._read(address, slot)

    def store(self, slot: int, value: int) -> None:
        """Write a word, as SSTORE does (EIP-2200, 2929 and 3529)."""
        self._refuse_writes()
        if self._frame.gas_left <= GAS_SENTRY:
            raise OutOfGas("too little gas left to write storage")
        cold = self._touch_slot(self._address, slot)
        current = self._world.get_storage(self._address, slot)
        original = self._world.get_storage(self._address, slot, from_journal=False)
        gas, refund = GAS_WARM, 0
        if current != value:
            if original == current:
                gas = GAS_SET if original == 0 else GAS_RESET
                if original and value == 0:
                    refund += GAS_CLEARS_REFUND
            else:
                if original:
                    refund -= GAS_CLEARS_REFUND if current == 0 else 0
                    refund += GAS_CLEARS_REFUND if value == 0 else 0
                if original == value:
                    full = GAS_RESET if original else GAS_SET
                    refund += full - GAS_WARM
        self.charge(cold + gas, "SSTORE")
        if refund:
            self._frame.refund(refund)
        self._world.set_storage(self._address, slot, value)

    def load_transient(self, slot: int) -> int:
        """Read a transient word, as TLOAD does."""
        self.charge(GAS_WARM, "TLOAD")
        return int.from_bytes(self._world.get_transient_storage(self._address, slot), "big")

    def store_transient(self, slot: int, value: int) -> None:
        """Write a transient word, as TSTORE does."""
        self._refuse_writes()
        self.charge(GAS_WARM, "TSTORE")
        self._world.set_transient_storage(self._address, slot, value.to_bytes(32, "big"))

    def emit(self, topics: Sequence[bytes], data: bytes) -> None:
        """Append a log, as LOG0 to LOG4 do."""
        self._refuse_writes()
        self.charge(GAS_LOG * (1 + len(topics)) + GAS_LOG_BYTE * len(data), "LOG")
        self._frame.log(self._address, topics, data)

    def _touch_account(self, address: bytes) -> None:
        if address in self._touched or self._frame.is_warm(address):
            self.charge(GAS_WARM, "account")
        else:
            self.charge(GAS_COLD_ACCOUNT, "account")
            self._world.mark_address_warm(address)
        self._touched.add(address)

    def balance(self, address: bytes) -> int:
        """Return a balance, as BALANCE does."""
        self._touch_account(address)
        return self._world.get_balance(address)

    def nonce(self, address: bytes) -> int:
        """Return a nonce."""
        self._touch_account(address)
        return self._world.get_nonce(address)

    def code_hash(self, address: bytes) -> bytes:
        """Return a code hash, as EXTCODEHASH does."""
        self._touch_account(address)
        return (
            bytes(32)
            if self._world.account_is_empty(address)
            else self._world.get_code_hash(address)
        )

    def code_size(self, address: bytes) -> int:
        """Return the size of a code, as EXTCODESIZE does."""
        self._touch_account(address)
        return len(self._world.get_code(address))

    def code(self, address: bytes) -> bytes:
        """Return a whole code, as EXTCODECOPY does."""
        self._touch_account(address)
        code = self._world.get_code(address)
        self.charge(GAS_COPY_WORD * ((len(code) + 31) // 32), "EXTCODECOPY")
        return code

    def deploy(self, code: bytes, salt: bytes) -> bytes:
        """Make an account with this code, at the price of CREATE2; none of it runs."""
        self._refuse_writes()
        self.charge(deployment.price_of(code), "deployment")
        deployment.check(code)
        world = self._world
        address = deployment.address_of(self._address, code, salt)
        if world.account_has_code_or_nonce(address) or world.has_storage(address):
            raise deployment.ACCOUNT_OCCUPIED(address)
        world.mark_address_warm(address)
        world.set_nonce(address, 1)
        world.set_code(address, code)
        return address

    def block_hash(self, number: int) -> bytes:
        """Return the hash of one of the last 256 blocks, as BLOCKHASH does."""
        self.charge(20, "BLOCKHASH")
        return self._frame.ancestor(number) or bytes(32)

    def transfer(self, to: bytes, value: int) -> None:
        """Move value without running code, for an entry that pays out what it holds."""
        self._refuse_writes()
        self._touch_account(to)
        world = self._world
        self.charge(GAS_CALL_VALUE if value else 0, "transfer")
        if value and world.account_is_empty(to):
            self.charge(GAS_NEW_ACCOUNT, "new account")
        if not value:
            return  # To write a zero would make an empty account of nobody.
        own = world.get_balance(self._address)
        if own < value:
            raise pars.Revert(INSUFFICIENT_BALANCE)
        world.set_balance(self._address, own - value)
        world.set_balance(to, world.get_balance(to) + value)

    def call(
        self, to: bytes, data: bytes, value: int = 0, gas: int | None = None, static: bool = False
    ) -> tuple[bool, bytes]:
        """Call another account, as CALL and STATICCALL do: 63/64 of the gas, static kept."""
        frame = self._frame
        static = static or frame.static
        if value and static:
            raise pars.WRITE_PROTECTION()
        self._touch_account(to)
        world = self._world
        if value:
            self.charge(GAS_CALL_VALUE, "call with value")
            if world.account_is_empty(to):
                self.charge(GAS_NEW_ACCOUNT, "new account")
        delegation = self._delegation_at(to)
        allowed = frame.gas_left - frame.gas_left // 64
        gas = allowed if gas is None else min(gas, allowed)
        self.charge(gas, "call")
        gas += GAS_STIPEND if value else 0
        if frame.depth + 1 > STACK_DEPTH_MAX or world.get_balance(self._address) < value:
            frame.give_back(gas)
            return False, b""
        child = Child(
            to=to,
            code_address=delegation or to,
            delegated=delegation is not None,
            value=value,
            data=data,
            gas=gas,
            static=static,
        )
        success, output, left = frame.call(child)
        frame.give_back(left)
        return success, output

    def _delegation_at(self, address: bytes) -> bytes | None:
        """Return where an account's EIP-7702 delegation leads, at its price."""
        code = self._world.get_code(address)
        if not is_delegation(code):
            return None
        self._touch_account(code[3:])
        return code[3:]
