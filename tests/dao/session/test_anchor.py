"""The anchor: epochs, proofs of sessions and of absence, the committee, and who leaves it."""

import ape
import pytest
from eth_utils import keccak

from chain.dao import anchors
from chain.dao.anchors import SessionLeaf, proof_of


def hashes(leaves):
    return [leaf.hash() for leaf in leaves]


def test_anchors_one_epoch_after_the_other(anchor, committee, people, sessions, chain):
    leaves = hashes(sessions(5))
    receipt = committee.anchor(leaves, people.anyone)

    (event,) = anchor.Anchored.from_receipt(receipt)
    assert (event.epoch, event.count, event.bitmap) == (1, 5, 2**15 - 1)
    assert anchor.rootOf(1) == anchors.session_root(6133, 1, leaves) == event.root
    assert anchor.anchoredAt(1) == chain.blocks.head.timestamp
    committee.anchor(hashes(sessions(2, salt=1)), people.anyone, seats=range(6, 21))
    assert anchor.lastEpoch() == 2
    assert anchor.countOf(2) == 2


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13])
def test_every_session_of_an_epoch_is_proven(anchor, committee, people, sessions, count):
    leaves = sessions(count)
    committee.anchor(hashes(leaves), people.anyone)

    for index, leaf in enumerate(leaves):
        proof = proof_of(hashes(leaves), index)
        assert anchor.verifySession(1, leaf.fields(), index, proof)
        assert not anchor.verifySession(1, leaf.fields(), index + 1, proof)
        assert not anchor.verifySession(1, leaf.fields(), index, [*proof, bytes(32)])
        assert not anchor.verifySession(1, leaf.fields(), index, proof[:-1]) or not proof
    changed = SessionLeaf(session_id=leaves[0].session_id, state=4)
    assert not anchor.verifySession(1, changed.fields(), 0, proof_of(hashes(leaves), 0))


def test_absence_is_proven_by_neighbours(anchor, committee, people, sessions):
    leaves = sessions(7)
    missing = leaves.pop(3)
    committee.anchor(hashes(leaves), people.anyone)
    proofs = [proof_of(hashes(leaves), index) for index in range(6)]
    nothing = (SessionLeaf(session_id=bytes(32), state=0).fields(), [])

    def sides(index):
        left = (leaves[index - 1].fields(), proofs[index - 1]) if index else nothing
        right = (leaves[index].fields(), proofs[index]) if index < 6 else nothing
        return index, *left, *right

    assert anchor.verifyAbsence(1, missing.session_id, *sides(3))
    assert anchor.verifyAbsence(1, bytes(32), *sides(0))
    assert anchor.verifyAbsence(1, b"\xff" * 32, *sides(6))
    assert not anchor.verifyAbsence(1, b"\xff" * 32, 7, *sides(6)[1:])
    for index in (0, 2, 4, 6):
        assert not anchor.verifyAbsence(1, missing.session_id, *sides(index))
    for there in leaves:
        for index in range(7):
            assert not anchor.verifyAbsence(1, there.session_id, *sides(index))
    assert not anchor.verifyAbsence(2, missing.session_id, *sides(3)), "no such epoch"


def test_epoch_without_sessions(anchor, committee, people):
    committee.anchor([], people.anyone)

    nothing = (SessionLeaf(session_id=bytes(32), state=0).fields(), [])
    assert not anchor.verifySession(1, nothing[0], 0, [])
    assert anchor.verifyAbsence(1, b"\x01" * 32, 0, *nothing, *nothing)


# --- What is refused ------------------------------------------------------------------------


@pytest.fixture
def signed(anchor, committee, sessions):
    """Arguments of `anchor` that are good, and can be spoiled."""
    claim = committee.claim(hashes(sessions(3)))
    return [1, *claim, *committee.sign(committee.attestation(1, claim))]


EPOCH, ROOT, COUNT, PREVIOUS, BITMAP, SIGNATURES = range(6)


def test_good_arguments_are_good(anchor, committee, people, signed):
    anchor.anchor(*signed, sender=people.anyone)


@pytest.mark.parametrize(
    ("argument", "value", "reason"),
    [
        (EPOCH, 0, "anchor: not the next epoch"),
        (EPOCH, 2, "anchor: not the next epoch"),
        (ROOT, bytes(32), "anchor: empty root"),
        (PREVIOUS, b"\x01" * 32, "anchor: other previous root"),
        (ROOT, b"\x01" * 32, "anchor: bad signature"),
        (COUNT, 4, "anchor: bad signature"),
        (BITMAP, 1 << 21, "anchor: no such seat"),
        (BITMAP, 2**14 - 1, "anchor: no quorum"),
        (BITMAP, 0, "anchor: no quorum"),
        (BITMAP, 2**16 - 1, "anchor: wrong length"),
        (BITMAP, 2**16 - 2, "anchor: bad signature"),
        (SIGNATURES, b"", "anchor: wrong length"),
        (SIGNATURES, bytes(15 * 4627), "anchor: bad signature"),
    ],
)
def test_refused(anchor, people, signed, argument, value, reason):
    signed[argument] = value

    with ape.reverts(reason):
        anchor.anchor(*signed, sender=people.anyone)


def test_one_signature_short(anchor, people, signed):
    signed[SIGNATURES] = signed[SIGNATURES][:-1]

    with ape.reverts("anchor: wrong length"):
        anchor.anchor(*signed, sender=people.anyone)


def test_anchored_stays(anchor, committee, people, signed):
    anchor.anchor(*signed, sender=people.anyone)

    with ape.reverts("anchor: not the next epoch"):
        anchor.anchor(*signed, sender=people.anyone)


# --- The committee --------------------------------------------------------------------------


@pytest.mark.parametrize("least", [2, 22])
def test_bounds_of_the_least(project, people, least):
    with ape.reverts("anchor: seats out of bounds"):
        people.deployer.deploy(project.SessionAnchor, people.dao, people.deployer, least)


def test_no_dao(project, people):
    with ape.reverts("anchor: no dao"):
        people.deployer.deploy(project.SessionAnchor, f"0x{0:040x}", people.deployer, 3)


@pytest.mark.parametrize(
    ("size", "quorum"), [(3, 3), (4, 3), (5, 4), (6, 5), (7, 5), (15, 11), (20, 14), (21, 15)]
)
def test_quorum(project, people, make_keys, size, quorum):
    """More than two thirds: with 3 all of them."""
    small = people.deployer.deploy(project.SessionAnchor, people.dao, people.deployer, 3)
    keys = make_keys(size)
    for public, _ in keys:
        small.registerKey(public, sender=people.anyone)
    small.setup([keccak(public) for public, _ in keys], sender=people.deployer)

    assert small.quorum() == quorum


def test_setup_is_the_deployers_and_once(anchor, committee, people):
    with ape.reverts("anchor: only the deployer"):
        anchor.setup(committee.hashes, sender=people.dao)
    with ape.reverts("anchor: already set up"):
        anchor.setup(committee.hashes, sender=people.deployer)


def test_before_setup(project, people, signed):
    fresh = people.deployer.deploy(project.SessionAnchor, people.dao, people.deployer, 21)
    with ape.reverts("anchor: not set up"):
        fresh.anchor(*signed, sender=people.anyone)
    with ape.reverts("anchor: not set up"):
        fresh.proposeCommittee([], sender=people.dao)
    with ape.reverts("anchor: too few seats"):
        fresh.setup([], sender=people.deployer)


def test_keys(anchor, committee, people, make_keys):
    with ape.reverts("anchor: key is registered"):
        anchor.registerKey(committee.publics[0], sender=people.anyone)
    with ape.reverts("pq_keys: wrong key size"):
        anchor.registerKey(bytes(2591), sender=people.anyone)
    unknown = keccak(make_keys(1, seed=2)[0][0])
    with ape.reverts("anchor: unknown key"):
        anchor.proposeCommittee(sorted([*committee.hashes[1:], unknown]), sender=people.dao)
    for wrong in (committee.hashes[::-1], [committee.hashes[0], *committee.hashes[:-1]]):
        with ape.reverts("anchor: keys are not in order"):
            anchor.proposeCommittee(wrong, sender=people.dao)
    with ape.reverts("anchor: too few seats"):
        anchor.proposeCommittee(committee.hashes[1:], sender=people.dao)


@pytest.fixture
def other(anchor, committee, people, make_keys):
    """A committee that shares all but one member, proposed."""
    (newcomer,) = make_keys(1, seed=2)
    anchor.registerKey(newcomer[0], sender=people.anyone)
    pairs = [newcomer, *zip(committee.publics[1:], committee.secrets[1:], strict=True)]
    made = type(committee)(sorted(pairs, key=lambda pair: keccak(pair[0])), anchor)
    anchor.proposeCommittee(made.hashes, sender=people.dao)
    return made


def test_committee_changes_after_a_day(anchor, committee, other, people, chain):
    ready = anchor.effectiveAt()
    assert ready == chain.blocks.head.timestamp + 86_400
    chain.pending_timestamp = ready - 1
    with ape.reverts("anchor: before its 24 hours"):
        anchor.changeCommittee(other.hashes, sender=people.anyone)
    with ape.reverts("anchor: not what was proposed"):
        anchor.changeCommittee(committee.hashes, sender=people.anyone)
    chain.pending_timestamp = ready
    anchor.changeCommittee(other.hashes, sender=people.anyone)

    seat = next(i for i, key in enumerate(other.hashes) if key not in committee.hashes)
    other.anchor([], people.anyone, seats=sorted({*range(15), seat}))
    assert anchor.committeeSeats()[0] == 2
    with ape.reverts("anchor: nothing proposed"):
        anchor.changeCommittee(other.hashes, sender=people.anyone)


def test_signatures_count_for_the_committee_that_sits(anchor, committee, other, people, chain):
    """Whoever left has no seat any more, whenever it signed."""
    claim = committee.claim([])
    with_the_leaver = range(15)
    signed = committee.sign(committee.attestation(1, claim), with_the_leaver)
    chain.pending_timestamp = anchor.effectiveAt()
    anchor.changeCommittee(other.hashes, sender=people.anyone)

    with ape.reverts("anchor: bad signature"):
        anchor.anchor(1, *claim, *signed, sender=people.anyone)


def test_dao_alone_changes_the_committee(anchor, committee, other, people):
    with ape.reverts("anchor: only the dao"):
        anchor.proposeCommittee(committee.hashes, sender=people.anyone)
    with ape.reverts("anchor: only the dao"):
        anchor.cancelCommittee(sender=people.anyone)
    anchor.cancelCommittee(sender=people.dao)
    with ape.reverts("anchor: nothing proposed"):
        anchor.changeCommittee(other.hashes, sender=people.anyone)
    with ape.reverts("anchor: nothing proposed"):
        anchor.cancelCommittee(sender=people.dao)


# --- Equivocation ---------------------------------------------------------------------------


@pytest.fixture
def fork(anchor, committee, sessions):
    """Evidence: one seat signed two roots of epoch 1."""
    claims = [committee.claim(hashes(sessions(count)), epoch=1) for count in (3, 4)]
    signatures = [committee.sign(committee.attestation(1, each), [2])[1] for each in claims]
    return [committee.hashes[2], 1, claims[0], signatures[0], claims[1], signatures[1]]


def test_equivocation_unseats(anchor, committee, people, fork, signed):
    receipt = anchor.submitEquivocation(*fork, sender=people.anyone)

    (event,) = anchor.Equivocated.from_receipt(receipt)
    assert (event.keyHash, event.epoch) == (committee.hashes[2], 1)
    assert anchor.equivocated(committee.hashes[2])
    assert anchor.committeeSeats()[2] == 1 << 2
    with ape.reverts("anchor: seat has equivocated"):
        anchor.anchor(*signed, sender=people.anyone)
    with ape.reverts("anchor: already known"):
        anchor.submitEquivocation(*fork, sender=people.anyone)
    with ape.reverts("anchor: key has equivocated"):
        anchor.proposeCommittee(committee.hashes, sender=people.dao)
    committee.anchor([], people.anyone, seats=range(3, 18))


def test_false_evidence(anchor, committee, people, fork):
    key, epoch, first, first_signature, second, second_signature = fork
    for evidence, reason in [
        ((bytes(32), *fork[1:]), "anchor: unknown key"),
        ((key, epoch, first, first_signature, first, first_signature), "anchor: the same"),
        ((committee.hashes[3], *fork[1:]), "anchor: first was not signed"),
        ((key, epoch, first, second_signature, second, second_signature), "first was not"),
        ((key, epoch, first, first_signature, second, first_signature), "second was not"),
        ((key, epoch, first, first_signature[:-1], second, second_signature), "first was not"),
        ((key, 2, *fork[2:]), "anchor: first was not signed"),
    ]:
        with pytest.raises(ape.exceptions.ContractLogicError, match=reason):
            anchor.submitEquivocation(*evidence, sender=people.anyone)


# --- Gas ------------------------------------------------------------------------------------


def test_gas(anchor, committee, people, sessions):
    """Ten siblings: 1,000 sessions; their anchor costs as much as that of one."""
    leaves = sessions(1_000)
    receipt = committee.anchor(hashes(leaves), people.anyone)
    proof = proof_of(hashes(leaves), 517)
    asked = (1, leaves[517].fields(), 517, proof)

    assert len(proof) == 10
    assert anchor.verifySession(*asked)
    checked = anchor.verifySession.transact(*asked, sender=people.anyone)
    assert checked.gas_used < 60_000
    assert receipt.gas_used < 3_000_000


def test_attestation_is_the_session_layers():
    """Published value: the id of an attestation of session/complete is the hash of its payload."""
    subject, commitment = anchors.sha256(b"subject"), anchors.sha256(b"commit")
    identity = anchors.sha256(anchors.attestation(subject, commitment, 100))

    assert identity.hex() == "12911533b32b06199fc3c95bddbeb285a00690796a985d457e5794a276b021e9"


def test_attestation_is_that_of_the_contract(anchor, committee, sessions):
    claim = committee.claim(hashes(sessions(3)), epoch=9)
    assert anchor.attestation(9, claim) == committee.attestation(9, claim)
