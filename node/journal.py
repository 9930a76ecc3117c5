"""What the user has done and no vertex says yet: kept at once, gathered into one vertex a flush.

The store is the user's, sealed at rest. An operation is in exactly one vertex, wherever the power
goes: what is about to be a vertex is written down first, and looked for in the history after.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from .codec import Reader, u64
from .core import Store
from .crdt.bodies import (
    Operation,
    rebased,
)
from .crdt.operations import MARK, decode_operations, encode_operations
from .crypto import Random

FLUSH_MAX = 32 << 10
FLUSH_MS = 2_000
WAITING_MAX = 16 << 20  # bytes of all that is not in a vertex
VERSION = b"\1"

_ENTRY = b"journal/e"
_FLUSH = b"journal/f"


class Written(Protocol):
    """A vertex, as far as it is looked at here."""

    @property
    def id(self) -> bytes:
        """Its name."""

    @property
    def lamport(self) -> int:
        """Its place in the history."""


class History(Protocol):
    """What a mesh does for the journal."""

    def append(self, topic: bytes, payload: bytes, now: int) -> Written:
        """Write in a space; durable when it returns."""

    def heads(self, topic: bytes) -> list[bytes]:
        """Return the vertices that none follows."""

    def order(self, topic: bytes) -> Iterator[bytes]:
        """Give all ids, those with lower lamports first."""

    def vertex(self, topic: bytes, name: bytes) -> Written | None:
        """Return a vertex."""

    def payload(self, topic: bytes, name: bytes) -> bytes | None:
        """Return what a member wrote."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """Operations that were accepted together."""

    number: int
    payload: bytes
    at: int


class Journal:
    """The operations of one user that wait for their vertices."""

    def __init__(self, store: Store, history: History, random: Random) -> None:
        self._store, self._history, self._random = store, history, random
        self._entries: dict[bytes, list[_Entry]] = {}
        self._number = 0
        self._size = 0
        for key, value in store.scan(_ENTRY):
            topic, number = key[len(_ENTRY) : -8], int.from_bytes(key[-8:], "big")
            self._entries.setdefault(topic, []).append(_Entry(number, value[1:], 0))
            self._number = max(self._number, number + 1)
            self._size += len(value)
        # A flush that was under way may have been the last to know its numbers.
        for _, value in store.scan(_FLUSH):
            self._number = max(self._number, int.from_bytes(value[1:9], "big") + 1)

    @property
    def topics(self) -> list[bytes]:
        """Return the spaces that something waits for."""
        return sorted(self._entries)

    def __len__(self) -> int:
        """Return how many operations wait."""
        return sum(
            len(decode_operations(e.payload)) for all_ in self._entries.values() for e in all_
        )

    def waiting(self, topic: bytes) -> list[Operation]:
        """Return what waits for a space, in the order that the vertex will have it."""
        return _gathered(self._entries.get(topic, []))

    def write(self, topic: bytes, operations: list[Operation], now: int) -> None:
        """Accept operations: they are durable when it returns. Own names are within the list.

        ValueError where they are out of range, too many at once, or too many wait already.
        """
        payload = encode_operations(operations)
        if not operations or len(payload) > FLUSH_MAX:
            raise ValueError("journal: nothing, or too much at once")
        if self._size + len(payload) > WAITING_MAX:
            raise ValueError("journal: too much waits")
        entry = _Entry(self._number, payload, now)
        self._store.commit({_ENTRY + topic + u64(entry.number): VERSION + payload})
        self._number += 1
        self._size += 1 + len(payload)
        self._entries.setdefault(topic, []).append(entry)

    def due(self, topic: bytes) -> int | None:
        """Return when a space's operations are to become a vertex."""
        entries = self._entries.get(topic)
        if not entries:
            return None
        full = sum(len(entry.payload) for entry in entries) >= FLUSH_MAX
        return 0 if full else min(entry.at for entry in entries) + FLUSH_MS

    def flush(self, topic: bytes, now: int) -> list[Written]:
        """Write all that waits for a space, which has to be open to its member."""
        self._recover(topic, now)
        vertices = []
        while entries := self._entries.get(topic):
            taken: list[_Entry] = []
            size = 0
            for entry in entries:
                size += len(entry.payload)
                if taken and size > FLUSH_MAX:
                    break
                taken.append(entry)
            payload = encode_operations(_gathered(taken), self._random(MARK))
            heads = [self._history.vertex(topic, name) for name in self._history.heads(topic)]
            below = max((head.lamport for head in heads if head), default=0)
            mark = VERSION + u64(taken[-1].number) + u64(below) + payload
            self._store.commit({_FLUSH + topic: mark})
            vertices.append(self._history.append(topic, payload, now))
            self._forget(topic, taken[-1].number)
        return vertices

    def discard(self, topic: bytes) -> None:
        """Forget what waits for a space."""
        self._forget(topic, self._number)

    def _recover(self, topic: bytes, now: int) -> None:
        """Finish a flush that the power went in: write its vertex, unless it is there."""
        mark = self._store.get(_FLUSH + topic)
        if mark is None:
            return
        reader = Reader(mark)
        reader.take(1)
        last, below, payload = reader.u64(), reader.u64(), reader.rest()
        if not self._is_written(topic, payload, below):
            self._history.append(topic, payload, now)
        self._forget(topic, last)

    def _is_written(self, topic: bytes, payload: bytes, below: int) -> bool:
        """Tell whether a vertex says this; it is above all that were there before it."""
        for name in reversed(list(self._history.order(topic))):
            vertex = self._history.vertex(topic, name)
            if vertex is not None and vertex.lamport < below:
                return False
            if self._history.payload(topic, name) == payload:
                return True
        return False

    def _forget(self, topic: bytes, last: int) -> None:
        """Take away what a vertex says by now, and that it was to be written."""
        entries = self._entries.get(topic, [])
        done = [entry for entry in entries if entry.number <= last]
        changes: dict[bytes, bytes | None] = {_ENTRY + topic + u64(e.number): None for e in done}
        self._store.commit({**changes, _FLUSH + topic: None})
        self._size -= sum(1 + len(entry.payload) for entry in done)
        if len(done) < len(entries):
            self._entries[topic] = entries[len(done) :]
        else:
            self._entries.pop(topic, None)


def _gathered(entries: list[_Entry]) -> list[Operation]:
    operations: list[Operation] = []
    width = 0
    for entry in entries:
        listed = decode_operations(entry.payload)
        operations += rebased(listed, width)
        width += sum(operation.width for operation in listed)
    return operations
