"""Certificates: what a quorum of validators signs about one block of their chain.

A certificate stands for every tenth block, so that 21 signatures of 4.6 KB are paid for once in
ten; the blocks between are reached by parent hashes. Every 1,024th block is a checkpoint, and only
there sets change: the one that leaves names the one that comes.

What is signed has the form of the registry's votes, in a phase of its own. So whoever signs two
statements for one height has made the evidence that takes its bond.
"""

from dataclasses import dataclass, field
from functools import cached_property

from ..codec import Reader, Refused, u8, u64
from ..crypto import SIGNATURE, sha3_256, verify
from ..rlp import keccak
from .header import Header
from .validators import SEATS_MAX, ValidatorSet

VERSION = 1
INTERVAL = 10
CHECKPOINT = 1_024
LABEL = b"pars/certificate/v1"
VOTE = keccak(b"PARS-VOTE-V1")
PHASE = 0xC0  # of the registry's votes; those of consensus count from 0
STATEMENT = 1 + 8 + 8 + 32 + 32 + 32 + 8 + 32 + 32
CERTIFICATE_MAX = STATEMENT + 1 + (SEATS_MAX + 7) // 8 + SEATS_MAX * SIGNATURE


def is_certified(number: int) -> bool:
    """Return whether blocks of this height get a certificate."""
    return number % INTERVAL == 0 or number % CHECKPOINT == 0


@dataclass(frozen=True, kw_only=True)
class Statement:
    """What is said of a block, by the set of `epoch`, whose hash is `set_hash`."""

    chain_id: int
    number: int
    block_hash: bytes
    state_root: bytes
    receipts_root: bytes
    epoch: int
    set_hash: bytes
    next_set_hash: bytes

    @cached_property
    def raw(self) -> bytes:
        """The statement in bytes."""
        place = u8(VERSION) + u64(self.chain_id) + u64(self.number)
        roots = self.block_hash + self.state_root + self.receipts_root
        return place + roots + u64(self.epoch) + self.set_hash + self.next_set_hash

    @cached_property
    def digest(self) -> bytes:
        """What stands in a vote for the statement."""
        return sha3_256(LABEL, self.raw)

    @property
    def message(self) -> bytes:
        """What a validator signs: `voteMessage` of the ValidatorRegistry."""
        return vote_message(self.chain_id, self.number, self.digest)

    @property
    def hands_over(self) -> bool:
        """Whether another set signs what comes after."""
        return self.next_set_hash != self.set_hash


def vote_message(chain_id: int, number: int, digest: bytes) -> bytes:
    """Return the vote that the ValidatorRegistry knows, as Solidity's ABI encodes it."""
    words = (chain_id, number, 0, PHASE)
    return VOTE + b"".join(word.to_bytes(32, "big") for word in words) + digest


def statement_of(header: Header, signing: ValidatorSet, next_set_hash: bytes) -> Statement:
    """Return what a set says of a block."""
    return Statement(
        chain_id=signing.chain_id,
        number=header.number,
        block_hash=header.hash,
        state_root=header.state_root,
        receipts_root=header.receipts_root,
        epoch=signing.epoch,
        set_hash=signing.hash,
        next_set_hash=next_set_hash,
    )


def read_statement(data: bytes) -> Statement:
    """Read a statement."""
    reader = Reader(data)
    statement = _statement(reader)
    reader.end()
    return statement


def _statement(reader: Reader) -> Statement:
    if reader.u8() != VERSION:
        raise Refused("certificate: unknown version")
    statement = Statement(
        chain_id=reader.u64(),
        number=reader.u64(),
        block_hash=reader.take(32),
        state_root=reader.take(32),
        receipts_root=reader.take(32),
        epoch=reader.u64(),
        set_hash=reader.take(32),
        next_set_hash=reader.take(32),
    )
    if not is_certified(statement.number):
        raise Refused("certificate: not a height that is certified")
    if statement.hands_over and statement.number % CHECKPOINT:
        raise Refused("certificate: set changed between checkpoints")
    return statement


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """A statement with the signatures of some seats, in the order of the seats."""

    statement: Statement
    seats: tuple[int, ...]
    signatures: tuple[bytes, ...] = field(repr=False)

    @cached_property
    def raw(self) -> bytes:
        """The certificate in bytes."""
        bits = sum(1 << seat for seat in self.seats)
        size = (max(self.seats, default=0) + 8) // 8
        bitmap = u8(size) + bits.to_bytes(size, "little")
        return self.statement.raw + bitmap + b"".join(self.signatures)


def read_certificate(data: bytes) -> Certificate:
    """Read a certificate, all of it; whether a quorum signed is another question."""
    if len(data) > CERTIFICATE_MAX:
        raise Refused("certificate: too long")
    reader = Reader(data)
    statement = _statement(reader)
    bitmap = reader.take(reader.u8())
    if not bitmap or not bitmap[-1] or len(bitmap) > (SEATS_MAX + 7) // 8:
        raise Refused("certificate: malformed bitmap")
    bits = int.from_bytes(bitmap, "little")
    seats = tuple(seat for seat in range(bits.bit_length()) if bits >> seat & 1)
    signatures = tuple(reader.take(SIGNATURE) for _ in seats)
    reader.end()
    return Certificate(statement=statement, seats=seats, signatures=signatures)


def check_certificate(certificate: Certificate, signing: ValidatorSet) -> None:
    """Refuse a certificate that is not signed by a quorum of this set."""
    statement = certificate.statement
    if statement.chain_id != signing.chain_id:
        raise Refused("certificate: of another chain")
    if (statement.epoch, statement.set_hash) != (signing.epoch, signing.hash):
        raise Refused("certificate: of another set")
    if certificate.seats[-1] >= len(signing.seats):
        raise Refused("certificate: no such seat")
    if not signing.decides(certificate.seats):
        raise Refused("certificate: no quorum")
    message = statement.message
    for seat, signature in zip(certificate.seats, certificate.signatures, strict=True):
        if not verify(signing.seats[seat].key, message, signature):
            raise Refused("certificate: wrong signature")


def check_header(statement: Statement, header: Header) -> None:
    """Refuse a header that is not the one certified."""
    roots = header.number, header.hash, header.state_root, header.receipts_root
    if roots != (
        statement.number,
        statement.block_hash,
        statement.state_root,
        statement.receipts_root,
    ):
        raise Refused("certificate: another header")
