"""Receipts that know which lines of a contract their transaction ran."""

from functools import cached_property

from ape.types.trace import SourceTraceback
from ape_ethereum.transactions import Receipt


class ParsReceipt(Receipt):
    """What became of a transaction of the chain in this process."""

    @cached_property
    def source_traceback(self) -> SourceTraceback:
        """Where each call stood when the transaction ended."""
        found: SourceTraceback = self.provider.source_traceback(self.txn_hash)
        return found

    def track_coverage(self) -> None:
        """Count the statements that ran, those of a creation too."""
        self.provider.track_coverage(self.txn_hash)
