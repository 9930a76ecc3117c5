"""The one place where precompiles meet py-evm.

py-evm's opcodes, gas and forks are used as they are. Around them this file puts our state
(`state.World` for its account database), our precompiles, a contract for tracers, and the frames
written without the logging and copying that cost stock py-evm a third of its time.
"""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal, Protocol

from eth.abc import ComputationAPI, MessageAPI, TransactionContextAPI
from eth.exceptions import (
    ContractCreationCollision,
    Halt,
    InsufficientFunds,
    OutOfGas,
    Revert,
    StackDepthLimit,
    VMError,
)
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.berlin.logic import GAS_SCHEDULE_EIP2929
from eth.vm.forks.cancun.transaction_context import CancunTransactionContext
from eth.vm.logic.invalid import InvalidOpcode

import precompiles.precompile as pars
from precompiles import registry

from .blobs import POINT_EVALUATION_ADDRESS, point_evaluation
from .encoding import keccak
from .errors import ChainError
from .forks import CANCUN, TANGERINE_WHISTLE, Fork
from .state import EMPTY_CODE_HASH, World

STACK_DEPTH_MAX = 1024
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

log = logging.getLogger(__name__)


class Tracer(Protocol):
    """What execution tells whoever watches it. Nothing is told, and nothing is paid, by default."""

    wants_steps: bool

    def enter(self, message: MessageAPI, kind: str, target: bytes) -> None:
        """A frame begins. `kind` is CALL, STATICCALL, DELEGATECALL, CALLCODE, CREATE or CREATE2.

        `target` is the address that was called, be it a delegation, or that of the new contract.
        """
        ...

    def leave(self, computation: ComputationAPI | None, error: VMError | None) -> None:
        """The frame that began last ends. Without a computation, it failed before it ran."""
        ...

    def step(self, computation: ComputationAPI, pc: int, opcode: int) -> None:
        """An instruction is about to run (only with `wants_steps`)."""
        ...

    def stepped(self, computation: ComputationAPI, error: Exception | None) -> None:
        """It has run, or failed (only with `wants_steps`)."""
        ...

    def log(self, computation: ComputationAPI, topics: Sequence[bytes], data: bytes) -> None:
        """The frame emitted a log."""
        ...

    def destroyed(self, computation: ComputationAPI, beneficiary: bytes, balance: int) -> None:
        """The frame's contract gave its balance away by SELFDESTRUCT."""
        ...


class Cancelled(ChainError):
    """A question took longer than its node allows."""


@dataclass(kw_only=True)
class Frames:
    """What all frames of one execution share beside the state."""

    mode: Literal["block", "call"] = "block"
    """Whether this makes a block or answers a question. Carried here, never inferred."""
    secret_ops: Literal["call-only", "public-test"] = "call-only"
    parent_hash: bytes = bytes(32)
    moved: dict[bytes, bytes] = field(default_factory=dict)
    """Precompiles moved elsewhere for one call: new address -> the address that answers there."""
    replaced: set[bytes] = field(default_factory=set)
    """Precompiles that do not answer for one call: its overrides put code in their place."""
    loud: bool = False
    """A bug in a precompile raises (tests), where a node reverts the frame and goes on."""
    tracer: Tracer | None = None
    deadline: float | None = None
    """When questions must end, on the monotonic clock. Blocks have none: gas bounds them."""


class ParsStateMixin:
    """A py-evm state over `World`. Mixed into the state class of each fork."""

    world: World
    frames: Frames
    fork: Fork
    env: Any
    """The block around this, as `execution.BlockEnv`."""
    created: list[bytes]

    def __init__(self, world: World, context: ExecutionContext, frames: Frames) -> None:
        self.execution_context = context
        self._account_db = self.world = world
        self.frames = frames
        self.created = []  # Contracts made in this transaction: they alone can be destroyed.
        self.get_balance = world.get_balance
        self.set_balance = world.set_balance
        self.get_storage = world.get_storage
        self.get_code = world.get_code
        self.get_transient_storage = world.get_transient_storage
        self.set_transient_storage = world.set_transient_storage

    def delta_balance(self, address: bytes, delta: int) -> None:
        self.world.set_balance(address, self.world.get_balance(address) + delta)

    def snapshot(self) -> int:
        return self.world.mark()

    def revert(self, snapshot: int) -> None:
        self.world.undo(snapshot)

    def commit(self, snapshot: int) -> None:
        """Keep the changes: they are in the world already."""

    def has_code_or_nonce(self, address: bytes) -> bool:
        # EIP-7610: leftover storage makes an address as taken as code and nonce do.
        return self.world.account_has_code_or_nonce(address) or self.world.has_storage(address)

    def is_address_warm(self, address: bytes) -> bool:
        return self.world.is_address_warm(address) or self.precompile_at(address) is not None

    def precompile_at(self, address: bytes) -> Callable[[ComputationAPI], Any] | None:
        """Return what answers at an address instead of code."""
        if self.frames.replaced or self.frames.moved:
            if address in self.frames.moved:
                address = self.frames.moved[address]
            elif address in self.frames.replaced:
                return None
        if self.fork.pars and is_pars_address(address):
            return bind(address)
        return self.computation_class._precompiles.get(address)  # type: ignore[attr-defined,no-any-return]

    @property
    def blob_base_fee(self) -> int:
        fee: int = self.env.blob_base_fee  # With what a call overrides in it.
        return fee


def is_pars_address(address: bytes) -> bool:
    """Say whether an address lies in the range of our precompiles."""
    return 3 <= address[18] <= 9 and not any(address[:18])


class ParsComputationMixin:
    """py-evm's frames without its logging. Mixed into the computation class of each fork."""

    @classmethod
    def apply_message(
        cls,
        state: Any,
        message: Any,
        transaction_context: Any,
        parent_computation: Any = None,
    ) -> Any:
        tracer = state.frames.tracer
        if tracer is None or message.is_create:  # `apply_create_message` has told it already.
            return cls._apply_message(state, message, transaction_context, parent_computation)
        kind, target = "CALL", message.to
        if parent_computation is not None:
            kind, target = parent_computation.calling
        tracer.enter(message, kind, target)
        try:
            computation = cls._apply_message(
                state, message, transaction_context, parent_computation
            )
        except VMError as error:
            tracer.leave(None, error)
            raise
        tracer.leave(computation, computation._error)
        return computation

    @classmethod
    def _apply_message(
        cls,
        state: Any,
        message: Any,
        transaction_context: Any,
        parent_computation: Any,
    ) -> Any:
        world: World = state.world
        mark = world.mark()
        if message.depth > STACK_DEPTH_MAX:
            raise StackDepthLimit("Stack depth limit reached")
        recipient = message.storage_address
        if message.value and message.should_transfer_value:
            balance = world.get_balance(message.sender)
            if balance < message.value:
                raise InsufficientFunds(f"Insufficient funds: {balance} < {message.value}")
            world.set_balance(message.sender, balance - message.value)
            world.set_balance(recipient, world.get_balance(recipient) + message.value)
        world.touch_account(recipient)
        computation = cls.apply_computation(state, message, transaction_context, parent_computation)
        if computation.is_error:
            world.undo(mark)
        return computation

    @classmethod
    def apply_create_message(
        cls,
        state: Any,
        message: Any,
        transaction_context: Any,
        parent_computation: Any = None,
    ) -> Any:
        tracer = state.frames.tracer
        apply = super().apply_create_message  # type: ignore[misc]
        if tracer is None:
            return apply(state, message, transaction_context, parent_computation)
        kind = parent_computation.calling[0] if parent_computation is not None else "CREATE"
        tracer.enter(message, kind, message.storage_address)
        try:
            computation = apply(state, message, transaction_context, parent_computation)
        except VMError as error:
            tracer.leave(None, error)
            raise
        tracer.leave(computation, computation._error)
        return computation

    @classmethod
    def apply_computation(
        cls,
        state: Any,
        message: Any,
        transaction_context: Any,
        parent_computation: Any = None,  # noqa: ARG003 - py-evm's signature
    ) -> Any:
        frames: Frames = state.frames
        make: Any = cls  # Mixed in, it is a py-evm computation.
        with make(state, message, transaction_context) as computation:
            computation.contracts_created = state.created
            if message.is_create:
                state.created.append(message.storage_address)
            else:
                precompile = state.precompile_at(message.code_address)
                if precompile is not None:
                    if not message.is_delegation:  # EIP-7702: a delegation to one is empty code.
                        precompile(computation)
                    return computation
            opcodes = computation.opcodes
            if frames.tracer is not None:
                opcodes = computation.traced_opcodes
            if frames.tracer is not None and frames.tracer.wants_steps and message.code:
                _run_traced(computation, opcodes, frames.tracer)
            elif frames.deadline is not None:
                _run_until(frames.deadline, computation, opcodes)
            else:
                for opcode in computation.code:
                    try:
                        run = opcodes[opcode]
                    except KeyError:
                        run = InvalidOpcode(opcode)
                    try:
                        run(computation=computation)
                    except Halt:
                        break
        return computation

    calling = ("CALL", b"")
    """What a child frame now beginning is, and the address it calls; kept only for tracers."""

    def add_log_entry(self, account: bytes, topics: Sequence[int], data: bytes) -> None:
        super().add_log_entry(account, topics, data)  # type: ignore[misc]
        tracer = self.state.frames.tracer  # type: ignore[attr-defined]
        if tracer is not None:
            tracer.log(self, [topic.to_bytes(32, "big") for topic in topics], data)


CALLS = {0xF1: "CALL", 0xF2: "CALLCODE", 0xF4: "DELEGATECALL", 0xFA: "STATICCALL"}
CREATES = {0xF0: "CREATE", 0xF5: "CREATE2"}
SELFDESTRUCT = 0xFF
JUMPDEST = 0x5B


def check_time(deadline: float) -> None:
    """Give up on a question that has run into its deadline."""
    if time.monotonic() > deadline:
        raise Cancelled("execution aborted: it took longer than this node allows for a question")


def _run_until(deadline: float, computation: Any, opcodes: dict[int, Any]) -> None:
    check_time(deadline)
    for opcode in computation.code:
        if opcode == JUMPDEST:  # No loop goes round without one.
            check_time(deadline)
        run = opcodes.get(opcode) or InvalidOpcode(opcode)
        try:
            run(computation=computation)
        except Halt:
            break


def _run_traced(computation: Any, opcodes: dict[int, Any], tracer: Tracer) -> None:
    deadline = computation.state.frames.deadline
    code = computation.code
    position = 0  # At the end of the code a STOP stands that no counter has passed.
    for opcode in code:
        if deadline is not None and opcode == JUMPDEST:
            check_time(deadline)
        tracer.step(computation, position, opcode)
        run = opcodes.get(opcode) or InvalidOpcode(opcode)
        try:
            run(computation=computation)
        except Halt:
            tracer.stepped(computation, None)
            break
        except VMError as error:
            tracer.stepped(computation, error)
            raise
        tracer.stepped(computation, None)
        position = code.program_counter


def _traced_opcodes(opcodes: dict[int, Any], fork: Fork) -> dict[int, Any]:
    """Return the instructions that tell a tracer what it cannot see from frames."""
    traced = {**opcodes, SELFDESTRUCT: _traced_selfdestruct(opcodes[SELFDESTRUCT])}
    for code, kind in CALLS.items():
        if code in opcodes:
            traced[code] = _traced_call(opcodes[code], kind)
    for code, kind in CREATES.items():
        if code in opcodes:
            traced[code] = _traced_create(opcodes[code], kind, fork)
    return traced


def stack_word(values: Sequence[int | bytes], position: int) -> int:
    """Return a word of py-evm's stack, counted from the top; zero below its bottom."""
    if position >= len(values):
        return 0
    value = values[-1 - position]
    return value if isinstance(value, int) else int.from_bytes(value, "big")


def _traced_selfdestruct(original: Callable[..., None]) -> Callable[..., None]:
    """Tell a tracer what SELFDESTRUCT moved."""

    def selfdestruct(computation: Any) -> None:
        beneficiary = stack_word(computation._stack.values, 0) % 2**160
        balance = computation.state.get_balance(computation.msg.storage_address)
        try:
            original(computation=computation)
        except Halt:
            tracer = computation.state.frames.tracer
            tracer.destroyed(computation, beneficiary.to_bytes(20, "big"), balance)
            raise

    return selfdestruct


def _traced_call(original: Callable[..., None], kind: str) -> Callable[..., None]:
    """Tell a tracer also of a call that fails before py-evm makes a frame of it."""

    def call(computation: Any) -> None:
        values = computation._stack.values
        target = (stack_word(values, 1) % 2**160).to_bytes(20, "big")
        has_value = kind in ("CALL", "CALLCODE")
        value = stack_word(values, 2) if has_value else 0
        start, size = (stack_word(values, 2 + has_value + i) for i in (0, 1))
        computation.calling = kind, target
        children = len(computation.children)
        give_back = computation.return_gas

        def return_gas(gas: int) -> None:
            if len(computation.children) == children:
                own = computation.msg.storage_address
                message = computation.prepare_child_message(
                    gas=gas,
                    to=target if kind in ("CALL", "STATICCALL") else own,
                    value=value if kind != "DELEGATECALL" else computation.msg.value,
                    data=computation.memory_read_bytes(start, size),
                    code=b"",
                )
                _tell_failure(computation, message, kind, target)
            give_back(gas)

        computation.return_gas = return_gas
        try:
            original(computation=computation)
        finally:
            del computation.return_gas

    return call


def _traced_create(original: Callable[..., None], kind: str, fork: Fork) -> Callable[..., None]:
    """Tell a tracer also of a creation that fails before py-evm makes a frame of it."""

    def create(computation: Any) -> None:
        values = computation._stack.values
        value, start, size = (stack_word(values, i) for i in range(3))
        computation.calling = kind, b""
        children = len(computation.children)
        taken: list[int] = []
        consume = computation.consume_gas

        def consume_gas(amount: int, reason: str) -> None:
            consume(amount, reason)
            taken.append(amount)

        computation.consume_gas = consume_gas
        try:
            original(computation=computation)
        finally:
            del computation.consume_gas
        if len(computation.children) == children:
            # The instruction takes its own price, then the child's gas: that, and the child's
            # gas is lost, only where the address turned out to be taken.
            collided = len(taken) > 1
            left = computation.get_gas_remaining()
            all_but = left - left // 64 if fork.since(TANGERINE_WHISTLE) else left
            message = computation.prepare_child_message(
                gas=taken[-1] if collided else all_but,
                to=b"",
                value=value,
                data=b"",
                code=computation.memory_read_bytes(start, size),
                create_address=bytes(20),
            )
            _tell_failure(computation, message, kind, bytes(20), collided=collided)

    return create


def _tell_failure(
    computation: Any, message: MessageAPI, kind: str, target: bytes, *, collided: bool = False
) -> None:
    error: VMError = InsufficientFunds("insufficient balance for transfer")
    if collided:
        error = ContractCreationCollision("contract address collision")
    elif message.depth > STACK_DEPTH_MAX:
        error = StackDepthLimit("max call depth exceeded")
    tracer = computation.state.frames.tracer
    tracer.enter(message, kind, target)
    tracer.leave(None, error)


@cache
def state_class(fork: Fork) -> type[Any]:
    """Return the fork's state class over our world, precompiles and frames."""
    base: Any = fork.vm_class.get_state_class()
    # From Shanghai on py-evm warns, at each SELFDESTRUCT, that it is deprecated.
    destroy = base.computation_class.opcodes[SELFDESTRUCT]
    destroy = getattr(destroy, "__wrapped__", destroy)
    opcodes = {**base.computation_class.opcodes, SELFDESTRUCT: destroy}
    computation = type(
        f"Pars{base.computation_class.__name__}",
        (ParsComputationMixin, base.computation_class),
        {
            "_precompiles": {
                **base.computation_class._precompiles,
                **({POINT_EVALUATION_ADDRESS: point_evaluation} if fork.since(CANCUN) else {}),
            },
            "opcodes": opcodes,
            "traced_opcodes": _traced_opcodes(opcodes, fork),
        },
    )
    return type(
        f"Pars{base.__name__}",
        (ParsStateMixin, base),
        {"computation_class": computation, "fork": fork},
    )


def transaction_context(
    gas_price: int, origin: bytes, blob_hashes: tuple[bytes, ...] = ()
) -> TransactionContextAPI:
    """Return what ORIGIN, GASPRICE and BLOBHASH read."""
    context: TransactionContextAPI = CancunTransactionContext(gas_price, origin)  # type: ignore[arg-type]
    context._blob_versioned_hashes = blob_hashes  # type: ignore[attr-defined]
    return context


# Our precompiles as py-evm calls them.


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
        if len(code) == 23 and code[:3] == DELEGATION_PREFIX:
            self._touch_account(code[3:])
            return self._world.get_code(code[3:]), code[3:]
        return code, None


DELEGATION_PREFIX = b"\xef\x01\x00"
INSUFFICIENT_BALANCE = keccak(b"InsufficientBalance()")[:4]


def logs_of(computation: Any) -> Iterable[tuple[bytes, tuple[bytes, ...], bytes]]:
    """Return (address, topics, data) of each log that a whole execution left."""
    for address, topics, data in computation.get_log_entries():
        yield address, tuple(topic.to_bytes(32, "big") for topic in topics), data


__all__ = [
    "EMPTY_CODE_HASH",
    "MARKER_CODE",
    "Cancelled",
    "FrameHost",
    "Frames",
    "Tracer",
    "bind",
    "logs_of",
    "state_class",
    "transaction_context",
]
