"""One space on one node: its history, what it lacks, its neighbours, and what is one's own."""

from dataclasses import dataclass

from ..codec import Refused, u8, u32
from ..crypto import Random, SigningKey
from .dag import HEAD, INDEX, TIPS, VERTEX, Dag, Verify
from .dag import KEY as AUTHOR_KEY
from .fetch import Fetch
from .settings import Acknowledged
from .space import Keys, Kind
from .staged import Staged
from .tree import Tree
from .vertex import ID, Vertex

OWN = b"o"
COPIES_MIN = 3  # of what is pruned without a checkpoint
KNOWN_MAX = 64  # neighbours of whom it is kept in mind what they have


@dataclass(frozen=True, slots=True)
class Fresh:
    """A vertex that was just taken: on its way to the disk, and then to others."""

    id: bytes
    encoded: bytes
    source: bytes | None  # None where it was written here
    eager: bool  # it came by itself, so others may not have it either


@dataclass(slots=True)
class Membership:
    """What a member has that a carrier has not."""

    keys: Keys
    signing: SigningKey
    author: bytes


class Carried:
    """A space, over the rows of a store.

    o | space 4 | id           a vertex of one's own: the ids of the nodes that have stored it
    """

    def __init__(
        self,
        topic: bytes,
        carrier: bytes,
        number: int,
        table: Staged,
        verify: Verify,
        random: Random,
    ) -> None:
        self.topic, self.carrier, self.number = topic, carrier, number
        self.dag = Dag(table, number, verify)
        self.fetch = Fetch(random)
        self.tree = Tree(random)
        self.member: Membership | None = None
        self.fresh: list[Fresh] = []
        self.common: dict[bytes, tuple[bytes, ...]] = {}  # neighbour -> rows of heads that both had
        self.equal_at: dict[bytes, int] = {}  # neighbour -> how many of ours it had all of
        self.pull_at = self.pull_gap = 0
        self.tell_at = 0  # when announcements and receipts leave
        self.ask_at = 0  # when to ask who has stored what is one's own
        self._table, self._random = table, random
        self._outbox: dict[bytes, tuple[bytes, ...]] = {}
        for key, value in self.dag.by_arrival(table.scan(OWN + u32(number))):
            self._outbox[key] = tuple(value[at : at + ID] for at in range(0, len(value), ID))

    @property
    def has_own(self) -> bool:
        """Whether there are vertices of one's own that too few others have stored."""
        return bool(self._outbox)

    @property
    def unacknowledged(self) -> list[bytes]:
        """Vertices of one's own that too few others have stored, the oldest first."""
        return list(self._outbox)

    def is_own(self, name: bytes) -> bool:
        """Tell whether a vertex is one's own, and not safe yet."""
        return name in self._outbox

    def write(self, kind: Kind, content: bytes, wall: int) -> Vertex:
        """Write a vertex behind all heads, with as many merges before it as that takes."""
        if self.member is None:
            raise LookupError("not a member of this space")
        keys, signing, author = self.member.keys, self.member.signing, self.member.author
        while self.dag.spare_heads(signing):
            merge = keys.seal(Kind.MERGE, b"", author, self._random)
            self._keep(*self.dag.append(signing, merge, 0))
        payload = keys.seal(kind, content, author, self._random)
        vertex, encoded = self.dag.append(signing, payload, wall)
        self._keep(vertex, encoded)
        return vertex

    def stored(self, peer_id: bytes, names: tuple[bytes, ...], copies: int) -> list[Acknowledged]:
        """Take note of a receipt; return what is safe now."""
        safe = []
        for name in names:
            peers = self._outbox.get(name)
            if peers is None or peer_id in peers:
                continue
            peers = (*peers, peer_id)
            if len(peers) >= copies:
                del self._outbox[name]
                self._table.put(OWN + u32(self.number) + name, None)
                safe.append(Acknowledged(self.topic, name, peers))
            else:
                self._outbox[name] = peers
                self._table.put(OWN + u32(self.number) + name, b"".join(peers))
        return safe

    def _keep(self, vertex: Vertex, encoded: bytes) -> None:
        self._outbox[vertex.id] = ()
        self._table.put(OWN + u32(self.number) + vertex.id, b"")
        self.fresh.append(Fresh(vertex.id, encoded, None, eager=True))

    @property
    def shared_by_all(self) -> int:
        """How many of the vertices here every neighbour has that ever was compared with."""
        known = {**self.equal_at, **{peer: self.equal_at.get(peer, 0) for peer in self.tree.peers}}
        return min(known.values()) if len(known) >= COPIES_MIN else 0

    def outlived(self, peer_id: bytes) -> tuple[bytes, ...]:
        """Return one's own vertices that a neighbour was found to have."""
        number = self.equal_at.get(peer_id, 0)
        return tuple(
            name
            for name in self._outbox
            if (place := self.dag.place(name)) is not None and place.number < number
        )

    def compared(self, peer_id: bytes, common: tuple[bytes, ...], number: int | None) -> None:
        """Note which heads a neighbour has too, and how many of the vertices here, if all."""
        self.common.pop(peer_id, None)
        self.common[peer_id] = common
        if number is not None:
            self.equal_at.pop(peer_id, None)
            self.equal_at[peer_id] = number
        for known in (self.common, self.equal_at):
            if len(known) > KNOWN_MAX:
                del known[next(iter(known))]

    def read(self, name: bytes) -> tuple[Kind, bytes] | None:
        """Return what a vertex holds; None where it was pruned, or says nothing to a member."""
        if self.member is None:
            raise LookupError("not a member of this space")
        vertex = self.dag.vertex(name)
        if vertex is None:
            return None
        try:
            return self.member.keys.open(vertex.content.payload, vertex.author)
        except Refused:
            return None


def erase(table: Staged, number: int) -> None:
    """Take all rows of a space away, a part at a time."""
    for kind in (VERTEX, INDEX, HEAD, AUTHOR_KEY, TIPS, OWN):
        for first in range(256):
            for key, _ in table.scan(kind + u32(number) + u8(first)):
                table.put(key, None)
            table.commit()
