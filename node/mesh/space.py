"""The keys of a space, what they seal, and how two nodes find out that both carry it.

Who has the carrier key checks, keeps and passes on; who has the secret reads and writes. The secret
gives the carrier key, never the other way round.
"""

from dataclasses import dataclass, field
from enum import IntEnum

from ..codec import Reader, Refused, sized, u8
from ..crypto import KEY, LONG_NONCE, TAG, Random, hkdf, mac, seal, sha256, unseal
from ..padding import BUCKETS, bucket, check_zeros
from .vertex import PAYLOAD_MAX

CARRIER = b"pars/mesh-carrier/v1"
PAYLOAD = b"pars/mesh-payload/v1"
TOPIC = b"pars/mesh-topic/v1"
BLINDED = b"pars/mesh-blinded/v1"

TOKEN = 32
_OVERHEAD = LONG_NONCE + TAG + 1 + 4
CONTENT_MAX = PAYLOAD_MAX - _OVERHEAD
"""Of what a member writes at once; longer things are several vertices, or files."""


class Kind(IntEnum):
    """What the payload of a vertex is, as its members see it."""

    CONTENT = 0
    MERGE = 1  # nothing but its parents: of more heads than one vertex can name
    CHECKPOINT = 2  # a hash of the state that everything before it comes to


@dataclass(frozen=True, slots=True)
class Keys:
    """A member's keys, from the secret."""

    secret: bytes = field(repr=False)
    carrier: bytes = field(init=False, repr=False)
    payload: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY:
            raise ValueError(f"a space's secret has {KEY} bytes")
        object.__setattr__(self, "carrier", carrier_of(self.secret))
        object.__setattr__(self, "payload", hkdf(self.secret, b"", PAYLOAD))

    def seal(self, kind: Kind, content: bytes, author: bytes, random: Random) -> bytes:
        """Seal what a member writes, in one of few sizes; only under this author it opens."""
        if len(content) > CONTENT_MAX:
            raise ValueError(f"a vertex holds at most {CONTENT_MAX} bytes")
        plain = u8(kind) + sized(content)
        size = bucket(len(plain) + LONG_NONCE + TAG) - LONG_NONCE - TAG
        nonce = random(LONG_NONCE)
        return nonce + seal(self.payload, nonce, plain.ljust(size, b"\0"), PAYLOAD + author)

    def open(self, payload: bytes, author: bytes) -> tuple[Kind, bytes]:
        """Return what a member wrote."""
        if len(payload) not in BUCKETS:
            raise Refused("mesh: payload of another size")
        nonce, sealed = payload[:LONG_NONCE], payload[LONG_NONCE:]
        reader = Reader(unseal(self.payload, nonce, sealed, PAYLOAD + author))
        kind, content = reader.u8(), reader.sized(CONTENT_MAX)
        check_zeros(reader.rest())
        if kind not in set(Kind):
            raise Refused("mesh: unknown kind of payload")
        return Kind(kind), content


def carrier_of(secret: bytes) -> bytes:
    """Return the key that whoever carries a space has."""
    return hkdf(secret, b"", CARRIER)


def topic_of(carrier: bytes) -> bytes:
    """Return the name of a space; it is told only to who has shown that he carries it."""
    return sha256(TOPIC, carrier)


def blinded(carrier: bytes, teller: bytes, hearer: bytes, nonce: bytes) -> bytes:
    """Return what a node tells another of one space: without the key it says nothing."""
    return mac(carrier, BLINDED + teller + hearer + nonce)
