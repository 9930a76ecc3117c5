"""Any order of steps: states follow the rules, votes count once, nothing runs early or twice."""

from typing import Any

import ape
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

PENDING, ACTIVE, CANCELED, DEFEATED, SUCCEEDED, QUEUED, EXPIRED, EXECUTED = range(8)
DAY = 86_400
VOTES = 10**18
HOLDERS = {0: 100_000, 1: 600_000, 2: 200_000, 3: 100_000}
LEGAL = {
    PENDING: {ACTIVE, CANCELED, DEFEATED, SUCCEEDED, EXPIRED},
    ACTIVE: {CANCELED, DEFEATED, SUCCEEDED, EXPIRED},
    SUCCEEDED: {QUEUED, CANCELED, EXPIRED},
    QUEUED: {EXECUTED, CANCELED, EXPIRED},
    CANCELED: set(),
    DEFEATED: set(),
    EXPIRED: set(),
    EXECUTED: set(),
}
FINAL = {CANCELED, DEFEATED, EXPIRED, EXECUTED}

which = st.integers(0, 7)
account = st.sampled_from([*HOLDERS, 6])


class Life(RuleBasedStateMachine):
    """A model of each proposal beside the contract: who used how much on which side, and when."""

    dao: Any

    def __init__(self) -> None:
        super().__init__()
        self.isolation = ape.chain.isolate()
        self.isolation.__enter__()
        self.made: list[Any] = []
        self.fixed: list[tuple[Any, ...]] = []
        self.seen: list[int] = []
        self.used: list[dict[int, list[int]]] = []
        self.eta: dict[int, int] = {}
        self.done: dict[int, int] = {}
        self.counted = 0

    def teardown(self) -> None:
        self.isolation.__exit__(None, None, None)

    def pick(self, number: int) -> int | None:
        return number % len(self.made) if self.made else None

    def now(self) -> int:
        return int(ape.chain.blocks.head.timestamp)

    def tried(self, call: Any, *arguments: Any, sender: Any) -> bool:
        try:
            call(*arguments, sender=sender)
        except ape.exceptions.ContractLogicError:
            return False
        return True

    @rule(kind=st.sampled_from([0, 0, 0, 1]), signal=st.booleans())
    def propose(self, kind: int, signal: bool) -> None:
        if len(self.made) == 4:
            return
        self.dao.later(1)
        actions = [] if signal and kind else [self.dao.call("add", 1)]
        proposal = self.dao.propose(*actions, kind=kind, description=str(len(self.made)))
        self.made.append(proposal)
        self.used.append({})
        self.fixed.append(self.parameters(proposal))
        self.seen.append(PENDING)

    def parameters(self, proposal: Any) -> tuple[Any, ...]:
        governor = self.dao.governor
        return (
            governor.proposalSnapshot(proposal.id),
            governor.proposalProposer(proposal.id),
            governor.proposalClass(proposal.id),
            governor.proposalNeedsQueuing(proposal.id),
        )

    @rule(step=st.sampled_from([1, 3600, DAY, 2 * DAY, 5 * DAY, 8 * DAY]))
    def wait(self, step: int) -> None:
        self.dao.later(step)

    @rule(number=which, boundary=st.sampled_from(["start", "end", "eta"]), off=st.integers(-1, 1))
    def wait_until(self, number: int, boundary: str, off: int) -> None:
        chosen = self.pick(number)
        if chosen is None:
            return
        governor, proposal = self.dao.governor, self.made[chosen]
        times = {
            "start": proposal.start,
            "end": governor.proposalDeadline(proposal.id),
            "eta": governor.proposalEta(proposal.id),
        }
        if times[boundary] + off > self.now():
            self.dao.look(times[boundary] + off)

    @rule(number=which, voter=account, support=st.integers(0, 3))
    def vote(self, number: int, voter: int, support: int) -> None:
        chosen = self.pick(number)
        if chosen is None:
            return
        proposal, left = self.made[chosen], self.left(chosen, voter)
        cast = self.dao.governor.castVote
        done = self.tried(cast, proposal.id, support, sender=self.dao.accounts[voter])
        if done:
            assert proposal.start < self.now()
            assert support < 3
            assert left > 0
            self.use(chosen, voter, [left if side == support else 0 for side in range(3)])

    @rule(
        number=which,
        voter=account,
        parts=st.lists(st.integers(0, 150_000), min_size=3, max_size=3),
    )
    def split(self, number: int, voter: int, parts: list[int]) -> None:
        chosen = self.pick(number)
        if chosen is None:
            return
        proposal, amounts = self.made[chosen], [each * VOTES for each in parts]
        left, params = self.left(chosen, voter), b"".join(x.to_bytes(16, "big") for x in amounts)
        cast = self.dao.governor.castVoteWithReasonAndParams
        if self.tried(cast, proposal.id, 255, "", params, sender=self.dao.accounts[voter]):
            assert 0 < sum(amounts) <= left
            self.use(chosen, voter, amounts)

    def left(self, chosen: int, voter: int) -> int:
        return HOLDERS.get(voter, 0) * VOTES - sum(self.used[chosen].get(voter, [0]))

    def use(self, chosen: int, voter: int, amounts: list[int]) -> None:
        before = self.used[chosen].get(voter, [0, 0, 0])
        self.used[chosen][voter] = [a + b for a, b in zip(before, amounts, strict=True)]

    @rule(number=which)
    def queue(self, number: int) -> None:
        chosen = self.pick(number)
        if chosen is None:
            return
        proposal = self.made[chosen]
        if self.tried(self.dao.governor.queue, *proposal.queued, sender=self.dao.stranger):
            assert chosen not in self.eta
            assert proposal.targets
            self.eta[chosen] = (
                self.now() + (7 if proposal.end - proposal.start > 8 * DAY else 2) * DAY
            )
            assert self.dao.governor.proposalEta(proposal.id) == self.eta[chosen]

    @rule(number=which, directly=st.booleans())
    def execute(self, number: int, directly: bool) -> None:
        chosen = self.pick(number)
        if chosen is None:
            return
        proposal = self.made[chosen]
        call, arguments = self.dao.governor.execute, proposal.executed
        if directly:
            salt = proposal.id.to_bytes(32, "big")
            call, arguments = self.dao.timelock.execute, (*proposal.actions, bytes(32), salt)
        if self.tried(call, *arguments, sender=self.dao.stranger):
            assert chosen not in self.done
            assert self.eta[chosen] <= self.now() <= self.eta[chosen] + 14 * DAY
            self.done[chosen] = self.now()
            self.counted += 1

    @rule(number=which, veto=st.booleans(), sender=st.sampled_from([0, 1, 8]))
    def end(self, number: int, veto: bool, sender: int) -> None:
        chosen = self.pick(number)
        if chosen is None:
            return
        proposal, governor = self.made[chosen], self.dao.governor
        call = governor.veto if veto else governor.cancel
        if self.tried(call, proposal.id, sender=self.dao.accounts[sender]):
            assert chosen not in self.done
            assert (sender == 8) if veto else (sender == 0 and self.now() <= proposal.start)
            assert governor.state(proposal.id) == CANCELED

    @invariant()
    def states_follow_the_rules(self) -> None:
        for chosen, proposal in enumerate(self.made):
            state, before = self.dao.governor.state(proposal.id), self.seen[chosen]
            assert state == before or state in LEGAL[before] or self.passed_through(before, state)
            self.seen[chosen] = state
            assert (state == EXECUTED) == (chosen in self.done)
            end = self.dao.governor.proposalDeadline(proposal.id)
            if state in (SUCCEEDED, DEFEATED):
                assert self.now() > end
                assert (state == SUCCEEDED) == self.wins(chosen)
            if state == PENDING:
                assert self.now() <= proposal.start
            if state == ACTIVE:
                assert proposal.start < self.now() <= end

    def passed_through(self, before: int, state: int) -> bool:
        """A wait can jump over states, never back from a final one."""
        return before not in FINAL and state == EXPIRED

    def wins(self, chosen: int) -> bool:
        against, approve, abstain = self.sums(chosen)
        percent = 15 if self.fixed[chosen][2] else 10
        enough = (approve + abstain) * 100 >= sum(HOLDERS.values()) * VOTES * percent
        return enough and approve > against

    def sums(self, chosen: int) -> list[int]:
        votes = list(self.used[chosen].values())
        return [sum(each[side] for each in votes) for side in range(3)]

    @invariant()
    def tally_is_the_sum_of_what_was_used(self) -> None:
        governor = self.dao.governor
        for chosen, proposal in enumerate(self.made):
            assert list(governor.proposalVotes(proposal.id)) == self.sums(chosen)
            for voter, parts in self.used[chosen].items():
                used = governor.usedVotes(proposal.id, self.dao.accounts[voter])
                assert used == sum(parts) <= HOLDERS[voter] * VOTES

    @invariant()
    def parameters_of_a_proposal_are_constant(self) -> None:
        for proposal, fixed in zip(self.made, self.fixed, strict=True):
            assert self.parameters(proposal) == fixed
            deadline = self.dao.governor.proposalDeadline(proposal.id)
            assert proposal.end <= deadline <= proposal.end + 2 * DAY

    @invariant()
    def each_execution_happened_once(self) -> None:
        assert self.dao.target.count() == self.counted


def test_any_order_of_steps(dao):
    Life.dao = dao
    run_state_machine_as_test(Life)
