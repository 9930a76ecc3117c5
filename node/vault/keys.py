"""Four levels of keys at rest: account, device, channel, message. A leak opens what is below it.

    account   32 bytes that certify devices; sealed under a password of their own
    device    32 bytes drawn on the device: no account and no other device leads to them
    channel   derived from the device and the channel's id
    message   derived from the channel and 32 drawn bytes, the message's salt

A message is deleted by deleting its salt: after the store has been shredded no key of any level
opens what was written under it, wherever a copy of that lies.
"""

from ..codec import Refused
from ..crypto import KEY, LONG_NONCE, TAG, Random, argon2id, hkdf_expand, seal, unseal
from .container import Cost

SEED = 32
SALT = 32
SEALED_SEED = SALT + LONG_NONCE + SEED + TAG

STORAGE_LABEL = b"pars/device-storage/v1"
CHANNEL_LABEL = b"pars/channel-storage/v1"
MESSAGE_LABEL = b"pars/message-storage/v1"
ACCOUNT_LABEL = b"pars/account-seed/v1"


def storage_key(device_seed: bytes) -> bytes:
    """Derive what a device keeps its channels under."""
    return _derived(device_seed, STORAGE_LABEL)


def channel_key(storage: bytes, channel_id: bytes) -> bytes:
    """Derive what one channel's messages are kept under."""
    return _derived(storage, CHANNEL_LABEL + channel_id)


def message_key(channel: bytes, salt: bytes) -> bytes:
    """Derive what one message is kept under."""
    if len(salt) != SALT:
        raise ValueError(f"a salt has {SALT} bytes")
    return _derived(channel, MESSAGE_LABEL + salt)


def seal_message(channel: bytes, body: bytes, random: Random) -> tuple[bytes, bytes]:
    """Return a salt, to be kept in the store, and the sealed body, to be kept anywhere."""
    salt = random(SALT)
    return salt, seal(message_key(channel, salt), bytes(LONG_NONCE), body)  # a key for one body


def open_message(channel: bytes, salt: bytes, sealed: bytes) -> bytes:
    """Return the body."""
    return unseal(message_key(channel, salt), bytes(LONG_NONCE), sealed)


def seal_account(seed: bytes, password: bytes, cost: Cost, random: Random) -> bytes:
    """Put an account's seed under a password of its own."""
    if len(seed) != SEED:
        raise ValueError(f"a seed has {SEED} bytes")
    salt, nonce = random(SALT), random(LONG_NONCE)
    return salt + nonce + seal(argon2id(password, salt, *cost), nonce, seed, ACCOUNT_LABEL)


def open_account(sealed: bytes, password: bytes, cost: Cost) -> bytes:
    """Return an account's seed."""
    if len(sealed) != SEALED_SEED:
        raise Refused("vault: sealed account of another size")
    salt, nonce = sealed[:SALT], sealed[SALT : SALT + LONG_NONCE]
    key = argon2id(password, salt, *cost)
    try:
        return unseal(key, nonce, sealed[SALT + LONG_NONCE :], ACCOUNT_LABEL)
    except Refused:
        raise Refused("vault: wrong password of the account") from None


def _derived(key: bytes, use: bytes) -> bytes:
    if len(key) != KEY:
        raise ValueError(f"a key has {KEY} bytes")
    return hkdf_expand(key, use)
