"""The whole suite: which vectors there are, and what a target makes of each."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from ..precompile import Precompile
from ..registry import PRECOMPILES
from .derived import derived
from .vectors import Answer, Target, Vector, differences, load, path_of, untold

Status = Literal["passed", "failed", "not told", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """The vectors of one entry."""

    entry: Precompile
    vectors: tuple[Vector, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one vector. Passed is only what the target told in full."""

    entry: Precompile
    vector: Vector
    answer: Answer
    status: Status
    reasons: tuple[str, ...]


def chapters(
    families: Sequence[str] = (),
    entries: Sequence[str] = (),
    pattern: str = "*",
    *,
    with_derived: bool = True,
) -> list[Chapter]:
    """Return the vectors that were asked for; no family or no entry named means all."""
    found = []
    for entry in PRECOMPILES:
        if (families and entry.family not in families) or (entries and entry.name not in entries):
            continue
        given = load(path_of(entry))
        vectors = (*given, *derived(entry, given)) if with_derived else given
        chosen = tuple(each for each in vectors if fnmatchcase(each.name, pattern))
        if chosen:
            found.append(Chapter(entry=entry, vectors=chosen))
    return found


def ask(target: Target, chosen: Iterable[Chapter]) -> Iterator[Result]:
    """Ask a target every vector, one result at a time."""
    for chapter in chosen:
        for vector in chapter.vectors:
            yield judged(chapter.entry, vector, target(vector))


def judged(entry: Precompile, vector: Vector, answer: Answer) -> Result:
    """Compare an answer with what the vector asks for."""
    wrong, missing = differences(vector, answer), untold(vector, answer)
    status: Status = "passed"
    reasons: Sequence[str] = ()
    if answer.skipped:
        status, reasons = "skipped", (answer.skipped,)
    elif wrong:
        status, reasons = "failed", wrong
    elif missing:
        status, reasons = "not told", missing
    return Result(entry=entry, vector=vector, answer=answer, status=status, reasons=tuple(reasons))
