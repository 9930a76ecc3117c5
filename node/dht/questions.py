"""Questions on their way: each has an id that is drawn, a deadline, and a job that waits for it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ..codec import Refused
from ..core import Send
from ..crypto import Random
from ..session.messages import MessageType
from .contacts import Contact
from .messages import REQUEST_ID, Answer, Ask, Op, decode_answer, encode_ask

TIMEOUT_MS = 2_000
LATE_MAX = 512
NEVER = 1 << 62


class Job(Protocol):
    """Something that goes on by questions and answers."""

    def answered(self, contact: Contact, answer: Answer, now: int) -> None:
        """Go on with an answer; `Refused` where it is none."""

    def failed(self, contact: Contact, now: int) -> None:
        """Go on without."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    contact: Contact
    op: Op
    job: Job
    deadline: int


class Questions:
    """What this node has asked and what it wants to send."""

    def __init__(self, random: Random, missed: Callable[[bytes, int], object]) -> None:
        self.addresses: tuple[bytes, ...] = ()
        """Where this node says that it is reached."""
        self._random = random
        self._missed = missed
        self._waiting: dict[bytes, _Waiting] = {}  # in the order of deadlines: all wait equally
        self._late: dict[bytes, Contact] = {}
        self._outgoing: list[Send] = []

    def ask(
        self,
        job: Job,
        contact: Contact,
        op: Op,
        now: int,
        *,
        place: bytes = b"",
        marks: tuple[bytes, ...] = (),
        life: int = 0,
        record: bytes = b"",
    ) -> None:
        """Ask a node for a job."""
        request_id = self._random(REQUEST_ID)
        ask = Ask(op, request_id, self.addresses, place, marks, life, record)
        self._waiting[request_id] = _Waiting(contact, op, job, now + TIMEOUT_MS)
        self.send(contact.peer_id, MessageType.DHT_ASK, encode_ask(ask))

    def send(self, peer_id: bytes, kind: MessageType, payload: bytes) -> None:
        """Send something."""
        self._outgoing.append(Send(peer_id, kind, payload))

    def outgoing(self) -> list[Send]:
        """Return what is to be sent, once."""
        sent, self._outgoing = self._outgoing, []
        return sent

    def addresses_of(self, peer_id: bytes) -> tuple[bytes, ...]:
        """Return where a node is said to be that is being asked."""
        for waiting in self._waiting.values():
            if waiting.contact.peer_id == peer_id:
                return waiting.contact.addresses
        return ()

    def answer(
        self, peer_id: bytes, payload: bytes, now: int
    ) -> tuple[Contact, tuple[Job, Answer] | None]:
        """Read an answer that is waited for; nothing else costs more than a look at its id.

        One that comes too late says no more than that somebody is there.
        """
        request_id = payload[2 : 2 + REQUEST_ID]
        late = self._late.get(request_id)
        if late is not None and late.peer_id == peer_id:
            del self._late[request_id]
            return late, None
        waiting = self._waiting.get(request_id)
        if waiting is None or waiting.contact.peer_id != peer_id:
            raise Refused("dht: answer to no question")
        del self._waiting[request_id]
        try:
            answer = decode_answer(payload)
            if answer.op is not waiting.op:
                raise Refused("dht: answer to another question")
        except Refused:
            waiting.job.failed(waiting.contact, now)
            raise
        return waiting.contact, (waiting.job, answer)

    def lost(self, peer_id: bytes, now: int) -> None:
        """Give up what a node was asked."""
        lost = [key for key, one in self._waiting.items() if one.contact.peer_id == peer_id]
        self._fail(lost, now)

    def tick(self, now: int) -> None:
        """Give up what has waited too long."""
        late = []
        for key, waiting in self._waiting.items():
            if waiting.deadline > now:
                break
            late.append(key)
        self._fail(late, now)

    @property
    def next_tick(self) -> int:
        """When the next question has waited too long."""
        return next((waiting.deadline for waiting in self._waiting.values()), NEVER)

    def _fail(self, keys: list[bytes], now: int) -> None:
        for key in keys:
            self._late[key] = self._waiting[key].contact
            if len(self._late) > LATE_MAX:
                del self._late[next(iter(self._late))]
        for waiting in [self._waiting.pop(key) for key in keys]:
            self._missed(waiting.contact.peer_id, now)
            waiting.job.failed(waiting.contact, now)
