"""The scalar field of BN254, in the form of `limbs.py`. `x * y % R` is its twin."""

from .jit import kernel
from .limbs import BINARY, ONE, RADIX, UNARY, ZERO, Elements, Limbs, get, instructions, limbs, put

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617

INTO = limbs(RADIX * RADIX % R)
"""Takes an element into Montgomery form."""
PLAIN_UNIT: Limbs = (ONE, ZERO, ZERO, ZERO)

EMITTED = instructions(R)
add_limbs, multiply_limbs = EMITTED.add, EMITTED.multiply


@kernel(BINARY)
def add(a: Limbs, b: Limbs) -> Limbs:
    """Return a + b mod R."""
    return add_limbs(a, b)


@kernel(BINARY)
def multiply(a: Limbs, b: Limbs) -> Limbs:
    """Return a * b / 2**256 mod R. Only a needs to be below R; b may be any 256-bit number."""
    return multiply_limbs(a, b)


@kernel(UNARY)
def fifth_power(a: Limbs) -> Limbs:
    """Return a ** 5, in Montgomery form as a is."""
    squared = multiply_limbs(a, a)
    return multiply_limbs(multiply_limbs(squared, squared), a)


@kernel("void(uint64[:, ::1])")
def to_montgomery(elements: Elements) -> None:
    """Replace every row x by x * 2**256 mod R. A row may be any 256-bit number."""
    for i in range(elements.shape[0]):
        put(elements, i, multiply_limbs(INTO, get(elements, i)))


@kernel("void(uint64[:, ::1])")
def from_montgomery(elements: Elements) -> None:
    """Replace every row x * 2**256 by x."""
    for i in range(elements.shape[0]):
        put(elements, i, multiply_limbs(get(elements, i), PLAIN_UNIT))
