"""Answers from the session layer: asked, proven once, called back, or paid back."""

import ape
import pytest

from chain.dao.anchors import SessionLeaf, proof_of

FEE = 10**15
NOBODY = "0x" + 40 * "0"
HEAR, FAIL, BURN, CALL_BACK, SHOUT = range(5)
GAS = 200_000
PENDING, ANSWERED, FAILED, EXPIRED = range(1, 5)


def proven(leaves, index):
    """Return leaf, index and proof as contracts take them."""
    return leaves[index].fields(), index, proof_of([leaf.hash() for leaf in leaves], index)


@pytest.fixture
def ask(oracle, people, epoch, listener):
    """Ask for a session of epoch 1; return the number of the request."""

    def run(index=2, callback=None, gas=GAS, age=3_600, timeout=600, value=FEE):
        oracle.requestSession(
            epoch[index].session_id,
            listener if callback is None else callback,
            gas,
            age,
            timeout,
            sender=people.anyone,
            value=value,
        )
        return oracle.requestCount()

    return run


@pytest.fixture
def relayer(accounts):
    return accounts[5]


def test_asked_and_answered(oracle, ask, epoch, listener, people, relayer):
    request = ask()
    receipt = oracle.answer(request, 1, *proven(epoch, 2), sender=relayer)

    (event,) = oracle.Answered.from_receipt(receipt)
    assert (event.relayer, event.epoch, event.state) == (relayer, 1, 3)
    assert event.outputHash == epoch[2].output_hash
    assert [each.succeeded for each in oracle.Called.from_receipt(receipt)] == [True]
    assert oracle.statusOf(request) == ANSWERED
    assert oracle.answerOf(request) == (1, 3, epoch[2].output_hash)
    assert listener.output() == epoch[2].output_hash
    assert listener.requester() == people.anyone
    assert listener.heard(0) == request.to_bytes(32, "big")
    assert oracle.owed(relayer) == FEE


def test_without_a_callback(oracle, ask, epoch, relayer):
    request = ask(callback=NOBODY, gas=0)
    receipt = oracle.answer(request, 1, *proven(epoch, 2), sender=relayer)
    assert oracle.Called.from_receipt(receipt) == []
    assert oracle.statusOf(request) == ANSWERED


def test_what_was_asked_can_be_read(oracle, ask, epoch, listener, people, chain):
    request = ask(value=FEE + 5)
    deadline = chain.blocks.head.timestamp + 600
    assert tuple(oracle.requestOf(request)) == (
        epoch[2].session_id,
        people.anyone.address,
        listener.address,
        GAS,
        3_600,
        deadline,
        FEE + 5,
    )
    assert oracle.statusOf(request) == PENDING
    assert oracle.statusOf(request + 1) == 0
    with ape.reverts("oracle: no answer"):
        oracle.answerOf(request)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"value": FEE - 1}, "oracle: fee is too small"),
        ({"gas": 1_000_001}, "oracle: too much callback gas"),
        ({"age": 2**40}, "oracle: age out of bounds"),
        ({"timeout": 59}, "oracle: timeout out of bounds"),
        ({"timeout": 2_592_001}, "oracle: timeout out of bounds"),
        ({"callback": "0x" + 40 * "1"}, "oracle: callback has no code"),
    ],
)
def test_refused_requests(ask, changed, reason):
    with ape.reverts(reason):
        ask(**changed)


def test_request_for_nothing(oracle, people):
    with ape.reverts("oracle: no session"):
        oracle.requestSession(bytes(32), NOBODY, 0, 1, 60, sender=people.anyone, value=FEE)


def test_answered_once(oracle, ask, epoch, relayer, people):
    request = ask()
    oracle.answer(request, 1, *proven(epoch, 2), sender=relayer)
    with ape.reverts("oracle: not pending"):
        oracle.answer(request, 1, *proven(epoch, 2), sender=people.anyone)
    with ape.reverts("oracle: not pending"):
        oracle.answer(request + 1, 1, *proven(epoch, 2), sender=people.anyone)


def test_answers_that_prove_nothing(oracle, ask, epoch, relayer):
    request = ask()
    leaf, index, proof = proven(epoch, 2)
    changed = (*leaf[:2], b"\x01" * 32, *leaf[3:])
    for answer, reason in [
        ((1, *proven(epoch, 3)), "oracle: other session"),
        ((1, changed, index, proof), "oracle: not proven"),
        ((1, leaf, index + 1, proof), "oracle: not proven"),
        ((2, leaf, index, proof), "oracle: stale"),
    ]:
        with ape.reverts(reason):
            oracle.answer(request, *answer, sender=relayer)


@pytest.mark.parametrize("state", [0, 1, 2, 5])
def test_session_that_is_not_over(oracle, committee, people, state):
    leaf = SessionLeaf(session_id=b"\x01" * 32, state=state)
    committee.anchor([leaf.hash()], people.anyone)
    arguments = (leaf.session_id, NOBODY, 0, 3_600, 600)
    oracle.requestSession(*arguments, sender=people.anyone, value=FEE)
    with ape.reverts("oracle: session is not over"):
        oracle.answer(1, 1, leaf.fields(), 0, [], sender=people.anyone)


def test_age_to_the_second(oracle, anchor, ask, epoch, relayer, chain):
    request, late = ask(age=100), ask(age=100)
    chain.pending_timestamp = anchor.anchoredAt(1) + 100
    oracle.answer(request, 1, *proven(epoch, 2), sender=relayer)
    chain.pending_timestamp = anchor.anchoredAt(1) + 101
    with ape.reverts("oracle: stale"):
        oracle.answer(late, 1, *proven(epoch, 2), sender=relayer)


def test_deadline_to_the_second(oracle, ask, epoch, relayer, people, chain):
    first, second = ask(), ask()
    deadline = oracle.requestOf(first)[5]
    chain.pending_timestamp = deadline - 1
    with ape.reverts("oracle: can still be answered"):
        oracle.expire(first, sender=relayer)
    chain.pending_timestamp = deadline - 1
    oracle.answer(first, 1, *proven(epoch, 2), sender=relayer)
    chain.pending_timestamp = oracle.requestOf(second)[5]
    with ape.reverts("oracle: too late"):
        oracle.answer(second, 1, *proven(epoch, 2), sender=relayer)
    oracle.expire(second, sender=relayer)

    assert oracle.statusOf(second) == EXPIRED
    assert oracle.owed(people.anyone) == FEE
    with ape.reverts("oracle: not pending"):
        oracle.expire(second, sender=relayer)


def test_fees_are_collected(oracle, ask, epoch, relayer, accounts):
    oracle.answer(ask(), 1, *proven(epoch, 2), sender=relayer)
    before = accounts[8].balance
    oracle.collect(accounts[8], sender=relayer)
    assert accounts[8].balance == before + FEE
    assert oracle.balance == 0
    with ape.reverts("oracle: nothing is owed"):
        oracle.collect(accounts[8], sender=relayer)


def test_fees_to_nobody(oracle, ask, epoch, relayer):
    oracle.answer(ask(), 1, *proven(epoch, 2), sender=relayer)
    with ape.reverts("oracle: to nobody"):
        oracle.collect(NOBODY, sender=relayer)


# --- Callbacks ------------------------------------------------------------------------------


@pytest.mark.parametrize("manner", [FAIL, BURN, SHOUT])
def test_failed_callback_blocks_nothing(oracle, ask, epoch, listener, relayer, people, manner):
    request = ask()
    listener.behave(manner, b"", sender=people.deployer)
    receipt = oracle.answer(request, 1, *proven(epoch, 2), sender=relayer)

    assert [each.succeeded for each in oracle.Called.from_receipt(receipt)] == [False]
    assert oracle.statusOf(request) == FAILED
    assert oracle.answerOf(request) == (1, 3, epoch[2].output_hash)
    assert oracle.owed(relayer) == FEE
    with ape.reverts("oracle: callback failed again"):
        oracle.retry(request, *proven(epoch, 2), sender=people.anyone)
    listener.behave(HEAR, b"", sender=people.deployer)
    for wrong, reason in [
        (proven(epoch, 1), "oracle: other session"),
        ((*proven(epoch, 2)[:2], []), "oracle: not proven"),
    ]:
        with ape.reverts(reason):
            oracle.retry(request, *wrong, sender=people.anyone)
    oracle.retry(request, *proven(epoch, 2), sender=people.anyone)
    assert oracle.statusOf(request) == ANSWERED
    assert listener.heardCount() == 1
    assert oracle.owed(relayer) == FEE
    with ape.reverts("oracle: callback did not fail"):
        oracle.retry(request, *proven(epoch, 2), sender=people.anyone)


def test_callback_gets_its_gas_or_nothing_happens(oracle, ask, epoch, listener, relayer):
    """Nobody makes a callback fail by bringing too little gas."""
    request = ask(gas=1_000_000)
    with ape.reverts("oracle: too little gas"):
        oracle.answer(request, 1, *proven(epoch, 2), sender=relayer, gas_limit=1_100_000)
    oracle.answer(request, 1, *proven(epoch, 2), sender=relayer)
    assert 1_000_000 > listener.gas() > 990_000


def test_callback_cannot_come_back(oracle, ask, epoch, listener, relayer, people):
    request = ask()
    again = oracle.answer.encode_input(request, 1, *proven(epoch, 2))
    listener.behave(CALL_BACK, again, sender=people.deployer)
    oracle.answer(request, 1, *proven(epoch, 2), sender=relayer)
    assert oracle.statusOf(request) == FAILED
    assert oracle.owed(listener) == 0


def test_callback_may_read(oracle, ask, epoch, listener, relayer, people):
    request = ask()
    listener.behave(CALL_BACK, oracle.answerOf.encode_input(request), sender=people.deployer)
    oracle.answer(request, 1, *proven(epoch, 2), sender=relayer)
    assert oracle.statusOf(request) == ANSWERED


# --- The DAO --------------------------------------------------------------------------------


def test_smallest_fee(oracle, ask, people):
    with ape.reverts("oracle: only the dao"):
        oracle.setMinFee(0, sender=people.anyone)
    with ape.reverts("oracle: fee is too large"):
        oracle.setMinFee(2**128, sender=people.dao)
    oracle.setMinFee(2 * FEE, sender=people.dao)
    with ape.reverts("oracle: fee is too small"):
        ask(value=2 * FEE - 1)
    ask(value=2 * FEE)


def test_constructor(project, people, anchor):
    for arguments, reason in [
        ((NOBODY, anchor, 0), "oracle: no dao"),
        ((people.dao, people.dao, 0), "oracle: no anchor"),
        ((people.dao, anchor, 2**128), "oracle: fee is too large"),
    ]:
        with ape.reverts(reason):
            people.deployer.deploy(project.OracleBridge, *arguments)


# --- Gas ------------------------------------------------------------------------------------


def test_gas(oracle, ask, epoch, listener, relayer):
    """What docs/session-contracts.md says, callback included."""
    asked = ask()
    receipt = oracle.answer(asked, 1, *proven(epoch, 2), sender=relayer)
    assert receipt.gas_used < 220_000
