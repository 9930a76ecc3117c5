"""Our precompiles as py-evm calls them, and the chain as they see it.

`bind` charges the price, runs the entry and turns its outcome into py-evm's. `FrameHost` is what an
entry may ask for, at the EVM's own prices.
"""

import logging
import os
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from eth.abc import ComputationAPI
from eth.exceptions import OutOfGas, Revert, VMError
from eth.vm.forks.berlin.logic import GAS_SCHEDULE_EIP2929

import precompiles.precompile as pars
from precompiles import registry

from .encoding import keccak
from .frames import STACK_DEPTH_MAX
from .rules import is_delegation
from .state import World

GAS_COLD_ACCOUNT = 2600
GAS_COLD_SLOT = 2100
GAS_WARM = 100
GAS_STORE_SENTRY = 2300  # EIP-2200: a frame with no more than the stipend may not write.
GAS_CLEARS_REFUND = 4800  # EIP-3529
GAS_CALL_VALUE = 9000
GAS_CALL_STIPEND = 2300
GAS_NEW_ACCOUNT = 25_000
GAS_LOG = 375
GAS_LOG_BYTE = 8

MARKER_CODE = bytes.fromhex("60006000fd")
"""Code at each precompile's address, so that code-size checks pass. It never runs: it reverts."""
INSUFFICIENT_BALANCE = keccak(b"InsufficientBalance()")[:4]

log = logging.getLogger(__name__)


def is_pars_address(address: bytes) -> bool:
    """Say whether an address lies in the range of our precompiles."""
    return 3 <= address[18] <= 9 and not any(address[:18])


@cache
def bind(address: bytes) -> Callable[[ComputationAPI], None]:
    """Return the precompile at an address as py-evm calls it: charge, run, translate."""
    precompile = registry.at(address)
    assert precompile is not None, "asked only for addresses inside the range"

    def run(computation: Any) -> None:
        message = computation.msg
        data = message.data_as_bytes
        computation.consume_gas(pars.price(precompile, data), reason=precompile.name)
        host = FrameHost(computation, address)
        call = pars.Call(
            data=data,
            caller=message.sender,
            value=message.value,
            static=message.is_static,
            delegated=message.storage_address != message.code_address,
            host=host,
            context=_context(computation),
        )
        try:
            computation.output = pars.execute(precompile, call)
        except pars.Revert as refusal:
            computation.output = refusal.data
            raise Revert(refusal.data) from None
        except VMError:
            raise
        except pars.OutOfGas as error:
            raise OutOfGas(str(error)) from None
        except Exception as bug:
            if computation.state.frames.loud:
                raise
            log.exception("%s failed on %d bytes of input", precompile.name, len(data))
            computation.output = b""
            raise Revert(b"") from bug

    return run


def _context(computation: Any) -> pars.Context:
    state = computation.state
    block = state.execution_context
    transaction = computation.transaction_context
    return pars.Context(
        chain_id=block.chain_id,
        block_number=block.block_number,
        timestamp=block.timestamp,
        coinbase=block.coinbase,
        gas_limit=block.gas_limit,
        base_fee=block.base_fee_per_gas,
        prevrandao=block.mix_hash,
        parent_hash=state.frames.parent_hash,
        origin=transaction.origin,
        gas_price=transaction.gas_price,
        mode=state.frames.mode,
        secret_ops=state.frames.secret_ops,
        random=os.urandom if state.frames.mode == "call" else pars.no_randomness,
    )


class FrameHost:
    """What a precompile may ask of the chain: the frame it runs in, at the EVM's own prices."""

    def __init__(self, computation: Any, address: bytes) -> None:
        self._computation = computation
        self._world: World = computation.state.world
        self._address = address

    def charge(self, gas: int, reason: str) -> None:
        """Take gas from the frame."""
        self._computation.consume_gas(gas, reason=reason)

    def _refuse_writes(self) -> None:
        if self._computation.msg.is_static:
            raise pars.WRITE_PROTECTION()

    def _touch_slot(self, slot: int) -> int:
        """Warm a slot up and return what that costs."""
        if self._world.is_storage_warm(self._address, slot):
            return 0
        self._world.mark_storage_warm(self._address, slot)
        return GAS_COLD_SLOT

    def load(self, slot: int) -> int:
        """Read a word, as SLOAD does."""
        self.charge(self._touch_slot(slot) or GAS_WARM, "SLOAD")
        return self._world.get_storage(self._address, slot)

    def store(self, slot: int, value: int) -> None:
        """Write a word, as SSTORE does (EIP-2200, 2929 and 3529)."""
        self._refuse_writes()
        computation = self._computation
        if computation.get_gas_remaining() <= GAS_STORE_SENTRY:
            raise OutOfGas("too little gas left to write storage")
        cold = self._touch_slot(slot)
        current = self._world.get_storage(self._address, slot)
        original = self._world.get_storage(self._address, slot, from_journal=False)
        schedule = GAS_SCHEDULE_EIP2929
        gas, refund = GAS_WARM, 0
        if current != value:
            if original == current:
                gas = schedule.sstore_set_gas if original == 0 else schedule.sstore_reset_gas
                if original and value == 0:
                    refund += GAS_CLEARS_REFUND
            else:
                if original:
                    refund -= GAS_CLEARS_REFUND if current == 0 else 0
                    refund += GAS_CLEARS_REFUND if value == 0 else 0
                if original == value:
                    full = schedule.sstore_reset_gas if original else schedule.sstore_set_gas
                    refund += full - GAS_WARM
        self.charge(cold + gas, "SSTORE")
        if refund:
            computation.refund_gas(refund)
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
        numbers = tuple(int.from_bytes(topic, "big") for topic in topics)
        self._computation.add_log_entry(self._address, numbers, data)

    def _touch_account(self, address: bytes) -> None:
        state = self._computation.state
        if state.is_address_warm(address):
            self.charge(GAS_WARM, "account")
        else:
            self.charge(GAS_COLD_ACCOUNT, "account")
            self._world.mark_address_warm(address)

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

    def block_hash(self, number: int) -> bytes:
        """Return the hash of one of the last 256 blocks, as BLOCKHASH does."""
        self.charge(20, "BLOCKHASH")
        found: bytes = self._computation.state.get_ancestor_hash(number)
        return found or bytes(32)

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
        computation = self._computation
        static = static or computation.msg.is_static
        if value and static:
            raise pars.WRITE_PROTECTION()
        self._touch_account(to)
        world = self._world
        if value:
            self.charge(GAS_CALL_VALUE, "call with value")
            if world.account_is_empty(to):
                self.charge(GAS_NEW_ACCOUNT, "new account")
        code, delegation = self._code_at(to)
        remaining = computation.get_gas_remaining()
        allowed = remaining - remaining // 64
        gas = allowed if gas is None else min(gas, allowed)
        self.charge(gas, "call")
        gas += GAS_CALL_STIPEND if value else 0
        too_deep = computation.msg.depth + 1 > STACK_DEPTH_MAX
        if too_deep or world.get_balance(self._address) < value:
            computation.return_gas(gas)
            return False, b""
        message = computation.prepare_child_message(
            gas=gas,
            to=to,
            value=value,
            data=data,
            code=code,
            code_address=delegation or to,
            is_static=static,
            is_delegation=delegation is not None,
        )
        computation.calling = "STATICCALL" if static else "CALL", to
        child = computation.apply_child_computation(message)
        if child.should_return_gas:
            computation.return_gas(child.get_gas_remaining())
        return child.is_success, child.output

    def _code_at(self, address: bytes) -> tuple[bytes, bytes | None]:
        """Return the code that a call runs, following an EIP-7702 delegation."""
        code = self._world.get_code(address)
        if is_delegation(code):
            self._touch_account(code[3:])
            return self._world.get_code(code[3:]), code[3:]
        return code, None
