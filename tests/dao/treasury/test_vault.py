"""A committee's vault: allocated funds come back, bonded ones do not; delays by size."""

import ape
import pytest

NATIVE = "0x" + 40 * "0"
WHOLE = 10**18
DAY = 86400
NONE = bytes(32)


@pytest.fixture(scope="session")
def committee(accounts):
    """An account that stands for the committee."""
    return accounts[5]


@pytest.fixture
def vault(project, world, committee, deployer, receiver):
    """A vault of a token at 1 USD, with an allowed receiver and grants to fund it from."""
    made = deployer.deploy(
        project.Vault, world.safe, world.treasury, committee, world.pause, world.other, "K", "K"
    )
    world.vote(made, "setAllowed", receiver, True)
    world.vote(world.treasury, "allot", 2, world.other, 150_000 * WHOLE)
    return made


@pytest.fixture
def fund_vault(world, vault, owners):
    """Fund the vault by vote: `fund_vault(whole, bonded)`."""
    numbers = iter(range(10**6))

    def run(whole, bonded=False):
        unique = next(numbers).to_bytes(32)
        reference = world.treasury.vaultReference(bonded, unique)
        amount = whole * WHOLE
        payment = world.treasury.paymentId(2, world.other, vault, amount, reference)
        for owner in owners[:4]:
            world.treasury.endorse(payment, sender=owner)
        return world.vote(world.treasury, "fundVault", vault, amount, bonded, unique)

    return run


def test_allocated_funds_come_back(world, vault, fund_vault):
    fund_vault(1_000)
    assert vault.totalAssets() == 1_000 * WHOLE
    assert vault.balanceOf(world.treasury) == 1_000 * WHOLE * 10**6
    assert vault.maxWithdraw(world.treasury) == 1_000 * WHOLE
    before = world.other.balanceOf(world.treasury)
    world.vote(world.treasury, "recallVault", vault, 999 * WHOLE)

    assert world.other.balanceOf(world.treasury) == before + 999 * WHOLE
    with ape.reverts("vault: holds less"):
        world.vote(world.treasury, "recallVault", vault, WHOLE + 1)


def test_bonded_funds_do_not(world, vault, fund_vault):
    (event,) = fund_vault(1_000, bonded=True).decode_logs(vault.Bonded)
    assert (event.amount, event.surplus) == (1_000 * WHOLE, False)
    assert (vault.bonded(), vault.totalAssets()) == (1_000 * WHOLE, 0)
    assert vault.maxWithdraw(world.treasury) == 0
    with ape.reverts("vault: holds less"):
        world.vote(world.treasury, "recallVault", vault, 1)


def test_only_the_parent_funds_and_recalls(world, vault, fund_vault, deployer, receiver):
    fund_vault(10)
    for function, arguments in (
        ("deposit", (1, deployer)),
        ("mint", (10**6, deployer)),
        ("withdraw", (1, deployer, world.treasury)),
        ("redeem", (10**6, deployer, world.treasury)),
        ("bond", (1,)),
    ):
        with ape.reverts("vault: only the parent"):
            getattr(vault, function)(*arguments, sender=deployer)
    assert vault.maxDeposit(deployer) == vault.maxMint(deployer) == 0
    assert vault.maxWithdraw(deployer) == vault.maxRedeem(deployer) == 0


def test_shares_do_not_move(vault, deployer, world):
    for function, arguments in (
        ("transfer", (deployer, 1)),
        ("transferFrom", (world.treasury, deployer, 1)),
        ("approve", (deployer, 1)),
    ):
        with ape.reverts("vault: shares do not move"):
            getattr(vault, function)(*arguments, sender=deployer)
    assert vault.allowance(world.treasury, deployer) == 0


@pytest.mark.parametrize(
    ("wei", "delay"),
    [
        (5_000 * WHOLE - 10**10, 0),
        (5_000 * WHOLE, DAY),
        (25_000 * WHOLE - 10**10, DAY),
        (25_000 * WHOLE, 2 * DAY),
        (100_000 * WHOLE - 10**10, 2 * DAY),
        (100_000 * WHOLE, 7 * DAY),
    ],
)
def test_delays_by_size(vault, wei, delay):
    assert vault.delayOf(wei) == delay


@pytest.mark.parametrize("bonded", [False, True])
def test_payment_after_its_delay(vault, fund_vault, committee, receiver, world, at, bonded):
    fund_vault(10_000, bonded)
    asked = vault.request(receiver, 10_000 * WHOLE, bonded, NONE, sender=committee)
    ready = asked.timestamp + DAY
    assert vault.getRequest(1).ready == ready
    at(ready - 1)
    with ape.reverts("vault: too early"):
        vault.execute(1, sender=committee)
    at(ready)
    vault.execute(1, sender=committee)

    assert world.other.balanceOf(receiver) == 10_000 * WHOLE
    assert (vault.bonded(), vault.totalAssets(), vault.totalSupply()) == (0, 0, 0)
    with ape.reverts("vault: no such request"):
        vault.execute(1, sender=committee)


def test_payment_within_two_weeks(vault, fund_vault, committee, receiver, at):
    fund_vault(2)
    for _ in range(2):
        ready = vault.request(receiver, WHOLE, False, NONE, sender=committee).timestamp
    at(ready + 14 * DAY - 1)
    vault.execute(2, sender=committee)
    at(ready + 14 * DAY)
    with ape.reverts("vault: too late"):
        vault.execute(1, sender=committee)


def test_allocated_and_bonded_are_apart(vault, fund_vault, committee, receiver):
    fund_vault(1)
    fund_vault(2, bonded=True)
    vault.request(receiver, WHOLE + 1, False, NONE, sender=committee)
    vault.request(receiver, 2 * WHOLE + 1, True, NONE, sender=committee)
    for number in (1, 2):
        with ape.reverts("vault: holds less"):
            vault.execute(number, sender=committee)


def test_spending_lowers_what_the_parent_has(vault, fund_vault, committee, receiver, world):
    fund_vault(10)
    vault.request(receiver, 4 * WHOLE, False, NONE, sender=committee)
    vault.execute(1, sender=committee)
    assert vault.maxWithdraw(world.treasury) == 6 * WHOLE
    assert vault.maxRedeem(world.treasury) == 10 * WHOLE * 10**6


def test_a_vault_that_was_emptied_is_funded_again(vault, fund_vault, committee, receiver, world):
    for number in range(1, 6):
        fund_vault(1)
        assert vault.balanceOf(world.treasury) == WHOLE * 10**6
        vault.request(receiver, WHOLE, False, NONE, sender=committee)
        vault.execute(number, sender=committee)


def test_only_the_committee_spends(vault, stranger, receiver):
    with ape.reverts("vault: only the committee"):
        vault.request(receiver, 1, False, NONE, sender=stranger)
    with ape.reverts("vault: only the committee"):
        vault.execute(1, sender=stranger)


def test_receivers_are_allowed(vault, fund_vault, committee, receiver, stranger, world):
    fund_vault(1)
    with ape.reverts("vault: receiver not allowed"):
        vault.request(stranger, 1, False, NONE, sender=committee)
    vault.request(receiver, 1, False, NONE, sender=committee)
    world.vote(vault, "setAllowed", receiver, False)
    with ape.reverts("vault: receiver not allowed"):
        vault.execute(1, sender=committee)
    with ape.reverts("vault: only the dao"):
        vault.setAllowed(stranger, True, sender=committee)
    with ape.reverts("vault: receiver is the vault"):
        world.vote(vault, "setAllowed", vault, True)


def test_halted_and_paused(vault, fund_vault, committee, receiver, world, halt):
    fund_vault(1)
    vault.request(receiver, 1, False, NONE, sender=committee)
    with ape.reverts("vault: only the dao"):
        vault.setHalted(True, sender=committee)
    world.vote(vault, "setHalted", True)
    with ape.reverts("vault: halted"):
        vault.execute(1, sender=committee)
    with ape.reverts("vault: halted"):
        vault.request(receiver, 1, False, NONE, sender=committee)
    world.vote(vault, "setHalted", False)
    halt()
    with ape.reverts("vault: paused"):
        vault.execute(1, sender=committee)


def test_calling_off(vault, fund_vault, committee, receiver, world, stranger):
    fund_vault(1)
    for _ in range(2):
        vault.request(receiver, 1, False, NONE, sender=committee)
    with ape.reverts("vault: neither committee nor dao"):
        vault.callOff(1, sender=stranger)
    vault.callOff(1, sender=committee)
    world.vote(vault, "callOff", 2)
    for number in (1, 2, 3):
        with ape.reverts("vault: no such request"):
            vault.callOff(number, sender=committee)


def test_amounts_of_zero(vault, committee, receiver, world, owners, stranger):
    with ape.reverts("vault: amount is zero"):
        vault.request(receiver, 0, False, NONE, sender=committee)
    with ape.reverts("vault: amount is zero"):
        vault.bondSurplus(sender=stranger)
    with ape.reverts("vault: amount is zero"):
        world.vote(world.treasury, "recallVault", vault, 0)


@pytest.fixture
def own_vault(project, world, deployer, token, committee):
    """A vault whose parent is an account, to try what the treasury never asks for."""
    made = deployer.deploy(
        project.Vault, world.safe, deployer, committee, world.pause, token, "K", "K"
    )
    token.mint(deployer, 10**30, sender=deployer)
    token.approve(made, 10**30, sender=deployer)
    return made


def test_shares_are_the_parents(own_vault, deployer, stranger):
    with ape.reverts("vault: shares are the parent's"):
        own_vault.deposit(1, stranger, sender=deployer)
    with ape.reverts("vault: shares are the parent's"):
        own_vault.withdraw(1, deployer, stranger, sender=deployer)
    with ape.reverts("vault: amount is zero"):
        own_vault.deposit(0, deployer, sender=deployer)
    with ape.reverts("vault: amount is zero"):
        own_vault.bond(0, sender=deployer)


def test_a_token_that_says_no(own_vault, token, deployer):
    own_vault.deposit(10, deployer, sender=deployer)
    token.misbehave(0, True, NATIVE, b"", sender=deployer)
    for function, arguments in (("bond", (1,)), ("withdraw", (1, deployer, deployer))):
        with ape.reverts("vault: transfer failed"):
            getattr(own_vault, function)(*arguments, sender=deployer)


def test_a_request_beyond_all_counting(vault, committee, receiver):
    with ape.reverts("rolling_sum: out of range"):
        vault.request(receiver, 2**64 * 10**10, True, NONE, sender=committee)


@pytest.mark.parametrize("assets", [1, 999, 10**18 + 1])
def test_previews_are_what_happens(own_vault, deployer, assets):
    own_vault.deposit(12_345, deployer, sender=deployer)
    supply = own_vault.totalSupply()
    foreseen = own_vault.previewDeposit(assets)
    own_vault.deposit(assets, deployer, sender=deployer)
    assert own_vault.totalSupply() - supply == foreseen == own_vault.convertToShares(assets)

    foreseen = own_vault.previewMint(10**6)
    before = own_vault.totalAssets()
    own_vault.mint(10**6, deployer, sender=deployer)
    assert own_vault.totalAssets() - before == foreseen

    supply = own_vault.totalSupply()
    foreseen = own_vault.previewWithdraw(assets)
    own_vault.withdraw(assets, deployer, deployer, sender=deployer)
    assert supply - own_vault.totalSupply() == foreseen

    foreseen = own_vault.previewRedeem(10**6)
    before = own_vault.totalAssets()
    own_vault.redeem(10**6, deployer, deployer, sender=deployer)
    assert before - own_vault.totalAssets() == foreseen == own_vault.convertToAssets(10**6)
    with ape.reverts("vault: too few shares"):
        own_vault.redeem(own_vault.totalSupply() + 1, deployer, deployer, sender=deployer)


@pytest.mark.parametrize(
    ("index", "reason"),
    [
        (0, "vault: no dao"),
        (1, "vault: no parent"),
        (2, "vault: no committee"),
        (3, "vault: no pause"),
        (4, "vault: no token"),
    ],
)
def test_nobody_deploys_it(project, deployer, world, index, reason):
    right = [world.safe, world.treasury, deployer, world.pause, world.other, "K", "K"]
    right[index] = NATIVE
    with ape.reverts(reason):
        deployer.deploy(project.Vault, *right)
