"""The door of a TownHall room: what a guest without a name shows, and the tree of participants.

A guest names 32 bytes of its own, the hash of a key of the call: who overhears a proof at the door
cannot enter by it. A guest's nullifier is the same whenever it comes to a room, and another in
each.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from precompiles import abi
from precompiles.backends.keccak import keccak256
from precompiles.privacy.ring import signing
from precompiles.zk.stark.examples import membership
from precompiles.zk.stark.examples.poseidon import hash_pair

from .anchors import LEAF, sha256
from .ballots import Chance, draw_secret, leaf_of, number, statement, word

BY_STARK, BY_RING = b"\x01", b"\x02"
RING_BODY = abi.parse_signature(
    "body(uint256 ring, bytes keys, bytes image, uint256 challenge, uint256[] responses)",
    {"keys": 4224, "image": 33, "responses": 128},
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A room at a contract on a chain."""

    chain_id: int
    contract: bytes
    room: bytes

    def topic(self) -> int:
        """Return what secrets are hashed with."""
        return number(self._hash("PARS:TownHallTopic:v1"))

    def message(self, guest: bytes, nullifier: bytes) -> bytes:
        """Return what a ring signs."""
        return self._hash("PARS:TownHallGuest:v1", guest, nullifier)

    def _hash(self, tag: str, *values: bytes) -> bytes:
        place = word(self.chain_id) + bytes(12) + self.contract + self.room
        return keccak256(keccak256(tag.encode()) + place + b"".join(values))


def by_stark(
    door: Door,
    tier: int,
    guest: bytes,
    secret: int,
    leaves: Sequence[int],
    depth: int,
    chance: Chance,
) -> tuple[bytes, bytes]:
    """Prove that a secret's leaf is in the tree of a tier: the proof and the nullifier."""
    from precompiles.zk.stark.prover.prove import prove  # it loads the compiler

    nullifier = word(hash_pair(secret, door.topic()))
    message = number(door.message(guest, nullifier))
    index = leaves.index(leaf_of(secret))
    path = membership.path_of(leaves, index, depth)
    columns, public = membership.witness(
        secret, index, path, door.topic(), message, lambda: draw_secret(chance)
    )
    body = prove(statement(depth), columns, public)
    return BY_STARK + bytes([tier]) + guest + body, nullifier


def by_ring(
    door: Door, tier: int, guest: bytes, secret: int, ring: int, keys: Sequence[bytes], seed: bytes
) -> tuple[bytes, bytes]:
    """Sign as a member of a ring of a tier: the proof and the nullifier."""
    nullifier = keccak256(signing.key_image(secret) + door.room)
    signed = signing.sign(secret, keys, door.message(guest, nullifier), seed)
    values = (ring, b"".join(keys), signed.image, signed.first, list(signed.responses))
    body = abi.encode(RING_BODY.inputs, values)
    return BY_RING + bytes([tier]) + guest + body, nullifier


def participant(signer: bytes) -> bytes:
    """Return the leaf of an address (20 bytes) or of the hash of an ML-DSA-87 key (32)."""
    return sha256(LEAF, b"PARS:Participant:v1", signer.rjust(32, b"\x00"))
