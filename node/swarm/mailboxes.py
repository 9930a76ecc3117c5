"""The names of mailboxes and published keys, and the sealing of what lies there.

Every name, token and key below differs from epoch to epoch, and all but the place and the name of
a record from node to node too. So a holder can neither follow a mailbox into the next day nor
compare notes with another holder, and a token that one node learns opens nothing at the next.
"""

from dataclasses import dataclass, field
from typing import Protocol

from ..codec import Reader, Refused, u32, u64
from ..crypto import LONG_NONCE, TAG, mac, seal, sha256, unseal
from ..padding import bucket

DAY_MS = 86_400_000
WEEK_MS = 7 * DAY_MS
TERMS_DAYS = (7, 14, 30)  # how long a blob may lie, by class
OVERHEAD = LONG_NONCE + 4 + TAG
DATA_MAX = 512 << 10
BLOB_MAX = DATA_MAX + OVERHEAD
NO_TOKEN = bytes(32)
SKEW_MS = 3_600_000  # how far the clocks of two ends may lie apart
DAYS_BACK_MAX = TERMS_DAYS[-1] + 1


class Destination(Protocol):
    """Where blobs go: the mailbox of a channel, an account's inbox, or its published keys."""

    def epoch(self, now: int) -> int:
        """Return the epoch whose names are to be used."""

    def place(self, epoch: int) -> bytes:
        """Return the point whose closest nodes hold it."""

    def name(self, epoch: int, node_id: bytes) -> bytes:
        """Return what it is called at a node."""

    def token(self, epoch: int, node_id: bytes) -> bytes:
        """Return what a request to store shows there."""

    def blob_key(self, epoch: int, node_id: bytes) -> bytes:
        """Return the key under which a blob for this node is sealed."""


@dataclass(frozen=True, slots=True)
class Channel:
    """One direction of a channel, known to its two ends by their common secret."""

    secret: bytes = field(repr=False)

    def epoch(self, now: int) -> int:
        """Return the day."""
        return day(now)

    def place(self, epoch: int) -> bytes:
        """Return the point whose closest nodes hold the mailbox."""
        return mac(self.secret, b"pars/swarm-channel-place/v1" + u64(epoch))

    def token(self, epoch: int, node_id: bytes) -> bytes:
        """Return what opens the mailbox at a node; the mailbox's name is its hash."""
        return mac(self.secret, b"pars/swarm-channel-token/v1" + u64(epoch) + node_id)

    def name(self, epoch: int, node_id: bytes) -> bytes:
        """Return the mailbox at a node."""
        return channel_mailbox(node_id, self.token(epoch, node_id))

    def blob_key(self, epoch: int, node_id: bytes) -> bytes:
        """Return the key under which a blob for this node is sealed."""
        return mac(self.secret, b"pars/swarm-channel-blob/v1" + u64(epoch) + node_id)


@dataclass(frozen=True, slots=True)
class Inbox:
    """Where an account hears from those it does not know: whoever has its published keys."""

    address: bytes = field(repr=False)

    def epoch(self, now: int) -> int:
        """Return the day."""
        return day(now)

    def place(self, epoch: int) -> bytes:
        """Return the point whose closest nodes hold the mailbox."""
        return sha256(b"pars/swarm-inbox-place/v1", self.address, u64(epoch))

    def token(self, _epoch: int, _node_id: bytes) -> bytes:
        """Return that there is none: anybody may write."""
        return NO_TOKEN

    def name(self, epoch: int, node_id: bytes) -> bytes:
        """Return the mailbox at a node."""
        return sha256(b"pars/swarm-inbox/v1", node_id, self.address, u64(epoch))

    def blob_key(self, epoch: int, node_id: bytes) -> bytes:
        """Return the key under which a blob for this node is sealed."""
        return sha256(b"pars/swarm-inbox-blob/v1", self.address, u64(epoch), node_id)


@dataclass(frozen=True, slots=True)
class Record:
    """The published keys of an account, in one week; only who writes them knows the secret."""

    account: bytes = field(repr=False)
    week: int
    secret: bytes = field(default=NO_TOKEN, repr=False)

    def epoch(self, _now: int) -> int:
        """Return the week, which was settled when the record was made."""
        return self.week

    def place(self, epoch: int) -> bytes:
        """Return the point whose closest nodes hold the record: its name."""
        return sha256(b"pars/swarm-record/v1", self.account, u64(epoch))

    def name(self, epoch: int, _node_id: bytes) -> bytes:
        """Return the record's name, which is the same everywhere."""
        return self.place(epoch)

    def token(self, epoch: int, node_id: bytes) -> bytes:
        """Return what lets a later value take the place of this one."""
        return mac(self.secret, b"pars/swarm-record-token/v1" + u64(epoch) + node_id)

    def blob_key(self, epoch: int, _node_id: bytes) -> bytes:
        """Return the key under which the record is sealed: whoever knows the account reads it."""
        return sha256(b"pars/swarm-record-blob/v1", self.account, u64(epoch))


def day(now: int) -> int:
    """Return the UTC day: the epoch of mailboxes."""
    return now // DAY_MS


def week(now: int) -> int:
    """Return the week, from the first day of 1970: the epoch of published keys."""
    return now // WEEK_MS


def days_to_read(since: int | None, now: int) -> range:
    """Return the days whose mailboxes a reader asks for, who read everything at `since`.

    A day before, because a sender's clock may be late, and tomorrow, where it is almost there.
    """
    last = day(now + SKEW_MS)
    first = last - DAYS_BACK_MAX if since is None else day(since - SKEW_MS)
    return range(max(min(first, day(now) - 1), last - DAYS_BACK_MAX), last + 1)


def channel_mailbox(node_id: bytes, token: bytes) -> bytes:
    """Return the mailbox that a token opens at a node."""
    return sha256(b"pars/swarm-channel/v1", node_id, token)


def inbox_address(public: bytes) -> bytes:
    """Return the address of the inbox that the holder of a signing key owns."""
    return sha256(b"pars/swarm-inbox-address/v1", public)


def opening(node_id: bytes, epoch: int) -> bytes:
    """Return what the owner of an inbox signs to open it at one node for one day."""
    return node_id + u64(epoch)


OPENING_CONTEXT = b"pars/swarm-open/v1"


def is_bucket(size: int) -> bool:
    """Return whether a blob may have this size: a bucket and its seal.

    What comes here is padded to a bucket as a rule; were a blob as long as a bucket, it would take
    the next one.
    """
    held = size - OVERHEAD
    return 0 < held <= DATA_MAX and bucket(held) == held


def wrap(key: bytes, data: bytes) -> bytes:
    """Seal some data, padded to a bucket, into a blob that looks random from its first byte.

    The nonce is a hash under the key, so that a second try makes the same blob and a node can
    tell that it has it; two different plaintexts share a nonce only if the hash collides.
    """
    if len(data) > DATA_MAX:
        raise ValueError(f"a blob holds at most {DATA_MAX} bytes")
    padded = u32(len(data)) + data + bytes(bucket(len(data)) - len(data))
    nonce = mac(key, b"pars/swarm-nonce/v1" + padded)[:LONG_NONCE]
    return nonce + seal(key, nonce, padded)


def unwrap(key: bytes, blob: bytes) -> bytes:
    """Return what `wrap` sealed."""
    if not is_bucket(len(blob)):
        raise Refused("swarm: not a bucket")
    reader = Reader(unseal(key, blob[:LONG_NONCE], blob[LONG_NONCE:]))
    data = reader.sized(DATA_MAX)
    if any(reader.rest()) or bucket(len(data)) + OVERHEAD != len(blob):
        raise Refused("swarm: wrong padding")
    return data
