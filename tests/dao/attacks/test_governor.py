"""Attacks on the governor: numbers 16 to 28 as in docs/governance.md."""

import runpy
from pathlib import Path

import ape
import pytest
from eth_utils import keccak

# The fixtures are those of the governor's own tests.
SHARED = runpy.run_path(str(Path(__file__).parents[1] / "governance" / "conftest.py"))
globals().update({name: each for name, each in SHARED.items() if not name.startswith("__")})

PENDING, ACTIVE, CANCELED, DEFEATED, SUCCEEDED, QUEUED, EXPIRED, EXECUTED = range(8)
DAY = 86_400
VOTES = 10**18
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def tally(dao, proposal):
    return tuple(dao.governor.proposalVotes(proposal.id))


def adopted(dao, function, *arguments):
    """Change the charter by a vote, and let the governor take it over."""
    dao.decide(dao.charter, function, *arguments)
    dao.governor.adopt(arguments[0], sender=dao.stranger)


# --- 16: the same proposal, submitted first by an attacker -------------------------------------


def test_attack_16_copied_proposal_is_another(dao, chain):
    dao.at(chain.blocks.head.timestamp + 5)
    copy = dao.propose(dao.call("add", 1), by=dao.second)
    dao.at(chain.blocks.head.timestamp)
    ours = dao.propose(dao.call("add", 1), by=dao.proposer)
    assert (copy.start, copy.id != ours.id) == (ours.start, True)
    dao.governor.cancel(copy.id, sender=dao.second)
    assert dao.governor.state(copy.id) == CANCELED
    assert dao.governor.state(ours.id) == PENDING
    dao.vote(ours, (dao.whale, 1))
    dao.look(ours.end + 1)
    dao.governor.queue(*ours.queued, sender=dao.stranger)


# --- 17: parameters of an open proposal --------------------------------------------------------


def test_attack_17_lower_quorum_revives_nothing(dao):
    dao.votes.set(dao.poor, 90_000 * VOTES, sender=dao.deployer)
    lost = dao.propose(dao.call("add", 1))
    dao.vote(lost, (dao.poor, 1))
    dao.look(lost.end + 1)
    assert dao.governor.state(lost.id) == DEFEATED
    adopted(dao, "setQuorum", 0, 500)
    assert dao.governor.state(lost.id) == DEFEATED
    with ape.reverts("governor: not passed"):
        dao.governor.queue(*lost.queued, sender=dao.stranger)


def test_attack_17_higher_bars_stop_nothing_that_passed(dao):
    dao.votes.set(dao.third, 101_000 * VOTES, sender=dao.deployer)
    proposal = dao.propose(dao.call("add", 1))
    dao.vote(proposal, (dao.third, 1), (dao.proposer, 0))
    dao.decide(dao.charter, "setQuorum", 0, 5000)
    adopted(dao, "setApproval", 0, 7500)
    assert dao.governor.state(proposal.id) == EXPIRED
    assert dao.governor.proposalQuorum(proposal.id) == 100_100 * VOTES
    assert dao.governor.quorum(proposal.start) == 500_500 * VOTES


def test_attack_17_times_of_an_open_proposal_are_fixed(dao):
    data = dao.charter.setTimelockDelay.encode_input(0, 9 * DAY)
    change = dao.queued((dao.charter, 0, data), description="Change")
    proposal = dao.propose(dao.call("add", 1))
    dao.look(dao.governor.proposalEta(change.id))
    dao.execute(change)
    dao.governor.adopt(0, sender=dao.stranger)
    assert dao.governor.proposalDeadline(proposal.id) == proposal.end
    dao.vote(proposal, (dao.whale, 1))
    dao.look(proposal.end + 1)
    receipt = dao.governor.queue(*proposal.queued, sender=dao.stranger)
    assert dao.governor.proposalEta(proposal.id) == receipt.timestamp + 2 * DAY
    later = dao.queued(dao.call("add", 2))
    assert dao.governor.proposalEta(later.id) > receipt.timestamp + 9 * DAY


# --- 18: the threshold ------------------------------------------------------------------------


def test_attack_18_borrowed_votes_propose_nothing(dao, chain):
    now = chain.blocks.head.timestamp + 5
    dao.at(now)
    dao.votes.set(dao.poor, 100_000 * VOTES, sender=dao.deployer)
    dao.at(now)
    with ape.reverts("governor: below the threshold"):
        dao.propose(dao.call("add", 1), by=dao.poor)
    dao.at(now)
    dao.votes.set(dao.poor, 0, sender=dao.deployer)
    dao.at(now + 1)
    with ape.reverts("governor: below the threshold"):
        dao.propose(dao.call("add", 1), by=dao.poor)


def test_attack_18_threshold_to_the_last_vote(dao):
    dao.votes.set(dao.poor, 100_000 * VOTES - 1, sender=dao.deployer)
    dao.later(1)
    with ape.reverts("governor: below the threshold"):
        dao.propose(dao.call("add", 1), by=dao.poor)
    dao.votes.set(dao.poor, 100_000 * VOTES, sender=dao.deployer)
    dao.later(1)
    dao.propose(dao.call("add", 1), by=dao.poor)


# --- 19: cancelling ---------------------------------------------------------------------------


def test_attack_19_proposer_cancels_until_the_vote(dao):
    proposal = dao.propose(dao.call("add", 1))
    with ape.reverts("governor: may not cancel"):
        dao.governor.cancel(proposal.id, sender=dao.whale)
    dao.at(proposal.start + 1)
    with ape.reverts("governor: may not cancel"):
        dao.governor.cancel(proposal.id, sender=dao.proposer)
    last = dao.propose(dao.call("add", 2))
    dao.at(last.start)
    receipt = dao.governor.cancel(last.id, sender=dao.proposer)
    (event,) = receipt.decode_logs(dao.governor.ProposalCanceled)
    assert event.proposalId == last.id
    with ape.reverts("governor: has ended"):
        dao.governor.cancel(last.id, sender=dao.proposer)
    with ape.reverts("governor: has ended"):
        dao.governor.veto(last.id, sender=dao.guardian)
    dao.later(1)
    with ape.reverts("governor: not active"):
        dao.governor.castVote(last.id, 1, sender=dao.whale)


def test_attack_19_anybody_cancels_below_the_threshold(dao):
    made = [dao.propose(dao.call("add", i)) for i in range(4)]
    dao.vote(made[1], (dao.whale, 1))
    dao.vote(made[2], (dao.whale, 1))
    dao.vote(made[3], (dao.whale, 1))
    dao.look(made[-1].end + 1)
    dao.governor.queue(*made[3].queued, sender=dao.stranger)
    for proposal in made[1:]:
        with ape.reverts("governor: may not cancel"):
            dao.governor.cancel(proposal.id, sender=dao.stranger)
    dao.votes.set(dao.proposer, 100_000 * VOTES - 1, sender=dao.deployer)
    dao.later(1)
    with ape.reverts("governor: has ended"):
        dao.governor.cancel(made[0].id, sender=dao.stranger)
    for proposal in made[1:]:
        dao.governor.cancel(proposal.id, sender=dao.stranger)
        assert dao.governor.state(proposal.id) == CANCELED
    operation = dao.governor.proposalOperation(made[3].id)
    assert dao.timelock.getOperationState(operation) == 0
    with ape.reverts("governor: not queued"):
        dao.execute(made[3])


def test_attack_19_nothing_ends_after_its_execution(dao):
    proposal = dao.ready(dao.call("add", 1))
    dao.execute(proposal)
    dao.votes.set(dao.proposer, 0, sender=dao.deployer)
    dao.later(1)
    for sender in (dao.proposer, dao.stranger, dao.guardian):
        with ape.reverts("governor: has ended"):
            dao.governor.cancel(proposal.id, sender=sender)
    assert dao.governor.state(proposal.id) == EXECUTED


def test_attack_19_the_dao_cancels_by_a_vote(dao):
    victim = dao.propose(dao.call("add", 1))
    data = dao.governor.cancel.encode_input(victim.id)
    order = dao.propose((dao.governor, 0, data), description="Cancel it")
    dao.vote(order, (dao.whale, 1))
    dao.governor.castVote(victim.id, 1, sender=dao.whale)
    dao.look(order.end + 1)
    for proposal in (order, victim):
        dao.governor.queue(*proposal.queued, sender=dao.stranger)
    dao.look(dao.governor.proposalEta(victim.id))
    dao.execute(order)
    assert dao.governor.state(victim.id) == CANCELED


# --- 20: voting twice -------------------------------------------------------------------------


def test_attack_20_one_vote_by_all_routes(dao, ballot, ecdsa, lattice, register):
    key = lattice(1)
    register(dao.keys, dao.second, key)
    proposal = dao.propose(dao.call("add", 1))
    dao.look(proposal.start + 1)
    signed = ecdsa(dao.second, ballot(dao, proposal, 1, dao.second))
    quantum = key.sign(ballot(dao, proposal, 1, dao.second, kind="PQBallot"))
    vote = dao.governor
    routes = (
        lambda: vote.castVote(proposal.id, 1, sender=dao.second),
        lambda: vote.castVoteWithReason(proposal.id, 0, "again", sender=dao.second),
        lambda: vote.castVoteWithReasonAndParams(
            proposal.id, 255, "", bytes(47) + b"\1", sender=dao.second
        ),
        lambda: vote.castVoteBySig(proposal.id, 1, dao.second, signed, sender=dao.stranger),
        lambda: vote.castVotePQ(proposal.id, 1, key.public, quantum, sender=dao.stranger),
    )
    for first in (0, 3, 4):
        with ape.chain.isolate():
            routes[first]()
            assert sum(tally(dao, proposal)) == 200_000 * VOTES
            # A nonce that the first route used up makes the other signature worthless before.
            for other in routes[:3]:
                with ape.reverts("governor: no votes left"):
                    other()
            for other in routes[3:]:
                with ape.reverts():
                    other()
            assert sum(tally(dao, proposal)) == 200_000 * VOTES


# --- 21: signatures ---------------------------------------------------------------------------


def refused(dao, proposal, support, voter, signature, reason="governor: bad signature"):
    with ape.reverts(reason):
        dao.governor.castVoteBySig(proposal.id, support, voter, signature, sender=dao.stranger)


def test_attack_21_replayed_ballots(dao, dao_of, ballot, ecdsa, typed):
    proposal, other = dao.propose(dao.call("add", 1)), dao.propose(dao.call("add", 2))
    dao.look(other.start + 1)
    signature = ecdsa(dao.second, ballot(dao, proposal, 1, dao.second))
    refused(dao, other, 1, dao.second, signature)
    refused(dao, proposal, 0, dao.second, signature)
    refused(dao, proposal, 1, dao.third, signature)
    refused(dao, proposal, 1, dao.second, signature[:-1])
    refused(dao, proposal, 1, dao.second, signature + b"\0")
    refused(dao, proposal, 1, dao.second, b"")
    later = ecdsa(dao.second, ballot(dao, proposal, 1, dao.second, nonce=1))
    refused(dao, proposal, 1, dao.second, later)
    twin = dao_of(dao.votes)
    refused(dao, proposal, 1, dao.second, ecdsa(dao.second, ballot(twin, proposal, 1, dao.second)))
    receipt = dao.governor.castVoteBySig(proposal.id, 1, dao.second, signature, sender=dao.stranger)
    (event,) = receipt.decode_logs(dao.governor.VoteCast)
    assert (event.voter, event.weight) == (dao.second, 200_000 * VOTES)
    assert dao.governor.nonces(dao.second) == 1
    refused(dao, proposal, 1, dao.second, signature)


def test_attack_21_ballots_of_the_other_chain(dao, ecdsa):
    proposal = dao.propose(dao.call("add", 1))
    dao.look(proposal.start + 1)
    kind = keccak(
        text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    )
    ballot = keccak(text="Ballot(uint256 proposalId,uint8 support,address voter,uint256 nonce)")

    def digest(chain_id):
        def word(number):
            return number.to_bytes(32, "big")

        domain = kind + keccak(b"Pars Governor") + keccak(b"1") + word(chain_id)
        domain = keccak(domain + word(int(dao.governor.address, 16)))
        struct = ballot + word(proposal.id) + word(1) + word(int(dao.second.address, 16))
        return keccak(b"\x19\x01" + domain + keccak(struct + word(0)))

    refused(dao, proposal, 1, dao.second, ecdsa(dao.second, digest(6134)))
    dao.governor.castVoteBySig(
        proposal.id, 1, dao.second, ecdsa(dao.second, digest(6133)), sender=dao.stranger
    )


def test_attack_21_malleated_signatures(dao, ballot, ecdsa):
    proposal = dao.propose(dao.call("add", 1))
    dao.look(proposal.start + 1)
    good = ecdsa(dao.second, ballot(dao, proposal, 1, dao.second))
    r, s, v = good[:32], int.from_bytes(good[32:64], "big"), good[64]
    high = (ORDER - s).to_bytes(32, "big")
    for other in (
        r + high + bytes([55 - v]),
        r + high + bytes([v]),
        good[:64] + bytes([v - 27]),
        good[:64] + bytes([55 - v]),
        bytes(32) + good[32:],
    ):
        refused(dao, proposal, 1, dao.second, other)


def test_attack_21_accounts_that_change_their_mind(dao, mocks, ballot):
    wallet = dao.deployer.deploy(mocks.Signers)
    dao.votes.set(wallet, 5 * VOTES, sender=dao.deployer)
    proposal = dao.propose(dao.call("add", 1))
    dao.look(proposal.start + 1)
    signature = ballot(dao, proposal, 1, wallet)
    refused(dao, proposal, 1, wallet, signature)
    wallet.will(True, sender=dao.stranger)
    dao.governor.castVoteBySig(proposal.id, 1, wallet, signature, sender=dao.stranger)
    wallet.will(False, sender=dao.stranger)
    assert tally(dao, proposal) == (0, 5 * VOTES, 0)
    wallet.will(True, sender=dao.stranger)
    refused(dao, proposal, 1, wallet, signature)


def test_attack_21_keys_without_account(dao, mocks, ballot):
    verifier = dao.deployer.deploy(mocks.Signers)
    signer = bytes.fromhex(verifier.address[2:]) + b"a passkey"
    voter = dao.governor.signerAccount(signer)
    dao.votes.set(voter, 3 * VOTES, sender=dao.deployer)
    proposal = dao.propose(dao.call("add", 1))
    dao.look(proposal.start + 1)
    good = b"a passkey" + ballot(dao, proposal, 2, voter)
    cast = dao.governor.castVoteBySigner
    for number in (int(dao.stranger.address, 16), 0x0602, 1, 0):
        other = number.to_bytes(20, "big") + b"a passkey"
        with ape.reverts("governor: bad signature"):
            cast(proposal.id, 2, other, good, sender=dao.stranger)
    for odd in (b"", signer[:19], signer[:20], signer + b"!"):
        with ape.reverts("governor: bad signature"):
            cast(proposal.id, 2, odd, good, sender=dao.stranger)
    with ape.reverts("governor: bad signature"):
        cast(proposal.id, 1, signer, good, sender=dao.stranger)
    cast(proposal.id, 2, signer, good, sender=dao.stranger)
    assert tally(dao, proposal) == (0, 0, 3 * VOTES)
    with ape.reverts("governor: bad signature"):
        cast(proposal.id, 2, signer, good, sender=dao.stranger)


def test_attack_21_extended_ballots_bind_all(dao, typed, ecdsa):
    proposal = dao.propose(dao.call("add", 1))
    dao.look(proposal.start + 1)
    fields = (
        "uint256 proposalId,uint8 support,address voter,uint256 nonce,string reason,bytes params"
    )
    params = b"".join(each.to_bytes(16, "big") for each in (1, 2, 3))
    values = (proposal.id, 255, str(dao.second), 0, "split", params)
    signature = ecdsa(dao.second, typed(dao.governor, "ExtendedBallot", fields, values))
    cast = dao.governor.castVoteWithReasonAndParamsBySig
    for changed in (("join", params), ("split", params[16:] + params[:16])):
        with ape.reverts("governor: bad signature"):
            cast(proposal.id, 255, dao.second, *changed, signature, sender=dao.stranger)
    cast(proposal.id, 255, dao.second, "split", params, signature, sender=dao.stranger)
    assert tally(dao, proposal) == (1, 2, 3)
    with ape.reverts("governor: bad signature"):
        cast(proposal.id, 255, dao.second, "split", params, signature, sender=dao.stranger)


def test_attack_21_lattice_ballots(dao, ballot, lattice, register):
    key, other = lattice(1), lattice(2)
    register(dao.keys, dao.second, key)
    register(dao.keys, dao.third, other)
    first, second = dao.propose(dao.call("add", 1)), dao.propose(dao.call("add", 2))
    dao.look(second.start + 1)
    good = key.sign(ballot(dao, first, 1, dao.second, kind="PQBallot"))
    cast, account = dao.governor.castVotePQ, bytes.fromhex(dao.second.address[2:])
    plain = key.sign(ballot(dao, first, 1, dao.second))
    foreign = other.sign(ballot(dao, first, 1, dao.second, kind="PQBallot"))
    for wrong in (
        (second.id, 1, account, good),
        (first.id, 0, account, good),
        (first.id, 1, account, good[:-1]),
        (first.id, 1, account, good[:-1] + bytes([good[-1] ^ 1])),
        (first.id, 1, account, plain),
        (first.id, 1, account, foreign),
        (first.id, 1, other.public, good),
        (first.id, 1, bytes.fromhex(dao.third.address[2:]), good),
    ):
        with ape.reverts("governor: bad signature"):
            cast(*wrong, sender=dao.stranger)
    for unknown in (b"", key.public[:-1], lattice(3).public, bytes(20)):
        with ape.reverts("governor: no registered key"):
            cast(first.id, 1, unknown, good, sender=dao.stranger)
    cast(first.id, 1, account, good, sender=dao.stranger)
    assert tally(dao, first) == (0, 200_000 * VOTES, 0)
    with ape.reverts("governor: bad signature"):
        cast(first.id, 1, account, good, sender=dao.stranger)
    again = key.sign(ballot(dao, second, 0, dao.second, nonce=1, kind="PQBallot"))
    cast(second.id, 0, b"", again, sender=dao.second)
    assert tally(dao, second) == (200_000 * VOTES, 0, 0)


def test_attack_21_ballots_of_a_key_that_is_over(dao, ballot, lattice, register, possession, typed):
    old, new = lattice(1), lattice(2)
    register(dao.keys, dao.second, old)
    change = (str(dao.second), keccak(new.public), dao.keys.nonces(dao.second))
    fields = "address account,bytes32 keyHash,uint256 nonce"
    consent = old.sign(typed(dao.keys, "Change", fields, change))
    proof = new.sign(possession(dao.keys, dao.second))
    dao.keys.rotate(new.public, proof, consent, sender=dao.second)
    proposal = dao.propose(dao.call("add", 1))
    dao.look(proposal.start + 1)
    digest = ballot(dao, proposal, 1, dao.second, kind="PQBallot")
    for key in (old.public, new.public, bytes.fromhex(dao.second.address[2:])):
        with ape.reverts("governor: bad signature"):
            dao.governor.castVotePQ(proposal.id, 1, key, old.sign(digest), sender=dao.stranger)
    dao.governor.castVotePQ(proposal.id, 1, new.public, new.sign(digest), sender=dao.stranger)


def test_attack_21_proposals_by_signature(dao, typed, ecdsa):
    fields = (
        "bytes32 actionsHash,bytes32 descriptionHash,uint8 proposalClass,address proposer,"
        "uint256 nonce"
    )
    target, value, data = dao.call("add", 1)
    actions = ([target], [value], [data])
    values = (dao.governor.hashActions(*actions), keccak(b"Text"), 1, str(dao.second), 0)
    signature = ecdsa(dao.second, typed(dao.governor, "Proposal", fields, values))
    propose = dao.governor.proposeAs
    for wrong in (
        (*actions, "Other", 1, dao.second, signature),
        (*actions, "Text", 0, dao.second, signature),
        (*actions, "Text", 1, dao.third, signature),
        ([target], [1], [data], "Text", 1, dao.second, signature),
        (*actions, "Text", 1, dao.second, b""),
    ):
        with ape.reverts("governor: bad signature"):
            propose(*wrong, sender=dao.stranger)
    receipt = propose(*actions, "Text", 1, dao.second, signature, sender=dao.stranger)
    (event,) = receipt.decode_logs(dao.governor.ProposalCreated)
    assert event.proposer == dao.governor.proposalProposer(event.proposalId) == dao.second
    with ape.reverts("governor: bad signature"):
        propose(*actions, "Text", 1, dao.second, signature, sender=dao.stranger)
    dao.governor.cancel(event.proposalId, sender=dao.second)


# --- 22: proposals without actions -------------------------------------------------------------


def test_attack_22_no_actions_execute_nothing(dao):
    signal = dao.propose()
    dao.vote(signal, (dao.second, 1))
    with ape.reverts("governor: not passed"):
        dao.governor.queue(*signal.queued, sender=dao.stranger)
    dao.look(signal.end + 1)
    assert (dao.governor.state(signal.id), dao.governor.proposalState(signal.id)) == (4, 3)
    one = dao.call("add", 1)
    for actions in (([], [], []), ([one[0]], [0], [one[2]])):
        with ape.reverts("governor: nothing to execute"):
            dao.governor.queue(
                signal.id, *actions, keccak(text=signal.description), sender=dao.stranger
            )
    lost = dao.propose()
    dao.vote(lost, (dao.second, 0))
    dao.look(lost.end + 1)
    assert (dao.governor.state(lost.id), dao.governor.proposalState(lost.id)) == (3, 5)


# --- 23: other calls, other code ---------------------------------------------------------------


def test_attack_23_swapped_actions(dao):
    proposal = dao.passed(dao.call("add", 1), (dao.poor, 0, b""))
    targets, values, calldatas = proposal.actions
    text = keccak(text=proposal.description)
    swaps = (
        ([dao.safe, dao.poor], values, calldatas),
        (targets, [0, 1], calldatas),
        (targets, values, [dao.call("add", 2)[2], b""]),
        (targets[::-1], values, calldatas[::-1]),
        (targets[:1], values[:1], calldatas[:1]),
        ([*targets, dao.poor], [*values, 0], [*calldatas, b""]),
    )
    for actions in swaps:
        with ape.reverts("governor: other actions or code"):
            dao.governor.queue(proposal.id, *actions, text, sender=dao.stranger)
    with ape.reverts("governor: other actions or code"):
        dao.governor.queue(proposal.id, *proposal.actions, keccak(text), sender=dao.stranger)
    dao.governor.queue(*proposal.queued, sender=dao.stranger)
    dao.look(dao.governor.proposalEta(proposal.id))
    for actions in swaps:
        with ape.reverts("timelock: not scheduled"):
            dao.governor.execute(proposal.id, *actions, sender=dao.stranger)
    dao.execute(proposal)


def test_attack_23_changed_code(dao, networks, mocks):
    proposal, provider = dao.propose(dao.call("add", 1)), networks.provider
    dao.vote(proposal, (dao.whale, 1))
    dao.look(proposal.end + 1)
    code = provider.get_code(dao.target.address)
    provider.set_code(dao.target.address, bytes(provider.get_code(dao.safe.address)))
    with ape.reverts("governor: other actions or code"):
        dao.governor.queue(*proposal.queued, sender=dao.stranger)
    provider.set_code(dao.target.address, bytes(code))
    dao.governor.queue(*proposal.queued, sender=dao.stranger)
    dao.look(dao.governor.proposalEta(proposal.id))
    provider.set_code(dao.target.address, b"")
    with ape.reverts("timelock: not scheduled"):
        dao.execute(proposal)
    provider.set_code(dao.target.address, bytes(code))
    dao.execute(proposal)


def test_attack_23_code_where_there_was_none(dao, networks):
    place = "0x" + 40 * "7"
    proposal = dao.passed((place, 0, b""))
    networks.provider.set_balance(place, 10**18)
    with ape.chain.isolate():
        networks.provider.set_code(place, b"\x00")
        with ape.reverts("governor: other actions or code"):
            dao.governor.queue(*proposal.queued, sender=dao.stranger)
    dao.governor.queue(*proposal.queued, sender=dao.stranger)
    dao.look(dao.governor.proposalEta(proposal.id))
    dao.execute(proposal)


# --- 24: a quorum in the last second -----------------------------------------------------------


def test_attack_24_late_quorum_leaves_time(dao):
    proposal = dao.propose(dao.call("add", 1))
    dao.look(proposal.start + 1)
    dao.at(proposal.end)
    receipt = dao.governor.castVote(proposal.id, 1, sender=dao.third)
    (event,) = receipt.decode_logs(dao.governor.ProposalExtended)
    extended = proposal.end + 2 * DAY
    assert (event.proposalId, event.extendedDeadline) == (proposal.id, extended)
    assert dao.governor.proposalDeadline(proposal.id) == extended
    dao.at(extended)
    receipt = dao.governor.castVote(proposal.id, 0, sender=dao.whale)
    assert not receipt.decode_logs(dao.governor.ProposalExtended)
    assert dao.governor.proposalDeadline(proposal.id) == extended
    dao.look(extended + 1)
    assert dao.governor.state(proposal.id) == DEFEATED


def test_attack_24_as_published_an_hour_before_the_end(dao):
    """The figure of contracts.md: the deadline moves by 169,200 seconds."""
    proposal = dao.propose(dao.call("add", 1))
    dao.at(proposal.end - 3600)
    dao.governor.castVote(proposal.id, 2, sender=dao.third)
    assert dao.governor.proposalDeadline(proposal.id) - proposal.end == 169_200


def test_attack_24_only_crossing_the_quorum_extends(dao):
    proposal = dao.propose(dao.call("add", 1))
    dao.look(proposal.start + 1)
    dao.at(proposal.end - 2 * DAY)
    dao.governor.castVote(proposal.id, 1, sender=dao.third)
    assert dao.governor.proposalDeadline(proposal.id) == proposal.end
    dao.at(proposal.end)
    dao.governor.castVote(proposal.id, 1, sender=dao.second)
    dao.at(proposal.end)
    dao.governor.castVote(proposal.id, 1, sender=dao.whale)
    assert dao.governor.proposalDeadline(proposal.id) == proposal.end
    against = dao.propose(dao.call("add", 2))
    dao.at(against.end)
    dao.governor.castVote(against.id, 0, sender=dao.whale)
    assert dao.governor.proposalDeadline(against.id) == against.end


def test_attack_24_the_first_second_that_extends(dao):
    proposal = dao.propose(dao.call("add", 1))
    dao.at(proposal.end - 2 * DAY + 1)
    dao.governor.castVote(proposal.id, 1, sender=dao.third)
    assert dao.governor.proposalDeadline(proposal.id) == proposal.end + 1


# --- 25: ties and bare quorums -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("against", "approve", "abstain", "state"),
    [
        (0, 0, 0, DEFEATED),
        (100_000, 100_000, 0, DEFEATED),
        (100_000 * VOTES, 100_000 * VOTES + 1, 0, SUCCEEDED),
        (0, 100_000, 0, SUCCEEDED),
        (0, 100_000 * VOTES - 1, 0, DEFEATED),
        (0, 1, 100_000 * VOTES - 1, SUCCEEDED),
        (0, 0, 200_000, DEFEATED),
        (1, 2, 100_000 * VOTES - 2, SUCCEEDED),
        (2, 2, 200_000 * VOTES, DEFEATED),
        (400_000, 99_999, 0, DEFEATED),
    ],
)
def test_attack_25_ties_and_bare_quorums(dao, against, approve, abstain, state):
    votes = [
        each if each == 0 or each < 10 or each > VOTES else each * VOTES
        for each in (against, approve, abstain)
    ]
    proposal = dao.propose(dao.call("add", 1))
    dao.look(proposal.start + 1)
    if sum(votes):
        params = b"".join(each.to_bytes(16, "big") for each in votes)
        dao.governor.castVoteWithReasonAndParams(proposal.id, 255, "", params, sender=dao.whale)
    dao.look(dao.governor.proposalDeadline(proposal.id) + 1)
    assert dao.governor.state(proposal.id) == state


def test_attack_25_two_thirds_are_strict(dao):
    for approve, state in ((67 * VOTES, DEFEATED), (67 * VOTES + 1, SUCCEEDED)):
        proposal = dao.propose(dao.call("add", approve), kind=2)
        dao.look(proposal.start + 1)
        params = b"".join(each.to_bytes(16, "big") for each in (33 * VOTES, approve, 0))
        dao.governor.castVoteWithReasonAndParams(proposal.id, 255, "", params, sender=dao.second)
        dao.governor.castVote(proposal.id, 2, sender=dao.whale)
        dao.look(proposal.end + 1)
        assert dao.governor.state(proposal.id) == state


# --- 26: the seconds where states change -------------------------------------------------------


def test_attack_26_each_boundary_second(dao):
    governor, proposal = dao.governor, dao.propose(dao.call("add", 1))
    dao.look(proposal.start)
    assert governor.state(proposal.id) == PENDING
    dao.at(proposal.start + 1)
    governor.castVote(proposal.id, 1, sender=dao.whale)
    assert governor.state(proposal.id) == ACTIVE
    dao.at(proposal.end)
    with ape.reverts("governor: not passed"):
        governor.queue(*proposal.queued, sender=dao.stranger)
    assert governor.state(proposal.id) == ACTIVE
    dao.at(proposal.end + 1)
    with ape.reverts("governor: not active"):
        governor.castVote(proposal.id, 1, sender=dao.second)
    assert governor.state(proposal.id) == SUCCEEDED
    with ape.chain.isolate():
        dao.look(proposal.end + 14 * DAY)
        assert governor.state(proposal.id) == SUCCEEDED
        dao.at(proposal.end + 14 * DAY + 1)
        with ape.reverts("governor: not passed"):
            governor.queue(*proposal.queued, sender=dao.stranger)
        assert governor.state(proposal.id) == EXPIRED
    governor.queue(*proposal.queued, sender=dao.stranger)
    eta = governor.proposalEta(proposal.id)
    dao.at(eta - 1)
    with ape.reverts("timelock: too early"):
        dao.execute(proposal)
    with ape.chain.isolate():
        dao.at(eta + 14 * DAY + 1)
        with ape.reverts("governor: not queued"):
            dao.execute(proposal)
        assert governor.state(proposal.id) == EXPIRED
        with ape.reverts("governor: has ended"):
            governor.veto(proposal.id, sender=dao.guardian)
    with ape.chain.isolate():
        dao.at(eta + 14 * DAY)
        dao.execute(proposal)
    dao.at(eta)
    dao.execute(proposal)
    assert governor.state(proposal.id) == EXECUTED


# --- 27: calling back in ----------------------------------------------------------------------


def test_attack_27_a_batch_cannot_act_as_governor(dao):
    """An action that calls the governor in its own execution finds it locked."""
    governor = dao.governor
    other = dao.passed(dao.call("add", 8), description="Other")
    inner = (
        (governor.queue, other.queued),
        (governor.execute, other.executed),
        (governor.castVote, (other.id, 1)),
    )
    for function, arguments in inner:
        with ape.chain.isolate():
            data = function.encode_input(*arguments)
            proposal = dao.ready(dao.call("forward", governor, data), description="Inner")
            with ape.reverts():
                dao.execute(proposal)
            assert governor.state(proposal.id) == QUEUED
            assert dao.target.count() == 0


def test_attack_27_a_batch_executes_nothing_again(dao):
    proposal = dao.propose(
        dao.call("forward", dao.timelock, dao.timelock.getMinDelay.encode_input()),
        description="Read only",
    )
    dao.vote(proposal, (dao.whale, 1))
    dao.look(proposal.end + 1)
    dao.governor.queue(*proposal.queued, sender=dao.stranger)
    dao.look(dao.governor.proposalEta(proposal.id))
    dao.execute(proposal)
    with ape.reverts("governor: not queued"):
        dao.execute(proposal)
    salt = proposal.id.to_bytes(32, "big")
    with ape.reverts("timelock: already executed"):
        dao.timelock.execute(*proposal.actions, bytes(32), salt, sender=dao.stranger)
    assert dao.target.count() == 1


def test_attack_27_a_batch_may_change_who_governs(dao, project):
    """A new governor in the middle of a batch: the rest of the batch runs, the old one is over."""
    successor = dao.deployer.deploy(
        project.Governor,
        dao.safe,
        dao.charter,
        dao.votes,
        dao.timelock,
        dao.keys,
        dao.guardian,
    )
    late = dao.propose(dao.call("add", 1), description="Late")
    order = dao.propose(
        (dao.timelock, 0, dao.timelock.setGovernor.encode_input(successor)),
        dao.call("add", 2),
        description="Successor",
    )
    dao.vote(late, (dao.whale, 1))
    dao.vote(order, (dao.whale, 1))
    dao.look(order.end + 1)
    dao.governor.queue(*order.queued, sender=dao.stranger)
    dao.look(dao.governor.proposalEta(order.id))
    dao.execute(order)
    assert dao.target.count() == 2
    with ape.reverts("timelock: only the governor"):
        dao.governor.queue(*late.queued, sender=dao.stranger)


# --- 28: spam ---------------------------------------------------------------------------------


def test_attack_28_five_proposals_of_one_account_under_vote(dao):
    made = [dao.propose(dao.call("add", i)) for i in range(7)]
    other = dao.propose(dao.call("add", 9), by=dao.second)
    dao.vote(made[-1])
    for proposal in made[:5]:
        dao.governor.castVote(proposal.id, 1, sender=dao.whale)
        dao.governor.castVote(proposal.id, 0, sender=dao.third)
    for proposal in made[5:]:
        with ape.reverts("governor: too many under vote"):
            dao.governor.castVote(proposal.id, 1, sender=dao.whale)
    dao.governor.castVote(made[0].id, 1, sender=dao.second)
    dao.governor.castVote(other.id, 1, sender=dao.whale)
    dao.look(made[-1].end + 1)
    assert [dao.governor.state(each.id) for each in made] == 5 * [SUCCEEDED] + 2 * [DEFEATED]
    again = dao.propose(dao.call("add", 1))
    dao.vote(again, (dao.whale, 1))


def test_attack_28_sizes_are_bounded(dao, accounts):
    propose = dao.governor.propose

    def made(actions=1, data=4, text=4):
        arguments = ([dao.poor] * actions, [0] * actions, [bytes(data)] * actions, "x" * text)
        return propose(*arguments, sender=dao.proposer)

    made(actions=16)
    made(data=1024)
    made(text=4096)
    for larger in ({"actions": 17}, {"data": 1025}, {"text": 4097}):
        with ape.reverts():
            made(**larger)
