"""The textual forms of scalars, in and out: EIP-1767's, and one form only on the way out.

An Int is a JSON number. Longer integers are strings, 0x and hexadecimal without leading zeros, in
small letters, with a minus sign before a negative one: so no reader loses digits to floats. Bytes
are 0x and two small digits each.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

Parser = Callable[[Any], Any]
"""Returns what a JSON value or a literal means; ValueError for what is not of the scalar."""
Writer = Callable[[Any], str]

DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]{0,77})")
HEXADECIMAL = re.compile(r"-?0x[0-9a-fA-F]{1,64}")
BYTES = re.compile(r"0x(?:[0-9a-fA-F]{2})*+")
INT_MIN, INT_MAX = -(1 << 31), (1 << 31) - 1
LONG_MAX = (1 << 64) - 1
WORD_MAX = (1 << 256) - 1


def integer(value: object) -> int:
    """Return the integer that a number or a string stands for, of at most 256 bits."""
    number: int | None = None
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and DECIMAL.fullmatch(value):
        number = int(value)
    elif isinstance(value, str) and HEXADECIMAL.fullmatch(value):
        number = int(value, 16)
    if number is None or abs(number) > WORD_MAX:
        raise ValueError(value)
    return number


def within(lowest: int, highest: int) -> Parser:
    """Return the parser of integers in a range."""

    def parse(value: object) -> int:
        number = integer(value)
        if not lowest <= number <= highest:
            raise ValueError(number)
        return number

    return parse


def plain(kind: type) -> Parser:
    """Return the parser that takes values of just this type."""

    def parse(value: object) -> object:
        if type(value) is not kind:
            raise ValueError(value)
        return value

    return parse


def small_integer(value: object) -> int:
    """Return an Int: a number of 32 bits, never a string."""
    if type(value) is not int or not INT_MIN <= value <= INT_MAX:
        raise ValueError(value)
    return value


def byte_string(size: int | None = None) -> Parser:
    """Return the parser of byte strings, of this size where one is given."""

    def parse(value: object) -> bytes:
        if not isinstance(value, str) or not BYTES.fullmatch(value):
            raise ValueError(value)
        content = bytes.fromhex(value[2:])
        if size is not None and len(content) != size:
            raise ValueError(value)
        return content

    return parse


def number_or_text(value: object) -> int | str:
    """Return a ColumnValue as it came: what it means depends on the column."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(value)
    return value


def write_integer(value: int) -> str:
    """Write an integer as a hexadecimal string."""
    return f'"{value:#x}"'


def write_bytes(value: bytes) -> str:
    """Write bytes as a hexadecimal string."""
    return f'"0x{value.hex()}"'


def write_text(value: str) -> str:
    """Write a string with as few escapes as JSON allows."""
    return json.dumps(value, ensure_ascii=False)


def write_name(value: str) -> str:
    """Write the name of an enum's value."""
    return f'"{value}"'


def write_boolean(value: bool) -> str:
    """Write true or false."""
    return "true" if value else "false"


PARSERS: Mapping[str, Parser] = {
    "Int": small_integer,
    "String": plain(str),
    "Boolean": plain(bool),
    "Long": within(0, LONG_MAX),
    "BigInt": integer,
    "Bytes": byte_string(),
    "Bytes32": byte_string(32),
    "Address": byte_string(20),
    "ColumnValue": number_or_text,
}

WRITERS: Mapping[str, Writer] = {
    "Int": str,
    "String": write_text,
    "Boolean": write_boolean,
    "Long": write_integer,
    "BigInt": write_integer,
    "Bytes": write_bytes,
    "Bytes32": write_bytes,
    "Address": write_bytes,
}
