"""Pool managers on a chain: v4's own, as its authors compiled it, and ours."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import eth_abi
import pytest
from vyper.compiler import compile_code

from chain.accounts import DevAccount, dev_accounts
from chain.genesis import pars_genesis
from chain.local_chain import LocalChain

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from pool_scene import NATIVE, Scene, code_of  # noqa: E402 - found through the line above


@pytest.fixture(scope="session")
def artefact(uniswap: Path) -> Callable[[str], dict[str, Any]]:
    """Return what v4's authors compiled: `artefact("v4-core/out/PoolManager.sol/PoolManager")`."""
    return lambda name: json.loads((uniswap / f"{name}.json").read_text("utf-8"))


@pytest.fixture(scope="session")
def compiled() -> dict[str, bytes]:
    codes = {}
    for path in HERE.glob("*.vy"):
        made = compile_code(path.read_text("utf-8"), output_formats=["bytecode"])
        codes[path.stem] = bytes.fromhex(made["bytecode"].removeprefix("0x"))
    return codes


@pytest.fixture(scope="session")
def accounts() -> tuple[DevAccount, ...]:
    return dev_accounts(count=3)


@pytest.fixture
def new_scene(
    artefact: Callable[[str], dict[str, Any]],
    compiled: dict[str, bytes],
    accounts: tuple[DevAccount, ...],
) -> Iterator[Callable[[str], Scene]]:
    """Make scenes by the engine they run on."""
    opened: list[LocalChain] = []

    def make(engine: str) -> Scene:
        genesis = pars_genesis(6133, [account.address for account in accounts])
        chain = LocalChain.open(genesis, accounts=accounts, loud=True, engine=engine)
        opened.append(chain)
        sender = accounts[0].address
        made = artefact("v4-core/out/PoolManager.sol/PoolManager")
        scene = Scene(chain=chain, genuine=NATIVE, sender=sender, codes=compiled)
        scene.genuine = scene.deploy(code_of(made) + eth_abi.encode(["address"], [sender]))
        return scene

    yield make
    for chain in opened:
        chain.close()
