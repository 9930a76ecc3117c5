"""Log queries and filters: ranges, topics, polling, expiry, limits, reverts."""

from typing import Any

import pytest

from chain.rpc.errors import RpcError
from chain.rpc.filters import EXPIRY_SECONDS, Filters
from chain.rpc.parameters import LogFilter

SEVEN = "0x" + "00" * 31 + "07"
OTHER = "0x" + "11" * 32
NOBODY = "0x" + "aa" * 20


@pytest.fixture
def logged(rpc: Any, me: str, contract: Any) -> tuple[Any, str]:
    """Blocks 1 to 3 with one log each, and block 4 without."""
    address = contract(rpc, "store")
    for value in range(3):
        rpc("eth_sendTransaction", {"from": me, "to": address, "data": f"0x{value:064x}"})
    rpc("evm_mine")
    return rpc, address


def numbers(logs: list[dict[str, Any]]) -> list[int]:
    return [int(log["blockNumber"], 16) for log in logs]


RANGES = [
    ({}, []),
    ({"fromBlock": "earliest"}, [1, 2, 3]),
    ({"fromBlock": "0x0", "toBlock": "latest"}, [1, 2, 3]),
    ({"fromBlock": "0x2"}, [2, 3]),
    ({"fromBlock": "0x2", "toBlock": "0x2"}, [2]),
    ({"fromBlock": "0x4"}, []),
    ({"fromBlock": "0x0", "toBlock": "0x0"}, []),
    ({"fromBlock": "0x0", "toBlock": "pending"}, [1, 2, 3]),
    ({"fromBlock": "earliest", "toBlock": "finalized"}, [1, 2]),
    ({"fromBlock": None, "toBlock": None, "address": None, "topics": None}, []),
]


@pytest.mark.parametrize(("wanted", "expected"), RANGES)
def test_ranges(logged: Any, wanted: dict[str, Any], expected: list[int]) -> None:
    assert numbers(logged[0]("eth_getLogs", wanted)) == expected


def test_by_block_hash(logged: Any) -> None:
    rpc, _ = logged
    block = rpc("eth_getBlockByNumber", "0x2")

    (log,) = rpc("eth_getLogs", {"blockHash": block["hash"]})

    assert log["blockHash"] == block["hash"]
    assert log["transactionHash"] == block["transactions"][0]
    assert log["blockTimestamp"] == block["timestamp"]
    assert rpc("eth_getLogs", {"blockHash": block["hash"], "topics": [OTHER]}) == []


TOPICS = [
    ([], 3),
    ([SEVEN], 3),
    ([OTHER], 0),
    ([None], 3),
    ([[]], 3),
    ([[OTHER, SEVEN]], 3),
    ([[OTHER, None]], 3),
    ([[OTHER]], 0),
    ([SEVEN, None], 0),
]


@pytest.mark.parametrize(("topics", "count"), TOPICS)
def test_topics(logged: Any, topics: list[Any], count: int) -> None:
    rpc, _ = logged

    assert len(rpc("eth_getLogs", {"fromBlock": "0x0", "topics": topics})) == count


def test_addresses(logged: Any) -> None:
    rpc, address = logged
    for wanted, count in (
        (address, 3),
        ([address, NOBODY], 3),
        (NOBODY, 0),
        ([NOBODY], 0),
        ([], 3),
    ):
        assert len(rpc("eth_getLogs", {"fromBlock": "0x0", "address": wanted})) == count, wanted


REFUSED = [
    ({"fromBlock": "0x1", "toBlock": "0x99"}, -32602, "block range extends beyond current head"),
    ({"fromBlock": "0x98", "toBlock": "0x99"}, -32602, "block range extends beyond current head"),
    ({"fromBlock": "0x98", "toBlock": "latest"}, -32602, "invalid block range params"),
    ({"fromBlock": "0x98"}, -32602, "invalid block range params"),
    ({"fromBlock": "0x3", "toBlock": "0x2"}, -32602, "invalid block range params"),
    ({"blockHash": OTHER, "fromBlock": "0x1"}, -32602, "cannot specify both"),
    ({"blockHash": OTHER}, -32001, "unknown block"),
    ({"blockHash": "0x1"}, -32602, "filter.blockHash"),
    ({"fromBlock": 1}, -32602, "filter.fromBlock"),
    ({"toBlock": "soon"}, -32602, "filter.toBlock"),
    ({"address": "0x1"}, -32602, "filter.address"),
    ({"address": {}}, -32602, "filter.address: expected an address or an array of them"),
    ({"address": [NOBODY, "0x1"]}, -32602, "filter.address[1]"),
    ({"address": [NOBODY] * 1001}, -32602, "at most 1000"),
    ({"topics": SEVEN}, -32602, "filter.topics: expected an array"),
    ({"topics": ["0x07"]}, -32602, "filter.topics[0]: expected 32 bytes, got 1"),
    ({"topics": [[SEVEN, "0x07"]]}, -32602, "filter.topics[0][1]"),
    ({"topics": [None] * 5}, -32602, "at most 4"),
    ([], -32602, "filter: expected an object"),
]


@pytest.mark.parametrize(("wanted", "code", "message"), REFUSED)
def test_bad_queries(logged: Any, wanted: Any, code: int, message: str) -> None:
    error = logged[0].error("eth_getLogs", wanted)

    assert error["code"] == code
    assert message in error["message"]


# Filters.


def test_a_log_filter(rpc: Any, me: str, contract: Any, conforms: Any) -> None:
    address = contract(rpc, "store")
    call = {"from": me, "to": address, "data": SEVEN}
    rpc("eth_sendTransaction", call)
    mine = rpc("eth_newFilter", {"address": address, "fromBlock": "0x0"})
    other = rpc("eth_newFilter", {"address": NOBODY})
    assert rpc("eth_getFilterChanges", mine) == []
    rpc("eth_sendTransaction", call)
    rpc("eth_sendTransaction", call)

    changes = rpc("eth_getFilterChanges", mine)

    conforms(["LOG"], changes)
    assert numbers(changes) == [2, 3]
    assert rpc("eth_getFilterChanges", mine) == []
    assert rpc("eth_getFilterChanges", other) == []
    assert numbers(rpc("eth_getFilterLogs", mine)) == [1, 2, 3]
    assert rpc("eth_getFilterLogs", other) == []


def test_a_range_bounds_a_filter(rpc: Any, me: str, contract: Any) -> None:
    call = {"from": me, "to": contract(rpc, "store"), "data": SEVEN}
    bounded = rpc("eth_newFilter", {"fromBlock": "0x2", "toBlock": "0x3"})
    assert rpc("eth_getFilterLogs", bounded) == []
    for _ in range(4):
        rpc("eth_sendTransaction", call)

    assert numbers(rpc("eth_getFilterChanges", bounded)) == [2, 3]
    assert numbers(rpc("eth_getFilterLogs", bounded)) == [2, 3]


def test_a_revert_takes_logs_back(rpc: Any, me: str, contract: Any) -> None:
    call = {"from": me, "to": contract(rpc, "store"), "data": SEVEN}
    snapshot = rpc("evm_snapshot")
    filter_id = rpc("eth_newFilter", {})
    rpc("eth_sendTransaction", call)
    rpc("evm_revert", snapshot)

    changes = rpc("eth_getFilterChanges", filter_id)

    assert [log["removed"] for log in changes] == [False, True]
    assert changes[0] | {"removed": True} == changes[1]


def test_block_and_pending_filters(manual: Any, me: str, you: str) -> None:
    blocks = manual("eth_newBlockFilter")
    pending = manual("eth_newPendingTransactionFilter")
    tx_hash = manual("eth_sendTransaction", {"from": me, "to": you})
    manual("anvil_mine", 2)
    hashes = [manual("eth_getBlockByNumber", each)["hash"] for each in ("0x1", "0x2")]

    assert manual("eth_getFilterChanges", blocks) == hashes
    assert manual("eth_getFilterChanges", pending) == [tx_hash]
    assert manual("eth_getFilterChanges", blocks) == []
    assert manual.error("eth_getFilterLogs", blocks)["code"] == -32000


def test_uninstall(rpc: Any) -> None:
    filter_id = rpc("eth_newBlockFilter")

    assert rpc("eth_uninstallFilter", filter_id) is True
    assert rpc("eth_uninstallFilter", filter_id) is False
    for method in ("eth_getFilterChanges", "eth_getFilterLogs"):
        assert rpc.error(method, filter_id) == {"code": -32000, "message": "filter not found"}


@pytest.mark.parametrize(
    "wanted", [{"blockHash": OTHER}, {"fromBlock": "0x3", "toBlock": "0x2"}, {"address": 1}]
)
def test_bad_filters(rpc: Any, wanted: dict[str, Any]) -> None:
    assert rpc.error("eth_newFilter", wanted)["code"] == -32602


def test_unused_filters_expire() -> None:
    now = [0.0]
    filters = Filters(clock=lambda: now[0])
    kept, lost = filters.install(LogFilter()), filters.install(LogFilter())
    now[0] = EXPIRY_SECONDS - 1
    filters.take(kept)
    now[0] = EXPIRY_SECONDS + 1

    assert filters.take(kept) == []
    with pytest.raises(RpcError, match="filter not found"):
        filters.take(lost)


def test_filters_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chain.rpc.filters.FILTERS_MAX", 2)
    filters = Filters()
    filters.install(LogFilter())
    filters.install(LogFilter())

    with pytest.raises(RpcError, match="2 filters are installed already") as caught:
        filters.install(LogFilter())
    assert caught.value.code == -32005


def test_changes_are_bounded(rpc: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that never comes back costs a fixed amount; it loses the oldest."""
    monkeypatch.setattr("chain.rpc.filters.CHANGES_MAX", 3)
    filter_id = rpc("eth_newBlockFilter")
    rpc("anvil_mine", 5)
    last = [rpc("eth_getBlockByNumber", hex(number))["hash"] for number in (3, 4, 5)]

    assert rpc("eth_getFilterChanges", filter_id) == last
