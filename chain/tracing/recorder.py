"""What each tracer here is: a watcher of one transaction that answers with JSON at its end."""

from collections.abc import Sequence
from typing import Any, Final

from eth.abc import ComputationAPI, MessageAPI
from eth.exceptions import VMError

from ..errors import InvalidRequest
from ..execution import Outcome

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

    wants_steps = False

    def begin(self, state: Any) -> None:
        """Look at the py-evm state that the transaction is about to run on."""

    def enter(self, message: MessageAPI, kind: str, target: bytes) -> None:
        """See `evm.Tracer`, as for all that follow."""

    def leave(self, computation: ComputationAPI | None, error: VMError | None) -> None:
        """A frame ended."""

    def step(self, computation: Any, pc: int, opcode: int) -> None:
        """An instruction is about to run."""

    def stepped(self, computation: Any, error: Exception | None) -> None:
        """It has run."""

    def log(self, computation: ComputationAPI, topics: Sequence[bytes], data: bytes) -> None:
        """A frame emitted a log."""

    def destroyed(self, computation: Any, beneficiary: bytes, balance: int) -> None:
        """A contract gave its balance away."""

    def result(self, outcome: Outcome, world: Any) -> Any:  # noqa: ARG002 - the others need them
        """Return the answer. `world` is the state after the transaction."""
        return {}


class Mux(Recorder):
    """Several tracers at once."""

    def __init__(self, parts: dict[str, Recorder]) -> None:
        self._parts = parts
        self.wants_steps = any(part.wants_steps for part in parts.values())

    def begin(self, state: Any) -> None:
        """Begin all."""
        for part in self._parts.values():
            part.begin(state)

    def enter(self, message: MessageAPI, kind: str, target: bytes) -> None:
        """Tell all."""
        for part in self._parts.values():
            part.enter(message, kind, target)

    def leave(self, computation: ComputationAPI | None, error: VMError | None) -> None:
        """Tell all."""
        for part in self._parts.values():
            part.leave(computation, error)

    def step(self, computation: Any, pc: int, opcode: int) -> None:
        """Tell all."""
        for part in self._parts.values():
            part.step(computation, pc, opcode)

    def stepped(self, computation: Any, error: Exception | None) -> None:
        """Tell all."""
        for part in self._parts.values():
            part.stepped(computation, error)

    def log(self, computation: ComputationAPI, topics: Sequence[bytes], data: bytes) -> None:
        """Tell all."""
        for part in self._parts.values():
            part.log(computation, topics, data)

    def destroyed(self, computation: Any, beneficiary: bytes, balance: int) -> None:
        """Tell all."""
        for part in self._parts.values():
            part.destroyed(computation, beneficiary, balance)

    def result(self, outcome: Outcome, world: Any) -> Any:
        """Return each answer under its tracer's name."""
        return {name: part.result(outcome, world) for name, part in self._parts.items()}
