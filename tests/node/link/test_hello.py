"""The first message by itself, and the answer that asks for it again."""

import hashlib
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.codec import Refused
from node.crypto import HybridKey
from node.link import hello
from node.link.hello import Hello, open_hello, seal_hello

NAME = b"n" * 32
FIELDS = st.builds(
    Hello,
    public=st.binary(min_size=1_600, max_size=1_600),
    cookie=st.binary(min_size=16, max_size=16).filter(any),
    solution=st.integers(0, 2**64 - 1),
    ticket=st.binary(min_size=16, max_size=16).filter(any),
    binder=st.binary(min_size=16, max_size=16),
)


def fixed(size: int) -> bytes:
    return b"\7" * size


@given(FIELDS)
def test_hellos_round_trip(fields: Hello) -> None:
    wire = seal_hello(fields, NAME, fixed)

    assert len(wire) == hello.HELLO == 1_704
    assert open_hello(wire, NAME) == fields


@given(FIELDS, st.binary(min_size=32, max_size=32))
def test_it_opens_for_the_called_name_only(fields: Hello, name: bytes) -> None:
    wire = seal_hello(fields, NAME, fixed)

    assert (open_hello(wire, name) is not None) is (name == NAME)


def test_all_hellos_look_alike() -> None:
    """With or without cookie, puzzle and ticket: one length, and no byte that tells."""
    public = bytes(1_600)
    plain = seal_hello(Hello(public=public), NAME, fixed)
    full = seal_hello(
        Hello(public=public, cookie=b"c" * 16, solution=1, ticket=b"t" * 16, binder=b"b" * 16),
        NAME,
        fixed,
    )
    assert len(plain) == len(full)
    assert bytes(8) not in plain
    assert plain != seal_hello(Hello(public=public), NAME, lambda size: b"\x08" * size)


def large_groups(key: bytes) -> int:
    """Count groups of 12 bits that no ML-KEM key has."""
    number = int.from_bytes(key[32:1_568], "little")
    return sum((number >> place & 0xFFF) >= 3_329 for place in range(0, 12_288, 12))


def test_a_hello_looks_random_to_who_does_not_know_the_name() -> None:
    """In what is hidden, groups that no key has come as often as by chance; the mark tells all."""
    chance, public = Random(5), HybridKey.from_seed(bytes(96)).public
    wires = [seal_hello(Hello(public=public), NAME, chance.randbytes) for _ in range(60)]
    large = [large_groups(wire[16:1_616]) for wire in wires]
    bits = sum(int.from_bytes(wire).bit_count() for wire in wires)
    tops = [wire[16 + 31] >> 7 for wire in wires]

    assert large_groups(public) == 0
    assert abs(sum(large) / (60 * 1_024) - (1 - 3_329 / 4_096)) < 0.01
    assert abs(bits / (60 * 8 * hello.HELLO) - 0.5) < 0.005
    assert 15 < sum(tops) < 45
    assert len({wire[place] for wire in wires for place in range(0, len(wire), 7)}) == 256


@pytest.mark.parametrize(
    "fields",
    [
        Hello(public=bytes(1_600), solution=1),
        Hello(public=bytes(1_600), binder=b"b" * 16),
    ],
    ids=["solution of nothing", "binder of nothing"],
)
def test_fields_without_a_use_are_zero(fields: Hello) -> None:
    with pytest.raises(Refused, match="no use"):
        open_hello(seal_hello(fields, NAME, fixed), NAME)


def test_a_hello_shows_no_binder() -> None:
    fields = Hello(public=b"p" * 1_600, ticket=b"t" * 16, binder=b"b" * 16)

    assert "bbbb" not in repr(fields)


@given(st.binary(min_size=16, max_size=16), st.integers(0, 255))
def test_retries_round_trip(cookie: bytes, bits: int) -> None:
    wire = bytes(1_704)
    retry = hello.seal_retry(cookie, bits, NAME, wire, fixed)

    assert len(retry) == hello.RETRY == 45
    assert hello.open_retry(retry, NAME, wire) == (cookie, bits)


def test_a_retry_is_for_one_hello_of_one_name(flipped) -> None:
    wire = bytes(1_704)
    retry = hello.seal_retry(b"c" * 16, 12, NAME, wire, fixed)

    assert hello.open_retry(retry, NAME, bytes(1_703) + b"\1") is None
    assert hello.open_retry(retry, bytes(32), wire) is None
    for place in range(len(retry)):
        assert hello.open_retry(flipped(retry, place), NAME, wire) is None


def test_two_retries_share_no_nonce() -> None:
    """A hello that comes twice under load is asked twice: one key must not meet one nonce again."""
    draw, wire = Random(6).randbytes, bytes(1_704)
    first, second = (hello.seal_retry(c * 16, 0, NAME, wire, draw) for c in (b"c", b"d"))

    assert first[:12] != second[:12]


@pytest.mark.parametrize("bits", [0, 1, 8, 12])
def test_puzzles_are_solved_by_counting(bits: int) -> None:
    cookie = b"c" * 16
    solution = hello.solve(cookie, bits)
    hashed = hashlib.sha256(b"pars/link-puzzle/v1" + cookie + solution.to_bytes(8)).digest()

    assert int.from_bytes(hashed) >> (256 - bits) == 0
    assert hello.is_solved(cookie, bits, solution)
    assert not any(hello.is_solved(cookie, bits, each) for each in range(solution))
    assert not hello.is_solved(b"d" * 16, 64, solution)


@given(st.binary(min_size=8, max_size=8), st.binary(min_size=8, max_size=8))
def test_exclusive_or(one: bytes, other: bytes) -> None:
    both = hello.exclusive_or(one, other)

    assert both == bytes(a ^ b for a, b in zip(one, other, strict=True))
