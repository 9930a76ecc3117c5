"""One row of a table: an operation of ours, and the same one of each peer, timed in turns."""

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from time import perf_counter_ns
from types import ModuleType
from typing import Any

SECONDS_PER_SIDE = 0.5
ROUNDS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Median nanoseconds of one operation. `goal` is what the toolkit promises, in words."""

    operation: str
    ours: float
    peers: Mapping[str, float]
    goal: str = ""


def compare(
    operation: str,
    ours: Callable[[], object],
    peers: Mapping[str, Callable[[], object]],
    *,
    each: int = 1,
    goal: str = "",
) -> Row:
    """Time all sides in turns, so that a busy machine slows them alike.

    `each` is how many operations one call of `ours` does: a batch is shown by the piece.
    """
    sides = {"ours": ours, **peers}
    counts = {name: calls_in(work, SECONDS_PER_SIDE / ROUNDS) for name, work in sides.items()}
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(ROUNDS):
        for name, work in sides.items():
            times[name].append(nanoseconds(work, counts[name]))
    medians = {name: median(found) for name, found in times.items()}
    return Row(
        operation=operation,
        ours=medians.pop("ours") / each,
        peers=medians,
        goal=goal,
    )


def nanoseconds(work: Callable[[], object], count: int) -> float:
    """Return the mean time of this many calls."""
    start = perf_counter_ns()
    for _ in range(count):
        work()
    return (perf_counter_ns() - start) / count


def calls_in(work: Callable[[], object], seconds: float) -> int:
    """Return about how many calls fit; the first one, which may compile, does not count."""
    work()
    return max(1, int(seconds * 1e9 / max(nanoseconds(work, 1), 1)))


def peer(module: str) -> ModuleType | Any | None:
    """Return a peer's module, or None where it is not installed: its column stays empty."""
    try:
        return importlib.import_module(module)
    except ImportError:
        return None
