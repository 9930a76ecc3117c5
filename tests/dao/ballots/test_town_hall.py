"""Rooms: who comes in by name, who without, and what is recorded."""

import random

import ape
import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak, to_canonical_address

from chain.dao import ballots, rooms
from chain.dao.anchors import proof_of, sign, top_of
from chain.dao.rooms import Door
from precompiles.pq.ml_dsa import kernel as ml_dsa
from precompiles.pq.ml_dsa.parameters import BY_NUMBER
from precompiles.privacy.ring import signing

UNIT = 10**21
DEPTH = 5
WEEK = 604_800
NOBODY = "0x" + 40 * "0"
TOWN_HALL, COMMITTEE, FORUM = range(3)
GUEST = keccak(b"guest")
CHANCE = random.Random(1)


@pytest.fixture(scope="module")
def safe(doubles, people):
    return people.deployer.deploy(doubles.Members)


@pytest.fixture(scope="module")
def committee(doubles, people):
    return people.deployer.deploy(doubles.Members)


@pytest.fixture(scope="module")
def hall(project, people, escrow, safe, statement, holders, committee):
    return people.deployer.deploy(project.TownHall, escrow, safe, statement, DEPTH, UNIT)


@pytest.fixture
def power(escrow, people):
    """Give an account power: `power(account, amount)`."""
    return lambda account, amount: escrow.setPower(account, amount, sender=people.deployer)


@pytest.fixture
def host(accounts, power):
    power(accounts[3], UNIT)
    return accounts[3]


@pytest.fixture
def open_room(hall, host, chain):
    """Open a room, an hour after the last one."""

    def run(kind=TOWN_HALL, capacity=10, minimum=None, gate=NOBODY, sender=host):
        minimum = UNIT if minimum is None and kind == TOWN_HALL else minimum or 0
        chain.pending_timestamp = chain.blocks.head.timestamp + 3_600
        receipt = hall.openRoom(kind, capacity, minimum, gate, sender=sender)
        (event,) = hall.RoomOpened.from_receipt(receipt)
        return bytes(event.room)

    return run


@pytest.fixture
def next_week(chain):
    """Go to the first second of the week to come."""

    def run():
        chain.mine(timestamp=(chain.blocks.head.timestamp // WEEK + 1) * WEEK)

    return run


# --- Rooms ----------------------------------------------------------------------------------


def test_town_hall_asks_for_its_minimum(hall, open_room, power, accounts):
    room = open_room(minimum=UNIT)
    for amount, comes_in in ((0, False), (UNIT - 1, False), (UNIT, True)):
        power(accounts[5], amount)
        assert hall.canJoin(room, accounts[5]) == comes_in


def test_forum_asks_for_any_power(hall, open_room, power, accounts):
    room = open_room(FORUM)
    assert not hall.canJoin(room, accounts[5])
    power(accounts[5], 1)
    assert hall.canJoin(room, accounts[5])


def test_committee_and_safe(hall, open_room, committee, safe, host, people, accounts, power):
    for gate in (committee, safe):
        with ape.reverts("hall: not a member"):
            open_room(COMMITTEE, gate=gate)
        gate.set(host, gate is safe, gate is committee, sender=people.deployer)
        room = open_room(COMMITTEE, gate=gate)
        power(accounts[5], 99 * UNIT)
        assert not hall.canJoin(room, accounts[5])
        assert hall.canJoin(room, host)
        assert not hall.canJoinAnonymous(room, b"", bytes(32))


def test_no_room_and_closed_room(hall, open_room, host, people):
    room = open_room()
    assert hall.canJoin(room, host)
    with ape.reverts("hall: not your room"):
        hall.closeRoom(room, sender=people.anyone)
    hall.closeRoom(room, sender=host)
    for closed in (room, bytes(32)):
        assert not hall.canJoin(closed, host)
        assert not hall.canJoinAnonymous(closed, b"", bytes(32))
    with ape.reverts("hall: room is closed"):
        hall.closeRoom(room, sender=host)
    with ape.reverts("hall: room is closed"):
        hall.askToRecord(room, b"\x01" * 32, 1, sender=host)


@pytest.mark.parametrize(
    ("room", "reason"),
    [
        ((3, 1, 0, NOBODY), "hall: no such kind"),
        ((TOWN_HALL, 0, 1, NOBODY), "hall: capacity out of bounds"),
        ((TOWN_HALL, 1_001, 1, NOBODY), "hall: capacity out of bounds"),
        ((COMMITTEE, 26, 0, NOBODY), "hall: capacity out of bounds"),
        ((FORUM, 501, 0, NOBODY), "hall: capacity out of bounds"),
        ((TOWN_HALL, 1, 0, NOBODY), "hall: minimum is a town hall's"),
        ((FORUM, 1, 1, NOBODY), "hall: minimum is a town hall's"),
        ((COMMITTEE, 1, 0, NOBODY), "hall: gate is a committee's"),
        ((FORUM, 1, 0, "0x" + 40 * "1"), "hall: gate is a committee's"),
    ],
)
def test_rooms_that_cannot_be(hall, host, room, reason):
    with ape.reverts(reason):
        hall.openRoom(*room, sender=host)


def test_one_room_an_hour(hall, open_room, host, people, chain):
    open_room(capacity=1_000)
    opened = hall.lastOpened(host)
    chain.pending_timestamp = opened + 3_599
    with ape.reverts("hall: one room an hour"):
        hall.openRoom(FORUM, 500, 0, NOBODY, sender=host)
    chain.pending_timestamp = opened + 3_600
    hall.openRoom(FORUM, 500, 0, NOBODY, sender=host)
    with ape.reverts("hall: no power"):
        hall.openRoom(FORUM, 500, 0, NOBODY, sender=people.anyone)
    assert tuple(hall.roomOf(open_room()))[:3] == (host, TOWN_HALL, 10)


# --- Without a name -------------------------------------------------------------------------


@pytest.fixture
def leaves(hall, holders, power):
    """Secrets of holders in the tree of tier 1, for the week to come."""
    secrets = [ballots.draw_secret(lambda: CHANCE.randbytes(32)) for _ in holders]
    for holder, secret in zip(holders, secrets, strict=True):
        power(holder, UNIT)
        hall.enlistLeaf(1, ballots.leaf_of(secret), sender=holder)
    return secrets


@pytest.fixture
def door(hall):
    def make(room):
        return Door(chain_id=6133, contract=to_canonical_address(hall.address), room=room)

    return make


def by_stark(door, secrets, which=0, tier=1, guest=GUEST):
    tree = [ballots.leaf_of(each) for each in secrets]
    draw = lambda: CHANCE.randbytes(32)  # noqa: E731 - it is passed on
    return rooms.by_stark(door, tier, guest, secrets[which], tree, DEPTH, draw)


def test_member_comes_in_by_a_stark(hall, leaves, next_week, open_room, door):
    next_week()
    room = open_room(minimum=UNIT)
    proof, nullifier = by_stark(door(room), leaves)
    assert hall.canJoinAnonymous(room, proof, nullifier)
    assert not hall.canJoinAnonymous(room, proof, bytes(32))
    other = open_room(minimum=UNIT)
    assert not hall.canJoinAnonymous(other, proof, nullifier), "a proof is for one room"
    assert by_stark(door(other), leaves)[1] != nullifier, "so is a nullifier"
    assert by_stark(door(room), leaves, guest=bytes(32))[1] == nullifier, "the guest has one"
    stolen = proof[:2] + bytes(32) + proof[34:]
    assert not hall.canJoinAnonymous(room, stolen, nullifier), "of another guest"


def test_sets_are_those_of_the_week(hall, leaves, next_week, open_room, door):
    room = open_room(minimum=UNIT)
    proof, nullifier = by_stark(door(room), leaves)
    assert not hall.canJoinAnonymous(room, proof, nullifier), "enlisted for the week to come"
    next_week()
    assert hall.canJoinAnonymous(room, proof, nullifier)
    next_week()
    assert not hall.canJoinAnonymous(room, proof, nullifier), "and for that week only"


def test_tier_must_reach_the_minimum(hall, leaves, next_week, open_room, door):
    next_week()
    room = open_room(minimum=UNIT + 1)
    proof, nullifier = by_stark(door(room), leaves)
    assert not hall.canJoinAnonymous(room, proof, nullifier)
    higher = proof[:1] + b"\x02" + proof[2:]
    assert not hall.canJoinAnonymous(room, higher, nullifier)
    with ape.reverts("hall: no such tier"):
        hall.canJoinAnonymous(room, proof[:1] + b"\x05" + proof[2:], nullifier)
    with ape.reverts("hall: no such kind of proof"):
        low = open_room(FORUM)
        hall.canJoinAnonymous(low, b"\x03" + proof[1:], nullifier)
    with ape.reverts("hall: proof is too short"):
        hall.canJoinAnonymous(room, proof[:34], nullifier)


def test_enlisting(hall, holders, power):
    power(holders[0], 10 * UNIT - 1)
    assert [hall.tierMinimum(tier) for tier in range(5)] == [1, *(UNIT * 10**n for n in range(4))]
    hall.enlistLeaf(1, 5, sender=holders[0])
    hall.enlistLeaf(0, 5, sender=holders[0])
    with ape.reverts("hall: enlisted already"):
        hall.enlistLeaf(1, 6, sender=holders[0])
    with ape.reverts("hall: not enough power"):
        hall.enlistLeaf(2, 6, sender=holders[0])
    with ape.reverts("hall: no such tier"):
        hall.enlistLeaf(5, 6, sender=holders[0])


def possession(hall, account, week, tier):
    domain = {
        "name": "Pars Town Hall",
        "version": "1",
        "chainId": 6133,
        "verifyingContract": hall.address,
    }
    types = {
        "RingKey": [
            {"name": "account", "type": "address"},
            {"name": "week", "type": "uint256"},
            {"name": "tier", "type": "uint256"},
        ]
    }
    said = {"account": str(account), "week": week, "tier": tier}
    return encode_typed_data(domain, types, said)


@pytest.fixture
def enlist_key(hall, chain):
    """Enlist a ring key of a holder."""

    def run(holder, secret, tier=1, key=None):
        week = chain.blocks.head.timestamp // WEEK + 1
        signer = Account.from_key(secret)
        signed = signer.sign_message(possession(hall, holder, week, tier))
        public = Account.from_key(key or secret)._key_obj.public_key.to_bytes()
        x, y = (int.from_bytes(public[at : at + 32], "big") for at in (0, 32))
        hall.enlistKey(tier, x, y, signed.v, signed.r, signed.s, sender=holder)

    return run


@pytest.fixture
def ring(holders, power, enlist_key):
    secrets = [keccak(bytes([each])) for each in range(len(holders))]
    for holder, secret in zip(holders, secrets, strict=True):
        power(holder, UNIT)
        enlist_key(holder, secret)
    return [int.from_bytes(each, "big") for each in secrets]


def test_member_comes_in_by_a_ring(hall, ring, next_week, open_room, door):
    next_week()
    room = open_room(minimum=UNIT)
    keys = [signing.public_key(secret) for secret in ring]
    proof, nullifier = rooms.by_ring(door(room), 1, GUEST, ring[2], 0, keys, bytes(32))
    assert hall.canJoinAnonymous(room, proof, nullifier)
    assert not hall.canJoinAnonymous(room, proof, bytes(32))
    assert not hall.canJoinAnonymous(room, proof[:2] + bytes(32) + proof[34:], nullifier)
    for others in (keys[:3], keys[::-1]):
        wrong, _ = rooms.by_ring(door(room), 1, GUEST, ring[2], 0, others, bytes(32))
        assert not hall.canJoinAnonymous(room, wrong, nullifier)
    elsewhere, _ = rooms.by_ring(door(room), 1, GUEST, ring[2], 1, keys, bytes(32))
    assert not hall.canJoinAnonymous(room, elsewhere, nullifier)
    with ape.reverts("hall: not a ring"):
        cut = proof[: 34 + 5 * 32] + (131).to_bytes(32, "big") + proof[34 + 6 * 32 :]
        hall.canJoinAnonymous(room, cut, nullifier)


def test_ring_keys(hall, enlist_key, holders, power):
    first, second = keccak(b"first"), keccak(b"second")
    for holder in holders[:2]:
        power(holder, UNIT)
    with ape.reverts("hall: key did not sign"):
        enlist_key(holders[0], first, key=second)
    enlist_key(holders[0], first)
    with ape.reverts("hall: key is there"):
        enlist_key(holders[1], first)
    with ape.reverts("hall: enlisted already"):
        enlist_key(holders[0], second)
    enlist_key(holders[0], second, tier=0)


# --- Recordings -----------------------------------------------------------------------------


@pytest.fixture
def consent_of(hall):
    domain = {
        "name": "Pars Town Hall",
        "version": "1",
        "chainId": 6133,
        "verifyingContract": hall.address,
    }
    types = {"Consent": [{"name": "recording", "type": "bytes32"}]}

    def run(secret, recording):
        message = encode_typed_data(domain, types, {"recording": recording})
        signed = Account.from_key(secret).sign_message(message)
        return signed.v, signed.r, signed.s

    return run


def test_recording_needs_all(hall, open_room, host, people, consent_of):
    secrets = [keccak(bytes([each])) for each in range(2)]
    public, pq_secret = ml_dsa.keygen(BY_NUMBER[5], bytes(32))
    addresses = [to_canonical_address(Account.from_key(each).address) for each in secrets]
    tree = [rooms.participant(each) for each in (*addresses, keccak(public))]
    room = open_room()
    with ape.reverts("hall: not your room"):
        hall.askToRecord(room, top_of(tree), 3, sender=people.anyone)
    for root, count in ((bytes(32), 3), (top_of(tree), 0), (top_of(tree), 1_001)):
        with ape.reverts("hall: no participants"):
            hall.askToRecord(room, root, count, sender=host)
    (asked,) = hall.RecordingAsked.from_receipt(
        hall.askToRecord(room, top_of(tree), 3, sender=host)
    )
    recording = bytes(asked.recording)
    given = consent_of(secrets[0], recording)
    for index in (1, 2, 3):
        with ape.reverts("hall: not there"):
            wrong = proof_of(tree, index % 3)
            hall.consent(recording, index, wrong, *given, sender=people.anyone)
    with ape.reverts("hall: not there"):
        elsewhere = consent_of(secrets[0], bytes(32))
        hall.consent(recording, 0, proof_of(tree, 0), *elsewhere, sender=people.anyone)
    with ape.reverts("hall: no such recording"):
        hall.consent(bytes(32), 0, proof_of(tree, 0), *elsewhere, sender=people.anyone)
    hall.consent(recording, 0, proof_of(tree, 0), *given, sender=people.anyone)
    with ape.reverts("hall: has consented"):
        hall.consent(recording, 0, proof_of(tree, 0), *given, sender=people.anyone)
    other = consent_of(secrets[1], recording)
    hall.consent(recording, 1, proof_of(tree, 1), *other, sender=people.anyone)
    assert hall.missingConsents(recording) == 1
    assert not hall.mayRecord(recording)
    signature = sign(pq_secret, bytes(hall.consentDigest(recording)))
    with ape.reverts("hall: did not consent"):
        wrong = signature[:-1] + bytes([signature[-1] ^ 1])
        hall.consentPQ(recording, 2, proof_of(tree, 2), public, wrong, sender=people.anyone)
    hall.consentPQ(recording, 2, proof_of(tree, 2), public, signature, sender=people.anyone)
    assert hall.mayRecord(recording)
    assert not hall.mayRecord(bytes(32))


def test_constructor(project, people, escrow, safe, statement):
    with ape.reverts("hall: no unit"):
        people.deployer.deploy(project.TownHall, escrow, safe, statement, DEPTH, 0)
