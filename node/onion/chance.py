"""Choices out of random bytes: uniform, and the exponential waits of a Poisson process."""

import math
from collections.abc import Sequence
from typing import TypeVar

from ..crypto import Random
from .packet import DELAY_MAX_MS

T = TypeVar("T")


def uniform(random: Random) -> float:
    """Return a number in [0, 1)."""
    return (int.from_bytes(random(8), "big") >> 11) / (1 << 53)


def exponential_ms(random: Random, mean_ms: int) -> int:
    """Return a wait whose mean is this; 0 where the mean is."""
    return round(-math.log(1.0 - uniform(random)) * mean_ms)


def wait_ms(random: Random, mean_ms: int) -> int:
    """Return a wait that a relay accepts."""
    return min(exponential_ms(random, mean_ms), DELAY_MAX_MS)


def below(random: Random, limit: int) -> int:
    """Return a number in [0, limit), equally likely but for 2^-64."""
    return int.from_bytes(random(16), "big") % limit


def shuffled(random: Random, items: Sequence[T]) -> list[T]:
    """Return the items in an order drawn from all orders."""
    order = list(items)
    for index in range(len(order) - 1, 0, -1):
        other = below(random, index + 1)
        order[index], order[other] = order[other], order[index]
    return order
