"""What tests of the escrow share: wrapped PARS, a linear escrow, and a way to lock."""

import pytest
from eth_account.messages import encode_typed_data

PARS = 10**18
DAY = 86_400
YEAR = 365 * DAY
MAXTIME = 4 * YEAR


@pytest.fixture(scope="module")
def owner(accounts):
    return accounts[0]


@pytest.fixture(scope="module")
def wpars(project, owner):
    return owner.deploy(project.WPARS)


@pytest.fixture(scope="module")
def linear_curve(project, owner):
    return owner.deploy(project.LinearCurve)


@pytest.fixture(scope="module")
def tier_curve(project, owner):
    return owner.deploy(project.TierCurve)


@pytest.fixture(scope="module")
def make_escrow(project, owner, wpars, accounts):
    """Deploy an escrow with a curve; the first six accounts have PARS in it to lock."""

    def make(curve):
        escrow = owner.deploy(project.VePARS, wpars, curve)
        for account in accounts[:6]:
            wpars.deposit(sender=account, value=5_000 * PARS)
            wpars.approve(escrow, 2**256 - 1, sender=account)
        return escrow

    return make


@pytest.fixture(scope="module")
def escrow(make_escrow, linear_curve):
    return make_escrow(linear_curve)


@pytest.fixture
def lock(escrow, chain):
    """Lock and return the id: `lock(account, amount, duration)`."""

    def run(account, amount, duration, escrow=escrow):
        receipt = escrow.lock(amount, duration, sender=account)
        return receipt.return_value

    return run


@pytest.fixture
def delegate(escrow):
    """Delegate: `delegate(account, to)`. Ape takes `escrow.delegate` for the address's own."""

    def run(account, to, escrow=escrow):
        return escrow.invoke_transaction("delegate", to, sender=account)

    return run


@pytest.fixture(scope="module")
def sign_typed():
    """Sign a struct by EIP-712: `sign_typed(account, domain, name, "type field,...", values)`."""

    def sign(account, domain, name, fields, values):
        types = [
            dict(zip(("type", "name"), each.split(), strict=True)) for each in fields.split(",")
        ]
        message = dict(zip((each["name"] for each in types), values, strict=True))
        signature = account.sign_message(encode_typed_data(domain, {name: types}, message))
        return signature.v, signature.r, signature.s

    return sign
