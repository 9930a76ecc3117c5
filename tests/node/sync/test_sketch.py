"""Rateless sketches: any two sets, and symbols that somebody has made up."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.codec import Refused, u32
from node.mesh.sync.sketch import (
    KEY,
    SYMBOL,
    SYMBOLS_MAX,
    Decoder,
    Encoder,
    difference,
    make_sketch,
    read_sketch,
)

SECRET = bytes(range(KEY))
NUMBERS = st.sets(st.integers(0, 10_000), max_size=60)


def ids(numbers) -> list[bytes]:
    return [random.Random(number).randbytes(32) for number in sorted(numbers)]


@settings(deadline=None, max_examples=40)
@given(shared=NUMBERS, ours=NUMBERS, theirs=NUMBERS, step=st.integers(1, 50))
def test_all_differences_come_out(shared, ours, theirs, step: int) -> None:
    first, second = ids(shared | ours), ids(shared | theirs)
    encoder, decoder = Encoder(SECRET, first), Decoder(SECRET, second)
    taken = 0
    while not decoder.add(encoder.symbols(taken, taken + step)):
        taken += step
        assert taken < 2000

    assert sorted(decoder.missing_here) == sorted(set(first) - set(second))
    assert sorted(decoder.missing_there) == sorted(set(second) - set(first))


def test_it_takes_about_as_many_symbols_as_there_are_differences() -> None:
    """The authors measured 1.35 to 1.4 for each from a hundred on."""
    shared = ids(range(2000))
    first, second = shared + ids(range(3000, 3150)), shared + ids(range(4000, 4150))
    encoder, decoder = Encoder(SECRET, first), Decoder(SECRET, second)
    taken = 0
    while not decoder.add(encoder.symbols(taken, taken + 10)):
        taken += 10

    assert 300 <= taken < 540


def test_the_first_symbols_are_always_the_same() -> None:
    some = ids(range(100))
    whole = Encoder(SECRET, some).symbols(0, 200)
    encoder = Encoder(SECRET, some)

    assert b"".join(encoder.symbols(at, at + 50) for at in range(0, 200, 50)) == whole
    assert Encoder(SECRET, some[::-1]).symbols(0, 200) == whole
    assert Encoder(bytes(KEY), some).symbols(0, 200) != whole


def test_equal_sets_are_told_by_one_symbol(chance) -> None:
    found = difference(make_sketch(ids(range(50)), 1, chance), ids(range(50)))

    assert found is not None
    assert found.missing_here == found.missing_there == []


def test_one_that_is_too_short_says_nothing(chance) -> None:
    sketch = make_sketch(ids(range(100)), 40, chance)

    assert difference(sketch, ids(range(200, 300))) is None


def test_forged_symbols_bring_out_nothing_that_is_not_there() -> None:
    """Flipped bits: it does not decode, or decodes to the truth."""
    first, second = ids(range(30)), ids(range(10, 40))
    symbols = Encoder(SECRET, first).symbols(0, 60)
    made = random.Random(4)
    for _ in range(200):
        forged = bytearray(symbols)
        forged[made.randrange(len(forged))] ^= 1 << made.randrange(8)
        decoder = Decoder(SECRET, second)
        try:
            decoder.add(bytes(forged))
        except Refused:
            continue
        assert not decoder.is_decoded
        assert set(decoder.missing_here) <= set(first)
        assert set(decoder.missing_there) <= set(second)


def test_noise_ends(chance) -> None:
    decoder = Decoder(SECRET, ids(range(20)))

    assert not decoder.add(chance(SYMBOL * 500))
    assert decoder.missing_here == []


def test_an_id_that_comes_out_for_ever_is_refused() -> None:
    """Symbols that each hold one id alone, where the code would have put it into a few."""
    one = ids([1])
    first = Encoder(SECRET, one).symbols(0, 1)

    with pytest.raises(Refused, match="does not decode"):
        Decoder(SECRET, []).add(first * 100)


@pytest.mark.parametrize("count", [0, SYMBOLS_MAX + 1])
def test_other_lengths_are_refused(chance, count: int) -> None:
    with pytest.raises(Refused, match="wrong length"):
        read_sketch(bytes(KEY) + u32(count))
    with pytest.raises(ValueError, match="symbols"):
        make_sketch([], count, chance)


def test_every_truncation_is_refused(chance) -> None:
    sketch = make_sketch(ids(range(5)), 4, chance)
    for size in range(len(sketch)):
        with pytest.raises(Refused):
            read_sketch(sketch[:size])
    with pytest.raises(Refused):
        read_sketch(sketch + b"\0")
    with pytest.raises(Refused):
        Decoder(SECRET, []).add(bytes(SYMBOL - 1))
    with pytest.raises(Refused):
        Decoder(SECRET, []).add(bytes(SYMBOL * (SYMBOLS_MAX + 1)))
