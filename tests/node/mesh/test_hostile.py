"""Nodes that flood, lie, withhold and spoil: bounded, found out, and got around."""

import random
from dataclasses import replace

import pytest

from node.codec import Refused
from node.core import Send
from node.crypto import SigningKey
from node.mesh import fetch, orphans, peers
from node.mesh.intake import Intake, Outcome
from node.mesh.messages import Flag, Ids, Push, Topics, read_ids, read_push, read_topics
from node.mesh.settings import Equivocation, Misbehaved, Settings
from node.mesh.space import carrier_of
from node.mesh.vertex import make_vertex, read_vertex
from node.session.messages import MessageType

SECRET = bytes(range(32))
PUSH, HAVE, WANT = MessageType.MESH_PUSH, MessageType.MESH_HAVE, MessageType.MESH_WANT
STRANGER = SigningKey.from_seed(b"s" * 32)


def seed(node):
    return bytes([node + 1]) * 32


@pytest.fixture
def pair(world):
    """Two linked nodes of one space; the second is the hostile one."""
    net = world()
    for node in range(2):
        topic = net.start(node).join(SECRET, seed(node))
    net.link(0, 1)
    net.run(1_000)
    net.nodes[0].events()
    return net, net.nodes[0], net.peer_id(1), topic


def vertex_of(number, parents=(), lamport=0, key=STRANGER, first=True):
    return make_vertex(key, parents, lamport, b"%d" % number, first=first)


def junk(topic, number):
    """Return a vertex with the signature of another."""
    vertex = vertex_of(number)
    return Push(topic, (replace(vertex, signature=bytes(4627)).encode(),)).encode()


def hear(mesh, peer_id, kind, payload, now):
    """Let a node hear something, and return why it was refused."""
    try:
        mesh.receive(peer_id, kind, payload, now)
    except Refused as refused:
        return refused.reason
    return ""


def test_who_sends_what_is_not_signed_is_banned_for_a_time(pair):
    net, mesh, peer_id, topic = pair
    reasons = [hear(mesh, peer_id, PUSH, junk(topic, n), net.now) for n in range(12)]

    assert reasons == ["mesh: bad signature"] * 10 + ["mesh: banned"] * 2
    assert mesh.events() == [Misbehaved(peer_id, "mesh: bad signature")]
    assert mesh.refused["mesh: bad signature"] == 10
    assert not list(mesh.order(topic))
    later = net.now + peers.BAN_MS
    assert hear(mesh, peer_id, PUSH, junk(topic, 0), later) != "mesh: banned"


def test_a_banned_node_that_links_again_is_neither_told_nor_waited_for(pair):
    net, mesh, peer_id, topic = pair
    for number in range(10):
        hear(mesh, peer_id, PUSH, junk(topic, number), net.now)
    mesh.unlinked(peer_id, net.now)
    mesh.outgoing()
    mesh.linked(peer_id, net.now)
    mesh.tick(net.now)

    assert mesh.outgoing() == []
    assert mesh.next_tick > net.now
    mesh.tick(net.now + peers.BAN_MS)
    assert [send.type for send in mesh.outgoing()] == [MessageType.MESH_TOPICS]


def test_the_second_ban_is_longer(pair):
    net, mesh, peer_id, _ = pair
    now = net.now
    for turn in range(3):
        for _ in range(10):
            hear(mesh, peer_id, MessageType.MESH_SYNC, b"", now)
        assert hear(mesh, peer_id, PUSH, b"", now + (peers.BAN_MS << turn) - 1) == "mesh: banned"
        now += peers.BAN_MS << turn


def test_a_flood_of_good_vertices_is_throttled_then_banned(pair):
    """What is taken of a flood is what the burst allows, and the flooder ends up unheard."""
    net, mesh, peer_id, topic = pair
    vertex = make_vertex(STRANGER, (), 0, bytes(65_536), first=True)
    data = Push(topic, (vertex.encode(),) * 3).encode()
    taken = 0
    reasons = set()
    for _ in range(400):
        reason = hear(mesh, peer_id, PUSH, data, net.now)
        reasons.add(reason)
        taken += reason == ""
    assert reasons == {"", "mesh: too much at once", "mesh: banned"}
    assert taken * len(data) <= peers.BURST_BYTES
    assert Misbehaved(peer_id, "mesh: too much at once") in mesh.events()


@pytest.mark.parametrize(
    ("kind", "payload"),
    [
        (WANT, lambda topic: Ids(topic, many_ids()).encode()),
        (HAVE, lambda topic: Ids(topic, many_ids()).encode()),
        (MessageType.MESH_PULL, lambda topic: b"\1" + topic + b"\1\1"),
        (MessageType.MESH_TOPICS, lambda topic: Topics(bytes(16), (b"x" * 32,) * 1024).encode()),
    ],
)
def test_work_that_is_asked_for_is_bounded(pair, kind, payload):
    net, mesh, peer_id, topic = pair
    data = payload(topic)
    reasons = [hear(mesh, peer_id, kind, data, net.now) for _ in range(600)]

    heard = [reason for reason in reasons if reason not in ("mesh: too many messages",)]
    heard = [reason for reason in heard if reason != "mesh: banned"]
    assert len(heard) <= 70
    assert reasons[-1] == "mesh: banned"


def many_ids():
    chance = random.Random(3)
    return tuple(chance.randbytes(32) for _ in range(4_000))


def test_what_is_announced_and_never_sent_takes_a_bounded_part(pair):
    net, mesh, peer_id, topic = pair
    chance = random.Random(4)
    for _ in range(20):
        ids = tuple(chance.randbytes(32) for _ in range(2_000))
        hear(mesh, peer_id, HAVE, Ids(topic, ids).encode(), net.now)

    lacking = mesh._spaces[topic].fetch
    assert len(lacking) == fetch.WANTED_MAX // fetch.OWNER_SHARE
    net.run(600_000)
    assert len(lacking) == 0


def test_orphans_of_one_node_are_bounded_and_forgotten(pair, monkeypatch):
    net, mesh, peer_id, topic = pair
    monkeypatch.setattr(orphans, "BYTES_MAX", 2 << 20)
    chance = random.Random(5)
    for number in range(100):
        vertex = vertex_of(number, (chance.randbytes(32),), 5)
        assert hear(mesh, peer_id, PUSH, Push(topic, (vertex.encode(),)).encode(), net.now) == ""
        net.now += 2

    waiting = mesh._intake.orphans
    assert 30 < len(waiting) < orphans.BYTES_MAX // orphans.PEER_SHARE // 8_192
    net.run(orphans.PATIENCE_MS + 120_000)
    assert len(waiting) == 0
    assert mesh._spaces[topic].fetch.idle


def test_one_node_cannot_push_out_the_orphans_of_others(carried, monkeypatch):
    monkeypatch.setattr(orphans, "COUNT_MAX", 40)
    space, intake = carried(), Intake()
    honest = vertex_of(0, (b"p" * 32,), 5)
    intake.take(space, honest, b"h" * 32, 0, eager=True)
    for peer in range(8):
        for number in range(20):
            vertex = vertex_of(1 + number + 20 * peer, (b"p" * 32,), 5)
            intake.take(space, vertex, b"%032d" % peer, 0, eager=True)

    assert len(intake.orphans) == 40
    assert (space.topic, honest.id) in intake.orphans


def test_an_orphan_with_a_bad_signature_is_refused_at_once(carried):
    space, intake = carried(), Intake()
    vertex = replace(vertex_of(0, (b"p" * 32,), 5), signature=bytes(4627))

    with pytest.raises(Refused, match="bad signature"):
        intake.take(space, vertex, b"h" * 32, 0, eager=True)


def test_who_sent_an_orphan_is_blamed_when_it_proves_bad(carried):
    space, intake = carried(), Intake()
    root = vertex_of(0)
    bad = make_vertex(STRANGER, (root.id,), 7, b"lamport", first=False)
    assert intake.take(space, bad, b"h" * 32, 0, eager=True) is Outcome.WAITS
    assert intake.take(space, root, b"g" * 32, 0, eager=True) is Outcome.TAKEN

    assert intake.blamed == [(b"h" * 32, "mesh: wrong lamport")]
    assert len(space.dag) == 1


def test_what_a_file_brings_is_checked_and_counted(pair):
    net, mesh, _, topic = pair
    root = vertex_of(0)
    bad = make_vertex(STRANGER, (root.id,), 7, b"lamport", first=False)
    waits = make_vertex(STRANGER, (b"p" * 32,), 7, b"parent", first=False)
    forged = replace(vertex_of(1), signature=bytes(4627))
    files = [bad.encode(), waits.encode(), forged.encode(), b"junk", root.encode(), root.encode()]
    added = mesh.add(topic, files, net.now)

    assert added.ids == (root.id,)
    assert added.refused == 3
    assert added.orphans == 2  # of which one was taken up, and refused
    assert not [event for event in mesh.events() if isinstance(event, Misbehaved)]


def test_who_has_not_shown_that_it_carries_a_space_is_told_nothing_of_it(world):
    net = world()
    topic = net.start(0).join(SECRET, seed(0))
    vertex = net.nodes[0].append(topic, b"salam", net.now)
    net.start(1)
    net.link(0, 1)
    for kind, payload in [
        (WANT, Ids(topic, (vertex.id,)).encode()),
        (HAVE, Ids(topic, (vertex.id,), Flag.ASK).encode()),
        (PUSH, Push(topic, (vertex_of(0).encode(),)).encode()),
        (MessageType.MESH_PULL, b"\1" + topic),
        (MessageType.MESH_SYNC, b"\1" + topic + b"\0"),
        (MessageType.MESH_STORED, Ids(topic, (vertex.id,)).encode()),
    ]:
        reason = hear(net.nodes[0], net.peer_id(1), kind, payload, net.now)
        assert reason == "mesh: a topic that is not shared"
    sent = [send for send in net.nodes[0].outgoing() if send.type != MessageType.MESH_TOPICS]

    assert sent == []
    assert net.nodes[0].unacknowledged(topic) == [vertex.id]


def test_what_another_said_of_its_topics_cannot_be_repeated(world):
    """A node hears the TOPICS of one that carries the space, and says the same to a third."""
    net = world()
    topic = net.start(0).join(SECRET, seed(0))
    net.start(1).carry(carrier_of(SECRET))
    net.start(2)
    net.link(1, 2)
    net.nodes[1].linked(net.peer_id(2), net.now)
    heard = [send.payload for send in net.nodes[1].outgoing()]
    net.link(0, 2)
    assert read_topics(heard[0]).tags
    hear(net.nodes[0], net.peer_id(2), MessageType.MESH_TOPICS, heard[0], net.now)

    assert hear(net.nodes[0], net.peer_id(2), MessageType.MESH_PULL, b"\1" + topic, net.now) == (
        "mesh: a topic that is not shared"
    )


def test_a_node_without_a_link_is_not_heard(pair):
    net, mesh, _, topic = pair

    assert hear(mesh, b"x" * 32, HAVE, Ids(topic, ()).encode(), net.now) == "mesh: no link"


@pytest.mark.parametrize("kind", sorted(MessageType))
def test_any_bytes_of_any_kind_are_refused_and_harm_nothing(pair, kind):
    net, mesh, peer_id, topic = pair
    chance = random.Random(int(kind))
    before = mesh.state_hash(topic)
    for size in (0, 1, 20, 33, 36, 500):
        for start in (b"", b"\1", b"\1" + topic):
            hear(mesh, peer_id, kind, start + chance.randbytes(size), net.now)
    mesh.tick(net.now)
    mesh.outgoing()

    assert mesh.state_hash(topic) == before


def withhold(send: Send) -> list[Send]:
    """Say what there is, and answer no request for it."""
    if send.type == PUSH:
        message = read_push(send.payload)
        return [replace(send, payload=replace(message, vertices=()).encode())]
    return [send]


def corrupt(send: Send) -> list[Send]:
    """Turn a bit of each vertex's payload."""
    if send.type == PUSH:
        message = read_push(send.payload)
        spoiled = tuple(
            data[:-5_000] + bytes([data[-5_000] ^ 1]) + data[-4_999:]
            for data in message.vertices
            if len(data) > 5_000
        )
        return [replace(send, payload=replace(message, vertices=spoiled).encode())]
    return [send]


def mislead(send: Send) -> list[Send]:
    """Say of everything that one has it, and ask for everything twice."""
    if send.type == WANT:
        message = read_ids(send.payload, "want")
        have = Send(send.peer_id, HAVE, Ids(message.topic, message.ids).encode())
        stored = Ids(message.topic, message.ids).encode()
        return [send, send, have, Send(send.peer_id, MessageType.MESH_STORED, stored)]
    return [send]


@pytest.mark.parametrize("spoil", [withhold, corrupt, mislead])
def test_honest_nodes_agree_in_spite_of_a_third_that_are_not(world, spoil):
    net = world(seed=7, loss=0.1)
    for node in range(9):
        topic = net.start(node).join(SECRET, seed(node))
    honest = (0, 2, 3, 5, 6, 8)
    net.spoil = lambda source, target, send: [send] if source in honest else spoil(send)
    net.link_all(*range(9))
    net.run(1_000)
    for turn in range(5):
        for node in range(9):
            net.nodes[node].append(topic, b"%d %d" % (turn, node), net.now)
            net.flush(node)
        net.run(1_000)
    written = {name for node in honest for name in net.nodes[node].unacknowledged(topic)}

    def agree():
        hashes = {net.nodes[node].state_hash(topic) for node in honest}
        return len(hashes) == 1 and written <= set(net.nodes[0].order(topic))

    net.run_until(agree)
    named = {
        event.peer_id
        for node in honest
        for event in net.events[node]
        if isinstance(event, Misbehaved)
    }
    assert not named & {net.peer_id(node) for node in honest}


def test_who_shows_different_histories_is_seen_by_all(world):
    """An author writes two vertices on one: every node comes to hold both, and says so."""
    net = world(seed=8)
    for node in range(4):
        topic = net.start(node).join(SECRET, seed(node))
    net.link(0, 1)
    net.link(1, 2)
    net.link(2, 3)
    net.run(1_000)
    root = vertex_of(0)
    one, other = (vertex_of(n, (root.id,), 1, first=False) for n in (1, 2))
    net.nodes[0].add(topic, [root.encode(), one.encode()], net.now)
    net.nodes[3].add(topic, [root.encode(), other.encode()], net.now)
    net.flush(0)
    net.flush(3)
    net.run_until(lambda: net.equal(topic))

    assert set(net.nodes[1].heads(topic)) == {one.id, other.id}
    for node in range(4):
        told = [event for event in net.events[node] if isinstance(event, Equivocation)]
        assert [{event.first, event.second} for event in told] == [{one.id, other.id}]


def test_beside_a_flood_others_are_as_fast_as_before(world):
    """The flooder's messages cost bounded work, and what others say arrives as soon as without."""

    def latencies(flood):
        net = world(seed=9)
        for node in range(4):
            topic = net.start(node).join(SECRET, seed(node))
        net.link_all(*range(4))
        net.run(2_000)
        took = []
        bad, have = junk(topic, 0), Ids(topic, many_ids()).encode()
        for turn in range(20):
            for _ in range(200 if flood else 0):
                hear(net.nodes[0], net.peer_id(3), HAVE, have, net.now)
                hear(net.nodes[0], net.peer_id(3), PUSH, bad, net.now)
            vertex = net.nodes[1].append(topic, b"%d" % turn, net.now)
            net.flush(1)
            start = net.now
            while net.nodes[0].vertex(topic, vertex.id) is None:
                net.run(5)
            took.append(net.now - start)
            net.run(100)
        return sorted(took)

    quiet, flooded = latencies(flood=False), latencies(flood=True)
    assert flooded[10] < 2 * quiet[10]
    assert flooded[-1] < 2 * quiet[-1]


def test_a_full_store_takes_only_what_is_ones_own(world):
    net = world(settings=Settings(storage_max=30_000))
    for node in range(2):
        topic = net.start(node).join(SECRET, seed(node))
    net.nodes[0].set(Settings(), net.now)
    net.link(0, 1)
    net.run(1_000)
    for turn in range(20):
        net.nodes[0].append(topic, b"%d" % turn, net.now)
        net.flush(0)
        net.run(100)
    net.run(60_000)
    assert net.nodes[1].size(topic) < 45_000
    own = net.nodes[1].append(topic, b"mine", net.now)
    net.flush(1)
    net.run(10_000)

    assert net.nodes[0].payload(topic, own.id) == b"mine"
    net.nodes[1].set(Settings(), net.now)
    net.run_until(lambda: net.equal(topic))
    assert read_vertex(net.nodes[1].vertex(topic, own.id).encode()).id == own.id
