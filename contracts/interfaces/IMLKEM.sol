// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant ML_KEM = address(0x0601);

/// ML-KEM key encapsulation, FIPS 203.
interface IMLKEM {
    error UnknownParameterSet(uint8 parameterSet);
    error UnknownKeySize(uint256 size);
    error InvalidPublicKey();
    error InvalidSecretKey();
    event PublicRandomness(bytes4 indexed operation, bytes32 indexed digest);

    /// Make a key pair. Set 2 is ML-KEM-512, 3 is 768, 5 is 1024.
    function keyGen(
        uint8 parameterSet
    ) external returns (bytes memory publicKey, bytes memory secretKey);

    /// Make the key pair of d and z, 64 bytes.
    function keyGen(
        uint8 parameterSet,
        bytes calldata seed
    ) external pure returns (bytes memory publicKey, bytes memory secretKey);

    /// Make a shared secret and the ciphertext that carries it to a key's owner.
    function encapsulate(
        bytes calldata publicKey
    ) external returns (bytes memory ciphertext, bytes memory sharedSecret);

    /// The same of the randomness m.
    function encapsulate(
        bytes calldata publicKey,
        bytes32 seed
    ) external pure returns (bytes memory ciphertext, bytes memory sharedSecret);

    /// Return the shared secret; of a wrong ciphertext, one that nobody else has.
    function decapsulate(
        bytes calldata secretKey,
        bytes calldata ciphertext
    ) external pure returns (bytes memory sharedSecret);
}
