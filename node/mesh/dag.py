"""One history: which vertices it takes, its heads, its order, and authors who fork.

A vertex is taken when all its parents are there. Each vertex names the one that its author wrote
before it among its parents; his first names none of his and brings his key. So a second vertex on
the same one, or a second first, is seen at once: a fork. It stays, as every node that was shown the
other branch has it too; an author with many forks is only slowed down.

In memory are the heads, the order and what was used last. The rest lies in the store:

    v | space 4 | id           a vertex as it travels; away once it is pruned
    x | space 4 | id           lamport 8 | author 32 | number of arrival 8 | size 4, 0 once pruned |
                               id of each parent
    h | space 4 | id           nothing: a head
    k | space 4 | author       his key
    t | space 4 | author       forks 4 | id of each of his vertices that no later one of his follows
"""

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from ..codec import Reader, Refused, u8, u32, u64
from ..crypto import SigningKey, sha3_256, sha256
from .staged import Staged
from .sync.graph import since
from .sync.items import Items, id_of, row
from .vertex import ID, PARENTS_MAX, SIGNED, Vertex, make_vertex, read_vertex

Verify = Callable[[bytes, bytes, bytes, bytes], bool]

STATE = b"pars/mesh-state/v1"
NEAR_MAX = 4_096
AUTHORS_NEAR_MAX = 128
FORKS_FREE = 16
FORK_MS = 60_000  # for each fork beyond
TIPS_MAX = 64
BEYOND_MAX = 4_000

VERTEX, INDEX, HEAD, KEY, TIPS = b"v", b"x", b"h", b"k", b"t"


class TooManyForksError(Refused):
    """A vertex is not taken now; offered again later, it is."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a vertex stands."""

    lamport: int
    author: bytes
    number: int  # the order in which vertices arrived here
    size: int  # 0 where it was pruned
    parents: tuple[bytes, ...]

    def encode(self) -> bytes:
        """Return the row of the index."""
        counted = u64(self.lamport) + self.author + u64(self.number) + u32(self.size)
        return counted + b"".join(self.parents)


@dataclass(slots=True)
class _Author:
    key: bytes
    tips: tuple[bytes, ...]
    forks: int
    next_fork_at: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """What taking a vertex came to: the other branch where it makes a fork, and its bytes."""

    fork: bytes | None
    encoded: bytes


class Dag:
    """The history of one space, over the rows of a store."""

    def __init__(self, table: Staged, space: int, verify: Verify) -> None:
        self.items = Items()
        self.heads: dict[bytes, int] = {}
        self.size = 0  # bytes of all vertices
        self._table, self._space, self._verify = table, u32(space), verify
        self._near: OrderedDict[bytes, Place] = OrderedDict()
        self._authors: OrderedDict[bytes, _Author] = OrderedDict()
        self._number = 0
        self._load()

    def __len__(self) -> int:
        return len(self.items)

    @property
    def state_hash(self) -> bytes:
        """Two histories with the same hash have the same vertices: the heads name all before."""
        return sha256(STATE, *sorted(self.heads))

    def place(self, name: bytes) -> Place | None:
        """Return where a vertex stands."""
        place = self._near.get(name)
        if place is None:
            row = self._table.get(INDEX + self._space + name)
            if row is None:
                return None
            place = _read_place(row)
            self._remember(name, place)
        else:
            self._near.move_to_end(name)
        return place

    def encoded(self, name: bytes) -> bytes | None:
        """Return the bytes of a vertex; None where it is not there, or was pruned."""
        return self._table.get(VERTEX + self._space + name)

    def vertex(self, name: bytes) -> Vertex | None:
        """Return a vertex."""
        data = self.encoded(name)
        return None if data is None else read_vertex(data)

    def order(self) -> Iterator[bytes]:
        """Give all ids in the one order of the history: lamport, then id."""
        for each in self.items:
            yield id_of(each)

    def missing(self, vertex: Vertex) -> list[bytes]:
        """Return the parents that are not there."""
        return [parent for parent in vertex.parents if self.place(parent) is None]

    def is_signed(self, vertex: Vertex) -> bool | None:
        """Return whether the author signed it; None where his key is not known."""
        key = vertex.key or self._author(vertex.author).key
        return self._verify(key, vertex.id, vertex.signature, SIGNED) if key else None

    def take(
        self, vertex: Vertex, now: int, *, verified: bool = False, needed: bool = False
    ) -> Taken:
        """Take a vertex whose parents are all there. `needed`: one of another author follows it."""
        places = {parent: self._known(parent) for parent in vertex.parents}
        if vertex.lamport != (1 + max(place.lamport for place in places.values()) if places else 0):
            raise Refused("mesh: wrong lamport")
        own = [parent for parent, place in places.items() if place.author == vertex.author]
        if bool(vertex.key) == bool(own):
            raise Refused("mesh: key missing, or where none belongs")
        if not verified and not self.is_signed(vertex):
            raise Refused("mesh: bad signature")
        author = self._author(vertex.author)
        fork = self._fork(author, own)
        if fork is not None:
            self._slow_down(author, now, needed=needed)
        encoded = vertex.encode()
        self._add(vertex, author, own, encoded)
        return Taken(fork, encoded)

    def spare_heads(self, key: SigningKey) -> bool:
        """Tell whether there are more heads than one vertex of this author can follow."""
        return len(self._parents(self._author(author_of(key)))) > PARENTS_MAX

    def append(self, key: SigningKey, payload: bytes, wall: int) -> tuple[Vertex, bytes]:
        """Write a vertex behind the heads, or behind as many as it can name; with its encoding."""
        author = self._author(author_of(key))
        parents = self._parents(author)[:PARENTS_MAX]
        lamport = 1 + max((self._known(each).lamport for each in parents), default=-1)
        vertex = make_vertex(
            key, tuple(parents), lamport, payload, first=not author.tips, wall=wall
        )
        own = [parent for parent in parents if parent in author.tips]
        encoded = vertex.encode()
        self._add(vertex, author, own, encoded)
        return vertex, encoded

    def prune(self, names: Iterable[bytes], room: int) -> int:
        """Take away the bytes of vertices, until so much is free; their places stay.

        So histories still compare equal, and what was pruned is not asked for again.
        """
        freed = 0
        for name in names:
            place = self.place(name)
            if freed >= room:
                break
            if place is None or not place.size or name in self.heads:
                continue
            freed += place.size
            self._put(name, replace(place, size=0))
            self._table.put(VERTEX + self._space + name, None)
        self.size -= freed
        return freed

    def arrivals(self, before: int) -> list[bytes]:
        """Return the vertices that are not pruned and came before a number, oldest first."""
        found = [
            (place.number, name)
            for name, place in self._places()
            if place.size and place.number < before
        ]
        return [name for _, name in sorted(found)]

    def beyond(self, rows: Collection[bytes]) -> list[bytes] | None:
        """Return the ids that are neither among these rows nor before them; None where many."""
        common = [id_of(each) for each in rows]
        return since(self.heads, common, self._look, BEYOND_MAX)

    def past(self, name: bytes) -> list[bytes]:
        """Return what lies before a vertex, oldest first."""
        seen, waiting = {name}, [name]
        while waiting:
            for parent in self._known(waiting.pop()).parents:
                if parent not in seen:
                    seen.add(parent)
                    waiting.append(parent)
        seen.discard(name)
        return sorted(seen, key=lambda each: self._known(each).number)

    def since(self, number: int) -> list[bytes]:
        """Return the vertices that have this number of arrival or a later one, oldest first."""
        found = []
        waiting, seen = list(self.heads), set(self.heads)
        while waiting:
            name = waiting.pop()
            place = self._known(name)
            if place.number >= number:
                found.append((place.number, name))
                fresh = [parent for parent in place.parents if parent not in seen]
                seen.update(fresh)
                waiting += fresh
        return [name for _, name in sorted(found)]

    def by_arrival(self, rows: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        """Return the ids at the ends of keys, with the values, in the order of arrival."""
        pairs = [(key[-ID:], value) for key, value in rows]
        return sorted(pairs, key=lambda pair: self._known(pair[0]).number)

    @property
    def number(self) -> int:
        """How many vertices have arrived: the number of the next one."""
        return self._number

    # --- Rows -------------------------------------------------------------------------------

    def _parents(self, author: _Author) -> list[bytes]:
        """Return what the author's next vertex follows: his own first, then the oldest heads."""
        heads = sorted(self.heads, key=lambda head: (self.heads[head], head))
        return [*author.tips, *(head for head in heads if head not in author.tips)]

    def _add(self, vertex: Vertex, author: _Author, own: list[bytes], encoded: bytes) -> None:
        place = Place(vertex.lamport, vertex.author, self._number, len(encoded), vertex.parents)
        self._number += 1
        self.size += place.size
        self._table.put(VERTEX + self._space + vertex.id, encoded)
        self._put(vertex.id, place)
        for parent in vertex.parents:
            if self.heads.pop(parent, None) is not None:
                self._table.put(HEAD + self._space + parent, None)
        self.heads[vertex.id] = vertex.lamport
        self._table.put(HEAD + self._space + vertex.id, b"")
        if vertex.key:
            author.key = vertex.key
            self._table.put(KEY + self._space + vertex.author, vertex.key)
        kept = [tip for tip in author.tips if tip not in own]
        author.tips = (*kept, vertex.id)[-TIPS_MAX:]
        tips = u32(author.forks) + b"".join(author.tips)
        self._table.put(TIPS + self._space + vertex.author, tips)
        self.items.add(row(vertex.lamport, vertex.id))

    def _put(self, name: bytes, place: Place) -> None:
        self._table.put(INDEX + self._space + name, place.encode())
        self._remember(name, place)

    def _remember(self, name: bytes, place: Place) -> None:
        self._near[name] = place
        if len(self._near) > NEAR_MAX:
            self._near.popitem(last=False)

    def _fork(self, author: _Author, own: list[bytes]) -> bytes | None:
        """Return a vertex that a new one of the author's contradicts."""
        follows = any(parent in author.tips for parent in own)
        return author.tips[-1] if author.tips and not follows else None

    def _slow_down(self, author: _Author, now: int, *, needed: bool) -> None:
        author.forks += 1
        if author.forks <= FORKS_FREE or needed:
            return
        if now < author.next_fork_at:
            author.forks -= 1
            raise TooManyForksError("mesh: too many forks")
        author.next_fork_at = now + FORK_MS

    def _author(self, name: bytes) -> _Author:
        author = self._authors.get(name)
        if author is None:
            key = self._table.get(KEY + self._space + name) or b""
            reader = Reader(self._table.get(TIPS + self._space + name) or u32(0))
            forks = reader.u32()
            tips = tuple(reader.take(ID) for _ in range(len(reader) // ID))
            author = self._authors[name] = _Author(key, tips, forks)
            if len(self._authors) > AUTHORS_NEAR_MAX:
                self._authors.popitem(last=False)
        else:
            self._authors.move_to_end(name)
        return author

    def _look(self, name: bytes) -> tuple[int, tuple[bytes, ...]]:
        place = self._known(name)
        return place.lamport, place.parents

    def _known(self, name: bytes) -> Place:
        place = self.place(name)
        assert place is not None
        return place

    def _places(self) -> Iterator[tuple[bytes, Place]]:
        """Give every place there is on the disk, a 256th part in memory at a time."""
        for first in range(256):
            prefix = INDEX + self._space + u8(first)
            for key, value in self._table.scan(prefix):
                yield key[-ID:], _read_place(value)

    def _load(self) -> None:
        rows = []
        for name, place in self._places():
            rows.append(row(place.lamport, name))
            self.size += place.size
            self._number = max(self._number, place.number + 1)
        self.items = Items(rows)
        for key, _ in self._table.scan(HEAD + self._space):
            self.heads[key[-ID:]] = self._known(key[-ID:]).lamport


def author_of(key: SigningKey) -> bytes:
    """Return the name that an author has."""
    return sha3_256(key.public)


def _read_place(data: bytes) -> Place:
    reader = Reader(data)
    lamport, author, number, size = reader.u64(), reader.take(ID), reader.u64(), reader.u32()
    parents = tuple(reader.take(ID) for _ in range(len(reader) // ID))
    return Place(lamport, author, number, size, parents)
