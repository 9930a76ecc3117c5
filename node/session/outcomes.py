"""What comes of a session: its result, the events it sends to contracts, and who says so.

A service is a function of what its steps' records say, so every member computes the outcome itself
and signs only what it has computed. One service is built in: the notary, for which a quorum of
members must have seen the same.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..codec import Reader, Refused, sized, u8, u32, u64
from .anchoring import ADDRESS_SIZE, PAYLOAD_MAX, SessionLeaf
from .attestations import Statement
from .committees import quorum_size
from .ids import EMPTY, ID_SIZE, Domain, hash_multi, hash_of, result_commitment
from .records import OracleRecord, Session
from .states import SessionState

VERSION = 1
EVENTS_MAX = 4  # of one session
OUTPUT_MAX = 8 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Emission:
    """An event that has no number yet."""

    kind: int
    target: bytes
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The hash of what a session put out, and its events."""

    digest: bytes
    events: tuple[Emission, ...] = ()

    def hash(self) -> bytes:
        """Return the output hash of the session, which binds the events too."""
        events = [u8(event.kind) + event.target + hash_of(event.payload) for event in self.events]
        return hash_multi(b"PARS:SessionOutput:v1", self.digest, u32(len(events)), *events)


Service = Callable[[Session, Sequence[Sequence[OracleRecord]]], Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a session ended. One that failed has no outcome."""

    session_id: bytes
    epoch: int
    outcome: Outcome | None
    oracle_root: bytes = EMPTY
    receipts_root: bytes = EMPTY

    def leaf(self) -> SessionLeaf:
        """Return what is anchored of it."""
        if self.outcome is None:
            return SessionLeaf(session_id=self.session_id, state=SessionState.FAILED)
        return SessionLeaf(
            session_id=self.session_id,
            state=SessionState.FINALIZED,
            output_hash=self.outcome.hash(),
            oracle_root=self.oracle_root,
            receipts_root=self.receipts_root,
        )

    def statement(self) -> Statement:
        """Return what members sign."""
        leaf = self.leaf()
        commitment = (
            hash_multi(b"PARS:SessionFailure:v1", self.session_id)
            if self.outcome is None
            else result_commitment(leaf.output_hash, leaf.oracle_root, leaf.receipts_root)
        )
        return Statement(
            domain=Domain.SESSION_COMPLETE,
            subject=self.session_id,
            commitment=commitment,
            epoch=self.epoch,
        )

    def encode(self) -> bytes:
        """Return its bytes."""
        head = u8(VERSION) + self.session_id + u64(self.epoch)
        if self.outcome is None:
            return head + u8(SessionState.FAILED)
        roots = self.oracle_root + self.receipts_root
        events = u8(len(self.outcome.events)) + b"".join(map(_emission, self.outcome.events))
        return head + u8(SessionState.FINALIZED) + self.outcome.digest + roots + events


def failure(session_id: bytes, epoch: int) -> Result:
    """Return the one result that a session which failed has."""
    return Result(session_id=session_id, epoch=epoch, outcome=None)


def decode_result(data: bytes) -> Result:
    """Return the result of bytes."""
    reader = Reader(data)
    if reader.u8() != VERSION:
        raise Refused("outcome: unknown version")
    name, epoch, state = reader.take(ID_SIZE), reader.u64(), reader.u8()
    if state == SessionState.FAILED:
        reader.end()
        return failure(name, epoch)
    if state != SessionState.FINALIZED:
        raise Refused("outcome: not an end")
    digest, oracle, receipts = (reader.take(ID_SIZE) for _ in range(3))
    events = _emissions(reader)
    reader.end()
    return Result(
        session_id=name,
        epoch=epoch,
        outcome=Outcome(digest=digest, events=events),
        oracle_root=oracle,
        receipts_root=receipts,
    )


def _emission(event: Emission) -> bytes:
    return u8(event.kind) + event.target + sized(event.payload)


def _emissions(reader: Reader) -> tuple[Emission, ...]:
    count = reader.u8()
    if count > EVENTS_MAX:
        raise Refused("outcome: too many events")
    return tuple(
        Emission(
            kind=reader.u8(), target=reader.take(ADDRESS_SIZE), payload=reader.sized(PAYLOAD_MAX)
        )
        for _ in range(count)
    )


# --- The notary -----------------------------------------------------------------------------

NOTARY = hash_of(b"pars/service/notary/v1")


def observation(output: bytes, events: Sequence[Emission] = ()) -> bytes:
    """Return the data of a record for the notary: what was seen, and which events follow."""
    long = any(len(event.payload) > PAYLOAD_MAX for event in events)
    if len(output) > OUTPUT_MAX or len(events) > EVENTS_MAX or long:
        raise ValueError("outcome: too long")
    return u8(VERSION) + sized(output) + u8(len(events)) + b"".join(map(_emission, events))


def notary(session: Session, steps: Sequence[Sequence[OracleRecord]]) -> Outcome:
    """Return what a quorum saw in the last step that asked. In each, a quorum saw the same."""
    agreed = b""
    for records in steps:
        data, seen = Counter(record.data for record in records).most_common(1)[0]
        if seen < quorum_size(len(session.committee)):
            raise Refused("outcome: members saw different things")
        agreed = data
    reader = Reader(agreed)
    if reader.u8() != VERSION:
        raise Refused("outcome: unknown version")
    output, events = reader.sized(OUTPUT_MAX), _emissions(reader)
    reader.end()
    return Outcome(digest=hash_of(output), events=events)


SERVICES: dict[bytes, Service] = {NOTARY: notary}
