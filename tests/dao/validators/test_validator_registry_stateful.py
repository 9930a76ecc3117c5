"""The registry of validators against a model: bonds add up, and only the bonded are active."""

import ape
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.stateful import run_state_machine_as_test as run

PARS = 10**18
STAKE = 15_000 * PARS
DAY = 86_400
REGISTERED, ACTIVE, SUSPENDED, EXITED, SLASHED, EXITING = 1, 2, 3, 4, 5, 6
BONDED = (REGISTERED, ACTIVE, SUSPENDED)
PLACES = st.integers(min_value=0, max_value=23)


class Validator:
    def __init__(self, key):
        self.state = self.stake = self.time = self.missed = 0
        self.key = key


class RegistryMachine(RuleBasedStateMachine):
    """22 join in the beginning, so that certificates of their quorum are had at once."""

    full = None

    @initialize()
    def start(self):
        self.chain, self.contract = self.full.chain, self.full.contract
        self.isolation = self.chain.isolate()
        self.isolation.__enter__()
        self.model = [Validator(place) for place in range(24)]
        for place in range(22):
            validator = self.model[place]
            validator.state, validator.stake = ACTIVE, STAKE
            validator.time = self.full.time(place)
        self.unused_key = 24
        self.slashed = 0

    def teardown(self):
        if hasattr(self, "isolation"):
            self.isolation.__exit__(None, None, None)

    def now(self):
        """Fix the time of the next block."""
        time = self.chain.pending_timestamp
        self.chain.pending_timestamp = time
        return time

    @rule(days=st.integers(min_value=0, max_value=8), seconds=st.sampled_from([0, 1, 40_000]))
    def time_passes(self, days, seconds):
        self.chain.mine(timestamp=self.chain.blocks.head.timestamp + days * DAY + seconds)

    @rule(place=PLACES, more=st.sampled_from([-1, 0, 1, 5 * STAKE]))
    def register(self, place, more):
        validator = self.model[place]
        key = validator.key
        if self.contract.isKeyUsed(self.full.key_hash(key)):
            key, self.unused_key = self.unused_key, self.unused_key + 1
        time, value = self.now(), STAKE + more
        if validator.state not in (0, EXITED):
            reason = "registered before"
        elif more < 0:
            reason = "too little stake"
        else:
            self.full.register(place, key=key, value=value)
            validator.key, validator.stake = key, value
            validator.state, validator.time = REGISTERED, time + DAY
            return
        with ape.reverts(f"validators: {reason}"):
            self.full.register(place, key=key, value=value)

    @rule(place=PLACES, amount=st.sampled_from([1, 150 * PARS, 10**22]))
    def add_stake(self, place, amount):
        validator, sender = self.model[place], self.full.accounts[place]
        if validator.state in BONDED:
            self.contract.addStake(sender=sender, value=amount)
            validator.stake += amount
        else:
            with ape.reverts("validators: not registered"):
                self.contract.addStake(sender=sender, value=amount)

    @rule(place=PLACES)
    def activate(self, place):
        validator, sender, time = self.model[place], self.full.accounts[place], self.now()
        if validator.state not in (REGISTERED, SUSPENDED):
            reason = "not waiting"
        elif time < validator.time:
            reason = "too early"
        elif validator.stake < STAKE:
            reason = "too little stake"
        else:
            self.contract.activate(sender=sender)
            validator.state, validator.time = ACTIVE, time
            return
        with ape.reverts(f"validators: {reason}"):
            self.contract.activate(sender=sender)

    @rule(place=PLACES)
    def exit(self, place):
        validator, sender, time = self.model[place], self.full.accounts[place], self.now()
        if validator.state in BONDED:
            self.contract.exit(sender=sender)
            validator.state, validator.time = EXITING, time + 7 * DAY
        else:
            with ape.reverts("validators: not registered"):
                self.contract.exit(sender=sender)

    @rule(place=PLACES)
    def withdraw(self, place):
        validator, sender, time = self.model[place], self.full.accounts[place], self.now()
        if validator.state != EXITING:
            reason = "not leaving"
        elif time < validator.time:
            reason = "not yet"
        else:
            self.contract.withdraw(sender=sender)
            validator.state, validator.stake = EXITED, 0
            return
        with ape.reverts(f"validators: {reason}"):
            self.contract.withdraw(sender=sender)

    @rule(place=PLACES, himself=st.booleans())
    def equivocate(self, place, himself):
        validator, time = self.model[place], self.now()
        sender = self.full.outsider
        if himself:
            sender = self.full.accounts[place]
        evidence = self.full.equivocation(place, key=validator.key)
        if validator.state not in (*BONDED, EXITING):
            reason = "nothing bonded"
        elif validator.state == EXITING and time >= validator.time:
            reason = "has left"
        else:
            self.contract.reportEquivocation(*evidence, sender=sender)
            reward = 0 if himself else min(validator.stake // 20, 750 * PARS)
            self.slashed += validator.stake - reward
            validator.state, validator.stake = SLASHED, 0
            reason = "nothing bonded"
        with ape.reverts(f"validators: {reason}"):
            self.contract.reportEquivocation(*evidence, sender=sender)

    @rule(place=PLACES, back=st.integers(min_value=1, max_value=7), grade=st.sampled_from([1, 2]))
    def miss(self, place, back, grade):
        validator, time = self.model[place], self.now()
        epoch = time // DAY - back
        active = [each for each in range(24) if self.model[each].state == ACTIVE]
        signers = active[: 2 * len(active) // 3 + 1]
        keys = [self.model[each].key for each in signers]
        certificate = self.full.downtime(place, epoch, grade, signers, keys)
        if validator.state != ACTIVE:
            reason = "not active"
        elif epoch * DAY < validator.time:
            reason = "was not active"
        elif epoch <= validator.missed:
            reason = "epoch judged"
        elif len(active) < 21:
            reason = "too few active"
        else:
            self.contract.reportDowntime(*certificate, sender=self.full.outsider)
            amount = validator.stake // {1: 1000, 2: 100}[grade]
            validator.stake -= amount
            self.slashed += amount
            validator.missed = epoch
            if grade == 2:
                validator.state, validator.time = SUSPENDED, time + 7 * DAY
            return
        with ape.reverts(f"validators: {reason}"):
            self.contract.reportDowntime(*certificate, sender=self.full.outsider)

    @rule()
    def collect(self):
        if self.slashed:
            self.contract.collect(sender=self.full.outsider)
            self.slashed = 0

    @invariant()
    def bonds_are_the_balance(self):
        if not hasattr(self, "model"):
            return
        stakes = sum(each.stake for each in self.model)
        assert self.contract.totalStake() == stakes
        assert self.contract.slashed() == self.slashed
        assert self.contract.balance == stakes + self.slashed

    @invariant()
    def only_the_bonded_are_active(self):
        if not hasattr(self, "model"):
            return
        active = [place for place in range(24) if self.model[place].state == ACTIVE]
        listed = self.contract.validators()
        assert sorted(listed) == sorted(self.full.accounts[each].address for each in active)
        assert self.contract.active() == (len(active) >= 21)
        assert all(self.model[each].stake >= STAKE * 9 // 10 for each in active)

    @rule(place=PLACES)
    def look(self, place):
        state, stake, time, _ = self.contract.validator(self.full.accounts[place])
        validator = self.model[place]
        assert (state, stake) == (validator.state, validator.stake)
        if state not in (0, EXITED, SLASHED):
            assert time == validator.time


def test_registry_is_its_model(empty):
    empty.activate(*range(22))
    machine = type("Machine", (RegistryMachine,), {"full": empty})
    run(machine, settings=settings(max_examples=settings.default.max_examples // 2))
