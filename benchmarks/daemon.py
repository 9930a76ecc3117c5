"""What a daemon takes while nobody speaks: memory and CPU of the real command, from /proc.

Run as `python -m benchmarks.daemon`; it takes six minutes, and wants a machine that does nothing
else. One daemon is alone and has no account; then three are linked, with an unlocked account each,
at both rates of cover traffic. The exit status is 1 where a goal is missed: 60 MB, and 0.5 % of
a core.
"""

import asyncio
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from node.client.api import connect

SECONDS = 60
SETTLE_SECONDS = 40
PATIENCE = 120
GOAL_MB, GOAL_SHARE = 60, 0.005
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Taken:
    """What one process took: megabytes now and at most, and its share of a core."""

    resident: float
    peak: float
    share: float


@contextmanager
def daemons(folder: Path, count: int, cover: str) -> Iterator[dict[Path, int]]:
    """Run daemons that know the first of them; give the process of each by its folder."""
    running: dict[Path, subprocess.Popen[str]] = {}
    bootstrap: list[str] = []
    try:
        for number in range(count):
            place = folder / f"{cover}{count}-{number}"
            command = [sys.executable, "-m", "node.sessiond", "--network", "devnet"]
            command += ["--datadir", str(place), "--listen", "/ip4/127.0.0.1/tcp/0"]
            command += ["--cover", cover, *bootstrap]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
            running[place] = process
            if process.stdout is None or not (line := process.stdout.readline()):
                raise RuntimeError("sessiond did not start")
            bootstrap = bootstrap or ["--bootstrap", line.split()[-1]]
        yield {place: process.pid for place, process in running.items()}
    finally:
        for process in running.values():
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENCE)


def cpu_seconds(pid: int) -> float:
    """Return what a process has used of the processors so far."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def megabytes(pid: int, name: str) -> float:
    """Return a line of a process's status, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text("ascii").splitlines()
    line = next(each for each in lines if each.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024 / 1e6


def taken(pids: list[int]) -> list[Taken]:
    """Watch processes for a while."""
    time.sleep(SETTLE_SECONDS)
    start, before = time.monotonic(), [cpu_seconds(pid) for pid in pids]
    time.sleep(SECONDS)
    passed = time.monotonic() - start
    return [
        Taken(
            megabytes(pid, "VmRSS"),
            megabytes(pid, "VmHWM"),
            (cpu_seconds(pid) - used) / passed,
        )
        for pid, used in zip(pids, before, strict=True)
    ]


async def until(ask: Callable[[], Awaitable[Any]]) -> None:
    """Wait for an answer that says something."""
    async with asyncio.timeout(PATIENCE):
        while not await ask():
            await asyncio.sleep(0.5)


async def settle(folders: list[Path]) -> None:
    """Give every daemon an account that is unlocked, and wait until all are linked."""
    for folder in folders:
        client = await connect(folder)
        try:
            await client.call("CreateIdentity", password="a password of a benchmark")

            async def linked(client: Any = client) -> bool:
                return len(await client.call("GetPeers")) >= len(folders) - 1

            await until(linked)
        finally:
            await client.close()


def scenes() -> dict[str, list[Taken]]:
    """Measure one scene after the other."""
    found = {}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        with daemons(folder, 1, "full") as running:
            found["alone, no account"] = taken(list(running.values()))
        for cover in ("full", "metered"):
            with daemons(folder, 3, cover) as running:
                asyncio.run(settle(list(running)))
                title = f"three linked, unlocked, --cover {cover}"
                found[title] = taken(list(running.values()))
    return found


def main() -> int:
    """Measure, print, compare."""
    load = os.getloadavg()[0]
    found = scenes()
    table = Table(title=f"An idle daemon, over {SECONDS} s; load before: {load:.2f}", width=100)
    for heading in ("scene", "RSS, MB", "most", "peak ever", "CPU of a core", "most"):
        table.add_column(heading, justify="left" if heading == "scene" else "right")
    missed = False
    for scene, measured in found.items():
        resident = [each.resident for each in measured]
        shares = [each.share for each in measured]
        missed |= max(resident) > GOAL_MB or max(shares) > GOAL_SHARE
        table.add_row(
            scene,
            f"{statistics.median(resident):.1f}",
            f"{max(resident):.1f}",
            f"{max(each.peak for each in measured):.1f}",
            f"{statistics.median(shares):.2%}",
            f"{max(shares):.2%}",
        )
    table.add_section()
    table.add_row("goal", "", f"{GOAL_MB}", "", "", f"{GOAL_SHARE:.1%}")
    Console(width=100).print(table)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
