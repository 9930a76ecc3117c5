"""People who share one space, each with a node, and a ledger of what they were promised.

The ledger is what no node has: it knows what each was told, in every life of its node, and so finds
out when anything that was promised is gone.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random

from ..core import Core, Store
from ..crdt.bodies import Operation
from ..crdt.documents import Documents
from ..crdt.operations import decode_operations
from ..crypto import Random as Chance
from ..crypto import sha256, verify
from ..mesh.mesh import Mesh
from ..mesh.settings import Acknowledged, Arrived, Equivocation, Misbehaved, Synced
from ..mesh.settings import Settings as MeshSettings
from ..mesh.sync.items import id_of
from .byzantine import Strategy, wire
from .edits import edit
from .nodes import Node
from .world import World

Event = Arrived | Acknowledged | Equivocation | Synced | Misbehaved
CHECKED_MAX = 1 << 20


class Checks:
    """Signatures that were checked once: in one process all nodes would do the same work again."""

    def __init__(self) -> None:
        self._known: dict[bytes, bool] = {}

    def verify(self, key: bytes, message: bytes, signature: bytes, context: bytes) -> bool:
        """Return whether a signature is genuine."""
        name = sha256(key, message, signature, context)
        found = self._known.get(name)
        if found is None:
            if len(self._known) >= CHECKED_MAX:
                self._known.clear()
            found = self._known[name] = verify(key, message, signature, context)
        return found


@dataclass(slots=True)
class Member:
    """One of them, and all that his node has told him."""

    index: int
    author_seed: bytes
    strategy: Strategy | None = None
    arrived: list[bytes] = field(default_factory=list)
    seen: set[bytes] = field(default_factory=set)
    documents: Documents = field(default_factory=Documents)  # as of all that arrived
    node: Node = field(init=False)


@dataclass(slots=True)
class Written:
    """A vertex that its author was told is kept."""

    author: int
    at: int


class Community:
    """A space and its members in a world."""

    def __init__(
        self, world: World, settings: MeshSettings | None = None, *, edits: bool = True
    ) -> None:
        self.world = world
        self.settings = settings
        self.edits = edits  # whether what they write is done to documents
        self.members: list[Member] = []
        self.written: dict[bytes, Written] = {}
        self.holders: dict[bytes, int] = {}  # who has a vertex, a bit for each member
        self.times: list[int] = []  # from writing to arrival, at correct nodes
        self.acknowledged = self.equivocations = self.bans = self.destroyed = 0
        self.broken: list[str] = []
        self.topic = b""
        self._secret = sha256(b"pars/simulated-space/%d" % world.seed)
        self._checks = Checks()
        self._read: dict[bytes, tuple[int, bytes, list[Operation]]] = {}

    # --- Members ---

    def admit(self, *, strategy: Strategy | None = None, skew: int = 0) -> Member:
        """Start a node for one more member."""
        index = len(self.world.nodes)
        member = Member(index, self._seed(index, 0), strategy)
        liars = [one for one in self.members if one.strategy is not None]
        if strategy and liars and Strategy.TWIN in (strategy, liars[-1].strategy):
            member.author_seed = liars[-1].author_seed  # two nodes write as one author
        self.members.append(member)

        def make(peer_id: bytes, store: Store, random: Chance) -> list[Core]:
            return self._make(member, peer_id, store, random)

        def hear(_: Node, event: Event) -> None:
            self._hear(member, event)

        member.node = self.world.add(make, skew=skew, listener=hear)
        if strategy is not None:
            member.node.wire = wire(strategy, self.world, f"pars/liar/{self.world.seed}/{index}")
        return member

    def edit(self, member: Member, chance: Random) -> bytes | None:
        """Let a member do something to the documents that he sees."""
        return self.write(member, edit(member.documents, chance))

    def write(self, member: Member, content: bytes) -> bytes | None:
        """Let a member write; return the id, or None where his node fell over it."""

        def append(now: int) -> bytes:
            name = mesh_of(member).append(self.topic, content, now, now).id
            # Noted before anything can befall the node: it has been told.
            if member.strategy is None:
                self.written[name] = Written(member.index, self.world.now)
            return name

        return self.world.act(member.node, append)

    def damaged(self, member: Member) -> None:
        """Take note that a disk is gone: what no correct node has beside it is destroyed."""
        bit = 1 << member.index
        for name in member.arrived:
            self.holders[name] &= ~bit
        correct = sum(1 << one.index for one in self.members if one.strategy is None)
        for name in [name for name in member.arrived if not self.holders[name] & correct]:
            if self.written.pop(name, None) is not None:
                self.destroyed += 1
        member.arrived.clear()
        member.seen.clear()
        member.documents = Documents()
        # Its author's place in the history is forgotten too, so he goes on under another name.
        member.author_seed = self._seed(member.index, member.node.boots)

    @property
    def correct(self) -> list[Member]:
        """Those who keep the rules."""
        return [member for member in self.members if member.strategy is None]

    def share(self) -> float:
        """Return how much of all there is a correct member has, on average."""
        correct = self.correct
        there = len(self.holders) * len(correct)
        return sum(len(member.seen) for member in correct) / there if there else 1.0

    def is_quiet(self) -> bool:
        """Tell whether all correct nodes are up and have the same."""
        correct = self.correct
        if not all(member.node.up for member in correct):
            return False
        first = mesh_of(correct[0]).heads(self.topic)
        return all(mesh_of(member).heads(self.topic) == first for member in correct)

    def state(self) -> str:
        """Return the hash of the history, as the first correct node has it."""
        return mesh_of(self.correct[0]).state_hash(self.topic).hex()

    # --- Inside ---

    def _make(self, member: Member, peer_id: bytes, store: Store, random: Chance) -> list[Core]:
        mesh = Mesh(peer_id, store, random, self.settings, verify=self._checks.verify)
        self.topic = mesh.join(self._secret, member.author_seed)
        kept = [id_of(place) for place in mesh.items(self.topic)]
        lost = len(member.seen.difference(kept))
        if lost:
            self.broken.append(f"node {member.index} was told of {lost} vertices it has not kept")
            member.seen.intersection_update(kept)
            member.arrived = [name for name in member.arrived if name in member.seen]
        # The power may go between a commit and the word of it.
        self._arrived(member, mesh, [name for name in kept if name not in member.seen])
        return [mesh]

    def _hear(self, member: Member, event: Event) -> None:
        if isinstance(event, Arrived):
            self._arrived(member, mesh_of(member), event.ids)
        elif isinstance(event, Acknowledged):
            self.acknowledged += 1
        elif isinstance(event, Equivocation):
            self.equivocations += 1
        elif isinstance(event, Misbehaved):
            self.bans += 1

    def read(self, mesh: Mesh, name: bytes) -> tuple[int, bytes, list[Operation]]:
        """Return what a vertex does to documents; read once, as everybody reads the same."""
        found = self._read.get(name)
        if found is None:
            vertex, payload = mesh.vertex(self.topic, name), mesh.payload(self.topic, name)
            assert vertex is not None
            operations = [] if payload is None or not self.edits else decode_operations(payload)
            found = self._read[name] = (vertex.lamport, vertex.author, operations)
        return found

    def _arrived(self, member: Member, mesh: Mesh, names: Iterable[bytes]) -> None:
        bit = 1 << member.index
        for name in names:
            if name in member.seen:
                self.broken.append(f"node {member.index} was told twice of a vertex")
                continue
            member.seen.add(name)
            member.arrived.append(name)
            self.holders[name] = self.holders.get(name, 0) | bit
            if self.edits:
                member.documents.apply(name, *self.read(mesh, name))
            written = self.written.get(name)
            if written is not None and member.strategy is None:
                self.times.append(self.world.now - written.at)

    def _seed(self, index: int, life: int) -> bytes:
        return sha256(b"pars/simulated-author/%d/%d/%d" % (self.world.seed, index, life))


def mesh_of(member: Member) -> Mesh:
    """Return the mesh of a member's node in this life of it."""
    core = member.node.cores[0]
    assert isinstance(core, Mesh)
    return core


def tie(world: World, chance: Random, indices: list[int], degree: int) -> None:
    """Let nodes keep links: a ring in a drawn order, so that all are tied, and some across."""
    order = list(indices)
    chance.shuffle(order)
    for place, index in enumerate(order):
        if len(order) > 1:
            world.keep(index, order[(place + 1) % len(order)])
        others = [other for other in order if other != index]
        for other in chance.sample(others, min(degree, len(others))):
            world.keep(index, other)


def after_gaps(
    world: World, chance: Random, mean: float, end: int, action: Callable[[], object]
) -> None:
    """Do something again and again, at random times."""

    def go() -> None:
        action()
        plan()

    def plan() -> None:
        at = world.now + 1 + int(chance.expovariate(1 / mean))
        if at < end:
            world.at(at, go)

    plan()
