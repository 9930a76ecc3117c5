"""A store in memory, contacts with ids and addresses of their own, and keys for lists."""

import random
from collections.abc import Callable, Mapping

import pytest

from node.bootstrap.contact import Contact
from node.crypto import SigningKey, sha256
from node.identity import Multiaddr


class MemoryStore:
    """What was committed is there for the next one who opens it; a commit can be made to fail."""

    def __init__(self) -> None:
        self.kept: dict[bytes, bytes] = {}
        self.commits = 0
        self.fails_at: int | None = None

    def get(self, key: bytes) -> bytes | None:
        return self.kept.get(key)

    def scan(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        return sorted((k, v) for k, v in self.kept.items() if k.startswith(prefix))

    def commit(self, changes: Mapping[bytes, bytes | None]) -> None:
        self.commits += 1
        if self.commits == self.fails_at:
            raise OSError("the power went")
        for key, value in changes.items():
            if value is None:
                self.kept.pop(key, None)
            else:
                self.kept[key] = value


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture(scope="session")
def make_store() -> type[MemoryStore]:
    return MemoryStore


@pytest.fixture
def randoms() -> Callable[[int], bytes]:
    return random.Random(8).randbytes


@pytest.fixture
def contact() -> Callable[..., Contact]:
    """Return a function that makes the contact of a number, in a network of its own or a given."""

    def make(number: int, network: int | None = None) -> Contact:
        wide = number if network is None else network
        host = f"10.{wide % 256}.{number // 256}.{number % 256}"
        return Contact(sha256(b"node", number.to_bytes(4)), (Multiaddr("ip4", host, 9000),))

    return make


@pytest.fixture(scope="session")
def release_keys() -> list[SigningKey]:
    return [SigningKey.from_seed(bytes([number]) * 32) for number in range(1, 5)]


@pytest.fixture
def flipped() -> Callable[[bytes, int], bytes]:
    """Return a function that changes one bit of a byte, another one at each place."""

    def flip(data: bytes, place: int) -> bytes:
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        return bytes(changed)

    return flip
