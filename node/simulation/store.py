"""A disk that lies in memory, and fails when it is told to.

A commit is atomic and durable when it returns, as the real stores have it; what can happen is that
the power goes just before one or just after it, that there is no room, that the disk forgets what
it said it had written, and that a bit of it turns and is found out.
"""

import errno
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Mapping
from enum import Enum

UNDO_MAX = 16  # commits that a lying disk can forget
FLIPPED = 0x01


class PowerCut(BaseException):
    """The machine is off: nothing of the process may catch this and go on."""


class DamagedError(Exception):
    """What lies on the disk is not what was written; the real store puts such a file aside."""


class Moment(Enum):
    """When the power goes."""

    BEFORE = "before"  # nothing of the commit is there afterwards
    AFTER = "after"  # all of it is, though nobody was told


class SimulatedStore:
    """A `Store` of one node, which outlives the node's crashes."""

    __slots__ = (
        *("_cut_in", "_damaged", "_keys", "_moment", "_table", "_undo"),
        *("commits", "full", "size"),
    )

    def __init__(self) -> None:
        self._table: dict[bytes, bytes] = {}
        self._keys: list[bytes] = []
        self._undo: deque[dict[bytes, bytes | None]] = deque(maxlen=UNDO_MAX)
        self._cut_in = 0
        self._moment = Moment.BEFORE
        self._damaged = False
        self.full = False
        self.commits = 0
        self.size = 0

    def __len__(self) -> int:
        return len(self._keys)

    # --- What a node sees ---

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key."""
        if self._damaged:
            raise DamagedError
        return self._table.get(key)

    def scan(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        """Return all pairs whose key begins so, in the order of keys."""
        if self._damaged:
            raise DamagedError
        found = []
        for place in range(bisect_left(self._keys, prefix), len(self._keys)):
            key = self._keys[place]
            if not key.startswith(prefix):
                break
            found.append((key, self._table[key]))
        return found

    def commit(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Set values and take keys away (None), all of it or nothing."""
        if self._damaged:
            raise DamagedError
        if self.full:
            raise OSError(errno.ENOSPC, "no space is left on the simulated disk")
        cut = self._cut_in == 1
        self._cut_in = max(self._cut_in - 1, 0)
        if cut and self._moment is Moment.BEFORE:
            raise PowerCut
        self.commits += 1
        self._undo.append({key: self._table.get(key) for key in changes})
        for key, value in changes.items():
            self._set(key, value)
        if cut:
            raise PowerCut

    # --- What befalls it ---

    def cut_power(self, commits: int, moment: Moment) -> None:
        """Let the power go at the next commit (1), the one after it (2), and so on."""
        self._cut_in, self._moment = commits, moment

    def forget(self, commits: int) -> int:
        """Lose the last commits, as a disk does that lied; return how many were lost."""
        lost = min(commits, len(self._undo))
        for _ in range(lost):
            for key, value in self._undo.pop().items():
                self._set(key, value)
        return lost

    def flip(self, place: int) -> None:
        """Turn a bit of a value. Stores check what they read: from now on every call says so."""
        if self._keys:
            key = self._keys[place % len(self._keys)]
            value = self._table[key]
            self._table[key] = bytes((value[0] ^ FLIPPED,)) + value[1:] if value else b"\1"
            self._damaged = True

    @property
    def damaged(self) -> bool:
        """Tell whether it has to be put aside."""
        return self._damaged

    def _set(self, key: bytes, value: bytes | None) -> None:
        old = self._table.get(key)
        if value is None:
            if old is not None:
                del self._table[key]
                del self._keys[bisect_left(self._keys, key)]
                self.size -= len(key) + len(old)
            return
        if old is None:
            insort(self._keys, key)
            self.size += len(key)
        else:
            self.size -= len(old)
        self._table[key] = value
        self.size += len(value)
