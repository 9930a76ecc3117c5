# pragma version 0.4.3
# pragma nonreentrancy on
# SPDX-License-Identifier: MIT
"""
@title Bonds of the chain's validators
@license MIT
@notice A validator bonds PARS and an ML-DSA-87 key, waits a day, and takes part. Who signs two
        votes for one place of the chain loses the whole bond to anybody's evidence; who is away
        loses 0.1 % or 1 % when two thirds of the others sign that. Leaving takes seven days, in
        which evidence still counts.
@dev Who may do what: a validator registers, adds stake, takes part, leaves and withdraws, each for
     itself; anybody brings evidence, and brings what was slashed to the treasury. There is no
     owner and no parameter to change: another registry is a decision of the DAO.
     Trust: ML-DSA-87 alone, for votes, certificates and the possession of keys. The pause of the
     emergency organ stops joining and withdrawing, never evidence.
"""

from ..modules import pq_keys

interface IPause:
    def paused() -> bool: view

VALIDATORS_MAX: constant(uint256) = 100
QUORUM_MAX: constant(uint256) = 67  # of VALIDATORS_MAX
KEY_SIZE: constant(uint256) = 2592
SIGNATURE_SIZE: constant(uint256) = 4627

MAINNET: constant(uint256) = 6133
MAINNET_VALIDATORS_MIN: constant(uint256) = 21
MAINNET_STAKE_MIN: constant(uint256) = 15_000 * 10**18

EPOCH: constant(uint256) = 24 * 60 * 60
ACTIVATION_EPOCHS: constant(uint256) = 1
EXIT_EPOCHS: constant(uint256) = 7
SUSPENSION_EPOCHS: constant(uint256) = 7
EVIDENCE_EPOCHS: constant(uint256) = 7  # as long as leaving takes

REWARD_SHARE: constant(uint256) = 20  # one part of this many
REWARD_MAX: constant(uint256) = 750 * 10**18

# States, numbered as in the session layer's registry; EXITING is ours.
REGISTERED: constant(uint256) = 1
ACTIVE: constant(uint256) = 2
SUSPENDED: constant(uint256) = 3
EXITED: constant(uint256) = 4
SLASHED: constant(uint256) = 5
EXITING: constant(uint256) = 6

MISSED_SLOTS: constant(uint256) = 1
MISSED_EPOCH: constant(uint256) = 2

POSSESSION: constant(bytes32) = keccak256("PARS-VALIDATOR-KEY-V1")
VOTE: constant(bytes32) = keccak256("PARS-VOTE-V1")
DOWNTIME: constant(bytes32) = keccak256("PARS-DOWNTIME-V1")

BYTE: constant(uint256) = 2**8 - 1
WORD_32: constant(uint256) = 2**32 - 1
WORD_64: constant(uint256) = 2**64 - 1
WORD_128: constant(uint256) = 2**128 - 1

PAUSER: public(immutable(address))
TREASURY: public(immutable(address))
VALIDATORS_MIN: public(immutable(uint256))
STAKE_MIN: public(immutable(uint256))


event Registered:
    validator: indexed(address)
    key_hash: indexed(bytes32)
    blob: address
    stake: uint256
    activation: uint256


event StakeAdded:
    validator: indexed(address)
    amount: uint256
    stake: uint256


event Activated:
    validator: indexed(address)
    count: uint256


event Suspended:
    validator: indexed(address)
    until: uint256


event ExitStarted:
    validator: indexed(address)
    until: uint256


event Withdrawn:
    validator: indexed(address)
    amount: uint256


event Equivocation:
    validator: indexed(address)
    reporter: indexed(address)
    height: uint64
    round: uint32
    phase: uint8
    amount: uint256
    reward: uint256


event Downtime:
    validator: indexed(address)
    epoch: indexed(uint256)
    grade: uint256
    amount: uint256


event SlashedCollected:
    amount: uint256


# stake, 144 bits | epoch last missed, 32 | place among the active, from 1, 8 | time, 64 | state, 8.
# The time is when it became active, may be active again, or may withdraw, by the state.
_validators: HashMap[address, uint256]
_blobs: HashMap[address, address]
_key_used: HashMap[bytes32, bool]
_active: DynArray[address, VALIDATORS_MAX]
# slashed and not collected, 128 bits | stakes, 128: together the balance
_totals: uint256


@deploy
def __init__(pauser: address, treasury: address, validators_min: uint256, stake_min: uint256):
    assert pauser.is_contract, "validators: no pause contract"
    assert treasury != empty(address), "validators: no treasury"
    assert validators_min > 0, "validators: no minimum"
    assert validators_min <= VALIDATORS_MAX, "validators: minimum too high"
    assert stake_min > 0, "validators: no minimum stake"
    assert stake_min <= 2**127, "validators: stake too high"
    if chain.id == MAINNET:
        assert validators_min >= MAINNET_VALIDATORS_MIN, "validators: below 21"
        assert stake_min >= MAINNET_STAKE_MIN, "validators: below 15,000 PARS"
    PAUSER = pauser
    TREASURY = treasury
    VALIDATORS_MIN = validators_min
    STAKE_MIN = stake_min


# --- A validator's own business ---


@external
@payable
def register(key: Bytes[KEY_SIZE], possession: Bytes[SIGNATURE_SIZE]):
    """
    @notice Bonds the value sent, and a key that signs `possessionMessage`. A key is used once.
    """
    self._check_running()
    word: uint256 = self._validators[msg.sender]
    state: uint256 = word & BYTE
    assert state == 0 or state == EXITED, "validators: registered before"
    assert msg.value >= STAKE_MIN, "validators: too little stake"
    key_hash: bytes32 = keccak256(key)
    assert not self._key_used[key_hash], "validators: key used before"
    assert pq_keys._verify_with(
        key, self._possession_message(msg.sender), possession
    ), "validators: key not possessed"
    self._key_used[key_hash] = True
    blob: address = pq_keys._store(key)
    self._blobs[msg.sender] = blob
    activation: uint256 = block.timestamp + ACTIVATION_EPOCHS * EPOCH
    # The epoch last missed stays: it cannot be held against a new bond.
    self._put(msg.sender, msg.value, (word >> 80) & WORD_32, 0, activation, REGISTERED)
    self._totals += msg.value
    log Registered(
        validator=msg.sender,
        key_hash=key_hash,
        blob=blob,
        stake=msg.value,
        activation=activation,
    )


@external
@payable
def addStake():
    """
    @notice Adds the value sent to the caller's bond.
    """
    word: uint256 = self._validators[msg.sender]
    state: uint256 = word & BYTE
    assert (
        state == REGISTERED or state == ACTIVE or state == SUSPENDED
    ), "validators: not registered"
    assert msg.value > 0, "validators: nothing added"
    stake: uint256 = (word >> 112) + msg.value
    self._validators[msg.sender] = word + (msg.value << 112)
    self._totals += msg.value
    log StakeAdded(validator=msg.sender, amount=msg.value, stake=stake)


@external
def activate():
    """
    @notice Takes part from now on: a day after registering, or when a suspension is over.
    """
    self._check_running()
    word: uint256 = self._validators[msg.sender]
    state: uint256 = word & BYTE
    assert state == REGISTERED or state == SUSPENDED, "validators: not waiting"
    assert block.timestamp >= (word >> 8) & WORD_64, "validators: too early"
    assert word >> 112 >= STAKE_MIN, "validators: too little stake"
    count: uint256 = len(self._active) + 1
    assert count <= VALIDATORS_MAX, "validators: set is full"
    self._active.append(msg.sender)
    self._put(msg.sender, word >> 112, (word >> 80) & WORD_32, count, block.timestamp, ACTIVE)
    log Activated(validator=msg.sender, count=count)


@external
def exit():
    """
    @notice Takes part no longer. The bond can be withdrawn after seven days.
    """
    word: uint256 = self._validators[msg.sender]
    state: uint256 = word & BYTE
    assert (
        state == REGISTERED or state == ACTIVE or state == SUSPENDED
    ), "validators: not registered"
    self._leave_set(word)
    until: uint256 = block.timestamp + EXIT_EPOCHS * EPOCH
    self._put(msg.sender, word >> 112, (word >> 80) & WORD_32, 0, until, EXITING)
    log ExitStarted(validator=msg.sender, until=until)


@external
def withdraw():
    """
    @notice Pays out the caller's bond, seven days after leaving.
    """
    self._check_running()
    word: uint256 = self._validators[msg.sender]
    assert word & BYTE == EXITING, "validators: not leaving"
    assert block.timestamp >= (word >> 8) & WORD_64, "validators: not yet"
    amount: uint256 = word >> 112
    self._put(msg.sender, 0, (word >> 80) & WORD_32, 0, block.timestamp, EXITED)
    self._totals -= amount
    log Withdrawn(validator=msg.sender, amount=amount)
    raw_call(msg.sender, b"", value=amount)


# --- Evidence ---


@external
def reportEquivocation(
    validator: address,
    height: uint64,
    round: uint32,
    phase: uint8,
    first: bytes32,
    second: bytes32,
    first_signature: Bytes[SIGNATURE_SIZE],
    second_signature: Bytes[SIGNATURE_SIZE],
):
    """
    @notice Slashes the whole bond of a validator that signed votes for two blocks in one place of
            the chain. The reporter gets a twentieth, at most 750 PARS; a validator that reports
            itself gets nothing.
    """
    word: uint256 = self._validators[validator]
    state: uint256 = word & BYTE
    assert (
        state == REGISTERED or state == ACTIVE or state == SUSPENDED or state == EXITING
    ), "validators: nothing bonded"
    if state == EXITING:
        assert block.timestamp < (word >> 8) & WORD_64, "validators: has left"
    assert first != second, "validators: same vote"
    blob: address = self._blobs[validator]
    key: Bytes[KEY_SIZE] = pq_keys._load(blob)
    assert pq_keys._verify_with(
        key, self._vote_message(height, round, phase, first), first_signature
    ), "validators: first not signed"
    assert pq_keys._verify_with(
        key, self._vote_message(height, round, phase, second), second_signature
    ), "validators: second not signed"

    amount: uint256 = word >> 112
    reward: uint256 = 0
    if msg.sender != validator:
        reward = min(amount // REWARD_SHARE, REWARD_MAX)
    self._leave_set(word)
    self._put(validator, 0, (word >> 80) & WORD_32, 0, block.timestamp, SLASHED)
    self._totals = self._totals - amount + ((amount - reward) << 128)
    log Equivocation(
        validator=validator,
        reporter=msg.sender,
        height=height,
        round=round,
        phase=phase,
        amount=amount,
        reward=reward,
    )
    if reward > 0:
        raw_call(msg.sender, b"", value=reward)


@external
def reportDowntime(
    validator: address,
    epoch: uint256,
    grade: uint256,
    signers: DynArray[address, QUORUM_MAX],
    signatures: DynArray[Bytes[SIGNATURE_SIZE], QUORUM_MAX],
):
    """
    @notice Slashes an active validator by a certificate of the active ones. Grade 1, three slots
            missed: 0.1 %. Grade 2, the epoch missed: 1 %, and out for seven epochs. Signers are
            sorted by address.
    @param epoch The day that was missed, counted from 1970: over, and one of the last seven.
    """
    word: uint256 = self._validators[validator]
    assert word & BYTE == ACTIVE, "validators: not active"
    assert grade == MISSED_SLOTS or grade == MISSED_EPOCH, "validators: no such grade"
    today: uint256 = block.timestamp // EPOCH
    assert epoch < today, "validators: epoch not over"
    assert epoch + EVIDENCE_EPOCHS >= today, "validators: epoch too old"
    assert epoch * EPOCH >= (word >> 8) & WORD_64, "validators: was not active"
    assert epoch > (word >> 80) & WORD_32, "validators: epoch judged"
    assert self._has_enough(), "validators: too few active"
    assert len(signers) == len(signatures), "validators: lengths differ"
    assert len(signers) >= self._quorum(), "validators: no quorum"

    message: Bytes[192] = self._downtime_message(validator, epoch, grade)
    last: uint256 = 0
    for place: uint256 in range(len(signers), bound=QUORUM_MAX):
        signer: address = signers[place]
        assert convert(signer, uint256) > last, "validators: signers unsorted"
        last = convert(signer, uint256)
        assert self._validators[signer] & BYTE == ACTIVE, "validators: signer not active"
        assert pq_keys._verify(
            self._blobs[signer], message, signatures[place]
        ), "validators: wrong signature"

    stake: uint256 = word >> 112
    amount: uint256 = stake // 1000
    if grade == MISSED_EPOCH:
        amount = stake // 100
    stake -= amount
    self._totals = self._totals - amount + (amount << 128)
    log Downtime(validator=validator, epoch=epoch, grade=grade, amount=amount)
    until: uint256 = block.timestamp
    if grade == MISSED_EPOCH:
        until += SUSPENSION_EPOCHS * EPOCH
    # A tenth below the minimum is borne, so that one small penalty does not end a validator.
    if grade == MISSED_EPOCH or stake < STAKE_MIN - STAKE_MIN // 10:
        self._leave_set(word)
        self._put(validator, stake, epoch, 0, until, SUSPENDED)
        log Suspended(validator=validator, until=until)
    else:
        self._put(validator, stake, epoch, (word >> 72) & BYTE, (word >> 8) & WORD_64, ACTIVE)


@external
def collect():
    """
    @notice Brings what was slashed to the treasury.
    """
    totals: uint256 = self._totals
    amount: uint256 = totals >> 128
    assert amount > 0, "validators: nothing slashed"
    self._totals = totals & WORD_128
    log SlashedCollected(amount=amount)
    raw_call(TREASURY, b"", value=amount)


# --- Views ---


@external
@view
def active() -> bool:
    """
    @notice Tells whether enough validators are active for blocks to be final.
    """
    return self._has_enough()


@external
@view
def activeCount() -> uint256:
    return len(self._active)


@external
@view
def quorum() -> uint256:
    """
    @return How many of the active ones decide: more than two thirds.
    """
    return self._quorum()


@external
@view
def validators() -> DynArray[address, VALIDATORS_MAX]:
    return self._active


@external
@view
def validator(account: address) -> (uint256, uint256, uint256, address):
    """
    @return State (0 unknown, 1 registered, 2 active, 3 suspended, 4 exited, 5 slashed, 6 exiting),
            stake, the time that the state has, and the account that holds the key as code.
    """
    word: uint256 = self._validators[account]
    return word & BYTE, word >> 112, (word >> 8) & WORD_64, self._blobs[account]


@external
@view
def isActive(account: address) -> bool:
    return self._validators[account] & BYTE == ACTIVE


@external
@view
def isKeyUsed(key_hash: bytes32) -> bool:
    return self._key_used[key_hash]


@external
@view
def totalStake() -> uint256:
    return self._totals & WORD_128


@external
@view
def slashed() -> uint256:
    """
    @return What was slashed and is not collected.
    """
    return self._totals >> 128


@external
@view
def possessionMessage(account: address) -> Bytes[128]:
    """
    @return What an account's key signs to be registered.
    """
    return self._possession_message(account)


@external
@view
def voteMessage(height: uint64, round: uint32, phase: uint8, block_hash: bytes32) -> Bytes[192]:
    """
    @return What a validator signs to vote for a block.
    """
    return self._vote_message(height, round, phase, block_hash)


@external
@view
def downtimeMessage(account: address, epoch: uint256, grade: uint256) -> Bytes[192]:
    """
    @return What the active validators sign about one that was away.
    """
    return self._downtime_message(account, epoch, grade)


@external
@view
def paused() -> bool:
    return staticcall IPause(PAUSER).paused()


# --- Inside ---


@internal
@view
def _check_running():
    assert not staticcall IPause(PAUSER).paused(), "validators: paused"


@internal
@view
def _has_enough() -> bool:
    return len(self._active) >= VALIDATORS_MIN


@internal
@view
def _quorum() -> uint256:
    return 2 * len(self._active) // 3 + 1


@internal
@view
def _possession_message(account: address) -> Bytes[128]:
    return abi_encode(POSSESSION, chain.id, self, account)


@internal
@view
def _vote_message(
    height: uint64, round: uint32, phase: uint8, block_hash: bytes32
) -> Bytes[192]:
    return abi_encode(VOTE, chain.id, height, round, phase, block_hash)


@internal
@view
def _downtime_message(account: address, epoch: uint256, grade: uint256) -> Bytes[192]:
    return abi_encode(DOWNTIME, chain.id, self, account, epoch, grade)


@internal
def _put(
    account: address, stake: uint256, missed: uint256, place: uint256, time: uint256, state: uint256
):
    self._validators[account] = (
        (stake << 112) | (missed << 80) | (place << 72) | (time << 8) | state
    )


@internal
def _leave_set(word: uint256):
    """
    @dev Takes a validator, given as its word, off the list of the active ones: the last one moves
         to its place.
    """
    place: uint256 = (word >> 72) & BYTE
    if place != 0:
        last: address = self._active.pop()
        if place <= len(self._active):
            self._active[place - 1] = last
            moved: uint256 = self._validators[last]
            self._validators[last] = (moved & ~(BYTE << 72)) | (place << 72)
