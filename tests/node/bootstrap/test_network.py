"""Whole nodes, each with its plan and its DHT, in a world of virtual time: they find each other."""

from dataclasses import dataclass, field

import pytest

from node.bootstrap.contact import Contact
from node.bootstrap.plan import Ask, Dial, Joined, Level, Planner, Warn
from node.dht.contacts import Contact as DhtContact
from node.dht.dht import Dht, Settings
from node.identity import Multiaddr
from node.simulation.world import START_MS, World

SECOND, MINUTE = 1_000, 60_000
FAILS_MS = 800


def address_of(index: int) -> Multiaddr:
    return Multiaddr("ip4", f"10.{index % 200}.0.{index // 200 + 1}", 9000)


@dataclass
class Nodes:
    """What the daemon does with the events of a plan, for every node of a world."""

    world: World
    lists: list[Contact] = field(default_factory=list)
    near: set[int] = field(default_factory=set)  # who is in one room
    blocked: set[bytes] = field(default_factory=set)
    warned: list[Warn] = field(default_factory=list)

    def add(self, named: list[Contact] = ()) -> int:
        index = len(self.world.nodes)

        def factory(peer_id, store, chance):
            planner = Planner(peer_id, store, chance, START_MS + self.world.now)
            settings = Settings(addresses=(address_of(index),))
            return [planner, Dht(peer_id, store, chance, settings)]

        node = self.world.add(factory, listener=self.hear)
        if named:
            self.world.act(node, lambda now: node.cores[0].name(named, now))
        return index

    def contact(self, index: int) -> Contact:
        return Contact(self.world.nodes[index].peer_id, (address_of(index),))

    def planner(self, index: int) -> Planner:
        return self.world.nodes[index].cores[0]

    def dht(self, index: int) -> Dht:
        return self.world.nodes[index].cores[1]

    def hear(self, node, event) -> None:
        match event:
            case Dial(contact=contact):
                self.world.after(FAILS_MS, self.dialled, node, contact.peer_id)
            case Ask(level=level):
                self.world.after(100, self.answer, node, level)
            case Joined(peer_id=peer_id):
                self.world.after(0, self.join, node, peer_id)
            case Warn():
                self.warned.append(event)

    def dialled(self, node, peer_id: bytes) -> None:
        peer = self.world.node(peer_id)
        reached = (
            peer.up and peer_id not in self.blocked and self.world.reaches(node.index, peer.index)
        )
        if node.up and reached:
            self.world.connect(node.index, peer.index)
            for one, other in ((node, peer), (peer, node)):
                said = self.contact(other.index)
                self.world.act(one, lambda now, one=one, said=said: one.cores[0].met(said, now))
        else:
            self.world.act(node, lambda now: node.cores[0].unreachable(peer_id, now))

    def answer(self, node, level: Level) -> None:
        if level is Level.DNS:
            self.world.act(node, lambda now: node.cores[0].failed(level, "test: blocked", now))
            return
        if level is Level.LOCAL and node.index in self.near:
            offered = [self.contact(index) for index in sorted(self.near - {node.index})]
        else:
            offered = self.lists if level is Level.LISTED else []
        self.world.act(node, lambda now: node.cores[0].found(level, offered, now))

    def join(self, node, peer_id: bytes) -> None:
        said = self.contact(self.world.node(peer_id).index)
        begun = [DhtContact.at(said.peer_id, *said.addresses)]
        self.world.act(node, lambda now: node.cores[1].bootstrap(begun, now))

    def crash(self, indexes) -> None:
        for index in indexes:
            self.world.crash(self.world.nodes[index])

    def known(self, index: int) -> int:
        return len(self.dht(index).table)


@pytest.fixture
def nodes() -> Nodes:
    return Nodes(World(seed=8))


def test_a_list_is_enough_and_then_needed_no_more(nodes) -> None:
    """F-212, F-216: after the listed nodes are gone, a new one joins through an ordinary one."""
    listed = [nodes.add(), nodes.add()]
    nodes.lists = [nodes.contact(index) for index in listed]
    ordinary = [nodes.add() for _ in range(10)]
    nodes.world.run_for(5 * MINUTE)
    assert all(nodes.planner(index).is_joined for index in ordinary)
    assert all(nodes.known(index) >= 6 for index in ordinary)

    nodes.crash(listed)
    nodes.lists = []
    newcomer = nodes.add(named=[nodes.contact(ordinary[3])])
    nodes.world.run_for(5 * MINUTE)
    assert nodes.planner(newcomer).is_joined
    assert nodes.known(newcomer) >= 6


def test_everything_dead_but_the_room(nodes) -> None:
    """F-176, F-221: without DNS, list or old contacts, three nodes form a mesh of their own."""
    dead = nodes.add()
    nodes.crash([dead])
    nodes.lists = [nodes.contact(dead)]
    room = [nodes.add() for _ in range(3)]
    nodes.near = set(room)
    nodes.world.run_for(MINUTE)

    for index in room:
        assert set(nodes.world.nodes[index].lines) == nodes.near - {index}
        assert nodes.known(index) == 2
    levels = {warning.level for warning in nodes.warned}
    assert levels >= {Level.DNS, Level.DHT, Level.LISTED}
    assert not any(nodes.planner(index).is_joined for index in room)

    nodes.world.start(nodes.world.nodes[dead])
    nodes.world.run_for(30 * MINUTE)
    assert all(nodes.planner(index).is_joined for index in room), "and the search went on"


def test_all_known_nodes_blocked(nodes) -> None:
    """F-223: fifty known nodes are blocked; a newcomer is reached, and remembered."""
    old = [nodes.add() for _ in range(50)]
    own = nodes.add()
    nodes.blocked = {nodes.world.nodes[index].peer_id for index in old}
    nodes.world.act(
        nodes.world.nodes[own],
        lambda now: [nodes.planner(own).known.good(nodes.contact(index), now) for index in old],
    )
    nodes.world.run_for(10 * MINUTE)
    assert not nodes.planner(own).is_joined

    newcomers = [nodes.add() for _ in range(3)]
    nodes.near = {newcomers[0], newcomers[1]}
    nodes.world.act(
        nodes.world.nodes[own],
        lambda now: nodes.planner(own).name([nodes.contact(newcomers[0])], now),
    )
    nodes.world.run_for(5 * MINUTE)
    assert nodes.planner(own).is_joined
    best = nodes.planner(own).known.candidates()[0]
    assert best == nodes.contact(newcomers[0])


def test_a_restart_finds_the_way_back_alone(nodes) -> None:
    listed = nodes.add()
    nodes.lists = [nodes.contact(listed)]
    others = [nodes.add() for _ in range(6)]
    nodes.world.run_for(2 * MINUTE)
    own = others[0]
    nodes.world.act(
        nodes.world.nodes[own],
        lambda now: [
            nodes.planner(own).met(nodes.contact(index), now)
            for index in nodes.world.nodes[own].lines
        ],
    )
    nodes.crash([own, listed])
    nodes.lists = []
    nodes.world.run_for(MINUTE)
    nodes.world.start(nodes.world.nodes[own])
    nodes.world.run_for(MINUTE)
    assert nodes.planner(own).is_joined


def test_the_same_seed_gives_the_same_world() -> None:
    def digest() -> list:
        nodes = Nodes(World(seed=3))
        nodes.lists = [nodes.contact(nodes.add())]
        for _ in range(5):
            nodes.add()
        nodes.world.run_for(MINUTE)
        return [nodes.world.steps, nodes.world.messages, nodes.warned]

    assert digest() == digest()
