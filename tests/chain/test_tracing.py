"""Each tracer against other nodes' answers: go-ethereum's own vectors and the official exchanges."""

import json
from pathlib import Path
from typing import Any

import pytest

from chain.building import BlockRun
from chain.evm import Frames
from chain.execution import BlockEnv
from chain.genesis import genesis_from_json
from chain.history import Nodes
from chain.store import MemoryStore
from chain.tracing import Position, TracerOptions, trace_in_block
from chain.transactions import decode_transaction

VECTORS = Path(__file__).parent / "vectors"
GETH = sorted((VECTORS / "geth_tracers").glob("*.json"))


def data(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def block_run(genesis_json: Any, context: Any) -> BlockRun:
    """A block that is about to run its first transaction, on the state that a vector gives."""
    genesis = genesis_from_json(genesis_json)
    nodes = Nodes(MemoryStore())
    reader = genesis.write_state(nodes, nodes.pending)
    number, time = int(context["number"], 0), int(context["timestamp"], 0)
    merged = int(context["difficulty"], 0) == 0
    base_fee = context.get("baseFeePerGas")
    env = BlockEnv(
        fork=genesis.schedule.at(number, time, merged=merged),
        chain_id=genesis.chain_id,
        number=number,
        timestamp=time,
        coinbase=data(context["miner"]),
        gas_limit=int(context["gasLimit"], 0),
        base_fee=None if base_fee is None else int(base_fee, 0),
        difficulty=int(context["difficulty"], 0),
        prev_randao=bytes(32),
        excess_blob_gas=genesis.excess_blob_gas,
        parent_hash=bytes(32),
        ancestors=lambda: iter(()),
    )
    return BlockRun(
        env,
        reader,
        Frames(loud=True),
        out=nodes.pending,
        beacon_root=None,
        deposit_address=genesis.deposit_address,
    )


@pytest.mark.parametrize("path", GETH, ids=lambda path: path.stem)
def test_as_geth_traces_it(path: Path) -> None:
    vector = json.loads(path.read_text())
    run = block_run(vector["genesis"], vector["context"])
    tx = decode_transaction(data(vector["input"]))
    place = vector["result"][0] if isinstance(vector["result"], list) else {}
    position = Position(
        block_hash=data(place.get("blockHash", "")),
        block_number=run.env.number,
        tx_index=place.get("transactionPosition", 0),
        tx_hash=tx.hash,
    )
    options = TracerOptions.parse(
        {"tracer": vector["tracer"], "tracerConfig": vector["tracerConfig"]}
    )
    result = trace_in_block(run, tx, options, position)
    if vector["tracer"] == "flatCallTracer" and "blockHash" not in place:
        for entry in result:  # This vector does not say where its transaction stood.
            for name in ("blockHash", "transactionHash", "transactionPosition"):
                del entry[name]
    if "codeHash" not in json.dumps(vector["result"]):
        result = without(result, "codeHash")  # Older than this field.
    assert result == vector["result"]
    assert len(run.receipts) == 1
    assert run.frames.tracer is None


def without(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: without(each, name) for key, each in value.items() if key != name}
    return value
