"""Attacks on ballots: numbers as in docs/ballots.md."""

import runpy
from pathlib import Path

import ape
import pytest

from chain.dao import ballots
from chain.dao.ballots import AGAINST, FOR, Poll

# The fixtures are those of the ballots' own tests.
SHARED = runpy.run_path(str(Path(__file__).parents[1] / "ballots" / "conftest.py"))
globals().update({name: each for name, each in SHARED.items() if not name.startswith("__")})

PROPOSAL = 7
UNIT = 10**21


@pytest.fixture
def go(chain):
    def run(second):
        chain.pending_timestamp = second

    return run


@pytest.fixture
def commit(private, registered, people):
    def run(*made, proposal=PROPOSAL):
        sent = [registered.commitment(each) for each in made]
        return private.commit(proposal, sent, sender=people.anyone)

    return run


def data_gas(data):
    """What the bytes of a transaction cost, zeros and others."""
    zeros = bytes(data).count(0)
    return 4 * zeros + 16 * (len(data) - zeros)


# --- 20: the same power twice ---------------------------------------------------------------


def test_attack_20_lock_registered_until_it_is_used_up(private, voters, pledge, holders):
    pledge(1, holders[0], private, 2 * UNIT)
    private.register(PROPOSAL, 1, 0, [voters.add(), voters.add()], sender=holders[0])
    for denomination in (0, 1):
        with ape.reverts("ballot: more than the lock has"):
            private.register(PROPOSAL, 1, denomination, [voters.add()], sender=holders[0])


def test_attack_20_lock_that_votes_elsewhere(private, pledge, holders, people):
    """A lock has one delegate: what votes by another route is not pledged here."""
    for elsewhere in (holders[0], people.anyone):
        pledge(1, holders[0], elsewhere, UNIT)
        with ape.reverts("ballot: lock is not pledged"):
            private.register(PROPOSAL, 1, 0, [5], sender=holders[0])


def test_attack_20_one_secret_in_two_leaves(private, voters, pledge, holders, people, times, go):
    """Who copies a leaf gains nothing: both have one nullifier, and it counts once."""
    pledge(1, holders[0], private, UNIT)
    pledge(2, holders[1], private, UNIT)
    leaf = voters.add()
    private.register(PROPOSAL, 1, 0, [leaf], sender=holders[0])
    private.register(PROPOSAL, 2, 0, [leaf], sender=holders[1])
    voters.leaves.append(leaf)
    go(times.snapshot)
    made = [voters.ballot(0, FOR, sequence) for sequence in (0, 1)]
    private.commit(PROPOSAL, [voters.commitment(each) for each in made], sender=people.anyone)
    go(times.commits_end)
    for each in made:
        private.reveal(*voters.opening(0, each), sender=people.anyone)

    assert private.tally(PROPOSAL) == [0, UNIT, 0]


def test_attack_20_cast_twice(private, registered, commit, people, times, go):
    go(times.snapshot)
    made = registered.ballot(0, FOR)
    commit(made)
    go(times.commits_end)
    private.reveal(*registered.opening(0, made), sender=people.anyone)
    go(times.reveals_end)
    private.castVote(PROPOSAL, sender=people.anyone)
    with ape.reverts("ballot: was cast"):
        private.castVote(PROPOSAL, sender=people.anyone)


# --- 46: private ballots --------------------------------------------------------------------


def test_attack_46_nullifier_of_another_proposal(
    private, registered, commit, governor, people, times, go
):
    """A secret has another nullifier in each poll, and a proof is good in one."""
    governor.set(8, times.snapshot, times.deadline, sender=people.deployer)
    go(times.snapshot)
    made = registered.ballot(0, FOR)
    other = Poll(**{**vars_of(registered.poll), "proposal": 8})
    assert ballots.nullifier_of(registered.secrets[0], other) != made.nullifier
    private.commit(8, [registered.commitment(made), other.commitment(made)], sender=people.anyone)
    go(times.commits_end)
    opening = list(registered.opening(0, made))
    with ape.reverts("ballot: was not committed"):
        private.reveal(*opening, sender=people.anyone)
    with ape.reverts("ballot: proof does not hold"):
        private.reveal(8, *opening[1:], sender=people.anyone)
    assert private.tally(8) == private.tally(PROPOSAL) == [0, 0, 0]


def vars_of(poll):
    return {name: getattr(poll, name) for name in poll.__slots__}


def test_attack_46_malformed_proof(private, registered, commit, people, times, go):
    go(times.snapshot)
    made = registered.ballot(0, FOR)
    commit(made)
    go(times.commits_end)
    *shown, proof = registered.opening(0, made)
    middle = len(proof) // 2
    flipped = proof[:middle] + bytes([proof[middle] ^ 1]) + proof[middle + 1 :]
    for wrong in (b"", proof[:-1], proof + b"\x00", bytes(len(proof)), flipped):
        with ape.reverts():
            private.reveal(*shown, wrong, sender=people.anyone)
    assert private.tally(PROPOSAL) == [0, 0, 0]
    private.reveal(*shown, proof, sender=people.anyone)


def test_attack_46_proof_for_another_root(private, registered, commit, people, times, go):
    """A tree of the attacker's own leaves proves nothing here."""
    go(times.snapshot)
    secret = ballots.draw_secret(registered.draw)
    nullifier = ballots.nullifier_of(secret, registered.poll)
    made = ballots.ballot(nullifier, FOR, 0, registered.draw)
    commit(made)
    go(times.commits_end)
    own = [ballots.leaf_of(secret)]
    proof = ballots.prove(registered.poll, made, secret, own, 5, registered.draw)
    with ape.reverts("ballot: proof does not hold"):
        private.reveal(*registered.shown(made), proof, sender=people.anyone)


def test_attack_46_front_run_proof(private, registered, commit, people, accounts, times, go):
    """A proof is bound to its ballot: a thief can change nothing, only bring it in."""
    go(times.snapshot)
    made, turned = registered.ballot(0, FOR), registered.ballot(0, AGAINST)
    commit(made, turned)
    go(times.commits_end)
    *shown, proof = registered.opening(0, made)
    with ape.reverts("ballot: proof does not hold"):
        private.reveal(*registered.shown(turned), proof, sender=accounts[9])
    private.reveal(*shown, proof, sender=accounts[9])
    assert private.tally(PROPOSAL) == [0, UNIT, 0]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_attack_46_two_ballots_in_one_block(private, registered, people, times, go, order):
    """Whoever orders a block, the voter's higher sequence counts."""
    made = [registered.ballot(0, FOR, 1), registered.ballot(0, AGAINST, 2)]
    go(times.snapshot)
    sent = [registered.commitment(made[each]) for each in order]
    private.commit(PROPOSAL, sent, sender=people.anyone)
    go(times.commits_end)
    private.reveal(*registered.opening(0, made[1]), sender=people.anyone)
    with ape.reverts("ballot: a later one counts"):
        private.reveal(*registered.opening(0, made[0]), sender=people.anyone)

    assert private.tally(PROPOSAL) == [UNIT, 0, 0]


def test_attack_46_tally_before_the_end(private, registered, commit, people, times, go):
    go(times.snapshot)
    made = registered.ballot(0, FOR)
    commit(made)
    opening = registered.opening(0, made)
    for second in (times.snapshot + 1, times.commits_end - 1):
        go(second)
        with ape.reverts("ballot: not over yet"):
            private.reveal(*opening, sender=people.anyone)
    assert private.tally(PROPOSAL) == [0, 0, 0]
    with ape.reverts("ballot: still being counted"):
        private.castVote(PROPOSAL, sender=people.anyone)


def test_attack_46_fake_receipt_looks_like_a_true_one(private, registered, commit, times, go):
    """Same fields, same sizes, same gas, same event: only the secret tells."""
    go(times.snapshot)
    true = registered.ballot(0, FOR)
    fake = ballots.decoy(FOR, 0, registered.draw)
    another = registered.ballot(1, FOR)
    first = commit(another)  # pays for the slots that all share
    receipts = [commit(each) for each in (true, fake)]

    for shown in (true, fake):
        assert ballots.opens(registered.poll, shown, registered.commitment(shown))
        assert not ballots.opens(
            registered.poll, shown, registered.commitment(registered.ballot(0, FOR))
        )
        assert shown.nullifier < 2**251 + 17 * 2**192 + 1
        assert len(shown.salt) == 32
    lengths = {len(receipt.data) for receipt in (first, *receipts)}
    gas = {receipt.gas_used - data_gas(receipt.data) for receipt in receipts}
    logs = {(len(receipt.logs), len(receipt.logs[0]["data"])) for receipt in receipts}
    assert len(lengths) == len(gas) == len(logs) == 1


def test_attack_46_coerced_vote_is_overridden(private, registered, commit, people, times, go):
    """What the coercer saw is true, opens, and does not count."""
    go(times.snapshot)
    forced = registered.ballot(0, FOR, sequence=2**64 - 1)
    commit(forced)
    go(times.snapshot + 1)
    meant = registered.ballot(0, AGAINST)
    commit(meant)
    assert ballots.opens(registered.poll, forced, registered.commitment(forced))
    go(times.commits_end)
    private.reveal(*registered.opening(0, meant), sender=people.anyone)
    with ape.reverts("ballot: a later one counts"):
        private.reveal(*registered.opening(0, forced), sender=people.anyone)
    assert private.tally(PROPOSAL) == [UNIT, 0, 0]
