"""Streams: evenly, after a cliff, by milestones; paid + owed + unvested = funded."""

import ape
import pytest

NATIVE = "0x" + 40 * "0"
DAY = 86400
YEAR = 365 * DAY
FAR = 4_000_000_000


@pytest.fixture
def streams(world, token, deployer):
    token.mint(deployer, 10**30, sender=deployer)
    token.approve(world.streams, 10**30, sender=deployer)
    return world.streams


@pytest.fixture
def even(streams, token, receiver, deployer):
    """A stream of 1,000 over 100 seconds from FAR."""
    streams.createContributorStream(
        token, receiver, 1000, FAR, FAR + 100, deployer, sender=deployer
    )
    return 1


def parts(streams, number):
    """What was paid, is owed, is not due yet and was returned."""
    stream = streams.stream(number)
    return stream.paid, streams.claimable(number), streams.unvested(number), stream.returned


@pytest.mark.parametrize(
    ("seconds", "due"), [(-1, 0), (0, 0), (1, 10), (33, 330), (99, 990), (100, 1000), (500, 1000)]
)
def test_even(streams, even, chain, seconds, due):
    chain.mine(timestamp=FAR + seconds)
    assert parts(streams, even) == (0, due, 1000 - due, 0)


def test_claims_pay_what_is_due_and_no_more(streams, even, token, receiver, at, stranger):
    at(FAR + 40)
    receipt = streams.claim(even, sender=stranger)
    (event,) = receipt.decode_logs(streams.Claimed)
    assert (event.recipient, event.amount) == (receiver, 400)
    at(FAR + 40)
    with ape.reverts("streams: nothing due"):
        streams.claim(even, sender=stranger)
    at(FAR + 100)
    streams.claim(even, sender=stranger)

    assert token.balanceOf(receiver) == 1000
    assert parts(streams, even) == (1000, 0, 0, 0)


def test_year_of_cliff_in_four_of_vesting(streams, token, receiver, deployer, chain):
    terms = (token, receiver, 4800, FAR, FAR + YEAR, FAR + 4 * YEAR, deployer)
    streams.createVestingStream(*terms, sender=deployer)
    for seconds, due in ((YEAR - 1, 0), (YEAR, 1200), (2 * YEAR, 2400), (4 * YEAR, 4800)):
        chain.mine(timestamp=FAR + seconds)
        assert streams.claimable(1) == due


def test_milestones(streams, token, receiver, deployer, chain):
    milestones = [(10, FAR), (20, FAR + 5), (30, FAR + 9)]
    streams.createGrantStream(token, receiver, milestones, deployer, sender=deployer)
    assert streams.milestone(1, 1) == (20, FAR + 5)
    with ape.reverts("streams: no such milestone"):
        streams.milestone(1, 3)
    for seconds, due in ((-1, 0), (0, 10), (4, 10), (5, 30), (8, 30), (9, 60)):
        chain.mine(timestamp=FAR + seconds)
        assert streams.claimable(1) == due
    assert streams.stream(1).milestones == 3


def test_one_milestone(streams, receiver, deployer, chain):
    streams.createGrantStream(NATIVE, receiver, [(7, FAR)], NATIVE, sender=deployer, value=7)
    chain.mine(timestamp=FAR - 1)
    assert parts(streams, 1) == (0, 0, 7, 0)
    chain.mine(timestamp=FAR)
    assert parts(streams, 1) == (0, 7, 0, 0)


@pytest.mark.parametrize(("seconds", "due"), [(-10, 0), (0, 0), (25, 250), (99, 990)])
def test_cancelling_returns_exactly_the_unvested(
    streams, even, token, receiver, deployer, stranger, at, chain, seconds, due
):
    with ape.reverts("streams: only the canceller"):
        streams.cancelStream(even, sender=stranger)
    before = token.balanceOf(deployer)
    at(FAR + seconds)
    (event,) = streams.cancelStream(even, sender=deployer).decode_logs(streams.Cancelled)

    assert (event.returned, event.owed) == (1000 - due, due)
    assert token.balanceOf(deployer) == before + 1000 - due
    chain.mine(timestamp=FAR + 1000)
    assert parts(streams, even) == (0, due, 0, 1000 - due)
    assert streams.stream(even).funded == 1000
    with ape.reverts("streams: all is due"):
        streams.cancelStream(even, sender=deployer)


def test_what_is_due_cannot_be_cancelled(streams, even, deployer, at):
    at(FAR + 100)
    with ape.reverts("streams: all is due"):
        streams.cancelStream(even, sender=deployer)


def test_streams_that_nobody_cancels(streams, token, receiver, deployer):
    terms = (token, receiver, 1000, FAR, FAR + 100, NATIVE)
    streams.createContributorStream(*terms, sender=deployer)
    with ape.reverts("streams: not cancellable"):
        streams.cancelStream(1, sender=deployer)


def test_native(streams, receiver, deployer, at, stranger):
    terms = (NATIVE, receiver, 100, FAR, FAR + 100, deployer)
    for wei in (99, 101):
        with ape.reverts("streams: wrong value"):
            streams.createContributorStream(*terms, sender=deployer, value=wei)
    streams.createContributorStream(*terms, sender=deployer, value=100)
    before = receiver.balance
    at(FAR + 60)
    streams.claim(1, sender=stranger)
    assert receiver.balance == before + 60
    assert streams.balance == 40


def test_the_recipient_names_another(streams, even, receiver, stranger, token, at):
    with ape.reverts("streams: only the recipient"):
        streams.setRecipient(even, stranger, sender=stranger)
    with ape.reverts("streams: no recipient"):
        streams.setRecipient(even, NATIVE, sender=receiver)
    streams.setRecipient(even, stranger, sender=receiver)
    at(FAR + 100)
    streams.claim(even, sender=receiver)
    assert token.balanceOf(stranger) == 1000


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({1: NATIVE}, "streams: no recipient"),
        ({1: "streams"}, "streams: recipient is streams"),
        ({2: 0}, "streams: amount is zero"),
        ({2: 2**128}, "streams: amount too large"),
        ({4: FAR - 1}, "streams: cliff before start"),
        ({4: FAR + 101}, "streams: cliff after end"),
        ({4: FAR, 5: FAR}, "streams: no time to pay in"),
        ({3: 1, 4: 1, 5: 2}, "streams: end is past"),
        ({5: 2**48}, "streams: end too far"),
    ],
)
def test_opening_refuses(streams, token, receiver, deployer, changed, reason):
    terms = {0: token, 1: receiver, 2: 9, 3: FAR, 4: FAR + 9, 5: FAR + 100, 6: deployer}
    if changed.get(1) == "streams":
        changed = {1: streams}
    with ape.reverts(reason):
        streams.createVestingStream(*(terms | changed).values(), sender=deployer)


@pytest.mark.parametrize(
    ("milestones", "reason"),
    [
        ([], "streams: no milestones"),
        ([(0, FAR)], "streams: amount is zero"),
        ([(2**128, FAR)], "streams: amount too large"),
        ([(1, FAR), (1, FAR)], "streams: times do not rise"),
        ([(1, 0)], "streams: times do not rise"),
        ([(1, 2**48)], "streams: end too far"),
        ([(1, 1)], "streams: end is past"),
    ],
)
def test_milestones_refuse(streams, token, receiver, deployer, milestones, reason):
    with ape.reverts(reason):
        streams.createGrantStream(token, receiver, milestones, deployer, sender=deployer)


def test_value_with_a_token(streams, token, receiver, deployer):
    terms = (token, receiver, 1000, FAR, FAR + 100, NATIVE)
    with ape.reverts("streams: value with a token"):
        streams.createContributorStream(*terms, sender=deployer, value=1)


def test_unknown_streams(streams, stranger):
    with ape.reverts("streams: no such stream"):
        streams.claim(1, sender=stranger)


def test_paused(streams, even, halt, token, receiver, deployer):
    halt()
    terms = (token, receiver, 1000, FAR, FAR + 100, NATIVE)
    with ape.reverts("streams: paused"):
        streams.claim(even, sender=receiver)
    with ape.reverts("streams: paused"):
        streams.cancelStream(even, sender=deployer)
    with ape.reverts("streams: paused"):
        streams.createContributorStream(*terms, sender=deployer)


def test_nobody_deploys_it(project, deployer):
    with ape.reverts("streams: no pause"):
        deployer.deploy(project.Streams, NATIVE)
