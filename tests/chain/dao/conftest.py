"""The DAO of the development accounts: its parameters, its plan, chains with and without it."""

from collections.abc import Callable

import pytest

from chain.accounts import DevAccount, dev_accounts
from chain.dao.genesis import with_contracts
from chain.dao.parameters import Parameters, development
from chain.dao.plan import plan
from chain.dao.steps import Plan
from chain.genesis import Genesis, pars_genesis
from chain.local_chain import LocalChain
from chain.remote import Remote
from chain.rpc.inside import transport
from precompiles.conformance.rpc import Client

CHAIN_ID = 6133


@pytest.fixture(scope="session")
def accounts() -> tuple[DevAccount, ...]:
    return dev_accounts()


@pytest.fixture(scope="session")
def parameters(accounts: tuple[DevAccount, ...]) -> Parameters:
    return development([account.address for account in accounts])


@pytest.fixture(scope="session")
def made(parameters: Parameters, accounts: tuple[DevAccount, ...]) -> Plan:
    return plan(parameters, CHAIN_ID, accounts[0].address)


@pytest.fixture(scope="session")
def bare(accounts: tuple[DevAccount, ...]) -> Genesis:
    return pars_genesis(CHAIN_ID, [account.address for account in accounts])


@pytest.fixture(scope="session")
def genesis(bare: Genesis, made: Plan, accounts: tuple[DevAccount, ...]) -> Genesis:
    return with_contracts(bare, made, accounts[0].address)


@pytest.fixture
def client(bare: Genesis, accounts: tuple[DevAccount, ...]) -> Client:
    """A chain without the DAO."""
    return Client(transport(LocalChain.open(bare, accounts=accounts, loud=True)))


@pytest.fixture
def remote(client: Client, accounts: tuple[DevAccount, ...]) -> Remote:
    return Remote(client, key=accounts[0].private_key)


@pytest.fixture
def nonce(client: Client, accounts: tuple[DevAccount, ...]) -> Callable[[], int]:
    """How many transactions the deployer has sent."""
    address = f"0x{accounts[0].address.hex()}"
    return lambda: int(client("eth_getTransactionCount", address, "latest"), 16)
