"""Histories of several authors who see each other's work now and then, and slow twins of states."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from node.crdt.bodies import (
    Add,
    Delete,
    Grow,
    Insert,
    Name,
    Operation,
    Ref,
    Remove,
    Replace,
    Shift,
    Span,
    Splice,
    Type,
    Write,
)
from node.crdt.documents import Documents
from node.crdt.values import as_json, encode_value
from node.crypto import sha256

DOCUMENT = bytes(range(32))
VALUES = (None, True, False, 7, -7, "seven", b"\7", "", "x")


class Replica:
    """One author with the vertices that he has."""

    def __init__(self, number: int) -> None:
        self.author = sha256(b"author %d" % number)
        self.documents = Documents()
        self.known: dict[bytes, tuple[Any, ...]] = {}

    @property
    def lamport(self) -> int:
        return 1 + max((vertex[1] for vertex in self.known.values()), default=-1)

    def take(self, vertex: tuple[Any, ...]) -> None:
        if vertex[0] not in self.known:
            self.known[vertex[0]] = vertex
            self.documents.apply(*vertex)


def choose(documents: Documents, kind: Type, chance: random.Random, at: int) -> list[Operation]:
    """Return what a user might do, some operations at once."""
    name = Name(kind, DOCUMENT)
    state: Any = documents.state(name)
    value = chance.choice(VALUES)
    if kind == Type.G_COUNTER:
        return [Operation(DOCUMENT, Grow(chance.randrange(1, 1 << 64)))]
    if kind == Type.PN_COUNTER:
        return [Operation(DOCUMENT, Shift(chance.choice([-1, 1]) * chance.randrange(1, 9)))]
    if kind == Type.G_SET:
        return [Operation(DOCUMENT, Insert(value))]
    if kind == Type.OR_SET:
        refs = state.refs(encode_value(value)) if state else ()
        own = [Operation(DOCUMENT, Add(value)), Operation(DOCUMENT, Remove((Ref(b"", at),)))]
        if refs and chance.random() < 0.5:
            return [Operation(DOCUMENT, Remove(refs))]
        return own if chance.random() < 0.1 else own[:1]
    if kind == Type.LWW_REGISTER:
        return [Operation(DOCUMENT, Write(value))] * chance.choice([1, 2])
    if kind == Type.MV_REGISTER:
        return [Operation(DOCUMENT, Replace(value, state.refs() if state else ()))]
    return choose_in_array(state, chance, at)


def choose_in_array(state: Any, chance: random.Random, at: int) -> list[Operation]:
    length = len(state) if state else 0
    if length and chance.random() < 0.3:
        place = chance.randrange(length)
        spans = state.spans(place, min(length - place, chance.randrange(1, 6)))
        return [Operation(DOCUMENT, Delete(spans))]
    left = state.left_of(chance.randrange(length + 1)) if state else None
    what: Any = chance.choice(["a", "bcd", "efghij", (1, "k", None), (b"\1",)])
    first = Operation(DOCUMENT, Splice(left, what))
    if chance.random() < 0.5:
        return [first]
    last = at + first.width
    more = Operation(DOCUMENT, Splice(Ref(b"", chance.randrange(at, last)), "XY"))
    if chance.random() < 0.5:
        return [first, more]
    return [first, more, Operation(DOCUMENT, Delete((Span(b"", last, 1),)))]


@pytest.fixture(scope="session")
def history() -> Callable[..., list[tuple[Any, ...]]]:
    """Make vertices (id, lamport, author, operations), in an order that causes allow."""

    def make(
        seed: int, kinds: tuple[Type, ...], steps: int = 40, replicas: int = 4, before: Any = ()
    ) -> list[Any]:
        """Make new vertices, by authors who all have those before."""
        chance = random.Random(seed)
        authors = [Replica(number) for number in range(replicas)]
        for one in authors:
            for vertex in before:
                one.take(vertex)
        made = []
        for step in range(steps):
            one = chance.choice(authors)
            if chance.random() < 0.4:
                for vertex in chance.choice(authors).known.copy().values():
                    one.take(vertex)
            operations: list[Operation] = []
            for kind in chance.sample(kinds, min(len(kinds), 2)):
                at = sum(operation.width for operation in operations)
                operations += choose(one.documents, kind, chance, at)
            vertex = (
                sha256(b"%d %d" % (seed, len(before) + step)),
                one.lamport,
                one.author,
                operations,
            )
            one.take(vertex)
            made.append(vertex)
        return made

    return make


@pytest.fixture(scope="session")
def apply_all() -> Callable[..., Documents]:
    def apply(vertices: Any) -> Documents:
        documents = Documents()
        for vertex in vertices:
            documents.apply(*vertex)
        return documents

    return apply


@pytest.fixture(scope="session")
def twin() -> Callable[[Type, Any], Any]:
    """The value of a document, worked out from the whole set of operations, as the rules say."""

    def value(kind: Type, vertices: Any) -> Any:
        rows = []
        for vertex, lamport, author, operations in vertices:
            index = 0
            for operation in operations:
                if operation.name.type == kind:
                    rows.append((lamport, author, vertex, index, operation.body))
                index += operation.width
        return TWINS[kind](rows)

    return value


def by_bytes(values: Any) -> list[Any]:
    encoded = {encode_value(value): value for value in values}
    return [as_json(encoded[key]) for key in sorted(encoded)]


def observed(rows: Any) -> list[Any]:
    named = {
        (ref.vertex or vertex, ref.index)
        for *_, vertex, _, body in rows
        for ref in getattr(body, "refs", ())
    }
    return by_bytes(
        body.value
        for *_, vertex, index, body in rows
        if not isinstance(body, Remove) and (vertex, index) not in named
    )


def last_writer(rows: Any) -> Any:
    last: dict[bytes, Any] = {}
    for row in sorted(rows, key=lambda row: row[3]):
        last[row[2]] = row
    best = max(last.values(), key=lambda row: (row[0], row[1], sha256(encode_value(row[4].value))))
    return as_json(best[4].value)


def array(rows: Any) -> list[Any]:
    """A tree of single elements, gone through from the left: younger siblings first."""
    children: dict[Any, list[Any]] = {}
    dead = set()
    for lamport, author, vertex, index, body in rows:
        if isinstance(body, Delete):
            for span in body.spans:
                dead.update((span.vertex or vertex, span.index + n) for n in range(span.length))
            continue
        left = (body.left.vertex or vertex, body.left.index) if body.left else None
        for offset, element in enumerate(body.values):
            key = (lamport, author, vertex, index + offset)
            children.setdefault(left, []).append((key, element))
            left = (vertex, index + offset)
    found, stack = [], sorted(children.get(None, []), key=lambda child: child[0])
    while stack:
        key, element = stack.pop()
        if key[2:] not in dead:
            found.append(as_json(element))
        stack += sorted(children.get(key[2:], []), key=lambda child: child[0])
    return found


TWINS: dict[Type, Callable[[Any], Any]] = {
    Type.G_COUNTER: lambda rows: sum(row[4].amount for row in rows),
    Type.PN_COUNTER: lambda rows: sum(row[4].amount for row in rows),
    Type.G_SET: lambda rows: by_bytes(row[4].value for row in rows),
    Type.OR_SET: observed,
    Type.LWW_REGISTER: last_writer,
    Type.MV_REGISTER: observed,
    Type.RG_ARRAY: array,
}
