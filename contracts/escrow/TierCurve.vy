# pragma version 0.4.3
# SPDX-License-Identifier: MIT
"""
@title TierCurve
@license MIT
@notice The tiers of PIP-7000: a lock starts with a share of its amount that follows from its
        length, and loses that in equal parts a second until its end. Anybody may ask; there is no
        state and nobody has rights.
"""

from . import ICurve

implements: ICurve

MAXTIME: constant(uint256) = 4 * 365 * 86_400
YEAR: constant(uint256) = 365 * 86_400
HALF_YEAR: constant(uint256) = YEAR // 2
MONTH: constant(uint256) = 30 * 86_400


@external
@view
def weight(amount: uint256, duration: uint256) -> uint256:
    """
    @param duration Seconds left when the lock is made or touched. With less than a month left a
           touched lock weighs what a month's lock with the same end weighs.
    """
    if duration >= MAXTIME:
        return amount * MAXTIME // duration
    if duration >= YEAR:
        return amount * 3 * MAXTIME // (4 * duration)
    if duration >= HALF_YEAR:
        return amount * MAXTIME // (2 * duration)
    return amount * MAXTIME // (4 * max(duration, MONTH))
