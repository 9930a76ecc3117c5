"""What a thief of a state reads, and what nobody reads without ML-KEM."""

import random
from dataclasses import replace

import pytest

from node import crypto
from node.codec import Refused
from node.messaging.prekeys import USED_LIFE, Prekeys
from node.messaging.ratchet import OVERHEAD, Channel, _open_body, _open_header, next_root
from node.messaging.sparse import ROOM, STEP_SIZE
from node.messaging.start import accept, begin
from node.messaging.turns import FULL, SPARSE

draw = random.Random(3).randbytes


class Thief:
    """Has a copy of one side's state and of its device's key, and sees all that travels."""

    def __init__(self, channel, device):
        self.channel = Channel.decode(channel.encode(), device)

    def reads(self, message, now):
        try:
            return self.channel.decrypt(message, now, draw)
        except Refused:
            return None


def talk(one, other, now, rounds, text=b"text"):
    """Return what travelled, as pairs of who wrote it and the message."""
    sent = []
    for _ in range(rounds):
        sent.append((0, one.encrypt(text, now, draw)))
        assert other.decrypt(sent[-1][1], now, draw) == text
        sent.append((1, other.encrypt(text, now, draw)))
        assert one.decrypt(sent[-1][1], now, draw) == text
    return sent


@pytest.mark.parametrize("step", [1, 2, 5, 9])
def test_what_was_read_before_a_theft_stays_closed(begun, mode, alice, bob, now, step):
    one, other = begun(mode)
    before = talk(one, other, now, step)

    thieves = [Thief(one, alice.device.hybrid), Thief(other, bob.device.hybrid)]

    for _, message in before:
        assert not any(thief.reads(message, now) for thief in thieves)


def test_a_hundred_messages_stay_closed_after_everything_is_taken(alice, bob, mode, now):
    """F-006: states, device keys and prekeys of both, at the end of a chat of five minutes."""
    prekeys = bob.prekeys()
    one, first = begin(alice.party, bob.published(prekeys), b"first", draw, mode=mode)
    other = accept(bob.party, prekeys, first, now, draw).channel
    sent = talk(one, other, now, 50)
    thieves = [Thief(one, alice.device.hybrid), Thief(other, bob.device.hybrid)]

    for _, message in sent:
        assert not any(thief.reads(message, now) for thief in thieves)
    with pytest.raises(Refused, match="used already"):
        accept(bob.party, Prekeys.decode(prekeys.encode()), first, now + USED_LIFE, draw)
    prekeys.tend(now + USED_LIFE, draw)
    assert first[16:32] not in prekeys._keys


@pytest.mark.parametrize("rounds", [0, 1, 4])
@pytest.mark.parametrize("victim", [0, 1])
def test_what_comes_two_turns_after_a_theft_is_closed_again(
    settled, alice, bob, now, rounds, victim
):
    """The thief has the victim's key for the other's next turn, and none that is made after it."""
    sides = settled(FULL)
    talk(*sides, now, rounds)
    own, other = sides[victim], sides[1 - victim]
    own.encrypt(b"a turn has begun", now, draw)
    thief = Thief(own, (alice, bob)[victim].device.hybrid)
    other.decrypt(own.encrypt(b"text", now, draw), now, draw)

    first = other.encrypt(b"one turn later", now, draw)
    assert own.decrypt(first, now, draw) == thief.reads(first, now) == b"one turn later"

    for _, message in talk(own, other, now, 5):
        assert thief.reads(message, now) is None


LEAST_ROOM = bytes(4096 - OVERHEAD - STEP_SIZE - ROOM)
"""A text behind which each message has the fewest parts of a step."""


class Tape:
    """A talk in sparse mode: what travelled, the states before each message, and who made what."""

    def __init__(self, one, other, now, monkeypatch):
        self.agreed, self.step_keys, self.step_secrets = {}, {}, {}
        agree = crypto.x25519

        def x25519(secret, public):
            pair = frozenset((crypto.x25519_public(secret), public))
            return self.agreed.setdefault(pair, agree(secret, public))

        monkeypatch.setattr(crypto, "x25519", x25519)
        self.messages, self.headers, self.states = [], [], []
        for number in range(120):
            writer, reader = (one, other) if number % 2 == 0 else (other, one)
            self.states.append((one._turns, other._turns, one._root))
            message = writer.encrypt(LEAST_ROOM, now, draw)
            self.messages.append(message)
            self.headers.append(_open_header(message, writer._sending.header_key, STEP_SIZE))
            assert reader.decrypt(message, now, draw) == LEAST_ROOM
            for side in (one._turns, other._turns):
                if side.key:
                    self.step_keys[side.mixed + 1] = side.key.public
                if side.secret:
                    self.step_secrets[side.mixed + 1] = side.secret


def read_by_a_thief(tape, first):
    """Return how many messages somebody reads who takes both states before the `first`.

    X25519 is broken for it: it is told what any two points agree on. Of KEM steps it has what was
    in the states. It is told header keys too, so that nothing but the root is in its way.
    """
    one, other, root = tape.states[first]
    keys = {side.key.public for side in (one, other) if side.key}
    secrets = {side.secret for side in (one, other) if side.secret}
    points = [crypto.x25519_public(side.own) for side in (one, other)]
    for number in range(first, len(tape.messages)):
        step, writer = tape.headers[number].step, number % 2
        secret = tape.agreed[frozenset((step[:32], points[1 - writer]))]
        points[writer] = step[:32]
        mixed = int.from_bytes(step[32:], "big")
        if mixed:
            known = tape.step_keys[mixed] in keys or tape.step_secrets[mixed] in secrets
            secret += tape.step_secrets[mixed] if known else bytes(32)
        root, chain, _ = next_root(root, secret, step)
        try:
            _open_body(tape.messages[number], tape.headers[number], crypto.mac(chain, b"\1"), ROOM)
        except Refused:
            return number - first
    return len(tape.messages) - first


def test_a_thief_who_breaks_x25519_is_locked_out_within_50_messages(settled, now, monkeypatch):
    """Sparse mode, at its slowest: the texts leave each message the fewest parts of a step."""
    one, other = settled(SPARSE)
    tape = Tape(one, other, now, monkeypatch)

    read = [read_by_a_thief(tape, first) for first in range(70)]

    assert max(read) <= 50
    assert max(read) > 25  # it is the steps that lock it out, and some were stolen half done


def without_kem(monkeypatch):
    """As if ML-KEM's secret were not there: only X25519's goes into the combiner."""
    real = crypto._combine
    monkeypatch.setattr(
        crypto, "_combine", lambda secrets, *others: real(secrets[:32] + bytes(32), *others)
    )


def test_without_the_ml_kem_secret_nothing_begins(alice, bob, mode, now, monkeypatch):
    """F-020: whoever breaks X25519 alone opens no first message."""
    prekeys = bob.prekeys()
    _, first = begin(alice.party, bob.published(prekeys), b"", draw, mode=mode)
    without_kem(monkeypatch)

    with pytest.raises(Refused, match="not authentic"):
        accept(bob.party, prekeys, first, now, draw)


def test_without_the_ml_kem_secret_no_turn_opens(settled, now, monkeypatch):
    one, other = settled(FULL)
    message = one.encrypt(b"text", now, draw)
    with monkeypatch.context() as patched:
        without_kem(patched)
        with pytest.raises(Refused, match="not authentic"):
            other.decrypt(message, now, draw)

    assert other.decrypt(message, now, draw) == b"text"


def test_without_the_ml_kem_secret_no_sparse_step_opens(settled, now, monkeypatch):
    one, other = settled(SPARSE)
    for _ in range(20):
        talk(one, other, now, 1)
        if one._turns.secret and one._turns.parts:
            break
    one._turns = replace(one._turns, secret=bytes(32))
    message = one.encrypt(b"text", now, draw)

    with pytest.raises(Refused, match="not authentic"):
        other.decrypt(message, now, draw)


def test_every_key_of_a_channel_follows_from_kem_secrets(alice, bob, mode, now, monkeypatch):
    """Three encapsulations make the root; the fourth, the proof, is in the first turn."""
    prekeys = bob.prekeys()
    labels = []
    real = crypto.encapsulate
    monkeypatch.setattr(
        crypto, "encapsulate", lambda p, label, *rest: labels.append(label) or real(p, label, *rest)
    )
    _, first = begin(alice.party, bob.published(prekeys), b"", draw, mode=mode)

    assert labels == [
        b"pars/start-device/v1",
        b"pars/start-signed-prekey/v1",
        b"pars/start-one-time-prekey/v1",
    ]
    other = accept(bob.party, prekeys, first, now, draw).channel
    labels.clear()
    other.encrypt(b"", now, draw)
    assert b"pars/ratchet-proof/v1" in labels


def test_two_channels_share_no_key(alice, bob, mode, now):
    """F-097."""
    prekeys = bob.prekeys()
    published = bob.published(prekeys)
    channels = [begin(alice.party, published, b"", draw, mode=mode)[0] for _ in range(2)]
    first, second = (
        {
            channel.channel_id,
            channel.send_mailbox,
            channel.receive_mailbox,
            channel._root,
            channel._sending.chain,
            channel._sending.header_key,
            channel._next_send,
            channel._next_receive,
        }
        for channel in channels
    )

    assert len(first) == len(second) == 8
    assert not first & second
