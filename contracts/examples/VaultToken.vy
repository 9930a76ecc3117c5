# pragma version ^0.4.3
# One vault as an ERC-20 and ERC-4626: its tokens are shares that this contract holds.
from ..interfaces import IVaults
from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed
from ethereum.ercs import IERC4626

implements: IERC20
implements: IERC4626

VAULTS: constant(IVaults) = IVaults(0x0000000000000000000000000000000000000430)

name: public(immutable(String[32]))
symbol: public(immutable(String[8]))
decimals: public(immutable(uint8))
vault: public(immutable(uint256))
asset: public(immutable(address))

totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])

@deploy
def __init__(identifier: uint256, own_name: String[32], own_symbol: String[8]):
    vault = identifier
    asset = staticcall VAULTS.asset(identifier)
    decimals = staticcall IERC20Detailed(asset).decimals() + 6
    name = own_name
    symbol = own_symbol

# --- Shares as an ERC-20 ---

@external
def transfer(to: address, amount: uint256) -> bool:
    self._move(msg.sender, to, amount)
    return True

@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    self._spend(owner, amount)
    self._move(owner, to, amount)
    return True

@external
def approve(spender: address, amount: uint256) -> bool:
    self.allowance[msg.sender][spender] = amount
    log IERC20.Approval(owner=msg.sender, spender=spender, value=amount)
    return True

@external
def wrap(amount: uint256):
    """
    @dev Turn shares of the vaults' address, which this contract may take, into tokens.
    """
    extcall VAULTS.transferFrom(msg.sender, self, vault, amount)
    self._mint(msg.sender, amount)

@external
def unwrap(amount: uint256):
    self._burn(msg.sender, amount)
    extcall VAULTS.transfer(msg.sender, vault, amount)

# --- Paying in and out ---

@external
@nonreentrant
def deposit(assets: uint256, receiver: address) -> uint256:
    shares: uint256 = extcall VAULTS.deposit(vault, self._collect(assets), self)
    self._mint(receiver, shares)
    log IERC4626.Deposit(sender=msg.sender, owner=receiver, assets=assets, shares=shares)
    return shares

@external
@nonreentrant
def mint(shares: uint256, receiver: address) -> uint256:
    assets: uint256 = staticcall VAULTS.previewMint(vault, shares)
    assert self._collect(assets) == assets, "a fee was taken"
    extcall VAULTS.mint(vault, shares, self)
    self._mint(receiver, shares)
    log IERC4626.Deposit(sender=msg.sender, owner=receiver, assets=assets, shares=shares)
    return assets

@external
@nonreentrant
def withdraw(assets: uint256, receiver: address, owner: address) -> uint256:
    shares: uint256 = staticcall VAULTS.previewWithdraw(vault, assets)
    self._spend(owner, shares)
    self._burn(owner, shares)
    extcall VAULTS.withdraw(vault, assets, receiver, self)
    log IERC4626.Withdraw(
        sender=msg.sender, receiver=receiver, owner=owner, assets=assets, shares=shares
    )
    return shares

@external
@nonreentrant
def redeem(shares: uint256, receiver: address, owner: address) -> uint256:
    self._spend(owner, shares)
    self._burn(owner, shares)
    assets: uint256 = extcall VAULTS.redeem(vault, shares, receiver, self)
    log IERC4626.Withdraw(
        sender=msg.sender, receiver=receiver, owner=owner, assets=assets, shares=shares
    )
    return assets

# --- What would be ---

@view
@external
def totalAssets() -> uint256:
    return staticcall VAULTS.convertToAssets(vault, self.totalSupply)

@view
@external
def convertToShares(assets: uint256) -> uint256:
    return staticcall VAULTS.convertToShares(vault, assets)

@view
@external
def convertToAssets(shares: uint256) -> uint256:
    return staticcall VAULTS.convertToAssets(vault, shares)

@view
@external
def previewDeposit(assets: uint256) -> uint256:
    return staticcall VAULTS.previewDeposit(vault, assets)

@view
@external
def previewMint(shares: uint256) -> uint256:
    return staticcall VAULTS.previewMint(vault, shares)

@view
@external
def previewWithdraw(assets: uint256) -> uint256:
    return staticcall VAULTS.previewWithdraw(vault, assets)

@view
@external
def previewRedeem(shares: uint256) -> uint256:
    return staticcall VAULTS.previewRedeem(vault, shares)

@view
@external
def maxDeposit(receiver: address) -> uint256:
    return staticcall VAULTS.maxDeposit(vault, receiver)

@view
@external
def maxMint(receiver: address) -> uint256:
    return staticcall VAULTS.maxMint(vault, receiver)

@view
@external
def maxWithdraw(owner: address) -> uint256:
    return staticcall VAULTS.convertToAssets(vault, self.balanceOf[owner])

@view
@external
def maxRedeem(owner: address) -> uint256:
    return self.balanceOf[owner]

# --- Inside ---

@internal
def _collect(assets: uint256) -> uint256:
    """
    @dev Take assets of the caller, and let the vaults take what arrived.
    """
    before: uint256 = staticcall IERC20(asset).balanceOf(self)
    extcall IERC20(asset).transferFrom(msg.sender, self, assets, default_return_value=True)
    arrived: uint256 = staticcall IERC20(asset).balanceOf(self) - before
    extcall IERC20(asset).approve(VAULTS.address, arrived, default_return_value=True)
    return arrived

@internal
def _spend(owner: address, amount: uint256):
    if owner != msg.sender and self.allowance[owner][msg.sender] != max_value(uint256):
        self.allowance[owner][msg.sender] -= amount

@internal
def _move(owner: address, to: address, amount: uint256):
    assert to != empty(address), "no receiver"
    self.balanceOf[owner] -= amount
    self.balanceOf[to] += amount
    log IERC20.Transfer(sender=owner, receiver=to, value=amount)

@internal
def _mint(to: address, amount: uint256):
    assert to != empty(address), "no receiver"
    self.totalSupply += amount
    self.balanceOf[to] += amount
    log IERC20.Transfer(sender=empty(address), receiver=to, value=amount)

@internal
def _burn(owner: address, amount: uint256):
    self.balanceOf[owner] -= amount
    self.totalSupply -= amount
    log IERC20.Transfer(sender=owner, receiver=empty(address), value=amount)
