# pragma version 0.4.3
# SPDX-License-Identifier: MIT
# Keeps tokens for shares, and each depositor's shares for a time.

interface Token:
    def transfer(receiver: address, amount: uint256) -> bool: nonpayable
    def transferFrom(sender: address, receiver: address, amount: uint256) -> bool: nonpayable
    def balanceOf(owner: address) -> uint256: view

event Deposit:
    owner: indexed(address)
    assets: uint256
    shares: uint256

event Withdraw:
    owner: indexed(address)
    assets: uint256
    shares: uint256

TOKEN: public(immutable(address))
LOCK: public(immutable(uint256))
totalShares: public(uint256)
sharesOf: public(HashMap[address, uint256])
unlocksAt: public(HashMap[address, uint256])


@deploy
def __init__(token: address, lock_seconds: uint256):
    TOKEN = token
    LOCK = lock_seconds


@view
@external
def totalAssets() -> uint256:
    return staticcall Token(TOKEN).balanceOf(self)


@view
@internal
def _assets_of(shares: uint256) -> uint256:
    if self.totalShares == 0:
        return shares
    return shares * staticcall Token(TOKEN).balanceOf(self) // self.totalShares


@view
@external
def assetsOf(owner: address) -> uint256:
    return self._assets_of(self.sharesOf[owner])


@external
def deposit(assets: uint256) -> uint256:
    assert assets > 0, "vault: nothing to deposit"
    shares: uint256 = assets
    if self.totalShares > 0:
        held: uint256 = staticcall Token(TOKEN).balanceOf(self)
        shares = assets * self.totalShares // held
    self.totalShares += shares
    self.sharesOf[msg.sender] += shares
    self.unlocksAt[msg.sender] = block.timestamp + LOCK
    assert extcall Token(TOKEN).transferFrom(msg.sender, self, assets)
    log Deposit(owner=msg.sender, assets=assets, shares=shares)
    return shares


@external
def withdraw(shares: uint256) -> uint256:
    assert self.sharesOf[msg.sender] >= shares, "vault: shares too low"
    assert block.timestamp >= self.unlocksAt[msg.sender], "vault: locked"
    assets: uint256 = self._assets_of(shares)
    self.sharesOf[msg.sender] -= shares
    self.totalShares -= shares
    assert extcall Token(TOKEN).transfer(msg.sender, assets)
    log Withdraw(owner=msg.sender, assets=assets, shares=shares)
    return assets
