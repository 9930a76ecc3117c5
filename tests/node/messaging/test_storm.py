"""Loss, reordering, doubles, forgeries and restarts, against a model that knows what must open."""

import random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from node.codec import Refused
from node.messaging.ratchet import MISSING_LIFE, Channel
from node.messaging.turns import FULL, SPARSE

draw = random.Random(3).randbytes


class Talk(RuleBasedStateMachine):
    """Two sides and what is on its way: every message opens once, and never changes on the way."""

    mode = FULL
    begun = None  # given by the test
    devices = ()
    now = 0

    def __init__(self):
        super().__init__()
        one, other = type(self).begun(self.mode)
        self.sides = [one, other]
        self.travelling = [{}, {}]  # by reader: message -> text
        self.arrived = [[], []]
        self.count = 0

    @rule(writer=st.integers(0, 1), size=st.sampled_from([0, 10, 700, 5000]))
    def write(self, writer, size):
        text = b"%d:" % self.count + bytes(size)
        self.count += 1
        message = self.sides[writer].encrypt(text, self.now, draw)
        self.travelling[1 - writer][message] = text

    def pick(self, reader, data):
        return data.draw(st.sampled_from(list(self.travelling[reader])), label="message")

    @precondition(lambda self: any(self.travelling))
    @rule(data=st.data())
    def deliver(self, data):
        reader = 0 if not self.travelling[1] else data.draw(st.integers(0, 1))
        reader = reader if self.travelling[reader] else 1 - reader
        message = self.pick(reader, data)
        assert self.sides[reader].decrypt(message, self.now, draw) == (
            self.travelling[reader].pop(message)
        )
        self.arrived[reader].append(message)

    @precondition(lambda self: any(self.travelling))
    @rule(data=st.data())
    def lose(self, data):
        reader = 0 if self.travelling[0] else 1
        self.travelling[reader].pop(self.pick(reader, data))

    @precondition(lambda self: any(self.arrived))
    @rule(data=st.data())
    def repeat(self, data):
        reader = 0 if self.arrived[0] else 1
        self.refused(reader, data.draw(st.sampled_from(self.arrived[reader])))

    @precondition(lambda self: any(self.travelling))
    @rule(data=st.data(), bit=st.integers(0, 7))
    def forge(self, data, bit):
        reader = 0 if self.travelling[0] else 1
        forged = bytearray(self.pick(reader, data))
        forged[data.draw(st.integers(0, len(forged) - 1))] ^= 1 << bit
        self.refused(reader, bytes(forged))

    @precondition(lambda self: any(self.travelling))
    @rule()
    def reflect(self):
        reader = 0 if self.travelling[0] else 1
        self.refused(1 - reader, next(iter(self.travelling[reader])))

    @rule(side=st.integers(0, 1))
    def restart(self, side):
        self.sides[side] = Channel.decode(self.sides[side].encode(), self.devices[side])

    def refused(self, reader, message):
        before = self.sides[reader].encode()
        with pytest.raises(Refused):
            self.sides[reader].decrypt(message, self.now, draw)
        assert self.sides[reader].encode() == before

    @invariant()
    def both_are_on_one_channel(self):
        assert self.sides[0].channel_id == self.sides[1].channel_id

    def teardown(self):
        for reader, messages in enumerate(self.travelling):
            for message, text in messages.items():
                assert self.sides[reader].decrypt(message, self.now, draw) == text


def run(begun, alice, bob, now, mode, examples):
    class Machine(Talk):
        pass

    Machine.mode, Machine.now = mode, now
    Machine.begun = staticmethod(begun)
    Machine.devices = (alice.device.hybrid, bob.device.hybrid)
    case = Machine.TestCase()
    # Fewer than 33 turns come and go in so many steps: no message is given up by its age in turns.
    case.settings = settings(max_examples=examples, stateful_step_count=50)
    case.runTest()


def test_every_message_opens_once_whatever_happens(begun, alice, bob, now, mode):
    run(begun, alice, bob, now, mode, 5)


@pytest.mark.campaign
def test_every_message_opens_once_whatever_happens_for_long(begun, alice, bob, now, mode):
    run(begun, alice, bob, now, mode, 150)


def storm(sides, now, count, seed):
    """Both write; of what they write 30 % is lost, 20 % comes twice, and all of it out of order."""
    chance = random.Random(seed)
    travelling, opened, lost, refused = [], 0, 0, 0
    for number in range(count):
        writer = chance.randrange(2)
        text = b"%d" % number
        message = sides[writer].encrypt(text, now + number, draw)
        if chance.random() < 0.3:
            lost += 1
        else:
            travelling.append((1 - writer, message, text, False))
            if chance.random() < 0.2:
                travelling.append((1 - writer, message, text, True))
        while len(travelling) > 12 or (travelling and number == count - 1):
            at = chance.randrange(len(travelling))
            reader, message, text, _ = travelling.pop(at)
            try:
                assert sides[reader].decrypt(message, now + number, draw) == text
                opened += 1
            except Refused:
                refused += 1
    return opened, lost, refused


def test_a_thousand_messages_over_a_bad_link(settled, now, mode):
    opened, lost, _ = storm(settled(mode), now, 1000, 1)

    assert opened + lost == 1000


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(3))
def test_many_thousands_of_messages_over_a_bad_link(settled, now, mode, seed):
    sides = settled(mode)
    opened, lost, _ = storm(sides, now, 20_000, seed)

    assert opened + lost == 20_000
    for side in sides:
        side.forget(now + 20_000 + MISSING_LIFE)
        assert not side._old
        assert len(side.encode()) < 12_000


def test_the_sparse_storm_takes_steps(settled, now):
    sides = settled(SPARSE)
    before = sides[0]._turns.mixed
    storm(sides, now, 400, 5)

    assert sides[0]._turns.mixed > before + 5
