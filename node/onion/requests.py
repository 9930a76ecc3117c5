"""The asking end: a question of up to 1 MiB goes out in packets, its answer comes back in others.

Every packet takes a path of its own and may be lost. The client alone decides what is sent again;
it stops after a number of tries without any progress, so a request always ends.
"""

from collections import deque
from dataclasses import dataclass, field

from ..codec import Refused
from ..crypto import Random, equal
from . import packet as onion
from .chance import wait_ms
from .fragments import (
    ANSWER_SIZE,
    ANSWERS_MAX,
    BODY_MAX,
    CALL_MAX,
    PART_SIZE,
    REQUEST_ID,
    Answer,
    Call,
    Gone,
    Part,
    Partial,
    Pull,
    digest_of,
    part_of,
    parts_of,
    read_reply,
)
from .keys import KeyRing
from .packet import Relay
from .paths import Path, Paths
from .relay import Mine, Send
from .surb import Surb, SurbSecret, make_surb

DELAY_MEAN_MS = 100  # at each relay
RETRY_MS = 4_000
RETRY_MAX_MS = 32_000
TRIES_MAX = 4
LIFE_MS = 480_000  # below the time for which a service remembers an id
OPEN_MAX = 256
OPEN_BYTES_MAX = 32 << 20  # of requests, and of the parts of answers
PULLS_MAX = 32  # reply blocks that are under way for one request
SURBS_MAX = 4096

# What there is to send for a request; the number is a part of it or of its answer.
_CALL, _PART, _PULL, _PROBE = range(4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A request has its answer."""

    number: int
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A request has none, and will have none; whether it was carried out is not known."""

    number: int
    reason: str


@dataclass(slots=True, kw_only=True)
class _Open:
    """A request under way."""

    service: Relay
    request_id: bytes = field(repr=False)
    body: bytes = field(repr=False)
    until_ms: int
    queue: deque[tuple[int, int]]
    retry_ms: int | None = None  # None while there is something in the queue
    tries: int = 0
    probed: bool = False  # and nobody has said yet what is missing
    total: int | None = None  # of the answer
    digest: bytes = b""
    parts: dict[int, bytes] = field(default_factory=dict, repr=False)
    pulled: set[int] = field(default_factory=set)
    surbs: set[bytes] = field(default_factory=set, repr=False)


class Client:
    """All requests of one node to others."""

    def __init__(
        self,
        node_id: bytes,
        keys: KeyRing,
        paths: Paths,
        random: Random,
        delay_mean_ms: int = DELAY_MEAN_MS,
    ) -> None:
        self._node_id = node_id
        self._keys = keys
        self._paths = paths
        self._random = random
        self._delay_mean_ms = delay_mean_ms
        self._open: dict[int, _Open] = {}
        self._surbs: dict[bytes, tuple[int, SurbSecret]] = {}  # the oldest first
        self._turn: deque[int] = deque()  # whose packet is next, of those that have one
        self._bytes = 0
        self._number = 0
        self.hops: int | None = None  # of the last packet's path

    def __len__(self) -> int:
        """Return how many requests are under way."""
        return len(self._open)

    def request(self, service: Relay, body: bytes, now: int, answer_size: int = 0) -> int:
        """Begin a request; return its number. `answer_size` is a guess, which saves a round."""
        if service.node_id == self._node_id:
            raise ValueError("a request goes to another node")
        if len(body) > BODY_MAX:
            raise ValueError(f"a request has at most {BODY_MAX} bytes")
        if len(self._open) >= OPEN_MAX or self._bytes + len(body) > OPEN_BYTES_MAX:
            raise Refused("onion: too many requests")
        if not self._paths.is_sound(service):
            raise Refused("onion: no key of a node")
        self._number += 1
        self._bytes += len(body)
        parts = parts_of(len(body), PART_SIZE)
        short = len(body) <= CALL_MAX
        jobs = [(_CALL, 0)] if short else [(_PART, index) for index in range(parts)]
        answers = min(parts_of(answer_size, ANSWER_SIZE), PULLS_MAX, ANSWERS_MAX)
        pulls = range(1 if short else 0, answers)
        request = _Open(
            service=service,
            request_id=self._random(REQUEST_ID),
            body=body,
            until_ms=now + LIFE_MS,
            queue=deque([*jobs, *((_PULL, index) for index in pulls)]),
            pulled=set(range(answers)),
        )
        self._open[self._number] = request
        self._turn.append(self._number)
        return self._number

    @property
    def waiting(self) -> int:
        """How many packets would go out now."""
        return sum(len(self._open[number].queue) for number in self._turn)

    @property
    def next_at(self) -> int | None:
        """When `poll` and `expired` have something to do without anything coming in."""
        if self._turn:
            return 0
        waits = (each.retry_ms for each in self._open.values())
        return min((wait for wait in waits if wait is not None), default=None)

    def poll(self, now: int, room: int = 64) -> list[Send]:
        """Return at most `room` packets to send: each request in its turn, one packet at a time."""
        for number, request in self._open.items():
            if request.retry_ms is not None and now >= request.retry_ms:
                self._retry(number, request)
        sends: list[Send] = []
        while self._turn and len(sends) < room:
            number = self._turn.popleft()
            request = self._open[number]
            sends.append(self._packet(number, request, request.queue.popleft(), now))
            if request.queue:
                self._turn.append(number)
            else:
                request.retry_ms = now + self._patience(request)
        return sends

    def _patience(self, request: _Open) -> int:
        return min(RETRY_MS << request.tries, RETRY_MAX_MS) + 8 * self._delay_mean_ms

    def expired(self, now: int) -> list[Failed]:
        """Return the requests that nobody answers, and forget them."""
        over = [
            number
            for number, request in self._open.items()
            if now >= request.until_ms or request.tries > TRIES_MAX
        ]
        for number in over:
            self._close(number)
        return [Failed(number=number, reason="onion: no answer") for number in over]

    def receive(self, mine: Mine, now: int) -> list[Answered | Failed]:
        """Take in what came back; a reply block that was used before is not known any more."""
        if mine.reply_id not in self._surbs:
            raise Refused("onion: unknown reply")
        number, secret = self._surbs.pop(mine.reply_id)
        request = self._open[number]
        request.surbs.discard(mine.reply_id)
        reply = read_reply(secret.open(mine.body))
        if isinstance(reply, Gone):
            self._close(number)
            return [Failed(number=number, reason="onion: the answer is gone")]
        request.tries = 0
        if request.retry_ms is not None:
            request.retry_ms = now + self._patience(request)
        if isinstance(reply, Partial):
            self._resend(number, request, reply)
            return []
        return self._collect(number, request, reply)

    def _retry(self, number: int, request: _Open) -> None:
        """Ask again for what did not come, over fresh paths."""
        request.tries += 1
        if request.tries > TRIES_MAX:
            return
        request.pulled = set()
        request.probed = True
        again = (_CALL if len(request.body) <= CALL_MAX else _PROBE, 0)
        if request.total is None:  # the more often it was in vain, the more of them
            self._queue(number, request, [again] * request.tries)
        else:
            self._pull(number, request)
            if request.tries > 1:  # the service may have forgotten the request
                self._queue(number, request, [again])

    def _resend(self, number: int, request: _Open, reply: Partial) -> None:
        """Send the parts that have not arrived."""
        if reply.total != len(request.body):
            raise Refused("onion: lengths of a request differ")
        if not request.probed:  # an answer to another probe of the same try
            return
        request.probed = False
        parts = range(parts_of(len(request.body), PART_SIZE))
        missing = [(_PART, index) for index in parts if index not in reply.arrived]
        self._queue(number, request, [*missing, (_PULL, 0)])

    def _collect(self, number: int, request: _Open, reply: Answer) -> list[Answered | Failed]:
        """Put a part of the answer in its place."""
        if (reply.total, reply.digest) != (request.total, request.digest):
            # The first part; or the service has forgotten, and carried the request out again.
            request.total, request.digest = reply.total, reply.digest
            self._bytes -= sum(map(len, request.parts.values()))
            request.parts = {}
        if reply.index not in request.parts:
            request.parts[reply.index] = reply.data
            self._bytes += len(reply.data)
        request.pulled.discard(reply.index)
        if self._bytes > OPEN_BYTES_MAX:
            self._close(number)
            return [Failed(number=number, reason="onion: too many answers")]
        if len(request.parts) < parts_of(reply.total, ANSWER_SIZE):
            self._pull(number, request)
            return []
        body = b"".join(request.parts[index] for index in sorted(request.parts))
        self._close(number)
        if not equal(digest_of(body), reply.digest):
            return [Failed(number=number, reason="onion: parts of the answer do not fit")]
        return [Answered(number=number, body=body)]

    def _pull(self, number: int, request: _Open) -> None:
        """Ask for the parts of the answer that are missing, some at a time."""
        wanted = [
            index
            for index in range(parts_of(request.total or 0, ANSWER_SIZE))
            if index not in request.parts and index not in request.pulled
        ][: max(0, PULLS_MAX - len(request.pulled))]
        request.pulled.update(wanted)
        self._queue(number, request, [(_PULL, index) for index in wanted])

    def _queue(self, number: int, request: _Open, jobs: list[tuple[int, int]]) -> None:
        if jobs and not request.queue:
            self._turn.append(number)
        request.queue.extend(jobs)
        if request.queue:
            request.retry_ms = None

    def _packet(self, number: int, request: _Open, job: tuple[int, int], now: int) -> Send:
        """Build the packet of a job."""
        kind, index = job
        request_id, total = request.request_id, len(request.body)
        question: Call | Part | Pull
        if kind == _PART:
            data = part_of(request.body, index, PART_SIZE)
            question = Part(request_id=request_id, total=total, index=index, data=data)
        elif kind == _CALL:
            surb = self._surb(number, request, now)
            question = Call(request_id=request_id, surb=surb, body=request.body)
        else:
            question = Pull(
                request_id=request_id,
                total=total,
                want=index,
                probe=kind == _PROBE,
                surb=self._surb(number, request, now),
            )
        service = self._paths.known(request.service.node_id) or request.service
        path = self._paths.forth(service, now)
        self.hops = path.hops
        packet = onion.build(path.nodes, self._delays(path), question.encode(), self._random)
        return Send(node_id=path.nodes[0].node_id, packet=packet)

    def _surb(self, number: int, request: _Open, now: int) -> Surb:
        me = Relay(node_id=self._node_id, public=self._keys.current.key.public)
        path = self._paths.back(request.service, me, now)
        surb, secret = make_surb(path.nodes, self._delays(path), self._random)
        if len(self._surbs) >= SURBS_MAX:
            oldest = next(iter(self._surbs))
            self._open[self._surbs.pop(oldest)[0]].surbs.discard(oldest)
        self._surbs[secret.surb_id] = number, secret
        request.surbs.add(secret.surb_id)
        return surb

    def _delays(self, path: Path) -> list[int]:
        return [wait_ms(self._random, self._delay_mean_ms) for _ in range(path.hops)]

    def _close(self, number: int) -> None:
        request = self._open.pop(number)
        self._bytes -= len(request.body) + sum(map(len, request.parts.values()))
        for surb_id in request.surbs:
            del self._surbs[surb_id]
        if request.queue:
            self._turn.remove(number)
