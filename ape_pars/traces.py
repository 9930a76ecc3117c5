"""What a transaction or a call did, asked of the chain without a wire in between."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

from ape_ethereum.trace import CallTrace, TraceApproach, TransactionTrace
from evm_trace import CallTreeNode, get_calltree_from_geth_call_trace

from chain.local_chain import LocalChain
from chain.tracing import TracerOptions

CALLS = TracerOptions(tracer="callTracer", config={"withLog": True})
STEPS = TracerOptions(enable_memory=True)


class LocalTransactionTrace(TransactionTrace):
    """A mined transaction, run again."""

    call_trace_approach: TraceApproach | None = TraceApproach.GETH_CALL_TRACER

    @property
    def _chain(self) -> Any:
        return self.provider.chain

    @cached_property
    def _hash(self) -> bytes:
        return bytes.fromhex(str(self.transaction_hash)[2:])

    @cached_property
    def raw_calls(self) -> Any:
        """The frames, as geth's callTracer shows them."""
        return self._chain.trace_transaction(self._hash, CALLS)

    def get_calltree(self) -> CallTreeNode:
        """Return the frames as Ape shows them."""
        return get_calltree_from_geth_call_trace(self.raw_calls)

    def _stream_struct_logs(self) -> Iterator[dict[str, Any]]:
        yield from self._chain.trace_transaction(self._hash, STEPS)["structLogs"]


class LocalCallTrace(CallTrace):
    """A call, run again."""

    @cached_property
    def raw_calls(self) -> Any:
        """The frames, as geth's callTracer shows them."""
        request, ref, overrides = self.arguments
        chain: LocalChain = self.provider.chain
        return chain.trace_call(request, ref, overrides, CALLS)

    @cached_property
    def _traced_call(self) -> Any:
        request, ref, overrides = self.arguments
        chain: LocalChain = self.provider.chain
        return chain.trace_call(request, ref, overrides, STEPS)

    @property
    def return_value(self) -> Any:
        """The returned bytes, as hex."""
        return self.raw_calls.get("output", "0x")

    def get_calltree(self) -> CallTreeNode:
        """Return the frames as Ape shows them."""
        return get_calltree_from_geth_call_trace(self.raw_calls)
