"""The search for a CREATE2 salt whose address ends in given bits, eight addresses at a time.

What is hashed is 85 bytes: 0xff, 20 of the deployer, 32 of the salt, 32 of the code's hash. That is
less than a block, and only the last 8 bytes of the salt change, which lie in words 5 and 6.
"""

import numpy as np
import numpy.typing as npt

from ...kernels.jit import kernel
from ...kernels.keccak import KECCAK, LANES, LAST_BIT, RATE_KECCAK256, permute_8
from ...kernels.keccak_f import WORDS
from . import flags, reference

Words = npt.NDArray[np.uint64]

MESSAGE_SIZE = 85
COUNTER_END = 53
"""Where in the message the salt ends."""

COUNTER_MAX = (1 << 64) - 1

BYTE = np.uint64(0xFF)
EIGHT = np.uint64(8)
ONE = np.uint64(1)
IN_WORD_5 = np.uint64(40)
IN_WORD_6 = np.uint64(24)
LAST_BYTE = np.uint64(56)
BYTE_BEFORE = np.uint64(48)
MASK = np.uint64(flags.MASK)


@kernel("int64(uint64[::1], uint64, int64, uint64)")
def find(message: Words, first: np.uint64, tries: int, wanted: np.uint64) -> int:
    """Return how many tries come before the first that fits, or -1.

    `message` is the padded block without the counter; `first + tries` is at most 2**64.
    """
    state = np.empty((WORDS, LANES), np.uint64)
    counter = first
    for start in range(0, tries, LANES):
        for word in range(WORDS):
            for lane in range(LANES):
                state[word, lane] = message[word]
        for lane in range(LANES):
            rest = counter
            turned = np.uint64(0)
            for _ in range(8):
                turned = turned << EIGHT | rest & BYTE
                rest >>= EIGHT
            state[5, lane] ^= turned << IN_WORD_5
            state[6, lane] ^= turned >> IN_WORD_6
            counter += ONE
        permute_8(state)
        for lane in range(min(LANES, tries - start)):
            end = state[3, lane]
            low = (end >> BYTE_BEFORE & BYTE) << EIGHT | end >> LAST_BYTE
            if low & MASK == wanted:
                return start + lane
    return -1


def search(prefix: bytes, code_hash: bytes, first: int, tries: int, wanted: int) -> int:
    """Return the first of so many salts from `first` on whose address has the flags, or -1."""
    while tries:
        counter = first & COUNTER_MAX
        count = min(tries, COUNTER_MAX + 1 - counter)
        salt = (first - counter).to_bytes(32, "big")
        block = (prefix + salt + code_hash).ljust(8 * WORDS, b"\0")
        words = np.frombuffer(block, "<u8").astype(np.uint64)
        words[MESSAGE_SIZE >> 3] ^= np.uint64(KECCAK << 8 * (MESSAGE_SIZE & 7))
        words[(RATE_KECCAK256 >> 3) - 1] ^= LAST_BIT
        found = int(find(words, np.uint64(counter), count, np.uint64(wanted)))
        if found >= 0:
            return first + found
        first += count
        tries -= count
    return -1


def self_test() -> bool:
    """Return whether the compiled search finds what plain Keccak finds."""
    prefix, code_hash = b"\xff" + bytes(range(20)), bytes(range(32))
    first = 2**64 - 30
    wanted = flags.of(bytes(18) + b"\x2a\x2a")
    return search(prefix, code_hash, first, 60, wanted) == reference.search(
        prefix, code_hash, first, 60, wanted
    )
