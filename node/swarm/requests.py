"""What is asked of a service node and what it answers: bytes, one encoding per value.

request = version 1 | kind 1 | fields        reply = version 1 | kind 1 | fields
"""

from dataclasses import dataclass, field
from enum import IntEnum
from itertools import pairwise

from ..codec import Reader, Refused, sized, u8, u16, u32, u64
from ..crypto import SIGNATURE, SIGNING_PUBLIC
from .mailboxes import BLOB_MAX, TERMS_DAYS

VERSION = 1
ID = 32
PAGE_MAX = 768 << 10  # bytes of blobs in one reply; a larger first blob does not occur
ENTRIES_MAX = 1024
ERASED_MAX = 256
VALUES_MAX = 64  # published under one name
REQUEST_MAX = BLOB_MAX + 1024


@dataclass(frozen=True, slots=True)
class Ping:
    """Ask for the node's terms."""


@dataclass(frozen=True, slots=True)
class Store:
    """Ask to keep a blob in a mailbox; the token of a channel's mailbox makes it cheaper."""

    mailbox: bytes
    token: bytes = field(repr=False)
    term: int
    hour: int
    nonce: int
    blob: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Fetch:
    """Ask for the blobs of a mailbox behind a cursor, up to so many bytes."""

    mailbox: bytes
    token: bytes = field(repr=False)
    after: int
    limit: int


@dataclass(frozen=True, slots=True)
class Erase:
    """Ask to forget blobs by their ids, in rising order."""

    mailbox: bytes
    token: bytes = field(repr=False)
    blob_ids: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Open:
    """Show the key of an inbox, and ask for the token that opens it on one day."""

    epoch: int
    public: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Publish:
    """Ask to show a value to whoever knows its name; the token replaces an earlier one."""

    name: bytes
    token: bytes = field(repr=False)
    hour: int
    nonce: int
    blob: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Lookup:
    """Ask for what is published under a name, the costliest first."""

    name: bytes
    after: int
    limit: int


Request = Ping | Store | Fetch | Erase | Open | Publish | Lookup


@dataclass(frozen=True, slots=True)
class Done:
    """What was asked has been done, durably, to so many blobs."""

    count: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some blobs, each with the cursor behind it, and whether there are more."""

    more: bool
    entries: tuple[tuple[int, bytes], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Terms:
    """The node's hour, and the bits it asks for beyond what a size costs."""

    hour: int
    load: int


@dataclass(frozen=True, slots=True)
class Token:
    """What opens an inbox at this node today and tomorrow."""

    token: bytes = field(repr=False)


class Code(IntEnum):
    """Why a node refuses."""

    MALFORMED = 0x80
    NO_BUCKET = 0x81
    WORK_LOW = 0x82
    WORK_TIME = 0x83
    WORK_SPENT = 0x84
    NO_ACCESS = 0x85
    FULL = 0x86
    MAILBOX_FULL = 0x87
    RECORD_FULL = 0x88
    EPOCH = 0x89
    FAILED = 0x8A


@dataclass(frozen=True, slots=True)
class Refusal:
    """Nothing was done: why, which work would do where work was short, and the node's hour."""

    code: Code
    bits: int
    hour: int


Reply = Done | Page | Terms | Token | Refusal


def encode_request(request: Request) -> bytes:
    """Return the bytes of a request."""
    match request:
        case Ping():
            kind, body = 1, b""
        case Store(mailbox, token, term, hour, nonce, blob):
            kind = 2
            body = mailbox + token + u8(term) + u32(hour) + u64(nonce) + sized(blob)
        case Fetch(mailbox, token, after, limit):
            kind, body = 3, mailbox + token + u64(after) + u32(limit)
        case Erase(mailbox, token, blob_ids):
            kind, body = 4, mailbox + token + u16(len(blob_ids)) + b"".join(blob_ids)
        case Open(epoch, public, signature):
            kind, body = 5, u64(epoch) + public + signature
        case Publish(name, token, hour, nonce, blob):
            kind, body = 6, name + token + u32(hour) + u64(nonce) + sized(blob)
        case Lookup(name, after, limit):
            kind, body = 7, name + u64(after) + u32(limit)
    return u8(VERSION) + u8(kind) + body


def decode_request(data: bytes) -> Request:
    """Read a request, all of it."""
    if len(data) > REQUEST_MAX:
        raise Refused("swarm: request too long")
    reader = Reader(data)
    if reader.u8() != VERSION:
        raise Refused("swarm: unknown version")
    kind = reader.u8()
    request: Request
    if kind == 1:
        request = Ping()
    elif kind == 2:
        request = _read_store(reader)
    elif kind == 3:
        request = Fetch(reader.take(ID), reader.take(ID), reader.u64(), _read_limit(reader))
    elif kind == 4:
        request = _read_erase(reader)
    elif kind == 5:
        request = Open(reader.u64(), reader.take(SIGNING_PUBLIC), reader.take(SIGNATURE))
    elif kind == 6:
        name, token = reader.take(ID), reader.take(ID)
        request = Publish(name, token, reader.u32(), reader.u64(), reader.sized(BLOB_MAX))
    elif kind == 7:
        request = Lookup(reader.take(ID), reader.u64(), _read_limit(reader))
    else:
        raise Refused("swarm: unknown request")
    reader.end()
    return request


def _read_store(reader: Reader) -> Store:
    mailbox, token, term = reader.take(ID), reader.take(ID), reader.u8()
    if term >= len(TERMS_DAYS):
        raise Refused("swarm: unknown term")
    return Store(mailbox, token, term, reader.u32(), reader.u64(), reader.sized(BLOB_MAX))


def _read_limit(reader: Reader) -> int:
    limit = reader.u32()
    if not 0 < limit <= PAGE_MAX:
        raise Refused("swarm: limit out of range")
    return limit


def _read_erase(reader: Reader) -> Erase:
    mailbox, token, count = reader.take(ID), reader.take(ID), reader.u16()
    if not 0 < count <= ERASED_MAX:
        raise Refused("swarm: wrong number of blobs")
    blob_ids = tuple(reader.take(ID) for _ in range(count))
    if any(first >= second for first, second in pairwise(blob_ids)):
        raise Refused("swarm: ids out of order")
    return Erase(mailbox, token, blob_ids)


def encode_reply(reply: Reply) -> bytes:
    """Return the bytes of a reply."""
    match reply:
        case Done(count):
            kind, body = 1, u32(count)
        case Page(more, entries):
            listed = b"".join(u64(cursor) + sized(blob) for cursor, blob in entries)
            kind, body = 2, u8(more) + u16(len(entries)) + listed
        case Terms(hour, load):
            kind, body = 3, u32(hour) + u8(load)
        case Token(token):
            kind, body = 4, token
        case Refusal(code, bits, hour):
            kind, body = code, u8(bits) + u32(hour)
    return u8(VERSION) + u8(kind) + body


def decode_reply(data: bytes) -> Reply:
    """Read a reply, all of it."""
    reader = Reader(data)
    if reader.u8() != VERSION:
        raise Refused("swarm: unknown version")
    kind = reader.u8()
    reply: Reply
    if kind == 1:
        reply = Done(reader.u32())
    elif kind == 2:
        reply = _read_page(reader)
    elif kind == 3:
        reply = Terms(reader.u32(), reader.u8())
    elif kind == 4:
        reply = Token(reader.take(ID))
    elif kind in Code.__members__.values():
        reply = Refusal(Code(kind), reader.u8(), reader.u32())
    else:
        raise Refused("swarm: unknown reply")
    reader.end()
    return reply


def _read_page(reader: Reader) -> Page:
    more, count = reader.u8(), reader.u16()
    if more > 1 or count > ENTRIES_MAX or (more and not count):
        raise Refused("swarm: wrong page")
    entries, before = [], 0
    for _ in range(count):
        cursor, blob = reader.u64(), reader.sized(BLOB_MAX)
        if cursor <= before:
            raise Refused("swarm: cursor does not rise")
        before = cursor
        entries.append((cursor, blob))
    return Page(bool(more), tuple(entries))
