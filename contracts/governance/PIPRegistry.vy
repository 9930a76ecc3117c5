# pragma version 0.4.3
# SPDX-License-Identifier: MIT
"""
@title Pars improvement proposals
@license MIT
@notice Keeps the number, category, text's hash and state of each PIP: Draft, Review of seven days
        at least in which the hash is fixed, Voting, Approved or for ever Rejected, Implemented. A
        holder of enough votes submits and is the author; the author brings the PIP to its vote.
        What was decided is read from the governor: nobody can tell it to the registry.
@dev A proposal of the governor is a PIP's vote if its description is the one that description()
     gives: number and hash. Its actions, if it has any, are the implementation.
"""


interface IGovernor:
    def state(proposal_id: uint256) -> uint8: view
    def proposalProposer(proposal_id: uint256) -> address: view
    def proposalSnapshot(proposal_id: uint256) -> uint256: view
    def proposalClass(proposal_id: uint256) -> uint256: view
    def hashProposal(
        proposer: address,
        snapshot: uint256,
        proposal_class: uint256,
        actions: bytes32,
        description_hash: bytes32,
    ) -> uint256: view


interface IVotes:
    def getPastVotes(account: address, timepoint: uint256) -> uint256: view


event Submitted:
    number: indexed(uint256)
    category: indexed(uint256)
    author: indexed(address)
    hash: bytes32


event Revised:
    number: indexed(uint256)
    old: bytes32
    new: bytes32


event StatusChanged:
    number: indexed(uint256)
    old: uint256
    new: uint256
    proposal: uint256


struct PIP:
    author: address
    category: uint256
    status: uint256
    reviewed_from: uint256
    hash: bytes32
    proposal: uint256


FREE: constant(uint256) = 0
DRAFT: constant(uint256) = 1
REVIEW: constant(uint256) = 2
VOTING: constant(uint256) = 3
APPROVED: constant(uint256) = 4
REJECTED: constant(uint256) = 5
IMPLEMENTED: constant(uint256) = 6

# 0 Core, 1 Mesh, 2 Crypto, 3 Security, 4 Clients, 5 Sessions, 6 Bridges, 7 Governance.
CATEGORIES: constant(uint256) = 8
NUMBERS_EACH: constant(uint256) = 1000
REVIEW_MIN: public(constant(uint256)) = 7 * 86_400

# The governor's states.
ACTIVE: constant(uint8) = 1
CANCELED: constant(uint8) = 2
DEFEATED: constant(uint8) = 3
EXECUTED: constant(uint8) = 7

DAO: public(immutable(address))
GOVERNOR: public(immutable(address))
TOKEN: public(immutable(address))
SUBMISSION_VOTES: public(immutable(uint256))

pips: public(HashMap[uint256, PIP])


@deploy
def __init__(dao: address, governor: address, token: address, submission_votes: uint256):
    """
    @param submission_votes The past votes that submitting takes, so that nobody squats numbers.
    """
    assert dao != empty(address), "pip: no dao"
    assert governor.is_contract, "pip: governor has no code"
    DAO = dao
    GOVERNOR = governor
    TOKEN = token
    SUBMISSION_VOTES = submission_votes


@external
def submit(number: uint256, category: uint256, hash: bytes32):
    """
    @notice Takes a free number for a draft.
    @param category The thousands of the number.
    @param hash Of the text.
    """
    assert category < CATEGORIES, "pip: unknown category"
    assert number // NUMBERS_EACH == category, "pip: number of another category"
    assert hash != empty(bytes32), "pip: no hash"
    assert self.pips[number].status == FREE, "pip: number is taken"
    assert (
        staticcall IVotes(TOKEN).getPastVotes(msg.sender, block.timestamp - 1)
        >= SUBMISSION_VOTES
    ), "pip: too few votes"
    self.pips[number] = PIP(
        author=msg.sender,
        category=category,
        status=DRAFT,
        reviewed_from=0,
        hash=hash,
        proposal=0,
    )
    log Submitted(number=number, category=category, author=msg.sender, hash=hash)
    log StatusChanged(number=number, old=FREE, new=DRAFT, proposal=0)


@external
def revise(number: uint256, hash: bytes32):
    """
    @notice Replaces the text of a draft.
    """
    self._need(number, DRAFT)
    assert msg.sender == self.pips[number].author, "pip: only the author"
    assert hash != empty(bytes32), "pip: no hash"
    log Revised(number=number, old=self.pips[number].hash, new=hash)
    self.pips[number].hash = hash


@external
def startReview(number: uint256):
    """
    @notice Fixes the text and starts the review.
    """
    self._need(number, DRAFT)
    assert msg.sender == self.pips[number].author, "pip: only the author"
    self.pips[number].reviewed_from = block.timestamp
    self._move(number, REVIEW)


@external
def startVoting(number: uint256, proposal: uint256, actions: bytes32):
    """
    @notice Names the governor's proposal that votes on a PIP, once its vote may run.
    @param actions The hash of its actions, as the governor's hashActions gives it.
    """
    self._need(number, REVIEW)
    assert msg.sender == self.pips[number].author, "pip: only the author"
    end: uint256 = self.pips[number].reviewed_from + REVIEW_MIN
    assert block.timestamp >= end, "pip: review of seven days"
    snapshot: uint256 = staticcall IGovernor(GOVERNOR).proposalSnapshot(proposal)
    assert proposal == staticcall IGovernor(GOVERNOR).hashProposal(
        staticcall IGovernor(GOVERNOR).proposalProposer(proposal),
        snapshot,
        staticcall IGovernor(GOVERNOR).proposalClass(proposal),
        actions,
        keccak256(self._description(number)),
    ), "pip: not a vote on this text"
    assert snapshot >= end, "pip: vote starts in the review"
    assert staticcall IGovernor(GOVERNOR).state(proposal) <= ACTIVE, "pip: vote is over"
    self.pips[number].proposal = proposal
    self._move(number, VOTING)


@external
def resolve(number: uint256):
    """
    @notice Reads from the governor what was decided. A vote that was cancelled or vetoed decided
            nothing: the PIP is in review again.
    """
    self._need(number, VOTING)
    state: uint8 = staticcall IGovernor(GOVERNOR).state(self.pips[number].proposal)
    assert state > ACTIVE, "pip: vote is not over"
    if state == CANCELED:
        self._move(number, REVIEW)
    elif state == DEFEATED:
        self._move(number, REJECTED)
    else:
        self._move(number, APPROVED)


@external
def implement(number: uint256):
    """
    @notice Says that an approved PIP is done: anybody, where the actions of its vote were executed;
            the DAO by another vote, where there was nothing to execute.
    """
    self._need(number, APPROVED)
    if msg.sender != DAO:
        assert (
            staticcall IGovernor(GOVERNOR).state(self.pips[number].proposal) == EXECUTED
        ), "pip: not executed"
    self._move(number, IMPLEMENTED)


@external
def withdraw(number: uint256):
    """
    @notice Gives a number free before its vote: its author, or the DAO.
    """
    status: uint256 = self.pips[number].status
    assert status == DRAFT or status == REVIEW, "pip: wrong state"
    assert msg.sender == self.pips[number].author or msg.sender == DAO, "pip: only the author"
    self._move(number, FREE)
    self.pips[number] = empty(PIP)


@external
@view
def status(number: uint256) -> uint256:
    """
    @notice Returns 0 none, 1 draft, 2 review, 3 voting, 4 approved, 5 rejected, 6 implemented.
    """
    return self.pips[number].status


@external
@view
def description(number: uint256) -> String[75]:
    """
    @notice Returns what the proposal that votes on a PIP has to have as its description.
    """
    assert self.pips[number].status != FREE, "pip: wrong state"
    return convert(self._description(number), String[75])


@internal
@view
def _description(number: uint256) -> Bytes[75]:
    """
    @notice Returns "PIP-", four digits, " 0x" and the hash in hex.
    """
    digits: uint256 = 0
    rest: uint256 = number
    for i: uint256 in range(4):
        digits |= (48 + rest % 10) << (8 * i)
        rest //= 10
    hash: uint256 = convert(self.pips[number].hash, uint256)
    low: uint256 = 0
    high: uint256 = 0
    for i: uint256 in range(32):
        low |= self._hex_digit((hash >> (4 * i)) & 15) << (8 * i)
        high |= self._hex_digit((hash >> (128 + 4 * i)) & 15) << (8 * i)
    return concat(
        b"PIP-",
        convert(convert(digits, uint32), bytes4),
        b" 0x",
        convert(high, bytes32),
        convert(low, bytes32),
    )


@internal
@pure
def _hex_digit(nibble: uint256) -> uint256:
    if nibble < 10:
        return 48 + nibble
    return 87 + nibble


@internal
@view
def _need(number: uint256, status: uint256):
    assert self.pips[number].status == status, "pip: wrong state"


@internal
def _move(number: uint256, new: uint256):
    log StatusChanged(
        number=number,
        old=self.pips[number].status,
        new=new,
        proposal=self.pips[number].proposal,
    )
    self.pips[number].status = new
