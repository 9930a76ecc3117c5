"""debug_: traces, and chain objects in their encoded form."""

from typing import Any, Final

from ..blocks import decode_block
from ..calls import BlockOverride, CallRequest, Overrides
from ..errors import InvalidRequest
from ..tracing import TracerOptions
from .codec import (
    BLOCK,
    BLOCK_HASH,
    BLOCK_NUMBER,
    DATA,
    HASH,
    BlockHash,
    BlockRef,
    Kind,
    hex_data,
    read_object,
)
from .errors import SERVER_ERROR, InvalidParams, RpcError
from .method import Method, Node, Param, block_param, chain_ref, need_block
from .parameters import CALL, member, read_block_overrides, read_state_overrides
from .results import Json

# Traces.


def read_trace_options(value: Any, name: str) -> TracerOptions:
    """Read what a client wants to see of an execution."""
    try:
        return TracerOptions.parse(value)
    except InvalidRequest as error:
        raise InvalidParams(f"{name}: {error}") from None


def read_call_trace_options(value: Any, name: str) -> tuple[TracerOptions, Overrides]:
    """Read trace options with the overrides that debug_traceCall takes among them."""
    options = read_object(value, name)
    accounts = member(options, "stateOverrides", read_state_overrides, name)
    block = member(options, "blockOverrides", read_block_overrides, name)
    return (
        read_trace_options(value, name),
        Overrides(accounts=accounts or {}, block=block or BlockOverride()),
    )


def trace_transaction(node: Node, tx_hash: bytes, options: TracerOptions) -> Any:
    """Run a mined transaction again, and return what the tracer saw."""
    return node.chain.trace_transaction(tx_hash, options)


def trace_call(
    node: Node, request: CallRequest, ref: BlockRef, options: tuple[TracerOptions, Overrides]
) -> Any:
    """Run a call, and return what the tracer saw."""
    tracer, overrides = options
    return node.chain.trace_call(request, chain_ref(node, ref), overrides, tracer)


def trace_known_block(node: Node, ref: BlockRef, options: TracerOptions) -> list[Json]:
    """Run a block again, and return what the tracer saw of each transaction."""
    block = need_block(node, ref)
    if block.number == node.chain.genesis.number:
        raise RpcError(SERVER_ERROR, "genesis is not traceable")
    found = node.chain.trace_block("pending" if ref == "pending" else block.hash, options)
    return [{"txHash": hex_data(tx_hash), "result": result} for tx_hash, result in found]


def trace_block(node: Node, encoded: bytes, options: TracerOptions) -> list[Json]:
    """Run a block of this chain again, given in RLP."""
    block = decode_block(encoded)
    return trace_known_block(node, BlockHash(hash=block.hash), options)


# Encoded forms.


def raw_header(node: Node, ref: BlockRef) -> str:
    """A header in RLP."""
    return hex_data(need_block(node, ref).header.encode())


def raw_block(node: Node, ref: BlockRef) -> str:
    """A block in RLP."""
    return hex_data(need_block(node, ref).encode())


def raw_receipts(node: Node, ref: BlockRef) -> list[str]:
    """The receipts of a block as its receipts root commits to them."""
    block = need_block(node, ref)
    return [hex_data(receipt.encode()) for receipt in node.chain.receipts(block.hash) or ()]


def bad_blocks(_: Node) -> list[Json]:
    """Always empty: blocks from elsewhere are imported by command, and refused there."""
    return []


_OPTIONS: Final = Param("options", Kind("trace options", read_trace_options), TracerOptions())
_CALL_OPTIONS: Final = Param(
    "options",
    Kind("trace options with overrides", read_call_trace_options),
    (TracerOptions(), Overrides()),
)
_BLOCK: Final = Param("block", BLOCK)
_TX_HASH: Final = Param("transactionHash", HASH)

METHODS: Final = (
    Method(name="debug_traceTransaction", run=trace_transaction, params=(_TX_HASH, _OPTIONS)),
    Method(
        name="debug_traceCall",
        run=trace_call,
        params=(Param("transaction", CALL), block_param(BLOCK), _CALL_OPTIONS),
    ),
    Method(
        name="debug_traceBlockByNumber",
        run=trace_known_block,
        params=(Param("block", BLOCK_NUMBER), _OPTIONS),
    ),
    Method(
        name="debug_traceBlockByHash",
        run=trace_known_block,
        params=(Param("blockHash", BLOCK_HASH), _OPTIONS),
    ),
    Method(name="debug_traceBlock", run=trace_block, params=(Param("block", DATA), _OPTIONS)),
    Method(name="debug_getRawHeader", run=raw_header, params=(_BLOCK,), inline=True),
    Method(name="debug_getRawBlock", run=raw_block, params=(_BLOCK,), inline=True),
    Method(name="debug_getRawReceipts", run=raw_receipts, params=(_BLOCK,), inline=True),
    Method(name="debug_getBadBlocks", run=bad_blocks, inline=True),
)
