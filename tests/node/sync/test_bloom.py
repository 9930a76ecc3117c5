"""Filters of ids."""

import pytest

from node.codec import Reader, Refused, sized
from node.mesh.sync.bloom import BYTES_MAX, BYTES_MIN, ENTRIES_MAX, SEED, make_bloom, read_bloom


@pytest.mark.parametrize("count", [0, 1, 819, 820, 5000])
def test_it_has_what_was_put_in(chance, name, count: int) -> None:
    ids = [name(number) for number in range(count)]
    filter_ = make_bloom(ids, chance)

    assert all(identity in filter_ for identity in ids)
    assert len(filter_.encode()) == SEED + 4 + max(BYTES_MIN, -(-count * 10 // 8))


def test_it_claims_one_of_a_hundred_that_it_does_not_have(chance, name) -> None:
    filter_ = make_bloom([name(number) for number in range(5000)], chance)
    claimed = sum(name(number) in filter_ for number in range(5000, 15_000))

    assert 20 < claimed < 200  # 82 at the theory's 0.82 %


def test_each_filter_hides_something_else(chance, name) -> None:
    ids = [name(number) for number in range(5000)]
    one, other = make_bloom(ids, chance), make_bloom(ids, chance)
    hidden = [name(number) for number in range(5000, 15_000) if name(number) in one]

    assert hidden
    assert sum(identity in other for identity in hidden) < len(hidden) / 4


def test_it_comes_back_from_its_bytes(chance, name) -> None:
    filter_ = make_bloom([name(number) for number in range(100)], chance)
    reader = Reader(filter_.encode())
    again = read_bloom(reader)

    reader.end()
    assert again.encode() == filter_.encode()
    assert all(name(number) in again for number in range(100))


@pytest.mark.parametrize("size", [0, BYTES_MIN - 1, BYTES_MAX + 1])
def test_other_sizes_are_refused(size: int) -> None:
    with pytest.raises(Refused):
        read_bloom(Reader(bytes(SEED) + sized(bytes(size))))


def test_the_largest_fits_and_no_larger(chance, name) -> None:
    largest = make_bloom([name(number) for number in range(ENTRIES_MAX)], chance).encode()
    read_bloom(Reader(largest))

    with pytest.raises(ValueError, match="entries"):
        make_bloom([bytes(32)] * (ENTRIES_MAX + 1), chance)


def test_every_truncation_is_refused(chance) -> None:
    data = make_bloom([bytes(32)], chance).encode()
    for size in range(len(data)):
        with pytest.raises(Refused):
            read_bloom(Reader(data[:size]))
