"""Payments by vote in any order and at any time: no tier is passed by splitting."""

import ape
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

NATIVE = "0x" + 40 * "0"
WHOLE = 10**18
DAY = 86400
SPAN = 30 * DAY


def test_no_class_spends_more_than_its_tier_in_30_days(world, receiver, chain):
    edges = [1, 4_999, 5_000, 9_999, 10_000, 90_001, 99_999, 100_000]
    amounts = st.sampled_from(edges) | st.integers(1, 120_000)
    gaps = st.sampled_from([0, 1, DAY, 29 * DAY, 30 * DAY, 31 * DAY]) | st.integers(0, 20 * DAY)

    class Machine(RuleBasedStateMachine):
        @initialize()
        def begin(self):
            self.isolated = chain.isolate()
            self.isolated.__enter__()
            world.vote(world.treasury, "setMonthlyBurn", 0)
            for tier in (1, 2, 3):
                world.vote(world.treasury, "setSigners", tier, 0)
            self.number = 0
            self.made = []

        def teardown(self):
            self.isolated.__exit__(None, None, None)

        @rule(whole=amounts, voted=st.integers(0, 2), gap=gaps)
        def pay(self, whole, voted, gap):
            chain.mine(timestamp=chain.blocks.head.timestamp + gap)
            world.stable.mint(world.treasury, whole * 10**6, sender=receiver)
            tier = world.treasury.tierOf(world.stable, whole * 10**6)
            self.number += 1
            asked = (0, world.stable, receiver, whole * 10**6, self.number.to_bytes(32))
            if voted + 1 >= tier:
                world.vote(world.treasury, "spend", *asked, voted=voted)
                self.made.append((chain.blocks.head.timestamp, tier, whole))
            else:
                with ape.reverts("treasury: class below the tier"):
                    world.vote(world.treasury, "spend", *asked, voted=voted)

        @invariant()
        def no_window_holds_more(self):
            """Tier 1 below 10,000; with tier 2 below 100,000 when that was paid, 110,000 ever."""
            made = getattr(self, "made", [])
            for number, (begin, tier, _) in enumerate(made):
                after = [each for each in made if begin <= each[0] < begin + SPAN]
                until = [each for each in made[: number + 1] if begin - SPAN < each[0]]
                assert sum(whole for _, each, whole in after if each == 1) < 10_000
                assert sum(whole for _, each, whole in after if each <= 2) < 110_000
                if tier == 2:
                    assert sum(whole for _, each, whole in until if each <= 2) < 100_000

    run_state_machine_as_test(Machine)
