"""How much of a machine a node takes: readings in, settings for every part out.

The rules are the network's: above 0.8 of the memory fewer neighbours are told at once and old
vertices go; above 0.9 of the storage the oldest goes; below 20 % of battery, where that counts, a
node wakes once a minute; on a metered line gossip waits to be asked. A rule that is on stays on
until there is some room again, so that a node at the line does not change with each reading.
"""

from collections import deque
from dataclasses import dataclass, replace
from enum import Enum

from .mesh.settings import Settings

MEMORY_HIGH, MEMORY_LOW = 0.8, 0.7
STORAGE_HIGH, STORAGE_LOW = 0.9, 0.8
BATTERY_LOW = 20  # percent, without a margin: 19 is low, 20 is not
MEMORY_CRITICAL, STORAGE_CRITICAL, BATTERY_CRITICAL = 0.95, 0.98, 5

PRUNE_MS = 60_000  # between requests to prune: what was asked for takes its time
READ_MS = 15_000
MINUTE_MS = 60_000


class Mode(Enum):
    """How a node lives; each is poorer than the one before."""

    FULL = "full"
    METERED = "metered"
    LOW_POWER = "low-power"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a node may take. Bytes; bandwidth is bytes a second in each direction, None no cap."""

    memory_max: int
    storage_max: int
    bandwidth_max: int | None = None
    battery_aware: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a machine says. What is not known is None, and no reason to save."""

    memory: int
    storage: int
    battery: float | None = None  # percent
    metered: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What the parts of a node are set to. Times are in milliseconds."""

    mode: Mode = Mode.FULL
    fanout: int = 6
    push_ms: int = 250
    pull_ms: int = 5_000
    pull_peers: int = 3
    metered: bool = False
    low_power: bool = False
    dht_pace: int = 1  # by how much rarer the table is looked after
    cover: str = "full"  # rate of the onion's own packets
    carries_for_others: bool = True  # takes up new spaces and mail of others
    wakes_per_minute: int | None = None


FULL = Budget()
METERED = Budget(mode=Mode.METERED, fanout=3, metered=True, dht_pace=4, cover="metered")
LOW_POWER = Budget(
    mode=Mode.LOW_POWER,
    fanout=2,
    push_ms=MINUTE_MS,
    pull_ms=5 * MINUTE_MS,
    pull_peers=1,
    low_power=True,
    dht_pace=8,
    cover="off",
    carries_for_others=False,
    wakes_per_minute=1,
)
CRITICAL = Budget(
    mode=Mode.CRITICAL,
    fanout=1,
    push_ms=MINUTE_MS,
    pull_ms=10 * MINUTE_MS,
    pull_peers=1,
    metered=True,
    low_power=True,
    dht_pace=16,
    cover="off",
    carries_for_others=False,
    wakes_per_minute=1,
)


@dataclass(frozen=True, slots=True)
class Prune:
    """Old data is to go, so many bytes; never a frontier, never what others do not have."""

    bytes: int
    cause: str  # memory or storage


@dataclass(frozen=True, slots=True)
class Set:
    """The parts of the node are to be set anew."""

    budget: Budget


Event = Prune | Set


def mesh_settings(budget: Budget, settings: Settings) -> Settings:
    """Return what a mesh is set to; the rest of its settings stays."""
    return replace(
        settings,
        fanout=budget.fanout,
        push_ms=budget.push_ms,
        pull_ms=budget.pull_ms,
        pull_peers=budget.pull_peers,
        metered=budget.metered,
        low_power=budget.low_power,
    )


class ResourceManager:
    """Holds a node to its limits."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.budget = FULL
        self._memory_high = self._storage_high = False
        self._pruned_at: dict[str, int] = {}
        self._events: list[Event] = []

    def read(self, reading: Reading, now: int) -> None:
        """Take a reading, and do what the rules say."""
        memory = reading.memory / self.limits.memory_max
        storage = reading.storage / self.limits.storage_max
        self._memory_high = memory > (MEMORY_LOW if self._memory_high else MEMORY_HIGH)
        self._storage_high = storage > (STORAGE_LOW if self._storage_high else STORAGE_HIGH)
        if self._memory_high:
            self._prune("memory", reading.memory - self.limits.memory_max * MEMORY_LOW, now)
        if self._storage_high:
            self._prune("storage", reading.storage - self.limits.storage_max * STORAGE_LOW, now)
        budget = self._choose(reading, memory, storage)
        if budget != self.budget:
            self.budget = budget
            self._events.append(Set(budget))

    def events(self) -> list[Event]:
        """Return what is to be done, once."""
        events, self._events = self._events, []
        return events

    def _choose(self, reading: Reading, memory: float, storage: float) -> Budget:
        battery = reading.battery if self.limits.battery_aware else None
        empty = battery is not None and battery < BATTERY_CRITICAL
        if empty or memory > MEMORY_CRITICAL or storage > STORAGE_CRITICAL:
            return CRITICAL
        metered = bool(reading.metered)
        if battery is not None and battery < BATTERY_LOW:
            budget = replace(LOW_POWER, metered=metered)
        else:
            budget = METERED if metered else FULL
        return replace(budget, fanout=max(1, budget.fanout // 2)) if self._memory_high else budget

    def _prune(self, cause: str, over: float, now: int) -> None:
        last = self._pruned_at.get(cause)
        if last is None or now - last >= PRUNE_MS:
            self._pruned_at[cause] = now
            self._events.append(Prune(int(over), cause))


class Bandwidth:
    """A token bucket for one direction, with room for a second.

    What is sent may cost more than there is; then nothing is sent until that is earned. So the cap
    holds over any time that is long beside a single message.
    """

    def __init__(self, rate: int | None) -> None:
        self._rate = rate  # bytes a second
        self._credit = (rate or 0) * 1_000  # in thousandths of a byte
        self._at = 0

    def ready_at(self, now: int) -> int:
        """Return when something may be sent: now, or later."""
        self._earn(now)
        if self._rate is None or self._credit > 0:
            return now
        return now + 1 - self._credit // self._rate

    def spend(self, size: int, now: int) -> bool:
        """Take what a message costs; False where it has to wait."""
        if self.ready_at(now) > now:
            return False
        if self._rate is not None:
            self._credit -= size * 1_000
        return True

    def _earn(self, now: int) -> None:
        if self._rate is not None and now > self._at:
            earned = self._credit + (now - self._at) * self._rate
            self._credit = min(earned, self._rate * 1_000)
            self._at = now


class Wakes:
    """How often a node may wake, whoever would have it wake: its own timers, or what comes in.

    Between wakes nothing is read from a link: whoever sends more waits, and drains no battery.
    """

    def __init__(self, per_minute: int | None = None) -> None:
        self._per_minute = per_minute
        self._woken: deque[int] = deque()

    def set(self, per_minute: int | None) -> None:
        """Change how often; what was used of the last minute counts on."""
        self._per_minute = per_minute

    def next_at(self, due: int, now: int) -> int:
        """Return when a node that something is due for may wake."""
        due = max(due, now)
        if self._per_minute is None:
            return due
        while self._woken and self._woken[0] <= now - MINUTE_MS:
            self._woken.popleft()
        if len(self._woken) < self._per_minute:
            return due
        return max(due, self._woken[len(self._woken) - self._per_minute] + MINUTE_MS)

    def wake(self, now: int) -> bool:
        """Wake, where that is allowed by now."""
        if self.next_at(now, now) > now:
            return False
        if self._per_minute is not None:
            self._woken.append(now)
        return True
