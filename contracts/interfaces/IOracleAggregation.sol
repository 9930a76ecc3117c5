// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant AGGREGATION = address(0x0511);

/// Robust statistics, feeds made of feeds, and means over time of feeds and pools.
interface IOracleAggregation {
    error UnknownRound(uint256 round);
    error NoHistory(uint256 oldest, uint256 start);
    error UnknownComposite(bytes32 compositeId);
    error UnknownFeed(bytes32 feedId);
    error InvalidSources(uint256 position);
    error TooFewSources(uint256 least, uint256 actual);
    error UnknownPool(bytes32 poolId);
    error NoObservation(uint256 last, uint256 start);
    error NoValues();
    error NoWeight();
    error InvalidWindow(uint256 window);
    error StaleAnswer(uint256 observedAt, uint256 maxAge);
    error CompositeExists(bytes32 compositeId);
    error InvalidDescription();
    error NotOwner(address owner);
    error BreakerTripped(int256 last, int256 answer);
    event CompositeCreated(bytes32 indexed compositeId, address indexed owner, string description);
    event AnswerUpdated(
        bytes32 indexed compositeId,
        int256 indexed current,
        uint256 indexed roundId,
        uint256 updatedAt
    );
    event BreakerReset(bytes32 indexed compositeId);
    event AdapterCreated(bytes32 indexed feedId, address indexed adapter);

    /// Return the middle value, of an even number the lower.
    function median(int256[] calldata values) external pure returns (int256 middle);

    /// Return the smallest value up to which lies half of the weight.
    function weightedMedian(
        int256[] calldata values,
        uint256[] calldata weights
    ) external pure returns (int256 middle);

    /// Return the values no further from the median than a share, in basis points, of the median of
    /// these distances; 44,478 is three standard deviations.
    function withoutOutliers(
        int256[] calldata values,
        uint32 share
    ) external pure returns (int256[] memory kept);

    /// Return whether an answer is further from the last than a share of it, in basis points.
    function jumps(int256 last, int256 answer, uint16 share) external pure returns (bool tripped);

    /// Return the weighted median of at most 16 feeds that are no older than maxAge and, where
    /// outlier is not 0, no outliers; at least so many must be left.
    function aggregate(
        bytes32[] calldata feedIds,
        uint32[] calldata weights,
        uint32 maxAge,
        uint8 least,
        uint32 outlier
    ) external view returns (int256 answer, uint256 observedAt, uint256 count);

    /// Make a feed of such an aggregate, with a breaker in basis points; 0 is 2,000.
    function createComposite(
        string calldata description,
        bytes32[] calldata feedIds,
        uint32[] calldata weights,
        uint32 maxAge,
        uint8 least,
        uint32 outlier,
        uint16 breaker
    ) external returns (bytes32 compositeId);

    /// Write a composite's next round, if its sources have moved; costs 300 more for each.
    function refresh(bytes32 compositeId) external returns (uint80 roundId);

    /// Let the next answer of the caller's composite be any.
    function resetBreaker(bytes32 compositeId) external;

    /// Return the last round, however old: startedAt is when its oldest source was observed.
    function latestRoundData(bytes32 compositeId) external view returns (
        uint80 roundId,
        int256 answer,
        uint256 startedAt,
        uint256 updatedAt,
        uint80 answeredInRound
    );

    /// Return one of the last 65,535 rounds.
    function getRoundData(bytes32 compositeId, uint80 round) external view returns (
        uint80 roundId,
        int256 answer,
        uint256 startedAt,
        uint256 updatedAt,
        uint80 answeredInRound
    );

    /// Return the last answer, however old.
    function latestAnswer(bytes32 compositeId) external view returns (int256 answer);

    /// Return how many decimals the answers have.
    function decimals(bytes32 compositeId) external view returns (uint8 count);

    /// Return the description.
    function description(bytes32 compositeId) external view returns (string memory text);

    /// Return the version of this kind of feed.
    function version(bytes32 compositeId) external view returns (uint256 number);

    /// Return the last answer; one older than sources may be is refused.
    function latest(bytes32 compositeId) external view returns (int256 answer, uint256 observedAt);

    /// Return the last answer; one older than so many seconds is refused.
    function requireFresh(
        bytes32 compositeId,
        uint256 maxAge
    ) external view returns (int256 answer, uint256 observedAt);

    /// Return what a composite was made as, and how far it is.
    function compositeOf(bytes32 compositeId) external view returns (
        address owner,
        uint8 decimals,
        uint32 maxAge,
        uint8 least,
        uint32 outlier,
        uint16 breaker,
        uint48 round,
        bool breakerReset
    );

    /// Return the feeds of a composite and their weights.
    function sourcesOf(
        bytes32 compositeId
    ) external view returns (bytes32[] memory feedIds, uint32[] memory weights);

    /// Return the id that a composite of this creator and description has.
    function compositeIdOf(
        address creator,
        string calldata description
    ) external pure returns (bytes32 compositeId);

    /// Make a contract that answers as AggregatorV3Interface, unless it is there.
    function createAdapter(bytes32 compositeId) external returns (address adapter);

    /// Return where the adapter is, or would be.
    function adapterOf(bytes32 compositeId) external pure returns (address adapter);

    /// Answer a call of AggregatorV3Interface, as an adapter hands it on.
    function forward(
        bytes32 compositeId,
        bytes calldata data
    ) external view returns (bytes memory output);

    /// Return the mean of a feed's or a composite's answers over so many seconds, each weighted by
    /// how long it held, rounded down.
    function twap(bytes32 id, uint32 window) external view returns (int256 mean);

    /// Write the tick that a pool shows now; it counts until the next observation.
    function observe(bytes32 poolId) external returns (int24 tick, int128 total);

    /// Return the mean tick of a pool over so many seconds, rounded down.
    function consult(bytes32 poolId, uint32 secondsAgo) external view returns (int24 tick);

    /// Return the last observation of a pool.
    function latestObservation(
        bytes32 poolId
    ) external view returns (uint256 number, int24 tick, int128 total, uint256 time);
}
