"""Keys, bundles in memory, and a store that is a dictionary."""

import random
from collections.abc import Callable, Iterable

import pytest

from node.crypto import SigningKey, sha256
from node.mesh.bundle import Recipients
from node.mesh.bundle_content import About, export


class Memory:
    """A bundle that lies in memory, and can lose its end meanwhile."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def size(self) -> int:
        return len(self.data)

    def read(self, offset: int, length: int) -> bytes:
        return self.data[offset : offset + length]


class Table:
    """A store whose commits last."""

    def __init__(self) -> None:
        self.rows: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        return self.rows.get(key)

    def scan(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        return sorted(pair for pair in self.rows.items() if pair[0].startswith(prefix))

    def commit(self, changes) -> None:
        for key, value in changes.items():
            self.rows.pop(key, None)
            if value is not None:
                self.rows[key] = value


@pytest.fixture
def chance() -> Callable[[int], bytes]:
    return random.Random(7).randbytes


@pytest.fixture
def memory():
    return Memory


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture(scope="session")
def space() -> bytes:
    return sha256(b"key of a space")


@pytest.fixture(scope="session")
def topic() -> bytes:
    return sha256(b"topic")


@pytest.fixture(scope="session")
def topics(space, topic) -> dict[bytes, bytes]:
    """The topics by the keys of their spaces."""
    return {bytes(32): bytes(32), space: topic}


@pytest.fixture(scope="session")
def author() -> SigningKey:
    return SigningKey.from_seed(sha256(b"author"))


@pytest.fixture
def make(space, author, topic, chance):
    """Return bundles, one for each part."""

    def make_bundles(
        vertices: Iterable[bytes] = (),
        snapshots: Iterable[bytes] = (),
        *,
        about: About | None = None,
        keys: tuple[bytes, ...] = (),
        publics: tuple[bytes, ...] = (),
        signer: SigningKey = author,
        size_max: int | None = None,
    ) -> list[bytes]:
        recipients = Recipients(space_keys=keys or (() if publics else (space,)), publics=publics)
        parts = export(
            about or About(topic=topic), vertices, snapshots, recipients, signer, chance, size_max
        )
        return [b"".join(part) for part in parts]

    return make_bundles


@pytest.fixture
def vertices() -> list[bytes]:
    """What would be encoded vertices, 300 KB of them."""
    made = random.Random(3)
    return [made.randbytes(made.randint(4000, 6000)) for _ in range(60)]
