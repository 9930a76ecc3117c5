"""What nodes say to each other about spaces: seven messages, all of one version.

TOPICS   version 1 | flags 1 | nonce 16 | count 2 | tag 32 ...
PUSH     version 1 | topic 32 | flags 1 | count 2 | (length 4 | vertex) ...
HAVE     version 1 | topic 32 | flags 1 | count 2 | id 32 ...
WANT     version 1 | topic 32 | flags 1 | count 2 | id 32 ...
STORED   version 1 | topic 32 | flags 1 | count 2 | id 32 ...
PULL     version 1 | topic 32 | the first message of a comparison
SYNC     version 1 | topic 32 | flags 1 | a later one
"""

from dataclasses import dataclass
from enum import IntFlag

from ..codec import Reader, Refused, sized, u8, u16
from ..session.messages import PAYLOAD_MAX
from .space import TOKEN
from .vertex import ID, VERTEX_MAX

VERSION = 1
NONCE = 16
TAGS_MAX = 1_024
TAGS_STEP = 16  # how many there are is told no finer
IDS_MAX = 4_096
VERTICES_MAX = 512
BATCH_BYTES = 1 << 18  # of vertices in one message, where there are several
TOPIC = 32


class Flag(IntFlag):
    """What a message says beside its list. Each kind of message knows some of them."""

    NONE = 0
    AGAIN = 1  # TOPICS: I have not heard yours
    ANSWER = 2  # PUSH: you asked for these
    LAST = 4  # PUSH: there is no more to this answer
    PRUNE = 8  # HAVE: tell me of vertices, do not send them
    GRAFT = 16  # WANT: send me vertices
    LACK = 32  # HAVE: you lack these, fetch them
    ASK = 64  # HAVE: say if they are on your disk
    RESPONDER = 128  # SYNC: from the one who did not begin


KNOWN_FLAGS = {
    "topics": Flag.AGAIN,
    "push": Flag.ANSWER | Flag.LAST,
    "have": Flag.PRUNE | Flag.LACK | Flag.ASK,
    "want": Flag.GRAFT,
    "stored": Flag.NONE,
    "sync": Flag.RESPONDER,
}


@dataclass(frozen=True, slots=True)
class Topics:
    """Which spaces a node carries, to be recognised by who carries them too."""

    nonce: bytes
    tags: tuple[bytes, ...]
    flags: Flag = Flag.NONE

    def encode(self) -> bytes:
        """Return the payload."""
        head = u8(VERSION) + u8(self.flags) + self.nonce + u16(len(self.tags))
        return head + b"".join(self.tags)


@dataclass(frozen=True, slots=True)
class Push:
    """Vertices, each as it is encoded."""

    topic: bytes
    vertices: tuple[bytes, ...]
    flags: Flag = Flag.NONE

    def encode(self) -> bytes:
        """Return the payload."""
        return _head(self.topic, self.flags, len(self.vertices)) + b"".join(
            sized(vertex) for vertex in self.vertices
        )


@dataclass(frozen=True, slots=True)
class Ids:
    """Ids of vertices: those of HAVE, WANT and STORED."""

    topic: bytes
    ids: tuple[bytes, ...]
    flags: Flag = Flag.NONE

    def encode(self) -> bytes:
        """Return the payload."""
        return _head(self.topic, self.flags, len(self.ids)) + b"".join(self.ids)


@dataclass(frozen=True, slots=True)
class Compare:
    """A step of a comparison."""

    topic: bytes
    step: bytes
    flags: Flag = Flag.NONE

    def encode_pull(self) -> bytes:
        """Return the payload of the first one."""
        return u8(VERSION) + self.topic + self.step

    def encode_sync(self) -> bytes:
        """Return the payload of a later one."""
        return u8(VERSION) + self.topic + u8(self.flags) + self.step


def read_topics(data: bytes) -> Topics:
    """Read which spaces a node carries."""
    reader = _begin(data)
    flags, nonce, count = _flags(reader, "topics"), reader.take(NONCE), reader.u16()
    if count > TAGS_MAX or count % TAGS_STEP:
        raise Refused("mesh: wrong number of topics")
    tags = tuple(reader.take(TOKEN) for _ in range(count))
    reader.end()
    return Topics(nonce, tags, flags)


def read_push(data: bytes) -> Push:
    """Read a message with vertices, but not these."""
    reader = _begin(data)
    topic, flags, count = reader.take(TOPIC), _flags(reader, "push"), reader.u16()
    if count > VERTICES_MAX:
        raise Refused("mesh: too many vertices")
    if flags & Flag.LAST and not flags & Flag.ANSWER:
        raise Refused("mesh: unknown flags")
    vertices = tuple(reader.sized(VERTEX_MAX) for _ in range(count))
    reader.end()
    return Push(topic, vertices, flags)


def read_ids(data: bytes, kind: str) -> Ids:
    """Read a HAVE, WANT or STORED."""
    reader = _begin(data)
    topic, flags, count = reader.take(TOPIC), _flags(reader, kind), reader.u16()
    if count > IDS_MAX:
        raise Refused("mesh: too many ids")
    ids = tuple(reader.take(ID) for _ in range(count))
    reader.end()
    if len(set(ids)) != count:
        raise Refused("mesh: an id twice")
    return Ids(topic, ids, flags)


def read_pull(data: bytes) -> Compare:
    """Read the beginning of a comparison."""
    reader = _begin(data)
    return Compare(reader.take(TOPIC), reader.rest())


def read_sync(data: bytes) -> Compare:
    """Read a later step of a comparison."""
    reader = _begin(data)
    topic, flags = reader.take(TOPIC), _flags(reader, "sync")
    return Compare(topic, reader.rest(), flags)


def _begin(data: bytes) -> Reader:
    if len(data) > PAYLOAD_MAX:
        raise Refused("mesh: too long")
    reader = Reader(data)
    if reader.u8() != VERSION:
        raise Refused("mesh: unknown version")
    return reader


def _flags(reader: Reader, kind: str) -> Flag:
    flags = reader.u8()
    if flags & ~KNOWN_FLAGS[kind]:
        raise Refused("mesh: unknown flags")
    return Flag(flags)


def _head(topic: bytes, flags: Flag, count: int) -> bytes:
    return u8(VERSION) + topic + u8(flags) + u16(count)
