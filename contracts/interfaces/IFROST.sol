// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant FROST = address(0x0801);

/// FROST threshold Schnorr signatures, RFC 9591.
interface IFROST {
    error InvalidSuite(uint8 suite);
    error InvalidPublicKey();

    /// Check a signature. Suite 1 is secp256k1 with SHA-256: 33-byte key, 33 + 32 byte signature.
    function verify(
        uint8 suite,
        bytes calldata publicKey,
        bytes calldata message,
        bytes calldata signature
    ) external view returns (bool valid);
}
