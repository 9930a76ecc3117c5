"""The answering end: puts requests together, hands each out once, and sends answers back.

Knows of who asks nothing but the reply blocks. Everything it keeps has a bound and a time.
"""

from dataclasses import dataclass, field

from ..codec import Refused
from ..crypto import Random
from . import surb as reply_blocks
from .chance import wait_ms
from .fragments import (
    ANSWER_SIZE,
    BODY_MAX,
    PART_SIZE,
    Answer,
    Call,
    Gone,
    Part,
    Partial,
    Pull,
    digest_of,
    part_of,
    parts_of,
    read_question,
)
from .relay import Forward
from .surb import Surb

LIFE_MS = 600_000  # how long an id is remembered, and its answer where there is room
STALL_MS = 300_000  # how long a request may stay without a word of it
OPEN_MAX = 1024
OPEN_BYTES_MAX = 16 << 20
ANSWER_BYTES_MAX = 16 << 20
SURBS_MAX = 1024  # 6.8 MB
DONE_MAX = 65_536
DELAY_MEAN_MS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request that has arrived as a whole."""

    request_id: bytes
    body: bytes = field(repr=False)


@dataclass(slots=True, kw_only=True)
class _Open:
    """A request whose answer is not there: parts are missing, or it is being carried out."""

    total: int
    touched_ms: int
    parts: dict[int, bytes] = field(default_factory=dict, repr=False)
    surbs: dict[int, Surb] = field(default_factory=dict, repr=False)
    running: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """An answer that is kept to be pulled."""

    body: bytes = field(repr=False)
    digest: bytes


class Service:
    """All requests to one node."""

    def __init__(self, random: Random, delay_mean_ms: int = DELAY_MEAN_MS) -> None:
        self._random = random
        self._delay_mean_ms = delay_mean_ms
        self._open: dict[bytes, _Open] = {}  # the one that was touched longest ago first
        self._done: dict[bytes, int] = {}  # until when an id is remembered, the oldest first
        self._answers: dict[bytes, _Answer] = {}  # of those, the oldest first
        self._open_bytes = 0
        self._answer_bytes = 0
        self._surbs = 0

    def receive(self, payload: bytes, now: int) -> tuple[Request | None, list[Forward]]:
        """Take in a payload; return a request to be carried out, and what to send at once."""
        question = read_question(payload)
        self._forget(now)
        request_id = question.request_id
        if request_id in self._done:
            return None, self._repeat(question, now)
        entry = self._entry(question, now)
        sends: list[Forward] = []
        if isinstance(question, Call):
            self._hold(entry, 0, question.surb)
            self._add(entry, 0, question.body)
        elif isinstance(question, Part):
            self._add(entry, question.index, question.data)
        elif question.probe and not entry.running:
            partial = Partial(total=entry.total, arrived=frozenset(entry.parts))
            sends = [self._send(question.surb, partial, now)]
        else:
            self._hold(entry, question.want, question.surb)
        if entry.running or len(entry.parts) < parts_of(entry.total, PART_SIZE):
            return None, sends
        entry.running = True
        body = b"".join(entry.parts[index] for index in sorted(entry.parts))
        self._open_bytes -= len(body)
        entry.parts.clear()
        return Request(request_id=request_id, body=body), sends

    def answer(self, request: Request, body: bytes, now: int) -> list[Forward]:
        """Answer a request: send what there are reply blocks for, keep the rest to be pulled."""
        if len(body) > BODY_MAX:
            raise ValueError(f"an answer has at most {BODY_MAX} bytes")
        entry = self._open.get(request.request_id)
        if entry is None or not entry.running:  # it took longer than anybody waits
            return []
        del self._open[request.request_id]
        self._surbs -= len(entry.surbs)
        self._done[request.request_id] = now + LIFE_MS
        answer = _Answer(body=body, digest=digest_of(body))
        self._answers[request.request_id] = answer
        self._answer_bytes += len(body)
        while self._answer_bytes > ANSWER_BYTES_MAX:
            self._forget_answer(next(iter(self._answers)))
        wanted = sorted(entry.surbs.items())
        return [send for index, surb in wanted for send in self._part(answer, index, surb, now)]

    def _entry(self, question: Call | Part | Pull, now: int) -> _Open:
        """Return the entry of a request, a new one where there is none; it moves to the end."""
        total = len(question.body) if isinstance(question, Call) else question.total
        entry = self._open.get(question.request_id)
        if entry is None:
            if len(self._done) >= DONE_MAX:
                raise Refused("onion: too many requests")
            if len(self._open) >= OPEN_MAX:
                self._give_up(None)
            entry = _Open(total=total, touched_ms=now)
        elif entry.total != total:
            raise Refused("onion: lengths of a request differ")
        else:
            del self._open[question.request_id]
        entry.touched_ms = now
        self._open[question.request_id] = entry
        return entry

    def _give_up(self, keep: _Open | None) -> None:
        """Drop the request that has waited longest for its parts.

        To turn a new one away instead would let whoever fills the table once keep it.
        """
        for request_id, entry in self._open.items():
            if not entry.running and entry is not keep:
                self._drop(request_id)
                return
        raise Refused("onion: too many requests")

    def _add(self, entry: _Open, index: int, data: bytes) -> None:
        if entry.running or index in entry.parts:
            return
        while self._open_bytes + len(data) > OPEN_BYTES_MAX:
            self._give_up(entry)
        entry.parts[index] = data
        self._open_bytes += len(data)

    def _hold(self, entry: _Open, want: int, surb: Surb) -> None:
        """Keep a reply block until there is an answer; a newer one takes the place of an older."""
        if want not in entry.surbs:
            while self._surbs >= SURBS_MAX:
                self._give_up(entry)
            self._surbs += 1
        entry.surbs[want] = surb

    def _repeat(self, question: Call | Part | Pull, now: int) -> list[Forward]:
        if isinstance(question, Part):
            return []
        answer = self._answers.get(question.request_id)
        if answer is None:
            return [self._send(question.surb, Gone(), now)]
        index = question.want if isinstance(question, Pull) else 0
        return self._part(answer, index, question.surb, now)

    def _forget(self, now: int) -> None:
        """Drop what has stalled, and ids whose time is over."""
        while self._open:
            request_id, entry = next(iter(self._open.items()))
            if now < entry.touched_ms + STALL_MS:
                break
            self._drop(request_id)
            if entry.running:  # and may still take effect: never a second time
                self._done[request_id] = now + LIFE_MS
        while self._done:
            request_id, until_ms = next(iter(self._done.items()))
            if now < until_ms:
                break
            del self._done[request_id]
            if request_id in self._answers:
                self._forget_answer(request_id)

    def _forget_answer(self, request_id: bytes) -> None:
        self._answer_bytes -= len(self._answers.pop(request_id).body)

    def _drop(self, request_id: bytes) -> None:
        entry = self._open.pop(request_id)
        self._open_bytes -= sum(map(len, entry.parts.values()))
        self._surbs -= len(entry.surbs)

    def _part(self, answer: _Answer, index: int, surb: Surb, now: int) -> list[Forward]:
        """Return a part of an answer for a reply block; nothing for a part that there is not."""
        total = len(answer.body)
        if index >= parts_of(total, ANSWER_SIZE):
            return []
        data = part_of(answer.body, index, ANSWER_SIZE)
        reply = Answer(total=total, index=index, digest=answer.digest, data=data)
        return [self._send(surb, reply, now)]

    def _send(self, surb: Surb, reply: Answer | Partial | Gone, now: int) -> Forward:
        """Return a packet that waits here as it would at a relay."""
        node_id, packet = reply_blocks.reply(surb, reply.encode())
        at = now + wait_ms(self._random, self._delay_mean_ms)
        return Forward(node_id=node_id, packet=packet, at=at)
