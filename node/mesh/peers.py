"""What another node may cost this one: bytes and work, and how often it may break a rule."""

from dataclasses import dataclass, field

from ..codec import Refused

BURST_BYTES = 16 << 20
BYTES_PER_MS = 4 << 10  # of what was not asked for: 4 MB a second
SERVED_BURST = 32 << 20
SERVED_PER_MS = 16 << 10
WORK_BURST = 65_536
WORK_PER_MS = 8
MESSAGE_WORK = 4  # what a message costs at least; an id in it costs one more
COMPARE_WORK = 1_000

FAULT = 10  # points for a message that breaks a rule
EXCESS = 1  # for one too many
BAN_AT = 100
FORGIVEN_MS = 10_000  # for each point
BAN_MS = 600_000  # the first time; twice as long each time after
BAN_MAX_MS = 24 * 3_600_000


class ExcessError(Refused):
    """A message is one too many; nothing is wrong with it."""


class Bucket:
    """Tokens that come back with time."""

    __slots__ = ("_at", "_left", "_most", "_per_ms")

    def __init__(self, most: int, per_ms: int, now: int) -> None:
        self._most, self._per_ms = most, per_ms
        self._left, self._at = most, now

    def take(self, amount: int, now: int) -> bool:
        """Take tokens, or none where there are not enough."""
        self._left = min(self._most, self._left + max(0, now - self._at) * self._per_ms)
        self._at = now
        if amount > self._left:
            return False
        self._left -= amount
        return True


@dataclass(slots=True)
class Conduct:
    """How a node has behaved; it outlives its links."""

    points: int = 0
    since: int = 0
    bans: int = 0
    until: int = 0

    def banned(self, now: int) -> bool:
        """Tell whether it is not heard."""
        return now < self.until

    def fault(self, points: int, now: int) -> bool:
        """Add points; True where that makes a ban."""
        forgiven = max(0, now - self.since) // FORGIVEN_MS
        self.points = max(0, self.points - forgiven) + points
        self.since = now
        if self.points < BAN_AT:
            return False
        self.until = now + min(BAN_MAX_MS, BAN_MS << min(self.bans, 16))
        self.bans += 1
        self.points = 0
        return True


@dataclass(slots=True)
class Peer:
    """A node that there is a link to."""

    since: int
    topics: dict[bytes, None] = field(default_factory=dict)  # that both carry
    heard: bool = False  # it has said which spaces it carries
    tell_at: int = 0  # when to say so again
    tell_gap: int = 5_000
    incoming: Bucket = field(init=False)
    served: Bucket = field(init=False)
    work: Bucket = field(init=False)

    def __post_init__(self) -> None:
        self.incoming = Bucket(BURST_BYTES, BYTES_PER_MS, self.since)
        self.served = Bucket(SERVED_BURST, SERVED_PER_MS, self.since)
        self.work = Bucket(WORK_BURST, WORK_PER_MS, self.since)
