// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant ECIES = address(0x0704);

/// Public-key encryption on secp256k1, the ECIES profile of devp2p's RLPx.
interface IECIES {
    error InvalidPublicKey();
    error InvalidSecretKey();
    error DecryptionFailed();

    /// Encrypt to an uncompressed key. The ephemeral secret, which opens the message, follows from
    /// the seed, the caller and all arguments.
    function encrypt(
        bytes calldata publicKey,
        bytes calldata macData,
        bytes calldata plaintext,
        bytes32 seed
    ) external view returns (bytes memory ciphertext, bytes32 ephemeralSecret);

    /// Decrypt; reverts when the message is not authentic.
    function decrypt(
        bytes32 secretKey,
        bytes calldata macData,
        bytes calldata ciphertext
    ) external view returns (bytes memory plaintext);

    /// Check that a message to this key holds this plaintext. Whoever reads the call can decrypt
    /// this one message, and no other.
    function verifyOpening(
        bytes calldata publicKey,
        bytes calldata macData,
        bytes calldata ciphertext,
        bytes32 ephemeralSecret,
        bytes calldata plaintext
    ) external view returns (bool valid);
}
