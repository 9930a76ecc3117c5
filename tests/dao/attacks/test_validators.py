"""Attacks on the registry of validators (44): evidence that must not count, or not pay."""

import runpy
from pathlib import Path

import ape
import pytest
from eth_utils import keccak

# The fixtures are those of the registry's own tests.
SHARED = runpy.run_path(str(Path(__file__).parents[1] / "validators" / "conftest.py"))
globals().update({name: each for name, each in SHARED.items() if not name.startswith("__")})

PARS = 10**18
STAKE = 15_000 * PARS
DAY = 86_400


@pytest.fixture(scope="module")
def two(empty):
    empty.activate(0, 1)
    return empty


def test_attack_44_evidence_replayed(two):
    evidence = two.equivocation(0)
    two.contract.reportEquivocation(*evidence, sender=two.outsider)
    with ape.reverts("validators: nothing bonded"):
        two.contract.reportEquivocation(*evidence, sender=two.outsider)
    with ape.reverts("validators: nothing bonded"):
        two.contract.reportEquivocation(*two.equivocation(0, height=8), sender=two.outsider)
    assert two.contract.balance == two.contract.totalStake() + two.contract.slashed()


def test_attack_44_evidence_of_an_old_bond(two):
    """A key is bonded once: what it signed then is nothing against the next bond."""
    two.contract.exit(sender=two.accounts[0])
    two.chain.pending_timestamp += 7 * DAY
    two.contract.withdraw(sender=two.accounts[0])
    two.register(0, key=5)
    with ape.reverts("validators: first not signed"):
        two.contract.reportEquivocation(*two.equivocation(0), sender=two.outsider)
    with ape.reverts("validators: key used before"):
        two.register(2, key=0)


def test_attack_44_same_vote_twice(two):
    """ML-DSA has many signatures of one message: two of them are one vote."""
    same = (b"\1" * 32, b"\1" * 32)
    with ape.reverts("validators: same vote"):
        two.contract.reportEquivocation(*two.equivocation(0, hashes=same), sender=two.outsider)
    evidence = two.equivocation(0)
    evidence[7] = evidence[6]
    with ape.reverts("validators: second not signed"):
        two.contract.reportEquivocation(*evidence, sender=two.outsider)


def test_attack_44_vote_of_another_chain(two):
    """A validator of both networks votes for a block on each."""
    evidence = two.equivocation(0)
    ours = two.contract.voteMessage(7, 0, 1, b"\2" * 32)
    other = ours.replace((6133).to_bytes(32), (6134).to_bytes(32))
    assert other != ours
    evidence[7] = two.keys[0].sign(other)
    with ape.reverts("validators: second not signed"):
        two.contract.reportEquivocation(*evidence, sender=two.outsider)


def test_attack_44_messages_are_for_one_purpose(two):
    """What a key signs about possession or downtime is no vote."""
    heads = {
        bytes(message[:32])
        for message in (
            two.contract.possessionMessage(two.accounts[0]),
            two.contract.voteMessage(7, 0, 1, b"\2" * 32),
            two.contract.downtimeMessage(two.accounts[0], 1, 1),
        )
    }
    names = ("PARS-VALIDATOR-KEY-V1", "PARS-VOTE-V1", "PARS-DOWNTIME-V1")
    assert heads == {keccak(text=name) for name in names}


def test_attack_44_leaving_before_evidence(two):
    """It counts to the last second of the seven days."""
    two.contract.exit(sender=two.accounts[0])
    end = two.time(0)
    with two.chain.isolate():
        two.chain.pending_timestamp = end - 1
        two.contract.reportEquivocation(*two.equivocation(0), sender=two.outsider)
        with ape.reverts("validators: not leaving"):
            two.contract.withdraw(sender=two.accounts[0])
    two.chain.pending_timestamp = end
    with ape.reverts("validators: has left"):
        two.contract.reportEquivocation(*two.equivocation(0), sender=two.outsider)
    two.contract.withdraw(sender=two.accounts[0])


def test_attack_44_more_than_the_bond(two):
    """One bond pays for one validator: the other's is untouched, whatever is reported."""
    two.contract.reportEquivocation(*two.equivocation(0), sender=two.outsider)
    two.contract.collect(sender=two.outsider)
    assert two.contract.balance == two.stake(1) == STAKE
    for refused in (two.contract.exit, two.contract.activate, two.contract.withdraw):
        with ape.reverts():
            refused(sender=two.accounts[0])


def test_attack_44_self_report(two):
    """Nothing by its own hand; by another's it still loses nineteen parts of twenty."""
    before = two.accounts[0].balance
    evidence = two.equivocation(0)
    receipt = two.contract.reportEquivocation(*evidence, sender=two.accounts[0])
    assert two.accounts[0].balance == before - receipt.total_fees_paid
    assert two.contract.slashed() == STAKE
    receipt = two.contract.reportEquivocation(*two.equivocation(1), sender=two.outsider)
    (event,) = receipt.events.filter(two.contract.Equivocation)
    assert event.reward * 20 <= event.amount


def test_attack_44_reporter_that_calls_back(two):
    """A reporter's contract that takes its reward cannot report within it."""
    source = """
# pragma version 0.4.3
data: Bytes[16384]
target: address

@external
def report(target: address, data: Bytes[16384]):
    self.target = target
    self.data = data
    raw_call(target, data)

@external
@payable
def __default__():
    raw_call(self.target, self.data)
"""
    reporter = two.outsider.deploy(SHARED["container"](source))
    data = two.contract.reportEquivocation.encode_input(*two.equivocation(0))
    with ape.reverts():
        reporter.report(two.contract, data, sender=two.outsider)
    assert two.stake(0) == STAKE
