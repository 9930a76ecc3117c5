"""BIP 341's tweak of a group's key: what a group shows on a Bitcoin-like chain instead of its key.

All shares get the tweak added, since the factors by which shares add up sum up to one. Only for the
suite of BIP 340. Knows no transactions and no scripts: a Merkle root is the caller's.
"""

from dataclasses import replace
from hashlib import sha256

from ..frost.suites import Suite
from .dkg import MemberKey, base, sum_of

EVEN = 2
"""The first byte of an element with an even y."""

TAG = sha256(b"TapTweak").digest() * 2


def tweak_of(suite: Suite, public_key: bytes, merkle_root: bytes = b"") -> int:
    """Return the tweak of a key, of its 33-byte encoding; no root means no scripts."""
    digest = sha256(TAG + public_key[1:] + merkle_root).digest()
    tweak = int.from_bytes(digest, "big")
    if tweak >= suite.group.order:
        raise ValueError("this key has no tweak")
    return tweak


def tweak(key: MemberKey, merkle_root: bytes = b"") -> MemberKey:
    """Return a member's share of the tweaked key, with the commitments to all such shares."""
    suite = key.terms.suite
    if not suite.x_only:
        raise ValueError("only keys of BIP 340 are tweaked")
    order = suite.group.order
    added = tweak_of(suite, key.public_key, merkle_root)
    odd = key.public_key[0] != EVEN
    share = -key.share if odd else key.share
    commitments = [negated(each) if odd else each for each in key.commitments]
    commitments[0] = sum_of(suite, [commitments[0], base(suite, added)])
    return replace(key, share=(share + added) % order, commitments=tuple(commitments))


def negated(encoded: bytes) -> bytes:
    """Return the encoding of the negative of an element."""
    return bytes([encoded[0] ^ 1]) + encoded[1:]
