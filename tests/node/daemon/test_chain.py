"""Real nodes of two profiles on a real chain: validators certify it, a light node proves it."""

import asyncio
import json
import os
import subprocess
import sys
import urllib.request
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from node.client.api import connect
from node.sessiond import run_parser, run_settings

with warnings.catch_warnings():  # web3.py brings a client that its library calls old
    warnings.filterwarnings("ignore", "websockets.legacy", DeprecationWarning)
    from web3 import Web3

ROOT = Path(__file__).parents[3]
KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"  # anvil's first
SEATS = 3


@pytest.fixture
def start() -> Iterator[Any]:
    """Start a `pars` command, and return the line of it that has a word in it."""
    running: list[subprocess.Popen[str]] = []

    def started(word: str, *arguments: str) -> str:
        process = subprocess.Popen(
            [sys.executable, "-m", "pars", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"},
        )
        running.append(process)
        assert process.stdout is not None
        for line in process.stdout:
            if word in line:
                return line
        raise AssertionError(f"{arguments} ended without {word}")

    yield started
    for process in running[::-1]:
        process.terminate()
    for process in running:
        process.wait(60)
        assert process.stdout is not None
        process.stdout.close()


def test_validators_certify_and_a_light_node_proves(start, tmp_path: Path, eventually) -> None:
    url = next(
        word for word in start("JSON-RPC", "chain", "run", "--port", "0").split() if "://" in word
    )
    made = tmp_path / "made"
    found = ["node", "genesis", "--chain", url, "--seats", str(SEATS), "--to", str(made)]
    subprocess.run([sys.executable, "-m", "pars", *found], cwd=ROOT, check=True, timeout=60)
    common = ["--network", "devnet", "--listen", "/ip4/127.0.0.1/tcp/0", "--no-quic", "--no-local"]
    common += ["--cover", "off"]
    chain = ["--chain", url, "--validators", str(made / "validators")]
    bootstrap: list[str] = []
    for seat in range(SEATS):
        line = start(
            *("listening", "node", "run", "--profile", "validator", *common, *chain, *bootstrap),
            *("--datadir", str(tmp_path / f"v{seat}")),
            *("--validator-key", str(made / f"validator-{seat}.key")),
        )
        bootstrap = bootstrap or ["--bootstrap", line.split()[-1]]
    light = tmp_path / "light"
    line = start(
        *("chain:", "node", "run", "--profile", "mobile", *common, *bootstrap),
        *("--checkpoint", str(made / "checkpoint"), "--datadir", str(light)),
    )
    port = line.split()[-1]
    full, proved = Web3(Web3.HTTPProvider(url)), Web3(Web3.HTTPProvider(port))

    async def go() -> None:
        async def status() -> Any:
            client = await connect(light)
            try:
                return await client.call("GetNode")
            finally:
                await client.close()

        async def certified() -> bool:
            told = (await status())["light"]
            return bool(told["validators"] == SEATS and told["block"])

        await eventually(certified)
        account = full.eth.account.from_key(KEY)
        assert proved.eth.chain_id == full.eth.chain_id

        def send() -> bytes:
            fields = {
                "to": "0x" + "77" * 20,
                "value": 5,
                "nonce": proved.eth.get_transaction_count(account.address),
                "gas": 21_000,
                "maxFeePerGas": 10**10,
                "maxPriorityFeePerGas": 10**9,
                "chainId": proved.eth.chain_id,
            }
            return bytes(proved.eth.send_raw_transaction(account.sign_transaction(fields)[0]))

        name = await asyncio.to_thread(send)

        async def mined() -> bool:
            receipt = await asyncio.to_thread(proved.eth.get_transaction_receipt, name)
            return receipt["status"] == 1

        await eventually(mined)
        there = await asyncio.to_thread(
            proved.eth.get_balance, Web3.to_checksum_address("0x" + "77" * 20)
        )
        assert there == 5
        answer = await asyncio.to_thread(lambda: raw(port, "debug_traceTransaction"))
        assert answer["error"]["code"] == -32601

    asyncio.run(go())


def raw(url: str, method: str) -> Any:
    """Call a method, and return the whole answer."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": []}).encode()
    asked = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(asked, timeout=60) as answer:
        return json.load(answer)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--profile", "mobile"], "needs --checkpoint"),
        (["--profile", "desktop"], "needs --chain"),
        (["--chain", "http://127.0.0.1:1"], "go together"),
        (["--validator-key", "x"], "needs both"),
    ],
)
def test_a_profile_says_what_it_lacks(arguments: list[str], reason: str) -> None:
    with pytest.raises(Exception, match=reason):
        run_settings(run_parser().parse_args(arguments))
