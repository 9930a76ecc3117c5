"""Keccak-f[1600] (FIPS 202) on 1, 4 or 8 states at once, and the sponges made of it.

A state is 25 words, lane (x, y) of the standard at 5 y + x. States side by side are 25 rows with a
word for each: `state[word, lane]`. A sponge is named by its rate in bytes and the byte that ends
the message:

| function | rate | suffix |
|---|---|---|
| SHAKE128 / SHAKE256 | 168 / 136 | SHAKE |
| SHA3-256 / SHA3-512 | 136 / 72 | SHA3 |
| Keccak-256 of the EVM | 136 | KECCAK |

From Python: `digest(rate, suffix, data, size)` for one message, `keccak256_rows(messages)` for many
of one length. From kernels: `hash_into`, `hash_rows`, or a sponge in steps (`absorb`, `finish`,
`squeeze`), or `permute`, `permute_4`, `permute_8` on states that the kernel fills itself. They
take arrays of uint8 and uint64; only `hash_rows` allocates.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from .jit import kernel
from .keccak_f import WORDS, emit_permutation
from .vectors import Value, instruction, read_word, write_word

Bytes = npt.NDArray[np.uint8]
ByteRows = npt.NDArray[np.uint8]
State = npt.NDArray[np.uint64]
States = npt.NDArray[np.uint64]

LANES = 8

RATE_SHAKE128 = 168
RATE_SHAKE256 = 136
RATE_SHA3_256 = 136
RATE_SHA3_512 = 72
RATE_KECCAK256 = 136

SHAKE = 0x1F
SHA3 = 0x06
KECCAK = 0x01

LAST_BIT = np.uint64(1 << 63)
BYTE = np.uint64(0xFF)


def permutation(lanes: int) -> Any:
    """Return an instruction that permutes the states of its first array into its second."""

    def emit(builder: Any, before: Value, after: Value) -> None:
        emit_permutation(builder, before, after, lanes)

    return instruction(emit)


permutation_1 = permutation(1)
permutation_4 = permutation(4)
permutation_8 = permutation(8)


@kernel("void(uint64[::1])")
def permute(state: State) -> None:
    """Permute one state of 25 words."""
    permutation_1(state, state)


@kernel("void(uint64[:, ::1])")
def permute_4(states: States) -> None:
    """Permute 4 states: 25 rows of 4 words."""
    permutation_4(states, states)


@kernel("void(uint64[:, ::1])")
def permute_8(states: States) -> None:
    """Permute 8 states: 25 rows of 8 words."""
    permutation_8(states, states)


@kernel("int64(uint64[::1], int64, int64, uint8[::1])")
def absorb(state: State, rate: int, position: int, data: Bytes) -> int:
    """Take in data behind the first `position` bytes of a block; return the new position."""
    taken = 0
    size = data.shape[0]
    while taken < size:
        if position & 7 == 0 and size - taken >= 8:
            state[position >> 3] ^= read_word(data, taken)
            position += 8
            taken += 8
        else:
            state[position >> 3] ^= np.uint64(data[taken]) << np.uint64((position & 7) << 3)
            position += 1
            taken += 1
        if position == rate:
            permute(state)
            position = 0
    return position


@kernel("void(uint64[::1], int64, int64, uint64)")
def finish(state: State, rate: int, position: int, suffix: np.uint64) -> None:
    """End the message and permute: then the state begins with the first `rate` output bytes."""
    state[position >> 3] ^= suffix << np.uint64((position & 7) << 3)
    state[(rate >> 3) - 1] ^= LAST_BIT
    permute(state)


@kernel("void(uint64[::1], int64, uint8[::1])")
def squeeze(state: State, rate: int, output: Bytes) -> None:
    """Write the output of a finished sponge, from its first byte on."""
    position = 0
    size = output.shape[0]
    for first in range(0, size, 8):
        if position == rate:
            permute(state)
            position = 0
        word = state[position >> 3]
        position += 8
        if size - first >= 8:
            write_word(output, first, word)
        else:
            for i in range(size - first):
                output[first + i] = np.uint8(word >> np.uint64(8 * i) & BYTE)


@kernel("void(uint64[::1], int64, uint64, uint8[::1], uint8[::1])")
def hash_into(state: State, rate: int, suffix: np.uint64, data: Bytes, output: Bytes) -> None:
    """Hash a message into as many bytes as `output` has. `state` is scratch."""
    state[:] = np.uint64(0)
    finish(state, rate, absorb(state, rate, 0, data), suffix)
    squeeze(state, rate, output)


@kernel("void(int64, uint64, uint8[:, ::1], uint8[:, ::1])")
def hash_rows(rate: int, suffix: np.uint64, messages: ByteRows, digests: ByteRows) -> None:
    """Hash each row of messages into the row of digests, 8 at a time.

    There is at least one row. A digest is whole words and no longer than the rate.
    """
    state = np.empty((WORDS, LANES), np.uint64)
    count, size = messages.shape
    tail = size - size % rate
    for first in range(0, count, LANES):
        used = min(LANES, count - first)
        state[:] = np.uint64(0)
        for block in range(0, tail, rate):
            for lane in range(used):
                message = messages[first + lane]
                for i in range(rate >> 3):
                    state[i, lane] ^= read_word(message, block + 8 * i)
            permute_8(state)
        rest = size - tail
        for lane in range(used):
            message = messages[first + lane]
            for i in range(rest >> 3):
                state[i, lane] ^= read_word(message, tail + 8 * i)
            last = suffix
            for i in range(rest & 7):
                last = last << np.uint64(8) | np.uint64(message[size - 1 - i])
            state[rest >> 3, lane] ^= last
            state[(rate >> 3) - 1, lane] ^= LAST_BIT
        permute_8(state)
        for lane in range(used):
            digest = digests[first + lane]
            for i in range(digest.shape[0] >> 3):
                write_word(digest, 8 * i, state[i, lane])


def octets(data: bytes) -> Bytes:
    """Return bytes as the array that a kernel takes: one that it could write."""
    return np.frombuffer(bytearray(data), np.uint8)


def digest(rate: int, suffix: int, data: bytes, size: int) -> bytes:
    """Return `size` bytes of the hash of one message."""
    output = np.empty(size, np.uint8)
    hash_into(np.empty(WORDS, np.uint64), rate, np.uint64(suffix), octets(data), output)
    return output.tobytes()


def keccak256_rows(messages: ByteRows) -> ByteRows:
    """Return the EVM's Keccak-256 of each row, 32 bytes each. All messages have one length."""
    digests = np.empty((messages.shape[0], 32), np.uint8)
    hash_rows(RATE_KECCAK256, np.uint64(KECCAK), messages, digests)
    return digests
