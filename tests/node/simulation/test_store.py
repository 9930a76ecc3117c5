"""A simulated disk does what the real ones promise, and fails as they may."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.simulation.store import DamagedError, Moment, PowerCut, SimulatedStore

keys = st.binary(min_size=1, max_size=3)
changes = st.dictionaries(keys, st.none() | st.binary(max_size=4), max_size=6)


@given(st.lists(changes, max_size=8), st.binary(max_size=2))
def test_it_is_a_sorted_table(commits, prefix) -> None:
    store, table = SimulatedStore(), {}
    for change in commits:
        store.commit(change)
        table.update(change)
    table = {key: value for key, value in table.items() if value is not None}

    assert store.scan(prefix) == sorted(
        (key, value) for key, value in table.items() if key.startswith(prefix)
    )
    assert all(store.get(key) == table.get(key) for change in commits for key in change)
    assert store.size == sum(len(key) + len(value) for key, value in table.items())


@given(st.lists(changes, min_size=1, max_size=8), st.data())
def test_the_power_goes_before_a_commit_or_after_it(commits, data) -> None:
    cut = data.draw(st.integers(1, len(commits)))
    moment = data.draw(st.sampled_from(Moment))
    store, twin = SimulatedStore(), SimulatedStore()
    for change in commits[: cut - (moment is Moment.BEFORE)]:
        twin.commit(change)
    store.cut_power(cut, moment)

    for change in commits[: cut - 1]:
        store.commit(change)
    with pytest.raises(PowerCut):
        store.commit(commits[cut - 1])

    assert store.scan(b"") == twin.scan(b"")
    store.commit({b"again": b"1"})
    assert store.get(b"again") == b"1"


@given(st.lists(changes, min_size=1, max_size=8), st.integers(0, 8))
def test_a_lying_disk_keeps_a_prefix_of_what_it_was_given(commits, lost) -> None:
    store, twin = SimulatedStore(), SimulatedStore()
    for change in commits:
        store.commit(change)

    kept = len(commits) - store.forget(lost)

    for change in commits[:kept]:
        twin.commit(change)
    assert kept == max(len(commits) - lost, 0)
    assert store.scan(b"") == twin.scan(b"")
    assert store.size == twin.size


def test_a_full_disk_takes_nothing_and_keeps_what_it_has() -> None:
    store = SimulatedStore()
    store.commit({b"a": b"1"})
    store.full = True

    with pytest.raises(OSError, match="no space"):
        store.commit({b"a": b"2", b"b": b"2"})

    assert store.scan(b"") == [(b"a", b"1")]


def test_a_bit_that_turns_is_found_out() -> None:
    store = SimulatedStore()
    store.flip(0)
    assert not store.damaged  # nothing is there to be damaged
    store.commit({b"a": b"1", b"b": b""})
    store.flip(1)

    for call in (lambda: store.get(b"a"), lambda: store.scan(b""), lambda: store.commit({})):
        with pytest.raises(DamagedError):
            call()
