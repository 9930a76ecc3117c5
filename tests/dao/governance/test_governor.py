"""The way of a proposal, and its reads at each second where they change."""

import ape
import pytest
from eth_utils import keccak

PENDING, ACTIVE, CANCELED, DEFEATED, SUCCEEDED, QUEUED, EXPIRED, EXECUTED = range(8)
DAY = 86_400
VOTES = 10**18


def test_the_whole_way(dao):
    governor, call = dao.governor, dao.call("add", 5)
    proposal = dao.propose(call, dao.call("add", 2), description="Add five, and two")
    assert governor.state(proposal.id) == PENDING
    assert governor.proposalProposer(proposal.id) == dao.proposer
    dao.vote(proposal, (dao.whale, 1), (dao.second, 0), (dao.third, 2))
    assert governor.state(proposal.id) == ACTIVE
    expected = tuple(thousands * 1000 * VOTES for thousands in (200, 600, 100))
    assert tuple(governor.proposalVotes(proposal.id)) == expected
    assert governor.hasVoted(proposal.id, dao.whale)
    assert not governor.hasVoted(proposal.id, dao.proposer)
    dao.look(proposal.end + 1)
    assert governor.state(proposal.id) == SUCCEEDED
    receipt = governor.queue(*proposal.queued, sender=dao.stranger)
    (event,) = receipt.decode_logs(governor.ProposalQueued)
    assert event.proposalId == proposal.id
    assert event.etaSeconds == governor.proposalEta(proposal.id) == receipt.timestamp + 2 * DAY
    assert governor.state(proposal.id) == QUEUED
    dao.look(event.etaSeconds)
    receipt = dao.execute(proposal)
    (event,) = receipt.decode_logs(governor.ProposalExecuted)
    assert event.proposalId == proposal.id
    assert governor.state(proposal.id) == EXECUTED
    assert (dao.target.count(), dao.target.caller()) == (7, dao.safe)


def test_created_event_has_openzeppelins_shape(dao):
    targets = [dao.target, dao.poor]
    data = bytes(dao.target.add.encode_input(1))
    receipt = dao.governor.propose(targets, [0, 3], [data, b""], "Text", sender=dao.proposer)
    (log,) = receipt.logs
    signature = "ProposalCreated(uint256,address,address[],uint256[],string[],bytes[],uint256,"
    assert bytes(log["topics"][0]) == keccak(text=signature + "uint256,string)")
    (event,) = receipt.decode_logs(dao.governor.ProposalCreated)
    assert event.proposer == dao.proposer
    assert list(event.targets) == targets
    assert list(event["values"]) == [0, 3]
    assert list(event.signatures) == ["", ""]
    assert [bytes(each) for each in event.calldatas] == [data, b""]
    assert (event.voteStart, event.voteEnd) == (
        receipt.timestamp + 7 * DAY,
        receipt.timestamp + 14 * DAY,
    )
    assert event.description == "Text"


def test_id_is_the_hash_of_everything(dao):
    proposal = dao.propose(dao.call("add", 1), kind=2)
    actions = dao.governor.hashActions(*proposal.actions)
    text = keccak(text=proposal.description)
    assert dao.governor.hashProposal(dao.proposer, proposal.start, 2, actions, text) == proposal.id
    for other in (
        (dao.whale, proposal.start, 2, actions, text),
        (dao.proposer, proposal.start + 1, 2, actions, text),
        (dao.proposer, proposal.start, 1, actions, text),
        (dao.proposer, proposal.start, 2, keccak(actions), text),
        (dao.proposer, proposal.start, 2, actions, keccak(text)),
    ):
        assert dao.governor.hashProposal(*other) != proposal.id


@pytest.mark.parametrize(("kind", "period"), [(0, 7), (1, 14), (2, 21)])
def test_classes_have_their_periods(dao, kind, period):
    proposal = dao.propose(dao.call("add", 1), kind=kind)
    assert proposal.end - proposal.start == period * DAY
    assert dao.governor.proposalClass(proposal.id) == kind
    dao.look(proposal.start + 1)
    quorum = (10, 15, 20)[kind] * 10_000 * VOTES
    assert dao.governor.proposalQuorum(proposal.id) == quorum


def test_reads_that_indexers_want(dao):
    governor = dao.governor
    assert governor.call_view_method("name") == "Pars Governor"
    assert governor.version() == "1"
    assert governor.COUNTING_MODE() == (
        "support=bravo,fractional&quorum=for,abstain&params=fractional"
    )
    assert governor.CLOCK_MODE() == "mode=timestamp"
    assert governor.clock() == ape.chain.blocks.head.timestamp
    assert governor.votingDelay() == governor.votingPeriod() == 7 * DAY
    assert governor.proposalThreshold() == 100_000 * VOTES
    assert governor.quorum(ape.chain.blocks.head.timestamp - 1) == 100_000 * VOTES
    assert governor.token() == dao.votes
    assert governor.timelock() == dao.timelock
    assert governor.getVotes(dao.whale, governor.clock() - 1) == 600_000 * VOTES
    proposal = dao.propose(dao.call("add", 1))
    assert governor.proposalSnapshot(proposal.id) == proposal.start
    assert governor.proposalDeadline(proposal.id) == proposal.end
    assert governor.proposalEta(proposal.id) == 0
    assert governor.proposalNeedsQueuing(proposal.id)
    for read in (governor.state, governor.proposalState, governor.proposalQuorum):
        with ape.reverts("governor: unknown proposal"):
            read(1)
    with ape.reverts("governor: unknown proposal"):
        governor.castVote(1, 1, sender=dao.whale)


def test_azorius_states(dao):
    governor = dao.governor
    proposal = dao.propose(dao.call("add", 1))
    assert governor.proposalState(proposal.id) == 0
    dao.vote(proposal, (dao.whale, 1))
    assert governor.proposalState(proposal.id) == 0
    dao.look(proposal.end + 1)
    assert governor.proposalState(proposal.id) == 1
    governor.queue(*proposal.queued, sender=dao.stranger)
    assert governor.proposalState(proposal.id) == 1
    eta = governor.proposalEta(proposal.id)
    dao.look(eta)
    assert governor.proposalState(proposal.id) == 2
    with ape.chain.isolate():
        dao.look(eta + 14 * DAY + 1)
        assert governor.proposalState(proposal.id) == 4
    dao.execute(proposal)
    assert governor.proposalState(proposal.id) == 3
    lost = dao.propose(dao.call("add", 1))
    gone = dao.propose(dao.call("add", 2))
    governor.cancel(gone.id, sender=dao.proposer)
    assert governor.proposalState(gone.id) == 5
    dao.look(lost.end + 1)
    assert governor.proposalState(lost.id) == 5


def test_votes_without_actions_end_as_succeeded(dao):
    signal = dao.passed()
    assert dao.governor.state(signal.id) == SUCCEEDED
    assert dao.governor.proposalState(signal.id) == 3
    assert not dao.governor.proposalNeedsQueuing(signal.id)
    dao.later(365 * DAY)
    assert dao.governor.state(signal.id) == SUCCEEDED
    with ape.reverts("governor: nothing to execute"):
        dao.governor.queue(*signal.queued, sender=dao.stranger)
    with ape.reverts("governor: not queued"):
        dao.execute(signal)


def test_wrong_actions_are_refused(dao):
    propose, one = dao.governor.propose, bytes(dao.target.add.encode_input(1))
    for arguments in (
        ([dao.target], [], [one]),
        ([dao.target], [0], []),
        ([], [0], []),
        ([dao.target], [0, 0], [one]),
    ):
        with ape.reverts("governor: lengths differ"):
            propose(*arguments, "Text", sender=dao.proposer)
        with ape.reverts("governor: lengths differ"):
            dao.governor.proposeAs(*arguments, "", 0, dao.proposer, b"", sender=dao.proposer)
    with ape.reverts("governor: unknown class"):
        dao.propose(dao.call("add", 1), kind=4)
    proposal = dao.passed(dao.call("add", 1))
    for other in (
        (proposal.id, [dao.target], [], [one], keccak(text=proposal.description)),
        (proposal.id, [dao.target], [0], [], keccak(text=proposal.description)),
    ):
        with ape.reverts("governor: lengths differ"):
            dao.governor.queue(*other, sender=dao.stranger)


def test_the_same_twice_in_one_second_is_refused(dao, chain):
    dao.at(chain.blocks.head.timestamp + 5)
    first = dao.propose(dao.call("add", 1))
    chain.pending_timestamp = first.start - 7 * DAY
    with ape.reverts("governor: already proposed"):
        dao.propose(dao.call("add", 1))
    chain.pending_timestamp = first.start - 7 * DAY
    assert dao.propose(dao.call("add", 2)).start == first.start
    dao.later(1)
    assert dao.propose(dao.call("add", 1)).id != first.id


def test_value_goes_from_the_safe(dao):
    dao.stranger.transfer(dao.safe, "3 ether")
    before = dao.poor.balance
    dao.execute(dao.ready((dao.poor, 2 * 10**18, b""), (dao.target, 10**18, b"")))
    assert (dao.poor.balance - before, dao.target.balance) == (2 * 10**18, 10**18)


def test_all_or_nothing(dao):
    proposal = dao.ready(dao.call("add", 1), dao.call("fail", "target: no"), dao.call("add", 1))
    with ape.reverts("target: no"):
        dao.execute(proposal)
    assert dao.target.count() == 0
    assert dao.governor.state(proposal.id) == QUEUED


def test_votes_are_once_and_of_the_snapshot(dao):
    proposal = dao.propose(dao.call("add", 1))
    dao.votes.set(dao.poor, 7 * VOTES, sender=dao.deployer)
    dao.at(proposal.start)
    with ape.reverts("governor: not active"):
        dao.governor.castVote(proposal.id, 1, sender=dao.whale)
    dao.look(proposal.start + 1)
    dao.votes.set(dao.stranger, 9 * VOTES, sender=dao.deployer)
    dao.votes.set(dao.poor, 0, sender=dao.deployer)
    with ape.reverts("governor: no votes left"):
        dao.governor.castVote(proposal.id, 1, sender=dao.stranger)
    dao.governor.castVote(proposal.id, 1, sender=dao.poor)
    assert tuple(dao.governor.proposalVotes(proposal.id)) == (0, 7 * VOTES, 0)
    with ape.reverts("governor: no votes left"):
        dao.governor.castVote(proposal.id, 0, sender=dao.poor)
    for support in (3, 254, 255):
        with ape.reverts("governor: unknown support"):
            dao.governor.castVote(proposal.id, support, sender=dao.whale)


def test_vote_events(dao):
    proposal = dao.propose(dao.call("add", 1))
    dao.look(proposal.start + 1)
    receipt = dao.governor.castVoteWithReason(proposal.id, 2, "Whatever", sender=dao.third)
    (event,) = receipt.decode_logs(dao.governor.VoteCast)
    assert receipt.return_value == 100_000 * VOTES
    assert (event.voter, event.proposalId, event.support, event.weight, event.reason) == (
        dao.third,
        proposal.id,
        2,
        100_000 * VOTES,
        "Whatever",
    )


def parts(against, approve, abstain):
    return b"".join(each.to_bytes(16, "big") for each in (against, approve, abstain))


def test_fractional_votes(dao):
    governor, proposal = dao.governor, dao.propose(dao.call("add", 1))
    dao.look(proposal.start + 1)
    cast = governor.castVoteWithReasonAndParams
    receipt = cast(proposal.id, 255, "", parts(1, 2, 3), sender=dao.third)
    (event,) = receipt.decode_logs(governor.VoteCastWithParams)
    assert (event.weight, event.support, bytes(event.params)) == (6, 255, parts(1, 2, 3))
    assert tuple(governor.proposalVotes(proposal.id)) == (1, 2, 3)
    assert governor.usedVotes(proposal.id, dao.third) == 6
    rest = 100_000 * VOTES - 6
    with ape.reverts("governor: fractions exceed"):
        cast(proposal.id, 255, "", parts(0, rest, 1), sender=dao.third)
    with ape.reverts("governor: fractions exceed"):
        cast(proposal.id, 255, "", parts(2**128 - 1, 2**128 - 1, 2**128 - 1), sender=dao.third)
    with ape.reverts("governor: empty fractions"):
        cast(proposal.id, 255, "", parts(0, 0, 0), sender=dao.third)
    for wrong in (b"", parts(0, 1, 0)[:-1]):
        with ape.reverts("governor: fractions are 48 bytes"):
            cast(proposal.id, 255, "", wrong, sender=dao.third)
    with ape.reverts("governor: params of no use"):
        cast(proposal.id, 1, "", parts(0, 1, 0), sender=dao.third)
    with ape.reverts("governor: unknown support"):
        cast(proposal.id, 3, "", b"", sender=dao.third)
    cast(proposal.id, 255, "", parts(rest, 0, 0), sender=dao.third)
    assert tuple(governor.proposalVotes(proposal.id)) == (1 + rest, 2, 3)
    with ape.reverts("governor: no votes left"):
        cast(proposal.id, 255, "", parts(1, 0, 0), sender=dao.third)
    cast(proposal.id, 1, "with all", b"", sender=dao.second)
    assert governor.proposalVotes(proposal.id)[1] == 2 + 200_000 * VOTES


def test_what_is_left_of_fractions_votes_plainly(dao):
    proposal = dao.propose(dao.call("add", 1))
    dao.look(proposal.start + 1)
    dao.governor.castVoteWithReasonAndParams(proposal.id, 255, "", parts(5, 0, 0), sender=dao.third)
    dao.governor.castVote(proposal.id, 1, sender=dao.third)
    assert tuple(dao.governor.proposalVotes(proposal.id)) == (5, 100_000 * VOTES - 5, 0)


# --- Guardian and parameters ------------------------------------------------------------------


def test_guardian_vetoes_until_the_execution(dao):
    governor = dao.governor
    made = [dao.propose(dao.call("add", 1), description=str(i)) for i in range(5)]
    with ape.reverts("governor: only the guardian"):
        governor.veto(made[0].id, sender=dao.proposer)
    receipt = governor.veto(made[0].id, sender=dao.guardian)
    (event,) = receipt.decode_logs(governor.ProposalVetoed)
    (canceled,) = receipt.decode_logs(governor.ProposalCanceled)
    assert event.proposalId == canceled.proposalId == made[0].id
    for proposal in made[1:]:
        dao.vote(proposal, (dao.whale, 1))
    governor.veto(made[1].id, sender=dao.guardian)
    dao.look(made[-1].end + 1)
    governor.veto(made[2].id, sender=dao.guardian)
    for proposal in made[3:]:
        governor.queue(*proposal.queued, sender=dao.stranger)
    dao.look(governor.proposalEta(made[4].id))
    governor.veto(made[3].id, sender=dao.guardian)
    dao.execute(made[4])
    with ape.reverts("governor: has ended"):
        governor.veto(made[4].id, sender=dao.guardian)
    assert [governor.state(each.id) for each in made] == 4 * [CANCELED] + [EXECUTED]
    assert dao.target.count() == 1


def test_only_the_dao_names_the_guardian(dao):
    governor = dao.governor
    for sender in (dao.guardian, dao.deployer, dao.proposer):
        with ape.reverts("governor: only the dao"):
            governor.setVetoGuardian(sender, sender=sender)
    receipt = dao.decide(governor, "setVetoGuardian", dao.poor)
    (event,) = receipt.decode_logs(governor.VetoGuardianChanged)
    assert (event.old, event.new) == (dao.guardian, dao.poor)
    with ape.reverts("governor: only the guardian"):
        governor.renounceVeto(sender=dao.guardian)
    governor.renounceVeto(sender=dao.poor)
    assert int(governor.vetoGuardian(), 16) == 0


def test_charter_is_adopted_by_anybody(dao):
    dao.decide(dao.charter, "setVotingDelay", 0, 8 * DAY)
    assert dao.governor.votingDelay() == 7 * DAY
    with ape.reverts("governor: unknown class"):
        dao.governor.adopt(4, sender=dao.stranger)
    receipt = dao.governor.adopt(0, sender=dao.stranger)
    (event,) = receipt.decode_logs(dao.governor.ParametersAdopted)
    assert (event.proposal_class, event.version) == (0, 2)
    assert dao.governor.votingDelay() == 8 * DAY


def test_emergencies_make_listed_calls_only(dao):
    call = dao.call("add", 1)
    with ape.reverts("governor: not an emergency call"):
        dao.propose(call, kind=3)
    dao.decide(dao.charter, "setEmergencyCall", dao.target, call[2][:4], True)
    urgent = dao.propose(call, kind=3)
    assert urgent.end - urgent.start == 3 * DAY
    for other in (
        (dao.target, 0, call[2][:3]),
        (dao.target, 0, b""),
        (dao.safe, 0, call[2]),
        dao.call("fail", "x"),
    ):
        with ape.reverts("governor: not an emergency call"):
            dao.propose(call, other, kind=3)
    dao.vote(urgent, (dao.whale, 1))
    dao.look(urgent.end + 1)
    dao.governor.queue(*urgent.queued, sender=dao.stranger)
    dao.look(dao.governor.proposalEta(urgent.id))
    dao.execute(urgent)
    assert dao.target.count() == 1


def test_constructor_wants_its_parts(dao, project):
    zero, deploy = "0x" + 40 * "0", dao.deployer.deploy
    good = [dao.safe, dao.charter, dao.votes, dao.timelock, dao.keys, zero]
    with ape.reverts("governor: no dao"):
        deploy(project.Governor, zero, *good[1:])
    for part in (2, 3, 4):
        with ape.reverts("governor: part without code"):
            deploy(project.Governor, *good[:part], dao.poor, *good[part + 1 :])
    assert deploy(project.Governor, *good).vetoGuardian() == zero
