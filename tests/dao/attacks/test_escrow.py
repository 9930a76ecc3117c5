"""Attacks on the escrow and on delegation, by their numbers in the list of attacks."""

import runpy
from pathlib import Path

import ape
import pytest

# The fixtures are those of the escrow's own tests.
SHARED = runpy.run_path(str(Path(__file__).parents[1] / "escrow" / "conftest.py"))
globals().update({name: each for name, each in SHARED.items() if not name.startswith("__")})

PARS = 10**18
DAY = 86_400
YEAR = 365 * DAY
MINTIME = 30 * DAY
MAXTIME = 4 * YEAR
ZERO = "0x0000000000000000000000000000000000000000"
FIRST_LOCK_OF_PEERS = 276_763  # gas, of the cheapest peer: a packed escrow in Solidity


@pytest.fixture
def alice(accounts):
    return accounts[0]


@pytest.fixture
def bob(accounts):
    return accounts[1]


@pytest.fixture
def whale(accounts):
    return accounts[2]


@pytest.fixture
def now(chain):
    return lambda: chain.blocks.head.timestamp


def test_attack_1_delegating_to_a_whale_gives_no_votes(
    escrow, lock, delegate, accounts, whale, chain, now
):
    lock(whale, 1_000 * PARS, MAXTIME)
    for account in (accounts[3], accounts[4]):
        delegate(account, whale)
    snapshot = now()
    chain.mine(timestamp=snapshot + DAY)

    for account in (accounts[3], accounts[4]):
        assert escrow.getVotes(account) == 0
        assert escrow.getPastVotes(account, snapshot) == 0
    assert escrow.getPastVotes(whale, snapshot) == escrow.getPastTotalSupply(snapshot)


def test_attack_2_no_past_votes_after_the_end(escrow, lock, alice, chain, now):
    """With one end, with two, and untouched for decades."""
    lock(alice, 1_000 * PARS, YEAR)
    first = now() + YEAR
    lock(alice, 500 * PARS, 2 * YEAR)
    last = now() + 2 * YEAR
    chain.mine(timestamp=last + 30 * YEAR)

    assert escrow.getPastVotes(alice, first - 1) > escrow.getPastVotes(alice, first) > 0
    assert escrow.getPastVotes(alice, first) == 500 * PARS * (last - first) // MAXTIME
    for late in (0, 1, DAY, 5 * YEAR, 29 * YEAR):
        assert escrow.getPastVotes(alice, last + late) == 0
        assert escrow.getPastTotalSupply(last + late) == 0


@pytest.mark.parametrize("locks", [1, 2, 5])
def test_attack_3_gain_is_loss(escrow, lock, delegate, alice, bob, chain, now, locks):
    """At every second: before the delegation, at it, after it, and at each end."""
    ends = []
    for i in range(locks):
        lock(alice, (i + 1) * 100 * PARS, YEAR + i * 100 * DAY)
        ends.append(now() + YEAR + i * 100 * DAY)
    lock(bob, 70 * PARS, 3 * YEAR)
    times = [now() + DAY * k for k in range(0, 1_200, 60)]
    times += [end + step for end in ends for step in (-1, 0, 1)]
    alone = {t: (escrow.votingPowerAt(alice, t), escrow.votingPowerAt(bob, t)) for t in times}
    moment = now() + 100 * DAY
    chain.pending_timestamp = moment
    delegate(alice, bob)

    for t in times:
        mine, his = escrow.votingPowerAt(alice, t), escrow.votingPowerAt(bob, t)
        if t < moment:
            assert (mine, his) == alone[t]
        else:
            assert mine == 0
            # Together they round down once, apart they did twice.
            assert 0 <= his - sum(alone[t]) <= 1


def test_attack_4_total_is_the_sum_and_decays(escrow, lock, delegate, accounts, now):
    voters = accounts[:5]
    for i, account in enumerate(voters):
        lock(account, (i + 1) * 11 * PARS + i, MINTIME + i * 97 * DAY + i)
        lock(account, (i + 1) * 7 * PARS, MAXTIME - i)
    delegate(voters[0], voters[1])
    delegate(voters[1], voters[2])
    previous = escrow.totalPowerAt(now()) + 1
    for k in range(0, 1_500, 37):
        t = now() + k * DAY
        powers = [escrow.votingPowerAt(account, t) for account in voters]
        total = escrow.totalPowerAt(t)

        assert 0 <= total - sum(powers) < len(voters)
        assert total < previous or total == 0
        previous = total


def test_attack_5_delegate_follows_the_lock(escrow, lock, delegate, alice, bob, chain, now):
    lock_id = lock(alice, 100 * PARS, YEAR)
    end = now() + YEAR
    delegate(alice, bob)
    chain.pending_timestamp = end - DAY
    escrow.increase(lock_id, 100 * PARS, sender=alice)
    assert escrow.getVotes(bob) == 200 * PARS * DAY // MAXTIME
    chain.pending_timestamp = end - DAY
    escrow.extendLock(lock_id, 2 * YEAR, sender=alice)
    assert escrow.getVotes(bob) == 100 * PARS
    end += 2 * YEAR - DAY
    chain.mine(timestamp=end - 1)
    assert escrow.getVotes(bob) == 200 * PARS // MAXTIME
    chain.mine(timestamp=end)
    assert escrow.getVotes(bob) == 0

    # Nothing has to be bought to get away from a delegate, before or after the withdrawal.
    delegate(alice, ZERO)
    escrow.withdraw(lock_id, sender=alice)
    delegate(alice, bob)
    delegate(alice, alice)
    lock(alice, PARS, MAXTIME)
    assert escrow.getVotes(bob) == 0
    assert escrow.getVotes(alice) == PARS


def test_attack_6_gauge_votes_follow_power(
    controller, escrow, lock, delegate, gauges, enter, alice, bob
):
    """Power that was delegated away after it voted counts once, and an ended lock not at all."""
    lock(alice, 100 * PARS, MAXTIME)
    lock(bob, 10 * PARS, MINTIME)
    controller.voteForGauges(gauges[:1], [10_000], sender=alice)
    delegate(alice, bob)
    controller.voteForGauges(gauges[1:2], [10_000], sender=bob)
    enter(1)
    controller.checkpoint([alice, bob], sender=alice)
    assert controller.gaugeWeight(gauges[0], 1) == 0
    start = controller.epochStart(1)
    assert controller.gaugeWeight(gauges[1], 1) == escrow.getPastTotalSupply(start)

    delegate(alice, alice)
    enter(5)
    controller.checkpoint([alice, bob], sender=alice)
    start = controller.epochStart(5)
    assert controller.gaugeWeight(gauges[1], 5) == 0
    assert controller.gaugeWeight(gauges[0], 5) == escrow.getPastTotalSupply(start) * 6 // 10


def test_attack_6_removed_gauges_do_no_harm(controller, lock, gauges, dao, enter, alice, bob):
    """Votes for a gauge that is gone are counted, replaced and taken back without underflow."""
    lock(alice, 100 * PARS, MAXTIME)
    lock(bob, 100 * PARS, MAXTIME)
    controller.voteForGauges(gauges[:2], [5_000, 5_000], sender=alice)
    controller.voteForGauges(gauges[:1], [10_000], sender=bob)
    enter(1)
    controller.checkpoint([alice], sender=alice)
    controller.removeGauge(gauges[0], sender=dao)
    controller.checkpoint([alice, bob], sender=alice)
    controller.voteForGauges(gauges[1:3], [5_000, 5_000], sender=alice)
    controller.voteForGauges([], [], sender=bob)
    enter(2)
    controller.checkpoint([alice, bob], sender=alice)
    controller.addGauge(gauges[0], 0, sender=dao)
    enter(3)

    assert dict(zip(*controller.shares(1), strict=True)).keys() == set(gauges[:2])
    assert dict(zip(*controller.shares(2), strict=True)) == {
        gauges[1]: 10**18 // 2,
        gauges[2]: 10**18 // 2,
    }


def test_attack_7_there_is_one_way_out(escrow, wpars, lock, alice, bob, chain, now):
    """No early or emergency exit; the ordinary one takes tokens of an ended lock, and no power."""
    changing = {
        each.name for each in escrow.contract_type.mutable_methods if each.name != "__init__"
    }
    assert changing == {
        *("lock", "increase", "extendLock", "withdraw"),
        *("delegate", "delegateBySig", "delegateLock", "pledge", "checkpoint"),
        *("transfer", "transferFrom", "approve", "permit"),
    }
    lock_id = lock(alice, 100 * PARS, MINTIME)
    end = now() + MINTIME
    lock(bob, 100 * PARS, YEAR)
    chain.mine(timestamp=end + DAY)
    times = [end - DAY, end - 1, end, end + 1]
    before = [(escrow.getPastVotes(alice, t), escrow.getPastTotalSupply(t)) for t in times]
    escrow.withdraw(lock_id, sender=alice)

    assert before == [(escrow.getPastVotes(alice, t), escrow.getPastTotalSupply(t)) for t in times]
    assert escrow.getVotes(alice) == 0
    assert wpars.balanceOf(escrow) == 100 * PARS


@pytest.mark.parametrize("amount", [1, 2, MAXTIME - 1, MAXTIME, MAXTIME + 1])
def test_attack_8_dust_decays(escrow, lock, alice, chain, now, amount):
    """An amount below MAXTIME wei loses power like any other, to the second."""
    lock(alice, amount, MAXTIME)
    start = now()

    assert escrow.votingPowerAt(alice, start) == amount
    for t in (1, YEAR, 2 * YEAR, MAXTIME - 1, MAXTIME):
        assert escrow.votingPowerAt(alice, start + t) == amount * (MAXTIME - t) // MAXTIME
    chain.mine(timestamp=start + MAXTIME)
    assert escrow.getVotes(alice) == escrow.totalSupply() == 0


@pytest.mark.parametrize("amount", [0, 2**95, 2**96, 2**127, 2**128, 2**256 - 1])
def test_attack_8_no_such_amounts(escrow, alice, amount):
    reason = "VePARS: nothing to lock" if amount == 0 else "VePARS: too much"
    with ape.reverts(reason):
        escrow.lock(amount, YEAR, sender=alice)


def test_attack_8_words_do_not_overflow(project, owner, linear_curve, make_token, chain, now):
    """Weights that fit alone are refused where their sum would not."""
    token = make_token()
    escrow = owner.deploy(project.VePARS, token, linear_curve)
    token.mint(owner, 2**97, sender=owner)
    chain.pending_timestamp = escrow.EPOCH() + 2**24
    escrow.lock(2**95 - 2, MAXTIME, sender=owner)
    with ape.reverts("power: too much"):
        escrow.lock(2, MAXTIME, sender=owner)
    escrow.lock(1, MAXTIME, sender=owner)

    locks = [escrow.getLock(each) for each in escrow.locksOf(owner)]
    for t in (now(), now() + YEAR, now() + MAXTIME - 1):
        power = sum(weight * (end - t) for _, _, weight, end, *_ in locks) // MAXTIME
        assert escrow.votingPowerAt(owner, t) == escrow.totalPowerAt(t) == power


def test_attack_9_last_state_of_a_second_counts(escrow, lock, delegate, alice, bob, chain, now):
    """Two or three blocks share a second here; a snapshot is of the last, once it is over."""
    second = now() + 10
    chain.pending_timestamp = second
    lock_id = lock(alice, 100 * PARS, MAXTIME)
    steps = [
        lambda: escrow.increase(lock_id, 100 * PARS, sender=alice),
        lambda: delegate(alice, bob),
        lambda: delegate(alice, alice),
        lambda: escrow.delegateLock(lock_id, bob, sender=alice),
        lambda: escrow.increase(lock_id, 100 * PARS, sender=alice),
    ]
    for step in steps:
        chain.pending_timestamp = second
        step()
        assert now() == second
        with ape.reverts("VePARS: not over yet"):
            escrow.getPastVotes(alice, second)
        with ape.reverts("VePARS: not over yet"):
            escrow.getPastTotalSupply(second)
    chain.mine(timestamp=second + 1)

    assert escrow.getPastVotes(alice, second) == 0
    assert escrow.getPastVotes(bob, second) == 300 * PARS
    assert escrow.getPastTotalSupply(second) == 300 * PARS
    assert escrow.getPastVotes(bob, second - 1) == 0


def crowd(since, upto):
    """Ends that fill the ways of the tree to two times, which start and end a 2^24 s."""
    ends = [since + (j << 4 * k) for k in range(6) for j in range(1, 16)]
    return ends + [upto - (j << 4 * k) for k in range(6) for j in range(1, 16)]


def test_attack_10_dust_of_others_costs_me_no_more_than_a_fixed_sum(
    escrow, lock, delegate, accounts, chain, now
):
    """A tree as full as can be around two times costs 180 reads and 7 writes, once."""
    victim = accounts[0]
    since = escrow.EPOCH() + 2 * 2**24
    upto = since + 2**24 - 1
    with chain.isolate():
        lock(victim, PARS, MAXTIME)
        chain.pending_timestamp = since
        escrow.checkpoint(escrow, sender=victim)
        chain.pending_timestamp = upto
        quiet = escrow.lock(PARS, YEAR, sender=victim).gas_used

    lock(victim, PARS, MAXTIME)
    ends = crowd(since, upto)[: 9 * 16]
    chain.pending_timestamp = since - MINTIME
    for place, end in enumerate(ends):
        attacker = accounts[1 + place // 16]
        duration = max(end - now(), MINTIME)
        lock(attacker, 1, duration)
        if place % 16 == 15:
            delegate(attacker, victim)
    chain.pending_timestamp = since
    escrow.checkpoint(escrow, sender=victim)
    chain.pending_timestamp = since
    escrow.checkpoint(victim, sender=victim)
    chain.pending_timestamp = upto
    crowded = escrow.lock(PARS, YEAR, sender=victim).gas_used
    chain.pending_timestamp = upto
    after = escrow.lock(PARS, YEAR + 1, sender=victim).gas_used

    edges, nodes, owners = 2 * 6 * 15, 7, 2
    assert crowded - quiet <= owners * (edges * 2_500 + nodes * 22_100)
    assert after <= FIRST_LOCK_OF_PEERS + nodes * 5_000


def test_attack_10_nobody_fills_my_places(escrow, lock, delegate, accounts, alice):
    """Locks of others are theirs, whoever votes with them: my sixteen places stay mine."""
    for account in accounts[1:4]:
        delegate(account, alice)
        for i in range(16):
            lock(account, 1, MINTIME + i)
    assert escrow.locksOf(alice) == []
    for _ in range(16):
        lock(alice, PARS, MAXTIME)

    delegate(alice, accounts[5])
    assert escrow.getVotes(accounts[5]) >= 15 * PARS
    for each in escrow.contract_type.mutable_methods:
        takers = [each.name for one in each.inputs if one.name in ("owner", "account", "to")]
        assert not takers or each.name in ("checkpoint", "transfer", "transferFrom", "permit")


def test_attack_11_five_years_untouched(escrow, lock, accounts, chain, now):
    """No loop over weeks: totals are right, and a lock costs what it always does."""
    alice, bob = accounts[:2]
    lock(alice, 1_000 * PARS, MAXTIME)
    lock(alice, 1_000 * PARS, YEAR + 1)
    start = now()
    chain.pending_timestamp = start + 5 * YEAR
    receipt = escrow.lock(10 * PARS, MAXTIME, sender=bob)

    assert receipt.gas_used < FIRST_LOCK_OF_PEERS
    assert escrow.totalSupply() == escrow.getVotes(bob) == 10 * PARS
    chain.mine(timestamp=start + 5 * YEAR + 1)
    assert escrow.getPastTotalSupply(start + MAXTIME - YEAR) == escrow.getPastVotes(
        alice, start + MAXTIME - YEAR
    )
    assert escrow.getPastTotalSupply(start + MAXTIME) == 0


def test_attack_12_delegation_makes_one_hop(escrow, lock, delegate, accounts, now):
    a, b, c = accounts[:3]
    for amount, account in ((1, a), (10, b), (100, c)):
        lock(account, amount * PARS, MAXTIME)
    t = now()
    delegate(a, b)
    delegate(b, c)
    delegate(c, a)

    def about(account):
        return round(escrow.votingPowerAt(account, t + 60) / PARS)

    assert [about(account) for account in (a, b, c)] == [100, 1, 10]
    delegate(b, a)
    assert [about(account) for account in (a, b, c)] == [110, 1, 0]
    delegate(a, a)
    delegate(b, ZERO)
    assert [about(account) for account in (a, b, c)] == [101, 10, 0]
    with ape.reverts("VePARS: not to the escrow"):
        delegate(a, escrow)


@pytest.fixture
def tiered(make_escrow, tier_curve):
    return make_escrow(tier_curve)


@pytest.mark.parametrize(
    ("duration", "quarters"),
    [
        (MINTIME, 1),
        (YEAR // 2 - 1, 1),
        (YEAR // 2, 2),
        (YEAR - 1, 2),
        (YEAR, 3),
        (MAXTIME - 1, 3),
        (MAXTIME, 4),
    ],
)
def test_attack_13_tiers_to_the_second(tiered, lock, alice, now, duration, quarters):
    """No rounding drops a lock of 4 years under its tier, and none lifts a shorter one."""
    lock(alice, 100 * PARS, duration, escrow=tiered)
    start = now()
    promised = 25 * quarters * PARS

    assert 0 <= promised - tiered.votingPowerAt(alice, start) <= 2
    half = tiered.votingPowerAt(alice, start + duration // 2)
    assert abs(half - promised * (duration - duration // 2) // duration) <= 2


def test_attack_13_extending_in_steps_is_a_fresh_lock(tiered, lock, alice, bob, chain, now):
    lock_id = lock(alice, 100 * PARS, MINTIME, escrow=tiered)
    start = now()
    for step in range(1, 20):
        chain.pending_timestamp = start + step * DAY
        tiered.extendLock(lock_id, MINTIME + step * 20 * DAY + step, sender=alice)
        with chain.isolate():
            chain.pending_timestamp = start + step * DAY
            fresh = lock(bob, 100 * PARS, MINTIME + step * 20 * DAY + step, escrow=tiered)
            assert tiered.getLock(fresh)[2:4] == tiered.getLock(lock_id)[2:4]
            assert tiered.getVotes(bob) == tiered.getVotes(alice)


def test_attack_13_increasing_a_nearly_dead_lock(tiered, lock, alice, chain, now):
    """It weighs what a month's lock of all of it would with this end, not what four years gave."""
    lock_id = lock(alice, PARS, MAXTIME, escrow=tiered)
    end = now() + MAXTIME
    chain.pending_timestamp = end - 60
    tiered.increase(lock_id, 1_000 * PARS, sender=alice)

    month = 1_001 * PARS // 4
    assert tiered.getVotes(alice) == month * 60 // MINTIME
    assert tiered.votingPowerAt(alice, end) == 0


def test_attack_13_no_touch_takes_power_away(tiered, lock, alice, chain, now):
    """A second below a tier a touch would halve the power: refused."""
    lock_id = lock(alice, 100 * PARS, YEAR // 2, escrow=tiered)
    end = now() + YEAR // 2
    chain.pending_timestamp = end - YEAR // 2 + 10
    with ape.reverts("VePARS: power would shrink"):
        tiered.increase(lock_id, 1, sender=alice)
    chain.pending_timestamp = end - YEAR // 2 + 10
    with ape.reverts("VePARS: power would shrink"):
        tiered.extendLock(lock_id, YEAR // 2 - 1, sender=alice)
    chain.pending_timestamp = end - YEAR // 2 + 10
    tiered.extendLock(lock_id, YEAR // 2, sender=alice)


@pytest.mark.parametrize(
    ("weight", "reason"),
    [
        ("amount * 126_144_000 // duration + 1", "VePARS: curve gives too much"),
        ("2**95", "VePARS: too much"),
        ("2**255", "VePARS: too much"),
        ("0", "VePARS: no weight"),
    ],
)
def test_attack_13_curves_are_not_believed(project, owner, wpars, compiled, alice, weight, reason):
    curve = owner.deploy(
        compiled(
            "@external\n@view\n"
            f"def weight(amount: uint256, duration: uint256) -> uint256:\n    return {weight}\n"
        )
    )
    escrow = owner.deploy(project.VePARS, wpars, curve)
    with ape.reverts(reason):
        escrow.lock(PARS, YEAR, sender=alice)


def test_attack_14_locks_do_not_move(escrow, lock, alice, bob):
    lock(alice, 100 * PARS, MAXTIME)
    for move in (
        lambda: escrow.transfer(bob, 1, sender=alice),
        lambda: escrow.transferFrom(alice, bob, 1, sender=bob),
        lambda: escrow.approve(bob, 1, sender=alice),
        lambda: escrow.permit(*(alice, bob, 1, 2**255, 27, b"\x01" * 32, b"\x01" * 32), sender=bob),
    ):
        with ape.reverts("VePARS: not transferable"):
            move()
    assert escrow.allowance(alice, bob) == 0


BORROWER = """
# Locks what it is lent, and tries to vote with it and to give it back, all in one transaction.
interface IToken:
    def deposit(): payable
    def approve(spender: address, amount: uint256) -> bool: nonpayable

interface IEscrow:
    def lock(amount: uint256, duration: uint256) -> uint256: nonpayable
    def getVotes(account: address) -> uint256: view
    def getPastVotes(account: address, timepoint: uint256) -> uint256: view

votes: public(uint256)
votes_before: public(uint256)
can_read_now: public(bool)
can_repay: public(bool)

@external
@payable
def borrow(token: address, escrow: address):
    extcall IToken(token).deposit(value=msg.value)
    extcall IToken(token).approve(escrow, msg.value)
    lock_id: uint256 = extcall IEscrow(escrow).lock(msg.value, 4 * 365 * 86_400)
    self.votes = staticcall IEscrow(escrow).getVotes(self)
    self.votes_before = staticcall IEscrow(escrow).getPastVotes(self, block.timestamp - 1)
    self.can_read_now = raw_call(
        escrow,
        abi_encode(
            self, block.timestamp, method_id=method_id("getPastVotes(address,uint256)")
        ),
        is_static_call=True,
        revert_on_failure=False,
    )
    self.can_repay = raw_call(
        escrow,
        abi_encode(lock_id, method_id=method_id("withdraw(uint256)")),
        revert_on_failure=False,
    )
"""


@pytest.fixture
def borrower(owner, compiled):
    return owner.deploy(compiled(BORROWER))


def test_attack_14_contracts_may_lock(escrow, wpars, borrower, alice):
    """Smart accounts, and accounts with delegated code, are welcome on purpose."""
    borrower.borrow(wpars, escrow, sender=alice, value=5 * PARS)

    assert escrow.getVotes(borrower) == 5 * PARS


def test_attack_15_borrowed_tokens_do_not_vote(escrow, wpars, borrower, alice, chain, now):
    """Power of this second cannot be read as past power, and the loan cannot be paid back."""
    chain.mine(timestamp=now() + 5)
    borrower.borrow(wpars, escrow, sender=alice, value=1_000 * PARS)
    second = now()

    assert borrower.votes() == 1_000 * PARS
    assert borrower.votes_before() == 0
    assert not borrower.can_read_now()
    assert not borrower.can_repay()
    chain.pending_timestamp = second
    chain.mine(timestamp=second)
    with ape.reverts("VePARS: not over yet"):
        escrow.getPastVotes(borrower, second)
