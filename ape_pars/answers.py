"""Between the chain's values and Ape's: transactions in; receipts, blocks and logs out.

A step that both skip: Ape would write JSON for a node, and read it again.
"""

from collections.abc import Iterable
from typing import Any, Final

from ape_ethereum.transactions import SharedBlobReceipt
from eth_pydantic_types import HexBytes

from chain.blocks import Block
from chain.calls import CallRequest
from chain.encoding import checksummed
from chain.history import Located
from chain.local_chain import BlockRef, LocalChain
from chain.logs import FoundLog
from chain.rpc.codec import hex_data
from chain.transactions import (
    ACCESS_LIST,
    BLOB,
    LEGACY,
    AccessList,
    Authorization,
    Fields,
    encode_signed,
)

from .receipts import ParsReceipt

TAGS: Final = ("latest", "earliest", "pending", "safe", "finalized")
NOBODY: Final = "0x" + 40 * "0"


def address_bytes(address: Any) -> bytes:
    """Read an address as Ape writes it."""
    return bytes.fromhex(str(address)[2:])


def address_text(address: bytes) -> Any:
    """Write an address as Ape does, with its checksum."""
    return checksummed(address)


def block_ref(block_id: Any) -> BlockRef:
    """Read what Ape calls a block: nothing, a number, a tag, a hash, or hex of the last two."""
    if block_id is None:
        return "latest"
    if isinstance(block_id, bool | int):
        return int(block_id)
    if isinstance(block_id, bytes):
        return bytes(block_id)
    if block_id in TAGS:
        return block_id  # type: ignore[no-any-return]
    text = str(block_id)
    if text.isdecimal():
        return int(text)
    return bytes.fromhex(text[2:]) if len(text) == 66 else int(text, 16)


# Transactions in.


def _access_list(txn: Any) -> AccessList:
    return tuple(
        (
            address_bytes(entry.address),
            tuple(int.from_bytes(key, "big") for key in entry.storage_keys),
        )
        for entry in getattr(txn, "access_list", ())
    )


def _authorizations(txn: Any) -> tuple[Authorization, ...]:
    return tuple(
        Authorization(
            chain_id=int(entry.chain_id),
            address=address_bytes(entry.address),
            nonce=int(entry.nonce),
            y_parity=int(entry.v),
            r=int.from_bytes(entry.r, "big"),
            s=int.from_bytes(entry.s, "big"),
        )
        for entry in getattr(txn, "authorizations", ())
    )


def _blobs(txn: Any) -> tuple[bytes, ...]:
    return tuple(bytes(each) for each in getattr(txn, "blob_versioned_hashes", ()))


def _blob_fee(txn: Any) -> int:
    return int(getattr(txn, "max_fee_per_blob_gas", 0))


def _target(txn: Any) -> bytes:
    """Return whom a transaction calls; nobody's address stands for a creation, as in Ape."""
    if txn.receiver in (None, "", NOBODY):
        return b""
    return address_bytes(txn.receiver)


def fields_of(txn: Any) -> Fields:
    """Read a prepared transaction."""
    kind = int(txn.type)
    old = kind < 2
    price = int((txn.gas_price if old else txn.max_fee) or 0)
    return Fields(
        type=kind,
        chain_id=txn.chain_id,
        nonce=int(txn.nonce or 0),
        gas=int(txn.gas_limit or 0),
        to=_target(txn),
        value=int(txn.value),
        data=bytes(txn.data),
        gas_price=price,
        max_fee_per_gas=price,
        max_priority_fee_per_gas=price if old else int(txn.max_priority_fee or 0),
        access_list=_access_list(txn),
        max_fee_per_blob_gas=_blob_fee(txn),
        blob_versioned_hashes=_blobs(txn),
        authorization_list=_authorizations(txn),
    )


def raw_of(txn: Any) -> bytes:
    """Encode a signed transaction."""
    signature = txn.signature
    r, s = (int.from_bytes(part, "big") for part in (signature.r, signature.s))
    return encode_signed(fields_of(txn), signature.v, r, s)


def request_of(txn: Any, *, sent: bool = False) -> CallRequest:
    """Read a transaction as a question, or, where the node shall sign it, as it is `sent`."""
    kind = int(txn.type)
    fees: dict[str, Any] = {}
    if sent and kind < 2:
        fees = {"gas_price": int(txn.gas_price or 0)}
    elif sent:
        fees = {
            "max_fee_per_gas": int(txn.max_fee or 0),
            "max_priority_fee_per_gas": int(txn.max_priority_fee or 0),
        }
    blobs, touched = _blobs(txn), _access_list(txn)
    return CallRequest(
        sender=address_bytes(txn.sender) if txn.sender else None,
        to=_target(txn) or None,
        gas=int(txn.gas_limit) if sent and txn.gas_limit else None,
        value=int(txn.value),
        data=bytes(txn.data),
        nonce=None if not sent or txn.nonce is None else int(txn.nonce),
        access_list=touched if touched or (sent and kind == ACCESS_LIST) else None,
        max_fee_per_blob_gas=_blob_fee(txn) if sent and blobs else None,
        blob_versioned_hashes=blobs or None,
        authorization_list=_authorizations(txn) or None,
        **fees,
    )


def sidecar_is_missing(txn: Any) -> bool:
    """Say whether a transaction names blobs, which Ape does not carry along."""
    return int(txn.type) == BLOB


# Receipts, logs and blocks out.


def log_dict(found: FoundLog) -> dict[str, Any]:
    """Return a log as the decoders of Ape read it."""
    log = found.log
    return {
        "address": address_text(log.address),
        "topics": [HexBytes(topic) for topic in log.topics],
        "data": HexBytes(log.data),
        "blockNumber": found.block.number,
        "transactionHash": hex_data(found.transaction_hash),
        "transactionIndex": found.transaction_index,
        "blockHash": hex_data(found.block.hash),
        "logIndex": found.log_index,
        "removed": found.removed,
    }


def _logs(located: Located, receipts: Iterable[Any]) -> list[dict[str, Any]]:
    """Return the logs of one transaction, counted through its block."""
    first = 0
    for index, receipt in enumerate(receipts):
        if index == located.index:
            return [
                log_dict(
                    FoundLog(
                        log=log,
                        block=located.block,
                        transaction_hash=located.transaction.hash,
                        transaction_index=index,
                        log_index=first + offset,
                    )
                )
                for offset, log in enumerate(receipt.logs)
            ]
        first += len(receipt.logs)
    return []


def receipt_of(chain: LocalChain, located: Located, txn: Any) -> Any:
    """Return Ape's receipt of a mined transaction, which Ape knows as `txn`."""
    receipts = chain.receipts(located.block.hash) or ()
    receipt = receipts[located.index]
    values: dict[str, Any] = {
        "block_number": located.block.number,
        "contract_address": (
            address_text(receipt.contract_address) if receipt.contract_address else None
        ),
        "gas_limit": located.transaction.gas,
        "gas_price": receipt.effective_gas_price,
        "gas_used": receipt.gas_used,
        "logs": _logs(located, receipts),
        "status": receipt.status,
        "txn_hash": hex_data(located.transaction.hash),
        "transaction": txn,
    }
    if located.transaction.type != BLOB:
        return ParsReceipt.model_validate(values)
    return SharedBlobReceipt.model_validate(
        values
        | {"blobGasPrice": receipt.blob_gas_price or 0, "blobGasUsed": receipt.blob_gas_used or 0}
    )


def transaction_values(located: Located) -> dict[str, Any]:
    """Return what Ape makes its transaction of, where it has not made this one."""
    tx = located.transaction
    values: dict[str, Any] = {
        "type": tx.type,
        "from": address_text(tx.sender),
        "to": address_text(tx.to) if tx.to else None,
        "nonce": tx.nonce,
        "gas": tx.gas,
        "value": tx.value,
        "data": HexBytes(tx.data),
        "chainId": tx.chain_id,
        "v": tx.v,
        "r": tx.r.to_bytes(32, "big"),
        "s": tx.s.to_bytes(32, "big"),
    }
    if tx.type < 2:
        values["gas_price"] = tx.gas_price
    else:
        values |= {
            "max_fee": tx.max_fee_per_gas,
            "max_priority_fee": tx.max_priority_fee_per_gas,
        }
    if tx.type != LEGACY:
        values["accessList"] = [
            {
                "address": address_text(a),
                "storageKeys": [slot.to_bytes(32, "big") for slot in slots],
            }
            for a, slots in tx.access_list
        ]
    if tx.type == BLOB:
        values |= {
            "maxFeePerBlobGas": tx.max_fee_per_blob_gas,
            "blobVersionedHashes": [HexBytes(each) for each in tx.blob_versioned_hashes],
        }
    if tx.authorization_list:
        values["authorizationList"] = [
            {
                "chainId": each.chain_id,
                "address": address_text(each.address),
                "nonce": each.nonce,
                "yParity": each.y_parity,
                "r": each.r.to_bytes(32, "big"),
                "s": each.s.to_bytes(32, "big"),
            }
            for each in tx.authorization_list
        ]
    return values


def block_values(block: Block) -> dict[str, Any]:
    """Return what Ape makes its block of."""
    header = block.header
    return {
        "hash": HexBytes(block.hash),
        "number": header.number,
        "parentHash": HexBytes(header.parent_hash),
        "timestamp": header.timestamp,
        "gasLimit": header.gas_limit,
        "gasUsed": header.gas_used,
        "baseFeePerGas": header.base_fee_per_gas or 0,
        "difficulty": header.difficulty,
        "totalDifficulty": 0,
        "num_transactions": len(block.transactions),
        "size": block.size,
    }
