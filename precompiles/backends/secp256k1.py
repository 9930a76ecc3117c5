"""The curve secp256k1, by libsecp256k1 through coincurve. Knows no signature scheme.

Not for secrets: multiplication of a point by a public number is not constant in time.
"""

from coincurve import PublicKey, PublicKeyXOnly

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
COMPRESSED_SIZE = 33
EVEN = 2


Point = PublicKey
"""A point of the curve, not at infinity. Only this file looks inside."""


def parse(encoded: bytes) -> Point | None:
    """Return the point with this 33-byte encoding, or None when there is none."""
    if len(encoded) != COMPRESSED_SIZE:
        return None
    try:
        return PublicKey(encoded)
    except ValueError:
        return None


def combine(point: Point, factor: int, base_factor: int) -> bytes | None:
    """Return factor * point + base_factor * G, compressed; None at infinity.

    Both factors are below the order. Recovering the key of an ECDSA signature is such a sum, in one
    go: with r the point's x, s = factor r and the digest -base_factor r. That takes three quarters
    of the time of two products and a sum.
    """
    encoded = point.format()
    r = int.from_bytes(encoded[1:], "big")
    if factor == 0 or r >= ORDER:
        return combine_apart(point, factor, base_factor)
    made = encoded[1:] + scalar(factor * r % ORDER) + bytes([encoded[0] - EVEN])
    digest = scalar(-base_factor * r % ORDER)
    try:
        return PublicKey.from_signature_and_message(made, digest, hasher=None).format()
    except ValueError:  # Infinity, which libsecp256k1 has no form for, is no key.
        return None


def combine_apart(point: Point, factor: int, base_factor: int) -> bytes | None:
    """Do what `combine` does, by products and a sum."""
    try:
        if factor == 0:
            return PublicKey.from_secret(scalar(base_factor)).format() if base_factor else None
        total = point.multiply(scalar(factor))
        return (total.add(scalar(base_factor)) if base_factor else total).format()
    except ValueError:
        return None


def verify_schnorr(x: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether 64 bytes are a signature of BIP 340, under a key that is known to be one."""
    return PublicKeyXOnly(x).verify(signature, message)


def scalar(value: int) -> bytes:
    """Return the 32 bytes of a factor."""
    return value.to_bytes(32, "big")


def even_y(x: int) -> int | None:
    """Return the even y of the points with this x below 2**256, or None when there are none."""
    try:
        return int.from_bytes(PublicKey(b"\2" + scalar(x)).format(compressed=False)[33:], "big")
    except ValueError:
        return None


def from_affine(x: int, y: int) -> Point:
    """Return the point with these coordinates, which are known to be on the curve."""
    return PublicKey(b"\4" + scalar(x) + scalar(y))


def multiply(point: Point, factor: int) -> Point:
    """Return factor * point. The factor is neither 0 nor above the order."""
    return point.multiply(scalar(factor))


def add(first: Point, second: Point) -> Point | None:
    """Return the sum of two points; None at infinity."""
    try:
        return PublicKey.combine_keys([first, second])
    except ValueError:
        return None


def base_multiple(factor: int) -> Point:
    """Return factor * G. The factor is neither 0 nor above the order."""
    return PublicKey.from_secret(scalar(factor))


def encode(point: Point) -> bytes:
    """Return the 33-byte encoding of a point."""
    return point.format()


def parse_uncompressed(encoded: bytes) -> Point | None:
    """Return the point with this encoding of 65 bytes that begin with 4, or None."""
    try:
        return PublicKey(encoded)
    except ValueError:
        return None


def encode_uncompressed(point: Point) -> bytes:
    """Return the 65-byte encoding of a point."""
    return point.format(compressed=False)
