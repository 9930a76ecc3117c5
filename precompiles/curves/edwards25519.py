"""The points of edwards25519, as Ed25519 and as ristretto255 write them.

A point is a pair of affine coordinates, (0, 1) the neutral one. What is no canonical encoding is
no point. Not for secrets: takes a time that depends on its input. Knows no signature.
"""

from collections.abc import Sequence

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
"""Of the subgroup of prime order. The curve has eight times as many points."""
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)
INVERSE_ROOT_A_MINUS_D = (
    54469307008909316920995813868745141605393597292927456921205312896311721017578
)
SIGN = 1 << 255
ENCODED_SIZE = 32

Point = tuple[int, int]
NEUTRAL: Point = (0, 1)


def inverse_root_of_ratio(u: int, v: int) -> tuple[bool, int]:
    """Return whether u / v is a square, and the even root of it, or of SQRT_M1 u / v.

    RFC 9496, section 4.2: SQRT_RATIO_M1.
    """
    from ..kernels import edwards25519 as kernel

    u3 = u * v * v % P * v % P
    root = u3 * kernel.power_for_root(u3 * v % P * v % P * v % P * v % P) % P
    check = v * root * root % P
    square = check == u % P
    flipped = check == -u % P
    if flipped or check == -u * SQRT_M1 % P:
        root = root * SQRT_M1 % P
    return square or flipped, absolute(root)


def is_negative(value: int) -> bool:
    """Return whether an element counts as negative: whether it is odd."""
    return value & 1 == 1


def absolute(value: int) -> int:
    """Return the element or its negation, whichever is not negative."""
    return P - value if is_negative(value) else value


def combine(base_factor: int, terms: Sequence[tuple[int, Point]]) -> Point:
    """Return base_factor * B + the sum of factor * point; factors are below 2**256."""
    from ..kernels import edwards25519 as kernel

    return kernel.combine(base_factor, terms)


def negated(point: Point) -> Point:
    """Return the negative of a point."""
    return -point[0] % P, point[1]


def has_small_order(point: Point) -> bool:
    """Return whether eight times a point is the neutral one.

    Twice it has a coordinate of 0 then, as the points of order 1, 2 and 4 have.
    """
    x, y = point
    return x * y % P == 0 or (x * x + y * y) % P == 0


# --- Ed25519: RFC 8032, sections 5.1.2 and 5.1.3 ----------------------------------------------


def decode(encoded: bytes) -> Point | None:
    """Return a point of the curve, of whatever order, or None."""
    if len(encoded) != ENCODED_SIZE:
        return None
    number = int.from_bytes(encoded, "little")
    y = number & SIGN - 1
    square, x = inverse_root_of_ratio((y * y - 1) % P, (D * y * y + 1) % P)
    if y >= P or not square or (x == 0 and number & SIGN):
        return None
    return (P - x if number & SIGN else x), y


def encode(point: Point) -> bytes:
    """Return the 32 bytes of a point."""
    x, y = point
    return (y | (x & 1) << 255).to_bytes(ENCODED_SIZE, "little")


# --- ristretto255: RFC 9496, section 4.3 ------------------------------------------------------


def decode_ristretto(encoded: bytes) -> Point | None:
    """Return a point of this element, which may have a part of order four, or None."""
    s = int.from_bytes(encoded, "little")
    if len(encoded) != ENCODED_SIZE or s >= P or is_negative(s):
        return None
    ss = s * s % P
    u1, u2 = 1 - ss, 1 + ss
    u2_square = u2 * u2 % P
    v = (-(D * u1 * u1) - u2_square) % P
    square, inverse = inverse_root_of_ratio(1, v * u2_square % P)
    den_x = inverse * u2 % P
    den_y = inverse * den_x * v % P
    x = absolute(2 * s * den_x % P)
    y = u1 * den_y % P
    if not square or is_negative(x * y % P) or y == 0:
        return None
    return x, y


def encode_ristretto(point: Point) -> bytes:
    """Return the one encoding of the element that a point belongs to."""
    x, y = point
    u1 = (1 + y) * (1 - y) % P
    u2 = x * y % P
    _, inverse = inverse_root_of_ratio(1, u1 * u2 * u2 % P)
    den1, den2 = inverse * u1 % P, inverse * u2 % P
    z_inverse = den1 * den2 * u2 % P
    if is_negative(u2 * z_inverse % P):
        x, y, den2 = y * SQRT_M1 % P, x * SQRT_M1 % P, den1 * INVERSE_ROOT_A_MINUS_D % P
    if is_negative(x * z_inverse % P):
        y = -y
    s = absolute(den2 * (1 - y) % P)
    return s.to_bytes(ENCODED_SIZE, "little")


def is_neutral_in_ristretto(point: Point) -> bool:
    """Return whether a point of an element belongs to the neutral one: has order 1, 2 or 4."""
    return 0 in point
