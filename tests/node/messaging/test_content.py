"""Contents have one encoding each, and bodies keep the rules of their type."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.codec import Refused
from node.messaging.content import (
    HEAD,
    IDS_MAX,
    NAME_MAX,
    OPAQUE_MAX,
    TEXT_MAX,
    Card,
    Content,
    Flag,
    Type,
    checked_text,
    decode_ids,
    encode_ids,
)
from node.messaging.files import Metadata
from node.padding import TIME_STEP, bucket, coarse

ID = bytes(range(16))
NOW = coarse(1_800_000_000_123)

BODIES = {
    Type.TEXT: "سلام، \u200cworld\n".encode(),
    Type.DELETE: encode_ids([ID, bytes(16)]),
    Type.READ: encode_ids([ID]),
    Type.DELIVERED: encode_ids([ID]),
    Type.FILE: Metadata(bytes(32), bytes(32), 1, "a.txt", "text/plain").encode(),
    Type.CONTACT: Card(bytes(32), "Carol").encode(),
    Type.GROUP_CONTROL: b"\0",
    Type.GROUP_KEY: bytes(1600),
    Type.GUARDIAN_SHARE: b"\xff",
    Type.ALERT: b"help",
    Type.CLOSE: b"",
}


def content(kind: Type, body: bytes) -> Content:
    return Content(ID, NOW, 7, kind, body, Flag.READ_MARK)


@pytest.mark.parametrize("kind", list(Type))
def test_every_type_travels(kind):
    one = content(kind, BODIES[kind])

    assert Content.decode(one.encode()) == one


@pytest.mark.parametrize("kind", list(Type))
def test_every_cut_of_the_head_is_refused(kind):
    data = content(kind, BODIES[kind]).encode()

    for size in range(HEAD):
        with pytest.raises(Refused, match="too short"):
            Content.decode(data[:size])


@given(st.binary(max_size=200), st.sampled_from(list(Type)), st.integers(0, 2**64 - 1))
def test_decoding_is_strict_whatever_comes(body, kind, sequence):
    """Bytes are refused, or they are what encoding gives."""
    data = content(Type.TEXT, b"x").encode()[: HEAD - 13]
    data += sequence.to_bytes(8, "big") + bytes([kind, 0, 0, 0, 0]) + body
    try:
        decoded = Content.decode(data)
    except Refused:
        return
    assert decoded.encode() == data


@given(st.binary(max_size=120))
def test_random_bytes_are_refused_or_are_their_own_encoding(data):
    try:
        decoded = Content.decode(data)
    except Refused:
        return
    assert decoded.encode() == data


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (0, 2, "unknown version"),
        (24, 1, "not a coarse time"),
        (17, 0xFF, "not a coarse time"),
        (33, 0, "unknown type"),
        (33, 0x02, "unknown type"),
        (33, 0xFF, "unknown type"),
        (34, 1, "unknown flag"),
        (37, 8, "unknown flag"),
    ],
)
def test_a_field_out_of_its_range_is_refused(place, value, reason):
    data = bytearray(content(Type.TEXT, b"text").encode())
    data[place] = value

    with pytest.raises(Refused, match=reason):
        Content.decode(bytes(data))


REFUSED = [
    (Type.TEXT, b"", "no text"),
    (Type.TEXT, b"x" * (TEXT_MAX + 1), "too long"),
    (Type.TEXT, b"\xff", "not UTF-8"),
    (Type.TEXT, b"\xc0\x80", "not UTF-8"),
    (Type.TEXT, b"\xed\xa0\x80", "not UTF-8"),
    (Type.TEXT, b"\x1b[2J", "control"),
    (Type.TEXT, b"nul\0", "control"),
    (Type.TEXT, b"over\rwritten", "control"),
    (Type.TEXT, "\u202egnp.exe".encode(), "control"),
    (Type.TEXT, "\u2066x".encode(), "control"),
    (Type.TEXT, "\x9b31m".encode(), "control"),
    (Type.TEXT, "a\u2028b".encode(), "control"),
    (Type.ALERT, b"", "no text"),
    (Type.ALERT, b"x" * 1025, "too long"),
    (Type.READ, b"", "not a list"),
    (Type.READ, ID[:15], "not a list"),
    (Type.READ, ID + ID, "twice"),
    (Type.DELETE, ID + bytes(16), "not in order"),
    (Type.DELIVERED, b"".join(bytes([n]) * 16 for n in range(IDS_MAX + 1)), "not a list"),
    (Type.CONTACT, bytes(32), "too short"),
    (Type.CONTACT, bytes(32) + b"\0\0\0\0", "no text"),
    (Type.CONTACT, BODIES[Type.CONTACT] + b"\0", "trailing"),
    (Type.CONTACT, Card(bytes(32), "x" * (NAME_MAX + 1)).encode(), "too long"),
    (Type.CONTACT, Card(bytes(32), "two\nlines").encode(), "control"),
    (Type.FILE, b"", "too short"),
    (Type.GROUP_KEY, b"", "nothing in it"),
    (Type.GROUP_CONTROL, bytes(OPAQUE_MAX + 1), "too much"),
    (Type.CLOSE, b"\0", "says nothing"),
]


@pytest.mark.parametrize(("kind", "body", "reason"), REFUSED)
def test_a_body_against_the_rules_is_refused(kind, body, reason):
    data = content(Type.CLOSE, b"").encode()
    data = data[: HEAD - 5] + bytes([kind]) + data[HEAD - 4 :] + body

    with pytest.raises(Refused, match=reason):
        Content.decode(data)
    with pytest.raises(Refused, match=reason):
        content(kind, body)


def test_a_writer_is_held_to_the_same_rules():
    with pytest.raises(Refused, match="no message id"):
        Content(ID[:15], NOW, 0, Type.CLOSE, b"")
    with pytest.raises(Refused, match="coarse"):
        Content(ID, NOW + 1, 0, Type.CLOSE, b"")
    with pytest.raises(Refused, match="coarse"):
        Content(ID, -TIME_STEP, 0, Type.CLOSE, b"")


def test_ids_have_one_order():
    ids = [random.Random(n).randbytes(16) for n in range(IDS_MAX)]

    assert (
        decode_ids(encode_ids(ids)) == decode_ids(encode_ids(reversed(ids))) == tuple(sorted(ids))
    )


def test_texts_of_all_scripts_pass():
    for text in ("می\u200cخواهم", "Ünïcödé", "👩\u200d👩\u200d👧", "日本語\n\tindented"):
        assert checked_text(text.encode(), TEXT_MAX) == text


@given(st.integers(0, 2**45))
def test_times_are_told_to_five_minutes(now):
    assert coarse(now) % 300_000 == 0
    assert 0 <= now - coarse(now) < 300_000


@given(st.integers(0, 2**22))
def test_a_bucket_holds_what_it_is_for(size):
    held = bucket(size)

    assert held >= size
    assert held in (256, 1024, 4096, 16_384) or held % 65_536 == 0
    assert bucket(held) == held
    assert held <= max(256, 4 * size, size + 65_535)
