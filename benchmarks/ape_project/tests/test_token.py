"""Sixty tests of a token, as a project under Ape has them."""

import ape
import pytest

SUPPLY = 10**24
AMOUNTS = [1, 10**9, 10**18, SUPPLY // 3, SUPPLY]
ZERO = "0x0000000000000000000000000000000000000000"


def test_owner_has_all(token, owner):
    assert token.totalSupply() == token.balanceOf(owner) == SUPPLY
    assert token.owner() == owner


@pytest.mark.parametrize("amount", [0, *AMOUNTS])
def test_transfer(token, owner, alice, amount):
    token.transfer(alice, amount, sender=owner)
    assert token.balanceOf(alice) == amount
    assert token.balanceOf(owner) == SUPPLY - amount


@pytest.mark.parametrize("amount", AMOUNTS)
def test_transfer_tells(token, owner, alice, amount):
    receipt = token.transfer(alice, amount, sender=owner)
    (event,) = receipt.decode_logs(token.Transfer)
    assert (event.sender, event.receiver, event.value) == (owner, alice, amount)


@pytest.mark.parametrize("amount", AMOUNTS)
def test_transfer_of_more_than_there_is(token, alice, bob, amount):
    with ape.reverts("token: balance too low"):
        token.transfer(bob, amount, sender=alice)


@pytest.mark.parametrize("amount", AMOUNTS)
def test_transfer_to_nobody(token, owner, amount):
    with ape.reverts("token: nobody to pay"):
        token.transfer(ZERO, amount, sender=owner)


@pytest.mark.parametrize("amount", AMOUNTS)
def test_approve(token, owner, alice, amount):
    receipt = token.approve(alice, amount, sender=owner)
    assert token.allowance(owner, alice) == amount
    assert receipt.events == [token.Approval(owner, alice, amount)]


@pytest.mark.parametrize("amount", AMOUNTS)
def test_transfer_from(token, owner, alice, bob, amount):
    token.approve(alice, amount, sender=owner)
    token.transferFrom(owner, bob, amount, sender=alice)
    assert token.balanceOf(bob) == amount
    assert token.allowance(owner, alice) == 0


@pytest.mark.parametrize("amount", AMOUNTS)
def test_transfer_from_without_leave(token, owner, alice, bob, amount):
    token.approve(alice, amount - 1, sender=owner)
    with ape.reverts("token: allowance too low"):
        token.transferFrom(owner, bob, amount, sender=alice)


@pytest.mark.parametrize("amount", AMOUNTS)
def test_mint(token, owner, bob, amount):
    token.mint(bob, amount, sender=owner)
    assert token.totalSupply() == SUPPLY + amount
    assert token.balanceOf(bob) == amount


@pytest.mark.parametrize("who", range(1, 6))
def test_mint_by_another(token, accounts, who):
    with ape.reverts("token: only the owner"):
        token.mint(accounts[who], 1, sender=accounts[who])


@pytest.mark.parametrize("amount", AMOUNTS)
def test_burn(token, owner, amount):
    token.burn(amount, sender=owner)
    assert token.totalSupply() == token.balanceOf(owner) == SUPPLY - amount


@pytest.mark.parametrize("amount", AMOUNTS)
def test_burn_of_more_than_there_is(token, alice, amount):
    with ape.reverts("token: balance too low"):
        token.burn(amount, sender=alice)


@pytest.mark.parametrize("count", [1, 2, 4, 6, 8])
def test_shares_are_conserved(token, owner, accounts, count):
    for account in accounts[1 : count + 1]:
        token.transfer(account, 10**18, sender=owner)
    assert sum(token.balanceOf(account) for account in accounts[: count + 1]) == SUPPLY
