"""Replays, keys that rotate, and packets that wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.codec import Reader, Refused
from node.onion import keys as onion_keys
from node.onion import packet as onion
from node.onion.chance import wait_ms
from node.onion.keys import OVERLAP_MS, ROTATION_MS, SEEN_MAX, KeyRing, ReplayCache
from node.onion.relay import QUEUE_MAX, DelayQueue, Deliver, Discard, Forward, RelayNode


def packet_for(node, random, payload=b"x"):
    return onion.build([node.record], [], payload, random)


def test_a_replay_is_refused(nodes, chance):
    packet = onion.build([node.record for node in nodes[:2]], [7], b"x", chance("a"))

    forward = nodes[0].relay.process(packet, 1000)

    assert (forward.node_id, forward.at) == (nodes[1].node_id, 1007)
    with pytest.raises(Refused, match="replay"):
        nodes[0].relay.process(packet, 1001)
    assert nodes[1].relay.process(forward.packet, 1002) == Deliver(payload=b"x")
    with pytest.raises(Refused, match="replay"):
        nodes[1].relay.process(forward.packet, 1003)


def test_a_replay_with_another_body_is_refused(nodes, chance):
    packet = packet_for(nodes[0], chance("a"))
    nodes[0].relay.process(packet, 0)

    with pytest.raises(Refused, match="replay"):
        nodes[0].relay.process(packet[:-1] + bytes([packet[-1] ^ 1]), 0)


def test_a_packet_whose_body_is_destroyed_counts_as_seen(nodes, chance):
    packet = packet_for(nodes[0], chance("a"))
    with pytest.raises(Refused, match="body was changed"):
        nodes[0].relay.process(packet[:-1] + bytes([packet[-1] ^ 1]), 0)

    with pytest.raises(Refused, match="replay"):
        nodes[0].relay.process(packet, 0)


def test_a_packet_that_leads_back_at_once_is_refused(nodes, chance):
    packet = onion.build([nodes[0].record, nodes[0].record], [0], b"x", chance("a"))

    with pytest.raises(Refused, match="leads back here"):
        nodes[0].relay.process(packet, 0)


def test_cover_ends_in_nothing(nodes, chance):
    header, body_keys = onion.build_header(
        [nodes[0].record], [], onion.Routing(onion.DISCARD), chance("a")
    )
    packet = header + onion.wrap(body_keys, chance("b")(onion.BODY_SIZE))

    assert nodes[0].relay.process(packet, 0) == Discard()


def test_keys_rotate_and_overlap(nodes, chance):
    node = nodes[0]
    old = node.keys.current
    before = [packet_for(node, chance(f"{number}")) for number in range(3)]

    assert not node.keys.tick(ROTATION_MS - 1, node.random)
    assert node.keys.tick(ROTATION_MS, node.random)

    assert node.keys.current is not old
    assert node.keys.current.key.public != old.key.public
    assert isinstance(node.relay.process(before[0], ROTATION_MS), Deliver)
    last = ROTATION_MS + OVERLAP_MS - 1
    assert isinstance(node.relay.process(before[1], last), Deliver)
    with pytest.raises(Refused, match="not for this key"):
        node.relay.process(before[2], last + 1)
    assert not node.keys.tick(last + 1, node.random)
    assert node.keys.accepting(last + 1) == [node.keys.current]
    assert old.key.seed not in node.keys.encode()  # what was recorded opens to nobody


def test_a_replay_is_refused_for_as_long_as_its_key_lives(nodes, chance):
    node = nodes[0]
    packet = packet_for(node, chance("a"))
    node.relay.process(packet, 0)

    for now in range(0, ROTATION_MS + OVERLAP_MS + 3_600_000, 3_600_000):
        node.keys.tick(now, node.random)
        with pytest.raises(Refused, match=r"replay|not for this key"):
            node.relay.process(packet, now)


def test_a_node_that_slept_takes_nothing_under_its_old_key(nodes, chance):
    node = nodes[0]
    packet = packet_for(node, chance("a"))

    with pytest.raises(Refused, match="not for this key"):
        node.relay.process(packet, ROTATION_MS + OVERLAP_MS)
    assert node.keys.tick(10 * ROTATION_MS, node.random)
    assert len(node.keys.accepting(10 * ROTATION_MS)) == 1


def test_a_flood_rotates_the_key_early_and_then_is_refused(nodes, chance, monkeypatch):
    monkeypatch.setattr(onion_keys, "SEEN_MAX", 8)
    node = nodes[0]
    packets = [packet_for(node, chance(f"{number}")) for number in range(9)]
    for packet in packets[:4]:
        node.relay.process(packet, 0)

    assert node.keys.tick(1, node.random)  # at half
    for packet in packets[4:8]:
        node.relay.process(packet, 1)
    with pytest.raises(Refused, match="replay cache is full"):
        node.relay.process(packets[8], 1)
    with pytest.raises(Refused, match="replay"):
        node.relay.process(packets[0], 1)


def test_the_number_of_keys_is_bounded(nodes, monkeypatch):
    monkeypatch.setattr(onion_keys, "SEEN_MAX", 0)
    for now in range(20):
        assert nodes[0].keys.tick(now, nodes[0].random)

    assert len(nodes[0].keys.accepting(20)) == onion_keys.KEYS_MAX


@given(st.lists(st.integers(0, 40)))
def test_the_replay_cache_is_a_set(numbers):
    cache = ReplayCache(bytes(32))
    seen = set()
    for number in numbers:
        assert cache.add(b"%d" % number) == (number not in seen)
        seen.add(number)
    assert cache.count == len(seen)


def test_where_a_tag_lies_is_a_secret():
    first, second = ReplayCache(bytes(32)), ReplayCache(b"\1" * 32)

    assert first._value(b"tag") == ReplayCache(bytes(32))._value(b"tag")
    assert first._value(b"tag") != second._value(b"tag")


def test_the_replay_cache_grows_by_tables(chance):
    cache = ReplayCache(bytes(32))
    tags = [b"%d" % number for number in range(30_000)]

    assert all(cache.add(tag) for tag in tags)
    assert not any(cache.add(tag) for tag in tags)

    again = ReplayCache.read(Reader(cache.encode()))
    assert not any(again.add(tag) for tag in tags)
    assert again.add(b"new")
    assert sum(8 * len(table) for table in cache._tables) < 30_000 * 24
    assert SEEN_MAX > 1_500_000


@pytest.mark.campaign
def test_a_full_replay_cache_has_the_size_that_is_said():
    cache = ReplayCache(bytes(32))
    for number in range(SEEN_MAX):
        assert cache.add(number.to_bytes(8, "big"))

    assert sum(8 * len(table) for table in cache._tables) <= 16_800_000
    assert not cache.add(bytes(8))
    with pytest.raises(Refused, match="replay cache is full"):
        cache.add(SEEN_MAX.to_bytes(8, "big"))


def test_a_key_ring_survives_a_clean_stop(nodes, chance):
    node = nodes[0]
    packets = [packet_for(node, chance(f"{number}")) for number in range(2)]
    node.relay.process(packets[0], 0)
    node.keys.tick(ROTATION_MS, node.random)
    data = node.keys.encode()

    ring = KeyRing.decode(data)

    assert ring.encode() == data
    relay = RelayNode(node.node_id, ring)
    with pytest.raises(Refused, match="replay"):
        relay.process(packets[0], ROTATION_MS)
    assert isinstance(relay.process(packets[1], ROTATION_MS), Deliver)


def test_a_damaged_key_ring_is_refused(nodes, chance):
    nodes[0].relay.process(packet_for(nodes[0], chance("a")), 0)
    data = nodes[0].keys.encode()

    for size in range(len(data)):
        with pytest.raises(Refused):
            KeyRing.decode(data[:size])
    for bad in (b"\2" + data[1:], data[:1] + b"\0" + data[2:], data[:1] + b"\4" + data[2:]):
        with pytest.raises(Refused):
            KeyRing.decode(bad)
    with pytest.raises(Refused, match="trailing"):
        KeyRing.decode(data + b"\0")


def test_values_of_a_stored_cache_rise(chance):
    head = bytes(32) + b"\0\0\0\2"
    for values in ([0, 1], [2, 1], [1, 1]):
        with pytest.raises(Refused, match="not in order"):
            ReplayCache.read(Reader(head + b"".join(v.to_bytes(8, "big") for v in values)))
    with pytest.raises(Refused, match="full"):
        ReplayCache.read(Reader(bytes(32) + b"\xff" * 4))


def test_secrets_are_in_no_text(nodes, chance):
    packet = packet_for(nodes[0], chance("a"), b"a secret")
    opened = onion.open_header(nodes[0].keys.current.key, packet[: onion.HEADER_SIZE])
    outcome = nodes[0].relay.process(packet, 0)

    for each in (opened, outcome, nodes[0].record):
        assert "secret" not in repr(each)
        assert "public" not in repr(each)
        assert "body_key" not in repr(each)


def test_packets_leave_when_they_are_due(chance):
    queue = DelayQueue()
    for at in (30, 10, 20, 10):
        queue.push(Forward(node_id=bytes(32), packet=b"%d" % at, at=at))

    assert queue.next_at == 10
    assert queue.due(9) == []
    assert [send.packet for send in queue.due(20)] == [b"10", b"10", b"20"]
    assert (len(queue), queue.next_at) == (1, 30)
    assert [send.packet for send in queue.due(10**9)] == [b"30"]
    assert queue.next_at is None


def test_the_queue_is_bounded():
    queue = DelayQueue()
    for number in range(QUEUE_MAX):
        queue.push(Forward(node_id=bytes(32), packet=b"", at=number))

    with pytest.raises(Refused, match="queue is full"):
        queue.push(Forward(node_id=bytes(32), packet=b"", at=QUEUE_MAX - 1))
    assert len(queue.due(QUEUE_MAX)) == QUEUE_MAX


def test_who_fills_the_queue_with_long_waits_keeps_nobody_out():
    """More arrives than the queue holds; only what would wait longest is lost."""
    queue = DelayQueue()
    left, refused = [], 0
    for now in range(4 * QUEUE_MAX):
        left += [(now, send.packet) for send in queue.due(now)]
        try:
            queue.push(Forward(node_id=bytes(32), packet=b"flood", at=now + onion.DELAY_MAX_MS))
        except Refused:
            refused += 1
        if now % 8 == 0:
            queue.push(Forward(node_id=bytes(32), packet=b"%d" % (now + 100), at=now + 100))
        assert len(queue) <= QUEUE_MAX

    assert refused > 2 * QUEUE_MAX
    assert left == [(now, b"%d" % now) for now in range(100, 4 * QUEUE_MAX) if now % 8 == 4]


def test_what_comes_in_together_leaves_in_any_order(chance):
    """Waits that senders draw: of two packets, either is first as often."""
    random = chance("waits")
    swapped = 0
    for _ in range(1000):
        queue = DelayQueue()
        for name in (b"first", b"second"):
            at = wait_ms(random, 1000)
            queue.push(Forward(node_id=bytes(32), packet=name, at=at))
        swapped += queue.due(10**6)[0].packet == b"second"

    assert 440 < swapped < 560
