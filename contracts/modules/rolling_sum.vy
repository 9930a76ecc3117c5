# pragma version 0.4.3
# SPDX-License-Identifier: MIT
"""
@title Sums of the last days
@license MIT
@notice Counts amounts by day, and adds up those of the last days: what was counted less than so
        many times 24 hours ago is in the sum, and so is the rest of the oldest day. A limit that is
        held against it cannot be passed by splitting, nor by waiting for a new month.
@dev Four days share a word, so a sum over 30 days reads 8 or 9 slots. Counts never need clearing.
"""

DAY_SECONDS: constant(uint256) = 86400
LANES: constant(uint256) = 4
LANE_BITS: constant(uint256) = 64
LANE_MASK: constant(uint256) = 2**64 - 1
MAX_WORDS: constant(uint256) = 16

words: HashMap[uint256, HashMap[uint256, uint256]]


@internal
@view
def _sum(key: uint256, days: uint256) -> uint256:
    """
    @notice Returns what was counted under a key on this day and the `days` before it.
    @param days At most 56.
    """
    today: uint256 = block.timestamp // DAY_SECONDS
    first: uint256 = today - days
    begin: uint256 = first // LANES
    total: uint256 = 0
    for i: uint256 in range(today // LANES + 1 - begin, bound=MAX_WORDS):
        word: uint256 = self.words[key][begin + i]
        if word == 0:
            continue
        for lane: uint256 in range(LANES):
            day: uint256 = (begin + i) * LANES + lane
            if day >= first:
                total += (word >> (lane * LANE_BITS)) & LANE_MASK
    return total


@internal
def _add(key: uint256, amount: uint256):
    """
    @notice Counts an amount on this day.
    """
    today: uint256 = block.timestamp // DAY_SECONDS
    offset: uint256 = today % LANES * LANE_BITS
    word: uint256 = self.words[key][today // LANES]
    assert ((word >> offset) & LANE_MASK) + amount <= LANE_MASK, "rolling_sum: out of range"
    self.words[key][today // LANES] = word + (amount << offset)
