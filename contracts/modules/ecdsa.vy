# pragma version 0.4.3
# SPDX-License-Identifier: MIT
"""
@title ECDSA signatures of accounts
@license MIT
@notice Recovers the account that signed a digest on secp256k1. Only the lower of the two values of
        s is a signature (EIP-2), so nobody can make a second one from a first; nobody is the zero
        address.
"""

HALF_ORDER: constant(bytes32) = (
    0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
)


@internal
@pure
def _recover(digest: bytes32, v: uint256, r: uint256, s: uint256) -> address:
    """
    @notice Returns the account that signed a digest, and reverts where there is none.
    """
    assert s <= convert(HALF_ORDER, uint256), "ecdsa: high s"
    signer: address = ecrecover(digest, v, r, s)
    assert signer != empty(address), "ecdsa: no signer"
    return signer


@internal
@pure
def _try_recover(digest: bytes32, v: uint256, r: uint256, s: uint256) -> address:
    """
    @notice Returns the account that signed a digest, or the zero address.
    """
    if s > convert(HALF_ORDER, uint256):
        return empty(address)
    return ecrecover(digest, v, r, s)


@internal
@pure
def _try_recover_bytes(digest: bytes32, signature: Bytes[65]) -> address:
    """
    @notice Does the same for a signature of 65 bytes: r, s, v. Any other length is of nobody.
    """
    if len(signature) != 65:
        return empty(address)
    return self._try_recover(
        digest,
        convert(slice(signature, 64, 1), uint256),
        extract32(signature, 0, output_type=uint256),
        extract32(signature, 32, output_type=uint256),
    )
