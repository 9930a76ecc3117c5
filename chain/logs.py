"""Finding logs by block, address and topics; the headers' blooms skip what cannot match."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .blocks import Block, Log, Receipt, bloom_bits
from .history import History

Topics = Sequence[frozenset[bytes] | None]
"""One entry per position: the topics that match there, or None for any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundLog:
    """A log and where it stands."""

    log: Log
    block: Block
    transaction_hash: bytes
    transaction_index: int
    log_index: int
    removed: bool = False


def matches(log: Log, addresses: frozenset[bytes], topics: Topics) -> bool:
    """Say whether a log is asked for."""
    if addresses and log.address not in addresses:
        return False
    if len(topics) > len(log.topics):
        return False
    return all(
        wanted is None or topic in wanted for wanted, topic in zip(topics, log.topics, strict=False)
    )


def in_block(
    block: Block,
    receipts: Sequence[Receipt],
    addresses: frozenset[bytes] = frozenset(),
    topics: Topics = (),
    *,
    removed: bool = False,
) -> Iterator[FoundLog]:
    """Return the matching logs of one block."""
    log_index = 0
    for index, (tx, receipt) in enumerate(zip(block.transactions, receipts, strict=True)):
        for log in receipt.logs:
            if matches(log, addresses, topics):
                yield FoundLog(
                    log=log,
                    block=block,
                    transaction_hash=tx.hash,
                    transaction_index=index,
                    log_index=log_index,
                    removed=removed,
                )
            log_index += 1


def in_range(
    history: History, numbers: range, addresses: frozenset[bytes], topics: Topics
) -> Iterator[FoundLog]:
    """Return the matching logs of a range of blocks, in order."""
    groups = [addresses, *[wanted for wanted in topics if wanted is not None]]
    masks = [[bloom_bits(value) for value in group] for group in groups if group]
    for number in numbers:
        block_hash = history.hash_of(number)
        block = None if block_hash is None else history.block(block_hash)
        if block is None:
            return
        bloom = int.from_bytes(block.header.logs_bloom, "big")
        if not bloom or not all(any(bloom & m == m for m in group) for group in masks):
            continue
        yield from in_block(block, history.receipts(block.hash) or (), addresses, topics)
