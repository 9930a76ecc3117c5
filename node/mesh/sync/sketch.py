"""Rateless sketches of a set, for media that carry bytes one way: a stick, codes on a screen.

A sketch is a row of symbols that could go on for ever. Who has another set takes his own symbols
off, and as soon as there are about 1.4 for each difference, all differences come out; how large the
sets are does not matter. It is the code of Yang, Gilad and Alizadeh, "Practical Rateless Set
Reconciliation" (2024), with a keyed hash: nobody can mint ids that a sketch is stuck on.
"""

from collections.abc import Iterable
from math import isqrt

from ...codec import Reader, Refused, u16, u32
from ...crypto import Random, sha256
from .items import ID

KEY = 16
CHECK = 8
SYMBOL = ID + CHECK + 2
SYMBOLS_MAX = 1 << 16

_CHECK_BITS = 8 * CHECK
_STEP = 0xDA942042E4DD58B5  # of the generator of indices, as in the authors' implementation
_64_BITS = (1 << 64) - 1
_COUNTS = 1 << 16  # counts go round: only whether one id is left over is asked of them


class _Source:
    """An id, and the symbols that it goes into: i with probability 1 / (1 + i / 2)."""

    __slots__ = ("index", "state", "value")

    def __init__(self, key: bytes, identity: bytes) -> None:
        digest = sha256(key, identity)
        self.value = int.from_bytes(identity + digest[:CHECK], "big")
        self.state = int.from_bytes(digest[CHECK : CHECK + 8], "big")
        self.index = 0

    def advance(self) -> None:
        """Go to the next index: ceil((i + 3/2) (2^32 / sqrt(r + 1) - 1)) further on.

        In integers, so that every machine finds the same one.
        """
        self.state = self.state * _STEP & _64_BITS
        ratio = isqrt((1 << 128) // (self.state + 1)) - (1 << 32)  # in units of 2^-32
        self.index += -(-(2 * self.index + 3) * ratio >> 33) or 1


class _Cells:
    """Symbols in the making: for each, the ids put together, and how many they are."""

    __slots__ = ("counts", "values")

    def __init__(self) -> None:
        self.values: list[int] = []
        self.counts: list[int] = []

    def put(self, source: _Source, sign: int) -> list[int]:
        """Put an id into all its symbols that there are; return which."""
        size, value = len(self.values), source.value
        touched = []
        while source.index < size:
            self.values[source.index] ^= value
            self.counts[source.index] += sign
            touched.append(source.index)
            source.advance()
        return touched

    def grow(self, size: int) -> None:
        """Add empty symbols."""
        more = size - len(self.values)
        self.values += [0] * more
        self.counts += [0] * more


class Encoder:
    """Makes the symbols of a set, as many as are asked for."""

    def __init__(self, key: bytes, ids: Iterable[bytes]) -> None:
        self._sources = [_Source(key, identity) for identity in ids]
        self._cells = _Cells()

    def symbols(self, start: int, end: int) -> bytes:
        """Return the symbols from one number to another."""
        if end > len(self._cells.values):
            self._cells.grow(end)
            for source in self._sources:
                self._cells.put(source, 1)
        values, counts = self._cells.values[start:end], self._cells.counts[start:end]
        return b"".join(
            value.to_bytes(ID + CHECK, "big") + u16(count % _COUNTS)
            for value, count in zip(values, counts, strict=True)
        )


class Decoder:
    """Takes the symbols of another set until what differs from ours has come out."""

    def __init__(self, key: bytes, ids: Iterable[bytes]) -> None:
        self.missing_here: list[bytes] = []
        self.missing_there: list[bytes] = []
        self._key = key
        self._ours = Encoder(key, ids)
        self._cells = _Cells()
        self._found: dict[bytes, tuple[_Source, int]] = {}

    def add(self, symbols: bytes) -> bool:
        """Take the next symbols; return whether all differences are known."""
        start = len(self._cells.values)
        end = start + len(symbols) // SYMBOL
        if len(symbols) % SYMBOL or end > SYMBOLS_MAX:
            raise Refused("sketch: wrong length")
        theirs, ours = Reader(symbols), Reader(self._ours.symbols(start, end))
        self._cells.grow(end)
        for index in range(start, end):
            value = int.from_bytes(theirs.take(ID + CHECK), "big")
            self._cells.values[index] = value ^ int.from_bytes(ours.take(ID + CHECK), "big")
            self._cells.counts[index] = theirs.u16() - ours.u16()
        for source, sign in self._found.values():
            self._cells.put(source, -sign)
        self._peel(list(range(start, end)))
        return self.is_decoded

    @property
    def is_decoded(self) -> bool:
        """Whether nothing is left that is not explained."""
        cells = self._cells
        return (
            bool(cells.values)
            and not any(cells.values)
            and not any(count % _COUNTS for count in cells.counts)
        )

    def _peel(self, waiting: list[int]) -> None:
        """Take out every id that stands alone in a symbol, and look again where it was."""
        while waiting:
            index = waiting.pop()
            sign = {1: 1, _COUNTS - 1: -1}.get(self._cells.counts[index] % _COUNTS)
            value = self._cells.values[index]
            if sign is None or not value:
                continue
            identity = (value >> _CHECK_BITS).to_bytes(ID, "big")
            source = _Source(self._key, identity)
            if source.value != value:
                continue
            if identity in self._found or len(self._found) >= len(self._cells.values):
                raise Refused("sketch: does not decode")
            self._found[identity] = source, sign
            (self.missing_here if sign == 1 else self.missing_there).append(identity)
            waiting += self._cells.put(source, -sign)


def make_sketch(ids: Iterable[bytes], count: int, random: Random) -> bytes:
    """Return the first symbols of a set, under a key of their own."""
    if not 0 < count <= SYMBOLS_MAX:
        raise ValueError(f"a sketch has 1 to {SYMBOLS_MAX} symbols")
    key = random(KEY)
    return key + u32(count) + Encoder(key, ids).symbols(0, count)


def read_sketch(data: bytes) -> tuple[bytes, bytes]:
    """Return key and symbols of a sketch."""
    reader = Reader(data)
    key, count = reader.take(KEY), reader.u32()
    if not 0 < count <= SYMBOLS_MAX:
        raise Refused("sketch: wrong length")
    symbols = reader.take(count * SYMBOL)
    reader.end()
    return key, symbols


def difference(sketch: bytes, ids: Iterable[bytes]) -> Decoder | None:
    """Return what differs from our set; None where the sketch is too short to tell."""
    key, symbols = read_sketch(sketch)
    decoder = Decoder(key, ids)
    return decoder if decoder.add(symbols) else None
