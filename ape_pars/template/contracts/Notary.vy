# pragma version 0.4.3
# pragma nonreentrancy on
# SPDX-License-Identifier: MIT
# Keeps fingerprints of documents that their authors signed with ML-DSA-65, a signature that a
# quantum computer does not forge.
#
# Anybody may register a key for his own address, and anybody may bring in a document that the key
# of an author signed. Nobody may change or remove either.

from ape_pars.interfaces import IMLDSA
from ape_pars.interfaces import IPoseidon

event Registered:
    author: indexed(address)
    keyHash: bytes32

event Attested:
    author: indexed(address)
    fingerprint: indexed(uint256)

ML_DSA: constant(address) = 0x0000000000000000000000000000000000000602
POSEIDON: constant(address) = 0x0000000000000000000000000000000000000901
CIRCOM: constant(uint8) = 1  # the instance of Poseidon that circuits know

keyHashOf: public(HashMap[address, bytes32])
attestedAt: public(HashMap[address, HashMap[uint256, uint256]])


@external
def register(public_key: Bytes[1952]):
    assert len(public_key) == 1952, "notary: not an ML-DSA-65 key"
    assert self.keyHashOf[msg.sender] == empty(bytes32), "notary: has a key"
    key_hash: bytes32 = keccak256(public_key)
    self.keyHashOf[msg.sender] = key_hash
    log Registered(author=msg.sender, keyHash=key_hash)


@view
@internal
def _fingerprint(document_hash: bytes32) -> uint256:
    # Halves, because an element of the field has less than 256 bits.
    whole: uint256 = convert(document_hash, uint256)
    return staticcall IPoseidon(POSEIDON).hash(CIRCOM, [whole >> 128, whole & (2**128 - 1)])


@view
@external
def fingerprint(document: Bytes[4096]) -> uint256:
    return self._fingerprint(keccak256(document))


@external
def attest(author: address, document: Bytes[4096], public_key: Bytes[1952], signature: Bytes[3309]):
    assert keccak256(public_key) == self.keyHashOf[author], "notary: not the author's key"
    valid: bool = staticcall IMLDSA(ML_DSA).verify(public_key, document, signature)
    assert valid, "notary: bad signature"
    mark: uint256 = self._fingerprint(keccak256(document))
    assert self.attestedAt[author][mark] == 0, "notary: attested before"
    self.attestedAt[author][mark] = block.timestamp
    log Attested(author=author, fingerprint=mark)
