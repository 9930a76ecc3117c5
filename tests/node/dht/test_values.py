"""What a node holds for others: how long, how much, and whose."""

import pytest

from node.crypto import sha256
from node.dht import values as values_module
from node.dht.limits import PEERS_MAX, Allowance, Allowances
from node.dht.messages import MARK, Kept
from node.dht.records import PER_KEY_MAX, Kind, Record
from node.dht.values import AGED_MS, PER_SOURCE_MAX, Values

HOUR = 3_600_000
KEY = sha256(b"key")


def record(signer: int, sequence: int = 1, key: bytes = KEY, payload: bytes = b"") -> Record:
    """Return what a checked record looks like; values look at no signature."""
    public = signer.to_bytes(8, "big")
    raw = b"|".join((key, public, bytes([sequence]), payload)) + bytes(4627)
    return Record(Kind.PRESENCE, key, sequence, payload, public, raw)


def test_a_record_lives_as_long_as_it_was_given_from_when_it_came() -> None:
    values = Values(bytes(32))
    assert values.put(record(1), "a", HOUR, 1000) is Kept.STORED
    assert len(values.get(KEY, 1000 + HOUR - 1)) == 1
    assert values.get(KEY, 1000 + HOUR) == []
    values.expire(1000 + HOUR)
    assert len(values) == 0
    assert values.keys() == []


def test_the_same_record_again_lives_longer_and_never_shorter() -> None:
    values = Values(bytes(32))
    values.put(record(1), "a", HOUR, 0)
    values.put(record(1), "b", 1000, 10)
    assert len(values.get(KEY, HOUR - 1)) == 1
    values.put(record(1), "b", HOUR, HOUR - 1)
    assert len(values.get(KEY, 2 * HOUR - 2)) == 1
    assert len(values) == 1


def test_of_one_signer_the_last_record_counts() -> None:
    values = Values(bytes(32))
    values.put(record(1, 2), "a", HOUR, 0)
    assert values.is_outdated(record(1, 1))
    assert values.put(record(1, 1), "a", HOUR, 0) is Kept.OUTDATED
    assert values.put(record(1, 3), "a", HOUR, 0) is Kept.STORED
    assert [held.record.sequence for held in values.get(KEY, 0)] == [3]
    assert values.has(record(1, 3))
    assert not values.has(record(1, 2))
    assert not values.is_outdated(record(2, 1))


def test_of_two_with_one_sequence_every_node_keeps_the_same() -> None:
    pair = record(1, 1, payload=b"x"), record(1, 1, payload=b"y")
    kept = []
    for order in (pair, pair[::-1]):
        values = Values(bytes(32))
        for one in order:
            values.put(one, "a", HOUR, 0)
        kept.append(values.get(KEY, 0)[0].record)
    assert kept[0] == kept[1]


def test_marked_records_are_left_out() -> None:
    values = Values(bytes(32))
    for signer in range(3):
        values.put(record(signer), "a", HOUR, 0)
    marks = (record(1).digest[:MARK], b"\0" * MARK)
    held, left = values.unmarked(KEY, marks, 0)
    assert held == 3
    assert [one.public[-1] for one in left] == [0, 2]
    assert values.unmarked(sha256(b"other"), (), 0) == (0, [])


def fill(values: Values, source: str = "a", now: int = 0, first: int = 0) -> None:
    for signer in range(first, first + PER_KEY_MAX):
        assert values.put(record(signer), source, HOUR, now) is Kept.STORED


def test_a_key_holds_so_many() -> None:
    values = Values(bytes(32))
    fill(values)
    assert values.put(record(900), "a", HOUR, 0) is Kept.NO_ROOM
    assert len(values.get(KEY, 0)) == PER_KEY_MAX


def test_who_brought_most_gives_way_until_shares_are_equal() -> None:
    values = Values(bytes(32))
    fill(values, "flooder")
    outcomes = [values.put(record(900 + n), "b", HOUR, 1) for n in range(PER_KEY_MAX)]
    assert outcomes.count(Kept.STORED) == PER_KEY_MAX // 2
    held = [one.source for one in values.get(KEY, 1)]
    assert held.count("b") == held.count("flooder") == PER_KEY_MAX // 2
    oldest = [one.record.public[-1] for one in values.get(KEY, 1)][: PER_KEY_MAX // 2]
    assert oldest == [*range(PER_KEY_MAX // 2)], "the newest of the flooder's went"


def test_an_old_record_is_pushed_out_by_nobody() -> None:
    values = Values(bytes(32))
    fill(values)
    for number in range(100):
        assert values.put(record(900 + number), f"s{number}", HOUR, AGED_MS) is Kept.NO_ROOM


def test_a_source_brings_so_many() -> None:
    values = Values(bytes(32))
    outcomes = [
        values.put(record(1, key=sha256(bytes([n % 256, n >> 8]))), "a", HOUR, 0)
        for n in range(PER_SOURCE_MAX + 9)
    ]
    assert outcomes.count(Kept.NO_ROOM) == 9
    assert values.put(record(1), "b", HOUR, 0) is Kept.STORED


def test_a_full_node_gives_up_what_is_farthest() -> None:
    values = Values(bytes(32), capacity=4)
    for near in (8, 16, 32, 64):
        values.put(record(1, key=bytes([near]) + bytes(31)), "a", HOUR, 0)
    assert values.put(record(1, key=b"\x80" + bytes(31)), "b", HOUR, 0) is Kept.NO_ROOM
    assert values.put(record(1, key=b"\x01" + bytes(31)), "b", HOUR, 0) is Kept.STORED
    assert sorted(key[0] for key in values.keys()) == [1, 8, 16, 32]  # noqa: SIM118 - no mapping
    assert len(values) == 4


def test_nothing_is_kept_for_no_time() -> None:
    assert Values(bytes(32)).put(record(1), "a", 0, 0) is Kept.NO_ROOM


def test_room_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values_module, "PER_SOURCE_MAX", 2)
    values = Values(bytes(32))
    for number in range(2):
        values.put(record(number), "a", 1000, 0)
    assert values.put(record(2), "a", 1000, 0) is Kept.NO_ROOM
    values.expire(1000)
    assert values.put(record(2), "a", 1000, 1000) is Kept.STORED


def test_allowances_come_back_with_time() -> None:
    allowance = Allowance(per_second=2, most=3)
    assert [allowance.take(0) for _ in range(4)] == [True] * 3 + [False]
    assert [allowance.take(500) for _ in range(2)] == [True, False]
    assert [allowance.take(100_000) for _ in range(4)] == [True] * 3 + [False]


def test_a_clock_that_is_set_back_is_no_debt() -> None:
    allowance = Allowance(per_second=1, most=2)
    assert allowance.take(10_000)
    assert allowance.take(0)
    assert not allowance.take(999)
    assert allowance.take(1_999)


def test_what_is_charged_has_to_come_back_first() -> None:
    allowances = Allowances(per_second=1, most=4)
    assert allowances.take(b"a", 0)
    allowances.charge(b"a", 8)
    assert not allowances.take(b"a", 5_900)
    assert allowances.take(b"a", 6_000)


def test_allowances_are_each_peers_own_and_bounded() -> None:
    allowances = Allowances(per_second=1, most=1)
    assert allowances.take(b"a", 0)
    assert not allowances.take(b"a", 0)
    assert allowances.take(b"b", 0)
    for number in range(PEERS_MAX):
        allowances.take(number.to_bytes(4, "big"), 0)
    assert allowances.take(b"a", 0), "forgotten, as the one longest unused"
