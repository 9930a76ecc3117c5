# pragma version 0.4.3
# pragma nonreentrancy on
# SPDX-License-Identifier: MIT
"""
@title The timelock: nothing happens before its time
@license MIT
@notice Holds the batches that the governor schedules, and has the Safe execute them, whose module
        it is: a batch runs not before its delay, not after its window, whole or not at all, once,
        and only while its targets have the code they had when it was scheduled. Anybody may
        execute. The governor, the veto guardian and the DAO may cancel.
@dev Delays are at least the minimum, which the DAO sets, not below a day. What the Safe does for a
     batch reaches its targets with the Safe as the caller. An operation is one word, from its low
     end: time from which it may run 40 bits, time until which 40, class of the proposal 8, done 1.
"""


interface IGovernor:
    def vetoGuardian() -> address: view


event CallScheduled:
    id: indexed(bytes32)
    index: indexed(uint256)
    target: address
    value: uint256
    data: Bytes[CALLDATA_MAX]
    predecessor: bytes32
    delay: uint256


event CallSalt:
    id: indexed(bytes32)
    salt: bytes32


event OperationExecuted:
    id: indexed(bytes32)


event Cancelled:
    id: indexed(bytes32)


event MinDelayChange:
    oldDuration: uint256
    newDuration: uint256


event GovernorChanged:
    old: indexed(address)
    new: indexed(address)


ACTIONS_MAX: constant(uint256) = 16
CALLDATA_MAX: constant(uint256) = 1024
RETURN_MAX: constant(uint256) = 4096  # what the Safe answers with at most

DELAY_FLOOR: constant(uint256) = 86_400
DELAY_CEILING: constant(uint256) = 30 * 86_400
WINDOW_FLOOR: constant(uint256) = 3 * 86_400
WINDOW_CEILING: constant(uint256) = 30 * 86_400

# execTransactionFromModuleReturnData(address,uint256,bytes,uint8)
EXECUTE: constant(bytes4) = 0x5229073f
NO_CODE: constant(bytes32) = keccak256(b"")
TIME: constant(uint256) = 2**40 - 1
DONE: constant(uint256) = 1 << 88

# As OpenZeppelin numbers the states of an operation.
UNSET: constant(uint8) = 0
WAITING: constant(uint8) = 1
READY: constant(uint8) = 2
EXECUTED: constant(uint8) = 3
EXPIRED: constant(uint8) = 4

DAO: public(immutable(address))
DEPLOYER: immutable(address)

minDelay: uint256
governor: public(address)
operations: HashMap[bytes32, uint256]
running: transient(uint256)


@deploy
def __init__(dao: address, deployer: address, min_delay: uint256):
    """
    @param dao The Safe that executes.
    @param deployer Who names the governor, once.
    """
    assert dao != empty(address), "timelock: no dao"
    DAO = dao
    DEPLOYER = deployer
    self._set_min_delay(min_delay)


# --- The way of a batch -----------------------------------------------------------------------


@external
def schedule(
    targets: DynArray[address, ACTIONS_MAX],
    values: DynArray[uint256, ACTIONS_MAX],
    calldatas: DynArray[Bytes[CALLDATA_MAX], ACTIONS_MAX],
    predecessor: bytes32,
    salt: bytes32,
    delay: uint256,
    window: uint256,
    proposal_class: uint8,
) -> (bytes32, uint256):
    """
    @notice Takes a batch from the governor, to run after a delay, for as long as a window.
    @param predecessor An operation that must be done before, or nothing.
    @param delay Raised to the minimum where it is less: a vote that passed is not lost.
    @return What the operation is called, and when it may run.
    """
    assert msg.sender == self.governor, "timelock: only the governor"
    assert delay <= DELAY_CEILING, "timelock: delay too long"
    assert window >= WINDOW_FLOOR, "timelock: window too short"
    assert window <= WINDOW_CEILING, "timelock: window too long"
    count: uint256 = len(targets)
    assert count != 0, "timelock: no actions"
    assert len(values) == count, "timelock: lengths differ"
    assert len(calldatas) == count, "timelock: lengths differ"
    id: bytes32 = keccak256(abi_encode(predecessor, salt))
    for i: uint256 in range(count, bound=ACTIONS_MAX):
        id = self._chained(id, targets[i], values[i], keccak256(calldatas[i]))
    assert self.operations[id] == 0, "timelock: already scheduled"
    ready: uint256 = block.timestamp + max(delay, self.minDelay)
    self.operations[id] = (
        ready | ((ready + window) << 40) | (convert(proposal_class, uint256) << 80)
    )
    for i: uint256 in range(count, bound=ACTIONS_MAX):
        log CallScheduled(
            id=id,
            index=i,
            target=targets[i],
            value=values[i],
            data=calldatas[i],
            predecessor=predecessor,
            delay=ready - block.timestamp,
        )
    log CallSalt(id=id, salt=salt)
    return id, ready


@external
def execute(
    targets: DynArray[address, ACTIONS_MAX],
    values: DynArray[uint256, ACTIONS_MAX],
    calldatas: DynArray[Bytes[CALLDATA_MAX], ACTIONS_MAX],
    predecessor: bytes32,
    salt: bytes32,
):
    """
    @notice Has the Safe make the calls of a batch. The first that fails takes all back.
    """
    count: uint256 = len(targets)
    assert len(values) == count, "timelock: lengths differ"
    assert len(calldatas) == count, "timelock: lengths differ"
    id: bytes32 = keccak256(abi_encode(predecessor, salt))
    for i: uint256 in range(count, bound=ACTIONS_MAX):
        id = self._chained(id, targets[i], values[i], keccak256(calldatas[i]))
    operation: uint256 = self.operations[id]
    assert operation != 0, "timelock: not scheduled"
    assert operation & DONE == 0, "timelock: already executed"
    assert block.timestamp >= operation & TIME, "timelock: too early"
    assert block.timestamp <= (operation >> 40) & TIME, "timelock: too late"
    if predecessor != empty(bytes32):
        assert self.operations[predecessor] & DONE != 0, "timelock: predecessor not done"

    self.operations[id] = operation | DONE
    self.running = ((operation >> 80) & 255) + 1
    for i: uint256 in range(count, bound=ACTIONS_MAX):
        # By raw_call: as an interface, the compiler sends the whole bound of each argument.
        answer: Bytes[RETURN_MAX + 96] = raw_call(
            DAO,
            abi_encode(
                targets[i], values[i], calldatas[i], convert(0, uint8), method_id=EXECUTE
            ),
            max_outsize=RETURN_MAX + 96,
        )
        success: bool = False
        reason: Bytes[RETURN_MAX] = b""
        success, reason = abi_decode(answer, (bool, Bytes[RETURN_MAX]))
        if not success:
            if len(reason) != 0:
                raw_revert(reason)
            raise "timelock: action failed"
    log OperationExecuted(id=id)
    self.running = 0


@external
@reentrant
def cancel(id: bytes32):
    """
    @notice Takes a batch away that was not executed; the same may be scheduled again.
    """
    assert self._may_cancel(msg.sender), "timelock: may not cancel"
    operation: uint256 = self.operations[id]
    assert operation != 0, "timelock: not scheduled"
    assert operation & DONE == 0, "timelock: already executed"
    self.operations[id] = 0
    log Cancelled(id=id)


# --- Roles and the delay ----------------------------------------------------------------------


@external
def setup(governor: address):
    """
    @notice Names the first governor. The deployer does it, once.
    """
    assert msg.sender == DEPLOYER, "timelock: only the deployer"
    assert self.governor == empty(address), "timelock: already set up"
    self._set_governor(governor)


@external
@reentrant
def setGovernor(governor: address):
    """
    @notice Lets another governor schedule. What was scheduled stays.
    """
    assert msg.sender == DAO, "timelock: only the dao"
    self._set_governor(governor)


@external
@reentrant
def updateDelay(new: uint256):
    """
    @notice Sets the minimum of delays to come.
    """
    assert msg.sender == DAO, "timelock: only the dao"
    self._set_min_delay(new)


# --- Reads ------------------------------------------------------------------------------------


@external
@view
@reentrant
def getMinDelay() -> uint256:
    return self.minDelay


@external
@view
@reentrant
def getTimestamp(id: bytes32) -> uint256:
    """
    @notice Returns when an operation may run at the earliest, or 0. That of a done one is 1.
    """
    operation: uint256 = self.operations[id]
    if operation & DONE != 0:
        return 1
    return operation & TIME


@external
@view
@reentrant
def getWindow(id: bytes32) -> (uint256, uint256):
    """
    @notice Returns the first and the last second in which an operation may or might have run.
    """
    operation: uint256 = self.operations[id]
    return operation & TIME, (operation >> 40) & TIME


@external
@view
@reentrant
def getOperationState(id: bytes32) -> uint8:
    """
    @notice Returns 0 unset, 1 waiting, 2 ready, 3 done, 4 expired.
    """
    operation: uint256 = self.operations[id]
    if operation == 0:
        return UNSET
    if operation & DONE != 0:
        return EXECUTED
    if block.timestamp < operation & TIME:
        return WAITING
    if block.timestamp <= (operation >> 40) & TIME:
        return READY
    return EXPIRED


@external
@view
@reentrant
def executingClass() -> (bool, uint256):
    """
    @notice Tells a contract that the Safe calls whether a batch is running, and of which class the
            proposal is: so it can ask for the vote that its rules demand.
    """
    running: uint256 = self.running
    if running == 0:
        return False, 0
    return True, running - 1


@external
@view
@reentrant
def hashOperationBatch(
    targets: DynArray[address, ACTIONS_MAX],
    values: DynArray[uint256, ACTIONS_MAX],
    calldatas: DynArray[Bytes[CALLDATA_MAX], ACTIONS_MAX],
    predecessor: bytes32,
    salt: bytes32,
) -> bytes32:
    """
    @notice Returns what an operation is called, by the code that its targets have now.
    """
    id: bytes32 = keccak256(abi_encode(predecessor, salt))
    for i: uint256 in range(len(targets), bound=ACTIONS_MAX):
        id = self._chained(id, targets[i], values[i], keccak256(calldatas[i]))
    return id


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
def _may_cancel(account: address) -> bool:
    if account == self.governor or account == DAO:
        return True
    return account == staticcall IGovernor(self.governor).vetoGuardian()


@internal
def _set_governor(governor: address):
    assert governor != empty(address), "timelock: no governor"
    log GovernorChanged(old=self.governor, new=governor)
    self.governor = governor


@internal
def _set_min_delay(new: uint256):
    assert new >= DELAY_FLOOR, "timelock: below the floor"
    assert new <= DELAY_CEILING, "timelock: above the ceiling"
    log MinDelayChange(oldDuration=self.minDelay, newDuration=new)
    self.minDelay = new
