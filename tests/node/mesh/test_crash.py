"""The power goes at every commit: what was told is there afterwards, and nothing else is needed."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from node.mesh.settings import Acknowledged, Arrived

SECRET = bytes(range(32))
ROOT = Path(__file__).parents[3]


def seed(node):
    return bytes([node + 1]) * 32


def story(net, told):
    """Let two nodes write by turns; note what each was told of before the power went."""
    for node in range(2):
        topic = net.start(node).join(SECRET, seed(node))
    net.link(0, 1)
    for turn in range(6):
        for node in range(2):
            vertex = net.nodes[node].append(topic, b"%d" % turn, net.now)
            told[node].append(vertex.id)
            net.flush(node)
        net.run(400)
    return topic


def restart(net, node):
    net.crash(node)
    net.disks[node].fail_at = 0
    topic = net.start(node).join(SECRET, seed(node))
    for other in net.nodes:
        if other != node:
            net.link(*sorted((node, other)))
    return topic


@pytest.mark.parametrize("moment", range(1, 14))
def test_the_power_goes_at_any_commit(world, disk, moment):
    net = world(seed=moment)
    net.disks[0] = disk()
    net.disks[0].fail_at = moment
    told = {0: [], 1: []}
    with pytest.raises(OSError, match="the power is gone"):
        story(net, told)
    arrived = [
        name for event in net.events.get(0, []) if isinstance(event, Arrived) for name in event.ids
    ]
    if 1 not in net.nodes:
        net.start(1).join(SECRET, seed(1))
    topic = restart(net, 0)

    for name in (*told[0], *arrived):
        assert net.nodes[0].payload(topic, name) is not None
    net.nodes[0].append(topic, b"on it goes", net.now)
    net.flush(0)
    net.run_until(lambda: net.equal(topic))
    net.run_until(lambda: not any(mesh.unacknowledged(topic) for mesh in net.nodes.values()))
    for name in (*told[0], *told[1]):
        assert net.nodes[1].payload(topic, name) is not None


def test_no_commit_is_left_out_above(world):
    net = world()
    story(net, {0: [], 1: []})

    assert net.disks[0].commits >= 13


def test_many_crashes_lose_nothing_that_was_acknowledged(world):
    """Nodes lose their power and their links at random for a while; then all is equal."""
    net = world(seed=11, loss=0.1)
    chance = random.Random(12)
    for node in range(5):
        topic = net.start(node).join(SECRET, seed(node))
    net.link_all(*range(5))
    written = []
    for turn in range(120):
        node = chance.randrange(5)
        written.append(net.nodes[node].append(topic, b"%d" % turn, net.now).id)
        net.flush(node)
        net.run(chance.randrange(400))
        if chance.random() < 0.3:
            restart(net, chance.randrange(5))
        if chance.random() < 0.3:
            net.unlink(*chance.sample(range(5), 2))
    net.link_all(*range(5))
    net.run_until(lambda: net.equal(topic))

    assert set(written) <= set(net.nodes[0].order(topic))
    acknowledged = {
        event.id
        for node in range(5)
        for event in net.events[node]
        if isinstance(event, Acknowledged)
    }
    assert acknowledged <= set(written)
    net.run_until(lambda: not any(mesh.unacknowledged(topic) for mesh in net.nodes.values()))


def test_a_start_with_no_network_recovers(world):
    net = world()
    topic = net.start(0).join(SECRET, seed(0))
    names = [net.nodes[0].append(topic, b"%d" % turn, net.now).id for turn in range(50)]
    net.run(72 * 3_600_000)
    net.crash(0)
    net.start(0).join(SECRET, seed(0))
    net.run(3_600_000)
    net.start(1).join(SECRET, seed(1))
    net.link(0, 1)
    net.run_until(lambda: net.equal(topic))

    assert [net.nodes[1].payload(topic, name) for name in names] == [b"%d" % n for n in range(50)]


def test_a_carrier_carries_on_after_a_restart_and_a_leaver_forgets(world):
    net = world()
    topic = net.start(0).join(SECRET, seed(0))
    vertex = net.nodes[0].append(topic, b"salam", net.now)
    net.crash(0)
    mesh = net.start(0)
    assert mesh.topics == [topic]
    assert mesh.vertex(topic, vertex.id) == vertex
    with pytest.raises(LookupError):
        mesh.payload(topic, vertex.id)
    mesh.join(SECRET, seed(0))
    assert mesh.payload(topic, vertex.id) == b"salam"
    mesh.lock()
    with pytest.raises(LookupError):
        mesh.append(topic, b"locked", net.now)
    mesh.leave(topic)

    assert mesh.topics == []
    assert net.disks[0].rows == {}
    with pytest.raises(KeyError):
        mesh.heads(topic)


def test_a_space_that_was_half_erased_is_gone_after_a_restart(world):
    net = world()
    topic = net.start(0).join(SECRET, seed(0))
    kept = net.nodes[0].join(seed(9), seed(0))
    stays = net.nodes[0].append(kept, b"stays", net.now)
    for turn in range(10):
        net.nodes[0].append(topic, b"%d" % turn, net.now)
    net.disks[0].fail_at = net.disks[0].commits + 5
    with pytest.raises(OSError, match="the power is gone"):
        net.nodes[0].leave(topic)
    net.crash(0)
    mesh = net.start(0)
    mesh.join(SECRET, seed(0))
    mesh.join(seed(9), seed(0))

    assert mesh.heads(topic) == []
    assert mesh.payload(kept, stays.id) == b"stays"
    mesh.append(topic, b"anew", net.now)
    assert len(mesh.items(topic)) == 1


def test_a_device_restored_from_an_old_copy_forks_and_goes_on(world):
    """Its author then has two vertices on one; everybody keeps both, and the next names both."""
    net = world()
    topic = net.start(0).join(SECRET, seed(0))
    net.nodes[0].append(topic, b"before", net.now)
    copy = dict(net.disks[0].rows)
    net.nodes[0].append(topic, b"lost on one", net.now)
    net.start(1).join(SECRET, seed(1))
    net.link(0, 1)
    net.run_until(lambda: net.equal(topic))
    net.crash(0)
    net.disks[0].rows = copy
    net.start(0).join(SECRET, seed(0))
    net.nodes[0].append(topic, b"written on the other", net.now)
    net.link(0, 1)
    net.run_until(lambda: net.equal(topic))
    net.nodes[0].append(topic, b"after", net.now)
    net.flush(0)
    net.run_until(lambda: net.equal(topic) and len(net.nodes[1].items(topic)) == 4)

    assert len(net.nodes[1].heads(topic)) == 1
    texts = {net.nodes[1].payload(topic, name) for name in net.nodes[1].order(topic)}
    assert texts == {b"before", b"lost on one", b"written on the other", b"after"}


STORY = """
import sys
sys.path.insert(0, {root!r})
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location("conftest", {conftest!r})
module = module_from_spec(spec)
spec.loader.exec_module(module)
net = module.World(seed=5, loss=0.2)
for node in range(6):
    topic = net.start(node).join(bytes(32), bytes([node + 1]) * 32)
net.link_all(*range(6))
for turn in range(6):
    for node in range(6):
        net.nodes[node].append(topic, b"%d" % turn, net.now)
        net.flush(node)
    net.run(700)
net.run(30_000)
print(module.sha256(repr(net.sent).encode()).hex(), net.nodes[0].state_hash(topic).hex())
"""


def test_the_same_seed_says_the_same_whatever_the_order_of_sets():
    said = set()
    for hashing in ("0", "1"):
        code = STORY.format(root=str(ROOT), conftest=str(Path(__file__).parent / "conftest.py"))
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": hashing},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        said.add(done.stdout)

    assert len(said) == 1
