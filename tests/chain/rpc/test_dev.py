"""evm_, anvil_ and hardhat_ methods: what they change, and what a revert brings back."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

NOBODY = "0x" + "aa" * 20
ZERO_HASH = "0x" + "00" * 32


def head(rpc: Any) -> dict[str, Any]:
    block: dict[str, Any] = rpc("eth_getBlockByNumber", "latest", True)
    return block


def timestamp(rpc: Any) -> int:
    return int(head(rpc)["timestamp"], 16)


# Snapshots.


def test_snapshots_nest(rpc: Any, me: str, you: str) -> None:
    first = rpc("evm_snapshot")
    before = rpc("eth_getBalance", you)
    rpc("eth_sendTransaction", {"from": me, "to": you, "value": "0x1"})
    second = rpc("evm_snapshot")
    rpc("hardhat_setBalance", you, "0x5")
    rpc("evm_increaseTime", 1000)

    assert rpc("evm_revert", second) is True
    assert int(rpc("eth_getBalance", you), 16) == int(before, 16) + 1
    assert rpc("evm_revert", second) is False
    assert rpc("evm_revert", first) is True
    assert rpc("eth_getBalance", you) == before
    assert rpc("eth_blockNumber") == "0x0"
    assert rpc("evm_increaseTime", 0) == 0


def test_reset(rpc: Any, me: str, you: str) -> None:
    rpc("eth_sendTransaction", {"from": me, "to": you})
    rpc("hardhat_setBalance", you, "0x5")

    assert rpc("anvil_reset", {}) is True

    assert rpc("eth_blockNumber") == "0x0"
    assert rpc("eth_getBalance", you) == hex(10_000 * 10**18)


def test_forking_is_refused_rather_than_ignored(rpc: Any) -> None:
    for options in (
        {"forking": {"jsonRpcUrl": "https://node.example"}},
        {"jsonRpcUrl": "https://node.example"},
        [],
        "x",
    ):
        assert "forking is not offered" in rpc.error("hardhat_reset", options)["message"]


# Mining and time.


def test_mining_in_every_dialect(manual: Any) -> None:
    manual("evm_mine")
    manual("evm_mine", {"blocks": 2})
    manual("anvil_mine")
    manual("anvil_mine", "0x3")
    manual("hardhat_mine", 4)

    assert manual("eth_blockNumber") == hex(1 + 2 + 1 + 3 + 4)


def test_mining_at_a_time(manual: Any) -> None:
    manual("evm_mine", 2_000_000_000)
    assert timestamp(manual) == 2_000_000_000
    manual("evm_mine", hex(2_000_000_500))
    assert timestamp(manual) == 2_000_000_500
    manual("evm_mine", {"timestamp": 2_000_001_000, "blocks": 2})
    assert int(manual("eth_getBlockByNumber", "0x3")["timestamp"], 16) == 2_000_001_000


def test_mining_with_an_interval(manual: Any) -> None:
    manual("evm_setNextBlockTimestamp", 2_000_000_000)
    manual("anvil_mine", 3, 60)
    times = [int(manual("eth_getBlockByNumber", hex(n))["timestamp"], 16) for n in (1, 2, 3)]

    assert times == [2_000_000_000, 2_000_000_060, 2_000_000_120]


def test_time_travel(new_chain: Callable[..., Any], manual: Any) -> None:
    start = 1_900_000_000
    rpc = type(manual)(new_chain(clock=lambda: start))
    rpc("evm_mine")
    assert timestamp(rpc) == start
    assert rpc("evm_increaseTime", "0x64") == 100
    rpc("evm_mine")
    assert timestamp(rpc) == start + 100
    assert rpc("evm_setTime", start + 1000) == 1000
    rpc("evm_mine")
    assert timestamp(rpc) == start + 1000
    rpc("evm_setNextBlockTimestamp", hex(start + 5000))
    rpc("anvil_mine", 2)
    assert timestamp(rpc) == start + 5000
    rpc("anvil_setBlockTimestampInterval", 12)
    rpc("anvil_mine", 2)
    assert timestamp(rpc) == start + 5024
    assert rpc("anvil_removeBlockTimestampInterval") is True


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("evm_setNextBlockTimestamp", [1]),
        ("evm_increaseTime", [-1]),
        ("evm_increaseTime", ["soon"]),
        ("evm_increaseTime", [2**70]),
        ("evm_setTime", [2**70]),
        ("evm_mine", [1]),
        ("evm_mine", [{"timestamp": "x"}]),
        ("anvil_mine", [10**9]),
        ("anvil_setBlockTimestampInterval", [2**40]),
        ("evm_setIntervalMining", [-5]),
        ("evm_setIntervalMining", [2**60]),
        ("anvil_setIntervalMining", [float(2**60)]),
        ("evm_setBlockGasLimit", [1]),
        ("evm_setBlockGasLimit", ["0x" + "f" * 64]),
        ("hardhat_setNonce", [NOBODY, "0x1" + "0" * 16]),
        ("hardhat_setPrevRandao", ["0x" + "0" * 65]),
        ("evm_setAutomine", ["yes"]),
        ("anvil_addBalance", [NOBODY, "0x" + "f" * 65]),
    ],
)
def test_values_out_of_range(manual: Any, method: str, params: list[Any]) -> None:
    manual("evm_mine")
    before = manual("eth_blockNumber")

    assert manual.error(method, *params)["code"] == -32602
    assert manual("eth_blockNumber") == before


def test_automine(manual: Any, me: str, you: str) -> None:
    assert manual("anvil_getAutomine") is False
    tx_hash = manual("eth_sendTransaction", {"from": me, "to": you})
    assert manual("eth_getTransactionReceipt", tx_hash) is None

    manual("evm_setAutomine", True)

    assert manual("anvil_getAutomine") is True
    assert manual("eth_getTransactionReceipt", tx_hash)["status"] == "0x1"


def test_intervals_have_the_unit_of_their_name(rpc: Any) -> None:
    """Hardhat counts milliseconds, anvil seconds; clients send what their node counts."""
    for method, given, seconds in (
        ("evm_setIntervalMining", 400, 0.4),
        ("hardhat_setIntervalMining", 3000, 3.0),
        ("anvil_setIntervalMining", 2, 2.0),
        ("anvil_setIntervalMining", 0.4, 0.4),
    ):
        rpc(method, given)
        assert rpc("anvil_getIntervalMining") == seconds
        assert rpc.chain.next_block_due() <= seconds
    rpc("evm_setIntervalMining", 0)
    assert rpc("anvil_getIntervalMining") is None
    assert rpc.chain.next_block_due() is None


def test_the_next_block(rpc: Any) -> None:
    rpc("hardhat_setNextBlockBaseFeePerGas", 7)
    rpc("hardhat_setCoinbase", NOBODY)
    rpc("hardhat_setPrevRandao", "0x1234")
    rpc("evm_setBlockGasLimit", 12_000_000)
    assert rpc("eth_coinbase") == NOBODY
    assert rpc("eth_baseFee") == "0x7"
    rpc("evm_mine")

    block = head(rpc)

    assert block["baseFeePerGas"] == "0x7"
    assert block["miner"] == NOBODY
    assert block["mixHash"] == "0x" + "00" * 30 + "1234"
    assert block["gasLimit"] == hex(12_000_000)


def test_the_least_price(manual: Any, me: str, you: str) -> None:
    manual("anvil_setMinGasPrice", 10**12)

    error = manual.error("eth_sendTransaction", {"from": me, "to": you, "gasPrice": hex(10**10)})

    assert "underpriced" in error["message"]


# Accounts.


def test_edits(rpc: Any) -> None:
    rpc("hardhat_setBalance", NOBODY, "0x0de0b6b3a7640000")  # Zeros in front are fine here.
    rpc("anvil_addBalance", NOBODY, 5)
    rpc("hardhat_setNonce", NOBODY, 9)
    rpc("hardhat_setCode", NOBODY, "0x6001")
    rpc("hardhat_setStorageAt", NOBODY, "0x1", "0x2a")

    assert rpc("eth_getBalance", NOBODY) == hex(10**18 + 5)
    assert rpc("eth_getTransactionCount", NOBODY) == "0x9"
    assert rpc("eth_getCode", NOBODY) == "0x6001"
    assert rpc("eth_getStorageAt", NOBODY, "0x1") == f"0x{0x2A:064x}"


def test_tokens(rpc: Any, me: str, you: str, contract: Any) -> None:
    token = contract(rpc, "token")

    def ask(selector: str, *addresses: str) -> int:
        data = selector + "".join("00" * 12 + each[2:] for each in addresses)
        return int(rpc("eth_call", {"to": token, "data": data}), 16)

    for amount in (1000, 0, 2**256 - 1):
        rpc("anvil_dealErc20", me, token, hex(amount))
        assert ask("0x70a08231", me) == amount
        assert ask("0x70a08231", you) == 0
    rpc("anvil_setERC20Allowance", me, you, token, 7)
    assert ask("0xdd62ed3e", me, you) == 7
    assert ask("0xdd62ed3e", you, me) == 0


@pytest.mark.parametrize("name", ["context", "invalid", "store"])
def test_what_is_no_token_is_left_alone(rpc: Any, me: str, contract: Any, name: str) -> None:
    """Nor is a slot taken that is read, and does not decide."""
    address = contract(rpc, name)

    assert "no slot of the token" in rpc.error("anvil_dealErc20", me, address, 5)["message"]
    assert rpc("eth_getStorageAt", address, "0x0") == ZERO_HASH


def test_impersonation(rpc: Any, me: str) -> None:
    call = {"from": NOBODY, "to": me, "value": "0x5"}
    rpc("hardhat_setBalance", NOBODY, hex(10**18))
    assert rpc.error("eth_sendTransaction", call)["code"] == -32000

    rpc("anvil_impersonateAccount", NOBODY)
    assert NOBODY in rpc("eth_accounts")
    receipt = rpc("eth_getTransactionReceipt", rpc("eth_sendTransaction", call))
    assert (receipt["from"], receipt["status"]) == (NOBODY, "0x1")
    rpc("anvil_stopImpersonatingAccount", NOBODY)
    assert NOBODY not in rpc("eth_accounts")
    assert rpc.error("eth_sendTransaction", call)["code"] == -32000
    rpc("anvil_autoImpersonateAccount", True)
    assert rpc("eth_sendTransaction", call)
    assert rpc.error("eth_sign", NOBODY, "0x")["code"] == -32000


def test_dropping(manual: Any, me: str, you: str) -> None:
    hashes = [manual("eth_sendTransaction", {"from": me, "to": you}) for _ in range(3)]

    assert manual("anvil_dropTransaction", hashes[2]) is True
    assert manual("anvil_dropTransaction", hashes[2]) is False
    assert manual("txpool_status") == {"pending": "0x2", "queued": "0x0"}
    manual("anvil_dropAllTransactions")
    assert manual("txpool_status") == {"pending": "0x0", "queued": "0x0"}
    assert manual("eth_getTransactionByHash", hashes[0]) is None


def test_the_pool_in_words(manual: Any, me: str, you: str) -> None:
    manual(
        "eth_sendTransaction", {"from": me, "to": you, "value": "0x7", "gasPrice": hex(2 * 10**9)}
    )
    manual("eth_sendTransaction", {"from": me, "data": "0x00", "nonce": "0x5", "gas": "0x186a0"})

    told = manual("txpool_inspect")

    (pending,) = told["pending"].values()
    (queued,) = told["queued"].values()
    assert pending["0"].lower().startswith(f"{you}: 7 wei + 21000 gas")
    assert pending["0"].endswith("2000000000 wei")
    assert queued["5"].startswith("contract creation: 0 wei + 100000 gas")


def test_calls_are_told_when_asked(rpc: Any) -> None:
    rpc("eth_chainId")
    rpc("hardhat_setLoggingEnabled", True)
    rpc("eth_chainId")
    rpc("anvil_setLoggingEnabled", False)
    rpc("eth_chainId")

    assert rpc.logged == ["eth_chainId", "hardhat_setLoggingEnabled"]


# Dumps.


def test_a_dump_restores_the_state(rpc: Any, manual: Any, contract: Any) -> None:
    address = contract(rpc, "store")
    rpc("hardhat_setStorageAt", address, "0x5", "0x2a")
    rpc("hardhat_setBalance", NOBODY, 77)

    dump = rpc("anvil_dumpState")
    assert manual("eth_getBalance", NOBODY) == "0x0"
    assert manual("anvil_loadState", dump) is True

    assert manual("eth_getBalance", NOBODY) == hex(77)
    assert manual("eth_getCode", address) == rpc("eth_getCode", address)
    assert manual("eth_getStorageAt", address, "0x5") == f"0x{42:064x}"
    assert dump == rpc("anvil_dumpState"), "the same state gives the same bytes"
    accounts = json.loads(gzip.decompress(bytes.fromhex(dump[2:])))["accounts"]
    assert accounts[NOBODY]["balance"] == hex(77)


def test_a_dump_may_come_unpacked(rpc: Any) -> None:
    state = {"accounts": {NOBODY: {"nonce": 1, "balance": "0x5", "code": "0x", "storage": {}}}}

    rpc("anvil_loadState", "0x" + json.dumps(state).encode().hex())

    assert rpc("eth_getBalance", NOBODY) == "0x5"


PACKED = gzip.compress(b'{"accounts": {}}')
BAD_DUMPS = [
    ("0x", "no JSON"),
    ("0x1f8b", "state:"),
    ("0x" + PACKED[:-9].hex(), "cut short"),
    ("0x" + (PACKED[:12] + b"\xff\xff" + PACKED[14:]).hex(), "state:"),
    ("0x" + gzip.compress(b"[]").hex(), "no JSON object"),
    ("0x" + gzip.compress(b"{}").hex(), "no 'accounts'"),
    ("0x" + gzip.compress(b'{"accounts": {"0x1": {}}}').hex(), "account 0x1"),
    ("0x" + gzip.compress(b'{"accounts": []}').hex(), "no 'accounts'"),
    ("text", "without 0x prefix"),
]


@pytest.mark.parametrize(("dump", "message"), BAD_DUMPS)
def test_bad_dumps(rpc: Any, dump: str, message: str) -> None:
    error = rpc.error("anvil_loadState", dump)

    assert error["code"] == -32602
    assert message in error["message"]


def test_a_dump_that_unpacks_to_too_much(rpc: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chain.rpc.dev_state.DUMP_BYTES_MAX", 1000)

    error = rpc.error("anvil_loadState", "0x" + gzip.compress(b" " * 2000).hex())

    assert "larger than 1000 bytes" in error["message"]
