"""Prints the tables: `python -m benchmarks.precompiles [SECTION...]`.

A section is a module of this folder with `rows()`. Peers come from the package registries
(`make bench` installs them); one that is not installed leaves its column empty. Medians of
interleaved runs in one process: read the ratios, not the times.
"""

import argparse
import importlib
from pathlib import Path

from rich.console import Console
from rich.table import Table

from precompiles import kernels

from .rows import Row

SECTIONS = sorted(
    path.stem
    for path in Path(__file__).parent.glob("*.py")
    if path.stem not in ("__init__", "__main__", "rows")
)


def shown(nanoseconds: float) -> str:
    """Return a time with its unit."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}"
    return f"{nanoseconds:.3g} ns"


def table(section: str, rows: list[Row]) -> Table:
    """Return one section: each peer's time, and how many times ours it is."""
    names = list(dict.fromkeys(name for row in rows for name in row.peers))
    result = Table(title=section)
    result.add_column("operation")
    for name in ("ours", *names):
        result.add_column(name, justify="right")
    result.add_column("goal")
    for row in rows:
        peers = [
            f"{shown(row.peers[name])} ({row.peers[name] / row.ours:.2f}x)"
            if name in row.peers
            else ""
            for name in names
        ]
        result.add_row(row.operation, shown(row.ours), *peers, row.goal)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the precompiles beside their peers.")
    parser.add_argument("sections", nargs="*", choices=[*SECTIONS, []], metavar="SECTION")
    options = parser.parse_args()
    kernels.warm_up()
    console = Console(width=160)
    for section in options.sections or SECTIONS:
        rows = importlib.import_module(f".{section}", __package__).rows()
        console.print(table(section, rows))


main()
