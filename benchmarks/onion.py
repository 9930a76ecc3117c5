"""What onion packets take beside the classical Sphinx: CPU in this process, medians, one run.

Run as `python -m benchmarks.onion`, with `PEERS_PYTHON` naming a Python that has `sphinxmix`
0.0.7; without it that column is empty. The exit status is 1 where a goal is missed: three hops
built in 2 ms, a hop in 2 ms.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from node.codec import Refused
from node.crypto import HybridKey
from node.onion import packet as onion
from node.onion import surb as reply_blocks
from node.onion.cover import FULL, METERED
from node.onion.fragments import ANSWER_SIZE, CALL_MAX
from node.onion.keys import KeyRing
from node.onion.packet import Relay
from node.onion.relay import RelayNode

ROUNDS = 300
GOAL_US = 2_000
DAY_MS = 86_400_000
PEER = Path(__file__).parent / "onion_peer.py"


def median_us(work: Callable[[], Any]) -> float:
    """Return microseconds of CPU."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times) * 1e6


def ours() -> dict[str, float]:
    """Time our packets."""
    rings = [KeyRing(0, os.urandom) for _ in range(onion.SLOTS)]
    path = [
        Relay(node_id=os.urandom(32), public=ring.current.key.public, subnet=bytes([number]))
        for number, ring in enumerate(rings)
    ]
    first = RelayNode(path[0].node_id, rings[0])
    payload = os.urandom(4096)
    delays = [100] * 3
    packets = iter([onion.build(path, delays, payload, os.urandom) for _ in range(ROUNDS)])
    block, secret = reply_blocks.make_surb(path, delays, os.urandom)
    _, reply = reply_blocks.reply(block, payload)
    for ring in rings:
        header, body = onion.split(reply)
        opened = onion.open_header(ring.current.key, header)
        body = onion.unwrap(opened.body_key, body)
        reply = opened.header + body
    noise = b"\1" + os.urandom(onion.PACKET_SIZE - 1)
    stranger = HybridKey.from_seed(os.urandom(96))
    return {
        "build 3": median_us(lambda: onion.build(path[:3], delays[:2], payload, os.urandom)),
        "build 4": median_us(lambda: onion.build(path, delays, payload, os.urandom)),
        "hop": median_us(lambda: first.process(next(packets), 0)),
        "refuse": median_us(lambda: refused(stranger, noise)),
        "surb": median_us(lambda: reply_blocks.make_surb(path, delays, os.urandom)),
        "reply": median_us(lambda: reply_blocks.reply(block, payload)),
        "open": median_us(lambda: secret.open(body)),
    }


def refused(key: HybridKey, packet: bytes) -> None:
    """Show a relay a packet that is for somebody else."""
    try:
        onion.open_header(key, packet[: onion.HEADER_SIZE])
    except Refused:
        return
    raise AssertionError("noise was taken for a packet")


def peer() -> dict[str, float]:
    """Time the classical Sphinx, where there is one."""
    python = os.environ.get("PEERS_PYTHON")
    if python is None:
        return {}
    command = [python, str(PEER), str(onion.BODY_SIZE)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    result: dict[str, float] = json.loads(output)
    return result


def main() -> int:
    """Measure, print, compare."""
    measured, classical = ours(), peer()
    table = Table(title="Onion packets: CPU per operation, median of 300", width=100)
    for heading in ("operation", "goal", "hybrid, µs", "sphinxmix (X25519 only), µs"):
        table.add_column(heading, justify="left" if heading == "operation" else "right")
    rows = {
        "build 3": "build, 3 hops",
        "build 4": "build, 3 relays and the end",
        "hop": "hop: header, replay, body",
        "refuse": "refuse what is not for the key",
        "surb": "make a reply block, 3 relays and us",
        "reply": "answer by a reply block",
        "open": "open an answer",
    }
    goals = {"build 3", "hop"}
    for name, text in rows.items():
        other = f"{classical[name]:,.0f}" if name in classical else "-"
        goal = f"{GOAL_US:,}" if name in goals else ""
        table.add_row(text, goal, f"{measured[name]:,.0f}", other)
    console = Console(width=100)
    console.print(table)
    sizes = {
        "packet": onion.PACKET_SIZE,
        "of it header": onion.HEADER_SIZE,
        "reply block": reply_blocks.SURB_SIZE,
        "request beside a reply block": CALL_MAX,
        "part of an answer": ANSWER_SIZE,
    }
    console.print("Bytes: " + ", ".join(f"{name} {size:,}" for name, size in sizes.items()) + ".")
    for rate in (FULL, METERED):
        each_day = DAY_MS / (rate.gap_ms or DAY_MS)
        share = each_day * measured["build 4"] / (DAY_MS * 1e3)
        console.print(
            f"Cover, {rate.name}: {each_day * onion.PACKET_SIZE / 1e6:,.0f} MB a day sent,"
            f" {share:.3%} of a core to build."
        )
    return int(any(measured[name] > GOAL_US for name in goals))


if __name__ == "__main__":
    sys.exit(main())
