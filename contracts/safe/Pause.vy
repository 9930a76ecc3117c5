# SPDX-License-Identifier: MIT
# What it is for: stops what moves value, at once and for a short time. Others ask `paused()`.
# Who may do what: any two current owners of the safe, within an hour of each other, pause for 72
#   hours, which end without a call. The DAO (the safe) lifts a pause, extends it, and arms the
#   owners again; the safe's guard lets signers do the first, and leaves the others to a vote.
# Trust model: two rogue owners can stop the DAO for 72 hours, and then not again for 14 days unless
#   a vote says so: time to replace them. Nothing here holds funds, calls anybody but the safe's
#   list of owners, or has a parameter.
# pragma version 0.4.3
# pragma optimize gas
# pragma nonreentrancy on

from . import IPause

implements: IPause


interface ISafe:
    def isOwner(owner: address) -> bool: view


PAUSE_SECONDS: public(constant(uint256)) = 72 * 3600
COSIGN_SECONDS: public(constant(uint256)) = 3600
REST_SECONDS: public(constant(uint256)) = 14 * 86400
MAX_EXTENSION_SECONDS: public(constant(uint256)) = 30 * 86400

ADDRESS_MASK: constant(uint256) = 2**160 - 1
TIME_MASK: constant(uint256) = 2**64 - 1

DAO: public(immutable(address))


event PauseAsked:
    owner: indexed(address)
    reason: String[128]


event Paused:
    first: indexed(address)
    second: indexed(address)
    until: uint256
    reason: String[128]


event Lifted:
    pass


event Extended:
    until: uint256


event Rearmed:
    pass


# One word each: who asked first 0..159 | when 160..223, and paused until 0..63 | armed from 64..127
asked: uint256
times: uint256


@deploy
def __init__(dao: address):
    """
    @param dao The safe, whose owners pause.
    """
    assert dao != empty(address), "pause: no dao"
    DAO = dao


@external
def pause(reason: String[128]):
    """
    @notice Asks for a pause, or signs the one that another owner asked for within the last hour.
    """
    assert staticcall ISafe(DAO).isOwner(msg.sender), "pause: only an owner"
    times: uint256 = self.times
    assert block.timestamp >= times & TIME_MASK, "pause: already paused"
    assert block.timestamp >= times >> 64, "pause: resting until a vote"
    asked: uint256 = self.asked
    first: address = convert(asked & ADDRESS_MASK, address)
    open: bool = asked != 0 and block.timestamp - (asked >> 160) <= COSIGN_SECONDS
    if open:
        assert first != msg.sender, "pause: already asked"
        open = staticcall ISafe(DAO).isOwner(first)  # who has left since does not count
    if open:
        until: uint256 = block.timestamp + PAUSE_SECONDS
        self.asked = 0
        self._set(until, until + REST_SECONDS)
        log Paused(first=first, second=msg.sender, until=until, reason=reason)
    else:
        self.asked = block.timestamp << 160 | convert(msg.sender, uint256)
        log PauseAsked(owner=msg.sender, reason=reason)


@external
def lift():
    """
    @notice Ends a pause. The owners' rest goes on.
    """
    self._only_dao()
    times: uint256 = self.times
    assert block.timestamp < times & TIME_MASK, "pause: not paused"
    self._set(block.timestamp, times >> 64)
    log Lifted()


@external
def extend(until: uint256):
    """
    @notice Lets a pause that runs last longer, by vote.
    """
    self._only_dao()
    current: uint256 = self.times & TIME_MASK
    assert block.timestamp < current, "pause: not paused"
    assert until > current, "pause: not longer"
    assert until <= block.timestamp + MAX_EXTENSION_SECONDS, "pause: too long"
    self._set(until, until + REST_SECONDS)
    log Extended(until=until)


@external
def rearm():
    """
    @notice Lets the owners pause again before their rest is over, by vote.
    """
    self._only_dao()
    self._set(self.times & TIME_MASK, 0)
    log Rearmed()


@view
@external
@reentrant
def paused() -> bool:
    return block.timestamp < self.times & TIME_MASK


@view
@external
@reentrant
def pausedUntil() -> uint256:
    return self.times & TIME_MASK


@view
@external
@reentrant
def armedFrom() -> uint256:
    """
    @notice Returns from when owners may pause again.
    """
    return self.times >> 64


@view
@external
@reentrant
def asking() -> (address, uint256):
    """
    @notice Returns who asked for a pause last, and until when another owner may sign it.
    """
    asked: uint256 = self.asked
    if asked == 0:
        return empty(address), 0
    return convert(asked & ADDRESS_MASK, address), (asked >> 160) + COSIGN_SECONDS


@view
@internal
def _only_dao():
    assert msg.sender == DAO, "pause: only the dao"


@internal
def _set(until: uint256, armed_from: uint256):
    self.times = armed_from << 64 | until
