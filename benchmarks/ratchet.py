"""What a channel takes beside two classical ratchets: CPU in this process, medians, one run.

Run as `python -m benchmarks.ratchet`, with `PEERS_PYTHON` naming a Python that has `DoubleRatchet`
1.3 and `vodozemac` 0.10; without it those columns are empty. Each message is of 1 KiB and is
written and read. The exit status is 1 where the goal is missed: 5,000 of them a second.
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

from node.identity import AccountKeys, DeviceKeys, certify
from node.messaging import sparse
from node.messaging.prekeys import DAY, Prekeys, PublishedKeys
from node.messaging.ratchet import OVERHEAD, Channel
from node.messaging.start import FIRST_MESSAGE, Party, accept, begin
from node.messaging.turns import FULL, SPARSE

GOAL = 5_000
BATCH = 200
ROUNDS = 15
TEXT = os.urandom(1024)
NOW = 1_800_000_000_000
PEER = Path(__file__).parent / "ratchet_peer.py"


def rate(work: Callable[[], Any], each: int = BATCH) -> float:
    """Return how often a second, by the median of some rounds of CPU time."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        times.append((time.process_time() - start) / each)
    return 1 / statistics.median(times)


class Pair:
    """Two channels that have answered each other."""

    def __init__(self, mode: int) -> None:
        alice, bob = person(), person()
        prekeys = Prekeys.create(NOW, os.urandom)
        party, device, account = bob
        record = prekeys.record(party.bundle, party.certificate, device, bytes(2592), NOW)
        self.published = PublishedKeys.decode(record, account.account_id, NOW)
        self.mode, self.alice, self.bob, self.prekeys = mode, alice[0], party, prekeys
        self.one, self.other = self.start()
        self.turns(2)

    def start(self) -> tuple[Channel, Channel]:
        """Begin a channel, from published keys to its acceptance."""
        one, first = begin(
            self.alice, self.published, b"", os.urandom, mode=self.mode, last_resort=True
        )
        return one, accept(self.bob, self.prekeys, first, NOW, os.urandom).channel

    def run(self) -> None:
        """Messages in one direction."""
        for _ in range(BATCH):
            self.other.decrypt(self.one.encrypt(TEXT, NOW, os.urandom), NOW, os.urandom)

    def run_stored(self) -> None:
        """The same, with both states encoded for the store each time."""
        for _ in range(BATCH):
            message = self.one.encrypt(TEXT, NOW, os.urandom)
            self.one.encode()
            self.other.decrypt(message, NOW, os.urandom)
            self.other.encode()

    def turns(self, count: int = BATCH // 4) -> None:
        """A message each way, again and again: each begins a turn."""
        for _ in range(count // 2):
            self.other.decrypt(self.one.encrypt(TEXT, NOW, os.urandom), NOW, os.urandom)
            self.one.decrypt(self.other.encrypt(TEXT, NOW, os.urandom), NOW, os.urandom)


def person() -> tuple[Party, DeviceKeys, AccountKeys]:
    """Make an account with a device."""
    account = AccountKeys.from_seed(os.urandom(32))
    device = DeviceKeys.from_seed(os.urandom(32))
    certificate = certify(account, device.public, 1, NOW // DAY)
    return Party(account.bundle(), certificate, device.hybrid), device, account


def ours(mode: int) -> dict[str, float]:
    """Time one mode."""
    pair = Pair(mode)
    result = {"messages": rate(pair.run), "stored": rate(pair.run_stored)}
    pair.turns(2)
    result["turns"] = rate(pair.turns, BATCH // 4)
    result["starts"] = rate(pair.start, 1)
    result["state"] = len(pair.one.encode())
    result["empty"] = len(pair.one.encrypt(b"", NOW, os.urandom))
    result["1 KiB"] = len(pair.one.encrypt(TEXT, NOW, os.urandom))
    return result


def peers() -> dict[str, dict[str, float]]:
    """Time the classical ratchets, where there are any."""
    python = os.environ.get("PEERS_PYTHON")
    if python is None:
        return {"doubleratchet": {}, "vodozemac": {}}
    output = subprocess.run([python, str(PEER)], check=True, capture_output=True, text=True).stdout
    result: dict[str, dict[str, float]] = json.loads(output)
    return result


ROWS = {
    "messages": "messages /s, 1 KiB, written and read",
    "stored": "the same, both states encoded each time",
    "turns": "turns /s, a message of 1 KiB with each",
    "starts": "channels begun and accepted /s",
    "empty": "bytes of a message without a text",
    "1 KiB": "bytes of a message of 1 KiB",
    "state": "bytes of a state",
}


def main() -> int:
    """Measure, print, compare."""
    columns = {"full": ours(FULL), "sparse": ours(SPARSE), **peers()}
    table = Table(title="Channels: CPU of both sides together, medians", width=100)
    for heading in ("", "goal", *columns):
        table.add_column(heading, justify="left" if not heading else "right")
    for name, text in ROWS.items():
        cells = [f"{column[name]:,.0f}" if name in column else "-" for column in columns.values()]
        table.add_row(text, f"{GOAL:,}" if name == "messages" else "", *cells)
    console = Console(width=100)
    console.print(table)
    console.print("doubleratchet and vodozemac are X25519 only; neither hides headers or sizes.")
    console.print(
        f"Bytes beside the text, before padding: full {OVERHEAD + 3200:,}, sparse"
        f" {OVERHEAD + sparse.STEP_SIZE + sparse.ROOM:,}; a first message {FIRST_MESSAGE:,}."
    )
    return int(columns["full"]["messages"] < GOAL)


if __name__ == "__main__":
    sys.exit(main())
