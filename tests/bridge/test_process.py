"""The bridge as a process against a node as a process: ended at any moment, it goes on."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from eth_utils import keccak

from chain.accounts import dev_accounts
from session_bridge.chain_client import ChainClient, Signer
from session_bridge.journal import Journal
from session_bridge.service import scope_of
from session_bridge.transport import HttpTransport

SECONDS = 60
EPOCHS, EVENTS, REQUESTS = 4, 2, 3
TOPICS = {
    "anchor": "Anchored(uint64,bytes32,uint64,bytes32,uint256)",
    "relay": "Delivered(uint64,address,bytes32,uint8)",
    "oracle": "Answered(uint256,address,uint64,uint8,bytes32)",
}


@pytest.fixture(scope="module")
def node(root: Path) -> Iterator[SimpleNamespace]:
    """A node with the DAO, and what asks it."""
    command = [sys.executable, "pars.py", "chain", "run", "--with-dao", "--quiet", "--json"]
    command += ["--chain-id", "6134", "--port", "0", "--block-time", "0.2"]
    process = subprocess.Popen(
        command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        with closing(HttpTransport(url)) as through:
            yield SimpleNamespace(url=url, client=ChainClient(through))
    finally:
        process.kill()
        process.communicate(timeout=SECONDS)


@pytest.fixture
def stage(node, far_world, tell, sources, tmp_path, root) -> Iterator[SimpleNamespace]:
    """Six epochs with events, four requests, and a way to start bridges."""
    before = node.client.ask("evm_snapshot")
    far = far_world(node.client)
    epochs = []
    for number in range(1, EPOCHS + 1):
        first = EVENTS * (number - 1)
        told = [sources.event(first + each, far.listener) for each in range(EVENTS)]
        epochs.append(sources.epoch(number, range(10 * number, 10 * number + 5), told))
    for number in range(REQUESTS):
        far.request(10 + number)
    path = tell(*epochs)
    running = []

    def start(account: int, *options: str) -> subprocess.Popen[str]:
        key = tmp_path / f"key{account}"
        key.write_text(dev_accounts()[account].private_key.hex())
        key.chmod(0o600)
        command = [
            sys.executable,
            "pars.py",
            "bridge",
            "run",
            "--rpc",
            node.url,
            "--source",
            str(path),
        ]
        command += ["--journal", str(tmp_path / f"journal{account}"), "--key-file", str(key)]
        command += ["--poll", "0.05", "--stagger", "2", "--at-a-loss", *options]
        process = subprocess.Popen(
            command, cwd=root, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        running.append(process)
        return process

    yield SimpleNamespace(far=far, start=start, client=node.client)
    for process in running:
        process.kill()
        process.communicate(timeout=SECONDS)
    assert node.client.ask("evm_revert", before) is True


def logged(stage: SimpleNamespace, contract: str) -> list[int]:
    """Return the numbers in all logs of one kind that a contract has."""
    found = stage.client.ask(
        "eth_getLogs",
        {
            "fromBlock": "0x0",
            "toBlock": "latest",
            "address": "0x" + getattr(stage.far.contracts, contract).address.hex(),
            "topics": ["0x" + keccak(text=TOPICS[contract]).hex()],
        },
    )
    return [int(each["topics"][1], 16) for each in found]


def is_done(stage: SimpleNamespace) -> bool:
    return (
        stage.far.ask("relay", "nextNumber") == EPOCHS * EVENTS
        and stage.far.ask("anchor", "lastEpoch") == EPOCHS
        and all(stage.far.ask("oracle", "statusOf", each) == 2 for each in range(1, REQUESTS + 1))
    )


def end_at_random(stage: SimpleNamespace, seed: int, kills: int, accounts: list[int]) -> None:
    """End bridges again and again while they work, then let them finish."""
    chance = random.Random(seed)
    for _ in range(kills):
        processes = [stage.start(account) for account in accounts]
        time.sleep(chance.uniform(0.7, 2.0))
        for process in processes:
            os.kill(process.pid, signal.SIGKILL)
            process.wait(SECONDS)
    processes = [stage.start(account) for account in accounts]
    last = time.monotonic() + SECONDS
    while not is_done(stage) and time.monotonic() < last:
        time.sleep(0.1)
    for process in processes:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=SECONDS)
        assert process.returncode == 0, said
        assert "transactions did what they were for" in said


def check(stage: SimpleNamespace) -> None:
    assert is_done(stage)
    assert logged(stage, "anchor") == list(range(1, EPOCHS + 1))
    assert logged(stage, "relay") == list(range(EPOCHS * EVENTS))
    assert sorted(logged(stage, "oracle")) == list(range(1, REQUESTS + 1))
    assert stage.far.heard() == EPOCHS * EVENTS + REQUESTS


def test_ended_at_random_points_it_loses_and_doubles_nothing(stage) -> None:
    end_at_random(stage, seed=1, kills=2, accounts=[5])

    check(stage)
    # Nobody else relays here: each transaction did something, so none was sent twice.
    used = stage.client.nonce(dev_accounts()[5].address, stage.client.head().number)
    anchored_certified_delivered_answered = EPOCHS + EPOCHS + EPOCHS * EVENTS + REQUESTS
    assert used <= anchored_certified_delivered_answered + REQUESTS  # and fees were collected


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(12))
def test_two_that_race_and_are_ended_at_random_points(stage, seed) -> None:
    end_at_random(stage, seed=seed, kills=5, accounts=[5, 6])

    check(stage)


def test_a_second_bridge_on_one_journal_is_refused(stage, tmp_path) -> None:
    signer = Signer(dev_accounts()[5].private_key)

    with Journal(tmp_path / "journal5", scope_of(stage.far.contracts, signer.address)):
        _, said = (second := stage.start(5)).communicate(timeout=SECONDS)

    assert second.returncode == 1
    assert "another bridge runs" in said
