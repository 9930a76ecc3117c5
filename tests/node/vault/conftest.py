"""A disk that loses power, and containers that are quick to open."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from node.vault.container import SIZE_MIN, Cost, create
from node.vault.duress import Session, set_up

SECTOR = 512


class PowerLoss(Exception):
    """The simulated machine went off in the middle of a write."""


@dataclass
class SimulatedDisk:
    """Bytes in memory, of which a crash keeps any sectors of what was not synchronised.

    `fuse` counts writes: at the one where it reaches zero, power fails while it is under way.
    """

    content: bytearray = field(default_factory=bytearray)
    unsynced: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    calls: list[tuple[str, int, int]] = field(default_factory=list)
    fuse: int | None = None

    def size(self) -> int:
        return len(self.content)

    def read(self, offset: int, length: int) -> bytes:
        self.calls.append(("read", offset, length))
        return bytes(self.content[offset : offset + length])

    def write(self, offset: int, data: bytes) -> None:
        self.calls.append(("write", offset, len(data)))
        end = offset + len(data)
        self.content.extend(bytes(max(0, end - len(self.content))))
        self.unsynced.append((offset, bytes(self.content[offset:end]), data))
        self.content[offset:end] = data
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse < 0:
                raise PowerLoss

    def sync(self) -> None:
        self.calls.append(("sync", 0, 0))
        self.unsynced.clear()

    def after_crash(self, keep: Callable[[], bool]) -> "SimulatedDisk":
        """Return the disk as it comes up again; `keep` says of each sector whether it was new."""
        content = bytearray(self.content)
        for offset, old, _ in reversed(self.unsynced):
            content[offset : offset + len(old)] = old
        for offset, old, new in self.unsynced:
            for start in range(0, len(old), SECTOR):
                if keep():
                    part = new[start : start + SECTOR]
                    content[offset + start : offset + start + len(part)] = part
        return SimulatedDisk(content)

    def copy(self) -> "SimulatedDisk":
        return SimulatedDisk(bytearray(self.content))


def seeded(seed: int) -> Callable[[int], bytes]:
    return random.Random(seed).randbytes


@pytest.fixture(scope="session")
def cost() -> Cost:
    """The least that Argon2id takes."""
    return Cost(memory_kib=8, passes=1, lanes=1)


@pytest.fixture(scope="session")
def chance() -> Callable[[int], Callable[[int], bytes]]:
    """Seed -> a source of bytes."""
    return seeded


@pytest.fixture(scope="session")
def power_loss() -> type[Exception]:
    return PowerLoss


@pytest.fixture(scope="session")
def empty_disk_type() -> type[SimulatedDisk]:
    return SimulatedDisk


@pytest.fixture
def empty_disk() -> SimulatedDisk:
    return SimulatedDisk()


@pytest.fixture
def disk() -> SimulatedDisk:
    """A small container that nobody has used."""
    made = SimulatedDisk()
    create(made, SIZE_MIN, seeded(1))
    return made


@pytest.fixture
def session(disk: SimulatedDisk, cost: Cost) -> Iterator[Session]:
    """The owner's session in a container of its own."""
    made = set_up(disk, b"real", cost, seeded(2))
    yield made
    made.store.close()
