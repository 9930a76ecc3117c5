"""Points of short Weierstrass curves y^2 = x^3 + a x + b, and multiples of fixed points.

Serves the curves in `Curve`, whose number each function takes; a branch that always goes one way
costs nothing. A sum is kept in Jacobian coordinates, three rows of limbs in Montgomery form, with
0 as the third at infinity. A table has for each window of a factor the point's multiples, affine,
two rows a point. Additions are complete: equal and opposite points too. Not constant in time.
"""

from enum import IntEnum

import numpy as np

from . import bn254_base, felt252
from .jit import kernel
from .limbs import ONE, RADIX, ZERO, Elements, Limbs, get, limbs, put


class Curve(IntEnum):
    """The curves: a is 1 on Starknet's, 0 on BN254's."""

    STARK = 0
    BN254 = 1


ORDERS = (felt252.P, bn254_base.P)
"""Of the base fields."""

STARK = np.int64(Curve.STARK)
UNITS = tuple(limbs(RADIX % order) for order in ORDERS)
INTO = tuple(limbs(RADIX * RADIX % order) for order in ORDERS)
LESS_TWO = tuple(limbs(order - 2) for order in ORDERS)
STARK_UNIT, BN254_UNIT = UNITS
STARK_INTO, BN254_INTO = INTO
STARK_LESS_TWO, BN254_LESS_TWO = LESS_TWO
NOTHING: Limbs = (ZERO, ZERO, ZERO, ZERO)
PLAIN_UNIT: Limbs = (ONE, ZERO, ZERO, ZERO)

FIELD_BINARY = "UniTuple(uint64, 4)(UniTuple(uint64, 4), UniTuple(uint64, 4), int64)"
FIELD_UNARY = "UniTuple(uint64, 4)(UniTuple(uint64, 4), int64)"


# --- The field of a curve -------------------------------------------------------------------


@kernel(FIELD_BINARY)
def add(a: Limbs, b: Limbs, curve: int) -> Limbs:
    """Return a + b."""
    return felt252.add(a, b) if curve == STARK else bn254_base.add(a, b)


@kernel(FIELD_BINARY)
def subtract(a: Limbs, b: Limbs, curve: int) -> Limbs:
    """Return a - b."""
    return felt252.subtract(a, b) if curve == STARK else bn254_base.subtract(a, b)


@kernel(FIELD_BINARY)
def multiply(a: Limbs, b: Limbs, curve: int) -> Limbs:
    """Return a * b, all in Montgomery form."""
    return felt252.multiply(a, b) if curve == STARK else bn254_base.multiply(a, b)


@kernel(FIELD_UNARY)
def invert(a: Limbs, curve: int) -> Limbs:
    """Return 1 / a, and 0 for 0; in Montgomery form, both."""
    result = STARK_UNIT if curve == STARK else BN254_UNIT
    base = a
    for limb in STARK_LESS_TWO if curve == STARK else BN254_LESS_TWO:
        bits = limb
        for _ in range(64):
            if bits & ONE:
                result = multiply(result, base, curve)
            bits >>= ONE
            base = multiply(base, base, curve)
    return result


@kernel("boolean(UniTuple(uint64, 4))")
def is_zero(a: Limbs) -> bool:
    """Return whether all limbs are 0."""
    return not a[0] | a[1] | a[2] | a[3]


@kernel("void(uint64[:, ::1], int64)")
def to_montgomery(elements: Elements, curve: int) -> None:
    """Replace every row x by x * 2**256 mod P."""
    factor = STARK_INTO if curve == STARK else BN254_INTO
    for i in range(elements.shape[0]):
        put(elements, i, multiply(factor, get(elements, i), curve))


# --- Points ---------------------------------------------------------------------------------


@kernel("void(uint64[:, ::1], int64)")
def double(total: Elements, curve: int) -> None:
    """Double the sum, which is not at infinity; no curve here has a point of order 2."""
    x, y, z = get(total, 0), get(total, 1), get(total, 2)
    xx, yy = multiply(x, x, curve), multiply(y, y, curve)
    slope = add(add(xx, xx, curve), xx, curve)
    if curve == STARK:
        zz = multiply(z, z, curve)
        slope = add(slope, multiply(zz, zz, curve), curve)
    s = multiply(x, yy, curve)
    s = add(s, s, curve)
    s = add(s, s, curve)
    eighth = multiply(yy, yy, curve)
    eighth = add(eighth, eighth, curve)
    eighth = add(eighth, eighth, curve)
    eighth = add(eighth, eighth, curve)
    x3 = subtract(multiply(slope, slope, curve), add(s, s, curve), curve)
    put(total, 0, x3)
    put(total, 1, subtract(multiply(slope, subtract(s, x3, curve), curve), eighth, curve))
    yz = multiply(y, z, curve)
    put(total, 2, add(yz, yz, curve))


@kernel("void(uint64[:, ::1], UniTuple(uint64, 4), UniTuple(uint64, 4), int64)")
def add_point(total: Elements, x2: Limbs, y2: Limbs, curve: int) -> None:
    """Add an affine point to the sum."""
    x, y, z = get(total, 0), get(total, 1), get(total, 2)
    if is_zero(z):
        put(total, 0, x2)
        put(total, 1, y2)
        put(total, 2, STARK_UNIT if curve == STARK else BN254_UNIT)
        return
    zz = multiply(z, z, curve)
    width = subtract(multiply(x2, zz, curve), x, curve)
    height = subtract(multiply(multiply(y2, z, curve), zz, curve), y, curve)
    if is_zero(width):
        if is_zero(height):
            double(total, curve)
        else:
            put(total, 2, NOTHING)
        return
    square = multiply(width, width, curve)
    cube = multiply(square, width, curve)
    v = multiply(x, square, curve)
    x3 = subtract(multiply(height, height, curve), cube, curve)
    x3 = subtract(x3, add(v, v, curve), curve)
    turn = multiply(height, subtract(v, x3, curve), curve)
    put(total, 0, x3)
    put(total, 1, subtract(turn, multiply(y, cube, curve), curve))
    put(total, 2, multiply(z, width, curve))


@kernel("void(uint64[:, ::1], int64)")
def leave(total: Elements, curve: int) -> None:
    """Replace the sum by its affine coordinates, plain, in two rows; by zeros at infinity."""
    inverse = invert(get(total, 2), curve)
    square = multiply(inverse, inverse, curve)
    x = multiply(get(total, 0), square, curve)
    y = multiply(get(total, 1), multiply(square, inverse, curve), curve)
    put(total, 0, multiply(x, PLAIN_UNIT, curve))
    put(total, 1, multiply(y, PLAIN_UNIT, curve))


# --- Multiples of fixed points --------------------------------------------------------------


@kernel("void(uint64[:, ::1], UniTuple(uint64, 4), UniTuple(uint64, 4), int64, int64)")
def fill_table(table: Elements, x: Limbs, y: Limbs, bits: int, curve: int) -> None:
    """Write the multiples of a point, in Montgomery form, for as many windows as fit.

    The multiples 1 to 2**bits - 1 of a window stand together; each window's point is 2**bits
    times the one before. The order of the point is above 2**bits.
    """
    count = 1 << bits
    sums = np.zeros((3 * count, 4), dtype=np.uint64)
    before = np.empty((count, 4), dtype=np.uint64)
    total = np.zeros((3, 4), dtype=np.uint64)
    step = 2 * (count - 1)
    for start in range(0, table.shape[0], step):
        total[2] = ZERO
        product = STARK_UNIT if curve == STARK else BN254_UNIT
        for k in range(count):
            add_point(total, x, y, curve)
            sums[3 * k : 3 * k + 3] = total
            put(before, k, product)
            product = multiply(product, get(total, 2), curve)
        inverse = invert(product, curve)
        for k in range(count - 1, -1, -1):
            one = multiply(inverse, get(before, k), curve)
            inverse = multiply(inverse, get(sums, 3 * k + 2), curve)
            square = multiply(one, one, curve)
            affine_x = multiply(get(sums, 3 * k), square, curve)
            affine_y = multiply(get(sums, 3 * k + 1), multiply(square, one, curve), curve)
            if k == count - 1:
                x, y = affine_x, affine_y
            else:
                put(table, start + 2 * k, affine_x)
                put(table, start + 2 * k + 1, affine_y)


@kernel("void(uint64[:, ::1], uint64[:, ::1], UniTuple(uint64, 4), int64, int64)")
def add_multiple(total: Elements, table: Elements, factor: Limbs, bits: int, curve: int) -> None:
    """Add a factor times the point of a table. The bits of a window divide 64."""
    width = np.uint64(bits)
    mask = (ONE << width) - ONE
    step = 2 * ((1 << bits) - 1)
    start = 0
    for limb in factor:
        rest = limb
        for _ in range(64 // bits):
            digit = int(np.int64(rest & mask))
            if digit != 0:
                row = start + 2 * (digit - 1)
                add_point(total, get(table, row), get(table, row + 1), curve)
            rest >>= width
            start += step
