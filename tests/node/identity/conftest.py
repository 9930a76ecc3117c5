"""Keys that every test of identities may use: making them is what takes the time."""

import pytest

from node.identity import AccountBundle, AccountKeys, DeviceKeys, NodeKey


@pytest.fixture(scope="session")
def account() -> AccountKeys:
    return AccountKeys.from_seed(bytes([1]) * 32)


@pytest.fixture(scope="session")
def other_account() -> AccountKeys:
    return AccountKeys.from_seed(bytes([2]) * 32)


@pytest.fixture(scope="session")
def bundle(account: AccountKeys) -> bytes:
    return account.bundle()


@pytest.fixture(scope="session")
def decoded(bundle: bytes) -> AccountBundle:
    return AccountBundle.decode(bundle)


@pytest.fixture(scope="session")
def device() -> DeviceKeys:
    return DeviceKeys.from_seed(bytes([3]) * 32)


@pytest.fixture(scope="session")
def node() -> NodeKey:
    return NodeKey.from_seed(bytes([4]) * 32)
