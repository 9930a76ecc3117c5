"""The way to the nodes closest to a point: several ways that share no node, then a sweep.

A node is asked on one way only, so liars lead astray the ways that they are on and no other
(Baumgart and Mies, S/Kademlia, 2007). Where there are trusted nodes, one way asks none but those:
ids without a stake, however many, are not on it. Once all ways are there, the closest nodes that
any of them came to know are asked. What is told of a node is believed once it answers itself;
whoever tells of many that do not, and of few that do, is not believed any more.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum

from .contacts import Contact
from .table import K, number_of

PATHS = 3
ALPHA = 3
WIDTH = 4  # the closest nodes of a way that have to have answered
TRUSTED_WIDTH = 10
PATH_ASKS_MAX = 32
SWEEP_ASKS_MAX = 96
SWEEP_ALPHA = 10  # the nodes are known by then, so asking them at once asks no more of them
TRIES_MAX = 2
SLOW_MS = 1_000  # after this a question no longer holds its way up
CREDIT = 5  # nodes told of by one that may be silent, and two more for each that is not
NEVER = 1 << 62


class State(Enum):
    """How far it is with a node."""

    KNOWN = 0
    ASKED = 1
    ANSWERED = 2
    FAILED = 3


@dataclass(slots=True, eq=False)
class Node:
    """A node on the way; `depth` counts the questions that led to it."""

    contact: Contact
    distance: int
    depth: int
    sources: dict[bytes, None]
    """Who told of it; nobody where it was known at the start."""
    charged: bytes = b""
    state: State = State.KNOWN
    path: int = -1
    asked: int = 0
    tries: int = 0


@dataclass(slots=True)
class _Path:
    width: int
    asks_max: int
    alpha: int = ALPHA
    trusted: bool = False
    order: list[tuple[int, bytes]] = field(default_factory=list)
    going: list["Node"] = field(default_factory=list)
    asks: int = 0


class Lookup:
    """One search. Who runs it asks the nodes that `step` returns, and tells what became of it."""

    def __init__(
        self,
        place: bytes,
        starts: Iterable[Contact],
        is_trusted: Callable[[bytes], bool],
        own_id: bytes,
    ) -> None:
        self._place = number_of(place)
        self._is_trusted = is_trusted
        self._own_id = own_id
        self._nodes: dict[bytes, Node] = {}
        self._credit: dict[bytes, int] = {}
        self._open: Counter[bytes] = Counter()  # questions to nodes that this one told of
        self._answered = 0
        contacts = list(starts)
        self.has_trusted = any(is_trusted(contact.peer_id) for contact in contacts)
        self._paths = [_Path(WIDTH, PATH_ASKS_MAX) for _ in range(PATHS)]
        if self.has_trusted:
            self._paths[0] = _Path(TRUSTED_WIDTH, PATH_ASKS_MAX, trusted=True)
        self._sweep = _Path(K, SWEEP_ASKS_MAX, SWEEP_ALPHA)
        for turn, contact in enumerate(contacts):
            for number in self._first_paths(turn):
                self._learn(number, contact, 1, b"")

    def _first_paths(self, turn: int) -> list[int]:
        if self.has_trusted:
            return [0, 1 + turn % (PATHS - 1)]
        return [turn % PATHS]

    # --- Going on ---

    def step(self, now: int) -> list[Contact]:
        """Return whom to ask now."""
        asked: list[Contact] = []
        for number, path in enumerate(self._paths):
            asked += self._step(number, path, now)
        if all(self._is_path_done(path, now, patient=False) for path in self._paths):
            asked += self._step(PATHS, self._sweep, now)
        return asked

    def answered(self, peer_id: bytes, contacts: Iterable[Contact]) -> None:
        """Take an answer in."""
        node = self._nodes[peer_id]
        node.state = State.ANSWERED
        self._answered += 1
        self._open[node.charged] -= 1
        for source in node.sources:
            self._credit[source] += 2
        self._credit.setdefault(peer_id, CREDIT)
        for contact in contacts:
            self._learn(node.path, contact, node.depth + 1, peer_id)

    def failed(self, peer_id: bytes, now: int) -> list[bytes]:
        """Take note that a node does not answer; return who has no credit left by that.

        A message that is lost at once is sent once more.
        """
        node = self._nodes[peer_id]
        self._open[node.charged] -= 1
        if node.tries < TRIES_MAX and now - node.asked < SLOW_MS:
            node.state = State.KNOWN
            return []
        node.state = State.FAILED
        for source in node.sources:
            self._credit[source] -= 1
        return [source for source in node.sources if not self._credit[source]]

    def distrust(self, peer_id: bytes) -> None:
        """Believe nothing that a node said, or will say: it has lied."""
        node = self._nodes[peer_id]
        node.state = State.FAILED
        self._open[node.charged] -= 1
        self._credit[peer_id] = -(1 << 32)

    def is_done(self, now: int, *, patient: bool) -> bool:
        """Tell whether no more is to be learned; who is not patient waits for no slow node."""
        waits = patient or self._answered < K // 2
        ways = [*self._paths, self._sweep]
        return all(self._is_path_done(path, now, patient=waits) for path in ways)

    def wake(self, now: int) -> int:
        """Return when a question becomes a slow one."""
        times = (
            node.asked + SLOW_MS
            for path in (*self._paths, self._sweep)
            for node in path.going
            if node.state is State.ASKED and node.asked + SLOW_MS > now
        )
        return min(times, default=NEVER)

    # --- What came of it ---

    def closest(self, count: int = K) -> list[Contact]:
        """Return the closest that have answered."""
        answered = [node for node in self._nodes.values() if node.state is State.ANSWERED]
        answered.sort(key=lambda node: node.distance)
        return [node.contact for node in answered[:count]]

    def closest_trusted(self, count: int) -> list[Contact]:
        """Return the closest trusted ones that have answered."""
        return [
            contact
            for contact in self.closest(len(self._nodes))
            if self._is_trusted(contact.peer_id)
        ][:count]

    def depth_of(self, peer_id: bytes) -> int:
        """Return how many questions led to a node; 0 where it is not known."""
        node = self._nodes.get(peer_id)
        return node.depth if node else 0

    # --- Inside ---

    def _step(self, number: int, path: _Path, now: int) -> list[Contact]:
        path.going = [
            node for node in path.going if node.state is State.ASKED and now - node.asked < SLOW_MS
        ]
        free = path.alpha - len(path.going)
        asked = []
        for node in self._front(path):
            if free <= 0 or path.asks >= path.asks_max:
                break
            if node.state is State.KNOWN and self._charge(node):
                node.state, node.path, node.asked = State.ASKED, number, now
                node.tries += 1
                path.asks += 1
                free -= 1
                path.going.append(node)
                asked.append(node.contact)
        return asked

    def _charge(self, node: Node) -> bool:
        """Let somebody answer for a node who is believed in more than are being asked for him."""
        for source in node.sources or (b"",):
            if not source or self._open[source] < self._credit[source]:
                node.charged = source
                self._open[source] += 1
                return True
        return False

    def _is_doubted(self, node: Node) -> bool:
        """Tell whether nobody who told of a node is believed any more."""
        if node.state is not State.KNOWN or not node.sources:
            return False
        return all(self._credit[source] <= 0 for source in node.sources)

    def _learn(self, number: int, contact: Contact, depth: int, source: bytes) -> None:
        peer_id = contact.peer_id
        if peer_id == self._own_id:
            return
        node = self._nodes.get(peer_id)
        if node is None:
            distance = number_of(peer_id) ^ self._place
            sources = {source: None} if source else {}
            node = self._nodes[peer_id] = Node(contact, distance, depth, sources)
        elif node.sources and node.state is State.KNOWN:
            node.sources[source] = None
        _insert(self._sweep, node)
        if number < PATHS:
            path = self._paths[number]
            if not path.trusted or self._is_trusted(peer_id):
                _insert(path, node)

    def _front(self, path: _Path) -> list[Node]:
        """Return the closest nodes of a way that may still answer."""
        front = []
        for _, peer_id in path.order:
            node = self._nodes[peer_id]
            if node.state is not State.FAILED and not self._is_doubted(node):
                front.append(node)
                if len(front) == path.width:
                    break
        return front

    def _is_path_done(self, path: _Path, now: int, *, patient: bool) -> bool:
        spent = path.asks >= path.asks_max
        for node in self._front(path):
            if node.state is State.KNOWN and not spent:
                return False
            if node.state is State.ASKED and (patient or now - node.asked < SLOW_MS):
                return False
        return True


def _insert(path: _Path, node: Node) -> None:
    key = (node.distance, node.contact.peer_id)
    at = bisect_left(path.order, key)
    if path.order[at : at + 1] != [key]:  # as long as it can get: twenty to a question
        path.order.insert(at, key)
