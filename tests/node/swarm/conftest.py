"""A node's store, and the requests of somebody who has done the work."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from node.crypto import sha256
from node.swarm import store as store_module
from node.swarm import work
from node.swarm.mailboxes import Destination, wrap
from node.swarm.requests import Publish, Store, decode_reply, encode_request
from node.swarm.store import CAPACITY, SwarmStore

NOW = 1_790_000_000_000  # a Monday morning
NODE = sha256(b"node")


@pytest.fixture
def chance() -> Callable[[int], bytes]:
    return random.Random(7).randbytes


@pytest.fixture
def new_store(tmp_path: Path, chance: Callable[[int], bytes]):
    """Open the store of a node; every one is closed at the end."""
    opened = []

    def open_store(name: str = "swarm.db", node_id: bytes = NODE, capacity: int = CAPACITY):
        store = SwarmStore(tmp_path / name, node_id, chance, capacity=capacity)
        opened.append(store)
        return store

    yield open_store
    for store in opened:
        store.close()


@pytest.fixture
def ask():
    """Send one request, and return the reply as it is read."""

    def send(store: SwarmStore, request, now: int = NOW):
        return decode_reply(store.handle(encode_request(request), now))

    return send


@pytest.fixture
def solved():
    """Return the request that stores some data, with its work done."""

    def build(
        destination: Destination,
        data: bytes = b"hello",
        *,
        now: int = NOW,
        at: int | None = None,
        term: int = 0,
        bits: int | None = None,
        node_id: bytes = NODE,
        blob: bytes | None = None,
    ) -> Store | Publish:
        epoch = destination.epoch(now)
        name, token = destination.name(epoch, node_id), destination.token(epoch, node_id)
        blob = wrap(destination.blob_key(epoch, node_id), data) if blob is None else blob
        guarded = type(destination).__name__ == "Channel"
        bits = work.required(len(blob), term, 0, guarded=guarded) if bits is None else bits
        hour = work.hour(now if at is None else at)
        given = work.challenge(node_id, name, sha256(blob), term, hour)
        nonce = work.search(given, bits, 0, 1 << 24)
        if type(destination).__name__ == "Record":
            return Publish(name, token, hour, nonce, blob)
        return Store(name, token, term, hour, nonce, blob)

    return build


class Nodes:
    """Service nodes in memory, the ones that are dead or lie among them, and a way to ask them."""

    def __init__(self, open_store, count: int) -> None:
        self.stores = {}
        for number in range(count):
            node_id = sha256(b"node %d" % number)
            self.stores[node_id] = open_store(f"node-{number}.db", node_id)
        self.dead: set[bytes] = set()
        self.lies = {}  # node id -> request bytes -> reply bytes
        self.asked: list[tuple[bytes, bytes]] = []

    def closest(self, place: bytes, count: int) -> list[bytes]:
        distance = int.from_bytes(place, "big")
        found = sorted(self.stores, key=lambda k: int.from_bytes(k, "big") ^ distance)
        return found[:count]

    def answer(self, send, now: int) -> bytes | None:
        self.asked.append((send.node_id, send.request))
        if send.node_id in self.dead:
            return None
        if send.node_id in self.lies:
            return self.lies[send.node_id](send.request)
        return self.stores[send.node_id].handle(send.request, now)

    def run(self, task, now: int = NOW, turns: int = 2000) -> list:
        """Carry requests and replies until nothing is left to do just now; return the items."""
        items = []
        for _ in range(turns):
            sends = task.poll(now, self.closest)
            for send in sends:
                reply = self.answer(send, now)
                if reply is None:
                    task.lost(send.tag, now)
                else:
                    items += task.receive(send.tag, reply, now) or []
            if not sends and task.next_at(now) != now:
                return items
        raise AssertionError("it never comes to an end")


@pytest.fixture
def new_nodes(new_store, monkeypatch):
    """Open so many nodes, which do not wait for the disk: no test of these cuts the power."""
    impatient = tuple(text.replace("FULL", "OFF") for text in store_module.SETTINGS)
    assert impatient != store_module.SETTINGS
    monkeypatch.setattr(store_module, "SETTINGS", impatient)
    return lambda count: Nodes(new_store, count)
