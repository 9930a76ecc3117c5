"""Groups in the precompile's storage. Knows no methods and no signatures.

A group's id is the hash of chain id, registrar and the registrar's count of groups; its slots are
counted from G = hash(id): see `ids`.

    G + 0         registrar (160 bits) at 96 | suite (8) at 32 | members (16) at 16 | threshold
    G + 1         bit k: whether the encoding of commitment k begins with 3
    G + 16 + k    the last 32 bytes of commitment k

The slot hash(registrar) holds the registrar's count. Commitment 0 is the group's public key.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ... import abi
from ...ids import slot_of_id
from ...precompile import Host
from .suites import SUITES, Suite

PREFIXES, COMMITMENTS = 1, 16
MASK_16 = (1 << 16) - 1
WORD = 32

UNKNOWN_GROUP = abi.error("UnknownGroup(bytes32 groupId)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """What the first slot of a group says, and where the group is."""

    slot: int
    registrar: bytes
    suite: Suite
    members: int
    threshold: int


def store(
    host: Host,
    identifier: bytes,
    registrar: bytes,
    suite: Suite,
    members: int,
    commitments: Sequence[bytes],
) -> None:
    """Write a new group with its checked commitments."""
    slot = slot_of_id(identifier)
    owner = int.from_bytes(registrar, "big")
    host.store(slot, owner << 96 | suite.number << 32 | members << 16 | len(commitments))
    if suite.group.element_size > WORD:
        prefixes = sum((each[0] & 1) << place for place, each in enumerate(commitments))
        host.store(slot + PREFIXES, prefixes)
    for place, each in enumerate(commitments):
        host.store(slot + COMMITMENTS + place, int.from_bytes(each[-WORD:], "big"))


def load(host: Host, identifier: bytes) -> Group:
    """Return a group, or refuse an id that has none."""
    slot = slot_of_id(identifier)
    word = host.load(slot)
    if not word:
        raise UNKNOWN_GROUP(identifier)
    return Group(
        slot=slot,
        registrar=(word >> 96).to_bytes(20, "big"),
        suite=SUITES[word >> 32 & 0xFF],
        members=word >> 16 & MASK_16,
        threshold=word & MASK_16,
    )


def load_commitments(host: Host, group: Group, count: int) -> list[bytes]:
    """Return the first commitments as they were given."""
    long = group.suite.group.element_size > WORD
    prefixes = host.load(group.slot + PREFIXES) if long else 0
    found = []
    for place in range(count):
        rest = host.load(group.slot + COMMITMENTS + place).to_bytes(WORD, "big")
        found.append(bytes([2 + (prefixes >> place & 1)]) + rest if long else rest)
    return found
