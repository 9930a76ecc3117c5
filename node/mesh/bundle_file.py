"""Bundles as files on a stick: under names of chance, there whole or not at all."""

import os
from collections.abc import Iterable
from pathlib import Path

from ..codec import Refused
from ..crypto import Random
from ..vault.disk import sync_folder
from .bundle import UNIT, UNITS_MAX

FOUND_MAX = 256  # files that a folder is asked for


class FileSource:
    """A file that a bundle is read from."""

    __slots__ = ("_descriptor",)

    def __init__(self, path: Path) -> None:
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            raise Refused("bundle: cannot be read") from None

    def __enter__(self) -> "FileSource":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def size(self) -> int:
        """Return how many bytes there are."""
        return os.fstat(self._descriptor).st_size

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes from an offset; fewer where they end, or the stick is gone."""
        parts: list[bytes] = []
        try:
            while length and (part := os.pread(self._descriptor, length, offset)):
                parts.append(part)
                offset += len(part)
                length -= len(part)
        except OSError:
            return b""
        return b"".join(parts)


def save_bundle(folder: Path, pieces: Iterable[bytes], random: Random) -> Path:
    """Write a bundle; it has its name once it is durable."""
    path = folder / random(8).hex()
    unfinished = folder / f".{random(8).hex()}"
    descriptor = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        os.rename(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    sync_folder(folder)
    return path


def bundles_in(folder: Path) -> list[Path]:
    """Return the files that may be bundles, by their size: nothing else tells."""
    found = []
    for path in folder.iterdir():
        if path.name.startswith(".") or path.is_symlink() or not path.is_file():
            continue
        if _is_size(path.stat().st_size):
            found.append(path)
            if len(found) == FOUND_MAX:
                break
    return sorted(found)


def _is_size(size: int) -> bool:
    units = size // UNIT
    return size % UNIT == 0 and 0 < units <= UNITS_MAX and units & (units - 1) == 0
