"""Scalars on the wire: strict in, exact out. Knows no chain.

A `Kind` reads one JSON value. Its error names the value's place, so every reader is given one.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from .errors import InvalidParams

QUANTITY_BITS_MAX: Final = 256
TAGS: Final = ("latest", "earliest", "pending", "safe", "finalized")

Tag = Literal["latest", "earliest", "pending", "safe", "finalized"]

_QUANTITY: Final = re.compile(r"0x(?:0|[1-9a-fA-F][0-9a-fA-F]*)")
_HEX: Final = re.compile(r"0x[0-9a-fA-F]*")
_DECIMAL: Final = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockHash:
    """A block named by its hash, as in EIP-1898."""

    hash: bytes
    require_canonical: bool = False


BlockRef = int | BlockHash | Tag
"""A number, a hash, or a tag."""

Read = Callable[[Any, str], Any]
"""Takes a JSON value and the name of its place; returns what it stands for."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of parameter: what the documentation calls it, and its reader."""

    label: str
    read: Read


# Out.


def hex_data(value: bytes) -> str:
    """Write bytes."""
    return "0x" + value.hex()


def hex_or_none(value: bytes | None) -> str | None:
    """Write bytes that may be missing."""
    return None if value is None else "0x" + value.hex()


def quantity_or_none(value: int | None) -> str | None:
    """Write a number that may be missing."""
    return None if value is None else hex(value)


def hex_word(value: int) -> str:
    """Write a number as the 32 bytes that storage holds."""
    return f"0x{value:064x}"


# In.


def read_quantity(value: Any, name: str) -> int:
    """Read a number: hex digits without leading zeros, at most 256 bits."""
    if not isinstance(value, str):
        raise InvalidParams(f"{name}: expected a hex quantity, got {describe(value)}")
    if not _QUANTITY.fullmatch(value):
        if not value.startswith("0x"):
            raise InvalidParams(f"{name}: hex string without 0x prefix")
        if value == "0x":
            raise InvalidParams(f'{name}: hex string "0x" is no quantity; zero is "0x0"')
        if _HEX.fullmatch(value):
            raise InvalidParams(f"{name}: hex number with leading zero digits")
        raise InvalidParams(f"{name}: invalid hex string")
    if len(value) > 2 + QUANTITY_BITS_MAX // 4:
        raise InvalidParams(f"{name}: hex number > {QUANTITY_BITS_MAX} bits")
    return int(value, 16)


def read_uint64(value: Any, name: str) -> int:
    """Read a number of at most 64 bits."""
    number = read_quantity(value, name)
    if number >= 2**64:
        raise InvalidParams(f"{name}: hex number > 64 bits")
    return number


def read_number(value: Any, name: str) -> int:
    """Read a number as developers write it: JSON, decimal text, or hex with any zeros."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    text = value if isinstance(value, str) and len(value) < 79 else ""
    if whole or (isinstance(value, float) and value.is_integer()) or _DECIMAL.fullmatch(text):
        number = int(value)
    elif text != "0x" and _HEX.fullmatch(text):
        number = int(text, 16)
    else:
        raise InvalidParams(f"{name}: expected a number, got {describe(value)}")
    if not 0 <= number < 2**QUANTITY_BITS_MAX:
        raise InvalidParams(f"{name}: {number} is out of range")
    return number


def read_seconds(value: Any, name: str) -> float:
    """Read a duration in seconds, with fractions."""
    if isinstance(value, float):
        if not 0 <= value < 2**53:
            raise InvalidParams(f"{name}: {value} is out of range")
        return value
    number = read_number(value, name)
    if number >= 2**53:
        raise InvalidParams(f"{name}: {number} is out of range")
    return float(number)


def read_data(value: Any, name: str) -> bytes:
    """Read bytes of any length."""
    if not isinstance(value, str):
        raise InvalidParams(f"{name}: expected hex data, got {describe(value)}")
    if not value.startswith("0x"):
        raise InvalidParams(f"{name}: hex string without 0x prefix")
    if len(value) % 2:
        raise InvalidParams(f"{name}: hex string of odd length")
    try:
        data = bytes.fromhex(value[2:])
    except ValueError:
        raise InvalidParams(f"{name}: invalid hex string") from None
    if 2 * len(data) != len(value) - 2:  # `fromhex` skips blanks.
        raise InvalidParams(f"{name}: invalid hex string")
    return data


def fixed(size: int) -> Read:
    """Return a reader of exactly `size` bytes."""

    def read(value: Any, name: str) -> bytes:
        data = read_data(value, name)
        if len(data) != size:
            raise InvalidParams(f"{name}: expected {size} bytes, got {len(data)}")
        return data

    return read


read_address = fixed(20)
read_hash = fixed(32)


def read_slot(value: Any, name: str) -> int:
    """Read a storage key: at most 32 bytes, short forms allowed."""
    if not isinstance(value, str) or not value.startswith("0x"):
        raise InvalidParams(f"{name}: expected hex data, got {describe(value)}")
    if not _HEX.fullmatch(value):
        raise InvalidParams(f"{name}: invalid hex string")
    if len(value) > 66:
        raise InvalidParams(f"{name}: hex string too long, want at most 32 bytes")
    return int(value[2:] or "0", 16)


def read_bool(value: Any, name: str) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise InvalidParams(f"{name}: expected true or false, got {describe(value)}")
    return value


def read_text(value: Any, name: str) -> str:
    """Read a string."""
    if not isinstance(value, str):
        raise InvalidParams(f"{name}: expected a string, got {describe(value)}")
    return value


def read_object(value: Any, name: str) -> dict[str, Any]:
    """Read a JSON object."""
    if not isinstance(value, dict):
        raise InvalidParams(f"{name}: expected an object, got {describe(value)}")
    return value


def array_of(read: Read, length_max: int) -> Read:
    """Return a reader of arrays."""

    def read_array(value: Any, name: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise InvalidParams(f"{name}: expected an array, got {describe(value)}")
        if len(value) > length_max:
            raise InvalidParams(f"{name}: {len(value)} entries, at most {length_max} are allowed")
        return tuple([read(item, f"{name}[{index}]") for index, item in enumerate(value)])

    return read_array


def read_block_number(value: Any, name: str) -> int | Tag:
    """Read a block's number or tag."""
    if isinstance(value, str) and value in TAGS:
        return cast(Tag, value)
    if isinstance(value, str) and not value.startswith("0x"):
        raise InvalidParams(f"{name}: hex string without 0x prefix, and none of {', '.join(TAGS)}")
    return read_uint64(value, name)


def read_block(value: Any, name: str) -> BlockRef:
    """Read a block's number, tag, hash, or EIP-1898 object."""
    if isinstance(value, dict):
        return _read_block_object(value, name)
    if isinstance(value, str) and len(value) == 66:
        return read_block_hash(value, name)
    return read_block_number(value, name)


def read_block_hash(value: Any, name: str) -> BlockHash:
    """Read the hash of a block."""
    return BlockHash(hash=read_hash(value, name))


def _read_block_object(value: dict[str, Any], name: str) -> BlockRef:
    number, block_hash = value.get("blockNumber"), value.get("blockHash")
    if (number is None) == (block_hash is None):
        raise InvalidParams(f"{name}: give either blockNumber or blockHash")
    canonical = value.get("requireCanonical")
    if number is not None:
        if canonical is not None:
            raise InvalidParams(f"{name}.requireCanonical: belongs to blockHash")
        return read_block_number(number, f"{name}.blockNumber")
    return BlockHash(
        hash=read_hash(block_hash, f"{name}.blockHash"),
        require_canonical=(
            canonical is not None and read_bool(canonical, f"{name}.requireCanonical")
        ),
    )


def describe(value: Any) -> str:
    """Name the JSON type of a value, for an error."""
    if value is None:
        return "null"
    names = {bool: "a boolean", str: "a string", list: "an array", dict: "an object"}
    return names.get(type(value), "a number")


QUANTITY: Final = Kind("quantity", read_quantity)
UINT64: Final = Kind("quantity", read_uint64)
NUMBER: Final = Kind("number", read_number)
SECONDS: Final = Kind("seconds", read_seconds)
DATA: Final = Kind("data", read_data)
ADDRESS: Final = Kind("address", read_address)
HASH: Final = Kind("hash", read_hash)
SLOT: Final = Kind("storage key", read_slot)
BOOL: Final = Kind("boolean", read_bool)
TEXT: Final = Kind("string", read_text)
BLOCK_NUMBER: Final = Kind("number or tag", read_block_number)
BLOCK_HASH: Final = Kind("hash", read_block_hash)
BLOCK: Final = Kind("number, tag or hash", read_block)
