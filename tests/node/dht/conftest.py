"""Worlds of nodes that run the table of nodes and nothing else."""

import ipaddress
from bisect import bisect_left
from collections.abc import Callable, Container
from heapq import nsmallest
from random import Random
from types import SimpleNamespace

import pytest

from node.crypto import SigningKey, sha256
from node.dht.contacts import Contact, networks
from node.dht.dht import Dht, Settings
from node.dht.events import Bootstrapped
from node.dht.messages import Answer, Op, decode_ask, encode_answer
from node.dht.table import TRUSTED_AFTER_MS, K, number_of
from node.identity import Multiaddr
from node.session.messages import MessageType
from node.simulation.links import Terms
from node.simulation.world import START_MS, World


def address(index: int) -> Multiaddr:
    """Return where a node lives: every one in a network of its own, as far as there are enough."""
    host = ipaddress.IPv4Address((11 + index % 100) << 24 | (index // 100) << 16 | 1)
    return Multiaddr("ip4", str(host), 9000)


class Nodes:
    """A world, and what its nodes have told."""

    def __init__(
        self,
        count: int,
        *,
        seed: int = 1,
        terms: Terms | None = None,
        settings: Callable[[int], dict] = lambda index: {},
        core: Callable[[int], type] = lambda index: Dht,
    ) -> None:
        self.world = World(seed, terms)
        self.told: dict[tuple[int, int], object] = {}
        self.random = Random(seed)
        self._contacts: dict[int, Contact] = {}
        self._settings = settings
        self._core = core
        for _ in range(count):
            self.add()

    def add(self):
        index = len(self.world.nodes)
        brought = Settings(addresses=(address(index),), **self._settings(index))
        core = self._core(index)
        return self.world.add(
            lambda peer_id, store, random: [core(peer_id, store, random, brought)],
            listener=self._hear,
        )

    def _hear(self, node, event) -> None:
        self.told[node.index, event.token] = event

    def __getitem__(self, index: int) -> Dht:
        return self.world.nodes[index].cores[0]

    def contact(self, index: int) -> Contact:
        if index not in self._contacts:
            self._contacts[index] = Contact.at(self.world.nodes[index].peer_id, address(index))
        return self._contacts[index]

    @property
    def up(self) -> list[int]:
        return [node.index for node in self.world.nodes if node.up]

    def ids(self) -> list[bytes]:
        return [self.world.nodes[index].peer_id for index in self.up]

    def act(self, index: int, call: str, *arguments):
        """Call a node, let the world go on until it has told what came of it, and return that."""
        world = self.world
        token = world.act(
            world.nodes[index], lambda now: getattr(self[index], call)(*arguments, now)
        )
        name = (index, token)
        assert world.run_while(lambda: name not in self.told, 120_000, 20), call
        return self.told.pop(name)

    def join(self, index: int, *through: int) -> Bootstrapped:
        return self.act(index, "bootstrap", [self.contact(other) for other in through])

    def join_all(self) -> None:
        """Let all nodes join one after another, each through three that are there."""
        for index in range(1, len(self.world.nodes)):
            roots = self.random.sample(range(index), min(3, index))
            self.join(index, *roots)

    def fill(self, old: Container[int] = ()) -> None:
        """Give every node the table that it has after a long time without trouble.

        A bucket is a range of the sorted ids, and of a large one it holds any twenty; those that
        are `old` were there a day before all others.
        """
        order = sorted((node.peer_id, node.index) for node in self.world.nodes)
        numbers = [number_of(peer_id) for peer_id, _ in order]
        for node in self.world.nodes:
            own = number_of(node.peer_id)
            for bit in range(255, -1, -1):
                low = (own ^ 1 << bit) >> bit << bit
                first, last = bisect_left(numbers, low), bisect_left(numbers, low + (1 << bit))
                there = [index for _, index in order[first:last]]
                self.random.shuffle(there)
                for index in sorted(there, key=lambda one: one not in old)[:K]:
                    contact = self.contact(index)
                    since = START_MS - TRUSTED_AFTER_MS * (index in old)
                    node.cores[0].table.heard(contact, networks(contact, None), START_MS, since)

    def closest(self, place: bytes, count: int = K) -> list[bytes]:
        """Return by brute force what a search should find."""
        return sorted(self.ids(), key=lambda one: number_of(one) ^ number_of(place))[:count]

    def place(self) -> bytes:
        return self.random.randbytes(32)


class Sybil(Dht):
    """One of many nodes of one owner: takes records and forgets them, and tells of its own kind.

    What it tells is real ids of the owner, the closest to what is asked; or, of those that
    `invent`, ids that are not there at all and are closer than anything.
    """

    invent = False
    kin: tuple[Contact, ...] = ()

    def receive(self, peer_id: bytes, kind: MessageType, payload: bytes, now: int) -> None:
        if kind is not MessageType.DHT_ASK:
            super().receive(peer_id, kind, payload, now)
            return
        ask = decode_ask(payload)
        told: tuple[Contact, ...] = ()
        if ask.op in (Op.FIND_NODE, Op.FIND_VALUE):
            told = self._invented(ask.place) if self.invent else self._kin(ask.place)
        answer = encode_answer(Answer(ask.op, ask.request_id, told))
        self._questions.send(peer_id, MessageType.DHT_ANSWER, answer)

    def _kin(self, place: bytes) -> tuple[Contact, ...]:
        number = number_of(place)
        return tuple(nsmallest(K, self.kin, key=lambda one: number_of(one.peer_id) ^ number))

    def _invented(self, place: bytes) -> tuple[Contact, ...]:
        ids = [place[:28] + self._random(4) for _ in range(K)]
        return tuple(Contact(peer_id, self._questions.addresses) for peer_id in dict.fromkeys(ids))


@pytest.fixture
def sybil() -> type[Sybil]:
    """Return a kind of Sybils for this test alone."""
    return type("SybilOfThisTest", (Sybil,), {})


@pytest.fixture
def nodes() -> Callable[..., Nodes]:
    return Nodes


@pytest.fixture(scope="session")
def keys() -> list[SigningKey]:
    return [SigningKey.from_seed(sha256(b"dht", bytes([number]))) for number in range(16)]


@pytest.fixture
def small() -> SimpleNamespace:
    """Lines for when distances are not the question."""
    return SimpleNamespace(terms=Terms(median_ms=10, spread=0.1, jitter_ms=2))
