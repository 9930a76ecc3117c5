// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant ZK_FAMILY = address(0x0900);

/// Zero-knowledge hashes, commitments and proofs; proofs by number of their system.
interface IZK {
    error UnknownSystem(uint16 system);
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

    /// Return the family and its entries.
    function info() external pure returns (
        string memory family,
        string memory purpose,
        address[] memory precompiles,
        string[] memory names
    );

    /// Return every method of every entry of the family.
    function methods() external pure returns (
        address[] memory precompiles,
        bytes4[] memory selectors,
        string[] memory signatures
    );

    /// Return the version of the whole set of precompiles.
    function version() external pure returns (uint256 version);

    /// Return the proof systems that verify knows, and the entries that have them too.
    function systems() external pure returns (
        uint16[] memory numbers,
        address[] memory precompiles,
        string[] memory names
    );

    /// Register a statement for verify here, as its system does: 1 is STARK's registerAir.
    function register(uint16 system, bytes calldata statement) external returns (bytes32 id);

    /// Check a proof by its system: 1 is STARK's verify. An unknown one is an error.
    function verify(
        uint16 system,
        bytes32 id,
        uint256[] calldata publicInputs,
        bytes calldata proof
    ) external view returns (bool valid);
}
