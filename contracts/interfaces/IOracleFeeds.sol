// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant FEEDS = address(0x0510);

/// Oracle feeds: reports signed by a quorum, read as AggregatorV3 or on demand.
interface IOracleFeeds {
    error UnknownFeed(bytes32 feedId);
    error UnknownRound(uint256 round);
    error InvalidReport(bytes reason);
    error ObservationCount(uint256 least, uint256 most, uint256 actual);
    error UnsortedObservations(uint256 position);
    error InvalidObserver(uint256 position);
    error SignatureCount(uint256 expected, uint256 actual);
    error InvalidSignature(uint256 position);
    error UnknownSigner(uint256 position);
    error DuplicateSigner(uint256 position);
    error WrongScheme(uint8 scheme);
    error InvalidSigner(uint256 position);
    error InvalidMembers(uint256 members, uint256 faulty);
    error FeedExists(bytes32 feedId);
    error NotOwner(address owner);
    error NotPendingOwner(address pendingOwner);
    error InvalidDescription();
    error InvalidDecimals(uint8 decimals);
    error InvalidSettings();
    error WrongConfigDigest(bytes32 expected, bytes32 actual);
    error WrongContext();
    error StaleReport(uint40 lastEpochRound, uint40 epochRound);
    error InvalidTimestamp(uint256 earliest, uint256 latest, uint256 observedAt);
    error AnswerOutOfBounds(int192 least, int192 most, int192 answer);
    error StaleAnswer(uint256 observedAt, uint256 maxAge);
    error PriceTooLarge(int192 answer, uint64 confidence);
    event FeedCreated(
        bytes32 indexed feedId,
        address indexed owner,
        string description,
        uint8 decimals
    );
    event ConfigSet(
        bytes32 indexed feedId,
        bytes32 configDigest,
        uint32 configCount,
        uint8 scheme,
        bytes[] signers,
        uint8 members,
        uint8 faulty,
        int192 answerMin,
        int192 answerMax,
        uint32 heartbeat,
        uint16 deviation
    );
    event OwnershipTransferRequested(
        bytes32 indexed feedId,
        address indexed owner,
        address indexed newOwner
    );
    event OwnershipTransferred(
        bytes32 indexed feedId,
        address indexed oldOwner,
        address indexed newOwner
    );
    event NewRound(
        bytes32 indexed feedId,
        uint256 indexed roundId,
        address indexed startedBy,
        uint256 startedAt
    );
    event AnswerUpdated(
        bytes32 indexed feedId,
        int256 indexed current,
        uint256 indexed roundId,
        uint256 updatedAt
    );
    event AdapterCreated(bytes32 indexed feedId, address indexed adapter);

    /// Make a feed of the caller's. Schemes: 1 accounts, 2 ML-DSA keys by hash, 16 + n a group key
    /// of FROST's suite n. Members are more than 3 × faulty; faulty + 1 sign.
    function createFeed(
        string calldata description,
        uint8 decimals,
        uint8 scheme,
        bytes[] calldata signers,
        uint8 members,
        uint8 faulty,
        int192 answerMin,
        int192 answerMax,
        uint32 heartbeat,
        uint16 deviation
    ) external returns (bytes32 feedId);

    /// Replace the configuration of the caller's feed. Older reports are void.
    function setConfig(
        bytes32 feedId,
        uint8 scheme,
        bytes[] calldata signers,
        uint8 members,
        uint8 faulty,
        int192 answerMin,
        int192 answerMax,
        uint32 heartbeat,
        uint16 deviation
    ) external returns (bytes32 configDigest);

    /// Offer the caller's feed to another account, which must accept it.
    function transferOwnership(bytes32 feedId, address newOwner) external;

    /// Take a feed that was offered to the caller.
    function acceptOwnership(bytes32 feedId) external;

    /// Take a report that faulty + 1 accounts signed, as OCR2 does.
    function transmit(
        bytes32[3] calldata reportContext,
        bytes calldata report,
        bytes32[] calldata rs,
        bytes32[] calldata ss,
        bytes32 rawVs
    ) external;

    /// Take a report that faulty + 1 ML-DSA keys signed.
    function transmitPQ(
        bytes32[3] calldata reportContext,
        bytes calldata report,
        bytes[] calldata publicKeys,
        bytes[] calldata signatures
    ) external;

    /// Take a report that a FROST group signed; costs the suite's verification more.
    function transmitFrost(
        bytes32[3] calldata reportContext,
        bytes calldata report,
        bytes calldata signature
    ) external;

    /// Take up to 8 signed reports, the ABI encodings of (bytes32[3] reportContext, bytes report,
    /// bytes[] keys, bytes[] signatures); those not newer are passed over. Costs the signatures
    /// more.
    function updateFeeds(bytes[] calldata updates) external returns (uint256 taken);

    /// Check a signed report and tell what it says, storing nothing. The reader must look at its
    /// age. Costs the signatures more.
    function verifyReport(bytes calldata signedReport) external view returns (
        bytes32 feedId,
        int192 answer,
        uint64 confidence,
        uint32 observedAt,
        uint40 epochRound
    );

    /// Return the last round, however old: startedAt is when it was observed.
    function latestRoundData(bytes32 feedId) external view returns (
        uint80 roundId,
        int256 answer,
        uint256 startedAt,
        uint256 updatedAt,
        uint80 answeredInRound
    );

    /// Return one of the last 65,535 rounds.
    function getRoundData(bytes32 feedId, uint80 round) external view returns (
        uint80 roundId,
        int256 answer,
        uint256 startedAt,
        uint256 updatedAt,
        uint80 answeredInRound
    );

    /// Return the last answer, however old.
    function latestAnswer(bytes32 feedId) external view returns (int256 answer);

    /// Return how many decimals the answers have.
    function decimals(bytes32 feedId) external view returns (uint8 count);

    /// Return the description.
    function description(bytes32 feedId) external view returns (string memory text);

    /// Return the version of this kind of feed.
    function version(bytes32 feedId) external view returns (uint256 number);

    /// Return the last answer; one older than the heartbeat is refused.
    function latest(bytes32 feedId) external view returns (int256 answer, uint256 observedAt);

    /// Return the answer of one of the last 65,535 rounds.
    function answerAt(
        bytes32 feedId,
        uint80 round
    ) external view returns (int256 answer, uint256 observedAt, uint256 updatedAt);

    /// Return the last answer; one older than so many seconds is refused.
    function requireFresh(
        bytes32 feedId,
        uint256 maxAge
    ) external view returns (int256 answer, uint256 observedAt);

    /// Return the last answer with its confidence and exponent, as Pyth does.
    function getPriceNoOlderThan(
        bytes32 feedId,
        uint256 age
    ) external view returns (int64 price, uint64 conf, int32 expo, uint256 publishTime);

    /// Return the configuration in force, but for its signers.
    function configOf(bytes32 feedId) external view returns (
        bytes32 configDigest,
        uint32 configCount,
        uint8 scheme,
        uint8 members,
        uint8 faulty,
        int192 answerMin,
        int192 answerMax,
        uint32 heartbeat,
        uint16 deviation
    );

    /// Return the signers in order: accounts, hashes of ML-DSA keys, or the one group key.
    function signersOf(bytes32 feedId) external view returns (bytes[] memory signers);

    /// Return what a feed is, and how far it is.
    function feedOf(bytes32 feedId) external view returns (
        address owner,
        address pendingOwner,
        string memory description,
        uint8 decimals,
        uint48 round,
        uint40 epochRound,
        uint64 confidence
    );

    /// Return the id that a feed of this creator and description has.
    function feedIdOf(
        address creator,
        string calldata description
    ) external pure returns (bytes32 feedId);

    /// Make a contract that answers as AggregatorV3Interface, unless it is there.
    function createAdapter(bytes32 feedId) external returns (address adapter);

    /// Return where the adapter is, or would be.
    function adapterOf(bytes32 feedId) external pure returns (address adapter);

    /// Answer a call of AggregatorV3Interface, as an adapter hands it on.
    function forward(
        bytes32 feedId,
        bytes calldata data
    ) external view returns (bytes memory output);
}
