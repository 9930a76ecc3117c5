"""What the loss of a key opens, and what it does not."""

import pytest

from node.codec import Refused
from node.crypto import hkdf_expand, unseal
from node.identity import AccountKeys, DeviceKeys
from node.vault.contacts import (
    BLOB,
    CARD_MAX,
    contact_id,
    contact_ids,
    find_contact,
    forget_contact,
    keep_contact,
    open_card,
    seal_card,
)
from node.vault.keys import (
    SEALED_SEED,
    channel_key,
    message_key,
    open_account,
    open_message,
    seal_account,
    seal_message,
    storage_key,
)
from node.vault.store import Store

ACCOUNT, PHONE, LAPTOP, STRANGER = (bytes([number]) * 32 for number in (1, 2, 3, 4))
CHANNELS = (b"a" * 32, b"b" * 32)


def refusal(work):
    with pytest.raises(Refused) as refused:
        work()
    return refused.value.reason


@pytest.fixture
def messages(chance):
    """(device, channel, number) -> salt and sealed body; the salt of number 2 was deleted."""
    draw = chance(1)
    kept = {}
    for device in (PHONE, LAPTOP, STRANGER):
        for channel in CHANNELS:
            key = channel_key(storage_key(device), channel)
            for number in range(3):
                salt, sealed = seal_message(key, b"body %d" % number, draw)
                kept[device, channel, number] = None if number == 2 else salt, sealed
    return kept


def opens(key, sealed):
    try:
        unseal(key, bytes(24), sealed)
    except Refused:
        return False
    return True


def readable(messages, storage_keys, channel_keys, message_keys):
    """Return the messages that a thief opens who has all stored bytes and these keys."""
    below = [channel_key(key, name) for key in storage_keys for name in CHANNELS]
    opened = set()
    for name, (salt, sealed) in messages.items():
        keys = [*message_keys]
        if salt is not None:
            keys += [message_key(key, salt) for key in (*channel_keys, *below)]
        if any(opens(key, sealed) for key in keys):
            opened.add(name)
    return opened


def test_the_leak_matrix(messages):
    """Row by row: which messages open. Deleted ones are opened by nothing that is left."""
    phone = storage_key(PHONE)
    first = channel_key(phone, CHANNELS[0])
    salt, _ = messages[PHONE, CHANNELS[0], 0]
    rows = {
        # what leaked: (storage keys, channel keys, message keys) -> what opens
        "message": (([], [], [message_key(first, salt)]), {(PHONE, CHANNELS[0], 0)}),
        "channel": (([], [first], []), {(PHONE, CHANNELS[0], n) for n in (0, 1)}),
        "device": (([phone], [], []), {(PHONE, c, n) for c in CHANNELS for n in (0, 1)}),
        # The account's seed, used in every way a device's is, leads to no device.
        "account": (([ACCOUNT, storage_key(ACCOUNT)], [], []), set()),
    }
    for leak, (keys, expected) in rows.items():
        assert readable(messages, *keys) == expected, leak


def test_what_a_device_key_does_not_open(messages):
    """F-246, each in words: other devices, other users, deleted history, and the account."""
    opened = readable(messages, [storage_key(PHONE)], [], [])

    assert not {name for name in opened if name[0] == LAPTOP}
    assert not {name for name in opened if name[0] == STRANGER}
    assert not {name for name in opened if name[2] == 2}
    account = AccountKeys.from_seed(ACCOUNT)
    device = DeviceKeys.from_seed(PHONE)
    assert device.signing.public != account.signing.public
    assert AccountKeys.from_seed(PHONE).account_id != account.account_id


def test_levels_are_one_way_and_apart():
    """The derivations by hand, and no two keys alike."""
    storage = storage_key(PHONE)
    channel = channel_key(storage, CHANNELS[0])

    assert storage == hkdf_expand(PHONE, b"pars/device-storage/v1")
    assert channel == hkdf_expand(storage, b"pars/channel-storage/v1" + CHANNELS[0])
    assert message_key(channel, bytes(32)) == hkdf_expand(
        channel, b"pars/message-storage/v1" + bytes(32)
    )
    keys = [
        *(storage_key(seed) for seed in (PHONE, LAPTOP)),
        *(channel_key(storage_key(seed), name) for seed in (PHONE, LAPTOP) for name in CHANNELS),
        *(message_key(channel, bytes([salt]) * 32) for salt in range(3)),
        DeviceKeys.from_seed(PHONE).signing.seed,
        DeviceKeys.from_seed(PHONE).hybrid.seed[:32],
        PHONE,
    ]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_keys_have_one_size(size, cost, chance):
    for work in (
        lambda: storage_key(bytes(size)),
        lambda: channel_key(bytes(size), CHANNELS[0]),
        lambda: message_key(bytes(32), bytes(size)),
        lambda: seal_account(bytes(size), b"x", cost, chance(1)),
    ):
        with pytest.raises(ValueError, match="bytes"):
            work()


def test_a_message_opens_by_its_salt_only(chance):
    key = channel_key(storage_key(PHONE), CHANNELS[0])
    salt, sealed = seal_message(key, b"body", chance(1))

    assert open_message(key, salt, sealed) == b"body"
    for wrong in (bytes(32), salt[::-1]):
        assert (
            refusal(lambda wrong=wrong: open_message(key, wrong, sealed)) == "crypto: not authentic"
        )
    for place in range(len(sealed)):
        hit = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        assert refusal(lambda hit=hit: open_message(key, salt, hit)) == "crypto: not authentic"


def test_the_account_has_a_password_of_its_own(cost, chance):
    sealed = seal_account(ACCOUNT, b"pass", cost, chance(1))

    assert len(sealed) == SEALED_SEED
    assert open_account(sealed, b"pass", cost) == ACCOUNT
    wrong = "vault: wrong password of the account"
    assert refusal(lambda: open_account(sealed, b"Pass", cost)) == wrong
    for place in range(len(sealed)):
        hit = sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :]
        assert refusal(lambda hit=hit: open_account(hit, b"pass", cost)) == wrong
    for size in (0, SEALED_SEED - 1):
        short = sealed[:size]
        assert (
            refusal(lambda short=short: open_account(short, b"pass", cost))
            == "vault: sealed account of another size"
        )


def test_shredded_salts_are_in_no_copy_of_the_file(session, chance):
    """F-248: after deletion and shredding, the file and every key open the message no more."""
    channel = channel_key(storage_key(PHONE), CHANNELS[0])
    salt, sealed = seal_message(channel, b"for one hour", chance(1))
    session.store.commit({b"salt/1": salt})
    session.store.commit({b"salt/1": None})
    session.store.shred()
    again, _ = Store.open(session.disk, session.access, chance(2))
    raw = bytes(session.disk.content)

    assert again.get(b"salt/1") is None
    assert salt not in raw
    assert (
        open_message(channel, salt, sealed) == b"for one hour"
    )  # it was the salt that was missing


def test_a_seized_store_shows_hashes_and_blobs_of_one_size(session, chance):
    names = [b"", b"Mina", "سارا".encode(), bytes(CARD_MAX)]
    secrets = [bytes([number]) * 32 for number in range(len(names))]
    for secret, name in zip(secrets, names, strict=True):
        keep_contact(session.store, secret, name, chance(secret[0]))
    records = session.store.scan(b"contact/")

    assert {len(value) for _, value in records} == {BLOB}
    assert sorted(contact_ids(session.store)) == sorted(map(contact_id, secrets))
    shown = b"".join(key + value for key, value in records)
    assert [name for name in names[1:3] if name in shown] == []
    assert [find_contact(session.store, secret) for secret in secrets] == names
    assert find_contact(session.store, b"x" * 32) is None


def test_contacts_are_rewritten_and_forgotten(session, chance):
    keep_contact(session.store, PHONE, b"Mina", chance(1))
    keep_contact(session.store, PHONE, b"Mina B.", chance(2))
    assert find_contact(session.store, PHONE) == b"Mina B."
    forget_contact(session.store, PHONE)
    assert contact_ids(session.store) == []


def test_a_card_opens_by_its_secret_only(chance):
    blob = seal_card(PHONE, b"Mina", chance(1))

    assert refusal(lambda: open_card(LAPTOP, blob)) == "crypto: not authentic"
    for place in (0, 23, 24, 500, BLOB - 1):
        hit = blob[:place] + bytes([blob[place] ^ 1]) + blob[place + 1 :]
        assert refusal(lambda hit=hit: open_card(PHONE, hit)) == "crypto: not authentic"
    for wrong in (b"", blob[:-1], blob + b"\0"):
        assert (
            refusal(lambda wrong=wrong: open_card(PHONE, wrong)) == "vault: contact of another size"
        )
    assert (
        refusal(lambda: seal_card(PHONE, bytes(CARD_MAX + 1), chance(1)))
        == "vault: card of a contact is too long"
    )
