"""The contracts of docs/dex.md that use the pool manager, deployed and used."""

from collections.abc import Callable
from typing import Any

import pytest
from eth_utils import keccak

OURS = (0x0400).to_bytes(20, "big")
ONE = 1 << 96
HELD = 10**24


@pytest.fixture
def pool(make_pool: Callable[..., Any]) -> tuple[Any, ...]:
    """A pool of two tokens at price 1: its key, and both tokens."""
    made: tuple[Any, ...] = make_pool(bytes(20))
    return made


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
