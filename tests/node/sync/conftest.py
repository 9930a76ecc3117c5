"""Rows of histories, made from seeds."""

import random
from collections.abc import Callable

import pytest

from node.mesh.sync.items import row


@pytest.fixture
def chance() -> Callable[[int], bytes]:
    return random.Random(7).randbytes


@pytest.fixture
def make_rows():
    """Return so many rows of a history in which about three vertices share a lamport."""

    def make(count: int, seed: int = 1) -> list[bytes]:
        made = random.Random(seed)
        return [row(number // 3, made.randbytes(32)) for number in range(count)]

    return make
