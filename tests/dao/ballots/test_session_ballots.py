"""Ballots gathered off line: who takes part, what is in time, and what counts."""

import ape
import pytest
from eth_utils import to_canonical_address

from chain.dao import ballots
from chain.dao.anchors import SessionLeaf
from chain.dao.ballots import ABSTAIN, AGAINST, FOR

PROPOSAL = 7
UNIT = 10**21
DAY = 86_400


@pytest.fixture
def go(chain):
    def run(second):
        chain.pending_timestamp = second

    return run


def test_from_enrolment_to_vote(gathered, enrolled, make, gather, governor, people, times, go):
    cast = [make(0, FOR), make(1, AGAINST), make(2, ABSTAIN), make(3, FOR)]
    arguments = gather(*cast)
    go(times.commits_end)
    for each in arguments:
        gathered.count(*each, sender=people.anyone)
    assert gathered.tally(PROPOSAL) == [2 * UNIT, 5 * UNIT, 3 * UNIT]
    go(times.reveals_end)
    gathered.castVote(PROPOSAL, sender=people.anyone)

    vote = governor.votes(PROPOSAL)
    assert (vote.voter, vote.support) == (gathered.address, 255)
    sums = (2 * UNIT, 5 * UNIT, 3 * UNIT)
    assert vote.params == b"".join(each.to_bytes(16, "big") for each in sums)
    with ape.reverts("ballot: was cast"):
        gathered.castVote(PROPOSAL, sender=people.anyone)


def test_highest_sequence_counts_in_any_order(gathered, enrolled, make, gather, people, times, go):
    low, high = gather(make(0, FOR, 3), make(0, AGAINST, 4))
    other_low, other_high = gather(make(1, FOR, 0), make(1, AGAINST, 2**64 - 1), epoch=2)
    go(times.commits_end)
    gathered.count(*low, sender=people.anyone)
    gathered.count(*high, sender=people.anyone)
    gathered.count(*other_high, sender=people.anyone)
    for late in (low, high, other_low, other_high):
        with ape.reverts("ballot: a later one counts"):
            gathered.count(*late, sender=people.anyone)
    assert gathered.tally(PROPOSAL) == [3 * UNIT, 0, 0]


def test_time_to_the_second(gathered, enrolled, make, gather, people, times, go):
    (early,) = gather(make(0, FOR), epoch=1, at=times.commits_end - 1)
    (late,) = gather(make(1, FOR), epoch=2, at=times.commits_end)
    (last,) = gather(make(2, FOR), epoch=3)
    go(times.commits_end - 1)
    with ape.reverts("ballot: not over yet"):
        gathered.count(*early, sender=people.anyone)
    go(times.commits_end)
    gathered.count(*early, sender=people.anyone)
    with ape.reverts("ballot: gathered too late"):
        gathered.count(*late, sender=people.anyone)
    go(times.reveals_end - 1)
    with ape.reverts("ballot: still being counted"):
        gathered.castVote(PROPOSAL, sender=people.anyone)
    go(times.reveals_end)
    with ape.reverts("ballot: counting is over"):
        gathered.count(*last, sender=people.anyone)


def test_what_does_not_count(gathered, enrolled, make, gather, people, times, go):
    good = gather(make(0, FOR), make(1, FOR))
    _, ballot, signature, place = good[0]
    session, *rest = place[1:]
    failed = gather(make(0, FOR), epoch=4, state=4)[0]
    go(times.commits_end)
    for arguments, reason in [
        ((PROPOSAL, (ballot[0], 3, 0), signature, place), "ballot: no such choice"),
        ((PROPOSAL, (ballot[0], AGAINST, 0), signature, place), "ballot: not gathered"),
        ((PROPOSAL, (ballot[0], FOR, 1), signature, place), "ballot: not gathered"),
        ((PROPOSAL, ballot, good[1][2], place), "ballot: not gathered"),
        ((PROPOSAL, ballot, signature, (9, session, *rest)), "ballot: epoch is not anchored"),
        (
            (PROPOSAL, ballot, signature, (1, session, 6, *rest[1:])),
            "ballot: session is not proven",
        ),
        ((PROPOSAL, ballot, signature, (*place[:6], [])), "ballot: not gathered"),
        (failed, "ballot: session failed"),
        ((8, *good[0][1:]), "ballot: no such proposal"),
    ]:
        with pytest.raises(ape.exceptions.ContractLogicError, match=reason):
            gathered.count(*arguments, sender=people.anyone)
    gathered.count(*good[0], sender=people.anyone)


def test_signature_and_key(gathered, enrolled, make, gather, secrets, people, accounts, times, go):
    forged, fine = gather(make(0, FOR, key=1), make(1, FOR))
    stranger = make(0, FOR, voter=to_canonical_address(accounts[9].address))
    (keyless,) = gather(stranger, epoch=2)
    go(times.commits_end)
    with ape.reverts("ballot: was not signed"):
        gathered.count(*forged, sender=people.anyone)
    with ape.reverts("ballot: voter has no key"):
        gathered.count(*keyless, sender=people.anyone)
    gathered.count(*fine, sender=people.anyone)


def test_power_of_locks_at_the_snapshot(gathered, pledge, holders, times, go):
    owner = holders[0]
    assert gathered.powerAt(owner, times.snapshot) == 0
    pledge(1, owner, gathered, UNIT)
    pledge(2, owner, gathered, 5 * UNIT, pledgedUntil=times.snapshot)
    pledge(3, owner, gathered, 9 * UNIT)
    gathered.enrol(1, sender=owner)
    gathered.enrol(2, sender=owner)
    go(times.snapshot)
    gathered.enrol(3, sender=owner)
    assert gathered.powerAt(owner, times.snapshot) == 10 * UNIT
    assert gathered.powerAt(owner, times.snapshot - 1) < 10 * UNIT, "the third came later"
    assert gathered.powerAt(owner, times.snapshot + 1) == 0, "no pledge holds"


def test_lock_that_grew_counts_as_it_was_enrolled(gathered, pledge, holders, times):
    pledge(1, holders[0], gathered, UNIT)
    gathered.enrol(1, sender=holders[0])
    pledge(1, holders[0], gathered, 3 * UNIT)
    assert gathered.powerAt(holders[0], times.snapshot) == UNIT
    gathered.enrol(1, sender=holders[0])
    assert gathered.powerAt(holders[0], times.snapshot) == 3 * UNIT
    assert gathered.locksOf(holders[0]) == [1]


def test_enrolment(gathered, pledge, holders, people, chain):
    pledge(1, holders[0], gathered, UNIT)
    with ape.reverts("ballot: not your lock"):
        gathered.enrol(1, sender=holders[1])
    pledge(2, holders[0], people.anyone, UNIT)
    with ape.reverts("ballot: lock is not pledged"):
        gathered.enrol(2, sender=holders[0])
    now = chain.blocks.head.timestamp + 100
    pledge(3, holders[0], gathered, UNIT, pledgedUntil=now)
    chain.pending_timestamp = now
    with ape.reverts("ballot: pledge ends too early"):
        gathered.enrol(3, sender=holders[0])


def test_list_of_locks(gathered, pledge, holders, times):
    for number in range(17):
        pledge(number, holders[0], gathered, UNIT)
    for number in range(16):
        gathered.enrol(number, sender=holders[0])
    with ape.reverts("ballot: too many locks"):
        gathered.enrol(16, sender=holders[0])
    gathered.strike(3, sender=holders[0])
    gathered.strike(15, sender=holders[0])
    gathered.enrol(16, sender=holders[0])
    assert sorted(gathered.locksOf(holders[0])) == [0, 1, 2, *range(4, 15), 16]
    assert gathered.powerAt(holders[0], times.snapshot) == 15 * UNIT
    for who, number in ((0, 3), (1, 0)):
        with ape.reverts("ballot: not enrolled"):
            gathered.strike(number, sender=holders[who])


def test_voter_without_power(gathered, make, gather, people, times, go):
    (nothing,) = gather(make(0, FOR))
    go(times.commits_end)
    with ape.reverts("ballot: voter has no power"):
        gathered.count(*nothing, sender=people.anyone)
    go(times.reveals_end)
    with ape.reverts("ballot: nothing to cast"):
        gathered.castVote(PROPOSAL, sender=people.anyone)


def test_constructor(project, people, governor, escrow, anchor, secrets):
    for arguments, reason in [
        ((people.dao, secrets.registry), "ballot: no anchor"),
        ((anchor, people.dao), "ballot: no keys"),
    ]:
        with ape.reverts(reason):
            people.deployer.deploy(project.SessionBallots, governor, escrow, *arguments)


def test_gas(gathered, enrolled, make, gather, people, times, go):
    arguments = gather(*[make(holder, FOR) for holder in range(4)])
    go(times.commits_end)
    used = [gathered.count(*each, sender=people.anyone).gas_used for each in arguments]
    assert max(used) < 240_000


# --- Attacks --------------------------------------------------------------------------------


def test_attack_46_empty_tree_proves_nothing(gathered, enrolled, make, anchor, people, times, go):
    """A session that gathered no ballots, or has no output, must not vouch for any."""
    ballot, signature = make(0, FOR)
    for epoch, output in ((1, ballots.ballot_root([])), (2, bytes(32))):
        session = SessionLeaf(session_id=b"\x01" * 32, state=3, output_hash=output).fields()
        anchor.set(epoch, times.commits_end - 1, 0, session, sender=people.deployer)
    go(times.commits_end)
    for epoch, output in ((1, ballots.ballot_root([])), (2, bytes(32))):
        session = SessionLeaf(session_id=b"\x01" * 32, state=3, output_hash=output).fields()
        place = (epoch, session, 0, [], 0, 0, [])
        with ape.reverts("ballot: not gathered"):
            gathered.count(PROPOSAL, ballot.fields(), signature, place, sender=people.anyone)


def test_attack_46_signed_when_it_is_over(gathered, enrolled, make, gather, people, times, go):
    """Who gathers ballots of all kinds in time, unsigned, cannot have one signed later."""
    ballot, signature = make(0, FOR)
    (arguments,) = gather((ballot, b""))
    go(times.commits_end)
    with ape.reverts("ballot: not gathered"):
        gathered.count(PROPOSAL, ballot.fields(), signature, arguments[3], sender=people.anyone)
    with ape.reverts("ballot: was not signed"):
        gathered.count(*arguments, sender=people.anyone)


def test_attack_20_leaf_counted_twice(gathered, enrolled, make, gather, people, times, go):
    """In one epoch, in two, at two places: a ballot counts once."""
    made = make(0, FOR)
    twice = gather(made, made)
    (again,) = gather(made, epoch=2)
    go(times.commits_end)
    gathered.count(*twice[0], sender=people.anyone)
    for each in (twice[0], twice[1], again):
        with ape.reverts("ballot: a later one counts"):
            gathered.count(*each, sender=people.anyone)
    assert gathered.tally(PROPOSAL) == [0, UNIT, 0]


@pytest.mark.parametrize("other", [{"proposal": 8}, {"chain_id": 6134}, {"contract": b"\x01" * 20}])
def test_attack_21_ballot_for_elsewhere(gathered, enrolled, make, gather, people, times, go, other):
    (arguments,) = gather(make(0, FOR, **other))
    go(times.commits_end)
    with ape.reverts("ballot: not gathered"):
        gathered.count(*arguments, sender=people.anyone)
