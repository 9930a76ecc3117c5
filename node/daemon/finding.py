"""How a node finds others: it does what the planner asks for, and lets the DHT take over.

The planner and the table say what is to be tried; sockets, files and clocks are here. What fails is
counted, and tried again later: a node that finds nobody is still a node.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from ..bootstrap.contact import Contact, contacts_of
from ..bootstrap.plan import NEVER, Ask, Dial, Joined, Level, Planner, Warn
from ..bootstrap.releases import listed
from ..codec import Refused
from ..crypto import SigningKey
from ..dht.contacts import Contact as Entry
from ..dht.dht import Dht
from ..dht.dht import Settings as DhtSettings
from ..dht.events import Event, Found, Presences
from ..dht.records import Prove
from ..identity import Multiaddr
from ..transports.links import Connection
from .network import is_near, seen_at
from .services import Node

LIST = "bootstrap.list"
RESOLV_CONF = Path("/etc/resolv.conf")
SEARCH_SECONDS = 30.0
WALK_SECONDS = 60.0
SEARCHES_MAX = 256
LOCATED_MAX = 8


class Finding:
    """The table of nodes and the levels of bootstrap, in one daemon."""

    def __init__(self, node: Node, folder: Path, refused: Counter[str], *, dns: bool) -> None:
        now = node.clock()
        self._node = node
        self._folder = folder
        self._refused = refused
        self._dns = dns
        # What knows the validators of a chain; where nothing does, each of their records counts.
        self.prove: Prove = lambda _: True
        self.stakes: dict[bytes, int] = {}  # of validators, by their nodes
        settings = DhtSettings(
            stake=lambda peer_id: self.stakes.get(peer_id, 0),
            prove=lambda validator: self.prove(validator),
        )
        self.dht = Dht(node.peer_id, node.kept, os.urandom, settings)
        self.planner = Planner(node.peer_id, node.kept, os.urandom, now)
        self.warned: Counter[str] = Counter()
        self._searches: dict[int, asyncio.Future[Event]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        node.met = self._met
        node.more_addresses = self._addresses
        node.moved = self.dht.moved
        for core in (self.dht, self.planner):
            node.cores.add(core)
        node.cores.watch(self)
        node.cores.after.append(self._settle)

    def name(self, addresses: Iterable[Multiaddr]) -> None:
        """Begin with nodes that the user names."""
        self.planner.name(contacts_of(addresses), self._node.clock())
        self._node.cores.stir()

    def near_failed(self, reason: str) -> None:
        """Take note that nothing near can be looked for."""
        self.planner.failed(Level.LOCAL, reason, self._node.clock())

    # --- Told of links after the planner ---

    next_tick = NEVER

    def linked(self, peer_id: bytes, now: int) -> None:
        """Let the planner remember where a node is reached."""
        record = self._node.directory.record(peer_id)
        if record is not None:
            self.planner.met(Contact(peer_id, record.addresses), now)

    def unlinked(self, peer_id: bytes, now: int) -> None:
        """Nothing follows."""

    def tick(self, now: int) -> None:
        """Nothing is ever due."""

    # --- Searching ---

    async def search(self, begin: Callable[[int], int]) -> Event:
        """Begin a search of the table, and return what it came to; TimeoutError if nothing."""
        if len(self._searches) >= SEARCHES_MAX:
            raise Refused("node: too many searches")
        future: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        token = begin(self._node.clock())
        self._searches[token] = future
        self._node.cores.stir()
        try:
            return await asyncio.wait_for(future, SEARCH_SECONDS)
        finally:
            self._searches.pop(token, None)

    async def run(self) -> None:
        """Fill the directory from the table, by points drawn at random, until cancelled.

        Never by the point that something is stored at: who is asked would learn who wants it.
        """
        while True:
            await asyncio.sleep(WALK_SECONDS)
            if self._node.active and len(self.dht.table) > len(self._node.directory):
                await self.locate(os.urandom(32))

    def announce(self, session_id: bytes, destination: bytes) -> None:
        """Say where a participant of a session is left word, until the daemon ends."""
        key = SigningKey.from_seed(os.urandom(32))  # of this session and this time alone
        self.dht.announce_presence(session_id, destination, key, self._node.clock())
        self._node.cores.stir()

    async def participants(self, session_id: bytes) -> list[bytes]:
        """Return where the participants of a session are left word."""
        found = await self.search(lambda now: self.dht.find_session_peers(session_id, now))
        assert isinstance(found, Presences), "what was asked for"
        return [each.destination for each in found.participants]

    async def locate(self, place: bytes) -> None:
        """Have links, and so records, of the nodes closest to a point, as far as there are any."""
        try:
            found = await self.search(lambda now: self.dht.find_node(place, now))
        except (TimeoutError, Refused):
            return
        if isinstance(found, Found):
            for contact in found.contacts[:LOCATED_MAX]:
                if self._node.directory.record(contact.peer_id) is None:
                    self._node.network.call(contact.peer_id, _dialled(contact))

    async def close(self) -> None:
        """Stop what is under way."""
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    # --- Inside ---

    def _met(self, connection: Connection, addresses: tuple[Multiaddr, ...]) -> None:
        now = self._node.clock()
        if is_near(connection):
            self.planner.near(connection.peer_id)
        self.dht.met(connection.peer_id, addresses, seen_at(connection), now)

    def _addresses(self, peer_id: bytes) -> list[Multiaddr]:
        return [replace(each, peer_id=peer_id) for each in self.dht.addresses(peer_id)]

    def _settle(self) -> None:
        """Do what the planner asks for, and hand results to those who wait for them."""
        for wish in self.planner.events():
            match wish:
                case Ask(Level.LISTED):
                    self._read_list()
                case Ask(Level.DNS):
                    self._start(self._ask_dns())
                case Ask(Level.LOCAL):
                    continue  # node/daemon/near.py looks and dials all the while
                case Dial(contact, _):
                    at = [replace(each, peer_id=contact.peer_id) for each in contact.addresses]
                    self._node.network.call(contact.peer_id, at)
                case Warn(level, reason):
                    self.warned[f"{level.name.lower()}: {reason}"] += 1
                case Joined(peer_id):
                    record = self._node.directory.record(peer_id)
                    told = record.addresses if record else ()
                    self.dht.bootstrap([Entry.at(peer_id, *told)], self._node.clock())
        for event in self.dht.events():
            future = self._searches.get(event.token)
            if future is not None and not future.done():
                future.set_result(event)

    def _read_list(self) -> None:
        now, own = self._node.clock(), _read(self._folder / LIST)
        files = [] if own is None else [own]
        found, refused = listed(self._node.number, files, now, self.planner.known)
        for refusal in refused:
            self._refused[refusal.reason] += 1
        self.planner.found(Level.LISTED, found, now)

    async def _ask_dns(self) -> None:
        now = self._node.clock()
        if not self._dns:
            self.planner.failed(Level.DNS, "switched off", now)
            return
        from ..bootstrap import dns  # a library that a node with neighbours never needs

        try:
            servers = dns.system_servers(RESOLV_CONF.read_text("utf-8"))
            found = await dns.find(self._node.number, servers, now // 1_000, os.urandom)
        except Refused as refusal:
            self.planner.failed(Level.DNS, refusal.reason, self._node.clock())
        except OSError as error:
            self.planner.failed(Level.DNS, f"{error.strerror}", self._node.clock())
        else:
            self.planner.found(Level.DNS, found, self._node.clock())
        self._node.cores.stir()

    def _start(self, work: object) -> None:
        task = asyncio.ensure_future(work)  # type: ignore[call-overload]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _dialled(contact: Entry) -> list[Multiaddr]:
    return [replace(each, peer_id=contact.peer_id) for each in contact.multiaddrs()]


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
