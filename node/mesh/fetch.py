"""Which vertices of a space a node lacks, and whom it asks for them, until they are there.

Three ways lead here. A neighbour announced a vertex, and is asked if it does not arrive by itself.
A vertex came whose parent is not there, and somebody has to have it. A comparison told what is
lacking, mostly much, and the one it was with is asked piece by piece.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..crypto import Random

WANTED_MAX = 8_192
OWNER_SHARE = 8  # what one neighbour made us want is at most this part
BACKLOG_MAX = 32_768
SOURCES_MAX = 6
BATCH_MAX = 256
GRAFT_MS, GRAFT_MAX_MS = 500, 8_000
PATIENCE_MS, PATIENCE_MAX_MS = 2_000, 120_000
AGAIN_MS, AGAIN_MAX_MS = 1_000, 60_000
NEVER = 1 << 62


@dataclass(slots=True)
class _Wanted:
    owner: bytes  # who made us want it
    due: int
    needed: bool
    sources: list[bytes] = field(default_factory=list)
    tries: int = 0
    asked: bool = False


@dataclass(slots=True)
class _Request:
    ids: dict[bytes, bool]  # whether it came from the backlog
    until: int
    progress: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """What a node is to be asked for; `graft` where it was late with an announced vertex."""

    peer_id: bytes
    ids: tuple[bytes, ...]
    graft: bool


class Fetch:
    """What one space lacks on this node."""

    def __init__(self, random: Random) -> None:
        self.due_at = NEVER  # nothing is to be done before
        self._graft_ms = GRAFT_MS  # how long an announced vertex may take to come by itself
        self.cut_short = False  # more was lacking than is kept in mind
        self._random = random
        self._wanted: dict[bytes, _Wanted] = {}
        self._owned: Counter[bytes] = Counter()
        self._backlog: dict[bytes, deque[bytes]] = {}
        self._open: dict[bytes, _Request] = {}
        self._patience: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._wanted) + sum(len(queue) for queue in self._backlog.values())

    @property
    def idle(self) -> bool:
        """Whether nothing is lacking."""
        return not self._wanted and not self._backlog and not self._open

    def announced(self, name: bytes, peer_id: bytes, now: int, *, at_once: bool) -> None:
        """Note that a neighbour has a vertex that is perhaps on its way."""
        delay = 0 if at_once else self._graft_ms
        self._want(name, peer_id, now + delay, needed=False)

    def pushed(self, name: bytes) -> None:
        """Note that a vertex came by itself; where another was asked already, that was too soon."""
        wanted = self._wanted.get(name)
        if wanted is not None and wanted.asked and not wanted.needed:
            self._graft_ms = min(GRAFT_MAX_MS, 2 * self._graft_ms)

    def needed(self, name: bytes, peer_id: bytes, now: int) -> None:
        """Note that a vertex from this neighbour cannot be taken without another."""
        self._want(name, peer_id, now, needed=True)

    def lacking(self, ids: Iterable[bytes], peer_id: bytes, now: int) -> None:
        """Note what this neighbour has, from a comparison."""
        backlog = self._backlog.setdefault(peer_id, deque(maxlen=BACKLOG_MAX))
        for name in ids:
            if len(backlog) == BACKLOG_MAX:
                self.cut_short = True
                break
            backlog.append(name)
        if not backlog:
            del self._backlog[peer_id]
        self.due_at = min(self.due_at, now)

    def asked(self, peer_id: bytes, name: bytes) -> bool:
        """Tell whether this neighbour was asked for this vertex."""
        request = self._open.get(peer_id)
        return request is not None and name in request.ids

    def arrived(self, name: bytes) -> None:
        """Note that a vertex is there."""
        self._drop(name)

    def progress(self, peer_id: bytes, names: Iterable[bytes], now: int) -> None:
        """Note what a neighbour has answered so far."""
        request = self._open.get(peer_id)
        if request is None:
            return
        for name in names:
            if request.ids.pop(name, None) is not None:
                request.progress = True
                self._put_off(name, now)
        request.until = now + self._patience.get(peer_id, PATIENCE_MS)
        self.due_at = min(self.due_at, request.until)

    def answered(self, peer_id: bytes, now: int) -> None:
        """Note that an answer has ended; what it lacked is asked of others."""
        request = self._open.pop(peer_id, None)
        if request is None:
            return
        patience = self._patience.get(peer_id, PATIENCE_MS)
        self._patience[peer_id] = max(PATIENCE_MS, patience // 2)
        self._graft_ms = max(GRAFT_MS, self._graft_ms * 9 // 10)
        if request.progress:
            left = [name for name, queued in request.ids.items() if queued]
            backlog = self._backlog.setdefault(peer_id, deque(maxlen=BACKLOG_MAX))
            backlog.extendleft(reversed(left))
            if not backlog:
                del self._backlog[peer_id]
        self._failed(request, peer_id, now)

    def lost(self, peer_id: bytes, now: int) -> None:
        """Note that a neighbour is gone."""
        self._backlog.pop(peer_id, None)
        self._patience.pop(peer_id, None)
        request = self._open.pop(peer_id, None)
        if request is not None:
            self._failed(request, peer_id, now)

    def tick(
        self,
        now: int,
        peers: list[bytes],
        has: Callable[[bytes], bool],
        is_missing: Callable[[bytes], bool],
    ) -> list[Ask]:
        """Return whom to ask for what."""
        for peer_id in [each for each, request in self._open.items() if request.until <= now]:
            patience = self._patience.get(peer_id, PATIENCE_MS)
            self._patience[peer_id] = min(PATIENCE_MAX_MS, 2 * patience)
            self._failed(self._open.pop(peer_id), peer_id, now)
        asks: dict[bytes, dict[bytes, bool]] = {}
        grafts: dict[bytes, None] = {}
        if peers:
            self._choose(now, peers, is_missing, asks, grafts)
            self._from_backlog(peers, has, asks)
        made = []
        for peer_id, ids in asks.items():
            until = now + self._patience.get(peer_id, PATIENCE_MS)
            self._open[peer_id] = _Request(ids, until)
            made.append(Ask(peer_id, tuple(ids), peer_id in grafts))
        self._set_due(now, idle=not peers)
        return made

    def _want(self, name: bytes, peer_id: bytes, due: int, *, needed: bool) -> None:
        wanted = self._wanted.get(name)
        if wanted is None:
            full = len(self._wanted) >= WANTED_MAX
            if full or self._owned[peer_id] >= WANTED_MAX // OWNER_SHARE:
                return  # the next comparison finds it again
            wanted = self._wanted[name] = _Wanted(peer_id, due, needed)
            self._owned[peer_id] += 1
        wanted.needed = wanted.needed or needed
        if peer_id not in wanted.sources and len(wanted.sources) < SOURCES_MAX:
            wanted.sources.append(peer_id)
        if not wanted.asked:
            wanted.due = min(wanted.due, due)
            self.due_at = min(self.due_at, wanted.due)

    def _drop(self, name: bytes) -> None:
        wanted = self._wanted.pop(name, None)
        if wanted is not None:
            self._owned[wanted.owner] -= 1
            if not self._owned[wanted.owner]:
                del self._owned[wanted.owner]

    def _choose(
        self,
        now: int,
        peers: list[bytes],
        is_missing: Callable[[bytes], bool],
        asks: dict[bytes, dict[bytes, bool]],
        grafts: dict[bytes, None],
    ) -> None:
        """Find for each vertex that is due somebody who is not busy."""
        here = frozenset(peers)
        for name, wanted in list(self._wanted.items()):
            if wanted.asked or wanted.due > now:
                continue
            if (wanted.needed or wanted.tries) and not is_missing(name):
                self._drop(name)
                continue
            sources = [peer_id for peer_id in wanted.sources if peer_id in here]
            if not sources:
                if not wanted.needed:
                    self._drop(name)
                    continue
                sources = [peers[int.from_bytes(self._random(4)) % len(peers)]]
            for peer_id in sources:
                batch = asks.get(peer_id, {})
                if peer_id not in self._open and len(batch) < BATCH_MAX:
                    asks.setdefault(peer_id, batch)[name] = False
                    wanted.asked = True
                    if not wanted.needed:
                        grafts[peer_id] = None
                    break

    def _from_backlog(
        self,
        peers: list[bytes],
        has: Callable[[bytes], bool],
        asks: dict[bytes, dict[bytes, bool]],
    ) -> None:
        under_way = {name for request in self._open.values() for name in request.ids}
        for peer_id in peers:
            backlog = self._backlog.get(peer_id)
            if not backlog or peer_id in self._open:
                continue
            batch = asks.get(peer_id, {})
            while backlog and len(batch) < BATCH_MAX:
                name = backlog.popleft()
                if name not in under_way and name not in self._wanted and not has(name):
                    batch[name] = True
                    under_way.add(name)
            if batch:
                asks[peer_id] = batch
            if not backlog:
                del self._backlog[peer_id]

    def _put_off(self, name: bytes, now: int) -> None:
        """Ask again, later, for what came and could not be taken in."""
        wanted = self._wanted.get(name)
        if wanted is not None and wanted.asked:
            wanted.asked = False
            wanted.tries += 1
            wanted.due = now + min(AGAIN_MAX_MS, AGAIN_MS << min(wanted.tries, 6))
            self.due_at = min(self.due_at, wanted.due)

    def _failed(self, request: _Request, peer_id: bytes, now: int) -> None:
        """Ask others for what a neighbour did not bring."""
        for name in request.ids:
            wanted = self._wanted.get(name)
            if wanted is None or not wanted.asked:
                continue
            wanted.asked = False
            wanted.tries += 1
            if peer_id in wanted.sources:
                wanted.sources.remove(peer_id)
            if wanted.sources:
                wanted.due = now
            elif wanted.needed:
                wanted.due = now + min(AGAIN_MAX_MS, AGAIN_MS << min(wanted.tries, 6))
            else:
                self._drop(name)
        self.due_at = min(self.due_at, now)

    def _set_due(self, now: int, *, idle: bool) -> None:
        if idle:
            self.due_at = NEVER
            return
        times = [request.until for request in self._open.values()]
        # What is due and was not asked for waits until one of its sources has answered.
        waiting = (wanted.due for wanted in self._wanted.values() if not wanted.asked)
        times += [due if due > now else now + AGAIN_MS for due in waiting]
        if any(peer_id not in self._open for peer_id in self._backlog):
            times.append(now + AGAIN_MS)
        self.due_at = min(times, default=NEVER)
