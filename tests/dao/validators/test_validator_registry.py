"""What the registry of validators does and refuses: joining, leaving, evidence, certificates."""

import ape
import pytest
from eth_utils import keccak, to_bytes

PARS = 10**18
STAKE = 15_000 * PARS
DAY = 86_400
REGISTERED, ACTIVE, SUSPENDED, EXITED, SLASHED, EXITING = 1, 2, 3, 4, 5, 6
ZERO = "0x0000000000000000000000000000000000000000"


@pytest.fixture(scope="module")
def full(empty):
    """A registry of 21 active validators, each for a whole day and more."""
    empty.activate(*range(21))
    empty.chain.mine(timestamp=(empty.today() + 2) * DAY)
    return empty


# --- Construction ---


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (0, ZERO, "no pause contract"),
        (1, ZERO, "no treasury"),
        (2, 0, "no minimum"),
        (2, 20, "below 21"),
        (2, 101, "minimum too high"),
        (3, 0, "no minimum stake"),
        (3, STAKE - 1, "below 15,000 PARS"),
        (3, 2**127 + 1, "stake too high"),
    ],
)
def test_construction_refuses(project, accounts, empty, place, value, reason):
    arguments = [empty.pauser, empty.treasury, 21, STAKE]
    arguments[place] = value
    with ape.reverts(f"validators: {reason}"):
        accounts[0].deploy(project.ValidatorRegistry, *arguments)


# --- Joining and leaving ---


def test_register(empty):
    receipt = empty.register(0)
    (event,) = receipt.events.filter(empty.contract.Registered)
    state, stake, time, blob = empty.contract.validator(empty.accounts[0])
    assert (state, stake, blob) == (REGISTERED, STAKE, event.blob)
    assert time == event.activation == receipt.timestamp + DAY
    assert empty.contract.totalStake() == empty.contract.balance == STAKE
    assert empty.contract.isKeyUsed(event.key_hash)


def test_register_refuses(empty):
    contract = empty.contract
    with ape.reverts("validators: too little stake"):
        empty.register(0, value=STAKE - 1)
    public = empty.keys[0].public_key().public_bytes_raw()
    for proof in (
        empty.keys[1].sign(contract.possessionMessage(empty.accounts[0])),
        empty.keys[0].sign(contract.possessionMessage(empty.accounts[1])),
        b"",
    ):
        with ape.reverts("validators: key not possessed"):
            contract.register(public, proof, sender=empty.accounts[0], value=STAKE)
    with ape.reverts("validators: key not possessed"):
        contract.register(public[:-1], proof, sender=empty.accounts[0], value=STAKE)
    empty.register(0)
    with ape.reverts("validators: registered before"):
        empty.register(0, key=1)
    with ape.reverts("validators: key used before"):
        empty.register(1, key=0)


def test_activate_to_the_second(empty, chain):
    with ape.reverts("validators: not waiting"):
        empty.contract.activate(sender=empty.accounts[0])
    empty.register(0)
    chain.pending_timestamp = empty.time(0) - 1
    with ape.reverts("validators: too early"):
        empty.contract.activate(sender=empty.accounts[0])
    chain.pending_timestamp = empty.time(0)
    empty.contract.activate(sender=empty.accounts[0])
    assert empty.contract.isActive(empty.accounts[0])
    assert empty.contract.validators() == [empty.accounts[0]]
    with ape.reverts("validators: not waiting"):
        empty.contract.activate(sender=empty.accounts[0])


def test_gate_of_21(empty):
    """With 20 nothing is final; with 21 it is, and 15 decide."""
    empty.activate(*range(20))
    assert not empty.contract.active()
    assert (empty.contract.activeCount(), empty.contract.quorum()) == (20, 14)
    empty.activate(20)
    assert empty.contract.active()
    assert (empty.contract.activeCount(), empty.contract.quorum()) == (21, 15)
    empty.contract.exit(sender=empty.accounts[3])
    assert not empty.contract.active()


def test_stake_is_added(empty):
    with ape.reverts("validators: not registered"):
        empty.contract.addStake(sender=empty.accounts[0], value=1)
    empty.register(0)
    with ape.reverts("validators: nothing added"):
        empty.contract.addStake(sender=empty.accounts[0])
    empty.contract.addStake(sender=empty.accounts[0], value=5)
    assert empty.stake(0) == empty.contract.totalStake() == STAKE + 5


def test_leaving_takes_seven_days(empty, chain):
    contract, account = empty.contract, empty.accounts[0]
    with ape.reverts("validators: not registered"):
        contract.exit(sender=account)
    with ape.reverts("validators: not leaving"):
        contract.withdraw(sender=account)
    empty.activate(0, 1, 2)
    receipt = contract.exit(sender=account)
    assert empty.time(0) == receipt.timestamp + 7 * DAY
    assert contract.validators() == [empty.accounts[2], empty.accounts[1]]
    for refused in (contract.exit, contract.addStake):
        with ape.reverts("validators: not registered"):
            refused(sender=account)
    chain.pending_timestamp = empty.time(0) - 1
    with ape.reverts("validators: not yet"):
        contract.withdraw(sender=account)
    chain.pending_timestamp = empty.time(0)
    before = account.balance
    receipt = contract.withdraw(sender=account)
    assert account.balance == before + STAKE - receipt.total_fees_paid
    assert (empty.state(0), empty.stake(0)) == (EXITED, 0)
    with ape.reverts("validators: key used before"):
        empty.register(0)
    empty.register(0, key=5)
    contract.exit(sender=empty.accounts[2])
    assert contract.validators() == [empty.accounts[1]]


def test_pause_stops_joining_and_withdrawing(empty, chain):
    contract = empty.contract
    empty.activate(0)
    empty.register(1)
    contract.exit(sender=empty.accounts[0])
    chain.pending_timestamp += 7 * DAY
    empty.pauser.set(True, sender=empty.outsider)
    assert contract.paused()
    with ape.reverts("validators: paused"):
        empty.register(2)
    with ape.reverts("validators: paused"):
        contract.activate(sender=empty.accounts[1])
    with ape.reverts("validators: paused"):
        contract.withdraw(sender=empty.accounts[0])
    contract.reportEquivocation(*empty.equivocation(1), sender=empty.outsider)
    empty.pauser.set(False, sender=empty.outsider)
    contract.withdraw(sender=empty.accounts[0])


def test_set_is_full(empty):
    """The hundred-and-first waits until another leaves."""
    empty.activate(*range(100))
    empty.register(100)
    empty.chain.pending_timestamp = empty.time(100)
    with ape.reverts("validators: set is full"):
        empty.contract.activate(sender=empty.accounts[100])
    assert empty.contract.quorum() == 67
    empty.contract.exit(sender=empty.accounts[0])
    empty.contract.activate(sender=empty.accounts[100])
    active = {each.address for each in empty.accounts[1:]}
    assert set(empty.contract.validators()) == active


# --- Equivocation ---


def test_equivocation_takes_the_bond(empty):
    contract, reporter = empty.contract, empty.outsider
    empty.activate(0, 1)
    before = reporter.balance
    receipt = contract.reportEquivocation(*empty.equivocation(0), sender=reporter)
    (event,) = receipt.events.filter(contract.Equivocation)
    assert (event.height, event.amount, event.reward) == (7, STAKE, 750 * PARS)
    assert reporter.balance == before + 750 * PARS - receipt.total_fees_paid
    assert (empty.state(0), empty.stake(0)) == (SLASHED, 0)
    assert contract.validators() == [empty.accounts[1]]
    assert contract.slashed() == STAKE - 750 * PARS
    assert contract.totalStake() == STAKE
    before = empty.treasury.balance
    contract.collect(sender=reporter)
    assert empty.treasury.balance == before + STAKE - 750 * PARS
    assert contract.balance == STAKE
    with ape.reverts("validators: nothing slashed"):
        contract.collect(sender=reporter)
    with ape.reverts("validators: registered before"):
        empty.register(0, key=5)


def test_reward_is_bounded(empty):
    empty.activate(0)
    empty.contract.addStake(sender=empty.accounts[0], value=100 * STAKE)
    receipt = empty.contract.reportEquivocation(*empty.equivocation(0), sender=empty.outsider)
    (event,) = receipt.events.filter(empty.contract.Equivocation)
    assert (event.amount, event.reward) == (101 * STAKE, 750 * PARS)


def test_votes_in_two_places_are_no_evidence(empty):
    """Another height, round or phase is another vote: the second signature does not hold."""
    contract, key = empty.contract, empty.keys[0]
    empty.activate(0)
    first = key.sign(contract.voteMessage(7, 0, 1, b"\1" * 32))
    for place in ((8, 0, 1), (7, 1, 1), (7, 0, 2)):
        second = key.sign(contract.voteMessage(*place, b"\2" * 32))
        with ape.reverts("validators: second not signed"):
            contract.reportEquivocation(
                empty.accounts[0], 7, 0, 1, b"\1" * 32, b"\2" * 32, first, second,
                sender=empty.outsider,
            )  # fmt: skip
    with ape.reverts("validators: first not signed"):
        contract.reportEquivocation(*empty.equivocation(0, key=1), sender=empty.outsider)
    with ape.reverts("validators: nothing bonded"):
        contract.reportEquivocation(*empty.equivocation(1), sender=empty.outsider)


# --- Downtime ---


def test_missed_slots(full):
    contract = full.contract
    epoch = full.today() - 1
    receipt = contract.reportDowntime(*full.downtime(20, epoch, 1), sender=full.outsider)
    (event,) = receipt.events.filter(contract.Downtime)
    assert (event.epoch, event.amount) == (epoch, 15 * PARS)
    assert (full.state(20), full.stake(20)) == (ACTIVE, STAKE - 15 * PARS)
    assert contract.slashed() == 15 * PARS
    assert contract.totalStake() == 21 * STAKE - 15 * PARS
    with ape.reverts("validators: epoch judged"):
        contract.reportDowntime(*full.downtime(20, epoch, 2), sender=full.outsider)


def test_missed_epoch(full, chain):
    contract = full.contract
    arguments = full.downtime(20, full.today() - 1, 2)
    receipt = contract.reportDowntime(*arguments, sender=full.outsider)
    assert (full.state(20), full.stake(20)) == (SUSPENDED, STAKE - 150 * PARS)
    assert full.time(20) == receipt.timestamp + 7 * DAY
    assert not contract.active()
    chain.pending_timestamp = full.time(20) - 1
    with ape.reverts("validators: too early"):
        contract.activate(sender=full.accounts[20])
    chain.pending_timestamp = full.time(20)
    with ape.reverts("validators: too little stake"):
        contract.activate(sender=full.accounts[20])
    contract.addStake(sender=full.accounts[20], value=150 * PARS)
    contract.activate(sender=full.accounts[20])
    assert contract.active()


@pytest.mark.parametrize(("below", "state"), [(0, ACTIVE), (1, SUSPENDED)])
def test_small_penalties_end_a_validator_at_last(full, networks, below, state):
    """It stays active down to nine tenths of the minimum; a hundred missed days are set at once."""
    contract, account = full.contract, full.accounts[20]
    left = STAKE * 9 // 10 - below
    stake = left * 1000 // 999
    assert stake - stake // 1000 == left
    slot = int.from_bytes(keccak(bytes(32) + to_bytes(hexstr=account.address).rjust(32, b"\0")))
    word = (stake << 112) | (21 << 72) | (full.time(20) << 8) | ACTIVE
    networks.provider.chain.set_storage(to_bytes(hexstr=contract.address), slot, word)
    assert full.stake(20) == stake

    arguments = full.downtime(20, full.today() - 1, 1)
    receipt = contract.reportDowntime(*arguments, sender=full.outsider)
    assert (full.state(20), full.stake(20)) == (state, left)
    if state == SUSPENDED:
        assert full.time(20) == receipt.timestamp
        assert not contract.active()


@pytest.mark.parametrize(
    ("back", "grade", "reason"),
    [
        (0, 1, "epoch not over"),
        (8, 1, "epoch too old"),
        (3, 1, "was not active"),
        (1, 0, "no such grade"),
        (1, 3, "no such grade"),
    ],
)
def test_downtime_of_other_epochs(full, back, grade, reason):
    with ape.reverts(f"validators: {reason}"):
        arguments = full.downtime(20, full.today() - back, grade)
        full.contract.reportDowntime(*arguments, sender=full.outsider)


def test_downtime_needs_a_quorum(full):
    contract = full.contract

    def refused(reason, arguments):
        with ape.reverts(f"validators: {reason}"):
            contract.reportDowntime(*arguments, sender=full.outsider)

    epoch = full.today() - 1
    good = full.downtime(20, epoch, 1)
    refused("no quorum", full.downtime(20, epoch, 1, range(14)))
    refused("signers unsorted", full.downtime(20, epoch, 1, [*range(14), 13]))
    refused("signers unsorted", full.downtime(20, epoch, 1, [*range(13), 14, 13]))
    refused("signer not active", full.downtime(20, epoch, 1, [*range(14), 21]))
    refused("lengths differ", [*good[:4], good[4][:-1]])
    refused("wrong signature", [*good[:4], good[4][::-1]])
    refused("wrong signature", [*good[:2], 2, *good[3:]])
    refused("wrong signature", [*good[:4], [*good[4][:-1], b""]])
    refused("not active", full.downtime(21, epoch, 1))
    contract.reportDowntime(*good, sender=full.outsider)


def test_downtime_needs_the_full_set(full):
    full.contract.exit(sender=full.accounts[19])
    with ape.reverts("validators: too few active"):
        arguments = full.downtime(20, full.today() - 1, 1)
        full.contract.reportDowntime(*arguments, sender=full.outsider)
