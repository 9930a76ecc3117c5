# pragma version 0.4.3
# pragma nonreentrancy on
# SPDX-License-Identifier: MIT
"""
@title The Pars side of bridges to other chains
@license MIT
@notice Locks tokens that leave, and releases them when enough guardians attest that they come
        back. Up to a cap a transfer goes at once; what is beyond it waits 48 hours in a queue,
        where every guardian can stop it.
@dev Who may do what:
     - anybody sends, brings attestations, executes what has waited, and applies what was
       proposed in time;
     - one guardian challenges a waiting transfer; two of them pause everything for 72 hours;
     - the DAO proposes changes of guardians, tokens, routes and of the delay itself. None counts
       before 24 hours. It decides challenges, and ends a pause of the guardians.
     Trust: `threshold` guardians, of which `lattice` sign with ML-DSA-87, can release what is
     locked, at the pace of the caps. A message names no call and no code: it moves one token.
"""

from ..modules import ecdsa
from ..modules import eip712
from ..modules import pq_keys

initializes: eip712
exports: eip712.eip712Domain

interface IERC20:
    def transfer(to: address, amount: uint256) -> bool: nonpayable
    def transferFrom(owner: address, to: address, amount: uint256) -> bool: nonpayable
    def balanceOf(owner: address) -> uint256: view

interface IPause:
    def paused() -> bool: view

GUARDIANS_MIN: constant(uint256) = 4  # the fewest that bear one faulty guardian
GUARDIANS_MAX: constant(uint256) = 32
ROUTES_MAX: constant(uint256) = 8
SIGNATURE_SIZE: constant(uint256) = 4627
KEY_SIZE: constant(uint256) = 2592

HOUR: constant(uint256) = 60 * 60
DAY: constant(uint256) = 24 * HOUR
WAIT: constant(uint256) = 2 * DAY
GRACE: constant(uint256) = 7 * DAY
DELAY_MIN: constant(uint256) = DAY
DELAY_MAX: constant(uint256) = 30 * DAY
PAUSE: constant(uint256) = 3 * DAY
PAUSE_VOTE: constant(uint256) = HOUR

AMOUNT_MAX: constant(uint256) = 2**112 - 1
FEE_MAX: constant(uint256) = 100
BASIS: constant(uint256) = 10_000
# A bucket holds half of a day's cap, and leaks the other half in a day: what passes in any 24
# hours is at most the cap. Levels are in amounts times SCALE, so that a second leaks exactly the
# cap, and nothing is rounded.
SCALE: constant(uint256) = 2 * DAY

# States of a message. What has waited too long is QUEUED still.
UNSEEN: constant(uint256) = 0
DONE: constant(uint256) = 1
QUEUED: constant(uint256) = 2
CHALLENGED: constant(uint256) = 3
REJECTED: constant(uint256) = 4
REFUNDED: constant(uint256) = 5

BYTE: constant(uint256) = 2**8 - 1
WORD_32: constant(uint256) = 2**32 - 1
WORD_64: constant(uint256) = 2**64 - 1
WORD_128: constant(uint256) = 2**128 - 1

RELEASE_TYPE_HASH: constant(bytes32) = keccak256(
    "Release(bytes32 id,uint256 epoch,address token,address account,bytes32 from,uint256 amount)"
)

DAO: public(immutable(address))
PAUSER: public(immutable(address))
TREASURY: public(immutable(address))


# One transfer, in either direction. `account` pays or gets here, `counterpart` there.
struct Transfer:
    chain: uint256
    remote: bytes32
    nonce: uint256
    token: address
    account: address
    counterpart: bytes32
    amount: uint256


struct Guardian:
    account: address
    key_hash: bytes32


# 65 bytes are a signature by the guardian's account, 4,627 one by its ML-DSA-87 key.
struct Attestation:
    guardian: uint8
    signature: Bytes[SIGNATURE_SIZE]


struct Route:
    chain: uint256
    remote: bytes32


event Sent:
    id: indexed(bytes32)
    chain: indexed(uint256)
    token: indexed(address)
    remote: bytes32
    nonce: uint256
    account: address
    counterpart: bytes32
    amount: uint256


event Released:
    id: indexed(bytes32)
    token: indexed(address)
    account: indexed(address)
    amount: uint256


event Queued:
    id: indexed(bytes32)
    outbound: indexed(bool)
    ready: uint256
    chain: uint256
    remote: bytes32
    nonce: uint256
    token: address
    account: address
    counterpart: bytes32
    amount: uint256


event Challenged:
    id: indexed(bytes32)
    guardian: indexed(address)


event Resolved:
    id: indexed(bytes32)
    allowed: bool


event Refunded:
    id: indexed(bytes32)
    account: indexed(address)
    amount: uint256


event KeyStored:
    key_hash: indexed(bytes32)
    blob: address


event ChangeProposed:
    change: indexed(bytes32)
    eta: uint256


event ChangeCancelled:
    change: indexed(bytes32)


event GuardiansChanged:
    epoch: indexed(uint256)
    members: DynArray[Guardian, GUARDIANS_MAX]
    threshold: uint256
    lattice: uint256


event TokenChanged:
    token: indexed(address)
    per_transfer: uint256
    daily: uint256
    fee: uint256


event RouteChanged:
    chain: indexed(uint256)
    remote: bytes32


event DelayChanged:
    delay: uint256


event PauseVoted:
    guardian: indexed(address)


event GuardiansPaused:
    until: uint256


event PauseLifted:
    pass


event FeesCollected:
    token: indexed(address)
    amount: uint256


# epoch | members, 8 bits | threshold, 8 | lattice, 8: read by every message, in one slot.
_committee: uint256
_members: Guardian[GUARDIANS_MAX]
_index: HashMap[address, uint256]  # from 1; of former guardians too, see _index_of
_blobs: HashMap[bytes32, address]

# daily, 112 bits | per transfer, 112 | fee, 16 | listed, 16
_limits: HashMap[address, uint256]
# level times SCALE, 192 bits | time, 64
_buckets: HashMap[address, HashMap[bool, uint256]]
# fees, 128 bits | locked, 128
_vaults: HashMap[address, uint256]

remotes: public(HashMap[uint256, bytes32])
nonces: public(HashMap[uint256, uint256])

# fee, 128 bits | epoch, 32 | ready, 64 | state, 8
_entries: HashMap[bytes32, uint256]
_contents: HashMap[bytes32, bytes32]

delay: public(uint256)
etas: public(HashMap[bytes32, uint256])

# until, 64 bits | time of the first vote, 64 | who gave it, from 1, 8
_pause: uint256


@deploy
def __init__(
    dao: address,
    pauser: address,
    treasury: address,
    members: DynArray[Guardian, GUARDIANS_MAX],
    threshold: uint256,
    lattice: uint256,
    token: address,
    per_transfer: uint256,
    daily: uint256,
    fee: uint256,
    routes: DynArray[Route, ROUTES_MAX],
):
    eip712.__init__("Pars BridgeGuard", "1")
    assert dao != empty(address), "bridge: no dao"
    assert pauser.is_contract, "bridge: no pause contract"
    assert treasury != empty(address), "bridge: no treasury"
    DAO = dao
    PAUSER = pauser
    TREASURY = treasury
    self.delay = DELAY_MIN
    self._set_guardians(members, threshold, lattice)
    self._set_token(token, per_transfer, daily, fee)
    for route: Route in routes:
        self._set_route(route.chain, route.remote)


# --- Transfers ---


@external
def send(
    chain_id: uint256, token: address, amount: uint256, counterpart: bytes32, may_wait: bool
) -> bytes32:
    """
    @notice Locks tokens for another chain. What arrives here counts, less the fee.
    @param counterpart Who gets them there.
    @param may_wait Whether to queue what is over a cap, instead of refusing it.
    @return The message's id.
    """
    self._check_running()
    remote: bytes32 = self.remotes[chain_id]
    assert remote != empty(bytes32), "bridge: no route"
    assert counterpart != empty(bytes32), "bridge: no recipient"
    limits: uint256 = self._limits[token]
    assert limits != 0, "bridge: not a token"

    held: uint256 = staticcall IERC20(token).balanceOf(self)
    assert extcall IERC20(token).transferFrom(
        msg.sender, self, amount, default_return_value=True
    ), "bridge: not paid"
    received: uint256 = staticcall IERC20(token).balanceOf(self) - held
    assert received <= AMOUNT_MAX, "bridge: too much"
    # Rounded up: no amount is so small that it fills a bucket for nothing.
    fee: uint256 = (received * ((limits >> 16) & (2**16 - 1)) + BASIS - 1) // BASIS
    assert received > fee, "bridge: nothing to send"

    nonce: uint256 = self.nonces[chain_id]
    self.nonces[chain_id] = nonce + 1
    transfer: Transfer = Transfer(
        chain=chain_id,
        remote=remote,
        nonce=nonce,
        token=token,
        account=msg.sender,
        counterpart=counterpart,
        amount=received - fee,
    )
    id: bytes32 = self._id(transfer, True)
    if self._passes(token, True, transfer.amount, limits):
        self._entries[id] = DONE
        self._lock(id, transfer, fee)
    else:
        assert may_wait, "bridge: over a cap"
        self._queue(id, transfer, True, fee, 0)
    return id


@external
def release(transfer: Transfer, attestations: DynArray[Attestation, GUARDIANS_MAX]) -> bool:
    """
    @notice Releases tokens that guardians saw coming back. Attestations are in the order of the
            guardians' numbers.
    @return Whether they were paid. If not they wait.
    """
    self._check_running()
    assert transfer.remote != empty(bytes32), "bridge: no remote"
    assert self.remotes[transfer.chain] == transfer.remote, "bridge: other remote"
    limits: uint256 = self._limits[transfer.token]
    assert limits != 0, "bridge: not a token"
    assert transfer.account != empty(address), "bridge: nobody to pay"
    assert transfer.account != self, "bridge: pays itself"
    assert transfer.amount > 0, "bridge: nothing to pay"
    assert transfer.amount <= AMOUNT_MAX, "bridge: too much"

    committee: uint256 = self._committee
    epoch: uint256 = committee >> 24
    id: bytes32 = self._id(transfer, False)
    entry: uint256 = self._entries[id]
    if entry != UNSEEN:
        # What waited too long, or was attested by guardians who are no longer, is attested anew.
        expired: bool = block.timestamp >= ((entry >> 8) & WORD_64) + GRACE
        other: bool = (entry >> 72) & WORD_32 != epoch
        assert entry & BYTE == QUEUED and (expired or other), "bridge: message seen"

    digest: bytes32 = self._digest(id, transfer, epoch)
    count: uint256 = (committee >> 16) & BYTE
    following: uint256 = 0
    lattice: uint256 = 0
    for attestation: Attestation in attestations:
        place: uint256 = convert(attestation.guardian, uint256)
        assert place < count, "bridge: no such guardian"
        assert place >= following, "bridge: guardians unsorted"
        following = place + 1
        if len(attestation.signature) == 65:
            assert self._members[place].account == ecdsa._try_recover_bytes(
                digest, slice(attestation.signature, 0, 65)
            ), "bridge: wrong signature"
        else:
            blob: address = self._blobs[self._members[place].key_hash]
            assert blob != empty(address), "bridge: key not stored"
            assert pq_keys._verify(
                blob, abi_encode(digest), attestation.signature
            ), "bridge: wrong lattice signature"
            lattice += 1
    assert len(attestations) >= (committee >> 8) & BYTE, "bridge: too few guardians"
    assert lattice >= committee & BYTE, "bridge: too few lattice keys"

    if self._passes(transfer.token, False, transfer.amount, limits):
        self._entries[id] = DONE
        self._pay(id, transfer)
        return True
    self._queue(id, transfer, False, 0, epoch)
    return False


@external
def execute(transfer: Transfer, outbound: bool):
    """
    @notice Lets a transfer go that has waited 48 hours, and not 7 days more.
    """
    self._check_running()
    id: bytes32 = self._id(transfer, outbound)
    entry: uint256 = self._entries[id]
    assert entry & BYTE == QUEUED, "bridge: not queued"
    self._check_content(id, transfer)
    ready: uint256 = (entry >> 8) & WORD_64
    assert block.timestamp >= ready, "bridge: waits still"
    assert block.timestamp < ready + GRACE, "bridge: expired"
    assert self.remotes[transfer.chain] == transfer.remote, "bridge: other remote"
    self._entries[id] = DONE
    if outbound:
        self._lock(id, transfer, entry >> 104)
    else:
        assert (entry >> 72) & WORD_32 == self._committee >> 24, "bridge: guardians changed"
        self._pay(id, transfer)


@external
def challenge(id: bytes32):
    """
    @notice Stops a waiting transfer, until the DAO decides. One guardian is enough.
    """
    assert self._index_of(msg.sender) != 0, "bridge: only a guardian"
    entry: uint256 = self._entries[id]
    assert entry & BYTE == QUEUED, "bridge: not queued"
    self._entries[id] = (entry ^ QUEUED) | CHALLENGED
    log Challenged(id=id, guardian=msg.sender)


@external
def resolve(id: bytes32, allowed: bool):
    """
    @notice Decides about a challenged transfer: it waits another 48 hours, or never goes.
    """
    self._check_dao()
    entry: uint256 = self._entries[id]
    assert entry & BYTE == CHALLENGED, "bridge: not challenged"
    # Fee and epoch stay.
    entry = (entry >> 72) << 72
    if allowed:
        self._entries[id] = entry | ((block.timestamp + WAIT) << 8) | QUEUED
    else:
        self._entries[id] = entry | REJECTED
    log Resolved(id=id, allowed=allowed)


@external
def refund(transfer: Transfer):
    """
    @notice Gives back, fee included, what should have left and did not: the DAO rejected it, or
            it waited too long, challenged or not.
    """
    self._check_running()
    id: bytes32 = self._id(transfer, True)
    entry: uint256 = self._entries[id]
    state: uint256 = entry & BYTE
    if state != REJECTED:
        assert state == QUEUED or state == CHALLENGED, "bridge: nothing to refund"
        assert block.timestamp >= ((entry >> 8) & WORD_64) + GRACE, "bridge: not expired"
    self._check_content(id, transfer)
    self._entries[id] = REFUNDED
    amount: uint256 = transfer.amount + (entry >> 104)
    log Refunded(id=id, account=transfer.account, amount=amount)
    self._transfer(transfer.token, transfer.account, amount)


@external
def collect(token: address):
    """
    @notice Brings a token's fees to the treasury.
    """
    vault: uint256 = self._vaults[token]
    amount: uint256 = vault >> 128
    assert amount > 0, "bridge: no fees"
    self._vaults[token] = vault & WORD_128
    log FeesCollected(token=token, amount=amount)
    self._transfer(token, TREASURY, amount)


# --- Guardians ---


@external
def storeKey(key: Bytes[KEY_SIZE]) -> bytes32:
    """
    @notice Stores an ML-DSA-87 key, so that a guardian of its hash can sign with it.
    """
    key_hash: bytes32 = keccak256(key)
    assert self._blobs[key_hash] == empty(address), "bridge: key stored already"
    blob: address = pq_keys._store(key)
    self._blobs[key_hash] = blob
    log KeyStored(key_hash=key_hash, blob=blob)
    return key_hash


@external
def pause():
    """
    @notice Pauses for 72 hours when a second guardian says so within an hour of the first. After
            that the guardians cannot pause for 72 hours; the emergency pause of the DAO can.
    """
    index: uint256 = self._index_of(msg.sender)
    assert index != 0, "bridge: only a guardian"
    word: uint256 = self._pause
    until: uint256 = word >> 72
    if until != 0:
        assert block.timestamp >= until + PAUSE, "bridge: paused before"
    log PauseVoted(guardian=msg.sender)
    first: uint256 = word & BYTE
    in_time: bool = block.timestamp <= ((word >> 8) & WORD_64) + PAUSE_VOTE
    if first != 0 and first != index and in_time:
        self._pause = (block.timestamp + PAUSE) << 72
        log GuardiansPaused(until=block.timestamp + PAUSE)
    else:
        assert first != index or not in_time, "bridge: voted already"
        self._pause = (until << 72) | (block.timestamp << 8) | index


@external
def lift():
    """
    @notice Ends a pause of the guardians.
    """
    self._check_dao()
    assert block.timestamp < self._pause >> 72, "bridge: not paused"
    self._pause = block.timestamp << 72
    log PauseLifted()


# --- Changes, each proposed by the DAO and applied by anybody ---


@external
def proposeGuardians(
    members: DynArray[Guardian, GUARDIANS_MAX], threshold: uint256, lattice: uint256
) -> bytes32:
    """
    @notice Proposes other guardians. It is void once the guardians have changed otherwise.
    """
    self._check_guardians(members, threshold, lattice)
    return self._propose(self._guardians_change(members, threshold, lattice))


@external
def applyGuardians(
    members: DynArray[Guardian, GUARDIANS_MAX], threshold: uint256, lattice: uint256
):
    self._apply(self._guardians_change(members, threshold, lattice))
    self._set_guardians(members, threshold, lattice)


@external
def proposeToken(token: address, per_transfer: uint256, daily: uint256, fee: uint256) -> bytes32:
    """
    @notice Proposes a token, or other caps and another fee, in basis points, of one.
    """
    self._check_token(token, per_transfer, daily, fee)
    return self._propose(keccak256(abi_encode("token", token, per_transfer, daily, fee)))


@external
def applyToken(token: address, per_transfer: uint256, daily: uint256, fee: uint256):
    self._apply(keccak256(abi_encode("token", token, per_transfer, daily, fee)))
    self._set_token(token, per_transfer, daily, fee)


@external
def proposeRoute(chain_id: uint256, remote: bytes32) -> bytes32:
    """
    @notice Proposes the bridge of another chain; zero closes the route.
    """
    assert chain_id != chain.id, "bridge: this chain"
    return self._propose(keccak256(abi_encode("route", chain_id, remote)))


@external
def applyRoute(chain_id: uint256, remote: bytes32):
    self._apply(keccak256(abi_encode("route", chain_id, remote)))
    self._set_route(chain_id, remote)


@external
def proposeDelay(delay: uint256) -> bytes32:
    """
    @notice Proposes another delay of changes, of 24 hours to 30 days.
    """
    assert delay >= DELAY_MIN, "bridge: delay below 24 hours"
    assert delay <= DELAY_MAX, "bridge: delay above 30 days"
    return self._propose(keccak256(abi_encode("delay", delay)))


@external
def applyDelay(delay: uint256):
    self._apply(keccak256(abi_encode("delay", delay)))
    self.delay = delay
    log DelayChanged(delay=delay)


@external
def cancelChange(change: bytes32):
    """
    @notice Takes back what was proposed.
    """
    self._check_dao()
    assert self.etas[change] != 0, "bridge: not proposed"
    self.etas[change] = 0
    log ChangeCancelled(change=change)


# --- Views ---


@external
@view
def committee() -> (uint256, uint256, uint256, uint256):
    """
    @return The set's number, its size, how many must attest, and how many of them by ML-DSA-87.
    """
    word: uint256 = self._committee
    return word >> 24, (word >> 16) & BYTE, (word >> 8) & BYTE, word & BYTE


@external
@view
def guardians() -> DynArray[Guardian, GUARDIANS_MAX]:
    found: DynArray[Guardian, GUARDIANS_MAX] = []
    for place: uint256 in range((self._committee >> 16) & BYTE, bound=GUARDIANS_MAX):
        found.append(self._members[place])
    return found


@external
@view
def isGuardian(account: address) -> bool:
    return self._index_of(account) != 0


@external
@view
def keyBlob(key_hash: bytes32) -> address:
    return self._blobs[key_hash]


@external
@view
def limits(token: address) -> (uint256, uint256, uint256):
    """
    @return The cap of a transfer, of a day, and the fee in basis points. Zeros: not a token.
    """
    word: uint256 = self._limits[token]
    return (word >> 32) & AMOUNT_MAX, word >> 144, (word >> 16) & (2**16 - 1)


@external
@view
def available(token: address, outbound: bool) -> uint256:
    """
    @return What could go at once now, in one transfer or many.
    """
    daily: uint256 = self._limits[token] >> 144
    level: uint256 = self._level(token, outbound, daily)
    if level >= daily * DAY:
        return 0
    return (daily * DAY - level) // SCALE


@external
@view
def locked(token: address) -> uint256:
    return self._vaults[token] & WORD_128


@external
@view
def fees(token: address) -> uint256:
    return self._vaults[token] >> 128


@external
@view
def entry(id: bytes32) -> (uint256, uint256, uint256, uint256):
    """
    @return State (0 none, 1 done, 2 queued, 3 challenged, 4 rejected, 5 refunded), when it may go,
            the guardians' set that attested it, and the fee it paid.
    """
    word: uint256 = self._entries[id]
    return word & BYTE, (word >> 8) & WORD_64, (word >> 72) & WORD_32, word >> 104


@external
@view
def messageId(transfer: Transfer, outbound: bool) -> bytes32:
    return self._id(transfer, outbound)


@external
@view
def digest(transfer: Transfer) -> bytes32:
    """
    @return What the present guardians sign to release a transfer.
    """
    return self._digest(self._id(transfer, False), transfer, self._committee >> 24)


@external
@view
def paused() -> bool:
    return self._is_paused()


@external
@view
def pausedUntil() -> uint256:
    """
    @return When the last pause of the guardians ends or ended.
    """
    return self._pause >> 72


# --- Inside ---


@internal
@view
def _check_dao():
    assert msg.sender == DAO, "bridge: only the dao"


@internal
@view
def _is_paused() -> bool:
    return block.timestamp < self._pause >> 72 or staticcall IPause(PAUSER).paused()


@internal
@view
def _check_running():
    assert not self._is_paused(), "bridge: paused"


@internal
@view
def _check_content(id: bytes32, transfer: Transfer):
    assert self._contents[id] == keccak256(abi_encode(transfer)), "bridge: other transfer"


@internal
@view
def _id(transfer: Transfer, outbound: bool) -> bytes32:
    """
    @dev One nonce of a route is one message, whatever it says: content is not in the id.
    """
    here: bytes32 = convert(convert(self, uint256), bytes32)
    if outbound:
        return keccak256(
            abi_encode(chain.id, here, transfer.chain, transfer.remote, transfer.nonce)
        )
    return keccak256(abi_encode(transfer.chain, transfer.remote, chain.id, here, transfer.nonce))


@internal
@view
def _digest(id: bytes32, transfer: Transfer, epoch: uint256) -> bytes32:
    return eip712._digest(
        keccak256(
            abi_encode(
                RELEASE_TYPE_HASH,
                id,
                epoch,
                transfer.token,
                transfer.account,
                transfer.counterpart,
                transfer.amount,
            )
        )
    )


@internal
@view
def _level(token: address, outbound: bool, daily: uint256) -> uint256:
    """
    @dev The bucket's level now, times SCALE. Times have 64 bits and caps 112: nothing overflows.
    """
    bucket: uint256 = self._buckets[token][outbound]
    level: uint256 = bucket >> 64
    leaked: uint256 = unsafe_mul(block.timestamp - (bucket & WORD_64), daily)
    if leaked >= level:
        return 0
    return unsafe_sub(level, leaked)


@internal
def _passes(token: address, outbound: bool, amount: uint256, limits: uint256) -> bool:
    """
    @dev Whether an amount is within the caps; if so it is in the bucket afterwards.
    """
    daily: uint256 = limits >> 144
    if amount > (limits >> 32) & AMOUNT_MAX:
        return False
    # An amount within its cap has 112 bits, SCALE has 18, and a level at most 130.
    level: uint256 = unsafe_add(
        self._level(token, outbound, daily), unsafe_mul(amount, SCALE)
    )
    if level > unsafe_mul(daily, DAY):
        return False
    self._buckets[token][outbound] = (level << 64) | block.timestamp
    return True


@internal
def _queue(id: bytes32, transfer: Transfer, outbound: bool, fee: uint256, epoch: uint256):
    ready: uint256 = block.timestamp + WAIT
    self._entries[id] = (fee << 104) | (epoch << 72) | (ready << 8) | QUEUED
    self._contents[id] = keccak256(abi_encode(transfer))
    log Queued(
        id=id,
        outbound=outbound,
        ready=ready,
        chain=transfer.chain,
        remote=transfer.remote,
        nonce=transfer.nonce,
        token=transfer.token,
        account=transfer.account,
        counterpart=transfer.counterpart,
        amount=transfer.amount,
    )


@internal
def _lock(id: bytes32, transfer: Transfer, fee: uint256):
    vault: uint256 = self._vaults[transfer.token]
    total: uint256 = (vault & WORD_128) + transfer.amount
    assert total <= WORD_128, "bridge: too much locked"
    self._vaults[transfer.token] = (((vault >> 128) + fee) << 128) | total
    log Sent(
        id=id,
        chain=transfer.chain,
        token=transfer.token,
        remote=transfer.remote,
        nonce=transfer.nonce,
        account=transfer.account,
        counterpart=transfer.counterpart,
        amount=transfer.amount,
    )


@internal
def _pay(id: bytes32, transfer: Transfer):
    vault: uint256 = self._vaults[transfer.token]
    assert vault & WORD_128 >= transfer.amount, "bridge: more than locked"
    self._vaults[transfer.token] = vault - transfer.amount
    log Released(
        id=id, token=transfer.token, account=transfer.account, amount=transfer.amount
    )
    self._transfer(transfer.token, transfer.account, transfer.amount)


@internal
def _transfer(token: address, to: address, amount: uint256):
    assert extcall IERC20(token).transfer(
        to, amount, default_return_value=True
    ), "bridge: not transferred"


@internal
@view
def _index_of(account: address) -> uint256:
    """
    @dev A guardian's number from 1, or 0. A former guardian's is of somebody else now, or beyond
         the set.
    """
    index: uint256 = self._index[account]
    if index == 0 or index > (self._committee >> 16) & BYTE:
        return 0
    if self._members[index - 1].account != account:
        return 0
    return index


@internal
def _propose(change: bytes32) -> bytes32:
    self._check_dao()
    eta: uint256 = self.etas[change]
    assert eta == 0 or block.timestamp >= eta + GRACE, "bridge: proposed already"
    eta = block.timestamp + self.delay
    self.etas[change] = eta
    log ChangeProposed(change=change, eta=eta)
    return change


@internal
def _apply(change: bytes32):
    eta: uint256 = self.etas[change]
    assert eta != 0, "bridge: not proposed"
    assert block.timestamp >= eta, "bridge: change too early"
    assert block.timestamp < eta + GRACE, "bridge: change expired"
    self.etas[change] = 0


@internal
@view
def _guardians_change(
    members: DynArray[Guardian, GUARDIANS_MAX], threshold: uint256, lattice: uint256
) -> bytes32:
    return keccak256(
        abi_encode("guardians", self._committee >> 24, members, threshold, lattice)
    )


@internal
@pure
def _check_guardians(
    members: DynArray[Guardian, GUARDIANS_MAX], threshold: uint256, lattice: uint256
):
    count: uint256 = len(members)
    assert count >= GUARDIANS_MIN, "bridge: too few members"
    assert threshold >= 2 * count // 3 + 1, "bridge: threshold too low"
    assert threshold <= count, "bridge: threshold too high"
    # More lattice keys than may be faulty: who breaks ECDSA needs an honest guardian still.
    assert lattice >= (count - 1) // 3 + 1, "bridge: lattice too low"
    assert lattice <= threshold, "bridge: lattice too high"
    last: uint256 = 0
    for place: uint256 in range(count, bound=GUARDIANS_MAX):
        account: uint256 = convert(members[place].account, uint256)
        assert account > last, "bridge: members unsorted"
        last = account
        assert members[place].key_hash != empty(bytes32), "bridge: no key"
        for other: uint256 in range(place, bound=GUARDIANS_MAX):
            assert members[place].key_hash != members[other].key_hash, "bridge: same key twice"


@internal
def _set_guardians(
    members: DynArray[Guardian, GUARDIANS_MAX], threshold: uint256, lattice: uint256
):
    self._check_guardians(members, threshold, lattice)
    epoch: uint256 = (self._committee >> 24) + 1
    self._committee = (epoch << 24) | (len(members) << 16) | (threshold << 8) | lattice
    for place: uint256 in range(len(members), bound=GUARDIANS_MAX):
        self._members[place] = members[place]
        self._index[members[place].account] = place + 1
    # A vote for a pause was of a number in the set before.
    self._pause = (self._pause >> 72) << 72
    log GuardiansChanged(epoch=epoch, members=members, threshold=threshold, lattice=lattice)


@internal
@view
def _check_token(token: address, per_transfer: uint256, daily: uint256, fee: uint256):
    assert token.is_contract, "bridge: token without code"
    assert per_transfer > 0, "bridge: no cap"
    assert daily <= AMOUNT_MAX, "bridge: cap too high"
    assert 2 * per_transfer <= daily, "bridge: over half of a day"
    assert fee <= FEE_MAX, "bridge: fee too high"


@internal
def _set_token(token: address, per_transfer: uint256, daily: uint256, fee: uint256):
    self._check_token(token, per_transfer, daily, fee)
    # Up to now the buckets have leaked by the old cap.
    before: uint256 = self._limits[token] >> 144
    for outbound: bool in [False, True]:
        level: uint256 = self._level(token, outbound, before)
        self._buckets[token][outbound] = (level << 64) | block.timestamp
    self._limits[token] = (daily << 144) | (per_transfer << 32) | (fee << 16) | 1
    log TokenChanged(token=token, per_transfer=per_transfer, daily=daily, fee=fee)


@internal
def _set_route(chain_id: uint256, remote: bytes32):
    assert chain_id != chain.id, "bridge: this chain"
    self.remotes[chain_id] = remote
    log RouteChanged(chain=chain_id, remote=remote)
