"""QR codes: written by one library, read by another."""

import random
import struct
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.codec import Refused
from node.invite import codes
from node.invite.codes import Picture
from node.invite.fountain import Receiver, Sender


def test_an_invite_is_read_from_a_picture(invite) -> None:
    """F-219: and the code is small."""
    code = codes.invite_code(invite)
    assert codes.read_invite(codes.picture(code)) == invite
    assert code.version <= 6
    assert code.mode == "alphanumeric"


def test_turned_small_inverted_and_dirty(invite) -> None:
    seen = codes.picture(codes.invite_code(invite), scale=3)
    side = seen.width
    turned = bytes(seen.grey[(side - 1 - x) * side + y] for y in range(side) for x in range(side))
    inverted = bytes(255 - byte for byte in seen.grey)
    chance = random.Random(1)
    dirty = bytes(max(0, min(255, byte + chance.randint(-60, 60))) for byte in seen.grey)
    framed = b"\xff" * 600 * 100
    for row in range(side):
        framed += b"\xff" * 200 + seen.grey[row * side : row * side + side]
        framed += b"\xff" * (400 - side)
    for grey in (turned, inverted, dirty):
        assert codes.read_invite(Picture(side, side, grey)) == invite
    assert codes.read_invite(Picture(600, 100 + side, framed)) == invite


def test_the_png_holds_the_same_picture(invite) -> None:
    """Read by hand: an 8-byte head, then chunks; one bit for each pixel."""
    code = codes.invite_code(invite)
    data = codes.png(code, scale=3)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width, height, depth, colour = struct.unpack(">IIBB", data[16:26])
    assert (depth, colour) == (1, 0)
    at, packed = 8, b""
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        packed += data[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += 12 + size
    rows = zlib.decompress(packed)
    line, above, grey = -(-width // 8), bytes(-(-width // 8)), b""
    for row in range(height):
        kind, packed = rows[row * (line + 1)], rows[row * (line + 1) + 1 :][:line]
        assert kind in (0, 2)  # as it is, or what is to be added to the row above
        added = above if kind else bytes(line)
        above = bytes((a + b) % 256 for a, b in zip(packed, added, strict=True))
        grey += bytes(255 * (above[x // 8] >> 7 - x % 8 & 1) for x in range(width))
    assert Picture(width, height, grey) == codes.picture(code, scale=3)


def test_lines_for_a_terminal_hold_the_same_picture(invite) -> None:
    lines = codes.terminal(codes.invite_code(invite)).splitlines()
    light = {"█": (255, 255), "▀": (255, 0), "▄": (0, 255), " ": (0, 0)}
    rows = []
    for line in lines:
        rows += [[light[letter][half] for letter in line] for half in (0, 1)]
    grey = b"".join(bytes(value for value in row for _ in range(3)) * 3 for row in rows)
    assert codes.read_invite(Picture(3 * len(lines[0]), 3 * len(rows), grey)) == invite


def test_an_animated_transfer(invite) -> None:
    data = random.Random(2).randbytes(3_000)
    sender, receiver = Sender(data, 256), Receiver()
    for number in range(1, 40):
        (frame,) = codes.read(codes.picture(codes.frame_code(sender.frame(number)), scale=2))
        whole = receiver.take(frame)
        if whole is not None:
            assert whole == data
            return
    raise AssertionError("too many frames")


@pytest.mark.parametrize("data", [bytes(range(256)), b"\0" * 100, b"\xff\xfe" * 50, b"123", b"ABC"])
def test_any_bytes_come_back_from_a_frame(data: bytes) -> None:
    assert codes.read(codes.picture(codes.frame_code(data))) == [data]


def test_pictures_without_an_invite(invite) -> None:
    blank = Picture(100, 100, b"\xff" * 10_000)
    with pytest.raises(Refused, match="no code in the picture"):
        codes.read_invite(blank)
    other = codes.picture(codes.frame_code(b"https other"))
    with pytest.raises(Refused, match="not an invite"):
        codes.read_invite(other)


def test_two_invites_in_one_picture(invite) -> None:
    one = codes.picture(codes.invite_code(invite))
    for second, refused in ((invite, False), (replace(invite, secret=bytes(16)), True)):
        two = codes.picture(codes.invite_code(second))
        rows = [
            seen.grey[row * seen.width : (row + 1) * seen.width]
            for row in range(one.height)
            for seen in (one, two)
        ]
        both = Picture(2 * one.width, one.height, b"".join(rows))
        if refused:
            with pytest.raises(Refused, match="several"):
                codes.read_invite(both)
        else:
            assert codes.read_invite(both) == invite


@pytest.mark.parametrize(
    ("width", "height", "size"),
    [(0, 0, 0), (1, 0, 0), (10, 10, 99), (10, 10, 101), (5_000, 1, 5_000), (-1, -1, 1)],
)
def test_what_is_no_picture(width: int, height: int, size: int) -> None:
    with pytest.raises(Refused, match="not a picture"):
        codes.read(Picture(width, height, bytes(size)))


@given(st.integers(1, 60), st.integers(1, 60), st.randoms(use_true_random=False))
def test_any_picture(width: int, height: int, chance) -> None:
    seen = Picture(width, height, chance.randbytes(width * height))
    assert all(isinstance(content, bytes) for content in codes.read(seen))
