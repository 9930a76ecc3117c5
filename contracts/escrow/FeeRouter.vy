# pragma version 0.4.3
# pragma nonreentrancy on
# SPDX-License-Identifier: MIT
"""
@title FeeRouter
@license MIT
@notice Shares out fees, in PARS or any ERC-20 (PIP-7003). Each source of fees has a table: who gets
        which part, where the zero address stands for the gauges. Fees of a week, the epoch of the
        GaugeController, are shared out when it is over: fixed parts to their receivers, the
        gauges' part by their votes. What cannot be divided, and the gauges' part where nobody
        voted, goes into the current epoch. Receivers are credited, and anybody may have a credit
        paid out, to the receiver; so no receiver can hold up another.

        Who may do what: everybody may bring fees, share out and pay out. The DAO sets the tables,
        and that is all it can: fees and credits leave by no other way. While PAUSE says so nothing
        is shared or paid out.

        Trust: the gauge controller divides 10^18 or less. A token may do what it wants to its own
        fees only: balances are measured, and books are kept for each token.
"""

from ethereum.ercs import IERC20

interface IGauges:
    def epoch() -> uint256: view
    def shares(epoch: uint256) -> (
        DynArray[address, GAUGES_MAX], DynArray[uint256, GAUGES_MAX]
    ): view

interface IPause:
    def paused() -> bool: view


RECEIVERS_MAX: constant(uint256) = 16
GAUGES_MAX: constant(uint256) = 64
WHOLE: constant(uint256) = 10_000
ONE: constant(uint256) = 10**18
GAUGES: constant(address) = empty(address)  # in a table: the gauges
PARS: constant(address) = empty(address)  # as a token: PARS itself

CONTROLLER: public(immutable(address))
PAUSE: public(immutable(address))
DAO: public(immutable(address))


event SplitSet:
    source: indexed(uint256)
    receivers: DynArray[address, RECEIVERS_MAX]
    shares: DynArray[uint256, RECEIVERS_MAX]


event FeesDeposited:
    payer: indexed(address)
    token: indexed(address)
    source: indexed(uint256)
    amount: uint256
    epoch: uint256


event Distributed:
    epoch: indexed(uint256)
    token: indexed(address)
    source: indexed(uint256)
    amount: uint256
    carried: uint256


event Credited:
    receiver: indexed(address)
    token: indexed(address)
    amount: uint256
    epoch: uint256


event Claimed:
    receiver: indexed(address)
    token: indexed(address)
    amount: uint256


receivers: HashMap[uint256, DynArray[address, RECEIVERS_MAX]]  # by source
parts: HashMap[uint256, DynArray[uint256, RECEIVERS_MAX]]
fees: HashMap[uint256, HashMap[address, HashMap[uint256, uint256]]]  # by epoch, token, source
credit: public(HashMap[address, HashMap[address, uint256]])  # by token and receiver
held: public(HashMap[address, uint256])  # fees and credits of a token


@deploy
def __init__(
    controller: address,
    pauser: address,
    dao: address,
    receivers: DynArray[address, RECEIVERS_MAX],
    shares: DynArray[uint256, RECEIVERS_MAX],
):
    """
    @param controller The GaugeController.
    @param pauser What says `paused()`.
    @param dao Who sets the tables.
    @param receivers Who gets fees of source 0; the zero address stands for the gauges.
    @param shares What each gets, in hundredths of a percent; together 10,000.
    """
    assert controller.is_contract, "FeeRouter: no controller"
    assert pauser.is_contract, "FeeRouter: no pause"
    assert dao != empty(address), "FeeRouter: no dao"
    CONTROLLER = controller
    PAUSE = pauser
    DAO = dao
    self._set_split(0, receivers, shares)


@external
def setSplit(
    source: uint256,
    receivers: DynArray[address, RECEIVERS_MAX],
    shares: DynArray[uint256, RECEIVERS_MAX],
):
    """
    @notice Sets how fees of a source are shared out, those included that wait for it.
    """
    assert msg.sender == DAO, "FeeRouter: only the dao"
    self._set_split(source, receivers, shares)


@external
@payable
def depositFees(token: address, amount: uint256, source: uint256):
    """
    @notice Brings fees for the current epoch. What counts is what arrives.
    @param token The zero address for PARS, which come with the call.
    """
    assert len(self.receivers[source]) != 0, "FeeRouter: no such source"
    arrived: uint256 = amount
    if token == PARS:
        assert msg.value == amount, "FeeRouter: not that much PARS"
    else:
        assert msg.value == 0, "FeeRouter: PARS with a token"
        before: uint256 = staticcall IERC20(token).balanceOf(self)
        assert extcall IERC20(token).transferFrom(
            msg.sender, self, amount, default_return_value=True
        ), "FeeRouter: transfer failed"
        arrived = staticcall IERC20(token).balanceOf(self) - before
    assert arrived != 0, "FeeRouter: nothing arrived"
    epoch: uint256 = staticcall IGauges(CONTROLLER).epoch()
    self.fees[epoch][token][source] += arrived
    self.held[token] += arrived
    log FeesDeposited(
        payer=msg.sender, token=token, source=source, amount=arrived, epoch=epoch
    )


@external
def distributeEpoch(epoch: uint256, token: address, source: uint256):
    """
    @notice Shares out what a source brought of a token in an epoch that is over.
    """
    self._not_paused()
    current: uint256 = staticcall IGauges(CONTROLLER).epoch()
    assert epoch < current, "FeeRouter: epoch is not over"
    amount: uint256 = self.fees[epoch][token][source]
    assert amount != 0, "FeeRouter: nothing to share out"
    self.fees[epoch][token][source] = 0
    shared: uint256 = 0
    receivers: DynArray[address, RECEIVERS_MAX] = self.receivers[source]
    parts: DynArray[uint256, RECEIVERS_MAX] = self.parts[source]
    for i: uint256 in range(len(receivers), bound=RECEIVERS_MAX):
        part: uint256 = self._part(amount, parts[i], WHOLE)
        if receivers[i] == GAUGES:
            shared += self._share_among_gauges(epoch, token, part)
        else:
            self._credit(receivers[i], token, part, epoch)
            shared += part
    carried: uint256 = amount - shared
    if carried != 0:
        self.fees[current][token][source] += carried
    log Distributed(epoch=epoch, token=token, source=source, amount=amount, carried=carried)


@external
def claim(token: address, receiver: address):
    """
    @notice Pays out what a receiver has of a token, to the receiver.
    """
    self._not_paused()
    amount: uint256 = self.credit[token][receiver]
    assert amount != 0, "FeeRouter: nothing to pay out"
    self.credit[token][receiver] = 0
    self.held[token] -= amount
    log Claimed(receiver=receiver, token=token, amount=amount)
    if token == PARS:
        raw_call(receiver, b"", value=amount)
    else:
        assert extcall IERC20(token).transfer(
            receiver, amount, default_return_value=True
        ), "FeeRouter: transfer failed"


@external
@view
def getEpochFees(epoch: uint256, token: address, source: uint256) -> uint256:
    """
    @notice Returns what waits to be shared out.
    """
    return self.fees[epoch][token][source]


@external
@view
def getDistributionSplit(source: uint256) -> (
    DynArray[address, RECEIVERS_MAX], DynArray[uint256, RECEIVERS_MAX]
):
    return self.receivers[source], self.parts[source]


@internal
def _set_split(
    source: uint256,
    receivers: DynArray[address, RECEIVERS_MAX],
    shares: DynArray[uint256, RECEIVERS_MAX],
):
    assert len(receivers) == len(shares), "FeeRouter: unequal lengths"
    sum: uint256 = 0
    for share: uint256 in shares:
        assert share != 0, "FeeRouter: part of nothing"
        sum += share
        assert sum <= WHOLE, "FeeRouter: not the whole"
    assert sum == WHOLE, "FeeRouter: not the whole"
    for i: uint256 in range(len(receivers), bound=RECEIVERS_MAX):
        assert receivers[i] != self, "FeeRouter: not to itself"
        for j: uint256 in range(i, bound=RECEIVERS_MAX):
            assert receivers[i] != receivers[j], "FeeRouter: receiver twice"
    self.receivers[source] = receivers
    self.parts[source] = shares
    log SplitSet(source=source, receivers=receivers, shares=shares)


@internal
def _share_among_gauges(epoch: uint256, token: address, amount: uint256) -> uint256:
    gauges: DynArray[address, GAUGES_MAX] = []
    parts: DynArray[uint256, GAUGES_MAX] = []
    gauges, parts = staticcall IGauges(CONTROLLER).shares(epoch)
    shared: uint256 = 0
    for i: uint256 in range(len(gauges), bound=GAUGES_MAX):
        part: uint256 = self._part(amount, parts[i], ONE)
        self._credit(gauges[i], token, part, epoch)
        shared += part
    return shared


@internal
@pure
def _part(amount: uint256, numerator: uint256, denominator: uint256) -> uint256:
    """
    @notice Returns a part of an amount, rounded down, however great the amount is.
    """
    return (
        amount // denominator * numerator + amount % denominator * numerator // denominator
    )


@internal
def _credit(receiver: address, token: address, amount: uint256, epoch: uint256):
    if amount != 0:
        self.credit[token][receiver] += amount
        log Credited(receiver=receiver, token=token, amount=amount, epoch=epoch)


@internal
@view
def _not_paused():
    assert not staticcall IPause(PAUSE).paused(), "FeeRouter: paused"
