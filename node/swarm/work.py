"""Proof of work: what storing something for others costs who asks for it.

A node can tell nobody from anybody, so it cannot ration by name; it asks for hashes, bound to the
node, the mailbox, the blob and the hour. Checking takes one hash, searching 2^bits on average.
The price rises with the size, as the store fills, and where anybody may write.
"""

import hashlib

from ..codec import u8, u32, u64
from ..crypto import sha256
from .mailboxes import OVERHEAD

HOUR_MS = 3_600_000
HOURS_APART_MAX = 2
BITS = 10  # for the smallest blobs
BITS_OPEN = 4  # more, where no token keeps strangers out
BITS_MAX = 24  # a sender pays no more; half a minute of one core in Python
LOAD_MAX = 8
_PRICED_FROM = 4 << 10  # without the seal


def hour(now: int) -> int:
    """Return the coarse time that work is bound to."""
    return now // HOUR_MS


def required(size: int, term: int, load: int, *, guarded: bool) -> int:
    """Return the bits that a blob costs: twice the work for twice the bytes above 4 KiB, and for
    about twice the days.
    """
    doublings = max(0, (size - OVERHEAD - 1) // _PRICED_FROM).bit_length()
    return BITS + doublings + term + load + (0 if guarded else BITS_OPEN)


def load_of(used: int, capacity: int) -> int:
    """Return how many bits more a store asks for: none up to half full, then one per 16th."""
    return min(LOAD_MAX, max(0, 16 * used // capacity - 8))


def challenge(node_id: bytes, name: bytes, blob_id: bytes, term: int, at_hour: int) -> bytes:
    """Return what the work is done on; it also names the work among those spent."""
    return sha256(b"pars/swarm-work/v1", node_id, name, blob_id, u8(term), u32(at_hour))


def strength(given: bytes, nonce: int) -> int:
    """Return the bits of work that a nonce shows."""
    digest = hashlib.sha3_256(given + u64(nonce)).digest()
    return 256 - int.from_bytes(digest, "big").bit_length()


def search(given: bytes, bits: int, start: int, tries: int) -> int | None:
    """Return the first nonce that shows these bits, among so many from a start."""
    begun = hashlib.sha3_256(given)
    limit = ((1 << (256 - bits)) - 1).to_bytes(32, "big")
    for nonce in range(start, start + tries):
        attempt = begun.copy()
        attempt.update(nonce.to_bytes(8, "big"))
        if attempt.digest() <= limit:
            return nonce
    return None
