"""How a builder writes a vector: encoded by eth-abi and eth-utils, not by the code under test."""

from collections.abc import Iterator
from typing import Any

from eth_abi import encode
from eth_utils import keccak

Case = dict[str, Any]

CALLER = bytes.fromhex("7e5f4552091a69125d5dfcb7b8c2659029395bdf")
"""Who calls where a vector names nobody: the account of the private key 1."""


def call(signature: str, *arguments: Any) -> bytes:
    types = split_types(signature)
    return keccak(text=signature)[:4] + encode(types, arguments)


def split_types(signature: str) -> list[str]:
    inner = signature[signature.index("(") + 1 : -1]
    return inner.split(",") if inner else []


def case(name: str, data: bytes, types: list[str], *values: Any, **more: Any) -> Case:
    return {"name": name, "input": hexed(data), "output": hexed(encode(types, values)), **more}


def refused(name: str, data: bytes, error: str, *arguments: Any, **more: Any) -> Case:
    reason = f"{error[: error.index('(')]}({', '.join(shown(value) for value in arguments)})"
    payload = hexed(call(error, *arguments))
    return {"name": name, "input": hexed(data), "error": payload, "reason": reason, **more}


def shown(value: Any) -> str:
    return hexed(value) if isinstance(value, bytes) else str(value)


def hexed(data: bytes) -> str:
    return "0x" + data.hex()


def changed(data: bytes, position: int, word: int) -> bytes:
    """Replace one word of the arguments."""
    start = 4 + position
    return data[:start] + word.to_bytes(32, "big") + data[start + 32 :]


def padded_to(size: int, data: bytes) -> bytes:
    """Add what Vyper leaves behind an encoding: anything, up to the largest one."""
    return data + b"\xa5" * (size - len(data))


def malformed(
    good: bytes,
    *,
    static_word: int,
    offset_word: int,
    length_word: int,
    length_max: int,
    size_max: int,
) -> Iterator[Case]:
    """Encodings that must be refused; `good` begins with a uint8 and has a dynamic argument."""
    words = (len(good) - 4) // 32
    unknown = b"\x01\x02\x03\x04" + good[4:]
    yield refused("no-data", b"", "UnknownSelector(bytes4)", bytes(4))
    yield refused("half-selector", good[:2], "UnknownSelector(bytes4)", good[:2] + bytes(2))
    yield refused("unknown-selector", unknown, "UnknownSelector(bytes4)", unknown[:4])
    yield refused("value", good, "ValueRefused(uint256)", 1, value=1)
    yield refused("selector-only", good[:4], "Truncated(uint256)", 4)
    short = len(good) - 1
    yield refused("one-byte-short", good[:-1], "Truncated(uint256)", short)
    yield refused("trailing-byte", good + b"\0", "TrailingBytes(uint256)", len(good))
    beyond = size_max - len(good) + 32
    yield refused("trailing-words", good + bytes(beyond), "TrailingBytes(uint256)", len(good))
    dirty = changed(good, static_word, 1 << 8 | 1)
    yield refused("uint8-of-257", dirty, "ValueOutOfRange(uint256)", 4 + static_word)
    high = changed(good, static_word, 1 << 255 | 1)
    yield refused("uint8-high-bit", high, "ValueOutOfRange(uint256)", 4 + static_word)
    for name, offset in (
        ("zero", 0),
        ("one-more", length_word + 1),
        ("next-word", length_word + 32),
        ("end", 32 * words),
        ("2-255", 1 << 255),
        ("wraps", 2**256 - 32),
    ):
        data = changed(good, offset_word, offset)
        yield refused(f"offset-{name}", data, "NonCanonicalOffset(uint256)", 4 + offset_word)
    for name, length in (("2-63", 1 << 63), ("2-64-plus-2", (1 << 64) + 2), ("max", 2**256 - 1)):
        data = changed(good, length_word, length)
        yield refused(f"length-{name}", data, "InvalidLength(uint256,uint256)", length_max, length)
