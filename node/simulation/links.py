"""What lies between two simulated nodes: how long a message takes, what it weighs, how it is lost.

Sizes are those of the real link: a message fills a bucket, whatever it holds.
"""

import math
from bisect import bisect_left
from dataclasses import dataclass
from random import Random

from ..crypto import TAG
from ..link.frames import BUCKETS, HEADER, KIND_AND_LENGTH, SLACK
from ..link.link import SILENCE_MS
from ..link.tickets import LIFETIME_MS as TICKET_MS
from ..session.messages import OVERHEAD

HANDSHAKE_BYTES = 17_774  # both ways, with identities and signatures
RESUMPTION_BYTES = 3_336
RECORD_BYTES = 9_216  # a node's record, which each side greets with
GREETING_ROUNDS = 3  # round trips: the transport's, the handshake, the greeting

RETRANSMIT_MS = 200
ATTEMPTS_MAX = 8
BACKLOG_MS = 60_000  # what waits longer for a thin line is given back to its sender
ONE_WAY_MIN_MS, ONE_WAY_MAX_MS = 2, 400

_LIMITS = [size + SLACK - KIND_AND_LENGTH - OVERHEAD for size in BUCKETS]
_SIZES = [HEADER + size + SLACK + TAG for size in BUCKETS]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How the lines of a world are. Times one way in milliseconds, shares of 1."""

    median_ms: int = 60
    spread: float = 0.5  # of the logarithm: each pair of nodes has a distance of its own
    jitter_ms: int = 10
    loss: float = 0.0  # of transmissions: a lost one is sent again, later, and keeps its place
    gone: float = 0.0  # of messages: for good, and nobody is told
    rate: int = 1_250_000  # bytes a second, each way

    def __post_init__(self) -> None:
        if not (0 <= self.loss < 1 and 0 <= self.gone < 1):
            raise ValueError("a share that is lost is at least 0 and below 1")
        if self.median_ms < 1 or self.jitter_ms < 0 or self.rate < 1:
            raise ValueError("a line takes 1 ms or more and carries 1 byte a second or more")


class Line:
    """An established link between two nodes, by their numbers."""

    __slots__ = ("arrived", "free_us", "high", "low", "open", "refused", "terms", "used", "way")

    def __init__(self, low: int, high: int, way: int, terms: Terms, now: int) -> None:
        self.low, self.high = low, high
        self.way = way
        self.terms = terms
        self.open = True
        self.used = now
        self.free_us = [now * 1000, now * 1000]  # when each way has sent what it was given
        self.arrived = [now, now]  # nothing overtakes what was sent before it
        self.refused = [0, 0]

    def other(self, index: int) -> int:
        """Return the number of the node at the other end."""
        return self.high if index == self.low else self.low

    def takes(self, direction: int, size: int, now: int, chance: Random) -> int | None:
        """Return when a message arrives; None where the line breaks over it."""
        terms = self.terms
        start = max(self.free_us[direction], now * 1000)
        self.free_us[direction] = sent = start + size * 1_000_000 // terms.rate
        delay = self.way
        if terms.jitter_ms:
            delay += int(chance.random() * terms.jitter_ms)
        if terms.loss:
            wait = RETRANSMIT_MS + 2 * self.way
            for _ in range(ATTEMPTS_MAX):
                if chance.random() >= terms.loss:
                    break
                delay += wait
                wait = min(2 * wait, SILENCE_MS)
            else:
                return None
        arrival = max(-(-sent // 1000) + delay, self.arrived[direction])
        self.arrived[direction] = arrival
        return arrival

    def backlog(self, direction: int, now: int) -> int:
        """Return how long a message would wait before its first byte is sent."""
        return self.free_us[direction] // 1000 - now


def one_way(terms: Terms, chance: Random) -> int:
    """Draw the distance of a pair of nodes, in milliseconds."""
    drawn = terms.median_ms * math.exp(chance.gauss(0.0, terms.spread))
    return max(ONE_WAY_MIN_MS, min(ONE_WAY_MAX_MS, round(drawn)))


def weight(length: int) -> int:
    """Return the bytes of the frame that carries a payload of this length."""
    return _SIZES[bisect_left(_LIMITS, length)]


def greeting_bytes(*, resumed: bool) -> int:
    """Return what a new link costs before its first message, both ways together."""
    hands = RESUMPTION_BYTES if resumed else HANDSHAKE_BYTES
    return hands + 2 * weight(RECORD_BYTES)


def resumes(last: int | None, now: int) -> bool:
    """Tell whether a pair that met then still has a ticket."""
    return last is not None and now - last < TICKET_MS
