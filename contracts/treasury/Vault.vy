# SPDX-License-Identifier: MIT
# What it is for: what a committee may spend of one token. What the parent deposited (allocated) it
#   can take back by ERC-4626; what it bonded is the committee's for good.
# Who may do what: the parent (the treasury) deposits, bonds and takes back; the committee requests
#   payments to receivers that the DAO allows, and makes them after a delay by size; the committee
#   or the DAO calls one off; the DAO halts all of it.
# Trust model: shares are the parent's and do not move, so nobody can set their price; tokens that
#   are sent here without a word are bonded by whoever says so, and no share gains by them. Sizes
#   add up over a week, so splitting shortens no delay. While the DAO is paused nothing goes out.
# pragma version 0.4.3
# pragma optimize gas
# pragma nonreentrancy on

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed
from ethereum.ercs import IERC4626
from ..modules import rolling_sum
from ..safe import IPause

implements: IERC20
implements: IERC4626
initializes: rolling_sum


interface ITreasury:
    def valueOf(asset: address, amount: uint256) -> uint256: view


struct Request:
    to: address
    amount: uint256
    bonded: bool
    ready: uint256
    open: bool
    reference: bytes32


USD: constant(uint256) = 10**8
SIZE_DAYS: constant(uint256) = 7
WINDOW_SECONDS: public(constant(uint256)) = 14 * 86400

# Shares have six decimals more than assets, and are counted as if there were one asset of them.
VIRTUAL_SHARES: constant(uint256) = 10**6

DAO: public(immutable(address))
PARENT: public(immutable(address))
COMMITTEE: public(immutable(address))
PAUSE: public(immutable(address))
asset: public(immutable(address))
name: public(immutable(String[32]))
symbol: public(immutable(String[16]))
decimals: public(immutable(uint8))


event Bonded:
    amount: uint256
    surplus: bool


event ReceiverAllowed:
    receiver: indexed(address)
    allowed: bool


event Halted:
    halted: bool


event Requested:
    id: indexed(uint256)
    to: indexed(address)
    amount: uint256
    bonded: bool
    ready: uint256
    reference: bytes32


event CalledOff:
    id: indexed(uint256)
    by: indexed(address)


event Executed:
    id: indexed(uint256)
    to: indexed(address)
    amount: uint256


totalAssets: public(uint256)  # what is allocated
totalSupply: public(uint256)  # all of it the parent's
bonded: public(uint256)
halted: public(bool)
allowed: public(HashMap[address, bool])
count: public(uint256)
requests: HashMap[uint256, Request]


@deploy
def __init__(
    dao: address,
    parent: address,
    committee: address,
    pause: address,
    token: address,
    own_name: String[32],
    own_symbol: String[16],
):
    """
    @param parent The treasury: it funds the vault, and tells what amounts are worth.
    @param committee Who spends.
    """
    assert dao != empty(address), "vault: no dao"
    assert parent != empty(address), "vault: no parent"
    assert committee != empty(address), "vault: no committee"
    assert pause != empty(address), "vault: no pause"
    assert token != empty(address), "vault: no token"
    DAO = dao
    PARENT = parent
    COMMITTEE = committee
    PAUSE = pause
    asset = token
    name = own_name
    symbol = own_symbol
    decimals = staticcall IERC20Detailed(token).decimals() + 6


# --- The parent: ERC-4626 ---------------------------------------------------------------------


@external
def deposit(assets: uint256, receiver: address) -> uint256:
    """
    @notice Allocates: the parent can take it back until it is spent.
    """
    shares: uint256 = self._shares(assets, False)
    self._allocate(assets, shares, receiver)
    return shares


@external
def mint(shares: uint256, receiver: address) -> uint256:
    assets: uint256 = self._assets(shares, True)
    self._allocate(assets, shares, receiver)
    return assets


@external
def withdraw(assets: uint256, receiver: address, owner: address) -> uint256:
    shares: uint256 = self._shares(assets, True)
    self._recall(assets, shares, receiver, owner)
    return shares


@external
def redeem(shares: uint256, receiver: address, owner: address) -> uint256:
    assets: uint256 = self._assets(shares, False)
    self._recall(assets, shares, receiver, owner)
    return assets


@external
def bond(assets: uint256):
    """
    @notice Gives for good.
    """
    self._only_parent()
    assert assets != 0, "vault: amount is zero"
    self.bonded += assets
    log Bonded(amount=assets, surplus=False)
    self._collect(assets)


@external
def bondSurplus() -> uint256:
    """
    @notice Counts as bonded what was sent here without a word. Anybody may.
    """
    surplus: uint256 = (
        staticcall IERC20(asset).balanceOf(self) - self.totalAssets - self.bonded
    )
    assert surplus != 0, "vault: amount is zero"
    self.bonded += surplus
    log Bonded(amount=surplus, surplus=True)
    return surplus


# --- The DAO ----------------------------------------------------------------------------------


@external
def setAllowed(receiver: address, permitted: bool):
    """
    @notice Says who may be paid.
    """
    self._only_dao()
    assert receiver != self, "vault: receiver is the vault"
    self.allowed[receiver] = permitted
    log ReceiverAllowed(receiver=receiver, allowed=permitted)


@external
def setHalted(stop: bool):
    """
    @notice Stops requests and payments, or lets them go on.
    """
    self._only_dao()
    self.halted = stop
    log Halted(halted=stop)


# --- The committee ----------------------------------------------------------------------------


@external
def request(to: address, amount: uint256, from_bonded: bool, reference: bytes32) -> uint256:
    """
    @notice Asks for a payment; it can be made after a delay by the worth of all that was asked for
            in the last week.
    """
    self._only_committee()
    self._check_open()
    assert self.allowed[to], "vault: receiver not allowed"
    assert amount != 0, "vault: amount is zero"
    usd: uint256 = staticcall ITreasury(PARENT).valueOf(asset, amount)
    ready: uint256 = block.timestamp + self._delay(rolling_sum._sum(0, SIZE_DAYS) + usd)
    rolling_sum._add(0, usd)
    id: uint256 = self.count + 1
    self.count = id
    self.requests[id] = Request(
        to=to, amount=amount, bonded=from_bonded, ready=ready, open=True, reference=reference
    )
    log Requested(
        id=id, to=to, amount=amount, bonded=from_bonded, ready=ready, reference=reference
    )
    return id


@external
def execute(id: uint256):
    """
    @notice Makes a payment that was asked for, from when it is ready and for two weeks.
    """
    self._only_committee()
    self._check_open()
    asked: Request = self.requests[id]
    assert asked.open, "vault: no such request"
    assert block.timestamp >= asked.ready, "vault: too early"
    assert block.timestamp < asked.ready + WINDOW_SECONDS, "vault: too late"
    assert self.allowed[asked.to], "vault: receiver not allowed"
    self.requests[id].open = False
    if asked.bonded:
        assert asked.amount <= self.bonded, "vault: holds less"
        self.bonded -= asked.amount
    else:
        left: uint256 = self.totalAssets
        assert asked.amount <= left, "vault: holds less"
        self.totalAssets = left - asked.amount
        if asked.amount == left:
            # Shares of nothing would make those of the next deposit worthless, or too many.
            log IERC20.Transfer(sender=PARENT, receiver=empty(address), value=self.totalSupply)
            self.totalSupply = 0
    log Executed(id=id, to=asked.to, amount=asked.amount)
    self._send(asked.to, asked.amount)


@external
def callOff(id: uint256):
    """
    @notice Takes a request back: the committee its own, the DAO any.
    """
    assert msg.sender in [COMMITTEE, DAO], "vault: neither committee nor dao"
    assert self.requests[id].open, "vault: no such request"
    self.requests[id].open = False
    log CalledOff(id=id, by=msg.sender)


# --- Shares do not move -----------------------------------------------------------------------


@external
def transfer(to: address, amount: uint256) -> bool:
    raise "vault: shares do not move"


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    raise "vault: shares do not move"


@external
def approve(spender: address, amount: uint256) -> bool:
    raise "vault: shares do not move"


# --- Reading ----------------------------------------------------------------------------------


@view
@external
def getRequest(id: uint256) -> Request:
    return self.requests[id]


@view
@external
def delayOf(amount: uint256) -> uint256:
    """
    @notice Returns how long a request for an amount would have to wait.
    """
    usd: uint256 = staticcall ITreasury(PARENT).valueOf(asset, amount)
    return self._delay(rolling_sum._sum(0, SIZE_DAYS) + usd)


@view
@external
def balanceOf(owner: address) -> uint256:
    if owner == PARENT:
        return self.totalSupply
    return 0


@view
@external
def allowance(owner: address, spender: address) -> uint256:
    return 0


@view
@external
def convertToShares(assets: uint256) -> uint256:
    return self._shares(assets, False)


@view
@external
def convertToAssets(shares: uint256) -> uint256:
    return self._assets(shares, False)


@view
@external
def previewDeposit(assets: uint256) -> uint256:
    return self._shares(assets, False)


@view
@external
def previewMint(shares: uint256) -> uint256:
    return self._assets(shares, True)


@view
@external
def previewWithdraw(assets: uint256) -> uint256:
    return self._shares(assets, True)


@view
@external
def previewRedeem(shares: uint256) -> uint256:
    return self._assets(shares, False)


@view
@external
def maxDeposit(receiver: address) -> uint256:
    if receiver != PARENT:
        return 0
    return 2**128 - 1


@view
@external
def maxMint(receiver: address) -> uint256:
    if receiver != PARENT:
        return 0
    return 2**128 - 1


@view
@external
def maxWithdraw(owner: address) -> uint256:
    if owner != PARENT:
        return 0
    return self._assets(self.totalSupply, False)


@view
@external
def maxRedeem(owner: address) -> uint256:
    if owner != PARENT:
        return 0
    return self.totalSupply


# --- Inside -----------------------------------------------------------------------------------


@view
@internal
def _only_dao():
    assert msg.sender == DAO, "vault: only the dao"


@view
@internal
def _only_parent():
    assert msg.sender == PARENT, "vault: only the parent"


@view
@internal
def _only_committee():
    assert msg.sender == COMMITTEE, "vault: only the committee"


@view
@internal
def _check_open():
    assert not self.halted, "vault: halted"
    assert not staticcall IPause(PAUSE).paused(), "vault: paused"


@pure
@internal
def _delay(usd: uint256) -> uint256:
    if usd < 5_000 * USD:
        return 0
    if usd < 25_000 * USD:
        return 86400
    if usd < 100_000 * USD:
        return 2 * 86400
    return 7 * 86400


@view
@internal
def _shares(assets: uint256, up: bool) -> uint256:
    product: uint256 = assets * (self.totalSupply + VIRTUAL_SHARES)
    divisor: uint256 = self.totalAssets + 1
    if up:
        product += divisor - 1
    return product // divisor


@view
@internal
def _assets(shares: uint256, up: bool) -> uint256:
    product: uint256 = shares * (self.totalAssets + 1)
    divisor: uint256 = self.totalSupply + VIRTUAL_SHARES
    if up:
        product += divisor - 1
    return product // divisor


@internal
def _allocate(assets: uint256, shares: uint256, receiver: address):
    self._only_parent()
    assert receiver == PARENT, "vault: shares are the parent's"
    assert assets != 0, "vault: amount is zero"
    self.totalAssets += assets
    self.totalSupply += shares
    log IERC20.Transfer(sender=empty(address), receiver=PARENT, value=shares)
    log IERC4626.Deposit(sender=PARENT, owner=PARENT, assets=assets, shares=shares)
    self._collect(assets)


@internal
def _recall(assets: uint256, shares: uint256, receiver: address, owner: address):
    self._only_parent()
    assert owner == PARENT, "vault: shares are the parent's"
    assert assets != 0, "vault: amount is zero"
    assert assets <= self.totalAssets, "vault: holds less"
    assert shares <= self.totalSupply, "vault: too few shares"
    self.totalAssets -= assets
    self.totalSupply -= shares
    log IERC20.Transfer(sender=PARENT, receiver=empty(address), value=shares)
    log IERC4626.Withdraw(
        sender=PARENT, receiver=receiver, owner=PARENT, assets=assets, shares=shares
    )
    self._send(receiver, assets)


@internal
def _collect(assets: uint256):
    before: uint256 = staticcall IERC20(asset).balanceOf(self)
    assert extcall IERC20(asset).transferFrom(
        PARENT, self, assets, default_return_value=True
    ), "vault: transfer failed"
    arrived: uint256 = staticcall IERC20(asset).balanceOf(self) - before
    assert arrived == assets, "vault: fee on transfer"


@internal
def _send(to: address, amount: uint256):
    assert extcall IERC20(asset).transfer(
        to, amount, default_return_value=True
    ), "vault: transfer failed"
