"""Poseidon2 over Goldilocks in 8 or 12 lanes, compiled. `reference.py` is the twin."""

from functools import cache

import numpy as np
import numpy.typing as npt

from ...kernels.goldilocks import add, multiply
from ...kernels.jit import kernel
from .parameters import HALF, poseidon2_goldilocks

Words = npt.NDArray[np.uint64]


@kernel("uint64(uint64)")
def seventh_power(x: np.uint64) -> np.uint64:
    """Return x ** 7."""
    squared = multiply(x, x)
    return multiply(multiply(multiply(squared, squared), squared), x)


@kernel("void(uint64[::1])")
def external(state: Words) -> None:
    """Multiply by circ(2 M, M, ...), where M = circ(2, 3, 1, 1) on four lanes."""
    for start in range(0, state.size, 4):
        a, b, c, d = state[start], state[start + 1], state[start + 2], state[start + 3]
        left, right = add(a, b), add(c, d)
        total = add(left, right)
        # Each row is the sum of the four, its lane, and twice the next one.
        state[start] = add(add(total, a), add(b, b))
        state[start + 1] = add(add(total, b), add(c, c))
        state[start + 2] = add(add(total, c), add(d, d))
        state[start + 3] = add(add(total, d), add(a, a))
    for i in range(4):
        total = state[i]
        for j in range(i + 4, state.size, 4):
            total = add(total, state[j])
        for j in range(i, state.size, 4):
            state[j] = add(state[j], total)


@kernel("void(uint64[::1], uint64[:, ::1])")
def full_rounds(state: Words, constants: Words) -> None:
    """Do one full round for each row of constants."""
    for number in range(constants.shape[0]):
        for i in range(state.size):
            state[i] = seventh_power(add(state[i], constants[number, i]))
        external(state)


@kernel("void(uint64[::1], uint64[:, ::1], uint64[::1], uint64[:, ::1], uint64[::1])")
def permute_words(state: Words, first: Words, partial: Words, last: Words, diagonal: Words) -> None:
    """Permute the lanes in place."""
    external(state)
    full_rounds(state, first)
    for number in range(partial.size):
        state[0] = seventh_power(add(state[0], partial[number]))
        total = state[0]
        for i in range(1, state.size):
            total = add(total, state[i])
        for i in range(state.size):
            state[i] = add(multiply(state[i], diagonal[i]), total)
    full_rounds(state, last)


@cache
def tables(width: int) -> tuple[Words, Words, Words, Words]:
    """Return the constants and the diagonal."""
    chosen = poseidon2_goldilocks(width)
    assert len(chosen.first) == HALF
    return (
        np.array(chosen.first, dtype=np.uint64),
        np.array(chosen.partial, dtype=np.uint64),
        np.array(chosen.last, dtype=np.uint64),
        np.array(chosen.diagonal, dtype=np.uint64),
    )


def permute(state: list[int]) -> list[int]:
    """Return the permuted lanes: 8 or 12, each below the prime."""
    lanes = np.array(state, dtype=np.uint64)
    permute_words(lanes, *tables(len(state)))
    return [int(lane) for lane in lanes]
