"""The last 65,535 answers of a feed, one word each, and their mean over time. Knows no feed.

Round r, from 1, lies in slot r modulo 65,535 of the ring: answer (192 bits) at 64 | when it was
observed (32) at 32 | when it was written (32).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from .. import abi
from ..storage import Words

KEPT = 65_535
ANSWER_BITS = 192
TIME_MAX = (1 << 32) - 1

WORD_MASK = (1 << 256) - 1
ANSWER_MASK = (1 << ANSWER_BITS) - 1

UNKNOWN_ROUND = abi.error("UnknownRound(uint256 round)")
NO_HISTORY = abi.error("NoHistory(uint256 oldest, uint256 start)")


class Writer(Words, Protocol):
    """Storage that can be written too: an entry's own."""

    def store(self, slot: int, value: int) -> None:
        """Write `value` at `slot`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One accepted answer."""

    number: int
    answer: int
    observed_at: int
    updated_at: int


def oldest(last: int) -> int:
    """Return the oldest round that is kept after this one."""
    return max(1, last - KEPT + 1)


def load(reader: Words, ring: int, last: int, number: int) -> Round:
    """Return a round, or refuse one that is not kept."""
    if not last or not oldest(last) <= number <= last:
        raise UNKNOWN_ROUND(number)
    word = reader.load(slot_of(ring, number))
    answer = word >> 64
    return Round(
        number=number,
        answer=answer - (answer >> ANSWER_BITS - 1 << ANSWER_BITS),
        observed_at=word >> 32 & TIME_MAX,
        updated_at=word & TIME_MAX,
    )


def store(writer: Writer, ring: int, entry: Round) -> None:
    """Write a round over the one that is 65,535 older."""
    answer = (entry.answer & ANSWER_MASK) << 64
    writer.store(slot_of(ring, entry.number), answer | entry.observed_at << 32 | entry.updated_at)


def slot_of(ring: int, number: int) -> int:
    """Return where a round lies."""
    return (ring + number % KEPT) & WORD_MASK


def data(entry: Round) -> tuple[int, int, int, int, int]:
    """Return a round as AggregatorV3 does."""
    return entry.number, entry.answer, entry.observed_at, entry.updated_at, entry.number


def mean(
    reader: Words, ring: int, last: int, start: int, end: int, time_of: Callable[[Round], int]
) -> int:
    """Return the mean of the answers from `start` to `end`, each weighted by its time, floored.

    An answer holds from its time to that of the next; times do not fall from round to round. The
    host charges each round that is read, so the gas bounds the walk.
    """
    total, until = 0, end
    for number in range(last, oldest(last) - 1, -1):
        entry = load(reader, ring, last, number)
        since = max(time_of(entry), start)
        if since < until:
            total += entry.answer * (until - since)
            until = since
        if time_of(entry) <= start:
            return total // (end - start)
    raise NO_HISTORY(until, start)
