"""What a channel carries: one text, mark or card, in one encoding. The channel pads it.

    version | message id | time | sequence | type | flags | body

Times are multiples of five minutes. A sequence counts what its writer has sent on this channel, so
a reader shows messages in order and sees that one is missing.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag

from .. import codec, padding
from ..codec import Reader, Refused
from . import files

VERSION = 1
MESSAGE_ID = 16
ACCOUNT_ID = 32
TEXT_MAX = 65_536
ALERT_MAX = 1024
NAME_MAX = 128
IDS_MAX = 64
OPAQUE_MAX = 200_000
HEAD = 1 + MESSAGE_ID + 8 + 8 + 1 + 4
TIME_MAX = 1 << 62


class Type(IntEnum):
    """What a body is. Below 0x10 the numbers are those of PIP-0300."""

    TEXT = 0x01
    DELETE = 0x06
    READ = 0x07
    FILE = 0x10
    DELIVERED = 0x11
    CONTACT = 0x12
    GROUP_CONTROL = 0x13
    GROUP_KEY = 0x14
    GUARDIAN_SHARE = 0x15
    ALERT = 0x16
    CLOSE = 0x17


class Flag(IntFlag):
    """What the writer asks for."""

    DELIVERY_MARK = 1
    READ_MARK = 2
    KEEP = 4  # not to be deleted by its age


NO_FLAGS = Flag(0)
ALL_FLAGS = int(Flag.DELIVERY_MARK | Flag.READ_MARK | Flag.KEEP)
MARKS = (Type.READ, Type.DELIVERED, Type.DELETE)
OPAQUE = (Type.GROUP_CONTROL, Type.GROUP_KEY, Type.GUARDIAN_SHARE)


@dataclass(frozen=True, slots=True)
class Content:
    """One message as its writer meant it. One that exists keeps all rules of its type."""

    message_id: bytes
    time: int
    sequence: int
    type: Type
    body: bytes = field(repr=False)
    flags: Flag = NO_FLAGS

    def __post_init__(self) -> None:
        if len(self.message_id) != MESSAGE_ID:
            raise Refused("content: no message id")
        if self.time % padding.TIME_STEP or not 0 <= self.time < TIME_MAX:
            raise Refused("content: not a coarse time")
        if self.flags & ~ALL_FLAGS:
            raise Refused("content: unknown flag")
        check_body(self.type, self.body)

    def encode(self) -> bytes:
        """Return what goes into `Channel.encrypt`."""
        head = codec.u8(VERSION) + self.message_id + codec.u64(self.time)
        marks = codec.u64(self.sequence) + codec.u8(self.type) + codec.u32(self.flags)
        return head + marks + self.body

    @classmethod
    def decode(cls, data: bytes) -> "Content":
        """Read what came out of `Channel.decrypt`."""
        reader = Reader(data)
        if reader.u8() != VERSION:
            raise Refused("content: unknown version")
        message_id, time, sequence = reader.take(MESSAGE_ID), reader.u64(), reader.u64()
        number, flags = reader.u8(), reader.u32()
        if number not in Type.__members__.values():
            raise Refused("content: unknown type")
        if flags & ~ALL_FLAGS:
            raise Refused("content: unknown flag")
        return cls(message_id, time, sequence, Type(number), reader.rest(), Flag(flags))


@dataclass(frozen=True, slots=True)
class Card:
    """Somebody's account, as one contact tells another."""

    account_id: bytes
    name: str

    def encode(self) -> bytes:
        """Return the body of a contact card."""
        return self.account_id + codec.sized(self.name.encode())

    @classmethod
    def decode(cls, body: bytes) -> "Card":
        """Read the body of a contact card."""
        reader = Reader(body)
        account_id, name = reader.take(ACCOUNT_ID), reader.sized(NAME_MAX)
        reader.end()
        return cls(account_id, checked_text(name, NAME_MAX, breaks=""))


def check_body(kind: Type, body: bytes) -> None:
    """Refuse a body that its type does not allow."""
    if kind == Type.TEXT:
        checked_text(body, TEXT_MAX)
    elif kind == Type.ALERT:
        checked_text(body, ALERT_MAX)
    elif kind in MARKS:
        decode_ids(body)
    elif kind == Type.FILE:
        files.Metadata.decode(body)
    elif kind == Type.CONTACT:
        Card.decode(body)
    elif kind in OPAQUE:
        if not 0 < len(body) <= OPAQUE_MAX:
            raise Refused("content: nothing in it, or too much")
    elif body:
        raise Refused("content: closing says nothing")


def checked_text(data: bytes, limit: int, breaks: str = "\n\t") -> str:
    """Return a text of UTF-8 that moves no cursor and turns no direction."""
    if not 0 < len(data) <= limit:
        raise Refused("content: no text, or too long")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise Refused("content: not UTF-8") from None
    if any(is_control(character) and character not in breaks for character in text):
        raise Refused("content: control characters")
    return text


def is_control(character: str) -> bool:
    """Tell what acts on a terminal or on the order of others, rather than being shown."""
    return unicodedata.category(character) in ("Cc", "Zl", "Zp") or (
        unicodedata.bidirectional(character) in files.BIDI_CONTROLS
    )


def encode_ids(ids: Iterable[bytes]) -> bytes:
    """Return the body of a mark: which messages it is about."""
    return b"".join(sorted(set(ids)))


def decode_ids(body: bytes) -> tuple[bytes, ...]:
    """Read the body of a mark."""
    ids = tuple(body[at : at + MESSAGE_ID] for at in range(0, len(body), MESSAGE_ID))
    if not ids or len(ids) > IDS_MAX or len(body) % MESSAGE_ID:
        raise Refused("content: not a list of message ids")
    if encode_ids(ids) != body:
        raise Refused("content: message ids not in order, or twice")
    return ids
