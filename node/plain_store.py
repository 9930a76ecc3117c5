"""Keys and values of the node itself, in one SQLite file: what is durable and no secret.

Records of other nodes, and the sessions that the node serves. What a user sends, receives or
knows lies in the vault.
"""

import sqlite3
from collections.abc import Mapping
from pathlib import Path


class PlainStore:
    """A sorted table of bytes; a commit that returned is on the disk."""

    def __init__(self, path: Path) -> None:
        self.damaged: Path | None = None
        self.aside = path.with_suffix(".damaged")
        try:
            self._file = _open(path)
        except sqlite3.DatabaseError:
            # What is in it can be had again from others; a node that does not start helps nobody.
            self.damaged = path.replace(self.aside)
            self._file = _open(path)

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key."""
        row = self._file.execute("SELECT value FROM kept WHERE key = ?", (key,)).fetchone()
        return None if row is None else bytes(row[0])

    def scan(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        """Return all pairs whose key begins so, in the order of keys."""
        rows = self._file.execute(
            "SELECT key, value FROM kept WHERE key >= ? AND substr(key, 1, ?) = ? ORDER BY key",
            (prefix, len(prefix), prefix),
        )
        return [(bytes(key), bytes(value)) for key, value in rows]

    def commit(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Set values and take keys away (None), all of it or nothing."""
        with self._file:
            for key, value in changes.items():
                if value is None:
                    self._file.execute("DELETE FROM kept WHERE key = ?", (key,))
                else:
                    self._file.execute("REPLACE INTO kept VALUES (?, ?)", (key, value))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _open(path: Path) -> sqlite3.Connection:
    file = sqlite3.connect(path)
    try:
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("PRAGMA synchronous = FULL")
        file.execute("CREATE TABLE IF NOT EXISTS kept (key BLOB PRIMARY KEY, value BLOB NOT NULL)")
        if file.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise sqlite3.DatabaseError
    except sqlite3.DatabaseError:
        file.close()
        raise
    return file
