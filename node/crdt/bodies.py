"""What is done to documents, as data.

An operation's name is its vertex and its index there; a vertex cannot name itself, so operations of
the same vertex are named by the index alone. A run of elements takes as many indices as elements.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import NamedTuple

from .values import Value


class Type(IntEnum):
    """The types of documents: the seed's seven, and rich documents."""

    G_COUNTER = 0
    PN_COUNTER = 1
    G_SET = 2
    OR_SET = 3
    LWW_REGISTER = 4
    MV_REGISTER = 5
    RG_ARRAY = 6
    RICH = 7


class Name(NamedTuple):
    """A document. Two types under one id are two documents, so that nobody can change a type."""

    type: Type
    id: bytes


@dataclass(frozen=True, slots=True, order=True)
class Ref:
    """An operation, or an element of a run; no vertex stands for the one that names it."""

    vertex: bytes
    index: int


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Elements of one vertex in a row."""

    vertex: bytes
    index: int
    length: int


@dataclass(frozen=True, slots=True)
class Grow:
    """Add to a counter that only grows."""

    amount: int


@dataclass(frozen=True, slots=True)
class Shift:
    """Add to a counter, or take from it."""

    amount: int


@dataclass(frozen=True, slots=True)
class Insert:
    """Put a value into a set that only grows."""

    value: Value


@dataclass(frozen=True, slots=True)
class Add:
    """Put a value into a set."""

    value: Value


@dataclass(frozen=True, slots=True)
class Remove:
    """Take back the additions that were seen."""

    refs: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class Write:
    """Set a register; the last one wins."""

    value: Value


@dataclass(frozen=True, slots=True)
class Replace:
    """Set a register in place of the writes that were seen; others stay beside it."""

    value: Value
    refs: tuple[Ref, ...] = ()


@dataclass(frozen=True, slots=True)
class Splice:
    """Put elements behind one, or at the beginning. A text is an element for each code point."""

    left: Ref | None
    values: str | tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Delete:
    """Take elements out of an array."""

    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Update:
    """Continue a chain of changes of a rich document; the first one of a chain names no other."""

    chain: bytes
    previous: Ref | None
    update: bytes


Body = Grow | Shift | Insert | Add | Remove | Write | Replace | Splice | Delete | Update

TYPES: dict[type[Body], Type] = {
    Grow: Type.G_COUNTER,
    Shift: Type.PN_COUNTER,
    Insert: Type.G_SET,
    Add: Type.OR_SET,
    Remove: Type.OR_SET,
    Write: Type.LWW_REGISTER,
    Replace: Type.MV_REGISTER,
    Splice: Type.RG_ARRAY,
    Delete: Type.RG_ARRAY,
    Update: Type.RICH,
}


@dataclass(frozen=True, slots=True)
class Operation:
    """Something done to one document; what it is tells the document's type."""

    document: bytes
    body: Body

    @property
    def name(self) -> Name:
        """Return the document that it is done to."""
        return Name(TYPES[type(self.body)], self.document)

    @property
    def width(self) -> int:
        """Return how many indices it takes."""
        return len(self.body.values) if isinstance(self.body, Splice) else 1


def rebased(operations: list[Operation], by: int) -> list[Operation]:
    """Return operations as they are said behind others, which take so many indices."""
    return [Operation(one.document, _moved(one.body, by)) for one in operations]


def _moved(body: Body, by: int) -> Body:
    def ref(one: Ref) -> Ref:
        return one if one.vertex else Ref(b"", one.index + by)

    if isinstance(body, Remove | Replace):
        return replace(body, refs=tuple(ref(one) for one in body.refs))
    if isinstance(body, Delete):
        spans = (s if s.vertex else replace(s, index=s.index + by) for s in body.spans)
        return Delete(tuple(spans))
    if isinstance(body, Splice) and body.left:
        return Splice(ref(body.left), body.values)
    if isinstance(body, Update) and body.previous:
        return replace(body, previous=ref(body.previous))
    return body


def is_text(values: Iterable[Value]) -> bool:
    """Return whether elements are a text, and so are written as one."""
    return all(isinstance(value, str) and len(value) == 1 for value in values)
