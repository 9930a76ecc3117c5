"""Recursive length prefix, integers and Keccak: the byte level of every chain object.

The decoder is our own and strict. Its depth is bounded, because bytes off the wire choose the
nesting: a native decoder that recurses on them can be made to overflow its stack. The encoder,
whose input is ours, is native where there is one.
"""

from collections.abc import Callable, Sequence
from typing import TypeAlias, cast

from sha3 import keccak_256  # type: ignore[import-untyped]

from .errors import ChainError

try:
    from rusty_rlp import encode_raw  # type: ignore[import-untyped]
except ImportError:  # No wheel for this Python: the twin below does the same, ten times slower.
    encode_raw = None

Item: TypeAlias = "bytes | list[Item]"
Encodable: TypeAlias = "bytes | Sequence[Encodable]"

DEPTH_MAX = 16  # The deepest standard object, an access list in a block, nests six lists.


class DecodingError(ChainError):
    """The bytes are not canonical RLP, or not of the expected shape."""


def keccak(data: bytes) -> bytes:
    """Return the Keccak-256 digest."""
    return cast(bytes, keccak_256(data).digest())


def checksummed(address: bytes) -> str:
    """Write an address with its checksum in the case of its letters (EIP-55)."""
    digits = address.hex()
    digest = keccak(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if int(check, 16) >= 8 else digit
        for digit, check in zip(digits, digest, strict=False)
    )


def int_to_bytes(value: int) -> bytes:
    """Return the minimal big-endian form; zero is the empty string."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def bytes_to_int(data: Item, *, size_max: int = 32, name: str = "integer") -> int:
    """Read a minimal big-endian integer of at most `size_max` bytes."""
    if not isinstance(data, bytes):
        raise DecodingError(f"{name}: expected a number, got a list")
    if len(data) > size_max:
        raise DecodingError(f"{name}: {len(data)} bytes, at most {size_max} are allowed")
    if data and not data[0]:
        raise DecodingError(f"{name}: leading zero byte")
    return int.from_bytes(data, "big")


def fixed_bytes(data: Item, size: int, name: str) -> bytes:
    """Check that an item is a byte string of exactly `size` bytes."""
    if not isinstance(data, bytes):
        raise DecodingError(f"{name}: expected {size} bytes, got a list")
    if len(data) != size:
        raise DecodingError(f"{name}: expected {size} bytes, got {len(data)}")
    return data


def any_bytes(data: Item, name: str) -> bytes:
    """Check that an item is a byte string."""
    if not isinstance(data, bytes):
        raise DecodingError(f"{name}: expected bytes, got a list")
    return data


def any_list(data: Item, name: str, length: int | None = None) -> list[Item]:
    """Check that an item is a list, of `length` items where that is given."""
    if isinstance(data, bytes):
        raise DecodingError(f"{name}: expected a list, got bytes")
    if length is not None and len(data) != length:
        raise DecodingError(f"{name}: expected {length} fields, got {len(data)}")
    return data


def _prefix(length: int, short: int) -> bytes:
    if length < 56:
        return bytes((short + length,))
    size = int_to_bytes(length)
    return bytes((short + 55 + len(size),)) + size


def encode_slowly(item: Encodable) -> bytes:
    """Encode nested sequences of bytes: the twin of `encode`."""
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return _prefix(len(item), 0x80) + item
    payload = b"".join([encode_slowly(part) for part in item])
    return _prefix(len(payload), 0xC0) + payload


encode: Callable[[Encodable], bytes] = encode_raw or encode_slowly
"""Encode nested sequences of bytes."""


def encode_list(encoded: Sequence[bytes]) -> bytes:
    """Encode a list whose items are encoded already."""
    payload = b"".join(encoded)
    return _prefix(len(payload), 0xC0) + payload


def decode(data: bytes) -> Item:
    """Decode exactly one item, strictly."""
    item, end = _decode_at(data, 0, len(data), 0)
    if end != len(data):
        raise DecodingError(f"RLP: {len(data) - end} trailing bytes")
    return item


def list_prefix(length: int) -> bytes:
    """Return what begins a list whose items take so many bytes."""
    return _prefix(length, 0xC0)


def list_payload(data: bytes, start: int) -> bytes:
    """Return what a list that begins at `start` holds, undecoded."""
    _, begin, end = _bounds(data, start, len(data))
    return data[begin:end]


def item_size(data: bytes) -> int:
    """Return how many bytes the encoding of a string takes."""
    size = len(data)
    if size == 1 and data[0] < 0x80:
        return 1
    return size + len(_prefix(size, 0x80))


def item_end(data: bytes, start: int) -> int:
    """Return where the item at `start` ends, without decoding it: for streams of items."""
    _, _, end = _bounds(data, start, len(data))
    return end


def split_list(data: bytes, name: str) -> list[bytes]:
    """Cut a list into its items, each still encoded."""
    if not data or data[0] < 0xC0:
        raise DecodingError(f"{name}: expected a list")
    _, position, end = _bounds(data, 0, len(data))
    if end != len(data):
        raise DecodingError(f"{name}: {len(data) - end} trailing bytes")
    parts = []
    while position < end:
        _, _, next_position = _bounds(data, position, end)
        parts.append(data[position:next_position])
        position = next_position
    return parts


def _bounds(data: bytes, start: int, limit: int) -> tuple[bool, int, int]:
    """Return (is a list, start of payload, end of payload) of the item at `start`."""
    if start >= limit:
        raise DecodingError("RLP: truncated")
    first = data[start]
    if first < 0x80:
        return False, start, start + 1
    is_list = first >= 0xC0
    kind = 0xC0 if is_list else 0x80
    length = first - kind
    payload = start + 1
    if length > 55:
        size_length = length - 55
        payload += size_length
        size = data[start + 1 : payload]
        if len(size) < size_length or payload > limit:
            raise DecodingError("RLP: truncated length")
        length = int.from_bytes(size, "big")
        if size[0] == 0 or length < 56:
            raise DecodingError("RLP: length is not minimal")
    end = payload + length
    if end > limit:
        raise DecodingError("RLP: truncated payload")
    if not is_list and length == 1 and data[payload] < 0x80:
        raise DecodingError("RLP: single byte is not minimal")
    return is_list, payload, end


def _decode_at(data: bytes, start: int, limit: int, depth: int) -> tuple[Item, int]:
    is_list, position, end = _bounds(data, start, limit)
    if not is_list:
        return data[position:end], end
    if depth >= DEPTH_MAX:
        raise DecodingError(f"RLP: nested deeper than {DEPTH_MAX} lists")
    items: list[Item] = []
    while position < end:
        first = data[position]
        length = first - 0x80
        if first < 0x80:
            items.append(data[position : position + 1])
            position += 1
        elif (1 < length < 56 or not length) and position + length < end:
            # What most items are, short strings, without the two calls that any may need.
            items.append(data[position + 1 : position + 1 + length])
            position += 1 + length
        else:
            item, position = _decode_at(data, position, end, depth + 1)
            items.append(item)
    return items, end
