"""Streams over any order of calls: nothing is lost, nothing is made, nothing comes early."""

from ape.exceptions import ContractLogicError
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

FAR = 4_000_000_000
SPAN = 1_000
MOST = 3


def test_conservation(world, token, deployer, receiver, chain):
    amounts = st.integers(1, 10**6) | st.sampled_from([1, 2, 10**27])
    seconds = st.integers(0, SPAN)
    token.mint(deployer, 10**32, sender=deployer)
    token.approve(world.streams, 10**32, sender=deployer)
    streams = world.streams

    class Machine(RuleBasedStateMachine):
        @initialize()
        def begin(self):
            self.isolated = chain.isolate()
            self.isolated.__enter__()
            self.now = FAR
            self.funded = {}

        def teardown(self):
            self.isolated.__exit__(None, None, None)

        def send(self, function, *arguments):
            """Send at the machine's time; say whether it was accepted."""
            chain.pending_timestamp = self.now
            try:
                getattr(streams, function)(*arguments, sender=deployer)
            except ContractLogicError:
                return False
            return True

        @precondition(lambda self: len(self.funded) < MOST)
        @rule(amount=amounts, times=st.lists(seconds, min_size=3, max_size=3))
        def vesting(self, amount, times):
            start, cliff, end = sorted(self.now + each for each in times)
            if self.send(
                "createVestingStream", token, receiver, amount, start, cliff, end + 1, deployer
            ):
                self.funded[len(self.funded) + 1] = amount

        @precondition(lambda self: len(self.funded) < MOST)
        @rule(parts=st.lists(st.tuples(amounts, seconds), min_size=1, max_size=4))
        def grant(self, parts):
            times = sorted({self.now + each for _, each in parts})
            milestones = [(amount, time) for (amount, _), time in zip(parts, times, strict=False)]
            if self.send("createGrantStream", token, receiver, milestones, deployer):
                self.funded[len(self.funded) + 1] = sum(amount for amount, _ in milestones)

        @rule(number=st.integers(1, MOST))
        def claim(self, number):
            before = token.balanceOf(receiver)
            done = self.send("claim", number)
            assert (token.balanceOf(receiver) > before) == done

        @rule(number=st.integers(1, MOST))
        def cancel(self, number):
            self.send("cancelStream", number)

        @rule(passed=st.integers(0, SPAN // 2))
        def wait(self, passed):
            self.now += passed

        @invariant()
        def nothing_is_lost(self):
            if not hasattr(self, "funded"):
                return
            kept = 0
            for number, funded in self.funded.items():
                stream = streams.stream(number)
                owed, unvested = streams.claimable(number), streams.unvested(number)
                assert stream.funded == funded
                assert stream.paid + owed + unvested + stream.returned == funded
                kept += owed + unvested
            assert token.balanceOf(streams) == kept

    run_state_machine_as_test(Machine)
