"""Messages as bytes and back: the encoding of `transcript.py`, read by the type that is expected.

Strict: what is read encodes to the same bytes again, or is refused. Numbers and lists are bounded
by the size of the whole, which the caller limits before reading it.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import GenericAlias
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from .faults import WireError
from .transcript import LENGTH_SIZE, encode

M = TypeVar("M")

HEADER_SIZE = 1 + LENGTH_SIZE
KINDS: dict[type, bytes] = {bytes: b"b", bool: b"?"}


def to_bytes(message: object) -> bytes:
    """Return the bytes of a message."""
    return encode(message)


def from_bytes(kind: type[M], data: bytes) -> M:
    """Return the message of this type, or raise WireError."""
    value, end = read(kind, data, 0, len(data))
    if end != len(data) or encode(value) != data:
        raise WireError("not the one encoding of a message")
    message: M = value
    return message


def read(kind: Any, data: bytes, start: int, stop: int) -> tuple[Any, int]:
    """Read one value from `start`; return it and where it ends, at most at `stop`."""
    body = start + HEADER_SIZE
    end = body + int.from_bytes(data[start + 1 : body], "big")
    if body > stop or end > stop:
        raise WireError("cut short")
    tag, origin = data[start : start + 1], get_origin(kind)
    if kind is int and tag in (b"+", b"-"):
        size = int.from_bytes(data[body:end], "big")
        return (size if tag == b"+" else -size), end
    if KINDS.get(kind) == tag:
        content = data[body:end]
        return (content == b"\1" if kind is bool else content), end
    if origin is tuple and tag == b"l":
        return read_tuple(get_args(kind), data, body, end), end
    if origin is Mapping and tag == b"m":
        return read_mapping(get_args(kind), data, body, end), end
    if is_dataclass(kind) and isinstance(kind, type) and tag == b"d":
        return read_dataclass(kind, data, body, end), end
    raise WireError("a value of another kind")


def read_tuple(kinds: tuple[Any, ...], data: bytes, start: int, stop: int) -> tuple[Any, ...]:
    """Read `tuple[X, ...]`, or a tuple of so many kinds."""
    values: list[Any] = []
    endless = len(kinds) == 2 and kinds[1] is Ellipsis
    while start < stop:
        if not endless and len(values) == len(kinds):
            raise WireError("too many values")
        value, start = read(kinds[0] if endless else kinds[len(values)], data, start, stop)
        values.append(value)
    if not endless and len(values) != len(kinds):
        raise WireError("too few values")
    return tuple(values)


def read_mapping(kinds: tuple[Any, ...], data: bytes, start: int, stop: int) -> dict[Any, Any]:
    """Read keys and values."""
    found = {}
    while start < stop:
        key, start = read(kinds[0], data, start, stop)
        found[key], start = read(kinds[1], data, start, stop)
    return found


def read_dataclass(kind: type, data: bytes, start: int, stop: int) -> Any:
    """Read the name of the type, and its fields in order."""
    name = encode(kind.__name__)
    if data[start : start + len(name)] != name:
        raise WireError("a message of another type")
    hints = get_type_hints(kind)
    names = [field.name for field in fields(kind)]
    values, end = read(
        GenericAlias(tuple, tuple(hints[each] for each in names)), data, start + len(name), stop
    )
    if end != stop:
        raise WireError("bytes left over")
    return kind(**dict(zip(names, values, strict=True)))
