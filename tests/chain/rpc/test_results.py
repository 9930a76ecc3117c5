"""Objects we send, against answers that go-ethereum gave (see SOURCES.md)."""

from collections.abc import Callable
from typing import Any

from chain.blocks import HEADER_FIELDS, Block, Header, Log, Receipt, transactions_root
from chain.rpc.results import block_json, receipt_json, transaction_json
from chain.transactions import Authorization, Fields, Transaction, decode_transaction, encode_signed

HEADER_NAMES = {
    "parent_hash": "parentHash",
    "ommers_hash": "sha3Uncles",
    "coinbase": "miner",
    "state_root": "stateRoot",
    "transactions_root": "transactionsRoot",
    "receipts_root": "receiptsRoot",
    "logs_bloom": "logsBloom",
    "difficulty": "difficulty",
    "number": "number",
    "gas_limit": "gasLimit",
    "gas_used": "gasUsed",
    "timestamp": "timestamp",
    "extra_data": "extraData",
    "prev_randao": "mixHash",
    "nonce": "nonce",
    "base_fee_per_gas": "baseFeePerGas",
    "withdrawals_root": "withdrawalsRoot",
    "blob_gas_used": "blobGasUsed",
    "excess_blob_gas": "excessBlobGas",
    "parent_beacon_block_root": "parentBeaconBlockRoot",
    "requests_hash": "requestsHash",
}
NUMBERS = {"difficulty", "number", "gas_limit", "gas_used", "timestamp"}
NUMBERS |= {"base_fee_per_gas", "blob_gas_used", "excess_blob_gas"}


def raw(text: str | None) -> bytes:
    return bytes.fromhex(text[2:]) if text else b""


def number(tx: dict[str, Any], name: str) -> int:
    return int(tx.get(name, "0x0"), 16)


def transaction_of(tx: dict[str, Any]) -> Transaction:
    """Build the transaction that an answer describes; the hash shows that nothing is lost."""
    kind = int(tx["type"], 16)
    cap = number(tx, "maxFeePerGas" if kind >= 2 else "gasPrice")
    fields = Fields(
        type=kind,
        chain_id=number(tx, "chainId"),
        nonce=number(tx, "nonce"),
        gas=number(tx, "gas"),
        to=raw(tx["to"]),
        value=number(tx, "value"),
        data=raw(tx["input"]),
        gas_price=cap,
        max_fee_per_gas=cap,
        max_priority_fee_per_gas=number(tx, "maxPriorityFeePerGas") if kind >= 2 else cap,
        access_list=tuple(
            (raw(entry["address"]), tuple(int(key, 16) for key in entry["storageKeys"]))
            for entry in tx.get("accessList", ())
        ),
        max_fee_per_blob_gas=number(tx, "maxFeePerBlobGas"),
        blob_versioned_hashes=tuple(map(raw, tx.get("blobVersionedHashes", ()))),
        authorization_list=tuple(
            Authorization(
                chain_id=number(entry, "chainId"),
                address=raw(entry["address"]),
                nonce=number(entry, "nonce"),
                y_parity=number(entry, "yParity"),
                r=number(entry, "r"),
                s=number(entry, "s"),
            )
            for entry in tx.get("authorizationList", ())
        ),
    )
    return decode_transaction(
        encode_signed(fields, number(tx, "v"), number(tx, "r"), number(tx, "s"))
    )


def block_around(tx: dict[str, Any], transaction: Transaction) -> Block:
    """Return a block that has what an answer tells of the transaction's block."""
    index = number(tx, "transactionIndex")
    header = Header(
        parent_hash=bytes(32),
        state_root=bytes(32),
        number=number(tx, "blockNumber"),
        timestamp=number(tx, "blockTimestamp"),
        gas_limit=0,
    )
    header.__dict__["hash"] = raw(tx["blockHash"])
    return Block(header=header, transactions=(transaction,) * (index + 1))


def test_a_block_with_transactions(vector: Callable[[str], Any]) -> None:
    recorded = vector("block-full")
    values = {
        field: (number(recorded, name) if field in NUMBERS else raw(recorded[name]))
        for field, name in HEADER_NAMES.items()
        if name in recorded
    }
    transactions = tuple(map(transaction_of, recorded["transactions"]))
    block = Block(header=Header(**values), transactions=transactions, withdrawals=())
    assert block.hash == raw(recorded["hash"])
    assert transactions_root(transactions) == raw(recorded["transactionsRoot"])

    answer = block_json(block, full=True)

    del recorded["totalDifficulty"]  # No longer in the specification.
    for tx in recorded["transactions"]:
        tx["blockTimestamp"] = recorded["timestamp"]  # In it since.
    assert answer == recorded


def test_the_names_cover_every_header_field() -> None:
    assert set(HEADER_NAMES) == set(HEADER_FIELDS)


def test_a_blob_transaction(vector: Callable[[str], Any]) -> None:
    recorded = vector("transaction-blob") | {"blockTimestamp": "0x1e"}
    tx = transaction_of(recorded)

    assert transaction_json(tx, block_around(recorded, tx), 0) == recorded


def test_a_set_code_transaction(vector: Callable[[str], Any]) -> None:
    recorded = vector("transaction-set-code")
    tx = transaction_of(recorded)

    assert transaction_json(tx, block_around(recorded, tx), 1) == recorded


def test_the_price_of_a_mined_transaction_is_what_it_paid(vector: Callable[[str], Any]) -> None:
    tx = transaction_of(vector("transaction-set-code"))
    header = Header(parent_hash=b"", state_root=b"", number=1, timestamp=1, gas_limit=0)
    header = Header(**{**header.__dict__, "base_fee_per_gas": 1000})

    answer = transaction_json(tx, Block(header=header, transactions=(tx,)), 0)

    assert answer["gasPrice"] == hex(1001)


def test_a_waiting_transaction_has_no_place(vector: Callable[[str], Any]) -> None:
    recorded = vector("transaction-set-code")
    nowhere = ("blockHash", "blockNumber", "blockTimestamp", "transactionIndex")

    assert transaction_json(transaction_of(recorded)) == recorded | dict.fromkeys(nowhere)


def test_a_receipt_of_a_blob_transaction(vector: Callable[[str], Any]) -> None:
    recorded = vector("receipt-blob")
    tx = transaction_of(vector("transaction-blob"))
    block = block_around(recorded | {"blockTimestamp": "0x1e"}, tx)
    (log,) = recorded["logs"]
    receipt = Receipt(
        type=3,
        status=1,
        cumulative_gas_used=number(recorded, "cumulativeGasUsed"),
        logs_bloom=raw(recorded["logsBloom"]),
        logs=(
            Log(
                address=raw(log["address"]),
                topics=tuple(map(raw, log["topics"])),
                data=raw(log["data"]),
            ),
        ),
        gas_used=number(recorded, "gasUsed"),
        effective_gas_price=number(recorded, "effectiveGasPrice"),
        blob_gas_used=number(recorded, "blobGasUsed"),
        blob_gas_price=number(recorded, "blobGasPrice"),
    )

    log["blockTimestamp"] = "0x1e"
    assert receipt_json(block, 0, receipt, 0) == recorded
