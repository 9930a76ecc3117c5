"""Ristretto255 encodings, RFC 9496 section 4.3: of points of edwards25519, and to them.

Points are affine integers here; the group law is not here. Not constant in time.
"""

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)
ENCODED_SIZE = 32

Point = tuple[int, int]


def is_negative(value: int) -> bool:
    """Return whether an element counts as negative: whether it is odd."""
    return value & 1 == 1


def absolute(value: int) -> int:
    """Return the element or its negation, whichever is not negative."""
    return P - value if is_negative(value) else value


def inverse_root_of_ratio(u: int, v: int) -> tuple[bool, int]:
    """Return whether u / v is a square, and a root of it, or of SQRT_M1 u / v: SQRT_RATIO_M1."""
    v3 = v * v * v % P
    root = u * v3 * pow(u * v3 * v3 * v % P, (P - 5) // 8, P) % P
    check = v * root * root % P
    square = check == u % P
    flipped = check == -u % P
    if flipped or check == -u * SQRT_M1 % P:
        root = root * SQRT_M1 % P
    return square or flipped, absolute(root)


INVERSE_ROOT_A_MINUS_D = inverse_root_of_ratio(1, (-1 - D) % P)[1]


def decode(encoded: bytes) -> Point | None:
    """Return a point of this element, or None when the bytes are no canonical encoding."""
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


def encode(point: Point) -> bytes:
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


def to_edwards(point: Point) -> bytes:
    """Return the encoding of RFC 8032, section 5.1.2."""
    x, y = point
    return (y | (x & 1) << 255).to_bytes(ENCODED_SIZE, "little")


def from_edwards(encoded: bytes) -> Point:
    """Return the coordinates of a valid encoding of RFC 8032."""
    number = int.from_bytes(encoded, "little")
    y = number & (1 << 255) - 1
    _, x = inverse_root_of_ratio((y * y - 1) % P, (D * y * y + 1) % P)
    return (P - x if x & 1 != number >> 255 else x) % P, y
