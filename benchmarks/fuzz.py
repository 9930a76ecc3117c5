"""The most time that a gas buys, found by chance: `python -m benchmarks.fuzz [ENTRY...]`.

Spoilt calls of every method are timed as `benchmarks.gas` times vectors, and each entry shows the
one that takes the longest for its gas. The measure is ecrecover's time for one of its 3,000 gas:
what is far above it could slow a chain for little money.
"""

import argparse

from rich.console import Console
from rich.table import Table

from precompiles import kernels
from precompiles.conformance.fuzz import spoilt
from precompiles.conformance.vectors import load, path_of
from precompiles.precompile import OutOfGas
from precompiles.registry import PRECOMPILES

from .gas import LEAST_PART, Measurement, ecrecover, measure


def main() -> None:
    parser = argparse.ArgumentParser(description="Look for calls that take long for their gas.")
    parser.add_argument("entries", nargs="*", metavar="ENTRY")
    parser.add_argument("--count", type=int, default=100, help="spoilt calls of each method")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    kernels.warm_up()
    unit = ecrecover()
    table = Table("entry", "calls", "ns per gas", "of ecrecover's", "gas", "call")
    for entry in PRECOMPILES:
        if options.entries and entry.name not in options.entries:
            continue
        measured: list[Measurement] = []
        for vector in spoilt(entry, load(path_of(entry)), options.count, options.seed):
            try:
                measured.append(measure(entry, vector, unit))
            except (OutOfGas, RuntimeError):
                continue  # Dearer than a block, or asks for chance: neither can be timed here.
        worst = min(measured, key=lambda each: each.charged / each.microseconds)
        row = (
            *(entry.name, str(len(measured)), f"{worst.microseconds * 1e3 / worst.charged:.1f}"),
            *(f"{1 / worst.part:.2f}", f"{worst.charged:,}", worst.vector.name),
        )
        table.add_row(*row, style="bold red" if worst.part < LEAST_PART else "")
    Console(width=120).print(table)
    print(f"ecrecover: {unit / 3_000:.1f} ns per gas")


if __name__ == "__main__":
    main()
