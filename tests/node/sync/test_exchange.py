"""Comparisons of histories: what each finds, in how many messages, and sides that lie."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from node.codec import Refused, u8, u32
from node.mesh.sync import exchange as exchange_module
from node.mesh.sync import ranges
from node.mesh.sync.exchange import HEADS_MAX, VERSION, Kind
from node.mesh.sync.items import Items, id_of, row


def kinds(outcome) -> list[int]:
    return [message[1] for message in outcome.messages]


# The fixtures only make things: examples share nothing but where chance goes on.
@settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    shared=st.integers(0, 150),
    ours=st.integers(0, 80),
    theirs=st.integers(0, 80),
    seed=st.integers(0, 9),
    fresh_max=st.sampled_from([0, 40, 10_000]),
    remembered=st.booleans(),
)
def test_both_end_with_everything(
    replica, settle, shared, ours, theirs, seed, fresh_max, remembered
) -> None:
    """Whatever the graphs, and whether it went by heads, filters or ranges."""
    first = replica(shared, seed)
    second = first.copy()
    first.fresh_max = second.fresh_max = fresh_max
    common = first.heads if remembered else []
    first.write(random.Random(seed + 100), ours)
    second.write(random.Random(seed + 200), theirs)
    everything = set(first.parents) | set(second.parents)
    settle(first, second, (common, common))
    again, _ = settle(first, second)

    assert set(first.parents) == set(second.parents) == everything
    assert kinds(again) == [Kind.HEADS, Kind.END]


@pytest.mark.campaign
def test_very_many_histories(replica, settle) -> None:
    """Every exchange ends with both closed and equal, over long chains of comparisons."""
    for seed in range(150):
        made = random.Random(seed)
        sides = [replica(made.randint(0, 300), 3 * seed + n, 1 + n) for n in range(3)]
        common: dict[tuple[int, int], tuple] = {}
        for turn in range(12):
            first, second = made.sample(range(3), 2)
            for number in (first, second):
                sides[number].fresh_max = made.choice([0, 30, 10_000])
                sides[number].write(random.Random(f"{seed} {turn} {number}"), made.randint(0, 60))
            remembered = common.get((first, second), ((), ()))
            everything = set(sides[first].parents) | set(sides[second].parents)
            outcome, _ = settle(sides[first], sides[second], remembered)
            common[first, second] = tuple(side.common() for side in outcome.sides)

            assert set(sides[first].parents) == set(sides[second].parents) == everything, seed


def test_equal_histories_need_one_answer(replica, compare) -> None:
    outcome = compare(replica(300), replica(300))

    assert kinds(outcome) == [Kind.HEADS, Kind.END]
    assert outcome.sent(outcome.first) == outcome.sent(outcome.second) == []
    assert sum(map(len, outcome.messages)) < 1000


@pytest.mark.parametrize("behind", ["the side that begins", "the side that answers"])
def test_who_only_lacks_is_sent_what_he_lacks(replica, compare, behind: str) -> None:
    """The heads tell it all, whatever filters would hide."""
    ahead, late = replica(500), replica(500)
    ahead.write(random.Random(3), 300)
    new = set(ahead.parents) - set(late.parents)
    if behind == "the side that begins":
        outcome = compare(late, ahead)
        assert set(outcome.sent(outcome.second)) == new
        assert kinds(outcome) == [Kind.HEADS, Kind.END]
    else:
        outcome = compare(ahead, late, (late.heads, late.heads))
        assert set(outcome.sent(outcome.first)) == new
        assert len(outcome.messages) <= 3
    assert outcome.asked(outcome.first) + outcome.asked(outcome.second) == []


def test_a_newcomer_is_sent_all(replica, compare) -> None:
    old, new = replica(3000), replica(0)
    old.fresh_max = 1000
    outcome = compare(new, old)

    assert set(outcome.sent(outcome.second)) == set(old.parents)
    assert kinds(outcome)[-1] == Kind.END


def test_filters_go_once_each_way(replica, compare) -> None:
    first = replica(1000)
    second, common = first.copy(), first.heads
    first.write(random.Random(5), 200)
    second.write(random.Random(6), 300)
    outcome = compare(first, second, (common, common))
    ours, theirs = (set(each.parents) for each in (first, second))

    assert kinds(outcome) == [Kind.HEADS, Kind.FILTER, Kind.FILTER]
    assert set(outcome.sent(outcome.first)) <= ours - theirs
    assert set(outcome.sent(outcome.second)) <= theirs - ours
    assert len(outcome.sent(outcome.first) + outcome.sent(outcome.second)) > 450


def test_a_head_that_a_filter_hides_is_asked_for(replica, settle, monkeypatch) -> None:
    """A filter that claims everything: whatever it hides follows from the heads."""
    first = replica(50)
    second, common = first.copy(), first.heads
    first.write(random.Random(5), 20)
    second.write(random.Random(6), 20)
    everything = set(first.parents) | set(second.parents)
    monkeypatch.setattr(exchange_module.Bloom, "__contains__", lambda *_: True)
    outcome, walked = settle(first, second, (common, common))

    assert outcome.sent(outcome.first) + outcome.sent(outcome.second) == []
    assert outcome.asked(outcome.first)
    assert walked
    assert set(first.parents) == set(second.parents) == everything


@pytest.mark.parametrize("begins", [True, False])
def test_who_knows_all_heads_asks_no_filter(replica, compare, monkeypatch, begins: bool) -> None:
    """One that claims everything, where the heads say exactly what its sender lacks."""
    ahead = replica(50)
    common = ahead.heads
    ahead.write(random.Random(5), 20)
    late = ahead.copy()
    ahead.write(random.Random(6), 20)
    monkeypatch.setattr(exchange_module.Bloom, "__contains__", lambda *_: True)
    pair = (ahead, late) if begins else (late, ahead)
    outcome = compare(*pair, (common, common))

    sent = outcome.sent(outcome.first if begins else outcome.second)
    assert set(sent) == set(ahead.parents) - set(late.parents)


def test_fingerprints_that_collide_hide_nothing(replica, settle, monkeypatch) -> None:
    """Somebody mints vertices so that all sums are alike: the heads differ all the same."""
    first, second = replica(200, 1), replica(200, 2)
    first.fresh_max = second.fresh_max = 0
    everything = set(first.parents) | set(second.parents)
    monkeypatch.setattr(ranges, "digest", lambda _: bytes(16))
    outcome, walked = settle(first, second)

    assert outcome.sent(outcome.first) + outcome.sent(outcome.second) == []
    assert walked
    assert set(first.parents) == set(second.parents) == everything


def test_heads_that_are_on_their_way_are_not_asked_for(replica, compare) -> None:
    first, second = replica(2000, 1), replica(2000, 1)
    first.fresh_max = second.fresh_max = 10
    first.write(random.Random(5), 50)
    second.write(random.Random(6), 60)
    outcome = compare(first, second)

    assert Kind.RANGES in kinds(outcome)
    assert outcome.asked(outcome.first) + outcome.asked(outcome.second) == []
    assert len(outcome.sent(outcome.first)) == 50
    assert len(outcome.sent(outcome.second)) == 60


def test_more_heads_than_can_be_told(replica, settle) -> None:
    """Filters could hide one that is not told: so it goes by ranges."""
    first = replica(100)
    second = first.copy()
    made = random.Random(9)
    for side in (first, second):
        for _ in range(2 * HEADS_MAX):
            side.add(made.randbytes(32), (id_of(side.heads[-1]),))
            side.add(made.randbytes(32), ())
    by_ranges, _ = settle(first, second)
    outcome, _ = settle(first, second)

    assert len(first.heads) > HEADS_MAX
    assert set(kinds(by_ranges)[1:]) <= {Kind.RANGES, Kind.END}
    assert set(first.parents) == set(second.parents)
    assert kinds(outcome) == [Kind.HEADS, Kind.END]


@pytest.mark.parametrize("begins", [True, False])
def test_who_has_lost_his_disk_is_compared_in_full(replica, settle, begins: bool) -> None:
    """He does not have what the other remembers as common."""
    first = replica(2000)
    common = first.heads
    first.write(random.Random(7), 10)
    second = replica(0)
    second.write(random.Random(8), 10)
    everything = set(first.parents) | set(second.parents)
    pair = (second, first) if begins else (first, second)
    settle(*pair, ((), common) if begins else (common, ()))

    assert set(first.parents) == set(second.parents) == everything


def test_what_is_common_is_known_the_next_time(replica, settle) -> None:
    first = replica(3000)
    second = first.copy()
    first.write(random.Random(11), 30)
    second.write(random.Random(12), 30)
    outcome, _ = settle(first, second)
    common = [side.common() for side in outcome.sides]
    first.write(random.Random(13), 30)
    second.write(random.Random(14), 30)
    again, _ = settle(first, second, common)

    assert all(known for known in common)
    assert kinds(again) == [Kind.HEADS, Kind.FILTER, Kind.FILTER]
    assert sum(map(len, again.messages)) < 4000
    assert set(first.parents) == set(second.parents)


def test_it_ends_though_the_other_side_never_would(replica, side) -> None:
    """It is told of another difference each time."""
    one = side(replica(2000), False)
    step, heard = one.receive(side(replica(2000, 2), True).start()), 0
    while step.reply[1] == Kind.RANGES:
        begin = 7 + 40 * step.reply[6]
        seed = step.reply[begin : begin + 16]
        said = ranges.opening(Items(row(n, bytes([heard]) * 32) for n in range(100)), seed)
        step = one.receive(message(Kind.RANGES, body=seed + ranges.encode_ranges(said)))
        heard += 1

    assert heard == exchange_module.MESSAGES_MAX - 1
    assert step.done


# --- What is refused ------------------------------------------------------------------------


def message(kind: int, count: int = 0, rows: list[bytes] | None = None, body: bytes = b"") -> bytes:
    rows = rows or []
    return u8(VERSION) + u8(kind) + u32(count) + u8(len(rows)) + b"".join(rows) + body


ROWS = [row(number, bytes([number]) * 32) for number in range(40)]
NO_ROWS = b"\x00"
REFUSED = {
    "version": b"\x02" + message(Kind.HEADS)[1:],
    "kind": message(9),
    "filter first": message(Kind.FILTER, body=NO_ROWS + b"\x00"),
    "ranges first": message(Kind.RANGES, body=bytes(16)),
    "end first": message(Kind.END),
    "too many heads": message(Kind.HEADS, 33, ROWS[:33], bytes(16) + NO_ROWS),
    "heads out of order": message(Kind.HEADS, 2, ROWS[1::-1], bytes(16) + NO_ROWS),
    "a head twice": message(Kind.HEADS, 2, [ROWS[0]] * 2, bytes(16) + NO_ROWS),
    "fewer heads than there are": message(Kind.HEADS, 3, ROWS[:2], bytes(16) + NO_ROWS),
    "more heads than there are": message(Kind.HEADS, 1, ROWS[:2], bytes(16) + NO_ROWS),
    "too much in common": message(Kind.HEADS, 0, [], bytes(16) + u8(33) + b"".join(ROWS[:33])),
    "trailing": message(Kind.HEADS, 0, [], bytes(16) + NO_ROWS + b"\x00"),
    "no fingerprint": message(Kind.HEADS),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_of_who_begins(replica, side, name: str) -> None:
    with pytest.raises(Refused):
        side(replica(10), False).receive(REFUSED[name])


def test_nobody_begins_twice(replica, side) -> None:
    first, second = side(replica(10), True), side(replica(20, 2), False)
    second.receive(first.start())

    with pytest.raises(Refused, match="out of turn"):
        second.receive(first.start())
    with pytest.raises(Refused, match="out of turn"):
        first.receive(first.start())


def test_a_filter_of_something_else_is_refused(replica, side) -> None:
    first = replica(30)
    second = first.copy()
    first.write(random.Random(11), 3)
    second.write(random.Random(12), 3)
    one, other = side(first, True, first.heads[:1]), side(second, False)
    other.receive(one.start())
    stray = message(Kind.FILTER, body=u8(1) + ROWS[0] + b"\x00")

    with pytest.raises(Refused, match="something else"):
        other.receive(stray)


def test_ranges_under_another_seed_are_refused(replica, side) -> None:
    first, second = side(replica(2000), True), side(replica(2000, 2), False)
    answer = second.receive(first.start()).reply
    assert answer[1] == Kind.RANGES
    first.receive(answer)

    with pytest.raises(Refused, match="something else"):
        second.receive(message(Kind.RANGES, body=bytes(16)))


@pytest.mark.parametrize("fresh_max", [0, 10_000])
def test_every_truncation_and_flipped_bit_is_refused_or_harmless(
    replica, side, chance, fresh_max: int
) -> None:
    """Whatever becomes of a message: a refusal, or at worst something is sent twice."""
    first = replica(120)
    second = first.copy()
    first.write(random.Random(11), 30)
    second.write(random.Random(12), 30)
    first.fresh_max = second.fresh_max = fresh_max
    start = side(first, True).start()
    answer = side(second, False).receive(start).reply
    made = random.Random(3)

    for data, hearer, begins in ((start, second, False), (answer, first, True)):
        for size in range(0, len(data), 1 + len(data) // 150):
            with pytest.raises(Refused):
                side(hearer, begins).receive(data[:size])
        for _ in range(150):
            changed = bytearray(data)
            changed[made.randrange(len(data))] ^= 1 << made.randrange(8)
            one = side(hearer, begins)
            try:
                step = one.receive(bytes(changed))
            except Refused:
                continue
            assert set(step.missing_there) <= set(hearer.parents)
            assert all(each not in hearer.parents for each in step.missing_here)
