"""What a group tells and what it gives to send: plain data, and the kinds of item on the wire."""

from dataclasses import dataclass
from enum import IntEnum

from ..codec import Refused
from .vertex import Kind


class Item(IntEnum):
    """The first byte of what travels in a post or over a pairwise channel."""

    VERTEX = 1
    SEED = 2
    MESSAGE = 3
    HEADS = 4


class NotYet(Refused):
    """Nothing is wrong, but what opens this has not come: keep it and try again later."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member, as another sees him."""

    name: bytes
    admin: bool
    account: bytes | None  # where this member has learned it
    forked: bool  # he has signed two histories


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """What one change gives to send, once the group's records are stored."""

    posts: tuple[tuple[bytes, bytes], ...] = ()  # mailbox and post
    vertices: tuple[bytes, ...] = ()  # the same as items, for who is reached pairwise
    direct: tuple[tuple[bytes, bytes], ...] = ()  # member and his item
    welcome: tuple[tuple[bytes, tuple[bytes, ...]], ...] = ()  # newcomer and all his items


@dataclass(frozen=True, slots=True)
class Message:
    """A member wrote."""

    sender: bytes
    plaintext: bytes


@dataclass(frozen=True, slots=True)
class Changed:
    """A change was accepted."""

    vertex: bytes
    kind: Kind
    author: bytes


@dataclass(frozen=True, slots=True)
class Membership:
    """Who is a member is another question now."""

    joined: tuple[bytes, ...]
    left: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class EpochBegan:
    """The seed of a vertex was opened: what could not be opened yet may be tried again."""

    vertex: bytes


@dataclass(frozen=True, slots=True)
class Forked:
    """A member signed two changes of which neither has seen the other."""

    author: bytes
    first: bytes
    second: bytes


@dataclass(frozen=True, slots=True)
class Behind:
    """Vertices are missing here: send one's own heads, so that others see it."""

    wanted: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Ahead:
    """Another member lacks these items."""

    items: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Dropped:
    """An item among others was refused."""

    reason: str


Event = Message | Changed | Membership | EpochBegan | Forked | Behind | Ahead | Dropped
