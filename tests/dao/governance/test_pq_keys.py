"""ML-DSA keys of accounts: proof, rotation, objection, and what a classical key cannot do."""

import ape
import pytest
from eth_utils import keccak

DAY = 86_400
ZERO = "0x" + 40 * "0"
CHANGE = "address account,bytes32 keyHash,uint256 nonce"
OBJECTION = "address account,uint256 nonce"


@pytest.fixture(scope="module")
def keys(project, accounts):
    return accounts[9].deploy(project.PQKeyRegistry)


@pytest.fixture
def alice(accounts):
    return accounts[0]


@pytest.fixture
def old(keys, alice, lattice, register):
    """Alice's key, registered."""
    key = lattice(1)
    register(keys, alice, key)
    return key


@pytest.fixture
def consent(keys, typed):
    """The live key's signature over a change: `consent(key, account, new_public_key)`."""

    def run(key, account, public):
        key_hash = keccak(public) if public else bytes(32)
        return key.sign(
            typed(keys, "Change", CHANGE, (str(account), key_hash, keys.nonces(account)))
        )

    return run


@pytest.fixture
def objection(keys, typed):
    def run(key, account):
        values = (str(account), keys.nonces(account))
        return key.sign(typed(keys, "Objection", OBJECTION, values))

    return run


def test_first_key_is_live_at_once(keys, alice, lattice, possession):
    key = lattice(1)
    proof = key.sign(possession(keys, alice))
    receipt = keys.register(key.public, proof, sender=alice)
    (event,) = receipt.decode_logs(keys.KeyRegistered)
    assert (event.account, bytes(event.keyHash)) == (alice, keccak(key.public))
    assert keys.keyOf(alice) == event.key
    assert bytes(keys.publicKeyOf(alice)) == key.public
    assert keys.accountOf(keccak(key.public)) == alice
    assert tuple(keys.pendingOf(alice)) == (ZERO, 0)


def test_proof_is_of_this_account_key_and_nonce(keys, alice, accounts, lattice, possession):
    key, other = lattice(1), lattice(2)
    good = key.sign(possession(keys, alice))
    for public, proof, sender in (
        (key.public, good, accounts[1]),
        (other.public, good, alice),
        (key.public, other.sign(possession(keys, alice)), alice),
        (key.public, good[:-1], alice),
        (key.public, b"", alice),
    ):
        with ape.reverts("keys: bad signature"):
            keys.register(public, proof, sender=sender)
    with ape.reverts("pq_keys: wrong key size"):
        keys.register(key.public[:-1], good, sender=alice)
    with ape.reverts("keys: register first"):
        keys.rotate(key.public, good, b"", sender=alice)


def test_a_key_is_of_one_account(keys, alice, old, accounts, lattice, possession, register):
    with ape.reverts("keys: key is taken"):
        keys.register(old.public, old.sign(possession(keys, accounts[1])), sender=accounts[1])
    with ape.reverts("keys: has had a key"):
        new = lattice(2)
        keys.register(new.public, new.sign(possession(keys, alice)), sender=alice)
    with ape.reverts("keys: key is taken"):
        keys.rotate(old.public, old.sign(possession(keys, alice)), b"", sender=alice)


def test_rotation_that_the_old_key_signs(keys, alice, old, lattice, possession, consent, chain):
    new = lattice(2)
    agreed = consent(old, alice, new.public)
    proof = new.sign(possession(keys, alice))
    for wrong in (consent(new, alice, new.public), consent(old, alice, old.public), agreed[:-1]):
        with ape.reverts("keys: bad signature"):
            keys.rotate(new.public, proof, wrong, sender=alice)
    receipt = keys.rotate(new.public, proof, agreed, sender=alice)
    (event,) = receipt.decode_logs(keys.ChangeStarted)
    assert (event.at, event.agreed) == (receipt.timestamp + DAY, True)
    assert tuple(keys.pendingOf(alice)) == (event.key, event.at)
    chain.mine(timestamp=event.at - 1)
    assert bytes(keys.publicKeyOf(alice)) == old.public
    chain.mine(timestamp=event.at)
    assert bytes(keys.publicKeyOf(alice)) == new.public
    assert keys.keyOf(alice) == event.key
    assert tuple(keys.pendingOf(alice)) == (ZERO, 0)
    with ape.reverts("keys: key is taken"):
        keys.rotate(old.public, old.sign(possession(keys, alice)), b"", sender=alice)


def test_classical_key_alone_waits_thirty_days(keys, alice, old, lattice, possession, chain):
    thief = lattice(3)
    receipt = keys.rotate(thief.public, thief.sign(possession(keys, alice)), b"", sender=alice)
    (event,) = receipt.decode_logs(keys.ChangeStarted)
    assert (event.at, event.agreed) == (receipt.timestamp + 30 * DAY, False)
    with ape.reverts("keys: change under way"):
        keys.rotate(b"", b"", b"", sender=alice)
    chain.mine(timestamp=event.at - 1)
    assert bytes(keys.publicKeyOf(alice)) == old.public
    chain.mine(timestamp=event.at)
    assert bytes(keys.publicKeyOf(alice)) == thief.public


def test_old_key_objects_to_the_last_second(
    keys, alice, old, lattice, possession, objection, accounts, chain
):
    thief = lattice(3)
    keys.rotate(thief.public, thief.sign(possession(keys, alice)), b"", sender=alice)
    at = keys.pendingOf(alice)[1]
    no = objection(old, alice)
    for wrong in (objection(thief, alice), no[:-1], b""):
        with ape.reverts("keys: bad signature"):
            keys.object(alice, wrong, sender=accounts[1])
    with chain.isolate():
        chain.pending_timestamp = at
        with ape.reverts("keys: bad signature"):
            keys.object(alice, no, sender=accounts[1])
    chain.pending_timestamp = at - 1
    receipt = keys.object(alice, no, sender=accounts[1])
    (event,) = receipt.decode_logs(keys.ChangeStopped)
    assert bytes(event.keyHash) == keccak(thief.public)
    chain.mine(timestamp=at)
    assert bytes(keys.publicKeyOf(alice)) == old.public
    assert keys.accountOf(keccak(thief.public)) == ZERO
    with ape.reverts("keys: bad signature"):
        keys.object(alice, no, sender=accounts[1])
    with ape.reverts("keys: no change under way"):
        keys.object(alice, objection(old, alice), sender=accounts[1])
    with ape.reverts("keys: no live key"):
        keys.object(accounts[1], no, sender=accounts[1])


def test_an_objection_is_of_one_change(keys, alice, old, lattice, possession, objection):
    thief = lattice(3)
    early = objection(old, alice)
    keys.rotate(thief.public, thief.sign(possession(keys, alice)), b"", sender=alice)
    with ape.reverts("keys: bad signature"):
        keys.object(alice, early, sender=alice)
    keys.stop(sender=alice)
    with ape.reverts("keys: no change under way"):
        keys.stop(sender=alice)
    with ape.reverts("keys: bad signature"):
        keys.rotate(thief.public, b"", b"", sender=alice)
    keys.rotate(thief.public, thief.sign(possession(keys, alice)), b"", sender=alice)


def test_revocation_and_a_key_after_it(keys, alice, old, lattice, possession, consent, chain):
    with ape.reverts("keys: proof of nothing"):
        keys.rotate(b"", b"\0", b"", sender=alice)
    keys.rotate(b"", b"", consent(old, alice, b""), sender=alice)
    chain.mine(timestamp=keys.pendingOf(alice)[1])
    assert keys.keyOf(alice) == ZERO
    assert bytes(keys.publicKeyOf(alice)) == b""
    new = lattice(2)
    with ape.reverts("keys: has had a key"):
        keys.register(new.public, new.sign(possession(keys, alice)), sender=alice)
    with ape.reverts("keys: no live key"):
        keys.rotate(b"", b"", b"", sender=alice)
    with ape.reverts("keys: no live key"):
        keys.rotate(new.public, b"", consent(old, alice, new.public), sender=alice)
    receipt = keys.rotate(new.public, new.sign(possession(keys, alice)), b"", sender=alice)
    (event,) = receipt.decode_logs(keys.ChangeStarted)
    assert event.at == receipt.timestamp + DAY
    chain.mine(timestamp=event.at)
    assert bytes(keys.publicKeyOf(alice)) == new.public


def test_revocation_without_the_key_waits(keys, alice, old, chain):
    receipt = keys.rotate(b"", b"", b"", sender=alice)
    (event,) = receipt.decode_logs(keys.ChangeStarted)
    assert event.at == receipt.timestamp + 30 * DAY
    chain.mine(timestamp=event.at - 1)
    assert bytes(keys.publicKeyOf(alice)) == old.public
    chain.mine(timestamp=event.at)
    assert keys.keyOf(alice) == ZERO
