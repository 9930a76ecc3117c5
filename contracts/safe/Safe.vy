# SPDX-License-Identifier: MIT
# What it is for: an account of n owners of whom m sign, and the authority of the DAO. Hashes,
#   signature blobs, events and function names are those of Safe 1.5.0, so its tools work.
# Who may do what: m owners execute anything by `execTransaction`; an enabled module executes
#   without signatures; owners, modules, guards and the list of delegate calls change only by a
#   call of the safe to itself. A governed safe takes such a call only when a module started it:
#   signers cannot rotate themselves, and cannot take a guard away.
# Trust model: modules are trusted wholly, listed targets of delegate calls too. Guards may refuse.
#   Differences from Safe 1.5.0 are listed in docs/safe.md.
# pragma version 0.4.3
# pragma optimize gas
# pragma nonreentrancy on

from ..modules import ecdsa


interface IERC165:
    def supportsInterface(interfaceId: bytes4) -> bool: view


VERSION: public(constant(String[10])) = "1.5.0+pars"

MAX_OWNERS: constant(uint256) = 32
MAX_MODULES: constant(uint256) = 16
MAX_DATA: constant(uint256) = 8192
MAX_SIGNATURES: constant(uint256) = 5120  # 32 plain ones, or 6 beside one of ML-DSA-87 (4,627)
MAX_RETURN: constant(uint256) = 4096
SENTINEL: constant(address) = 0x0000000000000000000000000000000000000001

CALL: constant(uint8) = 0
DELEGATECALL: constant(uint8) = 1

DOMAIN_TYPEHASH: constant(bytes32) = keccak256(
    "EIP712Domain(uint256 chainId,address verifyingContract)"
)
# keccak256 of "SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,
#   uint256 baseGas,uint256 gasPrice,address gasToken,address refundReceiver,uint256 nonce)"
SAFE_TX_TYPEHASH: constant(bytes32) = (
    0xBB8310D486368DB6BD6F849402FDD73AD53D316B5A4B2644AD6EFE0F941286D8
)
SAFE_MESSAGE_TYPEHASH: constant(bytes32) = keccak256("SafeMessage(bytes message)")
ERC1271_MAGIC: constant(bytes4) = 0x1626BA7E

# Guards and contracts that sign are asked by `raw_call`: as an interface, the compiler sends the
# whole bound of each argument, here 16 KB, whatever its length.
# The first is checkTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,
#   bytes,address).
CHECK_TRANSACTION: constant(bytes4) = 0x75F0BB52
CHECK_AFTER_EXECUTION: constant(bytes4) = method_id(
    "checkAfterExecution(bytes32,bool)", output_type=bytes4
)
CHECK_MODULE_TRANSACTION: constant(bytes4) = method_id(
    "checkModuleTransaction(address,uint256,bytes,uint8,address)", output_type=bytes4
)
CHECK_AFTER_MODULE_EXECUTION: constant(bytes4) = method_id(
    "checkAfterModuleExecution(bytes32,bool)", output_type=bytes4
)

TRANSACTION_GUARD_ID: constant(bytes4) = 0xE6D7A83A
MODULE_GUARD_ID: constant(bytes4) = 0x58401ED8
ERC165_ID: constant(bytes4) = 0x01FFC9A7
ERC721_RECEIVER_ID: constant(bytes4) = 0x150B7A02
ERC1155_RECEIVER_ID: constant(bytes4) = 0x4E2312E0
ERC1155_RECEIVED: constant(bytes4) = 0xF23A6E61
ERC1155_BATCH_RECEIVED: constant(bytes4) = 0xBC197C81

# The word that each execution reads and writes: one slot for all that it needs.
#   nonce 0..47 | threshold 48..55 | owners 56..63 | governed 64..71 | tenures 72..95 |
#   guard 96..255
NONCE_MASK: constant(uint256) = 2**48 - 1
BYTE_MASK: constant(uint256) = 2**8 - 1
TENURES_MASK: constant(uint256) = 2**24 - 1
THRESHOLD_AT: constant(uint256) = 48
COUNT_AT: constant(uint256) = 56
GOVERNED_AT: constant(uint256) = 64
TENURES_AT: constant(uint256) = 72
GUARD_AT: constant(uint256) = 96
ADDRESS_MASK: constant(uint256) = 2**160 - 1
TENURE_AT: constant(uint256) = 160

DEPLOYER: public(immutable(address))


event SafeSetup:
    initiator: indexed(address)
    owners: DynArray[address, MAX_OWNERS]
    threshold: uint256
    initializer: address
    fallbackHandler: address


event SafeReceived:
    sender: indexed(address)
    value: uint256


event ExecutionSuccess:
    txHash: indexed(bytes32)
    payment: uint256


event ExecutionFailure:
    txHash: indexed(bytes32)
    payment: uint256


event ExecutionFromModuleSuccess:
    module: indexed(address)


event ExecutionFromModuleFailure:
    module: indexed(address)


event ApproveHash:
    approvedHash: indexed(bytes32)
    owner: indexed(address)


event AddedOwner:
    owner: indexed(address)


event RemovedOwner:
    owner: indexed(address)


event ChangedThreshold:
    threshold: uint256


event EnabledModule:
    module: indexed(address)


event DisabledModule:
    module: indexed(address)


event ChangedGuard:
    guard: indexed(address)


event ChangedModuleGuard:
    moduleGuard: indexed(address)


event ChangedDelegateTarget:
    target: indexed(address)
    codeHash: bytes32


packed: uint256
module_guard: address
module_count: uint256
owners: HashMap[address, uint256]  # next owner | the number of this tenure << 160
modules: HashMap[address, address]
approvals: HashMap[address, HashMap[bytes32, uint256]]  # the tenure in which it was given
delegate_targets: HashMap[address, bytes32]  # the hash of the code that was listed
by_module: transient(bool)


@deploy
def __init__(deployer: address):
    """
    @param deployer Who may call `setup`, once; for a factory's implementation, the factory.
    """
    assert deployer != empty(address), "safe: no deployer"
    DEPLOYER = deployer


# --- Setting up -------------------------------------------------------------------------------


@external
def setup(
    owners: DynArray[address, MAX_OWNERS],
    threshold: uint256,
    modules: DynArray[address, MAX_MODULES],
    guard: address,
    module_guard: address,
    governed: bool,
):
    """
    @notice Sets the first owners, modules and guards, once.
    @param governed Whether the safe's own settings change only through a module.
    """
    assert msg.sender == DEPLOYER, "safe: only the deployer"
    assert self.packed == 0, "safe: already set up"
    assert len(owners) != 0, "safe: no owners"
    assert threshold != 0, "safe: threshold is zero"
    assert threshold <= len(owners), "safe: threshold above owners"
    assert not governed or len(modules) != 0, "safe: governed by no module"
    self.packed = threshold << THRESHOLD_AT | convert(governed, uint256) << GOVERNED_AT
    self.owners[SENTINEL] = convert(SENTINEL, uint256)
    self.modules[SENTINEL] = SENTINEL
    last: uint256 = len(owners)
    for i: uint256 in range(last, bound=MAX_OWNERS):
        self._link_owner(owners[last - 1 - i], SENTINEL)
    for module: address in modules:
        self._enable_module(module)
    if guard != empty(address):
        self._set_guard(guard)
    if module_guard != empty(address):
        self._set_module_guard(module_guard)
    log SafeSetup(
        initiator=msg.sender,
        owners=owners,
        threshold=threshold,
        initializer=empty(address),
        fallbackHandler=empty(address),
    )


# --- Executing --------------------------------------------------------------------------------


@external
@payable
def execTransaction(
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
) -> bool:
    """
    @notice Executes what enough owners signed. With `safeTxGas` zero a failing call reverts all;
            else the failure is told by an event and the nonce is used.
    """
    assert gasPrice == 0, "safe: refunds are refused"
    state: uint256 = self.packed
    self.packed = state + 1  # 2**48 executions do not happen
    tx_hash: bytes32 = self._transaction_hash(
        to,
        amount,
        keccak256(data),
        operation,
        safeTxGas,
        baseGas,
        gasPrice,
        gasToken,
        refundReceiver,
        state & NONCE_MASK,
    )
    self._check_signatures(
        msg.sender, tx_hash, signatures, state >> THRESHOLD_AT & BYTE_MASK
    )
    guard: address = convert(state >> GUARD_AT, address)
    if guard != empty(address):
        raw_call(
            guard,
            abi_encode(
                to,
                amount,
                data,
                operation,
                safeTxGas,
                baseGas,
                gasPrice,
                gasToken,
                refundReceiver,
                signatures,
                msg.sender,
                method_id=CHECK_TRANSACTION,
            ),
        )
    self._check_operation(to, operation)
    success: bool = True
    if safeTxGas == 0:
        if operation == CALL:
            raw_call(to, data, value=amount)
        else:
            raw_call(to, data, is_delegate_call=True)
    else:
        # As in Safe: what is left after the event, less the 64th part that a call keeps back.
        left: uint256 = msg.gas
        assert left > 3000, "safe: too little gas"
        assert safeTxGas <= (left - 3000) * 63 // 64, "safe: too little gas"
        if operation == CALL:
            success = raw_call(
                to, data, value=amount, gas=msg.gas - 2500, revert_on_failure=False
            )
        else:
            success = raw_call(
                to, data, gas=msg.gas - 2500, is_delegate_call=True, revert_on_failure=False
            )
    if success:
        log ExecutionSuccess(txHash=tx_hash, payment=0)
    else:
        log ExecutionFailure(txHash=tx_hash, payment=0)
    if guard != empty(address):
        raw_call(guard, abi_encode(tx_hash, success, method_id=CHECK_AFTER_EXECUTION))
    return success


@external
def execTransactionFromModule(
    to: address, amount: uint256, data: Bytes[MAX_DATA], operation: uint8
) -> bool:
    """
    @notice Executes for an enabled module. A failing call is told by the answer and an event.
    """
    guard: address = empty(address)
    guard_hash: bytes32 = empty(bytes32)
    guard, guard_hash = self._before_module(to, amount, data, operation)
    success: bool = False
    if operation == CALL:
        success = raw_call(to, data, value=amount, revert_on_failure=False)
    else:
        success = raw_call(to, data, is_delegate_call=True, revert_on_failure=False)
    self._after_module(guard, guard_hash, success)
    return success


@external
def execTransactionFromModuleReturnData(
    to: address, amount: uint256, data: Bytes[MAX_DATA], operation: uint8
) -> (bool, Bytes[MAX_RETURN]):
    """
    @notice As `execTransactionFromModule`, with the first 4096 bytes of what the call returned.
    """
    guard: address = empty(address)
    guard_hash: bytes32 = empty(bytes32)
    guard, guard_hash = self._before_module(to, amount, data, operation)
    success: bool = False
    answer: Bytes[MAX_RETURN] = b""
    if operation == CALL:
        success, answer = raw_call(
            to, data, max_outsize=MAX_RETURN, value=amount, revert_on_failure=False
        )
    else:
        success, answer = raw_call(
            to, data, max_outsize=MAX_RETURN, is_delegate_call=True, revert_on_failure=False
        )
    self._after_module(guard, guard_hash, success)
    return success, answer


@external
def approveHash(hashToApprove: bytes32):
    """
    @notice Signs a hash on chain, for as long as the caller stays an owner without a break.
    """
    tenure: uint256 = self.owners[msg.sender] >> TENURE_AT
    assert tenure != 0, "safe: only an owner"
    self.approvals[msg.sender][hashToApprove] = tenure
    log ApproveHash(approvedHash=hashToApprove, owner=msg.sender)


# --- Settings: by a call of the safe to itself ------------------------------------------------


@external
@reentrant
def addOwnerWithThreshold(owner: address, threshold: uint256):
    self._only_itself()
    assert self.packed >> COUNT_AT & BYTE_MASK < MAX_OWNERS, "safe: too many owners"
    self._link_owner(owner, SENTINEL)
    self._set_threshold(threshold)


@external
@reentrant
def removeOwner(prevOwner: address, owner: address, threshold: uint256):
    self._only_itself()
    self._unlink_owner(prevOwner, owner)
    self._set_threshold(threshold)


@external
@reentrant
def swapOwner(prevOwner: address, oldOwner: address, newOwner: address):
    self._only_itself()
    # Linked first: an owner cannot be swapped with itself.
    self._link_owner(newOwner, oldOwner)
    self._unlink_owner(prevOwner, oldOwner)


@external
@reentrant
def changeThreshold(threshold: uint256):
    self._only_itself()
    self._set_threshold(threshold)


@external
@reentrant
def enableModule(module: address):
    self._only_itself()
    self._enable_module(module)


@external
@reentrant
def disableModule(prevModule: address, module: address):
    self._only_itself()
    assert module != empty(address) and module != SENTINEL, "safe: not a module"
    assert self.modules[prevModule] == module, "safe: wrong previous module"
    # Else nothing could ever change a governed safe again.
    assert self.module_count > 1 or not self._is_governed(), "safe: last module of governance"
    self.modules[prevModule] = self.modules[module]
    self.modules[module] = empty(address)
    self.module_count -= 1
    log DisabledModule(module=module)


@external
@reentrant
def setGuard(guard: address):
    self._only_itself()
    self._set_guard(guard)


@external
@reentrant
def setModuleGuard(moduleGuard: address):
    self._only_itself()
    self._set_module_guard(moduleGuard)


@external
@reentrant
def setDelegateTarget(target: address, allowed: bool):
    """
    @notice Lists code that the safe may run as its own, or takes it from the list.
    """
    self._only_itself()
    code_hash: bytes32 = empty(bytes32)
    if allowed:
        assert target.is_contract, "safe: delegate has no code"
        code_hash = target.codehash
    self.delegate_targets[target] = code_hash
    log ChangedDelegateTarget(target=target, codeHash=code_hash)


# --- Reading ----------------------------------------------------------------------------------


@view
@external
@reentrant
def nonce() -> uint256:
    return self.packed & NONCE_MASK


@view
@external
@reentrant
def getThreshold() -> uint256:
    return self.packed >> THRESHOLD_AT & BYTE_MASK


@view
@external
@reentrant
def isGoverned() -> bool:
    return self._is_governed()


@view
@external
@reentrant
def getGuard() -> address:
    return convert(self.packed >> GUARD_AT, address)


@view
@external
@reentrant
def getModuleGuard() -> address:
    return self.module_guard


@view
@external
@reentrant
def isOwner(owner: address) -> bool:
    return self.owners[owner] >> TENURE_AT != 0


@view
@external
@reentrant
def getOwners() -> DynArray[address, MAX_OWNERS]:
    found: DynArray[address, MAX_OWNERS] = []
    owner: address = self._next_owner(SENTINEL)
    for _: uint256 in range(MAX_OWNERS):
        if owner == SENTINEL or owner == empty(address):
            break
        found.append(owner)
        owner = self._next_owner(owner)
    return found


@view
@external
@reentrant
def ownerTenure(owner: address) -> uint256:
    """
    @notice Returns a number that an owner has from joining to leaving, and nobody after; 0 if none.
    """
    return self.owners[owner] >> TENURE_AT


@view
@external
@reentrant
def isModuleEnabled(module: address) -> bool:
    return module != SENTINEL and self.modules[module] != empty(address)


@view
@external
@reentrant
def getModulesPaginated(
    start: address, pageSize: uint256
) -> (DynArray[address, MAX_MODULES], address):
    """
    @notice Returns modules after `start` (1: from the beginning), and where the next page starts.
    """
    assert self.modules[start] != empty(address), "safe: not a module"
    assert pageSize != 0, "safe: empty page"
    found: DynArray[address, MAX_MODULES] = []
    following: address = self.modules[start]
    for _: uint256 in range(min(pageSize, MAX_MODULES), bound=MAX_MODULES):
        if following == SENTINEL:
            break
        found.append(following)
        following = self.modules[following]
    if following != SENTINEL:
        following = found[len(found) - 1]
    return found, following


@view
@external
@reentrant
def delegateTarget(target: address) -> bytes32:
    """
    @notice Returns the hash of the code that was listed, or zero.
    """
    return self.delegate_targets[target]


@view
@external
@reentrant
def approvedHashes(owner: address, approved: bytes32) -> uint256:
    return convert(self._has_approved(owner, approved), uint256)


@view
@external
@reentrant
def domainSeparator() -> bytes32:
    return self._domain_separator()


@view
@external
@reentrant
def getTransactionHash(
    to: address,
    amount: uint256,
    data: Bytes[MAX_DATA],
    operation: uint8,
    safeTxGas: uint256,
    baseGas: uint256,
    gasPrice: uint256,
    gasToken: address,
    refundReceiver: address,
    _nonce: uint256,
) -> bytes32:
    return self._transaction_hash(
        to,
        amount,
        keccak256(data),
        operation,
        safeTxGas,
        baseGas,
        gasPrice,
        gasToken,
        refundReceiver,
        _nonce,
    )


@view
@external
@reentrant
def getMessageHash(message: Bytes[MAX_DATA]) -> bytes32:
    return self._message_hash(keccak256(message))


@view
@external
@reentrant
def checkSignatures(executor: address, dataHash: bytes32, signatures: Bytes[MAX_SIGNATURES]):
    """
    @notice Reverts unless as many owners as the threshold signed the hash.
    @param executor Who acts: an owner who does signs with v = 1 and nothing else. Whoever asks
                    must know who that is, or give an address that is no owner.
    """
    self._check_signatures(
        executor, dataHash, signatures, self.packed >> THRESHOLD_AT & BYTE_MASK
    )


@view
@external
@reentrant
def checkNSignatures(
    executor: address,
    dataHash: bytes32,
    signatures: Bytes[MAX_SIGNATURES],
    requiredSignatures: uint256,
):
    self._check_signatures(executor, dataHash, signatures, requiredSignatures)


@view
@external
@reentrant
def isValidSignature(hash: bytes32, signatures: Bytes[MAX_SIGNATURES]) -> bytes4:
    """
    @notice ERC-1271: reverts unless enough owners signed the safe's message of this hash.
    """
    self._check_signatures(
        empty(address),
        self._message_hash(keccak256(abi_encode(hash))),
        signatures,
        self.packed >> THRESHOLD_AT & BYTE_MASK,
    )
    return ERC1271_MAGIC


@view
@external
@reentrant
def supportsInterface(interfaceId: bytes4) -> bool:
    return interfaceId in [ERC165_ID, ERC721_RECEIVER_ID, ERC1155_RECEIVER_ID]


# --- Receiving --------------------------------------------------------------------------------


@payable
@external
@reentrant
def __default__():
    assert len(msg.data) == 0, "safe: no such function"
    log SafeReceived(sender=msg.sender, value=msg.value)


@external
@reentrant
def onERC721Received(
    operator: address, sender: address, tokenId: uint256, data: Bytes[MAX_RETURN]
) -> bytes4:
    return ERC721_RECEIVER_ID


@external
@reentrant
def onERC1155Received(
    operator: address, sender: address, id: uint256, amount: uint256, data: Bytes[MAX_RETURN]
) -> bytes4:
    return ERC1155_RECEIVED


@external
@reentrant
def onERC1155BatchReceived(
    operator: address,
    sender: address,
    ids: DynArray[uint256, 64],
    values: DynArray[uint256, 64],
    data: Bytes[MAX_RETURN],
) -> bytes4:
    return ERC1155_BATCH_RECEIVED


# --- Inside: who may --------------------------------------------------------------------------


@view
@internal
def _only_itself():
    assert msg.sender == self, "safe: only the safe itself"
    assert self.by_module or not self._is_governed(), "safe: only through a module"


@view
@internal
def _is_governed() -> bool:
    return self.packed >> GOVERNED_AT & BYTE_MASK != 0


@view
@internal
def _check_operation(to: address, operation: uint8):
    assert operation <= DELEGATECALL, "safe: unknown operation"
    if operation == DELEGATECALL:
        listed: bytes32 = self.delegate_targets[to]
        assert listed != empty(bytes32), "safe: delegate not listed"
        assert listed == to.codehash, "safe: delegate has changed"


@internal
def _before_module(
    to: address, amount: uint256, data: Bytes[MAX_DATA], operation: uint8
) -> (address, bytes32):
    assert msg.sender != SENTINEL, "safe: only a module"
    assert self.modules[msg.sender] != empty(address), "safe: only a module"
    self._check_operation(to, operation)
    guard: address = self.module_guard
    guard_hash: bytes32 = empty(bytes32)
    if guard != empty(address):
        answer: Bytes[32] = raw_call(
            guard,
            abi_encode(
                to, amount, data, operation, msg.sender, method_id=CHECK_MODULE_TRANSACTION
            ),
            max_outsize=32,
        )
        guard_hash = extract32(answer, 0)
    self.by_module = True
    return guard, guard_hash


@internal
def _after_module(guard: address, guard_hash: bytes32, success: bool):
    self.by_module = False
    if guard != empty(address):
        raw_call(
            guard, abi_encode(guard_hash, success, method_id=CHECK_AFTER_MODULE_EXECUTION)
        )
    if success:
        log ExecutionFromModuleSuccess(module=msg.sender)
    else:
        log ExecutionFromModuleFailure(module=msg.sender)


# --- Inside: hashes and signatures ------------------------------------------------------------


@view
@internal
def _domain_separator() -> bytes32:
    return keccak256(abi_encode(DOMAIN_TYPEHASH, chain.id, self))


@view
@internal
def _transaction_hash(
    to: address,
    amount: uint256,
    data_hash: bytes32,
    operation: uint8,
    safe_tx_gas: uint256,
    base_gas: uint256,
    gas_price: uint256,
    gas_token: address,
    refund_receiver: address,
    number: uint256,
) -> bytes32:
    return keccak256(
        concat(
            x"1901",
            self._domain_separator(),
            keccak256(
                abi_encode(
                    SAFE_TX_TYPEHASH,
                    to,
                    amount,
                    data_hash,
                    operation,
                    safe_tx_gas,
                    base_gas,
                    gas_price,
                    gas_token,
                    refund_receiver,
                    number,
                )
            ),
        )
    )


@view
@internal
def _message_hash(content_hash: bytes32) -> bytes32:
    return keccak256(
        concat(
            x"1901",
            self._domain_separator(),
            keccak256(abi_encode(SAFE_MESSAGE_TYPEHASH, content_hash)),
        )
    )


@view
@internal
def _has_approved(owner: address, approved: bytes32) -> bool:
    tenure: uint256 = self.owners[owner] >> TENURE_AT
    return tenure != 0 and self.approvals[owner][approved] == tenure


@view
@internal
def _check_signatures(
    executor: address, signed: bytes32, signatures: Bytes[MAX_SIGNATURES], required: uint256
):
    # Addresses of signers rise, so nobody counts twice; 0 and the sentinel have no tenure.
    assert required != 0, "safe: no signatures required"
    assert required <= MAX_OWNERS, "safe: more than all owners"
    assert len(signatures) >= 65 * required, "safe: too few signatures"
    last: uint256 = 0
    for i: uint256 in range(required, bound=MAX_OWNERS):
        r: uint256 = extract32(signatures, 65 * i, output_type=uint256)
        s: uint256 = extract32(signatures, 65 * i + 32, output_type=uint256)
        v: uint256 = extract32(signatures, 65 * i + 33, output_type=uint256) & BYTE_MASK
        owner: address = empty(address)
        if v == 0:
            owner = convert(r & ADDRESS_MASK, address)
            # Here s is where length and content of the contract's signature stand. Not a function
            # of its own: its copy of the blob would make memory, and so every call, dearer.
            assert s >= 65 * required, "safe: offset in static part"
            assert s < MAX_SIGNATURES, "safe: offset outside"
            assert s + 32 <= len(signatures), "safe: offset outside"
            size: uint256 = extract32(signatures, s, output_type=uint256)
            assert size <= len(signatures) - s - 32, "safe: signature outside"
            assert owner.is_contract, "safe: signer has no code"
            answer: Bytes[32] = raw_call(
                owner,
                abi_encode(signed, slice(signatures, s + 32, size), method_id=ERC1271_MAGIC),
                max_outsize=32,
                is_static_call=True,
            )
            assert len(answer) == 32, "safe: contract refuses"
            assert extract32(answer, 0) == convert(
                ERC1271_MAGIC, bytes32
            ), "safe: contract refuses"
        elif v == 1:
            owner = convert(r & ADDRESS_MASK, address)
            if owner != executor:
                assert self._has_approved(owner, signed), "safe: hash not approved"
        else:
            digest: bytes32 = signed
            if v > 30:
                digest = keccak256(concat(b"\x19Ethereum Signed Message:\n32", signed))
                v -= 4
            owner = ecdsa._recover(digest, v, r, s)
        this: uint256 = convert(owner, uint256)
        assert this > last, "safe: signers not in order"
        assert self.owners[owner] >> TENURE_AT != 0, "safe: signer is no owner"
        last = this


# --- Inside: lists ----------------------------------------------------------------------------


@view
@internal
def _next_owner(owner: address) -> address:
    return convert(self.owners[owner] & ADDRESS_MASK, address)


@internal
def _link_owner(owner: address, before: address):
    """
    @dev Puts an owner behind `before`, with a tenure that no owner had.
    """
    assert owner != empty(address), "safe: owner is zero"
    assert owner != SENTINEL, "safe: owner is the sentinel"
    assert owner != self, "safe: owner is the safe"
    assert self.owners[owner] == 0, "safe: already an owner"
    state: uint256 = self.packed
    tenure: uint256 = (state >> TENURES_AT & TENURES_MASK) + 1
    assert tenure <= TENURES_MASK, "safe: too many tenures"
    self.packed = state + (1 << TENURES_AT) + (1 << COUNT_AT)
    link: uint256 = self.owners[before]
    self.owners[owner] = link & ADDRESS_MASK | tenure << TENURE_AT
    self.owners[before] = link >> TENURE_AT << TENURE_AT | convert(owner, uint256)
    log AddedOwner(owner=owner)


@internal
def _unlink_owner(before: address, owner: address):
    assert owner != empty(address) and owner != SENTINEL, "safe: not an owner"
    assert self._next_owner(before) == owner, "safe: wrong previous owner"
    self.packed -= 1 << COUNT_AT
    tenure: uint256 = self.owners[before] >> TENURE_AT
    self.owners[before] = self.owners[owner] & ADDRESS_MASK | tenure << TENURE_AT
    self.owners[owner] = 0
    log RemovedOwner(owner=owner)


@internal
def _set_threshold(threshold: uint256):
    state: uint256 = self.packed
    assert threshold != 0, "safe: threshold is zero"
    assert threshold <= state >> COUNT_AT & BYTE_MASK, "safe: threshold above owners"
    old: uint256 = state >> THRESHOLD_AT & BYTE_MASK
    if threshold != old:
        self.packed = state - (old << THRESHOLD_AT) + (threshold << THRESHOLD_AT)
        log ChangedThreshold(threshold=threshold)


@internal
def _enable_module(module: address):
    assert module != empty(address) and module != SENTINEL, "safe: not a module"
    assert self.modules[module] == empty(address), "safe: already a module"
    assert self.module_count < MAX_MODULES, "safe: too many modules"
    self.modules[module] = self.modules[SENTINEL]
    self.modules[SENTINEL] = module
    self.module_count += 1
    log EnabledModule(module=module)


@internal
def _set_guard(guard: address):
    if guard != empty(address):
        assert staticcall IERC165(guard).supportsInterface(
            TRANSACTION_GUARD_ID
        ), "safe: not a guard"
    self.packed = (
        self.packed & (2**GUARD_AT - 1) | convert(guard, uint256) << GUARD_AT
    )
    log ChangedGuard(guard=guard)


@internal
def _set_module_guard(guard: address):
    if guard != empty(address):
        assert staticcall IERC165(guard).supportsInterface(
            MODULE_GUARD_ID
        ), "safe: not a module guard"
    self.module_guard = guard
    log ChangedModuleGuard(moduleGuard=guard)
