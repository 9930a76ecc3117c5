"""The base field of BN254, in the form of `limbs.py`. `x * y % P` is its twin."""

from .jit import kernel
from .limbs import BINARY, Limbs, instructions

P = 21888242871839275222246405745257275088696311157297823662689037894645226208583

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
