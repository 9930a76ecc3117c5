"""What a light node holds for true: a checkpoint, the sets since, the highest certified block.

All of it begins with the checkpoint, which the user has from somewhere else than the network.
"""

from dataclasses import dataclass

from ..codec import Reader, Refused, sized, u8, u64
from ..core import Store
from .cache import PREFIX
from .certificate import (
    CERTIFICATE_MAX,
    Certificate,
    check_certificate,
    check_header,
    read_certificate,
)
from .header import HEADER_MAX, Header, read_header
from .validators import ValidatorSet, read_set

VERSION = 1
EPOCHS_MAX = 16
_CHECKPOINT = b"light/t/checkpoint"
_HEAD = b"light/t/head"
_EPOCH = b"light/t/e"
_SET = b"light/t/s"
_FOR_EVER = 2**64 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A block that is known to be the chain's, and the set that signs what comes after it."""

    chain_id: int
    number: int
    block_hash: bytes
    epoch: int
    set_hash: bytes

    def encode(self) -> bytes:
        """Return the checkpoint in bytes: 89 of them."""
        place = u8(VERSION) + u64(self.chain_id) + u64(self.number) + self.block_hash
        return place + u64(self.epoch) + self.set_hash


def read_checkpoint(data: bytes) -> Checkpoint:
    """Read a checkpoint."""
    reader = Reader(data)
    if reader.u8() != VERSION:
        raise Refused("trust: unknown version")
    checkpoint = Checkpoint(
        chain_id=reader.u64(),
        number=reader.u64(),
        block_hash=reader.take(32),
        epoch=reader.u64(),
        set_hash=reader.take(32),
    )
    reader.end()
    return checkpoint


@dataclass(frozen=True, slots=True)
class Epoch:
    """A set's time in office: it signs blocks from `first` to `last`."""

    set_hash: bytes
    first: int
    last: int

    def encode(self) -> bytes:
        """Return the epoch in bytes."""
        return self.set_hash + u64(self.first) + u64(self.last)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two certificates for one height: a third of the stake at least has signed both."""

    first: Certificate
    second: Certificate


class Trust:
    """Sets of validators and the certified head. Every change is one commit."""

    def __init__(self, store: Store, checkpoint: Checkpoint) -> None:
        self._store = store
        self.checkpoint = checkpoint
        self.conflict: Conflict | None = None
        self.epochs: dict[int, Epoch] = {}
        self._sets: dict[bytes, ValidatorSet] = {}
        self.certificate: Certificate | None = None
        self.head: Header | None = None
        self._load()

    def _load(self) -> None:
        kept = self._store.get(_CHECKPOINT)
        if kept is not None and read_checkpoint(kept).chain_id != self.checkpoint.chain_id:
            raise Refused("trust: the store is of another chain")
        raw = self._store.get(_HEAD)
        if raw is not None:
            reader = Reader(raw)
            self.certificate = read_certificate(reader.sized(CERTIFICATE_MAX))
            self.head = read_header(reader.sized(HEADER_MAX))
        known = -1 if self.head is None else self.head.number
        older = kept is not None and self.checkpoint.number <= known
        if kept != self.checkpoint.encode() and not older:
            self._begin()
            return
        for key, value in self._store.scan(_EPOCH):
            reader = Reader(value)
            epoch = Epoch(reader.take(32), reader.u64(), reader.u64())
            self.epochs[int.from_bytes(key[-8:], "big")] = epoch
        for key, value in self._store.scan(_SET):
            self._sets[key[len(_SET) :]] = read_set(value)

    def _begin(self) -> None:
        """Forget what was before, also what was proved by it, and start from the checkpoint."""
        changes: dict[bytes, bytes | None] = {
            key: None
            for prefix in (_EPOCH, _SET, _HEAD, PREFIX)
            for key, _ in self._store.scan(prefix)
        }
        start = self.checkpoint
        epoch = Epoch(start.set_hash, start.number, _FOR_EVER)
        changes[_CHECKPOINT] = start.encode()
        changes[_EPOCH + u64(start.epoch)] = epoch.encode()
        self._store.commit(changes)
        self.epochs, self._sets = {start.epoch: epoch}, {}
        self.certificate = self.head = None

    @property
    def epoch(self) -> int:
        """The newest epoch that we know of."""
        return max(self.epochs)

    @property
    def office(self) -> ValidatorSet | None:
        """The set of the newest epoch, where we have it."""
        return self._sets.get(self.epochs[self.epoch].set_hash)

    def missing_set(self) -> bytes | None:
        """Return the hash of the newest epoch's set, where we do not have it."""
        wanted = self.epochs[self.epoch].set_hash
        return None if wanted in self._sets else wanted

    def read_wanted_set(self, data: bytes, wanted: bytes, epoch: int) -> ValidatorSet:
        """Read a set that must have this hash."""
        found = read_set(data)
        if found.hash != wanted:
            raise Refused("trust: another set")
        if (found.chain_id, found.epoch) != (self.checkpoint.chain_id, epoch):
            raise Refused("trust: set of another epoch")
        return found

    def keep_set(self, found: ValidatorSet) -> None:
        """Keep the set of an epoch that we know of."""
        self._store.commit({_SET + found.hash: found.raw})
        self._sets[found.hash] = found

    def check(self, certificate: Certificate, header: Header) -> None:
        """Refuse a certificate that is not of the set that was in office at its height."""
        statement = certificate.statement
        check_header(statement, header)
        if statement.chain_id != self.checkpoint.chain_id:
            raise Refused("certificate: of another chain")
        epoch = self.epochs.get(statement.epoch)
        if epoch is None or epoch.set_hash != statement.set_hash:
            raise Refused("certificate: of another set")
        if not epoch.first <= statement.number <= epoch.last:
            raise Refused("certificate: set not in office")
        signing = self._sets.get(epoch.set_hash)
        if signing is None:
            raise Refused("certificate: set unknown")
        known = self.certificate
        if known is not None and known.statement == statement:
            return  # checked before
        check_certificate(certificate, signing)
        start = self.checkpoint
        if statement.number == start.number and statement.block_hash != start.block_hash:
            raise Refused("trust: not the checkpoint's block")
        if known is not None and known.statement.number == statement.number:
            self.conflict = Conflict(known, certificate)
            raise Refused("trust: two certified blocks at one height")

    def advance(self, certificate: Certificate, header: Header) -> bool:
        """Take a checked certificate for the head, if it is higher; return whether it was."""
        if self.head is not None and header.number <= self.head.number:
            return False
        self._store.commit({_HEAD: _head(certificate, header)})
        self.certificate, self.head = certificate, header
        return True

    def hand_over(self, certificate: Certificate, header: Header, coming: ValidatorSet) -> None:
        """End the newest epoch by its checked certificate and begin that of the coming set."""
        statement = certificate.statement
        if statement.epoch != self.epoch or not statement.hands_over:
            raise Refused("trust: no handover")
        if self.head is not None and self.head.number > statement.number:
            raise Refused("trust: handover below the head")
        ended = Epoch(statement.set_hash, self.epochs[self.epoch].first, statement.number)
        begun = Epoch(coming.hash, statement.number + 1, _FOR_EVER)
        changes: dict[bytes, bytes | None] = {
            _EPOCH + u64(statement.epoch): ended.encode(),
            _EPOCH + u64(coming.epoch): begun.encode(),
            _SET + coming.hash: coming.raw,
            _HEAD: _head(certificate, header),
        }
        gone = sorted(self.epochs)[: max(0, len(self.epochs) + 1 - EPOCHS_MAX)]
        for number in gone:
            epoch = self.epochs.pop(number)
            self._sets.pop(epoch.set_hash, None)
            changes |= {_EPOCH + u64(number): None, _SET + epoch.set_hash: None}
        self._store.commit(changes)
        self.epochs |= {statement.epoch: ended, coming.epoch: begun}
        self._sets[coming.hash] = coming
        self.certificate, self.head = certificate, header


def _head(certificate: Certificate, header: Header) -> bytes:
    return sized(certificate.raw) + sized(header.raw)
