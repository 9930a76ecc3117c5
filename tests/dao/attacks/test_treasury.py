"""Attack 45, on the treasury, its streams and the vaults of committees."""

import runpy
from pathlib import Path

import ape
import pytest

# The fixtures are those of the treasury's own tests.
SHARED = runpy.run_path(str(Path(__file__).parents[1] / "treasury" / "conftest.py"))
globals().update({name: each for name, each in SHARED.items() if not name.startswith("__")})

NATIVE = "0x" + 40 * "0"
USD = 10**8
WHOLE = 10**18
DAY = 86400
FAR = 4_000_000_000
NONE = bytes(32)


# --- Splitting ------------------------------------------------------------------------------


def test_attack_45_splitting_over_receivers(spend, accounts, world):
    for receiver in list(accounts)[:4]:
        spend(receiver, 2_499, 0)
    with ape.reverts("treasury: class below the tier"):
        spend(accounts[5], 4, 0)
    spend(accounts[5], 3, 0)
    assert world.treasury.spentInWindow() == (0, 9_999 * USD, 0)


def test_attack_45_splitting_over_assets(spend, receiver, world):
    spend(receiver, 5_000, 0)
    with ape.reverts("treasury: class below the tier"):
        spend(receiver, 50, 0, asset=world.gold)
    with ape.reverts("treasury: class below the tier"):
        spend(receiver, 5_000, 0, asset=world.stable, unit=10**6)


def test_attack_45_splitting_over_days(world, spend, receiver, chain):
    """A payment a week, where one is left: never more than the tier's amount in any 30 days."""
    paid = []
    for _ in range(12):
        if world.treasury.tierOf(NATIVE, 3_000 * WHOLE) == 1:
            spend(receiver, 3_000, 0)
            paid.append(chain.blocks.head.timestamp)
        else:
            with ape.reverts("treasury: class below the tier"):
                spend(receiver, 3_000, 0)
        chain.mine(timestamp=chain.blocks.head.timestamp + 7 * DAY)
    assert len(paid) == 8
    for begin in paid:
        assert 3_000 * sum(begin <= each < begin + 30 * DAY for each in paid) < 10_000


def test_attack_45_splitting_a_major_payment(spend, receiver):
    spend(receiver, 60_000, 1)
    with ape.reverts("treasury: class below the tier"):
        spend(receiver, 40_000, 1)
    spend(receiver, 39_999, 1)


def test_attack_45_a_major_payment_makes_no_small_ones_dear(spend, receiver):
    spend(receiver, 120_000, 2)
    spend(receiver, 9_999, 0)


def test_attack_45_straddling_a_month_of_operations(world, fund, owners, receiver, at):
    """The limit is of 30 days, not of a calendar's month."""
    fund(1, 30_000)
    first = 1_830_297_600 // DAY * DAY + DAY - 1  # the last second of a day

    def operate(number):
        for owner in owners[:2]:
            world.treasury.spendOperations(
                NATIVE, receiver, 10_000 * WHOLE, number.to_bytes(32), sender=owner
            )

    at(first)
    operate(1)
    for seconds in (1, 29 * DAY, 30 * DAY):
        at(first + seconds)
        with ape.reverts("treasury: above monthly limit"):
            operate(2)
    at(first + 30 * DAY + 1)
    operate(2)


# --- Reserves -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("burn", "reason"), [(150_000, None), (150_001, "treasury: reserves too low")]
)
def test_attack_45_reserves_after_the_payment(world, spend, receiver, burn, reason):
    """1,000,000 USD before, 900,000 after: a runway of 6 months of 150,000 is just left."""
    world.vote(world.treasury, "setMonthlyBurn", burn * USD)
    assert world.treasury.reserves()[3], "before it they are there"
    if reason is None:
        spend(receiver, 100_000, 2)
    else:
        with ape.reverts(reason):
            spend(receiver, 100_000, 2)


def test_attack_45_the_emergency_fund_pays_no_large_payment(world, spend, receiver):
    with ape.reverts("treasury: reserves too low"):
        spend(receiver, 50_000, 2, vault=3, asset=world.stable, unit=10**6)
    spend(receiver, 5_000, 0, vault=3, asset=world.stable, unit=10**6)
    with ape.reverts("treasury: reserves too low"):
        spend(receiver, 10_000, 2)


def test_attack_45_a_payment_takes_nothing_from_other_vaults(world, fund, spend, receiver):
    world.vote(world.treasury, "setMonthlyBurn", 0)
    fund(2, 390_000)
    with ape.reverts("treasury: vault holds less"):
        spend(receiver, 10_001, 2)
    spend(receiver, 10_000, 2)


# --- Streams --------------------------------------------------------------------------------


@pytest.mark.parametrize(("seconds", "due"), [(-1, 0), (0, 250)])
def test_attack_45_cancel_in_the_block_of_the_cliff(
    world, token, deployer, receiver, at, chain, seconds, due
):
    token.mint(deployer, 1_000, sender=deployer)
    token.approve(world.streams, 1_000, sender=deployer)
    terms = (token, receiver, 1_000, FAR, FAR + 100, FAR + 400, deployer)
    world.streams.createVestingStream(*terms, sender=deployer)
    at(FAR + 100 + seconds)
    world.streams.cancelStream(1, sender=deployer)

    assert token.balanceOf(deployer) == 1_000 - due
    chain.mine(timestamp=FAR + 1_000)
    assert world.streams.claimable(1) == due


def test_attack_45_rounding_dust(world, token, deployer, receiver, at):
    """Claims at every odd second pay, with the last, exactly what was funded."""
    token.mint(deployer, 1_000_003, sender=deployer)
    token.approve(world.streams, 1_000_003, sender=deployer)
    terms = (token, receiver, 1_000_003, FAR, FAR + 97, deployer)
    world.streams.createContributorStream(*terms, sender=deployer)
    for seconds in (1, 2, 3, 5, 8, 13, 50, 96, 97):
        at(FAR + seconds)
        world.streams.claim(1, sender=deployer)
        assert token.balanceOf(receiver) == 1_000_003 * seconds // 97
    assert token.balanceOf(world.streams) == 0


def test_attack_45_dust_has_a_price(world):
    """A wei is counted as a hundred-millionth of a dollar, not as nothing."""
    assert world.treasury.valueOf(NATIVE, 1) == 1


def test_attack_45_fee_on_transfer(world, token, deployer, receiver):
    token.mint(deployer, 1_000, sender=deployer)
    token.approve(world.streams, 1_000, sender=deployer)
    token.misbehave(1, False, NATIVE, b"", sender=deployer)
    terms = (token, receiver, 1_000, FAR, FAR + 100, deployer)
    with ape.reverts("streams: fee on transfer"):
        world.streams.createContributorStream(*terms, sender=deployer)


@pytest.mark.parametrize("function", ["claim", "cancelStream"])
def test_attack_45_token_that_re_enters_a_stream(world, token, deployer, receiver, at, function):
    token.mint(deployer, 1_000, sender=deployer)
    token.approve(world.streams, 1_000, sender=deployer)
    terms = (token, receiver, 1_000, FAR, FAR + 100, token)
    world.streams.createContributorStream(*terms, sender=deployer)
    again = getattr(world.streams, function).encode_input(1)
    token.misbehave(0, False, world.streams, again, sender=deployer)
    at(FAR + 50)
    with ape.reverts():
        world.streams.claim(1, sender=deployer)
    assert token.balanceOf(world.streams) == 1_000


def test_attack_45_token_that_re_enters_the_treasury(world, spend, receiver, deployer):
    """Where even the DAO could not: the second call would be made by the token."""
    again = world.treasury.spendOperations.encode_input(world.gold, receiver, 1, NONE)
    world.gold.misbehave(0, False, world.treasury, again, sender=deployer)
    with ape.reverts():
        spend(receiver, 1, asset=world.gold)


def test_attack_45_token_that_says_no(world, token, deployer, receiver, at):
    token.mint(deployer, 1_000, sender=deployer)
    token.approve(world.streams, 1_000, sender=deployer)
    terms = (token, receiver, 1_000, FAR, FAR + 100, deployer)
    world.streams.createContributorStream(*terms, sender=deployer)
    token.misbehave(0, True, NATIVE, b"", sender=deployer)
    at(FAR + 50)
    with ape.reverts("streams: transfer failed"):
        world.streams.claim(1, sender=deployer)
    assert world.streams.stream(1).paid == 0


# --- ERC-4626 -------------------------------------------------------------------------------


@pytest.fixture
def vault(project, world, deployer, token, accounts):
    """A vault with an account as its parent, and as its committee."""
    made = deployer.deploy(
        project.Vault, world.safe, deployer, accounts[5], world.pause, token, "K", "K"
    )
    token.mint(deployer, 10**30, sender=deployer)
    token.approve(made, 10**30, sender=deployer)
    return made


def test_attack_45_first_deposit_and_donation(vault, token, deployer):
    """A donation before or after the first deposit moves no price and is nobody's share."""
    vault.deposit(1, deployer, sender=deployer)
    token.transfer(vault, 10**24, sender=deployer)
    assert vault.totalAssets() == 1
    assert vault.previewDeposit(10**18) == 10**24

    vault.deposit(10**18, deployer, sender=deployer)
    assert vault.maxWithdraw(deployer) == 10**18 + 1
    vault.redeem(vault.totalSupply(), deployer, deployer, sender=deployer)
    assert token.balanceOf(vault) == 10**24
    vault.bondSurplus(sender=deployer)
    assert (vault.bonded(), vault.totalAssets()) == (10**24, 0)


def test_attack_45_nobody_else_deposits_first(vault, stranger):
    with ape.reverts("vault: only the parent"):
        vault.deposit(1, stranger, sender=stranger)


@pytest.mark.parametrize("assets", [1, 7, 10**18 + 3])
def test_attack_45_deposit_and_redeem_never_gain(vault, deployer, token, assets):
    vault.deposit(10**6 + 1, deployer, sender=deployer)
    before = token.balanceOf(deployer)
    supply = vault.totalSupply()
    vault.deposit(assets, deployer, sender=deployer)
    shares = vault.totalSupply() - supply
    vault.redeem(shares, deployer, deployer, sender=deployer)
    assert token.balanceOf(deployer) <= before


def test_attack_45_fee_on_transfer_into_a_vault(vault, token, deployer):
    token.misbehave(1, False, NATIVE, b"", sender=deployer)
    for function, arguments in (("deposit", (1_000, deployer)), ("bond", (1_000,))):
        with ape.reverts("vault: fee on transfer"):
            getattr(vault, function)(*arguments, sender=deployer)


def test_attack_45_splitting_requests_of_a_committee(project, world, deployer, accounts, receiver):
    committee = accounts[5]
    vault = deployer.deploy(
        project.Vault, world.safe, world.treasury, committee, world.pause, world.other, "K", "K"
    )
    world.other.mint(vault, 10_000 * WHOLE, sender=deployer)
    vault.bondSurplus(sender=deployer)
    world.vote(vault, "setAllowed", receiver, True)
    for number in range(1, 5):
        vault.request(receiver, 1_249 * WHOLE, True, NONE, sender=committee)
        vault.execute(number, sender=committee)
    vault.request(receiver, 4 * WHOLE, True, NONE, sender=committee)
    with ape.reverts("vault: too early"):
        vault.execute(5, sender=committee)


def test_attack_45_bonded_funds_are_not_recalled_by_another_name(vault, deployer):
    vault.bond(100, sender=deployer)
    for function, arguments, reason in (
        ("withdraw", (1, deployer, deployer), "vault: holds less"),
        ("redeem", (10**6, deployer, deployer), "vault: "),
    ):
        with ape.reverts(reason if reason != "vault: " else None):
            getattr(vault, function)(*arguments, sender=deployer)
    assert vault.bonded() == 100
