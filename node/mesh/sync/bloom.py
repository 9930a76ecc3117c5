"""Bloom filters of ids: what somebody has, in ten bits for each, and now and then one too many.

A filter may claim an id that is not in it (one of a hundred), never deny one that is. So it saves
bytes and proves nothing; what it hides comes by the parents of what came, or the next time. The
seed is drawn for each filter: nobody can mint ids that all filters hide.
"""

import struct
from collections.abc import Collection

from ...codec import Reader, Refused, sized
from ...crypto import Random, sha256

BITS_EACH = 10
HASHES = 7
BYTES_MIN = 1024
BYTES_MAX = 65_536
ENTRIES_MAX = BYTES_MAX * 8 // BITS_EACH
SEED = 16

_INDICES = struct.Struct(f">{HASHES}I")


class Bloom:
    """A filter."""

    __slots__ = ("_bits", "_seed")

    def __init__(self, seed: bytes, bits: bytes) -> None:
        self._seed = seed
        self._bits = bits

    def __contains__(self, identity: bytes) -> bool:
        return all(
            self._bits[index >> 3] >> (index & 7) & 1
            for index in _indices(self._seed, identity, 8 * len(self._bits))
        )

    def encode(self) -> bytes:
        """Return the filter."""
        return self._seed + sized(self._bits)


def make_bloom(ids: Collection[bytes], random: Random) -> Bloom:
    """Return a filter that has these ids."""
    if len(ids) > ENTRIES_MAX:
        raise ValueError(f"a filter has at most {ENTRIES_MAX} entries")
    seed = random(SEED)
    bits = bytearray(max(BYTES_MIN, (len(ids) * BITS_EACH + 7) // 8))
    for identity in ids:
        for index in _indices(seed, identity, 8 * len(bits)):
            bits[index >> 3] |= 1 << (index & 7)
    return Bloom(seed, bytes(bits))


def read_bloom(reader: Reader) -> Bloom:
    """Take a filter off a reader."""
    seed, bits = reader.take(SEED), reader.sized(BYTES_MAX)
    if len(bits) < BYTES_MIN:
        raise Refused("sync: filter too short")
    return Bloom(seed, bits)


def _indices(seed: bytes, identity: bytes, size: int) -> list[int]:
    found: tuple[int, ...] = _INDICES.unpack_from(sha256(seed, identity))
    return [index % size for index in found]
