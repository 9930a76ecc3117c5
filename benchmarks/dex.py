"""What the pool manager costs beside Uniswap's own: gas, and the time of a swap, in one run.

Run as `python -m benchmarks.dex`, with `UNISWAP` naming the folder that has v4-core. Each operation
of v4's published gas snapshots is done through Uniswap's test routers, by a transaction, on the
genuine contract and on 0x0400: the figures are the gas that the transaction uses. A swap is then
timed as a call, on our engine and on py-evm as it comes. The exit status is 1 where 0x0400 takes
more gas than a snapshot or than the genuine contract, or is less than 20 times faster than py-evm.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eth_abi import encode

from . import workload
from .chain import show
from .engine import worker
from .engines import CALL_GAS, Call, Scene
from .scenes import POOL_KEY, SQRT_PRICE_1_1, call_data

OURS = (0x0400).to_bytes(20, "big")
NATIVE = bytes(20)
HALF_PRICE = 56022770974786139918731938227
QUARTER_PRICE = SQRT_PRICE_1_1 // 2
LIQUIDITY = 10**18
FASTER_MIN = 20

INITIALIZE = f"initialize({POOL_KEY},uint160)"
MODIFY = f"modifyLiquidity({POOL_KEY},(int24,int24,int256,bytes32),bytes)"
SWAP = f"swap({POOL_KEY},(bool,int256,uint160),(bool,bool),bytes)"
PLAIN_SWAP = f"swap({POOL_KEY},(bool,int256,uint160))"
DONATE = f"donate({POOL_KEY},uint256,uint256,bytes)"
ROUTERS = (
    *("PoolSwapTest", "SwapRouterNoChecks", "PoolModifyLiquidityTestNoChecks"),
    *("PoolModifyLiquidityTest", "PoolDonateTest"),
)


class Side:
    """A chain with one manager, Uniswap's test routers around it, and two pools with liquidity."""

    def __init__(self, out: Path, *, ours: bool) -> None:
        from chain.accounts import dev_accounts
        from chain.genesis import pars_genesis
        from chain.local_chain import LocalChain

        account = dev_accounts(count=1)[0]
        genesis = pars_genesis(workload.CHAIN_ID, [account.address])
        self.chain = LocalChain.open(genesis, accounts=[account])
        self.sender = account.address
        self._out = out
        owner = encode(["address"], [self.sender])
        self.manager = OURS if ours else self.create("PoolManager", owner)
        given = encode(["address"], [self.manager])
        self.routers = {name: self.create(name, given) for name in ROUTERS}
        names = encode(["string", "string", "uint8"], ["TEST", "TEST", 18])
        tokens = sorted(self.create("MockERC20", names, folder="mocks/") for _ in range(2))
        for token in tokens:
            self.send(token, call_data("mint(address,uint256)", self.sender, 2**255))
            for router in self.routers.values():
                self.send(token, call_data("approve(address,uint256)", router, 2**256 - 1))
        self.key = (*tokens, 3000, 60, NATIVE)
        self.native_key = (NATIVE, tokens[0], 3000, 60, NATIVE)
        self.fresh_key = (*tokens, 500, 10, NATIVE)
        for key in (self.key, self.native_key):
            self.send(self.manager, call_data(INITIALIZE, key, SQRT_PRICE_1_1))
            self.send(*self.modified(key, -120, 120, LIQUIDITY), value=LIQUIDITY)

    def create(self, name: str, arguments: bytes, folder: str = "") -> bytes:
        """Deploy what Uniswap compiled."""
        artefact = json.loads((self._out / f"{folder}{name}.sol" / f"{name}.json").read_text())
        code = bytes.fromhex(artefact["bytecode"]["object"].removeprefix("0x"))
        return bytes(self.transact(None, code + arguments, 0).contract_address)

    def transact(self, to: bytes | None, data: bytes, value: int) -> Any:
        """Send a transaction that must succeed, and return its receipt."""
        from chain.calls import CallRequest

        request = CallRequest(sender=self.sender, to=to, data=data, value=value, gas=CALL_GAS)
        self.chain.send(request)
        (receipt,) = self.chain.receipts(self.chain.head.hash) or ()
        assert receipt.status == 1, "the scene was set up"
        return receipt

    def send(self, to: bytes, data: bytes, value: int = 0) -> int:
        """Return the gas of a transaction."""
        return int(self.transact(to, data, value).gas_used)

    def modified(
        self, key: tuple[Any, ...], lower: int, upper: int, change: int, *, plain: bool = False
    ) -> tuple[bytes, bytes]:
        """Return whom to call, and with what, for a change of liquidity."""
        router = "PoolModifyLiquidityTestNoChecks" if plain else "PoolModifyLiquidityTest"
        data = call_data(MODIFY, key, (lower, upper, change, bytes(32)), b"")
        return self.routers[router], data

    def swapped(self, limit: int) -> tuple[bytes, bytes]:
        """Return whom to call, and with what, for a swap with all of its checks."""
        data = call_data(SWAP, self.key, (True, -100, limit), (False, False), b"")
        return self.routers["PoolSwapTest"], data

    def plainly_swapped(self, key: tuple[Any, ...]) -> tuple[bytes, bytes]:
        """Return whom to call, and with what, for a swap by the leanest router."""
        data = call_data(PLAIN_SWAP, key, (True, -100, HALF_PRICE))
        return self.routers["SwapRouterNoChecks"], data


Operation = Callable[[Side], int]


def added(change: int, then: int | None = None) -> Operation:
    """Return the gas of adding liquidity, or of what is done after it in the same range."""

    def run(side: Side) -> int:
        gas = side.send(*side.modified(side.key, -300, -180, change, plain=True))
        if then is not None:
            gas = side.send(*side.modified(side.key, -300, -180, then, plain=True))
        return gas

    return run


def swapped_again(side: Side) -> int:
    """Return the gas of a second swap."""
    side.send(*side.swapped(HALF_PRICE))
    return side.send(*side.swapped(QUARTER_PRICE))


def donated(amount0: int, amount1: int) -> Operation:
    """Return the gas of a donation."""

    def run(side: Side) -> int:
        data = call_data(DONATE, side.key, amount0, amount1, b"")
        return side.send(side.routers["PoolDonateTest"], data)

    return run


OPERATIONS: dict[str, tuple[str, Operation]] = {
    "initialize": (
        "PoolManagerInitializeTest",
        lambda side: side.send(side.manager, call_data(INITIALIZE, side.fresh_key, SQRT_PRICE_1_1)),
    ),
    "simple addLiquidity": ("PoolManagerTest", added(LIQUIDITY)),
    "simple addLiquidity second addition same range": (
        "PoolManagerTest",
        added(LIQUIDITY, LIQUIDITY),
    ),
    "simple removeLiquidity": ("PoolManagerTest", added(LIQUIDITY, -LIQUIDITY)),
    "simple removeLiquidity some liquidity remains": (
        "PoolManagerTest",
        added(LIQUIDITY, -LIQUIDITY // 2),
    ),
    "simple swap": ("PoolManagerTest", lambda side: side.send(*side.plainly_swapped(side.key))),
    "simple swap with native": (
        "PoolManagerTest",
        lambda side: side.send(*side.plainly_swapped(side.native_key), value=100),
    ),
    "swap against liquidity": ("PoolManagerTest", swapped_again),
    "donate gas with 1 token": ("PoolManagerTest", donated(100, 0)),
    "donate gas with 2 tokens": ("PoolManagerTest", donated(100, 200)),
}
"""By the name of the snapshot: the file that has it, and what is done."""


def gas_of(side: Side, run: Operation) -> int:
    """Return the gas of an operation, and take it back."""
    before = side.chain.snapshot()
    gas = run(side)
    assert side.chain.revert(before)
    return gas


def seconds_of(side: Side, engine: str) -> float:
    """Return how long a call of a swap takes on an engine, in a process of its own."""
    to, data = side.swapped(HALF_PRICE)
    call = Call(
        name="swap", sender=side.sender.hex(), to=to.hex(), data=data.hex(), warm=data.hex()
    )
    scene = Scene(accounts=side.chain.dump_state()["accounts"], calls=[call])
    return float(worker("engines", engine, given=scene.to_json())["swap"]["seconds"])


def main() -> int:
    """Print both tables, and say whether the goals are met."""
    folder = os.environ.get("UNISWAP")
    if folder is None:
        print("UNISWAP names no folder with v4-core: nothing to measure beside", file=sys.stderr)
        return 0
    core = Path(folder) / "v4-core"
    ours, genuine = (Side(core / "out", ours=each) for each in (True, False))
    rows, met = [], True
    for name, (file, run) in OPERATIONS.items():
        published = int(json.loads((core / "snapshots" / f"{file}.json").read_text())[name])
        here, own = gas_of(genuine, run), gas_of(ours, run)
        met = met and own <= published and own <= here
        rows.append([name, *(f"{each:,}" for each in (published, here, own))])
    show("gas", ["operation", "v4's snapshot", "v4 here", "0x0400"], rows)
    times = {
        "0x0400, our engine": seconds_of(ours, "core"),
        "v4's contract, our engine": seconds_of(genuine, "core"),
        "v4's contract, py-evm": seconds_of(genuine, "stock"),
    }
    slowest = times["v4's contract, py-evm"]
    table = [[name, f"{1000 * each:.2f}", f"{slowest / each:.0f}"] for name, each in times.items()]
    show("a swap with its router and tokens", ["", "ms", "times py-evm's speed"], table)
    met = met and slowest >= FASTER_MIN * times["0x0400, our engine"]
    print("goals met" if met else "goals missed")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
