"""eth_: logs by query, and filters to poll."""

from typing import Any, Final

from ..local_chain import NewBlock, NewPending
from ..logs import FoundLog
from .codec import QUANTITY, Tag
from .errors import NOT_FOUND, SERVER_ERROR, InvalidParams, RpcError
from .filters import Filter
from .method import Method, Node, Param, find_block
from .parameters import LOG_FILTER, LogFilter
from .results import Json, log_json


def find_logs(node: Node, wanted: LogFilter) -> list[FoundLog]:
    """Return the logs that a filter wants, of blocks that are there already."""
    chain = node.chain
    if wanted.block_hash is not None:
        if chain.block(wanted.block_hash) is None:
            raise RpcError(NOT_FOUND, "unknown block")
        return chain.logs(
            block_hash=wanted.block_hash, addresses=wanted.addresses, topics=wanted.topics
        )
    head = chain.head.number
    low = _height(node, wanted.from_block)
    high = _height(node, wanted.to_block)
    if high > head and isinstance(wanted.to_block, int):
        raise InvalidParams("block range extends beyond current head block")
    if low > high:
        raise InvalidParams("invalid block range params")
    return chain.logs(
        from_block=low, to_block=min(high, head), addresses=wanted.addresses, topics=wanted.topics
    )


def _height(node: Node, ref: int | Tag | None) -> int:
    if isinstance(ref, int):
        return ref
    if ref is None or ref in ("latest", "pending"):  # What waits has emitted nothing yet.
        return node.chain.head.number
    block = find_block(node, ref)
    assert block is not None, "every tag leads to a block"
    return block.number


def get_logs(node: Node, wanted: LogFilter) -> list[Json]:
    """Logs of one block or of a range, by address and topics."""
    return [log_json(found) for found in find_logs(node, wanted)]


def new_filter(node: Node, wanted: LogFilter) -> str:
    """Install a filter for logs. A filter that nobody asks for five minutes is dropped."""
    if wanted.block_hash is not None:
        raise InvalidParams("filter.blockHash: a filter waits for blocks to come")
    low, high = wanted.from_block, wanted.to_block
    if isinstance(low, int) and isinstance(high, int) and low > high:
        raise InvalidParams("invalid block range params")
    return hex(node.filters.install(wanted))


def new_block_filter(node: Node) -> str:
    """Install a filter for the hashes of new blocks."""
    return hex(node.filters.install(NewBlock))


def new_pending_filter(node: Node) -> str:
    """Install a filter for the hashes of transactions that come into the pool."""
    return hex(node.filters.install(NewPending))


def uninstall_filter(node: Node, filter_id: int) -> bool:
    """Drop a filter; false if there was none."""
    return node.filters.uninstall(filter_id)


def filter_changes(node: Node, filter_id: int) -> list[Any]:
    """What happened since the last call. Logs that a revert took back come as `removed`."""
    return node.filters.take(filter_id)


def filter_logs(node: Node, filter_id: int) -> list[Json]:
    """All logs that a log filter matches."""
    found: Filter = node.filters.find(filter_id)
    if not isinstance(found.wanted, LogFilter):
        raise RpcError(SERVER_ERROR, "filter not found")
    wanted = found.wanted
    high = wanted.to_block
    if isinstance(high, int) and high > node.chain.head.number:
        # Fixed when the filter was made; until then it matches what there is.
        wanted = LogFilter(
            from_block=wanted.from_block, addresses=wanted.addresses, topics=wanted.topics
        )
    if _height(node, wanted.from_block) > node.chain.head.number:
        return []
    return [log_json(each) for each in find_logs(node, wanted)]


_FILTER: Final = Param("filter", LOG_FILTER)
_FILTER_ID: Final = Param("filterId", QUANTITY)

METHODS: Final = (
    Method(name="eth_getLogs", run=get_logs, params=(_FILTER,)),
    Method(name="eth_newFilter", run=new_filter, params=(_FILTER,)),
    Method(name="eth_newBlockFilter", run=new_block_filter),
    Method(name="eth_newPendingTransactionFilter", run=new_pending_filter),
    Method(name="eth_uninstallFilter", run=uninstall_filter, params=(_FILTER_ID,)),
    Method(name="eth_getFilterChanges", run=filter_changes, params=(_FILTER_ID,)),
    Method(name="eth_getFilterLogs", run=filter_logs, params=(_FILTER_ID,)),
)
