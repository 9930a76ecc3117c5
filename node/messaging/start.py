"""How a channel begins: one message to a device that may be away, and nothing signed over it.

The initiator encapsulates to three keys of the other device: the one its account certifies, the
signed prekey and a one-time (or the last-resort) prekey. The secrets of all three make the root.
The responder is known by being able to open that. The initiator is known once it has opened the
responder's first answer, which encapsulates to the initiator's device as well: until a message
shows that it has, the channel is not `confirmed`. Whoever holds the responder's keys could have
written both sides of it all, so it proves nothing to others.

    first message = id of signed prekey | id of the other | three ciphertexts | nonce | sealed body
    body          = version | mode | bundle | certificate | ratchet key | length, text | zeros
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from .. import codec, crypto, padding
from ..codec import Reader, Refused
from ..crypto import (
    HYBRID_CIPHERTEXT,
    HYBRID_PUBLIC,
    HYBRID_SEED,
    KEY,
    LONG_NONCE,
    TAG,
    X25519_PUBLIC,
    HybridKey,
    Random,
)
from ..identity import BUNDLE, CERTIFICATE, AccountBundle, DeviceCertificate, DevicePublic
from .prekeys import DAY, PREKEY_ID, Prekeys, PublishedKeys
from .ratchet import Channel, Names, Receiving, Sending
from .sparse import SparseTurns
from .turns import FULL, SPARSE, FullTurns, Turns

VERSION = 1
FIRST_MESSAGE = padding.BUCKETS[-1]
"""All first messages have this size."""
CIPHERTEXTS = 3 * HYBRID_CIPHERTEXT
OUTER = 2 * PREKEY_ID + CIPHERTEXTS
BODY = FIRST_MESSAGE - OUTER - LONG_NONCE - TAG
TEXT_MAX = BODY - 2 - BUNDLE - CERTIFICATE - HYBRID_PUBLIC - 4

DEVICE_LABEL = b"pars/start-device/v1"
SIGNED_LABEL = b"pars/start-signed-prekey/v1"
OTHER_LABEL = b"pars/start-one-time-prekey/v1"
BODY_LABEL = b"pars/start-body/v1"
ROOT_LABEL = b"pars/start-root/v1"

RATCHET_KEY = {FULL: HYBRID_PUBLIC, SPARSE: X25519_PUBLIC}


class Party(NamedTuple):
    """Who begins or accepts: the account's bundle, its word for this device, the device's key."""

    bundle: bytes
    certificate: bytes
    device: HybridKey


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a first message brought."""

    channel: Channel
    account: AccountBundle
    certificate: DeviceCertificate
    text: bytes = field(repr=False)


def begin(
    own: Party,
    peer: PublishedKeys,
    text: bytes,
    random: Random,
    *,
    mode: int = FULL,
    last_resort: bool = False,
) -> tuple[Channel, bytes]:
    """Return a new channel, and the first message for the other's inbox, with a text in it.

    One-time keys are for whoever comes first. If its key has left the record and still no answer
    comes, begin again; `first_message[16:32]` is the id of that key.
    """
    if mode not in RATCHET_KEY:
        raise Refused("start: unknown mode")
    if len(text) > TEXT_MAX:
        raise Refused("start: text too long")
    device, target = peer.certificate.device, _responder(peer.account_id, peer.certificate.device)
    other = peer.last_resort
    if peer.one_time and not last_resort:
        other = peer.one_time[random(1)[0] % len(peer.one_time)]
    prekeys = ((device.hybrid, DEVICE_LABEL), (peer.signed.public, SIGNED_LABEL))
    secrets, outer = b"", peer.signed.id + other.id
    for public, label in (*prekeys, (other.public, OTHER_LABEL)):
        secret, ciphertext = crypto.encapsulate(public, label, target, random)
        secrets, outer = secrets + secret, outer + ciphertext
    turns, public = _first_turns(mode, random)
    front = codec.u8(VERSION) + codec.u8(mode) + own.bundle + own.certificate + public
    body = front + codec.sized(text)
    nonce = random(LONG_NONCE)
    sealed = crypto.seal(
        _body_key(secrets, target, outer), nonce, body + bytes(BODY - len(body)), outer
    )
    derived = _derive(secrets, target, outer, front)
    initiator = AccountBundle.decode(own.bundle).account_id
    channel = Channel(
        names=Names(derived.channel_id, initiator, peer.account_id, derived.there, derived.back),
        root=derived.root,
        turns=turns,
        sending=Sending(derived.header_key, derived.chain, b"", 0),
        receiving=None,
        next_send=derived.next_there,
        next_receive=derived.next_back,
        device=own.device,
    )
    return channel, outer + nonce + sealed


def accept(own: Party, prekeys: Prekeys, data: bytes, now: int, random: Random) -> Accepted:
    """Open a first message. Its one-time key is used then: store prekeys and channel together."""
    if len(data) != FIRST_MESSAGE:
        raise Refused("start: not the size of a first message")
    certificate = DeviceCertificate.decode(own.certificate)
    target = _responder(certificate.account_id, certificate.device)
    outer, digest = data[:OUTER], crypto.sha256(data)
    reader = Reader(data)
    signed_id, other_id = reader.take(PREKEY_ID), reader.take(PREKEY_ID)
    signed, other = prekeys.find(signed_id, other_id, now)
    prekeys.check_unseen(other_id, digest)
    secrets = b"".join(
        crypto.decapsulate(key, reader.take(HYBRID_CIPHERTEXT), label, target)
        for key, label in (
            (own.device, DEVICE_LABEL),
            (signed, SIGNED_LABEL),
            (other, OTHER_LABEL),
        )
    )
    nonce = reader.take(LONG_NONCE)
    body = crypto.unseal(_body_key(secrets, target, outer), nonce, reader.rest(), outer)
    opened = _open_body(body, now)
    _check_keys(opened, random)
    derived = _derive(secrets, target, outer, opened.front)
    peer = opened.account.account_id
    channel = Channel(
        names=Names(derived.channel_id, certificate.account_id, peer, derived.back, derived.there),
        root=derived.root,
        turns=_answering_turns(opened.mode, opened.ratchet_key),
        sending=None,
        receiving=Receiving(derived.header_key, derived.chain, 0),
        next_send=derived.next_back,
        next_receive=derived.next_there,
        device=own.device,
        peer_device=opened.certificate.device.hybrid,
    )
    prekeys.consume(other_id, digest, now)
    return Accepted(channel, opened.account, opened.certificate, opened.text)


# --- The first keys of either mode ----------------------------------------------------------


def _first_turns(mode: int, random: Random) -> tuple[Turns, bytes]:
    if mode == FULL:
        key = HybridKey.from_seed(random(HYBRID_SEED))
        return FullTurns(key, b""), key.public
    secret = random(KEY)
    return SparseTurns(secret, b"", initiator=True), crypto.x25519_public(secret)


def _answering_turns(mode: int, ratchet_key: bytes) -> Turns:
    if mode == FULL:
        return FullTurns(None, ratchet_key)
    return SparseTurns(b"", ratchet_key, initiator=False)


# --- The body -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Body:
    """What the sealed part of a first message says."""

    mode: int
    account: AccountBundle
    certificate: DeviceCertificate
    ratchet_key: bytes
    text: bytes = field(repr=False)
    front: bytes = field(repr=False)


def _open_body(body: bytes, now: int) -> Body:
    reader = Reader(body)
    if reader.u8() != VERSION:
        raise Refused("start: unknown version")
    mode = reader.u8()
    if mode not in RATCHET_KEY:
        raise Refused("start: unknown mode")
    bundle, certificate = reader.take(BUNDLE), DeviceCertificate.decode(reader.take(CERTIFICATE))
    ratchet_key = reader.take(RATCHET_KEY[mode])
    front = body[: BODY - len(reader)]
    text = reader.sized(TEXT_MAX)
    padding.check_zeros(reader.rest())
    account = AccountBundle.decode(bundle)
    certificate.check(account, now // DAY)
    return Body(mode, account, certificate, ratchet_key, text, front)


def _check_keys(opened: Body, random: Random) -> None:
    """Refuse keys that nobody can encapsulate to here, not when we want to answer."""
    crypto.encapsulate(opened.certificate.device.hybrid, DEVICE_LABEL, b"", random)
    if opened.mode == FULL:
        crypto.encapsulate(opened.ratchet_key, DEVICE_LABEL, b"", random)
    else:
        crypto.x25519(random(KEY), opened.ratchet_key)


# --- Keys -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, repr=False)
class Derived:
    """All that follows from the three secrets and what both sides have said."""

    root: bytes
    chain: bytes
    header_key: bytes
    next_there: bytes
    next_back: bytes
    channel_id: bytes
    there: bytes
    back: bytes


def _responder(account_id: bytes, device: DevicePublic) -> bytes:
    return crypto.sha256(b"pars/start-responder/v1", account_id, device.signing, device.hybrid)


def _body_key(secrets: bytes, target: bytes, outer: bytes) -> bytes:
    return crypto.hkdf(secrets, crypto.sha256(target, outer), BODY_LABEL)


def _derive(secrets: bytes, target: bytes, outer: bytes, front: bytes) -> Derived:
    """The salt is the transcript: both accounts, both devices, the prekeys, mode and keys."""
    salt = crypto.sha256(target, crypto.sha256(outer), crypto.sha256(front))
    keys = crypto.hkdf(secrets, salt, ROOT_LABEL, 8 * KEY)
    return Derived(*(keys[at : at + KEY] for at in range(0, len(keys), KEY)))
