"""A safe of five owners, with an account that stands for the timelock as its module."""

import functools
from types import SimpleNamespace

import pytest
from eth_account import Account
from vyper.compiler import compile_code

ZERO = "0x" + 40 * "0"


def raw_signature(key: bytes, digest: bytes) -> bytes:
    """r, s, v as Safe packs them."""
    return bytes(Account.unsafe_sign_hash(digest, key).signature)


@pytest.fixture(scope="session")
def key_of():
    """The secret key of a test account."""
    return lambda account: bytes.fromhex(account.private_key[2:])


@pytest.fixture(scope="session")
def sign(key_of):
    """Signatures of a digest by some accounts, in the order that a safe wants."""

    def run(digest, *signers):
        ordered = sorted(signers, key=lambda each: int(each.address, 16))
        return b"".join(raw_signature(key_of(each), bytes(digest)) for each in ordered)

    return run


@pytest.fixture(scope="session")
def owners(accounts):
    return list(accounts)[:5]


@pytest.fixture(scope="session")
def module(accounts):
    return accounts[6]


@pytest.fixture(scope="session")
def stranger(accounts):
    return accounts[7]


@pytest.fixture(scope="session")
def deployer(accounts):
    return accounts[8]


@pytest.fixture(scope="session")
def receiver(accounts):
    return accounts[9]


@pytest.fixture(scope="session")
def make_safe(project, owners, module, deployer):
    """A safe that is set up: `make_safe(threshold=3, governed=False, guard=..., ...)`."""

    def run(of=None, threshold=3, modules=None, guard=ZERO, module_guard=ZERO, governed=False):
        safe = deployer.deploy(project.Safe, deployer)
        if of is None:
            of = owners
        if modules is None:
            modules = [module]
        safe.setup(of, threshold, modules, guard, module_guard, governed, sender=deployer)
        deployer.transfer(safe, "10 ether")
        return safe

    return run


@pytest.fixture
def safe(make_safe):
    return make_safe()


@pytest.fixture(scope="session")
def transaction():
    """The arguments of `execTransaction` without signatures: `transaction(to, value, data)`."""

    def run(to, value=0, data=b"", operation=0, safe_gas=0, base_gas=0, price=0, token=ZERO):
        return (to, value, data, operation, safe_gas, base_gas, price, token, ZERO)

    return run


@pytest.fixture(scope="session")
def nonce_of():
    """The safe's own nonce: `safe.nonce` is Ape's, of its account."""
    return lambda safe: safe.call_view_method("nonce")


@pytest.fixture(scope="session")
def execute(sign, transaction, nonce_of, stranger):
    """Let some owners sign a transaction of a safe, and send it: the receipt."""

    def run(safe, signers, to, value=0, data=b"", sender=stranger, **more):
        asked = transaction(to, value, data, **more)
        digest = safe.getTransactionHash(*asked, nonce_of(safe))
        return safe.execTransaction(*asked, sign(digest, *signers), sender=sender)

    return run


@pytest.fixture(scope="session")
def itself(execute):
    """Let some owners call a function of the safe itself: `itself(safe, signers, 'name', ...)`."""

    def run(safe, signers, function, *arguments):
        data = getattr(safe, function).encode_input(*arguments)
        return execute(safe, signers, safe, 0, data)

    return run


@pytest.fixture(scope="session")
def by_module(module):
    """Let the module call a function of a contract as the safe: the receipt."""

    def run(safe, contract, function, *arguments, sender=module):
        data = getattr(contract, function).encode_input(*arguments)
        return safe.execTransactionFromModule(contract, 0, data, 0, sender=sender)

    return run


@pytest.fixture(scope="session")
def compiled():
    """A contract of a few lines that only a test needs: `compiled(source)`, to deploy."""
    # Not above: web3 warns when it is first imported, and Ape has done that by now.
    from ape.contracts import ContractContainer
    from ethpm_types import ContractType

    @functools.cache
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


VOTES = """
# Past power as a test says it.
power: HashMap[address, uint256]
total: uint256

@external
def give(account: address, amount: uint256):
    self.power[account] += amount
    self.total += amount

@view
@external
def getPastVotes(account: address, timepoint: uint256) -> uint256:
    assert timepoint < block.timestamp, "votes: not past"
    return self.power[account]

@view
@external
def getPastTotalSupply(timepoint: uint256) -> uint256:
    assert timepoint < block.timestamp, "votes: not past"
    return self.total
"""


@pytest.fixture(scope="session")
def votes(compiled, deployer):
    return deployer.deploy(compiled(VOTES))


@pytest.fixture(scope="session")
def target(compiled, deployer):
    """A contract that signers reach only by vote."""
    source = "reached: public(uint256)\n\n@external\ndef reach():\n    self.reached += 1\n"
    return deployer.deploy(compiled(source))


@pytest.fixture(scope="session")
def dao(project, deployer, owners, module, votes, target):
    """A governed safe with its guard and its pause: `dao.safe, dao.guard, dao.pause`."""
    safe = deployer.deploy(project.Safe, deployer)
    pause = deployer.deploy(project.Pause, safe)
    share, week = 1000, 7 * 86400
    guard = deployer.deploy(project.Guard, safe, pause, votes, share, week, 3 * 86400, [target])
    safe.setup(owners, 3, [module], guard, guard, True, sender=deployer)
    deployer.transfer(safe, "10 ether")
    return SimpleNamespace(safe=safe, guard=guard, pause=pause, votes=votes, target=target)


@pytest.fixture
def later(chain):
    """Let time pass: the next block comes so many seconds after the last."""

    def run(seconds):
        chain.mine(timestamp=chain.blocks.head.timestamp + seconds)

    return run


@pytest.fixture
def at(chain):
    """Give the next transaction's block this time."""

    def run(timestamp):
        chain.pending_timestamp = timestamp

    return run
