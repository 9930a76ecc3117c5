"""The light node's side of questions: whom to ask, how long to wait, whom not to believe again.

What it is to find out is a flow: a generator that yields questions and is sent what was proved.
Every answer is checked before the flow sees it. Who gives one that its proof contradicts is put
out for an hour, and another is asked.
"""

from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

from ..codec import Refused, u64
from ..core import Send, Store
from ..crypto import Random
from ..session.messages import MessageType
from .cache import Cache
from .questions import ID, Answer, Ask, Kind, Status, read_answer
from .trust import Checkpoint, Conflict, Trust

ANSWER_MS = 3_000
SYNC_MS = 4_000  # as often as there is a new certificate
ASKED_MAX = 5  # servers, for one question
UNKNOWN_MAX = 2  # servers that have no such thing: then there is none
BUSY_MS = 2_000
LIED_MS = 3_600_000
SERVERS_MAX = 64
SCORE_MAX = 8
JOBS_MAX = 256
NEVER = 2**63
_LIED = b"light/l/"


class FlowFailed(Exception):
    """A flow ends without a result; the message says why."""


class Unanswered(FlowFailed):
    """Nobody answered: we are offline, or nobody has what was asked for."""


class Unreachable(Unanswered):
    """No server could be reached, or none is left to believe."""


class NotFound(Unanswered):
    """Several servers say that there is no such thing. Absence of a block's part has no proof."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question, and what tells a proved answer from a lie."""

    kind: Kind
    body: bytes
    check: Callable[[bytes], Any]
    wanted: int = 1
    """How many servers are asked. With more than one the flow is sent all that was proved."""
    servers: tuple[bytes, ...] = ()
    """Whom alone to ask, where it matters."""
    refusal: Callable[[bytes], Any] | None = None
    """What a refusal comes to, where that is an answer too."""


@dataclass(frozen=True, slots=True)
class Run:
    """Something to be computed elsewhere: the flow is sent what comes of it."""

    job: Any


Flow = Generator[Question | Run, Any, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a flow."""

    value: Any = None
    error: FlowFailed | Refused | None = None


@dataclass(frozen=True, slots=True)
class Lied:
    """A server's answer was contradicted by its proof."""

    peer_id: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class HeadMoved:
    """A higher block is certified."""

    number: int
    block_hash: bytes


@dataclass(slots=True)
class _Server:
    score: int = 0
    busy_until: int = 0
    lied_until: int = 0


@dataclass(slots=True)
class _Job:
    flow: Flow
    done: Callable[[Outcome], None]
    question: Question | None = None
    asked: dict[bytes, None] = field(default_factory=dict)
    waiting: dict[bytes, int] = field(default_factory=dict)  # id -> when to give up
    answers: list[tuple[bytes, Any]] = field(default_factory=list)
    unknown: int = 0
    too_large: bool = False


class LightClient:
    """A core: see node/core.py. `start` begins a flow, `runs` tells what is to be computed."""

    types = frozenset({MessageType.CHAIN_ANSWER})

    def __init__(
        self,
        checkpoint: Checkpoint,
        store: Store,
        random: Random,
        registry: bytes | None = None,
    ) -> None:
        self.trust = Trust(store, checkpoint)
        self.cache = Cache(store)
        self.registry = registry
        """The ValidatorRegistry, where coming sets are to be proved against it too."""
        self.counts: Counter[str] = Counter()
        self.received = 0
        """Bytes of all answers."""
        self._store = store
        self._random = random
        self._servers: dict[bytes, _Server] = {}
        self._jobs: dict[int, _Job] = {}
        self._asked: dict[bytes, tuple[int, bytes]] = {}  # id -> job, server
        self._number = 0
        self._now = 0
        self._outgoing: list[Send] = []
        self._runs: list[tuple[int, Any]] = []
        self._events: list[Lied | HeadMoved | Conflict] = []
        self._sync_at = 0
        self._syncing = False
        self.synchronize: Callable[[], Flow] | None = None
        """The flow that moves the head, begun every `SYNC_MS` while there are servers."""

    # --- Servers ------------------------------------------------------------------------------

    def serve(self, peer_ids: list[bytes]) -> None:
        """Set whom to ask: full nodes, best ones first. What is known of those that stay, stays."""
        servers = {}
        for peer_id in peer_ids[:SERVERS_MAX]:
            raw = self._store.get(_LIED + peer_id)
            until = int.from_bytes(raw, "big") if raw else 0
            servers[peer_id] = self._servers.get(peer_id) or _Server(lied_until=until)
        self._servers = servers
        self._sync_at = 0

    @property
    def servers(self) -> list[bytes]:
        """Whom we may ask."""
        return list(self._servers)

    def doubt(self, peer_id: bytes) -> None:
        """Ask a server after all others: what it said came to nothing."""
        if peer_id in self._servers:
            self._servers[peer_id].score -= SCORE_MAX

    def lied(self, peer_id: bytes, reason: str) -> None:
        """Believe a server no more, for an hour."""
        self._events.append(Lied(peer_id, reason))
        self.counts[reason] += 1
        server = self._servers.get(peer_id)
        if server is not None:
            server.lied_until = self._now + LIED_MS
            old = [key for key, _ in self._store.scan(_LIED)]
            gone = old[: max(0, len(old) + 1 - SERVERS_MAX)]
            changes: dict[bytes, bytes | None] = dict.fromkeys(gone)
            self._store.commit(changes | {_LIED + peer_id: u64(server.lied_until)})

    def _next_server(self, job: _Job, now: int) -> bytes | None:
        assert job.question is not None, "only questions are asked"
        among = job.question.servers or tuple(self._servers)
        free = [
            (-server.score, place, peer_id)
            for place, peer_id in enumerate(among)
            if peer_id not in job.asked
            and (server := self._servers.get(peer_id) or _Server()).lied_until <= now
            and server.busy_until <= now
        ]
        return min(free)[2] if free else None

    # --- Flows --------------------------------------------------------------------------------

    def start(self, flow: Flow, done: Callable[[Outcome], None], now: int) -> None:
        """Begin a flow; `done` is called once, perhaps before this returns."""
        if len(self._jobs) >= JOBS_MAX:
            flow.close()
            done(Outcome(error=Unreachable("too many questions at a time")))
            return
        self._number += 1
        self._jobs[self._number] = _Job(flow, done)
        self._step(self._number, lambda: flow.send(None), now)

    @property
    def has_runs(self) -> bool:
        """Whether there is something to be computed."""
        return bool(self._runs)

    def runs(self) -> list[tuple[int, Any]]:
        """Return what is to be computed, once; `ran` takes what came of it."""
        runs, self._runs = self._runs, []
        return runs

    def ran(self, number: int, result: Any, now: int) -> None:
        """Go on with a flow whose computation is done, or has failed."""
        flow = self._jobs[number].flow
        failed = isinstance(result, Unanswered)
        self._step(number, lambda: flow.throw(result) if failed else flow.send(result), now)

    def _step(self, number: int, resume: Callable[[], Question | Run], now: int) -> None:
        self._now = now
        job = self._jobs[number]
        for request in job.waiting:
            del self._asked[request]
        try:
            wanted = resume()
        except StopIteration as stop:
            del self._jobs[number]
            job.done(Outcome(value=stop.value))
        except (FlowFailed, Refused) as error:
            del self._jobs[number]
            job.done(Outcome(error=error))
        else:
            job.asked, job.waiting, job.answers, job.unknown = {}, {}, [], 0
            job.too_large = False
            if isinstance(wanted, Run):
                job.question = None
                self._runs.append((number, wanted.job))
                return
            job.question = wanted
            self._ask(number, now)

    def _ask(self, number: int, now: int) -> None:
        """Ask as many as are wanted; go on with the flow where all is said."""
        job = self._jobs[number]
        question = job.question
        assert question is not None, "only questions are asked"
        while len(job.answers) + len(job.waiting) < question.wanted:
            peer_id = self._next_server(job, now) if len(job.asked) < ASKED_MAX else None
            if peer_id is None or job.unknown >= UNKNOWN_MAX:
                break
            request = self._random(ID)
            job.asked[peer_id] = None
            job.waiting[request] = now + ANSWER_MS
            self._asked[request] = number, peer_id
            payload = Ask(request, question.kind, question.body).encode()
            self._outgoing.append(Send(peer_id, MessageType.CHAIN_ASK, payload))
        if job.waiting:
            return
        if job.answers:
            sent = job.answers if question.wanted > 1 else job.answers[0][1]
            self._step(number, lambda: job.flow.send(sent), now)
        else:
            failed = _failure(job)
            self._step(number, lambda: job.flow.throw(failed), now)

    # --- The core -----------------------------------------------------------------------------

    def linked(self, peer_id: bytes, now: int) -> None:
        """A link says nothing of whether a node serves."""

    def unlinked(self, peer_id: bytes, now: int) -> None:
        """Ask others what this node was asked."""
        self.unreachable(peer_id, now)

    def unreachable(self, peer_id: bytes, now: int) -> None:
        """Ask others what this node was asked."""
        gone = [request for request, (_, asked) in self._asked.items() if asked == peer_id]
        for request in gone:
            self._give_up(request, now)

    def _give_up(self, request: bytes, now: int) -> None:
        found = self._asked.pop(request, None)
        if found is None:  # its flow has gone on meanwhile
            return
        number, peer_id = found
        del self._jobs[number].waiting[request]
        if peer_id in self._servers:
            self._servers[peer_id].score -= 1
        self._ask(number, now)

    def receive(self, peer_id: bytes, kind: MessageType, payload: bytes, now: int) -> None:
        """Take an answer."""
        assert kind in self.types, "others hear other types"
        self._now = now
        answer = read_answer(payload)
        found = self._asked.get(answer.id)
        if found is None or found[1] != peer_id:
            raise Refused("light: not asked")
        number = found[0]
        job = self._jobs[number]
        del self._asked[answer.id], job.waiting[answer.id]
        self.received += len(payload)
        self._take(job, peer_id, answer, now)
        if self.trust.conflict is not None:
            self._events.append(self.trust.conflict)
            self.trust.conflict = None
        self._ask(number, now)

    def _take(self, job: _Job, peer_id: bytes, answer: Answer, now: int) -> None:
        question, server = job.question, self._servers.get(peer_id) or _Server()
        assert question is not None, "an answer has a question"
        check = question.check
        if answer.status == Status.REFUSED and question.refusal is not None:
            check = question.refusal
        elif answer.status != Status.OK:
            self.counts[f"light: server says {answer.status.name.lower()}"] += 1
            job.unknown += answer.status == Status.UNKNOWN
            job.too_large |= answer.status == Status.TOO_LARGE
            if answer.status == Status.BUSY:
                server.busy_until = now + BUSY_MS
            return
        try:
            value = check(answer.body)
        except Refused as error:
            self.lied(peer_id, error.reason)
            return
        job.answers.append((peer_id, value))
        server.score = min(server.score + 1, SCORE_MAX)

    def tick(self, now: int) -> None:
        """Give up on servers that do not answer, and look for a higher head."""
        late = [
            request
            for job in list(self._jobs.values())
            for request, until in job.waiting.items()
            if until <= now
        ]
        for request in late:
            self.counts["light: no answer"] += 1
            self._give_up(request, now)
        if self._servers and not self._syncing and self._sync_at <= now and self.synchronize:
            self._syncing = True
            self.start(self.synchronize(), self._synchronized, now)
            self._sync_at = now + SYNC_MS

    def _synchronized(self, outcome: Outcome) -> None:
        self._syncing = False
        if outcome.error is not None:
            self.counts[f"light: {outcome.error}"] += 1

    @property
    def next_tick(self) -> int:
        """When a server is late, or a head is due."""
        dues = [until for job in self._jobs.values() for until in job.waiting.values()]
        if self._servers and not self._syncing and self.synchronize:
            dues.append(self._sync_at)
        return min(dues, default=NEVER)

    def moved(self) -> None:
        """Tell of a new head."""
        head = self.trust.head
        assert head is not None, "the head has moved"
        self._events.append(HeadMoved(head.number, head.hash))

    def outgoing(self) -> list[Send]:
        """Return what is to be sent, once."""
        sends, self._outgoing = self._outgoing, []
        return sends

    def events(self) -> list[Lied | HeadMoved | Conflict]:
        """Return what happened, once."""
        events, self._events = self._events, []
        return events


def _failure(job: _Job) -> Unanswered:
    if job.unknown:
        return NotFound("no server has it")
    if job.too_large:
        return Unanswered("the answer is too large to be proved here")
    return Unreachable("no server answers that can be believed")
