"""NDEF messages: one encoding each, strict, and one invite among records for others."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.codec import Refused
from node.invite.nfc import (
    INVITE_TYPE,
    MESSAGE_MAX,
    RECORDS_MAX,
    Naming,
    Record,
    decode_message,
    encode_message,
    invite_message,
    read_invite,
)

URI = Record(Naming.WELL_KNOWN, b"U", b"\x03pars.network")
named = st.sampled_from([Naming.WELL_KNOWN, Naming.MEDIA, Naming.URI, Naming.EXTERNAL])
records = st.one_of(
    st.just(Record(Naming.EMPTY, b"", b"")),
    st.builds(Record, st.just(Naming.UNKNOWN), st.just(b""), st.binary(max_size=300)),
    st.builds(
        Record,
        named,
        st.binary(min_size=1, max_size=255),
        st.binary(max_size=300),
        st.binary(max_size=20),
    ),
)


def test_an_invite_in_a_tag(invite) -> None:
    """F-220: by the NFC Forum's table: begin, end, short, external; sizes; type; payload."""
    data = invite.encode()
    message = invite_message(invite)
    assert message == b"\xd4\x13" + bytes([len(data)]) + b"pars.network:invite" + data
    assert read_invite(message) == invite
    assert len(message) < 180


def test_records_for_others_are_passed_over(invite) -> None:
    tag = Record(Naming.EXTERNAL, INVITE_TYPE, invite.encode())
    assert read_invite(encode_message([URI, tag, URI])) == invite
    for wrong in ([URI], [tag, tag], [tag._replace(naming=Naming.MEDIA)]):
        with pytest.raises(Refused, match="not one invite"):
            read_invite(encode_message(wrong))
    with pytest.raises(Refused, match="codec"):
        read_invite(encode_message([tag._replace(payload=tag.payload[:-1])]))


@given(st.lists(records, min_size=1, max_size=RECORDS_MAX))
def test_messages_come_back(made: list[Record]) -> None:
    assert decode_message(encode_message(made)) == made


def test_a_long_payload() -> None:
    made = [Record(Naming.MEDIA, b"a/b", bytes(256))]
    assert encode_message(made)[:6] == b"\xc2\3\0\0\1\0"
    assert decode_message(encode_message(made)) == made


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "too short"),
        (b"\x54\1\0a", "out of place"),  # does not begin
        (b"\x94\1\0a", "too short"),  # does not end
        (b"\x94\1\0a\xd4\1\0a", "out of place"),  # begins twice
        (b"\xf4\1\0a", "in pieces"),
        (b"\xd6\0\0", "unknown kind"),
        (b"\xd7\0\0", "unknown kind"),
        (b"\xc4\1\0\0\0\1ab", "longer than it need be"),
        (b"\xdc\1\0\0a", "longer than it need be"),
        (b"\xd0\1\0a", "something in it"),
        (b"\xd0\0\1a", "something in it"),
        (b"\xd4\0\0", "do not fit"),
        (b"\xd5\1\0a", "do not fit"),
        (b"\xd4\1\0ab", "trailing"),
        (b"\xc4\1\xff\xff\xff\xffa", "too long"),
        (bytes(MESSAGE_MAX + 1), "too long"),
        (b"\x94\1\0a" + b"\x14\1\0a" * RECORDS_MAX, "too many records"),
    ],
)
def test_messages_that_are_refused(data: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        decode_message(data)


@pytest.mark.parametrize(
    "made",
    [
        [],
        [URI] * (RECORDS_MAX + 1),
        [Record(Naming.EMPTY, b"x", b"")],
        [Record(Naming.EXTERNAL, b"", b"x")],
        [Record(Naming.UNKNOWN, b"x", b"x")],
        [Record(Naming.EXTERNAL, b"x" * 256, b"")],
    ],
)
def test_what_cannot_be_written(made: list[Record]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        encode_message(made)


def test_every_truncation_and_every_changed_bit(invite, flipped) -> None:
    message = invite_message(invite)
    for place in range(len(message)):
        with pytest.raises(Refused):
            read_invite(message[:place])
        try:
            read = read_invite(flipped(message, place))
        except Refused:
            continue
        assert read != invite


@given(st.binary(max_size=100))
def test_any_bytes_are_refused_or_written_the_same(data: bytes) -> None:
    for given_data in (data, b"\xd4" + data, b"\xd4\1\3a" + data):
        try:
            made = decode_message(given_data)
        except Refused:
            continue
        assert encode_message(made) == given_data
