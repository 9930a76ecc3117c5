# pragma version 0.4.3
# pragma nonreentrancy on
# SPDX-License-Identifier: MIT
"""
@title VePARS
@license MIT
@notice Locks of PARS that vote. A lock of weight w that ends at e has the power
        w * (e - t) / MAXTIME at every second t before e, and none after. It votes through one
        delegate, its owner unless told otherwise; what a delegate gains is what the owner loses,
        at every second, and past power never changes.

        Who may do what: a lock belongs to the account that made it, and only that account can add
        to it, extend it, delegate it or, after its end, take the tokens back. Nobody can lock for
        another account. There is no administrator, no fee, no way to leave early, no upgrade.

        Trust: TOKEN moves the amounts it is told to and calls nobody else. CURVE is read when a
        lock is made or touched; it is fixed for ever, and it can give no lock more power than its
        amount.

        decaying_power keeps the power of every delegate, and of all together under the escrow's
        own address.
"""

from . import ICurve
from . import IVotes
from . import decaying_power
from ..modules import ecdsa
from ..modules import eip712

implements: IVotes
initializes: eip712
initializes: decaying_power
exports: eip712.eip712Domain

interface IToken:
    def transfer(to: address, amount: uint256) -> bool: nonpayable
    def transferFrom(owner: address, to: address, amount: uint256) -> bool: nonpayable


MINTIME: public(constant(uint256)) = 30 * 86_400
MAXTIME: public(constant(uint256)) = 4 * 365 * 86_400
LOCKS_MAX: public(constant(uint256)) = 16
name: public(constant(String[20])) = "vote-escrowed PARS"
symbol: public(constant(String[6])) = "vePARS"
decimals: public(constant(uint8)) = 18
CLOCK_MODE: public(constant(String[14])) = "mode=timestamp"
DELEGATION_TYPEHASH: constant(bytes32) = keccak256(
    "Delegation(address delegatee,uint256 nonce,uint256 expiry)"
)

# Fields of packed words. Times are seconds since EPOCH.
BITS_16: constant(uint256) = 2**16 - 1
BITS_32: constant(uint256) = 2**32 - 1
BITS_33: constant(uint256) = 2**33 - 1  # beyond every end
BITS_95: constant(uint256) = 2**95 - 1
BITS_96: constant(uint256) = 2**96 - 1
BITS_160: constant(uint256) = 2**160 - 1

# An account: delegate 160 | serial of the next lock 32 | slots in use 16 | slots with a delegate of
# their own 16 | nonce 32
SERIAL: constant(uint256) = 160
LIVE: constant(uint256) = 192
MOVED: constant(uint256) = 208
NONCE: constant(uint256) = 224

# A lock: amount 96 | weight 96 | end 32 | serial 32
WEIGHT: constant(uint256) = 96
END: constant(uint256) = 192
LOCK_SERIAL: constant(uint256) = 224

TOKEN: public(immutable(address))
CURVE: public(immutable(address))
EPOCH: public(immutable(uint256))


struct Lock:
    owner: address
    amount: uint256
    weight: uint256
    end: uint256
    delegatee: address
    pledgedUntil: uint256


event Locked:
    owner: indexed(address)
    lockId: indexed(uint256)
    amount: uint256
    weight: uint256
    end: uint256


event Increased:
    lockId: indexed(uint256)
    added: uint256
    amount: uint256
    weight: uint256


event Extended:
    lockId: indexed(uint256)
    end: uint256
    weight: uint256


event Withdrawn:
    owner: indexed(address)
    lockId: indexed(uint256)
    amount: uint256


event LockDelegated:
    lockId: indexed(uint256)
    fromDelegate: indexed(address)
    toDelegate: indexed(address)
    pledgedUntil: uint256


event Checkpointed:
    account: indexed(address)


accounts: HashMap[address, uint256]
locks: HashMap[uint256, uint256]  # by owner << 96 | slot
delegations: HashMap[uint256, uint256]  # the same: delegate 160 | pledged until 32


@deploy
def __init__(token: address, curve: address):
    """
    @param token The ERC-20 that is locked.
    @param curve What tells the weight of a lock, an ICurve.
    """
    assert token.is_contract, "VePARS: token is no contract"
    assert curve.is_contract, "VePARS: curve is no contract"
    TOKEN = token
    CURVE = curve
    EPOCH = block.timestamp
    eip712.__init__("vePARS", "1")


# --- Locks ------------------------------------------------------------------------------------


@external
def lock(amount: uint256, duration: uint256) -> uint256:
    """
    @notice Locks `amount` of TOKEN for `duration` seconds. It votes through the caller's delegate.
    @return The lock's id: owner << 96 | serial << 8 | slot.
    """
    assert amount != 0, "VePARS: nothing to lock"
    assert duration >= MINTIME, "VePARS: shorter than 30 days"
    assert duration <= MAXTIME, "VePARS: longer than 4 years"
    now: uint256 = block.timestamp - EPOCH
    end: uint256 = now + duration
    weight: uint256 = self._weight(amount, duration, end)

    account: uint256 = self.accounts[msg.sender]
    live: uint256 = (account >> LIVE) & BITS_16
    assert live != BITS_16, "VePARS: 16 locks at most"
    slot: uint256 = 0
    for i: uint256 in range(LOCKS_MAX):
        if (live >> i) & 1 == 0:
            slot = i
            break
    serial: uint256 = (account >> SERIAL) & BITS_32
    self.accounts[msg.sender] = (account + (1 << SERIAL)) | (1 << (LIVE + slot))
    self.locks[self._slot(msg.sender, slot)] = (
        amount | (weight << WEIGHT) | (end << END) | (serial << LOCK_SERIAL)
    )
    delegatee: address = self._delegate_of(msg.sender, account)
    decaying_power._change(delegatee, now, 0, 0, weight, end)
    decaying_power._change(self, now, 0, 0, weight, end)
    lock_id: uint256 = (convert(msg.sender, uint256) << 96) | (serial << 8) | slot
    log Locked(
        owner=msg.sender, lockId=lock_id, amount=amount, weight=weight, end=EPOCH + end
    )
    assert extcall IToken(TOKEN).transferFrom(msg.sender, self, amount), "VePARS: transfer failed"
    return lock_id


@external
def increase(lockId: uint256, amount: uint256):
    """
    @notice Adds to a lock that has not ended. It then weighs what a new lock of all of it, for
            the time that is left, does; refused if it would have less power than before.
    """
    assert amount != 0, "VePARS: nothing to lock"
    slot: uint256 = self._owned(lockId)
    held: uint256 = self.locks[slot]
    now: uint256 = block.timestamp - EPOCH
    end: uint256 = self._unended(held, now)
    before: uint256 = (held >> WEIGHT) & BITS_96
    total: uint256 = (held & BITS_96) + amount
    weight: uint256 = self._weight(total, end - now, end)
    assert weight >= before, "VePARS: power would shrink"
    self.locks[slot] = ((held >> END) << END) | (weight << WEIGHT) | total

    delegatee: address = self._lock_delegate(msg.sender, lockId)
    decaying_power._change(delegatee, now, 0, 0, weight - before, end)
    decaying_power._change(self, now, 0, 0, weight - before, end)
    log Increased(lockId=lockId, added=amount, amount=total, weight=weight)
    assert extcall IToken(TOKEN).transferFrom(msg.sender, self, amount), "VePARS: transfer failed"


@external
def extendLock(lockId: uint256, newDuration: uint256):
    """
    @notice Lets a lock that has not ended end `newDuration` seconds from now, later than before.
            It then weighs what a new one does; refused if it would have less power than before.
    """
    slot: uint256 = self._owned(lockId)
    held: uint256 = self.locks[slot]
    now: uint256 = block.timestamp - EPOCH
    end: uint256 = self._unended(held, now)
    assert newDuration >= MINTIME, "VePARS: shorter than 30 days"
    assert newDuration <= MAXTIME, "VePARS: longer than 4 years"
    later: uint256 = now + newDuration
    assert later > end, "VePARS: not an extension"
    before: uint256 = (held >> WEIGHT) & BITS_96
    weight: uint256 = self._weight(held & BITS_96, newDuration, later)
    assert weight * newDuration >= before * (end - now), "VePARS: power would shrink"
    self.locks[slot] = (
        (held & BITS_96)
        | (weight << WEIGHT)
        | (later << END)
        | ((held >> LOCK_SERIAL) << LOCK_SERIAL)
    )

    delegatee: address = self._lock_delegate(msg.sender, lockId)
    decaying_power._change(delegatee, now, before, end, weight, later)
    decaying_power._change(self, now, before, end, weight, later)
    log Extended(lockId=lockId, end=EPOCH + later, weight=weight)


@external
def withdraw(lockId: uint256):
    """
    @notice Takes back the tokens of a lock that has ended.
    """
    slot: uint256 = self._owned(lockId)
    held: uint256 = self.locks[slot]
    assert block.timestamp - EPOCH >= (held >> END) & BITS_32, "VePARS: lock has not ended"
    # Its power has ended by itself: no checkpoint is needed, and none is written.
    self.locks[slot] = 0
    account: uint256 = self.accounts[msg.sender]
    bit: uint256 = 1 << (lockId & 255)
    if account & (bit << MOVED) != 0:
        self.delegations[slot] = 0
    self.accounts[msg.sender] = account & ~((bit << LIVE) | (bit << MOVED))
    amount: uint256 = held & BITS_96
    log Withdrawn(owner=msg.sender, lockId=lockId, amount=amount)
    assert extcall IToken(TOKEN).transfer(msg.sender, amount), "VePARS: transfer failed"


# --- Delegation -------------------------------------------------------------------------------


@external
def delegate(delegatee: address):
    """
    @notice Lets all locks of the caller vote through `delegatee`, now and later, but those with a
            delegate of their own. The zero address is the caller.
    """
    self._delegate(msg.sender, delegatee)


@external
def delegateBySig(
    delegatee: address, nonce: uint256, expiry: uint256, v: uint8, r: bytes32, s: bytes32
):
    """
    @notice Does the same for the account that signed the EIP-712 Delegation.
    """
    assert block.timestamp <= expiry, "VePARS: signature expired"
    digest: bytes32 = eip712._digest(
        keccak256(abi_encode(DELEGATION_TYPEHASH, delegatee, nonce, expiry))
    )
    signer: address = ecdsa._recover(
        digest, convert(v, uint256), convert(r, uint256), convert(s, uint256)
    )
    account: uint256 = self.accounts[signer]
    assert nonce == account >> NONCE, "VePARS: wrong nonce"
    self.accounts[signer] = account + (1 << NONCE)
    self._delegate(signer, delegatee)


@external
def delegateLock(lockId: uint256, delegatee: address):
    """
    @notice Lets one lock vote through `delegatee`, whatever its owner's delegate is. The zero
            address gives it back to the owner's delegate.
    """
    self._delegate_lock(lockId, delegatee, 0)


@external
def pledge(lockId: uint256, delegatee: address, until: uint256):
    """
    @notice Lets one lock vote through `delegatee`, and promises not to take that away before
            `until`, a time no later than the lock's end. More can be added to the lock meanwhile,
            and it can be extended.
    """
    assert until > block.timestamp, "VePARS: pledge is in the past"
    assert delegatee != empty(address), "VePARS: pledge to nobody"
    self._delegate_lock(lockId, delegatee, until - EPOCH)


@external
def checkpoint(account: address):
    """
    @notice Writes down what `account`, or all under the escrow's address, has now, if something
            has ended since the last time. It changes no answer, and nothing depends on it: answers
            about later times get cheaper.
    """
    if decaying_power._checkpoint(account, block.timestamp - EPOCH):
        log Checkpointed(account=account)


# --- Reads ------------------------------------------------------------------------------------


@view
@external
def getVotes(account: address) -> uint256:
    return self._power_at(account, block.timestamp)


@view
@external
def votingPower(account: address) -> uint256:
    """
    @notice Returns what `account` votes with now: its locks but those that it delegated, and
            those that are delegated to it.
    """
    return self._power_at(account, block.timestamp)


@view
@external
def votingPowerAt(account: address, t: uint256) -> uint256:
    """
    @notice Returns the same at the second `t`; of one to come, what it will be if nobody does
            anything.
    """
    return self._power_at(account, t)


@view
@external
def totalPowerAt(t: uint256) -> uint256:
    return self._power_at(self, t)


@view
@external
def getPastVotes(account: address, timepoint: uint256) -> uint256:
    """
    @notice Returns what `account` voted with at `timepoint`, which is over, so that nothing can
            change it any more.
    """
    assert timepoint < block.timestamp, "VePARS: not over yet"
    return self._power_at(account, timepoint)


@view
@external
def getPastTotalSupply(timepoint: uint256) -> uint256:
    assert timepoint < block.timestamp, "VePARS: not over yet"
    return self._power_at(self, timepoint)


@view
@external
def totalSupply() -> uint256:
    return self._power_at(self, block.timestamp)


@view
@external
def balanceOf(account: address) -> uint256:
    """
    @notice Returns the power of the locks that `account` owns, whoever votes with it.
    """
    now: uint256 = block.timestamp - EPOCH
    live: uint256 = (self.accounts[account] >> LIVE) & BITS_16
    power: uint256 = 0
    for i: uint256 in range(LOCKS_MAX):
        if (live >> i) & 1 != 0:
            held: uint256 = self.locks[self._slot(account, i)]
            end: uint256 = (held >> END) & BITS_32
            if end > now:
                power += ((held >> WEIGHT) & BITS_96) * (end - now)
    return power // MAXTIME


@view
@external
def delegates(account: address) -> address:
    return self._delegate_of(account, self.accounts[account])


@view
@external
def locksOf(account: address) -> DynArray[uint256, 16]:
    """
    @notice Returns the ids of the locks of `account` that still hold tokens.
    """
    live: uint256 = (self.accounts[account] >> LIVE) & BITS_16
    found: DynArray[uint256, 16] = []
    for i: uint256 in range(LOCKS_MAX):
        if (live >> i) & 1 != 0:
            serial: uint256 = self.locks[self._slot(account, i)] >> LOCK_SERIAL
            found.append((convert(account, uint256) << 96) | (serial << 8) | i)
    return found


@view
@external
def getLock(lockId: uint256) -> Lock:
    """
    @notice Returns a lock that holds tokens.
    """
    owner: address = convert(lockId >> 96, address)
    held: uint256 = self.locks[self._held(lockId, owner)]
    until: uint256 = 0
    account: uint256 = self.accounts[owner]
    if (account >> (MOVED + (lockId & 255))) & 1 != 0:
        own: uint256 = self.delegations[self._slot(owner, lockId & 255)] >> 160
        if own != 0:
            until = EPOCH + own
    return Lock(
        owner=owner,
        amount=held & BITS_96,
        weight=(held >> WEIGHT) & BITS_96,
        end=EPOCH + ((held >> END) & BITS_32),
        delegatee=self._lock_delegate(owner, lockId),
        pledgedUntil=until,
    )


@view
@external
def nonces(account: address) -> uint256:
    return self.accounts[account] >> NONCE


@view
@external
def clock() -> uint48:
    return convert(block.timestamp, uint48)


@view
@external
def DOMAIN_SEPARATOR() -> bytes32:
    return eip712._domain_separator()


# --- What an ERC-20 does and a lock does not --------------------------------------------------


@view
@external
def allowance(owner: address, spender: address) -> uint256:
    return 0


@external
def transfer(to: address, amount: uint256) -> bool:
    raise "VePARS: not transferable"


@external
def transferFrom(owner: address, to: address, amount: uint256) -> bool:
    raise "VePARS: not transferable"


@external
def approve(spender: address, amount: uint256) -> bool:
    raise "VePARS: not transferable"


@external
def permit(
    owner: address,
    spender: address,
    amount: uint256,
    deadline: uint256,
    v: uint8,
    r: bytes32,
    s: bytes32,
):
    raise "VePARS: not transferable"


# --- Locks, inside ----------------------------------------------------------------------------


@pure
@internal
def _slot(owner: address, slot: uint256) -> uint256:
    return (convert(owner, uint256) << 96) | slot


@view
@internal
def _held(lockId: uint256, owner: address) -> uint256:
    """
    @notice Returns the slot of a lock that is there; an id of before names nothing.
    """
    slot: uint256 = self._slot(owner, lockId & 255)
    held: uint256 = self.locks[slot]
    assert held != 0, "VePARS: no such lock"
    assert held >> LOCK_SERIAL == (lockId & BITS_96) >> 8, "VePARS: no such lock"
    return slot


@view
@internal
def _owned(lockId: uint256) -> uint256:
    assert convert(lockId >> 96, address) == msg.sender, "VePARS: not your lock"
    return self._held(lockId, msg.sender)


@pure
@internal
def _unended(held: uint256, now: uint256) -> uint256:
    end: uint256 = (held >> END) & BITS_32
    assert end > now, "VePARS: lock has ended"
    return end


@view
@internal
def _weight(amount: uint256, duration: uint256, end: uint256) -> uint256:
    assert amount <= BITS_95, "VePARS: too much"
    assert end <= BITS_32, "VePARS: end of the calendar"
    weight: uint256 = staticcall ICurve(CURVE).weight(amount, duration)
    assert weight != 0, "VePARS: no weight"
    assert weight <= BITS_95, "VePARS: too much"
    assert weight * duration <= amount * MAXTIME, "VePARS: curve gives too much"
    return weight


@pure
@internal
def _delegate_of(owner: address, account: uint256) -> address:
    delegatee: uint256 = account & BITS_160
    if delegatee == 0:
        return owner
    return convert(delegatee, address)


@view
@internal
def _lock_delegate(owner: address, lockId: uint256) -> address:
    account: uint256 = self.accounts[owner]
    slot: uint256 = lockId & 255
    if (account >> (MOVED + slot)) & 1 != 0:
        return convert(self.delegations[self._slot(owner, slot)] & BITS_160, address)
    return self._delegate_of(owner, account)


@internal
def _delegate(owner: address, delegatee: address):
    assert delegatee != self, "VePARS: not to the escrow"
    account: uint256 = self.accounts[owner]
    source: address = self._delegate_of(owner, account)
    target: address = delegatee
    if delegatee == empty(address):
        target = owner
    # Oneself is written as nobody, so that two words never mean the same.
    chosen: uint256 = 0
    if target != owner:
        chosen = convert(target, uint256)
    self.accounts[owner] = ((account >> SERIAL) << SERIAL) | chosen
    log IVotes.DelegateChanged(delegator=owner, fromDelegate=source, toDelegate=target)
    if source == target:
        return

    now: uint256 = block.timestamp - EPOCH
    following: uint256 = (account >> LIVE) & ~(account >> MOVED) & BITS_16
    if following == 0:
        return
    loser: decaying_power.Power = decaying_power._open(source, now)
    winner: decaying_power.Power = decaying_power._open(target, now)
    lost: uint256 = decaying_power._votes(loser, now)
    won: uint256 = decaying_power._votes(winner, now)
    for i: uint256 in range(LOCKS_MAX):
        if following == 0:
            break
        if following & 1 != 0:
            held: uint256 = self.locks[self._slot(owner, i)]
            end: uint256 = (held >> END) & BITS_32
            if end > now:
                weight: uint256 = (held >> WEIGHT) & BITS_96
                loser = decaying_power._take(source, loser, weight, end)
                winner = decaying_power._give(target, winner, weight, end)
        following >>= 1
    decaying_power._close(source, loser, now, lost)
    decaying_power._close(target, winner, now, won)


@internal
def _delegate_lock(lockId: uint256, delegatee: address, until: uint256):
    assert delegatee != self, "VePARS: not to the escrow"
    slot: uint256 = self._owned(lockId)
    held: uint256 = self.locks[slot]
    now: uint256 = block.timestamp - EPOCH
    end: uint256 = self._unended(held, now)
    assert until <= end, "VePARS: pledge beyond the end"

    account: uint256 = self.accounts[msg.sender]
    bit: uint256 = 1 << (MOVED + (lockId & 255))
    source: address = self._delegate_of(msg.sender, account)
    if account & bit != 0:
        own: uint256 = self.delegations[slot]
        assert now >= own >> 160, "VePARS: lock is pledged"
        source = convert(own & BITS_160, address)
    target: address = delegatee
    if delegatee == empty(address):
        target = self._delegate_of(msg.sender, account)
        self.delegations[slot] = 0
        self.accounts[msg.sender] = account & ~bit
    else:
        self.delegations[slot] = convert(delegatee, uint256) | (until << 160)
        self.accounts[msg.sender] = account | bit
    pledged: uint256 = 0
    if until != 0:
        pledged = EPOCH + until
    log LockDelegated(
        lockId=lockId, fromDelegate=source, toDelegate=target, pledgedUntil=pledged
    )
    if source != target:
        weight: uint256 = (held >> WEIGHT) & BITS_96
        decaying_power._change(source, now, weight, end, 0, 0)
        decaying_power._change(target, now, 0, 0, weight, end)


@view
@internal
def _power_at(owner: address, t: uint256) -> uint256:
    if t < EPOCH:
        return 0
    return decaying_power._power_at(owner, min(t - EPOCH, BITS_33))
