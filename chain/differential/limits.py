"""The same case with less gas: limits that end exactly at an instruction, or up to three before.

What an instruction costs is read off a trace of the case. A limit that ends in a called frame is
only near: what a call hands down changes with the limit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

from .cases import Case
from .embedded import run_py
from .results import Step


def limited(case: Case, count: int) -> Iterator[Case]:
    """Return the case with other gas limits of its last transaction, at most so many."""
    if not count:
        return
    steps = run_py(case, True).ran[-1].steps
    if not steps:
        return
    last = case.transactions[-1]
    limits = sorted(_limits(steps, last.fields.gas))
    for limit in sorted(Random(case.name).sample(limits, min(count, len(limits)))):
        yield replace(
            case,
            name=f"{case.name}-{limit}",
            transactions=(*case.transactions[:-1], last.but(gas=limit)),
        )


def _limits(steps: Sequence[Step], gas: int) -> set[int]:
    """Return limits at which an instruction is just paid for, or just not."""
    spent = {gas - (step.gas + held) for step, held in zip(steps, _held(steps), strict=True)}
    return {limit for end in spent for limit in range(end - 3, end + 1) if 0 < limit < gas}


def _held(steps: Sequence[Step]) -> Iterator[int]:
    """Return, for each step, the gas that the frames around it have kept back."""
    kept: list[int] = []
    previous = None
    for step in steps:
        if previous is not None and step.depth > previous.depth:
            kept.append(max(previous.gas - step.gas, 0))
        elif previous is not None:
            del kept[step.depth - 1 :]
        yield sum(kept)
        previous = step
