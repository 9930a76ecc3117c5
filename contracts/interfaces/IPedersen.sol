// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant PEDERSEN = address(0x0902);

/// Pedersen commitments on BN254 and secp256k1 as points, and Starknet's Pedersen hash.
interface IPedersen {
    error InvalidCurve(uint8 curve);
    error NotOnCurve(uint256 index);
    error NotCanonical(uint256 index);

    /// Commit to an amount: amount * G + blinding * H. Curve 1 is BN254, 2 secp256k1; G is the
    /// curve's generator, H hashed to it; (0, 0) is infinity.
    function commit(
        uint8 curve,
        uint256 amount,
        uint256 blinding
    ) external pure returns (uint256 x, uint256 y);

    /// Check that a point commits to an amount with this blinding.
    function verifyOpening(
        uint8 curve,
        uint256 x,
        uint256 y,
        uint256 amount,
        uint256 blinding
    ) external pure returns (bool valid);

    /// Commit to 1 to 32 values, each with a point of its own that is hashed to the curve; none of
    /// these is G.
    function vectorCommit(
        uint8 curve,
        uint256[] calldata values,
        uint256 blinding
    ) external pure returns (uint256 x, uint256 y);

    /// Add two commitments: the sum commits to the sums of values and blindings.
    function add(
        uint8 curve,
        uint256 ax,
        uint256 ay,
        uint256 bx,
        uint256 by
    ) external pure returns (uint256 x, uint256 y);

    /// Subtract the second commitment from the first.
    function sub(
        uint8 curve,
        uint256 ax,
        uint256 ay,
        uint256 bx,
        uint256 by
    ) external pure returns (uint256 x, uint256 y);

    /// Return Starknet's Pedersen hash of two field elements.
    function starknetHash(uint256 a, uint256 b) external pure returns (uint256 digest);

    /// Return Starknet's compute_hash_on_elements: the hash chain from 0 through the elements and
    /// their number.
    function starknetHashMany(uint256[] calldata elements) external pure returns (uint256 digest);
}
