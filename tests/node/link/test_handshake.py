"""How a link begins, with and without a ticket, and what it costs in bytes."""

import pytest

from node.link import (
    Closed,
    Established,
    NewTicket,
    Received,
    TicketBook,
    handshake,
    hello,
    tickets,
)
from node.link.tickets import LIFETIME_MS, TICKETS_MAX, Ticket


def test_both_learn_who_the_other_is(world) -> None:
    heard_by_alice, heard_by_bob = world.shake(world.call(), world.answer())

    assert heard_by_alice[0] == Established(world.bob.peer_id)
    assert isinstance(heard_by_alice[1], NewTicket)
    assert heard_by_bob == [Established(world.alice.peer_id)]


def test_who_knows_no_name_learns_it(world) -> None:
    """For a neighbour that was only just discovered."""
    alice, bob = world.call(expected=None), world.answer()
    heard_by_alice, _ = world.shake(alice, bob)

    assert heard_by_alice[0] == Established(world.bob.peer_id)


def test_messages_go_both_ways(world) -> None:
    alice, bob = world.linked()
    alice.send(b"to bob", world.now)
    bob.send(b"to alice", world.now)

    assert world.shake(alice, bob) == ([Received(b"to alice")], [Received(b"to bob")])


def test_the_sizes_of_a_handshake(world) -> None:
    """F-021 and mesh.md 10.1: the sizes of level 5, at most 18 KB, and 4 KB with a ticket."""
    world.shake(world.call(), world.answer())
    full = [len(data) for _, data in world.recorded]
    ticket = world.ticket()
    world.recorded.clear()
    world.shake(world.call(ticket=ticket), world.answer())
    resumed = [len(data) for _, data in world.recorded]

    assert full == [hello.HELLO, handshake.RESPONSE, handshake.FINISH] == [1_704, 8_835, 7_235]
    assert sum(full) == 17_774 <= 18_000
    assert resumed == [1_704, 1_616, 16]
    assert sum(resumed) == 3_336 <= 4_000
    assert hello.HELLO == 16 + 32 + 1568 + 16 + 8 + 16 + 16 + 32
    assert handshake.RESPONSE == 32 + 1568 + 2592 + 4627 + 16
    assert handshake.FINISH == 2592 + 4627 + 16


def test_bytes_may_come_one_by_one_and_nothing_happens_before_the_last(world) -> None:
    """A handshake that is cut at any byte is no link."""
    alice, bob = world.call(), world.answer()
    for sender, receiver in ((alice, bob), (bob, alice), (alice, bob)):
        data = sender.outgoing()
        for place in range(len(data) - 1):
            assert receiver.receive(data[place : place + 1], world.now) == []
            assert receiver.outgoing() == b""
            assert receiver.peer_id is None
        receiver.receive(data[-1:], world.now)

    assert bob.peer_id == world.alice.peer_id
    assert alice.peer_id == world.bob.peer_id


@pytest.mark.parametrize("turn", [0, 1, 2])
def test_a_handshake_that_is_cut_off_says_so(world, turn: int) -> None:
    alice, bob = world.call(), world.answer()
    ends = [(alice, bob), (bob, alice), (alice, bob)]
    for sender, receiver in ends[:turn]:
        world.carry(sender, receiver)
    sender, receiver = ends[turn]
    receiver.receive(sender.outgoing()[:-1], world.now)

    assert receiver.end() == [Closed("link: cut off")]
    assert receiver.end() == []


@pytest.mark.parametrize("turn", [0, 1])
def test_no_byte_comes_before_its_turn(world, turn: int) -> None:
    """Lengths are exact, and looked at before any work."""
    alice, bob = world.call(), world.answer()
    if turn:
        world.carry(alice, bob)
    sender, receiver = [(alice, bob), (bob, alice)][turn]
    events = receiver.receive(sender.outgoing() + b"\0", world.now)

    assert events == [Closed("link: bytes before their turn")]
    assert receiver.outgoing() == b""


def test_frames_may_follow_the_finish_at_once(world) -> None:
    alice, bob = world.call(), world.answer()
    world.carry(alice, bob)
    world.carry(bob, alice)
    alice.send(b"first", world.now)

    assert world.carry(alice, bob) == [Established(world.alice.peer_id), Received(b"first")]


def test_a_handshake_takes_ten_seconds_at_most(world) -> None:
    alice, bob = world.call(), world.answer()
    for link in (alice, bob):
        assert link.next_tick == world.now + 10_000
        assert link.tick(world.now + 9_999) == []
        assert link.tick(world.now + 10_000) == [Closed("link: handshake took too long")]
        assert link.next_tick is None


def test_a_node_does_not_call_itself(world) -> None:
    """Neither by name nor by chance: whoever sends a hello back to its sender gets nothing."""
    for expected in (world.alice.peer_id, None):
        alice = world.call(expected=expected)
        herself = world.answer(node=world.alice)
        heard, answered = world.shake(alice, herself)

        assert heard == [Closed("link: this node itself")]
        assert answered == []


# --- Tickets --------------------------------------------------------------------------------


def test_a_ticket_begins_another_link_with_other_keys(world) -> None:
    ticket = world.ticket()
    alice, bob = world.call(ticket=ticket), world.answer()
    heard, _ = world.shake(alice, bob)
    alice.send(b"again", world.now)
    new = next(event.ticket for event in heard if isinstance(event, NewTicket))

    assert heard[0] == Established(world.bob.peer_id)
    assert world.carry(alice, bob) == [Received(b"again")]
    assert (new.name, new.psk) != (ticket.name, ticket.psk)


def test_a_ticket_is_used_once(world) -> None:
    ticket = world.ticket()
    world.linked(ticket=ticket)
    alice, bob = world.call(ticket=ticket), world.answer()

    assert world.carry(alice, bob) == [Closed("link: unknown ticket")]
    assert bob.outgoing() == b""


def test_a_chain_of_tickets_ends_a_day_after_the_signatures(world) -> None:
    """Who loses its key loses its links: no chain of tickets goes on for ever."""
    ticket = world.ticket()
    expires = ticket.expires
    assert expires == world.now + LIFETIME_MS
    world.now += LIFETIME_MS // 2
    heard, _ = world.shake(world.call(ticket=ticket), world.answer())
    ticket = next(event.ticket for event in heard if isinstance(event, NewTicket))

    assert ticket.expires == expires
    world.now = expires
    bob = world.answer()
    assert world.carry(world.call(ticket=ticket), bob) == [Closed("link: unknown ticket")]


def test_a_ticket_is_good_for_one_peer(world, mallory) -> None:
    ticket = world.ticket()
    for expected in (mallory.peer_id, None):
        with pytest.raises(ValueError, match="the node it came from"):
            world.call(expected=expected, ticket=ticket)


def test_a_ticket_that_was_seen_is_of_no_use(world, mallory) -> None:
    """Mallory reads the name of a ticket off the wire, but cannot bind it to a key of her own."""
    ticket = world.ticket()
    stolen = Ticket(ticket.peer_id, ticket.name, psk=bytes(32), expires=ticket.expires)
    assert world.carry(world.call(ticket=stolen), world.answer()) == [
        Closed("link: unknown ticket")
    ]

    alice, _ = world.linked(ticket=ticket)  # And it was not used up by the attempt.
    assert alice.peer_id == world.bob.peer_id


def test_the_psk_alone_opens_no_link(world) -> None:
    """A resumed link has a fresh exchange: its keys do not follow from the ticket."""
    ticket = world.ticket()
    world.recorded.clear()
    world.shake(world.call(ticket=ticket), world.answer())
    transcript = handshake.begin_transcript(world.bob.peer_id, world.recorded[0][1])
    hidden, sealed = world.recorded[1][1][:1600], world.recorded[1][1][1600:]
    answered = handshake.extend(transcript, hidden)
    for guess in (bytes(32), ticket.psk):
        keys = handshake.stage_keys(guess, ticket, answered)
        with pytest.raises(Exception, match="not authentic"):
            handshake.opened(keys.responder, sealed, answered)


def test_the_book_is_bounded() -> None:
    book = TicketBook()
    for number in range(TICKETS_MAX + 10):
        book.put(Ticket(bytes(32), number.to_bytes(16), bytes(32), expires=1))

    assert len(book) == TICKETS_MAX
    public = bytes(hello.HYBRID_PUBLIC)
    binder = Ticket(bytes(32), bytes(16), bytes(32), 1).binder(public)
    assert book.take((9).to_bytes(16), public, binder, 0) is None
    assert book.take((10).to_bytes(16), public, binder, 0) is not None
    assert book.take((10).to_bytes(16), public, binder, 0) is None


def test_a_ticket_shows_no_secret(world) -> None:
    ticket = world.ticket()

    assert repr(ticket.psk) not in repr(ticket)
    assert ticket.psk.hex() not in repr(ticket)
    assert tickets.LIFETIME_MS == 86_400_000
