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
from eth.exceptions import Halt, InsufficientFunds, StackDepthLimit, VMError
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.cancun.transaction_context import CancunTransactionContext
from eth.vm.logic.invalid import InvalidOpcode

from .builtins import Builtin, BuiltinError, builtins_of
from .forks import Fork
from .frames import STACK_DEPTH_MAX, Frames, check_time
from .host import bind, is_pars_address
from .state import World
from .watched import JUMPDEST, SELFDESTRUCT, run_watched, watched_instructions


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
            return bind(address)
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
        """Run a creation, telling a tracer where there is one."""
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
        """Run a frame's code, or the precompile that stands in its place."""
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
            tracer.log(self, [topic.to_bytes(32, "big") for topic in topics], data)


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


@cache
def state_class(fork: Fork) -> type[Any]:
    """Return the fork's state class over our world, precompiles and frames."""
    base: Any = fork.vm_class.get_state_class()
    # From Shanghai on py-evm warns, at each SELFDESTRUCT, that it is deprecated.
    destroy = base.computation_class.opcodes[SELFDESTRUCT]
    destroy = getattr(destroy, "__wrapped__", destroy)
    opcodes = {**base.computation_class.opcodes, SELFDESTRUCT: destroy}
    instructions = {code: _runner(opcode) for code, opcode in opcodes.items()}
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


def transaction_context(
    gas_price: int, origin: bytes, blob_hashes: tuple[bytes, ...] = ()
) -> TransactionContextAPI:
    """Return what ORIGIN, GASPRICE and BLOBHASH read."""
    context: TransactionContextAPI = CancunTransactionContext(gas_price, origin)  # type: ignore[arg-type]
    context._blob_versioned_hashes = blob_hashes  # type: ignore[attr-defined]
    return context
