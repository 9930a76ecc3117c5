"""Pedersen commitments by curve number: value * G + blinding * H, as affine points.

The point at infinity is (0, 0), which is on neither curve. Knows no ABI.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ... import hash_to_bn254, hash_to_curve
from ...backends import secp256k1
from .generators import BN254, BN254_ORDER, SECP256K1, Affine, secp256k1_generators

INFINITY: Affine = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """Commitments on one curve, y^2 = x^3 + b. Points that come in are on the curve."""

    order: int
    prime: int
    b: int
    commit: Callable[[int, int], Affine]
    vector_commit: Callable[[list[int], int], Affine]
    sum_of: Callable[[list[Affine]], Affine]

    def holds(self, point: Affine) -> bool:
        """Return whether this is a point of the curve, canonical, or infinity."""
        x, y = point
        if point == INFINITY:
            return True
        return x < self.prime and y < self.prime and (y * y - x * x * x - self.b) % self.prime == 0

    def negative(self, point: Affine) -> Affine:
        """Return the opposite point."""
        x, y = point
        return x, -y % self.prime


# --- BN254: the kernel, loaded at the first call only ---------------------------------------


def bn254_commit(value: int, blinding: int) -> Affine:
    """Return value * G + blinding * H."""
    from . import kernel

    return kernel.commit(value, blinding)


def bn254_vector_commit(values: list[int], blinding: int) -> Affine:
    """Return the sum of each value times its point, and blinding * H."""
    from . import kernel

    return kernel.vector_commit(values, blinding)


def bn254_sum(points: list[Affine]) -> Affine:
    """Return the sum of the points."""
    from . import kernel

    return kernel.sum_of(points)


# --- secp256k1: libsecp256k1, which has no form for infinity --------------------------------


def secp256k1_commit(value: int, blinding: int) -> Affine:
    """Return value * G + blinding * H."""
    points = [secp256k1.base_multiple(value)] if value else []
    if blinding:
        points.append(secp256k1.multiply(secp256k1_generators()[0], blinding))
    return combined(points)


def secp256k1_vector_commit(values: list[int], blinding: int) -> Affine:
    """Return the sum of each value times its point, and blinding * H."""
    factors = zip(secp256k1_generators(), [blinding, *values], strict=False)
    return combined([secp256k1.multiply(point, factor) for point, factor in factors if factor])


def secp256k1_sum(points: list[Affine]) -> Affine:
    """Return the sum of the points."""
    return combined([secp256k1.from_affine(*point) for point in points if point != INFINITY])


def combined(points: list[secp256k1.Point]) -> Affine:
    """Return the sum as an affine point."""
    total = points[0] if points else None
    for point in points[1:]:
        total = point if total is None else secp256k1.add(total, point)
    if total is None:
        return INFINITY
    encoded = secp256k1.encode_uncompressed(total)
    return int.from_bytes(encoded[1:33], "big"), int.from_bytes(encoded[33:], "big")


SCHEMES = {
    BN254: Scheme(
        order=BN254_ORDER,
        prime=hash_to_bn254.P,
        b=hash_to_bn254.B,
        commit=bn254_commit,
        vector_commit=bn254_vector_commit,
        sum_of=bn254_sum,
    ),
    SECP256K1: Scheme(
        order=secp256k1.ORDER,
        prime=hash_to_curve.P,
        b=7,
        commit=secp256k1_commit,
        vector_commit=secp256k1_vector_commit,
        sum_of=secp256k1_sum,
    ),
}
