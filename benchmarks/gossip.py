"""Twenty nodes of the mesh in one process, over real links on loopback, beside py-libp2p's gossip.

Run as `python -m benchmarks.gossip`, with `PEERS_PYTHON` naming a Python that has py-libp2p 0.8.1;
without it that column is empty. It takes a minute. Each broadcast is a signed vertex of 960 bytes,
which fill a bucket of 1 KiB; every node checks the signature, keeps the vertex, and passes it on.
The exit status is 1 where a goal is missed: 150 broadcasts/s, 0.3 ms of CPU for each delivery,
paced 10 ms at the median, and all of them delivered.

One core does here what twenty machines would, and to check one ML-DSA-87 signature twenty times is
most of it. So there is a second column, in which each signature is checked once, which is what
gossip itself takes; the goals for the burst are compared with that one.
"""

import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from node.codec import Refused
from node.crypto import sha256, verify
from node.identity import Multiaddr, NodeKey
from node.mesh.dag import Verify
from node.mesh.mesh import Mesh
from node.mesh.settings import Arrived
from node.session.messages import Message, decode_message
from node.transports.links import Connection, Links, now_ms
from node.transports.tcp import Tcp

NODES = 20
LINKS = 99
BURST = 200
PACED, GAP_SECONDS = 40, 0.1
SIZE = 960
SECRET = bytes(32)
LOOPBACK = Multiaddr.parse("/ip4/127.0.0.1/tcp/0")
PATIENCE_SECONDS = 60
PEER = Path(__file__).parent / "gossip_peer.py"
PEER_SECONDS = 240
GOALS = {"rate": 150, "cpu_ms": 0.3, "p50_ms": 10}


class Memory:
    """A store that forgets: the same for both sides of the comparison."""

    def __init__(self) -> None:
        self.rows: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        return self.rows.get(key)

    def scan(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        return sorted(item for item in self.rows.items() if item[0].startswith(prefix))

    def commit(self, changes: Mapping[bytes, bytes | None]) -> None:
        for key, value in changes.items():
            if value is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = value


class Node:
    """A mesh with sockets and a clock."""

    def __init__(self, number: int, checked: Verify) -> None:
        key = NodeKey.from_seed(sha256(b"gossip %d" % number))
        self.links = Links(key, Counter(), [Tcp()])
        self.mesh = Mesh(key.peer_id, Memory(), os.urandom, verify=checked)
        self.topic = self.mesh.join(SECRET, sha256(b"author %d" % number))
        self.arrived: dict[bytes, float] = {}
        self.peers: dict[bytes, Connection] = {}
        self.bytes = 0
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.start(self._tick())

    def start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def listen(self, connection: Connection) -> None:
        """Hear a neighbour until the link ends."""
        self.peers[connection.peer_id] = connection
        self.mesh.linked(connection.peer_id, now_ms())
        self.flush()
        async for data in connection:
            message = decode_message(data)
            try:
                self.mesh.receive(connection.peer_id, message.type, message.payload, now_ms())
            except Refused as refused:
                print(f"refused: {refused.reason}", file=sys.stderr)
            self.flush()

    def write(self, payload: bytes) -> bytes:
        """Broadcast."""
        vertex = self.mesh.append(self.topic, payload, now_ms())
        self.flush()
        return vertex.id

    def flush(self) -> None:
        """Note what has arrived, and send what there is to send."""
        for event in self.mesh.events():
            if isinstance(event, Arrived):
                now = time.perf_counter()
                self.arrived.update((name, now) for name in event.ids)
        for send in self.mesh.outgoing():
            data = Message(type=send.type, payload=send.payload).encode()
            self.bytes += len(data)
            self.start(self._send(self.peers[send.peer_id], data))
        self._wake.set()

    async def _send(self, connection: Connection, data: bytes) -> None:
        with suppress(ConnectionError):  # at the end of the run
            await connection.send(data)

    async def _tick(self) -> None:
        while True:
            wait = max(0, self.mesh.next_tick - now_ms()) / 1_000
            self._wake.clear()
            try:
                await asyncio.wait_for(self._wake.wait(), wait)
            except TimeoutError:
                self.mesh.tick(now_ms())
                self.flush()

    async def close(self) -> None:
        await self.links.close()
        for task in self._tasks:
            task.cancel()


@dataclass
class Measured:
    """What one run came to."""

    rate: float = 0.0
    cpu_ms: float = 0.0
    p50_ms: float = 0.0
    p95_ms: float = 0.0
    delivered: float = 0.0
    copies: float = 0.0
    latencies: list[float] = field(default_factory=list)


def once() -> Verify:
    """Return a check that does not check the same signature again."""
    known: dict[tuple[bytes, bytes], bool] = {}

    def check(key: bytes, message: bytes, signature: bytes, context: bytes) -> bool:
        case = (message, signature)
        if case not in known:
            known[case] = verify(key, message, signature, context)
        return known[case]

    return check


def graph() -> list[tuple[int, int]]:
    """Return which nodes are linked: a ring, and others by chance."""
    chance = random.Random(20)
    pairs = {(number, (number + 1) % NODES) for number in range(NODES)}
    while len(pairs) < LINKS:
        one, other = chance.sample(range(NODES), 2)
        if (other, one) not in pairs:
            pairs.add((one, other))
    return sorted(pairs)


async def until(nodes: list[Node], names: list[bytes]) -> None:
    """Wait until all have arrived everywhere."""
    end = time.perf_counter() + PATIENCE_SECONDS
    while any(name not in node.arrived for node in nodes for name in names):
        if time.perf_counter() > end:
            return
        await asyncio.sleep(0.01)


async def run(checked: Verify) -> Measured:
    """Link the nodes, let each say something, then measure a burst and a paced stream."""
    nodes = [Node(number, checked) for number in range(NODES)]
    measured = Measured()
    try:
        addresses = [await node.links.serve(LOOPBACK, node.listen) for node in nodes]
        for one, other in graph():
            nodes[one].start(nodes[one].listen(await nodes[one].links.dial(addresses[other])))
        await asyncio.sleep(1)
        for node in nodes:
            await until(nodes, [node.write(bytes(SIZE))])
        await asyncio.sleep(1)
        await _paced(nodes, measured)
        await asyncio.sleep(1)
        await _burst(nodes, measured)
    finally:
        for node in nodes:
            await node.close()
    return measured


async def _burst(nodes: list[Node], measured: Measured) -> None:
    sent, cpu, start = sum(node.bytes for node in nodes), time.process_time(), time.perf_counter()
    names = []
    for number in range(BURST):
        names.append(nodes[number % NODES].write(os.urandom(SIZE)))
        await asyncio.sleep(0)
    await until(nodes, names)
    measured.rate = BURST / (time.perf_counter() - start)
    cpu = time.process_time() - cpu
    deliveries = sum(name in node.arrived for node in nodes for name in names)
    measured.cpu_ms = cpu * 1e3 / deliveries
    measured.delivered = min(measured.delivered, deliveries / (BURST * NODES))
    vertex = len(nodes[0].mesh.vertex(nodes[0].topic, names[0]).encode())
    measured.copies = (sum(node.bytes for node in nodes) - sent) / (BURST * (NODES - 1) * vertex)


async def _paced(nodes: list[Node], measured: Measured) -> None:
    written = {}
    for number in range(PACED):
        start = time.perf_counter()
        written[nodes[number % NODES].write(os.urandom(SIZE))] = start
        await asyncio.sleep(GAP_SECONDS)
    await until(nodes, list(written))
    times = [
        (node.arrived[name] - start) * 1e3
        for number, (name, start) in enumerate(written.items())
        for place, node in enumerate(nodes)
        if place != number % NODES and name in node.arrived
    ]
    measured.p50_ms = statistics.median(times)
    measured.p95_ms = statistics.quantiles(times, n=20)[-1]
    measured.delivered = len(times) / (PACED * (NODES - 1))


def peer() -> dict[str, float]:
    """Let py-libp2p do the same work, where it is installed."""
    python = os.environ.get("PEERS_PYTHON")
    if python is None:
        return {}
    command = [python, str(PEER), str(NODES), str(SIZE), str(BURST), str(PACED)]
    pairs = json.dumps(graph())
    try:
        done = subprocess.run(
            command, input=pairs, capture_output=True, text=True, timeout=PEER_SECONDS, check=True
        )
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        print(f"py-libp2p did not end well: {error}", file=sys.stderr)
        return {}
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> int:
    """Measure, print, compare."""
    ours, shared, libp2p = asyncio.run(run(verify)), asyncio.run(run(once())), peer()
    table = Table(title=f"Gossip: {NODES} nodes, {LINKS} links, one process", width=100)
    for heading in ("figure", "goal", "ours", "each signature once", "py-libp2p 0.8.1 gossipsub"):
        table.add_column(heading, justify="left" if heading == "figure" else "right")
    rows = {
        "rate": (f"broadcasts/s, burst of {BURST}", "150", "{:,.0f}"),
        "cpu_ms": ("CPU for each delivery, ms", "0.3", "{:.2f}"),
        "p50_ms": (f"one each {GAP_SECONDS} s: median, ms", "10", "{:,.1f}"),
        "p95_ms": ("19 of 20 within, ms", "", "{:,.1f}"),
        "delivered": ("delivered", "100 %", "{:.1%}"),
        "copies": ("bytes sent for each delivered", "", "{:.2f}"),
    }
    for name, (text, goal, form) in rows.items():
        cells = [form.format(getattr(one, name)) for one in (ours, shared)]
        cells.append(form.format(libp2p[name]) if name in libp2p else "-")
        table.add_row(text, goal, *cells)
    Console(width=100).print(table)
    met = (
        shared.rate >= GOALS["rate"]
        and shared.cpu_ms <= GOALS["cpu_ms"]
        and ours.p50_ms <= GOALS["p50_ms"]
        and ours.delivered == shared.delivered == 1
    )
    return int(not met)


if __name__ == "__main__":
    sys.exit(main())
