"""Attacks on the timelock: numbers 30 and 31 as in docs/governance.md."""

import runpy
from pathlib import Path

import ape
import pytest

# The fixtures are those of the governor's own tests.
SHARED = runpy.run_path(str(Path(__file__).parents[1] / "governance" / "conftest.py"))
globals().update({name: each for name, each in SHARED.items() if not name.startswith("__")})

DAY = 86_400
UNSET, WAITING, READY, DONE, GONE = range(5)
NOTHING = bytes(32)


@pytest.fixture(scope="module")
def lock(dao, project, accounts):
    """The timelock with an account as its governor, to schedule anything."""
    master = accounts[5]
    safe = dao.deployer.deploy(project.Safe, dao.deployer)
    timelock = dao.deployer.deploy(project.Timelock, safe, dao.deployer, DAY)
    timelock.setup(master, sender=dao.deployer)
    zero = "0x" + 40 * "0"
    safe.setup([master], 1, [timelock], zero, zero, True, sender=dao.deployer)
    return type(dao)(timelock=timelock, safe=safe, master=master, target=dao.target)


def batch(lock, *actions):
    return (
        [each[0] for each in actions],
        [each[1] for each in actions],
        [bytes(each[2]) for each in actions],
    )


def scheduled(
    lock, actions, *, before=NOTHING, salt=NOTHING, delay=2 * DAY, window=3 * DAY, kind=0
):
    receipt = lock.timelock.schedule(
        *actions, before, salt, delay, window, kind, sender=lock.master
    )
    return receipt.return_value[0]


def execute(lock, actions, *, before=NOTHING, salt=NOTHING):
    return lock.timelock.execute(*actions, before, salt, sender=lock.deployer or lock.master)


@pytest.fixture(autouse=True)
def _anybody_executes(lock, accounts):
    lock.deployer = accounts[7]


# --- 30: the delay ----------------------------------------------------------------------------


def test_attack_30_not_a_second_early(lock):
    actions = batch(lock, lock.call("add", 1))
    operation = scheduled(lock, actions)
    ready = lock.timelock.getTimestamp(operation)
    assert ready == ape.chain.blocks.head.timestamp + 2 * DAY
    lock.at(ready - 1)
    with ape.reverts("timelock: too early"):
        execute(lock, actions)
    assert lock.timelock.getOperationState(operation) == WAITING
    lock.at(ready)
    execute(lock, actions)
    assert (lock.target.count(), lock.timelock.getOperationState(operation)) == (1, DONE)
    assert lock.timelock.getTimestamp(operation) == 1


def test_attack_30_nobody_shortens_a_delay(lock, accounts):
    for sender in (lock.master, accounts[9], accounts[7]):
        with ape.reverts("timelock: only the dao"):
            lock.timelock.updateDelay(5 * DAY, sender=sender)
        with ape.reverts("timelock: only the dao"):
            lock.timelock.setGovernor(sender, sender=sender)
    actions = batch(lock, lock.call("add", 1))
    operation = scheduled(lock, actions, delay=0)
    assert lock.timelock.getTimestamp(operation) == ape.chain.blocks.head.timestamp + DAY
    with ape.reverts("timelock: delay too long"):
        scheduled(lock, actions, salt=b"\1" * 32, delay=30 * DAY + 1)


def decided(lock, function, *arguments):
    """Have the safe call the timelock, the whole way."""
    data = getattr(lock.timelock, function).encode_input(*arguments)
    actions = batch(lock, (lock.timelock, 0, data))
    salt = ape.chain.blocks.head.timestamp.to_bytes(32, "big")
    lock.at(lock.timelock.getTimestamp(scheduled(lock, actions, salt=salt, window=30 * DAY)))
    return execute(lock, actions, salt=salt)


def test_attack_30_the_floor_holds_even_by_a_vote(lock):
    for wrong, reason in (
        (DAY - 1, "timelock: below the floor"),
        (0, "timelock: below the floor"),
        (30 * DAY + 1, "timelock: above the ceiling"),
    ):
        with ape.reverts(reason):
            decided(lock, "updateDelay", wrong)
    receipt = decided(lock, "updateDelay", 3 * DAY)
    (event,) = receipt.decode_logs(lock.timelock.MinDelayChange)
    assert (event.oldDuration, event.newDuration) == (DAY, 3 * DAY)
    assert lock.timelock.getMinDelay() == 3 * DAY
    decided(lock, "updateDelay", DAY)
    assert lock.timelock.getMinDelay() == DAY


def test_attack_30_a_shorter_delay_waits_its_own_delay(lock):
    """Lowering the minimum hastens nothing that is scheduled."""
    decided(lock, "updateDelay", 9 * DAY)
    actions = batch(lock, lock.call("add", 1))
    operation = scheduled(lock, actions)
    ready = lock.timelock.getTimestamp(operation)
    decided(lock, "updateDelay", DAY)
    assert lock.timelock.getTimestamp(operation) == ready


def test_attack_30_deployment_below_the_floor(lock, project, accounts):
    deploy = accounts[9].deploy
    for delay, reason in (
        (DAY - 1, "timelock: below the floor"),
        (31 * DAY, "timelock: above the ceiling"),
    ):
        with ape.reverts(reason):
            deploy(project.Timelock, lock.safe, accounts[9], delay)
    with ape.reverts("timelock: no dao"):
        deploy(project.Timelock, "0x" + 40 * "0", accounts[9], DAY)


# --- 31: who schedules, and what depends on what -----------------------------------------------


def test_attack_31_only_the_governor_schedules(lock, accounts):
    actions = batch(lock, lock.call("add", 1))
    for sender in (accounts[9], accounts[7], accounts[0]):
        with ape.reverts("timelock: only the governor"):
            lock.timelock.schedule(*actions, NOTHING, NOTHING, DAY, 3 * DAY, 0, sender=sender)
    with ape.reverts("timelock: not scheduled"):
        execute(lock, actions)


def test_attack_31_a_batch_schedules_and_executes_nothing(lock):
    """CVE-2021-39167: a batch that makes itself scheduled while it runs."""
    inner = batch(lock, lock.call("add", 1))
    schedule = lock.timelock.schedule.encode_input(*inner, NOTHING, NOTHING, DAY, 3 * DAY, 0)
    again = lock.timelock.execute.encode_input(*inner, NOTHING, NOTHING)
    scheduled(lock, inner)
    for data in (schedule, again):
        for action in ((lock.timelock, 0, data), lock.call("forward", lock.timelock, data)):
            with ape.chain.isolate():
                outer = batch(lock, action)
                operation = scheduled(lock, outer, salt=b"\2" * 32)
                lock.at(lock.timelock.getTimestamp(operation))
                with ape.reverts():
                    execute(lock, outer, salt=b"\2" * 32)
                assert lock.timelock.getOperationState(operation) != DONE
    assert lock.target.count() == 0


def test_attack_31_the_same_twice(lock):
    actions = batch(lock, lock.call("add", 1))
    operation = scheduled(lock, actions)
    with ape.reverts("timelock: already scheduled"):
        scheduled(lock, actions)
    with ape.reverts("timelock: already scheduled"):
        scheduled(lock, actions, delay=5 * DAY, kind=2)
    assert scheduled(lock, actions, salt=b"\1" * 32) != operation
    lock.at(lock.timelock.getTimestamp(operation))
    execute(lock, actions)
    with ape.reverts("timelock: already executed"):
        execute(lock, actions)
    with ape.reverts("timelock: already scheduled"):
        scheduled(lock, actions)
    with ape.reverts("timelock: already executed"):
        lock.timelock.cancel(operation, sender=lock.master)
    assert lock.target.count() == 1


def test_attack_31_predecessors(lock):
    first, second = batch(lock, lock.call("add", 1)), batch(lock, lock.call("add", 2))
    operation = scheduled(lock, first)
    later = scheduled(lock, second, before=operation)
    lock.at(lock.timelock.getTimestamp(later))
    with ape.reverts("timelock: predecessor not done"):
        execute(lock, second, before=operation)
    with ape.reverts("timelock: not scheduled"):
        execute(lock, second)
    execute(lock, first)
    execute(lock, second, before=operation)
    assert lock.target.count() == 3
    never = scheduled(lock, second, before=b"\7" * 32)
    lock.at(lock.timelock.getTimestamp(never))
    with ape.reverts("timelock: predecessor not done"):
        execute(lock, second, before=b"\7" * 32)


def test_attack_31_lengths(lock):
    data = bytes(lock.target.add.encode_input(1))
    for wrong in (([lock.target], [], [data]), ([lock.target], [0], []), ([], [], [data])):
        reason = "timelock: lengths differ" if wrong[0] else "timelock: no actions"
        with ape.reverts(reason):
            scheduled(lock, wrong)
        with ape.reverts("timelock: lengths differ"):
            execute(lock, wrong)
    with ape.reverts("timelock: no actions"):
        scheduled(lock, ([], [], []))
    with ape.reverts("timelock: not scheduled"):
        execute(lock, ([], [], []))


def test_attack_31_value_is_the_safes(lock, accounts):
    poor = accounts[6]
    actions = batch(lock, (poor, 5, b""))
    scheduled(lock, actions)
    lock.later(2 * DAY)
    with ape.reverts("timelock: action failed"):
        execute(lock, actions)
    accounts[7].transfer(lock.safe, 5)
    before = poor.balance
    execute(lock, actions)
    assert (poor.balance - before, lock.safe.balance) == (5, 0)


def test_attack_31_the_window_ends(lock):
    actions = batch(lock, lock.call("add", 1))
    operation = scheduled(lock, actions)
    first, last = lock.timelock.getWindow(operation)
    assert last - first == 3 * DAY
    with ape.chain.isolate():
        lock.at(last)
        execute(lock, actions)
    lock.at(last + 1)
    with ape.reverts("timelock: too late"):
        execute(lock, actions)
    assert lock.timelock.getOperationState(operation) == GONE
    for window, reason in (
        (3 * DAY - 1, "timelock: window too short"),
        (30 * DAY + 1, "timelock: window too long"),
    ):
        with ape.reverts(reason):
            scheduled(lock, actions, salt=b"\1" * 32, window=window)


def test_attack_31_setup_is_once_and_the_deployers(lock, project, accounts):
    fresh = accounts[9].deploy(project.Timelock, lock.safe, accounts[9], DAY)
    with ape.reverts("timelock: only the deployer"):
        fresh.setup(accounts[1], sender=accounts[1])
    with ape.reverts("timelock: no governor"):
        fresh.setup("0x" + 40 * "0", sender=accounts[9])
    receipt = fresh.setup(accounts[1], sender=accounts[9])
    (event,) = receipt.decode_logs(fresh.GovernorChanged)
    assert event.new == accounts[1]
    with ape.reverts("timelock: already set up"):
        fresh.setup(accounts[2], sender=accounts[9])


def test_attack_31_strangers_cancel_nothing(dao):
    proposal = dao.queued(dao.call("add", 1))
    operation = dao.governor.proposalOperation(proposal.id)
    for sender in (dao.stranger, dao.proposer, dao.deployer, dao.whale):
        with ape.reverts("timelock: may not cancel"):
            dao.timelock.cancel(operation, sender=sender)
    with ape.reverts("timelock: not scheduled"):
        dao.timelock.cancel(b"\1" * 32, sender=dao.guardian)
    receipt = dao.timelock.cancel(operation, sender=dao.guardian)
    (event,) = receipt.decode_logs(dao.timelock.Cancelled)
    assert bytes(event.id) == bytes(operation)
    assert dao.timelock.getOperationState(operation) == UNSET
    assert dao.governor.state(proposal.id) == 2
    with ape.reverts("governor: not queued"):
        dao.execute(proposal)
    with ape.reverts("governor: not passed"):
        dao.governor.queue(*proposal.queued, sender=dao.stranger)
