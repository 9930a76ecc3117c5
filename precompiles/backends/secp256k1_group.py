"""The points of secp256k1 as a group: None is infinity, which libsecp256k1 has no form for.

Factors are from 0 to below the order. Not for secrets, as `secp256k1.py` says.
"""

from collections.abc import Iterable

from coincurve import PublicKey

from .secp256k1 import (
    COMPRESSED_SIZE,
    ORDER,
    Point,
    encode,
    encode_uncompressed,
    parse,
    parse_uncompressed,
    scalar,
)

__all__ = [
    "COMPRESSED_SIZE",
    "ORDER",
    "UNCOMPRESSED_SIZE",
    "Point",
    "add",
    "base",
    "encode",
    "encode_uncompressed",
    "equal",
    "multiply",
    "parse",
    "parse_key",
]

UNCOMPRESSED_SIZE = 65
UNCOMPRESSED = 4


def parse_key(encoded: bytes) -> Point | None:
    """Return the point of a 33-byte, or of an uncompressed 65-byte, encoding, or None."""
    if len(encoded) != UNCOMPRESSED_SIZE:
        return parse(encoded)
    # libsecp256k1 also takes the hybrid forms 6 and 7.
    return parse_uncompressed(encoded) if encoded[0] == UNCOMPRESSED else None


def base(factor: int) -> Point | None:
    """Return factor * G."""
    return PublicKey.from_valid_secret(scalar(factor)) if factor else None


def multiply(point: Point | None, factor: int) -> Point | None:
    """Return factor * point."""
    return point.multiply(scalar(factor)) if point is not None and factor else None


def add(points: Iterable[Point | None]) -> Point | None:
    """Return the sum."""
    finite = [point for point in points if point is not None]
    try:
        return PublicKey.combine_keys(finite) if finite else None
    except ValueError:
        return None


def equal(left: Point | None, right: Point | None) -> bool:
    """Return whether two points are the same."""
    if left is None or right is None:
        return left is right
    return left.format() == right.format()
