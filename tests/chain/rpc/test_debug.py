"""debug_: traces in their shapes, options, what cannot be traced; encoded forms."""

import json
import re
from typing import Any

import pytest

from chain.blocks import decode_block
from chain.encoding import keccak

ZERO_HASH = "0x" + "00" * 32
WORD = re.compile("0x[0-9a-f]{64}")

STRUCT_LOGS = {
    "gas": int,
    "failed": bool,
    "returnValue": "DATA",
    "structLogs": [
        {
            **dict.fromkeys(("pc", "gas", "gasCost", "depth", "refund?"), int),
            "op": re.compile("[A-Z0-9]+"),
            "stack?": ["QUANTITY"],
            "memory?": [WORD],
            "storage?": {WORD: WORD},
            "returnData?": "DATA",
            "error?": str,
        }
    ],
}
CALL_FRAME = {
    "type": re.compile("CALL|CREATE"),
    "from": "ADDRESS",
    "to": "ADDRESS",
    "value?": "QUANTITY",
    **dict.fromkeys(("gas", "gasUsed"), "QUANTITY"),
    "input": "DATA",
    "output?": "DATA",
    **dict.fromkeys(("error?", "revertReason?"), str),
    "calls?": list,
    "logs?": [
        {
            "address": "ADDRESS",
            "topics": ["HASH"],
            "data": "DATA",
            **dict.fromkeys(("position", "index"), "QUANTITY"),
        }
    ],
}
ACCOUNT = {
    "balance?": "QUANTITY",
    "nonce?": int,
    "code?": "DATA",
    "codeHash?": "HASH",
    "storage?": {WORD: WORD},
}
PRESTATE = {re.compile("0x[0-9a-f]{40}"): ACCOUNT}


@pytest.fixture
def traced(rpc: Any, me: str, contract: Any) -> tuple[Any, str, str]:
    """A client, a contract, and the hash of a transaction that called it."""
    address = contract(rpc, "store")
    word = "0x" + "00" * 31 + "05"
    return rpc, address, rpc("eth_sendTransaction", {"from": me, "to": address, "data": word})


TRACERS = [
    ({}, STRUCT_LOGS),
    ({"enableMemory": True, "enableReturnData": True}, STRUCT_LOGS),
    ({"tracer": ""}, STRUCT_LOGS),
    ({"tracer": None, "limit": 2}, STRUCT_LOGS),
    ({"tracer": "callTracer"}, CALL_FRAME),
    ({"tracer": "callTracer", "tracerConfig": {"withLog": True}}, CALL_FRAME),
    ({"tracer": "prestateTracer"}, PRESTATE),
    (
        {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}},
        {"pre": PRESTATE, "post": PRESTATE},
    ),
    ({"tracer": "noopTracer"}, {}),
]


@pytest.mark.parametrize(
    ("options", "shape"),
    TRACERS,
    ids=lambda each: json.dumps(each)[:60] if isinstance(each, dict) and "tracer" in each else "",
)
def test_every_tracer_by_every_way(
    traced: Any, me: str, conforms: Any, options: dict[str, Any], shape: Any
) -> None:
    rpc, address, tx_hash = traced
    block = rpc("eth_getBlockByNumber", "latest")
    encoded = rpc("debug_getRawBlock", "latest")

    single = rpc("debug_traceTransaction", tx_hash, options)
    conforms(shape, single)
    for way, ref in (
        ("debug_traceBlockByNumber", "latest"),
        ("debug_traceBlockByNumber", block["number"]),
        ("debug_traceBlockByHash", block["hash"]),
        ("debug_traceBlock", encoded),
    ):
        assert rpc(way, ref, options) == [{"txHash": tx_hash, "result": single}], way
    call = {"from": me, "to": address, "input": "0x" + "00" * 31 + "06"}
    conforms(shape, rpc("debug_traceCall", call, "latest", options))


def test_what_the_trace_of_a_call_says(traced: Any, me: str) -> None:
    rpc, address, tx_hash = traced

    frame = rpc(
        "debug_traceTransaction",
        tx_hash,
        {"tracer": "callTracer", "tracerConfig": {"withLog": True}},
    )

    assert (frame["type"], frame["from"], frame["to"]) == ("CALL", me, address)
    assert frame["output"] == "0x" + "00" * 31 + "2a"
    assert frame["gasUsed"] == rpc("eth_getTransactionReceipt", tx_hash)["gasUsed"]
    assert frame["logs"][0]["topics"] == ["0x" + "00" * 31 + "07"]


def test_overrides_of_a_traced_call(rpc: Any, you: str) -> None:
    """`stateOverrides` and `blockOverrides` stand among the trace options there."""
    options = {
        "tracer": "callTracer",
        "stateOverrides": {you: {"code": "0x4360005260206000f3"}},  # Returns NUMBER.
        "blockOverrides": {"number": "0x1234"},
    }

    assert rpc("debug_traceCall", {"to": you}, "latest", options)["output"] == (
        "0x" + "00" * 30 + "1234"
    )


def test_the_block_parameter_of_a_traced_call(rpc: Any, you: str) -> None:
    genesis = rpc("eth_getBlockByNumber", "0x0")["hash"]
    for block in (None, "latest", "0x0", genesis, {"blockHash": genesis}, "pending"):
        assert rpc("debug_traceCall", {"to": you}, block)["failed"] is False


NOT_THERE = [
    ("debug_traceTransaction", [ZERO_HASH], -32000, "transaction not found"),
    ("debug_traceBlockByHash", [ZERO_HASH], -32000, f"block {ZERO_HASH} not found"),
    ("debug_traceBlockByNumber", ["0x0"], -32000, "genesis is not traceable"),
    ("debug_traceBlockByNumber", ["earliest"], -32000, "genesis is not traceable"),
    ("debug_traceBlockByNumber", ["0x99"], -32000, "block #153 not found"),
    ("debug_traceBlockByNumber", ["3"], -32602, "without 0x prefix"),
    ("debug_traceCall", [{}, "0xfffffffff"], -32000, "68719476735 not found"),
    ("debug_traceBlock", ["0x"], -32000, "block"),
    ("debug_traceBlock", ["0xc0"], -32000, "block"),
    ("debug_getRawBlock", ["2"], -32602, "without 0x prefix"),
    ("debug_getRawHeader", ["2"], -32602, "without 0x prefix"),
    ("debug_getRawReceipts", ["2"], -32602, "without 0x prefix"),
    ("debug_getRawBlock", ["0x99"], -32000, "not found"),
    ("debug_getRawTransaction", ["1" + "0" * 63], -32602, "without 0x prefix"),
    ("debug_traceTransaction", [ZERO_HASH, []], -32602, "options"),
    ("debug_traceTransaction", [ZERO_HASH, {"tracer": "jsTracer"}], -32602, "tracer not found"),
    ("debug_traceTransaction", [ZERO_HASH, {"tracer": 1}], -32602, "tracer"),
    ("debug_traceTransaction", [ZERO_HASH, {"limit": -1}], -32602, "limit"),
    ("debug_traceCall", [{}, "latest", {"stateOverrides": {"0x1": {}}}], -32602, "stateOverrides"),
    ("debug_traceCall", [{}, "latest", {"blockOverrides": {"number": 1}}], -32602, "number"),
]


@pytest.mark.parametrize(("method", "params", "code", "message"), NOT_THERE)
def test_what_is_not_there(
    rpc: Any, method: str, params: list[Any], code: int, message: str
) -> None:
    error = rpc.error(method, *params)

    assert error["code"] == code
    assert message in error["message"]


def test_a_transaction_that_is_not_there(rpc: Any) -> None:
    assert rpc("debug_getRawTransaction", ZERO_HASH) is None


def test_encoded_forms(traced: Any) -> None:
    """What the client decodes has the hashes that the block names."""
    rpc, _, tx_hash = traced
    block = rpc("eth_getBlockByNumber", "latest")

    header = bytes.fromhex(rpc("debug_getRawHeader", "latest")[2:])
    assert "0x" + keccak(header).hex() == block["hash"]
    whole = decode_block(bytes.fromhex(rpc("debug_getRawBlock", block["hash"])[2:]))
    assert "0x" + whole.hash.hex() == block["hash"]
    raw = bytes.fromhex(rpc("debug_getRawTransaction", tx_hash)[2:])
    assert "0x" + keccak(raw).hex() == tx_hash
    assert len(rpc("debug_getRawReceipts", "latest")) == 1


def test_calls_into_precompiles_are_named(rpc: Any, me: str) -> None:
    entity_store = "0x" + "00" * 18 + "0501"
    selector = "0x" + keccak(b"info()")[:4].hex()

    frame = rpc(
        "debug_traceCall",
        {"from": me, "to": entity_store, "data": selector},
        "latest",
        {"tracer": "callTracer"},
    )

    assert frame["to"] == entity_store
    assert "entity" in json.dumps(frame).lower()


def test_a_trace_that_nests_deeper_than_the_fast_encoder_goes(rpc: Any, you: str) -> None:
    calls_itself = "0x5f5f5f5f5f305af1"
    frame = rpc(
        "debug_traceCall",
        {"to": you, "gas": hex(30_000_000)},
        "latest",
        {"tracer": "callTracer", "stateOverrides": {you: {"code": calls_itself}}},
    )
    depth = 0
    while frame.get("calls"):
        (frame,) = frame["calls"]
        depth += 1
    assert depth > 254 // 2
