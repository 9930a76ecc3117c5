"""What each precompile costs in time, beside what it charges. Writes docs/gas.md when told to.

Run as `python -m benchmarks.gas [--write]`. The measure is ecrecover: libsecp256k1's recovery and
a Keccak hash cost 3,000 gas, so on one machine the time of a call divided by the time of an
ecrecover, times 3,000, is the call's share. Every vector of every entry is timed, and each method
shows its least favourable one. The exit status is 1 when one charges less than a third of that, or
when all vectors of a method that succeed are priced above five times it without a stated reason.
"""

import argparse
import platform
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from textwrap import wrap
from time import perf_counter_ns
from unittest.mock import patch

from coincurve import PrivateKey, PublicKey

from precompiles import kernels
from precompiles.backends.keccak import keccak256
from precompiles.conformance import embedded
from precompiles.conformance.embedded import (
    GAS_MAX,
    Frame,
    Meter,
    context_of,
    prepared,
)
from precompiles.conformance.vectors import Vector, load, path_of
from precompiles.precompile import Call, Precompile, Revert, execute, price
from precompiles.registry import PRECOMPILES

ECRECOVER_GAS = 3_000
LEAST_PART = 1 / 3
MOST_PART = 5

MANY_ATTEMPTS = "The price covers 24 attempts; the mean is 4 or 5, and a vector may need one."
REASONS = {
    ("ml_dsa", "sign(bytes,bytes)"): MANY_ATTEMPTS,
    ("ml_dsa", "sign(bytes,bytes,bytes)"): MANY_ATTEMPTS,
    ("ml_dsa", "sign(bytes,bytes,bytes,bytes32)"): MANY_ATTEMPTS,
}
"""Why a method may cost more than five times its share, by entry and canonical signature."""

REPEATS = 15
DOCS = Path("docs/gas.md")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One vector: its time as a multiple of ecrecover's, and what it is charged."""

    entry: Precompile
    vector: Vector
    method: str
    microseconds: float
    share: int
    charged: int
    priced: int
    """What is charged without state."""

    @property
    def part(self) -> float:
        """Return which part of its share the call is charged."""
        return self.charged / self.share

    @property
    def dear(self) -> bool:
        """Return whether the price is beyond what needs a reason."""
        return self.vector.expected.error is None and self.priced > MOST_PART * self.share


@dataclass(slots=True)
class Others:
    """What the byte-code took that an entry called: no part of its own time and price."""

    nanoseconds: int = 0
    gas: int = 0


def nanoseconds(
    work: Callable[[], object], reset: Callable[[], object], others: Others | None = None
) -> float:
    """Return the median time of one run; what comes before it does not count."""
    others = others or Others()
    times = []
    for _ in range(REPEATS):
        reset()
        others.nanoseconds = others.gas = 0
        start = perf_counter_ns()
        work()
        times.append(perf_counter_ns() - start - others.nanoseconds)
    return median(times)


@contextmanager
def apart() -> Iterator[Others]:
    """Count what byte-code takes, without the precompiles that it calls in turn."""
    others = Others()
    run_code, run_precompile = embedded.bytecode.run, embedded.run_precompile
    counting = False

    def timed(work: Callable[[], bytes], meter: Meter, *, enter: bool) -> bytes:
        nonlocal counting
        if counting is enter:
            return work()
        counting, sign = enter, 1 if enter else -1
        start, left = perf_counter_ns(), meter.left
        try:
            return work()
        finally:
            counting = not enter
            others.nanoseconds += sign * (perf_counter_ns() - start)
            others.gas += sign * (left - meter.left)

    def code(code: bytes, call: Call, frame: Frame) -> bytes:
        return timed(lambda: run_code(code, call, frame), frame.meter, enter=True)

    def precompile(entry: Precompile, call: Call, meter: Meter) -> bytes:
        return timed(lambda: run_precompile(entry, call, meter), meter, enter=False)

    with (
        patch.object(embedded.bytecode, "run", code),
        patch.object(embedded, "run_precompile", precompile),
    ):
        yield others


def ecrecover() -> float:
    """Return the time of recovering an address from a signature."""
    digest = keccak256(b"message")
    signature = PrivateKey(b"\1" * 32).sign_recoverable(digest, hasher=None)

    def recover() -> bytes:
        key = PublicKey.from_signature_and_message(signature, digest, hasher=None)
        return keccak256(key.format(compressed=False)[1:])[12:]

    for _ in range(100):
        recover()
    return min(nanoseconds(recover, lambda: None) for _ in range(10))


def measure(entry: Precompile, vector: Vector, unit: float) -> Measurement:
    """Time one vector, each run from the same state."""
    world = prepared(vector)
    frame = Frame(
        world=world, address=entry.address, meter=Meter(GAS_MAX), static=vector.static, depth=0
    )
    call = Call(
        data=vector.input,
        caller=vector.caller,
        value=vector.value,
        static=vector.static,
        delegated=False,
        host=frame,
        context=replace(world.context, **context_of(vector)),
    )

    def reset() -> None:
        world.undo(0)
        frame.meter = Meter(GAS_MAX)

    def work() -> None:
        frame.meter.take(price(entry, vector.input))
        try:
            execute(entry, call)
        except Revert:
            return

    world.warm.clear()
    world.originals.clear()
    world.changes.clear()
    work()
    with apart() as others:
        time = nanoseconds(work, reset, others)
    found = entry.by_selector.get(vector.input[:4])
    return Measurement(
        entry=entry,
        vector=vector,
        method=found.signature.canonical if found else "(none)",
        microseconds=time / 1_000,
        share=round(time / unit * ECRECOVER_GAS),
        charged=GAS_MAX - frame.meter.left - others.gas,
        priced=price(entry, vector.input),
    )


def least_favourable(measured: list[Measurement]) -> list[Measurement]:
    """Return one measurement for each entry and method, and for calls of it that are refused."""
    worst: dict[tuple[str, str, bool], Measurement] = {}
    for each in measured:
        key = each.entry.name, each.method, each.vector.expected.error is not None
        if key not in worst or each.part < worst[key].part:
            worst[key] = each
    return list(worst.values())


def table(shown: list[Measurement]) -> str:
    """Return the measurements as Markdown."""
    lines = [
        "| precompile | method | vector | µs | share | charged | charged / share |",
        "|---|---|---|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {each.entry.name} | {each.method} | {each.vector.name} | {each.microseconds:.1f} |"
        f" {each.share:,} | {each.charged:,} | {each.part:.2f} |"
        for each in shown
    ]
    return "\n".join(lines)


def document(shown: list[Measurement], unit: float) -> str:
    """Return docs/gas.md."""
    text = (
        f"Written by `python -m benchmarks.gas --write`. A share is the time of a call beside that"
        f" of an ecrecover (libsecp256k1, {unit / 1_000:.1f} µs here), which the EVM prices at"
        f" {ECRECOVER_GAS:,} gas. Of each method the least favourable vector is shown, and of its"
        f" refused calls the least favourable one. What is charged has the state in it that a call"
        f" touches, at EVM prices. No call may be charged less than a third of its share, and no"
        f" method priced above {MOST_PART} times it without a reason below the table."
    )
    machine = (
        f"Machine: {platform.machine()}, {platform.system()}, Python {platform.python_version()};"
        f" median of {REPEATS} runs in one process."
    )
    reasons = [
        f"- `{entry}` `{method}`: {REASONS[entry, method]}"
        for entry, method in dict.fromkeys((each.entry.name, each.method) for each in shown)
        if (entry, method) in REASONS
    ]
    return "\n".join(
        [
            *("# Gas, measured", "", *wrap(text, 100), "", *wrap(machine, 100), "", table(shown)),
            *(["", "Priced above five times the share:", "", *reasons] if reasons else []),
            "",
        ]
    )


def main() -> int:
    """Measure, print, and say whether every price holds."""
    parser = argparse.ArgumentParser(description="Measure every precompile against ecrecover.")
    parser.add_argument("--write", action="store_true", help=f"write {DOCS}")
    options = parser.parse_args()
    kernels.warm_up()
    unit = ecrecover()
    measured = [
        measure(entry, vector, unit) for entry in PRECOMPILES for vector in load(path_of(entry))
    ]
    shown = least_favourable(measured)
    print(table(shown))
    if options.write:
        DOCS.write_text(document(shown, unit), "utf-8")
    cheap = [each for each in measured if each.part < LEAST_PART]
    for each in cheap:
        print(
            f"too cheap: {each.entry.name} {each.vector.name}: {each.charged} of {each.share}",
            file=sys.stderr,
        )
    dear = [each for each in shown if each.dear and (each.entry.name, each.method) not in REASONS]
    for each in dear:
        print(
            f"dear without reason: {each.entry.name} {each.method}: {each.priced} of {each.share}",
            file=sys.stderr,
        )
    return 1 if cheap or dear else 0


if __name__ == "__main__":
    sys.exit(main())
