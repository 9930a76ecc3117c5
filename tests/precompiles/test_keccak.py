"""The compiled Keccak against hashlib and against the chain's Keccak-256, and its permutations."""

import hashlib
import random

import numpy as np
import pytest

from precompiles.backends.keccak import keccak256
from precompiles.kernels import keccak

# Lane 0 and lane 24 of the permutation of zeros, and of that once more: the Keccak team's
# KeccakF-1600-IntermediateValues.txt.
FIRST = (0xF1258F7940E1DDE7, 0xEAF1FF7B5CECA249)
SECOND = (0x2D5C954DF96ECB3C, 0x20D06CD26A8FBF5C)


def test_the_permutation_of_zeros() -> None:
    state = np.zeros(25, np.uint64)
    for expected in (FIRST, SECOND):
        keccak.permute(state)
        assert (int(state[0]), int(state[24])) == expected


@pytest.mark.parametrize("lanes", [4, 8])
def test_lanes_are_independent(lanes: int) -> None:
    words = random.Random(lanes)
    states = np.array([[words.getrandbits(64) for _ in range(lanes)] for _ in range(25)], np.uint64)
    alone = states.T.copy()

    (keccak.permute_4 if lanes == 4 else keccak.permute_8)(states)

    for lane, state in enumerate(alone):
        keccak.permute(state)
        assert (states[:, lane] == state).all()


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 71, 72, 73, 135, 136, 137, 167, 168, 169, 500])
def test_one_message(size: int) -> None:
    message = random.Random(size).randbytes(size)
    for length in (1, 32, 33, 168, 169, 400):
        expected = hashlib.shake_128(message).digest(length)
        assert keccak.digest(keccak.RATE_SHAKE128, keccak.SHAKE, message, length) == expected
        expected = hashlib.shake_256(message).digest(length)
        assert keccak.digest(keccak.RATE_SHAKE256, keccak.SHAKE, message, length) == expected
    short = keccak.digest(keccak.RATE_SHA3_256, keccak.SHA3, message, 32)
    assert short == hashlib.sha3_256(message).digest()
    long = keccak.digest(keccak.RATE_SHA3_512, keccak.SHA3, message, 64)
    assert long == hashlib.sha3_512(message).digest()
    ours = keccak.digest(keccak.RATE_KECCAK256, keccak.KECCAK, message, 32)
    assert ours == keccak256(message)


@pytest.mark.parametrize("size", [0, 1, 32, 63, 64, 135, 136, 137, 271, 272, 300])
@pytest.mark.parametrize("count", [1, 7, 8, 9, 16, 21])
def test_rows(size: int, count: int) -> None:
    messages = [random.Random(seed).randbytes(size) for seed in range(count)]
    rows = np.array([list(message) for message in messages], np.uint8).reshape(count, size)

    digests = keccak.keccak256_rows(rows)

    assert [row.tobytes() for row in digests] == [keccak256(message) for message in messages]


def test_a_message_in_pieces() -> None:
    choose = random.Random(5)
    for rate, name in ((168, "shake_128"), (136, "shake_256")):
        pieces = [choose.randbytes(choose.randrange(200)) for _ in range(20)]
        state = np.zeros(25, np.uint64)
        position = 0
        for piece in pieces:
            position = keccak.absorb(state, rate, position, keccak.octets(piece))
        keccak.finish(state, rate, position, np.uint64(keccak.SHAKE))
        output = np.empty(500, np.uint8)
        keccak.squeeze(state, rate, output)
        assert output.tobytes() == hashlib.new(name, b"".join(pieces)).digest(500)  # type: ignore[call-arg]  # SHAKE's takes a length
