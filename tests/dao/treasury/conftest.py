"""A treasury of a governed safe, with a timelock that says which class it executes, and tokens."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

# The safe's fixtures: accounts, `compiled`, `deployer`.
SHARED = runpy.run_path(str(Path(__file__).parents[1] / "safe" / "conftest.py"))
globals().update({name: each for name, each in SHARED.items() if not name.startswith("__")})

NATIVE = "0x" + 40 * "0"
USD = 10**8
WHOLE = 10**18
DAY = 86400

TIMELOCK = """
interface ISafe:
    def execTransactionFromModuleReturnData(
        to: address, amount: uint256, data: Bytes[2048], operation: uint8
    ) -> (bool, Bytes[4096]): nonpayable

running: bool
voted: uint256

@external
def run(voted: uint256, safe: address, to: address, data: Bytes[2048]):
    self.running = True
    self.voted = voted
    self.send(safe, to, data)
    self.running = False

@external
def unvoted(safe: address, to: address, data: Bytes[2048]):
    self.send(safe, to, data)

@internal
def send(safe: address, to: address, data: Bytes[2048]):
    success: bool = False
    answer: Bytes[4096] = b""
    success, answer = extcall ISafe(safe).execTransactionFromModuleReturnData(to, 0, data, 0)
    if not success:
        raw_revert(answer)

@view
@external
def executingClass() -> (bool, uint256):
    return self.running, self.voted
"""

TOKEN = """
decimals: public(uint8)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
fee: public(uint256)
silent: public(bool)
target: address
call: Bytes[512]

@deploy
def __init__(decimals: uint8):
    self.decimals = decimals

@external
def mint(to: address, amount: uint256):
    self.balanceOf[to] += amount

@external
def misbehave(fee: uint256, silent: bool, target: address, call: Bytes[512]):
    self.fee = fee
    self.silent = silent
    self.target = target
    self.call = call

@external
def approve(spender: address, amount: uint256) -> bool:
    self.allowance[msg.sender][spender] = amount
    return not self.silent

@external
def transfer(to: address, amount: uint256) -> bool:
    self.move(msg.sender, to, amount)
    return not self.silent

@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    self.allowance[owner][msg.sender] -= amount
    self.move(owner, to, amount)
    return not self.silent

@internal
def move(owner: address, to: address, amount: uint256):
    self.balanceOf[owner] -= amount
    self.balanceOf[to] += amount - self.fee
    if self.target != empty(address):
        raw_call(self.target, self.call)
"""


@pytest.fixture(scope="session")
def make_token(compiled, deployer):
    """A token that a test can spoil: `make_token(decimals)`."""
    container = compiled(TOKEN)
    return lambda decimals=18: deployer.deploy(container, decimals)


@pytest.fixture
def token(make_token):
    return make_token()


@pytest.fixture(scope="session")
def world(project, compiled, deployer, owners, make_token):
    """The DAO: `world.safe, .timelock, .pause, .streams, .treasury`, with 1,000,000 USD in it.

    PARS at 1 USD, 400,000 of them; two stable tokens, 250,000 and 150,000; gold and oil, 100,000 of
    each. The emergency fund is 100,000 of the first stable token; a month costs 50,000 USD.
    """
    safe = deployer.deploy(project.Safe, deployer)
    timelock = deployer.deploy(compiled(TIMELOCK))
    pause = deployer.deploy(project.Pause, safe)
    streams = deployer.deploy(project.Streams, pause)
    treasury = deployer.deploy(
        project.Treasury, safe, timelock, pause, streams, [3, 3, 4], 50_000 * USD
    )
    safe.setup(owners, 3, [timelock], NATIVE, NATIVE, True, sender=deployer)
    made = SimpleNamespace(
        safe=safe, timelock=timelock, pause=pause, streams=streams, treasury=treasury
    )
    made.stable, made.other, made.gold, made.oil = map(make_token, (6, 18, 18, 18))
    deployer.balance += 400_000 * WHOLE
    deployer.transfer(treasury, 400_000 * WHOLE)
    made.stable.mint(treasury, 250_000 * 10**6, sender=deployer)
    made.other.mint(treasury, 150_000 * WHOLE, sender=deployer)
    for each in (made.gold, made.oil):
        each.mint(treasury, 1_000 * WHOLE, sender=deployer)

    def vote(contract, function, *arguments, voted=2):
        """Let a proposal of a class call a function as the DAO."""
        data = getattr(contract, function).encode_input(*arguments)
        return timelock.run(voted, safe, contract, data, sender=deployer)

    made.vote = vote
    vote(treasury, "setAsset", NATIVE, 3, NATIVE, 0, USD)
    vote(treasury, "setAsset", made.stable, 2, NATIVE, 0, USD)
    vote(treasury, "setAsset", made.other, 2, NATIVE, 0, USD)
    for each in (made.gold, made.oil):
        vote(treasury, "setAsset", each, 1, NATIVE, 0, 100 * USD)
    vote(treasury, "allot", 3, made.stable, 100_000 * 10**6)
    return made


@pytest.fixture
def spend(world, owners):
    """Endorse and make a payment of PARS by vote: `spend(to, whole, voted=..., signers=4)`."""
    counter = iter(range(1, 10**6))

    def run(to, whole, voted=0, signers=4, vault=0, asset=NATIVE, unit=WHOLE):
        asked = (vault, asset, to, int(whole * unit), next(counter).to_bytes(32))
        payment = world.treasury.paymentId(*asked)
        for owner in owners[:signers]:
            world.treasury.endorse(payment, sender=owner)
        return world.vote(world.treasury, "spend", *asked, voted=voted)

    return run


@pytest.fixture
def fund(world):
    """Allot PARS to a vault of the treasury: `fund(vault, whole)`."""
    return lambda vault, whole: world.vote(world.treasury, "allot", vault, NATIVE, whole * WHOLE)


@pytest.fixture
def halt(world, owners):
    """Let two owners pause."""

    def run():
        for owner in owners[:2]:
            world.pause.pause("", sender=owner)

    return run
