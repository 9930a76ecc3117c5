"""When messages are erased: an hour after sending, a day after receiving, a week on relays.

A pure function of records and the time. A record begins when its message has left (what waits to
be sent is not erased) or has come. Erasing is for the store: first the key, then what it sealed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum

from .. import codec
from ..codec import Reader, Refused

MESSAGE_ID = 16
HOUR = 3600 * 1000
DAY = 24 * HOUR
TIME_MAX = 1 << 62
RECORD = MESSAGE_ID + 1 + 8 + 8


class Role(IntEnum):
    """What this node was for a message."""

    SENDER = 0
    RECIPIENT = 1
    RELAY = 2


LIFE = {Role.SENDER: HOUR, Role.RECIPIENT: DAY, Role.RELAY: 7 * DAY}
LIFE_MAX = {Role.SENDER: 366 * DAY, Role.RECIPIENT: 366 * DAY, Role.RELAY: 30 * DAY}


@dataclass(frozen=True, slots=True)
class Record:
    """A message that is kept, since when, and for how long."""

    message_id: bytes
    role: Role
    since: int
    life: int

    @classmethod
    def begin(cls, message_id: bytes, role: Role, now: int) -> "Record":
        """Keep a message for as long as its role says."""
        return cls(message_id, role, now, LIFE[role])

    @property
    def due(self) -> int:
        """When it is erased."""
        return self.since + self.life

    def extended(self, now: int, life: int) -> "Record":
        """Keep it for this long from now on, within the bounds of its role."""
        return replace(self, life=max(0, min(now - self.since + life, LIFE_MAX[self.role])))

    def at_once(self) -> "Record":
        """Erase it with the next plan."""
        return replace(self, life=0)

    def encode(self) -> bytes:
        """Return the record for the store."""
        times = codec.u64(self.since) + codec.u64(self.life)
        return self.message_id + codec.u8(self.role) + times

    @classmethod
    def decode(cls, data: bytes) -> "Record":
        """Take back what `encode` returned."""
        reader = Reader(data)
        message_id, role = reader.take(MESSAGE_ID), reader.u8()
        since, life = reader.u64(), reader.u64()
        reader.end()
        if role not in Role.__members__.values():
            raise Refused("ephemeral: unknown role")
        if life > LIFE_MAX[Role(role)] or since >= TIME_MAX:
            raise Refused("ephemeral: kept too long")
        return cls(message_id, Role(role), since, life)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to erase now, and when to look again."""

    erase: tuple[bytes, ...]
    next_at: int | None


def plan(records: Iterable[Record], now: int) -> Plan:
    """Return the messages whose keys and bodies are erased now.

    A record that began further in the future than it lasts was made under a wrong clock: it goes,
    rather than staying until that clock is right.
    """
    erase, later = [], []
    for record in records:
        if record.since - now > record.life or record.due <= now:
            erase.append(record.message_id)
        else:
            later.append(record.due)
    return Plan(tuple(erase), min(later, default=None))
