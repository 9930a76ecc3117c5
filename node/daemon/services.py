"""What a node does for everybody, locked or not: links, onion packets, mail of others, directory.

`Node` owns the loop that sends what is due. A user's part asks other nodes through `ask` and never
sees a packet.
"""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from ..codec import Refused
from ..identity import Multiaddr
from ..onion.cover import METERED, Rate
from ..onion.packet import Relay
from ..onion.relay import Send
from ..onion.requests import Answered, Failed
from ..plain_store import PlainStore
from ..profiles import Profile
from ..routing import Outcome, Routing
from ..session.messages import Message, MessageType
from ..swarm.directory import (
    LIFE_MAX_MS,
    RELAY,
    STORE,
    Directory,
    distance,
    read_record,
    sign_record,
)
from ..swarm.exchange import Exchange
from ..swarm.store import SwarmStore
from ..transports.links import Connection
from ..transports.pipes import Address, Circuit, Transport
from .cores import Clock, Cores
from .folder import Folder
from .network import Hear, Network
from .pacing import Pacing
from .waiting import woken

NETWORK_NUMBERS = {"mainnet": 6133, "testnet": 6134, "devnet": 1}
FRESH, BEGUN = b"node/fresh", b"node/begun"  # until there was an account; since there is a node
DIRECTORY_KEY, PATHS_KEY = b"node/directory", b"node/paths"
RECORD_AGAIN_MS = 6 * 3_600_000
MINUTE = 60.0
BRIDGES_MAX = 2  # neighbours that are asked to carry a link
EXCHANGE_SECONDS = 5.0
LINKS_WANTED = 12
SLEEP_MAX = 60.0


def clock() -> int:
    """Return the time in milliseconds, as others count it too."""
    return time.time_ns() // 1_000_000


Met = Callable[[Connection, tuple[Multiaddr, ...]], None]


class Lost(Exception):
    """A request had no answer."""


class Node:
    """One node's part in the network."""

    def __init__(
        self,
        folder: Folder,
        network: str,
        rate: Rate,
        refused: Counter[str],
        transports: Iterable[Transport],
        profile: Profile,
    ) -> None:
        now = clock()
        self.clock = Clock()
        self.pacing = Pacing(profile.limits.bandwidth_max, self.clock)
        self.spaces_max = profile.spaces_max
        self._services = RELAY | STORE if profile.serves else 0
        self.refused = refused
        self.peer_id = folder.node.peer_id
        self.addresses: tuple[Multiaddr, ...] = ()
        self.active = True
        self.is_metered = rate is METERED
        self.begun = now
        self._key = folder.node
        self.number = NETWORK_NUMBERS[network]
        self.kept = PlainStore(folder.path / "node.db")
        if self.kept.get(BEGUN) is None:
            self.kept.commit({BEGUN: b"\1", FRESH: b"\1"})
        self.mail = SwarmStore(folder.path / "swarm.db", self.peer_id, os.urandom)
        self.directory = Directory(self.peer_id, self.number)
        self.directory.load(self.kept.get(DIRECTORY_KEY) or b"", now)
        paths = self.kept.get(PATHS_KEY) or b""
        self.routing = Routing(self.peer_id, self.mail.handle, rate, now, os.urandom, paths)
        self.network = Network(
            folder.node,
            network,
            refused,
            self._record,
            self._meet,
            self._hear,
            self.addresses_of,
            transports,
            self.pacing,
            profile,
        )
        self.cores = Cores(self.network.send, lambda: self.network.peers, refused, self.clock)
        self.cores.awake = self.pacing.awake
        self.network.linked = self.cores.linked
        self.network.unlinked = self.cores.unlinked
        self.network.unreachable = self.cores.unreachable
        # What finds other nodes is told of each that is met, and knows more addresses.
        self.met: Met = lambda _connection, _addresses: None
        self.more_addresses: Callable[[bytes], Iterable[Multiaddr]] = lambda _: ()
        self.moved: Callable[[tuple[Multiaddr, ...]], None] = lambda _: None
        self.hear_service: Hear = self._nobody
        self._exchanges: dict[bytes, Exchange] = {}
        self._asked: dict[int, asyncio.Future[bytes]] = {}
        self._wake = asyncio.Event()
        self._own_record = b""
        self._made = 0

    # --- For the user's part ------------------------------------------------------------------

    def closest(self, place: bytes, count: int) -> Sequence[bytes]:
        """Return the ids of the nodes closest to a place; this one counts where others know it."""
        found = [record.peer_id for record in self.directory.closest(place, count, clock())]
        if self.addresses:
            found.append(self.peer_id)
        return sorted(found, key=lambda peer_id: distance(peer_id, place))[:count]

    async def ask(self, node_id: bytes, request: bytes, answer_size: int = 0) -> bytes:
        """Ask a node over the onion; this one directly."""
        now = clock()
        if node_id == self.peer_id:
            return self.mail.handle(request, now)
        record = self.directory.record(node_id)
        if record is None or not self.active:
            raise Lost
        service = Relay(node_id=node_id, public=record.onion, subnet=_subnet(record.networks))
        try:
            number = self.routing.ask(service, request, now, answer_size)
        except Refused:
            raise Lost from None
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._asked[number] = future
        self._wake.set()
        try:
            answer = await future
        except Lost:
            self.directory.note(node_id, good=False)
            raise
        finally:
            self._asked.pop(number, None)
        self.directory.note(node_id, good=True)
        return answer

    # --- The loop -----------------------------------------------------------------------------

    async def run(self) -> None:
        """Send what is due, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send_due())
            group.create_task(self._exchange())
            group.create_task(self._tend())
            group.create_task(self.cores.run())

    async def _send_due(self) -> None:
        while True:
            now = clock()
            if self.active:
                sends, outcomes = self.routing.poll(now)
                for send in sends:
                    self._send(send, now)
                self._settle(outcomes)
            due = self.routing.next_at if self.active else None
            wait = SLEEP_MAX if due is None else min(max(due - clock(), 0) / 1000, SLEEP_MAX)
            self._wake.clear()
            await woken(self._wake, wait)

    def _send(self, send: Send, now: int) -> None:
        if send.node_id == self.peer_id:
            self.refused["onion: leads back here"] += 1
            return
        message = Message(type=MessageType.ONION, payload=send.packet).encode()
        if not self.network.send(send.node_id, message):
            self.refused["network: no way to a node"] += 1
            if self.network.peers:  # or it is we who are away
                self.routing.paths.unreachable(send.node_id, now)

    def _settle(self, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            future = self._asked.get(outcome.number)
            if future is None or future.done():
                continue
            match outcome:
                case Answered():
                    future.set_result(outcome.body)
                case Failed():
                    future.set_exception(Lost())

    async def _exchange(self) -> None:
        """Bring the directory together with the neighbours', and keep enough links."""
        while True:
            now = clock()
            for peer_id in self.network.peers if self.active else ():
                exchange = self._exchange_with(peer_id, now)
                for data in exchange.poll(now):
                    self._tell(peer_id, data)
            for peer_id in set(self._exchanges) - set(self.network.peers):
                del self._exchanges[peer_id]
            self.routing.know(
                Relay(node_id=each.peer_id, public=each.onion, subnet=_subnet(each.networks))
                for each in self.directory.relays(now)
                if not self.network.is_away(each.peer_id)
            )
            self._reach_more(now)
            await asyncio.sleep(EXCHANGE_SECONDS)

    def _reach_more(self, now: int) -> None:
        """Have links to the guards, and to some nodes more."""
        if not self.active:
            return
        wanted = [relay.node_id for relay in self.routing.paths.guards(now)]
        missing = LINKS_WANTED - len(self.network.peers)
        if missing > 0:
            wanted += [
                each.peer_id for each in self.directory.closest(os.urandom(32), missing, now)
            ]
        for peer_id in wanted:
            if peer_id not in self.network.peers:
                self.network.reach(peer_id)

    async def _tend(self) -> None:
        while True:
            now = clock()
            self.directory.tick(now)
            if self.routing.tick(now):
                self._made = 0
            while self.mail.tick(now):
                await asyncio.sleep(0)
            self.save()
            await asyncio.sleep(MINUTE)

    def save(self) -> None:
        """Keep what shortens the next start."""
        self.kept.commit({DIRECTORY_KEY: self.directory.encode(), PATHS_KEY: self.routing.encode()})

    def damaged(self) -> list[str]:
        """Return the files that were put aside, by their new names."""
        own = [self.kept.damaged.name] if self.kept.damaged else []
        return own + self.mail.damaged

    async def set_active(self, active: bool) -> None:
        """Take part in the network, or let every link go and be silent."""
        self.active = active
        if active:
            await self.network.resume()
        else:
            await self.network.pause()
        self._wake.set()

    async def close(self) -> None:
        """Tell the peers, and let go of the files."""
        self.save()
        await self.network.close()
        self.mail.close()
        self.kept.close()

    # --- What comes in ------------------------------------------------------------------------

    def _hear(self, peer_id: bytes, message: Message) -> None:
        now = clock()
        match message.type:
            case MessageType.ONION:
                self._settle(self.routing.receive(message.payload, now))
                self._wake.set()
            case MessageType.DIRECTORY:
                for data in self._exchange_with(peer_id, now).receive(message.payload, now):
                    self._tell(peer_id, data)
            case MessageType.PING:
                pong = Message(type=MessageType.PONG, payload=message.payload[:64]).encode()
                self.network.send(peer_id, pong)
            case MessageType.PONG:
                pass
            case _ if message.type in self.cores.types:
                self.cores.hear(peer_id, message)
            case _:
                self.hear_service(peer_id, message)

    def _nobody(self, _peer_id: bytes, _message: Message) -> None:
        raise Refused("node: no committee here")

    def _exchange_with(self, peer_id: bytes, now: int) -> Exchange:
        exchange = self._exchanges.get(peer_id)
        if exchange is None:
            exchange = self._exchanges[peer_id] = Exchange(self.directory, peer_id, now)
        return exchange

    def _tell(self, peer_id: bytes, data: bytes) -> None:
        self.network.send(peer_id, Message(type=MessageType.DIRECTORY, payload=data).encode())

    def _meet(self, connection: Connection, record: bytes) -> None:
        peer_id = connection.peer_id
        self.routing.paths.reachable(peer_id)
        addresses: tuple[Multiaddr, ...] = ()
        if record:
            self.directory.add(record, clock(), peer_id)
            addresses = read_record(record).addresses
        self.met(connection, addresses)

    def _record(self) -> bytes:
        """Return the own record, made anew when it is old; nothing where nobody can call."""
        now = clock()
        if not self.addresses:
            return b""
        if now - self._made >= RECORD_AGAIN_MS:
            key = self.routing.keys.current
            self._own_record = sign_record(
                self._key.signing,
                network=self.number,
                sequence=now,
                expires=now + LIFE_MAX_MS,
                services=self._services,
                onion=key.key.public,
                onion_until=key.valid_until_ms,
                addresses=self.addresses,
            )
            self.directory.add(self._own_record, now)
            self._made = now
        return self._own_record

    def announce(self, addresses: tuple[Multiaddr, ...]) -> None:
        """Tell others where this node is reached."""
        self.addresses = addresses
        self._made = 0
        self._record()
        self.moved(addresses)

    def addresses_of(self, peer_id: bytes) -> list[Address]:
        """Return the ways to a node, as far as anybody told; through neighbours last of all."""
        record = self.directory.record(peer_id)
        told = record.addresses if record else ()
        known = [replace(each, peer_id=peer_id) for each in told]
        near = [each for each in self.network.peers if self.network.is_near(each)]
        bridges = [Circuit(each, peer_id) for each in near if each != peer_id][:BRIDGES_MAX]
        return [*dict.fromkeys([*known, *self.more_addresses(peer_id)]), *bridges]


def _subnet(networks: frozenset[str]) -> bytes:
    return min(networks).encode() if networks else b""
