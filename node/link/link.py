"""A link: an encrypted, authenticated pipe between two nodes, without socket or clock.

Bytes and times in milliseconds go in, bytes and events come out. Times may start anywhere and never
run backwards. A link that meets something it refuses is closed, and says so in one last event.
"""

import math
from dataclasses import dataclass

from ..codec import Refused
from ..crypto import Random
from ..identity import NodeKey
from .frames import FRAMES_PER_KEY, HEADER, Kind, OneWay, bucket_of
from .gate import Gate
from .handshake import Need, Outcome, Steps, initiator_steps, responder_steps
from .tickets import Ticket, TicketBook

HANDSHAKE_MS = 10_000
REKEY_MS = 3_600_000
KEEPALIVE_MS = 25_000
SILENCE_MS = 90_000
COVER_GAP_MAX = 20  # times the mean: rarer than one gap in 400 million

NOTHING = Need(0, None)

BY_PEER = "link: closed by peer"
HERE = "link: closed here"


@dataclass(frozen=True, slots=True)
class Established:
    """The peer has proved who it is; messages may be sent."""

    peer_id: bytes


@dataclass(frozen=True, slots=True)
class NewTicket:
    """The initiator's way to begin the next link to this peer faster."""

    ticket: Ticket


@dataclass(frozen=True, slots=True)
class Received:
    """A message, whole and in its turn."""

    message: bytes


@dataclass(frozen=True, slots=True)
class Closed:
    """The link is over; the reason is one of a fixed set of strings."""

    reason: str


Event = Established | NewTicket | Received | Closed


@dataclass(frozen=True, slots=True)
class Cover:
    """Frames that hold nothing, at random times, so that silence and speech look less unlike."""

    mean_ms: int
    message_size: int = 0  # What they pretend to hold.

    def __post_init__(self) -> None:
        if self.mean_ms < 1:
            raise ValueError("a mean gap is 1 ms or more")
        bucket_of(self.message_size)


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a link waits for its peer. What it asks of the peer is the same at any pace."""

    handshake_ms: int
    keepalive_ms: int
    silence_ms: int


PROMPT = Pace(handshake_ms=HANDSHAKE_MS, keepalive_ms=KEEPALIVE_MS, silence_ms=SILENCE_MS)
# At 500 bit/s the handshake's 17.7 KB take five minutes, and half as long again where pieces are
# lost; its last message alone, before which the answering side is silent, takes more than two.
PATIENT = Pace(handshake_ms=1_800_000, keepalive_ms=150_000, silence_ms=900_000)


def initiate(
    node: NodeKey,
    expected: bytes | None,
    now: int,
    random: Random,
    ticket: Ticket | None = None,
    cover: Cover | None = None,
    pace: Pace = PROMPT,
) -> "Link":
    """Begin a link to the node that is expected, or to whoever answers."""
    steps = initiator_steps(node, expected, random, ticket)
    return Link(steps, now, random, cover, pace, keeps_ticket=True)


def respond(
    node: NodeKey,
    gate: Gate,
    tickets: TicketBook,
    source: bytes,
    now: int,
    random: Random,
    cover: Cover | None = None,
    pace: Pace = PROMPT,
) -> "Link":
    """Answer a caller; `source` is the address it calls from, as far as the transport knows."""
    steps = responder_steps(node, gate, tickets, source, random)
    return Link(steps, now, random, cover, pace, keeps_ticket=False)


class Link:
    """One end of a link, from its first byte to its last."""

    __slots__ = (
        *("_begun", "_body", "_buffer", "_cover", "_cover_at", "_heard", "_keeps_ticket"),
        *(
            "_need",
            "_outgoing",
            "_pace",
            "_random",
            "_receive",
            "_rekeyed",
            "_send",
            "_sent",
            "_steps",
        ),
        *("closed", "peer_id"),
    )

    def __init__(
        self,
        steps: Steps,
        now: int,
        random: Random,
        cover: Cover | None,
        pace: Pace,
        *,
        keeps_ticket: bool,
    ) -> None:
        self.peer_id: bytes | None = None
        self.closed = ""
        self._random, self._pace = random, pace
        self._cover, self._cover_at = cover, 0
        self._keeps_ticket = keeps_ticket
        self._begun = self._heard = self._sent = self._rekeyed = now
        self._buffer, self._outgoing = bytearray(), bytearray()
        self._send: OneWay | None = None
        self._receive: OneWay | None = None
        self._body = 0  # How long the body is whose header has come.
        self._steps: Steps | None = steps
        self._need = next(steps)
        self._outgoing += self._need.send

    # --- What goes in ---

    def receive(self, data: bytes, now: int) -> list[Event]:
        """Take bytes as they come off the transport; hand in at most 64 KiB at a time."""
        if self.closed:
            return []
        events: list[Event] = []
        self._buffer += data
        try:
            if self._steps is not None:
                self._shake_hands(self._steps, now, events)
            if self._receive is not None:
                self._read_frames(self._receive, now, events)
        except Refused as refused:
            events.append(self._shut(refused.reason))
        return events

    def send(self, message: bytes, now: int) -> None:
        """Seal a message; fetch the bytes with `outgoing`."""
        bucket_of(len(message))
        self._seal(Kind.MESSAGE, message, now)

    def close(self, now: int) -> None:
        """End the link so that the peer knows it was meant."""
        if self._send is not None and not self.closed:
            self._seal(Kind.CLOSE, b"", now)
        self._shut(HERE)

    def end(self) -> list[Event]:
        """Tell that the transport has come to its end."""
        return [] if self.closed else [self._shut("link: cut off")]

    def tick(self, now: int) -> list[Event]:
        """Do what time asks for; call at `next_tick`, or any time."""
        if self.closed:
            return []
        if self._send is None:
            late = now >= self._begun + self._pace.handshake_ms
            return [self._shut("link: handshake took too long")] if late else []
        if now >= self._heard + self._pace.silence_ms:
            return [self._shut("link: peer is silent")]
        if now >= self._rekeyed + REKEY_MS:
            self._rekey(self._send, now)
        if self._cover is not None and now >= self._cover_at:
            if not self._outgoing:  # What is not fetched must not pile up.
                self._seal(Kind.COVER, b"", now, bucket_of(self._cover.message_size))
            self._cover_at = now + self._gap(self._cover)
        if now >= self._sent + self._pace.keepalive_ms:
            self._seal(Kind.COVER, b"", now)
        return []

    # --- What comes out ---

    def outgoing(self) -> bytes:
        """Return the bytes to send, once."""
        data = bytes(self._outgoing)
        self._outgoing.clear()
        return data

    @property
    def next_tick(self) -> int | None:
        """When `tick` has something to do, if nothing happens before; None once closed."""
        if self.closed:
            return None
        if self._send is None:
            return self._begun + self._pace.handshake_ms
        times = [
            self._heard + self._pace.silence_ms,
            self._rekeyed + REKEY_MS,
            self._sent + self._pace.keepalive_ms,
        ]
        return min(times if self._cover is None else [*times, self._cover_at])

    # --- Inside ---

    def _shake_hands(self, steps: Steps, now: int, events: list[Event]) -> None:
        while len(self._buffer) >= self._need.size:
            self._refuse_early_bytes()
            taken = bytes(self._buffer[: self._need.size])
            del self._buffer[: self._need.size]
            try:
                self._need = steps.send((taken, now))
            except StopIteration as stopped:
                self._establish(stopped.value, now, events)
                return
            self._outgoing += self._need.send
        self._refuse_early_bytes()

    def _refuse_early_bytes(self) -> None:
        if self._need.most is not None and len(self._buffer) > self._need.most:
            raise Refused("link: bytes before their turn")

    def _establish(self, outcome: Outcome, now: int, events: list[Event]) -> None:
        self._outgoing += outcome.send
        self._steps, self._need, self.peer_id = None, NOTHING, outcome.peer_id
        self._send, self._receive = OneWay(outcome.send_chain), OneWay(outcome.receive_chain)
        self._heard = self._sent = self._rekeyed = now
        if self._cover is not None:
            self._cover_at = now + self._gap(self._cover)
        events.append(Established(outcome.peer_id))
        if self._keeps_ticket:
            events.append(NewTicket(outcome.ticket))

    def _read_frames(self, keys: OneWay, now: int, events: list[Event]) -> None:
        while not self.closed:
            size = self._body or HEADER
            if len(self._buffer) < size:
                return
            part = bytes(self._buffer[:size])
            del self._buffer[:size]
            if not self._body:
                self._body = keys.open_header(part)
                continue
            self._body = 0
            kind, data = keys.open_body(part)
            self._heard = now
            if kind is Kind.MESSAGE:
                events.append(Received(data))
            elif kind is Kind.REKEY:
                keys.rekey()
            elif kind is Kind.CLOSE:
                events.append(self._shut(BY_PEER))

    def _seal(self, kind: Kind, data: bytes, now: int, bucket: int = 0) -> None:
        if self._send is None:
            raise ValueError("the link is not open")
        if self._send.frames >= FRAMES_PER_KEY - 1 or now >= self._rekeyed + REKEY_MS:
            self._rekey(self._send, now)
        self._outgoing += self._send.seal(kind, data, bucket)
        self._sent = now

    def _rekey(self, keys: OneWay, now: int) -> None:
        self._outgoing += keys.seal(Kind.REKEY)
        keys.rekey()
        self._sent = self._rekeyed = now

    def _gap(self, cover: Cover) -> int:
        """Draw from the exponential distribution, which has no memory of when the last one was."""
        uniform = (int.from_bytes(self._random(6)) + 1) / (1 << 48)
        return min(round(-math.log(uniform) * cover.mean_ms), COVER_GAP_MAX * cover.mean_ms)

    def _shut(self, reason: str) -> Closed:
        """Forget every secret."""
        if self._steps is not None:
            self._steps.close()
        self._steps = self._send = self._receive = None
        self._need = NOTHING
        self._buffer.clear()
        self.closed = self.closed or reason
        return Closed(reason)
