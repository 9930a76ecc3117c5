"""The file under a container: the only thing of it that touches the operating system."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from ..codec import Refused

# Of a file that keeps its size there is nothing more to write than its data. macOS lacks it.
write_out: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)

SECTOR = 4096  # what a disk reads or fails to read in one piece


class Disk(Protocol):
    """What a container needs of a file. A write is durable when `sync` has returned."""

    def size(self) -> int:
        """Return how many bytes there are."""
        ...

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes from an offset; fewer where the file ends."""
        ...

    def write(self, offset: int, data: bytes) -> None:
        """Put bytes at an offset."""
        ...

    def sync(self) -> None:
        """Return when all that was written is durable."""
        ...


class FileDisk:
    """A file that this process alone has open."""

    __slots__ = ("_descriptor",)

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            os.lockf(self._descriptor, os.F_TLOCK, 0)
        except OSError:
            os.close(self._descriptor)
            raise Refused("vault: another process has the container") from None

    @classmethod
    def create(cls, path: Path, fill: Callable[["FileDisk"], None]) -> "FileDisk":
        """Make a file and fill it; under its name it is there whole or not at all."""
        unfinished = path.with_name(f"{path.name}.new")
        unfinished.unlink(missing_ok=True)
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        disk = cls(unfinished)
        try:
            fill(disk)
            disk.sync()
            os.rename(unfinished, path)
        except BaseException:
            disk.close()
            raise
        sync_folder(path.parent)
        return disk

    def size(self) -> int:
        """Return how many bytes there are."""
        return os.fstat(self._descriptor).st_size

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes from an offset: fewer where the file ends, zeros where it cannot be read."""
        parts: list[bytes] = []
        while length:
            try:
                part = os.pread(self._descriptor, length, offset)
            except OSError:
                if length > SECTOR:
                    return b"".join(parts) + self._salvaged(offset, length)
                part = bytes(length)
            if not part:
                break
            parts.append(part)
            offset += len(part)
            length -= len(part)
        return b"".join(parts)

    def _salvaged(self, offset: int, length: int) -> bytes:
        """Read sector by sector, so that one that is broken takes no other with it."""
        end = min(offset + length, self.size())
        return b"".join(
            self.read(start, min(SECTOR, end - start)) for start in range(offset, end, SECTOR)
        )

    def write(self, offset: int, data: bytes) -> None:
        """Put bytes at an offset."""
        view = memoryview(data)
        while view:
            written = os.pwrite(self._descriptor, view, offset)
            view = view[written:]
            offset += written

    def sync(self) -> None:
        """Return when all that was written is durable."""
        write_out(self._descriptor)

    def close(self) -> None:
        """Let the file go."""
        os.close(self._descriptor)


def sync_folder(path: Path) -> None:
    """Return when what was made, renamed or removed in a folder is durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
