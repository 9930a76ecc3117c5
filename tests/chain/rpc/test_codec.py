"""Scalars: what is read, what is refused, and how things are written."""

from collections.abc import Callable
from typing import Any

import pytest

from chain.encoding import checksummed
from chain.rpc import codec
from chain.rpc.codec import BlockHash
from chain.rpc.errors import InvalidParams

WORD = "ab" * 32

READ: list[tuple[Callable[[Any, str], Any], Any, Any]] = [
    (codec.read_quantity, "0x0", 0),
    (codec.read_quantity, "0x1", 1),
    (codec.read_quantity, "0xfF", 255),
    (codec.read_quantity, "0x" + "f" * 64, 2**256 - 1),
    (codec.read_uint64, "0xffffffffffffffff", 2**64 - 1),
    (codec.read_number, 7, 7),
    (codec.read_number, 7.0, 7),
    (codec.read_number, "7", 7),
    (codec.read_number, "0x07", 7),
    (codec.read_seconds, 0.4, 0.4),
    (codec.read_seconds, "0x2", 2.0),
    (codec.read_data, "0x", b""),
    (codec.read_data, "0x00fF", b"\x00\xff"),
    (codec.read_address, "0x" + "Ab" * 20, b"\xab" * 20),
    (codec.read_hash, "0x" + WORD, b"\xab" * 32),
    (codec.read_slot, "0x", 0),
    (codec.read_slot, "0x0", 0),
    (codec.read_slot, "0x01", 1),
    (codec.read_slot, "0x" + "0" * 63 + "1", 1),
    (codec.read_bool, True, True),
    (codec.read_text, "", ""),
    (codec.read_block, "latest", "latest"),
    (codec.read_block, "0x10", 16),
    (codec.read_block, "0x" + WORD, BlockHash(hash=b"\xab" * 32)),
    (codec.read_block, {"blockNumber": "0x10"}, 16),
    (codec.read_block, {"blockNumber": "pending"}, "pending"),
    (codec.read_block, {"blockHash": "0x" + WORD}, BlockHash(hash=b"\xab" * 32)),
    (
        codec.read_block,
        {"blockHash": "0x" + WORD, "requireCanonical": True},
        BlockHash(hash=b"\xab" * 32, require_canonical=True),
    ),
    (codec.array_of(codec.read_bool, 2), [True, False], (True, False)),
]

REFUSED: list[tuple[Callable[[Any, str], Any], Any, str]] = [
    (codec.read_quantity, "0x", "is no quantity"),
    (codec.read_quantity, "", "without 0x prefix"),
    (codec.read_quantity, "1", "without 0x prefix"),
    (codec.read_quantity, "0x00", "leading zero"),
    (codec.read_quantity, "0x01", "leading zero"),
    (codec.read_quantity, "0xg", "invalid hex"),
    (codec.read_quantity, "0x1_0", "invalid hex"),
    (codec.read_quantity, "0x 1", "invalid hex"),
    (codec.read_quantity, "0x1\n", "invalid hex"),
    (codec.read_quantity, "0x-1", "invalid hex"),
    (codec.read_quantity, "0x١", "invalid hex"),
    (codec.read_quantity, "0x1" + "0" * 64, "> 256 bits"),
    (codec.read_quantity, 1, "got a number"),
    (codec.read_quantity, True, "got a boolean"),
    (codec.read_quantity, None, "got null"),
    (codec.read_uint64, "0x10000000000000000", "> 64 bits"),
    (codec.read_number, -1, "out of range"),
    (codec.read_number, 2**256, "out of range"),
    (codec.read_number, True, "got a boolean"),
    (codec.read_number, 0.5, "expected a number"),
    (codec.read_number, "0x", "expected a number"),
    (codec.read_number, "", "expected a number"),
    (codec.read_number, "٣", "expected a number"),
    (codec.read_number, "9" * 100, "expected a number"),
    (codec.read_seconds, -0.1, "out of range"),
    (codec.read_seconds, 1e300, "out of range"),
    (codec.read_data, "0x0", "odd length"),
    (codec.read_data, "00", "without 0x prefix"),
    (codec.read_data, "0xzz", "invalid hex"),
    (codec.read_data, "0x0 0 ", "invalid hex"),
    (codec.read_data, [], "got an array"),
    (codec.read_address, "0x" + "ab" * 19, "expected 20 bytes, got 19"),
    (codec.read_address, "0x" + "ab" * 21, "expected 20 bytes, got 21"),
    (codec.read_hash, "0x" + "ab" * 31, "expected 32 bytes, got 31"),
    (codec.read_slot, "0x" + "0" * 65, "at most 32 bytes"),
    (codec.read_slot, "0xasdf", "invalid hex"),
    (codec.read_slot, "7", "expected hex data"),
    (codec.read_bool, 1, "got a number"),
    (codec.read_bool, "true", "got a string"),
    (codec.read_text, 1, "got a number"),
    (codec.read_block, "newest", "none of latest"),
    (codec.read_block, "2", "without 0x prefix"),
    (codec.read_block, 2, "got a number"),
    (codec.read_block, "0x" + "zz" * 32, "invalid hex"),
    (codec.read_block, {}, "either blockNumber or blockHash"),
    (
        codec.read_block,
        {"blockNumber": "0x1", "blockHash": "0x" + WORD},
        "either blockNumber or blockHash",
    ),
    (codec.read_block, {"blockHash": "0x1"}, "odd length"),
    (codec.read_block, {"blockNumber": "0x1", "requireCanonical": True}, "belongs to blockHash"),
    (
        codec.read_block,
        {"blockHash": "0x" + WORD, "requireCanonical": "yes"},
        "expected true or false",
    ),
    (codec.read_block_number, {"blockNumber": "0x1"}, "got an object"),
    (codec.array_of(codec.read_bool, 2), [True] * 3, "at most 2"),
    (codec.array_of(codec.read_bool, 2), [True, 1], r"field\[1\]"),
    (codec.array_of(codec.read_bool, 2), {}, "expected an array"),
]


@pytest.mark.parametrize(("read", "given", "expected"), READ)
def test_read(read: Callable[[Any, str], Any], given: Any, expected: Any) -> None:
    found = read(given, "field")

    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(("read", "given", "message"), REFUSED)
def test_refused(read: Callable[[Any, str], Any], given: Any, message: str) -> None:
    """And the place is named."""
    with pytest.raises(InvalidParams, match=message) as caught:
        read(given, "field")

    assert caught.value.code == -32602
    assert str(caught.value).startswith("field")


def test_write() -> None:
    assert codec.hex_data(b"") == "0x"
    assert codec.hex_data(b"\x00\xff") == "0x00ff"
    assert codec.hex_or_none(None) is None
    assert codec.quantity_or_none(0) == "0x0"
    assert codec.quantity_or_none(None) is None
    assert codec.hex_word(1) == "0x" + "0" * 63 + "1"


@pytest.mark.parametrize(
    "address",
    [  # The examples of EIP-55.
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        "0xde709f2102306220921060314715629080e2fb77",
        "0x27b1fdb04752bbc536007a920d24acb045561c26",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ],
)
def test_checksums(address: str) -> None:
    assert checksummed(bytes.fromhex(address[2:])) == address
