"""A search, step by step: whom it asks, when it ends, and what liars can do to it."""

import pytest

from node.dht.contacts import Contact
from node.dht.lookup import (
    ALPHA,
    CREDIT,
    PATH_ASKS_MAX,
    PATHS,
    SLOW_MS,
    SWEEP_ASKS_MAX,
    TRIES_MAX,
    Lookup,
)
from node.dht.table import K

PLACE = bytes(32)
OWN = b"\xff" * 32


def contact(distance: int) -> Contact:
    return Contact(distance.to_bytes(32, "big"), (b"\0\x0b\0\0\1\x23\x28",))


def contacts(*distances: int) -> list[Contact]:
    return [contact(distance) for distance in distances]


def new(*distances: int, trusted=()) -> Lookup:
    ids = {one.peer_id for one in contacts(*trusted)}
    return Lookup(PLACE, contacts(*distances), ids.__contains__, OWN)


def run(lookup: Lookup, tells, now: int = 0, limit: int = 1000) -> list[int]:
    """Ask until the end; `tells` returns what a node tells of, or None where it is silent."""
    asked = []
    for _ in range(limit):
        batch = lookup.step(now)
        if not batch:
            break
        for one in batch:
            distance = int.from_bytes(one.peer_id, "big")
            asked.append(distance)
            told = tells(distance)
            if told is None:
                lookup.failed(one.peer_id, now + SLOW_MS)
            else:
                lookup.answered(one.peer_id, told)
    assert lookup.is_done(now, patient=True)
    return asked


def test_without_anybody_it_is_over_at_once() -> None:
    lookup = new()
    assert lookup.step(0) == []
    assert lookup.is_done(0, patient=True)
    assert lookup.closest() == []


def test_three_ways_ask_three_each_and_nobody_twice() -> None:
    lookup = new(*range(100, 160))
    first = lookup.step(0)
    assert len(first) == PATHS * ALPHA
    assert len(set(first)) == len(first)
    assert lookup.step(0) == []
    lookup.answered(first[0].peer_id, [])
    assert len(lookup.step(0)) == 1


def test_all_are_found_and_each_is_asked_once() -> None:
    """Everybody knows all whose id begins as his own, and twenty of each other kind."""
    everyone = range(1, 1024)

    def tells(distance: int) -> list[Contact]:
        known = [
            other
            for bit in range(10)
            for other in [n for n in everyone if (n ^ distance) >> bit == 1][-K:]
        ]
        return contacts(*sorted(known)[:K])

    lookup = new(1000, 1001, 1002, 840, 941)
    asked = run(lookup, tells)
    assert len(asked) == len(set(asked)) < 60
    assert lookup.closest() == contacts(*everyone[:K])


def test_hops_count_the_questions_that_led_there() -> None:
    lookup = new(64)
    run(lookup, lambda distance: contacts(distance // 2) if distance > 1 else [])
    assert [lookup.depth_of(contact(1 << bit).peer_id) for bit in range(7)] == [7, 6, 5, 4, 3, 2, 1]
    assert lookup.depth_of(b"\1" * 32) == 0


def test_it_never_asks_itself() -> None:
    lookup = Lookup(PLACE, [Contact(OWN, contact(1).addresses)], lambda peer_id: False, OWN)
    assert lookup.step(0) == []


def test_what_is_lost_at_once_is_sent_again_and_then_given_up() -> None:
    lookup = new(5)
    for attempt in range(TRIES_MAX):
        assert lookup.step(attempt) == contacts(5)
        lookup.failed(contact(5).peer_id, attempt)
    assert lookup.step(10) == []
    assert lookup.is_done(10, patient=True)
    assert lookup.closest() == []


def test_a_slow_node_holds_nobody_up() -> None:
    lookup = new(*range(1, 30))
    first = lookup.step(0)
    assert lookup.wake(0) == SLOW_MS
    assert not lookup.step(SLOW_MS - 1)
    later = lookup.step(SLOW_MS)
    assert later
    assert not set(later) & set(first)


def test_who_is_patient_waits_for_the_slow_ones() -> None:
    lookup = new(*range(1, 31))
    slow = contact(1)
    for now in (0, SLOW_MS):
        assert not lookup.is_done(now, patient=False)
        while batch := lookup.step(now):
            for one in batch:
                if one != slow:
                    lookup.answered(one.peer_id, [])
    assert lookup.is_done(SLOW_MS, patient=False)
    assert not lookup.is_done(SLOW_MS, patient=True)
    lookup.answered(slow.peer_id, [])
    assert lookup.is_done(0, patient=True)


def test_liars_are_on_no_other_way() -> None:
    """Half of the first nodes tell of each other only; the others know the way."""

    def tells(distance: int) -> list[Contact]:
        if distance % 2 and distance > 20:
            return contacts(*range(1001, 1041, 2))
        return contacts(*range(max(1, distance // 2 - 10), distance // 2 + 10))

    lookup = new(*range(1000, 1040))
    run(lookup, tells)
    assert lookup.closest() == contacts(*range(1, 21))


def test_invented_nodes_cost_a_bounded_number_of_questions() -> None:
    """Half of the nodes tell of twenty that are nearer and are not there."""
    invented = iter(range(1, 10**9))
    there = range(1 << 200, (1 << 200) + 40)

    def tells(distance: int) -> list[Contact] | None:
        if distance not in there:
            return None
        return contacts(*(next(invented) for _ in range(20))) if distance % 2 else []

    lookup = new(*there)
    asked = run(lookup, tells)
    assert len(asked) <= PATHS * PATH_ASKS_MAX + SWEEP_ASKS_MAX
    assert len(lookup.closest()) == K, "those that are there are found all the same"


def test_who_tells_of_many_that_are_dead_is_named_once_and_not_believed() -> None:
    lookup = new(1 << 100)
    (liar,) = lookup.step(0)
    lookup.answered(liar.peer_id, contacts(*range(1, 21)))
    named, asked = [], []
    while batch := lookup.step(0):
        asked += batch
        named += [name for one in batch for name in lookup.failed(one.peer_id, SLOW_MS)]
    assert named == [liar.peer_id]
    assert len(asked) == CREDIT


def test_whom_a_liar_names_beside_others_is_asked_all_the_same() -> None:
    """Liars tell of the right nodes among many that are not there; the honest one comes later."""
    lookup = new(1 << 100, 1 << 101)
    first, second = lookup.step(0)
    right = contacts(*range(1000, 1010))
    lookup.answered(first.peer_id, contacts(*range(1, 11)) + right)
    while batch := lookup.step(0):
        for one in batch:
            lookup.failed(one.peer_id, SLOW_MS)
    assert right[0] not in lookup.closest()
    lookup.answered(second.peer_id, right)
    run(lookup, lambda distance: [] if distance >= 1000 else None)
    assert lookup.closest()[:10] == right


def test_who_tells_of_the_dead_among_the_living_is_believed() -> None:
    """A third of all nodes has died a moment ago; nobody knows that yet."""
    lookup = new(1 << 100)
    named = []
    (first,) = lookup.step(0)
    lookup.answered(first.peer_id, contacts(*range(1, 21)))
    while batch := lookup.step(0):
        for one in batch:
            if one.peer_id[-1] % 3:
                lookup.answered(one.peer_id, [])
            else:
                named += lookup.failed(one.peer_id, SLOW_MS)
    assert named == []
    assert len(lookup.closest()) == 15


def test_what_a_liar_told_is_taken_back() -> None:
    lookup = new(100, 200, 300)
    lookup.step(0)
    lookup.answered(contact(100).peer_id, contacts(*range(1, 10)))
    lookup.distrust(contact(100).peer_id)
    assert lookup.step(0) == []
    lookup.answered(contact(200).peer_id, contacts(5))
    lookup.answered(contact(300).peer_id, contacts(6))
    assert {int.from_bytes(one.peer_id, "big") for one in lookup.step(0)} <= {5, 6}


def test_one_way_is_of_the_trusted_alone() -> None:
    """A thousand without a stake stand nearer to the point; the trusted are asked all the same."""
    trusted = [1 << bit for bit in range(100, 130)]

    def tells(distance: int) -> list[Contact]:
        if distance in trusted:
            return contacts(*trusted[:10], *range(1, 11))
        return contacts(*range(1, 21))

    lookup = new(*range(1, 41), trusted[-1], trusted=trusted)
    asked = run(lookup, tells)
    assert set(trusted[:10]) <= set(asked)
    assert lookup.closest_trusted(10) == contacts(*trusted[:10])


@pytest.mark.parametrize("count", [1, 2, 19, 20, 21, 200])
def test_it_ends_whatever_is_told(count: int) -> None:
    lookup = new(1 << 200)
    asked = run(lookup, lambda distance: contacts(*range(distance + 1, distance + 1 + count)))
    assert len(asked) <= PATHS * PATH_ASKS_MAX + SWEEP_ASKS_MAX
