"""A protocol small enough to see through: it counts, answers, and keeps what it heard."""

import pytest

from node.codec import Refused, u32
from node.core import Send
from node.session.messages import MessageType
from node.simulation.links import Terms
from node.simulation.world import World

PING, PONG = MessageType.PING, MessageType.PONG


class Echo:
    """Answers each ping, keeps what it heard before it answers, and says hello every second."""

    types = frozenset((PING, PONG))

    def __init__(self, peer_id: bytes, store, random) -> None:
        self.peer_id, self.store, self.random = peer_id, store, random
        self.heard = [value for _, value in store.scan(b"heard/")]
        self.links: list[bytes] = []
        self.log: list[tuple[str, bytes]] = []
        self.pongs: list[bytes] = []
        self.every = 0
        self._due = 1 << 62
        self._out: list[Send] = []

    def say(self, peer_id: bytes, payload: bytes) -> None:
        self._out.append(Send(peer_id, PING, payload))

    def hello_every(self, gap: int, now: int) -> None:
        self.every, self._due = gap, now + gap

    def linked(self, peer_id: bytes, now: int) -> None:
        self.links.append(peer_id)
        self.log.append(("linked", peer_id))

    def unlinked(self, peer_id: bytes, now: int) -> None:
        self.links.remove(peer_id)
        self.log.append(("unlinked", peer_id))

    def unreachable(self, peer_id: bytes, now: int) -> None:
        self.log.append(("unreachable", peer_id))

    def receive(self, peer_id: bytes, kind: MessageType, payload: bytes, now: int) -> None:
        if payload == b"bad":
            raise Refused("echo: bad")
        if kind is PONG:
            self.pongs.append(payload)
            return
        self.store.commit({b"heard/" + u32(len(self.heard)): payload})
        self.heard.append(payload)
        self._out.append(Send(peer_id, PONG, payload))

    def tick(self, now: int) -> None:
        if self.every and now >= self._due:
            self._due = now + self.every
            for peer_id in self.links:
                self.say(peer_id, self.random(4))

    @property
    def next_tick(self) -> int:
        return self._due

    def outgoing(self) -> list[Send]:
        out, self._out = self._out, []
        return out

    def events(self) -> list[bytes]:
        return []


@pytest.fixture
def new_world():
    """Make a world of so many nodes that echo."""

    def make(count: int = 2, seed: int = 1, **terms) -> World:
        world = World(seed, Terms(**terms))
        for _ in range(count):
            world.add(lambda *given: [Echo(*given)])
        return world

    return make
