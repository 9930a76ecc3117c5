"""Whatever bytes come, one JSON-RPC answer goes: no crash, no hang, no bug of ours behind it.

The chain is made once; every example may change it, which is part of the trial.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.accounts import dev_accounts
from chain.genesis import pars_genesis
from chain.local_chain import LocalChain
from chain.rpc.dispatch import Dispatcher
from chain.rpc.filters import Filters
from chain.rpc.method import REQUIRED, CallLog, Node
from chain.rpc.methods import METHODS, TABLE
from chain.rpc.subscriptions import Session

Ask = Callable[[bytes], Any]

# What mines for long by request, or empties what the other examples build on.
SLOW = {"hardhat_mine", "anvil_mine", "evm_mine", "anvil_dumpState", "hardhat_reset"}


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    accounts = dev_accounts(count=3)
    genesis = pars_genesis(accounts=[account.address for account in accounts])
    chain = LocalChain.open(genesis, accounts=accounts, gas_cap=200_000, loud=True)
    chain.set_code(bytes(19) + b"\x99", bytes.fromhex("366000600037366000a0"))
    filters = Filters()
    chain.listen(filters.notice)
    node = Node(
        chain=chain,
        filters=filters,
        instance=bytes(32),
        call_log=CallLog(write=lambda _: None),
        session=Session(lambda _: None),
    )
    dispatcher = Dispatcher(TABLE)

    def send(body: bytes) -> Any:
        answer = dispatcher.answer(body, node)
        return json.loads(answer) if answer else None

    yield send
    chain.close()


def check(response: Any) -> None:
    """Fail unless this is a response, and one that is not our fault."""
    assert isinstance(response, dict)
    assert response["jsonrpc"] == "2.0"
    assert "id" in response
    assert ("result" in response) != ("error" in response)
    if "error" in response:
        error = response["error"]
        assert isinstance(error["code"], int)
        assert isinstance(error["message"], str)
        # eth_simulateV1 has this code for what a block cannot hold, too, as geth has.
        assert error["code"] != -32603 or error["message"].startswith("err: "), error


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.binary(max_size=40).map(lambda data: "0x" + data.hex()),
    st.integers(0, 2**260).map(hex),
    st.sampled_from(["latest", "pending", "earliest", "0x", "0x0", "0x00", "newHeads", "logs"]),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)

ADDRESSES = st.sampled_from(
    ["0x" + account.address.hex() for account in dev_accounts(count=3)]
    + ["0x" + "00" * 19 + f"{last:02x}" for last in (0x00, 0x01, 0x05, 0x0A, 0x11, 0x99)]
    + ["0x" + "00" * 18 + last for last in ("0500", "0501", "0801", "0901")]
)
HASHES = st.binary(min_size=32, max_size=32).map(lambda data: "0x" + data.hex())
DATA = st.binary(max_size=80).map(lambda data: "0x" + data.hex())
QUANTITIES = st.one_of(st.integers(0, 40), st.integers(0, 2**256 - 1)).map(hex)
GAS = st.integers(0, 300_000).map(hex)
BLOCKS = st.one_of(
    st.sampled_from(["latest", "earliest", "pending", "safe", "finalized"]),
    st.integers(0, 10).map(hex),
    HASHES,
    st.fixed_dictionaries({"blockHash": HASHES}, optional={"requireCanonical": st.booleans()}),
    st.fixed_dictionaries({"blockNumber": st.integers(0, 10).map(hex)}),
)
ACCESS = st.lists(
    st.fixed_dictionaries({"address": ADDRESSES, "storageKeys": st.lists(HASHES, max_size=2)}),
    max_size=2,
)
AUTHORIZATION = st.fixed_dictionaries(
    {"address": ADDRESSES, **dict.fromkeys(("chainId", "nonce", "yParity", "r", "s"), QUANTITIES)}
)
CALLS = st.fixed_dictionaries(
    {},
    optional={
        "from": ADDRESSES,
        "to": ADDRESSES | st.none(),
        "gas": GAS,
        **dict.fromkeys(("value", "gasPrice", "maxFeePerGas", "maxPriorityFeePerGas"), QUANTITIES),
        **dict.fromkeys(("nonce", "maxFeePerBlobGas", "type", "chainId"), QUANTITIES),
        "input": DATA,
        "accessList": ACCESS,
        "blobVersionedHashes": st.lists(HASHES, max_size=2),
        "authorizationList": st.lists(AUTHORIZATION, max_size=2),
    },
)
STATE_OVERRIDES = st.dictionaries(
    ADDRESSES,
    st.fixed_dictionaries(
        {},
        optional={
            **dict.fromkeys(("balance", "nonce"), QUANTITIES),
            "code": DATA,
            **dict.fromkeys(("state", "stateDiff"), st.dictionaries(HASHES, HASHES, max_size=2)),
            "movePrecompileToAddress": ADDRESSES,
        },
    ),
    max_size=2,
)
BLOCK_OVERRIDES = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("number", "time", "gasLimit", "baseFeePerGas"), QUANTITIES),
        "blobBaseFee": QUANTITIES,
        "feeRecipient": ADDRESSES,
        "prevRandao": HASHES,
    },
)
TRACE_OPTIONS = st.fixed_dictionaries(
    {},
    optional={
        "tracer": st.sampled_from(
            ["callTracer", "prestateTracer", "4byteTracer", "flatCallTracer", "muxTracer", "x"]
        ),
        "tracerConfig": st.dictionaries(
            st.sampled_from(["withLog", "diffMode", "onlyTopCall", "callTracer"]),
            st.booleans() | st.just({}),
            max_size=2,
        ),
        "limit": st.integers(0, 10),
        "enableMemory": st.booleans(),
    },
)
TOPICS = st.lists(st.none() | HASHES | st.lists(HASHES, max_size=2), max_size=5)
LOG_FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "fromBlock": BLOCKS,
        "toBlock": BLOCKS,
        "blockHash": HASHES,
        "address": ADDRESSES | st.lists(ADDRESSES, max_size=2),
        "topics": TOPICS,
    },
)

SIMULATED_BLOCKS = st.fixed_dictionaries(
    {},
    optional={
        "blockOverrides": BLOCK_OVERRIDES,
        "stateOverrides": STATE_OVERRIDES,
        "calls": st.lists(CALLS, max_size=3),
    },
)
SIMULATIONS = st.fixed_dictionaries(
    {"blockStateCalls": st.lists(SIMULATED_BLOCKS, max_size=3)},
    optional=dict.fromkeys(
        ("traceTransfers", "validation", "returnFullTransactions"), st.booleans()
    ),
)

# One strategy for each kind of parameter. A kind that is not here gets any JSON.
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "address": ADDRESSES,
    "hash": HASHES,
    "data": DATA,
    "quantity": QUANTITIES,
    "number": QUANTITIES | st.integers(0, 2**70),
    "seconds": st.floats(0, 1e10) | st.integers(0, 100),
    "storage key": HASHES | QUANTITIES,
    "array of storage keys": st.lists(HASHES, max_size=3),
    "boolean": st.booleans(),
    "number or tag": BLOCKS,
    "number, tag or hash": BLOCKS,
    "transaction": CALLS,
    "state overrides": STATE_OVERRIDES,
    "block overrides": BLOCK_OVERRIDES,
    "trace options": TRACE_OPTIONS,
    "trace options with overrides": TRACE_OPTIONS,
    "log filter": LOG_FILTERS,
    "simulation": SIMULATIONS,
    "log filter or boolean": LOG_FILTERS | st.booleans(),
    "array of numbers": st.lists(st.floats(0, 100), max_size=3).map(sorted),
    "storage keys by address": st.dictionaries(ADDRESSES, st.lists(HASHES, max_size=2), max_size=2),
}


@st.composite
def plausible_calls(draw: st.DrawFn) -> dict[str, Any]:
    """Return a call whose parameters are of the right kinds, or nearly."""
    method = draw(st.sampled_from([each for each in METHODS if each.name not in SLOW]))
    count = draw(st.integers(0, len(method.params)))
    required = sum(param.default is REQUIRED for param in method.params)
    params = [
        draw(KINDS.get(param.kind.label, JSON)) for param in method.params[: max(count, required)]
    ]
    return {"jsonrpc": "2.0", "id": 1, "method": method.name, "params": params}


@given(st.binary(max_size=200))
@settings(max_examples=300)
def test_any_bytes(ask: Ask, body: bytes) -> None:
    response = ask(body)

    assert response is not None
    for each in response if isinstance(response, list) else [response]:
        check(each)


@given(JSON)
@settings(max_examples=300)
def test_any_json(ask: Ask, message: Any) -> None:
    response = ask(json.dumps(message).encode("utf-8", "surrogatepass"))

    for each in response if isinstance(response, list) else [response]:
        check(each)


@given(st.sampled_from([each for each in TABLE if each not in SLOW]), st.lists(JSON, max_size=5))
@settings(max_examples=1200)
def test_any_parameters(ask: Ask, method: str, params: list[Any]) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}

    check(ask(json.dumps(call).encode("utf-8", "surrogatepass")))


@given(plausible_calls())
@settings(max_examples=1500)
def test_plausible_parameters(ask: Ask, call: dict[str, Any]) -> None:
    check(ask(json.dumps(call).encode()))


@given(plausible_calls(), st.data())
@settings(max_examples=600)
def test_damaged_calls(ask: Ask, call: dict[str, Any], data: st.DataObject) -> None:
    """Bytes of a good call exchanged, cut out or doubled."""
    body = bytearray(json.dumps(call).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(body) - 1))
        end = position + data.draw(st.integers(0, 6))
        body[position:end] = data.draw(
            st.binary(max_size=3) | st.just(bytes(body[position:end]) * 2)
        )
    response = ask(bytes(body))

    if response is not None:  # Without its id it is a notification.
        for each in response if isinstance(response, list) else [response]:
            check(each)


@given(st.lists(plausible_calls() | JSON, min_size=1, max_size=6))
@settings(max_examples=150)
def test_batches(ask: Ask, batch: list[Any]) -> None:
    response = ask(json.dumps(batch).encode("utf-8", "surrogatepass"))

    if isinstance(response, dict):
        check(response)
    for each in response if isinstance(response, list) else ():
        check(each)


@pytest.mark.campaign
@given(plausible_calls())
@settings(max_examples=100_000)
def test_plausible_parameters_at_length(ask: Ask, call: dict[str, Any]) -> None:
    check(ask(json.dumps(call).encode()))
