// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant POSEIDON = address(0x0901);

/// Poseidon hash over the scalar field of BN254, as circom has it.
interface IPoseidon {
    error InvalidInstance(uint8 instance);
    error NotCanonical(uint256 index);

    /// Hash 1 to 16 field elements. Instance 1 is circom's.
    function hash(
        uint8 instance,
        uint256[] calldata elements
    ) external pure returns (uint256 digest);

    /// Permute 2 to 17 lanes; lane 0 is the capacity.
    function permute(
        uint8 instance,
        uint256[] calldata state
    ) external pure returns (uint256[] memory permuted);
}
