"""Pipes over QUIC: one stream of one connection, and keys of X25519MLKEM768 or none.

QUIC's own TLS hides from the path what a link's sizes would tell, and QUIC follows a caller whose
address changes. It proves nobody: the certificate is made anew at each start and not looked at.
There is no early data and nothing is resumed: the link above does both, and knows with whom.
"""

import asyncio
import logging
import os
import ssl
from collections import deque
from collections.abc import Callable
from typing import Any

from qh3._hazmat import pull_quic_header
from qh3.asyncio.protocol import QuicConnectionProtocol
from qh3.quic import events
from qh3.quic.configuration import QuicConfiguration
from qh3.quic.connection import QuicConnection, QuicConnectionError
from qh3.quic.packet import (
    QuicErrorCode,
    QuicPacketType,
    QuicProtocolVersion,
    encode_quic_retry,
)
from qh3.quic.tls_bridge import QuicTlsBridge, QuicTlsBridgeError
from qh3.tls import Group

from .. import crypto
from ..codec import Refused
from ..identity import QUIC, Multiaddr
from ..link import PROMPT
from .pipes import READ_SIZE, Address, Cost, Pipe
from .tcp import CONNECT_SECONDS, family, source_of_host
from .tokens import Tokens

ALPN = "pars-link/1"
NAME = "link.invalid"  # TLS wants one; it says nothing of who is called.
IDLE_SECONDS = 120.0  # more than a link is silent
CONNECTIONS_MAX = 256
ID_SIZE = 8
INITIAL_MIN = 1_200  # RFC 9000, 14.1: who asks sends no less than it may be sent
STREAM = 0
WINDOW = 1 << 20
INBOX_MAX = 1 << 18
SEND_LOW = 1 << 16


logging.getLogger("quic").disabled = True  # Strangers do not write into our log.


class OnlyHybrid(QuicConnection):
    """A connection that takes no keys but X25519MLKEM768, and waits while nobody reads.

    The library has options for neither; the version of it that is locked has these three places.
    """

    wanted = True

    def _create_tls(self, remote_source_cid: bytes | None) -> QuicTlsBridge:
        bridge = super()._create_tls(remote_source_cid)
        bridge.tls._supported_groups = [Group.X25519ML768]
        return bridge

    def _drain_tls(self) -> None:
        tls = self._tls.tls if self._tls is not None else None
        if tls is not None and not self._is_client and tls._x25519_kyber_768_private_key is None:
            # The library answers whatever group a caller begins with. Nothing has left yet.
            if tls.client_random is not None:
                raise QuicTlsBridgeError(
                    QuicErrorCode.CRYPTO_ERROR + 40, "no post-quantum key share"
                )
            return
        super()._drain_tls()

    def _drain_core(self) -> None:
        # What is not drained is not acknowledged to have been read: the peer's window stays shut.
        if self.wanted:
            super()._drain_core()

    @property
    def is_ending(self) -> bool:
        """Whether either side has closed; the library tells it only when all echoes are gone."""
        return self._close_event is not None

    def resume(self) -> None:
        """Go on after a pause."""
        self.wanted = True
        self._drain_core()


class Line(QuicConnectionProtocol):
    """A connection of QUIC as a pipe."""

    def __init__(self, quic: OnlyHybrid, answer: Callable[["Line"], None] | None = None) -> None:
        super().__init__(quic)
        self.source = b""
        self.when_over: Callable[[], None] = lambda: None
        self._pausing, self._answer = quic, answer
        self._inbox: deque[bytes] = deque()
        self._inbox_size = 0
        self._arrived, self._room = asyncio.Event(), asyncio.Event()
        self._room.set()
        self._ready = asyncio.Event()
        self._over = self._closing = self._heard_end = False
        self._late = self._loop.call_later(CONNECT_SECONDS, self.abort)

    # --- A pipe ---

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if data and not self._closing:
            self._send(data)

    @property
    def unsent(self) -> int:
        """How many bytes the peer's window and the path have not let go."""
        return 0 if self._over else self._quic.get_send_buffer_size(STREAM)

    async def drain(self) -> None:
        """Wait until little is left to send."""
        while self.unsent > SEND_LOW:
            self._room.clear()
            await self._room.wait()
        if self._over:
            raise ConnectionResetError("quic: connection is over")

    async def read(self) -> bytes:
        """Return what has come."""
        while not self._inbox:
            if self._over or (self._heard_end and not self._closing):
                return b""
            self._arrived.clear()
            await self._arrived.wait()
        data = self._inbox.popleft()
        if len(data) > READ_SIZE:
            self._inbox.appendleft(data[READ_SIZE:])
            data = data[:READ_SIZE]
        self._inbox_size -= len(data)
        if self._inbox_size < INBOX_MAX and not self._pausing.wanted:
            self._read_on()
        return data

    def close(self) -> None:
        """Send what is left, then end."""
        if not self._over and not self._closing:
            self._send(b"", end=True)
            self._closing = True
            self._read_on()
            self._end_if_done()

    def abort(self) -> None:
        """End at once."""
        if not self._over:
            self._over = True
            self._quic.close()
            self.transmit()
            self._finish()

    # --- A protocol ---

    def known_as(self, lines: dict[bytes, "Line"], *first: bytes) -> None:
        """Keep a table of connections up to date with the ids of this one, until it is over."""
        names = set(first)

        def issued(name: bytes) -> None:
            names.add(name)
            lines[name] = self

        def retired(name: bytes) -> None:
            names.discard(name)
            lines.pop(name, None)

        def over() -> None:
            for name in list(names):
                retired(name)

        for name in first:
            issued(name)
        self._connection_id_issued_handler = issued
        self._connection_id_retired_handler = retired
        self._connection_terminated_handler = over

    async def connected(self) -> None:
        """Wait until keys are agreed on."""
        await self._ready.wait()
        if self._over:
            raise ConnectionError("quic: no connection")
        self._late.cancel()

    def datagram_received(self, data: bytes | str, addr: Any) -> None:
        """Take a datagram; the first tells where the caller is."""
        self.source = self.source or source_of_host(addr[0])
        try:
            super().datagram_received(data, addr)
        except (QuicConnectionError, ValueError, AssertionError):
            self.abort()  # The library met what it does not expect.
        if self._pausing.is_ending:
            self._finish()

    def error_received(self, _: Exception) -> None:
        """Take note that nobody is there."""
        if not self._ready.is_set():
            self._finish()

    def connection_lost(self, _: Exception | None) -> None:
        """Take note that the socket is closed."""
        self._finish()

    def transmit(self) -> None:
        """Send what the path takes."""
        if self._transport is None or self._transport.is_closing():
            return
        super().transmit()
        if self.unsent <= SEND_LOW:
            self._room.set()
        self._end_if_done()

    def quic_event_received(self, event: events.QuicEvent) -> None:
        """Take what happened on the connection."""
        if isinstance(event, events.HandshakeCompleted):
            self._ready.set()
        elif isinstance(event, events.StreamDataReceived):
            self._take(event)
        elif isinstance(event, events.ConnectionTerminated):
            self._finish()
        elif isinstance(event, events.StreamReset | events.StopSendingReceived):
            self.abort()

    def _send(self, data: bytes, *, end: bool = False) -> None:
        if self._over:
            return
        try:
            self._quic.send_stream_data(STREAM, data, end)
        except QuicConnectionError:  # The peer has closed, and it was not read yet.
            self._finish()
        self.transmit()

    def _read_on(self) -> None:
        self._pausing.resume()
        self._process_events()
        self.transmit()

    def _take(self, event: events.StreamDataReceived) -> None:
        if event.stream_id != STREAM:
            self.abort()
            return
        if event.data and not self._closing:
            self._inbox.append(event.data)
            self._inbox_size += len(event.data)
            self._pausing.wanted = self._inbox_size < INBOX_MAX
        self._heard_end = self._heard_end or event.end_stream
        self._arrived.set()
        if self._answer is not None:
            answer, self._answer = self._answer, None
            self._late.cancel()
            answer(self)
        self._end_if_done()

    def _end_if_done(self) -> None:
        """End the connection once both sides have said all."""
        if self._closing and self._heard_end and not self._over and not self.unsent:
            self.abort()

    def _finish(self) -> None:
        self._over = self._pausing.wanted = True
        when_over, self.when_over = self.when_over, lambda: None
        when_over()
        self._late.cancel()
        self._ready.set()
        self._arrived.set()
        self._room.set()
        if self._quic.configuration.is_client and self._transport is not None:
            self._transport.close()


class Port(asyncio.DatagramProtocol):
    """The connections of one port, up to a number; who is told apart by ids, not by addresses."""

    def __init__(self, configuration: QuicConfiguration, answer: Callable[[Line], None]) -> None:
        self._configuration, self._answer = configuration, answer
        self._tokens = Tokens(asyncio.get_running_loop().time)
        self._transport: asyncio.DatagramTransport | None = None
        self._lines: dict[bytes, Line] = {}
        self._count = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take note of the socket."""
        self._transport = transport  # type: ignore[assignment]

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Hand a datagram to its connection, or begin one."""
        try:
            header = pull_quic_header(data, 0, ID_SIZE)
        except ValueError:
            return
        version, kind, called = header[0], header[1], header[3]
        line = self._lines.get(called)
        if line is None:
            first = version == QuicProtocolVersion.VERSION_1 and kind == QuicPacketType.INITIAL
            if first and len(data) >= INITIAL_MIN:
                line = self._begun(called, header[4], header[5], addr)
        if line is not None:
            line.datagram_received(data, addr)

    def close(self) -> None:
        """Answer no more, and end what there is."""
        for line in list(self._lines.values()):
            line.abort()
        if self._transport is not None:
            self._transport.close()

    def _begun(self, called: bytes, caller: bytes, token: bytes, addr: Any) -> Line | None:
        """Return a new connection, or ask the caller to show that it receives at its address."""
        assert self._transport is not None
        if not token:
            retry = os.urandom(ID_SIZE)
            packet = encode_quic_retry(
                version=QuicProtocolVersion.VERSION_1,
                source_cid=retry,
                destination_cid=caller,
                original_destination_cid=called,
                retry_token=self._tokens.create(addr, called, retry),
            )
            self._transport.sendto(packet, addr)
            return None
        try:
            original, retry = self._tokens.check(addr, token)
        except Refused:
            return None
        if retry != called or self._count >= CONNECTIONS_MAX:
            return None
        quic = OnlyHybrid(
            configuration=self._configuration,
            original_destination_connection_id=original,
            retry_source_connection_id=retry,
        )
        line = Line(quic, self._answer)
        line.known_as(self._lines, called, quic.host_cid)
        line.connection_made(self._transport)
        self._count += 1
        line.when_over = self._ended
        return line

    def _ended(self) -> None:
        self._count -= 1


class QuicServer:
    """A port that is listened on."""

    def __init__(self, port: Port, address: Multiaddr) -> None:
        self._port, self.address = port, address

    async def close(self) -> None:
        """Answer no more."""
        self._port.close()


class Quic:
    """Dials and answers by QUIC."""

    protocol = QUIC
    cost = Cost.FREE
    mtu = 1_200
    pace = PROMPT
    per_source_max = 32

    def __init__(self) -> None:
        self._certificate = crypto.throwaway_certificate()

    async def serve(self, address: Address, answer: Callable[[Pipe], None]) -> QuicServer:
        """Answer at an address; port 0 takes a free one."""
        assert isinstance(address, Multiaddr)
        configuration = configured(is_client=False)
        configuration.load_cert_chain(*self._certificate)
        loop = asyncio.get_running_loop()
        transport, port = await loop.create_datagram_endpoint(
            lambda: Port(configuration, answer),
            local_addr=(address.host, address.port),
            family=family(address),
        )
        number = transport.get_extra_info("sockname")[1]
        return QuicServer(port, Multiaddr(address.kind, address.host, number, None, QUIC))

    async def dial(self, address: Address) -> Line:
        """Open a connection, and agree on keys."""
        assert isinstance(address, Multiaddr)
        loop = asyncio.get_running_loop()
        quic = OnlyHybrid(configuration=configured(is_client=True))
        async with asyncio.timeout(CONNECT_SECONDS):
            transport, line = await loop.create_datagram_endpoint(
                lambda: Line(quic),
                remote_addr=(address.host, address.port),
                family=family(address),
            )
            try:
                line.connect(transport.get_extra_info("peername"))
                await line.connected()
            except BaseException:
                line.abort()
                raise
        return line


def configured(*, is_client: bool) -> QuicConfiguration:
    """Return what both sides ask of a connection."""
    return QuicConfiguration(
        is_client=is_client,
        alpn_protocols=[ALPN],
        connection_id_length=ID_SIZE,
        idle_timeout=IDLE_SECONDS,
        max_data=WINDOW,
        max_stream_data=WINDOW,
        max_datagram_frame_size=0,
        server_name=NAME if is_client else None,
        verify_mode=ssl.CERT_NONE,
    )
