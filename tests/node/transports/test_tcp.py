"""Links over real sockets: what goes through, and what is turned away and counted."""

import asyncio
import contextlib
import os
import random
import socket

import pytest

from node.identity import Multiaddr
from node.link import Cover, Pace, frames
from node.transports import links as driver
from node.transports.links import Connection, backoff_seconds
from node.transports.tcp import Tcp, source_of


def test_messages_go_there_and_back(in_net) -> None:
    async def test(net) -> None:
        server, address = await net.serving(0)
        client = net.node(1)
        connection = await client.dial(address)
        sizes = (0, 1, 1_000, 20_000, 300_000, frames.MESSAGE_MAX)
        for size in sizes:
            await connection.send(bytes(size))
        for size in sizes:
            assert await anext(connection) == bytes(size)

        assert connection.peer_id == address.peer_id
        assert not connection.inbound
        [answered] = server.connections
        assert answered.inbound
        await connection.close()
        assert not client.connections
        assert net.refusals[0] == net.refusals[1] == {}

    in_net(test)


def test_the_end_of_a_link_ends_the_loop_on_both_sides(in_net) -> None:
    async def test(net) -> None:
        ended = asyncio.Event()

        async def listen(connection: Connection) -> None:
            assert [message async for message in connection] == [b"one", b"two"]
            ended.set()

        _, address = await net.serving(0, listen)
        connection = await net.node(1).dial(address)
        await connection.send(b"one")
        await connection.send(b"two")
        await connection.close()
        await ended.wait()

        assert connection.closed == "link: closed here"
        assert [message async for message in connection] == []
        with pytest.raises(ConnectionError, match="closed here"):
            await connection.send(b"three")
        await connection.close()  # Twice is once.

    in_net(test)


def test_a_return_of_the_server_closes_the_link(in_net) -> None:
    async def test(net) -> None:
        async def greet(connection: Connection) -> None:
            await connection.send(b"hello and goodbye")

        _, address = await net.serving(0, greet)
        connection = await net.node(1).dial(address)

        assert [message async for message in connection] == [b"hello and goodbye"]
        assert connection.closed == "link: closed by peer"

    in_net(test)


def test_the_second_link_uses_the_ticket_of_the_first(in_net, monkeypatch) -> None:
    async def test(net) -> None:
        server, address = await net.serving(0)
        client = net.node(1)
        used = []
        plain = driver.initiate
        monkeypatch.setattr(
            driver, "initiate", lambda *given: used.append(given[4]) or plain(*given)
        )
        for _ in range(3):
            connection = await client.dial(address)
            await connection.send(b"still there?")
            assert await anext(connection) == b"still there?"
            await connection.close()

        assert [ticket is not None for ticket in used] == [False, True, True]
        assert used[1].psk != used[2].psk

        server._book = driver.TicketBook()  # As after a restart of the server.
        connection = await client.dial(address)
        assert [ticket is not None for ticket in used[3:]] == [True, False]
        assert connection.peer_id == address.peer_id
        assert net.refusals[0] == {"link: unknown ticket": 1}

    in_net(test)


def test_another_node_than_the_one_called_is_refused(in_net) -> None:
    async def test(net) -> None:
        _, address = await net.serving(0)
        other = net.node(2)
        wrong = Multiaddr(address.kind, address.host, address.port, other._node.peer_id)
        with pytest.raises(ConnectionError, match="cut off"):
            await net.node(1).dial(wrong)
        await asyncio.sleep(0)

        assert net.refusals[0] == {"link: hello for nobody here": 1}

    in_net(test)


def test_who_is_called_without_a_name_is_told_apart_later(in_net) -> None:
    async def test(net) -> None:
        _, address = await net.serving(0)
        connection = await net.node(1).dial(Multiaddr(address.kind, address.host, address.port))

        assert connection.peer_id == address.peer_id

    in_net(test)


def test_nobody_answers(in_net, loopback) -> None:
    async def test(net) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
        with pytest.raises(OSError, match=r"refused|failed"):
            await net.node(1).dial(Multiaddr("ip4", "127.0.0.1", port))

    in_net(test)


def test_an_address_of_a_transport_that_is_not_there(in_net) -> None:
    async def test(net) -> None:
        links = net.node(1)
        quic = Multiaddr.parse("/ip4/127.0.0.1/udp/9000/quic-v1")
        with pytest.raises(ConnectionError, match="no transport for quic"):
            await links.dial(quic)
        with pytest.raises(ConnectionError, match="no transport for quic"):
            await links.serve(quic, echo_once)

    in_net(test)


# --- What is turned away --------------------------------------------------------------------


def raw(address: Multiaddr) -> socket.socket:
    return socket.create_connection((address.host, address.port), timeout=10)


async def spoken_to(address: Multiaddr, data: bytes) -> bytes:
    """Return all that a node says to somebody who says this."""
    reader, writer = await asyncio.open_connection(address.host, address.port)
    heard = b""
    with contextlib.suppress(OSError):
        writer.write(data)
        heard = await reader.read()
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return heard


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" + bytes(2_000),
        bytes.fromhex("16030100f8010000f40303") + bytes(3_000),
        b"\x13/multistream/1.0.0\n" + bytes(2_000),
        b"SSH-2.0-OpenSSH_9.9\r\n" * 100,
        bytes(1_704),
        b"\xff" * 1_704,
        random.Random(1).randbytes(1_704),
        random.Random(2).randbytes(60_000),
    ],
    ids=["http", "tls", "libp2p", "ssh", "zeros", "ones", "random", "much"],
)
def test_a_stranger_hears_nothing(in_net, data: bytes) -> None:
    async def test(net) -> None:
        server, address = await net.serving(0)

        assert await spoken_to(address, data) == b""
        assert not server.connections
        assert sum(net.refusals[0].values()) == 1
        connection = await net.node(1).dial(address)
        await connection.send(b"and the node goes on")
        assert await anext(connection) == b"and the node goes on"

    in_net(test)


def test_callers_who_say_nothing_are_cut_off(in_net, monkeypatch) -> None:
    monkeypatch.setattr(Tcp, "pace", Pace(150, 25_000, 90_000))

    async def test(net) -> None:
        _, address = await net.serving(0)

        assert await spoken_to(address, bytes(100)) == b""
        assert net.refusals[0] == {"link: handshake took too long": 1}

    in_net(test)


def test_a_server_that_says_nothing_is_left(in_net, monkeypatch) -> None:
    monkeypatch.setattr(Tcp, "pace", Pace(150, 25_000, 90_000))

    async def test(net) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            with pytest.raises(ConnectionError, match="took too long"):
                await net.node(1).dial(Multiaddr("ip4", "127.0.0.1", port))

    in_net(test)


def test_one_source_has_so_many_connections(in_net, monkeypatch) -> None:
    monkeypatch.setattr(Tcp, "per_source_max", 2)

    async def test(net) -> None:
        server, address = await net.serving(0)
        client = net.node(1)
        kept = [await client.dial(address) for _ in range(2)]
        with pytest.raises(OSError, match=r"cut off|reset"):
            await client.dial(address)

        # Once with the ticket of the others, and once without.
        assert net.refusals[0] == {"links: too many connections from one source": 2}
        await kept[0].close()
        while server._sources.total() == 2:
            await asyncio.sleep(0.01)
        await client.dial(address)

    in_net(test)


@pytest.mark.parametrize("limit", ["CALLERS_MAX", "LINKS_MAX"])
def test_there_are_so_many_connections_in_all(in_net, monkeypatch, limit: str) -> None:
    monkeypatch.setattr(driver, limit, 0)

    async def test(net) -> None:
        _, address = await net.serving(0)

        assert await spoken_to(address, bytes(10)) == b""
        assert net.refusals[0] == {"links: too many connections": 1}
        if limit == "LINKS_MAX":
            with pytest.raises(ConnectionError, match="too many links"):
                await net.node(1).dial(address)

    in_net(test)


def test_a_peer_that_does_not_read_is_dropped(in_net, monkeypatch) -> None:
    monkeypatch.setattr(driver, "STALL_HANDSHAKES", 0.02)

    async def test(net) -> None:
        async def deaf(connection: Connection) -> None:
            await asyncio.sleep(60)

        _, address = await net.serving(0, deaf)
        client = net.node(1)
        connection = await client.dial(address)

        async def flood() -> None:
            while True:
                await connection.send(bytes(frames.MESSAGE_MAX))
                assert connection._pipe.unsent <= driver.SEND_MAX

        with pytest.raises(ConnectionError, match="does not read"):
            await flood()

        assert net.refusals[1] == {"links: peer does not read": 1}
        assert not client.connections

    in_net(test)


def test_what_waits_to_be_sent_is_bounded(in_net) -> None:
    """A burst that is too large loses messages at once, and not the link."""

    async def test(net) -> None:
        go, heard = asyncio.Event(), []

        async def slow(connection: Connection) -> None:
            await go.wait()
            heard.extend([message[:1] async for message in connection])

        _, address = await net.serving(0, slow)
        connection = await net.node(1).dial(address)
        burst = [connection.send(bytes([number]) * 1_000_000) for number in range(40)]
        sending = asyncio.gather(*burst, return_exceptions=True)
        await asyncio.sleep(0.1)
        assert connection._waiting <= driver.WAITING_MAX
        assert not connection.closed
        go.set()
        results = await sending
        await connection.close()

        lost = [bytes([n]) for n, result in enumerate(results) if result is not None]
        assert {str(result) for result in results if result} == {"links: too much to send"}
        assert 20 < len(lost) < 40
        while len(heard) < 40 - len(lost):
            await asyncio.sleep(0.01)
        assert heard == [bytes([n]) for n in range(40) if bytes([n]) not in lost]

    in_net(test)


def test_who_is_not_heard_is_read_no_further(in_net) -> None:
    """The inbox stays bounded; what was sent is heard in the end."""

    async def test(net) -> None:
        go, sizes = asyncio.Event(), []

        async def slow(connection: Connection) -> None:
            await go.wait()
            sizes.append(connection._inbox_size)
            count = 0
            async for _ in connection:
                count += 1
            sizes.append(count)
            go.clear()

        _, address = await net.serving(0, slow)
        connection = await net.node(1).dial(address)

        async def send_all() -> None:
            for _ in range(400):
                await connection.send(bytes(60_000))
            await connection.close()

        sending = asyncio.create_task(send_all())
        await asyncio.sleep(0.3)
        assert not sending.done()
        go.set()
        await sending
        while go.is_set():
            await asyncio.sleep(0.01)

        assert sizes[1] == 400
        assert 0 < sizes[0] <= driver.INBOX_MAX + 2 * frames.FRAME_MAX

    in_net(test)


def test_what_is_spoilt_on_the_way_closes_the_link(in_net) -> None:
    """A relay between the two flips one bit of a frame."""

    async def test(net) -> None:
        _, address = await net.serving(0)

        async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there_reader, there = await asyncio.open_connection(address.host, address.port)

            async def copy(source, sink, spoil_from: int) -> None:
                seen = 0
                with contextlib.suppress(OSError):
                    while data := await source.read(65_536):
                        seen += len(data)
                        if seen > spoil_from:
                            data = data[:-1] + bytes([data[-1] ^ 1])
                        sink.write(data)
                sink.close()

            await asyncio.gather(copy(reader, there, 9_000), copy(there_reader, writer, 10**9))

        between = await asyncio.start_server(relay, "127.0.0.1", 0)
        port = between.sockets[0].getsockname()[1]
        connection = await net.node(1).dial(Multiaddr("ip4", "127.0.0.1", port, address.peer_id))
        await connection.send(b"a message")

        assert [message async for message in connection] == []
        assert net.refusals[0] == {"link: frame not authentic": 1}
        between.close()

    in_net(test)


def test_cover_frames_are_sent_and_not_heard(in_net) -> None:
    async def test(net) -> None:
        heard = []

        async def listen(connection: Connection) -> None:
            heard.extend([message async for message in connection])

        server, address = await net.serving(0, listen)
        client = net.node(1, cover=Cover(mean_ms=5, message_size=1_000))
        connection = await client.dial(address)
        await asyncio.sleep(0.3)
        [answered] = server.connections

        assert answered._link._receive.frames > 3
        await connection.close()
        assert heard == []

    in_net(test)


def test_many_at_once(in_net) -> None:
    async def test(net) -> None:
        _, address = await net.serving(0)
        client = net.node(1)
        connections = await asyncio.gather(*(client.dial(address) for _ in range(20)))
        for number, connection in enumerate(connections):
            await connection.send(bytes([number]))
        for number, connection in enumerate(connections):
            assert await anext(connection) == bytes([number])

    in_net(test)


def test_ipv6_and_names(in_net) -> None:
    async def test(net) -> None:
        _, address = await net.serving(0)
        named = Multiaddr("dns4", "localhost", address.port, address.peer_id)
        await net.node(1).dial(named)
        if socket.has_ipv6 and os.path.exists("/proc/net/if_inet6"):
            tcp = net.node(2)
            there = await tcp.serve(Multiaddr.parse("/ip6/::1/tcp/0"), lambda c: anext(c))
            await net.node(1).dial(there)

    in_net(test)


# --- Sources and redialling -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1.2.3.4", "1.2.3.4", True),
        ("1.2.3.4", "1.2.3.5", False),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("fe80::1%eth0", "fe80::2%eth1", True),
    ],
)
def test_what_counts_as_one_source(one: str, other: str, same: bool) -> None:
    class Writer:
        def __init__(self, host: str) -> None:
            self.host = host

        def get_extra_info(self, name: str) -> tuple[str, int]:
            return self.host, 1

    assert (source_of(Writer(one)) == source_of(Writer(other))) is same


def test_callers_who_hung_up_at_once_are_one_source() -> None:
    class Writer:
        def get_extra_info(self, name: str) -> None:
            return None

    assert source_of(Writer()) == b""


def test_callers_who_came_in_together_find_no_room(in_net, monkeypatch) -> None:
    """All of them began their handshakes while there was room for each."""
    monkeypatch.setattr(driver, "LINKS_MAX", 3)

    async def test(net) -> None:
        _, address = await net.serving(0)
        dials = [net.node(1).dial(address) for _ in range(8)]
        dialled = await asyncio.gather(*dials, return_exceptions=True)
        served = 0
        for connection in dialled:
            if isinstance(connection, OSError):
                continue
            with contextlib.suppress(ConnectionError, StopAsyncIteration):
                await connection.send(b"is there room?")
                served += await anext(connection) == b"is there room?"

        assert 1 <= served <= 3
        assert net.refusals[0]["links: too many connections"] == 8 - served

    in_net(test)


def test_pauses_grow_and_differ() -> None:
    shortest = [backoff_seconds(attempt, lambda n: b"\xff" * n) for attempt in range(12)]
    longest = [backoff_seconds(attempt, bytes) for attempt in range(12)]

    assert longest == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert all(high / 2 < low < high / 1.9 for low, high in zip(shortest, longest, strict=True))
    assert backoff_seconds(10**9, bytes) == 300


def test_a_node_is_called_again(in_net, monkeypatch) -> None:
    monkeypatch.setattr(driver, "REDIAL_FIRST_SECONDS", 0.01)

    async def test(net) -> None:
        server, address = await net.serving(0)
        seen = 0
        async for connection in net.node(1).redial(address):
            seen += 1
            await connection.send(b"here again")
            assert await anext(connection) == b"here again"
            if seen == 1:
                await server.close()
                server = net.node(0)
                await asyncio.sleep(0.05)
                await server.serve(address, lambda link: echo_once(link))
            if seen == 3:
                break

        assert seen == 3

    in_net(test)


async def echo_once(connection: Connection) -> None:
    await connection.send(await anext(connection))


def test_a_failure_of_our_own_code_is_loud(in_net) -> None:
    async def test(net) -> None:
        loud: list[dict] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: loud.append(context))

        async def broken(connection: Connection) -> None:
            raise RuntimeError("a bug")

        _, address = await net.serving(0, broken)
        connection = await net.node(1).dial(address)
        assert [message async for message in connection] == []
        assert connection.closed == "link: closed by peer"
        while not loud:
            await asyncio.sleep(0.01)
        assert repr(loud[0]["exception"]) == "RuntimeError('a bug')"

    in_net(test)


def test_a_node_serves_no_bytes_but_links() -> None:
    """`Connection` is all that comes out, and cannot be made of a link that is not established."""
    with pytest.raises(AssertionError):
        Connection(
            driver.respond(
                *(None, driver.Gate(os.urandom), driver.TicketBook()),
                *(b"", 0, os.urandom),
            ),
            *(None, Tcp(), None),
            inbound=True,
        )


def test_cover_for_a_peer_that_does_not_read_stays_bounded(in_net, monkeypatch) -> None:
    monkeypatch.setattr(driver, "SEND_MAX", 100_000)

    async def test(net) -> None:
        async def deaf(connection: Connection) -> None:
            connection._room.clear()
            await asyncio.sleep(60)

        server, address = await net.serving(0, deaf)
        client = net.node(1, cover=Cover(mean_ms=1, message_size=1_000_000))
        connection = await client.dial(address)
        while not server.connections:
            await asyncio.sleep(0.01)
        assert [message async for message in connection] == []

        assert connection.closed == "links: peer does not read"
        assert net.refusals[1] == {"links: peer does not read": 1}

    in_net(test)


def test_a_node_has_as_many_links_as_its_profile_says(in_net) -> None:
    async def test(net) -> None:
        _, address = await net.serving(0)
        caller = net.node(1, links_out=1)
        await caller.dial(address)
        with pytest.raises(ConnectionError, match="too many links"):
            await caller.dial(address)

        _, full = await net.serving(2, links_in=0)
        assert await spoken_to(full, bytes(10)) == b""
        assert net.refusals[2] == {"links: too many connections": 1}

    in_net(test)
