"""Links over whatever carries bytes: sockets, time and chance for `node.link`, within bounds.

`Links` answers and dials for one node. What comes out of it are connections, each of them a link
that is established: there is no way to a pipe that is not one. A peer that does not read is
dropped; one that sends faster than it is heard is read no further.
"""

import asyncio
import os
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass, replace

from ..crypto import Random
from ..identity import NodeKey
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
from .pipes import Address, Cost, Pipe, Server, Transport

# In times of a handshake, which the transport's pace tells: ten seconds, or thirty minutes.
STALL_HANDSHAKES = 6.0  # for 192 KiB: a peer slower than 3 KB/s by TCP is not waited for
LINGER_HANDSHAKES = 0.2

# At most 128 links in and 128 out hold 1 MB of a frame, 2 of an inbox and 2 to send: 1.3 GB, were
# all of them hostile at once. What waits to be sent comes from our own side. At rest: a few KB.
LINKS_MAX = 128
CALLERS_MAX = 128  # by each transport: who may be slow by one takes no place by another
INBOX_MAX = 1 << 20  # bytes; reading stops above
MESSAGE_COST = 256  # what a message in the inbox counts beside its bytes
SEND_HIGH = 1 << 18
SEND_MAX = 1 << 21
WAITING_MAX = 1 << 22  # bytes of messages that wait for their turn
TICKETS_MAX = 1_024
FULL = "links: too many connections"

REDIAL_FIRST_SECONDS, REDIAL_LAST_SECONDS = 1.0, 300.0
STEADY_SECONDS = 60.0  # A link that lasted so long is redialled as if it were the first time.

Accept = Callable[["Connection"], Awaitable[None]]


def now_ms() -> int:
    """Return the time of a clock that is never set."""
    return time.monotonic_ns() // 1_000_000


def backoff_seconds(attempt: int, random: Random) -> float:
    """Return how long to wait: twice as long each time, up to five minutes, less up to a half."""
    longest = min(REDIAL_FIRST_SECONDS * (1 << min(attempt, 16)), REDIAL_LAST_SECONDS)
    return longest * (1 - int.from_bytes(random(4)) / (1 << 33))


class Connection:
    """A link over a pipe: `await send(message)`, and `async for message in connection`."""

    def __init__(
        self,
        link: Link,
        pipe: Pipe,
        transport: Transport,
        forget: Callable[["Connection"], None],
        *,
        inbound: bool,
    ) -> None:
        assert link.peer_id is not None
        self.peer_id = link.peer_id
        self.inbound = inbound
        self.cost: Cost = transport.cost
        self.protocol = transport.protocol
        self.source = pipe.source
        self.closed = ""
        self._link, self._pipe = link, pipe
        self._handshake_seconds = transport.pace.handshake_ms / 1_000
        self._forget = forget
        self._inbox: deque[bytes] = deque()
        self._inbox_size = 0
        self._arrived, self._room = asyncio.Event(), asyncio.Event()
        self._room.set()
        self._turn, self._waiting = asyncio.Lock(), 0
        self._timer: asyncio.TimerHandle | None = None
        self._pump: asyncio.Task[None] | None = None

    async def send(self, message: bytes) -> None:
        """Send a message; wait while the peer is slow, and drop it if it stays so.

        Raises a ConnectionError where the link is over, or too much waits already.
        """
        cost = len(message) + MESSAGE_COST
        if self._waiting + cost > WAITING_MAX:
            raise ConnectionError("links: too much to send")
        self._waiting += cost
        try:
            async with self._turn:
                if self._pipe.unsent > SEND_HIGH:
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
        """Tell the peer that this is the end, and let go of the pipe."""
        if not self.closed:
            self._link.close(now_ms())
            self._finish(HERE)
        if self._pump is not None and self._pump is not asyncio.current_task():
            await asyncio.wait([self._pump])

    def start(self, early: list[Event], ended: Callable[["Connection"], None]) -> None:
        """Begin to read, with what came together with the handshake."""
        self._handle(early)
        self._pump = asyncio.create_task(self._read())
        self._pump.add_done_callback(lambda _: ended(self))
        self._on_time()

    def abort(self) -> None:
        """Wait no more for what is on its way out."""
        self._pipe.abort()

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(STALL_HANDSHAKES * self._handshake_seconds):
                await self._pipe.drain()
        except TimeoutError:
            self._drop("links: peer does not read")
        except OSError:
            self._handle(self._link.end())

    async def _read(self) -> None:
        while not self.closed:
            await self._room.wait()
            try:
                data = await self._pipe.read()
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
            self._pipe.write(data)
            if self._pipe.unsent > SEND_MAX:
                self._drop("links: peer does not read")

    def _drop(self, reason: str) -> None:
        self._link.close(now_ms())
        self._finish(reason)
        self._pipe.abort()

    def _finish(self, reason: str) -> None:
        if self.closed:
            return
        self._pipe.write(self._link.outgoing())  # A close that is sealed still goes out.
        self.closed = reason
        if self._timer is not None:
            self._timer.cancel()
        self._pipe.close()
        # What the peer does not fetch in a moment, it does not get.
        linger = LINGER_HANDSHAKES * self._handshake_seconds
        asyncio.get_running_loop().call_later(linger, self._pipe.abort)
        self._arrived.set()
        self._room.set()
        self._forget(self)


@dataclass(slots=True)
class _Door:
    """What comes in by one transport."""

    transport: Transport
    gate: Gate
    callers: int = 0


class Links:
    """The links of one node, by all of its transports."""

    def __init__(
        self,
        node: NodeKey,
        refusals: Counter[str],
        transports: Iterable[Transport],
        cover: Cover | None = None,
        *,
        links_in: int = LINKS_MAX,
        links_out: int = LINKS_MAX,
    ) -> None:
        self.connections: set[Connection] = set()
        self._node, self._refusals, self._cover = node, refusals, cover
        self._doors = {one.protocol: _Door(one, Gate(os.urandom)) for one in transports}
        self._in_max, self._out_max = links_in, links_out
        self._book = TicketBook()
        self._tickets: dict[bytes, Ticket] = {}
        self._sources: Counter[tuple[str, bytes]] = Counter()
        self._servers: list[Server] = []
        self._answering: set[asyncio.Task[None]] = set()
        self._lingering: set[Connection] = set()  # Their pipes are not closed.

    @property
    def protocols(self) -> list[str]:
        """What addresses may name."""
        return list(self._doors)

    async def serve(self, address: Address, accept: Accept) -> Address:
        """Answer at an address; port 0 takes a free one. Returns where this node is reached.

        `accept` has a connection as long as it runs; when it returns, the connection is closed.
        """
        door = self._door(address)

        def answer(pipe: Pipe) -> None:
            task = asyncio.create_task(self._answer(door, pipe, accept))
            self._answering.add(task)
            task.add_done_callback(self._answered)

        server = await door.transport.serve(address, answer)
        self._servers.append(server)
        return replace(server.address, peer_id=self._node.peer_id)

    async def dial(self, address: Address) -> Connection:
        """Link to the node at an address. An OSError tells why it failed.

        A ticket is tried first where there is one; a node that does not know it any more is called
        again, with keys and signatures.
        """
        if len(self.connections) - self._inbound() >= min(self._out_max, LINKS_MAX):
            raise ConnectionError("links: too many links")
        transport = self._door(address).transport
        ticket = self._tickets.pop(address.peer_id or b"", None)
        if ticket is not None and now_ms() < ticket.expires:
            resumed = await self._call(transport, address, ticket)
            if isinstance(resumed, Connection):
                return resumed
        called = await self._call(transport, address, None)
        if isinstance(called, Connection):
            return called
        raise ConnectionError(called)

    async def redial(self, address: Address) -> AsyncIterator[Connection]:
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
        servers, self._servers = self._servers, []
        await asyncio.gather(*(connection.close() for connection in self.connections))
        for task in tuple(self._answering):
            task.cancel()
        if self._answering:
            await asyncio.wait(self._answering)
        for server in servers:
            await server.close()
        for connection in tuple(self._lingering):
            connection.abort()
        await asyncio.sleep(0)  # Then the loop closes the sockets.

    # --- Inside ---

    def _door(self, address: Address) -> _Door:
        door = self._doors.get(address.protocol)
        if door is None:
            raise ConnectionError(f"links: no transport for {address.protocol}")
        return door

    def _answered(self, task: asyncio.Task[None]) -> None:
        self._answering.discard(task)
        if not task.cancelled() and task.exception() is not None:
            context = {"message": "a connection's task failed", "exception": task.exception()}
            asyncio.get_running_loop().call_exception_handler(context)

    async def _answer(self, door: _Door, pipe: Pipe, accept: Accept) -> None:
        refused = self._no_room(door, pipe.source)
        if refused:
            self._refusals[refused] += 1
            pipe.abort()
            return
        source = door.transport.protocol, pipe.source
        self._sources[source] += 1
        try:
            door.callers += 1
            try:
                link = respond(
                    *(self._node, door.gate, self._book, pipe.source),
                    *(now_ms(), os.urandom, self._cover, door.transport.pace),
                )
                connection = await self._establish(link, pipe, door.transport, inbound=True)
            finally:
                door.callers -= 1
            if isinstance(connection, Connection):
                try:
                    # Callers who came while there was room may be more than there is room for.
                    if self._inbound() <= min(self._in_max, LINKS_MAX):
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

    def _no_room(self, door: _Door, source: bytes) -> str:
        if door.callers >= CALLERS_MAX or self._inbound() >= min(self._in_max, LINKS_MAX):
            return FULL
        if self._sources[door.transport.protocol, source] >= door.transport.per_source_max:
            return "links: too many connections from one source"
        return ""

    async def _call(
        self, transport: Transport, address: Address, ticket: Ticket | None
    ) -> Connection | str:
        """Return a connection, or why there is none; an OSError if nobody answered."""
        pipe = await transport.dial(address)
        link = initiate(
            *(self._node, address.peer_id, now_ms(), os.urandom),
            *(ticket, self._cover, transport.pace),
        )
        return await self._establish(link, pipe, transport, inbound=False)

    async def _establish(
        self, link: Link, pipe: Pipe, transport: Transport, *, inbound: bool
    ) -> Connection | str:
        """Shake hands within the transport's time; return the connection, or why there is none."""
        events: list[Event] = []
        try:
            # The link counts the time too; this holds against bytes that trickle in.
            async with asyncio.timeout(transport.pace.handshake_ms / 1_000):
                pipe.write(link.outgoing())
                while link.peer_id is None and not link.closed:
                    data = await pipe.read()
                    events = link.receive(data, now_ms()) if data else link.end()
                    pipe.write(link.outgoing())
        except TimeoutError:
            link.tick(now_ms() + 1)  # Its own time began a moment earlier.
        except OSError:
            link.end()
        finally:
            if link.peer_id is None:
                link.close(now_ms())
                pipe.abort()
        if link.peer_id is None:
            self._refusals[link.closed] += 1
            return link.closed
        for event in events:
            if isinstance(event, NewTicket):
                self._keep(event.ticket)
        connection = Connection(link, pipe, transport, self._forget, inbound=inbound)
        self.connections.add(connection)
        self._lingering.add(connection)
        connection.start(events, self._lingering.discard)
        return connection

    def _keep(self, ticket: Ticket) -> None:
        while len(self._tickets) >= TICKETS_MAX:
            del self._tickets[next(iter(self._tickets))]
        self._tickets[ticket.peer_id] = ticket

    def _forget(self, connection: Connection) -> None:
        self.connections.discard(connection)
        if connection.closed not in (HERE, BY_PEER):
            self._refusals[connection.closed] += 1
