"""Signatures of members on the way to a certificate, and what a daemon is to do.

A seat has one signature for a domain, subject and epoch. A second one over another commitment is
evidence against it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..codec import Reader, Refused
from ..crypto import SIGNATURE, verify
from .attestations import Certificate, Statement, assemble, guard_key, read_statement
from .committees import quorum_size
from .messages import Message


@dataclass(slots=True, kw_only=True)
class Effects:
    """What follows from an input. `store` is made durable first, in one go; then `send` leaves."""

    now: int
    store: dict[bytes, bytes | None] = field(default_factory=dict)
    send: list[Message] = field(default_factory=list)
    notices: list[tuple[str, bytes]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One member's signature of a statement."""

    statement: Statement
    signature: bytes

    def encode(self) -> bytes:
        """Return the payload."""
        return self.statement.encode() + self.signature


def decode_share(data: bytes) -> Share:
    """Return what a payload of this type says."""
    reader = Reader(data)
    share = Share(statement=read_statement(reader), signature=reader.take(SIGNATURE))
    reader.end()
    return share


class Shares:
    """Shares by what they are about, then by seat."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = keys
        self._quorum = quorum_size(len(keys))
        self._by_place: dict[bytes, dict[int, Share]] = {}

    def __len__(self) -> int:
        return len(self._by_place)

    def add(self, seat: int, share: Share) -> Share | None:
        """Keep a share whose signature is right; return the one that it contradicts, if any."""
        if not verify(self._keys[seat], share.statement.payload(), share.signature):
            raise Refused("attestation: bad signature")
        kept = self._by_place.setdefault(guard_key(share.statement), {})
        known = kept.setdefault(seat, share)
        return known if known.statement != share.statement else None

    def certificate(self, statement: Statement) -> Certificate | None:
        """Return the certificate of a statement that a quorum has signed."""
        signed = {
            seat: share.signature
            for seat, share in self._by_place.get(guard_key(statement), {}).items()
            if share.statement == statement
        }
        return assemble(statement, signed) if len(signed) >= self._quorum else None

    def has(self, seat: int, statement: Statement) -> bool:
        """Tell whether a seat has signed this statement."""
        share = self._by_place.get(guard_key(statement), {}).get(seat)
        return share is not None and share.statement == statement

    def forget(self, statement: Statement) -> None:
        """Drop what is about the statement's subject."""
        self._by_place.pop(guard_key(statement), None)
