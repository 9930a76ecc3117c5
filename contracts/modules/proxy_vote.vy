# pragma version 0.4.3
# SPDX-License-Identifier: MIT
"""
@title One vote for many
@license MIT
@notice What contracts share that gather ballots of holders and cast the sums as one fractional
        vote: when ballots are gathered, counted and cast, and the cast itself.
@dev The governor takes votes until its deadline, so counting ends before it. Phases stay as they
     were when somebody first asked, for the governor only ever makes a deadline later.
"""

interface IEscrow:
    def getPastVotes(account: address, timepoint: uint256) -> uint256: view
    def getLock(lockId: uint256) -> Lock: view
    def MAXTIME() -> uint256: view


interface IGovernor:
    def proposalSnapshot(proposalId: uint256) -> uint256: view
    def proposalDeadline(proposalId: uint256) -> uint256: view
    def castVoteWithReasonAndParams(
        proposalId: uint256, support: uint8, reason: String[64], params: Bytes[48]
    ) -> uint256: nonpayable


GATHERING_MIN: constant(uint256) = 86_400
COUNTING: constant(uint256) = 172_800
CASTING: constant(uint256) = 43_200

CHOICES: constant(uint256) = 3
FRACTIONAL: constant(uint8) = 255

# Places in the word of a proposal: whether it was cast, what the user of this module keeps there
# (64 bits), snapshot, deadline.
DONE_AT: constant(uint256) = 160
OWN_AT: constant(uint256) = 96
SNAPSHOT_AT: constant(uint256) = 48
BITS_48: constant(uint256) = 2**48 - 1

GOVERNOR: public(immutable(address))
ESCROW: public(immutable(address))
MAXTIME: immutable(uint256)


struct Lock:
    owner: address
    amount: uint256
    weight: uint256
    end: uint256
    delegatee: address
    pledgedUntil: uint256


event Opened:
    proposalId: indexed(uint256)
    snapshot: uint256
    gatheringEnds: uint256
    countingEnds: uint256


event Cast:
    proposalId: indexed(uint256)
    against: uint256
    inFavour: uint256
    abstain: uint256


schedules: HashMap[uint256, uint256]


@deploy
def __init__(governor: address, escrow: address):
    GOVERNOR = governor
    ESCROW = escrow
    MAXTIME = staticcall IEscrow(escrow).MAXTIME()


@external
@view
def phases(proposalId: uint256) -> (uint256, uint256, uint256):
    """
    @notice Returns the snapshot, when gathering ends and counting begins, and when counting ends
            and the vote can be cast.
    """
    schedule: uint256 = self._read_schedule(proposalId)
    return (
        self._snapshot(schedule), self._gathering_ends(schedule), self._counting_ends(schedule)
    )


@external
@view
def wasCast(proposalId: uint256) -> bool:
    return self.schedules[proposalId] >> DONE_AT & 1 == 1


@internal
def _schedule(proposalId: uint256) -> uint256:
    """
    @notice Returns the word of a proposal, and writes it the first time.
    """
    known: uint256 = self.schedules[proposalId]
    if known != 0:
        return known
    schedule: uint256 = self._read_schedule(proposalId)
    self.schedules[proposalId] = schedule
    log Opened(
        proposalId=proposalId,
        snapshot=self._snapshot(schedule),
        gatheringEnds=self._gathering_ends(schedule),
        countingEnds=self._counting_ends(schedule),
    )
    return schedule


@internal
@view
def _read_schedule(proposalId: uint256) -> uint256:
    known: uint256 = self.schedules[proposalId]
    if known != 0:
        return known
    snapshot: uint256 = staticcall IGovernor(GOVERNOR).proposalSnapshot(proposalId)
    deadline: uint256 = staticcall IGovernor(GOVERNOR).proposalDeadline(proposalId)
    assert snapshot != 0, "ballot: no such proposal"
    assert (
        deadline >= snapshot + GATHERING_MIN + COUNTING + CASTING
    ), "ballot: voting is too short"
    return snapshot << SNAPSHOT_AT | deadline


@internal
@pure
def _snapshot(schedule: uint256) -> uint256:
    return schedule >> SNAPSHOT_AT & BITS_48


@internal
@pure
def _gathering_ends(schedule: uint256) -> uint256:
    return (schedule & BITS_48) - COUNTING - CASTING


@internal
@pure
def _counting_ends(schedule: uint256) -> uint256:
    return (schedule & BITS_48) - CASTING


@internal
@view
def _own_lock(lockId: uint256) -> Lock:
    """
    @notice Returns a lock of the caller that votes through this contract.
    """
    lock: Lock = staticcall IEscrow(ESCROW).getLock(lockId)
    assert lock.owner == msg.sender, "ballot: not your lock"
    assert lock.delegatee == self, "ballot: lock is not pledged"
    return lock


@internal
def _cast(proposalId: uint256, counted: uint256[CHOICES], reason: String[64]):
    schedule: uint256 = self._schedule(proposalId)
    assert block.timestamp >= self._counting_ends(schedule), "ballot: still being counted"
    assert schedule >> DONE_AT & 1 == 0, "ballot: was cast"
    total: uint256 = counted[0] + counted[1] + counted[2]
    assert total != 0, "ballot: nothing to cast"
    held: uint256 = staticcall IEscrow(ESCROW).getPastVotes(self, self._snapshot(schedule))
    sums: uint256[CHOICES] = counted
    if total > held:
        # A lock cannot lose power before the snapshot. Should one, all ballots shrink alike.
        for choice: uint256 in range(CHOICES):
            sums[choice] = counted[choice] * held // total
    self.schedules[proposalId] = schedule | 1 << DONE_AT
    log Cast(proposalId=proposalId, against=sums[0], inFavour=sums[1], abstain=sums[2])
    extcall IGovernor(GOVERNOR).castVoteWithReasonAndParams(
        proposalId,
        FRACTIONAL,
        reason,
        concat(
            convert(convert(sums[0], uint128), bytes16),
            convert(convert(sums[1], uint128), bytes16),
            convert(convert(sums[2], uint128), bytes16),
        ),
    )
