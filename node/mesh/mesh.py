"""The mesh of one node: the spaces that it carries, and all that it hears and says about them."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from .. import crypto
from ..codec import Reader, Refused, u32
from ..core import Send, Store
from ..crypto import KEY, Random, SigningKey
from ..session.messages import MessageType
from .carried import Carried, Membership, erase
from .comparisons import Comparisons, Progress
from .dag import Verify, author_of
from .intake import Intake, Outcome
from .messages import Compare, Flag, Ids, Push, read_ids, read_pull, read_push, read_sync
from .neighbours import Neighbours
from .outgoing import Outgoing
from .peers import COMPARE_WORK, MESSAGE_WORK, ExcessError, Peer
from .relay import ASK_MS, Relay
from .settings import Arrived, Event, Settings
from .space import Keys, Kind, topic_of
from .staged import Staged
from .sync.items import Items
from .vertex import ID, Vertex, read_vertex

SPACES_MAX = 256
STAGED_BYTES_MAX = 4 << 20  # before a commit that does not wait
TICK_MS = 60_000  # also the least time between wake-ups at low power
PULL_GAP_MAX = 12  # times the interval, while histories are found equal
METERED = 10  # times the interval
SPACE = b"s"  # and a topic: its carrier key and number
LEFT = b"l"  # and the number of a space whose rows are being erased


@dataclass(frozen=True, slots=True)
class Added:
    """What became of vertices that came by another way than a link."""

    ids: tuple[bytes, ...]  # those that are new
    refused: int
    orphans: int


class Mesh:
    """A `Core` with calls of its own. What a call returned, and an event says, is on the disk."""

    types = frozenset(
        {
            MessageType.MESH_PUSH,
            MessageType.MESH_PULL,
            MessageType.MESH_HAVE,
            MessageType.MESH_WANT,
            MessageType.MESH_TOPICS,
            MessageType.MESH_SYNC,
            MessageType.MESH_STORED,
        }
    )

    def __init__(
        self,
        peer_id: bytes,
        store: Store,
        random: Random,
        settings: Settings | None = None,
        *,
        verify: Verify = crypto.verify,
    ) -> None:
        self._peer_id, self._random, self._verify = peer_id, random, verify
        self._table = Staged(store)
        self._events: list[Event] = []
        self._out = Outgoing()
        self._neighbours = Neighbours(peer_id, self._out, random)
        self._comparisons = Comparisons(self._out, self._events, random)
        self._intake = Intake()
        self._relay = Relay(self._out, settings or Settings())
        self._now = self._woken_at = self._committed_at = 0
        self._spaces: dict[bytes, Carried] = {}
        for key, _ in self._table.scan(LEFT):
            self._erase(Reader(key[1:]).u32())
        for key, value in self._table.scan(SPACE):
            reader = Reader(value)
            self._open(key[1:], reader.take(KEY), reader.u32())

    # --- Spaces -----------------------------------------------------------------------------

    @property
    def topics(self) -> list[bytes]:
        """The spaces that are carried."""
        return list(self._spaces)

    @property
    def refused(self) -> Counter[str]:
        """What was refused, by reason."""
        return self._neighbours.refused

    def carry(self, carrier: bytes) -> bytes:
        """Keep and pass on a space, over restarts; return its topic."""
        topic = topic_of(carrier)
        if topic not in self._spaces:
            if len(self._spaces) >= SPACES_MAX:
                raise ValueError("too many spaces")
            number = 1 + max((space.number for space in self._spaces.values()), default=0)
            self._table.put(SPACE + topic, carrier + u32(number))
            self._commit(self._now)
            self._open(topic, carrier, number)
            self._neighbours.tell_all(self._carriers, self._now)
        return topic

    def join(self, secret: bytes, author_seed: bytes) -> bytes:
        """Read and write in a space, until `lock` or the end of the process; return its topic."""
        keys, signing = Keys(secret), SigningKey.from_seed(author_seed)
        topic = self.carry(keys.carrier)
        self._spaces[topic].member = Membership(keys, signing, author_of(signing))
        return topic

    def lock(self) -> None:
        """Forget all secrets; what is carried is carried on."""
        for space in self._spaces.values():
            space.member = None

    def leave(self, topic: bytes) -> None:
        """Carry a space no longer, and forget what was in it."""
        space = self._spaces.pop(topic)
        self._neighbours.forget(topic)
        self._intake.orphans.forget(topic)
        self._table.put(SPACE + topic, None)
        self._table.put(LEFT + u32(space.number), b"")
        self._commit(self._now)
        self._erase(space.number)
        self._neighbours.tell_all(self._carriers, self._now)

    def append(self, topic: bytes, payload: bytes, now: int, wall: int = 0) -> Vertex:
        """Write in a space, as a member; on the disk when it returns."""
        return self._write(topic, Kind.CONTENT, payload, now, wall)

    def checkpoint(self, topic: bytes, state_hash: bytes, now: int) -> Vertex:
        """Write down what everything so far comes to: a state hash of the documents."""
        if len(state_hash) != KEY:
            raise ValueError("a state hash has 32 bytes")
        return self._write(topic, Kind.CHECKPOINT, state_hash, now, 0)

    def add(self, topic: bytes, vertices: Iterable[bytes], now: int) -> Added:
        """Take encoded vertices that came by another way than a link; on the disk on return."""
        space, source = self._spaces[topic], b""
        before, refused, orphans = space.dag.number, 0, 0
        self._intake.full = False
        for data in vertices:
            try:
                vertex = read_vertex(data)
                outcome = self._intake.take(space, vertex, source, now, eager=False)
            except Refused as reason:
                self.refused[reason.reason] += 1
                refused += 1
            else:
                orphans += outcome is Outcome.WAITS
            if self._intake.staged > STAGED_BYTES_MAX:
                self._commit(now)
        refused += sum(peer_id == source for peer_id, _ in self._intake.blamed)
        self._blame_late(now)
        self._commit(now)
        return Added(tuple(space.dag.since(before)), refused, orphans)

    def vertex(self, topic: bytes, name: bytes) -> Vertex | None:
        """Return a vertex; None where it is not there, or was pruned."""
        return self._spaces[topic].dag.vertex(name)

    def heads(self, topic: bytes) -> list[bytes]:
        """Return the vertices that none follows."""
        return sorted(self._spaces[topic].dag.heads)

    def order(self, topic: bytes) -> Iterator[bytes]:
        """Give all ids in the order that every node has: lamport, then id."""
        return self._spaces[topic].dag.order()

    def payload(self, topic: bytes, name: bytes) -> bytes | None:
        """Return what a member wrote; None where there is nothing to read in a vertex."""
        read = self._spaces[topic].read(name)
        return read[1] if read is not None and read[0] == Kind.CONTENT else None

    def items(self, topic: bytes) -> Items:
        """Return the order of a space, to look at."""
        return self._spaces[topic].dag.items

    def unacknowledged(self, topic: bytes) -> list[bytes]:
        """Return one's own vertices that are not safe with others, the oldest first."""
        return self._spaces[topic].unacknowledged

    def state_hash(self, topic: bytes) -> bytes:
        """Return a hash that is the same where, and only where, the vertices are."""
        return self._spaces[topic].dag.state_hash

    def carrier_key(self, topic: bytes) -> bytes:
        """Return the key by which a space is carried."""
        return self._spaces[topic].carrier

    def encoded(self, topic: bytes, name: bytes) -> bytes | None:
        """Return a vertex as it is passed on."""
        return self._spaces[topic].dag.encoded(name)

    def beyond(self, topic: bytes, rows: Collection[bytes]) -> list[bytes] | None:
        """Return the ids of all that these rows have not seen; None where that is not known."""
        return self._spaces[topic].dag.beyond(rows)

    def carriers(self, topic: bytes) -> list[bytes]:
        """Return the neighbours that carry a space too."""
        return list(self._spaces[topic].tree.peers)

    def size(self, topic: bytes) -> int:
        """Return how many bytes the vertices of a space take."""
        return self._spaces[topic].dag.size

    def prune(self, topic: bytes, room: int, checkpoint: bytes | None = None) -> int:
        """Free so many bytes, the oldest first; return how many were.

        What goes lies before a checkpoint, or else every node that was compared with has it, and
        there are at least three. Heads, and what is one's own and not safe, stay.
        """
        space = self._spaces[topic]
        self._commit(self._now)
        if checkpoint is None:
            names = space.dag.arrivals(before=space.shared_by_all)
        else:
            read = space.read(checkpoint)
            if read is None or read[0] != Kind.CHECKPOINT:
                raise ValueError("not a checkpoint")
            names = space.dag.past(checkpoint)
        freed = space.dag.prune((name for name in names if not space.is_own(name)), room)
        self._commit(self._now)
        return freed

    def sync(self, topic: bytes, peer_id: bytes, now: int) -> None:
        """Compare with a neighbour now."""
        self._commit(now)
        space = self._spaces[topic]
        if peer_id in space.tree:
            self._comparisons.begin(space, peer_id, now)

    @property
    def settings(self) -> Settings:
        """How much is given to gossip."""
        return self._relay.settings

    def set(self, settings: Settings, now: int) -> None:
        """Change how much is given to gossip."""
        begins = settings.metered and not self.settings.metered
        self._relay.settings = settings
        for space in self._spaces.values():
            space.tree.balance(settings.fanout)
            space.pull_gap = settings.pull_ms
            space.pull_at = min(space.pull_at, now + settings.pull_ms)
            for peer_id in space.tree.peers if begins else ():
                self._relay.prune(space, peer_id)
        self._now = now

    # --- Core -------------------------------------------------------------------------------

    def linked(self, peer_id: bytes, now: int) -> None:
        """Tell a node which spaces are carried here."""
        self._now = now
        self._neighbours.meet(peer_id, self._carriers, now)

    def unlinked(self, peer_id: bytes, now: int) -> None:
        """Forget a link and what was under way on it."""
        self._now = now
        self._neighbours.part(peer_id)
        self._comparisons.lost(peer_id)
        for space in self._spaces.values():
            self._part(space, peer_id, now)

    def unreachable(self, peer_id: bytes, now: int) -> None:
        """Take note that a message may be lost: which spaces are carried is said again."""
        self._now = now
        self._neighbours.ask_again(peer_id)

    def receive(self, peer_id: bytes, kind: MessageType, payload: bytes, now: int) -> None:
        """Take a message off a link."""
        self._now = now
        peer = self._neighbours.admit(peer_id, now)
        try:
            compares = kind in (MessageType.MESH_PULL, MessageType.MESH_SYNC)
            work = COMPARE_WORK if compares else MESSAGE_WORK + len(payload) // ID
            if kind != MessageType.MESH_PUSH and not peer.work.take(work, now):
                raise ExcessError("mesh: too many messages")
            self._hear(peer_id, peer, kind, payload, now)
        except ExcessError as refused:
            self._blame(peer_id, refused.reason, now, excess=True)
            raise
        except Refused as refused:
            self._blame(peer_id, refused.reason, now)
            raise
        finally:
            self._settle(now)

    def tick(self, now: int) -> None:
        """Commit, tell, ask, compare: what is due."""
        self._now = self._woken_at = now
        self._commit(now)
        self._neighbours.tick(self._carriers, now)
        self._comparisons.tick(now)
        self._intake.orphans.tick(now)
        for space in self._spaces.values():
            if not space.tree.peers:
                continue
            if space.tell_at <= now and not space.tree.silent:
                self._relay.tell(space)
            if space.ask_at <= now and space.has_own:
                space.ask_at = now + ASK_MS
                self._relay.ask_stored(space, self._draw(space.tree.peers))
            if space.pull_at <= now:
                self._pull(space, now)
            if space.fetch.due_at <= now:
                self._ask(space, now)
            space.tree.balance(self.settings.fanout)

    @property
    def next_tick(self) -> int:
        """When something is due."""
        times = [self._woken_at + TICK_MS, self._neighbours.next_tick]
        if self._table.dirty:
            times.append(self._committed_at + self.settings.commit_ms)
        for space in self._spaces.values():
            if space.tree.peers:
                times += [space.fetch.due_at, space.pull_at]
                if not space.tree.silent:
                    times.append(space.tell_at)
                if space.has_own:
                    times.append(space.ask_at)
        earliest = min(times)
        return max(earliest, self._woken_at + TICK_MS) if self.settings.low_power else earliest

    def outgoing(self) -> list[Send]:
        """Return what is to be sent, once."""
        return self._out.take()

    def events(self) -> list[Event]:
        """Return what has happened, once."""
        events = list(self._events)
        self._events.clear()
        return events

    # --- Messages ---------------------------------------------------------------------------

    def _hear(
        self, peer_id: bytes, peer: Peer, kind: MessageType, payload: bytes, now: int
    ) -> None:
        if kind == MessageType.MESH_TOPICS:
            gained, gone = self._neighbours.hear(peer_id, payload, self._carriers, now)
            for topic in gone:
                self._part(self._spaces[topic], peer_id, now)
            for topic in gained:
                self._meet(self._spaces[topic], peer_id, now)
        elif kind == MessageType.MESH_PUSH:
            self._push(peer_id, peer, read_push(payload), now)
        elif kind == MessageType.MESH_HAVE:
            self._have(peer_id, peer, read_ids(payload, "have"), now)
        elif kind == MessageType.MESH_WANT:
            self._want(peer_id, peer, read_ids(payload, "want"), now)
        elif kind == MessageType.MESH_STORED:
            stored = read_ids(payload, "stored")
            space = self._shared(peer_id, peer, stored.topic)
            self._events += space.stored(peer_id, stored.ids, self.settings.copies)
        elif kind == MessageType.MESH_PULL:
            self._compare(peer_id, peer, read_pull(payload), now, begins=True)
        elif kind == MessageType.MESH_SYNC:
            self._compare(peer_id, peer, read_sync(payload), now, begins=False)
        else:
            raise Refused("mesh: unknown message")

    def _push(self, peer_id: bytes, peer: Peer, message: Push, now: int) -> None:
        space = self._shared(peer_id, peer, message.topic)
        answer = bool(message.flags & Flag.ANSWER)
        self._intake.full = self._is_full
        names = []
        try:
            for data in message.vertices:
                vertex = read_vertex(data)
                asked = space.fetch.asked(peer_id, vertex.id)
                if not asked and not peer.incoming.take(len(data), now):
                    raise ExcessError("mesh: too much at once")
                names.append(vertex.id)
                if not answer:
                    space.fetch.pushed(vertex.id)
                outcome = self._intake.take(space, vertex, peer_id, now, eager=not answer)
                if outcome is Outcome.KNOWN:
                    space.tree.acknowledge(peer_id, vertex.id)
                    self._relay.plan(space, now)
                    if not answer and space.tree.late(peer_id):
                        self._relay.prune(space, peer_id)
                elif outcome is Outcome.LATER:
                    self.refused["mesh: put off"] += 1
                elif not answer and not self.settings.metered:
                    space.tree.first(peer_id)
        finally:
            space.fetch.progress(peer_id, names, now)
            if message.flags & Flag.LAST:
                space.fetch.answered(peer_id, now)

    def _have(self, peer_id: bytes, peer: Peer, message: Ids, now: int) -> None:
        space = self._shared(peer_id, peer, message.topic)
        if message.flags & Flag.PRUNE:
            space.tree.prune(peer_id)
        unknown = []
        for name in message.ids:
            if space.dag.place(name) is None:
                if (space.topic, name) not in self._intake.orphans:
                    unknown.append(name)
            elif message.flags & Flag.ASK:
                space.tree.acknowledge(peer_id, name)
                self._relay.plan(space, now)
        if message.flags & Flag.LACK:
            space.fetch.lacking(unknown, peer_id, now)
        elif not self._relay.rests(space) and not self._is_full:
            for name in unknown:
                space.fetch.announced(name, peer_id, now, at_once=self.settings.metered)

    def _want(self, peer_id: bytes, peer: Peer, message: Ids, now: int) -> None:
        space = self._shared(peer_id, peer, message.topic)
        if message.flags & Flag.GRAFT:
            space.tree.graft(peer_id)
        self._commit(now)
        self._relay.answer(space, peer_id, peer, message.ids, now)

    def _compare(
        self, peer_id: bytes, peer: Peer, message: Compare, now: int, *, begins: bool
    ) -> None:
        space = self._shared(peer_id, peer, message.topic)
        if self._relay.rests(space):
            return
        self._commit(now)
        go_on = self._comparisons.pull if begins else self._comparisons.sync
        progress = go_on(space, peer_id, message, now)
        if progress is Progress.GOES_ON:
            return
        safe = space.outlived(peer_id)
        self._events += space.stored(peer_id, safe, self.settings.copies)
        self._relay.ask_stored(space, peer_id)
        gap = 2 * space.pull_gap if progress is Progress.EQUAL else self.settings.pull_ms
        space.pull_gap = min(gap, PULL_GAP_MAX * self.settings.pull_ms)

    # --- What follows -----------------------------------------------------------------------

    def _settle(self, now: int) -> None:
        """Do what a message has made due."""
        self._blame_late(now)
        late = now - self._committed_at >= self.settings.commit_ms
        if late or self.settings.low_power or self._intake.staged > STAGED_BYTES_MAX:
            self._commit(now)
        for space in self._spaces.values():
            if space.fetch.due_at <= now:
                self._ask(space, now)
            if self.settings.low_power and not space.tree.silent:
                self._relay.tell(space)

    def _ask(self, space: Carried, now: int) -> None:
        """Ask for what is lacking; where not all of that was kept in mind, compare again."""
        self._relay.ask(space, now, self._intake.orphans)
        if space.fetch.cut_short and space.fetch.idle:
            space.fetch.cut_short = False
            space.pull_at = now

    def _commit(self, now: int) -> None:
        """Wait for the disk; then tell of what is new."""
        if not self._table.dirty:
            return
        self._table.commit()
        self._committed_at, self._intake.staged = now, 0
        touched, self._intake.touched = self._intake.touched, {}
        for space in touched.values():
            fresh, space.fresh = space.fresh, []
            self._events.append(Arrived(space.topic, tuple(each.id for each in fresh)))
            self._relay.spread(space, fresh, now)
        self._events += self._intake.forks
        self._intake.forks = []

    def _write(self, topic: bytes, kind: Kind, content: bytes, now: int, wall: int) -> Vertex:
        self._now = now
        space = self._spaces[topic]
        vertex = space.write(kind, content, wall)
        self._intake.touched[topic] = space
        space.ask_at = space.ask_at if space.ask_at > now else now + ASK_MS
        self._commit(now)
        return vertex

    def _pull(self, space: Carried, now: int) -> None:
        rests = METERED if self.settings.metered else 1
        space.pull_at = now + space.pull_gap * rests
        peers = [] if self._is_full or self._relay.rests(space) else space.tree.peers
        for _ in range(min(self.settings.pull_peers, len(peers))):
            peer_id = self._draw(peers)
            peers.remove(peer_id)
            self._comparisons.begin(space, peer_id, now)

    def _meet(self, space: Carried, peer_id: bytes, now: int) -> None:
        """Begin with a neighbour that carries a space too."""
        space.tree.join(peer_id, self.settings.fanout)
        if self.settings.metered:
            self._relay.prune(space, peer_id)
        self._commit(now)
        if self._peer_id < peer_id and not self._relay.rests(space):
            self._comparisons.begin(space, peer_id, now)
        space.pull_at = min(space.pull_at, now + space.pull_gap) or now + space.pull_gap

    def _part(self, space: Carried, peer_id: bytes, now: int) -> None:
        space.tree.leave(peer_id)
        space.fetch.lost(peer_id, now)

    def _blame_late(self, now: int) -> None:
        """Blame the senders of orphans that proved bad; those of a file have none."""
        blamed, self._intake.blamed = self._intake.blamed, []
        for peer_id, reason in blamed:
            if peer_id:
                self._blame(peer_id, reason, now)
            else:
                self.refused[reason] += 1

    def _blame(self, peer_id: bytes, reason: str, now: int, *, excess: bool = False) -> None:
        count = self._neighbours.excess if excess else self._neighbours.fault
        misbehaved = count(peer_id, reason, now)
        if misbehaved is not None:
            self._events.append(misbehaved)
            self._comparisons.lost(peer_id)
            for space in self._spaces.values():
                self._part(space, peer_id, now)

    def _shared(self, peer_id: bytes, peer: Peer, topic: bytes) -> Carried:
        if topic not in peer.topics:
            self._neighbours.ask_again(peer_id)
            raise ExcessError("mesh: a topic that is not shared")
        return self._spaces[topic]

    def _open(self, topic: bytes, carrier: bytes, number: int) -> None:
        self._spaces[topic] = Carried(
            topic, carrier, number, self._table, self._verify, self._random
        )
        self._spaces[topic].pull_gap = self.settings.pull_ms

    def _erase(self, number: int) -> None:
        """Take away what is left of a space; a start goes on with it where the power went."""
        erase(self._table, number)
        self._table.put(LEFT + u32(number), None)
        self._table.commit()

    @property
    def _is_full(self) -> bool:
        held = sum(space.dag.size for space in self._spaces.values())
        return held > self.settings.storage_max

    @property
    def _carriers(self) -> dict[bytes, bytes]:
        return {topic: space.carrier for topic, space in self._spaces.items()}

    def _draw(self, peers: list[bytes]) -> bytes:
        return peers[int.from_bytes(self._random(4)) % len(peers)]
