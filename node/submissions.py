"""Signed transactions that wait for the chain: kept until it has them, or the user lets them go.

What cannot be submitted as it is (another one has its nonce, or the chain refuses it) stays, is
reported, and waits for the user. Nothing is dropped, and nothing is signed anew here.
"""

from dataclasses import dataclass, replace
from enum import IntEnum

from .codec import Reader, Refused, sized, u8, u64
from .core import Store

VERSION = 1
ADDRESS = 20
RAW_MAX = 128 << 10
WAITING_MAX = 1_024
ANSWER_MS = 60_000  # without an answer for so long, it is handed out again
RETRY_MIN_MS = 5_000
RETRY_MAX_MS = 300_000

_KEY = b"submissions/"


class Status(IntEnum):
    """Where a transaction stands."""

    WAITING = 0
    SUBMITTED = 1
    CONFLICT = 2
    STALE = 3
    REFUSED = 4


OPEN = (Status.WAITING, Status.SUBMITTED)


class Outcome(IntEnum):
    """What a validator, or the way there, said of a transaction."""

    ACCEPTED = 0  # or known already
    STALE = 1  # the chain has another one under its nonce
    REFUSED = 2
    UNREACHABLE = 3


_STATUS = {
    Outcome.ACCEPTED: Status.SUBMITTED,
    Outcome.STALE: Status.STALE,
    Outcome.REFUSED: Status.REFUSED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A signed transaction, and what became of it."""

    number: int  # in the order in which they were queued
    chain_id: int
    sender: bytes
    nonce: int
    raw: bytes
    at: int
    status: Status = Status.WAITING

    @property
    def slot(self) -> tuple[int, bytes, int]:
        """Return what only one transaction can have."""
        return self.chain_id, self.sender, self.nonce

    def encode(self) -> bytes:
        """Return what is kept."""
        numbers = u64(self.chain_id) + u64(self.nonce) + u64(self.at)
        return u8(VERSION) + u8(self.status) + numbers + self.sender + sized(self.raw)

    @classmethod
    def decode(cls, number: int, data: bytes) -> "Transaction":
        """Read what was kept."""
        reader = Reader(data)
        if reader.u8() != VERSION:
            raise Refused("submissions: unknown version")
        status, chain_id, nonce, at = reader.u8(), reader.u64(), reader.u64(), reader.u64()
        sender, raw = reader.take(ADDRESS), reader.sized(RAW_MAX)
        reader.end()
        return cls(
            number=number,
            chain_id=chain_id,
            sender=sender,
            nonce=nonce,
            raw=raw,
            at=at,
            status=Status(status),
        )


class Submissions:
    """The queue. What a call has changed is durable when it returns."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._queue: dict[int, Transaction] = {}
        self._asked: dict[int, int] = {}  # out with a validator, since when
        self._failures: dict[int, tuple[int, int]] = {}  # how often, and when to try again
        for key, value in store.scan(_KEY):
            number = int.from_bytes(key[len(_KEY) :], "big")
            self._queue[number] = Transaction.decode(number, value)
        self._next = max(self._queue, default=-1) + 1

    def all(self) -> list[Transaction]:
        """Return everything that is kept, in the order of queueing."""
        return [self._queue[number] for number in sorted(self._queue)]

    @property
    def problems(self) -> list[Transaction]:
        """Return what waits for the user to decide."""
        return [one for one in self.all() if one.status not in OPEN]

    def queue(
        self, *, chain_id: int, sender: bytes, nonce: int, raw: bytes, now: int
    ) -> Transaction:
        """Keep a signed transaction; one that is there is not kept twice.

        Where another open one has its nonce, it is kept as a conflict.
        """
        if len(sender) != ADDRESS or not 0 < len(raw) <= RAW_MAX:
            raise ValueError("submissions: no transaction")
        known = [one for one in self._queue.values() if one.raw == raw]
        if known:
            return known[0]
        if len(self._queue) >= WAITING_MAX:
            raise ValueError("submissions: too many wait")
        one = Transaction(
            number=self._next, chain_id=chain_id, sender=sender, nonce=nonce, raw=raw, at=now
        )
        if self._rival(one):
            one = replace(one, status=Status.CONFLICT)
        self._keep(one)
        self._next += 1
        return one

    def due(self, now: int) -> list[Transaction]:
        """Return what is to be handed to a validator now, by sender and nonce."""
        found = []
        for one in sorted(self._queue.values(), key=lambda one: one.slot):
            if one.status == Status.WAITING and self._due(one) <= now:
                self._asked[one.number] = now
                found.append(one)
        return found

    def _due(self, one: Transaction) -> int:
        """Return when a transaction is to be handed out, if nothing is heard before."""
        asked = self._asked.get(one.number)
        if asked is not None:
            return asked + ANSWER_MS
        return self._failures.get(one.number, (0, 0))[1]

    @property
    def next_due(self) -> int | None:
        """Return when `due` has something, if nothing happens before."""
        times = (self._due(o) for o in self._queue.values() if o.status == Status.WAITING)
        return min(times, default=None)

    def again(self) -> None:
        """Hand out again what nobody has answered, and what the chain did not confirm."""
        self._asked.clear()
        self._failures.clear()
        for one in self.all():
            if one.status == Status.SUBMITTED:
                self._keep(replace(one, status=Status.WAITING))

    def answered(self, number: int, outcome: Outcome, now: int) -> Transaction | None:
        """Take note of what was said of a transaction; None where it is kept no longer."""
        one = self._queue.get(number)
        self._asked.pop(number, None)
        if one is None or one.status != Status.WAITING:
            return one
        if outcome == Outcome.UNREACHABLE:
            count, _ = self._failures.get(number, (0, 0))
            wait = min(RETRY_MIN_MS << min(count, 16), RETRY_MAX_MS)
            self._failures[number] = (count + 1, now + wait)
            return one
        self._failures.pop(number, None)
        one = replace(one, status=_STATUS[outcome])
        self._keep(one)
        return one

    def confirmed(self, number: int) -> Transaction | None:
        """Let a transaction go that the chain has; others with its nonce are stale by that."""
        one = self._queue.get(number)
        if one is None:
            return None
        changes: dict[bytes, bytes | None] = {_KEY + u64(number): None}
        stale = [
            replace(other, status=Status.STALE)
            for other in self._queue.values()
            if other.slot == one.slot and other.number != number
        ]
        changes |= {_KEY + u64(other.number): other.encode() for other in stale}
        self._store.commit(changes)
        self._queue |= {other.number: other for other in stale}
        self._drop(number)
        return one

    def discard(self, number: int) -> None:
        """Let a transaction go because the user says so."""
        if number in self._queue:
            self._store.commit({_KEY + u64(number): None})
            self._drop(number)

    def retry(self, number: int) -> bool:
        """Try a reported one again, because the user says so; not where another has its nonce."""
        one = self._queue.get(number)
        if one is None or one.status in OPEN or self._rival(one):
            return False
        self._keep(replace(one, status=Status.WAITING))
        return True

    @property
    def in_flight(self) -> bool:
        """Return whether an answer is awaited."""
        return bool(self._asked)

    def _rival(self, one: Transaction) -> bool:
        return any(
            other.slot == one.slot and other.status in OPEN and other.number != one.number
            for other in self._queue.values()
        )

    def _keep(self, one: Transaction) -> None:
        self._store.commit({_KEY + u64(one.number): one.encode()})
        self._queue[one.number] = one

    def _drop(self, number: int) -> None:
        del self._queue[number]
        self._asked.pop(number, None)
        self._failures.pop(number, None)
