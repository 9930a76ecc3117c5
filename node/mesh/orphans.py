"""Vertices whose parents are not there yet: kept for a while, within bounds for each sender."""

from collections import Counter
from dataclasses import dataclass

from .vertex import Vertex

COUNT_MAX = 4_096
BYTES_MAX = 16 << 20
PEER_SHARE = 4  # one node's part is a quarter
PATIENCE_MS = 600_000


@dataclass(frozen=True, slots=True)
class Orphan:
    """A vertex that waits."""

    topic: bytes
    vertex: Vertex
    size: int
    peer_id: bytes
    verified: bool
    until: int


class Orphans:
    """All that wait on one node."""

    def __init__(self) -> None:
        self._kept: dict[tuple[bytes, bytes], Orphan] = {}  # the oldest first
        self._waiting: dict[tuple[bytes, bytes], list[bytes]] = {}  # parent -> who waits for it
        self._counts: Counter[bytes] = Counter()
        self._sizes: Counter[bytes] = Counter()

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: tuple[bytes, bytes]) -> bool:
        return key in self._kept

    def add(self, orphan: Orphan, missing: list[bytes]) -> bool:
        """Keep a vertex; False where there is no room for one more of this node."""
        peer_id = orphan.peer_id
        if self._counts[peer_id] >= COUNT_MAX // PEER_SHARE:
            return False
        if self._sizes[peer_id] + orphan.size > BYTES_MAX // PEER_SHARE:
            return False
        while len(self) >= COUNT_MAX or self._sizes.total() + orphan.size > BYTES_MAX:
            self._drop_one()
        topic, name = orphan.topic, orphan.vertex.id
        self._kept[topic, name] = orphan
        for parent in missing:
            self._waiting.setdefault((topic, parent), []).append(name)
        self._counts[peer_id] += 1
        self._sizes[peer_id] += orphan.size
        return True

    def followers(self, topic: bytes, parent: bytes) -> list[Orphan]:
        """Return what waits for this parent."""
        return [self._kept[topic, name] for name in self._waiting.get((topic, parent), ())]

    def is_missing(self, topic: bytes, name: bytes) -> bool:
        """Tell whether something waits for this vertex."""
        return (topic, name) in self._waiting

    def remove(self, orphan: Orphan) -> None:
        """Let go of a vertex."""
        topic, name = orphan.topic, orphan.vertex.id
        if self._kept.pop((topic, name), None) is None:
            return
        for parent in orphan.vertex.parents:
            waiting = self._waiting.get((topic, parent))
            if waiting is not None and name in waiting:
                waiting.remove(name)
                if not waiting:
                    del self._waiting[topic, parent]
        _less(self._counts, orphan.peer_id, 1)
        _less(self._sizes, orphan.peer_id, orphan.size)

    def forget(self, topic: bytes) -> None:
        """Let go of all of a space."""
        for orphan in [each for each in self._kept.values() if each.topic == topic]:
            self.remove(orphan)

    def tick(self, now: int) -> None:
        """Let go of what has waited too long."""
        while self._kept:
            oldest = next(iter(self._kept.values()))
            if oldest.until > now:
                return
            self.remove(oldest)

    def _drop_one(self) -> None:
        """Make room at the cost of whoever takes most of it."""
        worst, _ = max(self._sizes.items(), key=lambda item: (item[1], item[0]))
        self.remove(next(each for each in self._kept.values() if each.peer_id == worst))


def _less(counter: Counter[bytes], key: bytes, amount: int) -> None:
    counter[key] -= amount
    if counter[key] <= 0:
        del counter[key]
