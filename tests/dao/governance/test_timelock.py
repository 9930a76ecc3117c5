"""What the timelock tells, and what reaches targets."""

import ape

DAY = 86_400


def test_events_and_reads_of_a_batch(dao):
    proposal = dao.passed(dao.call("add", 1), (dao.poor, 0, b"\1\2"))
    receipt = dao.governor.queue(*proposal.queued, sender=dao.stranger)
    operation, salt = dao.governor.proposalOperation(proposal.id), proposal.id.to_bytes(32, "big")
    assert operation == dao.timelock.hashOperationBatch(*proposal.actions, bytes(32), salt)
    events = receipt.decode_logs(dao.timelock.CallScheduled)
    assert [(each.index, each.target, each["value"], bytes(each.data)) for each in events] == [
        (i, target, 0, data)
        for i, (target, data) in enumerate(zip(proposal.targets, proposal.calldatas, strict=True))
    ]
    assert {each.delay for each in events} == {2 * DAY}
    (event,) = receipt.decode_logs(dao.timelock.CallSalt)
    assert bytes(event.salt) == salt
    ready, last = dao.timelock.getWindow(operation)
    assert (ready, last) == (receipt.timestamp + 2 * DAY, receipt.timestamp + 16 * DAY)
    dao.look(ready)
    receipt = dao.execute(proposal)
    (event,) = receipt.decode_logs(dao.timelock.OperationExecuted)
    assert bytes(event.id) == bytes(operation)


def test_anybody_executes_without_the_governor(dao):
    proposal = dao.ready(dao.call("add", 3))
    salt = proposal.id.to_bytes(32, "big")
    dao.timelock.execute(*proposal.actions, bytes(32), salt, sender=dao.poor)
    assert dao.governor.state(proposal.id) == 7
    assert dao.target.count() == 3
    with ape.reverts("governor: not queued"):
        dao.execute(proposal)


def test_targets_learn_the_class_of_the_vote(dao):
    assert tuple(dao.timelock.executingClass()) == (False, 0)
    dao.execute(dao.ready(dao.call("note", dao.timelock), kind=2))
    assert (dao.target.running(), dao.target.runningClass()) == (True, 2)
    dao.target.note(dao.timelock, sender=dao.poor)
    assert (dao.target.running(), dao.target.runningClass()) == (False, 0)


def test_long_answers_are_no_failure(dao):
    dao.execute(dao.ready(dao.call("long")))
    assert dao.target.count() == 1


def test_reasons_come_through(dao):
    proposal = dao.ready(dao.call("fail", "target: its own reason"))
    with ape.reverts("target: its own reason"):
        dao.execute(proposal)
