"""Cover: what an observer of a link sees does not depend on what is said."""

import math
from itertools import pairwise

import pytest

from node.codec import Refused
from node.onion import cover as onion_cover
from node.onion.chance import below, exponential_ms, shuffled, uniform, wait_ms
from node.onion.cover import BURST_MAX, FULL, LOOP_LIFE_MS, LOOP_SHARE, LOOPS_MAX, METERED, OFF
from node.onion.packet import DELAY_MAX_MS, PACKET_SIZE, open_header, split
from node.onion.paths import SCORE_START
from node.onion.relay import Mine
from node.onion.requests import Answered

SECONDS = FULL.gap_ms // 1000  # of a slot, on average


def kolmogorov_smirnov(first, second):
    """Return the largest distance between two empirical distributions."""
    first, second = sorted(first), sorted(second)
    points = sorted({*first, *second})
    at_first = at_second = 0
    distance = 0.0
    for point in points:
        while at_first < len(first) and first[at_first] <= point:
            at_first += 1
        while at_second < len(second) and second[at_second] <= point:
            at_second += 1
        distance = max(distance, abs(at_first / len(first) - at_second / len(second)))
    return distance


def limit(first, second):
    """One pair of samples in a thousand of one distribution is further apart."""
    return 1.95 * math.sqrt((len(first) + len(second)) / (len(first) * len(second)))


def departures(net, node, seconds, *, busy, monkeypatch):
    """Return when a node sends packets of its own, without building those packets."""
    monkeypatch.setattr(node.cover, "_send", lambda *_: "cover")
    monkeypatch.setattr(node.client, "_packet", lambda *_: "real")
    times, kinds = [], []
    now = 0
    while now < seconds * 1000:
        if busy and (now // 1000) % 120 < 20 and node.client.waiting < 30:
            node.client.request(net.nodes[1].record, bytes(20_000), now)
        node.client.expired(now)
        for send in node.cover.poll(now):
            times.append(now)
            kinds.append(send)
        now = max(now + 1, node.cover.next_at)
    return times, kinds


def gaps(times):
    return [after - before for before, after in pairwise(times)]


def test_the_schedule_does_not_depend_on_traffic(world, monkeypatch):
    """Kolmogorov-Smirnov over 3,600 slots with bursts of requests, and without any."""
    quiet, busy = world(3, seed="quiet"), world(3, seed="busy")
    samples = {}
    for name, net in (("quiet", quiet), ("busy", busy)):
        net.nodes[0].cover.change(FULL, 0)
        times, kinds = departures(
            net, net.nodes[0], 3600 * SECONDS, busy=name == "busy", monkeypatch=monkeypatch
        )
        samples[name] = gaps(times)
        assert ("real" in kinds) == (name == "busy")
    assert 3400 < len(samples["quiet"]) < 3800

    assert kolmogorov_smirnov(samples["quiet"], samples["busy"]) < limit(
        samples["quiet"], samples["busy"]
    )
    model = [round(-math.log(1 - (k + 0.5) / 4000) * FULL.gap_ms) for k in range(4000)]
    for sample in samples.values():
        assert kolmogorov_smirnov(sample, model) < limit(sample, model)


def test_the_test_notices_a_schedule_that_depends_on_traffic(world, monkeypatch):
    """The same measure, with cover off: requests leave when they are made."""
    net = world(3)
    net.nodes[0].cover.change(FULL, 0)
    times, _ = departures(net, net.nodes[0], 3600, busy=False, monkeypatch=monkeypatch)
    bursts = [1000 * (n // 5) for n in range(3600)]

    assert kolmogorov_smirnov(gaps(times), gaps(bursts)) > limit(times, bursts)


@pytest.mark.parametrize("busy", [False, True])
def test_loops_have_their_share_whatever_there_is_to_send(world, monkeypatch, busy):
    """A loop is drawn before anybody looks whether something waits."""
    net = world(3)
    node = net.nodes[0]
    monkeypatch.setattr(node.client, "poll", lambda now, room: ["real"] if busy else [])
    monkeypatch.setattr(type(node.client), "waiting", 7 if busy else 0)
    node.cover.change(FULL, 0)
    loops = []
    node.cover._loop = lambda now: loops.append(now) or []
    node.cover._nothing = lambda now: []
    for now in range(0, 3_600_000 * SECONDS, 1000):
        node.cover.poll(now)

    assert abs(len(loops) / 3600 - LOOP_SHARE) < 0.03


def test_requests_travel_in_slots_and_are_answered(world):
    net = world(5)
    for node in net.nodes:
        node.cover.change(FULL, 0)
    client = net.nodes[0]

    client.client.request(net.nodes[4].record, b"hello", net.now)
    net.run_until_idle(30_000)

    assert net.events[client.node_id] == [Answered(number=1, body=b"re: hello")]
    sent = sum(1 for _, source, _ in net.log if source == client.node_id)
    assert sent >= 1


def test_all_that_a_node_sends_of_its_own_goes_to_its_guard(world):
    """Loops, requests and packets for nothing: the first relay tells them apart no more."""
    net = world(12)
    node = net.nodes[0]
    node.cover.change(FULL, 0)
    firsts = set()
    for number in range(8):
        node.client.request(net.nodes[1 + number].record, b"hello", 0)
        sends = [*node.cover._loop(0), *node.client.poll(0, 1), *node.cover._nothing(0)]
        firsts |= {send.node_id for send in sends}

    assert firsts <= {guard.node_id for guard in node.paths.guards(0)}


def test_packets_are_told_to_wait_at_relays(world):
    """Requests, loops and packets for nothing alike: 100 ms on average."""
    net = world(12)
    node = net.nodes[0]
    for source in ("poll", "_loop", "_nothing"):
        waits = []
        for number in range(60):
            node.client.request(net.nodes[1 + number % 8].record, b"hello", 0)
            sends = node.client.poll(0) if source == "poll" else getattr(node.cover, source)(0)
            for send in sends:
                key = net.by_id[send.node_id].keys.current.key
                waits.append(open_header(key, split(send.packet)[0]).routing.delay_ms)
            node.client.expired(10**9)
        assert 60 < sum(waits) / len(waits) < 140


def test_loops_come_back_and_raise_scores(world):
    net = world(6)
    for node in net.nodes:
        node.cover.change(FULL, 0)
    net.run(30_000)

    paths = net.nodes[0].paths
    scores = [paths.score(node.node_id) for node in net.nodes[1:]]
    assert max(scores) > SCORE_START
    assert min(scores) >= SCORE_START
    assert not net.refusals


def test_lost_loops_lower_scores_and_are_forgotten(world):
    net = world(6, loss=1.0)
    net.nodes[0].cover.change(FULL, 0)
    net.run(60_000, step=200)
    net.nodes[0].cover.change(OFF, net.now)
    net.run(LOOP_LIFE_MS + 1000, step=200)

    paths = net.nodes[0].paths
    assert min(paths.score(node.node_id) for node in net.nodes[1:]) < SCORE_START
    assert net.nodes[0].cover._loops == {}


def test_a_marked_loop_is_noticed_and_blamed(world):
    net = world(6)
    node = net.nodes[0]
    (send,) = node.cover._loop(0)
    packet = send.packet[:-1] + bytes([send.packet[-1] ^ 1])
    here = net.by_id[send.node_id]
    while not isinstance(outcome := here.relay.process(packet, 0), Mine):
        here, packet = net.by_id[outcome.node_id], outcome.packet

    with pytest.raises(Refused, match="body was changed"):
        node.cover.returned(outcome)
    assert node.paths.score(send.node_id) < SCORE_START
    assert not node.cover.returned(outcome)  # it is over


def test_the_number_of_loops_is_bounded(world, monkeypatch):
    net = world(3)
    monkeypatch.setattr(onion_cover.Cover, "_send", lambda *_: None)
    for _ in range(LOOPS_MAX + 10):
        net.nodes[0].cover._loop(0)

    assert len(net.nodes[0].cover._loops) == LOOPS_MAX


def test_every_packet_of_cover_has_the_one_size(world):
    node = world(5).nodes[0]

    sizes = {len(send.packet) for _ in range(5) for send in node.cover._loop(0)}
    sizes |= {len(send.packet) for _ in range(5) for send in node.cover._nothing(0)}

    assert sizes == {PACKET_SIZE}


def test_alone_there_is_nobody_to_send_to(world):
    net = world(1)
    net.nodes[0].cover.change(FULL, 0)
    net.run(60_000, step=500)

    assert net.sent == 0


def test_cover_off_sends_requests_at_once_and_nothing_else(world):
    net = world(5)
    cover = net.nodes[0].cover
    assert cover.rate is OFF
    assert (cover.next_at, cover.poll(10**9)) == (None, [])
    net.nodes[0].client.request(net.nodes[1].record, b"hello", net.now)

    assert cover.next_at == 0
    assert len(cover.poll(0)) == 1


def test_a_pause_is_not_made_up_for(world, monkeypatch):
    node = world(3).nodes[0]
    monkeypatch.setattr(node.cover, "_slot", lambda _: ["packet"])
    node.cover.change(FULL, 0)

    assert len(node.cover.poll(86_400_000)) == BURST_MAX
    assert node.cover.next_at > 86_400_000


@pytest.mark.parametrize(("rate", "name"), [(FULL, "full"), (METERED, "metered"), (OFF, "off")])
def test_a_rate_can_be_shown_and_changed(world, rate, name):
    cover = world(2).nodes[0].cover
    cover.change(rate, 5)

    assert cover.rate.name == name
    assert rate.gap_ms is None or cover.next_at >= 5


def test_chance_is_uniform_exponential_and_shuffled(chance):
    random = chance("a")
    values = [uniform(random) for _ in range(4000)]
    assert min(values) >= 0
    assert max(values) < 1
    assert kolmogorov_smirnov(values, [(k + 0.5) / 4000 for k in range(4000)]) < 0.04
    waits = [exponential_ms(random, 1000) for _ in range(4000)]
    assert 950 < sum(waits) / 4000 < 1050
    assert exponential_ms(random, 0) == 0
    assert max(wait_ms(random, DELAY_MAX_MS) for _ in range(100)) == DELAY_MAX_MS
    drawn = {below(random, 5) for _ in range(200)}
    assert drawn == set(range(5))
    orders = {tuple(shuffled(random, [1, 2, 3])) for _ in range(200)}
    assert len(orders) == 6
