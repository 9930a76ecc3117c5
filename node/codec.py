"""Reading and writing the binary formats of the node: fixed, big-endian, one encoding per value.

Whatever comes off a wire or out of a file is read here, and what breaks a rule raises `Refused`
with a constant reason, which the daemon counts.
"""

import json
import re
import struct
from typing import Any

_U16 = struct.Struct(">H")
_U32 = struct.Struct(">I")
_U64 = struct.Struct(">Q")
JSON_DEPTH_MAX = 64
# A text that does not end goes to the end: nothing is ever gone over twice.
_TEXT_OR_BRACKET = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)


class Refused(Exception):
    """Bytes from outside break a rule; `reason` names it and holds nothing of the bytes."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Reader:
    """Takes values off the front of some bytes."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __len__(self) -> int:
        """Return how many bytes are left."""
        return len(self._data) - self._at

    def take(self, size: int) -> bytes:
        """Return the next bytes, of exactly this number."""
        end = self._at + size
        if end > len(self._data):
            raise Refused("codec: too short")
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def u8(self) -> int:
        """Return the next byte as a number."""
        return self.take(1)[0]

    def u16(self) -> int:
        """Return the next two bytes as a number."""
        return int(_U16.unpack(self.take(2))[0])

    def u32(self) -> int:
        """Return the next four bytes as a number."""
        return int(_U32.unpack(self.take(4))[0])

    def u64(self) -> int:
        """Return the next eight bytes as a number."""
        return int(_U64.unpack(self.take(8))[0])

    def sized(self, limit: int) -> bytes:
        """Return bytes that their length precedes, at most `limit` of them."""
        size = self.u32()
        if size > limit:
            raise Refused("codec: too long")
        return self.take(size)

    def rest(self) -> bytes:
        """Return all that is left."""
        return self.take(len(self))

    def end(self) -> None:
        """Refuse anything that is left."""
        if len(self):
            raise Refused("codec: trailing bytes")


def u8(value: int) -> bytes:
    """Return one byte."""
    return bytes((value,))


def u16(value: int) -> bytes:
    """Return two bytes."""
    return _U16.pack(value)


def u32(value: int) -> bytes:
    """Return four bytes."""
    return _U32.pack(value)


def u64(value: int) -> bytes:
    """Return eight bytes."""
    return _U64.pack(value)


def sized(data: bytes) -> bytes:
    """Return bytes behind their length."""
    return _U32.pack(len(data)) + data


def read_json(data: bytes, **options: Any) -> Any:
    """Return the value of JSON from outside; ValueError where it is none, or is nested too deep.

    The parser goes down by recursion, and how deep the interpreter's stack may grow was perhaps set
    by another library: beyond it the process ends.
    """
    depth = 0
    for found in _TEXT_OR_BRACKET.finditer(data):
        mark = data[found.start()]
        if mark in b"[{":
            depth += 1
            if depth > JSON_DEPTH_MAX:
                raise ValueError("nested too deep")
        elif mark in b"]}":
            depth -= 1
    return json.loads(data, **options)
