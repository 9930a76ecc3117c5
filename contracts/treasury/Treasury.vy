# SPDX-License-Identifier: MIT
# What it is for: holds what the DAO owns, and lets it go by rules that no single vote can skip.
# Who may do what: the DAO spends from main, grants and emergency, opens streams and funds committee
#   vaults, each with the class of proposal and the signers that the amount takes; two current
#   owners of the safe spend from operations up to 10,000 USD in 30 days, and publish reports; the
#   DAO lists assets and sets what the rules count with. Anybody pays in.
# Trust model: prices are those of the listed feeds, or the DAO's own. What the tiers count is the
#   sum of the last 30 days, so splitting gains nothing. While the DAO is paused nothing goes out.
# pragma version 0.4.3
# pragma optimize gas
# pragma nonreentrancy on

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed
from ..modules import rolling_sum
from ..oracle import fresh_price
from ..safe import IPause

initializes: rolling_sum


interface ISafe:
    def getOwners() -> DynArray[address, MAX_OWNERS]: view
    def isOwner(owner: address) -> bool: view
    def ownerTenure(owner: address) -> uint256: view


interface ITimelock:
    def executingClass() -> (bool, uint256): view


interface IFeed:
    def decimals() -> uint8: view


interface IStreams:
    def createVestingStream(
        asset: address,
        recipient: address,
        totalAmount: uint256,
        startTime: uint256,
        cliffTime: uint256,
        endTime: uint256,
        canceller: address,
    ) -> uint256: payable
    def createGrantStream(
        asset: address,
        recipient: address,
        milestones: DynArray[Milestone, MAX_MILESTONES],
        canceller: address,
    ) -> uint256: payable


interface IVault:
    def asset() -> address: view
    def deposit(assets: uint256, receiver: address) -> uint256: nonpayable
    def bond(assets: uint256): nonpayable
    def withdraw(assets: uint256, receiver: address, owner: address) -> uint256: nonpayable


struct Milestone:
    amount: uint256
    unlockTime: uint256


MAX_OWNERS: constant(uint256) = 32
MAX_ASSETS: constant(uint256) = 16
MAX_MILESTONES: constant(uint256) = 16
NATIVE: constant(address) = empty(address)

# The unit of account, with the decimals that feeds of dollars have.
USD: constant(uint256) = 10**8
TIER_2_FROM: public(constant(uint256)) = 10_000 * USD
TIER_3_FROM: public(constant(uint256)) = 100_000 * USD
OPERATIONS_LIMIT: public(constant(uint256)) = 10_000 * USD
EMERGENCY_FUND: public(constant(uint256)) = 100_000 * USD
RUNWAY_MONTHS: constant(uint256) = 6
WINDOW_DAYS: constant(uint256) = 30
COSIGN_SECONDS: constant(uint256) = 7 * 86400
MAX_AGE: constant(uint256) = 7 * 86400

MAIN: constant(uint8) = 0
OPERATIONS: constant(uint8) = 1
GRANTS: constant(uint8) = 2
EMERGENCY: constant(uint8) = 3
VAULTS: constant(uint8) = 4

STABLE: constant(uint256) = 2
PARS: constant(uint256) = 3

SPENDING_CLASSES: constant(uint256) = 3  # standard, extended, major; none of an emergency

ADDRESS_MASK: constant(uint256) = 2**160 - 1

DAO: public(immutable(address))
TIMELOCK: public(immutable(address))
PAUSE: public(immutable(address))
STREAMS: public(immutable(address))


event Received:
    sender: indexed(address)
    amount: uint256


event AssetSet:
    asset: indexed(address)
    kind: uint256
    feed: address
    max_age: uint256
    price: uint256


event BurnSet:
    monthly: uint256


event SignersSet:
    tier: indexed(uint256)
    signers: uint256


event Allotted:
    vault: indexed(uint8)
    asset: indexed(address)
    amount: uint256


event Released:
    vault: indexed(uint8)
    asset: indexed(address)
    amount: uint256


event Endorsed:
    payment: indexed(bytes32)
    owner: indexed(address)


event Spent:
    payment: indexed(bytes32)
    vault: indexed(uint8)
    to: indexed(address)
    asset: address
    amount: uint256
    usd: uint256
    tier: uint256


event OperationsSpent:
    to: indexed(address)
    asset: indexed(address)
    amount: uint256
    usd: uint256
    reference: bytes32


event OperationsProposed:
    owner: indexed(address)
    to: indexed(address)
    asset: indexed(address)
    amount: uint256
    reference: bytes32


event ReportProposed:
    owner: indexed(address)
    quarter: indexed(uint256)
    digest: bytes32


event StreamOpened:
    payment: indexed(bytes32)
    stream: indexed(uint256)


event VaultFunded:
    payment: indexed(bytes32)
    vault: indexed(address)
    amount: uint256
    bonded: bool


event VaultRecalled:
    vault: indexed(address)
    amount: uint256


event Reported:
    quarter: indexed(uint256)
    digest: bytes32


assets: DynArray[address, MAX_ASSETS]
# feed 0..159 | greatest age 160..191 | kind 192..199 | decimals of token and price 200..207
config: HashMap[address, uint256]
fixed_price: HashMap[address, uint256]
allotted: public(HashMap[uint8, HashMap[address, uint256]])
monthly_burn: public(uint256)
signers_needed: public(uint256[4])  # by tier
endorsements: HashMap[bytes32, HashMap[address, uint256]]  # the owner's tenure
paid: public(HashMap[bytes32, bool])
cosigned: HashMap[bytes32, uint256]  # who was first 0..159 | when 160..207
reports: public(HashMap[uint256, bytes32])


@deploy
def __init__(
    dao: address,
    timelock: address,
    pause: address,
    streams: address,
    signers: uint256[3],
    burn: uint256,
):
    """
    @param timelock Who tells which class of proposal is being executed.
    @param signers How many owners endorse a payment of tiers 1, 2 and 3.
    @param burn What the DAO spends in a month, in USD with 8 decimals.
    """
    assert dao != empty(address), "treasury: no dao"
    assert timelock != empty(address), "treasury: no timelock"
    assert pause != empty(address), "treasury: no pause"
    assert streams != empty(address), "treasury: no streams"
    DAO = dao
    TIMELOCK = timelock
    PAUSE = pause
    STREAMS = streams
    for i: uint256 in range(3):
        self._set_signers(i + 1, signers[i])
    self.monthly_burn = burn
    log BurnSet(monthly=burn)


@payable
@external
@reentrant
def __default__():
    assert len(msg.data) == 0, "treasury: no such function"
    log Received(sender=msg.sender, amount=msg.value)


# --- What the DAO sets ------------------------------------------------------------------------


@external
def setAsset(asset: address, kind: uint256, feed: address, max_age: uint256, price: uint256):
    """
    @notice Lists an asset, changes how it is valued, or takes it from the list.
    @param asset The token, or zero for the native one.
    @param kind 1 any, 2 a stable one, 3 PARS or its wrapped form, 0 none: off the list.
    @param feed An AggregatorV3 feed of dollars, or zero for a fixed price.
    @param max_age How old the feed's answer may be, in seconds.
    @param price The fixed price of one whole token, in USD with 8 decimals.
    """
    self._only_dao()
    assert kind <= PARS, "treasury: unknown kind"
    listed: bool = self.config[asset] != 0
    if kind == 0:
        assert listed, "treasury: asset not listed"
        self._unlist(asset)
    else:
        if not listed:
            assert len(self.assets) < MAX_ASSETS, "treasury: too many assets"
            self.assets.append(asset)
        decimals: uint256 = 18
        if asset != NATIVE:
            decimals = convert(staticcall IERC20Detailed(asset).decimals(), uint256)
        if feed == empty(address):
            assert price != 0, "treasury: price is zero"
            assert price < 2**64, "treasury: price too large"
            decimals += 8
        else:
            assert price == 0, "treasury: feed and price"
            assert max_age != 0, "treasury: age is zero"
            assert max_age <= MAX_AGE, "treasury: age too large"
            decimals += convert(staticcall IFeed(feed).decimals(), uint256)
        assert decimals <= 60, "treasury: too many decimals"
        self.fixed_price[asset] = price
        self.config[asset] = (
            convert(feed, uint256) | max_age << 160 | kind << 192 | decimals << 200
        )
    log AssetSet(asset=asset, kind=kind, feed=feed, max_age=max_age, price=price)


@external
def setMonthlyBurn(monthly: uint256):
    """
    @notice Sets what a month of runway is, in USD with 8 decimals.
    """
    self._only_dao()
    self.monthly_burn = monthly
    log BurnSet(monthly=monthly)


@external
def setSigners(tier: uint256, signers: uint256):
    """
    @notice Sets how many owners of the safe endorse a payment of a tier.
    """
    self._only_dao()
    assert tier >= 1 and tier <= 3, "treasury: unknown tier"
    self._set_signers(tier, signers)


@external
def allot(vault: uint8, asset: address, amount: uint256):
    """
    @notice Sets aside for operations, grants or emergencies what main holds.
    """
    self._only_dao()
    self._check_allotting(vault, asset)
    assert amount <= self._held(MAIN, asset), "treasury: main holds less"
    self.allotted[vault][asset] += amount
    log Allotted(vault=vault, asset=asset, amount=amount)


@external
def release(vault: uint8, asset: address, amount: uint256):
    """
    @notice Gives back to main what was set aside.
    """
    self._only_dao()
    self._check_allotting(vault, asset)
    assert amount <= self.allotted[vault][asset], "treasury: vault holds less"
    self.allotted[vault][asset] -= amount
    log Released(vault=vault, asset=asset, amount=amount)


# --- Spending by vote -------------------------------------------------------------------------


@external
def endorse(payment: bytes32):
    """
    @notice Signs a payment, before or after the vote. See `paymentId`.
    """
    tenure: uint256 = staticcall ISafe(DAO).ownerTenure(msg.sender)
    assert tenure != 0, "treasury: only an owner"
    self.endorsements[payment][msg.sender] = tenure
    log Endorsed(payment=payment, owner=msg.sender)


@external
def spend(vault: uint8, asset: address, to: address, amount: uint256, reference: bytes32):
    """
    @notice Pays from main, grants or the emergency fund.
    @param reference What tells this payment from others of the same amount.
    """
    self._only_dao()
    self._authorize(vault, asset, to, amount, reference)
    self._pay(asset, to, amount)


@external
def openStream(
    asset: address,
    recipient: address,
    amount: uint256,
    start: uint256,
    cliff: uint256,
    end: uint256,
    reference: bytes32,
) -> uint256:
    """
    @notice Funds a stream from grants, which the DAO may cancel. Its payment is one to the streams,
            with `streamReference` as reference.
    """
    self._only_dao()
    payment: bytes32 = self._authorize(
        GRANTS,
        asset,
        STREAMS,
        amount,
        keccak256(abi_encode(recipient, start, cliff, end, reference)),
    )
    sent: uint256 = self._approve_streams(asset, amount)
    stream: uint256 = extcall IStreams(STREAMS).createVestingStream(
        asset, recipient, amount, start, cliff, end, DAO, value=sent
    )
    log StreamOpened(payment=payment, stream=stream)
    return stream


@external
def openGrant(
    asset: address,
    recipient: address,
    milestones: DynArray[Milestone, MAX_MILESTONES],
    reference: bytes32,
) -> uint256:
    """
    @notice Funds a stream of milestones from grants. Its payment is one to the streams, with
            `grantReference` as reference.
    """
    self._only_dao()
    amount: uint256 = 0
    for milestone: Milestone in milestones:
        amount += milestone.amount
    payment: bytes32 = self._authorize(
        GRANTS,
        asset,
        STREAMS,
        amount,
        keccak256(abi_encode(recipient, milestones, reference)),
    )
    sent: uint256 = self._approve_streams(asset, amount)
    stream: uint256 = extcall IStreams(STREAMS).createGrantStream(
        asset, recipient, milestones, DAO, value=sent
    )
    log StreamOpened(payment=payment, stream=stream)
    return stream


@external
def fundVault(vault: address, amount: uint256, bonded: bool, reference: bytes32):
    """
    @notice Gives to a committee's vault, from grants. What is bonded never comes back. Its payment
            is one to the vault, with `vaultReference` as reference.
    """
    self._only_dao()
    asset: address = staticcall IVault(vault).asset()
    payment: bytes32 = self._authorize(
        GRANTS, asset, vault, amount, keccak256(abi_encode(bonded, reference))
    )
    log VaultFunded(payment=payment, vault=vault, amount=amount, bonded=bonded)
    self._approve(asset, vault, amount)
    if bonded:
        extcall IVault(vault).bond(amount)
    else:
        extcall IVault(vault).deposit(amount, self)


@external
def recallVault(vault: address, amount: uint256):
    """
    @notice Takes back from a committee's vault what was not bonded and is not spent.
    """
    self._only_dao()
    log VaultRecalled(vault=vault, amount=amount)
    extcall IVault(vault).withdraw(amount, self, self)


# --- What two owners do -----------------------------------------------------------------------


@external
def spendOperations(asset: address, to: address, amount: uint256, reference: bytes32) -> bool:
    """
    @notice Proposes a payment from operations, or makes the one that another owner proposed within
            the last week.
    @return Whether it was paid.
    """
    self._check_payment(asset, to, amount)
    action: bytes32 = keccak256(abi_encode(asset, to, amount, reference))
    if not self._cosigned(action):
        log OperationsProposed(
            owner=msg.sender, to=to, asset=asset, amount=amount, reference=reference
        )
        return False
    assert not self.paid[action], "treasury: already paid"
    self.paid[action] = True
    usd: uint256 = self._spent_value(asset, amount)
    total: uint256 = rolling_sum._sum(0, WINDOW_DAYS) + usd
    assert total <= OPERATIONS_LIMIT, "treasury: above monthly limit"
    rolling_sum._add(0, usd)
    self._take(OPERATIONS, asset, amount)
    log OperationsSpent(to=to, asset=asset, amount=amount, usd=usd, reference=reference)
    self._pay(asset, to, amount)
    return True


@external
def report(quarter: uint256, digest: bytes32) -> bool:
    """
    @notice Proposes the hash of a quarter's report, or publishes what another owner proposed.
    @param quarter The year times four, and 0 to 3.
    """
    assert digest != empty(bytes32), "treasury: empty report"
    assert self.reports[quarter] == empty(bytes32), "treasury: already reported"
    if not self._cosigned(keccak256(abi_encode("report", quarter, digest))):
        log ReportProposed(owner=msg.sender, quarter=quarter, digest=digest)
        return False
    self.reports[quarter] = digest
    log Reported(quarter=quarter, digest=digest)
    return True


# --- Reading ----------------------------------------------------------------------------------


@view
@external
@reentrant
def paymentId(
    vault: uint8, asset: address, to: address, amount: uint256, reference: bytes32
) -> bytes32:
    """
    @notice Returns what owners endorse.
    """
    return self._payment_id(vault, asset, to, amount, reference)


@view
@external
@reentrant
def streamReference(
    recipient: address, start: uint256, cliff: uint256, end: uint256, reference: bytes32
) -> bytes32:
    return keccak256(abi_encode(recipient, start, cliff, end, reference))


@view
@external
@reentrant
def grantReference(
    recipient: address, milestones: DynArray[Milestone, MAX_MILESTONES], reference: bytes32
) -> bytes32:
    return keccak256(abi_encode(recipient, milestones, reference))


@view
@external
@reentrant
def vaultReference(bonded: bool, reference: bytes32) -> bytes32:
    return keccak256(abi_encode(bonded, reference))


@view
@external
@reentrant
def endorsementsOf(payment: bytes32) -> uint256:
    """
    @notice Returns how many current owners have endorsed a payment.
    """
    return self._endorsed(payment)


@view
@external
@reentrant
def assetsListed() -> DynArray[address, MAX_ASSETS]:
    return self.assets


@view
@external
@reentrant
def kindOf(asset: address) -> uint256:
    return self._kind(asset)


@view
@external
@reentrant
def held(vault: uint8, asset: address) -> uint256:
    return self._held(vault, asset)


@view
@external
@reentrant
def valueOf(asset: address, amount: uint256) -> uint256:
    """
    @notice Returns what an amount is worth, in USD with 8 decimals, rounded up.
    """
    return self._spent_value(asset, amount)


@view
@external
@reentrant
def tierOf(asset: address, amount: uint256) -> uint256:
    """
    @notice Returns the tier that a payment by vote has now.
    """
    return self._tier(self._spent_value(asset, amount))


@view
@external
@reentrant
def spentInWindow() -> (uint256, uint256, uint256):
    """
    @notice Returns what operations, tier 1 and tier 2 spent in the last 30 days, in USD.
    """
    return (
        rolling_sum._sum(0, WINDOW_DAYS),
        rolling_sum._sum(1, WINDOW_DAYS),
        rolling_sum._sum(2, WINDOW_DAYS),
    )


@view
@external
@reentrant
def reserves() -> (uint256, uint256, uint256, bool):
    """
    @notice Returns the value of everything, of stable assets, and of the emergency fund, and
            whether they are what tiers 2 and 3 take.
    """
    total: uint256 = 0
    stable: uint256 = 0
    emergency: uint256 = 0
    for asset: address in self.assets:
        price: uint256 = self._price(asset)
        worth: uint256 = self._worth(asset, self._balance(asset), price)
        total += worth
        if self._kind(asset) == STABLE:
            stable += worth
        emergency += self._worth(asset, self.allotted[EMERGENCY][asset], price)
    return total, stable, emergency, self._reserves_hold(total, stable, emergency)


# --- Inside: who and whether ------------------------------------------------------------------


@view
@internal
def _only_dao():
    assert msg.sender == DAO, "treasury: only the dao"


@view
@internal
def _check_payment(asset: address, to: address, amount: uint256):
    assert not staticcall IPause(PAUSE).paused(), "treasury: paused"
    assert to != empty(address), "treasury: no recipient"
    assert to != self, "treasury: recipient is treasury"
    assert amount != 0, "treasury: amount is zero"
    assert self.config[asset] != 0, "treasury: asset not listed"


@view
@internal
def _check_allotting(vault: uint8, asset: address):
    assert vault != MAIN and vault < VAULTS, "treasury: unknown vault"
    assert self.config[asset] != 0, "treasury: asset not listed"


@internal
def _set_signers(tier: uint256, signers: uint256):
    assert signers <= MAX_OWNERS, "treasury: too many signers"
    self.signers_needed[tier] = signers
    log SignersSet(tier=tier, signers=signers)


@internal
def _cosigned(action: bytes32) -> bool:
    """
    @dev Tells whether another current owner proposed the same within the last week.
    """
    assert staticcall ISafe(DAO).isOwner(msg.sender), "treasury: only an owner"
    word: uint256 = self.cosigned[action]
    first: address = convert(word & ADDRESS_MASK, address)
    if word != 0 and first != msg.sender:
        if block.timestamp - (word >> 160) <= COSIGN_SECONDS:
            if staticcall ISafe(DAO).isOwner(first):
                self.cosigned[action] = 0
                return True
    self.cosigned[action] = block.timestamp << 160 | convert(msg.sender, uint256)
    return False


@view
@internal
def _endorsed(payment: bytes32) -> uint256:
    count: uint256 = 0
    for owner: address in staticcall ISafe(DAO).getOwners():
        tenure: uint256 = self.endorsements[payment][owner]
        if tenure != 0 and tenure == staticcall ISafe(DAO).ownerTenure(owner):
            count += 1
    return count


@view
@internal
def _payment_id(
    vault: uint8, asset: address, to: address, amount: uint256, reference: bytes32
) -> bytes32:
    return keccak256(abi_encode("payment", vault, asset, to, amount, reference))


@view
@internal
def _tier(usd: uint256) -> uint256:
    """
    @dev The tier of a payment with all of the last 30 days that had no more votes behind it.
    """
    total: uint256 = rolling_sum._sum(1, WINDOW_DAYS) + usd
    if total < TIER_2_FROM:
        return 1
    total += rolling_sum._sum(2, WINDOW_DAYS)
    if total < TIER_3_FROM:
        return 2
    return 3


@internal
def _authorize(
    vault: uint8, asset: address, to: address, amount: uint256, reference: bytes32
) -> bytes32:
    """
    @dev Holds a payment by vote to its tier, the reserves and the mix, and takes it from its vault.
    """
    self._check_payment(asset, to, amount)
    assert vault in [MAIN, GRANTS, EMERGENCY], "treasury: unknown vault"
    payment: bytes32 = self._payment_id(vault, asset, to, amount, reference)
    assert not self.paid[payment], "treasury: already paid"
    self.paid[payment] = True
    usd: uint256 = self._spent_value(asset, amount)
    tier: uint256 = self._tier(usd)
    running: bool = False
    voted: uint256 = 0
    running, voted = staticcall ITimelock(TIMELOCK).executingClass()
    assert running, "treasury: no proposal runs"
    assert voted < SPENDING_CLASSES, "treasury: class may not spend"
    assert voted + 1 >= tier, "treasury: class below the tier"
    needed: uint256 = self.signers_needed[tier]
    if needed != 0:
        assert self._endorsed(payment) >= needed, "treasury: too few endorsements"
    if tier < 3:
        rolling_sum._add(tier, usd)
    self._check_mix(vault, asset, amount, tier)
    self._take(vault, asset, amount)
    log Spent(
        payment=payment, vault=vault, to=to, asset=asset, amount=amount, usd=usd, tier=tier
    )
    return payment


@view
@internal
def _reserves_hold(total: uint256, stable: uint256, emergency: uint256) -> bool:
    runway: uint256 = RUNWAY_MONTHS * self.monthly_burn
    return total >= runway and stable * 10 >= runway * 3 and emergency >= EMERGENCY_FUND


@view
@internal
def _check_mix(vault: uint8, asset: address, amount: uint256, tier: uint256):
    """
    @dev Holds what is left to the reserves (tiers 2 and 3), and to the shares of assets. A share
         that is out of its bound already may not get worse.
    """
    before: DynArray[uint256, MAX_ASSETS] = []
    after: DynArray[uint256, MAX_ASSETS] = []
    total: uint256[2] = [0, 0]
    stable: uint256[2] = [0, 0]
    pars: uint256[2] = [0, 0]
    emergency: uint256 = 0
    for each: address in self.assets:
        price: uint256 = self._price(each)
        balance: uint256 = self._balance(each)
        left: uint256 = balance
        kept: uint256 = self.allotted[EMERGENCY][each]
        if each == asset:
            assert amount <= self._held(vault, each), "treasury: vault holds less"
            left -= amount
            if vault == EMERGENCY:
                kept -= amount
        worth: uint256 = self._worth(each, balance, price)
        rest: uint256 = self._worth(each, left, price)
        emergency += self._worth(each, kept, price)
        before.append(worth)
        after.append(rest)
        total[0] += worth
        total[1] += rest
        kind: uint256 = self._kind(each)
        if kind == STABLE:
            stable[0] += worth
            stable[1] += rest
        elif kind == PARS:
            pars[0] += worth
            pars[1] += rest
    if tier > 1:
        assert self._reserves_hold(
            total[1], stable[1], emergency
        ), "treasury: reserves too low"
    if stable[1] * 5 < total[1]:
        assert stable[1] * total[0] >= stable[0] * total[1], "treasury: too little stable"
    if pars[1] * 2 > total[1]:
        assert pars[1] * total[0] <= pars[0] * total[1], "treasury: too much pars"
    for i: uint256 in range(len(after), bound=MAX_ASSETS):
        if after[i] * 10 > total[1] * 3 and self._kind(self.assets[i]) != PARS:
            assert after[i] * total[0] <= before[i] * total[1], "treasury: too much of one asset"


# --- Inside: assets ---------------------------------------------------------------------------


@internal
def _unlist(asset: address):
    for vault: uint8 in [OPERATIONS, GRANTS, EMERGENCY]:
        assert self.allotted[vault][asset] == 0, "treasury: asset is allotted"
    last: address = self.assets.pop()
    if last != asset:
        for i: uint256 in range(len(self.assets), bound=MAX_ASSETS):
            if self.assets[i] == asset:
                self.assets[i] = last
                break
    self.config[asset] = 0
    self.fixed_price[asset] = 0


@view
@internal
def _kind(asset: address) -> uint256:
    return self.config[asset] >> 192 & 255


@view
@internal
def _balance(asset: address) -> uint256:
    if asset == NATIVE:
        return self.balance
    return staticcall IERC20(asset).balanceOf(self)


@view
@internal
def _held(vault: uint8, asset: address) -> uint256:
    if vault != MAIN:
        return self.allotted[vault][asset]
    set_aside: uint256 = 0
    for each: uint8 in [OPERATIONS, GRANTS, EMERGENCY]:
        set_aside += self.allotted[each][asset]
    balance: uint256 = self._balance(asset)
    if balance < set_aside:  # a token that takes away from its holders
        return 0
    return balance - set_aside


@internal
def _take(vault: uint8, asset: address, amount: uint256):
    assert amount <= self._held(vault, asset), "treasury: vault holds less"
    if vault != MAIN:
        self.allotted[vault][asset] -= amount


@view
@internal
def _price(asset: address) -> uint256:
    word: uint256 = self.config[asset]
    feed: address = convert(word & ADDRESS_MASK, address)
    if feed == empty(address):
        return self.fixed_price[asset]
    return fresh_price._fresh_price(feed, word >> 160 & (2**32 - 1))


@view
@internal
def _worth(asset: address, amount: uint256, price: uint256) -> uint256:
    return amount * price * USD // 10 ** (self.config[asset] >> 200)


@view
@internal
def _spent_value(asset: address, amount: uint256) -> uint256:
    """
    @dev Rounded up, so that dust counts too.
    """
    assert self.config[asset] != 0, "treasury: asset not listed"
    unit: uint256 = 10 ** (self.config[asset] >> 200)
    return (amount * self._price(asset) * USD + unit - 1) // unit


@internal
def _approve(asset: address, spender: address, amount: uint256):
    assert extcall IERC20(asset).approve(
        spender, amount, default_return_value=True
    ), "treasury: approval failed"


@internal
def _approve_streams(asset: address, amount: uint256) -> uint256:
    """
    @dev Lets the streams take a token; returns what to send along instead for the native one.
    """
    if asset == NATIVE:
        return amount
    self._approve(asset, STREAMS, amount)
    return 0


@internal
def _pay(asset: address, to: address, amount: uint256):
    if asset == NATIVE:
        raw_call(to, b"", value=amount)
    else:
        assert extcall IERC20(asset).transfer(
            to, amount, default_return_value=True
        ), "treasury: transfer failed"
