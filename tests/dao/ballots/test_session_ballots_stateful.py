"""Gathered ballots in any order, again and again: each voter counts once, by the highest."""

from contextlib import ExitStack

import ape
from hypothesis import settings, stateful
from hypothesis import strategies as st

PROPOSAL = 7
UNIT = 10**21
VOTERS, CHOICES, SEQUENCES = 3, 3, 3
LATE_EPOCH = 2


def test_each_voter_counts_once(gathered, enrolled, make, gather, escrow, people, chain, times):
    told = [
        (voter, choice, sequence)
        for voter in range(VOTERS)
        for choice in range(CHOICES)
        for sequence in range(SEQUENCES)
    ]
    signed = [make(*each) for each in told]
    places = {
        1: gather(*signed, epoch=1),
        LATE_EPOCH: gather(*signed, epoch=LATE_EPOCH, at=times.commits_end),
        3: gather(*reversed(signed), epoch=3)[::-1],
    }
    held = escrow.getPastVotes(gathered, times.snapshot)

    class Counting(stateful.RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.stack = ExitStack()
            self.stack.enter_context(chain.isolate())
            self.live = {}  # voter -> (sequence, choice)
            self.now = times.commits_end

        def teardown(self):
            self.stack.close()

        @stateful.rule(
            which=st.integers(0, len(told) - 1),
            epoch=st.sampled_from([1, 1, 3, 3, LATE_EPOCH]),
        )
        def bring(self, which, epoch):
            voter, choice, sequence = told[which]
            self.now += 1
            chain.pending_timestamp = self.now
            refusal = None
            if epoch == LATE_EPOCH:
                refusal = "ballot: gathered too late"
            elif voter in self.live and sequence <= self.live[voter][0]:
                refusal = "ballot: a later one counts"
            if refusal:
                with ape.reverts(refusal):
                    gathered.count(*places[epoch][which], sender=people.anyone)
            else:
                gathered.count(*places[epoch][which], sender=people.anyone)
                self.live[voter] = (sequence, choice)

        @stateful.invariant()
        def tally_is_that_of_the_live_ones(self):
            expected = [0] * CHOICES
            for voter, (_, choice) in self.live.items():
                expected[choice] += (voter + 1) * UNIT
            assert gathered.tally(PROPOSAL) == expected
            assert sum(expected) <= held

    stateful.run_state_machine_as_test(
        Counting, settings=settings(max_examples=8, stateful_step_count=20)
    )
