"""Panic: leave a folder as a node that starts for the first time leaves it.

A duress password is no way here: its log-in keeps the decoy, and a folder that looks fresh would
contradict it.
"""

import os
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from pathlib import Path

from ..codec import Refused
from ..crypto import Random, equal, sha256
from .container import BLOCK, COPIES, overwrite
from .disk import Disk, FileDisk, sync_folder

ORDER_LABEL = b"pars/wipe-order/v1"
ORDER = 32


class Trigger(Enum):
    """What may wipe a node."""

    BUTTON = "the user's button"
    KEYS = "the sequence of keys of a telephone"
    CONTACT = "the order of a trusted contact"
    SILENCE = "the dead man's switch"


def order_digest(order: bytes) -> bytes:
    """Return what the owner keeps of an order that was drawn for a trusted contact."""
    return sha256(ORDER_LABEL, order)


def is_order(digest: bytes, order: bytes) -> bool:
    """Tell whether a contact sent the order that was given to it."""
    return len(order) == ORDER and equal(order_digest(order), digest)


def destroy_keys(container: Disk, random: Random) -> None:
    """Overwrite what a password opens: 8 KiB, and all that the container holds is lost."""
    overwrite(container, 0, COPIES * BLOCK, random)


def panic_wipe(
    folder: Path, container: FileDisk, start: Callable[[Path], None], random: Random
) -> None:
    """Destroy everything in a folder, and let `start` do what a first start does.

    The keys of the container go first. Close its stores before, so that theirs leave memory. A wipe
    that power cut short is finished by another.
    """
    destroy_keys(container, random)
    inside = [Path(base) / name for base, _, names in os.walk(folder) for name in names]
    for path in sorted(inside, key=lambda path: path.lstat().st_size):
        _erase(path, random)
    container.close()
    for base, names, _ in os.walk(folder, topdown=False):
        for name in names:
            path = Path(base) / name
            path.unlink() if path.is_symlink() else path.rmdir()
    sync_folder(folder)
    start(folder)


def _erase(path: Path, random: Random) -> None:
    """Overwrite a file in place, then remove it; of what is no file, remove the name."""
    if path.is_file() and not path.is_symlink():
        with suppress(OSError, Refused):  # a file that cannot be written must not save the others
            path.chmod(0o600)
            disk = FileDisk(path)
            try:
                overwrite(disk, 0, disk.size(), random)
            finally:
                disk.close()
    path.unlink()
