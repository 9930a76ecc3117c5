"""The one encoding of a vertex: every cut, and a flip in every field, is refused."""

import hashlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.codec import Refused, sized, u8, u16, u64
from node.crypto import SIGNATURE, SIGNING_PUBLIC, SigningKey, verify
from node.mesh.vertex import (
    LAMPORT_MAX,
    PARENTS_MAX,
    PAYLOAD_MAX,
    SIGNED,
    VERTEX_MAX,
    make_vertex,
    read_vertex,
)

CHANCE = random.Random(5)
KEY = SigningKey.from_seed(CHANCE.randbytes(32))
PARENTS = tuple(sorted(CHANCE.randbytes(32) for _ in range(3)))


def raw(
    parents=PARENTS, lamport=7, time=300_000, payload=b"p", version=1, beside=0, tail=SIGNATURE
):
    return b"".join(
        [
            u8(version) + u16(len(parents)),
            *parents,
            u64(lamport) + u64(time) + bytes(32) + sized(payload),
            u8(beside) + bytes(tail),
        ]
    )


@pytest.mark.parametrize("first", [True, False])
def test_what_is_written_is_read(first):
    vertex = make_vertex(KEY, PARENTS[::-1], 9, b"payload", first=first, wall=1_234_567)
    again = read_vertex(vertex.encode())

    assert again == vertex
    assert again.parents == PARENTS
    assert again.content.time == 1_200_000
    assert again.author == hashlib.sha3_256(KEY.public).digest()
    assert bool(again.key) == first
    assert verify(KEY.public, again.id, again.signature, SIGNED)


def test_the_id_is_the_hash_of_the_written_layout():
    vertex = make_vertex(KEY, PARENTS, 9, b"payload", first=True, wall=0)
    content = b"PARS:Vertex:v1" + b"\0\3" + b"".join(PARENTS) + (9).to_bytes(8) + bytes(8)
    content += hashlib.sha3_256(KEY.public).digest() + (7).to_bytes(4) + b"payload"

    assert vertex.id == hashlib.sha3_256(content).digest()


def test_key_and_signature_are_no_part_of_the_id():
    one = make_vertex(KEY, PARENTS, 9, b"payload", first=True)
    other = make_vertex(KEY, PARENTS, 9, b"payload", first=False)

    assert one.signature != other.signature
    assert one.id == other.id


@pytest.mark.parametrize("first", [True, False])
def test_every_cut_is_refused(first):
    encoded = make_vertex(KEY, PARENTS, 9, b"payload", first=first).encode()
    for cut in {*range(0, len(encoded), 89), *range(220), len(encoded) - 1}:
        with pytest.raises(Refused):
            read_vertex(encoded[:cut])
    with pytest.raises(Refused):
        read_vertex(encoded + b"\0")


@pytest.mark.parametrize("first", [True, False])
def test_every_flip_is_refused_or_breaks_the_signature(first):
    encoded = make_vertex(KEY, PARENTS, 9, b"payload", first=first).encode()
    for place in {*range(0, len(encoded), 307), *range(180), len(encoded) - 1}:
        flipped = bytearray(encoded)
        flipped[place] ^= 1 << CHANCE.randrange(8)
        try:
            vertex = read_vertex(bytes(flipped))
        except Refused:
            continue
        assert not verify(KEY.public, vertex.id, vertex.signature, SIGNED)


@given(st.binary(max_size=400))
def test_any_bytes_are_refused(data):
    for encoded in (data, b"\x01" + data, b"\x01\0\0" + data):
        with pytest.raises(Refused):
            read_vertex(encoded)


@pytest.mark.parametrize(
    ("encoded", "reason"),
    [
        (raw(version=2), "unknown version"),
        (raw(parents=PARENTS[::-1]), "parents out of order"),
        (raw(parents=(PARENTS[0],) * 2), "parents out of order"),
        (raw(parents=tuple(n.to_bytes(32) for n in range(PARENTS_MAX + 1))), "too many parents"),
        (raw(lamport=LAMPORT_MAX + 1), "lamport out of range"),
        (raw(parents=(), lamport=1), "wrong lamport"),
        (raw(time=300_001), "time too fine"),
        (raw(payload=bytes(PAYLOAD_MAX + 1)), "too long"),
        (raw(beside=2), "unknown part"),
        (raw(beside=1, tail=SIGNING_PUBLIC + SIGNATURE), "another key"),
        (raw(beside=1), "too short"),
        (raw(tail=SIGNATURE + 1), "trailing bytes"),
    ],
)
def test_a_broken_rule_has_its_reason(encoded, reason):
    with pytest.raises(Refused, match=reason):
        read_vertex(encoded)


def test_the_largest_vertex_is_as_large_as_is_said():
    parents = tuple(n.to_bytes(32) for n in range(PARENTS_MAX))
    vertex = make_vertex(KEY, parents, 9, bytes(PAYLOAD_MAX), first=True)

    assert len(vertex.encode()) == VERTEX_MAX
    assert read_vertex(vertex.encode()) == vertex
