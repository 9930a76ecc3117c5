"""Putting a blob where its reader will look: copies at several of the closest nodes.

A deposit is the outbox's entry for one blob. It does the work each node asks for, a slice at a
time, passes over nodes that refuse or stay silent, and goes on until there are as many copies as
its priority wants. It keeps over a restart what it has reached.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum

from ..codec import Reader, Refused, sized, u8, u16, u64
from ..crypto import sha256
from . import work
from .mailboxes import DATA_MAX, DAY_MS, TERMS_DAYS, Channel, Inbox, Record, week, wrap
from .requests import Code, Done, Publish, Refusal, Reply, Store, decode_reply, encode_request

COPIES = (3, 5, 7)  # by priority
COPIES_MIN = (2, 3, 4)  # below, storage is insufficient
TERM_OF_PRIORITY = (0, 2, 2)
SWARM = 10  # nodes closest to a place: where copies lie and readers look
TIMEOUT_MS = 60_000
AGAIN_MS = 60_000  # after which a node that failed is asked again; doubled each time
AGAIN_MAX_MS = 3_600_000
EXTRA_MS = 3_600_000  # how long copies beyond the least are sought
RAISES_MAX = 4  # of the work, for one node in one attempt
TRIES = 4096  # hashes in one slice: 3 ms

_VERSION = 1
_STORED_MAX = 64

Target = Channel | Inbox | Record
Closest = Callable[[bytes, int], Sequence[bytes]]  # place, count -> ids of nodes, closest first


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """A request for a node. `tag` names it when its reply, or the lack of one, is told."""

    node_id: bytes
    request: bytes = field(repr=False)
    tag: int


class State(Enum):
    """How far a deposit is."""

    OPEN = "open"  # under way
    ENOUGH = "enough"  # as many copies as it takes, and more are sought
    STORED = "stored"  # as many copies as were wanted, or as could be had
    INSUFFICIENT = "insufficient storage"  # too few copies, and nobody to ask just now
    EXPIRED = "expired"  # the time for which it should lie has passed


@dataclass(slots=True)
class _Attempt:
    """What is going on with one node."""

    epoch: int
    blob: bytes
    challenge: bytes
    hour: int
    bits: int
    nonce: int = 0
    raises: int = 0
    tag: int | None = None  # of the request that is under way; None while the work is done
    deadline: int = 0


@dataclass(slots=True)
class _Failure:
    times: int
    again_at: int


class Deposit:
    """One blob on its way to its copies."""

    def __init__(self, target: Target, data: bytes, priority: int, now: int) -> None:
        if len(data) > DATA_MAX:
            raise ValueError(f"a blob holds at most {DATA_MAX} bytes")
        self._target = target
        self._data = data
        self._priority = priority
        self._created = now
        self._stored: set[bytes] = set()
        self._attempts: dict[bytes, _Attempt] = {}
        self._failures: dict[bytes, _Failure] = {}
        self._next_tag = 0
        self._now = now
        self._due = True  # to look for nodes at once

    @property
    def copies(self) -> int:
        """How many nodes have said that they keep it."""
        return len(self._stored)

    @property
    def holders(self) -> list[bytes]:
        """The nodes that have said so."""
        return sorted(self._stored)

    @property
    def state(self) -> State:
        """How far it is, as of the last call."""
        term = 0 if isinstance(self._target, Record) else TERM_OF_PRIORITY[self._priority]
        age = self._now - self._created
        if self.copies >= COPIES[self._priority]:
            return State.STORED
        enough = self.copies >= COPIES_MIN[self._priority]
        if enough and age >= EXTRA_MS:
            return State.STORED
        if age >= TERMS_DAYS[term] * DAY_MS:
            return State.EXPIRED
        if enough:
            return State.ENOUGH
        return State.OPEN if self._attempts or self._due else State.INSUFFICIENT

    @property
    def done(self) -> bool:
        """Whether there is nothing left to do."""
        return self.state in (State.STORED, State.EXPIRED)

    def poll(self, now: int, closest: Closest, tries: int = TRIES) -> list[Send]:
        """Return what to send, after a slice of work at most; `next_at` says when to call again."""
        self._now = now
        for node_id, attempt in list(self._attempts.items()):
            if attempt.tag is not None and now >= attempt.deadline:
                self._fail(node_id, now)
        if self.done:
            self._attempts.clear()
            return []
        self._recruit(now, closest)
        for node_id, attempt in self._attempts.items():
            if attempt.tag is None:
                send = self._work(node_id, attempt, now, tries)
                return [send] if send else []
        return []

    def next_at(self, now: int) -> int | None:
        """Return when to poll next: now, while there is work to do; None, when it is done."""
        if self.done:
            return None
        if self._due or any(attempt.tag is None for attempt in self._attempts.values()):
            return now
        deadlines = [attempt.deadline for attempt in self._attempts.values()]
        return max(now, min([*deadlines, now + AGAIN_MS]))

    def receive(self, tag: int, reply: bytes, now: int) -> None:
        """Take the reply to a request."""
        self._now = now
        found = self._under_way(tag)
        if found is None:
            return
        node_id, attempt = found
        try:
            answer = decode_reply(reply)
        except Refused:
            self._fail(node_id, now)
            return
        if _is_kept(answer):
            self._stored.add(node_id)
            del self._attempts[node_id]
            self._failures.pop(node_id, None)
        elif not (isinstance(answer, Refusal) and self._adapt(node_id, attempt, answer)):
            self._fail(node_id, now)

    def lost(self, tag: int, now: int) -> None:
        """Learn that a request will have no reply."""
        self._now = now
        found = self._under_way(tag)
        if found:
            self._fail(found[0], now)

    def encode(self) -> bytes:
        """Return what has to survive a restart."""
        head = u8(_VERSION) + _encode_target(self._target) + u8(self._priority)
        stored = u16(len(self._stored)) + b"".join(self.holders)
        return head + u64(self._created) + stored + sized(self._data)

    @classmethod
    def decode(cls, data: bytes) -> "Deposit":
        """Take back what `encode` returned."""
        reader = Reader(data)
        if reader.u8() != _VERSION:
            raise Refused("deposit: unknown version")
        target, priority, created = _read_target(reader), reader.u8(), reader.u64()
        count = reader.u16()
        if priority >= len(COPIES) or count > _STORED_MAX:
            raise Refused("deposit: damaged")
        stored = [reader.take(32) for _ in range(count)]
        blob = reader.sized(DATA_MAX)
        reader.end()
        if stored != sorted(set(stored)):
            raise Refused("deposit: damaged")
        deposit = cls(target, blob, priority, created)
        deposit._stored = set(stored)
        return deposit

    def _under_way(self, tag: int) -> tuple[bytes, _Attempt] | None:
        for node_id, attempt in self._attempts.items():
            if attempt.tag == tag:
                return node_id, attempt
        return None

    def _recruit(self, now: int, closest: Closest) -> None:
        """Turn to as many more nodes as copies are missing."""
        self._due = False
        missing = COPIES[self._priority] - self.copies - len(self._attempts)
        if missing <= 0:
            return
        epoch = self._target.epoch(now)
        for node_id in closest(self._target.place(epoch), SWARM):
            failure = self._failures.get(node_id)
            waits = failure is not None and failure.again_at > now
            if node_id in self._stored or node_id in self._attempts or waits:
                continue
            self._attempts[node_id] = self._begin(node_id, epoch, now)
            missing -= 1
            if not missing:
                return

    def _begin(self, node_id: bytes, epoch: int, now: int) -> _Attempt:
        blob = wrap(self._target.blob_key(epoch, node_id), self._data)
        guarded = isinstance(self._target, Channel)
        bits = work.required(len(blob), self._term, 0, guarded=guarded)
        attempt = _Attempt(epoch, blob, b"", work.hour(now), bits)
        self._challenge(node_id, attempt)
        return attempt

    @property
    def _term(self) -> int:
        return 0 if isinstance(self._target, Record) else TERM_OF_PRIORITY[self._priority]

    def _challenge(self, node_id: bytes, attempt: _Attempt) -> None:
        name = self._target.name(attempt.epoch, node_id)
        blob_id = sha256(attempt.blob)
        attempt.challenge = work.challenge(node_id, name, blob_id, self._term, attempt.hour)
        attempt.nonce = 0

    def _work(self, node_id: bytes, attempt: _Attempt, now: int, tries: int) -> Send | None:
        found = work.search(attempt.challenge, attempt.bits, attempt.nonce, tries)
        if found is None:
            attempt.nonce += tries
            return None
        attempt.nonce = found
        attempt.tag = self._next_tag
        attempt.deadline = now + TIMEOUT_MS
        self._next_tag += 1
        name = self._target.name(attempt.epoch, node_id)
        token = self._target.token(attempt.epoch, node_id)
        shown = attempt.hour, attempt.nonce, attempt.blob
        if isinstance(self._target, Record):
            request = encode_request(Publish(name, token, *shown))
        else:
            request = encode_request(Store(name, token, self._term, *shown))
        return Send(node_id=node_id, request=request, tag=attempt.tag)

    def _adapt(self, node_id: bytes, attempt: _Attempt, refusal: Refusal) -> bool:
        """Do the work that a node asks for, within reason; return whether to try again."""
        attempt.raises += 1
        if attempt.raises > RAISES_MAX:
            return False
        if refusal.code in (Code.WORK_LOW, Code.RECORD_FULL):
            if not attempt.bits < refusal.bits <= work.BITS_MAX:
                return False
            attempt.bits = refusal.bits
            attempt.tag = None
            attempt.nonce += 1
            return True
        if refusal.code == Code.WORK_TIME and attempt.hour != refusal.hour:
            attempt.hour = refusal.hour
            attempt.bits = max(attempt.bits, min(refusal.bits, work.BITS_MAX))
            attempt.tag = None
            self._challenge(node_id, attempt)
            return True
        return False

    def _fail(self, node_id: bytes, now: int) -> None:
        self._attempts.pop(node_id, None)
        before = self._failures.get(node_id)
        times = before.times + 1 if before else 1
        wait = min(AGAIN_MAX_MS, AGAIN_MS << min(times - 1, 10))
        self._failures[node_id] = _Failure(times, now + wait)
        self._due = True


def publish(account: bytes, secret: bytes, value: bytes, priority: int, now: int) -> list[Deposit]:
    """Return the deposits of published keys: for this week and, before it begins, the next."""
    return [
        Deposit(Record(account, week(now) + later, secret), value, priority, now)
        for later in (0, 1)
    ]


def _is_kept(reply: Reply) -> bool:
    """Return whether a node has the blob. Work that was spent before was taken with this blob."""
    if isinstance(reply, Refusal):
        return reply.code == Code.WORK_SPENT
    return isinstance(reply, Done) and reply.count == 1


def _encode_target(target: Target) -> bytes:
    match target:
        case Channel(secret):
            return u8(0) + secret
        case Inbox(address):
            return u8(1) + address
        case Record(account, epoch, secret):
            return u8(2) + account + u64(epoch) + secret


def _read_target(reader: Reader) -> Target:
    kind = reader.u8()
    if kind == 0:
        return Channel(reader.take(32))
    if kind == 1:
        return Inbox(reader.take(32))
    if kind == 2:
        return Record(reader.take(32), reader.u64(), reader.take(32))
    raise Refused("deposit: unknown target")
