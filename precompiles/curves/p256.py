"""The group of NIST P-256: FIPS 186-5, SP 800-186 section 3.2.1.3.

A point is affine, or None at infinity. Not for secrets: takes a time that depends on its input.
Knows no signature.
"""

from collections.abc import Sequence

P = 2**256 - 2**224 + 2**192 + 2**96 - 1
N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
ENCODED_SIZE = 33

Point = tuple[int, int]


def decode(encoded: bytes) -> Point | None:
    """Return the point of a compressed encoding, or None when there is none."""
    from ..kernels import nistp256 as kernel

    if len(encoded) != ENCODED_SIZE or encoded[0] not in (2, 3):
        return None
    x = int.from_bytes(encoded[1:], "big")
    if x >= P:
        return None
    y = kernel.square_root((x * x * x - 3 * x + B) % P)
    if y is None:
        return None
    return x, y if y & 1 == encoded[0] & 1 else P - y


def encode(point: Point) -> bytes:
    """Return the 33 bytes of a point."""
    return bytes([2 + (point[1] & 1)]) + point[0].to_bytes(32, "big")


def combine(base_factor: int, terms: Sequence[tuple[int, Point]]) -> Point | None:
    """Return base_factor * G + the sum of factor * point; factors are below 2**256."""
    from ..kernels import nistp256 as kernel

    return kernel.combine(base_factor, terms)
