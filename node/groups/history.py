"""The graph of a group's changes: what is accepted, what waits, what is missing.

Knows no keys but those that vertices carry. A vertex is accepted or refused by its own past alone,
so every replica that has the same past decides alike.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace

from ..codec import Refused
from .membership import Place, Places, View, resolve
from .vertex import (
    ADMINS_ONLY,
    CHANGING,
    MEMBERS_MAX,
    PARENTS_MAX,
    SEEDING,
    Card,
    Change,
    Kind,
    Vertex,
)

VERTICES_MAX = 8192
OF_ONE_AUTHOR_MAX = 512
ORPHANS_MAX = 64
ORPHAN_BYTES_MAX = 1 << 21
VIEWS_KEPT = 64
LANDMARKS_MAX = 32  # half of them heads; the rest would do for 2^14 vertices
EVIDENCE_MAX = 64


class History:
    """All accepted vertices, each after its parents."""

    def __init__(self) -> None:
        self.vertices: list[Vertex] = []
        self.past: list[Places] = []
        self.places: dict[bytes, Place] = {}
        self.head_places: Places = 0
        self.seed_places: Places = 0  # seeds that no other seed has seen
        self.orphans: OrderedDict[bytes, Vertex] = OrderedDict()
        self.forks: dict[bytes, tuple[bytes, bytes]] = {}
        self._of: dict[bytes, list[Place]] = {}
        self._cards: dict[bytes, Card] = {}
        self._changing: Places = 0
        self._views: OrderedDict[Places, View] = OrderedDict()

    def __contains__(self, identity: bytes) -> bool:
        """Return whether a vertex was accepted."""
        return identity in self.places

    def __getitem__(self, identity: bytes) -> Vertex:
        """Return an accepted vertex."""
        return self.vertices[self.places[identity]]

    @property
    def all(self) -> Places:
        """Return every place."""
        return (1 << len(self.vertices)) - 1

    def heads(self) -> tuple[bytes, ...]:
        """Return the vertices that no other has seen, in order."""
        return tuple(sorted(self.vertices[place].id for place in _bits(self.head_places)))

    def landmarks(self) -> tuple[bytes, ...]:
        """Return heads, and vertices ever further back, to the creation.

        Two who each have what the other lacks find by them about where they parted.
        """
        marks = dict.fromkeys(self.heads()[: LANDMARKS_MAX // 2])
        last, step = len(self.vertices) - 1, 1
        while step < last:
            marks[self.vertices[last - step].id] = None
            step *= 2
        marks[self.vertices[0].id] = None
        return tuple(marks)

    def seeds(self) -> list[Vertex]:
        """Return the seeding vertices that no other one has seen, the last in the graph last."""
        found = [self.vertices[place] for place in _bits(self.seed_places)]
        return sorted(found, key=lambda vertex: (vertex.lamport, vertex.id))

    def view(self, places: Places | None = None) -> View:
        """Return who is a member after these places, or after all."""
        key = (self.all if places is None else places) & self._changing
        found = self._views.get(key)
        if found is None:
            found = resolve(((n, self.vertices[n]) for n in _bits(key)), self.past)
            self._views[key] = found
            if len(self._views) > VIEWS_KEPT:
                self._views.popitem(last=False)
        self._views.move_to_end(key)
        return found

    def recipients(self, identity: bytes) -> frozenset[bytes]:
        """Return who got the seed of a vertex: the members after it, as its author saw them."""
        return self.view(self.past[self.places[identity]]).members

    def hybrid(self, name: bytes) -> bytes:
        """Return the key that seeds for a member are sealed to."""
        own = [vertex for vertex in self._own(name) if vertex.change.key]
        if own:
            return max(own, key=lambda vertex: (vertex.lamport, vertex.id)).hybrid
        added = self[self.view().ever[name][1]]
        return next(c.hybrid for c in added.change.cards if c.pseudonym == name)

    def signing(self, name: bytes) -> bytes:
        """Return the key that this pseudonym is the hash of."""
        return self._cards[name].signing

    def latest(self, name: bytes) -> Places:
        """Return what the last vertices of a member have seen."""
        seen = 0
        for place in self._of.get(name, ()):
            seen |= self.past[place]
        return seen

    def next_place(self, author: bytes) -> tuple[tuple[bytes, ...], int]:
        """Return parents and lamport of a vertex that this author makes now.

        Of more heads than a vertex may have, it takes those that have seen his own, which would
        otherwise be a fork, then the newest.
        """
        own = self._of.get(author, [])[-1:]
        ranked = sorted(
            _bits(self.head_places),
            key=lambda head: (
                not any(self.past[head] >> place & 1 for place in own),
                -self.vertices[head].lamport,
            ),
        )
        parents = [self.vertices[place] for place in ranked[:PARENTS_MAX]]
        lamport = 1 + max((vertex.lamport for vertex in parents), default=-1)
        return tuple(sorted(vertex.id for vertex in parents)), lamport

    def accept(self, vertex: Vertex, *, whole: bool = True) -> bool:
        """Take a vertex in; False if it is known already. `is_orphan` is to be asked first.

        One that is not whole is taken where `check_cover` follows.
        """
        if vertex.id in self.places:
            return False
        if whole and not vertex.is_whole:
            raise Refused("groups: vertex without its signature")
        parents = [self.places[parent] for parent in vertex.parents]
        seen = 0
        for parent in parents:
            seen |= self.past[parent]
        self._check(vertex, parents, seen)
        place = len(self.vertices)
        self.vertices.append(vertex)
        self.past.append(seen | 1 << place)
        self.places[vertex.id] = place
        self.head_places = self.head_places & ~seen | 1 << place
        if vertex.change.kind in SEEDING:
            self.seed_places = self.seed_places & ~seen | 1 << place
        if vertex.change.kind in CHANGING:
            self._changing |= 1 << place
        for card in vertex.change.cards:
            self._cards.setdefault(card.pseudonym, card)
        self._note_fork(vertex, seen)
        self._of.setdefault(vertex.author, []).append(place)
        return True

    def is_orphan(self, vertex: Vertex) -> bool:
        """Return whether the vertex waits for a parent."""
        return any(parent not in self.places for parent in vertex.parents)

    def hold(self, vertex: Vertex) -> list[bytes]:
        """Keep an orphan; return whom the bounds put out for it, itself perhaps."""
        if not vertex.is_whole:
            raise Refused("groups: vertex without its signature")
        self.orphans[vertex.id] = vertex
        put_out = []
        while (
            len(self.orphans) > ORPHANS_MAX
            or sum(len(orphan.encoded) for orphan in self.orphans.values()) > ORPHAN_BYTES_MAX
        ):
            identity, _ = self.orphans.popitem(last=False)
            put_out.append(identity)
        return put_out

    def adopt(self) -> Vertex | None:
        """Take one orphan out that has its parents now."""
        for identity, vertex in self.orphans.items():
            if not self.is_orphan(vertex):
                return self.orphans.pop(identity)
        return None

    def wanted(self) -> list[bytes]:
        """Return the parents that orphans wait for, in order."""
        parents = {parent for vertex in self.orphans.values() for parent in vertex.parents}
        return sorted(parents - self.places.keys() - self.orphans.keys())

    def missing_for(self, heads: tuple[bytes, ...]) -> list[Vertex]:
        """Return what one with these heads lacks, parents first; heads unknown here are passed."""
        seen = 0
        for head in heads:
            if head in self.places:
                seen |= self.past[self.places[head]]
        return [self.vertices[place] for place in _bits(self.all & ~seen)]

    def check_cover(self) -> None:
        """Refuse a history that leaves out more than it may.

        A signature covers whatever of its author's it has seen: he would not have gone on from
        what he did not write.
        """
        for places in self._of.values():
            covered = 0
            for place in places:
                if self.vertices[place].signature:
                    covered |= self.past[place]
            if any(not covered >> place & 1 for place in places):
                raise Refused("groups: vertex without its signature")
        if not all(self.hybrid(name) for name in self.view().members):
            raise Refused("groups: a member's key is missing")

    def slim(self) -> list[bytes]:
        """Drop what nobody needs of vertices that all members have seen; return whose.

        That is a signature that a later one covers, and a key that another replaced. Forks keep
        their signatures, which are evidence.
        """
        members = self.view().members
        seen = self.all
        for name in members:
            seen &= self.latest(name)
        kept = {self.hybrid(name) for name in members}
        evidence = {identity for fork in self.forks.values() for identity in fork}
        slimmed = []
        for places in self._of.values():
            covered = 0
            for place in reversed(places):
                vertex = self.vertices[place]
                signed = not (covered & seen) >> place & 1 or vertex.id in evidence
                keyed = not seen >> place & 1 or vertex.hybrid in kept
                if (vertex.hybrid and not keyed) or (vertex.signature and not signed):
                    hybrid = vertex.hybrid if keyed else b""
                    signature = vertex.signature if signed else b""
                    self.vertices[place] = replace(vertex, hybrid=hybrid, signature=signature)
                    slimmed.append(vertex.id)
                covered |= self.past[place]
        return slimmed

    def _check(self, vertex: Vertex, parents: list[Place], seen: Places) -> None:
        """Refuse what the rules or the author's rights forbid, as of the vertex's own past."""
        if not parents:
            self._check_creation(vertex)
            return
        if len(self.vertices) >= VERTICES_MAX:
            raise Refused("groups: the history is full")
        own = sum(seen >> place & 1 for place in self._of.get(vertex.author, ()))
        if own >= OF_ONE_AUTHOR_MAX:
            raise Refused("groups: too many changes of one author")
        if vertex.lamport != 1 + max(self.vertices[place].lamport for place in parents):
            raise Refused("groups: wrong lamport")
        if any(self.past[one] >> other & 1 for one in parents for other in parents if one != other):
            raise Refused("groups: a parent has seen another")
        check_change(vertex.change, vertex.author, self.view(seen))
        if vertex.signature and not vertex.signed_by(self._cards[vertex.author].signing):
            raise Refused("groups: bad signature")

    def _check_creation(self, vertex: Vertex) -> None:
        if self.vertices:
            raise Refused("groups: another creation")
        card = {card.pseudonym: card for card in vertex.change.cards}.get(vertex.author)
        if vertex.lamport or card is None:
            raise Refused("groups: malformed creation")
        if vertex.signature and not vertex.signed_by(card.signing):
            raise Refused("groups: bad signature")

    def _own(self, name: bytes) -> Iterator[Vertex]:
        return (self.vertices[place] for place in self._of.get(name, ()))

    def _note_fork(self, vertex: Vertex, seen: Places) -> None:
        """Keep two vertices of one author of which neither has seen the other: evidence."""
        if vertex.author in self.forks or len(self.forks) >= EVIDENCE_MAX:
            return
        for place in self._of.get(vertex.author, ()):
            if not seen >> place & 1:
                self.forks[vertex.author] = (self.vertices[place].id, vertex.id)
                return


def check_change(change: Change, author: bytes, view: View) -> None:
    """Refuse a change that this author may not make while he sees these members."""
    if author not in view.members:
        raise Refused("groups: not a member")
    if change.kind in ADMINS_ONLY and author not in view.admins:
        raise Refused("groups: not an admin")
    subjects = set(change.subjects)
    if change.kind == Kind.ADD:
        if any(card.pseudonym in view.ever for card in change.cards):
            raise Refused("groups: a pseudonym is used once")
        if len(view.members) + len(change.cards) > MEMBERS_MAX:
            raise Refused("groups: too many members, or none")
    if change.kind == Kind.REMOVE and (author in subjects or not subjects <= view.members):
        raise Refused("groups: not to be removed")
    if change.kind == Kind.GRANT and not subjects <= view.members - view.admins:
        raise Refused("groups: not to be made admin")
    if change.kind == Kind.REVOKE and not subjects <= view.admins:
        raise Refused("groups: no admin to revoke")


def _bits(places: Places) -> Iterator[Place]:
    """Return the places in a set, the lowest first."""
    while places:
        lowest = places & -places
        yield lowest.bit_length() - 1
        places ^= lowest
