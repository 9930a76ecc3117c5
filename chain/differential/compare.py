"""Where the results of two engines differ, in words."""

import traceback
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Final

from ..opcodes import OPCODE_NAMES
from .cases import Case
from .generate import generate
from .results import Engine, EngineGone, NoAnswer, Ran, Result, Step

FACTS: Final = ("success", "gas_used", "output", "logs")


def differences(
    seed: int | str, engines: Mapping[str, Engine], fork: str = "Prague", *, steps: bool = False
) -> list[str]:
    """Run the case of a seed on all engines; return where they differ from the first."""
    return compare(generate(seed, fork), engines, steps=steps)


def compare(case: Case, engines: Mapping[str, Engine], *, steps: bool = False) -> list[str]:
    """Run a case on all engines; return where they differ from the first."""
    found: list[str] = []
    try:
        results = {name: run(case, engine, steps) for name, engine in engines.items()}
    except NoAnswer:
        return found
    (first, expected), *others = results.items()
    for name, result in others:
        found += [f"{case.name}: {each}" for each in _differences(first, expected, name, result)]
    return found


def run(case: Case, engine: Engine, steps: bool = False) -> Result | str:
    """Run a case; return its result, or how the engine itself failed."""
    try:
        return engine(case, steps)
    except (EngineGone, NoAnswer):
        raise
    except Exception as bug:  # Whatever an engine trips over is what we look for.
        place = traceback.extract_tb(bug.__traceback__)[-1]
        return f"{type(bug).__name__}: {bug} ({Path(place.filename).name}:{place.lineno})"


def _differences(
    first: str, expected: Result | str, second: str, found: Result | str
) -> Sequence[str]:
    if isinstance(expected, str) or isinstance(found, str):
        broken = ((first, expected), (second, found))
        return [f"{name} broke: {each}" for name, each in broken if isinstance(each, str)]
    for place, (one, other) in enumerate(zip(expected.ran, found.ran, strict=True)):
        told = _told(first, one, second, other)
        if told:
            return [f"transaction {place}: {each}" for each in told]
    if expected.root != found.root:
        return [f"state root: {first} {expected.root.hex()}, {second} {found.root.hex()}"]
    return []


def _told(first: str, one: Ran, second: str, other: Ran) -> list[str]:
    if (one.refused is None) != (other.refused is None):
        return [f"refused: {first} {one.refused}, {second} {other.refused}"]
    told = []
    if one.steps is not None and other.steps is not None and one.steps != other.steps:
        told.append(_first_step(first, one.steps, second, other.steps))
    for name in FACTS:
        here, there = getattr(one, name), getattr(other, name)
        if here != there:
            told.append(f"{name}: {first} {_show(here)}, {second} {_show(there)}")
    if told and (one.error or other.error):
        told.append(f"error: {first} {one.error or 'none'}, {second} {other.error or 'none'}")
    return told


def _first_step(first: str, steps: Sequence[Step], second: str, other_steps: Sequence[Step]) -> str:
    for place, (one, other) in enumerate(zip_longest(steps, other_steps)):
        if one != other:
            before = f", after {_step(steps[place - 1])}" if place else ""
            return f"step {place}: {first} {_step(one)}, {second} {_step(other)}{before}"
    return "no step"


def _step(step: Step | None) -> str:
    if step is None:
        return "has ended"
    name = OPCODE_NAMES.get(step.op) or f"{step.op:#04x}"
    return (
        f"{name} at pc {step.pc} depth {step.depth} gas {step.gas} refund {step.refund}"
        f" stack {step.size}:{step.top:#x}"
    )


def _show(value: object) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
