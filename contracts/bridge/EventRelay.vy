# pragma version 0.4.3
# pragma nonreentrancy on
# SPDX-License-Identifier: MIT
"""
@title Events of the session layer
@license MIT
@notice Calls contracts about what happened in sessions: each event once, in the order of numbers
        that a quorum of the committee gave them. A call that fails stops nothing: the event is kept
        as undelivered and can be delivered later.
        Who may do what: anybody brings certificates, events and later deliveries; the DAO says who
        may be called and with how much gas, and passes over an event that nobody has the bytes of.
        Whom to trust: the committee of SessionAnchor for what happened. Relayers can be late, not
        wrong, and however many race, one delivers.
@dev Targets are called with `onEvent` only: check `msg.sender`.
"""

from . import ISessionAnchor
from ..modules import session_tree

CALLBACK_GAS_MAX: constant(uint256) = 2_000_000
GAS_AFTER: constant(uint256) = 20_000
PAYLOAD_MAX: constant(uint256) = 4096
SIGNATURES_MAX: constant(uint256) = 97167

SUBJECT: constant(Bytes[18]) = b"PARS:EventRelay:v1"
LEAF: constant(Bytes[18]) = b"\x00PARS:EventLeaf:v1"
ROOT: constant(Bytes[17]) = b"PARS:EventRoot:v1"
# onEvent(uint64,bytes32,uint8,bytes)
ON_EVENT: constant(bytes4) = 0xea46cc71

DAO: public(immutable(address))
ANCHOR: public(immutable(address))


struct Happening:
    number: uint64
    sessionId: bytes32
    kind: uint8
    target: address
    payload: Bytes[PAYLOAD_MAX]


struct Certificate:
    root: bytes32
    first: uint64
    count: uint64


event Certified:
    epoch: indexed(uint64)
    root: bytes32
    first: uint64
    count: uint64


event Delivered:
    number: indexed(uint64)
    target: indexed(address)
    sessionId: indexed(bytes32)
    kind: uint8


event Undelivered:
    number: indexed(uint64)
    target: indexed(address)


event Skipped:
    number: indexed(uint64)


event TargetSet:
    target: indexed(address)
    old: uint256
    new: uint256


nextNumber: public(uint64)
nextCertified: public(uint64)
lastEpoch: public(uint64)
targetGas: public(HashMap[address, uint256])
undelivered: public(HashMap[uint64, bool])
certificates: public(HashMap[uint64, Certificate])


@deploy
def __init__(dao: address, anchor: address):
    assert dao != empty(address), "relay: no dao"
    assert anchor.is_contract, "relay: no anchor"
    DAO = dao
    ANCHOR = anchor


# --- Certificates ---


@external
def certify(
    epoch: uint64,
    root: bytes32,
    first: uint64,
    count: uint64,
    bitmap: uint256,
    signatures: Bytes[SIGNATURES_MAX],
):
    """
    @notice Takes in the events of an epoch, signed by a quorum. Their numbers follow the last ones.
    """
    assert epoch > self.lastEpoch, "relay: not a later epoch"
    assert staticcall ISessionAnchor(ANCHOR).anchoredAt(epoch) != 0, "relay: epoch not anchored"
    assert root != empty(bytes32), "relay: empty root"
    assert first == self.nextCertified, "relay: numbers do not follow"
    assert count != 0, "relay: no events"
    assert staticcall ISessionAnchor(ANCHOR).checkAttestation(
        self._subject(epoch), root, epoch, bitmap, signatures
    ), "relay: not signed"
    self.lastEpoch = epoch
    self.nextCertified = first + count
    self.certificates[epoch] = Certificate(root=root, first=first, count=count)
    log Certified(epoch=epoch, root=root, first=first, count=count)


# --- Events ---


@external
def relay(epoch: uint64, happened: Happening, proof: DynArray[bytes32, 32]):
    """
    @notice Delivers the next event. Where its target may not be called, or fails, it stays
            undelivered, and the one after it is next.
    """
    assert happened.number == self.nextNumber, "relay: not the next event"
    self._check(epoch, happened, proof)
    self.nextNumber = happened.number + 1
    allowance: uint256 = self.targetGas[happened.target]
    succeeded: bool = False
    if allowance != 0:
        succeeded = self._call(happened, allowance)
    if succeeded:
        self._log_delivered(happened)
    else:
        self.undelivered[happened.number] = True
        log Undelivered(number=happened.number, target=happened.target)


@external
def retry(epoch: uint64, happened: Happening, proof: DynArray[bytes32, 32]):
    """
    @notice Delivers an event that was not delivered in its turn.
    """
    assert self.undelivered[happened.number], "relay: nothing to deliver"
    self._check(epoch, happened, proof)
    allowance: uint256 = self.targetGas[happened.target]
    assert allowance != 0, "relay: target is not listed"
    self.undelivered[happened.number] = False
    assert self._call(happened, allowance), "relay: target failed again"
    self._log_delivered(happened)


@external
def skip(number: uint64):
    """
    @notice Passes over the next event, whose bytes nobody has. Should they turn up, it can still be
            delivered.
    """
    assert msg.sender == DAO, "relay: only the dao"
    assert number == self.nextNumber, "relay: not the next event"
    assert number < self.nextCertified, "relay: not certified"
    self.nextNumber = number + 1
    self.undelivered[number] = True
    log Skipped(number=number)


@external
def setTarget(target: address, allowance: uint256):
    """
    @notice Lists a contract with the gas of a call, or with 0 takes it off the list.
    """
    assert msg.sender == DAO, "relay: only the dao"
    assert allowance <= CALLBACK_GAS_MAX, "relay: too much callback gas"
    if allowance != 0:
        assert target.is_contract, "relay: target has no code"
        assert target not in [self, ANCHOR, DAO], "relay: target is ours"
    log TargetSet(target=target, old=self.targetGas[target], new=allowance)
    self.targetGas[target] = allowance


# --- Inside ---


@internal
@view
def _check(epoch: uint64, happened: Happening, proof: DynArray[bytes32, 32]):
    certificate: Certificate = self.certificates[epoch]
    assert certificate.root != empty(bytes32), "relay: not certified"
    assert happened.number >= certificate.first, "relay: of another epoch"
    data: bytes32 = sha256(concat(convert(happened.target, bytes20), happened.payload))
    leaf: bytes32 = sha256(
        concat(
            LEAF,
            convert(happened.number, bytes8),
            happened.sessionId,
            convert(happened.kind, bytes1),
            data,
        )
    )
    top: bytes32 = session_tree._top(
        leaf,
        convert(happened.number - certificate.first, uint256),
        convert(certificate.count, uint256),
        proof,
    )
    assert top != empty(bytes32), "relay: not proven"
    assert certificate.root == sha256(
        concat(
            ROOT,
            convert(convert(chain.id, uint64), bytes8),
            convert(epoch, bytes8),
            convert(certificate.first, bytes8),
            convert(certificate.count, bytes8),
            top,
        )
    ), "relay: not proven"


@internal
def _call(happened: Happening, allowance: uint256) -> bool:
    data: Bytes[PAYLOAD_MAX + 164] = abi_encode(
        happened.number,
        happened.sessionId,
        happened.kind,
        happened.payload,
        method_id=ON_EVENT,
    )
    # A call gets at most 63/64 of what there is: nobody makes it fail by bringing too little.
    assert msg.gas >= allowance + allowance // 63 + GAS_AFTER, "relay: too little gas"
    return raw_call(
        happened.target, data, gas=allowance, max_outsize=0, revert_on_failure=False
    )


@internal
def _log_delivered(happened: Happening):
    log Delivered(
        number=happened.number,
        target=happened.target,
        sessionId=happened.sessionId,
        kind=happened.kind,
    )


@internal
@view
def _subject(epoch: uint64) -> bytes32:
    return sha256(
        concat(
            SUBJECT,
            convert(convert(chain.id, uint64), bytes8),
            convert(self, bytes20),
            convert(epoch, bytes8),
        )
    )
