"""The small types: counters, sets, registers. Each state is joined from single operations.

Joining is commutative, associative and idempotent, so neither order nor repetition shows. What an
author says of his own earlier operations counts for nothing: an equivocating one only adds to the
set of operations.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol, Self

from ..codec import Reader, Refused, sized, u8, u32, u64
from ..crypto import sha256
from .bodies import (
    Add,
    Body,
    Grow,
    Insert,
    Ref,
    Remove,
    Replace,
    Shift,
    Write,
)
from .operations import ID
from .values import VALUE_MAX, as_json, decode_value, encode_value

KEY = ID + 4
_ENCODED_MAX = VALUE_MAX + 5


class Origin(NamedTuple):
    """The vertex that operations came in."""

    vertex: bytes
    lamport: int
    author: bytes


class State(Protocol):
    """What a document is, by all the operations that were seen."""

    def apply(self, origin: Origin, operations: list[tuple[int, Body]]) -> None:
        """Join all operations that one vertex has for this document, each with its index."""

    def merge(self, other: Self) -> None:
        """Join the state of the same document elsewhere."""

    def collected(self) -> Self:
        """Return the state without what only operations that are all known could need."""

    def encode(self) -> bytes:
        """Return the state's only encoding."""

    def value(self) -> Any:
        """Return what the user sees, as JSON can hold it."""


def key_of(ref: Ref, origin: Origin) -> bytes:
    """Return the name of an operation as sortable bytes."""
    return (ref.vertex or origin.vertex) + u32(ref.index)


def ref_of(key: bytes) -> Ref:
    """Return the name that sortable bytes are of."""
    return Ref(key[:ID], int.from_bytes(key[ID:], "big"))


class Counter:
    """Sums by vertex: what a vertex adds is known when it is, and does not change."""

    def __init__(self) -> None:
        self._sums: dict[bytes, tuple[int, int]] = {}  # vertex -> what it adds, what it takes
        self._total = 0

    def apply(self, origin: Origin, operations: list[tuple[int, Body]]) -> None:
        """Add up the vertex, once."""
        amounts = [body.amount for _, body in operations if isinstance(body, Grow | Shift)]
        self._join(
            origin.vertex, sum(a for a in amounts if a > 0), -sum(min(a, 0) for a in amounts)
        )

    def _join(self, vertex: bytes, plus: int, minus: int) -> None:
        before = self._sums.get(vertex, (0, 0))
        after = (max(before[0], plus), max(before[1], minus))
        self._sums[vertex] = after
        self._total += after[0] - before[0] - after[1] + before[1]

    def merge(self, other: Self) -> None:
        """Take over the vertices that are new."""
        for vertex, (plus, minus) in other._sums.items():
            self._join(vertex, plus, minus)

    def collected(self) -> Self:
        """Return a counter with one sum for all vertices."""
        state = type(self)()
        sums = list(self._sums.values())
        state._join(bytes(ID), sum(plus for plus, _ in sums), sum(minus for _, minus in sums))
        return state

    def encode(self) -> bytes:
        """Return the sums in the order of vertices."""
        return b"".join(
            vertex + plus.to_bytes(16, "big") + minus.to_bytes(16, "big")
            for vertex, (plus, minus) in sorted(self._sums.items())
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the sums."""
        state, reader, last = cls(), Reader(data), b""
        while len(reader):
            last = after(last, reader.take(ID))
            state._join(last, *(int.from_bytes(reader.take(16), "big") for _ in range(2)))
        return state

    def value(self) -> int:
        """Return the sum of all."""
        return self._total


class GrowingSet:
    """Values, and nothing is ever taken out."""

    def __init__(self) -> None:
        self._values: set[bytes] = set()

    def apply(self, _: Origin, operations: list[tuple[int, Body]]) -> None:
        """Put in the vertex's values."""
        self._values.update(encode_value(b.value) for _, b in operations if isinstance(b, Insert))

    def merge(self, other: Self) -> None:
        """Put in the other's values."""
        self._values |= other._values

    def collected(self) -> Self:
        """Return the set."""
        return self

    def encode(self) -> bytes:
        """Return the values in the order of their bytes."""
        return b"".join(sized(value) for value in sorted(self._values))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the values."""
        state, reader, last = cls(), Reader(data), b""
        while len(reader):
            last = after(last, _value(reader))
            state._values.add(last)
        return state

    def value(self) -> list[Any]:
        """Return the values in the order of their bytes."""
        return [as_json(decode_value(value)) for value in sorted(self._values)]


class Observed:
    """Values under the operations that put them there, until an operation names those.

    A set that values are taken out of, and a register that shows what was written at the same
    time, are the same thing. An operation that is named before it is known stays named.
    """

    def __init__(self) -> None:
        self._there: dict[bytes, bytes] = {}
        self._gone: set[bytes] = set()

    def apply(self, origin: Origin, operations: list[tuple[int, Body]]) -> None:
        """Put in, and take back what is named."""
        for index, body in operations:
            if isinstance(body, Remove | Replace):
                self._take_back(key_of(ref, origin) for ref in body.refs)
            if isinstance(body, Add | Replace):
                self._put(key_of(Ref(b"", index), origin), encode_value(body.value))

    def _take_back(self, keys: Iterable[bytes]) -> None:
        for key in keys:
            self._gone.add(key)
            self._there.pop(key, None)

    def _put(self, key: bytes, value: bytes) -> None:
        if key not in self._gone:
            self._there[key] = max(value, self._there.get(key, b""))

    def merge(self, other: Self) -> None:
        """Put in, and take back, what the other has."""
        self._take_back(other._gone)
        for key, value in other._there.items():
            self._put(key, value)

    def refs(self, value: bytes | None = None) -> tuple[Ref, ...]:
        """Return what an operation has to name: all, or what put an encoded value there."""
        keys = sorted(key for key, held in self._there.items() if value is None or held == value)
        return tuple(ref_of(key) for key in keys)

    def collected(self) -> Self:
        """Return what is there."""
        state = type(self)()
        state._there = dict(self._there)
        return state

    def encode(self) -> bytes:
        """Return what is there and what is gone, each in the order of names."""
        there = b"".join(key + sized(value) for key, value in sorted(self._there.items()))
        return u32(len(self._there)) + there + b"".join(sorted(self._gone))

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a state."""
        state, reader, last = cls(), Reader(data), b""
        for _ in range(reader.u32()):
            last = after(last, reader.take(KEY))
            state._there[last] = _value(reader)
        last = b""
        while len(reader):
            last = after(last, reader.take(KEY))
            if last in state._there:
                raise Refused("crdt: both there and gone")
            state._gone.add(last)
        return state

    def value(self) -> list[Any]:
        """Return the values, each once, in the order of their bytes."""
        return [as_json(decode_value(value)) for value in sorted(set(self._there.values()))]


class LastWriter:
    """The write with the highest lamport; then of the larger author; then of the larger hash.

    Of several writes in one vertex the last one counts: its author has overwritten the others.
    """

    def __init__(self) -> None:
        self._best: tuple[int, bytes, bytes, bytes] | None = None

    def apply(self, origin: Origin, operations: list[tuple[int, Body]]) -> None:
        """Keep the vertex's last write, if it is the best."""
        writes = [body.value for _, body in operations if isinstance(body, Write)]
        if writes:
            value = encode_value(writes[-1])
            self._join((origin.lamport, origin.author, sha256(value), value))

    def _join(self, other: tuple[int, bytes, bytes, bytes]) -> None:
        self._best = other if self._best is None else max(self._best, other)

    def merge(self, other: Self) -> None:
        """Keep the better one."""
        if other._best:
            self._join(other._best)

    def collected(self) -> Self:
        """Return the register."""
        return self

    def encode(self) -> bytes:
        """Return the write that counts."""
        if self._best is None:
            return u8(0)
        lamport, author, _, value = self._best
        return u8(1) + u64(lamport) + author + value

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a state."""
        state, reader = cls(), Reader(data)
        written = reader.u8()
        if written > 1:
            raise Refused("crdt: unknown form of a register")
        if written:
            lamport, author, value = reader.u64(), reader.take(ID), reader.rest()
            decode_value(value)
            state._best = (lamport, author, sha256(value), value)
        reader.end()
        return state

    def value(self) -> Any:
        """Return the value, or None before the first write."""
        return as_json(decode_value(self._best[3])) if self._best else None


def after(last: bytes, key: bytes) -> bytes:
    """Return a key that has to come behind the last one."""
    if key <= last:
        raise Refused("crdt: state out of order")
    return key


def _value(reader: Reader) -> bytes:
    value = reader.sized(_ENCODED_MAX)
    decode_value(value)
    return value
