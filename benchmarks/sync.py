"""What it takes two nodes to find out what each lacks, beside sending all ids: medians of CPU.

Run as `python -m benchmarks.sync`, with `--large` for a million vertices too. Bytes are those of
the comparison, without the vertices that follow. The twin sends every id that it has beyond what
both had before, or all where that is not known. The exit status is 1 where a goal is missed: three
round trips and 60 bytes for each difference, 1,536 where they are scattered, 200 ms of CPU on the
busier side, 1.1 of the new data for a bundle there and one back.
"""

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from node.crypto import SigningKey, sha256
from node.mesh.bundle import Recipients
from node.mesh.bundle_content import About, export, owed, take_in, tell
from node.mesh.bundle_file import FileSource, save_bundle
from node.mesh.sync.exchange import Exchange, Fresh
from node.mesh.sync.graph import since
from node.mesh.sync.items import Items, id_of, row
from node.mesh.sync.sketch import SYMBOL, Decoder, Encoder

WIDTH = 3  # vertices that share a lamport, each behind two of the three before it
ROUNDS = 3
FRESH_MAX = 50_000
TRIPS_GOAL = 3
TYPICAL_GOAL = 60
WORST_GOAL = 1536
CPU_GOAL_MS = 200
STICK_GOAL = 1.1
VERTEX = 5_200  # a small vertex and its signature


@dataclass
class History:
    """A closed history, and what it was when the other side last had it all."""

    parents: dict[bytes, tuple[bytes, ...]] = field(default_factory=dict)
    lamports: dict[bytes, int] = field(default_factory=dict)
    top: list[bytes] = field(default_factory=list)

    def grow(self, count: int, chance: random.Random) -> "History":
        lamport = self.lamports[self.top[0]] + 1 if self.top else 0
        layer: list[bytes] = []
        for _ in range(count):
            identity = chance.randbytes(32)
            behind = [*self.top, *self.top][len(layer) :]
            self.parents[identity] = tuple(behind[: min(2, len(self.top))])
            self.lamports[identity] = lamport
            layer.append(identity)
            if len(layer) == WIDTH:
                self.top, layer, lamport = layer, [], lamport + 1
        self.top = [*layer, *self.top] if layer else self.top
        return self

    def copy(self) -> "History":
        return History(dict(self.parents), dict(self.lamports), list(self.top))

    def rows(self) -> list[bytes]:
        return [row(lamport, identity) for identity, lamport in self.lamports.items()]

    def heads(self) -> list[bytes]:
        followed = {each for parents in self.parents.values() for each in parents}
        return [row(self.lamports[each], each) for each in self.parents if each not in followed]

    def fresh(self) -> Fresh:
        heads = [id_of(each) for each in self.heads()]

        def look(identity: bytes) -> tuple[int, tuple[bytes, ...]]:
            return self.lamports[identity], self.parents[identity]

        return lambda common: since(heads, map(id_of, common), look, FRESH_MAX)


@dataclass
class Measured:
    """One comparison."""

    trips: float
    bytes_: int
    cpu_ms: float
    found: int


def compare(sides: Sequence[Exchange]) -> Measured:
    """Let two sides compare; the busier one's CPU counts."""
    cpu = [0.0, 0.0]
    start = time.process_time()
    message: bytes | None = sides[0].start()
    cpu[0] += time.process_time() - start
    turn, size, messages, found = 1, 0, 0, 0
    while message is not None:
        size += len(message)
        messages += 1
        start = time.process_time()
        step = sides[turn].receive(message)
        cpu[turn] += time.process_time() - start
        found += len(step.missing_there) + len(step.missing_here)
        message, turn = step.reply, 1 - turn
    return Measured(messages / 2, size, max(cpu) * 1e3, found)


def median(work: Callable[[], Measured]) -> Measured:
    """Return the run whose CPU is the median."""
    return sorted((work() for _ in range(ROUNDS)), key=lambda each: each.cpu_ms)[ROUNDS // 2]


def by_history(
    shared: int, ours: int, theirs: int, elsewhere: int = 0, *, known: bool = True
) -> Measured:
    """Compare two histories that grew apart; both learnt `elsewhere` from others since."""
    chance = random.Random(shared + ours)
    first = History().grow(shared, chance)
    common = first.heads() if known else []
    first.grow(elsewhere, chance)
    second = first.copy()
    histories = first.grow(ours, chance), second.grow(theirs, chance)
    parts = [(Items(each.rows()), each.heads(), each.fresh()) for each in histories]
    return median(
        lambda: compare(
            [
                Exchange(items, heads, common, os.urandom, number == 0, fresh)
                for number, (items, heads, fresh) in enumerate(parts)
            ]
        )
    )


def by_ranges(count: int, lacking: int, *, recent: bool) -> Measured:
    """Compare two sets by ranges alone, half of what is lacking on each side."""
    chance = random.Random(count + lacking)
    rows = [row(number // WIDTH, chance.randbytes(32)) for number in range(count)]
    absent = rows[-lacking:] if recent else chance.sample(rows, lacking)
    chance.shuffle(absent)
    halves = set(absent[::2]), set(absent[1::2])
    sets = [Items(each for each in rows if each not in half) for half in halves]
    heads = [[each] for each in sorted(absent)[-2:]]
    result = median(
        lambda: compare(
            [
                Exchange(items, head, (), os.urandom, number == 0, lambda _: None)
                for number, (items, head) in enumerate(zip(sets, heads, strict=True))
            ]
        )
    )
    assert result.found >= lacking
    return result


def sketched(count: int, lacking: int) -> list[str]:
    """Decode a sketch of a set."""
    chance = random.Random(lacking)
    shared = [chance.randbytes(32) for _ in range(count - lacking)]
    ours, theirs = ([chance.randbytes(32) for _ in range(lacking // 2)] for _ in range(2))
    encodes, decodes, taken = [], [], []
    for _ in range(ROUNDS):
        key = os.urandom(16)
        start = time.process_time()
        encoder = Encoder(key, shared + ours)
        encoder.symbols(0, 2 * lacking)
        encodes.append(time.process_time() - start)
        start, at, step = time.process_time(), 0, max(1, lacking // 50)
        decoder = Decoder(key, shared + theirs)
        while not decoder.add(encoder.symbols(at, at + step)):
            at += step
        decodes.append(time.process_time() - start)
        taken.append((at + step) / lacking)
    symbols = statistics.median(taken)
    return [
        f"{count:,}, {lacking:,} lacking",
        f"{symbols:.2f}",
        f"{symbols * SYMBOL:.0f}",
        f"{statistics.median(encodes):.2f}",
        f"{statistics.median(decodes):.2f}",
    ]


class Shelf:
    """A store in memory."""

    def __init__(self) -> None:
        self.rows: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        return self.rows.get(key)

    def scan(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        return sorted(each for each in self.rows.items() if each[0].startswith(prefix))

    def commit(self, changes: dict[bytes, bytes | None]) -> None:
        for key, value in changes.items():
            self.rows.pop(key, None)
            if value is not None:
                self.rows[key] = value


def by_stick(folder: Path, ours: int, theirs: int) -> tuple[list[list[str]], float]:
    """Carry what is new there and back, between two who share 20,000 vertices."""
    chance, key, topic = random.Random(1), sha256(b"space"), sha256(b"topic")
    author = SigningKey.from_seed(sha256(b"author"))
    first = History().grow(20_000, chance)
    second = first.copy()
    before = About(topic=topic, heads=tuple(sorted(first.heads())))
    first.grow(ours, chance)
    second.grow(theirs, chance)
    lines, sizes, contents = [], 0, 0
    told = before
    for name, history, new in (("there", first, ours), ("back", second, theirs)):
        items = Items(history.rows())
        start = time.process_time()
        lacked = owed(items, told, history.fresh())
        told = tell(topic, items, history.heads(), [], os.urandom)
        vertices = (chance.randbytes(VERTEX) for _ in lacked)
        parts = export(told, vertices, [], Recipients(space_keys=[key]), author, os.urandom)
        [path] = [save_bundle(folder, part, os.urandom) for part in parts]
        out = time.process_time() - start
        start = time.process_time()
        with FileSource(path) as source:
            imported = take_in(source, Shelf(), {key: topic})
            taken = sum(len(batch) for batch in imported.batches())
        into = time.process_time() - start
        assert taken == len(lacked) == new
        second.parents |= history.parents
        second.lamports |= history.lamports
        size, data = path.stat().st_size, new * VERTEX
        content = len(told.encode()) + 5 + new * (VERTEX + 5) + 6_624 + 7_235
        sizes, contents = sizes + size, contents + content
        lines.append(
            [
                f"{name}: {new:,} new vertices",
                f"{content / data:.3f}",
                f"{size / data:.2f}",
                f"{data / out / 1e6:.0f}",
                f"{data / into / 1e6:.0f}",
            ]
        )
    factor = contents / ((ours + theirs) * VERTEX)
    whole = sizes / ((ours + theirs) * VERTEX)
    lines.append(["both", f"{factor:.3f}", f"{whole:.2f}", "", ""])
    return lines, factor


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print one table."""
    table = Table(title=title, title_justify="left")
    table.add_column(columns[0])
    for column in columns[1:]:
        table.add_column(column, justify="right")
    for each in rows:
        table.add_row(*each)
    Console(width=110).print(table)


@dataclass
class Case:
    """A comparison to measure: what lacks, and how many ids the twin sends; no goal where 0."""

    name: str
    lacking: int
    listed: int
    goal: int
    work: Callable[[], Measured]


def scattered(lacking: int) -> Case:
    return Case(
        f"ranges, {lacking:,} scattered",
        lacking,
        100_000,
        WORST_GOAL,
        lambda: by_ranges(100_000, lacking, recent=False),
    )


def cases(*, large: bool) -> list[Case]:
    """Return what is measured."""
    found = [
        Case("heads: equal", 1, 1, 0, lambda: by_history(100_000, 0, 0)),
        Case("heads: one side lacks", 1000, 1000, 60, lambda: by_history(100_000, 1000, 0)),
        Case("filters", 1000, 1000, 60, lambda: by_history(100_000, 500, 500)),
        Case(
            "filters, 20,000 learnt elsewhere",
            *(1000, 21_000, 60),
            lambda: by_history(80_000, 500, 500, 20_000),
        ),
        Case(
            "72 h offline: 10,000 and 5,000",
            *(15_000, 15_000, 60),
            lambda: by_history(100_000, 10_000, 5_000),
        ),
        Case("ranges, recent", 1000, 100_000, 60, lambda: by_ranges(100_000, 1000, recent=True)),
        *map(scattered, (10, 100, 1000)),
    ]
    if large:
        by_million = Case(
            "ranges, recent, of a million",
            *(1000, 1_000_000, 60),
            lambda: by_ranges(1_000_000, 1000, recent=True),
        )
        found.append(by_million)
    return found


def measured(case: Case) -> tuple[list[str], bool]:
    """Return the row of a case, and whether it missed a goal."""
    result = case.work()
    each = result.bytes_ / case.lacking
    row_ = [
        case.name,
        f"{result.trips:g}",
        f"{result.bytes_:,}",
        *(
            [f"{each:,.1f}", f"{case.goal:,}", f"{32 * case.listed / case.lacking:,.0f}"]
            if case.goal
            else ["", "", ""]
        ),
        f"{result.cpu_ms:.1f}",
    ]
    late = result.trips > TRIPS_GOAL or result.cpu_ms > CPU_GOAL_MS
    return row_, late or bool(case.goal and each > case.goal)


def main() -> int:
    """Measure everything, print the tables, and return 1 where a goal is missed."""
    rows = [measured(case) for case in cases(large="--large" in sys.argv)]
    show(
        f"Comparisons over 100,000 vertices (goals: {TRIPS_GOAL} round trips, {CPU_GOAL_MS} ms)",
        ["", "round trips", "bytes", "B/diff", "goal", "ids in full, B/diff", "ms CPU"],
        [row_ for row_, _ in rows],
    )
    show(
        "Sketches, one way (the authors': 1.35 to 1.40 symbols)",
        ["", "symbols/diff", "B/diff", "s to encode", "s to decode, with our symbols"],
        [sketched(100_000, lacking) for lacking in (100, 1000)],
    )
    with tempfile.TemporaryDirectory() as folder:
        lines, factor = by_stick(Path(folder), 3000, 2000)
    show(
        f"A stick there and back (goal: {STICK_GOAL} of the new data)",
        ["", "content", "file, a power of two", "MB/s out", "MB/s in"],
        lines,
    )
    return int(factor > STICK_GOAL or any(late for _, late in rows))


if __name__ == "__main__":
    sys.exit(main())
