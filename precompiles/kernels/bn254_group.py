"""Multiples of points of BN254, y^2 = x^3 + 3 over its base field.

A running sum is in Jacobian coordinates, three elements in Montgomery form: (X / Z^2, Y / Z^3).
Doubling and adding in plain integers is the twin. Not for secrets: takes a time that depends on its
input.
"""

import numpy as np

from ..backends.modular import inverse
from .bn254_base import P, add_limbs, multiply_limbs, subtract_limbs
from .jit import kernel
from .limbs import ONE, RADIX, ZERO, Elements, Limbs, get, limbs, pack, put, unpack

INTO = limbs(RADIX * RADIX % P)
"""Takes an element into Montgomery form."""
UNIT = limbs(RADIX % P)
PLAIN_UNIT: Limbs = (ONE, ZERO, ZERO, ZERO)

Affine = tuple[int, int]
Jacobian = tuple[Limbs, Limbs, Limbs]


@kernel("UniTuple(UniTuple(uint64, 4), 3)(UniTuple(UniTuple(uint64, 4), 3))")
def double(p: Jacobian) -> Jacobian:
    """Return 2 p: dbl-2009-l of the Explicit-Formulas Database."""
    x, y, z = p
    a, b = multiply_limbs(x, x), multiply_limbs(y, y)
    c = multiply_limbs(b, b)
    xb = multiply_limbs(x, b)
    d = add_limbs(xb, xb)
    d = add_limbs(d, d)
    e = add_limbs(add_limbs(a, a), a)
    x3 = subtract_limbs(multiply_limbs(e, e), add_limbs(d, d))
    c = add_limbs(c, c)
    c = add_limbs(c, c)
    y3 = subtract_limbs(multiply_limbs(e, subtract_limbs(d, x3)), add_limbs(c, c))
    yz = multiply_limbs(y, z)
    return x3, y3, add_limbs(yz, yz)


@kernel(
    "UniTuple(UniTuple(uint64, 4), 3)"
    "(UniTuple(UniTuple(uint64, 4), 3), UniTuple(uint64, 4), UniTuple(uint64, 4))"
)
def add(p: Jacobian, x2: Limbs, y2: Limbs) -> Jacobian:
    """Return p plus an affine point, where neither is the other or its negative, nor infinity."""
    x1, y1, z1 = p
    zz = multiply_limbs(z1, z1)
    h = subtract_limbs(multiply_limbs(x2, zz), x1)
    r = subtract_limbs(multiply_limbs(y2, multiply_limbs(z1, zz)), y1)
    hh = multiply_limbs(h, h)
    hhh = multiply_limbs(h, hh)
    v = multiply_limbs(x1, hh)
    x3 = subtract_limbs(subtract_limbs(multiply_limbs(r, r), hhh), add_limbs(v, v))
    y3 = subtract_limbs(multiply_limbs(r, subtract_limbs(v, x3)), multiply_limbs(y1, hhh))
    return x3, y3, multiply_limbs(h, z1)


@kernel("void(uint64[:, ::1])")
def replace_by_multiple(rows: Elements) -> None:
    """Replace the affine point in rows 0 and 1, by the factor in row 2, by the Jacobian multiple.

    The factor is from 1 to below the group's order, which is prime: so the sum, an even multiple
    whenever the point is added, is neither the point nor its negative.
    """
    x, y = multiply_limbs(INTO, get(rows, 0)), multiply_limbs(INTO, get(rows, 1))
    total = (x, y, UNIT)
    begun = False
    for i in range(3, -1, -1):
        limb = rows[2, i]
        for shift in range(63, -1, -1):
            bit = limb >> np.uint64(shift) & ONE
            if begun:
                total = double(total)
                if bit:
                    total = add(total, x, y)
            elif bit:
                begun = True
    for i in range(3):
        put(rows, i, multiply_limbs(total[i], PLAIN_UNIT))


def multiply(point: Affine, factor: int) -> Affine:
    """Return factor * point; the factor is from 1 to below the order."""
    rows = pack([*point, factor])
    replace_by_multiple(rows)
    x, y, z = unpack(rows)
    ratio = inverse(z, P)
    square = ratio * ratio % P
    return x * square % P, y * square * ratio % P


def self_test() -> bool:
    """Return whether one less than the order times a point is its negative."""
    order = 21888242871839275222246405745257275088548364400416034343698204186575808495617
    return multiply((1, 2), order - 1) == (1, P - 2)
