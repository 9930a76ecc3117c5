"""Tests of contracts under Ape: ours beside Ape's own provider and anvil, in one run.

Run as `python -m benchmarks.ape [--rounds N]`. The same project, 200 tests of three Vyper contracts
(`benchmarks/ape_project`), runs under `pars:local`, `ethereum:local:test` and, where ape-foundry
and anvil are, under `ethereum:local:foundry`. `APE` names the command of an environment that has
ape-foundry, else it is the one beside this Python; anvil is looked for on the path. Each command is
one process, so that start and imports count; rounds alternate, and the figures are medians.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
PROJECT = Path(__file__).parent / "ape_project"
TESTS = 200
OURS = "pars:local"
BUILT_IN = "ethereum:local:test"
FOUNDRY = "ethereum:local:foundry"


@dataclass
class Contender:
    """A network and what its rounds took, in seconds."""

    network: str
    walls: list[float] = field(default_factory=list)
    processors: list[float] = field(default_factory=list)
    tests: list[float] = field(default_factory=list)


def contenders(ape: str) -> list[Contender]:
    """Return who is there."""
    found = [Contender(OURS), Contender(BUILT_IN)]
    python = Path(ape).parent / "python"
    has_plugin = subprocess.run([python, "-c", "import ape_foundry"], capture_output=True)
    if has_plugin.returncode == 0 and shutil.which("anvil"):
        found.append(Contender(FOUNDRY))
    return found


def measure(ape: str, folder: Path, contender: Contender) -> None:
    """Run the project once."""
    report = folder / "report.xml"
    environment = os.environ | {
        "PATH": f"{Path(ape).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PYTHONPYCACHEPREFIX": str(folder.parent / "bytecode"),
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before, spent = time.perf_counter(), os.times()
    command = [ape, "test", "--network", contender.network, "-q", f"--junitxml={report}"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{contender.network}: {done.stdout}{done.stderr}")
    contender.walls.append(time.perf_counter() - before)
    after = os.times()
    # anvil is no child of ours: what it spends is not in here.
    contender.processors.append(
        after.children_user + after.children_system - spent.children_user - spent.children_system
    )
    times = [float(case.attrib["time"]) for case in ET.parse(report).iter("testcase")]
    assert len(times) == TESTS, f"{len(times)} tests ran"
    contender.tests += times


def show(found: list[Contender]) -> None:
    """Print the table."""
    table = Table(title=f"ape test, {TESTS} tests of Vyper contracts (medians)")
    for column in ("network", "command, s", "processor, s", "a test, ms", "ours is faster by"):
        table.add_column(column, justify="left" if column == "network" else "right")
    ours = statistics.median(found[0].walls)
    for each in found:
        wall = statistics.median(each.walls)
        table.add_row(
            each.network,
            f"{wall:.1f}",
            f"{statistics.median(each.processors):.1f}",
            f"{1000 * statistics.median(each.tests):.1f}",
            "" if each is found[0] else f"{wall / ours:.1f}",
        )
    Console().print(table)


def main() -> None:
    """Run all rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds: int = parser.parse_args().rounds
    ape = os.environ.get("APE") or str(Path(sys.executable).parent / "ape")
    found = contenders(ape)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "project"
        shutil.copytree(PROJECT, folder)
        for each in found:  # Compiles the contracts, and fills caches, for all alike.
            measure(ape, folder, Contender(each.network))
        for _ in range(rounds):
            for each in found:
                measure(ape, folder, each)
    show(found)


if __name__ == "__main__":
    main()
