"""Ballots in any order: the last valid one of each leaf counts, once, and no more than was pledged.

All machines draw from the same 18 ballots, so that a proof is made once for all examples.
"""

from contextlib import ExitStack
from functools import cache

import ape
from hypothesis import settings, stateful
from hypothesis import strategies as st

PROPOSAL = 7
UNIT = 10**21
VOTERS, CHOICES, SEQUENCES = 3, 3, 2


def test_last_valid_ballot_of_each_counts(private, registered, people, chain, times, escrow):
    pool = [
        (voter, registered.ballot(voter, choice, sequence))
        for voter in range(VOTERS)
        for choice in range(CHOICES)
        for sequence in range(SEQUENCES)
    ]
    opening = cache(lambda which: registered.opening(*pool[which]))
    held = escrow.getPastVotes(private, times.snapshot)

    class Poll(stateful.RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.stack = ExitStack()
            self.stack.enter_context(chain.isolate())
            self.now = times.snapshot
            self.committed = {}  # which -> its rank
            self.live = {}  # voter -> which
            self.over = False

        def teardown(self):
            self.stack.close()

        def at_once(self):
            chain.pending_timestamp = self.now

        @stateful.precondition(lambda self: not self.over)
        @stateful.rule(
            which=st.lists(st.integers(0, len(pool) - 1), min_size=1, max_size=3),
            later=st.integers(0, 2),
        )
        def commit(self, which, later):
            self.now += later
            self.at_once()
            sent = [registered.commitment(pool[each][1]) for each in which]
            private.commit(PROPOSAL, sent, sender=people.anyone)
            for each in which:
                if each not in self.committed:
                    sequence = pool[each][1].sequence
                    self.committed[each] = (self.now, sequence, len(self.committed) + 1)

        @stateful.precondition(lambda self: not self.over and self.committed)
        @stateful.rule()
        def close(self):
            self.over = True
            self.now = times.commits_end

        @stateful.precondition(lambda self: self.over and self.committed)
        @stateful.rule(data=st.data())
        def reveal(self, data):
            which = data.draw(st.sampled_from(sorted(self.committed)))
            voter, _ = pool[which]
            self.at_once()
            if voter in self.live and self.committed[which] <= self.committed[self.live[voter]]:
                with ape.reverts("ballot: a later one counts"):
                    private.reveal(*opening(which), sender=people.anyone)
            else:
                private.reveal(*opening(which), sender=people.anyone)
                self.live[voter] = which

        @stateful.invariant()
        def tally_is_that_of_the_live_ones(self):
            expected = [0] * CHOICES
            for which in self.live.values():
                expected[pool[which][1].choice] += UNIT
            assert private.tally(PROPOSAL) == expected
            assert sum(expected) <= held

    stateful.run_state_machine_as_test(
        Poll, settings=settings(max_examples=10, stateful_step_count=20)
    )
