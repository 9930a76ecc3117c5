"""Attacks on anchor, oracle and relay: numbers as in docs/session-contracts.md."""

import runpy
from pathlib import Path

import ape
import pytest
from eth_utils import keccak, to_canonical_address

from chain.dao import anchors
from chain.dao.anchors import NODE, SessionLeaf, proof_of, sha256

# The fixtures are those of the session contracts' own tests.
SHARED = runpy.run_path(str(Path(__file__).parents[1] / "session" / "conftest.py"))
globals().update({name: each for name, each in SHARED.items() if not name.startswith("__")})

NOBODY = "0x" + 40 * "0"
FEE = 10**15


def hashes(leaves):
    return [leaf.hash() for leaf in leaves]


# --- 41: default values and the wrong set ---------------------------------------------------


def test_attack_41_empty_root(anchor, committee, people):
    """What was never anchored is no root: neither to anchor nor to prove by."""
    nothing = (bytes(32), 0, bytes(32))
    signed = committee.sign(committee.attestation(1, nothing))
    with ape.reverts("anchor: empty root"):
        anchor.anchor(1, *nothing, *signed, sender=people.anyone)
    leaf = SessionLeaf(session_id=bytes(32), state=0).fields()
    assert not anchor.verifySession(0, leaf, 0, [])
    assert not anchor.verifySession(1, leaf, 0, [])
    assert not anchor.verifyAbsence(1, b"\x01" * 32, 0, leaf, [], leaf, [])


def test_attack_41_committee_that_was_never_seated(project, people, committee):
    """Without members a quorum would be nobody's signature."""
    fresh = people.deployer.deploy(project.SessionAnchor, people.dao, people.deployer, 21)
    for bitmap in (0, 1, 2**21 - 1):
        with ape.reverts("anchor: not set up"):
            fresh.anchor(1, b"\x01" * 32, 1, bytes(32), bitmap, b"", sender=people.anyone)


def test_attack_41_smaller_committee_does_not_lower_the_quorum_of_what_was_signed(
    anchor, committee, people, make_keys, chain
):
    """Old signatures meet the quorum and the seats of the committee that sits now."""
    claim = committee.claim([])
    few = committee.sign(committee.attestation(1, claim), range(14))
    replaced = make_keys(7, seed=3)
    for public, _ in replaced:
        anchor.registerKey(public, sender=people.anyone)
    pairs = [*zip(committee.publics, committee.secrets, strict=True)][:14] + replaced
    made = type(committee)(sorted(pairs, key=lambda pair: keccak(pair[0])), anchor)
    anchor.proposeCommittee(made.hashes, sender=people.dao)
    chain.pending_timestamp = anchor.effectiveAt()
    anchor.changeCommittee(made.hashes, sender=people.anyone)
    with ape.reverts("anchor: no quorum"):
        anchor.anchor(1, *claim, *few, sender=people.anyone)


# --- 42: the anchor -------------------------------------------------------------------------


def test_attack_42_epoch_not_strictly_next(anchor, committee, people):
    committee.anchor([], people.anyone)
    for epoch in (0, 1, 3):
        claim = (*committee.claim([], epoch=2)[:2], bytes(anchor.rootOf(1)))
        signed = committee.sign(committee.attestation(epoch, claim))
        with ape.reverts("anchor: not the next epoch"):
            anchor.anchor(epoch, *claim, *signed, sender=people.anyone)


def test_attack_42_root_of_an_epoch_again(anchor, committee, people, sessions):
    """The root names its epoch: anchored again, it proves nothing."""
    leaves = sessions(3)
    committee.anchor(hashes(leaves), people.anyone)
    again = (bytes(anchor.rootOf(1)), 3, bytes(anchor.rootOf(1)))
    signed = committee.sign(committee.attestation(2, again))
    anchor.anchor(2, *again, *signed, sender=people.anyone)

    asked = (leaves[0].fields(), 0, proof_of(hashes(leaves), 0))
    assert anchor.verifySession(1, *asked)
    assert not anchor.verifySession(2, *asked)


def test_attack_42_two_roots_for_one_epoch(anchor, committee, people, sessions):
    claims = [committee.claim(hashes(sessions(count)), epoch=1) for count in (1, 2)]
    signed = [committee.sign(committee.attestation(1, claim)) for claim in claims]
    anchor.anchor(1, *claims[0], *signed[0], sender=people.anyone)
    with ape.reverts("anchor: not the next epoch"):
        anchor.anchor(1, *claims[1], *signed[1], sender=people.anyone)
    for seat in range(3):
        one, other = (each[1][seat * 4627 : (seat + 1) * 4627] for each in signed)
        evidence = (committee.hashes[seat], 1, claims[0], one, claims[1], other)
        anchor.submitEquivocation(*evidence, sender=people.anyone)

    assert anchor.committeeSeats()[2] == 0b111


def test_attack_42_leaf_of_another_epoch(anchor, committee, people, sessions):
    first, second = sessions(4), sessions(4, salt=1)
    committee.anchor(hashes(first), people.anyone)
    committee.anchor(hashes(second), people.anyone)
    asked = (first[1].fields(), 1, proof_of(hashes(first), 1))
    assert anchor.verifySession(1, *asked)
    assert not anchor.verifySession(2, *asked)
    assert not anchor.verifySession(3, *asked)


def test_attack_42_signatures_for_another_anchor_or_chain(
    anchor, committee, people, project, accounts
):
    claim = committee.claim([])
    here = to_canonical_address(anchor.address)
    for chain_id, contract in ((6134, here), (6133, to_canonical_address(str(accounts[3])))):
        message = anchors.anchor_attestation(chain_id, contract, 1, *claim)
        with ape.reverts("anchor: bad signature"):
            anchor.anchor(1, *claim, *committee.sign(message), sender=people.anyone)


def test_attack_42_node_passed_off_as_a_leaf(anchor, committee, people, sessions):
    """A node is hashed behind 0x01, a leaf behind 0x00: no fields make one of the other."""
    leaves = hashes(sessions(4))
    left = sha256(NODE, leaves[0], leaves[1])
    assert anchors.levels(leaves)[1][0] == left
    # A tree of two whose leaves are the nodes has the same top; its count makes another root.
    assert anchors.top_of([left, anchors.levels(leaves)[1][1]]) == anchors.top_of(leaves)
    committee.anchor(leaves, people.anyone)
    forged = SessionLeaf(session_id=leaves[0], state=1, output_hash=leaves[1])
    for index in range(2):
        proof = [anchors.levels(leaves)[1][1 - index]]
        assert not anchor.verifySession(1, forged.fields(), index, proof)


def test_attack_42_tree_of_one(anchor, committee, people, sessions):
    """Its top is the leaf; its root is not."""
    (leaf,) = sessions(1)
    committee.anchor([leaf.hash()], people.anyone)
    assert anchor.verifySession(1, leaf.fields(), 0, [])
    assert anchor.rootOf(1) != leaf.hash()
    assert not anchor.verifySession(1, leaf.fields(), 1, [])
    assert not anchor.verifySession(1, leaf.fields(), 0, [leaf.hash()])


def test_attack_42_absence_of_what_is_there(anchor, committee, people, sessions):
    leaves = sessions(5)
    committee.anchor(hashes(leaves), people.anyone)
    proofs = [proof_of(hashes(leaves), index) for index in range(5)]
    there = leaves[2]
    for left, right in [(1, 3), (0, 4), (1, 2), (2, 3), (3, 1)]:
        for index in range(6):
            assert not anchor.verifyAbsence(
                1,
                there.session_id,
                index,
                leaves[left].fields(),
                proofs[left],
                leaves[right].fields(),
                proofs[right],
            )


# --- 43: oracle reports ---------------------------------------------------------------------


def test_attack_43_signer_counted_twice(anchor, committee, people):
    """A seat has one bit; what it signs cannot stand in for another's."""
    claim = committee.claim([])
    message = committee.attestation(1, claim)
    _, one = committee.sign(message, [0])
    with ape.reverts("anchor: no quorum"):
        anchor.anchor(1, *claim, 1, one * 15, sender=people.anyone)
    with ape.reverts("anchor: bad signature"):
        anchor.anchor(1, *claim, 2**15 - 1, one * 15, sender=people.anyone)


def test_attack_43_signatures_out_of_order(anchor, committee, people):
    claim = committee.claim([])
    bitmap, signatures = committee.sign(committee.attestation(1, claim))
    swapped = signatures[4627 : 2 * 4627] + signatures[:4627] + signatures[2 * 4627 :]
    with ape.reverts("anchor: bad signature"):
        anchor.anchor(1, *claim, bitmap, swapped, sender=people.anyone)


@pytest.mark.parametrize("age", [0, 59])
def test_attack_43_old_answer(oracle, committee, people, sessions, chain, age):
    (leaf,) = sessions(1)
    committee.anchor([leaf.hash()], people.anyone)
    asked = (leaf.session_id, NOBODY, 0, age, 600)
    chain.pending_timestamp = chain.blocks.head.timestamp + 60
    oracle.requestSession(*asked, sender=people.anyone, value=FEE)
    with ape.reverts("oracle: stale"):
        oracle.answer(1, 1, leaf.fields(), 0, [], sender=people.anyone)


def test_attack_43_answer_from_an_epoch_to_come(oracle, committee, people, sessions):
    """With the greatest age nothing is stale, and still nothing is proven."""
    (leaf,) = sessions(1)
    asked = (leaf.session_id, NOBODY, 0, 2**40 - 1, 600)
    oracle.requestSession(*asked, sender=people.anyone, value=FEE)
    for epoch in (0, 1, 2**64 - 1):
        with ape.reverts("oracle: not proven"):
            oracle.answer(1, epoch, leaf.fields(), 0, [], sender=people.anyone)


def test_attack_43_answer_to_another_request(oracle, committee, people, sessions):
    leaves = sessions(2)
    committee.anchor(hashes(leaves), people.anyone)
    for leaf in leaves:
        arguments = (leaf.session_id, NOBODY, 0, 600, 600)
        oracle.requestSession(*arguments, sender=people.anyone, value=FEE)
    proof = proof_of(hashes(leaves), 0)
    with ape.reverts("oracle: other session"):
        oracle.answer(2, 1, leaves[0].fields(), 0, proof, sender=people.anyone)
