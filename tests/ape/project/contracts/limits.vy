# pragma version 0.4.3
# SPDX-License-Identifier: MIT
# A module, so that a statement of it runs in a contract that has another name.

MOST: constant(uint256) = 1000


@internal
@pure
def _check(number: uint256):
    if number == 13:
        raise "limits: unlucky"
    assert number <= MOST, "limits: too much"
