"""A client without a socket, contracts small enough to read, and the shapes of answers."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chain.accounts import DevAccount
from chain.local_chain import LocalChain
from chain.rpc.dispatch import Dispatcher
from chain.rpc.filters import Filters
from chain.rpc.method import CallLog, Node
from chain.rpc.methods import TABLE

VECTORS = Path(__file__).parent / "vectors"

# Runtime codes at fixed addresses.
CODES = {
    # Stores calldata word 0 at slot 0, logs it with topic 7, returns 42.
    "store": (
        "0x0000000000000000000000000000000000000c01",
        "0x60003580600055600052600760206000a1602a60005260206000f3",
    ),
    # Reverts with the calldata as payload.
    "echo_revert": ("0x0000000000000000000000000000000000000c02", "0x366000600037366000fd"),
    # Answers any question with the word at the slot keccak256(calldata word 1 | word 2).
    "token": (
        "0x0000000000000000000000000000000000000c05",
        "0x6040600460003760406000205460005260206000f3",
    ),
    # Runs an undefined opcode.
    "invalid": ("0x0000000000000000000000000000000000000c03", "0xfe"),
    # Returns CALLER, NUMBER, TIMESTAMP, SLOAD(0).
    "context": (
        "0x0000000000000000000000000000000000000c04",
        "0x33600052436020524260405260005460605260806000f3",
    ),
}


class Client:
    """Calls methods of a chain in process."""

    def __init__(self, chain: LocalChain) -> None:
        self.chain = chain
        self.filters = Filters()
        chain.listen(self.filters.notice)
        self.logged: list[str] = []
        self.node = Node(
            chain=chain,
            filters=self.filters,
            instance=bytes(32),
            call_log=CallLog(write=self.logged.append),
        )
        self.dispatcher = Dispatcher(TABLE)

    def raw(self, body: bytes) -> Any:
        answer = self.dispatcher.answer(body, self.node)
        return json.loads(answer) if answer else None

    def respond(self, method: str, *params: Any) -> dict[str, Any]:
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        response: dict[str, Any] = self.raw(json.dumps(call).encode())
        assert response["jsonrpc"] == "2.0"
        assert response["id"] == 1
        assert ("result" in response) != ("error" in response)
        return response

    def __call__(self, method: str, *params: Any) -> Any:
        """Return the result; an error fails the test."""
        response = self.respond(method, *params)
        assert "error" not in response, response["error"]
        return response["result"]

    def error(self, method: str, *params: Any) -> dict[str, Any]:
        """Return the error; a result fails the test."""
        response = self.respond(method, *params)
        assert "result" not in response, response["result"]
        error: dict[str, Any] = response["error"]
        return error


@pytest.fixture
def client_of() -> Callable[[LocalChain], Client]:
    """Make a client of a chain that the test makes."""
    return Client


@pytest.fixture
def rpc(chain: LocalChain) -> Client:
    """A client of a chain that mines each transaction as it comes."""
    return Client(chain)


@pytest.fixture
def manual(new_chain: Callable[..., LocalChain]) -> Client:
    """A client of a chain that mines when it is told to."""
    return Client(new_chain(mining="manual"))


@pytest.fixture
def me(accounts: tuple[DevAccount, ...]) -> str:
    """The first development account."""
    return "0x" + accounts[0].address.hex()


@pytest.fixture
def you(accounts: tuple[DevAccount, ...]) -> str:
    """The second development account."""
    return "0x" + accounts[1].address.hex()


@pytest.fixture
def contract() -> Callable[[Client, str], str]:
    """Put one of the small contracts in place; return its address."""

    def place(rpc: Client, name: str) -> str:
        address, code = CODES[name]
        rpc("anvil_setCode", address, code)
        return address

    return place


@pytest.fixture(scope="session")
def vector() -> Callable[[str], Any]:
    """Read a recorded answer."""
    return lambda name: json.loads((VECTORS / f"{name}.json").read_text("utf-8"))


# Shapes: a pattern for strings, a type, a list of one shape, a dictionary whose optional keys end
# with "?", or a tuple of alternatives. No key but those named may be there.

QUANTITY = re.compile(r"0x(0|[1-9a-f][0-9a-f]*)")
DATA = re.compile(r"0x([0-9a-f]{2})*")
ADDRESS = re.compile(r"0x[0-9a-f]{40}")
HASH = re.compile(r"0x[0-9a-f]{64}")
ANY_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
BLOOM = re.compile(r"0x[0-9a-f]{512}")

ACCESS_LIST = [{"address": ADDRESS, "storageKeys": [HASH]}]
AUTHORIZATION = {
    **dict.fromkeys(("chainId", "nonce", "r", "s", "yParity"), QUANTITY),
    "address": ADDRESS,
}
UNSIGNED = {
    **dict.fromkeys(("type", "nonce", "gas", "value", "gasPrice"), QUANTITY),
    **dict.fromkeys(("chainId?", "maxFeePerGas?", "maxPriorityFeePerGas?"), QUANTITY),
    "maxFeePerBlobGas?": QUANTITY,
    "to": (ADDRESS, None),
    "input": DATA,
    "accessList?": ACCESS_LIST,
    "blobVersionedHashes?": [HASH],
    "authorizationList?": [AUTHORIZATION],
}
SIGNED = {**UNSIGNED, **dict.fromkeys(("v", "r", "s", "yParity?"), QUANTITY)}
TRANSACTION = {
    **SIGNED,
    "blockHash": (HASH, None),
    "blockNumber": (QUANTITY, None),
    "blockTimestamp": (QUANTITY, None),
    "from": ADDRESS,
    "hash": HASH,
    "transactionIndex": (QUANTITY, None),
}
HEADER = {
    **dict.fromkeys(("number", "gasLimit", "gasUsed", "timestamp", "difficulty"), QUANTITY),
    **dict.fromkeys(("baseFeePerGas?", "blobGasUsed?", "excessBlobGas?"), QUANTITY),
    **dict.fromkeys(("hash", "parentHash", "sha3Uncles", "stateRoot", "mixHash"), HASH),
    **dict.fromkeys(("transactionsRoot", "receiptsRoot", "withdrawalsRoot?"), HASH),
    **dict.fromkeys(("parentBeaconBlockRoot?", "requestsHash?"), HASH),
    "miner": ADDRESS,
    "logsBloom": BLOOM,
    "extraData": DATA,
    "nonce": re.compile("0x[0-9a-f]{16}"),
}
BLOCK = {
    **HEADER,
    "size": QUANTITY,
    "uncles": [HASH],
    "transactions": ([HASH], [TRANSACTION]),
    "withdrawals?": [
        {**dict.fromkeys(("index", "validatorIndex", "amount"), QUANTITY), "address": ADDRESS}
    ],
}
LOG = {
    **dict.fromkeys(("logIndex", "transactionIndex", "blockNumber", "blockTimestamp"), QUANTITY),
    **dict.fromkeys(("transactionHash", "blockHash"), HASH),
    "removed": bool,
    "address": ADDRESS,
    "data": DATA,
    "topics": [HASH],
}
RECEIPT = {
    **dict.fromkeys(("type", "transactionIndex", "blockNumber", "cumulativeGasUsed"), QUANTITY),
    **dict.fromkeys(("gasUsed", "effectiveGasPrice", "status?"), QUANTITY),
    **dict.fromkeys(("blobGasUsed?", "blobGasPrice?"), QUANTITY),
    **dict.fromkeys(("transactionHash", "blockHash", "root?"), HASH),
    "from": ADDRESS,
    "to": (ADDRESS, None),
    "contractAddress": (ADDRESS, None),
    "logs": [LOG],
    "logsBloom": BLOOM,
}
PROOF = {
    "address": ADDRESS,
    "accountProof": [DATA],
    **dict.fromkeys(("balance", "nonce"), QUANTITY),
    **dict.fromkeys(("codeHash", "storageHash"), HASH),
    "storageProof": [{"key": re.compile("0x[0-9a-f]{1,64}"), "value": QUANTITY, "proof": [DATA]}],
}
SHAPES = {
    "SIGNED_WITH_HASH": {**SIGNED, "hash": HASH},
    **{name: globals()[name] for name in ("QUANTITY", "DATA", "ADDRESS", "HASH", "ANY_ADDRESS")},
    **{name: globals()[name] for name in ("SIGNED", "UNSIGNED", "TRANSACTION", "HEADER", "BLOCK")},
    **{name: globals()[name] for name in ("LOG", "RECEIPT", "PROOF", "ACCESS_LIST")},
}


def mismatch(shape: Any, value: Any, path: str = "result") -> str | None:
    """Return where a value differs from a shape, or None."""
    if isinstance(shape, str):
        shape = SHAPES.get(shape, shape)
    if isinstance(shape, tuple):
        found = [mismatch(each, value, path) for each in shape]
        return None if None in found else found[0]
    if isinstance(shape, re.Pattern):
        matched = isinstance(value, str) and shape.fullmatch(value)
        return None if matched else f"{path}: {value!r} is not {shape.pattern}"
    if isinstance(shape, list):
        if not isinstance(value, list):
            return f"{path}: {value!r} is no array"
        parts = (mismatch(shape[0], each, f"{path}[{i}]") for i, each in enumerate(value))
        return next(filter(None, parts), None)
    if isinstance(shape, dict):
        return _mismatch_object(shape, value, path)
    if isinstance(shape, type):
        return None if type(value) is shape else f"{path}: {value!r} is no {shape.__name__}"
    return None if value == shape else f"{path}: {value!r} is not {shape!r}"


def _mismatch_object(shape: dict[Any, Any], value: Any, path: str) -> str | None:
    if not isinstance(value, dict):
        return f"{path}: {value!r} is no object"
    for key, inner in shape.items():
        if isinstance(key, re.Pattern):
            for name, entry in value.items():
                if not key.fullmatch(name):
                    return f"{path}: key {name!r} is not {key.pattern}"
                if found := mismatch(inner, entry, f"{path}.{name}"):
                    return found
            return None
        name = key.removesuffix("?")
        if name not in value:
            if not key.endswith("?"):
                return f"{path}.{name}: missing"
        elif found := mismatch(inner, value[name], f"{path}.{name}"):
            return found
    extra = set(value) - {key.removesuffix("?") for key in shape}
    return f"{path}: has {sorted(extra)}, which no specification names" if extra else None


@pytest.fixture(scope="session")
def conforms() -> Callable[[Any, Any], None]:
    """Fail a test whose value does not have a shape, and say where."""

    def check(shape: Any, value: Any) -> None:
        assert mismatch(shape, value) is None

    return check
