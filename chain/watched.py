"""What tracers are told of py-evm's frames: its messages and computations in a tracer's words.

Among them are instructions that tell what frames alone do not show, and the loop that runs them.
Only traced executions use them: the others run py-evm's own, and pay nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from eth.abc import MessageAPI
from eth.exceptions import (
    ContractCreationCollision,
    Halt,
    InsufficientFunds,
    StackDepthLimit,
    VMError,
)
from eth.vm.logic.invalid import InvalidOpcode

from .forks import TANGERINE_WHISTLE, Fork
from .frames import STACK_DEPTH_MAX, Begun, Left, Tracer, check_time

CALLS = {0xF1: "CALL", 0xF2: "CALLCODE", 0xF4: "DELEGATECALL", 0xFA: "STATICCALL"}
CREATES = {0xF0: "CREATE", 0xF5: "CREATE2"}
SELFDESTRUCT = 0xFF
JUMPDEST = 0x5B


def begun(message: Any, kind: str, target: bytes) -> Begun:
    """Return what a tracer is told of a frame that begins."""
    by_proxy = kind in ("DELEGATECALL", "CALLCODE")
    return Begun(
        kind=kind,
        sender=message.to if by_proxy else message.sender,
        target=target,
        value=message.value,
        data=message.code if message.is_create else message.data_as_bytes,
        gas=message.gas,
        delegated=message.is_delegation,
    )


def left(computation: Any) -> Left:
    """Return what a tracer is told of a frame that has ended."""
    return Left(gas_used=int(computation.get_gas_used()), output=computation.output)


def kept(computation: Any) -> Iterator[Any]:
    """Return the frames whose effects stay: those that succeeded in ones that did."""
    pending = [computation]
    while pending:
        frame = pending.pop()
        if frame._error is None:
            yield frame
            pending.extend(frame.children)


class PyView:
    """A computation, as a tracer looks at it."""

    def __init__(self, computation: Any, caller: Any) -> None:
        self.depth: int = computation.msg.depth
        self.address: bytes = computation.msg.storage_address
        self._computation = computation
        self._refund_before: int = 0 if caller is None else caller.view.refund
        self._refund_of_children = 0
        self._children_counted = 0

    @property
    def gas(self) -> int:
        """Gas that is left."""
        return int(self._computation._gas_meter.gas_remaining)

    @property
    def refund(self) -> int:
        """What storage has given back so far, in all frames."""
        children = self._computation.children
        while self._children_counted < len(children):
            frames = kept(children[self._children_counted])
            self._refund_of_children += sum(each._gas_meter.gas_refunded for each in frames)
            self._children_counted += 1
        own = int(self._computation._gas_meter.gas_refunded)
        return self._refund_before + own + self._refund_of_children

    def stack(self) -> list[int]:
        """Return the words on the stack, the last on top."""
        return [
            value if isinstance(value, int) else int.from_bytes(value, "big")
            for value in self._computation._stack.values
        ]

    def memory(self) -> bytes:
        """Return the whole memory."""
        return bytes(self._computation._memory._bytes)

    def return_data(self) -> bytes:
        """Return what the last call returned."""
        return bytes(self._computation.return_data)

    def slot(self, number: int) -> int:
        """Return a word of storage."""
        return int(self._computation.state.get_storage(self.address, number))


def run_watched(computation: Any, instructions: dict[int, Any], tracer: Tracer) -> None:
    """Run a frame's code, telling a tracer of each step."""
    deadline = computation.state.frames.deadline
    code, view = computation.code, computation.view
    position = 0  # At the end of the code a STOP stands that no counter has passed.
    for opcode in code:
        if deadline is not None and opcode == JUMPDEST:
            check_time(deadline)
        tracer.step(view, position, opcode)
        run = instructions.get(opcode) or InvalidOpcode(opcode)
        try:
            run(computation=computation)
        except Halt:
            tracer.stepped(view, None)
            break
        except VMError as error:
            tracer.stepped(view, error)
            raise
        tracer.stepped(view, None)
        position = code.program_counter


def watched_instructions(instructions: dict[int, Any], fork: Fork) -> dict[int, Any]:
    """Return the instructions that tell a tracer what it cannot see from frames."""
    watched = {**instructions, SELFDESTRUCT: _traced_selfdestruct(instructions[SELFDESTRUCT])}
    for code, kind in CALLS.items():
        if code in instructions:
            watched[code] = _traced_call(instructions[code], kind)
    for code, kind in CREATES.items():
        if code in instructions:
            watched[code] = _traced_create(instructions[code], kind, fork)
    return watched


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
            own = computation.msg.storage_address
            tracer.destroyed(own, beneficiary.to_bytes(20, "big"), balance)
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
    tracer.enter(begun(message, kind, target))
    tracer.leave(None, error)
