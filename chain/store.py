"""Where the chain is kept: tables of bytes, written in atomic batches.

`MemoryStore` forgets on exit. `DiskStore` keeps everything in one LMDB environment: a batch is on
disk when `write` returns, and a process killed at any moment leaves the last whole batch. Knows
keys and values; what they mean is `history.py`'s business.
"""

import errno
import fcntl
import os
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
MAP_SIZE_FIRST: Final = 1 << 30
"""Address space for a new environment. It doubles when it is full."""


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
        existed = _inspect(path, chain_id, genesis_hash)
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = _lock(path)
            self._env = _open(path, readonly=False)
        except OSError as error:
            raise StoreError(
                f"datadir {path}: {error.strerror}; choose one that you may write, with --datadir"
            ) from None
        self._handles = {name: self._env.open_db(name.encode()) for name in TABLES}
        if not existed:
            self.write(
                [
                    ("meta", b"format", FORMAT),
                    ("meta", b"chain", chain_id.to_bytes(32, "big")),
                    ("meta", b"genesis", genesis_hash),
                ]
            )

    def get(self, table: Table, key: bytes) -> bytes | None:
        """Return a value, or None."""
        with self._env.begin(db=self._handles[table]) as transaction:
            value = transaction.get(key)
        return None if value is None else bytes(value)

    def write(self, batch: list[Write]) -> None:
        """Apply all of the batch and wait until it is on disk."""
        while True:
            try:
                with self._env.begin(write=True) as transaction:
                    for table, key, value in batch:
                        if value is None:
                            transaction.delete(key, db=self._handles[table])
                        else:
                            transaction.put(key, value, db=self._handles[table])
                return
            except lmdb.MapFullError:
                self._env.set_mapsize(self._env.info()["map_size"] * 2)
            except lmdb.Error as error:
                raise StoreError(f"datadir {self._path}: cannot write: {error}") from None

    def scan(self, table: Table) -> Iterator[tuple[bytes, bytes]]:
        """Walk a table in key order."""
        with self._env.begin(db=self._handles[table]) as transaction:
            for key, value in transaction.cursor():
                yield bytes(key), bytes(value)

    def close(self) -> None:
        """Close the environment and let the next process in."""
        self._env.close()
        os.close(self._lock)


def _open(path: Path, *, readonly: bool) -> lmdb.Environment:
    return lmdb.open(
        str(path / "chain"),
        max_dbs=len(TABLES),
        map_size=0 if (path / "chain").exists() else MAP_SIZE_FIRST,
        readonly=readonly,
        create=not readonly,
        lock=not readonly,
        subdir=True,
    )


def _lock(path: Path) -> int:
    descriptor = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
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
    except OSError as error:
        raise StoreError(f"datadir {path}: {error.strerror}") from None
    if not entries - {"lock"}:
        return False
    if "chain" not in entries:
        raise StoreError(
            f"datadir {path}: holds other files and no chain; choose an empty directory"
        )
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
    try:
        environment = _open(path, readonly=True)
        try:
            handle = environment.open_db(b"meta", create=False)
            with environment.begin(db=handle) as transaction:
                return {bytes(key): bytes(value) for key, value in transaction.cursor()}
        finally:
            environment.close()
    except lmdb.Error as error:
        reason = str(error).split(": ", 1)[-1]
        raise StoreError(
            f"datadir {path}: corrupt ({reason}); it was left as it is: "
            "restore it from a copy, or use another --datadir"
        ) from None
