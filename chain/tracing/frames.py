"""Tracers that show calls: callTracer as a tree, flatCallTracer as a list, 4byteTracer counted."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from eth import exceptions as evm_errors
from eth.exceptions import VMError

from precompiles import registry

from ..calls import describe
from ..execution import Outcome, State
from ..frames import Begun, Left
from ..host import is_pars_address
from ..reverts import ERROR_SELECTOR, PANIC_SELECTOR, reason_of
from .options import TracerOptions
from .recorder import Budget, Recorder

FRAME_SIZE: Final = 1500
"""About what a frame weighs, without its input and output."""

CREATES: Final = ("CREATE", "CREATE2")


@dataclass(slots=True)
class Log:
    """A log, where it stands among the frame's calls and among the block's logs."""

    address: bytes
    topics: Sequence[bytes]
    data: bytes
    position: int
    index: int


@dataclass(slots=True)
class Frame:
    """One call, creation or destruction."""

    kind: str
    sender: bytes
    to: bytes
    gas: int
    value: int | None
    data: bytes
    first_log: int
    """Index that the frame's first log has, or would have."""
    precompile: str | None = None
    """Name of the entry of ours that answered."""
    method: str | None = None
    standard: bool = False
    """Whether one of Ethereum's own precompiles answered."""
    gas_used: int = 0
    output: bytes = b""
    error: str | None = None
    reverted: bool = False
    calls: list["Frame"] = field(default_factory=list)
    logs: list[Log] = field(default_factory=list)


class Frames(Recorder):
    """Builds the tree of frames. Who shows it overrides `result`."""

    wants_frames = True

    def __init__(self, options: TracerOptions, budget: Budget, logs_before: int) -> None:
        self.options = options
        self._budget = budget
        self._state: Any = None
        self._open: list[Frame] = []
        self._log_count = logs_before
        self._only_top = options.flag("onlyTopCall")
        self._with_logs = options.flag("withLog")
        self.top: Frame | None = None

    def begin(self, state: State) -> None:
        """Remember where to look precompiles up."""
        self._state = state

    def enter(self, begun: Begun) -> None:
        """Open a frame."""
        frame = Frame(
            kind=begun.kind,
            sender=begun.sender,
            to=begun.target,
            gas=begun.gas,
            value=None if begun.kind == "STATICCALL" else begun.value,
            data=begun.data,
            first_log=self._log_count,
        )
        if not begun.is_create and not begun.delegated:
            self._name_precompile(frame)
        if self._only_top and self._open:
            frame.data = b""  # Never shown: it serves the count of logs alone.
        else:
            self._budget.spend(FRAME_SIZE + 2 * len(begun.data))
        if self._open and not self._only_top:
            self._open[-1].calls.append(frame)
        self._open.append(frame)

    def _name_precompile(self, frame: Frame) -> None:
        state = self._state
        if state.precompile_at(frame.to) is None:
            return
        address = state.frames.moved.get(frame.to, frame.to)
        if not (state.fork.pars and is_pars_address(address)):
            frame.standard = True
            return
        entry = registry.at(address)
        if entry is not None:
            method = entry.by_selector.get(frame.data[:4])
            frame.precompile = entry.name
            frame.method = None if method is None else method.signature.canonical

    def leave(self, left: Left | None, error: VMError | None) -> None:
        """Close the frame that was opened last."""
        frame = self._open.pop()
        if not self._open:
            self.top = frame
        if left is not None:
            frame.gas_used = left.gas_used
            frame.output = left.output
            if not self._only_top or not self._open:
                self._budget.spend(2 * len(frame.output))
        elif isinstance(error, evm_errors.ContractCreationCollision):
            frame.gas_used = frame.gas
        elif isinstance(error, evm_errors.OutOfGas) and self._open and not self._only_top:
            # The caller itself could not pay for what it wanted to create.
            self._open[-1].calls.pop()
        if error is not None:
            frame.error = describe(error)
            frame.reverted = isinstance(error, evm_errors.Revert)
            self._log_count = frame.first_log

    def log(self, address: bytes, topics: Sequence[bytes], data: bytes) -> None:
        """Put a log into the frame that is open."""
        frame = self._open[-1]
        if self._with_logs and not (self._only_top and len(self._open) > 1):
            self._budget.spend(500 + 2 * len(data))
            frame.logs.append(Log(address, topics, data, len(frame.calls), self._log_count))
        self._log_count += 1

    def destroyed(self, address: bytes, beneficiary: bytes, balance: int) -> None:
        """Show a destruction as a call without gas."""
        if not self._only_top:
            self._budget.spend(FRAME_SIZE)
            self._open[-1].calls.append(
                Frame(
                    kind="SELFDESTRUCT",
                    sender=address,
                    to=beneficiary,
                    gas=0,
                    value=balance,
                    data=b"",
                    first_log=self._log_count,
                )
            )

    def finished(self, outcome: Outcome) -> Frame:
        """Return the outermost frame, with the gas of the whole transaction."""
        assert self.top is not None, "a transaction has a frame"
        self.top.gas, self.top.gas_used = outcome.gas_limit, outcome.gas_used
        return self.top


class CallTree(Frames):
    """callTracer."""

    def result(self, outcome: Outcome, world: Any) -> Any:  # noqa: ARG002 - one signature for all
        """Return the tree."""
        top = self.finished(outcome)
        shown = _nested(top)
        waiting = [(top, shown, False)]
        # A loop, because calls nest deeper than Python likes to.
        while waiting:
            frame, entry, below_failure = waiting.pop()
            failed = below_failure or frame.error is not None
            if frame.logs and not failed:
                entry["logs"] = [_log(each) for each in frame.logs]
            if frame.calls:
                entry["calls"] = [_nested(call) for call in frame.calls]
                inner = zip(frame.calls, entry["calls"], strict=True)
                waiting += [(call, each, failed) for call, each in inner]
        return shown


def _nested(frame: Frame) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "from": _hex(frame.sender),
        "gas": hex(frame.gas),
        "gasUsed": hex(frame.gas_used),
        "input": _hex(frame.data),
        "type": frame.kind,
    }
    if not (frame.error is not None and frame.kind in CREATES):
        shown["to"] = _hex(frame.to)
    if frame.value is not None:
        shown["value"] = hex(frame.value)
    if frame.output and (frame.error is None or frame.reverted):
        shown["output"] = _hex(frame.output)
    if frame.error is not None:
        shown["error"] = frame.error
        standard = frame.output[:4] in (ERROR_SELECTOR, PANIC_SELECTOR)
        reason = reason_of(frame.output) if standard or frame.precompile else ""
        if frame.reverted and reason:
            shown["revertReason"] = reason
    if frame.precompile is not None:
        shown["precompile"] = frame.precompile
        if frame.method is not None:
            shown["method"] = frame.method
    return shown


def _log(log: Log) -> dict[str, Any]:
    return {
        "address": _hex(log.address),
        "topics": [_hex(topic) for topic in log.topics],
        "data": _hex(log.data),
        "index": hex(log.index),
        "position": hex(log.position),
    }


class CallList(Frames):
    """flatCallTracer: Parity's shape."""

    def __init__(
        self, options: TracerOptions, budget: Budget, logs_before: int, place: dict[str, Any]
    ) -> None:
        super().__init__(options, budget, logs_before)
        self._place = place
        """Block and transaction, which every entry repeats."""

    def result(self, outcome: Outcome, world: Any) -> Any:  # noqa: ARG002 - one signature for all
        """Return the frames in the order in which they began."""
        found: list[dict[str, Any]] = []
        waiting: list[tuple[Frame, list[int]]] = [(self.finished(outcome), [])]
        while waiting:
            frame, path = waiting.pop()
            calls = [call for call in frame.calls if self._is_shown(call)]
            self._budget.spend(FRAME_SIZE + 30 * len(path))
            found.append(
                self._flat(frame) | self._place | {"subtraces": len(calls), "traceAddress": path}
            )
            inner = [(call, [*path, index]) for index, call in enumerate(calls)]
            waiting += reversed(inner)
        return found

    def _is_shown(self, call: Frame) -> bool:
        if self.options.flag("includePrecompiles") or not call.standard:
            return True
        return call.kind not in ("CALL", "STATICCALL")

    def _flat(self, frame: Frame) -> dict[str, Any]:
        action: dict[str, Any]
        sender = _hex(frame.sender)
        if frame.kind == "SELFDESTRUCT":
            action = {"address": sender, "refundAddress": _hex(frame.to)}
            return {"type": "suicide", "action": action | {"balance": hex(frame.value or 0)}}
        action = {"from": sender, "gas": hex(frame.gas), "value": hex(frame.value or 0)}
        result = {"gasUsed": hex(frame.gas_used)}
        if frame.kind in CREATES:
            action["init"] = _hex(frame.data)
            result |= {"address": _hex(frame.to), "code": _hex(frame.output)}
        else:
            called = {"to": _hex(frame.to), "input": _hex(frame.data)}
            action |= called | {"callType": frame.kind.lower()}
            result["output"] = _hex(frame.output)
        flat = {"type": "create" if frame.kind in CREATES else "call", "action": action}
        if frame.precompile is not None:
            flat["precompile"] = frame.precompile
        if frame.method is not None:
            flat["method"] = frame.method
        if frame.error is None:
            return flat | {"result": result}
        error = frame.error
        return flat | {"error": self._parity(error)}

    def _parity(self, error: str) -> str:
        if not self.options.flag("convertParityErrors"):
            return error
        return next((theirs for ours, theirs in _PARITY if error.startswith(ours)), error)


_PARITY: Final = (
    ("contract creation code storage out of gas", "Out of gas"),
    ("out of gas", "Out of gas"),
    ("max code size exceeded", "Out of gas"),
    ("invalid jump destination", "Bad jump destination"),
    ("execution reverted", "Reverted"),
    ("return data out of bounds", "Out of bounds"),
    ("write protection", "Mutable Call In Static Context"),
    ("stack limit reached", "Out of stack"),
    ("stack underflow", "Stack underflow"),
    ("invalid opcode", "Bad instruction"),
)


class Selectors(Frames):
    """4byteTracer: how often each function was called with how many bytes of arguments."""

    def result(self, outcome: Outcome, world: Any) -> Any:  # noqa: ARG002 - one signature for all
        """Return the counts."""
        counts: dict[str, int] = {}
        waiting = [self.finished(outcome)]
        while waiting:
            frame = waiting.pop()
            waiting += frame.calls
            if len(frame.data) >= 4 and frame.kind not in CREATES and not frame.standard:
                key = f"{_hex(frame.data[:4])}-{len(frame.data) - 4}"
                counts[key] = counts.get(key, 0) + 1
        return counts


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
