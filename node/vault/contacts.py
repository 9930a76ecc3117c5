"""Contacts as a seized store shows them: hashes, and blobs of one size.

A contact is known by a hash of a secret that both share, and what the user wrote about it is
sealed under that secret. Whoever has the store and not the secret learns how many there are.
"""

from ..codec import Reader, Refused, sized
from ..crypto import LONG_NONCE, TAG, Random, hkdf_expand, seal, sha256, unseal
from .store import Store

CARD_MAX = 1020  # with its length, a kibibyte
CONTACT_ID_LABEL = b"pars/contact-id/v1"
CONTACT_LABEL = b"pars/contact/v1"
CONTACT_PREFIX = b"contact/"
BLOB = LONG_NONCE + 4 + CARD_MAX + TAG


def contact_id(secret: bytes) -> bytes:
    """Return the hash that a contact goes by."""
    return sha256(CONTACT_ID_LABEL, secret)


def seal_card(secret: bytes, card: bytes, random: Random) -> bytes:
    """Return a name, or whatever was written about a contact, as a blob."""
    if len(card) > CARD_MAX:
        raise Refused("vault: card of a contact is too long")
    nonce, label = random(LONG_NONCE), CONTACT_LABEL + contact_id(secret)
    plain = sized(card).ljust(4 + CARD_MAX, b"\0")
    return nonce + seal(hkdf_expand(secret, CONTACT_LABEL), nonce, plain, label)


def open_card(secret: bytes, blob: bytes) -> bytes:
    """Return what was written about a contact."""
    if len(blob) != BLOB:
        raise Refused("vault: contact of another size")
    label = CONTACT_LABEL + contact_id(secret)
    key = hkdf_expand(secret, CONTACT_LABEL)
    reader = Reader(unseal(key, blob[:LONG_NONCE], blob[LONG_NONCE:], label))
    return reader.sized(CARD_MAX)


def keep_contact(store: Store, secret: bytes, card: bytes, random: Random) -> None:
    """Write or rewrite a contact."""
    store.commit({CONTACT_PREFIX + contact_id(secret): seal_card(secret, card, random)})


def find_contact(store: Store, secret: bytes) -> bytes | None:
    """Return the card of the contact that shares this secret."""
    blob = store.get(CONTACT_PREFIX + contact_id(secret))
    return None if blob is None else open_card(secret, blob)


def forget_contact(store: Store, secret: bytes) -> None:
    """Delete a contact."""
    store.commit({CONTACT_PREFIX + contact_id(secret): None})


def contact_ids(store: Store) -> list[bytes]:
    """Return what a store without secrets shows."""
    return [key.removeprefix(CONTACT_PREFIX) for key, _ in store.scan(CONTACT_PREFIX)]
