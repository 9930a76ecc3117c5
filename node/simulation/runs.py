"""Runs on a real machine: their wall time, seeds over two processes, a file of what is done.

The only part of the simulation that looks at a clock; nothing of a run follows from it.
"""

import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from .outcome import Outcome, Settings, Watch, unseen
from .scenarios import SCENARIOS


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A line of the file: a seed that was run to its end."""

    scenario: str
    seed: int
    nodes: int
    hours: float
    ok: bool
    trace: str
    cpu_seconds: float
    facts: dict[str, int | float | str]
    faults: dict[str, int]
    violations: list[str]


def run(settings: Settings, watch: Watch = unseen) -> Outcome:
    """Run a scenario, and tell on the error output how long it took."""
    began = time.monotonic()
    try:
        outcome = SCENARIOS[settings.scenario].run(settings, watch)
    except Exception:
        print(f"failed; again: {settings.command}", file=sys.stderr)
        raise
    passed = time.monotonic() - began
    print(f"{outcome.steps:,} events in {passed:.1f} s", file=sys.stderr)
    return outcome


def complain(outcome: Outcome) -> None:
    """Say what was broken, and how to see it again."""
    for violation in outcome.violations:
        print(f"violated: {violation}", file=sys.stderr)
    print(f"seed {outcome.settings.seed}; again: {outcome.settings.command}", file=sys.stderr)


def finished(state: Path, scenario: str, nodes: int, hours: float) -> list[Done]:
    """Return the runs of this kind that a file tells of; a last line cut short is left out."""
    if not state.exists():
        return []
    done = []
    for line in state.read_text("utf-8").splitlines():
        try:
            read = Done(**json.loads(line))
        except (ValueError, TypeError):
            continue
        if (read.scenario, read.nodes, read.hours) == (scenario, nodes, hours):
            done.append(read)
    return done


def campaign(runs: list[Settings], state: Path, processes: int) -> Iterator[Done]:
    """Run all of them, each in a process of its own; every one is in the file when it is told."""
    left = iter(runs)
    with ProcessPoolExecutor(processes, max_tasks_per_child=1) as pool:
        waiting = {pool.submit(_one, settings) for settings in islice(left, processes)}
        while waiting:
            ready, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            waiting |= {pool.submit(_one, settings) for settings in islice(left, len(ready))}
            yield from _kept(ready, state)


def _kept(ready: set[Future[Done]], state: Path) -> Iterator[Done]:
    for future in ready:
        done = future.result()
        with state.open("a", encoding="utf-8") as file:
            # A line of its own, though the last one may have been cut short.
            file.write("\n" + json.dumps(asdict(done), sort_keys=True))
        yield done


def _one(settings: Settings) -> Done:
    began = time.process_time()
    outcome = SCENARIOS[settings.scenario].run(settings, unseen)
    return Done(
        scenario=settings.scenario,
        seed=settings.seed,
        nodes=settings.nodes,
        hours=settings.hours,
        ok=outcome.ok,
        trace=outcome.trace,
        cpu_seconds=round(time.process_time() - began, 2),
        facts=outcome.facts,
        faults=outcome.faults,
        violations=outcome.violations,
    )
