"""Reading and writing: every value has one encoding, and no bytes crash the reader."""

import contextlib
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.codec import Reader, Refused, read_json, sized, u8, u16, u32, u64

WIDTHS: list[tuple[Callable[[int], bytes], str, int]] = [
    (u8, "u8", 1),
    (u16, "u16", 2),
    (u32, "u32", 4),
    (u64, "u64", 8),
]


@pytest.mark.parametrize(("write", "read", "width"), WIDTHS)
def test_numbers_are_big_endian_and_whole(
    write: Callable[[int], bytes], read: str, width: int
) -> None:
    for value in (0, 1, 0x0102030405060708 >> (64 - 8 * width), 2 ** (8 * width) - 1):
        assert write(value) == value.to_bytes(width, "big")
        assert getattr(Reader(write(value)), read)() == value


@pytest.mark.parametrize(("write", "read", "width"), WIDTHS)
def test_a_number_cut_short_is_refused(
    write: Callable[[int], bytes], read: str, width: int
) -> None:
    for length in range(width):
        with pytest.raises(Refused, match=r"^codec: too short$"):
            getattr(Reader(write(0)[:length]), read)()


def test_sized_bytes_end_at_their_limit() -> None:
    assert Reader(sized(b"four")).sized(4) == b"four"
    with pytest.raises(Refused, match=r"^codec: too long$"):
        Reader(sized(b"fives")).sized(4)
    with pytest.raises(Refused, match=r"^codec: too short$"):
        Reader(u32(2**32 - 1)).sized(2**32)


def test_what_is_left_is_refused() -> None:
    reader = Reader(b"\1\2")
    reader.u8()

    assert len(reader) == 1
    with pytest.raises(Refused, match=r"^codec: trailing bytes$"):
        reader.end()
    assert reader.rest() == b"\2"
    reader.end()


@given(st.binary(max_size=40), st.lists(st.sampled_from(["u8", "u16", "u32", "u64", "sized"])))
def test_any_bytes_are_read_or_refused(data: bytes, reads: list[str]) -> None:
    reader = Reader(data)
    with contextlib.suppress(Refused):
        for read in reads:
            value = reader.sized(16) if read == "sized" else getattr(reader, read)()
            assert isinstance(value, bytes if read == "sized" else int)
    assert 0 <= len(reader) <= len(data)


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_json_that_goes_deep_is_refused_before_it_is_parsed(opening: bytes) -> None:
    closing = b"]" if opening == b"[" else b"}"
    for depth, taken in ((64, True), (65, False), (100_000, False)):
        data = opening * depth + b"1" + closing * depth
        if taken:
            read_json(data)
        else:
            with pytest.raises(ValueError, match="too deep"):
                read_json(data)


def test_brackets_in_texts_are_texts() -> None:
    text = '\\"[{' * 1000

    assert read_json(json.dumps([text] * 3).encode()) == [text] * 3
    assert read_json(b"[[1],[2]," * 30 + b"3" + b"]" * 30)[0] == [1]
    for data in (
        b"",
        b"[",
        b'"',
        b'"\\',
        b"]]]]",
        b"\xff",
        b'"' + b"[" * 100_000,
        b'"' + b'\\"' * 500_000,
    ):
        with pytest.raises(ValueError, match=r".*"):
            read_json(data)
