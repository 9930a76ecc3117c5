"""Keccak-256 at addresses, against the C library's."""

import random

import numpy as np
import pytest
from sha3 import keccak_256

from chain.engine.hashing import keccak256_at, keccak256_word

LENGTHS = [*range(301), *(136 * n + step for n in (3, 8, 100) for step in (-1, 0, 1)), 100_000]


@pytest.mark.parametrize("start", [0, 3])
def test_every_length(start: int) -> None:
    content = random.Random(start).randbytes(LENGTHS[-1] + start)
    data = np.frombuffer(bytearray(content), np.uint8)
    digest = np.empty(40, np.uint8)
    for size in LENGTHS:
        digest[:] = 0xAA
        keccak256_at(data.ctypes.data + start, size, digest.ctypes.data + start)
        expected = keccak_256(content[start : start + size]).digest()
        assert digest.tobytes() == (b"\xaa" * start + expected).ljust(40, b"\xaa"), size
        keccak256_word(data.ctypes.data + start, size, digest.ctypes.data + start)
        assert digest.tobytes()[start : start + 32] == expected[::-1], size
    assert data.tobytes() == content


@pytest.mark.parametrize("size", [0, 1, 32, 64, 135, 136, 137, 300])
@pytest.mark.parametrize("place", [0, 32])
def test_the_digest_may_be_written_into_the_message(size: int, place: int) -> None:
    data = np.frombuffer(bytearray(random.Random(size).randbytes(400)), np.uint8)
    expected = keccak_256(data[:size].tobytes()).digest()
    keccak256_at(data.ctypes.data, size, data.ctypes.data + place)
    assert data[place : place + 32].tobytes() == expected


def test_the_state_is_new_each_time() -> None:
    """The digest of nothing, as the Yellow Paper has it for accounts without code."""
    digest = np.empty(32, np.uint8)
    for _ in range(2):
        keccak256_at(0, 0, digest.ctypes.data)
        assert digest.tobytes().hex() == (
            "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
        )
