"""The curve P-256, FIPS 186-5: sums of multiples of points, and square roots of its field.

Points pass as affine coordinates in plain integers, None at infinity, and are Jacobian inside,
where Z = 0 is infinity and the formulas' exceptions are branches. Knows no encoding and no scheme.
Not constant in time.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from .jit import kernel
from .limbs import (
    BINARY,
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

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
BASE: Affine = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)

UNIT = limbs(RADIX % P)
INTO = limbs(RADIX * RADIX % P)
PLAIN_UNIT: Limbs = (ONE, ZERO, ZERO, ZERO)
LESS_TWO = limbs(P - 2)
ROOT_EXPONENT = limbs((P + 1) // 4)

EMITTED = instructions(P)
add_limbs, subtract_limbs, multiply_limbs = EMITTED.add, EMITTED.subtract, EMITTED.multiply

Jacobian = tuple[Limbs, Limbs, Limbs]
"""X, Y and Z of (X / Z**2, Y / Z**3), in Montgomery form."""

ROWS = 3
WINDOW = np.uint64(4)
WINDOW_MASK = np.uint64(15)
TABLE = 16
BASE_TABLE = 256
BYTE_MASK = np.uint64(255)


@kernel("boolean(UniTuple(uint64, 4))")
def is_zero(a: Limbs) -> bool:
    """Return whether an element is 0."""
    return bool((a[0] | a[1] | a[2] | a[3]) == ZERO)


@kernel("UniTuple(UniTuple(uint64, 4), 3)(UniTuple(UniTuple(uint64, 4), 3))")
def double(p: Jacobian) -> Jacobian:
    """Return 2 p, infinity too."""
    x, y, z = p
    delta = multiply_limbs(z, z)
    gamma = multiply_limbs(y, y)
    beta = multiply_limbs(x, gamma)
    third = multiply_limbs(subtract_limbs(x, delta), add_limbs(x, delta))
    alpha = add_limbs(add_limbs(third, third), third)
    beta2 = add_limbs(beta, beta)
    beta4 = add_limbs(beta2, beta2)
    x3 = subtract_limbs(multiply_limbs(alpha, alpha), add_limbs(beta4, beta4))
    yz = add_limbs(y, z)
    z3 = subtract_limbs(subtract_limbs(multiply_limbs(yz, yz), gamma), delta)
    gamma2 = add_limbs(gamma, gamma)
    square = multiply_limbs(gamma2, gamma2)
    y3 = multiply_limbs(alpha, subtract_limbs(beta4, x3))
    return x3, subtract_limbs(y3, add_limbs(square, square)), z3


@kernel("UniTuple(UniTuple(uint64, 4), 3)(UniTuple(UniTuple(uint64, 4), 3), uint64[:, ::1], int64)")
def add_row(p: Jacobian, table: Elements, i: int) -> Jacobian:
    """Return p plus the point in rows i to i + 2."""
    x2, y2, z2 = get(table, i), get(table, i + 1), get(table, i + 2)
    x1, y1, z1 = p
    if is_zero(z2):
        return p
    if is_zero(z1):
        return x2, y2, z2
    z1z1 = multiply_limbs(z1, z1)
    z2z2 = multiply_limbs(z2, z2)
    u1 = multiply_limbs(x1, z2z2)
    s1 = multiply_limbs(y1, multiply_limbs(z2, z2z2))
    h = subtract_limbs(multiply_limbs(x2, z1z1), u1)
    r = subtract_limbs(multiply_limbs(y2, multiply_limbs(z1, z1z1)), s1)
    if is_zero(h):
        if is_zero(r):
            return double(p)
        return UNIT, UNIT, h
    hh = multiply_limbs(h, h)
    hhh = multiply_limbs(h, hh)
    v = multiply_limbs(u1, hh)
    x3 = subtract_limbs(subtract_limbs(multiply_limbs(r, r), hhh), add_limbs(v, v))
    y3 = subtract_limbs(multiply_limbs(r, subtract_limbs(v, x3)), multiply_limbs(s1, hhh))
    return x3, y3, multiply_limbs(h, multiply_limbs(z1, z2))


@kernel("void(uint64[:, ::1], int64, UniTuple(UniTuple(uint64, 4), 3))")
def put_point(table: Elements, i: int, p: Jacobian) -> None:
    """Write a point into three rows."""
    put(table, i, p[0])
    put(table, i + 1, p[1])
    put(table, i + 2, p[2])


@kernel("void(uint64[:, ::1], int64, int64, uint64[:, ::1], int64)")
def fill_table(table: Elements, start: int, count: int, points: Elements, i: int) -> None:
    """Write 0, 1, ..., count - 1 times the affine point in rows i and i + 1."""
    zero: Limbs = (ZERO, ZERO, ZERO, ZERO)
    put_point(table, start, (UNIT, UNIT, zero))
    x, y = multiply_limbs(INTO, get(points, i)), multiply_limbs(INTO, get(points, i + 1))
    p = (x, y, UNIT)
    put_point(table, start + ROWS, p)
    for j in range(2, count):
        p = add_row(p, table, start + ROWS)
        put_point(table, start + ROWS * j, p)


@kernel(BINARY)
def power(a: Limbs, exponent: Limbs) -> Limbs:
    """Return a ** exponent, for a in Montgomery form and a plain 256-bit exponent."""
    result = UNIT
    base = a
    for limb in exponent:
        bits = limb
        for _ in range(64):
            if bits & ONE:
                result = multiply_limbs(result, base)
            bits >>= ONE
            base = multiply_limbs(base, base)
    return result


@kernel(
    "boolean(uint64[:, ::1], uint64[:, ::1], uint64[:, ::1], uint64[:, ::1], uint64[:, ::1],"
    " uint64[:, ::1])"
)
def straus(
    points: Elements,
    factors: Elements,
    base_factor: Elements,
    base_table: Elements,
    table: Elements,
    result: Elements,
) -> bool:
    """Write the affine sum of the multiples of the points and of the base; false at infinity.

    Four bits of every factor at a time; the base takes eight, as its table is made once.
    """
    count = factors.shape[0]
    for n in range(count):
        fill_table(table, ROWS * TABLE * n, TABLE, points, 2 * n)
    zero: Limbs = (ZERO, ZERO, ZERO, ZERO)
    total = (UNIT, UNIT, zero)
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
    inverse = power(total[2], LESS_TWO)
    square = multiply_limbs(inverse, inverse)
    put(result, 0, multiply_limbs(multiply_limbs(total[0], square), PLAIN_UNIT))
    y = multiply_limbs(total[1], multiply_limbs(square, inverse))
    put(result, 1, multiply_limbs(y, PLAIN_UNIT))
    return not is_zero(total[2])


@kernel(UNARY)
def root_power(a: Limbs) -> Limbs:
    """Return a ** ((P + 1) / 4), of plain limbs."""
    return multiply_limbs(power(multiply_limbs(a, INTO), ROOT_EXPONENT), PLAIN_UNIT)


@cache
def base_multiples() -> Elements:
    """Return the table of the base point."""
    table = np.empty((ROWS * BASE_TABLE, 4), np.uint64)
    fill_table(table, 0, BASE_TABLE, pack(list(BASE)), 0)
    return table


def combine(base_factor: int, terms: Sequence[tuple[int, Affine]]) -> Affine | None:
    """Return base_factor * G + the sum of factor * point; factors are below 2**256."""
    result = np.empty((2, 4), np.uint64)
    finite = straus(
        pack([coordinate for _, point in terms for coordinate in point]),
        pack([factor for factor, _ in terms]),
        pack([base_factor]),
        base_multiples(),
        np.empty((ROWS * TABLE * len(terms), 4), np.uint64),
        result,
    )
    if not finite:
        return None
    x, y = unpack(result)
    return x, y


def square_root(value: int) -> int | None:
    """Return a root of an element, or None where it has none."""
    root: int = unpack(np.array([root_power(limbs(value))], np.uint64))[0]
    return root if root * root % P == value else None


def self_test() -> bool:
    """Return whether one less than the order times the base is its negative, by either table."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    negative = BASE[0], P - BASE[1]
    by_base, by_point = combine(order - 1, []), combine(1, [(order - 2, BASE)])
    return by_base == negative == by_point and combine(1, [(order - 1, BASE)]) is None
