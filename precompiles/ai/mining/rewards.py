"""What work is worth: units, difficulty and trust, in integers with 18 decimals. Knows no storage.

    reward = base * units * difficulty * trust, rounded down

A unit is one multiply-accumulate of the model that was run. Difficulty is what makes an epoch's
work cost what the target would: after each epoch it is multiplied by target / units, at most four
times up or down, so that nobody moves it far within an epoch.
"""

from dataclasses import dataclass

ONE = 10**18
RATIO_MAX = 4
DIFFICULTY_MIN = 10**12
DIFFICULTY_MAX = 4 * ONE
"""Idle epochs raise it no further: the first work after them would empty the pool."""
EPOCH_UNITS_MAX = 4
"""Times the target that one epoch takes, so that no epoch can empty the pool either."""

TRUST_WITHOUT_ATTESTATION = 60
TRUST_ONE = 100
"""Percent: PIP-0006 counts software-only hardware 0.6, fully attested 1.0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """Where the difficulty stands."""

    number: int
    units: int
    difficulty: int


def bounded(value: int, least: int, most: int) -> int:
    """Return the nearest number of a range."""
    return max(least, min(most, value))


def adjusted(difficulty: int, units: int, target: int) -> int:
    """Return the difficulty after an epoch with so many units."""
    ratio = bounded(target * ONE // max(units, 1), ONE // RATIO_MAX, ONE * RATIO_MAX)
    return bounded(difficulty * ratio // ONE, DIFFICULTY_MIN, DIFFICULTY_MAX)


def at(epoch: Epoch, number: int, target: int) -> Epoch:
    """Return the epoch that has begun, after as many without work as lie between.

    Before the first work there is no epoch, and number 0.
    """
    if number <= epoch.number:
        return epoch
    if not epoch.number:
        return Epoch(number=number, units=0, difficulty=epoch.difficulty)
    difficulty = adjusted(epoch.difficulty, epoch.units, target)
    for _ in range(number - epoch.number - 1):
        before, difficulty = difficulty, adjusted(difficulty, 0, target)
        if difficulty == before:  # As it stays then: at the most, or where the target is one unit.
            break
    return Epoch(number=number, units=0, difficulty=difficulty)


def reward(base: int, units: int, difficulty: int, trust: int) -> int:
    """Return what work is worth. `trust` is in percent."""
    return base * units * difficulty * trust // (ONE * TRUST_ONE)
