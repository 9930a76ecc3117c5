"""What a mesh keeps, on the disk: one SQLite file, encrypted as a whole under a key handed in.

Each page is sealed and has a tag of its own (ChaCha20-Poly1305 of SQLite3 Multiple Ciphers), the
header too: without the key the file is random bytes. A page that was changed is found when it is
read. A file that was not closed is checked as a whole when it is opened. One that is damaged, or
under another key, is put aside under another name, and a new one begun.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

import apsw

from ..crypto import KEY

PAGE = 4_096
CACHE_KIB = 4_096
SCHEMA = "CREATE TABLE IF NOT EXISTS kept (key BLOB PRIMARY KEY, value BLOB NOT NULL)"
KEY_MAX = 256  # bytes of a key: its prefix and this many of 255 are behind it
DAMAGED_KEPT = 3
_T = TypeVar("_T")


class DamagedError(Exception):
    """The file is not what was written; opened again, it is put aside."""


class MeshStore:
    """A `Store` in a file. A commit that returned is on the disk; one process has the file."""

    def __init__(self, path: Path, key: bytes) -> None:
        if len(key) != KEY:
            raise ValueError(f"a store's key has {KEY} bytes")
        self.damaged: Path | None = None
        """The name that a damaged file was put aside under."""
        self._in_use = path.with_name(path.name + "-open")
        try:
            self._file = _open(path, key, check=self._in_use.exists())
        except DamagedError:
            self.damaged = _put_aside(path)
            self._file = _open(path, key, check=False)
        self._in_use.touch()

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key."""
        sql = "SELECT value FROM kept WHERE key = ?"
        row = _guarded(lambda: self._file.execute(sql, (key,)).fetchone())
        if row is None:
            return None
        value = row[0]
        assert isinstance(value, bytes)
        return value

    def scan(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        """Return all pairs whose key begins so, in the order of keys."""
        sql = "SELECT key, value FROM kept WHERE key >= ? AND key < ? ORDER BY key"
        bounds = (prefix, prefix + b"\xff" * KEY_MAX)
        found: list[tuple[bytes, bytes]] = []
        for key, value in _guarded(lambda: self._file.execute(sql, bounds).fetchall()):
            assert isinstance(key, bytes)
            assert isinstance(value, bytes)
            found.append((key, value))
        return found

    def commit(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Set values and take keys away (None), all of it or nothing; durable when it returns."""
        gone = [(key,) for key, value in changes.items() if value is None]
        kept = [(key, value) for key, value in changes.items() if value is not None]

        def write() -> None:
            with self._file:
                self._file.executemany("DELETE FROM kept WHERE key = ?", gone)
                self._file.executemany("REPLACE INTO kept VALUES (?, ?)", kept)

        _guarded(write)

    def close(self) -> None:
        """Let go of the file; what is in its log goes into it."""
        self._file.close()
        self._in_use.unlink(missing_ok=True)


def _open(path: Path, key: bytes, *, check: bool) -> apsw.Connection:
    file = apsw.Connection(str(path))
    try:
        _guarded(lambda: _begin(file, key, check=check))
    except BaseException:
        file.close()
        raise
    return file


def _begin(file: apsw.Connection, key: bytes, *, check: bool) -> None:
    file.pragma("cipher", "chacha20")
    file.pragma("page_size", PAGE)
    try:
        file.pragma("key", "raw:" + key.hex())
    except apsw.Error:
        raise DamagedError from None  # the error's text has the key in it
    file.pragma("locking_mode", "EXCLUSIVE")
    file.pragma("journal_mode", "WAL")
    file.pragma("synchronous", "FULL")
    file.pragma("secure_delete", "ON")
    file.pragma("cache_size", -CACHE_KIB)
    file.pragma("trusted_schema", "OFF")
    file.execute(SCHEMA)
    if check and file.pragma("quick_check") != "ok":
        raise DamagedError


def _guarded(work: Callable[[], _T]) -> _T:
    try:
        return work()
    except (apsw.NotADBError, apsw.CorruptError):
        raise DamagedError from None


def _put_aside(path: Path) -> Path:
    """Move a file, and its log, to the first name that is free."""
    names = [path.with_name(f"{path.name}.damaged{number}") for number in range(DAMAGED_KEPT)]
    aside = next((name for name in names if not name.exists()), names[-1])
    for end in ("", "-wal", "-shm"):
        part = path.with_name(path.name + end)
        if part.exists():
            part.replace(aside.with_name(aside.name + end))
    return aside
