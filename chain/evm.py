"""py-evm's state and computation classes, over our state, precompiles and tracers.

py-evm's opcodes, gas and forks are used as they are. Mixed in are our `World` for its account
database, what answers at precompile addresses (`host`), what a tracer is told (`watched`), and
frames without the logging and copying that cost stock py-evm a third of its time.
"""

from collections.abc import Callable, Sequence
from functools import cache, partial
from types import FunctionType
from typing import Any

from eth.abc import ComputationAPI, TransactionContextAPI
from eth.exceptions import Halt, InsufficientFunds, OutOfGas, Revert, StackDepthLimit, VMError
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.cancun.transaction_context import CancunTransactionContext
from eth.vm.logic.invalid import InvalidOpcode

from .blocks import Log
from .builtins import Builtin, BuiltinError, builtins_of
from .execution import BlockEnv, Ended, Origin
from .forks import SHANGHAI, SPURIOUS_DRAGON, Fork
from .frames import STACK_DEPTH_MAX, Frames, check_time
from .host import Child, answer, is_pars_address
from .rules import INITCODE_SIZE_MAX
from .state import World
from .watched import (
    CREATES,
    JUMPDEST,
    SELFDESTRUCT,
    PyView,
    begun,
    kept,
    left,
    run_watched,
    stack_word,
    watched_instructions,
)

RIPEMD_ADDRESS = bytes(19) + b"\x03"


class ParsStateMixin:
    """A py-evm state over `World`. Mixed into the state class of each fork."""

    world: World
    frames: Frames
    fork: Fork
    env: BlockEnv
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

        self._ended: Any = None

    def run(self, message: Any, origin: Origin) -> Ended:
        """Run a message with all the calls below it."""
        context = transaction_context(origin.gas_price, origin.sender, origin.blob_hashes)
        kind = self.computation_class  # type: ignore[attr-defined]
        apply = kind.apply_create_message if message.is_create else kind.apply_message
        self._ended = computation = apply(self, message, context)
        return Ended(
            error=computation._error,
            output=computation.output,
            gas_left=int(computation.get_gas_remaining()),
            refund=sum(frame._gas_meter.gas_refunded for frame in kept(computation)),
            logs=_logs(computation),
            destroyed=len(_destroyed(computation)),
        )

    def clean_up(self) -> None:
        """Remove destroyed accounts, and those touched that were left empty (EIP-161)."""
        world, ended = self.world, self._ended
        for address in _destroyed(ended) if ended is not None else ():
            world.delete_account(address)
        if self.fork.since(SPURIOUS_DRAGON):
            for address in _touched(self, ended):
                account = world.account(address)
                if account is not None and world.account_is_empty(address):
                    world.delete_account(address)

    def end_transaction(self) -> None:
        """Forget what lasts for one transaction."""
        self.world.end_transaction()
        self.created.clear()
        self._ended = None

    def change_env(self, env: BlockEnv) -> None:
        """Let the block around be another."""
        self.env = env
        self.execution_context._base_fee_per_gas = env.base_fee

    def delta_balance(self, address: bytes, delta: int) -> None:
        """Add to a balance."""
        self.world.set_balance(address, self.world.get_balance(address) + delta)

    def snapshot(self) -> int:
        """Return a mark to revert to."""
        return self.world.mark()

    def revert(self, snapshot: int) -> None:
        """Take back what came after a mark."""
        self.world.undo(snapshot)

    def commit(self, snapshot: int) -> None:
        """Keep the changes: they are in the world already."""

    def has_code_or_nonce(self, address: bytes) -> bool:
        """Say whether an address is taken; leftover storage counts too (EIP-7610)."""
        return self.world.account_has_code_or_nonce(address) or self.world.has_storage(address)

    def is_address_warm(self, address: bytes) -> bool:
        """Say whether an account is paid for already; precompiles always are."""
        return self.world.is_address_warm(address) or self.precompile_at(address) is not None

    def precompile_at(self, address: bytes) -> Callable[[ComputationAPI], Any] | None:
        """Return what answers at an address instead of code."""
        if self.frames.replaced or self.frames.moved:
            if address in self.frames.moved:
                address = self.frames.moved[address]
            elif address in self.frames.replaced:
                return None
        if self.fork.pars and is_pars_address(address):
            return partial(_run_entry, address)
        return self.computation_class._precompiles.get(address)  # type: ignore[attr-defined,no-any-return]

    @property
    def blob_base_fee(self) -> int:
        """Price of blob gas, for BLOBBASEFEE."""
        fee: int = self.env.blob_base_fee  # With what a call overrides in it.
        return fee


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
        """Run a call, telling a tracer where there is one."""
        tracer = state.frames.tracer
        if tracer is None or message.is_create:  # `apply_create_message` has told it already.
            return cls._apply_message(state, message, transaction_context, parent_computation)
        kind, target = "CALL", message.to
        if parent_computation is not None:
            kind, target = parent_computation.calling
        tracer.enter(begun(message, kind, target))
        try:
            computation = cls._apply_message(
                state, message, transaction_context, parent_computation
            )
        except VMError as error:
            tracer.leave(None, error)
            raise
        tracer.leave(left(computation), computation._error)
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
        """Run a creation, telling a tracer where there is one."""
        tracer = state.frames.tracer
        apply = super().apply_create_message  # type: ignore[misc]
        if tracer is None:
            return apply(state, message, transaction_context, parent_computation)
        kind = parent_computation.calling[0] if parent_computation is not None else "CREATE"
        tracer.enter(begun(message, kind, message.storage_address))
        try:
            computation = apply(state, message, transaction_context, parent_computation)
        except VMError as error:
            tracer.leave(None, error)
            raise
        tracer.leave(left(computation), computation._error)
        return computation

    @classmethod
    def apply_computation(
        cls,
        state: Any,
        message: Any,
        transaction_context: Any,
        parent_computation: Any = None,
    ) -> Any:
        """Run a frame's code, or the precompile that stands in its place."""
        frames: Frames = state.frames
        make: Any = cls  # Mixed in, it is a py-evm computation.
        with make(state, message, transaction_context) as computation:
            computation.contracts_created = state.created
            if frames.tracer is not None:
                computation.view = PyView(computation, parent_computation)
            if message.is_create:
                state.created.append(message.storage_address)
            else:
                precompile = state.precompile_at(message.code_address)
                if precompile is not None:
                    if not message.is_delegation:  # EIP-7702: a delegation to one is empty code.
                        precompile(computation)
                    return computation
            instructions = computation.instructions
            if frames.tracer is not None:
                instructions = computation.watched_instructions
            if frames.tracer is not None and frames.tracer.wants_steps and message.code:
                run_watched(computation, instructions, frames.tracer)
            elif frames.deadline is not None:
                _run_until(frames.deadline, computation, instructions)
            else:
                for opcode in computation.code:
                    try:
                        run = instructions[opcode]
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
        """Keep a log, telling a tracer where there is one."""
        super().add_log_entry(account, topics, data)  # type: ignore[misc]
        tracer = self.state.frames.tracer  # type: ignore[attr-defined]
        if tracer is not None:
            tracer.log(account, [topic.to_bytes(32, "big") for topic in topics], data)


def _run_until(deadline: float, computation: Any, instructions: dict[int, Any]) -> None:
    check_time(deadline)
    for opcode in computation.code:
        if opcode == JUMPDEST:  # No loop goes round without one.
            check_time(deadline)
        run = instructions.get(opcode) or InvalidOpcode(opcode)
        try:
            run(computation=computation)
        except Halt:
            break


def _runner(opcode: Any) -> Callable[..., None]:
    """Return what runs an instruction, as a plain Python call.

    An instance with `__call__` goes through C at each call, and Python 3.12 bounds the depth of
    that below the 1,024 frames that may nest.
    """
    return opcode if isinstance(opcode, FunctionType) else opcode.__call__


def _run_builtin(builtin: Builtin, computation: Any) -> None:
    data: bytes = computation.msg.data_as_bytes
    computation.consume_gas(builtin.price(data), reason=builtin.name)
    try:
        computation.output = builtin.run(data)
    except BuiltinError as error:
        raise VMError(str(error)) from None


# What a tree of frames leaves behind. py-evm asks the same of each frame recursively, through
# generators: 1,024 nested frames overrun the depth that Python 3.12 allows to C.


def _logs(computation: Any) -> tuple[Log, ...]:
    """Return the logs in the order in which they were emitted."""
    entries = sorted(entry for frame in kept(computation) for entry in frame._log_entries)
    return tuple(
        Log(address=address, topics=tuple(topic.to_bytes(32, "big") for topic in topics), data=data)
        for _, address, topics, data in entries
    )


def _destroyed(computation: Any) -> set[bytes]:
    """Return the contracts that SELFDESTRUCT removes."""
    return {address for frame in kept(computation) for address in frame.accounts_to_delete}


def _touched(state: Any, computation: Any) -> set[bytes]:
    """Return the accounts that EIP-161 removes if they are empty.

    RIPEMD-160's address counts in failed frames too: two clients once agreed on that by mistake,
    and the main chain depends on it.
    """
    touched = {state.env.coinbase}
    pending = [] if computation is None else [(computation, False)]
    while pending:
        frame, failed = pending.pop()
        own = () if frame._error is not None else frame.beneficiaries
        failed = failed or frame._error is not None
        called = () if frame.msg.is_create else (frame.msg.to,)
        named = {*own, *called}
        touched |= named & {RIPEMD_ADDRESS} if failed else named
        pending.extend((child, failed) for child in frame.children)
    return touched


def _run_entry(address: bytes, computation: Any) -> None:
    try:
        computation.output = answer(address, PyFrame(computation))
    except Revert as refusal:
        computation.output = refusal.args[0]
        raise


class PyFrame:
    """A py-evm computation, as a precompile's host sees it."""

    def __init__(self, computation: Any) -> None:
        message, state = computation.msg, computation.state
        self._computation = computation
        self.world: World = state.world
        self.env: BlockEnv = state.env
        self.shared: Frames = state.frames
        context = computation.transaction_context
        self.origin = Origin(sender=context.origin, gas_price=context.gas_price)
        self.data: bytes = message.data_as_bytes
        self.sender: bytes = message.sender
        self.value: int = message.value
        self.static: bool = message.is_static
        self.delegated: bool = message.storage_address != message.code_address
        self.depth: int = message.depth

    @property
    def gas_left(self) -> int:
        """Gas that the frame has left."""
        return int(self._computation.get_gas_remaining())

    def take(self, gas: int, reason: str) -> None:
        """Take gas from the frame."""
        self._computation.consume_gas(gas, reason=reason)

    def give_back(self, gas: int) -> None:
        """Return gas that was taken."""
        self._computation.return_gas(gas)

    def refund(self, gas: int) -> None:
        """Add to what the transaction gets back, or take from it."""
        self._computation.refund_gas(gas)

    def log(self, address: bytes, topics: Sequence[bytes], data: bytes) -> None:
        """Append a log."""
        numbers = tuple(int.from_bytes(topic, "big") for topic in topics)
        self._computation.add_log_entry(address, numbers, data)

    def is_warm(self, address: bytes) -> bool:
        """Say whether the transaction has paid for an account."""
        return bool(self._computation.state.is_address_warm(address))

    def ancestor(self, number: int) -> bytes:
        """Return the hash of one of the last 256 blocks, or nothing."""
        found: bytes = self._computation.state.get_ancestor_hash(number)
        return found

    def call(self, child: Child) -> tuple[bool, bytes, int]:
        """Run a call; return whether it succeeded, its output, and the gas that it left."""
        computation = self._computation
        message = computation.prepare_child_message(
            gas=child.gas,
            to=child.to,
            value=child.value,
            data=child.data,
            code=self.world.get_code(child.code_address),
            code_address=child.code_address,
            is_static=child.static,
            is_delegation=child.delegated,
        )
        computation.calling = "STATICCALL" if child.static else "CALL", child.to
        ended = computation.apply_child_computation(message)
        left = ended.get_gas_remaining() if ended.should_return_gas else 0
        return ended.is_success, ended.output, left


def _bounded(create: Callable[..., None]) -> Callable[..., None]:
    """Fail at too much code before a creation that comes to nothing (EIP-3860), as py-evm does not.

    It looks at balance, depth and nonce first, and goes on where one of them forbids a creation.
    """

    def run(computation: Any) -> None:
        if stack_word(computation._stack.values, 2) > INITCODE_SIZE_MAX:
            raise OutOfGas(f"EIP-3860: more than {INITCODE_SIZE_MAX} bytes of code to run")
        create(computation=computation)

    return run


@cache
def state_class(fork: Fork) -> type[Any]:
    """Return the fork's state class over our world, precompiles and frames."""
    base: Any = fork.vm_class.get_state_class()
    # From Shanghai on py-evm warns, at each SELFDESTRUCT, that it is deprecated.
    destroy = base.computation_class.opcodes[SELFDESTRUCT]
    destroy = getattr(destroy, "__wrapped__", destroy)
    opcodes = {**base.computation_class.opcodes, SELFDESTRUCT: destroy}
    instructions = {code: _runner(opcode) for code, opcode in opcodes.items()}
    if fork.since(SHANGHAI):
        for code in CREATES:
            instructions[code] = _bounded(instructions[code])
    computation = type(
        f"Pars{base.computation_class.__name__}",
        (ParsComputationMixin, base.computation_class),
        {
            "_precompiles": {
                address.to_bytes(20, "big"): partial(_run_builtin, builtin)
                for address, builtin in builtins_of(fork).items()
            },
            "instructions": instructions,
            "watched_instructions": watched_instructions(instructions, fork),
        },
    )
    return type(
        f"Pars{base.__name__}",
        (ParsStateMixin, base),
        {"computation_class": computation, "fork": fork},
    )


def open_py_state(env: BlockEnv, world: World, frames: Frames) -> Any:
    """Return py-evm's state for transactions of this block."""
    context = ExecutionContext(
        coinbase=env.coinbase,  # type: ignore[arg-type]
        timestamp=env.timestamp,
        block_number=env.number,  # type: ignore[arg-type]
        difficulty=env.difficulty,
        mix_hash=env.prev_randao,  # type: ignore[arg-type]
        gas_limit=env.gas_limit,
        prev_hashes=env.ancestors(),  # type: ignore[arg-type]
        chain_id=env.chain_id,
        base_fee_per_gas=env.base_fee,
        excess_blob_gas=env.excess_blob_gas,
    )
    state = state_class(env.fork)(world, context, frames)
    state.env = env
    return state


def transaction_context(
    gas_price: int, origin: bytes, blob_hashes: tuple[bytes, ...] = ()
) -> TransactionContextAPI:
    """Return what ORIGIN, GASPRICE and BLOBHASH read."""
    context: TransactionContextAPI = CancunTransactionContext(gas_price, origin)  # type: ignore[arg-type]
    context._blob_versioned_hashes = blob_hashes  # type: ignore[attr-defined]
    return context
