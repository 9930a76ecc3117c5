"""Keccak-256 of many leaves and nodes at once, and the search for a nonce.

Leaves are made of elements in Montgomery form, big end first, as proofs have them. A hash is four
words, in the order of its bytes.
"""

import numpy as np
import numpy.typing as npt

from ...kernels.jit import kernel
from ...kernels.keccak import KECCAK, LANES, LAST_BIT, RATE_KECCAK256, permute_8
from ...kernels.keccak_f import WORDS
from ...kernels.limbs import Elements

Hashes = npt.NDArray[np.uint64]

RATE = RATE_KECCAK256 // 8
HASH_WORDS = 4
SUFFIX = np.uint64(KECCAK)
ZERO = np.uint64(0)

BYTES = np.uint64(0x00FF00FF00FF00FF)
PAIRS = np.uint64(0x0000FFFF0000FFFF)
EIGHT, SIXTEEN, THIRTY_TWO = np.uint64(8), np.uint64(16), np.uint64(32)


@kernel("uint64(uint64)")
def swapped(word: np.uint64) -> np.uint64:
    """Return a word with its bytes in the opposite order."""
    word = (word >> EIGHT) & BYTES | (word & BYTES) << EIGHT
    word = (word >> SIXTEEN) & PAIRS | (word & PAIRS) << SIXTEEN
    return word >> THIRTY_TWO | word << THIRTY_TWO


@kernel("void(uint64[:, :, ::1], int64, uint64[:, ::1])")
def hash_leaves(columns: Elements, group: int, out: Hashes) -> None:
    """Hash leaves of `group` neighbouring rows, each of all columns."""
    width = columns.shape[0]
    size = group * width * HASH_WORDS
    state = np.empty((WORDS, LANES), np.uint64)
    count = out.shape[0]
    for first in range(0, count, LANES):
        used = min(LANES, count - first)
        state[:] = ZERO
        place = row = column = 0
        for _ in range(size // HASH_WORDS):
            for limb in range(HASH_WORDS):
                for lane in range(used):
                    word = columns[column, (first + lane) * group + row, 3 - limb]
                    state[place, lane] ^= swapped(word)
                place += 1
                if place == RATE:
                    permute_8(state)
                    place = 0
            column += 1
            if column == width:
                column = 0
                row += 1
        for lane in range(used):
            state[place, lane] ^= SUFFIX
            state[RATE - 1, lane] ^= LAST_BIT
        permute_8(state)
        for lane in range(used):
            for i in range(HASH_WORDS):
                out[first + lane, i] = state[i, lane]


@kernel("void(uint64[:, ::1], uint64[:, ::1])")
def hash_pairs(below: Hashes, out: Hashes) -> None:
    """Hash neighbouring nodes."""
    state = np.empty((WORDS, LANES), np.uint64)
    count = out.shape[0]
    for first in range(0, count, LANES):
        used = min(LANES, count - first)
        state[:] = ZERO
        for lane in range(used):
            for i in range(HASH_WORDS):
                state[i, lane] = below[2 * (first + lane), i]
                state[HASH_WORDS + i, lane] = below[2 * (first + lane) + 1, i]
            state[2 * HASH_WORDS, lane] = SUFFIX
            state[RATE - 1, lane] = LAST_BIT
        permute_8(state)
        for lane in range(used):
            for i in range(HASH_WORDS):
                out[first + lane, i] = state[i, lane]


@kernel("uint64(uint64[::1], uint64, uint64, uint64)")
def search(seed: Hashes, bits: np.uint64, first: np.uint64, count: np.uint64) -> np.uint64:
    """Return the least nonce from `first` on whose hash begins with zero bits, at least one.

    It is first + count, or a little more, when there is none among as many.
    """
    state = np.empty((WORDS, LANES), np.uint64)
    shift = np.uint64(64) - bits
    done = ZERO
    while done < count:
        state[:] = ZERO
        for lane in range(LANES):
            for i in range(HASH_WORDS):
                state[i, lane] = seed[i]
            state[HASH_WORDS, lane] = swapped(first + done + np.uint64(lane))
            state[HASH_WORDS + 1, lane] = SUFFIX
            state[RATE - 1, lane] = LAST_BIT
        permute_8(state)
        for lane in range(LANES):
            if swapped(state[0, lane]) >> shift == ZERO:
                return first + done + np.uint64(lane)
        done += np.uint64(LANES)
    return first + done
