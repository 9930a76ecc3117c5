"""Circuits: a node carries bytes between two others that cannot reach each other.

    open   ->   -> open        who asks names whom it wants; the bridge opens one more to that node
    data  <->  <-> data        bytes, and how many more may come
    close  ->   -> close

What goes through is a link from end to end, so the bridge learns who talks to whom, when and how
much, and nothing else. It carries for its own side alone, so fast and so much; the ends give each
other credit, and so nothing piles up in between.
"""

from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

from ..codec import Reader, Refused, u8, u32
from ..core import Send
from ..crypto import Random
from ..session.messages import MessageType

VERSION = 1
ID = 8
PEER = 32
PIECE = 16_384
WINDOW = 1 << 16  # what an end may have sent that the other has not read
UNSENT_MAX = 1 << 22

RELAYS_MAX = 256
RELAYS_PER_PEER = 16
ENDS_PER_PEER = 128
BYTES_PER_SECOND = 1 << 18  # of one peer that asks, both directions together
BURST = 1 << 19
SILENCE_MS = 30_000  # until the called node has said something
IDLE_MS = 120_000
PACE_MS = 50

Key = tuple[bytes, bytes]  # the neighbour on the way, and the id that its opener gave


class Reason(IntEnum):
    """Why a circuit ends."""

    DONE = 0
    REFUSED = 1
    UNREACHABLE = 2
    FULL = 3
    IDLE = 4


# --- Messages -------------------------------------------------------------------------------


def encode_open(circuit: bytes, target: bytes) -> bytes:
    """Return what opens a circuit to a node."""
    return u8(VERSION) + circuit + target


def encode_data(circuit: bytes, credit: int, data: bytes) -> bytes:
    """Return bytes for the other end, and how many more it may send."""
    return u8(VERSION) + circuit + u32(credit) + data


def encode_close(circuit: bytes, reason: Reason) -> bytes:
    """Return the end of a circuit."""
    return u8(VERSION) + circuit + u8(reason)


def begun(payload: bytes) -> tuple[Reader, bytes]:
    """Return what follows the circuit's id, and the id."""
    reader = Reader(payload)
    if reader.u8() != VERSION:
        raise Refused("circuit: unknown version")
    return reader, reader.take(ID)


def decode_open(payload: bytes) -> tuple[bytes, bytes]:
    """Return circuit and target."""
    reader, circuit = begun(payload)
    target = reader.take(PEER)
    reader.end()
    return circuit, target


def decode_data(payload: bytes) -> tuple[bytes, int, bytes]:
    """Return circuit, credit and bytes; one of the last two is there."""
    reader, circuit = begun(payload)
    credit, data = reader.u32(), reader.rest()
    if len(data) > PIECE or credit > WINDOW or not (data or credit):
        raise Refused("circuit: too much, or nothing")
    return circuit, credit, data


def decode_close(payload: bytes) -> tuple[bytes, Reason]:
    """Return circuit and reason."""
    reader, circuit = begun(payload)
    reason = reader.u8()
    reader.end()
    if reason not in set(Reason):
        raise Refused("circuit: unknown reason")
    return circuit, Reason(reason)


# --- Events ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Opened:
    """Somebody has opened a circuit to this node."""

    key: Key


@dataclass(frozen=True, slots=True)
class Came:
    """Bytes from the other end."""

    key: Key
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Room:
    """All that was written is on its way."""

    key: Key


@dataclass(frozen=True, slots=True)
class Ended:
    """A circuit is over."""

    key: Key
    reason: Reason


Event = Opened | Came | Room | Ended


# --- State ----------------------------------------------------------------------------------


@dataclass(slots=True)
class _End:
    """This node's end of a circuit."""

    credit: int = WINDOW
    owed: int = 0  # bytes that were read and not yet given as credit
    unread: int = 0
    unsent: bytearray = field(default_factory=bytearray)


@dataclass(slots=True)
class _Relay:
    """A circuit that this node carries, seen from one of its sides."""

    asker: bytes
    other: Key
    heard: int
    answered: bool = False
    queue: deque[bytes] = field(default_factory=deque)
    queued: int = 0


class Circuits:
    """A `Core` that opens circuits, answers them, and carries those of its own side."""

    types = frozenset(
        {MessageType.CIRCUIT_OPEN, MessageType.CIRCUIT_DATA, MessageType.CIRCUIT_CLOSE}
    )

    def __init__(
        self,
        peer_id: bytes,
        random: Random,
        is_local: Callable[[bytes], bool],
        *,
        open_relay: bool = False,
    ) -> None:
        self.carried = 0
        """Bytes that were carried for others."""
        self._peer_id, self._random = peer_id, random
        self._is_local, self._open_relay = is_local, open_relay
        self._out: list[Send] = []
        self._events: list[Event] = []
        self._ends: dict[Key, _End] = {}
        self._relays: dict[Key, _Relay] = {}  # Each circuit is here twice, once for each side.
        self._budgets: dict[bytes, tuple[int, int]] = {}

    # --- Ends ---

    def open(self, bridge: bytes, target: bytes) -> Key:
        """Open a circuit through a node; what is written goes at once."""
        key = bridge, self._random(ID)
        self._ends[key] = _End()
        self._send(key, MessageType.CIRCUIT_OPEN, encode_open(key[1], target))
        return key

    def write(self, key: Key, data: bytes) -> None:
        """Send bytes, as the other end gives credit."""
        end = self._ends.get(key)
        if end is None:
            return
        if len(end.unsent) + len(data) > UNSENT_MAX:
            self._end(key, Reason.FULL)
            return
        end.unsent += data
        self._flush(key, end)

    def unsent(self, key: Key) -> int:
        """Return how many bytes wait for credit."""
        end = self._ends.get(key)
        return len(end.unsent) if end is not None else 0

    def consumed(self, key: Key, size: int) -> None:
        """Take note that bytes were read: so many more may come."""
        end = self._ends.get(key)
        if end is None:
            return
        end.unread -= size
        end.owed += size
        if end.owed >= WINDOW // 2:
            credit, end.owed = end.owed, 0
            self._send(key, MessageType.CIRCUIT_DATA, encode_data(key[1], credit, b""))

    def close(self, key: Key) -> None:
        """End a circuit of one's own."""
        if self._ends.pop(key, None) is not None:
            self._send(key, MessageType.CIRCUIT_CLOSE, encode_close(key[1], Reason.DONE))

    # --- A core ---

    def linked(self, peer_id: bytes, now: int) -> None:
        """Take note of a link: circuits are opened when somebody asks."""

    def unlinked(self, peer_id: bytes, now: int) -> None:
        """End what went over a link that is gone."""
        self.tick(now)
        for key in [key for key in (*self._ends, *self._relays) if key[0] == peer_id]:
            self._end(key, Reason.UNREACHABLE, told=False)
        self._budgets.pop(peer_id, None)

    def unreachable(self, peer_id: bytes, now: int) -> None:
        """End what a lost message was part of: bytes that lack some are of no use."""
        self.unlinked(peer_id, now)

    def receive(self, peer_id: bytes, kind: MessageType, payload: bytes, now: int) -> None:
        """Take a message off a link."""
        if kind is MessageType.CIRCUIT_OPEN:
            circuit, target = decode_open(payload)
            self._opened((peer_id, circuit), target, now)
        elif kind is MessageType.CIRCUIT_DATA:
            circuit, credit, data = decode_data(payload)
            self._came((peer_id, circuit), credit, data, payload, now)
        else:
            circuit, reason = decode_close(payload)
            self._end((peer_id, circuit), reason, told=False)

    def tick(self, now: int) -> None:
        """Carry what waited for its turn, and end what nobody uses."""
        for key, relay in list(self._relays.items()):
            if self._relays.get(key) is not relay:
                continue
            if now >= _over_at(relay):
                self._end(key, Reason.IDLE)
                continue
            while relay.queue and self._spend(relay.asker, len(relay.queue[0]), now):
                self._carry(relay)

    @property
    def next_tick(self) -> int:
        """When something waits for its turn, or is idle for too long."""
        times = [_over_at(relay) for relay in self._relays.values()]
        waiting = [relay.asker for relay in self._relays.values() if relay.queue]
        times += [self._budgets[asker][1] + PACE_MS for asker in waiting]
        return min(times, default=1 << 62)

    def outgoing(self) -> list[Send]:
        """Return what is to be sent, once."""
        out, self._out = self._out, []
        return out

    def events(self) -> list[Event]:
        """Return what happened at this node's own ends, once."""
        events, self._events = self._events, []
        return events

    # --- Inside ---

    def _opened(self, key: Key, target: bytes, now: int) -> None:
        if key in self._ends or key in self._relays:
            raise Refused("circuit: opened twice")
        if target == self._peer_id:
            if self._count(self._ends, key[0]) >= ENDS_PER_PEER:
                self._refuse(key, Reason.FULL, "circuit: too many from one node")
            self._ends[key] = _End()
            self._events.append(Opened(key))
            return
        if target == key[0] or not (self._open_relay or self._is_local(key[0])):
            self._refuse(key, Reason.REFUSED, "circuit: not carried for this node")
        asked = sum(relay.asker == key[0] for relay in self._relays.values()) // 2
        if asked >= RELAYS_PER_PEER or len(self._relays) >= 2 * RELAYS_MAX:
            self._refuse(key, Reason.FULL, "circuit: too many carried")
        other = target, self._random(ID)
        self._relays[key] = _Relay(key[0], other, now)
        self._relays[other] = _Relay(key[0], key, now)
        self._send(other, MessageType.CIRCUIT_OPEN, encode_open(other[1], target))

    def _refuse(self, key: Key, reason: Reason, text: str) -> None:
        self._send(key, MessageType.CIRCUIT_CLOSE, encode_close(key[1], reason))
        raise Refused(text)

    def _came(self, key: Key, credit: int, data: bytes, payload: bytes, now: int) -> None:
        end, relay = self._ends.get(key), self._relays.get(key)
        if end is not None:
            if end.unread + end.owed + len(data) > WINDOW:
                self._end(key, Reason.FULL)
                raise Refused("circuit: more than there was credit for")
            end.unread += len(data)
            end.credit = min(end.credit + credit, WINDOW)
            if data:
                self._events.append(Came(key, data))
            self._flush(key, end)
        elif relay is not None:
            if relay.answered or key[0] != relay.asker:
                for side in (relay, self._relays[relay.other]):
                    side.answered, side.heard = True, now
            # The ends give credit for the bytes; a frame that gives some counts little.
            if relay.queued + len(payload) > 2 * WINDOW:
                self._end(key, Reason.FULL)
                raise Refused("circuit: more than there was credit for")
            relay.queue.append(payload)
            relay.queued += len(payload)
            while relay.queue and self._spend(relay.asker, len(relay.queue[0]), now):
                self._carry(relay)
        # What comes for a circuit that is over was on its way when it ended.

    def _carry(self, relay: _Relay) -> None:
        payload = relay.queue.popleft()
        relay.queued -= len(payload)
        self.carried += len(payload)
        moved = payload[:1] + relay.other[1] + payload[1 + ID :]
        self._send(relay.other, MessageType.CIRCUIT_DATA, moved)

    def _spend(self, asker: bytes, size: int, now: int) -> bool:
        """Tell whether a peer's budget has room for so many bytes, and take them from it."""
        level, at = self._budgets.get(asker, (BURST, now))
        level = min(BURST, level + (now - at) * BYTES_PER_SECOND // 1_000)
        enough = level >= size
        self._budgets[asker] = (level - size if enough else level), now
        return enough

    def _flush(self, key: Key, end: _End) -> None:
        waited = bool(end.unsent)
        while end.unsent and end.credit:
            data = bytes(end.unsent[: min(PIECE, end.credit)])
            del end.unsent[: len(data)]
            end.credit -= len(data)
            credit, end.owed = end.owed, 0
            self._send(key, MessageType.CIRCUIT_DATA, encode_data(key[1], credit, data))
        if waited and not end.unsent:
            self._events.append(Room(key))

    def _end(self, key: Key, reason: Reason, *, told: bool = True) -> None:
        """End a circuit that this node is an end of, or carries; tell whoever does not know."""
        if told and (key in self._ends or key in self._relays):
            self._send(key, MessageType.CIRCUIT_CLOSE, encode_close(key[1], reason))
        if self._ends.pop(key, None) is not None:
            self._events.append(Ended(key, reason))
        relay = self._relays.pop(key, None)
        if relay is not None:
            # What was said before the end is carried before it.
            while relay.queue:
                self._carry(relay)
            self._relays.pop(relay.other, None)
            close = encode_close(relay.other[1], reason)
            self._send(relay.other, MessageType.CIRCUIT_CLOSE, close)

    def _count(self, table: dict[Key, _End], peer_id: bytes) -> int:
        return Counter(key[0] for key in table)[peer_id]

    def _send(self, key: Key, kind: MessageType, payload: bytes) -> None:
        self._out.append(Send(key[0], kind, payload))


def _over_at(relay: _Relay) -> int:
    """Return when a circuit that nobody uses is ended."""
    return relay.heard + (IDLE_MS if relay.answered else SILENCE_MS)
