"""What tests of the escrow share: wrapped PARS, a linear escrow, and a way to lock."""

import pytest
from eth_account.messages import encode_typed_data
from vyper.compiler import compile_code

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
    """Deploy an escrow with a curve; ten accounts have PARS to lock in it."""

    def make(curve):
        escrow = owner.deploy(project.VePARS, wpars, curve)
        for account in accounts[:10]:
            wpars.deposit(sender=account, value=2_000 * PARS)
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


@pytest.fixture(scope="session")
def compiled():
    """A contract of a few lines that only a test needs: `compiled(source)`, to deploy."""
    # Not above: web3 warns when it is first imported, and Ape has done that by now.
    from ape.contracts import ContractContainer
    from ethpm_types import ContractType

    def run(source):
        made = compile_code(
            f"# pragma version 0.4.3\n{source}",
            output_formats=["abi", "bytecode", "bytecode_runtime"],
        )
        return ContractContainer(
            ContractType(
                contractName="Odd",
                abi=made["abi"],
                deploymentBytecode={"bytecode": made["bytecode"]},
                runtimeBytecode={"bytecode": made["bytecode_runtime"]},
            )
        )

    return run


# --- Gauges and fees --------------------------------------------------------------------------

TOKEN = """
# A token that takes `fee` per cent of each transfer away, and may return nothing.
balanceOf: public(HashMap[address, uint256])
fee: uint256

@deploy
def __init__(fee: uint256):
    self.fee = fee

@external
def mint(to: address, amount: uint256):
    self.balanceOf[to] += amount

@external
def transfer(to: address, amount: uint256) -> bool:
    self._move(msg.sender, to, amount)
    return True

@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    self._move(owner, to, amount)
    return True

@internal
def _move(owner: address, to: address, amount: uint256):
    self.balanceOf[owner] -= amount
    self.balanceOf[to] += amount - amount * self.fee // 100
"""

PAUSE = """
paused: public(bool)

@external
def set(paused: bool):
    self.paused = paused
"""


@pytest.fixture(scope="module")
def dao(accounts):
    return accounts[9]


@pytest.fixture(scope="module")
def controller(project, owner, escrow, dao):
    return owner.deploy(project.GaugeController, escrow, dao)


@pytest.fixture
def gauges(controller, dao, accounts):
    """Four gauges of different types."""
    found = [account.address for account in accounts[5:9]]
    for kind, gauge in enumerate(found):
        controller.addGauge(gauge, kind, sender=dao)
    return found


@pytest.fixture
def enter(controller, chain):
    """Mine a block some seconds into an epoch: `enter(3)`."""

    def run(epoch, seconds=1):
        chain.mine(timestamp=controller.epochStart(epoch) + seconds)

    return run


@pytest.fixture(scope="module")
def pauser(owner, compiled):
    return owner.deploy(compiled(PAUSE))


@pytest.fixture(scope="module")
def make_token(owner, compiled):
    return lambda fee=0: owner.deploy(compiled(TOKEN), fee)
