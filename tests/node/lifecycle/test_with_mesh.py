"""The real mesh in a world of its own: away for a week, back, and cut off on the way."""

from random import Random

import pytest

from node.crdt.bodies import Grow, Name, Operation, Type
from node.crdt.replica import Replica
from node.crypto import sha256
from node.lifecycle import Lifecycle, Phase, Submit
from node.mesh.mesh import Mesh
from node.mesh.settings import Arrived
from node.simulation.store import Moment
from node.simulation.world import World
from node.submissions import Outcome

SECRET = sha256(b"secret")
DOCUMENT = bytes(range(32))
DAY = 86_400_000
FLUSHED = 3_000


class Shelf:
    """A part of a disk: the daemon's has two files, this world's one."""

    def __init__(self, store) -> None:
        self.store = store

    def get(self, key: bytes) -> bytes | None:
        return self.store.get(b"~" + key)

    def scan(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        return [(key[1:], value) for key, value in self.store.scan(b"~" + prefix)]

    def commit(self, changes) -> None:
        self.store.commit({b"~" + key: value for key, value in changes.items()})


class Member:
    """Mesh, life and documents of one user, as one core."""

    types = Mesh.types

    def __init__(self, peer_id: bytes, store, random) -> None:
        self.mesh = Mesh(peer_id, store, random)
        self.topic = self.mesh.join(SECRET, sha256(b"author", peer_id))
        self.replica = Replica(self.mesh, self.topic)
        self.replica.catch_up()
        self.submitted: list[bytes] = []
        self.life = Lifecycle(
            self.mesh,
            Shelf(store),
            random,
            is_local=lambda peer_id: False,
            merge=lambda topic: self.replica.catch_up(),
        )
        self.life.open(self.topic, 0)

    def linked(self, peer_id: bytes, now: int) -> None:
        self.mesh.linked(peer_id, now)
        self.life.linked(peer_id, now)
        self.settle(now)

    def unlinked(self, peer_id: bytes, now: int) -> None:
        self.mesh.unlinked(peer_id, now)
        self.life.unlinked(peer_id, now)

    def unreachable(self, peer_id: bytes, now: int) -> None:
        self.mesh.unreachable(peer_id, now)

    def receive(self, peer_id: bytes, kind, payload: bytes, now: int) -> None:
        try:
            self.mesh.receive(peer_id, kind, payload, now)
        finally:
            self.settle(now)

    def tick(self, now: int) -> None:
        self.mesh.tick(now)
        self.life.tick(now)
        self.settle(now)

    def settle(self, now: int) -> None:
        while events := self.mesh.events():
            for event in events:
                if isinstance(event, Arrived):
                    self.replica.arrived(event.ids)
                self.life.heard(event, now)
        for event in self.life.events():
            if isinstance(event, Submit):
                self.submitted.append(event.transaction.raw)
                self.life.answered(event.transaction.number, Outcome.ACCEPTED, now)

    @property
    def next_tick(self) -> int:
        return min(self.mesh.next_tick, self.life.next_tick)

    def outgoing(self) -> list:
        return self.mesh.outgoing()

    def events(self) -> list:
        return []

    @property
    def total(self) -> int:
        return self.replica.documents.value(Name(Type.G_COUNTER, DOCUMENT))


@pytest.mark.parametrize("moment", list(Moment))
@pytest.mark.parametrize("cut", [0, 1, 2, 3])
def test_back_after_a_week(cut: int, moment: Moment) -> None:
    """The power goes at a commit of the way back; the node starts again and comes to its end."""
    world = World(cut)
    nodes = [world.add(lambda *parts: [Member(*parts)]) for _ in range(3)]
    world.restart_max_ms = 1_000
    for low, high in ((0, 1), (0, 2), (1, 2)):
        world.keep(low, high)
    world.run_for(10_000)
    world.partition([[0], [1, 2]])
    chance, expected = Random(cut), 0
    for number in range(25):
        for node in nodes:
            amount = chance.randrange(1, 1_000)
            expected += amount
            member = node.cores[0]
            body = [Operation(DOCUMENT, Grow(amount))]
            world.act(node, lambda now, m=member, b=body: m.life.write(m.topic, b, now))
        world.run_for(DAY // 4 if number == 3 else FLUSHED)
    away = nodes[0].cores[0]
    world.act(
        nodes[0],
        lambda now: away.life.submit(chain_id=1, sender=bytes(20), nonce=0, raw=b"pay", now=now),
    )
    assert away.life.phase == Phase.OFFLINE
    assert away.life.overview().pending_vertices == 25
    assert away.submitted == []
    if cut:
        nodes[0].store.cut_power(cut, moment)
    world.heal()

    def done() -> bool:
        members = [node.cores[0] for node in nodes if node.up]
        return len(members) == 3 and all(
            one.life.phase == Phase.ONLINE and one.total == expected for one in members
        )

    assert world.run_while(lambda: not done(), 600_000)
    members = [node.cores[0] for node in nodes]
    assert len({one.replica.documents.state_hash() for one in members}) == 1
    assert len({one.mesh.state_hash(one.topic) for one in members}) == 1
    assert members[0].life.last_online_sync > 0
    assert b"pay" in members[0].submitted
    assert nodes[0].boots == 1 + bool(cut)
