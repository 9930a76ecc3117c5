"""The data directory: what lies in it, who may use it, and how it begins.

    lock            held while a daemon runs
    network         the network that it belongs to
    node.key        the seed of the node's transport keys; of no account
    node.db         other nodes, service sessions
    swarm.db        what the node keeps for others, sealed by them
    mesh.db         the spaces that it carries, encrypted under a key from node.key
    container       all that is the user's: random bytes to whoever has no password
    control.sock, control.token   while a daemon runs

A first start makes all of it, and the container looks alike whatever is in it. What a directory
does tell is whether an account was ever made here, by a mark in node.db, which keeps a second one
from overwriting the first by mistake.
"""

import fcntl
import os
from pathlib import Path

from ..control import write_private
from ..crypto import Random, SigningKey, hkdf_expand
from ..identity import SEED, NodeKey
from ..vault.container import SIZE_DEFAULT, create
from ..vault.disk import FileDisk, sync_folder

PRIVATE = 0o700


class Unusable(Exception):
    """The daemon does not start; the message says why, for the user."""


class Folder:
    """A data directory that this process has for itself."""

    def __init__(self, path: Path, network: str, random: Random, size: int = SIZE_DEFAULT) -> None:
        self.path = path
        try:
            path.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
            self._lock = _lock(path / "lock")
            _settle_network(path / "network", network)
            seed = _seed(path / "node.key", random)
            self.node = NodeKey.from_seed(seed)
            self.mesh_key = hkdf_expand(seed, b"pars/mesh-store/v1")
            self.committee = SigningKey.from_seed(hkdf_expand(seed, b"pars/committee-signing/v1"))
            if not self.container.exists():
                _make_container(self.container, size, random)
        except OSError as error:
            raise Unusable(f"{error.filename or path}: {error.strerror}") from None

    @property
    def container(self) -> Path:
        """Where the user's part is."""
        return self.path / "container"

    def close(self) -> None:
        """Let another process have the directory."""
        os.close(self._lock)


def _lock(path: Path) -> int:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Unusable(f"another sessiond runs in {path.parent}") from None
    return descriptor


def _settle_network(path: Path, network: str) -> None:
    if not path.exists():
        write_private(path, network.encode())
    known = path.read_text("utf-8")
    if known != network:
        raise Unusable(f"{path.parent} belongs to {known!r}, not to {network!r}")


def _seed(path: Path, random: Random) -> bytes:
    if not path.exists():
        write_private(path, random(SEED))
        sync_folder(path.parent)
    seed = path.read_bytes()
    if len(seed) != SEED:
        raise Unusable(f"{path} is damaged: move it away, and the node gets a new address")
    return seed


def _make_container(path: Path, size: int, random: Random) -> None:
    """Fill a file under another name first: one that is there has its full size."""
    unfinished = path.with_suffix(".new")
    write_private(unfinished, b"")
    disk = FileDisk(unfinished)
    try:
        create(disk, size, random)
    finally:
        disk.close()
    unfinished.replace(path)
    sync_folder(path.parent)
