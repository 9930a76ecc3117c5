"""Where what has an id begins in storage.

An id is a word that whoever calls may make up. If slots were counted from it, the id of one thing
and a little more would show the inside of that thing, where callers have put words of their own, as
if it were another thing. So they are counted from its hash.
"""

from .backends.keccak import keccak256

WORD_MASK = (1 << 256) - 1


def slot_of_id(identifier: bytes, part: int = 0) -> int:
    """Return one of the slots of what has this id."""
    return (int.from_bytes(keccak256(identifier), "big") + part) & WORD_MASK
