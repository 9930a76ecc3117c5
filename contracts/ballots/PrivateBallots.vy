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
from ..modules import proxy_vote

initializes: member_tree
initializes: proxy_vote
exports: (proxy_vote.phases, proxy_vote.wasCast, proxy_vote.GOVERNOR, proxy_vote.ESCROW)


STARK: constant(ISTARK) = ISTARK(0x0000000000000000000000000000000000000903)
PROOF_MAX: constant(uint256) = 114688
BATCH_MAX: constant(uint256) = 64
LEAVES_MAX: constant(uint256) = 16
CLASSES: constant(uint256) = 4
CHOICES: constant(uint256) = 3
BITS_MIN: constant(uint16) = 100

BALLOT: constant(bytes32) = keccak256("PARS:PrivateBallot:v1")
TOPIC: constant(bytes32) = keccak256("PARS:PrivateTopic:v1")

# In the word of a proposal stands the number of commitments.
COMMITMENTS_AT: constant(uint256) = proxy_vote.OWN_AT
BITS_64: constant(uint256) = 2**64 - 1

# Places in the word of a nullifier: choice, units, position, sequence, time. The upper three are
# its rank: a later time wins, then a higher sequence, then a later position.
RANK_AT: constant(uint256) = 64
UNITS_AT: constant(uint256) = 8

AIR: public(immutable(bytes32))
UNIT: public(immutable(uint256))


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
    proxy_vote.__init__(governor, escrow)
    AIR = air
    UNIT = unit


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
    snapshot: uint256 = proxy_vote._snapshot(proxy_vote._schedule(proposalId))
    assert block.timestamp < snapshot, "ballot: review is over"
    assert denomination < CLASSES, "ballot: no such denomination"
    lock: proxy_vote.Lock = proxy_vote._own_lock(lockId)
    assert lock.pledgedUntil > snapshot, "ballot: pledge ends too early"
    # A pledge ends with its lock at the latest, so the lock is there at the snapshot.
    power: uint256 = lock.weight * (lock.end - snapshot) // proxy_vote.MAXTIME
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
    schedule: uint256 = proxy_vote._schedule(proposalId)
    assert block.timestamp >= proxy_vote._snapshot(schedule), "ballot: still in review"
    assert block.timestamp < proxy_vote._gathering_ends(schedule), "ballot: commitments are over"
    position: uint256 = schedule >> COMMITMENTS_AT & BITS_64
    before: uint256 = position
    for commitment: bytes32 in commitments:
        if self.commitments[proposalId][commitment] == 0:
            position += 1
            self.commitments[proposalId][commitment] = block.timestamp << 64 | position
            log Committed(proposalId=proposalId, position=position, commitment=commitment)
    proxy_vote.schedules[proposalId] = schedule + ((position - before) << COMMITMENTS_AT)


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
    schedule: uint256 = proxy_vote._schedule(proposalId)
    assert block.timestamp >= proxy_vote._gathering_ends(schedule), "ballot: not over yet"
    assert block.timestamp < proxy_vote._counting_ends(schedule), "ballot: openings are over"
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
    proxy_vote._cast(proposalId, self._sums(proposalId), "private ballots")


# --- Reading ---


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


# --- Inside ---


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
