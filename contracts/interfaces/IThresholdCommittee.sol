// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant COMMITTEE = address(0x0810);

/// Committees that make a key without a dealer, and decrypt with it.
interface IThresholdCommittee {
    error InvalidThreshold(uint256 threshold, uint256 members);
    error InvalidMembers();
    error InvalidDeadlines();
    error UnknownCommittee(bytes32 committeeId);
    error NotMember(uint256 member, address account);
    error WrongPhase(uint8 phase);
    error AlreadyDone(uint256 member);
    error InvalidPoint(uint256 position);
    error InvalidShare(uint256 recipient);
    error InvalidProof();
    error NotWhatWasSent(uint256 member);
    error UnfoundedComplaint(uint256 dealer);
    error NotDealt(uint256 dealer);
    error TooFewPartials(uint256 needed, uint256 given);
    error NoKey();
    event CommitteeRegistered(
        bytes32 indexed committeeId,
        address indexed registrar,
        uint16 threshold,
        uint16 members
    );
    event CommitmentSubmitted(
        bytes32 indexed committeeId,
        uint16 indexed member,
        bytes encryptionKey,
        bytes commitments
    );
    event SharesSubmitted(bytes32 indexed committeeId, uint16 indexed member, bytes shares);
    event DealerDisqualified(bytes32 indexed committeeId, uint16 indexed dealer, uint16 complainer);
    event SharesApproved(bytes32 indexed committeeId, uint16 indexed member);
    event CommitteeFinalized(bytes32 indexed committeeId, uint256 qualified, bytes publicKey);
    event CommitteeFailed(bytes32 indexed committeeId, uint256 qualified);
    event PartialDecryptionSubmitted(
        bytes32 indexed committeeId,
        bytes32 indexed requestId,
        uint16 indexed member,
        bytes partialPoint
    );

    /// Begin a committee of 1 to 150 members, members times threshold at most 4,096; a member's
    /// number is its place, from 1. Each phase lasts so many blocks at most.
    function register(
        address[] calldata members,
        uint16 threshold,
        uint64 commitBlocks,
        uint64 dealBlocks,
        uint64 complainBlocks
    ) external returns (bytes32 committeeId);

    /// Commit to a polynomial: threshold points of 33 bytes, a key to which shares are encrypted,
    /// and a proof that the first point's secret is known.
    function submitCommitment(
        bytes32 committeeId,
        uint16 member,
        bytes calldata encryptionKey,
        bytes calldata commitments,
        bytes calldata proof
    ) external;

    /// Deal: 32 bytes for each member, encrypted, and zero for oneself.
    function submitShares(bytes32 committeeId, uint16 member, bytes calldata shares) external;

    /// Disqualify a dealer: open the point shared with it, and show that the share under it does
    /// not fit the commitments. Sends along what the dealer sent.
    function submitComplaint(
        bytes32 committeeId,
        uint16 member,
        uint16 dealer,
        bytes calldata commitments,
        bytes calldata shares,
        bytes calldata sharedPoint,
        bytes calldata proof
    ) external;

    /// Say that one has no complaint left; when all have, nobody waits longer.
    function approve(bytes32 committeeId, uint16 member) external;

    /// Make the key of the commitments of all qualified dealers, in the order of their numbers;
    /// false when there are too few of them.
    function finalize(
        bytes32 committeeId,
        bytes calldata commitments
    ) external returns (bool ready);

    /// Give one's part in a decryption: the ephemeral key times one's share, and a proof of it.
    function submitPartialDecryption(
        bytes32 committeeId,
        uint16 member,
        bytes calldata ephemeral,
        bytes calldata partialPoint,
        bytes calldata proof
    ) external returns (bytes32 requestId);

    /// Check a part in a decryption.
    function verifyPartialDecryption(
        bytes32 committeeId,
        uint16 member,
        bytes calldata ephemeral,
        bytes calldata partialPoint,
        bytes calldata proof
    ) external view returns (bool valid);

    /// Add up as many submitted parts as the threshold says, to the point under which the message
    /// is encrypted.
    function combine(
        bytes32 committeeId,
        bytes calldata ephemeral,
        uint16[] calldata members,
        bytes[] calldata partialPoints
    ) external view returns (bytes memory sharedPoint);

    /// Return the committee's key.
    function publicKeyOf(bytes32 committeeId) external view returns (bytes memory publicKey);

    /// Return a member's public share.
    function verificationKeyOf(
        bytes32 committeeId,
        uint16 member
    ) external view returns (bytes memory publicKey);

    /// Return the key to which shares for a member are encrypted.
    function encryptionKeyOf(
        bytes32 committeeId,
        uint16 member
    ) external view returns (bytes memory publicKey);

    /// Phases: 0 committing, 1 dealing, 2 complaining, 3 to be finalized, 4 ready, 5 failed. Bit j
    /// of a set stands for member j.
    function statusOf(bytes32 committeeId) external view returns (
        uint8 phase,
        uint16 threshold,
        uint16 members,
        uint256 committed,
        uint256 dealt,
        uint256 qualified
    );
}
