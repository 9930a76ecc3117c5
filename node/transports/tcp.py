"""Links over TCP: sockets, time and chance for `node.link`, within bounds.

`Tcp` answers and dials for one node. What comes out of it are connections, each of them a link that
is established: there is no way to a socket that is not one. A peer that does not read is dropped;
one that sends faster than it is heard is read no further.
"""

import asyncio
import os
import socket
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import IPv6Address, ip_address

from ..crypto import Random
from ..identity import DNS4, IP4, IP6, Multiaddr, NodeKey
from ..link import (
    Closed,
    Cover,
    Event,
    Gate,
    Link,
    NewTicket,
    Received,
    Ticket,
    TicketBook,
    initiate,
    respond,
)
from ..link.link import BY_PEER, HERE

CONNECT_SECONDS = 10.0
HANDSHAKE_SECONDS = 10.0  # The link counts them too; this holds against bytes that trickle in.
STALL_SECONDS = 60.0  # for 192 KiB: a peer slower than 3 KB/s is not waited for
LINGER_SECONDS = 2.0

READ_SIZE = 65_536
# At most 128 links in and 128 out hold 1 MB of a frame, 2 of an inbox and 2 to send: 1.3 GB, were
# all of them hostile at once. What waits to be sent comes from our own side. At rest: a few KB.
LINKS_MAX = 128
CALLERS_MAX = 128
PER_SOURCE_MAX = 32
INBOX_MAX = 1 << 20  # bytes; reading stops above
MESSAGE_COST = 256  # what a message in the inbox counts beside its bytes
SEND_HIGH, SEND_LOW = 1 << 18, 1 << 16
SEND_MAX = 1 << 21
WAITING_MAX = 1 << 22  # bytes of messages that wait for their turn
TICKETS_MAX = 1_024
FULL = "tcp: too many connections"

REDIAL_FIRST_SECONDS, REDIAL_LAST_SECONDS = 1.0, 300.0
STEADY_SECONDS = 60.0  # A link that lasted so long is redialled as if it were the first time.


def now_ms() -> int:
    """Return the time of a clock that is never set."""
    return time.monotonic_ns() // 1_000_000


def backoff_seconds(attempt: int, random: Random) -> float:
    """Return how long to wait: twice as long each time, up to five minutes, less up to a half."""
    longest = min(REDIAL_FIRST_SECONDS * (1 << min(attempt, 16)), REDIAL_LAST_SECONDS)
    return longest * (1 - int.from_bytes(random(4)) / (1 << 33))


class Connection:
    """A link over a socket: `await send(message)`, and `async for message in connection`."""

    def __init__(
        self,
        link: Link,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        forget: Callable[["Connection"], None],
        *,
        inbound: bool,
    ) -> None:
        assert link.peer_id is not None
        self.peer_id = link.peer_id
        self.inbound = inbound
        self.closed = ""
        self._link, self._reader, self._writer = link, reader, writer
        self._forget = forget
        self._inbox: deque[bytes] = deque()
        self._inbox_size = 0
        self._arrived, self._room = asyncio.Event(), asyncio.Event()
        self._room.set()
        self._turn, self._waiting = asyncio.Lock(), 0
        self._timer: asyncio.TimerHandle | None = None
        self._pump: asyncio.Task[None] | None = None
        writer.transport.set_write_buffer_limits(SEND_HIGH, SEND_LOW)

    async def send(self, message: bytes) -> None:
        """Send a message; wait while the peer is slow, and drop it if it stays so.

        Raises a ConnectionError where the link is over, or too much waits already.
        """
        cost = len(message) + MESSAGE_COST
        if self._waiting + cost > WAITING_MAX:
            raise ConnectionError("tcp: too much to send")
        self._waiting += cost
        try:
            async with self._turn:
                if self._writer.transport.get_write_buffer_size() > SEND_HIGH:
                    await self._drain()
                if self.closed:
                    raise ConnectionError(self.closed)
                self._link.send(message, now_ms())
                self._flush()
        finally:
            self._waiting -= cost

    def __aiter__(self) -> "Connection":
        return self

    async def __anext__(self) -> bytes:
        while not self._inbox:
            if self.closed:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        message = self._inbox.popleft()
        self._inbox_size -= len(message) + MESSAGE_COST
        if self._inbox_size <= INBOX_MAX:
            self._room.set()
        return message

    async def close(self) -> None:
        """Tell the peer that this is the end, and let go of the socket."""
        if not self.closed:
            self._link.close(now_ms())
            self._finish(HERE)
        if self._pump is not None and self._pump is not asyncio.current_task():
            await asyncio.wait([self._pump])

    def start(self, early: list[Event]) -> None:
        """Begin to read, with what came together with the handshake."""
        self._handle(early)
        self._pump = asyncio.create_task(self._read())
        self._on_time()

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(STALL_SECONDS):
                await self._writer.drain()
        except TimeoutError:
            self._drop("tcp: peer does not read")
        except OSError:
            self._handle(self._link.end())

    async def _read(self) -> None:
        while not self.closed:
            await self._room.wait()
            try:
                data = await self._reader.read(READ_SIZE)
            except OSError:
                data = b""
            if not self.closed:
                self._handle(self._link.receive(data, now_ms()) if data else self._link.end())

    def _handle(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, Received):
                self._inbox.append(event.message)
                self._inbox_size += len(event.message) + MESSAGE_COST
                self._arrived.set()
            elif isinstance(event, Closed):
                self._finish(event.reason)
        if self._inbox_size > INBOX_MAX and not self.closed:
            self._room.clear()
        self._flush()

    def _on_time(self) -> None:
        self._handle(self._link.tick(now_ms()))
        due = self._link.next_tick
        if due is not None and not self.closed:
            delay = max(due - now_ms(), 1) / 1_000
            self._timer = asyncio.get_running_loop().call_later(delay, self._on_time)

    def _flush(self) -> None:
        data = self._link.outgoing()
        if data and not self.closed:
            self._writer.write(data)
            if self._writer.transport.get_write_buffer_size() > SEND_MAX:
                self._drop("tcp: peer does not read")

    def _drop(self, reason: str) -> None:
        self._link.close(now_ms())
        self._finish(reason)
        self._writer.transport.abort()

    def _finish(self, reason: str) -> None:
        if self.closed:
            return
        self._writer.write(self._link.outgoing())  # A close that is sealed still goes out.
        self.closed = reason
        if self._timer is not None:
            self._timer.cancel()
        self._writer.close()
        # What the peer does not fetch in a moment, it does not get.
        asyncio.get_running_loop().call_later(LINGER_SECONDS, self._writer.transport.abort)
        self._arrived.set()
        self._room.set()
        self._forget(self)


class Tcp:
    """The links of one node over TCP."""

    def __init__(self, node: NodeKey, refusals: Counter[str], cover: Cover | None = None) -> None:
        self.connections: set[Connection] = set()
        self._node, self._refusals, self._cover = node, refusals, cover
        self._gate, self._book = Gate(os.urandom), TicketBook()
        self._tickets: dict[bytes, Ticket] = {}
        self._callers = 0
        self._sources: Counter[bytes] = Counter()
        self._servers: list[asyncio.Server] = []
        self._answering: set[asyncio.Task[None]] = set()

    async def serve(
        self, address: Multiaddr, accept: Callable[[Connection], Awaitable[None]]
    ) -> Multiaddr:
        """Answer at an address; port 0 takes a free one. Returns where this node is reached.

        `accept` has a connection as long as it runs; when it returns, the connection is closed.
        """

        def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.create_task(self._answer(reader, writer, accept))
            self._answering.add(task)
            task.add_done_callback(self._answered)

        server = await asyncio.start_server(
            answer, address.host, address.port, family=family(address), limit=READ_SIZE
        )
        self._servers.append(server)
        port = server.sockets[0].getsockname()[1]
        return Multiaddr(address.kind, address.host, port, self._node.peer_id)

    async def dial(self, address: Multiaddr) -> Connection:
        """Link to the node at an address. An OSError tells why it failed.

        A ticket is tried first where there is one; a node that does not know it any more is called
        again, with keys and signatures.
        """
        if len(self.connections) - self._inbound() >= LINKS_MAX:
            raise ConnectionError("tcp: too many links")
        ticket = self._tickets.pop(address.peer_id or b"", None)
        if ticket is not None and now_ms() < ticket.expires:
            resumed = await self._call(address, ticket)
            if isinstance(resumed, Connection):
                return resumed
        called = await self._call(address, None)
        if isinstance(called, Connection):
            return called
        raise ConnectionError(called)

    async def redial(self, address: Multiaddr) -> AsyncIterator[Connection]:
        """Link to a node again and again: whenever one link has ended and some time has passed."""
        attempt = 0
        while True:
            try:
                connection = await self.dial(address)
            except OSError:
                attempt += 1
            else:
                begun = now_ms()
                try:
                    yield connection
                finally:
                    await connection.close()
                steady = now_ms() - begun >= STEADY_SECONDS * 1_000
                attempt = 0 if steady else attempt + 1
            await asyncio.sleep(backoff_seconds(attempt, os.urandom))

    async def close(self) -> None:
        """Answer no more, and close every link."""
        for server in self._servers:
            server.close()
        await asyncio.gather(*(connection.close() for connection in self.connections))
        for task in tuple(self._answering):
            task.cancel()
        if self._answering:
            await asyncio.wait(self._answering)
        self._servers.clear()

    # --- Inside ---

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._answering.discard(task)
        if not task.cancelled() and task.exception() is not None:
            context = {"message": "a connection's task failed", "exception": task.exception()}
            asyncio.get_running_loop().call_exception_handler(context)

    async def _answer(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        accept: Callable[[Connection], Awaitable[None]],
    ) -> None:
        source = source_of(writer)
        refused = self._no_room(source)
        if refused:
            self._refusals[refused] += 1
            writer.transport.abort()
            return
        self._sources[source] += 1
        try:
            self._callers += 1
            try:
                link = respond(
                    *(self._node, self._gate, self._book, source),
                    *(now_ms(), os.urandom, self._cover),
                )
                connection = await self._establish(link, reader, writer, inbound=True)
            finally:
                self._callers -= 1
            if isinstance(connection, Connection):
                try:
                    # Callers who came while there was room may be more than there is room for.
                    if self._inbound() <= LINKS_MAX:
                        await accept(connection)
                    else:
                        self._refusals[FULL] += 1
                finally:
                    await connection.close()
        finally:
            self._sources[source] -= 1
            if not self._sources[source]:
                del self._sources[source]

    def _inbound(self) -> int:
        return sum(connection.inbound for connection in self.connections)

    def _no_room(self, source: bytes) -> str:
        if self._callers >= CALLERS_MAX or self._inbound() >= LINKS_MAX:
            return FULL
        if self._sources[source] >= PER_SOURCE_MAX:
            return "tcp: too many connections from one source"
        return ""

    async def _call(self, address: Multiaddr, ticket: Ticket | None) -> Connection | str:
        """Return a connection, or why there is none; an OSError if nobody answered."""
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(
                address.host, address.port, family=family(address), limit=READ_SIZE
            )
        link = initiate(*(self._node, address.peer_id, now_ms(), os.urandom), ticket, self._cover)
        return await self._establish(link, reader, writer, inbound=False)

    async def _establish(
        self,
        link: Link,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        inbound: bool,
    ) -> Connection | str:
        """Shake hands within ten seconds; return the connection, or why there is none."""
        events: list[Event] = []
        try:
            async with asyncio.timeout(HANDSHAKE_SECONDS):
                writer.write(link.outgoing())
                while link.peer_id is None and not link.closed:
                    data = await reader.read(READ_SIZE)
                    events = link.receive(data, now_ms()) if data else link.end()
                    writer.write(link.outgoing())
        except TimeoutError:
            link.tick(now_ms() + 1)  # Its own ten seconds began a moment earlier.
        except OSError:
            link.end()
        finally:
            if link.peer_id is None:
                link.close(now_ms())
                writer.transport.abort()
        if link.peer_id is None:
            self._refusals[link.closed] += 1
            return link.closed
        for event in events:
            if isinstance(event, NewTicket):
                self._keep(event.ticket)
        connection = Connection(link, reader, writer, self._forget, inbound=inbound)
        self.connections.add(connection)
        connection.start(events)
        return connection

    def _keep(self, ticket: Ticket) -> None:
        while len(self._tickets) >= TICKETS_MAX:
            del self._tickets[next(iter(self._tickets))]
        self._tickets[ticket.peer_id] = ticket

    def _forget(self, connection: Connection) -> None:
        self.connections.discard(connection)
        if connection.closed not in (HERE, BY_PEER):
            self._refusals[connection.closed] += 1


def family(address: Multiaddr) -> socket.AddressFamily:
    """Return the family of sockets for a kind of address."""
    return {IP4: socket.AF_INET, DNS4: socket.AF_INET, IP6: socket.AF_INET6}[address.kind]


def source_of(writer: asyncio.StreamWriter) -> bytes:
    """Return what counts as one caller: an IPv4 address, or the half of an IPv6 one that routes."""
    peer = writer.get_extra_info("peername")
    if not peer:  # It hung up before it could be asked. All of those count as one.
        return b""
    address = ip_address(peer[0].partition("%")[0])
    return address.packed[:8] if isinstance(address, IPv6Address) else address.packed
