"""What an execution did, in the shapes that geth's debug_trace methods have.

Runs what `execution` and `calls` run, with a recorder installed; knows no RPC. The answers are
JSON-ready, because traces are never anything else.
"""

from dataclasses import dataclass
from typing import Any

from ..building import BlockRun
from ..calls import CallRequest, Overrides, Scene, run
from ..transactions import Transaction
from . import options as names
from .frames import CallList, CallTree, Selectors
from .options import TracerOptions
from .prestate import Prestate
from .recorder import Budget, Mux, Recorder
from .steps import StructLogs

__all__ = [
    "Position",
    "Recorder",
    "TracerOptions",
    "trace_call",
    "trace_in_block",
    "watch_call",
    "watch_in_block",
]


@dataclass(frozen=True, kw_only=True)
class Position:
    """Where a traced transaction stands."""

    block_hash: bytes
    block_number: int
    tx_index: int
    tx_hash: bytes


def trace_call(
    scene: Scene, request: CallRequest, overrides: Overrides, options: TracerOptions
) -> Any:
    """Run a request and return what the tracer saw."""
    recorder = _recorder(options, Budget(), 0, {"blockNumber": scene.env.number})
    return watch_call(scene, request, overrides, recorder)


def watch_call(scene: Scene, request: CallRequest, overrides: Overrides, recorder: Recorder) -> Any:
    """Run a request before a recorder's eyes, and return its result."""
    state = scene.open(overrides, recorder)
    recorder.begin(state)
    outcome = run(state, request, scene.gas_cap)
    return recorder.result(outcome, state.world)


def trace_in_block(
    block: BlockRun, tx: Transaction, options: TracerOptions, position: Position
) -> Any:
    """Run the block's next transaction and return what the tracer saw."""
    place = {
        "blockHash": "0x" + position.block_hash.hex(),
        "blockNumber": position.block_number,
        "transactionHash": "0x" + position.tx_hash.hex(),
        "transactionPosition": position.tx_index,
    }
    logs_before = sum(len(receipt.logs) for receipt in block.receipts)
    return watch_in_block(block, tx, _recorder(options, Budget(), logs_before, place))


def watch_in_block(block: BlockRun, tx: Transaction, recorder: Recorder) -> Any:
    """Run the block's next transaction before a recorder's eyes, and return its result."""
    recorder.begin(block.state)
    block.frames.tracer = recorder
    try:
        outcome = block.add(tx)
    finally:
        block.frames.tracer = None
    return recorder.result(outcome, block.world)


def _recorder(
    options: TracerOptions, budget: Budget, logs_before: int, place: dict[str, Any]
) -> Recorder:
    tracer = options.tracer
    if tracer is None:
        return StructLogs(options, budget)
    if tracer == names.CALL:
        return CallTree(options, budget, logs_before)
    if tracer == names.FLAT_CALL:
        return CallList(options, budget, logs_before, place)
    if tracer == names.FOUR_BYTE:
        return Selectors(TracerOptions(), budget, logs_before)
    if tracer == names.PRESTATE:
        return Prestate(options, budget)
    if tracer == names.MUX:
        inner = {
            name: TracerOptions.parse({"tracer": name, "tracerConfig": config})
            for name, config in options.config.items()
        }
        return Mux(
            {name: _recorder(each, budget, logs_before, place) for name, each in inner.items()}
        )
    return Recorder()
