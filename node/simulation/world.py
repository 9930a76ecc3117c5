"""A world of nodes in one process: virtual time, real protocols, everything from one seed.

Nodes are made by a factory out of the same cores that the daemon runs. The world is what the
daemon and the network are to them: it links, carries, dials, loses, cuts and restarts. It never
looks at a clock, and the same seed does the same things in the same order.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterable
from random import Random
from typing import Any, TypeVar

from ..codec import Refused
from ..core import Send
from ..crypto import sha256
from ..link.link import SILENCE_MS
from ..session.messages import MessageType
from . import links
from .links import Line, Terms, one_way, weight
from .nodes import Factory, Listener, Node
from .store import DamagedError, PowerCut, SimulatedStore
from .trace import Trace, What

START_MS = 1_790_000_000_000  # what every clock shows at the beginning: a Monday morning
DIAL_MS = 10_000  # how long somebody waits for one who does not answer
REDIAL_FIRST_MS, REDIAL_LAST_MS = 1_000, 60_000
WAITING_MAX = 64  # messages for a node that is being dialled
DIAL_AGAIN_MS = 30_000  # for so long one who could not be reached is not dialled again
REFUSED_MAX = 64  # of one link, until it is closed
LINKS_MAX = 256  # of one node; the one used longest ago gives way
WAKE_MAX_MS = 30_000  # so that timers that were put off do not pile up in the heap

T = TypeVar("T")

_DOWN = (PowerCut, DamagedError, OSError)


class World:
    """Nodes, the lines between them, and the time."""

    def __init__(self, seed: int, terms: Terms | None = None) -> None:
        self.seed = seed
        self.terms = Terms() if terms is None else terms
        self.now = 0
        self.nodes: list[Node] = []
        self.chance = Random(f"pars/world/{seed}")
        self.steps = 0
        self.bytes_by_type: Counter[MessageType] = Counter()
        self.messages = 0
        self.longest = 0
        self.greeted_bytes = 0
        self.restart_max_ms = 0  # within which a node that fell is up again; 0 for never
        self._by_id: dict[bytes, Node] = {}
        self._heap: list[tuple[int, int, Callable[..., object], tuple[Any, ...]]] = []
        self._sequence = 0
        self._ways: dict[tuple[int, int], int] = {}
        self._sides: dict[int, int] | None = None
        self.trace = Trace()

    # --- Nodes ---

    def add(self, factory: Factory, *, skew: int = 0, listener: Listener | None = None) -> Node:
        """Start a node; its number is its place in `nodes`."""
        index = len(self.nodes)
        peer_id = sha256(b"pars/simulated-node/%d/%d" % (self.seed, index))
        node = Node(index, peer_id, factory)
        node.skew, node.listener = skew, listener
        self.nodes.append(node)
        self._by_id[peer_id] = node
        self.start(node)
        return node

    def start(self, node: Node) -> bool:
        """Make a node's cores out of its store; tell whether it came up."""
        if node.up:
            return True
        if node.store.damaged:
            node.store = SimulatedStore()  # as the daemon does: put aside, and begin anew
        node.boots += 1
        chance = Random(f"pars/node/{self.seed}/{node.index}/{node.boots}")
        try:
            cores = node.factory(node.peer_id, node.store, chance.randbytes)
        except _DOWN as error:
            self._fell(node, error)
            return False
        node.cores, node.up = cores, True
        node.by_type = {kind: core for core in cores for kind in sorted(core.types)}
        node.events = [core.events for core in cores if hasattr(core, "events")]
        self.trace.note(self.now, node.index, node.index, What.START, node.boots)
        self._settle(node)
        for peer in node.keeps:
            self._dial_again(node, node.boots, peer)
        return True

    def crash(self, node: Node, *, silent: bool = False) -> None:
        """Stop a node at once; its neighbours learn of it soon, or by silence alone."""
        if not node.up:
            return
        node.up = False
        node.crashes += 1
        node.cores, node.by_type, node.events = (), {}, []
        node.timer = 0
        node.dialling.clear()
        node.failed.clear()
        node.met.clear()
        for line in list(node.lines.values()):
            self._cut(line, SILENCE_MS if silent else line.way, told=(line.other(node.index),))
        node.lines.clear()
        self.trace.note(self.now, node.index, node.index, What.CRASH, 0)

    def act(self, node: Node, action: Callable[[int], T]) -> T | None:
        """Let the user of a node do something, at its own time; None if it fell over it."""
        result: T | None = None
        if node.up:
            try:
                result = action(self.local(node))
            except _DOWN as error:
                self._fell(node, error)
                return None
            self._settle(node)
        return result

    def local(self, node: Node) -> int:
        """Return what the clock of a node shows."""
        return START_MS + self.now + node.skew

    def node(self, peer_id: bytes) -> Node:
        """Return a node by its id."""
        return self._by_id[peer_id]

    # --- Lines ---

    def connect(self, low: int, high: int) -> None:
        """Link two nodes at once, whatever lies between them."""
        if high not in self.nodes[low].lines:
            self._link(self.nodes[low], self.nodes[high])

    def keep(self, index: int, peer: int) -> None:
        """Let a node dial another one now, and again whenever the link has ended."""
        node = self.nodes[index]
        node.keeps[peer] = 0
        self._dial_again(node, node.boots, peer)

    def disconnect(self, low: int, high: int) -> None:
        """End a link in order: both sides know."""
        line = self.nodes[low].lines.get(high)
        if line is not None:
            self._cut(line, 0, told=(low, high))

    def partition(self, sides: Iterable[Iterable[int]]) -> None:
        """Let nodes of different sides not reach each other; who is in none is alone."""
        self._sides = {index: number for number, side in enumerate(sides) for index in side}
        for node in self.nodes:
            for peer, line in list(node.lines.items()):
                if node.index < peer and not self.reaches(node.index, peer):
                    silence = self.chance.randrange(1, SILENCE_MS)
                    self._cut(line, silence, told=(node.index, peer))

    @property
    def sides(self) -> int:
        """Into how many parts the world is split."""
        return len(set(self._sides.values())) if self._sides else 1

    def heal(self) -> None:
        """End the partition. Links come back as nodes dial."""
        self._sides = None

    def reaches(self, low: int, high: int) -> bool:
        """Tell whether the partition lets two nodes through to each other."""
        if self._sides is None:
            return True
        side = self._sides.get(low)
        return side is not None and side == self._sides.get(high)

    def set_terms(self, terms: Terms) -> None:
        """Let all lines be so from now on; distances stay."""
        self.terms = terms
        for node in self.nodes:
            for line in node.lines.values():
                line.terms = terms

    # --- Time ---

    def at(self, time: int, action: Callable[..., object], *arguments: Any) -> None:
        """Do something at a time, or now where that has passed."""
        self._sequence += 1
        heapq.heappush(self._heap, (max(time, self.now), self._sequence, action, arguments))

    def after(self, delay: int, action: Callable[..., object], *arguments: Any) -> None:
        """Do something when so much time has passed."""
        self.at(self.now + delay, action, *arguments)

    def run_until(self, end: int) -> None:
        """Let everything happen until a time."""
        heap = self._heap
        while heap and heap[0][0] <= end:
            self.now, _, action, arguments = heapq.heappop(heap)
            self.steps += 1
            action(*arguments)
        self.now = max(end, self.now)

    def run_for(self, duration: int) -> None:
        """Let everything happen for so long."""
        self.run_until(self.now + duration)

    def run_while(self, condition: Callable[[], bool], limit: int, step: int = 1_000) -> bool:
        """Go on while a condition holds; tell whether it ended within the limit."""
        end = self.now + limit
        while condition():
            if self.now >= end:
                return False
            self.run_for(min(step, end - self.now))
        return True

    # --- What nodes send ---

    def _settle(self, node: Node) -> None:
        """Take what a node has to say, and note when it wants to be woken."""
        try:
            for events in node.events:
                for event in events():
                    if node.listener is not None:
                        node.listener(node, event)
            for core in node.cores:
                for send in core.outgoing():
                    if node.wire is None:
                        self._send(node, send)
                    else:
                        for changed in node.wire(node, send):
                            self._send(node, changed)
            due = min(core.next_tick for core in node.cores)
        except _DOWN as error:
            self._fell(node, error)
            return
        due -= START_MS + node.skew
        due = max(self.now + 1, min(due, self.now + WAKE_MAX_MS))
        if not node.timer or due < node.timer:
            node.timer = due
            self.at(due, self._tick, node)

    def _tick(self, node: Node) -> None:
        if node.timer != self.now or not node.up:
            return  # an earlier one came between, or it is another life
        node.timer = 0
        now = START_MS + self.now + node.skew
        try:
            for core in node.cores:
                if core.next_tick <= now:
                    core.tick(now)
        except _DOWN as error:
            self._fell(node, error)
            return
        self._settle(node)

    def _send(self, node: Node, send: Send) -> None:
        peer = self._by_id.get(send.peer_id)
        if peer is not None and peer is not node:
            line = node.lines.get(peer.index)
            if line is not None:
                self._carry(node, peer, line, send)
                return
            waiting = node.dialling.get(peer.index)
            if waiting is None and node.failed.get(peer.index, 0) <= self.now:
                waiting = self._dial(node, peer)
            if waiting is not None and len(waiting) < WAITING_MAX:
                waiting.append(send)
                return
        self.after(1, self._unreachable, node, node.boots, send.peer_id)

    def _carry(self, node: Node, peer: Node, line: Line, send: Send) -> None:
        length = len(send.payload)
        if length > self.longest:
            self.longest = length
        size = weight(length)
        direction = int(node.index == line.high)
        line.used = self.now
        if line.backlog(direction, self.now) > links.BACKLOG_MS:
            self.after(1, self._unreachable, node, node.boots, send.peer_id)
            return
        node.sent += size
        self.messages += 1
        self.bytes_by_type[send.type] += size
        self.trace.note(self.now, node.index, peer.index, send.type, length)
        if not line.open:
            return  # it does not know yet
        arrival = line.takes(direction, size, self.now, self.chance)
        if arrival is None:
            self._cut(line, SILENCE_MS, told=(line.low, line.high))
        elif not line.terms.gone or self.chance.random() >= line.terms.gone:
            self.at(arrival, self._deliver, line, peer, node.peer_id, send, size)

    def _deliver(self, line: Line, node: Node, sender: bytes, send: Send, size: int) -> None:
        if not line.open:
            return
        node.received += size
        line.used = self.now
        core = node.by_type.get(send.type)
        try:
            if core is None:
                raise Refused("world: a type that nobody hears")
            core.receive(sender, send.type, send.payload, START_MS + self.now + node.skew)
        except Refused as refusal:
            node.refused[refusal.reason] += 1
            side = int(node.index == line.high)
            line.refused[side] += 1
            if line.refused[side] >= REFUSED_MAX:
                self._cut(line, 0, told=(line.low, line.high))
        except _DOWN as error:
            self._fell(node, error)
            return
        self._settle(node)

    # --- Links ---

    def _dial(self, node: Node, peer: Node) -> list[Send]:
        """Begin to dial, and return where messages wait meanwhile."""
        way = self._way(node.index, peer.index)
        if not self.reaches(node.index, peer.index):
            delay = DIAL_MS
        else:
            delay = 2 * way * (links.GREETING_ROUNDS if peer.up else 1)
        self.after(delay, self._dialled, node, node.boots, peer)
        waiting = node.dialling[peer.index] = []
        return waiting

    def _dialled(self, node: Node, boots: int, peer: Node) -> None:
        if node.boots != boots or not node.up:
            return
        waiting = node.dialling.pop(peer.index, [])
        if peer.index not in node.lines:
            if not peer.up or not self.reaches(node.index, peer.index):
                node.failed[peer.index] = self.now + DIAL_AGAIN_MS
                for _ in range(max(len(waiting), 1)):
                    self._unreachable(node, boots, peer.peer_id)
                self._redial(node, peer.index)
                return
            self._link(node, peer)
        for send in waiting:
            if node.boots == boots and node.up:
                self._send(node, send)

    def _link(self, node: Node, peer: Node) -> None:
        stale = node.lines.get(peer.index)
        if stale is not None:
            self._ended(stale, (node.index, peer.index))
        for full in (node, peer):
            if len(full.lines) >= LINKS_MAX:
                oldest = min(full.lines.values(), key=lambda line: (line.used, line.low, line.high))
                self._cut(oldest, 0, told=(oldest.low, oldest.high))
        low, high = sorted((node.index, peer.index))
        line = Line(low, high, self._way(low, high), self.terms, self.now)
        met = node.met.get(peer.index) if node.index in peer.met else None
        cost = links.greeting_bytes(resumed=links.resumes(met, self.now))
        self.greeted_bytes += cost
        self.trace.note(self.now, low, high, What.LINK, cost)
        for one, other in ((peer, node), (node, peer)):
            one.lines[other.index] = line
            one.met[other.index] = self.now
            one.sent += cost // 2
            one.received += cost // 2
            one.failed.pop(other.index, None)
            if other.index in one.keeps:
                one.keeps[other.index] = 0
        for one, other in ((peer, node), (node, peer)):
            self._tell(one, other.peer_id, linked=True)

    def _cut(self, line: Line, delay: int, told: Iterable[int]) -> None:
        """Let nothing through any more; those told notice after a delay."""
        if line.open:
            line.open = False
            self.trace.note(self.now, line.low, line.high, What.CUT, 0)
            self.after(delay, self._ended, line, tuple(told))

    def _ended(self, line: Line, told: tuple[int, ...]) -> None:
        line.open = False
        for index in told:
            node, other = self.nodes[index], line.other(index)
            if node.lines.get(other) is line:
                del node.lines[other]
                self._tell(node, self.nodes[other].peer_id, linked=False)
                self._redial(node, other)

    def _redial(self, node: Node, peer: int) -> None:
        """Dial a kept one again: later each time, and not all at once."""
        tries = node.keeps.get(peer)
        if tries is None:
            return
        node.keeps[peer] = tries + 1
        longest = min(REDIAL_FIRST_MS << min(tries, 16), REDIAL_LAST_MS)
        wait = longest - self.chance.randrange(longest // 2)
        self.after(wait, self._dial_again, node, node.boots, peer)

    def _dial_again(self, node: Node, boots: int, peer: int) -> None:
        linked = peer in node.lines or peer in node.dialling
        if node.up and node.boots == boots and not linked:
            self._dial(node, self.nodes[peer])

    def _tell(self, node: Node, peer_id: bytes, *, linked: bool) -> None:
        if not node.up:
            return
        now = START_MS + self.now + node.skew
        try:
            for core in node.cores:
                if linked:
                    core.linked(peer_id, now)
                else:
                    core.unlinked(peer_id, now)
        except _DOWN as error:
            self._fell(node, error)
            return
        self._settle(node)

    def _unreachable(self, node: Node, boots: int, peer_id: bytes) -> None:
        if not node.up or node.boots != boots:
            return
        now = START_MS + self.now + node.skew
        try:
            for core in node.cores:
                core.unreachable(peer_id, now)
        except _DOWN as error:
            self._fell(node, error)
            return
        self._settle(node)

    # --- Inside ---

    def _fell(self, node: Node, error: BaseException) -> None:
        """Note that a node went down over its disk, and start it again some time later."""
        if isinstance(error, OSError) and not node.store.full:
            raise error  # not of our disk: a core has touched the outer world
        node.fell[type(error).__name__] += 1
        self.crash(node, silent=isinstance(error, PowerCut))
        if self.restart_max_ms:
            self.after(1 + self.chance.randrange(self.restart_max_ms), self.start, node)

    def _way(self, low: int, high: int) -> int:
        pair = (low, high) if low < high else (high, low)
        way = self._ways.get(pair)
        if way is None:
            drawn = Random(f"pars/way/{self.seed}/{pair}")
            way = self._ways[pair] = one_way(self.terms, drawn)
        return way
