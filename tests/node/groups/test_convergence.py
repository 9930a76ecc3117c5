"""Random groups under loss, disorder, partition and theft: all agree, and nobody reads too much."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from node.codec import Refused
from node.groups.events import Message, NotYet
from node.groups.group import Group
from node.groups.vertex import SEEDING

DEVICES_MAX = 8
picks = st.integers(0, 63)


@dataclass
class Theft:
    """A copy of all a device had, and what was written once its owner's rotation was known."""

    thief: Any
    victim: Any
    known: set[bytes]
    forbidden: set[bytes] = field(default_factory=set)

    def healed_for(self, device):
        return any(
            vertex.author == self.victim.group.me
            and vertex.change.kind in SEEDING
            and vertex.id not in self.known
            for vertex in device.group.history.vertices
        )


def machine(new_world):
    class Members(RuleBasedStateMachine):
        """Whoever does something does it on what he knows; the rest may hear of it, or not."""

        @initialize(seed=st.integers(0, 2**32), size=st.integers(3, 6), admins=st.integers(1, 3))
        def found(self, seed, size, admins):
            self.world = new_world(seed)
            self.world.found(size, min(admins, size))
            self.items = []
            self.audience = {}
            self.thefts = []

        def pick(self, number):
            inside = [one for one in self.world.devices if one.group.is_member]
            return inside[number % len(inside)] if inside else None

        def change(self, device, make):
            """Let a device make a change if it may, and post it."""
            if device is None:
                return
            with suppress(Refused):
                out = make(device.group)
                self.world.send(out)
                self.items += [*out.vertices, *(item for _, item in out.direct)]

        def one_of(self, device, number):
            return [device.group.members()[number % len(device.group.members())].name]

        @rule(by=picks)
        def rotate(self, by):
            self.change(
                self.pick(by), lambda group: group.rotate(self.world.now, self.world.random)
            )

        @rule(by=picks)
        def ack(self, by):
            self.change(self.pick(by), lambda group: group.ack(self.world.now, self.world.random))

        @rule(by=picks)
        def add(self, by):
            device = self.pick(by)
            if device and device.group.is_admin and len(self.world.devices) < DEVICES_MAX:
                self.world.add(device)

        @rule(by=picks, on=picks)
        def remove(self, by, on):
            if device := self.pick(by):
                names = self.one_of(device, on)
                self.change(
                    device, lambda group: group.remove(names, self.world.now, self.world.random)
                )

        @rule(by=picks, on=picks, up=st.booleans())
        def promote(self, by, on, up):
            if device := self.pick(by):
                names = self.one_of(device, on)
                word = Group.grant if up else Group.revoke
                self.change(
                    device, lambda group: word(group, names, self.world.now, self.world.random)
                )

        @rule(by=st.just(0))
        def leave(self, by):
            self.change(self.pick(-1), lambda group: group.leave(self.world.now, self.world.random))

        @rule(by=picks)
        def say(self, by):
            if device := self.pick(by):
                self.speak(device)

        def speak(self, device):
            text = b"message %d" % len(self.audience)
            self.audience[text] = {member.name for member in device.group.members()}
            self.world.say(device, text)
            for theft in self.thefts:
                if theft.healed_for(device):
                    theft.forbidden.add(text)
            return text

        @rule(by=picks, lost=st.sampled_from([0.0, 0.0, 0.3]))
        def hear(self, by, lost):
            if self.world.devices:
                self.world.fetch(self.world.devices[by % len(self.world.devices)], lost)

        @rule(hours=st.integers(1, 12))
        def age(self, hours):
            self.world.now += hours * 3_600_000
            for device in self.world.devices:
                device.group.prune(self.world.now)

        @rule(cut=st.integers(1, 5))
        def partition(self, cut):
            self.world.settle(self.world.devices[:cut])
            self.world.settle(self.world.devices[cut:])

        @rule(by=picks)
        def steal(self, by):
            device = self.pick(by)
            if device and len(self.thefts) < 2:
                thief = type(device)(Group.decode(device.group.encode()))
                self.thefts.append(Theft(thief, device, set(device.group.history.places)))

        def teardown(self):
            if not hasattr(self, "world"):
                return
            self.agree()
            self.nobody_reads_too_much()

        def agree(self):
            self.world.settle()
            # One removed may not know it: nobody owes him what has been slimmed since.
            best = max(self.world.devices, key=lambda one: len(one.group.history.vertices))
            names = {member.name for member in best.group.members()}
            inside = [one for one in self.world.devices if one.group.me in names]
            for device in inside:
                assert device.group.heads() == best.group.heads()
                assert device.group.members() == best.group.members()
            for device in inside:
                text = self.speak(device)
                self.world.settle()
            if not all(text in one.read for one in inside[:-1]):
                # Who lost more than his mailboxes hold is reached pairwise, by whom he knows.
                out = inside[0].group.rotate(self.world.now, self.world.random)
                for device in inside[1:]:
                    for item in (*out.vertices, dict(out.direct)[device.group.me]):
                        self.world.hand(device, item)
                text = self.speak(inside[-1])
                self.world.settle()
            for one in inside:
                assert text in one.read or one is inside[-1]
                assert not one.group.needs_rotation
                assert one.group.mailbox() == inside[0].group.mailbox()

        def nobody_reads_too_much(self):
            for device in self.world.devices:
                self.pour(device)
                for text in device.read:
                    assert device.group.me in self.audience[text]
            for theft in self.thefts:
                self.pour(theft.thief)
                assert not theft.forbidden & set(theft.thief.read)

        def pour(self, device):
            """Give a device all that ever was on the wire, and again what needed more."""
            for _ in range(2):
                for item in self.items:
                    self.world.hand(device, item)
                for _, post in self.world.posts:
                    with suppress(NotYet):
                        device.events += device.group.receive_post(post, self.world.now)

    return Members


def test_members_agree_and_nobody_reads_too_much(new_world):
    run_state_machine_as_test(
        machine(new_world),
        settings=settings(max_examples=25, stateful_step_count=20, deadline=None),
    )


@pytest.mark.campaign
def test_members_agree_for_long(new_world):
    run_state_machine_as_test(
        machine(new_world),
        settings=settings(max_examples=1000, stateful_step_count=60, deadline=None),
    )


def test_messages_in_any_order_with_a_third_lost(world):
    alice, bob, carol = world.found(3)
    texts = {b"%d" % number for number in range(300)}
    posts = [alice.group.encrypt(text, world.random) for text in sorted(texts)]
    world.chance.shuffle(posts)
    read = []
    for post in posts[:200]:
        for event in bob.group.receive_post(post, world.now):
            assert isinstance(event, Message)
            read.append(event.plaintext)

    assert len(set(read)) == 200
    assert set(read) <= texts
    assert len(carol.group.encode()) < len(bob.group.encode())
