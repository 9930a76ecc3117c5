"""The documents of one space, kept up with its history."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from ..core import Store
from .bodies import Name
from .documents import Documents

_KEY = b"documents/"
_HASH = 32


class Vertex(Protocol):
    """A vertex, as far as documents depend on it."""

    @property
    def lamport(self) -> int:
        """Its place in the history."""

    @property
    def author(self) -> bytes:
        """Who wrote it."""


class History(Protocol):
    """What a mesh tells of a space."""

    def order(self, topic: bytes) -> Iterator[bytes]:
        """Give all ids, each after those it follows."""

    def vertex(self, topic: bytes, name: bytes) -> Vertex | None:
        """Return a vertex."""

    def payload(self, topic: bytes, name: bytes) -> bytes | None:
        """Return what a member wrote; None where there is nothing to read."""

    def state_hash(self, topic: bytes) -> bytes:
        """Return a hash that is the same where, and only where, the vertices are."""


class Replica:
    """Documents that say what the history of a space comes to."""

    def __init__(self, history: History, topic: bytes) -> None:
        self._history, self._topic = history, topic
        self._applied: set[bytes] = set()
        self.documents = Documents()

    def arrived(self, ids: Iterable[bytes]) -> list[Name]:
        """Apply vertices that came, and return the documents that have changed."""
        changed: dict[Name, None] = {}
        for name in ids:
            vertex = self._history.vertex(self._topic, name)
            payload = self._history.payload(self._topic, name)
            self._applied.add(name)
            if vertex is not None and payload is not None:
                touched = self.documents.apply_payload(name, vertex.lamport, vertex.author, payload)
                changed.update(dict.fromkeys(touched))
        return list(changed)

    def catch_up(self) -> list[Name]:
        """Apply all of the history that was not applied."""
        order = self._history.order(self._topic)
        return self.arrived([name for name in order if name not in self._applied])

    def save(self, store: Store) -> None:
        """Keep everything as it is, so that `load` need not go through the history.

        It has to be done before old vertices are pruned: then nothing else says what they did.
        """
        self.catch_up()
        upto = self._history.state_hash(self._topic)
        store.commit({_KEY + self._topic: upto + self.documents.snapshot()})

    def load(self, store: Store) -> None:
        """Take up what was kept, and apply the history if it went on: nothing counts twice.

        `Refused` where what was kept is damaged; a history that was never pruned has it all.
        """
        kept = store.get(_KEY + self._topic)
        if kept is not None:
            self.documents = Documents.restore(kept[_HASH:])
            if kept[:_HASH] == self._history.state_hash(self._topic):
                self._applied = set(self._history.order(self._topic))
        self.catch_up()
