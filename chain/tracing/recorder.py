"""What each tracer here is: a watcher of one transaction that answers with JSON at its end."""

from collections.abc import Sequence
from typing import Any, Final

from eth.exceptions import VMError

from ..errors import InvalidRequest
from ..execution import Outcome, State
from ..frames import Begun, Left, View

TRACE_SIZE_MAX: Final = 256 * 1024 * 1024
"""Most bytes that one trace may hold, about; memory dumps of a long run have no other bound."""


class Budget:
    """What a trace may still grow by."""

    def __init__(self, size_max: int = TRACE_SIZE_MAX) -> None:
        self._size_max = size_max
        self._left = size_max

    def spend(self, size: int) -> None:
        """Take part of it; end the trace where nothing is left."""
        self._left -= size
        if self._left < 0:
            raise InvalidRequest(
                f"trace too large: more than {self._size_max >> 20} MB; "
                "set limit, disableStack or onlyTopCall, or leave memory out"
            )


class Recorder:
    """A tracer that sees nothing; each of ours overrides what it needs."""

    wants_frames = False
    wants_steps = False

    def begin(self, state: State) -> None:
        """Look at the state that the transaction is about to run on."""

    def enter(self, begun: Begun) -> None:
        """See `frames.Tracer`, as for all that follow."""

    def leave(self, left: Left | None, error: VMError | None) -> None:
        """A frame ended."""

    def step(self, view: View, pc: int, opcode: int) -> None:
        """An instruction is about to run."""

    def stepped(self, view: View, error: Exception | None) -> None:
        """It has run."""

    def log(self, address: bytes, topics: Sequence[bytes], data: bytes) -> None:
        """A frame emitted a log."""

    def destroyed(self, address: bytes, beneficiary: bytes, balance: int) -> None:
        """A contract gave its balance away."""

    def settled(self) -> None:
        """The transaction has run and is paid for."""

    def result(self, outcome: Outcome, world: Any) -> Any:  # noqa: ARG002 - the others need them
        """Return the answer. `world` is the state after the transaction."""
        return {}


class Mux(Recorder):
    """Several tracers at once."""

    def __init__(self, parts: dict[str, Recorder]) -> None:
        self._parts = parts
        self.wants_frames = any(part.wants_frames for part in parts.values())
        self.wants_steps = any(part.wants_steps for part in parts.values())

    def begin(self, state: State) -> None:
        """Begin all."""
        for part in self._parts.values():
            part.begin(state)

    def enter(self, begun: Begun) -> None:
        """Tell all."""
        for part in self._parts.values():
            part.enter(begun)

    def leave(self, left: Left | None, error: VMError | None) -> None:
        """Tell all."""
        for part in self._parts.values():
            part.leave(left, error)

    def step(self, view: View, pc: int, opcode: int) -> None:
        """Tell all."""
        for part in self._parts.values():
            part.step(view, pc, opcode)

    def stepped(self, view: View, error: Exception | None) -> None:
        """Tell all."""
        for part in self._parts.values():
            part.stepped(view, error)

    def log(self, address: bytes, topics: Sequence[bytes], data: bytes) -> None:
        """Tell all."""
        for part in self._parts.values():
            part.log(address, topics, data)

    def destroyed(self, address: bytes, beneficiary: bytes, balance: int) -> None:
        """Tell all."""
        for part in self._parts.values():
            part.destroyed(address, beneficiary, balance)

    def settled(self) -> None:
        """Tell all."""
        for part in self._parts.values():
            part.settled()

    def result(self, outcome: Outcome, world: Any) -> Any:
        """Return each answer under its tracer's name."""
        return {name: part.result(outcome, world) for name, part in self._parts.items()}
