"""The guard: protected targets, the pause, and freezes by voting power."""

import ape
import pytest

DAY = 86400
WEEK = 7 * DAY
FREEZE = 3 * DAY
NOBODY = "0x" + 40 * "0"


@pytest.fixture
def voters(dao, accounts):
    """Ten percent freeze: one voter of 9, one of 1, and 90 who sleep."""
    for account, power in zip(accounts[:3], (9, 1, 90), strict=True):
        dao.votes.give(account, power, sender=account)
    return accounts[:2]


@pytest.fixture
def frozen(dao, voters):
    """A freeze that just began; the time at which it ends."""
    for voter in voters:
        dao.guard.castFreezeVote(sender=voter)
    return dao.guard.frozenUntil()


def test_signers_reach_what_is_not_protected(dao, owners, receiver, execute):
    before = receiver.balance
    execute(dao.safe, owners[:3], receiver, 3)
    assert receiver.balance == before + 3


@pytest.mark.parametrize("name", ["target", "safe", "guard", "pause"])
def test_signers_reach_no_protected_target(dao, owners, execute, name):
    assert dao.guard.isProtected(getattr(dao, name))
    with ape.reverts("guard: protected target"):
        execute(dao.safe, owners, getattr(dao, name), 0, b"\x01\x02\x03\x04")


def test_signers_run_no_foreign_code(dao, owners, execute, target):
    with ape.reverts("guard: delegate call"):
        execute(dao.safe, owners, target, 0, b"", operation=1)


def test_a_vote_reaches_protected_targets(dao, by_module):
    by_module(dao.safe, dao.target, "reach")
    assert dao.target.reached() == 1


def test_a_vote_says_what_is_protected(dao, owners, execute, by_module, receiver, stranger):
    with ape.reverts("guard: only the dao"):
        dao.guard.setProtected([receiver], True, sender=stranger)
    receipt = by_module(dao.safe, dao.guard, "setProtected", [receiver], True)
    (event,) = receipt.decode_logs(dao.guard.ProtectionChanged)
    assert (event.target, event.protected) == (receiver, True)
    with ape.reverts("guard: protected target"):
        execute(dao.safe, owners, receiver, 1)

    by_module(dao.safe, dao.guard, "setProtected", [receiver, dao.safe], False)
    execute(dao.safe, owners[:3], receiver, 1)
    assert dao.guard.isProtected(dao.safe)


def test_freeze_stops_signers_and_modules(dao, frozen, owners, execute, receiver, module):
    with ape.reverts("guard: frozen"):
        execute(dao.safe, owners, receiver, 1)
    with ape.reverts("guard: frozen"):
        dao.safe.execTransactionFromModule(receiver, 1, b"", 0, sender=module)


def test_pause_stops_signers_and_modules(dao, owners, execute, receiver, module):
    for owner in owners[:2]:
        dao.pause.pause("", sender=owner)
    with ape.reverts("guard: paused"):
        execute(dao.safe, owners, receiver, 1)
    with ape.reverts("guard: paused"):
        dao.safe.execTransactionFromModule(receiver, 1, b"", 0, sender=module)


def test_enough_power_freezes(dao, voters):
    first = dao.guard.castFreezeVote(sender=voters[0])
    assert not dao.guard.frozen()
    assert dao.guard.freezeRound() == (1, first.timestamp, 9)
    second = dao.guard.castFreezeVote(sender=voters[1])

    (event,) = second.decode_logs(dao.guard.Frozen)
    assert (event.round, event.until) == (1, second.timestamp + FREEZE)
    assert dao.guard.frozen()
    assert dao.guard.rest_until() == event.until + FREEZE


def test_freeze_ends_by_itself(dao, frozen, chain, owners, execute, receiver):
    chain.mine(timestamp=frozen - 1)
    assert dao.guard.frozen()
    chain.mine(timestamp=frozen)
    assert not dao.guard.frozen()
    execute(dao.safe, owners[:3], receiver, 1)


def test_a_vote_lifts_a_freeze_and_the_rest_stays(dao, frozen, voters, stranger, by_module):
    with ape.reverts("guard: only the dao"):
        dao.guard.liftFreeze(sender=stranger)
    receipt = by_module(dao.safe, dao.guard, "liftFreeze")

    assert [each.round for each in receipt.decode_logs(dao.guard.FreezeLifted)] == [1]
    assert not dao.guard.frozen()
    with ape.reverts("guard: resting after a freeze"):
        dao.guard.castFreezeVote(sender=voters[0])


def test_nothing_to_lift(dao, module):
    data = dao.guard.liftFreeze.encode_input()
    answer = dao.safe.execTransactionFromModuleReturnData.call(dao.guard, 0, data, 0, sender=module)
    assert answer[0] is False
    assert b"guard: not frozen" in answer[1]


@pytest.mark.parametrize("after", [0, 1])
def test_rest_after_a_freeze(dao, frozen, voters, at, after):
    at(frozen + FREEZE - 1 + after)
    if after:
        dao.guard.castFreezeVote(sender=voters[0])
        assert dao.guard.freezeRound()[::2] == (2, 9)
    else:
        with ape.reverts("guard: resting after a freeze"):
            dao.guard.castFreezeVote(sender=voters[0])


def test_a_round_forgets_after_its_time(dao, voters, at):
    begun = dao.guard.castFreezeVote(sender=voters[0]).timestamp
    at(begun + WEEK - 1)
    with ape.reverts("guard: already voted"):
        dao.guard.castFreezeVote(sender=voters[0])
    at(begun + WEEK)
    dao.guard.castFreezeVote(sender=voters[1])

    assert dao.guard.freezeRound() == (2, begun + WEEK, 1)
    assert not dao.guard.frozen()


def test_power_beyond_all_counting(dao, stranger):
    dao.votes.give(stranger, 2**128, sender=stranger)
    with ape.reverts("guard: power out of range"):
        dao.guard.castFreezeVote(sender=stranger)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({0: NOBODY}, "guard: no dao"),
        ({1: NOBODY}, "guard: no pause"),
        ({2: NOBODY}, "guard: no votes"),
        ({3: 99}, "guard: share too small"),
        ({3: 5001}, "guard: share too large"),
        ({4: 0}, "guard: no round"),
        ({4: 14 * DAY + 1}, "guard: round too long"),
        ({5: 0}, "guard: no freeze"),
        ({5: 7 * DAY + 1}, "guard: freeze too long"),
    ],
)
def test_parameters_are_bounded(project, deployer, dao, changed, reason):
    right = {0: dao.safe, 1: dao.pause, 2: dao.votes, 3: 100, 4: WEEK, 5: DAY, 6: []}
    with ape.reverts(reason):
        deployer.deploy(project.Guard, *(right | changed).values())
