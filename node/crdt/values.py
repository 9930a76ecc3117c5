"""What documents hold: nothing, truth, whole numbers, text, bytes. One encoding for each.

There are no fractions: two machines would have to agree about every last bit of them.
"""

from typing import Any

from ..codec import Reader, Refused, sized, u8, u64

VALUE_MAX = 1 << 15  # bytes of a text or of bytes
INTEGERS = range(-(1 << 63), 1 << 63)

Value = None | bool | int | str | bytes

_NONE, _FALSE, _TRUE, _INTEGER, _TEXT, _BYTES = range(6)
_CONSTANTS: dict[int, Value] = {_NONE: None, _FALSE: False, _TRUE: True}


def encode_value(value: Value) -> bytes:
    """Return the bytes of a value; ValueError where it is out of range."""
    if value is None:
        return u8(_NONE)
    if isinstance(value, bool):
        return u8(_TRUE if value else _FALSE)
    if isinstance(value, int):
        if value not in INTEGERS:
            raise ValueError("crdt: number out of range")
        return u8(_INTEGER) + u64(value % (1 << 64))
    data, tag = (value.encode(), _TEXT) if isinstance(value, str) else (value, _BYTES)
    if len(data) > VALUE_MAX:
        raise ValueError("crdt: value too long")
    return u8(tag) + sized(data)


def read_value(reader: Reader) -> Value:
    """Take a value off a reader."""
    tag = reader.u8()
    if tag in _CONSTANTS:
        return _CONSTANTS[tag]
    if tag == _INTEGER:
        number = reader.u64()
        return number - (1 << 64) if number >> 63 else number
    if tag == _TEXT:
        return text(reader.sized(VALUE_MAX))
    if tag == _BYTES:
        return reader.sized(VALUE_MAX)
    raise Refused("crdt: unknown kind of value")


def decode_value(data: bytes) -> Value:
    """Read one value and nothing else."""
    reader = Reader(data)
    value = read_value(reader)
    reader.end()
    return value


def text(data: bytes) -> str:
    """Return bytes as text."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Refused("crdt: text is no UTF-8") from None


def as_json(value: Value) -> Any:
    """Return a value as JSON can hold it."""
    return {"bytes": value.hex()} if isinstance(value, bytes) else value
