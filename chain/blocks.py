"""Headers, blocks and receipts: values, encodings, roots and blooms. Knows no rules."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cached_property, lru_cache
from typing import Final

from .encoding import (
    DecodingError,
    Encodable,
    Item,
    any_bytes,
    any_list,
    bytes_to_int,
    decode,
    encode,
    encode_list,
    fixed_bytes,
    int_to_bytes,
    keccak,
    split_list,
)
from .engine.tries import ordered_root
from .transactions import Transaction, decode_transaction
from .trie import EMPTY_ROOT

ZERO_HASH: Final = bytes(32)
ZERO_ADDRESS: Final = bytes(20)
EMPTY_OMMERS: Final = keccak(encode([]))
EMPTY_BLOOM: Final = bytes(256)
BLOOM_BITS_KEPT: Final = 4096
"""Of values whose bits are remembered: contracts and kinds of events come again and again."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """A block header of any fork. The fields stand in their order on the wire."""

    parent_hash: bytes
    ommers_hash: bytes = EMPTY_OMMERS
    coinbase: bytes = ZERO_ADDRESS
    state_root: bytes
    transactions_root: bytes = EMPTY_ROOT
    receipts_root: bytes = EMPTY_ROOT
    logs_bloom: bytes = EMPTY_BLOOM
    difficulty: int = 0
    number: int
    gas_limit: int
    gas_used: int = 0
    timestamp: int
    extra_data: bytes = b""
    prev_randao: bytes = ZERO_HASH
    nonce: bytes = bytes(8)
    base_fee_per_gas: int | None = None
    withdrawals_root: bytes | None = None
    blob_gas_used: int | None = None
    excess_blob_gas: int | None = None
    parent_beacon_block_root: bytes | None = None
    requests_hash: bytes | None = None
    later: tuple[bytes, ...] = ()
    """Fields of forks that we can carry but not execute."""

    def encode(self) -> bytes:
        """Return the RLP form."""
        return self._encoded

    @cached_property
    def _encoded(self) -> bytes:
        items: list[Encodable] = []
        for name in HEADER_FIELDS:
            value = getattr(self, name)
            if value is None:
                break
            items.append(int_to_bytes(value) if isinstance(value, int) else value)
        return encode([*items, *self.later])

    @cached_property
    def hash(self) -> bytes:
        """The block's identity."""
        return keccak(self.encode())


HEADER_FIELDS: Final = tuple(field.name for field in fields(Header))[:-1]
_HEADER_SIZES: Final = {
    "parent_hash": 32,
    "ommers_hash": 32,
    "coinbase": 20,
    "state_root": 32,
    "transactions_root": 32,
    "receipts_root": 32,
    "logs_bloom": 256,
    "prev_randao": 32,
    "nonce": 8,
    "withdrawals_root": 32,
    "parent_beacon_block_root": 32,
    "requests_hash": 32,
}
_HEADER_FIELDS_MIN: Final = 15


def header_from_item(item: Item) -> Header:
    """Read a decoded header, of any fork."""
    values = any_list(item, "header")
    if len(values) < _HEADER_FIELDS_MIN:
        raise DecodingError(f"header: {len(values)} fields, at least {_HEADER_FIELDS_MIN} expected")
    known: dict[str, bytes | int] = {}
    for name, value in zip(HEADER_FIELDS, values, strict=False):
        if name in _HEADER_SIZES:
            known[name] = fixed_bytes(value, _HEADER_SIZES[name], f"header.{name}")
        elif name == "extra_data":
            known[name] = any_bytes(value, "header.extra_data")
        else:
            known[name] = bytes_to_int(value, name=f"header.{name}")
    later = tuple(any_bytes(value, "header") for value in values[len(HEADER_FIELDS) :])
    return Header(**known, later=later)  # type: ignore[arg-type]  # sizes and kinds checked above


@dataclass(frozen=True, kw_only=True)
class Withdrawal:
    """A validator's withdrawal from the beacon chain (Shanghai)."""

    index: int
    validator_index: int
    address: bytes
    amount: int
    """In gwei."""

    def encode(self) -> bytes:
        """Return the RLP form."""
        numbers = int_to_bytes(self.index), int_to_bytes(self.validator_index)
        return encode([*numbers, self.address, int_to_bytes(self.amount)])


def _withdrawal(item: Item) -> Withdrawal:
    index, validator_index, address, amount = any_list(item, "withdrawal", 4)
    return Withdrawal(
        index=bytes_to_int(index, size_max=8, name="withdrawal.index"),
        validator_index=bytes_to_int(validator_index, size_max=8, name="withdrawal.validatorIndex"),
        address=fixed_bytes(address, 20, "withdrawal.address"),
        amount=bytes_to_int(amount, size_max=8, name="withdrawal.amount"),
    )


@dataclass(frozen=True, kw_only=True)
class Block:
    """A whole block."""

    header: Header
    transactions: tuple[Transaction, ...] = ()
    ommers: tuple[Header, ...] = ()
    withdrawals: tuple[Withdrawal, ...] | None = None

    @property
    def hash(self) -> bytes:
        """The hash of the header."""
        return self.header.hash

    @property
    def number(self) -> int:
        """Height above genesis."""
        return self.header.number

    def encode(self) -> bytes:
        """Return the RLP form, as chain files hold it."""
        parts = [
            self.header.encode(),
            encode_list([in_list(tx) for tx in self.transactions]),
            encode_list([ommer.encode() for ommer in self.ommers]),
        ]
        if self.withdrawals is not None:
            parts.append(encode_list([withdrawal.encode() for withdrawal in self.withdrawals]))
        return encode_list(parts)

    @cached_property
    def size(self) -> int:
        """Length of the encoding."""
        return len(self.encode())


def in_list(tx: Transaction) -> bytes:
    """Return a transaction as an item of a list: typed ones are byte strings there."""
    return encode(tx.raw) if tx.type else tx.raw


def decode_block(data: bytes, senders: Sequence[bytes] | None = None) -> Block:
    """Read one block, strictly. Senders are recovered where they are not given."""
    parts = split_list(data, "block")
    if len(parts) not in (3, 4):
        raise DecodingError(f"block: expected 3 or 4 parts, got {len(parts)}")
    transactions = []
    for index, encoded in enumerate(split_list(parts[1], "transactions")):
        legacy = encoded[0] >= 0xC0
        raw = encoded if legacy else any_bytes(decode(encoded), "transaction")
        if not legacy and raw[:1] >= b"\xc0":
            raise DecodingError("transaction: a legacy transaction stands in a string")
        transactions.append(decode_transaction(raw, senders[index] if senders else None))
    return Block(
        header=header_from_item(decode(parts[0])),
        transactions=tuple(transactions),
        ommers=tuple(header_from_item(item) for item in any_list(decode(parts[2]), "ommers")),
        withdrawals=(
            tuple(_withdrawal(item) for item in any_list(decode(parts[3]), "withdrawals"))
            if len(parts) == 4
            else None
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """One event that a contract or a precompile emitted."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes

    def item(self) -> Encodable:
        """Return the parts to encode."""
        return [self.address, self.topics, self.data]


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What became of a transaction. The second half follows from the block, and is not encoded."""

    type: int
    status: int | None
    """1 or 0; None before Byzantium, which committed to a state root instead."""
    state_root: bytes | None = None
    cumulative_gas_used: int
    logs_bloom: bytes
    logs: tuple[Log, ...]

    gas_used: int
    effective_gas_price: int
    contract_address: bytes | None = None
    blob_gas_used: int | None = None
    blob_gas_price: int | None = None

    def encode(self) -> bytes:
        """Return the form that the block's receipts root commits to."""
        return self._encoded

    @cached_property
    def _encoded(self) -> bytes:
        outcome = int_to_bytes(self.status) if self.status is not None else self.state_root or b""
        payload = encode(
            [
                outcome,
                int_to_bytes(self.cumulative_gas_used),
                self.logs_bloom,
                [log.item() for log in self.logs],
            ]
        )
        return bytes((self.type,)) + payload if self.type else payload


def receipt_from(encoded: bytes, derived: Item) -> Receipt:
    """Read a receipt from its encoding and the stored derived fields (see `derived_fields`)."""
    kind = 0 if encoded[0] >= 0xC0 else encoded[0]
    outcome, cumulative, logs_bloom, logs = any_list(
        decode(encoded[1:] if kind else encoded), "receipt", 4
    )
    gas_used, price, created, blob_gas, blob_price = any_list(derived, "receipt", 5)
    status = any_bytes(outcome, "status")
    entries = []
    for entry in any_list(logs, "logs"):
        address, topics, data = any_list(entry, "log", 3)
        entries.append(
            Log(
                address=fixed_bytes(address, 20, "log.address"),
                topics=tuple(fixed_bytes(t, 32, "log.topic") for t in any_list(topics, "topics")),
                data=any_bytes(data, "log.data"),
            )
        )
    return Receipt(
        type=kind,
        status=None if len(status) == 32 else bytes_to_int(status, name="status"),
        state_root=status if len(status) == 32 else None,
        cumulative_gas_used=bytes_to_int(cumulative, name="cumulativeGasUsed"),
        logs_bloom=fixed_bytes(logs_bloom, 256, "logsBloom"),
        logs=tuple(entries),
        gas_used=bytes_to_int(gas_used),
        effective_gas_price=bytes_to_int(price),
        contract_address=any_bytes(created, "contractAddress") or None,
        blob_gas_used=bytes_to_int(blob_gas) if kind == 3 else None,
        blob_gas_price=bytes_to_int(blob_price) if kind == 3 else None,
    )


def derived_fields(receipt: Receipt) -> Encodable:
    """Return what the store keeps beside a receipt's encoding."""
    return [
        int_to_bytes(receipt.gas_used),
        int_to_bytes(receipt.effective_gas_price),
        receipt.contract_address or b"",
        int_to_bytes(receipt.blob_gas_used or 0),
        int_to_bytes(receipt.blob_gas_price or 0),
    ]


@lru_cache(BLOOM_BITS_KEPT)
def bloom_bits(value: bytes) -> int:
    """Return the three bits of a 2048-bit filter that a value sets."""
    digest = keccak(value)
    bits = 0
    for i in (0, 2, 4):
        bits |= 1 << (int.from_bytes(digest[i : i + 2], "big") & 2047)
    return bits


def bloom_of(logs: Sequence[Log]) -> int:
    """Return the filter of all addresses and topics in these logs."""
    bits = 0
    for value in {log.address for log in logs} | {topic for log in logs for topic in log.topics}:
        bits |= bloom_bits(value)
    return bits


def transactions_root(transactions: Sequence[Transaction]) -> bytes:
    """Return the root that the header commits to."""
    return ordered_root([tx.raw for tx in transactions])


def receipts_root(receipts: Sequence[Receipt]) -> bytes:
    """Return the root that the header commits to."""
    return ordered_root([receipt.encode() for receipt in receipts])


def withdrawals_root(withdrawals: Sequence[Withdrawal]) -> bytes:
    """Return the root that the header commits to."""
    return ordered_root([withdrawal.encode() for withdrawal in withdrawals])
