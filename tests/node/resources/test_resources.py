"""The rules of a node's resources, at their lines and around them."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.resources import (
    CRITICAL,
    FULL,
    LOW_POWER,
    METERED,
    MINUTE_MS,
    PRUNE_MS,
    Bandwidth,
    Limits,
    Mode,
    Prune,
    Reading,
    ResourceManager,
    Set,
    Wakes,
)

LIMITS = Limits(memory_max=1_000, storage_max=1_000)
CALM = Reading(memory=500, storage=500)


def manager(limits: Limits = LIMITS) -> ResourceManager:
    return ResourceManager(limits)


def prunes(one: ResourceManager) -> list[Prune]:
    return [event for event in one.events() if isinstance(event, Prune)]


def test_memory_is_high_above_four_fifths() -> None:
    """0.80 is not above; 0.81 halves the fan-out and prunes; it ends at 0.70, not between."""
    one = manager()
    one.read(replace(CALM, memory=800), 0)
    assert one.events() == []
    one.read(replace(CALM, memory=810), 1)
    assert one.events() == [Prune(110, "memory"), Set(replace(FULL, fanout=3))]
    one.read(replace(CALM, memory=710), 2)
    assert one.budget.fanout == 3
    one.read(replace(CALM, memory=700), 3)
    assert one.budget == FULL


def test_storage_is_high_above_nine_tenths() -> None:
    one = manager()
    one.read(replace(CALM, storage=900), 0)
    assert prunes(one) == []
    one.read(replace(CALM, storage=901), 0)
    assert prunes(one) == [Prune(101, "storage")]
    one.read(replace(CALM, storage=850), PRUNE_MS)
    assert prunes(one) == [Prune(50, "storage")]
    one.read(replace(CALM, storage=800), 2 * PRUNE_MS)
    one.read(replace(CALM, storage=850), 3 * PRUNE_MS)
    assert prunes(one) == []


def test_pruning_is_asked_for_once_a_minute() -> None:
    one = manager()
    for now in range(0, 10 * MINUTE_MS, 1_000):
        one.read(replace(CALM, memory=900, storage=950), now)

    assert len(prunes(one)) == 2 * 10


@pytest.mark.parametrize(
    ("battery", "aware", "mode"),
    [
        (20, True, Mode.FULL),
        (19, True, Mode.LOW_POWER),
        (19.9, True, Mode.LOW_POWER),
        (5, True, Mode.LOW_POWER),
        (4, True, Mode.CRITICAL),
        (None, True, Mode.FULL),
        (19, False, Mode.FULL),
        (1, False, Mode.FULL),
    ],
)
def test_battery(battery: float | None, aware: bool, mode: Mode) -> None:
    one = manager(replace(LIMITS, battery_aware=aware))
    one.read(replace(CALM, battery=battery), 0)

    assert one.budget.mode == mode


def test_the_battery_has_no_margin() -> None:
    one = manager()
    modes = []
    for battery in (19, 20, 19, 20):
        one.read(replace(CALM, battery=battery), 0)
        modes.append(one.budget.mode)

    assert modes == [Mode.LOW_POWER, Mode.FULL] * 2


def test_a_metered_line() -> None:
    one = manager()
    for metered, expected in ((None, FULL), (False, FULL), (True, METERED)):
        one.read(replace(CALM, metered=metered), 0)
        assert one.budget == expected
    one.read(replace(CALM, metered=True, battery=10), 0)

    assert one.budget == replace(LOW_POWER, metered=True)


def test_nothing_left_is_critical() -> None:
    for reading in (replace(CALM, memory=951), replace(CALM, storage=981)):
        one = manager()
        one.read(reading, 0)
        assert one.budget == CRITICAL
        one.read(CALM, 1)
        assert one.budget == FULL


def test_each_mode_takes_no_more_than_the_one_before() -> None:
    for richer, poorer in ((FULL, METERED), (METERED, LOW_POWER), (LOW_POWER, CRITICAL)):
        assert poorer.fanout <= richer.fanout
        assert poorer.pull_ms >= richer.pull_ms
        assert poorer.push_ms >= richer.push_ms
        assert poorer.pull_peers <= richer.pull_peers
        assert poorer.dht_pace > richer.dht_pace
    assert (LOW_POWER.wakes_per_minute, CRITICAL.wakes_per_minute) == (1, 1)
    assert (FULL.cover, METERED.cover, LOW_POWER.cover) == ("full", "metered", "off")


@given(st.lists(st.tuples(st.integers(0, 2_000), st.integers(0, 2_000)), max_size=30))
def test_between_the_lines_nothing_changes(readings: list[tuple[int, int]]) -> None:
    one = manager()
    for now, (memory, storage) in enumerate(readings):
        before = one.budget
        one.read(replace(CALM, memory=memory, storage=storage), now)
        if 700 < memory <= 800 and storage <= 800 and before in (FULL, replace(FULL, fanout=3)):
            assert one.budget == before
        changed = [event for event in one.events() if isinstance(event, Set)]
        assert len(changed) == (one.budget != before)


# --- bandwidth -----------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", [1_000, 50_000, 3_333_333])
@pytest.mark.parametrize("largest", [60, 1_500, 65_536])
def test_the_cap_holds(rate: int, largest: int) -> None:
    """Whoever always has something to send sends no more than the cap and a twentieth."""
    chance, one, now, sent = random.Random(rate), Bandwidth(rate), 10**12, 0
    begun = now
    while now - begun < 3_600_000 and sent < 50_000 * largest:
        size = chance.randrange(1, largest + 1)
        if one.spend(size, now):
            sent += size
        else:
            assert now < one.ready_at(now) <= now + 1_001 + largest * 1_000 // rate
            now = one.ready_at(now)
    seconds = (now - begun) / 1_000

    assert sent <= rate * seconds * 1.05 + rate + largest
    assert seconds < 60 or sent <= rate * seconds * 1.05
    assert sent >= rate * seconds * 0.95 - largest


def test_a_pause_earns_a_second_and_no_more() -> None:
    one = Bandwidth(1_000)
    one.spend(1_000, 0)
    assert not one.spend(1, 0)
    sent = sum(one.spend(100, 3_600_000) for _ in range(50))

    assert sent == 10


def test_without_a_cap_everything_is_sent() -> None:
    one = Bandwidth(None)

    assert all(one.spend(1 << 30, 0) for _ in range(10))
    assert one.ready_at(5) == 5


# --- wakes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("per_minute", [1, 3, 60])
def test_no_attack_wakes_a_node_more_often(per_minute: int) -> None:
    """Something comes in every 10 ms: in no minute are there more wakes than are allowed."""
    one = Wakes(per_minute)
    woken = [now for now in range(0, 20 * MINUTE_MS, 10) if one.wake(now)]

    assert all(
        later - first >= MINUTE_MS for first, later in zip(woken, woken[per_minute:], strict=False)
    )
    assert len(woken) == 20 * per_minute


def test_a_node_may_sleep_until_something_is_due() -> None:
    one = Wakes(1)
    assert one.next_at(5_000, 0) == 5_000
    assert one.wake(5_000)
    assert one.next_at(6_000, 5_001) == 5_000 + MINUTE_MS
    assert one.next_at(100_000, 5_001) == 100_000
    assert not one.wake(6_000)
    one.set(None)
    assert one.wake(6_000)
    assert one.next_at(0, 7_000) == 7_000


def test_a_mode_that_changes_forgets_no_wake() -> None:
    one = Wakes(60)
    assert all(one.wake(now) for now in range(0, 60_000, 1_000))
    one.set(1)

    assert one.next_at(60_000, 60_000) == 59_000 + MINUTE_MS
