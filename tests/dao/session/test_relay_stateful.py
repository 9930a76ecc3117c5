"""Events in whatever order relayers bring them: delivered once, in a sequence without a gap."""

from contextlib import ExitStack

import ape
from eth_utils import keccak, to_canonical_address
from hypothesis import stateful
from hypothesis import strategies as st

from chain.dao import anchors
from chain.dao.anchors import Event, proof_of

HEAR, FAIL = range(2)
COUNT = 6
NOT_NEXT, NOTHING, AGAIN = (
    "relay: not the next event",
    "relay: nothing to deliver",
    "relay: target failed again",
)


def test_each_event_once_and_none_left_out(relay, listener, committee, people, epoch, chain):
    made = [
        Event(
            number=number,
            session_id=keccak(bytes([number])),
            kind=1,
            target=to_canonical_address(listener.address),
            payload=bytes(number),
        )
        for number in range(COUNT)
    ]
    leaves = [event.hash() for event in made]
    root = anchors.event_root(6133, 1, 0, leaves)
    address = to_canonical_address(relay.address)
    signed = committee.sign(anchors.event_attestation(6133, address, 1, root))
    relay.certify(1, root, 0, COUNT, *signed, sender=people.anyone)
    relay.setTarget(listener, 200_000, sender=people.dao)

    class Relayers(stateful.RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            self.stack = ExitStack()
            self.stack.enter_context(chain.isolate())
            self.next, self.late, self.heard, self.fails = 0, set(), [], False

        def teardown(self):
            self.stack.close()

        @stateful.rule(fails=st.booleans())
        def behave(self, fails):
            listener.behave(FAIL if fails else HEAR, b"", sender=people.anyone)
            self.fails = fails

        @stateful.rule(number=st.integers(0, COUNT - 1), who=st.sampled_from(["relay", "retry"]))
        def bring(self, number, who):
            refusal = None
            if who == "relay" and number != self.next:
                refusal = NOT_NEXT
            elif who == "retry" and number not in self.late:
                refusal = NOTHING
            elif who == "retry" and self.fails:
                refusal = AGAIN
            arguments = (1, made[number].fields(), proof_of(leaves, number))
            if refusal:
                with ape.reverts(refusal):
                    getattr(relay, who)(*arguments, sender=people.anyone)
                return
            getattr(relay, who)(*arguments, sender=people.anyone)
            self.next = max(self.next, number + 1)
            if self.fails:
                self.late.add(number)
            else:
                self.late.discard(number)
                self.heard.append(number)

        @stateful.precondition(lambda self: self.next < COUNT)
        @stateful.rule()
        def bring_next(self):
            self.bring(self.next, "relay")

        @stateful.precondition(lambda self: self.next < COUNT)
        @stateful.rule()
        def skip(self):
            relay.skip(self.next, sender=people.dao)
            self.late.add(self.next)
            self.next += 1

        @stateful.invariant()
        def nothing_twice_and_no_gap(self):
            assert relay.nextNumber() == self.next
            assert len(set(self.heard)) == len(self.heard) == listener.heardCount()
            assert sorted([*self.heard, *self.late]) == list(range(self.next))
            assert {each for each in range(COUNT) if relay.undelivered(each)} == self.late

    stateful.run_state_machine_as_test(Relayers)
