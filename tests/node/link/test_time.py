"""What time asks of a link: keepalives, silence, cover."""

import math
import random
import statistics
from itertools import pairwise

import pytest

from node.link import Closed, Cover, Received, frames
from node.link.link import COVER_GAP_MAX

SMALLEST = frames.HEADER + 256 + 128 + 16


def test_a_link_that_says_nothing_is_kept_alive(world) -> None:
    alice, bob = world.linked()
    start, frames_seen = world.now, 0
    while world.now < start + 600_000:
        world.now = min(alice.next_tick, bob.next_tick)
        for sender, receiver in ((alice, bob), (bob, alice)):
            assert sender.tick(world.now) == []
            data = sender.outgoing()
            assert len(data) in (0, SMALLEST)
            frames_seen += bool(data)
            assert receiver.receive(data, world.now) == []

    assert frames_seen == 2 * 600 // 25
    assert not alice.closed


def test_a_peer_that_is_silent_is_left(world) -> None:
    alice, _ = world.linked()
    start = world.now
    for now in range(start, start + 90_000, 1_000):
        assert alice.tick(now) == []
    assert alice.tick(start + 90_000) == [Closed("link: peer is silent")]
    assert alice.tick(start + 90_001) == []


def test_bytes_that_are_no_frame_do_not_count_as_life(world) -> None:
    alice, bob = world.linked()
    start = world.now
    bob.send(bytes(300_000), start)
    data = bob.outgoing()
    for second in range(90):
        alice.receive(data[second * 100 : second * 100 + 100], start + second * 1_000)
        assert alice.tick(start + second * 1_000) == []
    assert alice.tick(start + 90_000) == [Closed("link: peer is silent")]


def test_the_next_tick_is_when_something_is_due(world) -> None:
    """Before it nothing happens, however often one looks."""
    alice, _ = world.linked()
    due = alice.next_tick
    for now in range(world.now, due, 500):
        assert alice.tick(now) == []
        assert alice.outgoing() == b""
    alice.tick(due)
    assert len(alice.outgoing()) == SMALLEST
    assert alice.next_tick > due


def test_speech_puts_off_the_keepalive(world) -> None:
    alice, bob = world.linked()
    alice.send(b"still here", world.now + 20_000)
    alice.outgoing()
    alice.tick(world.now + 25_000)

    assert alice.outgoing() == b""
    assert not bob.closed


# --- Cover ----------------------------------------------------------------------------------


def times_of_cover(world, mean: int, count: int, size: int = 0) -> list[int]:
    """Return when cover frames went out."""
    alice, bob = world.linked(cover=Cover(mean_ms=mean, message_size=size))
    times = []
    while len(times) < count:
        world.now = alice.next_tick
        alice.tick(world.now)
        data = alice.outgoing()
        if data:
            times.append(world.now)
            assert bob.receive(data, world.now) == []
        bob.tick(world.now)
        alice.receive(bob.outgoing(), world.now)
    return times


def test_cover_comes_at_the_times_of_a_poisson_process(make_world) -> None:
    """Mean and deviation of an exponential distribution; gaps do not depend on the one before."""
    times = times_of_cover(make_world(seed=3), mean=2_000, count=4_000)
    gaps = [later - earlier for earlier, later in pairwise(times)]

    assert abs(statistics.mean(gaps) / 2_000 - 1) < 0.06
    assert abs(statistics.stdev(gaps) / 2_000 - 1) < 0.08
    assert abs(sum(gap > 2_000 for gap in gaps) / len(gaps) - math.exp(-1)) < 0.03
    assert abs(statistics.correlation(gaps[1:], gaps[:-1])) < 0.05


def test_cover_is_as_long_as_what_it_hides(make_world) -> None:
    size = 18_001
    alice, bob = make_world().linked(cover=Cover(mean_ms=100, message_size=size))
    alice.tick(alice.next_tick)
    pretended = alice.outgoing()
    alice.send(bytes(size), 2_000_000)
    said = alice.outgoing()

    assert len(pretended) == len(said)
    assert bob.receive(pretended + said, 2_000_000) == [Received(bytes(size))]


def test_cover_does_not_pile_up(world) -> None:
    alice, _ = world.linked(cover=Cover(mean_ms=10))
    for _ in range(1_000):
        world.now += 10
        alice.tick(world.now)

    assert len(alice.outgoing()) == SMALLEST


def test_cover_after_a_long_sleep_is_one_frame(world) -> None:
    alice, _ = world.linked(cover=Cover(mean_ms=10))
    alice.tick(world.now + 20_000)

    assert len(alice.outgoing()) == SMALLEST


def test_gaps_are_bounded(make_world) -> None:
    world = make_world()
    alice, _ = world.linked(cover=Cover(mean_ms=100))
    for chance in (bytes, lambda size: b"\xff" * size, random.Random(1).randbytes):
        alice._random = chance
        assert 0 <= alice._gap(Cover(mean_ms=100)) <= COVER_GAP_MAX * 100


@pytest.mark.parametrize(("mean", "size"), [(0, 0), (-1, 0), (1, frames.MESSAGE_MAX + 1)])
def test_cover_that_makes_no_sense(mean: int, size: int) -> None:
    with pytest.raises(ValueError, match=r"mean gap|at most"):
        Cover(mean_ms=mean, message_size=size)
