"""What every engine is asked: accounts with code and storage, and calls on them.

Its loops are written by hand, the token is `token.vy`; the swap is Uniswap v4's, from
the artifacts of the npm package @uniswap/v4-core, which its authors compiled with their settings.
`UNISWAP` names the folder that has it; without it the swap is left out.
"""

import json
import os
from pathlib import Path
from typing import Any

from eth_abi import encode
from eth_utils import keccak

from . import workload
from .engines import CALL_GAS, Call, Scene

CALLER = bytes.fromhex("c0ffee" + "00" * 17)
LOOP_GAS = 10_000_000

HEAD = "600035" + "6000" + "6001" + "5b"
"""Stack: how often to go round, an index, a word. The loop begins here."""

TAIL = "9060010190" + "828210600757" + "60005260206000f3"
"""Count the index up, go round while it is below the number, return the word."""

PRIME = "30644e72e131a029b85045b68181585d2833e84879b9709143e1f593f0000001"
LOOPS = {
    # word = word * c + index; word ^= word >> 17; word -= index
    "arithmetic": (70, "639e3779b102" + "8101" + "8060111c18" + "819003"),
    # word = word * word % p + p / (index + 1)
    "division": (77, f"7f{PRIME}818009" + "9050" + f"816001017f{PRIME}0401"),
    # word = keccak(word, index)
    "keccak": (98, "600052" + "80602052" + "6040600020"),
    # storage[index] += index + 1, in slots that nobody has used
    "storage": (22_159, "8154" + "8201600101" + "8255" + "8101"),
    # storage[index % 8] += index + 1
    "warm storage": (274, "8160071654" + "8201600101" + "8260071655" + "8101"),
}
"""Gas of one turn, about, and its code."""

MINIMUM_SQRT_PRICE = 4295128739
SQRT_PRICE_1_1 = 2**96
POOL_KEY = "(address,address,uint24,int24,address)"
LIQUIDITY = 10**24


def make_scene() -> Scene:
    """Set everything up on a chain of ours, and take a picture of it."""
    from chain.accounts import dev_accounts
    from chain.genesis import pars_genesis
    from chain.local_chain import LocalChain

    account = dev_accounts(count=1)[0]
    chain = LocalChain.open(pars_genesis(workload.CHAIN_ID, [account.address]), accounts=[account])
    calls = []
    for name, (gas, body) in LOOPS.items():
        to = keccak(text=name)[12:]
        chain.set_code(to, bytes.fromhex(HEAD + body + TAIL))
        turns = LOOP_GAS // gas
        data, warm = (encode(["uint256"], [count]) for count in (turns, turns // 50 + 1))
        calls.append(_call(name, CALLER, to, data, warm))
    site = _Site(chain, account.address)
    token = site.create(workload.token_creation())
    receiver = (workload.fresh_address(0), 1)
    data = workload.TRANSFER_SELECTOR + encode(["address", "uint256"], receiver)
    calls.append(_call("token", account.address, token, data, data))
    packages = os.environ.get("UNISWAP")
    if packages:
        router, swap = _pool(site, Path(packages) / "v4-core" / "out")
        calls.append(_call("swap", account.address, router, swap, swap))
    accounts = chain.dump_state()["accounts"]
    chain.close()
    return Scene(accounts=accounts, calls=calls)


def _call(name: str, sender: bytes, to: bytes, data: bytes, warm: bytes) -> Call:
    return Call(name=name, sender=sender.hex(), to=to.hex(), data=data.hex(), warm=warm.hex())


class _Site:
    """Where contracts are put up, by one account."""

    def __init__(self, chain: Any, owner: bytes) -> None:
        self._chain = chain
        self.owner = owner

    def create(self, code: bytes) -> bytes:
        return bytes(self._send(None, code).contract_address)

    def call(self, to: bytes, signature: str, *values: Any) -> None:
        self._send(to, call_data(signature, *values))

    def _send(self, to: bytes | None, data: bytes) -> Any:
        from chain.local_chain import CallRequest

        request = CallRequest(sender=self.owner, to=to, data=data, gas=CALL_GAS)
        located = self._chain.transaction(self._chain.send(request))
        receipt = self._chain.receipts(located.block.hash)[located.index]
        assert receipt.status == 1, "the scene was set up"
        return receipt


def call_data(signature: str, *values: Any) -> bytes:
    """Encode a call of a function."""
    inner = signature[signature.index("(") + 1 : -1]
    types, depth, start = [], 0, 0
    for position, letter in enumerate(inner + ","):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            types.append(inner[start:position])
            start = position + 1
    return keccak(text=signature)[:4] + encode([each for each in types if each], values)


def _pool(site: _Site, artifacts: Path) -> tuple[bytes, bytes]:
    """Put up a pool of two tokens as Uniswap's own tests do; return whom to call for a swap."""

    def code(name: str) -> bytes:
        artifact = json.loads((artifacts / f"{name}.json").read_text())
        return bytes.fromhex(artifact["bytecode"]["object"].removeprefix("0x"))

    manager = site.create(code("PoolManager.sol/PoolManager") + encode(["address"], [site.owner]))
    router, liquidity = (
        site.create(code(f"{name}.sol/{name}") + encode(["address"], [manager]))
        for name in ("PoolSwapTest", "PoolModifyLiquidityTest")
    )
    mock = code("mocks/MockERC20.sol/MockERC20")
    mock += encode(["string", "string", "uint8"], ["TEST", "TEST", 18])
    tokens = sorted(site.create(mock) for _ in range(2))
    for token in tokens:
        site.call(token, "mint(address,uint256)", site.owner, 2**255)
        for spender in (router, liquidity):
            site.call(token, "approve(address,uint256)", spender, 2**256 - 1)
    key = (*tokens, 3000, 60, bytes(20))
    site.call(manager, f"initialize({POOL_KEY},uint160)", key, SQRT_PRICE_1_1)
    site.call(
        liquidity,
        f"modifyLiquidity({POOL_KEY},(int24,int24,int256,bytes32),bytes)",
        key,
        (-120, 120, LIQUIDITY, bytes(32)),
        b"",
    )
    swap = call_data(
        f"swap({POOL_KEY},(bool,int256,uint160),(bool,bool),bytes)",
        key,
        (True, -(10**15), MINIMUM_SQRT_PRICE + 1),
        (False, False),
        b"",
    )
    return router, swap
