"""What logging in and storing cost: durations by kind of password, and commits beside SQLite's.

Run as `python -m benchmarks.vault`, three minutes; `python -m benchmarks.vault FOLDER` puts the
files on another disk. Log-ins take turns, so that what else the machine does hits all kinds alike.
The container is the default one. Views that are alike are opened at the price of small machines,
which hides least; an empty decoy before a full view, at that of a desktop. The exit status is 1
where a duress log-in's median is not within 5 % of a real one's.
"""

import os
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from node.codec import Refused
from node.vault.container import BLOCK, COPIES, DESKTOP, SIZE_DEFAULT, SMALL, Cost, create
from node.vault.disk import FileDisk
from node.vault.duress import open_decoy, set_duress, set_up, unlock
from node.vault.store import Store

RUNS = 100
RUNS_UNEVEN = 25  # of a second each
WITHIN = 0.05
COMMITS = 400
BATCH = 100
VALUE = 1024
WORDS = {"real": b"real", "decoy": b"decoy", "duress": b"duress", "wrong": b"nothing"}


def milliseconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def fill(store: Store, size: int) -> None:
    """Put so many bytes in, as messages of a kibibyte."""
    draw = random.Random(1)
    for number in range(size // VALUE // BATCH):
        store.commit({b"%d/%d" % (number, item): draw.randbytes(VALUE) for item in range(BATCH)})


def log_ins(
    folder: Path, cost: Cost, sizes: tuple[int, int], kinds: tuple[str, ...], runs: int
) -> dict[str, list[float]]:
    """Time kinds of log-ins, in turn; what duress destroyed is put back before the next.

    The two views hold so many bytes.
    """
    real, decoy = sizes
    path = folder / f"container-{real}-{decoy}"
    disk = FileDisk.create(path, lambda made: create(made, SIZE_DEFAULT, os.urandom))
    session = set_up(disk, WORDS["real"], cost, os.urandom)
    fill(session.store, real)
    set_duress(session, WORDS["duress"], WORDS["decoy"], cost, os.urandom)
    fill(open_decoy(session, os.urandom), decoy)
    heads = disk.read(0, COPIES * BLOCK)

    def log_in(word: bytes) -> None:
        with suppress(Refused):
            unlock(disk, word, cost, os.urandom)

    times: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(runs):
        for name in kinds:
            times[name].append(milliseconds(partial(log_in, WORDS[name])))
            disk.write(0, heads)
            disk.sync()
    disk.close()
    return times


def show_log_ins(console: Console, title: str, times: dict[str, list[float]]) -> float:
    """Print one table, and return how far the median of duress is from that of a real password."""
    table = Table(title=title, title_justify="left")
    for column in ("password", "median ms", "10 %", "90 %", "to real"):
        table.add_column(column, justify="left" if column == "password" else "right")
    middle = statistics.median(times["real"])
    for name, values in times.items():
        tenths = statistics.quantiles(values, n=10)
        table.add_row(
            name,
            f"{statistics.median(values):.1f}",
            *(f"{value:.1f}" for value in (tenths[0], tenths[-1])),
            f"{statistics.median(values) / middle - 1:+.1%}",
        )
    console.print(table)
    return abs(statistics.median(times["duress"]) / middle - 1)


def sqlite(path: Path) -> sqlite3.Connection:
    """Open the store that the peer is: write-ahead log, synchronised at each commit."""
    file = sqlite3.connect(path)
    file.execute("PRAGMA journal_mode = WAL")
    file.execute("PRAGMA synchronous = FULL")
    file.execute("CREATE TABLE kept (key BLOB PRIMARY KEY, value BLOB)")
    return file


def rate(commit: Callable[[dict[bytes, bytes | None]], object], batch: int) -> float:
    """Return values per second, in commits of so many."""
    draw = random.Random(2)
    changes: list[dict[bytes, bytes | None]] = [
        {b"%d/%d" % (number % 50, item): draw.randbytes(VALUE) for item in range(batch)}
        for number in range(COMMITS if batch == 1 else COMMITS // 10)
    ]
    start = time.perf_counter()
    for change in changes:
        commit(change)
    return len(changes) * batch / (time.perf_counter() - start)


def show_store(console: Console, folder: Path) -> None:
    disk = FileDisk.create(folder / "store", lambda made: create(made, SIZE_DEFAULT, os.urandom))
    store = set_up(disk, b"x", SMALL, os.urandom).store
    file = sqlite(folder / "peer.db")

    def commit(changes: dict[bytes, bytes | None]) -> None:
        with file:
            file.executemany("REPLACE INTO kept VALUES (?, ?)", changes.items())

    table = Table(title="Durable values of 1 KiB per second", title_justify="left")
    for column in ("", "ours, encrypted", "SQLite, plain"):
        table.add_column(column, justify="right" if column else "left")
    for batch in (1, BATCH):
        table.add_row(
            f"{batch} a commit", f"{rate(store.commit, batch):.0f}", f"{rate(commit, batch):.0f}"
        )
    console.print(table)
    fill(store, 4 << 20)
    moved = statistics.median(milliseconds(store.shred) for _ in range(9))
    console.print(f"shredding with {store.room()[0] >> 20} MiB alive: {moved:.0f} ms, median of 9")
    file.close()
    disk.close()


def main() -> int:
    console = Console(width=100)
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as name:
        folder = Path(name)
        alike = log_ins(folder, SMALL, (1 << 20, 1 << 20), tuple(WORDS), RUNS)
        apart = show_log_ins(
            console, f"{RUNS} log-ins each, 64 MiB of Argon2id, views alike", alike
        )
        uneven = log_ins(folder, DESKTOP, (4 << 20, 0), ("real", "duress"), RUNS_UNEVEN)
        worst = show_log_ins(
            console, f"{RUNS_UNEVEN} each, 256 MiB, 4 MiB behind an empty decoy", uneven
        )
        show_store(console, folder)
    console.print(f"duress to real: {apart:.1%} alike, {worst:.1%} uneven, goal {WITHIN:.0%}")
    return int(max(apart, worst) > WITHIN)


if __name__ == "__main__":
    sys.exit(main())
