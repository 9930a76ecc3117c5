# SPDX-License-Identifier: MIT
# What it is for: an owner of a safe whose key is one of ML-DSA-87: it answers ERC-1271 by the
#   precompile at 0x0602. Any contract that asks by ERC-1271 takes its signatures.
# Who may do what: nobody changes it. A new key is a new contract, which the safe swaps in.
# Trust model: what is signed names chain, contract and hash, so a signature is for one signer on
#   one chain. Whoever asks uses it up: this contract keeps no nonce.
# pragma version 0.4.3
# pragma optimize gas

from ..modules import pq_keys

MAGIC: constant(bytes4) = 0x1626BA7E
REFUSED: constant(bytes4) = 0xFFFFFFFF
DOMAIN: constant(bytes32) = keccak256("Pars PQSigner(uint256 chainId,address signer,bytes32 hash)")

KEY: public(immutable(address))


event KeyStored:
    key: indexed(address)


@deploy
def __init__(public_key: Bytes[pq_keys.KEY_SIZE]):
    KEY = pq_keys._store(public_key)
    log KeyStored(key=KEY)


@view
@external
def publicKey() -> Bytes[pq_keys.KEY_SIZE]:
    return pq_keys._load(KEY)


@view
@external
def messageOf(hash: bytes32) -> Bytes[128]:
    """
    @notice Returns what has to be signed for a hash.
    """
    return self._message(hash)


@view
@external
def isValidSignature(hash: bytes32, signature: Bytes[pq_keys.SIGNATURE_SIZE]) -> bytes4:
    """
    @notice ERC-1271: tells whether the key signed a hash.
    """
    if pq_keys._verify(KEY, self._message(hash), signature):
        return MAGIC
    return REFUSED


@view
@internal
def _message(hash: bytes32) -> Bytes[128]:
    return abi_encode(DOMAIN, chain.id, self, hash)
