"""Links over QUIC: the same links, keys of one group, and a port that strangers cannot fill."""

import asyncio
import contextlib
import os
import random
import socket
import ssl
from dataclasses import replace

import pytest
from qh3 import tls
from qh3.quic.configuration import QuicConfiguration
from qh3.quic.connection import QuicConnection
from qh3.tls import Group

from node.codec import Refused
from node.identity import Multiaddr
from node.link import frames
from node.transports import links as driver
from node.transports import quic
from node.transports.impaired import Conditions, Datagrams
from node.transports.links import Connection, now_ms
from node.transports.quic import Quic
from node.transports.tokens import Tokens

HERE = Multiaddr.parse("/ip4/127.0.0.1/udp/0/quic-v1")
HYBRID, X25519, P256 = Group.X25519ML768, Group.X25519, Group.SECP256R1


async def served(net, accept=None, number: int = 0):
    links = net.node(number, [Quic()])
    return links, await links.serve(HERE, accept or net.echo)


def dialled(net, address, number: int = 1):
    return net.node(number, [Quic()]).dial(address)


class Between(asyncio.DatagramProtocol):
    """A relay of datagrams, which may lose them, or call from another port."""

    def __init__(self, there: tuple[str, int], conditions: Conditions, seed: int = 1) -> None:
        chance = random.Random(seed).randbytes
        self.there, self.caller, self.outside = there, None, None
        self.ways = (Datagrams(conditions, chance), Datagrams(conditions, chance))
        self.seen: list[bytes] = []
        self.loop = asyncio.get_running_loop()

    async def start(self) -> Multiaddr:
        self.inside, _ = await self.loop.create_datagram_endpoint(
            lambda: self, local_addr=("127.0.0.1", 0)
        )
        await self.move()
        return Multiaddr(
            "ip4", "127.0.0.1", self.inside.get_extra_info("sockname")[1], None, "quic"
        )

    async def move(self) -> None:
        """Call from another port from now on, as after a change of network."""
        relay = self

        class Outside(asyncio.DatagramProtocol):
            def datagram_received(self, data: bytes, addr) -> None:
                relay.pass_on(1, data, lambda datagram: relay.to_caller(datagram))

        old = self.outside
        self.outside, _ = await self.loop.create_datagram_endpoint(Outside, remote_addr=self.there)
        if old is not None:
            old.close()

    def datagram_received(self, data: bytes, addr) -> None:
        self.caller = addr
        self.seen.append(data)
        self.pass_on(0, data, lambda datagram: self.outside.sendto(datagram))

    def to_caller(self, datagram: bytes) -> None:
        self.seen.append(datagram)
        self.inside.sendto(datagram, self.caller)

    def pass_on(self, way: int, data: bytes, send) -> None:
        self.ways[way].put(data, now_ms())
        self.flush(way, send)

    def flush(self, way: int, send) -> None:
        for datagram in self.ways[way].take(now_ms()):
            send(datagram)
        if (at := self.ways[way].next_tick) is not None:
            self.loop.call_later(max(at - now_ms(), 1) / 1_000, self.flush, way, send)

    def close(self) -> None:
        self.inside.close()
        self.outside.close()


async def between(net, address: Multiaddr, **conditions) -> tuple[Between, Multiaddr]:
    relay = Between((address.host, address.port), Conditions(**conditions))
    place = await relay.start()
    net.closing(relay)
    return relay, replace(place, peer_id=address.peer_id)


# --- Links ----------------------------------------------------------------------------------


def test_messages_go_there_and_back(in_net) -> None:
    async def test(net) -> None:
        server, address = await served(net)
        assert str(address).startswith("/ip4/127.0.0.1/udp/")
        connection = await dialled(net, address)
        messages = [os.urandom(size) for size in (0, 1, 1_000, 300_000, frames.MESSAGE_MAX)]
        for message in messages:
            await connection.send(message)
        assert [await anext(connection) for _ in messages] == messages

        assert connection.peer_id == address.peer_id
        assert connection.protocol == "quic"
        [answered] = server.connections
        assert answered.source == socket.inet_aton("127.0.0.1")
        await connection.close()
        while server.connections:
            await asyncio.sleep(0.01)
        assert answered.closed == "link: closed by peer"
        assert net.refusals[0] == net.refusals[1] == {}

    in_net(test)


def test_the_last_word_is_heard(in_net) -> None:
    async def test(net) -> None:
        heard = asyncio.Queue()

        async def listen(connection: Connection) -> None:
            heard.put_nowait([message async for message in connection])

        _, address = await served(net, listen)
        connection = await dialled(net, address)
        for number in range(5):
            await connection.send(bytes([number]) * 100_000)
        await connection.close()

        assert [len(message) for message in await heard.get()] == [100_000] * 5

    in_net(test)


def test_one_node_answers_by_tcp_and_quic_and_tickets_are_good_for_both(in_net) -> None:
    async def test(net) -> None:
        links = net.node(0, [Quic(), net.tcp()])
        places = [await links.serve(place, net.echo) for place in (HERE, net.loopback)]
        client = net.node(1, [Quic(), net.tcp()])
        for place in (*places, *places):
            connection = await client.dial(place)
            await connection.send(b"by either")
            assert await anext(connection) == b"by either"
            await connection.close()

        assert [place.protocol for place in places] == ["quic", "tcp"]
        assert net.refusals[0] == net.refusals[1] == {}

    in_net(test)


def test_ipv6(in_net) -> None:
    if not os.path.exists("/proc/net/if_inet6"):
        pytest.skip("this machine has no IPv6")

    async def test(net) -> None:
        links = net.node(0, [Quic()])
        address = await links.serve(Multiaddr.parse("/ip6/::1/udp/0/quic-v1"), net.echo)
        connection = await dialled(net, address)
        await connection.send(b"six")
        assert await anext(connection) == b"six"

    in_net(test)


def test_nobody_answers(in_net) -> None:
    async def test(net) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        with pytest.raises(OSError, match="no connection"):
            await dialled(net, Multiaddr("ip4", "127.0.0.1", port, None, "quic"))

    in_net(test)


def test_datagrams_that_are_lost_and_late(in_net) -> None:
    async def test(net) -> None:
        _, address = await served(net)
        _, place = await between(net, address, delay_ms=2, jitter_ms=8, loss=0.05)
        connection = await dialled(net, place)
        message = random.Random(1).randbytes(100_000)
        await connection.send(message)
        assert await anext(connection) == message

    in_net(test)


def test_a_caller_whose_address_changes_is_followed(in_net) -> None:
    async def test(net) -> None:
        server, address = await served(net)
        relay, place = await between(net, address)
        connection = await dialled(net, place)
        for number in range(4):
            if number:
                await relay.move()
            await connection.send(bytes([number]) * 50_000)
            assert await anext(connection) == bytes([number]) * 50_000

        assert len(server.connections) == 1
        assert not connection.closed

    in_net(test)


def test_another_node_than_the_one_called_is_refused(in_net) -> None:
    async def test(net) -> None:
        _, address = await served(net)
        wrong = replace(address, peer_id=net.node(2)._node.peer_id)
        with pytest.raises(ConnectionError, match="cut off"):
            await dialled(net, wrong)

        assert net.refusals[0] == {"link: hello for nobody here": 1}

    in_net(test)


def test_who_is_not_heard_is_read_no_further(in_net) -> None:
    async def test(net) -> None:
        go = asyncio.Event()
        counted = asyncio.Queue()

        async def slow(connection: Connection) -> None:
            await go.wait()
            counted.put_nowait((connection._pipe._inbox_size, connection._inbox_size))
            counted.put_nowait(sum([len(message) async for message in connection]))

        _, address = await served(net, slow)
        connection = await dialled(net, address)

        async def send_all() -> None:
            for _ in range(400):
                await connection.send(bytes(60_000))
            await connection.close()

        sending = asyncio.create_task(send_all())
        await asyncio.sleep(0.3)
        assert not sending.done()
        go.set()
        await sending
        pipe_size, inbox_size = await counted.get()
        assert 0 < pipe_size <= quic.INBOX_MAX + quic.WINDOW
        assert 0 < inbox_size <= driver.INBOX_MAX + 2 * frames.FRAME_MAX
        assert await counted.get() == 400 * 60_000

    in_net(test)


def test_a_peer_that_does_not_read_is_dropped(in_net, monkeypatch) -> None:
    monkeypatch.setattr(driver, "STALL_HANDSHAKES", 0.02)

    async def test(net) -> None:
        async def deaf(connection: Connection) -> None:
            await asyncio.sleep(60)

        _, address = await served(net, deaf)
        connection = await dialled(net, address)
        with contextlib.suppress(ConnectionError):
            while True:
                await connection.send(bytes(frames.MESSAGE_MAX))

        assert connection.closed == "links: peer does not read"
        assert net.refusals[1] == {"links: peer does not read": 1}

    in_net(test)


# --- One group ------------------------------------------------------------------------------


class Stranger(QuicConnection):
    """A caller that offers what it likes, and keeps to the rest of the protocol."""

    groups = (HYBRID,)

    def _create_tls(self, remote_source_cid):
        bridge = super()._create_tls(remote_source_cid)
        bridge.tls._supported_groups = list(self.groups)
        bridge.tls._offer_ec_key_shares = True
        return bridge


class Call:
    """A stranger's connection and its socket, driven by hand."""

    def __init__(self, net, address: Multiaddr, groups=(HYBRID,), alpn: str = quic.ALPN) -> None:
        configuration = QuicConfiguration(
            is_client=True, alpn_protocols=[alpn], verify_mode=ssl.CERT_NONE, server_name="x"
        )
        self.quic = Stranger(configuration=configuration)
        self.quic.groups = groups
        self.place = (address.host, address.port)
        self.events, self.heard = [], []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        net.closing(self.socket)
        self.quic.connect(self.place, now=0.0)

    async def run(self, done, seconds: float = 5.0) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not done(self):
                    for data, _ in self.quic.datagrams_to_send(now=loop.time()):
                        self.socket.sendto(data, self.place)
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(0.05):
                            data = await loop.sock_recv(self.socket, 65_536)
                            self.heard.append(data)
                            self.quic.receive_datagram(data, self.place, now=loop.time())
                    while event := self.quic.next_event():
                        self.events.append(event)

    def over(self) -> bool:
        return self.quic._close_event is not None


@pytest.mark.parametrize("groups", [[X25519], [P256], [X25519, P256], [X25519, HYBRID]])
def test_a_caller_without_the_hybrid_group_first_is_refused(in_net, groups) -> None:
    """Not a byte of TLS is said to it, and none of ours: only that the connection is over."""

    async def test(net) -> None:
        server, address = await served(net)
        call = Call(net, address, groups)
        await call.run(Call.over)

        assert call.quic._close_event.error_code == 0x128  # TLS alert 40, handshake failure
        assert not call.quic._handshake_complete
        assert all(len(datagram) < 200 for datagram in call.heard)  # A retry and the refusal.
        assert not server.connections
        connection = await dialled(net, address)
        await connection.send(b"and the node goes on")
        assert await anext(connection) == b"and the node goes on"

    in_net(test)


def test_the_same_caller_with_the_hybrid_group_is_answered(in_net) -> None:
    async def test(net) -> None:
        _, address = await served(net)
        call = Call(net, address)
        await call.run(lambda call: call.quic._handshake_complete)

        assert call.quic._handshake_complete

    in_net(test)


def test_our_own_calls_offer_one_group(monkeypatch) -> None:
    seen = []
    plain = tls.push_client_hello
    monkeypatch.setattr(
        tls, "push_client_hello", lambda buf, hello: seen.append(hello) or plain(buf, hello)
    )
    caller = quic.OnlyHybrid(configuration=quic.configured(is_client=True))
    caller.connect(("127.0.0.1", 9), now=0.0)
    [hello] = seen

    assert hello.supported_groups == [HYBRID] == [0x11EC]
    assert [share[0] for share in hello.key_share] == [HYBRID]
    assert len(hello.key_share[0][1]) == 1_184 + 32
    assert hello.pre_shared_key is None
    assert not hello.early_data
    assert hello.server_name == "link.invalid"


def test_a_server_that_answers_by_another_group_is_left(in_net, monkeypatch) -> None:
    """It never gets a byte of a link."""
    plain = tls.push_server_hello

    def classical(buf, hello) -> None:
        hello.key_share = (X25519, os.urandom(32))
        plain(buf, hello)

    monkeypatch.setattr(tls, "push_server_hello", classical)

    async def test(net) -> None:
        server, address = await served(net)
        with pytest.raises(ConnectionError, match="no connection"):
            await dialled(net, address)
        assert not server.connections
        assert net.refusals[0] == {}

    in_net(test)


def test_another_protocol_is_refused(in_net) -> None:
    async def test(net) -> None:
        _, address = await served(net)
        call = Call(net, address, alpn="h3")
        await call.run(Call.over)

        assert call.over()
        assert not call.quic._handshake_complete

    in_net(test)


def test_nothing_of_a_link_is_seen_on_the_way(in_net) -> None:
    async def test(net) -> None:
        _, address = await served(net)
        relay, place = await between(net, address)
        connection = await dialled(net, place)
        await connection.send(b"a secret that nobody reads")
        await anext(connection)
        said = b"".join(relay.seen)

        assert b"secret" not in said
        assert address.peer_id not in said
        assert connection._link is not None

    in_net(test)


# --- Strangers ------------------------------------------------------------------------------


def port_of(server) -> quic.Port:
    return server._servers[0]._port


@pytest.mark.parametrize("size", [0, 1, 20, 1_199, 1_200, 1_500])
def test_noise_is_not_answered(in_net, size: int) -> None:
    async def test(net) -> None:
        server, address = await served(net)
        chance = random.Random(size)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            stranger.setblocking(False)
            for _ in range(100):
                data = chance.randbytes(size)
                stranger.sendto(data, (address.host, address.port))
            connection = await dialled(net, address)
            assert not connection.closed
            with pytest.raises(BlockingIOError):
                stranger.recv(2_000)
        assert port_of(server)._count == 1

    in_net(test)


def test_who_cannot_receive_takes_no_room(in_net) -> None:
    """A first packet is answered by a retry, shorter than it, and then forgotten."""

    async def test(net) -> None:
        server, address = await served(net)
        for _ in range(50):
            call = Call(net, address)
            [first, *_] = [data for data, _ in call.quic.datagrams_to_send(now=0.0)]
            port_of(server).datagram_received(first, ("192.0.2.1", 1))

        assert port_of(server)._count == 0
        assert port_of(server)._lines == {}

    in_net(test)


def test_a_token_is_of_one_address_and_one_moment() -> None:
    now = [1_000.0]
    tokens = Tokens(lambda: now[0])
    token = tokens.create(("1.2.3.4", 5), b"original", b"retry")
    assert tokens.check(("1.2.3.4", 5), token) == (b"original", b"retry")
    now[0] += 10
    assert tokens.check(("1.2.3.4", 5), token) == (b"original", b"retry")

    for place in (("1.2.3.4", 6), ("1.2.3.5", 5)):
        with pytest.raises(Refused, match="not a token"):
            tokens.check(place, token)
    for length in range(len(token)):
        with pytest.raises(Refused, match="not a token"):
            tokens.check(("1.2.3.4", 5), token[:length])
    for place in range(len(token)):
        changed = bytearray(token)
        changed[place] ^= 1
        with pytest.raises(Refused, match="not a token"):
            tokens.check(("1.2.3.4", 5), bytes(changed))
    with pytest.raises(Refused, match="not a token"):
        Tokens(lambda: now[0]).check(("1.2.3.4", 5), token)
    now[0] += 1
    with pytest.raises(Refused, match="too old"):
        tokens.check(("1.2.3.4", 5), token)


def test_there_are_so_many_connections(in_net, monkeypatch) -> None:
    monkeypatch.setattr(quic, "CONNECTIONS_MAX", 2)
    monkeypatch.setattr(quic, "CONNECT_SECONDS", 1.0)

    async def test(net) -> None:
        server, address = await served(net)
        client = net.node(1, [Quic()])
        kept = [await client.dial(address) for _ in range(2)]
        with pytest.raises(OSError):
            await client.dial(address)
        await kept[0].close()
        while port_of(server)._count == 2:
            await asyncio.sleep(0.01)
        await client.dial(address)

    in_net(test)


def test_who_opens_no_stream_is_cut_off(in_net, monkeypatch) -> None:
    monkeypatch.setattr(quic, "CONNECT_SECONDS", 0.3)

    async def test(net) -> None:
        server, address = await served(net)
        call = Call(net, address)
        await call.run(lambda call: call.quic._handshake_complete)
        assert port_of(server)._count == 1
        await call.run(Call.over)

        assert call.over()
        assert port_of(server)._count == 0

    in_net(test)


@pytest.mark.parametrize("stream", [2, 4, 400])
def test_who_opens_another_stream_is_cut_off(in_net, stream: int) -> None:
    async def test(net) -> None:
        _, address = await served(net)
        call = Call(net, address)
        await call.run(lambda call: call.quic._handshake_complete)
        with contextlib.suppress(Exception):
            call.quic.send_stream_data(stream, b"hello?")
        if stream == 400:  # More than there may be: the library itself does not send it.
            call.quic.send_stream_data(4, b"hello?")
        await call.run(Call.over)

        assert call.over()

    in_net(test)


def test_closing_the_port_ends_its_connections(in_net) -> None:
    async def test(net) -> None:
        server, address = await served(net)
        connection = await dialled(net, address)
        await server.close()
        assert [message async for message in connection] == []
        assert connection.closed in ("link: closed by peer", "link: cut off")

    in_net(test)


def test_the_certificate_names_nobody() -> None:
    first, second = Quic()._certificate, Quic()._certificate

    assert first != second
    assert b"CERTIFICATE" in first[0]
