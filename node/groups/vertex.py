"""One change of a group: a signed vertex of the graph, and its only encoding.

A vertex shows its author. It leaves a device inside the group's encryption or a pairwise channel.
Key and signature stand beside what is hashed, so that an old vertex can be kept without them.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from itertools import pairwise

from ..codec import Reader, Refused, sized, u8, u16
from ..crypto import HYBRID_PUBLIC, SIGNATURE, SIGNING_PUBLIC, SigningKey, sha3_256, verify
from ..mesh.vertex import ID, SIGNED, Content, content_id, read_content
from ..padding import coarse

VERSION = 1
PARENTS_MAX = 32
MEMBERS_MAX = 200  # a rekey costs 1.7 KB for each: beyond, it is no group but a broadcast
NAME_MAX = 64
VERTEX_MAX = 900_000

_HAS_KEY, _HAS_SIGNATURE = 1, 2


class Kind(IntEnum):
    """What a change does."""

    CREATE = 0
    ADD = 1
    REMOVE = 2
    ROTATE = 3
    ACK = 4
    GRANT = 5
    REVOKE = 6
    LEAVE = 7


SEEDING = frozenset({Kind.CREATE, Kind.ADD, Kind.REMOVE, Kind.ROTATE})
"""Kinds that bring a seed of keys to everyone who is a member after them."""
KEYING = frozenset({Kind.ADD, Kind.REMOVE, Kind.ROTATE, Kind.ACK})
"""Kinds by which the author changes the key that seeds for him are sealed to."""
ADMINS_ONLY = frozenset({Kind.ADD, Kind.REMOVE, Kind.GRANT, Kind.REVOKE})
WITH_CARDS = frozenset({Kind.CREATE, Kind.ADD})
WITH_SUBJECTS = frozenset({Kind.REMOVE, Kind.GRANT, Kind.REVOKE})
CHANGING = frozenset(Kind) - {Kind.ROTATE, Kind.ACK}
"""Kinds that who is a member, or an admin, depends on."""


@dataclass(frozen=True, slots=True)
class Card:
    """A member of one group: the key he signs with there, and his first key for seeds."""

    signing: bytes
    hybrid: bytes
    pseudonym: bytes = field(init=False)  # the name that the group knows him by

    def __post_init__(self) -> None:
        object.__setattr__(self, "pseudonym", sha3_256(self.signing))

    def encode(self) -> bytes:
        """Return both keys."""
        return self.signing + self.hybrid

    @classmethod
    def read(cls, reader: Reader) -> "Card":
        """Take a card off a reader."""
        return cls(reader.take(SIGNING_PUBLIC), reader.take(HYBRID_PUBLIC))


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The payload of a vertex; which fields there are follows from its kind."""

    kind: Kind
    nonce: bytes = b""  # of a creation: makes the group's id unlike any other
    name: str = ""  # of a creation
    commitment: bytes = b""  # to the seed: everyone who opens one sees that it is the same
    key: bytes = b""  # the SHA3-256 of the author's next key for seeds
    cards: tuple[Card, ...] = ()
    subjects: tuple[bytes, ...] = ()

    def encode(self) -> bytes:
        """Return the payload."""
        parts = [u8(self.kind)]
        if self.kind == Kind.CREATE:
            parts += [self.nonce, sized(self.name.encode())]
        if self.kind in SEEDING:
            parts.append(self.commitment)
        if self.kind in KEYING:
            parts.append(self.key)
        if self.kind in WITH_CARDS:
            parts += [u16(len(self.cards)), *(card.encode() for card in self.cards)]
        if self.kind in WITH_SUBJECTS:
            parts += [u16(len(self.subjects)), *self.subjects]
        return b"".join(parts)

    @classmethod
    def decode(cls, payload: bytes) -> "Change":
        """Read a payload."""
        reader = Reader(payload)
        kind = _kind(reader.u8())
        created = kind == Kind.CREATE
        change = cls(
            kind=kind,
            nonce=reader.take(ID) if created else b"",
            name=_name(reader.sized(NAME_MAX)) if created else "",
            commitment=reader.take(ID) if kind in SEEDING else b"",
            key=reader.take(ID) if kind in KEYING else b"",
            cards=_cards(reader) if kind in WITH_CARDS else (),
            subjects=_subjects(reader) if kind in WITH_SUBJECTS else (),
        )
        reader.end()
        return change


@dataclass(frozen=True, slots=True, kw_only=True)
class Vertex:
    """A change with its place in the graph."""

    parents: tuple[bytes, ...]
    lamport: int
    time: int  # milliseconds of five minutes: to show, never to order by
    author: bytes
    change: Change
    id: bytes
    body: bytes  # what the id is the hash of
    hybrid: bytes = b""  # the key that the change names
    signature: bytes = b""

    @property
    def encoded(self) -> bytes:
        """Return the vertex with all there is of it."""
        parts = bool(self.hybrid) * _HAS_KEY | bool(self.signature) * _HAS_SIGNATURE
        return u8(VERSION) + self.body + u8(parts) + self.hybrid + self.signature

    @property
    def is_whole(self) -> bool:
        """Return whether nothing was left out."""
        return bool(self.signature) and bool(self.hybrid) == (self.change.kind in KEYING)

    def signed_by(self, signing: bytes) -> bool:
        """Return whether the holder of this key signed it."""
        return verify(signing, self.id, self.signature, SIGNED)


def make_vertex(
    key: SigningKey,
    parents: tuple[bytes, ...],
    lamport: int,
    now: int,
    change: Change,
    hybrid: bytes = b"",
) -> Vertex:
    """Sign a change; with it goes the key that it names."""
    body = Content(
        parents=tuple(sorted(parents)),
        lamport=lamport,
        time=coarse(now),
        author=sha3_256(key.public),
        payload=change.encode(),
    ).encode()
    parts = u8(bool(hybrid) * _HAS_KEY | _HAS_SIGNATURE)
    signature = key.sign(content_id(body), SIGNED)
    return decode_vertex(u8(VERSION) + body + parts + hybrid + signature)


def decode_vertex(data: bytes) -> Vertex:
    """Read a vertex; whether the author signed it, and might, is for the history to say."""
    if len(data) > VERTEX_MAX:
        raise Refused("groups: vertex too long")
    reader = Reader(data)
    if reader.u8() != VERSION:
        raise Refused("groups: unknown version of a vertex")
    content = read_content(reader, PARENTS_MAX, VERTEX_MAX)
    change = Change.decode(content.payload)
    body = data[1 : len(data) - len(reader)]
    hybrid, signature = _attached(reader, change)
    if (change.kind == Kind.CREATE) != (not content.parents):
        raise Refused("groups: only a creation has no parents")
    return Vertex(
        parents=content.parents,
        lamport=content.lamport,
        time=content.time,
        author=content.author,
        change=change,
        id=content_id(body),
        body=body,
        hybrid=hybrid,
        signature=signature,
    )


def _attached(reader: Reader, change: Change) -> tuple[bytes, bytes]:
    """Return the key that the change names and the signature, as far as they are there."""
    parts = reader.u8()
    if parts & ~(_HAS_KEY | _HAS_SIGNATURE) or (parts & _HAS_KEY and change.kind not in KEYING):
        raise Refused("groups: unknown part of a vertex")
    hybrid = reader.take(HYBRID_PUBLIC) if parts & _HAS_KEY else b""
    signature = reader.take(SIGNATURE) if parts & _HAS_SIGNATURE else b""
    reader.end()
    if hybrid and sha3_256(hybrid) != change.key:
        raise Refused("groups: another key than the vertex names")
    return hybrid, signature


def _kind(number: int) -> Kind:
    try:
        return Kind(number)
    except ValueError:
        raise Refused("groups: unknown kind of change") from None


def _name(data: bytes) -> str:
    try:
        name = data.decode()
    except UnicodeDecodeError:
        raise Refused("groups: name is no text") from None
    if not name.isprintable():
        raise Refused("groups: name is no text")
    return name


def _cards(reader: Reader) -> tuple[Card, ...]:
    cards = tuple(Card.read(reader) for _ in range(_count(reader)))
    _ascending(tuple(card.pseudonym for card in cards), "groups: members out of order")
    return cards


def _subjects(reader: Reader) -> tuple[bytes, ...]:
    subjects = tuple(reader.take(ID) for _ in range(_count(reader)))
    _ascending(subjects, "groups: members out of order")
    return subjects


def _count(reader: Reader) -> int:
    count = reader.u16()
    if not 0 < count <= MEMBERS_MAX:
        raise Refused("groups: too many members, or none")
    return count


def _ascending(names: tuple[bytes, ...], reason: str) -> None:
    if any(a >= b for a, b in pairwise(names)):
        raise Refused(reason)
