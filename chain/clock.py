"""The time of the next block: true seconds, unless a developer moved the clock.

Blocks come faster than seconds, so neighbours may share a timestamp; a timestamp never lies
ahead of the clock. The milliseconds of a block go into its extra data.
"""

from collections.abc import Callable
from dataclasses import dataclass

from .errors import InvalidRequest

TIME_MAX = 2**63 - 1


@dataclass
class Clock:
    """Wall time plus what `evm_increaseTime` and its relatives added."""

    wall: Callable[[], float]
    offset: float = 0.0
    next_timestamp: int | None = None
    """Timestamp of the next block alone; time goes on from there."""
    step: int | None = None
    """Seconds between blocks, where a developer wants them regular."""

    def now(self) -> float:
        """Return chain time in seconds."""
        return self.wall() + self.offset

    def peek(self, parent_timestamp: int) -> tuple[int, int]:
        """Return the next block's timestamp and its milliseconds."""
        if self.next_timestamp is not None:
            return self.next_timestamp, 0
        if self.step is not None:
            return parent_timestamp + self.step, 0
        now = self.now()
        seconds = int(now)
        if seconds < parent_timestamp:  # The clock was set back, or the parent was mined ahead.
            return parent_timestamp, 999
        return seconds, int((now - seconds) * 1000)

    def take(self, parent_timestamp: int) -> tuple[int, int]:
        """Return the timestamp of the block that is mined now, and let time go on from it."""
        timestamp, millis = self.peek(parent_timestamp)
        if self.next_timestamp is not None:
            self.offset = timestamp - self.wall()
            self.next_timestamp = None
        return timestamp, millis

    def increase(self, seconds: int) -> int:
        """Move time forward; return all that was added so far."""
        if seconds < 0:
            raise InvalidRequest("time cannot go backwards: the increase is negative")
        if self.now() + seconds > TIME_MAX:
            raise InvalidRequest("the time does not fit 63 bits")
        self.offset += seconds
        return int(self.offset)

    def set_next(self, timestamp: int, parent_timestamp: int) -> None:
        """Fix the next block's timestamp."""
        if not parent_timestamp <= timestamp <= TIME_MAX:
            raise InvalidRequest(
                f"timestamp {timestamp} is lower than the latest block's {parent_timestamp}"
            )
        self.next_timestamp = timestamp

    def set(self, timestamp: float) -> int:
        """Make it this time now; return the difference to true time."""
        if not 0 <= timestamp <= TIME_MAX:
            raise InvalidRequest(f"timestamp {timestamp} is not a time")
        self.offset = timestamp - self.wall()
        self.next_timestamp = None
        return int(self.offset)
