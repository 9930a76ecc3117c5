"""Seeds sealed to members, and the chains of message keys that they bring."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.codec import Refused
from node.crypto import HybridKey
from node.groups import epochs as epochs_module
from node.groups.epochs import (
    SEALED_SEED,
    SKIP_MAX,
    SKIPPED_KEPT,
    SKIPPED_MAX,
    Epoch,
    SealedSeed,
    commit,
    seal_seed,
)

CHANCE = random.Random(11)
KEY = HybridKey.from_seed(CHANCE.randbytes(96))
SEED, VERTEX = CHANCE.randbytes(32), CHANCE.randbytes(32)
ALICE, BOB = b"a" * 32, b"b" * 32


def epoch():
    return Epoch.from_seed(SEED, VERTEX, [BOB, ALICE], 5)


def receive(receiver, index, now=0):
    key, step = receiver.peek(ALICE, index)
    receiver.take(step, now)
    return key


def sent(count):
    sender = epoch()
    return [sender.next_key(ALICE)[1] for _ in range(count)]


def test_a_seed_opens_to_its_member():
    sealed = seal_seed(SEED, VERTEX, ALICE, KEY.public, CHANCE.randbytes)

    assert len(sealed) == SEALED_SEED == 1720
    assert SealedSeed.decode(sealed).open(KEY, commit(SEED)) == SEED
    assert SealedSeed.decode(sealed).encode() == sealed


def test_a_sealed_seed_is_refused_if_anything_is_changed():
    sealed = seal_seed(SEED, VERTEX, ALICE, KEY.public, CHANCE.randbytes)

    for place in [*range(0, len(sealed), 61), *range(72, 110), len(sealed) - 1]:
        flipped = bytearray(sealed)
        flipped[place] ^= 1 << CHANCE.randrange(8)
        with pytest.raises(Refused):
            # The highest bit of an X25519 coordinate says nothing, but it is part of the context.
            SealedSeed.decode(bytes(flipped)).open(KEY, commit(SEED))
    for size in [0, 31, 32, 71, 72, 1000, SEALED_SEED - 1]:
        with pytest.raises(Refused, match="too short"):
            SealedSeed.decode(sealed[:size])
    with pytest.raises(Refused, match="trailing"):
        SealedSeed.decode(sealed + b"\0")


def test_a_seed_is_what_the_vertex_commits_to():
    sealed = seal_seed(SEED, VERTEX, ALICE, KEY.public, CHANCE.randbytes)

    with pytest.raises(Refused, match="another seed"):
        SealedSeed.decode(sealed).open(KEY, commit(bytes(32)))


def test_everyone_derives_the_same_and_for_each_vertex_another():
    assert epoch() == Epoch.from_seed(SEED, VERTEX, [ALICE, BOB], 5)
    other = Epoch.from_seed(SEED, bytes(32), [ALICE, BOB], 5)
    mine = epoch()
    secrets = [
        secret
        for one in (mine, other)
        for secret in (one.post_key, one.mailbox, *(chain.key for chain in one.chains.values()))
    ]

    assert len(set(secrets)) == len(secrets) == 8


@given(st.permutations(range(12)))
def test_keys_come_in_any_order_once(order):
    keys, receiver = sent(12), epoch()

    assert [receive(receiver, index) for index in order] == [keys[index] for index in order]
    for index in order:
        with pytest.raises(Refused, match="replayed"):
            receiver.peek(ALICE, index)


def test_looking_changes_nothing():
    receiver = epoch()
    before = receiver.encode()
    receiver.peek(ALICE, 500)

    assert receiver.encode() == before


def test_too_large_a_gap_is_refused_before_any_work(monkeypatch):
    receiver = epoch()
    key, _ = receiver.peek(ALICE, SKIP_MAX)
    assert key == sent(SKIP_MAX + 1)[-1]
    monkeypatch.delattr(epochs_module, "mac")

    for index in (SKIP_MAX + 1, 2**32 - 1):
        with pytest.raises(Refused, match="too many messages"):
            receiver.peek(ALICE, index)


def test_who_was_not_there_has_no_chain():
    with pytest.raises(Refused, match="no chain"):
        epoch().peek(b"c" * 32, 0)


def test_keys_passed_over_are_bounded_and_age():
    receiver = epoch()
    for number in range(1, 5):
        receive(receiver, number * SKIP_MAX, now=number)
    chain = receiver.chains[ALICE]
    assert len(chain.skipped) == SKIPPED_MAX
    assert min(chain.skipped) == 1998

    assert not receiver.prune(SKIPPED_KEPT + 1)
    assert receiver.prune(SKIPPED_KEPT + 3)
    assert {time for time, _ in chain.skipped.values()} == {4}
    assert receiver.prune(SKIPPED_KEPT + 4)
    assert chain.skipped == {}


def test_an_epoch_is_kept_as_it_is():
    kept = epoch()
    kept.next_key(BOB)
    receive(kept, 3, now=9)
    kept.superseded = 77
    encoded = kept.encode()

    assert Epoch.decode(encoded) == kept
    for size in range(len(encoded)):
        with pytest.raises(Refused):
            Epoch.decode(encoded[:size])
    for damaged in (encoded + b"\0", b"\x02" + encoded[1:]):
        with pytest.raises(Refused):
            Epoch.decode(damaged)


def test_a_past_key_is_gone():
    """What is kept after a message derives no key that was used."""
    sender = epoch()
    used = [sender.next_key(ALICE)[1] for _ in range(5)]
    kept = Epoch.decode(sender.encode())

    assert not {kept.next_key(ALICE)[1] for _ in range(50)} & set(used)
    assert not any(key in sender.encode() for key in (*used, SEED))
