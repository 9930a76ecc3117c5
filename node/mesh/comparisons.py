"""Comparisons of histories with neighbours, under way: whose turn it is, and what they end in."""

from dataclasses import dataclass
from enum import Enum

from ..codec import Refused
from ..crypto import Random
from ..session.messages import MessageType
from .carried import Carried
from .messages import (
    BATCH_BYTES,
    IDS_MAX,
    VERTICES_MAX,
    Compare,
    Flag,
    Ids,
    Push,
)
from .outgoing import Outgoing
from .settings import Event, Synced
from .sync.exchange import Exchange, Step
from .sync.items import row

PATIENCE_MS = 60_000
RUNNING_MAX = 1_024
PEER_MAX = 64
SENT_AT_ONCE = 64  # vertices; more are told, and fetched at the other side's pace


class Progress(Enum):
    """How far a comparison is."""

    GOES_ON = "goes on"
    DIFFERED = "differed"
    EQUAL = "equal"


@dataclass(slots=True)
class _Running:
    exchange: Exchange
    until: int
    heads: tuple[bytes, ...]  # rows, and how many vertices there were, when it began
    number: int
    here: int = 0
    there: int = 0


class Comparisons:
    """All comparisons of a node, at most one begun by each side for a space and neighbour."""

    def __init__(self, out: Outgoing, events: list[Event], random: Random) -> None:
        self._out, self._events, self._random = out, events, random
        self._running: dict[tuple[bytes, bytes, bool], _Running] = {}

    def begin(self, space: Carried, peer_id: bytes, now: int) -> None:
        """Compare with a neighbour, unless that is under way."""
        key = (space.topic, peer_id, True)
        if key in self._running or not self._room(peer_id):
            return
        running = self._running[key] = self._new(space, peer_id, now, initiator=True)
        message = Compare(space.topic, running.exchange.start())
        self._out.add(peer_id, MessageType.MESH_PULL, message.encode_pull())

    def pull(self, space: Carried, peer_id: bytes, message: Compare, now: int) -> Progress:
        """Answer a neighbour that begins."""
        key = (space.topic, peer_id, False)
        if key not in self._running and not self._room(peer_id):
            return Progress.GOES_ON
        running = self._running[key] = self._new(space, peer_id, now, initiator=False)
        return self._step(space, peer_id, running, message.step, now, initiator=False)

    def sync(self, space: Carried, peer_id: bytes, message: Compare, now: int) -> Progress:
        """Go on."""
        initiator = bool(message.flags & Flag.RESPONDER)
        running = self._running.get((space.topic, peer_id, initiator))
        if running is None:
            return Progress.GOES_ON
        return self._step(space, peer_id, running, message.step, now, initiator=initiator)

    def lost(self, peer_id: bytes) -> None:
        """Forget a neighbour."""
        for key in [key for key in self._running if key[1] == peer_id]:
            del self._running[key]

    def tick(self, now: int) -> None:
        """Give up what is not answered."""
        for key in [key for key, running in self._running.items() if running.until <= now]:
            del self._running[key]

    def _room(self, peer_id: bytes) -> bool:
        """Tell whether one more comparison with a neighbour may run."""
        with_peer = sum(key[1] == peer_id for key in self._running)
        return len(self._running) < RUNNING_MAX and with_peer < PEER_MAX

    def _new(self, space: Carried, peer_id: bytes, now: int, *, initiator: bool) -> _Running:
        heads = tuple(sorted(row(lamport, head) for head, lamport in space.dag.heads.items()))
        exchange = Exchange(
            space.dag.items,
            heads,
            space.common.get(peer_id, ()),
            self._random,
            initiator=initiator,
            fresh=space.dag.beyond,
        )
        return _Running(exchange, now + PATIENCE_MS, heads, space.dag.number)

    def _step(
        self,
        space: Carried,
        peer_id: bytes,
        running: _Running,
        data: bytes,
        now: int,
        *,
        initiator: bool,
    ) -> Progress:
        key = (space.topic, peer_id, initiator)
        try:
            step = running.exchange.receive(data)
        except Refused:
            del self._running[key]
            raise
        running.until = now + PATIENCE_MS
        if step.reply is not None:
            flags = Flag.NONE if initiator else Flag.RESPONDER
            message = Compare(space.topic, step.reply, flags)
            self._out.add(peer_id, MessageType.MESH_SYNC, message.encode_sync())
        running.here += len(step.missing_here)
        running.there += len(step.missing_there)
        self._transfer(space, peer_id, step, now)
        if not step.done:
            return Progress.GOES_ON
        del self._running[key]
        self._events.append(Synced(space.topic, peer_id, running.here, running.there))
        common = tuple(running.exchange.common())
        has_all = frozenset(running.heads) <= frozenset(common)
        space.compared(peer_id, common, running.number if has_all else None)
        return Progress.DIFFERED if running.here or running.there else Progress.EQUAL

    def _transfer(self, space: Carried, peer_id: bytes, step: Step, now: int) -> None:
        if step.missing_here:
            space.fetch.lacking(step.missing_here, peer_id, now)
        there = step.missing_there
        if len(there) <= SENT_AT_ONCE:
            found = [data for name in there if (data := space.dag.encoded(name)) is not None]
            for batch in batches(found):
                message = Push(space.topic, batch, Flag.ANSWER)
                self._out.add(peer_id, MessageType.MESH_PUSH, message.encode())
            return
        for at in range(0, len(there), IDS_MAX):
            told = Ids(space.topic, tuple(there[at : at + IDS_MAX]), Flag.LACK)
            self._out.add(peer_id, MessageType.MESH_HAVE, told.encode())


def batches(vertices: list[bytes]) -> list[tuple[bytes, ...]]:
    """Return encoded vertices in groups that each fit into a message."""
    made: list[tuple[bytes, ...]] = []
    batch: list[bytes] = []
    size = 0
    for data in vertices:
        if batch and (size + len(data) > BATCH_BYTES or len(batch) == VERTICES_MAX):
            made.append(tuple(batch))
            batch, size = [], 0
        batch.append(data)
        size += len(data)
    return [*made, tuple(batch)] if batch else made
