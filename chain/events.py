"""What a chain tells whoever listens."""

from dataclasses import dataclass
from typing import TypeAlias

from .blocks import Block, Receipt
from .transactions import Transaction


@dataclass(frozen=True, kw_only=True)
class NewBlock:
    """A block was added."""

    block: Block
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, kw_only=True)
class NewPending:
    """A transaction came into the pool."""

    transaction: Transaction


@dataclass(frozen=True, kw_only=True)
class Removed:
    """A revert took blocks away, newest first."""

    blocks: tuple[NewBlock, ...]


Event: TypeAlias = NewBlock | NewPending | Removed
