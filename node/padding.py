"""Sizes and times as far as others see them: buckets, and steps of five minutes."""

from .codec import Refused

BUCKETS = (256, 1024, 4096, 16_384, 65_536)
"""Larger ones are multiples of the last."""
LARGEST = 4 * BUCKETS[-1]
"""Of a message. Files travel in chunks of their own."""
TIME_STEP = 5 * 60 * 1000


def bucket(size: int) -> int:
    """Return the least bucket that holds this many bytes."""
    for one in BUCKETS:
        if size <= one:
            return one
    return -(-size // BUCKETS[-1]) * BUCKETS[-1]


def check_zeros(data: bytes) -> None:
    """Refuse padding that says something."""
    if data.count(0) != len(data):
        raise Refused("padding: not zeros")


def coarse(now: int) -> int:
    """Return the time, in milliseconds, as it may be told."""
    return now - now % TIME_STEP
