"""The replicated growable array: a list, or a text, that many write in at once.

Each element hangs on its left neighbour; siblings stand in falling order of lamport, author,
vertex and index, and behind each one all that hangs on it. So the order follows from the set of
insertions alone. An element whose neighbour is unknown, or hangs on itself in the end, waits
unseen.

An honest vertex has a higher lamport than those it names. That an author may name a vertex that
he does not descend from changes nothing: what counts is an effective lamport, above that of the
left neighbour, and equal to the vertex's own where all are honest.
"""

from bisect import bisect_right
from typing import Any, Self

from ..codec import Reader, Refused, u32, u64
from .bodies import Body, Delete, Ref, Span, Splice
from .operations import ID
from .rows import Place, Values, read_content, read_left, write_left, write_rows
from .sequence import Run, Sequence
from .spans import Spans
from .states import Origin
from .values import as_json

RUN_MAX = 1024  # elements: what a split copies at most

_LAID = -1  # effective lamport of what a checkpoint left: below all others


class _Strand:
    """The runs of one vertex, in the order of their indices."""

    __slots__ = ("laid", "origin", "runs", "starts")

    def __init__(self, origin: Origin, *, laid: bool = False) -> None:
        self.origin = origin
        self.laid = laid  # of the row that a checkpoint left
        self.starts: list[int] = []
        self.runs: list[Run] = []

    def find(self, index: int) -> Run | None:
        """Return the run that has this index."""
        at = bisect_right(self.starts, index) - 1
        run = self.runs[at] if at >= 0 else None
        return run if run and index < run.start + run.length else None

    def next_start(self, index: int, end: int) -> int:
        """Return where the first run behind an index begins, at most the end."""
        at = bisect_right(self.starts, index)
        return min(end, self.starts[at]) if at < len(self.starts) else end

    def add(self, run: Run) -> None:
        at = bisect_right(self.starts, run.start)
        self.starts.insert(at, run.start)
        self.runs.insert(at, run)


class Array:
    """The state of an RGArray: all insertions, and which elements are deleted."""

    def __init__(self) -> None:
        self._order = Sequence()
        self._strands: dict[bytes, _Strand] = {}
        self._waiting: dict[bytes, dict[int, list[Run]]] = {}  # by the neighbour's name
        self._doomed: dict[bytes, Spans] = {}  # deleted before they were known

    def __len__(self) -> int:
        """Return how many elements the user sees."""
        return len(self._order)

    def apply(self, origin: Origin, operations: list[tuple[int, Body]]) -> None:
        """Insert and delete what one vertex does."""
        for index, body in operations:
            if isinstance(body, Splice):
                left = _place(body.left, origin)
                self._insert(origin, index, left, body.values, len(body.values), dead=False)
            elif isinstance(body, Delete):
                for span in body.spans:
                    self._delete(span.vertex or origin.vertex, span.index, span.length)

    def left_of(self, position: int) -> Ref | None:
        """Return what an insertion at a position names."""
        if not position:
            return None
        run, at = self._order.find(position - 1)
        return Ref(run.vertex, run.start + at)

    def spans(self, position: int, length: int) -> tuple[Span, ...]:
        """Return what a deletion of elements from a position on names."""
        found = []
        while length:
            run, at = self._order.find(position)
            some = min(length, run.length - at)
            found.append(Span(run.vertex, run.start + at, some))
            position, length = position + some, length - some
        return tuple(found)

    def value(self) -> list[Any]:
        """Return the elements."""
        return [as_json(value) for run in self._order.runs() for value in run.values]

    def text(self) -> str:
        """Return the elements that are texts, as one."""
        return "".join(
            run.values
            if isinstance(run.values, str)
            else "".join(value for value in run.values if isinstance(value, str))
            for run in self._order.runs()
        )

    @property
    def waiting(self) -> int:
        """Return how many runs have no place yet."""
        return sum(len(runs) for index in self._waiting.values() for runs in index.values())

    # --- inserting -------------------------------------------------------------------------------

    def _insert(
        self,
        origin: Origin,
        start: int,
        left: Place | None,
        values: Values,
        length: int,
        *,
        dead: bool,
    ) -> None:
        """Insert elements in a row, those that are not known yet."""
        strand = self._strands.setdefault(origin.vertex, _Strand(origin))
        if strand.laid:
            return
        if strand.origin != origin:
            raise Refused("crdt: one vertex of two origins")
        first, end = start, start + length
        while start < end:
            known = strand.find(start)
            if known:
                stop = min(end, known.start + known.length)
            else:
                stop = strand.next_start(start, end if dead else min(end, start + RUN_MAX))
                part = values[start - first : stop - first]
                self._add(strand, start, left, part, stop - start, dead=dead)
            left, start = (origin.vertex, stop - 1), stop

    def _add(
        self,
        strand: _Strand,
        start: int,
        left: Place | None,
        values: Values,
        length: int,
        *,
        dead: bool,
    ) -> None:
        """Make a run, and attach it, and all that waits for it, where its neighbour has a place."""
        origin = strand.origin
        key = (origin.lamport, origin.author, origin.vertex, start)
        run = Run(key, left, values, length, dead)
        neighbour = self._find(left)
        if left is None or (neighbour and neighbour.leaf):
            if not (neighbour and self._lengthen(neighbour, run)):
                strand.add(run)
                self._attach(run)
            self._settle(origin.vertex, start, start + length)
        else:
            strand.add(run)
            self._wait(run)
        doomed = self._doomed.pop(origin.vertex, None)
        if doomed:
            for from_, to in doomed.take(start, start + length):
                self._kill(strand, from_, to)
            if doomed:
                self._doomed[origin.vertex] = doomed

    def _wait(self, run: Run) -> None:
        assert run.left is not None
        self._waiting.setdefault(run.left[0], {}).setdefault(run.left[1], []).append(run)

    def _find(self, place: Place | None) -> Run | None:
        strand = self._strands.get(place[0]) if place else None
        return strand.find(place[1]) if place and strand else None

    def _lengthen(self, before: Run, run: Run) -> bool:
        """Make one run of two that follow each other in everything: this is what typing does."""
        if (
            run.left != (before.vertex, before.start + before.length - 1)
            or run.vertex != before.vertex
            or run.start != before.start + before.length
            or before.dead
            or run.dead
            or not isinstance(before.values, str)
            or not isinstance(run.values, str)
            or before.length + run.length > RUN_MAX
        ):
            return False
        key = (before.key[0], *run.key[1:])
        if self._order.last_above(before, key) is not before:
            return False
        before.values += run.values
        before.length += run.length
        self._order.changed(before, run.length)
        return True

    def _attach(self, run: Run) -> None:
        """Give a run its place, by the rule of siblings."""
        neighbour = self._find(run.left)
        if neighbour and run.left:
            same = neighbour.vertex == run.vertex
            lamport = max(run.key[0], neighbour.key[0] + (not same))
            run.key = (lamport, *run.key[1:])
            self._split(neighbour, run.left[1] + 1)
        self._order.insert(run, self._order.last_above(neighbour, run.key))

    def _settle(self, vertex: bytes, start: int, end: int) -> None:
        """Attach what waits for these elements, and what waits for those."""
        todo = [(vertex, start, end)]
        while todo:
            vertex, start, end = todo.pop()
            waiting = self._waiting.get(vertex)
            if not waiting:
                continue
            for index in _both(waiting, start, end):
                for run in waiting.pop(index):
                    self._attach(run)
                    todo.append((run.vertex, run.start, run.start + run.length))
            if not waiting:
                del self._waiting[vertex]

    def _split(self, run: Run, index: int) -> None:
        """Make the element with an index the first one of its run."""
        offset = index - run.start
        if not 0 < offset < run.length:
            return
        key = (*run.key[:3], index)
        tail = Run(key, (run.vertex, index - 1), run.values[offset:], run.length - offset, run.dead)
        if run.leaf:
            self._order.changed(run, -tail.seen)
        run.values, run.length = run.values[:offset], offset
        self._strands[run.vertex].add(tail)
        if run.leaf:
            self._order.insert(tail, run)
        else:
            self._wait(tail)

    # --- deleting --------------------------------------------------------------------------------

    def _delete(self, vertex: bytes, start: int, length: int) -> None:
        """Delete elements; those that are not known yet as soon as they are."""
        strand = self._strands.get(vertex)
        end = start + length
        while start < end:
            run = strand.find(start) if strand else None
            if strand and run:
                stop = min(end, run.start + run.length)
                self._kill(strand, start, stop)
            else:
                stop = strand.next_start(start, end) if strand else end
                self._doomed.setdefault(vertex, Spans()).add(start, stop)
            start = stop

    def _kill(self, strand: _Strand, start: int, end: int) -> None:
        """Delete known elements."""
        while start < end:
            run = strand.find(start)
            assert run is not None
            if not run.dead:
                self._split(run, start)
                run = strand.find(start)
                assert run is not None
                self._split(run, end)
                if run.leaf:
                    self._order.changed(run, -run.length)
                run.dead, run.values = True, ()
            start = run.start + run.length

    # --- state -----------------------------------------------------------------------------------

    def collected(self) -> Self:
        """Return the array without what is deleted, and without what hung where.

        The elements stand in a row from then on, older than all that comes: what is inserted behind
        one comes directly after it, as it would have without this.
        """
        array, last = type(self)(), None
        for run in self._order.runs():
            if not run.dead:
                last = array._lay(last, run.vertex, run.start, run.values, run.length, dead=False)
        return array

    def _lay(
        self,
        last: Run | None,
        vertex: bytes,
        start: int,
        values: Values,
        length: int,
        *,
        dead: bool,
    ) -> Run:
        """Put a run behind the last one of the row that everything begins with."""
        strand = self._strands.setdefault(vertex, _Strand(Origin(vertex, 0, b""), laid=True))
        end = start + length
        if strand.find(start) or strand.next_start(start, end) != end:
            raise Refused("crdt: one element twice")
        run = Run((_LAID, b"", vertex, start), None, values, length, dead)
        strand.add(run)
        self._order.insert(run, last)
        return run

    def merge(self, other: Self) -> None:
        """Insert, and delete, what the other has; both have forgotten the same."""
        if self._foundation() != other._foundation():
            raise Refused("crdt: states of two checkpoints")
        for strand in other._strands.values():
            for run in strand.runs:
                if not strand.laid:
                    self._insert(
                        strand.origin, run.start, run.left, run.values, run.length, dead=run.dead
                    )
                if run.dead:
                    self._delete(run.vertex, run.start, run.length)
        for vertex, doomed in other._doomed.items():
            for start, end in doomed:
                self._delete(vertex, start, end - start)

    def _foundation(self) -> list[tuple[bytes, int]]:
        """Return the elements that everything begins with."""
        laid = [run for run in self._order.runs() if run.key[0] == _LAID]
        return [(run.vertex, run.start + n) for run in laid for n in range(run.length)]

    def encode(self) -> bytes:
        """Return the row, all insertions since, by vertex and index, and unknown deletions."""
        laid = [run for run in self._order.runs() if run.key[0] == _LAID]
        count, rows = write_rows(laid, lambda run: run.vertex, linked=False)
        strands = sorted(item for item in self._strands.items() if not item[1].laid)
        parts = [u32(count), rows, u32(len(strands))]
        for vertex, strand in strands:
            count, rows = write_rows(strand.runs, write_left, linked=True)
            origin = strand.origin
            parts += [vertex, u64(origin.lamport), origin.author, u32(count), rows]
        for vertex, doomed in sorted(self._doomed.items()):
            parts += [vertex, doomed.encode()]
        return b"".join(parts)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a state; one that another encoding would say is refused."""
        state, reader = cls(), Reader(data)
        last = None
        for _ in range(reader.u32()):
            start, vertex = reader.u32(), reader.take(ID)
            length, values, dead = read_content(reader, start)
            last = state._lay(last, vertex, start, values, length, dead=dead)
        for _ in range(reader.u32()):
            origin = Origin(reader.take(ID), reader.u64(), reader.take(ID))
            for _ in range(reader.u32()):
                start, left = reader.u32(), read_left(reader)
                length, values, dead = read_content(reader, start)
                state._insert(origin, start, left, values, length, dead=dead)
        while len(reader):
            vertex = reader.take(ID)
            for start, end in Spans.read(reader):
                state._delete(vertex, start, end - start)
        if state.encode() != data:
            raise Refused("crdt: state out of order")
        return state


def _both(waiting: dict[int, list[Run]], start: int, end: int) -> list[int]:
    """Return the indices of a range that something waits for, at the cost of the lesser of both."""
    if end - start < len(waiting):
        return [index for index in range(start, end) if index in waiting]
    return sorted(index for index in waiting if start <= index < end)


def _place(ref: Ref | None, origin: Origin) -> Place | None:
    return (ref.vertex or origin.vertex, ref.index) if ref else None
