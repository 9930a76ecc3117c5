"""What a mesh's history costs: to import, to keep, to open, and at rest. Medians of five.

Run as `python -m benchmarks.mesh_store`; it takes two minutes and 700 MB of disk. The exit status
is 1 where a goal is missed: 2,000 vertices/s imported by one core with their signatures, 5,000 a
second stored in batches in the encrypted file, and 60 MB and 0.1 % of a core for a process with
100,000 vertices on the disk.

Beside our store: SQLite's own, unencrypted, with the same log and the same waits for the disk.
"""

import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from node.crypto import SigningKey
from node.mesh.dag import Place
from node.mesh.mesh import Mesh
from node.mesh.space import Keys, Kind
from node.mesh.store import PAGE, MeshStore
from node.mesh.vertex import Vertex, make_vertex

ROUNDS = 5
IMPORTED = 2_000
STORED, BATCH = 4_000, 200
AT_REST = 100_000
SECRET, KEY = bytes(32), bytes(range(32))
GOALS = {"import": 2_000, "store": 5_000, "rest": 60}

IDLE = """
import os, sys, time
from pathlib import Path
from node.mesh.mesh import Mesh
from node.mesh.store import MeshStore

def resident():
    status = Path("/proc/self/status").read_text("ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024 / 1e6

empty = resident()
start = time.process_time()
mesh = Mesh(b"p" * 32, MeshStore(Path(sys.argv[1]), bytes(range(32))), os.urandom)
opened = time.process_time() - start
topic = mesh.topics[0]
start, now = time.process_time(), 0
for turn in range(60):
    now = max(now + 1, mesh.next_tick)
    mesh.tick(now)
idle = (time.process_time() - start) / (now / 1e3)
print(len(mesh.items(topic)), empty, resident(), opened, idle)
"""


def history(count: int) -> list[bytes]:
    """Return encoded vertices of one space: four authors who hear each other now and then."""
    chance = random.Random(1)
    keys = [SigningKey.from_seed(bytes([number + 1]) * 32) for number in range(4)]
    space, last, made = Keys(SECRET), dict[int, Vertex](), list[bytes]()
    for _ in range(count):
        author = chance.randrange(len(keys))
        heads = {last[each] for each in (author, chance.randrange(len(keys))) if each in last}
        vertex = make_vertex(
            keys[author],
            tuple(head.id for head in heads),
            1 + max((head.lamport for head in heads), default=-1),
            space.seal(Kind.CONTENT, bytes(900), bytes(32), os.urandom),
            first=author not in last,
        )
        last[author] = vertex
        made.append(vertex.encode())
    return made


def median_rate(count: int, work: Callable[[], object]) -> float:
    """Return how many of `count` things are done in a second."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return count / statistics.median(times)


def import_rate(folder: Path, vertices: list[bytes]) -> tuple[float, float]:
    """Return vertices a second that a mesh takes, and how many a core would without waiting."""
    rates, cores = [], []
    for number in range(ROUNDS):
        store = MeshStore(folder / f"import{number}", KEY)
        mesh = Mesh(b"p" * 32, store, os.urandom)
        topic = mesh.join(SECRET, bytes(32))
        start, cpu = time.perf_counter(), time.process_time()
        added = mesh.add(topic, vertices, 0)
        rates.append(len(vertices) / (time.perf_counter() - start))
        cores.append(len(vertices) / (time.process_time() - cpu))
        assert len(added.ids) == len(vertices)
        store.close()
    return statistics.median(rates), statistics.median(cores)


def rows_of(vertices: list[bytes]) -> Iterator[dict[bytes, bytes | None]]:
    """Give the changes that batches of vertices make to the store: each a vertex and its place."""
    number = 0
    while True:
        changes: dict[bytes, bytes | None] = {}
        for data in vertices[:BATCH]:
            name = os.urandom(32)
            place = Place(number, bytes(32), number, len(data), (bytes(32), bytes(32)))
            changes[b"v\0\0\0\1" + name] = data
            changes[b"x\0\0\0\1" + name] = place.encode()
            number += 1
        yield changes


def store_rates(folder: Path, vertices: list[bytes]) -> tuple[float, float]:
    """Return vertices a second that our store and SQLite's own take in batches."""
    ours, batches = MeshStore(folder / "ours", KEY), rows_of(vertices)

    def fill() -> None:
        for _ in range(STORED // BATCH):
            ours.commit(next(batches))

    rate = median_rate(STORED, fill)
    ours.close()
    plain = sqlite3.connect(folder / "plain")
    plain.execute(f"PRAGMA page_size = {PAGE}")
    plain.execute("PRAGMA journal_mode = WAL")
    plain.execute("PRAGMA synchronous = FULL")
    plain.execute("CREATE TABLE kept (key BLOB PRIMARY KEY, value BLOB NOT NULL)")

    def fill_plain() -> None:
        for _ in range(STORED // BATCH):
            with plain:
                plain.executemany("REPLACE INTO kept VALUES (?, ?)", next(batches).items())

    plain_rate = median_rate(STORED, fill_plain)
    plain.close()
    return rate, plain_rate


def at_rest(folder: Path, vertices: list[bytes]) -> list[float]:
    """Fill a space with many vertices, and look at a process that opens it.

    They are put into the store as they would lie there: to sign them all would take minutes.
    """
    path = folder / "rest"
    store = MeshStore(path, KEY)
    Mesh(b"p" * 32, store, os.urandom).join(SECRET, bytes(32))
    batches = rows_of(vertices)
    for _ in range(AT_REST // BATCH):
        store.commit(next(batches))
    store.close()
    done = subprocess.run(
        [sys.executable, "-c", IDLE, str(path)], capture_output=True, text=True, check=True
    )
    return [float(each) for each in done.stdout.split()]


def main() -> int:
    """Measure, print, compare."""
    vertices = history(IMPORTED)
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)
        wall, core = import_rate(folder, vertices)
        ours, plain = store_rates(folder, vertices)
        count, empty, resident, opened, idle = at_rest(folder, vertices)
        size = (folder / "rest").stat().st_size / 1e6
    table = Table(title="A mesh's history", width=100)
    for heading in ("figure", "goal", "ours", "SQLite, plain file"):
        table.add_column(heading, justify="left" if heading == "figure" else "right")
    table.add_row("vertices/s imported, with signatures", "2,000", f"{core:,.0f} a core", "")
    table.add_row("  the disk waited for", "", f"{wall:,.0f}", "")
    table.add_row(f"vertices/s stored, {BATCH} at once", "5,000", f"{ours:,.0f}", f"{plain:,.0f}")
    table.add_row(f"MB of a process, {count:,.0f} on the disk", "60", f"{resident:.0f}", "")
    table.add_row("  of it before the file is opened", "", f"{empty:.0f}", "")
    table.add_row(f"seconds of CPU to open {size:,.0f} MB", "", f"{opened:.2f}", "")
    table.add_row("share of a core, no neighbours", "0.1 %", f"{idle:.4%}", "")
    Console(width=100).print(table)
    met = (
        core >= GOALS["import"]
        and ours >= GOALS["store"]
        and resident <= GOALS["rest"]
        and idle <= 0.001
    )
    return int(not met)


if __name__ == "__main__":
    sys.exit(main())
