"""A vertex: a signed piece of a history, with the vertices that were there before it.

What is hashed and signed is one layout for every graph of the node; groups put their changes into
the same one. Key and signature stand beside it, so that they are not part of what the id says.
"""

from dataclasses import dataclass
from itertools import pairwise

from ..codec import Reader, Refused, sized, u8, u16, u64
from ..crypto import SIGNATURE, SIGNING_PUBLIC, SigningKey, sha3_256
from ..padding import TIME_STEP, coarse

ID = 32
LABEL = b"PARS:Vertex:v1"
SIGNED = b"pars/vertex/v1"
LAMPORT_MAX = 1 << 32

VERSION = 1
PARENTS_MAX = 32
PAYLOAD_MAX = 65_536
_WITHOUT_KEY, _WITH_KEY = 0, 1
# of the encoding: its version, a full list of parents, and all that stands beside the payload
VERTEX_MAX = 1 + 2 + PARENTS_MAX * ID + 48 + 4 + PAYLOAD_MAX + 1 + SIGNING_PUBLIC + SIGNATURE


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is hashed and signed."""

    parents: tuple[bytes, ...]  # in rising order
    lamport: int
    time: int  # milliseconds, of five minutes; 0 says nothing. To show, never to order by
    author: bytes  # SHA3-256 of the key that signs
    payload: bytes

    def encode(self) -> bytes:
        """Return it without its label."""
        return b"".join(
            [
                u16(len(self.parents)),
                *self.parents,
                u64(self.lamport),
                u64(self.time),
                self.author,
                sized(self.payload),
            ]
        )


def read_content(reader: Reader, parents_max: int, payload_max: int) -> Content:
    """Take content off a reader."""
    count = reader.u16()
    if count > parents_max:
        raise Refused("vertex: too many parents")
    parents = tuple(reader.take(ID) for _ in range(count))
    if any(first >= second for first, second in pairwise(parents)):
        raise Refused("vertex: parents out of order")
    lamport, time = reader.u64(), reader.u64()
    if lamport > LAMPORT_MAX:
        raise Refused("vertex: lamport out of range")
    if time % TIME_STEP:
        raise Refused("vertex: time too fine")
    author, payload = reader.take(ID), reader.sized(payload_max)
    return Content(parents=parents, lamport=lamport, time=time, author=author, payload=payload)


def content_id(encoded: bytes) -> bytes:
    """Return the id of encoded content."""
    return sha3_256(LABEL, encoded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vertex:
    """A vertex of a space, whose payload is sealed."""

    content: Content
    id: bytes
    signature: bytes
    key: bytes = b""  # the author's, in the first vertex of his

    @property
    def parents(self) -> tuple[bytes, ...]:
        """The vertices right before it."""
        return self.content.parents

    @property
    def lamport(self) -> int:
        """One more than that of any parent."""
        return self.content.lamport

    @property
    def author(self) -> bytes:
        """The author's name in this space."""
        return self.content.author

    def encode(self) -> bytes:
        """Return the vertex."""
        beside = u8(_WITH_KEY if self.key else _WITHOUT_KEY) + self.key + self.signature
        return u8(VERSION) + self.content.encode() + beside


def make_vertex(
    key: SigningKey,
    parents: tuple[bytes, ...],
    lamport: int,
    payload: bytes,
    *,
    first: bool,
    wall: int = 0,
) -> Vertex:
    """Sign a vertex; an author's first brings his key."""
    content = Content(
        parents=tuple(sorted(parents)),
        lamport=lamport,
        time=coarse(wall),
        author=sha3_256(key.public),
        payload=payload,
    )
    name = content_id(content.encode())
    return Vertex(
        content=content,
        id=name,
        signature=key.sign(name, SIGNED),
        key=key.public if first else b"",
    )


def read_vertex(data: bytes) -> Vertex:
    """Read a vertex; whether its author signed it, and when, is for the history to say."""
    reader = Reader(data)
    if reader.u8() != VERSION:
        raise Refused("vertex: unknown version")
    content = read_content(reader, PARENTS_MAX, PAYLOAD_MAX)
    encoded = data[1 : len(data) - len(reader)]
    beside = reader.u8()
    if beside not in (_WITHOUT_KEY, _WITH_KEY):
        raise Refused("vertex: unknown part")
    key = reader.take(SIGNING_PUBLIC) if beside == _WITH_KEY else b""
    signature = reader.take(SIGNATURE)
    reader.end()
    if key and sha3_256(key) != content.author:
        raise Refused("vertex: another key than the author's")
    if not content.parents and content.lamport:
        raise Refused("vertex: wrong lamport")
    return Vertex(content=content, id=content_id(encoded), signature=signature, key=key)
