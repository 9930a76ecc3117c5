"""Messages and their frames: byte by byte, cut anywhere, flipped anywhere."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.codec import Refused
from node.session import messages
from node.session.messages import (
    FRAME_MAX,
    FrameReader,
    Message,
    MessageType,
    decode_message,
    frame,
)
from node.session.records import StepKind

ids = st.binary(min_size=32, max_size=32)


def test_the_first_six_types_are_the_founding_documents():
    assert [each.name for each in list(MessageType)[:6]] == [
        "HANDSHAKE",
        "SESSION_CREATE",
        "ORACLE_REQUEST",
        "ATTESTATION",
        "RECEIPT",
        "HEARTBEAT",
    ]
    assert [int(each) for each in list(MessageType)[:11]] == list(range(11))


def test_gossip_begins_with_its_documents_four():
    gossip = [MessageType(number) for number in range(0x20, 0x24)]
    assert [each.name for each in gossip] == ["MESH_PUSH", "MESH_PULL", "MESH_HAVE", "MESH_WANT"]


@given(
    st.builds(
        Message,
        type=st.sampled_from(MessageType),
        payload=st.binary(max_size=300),
        sender=ids,
        recipient=ids,
        time=st.integers(-(2**63), 2**63 - 1),
        signature=st.sampled_from([b"", bytes(4627)]),
    )
)
def test_a_message_survives(message):
    assert decode_message(message.encode()) == message


def test_a_message_cut_or_longer_is_refused(h):
    data = Message(type=MessageType.PING, payload=b"hello", sender=h("a"), time=7).encode()

    for size in range(len(data)):
        with pytest.raises(Refused):
            decode_message(data[:size])
    with pytest.raises(Refused, match="trailing"):
        decode_message(data + b"\x00")


def test_a_bit_flipped_is_refused_or_another_message(h):
    message = Message(type=MessageType.PING, payload=b"hello", sender=h("a"), time=7)
    data = message.encode()
    for at in range(len(data)):
        for bit in range(8):
            flipped = data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
            try:
                other = decode_message(flipped)
            except Refused:
                continue
            assert other != message
            assert other.encode() == flipped


@pytest.mark.parametrize("number", [11, 0x1F, 0x27, 0x2F, 0x32, 0x3B, 0x42, 0x56, 0xFF])
def test_an_unknown_type_is_refused(number):
    data = Message(type=MessageType.PING).encode()

    with pytest.raises(Refused, match="unknown type"):
        decode_message(bytes([number]) + data[1:])


def test_a_signature_has_one_length():
    data = Message(type=MessageType.PING, signature=b"short").encode()

    with pytest.raises(Refused, match="length of signature"):
        decode_message(data)


def test_a_signature_is_over_every_field(signing_keys, h):
    key, other = signing_keys[:2]
    signed = Message(
        type=MessageType.RECEIPT, payload=b"p", sender=h("a"), recipient=h("b"), time=7
    ).signed(key)

    assert signed.is_signed_by(key.public)
    assert not signed.is_signed_by(other.public)
    assert not Message(type=MessageType.RECEIPT).is_signed_by(key.public)
    data = signed.encode()
    for at in (0, 1, 33, 69, 77):
        number = 3 if at == 0 else data[at] ^ 1
        changed = decode_message(data[:at] + bytes([number]) + data[at + 1 :])
        assert not changed.is_signed_by(key.public)


@given(st.lists(st.binary(max_size=40), max_size=6), st.data())
def test_frames_are_the_same_however_the_stream_is_cut(payloads, data):
    stream = b"".join(map(frame, payloads))
    reader, read, at = FrameReader(), [], 0
    while at < len(stream):
        size = data.draw(st.integers(1, len(stream) - at))
        read += reader.feed(stream[at : at + size])
        at += size

    assert read == payloads


def test_a_frame_of_a_mebibyte_is_the_longest():
    whole = bytes(FRAME_MAX)
    assert list(FrameReader().feed(frame(whole))) == [whole]
    with pytest.raises(ValueError, match="too long"):
        frame(bytes(FRAME_MAX + 1))
    reader = FrameReader()
    with pytest.raises(Refused, match="frame too long"):
        list(reader.feed(struct.pack(">I", FRAME_MAX + 1)))
    with pytest.raises(Refused, match="stream has ended"):
        list(reader.feed(frame(b"")))


def test_a_message_too_long_is_refused_at_both_ends():
    with pytest.raises(ValueError, match="too long"):
        Message(type=MessageType.PING, payload=bytes(FRAME_MAX)).encode()
    with pytest.raises(Refused, match="too long"):
        decode_message(bytes(FRAME_MAX + 1))
    data = Message(type=MessageType.PING).encode()
    with pytest.raises(Refused):
        decode_message(data[:65] + b"\xff\xff\xff\xff" + data[69:])


@pytest.fixture
def payloads(h):
    return [
        (
            messages.SessionCreate(
                service_id=h("s"), epoch=2**64 - 1, tx_id=h("t"), committee=(h("a"), h("b"))
            ),
            messages.decode_session_create,
        ),
        (
            messages.OracleRequestPayload(
                session_id=h("s"),
                kind=StepKind.READ_EXTERNAL,
                tx_id=h("t"),
                input_hash=h("i"),
            ),
            messages.decode_oracle_request,
        ),
        (
            messages.OracleRecordPayload(
                request_id=h("r"), submitter_id=h("s"), data=b"data", signature=b"signature"
            ),
            messages.decode_oracle_record,
        ),
        (
            messages.AttestationPayload(
                session_id=h("s"),
                step_index=3,
                commit_root=h("r"),
                attestation_id=h("a"),
                output_hash=h("o"),
            ),
            messages.decode_attestation,
        ),
    ]


def test_payloads_survive_and_nothing_else_does(payloads):
    for payload, decode in payloads:
        data = payload.encode()
        assert decode(data) == payload
        for size in range(len(data)):
            with pytest.raises(Refused):
                decode(data[:size])
        with pytest.raises(Refused):
            decode(data + b"\x00")


def test_payloads_have_bounds(payloads):
    (create, decode_create), (request, decode_request), *_ = payloads
    data = create.encode()
    with pytest.raises(Refused, match="too many seats"):
        decode_create(data[:72] + struct.pack(">I", 22) + bytes(22 * 32))
    data = request.encode()
    with pytest.raises(Refused, match="unknown kind"):
        decode_request(data[:32] + b"\x03" + data[33:])
    for size in (0, 31, 33):
        with pytest.raises(Refused, match="is not an id"):
            messages.decode_id(bytes(size))
