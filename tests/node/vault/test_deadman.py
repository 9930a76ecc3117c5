"""The switch, to the second, and with clocks that lie."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.codec import Refused
from node.vault.deadman import (
    ACTIONS_MAX,
    CHANNEL_MAX,
    DAY,
    HOUR,
    PAYLOAD_MAX,
    SPAN_MAX,
    STEP_MAX,
    Action,
    Kind,
    Phase,
    Switch,
)

START = 1_800_000_000_000
SECOND = 1000
ACTIONS = (
    Action(Kind.WIPE),
    Action(Kind.ALERT, b"channel 1", b"I am silent"),
    Action(Kind.HAND_OVER, b"channel 2", b"sealed"),
    Action(Kind.RELEASE, b"channel 1", b"to all"),
    Action(Kind.ALERT, b"channel 2", b"I am silent"),
)


def refusal(work):
    with pytest.raises(Refused) as refused:
        work()
    return refused.value.reason


@pytest.fixture
def switch():
    return Switch.enable(ACTIONS, START)


def after(switch, start, span, step=HOUR):
    """Tick every step until a span is over."""
    now = start
    while now < start + span:
        now = min(now + step, start + span)
        switch = switch.tick(now)
    return switch


def test_warns_at_72_hours_to_the_second(switch):
    assert after(switch, START, 72 * HOUR - SECOND).phase == Phase.WATCHING
    assert after(switch, START, 72 * HOUR).phase == Phase.WARNED


def test_acts_after_the_grace_to_the_second(switch):
    assert after(switch, START, 144 * HOUR - SECOND).phase == Phase.WARNED
    assert after(switch, START, 144 * HOUR).phase == Phase.TRIGGERED


def test_next_tick_leads_exactly_to_both_moments(switch):
    now, seen = START, []
    while switch.phase != Phase.TRIGGERED:
        now += switch.next_tick()
        before, switch = switch.phase, switch.tick(now)
        if switch.phase != before:
            seen.append((now - START, switch.phase))

    assert seen == [(72 * HOUR, Phase.WARNED), (144 * HOUR, Phase.TRIGGERED)]
    assert switch.next_tick() is None


def test_actions_come_in_order_and_the_wipe_last(switch):
    switch = after(switch, START, 144 * HOUR)
    kinds = []
    while switch.due():
        number = switch.due()[0]
        kinds.append(switch.actions[number].kind)
        switch = Switch.decode(switch.carried_out(number).encode())

    assert kinds == [Kind.ALERT, Kind.ALERT, Kind.RELEASE, Kind.HAND_OVER, Kind.WIPE]


def test_an_action_is_due_until_it_is_carried_out(switch):
    """A restart between asking and doing loses nothing; one after doing repeats nothing."""
    switch = after(switch, START, 144 * HOUR)
    again = Switch.decode(switch.encode())
    assert again.due() == (0, 1, 2, 3)
    done = Switch.decode(again.carried_out(1).encode())
    assert done.due() == (0, 2, 3)
    assert refusal(lambda: done.carried_out(1)) == "deadman: action is not due"
    assert refusal(lambda: done.carried_out(4)) == "deadman: action is not due"


def test_a_check_in_begins_anew_also_when_warned(switch):
    for span in (HOUR, 72 * HOUR, 144 * HOUR - SECOND):
        checked = after(switch, START, span).check_in(START + span)
        assert (checked.phase, checked.quiet) == (Phase.WATCHING, 0)
        again = after(checked, START + span, 72 * HOUR - SECOND)
        assert again.phase == Phase.WATCHING


def test_an_extension_moves_the_warning(switch):
    longer = after(switch, START, 73 * HOUR).extend(24 * HOUR)

    assert longer.phase == Phase.WATCHING
    assert after(longer, START + 73 * HOUR, 23 * HOUR - SECOND).phase == Phase.WATCHING
    assert after(longer, START + 73 * HOUR, 23 * HOUR).phase == Phase.WARNED
    assert after(longer, START + 73 * HOUR, 95 * HOUR).phase == Phase.TRIGGERED
    assert longer.check_in(START).warning_at == 72 * HOUR


def test_a_short_extension_leaves_the_warning(switch):
    warned = after(switch, START, 80 * HOUR).extend(HOUR)

    assert warned.phase == Phase.WARNED
    assert after(warned, START + 80 * HOUR, 65 * HOUR - SECOND).phase == Phase.WARNED
    assert after(warned, START + 80 * HOUR, 65 * HOUR).phase == Phase.TRIGGERED


def test_a_switch_that_is_off_does_nothing(switch):
    off = after(switch, START, 80 * HOUR).disable()

    assert off.next_tick() is None
    assert after(off, START + 80 * HOUR, 400 * HOUR).phase == Phase.OFF
    assert off.check_in(START).phase == Phase.OFF
    assert off.due() == ()


def test_nothing_is_taken_back_once_triggered(switch):
    over = after(switch, START, 144 * HOUR)

    for work in (over.disable, lambda: over.check_in(START), lambda: over.extend(HOUR)):
        assert refusal(work) == "deadman: triggered already"
    assert over.tick(START + 999 * HOUR) == over.tick(START + 999 * HOUR)
    assert over.tick(START + 999 * HOUR).phase == Phase.TRIGGERED


def test_a_step_back_counts_nothing_and_what_follows_counts(switch):
    switch = after(switch, START, 71 * HOUR)
    switch = switch.tick(START - 1000 * DAY)
    assert (switch.phase, switch.quiet) == (Phase.WATCHING, 71 * HOUR)
    assert after(switch, START - 1000 * DAY, HOUR).phase == Phase.WARNED


def test_a_jump_warns_and_goes_no_further(switch):
    """Also one of a hundred years, and again; then the grace takes its 72 hours of watching."""
    switch = switch.tick(START + 36_500 * DAY)
    assert (switch.phase, switch.quiet) == (Phase.WARNED, 72 * HOUR)
    for years in range(1, 71):
        switch = switch.tick(START + 36_500 * DAY * (1 + years))
    assert switch.phase == Phase.WARNED
    assert switch.quiet == 142 * HOUR
    assert after(switch, switch.seen, 2 * HOUR).phase == Phase.TRIGGERED


def test_of_a_clock_that_swings_the_steps_forward_count(switch):
    now = START
    for _ in range(71):
        now += HOUR
        switch = switch.tick(now)
        now -= HOUR
        switch = switch.tick(now)
    assert (switch.phase, switch.quiet) == (Phase.WATCHING, 71 * HOUR)


@given(st.lists(st.integers(-(10**12), 10**12), max_size=300))
def test_no_clock_triggers_without_72_steps_of_grace(steps):
    switch = Switch.enable(ACTIONS, START)
    now, warned = START, 0
    for step in steps:
        now = max(0, now + step)
        was = switch.phase
        switch = switch.tick(now)
        warned += was == Phase.WARNED
        assert switch.phase != Phase.TRIGGERED or warned >= 72
        assert Switch.decode(switch.encode()) == switch


@pytest.mark.parametrize(
    ("interval", "grace"), [(HOUR - 1, HOUR), (HOUR, 0), (SPAN_MAX + 1, HOUR), (HOUR, SPAN_MAX + 1)]
)
def test_spans_have_bounds(interval, grace):
    assert (
        refusal(lambda: Switch.enable(ACTIONS, START, interval, grace))
        == "deadman: interval and grace are an hour to a year"
    )


def test_other_spans(switch):
    other = Switch.enable(ACTIONS, START, 30 * DAY, HOUR)

    assert after(other, START, 30 * DAY - SECOND).phase == Phase.WATCHING
    assert after(other, START, 30 * DAY + HOUR).phase == Phase.TRIGGERED
    for span in (0, -1, SPAN_MAX + 1):
        assert (
            refusal(lambda span=span: switch.extend(span))
            == "deadman: extensions are a year at most"
        )


def test_actions_have_bounds():
    many = ACTIONS[:1] * (ACTIONS_MAX + 1)
    long = (Action(Kind.RELEASE, b"", bytes(PAYLOAD_MAX + 1)),)
    name = (Action(Kind.RELEASE, bytes(CHANNEL_MAX + 1)),)
    most = (Action(Kind.RELEASE, bytes(CHANNEL_MAX), bytes(PAYLOAD_MAX)),) * ACTIONS_MAX

    assert refusal(lambda: Switch.enable((), START)) == "deadman: number of actions"
    assert refusal(lambda: Switch.enable(many, START)) == "deadman: number of actions"
    assert refusal(lambda: Switch.enable(long, START)) == "deadman: payload is too long"
    assert refusal(lambda: Switch.enable(name, START)) == "deadman: payload is too long"
    assert Switch.decode(Switch.enable(most, START).encode()).actions == most


def test_the_stored_form_is_strict(switch):
    data = after(switch, START, 144 * HOUR).carried_out(2).encode()

    for size in range(len(data)):
        assert refusal(lambda size=size: Switch.decode(data[:size])) == "codec: too short"
    assert refusal(lambda: Switch.decode(data + b"\0")) == "codec: trailing bytes"
    for place, value in ((0, 9), (1, 4), (42, 255), (46, 9), (47, 2)):
        hit = data[:place] + bytes([value]) + data[place + 1 :]
        assert refusal(lambda hit=hit: Switch.decode(hit)) == "deadman: damaged state", place


def test_a_stored_form_that_enable_would_not_make_is_damaged(switch):
    """Actions out of order, and an extension beyond its bound."""
    swapped = replace(switch, actions=switch.actions[::-1])
    longer = replace(switch, extension=SPAN_MAX + 1)

    for wrong in (swapped, longer):
        assert refusal(lambda w=wrong: Switch.decode(w.encode())) == "deadman: damaged state"
    longest = switch.extend(SPAN_MAX)
    assert Switch.decode(longest.encode()) == longest


def test_units_and_defaults(switch):
    assert (HOUR, DAY, SPAN_MAX) == (3_600_000, 86_400_000, 366 * 86_400_000)
    assert (switch.interval, switch.grace) == (259_200_000, 259_200_000)


def test_payloads_are_in_no_repr(switch):
    assert "silent" not in repr(switch)
    assert STEP_MAX == HOUR
