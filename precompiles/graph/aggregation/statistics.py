"""Robust statistics in integers: medians, outliers by their deviation, a limit on jumps.

Pure: lists of integers of any size. Shares are basis points, 1 in 10,000.
"""

from collections.abc import Sequence

WHOLE = 10_000


def weighted_median(values: Sequence[int], weights: Sequence[int]) -> int:
    """Return the smallest value up to which lies half of the weight. Some weight is not 0.

    Of two middle values it is the lower, so the result is always one of the values.
    """
    half = sum(weights)
    below = 0
    pairs = sorted(zip(values, weights, strict=True))
    for value, weight in pairs:
        below += weight
        if 2 * below >= half:
            return value
    raise ValueError("no weights")


def median(values: Sequence[int]) -> int:
    """Return the middle value, of an even number the lower."""
    return sorted(values)[(len(values) - 1) // 2]


def kept(values: Sequence[int], share: int) -> list[int]:
    """Return the positions of the values that are no outliers.

    An outlier is further from the median than this share of the median of such distances (MAD).
    When more than half of the values are one, that is 0 and all others are outliers.
    """
    middle = median(values)
    distances = [abs(value - middle) for value in values]
    limit = share * median(distances)
    return [place for place, distance in enumerate(distances) if distance * WHOLE <= limit]


def jumps(last: int, value: int, share: int) -> bool:
    """Return whether a value is further from the last than this share of the last."""
    return abs(value - last) * WHOLE > share * abs(last)
