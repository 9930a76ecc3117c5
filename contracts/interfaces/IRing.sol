// SPDX-License-Identifier: MIT
// Generated from the declarations in precompiles/ by `python -m precompiles.generate`. Do not edit.
pragma solidity ^0.8.20;

address constant RING = address(0x0703);

/// Linkable ring signatures, bLSAG on secp256k1.
interface IRing {
    error InvalidRingSize(uint256 size);
    error InvalidRingMember(uint256 index);
    error DuplicateRingMember(uint256 index);
    error InvalidKeyImage();
    error InvalidScalar(uint256 index);
    error InvalidSignature();
    error KeyImageSpent();
    error InvalidSecretKey();
    error NotInRing();
    event Spent(address indexed spender, bytes32 indexed scope, bytes keyImage);

    /// Check that one of 2 to 128 distinct keys signed. The ring is the keys, compressed, one after
    /// the other; signatures of one key share their key image.
    function verify(
        bytes calldata ring,
        bytes calldata message,
        bytes calldata keyImage,
        uint256 challenge,
        uint256[] calldata responses
    ) external view returns (bool valid);

    /// Check a signature of spendMessage(caller, scope, message), and store its key image. Reverts
    /// when it does not hold, or when the image is stored already.
    function spend(
        bytes32 scope,
        bytes calldata ring,
        bytes calldata message,
        bytes calldata keyImage,
        uint256 challenge,
        uint256[] calldata responses
    ) external;

    /// Return whether a spender has stored a key image in a scope.
    function isSpent(
        address spender,
        bytes32 scope,
        bytes calldata keyImage
    ) external view returns (bool spent);

    /// Return what is to be signed for `spend`: a hash of the chain, the spender, the scope and the
    /// message.
    function spendMessage(
        address spender,
        bytes32 scope,
        bytes calldata message
    ) external view returns (bytes32 hash);

    /// Return the key image of a secret key.
    function keyImage(bytes32 secretKey) external view returns (bytes memory keyImage);

    /// Sign as a member of the ring; the seed is fresh randomness.
    function sign(
        bytes32 secretKey,
        bytes calldata ring,
        bytes calldata message,
        bytes32 seed
    ) external view returns (bytes memory keyImage, uint256 challenge, uint256[] memory responses);
}
