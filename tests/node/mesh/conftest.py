"""Nodes of a mesh in virtual time: links that delay and lose, disks that survive their node."""

import heapq
import random
from collections.abc import Callable, Mapping
from itertools import count

import pytest

from node.codec import Refused
from node.crypto import sha256, verify
from node.mesh.carried import Carried
from node.mesh.mesh import Mesh
from node.mesh.settings import Settings
from node.mesh.staged import Staged

DELAY_MS = 20


class Disk:
    """A table that outlives its node; `fail_at` is the number of the commit that never happens."""

    def __init__(self) -> None:
        self.rows: dict[bytes, bytes] = {}
        self.commits = 0
        self.fail_at = 0

    def get(self, key: bytes) -> bytes | None:
        return self.rows.get(key)

    def scan(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        return sorted(item for item in self.rows.items() if item[0].startswith(prefix))

    def commit(self, changes: Mapping[bytes, bytes | None]) -> None:
        self.commits += 1
        if self.commits == self.fail_at:
            raise OSError("the power is gone")
        for key, value in changes.items():
            if value is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = value


CHECKED: dict[tuple[bytes, ...], bool] = {}


def remembered_verify(key: bytes, message: bytes, signature: bytes, context: bytes) -> bool:
    """Verify each signature once for all nodes of a test."""
    case = (sha256(key), message, signature, context)
    if case not in CHECKED:
        CHECKED[case] = verify(key, message, signature, context)
    return CHECKED[case]


class World:
    """Nodes by number; all that happens follows from the seed."""

    def __init__(self, seed: int = 1, loss: float = 0.0, settings: Settings | None = None) -> None:
        self.chance = random.Random(seed)
        self.loss = loss
        self.now = 1_000_000
        self.settings = settings or Settings()
        self.disks: dict[int, Disk] = {}
        self.nodes: dict[int, Mesh] = {}
        self.links: set[frozenset[int]] = set()
        self.events: dict[int, list] = {}
        self.sent: list[tuple[int, int, int, int]] = []  # when, from, to, bytes
        self.refused: list[str] = []
        self.ticks: dict[int, list[int]] = {}
        self.spoil: Callable[[int, int, object], list] | None = None
        self._number = count()
        self._queue: list = []
        self._ids: dict[bytes, int] = {}

    def peer_id(self, node: int) -> bytes:
        return sha256(b"node %d" % node)

    def start(self, node: int) -> Mesh:
        disk = self.disks.setdefault(node, Disk())
        draw = random.Random(self.chance.random()).randbytes
        self._ids[self.peer_id(node)] = node
        self.nodes[node] = Mesh(
            self.peer_id(node), disk, draw, self.settings, verify=remembered_verify
        )
        self.events.setdefault(node, [])
        self.ticks.setdefault(node, [])
        return self.nodes[node]

    def crash(self, node: int) -> None:
        """Lose all that was not committed, and all links."""
        del self.nodes[node]
        for link in [link for link in self.links if node in link]:
            self.unlink(*link)

    def link(self, one: int, other: int) -> None:
        pair = frozenset((one, other))
        if pair not in self.links:
            self.links.add(pair)
            self.nodes[one].linked(self.peer_id(other), self.now)
            self.nodes[other].linked(self.peer_id(one), self.now)
            self.flush(one)
            self.flush(other)

    def unlink(self, one: int, other: int) -> None:
        self.links.discard(frozenset((one, other)))
        for node, peer in ((one, other), (other, one)):
            if node in self.nodes:
                self.nodes[node].unlinked(self.peer_id(peer), self.now)

    def link_all(self, *nodes: int) -> None:
        for one in nodes:
            for other in nodes:
                if one < other:
                    self.link(one, other)

    def flush(self, node: int) -> None:
        """Carry what a node says, and note what it tells."""
        mesh = self.nodes[node]
        self.events[node] += mesh.events()
        for send in mesh.outgoing():
            other = self._ids[send.peer_id]
            if frozenset((node, other)) not in self.links:
                continue
            self.sent.append((self.now, node, other, len(send.payload)))
            if self.chance.random() < self.loss:
                continue
            for each in self.spoil(node, other, send) if self.spoil else [send]:
                at = self.now + DELAY_MS + self.chance.randrange(DELAY_MS)
                heapq.heappush(self._queue, (at, next(self._number), node, other, each))

    def run(self, milliseconds: int) -> None:
        """Let time pass."""
        end = self.now + milliseconds
        while True:
            due = [(max(m.next_tick, self.now + 1), n) for n, m in sorted(self.nodes.items())]
            at, node = min(due, default=(end + 1, -1))
            if self._queue and self._queue[0][0] <= at:
                at, _, source, target, send = heapq.heappop(self._queue)
                if at > end:
                    heapq.heappush(self._queue, (at, 0, source, target, send))
                    break
                self.now = max(self.now, at)
                self._deliver(source, target, send)
                continue
            if at > end:
                break
            self.now = at
            self.ticks[node].append(at)
            self.nodes[node].tick(at)
            self.flush(node)
        self.now = end

    def run_until(self, condition: Callable[[], bool], limit: int = 600_000) -> None:
        """Let time pass until something holds."""
        end = self.now + limit
        while not condition():
            assert self.now < end, "it never came to hold"
            self.run(250)

    def equal(self, topic: bytes) -> bool:
        return len({mesh.state_hash(topic) for mesh in self.nodes.values()}) == 1

    def _deliver(self, source: int, target: int, send) -> None:
        if frozenset((source, target)) not in self.links:
            return
        mesh = self.nodes[target]
        try:
            mesh.receive(self.peer_id(source), send.type, send.payload, self.now)
        except Refused as refused:
            self.refused.append(refused.reason)
        self.flush(target)


@pytest.fixture
def world() -> type[World]:
    return World


@pytest.fixture(scope="module")
def world_of() -> type[World]:
    return World


@pytest.fixture
def disk() -> type[Disk]:
    return Disk


@pytest.fixture
def remembered():
    """Verify each signature once."""
    return remembered_verify


@pytest.fixture(scope="module")
def carried() -> Callable[[], Carried]:
    """Return a function that makes an empty space, on a disk of its own."""

    def make() -> Carried:
        draw = random.Random(1).randbytes
        return Carried(b"t" * 32, b"c" * 32, 1, Staged(Disk()), remembered_verify, draw)

    return make
