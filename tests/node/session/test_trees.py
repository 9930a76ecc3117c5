"""Trees, proofs, receipts and the registry of service nodes."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.dao import anchors
from node.codec import Refused
from node.session import anchoring, merkle, receipts
from node.session.anchoring import SessionLeaf
from node.session.registry import NodeStatus, Registry
from node.session.states import SessionState

CHAIN, EPOCH = 6133, 4
hashes = st.lists(st.binary(min_size=32, max_size=32), min_size=1, max_size=40)
leaf_lists = st.lists(
    st.builds(
        SessionLeaf,
        session_id=st.binary(min_size=32, max_size=32),
        state=st.sampled_from([SessionState.FINALIZED, SessionState.FAILED]),
        output_hash=st.binary(min_size=32, max_size=32),
    ),
    max_size=20,
    unique_by=lambda leaf: leaf.session_id,
).map(lambda leaves: sorted(leaves, key=lambda leaf: leaf.session_id))


@given(hashes)
def test_every_leaf_of_the_old_tree_has_its_proof(leaves):
    root = merkle.merkle_root(leaves)
    for index, leaf in enumerate(leaves):
        proof = merkle.merkle_proof(leaves, index)
        assert merkle.verify(root, leaf, proof)
        assert not merkle.verify(root, bytes([leaf[0] ^ 1]) + leaf[1:], proof)
        if proof.siblings:
            assert not merkle.verify(root, leaf, replace(proof, siblings=proof.siblings[1:]))
            short = (proof.siblings[0][:31], *proof.siblings[1:])
            assert not merkle.verify(root, leaf, replace(proof, siblings=short))
    with pytest.raises(ValueError, match="no leaf"):
        merkle.merkle_proof(leaves, len(leaves))


def test_a_proof_has_a_greatest_depth(h):
    proof = merkle.Proof(leaf_index=0, siblings=(h("s"),) * 33, is_left=(True,) * 33)

    assert not merkle.verify(h("r"), h("l"), proof)


@given(leaf_lists)
def test_every_leaf_of_an_epoch_has_one_proof(leaves):
    made = [leaf.hash() for leaf in leaves]
    root = anchoring.session_root(CHAIN, EPOCH, made)
    place = (root, CHAIN, EPOCH, len(leaves))

    assert root == anchors.session_root(CHAIN, EPOCH, made)
    for index, leaf in enumerate(leaves):
        proof = anchoring.proof_of(made, index)
        assert proof == anchors.proof_of(made, index)
        assert anchoring.verify_session(*place, leaf, index, proof)
        assert not anchoring.verify_session(*place, leaf, index, [*proof, bytes(32)])
        assert not anchoring.verify_session(*place, leaf, index + 1, proof)
        assert not anchoring.verify_session(*place[:3], len(leaves) + 1, leaf, index, proof)
        assert not anchoring.verify_session(root, CHAIN + 1, *place[2:], leaf, index, proof)
        assert not anchoring.verify_session(
            *place, replace(leaf, state=SessionState.RUNNING), index, proof
        )


@given(leaf_lists, st.binary(min_size=32, max_size=32))
def test_what_is_missing_has_a_proof_and_what_is_there_has_none(leaves, missing):
    root = anchoring.session_root(CHAIN, EPOCH, [leaf.hash() for leaf in leaves])
    place = (root, CHAIN, EPOCH, len(leaves))
    for leaf in leaves:
        with pytest.raises(ValueError, match="is there"):
            anchoring.absence_of(leaves, leaf.session_id)
    if missing in {leaf.session_id for leaf in leaves}:
        return
    absence = anchoring.absence_of(leaves, missing)

    assert anchoring.verify_absence(*place, missing, absence)
    for leaf in leaves:
        assert not anchoring.verify_absence(*place, leaf.session_id, absence)
    for index in {absence.index - 1, absence.index + 1}:
        assert not anchoring.verify_absence(*place, missing, replace(absence, index=index))
    if leaves:
        assert not anchoring.verify_absence(
            *place, missing, replace(absence, left=None, right=None)
        )


@pytest.fixture
def receipt(signing_keys, h):
    return receipts.make_receipt(
        signing_keys[0],
        session_id=h("session"),
        step_index=1,
        message_hash=h("message"),
        sender_id=h("sender"),
        receiver_id=h("receiver"),
        now=5,
    )


def test_a_receipt_is_its_receivers(receipt, signing_keys, h):
    receiver, relay = signing_keys[0].public, signing_keys[1]

    assert receipts.is_valid(receipt, receiver)
    assert not receipts.is_valid(receipt, relay.public)
    for change in ({"timestamp": 6}, {"message_hash": h("x")}, {"id": h("x")}, {"step_index": 2}):
        assert not receipts.is_valid(replace(receipt, **change), receiver)
    relayed = receipts.relay_receipt(relay, receipt, h("relay"))
    assert receipts.is_relayed(relayed, receiver, relay.public)
    other = replace(relayed, relay_node_id=h("x"))
    assert not receipts.is_relayed(other, receiver, relay.public)


def test_receipts_are_committed_in_their_order(receipt, h):
    other = replace(receipt, id=h("other"))
    made = receipts.commit([receipt, other], h("session"), 9, 77)

    assert made.merkle_root == merkle.merkle_root([receipt.id, other.id])
    assert (made.receipt_count, made.epoch, made.committed_at) == (2, 9, 77)
    with pytest.raises(ValueError, match="another session"):
        receipts.commit([receipt], h("another"), 9, 77)


# --- Service nodes --------------------------------------------------------------------------


@pytest.fixture
def registry():
    return Registry()


@pytest.fixture
def node(registry, signing_keys):
    return registry.register(signing_keys[0].public, "/ip4/127.0.0.1/tcp/9000", 100, now=5).id


def test_the_life_of_a_node(registry, node):
    assert registry.status(node) is NodeStatus.REGISTERED
    registry.activate(node)
    assert [each.id for each in registry.active()] == [node]
    registry.suspend(node, "slow")
    assert registry.active() == []
    assert registry.get(node).metadata == (("suspend_reason", "slow"),)
    registry.activate(node)
    registry.seen(node, 9)
    assert registry.get(node).last_seen_at == 9
    registry.slash(node, "signed twice")
    assert registry.status(node) is NodeStatus.SLASHED
    for step in (registry.activate, registry.exit, lambda each: registry.suspend(each, "x")):
        with pytest.raises(Refused):
            step(node)


def test_what_a_node_cannot_do(registry, node, signing_keys, h):
    with pytest.raises(Refused, match="cannot suspend"):
        registry.suspend(node, "x")
    registry.exit(node)
    with pytest.raises(Refused, match="cannot activate"):
        registry.activate(node)
    with pytest.raises(Refused, match="unknown node"):
        registry.activate(h("nobody"))
    assert registry.status(h("nobody")) is NodeStatus.UNKNOWN
    with pytest.raises(Refused, match="is known"):
        registry.register(signing_keys[0].public, "elsewhere", 1, now=5)
    with pytest.raises(Refused, match="is taken"):
        registry.register(signing_keys[1].public, "/ip4/127.0.0.1/tcp/9000", 1, now=5)
    for key, endpoint, stake in (
        (b"short", "x", 1),
        (signing_keys[1].public, "", 1),
        (signing_keys[1].public, "x" * 257, 1),
        (signing_keys[1].public, "x", -1),
    ):
        with pytest.raises(Refused, match="malformed"):
            registry.register(key, endpoint, stake, now=5)


def test_a_registry_is_bounded(registry, monkeypatch, signing_keys, node):
    monkeypatch.setattr("node.session.registry.NODES_MAX", 1)

    with pytest.raises(Refused, match="is full"):
        registry.register(signing_keys[1].public, "x", 1, now=5)
