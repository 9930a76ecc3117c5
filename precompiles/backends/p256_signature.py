"""Whether a point of P-256 is a given combination of two others, by OpenSSL's ECDSA.

OpenSSL offers no sums of points, but verifying an ECDSA signature is one: it compares x of
e/s G + r/s Q with r. Choosing e and s makes that any combination. Knows no signature scheme.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from ..curves import p256
from ..curves.p256 import N, Point

ALGORITHM = ec.ECDSA(Prehashed(SHA256()))
CURVE = ec.SECP256R1()


def decode(encoded: bytes) -> Point | None:
    """Return the point of a compressed encoding, or None: what `p256.decode` does, faster."""
    if len(encoded) != p256.ENCODED_SIZE or encoded[0] not in (2, 3):
        return None
    try:
        numbers = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, encoded).public_numbers()
    except ValueError:
        return None
    return numbers.x, numbers.y


def is_combination(total: Point, base_factor: int, factor: int, point: Point) -> bool:
    """Return whether total = base_factor * G + factor * point.

    One ECDSA verification compares x alone, so that the negated total would pass; a second one, of
    both sides plus G, tells them apart: total + G and -total + G have different x.
    """
    moved = p256.affine(p256.add((*total, 1), (*p256.G, 1)))
    if moved is None or total == p256.G or factor % N == 0 or total[0] % N == 0:
        # What ECDSA has no form for; a caller cannot reach it but by knowing a discrete logarithm.
        return p256.combine([(base_factor, p256.G), (factor, point)]) == total
    key = ec.EllipticCurvePublicNumbers(*point, CURVE).public_key()
    sides = ((total, base_factor), (moved, base_factor + 1))
    return all(has_x(key, side[0], base, factor) for side, base in sides)


def has_x(key: ec.EllipticCurvePublicKey, x: int, base_factor: int, factor: int) -> bool:
    """Return whether x is that of base_factor * G + factor * key, modulo the order."""
    r = x % N
    s = r * pow(factor, -1, N) % N
    if not s:
        return False
    e = base_factor * s % N
    try:
        key.verify(encode_dss_signature(r, s), e.to_bytes(32, "big"), ALGORITHM)
    except InvalidSignature:
        return False
    return True
