"""The bytes of questions and answers: one encoding for each, and nothing else is read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.codec import Reader, Refused
from node.dht.contacts import (
    ADDRESSES_MAX,
    CONTACTS_MAX,
    Contact,
    pack,
    reachable,
    read_address,
    unpack,
)
from node.dht.messages import (
    MARK,
    RECORDS_MAX,
    Answer,
    Ask,
    Kept,
    Op,
    decode_answer,
    decode_ask,
    encode_answer,
    encode_ask,
)
from node.dht.records import PER_KEY_MAX, RECORD_MAX
from node.identity import Multiaddr

ID = b"\x11" * 16
PLACE = b"\x22" * 32
TEXTS = [
    "/ip4/203.0.113.7/tcp/9000",
    "/ip6/2001:db8::7/tcp/9000",
    "/dns4/node.example/tcp/9000",
    "/ip4/203.0.113.7/udp/9000/quic-v1",
    "/ip6/2001:db8::7/udp/9000/quic-v1",
    "/dns4/node.example/udp/9000/quic-v1",
]
PACKED = tuple(pack(Multiaddr.parse(text)) for text in TEXTS)
CONTACTS = (Contact(b"\x33" * 32, PACKED[:3]), Contact(b"\x44" * 32, PACKED[3:]))
ASKS = [
    Ask(Op.PING, ID),
    Ask(Op.PING, ID, PACKED[:2]),
    Ask(Op.FIND_NODE, ID, PACKED[:1], PLACE),
    Ask(Op.FIND_VALUE, ID, PACKED[:1], PLACE),
    Ask(Op.FIND_VALUE, ID, (), PLACE, (b"\0" * 8, b"\1" * 8)),
    Ask(Op.STORE, ID, PACKED[:1], life=3600, record=b"record"),
]
ANSWERS = [
    Answer(Op.PING, ID),
    Answer(Op.FIND_NODE, ID),
    Answer(Op.FIND_NODE, ID, CONTACTS),
    Answer(Op.FIND_VALUE, ID, CONTACTS),
    Answer(Op.FIND_VALUE, ID, CONTACTS, 3, 2, (b"one", b"two")),
    *(Answer(Op.STORE, ID, kept=kept) for kept in Kept),
]

addresses = st.lists(st.sampled_from(PACKED), max_size=ADDRESSES_MAX, unique=True).map(tuple)
ids = st.binary(min_size=32, max_size=32)
contacts = st.lists(
    st.builds(Contact, ids, addresses.filter(bool)),
    max_size=CONTACTS_MAX,
    unique_by=lambda contact: contact.peer_id,
).map(tuple)
marks = st.sets(st.binary(min_size=MARK, max_size=MARK), max_size=PER_KEY_MAX).map(
    lambda found: tuple(sorted(found))
)
request_ids = st.binary(min_size=16, max_size=16)
asks = st.one_of(
    st.builds(Ask, st.just(Op.PING), request_ids, addresses),
    st.builds(Ask, st.just(Op.FIND_NODE), request_ids, addresses, ids),
    st.builds(Ask, st.just(Op.FIND_VALUE), request_ids, addresses, ids, marks),
    st.builds(
        Ask,
        st.just(Op.STORE),
        request_ids,
        addresses,
        life=st.integers(0, 0xFFFF),
        record=st.binary(max_size=64),
    ),
)


@given(asks)
def test_questions_come_back(ask: Ask) -> None:
    assert decode_ask(encode_ask(ask)) == ask


@given(request_ids, contacts, st.lists(st.binary(max_size=32), max_size=RECORDS_MAX))
def test_answers_come_back(request_id: bytes, told: tuple, records: list[bytes]) -> None:
    found = Answer(Op.FIND_NODE, request_id, told)
    assert decode_answer(encode_answer(found)) == found
    count = len(records)
    left = count + (7 if count == RECORDS_MAX else 0)
    value = Answer(Op.FIND_VALUE, request_id, told, left + 3, left, tuple(records))
    assert decode_answer(encode_answer(value)) == value


@pytest.mark.parametrize(
    ("decode", "encoded"),
    [
        *((decode_ask, encode_ask(ask)) for ask in ASKS),
        *((decode_answer, encode_answer(answer)) for answer in ANSWERS),
    ],
)
def test_no_part_and_nothing_more_is_read(decode, encoded: bytes) -> None:
    for size in range(len(encoded)):
        with pytest.raises(Refused):
            decode(encoded[:size])
    with pytest.raises(Refused, match="trailing"):
        decode(encoded + b"\0")


@pytest.mark.parametrize(
    ("decode", "encode", "message"),
    [
        *((decode_ask, encode_ask, ask) for ask in ASKS),
        *((decode_answer, encode_answer, answer) for answer in ANSWERS),
    ],
)
def test_every_bit_counts(decode, encode, message) -> None:
    """A flipped bit is refused, or makes another message that is encoded just so."""
    encoded = encode(message)
    for place in range(8 * len(encoded)):
        flipped = bytearray(encoded)
        flipped[place // 8] ^= 1 << place % 8
        try:
            read = decode(bytes(flipped))
        except Refused:
            continue
        assert read != message
        assert encode(read) == bytes(flipped)


@given(st.binary(max_size=200))
def test_noise_is_refused_or_encoded_just_so(data: bytes) -> None:
    for decode, encode in ((decode_ask, encode_ask), (decode_answer, encode_answer)):
        for noise in (data, b"\1" + data):
            try:
                read = decode(noise)
            except Refused:
                continue
            assert encode(read) == noise


def head(op: int) -> bytes:
    return bytes([1, op]) + ID


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"\2" + head(0)[1:] + b"\0", "dht: unknown version"),
        (head(4) + b"\0", "dht: unknown operation"),
        (head(0) + bytes([5]) + PACKED[0] * 5, "dht: too many addresses"),
        (head(0) + bytes([2]) + PACKED[0] * 2, "dht: address twice"),
        (head(0) + b"\1" + b"\6" + PACKED[0][1:], "dht: unknown kind of address"),
        (head(0) + b"\1" + PACKED[0][:-2] + b"\0\0", "dht: no such port"),
        (head(0) + b"\1\1" + bytes(10) + b"\xff\xff\1\2\3\4\1\1", "dht: no such host"),
        (head(0) + b"\1\2\3A.B\1\1", "dht: no such host"),
        (head(0) + b"\1\2\3\xff.b\1\1", "dht: no such host"),
        (head(0) + b"\1\2\0\1\1", "dht: no such host"),
        (head(2) + b"\0" + PLACE + bytes([65]) + bytes(8 * 65), "dht: too many marks"),
        (head(2) + b"\0" + PLACE + b"\2" + b"\1" * 8 + b"\0" * 8, "dht: marks out of order"),
        (head(2) + b"\0" + PLACE + b"\2" + b"\1" * 16, "dht: marks out of order"),
        (head(3) + b"\0\0\0" + (RECORD_MAX + 1).to_bytes(4, "big"), "codec: too long"),
    ],
)
def test_questions_that_break_a_rule(payload: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=f"^{reason}$"):
        decode_ask(payload)


ONE = b"\x33" * 32 + b"\1" + PACKED[0]


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"\0" + head(0)[1:], "dht: unknown version"),
        (head(9), "dht: unknown operation"),
        (head(1) + bytes([21]), "dht: too many contacts"),
        (head(1) + b"\2" + ONE + ONE, "dht: contact twice"),
        (head(1) + b"\1" + b"\x33" * 32 + b"\0", "dht: contact without an address"),
        (head(2) + b"\0" + bytes([65, 0, 0]), "dht: wrong number of records"),
        (head(2) + b"\0" + bytes([1, 2, 1]), "dht: wrong number of records"),
        (head(2) + b"\0" + bytes([2, 2, 1]), "dht: wrong number of records"),
        (head(2) + b"\0" + bytes([9, 9, 9]), "dht: wrong number of records"),
        (head(3) + b"\5", "dht: unknown outcome"),
    ],
)
def test_answers_that_break_a_rule(payload: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=f"^{reason}$"):
        decode_answer(payload)


@pytest.mark.parametrize("text", TEXTS)
def test_addresses_come_back(text: str) -> None:
    packed = pack(Multiaddr.parse(text))
    assert str(unpack(packed)) == text
    reader = Reader(packed)
    assert read_address(reader) == packed
    assert not len(reader)


def test_twenty_contacts_fit_into_a_kilobyte() -> None:
    told = tuple(Contact(bytes([n]) * 32, (PACKED[0],)) for n in range(CONTACTS_MAX))
    assert len(encode_answer(Answer(Op.FIND_NODE, ID, told))) < 900


def test_private_addresses_are_not_believed_of_nodes_in_the_open() -> None:
    contact = Contact.at(PLACE, "/ip4/192.168.1.7/tcp/1", "/ip4/8.8.8.8/tcp/1", "/dns4/a.b/tcp/1")
    seen = [Multiaddr.parse(f"/ip4/{host}/tcp/5") for host in ("9.9.9.9", "10.0.0.1")]
    assert len(reachable(contact, seen[0]).addresses) == 2
    assert reachable(contact, seen[1]) == reachable(contact, None) == contact
