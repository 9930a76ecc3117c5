"""Bad ways: what they do to bytes, and what links do about it, in hours that pass at once."""

import asyncio
import contextlib
import os
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.identity import NodeKey
from node.link import (
    PATIENT,
    PROMPT,
    Established,
    Gate,
    Link,
    NewTicket,
    Received,
    TicketBook,
    initiate,
    respond,
)
from node.transports.impaired import Conditions, Datagrams, Impaired, Stream
from node.transports.links import now_ms
from node.transports.tcp import Tcp

ALICE, BOB = (NodeKey.from_seed(bytes([seed]) * 32) for seed in (1, 2))
# F-008: 500 bit/s, 10 s there and back, a fifth of all pieces lost.
WORST = Conditions(delay_ms=5_000, loss=0.2, bits_per_second=500, piece=128)


def chance(seed: int):
    return random.Random(seed).randbytes


def passed(stream: Stream, until: int) -> tuple[bytes, int]:
    """Return what arrives by a time, and when the last of it did."""
    data, last, now = b"", 0, 0
    while (at := stream.next_tick) is not None and at <= until:
        now = max(now, at)
        if new := stream.take(now):
            data, last = data + new, now
    return data, last


# --- Streams --------------------------------------------------------------------------------


def test_a_good_way_changes_nothing() -> None:
    stream = Stream(Conditions(), chance(1))
    stream.put(b"at once", 5)

    assert stream.take(5) == b"at once"
    assert stream.is_empty
    assert stream.next_tick is None


def test_delay_and_rate_add_up() -> None:
    stream = Stream(Conditions(delay_ms=5_000, bits_per_second=500, piece=125), chance(1))
    stream.put(bytes(250), 0)

    assert stream.queued == 125  # The first piece is on the line.
    assert stream.take(6_999) == b""
    assert len(stream.take(7_000)) == 125  # 1,000 bits at 500 a second, and the delay.
    assert stream.queued == 0
    assert stream.next_tick == 9_000
    assert len(stream.take(9_000)) == 125


def test_a_rate_holds_over_time() -> None:
    stream = Stream(Conditions(bits_per_second=8_000, piece=100), chance(1))
    stream.put(bytes(10_000), 0)

    for second in range(1, 11):
        assert len(stream.take(second * 1_000)) == 1_000


@settings(max_examples=40)
@given(
    st.lists(st.binary(min_size=1, max_size=2_000), max_size=20),
    st.integers(0, 2**32),
    st.floats(0, 0.9),
    st.integers(0, 500),
    st.integers(0, 500),
    st.sampled_from([0, 500, 1_000_000]),
)
def test_bytes_come_whole_and_in_order(chunks, seed, loss, delay, jitter, rate) -> None:
    conditions = Conditions(
        delay_ms=delay, jitter_ms=jitter, loss=loss, bits_per_second=rate, piece=100
    )
    stream, again = (Stream(conditions, chance(seed)) for _ in range(2))
    for number, chunk in enumerate(chunks):
        stream.put(chunk, number)
        again.put(chunk, number)
    whole = passed(stream, 10**9)

    assert whole[0] == b"".join(chunks)
    assert stream.is_empty
    assert stream.next_tick is None
    assert passed(again, 10**9) == whole  # The same chance, the same times.


def test_what_is_lost_comes_later_and_costs_the_line() -> None:
    good = Conditions(delay_ms=100, bits_per_second=8_000, piece=100)
    bad = Conditions(delay_ms=100, bits_per_second=8_000, piece=100, loss=0.5)
    times = []
    for conditions in (good, bad):
        stream = Stream(conditions, chance(3))
        stream.put(bytes(10_000), 0)
        times.append(passed(stream, 10**9)[1])

    assert times[0] == 10_100
    assert 17_000 < times[1] < 25_000  # Each piece twice on the mean.


def test_a_way_that_is_cut_stays_so() -> None:
    stream = Stream(Conditions(cut=0.5), chance(2))
    while not stream.broken:
        stream.put(b"one piece", 0)
    stream.take(0)
    stream.put(b"more", 1)

    assert stream.next_tick is None
    assert stream.take(10**6) == b""


@pytest.mark.parametrize("wrong", [{"loss": 1.0}, {"loss": -0.1}, {"cut": 1.1}, {"piece": 0}])
def test_shares_are_shares(wrong) -> None:
    with pytest.raises(ValueError, match="below one"):
        Conditions(**wrong)


# --- Datagrams ------------------------------------------------------------------------------


def test_datagrams_are_lost_and_change_places() -> None:
    way = Datagrams(Conditions(delay_ms=10, jitter_ms=50, loss=0.3), chance(4))
    sent = [bytes([number]) for number in range(200)]
    for number, datagram in enumerate(sent):
        way.put(datagram, number)
    came = []
    while (at := way.next_tick) is not None:
        came += way.take(at)

    assert 120 < len(came) < 160
    assert set(came) < set(sent)
    assert came != sorted(came)


def test_a_line_that_is_far_behind_drops_datagrams() -> None:
    way = Datagrams(Conditions(bits_per_second=8_000), chance(5))
    for _ in range(10):
        way.put(bytes(500), 0)

    assert len(way.take(10**6)) == 3  # One second of what waits, and the one that goes.


# --- Links over them ------------------------------------------------------------------------


class Wire:
    """Two links and the two ways between them, in virtual time."""

    def __init__(self, alice: Link, bob: Link, conditions: Conditions, seed: int) -> None:
        random_bytes = chance(seed)
        self.ends = (alice, bob)
        self.ways = (Stream(conditions, random_bytes), Stream(conditions, random_bytes))
        self.events: tuple[list, list] = ([], [])
        self.now = 0
        self.bytes = 0

    def run(self, done, until: int) -> None:
        self._flush()
        while not done() and self.now <= until:
            ticks = [each.next_tick for each in (*self.ends, *self.ways)]
            due = min(at for at in ticks if at is not None)
            self.now = max(self.now, due)
            for end, other in ((0, 1), (1, 0)):
                if data := self.ways[end].take(self.now):
                    self.events[other].extend(self.ends[other].receive(data, self.now))
                self.events[end].extend(self.ends[end].tick(self.now))
            self._flush()

    def _flush(self) -> None:
        for end, way in zip(self.ends, self.ways, strict=True):
            data = end.outgoing()
            self.bytes += len(data)
            way.put(data, self.now)


def links(pace, ticket=None, book=None):
    gate = Gate(chance(7))
    alice = initiate(ALICE, BOB.peer_id, 0, os.urandom, ticket, None, pace)
    bob = respond(
        BOB, gate, TicketBook() if book is None else book, b"radio", 0, os.urandom, None, pace
    )
    return alice, bob


@pytest.mark.parametrize("seed", range(5))
def test_at_500_bits_per_second_a_stranger_is_met_and_a_message_comes(seed: int) -> None:
    """F-008: a handshake without anything left out, then 200 bytes in less than a minute."""
    book = TicketBook()
    wire = Wire(*links(PATIENT, book=book), WORST, seed)
    wire.run(lambda: wire.ends[0].peer_id and wire.ends[1].peer_id, 1_800_000)
    met = wire.now
    assert [end.peer_id for end in wire.ends] == [BOB.peer_id, ALICE.peer_id]
    assert wire.bytes in (17_774, 17_774 + 417)  # The caller may have said that it is there.
    assert 284_000 < met < 480_000  # 17,774 bytes at 500 bit/s; a fifth of them twice.

    text = os.urandom(200)
    wire.ends[0].send(text, wire.now)
    wire.run(lambda: any(isinstance(event, Received) for event in wire.events[1]), 10**7)
    assert [event.message for event in wire.events[1] if isinstance(event, Received)] == [text]
    assert wire.now - met < 60_000
    assert not wire.ends[0].closed
    assert not wire.ends[1].closed

    [ticket] = [event.ticket for event in wire.events[0] if isinstance(event, NewTicket)]
    again = Wire(*links(PATIENT, ticket, book), WORST, seed)
    again.run(lambda: again.ends[0].peer_id and again.ends[1].peer_id, 1_800_000)
    assert again.bytes < 4_000
    assert again.now < 150_000
    assert any(isinstance(event, Established) for event in again.events[1])


def test_a_quiet_link_lives_on_at_500_bits_per_second() -> None:
    wire = Wire(*links(PATIENT), WORST, 9)
    wire.run(lambda: wire.now > 6 * 3_600_000, 7 * 3_600_000)

    assert not wire.ends[0].closed
    assert not wire.ends[1].closed


def test_a_prompt_link_gives_up_there() -> None:
    """Nothing is left out to be faster: patience is all that a scarce transport adds."""
    wire = Wire(*links(PROMPT), WORST, 1)
    wire.run(lambda: wire.ends[0].closed and wire.ends[1].closed, 60_000)

    assert {end.closed for end in wire.ends} == {"link: handshake took too long"}


@pytest.mark.parametrize("pace", [PROMPT, PATIENT])
def test_both_paces_say_the_same(pace) -> None:
    wire = Wire(*links(pace), Conditions(delay_ms=10), 1)
    wire.run(lambda: wire.ends[0].peer_id and wire.ends[1].peer_id, 5_000)

    assert wire.bytes == 17_774


# --- Around a transport ---------------------------------------------------------------------


def impaired(**conditions) -> Impaired:
    return Impaired(Tcp(), Conditions(**conditions), chance(1), now_ms, pace=PROMPT)


def test_a_link_over_a_bad_way(in_net) -> None:
    async def test(net) -> None:
        way = {"delay_ms": 5, "jitter_ms": 5, "loss": 0.2, "bits_per_second": 40_000_000}
        _, address = await net.serving(0)
        connection = await net.node(1, [impaired(**way)]).dial(address)
        messages = [random.Random(size).randbytes(size) for size in (0, 1, 5_000, 300_000)]
        for message in messages:
            await connection.send(message)
        assert [await anext(connection) for _ in messages] == messages
        await connection.close()
        assert net.refusals == [Counter(), Counter()]

    in_net(test)


def test_a_server_behind_a_bad_way_and_the_end_of_a_link(in_net) -> None:
    async def test(net) -> None:
        heard = asyncio.Queue()

        async def listen(connection) -> None:
            async for message in connection:
                heard.put_nowait(message)
            heard.put_nowait(connection.closed)

        server = net.node(0, [impaired(delay_ms=20)])
        address = await server.serve(net.loopback, listen)
        connection = await net.node(1).dial(address)
        await connection.send(b"the last word")
        await connection.close()

        assert await heard.get() == b"the last word"
        assert await heard.get() == "link: closed by peer"

    in_net(test)


def test_a_way_that_is_cut_ends_the_link(in_net) -> None:
    async def test(net) -> None:
        _, address = await net.serving(0)
        connection = await net.node(1, [impaired(cut=0.002, piece=100)]).dial(address)
        with contextlib.suppress(ConnectionError, StopAsyncIteration):
            while True:
                await connection.send(bytes(10_000))
                await anext(connection)

        assert connection.closed == "link: cut off"

    in_net(test)
