"""What stands in blocks: transactions and receipts, read strictly and shown as JSON-RPC shows them.

Receipts travel without their blooms, which follow from their logs.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..codec import Reader, Refused, sized, u32
from ..rlp import Item, decode, encode, keccak, number, read_bytes, read_list, read_number
from ..wallet import recover
from .header import Header, bloom_bits
from .trie import list_root

LEGACY, ACCESS_LIST, DYNAMIC_FEE, BLOB, SET_CODE = range(5)
TRANSACTION_MAX = 1 << 17
LIST_MAX = 4_096
LOGS_MAX = 65_536

# The unsigned fields of each type, in their order.
_FIELDS = {
    LEGACY: ("nonce", "gasPrice", "gas", "to", "value", "input"),
    ACCESS_LIST: ("chainId", "nonce", "gasPrice", "gas", "to", "value", "input", "accessList"),
    DYNAMIC_FEE: (
        *("chainId", "nonce", "maxPriorityFeePerGas", "maxFeePerGas", "gas"),
        *("to", "value", "input", "accessList"),
    ),
}
_FIELDS[BLOB] = (*_FIELDS[DYNAMIC_FEE], "maxFeePerBlobGas", "blobVersionedHashes")
_FIELDS[SET_CODE] = (*_FIELDS[DYNAMIC_FEE], "authorizationList")
_WORDS = ("chainId", "gasPrice", "maxPriorityFeePerGas", "maxFeePerGas", "value")
_SHORT = ("nonce", "gas")
_AUTHORIZATION = ("chainId", "address", "nonce", "yParity", "r", "s")


@dataclass(frozen=True, kw_only=True)
class Transaction:
    """A signed transaction. `fields` are as JSON-RPC names them: numbers, bytes and lists."""

    raw: bytes
    hash: bytes
    type: int
    sender: bytes
    fields: dict[str, Any]
    v: int
    parity: int
    r: int
    s: int

    @property
    def nonce(self) -> int:
        """The sender's count of transactions before this one."""
        return int(self.fields["nonce"])

    @property
    def chain_id(self) -> int | None:
        """The chain that it is for; of an old one this may be any."""
        chain_id: int | None = self.fields.get("chainId")
        return chain_id

    def price(self, base_fee: int) -> int:
        """Return what it pays for a unit of gas in a block with this base fee."""
        if "gasPrice" in self.fields:
            return int(self.fields["gasPrice"])
        tip, most = self.fields["maxPriorityFeePerGas"], self.fields["maxFeePerGas"]
        return int(min(most, base_fee + tip))


def read_transaction(raw: bytes) -> Transaction:
    """Read a transaction as it stands in a block, and find who signed it."""
    if not 0 < len(raw) <= TRANSACTION_MAX:
        raise Refused("blocks: transaction too long")
    kind = LEGACY if raw[0] >= 0xC0 else raw[0]
    if kind not in _FIELDS or raw[0] == LEGACY:
        raise Refused("blocks: unknown type of transaction")
    items = read_list(decode(raw[1:] if kind else raw), len(_FIELDS[kind]) + 3)
    names = _FIELDS[kind]
    fields = {name: _field(name, item) for name, item in zip(names, items, strict=False)}
    v, r, s = (read_number(item) for item in items[-3:])
    unsigned, parity = items[:-3], v
    if kind == LEGACY:
        if v >= 35:
            fields["chainId"] = (v - 35) // 2
            unsigned = [*unsigned, number(fields["chainId"]), b"", b""]
            parity = (v - 35) % 2
        else:
            parity = v - 27
    if parity not in (0, 1):
        raise Refused("blocks: not a signature")
    digest = keccak((bytes([kind]) if kind else b"") + encode(unsigned))
    return Transaction(
        raw=raw,
        hash=keccak(raw),
        type=kind,
        sender=recover(digest, parity, r, s),
        fields=fields,
        v=v,
        parity=parity,
        r=r,
        s=s,
    )


def _field(name: str, item: Item) -> Any:
    if name in _SHORT:
        return read_number(item, 8)
    if name in _WORDS or name == "maxFeePerBlobGas":
        return read_number(item)
    if name == "to":
        to = read_bytes(item)
        if len(to) not in (0, 20):
            raise Refused("blocks: not an address")
        return to
    if name == "input":
        return read_bytes(item)
    return [_entry(name, entry) for entry in read_list(item)]


def _entry(name: str, item: Item) -> Any:
    """Read an entry of one of the three lists that a transaction may carry."""
    if name == "blobVersionedHashes":
        return read_bytes(item, 32)
    if name == "accessList":
        address, slots = read_list(item, 2)
        keys = [read_bytes(slot, 32) for slot in read_list(slots)]
        return {"address": read_bytes(address, 20), "storageKeys": keys}
    values = read_list(item, 6)
    entry: dict[str, Any] = {
        key: read_number(value)
        for key, value in zip(_AUTHORIZATION, values, strict=True)
        if key != "address"
    }
    return entry | {"address": read_bytes(values[1], 20)}


def to_json(value: Any) -> Any:
    """Return a value as JSON-RPC writes it."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return hex(value)
    if isinstance(value, dict):
        return {key: to_json(each) for key, each in value.items()}
    return [to_json(each) for each in value]


def transaction_json(tx: Transaction, header: Header, index: int) -> dict[str, Any]:
    """Return a transaction with its place in a block."""
    body: dict[str, Any] = {
        "blockHash": header.hash,
        "blockNumber": header.number,
        "blockTimestamp": header.timestamp,
        "transactionIndex": index,
        "hash": tx.hash,
        "from": tx.sender,
        "type": tx.type,
        **tx.fields,
        "to": tx.fields["to"] or None,
        "gasPrice": tx.price(header.base_fee_per_gas),
        "v": tx.v,
        "r": tx.r,
        "s": tx.s,
    }
    if tx.type != LEGACY:
        body["yParity"] = tx.parity
    shown: dict[str, Any] = to_json(body)
    return shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """One event of a contract."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes

    @property
    def item(self) -> Item:
        """The log as it is encoded."""
        return [self.address, list(self.topics), self.data]


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a transaction, as far as the block commits to it."""

    type: int
    status: int
    cumulative_gas: int
    logs: tuple[Log, ...]

    @property
    def bloom(self) -> bytes:
        """The filter of the addresses and topics of its logs."""
        bits = 0
        for log in self.logs:
            for value in (log.address, *log.topics):
                bits |= bloom_bits(value)
        return bits.to_bytes(256, "big")

    def encode(self) -> bytes:
        """Return what the receipts root commits to."""
        logs: Item = [log.item for log in self.logs]
        items: list[Item] = [number(self.status), number(self.cumulative_gas), self.bloom, logs]
        return (bytes([self.type]) if self.type else b"") + encode(items)

    def short(self) -> bytes:
        """Return it without its bloom, as it travels."""
        logs: Item = [log.item for log in self.logs]
        return encode([number(self.type), number(self.status), number(self.cumulative_gas), logs])


def read_receipt(encoded: bytes) -> Receipt:
    """Read a receipt in the form that the receipts root commits to."""
    kind = 0 if encoded[:1] >= b"\xc0" else encoded[0] if encoded else 0
    status, gas, bloom, logs = read_list(decode(encoded[1:] if kind else encoded), 4)
    receipt = _receipt(kind, status, gas, logs)
    if receipt.bloom != bloom:
        raise Refused("blocks: wrong bloom")
    return receipt


def read_short(data: bytes) -> Receipt:
    """Read a receipt as it travels."""
    kind, status, gas, logs = read_list(decode(data), 4)
    return _receipt(read_number(kind, 1), status, gas, logs)


def _receipt(kind: int, status: Item, gas: Item, logs: Item) -> Receipt:
    if kind > SET_CODE or read_number(status, 1) > 1:
        raise Refused("blocks: not a receipt")
    entries = read_list(logs)
    if len(entries) > LOGS_MAX:
        raise Refused("blocks: too many logs")
    return Receipt(
        type=kind,
        status=read_number(status, 1),
        cumulative_gas=read_number(gas, 8),
        logs=tuple(_log(entry) for entry in entries),
    )


def _log(item: Item) -> Log:
    address, topics, data = read_list(item, 3)
    found = tuple(read_bytes(topic, 32) for topic in read_list(topics))
    if len(found) > 4:
        raise Refused("blocks: too many topics")
    return Log(address=read_bytes(address, 20), topics=found, data=read_bytes(data))


# --- Lists of a block -----------------------------------------------------------------------


def write_list(entries: Sequence[bytes]) -> bytes:
    """Return entries in a row, as they travel."""
    return u32(len(entries)) + b"".join(map(sized, entries))


def read_entries(data: bytes, entry_max: int) -> list[bytes]:
    """Read what `write_list` made."""
    reader = Reader(data)
    count = reader.u32()
    if count > LIST_MAX:
        raise Refused("blocks: too many entries")
    entries = [reader.sized(entry_max) for _ in range(count)]
    reader.end()
    return entries


def proved_transactions(data: bytes, header: Header) -> list[Transaction]:
    """Return the transactions of a block, which must be all that it has."""
    raw = read_entries(data, TRANSACTION_MAX)
    if list_root(raw) != header.transactions_root:
        raise Refused("blocks: not the block's transactions")
    return [read_transaction(each) for each in raw]


def proved_receipts(data: bytes, header: Header) -> list[Receipt]:
    """Return the receipts of a block, which must be all that it has."""
    receipts = [read_short(each) for each in read_entries(data, len(data))]
    if list_root([receipt.encode() for receipt in receipts]) != header.receipts_root:
        raise Refused("blocks: not the block's receipts")
    return receipts


# --- JSON -----------------------------------------------------------------------------------


def block_json(
    header: Header, transactions: Sequence[Transaction], *, full: bool
) -> dict[str, Any]:
    """Return a block as eth_getBlockByNumber shows it."""
    entries: list[Any] = [tx.hash for tx in transactions]
    if full:
        entries = [transaction_json(tx, header, at) for at, tx in enumerate(transactions)]
    body = {
        "hash": header.hash,
        "number": header.number,
        "parentHash": header.parent_hash,
        "timestamp": header.timestamp,
        "sha3Uncles": header.ommers_hash,
        "miner": header.coinbase,
        "stateRoot": header.state_root,
        "transactionsRoot": header.transactions_root,
        "receiptsRoot": header.receipts_root,
        "logsBloom": header.logs_bloom,
        "difficulty": header.difficulty,
        "gasLimit": header.gas_limit,
        "gasUsed": header.gas_used,
        "extraData": header.extra_data,
        "mixHash": header.prev_randao,
        "nonce": header.nonce,
        "baseFeePerGas": header.base_fee_per_gas,
        "withdrawalsRoot": header.withdrawals_root,
        "blobGasUsed": header.blob_gas_used,
        "excessBlobGas": header.excess_blob_gas,
        "parentBeaconBlockRoot": header.parent_beacon_block_root,
        "requestsHash": header.requests_hash,
        "uncles": [],
        "withdrawals": [],
        "transactions": entries,
        "size": _block_size(header, transactions),
    }
    shown: dict[str, Any] = to_json(body)
    return shown


def _block_size(header: Header, transactions: Sequence[Transaction]) -> int:
    listed: Item = [decode(tx.raw) if tx.type == LEGACY else tx.raw for tx in transactions]
    return len(encode([decode(header.raw), listed, [], []]))


def receipt_json(
    header: Header, transactions: Sequence[Transaction], receipts: Sequence[Receipt], index: int
) -> dict[str, Any]:
    """Return the receipt of one transaction of a block."""
    tx, receipt = transactions[index], receipts[index]
    before = receipts[index - 1].cumulative_gas if index else 0
    to = tx.fields["to"]
    created = None if to else keccak(encode([tx.sender, number(tx.nonce)]))[-20:]
    place = {
        "blockHash": header.hash,
        "blockNumber": header.number,
        "transactionHash": tx.hash,
        "transactionIndex": index,
    }
    first = sum(len(each.logs) for each in receipts[:index])
    stamp = {"blockTimestamp": header.timestamp, "removed": False}
    logs = [
        {"address": log.address, "topics": log.topics, "data": log.data, "logIndex": first + at}
        | place
        | stamp
        for at, log in enumerate(receipt.logs)
    ]
    body = place | {
        "contractAddress": created,
        "cumulativeGasUsed": receipt.cumulative_gas,
        "effectiveGasPrice": tx.price(header.base_fee_per_gas),
        "from": tx.sender,
        "gasUsed": receipt.cumulative_gas - before,
        "logs": logs,
        "logsBloom": receipt.bloom,
        "status": receipt.status,
        "to": to or None,
        "type": receipt.type,
    }
    shown: dict[str, Any] = to_json(body)
    return shown
