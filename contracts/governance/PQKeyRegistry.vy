# pragma version 0.4.3
# SPDX-License-Identifier: MIT
"""
@title ML-DSA-87 keys of accounts
@license MIT
@notice Says which post-quantum key speaks for an account. An account has one key at a time, a key
        one account for ever, and each key proves that somebody holds it. The first key is live at
        once. After that the account's own, classical signature is not enough: the next key, or
        having none, needs the old key's signature and a day, or thirty days in which the old key
        can object. So who breaks the classical key does not get the votes of the other one.
@dev Keys are the code of accounts (modules/pq_keys). What is signed is the 32 bytes of an EIP-712
     digest, by ML-DSA-87 with the empty context. Changes take effect by time alone.
"""

from ..modules import eip712
from ..modules import pq_keys

initializes: eip712

exports: eip712.eip712Domain


event KeyRegistered:
    account: indexed(address)
    keyHash: indexed(bytes32)
    key: address


event ChangeStarted:
    account: indexed(address)
    keyHash: indexed(bytes32)
    key: address
    at: uint256
    agreed: bool


event ChangeStopped:
    account: indexed(address)
    keyHash: indexed(bytes32)


struct Key:
    blob: address  # none once revoked
    hash: bytes32


struct Change:
    blob: address
    hash: bytes32
    at: uint256


KEY_SIZE: constant(uint256) = 2592
SIGNATURE_SIZE: constant(uint256) = 4627

ROTATION_DELAY: public(constant(uint256)) = 86_400
REPLACEMENT_DELAY: public(constant(uint256)) = 30 * 86_400

POSSESSION: constant(bytes32) = keccak256("Possession(address account,uint256 nonce)")
CHANGE: constant(bytes32) = keccak256("Change(address account,bytes32 keyHash,uint256 nonce)")
OBJECTION: constant(bytes32) = keccak256("Objection(address account,uint256 nonce)")

nonces: public(HashMap[address, uint256])
accountOf: public(HashMap[bytes32, address])
keys: HashMap[address, Key]
changes: HashMap[address, Change]


@deploy
def __init__():
    eip712.__init__("Pars PQ Keys", "1")


@external
def register(key: Bytes[KEY_SIZE], proof: Bytes[SIGNATURE_SIZE]):
    """
    @notice Gives the caller its first key, at once.
    @param proof The key's signature over Possession.
    """
    assert self.keys[msg.sender].hash == empty(bytes32), "keys: has had a key"
    blob: address = self._take(msg.sender, key, proof)
    key_hash: bytes32 = keccak256(key)
    self.keys[msg.sender] = Key(blob=blob, hash=key_hash)
    log KeyRegistered(account=msg.sender, keyHash=key_hash, key=blob)


@external
def rotate(
    key: Bytes[KEY_SIZE], proof: Bytes[SIGNATURE_SIZE], consent: Bytes[SIGNATURE_SIZE]
):
    """
    @notice Gives the caller its next key, or none where the key is empty.
    @param proof The new key's signature over Possession; nothing where there is no new key.
    @param consent The live key's signature over Change: a day then. Nothing: thirty days, or a day
           where no key is live.
    """
    self._settle(msg.sender)
    assert self.keys[msg.sender].hash != empty(bytes32), "keys: register first"
    assert self.changes[msg.sender].at == 0, "keys: change under way"
    live: address = self.keys[msg.sender].blob
    key_hash: bytes32 = empty(bytes32)
    if len(key) != 0:
        key_hash = keccak256(key)
    delay: uint256 = ROTATION_DELAY
    agreed: bool = len(consent) != 0
    if agreed:
        assert live != empty(address), "keys: no live key"
        self._check(
            live,
            keccak256(abi_encode(CHANGE, msg.sender, key_hash, self.nonces[msg.sender])),
            consent,
        )
    elif live != empty(address):
        delay = REPLACEMENT_DELAY
    blob: address = empty(address)
    if len(key) != 0:
        blob = self._take(msg.sender, key, proof)
    else:
        assert live != empty(address), "keys: no live key"
        assert len(proof) == 0, "keys: proof of nothing"
        self.nonces[msg.sender] += 1
    at: uint256 = block.timestamp + delay
    self.changes[msg.sender] = Change(blob=blob, hash=key_hash, at=at)
    log ChangeStarted(account=msg.sender, keyHash=key_hash, key=blob, at=at, agreed=agreed)


@external
def stop():
    """
    @notice Takes the caller's own change back before its time.
    """
    self._settle(msg.sender)
    self._stop(msg.sender)


@external
def object(account: address, objection: Bytes[SIGNATURE_SIZE]):
    """
    @notice Stops a change before its time, by the live key. Anybody may bring the objection.
    @param objection The live key's signature over Objection.
    """
    self._settle(account)
    live: address = self.keys[account].blob
    assert live != empty(address), "keys: no live key"
    self._check(
        live, keccak256(abi_encode(OBJECTION, account, self.nonces[account])), objection
    )
    self._stop(account)


@external
@view
def keyOf(account: address) -> address:
    """
    @notice Returns where the live key of an account is kept (pq_keys), or the zero address.
    """
    at: uint256 = self.changes[account].at
    if at != 0 and at <= block.timestamp:
        return self.changes[account].blob
    return self.keys[account].blob


@external
@view
def publicKeyOf(account: address) -> Bytes[KEY_SIZE]:
    """
    @notice Returns the live key of an account, or nothing.
    """
    blob: address = self.keys[account].blob
    at: uint256 = self.changes[account].at
    if at != 0 and at <= block.timestamp:
        blob = self.changes[account].blob
    if blob == empty(address):
        return b""
    return pq_keys._load(blob)


@external
@view
def pendingOf(account: address) -> (address, uint256):
    """
    @notice Returns the key that is to come and when, or two zeros.
    """
    change: Change = self.changes[account]
    if change.at <= block.timestamp:
        return empty(address), 0
    return change.blob, change.at


@internal
def _take(account: address, key: Bytes[KEY_SIZE], proof: Bytes[SIGNATURE_SIZE]) -> address:
    """
    @notice Keeps a key that nobody has had, whose holder signed that it is for the account.
    """
    key_hash: bytes32 = keccak256(key)
    assert self.accountOf[key_hash] == empty(address), "keys: key is taken"
    blob: address = pq_keys._store(key)
    self._check(blob, keccak256(abi_encode(POSSESSION, account, self.nonces[account])), proof)
    self.nonces[account] += 1
    self.accountOf[key_hash] = account
    return blob


@internal
@view
def _check(blob: address, struct_hash: bytes32, signature: Bytes[SIGNATURE_SIZE]):
    assert pq_keys._verify(
        blob, concat(eip712._digest(struct_hash), b""), signature
    ), "keys: bad signature"


@internal
def _settle(account: address):
    """
    @notice Writes down a change whose time has come.
    """
    change: Change = self.changes[account]
    if change.at != 0 and change.at <= block.timestamp:
        # The hash says that the account has had a key; it stays after a revocation.
        self.keys[account].blob = change.blob
        if change.blob != empty(address):
            self.keys[account].hash = change.hash
        self.changes[account] = empty(Change)


@internal
def _stop(account: address):
    change: Change = self.changes[account]
    assert change.at != 0, "keys: no change under way"
    self.nonces[account] += 1
    self.accountOf[change.hash] = empty(address)
    self.changes[account] = empty(Change)
    log ChangeStopped(account=account, keyHash=change.hash)
