"""A chain as the bridge sees it: any node that speaks JSON-RPC. The only file that knows web3.

web3 encodes calls, signs transactions and hashes. Answers of the node are read here, strictly:
whatever it sends, the outcome is a value of the declared type or an error that names the method.
"""

import json
import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from node.codec import read_json

from .errors import NodeError, RefusedError, WrongChainError
from .transport import Transport

with warnings.catch_warnings():
    # It imports a module of websockets that warns of itself, and that nothing here uses.
    warnings.filterwarnings("ignore", "websockets.legacy", DeprecationWarning)
    from web3 import Account, Web3

BATCH = 50
"""Calls in one message: nodes bound it, by 100 at least among those in use."""
FINALITY_DEPTH = 64
"""Of blocks that count as final where a node does not know the tag."""
ERROR_SELECTOR = bytes.fromhex("08c379a0")  # Error(string)
PANIC_SELECTOR = bytes.fromhex("4e487b71")  # Panic(uint256)
REASON_LENGTH_MAX = 200
_QUANTITY = re.compile("0x[0-9a-fA-F]{1,64}")
_DATA = re.compile("0x(?:[0-9a-fA-F]{2})*")
_KNOWN = ("already known", "already imported", "known transaction")


@dataclass(frozen=True, slots=True)
class Block:
    """What the bridge wants to know of a block."""

    number: int
    hash: bytes
    parent: bytes
    time: int
    base_fee: int
    gas_limit: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a transaction."""

    block_number: int
    block_hash: bytes
    succeeded: bool
    gas_used: int
    price: int
    """In wei for one gas."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsigned:
    """A transaction of type 2, but for the signature."""

    nonce: int
    to: bytes
    data: bytes
    value: int
    gas: int
    fee: int
    tip: int


class Contract:
    """A contract's address and its ABI."""

    def __init__(self, name: str, address: bytes, abi: Sequence[Mapping[str, Any]]) -> None:
        self.name = name
        self.address = address
        self._functions = {each["name"]: each for each in abi if each["type"] == "function"}
        made: Any = Web3().eth.contract(address=checksum(address), abi=list(abi))
        self._contract = made

    def data(self, function: str, *arguments: Any) -> bytes:
        """Return the call data of a function."""
        return bytes.fromhex(self._contract.encode_abi(function, args=arguments)[2:])

    def output(self, function: str, data: bytes) -> Any:
        """Read what a function returned: one value, or a tuple of several."""
        types = [type_of(each) for each in self._functions[function]["outputs"]]
        try:
            values = _CODEC.decode(types, data)
        except Exception:  # web3's codec raises a dozen kinds on bytes from outside
            raise NodeError(f"node: {self.name}.{function} answers what it cannot") from None
        return values[0] if len(values) == 1 else values


class Signer:
    """The account that pays for transactions."""

    def __init__(self, key: bytes) -> None:
        self._account: Any = Account.from_key(key)
        self.address = bytes.fromhex(self._account.address[2:])

    def sign(self, chain_id: int, unsigned: Unsigned) -> tuple[bytes, bytes]:
        """Return the transaction as it goes out, and its hash. The same twice for the same."""
        signed = self._account.sign_transaction(
            {
                "type": 2,
                "chainId": chain_id,
                "nonce": unsigned.nonce,
                "to": checksum(unsigned.to),
                "data": unsigned.data,
                "value": unsigned.value,
                "gas": unsigned.gas,
                "maxFeePerGas": unsigned.fee,
                "maxPriorityFeePerGas": unsigned.tip,
            }
        )
        return bytes(signed.raw_transaction), bytes(signed.hash)


class ChainClient:
    """One node."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._id = 0
        self._knows_finalized = True

    # --- Blocks -----------------------------------------------------------------------------

    def chain_id(self) -> int:
        """Return the chain's id."""
        return number_of("eth_chainId", self.ask("eth_chainId"))

    def head(self) -> Block:
        """Return the newest block."""
        block = self._block("latest")
        if block is None:
            raise NodeError("node: eth_getBlockByNumber: there is no newest block")
        return block

    def block(self, number: int) -> Block | None:
        """Return the block of a number on the chain as it is now."""
        return self._block(hex(number))

    def finalized(self, head: Block) -> int:
        """Return the number up to which blocks are final."""
        if self._knows_finalized:
            try:
                block = self._block("finalized")
                return min(block.number, head.number) if block is not None else 0
            except RefusedError:
                self._knows_finalized = False
        return max(head.number - FINALITY_DEPTH, 0)

    def _block(self, which: str) -> Block | None:
        method = "eth_getBlockByNumber"
        answer = self.ask(method, which, False)
        if answer is None:
            return None
        fields = object_of(method, answer)
        return Block(
            number=number_of(method, fields.get("number")),
            hash=bytes_of(method, fields.get("hash"), 32),
            parent=bytes_of(method, fields.get("parentHash"), 32),
            time=number_of(method, fields.get("timestamp")),
            base_fee=number_of(method, fields.get("baseFeePerGas", "0x0")),
            gas_limit=number_of(method, fields.get("gasLimit")),
        )

    # --- State ------------------------------------------------------------------------------

    def code(self, address: bytes) -> bytes:
        """Return what stands at an address."""
        return bytes_of("eth_getCode", self.ask("eth_getCode", hexed(address), "latest"))

    def nonce(self, address: bytes, block: int) -> int:
        """Return how many transactions an account has had up to a block."""
        method = "eth_getTransactionCount"
        return number_of(method, self.ask(method, hexed(address), hex(block)))

    def balance(self, address: bytes, block: int) -> int:
        """Return what an account has, in wei."""
        return number_of("eth_getBalance", self.ask("eth_getBalance", hexed(address), hex(block)))

    def call(self, block: int, contract: Contract, function: str, *arguments: Any) -> Any:
        """Ask a function, as of a block."""
        request = {
            "to": hexed(contract.address),
            "data": hexed(contract.data(function, *arguments)),
        }
        output = bytes_of("eth_call", self.ask("eth_call", request, hex(block)))
        return contract.output(function, output)

    def call_each(
        self, block: int, contract: Contract, function: str, arguments: Sequence[Sequence[Any]]
    ) -> list[Any]:
        """Ask a function once for each of several arguments, as of a block, in few messages."""
        made: list[Any] = []
        for start in range(0, len(arguments), BATCH):
            requests = [
                (
                    "eth_call",
                    [
                        {
                            "to": hexed(contract.address),
                            "data": hexed(contract.data(function, *each)),
                        },
                        hex(block),
                    ],
                )
                for each in arguments[start : start + BATCH]
            ]
            outputs = self._ask_all(requests)
            made += [contract.output(function, bytes_of("eth_call", each)) for each in outputs]
        return made

    # --- Transactions -----------------------------------------------------------------------

    def tip(self) -> int:
        """Return what the node would give a block's maker for one gas."""
        return number_of("eth_maxPriorityFeePerGas", self.ask("eth_maxPriorityFeePerGas"))

    def estimate(self, sender: bytes, to: bytes, data: bytes, value: int = 0) -> int:
        """Return how much gas a transaction takes; RefusedError where it would fail.

        In the next block: what others have sent already counts.
        """
        request = {
            "from": hexed(sender),
            "to": hexed(to),
            "data": hexed(data),
            "value": hex(value),
        }
        return number_of("eth_estimateGas", self.ask("eth_estimateGas", request, "pending"))

    def send(self, raw: bytes) -> None:
        """Give the node a transaction. One that it has already is no error."""
        try:
            self.ask("eth_sendRawTransaction", hexed(raw))
        except RefusedError as error:
            if not any(words in error.reason.lower() for words in _KNOWN):
                raise

    def knows(self, tx_hash: bytes) -> bool:
        """Return whether a transaction is in a block or waits for one."""
        return self.ask("eth_getTransactionByHash", hexed(tx_hash)) is not None

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        """Return what became of a transaction; None while it is in no block."""
        method = "eth_getTransactionReceipt"
        answer = self.ask(method, hexed(tx_hash))
        if answer is None:
            return None
        fields = object_of(method, answer)
        if bytes_of(method, fields.get("transactionHash"), 32) != tx_hash:
            raise NodeError(f"node: {method}: the receipt is of another transaction")
        return Receipt(
            block_number=number_of(method, fields.get("blockNumber")),
            block_hash=bytes_of(method, fields.get("blockHash"), 32),
            succeeded=number_of(method, fields.get("status")) == 1,
            gas_used=number_of(method, fields.get("gasUsed")),
            price=number_of(method, fields.get("effectiveGasPrice", "0x0")),
        )

    # --- Messages ---------------------------------------------------------------------------

    def ask(self, method: str, *params: Any) -> Any:
        """Return the result of a method."""
        self._id += 1
        message = self._message(method, params, self._id)
        answer = self._exchange(method, message)
        return result_of(method, answer, self._id)

    def _ask_all(self, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
        """Return the results of several methods, in one message."""
        first = self._id + 1
        self._id += len(requests)
        messages = [
            self._message(method, params, first + place)
            for place, (method, params) in enumerate(requests)
        ]
        answers = self._exchange(requests[0][0], messages)
        if not isinstance(answers, list):
            # A node that takes no batches answers with one error.
            result_of(requests[0][0], answers, None)
            raise NodeError(f"node: {requests[0][0]}: one answer to several questions")
        by_id = {each.get("id"): each for each in answers if isinstance(each, dict)}
        return [
            result_of(method, by_id.get(first + place), first + place)
            for place, (method, _) in enumerate(requests)
        ]

    @staticmethod
    def _message(method: str, params: Sequence[Any], number: int) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}

    def _exchange(self, method: str, message: Any) -> Any:
        try:
            return read_json(self._transport(json.dumps(message).encode()))
        except ValueError:
            raise NodeError(f"node: {method}: the answer is not JSON") from None


def check_chain(client: ChainClient, expected: int, contracts: Sequence[Contract]) -> None:
    """Refuse a node of another chain, or one on which there are no such contracts."""
    found = client.chain_id()
    if found != expected:
        raise WrongChainError(f"the node is of chain {found}, not {expected}")
    for contract in contracts:
        if not client.code(contract.address):
            where = checksum(contract.address)
            raise WrongChainError(f"{contract.name} does not stand at {where} on chain {found}")


def load_abi(name: str) -> Sequence[Mapping[str, Any]]:
    """Return the functions of a contract that the bridge uses."""
    path = Path(__file__).with_name("abi") / f"{name}.json"
    made: list[Mapping[str, Any]] = json.loads(path.read_text("utf-8"))
    return made


def keccak(data: bytes) -> bytes:
    """Return the Keccak-256 hash."""
    return bytes(Web3.keccak(data))


def checksum(address: bytes) -> Any:
    """Return an address as people and web3 write it."""
    return Web3.to_checksum_address(address)


def hexed(data: bytes) -> str:
    """Return bytes as JSON-RPC writes them."""
    return "0x" + data.hex()


def type_of(parameter: Mapping[str, Any]) -> str:
    """Return a parameter's type as signatures spell it."""
    kind: str = parameter["type"]
    if not kind.startswith("tuple"):
        return kind
    return kind.replace("tuple", f"({','.join(map(type_of, parameter['components']))})", 1)


# --- Reading answers ------------------------------------------------------------------------


def result_of(method: str, answer: Any, number: int | None) -> Any:
    """Return the result in an answer; RefusedError for an error object."""
    if isinstance(answer, dict) and isinstance(answer.get("error"), dict):
        raise RefusedError(reason_of(method, answer["error"]))
    if not isinstance(answer, dict) or answer.get("id") != number or "result" not in answer:
        raise NodeError(f"node: {method}: the answer is not one of JSON-RPC")
    return answer["result"]


def reason_of(method: str, error: Mapping[str, Any]) -> str:
    """Return why a node refused: a contract's reason, or what the node says."""
    data = error.get("data")
    if isinstance(data, dict):  # some nodes wrap it
        data = data.get("data")
    if isinstance(data, str) and data.startswith("0x"):
        try:
            told = revert_reason(bytes.fromhex(data[2:]))
        except ValueError:
            told = None
        if told is not None:
            return told
    return f"{method}: {printable(str(error.get('message')))}"


def revert_reason(data: bytes) -> str | None:
    """Return the reason in revert data, where there is one."""
    if data[:4] == ERROR_SELECTOR:
        size = int.from_bytes(data[36:68], "big")
        text = data[68 : 68 + min(size, REASON_LENGTH_MAX)]
        return printable(text.decode("utf-8", "replace"))
    if data[:4] == PANIC_SELECTOR:
        return f"panic {int.from_bytes(data[4:36], 'big'):#x}"
    return f"reverted with {data[:4].hex()}" if data else None


def printable(text: str) -> str:
    """Return text of a stranger so that a terminal can show it, in one line."""
    kept = "".join(letter if letter.isprintable() else " " for letter in text[:REASON_LENGTH_MAX])
    return " ".join(kept.split())


def number_of(method: str, value: Any) -> int:
    """Return a quantity."""
    if isinstance(value, str) and _QUANTITY.fullmatch(value):
        return int(value, 16)
    raise NodeError(f"node: {method}: {printable(str(value)[:60])!r} is no number")


def bytes_of(method: str, value: Any, size: int | None = None) -> bytes:
    """Return bytes, of a size where it is known."""
    if isinstance(value, str) and _DATA.fullmatch(value) and size in (None, len(value) // 2 - 1):
        return bytes.fromhex(value[2:])
    raise NodeError(f"node: {method}: {printable(str(value)[:60])!r} is not what was asked for")


def object_of(method: str, value: Any) -> Mapping[str, Any]:
    """Return an object."""
    if not isinstance(value, dict):
        raise NodeError(f"node: {method}: {printable(str(value)[:60])!r} is no object")
    return value


_CODEC: Any = Web3().codec
