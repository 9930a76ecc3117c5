"""Online, offline, and the way back: push, pull, merge, submit.

A node is online while it has a link that leads beyond its surroundings. Offline it writes on, with
whoever is near. When it comes back it first has its own vertices taken, then takes what it missed,
then merges both, then submits transactions. Any step may be cut off, with the process too: all of
it is done again, and finds done what was done. Nothing is forgotten before others have it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import Protocol

from .codec import Reader, Refused, u8, u64
from .core import Store
from .crdt.bodies import Operation
from .crypto import Random
from .journal import History, Journal, Written
from .mesh.settings import Acknowledged, Arrived, Synced
from .submissions import Outcome, Status, Submissions, Transaction

VERSION = 1
RETRY_MS = 5_000  # between comparisons, while a step waits for others
PATIENCE_MS = 30_000  # a step without any progress for so long is left for the next time
AGAIN_MS = 60_000  # until the way back is gone once more, if something was left; then twice that
AGAIN_MAX_MS = 3_600_000
LOCAL_MAX = 256
NEVER = (1 << 63) - 1

_STATE = b"lifecycle/state"


class Phase(Enum):
    """Where a node is in its life."""

    OFFLINE = "offline"
    RECONNECTING = "reconnecting"
    ONLINE = "online"


class Step(IntEnum):
    """What is done on the way back, in this order."""

    PUSH = 1
    PULL = 2
    MERGE = 3
    SUBMIT = 4


class Space(History, Protocol):
    """What a mesh does for the lifecycle."""

    @property
    def topics(self) -> list[bytes]:
        """The spaces that are carried."""

    def unacknowledged(self, topic: bytes) -> list[bytes]:
        """Return one's own vertices that no one else is known to have."""

    def sync(self, topic: bytes, peer_id: bytes, now: int) -> None:
        """Compare with a neighbour now."""


@dataclass(frozen=True, slots=True)
class Changed:
    """The phase is another one."""

    phase: Phase


@dataclass(frozen=True, slots=True)
class Submit:
    """A transaction is to be handed to a validator; `Lifecycle.answered` hears what it said."""

    transaction: Transaction


@dataclass(frozen=True, slots=True)
class Reported:
    """A transaction needs the user: it is in conflict, stale, or refused."""

    transaction: Transaction


@dataclass(frozen=True, slots=True)
class Resynced:
    """The way back is gone; whether everything was done, or something is left for the next time."""

    complete: bool


Event = Changed | Submit | Reported | Resynced


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What the user may be shown. Times are in milliseconds, 0 for never."""

    phase: Phase
    step: Step | None
    pending_vertices: int
    pending_operations: int
    pending_transactions: int
    problems: tuple[Transaction, ...]
    local_peers: tuple[bytes, ...]
    last_online_sync: int
    offline_since: int


class Lifecycle:
    """The life of one user's node, driven like a `Core` that neither hears nor sends.

    `heard` is told the mesh's events. `is_local` tells whether a neighbour is only reached nearby;
    `merge` brings the documents of a space up to its history.
    """

    def __init__(
        self,
        mesh: Space,
        store: Store,
        random: Random,
        *,
        is_local: Callable[[bytes], bool],
        merge: Callable[[bytes], object],
    ) -> None:
        self._mesh, self._store = mesh, store
        self._is_local, self._merge = is_local, merge
        self.journal = Journal(store, mesh, random)
        self.submissions = Submissions(store)
        self.phase = Phase.OFFLINE
        self.last_online_sync = self.offline_since = 0
        self._step: Step | None = None
        self._open: dict[bytes, None] = {}
        self._wide: dict[bytes, None] = {}
        self._local: dict[bytes, None] = {}
        self._events: list[Event] = []
        self._synced: set[bytes] = set()
        self._awaited: dict[bytes, int] = {}  # vertices that a comparison found missing here
        self._complete = True
        self._progress_at = self._retry_at = self._again_at = 0
        self._again_ms = AGAIN_MS
        self._reported: set[tuple[int, Status]] = set()
        self._load()

    # --- The user ---

    def open(self, topic: bytes, now: int) -> None:
        """Let the user read and write in a space that the mesh has joined."""
        self._open[topic] = None
        if self.phase != Phase.OFFLINE:
            self._return(now)

    def close(self, topic: bytes) -> None:
        """Forget a space that the user leaves, and what he wrote there that no vertex says."""
        self._open.pop(topic, None)
        self.journal.discard(topic)

    def write(self, topic: bytes, operations: list[Operation], now: int) -> None:
        """Accept operations: they are durable when it returns, and in a vertex within seconds."""
        self.journal.write(topic, operations, now)

    def flush(self, topic: bytes, now: int) -> list[Written]:
        """Make a vertex of what waits for a space, at once."""
        return self.journal.flush(topic, now)

    def submit(
        self, *, chain_id: int, sender: bytes, nonce: int, raw: bytes, now: int
    ) -> Transaction:
        """Accept a signed transaction: it is durable when it returns, and handed out online."""
        one = self.submissions.queue(
            chain_id=chain_id, sender=sender, nonce=nonce, raw=raw, now=now
        )
        self._report()
        self._hand_out(now)
        return one

    def answered(self, number: int, outcome: Outcome, now: int) -> None:
        """Take note of what a validator said of a transaction."""
        self.submissions.answered(number, outcome, now)
        self._report()
        if self._step == Step.SUBMIT:
            self._proceed(now)

    def confirmed(self, number: int) -> None:
        """Take note that the chain has a transaction."""
        self.submissions.confirmed(number)
        self._report()

    def overview(self) -> Overview:
        """Return what the user may be shown."""
        return Overview(
            phase=self.phase,
            step=self._step,
            pending_vertices=sum(len(self._mesh.unacknowledged(t)) for t in self._mesh.topics),
            pending_operations=len(self.journal),
            pending_transactions=sum(o.status == Status.WAITING for o in self.submissions.all()),
            problems=tuple(self.submissions.problems),
            local_peers=tuple(self._local),
            last_online_sync=self.last_online_sync,
            offline_since=self.offline_since,
        )

    # --- Links and time ---

    def linked(self, peer_id: bytes, now: int) -> None:
        """Take note of a link, or of another one with the same node."""
        if self._is_local(peer_id):
            if len(self._local) < LOCAL_MAX:
                self._local[peer_id] = None
            self._wide.pop(peer_id, None)
            self._compare(self._mesh.topics, [peer_id], now)
            self._look_around(now)
            return
        self._local.pop(peer_id, None)
        if peer_id not in self._wide:
            self._wide[peer_id] = None
            self._again_ms = AGAIN_MS  # it may carry what nobody else does
            self._again_at = min(self._again_at, now + AGAIN_MS)
        if self.phase == Phase.OFFLINE:
            self._return(now)

    def unlinked(self, peer_id: bytes, now: int) -> None:
        """Take note that the last link to a node has ended."""
        self._local.pop(peer_id, None)
        self._wide.pop(peer_id, None)
        self._look_around(now)

    def _look_around(self, now: int) -> None:
        """Be offline where no link leads beyond the surroundings."""
        if not self._wide and self.phase != Phase.OFFLINE:
            self.phase, self._step = Phase.OFFLINE, None
            self.offline_since = self.offline_since or now
            self._save()
            self._events.append(Changed(self.phase))

    def tick(self, now: int) -> None:
        """Flush what is due, and go on with what waits."""
        if self.phase == Phase.OFFLINE and not self.offline_since:
            self.offline_since = now
            self._save()
        for topic in self._open:
            due = self.journal.due(topic)
            if due is not None and due <= now:
                self.journal.flush(topic, now)
        if self._step is None and not self._complete and self._again_at <= now and self._wide:
            self._return(now)
        self._proceed(now)
        self._hand_out(now)

    @property
    def next_tick(self) -> int:
        """When something is due."""
        times = [due for topic in self._open if (due := self.journal.due(topic)) is not None]
        if self.phase == Phase.RECONNECTING:
            times.append(self._progress_at + PATIENCE_MS)
            times += [self._retry_at] if self._step in (Step.PUSH, Step.PULL) else []
        elif self.phase == Phase.ONLINE:
            times += [self._again_at] if not self._complete else []
        elif not self.offline_since:
            times.append(0)
        due = self.submissions.next_due if self._may_submit else None
        return min(times + ([due] if due is not None else []), default=NEVER)

    def events(self) -> list[Event]:
        """Return what has happened, once."""
        events, self._events = self._events, []
        return events

    # --- The mesh ---

    def heard(self, event: object, now: int) -> None:
        """Take note of what the mesh says has happened."""
        if isinstance(event, Acknowledged):
            self._progress_at = now
            self._proceed(now)
        elif isinstance(event, Arrived):
            self._progress_at = now
            if self._step == Step.PULL and event.topic in self._awaited:
                self._awaited[event.topic] -= len(event.ids)
                if self._awaited[event.topic] <= 0:
                    self._retry_at = now  # compared once more: only that tells that all is there
                    self._proceed(now)
        elif isinstance(event, Synced) and self._step == Step.PULL:
            if event.received:
                self._progress_at = now
                self._awaited[event.topic] = event.received
            elif event.topic not in self._synced:
                self._progress_at = now
                self._synced.add(event.topic)
                self._proceed(now)

    # --- The way back ---

    def _return(self, now: int) -> None:
        """Begin. What was done of it before an interruption is found done."""
        self.phase = Phase.RECONNECTING
        self._complete = True
        self._enter(Step.PUSH, now)
        self._events.append(Changed(self.phase))
        self._proceed(now)

    def _enter(self, step: Step, now: int) -> None:
        self._step = step
        self._progress_at, self._retry_at = now, now
        self._synced.clear()
        self._awaited.clear()
        if step == Step.SUBMIT:
            self.submissions.again()

    def _proceed(self, now: int) -> None:
        """Do the steps that can be done now."""
        while self._step is not None:
            if not self._done(self._step, now):
                if now - self._progress_at < PATIENCE_MS:
                    return
                self._complete = False
            if self._step == Step.SUBMIT:
                self._arrive(now)
            else:
                self._enter(Step(self._step + 1), now)

    def _done(self, step: Step, now: int) -> bool:
        """Do what a step can do, and tell whether that was all."""
        if step == Step.MERGE:
            for topic in self._open:
                self._merge(topic)
                self.journal.flush(topic, now)
            return True
        if step == Step.SUBMIT:
            self._hand_out(now)
            return not self.submissions.in_flight
        topics = self._mesh.topics
        if step == Step.PUSH:
            left = [topic for topic in topics if self._mesh.unacknowledged(topic)]
        else:
            left = [topic for topic in topics if topic not in self._synced]
        if left and self._retry_at <= now:
            self._retry_at = now + RETRY_MS
            self._compare(left, list(self._wide), now)
        return not left

    def _arrive(self, now: int) -> None:
        """Be online again."""
        self._step, self.phase = None, Phase.ONLINE
        if self._complete:
            self.last_online_sync, self.offline_since = now, 0
            self._again_ms = AGAIN_MS
        else:
            self._again_at = now + self._again_ms
            self._again_ms = min(2 * self._again_ms, AGAIN_MAX_MS)
        self._save()
        self._events += [Changed(self.phase), Resynced(self._complete)]

    def _compare(self, topics: list[bytes], peers: list[bytes], now: int) -> None:
        for topic in topics:
            for peer_id in peers:
                self._mesh.sync(topic, peer_id, now)

    # --- Transactions ---

    @property
    def _may_submit(self) -> bool:
        return self.phase == Phase.ONLINE or self._step == Step.SUBMIT

    def _hand_out(self, now: int) -> None:
        if self._may_submit:
            self._events += [Submit(one) for one in self.submissions.due(now)]

    def _report(self) -> None:
        """Tell the user of each problem once in the life of the process."""
        for one in self.submissions.problems:
            if (one.number, one.status) not in self._reported:
                self._reported.add((one.number, one.status))
                self._events.append(Reported(one))

    # --- What is kept ---

    def _save(self) -> None:
        times = u64(self.last_online_sync) + u64(self.offline_since)
        self._store.commit({_STATE: u8(VERSION) + times})

    def _load(self) -> None:
        kept = self._store.get(_STATE)
        if kept is not None:
            reader = Reader(kept)
            if reader.u8() != VERSION:
                raise Refused("lifecycle: unknown version")
            self.last_online_sync, self.offline_since = reader.u64(), reader.u64()
        self._report()
