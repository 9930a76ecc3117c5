// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant STARK = address(0x0903);

/// STARK proofs over the 252-bit Stark field, by the Stone prover's protocol.
interface ISTARK {
    error MalformedAir(uint256 position);
    error DegreeTooHigh(uint256 constraint);
    error TooFewBits(uint256 bits);
    error UnknownAir(bytes32 airId);
    error InvalidRows(uint256 logRows);
    error PublicInputOutOfRange(uint256 index);
    error ProofTruncated(uint256 position);
    error ProofTooLong(uint256 position);
    error NotCanonical(uint256 position);
    event AirRegistered(bytes32 indexed airId, address indexed registrant, uint256 size);

    /// Store a statement under the hash of its bytes; refused below 100 proven bits.
    function registerAir(bytes calldata air) external returns (bytes32 airId);

    /// Check a proof that is bound to the statement, its rows and public inputs.
    function verify(
        bytes32 airId,
        uint256[] calldata publicInputs,
        bytes calldata proof
    ) external view returns (bool valid);

    /// Check a proof of another prover in Stone's format. The caller must make the seed from the
    /// statement: what the seed does not name is not bound.
    function verifyRaw(
        bytes32 airId,
        uint8 logRows,
        bytes calldata seed,
        uint256[] calldata publicInputs,
        bytes calldata proof
    ) external view returns (bool valid);

    /// The proven bits, up to Johnson's bound and with unique decoding.
    function security(bytes32 airId) external view returns (uint16 johnsonBits, uint16 uniqueBits);

    /// The bytes of a registered statement.
    function air(bytes32 airId) external view returns (bytes memory data);
}
