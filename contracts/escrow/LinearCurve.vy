# pragma version 0.4.3
# SPDX-License-Identifier: MIT
"""
@title LinearCurve
@license MIT
@notice The weight of a lock is its amount, so 1000 PARS for 4 years are 1000 at first, 500 after
        2 years and 0 at the end. Anybody may ask; there is no state and nobody has rights.
"""

from . import ICurve

implements: ICurve


@external
@view
def weight(amount: uint256, duration: uint256) -> uint256:
    """
    @param duration Without influence here: a lock is worth the time that it has left.
    """
    return amount
