"""The most time that a gas buys, found by chance: `python -m benchmarks.fuzz [ENTRY...] [--count N]`.

Spoilt calls of every method are timed, each the best of some runs from the same state, and each
entry shows the one that takes the longest for its gas. The measure is ecrecover's time for one of
its 3,000 gas: what is far above it could slow a chain for little money.
"""

import argparse
from time import perf_counter_ns

from rich.console import Console
from rich.table import Table

from precompiles import kernels
from precompiles.conformance.embedded import call_precompile, context_of, prepared
from precompiles.conformance.fuzz import spoilt
from precompiles.conformance.vectors import Vector, load, path_of
from precompiles.registry import PRECOMPILES

from .gas import ECRECOVER_GAS, ecrecover

RUNS = 3
LEAST_PART = 1 / 3


def time_and_gas(vector: Vector) -> tuple[float, int]:
    """Return the nanoseconds of a call, and the gas that it used."""
    times = []
    for _ in range(RUNS):
        world = prepared(vector)
        context = {**context_of(vector), "random": bytes}
        start = perf_counter_ns()
        outcome = call_precompile(
            world,
            vector.address,
            vector.input,
            caller=vector.caller,
            value=vector.value,
            static=vector.static,
            context=context,
        )
        times.append(perf_counter_ns() - start)
    return min(times), outcome.gas_used


def main() -> None:
    parser = argparse.ArgumentParser(description="Look for calls that take long for their gas.")
    parser.add_argument("entries", nargs="*", metavar="ENTRY")
    parser.add_argument("--count", type=int, default=200, help="spoilt calls of each method")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    kernels.warm_up()
    unit = ecrecover() / ECRECOVER_GAS
    table = Table("entry", "calls", "ns per gas", "of ecrecover's", "gas", "call")
    for entry in PRECOMPILES:
        if options.entries and entry.name not in options.entries:
            continue
        found = list(spoilt(entry, load(path_of(entry)), options.count, options.seed))
        measured = [(*time_and_gas(each), each.name) for each in found]
        time, gas, name = max(measured, key=lambda each: each[0] / each[1])
        share = f"{time / gas / unit:.2f}"
        style = "bold red" if time / gas / unit > 1 / LEAST_PART else ""
        row = (entry.name, str(len(found)), f"{time / gas:.1f}", share, f"{gas:,}", name)
        table.add_row(*row, style=style)
    Console(width=120).print(table)
    print(f"ecrecover: {unit:.1f} ns per gas")


if __name__ == "__main__":
    main()
