"""Two ends and a wire that delivers in any pieces: what is said is heard in turn, or not at all."""

import random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from node.identity import NodeKey
from node.link import Closed, Cover, Gate, Received, TicketBook, initiate, respond

NODES = [NodeKey.from_seed(bytes([seed]) * 32) for seed in (1, 2)]


class Ends(RuleBasedStateMachine):
    """End 0 called end 1. Each has a queue of bytes on their way to it."""

    @initialize(seed=st.integers(0, 99), covered=st.booleans(), named=st.booleans())
    def begin(self, seed: int, covered: bool, named: bool) -> None:
        chance = random.Random(seed).randbytes
        cover = Cover(mean_ms=5_000, message_size=300) if covered else None
        expected = NODES[1].peer_id if named else None
        self.now = 10**6
        gate, book = Gate(chance), TicketBook()
        self.ends = [
            initiate(NODES[0], expected, self.now, chance, None, cover),
            respond(NODES[1], gate, book, b"src", self.now, chance, cover),
        ]
        self.gate = gate
        self.on_the_way = [bytearray(), bytearray()]
        self.said: list[list[bytes]] = [[], []]
        self.heard: list[list[bytes]] = [[], []]

    def post(self) -> None:
        for end in (0, 1):
            self.on_the_way[1 - end] += self.ends[end].outgoing()

    @rule(end=st.integers(0, 1), message=st.binary(max_size=600))
    def say(self, end: int, message: bytes) -> None:
        if self.ends[end].peer_id is not None and not self.ends[end].closed:
            self.ends[end].send(message, self.now)
            self.said[end].append(message)
            self.post()

    @rule(end=st.integers(0, 1), most=st.sampled_from([1, 16, 17, 400, 1_704, 65_536]))
    def deliver(self, end: int, most: int) -> None:
        self.post()
        data = bytes(self.on_the_way[end][:most])
        del self.on_the_way[end][:most]
        self.note(end, self.ends[end].receive(data, self.now))

    @rule()
    def deliver_all(self) -> None:
        for _ in range(4):
            for end in (0, 1):
                self.deliver(end, 65_536)

    @rule(passed=st.integers(0, 30_000))
    def wait(self, passed: int) -> None:
        self.now += passed
        for end in (0, 1):
            self.note(end, self.ends[end].tick(self.now))
        self.post()

    @rule()
    def wait_for_a_rekey(self) -> None:
        for _ in range(125):
            self.deliver_all()
            self.wait(29_000)

    @precondition(lambda self: any(self.on_the_way))
    @rule(end=st.integers(0, 1), place=st.integers(0, 20_000), bit=st.integers(0, 7))
    def spoil(self, end: int, place: int, bit: int) -> None:
        if self.on_the_way[end]:
            self.on_the_way[end][place % len(self.on_the_way[end])] ^= 1 << bit

    @rule(end=st.integers(0, 1))
    def close(self, end: int) -> None:
        self.ends[end].close(self.now)
        self.post()

    def note(self, end: int, events: list) -> None:
        for place, event in enumerate(events):
            if isinstance(event, Received):
                self.heard[end].append(event.message)
            if isinstance(event, Closed):
                assert place == len(events) - 1
                assert event.reason == self.ends[end].closed

    @invariant()
    def what_is_heard_was_said(self) -> None:
        if not hasattr(self, "ends"):
            return
        for end in (0, 1):
            heard, said = self.heard[end], self.said[1 - end]
            assert heard == said[: len(heard)]
            everything_came = not self.on_the_way[end] and not self.ends[1 - end]._outgoing
            if everything_came and not any(end.closed for end in self.ends):
                assert heard == said

    @invariant()
    def an_end_that_is_open_knows_its_peer(self) -> None:
        if hasattr(self, "ends"):
            for end in (0, 1):
                assert self.ends[end].peer_id in (None, NODES[1 - end].peer_id)
            assert self.gate.half_open in (0, 1)


def test_ends() -> None:
    run_state_machine_as_test(
        Ends, settings=settings(max_examples=12, stateful_step_count=25, deadline=None)
    )


@pytest.mark.campaign
def test_ends_for_long() -> None:
    run_state_machine_as_test(
        Ends, settings=settings(max_examples=2_000, stateful_step_count=60, deadline=None)
    )
