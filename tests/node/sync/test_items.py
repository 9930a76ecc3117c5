"""The ordered set, beside a sorted list and sums that are added one by one."""

import hashlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.mesh.sync.items import BLOCK_MAX, END, ROW, START, Items, id_of, row

# Few lamports and ids that share their first bytes: bounds fall between neighbours.
ROWS = st.builds(
    lambda lamport, first, last: row(lamport, bytes([first, *bytes(30), last])),
    st.integers(0, 3),
    st.integers(0, 2),
    st.integers(0, 255),
)
BOUNDS = st.one_of(ROWS, ROWS.flatmap(lambda place: st.integers(0, ROW).map(lambda n: place[:n])))


def slow_fingerprint(rows: list[bytes]) -> bytes:
    total = sum(int.from_bytes(place[8:], "little") for place in rows) % 2**256
    count, digits = len(rows), [len(rows) % 128]
    while count := count // 128:
        digits.insert(0, count % 128 + 128)
    return hashlib.sha256(total.to_bytes(32, "little") + bytes(digits)).digest()[:16]


@settings(deadline=None, max_examples=60)
@given(
    start=st.lists(ROWS, max_size=40),
    changes=st.lists(st.tuples(st.booleans(), ROWS), max_size=40),
    lower=BOUNDS,
    upper=st.one_of(BOUNDS, st.just(END)),
)
def test_it_is_a_sorted_set(
    start: list[bytes], changes: list[tuple[bool, bytes]], lower: bytes, upper: bytes
) -> None:
    items, model = Items(start), set(start)
    for adding, place in changes:
        if adding:
            assert items.add(place) == (place not in model)
            model.add(place)
        else:
            assert items.discard(place) == (place in model)
            model.discard(place)
    within = sorted(place for place in model if lower <= place < upper)

    assert len(items) == len(model)
    assert list(items) == sorted(model)
    assert list(items.rows(lower, upper)) == within
    assert items.count(lower, upper) == len(within)
    assert items.fingerprint(lower, upper) == slow_fingerprint(within)
    assert [items.at(position) for position in range(len(items))] == sorted(model)


@pytest.mark.parametrize("order", ["rising", "falling", "mixed"])
def test_many_blocks(make_rows, order: str) -> None:
    rows = sorted(make_rows(8 * BLOCK_MAX))
    added = {"rising": rows, "falling": rows[::-1], "mixed": random.Random(3).sample(rows, 2048)}
    items = Items()
    for place in added[order]:
        assert items.add(place)

    assert list(items) == rows
    for lower, upper in ((0, 2047), (100, 1999), (255, 257), (1000, 1001), (5, 5)):
        expected = slow_fingerprint(rows[lower:upper])
        assert items.fingerprint(rows[lower], rows[upper]) == expected
        assert Items(rows).fingerprint(rows[lower], rows[upper]) == expected
    for place in added[order][::2]:
        assert items.discard(place)
    assert list(items) == sorted(added[order][1::2])
    for place in added[order][1::2]:
        assert items.discard(place)
    assert len(items) == 0
    assert items.fingerprint() == slow_fingerprint([])


def test_sums_overflow_nothing() -> None:
    """All ids are the largest but for their ends, and so are the lamports."""
    rows = [row(2**64 - 1, b"\xff" * 30 + bytes(divmod(n, 256))) for n in range(3 * BLOCK_MAX)]

    assert Items(rows).fingerprint() == slow_fingerprint(rows)


def test_a_range_that_ends_before_it_begins_is_empty(make_rows) -> None:
    items = Items(rows := sorted(make_rows(10)))

    assert items.count(rows[5], rows[2]) == 0
    assert list(items.rows(rows[5], rows[2])) == []


def test_rows_of_another_length_are_refused(make_rows) -> None:
    items = Items(make_rows(3))
    for size in (0, ROW - 1, ROW + 1):
        with pytest.raises(ValueError, match="row"):
            items.add(bytes(size))
    for size in (0, 31, 33):
        with pytest.raises(ValueError, match="id"):
            row(0, bytes(size))
    with pytest.raises(IndexError):
        items.at(3)
    with pytest.raises(IndexError):
        items.at(-1)


def test_what_is_not_a_row_is_not_in_it(make_rows) -> None:
    items = Items(rows := make_rows(3))

    assert all(place in items for place in rows)
    assert all(beside not in items for beside in (START, END, id_of(rows[0]), rows[0][:-1]))
    assert not Items().discard(rows[0])


# From the tests of negentropy-kmp (2024), whose fingerprints are those of negentropy's V1.
PUBLISHED = {
    "6d74e1212fcafc8a81d090f0ffbde8b0": [
        (1678011277, "eb6b05c2e3b008592ac666594d78ed83e7b9ab30f825b9b08878128f7500008c"),
    ],
    "c15ce60f185fd24ae341076caa93daa5": [
        (1678011277, "eb6b05c2e3b008592ac666594d78ed83e7b9ab30f825b9b08878128f7500008c"),
        (1678011278, "39b916432333e069a4386917609215cc688eb99f06fed01aadc29b1b4b92d6f0"),
        (1678011279, "abc81d58ebe3b9a87100d47f58bf15e9b1cbf62d38623f11d0f0d17179f5f3ba"),
    ],
    "f3973242b814fe584299c94d71ae4d50": [
        (1677981601, "224236bff9fe9c02bdeb5a13b21051696f41a18a0ee889f4b492d3341b2fe339"),
        (1677981602, "3b99e1577caeb4d91059af0f8e64086934f9ca3eb08b61512b459075a3efd663"),
        (1677981602, "b60a884b322338fc2b53b8ff34ed277b17397c3b3401b9e151c7e77a7c15e5fd"),
        (1677981602, "e017a826f007171d780fda221da8ea1b9c6ec5ff69a4dc40198630e7b780a423"),
        (1677981603, "e6753c53540b91d3483521b00da5593fc4d871b6a0dba04ab38ad900441deca0"),
        (1677981604, "90e29d9b1c37333a25ad02a478cf356e493da355490baa860cfb16c9bd067cda"),
    ],
}


@pytest.mark.parametrize("fingerprint", PUBLISHED)
def test_published_fingerprints(fingerprint: str) -> None:
    rows = [row(lamport, bytes.fromhex(name)) for lamport, name in PUBLISHED[fingerprint]]

    assert Items(rows).fingerprint().hex() == fingerprint
