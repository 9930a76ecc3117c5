# SPDX-License-Identifier: MIT
# What it is for: stands between the signers of the DAO's safe and what only a vote may do, and
#   stops the safe while it is paused or frozen.
# Who may do what: the DAO, by vote, says which targets are protected and lifts a freeze; holders of
#   voting power freeze the safe when enough of them say so within one round; nobody else acts.
# Trust model: signers reach no protected target and run no foreign code as the safe. While paused
#   or frozen a module reaches nothing but the pause and this guard, so a vote can lift both, and
#   cannot be used to take the guard away. A freeze ends by itself, and another one cannot begin
#   until as much time has passed without one.
# pragma version 0.4.3
# pragma optimize gas
# pragma nonreentrancy on

from . import IPause


interface IVotes:
    def getPastVotes(account: address, timepoint: uint256) -> uint256: view
    def getPastTotalSupply(timepoint: uint256) -> uint256: view


MAX_DATA: constant(uint256) = 8192
MAX_SIGNATURES: constant(uint256) = 5120
MAX_TARGETS: constant(uint256) = 64
SHARE_BASE: constant(uint256) = 10_000
MIN_SHARE: constant(uint256) = 100
MAX_SHARE: constant(uint256) = 5_000
MAX_ROUND_SECONDS: constant(uint256) = 14 * 86400
MAX_FREEZE_SECONDS: constant(uint256) = 7 * 86400

LIFT: constant(bytes4) = method_id("lift()", output_type=bytes4)
ERC165_ID: constant(bytes4) = 0x01FFC9A7
TRANSACTION_GUARD_ID: constant(bytes4) = 0xE6D7A83A
MODULE_GUARD_ID: constant(bytes4) = 0x58401ED8

# One word: begun 0..47 | frozen until 48..95 | number of the round 96..127 | power 128..255
TIME_MASK: constant(uint256) = 2**48 - 1
NUMBER_MASK: constant(uint256) = 2**32 - 1

DAO: public(immutable(address))
PAUSE: public(immutable(address))
VOTES: public(immutable(address))
FREEZE_SHARE: public(immutable(uint256))
ROUND_SECONDS: public(immutable(uint256))
FREEZE_SECONDS: public(immutable(uint256))


event ProtectionChanged:
    target: indexed(address)
    protected: bool


event FreezeVoteCast:
    voter: indexed(address)
    round: indexed(uint256)
    power: uint256


event Frozen:
    round: indexed(uint256)
    until: uint256


event FreezeLifted:
    round: indexed(uint256)


round: uint256
rest_until: public(uint256)
protected: HashMap[address, bool]
has_voted: HashMap[uint256, HashMap[address, bool]]


@deploy
def __init__(
    dao: address,
    pause: address,
    votes: address,
    freeze_share: uint256,
    round_seconds: uint256,
    freeze_seconds: uint256,
    targets: DynArray[address, MAX_TARGETS],
):
    """
    @param votes The escrow: `getPastVotes` and `getPastTotalSupply` by timestamp.
    @param freeze_share What part of all past power freezes, in hundredths of a percent.
    @param round_seconds How long votes for one freeze are collected.
    @param freeze_seconds How long a freeze lasts, and the rest after it.
    @param targets The first protected targets. The safe, the pause and the guard always are.
    """
    assert dao != empty(address), "guard: no dao"
    assert pause != empty(address), "guard: no pause"
    assert votes != empty(address), "guard: no votes"
    assert freeze_share >= MIN_SHARE, "guard: share too small"
    assert freeze_share <= MAX_SHARE, "guard: share too large"
    assert round_seconds != 0, "guard: no round"
    assert round_seconds <= MAX_ROUND_SECONDS, "guard: round too long"
    assert freeze_seconds != 0, "guard: no freeze"
    assert freeze_seconds <= MAX_FREEZE_SECONDS, "guard: freeze too long"
    DAO = dao
    PAUSE = pause
    VOTES = votes
    FREEZE_SHARE = freeze_share
    ROUND_SECONDS = round_seconds
    FREEZE_SECONDS = freeze_seconds
    for target: address in targets:
        self._set_protected(target, True)


# --- What the DAO says ------------------------------------------------------------------------


@external
def setProtected(targets: DynArray[address, MAX_TARGETS], protected: bool):
    """
    @notice Says which targets signers reach, or do not reach, without a vote.
    """
    self._only_dao()
    for target: address in targets:
        self._set_protected(target, protected)


@external
def liftFreeze():
    """
    @notice Ends a freeze by vote. The rest after it is counted from when it would have ended.
    """
    self._only_dao()
    state: uint256 = self.round
    assert self._is_frozen(state), "guard: not frozen"
    until: uint256 = state >> 48 & TIME_MASK
    self.round = state - (until << 48) + (block.timestamp << 48)
    log FreezeLifted(round=state >> 96 & NUMBER_MASK)


# --- Freezing ---------------------------------------------------------------------------------


@external
def castFreezeVote():
    """
    @notice Adds the caller's power to the round that runs, or begins one. Power is read at the
            second before the round began; only time ends a round, so nobody can reset it.
    """
    assert block.timestamp >= self.rest_until, "guard: resting after a freeze"
    state: uint256 = self.round
    begun: uint256 = state & TIME_MASK
    number: uint256 = state >> 96 & NUMBER_MASK
    power: uint256 = state >> 128
    if block.timestamp >= begun + ROUND_SECONDS or state >> 48 & TIME_MASK != 0:
        begun = block.timestamp
        number += 1
        power = 0
    assert not self.has_voted[number][msg.sender], "guard: already voted"
    own: uint256 = staticcall IVotes(VOTES).getPastVotes(msg.sender, begun - 1)
    assert own != 0, "guard: no voting power"
    self.has_voted[number][msg.sender] = True
    power += own
    assert power < 2**128, "guard: power out of range"
    log FreezeVoteCast(voter=msg.sender, round=number, power=own)
    until: uint256 = 0
    total: uint256 = staticcall IVotes(VOTES).getPastTotalSupply(begun - 1)
    if power * SHARE_BASE >= total * FREEZE_SHARE:
        until = block.timestamp + FREEZE_SECONDS
        self.rest_until = until + FREEZE_SECONDS
        log Frozen(round=number, until=until)
    self.round = begun | until << 48 | number << 96 | power << 128


# --- What the safe asks -----------------------------------------------------------------------


@view
@external
@reentrant
def checkTransaction(
    to: address,
    amount: uint256,
    data: Bytes[MAX_DATA],
    operation: uint8,
    safeTxGas: uint256,
    baseGas: uint256,
    gasPrice: uint256,
    gasToken: address,
    refundReceiver: address,
    signatures: Bytes[MAX_SIGNATURES],
    msgSender: address,
):
    """
    @notice Refuses what signers may not do. They may always lift a pause.
    """
    assert operation == 0, "guard: delegate call"
    if to == PAUSE and len(data) == 4:
        if convert(slice(data, 0, 4), bytes4) == LIFT:
            return
    assert not self._is_frozen(self.round), "guard: frozen"
    assert not staticcall IPause(PAUSE).paused(), "guard: paused"
    assert not self._is_protected(to), "guard: protected target"


@view
@external
@reentrant
def checkAfterExecution(txHash: bytes32, success: bool):
    """
    @notice Nothing is left to check: signers reach neither the safe's settings nor this guard.
    """
    pass


@view
@external
@reentrant
def checkModuleTransaction(
    to: address, amount: uint256, data: Bytes[MAX_DATA], operation: uint8, module: address
) -> bytes32:
    """
    @notice While paused or frozen lets a module reach the pause and this guard only.
    """
    if to != PAUSE and to != self:
        assert not self._is_frozen(self.round), "guard: frozen"
        assert not staticcall IPause(PAUSE).paused(), "guard: paused"
    return empty(bytes32)


@view
@external
@reentrant
def checkAfterModuleExecution(txHash: bytes32, success: bool):
    """
    @notice Nothing is left to check, as above.
    """
    pass


@view
@external
@reentrant
def supportsInterface(interfaceId: bytes4) -> bool:
    return interfaceId in [ERC165_ID, TRANSACTION_GUARD_ID, MODULE_GUARD_ID]


# --- Reading ----------------------------------------------------------------------------------


@view
@external
@reentrant
def frozen() -> bool:
    return self._is_frozen(self.round)


@view
@external
@reentrant
def frozenUntil() -> uint256:
    return self.round >> 48 & TIME_MASK


@view
@external
@reentrant
def freezeRound() -> (uint256, uint256, uint256):
    """
    @notice Returns the last round's number, when it began, and the power cast in it.
    """
    state: uint256 = self.round
    return state >> 96 & NUMBER_MASK, state & TIME_MASK, state >> 128


@view
@external
@reentrant
def isProtected(target: address) -> bool:
    return self._is_protected(target)


# --- Inside -----------------------------------------------------------------------------------


@view
@internal
def _only_dao():
    assert msg.sender == DAO, "guard: only the dao"


@view
@internal
def _is_frozen(state: uint256) -> bool:
    return block.timestamp < state >> 48 & TIME_MASK


@view
@internal
def _is_protected(target: address) -> bool:
    return target in [DAO, PAUSE, self] or self.protected[target]


@internal
def _set_protected(target: address, protected: bool):
    self.protected[target] = protected
    log ProtectionChanged(target=target, protected=protected)
