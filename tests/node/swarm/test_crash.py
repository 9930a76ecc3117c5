"""A store process is killed at any moment: what it acknowledged is there, and it goes on."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from node.crypto import sha256
from node.swarm.mailboxes import Channel, channel_mailbox, day, unwrap
from node.swarm.requests import Fetch, Page
from node.swarm.store import SwarmStore

NOW = 1_790_000_000_000
NODE = sha256(b"node")

WORKER = """
import sys
from pathlib import Path

from node.crypto import sha256
from node.swarm import work
from node.swarm.mailboxes import Channel, day, wrap
from node.swarm.requests import Erase, Store, encode_request
from node.swarm.store import SwarmStore

NOW = 1_790_000_000_000
NODE = sha256(b"node")
path, first = Path(sys.argv[1]), int(sys.argv[2])
store = SwarmStore(path, NODE, bytes)
channel, today = Channel(sha256(b"secret")), day(NOW)
name, token = channel.name(today, NODE), channel.token(today, NODE)
key = channel.blob_key(today, NODE)
for number in range(first, first + 100_000):
    blob = wrap(key, b"message %d" % number)
    at = work.hour(NOW)
    given = work.challenge(NODE, name, sha256(blob), 0, at)
    nonce = work.search(given, work.required(300, 0, 0, guarded=True), 0, 1 << 24)
    reply = store.handle(encode_request(Store(name, token, 0, at, nonce, blob)), NOW)
    assert reply == bytes.fromhex("010100000001"), reply.hex()
    print("stored", number, flush=True)
    if number % 3 == 0:
        reply = store.handle(encode_request(Erase(name, token, (sha256(blob),))), NOW)
        assert reply == bytes.fromhex("010100000001"), reply.hex()
        print("erased", number, flush=True)
    if number % 7 == 0:
        store.tick(NOW)
"""


def killed(path: Path, first: int, seconds: float) -> list[tuple[str, int]]:
    """Run a store until it is killed; return what it had acknowledged."""
    process = subprocess.Popen(
        [sys.executable, "-c", WORKER, str(path), str(first)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    line = process.stdout.readline()  # it is at work
    time.sleep(seconds)
    process.kill()
    rest, errors = process.stdout.read(), process.stderr.read()
    process.wait()
    process.stdout.close()
    process.stderr.close()
    assert errors == ""
    words = [acknowledged.split() for acknowledged in (line + rest).splitlines()]
    return [(pair[0], int(pair[1])) for pair in words if len(pair) == 2]


def rounds(tmp_path: Path, count: int, ask) -> None:
    path, choose = tmp_path / "swarm.db", random.Random(1)
    channel, today = Channel(sha256(b"secret")), day(NOW)
    token, key = channel.token(today, NODE), channel.blob_key(today, NODE)
    stored: set[int] = set()
    first, erased = 0, set()
    for _ in range(count):
        for what, number in killed(path, first, choose.uniform(0.0, 0.3)):
            (stored if what == "stored" else erased).add(number)
            first = max(first, number)
        going = {first} if first % 3 == 0 else set()  # its erasure was under way
        first += 2  # the next one may have been stored
        store = SwarmStore(path, NODE, bytes)
        found, after, more = set(), 0, True
        while more:
            page = ask(store, Fetch(channel_mailbox(NODE, token), token, after, 65536))
            assert isinstance(page, Page)
            found |= {int(unwrap(key, blob).split()[1]) for _, blob in page.entries}
            after, more = page.entries[-1][0] if page.entries else after, page.more
        assert (store.damaged, dict(store.refused)) == ([], {})
        assert store.status()["used"] == len(found) * (300 + 512)
        assert store._database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        store.close()
        assert stored - erased - going <= found, "acknowledged, and lost"
        erased |= going - found
        assert not found & erased, "erased, and back"
        assert len(found - (stored - erased)) <= count, "at most one was under way at each kill"
    assert len(stored) > count


def test_what_is_acknowledged_outlives_a_kill(tmp_path, ask) -> None:
    rounds(tmp_path, 3, ask)


@pytest.mark.campaign
def test_what_is_acknowledged_outlives_many_kills(tmp_path, ask) -> None:
    for number in range(40):
        folder = tmp_path / str(number)
        folder.mkdir()
        rounds(folder, 5, ask)
