# pragma version 0.4.3
# pragma nonreentrancy on
# SPDX-License-Identifier: MIT
"""
@title GaugeController
@license MIT
@notice Votes of VePARS holders on how a week's fees are shared out among gauges (PIP-7004). Weeks,
        here epochs, are counted from deployment.

        A vote names up to 10 gauges and a share for each, all of it together. It stands from the
        next epoch on for 10 epochs, and counts a tenth less in each. In every epoch it is counted
        once, by anybody, with the power that its voter had in the first second of the epoch.
        Powers of one second add up to the total of that second, so delegating or extending moves
        nothing twice, and a lock that has ended counts nothing. What is counted never changes.

        Who may do what: everybody votes for themselves and counts for everybody. The DAO adds and
        removes gauges. Nobody can touch a vote of another account.

        Trust: the escrow tells the past truly.
"""

from . import IVotes

EPOCH_SECONDS: public(constant(uint256)) = 7 * 86_400
STANDING_EPOCHS: public(constant(uint256)) = 10
GAUGES_MAX: public(constant(uint256)) = 64  # at one time
CHOICES_MAX: public(constant(uint256)) = 10
VOTERS_MAX: constant(uint256) = 64
TYPES: constant(uint256) = 5  # liquidity, staking, committee, treasury, bond
WHOLE: constant(uint256) = 10_000
SHARE_MIN: public(constant(uint256)) = 100
SHARE_MAX: public(constant(uint256)) = 5_000
ONE: constant(uint256) = 10**18

# A vote: ten times (share 14 | gauge id 9) | first epoch 13 | epoch after the last one counted 13.
# A gauge's id is its place among all that ever were, from 1.
CHOICE_BITS: constant(uint256) = 23
SHARE_BITS: constant(uint256) = 14
IDS_MAX: constant(uint256) = 2**9 - 1
SINCE: constant(uint256) = 230
COUNTED: constant(uint256) = 243
BITS_13: constant(uint256) = 2**13 - 1
CHOICES: constant(uint256) = 2**230 - 1

ESCROW: public(immutable(address))
DAO: public(immutable(address))
START: public(immutable(uint256))


event GaugeAdded:
    gauge: indexed(address)
    gaugeType: uint256


event GaugeRemoved:
    gauge: indexed(address)


event Voted:
    voter: indexed(address)
    firstEpoch: indexed(uint256)
    gauges: DynArray[address, CHOICES_MAX]
    shares: DynArray[uint256, CHOICES_MAX]


event Counted:
    voter: indexed(address)
    epoch: indexed(uint256)
    power: uint256


gaugeType: public(HashMap[address, uint256])
gauges: DynArray[address, GAUGES_MAX]  # those that are there now
everGauges: DynArray[address, IDS_MAX]
ids: HashMap[address, uint256]
places: HashMap[address, uint256]  # in `gauges`, from 1
votes: HashMap[address, uint256]
# By epoch and gauge id, in power times hundredths of a percent: undivided, so that nothing is lost.
weights: HashMap[uint256, HashMap[uint256, uint256]]


@deploy
def __init__(escrow: address, dao: address):
    """
    @param escrow What tells power, an IVotes whose clock is in seconds.
    @param dao Who adds and removes gauges.
    """
    assert escrow.is_contract, "GaugeController: no escrow"
    assert dao != empty(address), "GaugeController: no dao"
    ESCROW = escrow
    DAO = dao
    START = block.timestamp


# --- Gauges -----------------------------------------------------------------------------------


@external
def addGauge(gauge: address, gaugeType: uint256):
    """
    @param gaugeType 0 liquidity, 1 staking, 2 committee, 3 treasury, 4 bond.
    """
    assert msg.sender == DAO, "GaugeController: only the dao"
    assert gauge != empty(address), "GaugeController: no gauge"
    assert gaugeType < TYPES, "GaugeController: no such type"
    assert self.places[gauge] == 0, "GaugeController: gauge is there"
    assert len(self.gauges) < GAUGES_MAX, "GaugeController: too many gauges"
    if self.ids[gauge] == 0:
        assert len(self.everGauges) < IDS_MAX, "GaugeController: ids are used up"
        self.everGauges.append(gauge)
        self.ids[gauge] = len(self.everGauges)
    self.gauges.append(gauge)
    self.places[gauge] = len(self.gauges)
    self.gaugeType[gauge] = gaugeType
    log GaugeAdded(gauge=gauge, gaugeType=gaugeType)


@external
def removeGauge(gauge: address):
    """
    @notice Takes a gauge out. What was voted for it counts for nobody: the shares of the others are
            of the rest, also in epochs that are not shared out yet. Added again, it has it again.
    """
    assert msg.sender == DAO, "GaugeController: only the dao"
    place: uint256 = self.places[gauge]
    assert place != 0, "GaugeController: gauge is not there"
    last: address = self.gauges.pop()
    if last != gauge:
        self.gauges[place - 1] = last
        self.places[last] = place
    self.places[gauge] = 0
    log GaugeRemoved(gauge=gauge)


# --- Votes ------------------------------------------------------------------------------------


@external
def voteForGauges(gauges: DynArray[address, CHOICES_MAX], shares: DynArray[uint256, CHOICES_MAX]):
    """
    @notice Votes, from the next epoch on, instead of what the caller voted before. That is counted
            for this epoch first, if nobody has done so.
    @param shares For each gauge, in hundredths of a percent; together 10,000. None at all takes
           the vote back.
    """
    assert len(gauges) == len(shares), "GaugeController: unequal lengths"
    epoch: uint256 = self._epoch()
    self._count(msg.sender, epoch)
    word: uint256 = 0
    sum: uint256 = 0
    for i: uint256 in range(len(gauges), bound=CHOICES_MAX):
        assert self.places[gauges[i]] != 0, "GaugeController: gauge is not there"
        assert shares[i] != 0, "GaugeController: share of nothing"
        sum += shares[i]
        assert sum <= WHOLE, "GaugeController: not the whole"
        word |= ((self.ids[gauges[i]] << SHARE_BITS) | shares[i]) << (CHOICE_BITS * i)
    assert sum == WHOLE or len(gauges) == 0, "GaugeController: not the whole"
    self.votes[msg.sender] = word | ((epoch + 1) << SINCE) | ((epoch + 1) << COUNTED)
    log Voted(voter=msg.sender, firstEpoch=epoch + 1, gauges=gauges, shares=shares)


@external
def checkpoint(voters: DynArray[address, VOTERS_MAX]):
    """
    @notice Counts standing votes for this epoch; those that are counted already stay as they are.
    """
    epoch: uint256 = self._epoch()
    for voter: address in voters:
        self._count(voter, epoch)


@internal
def _count(voter: address, epoch: uint256):
    word: uint256 = self.votes[voter]
    if word & CHOICES == 0 or word >> COUNTED > epoch:
        return
    since: uint256 = (word >> SINCE) & BITS_13
    if epoch >= since + STANDING_EPOCHS:
        return
    self.votes[voter] = (word & (2**243 - 1)) | ((epoch + 1) << COUNTED)
    power: uint256 = self._effective(voter, epoch, since)
    log Counted(voter=voter, epoch=epoch, power=power)
    if power == 0:
        return
    for i: uint256 in range(CHOICES_MAX):
        choice: uint256 = (word >> (CHOICE_BITS * i)) & (2**CHOICE_BITS - 1)
        if choice == 0:
            break
        share: uint256 = choice & (2**SHARE_BITS - 1)
        self.weights[epoch][choice >> SHARE_BITS] += power * share


# --- Reads ------------------------------------------------------------------------------------


@external
@view
def epoch() -> uint256:
    return self._epoch()


@external
@view
def epochStart(epoch: uint256) -> uint256:
    return START + epoch * EPOCH_SECONDS


@external
@view
def getGauges() -> DynArray[address, GAUGES_MAX]:
    return self.gauges


@external
@view
def getVote(voter: address) -> (
    DynArray[address, CHOICES_MAX], DynArray[uint256, CHOICES_MAX], uint256, bool
):
    """
    @return Gauges, their shares, the first epoch, and whether the vote was counted for this epoch.
    """
    word: uint256 = self.votes[voter]
    gauges: DynArray[address, CHOICES_MAX] = []
    shares: DynArray[uint256, CHOICES_MAX] = []
    for i: uint256 in range(CHOICES_MAX):
        choice: uint256 = (word >> (CHOICE_BITS * i)) & (2**CHOICE_BITS - 1)
        if choice == 0:
            break
        gauges.append(self.everGauges[(choice >> SHARE_BITS) - 1])
        shares.append(choice & (2**SHARE_BITS - 1))
    since: uint256 = (word >> SINCE) & BITS_13
    epoch: uint256 = self._epoch()
    return gauges, shares, since, epoch >= since and word >> COUNTED > epoch


@external
@view
def getEffectiveVoteWeight(voter: address, gauge: address) -> uint256:
    """
    @notice Returns what the standing vote of an account gives a gauge in this epoch, counted or
            not.
    """
    word: uint256 = self.votes[voter]
    epoch: uint256 = self._epoch()
    since: uint256 = (word >> SINCE) & BITS_13
    if epoch < since or epoch >= since + STANDING_EPOCHS:
        return 0
    power: uint256 = self._effective(voter, epoch, since)
    share: uint256 = 0
    for i: uint256 in range(CHOICES_MAX):
        choice: uint256 = (word >> (CHOICE_BITS * i)) & (2**CHOICE_BITS - 1)
        if choice == 0:
            break
        if choice >> SHARE_BITS == self.ids[gauge]:
            share += choice & (2**SHARE_BITS - 1)
    return power * share // WHOLE


@external
@view
def gaugeWeight(gauge: address, epoch: uint256) -> uint256:
    """
    @notice Returns what was counted for a gauge in an epoch.
    """
    return self.weights[epoch][self.ids[gauge]] // WHOLE


@external
@view
def shares(epoch: uint256) -> (DynArray[address, GAUGES_MAX], DynArray[uint256, GAUGES_MAX]):
    """
    @notice Returns the gauges that share in an epoch that is over, and their parts of 10^18.
    @dev A gauge below 1 % of the votes gets nothing, and the others share that; one above 50 % gets
         50 %, and the others share the rest by their votes. The parts add up to 10^18 but for what
         rounding down leaves; where one gauge is alone, to half of it.
    """
    assert epoch < self._epoch(), "GaugeController: epoch is not over"
    found: DynArray[address, GAUGES_MAX] = []
    parts: DynArray[uint256, GAUGES_MAX] = []
    total: uint256 = 0
    for gauge: address in self.gauges:
        total += self.weights[epoch][self.ids[gauge]]
    least: uint256 = total * SHARE_MIN
    total = 0
    largest: uint256 = 0
    for gauge: address in self.gauges:
        weight: uint256 = self.weights[epoch][self.ids[gauge]]
        if weight != 0 and weight * WHOLE >= least:
            found.append(gauge)
            parts.append(weight)
            total += weight
            largest = max(largest, weight)

    capped: bool = largest * WHOLE > total * SHARE_MAX
    for i: uint256 in range(len(parts), bound=GAUGES_MAX):
        if not capped:
            parts[i] = parts[i] * ONE // total
        elif parts[i] == largest:
            parts[i] = ONE * SHARE_MAX // WHOLE
        else:
            parts[i] = parts[i] * (ONE * (WHOLE - SHARE_MAX) // WHOLE) // (total - largest)
    return found, parts


# --- Inside -----------------------------------------------------------------------------------


@internal
@view
def _epoch() -> uint256:
    return (block.timestamp - START) // EPOCH_SECONDS


@internal
@view
def _effective(voter: address, epoch: uint256, since: uint256) -> uint256:
    """
    @notice Returns the power of a voter in the first second of an epoch, less a tenth for each
            epoch that the vote has stood.
    """
    power: uint256 = staticcall IVotes(ESCROW).getPastVotes(
        voter, START + epoch * EPOCH_SECONDS
    )
    return power * (STANDING_EPOCHS - (epoch - since)) // STANDING_EPOCHS
