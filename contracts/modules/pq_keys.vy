# pragma version 0.4.3
# SPDX-License-Identifier: MIT
"""
@title ML-DSA-87 keys in storage
@license MIT
@notice Keeps a public key of 2,592 bytes as the code of an account that cannot run, and checks
        signatures with it by the precompile at 0x0602. As code a key costs 0.55 million gas to keep
        and 2,600 to read; in slots it would be 1.8 million and 170,000.
@dev Signatures of FIPS 204, pure, with the empty context: say in the message for which chain,
     contract and purpose it is, and use it up.
"""

from ..interfaces import IMLDSA

KEY_SIZE: constant(uint256) = 2592
SIGNATURE_SIZE: constant(uint256) = 4627
MESSAGE_MAX: constant(uint256) = 512

ML_DSA: constant(address) = 0x0000000000000000000000000000000000000602

# PUSH2 2593, DUP1, PUSH1 10, PUSH0, CODECOPY, PUSH0, RETURN: what follows becomes the code.
# It starts with STOP, so that the key is never run.
INIT_CODE: constant(Bytes[11]) = x"610a2180600a5f395ff300"


@internal
def _store(key: Bytes[KEY_SIZE]) -> address:
    """
    @notice Keeps a key, and returns the account whose code it is.
    """
    assert len(key) == KEY_SIZE, "pq_keys: wrong key size"
    return raw_create(concat(INIT_CODE, key))


@internal
@view
def _load(blob: address) -> Bytes[KEY_SIZE]:
    """
    @notice Returns a key that _store kept.
    """
    return slice(blob.code, 1, KEY_SIZE)


@internal
@view
def _verify(
    blob: address, message: Bytes[MESSAGE_MAX], signature: Bytes[SIGNATURE_SIZE]
) -> bool:
    """
    @notice Tells whether a message was signed with the key that _store kept at an account.
    """
    return self._verify_with(self._load(blob), message, signature)


@internal
@view
def _verify_with(
    key: Bytes[KEY_SIZE], message: Bytes[MESSAGE_MAX], signature: Bytes[SIGNATURE_SIZE]
) -> bool:
    """
    @notice Tells the same for a key that is at hand. Other lengths than a key's and a signature's
            are false.
    """
    if len(key) != KEY_SIZE or len(signature) != SIGNATURE_SIZE:
        return False
    return staticcall IMLDSA(ML_DSA).verify(key, message, signature)
