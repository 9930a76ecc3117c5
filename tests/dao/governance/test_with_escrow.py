"""The governor on the real escrow, whose votes decay and follow delegation."""

import ape
import pytest

DAY = 86_400
YEAR = 365 * DAY
PARS = 10**18
ACTIVE, CANCELED, EXECUTED = 1, 2, 7


@pytest.fixture(scope="module")
def held(dao_of, project, accounts, networks):
    """The proposer locks 100,100 PARS and the second 50,000 for four years, the whale a million."""
    deployer = accounts[9]
    wrapped = deployer.deploy(project.WPARS)
    escrow = deployer.deploy(project.VePARS, wrapped, deployer.deploy(project.LinearCurve))
    for number, amount in ((0, 100_100), (1, 1_000_000), (2, 50_000)):
        networks.provider.set_balance(accounts[number].address, 2 * 10**6 * PARS)
        wrapped.deposit(sender=accounts[number], value=amount * PARS)
        wrapped.approve(escrow, 2**256 - 1, sender=accounts[number])
        escrow.lock(amount * PARS, 4 * YEAR, sender=accounts[number])
    made = dao_of(escrow)
    made.later(10)
    return made


def test_decayed_votes_of_the_snapshot_decide(held):
    proposal = held.propose(held.call("add", 1), by=held.whale)
    held.look(proposal.start + 1)
    receipt = held.governor.castVote(proposal.id, 1, sender=held.second)
    (event,) = receipt.decode_logs(held.governor.VoteCast)
    assert event.weight == held.votes.getPastVotes(held.second, proposal.start)
    assert 49_000 * PARS < event.weight < 49_800 * PARS
    held.governor.castVote(proposal.id, 1, sender=held.whale)
    total = held.votes.getPastTotalSupply(proposal.start)
    assert held.governor.proposalQuorum(proposal.id) == -(-total // 10)
    held.look(proposal.end + 1)
    held.governor.queue(*proposal.queued, sender=held.stranger)
    held.look(held.governor.proposalEta(proposal.id))
    held.execute(proposal)
    assert held.governor.state(proposal.id) == EXECUTED


def test_decay_below_the_threshold_lets_anybody_cancel(held):
    """100,100 votes are 100,000 after a day and a half: propose with some more."""
    proposal = held.propose(held.call("add", 1))
    with ape.reverts("governor: may not cancel"):
        held.governor.cancel(proposal.id, sender=held.stranger)
    held.later(2 * DAY)
    with ape.reverts("governor: below the threshold"):
        held.propose(held.call("add", 2))
    held.governor.cancel(proposal.id, sender=held.stranger)
    assert held.governor.state(proposal.id) == CANCELED


def test_a_delegate_has_the_votes_that_its_delegator_lost(held):
    held.votes.invoke_transaction("delegate", held.poor, sender=held.second)
    proposal = held.propose(held.call("add", 1), by=held.whale)
    held.look(proposal.start + 1)
    with ape.reverts("governor: no votes left"):
        held.governor.castVote(proposal.id, 1, sender=held.second)
    held.governor.castVote(proposal.id, 0, sender=held.poor)
    assert held.governor.proposalVotes(proposal.id)[0] == held.votes.getPastVotes(
        held.poor, proposal.start
    )


def test_attack_20_delegating_after_the_snapshot_moves_no_vote(held):
    proposal = held.propose(held.call("add", 1), by=held.whale)
    held.look(proposal.start + 1)
    held.governor.castVote(proposal.id, 1, sender=held.second)
    held.votes.invoke_transaction("delegate", held.poor, sender=held.second)
    held.later(1)
    with ape.reverts("governor: no votes left"):
        held.governor.castVote(proposal.id, 1, sender=held.poor)
