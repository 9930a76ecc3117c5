"""Keccak-256 of memory at an address, for kernels."""

import numpy as np

from precompiles.kernels.jit import kernel
from precompiles.kernels.keccak_f import WORDS, permute_at

from .division import EIGHT, scratch
from .memory import Number, copy_word, load8, load64, load_big, move, store8, store64, zero

BLOCK_WORDS = 17
RATE = np.uint64(8 * BLOCK_WORDS)
RATE_WORDS = np.uint64(BLOCK_WORDS)
STATE_BYTES = np.uint64(8 * WORDS)
SUFFIX = np.uint64(0x01)
LAST_BYTE = np.uint64(8 * BLOCK_WORDS - 1)
LAST_BIT = np.uint64(0x80)

KNOWN = bytes.fromhex("e1bb54e1bc3af48d01e5dbfc81015c98152a574f6428c6948aa4837c9c0baad9")
"""Keccak-256 of 200 zeros, as pysha3 gives it."""

state_scratch = scratch(WORDS)
block_scratch = scratch(BLOCK_WORDS)


@kernel("void(uint64, uint64)")
def absorb_block(state: Number, block: Number) -> None:
    """Take in a whole block, and permute."""
    for i in range(RATE_WORDS):
        place = state + EIGHT * i
        store64(place, load64(place) ^ load64(block + EIGHT * i))
    permute_at(state)


@kernel("void(uint64, uint64, uint64)")
def keccak256_at(source: Number, size: Number, destination: Number) -> None:
    """Write the digest, 32 bytes, of `size` bytes; it may take their place."""
    state = state_scratch()
    block = block_scratch()
    zero(state, STATE_BYTES)
    while size >= RATE:
        absorb_block(state, source)
        source += RATE
        size -= RATE
    zero(block, RATE)
    move(block, source, size)
    store8(block + size, SUFFIX)
    store8(block + LAST_BYTE, load8(block + LAST_BYTE) | LAST_BIT)
    absorb_block(state, block)
    copy_word(destination, state)


@kernel("void(uint64, uint64, uint64)")
def keccak256_word(source: Number, size: Number, out: Number) -> None:
    """Write the digest as the word that the EVM makes of it."""
    keccak256_at(source, size, out)
    load_big(out, out)


def self_test() -> bool:
    """Return whether the compiled code gives the digest of 200 zeros that everybody gives."""
    data = np.zeros(200, np.uint8)
    out = np.empty(32, np.uint8)
    keccak256_at(data.ctypes.data, 200, out.ctypes.data)
    return out.tobytes() == KNOWN
