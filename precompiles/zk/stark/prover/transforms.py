"""Polynomials and their values over the Stark field: transforms, extension, evaluation.

All elements are in Montgomery form. "Reversed" is the order of a bit-reversed index; the domain of
an extension is read in it, so that it falls into cosets of the trace's domain, one after the other.
"""

import numpy as np

from ....kernels.felt252 import UNIT, add_limbs, multiply_limbs, subtract_limbs
from ....kernels.jit import kernel
from ....kernels.limbs import Elements, Limbs, get, put

ZERO_ELEMENT = (np.uint64(0), np.uint64(0), np.uint64(0), np.uint64(0))


@kernel("void(UniTuple(uint64, 4), UniTuple(uint64, 4), uint64[:, ::1])")
def powers(first: Limbs, ratio: Limbs, out: Elements) -> None:
    """Write first * ratio**i."""
    value = first
    for i in range(out.shape[0]):
        put(out, i, value)
        value = multiply_limbs(value, ratio)


@kernel("void(UniTuple(uint64, 4), uint64[:, ::1], uint64[:, ::1])")
def points(first: Limbs, roots: Elements, out: Elements) -> None:
    """Write the points first * w**i in reversed order; roots are -1, a fourth root, ... w."""
    put(out, 0, first)
    half = 1
    for level in range(roots.shape[0]):
        root = get(roots, level)
        for i in range(half):
            put(out, half + i, multiply_limbs(get(out, i), root))
        half *= 2


@kernel("void(uint64[:, ::1])")
def reverse(values: Elements) -> None:
    """Bring the values, a power of two of them, from natural to reversed order, or back."""
    count = values.shape[0]
    j = 0
    for i in range(1, count):
        bit = count >> 1
        while j & bit:
            j ^= bit
            bit >>= 1
        j ^= bit
        if i < j:
            kept = get(values, i)
            put(values, i, get(values, j))
            put(values, j, kept)


@kernel("void(uint64[:, ::1], uint64[:, ::1])")
def evaluate(values: Elements, twiddles: Elements) -> None:
    """Replace coefficients by values on the roots of unity, in reversed order.

    `twiddles` are the first half of those roots.
    """
    count = values.shape[0]
    half = count >> 1
    stride = 1
    while half > 0:
        for start in range(0, count, 2 * half):
            for j in range(half):
                low, high = start + j, start + j + half
                a, b = get(values, low), get(values, high)
                put(values, low, add_limbs(a, b))
                difference = subtract_limbs(a, b)
                put(values, high, multiply_limbs(difference, get(twiddles, j * stride)))
        half >>= 1
        stride <<= 1


@kernel("void(uint64[:, ::1], uint64[:, ::1], UniTuple(uint64, 4))")
def interpolate(values: Elements, twiddles: Elements, scale: Limbs) -> None:
    """Undo `evaluate`: `twiddles` are the inverses of its own, `scale` is 1 / count."""
    count = values.shape[0]
    half = 1
    stride = count >> 1
    while half < count:
        for start in range(0, count, 2 * half):
            for j in range(half):
                low, high = start + j, start + j + half
                a = get(values, low)
                b = multiply_limbs(get(values, high), get(twiddles, j * stride))
                put(values, low, add_limbs(a, b))
                put(values, high, subtract_limbs(a, b))
        half <<= 1
        stride >>= 1
    for i in range(count):
        put(values, i, multiply_limbs(get(values, i), scale))


@kernel("void(uint64[:, ::1], uint64[:, ::1], uint64[:, ::1], uint64[:, ::1])")
def extend(coefficients: Elements, shifts: Elements, twiddles: Elements, out: Elements) -> None:
    """Write the values on each coset shift * <roots>, one coset after the other, reversed."""
    count = coefficients.shape[0]
    for block in range(shifts.shape[0]):
        part = out[block * count : (block + 1) * count]
        shift = get(shifts, block)
        scale = UNIT
        for i in range(count):
            put(part, i, multiply_limbs(get(coefficients, i), scale))
            scale = multiply_limbs(scale, shift)
        evaluate(part, twiddles)


@kernel("void(uint64[:, ::1], UniTuple(uint64, 4))")
def unshift(coefficients: Elements, ratio: Limbs) -> None:
    """Multiply coefficient i by ratio**i."""
    scale = UNIT
    for i in range(coefficients.shape[0]):
        put(coefficients, i, multiply_limbs(get(coefficients, i), scale))
        scale = multiply_limbs(scale, ratio)


@kernel("UniTuple(uint64, 4)(uint64[:, ::1], UniTuple(uint64, 4))")
def value_at(coefficients: Elements, point: Limbs) -> Limbs:
    """Return the value of a polynomial, by Horner's rule."""
    value = ZERO_ELEMENT
    for step in range(coefficients.shape[0]):
        i = coefficients.shape[0] - 1 - step
        value = add_limbs(multiply_limbs(value, point), get(coefficients, i))
    return value


@kernel(
    "void(uint64[:, :, ::1], uint64[:, ::1], UniTuple(uint64, 4), uint64[:, ::1], uint64[:, ::1])"
)
def add_quotients(
    columns: Elements, weights: Elements, claimed: Limbs, inverses: Elements, out: Elements
) -> None:
    """Add (the weighted sum of the columns - claimed) * inverses, row by row, to `out`."""
    for i in range(out.shape[0]):
        total = ZERO_ELEMENT
        for j in range(columns.shape[0]):
            total = add_limbs(total, multiply_limbs(get(weights, j), get(columns[j], i)))
        total = multiply_limbs(subtract_limbs(total, claimed), get(inverses, i))
        put(out, i, add_limbs(get(out, i), total))


@kernel("void(uint64[:, ::1], UniTuple(uint64, 4), uint64[:, ::1])")
def subtract_from_rows(values: Elements, constant: Limbs, out: Elements) -> None:
    """Write each value less a constant."""
    for i in range(values.shape[0]):
        put(out, i, subtract_limbs(get(values, i), constant))


@kernel("void(uint64[:, ::1], uint64[:, ::1], UniTuple(uint64, 4), uint64[:, ::1])")
def fold_pairs(values: Elements, inverses: Elements, challenge: Limbs, out: Elements) -> None:
    """Write a + b + challenge * (a - b) * inverse for each pair of neighbours."""
    for i in range(out.shape[0]):
        a, b = get(values, 2 * i), get(values, 2 * i + 1)
        factor = multiply_limbs(challenge, get(inverses, i))
        put(out, i, add_limbs(add_limbs(a, b), multiply_limbs(subtract_limbs(a, b), factor)))


@kernel("void(uint64[:, ::1], uint64[:, ::1])")
def square_even(inverses: Elements, out: Elements) -> None:
    """Write the squares of the even rows: the inverse points of the next pairs."""
    for i in range(out.shape[0]):
        a = get(inverses, 2 * i)
        put(out, i, multiply_limbs(a, a))
