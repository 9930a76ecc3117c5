"""Frames: any enough of them give the whole, in any order; others are noticed."""

import hashlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.codec import Refused
from node.invite.fountain import (
    BLOCKS_MAX,
    DATA_MAX,
    FRAMES_MAX,
    HEADER,
    Receiver,
    Sender,
    chosen,
    id_of,
)


def received(sender: Sender, numbers) -> tuple[bytes | None, int]:
    """Return what is received of these frames, and how many it took."""
    receiver = Receiver()
    for taken, number in enumerate(numbers, start=1):
        whole = receiver.take(sender.frame(number))
        if whole is not None:
            return whole, taken
    return None, len(list(numbers))


@given(st.binary(min_size=1, max_size=2_000), st.integers(64, 300))
def test_the_first_frames_are_enough(data: bytes, block: int) -> None:
    sender = Sender(data, block)
    assert received(sender, range(100)) == (data, len(sender))


@settings(max_examples=40)
@given(st.binary(min_size=1, max_size=4_000), st.randoms(use_true_random=False))
def test_any_enough_frames_in_any_order(data: bytes, chance: random.Random) -> None:
    sender = Sender(data, 64)
    numbers = chance.sample(range(10 * len(sender) + 40), len(sender) + 30)
    assert received(sender, numbers)[0] == data


def test_few_more_frames_than_blocks_are_needed() -> None:
    chance = random.Random(3)
    over = []
    for _ in range(60):
        sender = Sender(chance.randbytes(64 * 40), 64)
        whole, taken = received(sender, chance.sample(range(1_000), 200))
        assert whole is not None
        over.append(taken - len(sender))
    assert sum(over) / len(over) < 3
    assert max(over) < 15


def test_the_largest() -> None:
    data = random.Random(4).randbytes(DATA_MAX)
    for block in (256, 512, 1_024):
        assert received(Sender(data, block), range(3, 2_000))[0] == data


def test_a_frame_by_its_byte_table() -> None:
    data = bytes(range(200))
    frame = Sender(data, 64).frame(9)
    identity = hashlib.sha256(b"pars/fountain-id/v1" + data).digest()[:8]
    picked = hashlib.sha256(b"pars/fountain-choice/v1" + identity + (9).to_bytes(4)).digest()
    bits = int.from_bytes(picked) & 15
    expected = bytearray(64)
    for at in range(4):
        if bits >> at & 1:
            block = data[64 * at : 64 * at + 64].ljust(64, b"\0")
            expected = bytearray(a ^ b for a, b in zip(expected, block, strict=True))
    assert frame == b"\1" + identity + (200).to_bytes(4) + (9).to_bytes(4) + expected


def test_progress() -> None:
    receiver, sender = Receiver(), Sender(bytes(640), 64)
    assert receiver.progress == (0, 0)
    for _ in range(3):
        receiver.take(sender.frame(4))
    assert receiver.progress == (1, 10)


def test_no_frame_is_of_nothing() -> None:
    assert all(chosen(bytes(8), number, 1) == 1 for number in range(50))


def test_frames_of_two_transfers_are_not_mixed() -> None:
    receiver, one, other = Receiver(), Sender(b"one" * 50, 64), Sender(b"two" * 50, 64)
    receiver.take(one.frame(0))
    with pytest.raises(Refused, match="something else"):
        receiver.take(other.frame(1))
    with pytest.raises(Refused, match="something else"):
        receiver.take(one.frame(1)[:-1])
    assert receiver.take(one.frame(1)) is None
    assert receiver.take(one.frame(2)) == b"one" * 50


def test_a_forged_frame_spoils_one_transfer_and_not_the_next(flipped) -> None:
    receiver, sender = Receiver(), Sender(bytes(range(150)), 64)
    receiver.take(flipped(sender.frame(0), HEADER + 5))
    receiver.take(sender.frame(1))
    with pytest.raises(Refused, match="do not fit together"):
        receiver.take(sender.frame(2))
    for number in range(2):
        assert receiver.take(sender.frame(number)) is None
    assert receiver.take(sender.frame(2)) == bytes(range(150))


def test_padding_is_nothing() -> None:
    data = bytes(range(100))
    sender, receiver = Sender(data, 64), Receiver()
    receiver.take(sender.frame(0))
    with pytest.raises(Refused, match="do not fit together"):
        receiver.take(sender.frame(1)[:-1] + b"\1")


@pytest.mark.parametrize("size", [0, DATA_MAX + 1])
def test_what_is_not_sent(size: int) -> None:
    with pytest.raises(ValueError, match="64 KiB"):
        Sender(bytes(size))


@pytest.mark.parametrize("block", [63, 1_025, 64])
def test_blocks_that_are_not_sent(block: int) -> None:
    with pytest.raises(ValueError, match="64 KiB"):
        Sender(bytes(DATA_MAX), block)


def head(size: int, number: int = 0, version: bytes = b"\1") -> bytes:
    return version + bytes(8) + size.to_bytes(4) + number.to_bytes(4)


@pytest.mark.parametrize(
    "frame",
    [
        head(0) + bytes(64),
        head(64) + bytes(63),
        head(64) + bytes(1_025),
        head(DATA_MAX + 1) + bytes(512),
        head(64 * BLOCKS_MAX + 1) + bytes(64),
        head(64) + b"",
        head(64, FRAMES_MAX) + bytes(64),
        head(64, 0, b"\2") + bytes(64),
    ],
)
def test_frames_that_are_refused(frame: bytes) -> None:
    with pytest.raises(Refused, match="fountain"):
        Receiver().take(frame)


def test_every_truncation_is_refused() -> None:
    frame = Sender(b"x" * 64, 64).frame(0)
    for size in range(len(frame)):
        with pytest.raises(Refused):
            Receiver().take(frame[:size])


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_any_bytes(frames) -> None:
    receiver = Receiver()
    for frame in frames:
        for given_frame in (frame, head(500, len(frame)) + frame.ljust(64, b"x")[:64]):
            try:
                whole = receiver.take(given_frame)
            except Refused:
                continue
            assert whole is None or id_of(whole) == given_frame[1:9]
