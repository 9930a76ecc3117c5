"""Tests of a vault: calls from contract to contract, and time that passes."""

import ape
import pytest

AMOUNTS = [1, 7, 10**9, 10**18, 10**21]
HOUR = 3600


@pytest.mark.parametrize("amount", AMOUNTS)
def test_first_deposit(vault, token, alice, amount):
    vault.deposit(amount, sender=alice)
    assert vault.sharesOf(alice) == vault.totalShares() == amount
    assert vault.totalAssets() == token.balanceOf(vault) == amount


@pytest.mark.parametrize("amount", AMOUNTS)
def test_deposit_tells(vault, token, alice, amount):
    receipt = vault.deposit(amount, sender=alice)
    assert receipt.events == [
        token.Transfer(alice, vault, amount),
        vault.Deposit(alice, amount, amount),
    ]


@pytest.mark.parametrize("amount", AMOUNTS)
def test_second_deposit_is_worth_the_same(vault, alice, bob, amount):
    vault.deposit(10**18, sender=alice)
    vault.deposit(amount, sender=bob)
    assert vault.assetsOf(bob) == amount


@pytest.mark.parametrize("gain", AMOUNTS)
def test_gain_goes_to_those_who_were_there(vault, token, owner, alice, gain):
    vault.deposit(10**18, sender=alice)
    token.transfer(vault, gain, sender=owner)
    assert vault.assetsOf(alice) == 10**18 + gain


@pytest.mark.parametrize("account", ["alice", "bob"])
def test_deposit_of_nothing(vault, request, account):
    with ape.reverts("vault: nothing to deposit"):
        vault.deposit(0, sender=request.getfixturevalue(account))


@pytest.mark.parametrize("amount", AMOUNTS)
def test_deposit_of_more_than_allowed(vault, alice, amount):
    with ape.reverts("token: allowance too low"):
        vault.deposit(10**21 + amount, sender=alice)


@pytest.mark.parametrize("amount", AMOUNTS)
def test_withdraw(chain, vault, token, alice, amount):
    vault.deposit(amount, sender=alice)
    chain.mine(deltatime=HOUR)
    vault.withdraw(amount, sender=alice)
    assert token.balanceOf(alice) == 10**21
    assert vault.totalShares() == vault.totalAssets() == 0


@pytest.mark.parametrize("share", [1, 2, 3, 4, 5])
def test_withdraw_of_a_part(chain, vault, alice, share):
    vault.deposit(10**18, sender=alice)
    chain.mine(deltatime=HOUR)
    vault.withdraw(10**18 // share, sender=alice)
    assert vault.sharesOf(alice) == 10**18 - 10**18 // share


@pytest.mark.parametrize("seconds", [1, 60, 600, 3000, 3500])
def test_withdraw_too_early(chain, vault, alice, seconds):
    vault.deposit(10**18, sender=alice)
    chain.mine(deltatime=seconds)
    with ape.reverts("vault: locked"):
        vault.withdraw(10**18, sender=alice)


@pytest.mark.parametrize("amount", AMOUNTS)
def test_withdraw_of_more_than_there_is(vault, alice, bob, amount):
    vault.deposit(amount, sender=alice)
    with ape.reverts("vault: shares too low"):
        vault.withdraw(amount + 1, sender=alice)
    with ape.reverts("vault: shares too low"):
        vault.withdraw(amount, sender=bob)


@pytest.mark.parametrize("gain", AMOUNTS)
def test_two_share_a_gain(chain, vault, token, owner, alice, bob, gain):
    vault.deposit(10**18, sender=alice)
    vault.deposit(10**18, sender=bob)
    token.transfer(vault, gain, sender=owner)
    chain.mine(deltatime=HOUR)
    vault.withdraw(10**18, sender=alice)
    vault.withdraw(10**18, sender=bob)
    assert token.balanceOf(alice) + token.balanceOf(bob) == 2 * 10**21 + gain


@pytest.mark.parametrize("rounds", [1, 2, 3, 4, 5])
def test_deposits_in_turn(vault, alice, bob, rounds):
    for _ in range(rounds):
        vault.deposit(10**18, sender=alice)
        vault.deposit(10**18, sender=bob)
    assert vault.totalShares() == 2 * rounds * 10**18


@pytest.mark.parametrize("amount", AMOUNTS)
def test_later_deposit_locks_again(chain, vault, alice, amount):
    vault.deposit(10**18, sender=alice)
    before = vault.unlocksAt(alice)
    chain.mine(deltatime=100)
    vault.deposit(min(amount, 10**20), sender=alice)
    assert vault.unlocksAt(alice) >= before + 100


@pytest.mark.parametrize("amount", AMOUNTS)
def test_one_leaves_the_other_his_own(chain, vault, token, alice, bob, amount):
    vault.deposit(amount, sender=alice)
    vault.deposit(amount, sender=bob)
    chain.mine(deltatime=HOUR)
    vault.withdraw(amount, sender=alice)
    assert vault.assetsOf(bob) == token.balanceOf(vault) == amount
