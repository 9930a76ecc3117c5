"""Where things are in canonical call data: its offsets, lengths, paddings and values.

For call data that is known to be good; what is wrong with other data is `abi.py`'s to say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from .. import abi
from ..precompile import Method

WORD = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A place in call data that the ABI rules speak of. `end` is where a padding ends."""

    role: Literal["value", "offset", "length", "text", "padding"]
    position: int
    kind: abi.Type
    end: int = 0


def walk(method: Method, data: bytes) -> tuple[list[Part], int]:
    """Return the parts of a canonical call in the order they are read, and where it ends."""
    parts: list[Part] = []
    end = walk_sequence([each.type for each in method.signature.inputs], data, 4, parts)
    return parts, end


def last_length(parts: Sequence[Part]) -> Part | None:
    """Return the length that counts the last bytes of the data, if one does."""
    lengths = [part for part in parts if part.role == "length"]
    if not lengths:
        return None
    element = lengths[-1].kind.element
    return None if element is not None and element.dynamic else lengths[-1]


def walk_sequence(kinds: Sequence[abi.Type], data: bytes, start: int, parts: list[Part]) -> int:
    """Add the parts of values encoded side by side; return where their tails end."""
    tail = start + sum(kind.head_size for kind in kinds)
    head = start
    for kind in kinds:
        if kind.dynamic:
            parts.append(Part(role="offset", position=head, kind=kind))
            tail = walk_tail(kind, data, tail, parts)
        elif (inner := abi.parts_of(kind)) is not None:
            walk_sequence(inner, data, head, parts)
        else:
            parts.append(Part(role="value", position=head, kind=kind))
        head += kind.head_size
    return tail


def walk_tail(kind: abi.Type, data: bytes, start: int, parts: list[Part]) -> int:
    """Add the parts of one dynamic value; return where it ends."""
    inner = abi.parts_of(kind)
    if inner is not None:
        return walk_sequence(inner, data, start, parts)
    length = word_at(data, start)
    parts.append(Part(role="length", position=start, kind=kind))
    start += WORD
    if kind.element is not None:
        return walk_sequence([kind.element] * length, data, start, parts)
    end = start + abi.padded(length)
    if start + length < end:
        parts.append(Part(role="padding", position=start + length, kind=kind, end=end))
    if kind.name == "string" and length:
        parts.append(Part(role="text", position=start, kind=kind))
    return end


def word_at(data: bytes, position: int) -> int:
    """Return one word of call data."""
    return int.from_bytes(data[position : position + WORD], "big")


def with_word(data: bytes, position: int, word: int) -> bytes:
    """Return call data with another word at a position."""
    return data[:position] + word.to_bytes(WORD, "big") + data[position + WORD :]
