"""Hashing to the first group of BN254: RFC 9380 with the map of Shallue and van de Woestijne.

The curve y^2 = x^3 + 3 has j-invariant 0 and no isogenous curve of small degree that the simplified
SWU map could use, so the RFC prescribes this map (section 6.6.1). gnark-crypto's suite
BN254G1_XMD:SHA-256_SVDW_RO_ is the same. Plain integers, not constant in time, some hundred
microseconds a point: for generators, which are made once. Knows no scheme.
"""

from .hash_to_field import expand_message_xmd

P = 21888242871839275222246405745257275088696311157297823662689037894645226208583
"""The order of the base field: 3 mod 4, so a square root is one power."""
B = 3
ELEMENT_SIZE = 48  # Of uniform bytes: keeps the bias of an element below 2**-128.

Affine = tuple[int, int]


def curve(x: int) -> int:
    """Return the right side of the equation."""
    return (x * x % P * x + B) % P


def square_root(x: int) -> int | None:
    """Return one of the square roots, or None when there is none."""
    root = pow(x, (P + 1) // 4, P)
    return root if root * root % P == x % P else None


def even_root(x: int) -> int:
    """Return the square root that is even, of a square."""
    root = square_root(x)
    assert root is not None
    return P - root if root & 1 else root


# Z is the smallest in absolute value that the RFC's criteria (appendix H.1) admit: curve(Z) is not
# 0, -3 Z^2 / (4 curve(Z)) is a square other than 0, and curve(Z) or curve(-Z / 2) is a square.
Z = 1
C1 = curve(Z)
C2 = -Z * pow(2, -1, P) % P
C3 = even_root(-C1 * 3 * Z * Z % P)
C4 = -4 * C1 * pow(3 * Z * Z, -1, P) % P


def hash_to_curve(message: bytes, tag: bytes) -> Affine:
    """Return a point of which nobody knows the logarithm. The tag has 1 to 255 bytes."""
    uniform = expand_message_xmd(message, tag, 2 * ELEMENT_SIZE)
    first, second = (
        map_to_curve(int.from_bytes(uniform[start : start + ELEMENT_SIZE], "big") % P)
        for start in (0, ELEMENT_SIZE)
    )
    # The group has prime order, so there is no cofactor to clear.
    return sum_of(first, second)


def map_to_curve(u: int) -> Affine:
    """Return the image of a field element: section 6.6.1."""
    scaled = u * u % P * C1 % P
    above, below = (1 + scaled) % P, (1 - scaled) % P
    product = above * below % P
    inverse = pow(product, -1, P) if product else 0
    step = u * below % P * inverse % P * C3 % P
    x = (C2 - step) % P
    if square_root(curve(x)) is None:
        x = (C2 + step) % P
        if square_root(curve(x)) is None:
            x = (above * above % P * inverse % P) ** 2 % P * C4 % P + Z
    y = square_root(curve(x))
    assert y is not None, "one of the three is on the curve, whatever the element"
    return x % P, y if (y ^ u) & 1 == 0 else P - y


def sum_of(first: Affine, second: Affine) -> Affine:
    """Return the sum of two points made from a hash."""
    assert first[0] != second[0], "equal or opposite points: chance 2**-253"
    slope = (second[1] - first[1]) * pow(second[0] - first[0], -1, P) % P
    x = (slope * slope - first[0] - second[0]) % P
    return x, (slope * (first[0] - x) - first[1]) % P
