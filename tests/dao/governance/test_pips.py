"""The register of PIPs: legal steps, and what it reads from the governor."""

import ape
import pytest
from eth_utils import keccak

FREE, DRAFT, REVIEW, VOTING, APPROVED, REJECTED, IMPLEMENTED = range(7)
DAY = 86_400
VOTES = 10**18
TEXT = keccak(b"pip-7000-governance.md")


@pytest.fixture(scope="module")
def pips(dao, project):
    made = dao.deployer.deploy(project.PIPRegistry, dao.safe, dao.governor, dao.votes, 1000 * VOTES)
    dao.pips = made
    return made


@pytest.fixture
def review(dao, pips):
    """PIP 7000 of the proposer, in its review."""
    pips.submit(7000, 7, TEXT, sender=dao.proposer)
    pips.startReview(7000, sender=dao.proposer)


def voted(dao, *actions, support=1, by=None):
    """Propose what PIP 7000 says, link it, vote, and go past the end: the proposal."""
    proposal = dao.propose(*actions, description=dao.pips.description(7000), by=by)
    dao.look(proposal.start + 1)
    link(dao, proposal)
    dao.vote(proposal, (dao.whale, support))
    dao.look(proposal.end + 1)
    return proposal


def link(dao, proposal, sender=None):
    actions = dao.governor.hashActions(*proposal.actions)
    return dao.pips.startVoting(7000, proposal.id, actions, sender=sender or dao.proposer)


@pytest.mark.parametrize("category", range(8))
def test_eight_ranges_of_numbers(dao, pips, category):
    submit = pips.submit
    for number in (category * 1000, category * 1000 + 999):
        receipt = submit(number, category, TEXT, sender=dao.proposer)
        (event,) = receipt.decode_logs(pips.Submitted)
        assert (event.number, event.category, event.author) == (number, category, dao.proposer)
        assert pips.pips(number).category == category
        with ape.reverts("pip: number is taken"):
            submit(number, category, TEXT, sender=dao.whale)
    for number in (category * 1000 - 1, category * 1000 + 1000):
        if number >= 0:
            with ape.reverts("pip: number of another category"):
                submit(number, category, TEXT, sender=dao.proposer)


def test_submissions_that_are_refused(dao, pips):
    with ape.reverts("pip: unknown category"):
        pips.submit(8000, 8, TEXT, sender=dao.proposer)
    with ape.reverts("pip: no hash"):
        pips.submit(1, 0, bytes(32), sender=dao.proposer)
    dao.votes.set(dao.poor, 1000 * VOTES - 1, sender=dao.deployer)
    dao.later(1)
    with ape.reverts("pip: too few votes"):
        pips.submit(1, 0, TEXT, sender=dao.poor)
    dao.votes.set(dao.poor, 1000 * VOTES, sender=dao.deployer)
    dao.later(1)
    pips.submit(1, 0, TEXT, sender=dao.poor)


def test_description_names_number_and_hash(dao, pips):
    for number in (7, 42, 999):
        pips.submit(number, 0, keccak(bytes([number % 256])), sender=dao.proposer)
        expected = f"PIP-{number:04} 0x{keccak(bytes([number % 256])).hex()}"
        assert pips.description(number) == expected
    with ape.reverts("pip: wrong state"):
        pips.description(8)


def test_drafts_change_and_reviews_do_not(dao, pips):
    pips.submit(7000, 7, keccak(b"first"), sender=dao.proposer)
    with ape.reverts("pip: only the author"):
        pips.revise(7000, TEXT, sender=dao.whale)
    with ape.reverts("pip: no hash"):
        pips.revise(7000, bytes(32), sender=dao.proposer)
    receipt = pips.revise(7000, TEXT, sender=dao.proposer)
    (event,) = receipt.decode_logs(pips.Revised)
    assert (bytes(event.old), bytes(event.new)) == (keccak(b"first"), TEXT)
    with ape.reverts("pip: only the author"):
        pips.startReview(7000, sender=dao.whale)
    receipt = pips.startReview(7000, sender=dao.proposer)
    (event,) = receipt.decode_logs(pips.StatusChanged)
    assert (event.old, event.new) == (DRAFT, REVIEW)
    for step in (
        lambda: pips.revise(7000, keccak(b"other"), sender=dao.proposer),
        lambda: pips.startReview(7000, sender=dao.proposer),
        lambda: pips.resolve(7000, sender=dao.proposer),
        lambda: pips.implement(7000, sender=dao.proposer),
    ):
        with ape.reverts("pip: wrong state"):
            step()


def test_the_whole_way(dao, pips, review):
    proposal = voted(dao, dao.call("add", 1))
    assert pips.status(7000) == VOTING
    receipt = pips.resolve(7000, sender=dao.stranger)
    (event,) = receipt.decode_logs(pips.StatusChanged)
    assert (event.old, event.new, event.proposal) == (VOTING, APPROVED, proposal.id)
    with ape.reverts("pip: not executed"):
        pips.implement(7000, sender=dao.stranger)
    dao.governor.queue(*proposal.queued, sender=dao.stranger)
    with ape.reverts("pip: not executed"):
        pips.implement(7000, sender=dao.stranger)
    dao.look(dao.governor.proposalEta(proposal.id))
    dao.execute(proposal)
    pips.implement(7000, sender=dao.stranger)
    assert pips.status(7000) == IMPLEMENTED
    for step in (pips.resolve, pips.implement, pips.startReview, pips.withdraw):
        with ape.reverts("pip: wrong state"):
            step(7000, sender=dao.proposer)


def test_a_batch_may_implement_itself(dao, pips, review):
    """The DAO says so in the vote's own actions: the registry reads the governor while it runs."""
    data = pips.implement.encode_input(7000)
    proposal = voted(dao, dao.call("add", 1), (pips, 0, data))
    pips.resolve(7000, sender=dao.stranger)
    dao.governor.queue(*proposal.queued, sender=dao.stranger)
    dao.look(dao.governor.proposalEta(proposal.id))
    dao.execute(proposal)
    assert pips.status(7000) == IMPLEMENTED


def test_signals_are_implemented_by_another_vote(dao, pips, review):
    voted(dao)
    pips.resolve(7000, sender=dao.stranger)
    with ape.reverts("pip: not executed"):
        pips.implement(7000, sender=dao.proposer)
    dao.decide(pips, "implement", 7000)
    assert pips.status(7000) == IMPLEMENTED


def test_rejected_is_final(dao, pips, review):
    voted(dao, dao.call("add", 1), support=0)
    pips.resolve(7000, sender=dao.stranger)
    assert pips.status(7000) == REJECTED
    for step in (pips.resolve, pips.implement, pips.startReview, pips.withdraw):
        with ape.reverts("pip: wrong state"):
            step(7000, sender=dao.proposer)
    with ape.reverts("pip: number is taken"):
        pips.submit(7000, 7, TEXT, sender=dao.proposer)


def test_cancelled_votes_decide_nothing(dao, pips, review):
    proposal = dao.propose(dao.call("add", 1), description=pips.description(7000))
    dao.look(proposal.start + 1)
    link(dao, proposal)
    with ape.reverts("pip: vote is not over"):
        pips.resolve(7000, sender=dao.stranger)
    dao.governor.veto(proposal.id, sender=dao.guardian)
    pips.resolve(7000, sender=dao.stranger)
    assert pips.status(7000) == REVIEW
    voted(dao, dao.call("add", 2))
    pips.resolve(7000, sender=dao.stranger)
    assert pips.status(7000) == APPROVED


def test_review_lasts_seven_days(dao, pips):
    pips.submit(7000, 7, TEXT, sender=dao.proposer)
    early = dao.propose(dao.call("add", 1), description=pips.description(7000))
    dao.later(10)
    pips.startReview(7000, sender=dao.proposer)
    end = pips.pips(7000).reviewed_from + 7 * DAY
    good = dao.propose(dao.call("add", 2), description=pips.description(7000))
    assert early.start < end <= good.start
    dao.at(end - 1)
    with ape.reverts("pip: review of seven days"):
        link(dao, good)
    dao.at(end)
    with ape.reverts("pip: vote starts in the review"):
        link(dao, early)
    with ape.chain.isolate():
        dao.look(good.end + 1)
        with ape.reverts("pip: vote is over"):
            link(dao, good)
    dao.at(end)
    with ape.reverts("pip: only the author"):
        link(dao, good, sender=dao.whale)
    link(dao, good)


def test_only_a_vote_on_this_text_counts(dao, pips, review):
    text = pips.description(7000)
    good = dao.propose(dao.call("add", 1), description=text, by=dao.second)
    other = dao.propose(dao.call("add", 1), description=text[:-1] + "0")
    dao.look(other.start + 1)
    for proposal in (other,):
        with ape.reverts("pip: not a vote on this text"):
            link(dao, proposal)
    for proposal, actions in (
        (good.id, keccak(b"other actions")),
        (good.id + 1, dao.governor.hashActions(*good.actions)),
        (1, bytes(32)),
    ):
        with ape.reverts("pip: not a vote on this text"):
            pips.startVoting(7000, proposal, actions, sender=dao.proposer)
    link(dao, good)


def test_withdrawing_frees_a_number(dao, pips, review):
    with ape.reverts("pip: only the author"):
        pips.withdraw(7000, sender=dao.whale)
    with ape.chain.isolate():
        pips.withdraw(7000, sender=dao.proposer)
        assert pips.status(7000) == FREE
        pips.submit(7000, 7, keccak(b"anew"), sender=dao.whale)
    dao.decide(pips, "withdraw", 7000)
    assert pips.status(7000) == FREE
    with ape.reverts("pip: wrong state"):
        pips.withdraw(7000, sender=dao.proposer)


def test_deployment_names_dao_and_governor(dao, project):
    deploy = dao.deployer.deploy
    with ape.reverts("pip: no dao"):
        deploy(project.PIPRegistry, "0x" + 40 * "0", dao.governor, dao.votes, 0)
    with ape.reverts("pip: governor has no code"):
        deploy(project.PIPRegistry, dao.safe, dao.poor, dao.votes, 0)
