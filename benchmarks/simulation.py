"""What the simulator does in a second, and how far its worlds reach: wall time in this process.

Run as `python -m benchmarks.simulation`. Beside each row stands its goal, and what a prototype of
the same shape did (fewer checks, no signatures, no documents). The exit status is 1 where an
invariant is broken; how fast a machine is does not fail it.
"""

import sys
import time
from collections.abc import Callable

from rich.console import Console
from rich.table import Table

from node.simulation.outcome import Outcome, Settings, unseen
from node.simulation.scenarios import SCENARIOS

Told = Callable[[Outcome], str]


def delivered(outcome: Outcome) -> str:
    facts = outcome.facts
    return f"{facts['delivered']:,} of {facts['of']:,}; p99 {facts['p99 ms']:,} ms"


def found(outcome: Outcome) -> str:
    facts = outcome.facts
    return f"{facts['found']:,} of {facts['lookups']:,}; p50 {facts['p50 ms']:,} ms"


def kept(outcome: Outcome) -> str:
    facts, faults = outcome.facts, outcome.faults
    down = faults["nodes that went down"]
    return f"{facts['promised']:,} promised, 0 lost; {down:,} crashes"


def regrown(outcome: Outcome) -> str:
    seconds = int(outcome.facts["all regrown after ms"]) / 1000
    return f"{outcome.facts['survivors']} -> 200 in {seconds:,.0f} s virtual"


ROWS: tuple[tuple[str, Settings, Told, str, str], ...] = (
    (
        "gossip, 100 nodes, 100 broadcasts",
        Settings(scenario="gossip", seed=1, nodes=100, work=100),
        delivered,
        "100 %",
        "1.2 s; p99 860 ms",
    ),
    (
        "gossip, 1,000 nodes, 100 broadcasts",
        Settings(scenario="gossip", seed=1, nodes=1_000, work=100),
        delivered,
        "100 %, p99 1,200 ms, 60 s",
        "33 s; p99 980 ms",
    ),
    (
        "lookups, 1,000 nodes, 20 % churn, 10 % loss",
        Settings(scenario="dht", seed=1, nodes=1_000, work=1_000),
        found,
        "99.9 %, 60 s",
        "7.3 s (200, no churn)",
    ),
    (
        "chaos, 20 nodes, 24 h",
        Settings(scenario="chaos", seed=1, nodes=20, hours=24),
        kept,
        "0 lost, 20 s",
        "6.5 to 17 s",
    ),
    (
        "regrow, 200 nodes, 99 % destroyed",
        Settings(scenario="regrow", seed=1),
        regrown,
        "100 %",
        "-",
    ),
)


def main() -> int:
    """Run, print, compare."""
    table = Table(title="Simulation: CPU of one process, one run each", width=140)
    for heading in ("run", "CPU, s", "events/s", "came to", "goal", "prototype"):
        table.add_column(heading, justify="right" if "s" in heading[-2:] else "left")
    broken = 0
    for name, settings, told, goal, prototype in ROWS:
        began = time.process_time()
        outcome = SCENARIOS[settings.scenario].run(settings, unseen)
        passed = time.process_time() - began
        came = told(outcome) if outcome.ok else "; ".join(outcome.violations)
        broken += not outcome.ok
        rate = f"{outcome.steps / passed:,.0f}"
        table.add_row(name, f"{passed:,.1f}", rate, came, goal, prototype)
    Console(width=140).print(table)
    return int(broken > 0)


if __name__ == "__main__":
    sys.exit(main())
