"""The prime-order group of edwards25519, by libsodium through PyNaCl. Knows no signature.

A point is its 32-byte encoding of RFC 8032, and in the subgroup of prime order unless a function
says otherwise; None is the identity. Factors are from 0 to below the order. Not for secrets.
"""

from nacl import bindings
from nacl.exceptions import RuntimeError as SodiumError

ORDER = 2**252 + 27742317777372353535851937790883648493
P = 2**255 - 19
SIZE = 32
IDENTITY = (1).to_bytes(SIZE, "little")
SIGN = 1 << 255
ORDER_EIGHT = bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")
"""Generates the points of small order: Chalkias, Garillot, Nikolaenko, ePrint 2020/1244."""

Point = bytes


def parse(encoded: bytes) -> Point | None:
    """Return the point if this is the encoding of one of prime order, not of the identity."""
    return encoded if len(encoded) == SIZE and is_valid(encoded) else None


def is_valid(encoded: bytes) -> bool:
    """Return whether these 32 bytes are canonical, on the curve and in the subgroup."""
    return bool(bindings.crypto_core_ed25519_is_valid_point(encoded))


def base(factor: int) -> Point | None:
    """Return factor * B."""
    return bindings.crypto_scalarmult_ed25519_base_noclamp(scalar(factor)) if factor else None


def multiply(point: Point | None, factor: int) -> Point | None:
    """Return factor * point."""
    if point is None or not factor:
        return None
    return bindings.crypto_scalarmult_ed25519_noclamp(scalar(factor), point)


def add(left: Point | None, right: Point | None) -> Point | None:
    """Return the sum, also of points outside the subgroup."""
    if left is None or right is None:
        return left or right
    total = bindings.crypto_core_ed25519_add(left, right)
    return None if total == IDENTITY else total


def subtract(left: Point | None, right: bytes) -> Point | None:
    """Return left - right, also for a right one outside the subgroup; ValueError off the curve."""
    try:
        difference = bindings.crypto_core_ed25519_sub(IDENTITY if left is None else left, right)
    except SodiumError:
        raise ValueError("not on the curve") from None
    return None if difference == IDENTITY else difference


def is_canonical(encoded: bytes) -> bool:
    """Return whether RFC 8032 decodes these 32 bytes, if there is a point for them at all."""
    y = int.from_bytes(encoded, "little") & SIGN - 1
    positive_only = y in (1, P - 1)  # Where x is 0, there is no negative one.
    return y < P and not (positive_only and encoded[SIZE - 1] >> 7)


def scalar(value: int) -> bytes:
    """Return the 32 bytes of a factor."""
    return value.to_bytes(SIZE, "little")


def small_order_points() -> frozenset[bytes]:
    """Return the encodings of the eight points whose order divides eight."""
    points = [IDENTITY]
    for _ in range(7):
        points.append(bindings.crypto_core_ed25519_add(points[-1], ORDER_EIGHT))
    return frozenset(points)


SMALL_ORDER = small_order_points()
