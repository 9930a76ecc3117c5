"""Pipes over TCP."""

import asyncio
import socket
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

from ..identity import DNS4, IP4, IP6, TCP, Multiaddr
from ..link import PROMPT
from .pipes import READ_SIZE, Address, Cost, Pipe

CONNECT_SECONDS = 10.0
SEND_HIGH, SEND_LOW = 1 << 18, 1 << 16


class TcpPipe:
    """A connection of TCP."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.source = source_of(writer)
        self._reader, self._writer = reader, writer
        writer.transport.set_write_buffer_limits(SEND_HIGH, SEND_LOW)

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self._writer.write(data)

    @property
    def unsent(self) -> int:
        """How many bytes the system has not taken."""
        return self._writer.transport.get_write_buffer_size()

    async def drain(self) -> None:
        """Wait until the system has taken most of what is written."""
        await self._writer.drain()

    async def read(self) -> bytes:
        """Return what has come."""
        return await self._reader.read(READ_SIZE)

    def close(self) -> None:
        """Send what is left, then end."""
        self._writer.close()

    def abort(self) -> None:
        """End at once."""
        self._writer.transport.abort()


class TcpServer:
    """A port that is listened on."""

    def __init__(self, server: asyncio.Server, address: Multiaddr) -> None:
        self._server, self.address = server, address

    async def close(self) -> None:
        """Answer no more."""
        self._server.close()


class Tcp:
    """Dials and answers by TCP."""

    protocol = TCP
    cost = Cost.FREE
    mtu = READ_SIZE
    pace = PROMPT
    per_source_max = 32

    async def serve(self, address: Address, answer: Callable[[Pipe], None]) -> TcpServer:
        """Answer at an address; port 0 takes a free one."""
        assert isinstance(address, Multiaddr)
        server = await asyncio.start_server(
            lambda reader, writer: answer(TcpPipe(reader, writer)),
            *(address.host, address.port),
            family=family(address),
            limit=READ_SIZE,
        )
        port = server.sockets[0].getsockname()[1]
        return TcpServer(server, Multiaddr(address.kind, address.host, port))

    async def dial(self, address: Address) -> TcpPipe:
        """Open a connection."""
        assert isinstance(address, Multiaddr)
        async with asyncio.timeout(CONNECT_SECONDS):
            return TcpPipe(
                *await asyncio.open_connection(
                    address.host, address.port, family=family(address), limit=READ_SIZE
                )
            )


def family(address: Multiaddr) -> socket.AddressFamily:
    """Return the family of sockets for a kind of address."""
    return {IP4: socket.AF_INET, DNS4: socket.AF_INET, IP6: socket.AF_INET6}[address.kind]


def source_of(writer: asyncio.StreamWriter) -> bytes:
    """Return what counts as one caller by TCP."""
    peer = writer.get_extra_info("peername")
    return source_of_host(peer[0]) if peer else b""  # It hung up before it could be asked.


def source_of_host(host: str) -> bytes:
    """Return an IPv4 address, or the half of an IPv6 one that routes."""
    address = ip_address(host.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return address.packed[:8]
    return (getattr(address, "ipv4_mapped", None) or address).packed
