"""What searches cost: hops by size, churn and loss in a simulated world, and puts over real links.

Run as `python -m benchmarks.dht`, with `PEERS_PYTHON` naming a Python that has `libp2p` 0.8;
without it that column is empty. Virtual times are of lines with a median of 60 ms one way, and a
link to a node that is met first costs three round trips. The exit status is 1 where a goal is
missed: at most one hop more with each doubling, 99.9 % of 1,000 searches with a fifth of the nodes
changing and a tenth of transmissions lost, in 60 seconds.
"""

import asyncio
import ipaddress
import json
import math
import os
import statistics
import subprocess
import sys
import time
import tracemalloc
from bisect import bisect_left
from collections import Counter
from pathlib import Path
from random import Random

from rich.console import Console
from rich.table import Table as Sheet

from node.crypto import SigningKey, sha256
from node.daemon.cores import Clock
from node.daemon.network import Network
from node.daemon.pacing import Pacing
from node.dht.contacts import Contact, networks
from node.dht.dht import Dht, Settings
from node.dht.events import Event
from node.dht.records import content_key, make_provider
from node.dht.table import K, number_of
from node.identity import Multiaddr, NodeKey
from node.profiles import DESKTOP
from node.session.messages import Message, MessageType
from node.simulation.links import Terms
from node.simulation.nodes import Node
from node.simulation.store import SimulatedStore
from node.simulation.world import START_MS, World
from node.transports.links import Connection
from node.transports.tcp import Tcp

SIZES = (64, 256, 1024, 4096)
SEARCHES = 200
CHURN_NODES, CHURN_SEARCHES, CHURN_RECORDS = 1000, 1000, 100
CHURN_MS = 200_000
REAL_NODES, REAL_PUTS = 20, 30
PEER_PUTS, PEER_LIMIT_SECONDS, PEER_TOTAL_SECONDS = 15, 10, 240
PEER = Path(__file__).parent / "dht_peer.py"


class Nodes:
    """A simulated world, and what its nodes told."""

    def __init__(self, count: int, seed: int, terms: Terms) -> None:
        self.world = World(seed, terms)
        self.told: dict[tuple[int, int], Event] = {}
        self.chance = Random(seed)
        for _ in range(count):
            self.add()

    def add(self) -> Node:
        settings = Settings(addresses=(address(len(self.world.nodes)),))
        return self.world.add(
            lambda peer_id, store, random: [Dht(peer_id, store, random, settings)],
            listener=self._hear,
        )

    def _hear(self, node: Node, event: Event) -> None:
        self.told[node.index, event.token] = event

    def dht(self, index: int) -> Dht:
        return self.world.nodes[index].cores[0]

    def contact(self, index: int) -> Contact:
        return Contact.at(self.world.nodes[index].peer_id, address(index))

    def fill(self) -> None:
        """Give every node the table that it has after a long time without trouble."""
        order = sorted((node.peer_id, node.index) for node in self.world.nodes)
        numbers = [number_of(peer_id) for peer_id, _ in order]
        contacts = [self.contact(index) for _, index in order]
        places = [networks(contact, None) for contact in contacts]
        for node in self.world.nodes:
            own, table = number_of(node.peer_id), self.dht(node.index).table
            for bit in range(255, -1, -1):
                low = (own ^ 1 << bit) >> bit << bit
                there = range(bisect_left(numbers, low), bisect_left(numbers, low + (1 << bit)))
                for at in self.chance.sample(there, min(K, len(there))):
                    table.heard(contacts[at], places[at], START_MS)

    def call(self, index: int, name: str, *arguments: object) -> tuple[int, int]:
        """Let a node begin something; return by what name it will tell of it."""
        node = self.world.nodes[index]
        token = self.world.act(node, lambda now: getattr(self.dht(index), name)(*arguments, now))
        return index, token or 0

    def finish(self, name: tuple[int, int]) -> Event:
        """Go on until a node has told what came of a call."""
        if not self.world.run_while(lambda: name not in self.told, 60_000, 10):
            raise AssertionError("a search does not end")
        return self.told.pop(name)


def address(index: int) -> Multiaddr:
    """Return where a node lives: each in a network of its own."""
    host = ipaddress.IPv4Address((11 + index % 100) << 24 | (index // 100) << 16 | 1)
    return Multiaddr("ip4", str(host), 9000)


def memory_kb() -> float:
    """Return what a node takes that knows a thousand others, with all its table."""
    tracemalloc.start()
    nodes = Nodes(1024, 1, Terms())
    before = tracemalloc.get_traced_memory()[0]
    for node in nodes.world.nodes[1:]:
        contact = nodes.contact(node.index)
        nodes.dht(0).table.heard(contact, networks(contact, None), START_MS)
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return taken / 1024


def hops(count: int) -> tuple[float, float]:
    """Return the means of hops and questions."""
    nodes = Nodes(count, 1, Terms())
    nodes.fill()
    sent, found = nodes.world.messages, []
    for _ in range(SEARCHES):
        name = nodes.call(nodes.chance.randrange(count), "find_node", nodes.chance.randbytes(32))
        found.append(nodes.finish(name).hops)
    return statistics.mean(found), (nodes.world.messages - sent) / 2 / SEARCHES


def churn() -> dict[str, float]:
    """Search while a fifth of the nodes is replaced, a tenth of all transmissions being lost."""
    start = time.process_time()
    nodes = Nodes(CHURN_NODES, 2, Terms(loss=0.1))
    nodes.fill()
    world, chance = nodes.world, nodes.chance
    key = SigningKey.from_seed(sha256(b"benchmark"))
    contents = [number.to_bytes(2, "big") for number in range(CHURN_RECORDS)]
    puts = []
    for content in contents:
        record, begun = make_provider(content, (), key, START_MS), world.now
        nodes.finish(nodes.call(chance.randrange(CHURN_NODES), "put", record))
        puts.append(world.now - begun)
    begun = time.process_time()
    asked: dict[tuple[int, int], int] = {}
    took, found = [], 0
    changes = CHURN_NODES // 5
    first = world.now
    for number in range(CHURN_SEARCHES):
        if number % (CHURN_SEARCHES // changes) == 0:
            up = [node for node in world.nodes if node.up]
            gone = chance.choice(up)
            if not any(index == gone.index for index, _ in asked):
                world.crash(gone, silent=bool(number % 2))
            roots = [nodes.contact(node.index) for node in chance.sample(up, 3) if node.up]
            nodes.call(nodes.add().index, "bootstrap", roots)
        up = [node for node in world.nodes[:CHURN_NODES] if node.up]
        place = content_key(chance.choice(contents))
        asked[nodes.call(chance.choice(up).index, "find_value", place)] = world.now
        world.run_until(first + (number + 1) * CHURN_MS // CHURN_SEARCHES)
        found += settle(nodes, asked, took)
    world.run_while(lambda: any(name not in nodes.told for name in asked), 60_000, 100)
    found += settle(nodes, asked, took)
    end = time.process_time()
    return {
        "found": found / CHURN_SEARCHES,
        "seconds": end - begun,
        "with puts": end - start,
        "get p50": statistics.median(took),
        "put p50": statistics.median(puts),
    }


def settle(nodes: Nodes, asked: dict[tuple[int, int], int], took: list[int]) -> int:
    """Take note of the searches that have ended; return how many found something."""
    found = 0
    for name in [name for name in asked if name in nodes.told]:
        event = nodes.told.pop(name)
        took.append(nodes.world.now - asked.pop(name))
        found += bool(event.records)
    return found


# --- Real links -----------------------------------------------------------------------------


class RealNode:
    """A node on this machine: the protocol over TCP and the links that the daemon uses."""

    def __init__(self, number: int) -> None:
        self.key = NodeKey.from_seed(sha256(b"benchmark", bytes([number])))
        self.dht = Dht(self.key.peer_id, SimulatedStore(), os.urandom)
        self.refused: Counter[str] = Counter()
        self.told: dict[int, asyncio.Future[Event]] = {}
        self.network = Network(
            *(self.key, "dht", self.refused, bytes, self._meet, self._hear, self.dht.addresses),
            *([Tcp()], Pacing(None, Clock()), DESKTOP),
        )
        self.network.unreachable = lambda peer_id: self.dht.unreachable(peer_id, now_ms())
        self.here = Multiaddr("ip4", "127.0.0.1", 0)
        self._ticking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        served = await self.network.serve(self.here)
        assert isinstance(served, Multiaddr)
        self.here = Multiaddr("ip4", served.host, served.port)
        self.dht.moved([self.here])
        self._ticking = asyncio.create_task(self._tick())

    async def call(self, name: str, *arguments: object) -> Event:
        """Let the node do something; return what came of it."""
        token = getattr(self.dht, name)(*arguments, now_ms())
        told = self.told[token] = asyncio.get_running_loop().create_future()
        self._pump()
        return await asyncio.wait_for(told, 20)

    async def close(self) -> None:
        if self._ticking:
            self._ticking.cancel()
        await self.network.close()

    def _meet(self, connection: Connection, _: bytes) -> None:
        self.dht.met(connection.peer_id, (), Multiaddr("ip4", "127.0.0.1", 1), now_ms())

    def _hear(self, peer_id: bytes, message: Message) -> None:
        self.dht.receive(peer_id, message.type, message.payload, now_ms())
        self._pump()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(0.05)
            if self.dht.next_tick <= now_ms():
                self.dht.tick(now_ms())
                self._pump()

    def _pump(self) -> None:
        for send in self.dht.outgoing():
            message = Message(type=MessageType(send.type), payload=send.payload).encode()
            if not self.network.send(send.peer_id, message):
                self.dht.unreachable(send.peer_id, now_ms())
        for event in self.dht.events():
            waiting = self.told.pop(event.token, None)
            if waiting and not waiting.done():
                waiting.set_result(event)


def now_ms() -> int:
    """Return the time, which goes forward only."""
    return time.monotonic_ns() // 1_000_000


async def real() -> dict[str, float]:
    """Put records among real nodes; return milliseconds, and milliseconds of CPU."""
    chance = Random(3)
    nodes = [RealNode(number) for number in range(REAL_NODES)]
    for number, node in enumerate(nodes):
        await node.start()
        roots = chance.sample(nodes[:number], min(3, number))
        await node.call("bootstrap", [Contact.at(one.key.peer_id, one.here) for one in roots])
    signer = SigningKey.from_seed(sha256(b"signer"))
    times, copies = [], []
    cpu = time.process_time()
    for number in range(REAL_PUTS):
        record = make_provider(number.to_bytes(2, "big"), (), signer, 1)
        start = time.perf_counter()
        event = await chance.choice(nodes).call("put", record)
        times.append((time.perf_counter() - start) * 1e3)
        copies.append(event.copies)
    cpu = time.process_time() - cpu
    refused = sum((node.refused for node in nodes), Counter())
    for node in nodes:
        await node.close()
    if refused:
        raise AssertionError(f"honest nodes were refused: {refused}")
    return {**spread(times), "cpu": cpu / REAL_PUTS * 1e3, "copies": statistics.mean(copies)}


def spread(times: list[float]) -> dict[str, float]:
    """Return the median, and what 95 % stay below."""
    return {"p50": statistics.median(times), "p95": sorted(times)[math.ceil(0.95 * len(times)) - 1]}


def peer() -> dict[str, float]:
    """Measure py-libp2p at the same work, where it is."""
    python = os.environ.get("PEERS_PYTHON")
    if python is None:
        return {}
    command = [
        python,
        "-W",
        "ignore",
        str(PEER),
        *map(str, (REAL_NODES, PEER_PUTS, PEER_LIMIT_SECONDS)),
    ]
    try:
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, timeout=PEER_TOTAL_SECONDS
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        print(f"py-libp2p did not finish: {type(error).__name__}", file=sys.stderr)
        return {}
    result = json.loads(done.stdout)
    if not result["times"]:
        return {}
    times = [seconds * 1e3 for seconds in result["times"]]
    return {**spread(times), "cpu": result["cpu"] * 1e3, "late": result["late"]}


def main() -> int:
    """Measure, print, compare."""
    console = Console(width=100)
    by_size = {count: hops(count) for count in SIZES}
    sheet = Sheet(title=f"{SEARCHES} searches for the closest 20, full tables", width=100)
    for heading in ("nodes", "hops, mean", "questions, mean"):
        sheet.add_column(heading, justify="right")
    for count, (mean, questions) in by_size.items():
        sheet.add_row(f"{count:,}", f"{mean:.2f}", f"{questions:.1f}")
    console.print(sheet)
    slope, base = statistics.linear_regression(
        [math.log2(count) for count in SIZES], [by_size[count][0] for count in SIZES]
    )
    console.print(f"Hops = {base:.2f} + {slope:.2f} log2 n; goal: slope at most 1.")
    console.print(f"A table of a thousand known nodes takes {memory_kb():.0f} KB.")

    lossy = churn()
    sheet = Sheet(title=f"{CHURN_NODES:,} nodes, 20 % replaced, 10 % loss, simulated", width=100)
    for heading in ("what", "goal", "measured"):
        sheet.add_column(heading, justify="left" if heading == "what" else "right")
    searches = f"{CHURN_SEARCHES:,} searches for records"
    sheet.add_row(f"{searches}: found", "≥ 99.9 %", f"{lossy['found']:.2%}")
    sheet.add_row(f"{searches}: time of one core", "≤ 60 s", f"{lossy['seconds']:.1f} s")
    sheet.add_row("with the world, tables and puts", "", f"{lossy['with puts']:.1f} s")
    sheet.add_row("search, virtual p50", "", f"{lossy['get p50']:,.0f} ms")
    sheet.add_row("put, virtual p50", "", f"{lossy['put p50']:,.0f} ms")
    console.print(sheet)

    ours, theirs = asyncio.run(real()), peer()
    sheet = Sheet(title=f"Put among {REAL_NODES} nodes in one process, over TCP", width=100)
    for heading in ("milliseconds", "ours, PQ links", "py-libp2p, Noise"):
        sheet.add_column(heading, justify="left" if heading == "milliseconds" else "right")
    for row in ("p50", "p95", "cpu"):
        other = f"{theirs[row]:,.0f}" if theirs else "-"
        sheet.add_row(row, f"{ours[row]:,.0f}", other)
    console.print(sheet)
    console.print(f"Ours made {ours['copies']:.1f} copies of a signed record each time.")
    missed = slope > 1 or lossy["found"] < 0.999 or lossy["seconds"] > 60
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
