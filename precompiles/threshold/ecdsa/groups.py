"""Groups in a precompile's storage. Knows no methods and no signatures.

A group's id is the hash of chain id, registrar and the registrar's count of groups; its slots are
counted from G = hash(id): see `ids`.

    G + 0         registrar (160 bits) at 96 | epoch (64) at 32 | members (16) at 16 | threshold
    G + 1         bit k: whether the y of commitment k is odd
    G + 2         chain code
    G + 16 + k    x of commitment k

The slot hash(registrar) holds the registrar's count. Commitment 0 is the group's public key.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ... import abi
from ...backends import secp256k1_group as curve
from ...backends.keccak import keccak256
from ...backends.secp256k1_group import Point
from ...ids import slot_of_id
from ...precompile import Host

MEMBERS_MAX = 150

PARITIES, CHAIN_CODE, COMMITMENTS = 1, 2, 16

MASK_16 = (1 << 16) - 1
MASK_64 = (1 << 64) - 1

INVALID_COMMITMENT = abi.error("InvalidCommitment(uint256 position)")
INVALID_THRESHOLD = abi.error("InvalidThreshold(uint256 threshold, uint256 members)")
UNKNOWN_GROUP = abi.error("UnknownGroup(bytes32 groupId)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What the first slot of a group says, and where the group is."""

    slot: int
    registrar: bytes
    epoch: int
    members: int
    threshold: int


def group_id(chain_id: int, registrar: bytes, nonce: int) -> bytes:
    """Return the id of a registrar's group with this number, from 0."""
    return keccak256(chain_id.to_bytes(32, "big") + registrar + nonce.to_bytes(32, "big"))


def take_nonce(host: Host, registrar: bytes) -> int:
    """Return how many groups the registrar has made, and count one more."""
    slot = nonce_slot(registrar)
    nonce = host.load(slot)
    host.store(slot, nonce + 1)
    return nonce


def nonce_of(host: Host, registrar: bytes) -> int:
    """Return how many groups the registrar has made."""
    return host.load(nonce_slot(registrar))


def nonce_slot(registrar: bytes) -> int:
    """Return where the registrar's count is."""
    return int.from_bytes(keccak256(registrar), "big")


def check(commitments: Sequence[bytes], members: int) -> None:
    """Refuse commitments that are no points, and more or fewer of them than members can have."""
    if not 1 <= len(commitments) <= members <= MEMBERS_MAX:
        raise INVALID_THRESHOLD(len(commitments), members)
    for position, commitment in enumerate(commitments):
        if curve.parse(commitment) is None:
            raise INVALID_COMMITMENT(position)


def store(
    host: Host,
    identifier: bytes,
    registrar: bytes,
    epoch: int,
    members: int,
    commitments: Sequence[bytes],
) -> None:
    """Write a group's first slot and its checked commitments."""
    slot = slot_of_id(identifier)
    owner = int.from_bytes(registrar, "big")
    host.store(slot, owner << 96 | epoch << 32 | members << 16 | len(commitments))
    parities = sum((each[0] & 1) << position for position, each in enumerate(commitments))
    host.store(slot + PARITIES, parities)
    for position, commitment in enumerate(commitments):
        x = int.from_bytes(commitment[1:], "big")
        host.store(slot + COMMITMENTS + position, x)


def clear(host: Host, group: Group, threshold: int) -> None:
    """Empty the slots of commitments from this one on."""
    for position in range(threshold, group.threshold):
        host.store(group.slot + COMMITMENTS + position, 0)


def store_chain_code(host: Host, identifier: bytes, chain_code: bytes) -> None:
    """Write the chain code, which never changes."""
    slot = slot_of_id(identifier) + CHAIN_CODE
    host.store(slot, int.from_bytes(chain_code, "big"))


def load(host: Host, identifier: bytes) -> Group:
    """Return a group, or refuse an id that has none."""
    slot = slot_of_id(identifier)
    word = host.load(slot)
    if not word:
        raise UNKNOWN_GROUP(identifier)
    return Group(
        slot=slot,
        registrar=(word >> 96).to_bytes(20, "big"),
        epoch=word >> 32 & MASK_64,
        members=word >> 16 & MASK_16,
        threshold=word & MASK_16,
    )


def load_key(host: Host, group: Group) -> bytes:
    """Return the group's public key."""
    return load_commitments(host, group, 1)[0]


def load_commitments(host: Host, group: Group, count: int) -> list[bytes]:
    """Return the first commitments, 33 bytes each."""
    parities = host.load(group.slot + PARITIES)
    return [
        bytes([2 + (parities >> position & 1)])
        + host.load(group.slot + COMMITMENTS + position).to_bytes(32, "big")
        for position in range(count)
    ]


def load_chain_code(host: Host, group: Group) -> bytes:
    """Return the chain code."""
    return host.load(group.slot + CHAIN_CODE).to_bytes(32, "big")


def public_share(commitments: Sequence[bytes], member: int) -> Point | None:
    """Return the sum of member**k C_k, by Horner's rule. None at infinity."""
    total: Point | None = None
    for commitment in reversed(commitments):
        point = curve.parse(commitment)
        total = curve.add((curve.multiply(total, member), point))
    return total
