"""Speed, start-up and memory of the chain, beside its peers, all in one run.

Run as `python -m benchmarks.chain [--rounds N] [--quick]`; about six minutes. In one process: ours
against py-evm as `pip install py-evm` gives it. Over JSON-RPC: ours against anvil and Hardhat,
where they are found: `ANVIL` and `HARDHAT` name their commands (npm packages @foundry-rs/anvil and
hardhat), else they are looked for on the path. Figures are medians; read the ratios.
"""

import argparse
import contextlib
import json
import os
import shlex
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from . import contenders, workload
from .rpc_client import Client

ROOT = Path(__file__).parents[1]
START_LIMIT_SECONDS = 60
TRIVIAL_CODE = bytes.fromhex("600a600c600039600a6000f3" + "602a60005260206000f3")
"""Creates a contract that returns 42."""


def in_process(name: str) -> dict[str, float]:
    """Time one of the chains that live in one process."""
    command = [sys.executable, "-m", "benchmarks.contenders", name]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout))


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


Command = Callable[[int, float | None], list[str]]
"""Port and block time (none: mine on demand) to the command that starts a node."""


def pars_command(port: int, block_time: float | None) -> list[str]:
    """Start ours."""
    mining = ["--auto"] if block_time is None else ["--block-time", str(block_time)]
    return [sys.executable, "-m", "pars", "chain", "run", "--quiet", "--port", str(port), *mining]


def peers() -> dict[str, Command]:
    """Return the nodes that this machine has."""
    found: dict[str, Command] = {"pars": pars_command}
    anvil = os.environ.get("ANVIL") or shutil.which("anvil")
    if anvil:

        def anvil_command(port: int, block_time: float | None) -> list[str]:
            mining = [] if block_time is None else ["--block-time", str(block_time)]
            base = [*shlex.split(anvil), "--silent", "--port", str(port)]
            return [*base, "--chain-id", str(workload.CHAIN_ID), *mining]

        found["anvil"] = anvil_command
    hardhat = os.environ.get("HARDHAT")
    if hardhat:

        def hardhat_command(port: int, _block_time: float | None) -> list[str]:
            # Interval mining is switched on by RPC: see `node`.
            base = [*shlex.split(hardhat), "node", "--hostname", "127.0.0.1"]
            return [*base, "--port", str(port), "--chain-id", str(workload.CHAIN_ID)]

        found["hardhat"] = hardhat_command
    return found


@contextlib.contextmanager
def node(
    name: str, command: Command, block_time: float | None = None
) -> Iterator[tuple[Client, float, int]]:
    """Run a node; give a client, the seconds until its first answer, and its process id."""
    port = free_port()
    start = time.perf_counter()
    process = subprocess.Popen(
        command(port, block_time),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        client = _first_answer(port, process)
        seconds = time.perf_counter() - start
        if name == "hardhat" and block_time is not None:
            client.call("evm_setAutomine", False)
            client.call("evm_setIntervalMining", int(block_time * 1000))
        yield client, seconds, process.pid
        client.close()
    finally:
        process.terminate()
        process.wait(timeout=30)


def _first_answer(port: int, process: subprocess.Popen[bytes]) -> Client:
    limit = time.monotonic() + START_LIMIT_SECONDS
    while time.monotonic() < limit:
        if process.poll() is not None:
            raise RuntimeError(f"the node ended with status {process.returncode}")
        try:
            client = Client(port)
            client.call("eth_getBlockByNumber", "latest", False)
            return client
        except (OSError, ConnectionError):
            time.sleep(0.02)
    raise RuntimeError("the node did not answer in time")


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _mined(client: Client, tx_hash: str) -> dict[str, Any]:
    while True:
        receipt = client.call("eth_getTransactionReceipt", tx_hash)
        if receipt is not None:
            return dict(receipt)


def rpc_single(client: Client, count: int) -> float:
    """Return transfers per second, one per block, each awaited until its receipt is there."""
    raws = workload.transfers(count + 50)
    rpc_batch(client, raws[:50])
    return rpc_batch(client, raws[50:])


def rpc_batch(client: Client, raws: list[bytes]) -> float:
    """Send transactions one by one, each when the one before is mined; return how many a second."""
    start = time.perf_counter()
    for raw in raws:
        _mined(client, client.call("eth_sendRawTransaction", _hex(raw)))
    return len(raws) / (time.perf_counter() - start)


def rpc_interval(client: Client, count: int) -> float:
    """Return transfers per second from the first submitted to the last mined, in 400 ms blocks."""
    raws = workload.transfers(count)
    start = time.perf_counter()
    last = ""
    for raw in raws:
        last = client.call("eth_sendRawTransaction", _hex(raw))
    while client.call("eth_getTransactionReceipt", last) is None:
        time.sleep(0.01)
    return count / (time.perf_counter() - start)


def rpc_calls(client: Client, count: int) -> tuple[float, float]:
    """Return eth_calls per second of a trivial contract, and the 99th percentile in ms."""
    raw = workload.sign(
        int(client.call("eth_getTransactionCount", _sender(client), "latest"), 16),
        None,
        data=TRIVIAL_CODE,
        gas=200_000,
    )
    address = _mined(client, client.call("eth_sendRawTransaction", _hex(raw)))["contractAddress"]
    request = client.request("eth_call", {"to": address, "data": "0x"}, "latest")
    assert json.loads(client.exchange(request))["result"].endswith("2a"), "it answers 42"
    for _ in range(200):
        client.exchange(request)
    times = []
    for _ in range(count):
        start = time.perf_counter()
        client.exchange(request)
        times.append(time.perf_counter() - start)
    return count / sum(times), 1000 * statistics.quantiles(times, n=100)[98]


def _sender(client: Client) -> str:
    return str(client.call("eth_accounts")[0])


def memory_mb(pid: int) -> float:
    """Return the resident memory of a process."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def rpc_growth(client: Client, pid: int, blocks: int) -> tuple[float, float]:
    """Mine empty blocks, then transfers; return MB, and the last tenth's speed over the first's."""
    step = blocks // 10
    speeds = []
    for _ in range(10):
        start = time.perf_counter()
        client.call("anvil_mine", hex(step))
        speeds.append(step / (time.perf_counter() - start))
    for raw in workload.transfers(blocks, workload_nonce(client)):
        client.call("eth_sendRawTransaction", _hex(raw))
    return memory_mb(pid), speeds[-1] / speeds[0]


def workload_nonce(client: Client) -> int:
    """Return the sender's next nonce."""
    return int(client.call("eth_getTransactionCount", _sender(client), "latest"), 16)


def median_of(rounds: int, measure: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Measure several times and return each figure's median."""
    results = [measure() for _ in range(rounds)]
    return {key: statistics.median(result[key] for result in results) for key in results[0]}


def over_rpc(name: str, command: Command, quick: bool) -> dict[str, float]:
    """Measure one node from outside."""
    count = 200 if quick else 1000
    with node(name, command) as (client, seconds, _):
        figures = {"start": seconds, "single": rpc_single(client, count)}
        figures["calls"], _ = rpc_calls(client, 2 * count)
    with node(name, command, 0.4) as (client, _, _):
        figures["interval"] = rpc_interval(client, count)
        _, figures["p99"] = rpc_calls(client, 4 * count)
    return figures


def growth(command: Command, blocks: int) -> dict[str, float]:
    """Measure what a long run costs ours."""
    with node("pars", command) as (client, _, pid):
        memory, ratio = rpc_growth(client, pid, blocks)
    return {"memory": memory, "last/first": ratio}


def ratio(ours: float, theirs: float) -> str:
    """Return ours over theirs."""
    return f"{ours / theirs:.1f}x" if theirs else ""


def show(title: str, columns: list[str], rows: list[list[str]], width: int = 100) -> None:
    """Print one table."""
    table = Table(title=title, title_justify="left")
    table.add_column(columns[0])
    for column in columns[1:]:
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(*row)
    Console(width=width).print(table)


IN_PROCESS = {
    "transfers": ("transfers mined /s, 200 a block", "{:.0f}"),
    "tokens": ("ERC-20 transfers mined /s, 200 a block", "{:.0f}"),
    "single": ("one-transaction blocks /s", "{:.0f}"),
    "import": ("transfers imported /s, 200 a block", "{:.0f}"),
    "calls": ("calls of balanceOf /s", "{:.0f}"),
    "open": ("seconds to import the library and open a chain", "{:.2f}"),
    # Ours has the system contracts that stock py-evm fails to install, and writes them each block.
    "memory": ("MB that 1,000 empty blocks take", "{:.1f}"),
}
OVER_RPC = {
    "single": ("transfers /s, one a block, each awaited", "{:.0f}"),
    "interval": ("transfers /s into 400 ms blocks", "{:.0f}"),
    "calls": ("eth_call /s, one client, keep-alive", "{:.0f}"),
    "p99": ("eth_call p99 ms while 400 ms blocks are mined", "{:.2f}"),
    "start": ("seconds from start to the first block answered", "{:.2f}"),
}


def main() -> None:
    """Measure everything and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="runs to take the median of")
    parser.add_argument("--quick", action="store_true", help="a tenth of the work, one round")
    options = parser.parse_args()
    rounds = 1 if options.quick else options.rounds
    ours, stock = (
        median_of(rounds, lambda name=name: in_process(name))  # type: ignore[misc]
        for name in (contenders.engines()[0], "stock")
    )
    show(
        "In one process, signatures and decoding included",
        ["", "ours", "stock py-evm", "ratio"],
        [
            [label, form.format(ours[key]), form.format(stock[key]), ratio(ours[key], stock[key])]
            for key, (label, form) in IN_PROCESS.items()
        ],
    )
    nodes = {
        name: median_of(rounds, lambda n=name, c=command: over_rpc(n, c, options.quick))  # type: ignore[misc]
        for name, command in peers().items()
    }
    show(
        "Over JSON-RPC",
        ["", *nodes],
        [
            [label, *[form.format(figures[key]) for figures in nodes.values()]]
            for key, (label, form) in OVER_RPC.items()
        ],
    )
    blocks = 1000 if options.quick else 10_000
    long_run = growth(pars_command, blocks)
    show(
        f"After {blocks} empty blocks and {blocks} transfers in memory",
        ["", "ours"],
        [
            ["resident memory, MB", f"{long_run['memory']:.0f}"],
            ["speed of the last tenth over the first", f"{long_run['last/first']:.2f}"],
        ],
    )


if __name__ == "__main__":
    main()
