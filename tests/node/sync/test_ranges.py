"""Range-based reconciliation: any two sets, every byte of a message, and sides that lie."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.codec import Reader, Refused, u16
from node.mesh.sync import ranges
from node.mesh.sync.items import END, ROW, Items, id_of, row
from node.mesh.sync.ranges import (
    LIST_MAX,
    MESSAGE_MAX,
    SHORT,
    Kind,
    Range,
    encode_ranges,
    opening,
    promised,
    read_ranges,
    respond,
    short_of,
)

SEED = bytes(range(16))


def reconcile(first: Items, second: Items) -> tuple[set[bytes], set[bytes], list[int]]:
    """Return what each found that the other lacks, and the size of each message."""
    sides, found, sizes = (first, second), (set(), set()), []
    said, turn = opening(first, SEED), 1
    while said:
        data = encode_ranges(said)
        sizes.append(len(data))
        assert len(data) <= MESSAGE_MAX
        said = read_ranges(Reader(data))
        answer = respond(sides[turn], SEED, said)
        found[turn].update(answer.missing_there)
        said, turn = answer.ranges, 1 - turn
        assert len(sizes) < 60
    return *found, sizes


NUMBERS = st.sets(st.integers(0, 400))


@settings(deadline=None, max_examples=80)
@given(shared=NUMBERS, ours=NUMBERS, theirs=NUMBERS, crowded=st.booleans())
def test_each_side_finds_what_the_other_lacks(shared, ours, theirs, crowded: bool) -> None:
    def places(numbers):
        made = (random.Random(number).randbytes(32) for number in numbers)
        return [row(each[0] % 3 if crowded else each[0], each) for each in made]

    first, second = set(places(shared | ours)), set(places(shared | theirs))
    there, here, _ = reconcile(Items(first), Items(second))

    assert there == {id_of(each) for each in first - second}
    assert here == {id_of(each) for each in second - first}


@pytest.mark.parametrize("lacking", [1, 30, 400])
def test_scattered_differences(make_rows, lacking: int) -> None:
    rows = make_rows(6000)
    absent = random.Random(2).sample(rows, 2 * lacking)
    first, second = set(rows) - set(absent[::2]), set(rows) - set(absent[1::2])
    there, here, sizes = reconcile(Items(first), Items(second))

    assert there == {id_of(each) for each in first - second}
    assert here == {id_of(each) for each in second - first}
    assert len(sizes) <= 5


def test_equal_sets_end_at_once(make_rows) -> None:
    *_, sizes = reconcile(Items(make_rows(4000)), Items(make_rows(4000)))

    assert len(sizes) == 1
    assert sizes[0] < 500


def test_an_empty_side_is_given_all(make_rows) -> None:
    rows = make_rows(3000)
    there, here, sizes = reconcile(Items(), Items(rows))

    assert (there, here) == (set(), {id_of(each) for each in rows})
    assert len(sizes) == 1


def test_an_answer_is_bounded_and_still_comes_to_an_end(make_rows, monkeypatch) -> None:
    """With room for two parts in a message, half of everything still finds its way."""
    monkeypatch.setattr(ranges, "MESSAGE_MAX", 3 * ranges._ANSWER_MAX)
    monkeypatch.setitem(reconcile.__globals__, "MESSAGE_MAX", 3 * ranges._ANSWER_MAX)
    rows = make_rows(1500)
    there, here, sizes = reconcile(Items(rows[::2]), Items(rows[1::2]))

    assert there == {id_of(each) for each in rows[::2]}
    assert here == {id_of(each) for each in rows[1::2]}
    assert len(sizes) > 10


def test_a_hostile_message_gets_a_bounded_answer(make_rows) -> None:
    """As many ranges as fit, none of them right."""
    items = Items(make_rows(20_000))
    bounds = [number.to_bytes(8, "big") for number in range(1, 6600)]
    said = [Range(each, Kind.FINGERPRINT, fingerprint=bytes(16)) for each in bounds]
    answer = respond(items, SEED, said)

    assert len(encode_ranges(answer.ranges)) <= MESSAGE_MAX
    assert answer.missing_there == []


def test_what_was_not_listed_is_not_sent(make_rows) -> None:
    """Who asks for what he cannot have been told gets nothing hashed for it."""
    items = Items(rows := make_rows(1000))
    asked = tuple(sorted(short_of(SEED, id_of(each)) for each in rows[:LIST_MAX]))

    assert respond(items, SEED, [Range(END, Kind.LACKING, shorts=asked)]).missing_there == []
    some = [Range(rows[40], Kind.LACKING, shorts=asked)]
    found = respond(Items(sorted(rows)), SEED, some).missing_there
    assert set(found) <= {id_of(each) for each in rows[:LIST_MAX]}


def test_lies_change_nothing_but_what_is_sent(make_rows, chance) -> None:
    """A side that lists what it does not have is told that it lacks nothing else."""
    items = Items(make_rows(20))
    lies = tuple(sorted(chance(SHORT) for _ in range(5)))
    answer = respond(items, SEED, [Range(END, Kind.IDS, shorts=lies)])

    assert len(answer.missing_there) == 20
    assert answer.ranges == [Range(END, Kind.LACKING, shorts=lies)]
    assert not answer.is_open


def test_what_is_promised(make_rows) -> None:
    rows = sorted(make_rows(9))
    shorts = [short_of(SEED, id_of(each)) for each in rows]
    said = [
        Range(rows[3], Kind.IDS, shorts=(shorts[0],)),  # lists 0: 1 and 2 will be sent
        Range(rows[6], Kind.LACKING, shorts=(shorts[4],)),  # asks for 4 alone
        Range(END, Kind.FINGERPRINT, fingerprint=bytes(16)),
    ]

    assert promised(said, SEED, rows) == [rows[1], rows[2], rows[4]]


# --- Bytes ----------------------------------------------------------------------------------

BOUND = st.binary(min_size=1, max_size=ROW)
SHORTS = st.sets(st.binary(min_size=SHORT, max_size=SHORT), max_size=LIST_MAX).map(sorted)


@st.composite
def messages(draw) -> list[Range]:
    made = []
    bounds = sorted(draw(st.sets(BOUND, max_size=8))) + draw(st.sampled_from([[], [END]]))
    for upper in bounds:
        kind = draw(st.sampled_from(Kind))
        if kind == Kind.SKIP and (upper == bounds[-1] or (made and made[-1].kind == Kind.SKIP)):
            kind = Kind.FINGERPRINT
        fingerprint = draw(st.binary(min_size=16, max_size=16)) if kind == Kind.FINGERPRINT else b""
        shorts = draw(SHORTS) if kind in (Kind.IDS, Kind.LACKING) else []
        if kind == Kind.LACKING and not shorts:
            shorts = [bytes(SHORT)]
        made.append(Range(upper, kind, fingerprint, tuple(shorts)))
    return made


@settings(deadline=None, max_examples=60)
@given(said=messages())
def test_they_come_back_from_their_bytes(said: list[Range]) -> None:
    assert read_ranges(Reader(encode_ranges(said))) == said


@settings(deadline=None, max_examples=60)
@given(said=messages(), at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_bytes_have_one_meaning_and_meanings_one_encoding(said, at: int, bit: int) -> None:
    data = bytearray(encode_ranges(said))
    data[at % len(data)] ^= 1 << bit
    try:
        read = read_ranges(Reader(bytes(data)))
    except Refused:
        return
    assert encode_ranges(read) == data


SKIP, HASH, IDS, LACKING = (bytes([kind]) for kind in Kind)
ONE = b"\x00\x01\x05" + IDS + b"\x00"
SIZE, ORDER, LIST = "wrong length of a bound", "bounds out of order", "wrong length of a list"
# Name -> how many ranges it says that there are, the ranges, and why they are refused.
REFUSED = {
    "unknown kind": (1, b"\x00\x01\x05\x04", "unknown kind"),
    "no bound": (1, b"\x00\x00" + HASH + bytes(16), SIZE),
    "bound too long": (1, b"\x00\x29" + bytes(41) + IDS + b"\x00", SIZE),
    "bound too long with what was alike": (2, ONE + b"\x01\x28" + bytes(40) + IDS + b"\x00", SIZE),
    "more alike than there was": (1, b"\x01\x01\x05" + IDS + b"\x00", SIZE),
    "bound not rising": (2, ONE + ONE, ORDER),
    "bound falling": (2, ONE + b"\x00\x01\x04" + IDS + b"\x00", ORDER),
    "bound says again what was alike": (2, ONE + b"\x00\x02\x05\x01" + IDS + b"\x00", ORDER),
    "behind the end": (2, b"\xff" + IDS + b"\x00" + b"\xff" + IDS + b"\x00", "behind the end"),
    "ends with a skip": (1, b"\xff" + SKIP, "ends with a skip"),
    "two skips": (
        *(3, b"\x00\x01\x05" + SKIP + b"\x00\x01\x06" + SKIP + b"\xff" + IDS + b"\x00"),
        "two skips",
    ),
    "list too long": (
        *(1, b"\xff" + IDS + b"\x21" + b"".join(bytes(7) + bytes([n]) for n in range(33))),
        LIST,
    ),
    "list out of order": (
        *(1, b"\xff" + IDS + b"\x02" + b"\x02" * 8 + b"\x01" * 8),
        "list out of order",
    ),
    "twice in a list": (1, b"\xff" + IDS + b"\x02" + b"\x02" * 16, "list out of order"),
    "lacks nothing": (1, b"\xff" + LACKING + b"\x00", LIST),
    "fewer than it says": (2, ONE, "too short"),
    "more than it says": (1, ONE + b"\x00\x01\x06" + IDS + b"\x00", "trailing"),
    "too short": (1, b"\xff" + HASH + bytes(15), "too short"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    count, data, reason = REFUSED[name]
    with pytest.raises(Refused, match=reason):
        read_ranges(Reader(u16(count) + data))


def test_every_truncation_is_refused(make_rows) -> None:
    data = encode_ranges(opening(Items(make_rows(600)), SEED))
    for size in range(len(data)):
        with pytest.raises(Refused):
            read_ranges(Reader(data[:size]))
