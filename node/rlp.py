"""Ethereum's byte level: recursive length prefix, read strictly, and Keccak-256."""

from sha3 import keccak_256  # type: ignore[import-untyped]  # ships no stubs

from .codec import Refused

DEPTH_MAX = 16  # the deepest standard object, an access list in a block, nests six lists

Item = bytes | list["Item"]


def keccak(*parts: bytes) -> bytes:
    """Return Keccak-256 of the parts in a row; it is not SHA3-256."""
    digest: bytes = keccak_256(b"".join(parts)).digest()
    return digest


def encode(item: Item) -> bytes:
    """Return an item in Ethereum's encoding."""
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return _head(0x80, len(item)) + item
    content = b"".join(map(encode, item))
    return _head(0xC0, len(content)) + content


def _head(offset: int, size: int) -> bytes:
    if size < 56:
        return bytes([offset + size])
    length = number(size)
    return bytes([offset + 55 + len(length)]) + length


def number(value: int) -> bytes:
    """Return a number without leading zeros."""
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def decode(data: bytes) -> Item:
    """Return the one item that these bytes are."""
    item, end = _decode(data, 0, len(data), 0)
    if end != len(data):
        raise Refused("rlp: trailing bytes")
    return item


def _decode(data: bytes, start: int, limit: int, depth: int) -> tuple[Item, int]:
    is_list, at, end = _bounds(data, start, limit)
    if not is_list:
        return data[at:end], end
    if depth == DEPTH_MAX:
        raise Refused("rlp: nested too deep")
    items: list[Item] = []
    while at < end:
        item, at = _decode(data, at, end, depth + 1)
        items.append(item)
    return items, end


def _bounds(data: bytes, start: int, limit: int) -> tuple[bool, int, int]:
    """Return whether a list begins here, and where its content begins and ends."""
    if start >= limit:
        raise Refused("rlp: too short")
    first = data[start]
    if first < 0x80:
        return False, start, start + 1
    is_list = first >= 0xC0
    length = first - (0xC0 if is_list else 0x80)
    at = start + 1
    if length > 55:
        at += length - 55
        if at > limit:
            raise Refused("rlp: too short")
        size = data[start + 1 : at]
        length = int.from_bytes(size, "big")
        if size[0] == 0 or length < 56:
            raise Refused("rlp: not the shortest form")
    if at + length > limit:
        raise Refused("rlp: too short")
    if not is_list and length == 1 and data[at] < 0x80:
        raise Refused("rlp: not the shortest form")
    return is_list, at, at + length


def read_bytes(item: Item, size: int | None = None) -> bytes:
    """Return an item that is a string, of this many bytes where that is given."""
    if not isinstance(item, bytes) or (size is not None and len(item) != size):
        raise Refused("rlp: not of the expected shape")
    return item


def read_number(item: Item, size_max: int = 32) -> int:
    """Return an item that is a number without leading zeros."""
    data = read_bytes(item)
    if len(data) > size_max or data[:1] == b"\0":
        raise Refused("rlp: not a number")
    return int.from_bytes(data, "big")


def read_list(item: Item, length: int | None = None) -> list[Item]:
    """Return an item that is a list, of this many items where that is given."""
    if not isinstance(item, list) or (length is not None and len(item) != length):
        raise Refused("rlp: not of the expected shape")
    return item
