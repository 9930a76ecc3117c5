"""The field of Goldilocks, P = 2**64 - 2**32 + 1, on one word. `x * y % P` is its twin.

Every argument and result is below P, but where a docstring asks for less.
"""

import numpy as np

from .jit import kernel, multiply_add

P = 2**64 - 2**32 + 1

# Numba types a bare literal as int64, and int64 with uint64 makes float64: constants are uint64.
MODULUS = np.uint64(P)
FOLD = np.uint64(2**32 - 1)
"""2**64 mod P; also the mask of a low half."""
HALF_BITS = np.uint64(32)
ZERO = np.uint64(0)


@kernel("uint64(uint64, uint64)")
def add(x: np.uint64, y: np.uint64) -> np.uint64:
    """Return x + y mod P. Only y needs to be below P."""
    total = x + y
    if total < x:
        total += FOLD
    return total - MODULUS if total >= MODULUS else total


@kernel("uint64(uint64, uint64)")
def multiply(x: np.uint64, y: np.uint64) -> np.uint64:
    """Return x * y mod P, folding with 2**64 = 2**32 - 1 and 2**96 = -1 (mod P)."""
    low, high = multiply_add(x, y, ZERO, ZERO)
    top, bottom = high >> HALF_BITS, high & FOLD
    folded = low - top
    if low < top:
        folded -= FOLD
    return add(folded, bottom * FOLD)
