// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant ATTESTATION = address(0x0305);

/// Reports of attested devices, with certificate chains to roots of the genesis.
interface IAttestation {
    error Malformed(uint256 position, string reason);
    error UnknownAlgorithm(uint8 algorithm);

    /// Check a receipt, device | timestamp | nonce | certificates, whose report the device signed.
    /// Each signature of the chain is charged when it is checked.
    function verify(
        bytes calldata receipt,
        bytes calldata signature
    ) external view returns (bool trusted);

    /// Tell why a receipt is not trusted, 0 if it is, and the percentage of trust that the genesis
    /// gives its root.
    function judge(
        bytes calldata receipt,
        bytes calldata signature
    ) external view returns (uint8 verdict, uint8 trust);

    /// Judge a quote of Intel SGX or TDX, version 3, 4 or 5, and return what it says: 0 for an
    /// enclave or 0x81 for a domain, its report, and the security versions of the platform, which
    /// are not judged.
    function judgeQuote(bytes calldata quote) external view returns (
        uint8 verdict,
        uint8 trust,
        uint16 version,
        uint32 kind,
        bytes memory body,
        bytes memory platform
    );

    /// Return what a receipt says, trusted or not.
    function describe(bytes calldata receipt) external pure returns (
        bytes32 device,
        uint64 timestamp,
        bytes8 nonce,
        bytes32[] memory fingerprints
    );

    /// Return what one certificate says. keyId is what a report calls its device.
    function describeCertificate(bytes calldata certificate) external pure returns (
        bytes32 fingerprint,
        bytes32 keyId,
        uint8 algorithm,
        uint64 notBefore,
        uint64 notAfter,
        bool isAuthority,
        bool hasUnknownCritical
    );

    /// Check one signature: 1 ECDSA on P-256 over SHA-256, 2 on P-384 over SHA-384, DER or r | s; 3
    /// Ed25519.
    function verifySignature(
        uint8 algorithm,
        bytes calldata publicKey,
        bytes calldata message,
        bytes calldata signature
    ) external pure returns (bool valid);

    /// Return the percentage of trust in a root; 0 for a certificate that is none.
    function rootTrust(bytes32 fingerprint) external view returns (uint8 trust);

    /// Return the seconds for which a report is believed.
    function reportAge() external view returns (uint64 duration);
}
