"""What providers share that know which lines ran: tracebacks of transactions, and coverage."""

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from ape.api.providers import ProviderAPI
from ape.types.trace import SourceTraceback
from ape_ethereum.trace import TraceApproach
from pydantic import PrivateAttr

from chain.rules import TRANSACTION_GAS_MAX
from precompiles.registry import PRECOMPILES

from . import isolation, precompiles
from .coverage import Coverage
from .execution import Executed, Sources
from .tracebacks import traceback_of


class Watching(ProviderAPI):
    """A provider that can run a transaction again, instruction by instruction."""

    _sources: Sources = PrivateAttr(default_factory=Sources)

    @property
    def call_trace_approach(self) -> TraceApproach:
        """How call trees are made."""
        return TraceApproach.GETH_CALL_TRACER

    @property
    def max_gas(self) -> int:
        """What one transaction may use (EIP-7825)."""
        return TRANSACTION_GAS_MAX

    @abstractmethod
    def watch_transaction(self, tx_hash: str) -> Executed:
        """Run a transaction again, and return what ran."""

    def begin_to_watch(self) -> None:
        """Forget what an earlier connection saw, and tell Ape what the precompiles are."""
        isolation.repair()
        self._sources = Sources()
        runner = self._test_runner
        if runner is not None and runner.coverage_tracker.enabled:
            runner.coverage_tracker._data = Coverage(self.local_project, self._sources)
        for entry in PRECOMPILES:
            self.chain_manager.contracts.cache_contract_type(
                precompiles.address_of(entry),
                precompiles.contract_type(entry),
                ecosystem_key=self.network.ecosystem.name,
                network_key=self.network.name,
            )

    def source_traceback(self, tx_hash: str) -> SourceTraceback:
        """Return where each call of a transaction stood when it ended."""
        return traceback_of(self.watch_transaction(tx_hash), self._sources)

    def track_coverage(self, tx_hash: str) -> None:
        """Count the statements that a transaction ran, where coverage is wanted."""
        self.count(lambda: self.watch_transaction(tx_hash))

    def count(self, watch: Callable[[], Executed]) -> None:
        """Count the statements that something ran, where coverage is wanted."""
        runner = self._test_runner
        data: Any = None if runner is None else runner.coverage_tracker.data
        if isinstance(data, Coverage):
            data.count(watch())
