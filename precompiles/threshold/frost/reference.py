"""FROST verification in plain integers: the twin of what `contract.py` does by a native library.

Slow, and only for tests.
"""

from ...hash_to_field import hash_to_field

P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)

CONTEXT = b"FROST-secp256k1-SHA256-v1"

Point = tuple[int, int] | None
"""An affine point, or None at infinity."""


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether z G = R + c PK, for a valid public key."""
    key = decode_point(public_key)
    commitment = decode_point(signature[:33])
    z = int.from_bytes(signature[33:], "big")
    if len(signature) != 65 or commitment is None or z >= N:
        return False
    c = challenge(signature[:33], public_key, message)
    return multiply(z, G) == add(commitment, multiply(c, key))


def challenge(commitment: bytes, public_key: bytes, message: bytes) -> int:
    """Return H2 of the three: commitment and key are compressed points."""
    return hash_to_field(commitment + public_key + message, CONTEXT + b"chal", N)


def decode_point(encoded: bytes) -> Point:
    """Return the point of a 33-byte encoding, or None if it is not one."""
    if len(encoded) != 33 or encoded[0] not in (2, 3):
        return None
    x = int.from_bytes(encoded[1:], "big")
    square = (pow(x, 3, P) + 7) % P
    y = pow(square, (P + 1) // 4, P)
    if x >= P or y * y % P != square:
        return None
    return x, y if y % 2 == encoded[0] % 2 else P - y


def add(a: Point, b: Point) -> Point:
    """Return a + b."""
    if a is None or b is None:
        return a or b
    if a[0] == b[0]:
        if (a[1] + b[1]) % P == 0:
            return None
        slope = 3 * a[0] * a[0] * pow(2 * a[1], -1, P)
    else:
        slope = (b[1] - a[1]) * pow(b[0] - a[0], -1, P)
    x = (slope * slope - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def multiply(factor: int, point: Point) -> Point:
    """Return factor * point, by doubling and adding."""
    total: Point = None
    while factor:
        if factor & 1:
            total = add(total, point)
        point = add(point, point)
        factor >>= 1
    return total
