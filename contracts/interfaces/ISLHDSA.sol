// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant SLH_DSA = address(0x0603);

/// SLH-DSA stateless hash-based signatures, FIPS 205.
interface ISLHDSA {
    error InvalidParameterSet(uint8 parameterSet);
    event PublicRandomness(bytes4 indexed operation, bytes32 indexed digest);

    /// Check a signature made with the empty context. Sets 0x00 to 0x05 are SHA2-128s, 128f, 192s,
    /// 192f, 256s and 256f; 0x10 to 0x15 the same with SHAKE.
    function verify(
        uint8 set,
        bytes calldata publicKey,
        bytes calldata message,
        bytes calldata signature
    ) external pure returns (bool valid);

    /// Check a signature made with a context of at most 255 bytes.
    function verify(
        uint8 set,
        bytes calldata publicKey,
        bytes calldata message,
        bytes calldata signature,
        bytes calldata context
    ) external pure returns (bool valid);

    /// Sign with the empty context, deterministically: PK.seed in place of randomness.
    function sign(
        uint8 set,
        bytes calldata secretKey,
        bytes calldata message
    ) external pure returns (bytes memory signature);

    /// Sign with a context and n bytes of randomness, n being a quarter of the secret key's length.
    function sign(
        uint8 set,
        bytes calldata secretKey,
        bytes calldata message,
        bytes calldata context,
        bytes calldata addrnd
    ) external pure returns (bytes memory signature);

    /// Make a fresh key pair; on a chain whose secrets are public, one that follows from the call.
    function keyGen(uint8 set) external returns (bytes memory publicKey, bytes memory secretKey);

    /// Make the key pair of SK.seed, SK.prf and PK.seed.
    function keyGen(
        uint8 set,
        bytes calldata seeds
    ) external pure returns (bytes memory publicKey, bytes memory secretKey);
}
