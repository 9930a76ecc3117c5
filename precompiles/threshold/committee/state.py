"""Committees in the precompile's storage. Knows no methods and no proofs.

A committee's slots are counted from the hash of its id (see `ids`). Members count from 1; bit j of
a set stands for j.

    + 0         registrar (160 bits) at 96 | members (16) at 80 | threshold (16) at 64 | outcome (8)
    + 1         last blocks of committing (64) at 128 | of dealing (64) at 64 | of complaining (64)
    + 2 .. 6    sets: committed, dealt, disqualified, approved, qualified
    + 7, 8      parities of y: of the members' encryption keys, of the summed commitments
    + 256 + j   account of member j
    + 512 + j   hash of the commitments of member j
    + 768 + j   x of the encryption key of member j
    + 1024 + j  hash of the shares that member j dealt
    + 1280 + k  x of the sum of all qualified members' commitment k

The slot hash(id, request, member) holds the hash of a partial decryption.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ... import abi
from ...backends.keccak import keccak256
from ...ids import slot_of_id
from ...precompile import Host

OPEN: Final = 0
FINALIZED: Final = 1
FAILED: Final = 2

DEADLINES = 1
COMMITTED, DEALT, DISQUALIFIED, APPROVED, QUALIFIED = 2, 3, 4, 5, 6
KEY_PARITIES, SUM_PARITIES = 7, 8
ACCOUNTS, COMMITMENT_HASHES, KEYS, SHARE_HASHES, SUMS = 256, 512, 768, 1024, 1280

MASK_16 = (1 << 16) - 1
MASK_64 = (1 << 64) - 1

UNKNOWN_COMMITTEE = abi.error("UnknownCommittee(bytes32 committeeId)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Committee:
    """What the first two slots of a committee say, and where it is."""

    identifier: bytes
    registrar: bytes
    members: int
    threshold: int
    outcome: int
    committing_ends: int
    dealing_ends: int
    complaining_ends: int

    @property
    def slot(self) -> int:
        """Return the first slot."""
        return slot_of_id(self.identifier)

    @property
    def everybody(self) -> int:
        """Return the set of all members."""
        return (1 << self.members + 1) - 2


def create(host: Host, committee: Committee, accounts: Sequence[bytes]) -> None:
    """Write a new committee."""
    write_head(host, committee)
    ends = committee.committing_ends << 128 | committee.dealing_ends << 64
    host.store(committee.slot + DEADLINES, ends | committee.complaining_ends)
    for member, account in enumerate(accounts, start=1):
        host.store(committee.slot + ACCOUNTS + member, int.from_bytes(account, "big"))


def write_head(host: Host, committee: Committee) -> None:
    """Write the first slot."""
    owner = int.from_bytes(committee.registrar, "big") << 96
    numbers = committee.members << 80 | committee.threshold << 64 | committee.outcome
    host.store(committee.slot, owner | numbers)


def load(host: Host, identifier: bytes) -> Committee:
    """Return a committee, or refuse an id that has none."""
    slot = slot_of_id(identifier)
    word = host.load(slot)
    if not word:
        raise UNKNOWN_COMMITTEE(identifier)
    ends = host.load(slot + DEADLINES)
    return Committee(
        identifier=identifier,
        registrar=(word >> 96).to_bytes(20, "big"),
        members=word >> 80 & MASK_16,
        threshold=word >> 64 & MASK_16,
        outcome=word & 0xFF,
        committing_ends=ends >> 128,
        dealing_ends=ends >> 64 & MASK_64,
        complaining_ends=ends & MASK_64,
    )


def close(host: Host, committee: Committee, outcome: int, qualified: int) -> None:
    """End a committee's key generation."""
    write_head(host, replace(committee, outcome=outcome))
    host.store(committee.slot + QUALIFIED, qualified)


def account_of(host: Host, committee: Committee, member: int) -> bytes:
    """Return the account of a member."""
    return host.load(committee.slot + ACCOUNTS + member).to_bytes(20, "big")


def members_in(host: Host, committee: Committee, which: int) -> int:
    """Return one of the sets."""
    return host.load(committee.slot + which)


def put_in(host: Host, committee: Committee, which: int, member: int) -> None:
    """Add a member to one of the sets."""
    slot = committee.slot + which
    host.store(slot, host.load(slot) | 1 << member)


def store_hash(host: Host, committee: Committee, which: int, member: int, data: bytes) -> None:
    """Write the hash of what a member sent."""
    host.store(committee.slot + which + member, int.from_bytes(keccak256(data), "big"))


def matches(host: Host, committee: Committee, which: int, member: int, data: bytes) -> bool:
    """Return whether this is what a member sent."""
    known = host.load(committee.slot + which + member)
    return known == int.from_bytes(keccak256(data), "big")


def store_key(host: Host, committee: Committee, member: int, key: bytes) -> None:
    """Write a member's encryption key of 33 bytes."""
    host.store(committee.slot + KEYS + member, int.from_bytes(key[1:], "big"))
    if key[0] & 1:
        put_in(host, committee, KEY_PARITIES, member)


def load_key(host: Host, committee: Committee, member: int) -> bytes:
    """Return a member's encryption key."""
    parities = members_in(host, committee, KEY_PARITIES)
    x = host.load(committee.slot + KEYS + member)
    return bytes([2 + (parities >> member & 1)]) + x.to_bytes(32, "big")


def store_sums(host: Host, committee: Committee, sums: Sequence[bytes]) -> None:
    """Write the summed commitments, 33 bytes each."""
    parities = sum((each[0] & 1) << position for position, each in enumerate(sums))
    host.store(committee.slot + SUM_PARITIES, parities)
    for position, each in enumerate(sums):
        host.store(committee.slot + SUMS + position, int.from_bytes(each[1:], "big"))


def load_sums(host: Host, committee: Committee, count: int) -> list[bytes]:
    """Return the first summed commitments."""
    parities = host.load(committee.slot + SUM_PARITIES)
    return [
        bytes([2 + (parities >> position & 1)])
        + host.load(committee.slot + SUMS + position).to_bytes(32, "big")
        for position in range(count)
    ]


def partial_slot(committee: Committee, request: bytes, member: int) -> int:
    """Return where the hash of a partial decryption is."""
    place = committee.identifier + request + member.to_bytes(32, "big")
    return int.from_bytes(keccak256(place), "big")
