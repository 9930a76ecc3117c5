"""The group of NIST P-256 in plain integers: FIPS 186-5, SP 800-186 section 3.2.1.3.

A point is affine, or None at infinity. Not for secrets: takes a time that depends on its input.
Knows no signature.
"""

from collections.abc import Iterable

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
G = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)
ENCODED_SIZE = 33
WINDOW = 4

Point = tuple[int, int]
Jacobian = tuple[int, int, int]
"""X / Z**2, Y / Z**3; Z is 0 at infinity."""

INFINITY: Jacobian = (1, 1, 0)


def decode(encoded: bytes) -> Point | None:
    """Return the point of a compressed encoding, or None when there is none."""
    if len(encoded) != ENCODED_SIZE or encoded[0] not in (2, 3):
        return None
    x = int.from_bytes(encoded[1:], "big")
    square = (x * x * x - 3 * x + B) % P
    y = pow(square, (P + 1) // 4, P)
    if x >= P or y * y % P != square:
        return None
    return x, y if y & 1 == encoded[0] & 1 else P - y


def encode(point: Point) -> bytes:
    """Return the 33 bytes of a point."""
    return bytes([2 + (point[1] & 1)]) + point[0].to_bytes(32, "big")


def combine(terms: Iterable[tuple[int, Point | None]]) -> Point | None:
    """Return the sum of factor * point: one run of doublings for all, windows of four bits."""
    tables = []
    for factor, point in terms:
        if point is not None and factor % N:
            start = (*point, 1)
            multiples = [INFINITY, start]
            for _ in range(2, 1 << WINDOW):
                multiples.append(add(multiples[-1], start))
            tables.append((factor % N, multiples))
    total = INFINITY
    for shift in range(256 - WINDOW, -WINDOW, -WINDOW):
        if total[2]:
            for _ in range(WINDOW):
                total = double(total)
        for factor, multiples in tables:
            digit = factor >> shift & ((1 << WINDOW) - 1)
            if digit:
                total = add(total, multiples[digit])
    return affine(total)


def affine(point: Jacobian) -> Point | None:
    """Return a point without its denominator."""
    x, y, z = point
    if not z:
        return None
    inverse = pow(z, -1, P)
    square = inverse * inverse % P
    return x * square % P, y * square * inverse % P


def double(point: Jacobian) -> Jacobian:
    """Return twice a point; there is none of order two."""
    x, y, z = point
    z2, y2 = z * z % P, y * y % P
    s = 4 * x * y2 % P
    m = 3 * (x - z2) * (x + z2) % P
    x3 = (m * m - 2 * s) % P
    return x3, (m * (s - x3) - 8 * y2 * y2) % P, 2 * y * z % P


def add(left: Jacobian, right: Jacobian) -> Jacobian:
    """Return the sum of two points."""
    x1, y1, z1 = left
    x2, y2, z2 = right
    if not z1 or not z2:
        return right if not z1 else left
    z1z1, z2z2 = z1 * z1 % P, z2 * z2 % P
    u1, u2 = x1 * z2z2 % P, x2 * z1z1 % P
    s1, s2 = y1 * z2z2 * z2 % P, y2 * z1z1 * z1 % P
    if u1 == u2:
        return double(left) if s1 == s2 else INFINITY
    h, r = u2 - u1, s2 - s1
    h2 = h * h % P
    h3, v = h2 * h % P, u1 * h2 % P
    x3 = (r * r - h3 - 2 * v) % P
    return x3, (r * (v - x3) - s1 * h3) % P, h * z1 * z2 % P
