# pragma version 0.4.3
# SPDX-License-Identifier: MIT
"""
@title Signatures of any kind of signer
@license MIT
@notice Tells whether a signer signed a digest. A signer is an account: a plain one signs by ECDSA,
        one with code answers for itself (ERC-1271). Or it is a key that has no account: 20 bytes
        that name a verifying contract, and the key (ERC-7913).
@dev Asked contracts can answer differently at another time, and they can call: check first, act
     then, and use up a nonce. An account whose code is a delegation (EIP-7702) has code.
"""

from . import ecdsa

SIGNATURE_MAX: constant(uint256) = 8192  # an ML-DSA-87 signature and its key, and some
SIGNER_MAX: constant(uint256) = 2692  # an address and an ML-DSA-87 key, and some

IS_VALID_SIGNATURE: constant(bytes4) = 0x1626ba7e  # isValidSignature(bytes32,bytes)
VERIFY: constant(bytes4) = 0x024ad318  # verify(bytes,bytes32,bytes)


@internal
@view
def _is_valid(signer: address, digest: bytes32, signature: Bytes[SIGNATURE_MAX]) -> bool:
    """
    @notice Tells whether an account signed a digest.
    """
    if not signer.is_contract:
        if len(signature) != 65 or signer == empty(address):
            return False
        return signer == ecdsa._try_recover(
            digest,
            convert(slice(signature, 64, 1), uint256),
            extract32(signature, 0, output_type=uint256),
            extract32(signature, 32, output_type=uint256),
        )
    success: bool = False
    answer: Bytes[33] = b""
    success, answer = raw_call(
        signer,
        abi_encode(digest, signature, method_id=IS_VALID_SIGNATURE),
        max_outsize=33,
        is_static_call=True,
        revert_on_failure=False,
    )
    return success and self._is_magic(answer, IS_VALID_SIGNATURE)


@internal
@view
def _is_valid_of_signer(
    signer: Bytes[SIGNER_MAX], digest: bytes32, signature: Bytes[SIGNATURE_MAX]
) -> bool:
    """
    @notice Tells whether a key signed a digest, by asking the contract that the signer names.
            20 bytes alone are an account.
    """
    if len(signer) < 20:
        return False
    verifier: address = convert(slice(signer, 0, 20), address)
    if len(signer) == 20:
        return self._is_valid(verifier, digest, signature)
    if not verifier.is_contract:
        return False
    success: bool = False
    answer: Bytes[33] = b""
    success, answer = raw_call(
        verifier,
        abi_encode(
            slice(signer, 20, len(signer) - 20), digest, signature, method_id=VERIFY
        ),
        max_outsize=33,
        is_static_call=True,
        revert_on_failure=False,
    )
    return success and self._is_magic(answer, VERIFY)


@internal
@pure
def _is_magic(answer: Bytes[33], magic: bytes4) -> bool:
    """
    @notice Tells whether an answer is one word of a selector and zeros, and nothing after it.
    """
    if len(answer) != 32:
        return False
    return extract32(answer, 0) == convert(magic, bytes32)
