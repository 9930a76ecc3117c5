"""Ticks of pools over time: who calls writes what the pool shows now, and means are read of that.

The pool manager keeps no history, so there is one here, of up to 65,535 observations for each pool.
An observation holds the tick of its second until the next one: it counts for the time after it,
never for the time before, so what is past cannot be written anew. The last observation of a second
replaces the others, so a hook that observes after each swap makes the mean exact. And a tick moves
at most 9,116 from one second that was observed to the next, as in Uniswap's truncated oracle: a
price that lasted one transaction counts little, and only until somebody observes again.

Slots are counted from the hash of a tag and the pool's id.

    0             number of the last observation, from 1
    2**16 + k     the observation whose number is k modulo 65,535: sum of tick times seconds (128,
                  two's complement) at 88 | tick (24, two's complement) at 64 | when (64)
"""

from dataclasses import dataclass, replace

from ... import abi
from ...backends.keccak import keccak256
from ...precompile import Host
from ...storage import Foreign, Words
from ..rounds import NO_HISTORY, WORD_MASK, Writer

POOL_MANAGER = (0x0400).to_bytes(20, "big")
POOLS_SLOT = 6
"""Of the mapping from a pool's id to its state in the pool manager's storage."""
TICK_POSITION = 160
"""Of the tick in the first word of a pool's state, above the price."""
PRICE_MASK = (1 << TICK_POSITION) - 1

TICK_MOVE_MAX = 9_116
KEPT = 65_535
TAG = b"pool"
RING = 1 << 16
TICK_BITS, SUM_BITS, TIME_BITS = 24, 128, 64

UNKNOWN_POOL = abi.error("UnknownPool(bytes32 poolId)")
NO_OBSERVATION = abi.error("NoObservation(uint256 last, uint256 start)")

ERRORS = (UNKNOWN_POOL, NO_OBSERVATION)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """The tick from a second on, and the sum of ticks times seconds until then."""

    total: int
    tick: int
    time: int

    def total_at(self, time: int) -> int:
        """Return the sum at a later time, while no later observation is."""
        return self.total + self.tick * (time - self.time)


def current_tick(host: Host, pool: bytes) -> int:
    """Return the tick that a pool shows now."""
    state = keccak256(pool + POOLS_SLOT.to_bytes(32, "big"))
    reader = Foreign(host=host, address=POOL_MANAGER)
    word = reader.load(int.from_bytes(state, "big"))
    if not word & PRICE_MASK:
        raise UNKNOWN_POOL(pool)
    return signed(word >> TICK_POSITION, TICK_BITS)


def observe(writer: Writer, pool: bytes, tick: int, now: int) -> Observation:
    """Write what a pool shows now, and return the observation."""
    slot = slot_of(pool)
    last = writer.load(slot)
    if last == 0:
        made = Observation(total=0, tick=tick, time=now)
    else:
        newest = load(writer, slot, last)
        if newest.time < now:
            moved = limited(newest.tick, tick)
            made = Observation(total=newest.total_at(now), tick=moved, time=now)
        else:
            # This second again: the tick is limited against the second before it.
            last -= 1
            before = load(writer, slot, last).tick if last else tick
            made = replace(newest, tick=limited(before, tick))
    store(writer, slot, last + 1, made)
    writer.store(slot, last + 1)
    return made


def limited(before: int, tick: int) -> int:
    """Return the tick that is nearest to this one within the largest move."""
    return max(before - TICK_MOVE_MAX, min(before + TICK_MOVE_MAX, tick))


def mean(reader: Words, pool: bytes, start: int, end: int) -> int:
    """Return the mean tick from `start` to `end`, which is not before the last observation."""
    slot = slot_of(pool)
    last = reader.load(slot)
    if not last:
        raise NO_OBSERVATION(0, start)
    newest = load(reader, slot, last)
    if newest.time < start:
        raise NO_OBSERVATION(newest.time, start)
    first = earlier(reader, slot, last, start)
    return (newest.total_at(end) - first.total_at(start)) // (end - start)


def earlier(reader: Words, slot: int, last: int, time: int) -> Observation:
    """Return the last observation that is not after a time, by halving: at most 17 reads."""
    low, high = max(1, last - KEPT + 1), last
    oldest = load(reader, slot, low)
    if oldest.time > time:
        raise NO_HISTORY(oldest.time, time)
    while low < high:
        middle = (low + high + 1) // 2
        if load(reader, slot, middle).time <= time:
            low = middle
        else:
            high = middle - 1
    return load(reader, slot, low)


def load_last(reader: Words, pool: bytes) -> tuple[int, Observation]:
    """Return the number of the last observation and itself, or refuse a pool that has none."""
    slot = slot_of(pool)
    last = reader.load(slot)
    if not last:
        raise NO_OBSERVATION(0, 0)
    return last, load(reader, slot, last)


def load(reader: Words, slot: int, number: int) -> Observation:
    """Return an observation that is kept."""
    word = reader.load((slot + RING + number % KEPT) & WORD_MASK)
    return Observation(
        total=signed(word >> TIME_BITS + TICK_BITS, SUM_BITS),
        tick=signed(word >> TIME_BITS, TICK_BITS),
        time=word & ((1 << TIME_BITS) - 1),
    )


def store(writer: Writer, slot: int, number: int, made: Observation) -> None:
    """Write an observation over the one that is 65,535 older."""
    total = (made.total & ((1 << SUM_BITS) - 1)) << TIME_BITS + TICK_BITS
    tick = (made.tick & ((1 << TICK_BITS) - 1)) << TIME_BITS
    writer.store((slot + RING + number % KEPT) & WORD_MASK, total | tick | made.time)


def slot_of(pool: bytes) -> int:
    """Return where the slots of a pool begin."""
    return int.from_bytes(keccak256(TAG + pool), "big")


def signed(word: int, bits: int) -> int:
    """Return the two's complement of the lowest bits of a word."""
    value = word & ((1 << bits) - 1)
    return value - (value >> bits - 1 << bits)
