"""Nodes that know one another, and random bytes that come again."""

import hashlib
from collections.abc import Callable

import pytest

from node.onion.keys import KeyRing
from node.onion.packet import Relay
from node.onion.relay import RelayNode


class Chance:
    """A stream of bytes out of a seed."""

    def __init__(self, seed: str) -> None:
        self._seed = seed.encode()
        self._number = 0

    def __call__(self, size: int) -> bytes:
        self._number += 1
        return hashlib.shake_256(b"%s/%d" % (self._seed, self._number)).digest(size)


class Node:
    """A relay with its keys and the record that others know it by."""

    def __init__(self, name: str, now: int = 0) -> None:
        self.random = Chance(name)
        self.node_id = hashlib.sha256(name.encode()).digest()
        self.keys = KeyRing(now, self.random)
        self.relay = RelayNode(self.node_id, self.keys)
        self.record = Relay(
            node_id=self.node_id, public=self.keys.current.key.public, subnet=self.node_id[:2]
        )


@pytest.fixture
def chance() -> Callable[[str], Chance]:
    return Chance


@pytest.fixture(scope="session")
def make_node() -> Callable[..., Node]:
    return Node


@pytest.fixture
def nodes() -> list[Node]:
    return [Node(f"node {number}") for number in range(6)]
