# pragma version 0.4.3
# pragma nonreentrancy on
# SPDX-License-Identifier: MIT
"""
@title Ballots gathered off line
@license MIT
@notice A voter of the governor that votes for holders who reach the session layer and not the
        chain. They enrol a pledged lock once; later they sign ballots by ML-DSA, which travel in
        the session layer until a session gathers them in a tree and its root is anchored. Then
        they are counted one by one, and at the end this contract casts the sums as one vote.
        Who may do what: the owner of a pledged lock enrols it, and strikes it off; anybody brings
        ballots and has the vote cast. There is no administrator.
        Whom to trust: nobody for what a ballot says, for each is signed; the committee of
        SessionAnchor for when: it could anchor a tree late, or ballots that came late.
@dev A ballot counts with the power of all locks that its voter had enrolled by the snapshot. The
     one with the highest sequence number counts, so the order in which they are brought does not.
"""

from ..bridge import ISessionAnchor
from ..modules import pq_keys
from ..modules import proxy_vote
from ..modules import session_tree

initializes: proxy_vote
exports: (proxy_vote.phases, proxy_vote.wasCast, proxy_vote.GOVERNOR, proxy_vote.ESCROW)


interface IKeys:
    def keyOf(account: address) -> address: view


LOCKS_MAX: constant(uint256) = 16
CHOICES: constant(uint256) = 3
SIGNATURE_SIZE: constant(uint256) = 4627
FINALIZED: constant(uint8) = 3

BALLOT: constant(Bytes[21]) = b"PARS:SessionBallot:v1"
LEAF: constant(Bytes[20]) = b"\x00PARS:BallotLeaf:v1"
ROOT: constant(Bytes[18]) = b"PARS:BallotRoot:v1"

# Places in the word of an enrolled lock: weight, end, pledged until, enrolled at; a time has 40
# bits.
END_AT: constant(uint256) = 80
PLEDGE_AT: constant(uint256) = 40
WEIGHT_AT: constant(uint256) = 120
BITS_40: constant(uint256) = 2**40 - 1

# Places in the word of what counts of a voter: power, sequence + 1, choice.
POWER_AT: constant(uint256) = 80
SEQUENCE_AT: constant(uint256) = 8

ANCHOR: public(immutable(address))
KEYS: public(immutable(address))


struct Ballot:
    voter: address
    choice: uint8
    sequence: uint64


# Where a ballot stands: in the tree of a session, which stands in the tree of an epoch.
struct Place:
    epoch: uint64
    session: ISessionAnchor.SessionLeaf
    sessionIndex: uint64
    sessionProof: DynArray[bytes32, 32]
    index: uint64
    count: uint64
    proof: DynArray[bytes32, 32]


event Enrolled:
    owner: indexed(address)
    lockId: indexed(uint256)
    weight: uint256
    end: uint256
    pledgedUntil: uint256


event Struck:
    owner: indexed(address)
    lockId: indexed(uint256)


event Counted:
    proposalId: indexed(uint256)
    voter: indexed(address)
    choice: uint8
    sequence: uint64
    power: uint256


locks: HashMap[address, DynArray[uint256, LOCKS_MAX]]
enrolments: HashMap[uint256, uint256]
counted: HashMap[uint256, HashMap[address, uint256]]
tallies: HashMap[uint256, uint256[CHOICES]]


@deploy
def __init__(governor: address, escrow: address, anchor: address, keys: address):
    assert anchor.is_contract, "ballot: no anchor"
    assert keys.is_contract, "ballot: no keys"
    proxy_vote.__init__(governor, escrow)
    ANCHOR = anchor
    KEYS = keys


# --- Once: who takes part ---


@external
def enrol(lockId: uint256):
    """
    @notice Lets a lock that is pledged to this contract vote in proposals whose snapshot comes from
            now on and before its pledge ends. Done again after the lock has changed, it counts as
            it is now, for snapshots to come.
    """
    lock: proxy_vote.Lock = proxy_vote._own_lock(lockId)
    assert lock.pledgedUntil > block.timestamp, "ballot: pledge ends too early"
    if self.enrolments[lockId] == 0:
        assert len(self.locks[msg.sender]) < LOCKS_MAX, "ballot: too many locks"
        self.locks[msg.sender].append(lockId)
    self.enrolments[lockId] = (
        lock.weight << WEIGHT_AT
        | lock.end << END_AT
        | lock.pledgedUntil << PLEDGE_AT
        | block.timestamp
    )
    log Enrolled(
        owner=msg.sender,
        lockId=lockId,
        weight=lock.weight,
        end=lock.end,
        pledgedUntil=lock.pledgedUntil,
    )


@external
def strike(lockId: uint256):
    """
    @notice Takes a lock of the caller off the list, so that there is room for another one.
    """
    listed: DynArray[uint256, LOCKS_MAX] = self.locks[msg.sender]
    assert len(listed) != 0, "ballot: not enrolled"
    last: uint256 = listed.pop()
    found: bool = last == lockId
    for place: uint256 in range(len(listed), bound=LOCKS_MAX):
        if listed[place] == lockId:
            listed[place] = last
            found = True
    assert found, "ballot: not enrolled"
    self.locks[msg.sender] = listed
    self.enrolments[lockId] = 0
    log Struck(owner=msg.sender, lockId=lockId)


# --- After gathering: counting ---


@external
def count(
    proposalId: uint256, ballot: Ballot, signature: Bytes[SIGNATURE_SIZE], place: Place
):
    """
    @notice Counts a ballot that was gathered in time, in place of one of a lower sequence.
    """
    schedule: uint256 = proxy_vote._schedule(proposalId)
    ends: uint256 = proxy_vote._gathering_ends(schedule)
    assert block.timestamp >= ends, "ballot: not over yet"
    assert block.timestamp < proxy_vote._counting_ends(schedule), "ballot: counting is over"
    assert ballot.choice < 3, "ballot: no such choice"
    anchored: uint256 = staticcall ISessionAnchor(ANCHOR).anchoredAt(place.epoch)
    assert anchored != 0, "ballot: epoch is not anchored"
    assert anchored < ends, "ballot: gathered too late"
    assert place.session.state == FINALIZED, "ballot: session failed"
    digest: bytes32 = self._digest(proposalId, ballot)
    root: bytes32 = self._root(digest, signature, place)
    assert root != empty(bytes32), "ballot: not gathered"
    assert root == place.session.outputHash, "ballot: not gathered"
    assert staticcall ISessionAnchor(ANCHOR).verifySession(
        place.epoch, place.session, place.sessionIndex, place.sessionProof
    ), "ballot: session is not proven"
    key: address = staticcall IKeys(KEYS).keyOf(ballot.voter)
    assert key != empty(address), "ballot: voter has no key"
    assert pq_keys._verify(key, concat(digest, b""), signature), "ballot: was not signed"
    previous: uint256 = self.counted[proposalId][ballot.voter]
    sequence: uint256 = convert(ballot.sequence, uint256) + 1
    assert (
        sequence > previous >> SEQUENCE_AT & (2**72 - 1)
    ), "ballot: a later one counts"
    power: uint256 = self._power(ballot.voter, proxy_vote._snapshot(schedule))
    assert power != 0, "ballot: voter has no power"

    if previous != 0:
        self.tallies[proposalId][previous & 255] -= previous >> POWER_AT
    self.tallies[proposalId][ballot.choice] += power
    self.counted[proposalId][ballot.voter] = (
        power << POWER_AT | sequence << SEQUENCE_AT | convert(ballot.choice, uint256)
    )
    log Counted(
        proposalId=proposalId,
        voter=ballot.voter,
        choice=ballot.choice,
        sequence=ballot.sequence,
        power=power,
    )


# --- The end: one vote ---


@external
def castVote(proposalId: uint256):
    """
    @notice Votes at the governor with what was counted. Once.
    """
    proxy_vote._cast(proposalId, self.tallies[proposalId], "session ballots")


# --- Reading ---


@external
@view
def tally(proposalId: uint256) -> uint256[CHOICES]:
    """
    @notice Returns the power that was counted against, for and abstaining.
    """
    return self.tallies[proposalId]


@external
@view
def locksOf(owner: address) -> DynArray[uint256, LOCKS_MAX]:
    return self.locks[owner]


@external
@view
def powerAt(voter: address, snapshot: uint256) -> uint256:
    """
    @notice Returns what a ballot of a voter counts for a proposal with this snapshot.
    """
    return self._power(voter, snapshot)


@external
@view
def digest(proposalId: uint256, ballot: Ballot) -> bytes32:
    """
    @notice Returns what a voter signs.
    """
    return self._digest(proposalId, ballot)


# --- Inside ---


@internal
@view
def _power(voter: address, snapshot: uint256) -> uint256:
    """
    @notice Sums the power of locks that were enrolled by the snapshot and pledged beyond it. Their
            weight is that of the enrolment: a lock only gains by what is added to it.
    """
    power: uint256 = 0
    for lockId: uint256 in self.locks[voter]:
        word: uint256 = self.enrolments[lockId]
        if word & BITS_40 <= snapshot and word >> PLEDGE_AT & BITS_40 > snapshot:
            # A pledge ends with its lock at the latest.
            left: uint256 = (word >> END_AT & BITS_40) - snapshot
            power += (word >> WEIGHT_AT) * left // proxy_vote.MAXTIME
    return power


@internal
@view
def _digest(proposalId: uint256, ballot: Ballot) -> bytes32:
    return sha256(
        concat(
            BALLOT,
            convert(convert(chain.id, uint64), bytes8),
            convert(self, bytes20),
            convert(proposalId, bytes32),
            convert(ballot.voter, bytes20),
            convert(ballot.choice, bytes1),
            convert(ballot.sequence, bytes8),
        )
    )


@internal
@pure
def _root(digest: bytes32, signature: Bytes[SIGNATURE_SIZE], place: Place) -> bytes32:
    """
    @notice Returns the root of the tree in which a ballot stands, or zero where the proof is none:
            the top of an empty tree must prove nothing. The leaf holds the signature, so nobody
            gathers ballots of all kinds in time that are signed when it is over.
    """
    leaf: bytes32 = sha256(concat(LEAF, digest, sha256(signature)))
    top: bytes32 = session_tree._top(
        leaf, convert(place.index, uint256), convert(place.count, uint256), place.proof
    )
    if top == empty(bytes32):
        return empty(bytes32)
    return sha256(concat(ROOT, convert(place.count, bytes8), top))
