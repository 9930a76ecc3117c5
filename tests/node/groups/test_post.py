"""What a mailbox holds: sizes of few kinds, and nothing to tell one content from another."""

import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.codec import Refused, sized, u16
from node.crypto import seal
from node.groups.events import Dropped, NotYet
from node.groups.message import EPOCHS_MAX, MESSAGE_MAX, Sealed
from node.groups.post import POST_MAX, is_post_size, open_post, seal_posts
from node.padding import BUCKETS

CHANCE = random.Random(13)
KEY = CHANCE.randbytes(32)


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=60))
def test_items_come_out_as_they_went_in(items):
    posts = seal_posts(KEY, items, CHANCE.randbytes)

    assert [item for post in posts for item in open_post(KEY, post)] == items
    assert {len(post) for post in posts} <= set(BUCKETS)


@pytest.mark.parametrize(
    ("size", "padded"),
    [(0, 256), (256 - 46, 256), (256 - 45, 1024), (65536 - 46, 65536), (65536 - 45, 131072)],
)
def test_sizes_are_those_of_buckets(size, padded):
    [post] = seal_posts(KEY, [bytes(size)], CHANCE.randbytes)

    assert len(post) == padded
    assert open_post(KEY, post) == [bytes(size)]


def test_no_post_is_larger_than_a_request():
    assert len(seal_posts(KEY, [bytes(POST_MAX - 46)], CHANCE.randbytes)[0]) == POST_MAX
    with pytest.raises(Refused, match="post too long"):
        seal_posts(KEY, [bytes(POST_MAX)], CHANCE.randbytes)
    assert [
        size for size in (0, 255, 256, 257, POST_MAX, POST_MAX + 65536) if is_post_size(size)
    ] == [
        256,
        POST_MAX,
    ]


def test_every_cut_and_flip_is_refused():
    [post] = seal_posts(KEY, [b"item", b"another"], CHANCE.randbytes)

    for cut in range(len(post)):
        with pytest.raises(Refused):
            open_post(KEY, post[:cut])
    for place in range(len(post)):
        flipped = bytearray(post)
        flipped[place] ^= 1 << CHANCE.randrange(8)
        with pytest.raises(Refused):
            open_post(KEY, bytes(flipped))


@pytest.mark.parametrize(
    ("plain", "reason"),
    [
        (u16(0) + bytes(214), "too many items"),
        (u16(257) + bytes(214), "too many items"),
        (u16(1) + sized(b"x") + bytes(208) + b"\1", "wrong padding"),
        (u16(1) + sized(b"x") + bytes(209 + 768), "wrong padding"),
        (u16(2) + sized(bytes(210)), "too short"),
        (b"\0", "too short"),
    ],
)
def test_an_insider_keeps_to_the_format(plain, reason):
    nonce = bytes(24)

    with pytest.raises(Refused, match=reason):
        open_post(KEY, nonce + seal(KEY, nonce, plain))


def test_short_messages_and_longer_ones_look_alike(world):
    alice, _ = world.found(2)
    sizes = {
        length: len(alice.group.encrypt(bytes(length), world.random))
        for length in (0, 1, 1000, 11_000, MESSAGE_MAX)
    }

    assert sizes == {0: 16384, 1: 16384, 1000: 16384, 11_000: 16384, MESSAGE_MAX: 65536}


def test_a_post_shows_nothing(world):
    """No name, group or mailbox in clear, and bytes as if drawn: 4-sigma bounds."""
    alice, bob = world.found(2)
    for number in range(40):
        world.say((alice, bob)[number % 2], b"the same again")
    world.send(alice.group.rotate(world.now, world.random))
    wire = b"".join(post for _, post in world.posts)
    for secret in (alice.group.me, bob.group.me, alice.group.id, *alice.group.heads()):
        assert secret not in wire
    counts = [wire.count(bytes([value])) for value in range(256)]
    expected = len(wire) / 256
    chi_square = sum((count - expected) ** 2 / expected for count in counts)

    assert abs(chi_square - 255) < 4 * (2 * 255) ** 0.5


@given(st.binary(max_size=300))
def test_any_bytes_are_refused(new_world, data):
    _, bob = new_world().found(2)
    before = bob.group.encode()

    with pytest.raises(Refused):
        bob.group.receive_post(data, 0)
    with pytest.raises(NotYet):
        bob.group.receive_post(data.ljust(1024, b"\0"), 0)
    for item in (data, *(bytes([kind]) + data for kind in range(6))):
        with pytest.raises(Refused):
            bob.group.receive(item, 0)
    assert bob.group.encode() == before


@dataclass
class Impostor:
    """A key that says it is another's."""

    public: bytes
    sign: Callable[[bytes, bytes], bytes]


def test_a_forged_message_changes_nothing(world):
    """An insider has all chains, so he can seal as another; he cannot sign as him."""
    alice, bob, carol = world.found(3)
    [item] = open_post(
        alice.group.epochs[alice.group.id].post_key, alice.group.encrypt(b"hi", world.random)
    )
    before = bob.group.encode()
    for place in [*range(1, 75), *range(75, len(item), 331), len(item) - 1]:
        flipped = bytearray(item)
        flipped[place] ^= 1 << CHANCE.randrange(8)
        with pytest.raises(Refused):
            bob.group.receive(bytes(flipped), world.now)
    for cut in [*range(80), *range(80, len(item), 331)]:
        with pytest.raises(Refused):
            bob.group.receive(item[:cut], world.now)
    assert bob.group.encode() == before

    carol.group.me = alice.group.me
    carol.group._signing = Impostor(alice.group._signing.public, carol.group._signing.sign)
    forged = carol.group.encrypt(b"as alice", world.random)

    assert bob.group.receive_post(forged, world.now) == [Dropped("groups: bad signature")]
    assert bob.group.encode() == before


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (bytes(32) + b"\0", "too many epochs, or none"),
        (bytes(32) + bytes([EPOCHS_MAX + 1]) + bytes(200), "too many epochs, or none"),
        (bytes(32) + b"\2" + bytes(72), "an epoch twice"),
        (bytes(32) + b"\1" + bytes(35), "too short"),
    ],
)
def test_the_head_of_a_message_keeps_to_its_format(data, reason):
    with pytest.raises(Refused, match=reason):
        Sealed.decode(data)
