"""The field of Starknet, P = 2**251 + 17 * 2**192 + 1, in the form of `limbs.py`.

Its low limbs are 1, 0, 0, so reducing a product takes one multiplication a limb. Functions of one
element take and return limbs; functions of many work in place on rows of limbs. Knows no algorithm
that uses it; `x * y % P` is its twin.
"""

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

P = 2**251 + 17 * 2**192 + 1

MODULUS = limbs(P)
UNIT = limbs(RADIX % P)
"""1 in Montgomery form."""
INTO = limbs(RADIX * RADIX % P)
"""Takes an element into Montgomery form."""
LESS_TWO = limbs(P - 2)
PLAIN_UNIT: Limbs = (ONE, ZERO, ZERO, ZERO)

EMITTED = instructions(P)
add_limbs, subtract_limbs, multiply_limbs = EMITTED.add, EMITTED.subtract, EMITTED.multiply


@kernel(BINARY)
def add(a: Limbs, b: Limbs) -> Limbs:
    """Return a + b mod P."""
    return add_limbs(a, b)


@kernel(BINARY)
def subtract(a: Limbs, b: Limbs) -> Limbs:
    """Return a - b mod P."""
    return subtract_limbs(a, b)


@kernel(BINARY)
def multiply(a: Limbs, b: Limbs) -> Limbs:
    """Return a * b / 2**256 mod P. Only a needs to be below P; b may be any 256-bit number."""
    return multiply_limbs(a, b)


@kernel(UNARY)
def square(a: Limbs) -> Limbs:
    """Return a * a / 2**256 mod P."""
    return multiply_limbs(a, a)


@kernel(UNARY)
def enter(a: Limbs) -> Limbs:
    """Return the Montgomery form of a, which may be any 256-bit number."""
    return multiply_limbs(INTO, a)


@kernel(UNARY)
def leave(a: Limbs) -> Limbs:
    """Return the plain value of an element in Montgomery form."""
    return multiply_limbs(a, PLAIN_UNIT)


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


@kernel(UNARY)
def invert(a: Limbs) -> Limbs:
    """Return 1 / a, and 0 for 0; in Montgomery form, both."""
    return power(a, LESS_TWO)


@kernel("boolean(uint64[:, ::1])")
def are_canonical(elements: Elements) -> bool:
    """Return whether every row, of any 256 bits, is below P."""
    top = MODULUS[3]
    for i in range(elements.shape[0]):
        rest = elements[i, 0] | elements[i, 1] | elements[i, 2]
        # P is its top limb and a 1: all that has this top limb and a lower bit is P or more.
        if elements[i, 3] > top or (elements[i, 3] == top and rest != ZERO):
            return False
    return True


@kernel("void(uint64[:, ::1])")
def to_montgomery(elements: Elements) -> None:
    """Replace every row x by x * 2**256 mod P. A row may be any 256-bit number."""
    for i in range(elements.shape[0]):
        put(elements, i, multiply_limbs(INTO, get(elements, i)))


@kernel("void(uint64[:, ::1])")
def from_montgomery(elements: Elements) -> None:
    """Replace every row x * 2**256 by x."""
    for i in range(elements.shape[0]):
        put(elements, i, multiply_limbs(get(elements, i), PLAIN_UNIT))


@kernel("void(uint64[:, ::1], uint64[:, ::1], uint64[:, ::1])")
def multiply_rows(a: Elements, b: Elements, result: Elements) -> None:
    """Write a[i] * b[i] to result[i], which may be one of them."""
    for i in range(a.shape[0]):
        put(result, i, multiply_limbs(get(a, i), get(b, i)))


@kernel("void(uint64[:, ::1])")
def invert_rows(elements: Elements) -> None:
    """Replace every row by its inverse, and 0 by 0: three multiplications a row, one inversion."""
    count = elements.shape[0]
    before = np.empty_like(elements)  # The product of the rows before each, without zeros.
    total = UNIT
    for i in range(count):
        put(before, i, total)
        a = get(elements, i)
        if a[0] | a[1] | a[2] | a[3]:
            total = multiply_limbs(total, a)
    rest = invert(total)
    for step in range(count):
        i = count - 1 - step
        a = get(elements, i)
        if a[0] | a[1] | a[2] | a[3]:
            put(elements, i, multiply_limbs(rest, get(before, i)))
            rest = multiply_limbs(rest, a)


def encode(values: list[int]) -> Elements:
    """Return the values, each below 2**256, as rows in Montgomery form."""
    elements = pack(values)
    to_montgomery(elements)
    return elements


def decode(elements: Elements) -> list[int]:
    """Return the rows, in Montgomery form, as integers below P."""
    copied = elements.copy()
    from_montgomery(copied)
    return unpack(copied)
