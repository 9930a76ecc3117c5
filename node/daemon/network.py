"""Links to other nodes and the messages on them: dialled, greeted, counted, kept within bounds.

The first message on a link is the founding document's Handshake: the network's name and the node's
own record. Whoever says another name, or something else first, is not spoken to.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, ip_address

from ..codec import Reader, Refused, sized, u8
from ..identity import IP4, IP6, QUIC, TCP, Multiaddr, NodeKey
from ..profiles import Profile
from ..session.messages import Message, MessageType, decode_message
from ..transports.links import Connection, Links
from ..transports.pipes import Address, Transport
from .pacing import Pacing

VERSION = 1
NAME_MAX = 64
RECORD_MAX = 16 << 10
GREETING_SECONDS = 10.0
SENDING_MAX = 1_024  # messages on their way into links
WAITING_MAX = 64  # messages for one node that is being dialled
REFUSED_MAX = 64  # messages of one link that break a rule, until it is closed
DIAL_AGAIN_SECONDS = 30.0
YIELD_SECONDS = 1.0
HINTS_MAX = 256  # places that were named lately
HINT_AGAIN_SECONDS = 60.0

INTERNET = (TCP, QUIC)
RADIO = "bluetooth"
IPV4_BYTES = 4

Hear = Callable[[bytes, Message], None]
Tell = Callable[[bytes], None]


def _nobody(_peer_id: bytes) -> None:
    """Do nothing: nobody asked to be told."""


class Network:
    """All links of one node."""

    def __init__(
        self,
        node: NodeKey,
        name: str,
        refused: Counter[str],
        record: Callable[[], bytes],
        meet: Callable[[Connection, bytes], None],
        hear: Hear,
        addresses: Callable[[bytes], Iterable[Address]],
        transports: Iterable[Transport],
        pacing: Pacing,
        profile: Profile,
    ) -> None:
        self.linked: Tell = _nobody
        self.unlinked: Tell = _nobody
        self.unreachable: Tell = _nobody
        self._node = node
        self._name = name.encode()
        self._refused = refused
        self._record = record
        self._meet = meet
        self._hear = hear
        self._addresses = addresses
        self._pool = Links(
            node, refused, transports, links_in=profile.links_in, links_out=profile.links_out
        )
        self._pacing = pacing
        self._served: list[Address] = []
        self._kept: list[Address] = []
        self._links: dict[bytes, list[Connection]] = {}
        self._dialling: dict[bytes, list[bytes]] = {}
        self._failed: dict[bytes, float] = {}
        self._hints: dict[Address, float] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._sending = 0

    @property
    def peers(self) -> list[bytes]:
        """The nodes that there is a link to."""
        return list(self._links)

    def connections(self, peer_id: bytes) -> list[Connection]:
        """Return the links to a node."""
        return list(self._links.get(peer_id, ()))

    async def serve(self, address: Address) -> Address:
        """Answer at an address; return it with the port that was taken."""
        served = await self._pool.serve(address, self._talk)
        self._served.append(replace(served, peer_id=None))
        return served

    def call(self, peer_id: bytes, addresses: Iterable[Address]) -> None:
        """Try to have a link to a node, at these addresses."""
        if peer_id not in self._links and peer_id not in self._dialling:
            self._dialling[peer_id] = []
            self._start(self._dial(peer_id, list(addresses)))

    def call_hint(self, place: Address) -> None:
        """Link to whoever answers at a place that somebody near has named, once in a while."""
        now = time.monotonic()
        for known in [known for known, until in self._hints.items() if until <= now]:
            del self._hints[known]
        if place not in self._hints and len(self._hints) < HINTS_MAX:
            self._hints[place] = now + HINT_AGAIN_SECONDS
            self._start(self._follow(place))

    def is_near(self, peer_id: bytes) -> bool:
        """Tell whether a node is only reached by the radio, or on a network without the world."""
        links = self._links.get(peer_id, ())
        return bool(links) and all(map(is_near, links))

    def keep(self, address: Address) -> None:
        """Keep a link to a node, whatever happens."""
        self._kept.append(address)
        self._start(self._keep(address))

    async def pause(self) -> None:
        """Let every link go, and answer nobody."""
        await self.close()

    async def resume(self) -> None:
        """Take up again what there was before the pause."""
        for address in self._served:
            await self._pool.serve(address, self._talk)
        for address in self._kept:
            self._start(self._keep(address))

    def reach(self, peer_id: bytes) -> None:
        """Try to have a link to a node."""
        self.send(peer_id, b"")

    def send(self, peer_id: bytes, message: bytes) -> bool:
        """Send a message, over a new link if need be; False where it cannot be reached now."""
        if self._sending >= SENDING_MAX:
            self._refused["network: too much to send"] += 1
            return False
        links = self._links.get(peer_id)
        if links:
            if message:
                self._start(self._send(links[-1], message))
            return True
        waiting = self._dialling.get(peer_id)
        if waiting is None:
            if time.monotonic() < self._failed.get(peer_id, 0.0):
                return False
            addresses = list(self._addresses(peer_id))
            if not addresses:
                return False
            waiting = self._dialling[peer_id] = []
            self._start(self._dial(peer_id, addresses))
        if message and len(waiting) >= WAITING_MAX:
            return False
        if message:
            waiting.append(message)
        return True

    def hang_up(self, peer_id: bytes) -> None:
        """Let the links to a node go."""
        for link in self.connections(peer_id):
            self._start(link.close())

    def is_away(self, peer_id: bytes) -> bool:
        """Tell whether the last try to reach a node has failed."""
        return peer_id in self._failed and peer_id not in self._links

    async def close(self) -> None:
        """Tell every peer, and let go."""
        for task in list(self._tasks):
            task.cancel()
        await self._pool.close()

    # --- Inside ---

    def _start(self, work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, link: Connection, message: bytes) -> None:
        self._sending += 1
        try:
            await self._pacing.to_send(len(message))
            await link.send(message)
        except ConnectionError:
            self._refused["network: link ended before a message"] += 1
            self.unreachable(link.peer_id)
        finally:
            self._sending -= 1

    async def _keep(self, address: Address) -> None:
        async for connection in self._pool.redial(address):
            await self._talk(connection)

    async def _follow(self, place: Address) -> None:
        try:
            connection = await self._pool.dial(place)
        except OSError:
            self._refused["network: nobody at a place that was named"] += 1
            return
        if self._node.peer_id < connection.peer_id:
            await asyncio.sleep(YIELD_SECONDS)  # who is near has heard of us too, and calls
        if connection.peer_id in self._links:
            await connection.close()  # known already, by another way or this one
            return
        await self._talk(connection)

    async def _dial(self, peer_id: bytes, addresses: list[Address]) -> None:
        """Talk over the first way there is; what waits is sent once both have greeted."""
        waiting = self._dialling[peer_id]
        try:
            for address in addresses:
                try:
                    connection = await self._pool.dial(address)
                except OSError:
                    continue
                self._failed.pop(peer_id, None)
                await self._talk(connection)
                return
            self._failed[peer_id] = time.monotonic() + DIAL_AGAIN_SECONDS
        finally:
            if self._dialling.get(peer_id) is waiting:
                del self._dialling[peer_id]
                self.unreachable(peer_id)

    async def _talk(self, connection: Connection) -> None:
        """Greet, then hear until the link ends or breaks too many rules."""
        peer_id = connection.peer_id
        try:
            await connection.send(self._greeting())
            async with asyncio.timeout(GREETING_SECONDS):
                greeting = await anext(connection)
            self._meet(connection, self._greeted(decode_message(greeting)))
        except (ConnectionError, StopAsyncIteration, TimeoutError):
            self._refused["network: no greeting"] += 1
            await connection.close()
            return
        except Refused as refusal:
            self._refused[refusal.reason] += 1
            await connection.close()
            return
        self._failed.pop(peer_id, None)
        links = self._links.setdefault(peer_id, [])
        links.append(connection)
        if len(links) > 1:
            self.unlinked(peer_id)  # it may have begun anew, and know nothing of the last link
        self.linked(peer_id)
        for message in self._dialling.pop(peer_id, []):
            self._start(self._send(connection, message))
        try:
            await self._listen(connection)
        finally:
            links.remove(connection)
            if not links:
                del self._links[peer_id]
                self.unlinked(peer_id)
            await connection.close()

    async def _listen(self, connection: Connection) -> None:
        refused = 0
        async for data in connection:
            await self._pacing.to_hear(len(data))
            try:
                self._hear(connection.peer_id, decode_message(data))
            except Refused as refusal:
                self._refused[refusal.reason] += 1
                refused += 1
                if refused >= REFUSED_MAX:
                    return

    def _greeting(self) -> bytes:
        payload = u8(VERSION) + sized(self._name) + sized(self._record())
        return Message(type=MessageType.HANDSHAKE, payload=payload).encode()

    def _greeted(self, message: Message) -> bytes:
        """Return the record of a peer of our network."""
        if message.type is not MessageType.HANDSHAKE:
            raise Refused("network: no greeting")
        reader = Reader(message.payload)
        if reader.u8() != VERSION:
            raise Refused("network: unknown version of a greeting")
        if reader.sized(NAME_MAX) != self._name:
            raise Refused("network: other network")
        record = reader.sized(RECORD_MAX)
        reader.end()
        return record


def seen_at(connection: Connection) -> Multiaddr | None:
    """Return the place that a link comes from or leads to, as far as it can be told."""
    source = connection.source
    if connection.protocol not in INTERNET:
        return None
    if len(source) == IPV4_BYTES:
        return Multiaddr(IP4, str(IPv4Address(source)), 0)
    return Multiaddr(IP6, str(IPv6Address(source.ljust(16, b"\0"))), 0) if source else None


def is_near(connection: Connection) -> bool:
    """Tell whether a link stays in one place; this machine counts as all of the world."""
    place = seen_at(connection)
    if place is None:
        return connection.protocol == RADIO
    host = ip_address(place.host)
    return host.is_private and not host.is_loopback
