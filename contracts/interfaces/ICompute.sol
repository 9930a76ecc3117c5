// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant COMPUTE = address(0x0310);

/// Inference by several nodes: the majority is recorded, liars are named.
interface ICompute {
    error UnknownJob(bytes32 jobId);
    error NotAReporter(address account);
    error UnknownModel(bytes32 modelId);
    error NotSealed(uint8 status);
    error InvalidReporters(uint256 place);
    error InvalidTimes(uint64 maximum);
    error WrongBond(uint256 expected);
    error WrongStatus(uint8 status);
    error TooEarly(uint64 from);
    error TooLate(uint64 deadline);
    error WrongReveal();
    error NothingOwed();
    event JobOpened(
        bytes32 indexed jobId,
        bytes32 indexed modelId,
        bytes32 inputHash,
        address opener
    );
    event Committed(bytes32 indexed jobId, address indexed reporter);
    event Revealed(bytes32 indexed jobId, address indexed reporter, bytes32 outputHash);
    event Settled(bytes32 indexed jobId, uint8 status, bytes32 outputHash, uint256 agreeing);
    event Blamed(bytes32 indexed jobId, address indexed reporter, uint8 verdict);

    /// Ask 1 to 21 reporters what a sealed model answers. The value is the reward.
    function openJob(
        bytes32 modelId,
        bytes32 inputHash,
        address[] calldata reporters,
        uint256 bond,
        uint64 commitSeconds,
        uint64 revealSeconds
    ) external payable returns (bytes32 jobId);

    /// As reporter, commit to the hash of an output, with the bond as value.
    function commit(bytes32 jobId, bytes32 commitment) external payable;

    /// As reporter, show what was committed to, once all have committed or the time for it is over.
    function reveal(bytes32 jobId, bytes32 outputHash, bytes32 salt) external;

    /// Record the answer of more than half of all reporters, blame who lied or kept silent, and
    /// share out. Status: 2 agreed, 3 undecided.
    function settle(bytes32 jobId) external returns (uint8 status, bytes32 outputHash);

    /// Pay out what the caller is owed.
    function withdraw() external returns (uint256 amount);

    /// Return what an account may withdraw.
    function owed(address account) external view returns (uint256 amount);

    /// Return a job. Status: 1 running, 2 agreed, 3 undecided.
    function jobOf(bytes32 jobId) external view returns (
        bytes32 modelId,
        bytes32 inputHash,
        address opener,
        uint8 status,
        uint64 commitEnd,
        uint64 revealEnd,
        uint256 reward,
        uint256 bond
    );

    /// Return what was recorded, and how many of how many agreed.
    function resultOf(
        bytes32 jobId
    ) external view returns (uint8 status, bytes32 outputHash, uint256 agreeing, uint256 reporters);

    /// Return every reporter and what became of it: 0 absent, 1 committed, 2 revealed, 3 agreeing,
    /// 4 liar, 5 silent.
    function verdictsOf(bytes32 jobId) external view returns (
        address[] memory reporters,
        uint8[] memory verdicts,
        bytes32[] memory answers
    );

    /// Return keccak256(abi.encode(jobId, reporter, outputHash, salt)). Ask your own node: whoever
    /// sees the salt knows the answer.
    function commitmentOf(
        bytes32 jobId,
        address reporter,
        bytes32 outputHash,
        bytes32 salt
    ) external pure returns (bytes32 commitment);
}
