"""The pause: two owners within an hour, 72 hours, a rest; the DAO lifts, extends, arms."""

import ape
import pytest

HOUR = 3600
DAY = 24 * HOUR


@pytest.fixture
def paused(dao, owners):
    """A pause that two owners just began; the time at which it ends."""
    dao.pause.pause("first", sender=owners[0])
    dao.pause.pause("second", sender=owners[1])
    return dao.pause.pausedUntil()


def test_two_owners_pause_for_72_hours(dao, owners, chain):
    dao.pause.pause("a drain", sender=owners[0])
    assert not dao.pause.paused()
    receipt = dao.pause.pause("a drain", sender=owners[1])

    (event,) = receipt.decode_logs(dao.pause.Paused)
    assert (event.first, event.second, event.reason) == (owners[0], owners[1], "a drain")
    assert event.until == receipt.timestamp + 72 * HOUR
    assert dao.pause.paused()


@pytest.mark.parametrize(("seconds", "paused"), [(HOUR, True), (HOUR + 1, False)])
def test_the_second_signs_within_the_hour(dao, owners, at, seconds, paused):
    begun = dao.pause.pause("a drain", sender=owners[0]).timestamp
    assert dao.pause.asking() == (owners[0], begun + HOUR)
    at(begun + seconds)
    dao.pause.pause("a drain", sender=owners[1])

    assert dao.pause.paused() is paused
    # What came too late is a new question.
    assert (dao.pause.asking()[0] == owners[1]) is not paused


def test_it_lapses_without_a_call(dao, paused, chain):
    chain.mine(timestamp=paused - 1)
    assert dao.pause.paused()
    chain.mine(timestamp=paused)
    assert not dao.pause.paused()


def test_only_the_dao_lifts_extends_and_arms(dao, paused, owners, stranger):
    for function, arguments in (("lift", ()), ("extend", (paused + 1,)), ("rearm", ())):
        for sender in (owners[0], stranger):
            with ape.reverts("pause: only the dao"):
                getattr(dao.pause, function)(*arguments, sender=sender)


def test_three_signers_lift(dao, paused, owners, execute):
    execute(dao.safe, owners[:3], dao.pause, 0, dao.pause.lift.encode_input())
    assert not dao.pause.paused()


@pytest.mark.parametrize(("function", "arguments"), [("extend", (2**60,)), ("rearm", ())])
def test_signers_do_no_more_than_lift(dao, paused, owners, execute, later, function, arguments):
    data = getattr(dao.pause, function).encode_input(*arguments)
    with ape.reverts("guard: paused"):
        execute(dao.safe, owners, dao.pause, 0, data)
    later(72 * HOUR)
    with ape.reverts("guard: protected target"):
        execute(dao.safe, owners, dao.pause, 0, data)


def test_a_vote_extends(dao, paused, by_module):
    by_module(dao.safe, dao.pause, "extend", paused + DAY)

    assert dao.pause.pausedUntil() == paused + DAY
    assert dao.pause.armedFrom() == paused + 15 * DAY


@pytest.mark.parametrize(
    ("change", "reason"),
    [(0, "pause: not longer"), (30 * DAY, "pause: too long")],
)
def test_extension_is_bounded(dao, paused, by_module, change, reason, module):
    data = dao.pause.extend.encode_input(paused + change)
    answer = dao.safe.execTransactionFromModuleReturnData.call(dao.pause, 0, data, 0, sender=module)

    assert answer[0] is False
    assert reason.encode() in answer[1]


@pytest.mark.parametrize(("function", "arguments"), [("lift", ()), ("extend", (2**40,))])
def test_nothing_to_lift_or_extend(dao, module, function, arguments):
    data = getattr(dao.pause, function).encode_input(*arguments)
    answer = dao.safe.execTransactionFromModuleReturnData.call(dao.pause, 0, data, 0, sender=module)

    assert answer[0] is False
    assert b"pause: not paused" in answer[1]


def test_a_vote_arms_the_owners_again(dao, paused, owners, by_module, later):
    later(72 * HOUR)
    with ape.reverts("pause: resting until a vote"):
        dao.pause.pause("again", sender=owners[0])
    by_module(dao.safe, dao.pause, "rearm")
    dao.pause.pause("again", sender=owners[0])
    dao.pause.pause("again", sender=owners[2])

    assert dao.pause.paused()


def test_nobody_deploys_it(project, deployer):
    with ape.reverts("pause: no dao"):
        deployer.deploy(project.Pause, "0x" + 40 * "0")
