"""The curve secp256k1, by libsecp256k1 through coincurve. Knows no signature scheme.

Not for secrets: multiplication of a point by a public number is not constant in time.
"""

from coincurve import PublicKey

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
COMPRESSED_SIZE = 33


def is_point(encoded: bytes) -> bool:
    """Return whether these bytes are a point of the curve in its 33-byte form."""
    if len(encoded) != COMPRESSED_SIZE:
        return False
    try:
        PublicKey(encoded)
    except ValueError:
        return False
    return True


def combine(point: bytes, factor: int, base_factor: int) -> bytes | None:
    """Return factor * point + base_factor * G, compressed; None at infinity.

    The point is valid and both factors are below the order.
    """
    try:
        if factor == 0:
            return PublicKey.from_secret(scalar(base_factor)).format() if base_factor else None
        total = PublicKey(point).multiply(scalar(factor))
        return (total.add(scalar(base_factor)) if base_factor else total).format()
    except ValueError:  # libsecp256k1 has no form for the point at infinity.
        return None


def scalar(value: int) -> bytes:
    """Return the 32 bytes of a factor."""
    return value.to_bytes(32, "big")
