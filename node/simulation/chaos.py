"""Many seeds of one scenario: `python -m node.simulation.chaos --seeds 1000 --state FILE`.

Seeds that the file tells of are not run again, so it goes on where it was stopped.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from .outcome import Settings
from .runs import Done, campaign, finished
from .scenarios import SCENARIOS
from .terminal import counted


def parser() -> argparse.ArgumentParser:
    """Return what reads the flags."""
    made = argparse.ArgumentParser(prog="python -m node.simulation.chaos", description=__doc__)
    made.add_argument("--seeds", type=int, default=1_000, help="how many (default 1000)")
    made.add_argument("--first", type=int, default=1, help="the first seed (default 1)")
    made.add_argument("--nodes", type=int, default=20)
    made.add_argument("--hours", type=float, default=24)
    made.add_argument("--scenario", choices=sorted(SCENARIOS), default="chaos")
    made.add_argument("--state", type=Path, required=True, help="file of the seeds that are done")
    made.add_argument("--processes", type=int, default=2)
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Run the seeds that are left; 1 where an invariant was broken in any."""
    given = parser().parse_args(argv)
    seeds = range(given.first, given.first + given.seeds)
    done = [
        one
        for one in finished(given.state, given.scenario, given.nodes, given.hours)
        if one.seed in seeds
    ]
    known = {one.seed for one in done}
    left = [
        Settings(scenario=given.scenario, seed=seed, nodes=given.nodes, hours=given.hours)
        for seed in seeds
        if seed not in known
    ]
    with counted(len(seeds), len(done)) as progress:
        for one in campaign(left, given.state, given.processes):
            done.append(one)
            bad = sum(not each.ok for each in done)
            note = f"{bad} failed" if bad else f"last {one.cpu_seconds:.0f} s"
            progress.update(progress.task_ids[0], advance=1, note=note)
    return _told(sorted(done, key=lambda one: one.seed))


def _told(done: list[Done]) -> int:
    faults: dict[str, int] = {}
    facts: dict[str, int] = {}
    for one in done:
        for name, count in one.faults.items():
            faults[name] = faults.get(name, 0) + count
        for name, value in one.facts.items():
            if isinstance(value, int):
                facts[name] = facts.get(name, 0) + value
    seconds = sum(one.cpu_seconds for one in done)
    print(f"{len(done):,} seeds, {seconds:,.0f} s of CPU, {seconds / max(len(done), 1):.1f} each")
    print("all runs together: " + ", ".join(f"{name} {count:,}" for name, count in facts.items()))
    print("what befell them: " + ", ".join(f"{name} {count:,}" for name, count in faults.items()))
    failed = [one for one in done if not one.ok]
    for one in failed:
        settings = Settings(scenario=one.scenario, seed=one.seed, nodes=one.nodes, hours=one.hours)
        print(f"seed {one.seed}: {'; '.join(one.violations)}\n  again: {settings.command}")
    print(f"{len(failed):,} of {len(done):,} broke an invariant")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
