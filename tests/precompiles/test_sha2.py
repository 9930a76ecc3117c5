"""The compiled compression functions against hashlib, lane by lane."""

import hashlib
import random

import numpy as np
import pytest

from precompiles.kernels import sha2


def rows(blocks: list[bytes]) -> sha2.Rows:
    """One block a lane."""
    lanes = [np.frombuffer(block, ">u8").astype(np.uint64) for block in blocks]
    return np.ascontiguousarray(np.array(lanes).T)


def digests(bits: int, messages: list[bytes]) -> list[bytes]:
    """Pad messages of one length, and compress them side by side."""
    size = bits // 4
    width = size // 8
    values = sha2.IV_256 if bits == 256 else sha2.IV_512
    start = b"".join(value.to_bytes(width // 2, "big") for value in values)
    length = len(messages[0])
    zeros = -(length + 1 + width) % size
    tail = b"\x80" + bytes(zeros) + (8 * length).to_bytes(width, "big")
    compress = sha2.compress_256 if bits == 256 else sha2.compress_512
    state = rows([start] * sha2.LANES)
    padded = [message + tail for message in messages]
    for position in range(0, len(padded[0]), size):
        compress(state, rows([each[position : position + size] for each in padded]))
    return [lane.astype(">u8").tobytes() for lane in state.T]


@pytest.mark.parametrize("bits", [256, 512])
def test_digests_of_every_length_over_three_blocks(bits: int) -> None:
    choose = random.Random(bits)
    for length in range(0, 2 * bits // 4 + 1, 3):
        messages = [choose.randbytes(length) for _ in range(sha2.LANES)]
        expected = [hashlib.new(f"sha{bits}", message).digest() for message in messages]
        assert digests(bits, messages) == expected


@pytest.mark.parametrize("bits", [256, 512])
def test_words_of_zeros_and_of_ones(bits: int) -> None:
    messages = [bytes([each]) * 200 for each in (0, 255, 128, 1, 127, 254, 0x55, 0xAA)]
    assert digests(bits, messages) == [hashlib.new(f"sha{bits}", m).digest() for m in messages]
