"""What is stored: records that their signer answers for, each under a key that says who may.

Kinds differ in whose records a key takes. An owner's key is a hash of the owner's own, so nobody
else can write there. At the others many sign: the reader judges, by a seal that only those who
know the session's id can make, by a proof from the chain's registry, or by asking the node itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from ..codec import Reader, Refused, sized, u8, u64
from ..crypto import (
    LONG_NONCE,
    SIGNATURE,
    SIGNING_PUBLIC,
    Random,
    SigningKey,
    hkdf,
    seal,
    sha256,
    unseal,
    verify,
)
from ..identity import peer_id_of
from .contacts import ID, Contact, read_addresses, write_addresses

VERSION = 1
CONTEXT = b"pars/dht-record/v1"
RECORD_MAX = 8 << 10
LIFE_SECONDS = 3_600  # from the moment that it is received
PER_KEY_MAX = 64
_HEAD = 1 + 1 + ID + 8 + 4  # version, kind, key, sequence, length of the payload
PAYLOAD_MAX = RECORD_MAX - _HEAD - SIGNING_PUBLIC - SIGNATURE

DESTINATION = 32
EPOCH_MS = 6 * 3_600_000
SKEW_MS = 3_600_000  # by which clocks may differ
PROOF_MAX = 512


class Kind(IntEnum):
    """Whose a key is, and what its records say."""

    OWNED = 0
    PRESENCE = 1
    VALIDATOR = 2
    PROVIDER = 3


@dataclass(frozen=True, slots=True)
class Record:
    """A record that was read. Of one signer, the highest sequence is the one that counts."""

    kind: Kind
    key: bytes
    sequence: int
    payload: bytes
    public: bytes = field(repr=False)
    raw: bytes = field(repr=False)

    @property
    def signer(self) -> bytes:
        """Who signed, short."""
        return sha256(self.public)

    @property
    def digest(self) -> bytes:
        """What tells two records apart. It leaves the signature out, which may be another one."""
        return sha256(self.raw[:-SIGNATURE])


def sign_record(kind: Kind, key: bytes, sequence: int, payload: bytes, signer: SigningKey) -> bytes:
    """Return a record."""
    if len(payload) > PAYLOAD_MAX:
        raise ValueError("a record's payload is too long")
    signed = u8(VERSION) + u8(kind) + key + u64(sequence) + sized(payload) + signer.public
    return signed + signer.sign(signed, CONTEXT)


def read_record(data: bytes) -> Record:
    """Read a record and check whose key it is under; its signature is another question."""
    if len(data) > RECORD_MAX:
        raise Refused("dht: record too long")
    reader = Reader(data)
    if reader.u8() != VERSION:
        raise Refused("dht: unknown version of a record")
    number = reader.u8()
    if number >= len(Kind):
        raise Refused("dht: unknown kind of record")
    key, sequence, payload = reader.take(ID), reader.u64(), reader.sized(PAYLOAD_MAX)
    public = reader.take(SIGNING_PUBLIC)
    reader.take(SIGNATURE)
    reader.end()
    kind = Kind(number)
    if kind is Kind.OWNED and key != owned_key(public):
        raise Refused("dht: another's key")
    if kind is Kind.PRESENCE and len(payload) != PRESENCE_SIZE:
        raise Refused("dht: wrong length of a presence")
    if kind is Kind.VALIDATOR and key != validators_key(_read_validator(payload, public).chain_id):
        raise Refused("dht: validator of another chain")
    if kind is Kind.PROVIDER:
        _provider_addresses(payload)
    return Record(kind, key, sequence, payload, public, data)


def is_signed(record: Record) -> bool:
    """Return whether the holder of its key signed the record."""
    return verify(record.public, record.raw[:-SIGNATURE], record.raw[-SIGNATURE:], CONTEXT)


def owned_key(public: bytes) -> bytes:
    """Return the key at which only the holder of this one writes."""
    return sha256(b"pars/dht-owned/v1", public)


# --- Presence -------------------------------------------------------------------------------

PRESENCE_SIZE = LONG_NONCE + DESTINATION + 16


@dataclass(frozen=True, slots=True)
class Presence:
    """A participant of a session: a name at which to leave word, never an address."""

    destination: bytes
    public: bytes = field(repr=False)


def presence_epoch(now: int) -> int:
    """Return the six hours for which a session's key stays the same."""
    return now // EPOCH_MS


def presence_epochs(now: int) -> list[int]:
    """Return the epochs in which somebody may have announced, whose clock is an hour off."""
    return sorted({presence_epoch(max(0, now + skew)) for skew in (-SKEW_MS, 0, SKEW_MS)})


def presence_key(session_id: bytes, epoch: int) -> bytes:
    """Return where a session's participants announce: the seed's SHA-256 of its id, blinded."""
    return sha256(b"pars/dht-presence-key/v1", sha256(session_id), u64(epoch))


def make_presence(
    session_id: bytes, destination: bytes, signer: SigningKey, now: int, random: Random
) -> bytes:
    """Return the record of a participant, under a key of its own for this session."""
    if len(destination) != DESTINATION:
        raise ValueError(f"a destination is a name of {DESTINATION} bytes")
    epoch = presence_epoch(now)
    key, nonce = presence_key(session_id, epoch), random(LONG_NONCE)
    sealed = seal(_presence_seal(session_id, epoch), nonce, destination, key + signer.public)
    return sign_record(Kind.PRESENCE, key, now, nonce + sealed, signer)


def open_presence(session_id: bytes, epoch: int, record: Record) -> Presence:
    """Return what a participant announced; `Refused` where it is none of the session's."""
    nonce, sealed = record.payload[:LONG_NONCE], record.payload[LONG_NONCE:]
    data = record.key + record.public
    destination = unseal(_presence_seal(session_id, epoch), nonce, sealed, data)
    return Presence(destination, record.public)


def _presence_seal(session_id: bytes, epoch: int) -> bytes:
    return hkdf(session_id, b"pars/dht-presence-seal/v1", u64(epoch))


# --- Validators -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Validator:
    """A validator of a chain, the node that answers for it, and what proves its registration."""

    chain_id: int
    address: bytes
    contact: Contact
    proof: bytes
    public: bytes = field(repr=False, default=b"")


Prove = Callable[[Validator], bool]
"""Ask the chain, or a proof from it, whether a validator is registered under its key."""


def validators_key(chain_id: int) -> bytes:
    """Return where the validators of a chain announce."""
    return sha256(b"pars/dht-validators/v1", u64(chain_id))


def make_validator(validator: Validator, signer: SigningKey, now: int) -> bytes:
    """Return the record of a validator, signed by the key that its registration names."""
    if len(validator.proof) > PROOF_MAX:
        raise ValueError("a proof of registration is too long")
    contact = validator.contact
    payload = u64(validator.chain_id) + validator.address + contact.peer_id
    payload += write_addresses(contact.addresses) + sized(validator.proof)
    return sign_record(Kind.VALIDATOR, validators_key(validator.chain_id), now, payload, signer)


def open_validator(record: Record) -> Validator:
    """Return what a validator's record says."""
    return _read_validator(record.payload, record.public)


def _read_validator(payload: bytes, public: bytes) -> Validator:
    reader = Reader(payload)
    chain_id, address, peer_id = reader.u64(), reader.take(20), reader.take(ID)
    addresses, proof = read_addresses(reader), reader.sized(PROOF_MAX)
    reader.end()
    return Validator(chain_id, address, Contact(peer_id, addresses), proof, public)


# --- Providers of content -------------------------------------------------------------------


def content_key(content_id: bytes) -> bytes:
    """Return where a content's providers announce: who stores there does not learn its id."""
    return sha256(b"pars/dht-content/v1", content_id)


def make_provider(
    content_id: bytes, addresses: tuple[bytes, ...], signer: SigningKey, now: int
) -> bytes:
    """Return the record of a node that has a content, signed by the node's own key."""
    payload = write_addresses(addresses)
    return sign_record(Kind.PROVIDER, content_key(content_id), now, payload, signer)


def open_provider(record: Record) -> Contact:
    """Return the node that has the content; the signature proves that it says so itself."""
    return Contact(peer_id_of(record.public), _provider_addresses(record.payload))


def _provider_addresses(payload: bytes) -> tuple[bytes, ...]:
    reader = Reader(payload)
    addresses = read_addresses(reader)
    reader.end()
    return addresses
