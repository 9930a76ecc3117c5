"""What the keys of a space open, and what who has none of them learns."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.codec import Refused, sized, u8
from node.crypto import hkdf, seal, sha256
from node.mesh.neighbours import Neighbours
from node.mesh.outgoing import Outgoing
from node.mesh.space import (
    CONTENT_MAX,
    PAYLOAD,
    Keys,
    Kind,
    blinded,
    carrier_of,
    topic_of,
)
from node.padding import BUCKETS

SECRET = bytes(range(32))
AUTHOR = bytes(reversed(range(32)))
DRAW = random.Random(1).randbytes


@settings(max_examples=30)
@given(st.sampled_from(list(Kind)), st.binary(max_size=5_000))
def test_what_is_sealed_opens(kind, content):
    keys = Keys(SECRET)
    sealed = keys.seal(kind, content, AUTHOR, DRAW)

    assert len(sealed) in BUCKETS
    assert keys.open(sealed, AUTHOR) == (kind, content)


def test_lengths_show_only_as_buckets():
    keys = Keys(SECRET)
    sizes = {len(keys.seal(Kind.CONTENT, bytes(n), AUTHOR, DRAW)) for n in range(200)}

    assert sizes == {256}
    assert len(keys.seal(Kind.CONTENT, bytes(CONTENT_MAX), AUTHOR, DRAW)) == 65_536
    with pytest.raises(ValueError, match="at most"):
        keys.seal(Kind.CONTENT, bytes(CONTENT_MAX + 1), AUTHOR, DRAW)


def test_another_author_cannot_pass_a_payload_off_as_his():
    sealed = Keys(SECRET).seal(Kind.CONTENT, b"salam", AUTHOR, DRAW)

    with pytest.raises(Refused, match="not authentic"):
        Keys(SECRET).open(sealed, bytes(32))


def test_a_carrier_cannot_open():
    sealed = Keys(SECRET).seal(Kind.CONTENT, b"salam", AUTHOR, DRAW)

    with pytest.raises(Refused, match="not authentic"):
        Keys(carrier_of(SECRET)).open(sealed, AUTHOR)


def test_every_flip_and_cut_is_refused():
    keys = Keys(SECRET)
    sealed = keys.seal(Kind.CONTENT, b"salam", AUTHOR, DRAW)
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(Refused):
            keys.open(bytes(changed), AUTHOR)
        with pytest.raises(Refused):
            keys.open(sealed[:place], AUTHOR)


@pytest.mark.parametrize(
    ("plain", "reason"),
    [
        (u8(3) + sized(b"x"), "unknown kind"),
        (u8(0) + sized(b"x") + b"\1", "not zeros"),
        (u8(0) + (1_000).to_bytes(4) + b"x", "too short"),
    ],
)
def test_a_member_who_breaks_the_rules_is_not_read(plain, reason):
    keys, nonce = Keys(SECRET), bytes(24)
    padded = plain.ljust(256 - 40, b"\0")
    sealed = nonce + seal(keys.payload, nonce, padded, PAYLOAD + AUTHOR)

    with pytest.raises(Refused, match=reason):
        keys.open(sealed, AUTHOR)


def test_the_keys_are_those_of_the_page():
    keys = Keys(SECRET)

    assert keys.carrier == hkdf(SECRET, b"", b"pars/mesh-carrier/v1")
    assert keys.payload == hkdf(SECRET, b"", b"pars/mesh-payload/v1")
    assert topic_of(keys.carrier) == sha256(b"pars/mesh-topic/v1" + keys.carrier)
    assert SECRET.hex() not in repr(keys)
    assert repr(SECRET) not in repr(keys)


def test_a_secret_has_one_length():
    with pytest.raises(ValueError, match="32 bytes"):
        Keys(SECRET[:-1])


def told(carriers):
    out = Outgoing()
    neighbours = Neighbours(b"a" * 32, out, random.Random(2).randbytes)
    neighbours.meet(b"b" * 32, carriers, 0)
    return out.take()[0].payload


def carriers_of(count):
    keys = [carrier_of(bytes([number]) * 32) for number in range(count)]
    return {topic_of(key): key for key in keys}


def test_who_carries_nothing_learns_not_even_how_many_spaces_there_are():
    lengths = {len(told(carriers_of(count))) for count in range(17)}

    assert len(lengths) == 1
    for count in (1, 5):
        payload = told(carriers_of(count))
        for topic, carrier in carriers_of(count).items():
            assert topic not in payload
            assert carrier not in payload


def test_what_is_told_says_nothing_to_another_and_nothing_twice():
    carrier, nonce = carrier_of(SECRET), bytes(16)
    seen = {
        blinded(carrier, one, other, nonce + bytes([number]))
        for one in (b"a" * 32, b"b" * 32)
        for other in (b"c" * 32, b"d" * 32)
        for number in range(4)
    }

    assert len(seen) == 16
    assert blinded(carrier, b"a" * 32, b"b" * 32, nonce) != blinded(
        carrier, b"b" * 32, b"a" * 32, nonce
    )
