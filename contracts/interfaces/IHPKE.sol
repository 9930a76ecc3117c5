// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant HPKE = address(0x0705);

/// Hybrid public-key encryption, RFC 9180.
interface IHPKE {
    error InvalidKem(uint16 kem);
    error InvalidKdf(uint16 kdf);
    error InvalidAead(uint16 aead);
    error NotAuthenticated(uint16 kem);
    error InvalidPublicKey();
    error InvalidSecretKey();
    error LowOrderPoint();
    error InvalidPsk();
    error InvalidContext();
    error ExportOnly();
    error OpenFailed();

    /// Make a key pair of input keying material, which is random and as long as a secret key.
    function deriveKeyPair(
        uint16 kem,
        bytes calldata ikm
    ) external view returns (bytes memory secretKey, bytes memory publicKey);

    /// Agree with a public key: what to send, and the context, in base mode. ikmE is fresh
    /// randomness, as long as a secret key.
    function setupBaseS(
        uint16 kem,
        uint16 kdf,
        uint16 aead,
        bytes calldata publicKey,
        bytes calldata info,
        bytes calldata ikmE
    ) external view returns (bytes memory enc, bytes memory context);

    /// Agree with what was sent: the context, in base mode.
    function setupBaseR(
        uint16 kem,
        uint16 kdf,
        uint16 aead,
        bytes calldata enc,
        bytes calldata secretKey,
        bytes calldata info
    ) external view returns (bytes memory context);

    /// Agree with a public key: what to send, and the context, with a pre-shared key of at least 32
    /// bytes.
    function setupPSKS(
        uint16 kem,
        uint16 kdf,
        uint16 aead,
        bytes calldata publicKey,
        bytes calldata info,
        bytes calldata psk,
        bytes calldata pskId,
        bytes calldata ikmE
    ) external view returns (bytes memory enc, bytes memory context);

    /// Agree with what was sent: the context, with a pre-shared key.
    function setupPSKR(
        uint16 kem,
        uint16 kdf,
        uint16 aead,
        bytes calldata enc,
        bytes calldata secretKey,
        bytes calldata info,
        bytes calldata psk,
        bytes calldata pskId
    ) external view returns (bytes memory context);

    /// Agree with a public key: what to send, and the context, authenticated by the sender's key.
    function setupAuthS(
        uint16 kem,
        uint16 kdf,
        uint16 aead,
        bytes calldata publicKey,
        bytes calldata info,
        bytes calldata senderSecretKey,
        bytes calldata ikmE
    ) external view returns (bytes memory enc, bytes memory context);

    /// Agree with what was sent: the context, authenticated by the sender's key.
    function setupAuthR(
        uint16 kem,
        uint16 kdf,
        uint16 aead,
        bytes calldata enc,
        bytes calldata secretKey,
        bytes calldata info,
        bytes calldata senderPublicKey
    ) external view returns (bytes memory context);

    /// Agree with a public key: what to send, and the context, authenticated by both keys.
    function setupAuthPSKS(
        uint16 kem,
        uint16 kdf,
        uint16 aead,
        bytes calldata publicKey,
        bytes calldata info,
        bytes calldata psk,
        bytes calldata pskId,
        bytes calldata senderSecretKey,
        bytes calldata ikmE
    ) external view returns (bytes memory enc, bytes memory context);

    /// Agree with what was sent: the context, authenticated by both keys.
    function setupAuthPSKR(
        uint16 kem,
        uint16 kdf,
        uint16 aead,
        bytes calldata enc,
        bytes calldata secretKey,
        bytes calldata info,
        bytes calldata psk,
        bytes calldata pskId,
        bytes calldata senderPublicKey
    ) external view returns (bytes memory context);

    /// Encrypt. A context must never encrypt two messages with one sequence number.
    function seal(
        bytes calldata context,
        uint64 sequence,
        bytes calldata aad,
        bytes calldata plaintext
    ) external view returns (bytes memory ciphertext);

    /// Decrypt; reverts when the ciphertext is not authentic.
    function open(
        bytes calldata context,
        uint64 sequence,
        bytes calldata aad,
        bytes calldata ciphertext
    ) external view returns (bytes memory plaintext);

    /// Derive a secret of up to 1,024 bytes.
    function exportSecret(
        bytes calldata context,
        bytes calldata exporterContext,
        uint256 length
    ) external view returns (bytes memory exported);

    /// Encrypt one message to a public key, in base mode.
    function sealBase(
        uint16 kem,
        uint16 kdf,
        uint16 aead,
        bytes calldata publicKey,
        bytes calldata info,
        bytes calldata aad,
        bytes calldata plaintext,
        bytes calldata ikmE
    ) external view returns (bytes memory enc, bytes memory ciphertext);

    /// Decrypt one message, in base mode.
    function openBase(
        uint16 kem,
        uint16 kdf,
        uint16 aead,
        bytes calldata enc,
        bytes calldata secretKey,
        bytes calldata info,
        bytes calldata aad,
        bytes calldata ciphertext
    ) external view returns (bytes memory plaintext);

    /// Agree on one secret with a public key, in base mode.
    function sendExportBase(
        uint16 kem,
        uint16 kdf,
        uint16 aead,
        bytes calldata publicKey,
        bytes calldata info,
        bytes calldata exporterContext,
        uint256 length,
        bytes calldata ikmE
    ) external view returns (bytes memory enc, bytes memory exported);

    /// Agree on one secret with what was sent, in base mode.
    function receiveExportBase(
        uint16 kem,
        uint16 kdf,
        uint16 aead,
        bytes calldata enc,
        bytes calldata secretKey,
        bytes calldata info,
        bytes calldata exporterContext,
        uint256 length
    ) external view returns (bytes memory exported);
}
