"""What each transport costs: connecting, carrying, finding neighbours. Medians, one run.

Run as `python -m benchmarks.transports`, with `PEERS_PYTHON` naming a Python that has py-libp2p
0.8.1; without it those rows are missing. All is on loopback or on virtual controllers, both ends in
this process. The exit status is 1 where a goal is missed: a link by TCP in 10 ms at the 95th
percentile, Bluetooth 200 kB/s and shaken hands 1 s after it is connected, a neighbour in 2 s.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from bumble.controller import Controller
from bumble.device import Device
from bumble.host import Host
from bumble.link import LocalLink
from bumble.transport.common import AsyncPipeSink
from rich.console import Console
from rich.table import Table

from node.identity import Multiaddr, NodeKey
from node.transports.bluetooth import Bluetooth, BluetoothPipe
from node.transports.links import Connection, Links
from node.transports.mdns import Neighbours
from node.transports.pipes import Address, Nearby, Transport
from node.transports.quic import Quic
from node.transports.tcp import Tcp

DIALS = 50
RADIO_DIALS = 5
MEETINGS = 10
BYTES = 40_000_000
RADIO_BYTES = 1_000_000
CHUNK = 60_000
PAUSE_SECONDS = 0.02
PEER_SECONDS = 180
CONNECT_GOAL_MS = 10.0
RADIO_GOAL_MB = 0.2
RADIO_HANDSHAKE_GOAL_MS = 1_000.0
FOUND_GOAL_MS = 2_000.0
PEER = Path(__file__).parent / "transports_peer.py"
ALICE, BOB = (NodeKey.from_seed(bytes([seed]) * 32) for seed in (1, 2))

Row = dict[str, float]


async def carried(
    here: Transport, there: Transport, address: Address, dials: int, size: int
) -> Row:
    """Return what links by a transport take: the first one of a node, the next, and bytes."""
    heard, all_heard = 0, asyncio.Event()

    async def listen(connection: Connection) -> None:
        nonlocal heard
        async for message in connection:
            heard += len(message)
            if heard >= size:
                all_heard.set()

    server = Links(BOB, Counter(), [there])
    place = await server.serve(address, listen)
    first, next_, cpu = [], [], 0.0
    for _ in range(dials):
        client = Links(ALICE, Counter(), [here])
        for times in (first, next_):
            await asyncio.sleep(PAUSE_SECONDS)
            begun, used = time.perf_counter(), time.process_time()
            connection = await client.dial(place)
            times.append((time.perf_counter() - begun) * 1e3)
            if times is first:
                cpu += (time.process_time() - used) * 1e3 / dials
            await connection.close()
    client = Links(ALICE, Counter(), [here])
    connection = await client.dial(place)
    begun, used = time.perf_counter(), time.process_time()
    for _ in range(0, size, CHUNK):
        await connection.send(bytes(CHUNK))
    await all_heard.wait()
    seconds, busy = time.perf_counter() - begun, time.process_time() - used
    await connection.close()
    await client.close()
    await server.close()
    return {
        "p50": statistics.median(first),
        "p95": statistics.quantiles(first, n=20)[-1],
        "resumed": statistics.median(next_),
        "cpu": cpu,
        "rate": size / 1e6 / seconds,
        "cpu MB": busy * 1e3 / (size / 1e6),
    }


async def hold(connection: Connection) -> None:
    """Keep a link until it ends."""
    async for _ in connection:
        pass


def radio(air: LocalLink, number: int) -> Bluetooth:
    """Return a radio whose air is a function."""
    own = ":".join([f"F{number}"] * 6)
    controller = Controller(f"C{number}", link=air, public_address=own)
    controller.le_acl_data_packet_length = 251  # What Bluetooth 4.2 has, and every radio since.
    return Bluetooth(Device(host=Host(controller, AsyncPipeSink(controller))))


class Timed(Bluetooth):
    """A radio that tells when it was connected: what is before is the pace of adverts."""

    connected_at: list[float]

    async def dial(self, address: Address) -> BluetoothPipe:
        """Connect to a device, and note when that was."""
        pipe = await super().dial(address)
        self.connected_at.append(time.perf_counter())
        return pipe


async def radio_handshakes() -> list[float]:
    """Return how long the handshake takes once there is a channel."""
    air, times = LocalLink(), []
    here, there = radio(air, 1), radio(air, 2)
    timed = Timed(here._device)
    timed.connected_at = []
    server = Links(BOB, Counter(), [there])
    place = await server.serve(Nearby(""), hold)
    for _ in range(RADIO_DIALS):
        client = Links(ALICE, Counter(), [timed])
        connection = await client.dial(place)
        times.append((time.perf_counter() - timed.connected_at[-1]) * 1e3)
        await connection.close()
        await client.close()
    await server.close()
    return times


async def meetings() -> list[float]:
    """Return how long it takes until somebody who is there hears of somebody new."""
    times: list[float] = []
    for number in range(MEETINGS):
        found = asyncio.Event()
        nodes = [
            Neighbours(
                f"benchmark {number}",
                [Multiaddr("ip4", "127.0.0.1", port)],
                lambda _, event=found: event.set(),  # type: ignore[misc]
                Counter(),
                ["127.0.0.1"],
            )
            for port in (1, 2)
        ]
        await nodes[0].start()
        await asyncio.sleep(1)
        begun = time.perf_counter()
        await nodes[1].start()
        await found.wait()
        times.append((time.perf_counter() - begun) * 1e3)
        for node in nodes:
            await node.close()
    return times


def peer(way: str) -> Row:
    """Return what py-libp2p takes, as far as it gets."""
    python = os.environ.get("PEERS_PYTHON")
    if python is None:
        return {}
    command = [python, str(PEER), way, str(10), str(BYTES // 4)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PEER_SECONDS)
    except subprocess.TimeoutExpired:
        return {}
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    result: Row = json.loads(lines[-1]) if lines else {}
    return result


def cells(row: Row) -> list[str]:
    """Return a row of the table."""
    formats = {"p50": ".1f", "p95": ".1f", "resumed": ".1f", "cpu": ".1f", "rate": ".2f"}
    formats["cpu MB"] = ".1f"
    return [format(row[name], form) if name in row else "-" for name, form in formats.items()]


def main() -> int:
    """Measure, print, compare."""
    air = LocalLink()
    tcp = asyncio.run(carried(Tcp(), Tcp(), Multiaddr.parse("/ip4/127.0.0.1/tcp/0"), DIALS, BYTES))
    by_quic = Multiaddr.parse("/ip4/127.0.0.1/udp/0/quic-v1")
    quic = asyncio.run(carried(Quic(), Quic(), by_quic, DIALS, BYTES))

    async def in_the_air() -> Row:
        return await carried(radio(air, 1), radio(air, 2), Nearby(""), RADIO_DIALS, RADIO_BYTES)

    bluetooth, shaken = asyncio.run(in_the_air()), asyncio.run(radio_handshakes())
    found = asyncio.run(meetings())
    table = Table(title="Links by transport, both ends in one process", width=118)
    for heading in ("", "connect p50, ms", "p95", "resumed p50", "CPU, ms", "MB/s", "CPU ms/MB"):
        table.add_column(heading, justify="right" if heading else "left")
    table.add_row("TCP (goal: p95 10)", *cells(tcp))
    table.add_row("  py-libp2p, Noise (classical)", *cells(peer("tcp")))
    table.add_row("QUIC, X25519MLKEM768", *cells(quic))
    table.add_row("  py-libp2p, QUIC (classical)", *cells(peer("quic")))
    table.add_row("Bluetooth LE, virtual (goal: 0.2 MB/s)", *cells(bluetooth))
    console = Console(width=118)
    console.print(table)
    console.print(
        f"Bluetooth: hands shaken {statistics.median(shaken):.0f} ms after the channel is open"
        f" (goal: {RADIO_HANDSHAKE_GOAL_MS:,.0f}); the rest of connecting is the pace of adverts."
    )
    console.print(
        f"mDNS: a new neighbour is found in {statistics.median(found):.0f} ms,"
        f" at most {max(found):.0f} (goal: {FOUND_GOAL_MS:,.0f}), without an id in what is told."
    )
    missed = (
        tcp["p95"] > CONNECT_GOAL_MS
        or bluetooth["rate"] < RADIO_GOAL_MB
        or statistics.median(shaken) > RADIO_HANDSHAKE_GOAL_MS
        or max(found) > FOUND_GOAL_MS
    )
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
