"""VePARS against a model of exact integers, by random operations at random times.

The model knows no checkpoint and no tree: it keeps every lock as it was at every second, and adds
them up. After each step it and the escrow agree on the power of each account and of all, now,
before and later. So past answers never change, what a delegate gains somebody loses, and all powers
add up to the total.
"""

from dataclasses import dataclass, replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

PARS = 10**18
DAY = 86_400
YEAR = 365 * DAY
MINTIME = 30 * DAY
MAXTIME = 4 * YEAR
ACCOUNTS = 4


@dataclass(frozen=True, kw_only=True)
class Held:
    """A lock of the model; `own` is the delegate it has for itself."""

    owner: int
    amount: int
    weight: int
    end: int
    own: int | None = None
    pledged: int = 0


def linear(amount, duration):
    return amount


def tiers(amount, duration):
    for least, quarters in ((MAXTIME, 4), (YEAR, 3), (YEAR // 2, 2)):
        if duration >= least:
            return amount * quarters * MAXTIME // (4 * duration)
    return amount * MAXTIME // (4 * max(duration, MINTIME))


class Model:
    """Every lock at every second at which something happened."""

    def __init__(self, curve):
        self.curve = curve
        self.locks = {}
        self.delegates = {}
        self.history = []

    def voter(self, lock):
        return self.delegates.get(lock.owner, lock.owner) if lock.own is None else lock.own

    def record(self, now):
        state = [(self.voter(lock), lock.weight, lock.end) for lock in self.locks.values()]
        if self.history and self.history[-1][0] == now:
            self.history.pop()
        self.history.append((now, state))

    def power(self, account, t):
        """Weight * seconds of an account, or of all for None; not yet divided."""
        known = [state for at, state in self.history if at <= t]
        return sum(
            weight * (end - t)
            for voter, weight, end in (known[-1] if known else [])
            if end > t and account in (None, voter)
        )


class Machine(RuleBasedStateMachine):
    """One escrow of its own; `Machine.world` is what the fixtures give."""

    def __init__(self):
        super().__init__()
        self.snapshot = self.world.chain.snapshot()
        self.model = Model(self.world.weight)
        self.escrow = self.world.escrow
        self.now = self.world.chain.blocks.head.timestamp
        self.start = self.now
        self.moments = [self.now]

    def teardown(self):
        self.world.chain.restore(self.snapshot)

    def do(self, function, *arguments, account):
        self.world.chain.pending_timestamp = self.now
        sender = self.world.accounts[account]
        receipt = self.escrow.invoke_transaction(function, *arguments, sender=sender)
        assert self.world.chain.blocks.head.timestamp == self.now
        return receipt

    def pick(self, data, *, ended=False, free=False):
        """Choose a lock, or None where no such lock is."""
        fitting = [
            lock_id
            for lock_id, lock in self.model.locks.items()
            if (lock.end <= self.now) == ended and not (free and lock.pledged > self.now)
        ]
        return data.draw(st.sampled_from(fitting)) if fitting else None

    # --- What accounts do ---------------------------------------------------------------------

    @rule(seconds=st.sampled_from([0, 1, 7, 3_600, DAY, 29 * DAY, 200 * DAY, 2 * YEAR]))
    def travel(self, seconds):
        self.now += seconds
        self.moments.append(self.now)

    @rule(
        account=st.integers(0, ACCOUNTS - 1),
        amount=st.one_of(st.integers(2, 9), st.integers(PARS, 30 * PARS)),
        duration=st.one_of(
            st.integers(MINTIME, MAXTIME),
            st.sampled_from([MINTIME, YEAR // 2 - 1, YEAR // 2, YEAR, MAXTIME - 1, MAXTIME]),
            st.integers(MINTIME + 2**16, MINTIME + 2**16 + 300),
        ),
    )
    def lock(self, account, amount, duration):
        if sum(lock.owner == account for lock in self.model.locks.values()) == 16:
            return
        lock_id = self.do("lock", amount, duration, account=account).return_value
        self.model.locks[lock_id] = Held(
            owner=account,
            amount=amount,
            weight=self.model.curve(amount, duration),
            end=self.now + duration,
        )

    @rule(data=st.data(), amount=st.one_of(st.integers(1, 9), st.integers(PARS, 30 * PARS)))
    def increase(self, data, amount):
        lock_id = self.pick(data)
        if lock_id is None:
            return
        lock = self.model.locks[lock_id]
        weight = self.model.curve(lock.amount + amount, lock.end - self.now)
        if weight >= lock.weight:
            self.do("increase", lock_id, amount, account=lock.owner)
            changed = replace(lock, amount=lock.amount + amount, weight=weight)
            self.model.locks[lock_id] = changed

    @rule(data=st.data(), duration=st.integers(MINTIME, MAXTIME))
    def extend(self, data, duration):
        lock_id = self.pick(data)
        if lock_id is None:
            return
        lock = self.model.locks[lock_id]
        weight = self.model.curve(lock.amount, duration)
        end = self.now + duration
        if end > lock.end and weight * duration >= lock.weight * (lock.end - self.now):
            self.do("extendLock", lock_id, duration, account=lock.owner)
            self.model.locks[lock_id] = replace(lock, end=end, weight=weight)

    @rule(data=st.data())
    def withdraw(self, data):
        lock_id = self.pick(data, ended=True)
        if lock_id is not None:
            self.do("withdraw", lock_id, account=self.model.locks.pop(lock_id).owner)

    @rule(account=st.integers(0, ACCOUNTS - 1), to=st.integers(0, ACCOUNTS - 1))
    def delegate(self, account, to):
        self.do("delegate", self.world.accounts[to], account=account)
        self.model.delegates[account] = to

    @rule(data=st.data(), to=st.none() | st.integers(0, ACCOUNTS - 1))
    def delegate_lock(self, data, to):
        lock_id = self.pick(data, free=True)
        if lock_id is None:
            return
        lock = self.model.locks[lock_id]
        address = "0x" + "00" * 20 if to is None else self.world.accounts[to]
        self.do("delegateLock", lock_id, address, account=lock.owner)
        self.model.locks[lock_id] = replace(lock, own=to, pledged=0)

    @rule(data=st.data(), to=st.integers(0, ACCOUNTS - 1))
    def pledge(self, data, to):
        lock_id = self.pick(data, free=True)
        if lock_id is None:
            return
        lock = self.model.locks[lock_id]
        until = data.draw(st.integers(self.now + 1, lock.end))
        self.do("pledge", lock_id, self.world.accounts[to], until, account=lock.owner)
        self.model.locks[lock_id] = replace(lock, own=to, pledged=until)

    @rule(account=st.none() | st.integers(0, ACCOUNTS - 1))
    def checkpoint(self, account):
        of = self.escrow if account is None else self.world.accounts[account]
        self.do("checkpoint", of, account=0)

    # --- What must hold -----------------------------------------------------------------------

    @invariant()
    def powers_agree_now(self):
        self.model.record(self.now)
        powers = [self.model.power(account, self.now) for account in range(ACCOUNTS)]

        assert sum(powers) == self.model.power(None, self.now)
        assert self.escrow.totalPowerAt(self.now) == sum(powers) // MAXTIME
        for account, power in enumerate(powers):
            address = self.world.accounts[account]
            assert self.escrow.votingPowerAt(address, self.now) == power // MAXTIME

    @precondition(lambda self: self.model.locks)
    @rule(
        data=st.data(),
        account=st.integers(0, ACCOUNTS - 1),
        step=st.sampled_from([-1, 0, 1, 12_345, 31 * DAY]),
    )
    def ask_about_a_time(self, data, account, step):
        """Of the past as of the future: near an end, or near where something happened."""
        ends = [lock.end for lock in self.model.locks.values()]
        t = max(data.draw(st.sampled_from(self.moments + ends)) + step, self.start)
        address = self.world.accounts[account]

        expected = self.model.power(account, t) // MAXTIME
        assert self.escrow.votingPowerAt(address, t) == expected
        assert self.escrow.totalPowerAt(t) == self.model.power(None, t) // MAXTIME

    @invariant()
    def tokens_are_there(self):
        locked = sum(lock.amount for lock in self.model.locks.values())
        assert self.world.token.balanceOf(self.escrow) == locked

    @rule(data=st.data())
    def locks_are_as_known(self, data):
        if self.model.locks:
            lock_id = data.draw(st.sampled_from(sorted(self.model.locks)))
            lock = self.model.locks[lock_id]
            told = self.escrow.getLock(lock_id)
            voter = self.world.accounts[self.model.voter(lock)]
            assert told[1:] == (lock.amount, lock.weight, lock.end, voter, lock.pledged)


@dataclass(frozen=True, kw_only=True)
class World:
    chain: object
    accounts: object
    token: object
    escrow: object
    weight: object


@pytest.mark.parametrize("curve", ["linear", "tiers"])
def test_escrow_is_as_the_model(
    curve, make_escrow, linear_curve, tier_curve, wpars, chain, accounts
):
    deployed, weight = {"linear": (linear_curve, linear), "tiers": (tier_curve, tiers)}[curve]
    Machine.world = World(
        chain=chain,
        accounts=accounts,
        token=wpars,
        escrow=make_escrow(deployed),
        weight=weight,
    )
    # Longer runs and fewer: it takes some locks until trees have branches.
    examples, steps = settings().max_examples // 2, 2 * settings().stateful_step_count
    profile = settings(max_examples=examples, stateful_step_count=steps)
    run_state_machine_as_test(Machine, settings=profile)
