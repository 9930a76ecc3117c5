# pragma version 0.4.3
# pragma nonreentrancy on
# SPDX-License-Identifier: MIT
"""
@title WPARS
@license MIT
@notice PARS as an ERC-20 with permit (EIP-2612): one WPARS for each PARS that it holds. Everybody
        may wrap and unwrap their own. Nobody has rights beyond that: no owner, no pause, no fee.

        Trust: none but in this code. Who unwraps gets PARS by a plain call, after the books are
        written.
"""

from ethereum.ercs import IERC20
from ..modules import ecdsa
from ..modules import eip712

implements: IERC20
initializes: eip712
exports: eip712.eip712Domain

name: public(constant(String[12])) = "Wrapped PARS"
symbol: public(constant(String[5])) = "WPARS"
decimals: public(constant(uint8)) = 18
PERMIT_TYPE_HASH: constant(bytes32) = keccak256(
    "Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
)


event Deposit:
    account: indexed(address)
    amount: uint256


event Withdrawal:
    account: indexed(address)
    amount: uint256


balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
nonces: public(HashMap[address, uint256])


@deploy
def __init__():
    eip712.__init__("Wrapped PARS", "1")


@external
@payable
def __default__():
    self._deposit(msg.value)


@external
@payable
def deposit():
    """
    @notice Wraps the PARS that come with the call; sending them without data does the same.
    """
    self._deposit(msg.value)


@external
def withdraw(amount: uint256):
    """
    @notice Unwraps: burns WPARS of the caller and sends as much PARS.
    """
    assert self.balanceOf[msg.sender] >= amount, "WPARS: balance too low"
    self.balanceOf[msg.sender] = unsafe_sub(self.balanceOf[msg.sender], amount)
    log Withdrawal(account=msg.sender, amount=amount)
    log IERC20.Transfer(sender=msg.sender, receiver=empty(address), value=amount)
    raw_call(msg.sender, b"", value=amount)


@external
def transfer(to: address, amount: uint256) -> bool:
    self._transfer(msg.sender, to, amount)
    return True


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    """
    @notice Moves what the owner allowed the caller; an allowance of 2^256 - 1 does not shrink.
    """
    allowed: uint256 = self.allowance[owner][msg.sender]
    assert allowed >= amount, "WPARS: allowance too low"
    if allowed != max_value(uint256):
        self.allowance[owner][msg.sender] = unsafe_sub(allowed, amount)
    self._transfer(owner, to, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    self._approve(msg.sender, spender, amount)
    return True


@external
def permit(
    owner: address,
    spender: address,
    amount: uint256,
    deadline: uint256,
    v: uint8,
    r: bytes32,
    s: bytes32,
):
    """
    @notice Does what approve does, for the owner who signed it; each signature once.
    """
    assert block.timestamp <= deadline, "WPARS: permit expired"
    nonce: uint256 = self.nonces[owner]
    digest: bytes32 = eip712._digest(
        keccak256(abi_encode(PERMIT_TYPE_HASH, owner, spender, amount, nonce, deadline))
    )
    signer: address = ecdsa._try_recover(
        digest, convert(v, uint256), convert(r, uint256), convert(s, uint256)
    )
    assert signer != empty(address) and signer == owner, "WPARS: not the owner's permit"
    self.nonces[owner] = nonce + 1
    self._approve(owner, spender, amount)


@external
@view
def totalSupply() -> uint256:
    """
    @notice Returns the PARS held, which is at least the sum of the balances: PARS can be forced on
            every contract without a call.
    """
    return self.balance


@external
@view
def DOMAIN_SEPARATOR() -> bytes32:
    return eip712._domain_separator()


@internal
def _deposit(amount: uint256):
    self.balanceOf[msg.sender] += amount
    log Deposit(account=msg.sender, amount=amount)
    log IERC20.Transfer(sender=empty(address), receiver=msg.sender, value=amount)


@internal
def _transfer(owner: address, to: address, amount: uint256):
    # Tokens sent to either would be lost; withdraw is the way to burn.
    assert to != empty(address) and to != self, "WPARS: no such receiver"
    assert self.balanceOf[owner] >= amount, "WPARS: balance too low"
    self.balanceOf[owner] = unsafe_sub(self.balanceOf[owner], amount)
    self.balanceOf[to] += amount
    log IERC20.Transfer(sender=owner, receiver=to, value=amount)


@internal
def _approve(owner: address, spender: address, amount: uint256):
    assert spender != empty(address), "WPARS: no such spender"
    self.allowance[owner][spender] = amount
    log IERC20.Approval(owner=owner, spender=spender, value=amount)
