"""Both ballots at the governor, with the escrow, the keys and the anchor that they are made for."""

import random
import runpy
from pathlib import Path

import ape
import pytest
from eth_utils import keccak, to_canonical_address

from chain.dao import anchors, ballots
from chain.dao.anchors import SessionLeaf
from chain.dao.ballots import AGAINST, FOR, Poll, SessionBallot
from precompiles.pq.ml_dsa import kernel as ml_dsa
from precompiles.pq.ml_dsa.parameters import BY_NUMBER

SHARED = runpy.run_path(str(Path(__file__).parents[1] / "governance" / "conftest.py"))
dao_of, typed, lattice, possession = (
    SHARED[name] for name in ("dao_of", "typed", "lattice", "possession")
)
mocks = SHARED["mocks"]

PARS = 10**18
DAY = 86_400
FOUR_YEARS = 4 * 365 * DAY
DEPTH = 5
UNIT = 1_000 * PARS
SEATS = 3
CHAIN_ID = 6133


@pytest.fixture(scope="module")
def whole(project, accounts, people, statement, mocks, dao_of):
    """The DAO on the real escrow, with 400,000, 10,000 and 10,000 PARS locked for four years."""
    wpars = people.deployer.deploy(project.WPARS)
    curve = people.deployer.deploy(project.LinearCurve)
    escrow = people.deployer.deploy(project.VePARS, wpars, curve)
    dao = dao_of(escrow)
    anchor = people.deployer.deploy(project.SessionAnchor, dao.safe, people.deployer, SEATS)
    made = (dao.governor, escrow)
    dao.private = people.deployer.deploy(project.PrivateBallots, *made, statement, DEPTH, UNIT)
    dao.gathered = people.deployer.deploy(project.SessionBallots, *made, anchor, dao.keys)
    dao.escrow, dao.anchor = escrow, anchor
    dao.secret_holder, dao.distant = accounts[2], accounts[3]
    for account, amount in (
        (dao.proposer, 400_000 * PARS),
        (dao.secret_holder, 10_000 * PARS),
        (dao.distant, 10_000 * PARS),
    ):
        account.balance += amount
        wpars.deposit(value=amount, sender=account)
        wpars.approve(escrow, amount, sender=account)
        escrow.lock(amount, FOUR_YEARS, sender=account)
    dao.later(10)
    return dao


@pytest.fixture
def proposal(whole):
    return whole.propose(whole.call("add", 5))


def lock_of(whole, owner):
    return whole.escrow.locksOf(owner)[0]


def anchored(whole, session, people):
    """Anchor one session, by a committee of three."""
    pairs = [ml_dsa.keygen(BY_NUMBER[5], bytes([each]) * 32) for each in range(SEATS)]
    pairs.sort(key=lambda pair: keccak(pair[0]))
    for public, _ in pairs:
        whole.anchor.registerKey(public, sender=people.anyone)
    whole.anchor.setup([keccak(public) for public, _ in pairs], sender=people.deployer)
    claim = (anchors.session_root(CHAIN_ID, 1, [session.hash()]), 1, bytes(32))
    address = to_canonical_address(whole.anchor.address)
    message = anchors.anchor_attestation(CHAIN_ID, address, 1, *claim)
    signed = anchors.attest({seat: pair[1] for seat, pair in enumerate(pairs)}, message)
    whole.anchor.anchor(1, *claim, *signed, sender=people.anyone)


def test_private_ballot_counts_at_the_governor(whole, proposal, people):
    holder, private = whole.secret_holder, whole.private
    draw = random.Random(3)
    chance = lambda: draw.randbytes(32)  # noqa: E731 - it is passed on
    secret = ballots.draw_secret(chance)
    lock = lock_of(whole, holder)
    whole.escrow.pledge(lock, private, proposal.start + 1, sender=holder)
    leaves = [ballots.leaf_of(secret)]
    with ape.reverts("ballot: more than the lock has"):  # 10,000 have decayed a little by then
        private.register(proposal.id, lock, 1, leaves, sender=holder)
    private.register(proposal.id, lock, 0, leaves, sender=holder)
    whole.look(proposal.start + 1)
    poll = Poll(
        chain_id=CHAIN_ID,
        contract=to_canonical_address(private.address),
        proposal=proposal.id,
        denomination=0,
    )
    made = ballots.ballot(ballots.nullifier_of(secret, poll), AGAINST, 0, chance)
    private.commit(proposal.id, [poll.commitment(made)], sender=people.anyone)
    with ape.reverts("governor: no votes left"):  # attack 20: what is pledged votes once
        whole.governor.castVote(proposal.id, FOR, sender=holder)
    _, gathering_ends, counting_ends = private.phases(proposal.id)
    whole.look(gathering_ends)
    proof = ballots.prove(poll, made, secret, leaves, DEPTH, chance)
    private.reveal(
        proposal.id, 0, AGAINST, 0, made.salt, made.nullifier, proof, sender=people.anyone
    )
    whole.look(counting_ends)
    private.castVote(proposal.id, sender=people.anyone)

    assert whole.governor.hasVoted(proposal.id, private)
    assert tuple(whole.governor.proposalVotes(proposal.id)) == (UNIT, 0, 0)


def test_session_ballot_counts_at_the_governor(whole, proposal, people, lattice, possession):
    voter, gathered = whole.distant, whole.gathered
    key = lattice(9)
    whole.keys.register(key.public, key.sign(possession(whole.keys, voter)), sender=voter)
    lock = lock_of(whole, voter)
    whole.escrow.pledge(lock, gathered, proposal.start + 365 * DAY, sender=voter)
    gathered.enrol(lock, sender=voter)
    ballot = SessionBallot(
        chain_id=CHAIN_ID,
        contract=to_canonical_address(gathered.address),
        proposal=proposal.id,
        voter=to_canonical_address(voter.address),
        choice=FOR,
    )
    signature = key.sign(ballot.digest())
    output = ballots.ballot_root([ballot.leaf(signature)])
    session = SessionLeaf(session_id=keccak(b"session"), state=3, output_hash=output)
    whole.look(proposal.start + 1)
    anchored(whole, session, people)
    with ape.reverts("governor: no votes left"):
        whole.governor.castVote(proposal.id, FOR, sender=voter)
    _, gathering_ends, counting_ends = gathered.phases(proposal.id)
    whole.look(gathering_ends)
    place = (1, session.fields(), 0, [], 0, 1, [])
    gathered.count(proposal.id, ballot.fields(), signature, place, sender=people.anyone)
    whole.look(counting_ends)
    gathered.castVote(proposal.id, sender=people.anyone)

    power = whole.escrow.getPastVotes(gathered, proposal.start)
    assert 9_900 * PARS < power < 10_000 * PARS
    assert gathered.powerAt(voter, proposal.start) == power
    assert tuple(whole.governor.proposalVotes(proposal.id)) == (0, power, 0)


def test_power_without_ballots_is_not_voted(whole, proposal, people):
    """Who only delegates to the contract, and opens nothing, adds to no side."""
    lock = lock_of(whole, whole.distant)
    whole.escrow.delegateLock(lock, whole.private, sender=whole.distant)
    whole.look(whole.private.phases(proposal.id)[2])
    with ape.reverts("ballot: nothing to cast"):
        whole.private.castVote(proposal.id, sender=people.anyone)
    assert not whole.governor.hasVoted(proposal.id, whole.private)
