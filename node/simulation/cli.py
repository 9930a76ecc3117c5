"""`pars node simulate`: one run, its figures, and a report of it.

The same seed prints the same bytes. Wall time, and what is shown while it runs, go to the error
output.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from . import runs
from .outcome import Outcome, Settings
from .report import write
from .scenarios import SCENARIOS
from .terminal import shown

NODES_MAX = 10_000


def parser() -> argparse.ArgumentParser:
    """Return what reads the flags."""
    listed = "\n".join(f"  {name:<10}{one.about}" for name, one in SCENARIOS.items())
    made = argparse.ArgumentParser(
        prog="pars node simulate",
        description="Run nodes in a world of virtual time. The same seed does the same.",
        epilog=f"scenarios:\n{listed}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--scenario", choices=sorted(SCENARIOS), default="chaos")
    made.add_argument("--nodes", type=int, default=0, help="how many (default: the scenario's)")
    made.add_argument("--seed", type=int, default=1, help="what everything follows from")
    made.add_argument("--hours", type=float, default=0, help="of virtual time")
    made.add_argument("--work", type=int, default=0, help="broadcasts, lookups or writes")
    made.add_argument("--json", action="store_true", help="print everything, as JSON")
    made.add_argument("--report", type=Path, metavar="DIR", help="write HTML and PNG there")
    return made


def main(argv: Sequence[str] | None = None) -> int:
    """Run it; 1 where an invariant was broken."""
    reader = parser()
    given = reader.parse_args(argv)
    if not (0 <= given.nodes <= NODES_MAX and given.hours >= 0 and given.work >= 0):
        reader.error(f"nodes are 1 to {NODES_MAX:,}; hours and work are not negative")
    settings = Settings(
        scenario=given.scenario,
        seed=given.seed,
        nodes=given.nodes,
        hours=given.hours,
        work=given.work,
    )
    with shown(f"{settings.scenario}, seed {settings.seed}") as watch:
        outcome = runs.run(settings, watch)
    print(outcome.to_json() if given.json else text(outcome))
    if given.report:
        write(outcome, given.report)
    if not outcome.ok:
        runs.complain(outcome)
    return 0 if outcome.ok else 1


def text(outcome: Outcome) -> str:
    """Return what a person wants to know."""
    settings = outcome.settings
    lines = [f"{settings.scenario}, seed {settings.seed}: {len(outcome.nodes)} nodes"]
    figures: dict[str, object] = {
        "virtual time, s": outcome.virtual_ms // 1000,
        "events": outcome.steps,
        "messages": outcome.messages,
        "bytes on links": outcome.bytes,
        **outcome.facts,
        **{f"fault: {name}": count for name, count in outcome.faults.items()},
        "trace": outcome.trace,
        "state": outcome.state,
    }
    for name, value in figures.items():
        shown_as = f"{value:,}" if isinstance(value, int | float) else value
        lines.append(f"  {name:<32}{shown_as}")
    lines += [f"violated: {text}" for text in outcome.violations] or ["every invariant held"]
    return "\n".join(lines)
