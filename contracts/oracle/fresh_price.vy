# pragma version ^0.4.3
"""
@title Answers of feeds that are fresh
@license MIT
@notice Reads any feed with Chainlink's AggregatorV3Interface, such as an adapter of 0x0510, and
        refuses an answer that is old, carried over from another round, or no price.
"""

interface AggregatorV3:
    def latestRoundData() -> (uint80, int256, uint256, uint256, uint80): view


@internal
@view
def _fresh_price(feed: address, max_age: uint256) -> uint256:
    """
    @notice Returns the last answer of a feed.
    @dev Age counts from when the answer was observed: one that was held back is as old as what it
         tells, however late it was written.
    @param feed The feed's address.
    @param max_age The most seconds that may have passed.
    @return The answer, which is above zero.
    """
    round_id: uint80 = 0
    answer: int256 = 0
    started_at: uint256 = 0
    updated_at: uint256 = 0
    answered_in: uint80 = 0
    (round_id, answer, started_at, updated_at, answered_in) = staticcall AggregatorV3(
        feed
    ).latestRoundData()
    assert answer > 0, "fresh_price: no price"
    assert answered_in >= round_id, "fresh_price: carried over"
    assert started_at != 0 and started_at <= updated_at, "fresh_price: no time"
    assert updated_at <= block.timestamp, "fresh_price: of the future"
    assert block.timestamp - started_at <= max_age, "fresh_price: stale"
    return convert(answer, uint256)
