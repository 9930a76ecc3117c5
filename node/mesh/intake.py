"""The way of a vertex into a history: read, checked, kept waiting for its parents, taken."""

from enum import Enum

from ..codec import Refused
from .carried import Carried, Fresh
from .dag import TooManyForksError
from .orphans import PATIENCE_MS, Orphan, Orphans
from .settings import Equivocation
from .vertex import Vertex


class Outcome(Enum):
    """What became of a vertex."""

    KNOWN = "known"
    TAKEN = "taken"
    WAITS = "waits"  # for its parents
    LATER = "later"  # there is no room, or its author forks too much: it will be offered again


class Intake:
    """Takes vertices for all spaces of a node."""

    def __init__(self) -> None:
        self.orphans = Orphans()
        self.forks: list[Equivocation] = []  # to be told once they are on the disk
        self.full = False  # nothing but one's own is taken
        self.staged = 0  # bytes that were taken since the last commit
        self.touched: dict[bytes, Carried] = {}  # spaces with vertices that are not on the disk
        self.blamed: list[tuple[bytes, str]] = []  # who sent what was found bad later, and why

    def take(
        self, space: Carried, vertex: Vertex, source: bytes, now: int, *, eager: bool
    ) -> Outcome:
        """Take a vertex, or let it wait; `Refused` where it breaks a rule."""
        if space.dag.place(vertex.id) is not None:
            return Outcome.KNOWN
        if (space.topic, vertex.id) in self.orphans:
            return Outcome.WAITS
        if self.full:
            return Outcome.LATER
        missing = space.dag.missing(vertex)
        if missing:
            return self._wait(space, vertex, missing, source, now)
        try:
            self._accept(space, vertex, source, now, verified=False, eager=eager)
        except TooManyForksError:
            return Outcome.LATER
        self._follow(space, vertex.id, now)
        return Outcome.TAKEN

    def _wait(
        self, space: Carried, vertex: Vertex, missing: list[bytes], source: bytes, now: int
    ) -> Outcome:
        signed = space.dag.is_signed(vertex)
        if signed is False:
            raise Refused("mesh: bad signature")
        orphan = Orphan(
            topic=space.topic,
            vertex=vertex,
            size=len(vertex.content.payload) + len(vertex.key) + 8_192,
            peer_id=source,
            verified=bool(signed),
            until=now + PATIENCE_MS,
        )
        if not self.orphans.add(orphan, missing):
            return Outcome.LATER
        space.fetch.arrived(vertex.id)
        for parent in missing:
            if (space.topic, parent) not in self.orphans:
                space.fetch.needed(parent, source, now)
        return Outcome.WAITS

    def _follow(self, space: Carried, name: bytes, now: int) -> None:
        """Take what waited for a vertex, and what waited for that."""
        there = [name]
        for parent in there:
            for orphan in self.orphans.followers(space.topic, parent):
                vertex = orphan.vertex
                if space.dag.missing(vertex):
                    continue
                self.orphans.remove(orphan)
                try:
                    self._accept(
                        space, vertex, orphan.peer_id, now, verified=orphan.verified, eager=False
                    )
                except TooManyForksError:
                    continue
                except Refused as refused:
                    self.blamed.append((orphan.peer_id, refused.reason))
                    continue
                there.append(vertex.id)

    def _accept(
        self,
        space: Carried,
        vertex: Vertex,
        source: bytes,
        now: int,
        *,
        verified: bool,
        eager: bool,
    ) -> None:
        followers = self.orphans.followers(space.topic, vertex.id)
        needed = any(each.vertex.author != vertex.author for each in followers)
        taken = space.dag.take(vertex, now, verified=verified, needed=needed)
        space.fetch.arrived(vertex.id)
        space.fresh.append(Fresh(vertex.id, taken.encoded, source, eager))
        self.staged += len(taken.encoded)
        self.touched[space.topic] = space
        if taken.fork is not None:
            self.forks.append(Equivocation(space.topic, vertex.author, taken.fork, vertex.id))
