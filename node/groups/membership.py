"""Who is a member after a set of changes: a function of the set, whatever their order of arrival.

Everyone is ranked by seniority: who was added earlier in the graph, the creator first.

1. Exclusions (remove, leave, revoke) are weighed from the most senior author down. One is void if
   an exclusion that already stands strikes its author, and neither had seen the other. What stands
   is final. So of two admins who remove each other the senior one stays.
2. Adds and grants are void if such a strike hits their author, or if his own add is void.
3. Members are those of valid adds without those whom a standing removal names. A pseudonym is used
   once: removal is for ever, and who comes back brings a new card.
4. An admin is a member with a grant that has seen every standing revocation of his. Where none is
   left, the most senior member is admin.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .vertex import Kind, Vertex

Place = int  # of a vertex in the history; bit n of a set of places is place n
Places = int
Rank = tuple[int, bytes, bool, bytes]


@dataclass(frozen=True, slots=True)
class View:
    """Members and admins after a set of changes."""

    members: frozenset[bytes]
    admins: frozenset[bytes]
    ever: Mapping[bytes, Rank]  # everyone an add names, valid or not, with seniority

    def by_seniority(self) -> list[bytes]:
        """Return the members, the most senior first."""
        return sorted(self.members, key=self.ever.__getitem__)


def resolve(changes: Iterable[tuple[Place, Vertex]], past: list[Places]) -> View:
    """Return the view after these changes; `past[n]` is what n has seen, itself included.

    The changes come in some order in which each follows all it has seen.
    """
    changes = list(changes)
    ever = _seniority(changes)
    struck = _Struck(past)
    exclusions = [
        (ever[vertex.author], vertex.lamport, vertex.id, place, vertex)
        for place, vertex in changes
        if vertex.change.kind in (Kind.REMOVE, Kind.LEAVE, Kind.REVOKE)
    ]
    for *_, place, vertex in sorted(exclusions, key=lambda one: one[:3]):
        if not struck.unaware(place, vertex):
            struck.strike(place, vertex)
    added, granted = _granted(changes, past, struck)
    members = frozenset(added - struck.removals.keys())
    admins = frozenset(granted & members)
    if members and not admins:
        admins = frozenset({min(members, key=ever.__getitem__)})
    return View(members, admins, ever)


@dataclass(slots=True)
class _Struck:
    """Standing exclusions, by whom they strike."""

    past: list[Places]
    removals: dict[bytes, list[Place]] = field(default_factory=dict)
    revocations: dict[bytes, list[Place]] = field(default_factory=dict)

    def strike(self, place: Place, vertex: Vertex) -> None:
        kind = vertex.change.kind
        subjects = (vertex.author,) if kind == Kind.LEAVE else vertex.change.subjects
        table = self.revocations if kind == Kind.REVOKE else self.removals
        for subject in subjects:
            table.setdefault(subject, []).append(place)

    def unaware(self, place: Place, vertex: Vertex) -> bool:
        """Return whether a standing exclusion strikes the author, neither having seen the other."""
        if vertex.change.kind == Kind.LEAVE:
            return False
        author, seen = vertex.author, self.past[place]
        strikes = [*self.removals.get(author, ()), *self.revocations.get(author, ())]
        return any(not (self.past[one] >> place | seen >> one) & 1 for one in strikes)


def _seniority(changes: list[tuple[Place, Vertex]]) -> dict[bytes, Rank]:
    ever: dict[bytes, Rank] = {}
    for _, vertex in changes:
        for card in vertex.change.cards:
            name = card.pseudonym
            rank = (vertex.lamport, vertex.id, name != vertex.author, name)
            ever[name] = min(ever.get(name, rank), rank)
    return ever


def _granted(
    changes: list[tuple[Place, Vertex]], past: list[Places], struck: _Struck
) -> tuple[set[bytes], set[bytes]]:
    """Return who was added, and who of all was made admin."""
    added: dict[bytes, list[Place]] = {}
    granted: set[bytes] = set()
    for place, vertex in changes:
        kind, author, seen = vertex.change.kind, vertex.author, past[place]
        if kind not in (Kind.CREATE, Kind.ADD, Kind.GRANT):
            continue
        created = kind == Kind.CREATE
        entered = any(seen >> add & 1 for add in added.get(author, ()))
        if not created and (not entered or struck.unaware(place, vertex)):
            continue
        for card in vertex.change.cards:
            added.setdefault(card.pseudonym, []).append(place)
        granted |= {
            subject
            for subject in ((author,) if created else vertex.change.subjects)
            if all(seen >> one & 1 for one in struck.revocations.get(subject, ()))
        }
    return set(added), granted
