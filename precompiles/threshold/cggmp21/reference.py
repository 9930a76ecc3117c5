"""ECDSA and the equations of `algebra.py` in plain integers. Slow, and only for tests.

Points are encoded, 33 bytes; those of `verify` may also have 65.
"""

from collections.abc import Sequence

from ..frost.reference import G, N, P, Point, add, decode_point, multiply


def verify(public_key: bytes, digest: bytes, signature: bytes) -> bool:
    """Return whether r || s, or r || s || v, signs the digest with low s. SEC 1, section 4.1.4."""
    key = decode_key(public_key)
    r, s = (int.from_bytes(signature[at : at + 32], "big") for at in (0, 32))
    if key is None or len(signature) not in (64, 65) or not (0 < r < N and 0 < s <= N // 2):
        return False
    inverse = pow(s, -1, N)
    m = int.from_bytes(digest, "big")
    nonce = add(multiply(m * inverse % N, G), multiply(r * inverse % N, key))
    if nonce is None or nonce[0] % N != r:
        return False
    # A v of 27 or 28 cannot say that the x of R lay beyond the order.
    return len(signature) == 64 or (nonce[0] == r and signature[64] == 27 + nonce[1] % 2)


def decode_key(encoded: bytes) -> Point:
    """Return the point of a 33- or 65-byte encoding, or None."""
    if len(encoded) != 65:
        return decode_point(encoded)
    x, y = (int.from_bytes(encoded[at : at + 32], "big") for at in (1, 33))
    on_curve = x < P and y < P and (y * y - x**3 - 7) % P == 0
    return (x, y) if encoded[0] == 4 and on_curve else None


def is_consistent(public_key: bytes, rbars: Sequence[bytes], shares: Sequence[bytes]) -> bool:
    """Return whether the Rbar_j sum to G and the S_j to the key."""
    return total(rbars) == G and total(shares) == decode_key(public_key)


def total(points: Sequence[bytes]) -> Point:
    """Return the sum of encoded points."""
    result: Point = None
    for point in points:
        result = add(result, decode_point(point))
    return result


def holds(digest: bytes, nonce: bytes, rbar: bytes, share: bytes, sigma: int) -> bool:
    """Return whether sigma R = m Rbar + r S."""
    m, r = (int.from_bytes(each, "big") % N for each in (digest, nonce[1:]))
    right = add(multiply(m, decode_point(rbar)), multiply(r, decode_point(share)))
    return sigma < N and multiply(sigma, decode_point(nonce)) == right
