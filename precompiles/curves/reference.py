"""Sums of points of P-256 and edwards25519 in plain integers: the twins of the kernels.

A point is an affine pair, or None at infinity of P-256. Slow, and only for tests.
"""

from collections.abc import Sequence

from . import edwards25519, p256

Point = tuple[int, int] | None

P256_BASE = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
EDWARDS_BASE = (
    15112221349535400772501151409588531511454012693041857206046113283949847762202,
    46316835694926478169428394003475163141307993866256225615783033603165251855960,
)


class P256:
    """y**2 = x**3 - 3 x + b."""

    base: Point = P256_BASE
    neutral: Point = None
    order = p256.N

    @staticmethod
    def add(first: Point, second: Point) -> Point:
        """Return the sum of two points."""
        if first is None or second is None:
            return first or second
        (x1, y1), (x2, y2) = first, second
        if x1 == x2 and (y1 + y2) % p256.P == 0:
            return None
        if first == second:
            slope = (3 * x1 * x1 - 3) * pow(2 * y1, -1, p256.P)
        else:
            slope = (y2 - y1) * pow(x2 - x1, -1, p256.P)
        x = (slope * slope - x1 - x2) % p256.P
        return x, (slope * (x1 - x) - y1) % p256.P


class Edwards25519:
    """-x**2 + y**2 = 1 + d x**2 y**2."""

    base: Point = EDWARDS_BASE
    neutral: Point = edwards25519.NEUTRAL
    order = edwards25519.ORDER

    @staticmethod
    def add(first: Point, second: Point) -> Point:
        """Return the sum of two points."""
        assert first is not None
        assert second is not None
        p, (x1, y1), (x2, y2) = edwards25519.P, first, second
        product = edwards25519.D * x1 * x2 * y1 * y2
        x = (x1 * y2 + y1 * x2) * pow(1 + product, -1, p)
        return x % p, (y1 * y2 + x1 * x2) * pow(1 - product, -1, p) % p


Curve = type[P256] | type[Edwards25519]


def multiply(curve: Curve, factor: int, point: Point) -> Point:
    """Return factor * point, by doubling and adding."""
    total = curve.neutral
    while factor:
        if factor & 1:
            total = curve.add(total, point)
        point = curve.add(point, point)
        factor >>= 1
    return total


def combine(curve: Curve, base_factor: int, terms: Sequence[tuple[int, Point]]) -> Point:
    """Return base_factor * base + the sum of factor * point."""
    total = multiply(curve, base_factor, curve.base)
    for factor, point in terms:
        total = curve.add(total, multiply(curve, factor, point))
    return total
