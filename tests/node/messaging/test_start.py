"""How channels begin: with whom, once, deniably, and refused whenever something is not right."""

import random
from collections import Counter, deque

import pytest

from node import crypto
from node.codec import Refused
from node.crypto import HYBRID_CIPHERTEXT, HybridKey
from node.identity import BUNDLE, CERTIFICATE, certify
from node.messaging import start
from node.messaging.prekeys import DAY, USED_LIFE, Prekeys
from node.messaging.ratchet import Channel
from node.messaging.start import FIRST_MESSAGE, TEXT_MAX, Party, accept, begin
from node.messaging.turns import FULL, SPARSE

draw = random.Random(3).randbytes


def turn(one, other, now, text=b"text"):
    assert other.decrypt(one.encrypt(text, now, draw), now, draw) == text


@pytest.fixture
def prekeys(bob):
    return bob.prekeys()


def test_a_channel_begins(alice, bob, prekeys, mode, now):
    one, first = begin(alice.party, bob.published(prekeys), b"hello", draw, mode=mode)
    accepted = accept(bob.party, prekeys, first, now, draw)
    other = accepted.channel

    assert accepted.text == b"hello"
    assert accepted.account.account_id == alice.account.account_id
    assert accepted.certificate.device == alice.device.public
    assert one.channel_id == other.channel_id
    assert (one.own_account, one.peer_account) == (other.peer_account, other.own_account)
    assert one.send_mailbox == other.receive_mailbox != one.receive_mailbox == other.send_mailbox
    assert one.mode == other.mode == mode
    turn(one, other, now)
    turn(other, one, now)
    turn(one, other, now)


def test_each_side_is_confirmed_by_what_only_its_device_could_do(alice, bob, prekeys, mode, now):
    one, first = begin(alice.party, bob.published(prekeys), b"", draw, mode=mode)
    other = accept(bob.party, prekeys, first, now, draw).channel
    turn(one, other, now)
    assert not one.confirmed
    assert not other.confirmed

    turn(other, one, now)
    assert one.confirmed
    assert not other.confirmed

    turn(one, other, now)
    assert other.confirmed


def test_the_responder_may_write_first_and_messages_may_cross(alice, bob, prekeys, mode, now):
    one, first = begin(alice.party, bob.published(prekeys), b"", draw, mode=mode)
    other = accept(bob.party, prekeys, first, now, draw).channel
    early = one.encrypt(b"early", now, draw)
    answers = [other.encrypt(text, now, draw) for text in (b"", b"answer")]

    assert one.decrypt(answers[1], now, draw) == b"answer"
    late = one.encrypt(b"late", now, draw)
    assert other.decrypt(late, now, draw) == b"late"
    assert other.decrypt(early, now, draw) == b"early"
    assert one.decrypt(answers[0], now, draw) == b""


def test_state_between_the_first_messages_survives_the_store(
    alice, bob, prekeys, mode, now, reloaded
):
    one, first = begin(alice.party, bob.published(prekeys), b"", draw, mode=mode)
    other = accept(bob.party, prekeys, first, now, draw).channel
    for _ in range(3):
        one, other = reloaded(one, alice), reloaded(other, bob)
        turn(one, other, now)
        one, other = reloaded(one, alice), reloaded(other, bob)
        turn(other, one, now)
    assert one.confirmed
    assert other.confirmed


def test_a_first_message_begins_one_channel(alice, bob, prekeys, now):
    published = bob.published(prekeys)
    _, single = begin(alice.party, published, b"", draw)
    _, last = begin(alice.party, published, b"", draw, last_resort=True)
    accept(bob.party, prekeys, single, now, draw)
    accept(bob.party, prekeys, last, now, draw)
    kept = Prekeys.decode(prekeys.encode())

    for keys in (prekeys, kept):
        for first in (single, last):
            with pytest.raises(Refused, match="seen before"):
                accept(bob.party, keys, first, now, draw)
        later = now + USED_LIFE
        with pytest.raises(Refused, match="used already"):
            accept(bob.party, keys, single, later, draw)
        with pytest.raises(Refused, match="seen before"):
            accept(bob.party, keys, last, later, draw)


def test_two_who_drew_the_same_one_time_key(alice, bob, carol, prekeys, now):
    """Both are let in if they come together; who comes later begins again."""
    published = bob.published(prekeys)
    firsts = [
        begin(one.party, published, b"", lambda size: b"\1" * size)[1]
        for one in (alice, carol, carol)
    ]
    assert len({first[16:32] for first in firsts}) == 1
    accept(bob.party, prekeys, firsts[0], now, draw)
    together = accept(bob.party, prekeys, firsts[1], now + USED_LIFE - 1, draw)
    assert together.account.account_id == carol.account.account_id

    with pytest.raises(Refused, match="used already"):
        accept(bob.party, prekeys, firsts[2], now + USED_LIFE, draw)
    _, again = begin(carol.party, published, b"", draw, last_resort=True)
    accept(bob.party, prekeys, again, now + USED_LIFE, draw)


def test_without_one_time_keys_the_last_resort_serves(alice, bob, prekeys, now):
    published = bob.published(prekeys)
    for one in published.one_time:
        prekeys.consume(one.id, draw(32), now)
    bare = bob.published(prekeys)
    assert not bare.one_time

    _, first = begin(alice.party, bare, b"", draw)
    accept(bob.party, prekeys, first, now, draw)


def test_only_the_device_that_was_meant_can_open(alice, bob, carol, prekeys, now):
    _, first = begin(alice.party, bob.published(prekeys), b"", draw)
    stolen_prekeys = Prekeys.decode(prekeys.encode())
    thief = Party(bob.party.bundle, bob.party.certificate, carol.device.hybrid)

    for party in (carol.party, thief):
        with pytest.raises(Refused, match="not authentic"):
            accept(party, stolen_prekeys, first, now, draw)


def test_a_party_cannot_be_moved_to_another_name(alice, bob, prekeys, now):
    """Unknown key share: the same device keys under another account derive other secrets."""
    mallory = certify(alice.account, bob.device.public, 1, now // DAY)
    _, first = begin(alice.party, bob.published(prekeys), b"", draw)

    with pytest.raises(Refused, match="not authentic"):
        accept(Party(alice.party.bundle, mallory, bob.device.hybrid), prekeys, first, now, draw)


def test_who_lacks_the_initiators_device_is_never_confirmed(alice, bob, carol, prekeys, now, mode):
    """Even with the responder's device key at hand: it is the initiator's that is asked for."""
    pretended = Party(alice.party.bundle, alice.party.certificate, carol.device.hybrid)
    one, first = begin(pretended, bob.published(prekeys), b"I am Alice", draw, mode=mode)
    other = accept(bob.party, prekeys, first, now, draw).channel
    turn(one, other, now)
    answer = other.encrypt(b"for Alice only", now, draw)

    with pytest.raises(Refused):
        one.decrypt(answer, now, draw)
    assert not other.confirmed


@pytest.mark.parametrize("size", [0, 1, 4096, FIRST_MESSAGE - 1, FIRST_MESSAGE + 1, 2 * 65_536])
def test_other_sizes_are_refused(bob, prekeys, now, size):
    with pytest.raises(Refused, match="not the size"):
        accept(bob.party, prekeys, bytes(size), now, draw)


def test_a_flipped_bit_in_any_field_is_refused_and_uses_nothing(alice, bob, prekeys, now):
    _, first = begin(alice.party, bob.published(prekeys), b"text", draw)
    before = prekeys.encode()
    edges, at = [], 0
    for size in (16, 16, *[32, 1568] * 3, 24, len(first) - 32 - 3 * HYBRID_CIPHERTEXT - 24):
        edges += [at, at + size // 2, at + size - 1]
        at += size
    assert at == len(first)

    for place in edges:
        forged = bytearray(first)
        forged[place] ^= 0x20
        with pytest.raises(Refused):
            accept(bob.party, prekeys, bytes(forged), now, draw)

    assert prekeys.encode() == before
    accept(bob.party, prekeys, first, now, draw)


def test_random_first_messages_are_refused(bob, prekeys, now):
    for _ in range(5):
        with pytest.raises(Refused, match="not known"):
            accept(bob.party, prekeys, draw(FIRST_MESSAGE), now, draw)


def test_all_first_messages_have_one_size_and_name_nobody(alice, bob, prekeys, mode):
    published = bob.published(prekeys)
    for text in (b"", b"short", bytes(TEXT_MAX)):
        _, first = begin(alice.party, published, text, draw, mode=mode)
        assert len(first) == FIRST_MESSAGE
        for known in (alice.account.account_id, bob.account.account_id, alice.party.bundle[:32]):
            assert known not in first
    with pytest.raises(Refused, match="too long"):
        begin(alice.party, published, bytes(TEXT_MAX + 1), draw)
    with pytest.raises(Refused, match="unknown mode"):
        begin(alice.party, published, b"", draw, mode=3)


def test_a_first_message_looks_random(alice, bob, prekeys):
    """F-095, over what is not sealed and over what is: 255 degrees of freedom."""
    published = bob.published(prekeys)
    firsts = [begin(alice.party, published, bytes(9000), draw)[1] for _ in range(40)]
    for part in (slice(32, start.OUTER), slice(start.OUTER, None)):
        data = b"".join(first[part] for first in firsts)
        expected = len(data) / 256
        counts = Counter(data)
        assert 130 < sum((counts[byte] - expected) ** 2 / expected for byte in range(256)) < 420


# --- What a lying initiator can write ---------------------------------------------------------


def lie(alice, bob, prekeys, monkeypatch, change):
    """A first message whose body was changed before it was sealed."""
    real = crypto.seal
    with monkeypatch.context() as patched:
        patched.setattr(crypto, "seal", lambda k, n, body, data: real(k, n, change(body), data))
        return begin(alice.party, bob.published(prekeys), b"text", draw)[1]


def replaced(at, new):
    return lambda body: body[:at] + new + body[at + len(new) :]


KEY_AT = 2 + BUNDLE + CERTIFICATE
TEXT_AT = KEY_AT + 1600


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (replaced(0, b"\2"), "unknown version"),
        (replaced(1, b"\0"), "unknown mode"),
        (replaced(1, b"\3"), "unknown mode"),
        (replaced(2, b"\0" * 8), "not signed by its account"),
        (replaced(2 + BUNDLE, b"\0"), "unknown version of a certificate"),
        (replaced(2 + BUNDLE + 1, b"\0" * 32), "another account"),
        (replaced(2 + BUNDLE + CERTIFICATE - 8, b"\0" * 8), "not signed by its account"),
        (replaced(KEY_AT, bytes(32)), "not a key"),
        (replaced(KEY_AT + 32, b"\xff" * 1568), "not a key"),
        (replaced(TEXT_AT, b"\xff" * 4), "too long"),
        (lambda body: body[:-1] + b"\1", "not zeros"),
        (lambda body: body[:-1], "too short|not the size"),
    ],
)
def test_a_lying_initiator_is_refused(alice, bob, prekeys, now, monkeypatch, change, reason):
    before = prekeys.encode()
    first = lie(alice, bob, prekeys, monkeypatch, change)

    with pytest.raises(Refused, match=reason):
        accept(bob.party, prekeys, first, now, draw)
    assert prekeys.encode() == before


def test_the_mode_cannot_be_changed_on_the_way(alice, bob, prekeys, now, monkeypatch):
    """It is inside what is sealed, and in what the root is derived from."""
    body = bytes([1]) + bytes([FULL]) + bytes(50)
    derived = start._derive(bytes(96), bytes(32), bytes(4832), body)
    other = start._derive(bytes(96), bytes(32), bytes(4832), bytes([1, SPARSE]) + bytes(50))

    for name in ("root", "chain", "header_key", "channel_id", "there", "back"):
        assert getattr(derived, name) != getattr(other, name)


def test_a_certificate_that_lapses_on_the_way_is_refused(alice, bob, prekeys, now):
    _, first = begin(alice.party, bob.published(prekeys), b"", draw)

    with pytest.raises(Refused, match="not of these days"):
        accept(bob.party, prekeys, first, now + 91 * DAY, draw)
    accept(bob.party, prekeys, first, now + 20 * DAY, draw)


@pytest.mark.parametrize("mode", [FULL, SPARSE])
def test_a_ratchet_key_of_low_order_is_refused(alice, bob, prekeys, now, monkeypatch, mode):
    with monkeypatch.context() as patched:
        real = start._first_turns
        patched.setattr(
            start, "_first_turns", lambda *given: (real(*given)[0], bytes(len(real(*given)[1])))
        )
        first = begin(alice.party, bob.published(prekeys), b"", draw, mode=mode)[1]

    with pytest.raises(Refused, match="not a key"):
        accept(bob.party, prekeys, first, now, draw)


def test_published_keys_of_low_order_are_refused(alice, bob, prekeys):
    published = bob.published(prekeys)
    for name in ("signed", "last_resort"):
        public = bytes(32) + getattr(published, name).public[32:]
        broken = getattr(published, name)._replace(public=public)
        fields = {slot: getattr(published, slot) for slot in published.__slots__}
        with pytest.raises(Refused, match="not a key"):
            begin(
                alice.party,
                type(published)(**{**fields, name: broken}),
                b"",
                draw,
                last_resort=True,
            )


# --- Deniability ------------------------------------------------------------------------------


class Forger:
    """Bob, who writes both sides. All he has of Alice is public.

    He opens nothing that is meant for Alice's device: he remembers what he put into it.
    """

    def __init__(self, monkeypatch):
        self.known = deque(maxlen=64)
        encapsulate, decapsulate = crypto.encapsulate, crypto.decapsulate

        def remember(*given):
            secret, ciphertext = encapsulate(*given)
            self.known.append((ciphertext, secret))
            return secret, ciphertext

        def recall(key, ciphertext, label, context):
            for known, secret in self.known:
                if known == ciphertext:
                    return secret
            return decapsulate(key, ciphertext, label, context)

        monkeypatch.setattr(crypto, "encapsulate", remember)
        monkeypatch.setattr(crypto, "decapsulate", recall)


def transcript(initiator, bob, published, prekeys, now):
    one, first = begin(initiator, published, b"I said so", draw)
    other = accept(bob.party, Prekeys.decode(prekeys.encode()), first, now, draw).channel
    shown = []
    for number in range(4):
        message = one.encrypt(b"as Alice %d" % number, now, draw)
        shown.append((other.encode(), message))
        other.decrypt(message, now, draw)
        one.decrypt(other.encrypt(b"as Bob %d" % number, now, draw), now, draw)
    assert other.confirmed
    return first, shown


def judged(first, shown, bob, prekeys, now):
    """What a judge finds to whom Bob has given all that he has: each message of Alice's opens."""
    accepted = accept(bob.party, Prekeys.decode(prekeys.encode()), first, now, draw)
    texts = [accepted.text]
    for state, message in shown:
        channel = Channel.decode(state, bob.device.hybrid)
        texts.append(channel.decrypt(message, now, draw))
    return accepted.account.account_id, texts, channel.confirmed, [len(one) for _, one in shown]


def test_a_transcript_proves_nothing_to_others(alice, bob, prekeys, now, monkeypatch):
    published = bob.published(prekeys)
    real = transcript(alice.party, bob, published, prekeys, now)
    with monkeypatch.context() as patched:
        Forger(patched)
        public_only = Party(
            alice.party.bundle, alice.party.certificate, HybridKey.from_seed(draw(96))
        )
        forged = transcript(public_only, bob, published, prekeys, now)

    assert judged(*real, bob, prekeys, now) == judged(*forged, bob, prekeys, now)


def test_nothing_is_signed_when_a_channel_begins(alice, bob, prekeys, now, monkeypatch):
    published = bob.published(prekeys)
    monkeypatch.delattr(crypto.SigningKey, "sign")

    transcript(alice.party, bob, published, prekeys, now)
