// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant POSEIDON = address(0x0901);

/// Poseidon and Poseidon2 over BN254, felt252 and Goldilocks: hashes, sponges, trees.
interface IPoseidon {
    error InvalidInstance(uint8 instance);
    error NotCanonical(uint256 index);
    error InvalidCount(uint256 maximum, uint256 actual);
    error NotAPowerOfTwo(uint256 count);
    error InvalidIndex(uint256 index);

    /// Hash field elements. Instance 1 is circom's, of 1 to 16; 2 Poseidon2 over BN254 in 4 lanes,
    /// as EIP-8182 has it; 3 in 3 lanes, as HorizenLabs has it; 4 Starknet's poseidon_hash_many; 5
    /// Poseidon2 over Goldilocks, four elements a word.
    function hash(
        uint8 instance,
        uint256[] calldata elements
    ) external pure returns (uint256 digest);

    /// Hash two digests to a Merkle node, in one permutation. Of instances 1 and 2 it is hash of
    /// two; of 4 it is Starknet's poseidon_hash, which differs from it.
    function compress(
        uint8 instance,
        uint256 left,
        uint256 right
    ) external pure returns (uint256 digest);

    /// Permute all lanes: 2 to 17 of instance 1, 4 of 2, 3 of 3 and 4, 8 or 12 of 5.
    function permute(
        uint8 instance,
        uint256[] calldata state
    ) external pure returns (uint256[] memory permuted);

    /// Absorb the elements and return 1 to 64 others. The capacity lane starts with both lengths;
    /// Starknet's input ends with a 1 instead.
    function sponge(
        uint8 instance,
        uint256[] calldata elements,
        uint256 count
    ) external pure returns (uint256[] memory output);

    /// Return the root over 1, 2, 4, ... 256 leaves, with compress as node.
    function merkleRoot(
        uint8 instance,
        uint256[] calldata leaves
    ) external pure returns (uint256 root);

    /// Check that a leaf is at an index, by its siblings from the bottom up. The caller fixes the
    /// depth: a shorter path proves an inner node.
    function verifyMerkle(
        uint8 instance,
        uint256 root,
        uint256 leaf,
        uint256 index,
        uint256[] calldata path
    ) external pure returns (bool valid);
}
