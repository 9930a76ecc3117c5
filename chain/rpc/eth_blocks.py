"""eth_: the client, its fees, and what stands in blocks."""

from typing import Any, Final

from .codec import (
    BLOCK,
    BLOCK_HASH,
    BLOCK_NUMBER,
    BOOL,
    HASH,
    QUANTITY,
    UINT64,
    BlockRef,
    Kind,
    Tag,
    array_of,
    describe,
    hex_data,
)
from .errors import InvalidParams
from .method import LATEST, Method, Node, Param, find_block, need_block
from .results import (
    Json,
    block_json,
    header_json,
    ommer_json,
    receipt_json,
    receipts_json,
    transaction_json,
)

PERCENTILES_MAX: Final = 100


# The client.


def chain_id(node: Node) -> str:
    """Chain id."""
    return hex(node.chain.chain_id)


def block_number(node: Node) -> str:
    """Number of the head."""
    return hex(node.chain.head.number)


def syncing(_: Node) -> bool:
    """Always false: this node makes its blocks itself."""
    return False


def coinbase(node: Node) -> str:
    """Account that gets the tips."""
    return hex_data(need_block(node, "pending").header.coinbase)


def accounts(node: Node) -> list[str]:
    """Accounts this node signs for: development accounts and impersonated ones."""
    return [hex_data(address) for address in node.chain.accounts]


def capabilities(node: Node) -> Json:
    """Head, and how far back each kind of data reaches: all of it, to genesis."""
    head = node.chain.head
    everything = {"disabled": False, "oldestBlock": hex(node.chain.genesis.number)}
    resources = ("state", "tx", "logs", "receipts", "blocks", "stateproofs")
    return {"head": {"number": hex(head.number), "hash": hex_data(head.hash)}} | dict.fromkeys(
        resources, everything
    )


# Fees.


def gas_price(node: Node) -> str:
    """Next base fee plus a usual tip."""
    return hex(node.chain.gas_price())


def base_fee(node: Node) -> str:
    """Base fee of the next block."""
    return hex(node.chain.base_fee())


def blob_base_fee(node: Node) -> str:
    """Blob base fee of the next block."""
    return hex(node.chain.blob_base_fee())


def max_priority_fee(node: Node) -> str:
    """A usual tip."""
    return hex(node.chain.max_priority_fee())


def read_percentile(value: Any, name: str) -> float:
    """Read a JSON number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidParams(f"{name}: expected a number, got {describe(value)}")
    return value


PERCENTILES: Final = Kind("array of numbers", array_of(read_percentile, PERCENTILES_MAX))


def fee_history(node: Node, count: int, newest: int | Tag, percentiles: tuple[float, ...]) -> Json:
    """Base fees, fullness and tips of up to 1,024 blocks."""
    history = node.chain.fee_history(count, newest, percentiles or None)
    body: Json = {
        "oldestBlock": hex(history.oldest),
        "baseFeePerGas": [hex(fee) for fee in history.base_fees],
        "gasUsedRatio": history.gas_used_ratios,
        "baseFeePerBlobGas": [hex(fee) for fee in history.blob_base_fees],
        "blobGasUsedRatio": history.blob_gas_used_ratios,
    }
    if history.rewards is not None:
        body["reward"] = [[hex(tip) for tip in tips] for tips in history.rewards]
    return body


# Blocks.


def get_block(node: Node, ref: BlockRef, full: bool) -> Json | None:
    """A block, or null."""
    block = find_block(node, ref)
    return None if block is None else block_json(block, full=full)


def get_header(node: Node, ref: BlockRef) -> Json | None:
    """A header, or null."""
    block = None if ref == "pending" else find_block(node, ref)
    return None if block is None else header_json(block.header)


def transaction_count(node: Node, ref: BlockRef) -> str | None:
    """Number of transactions, or null."""
    block = find_block(node, ref)
    return None if block is None else hex(len(block.transactions))


def ommer_count(node: Node, ref: BlockRef) -> str | None:
    """Number of ommers, or null."""
    block = find_block(node, ref)
    return None if block is None else hex(len(block.ommers))


def get_ommer(node: Node, ref: BlockRef, index: int) -> Json | None:
    """An ommer, or null."""
    block = find_block(node, ref)
    if block is None or index >= len(block.ommers):
        return None
    return ommer_json(block.ommers[index])


def get_block_receipts(node: Node, ref: BlockRef) -> list[Json] | None:
    """All receipts of a block, or null."""
    block = find_block(node, ref)
    if block is None:
        return None
    return receipts_json(block, node.chain.receipts(block.hash) or ())


# Transactions.


def get_transaction(node: Node, tx_hash: bytes) -> Json | None:
    """A transaction, mined or waiting, or null."""
    located = node.chain.transaction(tx_hash)
    if located is not None:
        return transaction_json(located.transaction, located.block, located.index)
    waiting = node.chain.pool.get(tx_hash)
    return None if waiting is None else transaction_json(waiting)


def get_transaction_at(node: Node, ref: BlockRef, index: int) -> Json | None:
    """A transaction, or null."""
    block = find_block(node, ref)
    if block is None or index >= len(block.transactions):
        return None
    return transaction_json(block.transactions[index], block, index)


def get_raw_transaction(node: Node, tx_hash: bytes) -> str | None:
    """A transaction as it is encoded in its block, or null."""
    located = node.chain.transaction(tx_hash)
    tx = located.transaction if located is not None else node.chain.pool.get(tx_hash)
    return None if tx is None else hex_data(tx.raw)


def get_receipt(node: Node, tx_hash: bytes) -> Json | None:
    """A receipt, or null while the transaction waits."""
    located = node.chain.transaction(tx_hash)
    if located is None:
        return None
    receipts = node.chain.receipts(located.block.hash)
    if receipts is None:  # A revert took the block away between the two look-ups.
        return None
    first_log_index = sum(len(receipt.logs) for receipt in receipts[: located.index])
    return receipt_json(located.block, located.index, receipts[located.index], first_log_index)


_BLOCK_HASH: Final = Param("blockHash", BLOCK_HASH)
_NUMBER: Final = Param("block", BLOCK_NUMBER)
_FULL: Final = Param("fullTransactions", BOOL, False)
_TX_HASH: Final = Param("transactionHash", HASH)
_INDEX: Final = Param("index", UINT64)

METHODS: Final = (
    Method(name="eth_chainId", run=chain_id, inline=True),
    Method(name="eth_blockNumber", run=block_number, inline=True),
    Method(
        name="eth_syncing",
        run=syncing,
        inline=True,
    ),
    Method(name="eth_coinbase", run=coinbase),
    Method(
        name="eth_accounts",
        run=accounts,
        inline=True,
    ),
    Method(
        name="eth_capabilities",
        run=capabilities,
        inline=True,
    ),
    Method(name="eth_gasPrice", run=gas_price),
    Method(name="eth_baseFee", run=base_fee),
    Method(name="eth_blobBaseFee", run=blob_base_fee),
    Method(name="eth_maxPriorityFeePerGas", run=max_priority_fee),
    Method(
        name="eth_feeHistory",
        run=fee_history,
        params=(
            Param("blockCount", QUANTITY),
            Param("newestBlock", BLOCK_NUMBER),
            Param("rewardPercentiles", PERCENTILES, ()),
        ),
    ),
    Method(
        name="eth_getBlockByNumber",
        run=get_block,
        params=(_NUMBER, _FULL),
        inline=True,
    ),
    Method(
        name="eth_getBlockByHash",
        run=get_block,
        params=(_BLOCK_HASH, _FULL),
        inline=True,
    ),
    Method(
        name="eth_getHeaderByNumber",
        run=get_header,
        params=(_NUMBER,),
        inline=True,
    ),
    Method(
        name="eth_getHeaderByHash",
        run=get_header,
        params=(_BLOCK_HASH,),
        inline=True,
    ),
    Method(
        name="eth_getBlockTransactionCountByNumber",
        run=transaction_count,
        params=(_NUMBER,),
        inline=True,
    ),
    Method(
        name="eth_getBlockTransactionCountByHash",
        run=transaction_count,
        params=(_BLOCK_HASH,),
        inline=True,
    ),
    Method(
        name="eth_getUncleCountByBlockNumber",
        run=ommer_count,
        params=(_NUMBER,),
        inline=True,
    ),
    Method(
        name="eth_getUncleCountByBlockHash",
        run=ommer_count,
        params=(_BLOCK_HASH,),
        inline=True,
    ),
    Method(
        name="eth_getUncleByBlockNumberAndIndex",
        run=get_ommer,
        params=(_NUMBER, _INDEX),
        inline=True,
    ),
    Method(
        name="eth_getUncleByBlockHashAndIndex",
        run=get_ommer,
        params=(_BLOCK_HASH, _INDEX),
        inline=True,
    ),
    Method(
        name="eth_getBlockReceipts",
        run=get_block_receipts,
        params=(Param("block", BLOCK, LATEST),),
        inline=True,
    ),
    Method(
        name="eth_getTransactionByHash",
        run=get_transaction,
        params=(_TX_HASH,),
        inline=True,
    ),
    Method(
        name="eth_getTransactionByBlockNumberAndIndex",
        run=get_transaction_at,
        params=(_NUMBER, _INDEX),
        inline=True,
    ),
    Method(
        name="eth_getTransactionByBlockHashAndIndex",
        run=get_transaction_at,
        params=(_BLOCK_HASH, _INDEX),
        inline=True,
    ),
    Method(
        name="eth_getRawTransactionByHash",
        run=get_raw_transaction,
        params=(_TX_HASH,),
        aliases=("debug_getRawTransaction",),
        inline=True,
    ),
    Method(
        name="eth_getTransactionReceipt",
        run=get_receipt,
        params=(_TX_HASH,),
        inline=True,
    ),
)
