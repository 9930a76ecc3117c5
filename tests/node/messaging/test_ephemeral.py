"""Erasing by the clock: to the millisecond, and whatever the clock does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.codec import Refused
from node.messaging.ephemeral import DAY, HOUR, LIFE, LIFE_MAX, TIME_MAX, Record, Role, plan

ID = bytes(range(16))
NOW = 1_800_000_000_000


@pytest.mark.parametrize(
    ("role", "life"), [(Role.SENDER, HOUR), (Role.RECIPIENT, DAY), (Role.RELAY, 7 * DAY)]
)
def test_each_role_has_its_life(role, life):
    record = Record.begin(ID, role, NOW)

    assert plan([record], NOW + life - 1).erase == ()
    assert plan([record], NOW + life - 1).next_at == NOW + life
    assert plan([record], NOW + life).erase == (ID,)
    assert plan([record], NOW + life).next_at is None


def test_a_message_may_be_kept_longer_or_erased_at_once():
    record = Record.begin(ID, Role.RECIPIENT, NOW)
    longer = record.extended(NOW + HOUR, 3 * DAY)

    assert longer.due == NOW + HOUR + 3 * DAY
    assert plan([longer], NOW + 2 * DAY).erase == ()
    assert plan([longer.at_once()], NOW).erase == (ID,)
    assert plan([record.at_once()], NOW).erase == (ID,)


def test_nothing_is_kept_beyond_the_bound_of_its_role():
    relayed = Record.begin(ID, Role.RELAY, NOW)
    for later in (0, 20 * DAY, 29 * DAY):
        relayed = relayed.extended(NOW + later, 30 * DAY)
    assert relayed.due == NOW + LIFE_MAX[Role.RELAY]


def test_a_record_of_a_wrong_clock_does_not_stay():
    ahead = Record.begin(ID, Role.RECIPIENT, NOW + 400 * DAY)

    assert plan([ahead], NOW).erase == (ID,)
    assert plan([Record.begin(ID, Role.RECIPIENT, NOW + HOUR)], NOW).erase == ()


def test_what_is_not_due_tells_when_to_look_again():
    records = [Record.begin(bytes([n]) * 16, Role.SENDER, NOW + n * HOUR) for n in range(4)]
    shown = plan(records, NOW + 2 * HOUR)

    assert shown.erase == (bytes(16), bytes([1]) * 16)
    assert shown.next_at == NOW + 3 * HOUR
    assert plan([], NOW).next_at is None


records = st.builds(
    Record,
    st.binary(min_size=16, max_size=16),
    st.sampled_from(list(Role)),
    st.integers(0, 2 * NOW),
    st.integers(0, 30 * DAY),
)


@given(st.lists(records, max_size=20), st.integers(0, 2 * NOW))
def test_after_its_time_nothing_is_left(kept, now):
    shown = plan(kept, now)
    later = plan([one for one in kept if one.message_id not in shown.erase], now)

    assert later.erase == ()
    assert plan(kept, 2 * NOW + 31 * DAY).next_at is None
    if shown.next_at is not None:
        assert now < shown.next_at <= now + 2 * 30 * DAY


@given(records)
def test_a_record_survives_the_store(record):
    assert Record.decode(record.encode()) == record


def test_a_damaged_record_is_refused():
    data = Record.begin(ID, Role.RELAY, NOW).encode()

    for size in range(len(data)):
        with pytest.raises(Refused, match="too short"):
            Record.decode(data[:size])
    with pytest.raises(Refused, match="trailing"):
        Record.decode(data + b"\0")
    with pytest.raises(Refused, match="unknown role"):
        Record.decode(data[:16] + b"\3" + data[17:])
    with pytest.raises(Refused, match="too long"):
        Record.decode(data[:25] + b"\xff" + data[26:])
    with pytest.raises(Refused, match="too long"):
        Record.decode(data[:17] + TIME_MAX.to_bytes(8, "big") + data[25:])


def test_every_role_is_bounded():
    assert set(LIFE) == set(LIFE_MAX) == set(Role)
