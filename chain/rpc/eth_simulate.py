"""eth_simulateV1: hypothetical blocks of calls."""

from dataclasses import dataclass
from typing import Any, Final

from ..blocks import ZERO_HASH, Block, Withdrawal
from ..calls import BlockOverride, CallResult
from ..logs import FoundLog
from ..simulation import SimulatedBlock, SimulationError
from .codec import (
    BLOCK,
    BlockRef,
    Kind,
    array_of,
    hex_data,
    read_address,
    read_bool,
    read_hash,
    read_object,
    read_uint64,
)
from .errors import InvalidParams, RpcError, reverted
from .method import Method, Node, Param, block_param, chain_ref
from .parameters import member, read_block_overrides, read_call, read_state_overrides
from .results import Json, block_json, log_json

CALLS_MAX: Final = 10_000
BLOCKS_READ_MAX: Final = 1_000
"""More than the chain takes, so that the refusal is the specification's."""

WITHDRAWALS_MAX: Final = 16
VM_ERROR: Final = -32015


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """What a client wants simulated."""

    blocks: tuple[SimulatedBlock, ...]
    trace_transfers: bool
    validation: bool
    full_transactions: bool


def _read_withdrawal(value: Any, name: str) -> Withdrawal:
    entry = read_object(value, name)
    return Withdrawal(
        index=member(entry, "index", read_uint64, name) or 0,
        validator_index=member(entry, "validatorIndex", read_uint64, name) or 0,
        address=member(entry, "address", read_address, name) or bytes(20),
        amount=member(entry, "amount", read_uint64, name) or 0,
    )


_read_calls = array_of(read_call, CALLS_MAX)
_read_withdrawals = array_of(_read_withdrawal, WITHDRAWALS_MAX)


def _read_block(value: Any, name: str) -> SimulatedBlock:
    block = read_object(value, name)
    overrides = member(block, "blockOverrides", read_object, name) or {}
    inner = f"{name}.blockOverrides"
    root = member(overrides, "parentBeaconBlockRoot", read_hash, inner)
    if root is None:
        root = member(overrides, "beaconRoot", read_hash, inner)
    return SimulatedBlock(
        block=read_block_overrides(overrides, inner) if overrides else BlockOverride(),
        accounts=member(block, "stateOverrides", read_state_overrides, name) or {},
        calls=member(block, "calls", _read_calls, name) or (),
        withdrawals=member(overrides, "withdrawals", _read_withdrawals, inner) or (),
        parent_beacon_root=ZERO_HASH if root is None else root,
    )


_read_blocks = array_of(_read_block, BLOCKS_READ_MAX)


def read_payload(value: Any, name: str) -> Payload:
    """Read the payload object."""
    payload = read_object(value, name)
    blocks = member(payload, "blockStateCalls", _read_blocks, name)
    if blocks is None:
        raise InvalidParams(f"{name}.blockStateCalls: missing")
    return Payload(
        blocks=blocks,
        trace_transfers=bool(member(payload, "traceTransfers", read_bool, name)),
        validation=bool(member(payload, "validation", read_bool, name)),
        full_transactions=bool(member(payload, "returnFullTransactions", read_bool, name)),
    )


def simulate(node: Node, payload: Payload, ref: BlockRef) -> list[Json]:
    """Run blocks of calls that build on each other, with any block and any state overridden."""
    try:
        found = node.chain.simulate(
            payload.blocks,
            chain_ref(node, ref),
            trace_transfers=payload.trace_transfers,
            validation=payload.validation,
        )
    except SimulationError as error:
        raise RpcError(error.code, str(error)) from None
    return [
        block_json(block, full=payload.full_transactions) | {"calls": _results(block, results)}
        for block, results in found
    ]


def _results(block: Block, results: tuple[CallResult, ...]) -> list[Json]:
    found = []
    log_index = 0
    for index, result in enumerate(results):
        found.append(_result(block, index, result, log_index))
        log_index += len(result.logs)
    return found


def _result(block: Block, index: int, result: CallResult, first_log_index: int) -> Json:
    logs = [
        log_json(
            FoundLog(
                log=log,
                block=block,
                transaction_hash=block.transactions[index].hash,
                transaction_index=index,
                log_index=first_log_index + offset,
            )
        )
        for offset, log in enumerate(result.logs)
    ]
    body: Json = {
        "returnData": hex_data(result.output if result.success else b""),
        "logs": logs,
        "gasUsed": hex(result.gas_used),
        "maxUsedGas": hex(result.max_gas_used),
        "status": "0x1" if result.success else "0x0",
    }
    if result.reverted:
        body["error"] = reverted(result.output).to_json()
    elif not result.success:
        body["error"] = {"code": VM_ERROR, "message": result.error}
    return body


METHODS: Final = (
    Method(
        name="eth_simulateV1",
        run=simulate,
        params=(Param("payload", Kind("simulation", read_payload)), block_param(BLOCK)),
    ),
)
