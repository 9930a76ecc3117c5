"""The ledger on disk: a file of records that only grows, whole again after a stop at any byte.

A record is on the disk before `write` returns, and a transaction leaves after that. The journal
says what was intended and sent; what happened, the chain says. A file whose end is torn or damaged
opens with all that stands before; the rest is put aside beside it, and named.

    frame   u32 length || record || first 8 bytes of SHA-256(mark of the frame before || record)
"""

import fcntl
import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Self

from .errors import JournalError
from .ledger import DamagedError, Ledger, Scope, scope_record

FILE, LOCK, NEW, ASIDE = "journal", "lock", "journal.new", "journal.torn"
MARK = 8
RECORD_MAX = 2**18
COMPACT_BYTES = 4 * 2**20
FILE_BYTES_MAX = 2**30
"""No journal gets as long: it is compacted. More is not read into memory."""


class Journal:
    """A ledger that is kept in a folder, by one process at a time."""

    def __init__(self, folder: Path, scope: Scope, compact_bytes: int = COMPACT_BYTES) -> None:
        self.note = ""
        """What was not intact when it was opened."""
        self._folder = folder
        self._compact_bytes = compact_bytes
        self._file, self._mark = -1, b""
        self._size = self._limit = 0
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = _locked(folder / LOCK)
        except OSError as error:
            raise JournalError(f"journal: {folder}: {error.strerror}") from None
        try:
            self._open(scope)
        except OSError as error:
            os.close(self._lock)
            raise JournalError(f"journal: {folder}: {error.strerror}") from None
        except JournalError:
            os.close(self._lock)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give the folder free."""
        if self._file >= 0:
            os.close(self._file)
            os.close(self._lock)
        self._file = -1

    def write(self, record: bytes) -> None:
        """Keep a record, then change the ledger. If it cannot be kept, nothing has changed."""
        frame, mark = framed(record, self._mark)
        try:
            _write_all(self._file, frame)
            os.fsync(self._file)
        except OSError as error:
            # Half of it may stand there: what is written next must not follow that.
            os.ftruncate(self._file, self._size)
            os.lseek(self._file, self._size, os.SEEK_SET)
            raise JournalError(f"journal: cannot be written: {error.strerror}") from None
        self.ledger.apply(record)
        self._mark, self._size = mark, self._size + len(frame)
        if self._size > self._limit:
            self._limit = self._size + self._compact_bytes
            with suppress(OSError):  # The long file is as good; the next time comes.
                self._rewrite()

    def _open(self, scope: Scope) -> None:
        data = _content(self._folder / FILE)
        ledger, whole = replay(data)
        if whole < len(data):
            (self._folder / ASIDE).write_bytes(data[whole:])
            self.note = f"the last {len(data) - whole} bytes of the journal were not whole"
        if ledger.scope is None:
            ledger.apply(scope_record(scope))
        if ledger.scope != scope:
            raise JournalError(
                f"journal: {self._folder} is of another chain, account or deployment:"
                " give this one a folder of its own"
            )
        self.ledger = ledger
        self._rewrite()

    def _rewrite(self) -> None:
        """Write a file that says the same, shorter, and put it in the place of the old one."""
        frames, mark = _frames(self.ledger.records())
        path = self._folder / NEW
        made = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            _write_all(made, frames)
            os.fsync(made)
            path.replace(self._folder / FILE)
        except OSError:
            os.close(made)
            raise
        if self._file >= 0:
            os.close(self._file)
        self._file, self._mark, self._size = made, mark, len(frames)
        self._limit = self._size + self._compact_bytes
        _sync_folder(self._folder)


def read(folder: Path) -> Ledger:
    """Return what a journal says, whoever keeps it now; an empty ledger where there is none."""
    try:
        return replay(_content(folder / FILE))[0]
    except OSError as error:
        raise JournalError(f"journal: {folder}: {error.strerror}") from None


def replay(data: bytes) -> tuple[Ledger, int]:
    """Return what the frames of a file say, and how many bytes of it are whole frames."""
    ledger, mark, at = Ledger(), b"", 0
    while at + 4 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        end = at + 4 + size + MARK
        if size > RECORD_MAX or end > len(data):
            break
        record = data[at + 4 : end - MARK]
        found = _mark(mark, record)
        if found != data[end - MARK : end]:
            break
        try:
            ledger.apply(record)
        except DamagedError:
            break
        mark, at = found, end
    return ledger, at


def framed(record: bytes, mark: bytes) -> tuple[bytes, bytes]:
    """Return the frame of a record after one with this mark, and its own mark."""
    own = _mark(mark, record)
    return len(record).to_bytes(4, "big") + record + own, own


def _frames(records: Iterable[bytes]) -> tuple[bytes, bytes]:
    whole, mark = bytearray(), b""
    for record in records:
        frame, mark = framed(record, mark)
        whole += frame
    return bytes(whole), mark


def _mark(before: bytes, record: bytes) -> bytes:
    return hashlib.sha256(before + record).digest()[:MARK]


def _content(path: Path) -> bytes:
    try:
        size = path.stat().st_size
    except FileNotFoundError:
        return b""
    if size > FILE_BYTES_MAX:
        raise JournalError(f"journal: {path} has {size:,} bytes: no bridge wrote that")
    return path.read_bytes()


def _locked(path: Path) -> int:
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise JournalError(f"journal: another bridge runs in {path.parent}") from None
    return lock


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
