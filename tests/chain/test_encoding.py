"""RLP against the `rlp` package, and what a strict decoder refuses."""

from typing import Any

import pytest
import rlp  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from chain.encoding import (
    DEPTH_MAX,
    DecodingError,
    any_list,
    bytes_to_int,
    decode,
    encode,
    encode_list,
    fixed_bytes,
    int_to_bytes,
    item_end,
    keccak,
    split_list,
)

items = st.recursive(
    st.binary(max_size=70), lambda inner: st.lists(inner, max_size=5), max_leaves=12
)


def as_lists(item: Any) -> Any:
    return item if isinstance(item, bytes) else [as_lists(part) for part in item]


@given(items)
def test_encoding_equals_the_twin(item: Any) -> None:
    encoded = encode(item)
    assert encoded == rlp.encode(item)
    assert decode(encoded) == item


@given(st.binary(max_size=40))
def test_arbitrary_bytes_decode_as_the_twin_does_or_are_refused_by_both(data: bytes) -> None:
    try:
        expected = as_lists(rlp.decode(data, strict=True))
    except rlp.DecodingError:
        with pytest.raises(DecodingError):
            decode(data)
    else:
        assert decode(data) == expected


@pytest.mark.parametrize(
    ("hexed", "reason"),
    [
        ("", "truncated"),
        ("8100", "not minimal"),
        ("817f", "not minimal"),
        ("b80102", "not minimal"),
        ("b90038" + "00" * 56, "not minimal"),
        ("b838" + "00" * 55, "truncated payload"),
        ("b9ff", "truncated length"),
        ("bfffffffffffffffff", "truncated"),
        ("ffffffffffffffffff", "truncated"),
        ("c28100", "not minimal"),
        ("c1", "truncated payload"),
        ("c281", "truncated payload"),
        ("c382ffff" + "00", "trailing"),
        ("0000", "trailing"),
    ],
)
def test_what_is_not_canonical_is_refused(hexed: str, reason: str) -> None:
    with pytest.raises(DecodingError, match=reason):
        decode(bytes.fromhex(hexed))


def test_an_inner_item_may_not_reach_beyond_its_list() -> None:
    with pytest.raises(DecodingError, match="truncated payload"):
        decode(bytes.fromhex("c4c28301" + "02"))


def test_nesting_is_bounded() -> None:
    deepest = b"\xc0"
    for _ in range(DEPTH_MAX - 1):
        deepest = encode_list([deepest])
    decode(deepest)
    with pytest.raises(DecodingError, match="nested deeper"):
        decode(encode_list([deepest]))
    for _ in range(2000):
        deepest = encode_list([deepest])
    with pytest.raises(DecodingError, match="nested deeper"):
        decode(deepest)


@pytest.mark.parametrize("value", [0, 1, 127, 128, 255, 256, 2**64 - 1, 2**256 - 1])
def test_integers_equal_the_twin(value: int) -> None:
    assert encode(int_to_bytes(value)) == rlp.encode(value)
    assert bytes_to_int(int_to_bytes(value)) == value


def test_integers_are_minimal_and_bounded() -> None:
    with pytest.raises(DecodingError, match=r"^nonce: leading zero byte$"):
        bytes_to_int(b"\0\1", name="nonce")
    with pytest.raises(DecodingError, match="leading zero"):
        bytes_to_int(b"\0")
    with pytest.raises(DecodingError, match=r"^gas: 9 bytes, at most 8 are allowed$"):
        bytes_to_int(b"\1" * 9, size_max=8, name="gas")
    with pytest.raises(DecodingError, match=r"^v: expected a number, got a list$"):
        bytes_to_int([], name="v")


def test_shapes_are_named_in_errors() -> None:
    with pytest.raises(DecodingError, match=r"^to: expected 20 bytes, got 19$"):
        fixed_bytes(bytes(19), 20, "to")
    with pytest.raises(DecodingError, match=r"^to: expected 20 bytes, got a list$"):
        fixed_bytes([], 20, "to")
    with pytest.raises(DecodingError, match=r"^entry: expected 2 fields, got 3$"):
        any_list([b"", b"", b""], "entry", 2)
    with pytest.raises(DecodingError, match=r"^entry: expected a list, got bytes$"):
        any_list(b"", "entry")


@given(st.lists(items, max_size=6))
def test_lists_are_cut_without_decoding(parts: list[Any]) -> None:
    whole = encode(parts)
    assert split_list(whole, "list") == [encode(part) for part in parts]
    assert encode_list([encode(part) for part in parts]) == whole
    assert item_end(whole + b"more", 0) == len(whole)


def test_cutting_is_as_strict() -> None:
    with pytest.raises(DecodingError, match=r"^block: expected a list$"):
        split_list(b"\x80", "block")
    with pytest.raises(DecodingError, match="expected a list"):
        split_list(b"", "block")
    with pytest.raises(DecodingError, match="1 trailing bytes"):
        split_list(b"\xc0\x00", "block")
    with pytest.raises(DecodingError, match="truncated"):
        split_list(b"\xc1\xc1", "block")


def test_keccak_of_nothing() -> None:
    # The figure of the yellow paper's appendix.
    assert keccak(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
