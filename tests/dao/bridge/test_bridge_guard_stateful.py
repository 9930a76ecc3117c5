"""The bridge guard against a model: what passes in 24 hours, what waits, what goes once."""

from collections import deque

import ape
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run

HOUR = 3600
DAY = 24 * HOUR
WAIT = 2 * DAY
GRACE = 7 * DAY
PARS = 10**18
CAP = 100_000 * PARS
DAILY = 1_000_000 * PARS
DONE = 1

# Amounts around the caps, so that buckets fill; any amount, so that sums are odd.
AMOUNTS = st.one_of(
    st.sampled_from([1, CAP - 1, CAP, CAP + 1, CAP // 2, 3 * CAP]),
    st.integers(min_value=1, max_value=2 * CAP),
)
PAUSES = st.one_of(
    st.integers(min_value=0, max_value=2 * HOUR), st.sampled_from([DAY, WAIT, GRACE])
)
LIMITS = [(CAP, DAILY), (CAP, 2 * CAP), (CAP // 10, DAILY // 10), (2 * CAP, 20 * CAP)]


class Bucket:
    """The caps of one direction, in exact integers: levels are in amounts times two days."""

    def __init__(self, time):
        self.level, self.time = 0, time
        self.passed = deque()

    def leak(self, time, daily):
        self.level = max(0, self.level - (time - self.time) * daily)
        self.time = time

    def take(self, time, amount, limits):
        per_transfer, daily = limits
        level = max(0, self.level - (time - self.time) * daily) + amount * 2 * DAY
        if amount > per_transfer or level > daily * DAY:
            return False
        self.level, self.time = level, time
        self.passed.append((time, amount))
        return True


class BridgeMachine(RuleBasedStateMachine):
    bridge = chain = None

    @initialize()
    def start(self):
        self.isolation = self.chain.isolate()
        self.isolation.__enter__()
        time = self.chain.blocks.head.timestamp
        self.buckets = {True: Bucket(time), False: Bucket(time)}
        self.limits, self.highest = (CAP, DAILY), DAILY
        self.returned = self.locked = self.fees = self.held = 0
        self.waiting = {}
        self.done = set()
        self.changes = {}
        fund(self)

    def teardown(self):
        if not hasattr(self, "isolation"):
            return
        for message in self.done:
            assert self.bridge.contract.entry(message)[0] == DONE
        self.isolation.__exit__(None, None, None)

    @rule(seconds=PAUSES)
    def time_passes(self, seconds):
        self.chain.mine(timestamp=self.chain.blocks.head.timestamp + seconds)

    @rule(amount=AMOUNTS)
    def send(self, amount):
        contract = self.bridge.contract
        fee = -(-amount * 10 // 10_000)
        if amount <= fee:
            return
        receipt = self.bridge.send(amount, may_wait=True)
        net = amount - fee
        if self.buckets[True].take(receipt.timestamp, net, self.limits):
            (event,) = receipt.events.filter(contract.Sent)
            self.locked += net
            self.fees += fee
            self.done.add(event.id)
        else:
            (event,) = receipt.events.filter(contract.Queued)
            assert event.ready == receipt.timestamp + WAIT
            self.held += amount
            self.waiting[event.id] = (True, self.bridge.queued(receipt), event.ready, fee)

    @rule(amount=AMOUNTS)
    def release(self, amount):
        contract = self.bridge.contract
        transfer = self.bridge.transfer(self.returned, amount)
        if amount > self.locked:
            return
        receipt = self.bridge.release(transfer)
        self.returned += 1
        if self.buckets[False].take(receipt.timestamp, amount, self.limits):
            self.locked -= amount
            self.done.add(contract.messageId(transfer, False))
        else:
            (event,) = receipt.events.filter(contract.Queued)
            self.waiting[event.id] = (False, transfer, event.ready, 0)
        with ape.reverts("bridge: message seen"):
            self.bridge.release(transfer)

    @rule(data=st.data())
    def execute(self, data):
        if not self.waiting:
            return
        message = data.draw(st.sampled_from(sorted(self.waiting)))
        outbound, transfer, ready, fee = self.waiting[message]
        contract, user = self.bridge.contract, self.bridge.user
        time = self.chain.pending_timestamp
        self.chain.pending_timestamp = time
        amount = transfer["amount"]
        if time < ready:
            with ape.reverts("bridge: waits still"):
                contract.execute(transfer, outbound, sender=user)
        elif time >= ready + GRACE:
            with ape.reverts("bridge: expired"):
                contract.execute(transfer, outbound, sender=user)
            if outbound:
                contract.refund(transfer, sender=user)
                self.held -= amount + fee
                del self.waiting[message]
        elif not outbound and amount > self.locked:
            with ape.reverts("bridge: more than locked"):
                contract.execute(transfer, outbound, sender=user)
        else:
            contract.execute(transfer, outbound, sender=user)
            del self.waiting[message]
            self.done.add(message)
            if outbound:
                self.held -= amount + fee
                self.locked += amount
                self.fees += fee
            else:
                self.locked -= amount
            with ape.reverts("bridge: not queued"):
                contract.execute(transfer, outbound, sender=user)

    @rule(data=st.data(), guardian=st.integers(min_value=0, max_value=6), allowed=st.booleans())
    def challenge(self, data, guardian, allowed):
        if not self.waiting:
            return
        message = data.draw(st.sampled_from(sorted(self.waiting)))
        outbound, transfer, _, fee = self.waiting[message]
        contract = self.bridge.contract
        contract.challenge(message, sender=self.bridge.guardians[guardian])
        with ape.reverts("bridge: not queued"):
            contract.execute(transfer, outbound, sender=self.bridge.user)
        receipt = contract.resolve(message, allowed, sender=self.bridge.dao)
        if allowed:
            self.waiting[message] = (outbound, transfer, receipt.timestamp + WAIT, fee)
            return
        del self.waiting[message]
        if outbound:
            contract.refund(transfer, sender=self.bridge.user)
            self.held -= transfer["amount"] + fee

    @rule(limits=st.sampled_from(LIMITS))
    def propose_limits(self, limits):
        contract, token = self.bridge.contract, self.bridge.token
        time = self.chain.pending_timestamp
        self.chain.pending_timestamp = time
        if limits in self.changes and time < self.changes[limits] + GRACE:
            with ape.reverts("bridge: proposed already"):
                contract.proposeToken(token, *limits, 10, sender=self.bridge.dao)
        else:
            contract.proposeToken(token, *limits, 10, sender=self.bridge.dao)
            self.changes[limits] = time + DAY

    @rule(data=st.data())
    def apply_limits(self, data):
        if not self.changes:
            return
        limits = data.draw(st.sampled_from(sorted(self.changes)))
        contract, token = self.bridge.contract, self.bridge.token
        time = self.chain.pending_timestamp
        self.chain.pending_timestamp = time
        if not self.changes[limits] <= time < self.changes[limits] + GRACE:
            with ape.reverts():
                contract.applyToken(token, *limits, 10, sender=self.bridge.user)
            return
        contract.applyToken(token, *limits, 10, sender=self.bridge.user)
        del self.changes[limits]
        for bucket in self.buckets.values():
            bucket.leak(time, self.limits[1])
        self.limits, self.highest = limits, max(self.highest, limits[1])

    @rule()
    def collect(self):
        if self.fees:
            self.bridge.contract.collect(self.bridge.token, sender=self.bridge.user)
            self.fees = 0

    @invariant()
    def no_day_is_over_its_cap(self):
        """In any 24 hours, in each direction, at most the day's cap went without waiting."""
        for bucket in getattr(self, "buckets", {}).values():
            for end, _ in bucket.passed:
                window = [amount for time, amount in bucket.passed if end - DAY < time <= end]
                assert sum(window) <= self.highest

    @invariant()
    def what_is_owed_is_there(self):
        if hasattr(self, "locked"):
            contract, token = self.bridge.contract, self.bridge.token
            assert contract.locked(token) == self.locked
            assert contract.fees(token) == self.fees
            assert token.balanceOf(contract) == self.locked + self.fees + self.held


def fund(machine):
    """Lock what can come back, by way of the queue."""
    bridge, chain = machine.bridge, machine.chain
    transfer = bridge.queued(bridge.send(30 * CAP, may_wait=True))
    chain.mine(timestamp=chain.blocks.head.timestamp + WAIT)
    bridge.contract.execute(transfer, True, sender=bridge.user)
    machine.locked = transfer["amount"]
    machine.fees = 30 * CAP - transfer["amount"]


def test_bridge_is_its_model(bridge, chain):
    machine = type("Machine", (BridgeMachine,), {"bridge": bridge, "chain": chain})
    run(machine, settings=settings(max_examples=settings.default.max_examples // 2))
