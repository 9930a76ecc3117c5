"""Published keys verify themselves, and the secrets behind them come and go on time."""

import random

import pytest

from node.codec import Refused
from node.identity import BUNDLE, CERTIFICATE, certify
from node.messaging import prekeys
from node.messaging.prekeys import (
    DAY,
    KEPT_RETIRED,
    ONE_TIME,
    ONE_TIME_LIFE,
    RECORD_LIFE,
    ROTATION,
    SEEN_MAX,
    USED_LIFE,
    Prekeys,
    PublishedKeys,
    open_record,
    seal_record,
)

draw = random.Random(3).randbytes


@pytest.fixture(scope="module")
def own(bob):
    return bob.prekeys()


@pytest.fixture(scope="module")
def record(bob, own):
    return bob.record(own)


def test_a_record_tells_all_that_an_initiator_needs(bob, own, record, now):
    published = PublishedKeys.decode(record, bob.account.account_id, now)

    assert published.account_id == bob.account.account_id
    assert published.certificate.device == bob.device.public
    assert published.inbox == bob.inbox
    assert len(published.one_time) == ONE_TIME
    for other in (*published.one_time, published.last_resort):
        signed_key, other_key = own.find(published.signed.id, other.id, now)
        assert signed_key.public == published.signed.public
        assert other_key.public == other.public


def test_a_record_is_for_one_account(alice, record, now):
    with pytest.raises(Refused, match="another account"):
        PublishedKeys.decode(record, alice.account.account_id, now)


def test_a_record_is_good_for_two_weeks(bob, record, now):
    account = bob.account.account_id
    made = now - now % 300_000

    PublishedKeys.decode(record, account, made + RECORD_LIFE - 1)
    PublishedKeys.decode(record, account, made)
    with pytest.raises(Refused, match="not of these days"):
        PublishedKeys.decode(record, account, made + RECORD_LIFE)
    with pytest.raises(Refused, match="not of these days"):
        PublishedKeys.decode(record, account, made - DAY - 1)


def test_a_certificate_that_has_lapsed_is_refused(bob, own, now):
    past = certify(bob.account, bob.device.public, 1, now // DAY - 10, 10)
    record = own.record(bob.party.bundle, past, bob.device, bob.inbox, now)

    with pytest.raises(Refused, match="not of these days"):
        PublishedKeys.decode(record, bob.account.account_id, now)


def test_a_device_without_its_accounts_word_is_refused(alice, bob, own, now):
    foreign = certify(alice.account, bob.device.public, 1, now // DAY)
    record = own.record(bob.party.bundle, foreign, bob.device, bob.inbox, now)

    with pytest.raises(Refused, match="another account"):
        PublishedKeys.decode(record, bob.account.account_id, now)


def test_prekeys_of_another_device_are_refused(alice, bob, own, now):
    party = bob.party
    record = own.record(party.bundle, party.certificate, alice.device, bob.inbox, now)

    with pytest.raises(Refused, match="not signed by its device"):
        PublishedKeys.decode(record, bob.account.account_id, now)


def test_a_flipped_bit_anywhere_is_refused(bob, record, now):
    edges, at = [0], 0
    for size in (1, BUNDLE, CERTIFICATE, 8, 1600, 1600, 2592, 1, *[1600] * ONE_TIME, 4627):
        at += size
        edges += [at - size // 2 - 1, at - 1]
    assert at == len(record)

    for place in edges:
        forged = bytearray(record)
        forged[place] ^= 0x04
        with pytest.raises(Refused):
            PublishedKeys.decode(bytes(forged), bob.account.account_id, now)


def test_every_cut_of_a_record_is_refused(bob, record, now):
    for size in range(0, len(record), 11):
        with pytest.raises(Refused, match="too short"):
            PublishedKeys.decode(record[:size], bob.account.account_id, now)
    with pytest.raises(Refused, match="trailing"):
        PublishedKeys.decode(record + b"\0", bob.account.account_id, now)


def test_a_sealed_record_has_one_size_and_opens_for_who_knows_the_account(alice, bob, record):
    account = bob.account.account_id
    sealed = seal_record(account, record, draw)

    assert len(sealed) == 65_536
    assert open_record(account, sealed) == record
    assert seal_record(account, record, draw) != sealed
    with pytest.raises(Refused, match="not authentic"):
        open_record(alice.account.account_id, sealed)
    for place in (0, 23, 24, 40_000, 65_535):
        forged = bytearray(sealed)
        forged[place] ^= 1
        with pytest.raises(Refused, match="not authentic"):
            open_record(account, bytes(forged))
    for size in (0, 24, 65_535):
        with pytest.raises(Refused, match="wrong size"):
            open_record(account, sealed[:size])


def test_the_holder_of_a_sealed_record_reads_no_id_in_it(bob, record):
    sealed = seal_record(bob.account.account_id, record, draw)

    for known in (bob.account.account_id, bob.device.hybrid.public, bob.inbox[:32]):
        assert known not in sealed


def test_the_signed_prekey_turns_weekly_and_is_kept_three_weeks_more(bob, now):
    keys = Prekeys.create(now, draw)
    first = bob.published(keys)

    assert not keys.tend(now + ROTATION - 1, draw)
    assert keys.tend(now + ROTATION, draw)
    second = bob.published(keys, now + ROTATION)
    assert second.signed.id != first.signed.id
    assert second.last_resort.id != first.last_resort.id
    assert second.one_time == first.one_time
    keys.tend(now + ROTATION + KEPT_RETIRED - 1, draw)
    keys.find(first.signed.id, first.last_resort.id, now)
    keys.tend(now + ROTATION + KEPT_RETIRED, draw)
    with pytest.raises(Refused, match="not known"):
        keys.find(first.signed.id, first.last_resort.id, now)


def test_a_device_that_was_away_still_opens_what_waited(bob, now):
    """Nothing is retired before the device is back, so nothing is dropped either."""
    keys = Prekeys.create(now, draw)
    first = bob.published(keys)

    assert keys.tend(now + 60 * DAY, draw)
    keys.find(first.signed.id, first.one_time[0].id, now)


def test_one_time_keys_are_used_once_and_made_anew(bob, now):
    keys = Prekeys.create(now, draw)
    first = bob.published(keys)
    used = first.one_time[3].id

    keys.check_unseen(used, bytes(32))
    keys.consume(used, bytes(32), now)
    keys.find(first.signed.id, used, now + USED_LIFE - 1)
    with pytest.raises(Refused, match="seen before"):
        keys.check_unseen(used, bytes(32))
    with pytest.raises(Refused, match="used already"):
        keys.find(first.signed.id, used, now + USED_LIFE)
    assert keys.tend(now, draw)
    second = bob.published(keys)
    assert not keys.tend(now + USED_LIFE - 1, draw)
    assert keys.tend(now + USED_LIFE, draw)  # so that it is erased from the store too
    assert used not in keys._keys
    assert not keys._seen
    assert len(second.one_time) == ONE_TIME
    assert {one.id for one in first.one_time} - {one.id for one in second.one_time} == {used}


def test_one_time_keys_that_nobody_used_are_replaced(bob, now):
    keys = Prekeys.create(now, draw)
    first = bob.published(keys)
    for week in range(1, 5):
        keys.tend(now + week * ROTATION, draw)
    second = bob.published(keys, now + ONE_TIME_LIFE)

    assert not {one.id for one in first.one_time} & {one.id for one in second.one_time}
    keys.find(second.signed.id, first.one_time[0].id, now)


def test_the_number_of_keys_is_bounded_whatever_the_clock_does(now):
    keys, clock = Prekeys.create(now, draw), random.Random(4)
    for _ in range(40):
        keys.tend(now + clock.randrange(-400, 400) * DAY, draw)
        assert len(keys._keys) <= prekeys.KEYS_MAX
        assert len(keys._live(prekeys.SIGNED)) == len(keys._live(prekeys.LAST_RESORT)) == 1
        assert len(keys._live(prekeys.SINGLE)) == ONE_TIME


def test_a_used_key_does_not_stay_because_the_clock_was_wrong(bob, now):
    keys = Prekeys.create(now, draw)
    first = bob.published(keys)
    keys.consume(first.one_time[0].id, draw(32), now + 1000 * DAY)

    with pytest.raises(Refused, match="used already"):
        keys.find(first.signed.id, first.one_time[0].id, now)
    assert keys.tend(now, draw)
    assert first.one_time[0].id not in keys._keys


def test_a_flood_of_first_messages_costs_no_key_that_others_wait_for(bob, now):
    keys = Prekeys.create(now, draw)
    first = bob.published(keys)
    keys.tend(now + ROTATION, draw)
    for _ in range(20):
        for one in bob.published(keys, now + ROTATION).one_time:
            keys.consume(one.id, draw(32), now + ROTATION)
        keys.tend(now + ROTATION, draw)
        assert len(keys._keys) <= prekeys.KEYS_MAX

    keys.find(first.signed.id, first.last_resort.id, now + ROTATION)


def test_first_messages_for_the_last_resort_are_remembered_and_bounded(bob, now):
    keys = Prekeys.create(now, draw)
    last = bob.published(keys).last_resort.id
    digest = draw(32)
    keys.check_unseen(last, digest)
    keys.consume(last, digest, now)

    with pytest.raises(Refused, match="seen before"):
        keys.check_unseen(last, digest)
    for _ in range(SEEN_MAX - 1):
        keys.consume(last, draw(32), now)
    with pytest.raises(Refused, match="too many"):
        keys.check_unseen(last, draw(32))
    assert Prekeys.decode(keys.encode()).encode() == keys.encode()
    keys.tend(now + ROTATION, draw)
    keys.tend(now + ROTATION + KEPT_RETIRED, draw)
    assert not keys._seen


def test_a_signed_prekey_is_no_one_time_key(bob, now):
    keys = Prekeys.create(now, draw)
    published = bob.published(keys)
    signed, single = published.signed.id, published.one_time[0].id

    for pair in ((signed, signed), (single, single), (single, signed)):
        with pytest.raises(Refused, match="another kind"):
            keys.find(*pair, now)


def test_the_state_survives_the_store(own):
    assert Prekeys.decode(own.encode()).encode() == own.encode()


def test_a_damaged_state_is_refused(own):
    state = own.encode()

    for size in (*range(0, 400, 13), len(state) - 1):
        with pytest.raises(Refused):
            Prekeys.decode(state[:size])
    for place, value in ((0, 9), (1, 0xFF), (2, 1), (3, 7), (len(state) - 1, 0xFF)):
        with pytest.raises(Refused):
            Prekeys.decode(state[:place] + bytes([value]) + state[place + 1 :])
    with pytest.raises(Refused):
        Prekeys.decode(state + b"\0")


def test_a_state_with_any_byte_changed_is_refused_or_is_another_state(own):
    state = own.encode()

    for place in range(0, len(state), 61):
        changed = state[:place] + bytes([state[place] ^ 0x81]) + state[place + 1 :]
        try:
            keys = Prekeys.decode(changed)
        except Refused:
            continue
        assert keys.encode() == changed


def test_secrets_are_not_shown(own):
    key = next(iter(own._keys.values()))

    assert repr(key.seed) not in repr(key) + repr(own)
