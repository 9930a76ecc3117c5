"""What a service node does in a second, beside plain SQLite, and what a sender pays: medians.

Run as `python -m benchmarks.swarm`. Both databases lie on the same disk, with the same log and one
wait for it in each commit. The exit status is 1 where a goal is missed: durable stores at half the
rate of SQLite's bare inserts, a refusal for want of work in 100 us.
"""

import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from node.crypto import HYBRID_PUBLIC, SigningKey, sha256
from node.identity import Multiaddr
from node.swarm import work
from node.swarm.collect import ChannelDoor, Collect
from node.swarm.deposit import Deposit
from node.swarm.directory import RELAY, STORE, Directory, sign_record
from node.swarm.mailboxes import (
    OPENING_CONTEXT,
    Channel,
    day,
    days_to_read,
    opening,
    wrap,
)
from node.swarm.requests import Fetch, Open, Store, decode_reply, encode_request
from node.swarm.store import SETTINGS, SwarmStore

NOW = 1_790_000_000_000
NODE = sha256(b"node")
SIZE = 4096
BLOBS = 300
BATCH = 32
ROUNDS = 5
NODES = 500
VERIFY_GOAL_US = 100
SHARE_GOAL = 0.5


def median_us(work_: Callable[[], Any], rounds: int) -> float:
    """Return microseconds on the clock."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work_()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1e6


def rate(count: int, work_: Callable[[], Any]) -> float:
    """Return how many of `count` things are done in a second."""
    return count * 1e6 / median_us(work_, 1)


def solved(channel: Channel, number: int) -> bytes:
    """Return a request to store a blob of 4 KiB."""
    today, at = day(NOW), work.hour(NOW)
    blob = wrap(channel.blob_key(today, NODE), bytes(SIZE - 100) + b"%d" % number)
    name = channel.name(today, NODE)
    given = work.challenge(NODE, name, sha256(blob), 0, at)
    bits = work.required(len(blob), 0, 0, guarded=True)
    nonce = work.search(given, bits, 0, 1 << 24)
    assert nonce is not None
    return encode_request(Store(name, channel.token(today, NODE), 0, at, nonce, blob))


def bare(folder: Path, number: int, blobs: list[bytes]) -> tuple[float, float]:
    """Insert into a table of SQLite: one blob in a commit, and 32."""
    database = sqlite3.connect(folder / f"bare-{number}.db", isolation_level=None)
    for setting in SETTINGS:
        database.execute(f"PRAGMA {setting}").fetchall()
    database.execute("CREATE TABLE blobs (id BLOB PRIMARY KEY, data BLOB)")

    def insert(batch: list[bytes]) -> None:
        database.execute("BEGIN")
        database.executemany("INSERT INTO blobs VALUES (?, ?)", [(b[:32], b) for b in batch])
        database.execute("COMMIT")

    half = len(blobs) // 2
    one = rate(half, lambda: [insert([blob]) for blob in blobs[:half]])
    batches = [blobs[at : at + BATCH] for at in range(half, len(blobs), BATCH)]
    many = rate(half, lambda: [insert(batch) for batch in batches])
    database.close()
    return one, many


def stored(folder: Path, number: int) -> dict[str, float]:
    """Store, fetch, refuse and open at one node."""
    store = SwarmStore(folder / f"ours-{number}.db", NODE, os.urandom)
    channels = [Channel(os.urandom(32)) for _ in range(30)]
    requests = [solved(channels[n % 30], n) for n in range(BLOBS)]
    half = BLOBS // 2
    batches = [requests[at : at + BATCH] for at in range(half, BLOBS, BATCH)]
    figures = {
        "one": rate(half, lambda: [store.handle(request, NOW) for request in requests[:half]]),
        "many": rate(half, lambda: [store.handle_all(batch, NOW) for batch in batches]),
    }
    today = day(NOW)
    fetches = [
        encode_request(Fetch(c.name(today, NODE), c.token(today, NODE), 0, 65536)) for c in channels
    ]
    pages = [store.handle(request, NOW) for request in fetches]
    assert sum(len(decode_reply(page).entries) for page in pages) == BLOBS  # type: ignore[union-attr]
    figures["fetch"] = rate(30, lambda: [store.handle(request, NOW) for request in fetches])
    weak = requests[0][:-1] + bytes([requests[0][-1] ^ 1])
    figures["refuse"] = median_us(lambda: store.handle(weak, NOW), 300)
    owner = SigningKey.from_seed(os.urandom(32))
    signature = owner.sign(opening(NODE, today), OPENING_CONTEXT)
    request = encode_request(Open(today, owner.public, signature))
    figures["open"] = median_us(lambda: store.handle(request, NOW), 100)
    store.close()
    return figures


def prices() -> list[tuple[str, int, float]]:
    """Return what one copy costs its sender: bits, and milliseconds of this machine's CPU."""
    tries = 200_000
    start = time.process_time()
    work.search(sha256(b"given"), 64, 0, tries)
    seconds = time.process_time() - start
    rows = []
    for label, size, guarded in (
        ("message, 1 KiB, channel", 1 << 10, True),
        ("message, 16 KiB, channel", 16 << 10, True),
        ("part of a file, 320 KiB, channel", 320 << 10, True),
        ("first contact, 16 KiB, inbox", 16 << 10, False),
        ("published keys, 64 KiB", 64 << 10, False),
    ):
        bits = work.required(size, 0, 0, guarded=guarded)
        rows.append((label, bits, 2**bits * seconds / tries * 1e3))
    return rows


def end_to_end(folder: Path) -> tuple[float, float]:
    """Return milliseconds to deposit 1 KiB at three of ten nodes, and to collect and erase it."""
    stores = {
        node_id: SwarmStore(folder / f"{number}.db", node_id, os.urandom)
        for number, node_id in enumerate(sha256(b"node %d" % n) for n in range(10))
    }

    def closest(place: bytes, count: int) -> list[bytes]:
        point = int.from_bytes(place, "big")
        return sorted(stores, key=lambda k: int.from_bytes(k, "big") ^ point)[:count]

    def run(task: Deposit | Collect) -> None:
        while not task.done:
            for send in task.poll(NOW, closest):
                items = task.receive(send.tag, stores[send.node_id].handle(send.request, NOW), NOW)
                if items and isinstance(task, Collect):
                    task.durable(item.item_id for item in items)

    deposits, collections = [], []
    for _ in range(10):
        secret = os.urandom(32)
        deposit = Deposit(Channel(secret), os.urandom(900), 0, NOW)
        deposits.append(median_us(lambda task=deposit: run(task), 1))  # type: ignore[misc]
        collect = Collect(ChannelDoor(secret), days_to_read(NOW, NOW))
        collections.append(median_us(lambda task=collect: run(task), 1))  # type: ignore[misc]
    for store in stores.values():
        store.close()
    return statistics.median(deposits) / 1e3, statistics.median(collections) / 1e3


def directory() -> tuple[float, float]:
    """Return microseconds to check and take up a record, and to find the closest among all."""
    table = Directory(bytes(32), 6133)
    records = [
        sign_record(
            SigningKey.from_seed(os.urandom(32)),
            network=6133,
            sequence=NOW,
            expires=NOW + 3_600_000,
            services=RELAY | STORE,
            onion=bytes(HYBRID_PUBLIC),
            onion_until=NOW + 3_600_000,
            addresses=(Multiaddr.parse(f"/ip4/10.{number % 250}.{number // 250}.1/tcp/9000"),),
        )
        for number in range(NODES)
    ]
    waiting = iter(records)
    add = median_us(lambda: table.add(next(waiting), NOW), NODES)
    return add, median_us(lambda: table.closest(os.urandom(32), 10, NOW), 100)


def show(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """Print one table."""
    table = Table(title=title, title_justify="left")
    table.add_column(columns[0])
    for column in columns[1:]:
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(*row)
    Console(width=100).print(table)


def main() -> int:
    """Measure everything, print the tables, and return 1 where a goal is missed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        blobs = [os.urandom(SIZE) for _ in range(BLOBS)]
        # In turns, because the disk is another one each minute.
        pairs = [(stored(folder, number), bare(folder, number, blobs)) for number in range(ROUNDS)]
        deposit, collect = end_to_end(folder)
    ours = {key: statistics.median(run[key] for run, _ in pairs) for key in pairs[0][0]}
    one, many = (statistics.median(twin[at] for _, twin in pairs) for at in range(2))
    add, closest = directory()
    show(
        "A service node, blobs of 4 KiB",
        ["", "goal", "SwarmStore", "bare SQLite"],
        [
            [
                "stores /s, each durable",
                f"{SHARE_GOAL:.0%} of bare",
                f"{ours['one']:.0f}",
                f"{one:.0f}",
            ],
            [f"stores /s, {BATCH} in a commit", "", f"{ours['many']:.0f}", f"{many:.0f}"],
            ["mailboxes fetched /s, 10 blobs each", "", f"{ours['fetch']:.0f}", ""],
            ["us to refuse too little work", f"{VERIFY_GOAL_US}", f"{ours['refuse']:.0f}", ""],
            ["us to open an inbox", "", f"{ours['open']:.0f}", ""],
            ["us to take up a node's record", "", f"{add:.0f}", ""],
            [f"us to find the 10 closest of {NODES}", "", f"{closest:.0f}", ""],
        ],
    )
    show(
        "What a sender pays for one copy",
        ["", "bits", "ms of CPU, mean"],
        [[label, str(bits), f"{ms:.1f}"] for label, bits, ms in prices()],
    )
    show(
        "1 KiB over ten nodes in one process, disks included",
        ["", "ms"],
        [
            ["deposit, three copies", f"{deposit:.1f}"],
            ["collect today and yesterday, and erase", f"{collect:.1f}"],
        ],
    )
    return int(ours["one"] < SHARE_GOAL * one or ours["refuse"] > VERIFY_GOAL_US)


if __name__ == "__main__":
    sys.exit(main())
