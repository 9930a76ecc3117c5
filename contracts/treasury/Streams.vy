# SPDX-License-Identifier: MIT
# What it is for: pays an amount out over time: evenly, evenly after a cliff, or by milestones.
# Who may do what: anybody opens a stream and funds it whole; anybody has the recipient paid what
#   is due; the recipient names another; the canceller that was named at the start takes back what
#   is not due, for who paid.
# Trust model: nobody can change a stream otherwise. What was paid, is owed and is not due yet are
#   together what was funded. While the DAO is paused nothing is paid or taken back.
# pragma version 0.4.3
# pragma optimize gas
# pragma nonreentrancy on

from ethereum.ercs import IERC20
from ..safe import IPause


struct Milestone:
    amount: uint256
    unlockTime: uint256


struct Stream:
    recipient: address
    asset: address
    payer: address
    canceller: address
    start: uint256
    cliff: uint256
    end: uint256
    milestones: uint256
    funded: uint256
    paid: uint256
    returned: uint256


MAX_MILESTONES: constant(uint256) = 16
NATIVE: constant(address) = empty(address)

TIME_MASK: constant(uint256) = 2**48 - 1
SUM_MASK: constant(uint256) = 2**128 - 1
ADDRESS_MASK: constant(uint256) = 2**160 - 1

PAUSE: public(immutable(address))


event StreamCreated:
    id: indexed(uint256)
    payer: indexed(address)
    recipient: indexed(address)
    asset: address
    amount: uint256
    start: uint256
    cliff: uint256
    end: uint256


event MilestoneSet:
    id: indexed(uint256)
    amount: uint256
    unlockTime: uint256


event Claimed:
    id: indexed(uint256)
    recipient: indexed(address)
    amount: uint256


event Cancelled:
    id: indexed(uint256)
    returned: uint256
    owed: uint256


event RecipientChanged:
    id: indexed(uint256)
    old: indexed(address)
    new: indexed(address)


count: public(uint256)
# A claim reads these three words, and writes the last.
who: HashMap[uint256, uint256]  # recipient 0..159 | start 160..207 | end 208..255
what: HashMap[uint256, uint256]  # asset 0..159 | cliff 160..207 | milestones 208..215 | cancelled
sums: HashMap[uint256, uint256]  # funded, less what was returned 0..127 | paid 128..255
payers: HashMap[uint256, address]
cancellers: HashMap[uint256, address]
returned: HashMap[uint256, uint256]
milestones: HashMap[uint256, HashMap[uint256, uint256]]  # amount 0..127 | time 128..175


@deploy
def __init__(pause: address):
    assert pause != empty(address), "streams: no pause"
    PAUSE = pause


# --- Opening ----------------------------------------------------------------------------------


@external
@payable
def createContributorStream(
    asset: address,
    recipient: address,
    totalAmount: uint256,
    startTime: uint256,
    endTime: uint256,
    canceller: address,
) -> uint256:
    """
    @notice Opens a stream that pays evenly from start to end.
    @param asset The token, or zero for the native one.
    @param canceller Who may take back what is not due; zero: nobody.
    """
    return self._open(asset, recipient, totalAmount, startTime, startTime, endTime, 0, canceller)


@external
@payable
def createVestingStream(
    asset: address,
    recipient: address,
    totalAmount: uint256,
    startTime: uint256,
    cliffTime: uint256,
    endTime: uint256,
    canceller: address,
) -> uint256:
    """
    @notice Opens a stream that counts from the start, and pays nothing before the cliff.
    """
    return self._open(asset, recipient, totalAmount, startTime, cliffTime, endTime, 0, canceller)


@external
@payable
def createGrantStream(
    asset: address,
    recipient: address,
    milestones: DynArray[Milestone, MAX_MILESTONES],
    canceller: address,
) -> uint256:
    """
    @notice Opens a stream that pays whole amounts at their times.
    """
    assert len(milestones) != 0, "streams: no milestones"
    total: uint256 = 0
    last: uint256 = 0
    for milestone: Milestone in milestones:
        assert milestone.amount != 0, "streams: amount is zero"
        assert milestone.amount <= SUM_MASK, "streams: amount too large"
        assert milestone.unlockTime > last, "streams: times do not rise"
        total += milestone.amount
        last = milestone.unlockTime
    start: uint256 = milestones[0].unlockTime
    assert last <= TIME_MASK, "streams: end too far"
    # The end is a second later: one milestone is a stream too, though it takes no time.
    id: uint256 = self._open(
        asset, recipient, total, start, start, last + 1, len(milestones), canceller
    )
    for i: uint256 in range(len(milestones), bound=MAX_MILESTONES):
        self.milestones[id][i] = milestones[i].amount | milestones[i].unlockTime << 128
        log MilestoneSet(
            id=id, amount=milestones[i].amount, unlockTime=milestones[i].unlockTime
        )
    return id


# --- Afterwards -------------------------------------------------------------------------------


@external
def claim(id: uint256) -> uint256:
    """
    @notice Pays the recipient what is due.
    """
    self._not_paused()
    who: uint256 = self._who(id)
    what: uint256 = self.what[id]
    sums: uint256 = self.sums[id]
    due: uint256 = self._vested(id, who, what, sums & SUM_MASK) - (sums >> 128)
    assert due != 0, "streams: nothing due"
    self.sums[id] = sums + (due << 128)
    recipient: address = convert(who & ADDRESS_MASK, address)
    log Claimed(id=id, recipient=recipient, amount=due)
    self._pay(convert(what & ADDRESS_MASK, address), recipient, due)
    return due


@external
def cancelStream(id: uint256) -> uint256:
    """
    @notice Returns what is not due to who paid. What is due stays the recipient's.
    """
    self._not_paused()
    who: uint256 = self._who(id)
    canceller: address = self.cancellers[id]
    assert canceller != empty(address), "streams: not cancellable"
    assert msg.sender == canceller, "streams: only the canceller"
    what: uint256 = self.what[id]
    sums: uint256 = self.sums[id]
    funded: uint256 = sums & SUM_MASK
    vested: uint256 = self._vested(id, who, what, funded)
    unvested: uint256 = funded - vested
    assert unvested != 0, "streams: all is due"
    self.sums[id] = sums - unvested
    self.what[id] = what | 1 << 216
    self.returned[id] = unvested
    log Cancelled(id=id, returned=unvested, owed=vested - (sums >> 128))
    self._pay(convert(what & ADDRESS_MASK, address), self.payers[id], unvested)
    return unvested


@external
def setRecipient(id: uint256, recipient: address):
    """
    @notice Lets the recipient name another.
    """
    who: uint256 = self._who(id)
    old: address = convert(who & ADDRESS_MASK, address)
    assert msg.sender == old, "streams: only the recipient"
    self._check_recipient(recipient)
    self.who[id] = who >> 160 << 160 | convert(recipient, uint256)
    log RecipientChanged(id=id, old=old, new=recipient)


# --- Reading ----------------------------------------------------------------------------------


@view
@external
def claimable(id: uint256) -> uint256:
    sums: uint256 = self.sums[id]
    return self._vested(id, self._who(id), self.what[id], sums & SUM_MASK) - (sums >> 128)


@view
@external
def unvested(id: uint256) -> uint256:
    funded: uint256 = self.sums[id] & SUM_MASK
    return funded - self._vested(id, self._who(id), self.what[id], funded)


@view
@external
def stream(id: uint256) -> Stream:
    """
    @notice Returns a stream. `funded` is what was paid in, `returned` what was taken back of it.
    """
    who: uint256 = self._who(id)
    what: uint256 = self.what[id]
    sums: uint256 = self.sums[id]
    returned: uint256 = self.returned[id]
    return Stream(
        recipient=convert(who & ADDRESS_MASK, address),
        asset=convert(what & ADDRESS_MASK, address),
        payer=self.payers[id],
        canceller=self.cancellers[id],
        start=who >> 160 & TIME_MASK,
        cliff=what >> 160 & TIME_MASK,
        end=who >> 208,
        milestones=what >> 208 & 255,
        funded=(sums & SUM_MASK) + returned,
        paid=sums >> 128,
        returned=returned,
    )


@view
@external
def milestone(id: uint256, number: uint256) -> Milestone:
    assert number < self.what[id] >> 208 & 255, "streams: no such milestone"
    word: uint256 = self.milestones[id][number]
    return Milestone(amount=word & SUM_MASK, unlockTime=word >> 128)


# --- Inside -----------------------------------------------------------------------------------


@view
@internal
def _not_paused():
    assert not staticcall IPause(PAUSE).paused(), "streams: paused"


@view
@internal
def _who(id: uint256) -> uint256:
    who: uint256 = self.who[id]
    assert who != 0, "streams: no such stream"
    return who


@view
@internal
def _check_recipient(recipient: address):
    assert recipient != empty(address), "streams: no recipient"
    assert recipient != self, "streams: recipient is streams"


@internal
@payable
def _open(
    asset: address,
    recipient: address,
    amount: uint256,
    start: uint256,
    cliff: uint256,
    end: uint256,
    milestones: uint256,
    canceller: address,
) -> uint256:
    self._not_paused()
    self._check_recipient(recipient)
    assert amount != 0, "streams: amount is zero"
    assert amount <= SUM_MASK, "streams: amount too large"
    assert start <= cliff, "streams: cliff before start"
    assert cliff <= end, "streams: cliff after end"
    assert start < end, "streams: no time to pay in"
    assert end > block.timestamp, "streams: end is past"
    assert end <= TIME_MASK, "streams: end too far"
    id: uint256 = self.count + 1
    self.count = id
    self.who[id] = convert(recipient, uint256) | start << 160 | end << 208
    self.what[id] = convert(asset, uint256) | cliff << 160 | milestones << 208
    self.sums[id] = amount
    self.payers[id] = msg.sender
    self.cancellers[id] = canceller
    log StreamCreated(
        id=id,
        payer=msg.sender,
        recipient=recipient,
        asset=asset,
        amount=amount,
        start=start,
        cliff=cliff,
        end=end,
    )
    if asset == NATIVE:
        assert msg.value == amount, "streams: wrong value"
    else:
        assert msg.value == 0, "streams: value with a token"
        before: uint256 = staticcall IERC20(asset).balanceOf(self)
        assert extcall IERC20(asset).transferFrom(
            msg.sender, self, amount, default_return_value=True
        ), "streams: transfer failed"
        arrived: uint256 = staticcall IERC20(asset).balanceOf(self) - before
        assert arrived == amount, "streams: fee on transfer"
    return id


@view
@internal
def _vested(id: uint256, who: uint256, what: uint256, funded: uint256) -> uint256:
    """
    @dev What is due until now, paid or not. After a cancellation that is all.
    """
    if what >> 216 != 0 or block.timestamp >= who >> 208:
        return funded
    if block.timestamp < what >> 160 & TIME_MASK:
        return 0
    count: uint256 = what >> 208 & 255
    if count == 0:
        start: uint256 = who >> 160 & TIME_MASK
        return funded * (block.timestamp - start) // ((who >> 208) - start)
    due: uint256 = 0
    for i: uint256 in range(count, bound=MAX_MILESTONES):
        word: uint256 = self.milestones[id][i]
        if block.timestamp < word >> 128:
            break
        due += word & SUM_MASK
    return due


@internal
def _pay(asset: address, to: address, amount: uint256):
    if asset == NATIVE:
        raw_call(to, b"", value=amount)
    else:
        assert extcall IERC20(asset).transfer(
            to, amount, default_return_value=True
        ), "streams: transfer failed"
