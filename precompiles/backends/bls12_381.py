"""The curves of BLS12-381, by arkworks through py_arkworks_bls12381. Knows no signature scheme.

Coordinates are 48 bytes each, big end first; those in the quadratic extension are two, the real
part first. Infinity is all zero. Not for secrets: takes a time that depends on its input.
"""

from collections.abc import Sequence
from typing import TypeVar

from py_arkworks_bls12381 import GT, G1Point, G2Point, Scalar

__all__ = [
    "COORDINATE_SIZE",
    "G1Point",
    "G2Point",
    "Point",
    "add",
    "combine",
    "map_to_g1",
    "map_to_g2",
    "pairing_is_one",
    "parse",
]

COORDINATE_SIZE = 48

Point = TypeVar("Point", G1Point, G2Point)


def parse(group: type[Point], encoded: bytes, *, in_subgroup: bool) -> Point | None:
    """Return the point of the curve, or of its subgroup of prime order, with this encoding.

    None where there is none, as for a coordinate that is not below the field's modulus.
    """
    try:
        if in_subgroup:
            return group.from_xy_bytes_be(encoded)
        return group.from_xy_bytes_unchecked_be(encoded)  # It is still checked to be on the curve.
    except ValueError:
        return None


def add(first: Point, second: Point) -> bytes:
    """Return the sum of two points of the same curve."""
    return (first + second).to_xy_bytes_be()


def combine(points: Sequence[Point], factors: Sequence[bytes]) -> bytes:
    """Return the sum of multiples of at least one point of the subgroup.

    The factors are 32 bytes each, big end first, of any value.
    """
    scalars = [Scalar.from_be_bytes_mod_order(factor) for factor in factors]
    if len(points) == 1:
        return (points[0] * scalars[0]).to_xy_bytes_be()
    return type(points[0]).multiexp_unchecked(list(points), scalars).to_xy_bytes_be()


def pairing_is_one(pairs: Sequence[tuple[G1Point, G2Point]]) -> bool:
    """Return whether the product of the pairings of points of the subgroups is one."""
    return GT.pairing_check([first for first, _ in pairs], [second for _, second in pairs])


def map_to_g1(element: bytes) -> bytes | None:
    """Return the point of the subgroup for a field element: RFC 9380, section 8.8.1; else None."""
    try:
        return G1Point.map_from_fp_be(element).to_xy_bytes_be()
    except ValueError:
        return None


def map_to_g2(element: bytes) -> bytes | None:
    """Return the point of the subgroup for an element of the extension: 8.8.2; else None."""
    try:
        return G2Point.map_from_fp2_be(element).to_xy_bytes_be()
    except ValueError:
        return None
