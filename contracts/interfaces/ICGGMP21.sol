// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant CGGMP21 = address(0x0802);

/// CGGMP21 threshold ECDSA: signatures, their shares, and who spoiled one.
interface ICGGMP21 {
    error InvalidPublicKey();
    error InvalidNonce();
    error InvalidPoint(uint256 position);
    error NoSigners();
    error InvalidPartial(uint16 position);
    error InconsistentPresignature();

    /// Check an ECDSA signature over secp256k1 with low s: 64 bytes r, s, or 65 with v 27 or 28,
    /// which must recover the key. The key has 33 or 65 bytes.
    function verify(
        bytes calldata publicKey,
        bytes32 digest,
        bytes calldata signature
    ) external view returns (bool valid);

    /// Check that the Rbar sum to G and the S to the key, and that R is usable.
    function verifyPresignature(
        bytes calldata publicKey,
        bytes calldata nonce,
        bytes[] calldata rbar,
        bytes[] calldata share
    ) external view returns (bool consistent);

    /// Check one signer's share: sigma R = m Rbar + r S.
    function verifyPartial(
        bytes32 digest,
        bytes calldata nonce,
        bytes calldata rbar,
        bytes calldata share,
        uint256 sigma
    ) external view returns (bool valid);

    /// Sum the shares to r, s, v with low s, and check the result. Reverts with the position of the
    /// first share that spoils it.
    function combine(
        bytes calldata publicKey,
        bytes32 digest,
        bytes calldata nonce,
        bytes[] calldata rbar,
        bytes[] calldata share,
        uint256[] calldata sigma
    ) external view returns (bytes memory signature);

    /// Return the positions of all shares that do not hold.
    function blame(
        bytes32 digest,
        bytes calldata nonce,
        bytes[] calldata rbar,
        bytes[] calldata share,
        uint256[] calldata sigma
    ) external view returns (uint16[] memory culprits);
}
