"""The groups of BN254, also called alt_bn128 (EIP-196, EIP-197), and their pairing.

A point is affine, or None at infinity. A coordinate of the twist is (real, imaginary). Not for
secrets: takes a time that depends on its input. Knows no encoding.
"""

from collections.abc import Sequence

from ..backends.modular import inverse

P = 21888242871839275222246405745257275088696311157297823662689037894645226208583
R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
B = 3

Point = tuple[int, int]
TwistPoint = tuple[tuple[int, int], tuple[int, int]]

TWIST_B = (
    19485874751759354771024239261021720505790618469301721065564631296452457478373,
    266929791119991161246907387137283842545076965332900288569378510910307636690,
)
"""B / (9 + u)."""


def is_on_curve(x: int, y: int) -> bool:
    """Return whether two numbers below P are a point."""
    return (x * x * x + B - y * y) % P == 0


def is_on_twist(x: tuple[int, int], y: tuple[int, int]) -> bool:
    """Return whether four numbers below P are a point of the twist, of whatever order."""
    (x0, x1), (y0, y1) = x, y
    square0, square1 = x0 * x0 - x1 * x1, 2 * x0 * x1
    real = square0 * x0 - square1 * x1 + TWIST_B[0] - y0 * y0 + y1 * y1
    imaginary = square0 * x1 + square1 * x0 + TWIST_B[1] - 2 * y0 * y1
    return real % P == 0 == imaginary % P


def add(first: Point | None, second: Point | None) -> Point | None:
    """Return the sum of two points."""
    if first is None or second is None:
        return first or second
    (x1, y1), (x2, y2) = first, second
    if x1 != x2:
        slope = (y2 - y1) * inverse(x2 - x1, P) % P
    elif y1 != y2:
        return None
    else:
        slope = 3 * x1 * x1 * inverse(2 * y1, P) % P  # No y is 0, as the order is odd.
    x = (slope * slope - x1 - x2) % P
    return x, (slope * (x1 - x) - y1) % P


def multiply(factor: int, point: Point | None) -> Point | None:
    """Return factor * point."""
    from ..kernels import bn254_group as kernel

    factor %= R
    return kernel.multiply(point, factor) if factor and point is not None else None


def pairing_is_one(pairs: Sequence[tuple[Point | None, TwistPoint]]) -> bool | None:
    """Return whether the product of the pairings is one. Points of the twist are finite.

    None where one of these is not in the subgroup of order R.
    """
    from ..kernels import bn254_pairing as kernel

    return kernel.pairing_is_one(pairs)
