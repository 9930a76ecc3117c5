"""The lines of contracts that led to a revert, as Ape shows them."""

import re
from pathlib import Path
from typing import Any, Final

from ape.types.trace import ControlFlow, SourceTraceback
from ethpm_types import ASTNode
from ethpm_types.source import Closure, Content, SourceStatement
from ethpm_types.source import Statement as ShownStatement

from .execution import Executed, Frame, Sources, runs_of
from .vyper_source import CodeMap, Statement

DEV_STRING: Final = re.compile(r"#\s*(dev:.+)")

CHECKS: Final = {
    "safeadd": "Integer overflow",
    "safemul": "Integer overflow",
    "safepow": "Integer overflow",
    "safesub": "Integer underflow",
    "safediv": "Division by zero",
    "safemod": "Modulo by zero",
    "bad calldatasize or callvalue": "Invalid calldata or value",
    "fallback function": "Fallback not defined",
}
"""The compiler's words for its own checks -> ape-vyper's names for them."""

NOT_POSITIVE: Final = "clamp gt 0"
"""What the compiler says of a divisor, and of the length of an array that shall shrink."""

OUT_OF_BOUNDS: Final = " bounds check"


def traceback_of(executed: Executed, sources: Sources) -> SourceTraceback:
    """Return where each call on the way to the failure stood."""
    flows: list[ControlFlow] = []
    for frame in _failing(executed, sources):
        code = sources.of_frame(frame)
        if code is not None:
            _add(flows, frame, code)
    for model in (ShownStatement, ControlFlow):
        model.model_rebuild()
    return SourceTraceback.model_construct(root=flows)


def _failing(executed: Executed, sources: Sources) -> list[Frame]:
    """Return the frames from the outermost to that which failed first."""
    path = executed.frames[:1]
    while path and path[-1].calls:
        frame, inner = path[-1], path[-1].calls[-1]
        code = sources.of_frame(frame)
        if not inner.failed or not frame.failed or not inner.pcs:
            break
        if code is not None and _last(code, frame.pcs[: inner.before]) != _last(code, frame.pcs):
            break  # The caller got over that, and failed later.
        path.append(inner)
    return path


def _last(code: CodeMap, pcs: list[int]) -> Statement | None:
    return next((code.statements[pc] for pc in reversed(pcs) if pc in code.statements), None)


def _add(flows: list[ControlFlow], frame: Frame, code: CodeMap) -> None:
    """Add the internal functions that a frame was in when it ended, from the outside in."""
    # Functions of Vyper do not recurse: one that is seen again has come back to itself.
    inside: dict[tuple[Path, str], Statement] = {}
    for statement in runs_of(code, frame.pcs):
        function = statement.path, statement.function
        while function in inside and next(reversed(inside)) != function:
            inside.popitem()
        inside[function] = statement
    flows += [_flow(each, len(flows) + 1 + deep) for deep, each in enumerate(inside.values())]
    current = next(reversed(inside.values()), None)
    check = _check(code, frame, current)
    if check is not None:
        flows.append(
            ControlFlow.model_construct(
                statements=[ShownStatement.model_construct(type=check, pcs=set())],
                closure=Closure(name=check, full_name=check),
                source_path=None,
                depth=len(flows) + 1,
            )
        )
    elif flows:
        _mark(flows[-1])


def _check(code: CodeMap, frame: Frame, statement: Statement | None) -> str | None:
    """Return ape-vyper's name for the compiler's check that ended a frame."""
    if not frame.failed or not frame.pcs:
        return None
    # The failing branch ends in shared code; the check is the last that has words of its own.
    words = next((code.errors[pc] for pc in reversed(frame.pcs) if pc in code.errors), "")
    if words == NOT_POSITIVE:
        return _not_positive("" if statement is None else _text(statement))
    if words.startswith("clamp"):
        return "dev: Integer overflow"
    if words.endswith(OUT_OF_BOUNDS) and "[" in words:
        return "dev: Index out of range"
    if words.endswith(OUT_OF_BOUNDS):
        return f"dev: {words}"
    return f"dev: {CHECKS[words]}" if words in CHECKS else None


def _not_positive(text: str) -> str:
    if "/" in text:
        return "dev: Division by zero"
    return "dev: Modulo by zero" if "%" in text else "dev: Index out of range"


def _mark(flow: ControlFlow) -> None:
    """Give the last statement the dev-string that stands beside it."""
    for line in reversed(list(flow.content.root.values())):
        found = DEV_STRING.search(line)
        if found:
            flow.statements[-1].type = found[1].strip()
            return


def _flow(statement: Statement, depth: int) -> ControlFlow:
    first, _, last, _ = statement.location
    lines = _lines(statement.path)
    content = Content(root={number: lines[number - 1] for number in range(first, last + 1)})
    node: Any = ASTNode.model_construct(lineno=first, end_lineno=last)
    shown = SourceStatement.model_construct(type="source", asts=[node], content=content, pcs=set())
    return ControlFlow.model_construct(
        statements=[shown],
        closure=Closure(name=statement.function, full_name=statement.function),
        source_path=statement.path,
        depth=depth,
    )


def _text(statement: Statement) -> str:
    first, _, last, _ = statement.location
    return "".join(_lines(statement.path)[first - 1 : last])


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()
