# pragma version 0.4.3
# An escrow that says what it is told to.

MAXTIME: public(constant(uint256)) = 4 * 365 * 86400


struct Lock:
    owner: address
    amount: uint256
    weight: uint256
    end: uint256
    delegatee: address
    pledgedUntil: uint256


locks: HashMap[uint256, Lock]
getPastVotes: public(HashMap[address, HashMap[uint256, uint256]])
balanceOf: public(HashMap[address, uint256])


@external
def set(lockId: uint256, lock: Lock):
    self.locks[lockId] = lock


@external
def setPastVotes(account: address, t: uint256, votes: uint256):
    self.getPastVotes[account][t] = votes


@external
def setPower(account: address, power: uint256):
    self.balanceOf[account] = power


@external
@view
def getLock(lockId: uint256) -> Lock:
    return self.locks[lockId]
