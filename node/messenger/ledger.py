"""What a user's part of the vault holds, record by record, and under which keys.

me                      the account and its device
prekeys                 secrets that let others begin a channel
session/<session>       a conversation with one account
channel/<channel>       a ratchet of a conversation; there may be several
message/<chat><number>  what was said, in the order it came here
last/<chat>             the last number of a chat of which something has expired
outbox/<id>             what is not stored in the swarm yet
contact/<id>            a name, sealed (node/vault/contacts.py)
group/<group>/...       a replica of a group; room/<group> is what is shown of it
joining/<group>         the keys of somebody who waits for the welcome
welcome/, early/        pieces of a welcome; posts that nothing opens yet
upload/<id>             a file that is on its way into the swarm
reading/<mailbox>       when a mailbox was last read completely
trusted/, guarding/ ... people to rely on (trust.py)
"""

from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Protocol

from ..codec import Reader, Refused, sized, u8, u32, u64
from ..identity import BUNDLE, CERTIFICATE, SEED

VERSION = 1
ID = 32
MESSAGE_ID = 16
BODY_MAX = 256 << 10
ENTRY_MAX = 1 << 20
NAME_MAX = 256
PATH_MAX = 4096
PRIORITY_MAX = 2


class Store(Protocol):
    """What the vault offers: durable when `commit` returns."""

    def get(self, key: bytes) -> bytes | None:
        """Return a value."""

    def scan(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        """Return all pairs whose key begins so, in order."""

    def commit(self, changes: dict[bytes, bytes | None]) -> None:
        """Set and delete, all or nothing."""


Changes = dict[bytes, bytes | None]


def _checked(reader: Reader) -> Reader:
    if reader.u8() != VERSION:
        raise Refused("ledger: record of another version")
    return reader


@dataclass(frozen=True, slots=True)
class Me:
    """The account of this store and the device that speaks for it here."""

    account_seed: bytes = field(repr=False)
    device_seed: bytes = field(repr=False)
    inbox_seed: bytes = field(repr=False)
    wallet_seed: bytes = field(repr=False)
    account_id: bytes
    bundle: bytes = field(repr=False)
    certificate: bytes = field(repr=False)

    KEY = b"me"

    def encode(self) -> bytes:
        """Return the stored form."""
        seeds = self.account_seed + self.device_seed + self.inbox_seed + self.wallet_seed
        return u8(VERSION) + seeds + self.account_id + self.bundle + self.certificate

    @classmethod
    def decode(cls, data: bytes) -> "Me":
        """Read what `encode` made."""
        reader = _checked(Reader(data))
        account, device, inbox, wallet = (reader.take(SEED) for _ in range(4))
        account_id, bundle = reader.take(ID), reader.take(BUNDLE)
        me = cls(account, device, inbox, wallet, account_id, bundle, reader.take(CERTIFICATE))
        reader.end()
        return me


@dataclass(frozen=True, slots=True)
class Session:
    """A conversation with one account; what is written goes over its current channel."""

    session_id: bytes
    peer: bytes
    current: bytes
    certificate: int  # the highest number of a device's certificate that was seen
    created: int
    closed: bool = False
    expires_after: int = 0  # milliseconds that the user set; 0 is the default

    PREFIX = b"session/"

    @property
    def key(self) -> bytes:
        """Where it is kept."""
        return self.PREFIX + self.session_id

    def encode(self) -> bytes:
        """Return the stored form."""
        numbers = u32(self.certificate) + u64(self.created) + u8(self.closed)
        names = self.session_id + self.peer + self.current
        return u8(VERSION) + names + numbers + u64(self.expires_after)

    @classmethod
    def decode(cls, data: bytes) -> "Session":
        """Read what `encode` made."""
        reader = _checked(Reader(data))
        session_id, peer, current = reader.take(ID), reader.take(ID), reader.take(ID)
        certificate, created, closed = reader.u32(), reader.u64(), bool(reader.u8())
        session = cls(session_id, peer, current, certificate, created, closed, reader.u64())
        reader.end()
        return session


class State(IntEnum):
    """How far an own message has come; one that was received is READ or not."""

    QUEUED = 0
    STORED = 1
    DELIVERED = 2
    READ = 3
    FAILED = 4
    UNREAD = 5


@dataclass(frozen=True, slots=True)
class Message:
    """Something said in a chat. `at` is when it was written or came in here."""

    chat: bytes
    number: int  # the place at which it came here
    sequence: int  # the number that its writer gave it
    message_id: bytes
    sender: bytes  # an account, or a pseudonym in a group
    own: bool
    state: State
    time: int
    at: int
    content_type: int
    body: bytes = field(repr=False)

    PREFIX = b"message/"

    @property
    def key(self) -> bytes:
        """Where it is kept."""
        return message_key(self.chat, self.number)

    def encode(self) -> bytes:
        """Return the stored form."""
        flags = u8(self.own) + u8(self.state) + u8(self.content_type)
        numbers = u64(self.number) + u64(self.sequence)
        names = self.chat + numbers + self.message_id + self.sender
        return u8(VERSION) + names + flags + u64(self.time) + u64(self.at) + sized(self.body)

    @classmethod
    def decode(cls, data: bytes) -> "Message":
        """Read what `encode` made."""
        reader = _checked(Reader(data))
        chat, number, sequence = reader.take(ID), reader.u64(), reader.u64()
        message_id, sender = reader.take(MESSAGE_ID), reader.take(ID)
        own, state, content_type = bool(reader.u8()), reader.u8(), reader.u8()
        if state not in set(State):
            raise Refused("ledger: damaged message")
        time, at, body = reader.u64(), reader.u64(), reader.sized(BODY_MAX)
        reader.end()
        return cls(
            *(chat, number, sequence, message_id, sender),
            *(own, State(state), time, at, content_type),
            body,
        )

    def moved(self, state: State) -> "Message":
        """Return it in another state: none goes back, and only what was given up arrives late."""
        if state is State.FAILED:
            forward = self.state is State.QUEUED
        else:
            forward = self.state is State.FAILED or state > self.state
        return replace(self, state=state) if forward else self


def message_key(chat: bytes, number: int) -> bytes:
    """Return where a message is kept."""
    return Message.PREFIX + chat + u64(number)


class Way(IntEnum):
    """What kind of place something goes to."""

    MAILBOX = 0  # of a channel, a group or a file: who has the secret reads and erases
    INBOX = 1  # of an account


@dataclass(frozen=True, slots=True)
class Parcel:
    """Something that has to be stored in the swarm."""

    parcel_id: bytes
    way: Way
    secret: bytes = field(repr=False)
    data: bytes = field(repr=False)
    created: int
    message: bytes = b""  # key of the message whose state hangs on it
    priority: int = 0

    PREFIX = b"outbox/"

    @property
    def key(self) -> bytes:
        """Where it is kept."""
        return self.PREFIX + self.parcel_id

    def encode(self) -> bytes:
        """Return the stored form."""
        head = u8(VERSION) + self.parcel_id + u8(self.way) + u8(self.priority) + self.secret
        return head + u64(self.created) + sized(self.message) + sized(self.data)

    @classmethod
    def decode(cls, data: bytes) -> "Parcel":
        """Read what `encode` made."""
        reader = _checked(Reader(data))
        parcel_id, way, priority = reader.take(MESSAGE_ID), reader.u8(), reader.u8()
        secret, created = reader.take(ID), reader.u64()
        message, content = reader.sized(NAME_MAX), reader.sized(ENTRY_MAX)
        reader.end()
        if way not in set(Way) or priority > PRIORITY_MAX:
            raise Refused("ledger: damaged parcel")
        return cls(parcel_id, Way(way), secret, content, created, message, priority)


@dataclass(frozen=True, slots=True)
class Room:
    """What is shown of a group."""

    group: bytes
    name: str
    created: int
    left: bool = False
    inviter: bytes = b""  # the session an open invite came over
    invite: bytes = field(default=b"", repr=False)

    PREFIX = b"room/"

    @property
    def key(self) -> bytes:
        """Where it is kept."""
        return self.PREFIX + self.group

    def encode(self) -> bytes:
        """Return the stored form."""
        head = u8(VERSION) + self.group + u64(self.created) + u8(self.left)
        return head + sized(self.inviter) + sized(self.invite) + sized(self.name.encode())

    @classmethod
    def decode(cls, data: bytes) -> "Room":
        """Read what `encode` made."""
        reader = _checked(Reader(data))
        group, created, left = reader.take(ID), reader.u64(), bool(reader.u8())
        inviter, invite, name = reader.sized(ID), reader.sized(NAME_MAX), reader.sized(NAME_MAX)
        reader.end()
        return cls(group, text(name), created, left, inviter, invite)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is on its way into the swarm; its message is written when all of it is there."""

    upload_id: bytes
    chat: bytes
    path: str
    size: int
    changed: int  # when the file was changed last, so that no mixture of two is sent
    key: bytes = field(repr=False)
    done: int  # chunks

    PREFIX = b"upload/"

    @property
    def place(self) -> bytes:
        """Where it is kept."""
        return self.PREFIX + self.upload_id

    def encode(self) -> bytes:
        """Return the stored form."""
        head = u8(VERSION) + self.upload_id + self.chat + self.key + u32(self.done)
        return head + u64(self.size) + u64(self.changed) + sized(self.path.encode())

    @classmethod
    def decode(cls, data: bytes) -> "Upload":
        """Read what `encode` made."""
        reader = _checked(Reader(data))
        upload_id, chat, key = reader.take(ID), reader.take(ID), reader.take(ID)
        done, size, changed = reader.u32(), reader.u64(), reader.u64()
        path = text(reader.sized(PATH_MAX))
        reader.end()
        return cls(upload_id, chat, path, size, changed, key, done)


def text(data: bytes) -> str:
    """Return UTF-8 as text."""
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise Refused("ledger: not text") from None
