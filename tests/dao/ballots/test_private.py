"""Anonymous ballots: who may take part, what counts, and when."""

import random

import ape
import pytest
from eth_utils import to_canonical_address

from chain.dao import ballots
from chain.dao.ballots import ABSTAIN, AGAINST, FOR, Poll, membership

PROPOSAL = 7
UNIT = 10**21


@pytest.fixture
def go(chain):
    """Move to a second: the next block has it."""

    def run(second):
        chain.pending_timestamp = second

    return run


def test_from_pledge_to_vote(private, registered, governor, people, times, go):
    go(times.snapshot)
    made = [registered.ballot(voter, choice) for voter, choice in enumerate((FOR, FOR, AGAINST))]
    private.commit(PROPOSAL, [registered.commitment(each) for each in made], sender=people.anyone)
    go(times.commits_end)
    for voter, each in enumerate(made):
        private.reveal(*registered.opening(voter, each), sender=people.anyone)
    assert private.tally(PROPOSAL) == [UNIT, 2 * UNIT, 0]
    go(times.reveals_end)
    receipt = private.castVote(PROPOSAL, sender=people.anyone)

    (event,) = private.Cast.from_receipt(receipt)
    assert (event.against, event.inFavour, event.abstain) == (UNIT, 2 * UNIT, 0)
    vote = governor.votes(PROPOSAL)
    assert (vote.voter, vote.support) == (private.address, 255)
    assert vote.params == b"".join(each.to_bytes(16, "big") for each in (UNIT, 2 * UNIT, 0))
    assert private.wasCast(PROPOSAL)
    with ape.reverts("ballot: was cast"):
        private.castVote(PROPOSAL, sender=people.anyone)


@pytest.fixture
def commit(private, registered, people):
    """Commit to ballots; return them."""

    def run(*made):
        private.commit(PROPOSAL, [registered.commitment(one) for one in made], sender=people.anyone)
        return made

    return run


@pytest.fixture
def reveal(private, registered, people):
    def run(voter, made):
        return private.reveal(*registered.opening(voter, made), sender=people.anyone)

    return run


# --- Who takes part -------------------------------------------------------------------------


def test_leaves_grow_the_tree_of_the_client(private, voters, pledge, holders):
    pledge(1, holders[0], private, 7 * UNIT)
    for count in (1, 2, 4):
        private.register(PROPOSAL, 1, 0, [voters.add() for _ in range(count)], sender=holders[0])
        levels = membership.levels_of(voters.leaves, 5)
        assert private.root(PROPOSAL, 0) == levels[-1][0]
    assert private.leafCount(PROPOSAL, 0) == 7
    assert private.registered(PROPOSAL, 1) == 7


def test_full_tree(private, voters, pledge, holders):
    pledge(1, holders[0], private, 100 * UNIT)
    for _ in range(2):
        private.register(PROPOSAL, 1, 0, [voters.add() for _ in range(16)], sender=holders[0])
    assert private.root(PROPOSAL, 0) == membership.levels_of(voters.leaves, 5)[-1][0]
    with ape.reverts("tree: full"):
        private.register(PROPOSAL, 1, 0, [voters.add()], sender=holders[0])


@pytest.mark.parametrize("leaf", [0, 2**251 + 17 * 2**192 + 1, 2**256 - 1])
def test_not_a_leaf(private, pledge, holders, leaf):
    pledge(1, holders[0], private, UNIT)
    with ape.reverts("tree: not a leaf"):
        private.register(PROPOSAL, 1, 0, [leaf], sender=holders[0])


def test_denominations(private, pledge, holders):
    """A leaf of denomination d takes 10**d units of the lock."""
    pledge(1, holders[0], private, 1_111 * UNIT)
    for denomination in range(4):
        private.register(PROPOSAL, 1, denomination, [5], sender=holders[0])
    assert private.registered(PROPOSAL, 1) == 1_111
    with ape.reverts("ballot: more than the lock has"):
        private.register(PROPOSAL, 1, 0, [6], sender=holders[0])
    with ape.reverts("ballot: no such denomination"):
        private.register(PROPOSAL, 1, 4, [6], sender=holders[0])


def test_not_a_wei_more_than_the_lock_has(private, pledge, holders):
    pledge(1, holders[0], private, 2 * UNIT - 1)
    with ape.reverts("ballot: more than the lock has"):
        private.register(PROPOSAL, 1, 0, [5, 6], sender=holders[0])
    private.register(PROPOSAL, 1, 0, [5], sender=holders[0])


def test_of_whom_and_to_whom(private, pledge, holders, people, times):
    pledge(1, holders[0], private, UNIT)
    with ape.reverts("ballot: not your lock"):
        private.register(PROPOSAL, 1, 0, [5], sender=holders[1])
    pledge(2, holders[0], people.anyone, UNIT)
    with ape.reverts("ballot: lock is not pledged"):
        private.register(PROPOSAL, 2, 0, [5], sender=holders[0])
    pledge(3, holders[0], private, UNIT, pledgedUntil=times.snapshot)
    with ape.reverts("ballot: pledge ends too early"):
        private.register(PROPOSAL, 3, 0, [5], sender=holders[0])


def test_review_ends_at_the_snapshot(private, pledge, holders, times, go):
    pledge(1, holders[0], private, 2 * UNIT)
    go(times.snapshot - 1)
    private.register(PROPOSAL, 1, 0, [5], sender=holders[0])
    go(times.snapshot)
    with ape.reverts("ballot: review is over"):
        private.register(PROPOSAL, 1, 0, [6], sender=holders[0])


def test_proposals_that_cannot_be(private, governor, people, holders, times):
    with ape.reverts("ballot: no such proposal"):
        private.commit(8, [bytes(32)], sender=people.anyone)
    governor.set(8, times.snapshot, times.snapshot + 84 * 3_600 - 1, sender=people.deployer)
    with ape.reverts("ballot: voting is too short"):
        private.register(8, 1, 0, [5], sender=holders[0])
    governor.set(8, times.snapshot, times.snapshot + 84 * 3_600, sender=people.deployer)
    assert private.phases(8)[1] == times.snapshot + 86_400


def test_phases_stay_when_the_deadline_moves(private, registered, governor, people, times):
    before = private.phases(PROPOSAL)
    governor.set(PROPOSAL, times.snapshot, times.deadline + 9, sender=people.deployer)
    assert private.phases(PROPOSAL) == before
    assert before == (times.snapshot, times.commits_end, times.reveals_end)


@pytest.mark.parametrize(
    ("depth", "unit", "reason"),
    [(0, 1, "tree: depth out of bounds"), (33, 1, "tree: depth"), (5, 0, "ballot: no unit")],
)
def test_constructor(project, people, governor, escrow, statement, depth, unit, reason):
    with pytest.raises(ape.exceptions.ContractLogicError, match=reason):
        people.deployer.deploy(project.PrivateBallots, governor, escrow, statement, depth, unit)


def test_statement_must_be_registered(project, people, governor, escrow):
    with ape.reverts():
        people.deployer.deploy(project.PrivateBallots, governor, escrow, bytes(32), 5, UNIT)


# --- What counts ----------------------------------------------------------------------------


def test_later_ballot_overrides(private, registered, commit, reveal, times, go):
    go(times.snapshot)
    (forced,) = commit(registered.ballot(0, FOR, sequence=2**64 - 1))
    go(times.snapshot + 1)
    (meant,) = commit(registered.ballot(0, AGAINST))
    go(times.commits_end)
    reveal(0, forced)
    assert private.tally(PROPOSAL) == [0, UNIT, 0]
    reveal(0, meant)
    assert private.tally(PROPOSAL) == [UNIT, 0, 0]
    with ape.reverts("ballot: a later one counts"):
        reveal(0, forced)
    with ape.reverts("ballot: a later one counts"):
        reveal(0, meant)


def test_higher_sequence_counts_in_one_second(private, registered, commit, reveal, times, go):
    go(times.snapshot)
    low, high = registered.ballot(0, FOR, 4), registered.ballot(0, AGAINST, 5)
    commit(high, low)
    go(times.commits_end)
    reveal(0, high)
    with ape.reverts("ballot: a later one counts"):
        reveal(0, low)


def test_later_position_counts_last_of_all(private, registered, commit, reveal, times, go):
    go(times.snapshot)
    first, second = registered.ballot(0, FOR, 4), registered.ballot(0, ABSTAIN, 4)
    commit(first, second)
    go(times.commits_end)
    reveal(0, first)
    reveal(0, second)
    assert private.tally(PROPOSAL) == [0, 0, UNIT]


def test_commitment_stays_where_it_was_first(private, registered, commit, reveal, times, go):
    """Nobody moves an old ballot behind a newer one by sending it again."""
    go(times.snapshot)
    (forced,) = commit(registered.ballot(0, FOR))
    go(times.snapshot + 9)
    (meant,) = commit(registered.ballot(0, AGAINST))
    go(times.snapshot + 99)
    commit(forced)
    assert private.committedAt(PROPOSAL, registered.commitment(forced)) == (times.snapshot, 1)
    go(times.commits_end)
    reveal(0, meant)
    with ape.reverts("ballot: a later one counts"):
        reveal(0, forced)


def test_batch_with_a_known_commitment(private, registered, people, times, go):
    """Sending one of a batch ahead stops none of the others."""
    go(times.snapshot)
    made = [bytes([1]) * 32, bytes([2]) * 32, bytes([3]) * 32]
    private.commit(PROPOSAL, [made[1]], sender=people.deployer)
    private.commit(PROPOSAL, [made[0], *made], sender=people.anyone)
    assert [private.committedAt(PROPOSAL, each)[1] for each in made] == [2, 1, 3]


def test_commitments_from_snapshot_to_their_end(private, registered, people, times, go):
    for second, reason in [
        (times.snapshot - 1, "ballot: still in review"),
        (times.snapshot, None),
        (times.commits_end - 1, None),
        (times.commits_end, "ballot: commitments are over"),
    ]:
        go(second)
        if reason:
            with ape.reverts(reason):
                private.commit(PROPOSAL, [bytes(32)], sender=people.anyone)
        else:
            private.commit(PROPOSAL, [second.to_bytes(32, "big")], sender=people.anyone)


def test_openings_between_commitments_and_vote(private, registered, commit, reveal, times, go):
    go(times.snapshot)
    made = commit(*[registered.ballot(voter, FOR) for voter in range(4)])
    go(times.commits_end - 1)
    with ape.reverts("ballot: not over yet"):
        reveal(0, made[0])
    go(times.commits_end)
    reveal(1, made[1])
    go(times.reveals_end - 1)
    reveal(2, made[2])
    go(times.reveals_end)
    with ape.reverts("ballot: openings are over"):
        reveal(3, made[3])


def test_openings_that_open_nothing(private, registered, commit, people, times, go):
    go(times.snapshot)
    (made,) = commit(registered.ballot(0, FOR))
    go(times.commits_end)
    good = list(registered.opening(0, made))
    for argument, value, reason in [
        (1, 4, "ballot: no such denomination"),
        (1, 1, "ballot: was not committed"),
        (2, 3, "ballot: no such choice"),
        (2, AGAINST, "ballot: was not committed"),
        (3, 1, "ballot: was not committed"),
        (4, bytes(32), "ballot: was not committed"),
        (5, made.nullifier + 1, "ballot: was not committed"),
    ]:
        with ape.reverts(reason):
            private.reveal(*good[:argument], value, *good[argument + 1 :], sender=people.anyone)
    private.reveal(*good, sender=people.anyone)


def test_nothing_was_opened(private, registered, people, times, go):
    go(times.reveals_end - 1)
    with ape.reverts("ballot: still being counted"):
        private.castVote(PROPOSAL, sender=people.anyone)
    go(times.reveals_end)
    with ape.reverts("ballot: nothing to cast"):
        private.castVote(PROPOSAL, sender=people.anyone)


def test_votes_never_more_than_it_holds(
    private, registered, commit, reveal, escrow, people, times, go
):
    """Were a lock to lose power before the snapshot, all ballots shrink alike."""
    escrow.setPastVotes(private, times.snapshot, 2 * UNIT - 1, sender=people.deployer)
    go(times.snapshot)
    choices = (FOR, FOR, FOR, AGAINST)
    made = commit(*[registered.ballot(voter, choice) for voter, choice in enumerate(choices)])
    go(times.commits_end)
    for voter, each in enumerate(made):
        reveal(voter, each)
    go(times.reveals_end)
    (event,) = private.Cast.from_receipt(private.castVote(PROPOSAL, sender=people.anyone))

    assert event.inFavour == 3 * UNIT * (2 * UNIT - 1) // (4 * UNIT)
    assert event.against == UNIT * (2 * UNIT - 1) // (4 * UNIT)


def test_gas(private, registered, pledge, holders, people, times, go):
    """What docs/ballots.md says."""
    pledge(9, holders[0], private, 99 * UNIT)
    leaves = [registered.add() for _ in range(4)]
    one = private.register(PROPOSAL, 9, 0, leaves[:1], sender=holders[0]).gas_used
    three = private.register(PROPOSAL, 9, 0, leaves[1:], sender=holders[0]).gas_used
    go(times.snapshot)
    made = [registered.ballot(0, FOR), registered.ballot(1, FOR)]
    first = private.commit(
        PROPOSAL, [registered.commitment(made[0])], sender=people.anyone
    ).gas_used
    batch = [registered.commitment(made[1]), *(bytes([each]) * 32 for each in range(1, 64))]
    many = private.commit(PROPOSAL, batch, sender=people.anyone).gas_used
    go(times.commits_end)
    opened = [
        private.reveal(*registered.opening(voter, each), sender=people.anyone).gas_used
        for voter, each in enumerate(made)
    ]
    go(times.reveals_end)
    cast = private.castVote(PROPOSAL, sender=people.anyone).gas_used
    assert one < 80_000
    assert three < 110_000
    assert first < 55_000
    assert many / 64 < 26_000
    assert max(opened) < 3_600_000  # for trees of depth 5
    assert cast < 140_000


def test_tree_that_nobody_can_fill(
    project, people, holders, governor, escrow, pledge, times, go, register_statement
):
    """With 29 levels an opening still fits into a transaction."""
    statement = register_statement(29)
    arguments = (governor, escrow, statement, 29, UNIT)
    deep = people.deployer.deploy(project.PrivateBallots, *arguments)
    pledge(1, holders[0], deep, UNIT)
    draw = random.Random(5)
    secret = ballots.draw_secret(lambda: draw.randbytes(32))
    leaves = [ballots.leaf_of(secret)]
    deep.register(PROPOSAL, 1, 0, leaves, sender=holders[0])
    contract = to_canonical_address(deep.address)
    poll = Poll(chain_id=6133, contract=contract, proposal=PROPOSAL, denomination=0)
    go(times.snapshot)
    made = ballots.ballot(ballots.nullifier_of(secret, poll), FOR, 0, lambda: draw.randbytes(32))
    deep.commit(PROPOSAL, [poll.commitment(made)], sender=people.anyone)
    go(times.commits_end)
    proof = ballots.prove(poll, made, secret, leaves, 29, lambda: draw.randbytes(32))
    opening = (PROPOSAL, 0, FOR, 0, made.salt, made.nullifier, proof)
    receipt = deep.reveal(*opening, sender=people.anyone)

    assert deep.tally(PROPOSAL) == [0, UNIT, 0]
    assert receipt.gas_used < 4_400_000
