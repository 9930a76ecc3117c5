"""Tracers: structLogs, callTracer and prestateTracer, over what `evm.Tracer` is told."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class TracerOptions:
    """What a client wants to see."""

    tracer: str | None = None


@dataclass(frozen=True, kw_only=True)
class Position:
    """Where a traced transaction stands."""

    block_hash: bytes
    block_number: int
    tx_index: int
    tx_hash: bytes
