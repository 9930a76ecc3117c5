"""eth_ methods as clients lean on them: defaults, nulls, errors, fees, signatures, proofs."""

import json
import re
from typing import Any

import pytest
import rlp
from eth_account import Account
from eth_account.messages import encode_defunct, encode_typed_data
from trie import HexaryTrie

from chain.encoding import keccak
from chain.reverts import PANICS, reason_of

ZERO_HASH = "0x" + "00" * 32
NOBODY = "0xaa00000000000000000000000000000000000000"


# Blocks that a client names.


@pytest.mark.parametrize("method", ["eth_getBalance", "eth_getCode", "eth_getTransactionCount"])
def test_the_block_may_be_named_in_many_ways(rpc: Any, me: str, method: str) -> None:
    rpc("anvil_mine", 3)
    block_hash = rpc("eth_getBlockByNumber", "0x1")["hash"]
    spellings = ["latest", "earliest", "pending", "safe", "finalized", "0x1", block_hash]
    spellings += [{"blockNumber": "0x1"}, {"blockHash": block_hash}, None]
    spellings += [{"blockHash": block_hash, "requireCanonical": True}]

    expected = rpc(method, me)

    assert all(rpc(method, me, each) == expected for each in spellings)


@pytest.mark.parametrize(
    ("block", "code", "message"),
    [
        ("0x99", -32000, "not found"),
        (ZERO_HASH, -32001, "not found"),
        ({"blockHash": ZERO_HASH}, -32001, "not found"),
        ({"blockNumber": "0x99"}, -32000, "not found"),
        ("newest", -32602, "block: hex string without 0x prefix"),
        (1, -32602, "block: expected a hex quantity"),
        ({}, -32602, "block: give either"),
    ],
)
def test_blocks_that_are_not_there(rpc: Any, me: str, block: Any, code: int, message: str) -> None:
    for method, params in (
        ("eth_getBalance", [me]),
        ("eth_getProof", [me, []]),
        ("eth_call", [{"to": me}]),
        ("eth_estimateGas", [{"to": me}]),
        ("eth_createAccessList", [{"to": me}]),
    ):
        error = rpc.error(method, *params, block)
        assert error["code"] == code, method
        assert message in error["message"], method


def test_a_block_that_a_revert_took_away(rpc: Any, me: str) -> None:
    snapshot = rpc("evm_snapshot")
    rpc("evm_mine")
    gone = rpc("eth_getBlockByNumber", "latest")["hash"]
    rpc("evm_revert", snapshot)

    assert rpc("eth_getBlockByHash", gone, False) is None
    assert rpc.error("eth_getBalance", me, {"blockHash": gone})["code"] == -32001


NULLS = [
    ("eth_getBlockByNumber", ["0x99", False]),
    ("eth_getBlockByHash", [ZERO_HASH, False]),
    ("eth_getHeaderByNumber", ["0x99"]),
    ("eth_getHeaderByNumber", ["pending"]),
    ("eth_getHeaderByHash", [ZERO_HASH]),
    ("eth_getBlockReceipts", ["0x99"]),
    ("eth_getBlockReceipts", [ZERO_HASH]),
    ("eth_getBlockTransactionCountByNumber", ["0x99"]),
    ("eth_getBlockTransactionCountByHash", [ZERO_HASH]),
    ("eth_getUncleCountByBlockNumber", ["0x99"]),
    ("eth_getUncleCountByBlockHash", [ZERO_HASH]),
    ("eth_getTransactionByHash", [ZERO_HASH]),
    ("eth_getTransactionReceipt", [ZERO_HASH]),
    ("eth_getRawTransactionByHash", [ZERO_HASH]),
    ("eth_getTransactionByBlockNumberAndIndex", ["0x0", "0x0"]),
    ("eth_getTransactionByBlockNumberAndIndex", ["0x99", "0x0"]),
    ("eth_getTransactionByBlockHashAndIndex", [ZERO_HASH, "0x0"]),
]


@pytest.mark.parametrize(("method", "params"), NULLS)
def test_what_is_not_there_is_null(rpc: Any, method: str, params: list[Any]) -> None:
    assert rpc(method, *params) is None


def test_the_pending_block(manual: Any, me: str, you: str, conforms: Any) -> None:
    tx_hash = manual("eth_sendTransaction", {"from": me, "to": you, "value": "0x5"})

    pending = manual("eth_getBlockByNumber", "pending", True)

    conforms("BLOCK", pending)
    assert pending["number"] == "0x1"
    assert [tx["hash"] for tx in pending["transactions"]] == [tx_hash]
    conforms(["RECEIPT"], manual("eth_getBlockReceipts", "pending"))
    assert manual("eth_getTransactionCount", me, "pending") == "0x1"
    assert manual("eth_getTransactionCount", me, "latest") == "0x0"
    assert int(manual("eth_getBalance", you, "pending"), 16) == 5 + int(
        manual("eth_getBalance", you), 16
    )
    assert manual("eth_getTransactionReceipt", tx_hash) is None
    assert manual("eth_getTransactionByHash", tx_hash)["blockHash"] is None


# Calls.


def test_calldata_has_two_names(rpc: Any, contract: Any) -> None:
    address = contract(rpc, "echo_revert")
    for call in ({"data": "0x01"}, {"input": "0x01"}, {"data": "0x01", "input": "0x01"}):
        assert rpc.error("eth_call", {"to": address, **call})["data"] == "0x01"
    error = rpc.error("eth_call", {"to": address, "data": "0x01", "input": "0x02"})
    assert error["code"] == -32602
    assert 'both "data" and "input" are set and not equal' in error["message"]


def test_a_call_of_nobody_is_free(rpc: Any) -> None:
    """As execution-apis records: a sender without funds, no prices."""
    other = "0xbb00000000000000000000000000000000000000"

    assert rpc("eth_call", {"from": NOBODY, "to": other}) == "0x"
    assert rpc("eth_createAccessList", {"from": NOBODY, "to": other})["accessList"] == []
    assert int(rpc("eth_estimateGas", {"from": NOBODY, "to": other}), 16) >= 21000


def test_the_type_is_ignored_where_nothing_is_signed(rpc: Any, me: str) -> None:
    assert rpc("eth_call", {"to": me, "type": "0x7f"}) == "0x"


def test_unknown_members_are_ignored(rpc: Any, me: str) -> None:
    assert rpc("eth_call", {"to": me, "account": {}, "kzg": None}) == "0x"


BAD_CALLS = [
    ([], "expected an object"),
    ({"to": "0x12"}, "transaction.to: expected 20 bytes, got 1"),
    ({"from": 5}, "transaction.from"),
    ({"gas": "0x0x"}, "transaction.gas: invalid hex"),
    ({"gas": "21000"}, "transaction.gas: hex string without 0x prefix"),
    ({"gas": "0x10000000000000000"}, "transaction.gas: hex number > 64 bits"),
    ({"value": "0x00"}, "transaction.value: hex number with leading zero"),
    ({"value": 1}, "transaction.value: expected a hex quantity"),
    ({"input": "0x1"}, "transaction.input: hex string of odd length"),
    ({"accessList": {}}, "transaction.accessList: expected an array"),
    ({"accessList": [{}]}, r"transaction.accessList[0].address: missing"),
    ({"accessList": [{"address": NOBODY, "storageKeys": ["0x" + "0" * 65]}]}, "storageKeys[0]"),
    ({"blobVersionedHashes": ["0x1"]}, "transaction.blobVersionedHashes[0]"),
    ({"authorizationList": [{}]}, "transaction.authorizationList[0].chainId: missing"),
    ({"gasPrice": "0x1", "maxFeePerGas": "0x1"}, "both gasPrice and"),
    ({"maxFeePerGas": "0x1", "maxPriorityFeePerGas": "0x2"}, "maxFeePerGas (1)"),
    ({"blobs": ["0x00"]}, "transaction.blobs"),
]


@pytest.mark.parametrize(("call", "message"), BAD_CALLS)
def test_bad_calls_name_the_member(rpc: Any, call: Any, message: str) -> None:
    for method in ("eth_call", "eth_estimateGas", "eth_createAccessList"):
        error = rpc.error(method, call)
        assert error["code"] == -32602, method
        assert message in error["message"], method


def test_overrides(rpc: Any, contract: Any, you: str) -> None:
    address = contract(rpc, "context")
    accounts = {address: {"stateDiff": {"0x0": "0x" + "00" * 31 + "07"}}}
    block = {"number": "0x1234", "time": "0x5678"}

    output = rpc("eth_call", {"from": you, "to": address}, "latest", accounts, block)

    words = [int(output[2:][i : i + 64], 16) for i in range(0, 256, 64)]
    assert words == [int(you, 16), 0x1234, 0x5678, 7]


@pytest.mark.parametrize(
    ("state", "block", "message"),
    [
        ([], None, "stateOverrides: expected an object"),
        ({"0x12": {}}, None, "stateOverrides[0x12]"),
        ({NOBODY: []}, None, f"stateOverrides[{NOBODY}]: expected an object"),
        ({NOBODY: {"balance": 1}}, None, f"stateOverrides[{NOBODY}].balance"),
        ({NOBODY: {"code": "0x1"}}, None, f"stateOverrides[{NOBODY}].code"),
        ({NOBODY: {"state": {"0xzz": "0x0"}}}, None, "state[0xzz]"),
        ({NOBODY: {"state": {}, "stateDiff": {}}}, None, "both 'state' and 'stateDiff'"),
        ({NOBODY: {"movePrecompileToAddress": NOBODY}}, None, "is not a precompile"),
        (None, [], "blockOverrides: expected an object"),
        (None, {"number": 1}, "blockOverrides.number"),
        (None, {"feeRecipient": "0x1"}, "blockOverrides.feeRecipient"),
    ],
)
def test_bad_overrides(rpc: Any, me: str, state: Any, block: Any, message: str) -> None:
    error = rpc.error("eth_call", {"to": me}, "latest", state, block)

    assert error["code"] == -32602
    assert message in error["message"]


# Reverts. The first three are recorded exchanges.

REASONS = [
    ("0x4e487b71" + "00" * 31 + "01", ": assert(false)"),
    (
        "0x08c379a0" + "00" * 31 + "20" + "00" * 31 + "0a" + "75736572206572726f72" + "00" * 22,
        ": user error",
    ),
    ("0x77726f6e672d63616c6c6461746173697a65", ""),
    ("0x", ""),
    ("0x01", ""),
    ("0x08c379a0", ""),
    ("0x08c379a0" + "ff" * 32, ""),
    ("0x08c379a0" + "00" * 31 + "20" + "00" * 31 + "01" + "ff" + "00" * 31, ""),
    ("0x4e487b71" + "00" * 31 + "99", ": unknown panic code: 0x99"),
    ("0x12345678", ": custom error 0x12345678"),
    ("0x12345678" + "00" * 32, ": custom error 0x12345678"),
]


@pytest.mark.parametrize(("payload", "reason"), REASONS)
def test_revert_reasons(rpc: Any, contract: Any, payload: str, reason: str) -> None:
    call = {"to": contract(rpc, "echo_revert"), "input": payload}
    expected = {"code": 3, "message": f"execution reverted{reason}", "data": payload}

    for method in ("eth_call", "eth_estimateGas"):
        assert rpc.error(method, call) == expected
    assert rpc("eth_createAccessList", call)["error"] == "execution reverted"


@pytest.mark.parametrize("code", PANICS)
def test_every_panic_has_a_reason(code: int) -> None:
    assert reason_of(bytes.fromhex("4e487b71") + code.to_bytes(32, "big")) == PANICS[code]


def test_errors_of_our_precompiles_are_named(rpc: Any) -> None:
    error = rpc.error("eth_call", {"to": "0x" + "00" * 18 + "0901", "data": "0xdeadbeef"})

    assert error["code"] == 3
    assert error["message"].endswith("UnknownSelector(0xdeadbeef)")


def test_a_named_error_with_other_arguments_is_still_named() -> None:
    selector = keccak(b"UnknownSelector(bytes4)")[:4]

    assert reason_of(selector).endswith(": UnknownSelector(bytes4)")


def test_failures_without_a_revert(rpc: Any, contract: Any) -> None:
    call = {"to": contract(rpc, "invalid"), "gas": "0xffff"}

    error = rpc.error("eth_call", call)

    assert error["code"] == -32000
    assert "invalid opcode" in error["message"]
    assert "data" not in error
    assert rpc.error("eth_estimateGas", call)["code"] == -32000


# Storage and proofs.


@pytest.mark.parametrize(
    ("slot", "message"),
    [
        ("0x" + "0" * 65, "slot: hex string too long, want at most 32 bytes"),
        ("0xasdf", "slot: invalid hex string"),
    ],
)
def test_bad_storage_keys(rpc: Any, slot: str, message: str) -> None:
    for method, key in (("eth_getStorageAt", slot), ("eth_getProof", [slot])):
        error = rpc.error(method, NOBODY, key, "latest")
        assert error["code"] == -32602
        assert message.partition(": ")[2] in error["message"]


def test_storage_values(rpc: Any) -> None:
    assert rpc.error("eth_getStorageValues", {}) == {"code": -32602, "message": "empty request"}
    error = rpc.error("eth_getStorageValues", {NOBODY: ["0x0"] * 1025})
    assert error["code"] == -32602


def test_proofs_hold(rpc: Any, me: str, contract: Any) -> None:
    """An independent trie finds the account and its slots under the block's state root."""
    address = contract(rpc, "store")
    rpc("eth_sendTransaction", {"from": me, "to": address, "data": "0x" + "00" * 31 + "05"})
    root = bytes.fromhex(rpc("eth_getBlockByNumber", "latest")["stateRoot"][2:])

    proof = rpc("eth_getProof", address, ["0x0", "0x1", ZERO_HASH], "latest")

    def look_up(root: bytes, key: bytes, nodes: list[str]) -> bytes:
        decoded = [rlp.decode(bytes.fromhex(node[2:])) for node in nodes]
        return bytes(HexaryTrie.get_from_proof(root, keccak(key), decoded))

    nonce, balance, storage_root, code_hash = rlp.decode(
        look_up(root, bytes.fromhex(address[2:]), proof["accountProof"])
    )
    assert int.from_bytes(nonce, "big") == int(proof["nonce"], 16)
    assert int.from_bytes(balance, "big") == int(proof["balance"], 16)
    assert "0x" + storage_root.hex() == proof["storageHash"]
    assert "0x" + code_hash.hex() == proof["codeHash"]
    assert [entry["key"] for entry in proof["storageProof"]] == ["0x0", "0x1", ZERO_HASH]
    for entry, value in zip(proof["storageProof"], (5, 0, 5), strict=True):
        key = int(entry["key"], 16).to_bytes(32, "big")
        found = look_up(storage_root, key, entry["proof"])
        assert int.from_bytes(rlp.decode(found) if found else b"", "big") == value
        assert entry["value"] == hex(value)


# Transactions.


@pytest.mark.parametrize(
    ("extra", "kind"),
    [
        ({}, "0x2"),
        ({"gasPrice": "0x77359400"}, "0x0"),
        ({"type": "0x0"}, "0x0"),
        ({"type": "0x1"}, "0x1"),
        ({"type": "0x2"}, "0x2"),
        ({"gasPrice": "0x77359400", "accessList": []}, "0x1"),
        ({"type": "0x1", "gasPrice": "0x77359400"}, "0x1"),
        ({"accessList": []}, "0x2"),
        ({"maxFeePerGas": "0x77359400"}, "0x2"),
        ({"maxPriorityFeePerGas": "0x1"}, "0x2"),
        ({"maxFeePerGas": "0x77359400", "maxPriorityFeePerGas": "0x1", "type": "0x2"}, "0x2"),
        ({"chainId": "0x17f5", "nonce": "0x0", "gas": "0x5208"}, "0x2"),
    ],
)
def test_types(
    rpc: Any, me: str, you: str, conforms: Any, extra: dict[str, Any], kind: str
) -> None:
    call = {"from": me, "to": you, "value": "0x1", **extra}
    filled = rpc("eth_fillTransaction", call)["tx"]
    signed = rpc("eth_signTransaction", call)
    tx_hash = rpc("eth_sendTransaction", call)

    found = rpc("eth_getTransactionByHash", tx_hash)
    conforms("TRANSACTION", found)
    assert filled["type"] == signed["tx"]["type"] == found["type"] == kind
    assert signed["tx"]["hash"] == tx_hash
    assert Account.recover_transaction(signed["raw"]).lower() == me
    assert rpc("eth_getTransactionReceipt", tx_hash)["status"] == "0x1"


@pytest.mark.parametrize(
    ("call", "code", "message"),
    [
        ({}, -32602, "transaction.from: missing"),
        ({"from": NOBODY, "to": NOBODY, "gas": "0x5208"}, -32000, "unknown account"),
        ({"type": "0x5"}, -32602, "transaction.type: 0x5 is no transaction type"),
        ({"type": "0x3"}, -32602, "transaction.blobVersionedHashes: missing"),
        ({"type": "0x4"}, -32602, "transaction.authorizationList: missing"),
        ({"type": "0x0", "maxFeePerGas": "0x1"}, -32602, "use gasPrice"),
        ({"type": "0x0", "accessList": [{"address": NOBODY}]}, -32602, "not in type 0x0"),
        ({"type": "0x2", "gasPrice": "0x1"}, -32602, "does not fit the fields"),
        ({"chainId": "0x1"}, -32602, "chainId does not match"),
        ({"nonce": "0x99", "gas": "0x1"}, -32000, "intrinsic gas too low"),
        ({"value": "0x" + "f" * 60, "gas": "0x5208"}, -32000, "insufficient funds"),
        ({"maxFeePerGas": "0x1", "maxPriorityFeePerGas": "0x2"}, -32602, "maxFeePerGas"),
    ],
)
def test_transactions_that_are_refused(
    rpc: Any, me: str, you: str, call: dict[str, Any], code: int, message: str
) -> None:
    given = {"from": me, "to": you, **call} if call else {"to": you}

    error = rpc.error("eth_sendTransaction", given)

    assert error["code"] == code
    assert message in error["message"]


RAW_REFUSED = [
    ("0x", "empty transaction"),
    ("0x00", "type 0x00 not supported"),
    ("0x7f01", "type 0x7f not supported"),
    ("0xc0", "transaction: expected 9 fields, got 0"),
    ("0x02c0", "transaction: expected 12 fields, got 0"),
    ("0xf8", "truncated"),
    ("0xc0c0", "trailing"),
]


@pytest.mark.parametrize(("raw", "message"), RAW_REFUSED)
def test_raw_bytes_that_are_no_transaction(rpc: Any, raw: str, message: str) -> None:
    error = rpc.error("eth_sendRawTransaction", raw)

    assert error["code"] == -32000
    assert message in error["message"]


def sign(accounts: Any, rpc: Any, **fields: Any) -> str:
    """Sign with an independent library."""
    tx = {
        "type": 2,
        "chainId": 6133,
        "nonce": 0,
        "to": NOBODY,
        "value": 1,
        "gas": 21000,
        "maxFeePerGas": 10**10,
        "maxPriorityFeePerGas": 10**9,
        **fields,
    }
    raw = Account.sign_transaction(tx, accounts[0].private_key).raw_transaction
    return "0x" + bytes(raw).hex()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"gas": 20000}, "intrinsic gas too low"),
        ({"value": 10**30}, "insufficient funds for gas * price + value"),
        ({"chainId": 1}, "chain"),
        ({"gas": 2**40}, "transaction gas limit too high"),
        (
            {"maxFeePerGas": 1, "maxPriorityFeePerGas": 1},
            "max fee per gas less than block base fee",
        ),
        (
            {"maxFeePerGas": 10**9, "maxPriorityFeePerGas": 10**10},
            "max priority fee per gas higher than max fee per gas",
        ),
    ],
)
def test_signed_transactions_that_are_refused(
    rpc: Any, accounts: Any, fields: dict[str, Any], message: str
) -> None:
    error = rpc.error("eth_sendRawTransaction", sign(accounts, rpc, **fields))

    assert error["code"] == -32000
    assert message in error["message"]


def test_the_pool_refuses_with_the_words_that_wallets_look_for(manual: Any, accounts: Any) -> None:
    raw = sign(accounts, manual)
    manual("eth_sendRawTransaction", raw)
    cheaper = sign(accounts, manual, value=2)

    assert manual.error("eth_sendRawTransaction", raw)["message"] == "already known"
    assert manual.error("eth_sendRawTransaction", cheaper)["message"] == (
        "replacement transaction underpriced"
    )
    manual("evm_mine")
    assert re.match(
        "nonce too low: next nonce 1, tx nonce 0",
        manual.error("eth_sendRawTransaction", cheaper)["message"],
    )


def test_contract_creation(rpc: Any, me: str) -> None:
    code = "0x602a60005260206000f3"
    init = "0x600a600c600039600a6000f3" + code[2:]

    receipt = rpc(
        "eth_getTransactionReceipt", rpc("eth_sendTransaction", {"from": me, "data": init})
    )

    assert receipt["to"] is None
    assert rpc("eth_getCode", receipt["contractAddress"]) == code
    assert rpc("eth_call", {"to": receipt["contractAddress"]}) == "0x" + "00" * 31 + "2a"


def test_a_failed_transaction_is_mined(rpc: Any, me: str, contract: Any) -> None:
    call = {"from": me, "to": contract(rpc, "echo_revert"), "gas": "0x186a0", "data": "0x1234"}

    receipt = rpc("eth_getTransactionReceipt", rpc("eth_sendTransaction", call))

    assert receipt["status"] == "0x0"
    assert receipt["logs"] == []


# Signatures, checked by an independent library.


def test_messages(rpc: Any, me: str) -> None:
    for message in (b"", b"hello", bytes(range(256))):
        signature = rpc("eth_sign", me, "0x" + message.hex())
        signable = encode_defunct(message)
        assert Account.recover_message(signable, signature=signature).lower() == me
        assert rpc("personal_sign", "0x" + message.hex(), me) == signature
    assert rpc.error("eth_sign", NOBODY, "0x")["code"] == -32000


MAIL = {
    "types": {
        "EIP712Domain": [
            {"name": "name", "type": "string"},
            {"name": "chainId", "type": "uint256"},
        ],
        "Person": [{"name": "name", "type": "string"}, {"name": "wallet", "type": "address"}],
        "Mail": [{"name": "to", "type": "Person[]"}, {"name": "contents", "type": "string"}],
    },
    "primaryType": "Mail",
    "domain": {"name": "Ether Mail", "chainId": 6133},
    "message": {"to": [{"name": "Bob", "wallet": NOBODY}], "contents": "Hello"},
}


def test_typed_data(rpc: Any, me: str) -> None:
    signature = rpc("eth_signTypedData_v4", me, MAIL)

    signable = encode_typed_data(full_message=MAIL)
    assert Account.recover_message(signable, signature=signature).lower() == me
    assert rpc("eth_signTypedData_v4", me, json.dumps(MAIL)) == signature


@pytest.mark.parametrize(
    "data",
    [
        "{}",
        "{",
        "[]",
        {},
        {**MAIL, "primaryType": "Nothing"},
        {**MAIL, "types": []},
        {**MAIL, "message": {}},
        {**MAIL, "types": {**MAIL["types"], "Mail": [{"name": "to", "type": "uint7"}]}},
    ],
)
def test_bad_typed_data(rpc: Any, me: str, data: Any) -> None:
    error = rpc.error("eth_signTypedData_v4", me, data)

    assert error["code"] == -32602
    assert error["message"].startswith("typedData")


# Fees.


def test_fee_history(rpc: Any, me: str, you: str) -> None:
    for _ in range(3):
        rpc("eth_sendTransaction", {"from": me, "to": you})

    history = rpc("eth_feeHistory", "0x2", "latest", [0, 50, 100])

    assert history["oldestBlock"] == "0x2"
    assert len(history["baseFeePerGas"]) == len(history["baseFeePerBlobGas"]) == 3
    assert len(history["gasUsedRatio"]) == len(history["blobGasUsedRatio"]) == 2
    assert [len(tips) for tips in history["reward"]] == [3, 3]
    assert history["baseFeePerGas"][-1] == rpc("eth_baseFee")
    assert "reward" not in rpc("eth_feeHistory", "0x2", "latest", [])
    assert len(rpc("eth_feeHistory", "0x400", "latest")["gasUsedRatio"]) == 4


@pytest.mark.parametrize(
    ("params", "code"),
    [
        (["0x0", "latest", []], -32602),
        (["0x1", "latest", [50, 10]], -32602),
        (["0x1", "latest", [101]], -32602),
        (["0x1", "latest", ["50"]], -32602),
        (["0x1", "latest", [True]], -32602),
        (["0x1", "0x99", []], -32000),
        ([1, "latest", []], -32602),
    ],
)
def test_bad_fee_histories(rpc: Any, params: list[Any], code: int) -> None:
    assert rpc.error("eth_feeHistory", *params)["code"] == code


def test_prices_get_a_transaction_mined(rpc: Any, me: str, you: str) -> None:
    price = rpc("eth_gasPrice")
    assert int(price, 16) == int(rpc("eth_baseFee"), 16) + int(rpc("eth_maxPriorityFeePerGas"), 16)

    tx_hash = rpc("eth_sendTransaction", {"from": me, "to": you, "gasPrice": price})

    assert rpc("eth_getTransactionReceipt", tx_hash)["effectiveGasPrice"] == price
