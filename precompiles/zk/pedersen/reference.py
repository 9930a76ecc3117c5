"""Commitments and Starknet's hash in plain integers, by the schoolbook: the kernel's twin."""

from ..poseidon.parameters import STARK_PRIME
from .commitment import SCHEMES
from .generators import (
    BN254,
    BN254_BASE,
    STARKNET_LOW_BITS,
    STARKNET_POINTS,
    STARKNET_SHIFT,
    Affine,
    bn254_generator,
)

Point = Affine | None
"""None is the point at infinity."""

BN254_PRIME = SCHEMES[BN254].prime


def add(first: Point, second: Point, prime: int, a: int) -> Point:
    """Return the sum on y^2 = x^3 + a x + b."""
    if first is None or second is None:
        return first or second
    (x1, y1), (x2, y2) = first, second
    if x1 == x2:
        if (y1 + y2) % prime == 0:
            return None
        slope = (3 * x1 * x1 + a) * pow(2 * y1, -1, prime)
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, prime)
    x = (slope * slope - x1 - x2) % prime
    return x, (slope * (x1 - x) - y1) % prime


def multiply(point: Point, factor: int, prime: int, a: int) -> Point:
    """Return factor * point, by doubling and adding."""
    total: Point = None
    while factor:
        if factor & 1:
            total = add(total, point, prime, a)
        point = add(point, point, prime, a)
        factor >>= 1
    return total


def commit(value: int, blinding: int) -> Affine:
    """Return value * G + blinding * H on BN254; (0, 0) at infinity."""
    return weighted([(BN254_BASE, value), (bn254_generator(0), blinding)])


def vector_commit(values: list[int], blinding: int) -> Affine:
    """Return the sum of each value times its point, and blinding * H."""
    pairs = [(bn254_generator(index), value) for index, value in enumerate([blinding, *values])]
    return weighted(pairs)


def weighted(pairs: list[tuple[Affine, int]]) -> Affine:
    """Return the sum of factors times points on BN254."""
    total: Point = None
    for point, factor in pairs:
        total = add(total, multiply(point, factor, BN254_PRIME, 0), BN254_PRIME, 0)
    return total or (0, 0)


def starknet_hash(first: int, second: int) -> int:
    """Return Starknet's Pedersen hash of a pair."""
    total: Point = STARKNET_SHIFT
    points = STARKNET_POINTS
    for element, low, high in ((first, *points[:2]), (second, *points[2:])):
        low_part = element & ((1 << STARKNET_LOW_BITS) - 1)
        for point, factor in ((low, low_part), (high, element >> STARKNET_LOW_BITS)):
            total = add(total, multiply(point, factor, STARK_PRIME, 1), STARK_PRIME, 1)
    assert total is not None
    return total[0]
