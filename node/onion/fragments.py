"""What the two ends of a request say to each other inside onion packets. See docs/onion.md.

A request that fits beside a reply block is one packet; a longer one is cut into parts. Every reply
block that is sent says which part of the answer it is for, so whoever waits for an answer also
drives its retransmission.
"""

from dataclasses import dataclass, field

from ..codec import Reader, Refused, u8, u16, u32
from ..crypto import sha256
from .packet import PAYLOAD_MAX
from .surb import SURB_SIZE, Surb

BODY_MAX = 1 << 20
REQUEST_ID = 16
DIGEST = 16

_CALL, _PART, _PULL = 1, 2, 3
_ANSWER, _PARTIAL, _GONE = 1, 2, 3

CALL_MAX = PAYLOAD_MAX - 1 - REQUEST_ID - SURB_SIZE
PART_SIZE = PAYLOAD_MAX - 1 - REQUEST_ID - 4 - 2
ANSWER_SIZE = PAYLOAD_MAX - 1 - 4 - 2 - DIGEST
PARTS_MAX = -(-BODY_MAX // PART_SIZE)
ANSWERS_MAX = -(-BODY_MAX // ANSWER_SIZE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A whole request, with a reply block for the front of the answer."""

    request_id: bytes
    surb: Surb
    body: bytes = field(repr=False)

    def encode(self) -> bytes:
        """Return a payload."""
        return u8(_CALL) + self.request_id + self.surb.encode() + self.body


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of a request that is too long for a `Call`."""

    request_id: bytes
    total: int
    index: int
    data: bytes = field(repr=False)

    def encode(self) -> bytes:
        """Return a payload."""
        return u8(_PART) + self.request_id + u32(self.total) + u16(self.index) + self.data


@dataclass(frozen=True, slots=True, kw_only=True)
class Pull:
    """A reply block for one part of the answer; `probe` asks what of the request is missing."""

    request_id: bytes
    total: int
    want: int
    probe: bool
    surb: Surb

    def encode(self) -> bytes:
        """Return a payload."""
        head = u8(_PULL) + self.request_id + u32(self.total) + u16(self.want) + u8(self.probe)
        return head + self.surb.encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A part of an answer, with length and hash of the whole."""

    total: int
    index: int
    digest: bytes
    data: bytes = field(repr=False)

    def encode(self) -> bytes:
        """Return a payload."""
        return u8(_ANSWER) + u32(self.total) + u16(self.index) + self.digest + self.data


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial:
    """Which parts of a request have arrived."""

    total: int
    arrived: frozenset[int]

    def encode(self) -> bytes:
        """Return a payload."""
        count = parts_of(self.total, PART_SIZE)
        bits = sum(1 << index for index in self.arrived)
        return u8(_PARTIAL) + u32(self.total) + bits.to_bytes(-(-count // 8), "little")


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """The request was carried out, and its answer is no longer there."""

    def encode(self) -> bytes:
        """Return a payload."""
        return u8(_GONE)


def read_question(payload: bytes) -> Call | Part | Pull:
    """Read what a client sent."""
    reader = Reader(payload)
    kind = reader.u8()
    request_id = reader.take(REQUEST_ID)
    if kind == _CALL:
        surb = Surb.decode(reader.take(SURB_SIZE))
        return Call(request_id=request_id, surb=surb, body=reader.rest())
    total = _total(reader)
    if kind == _PART:
        if total <= CALL_MAX:
            raise Refused("onion: parts of a short request")
        index = reader.u16()
        data = _part(reader, total, index, PART_SIZE)
        return Part(request_id=request_id, total=total, index=index, data=data)
    if kind != _PULL:
        raise Refused("onion: unknown message")
    want, probe = reader.u16(), reader.u8()
    if want >= ANSWERS_MAX or probe > 1:
        raise Refused("onion: wrong field")
    surb = Surb.decode(reader.take(SURB_SIZE))
    reader.end()
    return Pull(request_id=request_id, total=total, want=want, probe=probe == 1, surb=surb)


def read_reply(payload: bytes) -> Answer | Partial | Gone:
    """Read what a service sent."""
    reader = Reader(payload)
    kind = reader.u8()
    if kind == _GONE:
        reader.end()
        return Gone()
    total = _total(reader)
    if kind == _ANSWER:
        index, digest = reader.u16(), reader.take(DIGEST)
        data = _part(reader, total, index, ANSWER_SIZE)
        return Answer(total=total, index=index, digest=digest, data=data)
    if kind != _PARTIAL:
        raise Refused("onion: unknown message")
    count = parts_of(total, PART_SIZE)
    bits = int.from_bytes(reader.take(-(-count // 8)), "little")
    reader.end()
    if bits >> count:
        raise Refused("onion: wrong field")
    arrived = frozenset(index for index in range(count) if bits >> index & 1)
    return Partial(total=total, arrived=arrived)


def parts_of(total: int, size: int) -> int:
    """Return in how many parts a body of some bytes goes; an empty one is one part."""
    return max(1, -(-total // size))


def part_of(body: bytes, index: int, size: int) -> bytes:
    """Return a part of a body."""
    return body[index * size : (index + 1) * size]


def digest_of(answer: bytes) -> bytes:
    """Return what all parts of an answer have in common."""
    return sha256(b"pars/onion-answer/v1", answer)[:DIGEST]


def _total(reader: Reader) -> int:
    total = reader.u32()
    if total > BODY_MAX:
        raise Refused("onion: body too long")
    return total


def _part(reader: Reader, total: int, index: int, size: int) -> bytes:
    """Return the data of a part, which fills its place exactly."""
    if index >= parts_of(total, size):
        raise Refused("onion: no such part")
    data = reader.take(min(size, total - index * size))
    reader.end()
    return data
