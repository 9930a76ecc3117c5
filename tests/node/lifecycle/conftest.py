"""A mesh as the lifecycle sees it: a history on a disk that fails, and others to compare with."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from node.codec import u64
from node.crdt.bodies import (
    Grow,
    Name,
    Operation,
    Type,
)
from node.crdt.operations import encode_operations
from node.crdt.replica import Replica
from node.crypto import sha256
from node.journal import Journal
from node.lifecycle import Lifecycle
from node.simulation.store import SimulatedStore

TOPIC = b"t" * 32
DOCUMENT = b"d" * 32
COUNTER = Name(Type.G_COUNTER, DOCUMENT)


@dataclass(frozen=True)
class Vertex:
    id: bytes
    lamport: int
    author: bytes
    payload: bytes


class Mesh:
    """One space, whose vertices follow each other; `deliver` stands for a link."""

    def __init__(self, store: SimulatedStore, author: bytes) -> None:
        self.store, self.author = store, author
        self.asked: list[bytes] = []
        self.topics = [TOPIC]
        self.vertices: dict[bytes, Vertex] = {}
        for key, value in store.scan(b"mesh/v"):
            one = Vertex(key[14:], int.from_bytes(key[6:14], "big"), value[:32], value[32:])
            self.vertices[one.id] = one

    def put(self, one: Vertex, own: bool) -> None:
        changes = {b"mesh/v" + u64(one.lamport) + one.id: one.author + one.payload}
        self.store.commit(changes | ({b"mesh/u" + one.id: b""} if own else {}))
        self.vertices[one.id] = one

    def append(self, topic: bytes, payload: bytes, now: int) -> Vertex:
        assert topic == TOPIC
        lamport = 1 + max((one.lamport for one in self.vertices.values()), default=-1)
        one = Vertex(sha256(u64(lamport), self.author, payload), lamport, self.author, payload)
        self.put(one, own=True)
        return one

    def heads(self, topic: bytes) -> list[bytes]:
        return list(self.order(topic))[-1:]

    def order(self, topic: bytes) -> Iterator[bytes]:
        yield from sorted(self.vertices, key=lambda name: (self.vertices[name].lamport, name))

    def vertex(self, topic: bytes, name: bytes) -> Vertex | None:
        return self.vertices.get(name)

    def payload(self, topic: bytes, name: bytes) -> bytes | None:
        return self.vertices[name].payload

    def state_hash(self, topic: bytes) -> bytes:
        return sha256(*sorted(self.vertices))

    def unacknowledged(self, topic: bytes) -> list[bytes]:
        return [key[6:] for key, _ in self.store.scan(b"mesh/u")]

    def sync(self, topic: bytes, peer_id: bytes, now: int) -> None:
        self.asked.append(peer_id)

    def deliver(self, other: "Mesh") -> None:
        """Let both have what either has; each knows that the other has it."""
        for mine, theirs in ((self, other), (other, self)):
            for one in list(mine.vertices.values()):
                if one.id not in theirs.vertices:
                    theirs.put(one, own=False)
            for name in mine.unacknowledged(TOPIC):
                mine.store.commit({b"mesh/u" + name: None})


class Node:
    """A disk, and what runs on it until the power goes."""

    def __init__(self, name: bytes) -> None:
        self.name = name
        self.store = SimulatedStore()
        self.seed = 0
        self.start()

    def start(self) -> None:
        self.seed += 1
        chance = random.Random(f"{self.name!r} {self.seed}").randbytes
        self.mesh = Mesh(self.store, sha256(self.name))
        self.replica = Replica(self.mesh, TOPIC)
        self.life = Lifecycle(
            self.mesh,
            self.store,
            chance,
            is_local=lambda peer_id: peer_id.startswith(b"near"),
            merge=lambda topic: self.replica.catch_up(),
        )
        self.life.open(TOPIC, 0)

    @property
    def total(self) -> int:
        self.replica.catch_up()
        return self.replica.documents.value(COUNTER)


@pytest.fixture
def node() -> Callable[[bytes], Node]:
    return Node


@pytest.fixture
def grow() -> Callable[..., list[Operation]]:
    def operations(*amounts: int) -> list[Operation]:
        return [Operation(DOCUMENT, Grow(amount)) for amount in amounts]

    return operations


@pytest.fixture
def journal() -> Callable[..., Journal]:
    def make(store: SimulatedStore) -> Journal:
        return Journal(store, Mesh(store, sha256(b"journal")), random.Random(3).randbytes)

    return make


@pytest.fixture
def history_of() -> Callable[[bytes, list[list[Operation]]], Mesh]:
    """A history with a vertex for each list of operations."""

    def make(author: bytes, lists: list[list[Operation]]) -> Mesh:
        mesh = Mesh(SimulatedStore(), sha256(author))
        for number, operations in enumerate(lists):
            mesh.append(TOPIC, encode_operations(operations, sha256(b"%d" % number)[:16]), 0)
        return mesh

    return make
