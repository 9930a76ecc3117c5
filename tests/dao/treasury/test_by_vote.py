"""The treasury behind the real timelock, safe, guard and pause; an account is the governor."""

from types import SimpleNamespace

import ape
import pytest

NATIVE = "0x" + 40 * "0"
USD = 10**8
WHOLE = 10**18
DAY = 86400
NONE = bytes(32)


@pytest.fixture(scope="session")
def house(project, deployer, owners, votes, accounts):
    """The contracts as they are deployed: the timelock is the safe's only module."""
    safe = deployer.deploy(project.Safe, deployer)
    timelock = deployer.deploy(project.Timelock, safe, deployer, 2 * DAY)
    timelock.setup(accounts[5], sender=deployer)
    pause = deployer.deploy(project.Pause, safe)
    streams = deployer.deploy(project.Streams, pause)
    treasury = deployer.deploy(
        project.Treasury, safe, timelock, pause, streams, [3, 3, 4], 1_000 * USD
    )
    governed = [treasury, timelock, streams]
    guard = deployer.deploy(project.Guard, safe, pause, votes, 1000, DAY, DAY, governed)
    safe.setup(owners, 3, [timelock], guard, guard, True, sender=deployer)
    deployer.transfer(treasury, 1_000 * WHOLE)
    return SimpleNamespace(
        safe=safe, timelock=timelock, pause=pause, treasury=treasury, guard=guard
    )


@pytest.fixture
def pass_vote(house, accounts, chain, stranger):
    """Schedule calls of a class as the governor, wait, and let a stranger execute them."""
    numbers = iter(range(1, 10**6))

    def run(*calls, voted=0):
        targets, datas = zip(*calls, strict=True)
        batch = (targets, [0] * len(calls), datas, NONE, next(numbers).to_bytes(32))
        house.timelock.schedule(*batch, 0, 14 * DAY, voted, sender=accounts[5])
        chain.mine(timestamp=chain.blocks.head.timestamp + 2 * DAY)
        return house.timelock.execute(*batch, sender=stranger)

    return run


@pytest.fixture
def listed(house, pass_vote):
    """PARS at 1 USD."""
    data = house.treasury.setAsset.encode_input(NATIVE, 3, NATIVE, 0, USD)
    pass_vote((house.treasury, data))


def payment(house, owners, to, whole):
    """The call that pays, endorsed by four."""
    asked = (0, NATIVE, to, whole * WHOLE, whole.to_bytes(32))
    for owner in owners[:4]:
        house.treasury.endorse(house.treasury.paymentId(*asked), sender=owner)
    return house.treasury, house.treasury.spend.encode_input(*asked)


def test_the_class_is_what_the_timelock_executes(house, listed, pass_vote, owners, receiver):
    before = receiver.balance
    pass_vote(payment(house, owners, receiver, 100), voted=0)
    assert receiver.balance == before + 100 * WHOLE
    with ape.reverts("treasury: class may not spend"):
        pass_vote(payment(house, owners, receiver, 101), voted=3)


def test_signers_spend_nothing_directly(house, listed, owners, receiver, execute):
    to, data = payment(house, owners, receiver, 100)
    with ape.reverts("guard: protected target"):
        execute(house.safe, owners, to, 0, data)


def test_signers_rotate_by_vote(house, pass_vote, owners, stranger, itself):
    with ape.reverts("guard: protected target"):
        itself(house.safe, owners, "swapOwner", owners[0], owners[1], stranger)
    data = house.safe.swapOwner.encode_input(owners[0], owners[1], stranger)
    pass_vote((house.safe, data))
    assert house.safe.isOwner(stranger)
    assert not house.safe.isOwner(owners[1])


def test_a_pause_holds_a_vote_up_until_it_lapses(
    house, listed, owners, receiver, accounts, chain, stranger
):
    before = receiver.balance
    to, data = payment(house, owners, receiver, 100)
    batch = ([to], [0], [data], NONE, NONE)
    house.timelock.schedule(*batch, 0, 14 * DAY, 0, sender=accounts[5])
    chain.mine(timestamp=chain.blocks.head.timestamp + 2 * DAY)
    for owner in owners[:2]:
        house.pause.pause("", sender=owner)
    with ape.reverts("guard: paused"):
        house.timelock.execute(*batch, sender=stranger)
    chain.mine(timestamp=house.pause.pausedUntil())
    house.timelock.execute(*batch, sender=stranger)
    assert receiver.balance == before + 100 * WHOLE


def test_a_vote_lifts_a_pause_and_spends_in_one_batch(house, listed, pass_vote, owners, receiver):
    call = payment(house, owners, receiver, 100)
    before = receiver.balance
    lift = (house.pause, house.pause.lift.encode_input())
    # It begins two days before the batch is ready, and would last a day longer.
    for owner in owners[:2]:
        house.pause.pause("", sender=owner)
    pass_vote(lift, call)
    assert not house.pause.paused()
    assert receiver.balance == before + 100 * WHOLE
