// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant ECDSA = address(0x0803);

/// Groups that hold an ECDSA key together: registry, epochs, signatures, child keys.
interface IThresholdECDSA {
    error InvalidCommitment(uint256 position);
    error InvalidThreshold(uint256 threshold, uint256 members);
    error UnknownGroup(bytes32 groupId);
    error NotRegistrar(address registrar);
    error InvalidGroupSignature();
    error KeyChanged();
    error InvalidMember(uint256 member);
    error NoChildKey(uint32 index);
    event GroupRegistered(
        bytes32 indexed groupId,
        address indexed registrar,
        bytes publicKey,
        uint16 threshold,
        uint16 members
    );
    event GroupRotated(
        bytes32 indexed groupId,
        uint64 indexed epoch,
        uint16 threshold,
        uint16 members,
        bytes32 commitmentsHash
    );

    /// Write a group of the caller's. The first commitment is the public key, their number the
    /// threshold, at most 150 members.
    function register(
        bytes[] calldata commitments,
        uint16 members,
        bytes32 chainCode
    ) external returns (bytes32 groupId);

    /// Begin the next epoch with commitments to the same key. With an empty signature only the
    /// registrar may; with the group's on rotationDigest anybody.
    function rotate(
        bytes32 groupId,
        bytes[] calldata commitments,
        uint16 members,
        bytes calldata signature
    ) external returns (uint64 epoch);

    /// Return what the group signs to begin its next epoch.
    function rotationDigest(
        bytes32 groupId,
        bytes[] calldata commitments,
        uint16 members
    ) external view returns (bytes32 digest);

    /// Check a signature of the group, as 0x0802 checks one.
    function verify(
        bytes32 groupId,
        bytes32 digest,
        bytes calldata signature
    ) external view returns (bool valid);

    /// Return the account of the group's key.
    function addressOf(bytes32 groupId) external view returns (address account);

    /// Return the BIP-32 key at the end of a path of unhardened indices.
    function childKey(
        bytes32 groupId,
        uint32[] calldata path
    ) external view returns (bytes memory publicKey, bytes32 chainCode, address account);

    /// Check a signature made with a child key.
    function verifyChild(
        bytes32 groupId,
        uint32[] calldata path,
        bytes32 digest,
        bytes calldata signature
    ) external view returns (bool valid);

    /// Check a member's public share; costs 3,000 more for each commitment.
    function verifyShare(
        bytes32 groupId,
        uint16 member,
        bytes calldata share
    ) external view returns (bool valid);

    /// Return a member's public share; costs 3,000 more for each commitment.
    function shareOf(bytes32 groupId, uint16 member) external view returns (bytes memory share);

    /// Return what is known of a group.
    function groupOf(bytes32 groupId) external view returns (
        bytes memory publicKey,
        bytes32 chainCode,
        uint16 threshold,
        uint16 members,
        uint64 epoch,
        address registrar
    );

    /// Return the commitments of the present epoch.
    function commitmentsOf(bytes32 groupId) external view returns (bytes[] memory commitments);

    /// Return the id that the registrar's next group gets.
    function nextGroupId(address registrar) external view returns (bytes32 groupId);
}
