"""The contracts of docs/dex.md that use the pool manager, deployed and used."""

from collections.abc import Callable
from typing import Any

import pytest
from eth_utils import keccak

OURS = (0x0400).to_bytes(20, "big")
ONE = 1 << 96
HELD = 10**24

TOKEN = """
# pragma version 0.4.3
balanceOf: public(HashMap[address, uint256])

@external
def mint(to: address, amount: uint256):
    self.balanceOf[to] += amount

@external
def transfer(to: address, amount: uint256) -> bool:
    self.balanceOf[msg.sender] -= amount
    self.balanceOf[to] += amount
    return True
"""

PROVIDER = """
# pragma version 0.4.3
# Adds liquidity and leaves its tokens with the manager: enough for a pool to swap in.
import IPoolManager

MANAGER: constant(address) = 0x0000000000000000000000000000000000000400

interface IToken:
    def transfer(to: address, amount: uint256) -> bool: nonpayable

@external
def provide(key: IPoolManager.PoolKey, liquidity: int256):
    extcall IPoolManager(MANAGER).initialize(key, 2**96)
    extcall IPoolManager(MANAGER).unlock(abi_encode(key, liquidity))

@external
def unlockCallback(data: Bytes[192]) -> Bytes[32]:
    key: IPoolManager.PoolKey = empty(IPoolManager.PoolKey)
    liquidity: int256 = 0
    key, liquidity = abi_decode(data, (IPoolManager.PoolKey, int256))
    params: IPoolManager.ModifyLiquidityParams = IPoolManager.ModifyLiquidityParams(
        tickLower=-600, tickUpper=600, liquidityDelta=liquidity, salt=empty(bytes32)
    )
    both: (int256, int256) = extcall IPoolManager(MANAGER).modifyLiquidity(key, params, b"")
    high: int256 = both[0] >> 128
    low: int256 = both[0] - (high << 128) - 2**128
    for currency: address in [key.currency0, key.currency1]:
        owed: int256 = high if currency == key.currency0 else low
        extcall IPoolManager(MANAGER).sync(currency)
        extcall IToken(currency).transfer(MANAGER, convert(-owed, uint256))
        extcall IPoolManager(MANAGER).settle()
    return b""
"""


@pytest.fixture
def pool(vyper: Callable[..., Any], deploy: Callable[..., Any]) -> tuple[Any, ...]:
    """A pool of two tokens at price 1: its key, and both tokens."""
    compiled = vyper(TOKEN)
    tokens = sorted((deploy(*compiled) for _ in range(2)), key=lambda each: each.address)
    provider = deploy(*vyper(PROVIDER))
    key = (*(token.address for token in tokens), 3_000, 60, bytes(20))
    for token in tokens:
        token.send("mint", provider.address, HELD)
    provider.send("provide", key, 10**22)
    return key, *tokens


def test_swapper(
    pool: tuple[Any, ...],
    documented: Callable[..., str],
    vyper: Callable[..., Any],
    deploy: Callable[..., Any],
) -> None:
    key, first, second = pool
    swapper = deploy(*vyper(documented("dex.md", "Swapper.vy")))
    for token in (first, second):
        token.send("mint", swapper.address, HELD)
    amount = 10**18
    got = swapper.call("swap", key, True, amount, 1)
    swapper.refusal("swap", key, True, amount, got + 1)
    swapper.send("swap", key, True, amount, got)
    assert first.call("balanceOf", swapper.address) == HELD - amount
    assert second.call("balanceOf", swapper.address) == HELD + got
    assert amount * 996 // 1000 < got < amount * 997 // 1000
    swapper.send("swap", key, False, amount, amount * 996 // 1000)
    stranger = swapper.chain.accounts[1]
    swapper.refusal("swap", key, True, amount, 0, sender=stranger)
    swapper.refusal("unlockCallback", b"")


def test_loan_taker(
    pool: tuple[Any, ...],
    documented: Callable[..., str],
    solidity: Callable[..., Any],
    deploy: Callable[..., Any],
) -> None:
    key, first, _ = pool
    taker = deploy(*solidity(documented("dex.md", "LoanTaker.sol")))
    held = first.call("balanceOf", OURS)
    taker.send("borrow", first.address, held)
    assert taker.call("most") == held
    assert first.call("balanceOf", OURS) == held
    refused = taker.refusal("borrow", first.address, held + 1)
    assert refused[:4] == keccak(text="WrappedError(address,bytes4,bytes,bytes)")[:4]
    assert taker.call("price", key) == ONE
