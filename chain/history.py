"""Blocks, receipts and indexes on a store, with the few that are asked for again kept decoded."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from .blocks import Block, Header, Receipt, decode_block, derived_fields, receipt_from
from .encoding import Encodable, any_bytes, any_list, decode, encode
from .store import Store, Write
from .transactions import Transaction

K = TypeVar("K")
V = TypeVar("V")

BLOCKS_DECODED_MAX: Final = 256
RECEIPTS_DECODED_MAX: Final = 64


class Recent(Generic[K, V]):
    """A dictionary that keeps the last entries used."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        """Return an entry, or None."""
        value = self._entries.get(key)
        if value is not None:
            # Another thread may have dropped it meanwhile; the value is still right.
            with suppress(KeyError):
                self._entries.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> None:
        """Keep an entry, dropping the one unused for longest where there are too many."""
        self._entries[key] = value
        if len(self._entries) > self._limit:
            self._entries.popitem(last=False)

    def clear(self) -> None:
        """Drop all."""
        self._entries.clear()


class Nodes(Mapping[bytes, bytes]):
    """Trie nodes and codes: those not yet written stand in `pending`, in front of the rest."""

    def __init__(self, below: "Store | Nodes") -> None:
        self._below = below
        self.pending: dict[bytes, bytes] = {}

    def __getitem__(self, key: bytes) -> bytes:
        value = self.pending.get(key)
        if value is None:
            if isinstance(self._below, Nodes):
                return self._below[key]
            value = self._below.get("nodes", key)
            if value is None:
                raise KeyError(key)
        return value

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.pending)

    def __len__(self) -> int:
        return len(self.pending)

    def take(self) -> list[Write]:
        """Return the writes that bring the pending nodes below, and forget them here."""
        writes: list[Write] = [("nodes", key, value) for key, value in self.pending.items()]
        self.pending.clear()
        return writes


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """A transaction and where it was mined."""

    transaction: Transaction
    block: Block
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A block as it is kept."""

    block: Block
    root_before: bytes
    """State root that the block was run on: the parent's, unless the state was edited between."""


class History:
    """All blocks from the first to the head."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.nodes = Nodes(store)
        self._blocks: Recent[bytes, Record] = Recent(BLOCKS_DECODED_MAX)
        self._receipts: Recent[bytes, tuple[Receipt, ...]] = Recent(RECEIPTS_DECODED_MAX)

    # Reading.

    def hash_of(self, number: int) -> bytes | None:
        """Return the hash of the block at a height."""
        return None if number < 0 else self.store.get("numbers", _number_key(number))

    def record(self, block_hash: bytes) -> Record | None:
        """Return a block and the root that it was run on."""
        found = self._blocks.get(block_hash)
        if found is None:
            data = self.store.get("blocks", block_hash)
            if data is None:
                return None
            found = _decode_record(data)
            self._blocks.put(block_hash, found)
        return found

    def block(self, block_hash: bytes) -> Block | None:
        """Return a block."""
        found = self.record(block_hash)
        return None if found is None else found.block

    def receipts(self, block_hash: bytes) -> tuple[Receipt, ...] | None:
        """Return the receipts of a block."""
        found = self._receipts.get(block_hash)
        if found is None:
            data = self.store.get("receipts", block_hash)
            if data is None:
                return None
            found = _decode_receipts(data)
            self._receipts.put(block_hash, found)
        return found

    def transaction(self, tx_hash: bytes) -> Located | None:
        """Return a mined transaction."""
        data = self.store.get("transactions", tx_hash)
        if data is None:
            return None
        block = self.block(data[:32])
        if block is None:
            return None
        index = int.from_bytes(data[32:], "big")
        return Located(transaction=block.transactions[index], block=block, index=index)

    def ancestors(self, header: Header) -> Iterator[bytes]:
        """Return the hashes of the blocks before one, newest first."""
        current = header.parent_hash
        number = header.number - 1
        while number >= 0:
            yield current
            record = self.record(current)
            if record is None:
                return
            current = record.block.header.parent_hash
            number -= 1

    # Writing: each returns what to write, so that a block and its effects go in one batch.

    def append(self, record: Record, receipts: Sequence[Receipt]) -> list[Write]:
        """Return the writes that add a block on top."""
        block = record.block
        writes: list[Write] = [
            ("blocks", block.hash, _encode_record(record)),
            ("receipts", block.hash, _encode_receipts(receipts)),
            ("numbers", _number_key(block.number), block.hash),
        ]
        for index, tx in enumerate(block.transactions):
            place = block.hash + index.to_bytes(4, "big")
            writes.append(("transactions", tx.hash, place))
        return writes

    def remember(self, record: Record, receipts: Sequence[Receipt]) -> None:
        """Keep a block that was just written decoded: it is the one most asked for."""
        self._blocks.put(record.block.hash, record)
        self._receipts.put(record.block.hash, tuple(receipts))

    def remove(self, block: Block) -> list[Write]:
        """Return the writes that take the topmost block away."""
        self._blocks.clear()
        self._receipts.clear()
        writes: list[Write] = [
            ("blocks", block.hash, None),
            ("receipts", block.hash, None),
            ("numbers", _number_key(block.number), None),
        ]
        writes += [("transactions", tx.hash, None) for tx in block.transactions]
        return writes


def _number_key(number: int) -> bytes:
    return number.to_bytes(8, "big")


def _encode_record(record: Record) -> bytes:
    # The senders save a curve operation per transaction, and are all that is known of those
    # that were impersonated.
    senders = b"".join([tx.sender for tx in record.block.transactions])
    return encode([record.block.encode(), record.root_before, senders])


def _decode_record(data: bytes) -> Record:
    block, root_before, senders = any_list(decode(data), "block record", 3)
    packed = any_bytes(senders, "senders")
    return Record(
        block=decode_block(
            any_bytes(block, "block"), [packed[i : i + 20] for i in range(0, len(packed), 20)]
        ),
        root_before=any_bytes(root_before, "root"),
    )


def _encode_receipts(receipts: Sequence[Receipt]) -> bytes:
    items: list[Encodable] = [[receipt.encode(), derived_fields(receipt)] for receipt in receipts]
    return encode(items)


def _decode_receipts(data: bytes) -> tuple[Receipt, ...]:
    found = []
    for item in any_list(decode(data), "receipts"):
        encoded, derived = any_list(item, "receipt", 2)
        found.append(receipt_from(any_bytes(encoded, "receipt"), derived))
    return tuple(found)
