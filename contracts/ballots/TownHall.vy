# pragma version 0.4.3
# SPDX-License-Identifier: MIT
"""
@title Rooms of the town hall
@license MIT
@notice Says who may come into a room: by name, by what an account has locked or whose signer it is;
        or without a name, by a proof that some member is at the door. Who came is written down
        nowhere. And it keeps the consents without which nothing is recorded.
        Who may do what: who has power in the escrow opens a room, one an hour, and closes it; the
        same account begins a recording. Who has power enlists for the nameless sets of the week
        to come. Participants consent by their own signature, which anybody may bring.
        Whom to trust: a room's host, to ask here, to keep the nullifiers of a meeting, and to name
        all participants of a recording. There is no administrator.
"""

from ..interfaces import IRing
from ..interfaces import ISTARK
from ..modules import ecdsa
from ..modules import eip712
from ..modules import member_tree
from ..modules import pq_keys
from ..modules import session_tree

initializes: eip712
initializes: member_tree
exports: eip712.eip712Domain


interface IEscrow:
    def balanceOf(account: address) -> uint256: view


interface ISafe:
    def isOwner(account: address) -> bool: view


interface ICommittee:
    def isMember(account: address) -> bool: view


RING: constant(IRing) = IRing(0x0000000000000000000000000000000000000703)
STARK: constant(ISTARK) = ISTARK(0x0000000000000000000000000000000000000903)

TOWN_HALL: constant(uint256) = 0
COMMITTEE: constant(uint256) = 1
FORUM: constant(uint256) = 2
CAPACITIES: constant(uint256[3]) = [1000, 25, 500]

HOUR: constant(uint256) = 3600
WEEK: constant(uint256) = 604800
TIERS: constant(uint256) = 5
RING_MAX: constant(uint256) = 128
KEY_SIZE: constant(uint256) = 33
PROOF_MAX: constant(uint256) = 114722
HEAD: constant(uint256) = 34
PARTICIPANTS_MAX: constant(uint256) = 1000

BY_STARK: constant(uint256) = 1
BY_RING: constant(uint256) = 2

TOPIC: constant(bytes32) = keccak256("PARS:TownHallTopic:v1")
GUEST: constant(bytes32) = keccak256("PARS:TownHallGuest:v1")
PARTICIPANT: constant(Bytes[20]) = b"\x00PARS:Participant:v1"
CONSENT: constant(bytes32) = keccak256("Consent(bytes32 recording)")
POSSESSION: constant(bytes32) = keccak256("RingKey(address account,uint256 week,uint256 tier)")

ESCROW: public(immutable(address))
SAFE: public(immutable(address))
AIR: public(immutable(bytes32))
UNIT: public(immutable(uint256))


struct Room:
    creator: address
    kind: uint256
    capacity: uint256
    minimum: uint256
    gate: address
    closed: bool


struct Recording:
    room: bytes32
    root: bytes32
    count: uint256
    missing: uint256


event RoomOpened:
    room: indexed(bytes32)
    creator: indexed(address)
    kind: uint256
    capacity: uint256
    minimum: uint256
    gate: address


event RoomClosed:
    room: indexed(bytes32)


event LeafEnlisted:
    week: indexed(uint256)
    tier: indexed(uint256)
    index: uint256
    leaf: uint256


event KeyEnlisted:
    week: indexed(uint256)
    tier: indexed(uint256)
    index: uint256
    key: Bytes[KEY_SIZE]


event RecordingAsked:
    recording: indexed(bytes32)
    room: indexed(bytes32)
    root: bytes32
    count: uint256


event Consented:
    recording: indexed(bytes32)
    index: uint256
    missing: uint256


rooms: HashMap[bytes32, Room]
roomCount: public(uint256)
lastOpened: public(HashMap[address, uint256])
enlisted: HashMap[bytes32, HashMap[address, bool]]
ringKeyUsed: HashMap[bytes32, HashMap[address, bool]]
ringSizes: HashMap[bytes32, uint256]
ringChains: HashMap[bytes32, HashMap[uint256, bytes32]]
recordings: HashMap[bytes32, Recording]
recordingCount: uint256
consents: HashMap[bytes32, HashMap[uint256, uint256]]


@deploy
def __init__(escrow: address, safe: address, air: bytes32, depth: uint256, unit: uint256):
    """
    @param air The id of the statement `membership` for trees of this depth, registered at 0x0903.
    @param unit The power of tier 1, in wei; each tier above has ten times as much.
    """
    johnson: uint16 = 0
    unique: uint16 = 0
    johnson, unique = staticcall STARK.security(air)
    assert johnson >= 100, "hall: statement is too weak"
    assert unit != 0, "hall: no unit"
    eip712.__init__("Pars Town Hall", "1")
    member_tree.__init__(depth)
    ESCROW = escrow
    SAFE = safe
    AIR = air
    UNIT = unit


# --- Rooms ---


@external
def openRoom(kind: uint256, capacity: uint256, minimum: uint256, gate: address) -> bytes32:
    """
    @notice Opens a room.
    @param kind 0 town hall, 1 committee, 2 open forum.
    @param minimum What an account must have locked, in power; of a town hall only.
    @param gate Whose members come in: the safe, or a committee; of a committee's room only.
    """
    assert kind < 3, "hall: no such kind"
    assert capacity != 0 and capacity <= CAPACITIES[kind], "hall: capacity out of bounds"
    assert (minimum != 0) == (kind == TOWN_HALL), "hall: minimum is a town hall's"
    assert (gate != empty(address)) == (kind == COMMITTEE), "hall: gate is a committee's"
    assert self._power(msg.sender) != 0, "hall: no power"
    if kind == COMMITTEE:
        assert self._passes(gate, msg.sender), "hall: not a member"
    last: uint256 = self.lastOpened[msg.sender]
    assert last == 0 or block.timestamp >= last + HOUR, "hall: one room an hour"
    number: uint256 = self.roomCount
    room: bytes32 = keccak256(abi_encode(chain.id, self, msg.sender, number))
    self.roomCount = number + 1
    self.lastOpened[msg.sender] = block.timestamp
    self.rooms[room] = Room(
        creator=msg.sender,
        kind=kind,
        capacity=capacity,
        minimum=minimum,
        gate=gate,
        closed=False,
    )
    log RoomOpened(
        room=room,
        creator=msg.sender,
        kind=kind,
        capacity=capacity,
        minimum=minimum,
        gate=gate,
    )
    return room


@external
def closeRoom(room: bytes32):
    assert self.rooms[room].creator == msg.sender, "hall: not your room"
    assert not self.rooms[room].closed, "hall: room is closed"
    self.rooms[room].closed = True
    log RoomClosed(room=room)


@external
@view
def canJoin(roomId: bytes32, participant: address) -> bool:
    """
    @notice Tells whether an account may come in. The host shuts the door when the room is full.
    """
    room: Room = self.rooms[roomId]
    if room.creator == empty(address) or room.closed:
        return False
    if room.kind == COMMITTEE:
        return self._passes(room.gate, participant)
    if room.kind == TOWN_HALL:
        return self._power(participant) >= room.minimum
    return self._power(participant) != 0


@external
@view
def canJoinAnonymous(roomId: bytes32, proof: Bytes[PROOF_MAX], nullifier: bytes32) -> bool:
    """
    @notice Tells whether some member of this week's sets is at the door. The host lets a nullifier
            in once, and asks the guest for a signature by the key whose hash the proof names.
    @param proof How (1 STARK, 2 ring), the tier, 32 bytes of the guest's own, and what follows.
    """
    room: Room = self.rooms[roomId]
    if room.creator == empty(address) or room.closed or room.kind == COMMITTEE:
        return False
    assert len(proof) > HEAD, "hall: proof is too short"
    tier: uint256 = convert(slice(proof, 1, 1), uint256)
    assert tier < TIERS, "hall: no such tier"
    if self._tier_minimum(tier) < room.minimum:
        return False
    how: uint256 = convert(slice(proof, 0, 1), uint256)
    guest: bytes32 = extract32(proof, 2)
    tree: bytes32 = self._set(block.timestamp // WEEK, tier)
    if how == BY_STARK:
        return self._proves(tree, roomId, guest, proof, nullifier)
    assert how == BY_RING, "hall: no such kind of proof"
    return self._signs(tree, roomId, guest, proof, nullifier)


# --- Sets of members without names ---


@external
def enlistLeaf(tier: uint256, leaf: uint256):
    """
    @notice Adds the caller's leaf to the tree of a tier, for the week to come. Once a week, a tier.
    """
    week: uint256 = block.timestamp // WEEK + 1
    tree: bytes32 = self._enlist(week, tier, BY_STARK)
    index: uint256 = member_tree._grow(tree, leaf)
    log LeafEnlisted(week=week, tier=tier, index=index, leaf=leaf)


@external
def enlistKey(tier: uint256, x: uint256, y: uint256, v: uint256, r: uint256, s: uint256):
    """
    @notice Adds the caller's ring key to the newest ring of a tier, for the week to come, signed by
            that key. Once a week and tier.
    """
    week: uint256 = block.timestamp // WEEK + 1
    tree: bytes32 = self._enlist(week, tier, BY_RING)
    digest: bytes32 = eip712._digest(
        keccak256(abi_encode(POSSESSION, msg.sender, week, tier))
    )
    # Who recovers to the account of a point has its secret, so the point is on the curve.
    account: address = convert(
        convert(keccak256(abi_encode(x, y)), uint256) & (2**160 - 1), address
    )
    assert ecdsa._recover(digest, v, r, s) == account, "hall: key did not sign"
    assert not self.ringKeyUsed[tree][account], "hall: key is there"
    self.ringKeyUsed[tree][account] = True
    parity: bytes1 = 0x02
    if y & 1 == 1:
        parity = 0x03
    key: Bytes[KEY_SIZE] = concat(parity, convert(x, bytes32))
    index: uint256 = self.ringSizes[tree]
    ring: uint256 = index // RING_MAX
    self.ringSizes[tree] = index + 1
    self.ringChains[tree][ring] = keccak256(concat(self.ringChains[tree][ring], key))
    log KeyEnlisted(week=week, tier=tier, index=index, key=key)


@external
@view
def tierMinimum(tier: uint256) -> uint256:
    return self._tier_minimum(tier)


@external
@view
def rootOf(week: uint256, tier: uint256) -> uint256:
    return member_tree._root(self._set(week, tier))


@external
@view
def ringSize(week: uint256, tier: uint256) -> uint256:
    return self.ringSizes[self._set(week, tier)]


@external
@view
def topicOf(roomId: bytes32) -> uint256:
    """
    @notice Returns what a secret is hashed with to make the nullifier of a room.
    """
    return self._topic(roomId)


@external
@view
def guestMessage(roomId: bytes32, guest: bytes32, nullifier: bytes32) -> bytes32:
    """
    @notice Returns what a ring signs, and of which a STARK has the upper 251 bits as its message.
    """
    return self._guest_message(roomId, guest, nullifier)


@external
@view
def roomOf(roomId: bytes32) -> Room:
    return self.rooms[roomId]


# --- Recordings ---


@external
def askToRecord(roomId: bytes32, root: bytes32, count: uint256) -> bytes32:
    """
    @notice Begins to gather the consents of all participants, by the root of their keys' tree.
    """
    assert self.rooms[roomId].creator == msg.sender, "hall: not your room"
    assert not self.rooms[roomId].closed, "hall: room is closed"
    assert root != empty(bytes32), "hall: no participants"
    assert count != 0 and count <= PARTICIPANTS_MAX, "hall: no participants"
    number: uint256 = self.recordingCount
    recording: bytes32 = keccak256(abi_encode(chain.id, self, roomId, number))
    self.recordingCount = number + 1
    self.recordings[recording] = Recording(room=roomId, root=root, count=count, missing=count)
    log RecordingAsked(recording=recording, room=roomId, root=root, count=count)
    return recording


@external
def consent(
    recording: bytes32,
    index: uint256,
    proof: DynArray[bytes32, 32],
    v: uint256,
    r: uint256,
    s: uint256,
):
    """
    @notice Brings the consent of a participant who is known by an account's address.
    """
    signer: address = ecdsa._recover(self._consent_digest(recording), v, r, s)
    self._consent(recording, index, proof, convert(convert(signer, uint256), bytes32))


@external
def consentPQ(
    recording: bytes32,
    index: uint256,
    proof: DynArray[bytes32, 32],
    key: Bytes[2592],
    signature: Bytes[4627],
):
    """
    @notice Brings the consent of a participant who is known by the Keccak hash of an ML-DSA-87 key.
    """
    message: Bytes[32] = concat(self._consent_digest(recording), b"")
    assert pq_keys._verify_with(key, message, signature), "hall: did not consent"
    self._consent(recording, index, proof, keccak256(key))


@external
@view
def mayRecord(recording: bytes32) -> bool:
    """
    @notice Tells whether all participants have consented.
    """
    asked: Recording = self.recordings[recording]
    return asked.count != 0 and asked.missing == 0


@external
@view
def missingConsents(recording: bytes32) -> uint256:
    return self.recordings[recording].missing


@external
@view
def consentDigest(recording: bytes32) -> bytes32:
    return self._consent_digest(recording)


# --- Inside ---


@internal
@view
def _power(account: address) -> uint256:
    return staticcall IEscrow(ESCROW).balanceOf(account)


@internal
@view
def _passes(gate: address, account: address) -> bool:
    if gate == SAFE:
        return staticcall ISafe(SAFE).isOwner(account)
    return staticcall ICommittee(gate).isMember(account)


@internal
@view
def _tier_minimum(tier: uint256) -> uint256:
    if tier == 0:
        return 1
    return UNIT * 10 ** (tier - 1)


@internal
@pure
def _set(week: uint256, tier: uint256) -> bytes32:
    return keccak256(abi_encode(week, tier))


@internal
def _enlist(week: uint256, tier: uint256, how: uint256) -> bytes32:
    assert tier < TIERS, "hall: no such tier"
    assert self._power(msg.sender) >= self._tier_minimum(tier), "hall: not enough power"
    entry: bytes32 = keccak256(abi_encode(week, tier, how))
    assert not self.enlisted[entry][msg.sender], "hall: enlisted already"
    self.enlisted[entry][msg.sender] = True
    return self._set(week, tier)


@internal
@view
def _topic(roomId: bytes32) -> uint256:
    return convert(keccak256(abi_encode(TOPIC, chain.id, self, roomId)), uint256) >> 5


@internal
@view
def _guest_message(roomId: bytes32, guest: bytes32, nullifier: bytes32) -> bytes32:
    return keccak256(abi_encode(GUEST, chain.id, self, roomId, guest, nullifier))


@internal
@view
def _proves(
    tree: bytes32,
    roomId: bytes32,
    guest: bytes32,
    proof: Bytes[PROOF_MAX],
    nullifier: bytes32,
) -> bool:
    message: bytes32 = self._guest_message(roomId, guest, nullifier)
    inputs: DynArray[uint256, 64] = [
        member_tree._root(tree),
        self._topic(roomId),
        convert(nullifier, uint256),
        convert(message, uint256) >> 5,
    ]
    body: Bytes[PROOF_MAX] = slice(proof, HEAD, len(proof) - HEAD)
    return staticcall STARK.verify(AIR, inputs, body)


@internal
@view
def _signs(
    tree: bytes32,
    roomId: bytes32,
    guest: bytes32,
    proof: Bytes[PROOF_MAX],
    nullifier: bytes32,
) -> bool:
    """
    @notice Checks a signature of a ring, given as the ABI has it: the ring's number, its keys one
            after the other, key image, challenge and responses.
    """
    ring: uint256 = 0
    keys: Bytes[RING_MAX * KEY_SIZE] = b""
    image: Bytes[KEY_SIZE] = b""
    challenge: uint256 = 0
    responses: DynArray[uint256, RING_MAX] = []
    ring, keys, image, challenge, responses = abi_decode(
        slice(proof, HEAD, len(proof) - HEAD),
        (
            uint256,
            Bytes[RING_MAX * KEY_SIZE],
            Bytes[KEY_SIZE],
            uint256,
            DynArray[uint256, RING_MAX],
        ),
    )
    members: uint256 = len(keys) // KEY_SIZE
    assert len(keys) == members * KEY_SIZE, "hall: not a ring"
    chained: bytes32 = empty(bytes32)
    for member: uint256 in range(members, bound=RING_MAX):
        chained = keccak256(concat(chained, slice(keys, member * KEY_SIZE, KEY_SIZE)))
    if chained == empty(bytes32) or chained != self.ringChains[tree][ring]:
        return False
    if nullifier != keccak256(concat(image, roomId)):
        return False
    message: bytes32 = self._guest_message(roomId, guest, nullifier)
    return staticcall RING.verify(keys, concat(message, b""), image, challenge, responses)


@internal
@view
def _consent_digest(recording: bytes32) -> bytes32:
    return eip712._digest(keccak256(abi_encode(CONSENT, recording)))


@internal
def _consent(
    recording: bytes32, index: uint256, proof: DynArray[bytes32, 32], signer: bytes32
):
    asked: Recording = self.recordings[recording]
    assert asked.count != 0, "hall: no such recording"
    leaf: bytes32 = sha256(concat(PARTICIPANT, signer))
    assert session_tree._top(leaf, index, asked.count, proof) == asked.root, "hall: not there"
    bit: uint256 = 1 << (index & 255)
    given: uint256 = self.consents[recording][index >> 8]
    assert given & bit == 0, "hall: has consented"
    self.consents[recording][index >> 8] = given | bit
    self.recordings[recording].missing = asked.missing - 1
    log Consented(recording=recording, index=index, missing=asked.missing - 1)
