"""Thin links: parts of any sufficient number make a key, and steps go on whatever is lost."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node import crypto
from node.codec import Refused
from node.messaging import erasure, sparse
from node.messaging.erasure import BLOCK, PART, PARTS, POINTS, part, rebuild
from node.messaging.ratchet import OVERHEAD
from node.messaging.sparse import LEAST_PARTS, ROOM, STEP_SIZE, SparseTurns
from node.messaging.turns import SPARSE

draw = random.Random(3).randbytes


def exchange(one, other, now, text=b"text"):
    message = one.encrypt(text, now, draw)
    assert other.decrypt(message, now, draw) == text
    return message


# --- The erasure code -------------------------------------------------------------------------


@settings(max_examples=30)
@given(st.randoms(use_true_random=False))
def test_any_sufficient_parts_rebuild(chance):
    block = chance.randbytes(BLOCK)
    points = chance.sample(range(POINTS), PARTS)

    assert rebuild({point: part(block, point) for point in points}) == block


def test_the_first_parts_are_the_block_itself():
    block = draw(BLOCK)

    assert b"".join(part(block, point) for point in range(PARTS)) == block
    assert part(block, PARTS) not in {part(block, point) for point in range(PARTS)}


def slow_product(a, b):
    """Of two elements of GF(256), by the schoolbook."""
    product = 0
    for bit in range(8):
        if b >> bit & 1:
            product ^= a << bit
    for bit in range(14, 7, -1):
        if product >> bit & 1:
            product ^= 0x11D << (bit - 8)
    return product


def test_parts_are_values_of_one_polynomial():
    """Held to Lagrange's formula, without tables."""
    block, point = draw(BLOCK), 200
    expected = bytearray(PART)
    for i in range(PARTS):
        weight = 1
        for j in range(PARTS):
            if j != i:
                inverse = next(x for x in range(256) if slow_product(x, i ^ j) == 1)
                weight = slow_product(weight, slow_product(point ^ j, inverse))
        for column in range(PART):
            expected[column] ^= slow_product(weight, block[i * PART + column])

    assert part(block, point) == bytes(expected)


# --- Steps ------------------------------------------------------------------------------------


def test_a_step_takes_at_most_25_messages_even_for_long_texts(settled, now):
    """The text leaves no more than the least room, so each message has the fewest parts."""
    one, other = settled(SPARSE)
    text = bytes(4096 - OVERHEAD - STEP_SIZE - ROOM)
    mixed, messages = [one._turns.mixed], 0
    while one._turns.mixed < 6:
        assert len(exchange(one, other, now, text)) == 4096
        exchange(other, one, now, text)
        messages += 2
        mixed.append(one._turns.mixed)

    assert messages <= 25 * 6
    assert mixed == sorted(mixed)


def test_short_texts_leave_room_for_more_parts(settled, now):
    one, other = settled(SPARSE)
    begun = one._turns.mixed
    for _ in range(10):
        assert len(exchange(one, other, now)) == 1024
        exchange(other, one, now)

    assert one._turns.mixed >= begun + 2


def test_the_overhead_of_a_message_is_bounded(settled, now):
    """A kilobyte holds 624 bytes of text; its size is one whether a step is under way or not."""
    one, other = settled(SPARSE)
    for _ in range(30):
        assert len(exchange(one, other, now, bytes(624))) == 1024
        assert len(exchange(other, one, now, b"")) == 1024
    assert len(exchange(one, other, now, bytes(625))) == 4096


@pytest.mark.parametrize("loss", [0.3, 0.7])
def test_steps_go_on_over_a_bad_link(settled, now, loss):
    chance = random.Random(9)
    sides = list(settled(SPARSE))
    delivered = 0
    for _ in range(400):
        writer = chance.randrange(2)
        message = sides[writer].encrypt(bytes(450), now, draw)
        if chance.random() >= loss:
            assert sides[1 - writer].decrypt(message, now, draw) == bytes(450)
            delivered += 1

    assert sides[0]._turns.mixed > delivered // 60
    assert abs(sides[0]._turns.mixed - sides[1]._turns.mixed) <= 1


def test_a_lonely_writer_repeats_parts_without_end(settled, now):
    one, other = settled(SPARSE)
    sent = [one.encrypt(b"text", now, draw) for _ in range(60)]

    for message in sent[40:]:
        other.decrypt(message, now, draw)
    exchange(other, one, now)


def test_steps_alternate(settled, now):
    one, other = settled(SPARSE)
    owners = set()
    for _ in range(20):
        exchange(one, other, now)
        exchange(other, one, now)
        assert not (one._turns.key and other._turns.key)
        owners |= {name for name, side in (("one", one), ("other", other)) if side._turns.key}

    assert owners == {"one", "other"}


def step_pair():
    """Both sides' turns as a start leaves them, after a turn each way."""
    secret = draw(32)
    one = SparseTurns(secret, b"", initiator=True)
    other = SparseTurns(b"", crypto.x25519_public(secret), initiator=False)
    for _ in range(2):
        made, step, other = other.make(draw)
        taken, one = one.take(step, draw)
        assert made == taken
        made, step, one = one.make(draw)
        taken, other = other.take(step, draw)
        assert made == taken
    return one, other


def carried(one, other, room=4096):
    while True:
        load, one = one.load(room, draw)
        assert len(load) == room
        if not load[0]:
            return one, other
        before, other = other, other.unload(load, draw)
        if other.ciphertext and not before.ciphertext:
            return one, other
        if other.secret and not before.secret:
            return one, other


def test_a_step_renews_the_secret_of_a_turn():
    one, other = step_pair()
    one, other = carried(one, other)
    other, one = carried(other, one)
    assert one.secret == other.secret != b""
    assert one.key is None  # erased as soon as it has served
    with pytest.raises(Refused, match="unknown step"):  # it is for who began it to mix it in
        one.take(crypto.x25519_public(draw(32)) + bytes(3) + b"\1", draw)

    made, step, after = one.make(draw)
    taken, other_after = other.take(step, draw)
    assert made == taken
    assert made.endswith(one.secret)
    assert after.mixed == other_after.mixed == 1
    assert after.secret == other_after.secret == b""
    assert other_after.ciphertext == b""


def test_a_step_that_nobody_made_is_refused():
    one, other = step_pair()
    for number in (1, 2, 2**32 - 1):
        with pytest.raises(Refused, match="unknown step"):
            one.take(crypto.x25519_public(draw(32)) + number.to_bytes(4, "big"), draw)
        with pytest.raises(Refused, match="unknown step"):
            other.take(crypto.x25519_public(draw(32)) + number.to_bytes(4, "big"), draw)


def test_a_turn_of_low_order_is_refused():
    one, _ = step_pair()
    for public in (bytes(32), (1).to_bytes(32, "little")):
        with pytest.raises(Refused, match="not a key"):
            one.take(public + bytes(4), draw)


@pytest.mark.parametrize(
    "load",
    [
        b"",
        bytes(6),
        b"\3" + bytes(ROOM - 1),
        b"\1\0\0\0\1\0\0" + bytes(ROOM - 7),
        b"\0\0\0\0\1\0\0" + bytes(ROOM - 7),
        b"\0\0\0\0\0\0\1" + bytes(ROOM - 7),
        b"\1\0\0\0\1\0\x33" + bytes(51 * 32),
        b"\1\0\0\0\1\0\x0a" + bytes(ROOM - 7),
        b"\1\0\0\0\1\0\x01" + bytes(32) + b"\1",
        bytes(ROOM - 1) + b"\1",
    ],
)
def test_a_load_against_the_rules_is_refused(load):
    for side in step_pair():
        with pytest.raises(Refused):
            side.unload(load, draw)


def test_parts_of_a_key_that_is_none_are_refused():
    one, other = step_pair()
    broken = replace(one, key=type("Key", (), {"public": b"\xff" * 1600})())
    load, _ = broken.load(4096, draw)

    with pytest.raises(Refused, match="not a key"):
        other.unload(load, draw)


def test_late_parts_change_nothing():
    one, other = step_pair()
    load, one = one.load(4096, draw)
    after = other.unload(load, draw)

    assert after.ciphertext
    assert after.unload(load, draw) == after
    answer, after = after.load(4096, draw)
    done = one.unload(answer, draw)
    assert done.secret
    assert done.unload(answer, draw) == done
    assert done.load(ROOM, draw) == (bytes(ROOM), done)


def test_a_ciphertext_without_a_key_is_refused():
    one, _ = step_pair()
    assert one.key is None
    load = b"\2\0\0\0\1\0" + bytes([PARTS]) + bytes(PARTS * PART)

    with pytest.raises(Refused, match="before a key"):
        one.unload(load, draw)


def test_a_state_survives_the_store_at_each_stage():
    one, other = step_pair()
    stages = []
    for _ in range(3):
        load, one = one.load(ROOM, draw)
        other = other.unload(load, draw)
        stages += [one, other]
    one, other = carried(one, other)
    other, one = carried(other, one)
    for stage in (*stages, one, other):
        again = SparseTurns.decode(sparse.Reader(stage.encode()))
        assert again.encode() == stage.encode()
        assert repr(stage.own) not in repr(stage)


def test_the_code_and_the_kem_agree_on_sizes():
    assert crypto.HYBRID_PUBLIC == crypto.HYBRID_CIPHERTEXT == BLOCK == PARTS * PART
    assert LEAST_PARTS * PART + sparse.LOAD_HEAD == ROOM
    assert erasure.POINTS > 2 * PARTS
