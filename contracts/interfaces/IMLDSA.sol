// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant ML_DSA = address(0x0602);

/// ML-DSA signatures, FIPS 204.
interface IMLDSA {
    error UnknownMode(uint8 mode);
    error UnknownKeySize(uint256 size);
    error InvalidSecretKey();
    error SigningFailed();
    event PublicRandomness(bytes4 indexed operation, bytes32 indexed digest);

    /// Check a signature made with the empty context. The key's length names the mode; wrong
    /// lengths give false.
    function verify(
        bytes calldata publicKey,
        bytes calldata message,
        bytes calldata signature
    ) external pure returns (bool valid);

    /// Check a signature made with a context of at most 255 bytes.
    function verify(
        bytes calldata publicKey,
        bytes calldata message,
        bytes calldata signature,
        bytes calldata context
    ) external pure returns (bool valid);

    /// Make a key pair. Mode 2 is ML-DSA-44, 3 is 65, 5 is 87.
    function keyGen(uint8 mode) external returns (bytes memory publicKey, bytes memory secretKey);

    /// Make the key pair of xi.
    function keyGen(
        uint8 mode,
        bytes32 seed
    ) external pure returns (bytes memory publicKey, bytes memory secretKey);

    /// Sign deterministically, with the empty context.
    function sign(
        bytes calldata secretKey,
        bytes calldata message
    ) external pure returns (bytes memory signature);

    /// Sign deterministically, with a context of at most 255 bytes.
    function sign(
        bytes calldata secretKey,
        bytes calldata message,
        bytes calldata context
    ) external pure returns (bytes memory signature);

    /// Sign with the randomness rnd.
    function sign(
        bytes calldata secretKey,
        bytes calldata message,
        bytes calldata context,
        bytes32 randomness
    ) external pure returns (bytes memory signature);
}
