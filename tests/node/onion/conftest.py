"""Nodes that know one another, random bytes that come again, and a network that loses packets."""

import hashlib
import heapq
from collections import Counter
from collections.abc import Callable

import pytest

from node.codec import Refused
from node.onion.cover import OFF, Cover
from node.onion.keys import KeyRing
from node.onion.packet import PACKET_SIZE, Relay
from node.onion.paths import Paths
from node.onion.relay import DelayQueue, Deliver, Forward, Mine, RelayNode
from node.onion.requests import Client
from node.onion.service import Service


class Chance:
    """A stream of bytes out of a seed."""

    def __init__(self, seed: str) -> None:
        self._seed = seed.encode()
        self._number = 0

    def __call__(self, size: int) -> bytes:
        self._number += 1
        return hashlib.shake_256(b"%s/%d" % (self._seed, self._number)).digest(size)


class Node:
    """A node with all that it needs to ask, to answer and to pass on."""

    def __init__(self, name: str, now: int = 0) -> None:
        self.random = Chance(name)
        self.node_id = hashlib.sha256(name.encode()).digest()
        self.keys = KeyRing(now, self.random)
        self.relay = RelayNode(self.node_id, self.keys)
        self.queue = DelayQueue()
        self.paths = Paths(self.node_id, self.random)
        self.client = Client(self.node_id, self.keys, self.paths, self.random)
        self.service = Service(self.random)
        self.cover = Cover(OFF, self.client, self.paths, self.keys, self.node_id, now, self.random)

    @property
    def record(self) -> Relay:
        return Relay(
            node_id=self.node_id, public=self.keys.current.key.public, subnet=self.node_id[:2]
        )


class World:
    """Nodes, a clock, and links that lose some packets: everything out of one seed."""

    def __init__(self, size: int, seed: str = "world", loss: float = 0.0) -> None:
        self.now = 0
        self.loss = loss
        self.nodes = [Node(f"{seed} {number}") for number in range(size)]
        self.by_id = {node.node_id: node for node in self.nodes}
        self.meet()
        self.random = Chance(seed)
        self.links: list[tuple[int, int, bytes, bytes]] = []
        self.sent = 0
        self.log: list[tuple[int, bytes, bytes]] = []  # when, from, to
        self.refusals: Counter[str] = Counter()
        self.executed: Counter[bytes] = Counter()
        self.events: dict[bytes, list] = {node.node_id: [] for node in self.nodes}
        self.carry_out: Callable[[bytes], bytes] = lambda body: b"re: " + body

    def meet(self) -> None:
        for node in self.nodes:
            node.paths.update(other.record for other in self.nodes)

    def send(self, source: Node, sends) -> None:
        for send in sends:
            assert len(send.packet) == PACKET_SIZE
            self.sent += 1
            self.log.append((self.now, source.node_id, send.node_id))
            if self.random(1)[0] >= 256 * self.loss:
                at = self.now + 5 + self.random(1)[0] % 40
                heapq.heappush(self.links, (at, self.sent, send.node_id, send.packet))

    def arrive(self, node: Node, packet: bytes) -> None:
        outcome = node.relay.process(packet, self.now)
        if isinstance(outcome, Forward):
            node.queue.push(outcome)
        elif isinstance(outcome, Deliver):
            request, replies = node.service.receive(outcome.payload, self.now)
            if request is not None:
                self.executed[request.request_id] += 1
                body = self.carry_out(request.body)
                replies = [*replies, *node.service.answer(request, body, self.now)]
            for reply in replies:
                node.queue.push(reply)
        elif isinstance(outcome, Mine) and not node.cover.returned(outcome):
            self.events[node.node_id] += node.client.receive(outcome, self.now)

    def step(self, milliseconds: int) -> None:
        """Let this much time pass in one piece."""
        self.now += milliseconds
        while self.links and self.links[0][0] <= self.now:
            _, _, node_id, packet = heapq.heappop(self.links)
            try:
                self.arrive(self.by_id[node_id], packet)
            except Refused as refusal:
                self.refusals[refusal.reason] += 1
        for node in self.nodes:
            self.send(node, node.cover.poll(self.now))
            self.send(node, node.queue.due(self.now))
            self.events[node.node_id] += node.client.expired(self.now)

    def run(self, milliseconds: int, step: int = 20) -> None:
        for _ in range(0, milliseconds, step):
            self.step(step)

    def run_until_idle(self, milliseconds: int) -> None:
        """Run until no request is open; fail where that takes longer than it may."""
        end = self.now + milliseconds
        while any(len(node.client) for node in self.nodes):
            assert self.now < end, "requests are still open"
            self.step(20)


@pytest.fixture
def chance() -> Callable[[str], Chance]:
    return Chance


@pytest.fixture
def nodes() -> list[Node]:
    return [Node(f"node {number}") for number in range(6)]


@pytest.fixture
def world() -> Callable[..., World]:
    return World
