"""How a node decides which hellos are worth the work of an answer.

One gate stands before all links that come in. It keeps nothing of a caller that it turns away: a
cookie is a MAC over the caller's address and key, so that a flood has to receive what it is sent,
and a puzzle makes each hello cost more than the answer to it.
"""

from .. import codec, crypto
from ..codec import Refused
from ..crypto import Random
from .hello import COOKIE, MARK, Hello, is_solved

COOKIE_LABEL = b"pars/link-cookie/v1"
COOKIE_SLOT_MS = 60_000  # A cookie is good in the slot it is made in, and in the next.

# An answer takes about 2 ms: at this rate callers take an eighth of a core.
ANSWERS_PER_SECOND = 64
ANSWERS_AT_ONCE = 128
REFUSED_BELOW = -32
# Credit of answers down to which hellos need nothing, a cookie, and puzzles of so many bits.
LEVELS = ((64, None), (32, 0), (0, 12))
HARDEST = 16

HALF_OPEN_MAX = 128
SEEN_MAX = 8_192


class Gate:
    """Counts answers and half-open links; knows recent hellos."""

    __slots__ = ("_at", "_credit", "_secret", "_seen", "half_open")

    def __init__(self, random: Random) -> None:
        self._secret = random(32)
        self._credit = ANSWERS_AT_ONCE * 1_000  # in thousandths
        self._at: int | None = None
        self._seen: dict[bytes, None] = {}
        self.half_open = 0

    def demand(self, now: int) -> int | None:
        """Return how many bits a puzzle needs by now; None if not even a cookie is asked."""
        if self._at is not None and now > self._at:
            earned = (now - self._at) * ANSWERS_PER_SECOND
            self._credit = min(self._credit + earned, ANSWERS_AT_ONCE * 1_000)
        self._at = now
        for credit, bits in LEVELS:
            if self._credit > credit * 1_000:
                return bits
        return HARDEST

    def admit(self, hello: Hello, wire: bytes, source: bytes, now: int) -> tuple[bytes, int] | None:
        """Let a hello through to be answered, or return the cookie and puzzle it has to bring.

        Whoever is let through counts as half open until `leave`.
        """
        mark = wire[-MARK:]
        if mark in self._seen:
            raise Refused("link: hello again")
        bits = self.demand(now)
        if bits is not None and not self._has_paid(hello, source, bits, now):
            return self._cookie(hello, source, bits, now // COOKIE_SLOT_MS), bits
        if self._credit <= REFUSED_BELOW * 1_000 or self.half_open >= HALF_OPEN_MAX:
            raise Refused("link: too many callers")
        while len(self._seen) >= SEEN_MAX:
            del self._seen[next(iter(self._seen))]
        self._seen[mark] = None
        self._credit -= 1_000
        self.half_open += 1
        return None

    def leave(self) -> None:
        """Count one half-open link less."""
        self.half_open -= 1

    def _has_paid(self, hello: Hello, source: bytes, bits: int, now: int) -> bool:
        """Tell whether a hello brings what was asked; refuse one that brings something else."""
        if hello.cookie == bytes(COOKIE):
            return False
        slot = now // COOKIE_SLOT_MS
        for asked in (0, 12, HARDEST):
            for made in (slot, slot - 1):
                expected = self._cookie(hello, source, asked, made)
                if asked >= bits and crypto.equal(hello.cookie, expected):
                    if not is_solved(hello.cookie, asked, hello.solution):
                        raise Refused("link: puzzle not solved")
                    return True
        raise Refused("link: wrong cookie")

    def _cookie(self, hello: Hello, source: bytes, bits: int, slot: int) -> bytes:
        bound = codec.u64(slot) + codec.u8(bits) + codec.sized(source) + hello.public
        return crypto.mac(self._secret, COOKIE_LABEL + bound)[:COOKIE]
