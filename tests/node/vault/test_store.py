"""The store: what is acknowledged is there after a crash, and what is deleted is nowhere."""

import random
from itertools import pairwise, product

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from node.codec import Refused
from node.vault import store as store_module
from node.vault.container import (
    BLOCK,
    REGIONS,
    SIZE_MIN,
    half_blocks,
    half_offset,
    read_region_head,
)
from node.vault.store import BLOCK_DATA, KEY_MAX, Store, StoreFull


def content(store):
    return dict(store.scan(b""))


def reopened(session, chance):
    return Store.open(session.disk, session.access, chance(9))


def test_values_are_found_again(session, chance):
    session.store.commit({b"a/1": b"one", b"a/2": b"", b"b": b"two"})
    session.store.commit({b"a/1": None, b"b": b"three", b"missing": None})
    store, damage = reopened(session, chance)

    assert damage == ()
    assert store.get(b"a/1") is None
    assert store.get(b"a/2") == b""
    assert store.scan(b"a/") == [(b"a/2", b"")]
    assert store.scan(b"b") == [(b"b", b"three")]
    assert content(store) == content(session.store)


def test_scan_is_in_order_and_ends_with_the_prefix(session):
    session.store.commit({bytes([key]): b"v" for key in (9, 3, 7, 255)} | {b"\x03\x00": b"w"})

    assert [key for key, _ in session.store.scan(b"\x03")] == [b"\x03", b"\x03\x00"]
    assert [key for key, _ in session.store.scan(b"\xff")] == [b"\xff"]
    assert session.store.scan(b"\x04") == []


@pytest.mark.parametrize("size", [0, 1, BLOCK_DATA - 30, BLOCK_DATA, BLOCK_DATA + 1, 20_000])
def test_values_of_every_size(session, chance, size):
    session.store.commit({b"k": bytes(size)})

    assert reopened(session, chance)[0].get(b"k") == bytes(size)


@pytest.mark.parametrize("key", [b"", bytes(KEY_MAX + 1)])
def test_keys_have_bounds(session, key):
    with pytest.raises(ValueError, match="a key has"):
        session.store.commit({b"fine": b"", key: b""})

    assert session.store.get(b"fine") is None


def test_the_log_moves_when_it_is_full_and_loses_nothing(session, chance):
    halves = set()
    for number in range(100):
        session.store.commit({b"k%d" % (number % 7): b"%d" % number * 300})
        halves.add(session.store._head.half)
        assert content(reopened(session, chance)[0]) == content(session.store)

    assert halves == {0, 1}


def test_a_full_store_refuses_and_keeps_what_it_has(session, chance):
    used, limit = session.store.room()
    session.store.commit({b"big": bytes(limit - used - 500)})
    before = content(session.store)
    with pytest.raises(StoreFull):
        session.store.commit({b"more": bytes(1000), b"big2": b""})

    assert content(session.store) == before == content(reopened(session, chance)[0])

    session.store.commit({b"big": b"small"})  # what makes room is taken always
    session.store.commit({b"more": bytes(1000)})

    assert content(session.store) == content(reopened(session, chance)[0])


def test_what_is_shredded_is_gone_with_its_key(session, chance):
    """Whoever copied no earlier state of the file cannot read it with all keys that there are."""
    session.store.commit({b"secret": b"S" * 5000})
    old_key = session.store._head.key
    old_half = session.store._head.half
    session.store.commit({b"secret": None})
    written = half_offset(session.access, old_half)
    before = bytes(session.disk.content[written : written + half_blocks(SIZE_MIN) * BLOCK])
    session.store.shred()
    after = bytes(session.disk.content[written : written + half_blocks(SIZE_MIN) * BLOCK])

    assert session.store._head.key != old_key
    assert all(
        before[at : at + BLOCK] != after[at : at + BLOCK] for at in range(0, len(before), BLOCK)
    )
    for copy in range(2):  # neither head gives the old key any more
        disk = session.disk.copy()
        disk.content[copy * BLOCK : (copy + 1) * BLOCK] = bytes(BLOCK)
        assert read_region_head(disk, session.access) == session.store._head


def test_a_closed_store_has_nothing_and_takes_nothing(session):
    session.store.commit({b"k": b"v"})
    session.store.close()

    assert session.store.get(b"k") is None
    assert session.store.scan(b"") == []
    with pytest.raises(ValueError, match="closed"):
        session.store.commit({b"k": b"v"})
    with pytest.raises(ValueError, match="closed"):
        session.store.shred()


def test_every_damaged_block_is_named_and_the_others_open(session, chance):
    """One commit a block: each block in turn is hit at its nonce, its text and its tag."""
    first = session.store._tail
    for number in range(6):
        session.store.commit({b"k%d" % number: b"v"})
    start = half_offset(session.access, session.store._head.half)
    for number, place in product(range(5), (0, 23, 24, 2000, BLOCK - 16, BLOCK - 1)):
        disk = session.disk.copy()
        disk.content[start + (first + number) * BLOCK + place] ^= 1
        store, damage = Store.open(disk, session.access, chance(3))

        assert damage == (f"blocks {first + number} to {first + number} of the region",)
        assert [key for key, _ in store.scan(b"k")] == [
            b"k%d" % other for other in range(6) if other != number
        ]
        store.commit({b"after": b"damage"})
        assert Store.open(disk, session.access, chance(3))[0].get(b"after") == b"damage"


def test_a_damaged_last_commit_is_a_torn_one(session, chance):
    session.store.commit({b"k": b"v"})
    session.store.commit({b"k": b"w"})
    start = half_offset(session.access, session.store._head.half)
    session.disk.content[start + (session.store._tail - 1) * BLOCK + 100] ^= 1
    store, damage = reopened(session, chance)

    assert (damage, store.get(b"k")) == ((), b"v")


def test_a_long_commit_opens_whole_or_not(session, chance):
    session.store.commit({b"k": bytes(3 * BLOCK_DATA), b"l": b"x"})
    session.store.commit({b"m": b"after"})
    start = half_offset(session.access, session.store._head.half)
    for block in range(session.store._tail - 5, session.store._tail - 1):
        disk = session.disk.copy()
        disk.content[start + block * BLOCK + 500] ^= 1
        store, damage = Store.open(disk, session.access, chance(3))

        assert len(damage) == 1
        assert (store.get(b"k"), store.get(b"l"), store.get(b"m")) == (None, None, b"after")


def test_blocks_open_nowhere_else(session, chance):
    """Moved within the half, to the other half or to another region, a block is no block."""
    session.store.commit({b"a": b"1"})
    session.store.commit({b"b": b"2"})
    access, head = session.access, session.store._head
    start = half_offset(access, head.half)
    block = bytes(session.disk.content[start + BLOCK : start + 2 * BLOCK])
    for place in (0, 2, 14):
        label = session.store._label(head, place)
        assert store_module._unsealed(block, head.key, label) is None
    other = 1 - head.half
    label = session.store._label(type(head)(head.generation, other, head.key), 1)
    assert store_module._unsealed(block, head.key, label) is None


def test_a_region_without_a_head_is_named(session, chance):
    session.disk.content[: 2 * BLOCK] = chance(5)(2 * BLOCK)

    with pytest.raises(Refused) as refused:
        Store.open(session.disk, session.access, chance(1))
    assert refused.value.reason == "vault: head of the region is damaged"


def test_what_a_crash_left_never_mixes_with_what_is_written_over_it(session, chance):
    """Two commits that begin at one place, of one length: half of one and half of the other."""
    session.store.commit({b"k": b"before"})
    place = half_offset(session.access, session.store._head.half) + session.store._tail * BLOCK
    first, second = session.disk.copy(), session.disk.copy()
    for disk, letter in ((first, b"1"), (second, b"2")):
        store = Store.open(disk, session.access, chance(ord(letter)))[0]
        store.commit({b"k": letter * 2 * BLOCK_DATA})
    first.content[place : place + BLOCK] = second.content[place : place + BLOCK]
    store, damage = Store.open(first, session.access, chance(4))

    assert (damage, store.get(b"k")) == ((), b"before")


def crash_points(base, access, chance, power_loss, work):
    """Yield, for every write of some work and several ways to tear it, the disk after a crash."""
    total = base.copy()
    work(Store.open(total, access, chance(7))[0])
    writes = sum(call[0] == "write" for call in total.calls)
    for fuse in range(writes):
        torn = random.Random(fuse)
        for keep in (
            lambda: False,
            lambda: True,
            lambda torn=torn: torn.random() < 0.5,
            lambda torn=torn: torn.random() < 0.9,
        ):
            disk = base.copy()
            store = Store.open(disk, access, chance(7))[0]
            disk.fuse = fuse
            with pytest.raises(power_loss):
                work(store)
            yield disk.after_crash(keep)


@pytest.mark.parametrize("fill", [0, 13])
def test_a_crash_in_a_commit_leaves_all_or_nothing(session, chance, power_loss, fill):
    """With room in the log, and with none, where the commit moves everything first."""
    for number in range(fill):
        session.store.commit({b"k": b"%d" % number})
    session.store.commit({b"k": b"old", b"other": b"kept"})
    change = {b"k": b"new" * BLOCK_DATA, b"l": b"new", b"other": None}
    old = content(session.store)
    new = {key: value for key, value in (old | change).items() if value is not None}
    outcomes = set()
    for disk in crash_points(
        session.disk, session.access, chance, power_loss, lambda store: store.commit(change)
    ):
        store, damage = Store.open(disk, session.access, chance(8))
        outcomes.add(content(store) == new)
        assert content(store) in (old, new)
        assert damage == ()
        store.commit({b"k": b"later"})
        again = Store.open(disk, session.access, chance(8))
        assert (content(again[0]), again[1]) == (content(store), ())

    assert outcomes == {False, True}


def test_a_crash_in_shredding_changes_nothing(session, chance, power_loss):
    session.store.commit({b"k": b"v", b"gone": b"x"})
    session.store.commit({b"gone": None})
    for disk in crash_points(session.disk, session.access, chance, power_loss, Store.shred):
        store, damage = Store.open(disk, session.access, chance(8))
        assert (content(store), damage) == (content(session.store), ())


def test_regions_do_not_overlap(session):
    starts = sorted(
        half_offset(type(session.access)(region, SIZE_MIN, b"", b""), half)
        for region in range(REGIONS)
        for half in range(2)
    )
    length = half_blocks(SIZE_MIN) * BLOCK

    assert starts[0] == 2 * BLOCK
    assert all(b - a == length for a, b in pairwise(starts))
    assert starts[-1] + length <= SIZE_MIN


KEYS = st.binary(min_size=1, max_size=2)
VALUES = st.one_of(st.none(), st.binary(max_size=6), st.integers(0, 12_000).map(bytes))
CHANGES = st.dictionaries(KEYS, VALUES, min_size=1, max_size=4)


@pytest.fixture
def machine(session, chance, power_loss):
    """A store beside a dictionary, with power failing at any write."""

    class StoreBesideDictionary(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.disk = session.disk.copy()
            self.random = chance(11)
            self.store = Store.open(self.disk, session.access, self.random)[0]
            self.model = content(self.store)

        def after(self, changes):
            merged = self.model | changes
            return {key: value for key, value in merged.items() if value is not None}

        @rule(changes=CHANGES)
        def commit(self, changes) -> None:
            try:
                self.store.commit(changes)
            except StoreFull:
                return
            self.model = self.after(changes)

        @rule()
        def shred(self) -> None:
            self.store.shred()

        @rule()
        def reopen(self) -> None:
            self.store, damage = Store.open(self.disk, session.access, self.random)
            assert damage == ()

        @rule(changes=CHANGES, fuse=st.integers(0, 6), seed=st.integers(0, 99), move=st.booleans())
        def crash(self, changes, fuse, seed, move) -> None:
            self.disk.fuse = fuse
            allowed = [self.model]
            try:
                if move:
                    self.store.shred()
                allowed.append(self.after(changes))
                self.store.commit(changes)
                allowed.pop(0)
            except (power_loss, StoreFull):
                pass
            torn = random.Random(seed)
            self.disk = self.disk.after_crash(lambda: torn.random() < 0.5)
            self.reopen()
            assert content(self.store) in allowed
            self.model = content(self.store)

        @invariant()
        def agrees(self) -> None:
            assert content(self.store) == self.model

    return StoreBesideDictionary.TestCase


def test_a_store_is_a_dictionary_that_survives(machine):
    machine.settings = settings(max_examples=25, stateful_step_count=25)
    machine().runTest()


@pytest.mark.campaign
def test_a_store_is_a_dictionary_that_survives_long(machine):
    machine.settings = settings(max_examples=1500, stateful_step_count=60)
    machine().runTest()
