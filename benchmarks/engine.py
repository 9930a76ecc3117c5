"""How fast the engine is, beside its peers and its goals, all in one run.

Run as `python -m benchmarks.engine [--rounds N] [--quick]`; about fifteen minutes. Every contender
is asked in turn, in each round, for the same calls and the same blocks, and must answer the same;
figures are medians. pyrevm and titanoboa run under the interpreter that `PEERS_PYTHON` names, where
they are not installed here; anvil is found as `benchmarks.chain` says, Uniswap's contracts as
`benchmarks.scenes` says. Who or what is not found is left out.
"""

import argparse
import contextlib
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import workload
from .chain import ROOT, Command, node, peers, rpc_batch, show
from .contenders import engines
from .engines import CALL_GAS, SECONDS_MIN, Scene
from .rpc_client import Client
from .scenes import LOOPS, make_scene

Figures = dict[str, dict[str, float]]
"""By row, then by contender."""

STARTS = 7
SETTLING_SECONDS_MAX = 120
"""After its start, ours tests every kernel beside its work. It is over when the node rests."""

TURNS = 7
TURN_TRANSFERS = 100
MEMORY_BLOCKS = 10_000


def surroundings() -> dict[str, str]:
    """Return the environment for a contender, without what our own chain has put there."""
    return {name: value for name, value in os.environ.items() if name != "ETH_HASH_BACKEND"}


def worker(module: str, *arguments: str, python: str = sys.executable, given: str = "") -> Any:
    """Run one contender in a process of its own and return what it prints."""
    command = [python, "-m", f"benchmarks.{module}", *arguments]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=surroundings(),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        input=given,
    )
    return json.loads(done.stdout)


def python_of(package: str) -> str | None:
    """Return the interpreter that has a package, or None."""
    if importlib.util.find_spec(package) is not None:
        return sys.executable
    other = os.environ.get("PEERS_PYTHON")
    if other is None:
        return None
    command = [other, "-c", f"import {package}"]
    found = subprocess.run(command, env=surroundings(), check=False, capture_output=True)
    return other if found.returncode == 0 else None


# Calls.


def anvil_calls(command: Command, scene: Scene) -> dict[str, Any]:
    """Ask anvil for every call of a scene, as `eth_call`."""
    figures = {}
    with node("anvil", command) as (client, _, _):
        for address, account in scene.accounts.items():
            client.call("anvil_setBalance", address, account["balance"])
            client.call("anvil_setCode", address, account["code"])
            for slot, word in account["storage"].items():
                client.call("anvil_setStorageAt", address, slot, word)
        for call in scene.calls:
            ask = {"from": f"0x{call.sender}", "to": f"0x{call.to}", "gas": hex(CALL_GAS)}
            client.call("eth_call", {**ask, "data": f"0x{call.warm}"}, "latest")
            output, seconds = _anvil_call(client, {**ask, "data": f"0x{call.data}"})
            figures[call.name] = {"seconds": seconds, "gas": None, "output": output[2:]}
    return figures


def _anvil_call(client: Client, ask: dict[str, str]) -> tuple[str, float]:
    request = client.request("eth_call", ask, "latest")
    times: list[float] = []
    answer = b""
    while sum(times) < SECONDS_MIN:
        start = time.perf_counter()
        answer = client.exchange(request)
        times.append(time.perf_counter() - start)
    return str(json.loads(answer)["result"]), statistics.median(times)


def ask_all(scene: Scene) -> dict[str, Callable[[], dict[str, Any]]]:
    """Return how to ask each contender for the calls of a scene."""
    given = scene.to_json()
    found: dict[str, Callable[[], dict[str, Any]]] = {
        name: lambda name=name: worker("engines", name, given=given)  # type: ignore[misc]
        for name in (*engines(), "stock")
    }
    for name, package in (("pyrevm", "pyrevm"), ("titanoboa", "boa")):
        python = python_of(package)
        if python is not None:
            found[name] = lambda name=name, python=python: worker(  # type: ignore[misc]
                "engines", name, python=python, given=given
            )
    nodes = peers()
    if "anvil" in nodes:
        found["anvil"] = lambda: anvil_calls(nodes["anvil"], scene)
    return found


def time_calls(rounds: int) -> Figures:
    """Return the rates of the scene's calls; check that all contenders agree."""
    scene = make_scene()
    asked = ask_all(scene)
    answers: dict[str, list[dict[str, Any]]] = {name: [] for name in asked}
    for _ in range(rounds):
        for name, ask in asked.items():
            answers[name].append(ask())
    figures: Figures = {}
    for call in scene.calls:
        found = {name: [each[call.name] for each in given] for name, given in answers.items()}
        _agree(call.name, found)
        gas = found["stock"][0]["gas"]
        scale = gas / 1e6 if call.name in LOOPS else 1
        figures[call.name] = {
            name: scale / statistics.median(each["seconds"] for each in given)
            for name, given in found.items()
        }
    return figures


def _agree(call: str, found: dict[str, list[dict[str, Any]]]) -> None:
    """Stop where a contender answers otherwise: then the times say nothing."""
    outputs = {each["output"] for given in found.values() for each in given}
    assert len(outputs) == 1, f"{call}: {outputs}"
    exact = (*engines(), "stock") if call not in LOOPS else (*found,)
    gas = {each["gas"] for name in exact for each in found[name]} - {None}
    assert len(gas) == 1, f"{call}: gas {gas}"


# Blocks, the wire, starts and memory.

BLOCKS = {
    "transfers": "plain transfers mined /s, 200 a block",
    "tokens": "ERC-20 transfers mined /s, 200 a block",
    "single": "plain transfers mined /s, one a block",
    "import": "plain transfers imported /s, 200 a block",
}


def time_blocks(rounds: int) -> Figures:
    """Return the rates at which blocks are made and imported."""
    names = (*engines(), "stock")
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            runs[name].append(worker("contenders", name))
    return {
        row: {name: statistics.median(run[row] for run in runs[name]) for name in names}
        for row in BLOCKS
    }


def time_rpc(rounds: int) -> dict[str, float]:
    """Return transfers per second over JSON-RPC, one a block, each awaited.

    All nodes run, and take turns: what else the machine does falls on all of them alike.
    """
    nodes = {name: command for name, command in peers().items() if name == "anvil"}
    nodes |= {name: _our_node(name) for name in engines()}
    rates: dict[str, list[float]] = {name: [] for name in nodes}
    with contextlib.ExitStack() as stack:
        clients, pids = {}, []
        for name, command in nodes.items():
            clients[name], _, pid = stack.enter_context(node(name, command))
            pids.append(pid)
        settle(list(clients.values()), pids)
        turns = 1 + rounds * TURNS
        raws = workload.transfers(TURN_TRANSFERS * turns)
        for turn in range(turns):
            batch = raws[turn * TURN_TRANSFERS :][:TURN_TRANSFERS]
            for name, client in clients.items():
                rate = rpc_batch(client, batch)
                if turn:  # The first warms up.
                    rates[name].append(rate)
    return {name: statistics.median(found) for name, found in rates.items()}


def settle(clients: list[Client], pids: list[int]) -> None:
    """Wait until all nodes rest, asking now and then so that no connection is given up."""
    give_up = time.monotonic() + SETTLING_SECONDS_MAX
    busy = True
    while busy and time.monotonic() < give_up:
        before = sum(map(cpu_seconds, pids))
        time.sleep(1)
        for client in clients:
            client.call("eth_blockNumber")
        busy = sum(map(cpu_seconds, pids)) - before > 0.1


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _our_node(engine: str) -> Command:
    def command(port: int, block_time: float | None) -> list[str]:
        chosen = ["--engine", engine] if len(engines()) > 1 else []
        return [*peers()["pars"](port, block_time), *chosen]

    return command


FIRST_CALL = """
import time
import eth.vm.forks.prague
start = time.perf_counter()
from benchmarks.contenders import our_chain
import chain.calls
opened = our_chain({engine!r})
assert opened.call(chain.calls.CallRequest(data=bytes.fromhex("602a60005260206000f3"))).success
print(time.perf_counter() - start)
"""


LOAD = """
import time
start = time.perf_counter()
from chain.engine import load
load(lambda done, total: None)
print(time.perf_counter() - start)
"""


def time_starts() -> dict[str, float]:
    """Return seconds: for the core's compiled code, Numba's own import included; and, by engine,
    from py-evm alone to the first call's answer, the whole chain layer included.
    """
    programs = {"core's code": LOAD}
    programs |= {
        f"chain and first call, {name}": FIRST_CALL.format(engine=name) for name in engines()
    }
    found: dict[str, list[float]] = {name: [] for name in programs}
    # Where Python may not keep its byte-code, it compiles all modules anew at each start.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(STARTS):
        for name, program in programs.items():
            command = [sys.executable, "-c", program]
            done = subprocess.run(
                command, cwd=ROOT, env=kept, check=True, stdout=subprocess.PIPE, text=True
            )
            found[name].append(float(done.stdout))
    return {name: statistics.median(seconds) for name, seconds in found.items()}


# What is asked of our best.


def goals(figures: Figures) -> dict[str, str]:
    """Return the goal of each row that has one, and what was reached."""
    best = engines()[0]

    def over(row: str, peer: str, least: float) -> str:
        rates = figures.get(row, {})
        if best not in rates or peer not in rates:
            return ""
        return f"{least:g}x {peer}: {rates[best] / rates[peer]:.2f}"

    return {
        "arithmetic": f"{over('arithmetic', 'stock', 100)}; {over('arithmetic', 'pyrevm', 0.3)}",
        "keccak": over("keccak", "stock", 25),
        "storage": over("storage", "stock", 5),
        "swap": over("swap", "py", 15),
        "tokens": over("tokens", "stock", 12),
        "transfers": over("transfers", "stock", 18),
        "rpc": over("rpc", "anvil", 1),
    }


LABELS = {
    **{name: f"{name} loop, Mgas/s" for name in LOOPS},
    "token": "ERC-20 transfer called /s",
    "swap": "Uniswap v4 swap called /s",
    **BLOCKS,
    "rpc": "plain transfers over JSON-RPC /s, one a block",
}


def print_rates(figures: Figures) -> None:
    """Print one table of all rates, with the goals."""
    reached = goals(figures)
    order = (*engines(), "stock", "pyrevm", "titanoboa", "anvil")
    names = [name for name in order if any(name in rates for rates in figures.values())]
    rows = []
    for row, rates in figures.items():
        cells = [f"{rates[name]:,.4g}" if name in rates else "" for name in names]
        rows.append([LABELS[row], *cells, reached.get(row, "")])
    show("Rates (more is better)", ["", *names, "goal: reached"], rows, width=150)


def main() -> None:
    """Measure everything and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="runs to take the median of")
    parser.add_argument("--quick", action="store_true", help="one round, a tenth of the blocks")
    parser.add_argument(
        "--only", choices=("calls", "blocks", "rpc", "starts", "memory"), help="one part of it"
    )
    options = parser.parse_args()
    rounds = 1 if options.quick else options.rounds
    wanted = (options.only,) if options.only else ("calls", "blocks", "rpc", "starts", "memory")
    figures: Figures = {}
    if "calls" in wanted:
        figures |= time_calls(rounds)
    if "blocks" in wanted:
        figures |= time_blocks(rounds)
    if "rpc" in wanted:
        figures["rpc"] = time_rpc(rounds)
    if figures:
        print_rates(figures)
    rest = []
    if "blocks" in wanted:
        best = engines()[0]
        slower = figures["transfers"][best] / figures["import"][best]
        rest.append(["import of a block, times its mining", f"{slower:.2f}", "at most 1.2"])
    if "starts" in wanted:
        for name, seconds in time_starts().items():
            goal = "at most 0.7" if name == "core's code" else ""
            rest.append([f"seconds from a warm cache: {name}", f"{seconds:.2f}", goal])
    if "memory" in wanted:
        blocks = MEMORY_BLOCKS // 10 if options.quick else MEMORY_BLOCKS
        grown = worker("contenders", engines()[0], str(blocks))
        change = f"{grown['early']:.0f} -> {grown['late']:.0f}"
        rest.append([f"MB after {blocks // 5} and {blocks} blocks on disk", change, "flat"])
    if rest:
        show("The rest (less is better)", ["", "ours", "goal"], rest)


if __name__ == "__main__":
    main()
