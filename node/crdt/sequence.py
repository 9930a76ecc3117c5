"""Runs of elements in their order: a tree that finds a place, by position or by key, in O(log n).

Each node knows how many elements are to be seen below it, and the lowest key. Runs are split and
made longer, never taken out: what was deleted keeps its place.
"""

from typing import Any

from .values import Value

FANOUT = 48

Key = tuple[int, bytes, bytes, int]  # effective lamport, author, vertex, index
_HIGHEST: Key = (1 << 80, b"", b"", 0)


class Run:
    """Elements of one vertex in a row, each behind the one before, all there or all deleted."""

    __slots__ = ("dead", "key", "leaf", "left", "length", "values")

    def __init__(
        self, key: Key, left: tuple[bytes, int] | None, values: Any, length: int, dead: bool
    ) -> None:
        self.key = key
        self.left = left  # of the first element
        self.values: str | tuple[Value, ...] = values  # empty where dead
        self.length = length
        self.dead = dead
        self.leaf: Node | None = None  # None while its left neighbour is unknown

    @property
    def vertex(self) -> bytes:
        """Return the vertex of its elements."""
        return self.key[2]

    @property
    def start(self) -> int:
        """Return the index of the first element."""
        return self.key[3]

    @property
    def seen(self) -> int:
        """Return how many of its elements the user sees."""
        return 0 if self.dead else self.length


class Node:
    """A node of the tree: a leaf holds runs, an inner node holds nodes."""

    __slots__ = ("items", "lowest", "parent", "seen")

    def __init__(self, items: list[Any]) -> None:
        self.items: list[Node | Run] = items
        self.parent: Node | None = None
        self.seen = 0
        self.lowest = _HIGHEST
        self.count()

    def count(self) -> None:
        """Sum up what is below."""
        self.seen = sum(item.seen for item in self.items)
        self.lowest = min((_lowest(item) for item in self.items), default=_HIGHEST)
        for item in self.items:
            if isinstance(item, Run):
                item.leaf = self
            else:
                item.parent = self


def _lowest(item: Node | Run) -> Key:
    return item.key if isinstance(item, Run) else item.lowest


class Sequence:
    """The runs of an array, in the order that the user sees them in."""

    def __init__(self) -> None:
        self._root = Node([])

    def __len__(self) -> int:
        """Return how many elements are to be seen."""
        return self._root.seen

    def insert(self, run: Run, after: Run | None) -> None:
        """Put a run directly behind another one, or first."""
        leaf, place = (after.leaf, 0) if after else (self._first_leaf(), -1)
        assert leaf is not None
        if after:
            place = leaf.items.index(after)
        leaf.items.insert(place + 1, run)
        run.leaf = leaf
        node: Node | None = leaf
        while node:
            node.seen += run.seen
            node.lowest = min(node.lowest, run.key)
            node = node.parent
        if len(leaf.items) > FANOUT:
            self._split(leaf)

    def changed(self, run: Run, difference: int) -> None:
        """Take note that more, or fewer, of a run's elements are to be seen."""
        node = run.leaf
        while node:
            node.seen += difference
            node = node.parent

    def last_above(self, after: Run | None, key: Key) -> Run | None:
        """Return the last run, from this one on, before the first one with a lower key.

        Those between have higher keys: they are younger siblings, and what hangs on them.
        """
        node = after.leaf if after else self._first_leaf()
        assert node is not None
        place = node.items.index(after) + 1 if after else 0
        while True:
            for at in range(place, len(node.items)):
                if _lowest(node.items[at]) < key:
                    return self._before_lower(node, at, key)
            if node.parent is None:
                return self._last_of(self._root)
            place = node.parent.items.index(node) + 1
            node = node.parent

    def _before_lower(self, node: Node, at: int, key: Key) -> Run | None:
        """Return the run before the first one with a lower key, which is in the item at a place."""
        item = node.items[at]
        while isinstance(item, Node):
            node = item
            at = next(n for n, inner in enumerate(item.items) if _lowest(inner) < key)
            item = item.items[at]
        return self._precedes(node, at)

    def _precedes(self, node: Node, at: int) -> Run | None:
        """Return the run before the item at a place of a node."""
        while at == 0:
            if node.parent is None:
                return None
            at, node = node.parent.items.index(node), node.parent
        item = node.items[at - 1]
        return item if isinstance(item, Run) else self._last_of(item)

    def _last_of(self, node: Node) -> Run | None:
        item: Node | Run = node
        while isinstance(item, Node):
            if not item.items:
                return None
            item = item.items[-1]
        return item

    def _first_leaf(self) -> Node:
        node = self._root
        while node.items and isinstance(node.items[0], Node):
            node = node.items[0]
        return node

    def find(self, position: int) -> tuple[Run, int]:
        """Return the run that the element at a position is in, and where there."""
        assert 0 <= position < self._root.seen
        item: Node | Run = self._root
        while isinstance(item, Node):
            for inner in item.items:
                if position < inner.seen:
                    item = inner
                    break
                position -= inner.seen
        return item, position

    def position(self, run: Run) -> int:
        """Return how many elements are to be seen before a run."""
        item: Node | Run = run
        parent, total = run.leaf, 0
        while parent:
            for other in parent.items:
                if other is item:
                    break
                total += other.seen
            item, parent = parent, parent.parent
        return total

    def runs(self) -> list[Run]:
        """Return all runs in their order."""
        found: list[Run] = []
        stack: list[Node | Run] = [self._root]
        while stack:
            item = stack.pop()
            if isinstance(item, Run):
                found.append(item)
            else:
                stack.extend(reversed(item.items))
        return found

    def _split(self, node: Node | None) -> None:
        """Halve a node that is too full, and its ancestors where they become so."""
        while node and len(node.items) > FANOUT:
            half = len(node.items) // 2
            right = Node(node.items[half:])
            del node.items[half:]
            node.count()
            if node.parent is None:
                self._root = Node([node, right])
                return
            right.parent = node.parent
            node.parent.items.insert(node.parent.items.index(node) + 1, right)
            node = node.parent
