"""Two nodes, a wire between them that can be spoilt, and chance that is repeated."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from node.identity import NodeKey
from node.link import Event, Gate, Link, NewTicket, Ticket, TicketBook, initiate, respond

ALICE, BOB, MALLORY = (NodeKey.from_seed(bytes([seed]) * 32) for seed in (1, 2, 3))


@dataclass
class World:
    """Alice calls Bob. What they say is recorded, message by message."""

    seed: int = 0
    now: int = 1_000_000
    alice: NodeKey = ALICE
    bob: NodeKey = BOB
    recorded: list[tuple[str, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed).randbytes
        self.gate = Gate(self.random)
        self.book = TicketBook()

    def call(
        self, expected: bytes | None = BOB.peer_id, ticket: Ticket | None = None, **more
    ) -> Link:
        return initiate(self.alice, expected, self.now, self.random, ticket, **more)

    def answer(self, source: bytes = b"\x7f\0\0\1", node: NodeKey | None = None, **more) -> Link:
        answering = node or self.bob
        return respond(answering, self.gate, self.book, source, self.now, self.random, **more)

    def carry(self, sender: Link, receiver: Link, name: str = "") -> list[Event]:
        """Take what one end has to say to the other."""
        data = sender.outgoing()
        if data:
            self.recorded.append((name, data))
        return receiver.receive(data, self.now)

    def shake(self, alice: Link, bob: Link) -> tuple[list[Event], list[Event]]:
        """Carry bytes both ways until nobody has more to say."""
        heard_by_alice: list[Event] = []
        heard_by_bob: list[Event] = []
        for _ in range(6):
            heard_by_bob += self.carry(alice, bob, "alice")
            heard_by_alice += self.carry(bob, alice, "bob")
        return heard_by_alice, heard_by_bob

    def linked(self, ticket: Ticket | None = None, **more) -> tuple[Link, Link]:
        """Return both ends of a link that is established."""
        alice, bob = self.call(ticket=ticket, **more), self.answer()
        self.shake(alice, bob)
        assert (alice.peer_id, bob.peer_id) == (self.bob.peer_id, self.alice.peer_id)
        return alice, bob

    def ticket(self) -> Ticket:
        """Return what Alice keeps of a link to Bob."""
        heard, _ = self.shake(self.call(), self.answer())
        return next(event.ticket for event in heard if isinstance(event, NewTicket))


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def make_world() -> Callable[..., World]:
    return World


@pytest.fixture
def mallory() -> NodeKey:
    return MALLORY


@pytest.fixture
def flipped() -> Callable[[bytes, int], bytes]:
    """Return a function that changes one bit of a byte, another one at each place."""

    def flip(data: bytes, place: int) -> bytes:
        changed = bytearray(data)
        changed[place] ^= 1 << place % 8
        return bytes(changed)

    return flip
