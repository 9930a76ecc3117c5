"""Work: what it shows, what it costs, and that it is bound to what it was done for."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.crypto import sha256
from node.padding import BUCKETS
from node.swarm import work
from node.swarm.mailboxes import BLOB_MAX

GIVEN = sha256(b"challenge")


@pytest.mark.parametrize("bits", [0, 1, 7, 8, 9, 12])
def test_what_is_found_shows_its_bits(bits: int) -> None:
    nonce = work.search(GIVEN, bits, 0, 1 << 16)

    assert nonce is not None
    assert work.strength(GIVEN, nonce) >= bits
    assert all(work.strength(GIVEN, earlier) < bits for earlier in range(nonce))
    digest = hashlib.sha3_256(GIVEN + nonce.to_bytes(8, "big")).digest()
    assert digest[: bits // 8] == bytes(bits // 8)


def test_a_search_goes_on_where_it_stopped() -> None:
    whole = work.search(GIVEN, 12, 0, 1 << 16)
    start, found = 0, None
    while found is None:
        found = work.search(GIVEN, 12, start, 100)
        start += 100

    assert found == whole
    assert work.search(GIVEN, 12, 0, whole) is None
    assert work.search(GIVEN, 12, 0, 0) is None


@given(st.integers(0, 2**64 - 1))
def test_strength_counts_zeros(nonce: int) -> None:
    digest = hashlib.sha3_256(GIVEN + nonce.to_bytes(8, "big")).digest()
    shown = f"{int.from_bytes(digest, 'big'):0256b}"

    assert work.strength(GIVEN, nonce) == len(shown) - len(shown.lstrip("0"))


def test_the_price() -> None:
    prices = [work.required(size, 0, 0, guarded=True) for size in (*BUCKETS, 2 << 16, BLOB_MAX)]

    assert prices == [10, 10, 10, 12, 14, 15, 17]
    assert work.required(256, 0, 0, guarded=False) == 14
    assert work.required(256, 2, 3, guarded=False) == 19
    assert [work.load_of(used, 160) for used in (0, 80, 89, 90, 100, 150, 160, 200)] == [
        *(0, 0, 0, 1, 2, 7, 8, 8),
    ]


def test_a_challenge_is_for_one_thing() -> None:
    fields = [sha256(b"node"), sha256(b"name"), sha256(b"blob"), 1, 2]
    others = [sha256(b"other"), sha256(b"another"), sha256(b"more"), 2, 3]
    made = {
        work.challenge(*fields[:at], others[at], *fields[at + 1 :]) for at in range(len(fields))
    }

    assert len({*made, work.challenge(*fields)}) == 6
