"""The bytes of operations: the opened payload of a vertex. One encoding for each list."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from ..codec import Reader, Refused, sized, u8, u16, u32, u64
from .bodies import (
    Add,
    Body,
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
    Update,
    Write,
    is_text,
)
from .values import Value, encode_value, read_value, text

VERSION = 1
ID = 32
MARK = 16
PAYLOAD_MAX = 60_000  # what a vertex has room for, sealed and padded to 64 KiB
OPERATIONS_MAX = 1 << 14
AMOUNT_MAX = (1 << 64) - 1
INDEX_END = 1 << 32
TABLE_MAX = 1 << 14
NAMES_MAX = 1 << 14  # of operations that one operation names


# --- writing -------------------------------------------------------------------------------------


def encode_operations(operations: list[Operation], mark: bytes = bytes(MARK)) -> bytes:
    """Return a payload; the mark tells it from another one with the same operations.

    ValueError where something is out of range.
    """
    names = sorted({operation.name for operation in operations})
    vertices = sorted({v for one in operations for v in _vertices(one.body)} - {b""})
    slots = {vertex: slot for slot, vertex in enumerate([b"", *vertices], 1)}
    places = {name: place for place, name in enumerate(names)}
    parts = [u8(VERSION), mark, u16(len(names))]
    parts += [u8(name.type) + name.id for name in names]
    parts += [u16(len(vertices)), *vertices, u16(len(operations))]
    for one in operations:
        parts += [u16(places[one.name]), _write_body(one.body, slots)]
    payload = b"".join(parts)
    try:
        decode_operations(payload)
    except Refused as refused:
        raise ValueError(refused.reason) from None
    return payload


def _vertices(body: Body) -> list[bytes]:
    if isinstance(body, Remove | Replace):
        return [ref.vertex for ref in body.refs]
    if isinstance(body, Delete):
        return [span.vertex for span in body.spans]
    if isinstance(body, Splice):
        return [body.left.vertex] if body.left else []
    if isinstance(body, Update):
        return [body.previous.vertex] if body.previous else []
    return []


def _write_body(body: Body, slots: dict[bytes, int]) -> bytes:
    def ref(one: Ref | None) -> bytes:
        return u16(0) if one is None else u16(slots[one.vertex]) + _u32(one.index)

    def refs(many: tuple[Ref, ...]) -> bytes:
        return u16(len(many)) + b"".join(ref(one) for one in sorted(set(many)))

    match body:
        case Grow(amount):
            return _amount(amount)
        case Shift(amount):
            return u8(amount < 0) + _amount(abs(amount))
        case Insert(value) | Write(value):
            return encode_value(value)
        case Add(value):
            return u8(0) + encode_value(value)
        case Remove(many):
            return u8(1) + refs(many)
        case Replace(value, many):
            return refs(many) + encode_value(value)
        case Splice(left, values):
            if is_text(values):
                return u8(0) + ref(left) + u8(0) + sized("".join(map(str, values)).encode())
            listed = b"".join(encode_value(value) for value in values)
            return u8(0) + ref(left) + u8(1) + u16(len(values)) + listed
        case Delete(spans):
            merged = _merged(spans)
            listed = b"".join(ref(Ref(s.vertex, s.index)) + _u32(s.length) for s in merged)
            return u8(1) + u16(len(merged)) + listed
        case Update(chain, previous, update):
            return chain + ref(previous) + sized(update)


def _amount(amount: int) -> bytes:
    if not 0 < amount <= AMOUNT_MAX:
        raise ValueError("crdt: amount out of range")
    return u64(amount)


def _u32(number: int) -> bytes:
    if not 0 <= number < INDEX_END:
        raise ValueError("crdt: index out of range")
    return u32(number)


def _merged(spans: tuple[Span, ...]) -> list[Span]:
    """Return the same elements in as few spans as there can be."""
    merged: list[Span] = []
    for span in sorted(spans):
        last = merged[-1] if merged else None
        if last and last.vertex == span.vertex and last.index + last.length >= span.index:
            end = max(last.index + last.length, span.index + span.length)
            merged[-1] = Span(last.vertex, last.index, end - last.index)
        else:
            merged.append(span)
    return merged


# --- reading -------------------------------------------------------------------------------------


def decode_operations(payload: bytes) -> list[Operation]:
    """Read a payload; all of it or nothing."""
    if len(payload) > PAYLOAD_MAX:
        raise Refused("crdt: payload too long")
    reader = Reader(payload)
    if reader.u8() != VERSION:
        raise Refused("crdt: unknown version of a payload")
    reader.take(MARK)
    names = [_name(reader) for _ in range(_count(reader, TABLE_MAX))]
    vertices = [reader.take(ID) for _ in range(_count(reader, TABLE_MAX))]
    _ascending(names)
    _ascending(vertices)
    refs = _Refs(reader, vertices)
    used = set()
    operations = []
    for _ in range(_count(reader, OPERATIONS_MAX)):
        place = reader.u16()
        if place >= len(names):
            raise Refused("crdt: unknown document")
        used.add(place)
        name = names[place]
        operations.append(Operation(name.id, _READERS[name.type](refs)))
        refs.index += operations[-1].width
    reader.end()
    if len(used) < len(names) or len(refs.used) < len(vertices):
        raise Refused("crdt: table holds what is not used")
    return operations


def _ascending(table: Sequence[Any]) -> None:
    if any(a >= b for a, b in pairwise(table)):
        raise Refused("crdt: out of order")


def _count(reader: Reader, limit: int) -> int:
    count = reader.u16()
    if count > limit:
        raise Refused("crdt: too many")
    return count


def _name(reader: Reader) -> Name:
    number = reader.u8()
    if number not in _READERS:
        raise Refused("crdt: unknown type")
    return Name(Type(number), reader.take(ID))


class _Refs:
    """Reads what an operation names."""

    def __init__(self, reader: Reader, vertices: list[bytes]) -> None:
        self.reader = reader
        self.vertices = [b"", *vertices]
        self.used: set[int] = set()
        self.index = 0  # of the operation that is read

    def optional(self) -> Ref | None:
        slot = self.reader.u16()
        return self._ref(slot, 1) if slot else None

    def many(self) -> tuple[Ref, ...]:
        refs = tuple(self._ref(self.reader.u16(), 1) for _ in range(_count(self.reader, NAMES_MAX)))
        _ascending(refs)
        return refs

    def spans(self) -> tuple[Span, ...]:
        spans = tuple(self._span() for _ in range(_count(self.reader, NAMES_MAX)))
        for a, b in pairwise(spans):
            if a.vertex > b.vertex or (a.vertex == b.vertex and a.index + a.length >= b.index):
                raise Refused("crdt: out of order")
        return spans

    def _span(self) -> Span:
        ref = self._ref(self.reader.u16(), 0)
        length = self.reader.u32()
        if not length or ref.index + length > (INDEX_END if ref.vertex else self.index):
            raise Refused("crdt: span out of range")
        return Span(ref.vertex, ref.index, length)

    def _ref(self, slot: int, width: int) -> Ref:
        if not 1 <= slot <= len(self.vertices):
            raise Refused("crdt: unknown vertex")
        index = self.reader.u32()
        if slot == 1 and index + width > self.index:
            raise Refused("crdt: names what comes after it")
        if slot > 1:
            self.used.add(slot)
        return Ref(self.vertices[slot - 1], index)


def _read_amount(refs: _Refs) -> int:
    amount = refs.reader.u64()
    if not amount:
        raise Refused("crdt: amount of nothing")
    return amount


def _flag(refs: _Refs) -> bool:
    flag = refs.reader.u8()
    if flag > 1:
        raise Refused("crdt: unknown action")
    return bool(flag)


def _shift(refs: _Refs) -> Body:
    negative = _flag(refs)
    return Shift(-_read_amount(refs) if negative else _read_amount(refs))


def _or_set(refs: _Refs) -> Body:
    if not _flag(refs):
        return Add(read_value(refs.reader))
    removed = refs.many()
    if not removed:
        raise Refused("crdt: nothing to remove")
    return Remove(removed)


def _replace(refs: _Refs) -> Body:
    overwritten = refs.many()
    return Replace(read_value(refs.reader), overwritten)


def _array(refs: _Refs) -> Body:
    if _flag(refs):
        spans = refs.spans()
        if not spans:
            raise Refused("crdt: nothing to remove")
        return Delete(spans)
    left = refs.optional()
    values: str | tuple[Value, ...]
    if not _flag(refs):
        values = text(refs.reader.sized(PAYLOAD_MAX))
    else:
        values = tuple(read_value(refs.reader) for _ in range(refs.reader.u16()))
        if is_text(values):
            raise Refused("crdt: text written as values")
    if not values:
        raise Refused("crdt: nothing to insert")
    return Splice(left, values)


def _update(refs: _Refs) -> Body:
    chain = refs.reader.take(ID)
    return Update(chain, refs.optional(), refs.reader.sized(PAYLOAD_MAX))


_READERS: dict[int, Callable[[_Refs], Body]] = {
    Type.G_COUNTER: lambda refs: Grow(_read_amount(refs)),
    Type.PN_COUNTER: _shift,
    Type.G_SET: lambda refs: Insert(read_value(refs.reader)),
    Type.OR_SET: _or_set,
    Type.LWW_REGISTER: lambda refs: Write(read_value(refs.reader)),
    Type.MV_REGISTER: _replace,
    Type.RG_ARRAY: _array,
    Type.RICH: _update,
}
