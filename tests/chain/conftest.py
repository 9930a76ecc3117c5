"""A fresh chain for a test: loud, so that a bug of ours is an error and not a revert."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chain.accounts import DevAccount, dev_accounts
from chain.genesis import pars_genesis
from chain.local_chain import LocalChain


@pytest.fixture(scope="session")
def accounts() -> tuple[DevAccount, ...]:
    return dev_accounts(count=5)


@pytest.fixture
def new_chain(accounts: tuple[DevAccount, ...]) -> Iterator[Callable[..., LocalChain]]:
    """Make chains, and close them when the test is over."""
    opened: list[LocalChain] = []

    def make(chain_id: int = 6133, **options: Any) -> LocalChain:
        genesis = pars_genesis(chain_id, [account.address for account in accounts])
        options = {"accounts": accounts, "loud": True, **options}
        opened.append(LocalChain.open(genesis, **options))
        return opened[-1]

    yield make
    for chain in opened:
        chain.close()


@pytest.fixture
def chain(new_chain: Callable[..., LocalChain]) -> LocalChain:
    """A chain that mines each transaction as it comes."""
    return new_chain()
