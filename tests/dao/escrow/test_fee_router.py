"""Fees: what comes in is shared out by the tables and the votes, and nothing is lost."""

from dataclasses import dataclass

import ape
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

PARS = 10**18
WEEK = 7 * 86_400
MAXTIME = 4 * 365 * 86_400
NATIVE = "0x0000000000000000000000000000000000000000"
GAUGES = NATIVE
# The ten committees of PIP-7003 share 10 %, the gauges have 90 %.
COMMITTEES = [f"0x{i + 10:040}" for i in range(10)]
PARTS = [250, 100, 100, 100, 100, 100, 50, 50, 100, 50]


@pytest.fixture(scope="module")
def router(project, owner, controller, pauser, dao):
    table = ([*COMMITTEES, GAUGES], [*PARTS, 9_000])
    return owner.deploy(project.FeeRouter, controller, pauser, dao, *table)


@pytest.fixture
def voted(controller, lock, gauges, accounts, enter):
    """Two gauges have 40 % and 60 % (so half) of the votes of epoch 1, which has begun."""
    lock(accounts[0], 100 * PARS, MAXTIME)
    controller.voteForGauges(gauges[:2], [4_000, 6_000], sender=accounts[0])
    enter(1)
    controller.checkpoint([accounts[0]], sender=accounts[0])
    return gauges


def test_fees_of_an_epoch(router, voted, accounts, enter):
    payer = accounts[1]
    receipt = router.depositFees(NATIVE, 1_000 * PARS, 0, sender=payer, value=1_000 * PARS)
    assert list(receipt.events) == [
        router.FeesDeposited(payer=payer, token=NATIVE, source=0, amount=1_000 * PARS, epoch=1)
    ]
    assert router.getEpochFees(1, NATIVE, 0) == 1_000 * PARS
    with ape.reverts("FeeRouter: epoch is not over"):
        router.distributeEpoch(1, NATIVE, 0, sender=payer)
    enter(2)
    receipt = router.distributeEpoch(1, NATIVE, 0, sender=payer)

    assert router.Distributed(
        epoch=1, token=NATIVE, source=0, amount=1_000 * PARS, carried=0
    ) in list(receipt.events)
    for committee, part in zip(COMMITTEES, PARTS, strict=True):
        assert router.credit(NATIVE, committee) == part * PARS // 10
    assert router.credit(NATIVE, voted[0]) == 450 * PARS
    assert router.credit(NATIVE, voted[1]) == 450 * PARS
    with ape.reverts("FeeRouter: nothing to share out"):
        router.distributeEpoch(1, NATIVE, 0, sender=payer)

    before = accounts[5].balance
    receipt = router.claim(NATIVE, voted[0], sender=payer)
    assert accounts[5].balance == before + 450 * PARS
    assert list(receipt.events) == [
        router.Claimed(receiver=voted[0], token=NATIVE, amount=450 * PARS)
    ]
    assert router.held(NATIVE) == router.balance == 550 * PARS
    with ape.reverts("FeeRouter: nothing to pay out"):
        router.claim(NATIVE, voted[0], sender=payer)


def test_what_nobody_voted_for_waits(router, controller, gauges, accounts, enter):
    router.depositFees(NATIVE, 1_000, 0, sender=accounts[1], value=1_000)
    enter(3)
    router.distributeEpoch(0, NATIVE, 0, sender=accounts[1])

    assert router.credit(NATIVE, COMMITTEES[0]) == 25
    assert router.getEpochFees(3, NATIVE, 0) == 900


def test_what_cannot_be_divided_waits(router, voted, accounts, enter):
    router.depositFees(NATIVE, 39, 0, sender=accounts[1], value=39)
    enter(2)
    receipt = router.distributeEpoch(1, NATIVE, 0, sender=accounts[1])

    # 35 for the gauges, 17 for each; none of the committees has a whole wei.
    assert router.credit(NATIVE, voted[0]) == router.credit(NATIVE, voted[1]) == 17
    assert router.Distributed(epoch=1, token=NATIVE, source=0, amount=39, carried=5) in list(
        receipt.events
    )
    assert router.getEpochFees(2, NATIVE, 0) == 5


@pytest.mark.parametrize("amount", [1, 10**18, 2**255 - 1])
def test_any_amount(router, voted, accounts, enter, make_token, amount):
    token = make_token()
    token.mint(accounts[1], amount, sender=accounts[1])
    router.depositFees(token, amount, 0, sender=accounts[1])
    enter(2)
    router.distributeEpoch(1, token, 0, sender=accounts[1])
    owed = [router.credit(token, each) for each in (*COMMITTEES, *voted)]

    assert sum(owed) + router.getEpochFees(2, token, 0) == amount
    assert router.held(token) == token.balanceOf(router) == amount


def test_token_that_takes_a_fee(router, voted, accounts, enter, make_token):
    """What arrived is shared out."""
    token = make_token(10)
    token.mint(accounts[1], 1_000, sender=accounts[1])
    router.depositFees(token, 1_000, 0, sender=accounts[1])
    assert router.getEpochFees(1, token, 0) == 900
    enter(2)
    router.distributeEpoch(1, token, 0, sender=accounts[1])
    router.claim(token, voted[0], sender=accounts[1])

    assert token.balanceOf(voted[0]) == 405 - 40
    assert router.held(token) == token.balanceOf(router) == 495


NO_ANSWER = """
balanceOf: public(HashMap[address, uint256])

@external
def mint(to: address, amount: uint256):
    self.balanceOf[to] += amount

@external
def transfer(to: address, amount: uint256):
    self.balanceOf[msg.sender] -= amount
    self.balanceOf[to] += amount

@external
def transferFrom(owner: address, to: address, amount: uint256):
    self.balanceOf[owner] -= amount
    self.balanceOf[to] += amount
"""

LIAR = """
@external
@view
def balanceOf(owner: address) -> uint256:
    return 0

@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    return amount != 13
"""


def test_token_that_answers_nothing(router, owner, voted, accounts, enter, compiled):
    token = owner.deploy(compiled(NO_ANSWER))
    token.mint(owner, 1_000, sender=owner)
    router.depositFees(token, 1_000, 0, sender=owner)
    enter(2)
    router.distributeEpoch(1, token, 0, sender=owner)
    router.claim(token, voted[0], sender=owner)

    assert token.balanceOf(voted[0]) == 450


def test_deposits_that_are_none(router, owner, compiled, make_token):
    token = make_token()
    liar = owner.deploy(compiled(LIAR))
    with ape.reverts("FeeRouter: not that much PARS"):
        router.depositFees(NATIVE, 2, 0, sender=owner, value=1)
    with ape.reverts("FeeRouter: PARS with a token"):
        router.depositFees(token, 1, 0, sender=owner, value=1)
    with ape.reverts("FeeRouter: nothing arrived"):
        router.depositFees(NATIVE, 0, 0, sender=owner)
    with ape.reverts("FeeRouter: nothing arrived"):
        router.depositFees(liar, 1, 0, sender=owner)
    with ape.reverts("FeeRouter: transfer failed"):
        router.depositFees(liar, 13, 0, sender=owner)
    with ape.reverts("FeeRouter: no such source"):
        router.depositFees(NATIVE, 1, 1, sender=owner, value=1)


# --- Who may do what --------------------------------------------------------------------------


def test_pause(router, pauser, voted, accounts, enter):
    """Fees come in; nothing is shared or paid out."""
    payer = accounts[1]
    router.depositFees(NATIVE, 2_000, 0, sender=payer, value=2_000)
    enter(2)
    with ape.reverts("FeeRouter: nothing to pay out"):
        router.claim(NATIVE, payer, sender=payer)
    pauser.set(True, sender=payer)
    with ape.reverts("FeeRouter: paused"):
        router.distributeEpoch(1, NATIVE, 0, sender=payer)
    router.depositFees(NATIVE, 1_000, 0, sender=payer, value=1_000)
    pauser.set(False, sender=payer)
    router.distributeEpoch(1, NATIVE, 0, sender=payer)
    pauser.set(True, sender=payer)
    with ape.reverts("FeeRouter: paused"):
        router.claim(NATIVE, voted[0], sender=payer)
    pauser.set(False, sender=payer)
    router.claim(NATIVE, voted[0], sender=payer)


def test_tables(router, dao, accounts, enter):
    """Another source with 80 and 20 %, and no gauges; a new table is for what waits too."""
    relays, treasury = accounts[6].address, accounts[7].address
    table = ([relays, treasury], [8_000, 2_000])
    receipt = router.setSplit(1, *table, sender=dao)
    assert list(receipt.events) == [router.SplitSet(source=1, receivers=table[0], shares=table[1])]
    assert tuple(router.getDistributionSplit(1)) == table
    router.depositFees(NATIVE, 100, 1, sender=dao, value=100)
    enter(1)
    with ape.reverts("FeeRouter: nothing to share out"):
        router.distributeEpoch(0, NATIVE, 0, sender=dao)
    router.setSplit(1, [treasury, relays], [7_000, 3_000], sender=dao)
    router.distributeEpoch(0, NATIVE, 1, sender=dao)

    assert router.credit(NATIVE, relays) == 30
    assert router.credit(NATIVE, treasury) == 70


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([10_000], "FeeRouter: unequal lengths"),
        ([5_000, 4_999], "FeeRouter: not the whole"),
        ([5_000, 5_001], "FeeRouter: not the whole"),
        ([2**256 - 1, 10_001], "FeeRouter: not the whole"),
        ([10_000, 0], "FeeRouter: part of nothing"),
        ([], "FeeRouter: unequal lengths"),
    ],
)
def test_tables_that_are_none(router, dao, parts, reason):
    with ape.reverts(reason):
        router.setSplit(0, COMMITTEES[:2], parts, sender=dao)


def test_tables_with_wrong_receivers(router, dao, accounts):
    with ape.reverts("FeeRouter: only the dao"):
        router.setSplit(0, COMMITTEES[:1], [10_000], sender=accounts[1])
    with ape.reverts("FeeRouter: receiver twice"):
        router.setSplit(0, COMMITTEES[:1] * 2, [5_000, 5_000], sender=dao)
    with ape.reverts("FeeRouter: not to itself"):
        router.setSplit(0, [router], [10_000], sender=dao)
    with ape.reverts("FeeRouter: not the whole"):
        router.setSplit(0, [], [], sender=dao)


def test_constructor(project, owner, controller, pauser, dao):
    table = ([GAUGES], [10_000])
    with ape.reverts("FeeRouter: no controller"):
        owner.deploy(project.FeeRouter, owner, pauser, dao, *table)
    with ape.reverts("FeeRouter: no pause"):
        owner.deploy(project.FeeRouter, controller, owner, dao, *table)
    with ape.reverts("FeeRouter: no dao"):
        owner.deploy(project.FeeRouter, controller, pauser, NATIVE, *table)
    with ape.reverts("FeeRouter: not the whole"):
        owner.deploy(project.FeeRouter, controller, pauser, dao, [GAUGES], [9_999])


# --- Conservation -----------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class World:
    chain: object
    accounts: object
    controller: object
    router: object
    tokens: object


class Machine(RuleBasedStateMachine):
    """Whatever is brought, shared and paid out: what came is what waits, is owed and was paid."""

    def __init__(self):
        super().__init__()
        self.snapshot = self.world.chain.snapshot()
        self.sender = self.world.accounts[1]
        self.came = dict.fromkeys(self.world.tokens, 0)
        self.paid = dict.fromkeys(self.world.tokens, 0)
        self.epochs = set()  # into which something came
        self.gauges = [account.address for account in self.world.accounts[5:8]]

    def teardown(self):
        self.world.chain.restore(self.snapshot)

    @rule(token=st.integers(0, 1), amount=st.one_of(st.integers(1, 99), st.integers(1, 10**24)))
    def deposit(self, token, amount):
        token = self.world.tokens[token]
        self.world.router.depositFees(token, amount, 0, sender=self.sender)
        self.came[token] += amount
        self.epochs.add(self.world.controller.epoch())

    @rule(weeks=st.integers(1, 3))
    def pass_weeks(self, weeks):
        head = self.world.chain.blocks.head
        self.world.chain.mine(timestamp=head.timestamp + weeks * WEEK)

    @rule(voter=st.integers(2, 4), parts=st.lists(st.integers(1, 9_998), min_size=1, max_size=1))
    def vote(self, voter, parts):
        shares = [parts[0], 9_999 - parts[0], 1]
        account = self.world.accounts[voter]
        self.world.controller.voteForGauges(self.gauges, shares, sender=account)

    @rule()
    def count(self):
        self.world.controller.checkpoint(self.world.accounts[2:5], sender=self.sender)

    @rule(token=st.integers(0, 1), back=st.integers(1, 4))
    def distribute(self, token, back):
        token = self.world.tokens[token]
        epoch = self.world.controller.epoch() - back
        if epoch >= 0 and self.world.router.getEpochFees(epoch, token, 0):
            self.world.router.distributeEpoch(epoch, token, 0, sender=self.sender)
            self.epochs.add(self.world.controller.epoch())

    @rule(token=st.integers(0, 1), who=st.integers(0, 12))
    def claim(self, token, who):
        token = self.world.tokens[token]
        receiver = [*COMMITTEES, *self.gauges][who]
        owed = self.world.router.credit(token, receiver)
        if owed:
            self.world.router.claim(token, receiver, sender=self.sender)
            self.paid[token] += owed

    @invariant()
    def nothing_is_lost(self):
        router = self.world.router
        for token in self.world.tokens:
            waits = sum(router.getEpochFees(epoch, token, 0) for epoch in self.epochs)
            owed = sum(router.credit(token, each) for each in (*COMMITTEES, *self.gauges))
            held = self.came[token] - self.paid[token]
            assert token.balanceOf(router) == router.held(token) == waits + owed == held


def test_fees_are_conserved(router, controller, lock, dao, accounts, chain, make_token, enter):
    tokens = make_token(), make_token()
    for token in tokens:
        token.mint(accounts[1], 2**200, sender=accounts[1])
    for kind, account in enumerate(accounts[5:8]):
        controller.addGauge(account, kind, sender=dao)
    for voter in accounts[2:5]:
        lock(voter, 100 * PARS, MAXTIME)
        controller.voteForGauges([accounts[5]], [10_000], sender=voter)
    Machine.world = World(
        chain=chain, accounts=accounts, controller=controller, router=router, tokens=tokens
    )
    # A third of the examples that others have: each step asks for all the books.
    run_state_machine_as_test(Machine, settings=settings(max_examples=settings().max_examples // 3))
