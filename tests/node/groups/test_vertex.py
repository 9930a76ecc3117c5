"""The one encoding of a change: every cut, and a flip in every field, is refused."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.codec import Refused, sized, u8, u16, u64
from node.crypto import SIGNATURE, SigningKey, sha3_256
from node.groups.vertex import (
    MEMBERS_MAX,
    NAME_MAX,
    PARENTS_MAX,
    VERTEX_MAX,
    Card,
    Change,
    Kind,
    decode_vertex,
    make_vertex,
)

CHANCE = random.Random(7)
KEY = SigningKey.from_seed(CHANCE.randbytes(32))
CARDS = tuple(
    sorted(
        (Card(CHANCE.randbytes(2592), CHANCE.randbytes(1600)) for _ in range(2)),
        key=lambda card: card.pseudonym,
    )
)
PARENTS = tuple(sorted(CHANCE.randbytes(32) for _ in range(3)))
SEED, HYBRID, NAMES = CHANCE.randbytes(32), CHANCE.randbytes(1600), PARENTS[:2]
NEXT = sha3_256(HYBRID)
CHANGES = [
    Change(kind=Kind.CREATE, nonce=SEED, name="دوستان", commitment=SEED, cards=CARDS),
    Change(kind=Kind.ADD, commitment=SEED, key=NEXT, cards=CARDS),
    Change(kind=Kind.REMOVE, commitment=SEED, key=NEXT, subjects=NAMES),
    Change(kind=Kind.ROTATE, commitment=SEED, key=NEXT),
    Change(kind=Kind.ACK, key=NEXT),
    Change(kind=Kind.GRANT, subjects=NAMES),
    Change(kind=Kind.REVOKE, subjects=NAMES),
    Change(kind=Kind.LEAVE),
]


def vertex_of(change):
    parents = () if change.kind == Kind.CREATE else PARENTS
    return make_vertex(KEY, parents, 7, 1_234_567, change, HYBRID if change.key else b"")


def body(
    parents=PARENTS, lamport=7, time=300_000, payload=b"\x07", version=1, parts=2, size=SIGNATURE
):
    return b"".join(
        [
            u8(version) + u16(len(parents)),
            *parents,
            u64(lamport) + u64(time) + bytes(32) + sized(payload),
            u8(parts) + bytes(size),
        ]
    )


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.kind.name)
def test_what_is_written_is_read(change):
    vertex = vertex_of(change)
    again = decode_vertex(vertex.encoded)

    assert again == vertex
    assert again.change == change
    assert again.time == 1_200_000
    assert again.author == sha3_256(KEY.public)
    assert again.signed_by(KEY.public)
    assert not again.signed_by(CARDS[0].signing)
    assert again.is_whole


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.kind.name)
def test_key_and_signature_can_be_left_out(change):
    vertex = vertex_of(change)
    slim = replace(vertex, hybrid=b"", signature=b"")
    again = decode_vertex(slim.encoded)

    assert again == slim
    assert again.id == vertex.id
    assert not again.is_whole
    assert not again.signed_by(KEY.public)
    assert len(slim.encoded) == len(vertex.encoded) - SIGNATURE - len(vertex.hybrid)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.kind.name)
def test_every_cut_is_refused(change):
    encoded = vertex_of(change).encoded
    cuts = {*range(0, len(encoded), 97), *range(200), *range(len(encoded) - 40, len(encoded))}

    for cut in cuts:
        with pytest.raises(Refused):
            decode_vertex(encoded[:cut])
    with pytest.raises(Refused):
        decode_vertex(encoded + b"\0")


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.kind.name)
def test_every_flip_is_refused_or_breaks_the_signature(change):
    encoded = vertex_of(change).encoded
    places = {*range(0, len(encoded), 211), *range(160), len(encoded) - 1}
    for place in places:
        flipped = bytearray(encoded)
        flipped[place] ^= 1 << CHANCE.randrange(8)
        try:
            vertex = decode_vertex(bytes(flipped))
        except Refused:
            continue
        assert not vertex.signed_by(KEY.public)


@given(st.binary(max_size=400))
def test_any_bytes_are_refused(data):
    for encoded in (data, b"\x01" + data, b"\x01\0\0" + data):
        with pytest.raises(Refused):
            decode_vertex(encoded)


@pytest.mark.parametrize(
    ("encoded", "reason"),
    [
        (bytes(VERTEX_MAX + 1), "vertex too long"),
        (body(version=2), "unknown version"),
        (body(parents=PARENTS[::-1]), "parents out of order"),
        (body(parents=(PARENTS[0],) * 2), "parents out of order"),
        (body(parents=tuple(n.to_bytes(32) for n in range(PARENTS_MAX + 1))), "too many parents"),
        (body(lamport=1 << 33), "lamport out of range"),
        (body(time=300_001), "time too fine"),
        (body(payload=b"\x08"), "unknown kind"),
        (body(payload=b"\x07\0"), "trailing bytes"),
        (body(payload=b""), "too short"),
        (body(parents=()), "only a creation has no parents"),
        (body(payload=CHANGES[0].encode()), "only a creation has no parents"),
        (body(payload=b"\x05" + u16(0)), "too many members, or none"),
        (body(payload=b"\x05" + u16(MEMBERS_MAX + 1)), "too many members, or none"),
        (body(payload=b"\x05" + u16(2) + bytes(64)), "members out of order"),
        (body(size=SIGNATURE - 1), "too short"),
        (body(size=SIGNATURE + 1), "trailing bytes"),
        (body(parts=4), "unknown part"),
        (body(parts=3), "unknown part"),
        (body(parts=1, payload=b"\x04" + bytes(32), size=1600), "another key"),
    ],
)
def test_a_broken_rule_has_its_reason(encoded, reason):
    with pytest.raises(Refused, match=reason):
        decode_vertex(encoded)


@pytest.mark.parametrize("name", [b"\xff", b"a\nb", b"a\0b", "a\u202eb".encode()])
def test_a_name_is_printable_text(name):
    payload = b"\0" + bytes(32) + sized(name) + bytes(32) + u16(1) + CARDS[0].encode()

    with pytest.raises(Refused, match="name is no text"):
        decode_vertex(body(parents=(), payload=payload))


def test_a_name_is_short():
    payload = b"\0" + bytes(32) + sized(bytes(NAME_MAX + 1)) + bytes(32) + CARDS[0].encode()

    with pytest.raises(Refused, match="too long"):
        decode_vertex(body(parents=(), payload=payload))


def test_cards_come_in_one_order():
    change = Change(kind=Kind.ADD, commitment=SEED, key=NEXT, cards=CARDS[::-1])

    with pytest.raises(Refused, match="members out of order"):
        vertex_of(change)
