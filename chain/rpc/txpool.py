"""txpool_: what waits for a block."""

from typing import Final

from ..encoding import checksummed
from ..pool import BySender
from ..transactions import Transaction
from .codec import ADDRESS
from .method import Method, Node, Param
from .results import Json, transaction_json


def _count(found: BySender) -> str:
    return hex(sum(map(len, found.values())))


def status(node: Node) -> Json:
    """How many transactions could be mined next, and how many wait behind a nonce gap."""
    pool = node.chain.pool
    return {"pending": _count(pool.pending()), "queued": _count(pool.queued())}


def _by_nonce(found: BySender) -> Json:
    return {
        checksummed(sender): {str(nonce): transaction_json(tx) for nonce, tx in waiting.items()}
        for sender, waiting in found.items()
    }


def content(node: Node) -> Json:
    """All waiting transactions, by sender and nonce."""
    pool = node.chain.pool
    return {"pending": _by_nonce(pool.pending()), "queued": _by_nonce(pool.queued())}


def content_from(node: Node, sender: bytes) -> Json:
    """The waiting transactions of one sender, by nonce."""
    pool = node.chain.pool
    return {
        name: {str(nonce): transaction_json(tx) for nonce, tx in found.get(sender, {}).items()}
        for name, found in (("pending", pool.pending()), ("queued", pool.queued()))
    }


def _line(tx: Transaction) -> str:
    to = checksummed(tx.to) if tx.to else "contract creation"
    return f"{to}: {tx.value} wei + {tx.gas} gas × {tx.max_fee_per_gas} wei"


def _lines(found: BySender) -> Json:
    return {
        checksummed(sender): {str(nonce): _line(tx) for nonce, tx in waiting.items()}
        for sender, waiting in found.items()
    }


def inspect(node: Node) -> Json:
    """All waiting transactions, one line of text each."""
    pool = node.chain.pool
    return {"pending": _lines(pool.pending()), "queued": _lines(pool.queued())}


METHODS: Final = (
    Method(name="txpool_status", run=status),
    Method(name="txpool_content", run=content),
    Method(name="txpool_contentFrom", run=content_from, params=(Param("address", ADDRESS),)),
    Method(name="txpool_inspect", run=inspect),
)
