"""What the tests of this project share: a token, a vault of it, an auction, and three people."""

import pytest

SUPPLY = 10**24


@pytest.fixture(scope="session")
def owner(accounts):
    return accounts[0]


@pytest.fixture(scope="session")
def alice(accounts):
    return accounts[1]


@pytest.fixture(scope="session")
def bob(accounts):
    return accounts[2]


@pytest.fixture
def token(project, owner):
    return owner.deploy(project.Token, owner, SUPPLY)


@pytest.fixture
def vault(project, owner, alice, bob, token):
    made = owner.deploy(project.Vault, token, 3600)
    for account in (alice, bob):
        token.transfer(account, 10**21, sender=owner)
        token.approve(made, 10**21, sender=account)
    return made


@pytest.fixture
def auction(project, owner):
    return owner.deploy(project.Auction, owner, 3600)
