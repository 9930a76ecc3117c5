"""The validator's part: votes for the blocks of its own chain node, and certificates from votes.

A validator votes upwards only, and what it votes for is in its store before it signs: no crash and
no second process on the same store makes it say two things of one height.
"""

from dataclasses import dataclass, field

from ..codec import Reader, Refused, u8, u64
from ..core import Store
from ..crypto import SIGNATURE, SigningKey, verify
from ..rlp import keccak
from .certificate import (
    INTERVAL,
    PHASE,
    STATEMENT,
    Certificate,
    Statement,
    read_statement,
)
from .validators import ValidatorSet

_VOTED = b"light/v/voted"
HEIGHTS_MAX = 64
_REPORT = keccak(b"reportEquivocation(address,uint64,uint32,uint8,bytes32,bytes32,bytes,bytes)")[:4]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One seat's signature over a statement."""

    statement: Statement
    seat: int
    signature: bytes = field(repr=False)

    def encode(self) -> bytes:
        """Return the vote in bytes."""
        return self.statement.raw + u8(self.seat) + self.signature


def read_vote(data: bytes) -> Vote:
    """Read a vote; its signature is another question."""
    reader = Reader(data)
    statement = read_statement(reader.take(STATEMENT))
    vote = Vote(statement=statement, seat=reader.u8(), signature=reader.take(SIGNATURE))
    reader.end()
    return vote


class Voter:
    """The key of a validator, and what it last voted for."""

    def __init__(self, key: SigningKey, store: Store) -> None:
        self._key = key
        self._store = store

    @property
    def public(self) -> bytes:
        """The key by which the registry knows it."""
        return self._key.public

    @property
    def voted(self) -> int:
        """The height of the last vote; -1 before the first."""
        kept = self._store.get(_VOTED)
        return -1 if kept is None else int.from_bytes(kept[:8], "big")

    def vote(self, statement: Statement, signing: ValidatorSet) -> Vote:
        """Sign a statement of the set in office, unless something else was signed there."""
        seat = signing.seat_of(self._key.public)
        if seat is None:
            raise Refused("validator: not in this set")
        wanted = u64(statement.number) + statement.digest
        kept = self._store.get(_VOTED)
        if kept is not None and kept != wanted and statement.number <= self.voted:
            raise Refused("validator: voted at this height or above")
        if kept != wanted:
            self._store.commit({_VOTED: wanted})
        signature = self._key.sign(statement.message)
        return Vote(statement=statement, seat=seat, signature=signature)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Two statements that one validator signed for one height: worth its whole bond."""

    validator: bytes
    number: int
    digests: tuple[bytes, bytes]
    signatures: tuple[bytes, bytes] = field(repr=False)

    def call_data(self) -> bytes:
        """Return the call of `reportEquivocation` that brings it to the registry."""
        head = 8 * 32
        tail = [u64(len(each)).rjust(32, b"\0") + _padded(each) for each in self.signatures]
        words = (self.number, 0, PHASE)
        return (
            _REPORT
            + self.validator.rjust(32, b"\0")
            + b"".join(word.to_bytes(32, "big") for word in words)
            + b"".join(self.digests)
            + head.to_bytes(32, "big")
            + (head + len(tail[0])).to_bytes(32, "big")
            + b"".join(tail)
        )


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 32)


class Collector:
    """Gathers the votes of one set until they make certificates."""

    def __init__(self, signing: ValidatorSet, above: int) -> None:
        self.signing = signing
        self._above = above
        self._seen = above
        self._votes: dict[int, dict[int, Vote]] = {}  # height -> seat -> first vote
        self.evidence: list[Evidence] = []

    def add(self, vote: Vote) -> Certificate | None:
        """Take a vote; return the certificate that it completes."""
        statement, signing = vote.statement, self.signing
        if (statement.chain_id, statement.epoch) != (signing.chain_id, signing.epoch):
            raise Refused("validator: vote of another set")
        if statement.set_hash != signing.hash or vote.seat >= len(signing.seats):
            raise Refused("validator: vote of another set")
        if not self._above < statement.number <= self._seen + HEIGHTS_MAX * INTERVAL:
            raise Refused("validator: vote out of range")
        seats = self._votes.setdefault(statement.number, {})
        known = seats.get(vote.seat)
        if known is not None and known.statement == statement:
            return None
        key = signing.seats[vote.seat].key
        if not verify(key, statement.message, vote.signature):
            raise Refused("validator: wrong signature")
        if known is not None:
            self._accuse(known, vote)
            return None
        seats[vote.seat] = vote
        agreeing = sorted(at for at, each in seats.items() if each.statement == statement)
        if not signing.decides(agreeing):
            return None
        self.pass_by(statement.number)
        return Certificate(
            statement=statement,
            seats=tuple(agreeing),
            signatures=tuple(seats[at].signature for at in agreeing),
        )

    def see(self, number: int) -> None:
        """Take votes around a height that our chain has reached, and none far below or above."""
        self._seen = max(self._seen, number)
        self.pass_by(self._seen - HEIGHTS_MAX * INTERVAL)

    def pass_by(self, number: int) -> None:
        """Take no more votes up to a height."""
        self._above = max(self._above, number)
        self._seen = max(self._seen, number)
        self._votes = {at: seats for at, seats in self._votes.items() if at > self._above}

    def _accuse(self, first: Vote, second: Vote) -> None:
        """Keep what shows that a seat has voted twice; once for each seat is enough."""
        validator = self.signing.seats[first.seat].address
        if any(each.validator == validator for each in self.evidence):
            return
        self.evidence.append(
            Evidence(
                validator=validator,
                number=first.statement.number,
                digests=(first.statement.digest, second.statement.digest),
                signatures=(first.signature, second.signature),
            )
        )
