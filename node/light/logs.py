"""Logs, proved to be all that there are: every block whose bloom lets one be there is looked at."""

from collections.abc import Generator
from typing import Any

from . import reads
from .blocks import Log, Receipt, Transaction, receipt_json
from .client import LightClient, Question
from .errors import INVALID_PARAMS, LIMIT_EXCEEDED, RpcError
from .header import Header, bloom_bits
from .parameters import LogFilter

BLOCKS_MAX = 1_024
BODIES_MAX = 128
FOUND_MAX = 10_000


def find(client: LightClient, wanted: LogFilter) -> Generator[Question, Any, list[Any]]:
    """Return the matching logs, as JSON-RPC shows them."""
    headers = yield from _headers(client, wanted)
    possible = [header for header in headers if _possible(header, wanted)]
    if len(possible) > BODIES_MAX:
        raise RpcError(LIMIT_EXCEEDED, f"{len(possible)} blocks to be proved; {BODIES_MAX} at most")
    found: list[Any] = []
    for header in possible:
        transactions: list[Transaction] = yield from reads.transactions_of(client, header)
        receipts: list[Receipt] = yield from reads.receipts_of(client, header)
        for index, receipt in enumerate(receipts):
            if any(matches(log, wanted) for log in receipt.logs):
                shown = receipt_json(header, transactions, receipts, index)["logs"]
                pairs = zip(receipt.logs, shown, strict=True)
                found += [each for log, each in pairs if matches(log, wanted)]
        if len(found) > FOUND_MAX:
            raise RpcError(LIMIT_EXCEEDED, f"more than {FOUND_MAX} logs")
    return found


def _headers(client: LightClient, wanted: LogFilter) -> Generator[Question, Any, list[Header]]:
    if wanted.block_hash is not None:
        return [(yield from reads.header_of(client, wanted.block_hash))]
    head = reads.head(client)
    last = head.number if wanted.last is None else min(wanted.last, head.number)
    first = head.number if wanted.first is None else wanted.first
    if first > last:
        return []
    if last - first >= BLOCKS_MAX:
        raise RpcError(INVALID_PARAMS, f"{last - first + 1} blocks; {BLOCKS_MAX} at most")
    newest = yield from reads.header_at(client, last)
    found: list[Header] = yield from reads.headers(client, newest, last - first + 1)
    return found


def _possible(header: Header, wanted: LogFilter) -> bool:
    """Return whether the bloom lets a matching log be there."""
    bloom = int.from_bytes(header.logs_bloom, "big")
    places = [wanted.addresses, *wanted.topics]
    return bloom != 0 and all(
        any(bloom & bits == bits for bits in map(bloom_bits, choices))
        for choices in places
        if choices
    )


def matches(log: Log, wanted: LogFilter) -> bool:
    """Return whether a log is wanted."""
    if wanted.addresses and log.address not in wanted.addresses:
        return False
    if len(log.topics) < len(wanted.topics):
        return False
    pairs = zip(wanted.topics, log.topics, strict=False)
    return all(not choices or topic in choices for choices, topic in pairs)
