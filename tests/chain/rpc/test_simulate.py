"""eth_simulateV1: shapes, limits and codes, as the recorded exchanges have them."""

import re
from typing import Any

import pytest

A, B, C = ("0xc" + digit + "0" * 38 for digit in "012")
SHAPE_CALL = {
    "returnData": "DATA",
    "logs": ["LOG"],
    **dict.fromkeys(("gasUsed", "maxUsedGas"), "QUANTITY"),
    "status": re.compile("0x[01]"),
    "error?": {"code": int, "message": str, "data?": "DATA"},
}
FUNDED = {A: {"balance": "0x3e8"}}


def simulate(rpc: Any, *blocks: Any, **options: Any) -> Any:
    return rpc("eth_simulateV1", {"blockStateCalls": list(blocks), **options}, "latest")


def refused(rpc: Any, *blocks: Any, **options: Any) -> dict[str, Any]:
    payload = {"blockStateCalls": list(blocks), **options}
    error: dict[str, Any] = rpc.error("eth_simulateV1", payload, "latest")
    return error


def test_transfers_over_blocks(rpc: Any, conforms: Any) -> None:
    first = {
        "stateOverrides": FUNDED,
        "calls": [
            {"from": A, "to": B, "value": "0x3e8"},
            {"from": B, "to": C, "value": "0x3e8"},
        ],
    }

    blocks = simulate(rpc, first, {"calls": [{"from": C, "to": A, "value": "0x3e8"}]}, {})

    for block in blocks:
        for call in block["calls"]:
            conforms(SHAPE_CALL, call)
        conforms("BLOCK", {key: value for key, value in block.items() if key != "calls"})
    assert [len(block["calls"]) for block in blocks] == [2, 1, 0]
    assert {call["status"] for block in blocks for call in block["calls"]} == {"0x1"}
    assert {call["gasUsed"] for block in blocks for call in block["calls"]} == {"0x5208"}
    assert [block["number"] for block in blocks] == ["0x1", "0x2", "0x3"]
    assert blocks[1]["parentHash"] == blocks[0]["hash"]
    assert rpc("eth_blockNumber") == "0x0", "nothing is kept"


def test_full_transactions(rpc: Any, conforms: Any) -> None:
    """Named by their sender, and with a signature of zeros."""
    block = {"stateOverrides": FUNDED, "calls": [{"from": A, "to": B, "value": "0x1"}]}

    (found,) = simulate(rpc, block, returnFullTransactions=True)

    (tx,) = found["transactions"]
    conforms("TRANSACTION", tx)
    assert (tx["from"], tx["to"], tx["value"], tx["type"]) == (A, B, "0x1", "0x2")
    assert (tx["v"], tx["r"], tx["s"], tx["yParity"]) == ("0x0",) * 4
    assert tx["blockHash"] == found["hash"]


def test_traced_transfers_are_logs(rpc: Any) -> None:
    block = {"stateOverrides": FUNDED, "calls": [{"from": A, "to": B, "value": "0x3e8"}]}

    (found,) = simulate(rpc, block, traceTransfers=True)

    (log,) = found["calls"][0]["logs"]
    assert log["address"] == "0x" + "ee" * 20
    assert log["topics"][1:] == ["0x" + "00" * 12 + each[2:] for each in (A, B)]
    assert int(log["data"], 16) == 0x3E8
    assert log["blockHash"] == found["hash"]
    assert simulate(rpc, block)[0]["calls"][0]["logs"] == []


def test_logs_count_through_the_block(rpc: Any, contract: Any) -> None:
    address = contract(rpc, "store")
    call = {"to": address, "input": "0x" + "00" * 31 + "01"}

    (found,) = simulate(rpc, {"calls": [call, call]})

    assert [call["logs"][0]["logIndex"] for call in found["calls"]] == ["0x0", "0x1"]
    assert [call["logs"][0]["transactionIndex"] for call in found["calls"]] == ["0x0", "0x1"]


def test_failures_are_results(rpc: Any, contract: Any) -> None:
    panic = "0x4e487b71" + "00" * 31 + "01"
    calls = [
        {"to": contract(rpc, "echo_revert"), "input": panic},
        {"to": contract(rpc, "echo_revert")},
        {"to": contract(rpc, "invalid"), "gas": "0xffff"},
    ]

    (found,) = simulate(rpc, {"calls": calls})

    assert [call["status"] for call in found["calls"]] == ["0x0"] * 3
    assert [call["returnData"] for call in found["calls"]] == ["0x"] * 3
    assert [call["error"]["code"] for call in found["calls"]] == [3, 3, -32015]
    assert found["calls"][0]["error"]["message"] == "execution reverted: assert(false)"
    assert found["calls"][0]["error"]["data"] == panic
    assert found["calls"][1]["error"] == {"code": 3, "message": "execution reverted", "data": "0x"}


def test_block_overrides(rpc: Any, contract: Any) -> None:
    address = contract(rpc, "context")
    now = int(rpc("eth_getBlockByNumber", "latest")["timestamp"], 16)
    override = {
        "number": "0x5",
        "time": hex(now + 500),
        "gasLimit": "0x1000000",
        "feeRecipient": C,
        "prevRandao": "0x" + "12" * 32,
        "baseFeePerGas": "0x7",
        "parentBeaconBlockRoot": "0x" + "34" * 32,
        "withdrawals": [{"index": "0x1", "validatorIndex": "0x2", "address": B, "amount": "0x3"}],
    }

    *gap, found = simulate(rpc, {"blockOverrides": override, "calls": [{"to": address}]})

    assert [block["number"] for block in gap] == ["0x1", "0x2", "0x3", "0x4"]
    assert (found["number"], found["timestamp"]) == ("0x5", hex(now + 500))
    assert (found["gasLimit"], found["miner"]) == ("0x1000000", C)
    assert (found["mixHash"], found["baseFeePerGas"]) == ("0x" + "12" * 32, "0x7")
    assert found["parentBeaconBlockRoot"] == "0x" + "34" * 32
    assert found["withdrawals"] == override["withdrawals"]
    assert int(found["calls"][0]["returnData"][2:][64:128], 16) == 5


REFUSED = [
    ([], {}, -32602, "empty input"),
    ([{"calls": [{"from": A, "to": B, "value": "0x1"}]}], {}, -38014, "insufficient funds"),
    (
        [{"calls": [{"from": A, "to": B, "nonce": "0x5"}]}],
        {"validation": True},
        -38011,
        "nonce too high",
    ),
    (
        [
            {
                "stateOverrides": {A: {"nonce": "0x9"}},
                "calls": [{"from": A, "to": B, "nonce": "0x5"}],
            }
        ],
        {"validation": True},
        -38010,
        "nonce too low",
    ),
    (
        [{"blockOverrides": {"baseFeePerGas": "0xf"}, "calls": [{"from": A, "to": B}]}],
        {"validation": True},
        -38012,
        "max fee per gas less than block base fee",
    ),
    ([{"calls": [{"from": A, "to": B, "gas": "0x1"}]}], {}, -38013, "intrinsic gas too low"),
    ([{"calls": [{"to": B, "gas": "0xfffffffff"}]}], {}, -38015, "block gas limit reached"),
    ([{"blockOverrides": {"number": "0x0"}}], {}, -38020, "block numbers must be in order"),
    ([{"blockOverrides": {"time": "0x1"}}], {}, -38021, "block timestamps must be in order"),
    ([{"calls": [{"data": "0x" + "00" * 50_000}]}], {}, -38025, "max initcode size exceeded"),
    ([{}] * 257, {}, -38026, "too many blocks"),
    ([{"blockOverrides": {"number": "0x999"}}], {}, -38026, "too many blocks"),
    ([1], {}, -32602, "payload.blockStateCalls[0]: expected an object"),
    ([{"calls": {}}], {}, -32602, "payload.blockStateCalls[0].calls: expected an array"),
    ([{"calls": [{"to": "0x1"}]}], {}, -32602, "payload.blockStateCalls[0].calls[0].to"),
    ([{"stateOverrides": {"0x1": {}}}], {}, -32602, "payload.blockStateCalls[0].stateOverrides"),
    ([{"blockOverrides": {"number": 1}}], {}, -32602, "blockOverrides.number"),
    ([{"blockOverrides": {"withdrawals": [{}] * 17}}], {}, -32602, "at most 16"),
    ([{}], {"validation": "yes"}, -32602, "payload.validation"),
    ([{}], {"traceTransfers": 1}, -32602, "payload.traceTransfers"),
]


@pytest.mark.parametrize(("blocks", "options", "code", "message"), REFUSED)
def test_what_cannot_be_simulated(
    rpc: Any, blocks: list[Any], options: dict[str, Any], code: int, message: str
) -> None:
    error = refused(rpc, *blocks, **options)

    assert error["code"] == code, error
    assert message in error["message"]


def test_a_payload_has_blocks(rpc: Any) -> None:
    assert "blockStateCalls: missing" in rpc.error("eth_simulateV1", {})["message"]
    assert rpc.error("eth_simulateV1", [])["code"] == -32602
    assert rpc.error("eth_simulateV1", {"blockStateCalls": [{}]}, "0x99")["code"] == -32000
