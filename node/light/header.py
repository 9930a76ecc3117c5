"""Block headers of the chain: Osaka's 21 fields, read strictly."""

from dataclasses import dataclass, fields
from functools import cached_property

from ..codec import Refused
from ..rlp import Item, decode, encode, keccak, number, read_bytes, read_list, read_number

HEADER_MAX = 1024
EXTRA_MAX = 32
GAS_LIMIT_MIN = 5_000
GAS_LIMIT_MAX = 2**63 - 1
EMPTY_OMMERS = keccak(encode([]))
_SIZES = {
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


@dataclass(frozen=True, kw_only=True)
class Header:
    """A header; the fields stand in their order on the wire."""

    parent_hash: bytes
    ommers_hash: bytes
    coinbase: bytes
    state_root: bytes
    transactions_root: bytes
    receipts_root: bytes
    logs_bloom: bytes
    difficulty: int
    number: int
    gas_limit: int
    gas_used: int
    timestamp: int
    extra_data: bytes
    prev_randao: bytes
    nonce: bytes
    base_fee_per_gas: int
    withdrawals_root: bytes
    blob_gas_used: int
    excess_blob_gas: int
    parent_beacon_block_root: bytes
    requests_hash: bytes

    @cached_property
    def raw(self) -> bytes:
        """The header as it is hashed."""
        values = [getattr(self, name) for name in _NAMES]
        return encode([number(each) if isinstance(each, int) else each for each in values])

    @cached_property
    def hash(self) -> bytes:
        """The block's identity."""
        return keccak(self.raw)


_NAMES = tuple(field.name for field in fields(Header))


def read_header(data: bytes) -> Header:
    """Read a header, all of it."""
    if len(data) > HEADER_MAX:
        raise Refused("header: too long")
    items = read_list(decode(data))
    if len(items) != len(_NAMES):
        raise Refused("header: not of this fork")
    values = {name: _value(name, item) for name, item in zip(_NAMES, items, strict=True)}
    header = Header(**values)  # type: ignore[arg-type]  # kinds and sizes are checked
    if header.difficulty or any(header.nonce) or header.ommers_hash != EMPTY_OMMERS:
        raise Refused("header: not under proof of stake")
    in_range = GAS_LIMIT_MIN <= header.gas_limit <= GAS_LIMIT_MAX
    if header.gas_used > header.gas_limit or not in_range:
        raise Refused("header: gas out of range")
    return header


def _value(name: str, item: Item) -> bytes | int:
    if name in _SIZES:
        return read_bytes(item, _SIZES[name])
    if name == "extra_data":
        data = read_bytes(item)
        if len(data) > EXTRA_MAX:
            raise Refused("header: too long")
        return data
    return read_number(item, 32 if name == "base_fee_per_gas" else 8)


def check_follows(child: Header, parent: Header) -> None:
    """Refuse a parent that is not the block before a known one."""
    if parent.hash != child.parent_hash or parent.number != child.number - 1:
        raise Refused("header: not the parent")


def next_base_fee(header: Header) -> int:
    """Return the base fee of the block after this one (EIP-1559)."""
    target = header.gas_limit // 2
    fee = header.base_fee_per_gas
    if header.gas_used == target:
        return fee
    delta = fee * abs(header.gas_used - target) // target // 8
    return fee + max(delta, 1) if header.gas_used > target else fee - delta


def bloom_bits(value: bytes) -> int:
    """Return the three bits that a value sets in a bloom filter of 2,048."""
    digest = keccak(value)
    bits = 0
    for at in (0, 2, 4):
        bits |= 1 << (int.from_bytes(digest[at : at + 2], "big") & 2047)
    return bits
