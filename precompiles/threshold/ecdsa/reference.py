"""Public shares and child keys in plain integers. Slow, and only for tests."""

import hmac
from collections.abc import Sequence

from ..frost.reference import G, N, Point, add, decode_point, multiply


def public_share(commitments: Sequence[bytes], member: int) -> bytes:
    """Return the public share of a member: the sum of member**k C_k."""
    total: Point = None
    for power, commitment in enumerate(commitments):
        total = add(total, multiply(member**power % N, decode_point(commitment)))
    return encode_point(total)


def child_key(key: bytes, chain_code: bytes, index: int) -> tuple[bytes, bytes]:
    """Return the public key and chain code of CKDpub, BIP-32, for an index below 2**31."""
    digest = hmac.digest(chain_code, key + index.to_bytes(4, "big"), "sha512")
    tweak = int.from_bytes(digest[:32], "big")
    return encode_point(add(multiply(tweak, G), decode_point(key))), digest[32:]


def encode_point(point: Point) -> bytes:
    """Return the 33 bytes of a point, none at infinity."""
    if point is None:
        return b""
    return bytes([2 + point[1] % 2]) + point[0].to_bytes(32, "big")
