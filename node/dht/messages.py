"""Questions and answers between two nodes; both begin with version, operation and request id.

A question says where its sender is reached, so that who is asked may come back: a node that says
nothing asks as a client, and gets into nobody's table.
"""

from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

from ..codec import Reader, Refused, sized, u8, u16
from .contacts import (
    ID,
    Contact,
    read_addresses,
    read_contacts,
    write_addresses,
    write_contacts,
)
from .records import PER_KEY_MAX, RECORD_MAX

VERSION = 1
REQUEST_ID = 16
MARK = 8  # bytes of a record's digest, by which an asker says what it has
RECORDS_MAX = 8  # of one answer: 64 KiB


class Op(IntEnum):
    """What is asked, in the order of the founding document."""

    PING = 0
    FIND_NODE = 1
    FIND_VALUE = 2
    STORE = 3


class Kept(IntEnum):
    """What became of a record."""

    STORED = 0
    NO_ROOM = 1
    OUTDATED = 2
    NOT_PROVED = 3
    BUSY = 4


@dataclass(frozen=True, slots=True)
class Ask:
    """A question. `place` is the id or key that is looked for; `marks` are in their order."""

    op: Op
    request_id: bytes
    addresses: tuple[bytes, ...] = ()
    place: bytes = b""
    marks: tuple[bytes, ...] = ()
    life: int = 0  # seconds
    record: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer. `held` counts the records at the key, `left` those that no mark names.

    As many of these as fit are in it; who wants the others asks again, with more marks.
    """

    op: Op
    request_id: bytes
    contacts: tuple[Contact, ...] = ()
    held: int = 0
    left: int = 0
    records: tuple[bytes, ...] = ()
    kept: Kept = Kept.STORED


def encode_ask(ask: Ask) -> bytes:
    """Return the bytes of a question."""
    head = u8(VERSION) + u8(ask.op) + ask.request_id + write_addresses(ask.addresses)
    if ask.op is Op.FIND_NODE:
        return head + ask.place
    if ask.op is Op.FIND_VALUE:
        return head + ask.place + u8(len(ask.marks)) + b"".join(ask.marks)
    if ask.op is Op.STORE:
        return head + u16(ask.life) + sized(ask.record)
    return head


def decode_ask(data: bytes) -> Ask:
    """Read a question, all of it."""
    reader = Reader(data)
    op, request_id = _head(reader)
    addresses = read_addresses(reader)
    place, life, record = b"", 0, b""
    marks: tuple[bytes, ...] = ()
    if op in (Op.FIND_NODE, Op.FIND_VALUE):
        place = reader.take(ID)
    if op is Op.FIND_VALUE:
        marks = _marks(reader)
    if op is Op.STORE:
        life, record = reader.u16(), reader.sized(RECORD_MAX)
    reader.end()
    return Ask(op, request_id, addresses, place, marks, life, record)


def encode_answer(answer: Answer) -> bytes:
    """Return the bytes of an answer."""
    head = u8(VERSION) + u8(answer.op) + answer.request_id
    if answer.op is Op.FIND_NODE:
        return head + write_contacts(answer.contacts)
    if answer.op is Op.FIND_VALUE:
        records = b"".join(map(sized, answer.records))
        counts = u8(answer.held) + u8(answer.left) + u8(len(answer.records))
        return head + write_contacts(answer.contacts) + counts + records
    if answer.op is Op.STORE:
        return head + u8(answer.kept)
    return head


def decode_answer(data: bytes) -> Answer:
    """Read an answer, all of it."""
    reader = Reader(data)
    op, request_id = _head(reader)
    contacts: tuple[Contact, ...] = ()
    records: tuple[bytes, ...] = ()
    held, left, kept = 0, 0, Kept.STORED
    if op in (Op.FIND_NODE, Op.FIND_VALUE):
        contacts = read_contacts(reader)
    if op is Op.FIND_VALUE:
        held, left, count = reader.u8(), reader.u8(), reader.u8()
        if not PER_KEY_MAX >= held >= left >= count or count != min(left, RECORDS_MAX):
            raise Refused("dht: wrong number of records")
        records = tuple([reader.sized(RECORD_MAX) for _ in range(count)])
    if op is Op.STORE:
        code = reader.u8()
        if code >= len(Kept):
            raise Refused("dht: unknown outcome")
        kept = Kept(code)
    reader.end()
    return Answer(op, request_id, contacts, held, left, records, kept)


def _head(reader: Reader) -> tuple[Op, bytes]:
    if reader.u8() != VERSION:
        raise Refused("dht: unknown version")
    op = reader.u8()
    if op >= len(Op):
        raise Refused("dht: unknown operation")
    return Op(op), reader.take(REQUEST_ID)


def _marks(reader: Reader) -> tuple[bytes, ...]:
    count = reader.u8()
    if count > PER_KEY_MAX:
        raise Refused("dht: too many marks")
    marks = tuple([reader.take(MARK) for _ in range(count)])
    if any(first >= second for first, second in pairwise(marks)):
        raise Refused("dht: marks out of order")
    return marks
