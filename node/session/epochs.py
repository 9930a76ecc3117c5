"""An epoch's tree and events, and how members agree on which sessions are in it.

A member may sign one root for an epoch, ever, so all must sign the same one. Whoever's turn it is
proposes a list of sessions; members vote; a member that sees a quorum of votes of one round signs.

1. A turn is `ROUND_MS` long, and turns go around the committee.
2. A member votes once in a round, and never in a lower one than it has voted in.
3. A member that has signed votes for nothing else.
4. A quorum of votes moves nobody who has voted in a higher round.

So once a quorum has voted for a list in the highest round so far, fewer than a third are, or can
come to be, bound to another list: no two lists are anchored, whatever members do, and without
dishonest ones the epoch ends as soon as messages arrive.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..codec import Reader, Refused, sized, u8, u32, u64
from .anchoring import (
    ADDRESS_SIZE,
    PAYLOAD_MAX,
    Event,
    SessionLeaf,
    anchor_statement,
    event_root,
    event_statement,
    session_root,
)
from .attestations import (
    CERTIFICATE_SIZE_MAX,
    Certificate,
    Statement,
    check,
    decode_certificate,
)
from .ids import EMPTY, ID_SIZE, hash_multi
from .outcomes import EVENTS_MAX, Emission, Result
from .states import SessionState

VERSION = 1
LEAVES_MAX = 2048
EVENTS_SIZE_MAX = 384 * 1024  # of an epoch, so that a closed one fits into a message
EVENT_OVERHEAD = 64
ROUND_MS = 10_000
EPOCH = b"epoch/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """The contracts that roots are signed for."""

    chain_id: int
    anchor: bytes
    relay: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What an epoch holds, and what there is to sign about it."""

    epoch: int
    previous_root: bytes
    leaves: tuple[SessionLeaf, ...]
    first_event: int
    events: tuple[Event, ...]

    def root(self, chain: Chain) -> bytes:
        """Return what is anchored."""
        return session_root(chain.chain_id, self.epoch, [leaf.hash() for leaf in self.leaves])

    def events_root(self, chain: Chain) -> bytes:
        """Return what is certified of the events; zeros where there is none."""
        if not self.events:
            return EMPTY
        hashes = [event.hash() for event in self.events]
        return event_root(chain.chain_id, self.epoch, self.first_event, hashes)

    def statements(self, chain: Chain) -> list[Statement]:
        """Return what is signed: the anchor's, and the relay's where there are events."""
        root, count = self.root(chain), len(self.leaves)
        made = [
            anchor_statement(
                chain.chain_id, chain.anchor, self.epoch, root, count, self.previous_root
            )
        ]
        if self.events:
            events = self.events_root(chain)
            made.append(event_statement(chain.chain_id, chain.relay, self.epoch, events))
        return made

    def digest(self, chain: Chain) -> bytes:
        """Return what is voted on."""
        commitments = [statement.commitment for statement in self.statements(chain)]
        return hash_multi(b"PARS:EpochProposal:v1", u64(self.epoch), *commitments)


def content_of(
    epoch: int, previous_root: bytes, first_event: int, results: Sequence[Result]
) -> Content:
    """Return the content that these sessions make; events follow the order of sessions."""
    ordered = sorted(results, key=lambda result: result.session_id)
    emitted = [
        (result.session_id, event)
        for result in ordered
        if result.outcome is not None
        for event in result.outcome.events
    ]
    events = tuple(
        Event(
            number=first_event + at,
            session_id=session,
            kind=event.kind,
            target=event.target,
            payload=event.payload,
        )
        for at, (session, event) in enumerate(emitted)
    )
    if len(ordered) > LEAVES_MAX or _size(events) > EVENTS_SIZE_MAX:
        raise Refused("epoch: too much for one")
    return Content(
        epoch=epoch,
        previous_root=previous_root,
        leaves=tuple(result.leaf() for result in ordered),
        first_event=first_event,
        events=events,
    )


def choose(results: Mapping[bytes, Result]) -> list[bytes]:
    """Return the sessions that fit into one epoch, in order; the others wait for the next."""
    chosen, size = [], 0
    for name in sorted(results)[:LEAVES_MAX]:
        outcome = results[name].outcome
        more = _size(outcome.events) if outcome else 0
        if size + more <= EVENTS_SIZE_MAX:
            chosen.append(name)
            size += more
    return chosen


def _size(events: Sequence[Event] | Sequence[Emission]) -> int:
    return sum(EVENT_OVERHEAD + len(event.payload) for event in events)


# --- Closed epochs --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """An epoch that a quorum has signed: content, and a certificate for each statement."""

    content: Content
    certificates: tuple[Certificate, ...]

    def encode(self) -> bytes:
        """Return its bytes."""
        content = self.content
        return b"".join(
            (
                u8(VERSION),
                u64(content.epoch),
                content.previous_root,
                u64(content.first_event),
                u32(len(content.leaves)),
                *map(_leaf, content.leaves),
                u32(len(content.events)),
                *map(_event, content.events),
                *(sized(certificate.encode()) for certificate in self.certificates),
            )
        )


def decode_closed(data: bytes) -> Closed:
    """Return the epoch of bytes; whether a quorum signed it is for `check_closed` to say."""
    reader = Reader(data)
    if reader.u8() != VERSION:
        raise Refused("epoch: unknown version")
    epoch, previous, first = reader.u64(), reader.take(ID_SIZE), reader.u64()
    leaves = tuple(_read_leaf(reader) for _ in range(_count(reader, LEAVES_MAX)))
    if any(one.session_id >= other.session_id for one, other in pairwise(leaves)):
        raise Refused("epoch: sessions out of order")
    count = _count(reader, LEAVES_MAX * EVENTS_MAX)
    events = tuple(_read_event(reader, first + at) for at in range(count))
    if _size(events) > EVENTS_SIZE_MAX:
        raise Refused("epoch: too much for one")
    certificates = tuple(
        decode_certificate(reader.sized(CERTIFICATE_SIZE_MAX)) for _ in range(2 if events else 1)
    )
    reader.end()
    content = Content(
        epoch=epoch, previous_root=previous, leaves=leaves, first_event=first, events=events
    )
    return Closed(content=content, certificates=certificates)


def check_closed(closed: Closed, chain: Chain, keys: Sequence[bytes]) -> None:
    """Refuse an epoch that no quorum signed as it is."""
    statements = closed.content.statements(chain)
    if [certificate.statement for certificate in closed.certificates] != statements:
        raise Refused("epoch: other statement")
    for certificate in closed.certificates:
        check(certificate, keys)


def epoch_key(number: int) -> bytes:
    """Return where the store keeps an epoch."""
    return EPOCH + u64(number)


def _count(reader: Reader, limit: int) -> int:
    count = reader.u32()
    if count > limit:
        raise Refused("epoch: too much for one")
    return count


def _leaf(leaf: SessionLeaf) -> bytes:
    roots = leaf.output_hash + leaf.oracle_root + leaf.receipts_root
    return leaf.session_id + u8(leaf.state) + roots


def _read_leaf(reader: Reader) -> SessionLeaf:
    name, state = reader.take(ID_SIZE), reader.u8()
    if state not in (SessionState.FINALIZED, SessionState.FAILED):
        raise Refused("epoch: session is not over")
    return SessionLeaf(
        session_id=name,
        state=SessionState(state),
        output_hash=reader.take(ID_SIZE),
        oracle_root=reader.take(ID_SIZE),
        receipts_root=reader.take(ID_SIZE),
    )


def _event(event: Event) -> bytes:
    return event.session_id + u8(event.kind) + event.target + sized(event.payload)


def _read_event(reader: Reader, number: int) -> Event:
    return Event(
        number=number,
        session_id=reader.take(ID_SIZE),
        kind=reader.u8(),
        target=reader.take(ADDRESS_SIZE),
        payload=reader.sized(PAYLOAD_MAX),
    )


# --- Votes ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """The sessions that a member would put into an epoch."""

    epoch: int
    round: int
    sessions: tuple[bytes, ...]

    def encode(self) -> bytes:
        """Return the payload."""
        sessions = u32(len(self.sessions)) + b"".join(self.sessions)
        return u64(self.epoch) + u32(self.round) + sessions


def decode_proposal(data: bytes) -> Proposal:
    """Return what a payload of this type says."""
    reader = Reader(data)
    made = read_proposal(reader)
    reader.end()
    return made


def read_proposal(reader: Reader) -> Proposal:
    """Return the proposal that comes next."""
    epoch, number = reader.u64(), reader.u32()
    sessions = tuple(reader.take(ID_SIZE) for _ in range(_count(reader, LEAVES_MAX)))
    if any(one >= other for one, other in pairwise(sessions)):
        raise Refused("epoch: sessions out of order")
    return Proposal(epoch=epoch, round=number, sessions=sessions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """That a member would sign this."""

    epoch: int
    round: int
    digest: bytes

    def encode(self) -> bytes:
        """Return the payload."""
        return u64(self.epoch) + u32(self.round) + self.digest


def decode_vote(data: bytes) -> Vote:
    """Return what a payload of this type says."""
    reader = Reader(data)
    made = Vote(epoch=reader.u64(), round=reader.u32(), digest=reader.take(ID_SIZE))
    reader.end()
    return made
