"""The compression function F of BLAKE2b: RFC 7693, section 3.2, with any number of rounds."""

from typing import Any

import numpy as np
import numpy.typing as npt

from .jit import kernel

Words = npt.NDArray[np.uint64]

# The initialisation vector, section 2.6, and the schedule of message words, section 2.7.
IV = np.array(
    (
        0x6A09E667F3BCC908,
        0xBB67AE8584CAA73B,
        0x3C6EF372FE94F82B,
        0xA54FF53A5F1D36F1,
        0x510E527FADE682D1,
        0x9B05688C2B3E6C1F,
        0x1F83D9ABFB41BD6B,
        0x5BE0CD19137E2179,
    ),
    np.uint64,
)
SIGMA = np.array(
    (
        (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
        (14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3),
        (11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4),
        (7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8),
        (9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13),
        (2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9),
        (12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11),
        (13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10),
        (6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5),
        (10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0),
    ),
    np.int64,
)
ALL = np.uint64(2**64 - 1)
WORD = np.uint64(64)

Quarter = tuple[np.uint64, np.uint64, np.uint64, np.uint64]


@kernel("uint64(uint64, uint64)")
def rotate(a: np.uint64, count: np.uint64) -> np.uint64:
    """Return a, rotated right by 1 to 63 bits."""
    return a >> count | a << (WORD - count)


@kernel("UniTuple(uint64, 4)(uint64, uint64, uint64, uint64, uint64, uint64)")
def mix(
    a: np.uint64, b: np.uint64, c: np.uint64, d: np.uint64, x: np.uint64, y: np.uint64
) -> Quarter:
    """Return the four words after the function G: section 3.1."""
    a = a + b + x
    d = rotate(d ^ a, np.uint64(32))
    c = c + d
    b = rotate(b ^ c, np.uint64(24))
    a = a + b + y
    d = rotate(d ^ a, np.uint64(16))
    c = c + d
    b = rotate(b ^ c, np.uint64(63))
    return a, b, c, d


@kernel("void(uint64[::1], uint64, boolean)")
def fold(words: Words, rounds: Any, last: bool) -> None:
    """Replace the state by the next. The words are state (8), block (16), and counters (2)."""
    m = words[8:24]
    v0, v1, v2, v3 = words[0], words[1], words[2], words[3]
    v4, v5, v6, v7 = words[4], words[5], words[6], words[7]
    v8, v9, v10, v11 = IV[0], IV[1], IV[2], IV[3]
    v12, v13, v14, v15 = IV[4] ^ words[24], IV[5] ^ words[25], IV[6], IV[7]
    if last:
        v14 = v14 ^ ALL
    row = 0
    for _ in range(rounds):
        s = SIGMA[row]
        v0, v4, v8, v12 = mix(v0, v4, v8, v12, m[s[0]], m[s[1]])
        v1, v5, v9, v13 = mix(v1, v5, v9, v13, m[s[2]], m[s[3]])
        v2, v6, v10, v14 = mix(v2, v6, v10, v14, m[s[4]], m[s[5]])
        v3, v7, v11, v15 = mix(v3, v7, v11, v15, m[s[6]], m[s[7]])
        v0, v5, v10, v15 = mix(v0, v5, v10, v15, m[s[8]], m[s[9]])
        v1, v6, v11, v12 = mix(v1, v6, v11, v12, m[s[10]], m[s[11]])
        v2, v7, v8, v13 = mix(v2, v7, v8, v13, m[s[12]], m[s[13]])
        v3, v4, v9, v14 = mix(v3, v4, v9, v14, m[s[14]], m[s[15]])
        row = 0 if row == 9 else row + 1
    words[0] ^= v0 ^ v8
    words[1] ^= v1 ^ v9
    words[2] ^= v2 ^ v10
    words[3] ^= v3 ^ v11
    words[4] ^= v4 ^ v12
    words[5] ^= v5 ^ v13
    words[6] ^= v6 ^ v14
    words[7] ^= v7 ^ v15


def compress(rounds: int, state_block_counters: bytes, *, last: bool) -> bytes:
    """Return the next state, from 64 bytes of state, 128 of block and 16 of counters."""
    words = np.frombuffer(bytearray(state_block_counters), np.uint64)
    fold(words, rounds, last)
    return words[:8].tobytes()


def self_test() -> bool:
    """Return whether the state of an empty message, after twelve rounds, is its BLAKE2b-512."""
    from hashlib import blake2b

    state = IV.copy()
    state[0] ^= np.uint64(0x01010040)  # No key, 64 bytes of digest.
    return compress(12, state.tobytes() + bytes(128 + 16), last=True) == blake2b().digest()
