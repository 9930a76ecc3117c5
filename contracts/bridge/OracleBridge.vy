# pragma version 0.4.3
# pragma nonreentrancy on
# SPDX-License-Identifier: MIT
"""
@title Answers from the session layer
@license MIT
@notice Contracts ask for the outcome of a session and leave a fee; whoever first proves it by an
        anchored root gets the fee, and the asker is called. A callback that fails changes nothing:
        the answer is there to be read, and the call can be made again.
        Who may do what: anybody asks, answers, makes a failed call again, or ends a request that is
        too old; the asker then has its fee back. The DAO sets the smallest fee, and nothing else.
        Whom to trust: what SessionAnchor trusts. Relayers can be late, not wrong.
@dev Callbacks are called by this contract with `onSession` only: check `msg.sender`, and that the
     requester is you. Money is collected, never sent along.
"""

from . import ISessionAnchor

CALLBACK_GAS_MAX: constant(uint256) = 1_000_000
TIMEOUT_MIN: constant(uint256) = 60
TIMEOUT_MAX: constant(uint256) = 2_592_000
AGE_MAX: constant(uint256) = 2**40 - 1
FEE_MAX: constant(uint256) = 2**128 - 1
GAS_AFTER: constant(uint256) = 20_000
# onSession(uint256,address,uint64,(bytes32,uint8,bytes32,bytes32,bytes32))
ON_SESSION: constant(bytes4) = 0x2268a889

# A session that is over: its outcome does not change any more.
FINALIZED: constant(uint8) = 3
FAILED_SESSION: constant(uint8) = 4

# States of a request.
PENDING: constant(uint256) = 1
ANSWERED: constant(uint256) = 2
FAILED: constant(uint256) = 3
EXPIRED: constant(uint256) = 4

# Places in the words of a request.
GAS_AT: constant(uint256) = 160
STATUS_AT: constant(uint256) = 192
AGE_AT: constant(uint256) = 200
DEADLINE_AT: constant(uint256) = 160
EPOCH_AT: constant(uint256) = 128
STATE_AT: constant(uint256) = 192
BITS_32: constant(uint256) = 2**32 - 1
BITS_48: constant(uint256) = 2**48 - 1
BITS_64: constant(uint256) = 2**64 - 1
BITS_160: constant(uint256) = 2**160 - 1

DAO: public(immutable(address))
ANCHOR: public(immutable(address))


struct Request:
    sessionId: bytes32
    asker: uint256  # age << 200 | status << 192 | gas of the callback << 160 | requester
    target: uint256  # deadline << 160 | callback
    fee: uint256  # session state << 192 | epoch << 128 | fee


event Requested:
    requestId: indexed(uint256)
    requester: indexed(address)
    sessionId: indexed(bytes32)
    callback: address
    callbackGas: uint256
    maxAge: uint256
    deadline: uint256
    fee: uint256


event Answered:
    requestId: indexed(uint256)
    relayer: indexed(address)
    epoch: uint64
    state: uint8
    outputHash: bytes32


event Called:
    requestId: indexed(uint256)
    succeeded: bool


event Expired:
    requestId: indexed(uint256)


event Collected:
    account: indexed(address)
    amount: uint256


event FeeSet:
    old: uint256
    new: uint256


requestCount: public(uint256)
minFee: public(uint256)
owed: public(HashMap[address, uint256])
requests: HashMap[uint256, Request]
outputs: HashMap[uint256, bytes32]


@deploy
def __init__(dao: address, anchor: address, min_fee: uint256):
    assert dao != empty(address), "oracle: no dao"
    assert anchor.is_contract, "oracle: no anchor"
    assert min_fee <= FEE_MAX, "oracle: fee is too large"
    DAO = dao
    ANCHOR = anchor
    self.minFee = min_fee


# --- Asking ---


@external
@payable
def requestSession(
    sessionId: bytes32, callback: address, callbackGas: uint256, maxAge: uint256, timeout: uint256
) -> uint256:
    """
    @notice Asks for the outcome of a session, for a fee of the value sent.
    @param callback Who is called with the answer; the zero address where nobody is.
    @param maxAge How many seconds ago the epoch that answers may have been anchored.
    @param timeout How many seconds from now an answer is taken.
    """
    assert sessionId != empty(bytes32), "oracle: no session"
    assert msg.value >= self.minFee, "oracle: fee is too small"
    assert msg.value <= FEE_MAX, "oracle: fee is too large"
    assert callbackGas <= CALLBACK_GAS_MAX, "oracle: too much callback gas"
    if callback != empty(address):
        assert callback.is_contract, "oracle: callback has no code"
    assert maxAge <= AGE_MAX, "oracle: age out of bounds"
    assert timeout >= TIMEOUT_MIN, "oracle: timeout out of bounds"
    assert timeout <= TIMEOUT_MAX, "oracle: timeout out of bounds"
    requestId: uint256 = self.requestCount + 1
    deadline: uint256 = block.timestamp + timeout
    self.requestCount = requestId
    self.requests[requestId] = Request(
        sessionId=sessionId,
        asker=(
            maxAge << AGE_AT
            | PENDING << STATUS_AT
            | callbackGas << GAS_AT
            | convert(msg.sender, uint256)
        ),
        target=deadline << DEADLINE_AT | convert(callback, uint256),
        fee=msg.value,
    )
    log Requested(
        requestId=requestId,
        requester=msg.sender,
        sessionId=sessionId,
        callback=callback,
        callbackGas=callbackGas,
        maxAge=maxAge,
        deadline=deadline,
        fee=msg.value,
    )
    return requestId


# --- Answering ---


@external
def answer(
    requestId: uint256,
    epoch: uint64,
    leaf: ISessionAnchor.SessionLeaf,
    index: uint64,
    proof: DynArray[bytes32, 32],
):
    """
    @notice Proves the outcome that a request asks for, and earns its fee.
    """
    asker: uint256 = self.requests[requestId].asker
    assert self._status(asker) == PENDING, "oracle: not pending"
    target: uint256 = self.requests[requestId].target
    assert block.timestamp < target >> DEADLINE_AT, "oracle: too late"
    assert leaf.sessionId == self.requests[requestId].sessionId, "oracle: other session"
    assert leaf.state == FINALIZED or leaf.state == FAILED_SESSION, "oracle: session is not over"
    anchored: uint256 = staticcall ISessionAnchor(ANCHOR).anchoredAt(epoch)
    assert anchored + (asker >> AGE_AT) >= block.timestamp, "oracle: stale"
    assert staticcall ISessionAnchor(ANCHOR).verifySession(
        epoch, leaf, index, proof
    ), "oracle: not proven"

    fee: uint256 = self.requests[requestId].fee
    self.requests[requestId].asker = self._with_status(asker, ANSWERED)
    self.requests[requestId].fee = (
        fee | convert(epoch, uint256) << EPOCH_AT | convert(leaf.state, uint256) << STATE_AT
    )
    self.outputs[requestId] = leaf.outputHash
    self.owed[msg.sender] += fee
    log Answered(
        requestId=requestId,
        relayer=msg.sender,
        epoch=epoch,
        state=leaf.state,
        outputHash=leaf.outputHash,
    )
    if target & BITS_160 != 0:
        succeeded: bool = self._call(requestId, asker, target, epoch, leaf)
        if not succeeded:
            self.requests[requestId].asker = self._with_status(asker, FAILED)
        log Called(requestId=requestId, succeeded=succeeded)


@external
def retry(
    requestId: uint256,
    leaf: ISessionAnchor.SessionLeaf,
    index: uint64,
    proof: DynArray[bytes32, 32],
):
    """
    @notice Makes a callback again that failed, with the same answer.
    """
    asker: uint256 = self.requests[requestId].asker
    assert self._status(asker) == FAILED, "oracle: callback did not fail"
    assert leaf.sessionId == self.requests[requestId].sessionId, "oracle: other session"
    epoch: uint64 = convert(self.requests[requestId].fee >> EPOCH_AT & BITS_64, uint64)
    assert staticcall ISessionAnchor(ANCHOR).verifySession(
        epoch, leaf, index, proof
    ), "oracle: not proven"
    self.requests[requestId].asker = self._with_status(asker, ANSWERED)
    assert self._call(
        requestId, asker, self.requests[requestId].target, epoch, leaf
    ), "oracle: callback failed again"
    log Called(requestId=requestId, succeeded=True)


@external
def expire(requestId: uint256):
    """
    @notice Ends a request that nobody answered in time. Its fee is the asker's again.
    """
    asker: uint256 = self.requests[requestId].asker
    assert self._status(asker) == PENDING, "oracle: not pending"
    assert (
        block.timestamp >= self.requests[requestId].target >> DEADLINE_AT
    ), "oracle: can still be answered"
    self.requests[requestId].asker = self._with_status(asker, EXPIRED)
    self.owed[convert(asker & BITS_160, address)] += self.requests[requestId].fee
    log Expired(requestId=requestId)


@external
def collect(to: address):
    """
    @notice Sends the caller's fees to an account.
    """
    amount: uint256 = self.owed[msg.sender]
    assert amount != 0, "oracle: nothing is owed"
    assert to != empty(address), "oracle: to nobody"
    self.owed[msg.sender] = 0
    log Collected(account=msg.sender, amount=amount)
    raw_call(to, b"", value=amount)


@external
def setMinFee(fee: uint256):
    assert msg.sender == DAO, "oracle: only the dao"
    assert fee <= FEE_MAX, "oracle: fee is too large"
    log FeeSet(old=self.minFee, new=fee)
    self.minFee = fee


# --- Reading ---


@external
@view
@reentrant
def statusOf(requestId: uint256) -> uint256:
    """
    @notice Returns 0 for no request, 1 pending, 2 answered, 3 answered with a failed callback,
            4 expired.
    """
    return self._status(self.requests[requestId].asker)


@external
@view
@reentrant
def answerOf(requestId: uint256) -> (uint64, uint8, bytes32):
    """
    @notice Returns epoch, state of the session and hash of its output.
    """
    assert self._status(self.requests[requestId].asker) in [ANSWERED, FAILED], "oracle: no answer"
    word: uint256 = self.requests[requestId].fee
    return (
        convert(word >> EPOCH_AT & BITS_64, uint64),
        convert(word >> STATE_AT, uint8),
        self.outputs[requestId],
    )


@external
@view
@reentrant
def requestOf(
    requestId: uint256,
) -> (bytes32, address, address, uint256, uint256, uint256, uint256):
    """
    @notice Returns session, requester, callback, its gas, greatest age, deadline and fee.
    """
    request: Request = self.requests[requestId]
    return (
        request.sessionId,
        convert(request.asker & BITS_160, address),
        convert(request.target & BITS_160, address),
        request.asker >> GAS_AT & BITS_32,
        request.asker >> AGE_AT,
        request.target >> DEADLINE_AT,
        request.fee & FEE_MAX,
    )


# --- Inside ---


@internal
@pure
def _status(asker: uint256) -> uint256:
    return asker >> STATUS_AT & 255


@internal
@pure
def _with_status(asker: uint256, status: uint256) -> uint256:
    return asker & ~(255 << STATUS_AT) | status << STATUS_AT


@internal
def _call(
    requestId: uint256,
    asker: uint256,
    target: uint256,
    epoch: uint64,
    leaf: ISessionAnchor.SessionLeaf,
) -> bool:
    """
    @notice Calls back with all the gas that was asked for, and tells whether that succeeded.
    """
    allowance: uint256 = asker >> GAS_AT & BITS_32
    data: Bytes[324] = abi_encode(
        requestId,
        convert(asker & BITS_160, address),
        epoch,
        leaf,
        method_id=ON_SESSION,
    )
    # A call gets at most 63/64 of what there is: nobody makes it fail by bringing too little.
    assert msg.gas >= allowance + allowance // 63 + GAS_AFTER, "oracle: too little gas"
    return raw_call(
        convert(target & BITS_160, address),
        data,
        gas=allowance,
        max_outsize=0,
        revert_on_failure=False,
    )
