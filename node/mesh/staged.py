"""Changes on their way to the disk: read as if they were there already, written at once."""

from ..core import Store


class Staged:
    """A store with changes in front of it."""

    __slots__ = ("_changes", "_store")

    def __init__(self, store: Store) -> None:
        self._store = store
        self._changes: dict[bytes, bytes | None] = {}

    @property
    def dirty(self) -> bool:
        """Whether something is not on the disk."""
        return bool(self._changes)

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key."""
        if key in self._changes:
            return self._changes[key]
        return self._store.get(key)

    def scan(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        """Return what is on the disk."""
        return self._store.scan(prefix)

    def put(self, key: bytes, value: bytes | None) -> None:
        """Set a value, or take a key away."""
        self._changes[key] = value

    def commit(self) -> None:
        """Write all of it; it is durable when this returns."""
        if self._changes:
            self._store.commit(self._changes)
            self._changes = {}
