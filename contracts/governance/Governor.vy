# pragma version 0.4.3
# pragma nonreentrancy on
# SPDX-License-Identifier: MIT
"""
@title The governor: proposals and votes
@license MIT
@notice Takes proposals, counts votes of vePARS, and schedules with the timelock what passed. It
        owns nothing and calls nobody but the timelock. Anybody whose past votes reach the threshold
        may propose; whoever had votes at the snapshot votes, once for each of them; anybody may
        queue and execute what passed. A guardian may veto until the execution, and can do no more.
@dev OpenZeppelin's names, numbers of states and events; Azorius' states beside them. A proposal
     goes by the version of the charter that it was made under. Its id is a hash of all of it, of
     its proposer, time and class, and of the code of its targets, so that actions are not stored:
     who queues or executes brings them again.

     A proposal is one word, from its low end: proposer 160 bits, snapshot 40, period 24, version of
     the charter 16, class 2, flags 6, extension in hours 8.
"""

from ..modules import eip712
from ..modules import pq_keys
from ..modules import signature_checker

initializes: eip712

exports: eip712.eip712Domain


interface ICharter:
    def current(proposal_class: uint256) -> uint256: view
    def versions(proposal_class: uint256, version: uint256) -> uint256: view
    def emergencyCalls(target: address, selector: bytes4) -> bool: view


interface IKeys:
    def keyOf(account: address) -> address: view
    def accountOf(key_hash: bytes32) -> address: view


interface ITimelock:
    def cancel(id: bytes32): nonpayable
    def getOperationState(id: bytes32) -> uint8: view
    def getWindow(id: bytes32) -> (uint256, uint256): view


interface IVotes:
    def getPastVotes(account: address, timepoint: uint256) -> uint256: view
    def getPastTotalSupply(timepoint: uint256) -> uint256: view


event ProposalCreated:
    proposalId: uint256
    proposer: address
    targets: DynArray[address, ACTIONS_MAX]
    values: DynArray[uint256, ACTIONS_MAX]
    signatures: DynArray[String[1], ACTIONS_MAX]
    calldatas: DynArray[Bytes[CALLDATA_MAX], ACTIONS_MAX]
    voteStart: uint256
    voteEnd: uint256
    description: String[DESCRIPTION_MAX]


event ProposalQueued:
    proposalId: uint256
    etaSeconds: uint256


event ProposalExecuted:
    proposalId: uint256


event ProposalCanceled:
    proposalId: uint256


event ProposalVetoed:
    proposalId: uint256


event ProposalExtended:
    proposalId: indexed(uint256)
    extendedDeadline: uint64


event VoteCast:
    voter: indexed(address)
    proposalId: uint256
    support: uint8
    weight: uint256
    reason: String[REASON_MAX]


event VoteCastWithParams:
    voter: indexed(address)
    proposalId: uint256
    support: uint8
    weight: uint256
    reason: String[REASON_MAX]
    params: Bytes[PARAMS_SIZE]


event ParametersAdopted:
    proposal_class: indexed(uint256)
    version: uint256


event VetoGuardianChanged:
    old: indexed(address)
    new: indexed(address)


ACTIONS_MAX: constant(uint256) = 16
CALLDATA_MAX: constant(uint256) = 1024
DESCRIPTION_MAX: constant(uint256) = 4096
SIGNATURE_MAX: constant(uint256) = 8192
SIGNER_MAX: constant(uint256) = 2692
KEY_SIZE: constant(uint256) = 2592
PQ_SIGNATURE_SIZE: constant(uint256) = 4627
REASON_MAX: constant(uint256) = 512
PARAMS_SIZE: constant(uint256) = 48
PLACES: constant(uint256) = 5

# The class whose proposals make listed calls only.
EMERGENCY: constant(uint256) = 3
CLASSES: constant(uint256) = 4
BASIS: constant(uint256) = 10_000
HOUR: constant(uint256) = 3_600

# Fields of a proposal's word.
ADDRESS: constant(uint256) = 2**160 - 1
TIME: constant(uint256) = 2**40 - 1
PERIOD: constant(uint256) = 2**24 - 1
THRESHOLD: constant(uint256) = 2**96 - 1
CANCELED: constant(uint256) = 1 << 242
QUEUED: constant(uint256) = 1 << 243
SETTLED: constant(uint256) = 1 << 244  # its quorum is reached, so its deadline moves no more
SIGNAL: constant(uint256) = 1 << 245  # without actions

NO: constant(uint8) = 0
YES: constant(uint8) = 1
ABSTAIN: constant(uint8) = 2
FRACTIONS: constant(uint8) = 255
WEIGHT: constant(uint256) = 2**128 - 1

# OpenZeppelin's states, and Azorius'.
PENDING: constant(uint8) = 0
ACTIVE: constant(uint8) = 1
CANCELED_STATE: constant(uint8) = 2
DEFEATED: constant(uint8) = 3
SUCCEEDED: constant(uint8) = 4
QUEUED_STATE: constant(uint8) = 5
EXPIRED: constant(uint8) = 6
EXECUTED: constant(uint8) = 7
AZORIUS_ACTIVE: constant(uint8) = 0
AZORIUS_TIMELOCKED: constant(uint8) = 1
AZORIUS_EXECUTABLE: constant(uint8) = 2
AZORIUS_EXECUTED: constant(uint8) = 3
AZORIUS_EXPIRED: constant(uint8) = 4
AZORIUS_FAILED: constant(uint8) = 5

# The timelock's states of an operation.
OPERATION_UNSET: constant(uint8) = 0
OPERATION_READY: constant(uint8) = 2
OPERATION_DONE: constant(uint8) = 3
OPERATION_EXPIRED: constant(uint8) = 4

# schedule(address[],uint256[],bytes[],bytes32,bytes32,uint256,uint256,uint8)
SCHEDULE: constant(bytes4) = 0xf3d2251d
# execute(address[],uint256[],bytes[],bytes32,bytes32)
EXECUTE: constant(bytes4) = 0xf156883b
NO_CODE: constant(bytes32) = keccak256(b"")
BALLOT: constant(bytes32) = keccak256(
    "Ballot(uint256 proposalId,uint8 support,address voter,uint256 nonce)"
)
# keccak256 of ExtendedBallot(uint256 proposalId,uint8 support,address voter,
#   uint256 nonce,string reason,bytes params).
EXTENDED_BALLOT: constant(bytes32) = (
    0x3e83946653575f9a39005e1545185629e92736b7528ab20ca3816f315424a811
)
PQ_BALLOT: constant(bytes32) = keccak256(
    "PQBallot(uint256 proposalId,uint8 support,address voter,uint256 nonce)"
)
# keccak256 of Proposal(bytes32 actionsHash,bytes32 descriptionHash,
#   uint8 proposalClass,address proposer,uint256 nonce).
PROPOSAL: constant(bytes32) = (
    0xd0d1e6441c35beb07295c6e3baabf40d20df7f9bc2d2851788fda0c98d626742
)
SIGNER_ACCOUNT: constant(bytes32) = keccak256("Pars account of an ERC-7913 signer")

DAO: public(immutable(address))
CHARTER: public(immutable(address))
TOKEN: immutable(address)
TIMELOCK: immutable(address)
KEYS: public(immutable(address))

adopted: uint256[CLASSES]
vetoGuardian: public(address)
nonces: public(HashMap[address, uint256])

proposals: HashMap[uint256, uint256]
# For in the low half, against in the high one.
forAgainst: HashMap[uint256, uint256]
abstained: HashMap[uint256, uint256]
used: HashMap[uint256, HashMap[address, uint256]]
operations: HashMap[uint256, bytes32]
# Of each proposer, until when its proposals are under vote, 40 bits, and how many are.
underVote: HashMap[address, uint256]


@deploy
def __init__(
    dao: address,
    charter: address,
    token: address,
    timelock: address,
    keys: address,
    veto_guardian: address,
):
    """
    @param dao The Safe, which names another guardian by a vote.
    @param token Whose past votes count, by seconds: VePARS.
    @param keys The registry of ML-DSA keys.
    @param veto_guardian Who may veto, or nobody.
    """
    assert dao != empty(address), "governor: no dao"
    assert (
        token.is_contract and timelock.is_contract and keys.is_contract
    ), "governor: part without code"
    eip712.__init__("Pars Governor", "1")
    DAO = dao
    CHARTER = charter
    TOKEN = token
    TIMELOCK = timelock
    KEYS = keys
    for i: uint256 in range(CLASSES):
        self._adopt(i)
    self._set_guardian(veto_guardian)


# --- Proposals --------------------------------------------------------------------------------


@external
@reentrant
def propose(
    targets: DynArray[address, ACTIONS_MAX],
    values: DynArray[uint256, ACTIONS_MAX],
    calldatas: DynArray[Bytes[CALLDATA_MAX], ACTIONS_MAX],
    description: String[DESCRIPTION_MAX],
) -> uint256:
    """
    @notice Proposes calls that the Safe is to make, as a standard proposal.
    @return The proposal's id.
    """
    count: uint256 = len(targets)
    assert len(values) == count, "governor: lengths differ"
    assert len(calldatas) == count, "governor: lengths differ"
    actions: bytes32 = empty(bytes32)
    signatures: DynArray[String[1], ACTIONS_MAX] = []
    for i: uint256 in range(count, bound=ACTIONS_MAX):
        actions = self._chained(actions, targets[i], values[i], keccak256(calldatas[i]))
        signatures.append("")
    id: uint256 = 0
    start: uint256 = 0
    end: uint256 = 0
    id, start, end = self._open(msg.sender, 0, actions, keccak256(description), count)
    log ProposalCreated(
        proposalId=id,
        proposer=msg.sender,
        targets=targets,
        values=values,
        signatures=signatures,
        calldatas=calldatas,
        voteStart=start,
        voteEnd=end,
        description=description,
    )
    return id


@external
@reentrant
def proposeAs(
    targets: DynArray[address, ACTIONS_MAX],
    values: DynArray[uint256, ACTIONS_MAX],
    calldatas: DynArray[Bytes[CALLDATA_MAX], ACTIONS_MAX],
    description: String[DESCRIPTION_MAX],
    proposal_class: uint8,
    proposer: address,
    signature: Bytes[SIGNATURE_MAX],
) -> uint256:
    """
    @notice Proposes in any class, and for another who signed it.
    @param signature Of the proposer, over Proposal; not looked at where the proposer is the caller.
    """
    count: uint256 = len(targets)
    assert len(values) == count, "governor: lengths differ"
    assert len(calldatas) == count, "governor: lengths differ"
    kind: uint256 = convert(proposal_class, uint256)
    assert kind < CLASSES, "governor: unknown class"
    actions: bytes32 = empty(bytes32)
    signatures: DynArray[String[1], ACTIONS_MAX] = []
    for i: uint256 in range(count, bound=ACTIONS_MAX):
        actions = self._chained(actions, targets[i], values[i], keccak256(calldatas[i]))
        signatures.append("")
        if kind == EMERGENCY:
            assert len(calldatas[i]) >= 4, "governor: not an emergency call"
            assert staticcall ICharter(CHARTER).emergencyCalls(
                targets[i], convert(slice(calldatas[i], 0, 4), bytes4)
            ), "governor: not an emergency call"
    if proposer != msg.sender:
        signed: bytes32 = keccak256(
            abi_encode(
                PROPOSAL,
                actions,
                keccak256(description),
                proposal_class,
                proposer,
                self._used_nonce(proposer),
            )
        )
        assert signature_checker._is_valid(
            proposer, eip712._digest(signed), signature
        ), "governor: bad signature"
    id: uint256 = 0
    start: uint256 = 0
    end: uint256 = 0
    id, start, end = self._open(proposer, kind, actions, keccak256(description), count)
    log ProposalCreated(
        proposalId=id,
        proposer=proposer,
        targets=targets,
        values=values,
        signatures=signatures,
        calldatas=calldatas,
        voteStart=start,
        voteEnd=end,
        description=description,
    )
    return id


@external
def queue(
    proposal_id: uint256,
    targets: DynArray[address, ACTIONS_MAX],
    values: DynArray[uint256, ACTIONS_MAX],
    calldatas: DynArray[Bytes[CALLDATA_MAX], ACTIONS_MAX],
    description_hash: bytes32,
):
    """
    @notice Schedules the actions of a proposal that passed with the timelock.
    """
    proposal: uint256 = self.proposals[proposal_id]
    assert self._state(proposal_id, proposal) == SUCCEEDED, "governor: not passed"
    assert proposal & SIGNAL == 0, "governor: nothing to execute"
    count: uint256 = len(targets)
    assert len(values) == count, "governor: lengths differ"
    assert len(calldatas) == count, "governor: lengths differ"
    actions: bytes32 = empty(bytes32)
    for i: uint256 in range(count, bound=ACTIONS_MAX):
        actions = self._chained(actions, targets[i], values[i], keccak256(calldatas[i]))
    assert proposal_id == self._id(
        convert(proposal & ADDRESS, address),
        (proposal >> 160) & TIME,
        (proposal >> 240) & 3,
        actions,
        description_hash,
    ), "governor: other actions or code"

    self.proposals[proposal_id] = proposal | QUEUED
    word: uint256 = self._parameters(proposal)
    # By raw_call: as an interface, the compiler sends the whole bound of each argument.
    answer: Bytes[64] = raw_call(
        TIMELOCK,
        abi_encode(
            targets,
            values,
            calldatas,
            empty(bytes32),
            proposal_id,
            (word >> 80) & PERIOD,
            (word >> 104) & PERIOD,
            (proposal >> 240) & 3,
            method_id=SCHEDULE,
        ),
        max_outsize=64,
    )
    eta: uint256 = 0
    self.operations[proposal_id], eta = abi_decode(answer, (bytes32, uint256))
    log ProposalQueued(proposalId=proposal_id, etaSeconds=eta)


@external
def execute(
    proposal_id: uint256,
    targets: DynArray[address, ACTIONS_MAX],
    values: DynArray[uint256, ACTIONS_MAX],
    calldatas: DynArray[Bytes[CALLDATA_MAX], ACTIONS_MAX],
):
    """
    @notice Executes a queued proposal in its window, all of it or nothing.
    """
    proposal: uint256 = self.proposals[proposal_id]
    assert self._state(proposal_id, proposal) == QUEUED_STATE, "governor: not queued"
    log ProposalExecuted(proposalId=proposal_id)
    # The timelock knows the batch by its hash, and refuses any other.
    raw_call(
        TIMELOCK,
        abi_encode(
            targets, values, calldatas, empty(bytes32), proposal_id, method_id=EXECUTE
        ),
    )


@external
@reentrant
def cancel(proposal_id: uint256):
    """
    @notice Ends a proposal: its proposer before the vote starts, the DAO until the execution, and
            anybody as soon as the proposer has less past votes than the threshold was.
    """
    proposal: uint256 = self.proposals[proposal_id]
    state: uint8 = self._state(proposal_id, proposal)
    assert state <= ACTIVE or state == SUCCEEDED or state == QUEUED_STATE, "governor: has ended"
    proposer: address = convert(proposal & ADDRESS, address)
    if not (msg.sender == proposer and state == PENDING) and msg.sender != DAO:
        assert (
            staticcall IVotes(TOKEN).getPastVotes(proposer, block.timestamp - 1)
            < (self._parameters(proposal) >> 136) & THRESHOLD
        ), "governor: may not cancel"
    self._close(proposal_id, proposal)


@external
@reentrant
def veto(proposal_id: uint256):
    """
    @notice Ends a proposal, at any time before its execution, by the guardian.
    """
    assert msg.sender == self.vetoGuardian, "governor: only the guardian"
    proposal: uint256 = self.proposals[proposal_id]
    state: uint8 = self._state(proposal_id, proposal)
    assert state <= ACTIVE or state == SUCCEEDED or state == QUEUED_STATE, "governor: has ended"
    log ProposalVetoed(proposalId=proposal_id)
    self._close(proposal_id, proposal)


# --- Votes ------------------------------------------------------------------------------------


@external
def castVote(proposal_id: uint256, support: uint8) -> uint256:
    """
    @notice Votes: 0 against, 1 for, 2 abstain, with all votes that are not used yet.
    @return With how many.
    """
    return self._vote(proposal_id, msg.sender, support, "")


@external
def castVoteWithReason(
    proposal_id: uint256, support: uint8, reason: String[REASON_MAX]
) -> uint256:
    return self._vote(proposal_id, msg.sender, support, reason)


@external
def castVoteWithReasonAndParams(
    proposal_id: uint256, support: uint8, reason: String[REASON_MAX], params: Bytes[PARAMS_SIZE]
) -> uint256:
    """
    @notice Votes; with support 255 by parts: three numbers of 16 bytes, against, for and abstain.
            What the parts leave can be used later.
    """
    return self._vote_with_params(proposal_id, msg.sender, support, reason, params)


@external
def castVoteBySig(
    proposal_id: uint256, support: uint8, voter: address, signature: Bytes[SIGNATURE_MAX]
) -> uint256:
    """
    @notice Votes for an account that signed Ballot, by ECDSA or by its code (ERC-1271).
    """
    signed: bytes32 = self._ballot(BALLOT, proposal_id, support, voter)
    assert signature_checker._is_valid(voter, signed, signature), "governor: bad signature"
    return self._vote(proposal_id, voter, support, "")


@external
def castVoteBySigner(
    proposal_id: uint256,
    support: uint8,
    signer: Bytes[SIGNER_MAX],
    signature: Bytes[SIGNATURE_MAX],
) -> uint256:
    """
    @notice Votes for a key without account, which signed Ballot (ERC-7913). It has the votes of the
            account that signerAccount tells.
    """
    voter: address = self._signer_account(signer)
    signed: bytes32 = self._ballot(BALLOT, proposal_id, support, voter)
    assert signature_checker._is_valid_of_signer(
        signer, signed, signature
    ), "governor: bad signature"
    return self._vote(proposal_id, voter, support, "")


@external
def castVoteWithReasonAndParamsBySig(
    proposal_id: uint256,
    support: uint8,
    voter: address,
    reason: String[REASON_MAX],
    params: Bytes[PARAMS_SIZE],
    signature: Bytes[SIGNATURE_MAX],
) -> uint256:
    """
    @notice Votes for an account that signed ExtendedBallot.
    """
    signed: bytes32 = eip712._digest(
        keccak256(
            abi_encode(
                EXTENDED_BALLOT,
                proposal_id,
                support,
                voter,
                self._used_nonce(voter),
                keccak256(reason),
                keccak256(params),
            )
        )
    )
    assert signature_checker._is_valid(voter, signed, signature), "governor: bad signature"
    return self._vote_with_params(proposal_id, voter, support, reason, params)


@external
def castVotePQ(
    proposal_id: uint256,
    support: uint8,
    public_key: Bytes[KEY_SIZE],
    signature: Bytes[PQ_SIGNATURE_SIZE],
) -> uint256:
    """
    @notice Votes for the account whose ML-DSA-87 key signed PQBallot.
    @param public_key The key; or the account's 20 bytes; or nothing, for the caller.
    @param signature Over the 32 bytes of the digest, with the empty context.
    """
    voter: address = msg.sender
    if len(public_key) == 20:
        voter = convert(slice(public_key, 0, 20), address)
    elif len(public_key) != 0:
        voter = staticcall IKeys(KEYS).accountOf(keccak256(public_key))
    key: address = staticcall IKeys(KEYS).keyOf(voter)
    assert key != empty(address), "governor: no registered key"
    signed: bytes32 = self._ballot(PQ_BALLOT, proposal_id, support, voter)
    assert pq_keys._verify(key, concat(signed, b""), signature), "governor: bad signature"
    return self._vote(proposal_id, voter, support, "")


# --- Parameters and the guardian --------------------------------------------------------------


@external
@reentrant
def adopt(proposal_class: uint256):
    """
    @notice Takes over the charter's newest version of a class, for proposals to come. Anybody may
            do it after the charter has changed; reading our own copy makes proposing cheaper.
    """
    assert proposal_class < CLASSES, "governor: unknown class"
    self._adopt(proposal_class)


@external
@reentrant
def setVetoGuardian(guardian: address):
    """
    @notice Names another guardian, or nobody.
    """
    assert msg.sender == DAO, "governor: only the dao"
    self._set_guardian(guardian)


@external
@reentrant
def renounceVeto():
    assert msg.sender == self.vetoGuardian, "governor: only the guardian"
    self._set_guardian(empty(address))


# --- Reads ------------------------------------------------------------------------------------


@external
@view
@reentrant
def state(proposal_id: uint256) -> uint8:
    """
    @notice Returns OpenZeppelin's number of a state: 0 pending, 1 active, 2 canceled, 3 defeated,
            4 succeeded, 5 queued, 6 expired, 7 executed.
    """
    return self._state(proposal_id, self.proposals[proposal_id])


@external
@view
@reentrant
def proposalState(proposal_id: uint256) -> uint8:
    """
    @notice Returns Azorius' number of a state: 0 active, 1 timelocked, 2 executable, 3 executed,
            4 expired, 5 failed. A vote that passed without actions is executed.
    """
    proposal: uint256 = self.proposals[proposal_id]
    now: uint8 = self._state(proposal_id, proposal)
    if now <= ACTIVE:
        return AZORIUS_ACTIVE
    if now == CANCELED_STATE or now == DEFEATED:
        return AZORIUS_FAILED
    if now == EXPIRED:
        return AZORIUS_EXPIRED
    if now == EXECUTED or proposal & SIGNAL != 0:
        return AZORIUS_EXECUTED
    if now == QUEUED_STATE:
        operation: uint8 = staticcall ITimelock(TIMELOCK).getOperationState(
            self.operations[proposal_id]
        )
        if operation == OPERATION_READY:
            return AZORIUS_EXECUTABLE
    return AZORIUS_TIMELOCKED


@external
@view
@reentrant
def proposalVotes(proposal_id: uint256) -> (uint256, uint256, uint256):
    """
    @notice Returns the votes against, for and abstaining.
    """
    both: uint256 = self.forAgainst[proposal_id]
    return both >> 128, both & WEIGHT, self.abstained[proposal_id]


@external
@view
@reentrant
def proposalSnapshot(proposal_id: uint256) -> uint256:
    return (self.proposals[proposal_id] >> 160) & TIME


@external
@view
@reentrant
def proposalDeadline(proposal_id: uint256) -> uint256:
    return self._end(self.proposals[proposal_id])


@external
@view
@reentrant
def proposalProposer(proposal_id: uint256) -> address:
    return convert(self.proposals[proposal_id] & ADDRESS, address)


@external
@view
@reentrant
def proposalClass(proposal_id: uint256) -> uint256:
    return (self.proposals[proposal_id] >> 240) & 3


@external
@view
@reentrant
def proposalEta(proposal_id: uint256) -> uint256:
    """
    @notice Returns when a queued proposal may be executed, or 0.
    """
    if self.proposals[proposal_id] & QUEUED == 0:
        return 0
    return (staticcall ITimelock(TIMELOCK).getWindow(self.operations[proposal_id]))[0]


@external
@view
@reentrant
def proposalOperation(proposal_id: uint256) -> bytes32:
    """
    @notice Returns what the timelock calls a queued proposal.
    """
    return self.operations[proposal_id]


@external
@view
@reentrant
def proposalNeedsQueuing(proposal_id: uint256) -> bool:
    return self.proposals[proposal_id] & SIGNAL == 0


@external
@view
@reentrant
def proposalQuorum(proposal_id: uint256) -> uint256:
    """
    @notice Returns how many votes for or abstaining a proposal needs, once its vote has started.
    """
    proposal: uint256 = self.proposals[proposal_id]
    assert proposal != 0, "governor: unknown proposal"
    return self._quorum((proposal >> 160) & TIME, self._parameters(proposal))


@external
@view
@reentrant
def hashActions(
    targets: DynArray[address, ACTIONS_MAX],
    values: DynArray[uint256, ACTIONS_MAX],
    calldatas: DynArray[Bytes[CALLDATA_MAX], ACTIONS_MAX],
) -> bytes32:
    """
    @notice Returns the hash of actions, with the code that their targets have now.
    """
    actions: bytes32 = empty(bytes32)
    for i: uint256 in range(len(targets), bound=ACTIONS_MAX):
        actions = self._chained(actions, targets[i], values[i], keccak256(calldatas[i]))
    return actions


@external
@view
@reentrant
def hashProposal(
    proposer: address,
    snapshot: uint256,
    proposal_class: uint256,
    actions: bytes32,
    description_hash: bytes32,
) -> uint256:
    """
    @notice Returns the id of a proposal.
    """
    return self._id(proposer, snapshot, proposal_class, actions, description_hash)


@external
@view
@reentrant
def hasVoted(proposal_id: uint256, account: address) -> bool:
    return self.used[proposal_id][account] != 0


@external
@view
@reentrant
def usedVotes(proposal_id: uint256, account: address) -> uint256:
    return self.used[proposal_id][account]


@external
@view
@reentrant
def getVotes(account: address, timepoint: uint256) -> uint256:
    return staticcall IVotes(TOKEN).getPastVotes(account, timepoint)


@external
@view
@reentrant
def quorum(timepoint: uint256) -> uint256:
    """
    @notice Returns what a standard proposal with this snapshot needs.
    """
    return self._quorum(timepoint, self.adopted[0])


@external
@view
@reentrant
def votingDelay() -> uint256:
    return self.adopted[0] & PERIOD


@external
@view
@reentrant
def votingPeriod() -> uint256:
    return (self.adopted[0] >> 24) & PERIOD


@external
@view
@reentrant
def proposalThreshold() -> uint256:
    return (self.adopted[0] >> 136) & THRESHOLD


@external
@view
@reentrant
def signerAccount(signer: Bytes[SIGNER_MAX]) -> address:
    """
    @notice Returns the account whose votes a signer of ERC-7913 casts: delegate to it. Nobody has
            another key to it.
    """
    return self._signer_account(signer)


@external
@view
@reentrant
def token() -> address:
    return TOKEN


@external
@view
@reentrant
def timelock() -> address:
    return TIMELOCK


@external
@view
@reentrant
def clock() -> uint48:
    return convert(block.timestamp, uint48)


@external
@pure
@reentrant
def CLOCK_MODE() -> String[14]:
    return "mode=timestamp"


@external
@pure
@reentrant
def COUNTING_MODE() -> String[64]:
    return "support=bravo,fractional&quorum=for,abstain&params=fractional"


@external
@pure
@reentrant
def name() -> String[13]:
    return "Pars Governor"


@external
@pure
@reentrant
def version() -> String[1]:
    return "1"


# --- Inside -----------------------------------------------------------------------------------


@internal
@view
def _chained(so_far: bytes32, target: address, amount: uint256, data_hash: bytes32) -> bytes32:
    code: bytes32 = target.codehash
    # An account that has never been used has no hash yet; sending to it gives it that of no code.
    if code == NO_CODE:
        code = empty(bytes32)
    return keccak256(abi_encode(so_far, target, amount, data_hash, code))


@internal
@view
def _id(
    proposer: address,
    start: uint256,
    proposal_class: uint256,
    actions: bytes32,
    description_hash: bytes32,
) -> uint256:
    return convert(
        keccak256(
            abi_encode(
                chain.id, self, proposer, start, proposal_class, actions, description_hash
            )
        ),
        uint256,
    )


@internal
def _open(
    proposer: address,
    proposal_class: uint256,
    actions: bytes32,
    description_hash: bytes32,
    count: uint256,
) -> (uint256, uint256, uint256):
    word: uint256 = self.adopted[proposal_class]
    assert (
        staticcall IVotes(TOKEN).getPastVotes(proposer, block.timestamp - 1)
        >= (word >> 136) & THRESHOLD
    ), "governor: below the threshold"
    start: uint256 = block.timestamp + (word & PERIOD)
    period: uint256 = (word >> 24) & PERIOD
    id: uint256 = self._id(proposer, start, proposal_class, actions, description_hash)
    assert self.proposals[id] == 0, "governor: already proposed"

    end: uint256 = start + period
    proposal: uint256 = (
        convert(proposer, uint256)
        | (start << 160)
        | (period << 200)
        | ((word >> 232) << 224)
        | (proposal_class << 240)
        | (((word >> 128) & 255) << 248)
    )
    if count == 0:
        proposal |= SIGNAL
    self.proposals[id] = proposal
    return id, start, end


@internal
def _close(proposal_id: uint256, proposal: uint256):
    self.proposals[proposal_id] = proposal | CANCELED
    log ProposalCanceled(proposalId=proposal_id)
    if proposal & QUEUED != 0:
        extcall ITimelock(TIMELOCK).cancel(self.operations[proposal_id])


@internal
def _adopt(proposal_class: uint256):
    word: uint256 = staticcall ICharter(CHARTER).current(proposal_class)
    self.adopted[proposal_class] = word
    log ParametersAdopted(proposal_class=proposal_class, version=word >> 232)


@internal
def _set_guardian(guardian: address):
    log VetoGuardianChanged(old=self.vetoGuardian, new=guardian)
    self.vetoGuardian = guardian


@internal
@pure
def _end(proposal: uint256) -> uint256:
    return ((proposal >> 160) & TIME) + ((proposal >> 200) & PERIOD)


@internal
@view
def _parameters(proposal: uint256) -> uint256:
    return staticcall ICharter(CHARTER).versions(
        (proposal >> 240) & 3, (proposal >> 224) & (2**16 - 1)
    )


@internal
@view
def _state(proposal_id: uint256, proposal: uint256) -> uint8:
    assert proposal != 0, "governor: unknown proposal"
    if proposal & CANCELED != 0:
        return CANCELED_STATE
    start: uint256 = (proposal >> 160) & TIME
    if block.timestamp <= start:
        return PENDING
    end: uint256 = start + ((proposal >> 200) & PERIOD)
    if block.timestamp <= end:
        return ACTIVE
    if proposal & QUEUED != 0:
        operation: uint8 = staticcall ITimelock(TIMELOCK).getOperationState(
            self.operations[proposal_id]
        )
        if operation == OPERATION_DONE:
            return EXECUTED
        if operation == OPERATION_EXPIRED:
            return EXPIRED
        if operation == OPERATION_UNSET:
            return CANCELED_STATE
        return QUEUED_STATE
    word: uint256 = self._parameters(proposal)
    if not self._passed(proposal_id, start, word):
        return DEFEATED
    if proposal & SIGNAL == 0 and block.timestamp > end + ((word >> 104) & PERIOD):
        return EXPIRED
    return SUCCEEDED


@internal
@view
def _passed(proposal_id: uint256, start: uint256, word: uint256) -> bool:
    both: uint256 = self.forAgainst[proposal_id]
    for_votes: uint256 = both & WEIGHT
    if for_votes * BASIS <= (for_votes + (both >> 128)) * ((word >> 64) & 65_535):
        return False
    return for_votes + self.abstained[proposal_id] >= self._quorum(start, word)


@internal
@view
def _quorum(start: uint256, word: uint256) -> uint256:
    """
    @notice Returns the least number of votes that reach a quorum.
    """
    total: uint256 = staticcall IVotes(TOKEN).getPastTotalSupply(start)
    return (total * ((word >> 48) & 65_535) + BASIS - 1) // BASIS


@internal
def _vote(
    proposal_id: uint256, voter: address, support: uint8, reason: String[REASON_MAX]
) -> uint256:
    assert support <= ABSTAIN, "governor: unknown support"
    weight: uint256 = self._use(proposal_id, voter, support, 0, 0, 0)
    log VoteCast(
        voter=voter, proposalId=proposal_id, support=support, weight=weight, reason=reason
    )
    return weight


@internal
def _vote_with_params(
    proposal_id: uint256,
    voter: address,
    support: uint8,
    reason: String[REASON_MAX],
    params: Bytes[PARAMS_SIZE],
) -> uint256:
    if support != FRACTIONS:
        assert len(params) == 0, "governor: params of no use"
        return self._vote(proposal_id, voter, support, reason)
    assert len(params) == PARAMS_SIZE, "governor: fractions are 48 bytes"
    weight: uint256 = self._use(
        proposal_id,
        voter,
        support,
        extract32(params, 0, output_type=uint256) >> 128,
        extract32(params, 0, output_type=uint256) & WEIGHT,
        extract32(params, 16, output_type=uint256) & WEIGHT,
    )
    log VoteCastWithParams(
        voter=voter,
        proposalId=proposal_id,
        support=support,
        weight=weight,
        reason=reason,
        params=params,
    )
    return weight


@internal
def _ballot(kind: bytes32, proposal_id: uint256, support: uint8, voter: address) -> bytes32:
    """
    @notice Returns what a voter signs, and uses up the nonce in it.
    """
    return eip712._digest(
        keccak256(abi_encode(kind, proposal_id, support, voter, self._used_nonce(voter)))
    )


@internal
def _used_nonce(account: address) -> uint256:
    nonce: uint256 = self.nonces[account]
    self.nonces[account] = nonce + 1
    return nonce


@internal
@pure
def _signer_account(signer: Bytes[SIGNER_MAX]) -> address:
    if len(signer) == 20:
        return convert(slice(signer, 0, 20), address)
    return convert(
        convert(keccak256(concat(SIGNER_ACCOUNT, signer)), uint256) & ADDRESS, address
    )


@internal
def _use(
    proposal_id: uint256,
    voter: address,
    support: uint8,
    against_part: uint256,
    for_part: uint256,
    abstain_part: uint256,
) -> uint256:
    """
    @notice Counts votes: all that are left for one side, or of a fractional vote its parts.
    @return How many were used.
    """
    proposal: uint256 = self.proposals[proposal_id]
    start: uint256 = (proposal >> 160) & TIME
    end: uint256 = start + ((proposal >> 200) & PERIOD)
    assert proposal != 0, "governor: unknown proposal"
    assert (
        block.timestamp > start and block.timestamp <= end and proposal & CANCELED == 0
    ), "governor: not active"
    used: uint256 = self.used[proposal_id][voter]
    weight: uint256 = staticcall IVotes(TOKEN).getPastVotes(voter, start)
    assert used < weight, "governor: no votes left"
    weight -= used
    against_votes: uint256 = against_part
    for_votes: uint256 = for_part
    abstain_votes: uint256 = abstain_part
    if support == FRACTIONS:
        parts: uint256 = against_votes + for_votes + abstain_votes
        assert parts != 0, "governor: empty fractions"
        assert parts <= weight, "governor: fractions exceed"
        weight = parts
    elif support == YES:
        for_votes = weight
    elif support == NO:
        against_votes = weight
    else:
        abstain_votes = weight
    self.used[proposal_id][voter] = used + weight
    both: uint256 = self.forAgainst[proposal_id]
    if both == 0 and self.abstained[proposal_id] == 0:
        self._admit(proposal)
    if for_votes | against_votes != 0:
        self.forAgainst[proposal_id] = both + (for_votes | (against_votes << 128))
    if abstain_votes != 0:
        self.abstained[proposal_id] += abstain_votes
    # Only near the end: a quorum that is reached then leaves the others time to answer.
    extension: uint256 = (proposal >> 248) * HOUR
    if proposal & SETTLED == 0 and block.timestamp + extension > end:
        self._settle(proposal_id, proposal, start, end, for_votes + abstain_votes, extension)
    return weight


@internal
def _admit(proposal: uint256):
    """
    @notice Takes one of the places that the proposer has for proposals under vote, at the first
            vote. Nobody can so fill the time of the voters, and proposing stays cheap.
    """
    proposer: address = convert(proposal & ADDRESS, address)
    end: uint256 = self._end(proposal)
    places: uint256 = self.underVote[proposer]
    if places & TIME < block.timestamp:
        places = end
    assert places >> 40 < PLACES, "governor: too many under vote"
    self.underVote[proposer] = max(places & TIME, end) | (((places >> 40) + 1) << 40)


@internal
def _settle(
    proposal_id: uint256,
    proposal: uint256,
    start: uint256,
    end: uint256,
    added: uint256,
    extension: uint256,
):
    """
    @notice Moves the deadline, once, where these votes reached the quorum.
    """
    reached: uint256 = (self.forAgainst[proposal_id] & WEIGHT) + self.abstained[proposal_id]
    quorum: uint256 = self._quorum(start, self._parameters(proposal))
    if reached < quorum:
        return
    settled: uint256 = proposal | SETTLED
    if reached - added < quorum:
        settled += (block.timestamp + extension - end) << 200
        log ProposalExtended(
            proposalId=proposal_id, extendedDeadline=convert(block.timestamp + extension, uint64)
        )
    self.proposals[proposal_id] = settled
