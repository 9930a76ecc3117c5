"""Roots that are anchored on a chain, and proofs by them, as the contracts check them.

The formats are those of docs/session-contracts.md. A leaf of a session says what came of it and
nothing of who took part.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..codec import u8, u64
from .attestations import Statement
from .ids import EMPTY, ID_SIZE, Domain, hash_multi
from .states import SessionState

LEAF, NODE = b"\x00", b"\x01"
ADDRESS_SIZE = 20
PAYLOAD_MAX = 4096
PROOF_MAX = 32


# --- Trees ----------------------------------------------------------------------------------


def levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Return the levels of a tree from its leaves up. The last of an odd level rises as it is."""
    made = [list(leaves)]
    while len(made[-1]) > 1:
        level = made[-1]
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [hash_multi(NODE, left, right) for left, right in pairs]
        made.append(above + level[len(level) & ~1 :])
    return made


def top_of(leaves: Sequence[bytes]) -> bytes:
    """Return the top node; zeros where there is no leaf."""
    return levels(leaves)[-1][0] if leaves else EMPTY


def proof_of(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Return the siblings of a leaf from the bottom up, without those that there are not."""
    if not 0 <= index < len(leaves):
        raise ValueError(f"no leaf {index} among {len(leaves)}")
    siblings = []
    for level in levels(leaves)[:-1]:
        if index ^ 1 < len(level):
            siblings.append(level[index ^ 1])
        index >>= 1
    return siblings


def climb(leaf: bytes, index: int, count: int, proof: Sequence[bytes]) -> bytes | None:
    """Return the top that a proof leads to; None if it is not of the one length it can have."""
    if not 0 <= index < count or len(proof) > PROOF_MAX:
        return None
    node, siblings = leaf, list(reversed(proof))
    while count > 1:
        if index ^ 1 < count:
            if not siblings or len(siblings[-1]) != ID_SIZE:
                return None
            sibling = siblings.pop()
            pair = (sibling, node) if index & 1 else (node, sibling)
            node = hash_multi(NODE, *pair)
        index, count = index >> 1, (count + 1) >> 1
    return None if siblings else node


# --- Sessions -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionLeaf:
    """What an epoch's tree keeps of a session."""

    session_id: bytes
    state: SessionState
    output_hash: bytes = EMPTY
    oracle_root: bytes = EMPTY
    receipts_root: bytes = EMPTY

    def hash(self) -> bytes:
        """Return the leaf."""
        fields = u8(self.state) + self.output_hash + self.oracle_root + self.receipts_root
        return hash_multi(LEAF, b"PARS:SessionLeaf:v1", self.session_id, fields)


def session_root(chain_id: int, epoch: int, leaves: Sequence[bytes]) -> bytes:
    """Return what is anchored for an epoch."""
    return root_of(chain_id, epoch, len(leaves), top_of(leaves))


def root_of(chain_id: int, epoch: int, count: int, top: bytes) -> bytes:
    """Return the root of so many leaves under one top."""
    return hash_multi(b"PARS:SessionRoot:v1", u64(chain_id), u64(epoch), u64(count), top)


def verify_session(
    root: bytes,
    chain_id: int,
    epoch: int,
    count: int,
    leaf: SessionLeaf,
    index: int,
    proof: Sequence[bytes],
) -> bool:
    """Tell whether a session stands at this place of the epoch's tree."""
    top = climb(leaf.hash(), index, count, proof)
    return top is not None and root_of(chain_id, epoch, count, top) == root


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """The place where a session would stand, and its neighbours there are."""

    index: int
    left: SessionLeaf | None
    left_proof: tuple[bytes, ...]
    right: SessionLeaf | None
    right_proof: tuple[bytes, ...]


def absence_of(leaves: Sequence[SessionLeaf], session_id: bytes) -> Absence:
    """Return the proof that a session is missing among leaves, which are sorted."""
    ids = [leaf.session_id for leaf in leaves]
    if session_id in ids:
        raise ValueError("the session is there")
    hashes = [leaf.hash() for leaf in leaves]
    index = sum(name < session_id for name in ids)
    has_left, has_right = index > 0, index < len(leaves)
    return Absence(
        index=index,
        left=leaves[index - 1] if has_left else None,
        left_proof=tuple(proof_of(hashes, index - 1)) if has_left else (),
        right=leaves[index] if has_right else None,
        right_proof=tuple(proof_of(hashes, index)) if has_right else (),
    )


def verify_absence(
    root: bytes, chain_id: int, epoch: int, count: int, session_id: bytes, absence: Absence
) -> bool:
    """Tell whether the neighbours stand side by side and leave no place between them."""
    index, left, right = absence.index, absence.left, absence.right
    if not 0 <= index <= count or (left is None) != (index == 0):
        return False
    if (right is None) != (index == count):
        return False
    if left is None and right is None:
        return root_of(chain_id, epoch, 0, EMPTY) == root
    place = (root, chain_id, epoch, count)
    if left is not None and not (
        left.session_id < session_id and verify_session(*place, left, index - 1, absence.left_proof)
    ):
        return False
    return right is None or (
        right.session_id > session_id and verify_session(*place, right, index, absence.right_proof)
    )


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
        data = hash_multi(self.target, self.payload)
        head = u64(self.number) + self.session_id + u8(self.kind)
        return hash_multi(LEAF, b"PARS:EventLeaf:v1", head, data)


def event_root(chain_id: int, epoch: int, first: int, leaves: Sequence[bytes]) -> bytes:
    """Return what is certified for the events of an epoch."""
    numbers = u64(chain_id) + u64(epoch) + u64(first) + u64(len(leaves))
    return hash_multi(b"PARS:EventRoot:v1", numbers, top_of(leaves))


# --- What is signed -------------------------------------------------------------------------


def anchor_statement(
    chain_id: int, contract: bytes, epoch: int, root: bytes, count: int, previous: bytes
) -> Statement:
    """Return what members sign to have a root anchored."""
    return Statement(
        domain=Domain.SESSION_COMPLETE,
        subject=hash_multi(b"PARS:SessionAnchor:v1", u64(chain_id), contract, u64(epoch)),
        commitment=hash_multi(b"PARS:AnchorCommit:v1", root, u64(count), previous),
        epoch=epoch,
    )


def event_statement(chain_id: int, contract: bytes, epoch: int, root: bytes) -> Statement:
    """Return what members sign to certify the events of an epoch."""
    return Statement(
        domain=Domain.SESSION_COMPLETE,
        subject=hash_multi(b"PARS:EventRelay:v1", u64(chain_id), contract, u64(epoch)),
        commitment=root,
        epoch=epoch,
    )
