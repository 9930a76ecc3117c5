"""Coming into a group: a newcomer's keys, an admin's invite, and telling who one is.

An invite is authentic to the one admin who made it, who alone redeems it and once: a code instead
of a signature makes it short enough for a QR code and proves to nobody else who invited.
"""

from dataclasses import dataclass, field

from ..codec import Reader, Refused, u8, u64
from ..crypto import (
    HYBRID_CIPHERTEXT,
    HYBRID_SEED,
    KEY,
    HybridKey,
    Random,
    SigningKey,
    decapsulate,
    encapsulate,
    equal,
    mac,
)
from ..mesh.vertex import ID
from .epochs import KEY_NAME, key_name
from .vertex import Card

NONCE = 16
INVITE = 1 + ID + NONCE + 8 + KEY
CHALLENGE = KEY_NAME + HYBRID_CIPHERTEXT

_VERSION = 1
_WHO = b"pars/group-who/v1"


@dataclass(frozen=True, slots=True)
class Candidate:
    """The secrets of one who is about to join: fresh for every group, bound to no account."""

    signing: SigningKey = field(repr=False)
    hybrid: HybridKey = field(repr=False)

    @classmethod
    def make(cls, random: Random) -> "Candidate":
        """Draw the keys of a new pseudonym."""
        return cls.decode(random(KEY + HYBRID_SEED))

    @property
    def card(self) -> Card:
        """Return what the members are to know."""
        return Card(self.signing.public, self.hybrid.public)

    def encode(self) -> bytes:
        """Return the secrets, to be kept until the welcome comes."""
        return self.signing.seed + self.hybrid.seed

    @classmethod
    def decode(cls, data: bytes) -> "Candidate":
        """Read what `encode` wrote."""
        if len(data) != KEY + HYBRID_SEED:
            raise Refused("groups: malformed candidate")
        return cls(SigningKey.from_seed(data[:KEY]), HybridKey.from_seed(data[KEY:]))


@dataclass(frozen=True, slots=True)
class Invite:
    """A token that its maker redeems once."""

    group: bytes
    nonce: bytes = field(repr=False)
    expires: int  # milliseconds
    code: bytes = field(repr=False)

    @classmethod
    def make(cls, key: bytes, group: bytes, nonce: bytes, expires: int) -> "Invite":
        """Make an invite under an admin's own key."""
        return cls(group, nonce, expires, mac(key, _body(group, nonce, expires)))

    def made_with(self, key: bytes) -> bool:
        """Return whether the holder of this key made it."""
        return equal(self.code, mac(key, _body(self.group, self.nonce, self.expires)))

    def encode(self) -> bytes:
        """Return the 89 bytes of an invite."""
        return _body(self.group, self.nonce, self.expires) + self.code

    @classmethod
    def decode(cls, data: bytes) -> "Invite":
        """Read an invite."""
        reader = Reader(data)
        invite = cls.read(reader)
        reader.end()
        return invite

    @classmethod
    def read(cls, reader: Reader) -> "Invite":
        """Take an invite off a reader."""
        if reader.u8() != _VERSION:
            raise Refused("groups: unknown version of an invite")
        return cls(reader.take(ID), reader.take(NONCE), reader.u64(), reader.take(KEY))


def join_request(invite: Invite, card: Card) -> bytes:
    """Return what the invited one sends to the admin, over their own channel."""
    return invite.encode() + card.encode()


def read_join_request(data: bytes) -> tuple[Invite, Card]:
    """Read a request to join."""
    reader = Reader(data)
    invite, card = Invite.read(reader), Card.read(reader)
    reader.end()
    return invite, card


def ask_who(public: bytes, binding: bytes, random: Random) -> tuple[bytes, bytes]:
    """Return a challenge that only the holder of a key answers, and the answer.

    The binding names prover and asker, so nobody passes another's answer off as his own. Who asks
    could make the answer himself: it convinces nobody else.
    """
    name = key_name(public)
    secret, ciphertext = encapsulate(public, _WHO, name, random)
    return name + ciphertext, mac(secret, binding)


def answer_who(key: HybridKey, challenge: bytes, binding: bytes) -> bytes:
    """Return the answer to a challenge."""
    reader = Reader(challenge)
    name, ciphertext = reader.take(KEY_NAME), reader.take(HYBRID_CIPHERTEXT)
    reader.end()
    return mac(decapsulate(key, ciphertext, _WHO, name), binding)


def _body(group: bytes, nonce: bytes, expires: int) -> bytes:
    return u8(_VERSION) + group + nonce + u64(expires)
