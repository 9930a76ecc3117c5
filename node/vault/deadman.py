"""The dead man's switch: an owner who stays silent is warned, and then acted for.

    off <--disable-- watching --interval--> warned --grace--> triggered
     |                  ^  ^                   |
     '-----enable-------'  '-----check-in------'    (and by extending)

It counts the time that it sees pass, because clocks of such machines are wrong: a step back counts
nothing; time that nobody watched, in which the machine was off or its clock jumped, leads to the
warning and no further, and of the grace one step takes an hour at most. So nothing is ever
destroyed by a clock, and a switch on a machine that is off waits.
"""

from dataclasses import dataclass, field, replace
from enum import IntEnum

from ..codec import Reader, Refused, sized, u8, u32, u64

HOUR = 3_600_000
DAY = 24 * HOUR
INTERVAL_DEFAULT = 72 * HOUR
GRACE_DEFAULT = 72 * HOUR
SPAN_MIN = HOUR
SPAN_MAX = 366 * DAY
STEP_MAX = HOUR  # what one step may take of the grace: tick at least as often
ACTIONS_MAX = 32
PAYLOAD_MAX = 64 << 10
CHANNEL_MAX = 64
VERSION = 1


class Phase(IntEnum):
    """Where the switch stands."""

    OFF = 0
    WATCHING = 1
    WARNED = 2
    TRIGGERED = 3


class Kind(IntEnum):
    """What is done, in this order: the wipe comes last, for it ends the others."""

    ALERT = 0
    RELEASE = 1
    HAND_OVER = 2
    WIPE = 3


@dataclass(frozen=True, order=True)
class Action:
    """Something to do for a silent owner; what the payload is, its sender knows."""

    kind: Kind
    channel: bytes = b""
    payload: bytes = field(default=b"", repr=False)


@dataclass(frozen=True)
class Switch:
    """The whole state. Every method returns the next one; store it before acting on it."""

    interval: int
    grace: int
    actions: tuple[Action, ...]
    phase: Phase
    seen: int  # the clock, when it was last looked at
    quiet: int = 0  # counted since the last check-in
    extension: int = 0  # given by the owner on top of the interval
    done: frozenset[int] = frozenset()  # actions that were carried out

    @classmethod
    def enable(
        cls,
        actions: tuple[Action, ...],
        now: int,
        interval: int = INTERVAL_DEFAULT,
        grace: int = GRACE_DEFAULT,
    ) -> "Switch":
        """Begin to watch."""
        if not all(SPAN_MIN <= span <= SPAN_MAX for span in (interval, grace)):
            raise Refused("deadman: interval and grace are an hour to a year")
        if not 0 < len(actions) <= ACTIONS_MAX:
            raise Refused("deadman: number of actions")
        if any(
            len(action.payload) > PAYLOAD_MAX or len(action.channel) > CHANNEL_MAX
            for action in actions
        ):
            raise Refused("deadman: payload is too long")
        return cls(interval, grace, tuple(sorted(actions)), Phase.WATCHING, now)

    @property
    def warning_at(self) -> int:
        """The counted time at which the owner is warned."""
        return self.interval + self.extension

    @property
    def trigger_at(self) -> int:
        """The counted time at which the owner is acted for."""
        return self.warning_at + self.grace

    def tick(self, now: int) -> "Switch":
        """Count the time since the last look."""
        step = max(0, now - self.seen)
        quiet = self.quiet
        if self.phase == Phase.WATCHING:
            unwatched = step > STEP_MAX
            quiet = min(quiet + step, self.warning_at) if unwatched else quiet + step
        elif self.phase == Phase.WARNED:
            quiet += min(step, STEP_MAX)
        return replace(self, seen=now, quiet=quiet)._settled()

    def check_in(self, now: int) -> "Switch":
        """Begin to count anew: the owner is there. A switch that is off stays off."""
        self._still()
        if self.phase == Phase.OFF:
            return self
        return replace(self, phase=Phase.WATCHING, seen=now, quiet=0, extension=0)

    def extend(self, span: int) -> "Switch":
        """Give the owner more time before the next warning."""
        self._still()
        if span <= 0 or self.extension + span > SPAN_MAX:
            raise Refused("deadman: extensions are a year at most")
        phase = Phase.WATCHING if self.quiet < self.warning_at + span else self.phase
        return replace(self, extension=self.extension + span, phase=phase)

    def disable(self) -> "Switch":
        """Stop watching."""
        self._still()
        return replace(self, phase=Phase.OFF, quiet=0, extension=0)

    def due(self) -> tuple[int, ...]:
        """Return the actions to carry out now, by number. The wipe waits for all others."""
        if self.phase != Phase.TRIGGERED:
            return ()
        left = [number for number in range(len(self.actions)) if number not in self.done]
        others = [number for number in left if self.actions[number].kind != Kind.WIPE]
        return tuple(others or left)

    def carried_out(self, number: int) -> "Switch":
        """Note that an action is done, so that a restart does not do it again."""
        if number not in self.due():
            raise Refused("deadman: action is not due")
        return replace(self, done=self.done | {number})

    def next_tick(self) -> int | None:
        """Return in how many milliseconds to look again; None when there is nothing to wait for."""
        if self.phase in (Phase.OFF, Phase.TRIGGERED):
            return None
        end = self.warning_at if self.phase == Phase.WATCHING else self.trigger_at
        return min(STEP_MAX, end - self.quiet)

    def encode(self) -> bytes:
        """Return the stored form."""
        numbers = (self.interval, self.grace, self.seen, self.quiet, self.extension)
        actions = (
            u8(action.kind)
            + u8(number in self.done)
            + sized(action.channel)
            + sized(action.payload)
            for number, action in enumerate(self.actions)
        )
        head = u8(VERSION) + u8(self.phase) + b"".join(map(u64, numbers)) + u32(len(self.actions))
        return head + b"".join(actions)

    @classmethod
    def decode(cls, data: bytes) -> "Switch":
        """Read what `encode` made."""
        reader = Reader(data)
        version, phase = reader.u8(), reader.u8()
        interval, grace, seen, quiet, extension = (reader.u64() for _ in range(5))
        count = reader.u32()
        if version != VERSION or phase > Phase.TRIGGERED or count > ACTIONS_MAX:
            raise Refused("deadman: damaged state")
        actions, done = [], set()
        for number in range(count):
            kind, is_done = reader.u8(), reader.u8()
            if kind > Kind.WIPE or is_done > 1:
                raise Refused("deadman: damaged state")
            actions.append(Action(Kind(kind), reader.sized(CHANNEL_MAX), reader.sized(PAYLOAD_MAX)))
            done |= {number} if is_done else set()
        reader.end()
        made = cls.enable(tuple(actions), seen, interval, grace)
        if made.actions != tuple(actions) or extension > SPAN_MAX:
            raise Refused("deadman: damaged state")
        return replace(
            made, phase=Phase(phase), quiet=quiet, extension=extension, done=frozenset(done)
        )

    def _settled(self) -> "Switch":
        if self.phase == Phase.WATCHING and self.quiet >= self.warning_at:
            return replace(self, phase=Phase.WARNED)._settled()
        if self.phase == Phase.WARNED and self.quiet >= self.trigger_at:
            return replace(self, phase=Phase.TRIGGERED)
        return self

    def _still(self) -> None:
        if self.phase == Phase.TRIGGERED:
            raise Refused("deadman: triggered already")
