"""A store in memory, chance that is repeated, and an invite."""

import random
from collections.abc import Callable, Mapping

import pytest

from node.crypto import sha256
from node.identity import Multiaddr
from node.invite.invite import Invite, Subject

NOW = 1_700_000_000_000


class MemoryStore:
    """What was committed is there for the next one who opens it; a commit can be made to fail."""

    def __init__(self) -> None:
        self.kept: dict[bytes, bytes] = {}
        self.fails = False

    def get(self, key: bytes) -> bytes | None:
        return self.kept.get(key)

    def scan(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        return sorted((k, v) for k, v in self.kept.items() if k.startswith(prefix))

    def commit(self, changes: Mapping[bytes, bytes | None]) -> None:
        if self.fails:
            raise OSError("the power went")
        for key, value in changes.items():
            if value is None:
                self.kept.pop(key, None)
            else:
                self.kept[key] = value


@pytest.fixture(scope="session")
def make_store() -> type[MemoryStore]:
    return MemoryStore


@pytest.fixture(scope="session")
def now() -> int:
    return NOW


@pytest.fixture(scope="session")
def make_random() -> Callable[[int], Callable[[int], bytes]]:
    return lambda seed: random.Random(seed).randbytes


@pytest.fixture(scope="session")
def invite() -> Invite:
    """The invite of a node, with the address it is reached at."""
    return Invite(
        network=1,
        subject=Subject.NODE,
        id=sha256(b"host"),
        secret=bytes(range(16)),
        expires=NOW + 3_600_000,
        address=Multiaddr("ip4", "203.0.113.7", 9000),
    )


@pytest.fixture(scope="session")
def flipped() -> Callable[[bytes, int], bytes]:
    """Return a function that changes one bit of a byte, another one at each place."""

    def flip(data: bytes, place: int) -> bytes:
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        return bytes(changed)

    return flip
