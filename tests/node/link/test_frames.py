"""What goes over a link that is established."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.codec import Refused
from node.link import Closed, Received, frames
from node.link.frames import BUCKETS, FRAME_MAX, HEADER, MESSAGE_MAX, SLACK, Kind, OneWay
from node.onion.packet import PACKET_SIZE

OVERHEAD = HEADER + SLACK + 16
ENVELOPE = 81  # network.md 3.6: what a message without a signature has beside its payload


def ends(seed: bytes = bytes(32)) -> tuple[OneWay, OneWay]:
    return OneWay(seed), OneWay(seed)


def opened(way: OneWay, frame: bytes) -> tuple[Kind, bytes]:
    size = way.open_header(frame[:HEADER])
    assert size == len(frame) - HEADER
    return way.open_body(frame[HEADER:])


@settings(deadline=None)
@given(st.lists(st.binary(max_size=3_000), max_size=6))
def test_messages_arrive_in_turn(messages: list[bytes]) -> None:
    sender, receiver = ends()
    for message in messages:
        assert opened(receiver, sender.seal(Kind.MESSAGE, message)) == (Kind.MESSAGE, message)


@pytest.mark.parametrize("bucket", BUCKETS)
def test_a_payload_of_a_bucket_fits_with_its_envelope(bucket: int) -> None:
    largest = bucket + SLACK - 5
    sizes = [ENVELOPE + bucket, largest, largest + 1]
    if bucket == BUCKETS[-1]:
        sizes = [MESSAGE_MAX]
    sender, receiver = ends()
    for size in sizes:
        frame = sender.seal(Kind.MESSAGE, bytes(size))
        fits = size <= largest
        assert (len(frame) == bucket + OVERHEAD) is fits
        assert opened(receiver, frame) == (Kind.MESSAGE, bytes(size))


def test_a_packet_of_the_onion_fills_its_bucket() -> None:
    assert BUCKETS[frames.bucket_of(ENVELOPE + PACKET_SIZE)] == PACKET_SIZE


@settings(deadline=None, max_examples=40)
@given(st.integers(0, MESSAGE_MAX))
def test_only_the_bucket_is_seen(size: int) -> None:
    assert len(ends()[0].seal(Kind.MESSAGE, bytes(size))) in {b + OVERHEAD for b in BUCKETS}


def test_there_is_a_largest_message() -> None:
    sender, receiver = ends()
    largest = sender.seal(Kind.MESSAGE, bytes(MESSAGE_MAX))

    assert len(largest) == FRAME_MAX
    assert opened(receiver, largest)[1] == bytes(MESSAGE_MAX)
    with pytest.raises(ValueError, match="at most 1048576"):
        sender.seal(Kind.MESSAGE, bytes(MESSAGE_MAX + 1))


def test_no_two_frames_look_alike() -> None:
    sender, _ = ends()
    first, second = (sender.seal(Kind.MESSAGE, b"same") for _ in range(2))

    assert first[:HEADER] != second[:HEADER]
    blocks = [{frame[i : i + 8] for i in range(0, len(frame), 8)} for frame in (first, second)]
    assert not blocks[0] & blocks[1]


def test_no_bit_of_a_frame_may_change(flipped) -> None:
    frame = OneWay(bytes(32)).seal(Kind.MESSAGE, b"a message")
    for place in range(len(frame)):
        with pytest.raises(Refused, match="frame not authentic"):
            opened(OneWay(bytes(32)), flipped(frame, place))


def damaged(kind: int, length: int, data: bytes, bucket: int = 0) -> bytes:
    """Return a frame that an honest sender would not make, under the right keys."""
    body = bytes([kind]) + length.to_bytes(4) + data
    body += bytes(BUCKETS[bucket] + SLACK - len(body))
    key = frames.crypto.hkdf_expand(bytes(32), frames.KEY_LABEL)
    parts = [frames.crypto.aead_seal(key, bytes(11) + b"\0", bytes([bucket]))]
    parts.append(frames.crypto.aead_seal(key, bytes(11) + b"\1", body))
    return b"".join(parts)


@pytest.mark.parametrize(
    ("kind", "length", "data", "reason"),
    [
        (4, 0, b"", "damaged frame"),
        (255, 0, b"", "damaged frame"),
        (Kind.MESSAGE, 380, b"", "damaged frame"),
        (Kind.MESSAGE, 0xFFFFFFFF, b"", "damaged frame"),
        (Kind.MESSAGE, 1, b"ab", "more in it"),
        (Kind.COVER, 1, b"a", "more in it"),
        (Kind.COVER, 0, b"\0\0a", "more in it"),
        (Kind.REKEY, 1, b"\0", "more in it"),
        (Kind.CLOSE, 2, b"\0\0", "more in it"),
    ],
)
def test_frames_have_one_encoding(kind: int, length: int, data: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        opened(OneWay(bytes(32)), damaged(kind, length, data))
    assert opened(OneWay(bytes(32)), damaged(Kind.MESSAGE, 379, b"")) == (Kind.MESSAGE, bytes(379))


def test_there_are_no_other_buckets() -> None:
    key = frames.crypto.hkdf_expand(bytes(32), frames.KEY_LABEL)
    for code in (len(BUCKETS), 255):
        header = frames.crypto.aead_seal(key, bytes(12), bytes([code]))
        with pytest.raises(Refused, match="no such bucket"):
            OneWay(bytes(32)).open_header(header)


def test_a_key_has_a_last_frame(monkeypatch) -> None:
    sender, receiver = ends()
    sender.frames = receiver.frames = frames.FRAMES_PER_KEY - 1
    opened(receiver, sender.seal(Kind.REKEY))
    with pytest.raises(Refused, match="key used too often"):
        receiver.open_header(bytes(HEADER))
    with pytest.raises(AssertionError):
        sender.seal(Kind.MESSAGE)


# --- The same through a link ----------------------------------------------------------------


def test_a_link_rekeys_before_the_last_frame(world, monkeypatch) -> None:
    monkeypatch.setattr(frames, "FRAMES_PER_KEY", 8)
    monkeypatch.setattr("node.link.link.FRAMES_PER_KEY", 8)
    alice, bob = world.linked()
    heard = []
    for number in range(50):
        alice.send(bytes([number]), world.now)
        heard += world.carry(alice, bob)

    assert heard == [Received(bytes([number])) for number in range(50)]
    assert alice._send.frames < 8


def test_a_link_rekeys_every_hour(world) -> None:
    alice, bob = world.linked()
    before = alice._send._key
    start = world.now
    while world.now < start + 3_600_000:
        world.now = min(alice.next_tick, bob.next_tick)
        assert alice.tick(world.now) == []
        assert bob.tick(world.now) == []
        assert world.shake(alice, bob) == ([], [])

    assert before not in (alice._send._key, bob._receive._key)
    assert bob._receive._key == alice._send._key
    alice.send(b"on", world.now)
    assert world.carry(alice, bob) == [Received(b"on")]


@pytest.mark.parametrize("order", [(1, 0, 2), (0, 2), (1, 2), (0, 0, 1), (0, 1, 1), (2, 1, 0)])
def test_frames_are_not_moved_dropped_or_repeated(world, order: tuple[int, ...]) -> None:
    alice, bob = world.linked()
    sent = []
    for number in range(3):
        alice.send(bytes([number]), world.now)
        sent.append(alice.outgoing())
    heard = []
    for place in order:
        heard += bob.receive(sent[place], world.now)

    in_turn = next(turn for turn, place in enumerate(order) if turn != place)
    assert heard[:-1] == [Received(bytes([number])) for number in range(in_turn)]
    assert heard[-1] == Closed("link: frame not authentic")


def test_a_link_that_is_cut_at_any_byte_says_so(world) -> None:
    for cut in (0, 1, 16, 17, 18, 200, 416):
        alice, bob = world.linked()
        alice.send(b"last words", world.now)
        assert bob.receive(alice.outgoing()[:cut], world.now) == []
        assert bob.end() == [Closed("link: cut off")]


def test_an_end_without_a_close_is_no_close(world) -> None:
    alice, bob = world.linked()
    assert bob.end() == [Closed("link: cut off")]

    alice, bob = world.linked()
    alice.close(world.now)
    assert world.carry(alice, bob) == [Closed("link: closed by peer")]
    assert bob.end() == []
    assert alice.closed == "link: closed here"


def test_nothing_is_heard_after_a_close(world) -> None:
    alice, bob = world.linked()
    alice.send(b"one", world.now)
    alice.close(world.now)
    after = alice.outgoing()

    assert bob.receive(after + after, world.now) == [
        Received(b"one"),
        Closed("link: closed by peer"),
    ]
    assert bob.receive(after, world.now) == []
    assert bob.tick(world.now + 10**9) == []
    with pytest.raises(ValueError, match="not open"):
        bob.send(b"late", world.now)


def test_nothing_is_sent_before_the_handshake(world) -> None:
    for link in (world.call(), world.answer()):
        with pytest.raises(ValueError, match="not open"):
            link.send(b"early", world.now)
        link.close(world.now)
        assert link.closed == "link: closed here"


def test_a_link_holds_one_frame_at_most(world) -> None:
    """A megabyte comes in pieces: no more than one frame waits, whatever is sent."""
    alice, bob = world.linked()
    for _ in range(3):
        alice.send(bytes(MESSAGE_MAX), world.now)
    data, heard = alice.outgoing(), []
    for start in range(0, len(data), 65_536):
        heard += bob.receive(data[start : start + 65_536], world.now)
        assert len(bob._buffer) < FRAME_MAX

    assert [len(event.message) for event in heard] == [MESSAGE_MAX] * 3
