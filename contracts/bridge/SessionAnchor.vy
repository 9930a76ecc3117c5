# pragma version 0.4.3
# pragma nonreentrancy on
# SPDX-License-Identifier: MIT
"""
@title Roots of the session layer
@license MIT
@notice Keeps one root for each epoch of the session layer, and checks proofs of sessions by it.
        Who may do what: anybody brings a root that a quorum of the committee signed by
        ML-DSA-87, keeps keys, and shows that a member signed two roots of one epoch; the DAO
        sets the committee, which takes 24 hours.
        Whom to trust: fewer than a third of the committee may be dishonest. A quorum can
        anchor any root, of sessions in any order; nobody can change one that is anchored.
@dev Formats are those of docs/session-contracts.md. Nothing here says who spoke to whom.
"""

from ..modules import pq_keys
from ..modules import session_tree
from . import ISessionAnchor

implements: ISessionAnchor

SEATS_MAX: constant(uint256) = 21
SEATS_MIN: constant(uint256) = 3
SIGNATURE_SIZE: constant(uint256) = 4627
SIGNATURES_MAX: constant(uint256) = 97167
CHANGE_DELAY: constant(uint256) = 86400

# The 37 bytes before an attestation of the domain session/complete.
SEPARATOR: constant(Bytes[37]) = b"LUX:QuantumAttest:session/complete:v1"
SUBJECT: constant(Bytes[21]) = b"PARS:SessionAnchor:v1"
COMMITMENT: constant(Bytes[20]) = b"PARS:AnchorCommit:v1"
LEAF: constant(Bytes[20]) = b"\x00PARS:SessionLeaf:v1"
ROOT: constant(Bytes[19]) = b"PARS:SessionRoot:v1"

# Places in the word of the committee: version, which seats have equivocated, how many there are.
VERSION_AT: constant(uint256) = 64
MARKED_AT: constant(uint256) = 32
SEATS_MASK: constant(uint256) = 2**32 - 1

DAO: public(immutable(address))
DEPLOYER: immutable(address)
LEAST_SEATS: public(immutable(uint256))


struct Claim:
    root: bytes32
    count: uint64
    previousRoot: bytes32


struct Anchor:
    root: bytes32
    stamp: uint256  # count << 64 | time


event Anchored:
    epoch: indexed(uint64)
    root: bytes32
    count: uint64
    previousRoot: bytes32
    bitmap: uint256


event KeyRegistered:
    keyHash: indexed(bytes32)
    blob: address


event CommitteeProposed:
    keyHashes: DynArray[bytes32, SEATS_MAX]
    effectiveAt: uint256


event CommitteeCancelled:
    digest: bytes32


event CommitteeChanged:
    version: indexed(uint256)
    keyHashes: DynArray[bytes32, SEATS_MAX]


event Equivocated:
    keyHash: indexed(bytes32)
    epoch: indexed(uint64)
    first: bytes32
    second: bytes32


lastEpoch: public(uint64)
keyBlob: public(HashMap[bytes32, address])
equivocated: public(HashMap[bytes32, bool])
proposedCommittee: public(bytes32)
effectiveAt: public(uint256)
committee: uint256
seats: address[SEATS_MAX]
anchors: HashMap[uint64, Anchor]


@deploy
def __init__(dao: address, deployer: address, least_seats: uint256):
    """
    @param least_seats The fewest members of a committee: 21 on the main network.
    """
    assert dao != empty(address), "anchor: no dao"
    assert least_seats >= SEATS_MIN and least_seats <= SEATS_MAX, "anchor: seats out of bounds"
    DAO = dao
    DEPLOYER = deployer
    LEAST_SEATS = least_seats


# --- Anchoring ---


@external
def anchor(
    epoch: uint64,
    root: bytes32,
    count: uint64,
    previousRoot: bytes32,
    bitmap: uint256,
    signatures: Bytes[SIGNATURES_MAX],
):
    """
    @notice Anchors the root of the next epoch.
    @param bitmap The seats that signed: bit i is seat i.
    @param signatures Their signatures, one after the other, in the order of seats.
    """
    last: uint64 = self.lastEpoch
    assert epoch == last + 1, "anchor: not the next epoch"
    assert root != empty(bytes32), "anchor: empty root"
    assert previousRoot == self.anchors[last].root, "anchor: other previous root"
    commitment: bytes32 = self._commitment(
        Claim(root=root, count=count, previousRoot=previousRoot)
    )
    self._check_quorum(self._subject(epoch), commitment, epoch, bitmap, signatures)

    self.lastEpoch = epoch
    self.anchors[epoch] = Anchor(
        root=root, stamp=convert(count, uint256) << 64 | block.timestamp
    )
    log Anchored(
        epoch=epoch, root=root, count=count, previousRoot=previousRoot, bitmap=bitmap
    )


@external
def submitEquivocation(
    keyHash: bytes32,
    epoch: uint64,
    first: Claim,
    firstSignature: Bytes[SIGNATURE_SIZE],
    second: Claim,
    secondSignature: Bytes[SIGNATURE_SIZE],
):
    """
    @notice Shows that a key signed two commitments for one epoch. It counts no more.
    """
    blob: address = self.keyBlob[keyHash]
    assert blob != empty(address), "anchor: unknown key"
    assert not self.equivocated[keyHash], "anchor: already known"
    one: bytes32 = self._commitment(first)
    other: bytes32 = self._commitment(second)
    assert one != other, "anchor: the same commitment"
    subject: bytes32 = self._subject(epoch)
    assert pq_keys._verify(
        blob, self._attestation(subject, one, epoch), firstSignature
    ), "anchor: first was not signed"
    assert pq_keys._verify(
        blob, self._attestation(subject, other, epoch), secondSignature
    ), "anchor: second was not signed"

    self.equivocated[keyHash] = True
    committee: uint256 = self.committee
    for seat: uint256 in range(committee & SEATS_MASK, bound=SEATS_MAX):
        if self.seats[seat] == blob:
            self.committee = committee | 1 << (MARKED_AT + seat)
    log Equivocated(keyHash=keyHash, epoch=epoch, first=one, second=other)


# --- The committee ---


@external
def registerKey(key: Bytes[2592]) -> bytes32:
    """
    @notice Keeps an ML-DSA-87 key, so that a committee can be named by hashes.
    """
    keyHash: bytes32 = keccak256(key)
    assert self.keyBlob[keyHash] == empty(address), "anchor: key is registered"
    blob: address = pq_keys._store(key)
    self.keyBlob[keyHash] = blob
    log KeyRegistered(keyHash=keyHash, blob=blob)
    return keyHash


@external
def setup(keyHashes: DynArray[bytes32, SEATS_MAX]):
    """
    @notice Sets the first committee. Once, by the deployer.
    """
    assert msg.sender == DEPLOYER, "anchor: only the deployer"
    assert self.committee == 0, "anchor: already set up"
    self._seat(keyHashes)


@external
def proposeCommittee(keyHashes: DynArray[bytes32, SEATS_MAX]):
    """
    @notice Begins the 24 hours before a new committee, in place of one that waits.
    """
    assert msg.sender == DAO, "anchor: only the dao"
    assert self.committee != 0, "anchor: not set up"
    self._check_keys(keyHashes)
    ready: uint256 = block.timestamp + CHANGE_DELAY
    self.proposedCommittee = keccak256(abi_encode(keyHashes))
    self.effectiveAt = ready
    log CommitteeProposed(keyHashes=keyHashes, effectiveAt=ready)


@external
def cancelCommittee():
    assert msg.sender == DAO, "anchor: only the dao"
    digest: bytes32 = self.proposedCommittee
    assert digest != empty(bytes32), "anchor: nothing proposed"
    self.proposedCommittee = empty(bytes32)
    log CommitteeCancelled(digest=digest)


@external
def changeCommittee(keyHashes: DynArray[bytes32, SEATS_MAX]):
    """
    @notice Seats the proposed committee after its 24 hours. Anybody may.
    """
    digest: bytes32 = self.proposedCommittee
    assert digest != empty(bytes32), "anchor: nothing proposed"
    assert digest == keccak256(abi_encode(keyHashes)), "anchor: not what was proposed"
    assert block.timestamp >= self.effectiveAt, "anchor: before its 24 hours"
    self.proposedCommittee = empty(bytes32)
    self._seat(keyHashes)


# --- Reading ---


@external
@view
def verifySession(
    epoch: uint64,
    leaf: ISessionAnchor.SessionLeaf,
    index: uint64,
    proof: DynArray[bytes32, 32],
) -> bool:
    return self._stands(epoch, leaf, index, proof)


@external
@view
def verifyAbsence(
    epoch: uint64,
    sessionId: bytes32,
    index: uint64,
    left: ISessionAnchor.SessionLeaf,
    leftProof: DynArray[bytes32, 32],
    right: ISessionAnchor.SessionLeaf,
    rightProof: DynArray[bytes32, 32],
) -> bool:
    """
    @notice Tells whether a session is missing in an epoch, by the neighbours of its place. The
            quorum that signed the root vouches for the order of its leaves.
    @param index Where the session would stand. There is no left one at 0, no right one at the end:
           what is given for them is not looked at.
    """
    if self.anchors[epoch].root == empty(bytes32):
        return False
    count: uint64 = self._count(epoch)
    if index > count:
        return False
    if index > 0:
        if convert(left.sessionId, uint256) >= convert(sessionId, uint256):
            return False
        if not self._stands(epoch, left, index - 1, leftProof):
            return False
    if index < count:
        if convert(right.sessionId, uint256) <= convert(sessionId, uint256):
            return False
        return self._stands(epoch, right, index, rightProof)
    return True


@external
@view
def rootOf(epoch: uint64) -> bytes32:
    return self.anchors[epoch].root


@external
@view
def countOf(epoch: uint64) -> uint64:
    return self._count(epoch)


@external
@view
def anchoredAt(epoch: uint64) -> uint256:
    return self.anchors[epoch].stamp & (2**64 - 1)


@external
@view
def checkAttestation(
    subject: bytes32,
    commitRoot: bytes32,
    epoch: uint64,
    bitmap: uint256,
    signatures: Bytes[SIGNATURES_MAX],
) -> bool:
    """
    @notice Is true, and reverts unless a quorum signed the attestation of a commitment to a
            subject. Who asks makes a subject that names itself, so that no other is meant.
    """
    self._check_quorum(subject, commitRoot, epoch, bitmap, signatures)
    return True


@external
@view
def attestation(epoch: uint64, claim: Claim) -> Bytes[109]:
    """
    @notice Returns what a member signs to have a root anchored.
    """
    return self._attestation(self._subject(epoch), self._commitment(claim), epoch)


@external
@view
def committeeSeats() -> (uint256, DynArray[address, SEATS_MAX], uint256):
    """
    @notice Returns the committee's version, its keys as accounts, and which seats do not count.
    """
    committee: uint256 = self.committee
    blobs: DynArray[address, SEATS_MAX] = []
    for seat: uint256 in range(committee & SEATS_MASK, bound=SEATS_MAX):
        blobs.append(self.seats[seat])
    return committee >> VERSION_AT, blobs, committee >> MARKED_AT & SEATS_MASK


@external
@view
def quorum() -> uint256:
    return self._quorum(self.committee & SEATS_MASK)


# --- Inside ---


@internal
@view
def _check_quorum(
    subject: bytes32,
    commitment: bytes32,
    epoch: uint64,
    bitmap: uint256,
    signatures: Bytes[SIGNATURES_MAX],
):
    committee: uint256 = self.committee
    size: uint256 = committee & SEATS_MASK
    assert size != 0, "anchor: not set up"
    assert bitmap >> size == 0, "anchor: no such seat"
    assert bitmap & (committee >> MARKED_AT) & SEATS_MASK == 0, "anchor: seat has equivocated"
    signers: uint256 = 0
    for seat: uint256 in range(size, bound=SEATS_MAX):
        signers += bitmap >> seat & 1
    assert signers >= self._quorum(size), "anchor: no quorum"
    assert len(signatures) == signers * SIGNATURE_SIZE, "anchor: wrong length"
    message: Bytes[109] = self._attestation(subject, commitment, epoch)
    position: uint256 = 0
    for seat: uint256 in range(size, bound=SEATS_MAX):
        if bitmap >> seat & 1 == 1:
            signature: Bytes[SIGNATURE_SIZE] = slice(signatures, position, SIGNATURE_SIZE)
            assert pq_keys._verify(self.seats[seat], message, signature), "anchor: bad signature"
            position += SIGNATURE_SIZE


@internal
@view
def _check_keys(keyHashes: DynArray[bytes32, SEATS_MAX]):
    assert len(keyHashes) >= LEAST_SEATS, "anchor: too few seats"
    previous: uint256 = 0
    for keyHash: bytes32 in keyHashes:
        number: uint256 = convert(keyHash, uint256)
        assert number > previous, "anchor: keys are not in order"
        assert self.keyBlob[keyHash] != empty(address), "anchor: unknown key"
        assert not self.equivocated[keyHash], "anchor: key has equivocated"
        previous = number


@internal
def _seat(keyHashes: DynArray[bytes32, SEATS_MAX]):
    self._check_keys(keyHashes)
    seat: uint256 = 0
    for keyHash: bytes32 in keyHashes:
        self.seats[seat] = self.keyBlob[keyHash]
        seat += 1
    version: uint256 = (self.committee >> VERSION_AT) + 1
    self.committee = version << VERSION_AT | seat
    log CommitteeChanged(version=version, keyHashes=keyHashes)


@internal
@pure
def _quorum(size: uint256) -> uint256:
    return 2 * size // 3 + 1


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


@internal
@pure
def _commitment(claim: Claim) -> bytes32:
    return sha256(
        concat(COMMITMENT, claim.root, convert(claim.count, bytes8), claim.previousRoot)
    )


@internal
@pure
def _attestation(subject: bytes32, commitment: bytes32, epoch: uint64) -> Bytes[109]:
    return concat(SEPARATOR, subject, commitment, convert(epoch, bytes8))


@internal
@view
def _count(epoch: uint64) -> uint64:
    return convert(self.anchors[epoch].stamp >> 64, uint64)


@internal
@view
def _stands(
    epoch: uint64,
    leaf: ISessionAnchor.SessionLeaf,
    index: uint64,
    proof: DynArray[bytes32, 32],
) -> bool:
    root: bytes32 = self.anchors[epoch].root
    count: uint64 = self._count(epoch)
    hashed: bytes32 = sha256(
        concat(
            LEAF,
            leaf.sessionId,
            convert(leaf.state, bytes1),
            leaf.outputHash,
            leaf.oracleRoot,
            leaf.receiptsRoot,
        )
    )
    top: bytes32 = session_tree._top(
        hashed, convert(index, uint256), convert(count, uint256), proof
    )
    if top == empty(bytes32):
        return False
    return root == sha256(
        concat(
            ROOT,
            convert(convert(chain.id, uint64), bytes8),
            convert(epoch, bytes8),
            convert(count, bytes8),
            top,
        )
    )
