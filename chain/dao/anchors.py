"""Trees and attestations of the session layer, as SessionAnchor and EventRelay check them.

The formats are told in docs/session-contracts.md. A tree is given by its leaves' hashes; the
session layer sorts sessions by id, and events by their number.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from precompiles.pq.ml_dsa import kernel as ml_dsa
from precompiles.pq.ml_dsa.parameters import formatted

LEAF, NODE = b"\x00", b"\x01"
SEPARATOR = b"LUX:QuantumAttest:session/complete:v1"
SIGNING_ATTEMPTS_MAX = 814  # FIPS 204, appendix C


def sha256(*parts: bytes) -> bytes:
    """Return the hash of parts, one after the other."""
    return hashlib.sha256(b"".join(parts)).digest()


def u64(number: int) -> bytes:
    """Return eight bytes."""
    return number.to_bytes(8, "big")


# --- Trees ----------------------------------------------------------------------------------


def levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Return the levels of a tree, from its leaves up. The last of an odd level rises as it is."""
    made = [list(leaves)]
    while len(made[-1]) > 1:
        level = made[-1]
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [sha256(NODE, left, right) for left, right in pairs]
        made.append(above + level[len(level) & ~1 :])
    return made


def top_of(leaves: Sequence[bytes]) -> bytes:
    """Return the top node; 32 zeros where there is no leaf."""
    return levels(leaves)[-1][0] if leaves else bytes(32)


def proof_of(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the siblings of a leaf, from the bottom up, without those that there are not."""
    if not 0 <= index < len(leaves):
        raise ValueError(f"no leaf {index} among {len(leaves)}")
    siblings = []
    for level in levels(leaves)[:-1]:
        if index ^ 1 < len(level):
            siblings.append(level[index ^ 1])
        index >>= 1
    return siblings


# --- Sessions -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLeaf:
    """What an epoch's tree keeps of a session."""

    session_id: bytes
    state: int
    output_hash: bytes = bytes(32)
    oracle_root: bytes = bytes(32)
    receipts_root: bytes = bytes(32)

    def hash(self) -> bytes:
        """Return the leaf."""
        return sha256(
            LEAF,
            b"PARS:SessionLeaf:v1",
            self.session_id,
            bytes([self.state]),
            self.output_hash,
            self.oracle_root,
            self.receipts_root,
        )

    def fields(self) -> tuple[bytes, int, bytes, bytes, bytes]:
        """Return it as contracts take it."""
        roots = (self.output_hash, self.oracle_root, self.receipts_root)
        return (self.session_id, self.state, *roots)


def session_root(chain_id: int, epoch: int, leaves: Sequence[bytes]) -> bytes:
    """Return what is anchored for an epoch."""
    numbers = u64(chain_id) + u64(epoch) + u64(len(leaves))
    return sha256(b"PARS:SessionRoot:v1", numbers, top_of(leaves))


def anchor_attestation(
    chain_id: int, contract: bytes, epoch: int, root: bytes, count: int, previous: bytes
) -> bytes:
    """Return what a member of the committee signs to have a root anchored."""
    subject = sha256(b"PARS:SessionAnchor:v1", u64(chain_id), contract, u64(epoch))
    commitment = sha256(b"PARS:AnchorCommit:v1", root, u64(count), previous)
    return attestation(subject, commitment, epoch)


def attestation(subject: bytes, commitment: bytes, epoch: int) -> bytes:
    """Return the bytes that a signature of the domain session/complete is over."""
    return SEPARATOR + subject + commitment + u64(epoch)


# --- Events ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened in a session, for a contract to hear."""

    number: int
    session_id: bytes
    kind: int
    target: bytes
    payload: bytes

    def hash(self) -> bytes:
        """Return the leaf."""
        data = sha256(self.target, self.payload)
        tag = b"PARS:EventLeaf:v1"
        return sha256(LEAF, tag, u64(self.number), self.session_id, bytes([self.kind]), data)

    def fields(self) -> tuple[int, bytes, int, bytes, bytes]:
        """Return it as contracts take it."""
        return (self.number, self.session_id, self.kind, self.target, self.payload)


def event_root(chain_id: int, epoch: int, first: int, leaves: Sequence[bytes]) -> bytes:
    """Return what is certified for the events of an epoch."""
    numbers = u64(chain_id) + u64(epoch) + u64(first) + u64(len(leaves))
    return sha256(b"PARS:EventRoot:v1", numbers, top_of(leaves))


def event_attestation(chain_id: int, contract: bytes, epoch: int, root: bytes) -> bytes:
    """Return what a member of the committee signs to certify the events of an epoch."""
    subject = sha256(b"PARS:EventRelay:v1", u64(chain_id), contract, u64(epoch))
    return attestation(subject, root, epoch)


# --- Signatures -----------------------------------------------------------------------------


def attest(secrets: Mapping[int, bytes], message: bytes) -> tuple[int, bytes]:
    """Sign for some seats with their ML-DSA-87 keys: the bitmap, and the signatures in order."""
    bitmap, signatures = 0, b""
    for seat, secret in sorted(secrets.items()):
        bitmap |= 1 << seat
        signatures += sign(secret, message)
    return bitmap, signatures


def sign(secret: bytes, message: bytes) -> bytes:
    """Sign with an ML-DSA key, deterministically and with the empty context."""
    whole = formatted(message, b"")
    signature, _ = ml_dsa.sign(secret, whole, bytes(32), SIGNING_ATTEMPTS_MAX)
    assert signature, "no honestly made key needs as many attempts"
    return signature
