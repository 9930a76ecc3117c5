"""Nodes that share a space come to have the same vertices, whatever happens on the way."""

import pytest

from node.mesh.settings import Acknowledged, Arrived, Settings, Synced
from node.mesh.space import carrier_of

SECRET = bytes(range(32))


def seed(node):
    return bytes([node + 1]) * 32


def members(world, count, **more):
    """Return a world of members of one space, all linked, and the topic."""
    net = world(**more)
    for node in range(count):
        topic = net.start(node).join(SECRET, seed(node))
    net.link_all(*range(count))
    net.run(1_000)
    return net, topic


def write(net, node, topic, text):
    vertex = net.nodes[node].append(topic, text, net.now)
    net.flush(node)
    return vertex


def test_what_one_writes_all_read(world):
    net, topic = members(world, 5)
    vertex = write(net, 0, topic, b"salam")
    net.run(500)

    for node in range(5):
        assert net.nodes[node].payload(topic, vertex.id) == b"salam"
        assert Arrived(topic, (vertex.id,)) in net.events[node]
    assert not net.refused


def test_a_carrier_keeps_and_passes_on_what_it_cannot_read(world):
    net = world()
    topic = net.start(0).join(SECRET, seed(0))
    net.start(2).join(SECRET, seed(2))

    assert net.start(1).carry(carrier_of(SECRET)) == topic
    net.link(0, 1)
    net.link(1, 2)
    net.run(1_000)
    vertex = write(net, 0, topic, b"salam")
    net.run(1_000)

    assert net.nodes[2].payload(topic, vertex.id) == b"salam"
    assert net.nodes[1].vertex(topic, vertex.id) == net.nodes[0].vertex(topic, vertex.id)
    with pytest.raises(LookupError):
        net.nodes[1].payload(topic, vertex.id)


def test_twenty_nodes_write_at_once(world):
    net, topic = members(world, 20)
    for turn in range(5):
        for node in range(20):
            write(net, node, topic, b"%d %d" % (turn, node))
        net.run(100)
    net.run_until(lambda: net.equal(topic))

    assert len(net.nodes[0].items(topic)) >= 100
    assert len({tuple(mesh.order(topic)) for mesh in net.nodes.values()}) == 1
    assert not net.refused


def test_an_own_vertex_waits_until_another_has_stored_it(world):
    net = world()
    topic = net.start(0).join(SECRET, seed(0))
    vertex = net.nodes[0].append(topic, b"salam", net.now)
    assert net.nodes[0].unacknowledged(topic) == [vertex.id]
    net.crash(0)
    net.start(0).join(SECRET, seed(0))
    assert net.nodes[0].unacknowledged(topic) == [vertex.id]
    net.start(1).join(SECRET, seed(1))
    net.link(0, 1)
    net.run_until(lambda: not net.nodes[0].unacknowledged(topic))

    assert Acknowledged(topic, vertex.id, (net.peer_id(1),)) in net.events[0]
    assert net.nodes[1].payload(topic, vertex.id) == b"salam"


@pytest.mark.parametrize("loss", [0.1, 0.4])
def test_lost_messages_delay_and_lose_nothing(world, loss):
    net, topic = members(world, 6, loss=loss, seed=3)
    for turn in range(10):
        for node in range(6):
            write(net, node, topic, b"%d %d" % (turn, node))
        net.run(300)
    net.run_until(lambda: net.equal(topic) and len(net.nodes[0].items(topic)) >= 60)

    net.run_until(lambda: not any(m.unacknowledged(topic) for m in net.nodes.values()))


def test_two_halves_meet_again(world):
    net, topic = members(world, 6)
    for one in range(3):
        for other in range(3, 6):
            net.unlink(one, other)
    for node in range(6):
        for turn in range(20):
            write(net, node, topic, b"%d %d" % (turn, node))
        net.run(200)
    net.run(5_000)
    assert not net.equal(topic)
    net.link(0, 3)
    net.run_until(lambda: net.equal(topic))

    assert len(net.nodes[5].items(topic)) >= 120


def test_a_newcomer_gets_all_of_it(world):
    net = world(settings=Settings())
    topic = net.start(0).join(SECRET, seed(0))
    for turn in range(700):
        net.nodes[0].append(topic, b"%d" % turn, net.now)
    net.flush(0)
    net.start(1).join(SECRET, seed(1))
    net.link(0, 1)
    net.run_until(lambda: net.equal(topic))

    assert [net.nodes[1].payload(topic, name) for name in net.nodes[1].order(topic)] == [
        b"%d" % turn for turn in range(700)
    ]


def test_idle_nodes_say_little(world):
    net, topic = members(world, 6)
    write(net, 0, topic, b"salam")
    net.run(600_000)
    net.sent.clear()
    net.run(600_000)

    # Each minute each node compares with three: a message there and one back.
    assert len(net.sent) <= 6 * 3 * 2 * 10 * 1.2
    assert all(size < 256 for _, _, _, size in net.sent)


def test_who_leaves_is_told_nothing_more_and_may_come_back(world):
    net, topic = members(world, 3)
    write(net, 0, topic, b"one")
    net.run(1_000)
    net.nodes[2].leave(topic)
    net.flush(2)
    write(net, 0, topic, b"two")
    net.run(60_000)
    net.sent.clear()
    write(net, 0, topic, b"three")
    net.run(60_000)
    assert not [each for each in net.sent if each[2] == 2]
    assert "mesh: banned" not in net.refused
    net.nodes[2].join(SECRET, seed(2))
    net.flush(2)
    net.run_until(lambda: net.equal(topic))

    assert len(net.nodes[2].items(topic)) == 3


def test_a_space_that_is_joined_while_linked_is_found_to_be_shared(world):
    net = world(loss=0.3, seed=4)
    net.start(0)
    net.start(1)
    net.link(0, 1)
    net.run(10_000)
    topic = net.nodes[0].join(SECRET, seed(0))
    net.nodes[0].append(topic, b"salam", net.now)
    net.flush(0)
    net.run(30_000)
    net.nodes[1].join(SECRET, seed(1))
    net.flush(1)

    net.run_until(lambda: net.equal(topic))


def test_a_comparison_can_be_asked_for(world):
    net, topic = members(world, 2, loss=1.0)
    net.loss = 0.0
    net.unlink(0, 1)
    net.link(0, 1)
    net.run(2_000)
    net.nodes[0].append(topic, b"salam", net.now)
    net.nodes[0].outgoing()  # what it says is lost
    net.nodes[0].sync(topic, net.peer_id(1), net.now)
    net.flush(0)
    net.run(500)

    assert net.equal(topic)
    assert any(isinstance(event, Synced) and event.sent == 1 for event in net.events[0])
