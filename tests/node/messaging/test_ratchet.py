"""What a channel promises: each message once, in any order, and nothing to who is not on it."""

import random
from collections import Counter

import pytest

from node import crypto, padding
from node.codec import Refused
from node.messaging import ratchet
from node.messaging.ratchet import MISSING_LIFE, MISSING_MAX, OLD_TURNS_MAX, SKIP_MAX, Channel
from node.messaging.turns import FULL, SPARSE

draw = random.Random(3).randbytes


def exchange(one, other, now, text=b"text"):
    assert other.decrypt(one.encrypt(text, now, draw), now, draw) == text


def test_both_sides_talk_in_turns(pair, now):
    one, other = pair

    for number in range(20):
        exchange(one, other, now, b"question %d" % number)
        exchange(other, one, now, b"answer %d" % number)


def test_messages_may_come_in_any_order(pair, now):
    one, other = pair
    sent = []
    for turn in range(5):
        sent += [one.encrypt(b"%d.%d" % (turn, number), now, draw) for number in range(5)]
        exchange(other, one, now)
        exchange(one, other, now, b"turns")
    random.Random(1).shuffle(sent)

    texts = [other.decrypt(message, now, draw) for message in sent]

    assert sorted(texts) == [b"%d.%d" % (turn, number) for turn in range(5) for number in range(5)]


def test_lost_messages_are_missed_by_nobody(pair, now):
    one, other = pair
    for number in range(40):
        sent = [one.encrypt(b"%d" % number, now, draw) for _ in range(4)]
        assert other.decrypt(sent[number % 4], now, draw) == b"%d" % number
        lost = [other.encrypt(b"", now, draw) for _ in range(3)]
        assert one.decrypt(lost[number % 3], now, draw) == b""


def test_a_message_opens_once(pair, now):
    one, other = pair
    message, later = one.encrypt(b"one", now, draw), one.encrypt(b"two", now, draw)
    other.decrypt(later, now, draw)
    other.decrypt(message, now, draw)
    before = other.encode()

    for copy in (message, later):
        with pytest.raises(Refused, match="seen before"):
            other.decrypt(copy, now, draw)

    exchange(other, one, now)
    exchange(one, other, now)
    with pytest.raises(Refused, match="not of this channel"):
        other.decrypt(message, now, draw)
    assert before != other.encode()


def test_one_does_not_read_what_one_wrote(pair, now):
    one, _ = pair
    message = one.encrypt(b"text", now, draw)

    with pytest.raises(Refused, match="not of this channel"):
        one.decrypt(message, now, draw)


def test_a_flipped_bit_changes_nothing_but_the_count_of_refusals(pair, now):
    one, other = pair
    exchange(other, one, now)
    message = one.encrypt(b"text", now, draw)
    before = other.encode()
    header = 24 + ratchet.FRONT + other._turns.step_size + 16
    places = (0, 23, 24, 25, 32, 33, 40, header - 17, header - 1, header, header + 40, -17, -1)

    for place in places:
        forged = bytearray(message)
        forged[place] ^= 0x10
        with pytest.raises(Refused):
            other.decrypt(bytes(forged), now, draw)

    assert other.encode() == before
    assert other.decrypt(message, now, draw) == b"text"


def test_every_cut_is_refused(pair, now):
    one, other = pair
    message = one.encrypt(b"text", now, draw)
    before = other.encode()

    for size in range(len(message)):
        with pytest.raises(Refused):
            other.decrypt(message[:size], now, draw)
    for longer in (message + b"\0", message + bytes(len(message))):
        with pytest.raises(Refused):
            other.decrypt(longer, now, draw)

    assert other.encode() == before


def test_random_bytes_are_refused(pair, now):
    _, other = pair
    before = other.encode()

    for size in (0, 1, 255, 256, 1024, 4096, 16_384, padding.LARGEST, padding.LARGEST + 65_536):
        with pytest.raises(Refused):
            other.decrypt(draw(size), now, draw)

    assert other.encode() == before


def test_a_header_of_another_message_does_not_fit(pair, now):
    one, other = pair
    first, second = one.encrypt(b"one", now, draw), one.encrypt(b"two", now, draw)
    front = 24 + ratchet.FRONT + one._turns.step_size + 16

    for spliced in (first[:front] + second[front:], second[:front] + first[front:]):
        with pytest.raises(Refused, match="not authentic"):
            other.decrypt(spliced, now, draw)

    assert other.decrypt(second, now, draw) == b"two"


def test_a_thousand_may_be_missing_and_no_more(pair, now):
    one, other = pair
    sent = [one.encrypt(b"%d" % number, now, draw) for number in range(SKIP_MAX + 2)]

    with pytest.raises(Refused, match="too many"):
        other.decrypt(sent[SKIP_MAX + 1], now, draw)
    assert other.decrypt(sent[SKIP_MAX], now, draw) == b"%d" % SKIP_MAX
    assert other.decrypt(sent[SKIP_MAX + 1], now, draw) == b"%d" % (SKIP_MAX + 1)
    assert other.decrypt(sent[0], now, draw) == b"0"


@pytest.mark.parametrize("number", [SKIP_MAX + 2, 2**31, 2**32 - 1])
def test_a_far_counter_costs_no_derivation(pair, now, number, monkeypatch):
    one, other = pair
    exchange(one, other, now)
    one._sending.next = number
    message = one.encrypt(b"text", now, draw)
    before, macs = other.encode(), Counter()
    real = crypto.mac
    monkeypatch.setattr(crypto, "mac", lambda *given: macs.update("m") or real(*given))

    with pytest.raises(Refused, match="too many"):
        other.decrypt(message, now, draw)

    assert not macs
    assert other.encode() == before


def test_a_turn_that_claims_too_many_before_it_costs_a_thousand_keys(pair, now):
    one, other = pair
    exchange(one, other, now)
    one._sending.next = 2**32 - 1
    exchange(other, one, now)

    exchange(one, other, now)

    assert sum(len(turn.missing) for turn in other._old) <= SKIP_MAX


def test_a_turn_that_takes_back_its_counter_is_refused(pair, now):
    one, other = pair
    for _ in range(3):
        exchange(one, other, now)
    exchange(other, one, now)
    one._sending.next = 1
    message = one.encrypt(b"text", now, draw)
    before = other.encode()

    with pytest.raises(Refused, match="too many"):
        other.decrypt(message, now, draw)
    assert other.encode() == before


def test_keys_of_missing_messages_are_kept_for_a_day(pair, now):
    one, other = pair
    early, late = one.encrypt(b"early", now, draw), one.encrypt(b"late", now, draw)
    exchange(one, other, now)

    assert other.decrypt(early, now + MISSING_LIFE - 1, draw) == b"early"
    before = other.encode()
    with pytest.raises(Refused, match="given up"):
        other.decrypt(late, now + MISSING_LIFE, draw)
    assert other.encode() == before
    other.decrypt(one.encrypt(b"", now, draw), now + MISSING_LIFE, draw)
    assert not other._receiving.missing


def test_forgetting_needs_no_message(pair, now):
    one, other = pair
    one.encrypt(b"lost", now, draw)
    exchange(one, other, now)

    assert not other.forget(now + MISSING_LIFE - 1)
    assert other.forget(now + MISSING_LIFE)
    assert not other.forget(now + MISSING_LIFE)
    assert not other._receiving.missing


def test_missing_keys_are_bounded_in_all(settled, now):
    one, other = settled(SPARSE)
    for _ in range(6):
        for _ in range(SKIP_MAX - 100):
            one.encrypt(b"lost", now, draw)
        exchange(one, other, now)
        exchange(other, one, now)

    kept = [len(turn.missing) for turn in other._turns_with_missing()]
    assert sum(kept) == MISSING_MAX
    assert kept[-1] == SKIP_MAX - 100  # the newest are all there
    assert len(other.encode()) < ratchet.STATE_MAX


def test_old_turns_are_bounded(settled, now):
    one, other = settled(FULL)
    lost = []
    for _ in range(OLD_TURNS_MAX + 4):
        lost.append(one.encrypt(b"late", now, draw))
        exchange(one, other, now)
        exchange(other, one, now)
    exchange(one, other, now)

    assert len(other._old) == OLD_TURNS_MAX
    assert other.decrypt(lost[-1], now, draw) == b"late"
    with pytest.raises(Refused, match="not of this channel"):
        other.decrypt(lost[0], now, draw)


def test_a_stored_channel_goes_on(pair, now, alice, bob, reloaded):
    one, other = pair
    missing = []
    for number in range(12):
        missing.append(one.encrypt(b"late %d" % number, now, draw))
        exchange(one, other, now)
        one, other = reloaded(one, alice), reloaded(other, bob)
        exchange(other, one, now)
        one, other = reloaded(one, alice), reloaded(other, bob)

    assert [other.decrypt(message, now, draw) for message in missing[-3:]] == [
        b"late 9",
        b"late 10",
        b"late 11",
    ]


def test_a_damaged_state_is_named(pair, alice, now):
    one, other = pair
    one.encrypt(b"lost", now, draw)
    exchange(one, other, now)
    exchange(other, one, now)
    state = one.encode()

    for size in range(0, len(state), 7):
        with pytest.raises(Refused):
            Channel.decode(state[:size], alice.device.hybrid)
    with pytest.raises(Refused, match="trailing"):
        Channel.decode(state + b"\0", alice.device.hybrid)
    for place in (0, 1, 2):
        with pytest.raises(Refused):
            Channel.decode(state[:place] + b"\xff" + state[place + 1 :], alice.device.hybrid)


def test_a_state_with_any_byte_changed_is_refused_or_is_another_state(pair, alice, now):
    one, other = pair
    exchange(other, one, now)
    other.encrypt(b"lost", now, draw)
    exchange(other, one, now)
    state = one.encode()

    for place in (*range(300), *range(300, len(state), 37), *range(len(state) - 90, len(state))):
        changed = state[:place] + bytes([state[place] ^ 0x81]) + state[place + 1 :]
        try:
            channel = Channel.decode(changed, alice.device.hybrid)
        except Refused:
            continue
        assert channel.encode() == changed


def test_a_text_has_a_largest_size(pair, now):
    one, other = pair
    exchange(one, other, now, bytes(one.room()))

    with pytest.raises(Refused, match="too long"):
        one.encrypt(bytes(one.room() + 1), now, draw)


def test_sizes_are_buckets_and_say_nothing_of_the_text(pair, now):
    one, other = pair
    exchange(one, other, now)
    smallest = len(one.encrypt(b"", now, draw))

    for size in (1, 100, 500):
        assert len(one.encrypt(bytes(size), now, draw)) == smallest
    for size in (5_000, 50_000, 200_000):
        message = one.encrypt(bytes(size), now, draw)
        assert len(message) == padding.bucket(len(message))


def test_padding_beyond_the_least_bucket_is_refused(settled, now, monkeypatch):
    one, other = settled(FULL)
    with monkeypatch.context() as patched:
        patched.setattr(padding, "bucket", lambda size: 65_536)
        message = one.encrypt(b"text", now, draw)

    with pytest.raises(Refused, match="padded too far"):
        other.decrypt(message, now, draw)


def test_padding_says_nothing(settled, now, monkeypatch):
    one, other = settled(FULL)
    with monkeypatch.context() as patched:
        patched.setattr(type(one._turns), "load", lambda self, room, _: (b"\1" * room, self))
        message = one.encrypt(b"text", now, draw)

    with pytest.raises(Refused, match="not zeros"):
        other.decrypt(message, now, draw)


def test_an_observer_sees_neither_counters_nor_keys(pair, now):
    """No window of eight bytes comes twice in what travels, though each header has the step."""
    one, other = pair
    seen = Counter()
    for _ in range(6):
        for _ in range(3):
            message = one.encrypt(b"the same text", now, draw)
            seen.update(message[at : at + 8] for at in range(len(message) - 7))
            other.decrypt(message, now, draw)
        exchange(other, one, now)

    assert max(seen.values()) == 1


def test_what_travels_is_evenly_distributed(pair, now):
    """Chi-square over bytes: 255 degrees of freedom, and a bound that chance passes."""
    one, _ = pair
    data = b"".join(one.encrypt(bytes(500), now, draw) for _ in range(60))
    expected = len(data) / 256

    statistic = sum((count - expected) ** 2 / expected for count in Counter(data).values())

    assert 130 < statistic < 420


def test_nothing_prints_a_secret(pair, now):
    one, _ = pair
    one.encrypt(b"text", now, draw)
    shown = repr(one) + repr(one._sending) + repr(one._receiving) + repr(one._turns)
    shown += repr(one._names)

    for secret in (one._root, one._sending.chain, one._receiving.chain, one.send_mailbox):
        assert repr(secret) not in shown
