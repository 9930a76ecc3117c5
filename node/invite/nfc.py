"""Invites in NFC tags: messages and records of the NFC Forum's NDEF, in one encoding each.

A tag's memory, or what a phone hands over at a tap, comes in as bytes; there is no radio here.
"""

from enum import IntEnum
from typing import NamedTuple

from ..codec import Reader, Refused, u8, u32
from .invite import Invite

INVITE_TYPE = b"pars.network:invite"
RECORDS_MAX = 8
MESSAGE_MAX = 8 << 10

_BEGIN, _END, _CHUNKED, _SHORT, _HAS_ID, _NAMING = 0x80, 0x40, 0x20, 0x10, 0x08, 0x07


class Naming(IntEnum):
    """Who gave a record its type (TNF)."""

    EMPTY = 0
    WELL_KNOWN = 1
    MEDIA = 2
    URI = 3
    EXTERNAL = 4
    UNKNOWN = 5


class Record(NamedTuple):
    """One record of a message."""

    naming: Naming
    type: bytes
    payload: bytes
    id: bytes = b""


def encode_message(records: list[Record]) -> bytes:
    """Return the bytes of a message."""
    if not 0 < len(records) <= RECORDS_MAX:
        raise ValueError(f"a message has 1 to {RECORDS_MAX} records")
    parts = []
    for at, record in enumerate(records):
        marks = (_BEGIN if at == 0 else 0) | (_END if at == len(records) - 1 else 0)
        parts.append(_encode_record(record, marks))
    return b"".join(parts)


def decode_message(data: bytes) -> list[Record]:
    """Read a message: whole, in as few bytes as it can be written in, and nothing behind it."""
    if len(data) > MESSAGE_MAX:
        raise Refused("nfc: too long")
    reader, records, is_last = Reader(data), list[Record](), False
    while not is_last:
        flags = reader.u8()
        if bool(flags & _BEGIN) is not (not records) or flags & _CHUNKED:
            raise Refused("nfc: record out of place, or in pieces")
        if len(records) == RECORDS_MAX:
            raise Refused("nfc: too many records")
        records.append(_read_record(reader, flags))
        is_last = bool(flags & _END)
    reader.end()
    return records


def invite_message(invite: Invite) -> bytes:
    """Return the message to be put into a tag."""
    return encode_message([Record(Naming.EXTERNAL, INVITE_TYPE, invite.encode())])


def read_invite(data: bytes) -> Invite:
    """Return the invite of a message, which may have records for others beside it."""
    found = [
        record.payload
        for record in decode_message(data)
        if (record.naming, record.type) == (Naming.EXTERNAL, INVITE_TYPE)
    ]
    if len(found) != 1:
        raise Refused("nfc: not one invite")
    return Invite.decode(found[0])


def _encode_record(record: Record, marks: int) -> bytes:
    is_short = len(record.payload) < 256
    flags = marks | record.naming | (_SHORT if is_short else 0) | (_HAS_ID if record.id else 0)
    size = u8(len(record.payload)) if is_short else u32(len(record.payload))
    named = u8(len(record.id)) if record.id else b""
    data = u8(flags) + u8(len(record.type)) + size + named + record.type + record.id
    try:
        _check(record)
    except Refused as refusal:
        raise ValueError(refusal.reason) from None
    return data + record.payload


def _read_record(reader: Reader, flags: int) -> Record:
    naming = flags & _NAMING
    if naming > max(Naming):
        raise Refused("nfc: unknown kind of record")
    type_size = reader.u8()
    size = reader.u8() if flags & _SHORT else reader.u32()
    id_size = reader.u8() if flags & _HAS_ID else 0
    if size > MESSAGE_MAX:
        raise Refused("nfc: too long")
    if (not flags & _SHORT and size < 256) or (flags & _HAS_ID and not id_size):
        raise Refused("nfc: longer than it need be")
    record_type, identity = reader.take(type_size), reader.take(id_size)
    record = Record(Naming(naming), record_type, reader.take(size), identity)
    _check(record)
    return record


def _check(record: Record) -> None:
    """Refuse a type where there is none, or none where there is one."""
    if record.naming is Naming.EMPTY and any((record.type, record.payload, record.id)):
        raise Refused("nfc: empty record with something in it")
    if bool(record.type) is (record.naming in (Naming.EMPTY, Naming.UNKNOWN)):
        raise Refused("nfc: type and its kind do not fit")
