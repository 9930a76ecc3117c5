"""Objects on the wire that we send: blocks, transactions, receipts, logs, proofs.

Members stand in the order that geth writes them in. A member that a fork does not have is left
out; one that is not known yet is null.
"""

from collections.abc import Sequence
from typing import Any

from ..blocks import Block, Header, Log, Receipt, Withdrawal
from ..logs import FoundLog
from ..proofs import AccountProof
from ..transactions import (
    ACCESS_LIST,
    BLOB,
    DYNAMIC_FEE,
    LEGACY,
    SET_CODE,
    AccessList,
    Authorization,
    Fields,
    Transaction,
)
from .codec import hex_data, hex_or_none, hex_word, quantity_or_none

Json = dict[str, Any]


def header_json(header: Header) -> Json:
    """Return a header."""
    body: Json = {
        "hash": hex_data(header.hash),
        "number": hex(header.number),
        "parentHash": hex_data(header.parent_hash),
        "timestamp": hex(header.timestamp),
        "sha3Uncles": hex_data(header.ommers_hash),
        "miner": hex_data(header.coinbase),
        "stateRoot": hex_data(header.state_root),
        "transactionsRoot": hex_data(header.transactions_root),
        "receiptsRoot": hex_data(header.receipts_root),
        "logsBloom": hex_data(header.logs_bloom),
        "difficulty": hex(header.difficulty),
        "gasLimit": hex(header.gas_limit),
        "gasUsed": hex(header.gas_used),
        "extraData": hex_data(header.extra_data),
        "mixHash": hex_data(header.prev_randao),
        "nonce": hex_data(header.nonce),
    }
    if header.base_fee_per_gas is not None:
        body["baseFeePerGas"] = hex(header.base_fee_per_gas)
    if header.withdrawals_root is not None:
        body["withdrawalsRoot"] = hex_data(header.withdrawals_root)
    if header.blob_gas_used is not None:
        body["blobGasUsed"] = hex(header.blob_gas_used)
    if header.excess_blob_gas is not None:
        body["excessBlobGas"] = hex(header.excess_blob_gas)
    if header.parent_beacon_block_root is not None:
        body["parentBeaconBlockRoot"] = hex_data(header.parent_beacon_block_root)
    if header.requests_hash is not None:
        body["requestsHash"] = hex_data(header.requests_hash)
    if header.later:  # EIP-7928, the one later field so far.
        body["blockAccessListHash"] = hex_data(header.later[0])
    return body


def block_json(block: Block, *, full: bool) -> Json:
    """Return a block, with its transactions or with their hashes."""
    body = header_json(block.header)
    body["size"] = hex(block.size)
    body["uncles"] = [hex_data(ommer.hash) for ommer in block.ommers]
    body["transactions"] = (
        [transaction_json(tx, block, index) for index, tx in enumerate(block.transactions)]
        if full
        else [hex_data(tx.hash) for tx in block.transactions]
    )
    if block.withdrawals is not None:
        body["withdrawals"] = [withdrawal_json(each) for each in block.withdrawals]
    return body


def ommer_json(header: Header) -> Json:
    """Return an ommer in the shape of a block without a body."""
    body = block_json(Block(header=header), full=False)
    del body["transactions"]
    return body


def withdrawal_json(withdrawal: Withdrawal) -> Json:
    """Return a withdrawal."""
    return {
        "index": hex(withdrawal.index),
        "validatorIndex": hex(withdrawal.validator_index),
        "address": hex_data(withdrawal.address),
        "amount": hex(withdrawal.amount),
    }


def transaction_json(tx: Transaction, block: Block | None = None, index: int = 0) -> Json:
    """Return a transaction with its place, which is null while it waits in the pool."""
    place: Json = {
        "blockHash": hex_data(block.hash) if block else None,
        "blockNumber": hex(block.number) if block else None,
        "blockTimestamp": hex(block.header.timestamp) if block else None,
        "from": hex_data(tx.sender),
        "hash": hex_data(tx.hash),
        "transactionIndex": hex(index) if block else None,
    }
    base_fee = block.header.base_fee_per_gas if block else None
    return place | signed_json(tx, base_fee)


def signed_json(tx: Transaction, base_fee: int | None = None) -> Json:
    """Return a signed transaction without a place."""
    body = fields_json(tx, base_fee)
    body["v"] = hex(tx.v)
    body["r"] = hex(tx.r)
    body["s"] = hex(tx.s)
    if tx.type != LEGACY:
        body["yParity"] = hex(tx.y_parity)
    return body


def fields_json(tx: Fields, base_fee: int | None = None) -> Json:
    """Return what the sender decides. `base_fee` is of the block that the transaction is in."""
    price = tx.max_fee_per_gas
    if base_fee is not None and tx.type >= DYNAMIC_FEE:
        price = min(price, base_fee + tx.max_priority_fee_per_gas)
    body: Json = {
        "type": hex(tx.type),
        "nonce": hex(tx.nonce),
        "gas": hex(tx.gas),
        "to": hex_or_none(tx.to or None),
        "value": hex(tx.value),
        "input": hex_data(tx.data),
        "gasPrice": hex(price),
    }
    if tx.chain_id is not None:
        body["chainId"] = hex(tx.chain_id)
    if tx.type >= DYNAMIC_FEE:
        body["maxFeePerGas"] = hex(tx.max_fee_per_gas)
        body["maxPriorityFeePerGas"] = hex(tx.max_priority_fee_per_gas)
    if tx.type >= ACCESS_LIST:
        body["accessList"] = access_list_json(tx.access_list)
    if tx.type == BLOB:
        body["maxFeePerBlobGas"] = hex(tx.max_fee_per_blob_gas)
        body["blobVersionedHashes"] = [hex_data(each) for each in tx.blob_versioned_hashes]
    if tx.type == SET_CODE:
        body["authorizationList"] = [authorization_json(each) for each in tx.authorization_list]
    return body


def access_list_json(access_list: AccessList) -> list[Json]:
    """Return an access list."""
    return [
        {"address": hex_data(address), "storageKeys": [hex_word(slot) for slot in slots]}
        for address, slots in access_list
    ]


def authorization_json(entry: Authorization) -> Json:
    """Return an EIP-7702 authorization."""
    return {
        "chainId": hex(entry.chain_id),
        "address": hex_data(entry.address),
        "nonce": hex(entry.nonce),
        "yParity": hex(entry.y_parity),
        "r": hex(entry.r),
        "s": hex(entry.s),
    }


def receipts_json(block: Block, receipts: Sequence[Receipt]) -> list[Json]:
    """Return all receipts of a block."""
    found = []
    log_index = 0
    for index, receipt in enumerate(receipts):
        found.append(receipt_json(block, index, receipt, log_index))
        log_index += len(receipt.logs)
    return found


def receipt_json(block: Block, index: int, receipt: Receipt, first_log_index: int) -> Json:
    """Return the receipt of one transaction of a block."""
    tx = block.transactions[index]
    body: Json = {
        "blockHash": hex_data(block.hash),
        "blockNumber": hex(block.number),
        "contractAddress": hex_or_none(receipt.contract_address),
        "cumulativeGasUsed": hex(receipt.cumulative_gas_used),
        "effectiveGasPrice": hex(receipt.effective_gas_price),
        "from": hex_data(tx.sender),
        "gasUsed": hex(receipt.gas_used),
        "logs": [
            log_json(
                FoundLog(
                    log=log,
                    block=block,
                    transaction_hash=tx.hash,
                    transaction_index=index,
                    log_index=first_log_index + offset,
                )
            )
            for offset, log in enumerate(receipt.logs)
        ],
        "logsBloom": hex_data(receipt.logs_bloom),
        "to": hex_or_none(tx.to or None),
        "transactionHash": hex_data(tx.hash),
        "transactionIndex": hex(index),
        "type": hex(receipt.type),
    }
    if receipt.status is not None:
        body["status"] = hex(receipt.status)
    elif receipt.state_root is not None:
        body["root"] = hex_data(receipt.state_root)
    if receipt.blob_gas_used is not None:
        body["blobGasUsed"] = hex(receipt.blob_gas_used)
        body["blobGasPrice"] = quantity_or_none(receipt.blob_gas_price)
    return body


def log_json(found: FoundLog) -> Json:
    """Return a log with its place."""
    return bare_log_json(found.log) | {
        "blockNumber": hex(found.block.number),
        "transactionHash": hex_data(found.transaction_hash),
        "transactionIndex": hex(found.transaction_index),
        "blockHash": hex_data(found.block.hash),
        "blockTimestamp": hex(found.block.header.timestamp),
        "logIndex": hex(found.log_index),
        "removed": found.removed,
    }


def bare_log_json(log: Log) -> Json:
    """Return what a contract emitted."""
    return {
        "address": hex_data(log.address),
        "topics": [hex_data(topic) for topic in log.topics],
        "data": hex_data(log.data),
    }


def proof_json(proof: AccountProof, keys: Sequence[str]) -> Json:
    """Return an EIP-1186 proof; `keys` are the slots as the client spelled them."""
    return {
        "address": hex_data(proof.address),
        "accountProof": [hex_data(node) for node in proof.account_proof],
        "balance": hex(proof.balance),
        "codeHash": hex_data(proof.code_hash),
        "nonce": hex(proof.nonce),
        "storageHash": hex_data(proof.storage_hash),
        "storageProof": [
            {
                "key": key,
                "value": hex(entry.value),
                "proof": [hex_data(node) for node in entry.proof],
            }
            for key, entry in zip(keys, proof.storage, strict=True)
        ],
    }
