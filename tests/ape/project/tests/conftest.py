"""What the tests share: two people and the contracts."""

import pytest


@pytest.fixture(scope="session")
def owner(accounts):
    return accounts[0]


@pytest.fixture(scope="session")
def other(accounts):
    return accounts[1]


@pytest.fixture(scope="session")
def counter(project, owner):
    return owner.deploy(project.Counter, owner)


@pytest.fixture(scope="session")
def caller(project, owner):
    return owner.deploy(project.Caller)
