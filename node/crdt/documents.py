"""All documents of one space: vertices in, values and one hash of everything out.

Nothing here depends on the order in which vertices come, nor on how often: replicas with the same
vertices hold the same bytes. What a payload breaks a rule with is a matter of its bytes alone, so
that everybody skips the same.
"""

from collections import Counter as Tally
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Self

from ..codec import Reader, Refused, sized, u8, u32, u64
from ..crypto import sha3_256
from .array import Array
from .bodies import (
    Body,
    Name,
    Operation,
    Type,
)
from .operations import ID, decode_operations
from .states import Counter, GrowingSet, LastWriter, Observed, Origin, State, after

VERSION = 1
STATE_MAX = 1 << 30

_STATES: dict[Type, type[Counter | GrowingSet | Observed | LastWriter | Array]] = {
    Type.G_COUNTER: Counter,
    Type.PN_COUNTER: Counter,
    Type.G_SET: GrowingSet,
    Type.OR_SET: Observed,
    Type.LWW_REGISTER: LastWriter,
    Type.MV_REGISTER: Observed,
    Type.RG_ARRAY: Array,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document as bytes: what is kept, compared and merged."""

    name: Name
    state: bytes
    vector: tuple[tuple[bytes, int], ...]  # author -> highest lamport, by author

    def encode(self) -> bytes:
        """Return the only encoding."""
        vector = b"".join(author + u64(lamport) for author, lamport in self.vector)
        head = u8(self.name.type) + self.name.id + u32(len(self.vector))
        return head + vector + sized(self.state)

    @classmethod
    def read(cls, reader: Reader) -> "Document":
        """Take a document off a reader; its state is not looked into."""
        number, document = reader.u8(), reader.take(ID)
        if number not in Type.__members__.values():
            raise Refused("crdt: unknown type")
        vector, last = [], b""
        for _ in range(reader.u32()):
            last = after(last, reader.take(ID))
            vector.append((last, reader.u64()))
        state = reader.sized(STATE_MAX)
        return cls(name=Name(Type(number), document), state=state, vector=tuple(vector))


def merge(first: Document, second: Document) -> Document:
    """Return the join of two states of one document."""
    if first.name != second.name:
        raise Refused("crdt: two documents")
    held = _Held.of(first)
    held.join(_Held.of(second))
    return held.document(first.name)


class _Held:
    """A document in memory."""

    __slots__ = ("digest", "state", "vector")

    def __init__(self, state: State) -> None:
        self.state = state
        self.vector: dict[bytes, int] = {}
        self.digest: bytes | None = None  # of the encoding; None where that has changed

    @classmethod
    def of(cls, document: Document) -> "_Held":
        held = cls(_read_state(document.name, document.state))
        held.vector = dict(document.vector)
        return held

    def join(self, other: "_Held") -> None:
        self.state.merge(other.state)
        for author, lamport in other.vector.items():
            self.saw(author, lamport)

    def saw(self, author: bytes, lamport: int) -> None:
        self.vector[author] = max(lamport, self.vector.get(author, 0))
        self.digest = None

    def document(self, name: Name) -> Document:
        vector = tuple(sorted(self.vector.items()))
        return Document(name=name, state=self.state.encode(), vector=vector)


class Documents:
    """The documents of a space."""

    def __init__(self) -> None:
        self._held: dict[Name, _Held] = {}
        self.refused: Tally[str] = Tally()

    def apply_payload(
        self, vertex_id: bytes, lamport: int, author: bytes, payload: bytes
    ) -> list[Name]:
        """Apply an opened payload; one that breaks a rule is counted, and skipped by everybody."""
        try:
            operations = decode_operations(payload)
        except Refused as refused:
            self.refused[refused.reason] += 1
            return []
        return self.apply(vertex_id, lamport, author, operations)

    def apply(
        self, vertex_id: bytes, lamport: int, author: bytes, operations: list[Operation]
    ) -> list[Name]:
        """Apply all operations of a vertex, and return which documents they are done to."""
        origin = Origin(vertex_id, lamport, author)
        parts: dict[Name, list[tuple[int, Body]]] = {}
        index = 0
        for operation in operations:
            parts.setdefault(operation.name, []).append((index, operation.body))
            index += operation.width
        for name, bodies in parts.items():
            held = self._held.get(name)
            if held is None:
                held = self._held[name] = _Held(_new_state(name))
            held.state.apply(origin, bodies)
            held.saw(author, lamport)
        return list(parts)

    def names(self) -> list[Name]:
        """Return all documents in the order of type and id."""
        return sorted(self._held)

    def state(self, name: Name) -> State | None:
        """Return a document's state, to find out what an operation has to name."""
        held = self._held.get(name)
        return held.state if held else None

    def value(self, name: Name) -> Any:
        """Return what the user sees of a document: that of an empty one where it is unknown."""
        return (self.state(name) or _new_state(name)).value()

    def document(self, name: Name) -> Document | None:
        """Return a document as bytes."""
        held = self._held.get(name)
        return held.document(name) if held else None

    def merge(self, documents: Iterable[Document]) -> None:
        """Join documents that come as bytes."""
        for document in documents:
            other = _Held.of(document)
            held = self._held.setdefault(document.name, other)
            if held is not other:
                held.join(other)

    def collect(self) -> None:
        """Forget what is deleted and overwritten, at a checkpoint that everybody has.

        These have to be the documents as of the checkpoint: all vertices before it, and no other.
        What comes after it goes on top. Who does this at the same checkpoint has the same bytes;
        an operation beside or after it that names what is gone has nothing to change.
        """
        for held in self._held.values():
            held.state, held.digest = held.state.collected(), None

    def state_hash(self) -> bytes:
        """Return one hash of everything: equal where the same vertices were applied."""
        digests = []
        for name in self.names():
            held = self._held[name]
            if held.digest is None:
                held.digest = sha3_256(held.document(name).encode())
            digests.append(held.digest)
        return sha3_256(b"PARS:Documents:v1", *digests)

    def snapshot(self) -> bytes:
        """Return everything as bytes."""
        documents = [self._held[name].document(name).encode() for name in self.names()]
        return u8(VERSION) + u32(len(documents)) + b"".join(documents)

    @classmethod
    def restore(cls, snapshot: bytes) -> Self:
        """Return what a snapshot is of."""
        reader = Reader(snapshot)
        if reader.u8() != VERSION:
            raise Refused("crdt: unknown version of a snapshot")
        documents = cls()
        last: Name | None = None
        for _ in range(reader.u32()):
            document = Document.read(reader)
            if last is not None and document.name <= last:
                raise Refused("crdt: out of order")
            last = document.name
            documents._held[last] = _Held.of(document)
        reader.end()
        return documents


def _new_state(name: Name) -> State:
    return _STATES[name.type]() if name.type in _STATES else _rich().Rich(name.id)


def _read_state(name: Name, data: bytes) -> State:
    if name.type in _STATES:
        return _STATES[name.type].decode(data)
    state: State = _rich().Rich.decode(name.id, data)
    return state


def _rich() -> Any:
    """Return the module of rich documents: a node that has none need not load Loro."""
    from . import rich

    return rich
