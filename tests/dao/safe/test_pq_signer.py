"""An owner whose key is one of ML-DSA: its signature stands inside the safe's blob."""

import ape
import pytest
from eth_utils import keccak

from precompiles.pq.ml_dsa import kernel as ml_dsa
from precompiles.pq.ml_dsa.parameters import BY_NUMBER, formatted

MAGIC = bytes.fromhex("1626ba7e")
REJECTIONS = 814
"""As many tries as FIPS 204 wants a signer to be able to make."""


@pytest.fixture(scope="session")
def keys():
    """Two pairs of ML-DSA-87: public, secret."""
    return [ml_dsa.keygen(BY_NUMBER[5], bytes([number]) * 32) for number in (1, 2)]


@pytest.fixture(scope="session")
def pq_sign():
    """Sign a message as FIPS 204 has it, with the empty context."""

    def run(pair, message):
        return bytes(ml_dsa.sign(pair[1], formatted(bytes(message), b""), bytes(32), REJECTIONS)[0])

    return run


@pytest.fixture(scope="session")
def signer(project, deployer, keys):
    return deployer.deploy(project.PQSigner, keys[0][0])


def blob(signer, signature, *others):
    """The contract's signature behind those of accounts, which are ordered with its entry."""
    offset = 65 * (1 + len(others))
    word = bytes.fromhex(signer.address[2:])
    entry = bytes(12) + word + offset.to_bytes(32) + b"\0"
    parts = sorted([(word, entry), *others])
    static = b"".join(each for _, each in parts)
    return static + len(signature).to_bytes(32) + signature


def test_key_is_kept(signer, keys):
    assert signer.publicKey() == keys[0][0]


def test_two_accounts_and_a_pq_key(
    make_safe, owners, signer, keys, pq_sign, sign, transaction, receiver, stranger
):
    safe = make_safe(of=[signer, *owners[:4]], threshold=3)
    asked = transaction(receiver, 1)
    digest = bytes(safe.getTransactionHash(*asked, 0))
    others = [(bytes.fromhex(each.address[2:]), sign(digest, each)) for each in owners[:2]]
    signature = pq_sign(keys[0], signer.messageOf(digest))
    before = receiver.balance

    with ape.reverts("safe: contract refuses"):
        wrong = pq_sign(keys[1], signer.messageOf(digest))
        safe.execTransaction(*asked, blob(signer, wrong, *others), sender=stranger)
    safe.execTransaction(*asked, blob(signer, signature, *others), sender=stranger)
    assert receiver.balance == before + 1


def test_signatures_are_for_one_signer_and_one_hash(project, deployer, signer, keys, pq_sign):
    twin = deployer.deploy(project.PQSigner, keys[0][0])
    digest = keccak(b"anything")
    signature = pq_sign(keys[0], signer.messageOf(digest))

    assert signer.isValidSignature(digest, signature) == MAGIC
    assert twin.isValidSignature(digest, signature) != MAGIC
    assert signer.isValidSignature(keccak(b"another"), signature) != MAGIC
    assert signer.isValidSignature(digest, signature[:-1]) != MAGIC
    assert signer.isValidSignature(digest, b"") != MAGIC
    changed = signature[:100] + bytes([signature[100] ^ 1]) + signature[101:]
    assert signer.isValidSignature(digest, changed) != MAGIC


@pytest.mark.parametrize("size", [0, 2591])
def test_other_keys_are_refused(project, deployer, size):
    with ape.reverts("pq_keys: wrong key size"):
        deployer.deploy(project.PQSigner, bytes(size))
