# pragma version 0.4.3
# pragma nonreentrancy on
# SPDX-License-Identifier: MIT
"""
@title Anonymous ballots
@license MIT
@notice A voter of the governor that votes for holders who want nobody to know how they voted.
        Holders pledge locks to it and put anonymous leaves into a tree while a proposal is in
        review; while it is voted on they commit to ballots, as often as they like; then they open
        them with a proof that some leaf is theirs, and the last one of each counts; at the end this
        contract casts the sums as one vote.
        Who may do what: the owner of a pledged lock adds leaves; anybody brings commitments and
        openings, and has the vote cast. There is no administrator.
        Whom to trust: nobody for the result. What stays hidden from whom is in docs/ballots.md.
@dev A commitment is 32 bytes and is never looked into before the voting is over. Nothing tells one
     of a ballot that counts from one that was overridden or never meant.
"""

from ..interfaces import ISTARK
from ..modules import member_tree

initializes: member_tree


interface IEscrow:
    def getLock(lockId: uint256) -> Lock: view
    def getPastVotes(account: address, timepoint: uint256) -> uint256: view
    def MAXTIME() -> uint256: view


interface IGovernor:
    def proposalSnapshot(proposalId: uint256) -> uint256: view
    def proposalDeadline(proposalId: uint256) -> uint256: view
    def castVoteWithReasonAndParams(
        proposalId: uint256, support: uint8, reason: String[64], params: Bytes[48]
    ) -> uint256: nonpayable


STARK: constant(ISTARK) = ISTARK(0x0000000000000000000000000000000000000903)
PROOF_MAX: constant(uint256) = 114688
BATCH_MAX: constant(uint256) = 64
LEAVES_MAX: constant(uint256) = 16
CLASSES: constant(uint256) = 4
CHOICES: constant(uint256) = 3
BITS_MIN: constant(uint16) = 100
FRACTIONAL: constant(uint8) = 255

# Phases, counted back from the governor's deadline.
COMMIT_MIN: constant(uint256) = 86400
REVEAL: public(constant(uint256)) = 172800
CAST: public(constant(uint256)) = 43200

BALLOT: constant(bytes32) = keccak256("PARS:PrivateBallot:v1")
TOPIC: constant(bytes32) = keccak256("PARS:PrivateTopic:v1")

# Places in the word of a proposal: deadline, snapshot, number of commitments, whether it was cast.
SNAPSHOT_AT: constant(uint256) = 48
COMMITMENTS_AT: constant(uint256) = 96
DONE_AT: constant(uint256) = 160
BITS_48: constant(uint256) = 2**48 - 1
BITS_64: constant(uint256) = 2**64 - 1

# Places in the word of a nullifier: choice, units, position, sequence, time. The upper three are
# its rank: a later time wins, then a higher sequence, then a later position.
RANK_AT: constant(uint256) = 64
UNITS_AT: constant(uint256) = 8

GOVERNOR: public(immutable(address))
ESCROW: public(immutable(address))
AIR: public(immutable(bytes32))
UNIT: public(immutable(uint256))
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
    commitsEnd: uint256
    revealsEnd: uint256


event Registered:
    proposalId: indexed(uint256)
    lockId: indexed(uint256)
    denomination: uint256
    index: uint256
    leaf: uint256


event Committed:
    proposalId: indexed(uint256)
    position: uint256
    commitment: bytes32


event Counted:
    proposalId: indexed(uint256)
    nullifier: indexed(uint256)
    denomination: uint256
    choice: uint256
    position: uint256


event Cast:
    proposalId: indexed(uint256)
    against: uint256
    inFavour: uint256
    abstain: uint256


schedules: HashMap[uint256, uint256]
tallies: HashMap[uint256, uint256]
registered: public(HashMap[uint256, HashMap[uint256, uint256]])
commitments: HashMap[uint256, HashMap[bytes32, uint256]]
live: HashMap[uint256, HashMap[uint256, uint256]]
roots: HashMap[bytes32, uint256]


@deploy
def __init__(governor: address, escrow: address, air: bytes32, depth: uint256, unit: uint256):
    """
    @param air The id of the statement `membership` for trees of this depth, registered at 0x0903.
    @param unit The power of a leaf of the lowest denomination, in wei.
    """
    johnson: uint16 = 0
    unique: uint16 = 0
    johnson, unique = staticcall STARK.security(air)
    assert johnson >= BITS_MIN, "ballot: statement is too weak"
    assert unit != 0, "ballot: no unit"
    member_tree.__init__(depth)
    GOVERNOR = governor
    ESCROW = escrow
    AIR = air
    UNIT = unit
    MAXTIME = staticcall IEscrow(escrow).MAXTIME()


# --- Review: who takes part ---


@external
def register(
    proposalId: uint256,
    lockId: uint256,
    denomination: uint256,
    leaves: DynArray[uint256, LEAVES_MAX],
):
    """
    @notice Adds leaves for a lock that is pledged to this contract, each worth UNIT times ten to
            the power of the denomination, of the power that the lock has at the snapshot.
    """
    snapshot: uint256 = self._schedule(proposalId) >> SNAPSHOT_AT & BITS_48
    assert block.timestamp < snapshot, "ballot: review is over"
    assert denomination < CLASSES, "ballot: no such denomination"
    lock: Lock = staticcall IEscrow(ESCROW).getLock(lockId)
    assert lock.owner == msg.sender, "ballot: not your lock"
    assert lock.delegatee == self, "ballot: lock is not pledged"
    assert lock.pledgedUntil > snapshot, "ballot: pledge ends too early"
    # A pledge ends with its lock at the latest, so the lock is there at the snapshot.
    power: uint256 = lock.weight * (lock.end - snapshot) // MAXTIME
    units: uint256 = self.registered[proposalId][lockId] + len(leaves) * 10**denomination
    assert units * UNIT <= power, "ballot: more than the lock has"

    self.registered[proposalId][lockId] = units
    tree: bytes32 = self._tree(proposalId, denomination)
    for leaf: uint256 in leaves:
        index: uint256 = member_tree._grow(tree, leaf)
        log Registered(
            proposalId=proposalId,
            lockId=lockId,
            denomination=denomination,
            index=index,
            leaf=leaf,
        )


# --- Voting: commitments ---


@external
def commit(proposalId: uint256, commitments: DynArray[bytes32, BATCH_MAX]):
    """
    @notice Brings commitments, of anybody. One that is there already stays where it is, so that
            nobody can stop a batch, nor move an old ballot behind a new one.
    """
    schedule: uint256 = self._schedule(proposalId)
    assert block.timestamp >= schedule >> SNAPSHOT_AT & BITS_48, "ballot: still in review"
    assert block.timestamp < self._commits_end(schedule), "ballot: commitments are over"
    position: uint256 = schedule >> COMMITMENTS_AT & BITS_64
    before: uint256 = position
    for commitment: bytes32 in commitments:
        if self.commitments[proposalId][commitment] == 0:
            position += 1
            self.commitments[proposalId][commitment] = block.timestamp << 64 | position
            log Committed(proposalId=proposalId, position=position, commitment=commitment)
    self.schedules[proposalId] = schedule + ((position - before) << COMMITMENTS_AT)


# --- After the commitments: openings ---


@external
def reveal(
    proposalId: uint256,
    denomination: uint256,
    choice: uint256,
    sequence: uint64,
    salt: bytes32,
    nullifier: uint256,
    proof: Bytes[PROOF_MAX],
):
    """
    @notice Opens a commitment, with the proof that its nullifier belongs to a leaf. It takes the
            place of an earlier one of this nullifier.
    @param choice 0 against, 1 for, 2 abstain.
    """
    schedule: uint256 = self._schedule(proposalId)
    assert block.timestamp >= self._commits_end(schedule), "ballot: not over yet"
    assert block.timestamp < self._reveals_end(schedule), "ballot: openings are over"
    assert choice < CHOICES, "ballot: no such choice"
    assert denomination < CLASSES, "ballot: no such denomination"
    commitment: bytes32 = self._commitment(
        proposalId, denomination, choice, sequence, salt, nullifier
    )
    stamp: uint256 = self.commitments[proposalId][commitment]
    assert stamp != 0, "ballot: was not committed"
    position: uint256 = stamp & BITS_64
    rank: uint256 = (stamp >> 64) << 128 | convert(sequence, uint256) << 64 | position
    previous: uint256 = self.live[proposalId][nullifier]
    assert rank > previous >> RANK_AT, "ballot: a later one counts"
    tree: bytes32 = self._tree(proposalId, denomination)
    inputs: DynArray[uint256, 64] = [
        self._sealed_root(tree),
        self._topic(proposalId, denomination),
        nullifier,
        self._number(commitment),
    ]
    assert staticcall STARK.verify(AIR, inputs, proof), "ballot: proof does not hold"

    units: uint256 = 10**denomination
    tally: uint256 = self.tallies[proposalId] + (units << 64 * choice)
    if previous != 0:
        tally -= (previous >> UNITS_AT & (2**56 - 1)) << 64 * (previous & 255)
    self.tallies[proposalId] = tally
    self.live[proposalId][nullifier] = rank << RANK_AT | units << UNITS_AT | choice
    log Counted(
        proposalId=proposalId,
        nullifier=nullifier,
        denomination=denomination,
        choice=choice,
        position=position,
    )


# --- The end: one vote ---


@external
def castVote(proposalId: uint256):
    """
    @notice Votes at the governor with what was counted. Once.
    """
    schedule: uint256 = self._schedule(proposalId)
    assert block.timestamp >= self._reveals_end(schedule), "ballot: still being opened"
    assert schedule >> DONE_AT & 1 == 0, "ballot: was cast"
    sums: uint256[CHOICES] = self._sums(proposalId)
    counted: uint256 = sums[0] + sums[1] + sums[2]
    assert counted != 0, "ballot: nothing to cast"
    held: uint256 = staticcall IEscrow(ESCROW).getPastVotes(
        self, schedule >> SNAPSHOT_AT & BITS_48
    )
    if counted > held:
        # A lock cannot lose power before the snapshot. Should one, all ballots shrink alike.
        for choice: uint256 in range(CHOICES):
            sums[choice] = sums[choice] * held // counted
    self.schedules[proposalId] = schedule | 1 << DONE_AT
    log Cast(proposalId=proposalId, against=sums[0], inFavour=sums[1], abstain=sums[2])
    extcall IGovernor(GOVERNOR).castVoteWithReasonAndParams(
        proposalId,
        FRACTIONAL,
        "private ballots",
        concat(
            convert(convert(sums[0], uint128), bytes16),
            convert(convert(sums[1], uint128), bytes16),
            convert(convert(sums[2], uint128), bytes16),
        ),
    )


# --- Reading ---


@external
@view
def phases(proposalId: uint256) -> (uint256, uint256, uint256):
    """
    @notice Returns when commitments begin, openings begin, and the vote can be cast.
    """
    schedule: uint256 = self._read_schedule(proposalId)
    return (
        schedule >> SNAPSHOT_AT & BITS_48,
        self._commits_end(schedule),
        self._reveals_end(schedule),
    )


@external
@view
def tally(proposalId: uint256) -> uint256[CHOICES]:
    """
    @notice Returns the power that was counted against, for and abstaining.
    """
    return self._sums(proposalId)


@external
@view
def root(proposalId: uint256, denomination: uint256) -> uint256:
    return member_tree._root(self._tree(proposalId, denomination))


@external
@view
def leafCount(proposalId: uint256, denomination: uint256) -> uint256:
    return member_tree.size[self._tree(proposalId, denomination)]


@external
@view
def topic(proposalId: uint256, denomination: uint256) -> uint256:
    """
    @notice Returns what a secret is hashed with to make the nullifier.
    """
    return self._topic(proposalId, denomination)


@external
@view
def committedAt(proposalId: uint256, commitment: bytes32) -> (uint256, uint256):
    """
    @notice Returns time and position of a commitment, and zeros where there is none.
    """
    stamp: uint256 = self.commitments[proposalId][commitment]
    return stamp >> 64, stamp & BITS_64


@external
@view
def wasCast(proposalId: uint256) -> bool:
    return self.schedules[proposalId] >> DONE_AT & 1 == 1


# --- Inside ---


@internal
def _schedule(proposalId: uint256) -> uint256:
    """
    @notice Returns the word of a proposal, and writes it the first time: phases stay as they were
            when somebody first asked, for the governor only ever moves a deadline back.
    """
    known: uint256 = self.schedules[proposalId]
    if known != 0:
        return known
    schedule: uint256 = self._read_schedule(proposalId)
    self.schedules[proposalId] = schedule
    log Opened(
        proposalId=proposalId,
        snapshot=schedule >> SNAPSHOT_AT & BITS_48,
        commitsEnd=self._commits_end(schedule),
        revealsEnd=self._reveals_end(schedule),
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
    assert deadline >= snapshot + COMMIT_MIN + REVEAL + CAST, "ballot: voting is too short"
    return snapshot << SNAPSHOT_AT | deadline


@internal
@pure
def _commits_end(schedule: uint256) -> uint256:
    return (schedule & BITS_48) - REVEAL - CAST


@internal
@pure
def _reveals_end(schedule: uint256) -> uint256:
    return (schedule & BITS_48) - CAST


@internal
@view
def _sums(proposalId: uint256) -> uint256[CHOICES]:
    tally: uint256 = self.tallies[proposalId]
    return [
        (tally & BITS_64) * UNIT, (tally >> 64 & BITS_64) * UNIT, (tally >> 128) * UNIT
    ]


@internal
@pure
def _tree(proposalId: uint256, denomination: uint256) -> bytes32:
    return keccak256(abi_encode(proposalId, denomination))


@internal
def _sealed_root(tree: bytes32) -> uint256:
    """
    @notice Returns the root of a tree that no longer grows, computed once.
    """
    root: uint256 = self.roots[tree]
    if root == 0:
        root = member_tree._root(tree)
        self.roots[tree] = root
    return root


@internal
@view
def _topic(proposalId: uint256, denomination: uint256) -> uint256:
    return self._number(
        keccak256(abi_encode(TOPIC, chain.id, self, proposalId, denomination))
    )


@internal
@view
def _commitment(
    proposalId: uint256,
    denomination: uint256,
    choice: uint256,
    sequence: uint64,
    salt: bytes32,
    nullifier: uint256,
) -> bytes32:
    return keccak256(
        abi_encode(
            BALLOT, chain.id, self, proposalId, denomination, choice, sequence, salt, nullifier
        )
    )


@internal
@pure
def _number(digest: bytes32) -> uint256:
    """
    @notice Returns the upper 251 bits of a hash: a field element.
    """
    return convert(digest, uint256) >> 5
