// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant FROST = address(0x0801);

/// FROST threshold Schnorr signatures, RFC 9591.
interface IFROST {
    error InvalidSuite(uint8 suite);
    error InvalidPublicKey();
    error InvalidThreshold(uint256 threshold, uint256 members);
    error InvalidCommitment(uint256 position);
    error InvalidSigners();
    error InvalidShare(uint256 identifier);
    error InvalidMember(uint256 identifier);
    error UnknownGroup(bytes32 groupId);
    event GroupRegistered(
        bytes32 indexed groupId,
        address indexed registrar,
        uint8 suite,
        bytes publicKey,
        uint16 threshold,
        uint16 members
    );

    /// Check a signature. Suites: 1 secp256k1 with SHA-256, 2 secp256k1 as BIP 340 has it, 3
    /// Ed25519 with SHA-512, 4 P-256 with SHA-256, 5 ristretto255 with SHA-512.
    function verify(
        uint8 suite,
        bytes calldata publicKey,
        bytes calldata message,
        bytes calldata signature
    ) external view returns (bool valid);

    /// Check up to 32 signatures of one suite.
    function verifyBatch(
        uint8 suite,
        bytes[] calldata publicKeys,
        bytes[] calldata messages,
        bytes[] calldata signatures
    ) external view returns (bool[] memory valid);

    /// Register a group of at most 150 by its Feldman commitments: as many as signers are needed,
    /// the public key first.
    function register(
        uint8 suite,
        uint16 members,
        bytes[] calldata commitments
    ) external returns (bytes32 groupId);

    /// Return what is known of a group.
    function groupOf(bytes32 groupId) external view returns (
        uint8 suite,
        uint16 threshold,
        uint16 members,
        address registrar,
        bytes memory publicKey
    );

    /// Check a signature of a group.
    function verifyGroup(
        bytes32 groupId,
        bytes calldata message,
        bytes calldata signature
    ) external view returns (bool valid);

    /// Return the public share of a member.
    function verificationShareOf(
        bytes32 groupId,
        uint16 identifier
    ) external view returns (bytes memory publicShare);

    /// Check a member's share of a signature, given what all signers committed to.
    function verifyShare(
        bytes32 groupId,
        uint16 identifier,
        bytes calldata message,
        uint16[] calldata signers,
        bytes[] calldata hiding,
        bytes[] calldata binding,
        bytes32 share
    ) external view returns (bool valid);

    /// Make the signature of its shares; a wrong one reverts with the signer's identifier.
    function aggregate(
        bytes32 groupId,
        bytes calldata message,
        uint16[] calldata signers,
        bytes[] calldata hiding,
        bytes[] calldata binding,
        bytes32[] calldata shares
    ) external view returns (bytes memory signature);
}
