"""Level 1: a list of nodes that comes with a release, signed by several release keys.

It is the last resort: old, known to every censor, and enough if one of its nodes still answers. A
file in the data directory may take the place of the shipped one, if it is newer and signed alike.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ..codec import Reader, Refused, u8, u16, u32, u64
from ..crypto import SIGNATURE, SIGNING_PUBLIC, SigningKey, sha256, verify
from .contact import Contact

VERSION = 1
CONTEXT = b"pars/bootstrap-list/v1"
NODES_MAX = 256
LIST_MAX = 256 << 10
KEYS_MAX = 16
LIFE_MAX_MS = 2 * 366 * 86_400_000


@dataclass(frozen=True, slots=True)
class Release:
    """Who may sign a network's list: SHA-256 of each key, and how many of them it takes."""

    keys: frozenset[bytes]
    threshold: int

    def __post_init__(self) -> None:
        if not 0 < self.threshold <= len(self.keys) <= KEYS_MAX:
            raise ValueError("the threshold is at least one key and at most all of them")


class SignedList(NamedTuple):
    """What release keys say. Times are in milliseconds."""

    network: int
    sequence: int
    not_before: int
    not_after: int
    nodes: tuple[Contact, ...]

    def encode(self) -> bytes:
        """Return what is signed."""
        head = u8(VERSION) + u32(self.network) + u64(self.sequence)
        life = u64(self.not_before) + u64(self.not_after)
        return head + life + u16(len(self.nodes)) + b"".join(node.encode() for node in self.nodes)


def sign_list(content: SignedList, keys: Sequence[SigningKey]) -> bytes:
    """Return the file of a list; each key stands beside its signature, in the order of hashes."""
    body = content.encode()
    ordered = sorted(keys, key=lambda key: sha256(key.public))
    signed = [key.public + key.sign(body, CONTEXT) for key in ordered]
    return body + u8(len(signed)) + b"".join(signed)


def open_list(
    data: bytes, release: Release, network: int, now: int, sequence_min: int = 0
) -> SignedList:
    """Return a list that counts here and now, and is not older than one that was used before."""
    if len(data) > LIST_MAX:
        raise Refused("list: too long")
    reader = Reader(data)
    content = _read(reader)
    body = data[: len(data) - len(reader)]
    signatures = _read_signatures(reader)
    if content.network != network:
        raise Refused("list: another network")
    if not content.not_before <= now < content.not_after:
        raise Refused("list: not of these days")
    if content.sequence < sequence_min:
        raise Refused("list: older than one that was used")
    # Keys that are not pinned are never verified with: they cost whoever sent them nothing.
    pinned = [(key, signature) for key, signature in signatures if sha256(key) in release.keys]
    if len(pinned) < release.threshold:
        raise Refused("list: too few release keys")
    if not all(verify(key, body, signature, CONTEXT) for key, signature in pinned):
        raise Refused("list: wrong signature")
    return content


def newest(
    files: Sequence[bytes], release: Release, network: int, now: int, sequence_min: int = 0
) -> tuple[SignedList | None, list[Refused]]:
    """Return the newest list that counts among the shipped one and others, and what was refused."""
    best: SignedList | None = None
    refused = []
    for data in files:
        try:
            found = open_list(data, release, network, now, sequence_min)
        except Refused as refusal:
            refused.append(refusal)
            continue
        if best is None or found.sequence > best.sequence:
            best = found
    return best, refused


def _read(reader: Reader) -> SignedList:
    if reader.u8() != VERSION:
        raise Refused("list: unknown version")
    network, sequence = reader.u32(), reader.u64()
    not_before, not_after = reader.u64(), reader.u64()
    if not not_before < not_after <= not_before + LIFE_MAX_MS:
        raise Refused("list: for no days, or too many")
    count = reader.u16()
    if count > NODES_MAX:
        raise Refused("list: too many nodes")
    nodes = tuple(Contact.read(reader) for _ in range(count))
    if any(low.peer_id >= high.peer_id for low, high in itertools.pairwise(nodes)):
        raise Refused("list: nodes not in order")
    return SignedList(network, sequence, not_before, not_after, nodes)


def _read_signatures(reader: Reader) -> list[tuple[bytes, bytes]]:
    count = reader.u8()
    if count > KEYS_MAX:
        raise Refused("list: too many signatures")
    found = [(reader.take(SIGNING_PUBLIC), reader.take(SIGNATURE)) for _ in range(count)]
    reader.end()
    hashes = [sha256(key) for key, _ in found]
    if any(low >= high for low, high in itertools.pairwise(hashes)):
        raise Refused("list: signatures not in order")
    return found
