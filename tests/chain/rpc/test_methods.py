"""Every method of the table answers, and in the shape that its specification gives."""

import gzip
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from chain.rpc.method import Method
from chain.rpc.methods import METHODS, TABLE, by_name


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A chain with one transaction that emitted a log, and one that waits behind a nonce gap."""

    rpc: Any
    me: str
    you: str
    contract: str
    tx_hash: str
    block_hash: str
    raw: str

    @property
    def call(self) -> dict[str, str]:
        return {"from": self.me, "to": self.contract, "input": "0x" + "00" * 31 + "09"}


@pytest.fixture
def scene(rpc: Any, me: str, you: str, contract: Any) -> Scene:
    address = contract(rpc, "store")
    word = "0x" + "00" * 31 + "05"
    tx_hash = rpc("eth_sendTransaction", {"from": me, "to": address, "input": word})
    rpc("eth_sendTransaction", {"from": me, "to": you, "nonce": "0x9", "gas": "0x5208"})
    signed = rpc("eth_signTransaction", {"from": you, "to": me, "value": "0x1"})
    receipt = rpc("eth_getTransactionReceipt", tx_hash)
    return Scene(
        rpc=rpc,
        me=me,
        you=you,
        contract=address,
        tx_hash=tx_hash,
        block_hash=receipt["blockHash"],
        raw=signed["raw"],
    )


def token_of(scene: Scene) -> str:
    """Put a token where the other contract is: its answer is one word of its storage."""
    scene.rpc("anvil_setCode", scene.contract, "0x6040600460003760406000205460005260206000f3")
    return scene.contract


NOTHING: Callable[[Scene], list[Any]] = lambda _: []  # noqa: E731 - a row of a table
TEXT = re.compile(".+")
DECIMAL = re.compile("[0-9]+")
ZERO_HASH = "0x" + "00" * 32
RESOURCE = {"disabled": bool, "oldestBlock": "QUANTITY"}
POOL_ENTRY = {DECIMAL: "TRANSACTION"}
FORK = {
    "activationTime": int,
    "blobSchedule": {"target": int, "max": int, "baseFeeUpdateFraction": int},
    "chainId": "QUANTITY",
    "forkId": re.compile("0x[0-9a-f]{8}"),
    "precompiles": {TEXT: "ADDRESS"},
    "systemContracts": {re.compile("[A-Z_]+"): "ADDRESS"},
}
STATE_DUMP = {
    "accounts": {
        "0x" + "11" * 20: {"nonce": 1, "balance": "0x5", "code": "0x", "storage": {"0x1": "0x2"}}
    }
}
TYPED_DATA = {
    "types": {
        "EIP712Domain": [{"name": "name", "type": "string"}],
        "Note": [{"name": "text", "type": "string"}],
    },
    "primaryType": "Note",
    "domain": {"name": "Pars"},
    "message": {"text": "hello"},
}
SIGNATURE = re.compile("0x[0-9a-f]{130}")

# Method -> its parameters in a scene, and the shape of the result. Traces have tests of their own.
EXAMPLES: dict[str, tuple[Callable[[Scene], list[Any]], Any]] = {
    "eth_chainId": (NOTHING, "0x17f5"),
    "eth_blockNumber": (NOTHING, "0x1"),
    "eth_syncing": (NOTHING, False),
    "eth_coinbase": (NOTHING, "ADDRESS"),
    "eth_accounts": (NOTHING, ["ADDRESS"]),
    "eth_capabilities": (
        NOTHING,
        {
            "head": {"number": "QUANTITY", "hash": "HASH"},
            **dict.fromkeys(("state", "tx", "logs", "receipts", "blocks", "stateproofs"), RESOURCE),
        },
    ),
    "eth_config": (NOTHING, {"current": FORK, "next": None, "last": None}),
    "eth_gasPrice": (NOTHING, "QUANTITY"),
    "eth_baseFee": (NOTHING, "QUANTITY"),
    "eth_blobBaseFee": (NOTHING, "QUANTITY"),
    "eth_maxPriorityFeePerGas": (NOTHING, "QUANTITY"),
    "eth_feeHistory": (
        lambda s: ["0x5", "latest", [10, 50.5]],
        {
            "oldestBlock": "0x0",
            "baseFeePerGas": ["QUANTITY"],
            "baseFeePerBlobGas": ["QUANTITY"],
            "gasUsedRatio": [float],
            "blobGasUsedRatio": [float],
            "reward": [["QUANTITY"]],
        },
    ),
    "eth_getBlockByNumber": (lambda s: ["latest", True], "BLOCK"),
    "eth_getBlockByHash": (lambda s: [s.block_hash, False], "BLOCK"),
    "eth_getHeaderByNumber": (lambda s: ["0x1"], "HEADER"),
    "eth_getHeaderByHash": (lambda s: [s.block_hash], "HEADER"),
    "eth_getBlockTransactionCountByNumber": (lambda s: ["latest"], "0x1"),
    "eth_getBlockTransactionCountByHash": (lambda s: [s.block_hash], "0x1"),
    "eth_getUncleCountByBlockNumber": (lambda s: ["latest"], "0x0"),
    "eth_getUncleCountByBlockHash": (lambda s: [s.block_hash], "0x0"),
    "eth_getUncleByBlockNumberAndIndex": (lambda s: ["latest", "0x0"], None),
    "eth_getUncleByBlockHashAndIndex": (lambda s: [s.block_hash, "0x0"], None),
    "eth_getBlockReceipts": (lambda s: [s.block_hash], ["RECEIPT"]),
    "eth_getTransactionByHash": (lambda s: [s.tx_hash], "TRANSACTION"),
    "eth_getTransactionByBlockNumberAndIndex": (lambda s: ["0x1", "0x0"], "TRANSACTION"),
    "eth_getTransactionByBlockHashAndIndex": (lambda s: [s.block_hash, "0x0"], "TRANSACTION"),
    "eth_getRawTransactionByHash": (lambda s: [s.tx_hash], "DATA"),
    "eth_getTransactionReceipt": (lambda s: [s.tx_hash], "RECEIPT"),
    "eth_getBalance": (lambda s: [s.me], "QUANTITY"),
    "eth_getTransactionCount": (lambda s: [s.me, "latest"], "0x1"),
    "eth_getCode": (lambda s: [s.contract], "DATA"),
    "eth_getStorageAt": (lambda s: [s.contract, "0x0"], "0x" + "00" * 31 + "05"),
    "eth_getStorageValues": (
        lambda s: [{s.contract: ["0x0", ZERO_HASH], s.me: ["0x1"]}],
        {re.compile("0x[0-9a-f]{40}"): ["HASH"]},
    ),
    "eth_getProof": (lambda s: [s.contract, ["0x0", ZERO_HASH]], "PROOF"),
    "eth_call": (lambda s: [s.call], "0x" + "00" * 31 + "2a"),
    "eth_estimateGas": (lambda s: [s.call], "QUANTITY"),
    "eth_createAccessList": (
        lambda s: [s.call],
        {"accessList": "ACCESS_LIST", "gasUsed": "QUANTITY"},
    ),
    "eth_sendRawTransaction": (lambda s: [s.raw], "HASH"),
    "eth_sendTransaction": (lambda s: [{"from": s.you, "to": s.me}], "HASH"),
    "eth_signTransaction": (
        lambda s: [{"from": s.you, "to": s.me}],
        {"raw": "DATA", "tx": "SIGNED_WITH_HASH"},
    ),
    "eth_fillTransaction": (lambda s: [{"from": s.you, "to": s.me}], {"tx": "UNSIGNED"}),
    "eth_sign": (lambda s: [s.me, "0xdeadbeef"], SIGNATURE),
    "personal_sign": (lambda s: ["0xdeadbeef", s.me], SIGNATURE),
    "eth_signTypedData_v4": (lambda s: [s.me, TYPED_DATA], SIGNATURE),
    "eth_getLogs": (lambda s: [{"fromBlock": "earliest"}], ["LOG"]),
    "eth_newFilter": (lambda s: [{}], "QUANTITY"),
    "eth_newBlockFilter": (NOTHING, "QUANTITY"),
    "eth_newPendingTransactionFilter": (NOTHING, "QUANTITY"),
    "eth_uninstallFilter": (lambda s: ["0x1"], False),
    "eth_getFilterChanges": (lambda s: [s.rpc("eth_newBlockFilter")], ["HASH"]),
    "eth_getFilterLogs": (
        lambda s: [s.rpc("eth_newFilter", {"fromBlock": "0x0"})],
        ["LOG"],
    ),
    "net_version": (NOTHING, "6133"),
    "net_listening": (NOTHING, True),
    "net_peerCount": (NOTHING, "0x0"),
    "web3_clientVersion": (NOTHING, re.compile("Pars/v.*")),
    "web3_sha3": (lambda s: ["0x68656c6c6f20776f726c64"], "HASH"),
    "rpc_modules": (NOTHING, {TEXT: "1.0"}),
    "txpool_status": (NOTHING, {"pending": "0x0", "queued": "0x1"}),
    "txpool_content": (
        NOTHING,
        {"pending": {}, "queued": {re.compile("0x[0-9a-fA-F]{40}"): POOL_ENTRY}},
    ),
    "txpool_contentFrom": (lambda s: [s.me], {"pending": {}, "queued": POOL_ENTRY}),
    "txpool_inspect": (
        NOTHING,
        {"pending": {}, "queued": {re.compile("0x[0-9a-fA-F]{40}"): {DECIMAL: TEXT}}},
    ),
    "debug_getRawHeader": (lambda s: ["latest"], "DATA"),
    "debug_getRawBlock": (lambda s: [s.block_hash], "DATA"),
    "debug_getRawReceipts": (lambda s: ["0x1"], ["DATA"]),
    "debug_getBadBlocks": (NOTHING, []),
    "evm_snapshot": (NOTHING, "0x1"),
    "evm_revert": (lambda s: [s.rpc("evm_snapshot")], True),
    "hardhat_reset": (NOTHING, True),
    "evm_mine": (NOTHING, "0x0"),
    "hardhat_mine": (lambda s: ["0x2", 10], None),
    "evm_increaseTime": (lambda s: [60], 60),
    "evm_setTime": (lambda s: [2_000_000_000], int),
    "evm_setNextBlockTimestamp": (lambda s: [2_000_000_000], "2000000000"),
    "anvil_setBlockTimestampInterval": (lambda s: [12], None),
    "anvil_removeBlockTimestampInterval": (NOTHING, False),
    "anvil_getAutomine": (NOTHING, True),
    "evm_setAutomine": (lambda s: [False], True),
    "evm_setIntervalMining": (lambda s: [400], True),
    "anvil_setIntervalMining": (lambda s: [0.4], None),
    "anvil_getIntervalMining": (NOTHING, None),
    "evm_setBlockGasLimit": (lambda s: ["0x1c9c380"], True),
    "hardhat_setNextBlockBaseFeePerGas": (lambda s: ["0x1"], True),
    "hardhat_setMinGasPrice": (lambda s: ["0x1"], True),
    "hardhat_setCoinbase": (lambda s: [s.you], True),
    "hardhat_setPrevRandao": (lambda s: [ZERO_HASH], True),
    "hardhat_impersonateAccount": (lambda s: [s.contract], True),
    "hardhat_stopImpersonatingAccount": (lambda s: [s.contract], True),
    "anvil_autoImpersonateAccount": (lambda s: [True], True),
    "hardhat_setBalance": (lambda s: [s.me, "0x1"], True),
    "anvil_addBalance": (lambda s: [s.me, 1], True),
    "hardhat_setCode": (lambda s: [s.me, "0x00"], True),
    "hardhat_setNonce": (lambda s: [s.me, "0x9"], True),
    "hardhat_setStorageAt": (lambda s: [s.me, "0x0", ZERO_HASH], True),
    "hardhat_dropTransaction": (lambda s: [s.tx_hash], False),
    "anvil_dropAllTransactions": (NOTHING, None),
    "anvil_dumpState": (NOTHING, "DATA"),
    "anvil_loadState": (
        lambda s: ["0x" + gzip.compress(json.dumps(STATE_DUMP).encode()).hex()],
        True,
    ),
    "anvil_dealErc20": (lambda s: [s.me, token_of(s), 5], None),
    "anvil_setERC20Allowance": (lambda s: [s.me, s.you, token_of(s), 5], None),
    "hardhat_setLoggingEnabled": (lambda s: [True], True),
    "anvil_nodeInfo": (
        NOTHING,
        {
            "currentBlockNumber": "QUANTITY",
            "currentBlockTimestamp": int,
            "currentBlockHash": "HASH",
            "hardFork": "osaka",
            "transactionOrder": TEXT,
            "environment": {
                "baseFee": "QUANTITY",
                "chainId": 6133,
                "gasLimit": int,
                "gasPrice": "QUANTITY",
            },
            "forkConfig": dict.fromkeys(("forkUrl", "forkBlockNumber", "forkRetryBackoff")),
        },
    ),
    "hardhat_metadata": (
        NOTHING,
        {
            "clientVersion": TEXT,
            "chainId": 6133,
            "instanceId": "HASH",
            "latestBlockNumber": 1,
            "latestBlockHash": "HASH",
            "forkedNetwork": None,
        },
    ),
}

ELSEWHERE = {
    "eth_subscribe": "test_server.py",
    "eth_unsubscribe": "test_server.py",
    "eth_simulateV1": "test_simulate.py",
    **{
        f"debug_trace{what}": "test_debug.py"
        for what in ("Transaction", "Call", "BlockByNumber", "BlockByHash", "Block")
    },
}


def test_no_method_is_without_a_test(root: Any) -> None:
    assert {method.name for method in METHODS} == set(EXAMPLES) | set(ELSEWHERE)
    for name, place in ELSEWHERE.items():
        assert name in (root / "tests/chain/rpc" / place).read_text("utf-8"), (name, place)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_answer_has_its_shape(name: str, scene: Scene, conforms: Any) -> None:
    arguments, shape = EXAMPLES[name]

    conforms(shape, scene.rpc(name, *arguments(scene)))


@pytest.mark.parametrize("name", EXAMPLES)
def test_one_parameter_too_many(name: str, scene: Scene) -> None:
    count = len(TABLE[name].params)
    arguments, _ = EXAMPLES[name]
    given = arguments(scene)
    given += [None] * (count - len(given))

    error = scene.rpc.error(name, *given, "0x0")

    assert error == {"code": -32602, "message": f"too many arguments, want at most {count}"}


REQUIRED = [
    (method, index)
    for method in METHODS
    for index, param in enumerate(method.params)
    if "Required" in type(param.default).__name__
]


@pytest.mark.parametrize(
    ("method", "index"), REQUIRED, ids=[f"{method.name}-{index}" for method, index in REQUIRED]
)
def test_a_wrong_parameter_is_named(rpc: Any, method: Method, index: int) -> None:
    """An object where none is expected, or a number where one is: both are refused by name."""
    param = method.params[index]
    before = [_valid(each.kind.label) for each in method.params[:index]]
    for wrong in ({"a": []}, [[[]]], "0xzz", "", True, -1, 1.5, "0x" + "f" * 65):
        if _accepted(param.kind.label, wrong):
            continue

        error = rpc.error(method.name, *before, wrong)

        assert error["code"] == -32602, (wrong, error)
        assert error["message"].startswith(param.name), (wrong, error)
    missing = rpc.error(method.name, *before, None)
    assert missing["code"] == -32602
    assert param.name in missing["message"]


def _valid(label: str) -> Any:
    zeros = {"address": 20, "hash": 32}
    if label in zeros:
        return "0x" + "00" * zeros[label]
    named = {"transaction": {}, "number or tag": "latest", "array of storage keys": []}
    return named.get(label, "0x0" if label != "data" else "0x00")


def _accepted(label: str, value: Any) -> bool:
    """Say whether a value that is wrong elsewhere is right here."""
    if isinstance(value, dict):
        return label in ("transaction", "log filter", "trace options", "block overrides")
    if isinstance(value, bool):
        return label in ("boolean", "log filter or boolean")
    if isinstance(value, float):
        return label == "seconds"
    return label in ("string", "subscription id") and isinstance(value, str)


def test_aliases_do_the_same() -> None:
    for method in METHODS:
        for alias in method.aliases:
            assert TABLE[alias] is method


def test_a_name_stands_for_one_method() -> None:
    with pytest.raises(ValueError, match="eth_chainId: the name is taken"):
        by_name([TABLE["eth_chainId"], TABLE["eth_chainId"]])


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_every_method_says_what_it_does(method: Method) -> None:
    assert method.summary.endswith((".", ")"))


def test_unknown_methods(rpc: Any) -> None:
    for name in ("eth_mining", "ETH_chainId", "", "__init__", "eth_chainId "):
        assert rpc.error(name)["code"] == -32601
