"""A node on loopback for each test, and the contract that the clients deploy."""

import threading
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from vyper.compiler import compile_code

from chain.accounts import DevAccount, dev_accounts
from chain.genesis import pars_genesis
from chain.local_chain import LocalChain
from chain.rpc.server import Server

with warnings.catch_warnings():
    # web3 imports a module that websockets is about to drop.
    warnings.filterwarnings("ignore", "websockets.legacy", DeprecationWarning)
    __import__("web3")

HERE = Path(__file__).parent
WAIT_SECONDS = 20


@pytest.fixture(scope="session")
def accounts() -> tuple[DevAccount, ...]:
    return dev_accounts(count=4)


@pytest.fixture(scope="session")
def notebook() -> dict[str, Any]:
    """ABI and bytecode of the contract."""
    source = (HERE / "notebook.vy").read_text("utf-8")
    compiled: dict[str, Any] = compile_code(source, output_formats=["abi", "bytecode"])
    return compiled


@pytest.fixture
def start(accounts: tuple[DevAccount, ...]) -> Iterator[Callable[..., str]]:
    """Start a node, with the options of LocalChain; return its URL."""
    started: list[tuple[Server, threading.Thread]] = []

    def run(**options: Any) -> str:
        genesis = pars_genesis(accounts=[account.address for account in accounts])
        server = Server(LocalChain.open(genesis, accounts=accounts, **options))
        ready = threading.Event()
        thread = threading.Thread(target=server.run, args=(lambda _: ready.set(),))
        thread.start()
        started.append((server, thread))
        assert ready.wait(WAIT_SECONDS)
        return server.url

    yield run
    for server, thread in started:
        server.stop()
        thread.join(WAIT_SECONDS)


@pytest.fixture
def url(start: Callable[..., str]) -> str:
    """The URL of a node that mines each transaction as it comes."""
    return start()
