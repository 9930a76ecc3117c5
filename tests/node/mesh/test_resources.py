"""What the settings change: metered and low-power nodes, pruning, the store's limits."""

from dataclasses import replace

import pytest

from node.mesh.settings import Settings
from node.mesh.space import Keys, Kind
from node.session.messages import MessageType

SECRETS = [bytes([number]) * 32 for number in range(3)]
MINUTE = 60_000


def seed(node):
    return bytes([node + 1]) * 32


def busy(world, changed, minutes=5):
    """Return what node 0 sends and hears a minute while others write in three spaces."""
    net = world(seed=2)
    for node in range(6):
        mesh = net.start(node)
        topics = [mesh.join(secret, seed(node)) for secret in SECRETS]
    net.link_all(*range(6))
    net.run(MINUTE)
    net.nodes[0].set(changed(topics), net.now)
    net.flush(0)
    net.run(MINUTE)
    net.sent.clear()
    net.ticks[0].clear()
    written = []
    for turn in range(minutes * 4):
        for space, topic in enumerate(topics):
            node = 1 + (turn + space) % 5
            written.append((topic, net.nodes[node].append(topic, b"%d" % turn, net.now).id))
            net.flush(node)
        net.run(15_000)
    traffic = sum(size for _, one, other, size in net.sent if 0 in (one, other)) / minutes
    return net, topics, written, traffic


@pytest.fixture(scope="module")
def plain(world_of):
    return busy(world_of, lambda topics: Settings())[3]


def test_metered_traffic_drops_by_four_fifths_and_what_is_critical_flows(world, plain):
    net, topics, written, traffic = busy(
        world, lambda topics: Settings(metered=True, critical=frozenset(topics[:1]))
    )
    critical = [name for topic, name in written if topic == topics[0]]

    assert all(net.nodes[0].vertex(topics[0], name) for name in critical)
    assert traffic < plain


def test_metered_and_with_nothing_critical_a_node_is_nearly_silent(world, plain):
    _, _, _, traffic = busy(world, lambda topics: Settings(metered=True))

    assert traffic <= plain / 5


def test_what_one_writes_oneself_leaves_a_metered_node(world):
    net, topics, _, _ = busy(world, lambda topics: Settings(metered=True), minutes=1)
    vertex = net.nodes[0].append(topics[2], b"mine", net.now)
    net.flush(0)
    net.run(5_000)

    assert all(net.nodes[node].vertex(topics[2], vertex.id) for node in range(6))


def test_a_node_that_is_no_longer_metered_catches_up(world):
    net, topics, _, _ = busy(world, lambda topics: Settings(metered=True), minutes=2)
    net.nodes[0].set(Settings(), net.now)
    net.flush(0)

    for topic in topics:
        net.run_until(lambda topic=topic: net.equal(topic))


def test_at_low_power_a_node_wakes_once_a_minute(world):
    net, _, written, _ = busy(world, lambda topics: Settings(low_power=True))

    assert len(net.ticks[0]) <= 6 + 1  # of five minutes, and of the one before
    net.run(2 * MINUTE)
    assert all(net.nodes[0].vertex(topic, name) for topic, name in written)


def test_others_cannot_wake_it_of_its_own_accord(world):
    """An attacker's messages are heard, but bring no wake-ups beside their own."""
    net = world()
    topic = net.start(0).join(SECRETS[0], seed(0))
    net.start(1).join(SECRETS[0], seed(1))
    net.nodes[0].set(Settings(low_power=True), net.now)
    net.link(0, 1)
    net.run(MINUTE)
    net.ticks[0].clear()
    have = b"\1" + topic + b"\0\0\1" + bytes(32)
    for _ in range(600):
        net.nodes[0].receive(net.peer_id(1), MessageType.MESH_HAVE, have, net.now)
        net.flush(0)
        net.run(1_000)

    assert len(net.ticks[0]) <= 11


def test_a_smaller_fanout_is_kept_to(world):
    net = world()
    for node in range(12):
        topic = net.start(node).join(SECRETS[0], seed(node))
    net.link_all(*range(12))
    net.run(1_000)
    net.nodes[0].set(replace(net.settings, fanout=1), net.now)
    tree = net.nodes[0]._spaces[topic].tree

    assert len(tree.eager) <= 3
    for node in range(12):
        net.nodes[node].append(topic, b"%d" % node, net.now)
        net.flush(node)
    net.run_until(lambda: net.equal(topic))


def filled(world, nodes):
    net = world()
    for node in range(nodes):
        topic = net.start(node).join(SECRETS[0], seed(node))
    net.link_all(*range(nodes))
    net.run(1_000)
    for turn in range(30):
        net.nodes[turn % nodes].append(topic, b"%d" % turn, net.now)
        net.flush(turn % nodes)
        net.run(200)
    net.run_until(lambda: net.equal(topic))
    return net, topic


def test_nothing_is_pruned_that_few_others_have(world):
    net, topic = filled(world, 3)
    net.run(5 * MINUTE)

    assert net.nodes[0].prune(topic, 1 << 30) == 0


def test_what_all_have_can_be_pruned_and_is_had_from_them_again_by_newcomers(world):
    net, topic = filled(world, 4)
    net.run(5 * MINUTE)
    before = net.nodes[0].state_hash(topic)
    freed = net.nodes[0].prune(topic, 50_000)

    assert 50_000 <= freed < 60_000
    assert net.nodes[0].state_hash(topic) == before
    net.run(5 * MINUTE)
    assert net.equal(topic)
    net.start(4).join(SECRETS[0], seed(4))
    net.link_all(0, 4)
    net.run(MINUTE)
    net.link(1, 4)
    net.run_until(lambda: net.equal(topic))
    assert all(net.nodes[4].payload(topic, name) for name in net.nodes[4].order(topic))


def test_what_is_before_a_checkpoint_can_be_pruned_and_what_is_ones_own_stays(world):
    net = world()
    mesh = net.start(0)
    topic = mesh.join(SECRETS[0], seed(0))
    own = [mesh.append(topic, b"%d" % turn, net.now).id for turn in range(10)]
    checkpoint = mesh.checkpoint(topic, b"s" * 32, net.now)
    assert mesh.prune(topic, 1 << 30, checkpoint.id) == 0  # nobody else has it
    net.start(1).join(SECRETS[0], seed(1))
    net.link(0, 1)
    net.run_until(lambda: not mesh.unacknowledged(topic))
    late = mesh.append(topic, b"late", net.now)

    assert mesh.prune(topic, 1 << 30, checkpoint.id) > 40_000
    assert [mesh.payload(topic, name) for name in own] == [None] * 10
    assert mesh.payload(topic, late.id) == b"late"
    assert Keys(SECRETS[0]).open(checkpoint.content.payload, checkpoint.author) == (
        Kind.CHECKPOINT,
        b"s" * 32,
    )
    with pytest.raises(ValueError, match="not a checkpoint"):
        mesh.prune(topic, 1, late.id)
    with pytest.raises(ValueError, match="32 bytes"):
        mesh.checkpoint(topic, b"short", net.now)
