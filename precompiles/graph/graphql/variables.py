"""The bytes of variables to values: one JSON object (RFC 8259), read strictly.

Integers only, no key twice, no half surrogates, nesting bounded by a constant; a number is read
whatever its size, within the bound of the whole. Knows no schema.
"""

import re
from dataclasses import dataclass
from typing import Any

from . import errors
from .document import VALUE_DEPTH_MAX
from .lexer import ESCAPE, escape_value

BLANK = re.compile(rb"[ \t\r\n]*+")
INTEGER = re.compile(rb"-?(?:0|[1-9][0-9]*+)(?![0-9.eE])")
STRING = re.compile(rb'"((?:[\x20\x21\x23-\x5b\x5d-\xff]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*+)"')

WORDS = {b"true": True, b"false": False, b"null": None}


@dataclass(slots=True, kw_only=True)
class Decoder:
    """A place in the bytes."""

    data: bytes
    at: int = 0

    def peek(self) -> bytes:
        """Step over blanks and return the next byte."""
        blank = BLANK.match(self.data, self.at)
        assert blank is not None, "the pattern accepts nothing too"
        self.at = blank.end()
        return self.data[self.at : self.at + 1]

    def take(self, byte: bytes) -> bool:
        """Step over a byte if it comes next; return whether it did."""
        if self.peek() != byte:
            return False
        self.at += 1
        return True

    def expect(self, byte: bytes, reason: str) -> None:
        """Step over a byte that must come next."""
        if not self.take(byte):
            raise errors.VARIABLE(self.at, reason)

    def value(self, depth: int) -> Any:
        """Read any value."""
        first = self.peek()
        if depth > VALUE_DEPTH_MAX:
            raise errors.LIMIT("value depth", VALUE_DEPTH_MAX)
        if first == b'"':
            return self.string()
        if first == b"{":
            return self.members(depth)
        if first == b"[":
            return self.elements(depth)
        for word, meaning in WORDS.items():
            if self.data.startswith(word, self.at):
                self.at += len(word)
                return meaning
        number = INTEGER.match(self.data, self.at)
        if number is None:
            raise errors.VARIABLE(self.at, "value")
        self.at = number.end()
        return int(number.group())

    def string(self) -> str:
        """Read a string."""
        self.peek()
        match = STRING.match(self.data, self.at)
        if match is None:
            raise errors.VARIABLE(self.at, "string")
        try:
            text = ESCAPE.sub(escape_value, match.group(1).decode())
        except UnicodeError:
            raise errors.VARIABLE(self.at, "unicode") from None
        self.at = match.end()
        return text

    def members(self, depth: int) -> dict[str, Any]:
        """Read an object."""
        found: dict[str, Any] = {}
        self.expect(b"{", "object")
        if self.take(b"}"):
            return found
        while True:
            self.peek()
            position = self.at
            name = self.string()
            if name in found:
                raise errors.VARIABLE(position, "duplicate key")
            self.expect(b":", "colon")
            found[name] = self.value(depth + 1)
            if self.take(b"}"):
                return found
            self.expect(b",", "comma")

    def elements(self, depth: int) -> list[Any]:
        """Read an array."""
        found: list[Any] = []
        self.expect(b"[", "array")
        if self.take(b"]"):
            return found
        while True:
            found.append(self.value(depth + 1))
            if self.take(b"]"):
                return found
            self.expect(b",", "comma")


def decode(data: bytes) -> dict[str, Any]:
    """Return the variables; no bytes are no variables."""
    if not data:
        return {}
    decoder = Decoder(data=data)
    found = decoder.members(1)
    decoder.peek()
    if decoder.at != len(data):
        raise errors.VARIABLE(decoder.at, "end")
    return found
