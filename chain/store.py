"""Where the chain is kept: tables of bytes, written in atomic batches.

`MemoryStore` forgets on exit. `DiskStore` keeps everything in one LMDB environment: a batch is on
disk when `write` returns, and a process killed at any moment leaves the last whole batch. Knows
keys and values; what they mean is `history.py`'s business.
"""

import errno
import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Literal, Protocol, TypeAlias, get_args

import lmdb

from .errors import StoreError

Table = Literal["nodes", "blocks", "receipts", "numbers", "transactions", "pool", "meta"]
Write: TypeAlias = tuple[Table, bytes, bytes | None]
"""Table, key and value; None deletes."""

TABLES: Final[tuple[Table, ...]] = get_args(Table)
FORMAT: Final = b"pars-1"
MAP_SIZE: Final = 1 << 40
"""Address space, not memory. Never changed: that would pull the file from under a reader's feet."""

FOLDER: Final = "chain"
UNFINISHED: Final = "chain.new"
LOCK: Final = "lock"


class Store(Protocol):
    """What the chain asks of its storage."""

    def get(self, table: Table, key: bytes) -> bytes | None:
        """Return a value, or None."""
        ...

    def write(self, batch: list[Write]) -> None:
        """Apply all of the batch, durably, or nothing."""
        ...

    def scan(self, table: Table) -> Iterator[tuple[bytes, bytes]]:
        """Walk a table in key order."""
        ...

    def close(self) -> None:
        """Release what is held. Later calls are errors."""
        ...


class MemoryStore:
    """Tables in memory."""

    def __init__(self) -> None:
        self._tables: dict[Table, dict[bytes, bytes]] = {name: {} for name in TABLES}

    def get(self, table: Table, key: bytes) -> bytes | None:
        """Return a value, or None."""
        return self._tables[table].get(key)

    def write(self, batch: list[Write]) -> None:
        """Apply the batch."""
        for table, key, value in batch:
            if value is None:
                self._tables[table].pop(key, None)
            else:
                self._tables[table][key] = value

    def scan(self, table: Table) -> Iterator[tuple[bytes, bytes]]:
        """Walk a table in key order."""
        yield from sorted(self._tables[table].items())

    def node_mark(self) -> int:
        """Return a mark for `forget_nodes`."""
        return len(self._tables["nodes"])

    def forget_nodes(self, mark: int) -> None:
        """Drop the nodes that came after the mark: a revert leaves nobody who needs them."""
        nodes = self._tables["nodes"]
        while len(nodes) > mark:  # Dictionaries keep the order of first insertion.
            nodes.popitem()

    def close(self) -> None:
        """Nothing is held."""


class DiskStore:
    """Tables in an LMDB environment that one process holds at a time."""

    def __init__(self, path: Path, *, chain_id: int, genesis_hash: bytes) -> None:
        self._path = path
        lock = None
        try:
            existed = _inspect(path, chain_id, genesis_hash)
            path.mkdir(parents=True, exist_ok=True)
            lock = _lock(path)
            if not existed:
                _create(path, chain_id, genesis_hash)
            self._env = _open(path / FOLDER)
            self._handles = {name: self._env.open_db(name.encode()) for name in TABLES}
        except (OSError, lmdb.Error) as error:
            if lock is not None:
                os.close(lock)
            reason = error.strerror if isinstance(error, OSError) else _reason(error)
            raise StoreError(
                f"datadir {path}: {reason}; choose one that you may write, with --datadir"
            ) from None
        self._lock: int | None = lock

    def get(self, table: Table, key: bytes) -> bytes | None:
        """Return a value, or None."""
        try:
            with self._env.begin(db=self._handles[table]) as transaction:
                value = transaction.get(key)
        except lmdb.Error as error:
            raise StoreError(f"datadir {self._path}: cannot read: {_reason(error)}") from None
        return None if value is None else bytes(value)

    def write(self, batch: list[Write]) -> None:
        """Apply all of the batch and wait until it is on disk."""
        try:
            with self._env.begin(write=True) as transaction:
                for table, key, value in batch:
                    if value is None:
                        transaction.delete(key, db=self._handles[table])
                    else:
                        transaction.put(key, value, db=self._handles[table])
        except lmdb.Error as error:
            raise StoreError(f"datadir {self._path}: cannot write: {_reason(error)}") from None

    def scan(self, table: Table) -> Iterator[tuple[bytes, bytes]]:
        """Walk a table in key order."""
        with self._env.begin(db=self._handles[table]) as transaction:
            for key, value in transaction.cursor():
                yield bytes(key), bytes(value)

    def close(self) -> None:
        """Close the environment and let the next process in. Closing twice is no error."""
        self._env.close()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _open(folder: Path, *, readonly: bool = False) -> lmdb.Environment:
    return lmdb.open(
        str(folder),
        max_dbs=len(TABLES),
        map_size=0 if readonly else MAP_SIZE,
        readonly=readonly,
        create=not readonly,
        lock=not readonly,
        subdir=True,
    )


def _create(path: Path, chain_id: int, genesis_hash: bytes) -> None:
    """Make an environment aside and move it into place: it is there as a whole, or not at all."""
    fresh = path / UNFINISHED
    shutil.rmtree(fresh, ignore_errors=True)
    environment = _open(fresh)
    handle = environment.open_db(b"meta")
    with environment.begin(db=handle, write=True) as transaction:
        transaction.put(b"format", FORMAT)
        transaction.put(b"chain", chain_id.to_bytes(32, "big"))
        transaction.put(b"genesis", genesis_hash)
    environment.close()
    fresh.rename(path / FOLDER)


def _lock(path: Path) -> int:
    descriptor = os.open(path / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise
        raise StoreError(
            f"datadir {path}: another process uses it; end that one, or choose another --datadir"
        ) from None
    return descriptor


def _inspect(path: Path, chain_id: int, genesis_hash: bytes) -> bool:
    """Check, without writing a byte, that the directory is ours; say whether it has a chain."""
    try:
        entries = set(os.listdir(path))
    except FileNotFoundError:
        return False
    if not entries - {LOCK, UNFINISHED}:
        return False
    if FOLDER not in entries:
        raise StoreError(
            f"datadir {path}: holds other files and no chain; choose an empty directory"
        )
    if LOCK in entries:
        os.close(_lock(path))
    meta = _read_meta(path)
    if meta.get(b"format") != FORMAT:
        raise StoreError(
            f"datadir {path}: not written by this version "
            f"(format {meta.get(b'format', b'unknown').decode('ascii', 'replace')}, "
            f"expected {FORMAT.decode()}); move it away, or use another --datadir"
        )
    their_chain = int.from_bytes(meta.get(b"chain", b""), "big")
    if their_chain != chain_id:
        raise StoreError(
            f"datadir {path}: belongs to chain {their_chain}, not {chain_id}; "
            f"run with --chain-id {their_chain}, or use another --datadir"
        )
    theirs = meta.get(b"genesis", b"")
    if theirs != genesis_hash:
        raise StoreError(
            f"datadir {path}: its genesis is 0x{theirs.hex()}, not 0x{genesis_hash.hex()}; "
            "run with the genesis, mnemonic and accounts it was made with, or use another --datadir"
        )
    return True


def _read_meta(path: Path) -> Mapping[bytes, bytes]:
    file = path / FOLDER / "data.mdb"
    try:
        environment = _open(path / FOLDER, readonly=True)
        try:
            # The library maps the file, and reading behind its end would kill the process.
            needed = (environment.info()["last_pgno"] + 1) * environment.stat()["psize"]
            if file.stat().st_size < needed:
                raise _corrupt(path, f"{needed - file.stat().st_size} bytes are missing")
            handle = environment.open_db(b"meta", create=False)
            with environment.begin(db=handle) as transaction:
                return {bytes(key): bytes(value) for key, value in transaction.cursor()}
        finally:
            environment.close()
    except lmdb.Error as error:
        raise _corrupt(path, _reason(error)) from None


def _reason(error: lmdb.Error) -> str:
    return str(error).split(": ", 1)[-1]


def _corrupt(path: Path, reason: str) -> StoreError:
    return StoreError(
        f"datadir {path}: corrupt ({reason}); it was left as it is: "
        "restore it from a copy, or use another --datadir"
    )
