"""The next block's time: true seconds, equal for neighbours, never ahead of the clock."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.clock import TIME_MAX, Clock
from chain.errors import InvalidRequest


class Wall:
    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def test_seconds_are_cut_and_milliseconds_kept() -> None:
    clock = Clock(Wall(1000.4375))
    assert clock.take(990) == (1000, 437)
    assert clock.take(1000) == (1000, 437)


@given(st.lists(st.floats(-1.5, 2.5), min_size=1, max_size=40))
def test_time_never_runs_ahead_nor_back(steps: list[float]) -> None:
    wall = Wall(1_000_000.0)
    clock = Clock(wall)
    latest, parent = wall.now, 1_000_000
    for step in steps:  # A negative step is a clock that was set back.
        wall.now += step
        latest = max(latest, wall.now)
        timestamp, millis = clock.take(parent)
        assert parent <= timestamp <= latest
        assert 0 <= millis < 1000
        parent = timestamp


def test_time_waits_for_a_clock_that_was_set_back() -> None:
    wall = Wall(500.0)
    clock = Clock(wall)
    assert clock.take(1000) == (1000, 999)
    wall.now = 1000.25
    assert clock.take(1000) == (1000, 250)


def test_an_increase_adds_up_and_goes_on() -> None:
    wall = Wall(1000.0)
    clock = Clock(wall)
    assert (clock.increase(60), clock.increase(0), clock.increase(5)) == (60, 60, 65)
    wall.now = 1001.0
    assert clock.take(1000) == (1066, 0)


def test_the_next_timestamp_is_used_once_and_time_goes_on_from_it() -> None:
    wall = Wall(1000.0)
    clock = Clock(wall)
    clock.set_next(5000, 1000)
    assert clock.peek(1000) == clock.peek(1000) == (5000, 0)
    assert clock.take(1000) == (5000, 0)
    wall.now = 1002.5
    assert clock.take(5000) == (5002, 500)


def test_the_next_timestamp_may_equal_its_parents_but_not_precede_it() -> None:
    clock = Clock(Wall(1000.0))
    clock.set_next(1000, 1000)
    assert clock.take(1000)[0] == 1000
    with pytest.raises(InvalidRequest, match="timestamp 999 is lower than the latest block's 1000"):
        clock.set_next(999, 1000)


def test_a_step_puts_blocks_at_regular_seconds() -> None:
    clock = Clock(Wall(1000.0), step=12)
    assert [clock.take(parent)[0] for parent in (100, 112)] == [112, 124]


def test_setting_the_time_moves_it_either_way() -> None:
    wall = Wall(1000.0)
    clock = Clock(wall)
    clock.set_next(9000, 1000)
    assert clock.set(400) == -600
    assert clock.take(300) == (400, 0)
    assert clock.set(1600) == 600
    assert clock.take(400) == (1600, 0)


@pytest.mark.parametrize("seconds", [-1, TIME_MAX])
def test_an_impossible_increase_is_refused(seconds: int) -> None:
    clock = Clock(Wall(1000.0))
    with pytest.raises(InvalidRequest):
        clock.increase(seconds)
    assert clock.offset == 0


@pytest.mark.parametrize("timestamp", [-1, 2**64])
def test_an_impossible_time_is_refused(timestamp: int) -> None:
    clock = Clock(Wall(1000.0))
    with pytest.raises(InvalidRequest):
        clock.set(timestamp)
    with pytest.raises(InvalidRequest):
        clock.set_next(timestamp, 0)
    assert (clock.offset, clock.next_timestamp) == (0, None)
