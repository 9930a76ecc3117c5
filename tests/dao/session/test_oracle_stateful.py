"""Requests in any order: each answered or ended once, and no fee lost or made."""

from contextlib import ExitStack

import ape
from hypothesis import settings, stateful
from hypothesis import strategies as st

from chain.dao.anchors import proof_of

FEE = 10**15
HEAR, FAIL = range(2)
PENDING, ANSWERED, FAILED, EXPIRED = range(1, 5)


def test_fees_are_conserved(oracle, epoch, listener, people, accounts, chain):
    hashes = [leaf.hash() for leaf in epoch]
    proofs = [(leaf.fields(), at, proof_of(hashes, at)) for at, leaf in enumerate(epoch)]
    everybody = [accounts[5], accounts[6], people.anyone]
    start = chain.blocks.head.timestamp

    class Requests(stateful.RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.stack = ExitStack()
            self.stack.enter_context(chain.isolate())
            self.now, self.fails = start, False
            self.requests = {}  # number -> [session, fee, deadline, status]
            self.owed = dict.fromkeys(everybody, 0)

        def teardown(self):
            self.stack.close()

        def tick(self, seconds=1):
            self.now += seconds
            chain.pending_timestamp = self.now

        @stateful.rule(which=st.integers(0, 4), extra=st.integers(0, 5), timeout=st.just(60))
        def ask(self, which, extra, timeout):
            self.tick()
            arguments = (epoch[which].session_id, listener, 200_000, 10**6, timeout)
            oracle.requestSession(*arguments, sender=people.anyone, value=FEE + extra)
            number = oracle.requestCount()
            self.requests[number] = [which, FEE + extra, self.now + timeout, PENDING]

        @stateful.rule(fails=st.booleans())
        def behave(self, fails):
            self.tick()
            listener.behave(FAIL if fails else HEAR, b"", sender=people.deployer)
            self.fails = fails

        @stateful.precondition(lambda self: self.requests)
        @stateful.rule(
            data=st.data(),
            step=st.sampled_from(["answer", "answer", "retry", "expire"]),
            who=st.sampled_from(everybody[:2]),
            later=st.sampled_from([1, 1, 1, 30]),
        )
        def go_on(self, data, step, who, later):
            number = data.draw(st.sampled_from(sorted(self.requests)))
            which, fee, deadline, status = self.requests[number]
            self.tick(later)
            in_time = self.now < deadline
            allowed = {
                "answer": status == PENDING and in_time,
                "retry": status == FAILED and not self.fails,
                "expire": status == PENDING and not in_time,
            }[step]
            proof = {"answer": (1, *proofs[which]), "retry": proofs[which], "expire": ()}[step]
            if not allowed:
                with ape.reverts():
                    getattr(oracle, step)(number, *proof, sender=who)
                return
            getattr(oracle, step)(number, *proof, sender=who)
            if step == "answer":
                self.owed[who] += fee
                status = FAILED if self.fails else ANSWERED
            elif step == "retry":
                status = ANSWERED
            else:
                self.owed[people.anyone] += fee
                status = EXPIRED
            self.requests[number][3] = status

        @stateful.precondition(lambda self: any(self.owed.values()))
        @stateful.rule(data=st.data())
        def collect(self, data):
            self.tick()
            owner = data.draw(st.sampled_from([each for each in everybody if self.owed[each]]))
            oracle.collect(accounts[8], sender=owner)
            self.owed[owner] = 0

        @stateful.invariant()
        def nothing_is_lost(self):
            waiting = sum(fee for _, fee, _, status in self.requests.values() if status == PENDING)
            assert oracle.balance == waiting + sum(self.owed.values())
            for owner, amount in self.owed.items():
                assert oracle.owed(owner) == amount
            for number, (_, _, _, status) in self.requests.items():
                assert oracle.statusOf(number) == status

    stateful.run_state_machine_as_test(
        Requests, settings=settings(max_examples=10, stateful_step_count=20)
    )
