"""The curve edwards25519: sums of multiples of points, and the root that decoding needs.

Points pass as affine coordinates, in plain integers outside and in extended coordinates, RFC 8032
section 5.1.4, inside; formulas are complete, so no point is special. Knows no encoding and no
subgroup: `combine` is right for every point of the curve. Not constant in time.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from .jit import kernel
from .limbs import (
    ONE,
    RADIX,
    UNARY,
    ZERO,
    Elements,
    Limbs,
    get,
    instructions,
    limbs,
    pack,
    put,
    unpack,
)

Affine = tuple[int, int]

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
BASE: Affine = (
    15112221349535400772501151409588531511454012693041857206046113283949847762202,
    46316835694926478169428394003475163141307993866256225615783033603165251855960,
)
IDENTITY: Affine = (0, 1)

UNIT = limbs(RADIX % P)
TWICE_D = limbs(2 * D * RADIX % P)
INTO = limbs(RADIX * RADIX % P)
PLAIN_UNIT: Limbs = (ONE, ZERO, ZERO, ZERO)

EMITTED = instructions(P)
add_limbs, subtract_limbs, multiply_limbs = EMITTED.add, EMITTED.subtract, EMITTED.multiply

Extended = tuple[Limbs, Limbs, Limbs, Limbs]
"""X, Y, Z and T = XY/Z, in Montgomery form."""

ROWS = 4
WINDOW = np.uint64(4)
WINDOW_MASK = np.uint64(15)
TABLE = 16
BASE_TABLE = 256
BYTE_MASK = np.uint64(255)

DOUBLE = "UniTuple(UniTuple(uint64, 4), 4)(UniTuple(UniTuple(uint64, 4), 4))"


@kernel(DOUBLE)
def double(p: Extended) -> Extended:
    """Return 2 p."""
    x, y, z, _ = p
    a = multiply_limbs(x, x)
    b = multiply_limbs(y, y)
    zz = multiply_limbs(z, z)
    sum_xy = add_limbs(x, y)
    h = add_limbs(a, b)
    e = subtract_limbs(h, multiply_limbs(sum_xy, sum_xy))
    g = subtract_limbs(a, b)
    f = add_limbs(add_limbs(zz, zz), g)
    return (
        multiply_limbs(e, f),
        multiply_limbs(g, h),
        multiply_limbs(f, g),
        multiply_limbs(e, h),
    )


@kernel("UniTuple(UniTuple(uint64, 4), 4)(UniTuple(UniTuple(uint64, 4), 4), uint64[:, ::1], int64)")
def add_row(p: Extended, table: Elements, i: int) -> Extended:
    """Return p plus the point in rows i to i + 3, as `put_point` writes it."""
    x, y, z, t = p
    a = multiply_limbs(subtract_limbs(y, x), get(table, i))
    b = multiply_limbs(add_limbs(y, x), get(table, i + 1))
    c = multiply_limbs(t, get(table, i + 3))
    zz = multiply_limbs(z, get(table, i + 2))
    d = add_limbs(zz, zz)
    e, f, g, h = (
        subtract_limbs(b, a),
        subtract_limbs(d, c),
        add_limbs(d, c),
        add_limbs(b, a),
    )
    return (
        multiply_limbs(e, f),
        multiply_limbs(g, h),
        multiply_limbs(f, g),
        multiply_limbs(e, h),
    )


@kernel("void(uint64[:, ::1], int64, UniTuple(UniTuple(uint64, 4), 4))")
def put_point(table: Elements, i: int, p: Extended) -> None:
    """Write Y - X, Y + X, Z and 2 d T into four rows."""
    x, y, z, t = p
    put(table, i, subtract_limbs(y, x))
    put(table, i + 1, add_limbs(y, x))
    put(table, i + 2, z)
    put(table, i + 3, multiply_limbs(t, TWICE_D))


@kernel("void(uint64[:, ::1], int64, int64, uint64[:, ::1], int64)")
def fill_table(table: Elements, start: int, count: int, points: Elements, i: int) -> None:
    """Write 0, 1, ..., count - 1 times the affine point in rows i and i + 1."""
    x, y = multiply_limbs(INTO, get(points, i)), multiply_limbs(INTO, get(points, i + 1))
    zero: Limbs = (ZERO, ZERO, ZERO, ZERO)
    put_point(table, start, (zero, UNIT, UNIT, zero))
    p = (x, y, UNIT, multiply_limbs(x, y))
    put_point(table, start + ROWS, p)
    for j in range(2, count):
        p = add_row(p, table, start + ROWS)
        put_point(table, start + ROWS * j, p)


@kernel("UniTuple(uint64, 4)(UniTuple(uint64, 4), int64)")
def squared(a: Limbs, times: int) -> Limbs:
    """Return a squared so many times."""
    for _ in range(times):
        a = multiply_limbs(a, a)
    return a


@kernel(UNARY)
def long_power(a: Limbs) -> Limbs:
    """Return a ** (2**250 - 1): both exponents below are that, shifted, and a few bits."""
    two = multiply_limbs(squared(a, 1), a)
    five = multiply_limbs(squared(multiply_limbs(squared(two, 2), two), 1), a)
    ten = multiply_limbs(squared(five, 5), five)
    twenty = multiply_limbs(squared(ten, 10), ten)
    forty = multiply_limbs(squared(twenty, 20), twenty)
    fifty = multiply_limbs(squared(forty, 10), ten)
    hundred = multiply_limbs(squared(fifty, 50), fifty)
    two_hundred = multiply_limbs(squared(hundred, 100), hundred)
    return multiply_limbs(squared(two_hundred, 50), fifty)


@kernel(UNARY)
def invert(a: Limbs) -> Limbs:
    """Return 1 / a = a ** (2**255 - 21), and 0 for 0."""
    eighth = squared(a, 3)
    eleventh = multiply_limbs(multiply_limbs(eighth, squared(a, 1)), a)
    return multiply_limbs(squared(long_power(a), 5), eleventh)


@kernel(
    "void(uint64[:, ::1], uint64[:, ::1], uint64[:, ::1], uint64[:, ::1], uint64[:, ::1],"
    " uint64[:, ::1])"
)
def straus(
    points: Elements,
    factors: Elements,
    base_factor: Elements,
    base_table: Elements,
    table: Elements,
    result: Elements,
) -> None:
    """Write the affine sum of the multiples of the points and of the base, all together.

    Four bits of every factor at a time; the base takes eight, as its table is made once.
    """
    count = factors.shape[0]
    for n in range(count):
        fill_table(table, ROWS * TABLE * n, TABLE, points, 2 * n)
    zero: Limbs = (ZERO, ZERO, ZERO, ZERO)
    total = (zero, UNIT, UNIT, zero)
    for window in range(63, -1, -1):
        limb = window >> 4
        shift = np.uint64(window & 15) * WINDOW
        if window != 63:
            total = double(double(double(double(total))))
        for n in range(count):
            digit: Any = np.int64(factors[n, limb] >> shift & WINDOW_MASK)
            if digit:
                total = add_row(total, table, ROWS * (TABLE * n + digit))
        if not window & 1:
            digit = np.int64(base_factor[0, limb] >> shift & BYTE_MASK)
            if digit:
                total = add_row(total, base_table, ROWS * digit)
    inverse = multiply_limbs(invert(total[2]), PLAIN_UNIT)
    put(result, 0, multiply_limbs(total[0], inverse))
    put(result, 1, multiply_limbs(total[1], inverse))


@kernel(UNARY)
def root_power(a: Limbs) -> Limbs:
    """Return a ** ((P - 5) / 8) = a ** (2**252 - 3), of plain limbs."""
    a = multiply_limbs(INTO, a)
    return multiply_limbs(multiply_limbs(squared(long_power(a), 2), a), PLAIN_UNIT)


@cache
def base_multiples() -> Elements:
    """Return the table of the base point."""
    table = np.empty((ROWS * BASE_TABLE, 4), np.uint64)
    fill_table(table, 0, BASE_TABLE, pack(list(BASE)), 0)
    return table


def combine(base_factor: int, terms: Sequence[tuple[int, Affine]]) -> Affine:
    """Return base_factor * B + the sum of factor * point; factors are below 2**256."""
    result = np.empty((2, 4), np.uint64)
    straus(
        pack([coordinate for _, point in terms for coordinate in point]),
        pack([factor for factor, _ in terms]),
        pack([base_factor]),
        base_multiples(),
        np.empty((ROWS * TABLE * len(terms), 4), np.uint64),
        result,
    )
    x, y = unpack(result)
    return x, y


def power_for_root(value: int) -> int:
    """Return value ** ((P - 5) / 8) mod P: what square roots of ratios are made of."""
    root: int = unpack(np.array([root_power(limbs(value))], np.uint64))[0]
    return root


def self_test() -> bool:
    """Return whether the order times the base is the identity, by either table."""
    order = 2**252 + 27742317777372353535851937790883648493
    return combine(order, []) == IDENTITY == combine(1, [(order - 1, BASE)])
