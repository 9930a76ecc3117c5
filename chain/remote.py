"""A node as the command line tools use it: calls entries, sends transactions, names refusals.

Transactions are signed with a key of this process, or by an account that the node signs for.
Knows no precompile: an entry is given as its declaration.
"""

import stat
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from precompiles import abi
from precompiles.conformance.report import in_words
from precompiles.conformance.rpc import Client, RefusedError, SilentError
from precompiles.conformance.vectors import hexed
from precompiles.precompile import Method, Precompile

from . import signatures
from .rules import TRANSACTION_GAS_MAX
from .transactions import DYNAMIC_FEE, Fields, sign_transaction

RECEIPT_SECONDS = 60.0
POLL_SECONDS = 0.1
GAS_MARGIN = 8
"""An estimate holds for the block that it was made on; an eighth more is offered."""
KEY_FILE_BYTES_MAX = 1024


class RemoteError(Exception):
    """The node refused, or gave no answer that makes sense. The message says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a transaction."""

    hash: str
    block_number: int
    gas_used: int
    logs: tuple[tuple[bytes, tuple[bytes, ...], bytes], ...]
    """Address, topics and data of each."""


class Remote:
    """One node, and the account that transactions come from."""

    def __init__(
        self,
        client: Client,
        *,
        key: bytes | None = None,
        sender: bytes | None = None,
        sign: Callable[[Fields], bytes] | None = None,
        gas_margin: int = GAS_MARGIN,
    ) -> None:
        """Use a key, or the sender's way to sign, or an account of the node: by default its first.

        `sign` returns a transaction as it goes out. `gas_margin` says which part of an estimate is
        offered on top of it.
        """
        self._client = client
        self._sign = sign
        self._gas_margin = gas_margin
        self._sender = sender
        if key is not None:
            self._sign = lambda fields: sign_transaction(fields, key).raw
            self._sender = signatures.address_of(key)
        self._chain_id: int | None = None

    @property
    def chain_id(self) -> int:
        """The chain's id."""
        if self._chain_id is None:
            self._chain_id = self._number("eth_chainId")
        return self._chain_id

    @property
    def sender(self) -> bytes:
        """The account that transactions come from."""
        if self._sender is None:
            accounts = self._ask("eth_accounts")
            if not isinstance(accounts, list) or not accounts:
                raise RemoteError("the node signs for no account: name a key file")
            self._sender = unhexed(accounts[0])
        return self._sender

    def code(self, address: bytes) -> bytes:
        """Return what stands at an address."""
        return unhexed(self._ask("eth_getCode", hexed(address), "latest"))

    def ask(self, to: bytes | None, data: bytes) -> bytes:
        """Return the output of a call, or of a creation that is not kept."""
        request = {"data": hexed(data)} | ({} if to is None else {"to": hexed(to)})
        return unhexed(self._ask("eth_call", request, "latest"))

    def call(self, entry: Precompile, method: str, *arguments: Any) -> Any:
        """Ask a method by its name, or by its signature where several share it."""
        found = method_of(entry, method)
        request = {"to": hexed(entry.address), "data": hexed(call_data(found, arguments))}
        if self._sender is not None:
            request["from"] = hexed(self._sender)
        output = unhexed(self._ask("eth_call", request, "latest", refusing=entry))
        try:
            values = abi.decode(found.signature.outputs, output)
        except abi.Revert:
            raise RemoteError(f"{entry.name}.{method}: the answer does not decode") from None
        return values[0] if len(values) == 1 else tuple(values)

    def transact(self, entry: Precompile, method: str, *arguments: Any, value: int = 0) -> Receipt:
        """Call a method in a transaction and wait for its receipt."""
        data = call_data(method_of(entry, method), arguments)
        return self.send(entry.address, data, value, refusing=entry)

    def send(
        self, to: bytes, data: bytes, value: int = 0, refusing: Precompile | None = None
    ) -> Receipt:
        """Send a transaction and wait for its receipt; one that would fail is not sent."""
        request = {
            "from": hexed(self.sender),
            "to": hexed(to),
            "data": hexed(data),
            "value": hex(value),
        }
        # In the next block, not the last one: what depends on time may be too early for that.
        estimate = self._number("eth_estimateGas", request, "pending", refusing=refusing)
        if estimate > TRANSACTION_GAS_MAX:
            raise RemoteError(
                f"needs {estimate:,} gas, and a transaction may have {TRANSACTION_GAS_MAX:,}"
            )
        gas = min(estimate + estimate // self._gas_margin, TRANSACTION_GAS_MAX)
        if self._sign is None:
            sent = self._ask("eth_sendTransaction", request | {"gas": hex(gas)}, refusing=refusing)
        else:
            raw = self._sign(self._fields(to, data, value, gas))
            sent = self._ask("eth_sendRawTransaction", hexed(raw), refusing=refusing)
        return self._receipt(sent)

    def _fields(self, to: bytes, data: bytes, value: int, gas: int) -> Fields:
        tip = self._number("eth_maxPriorityFeePerGas")
        block = self._ask("eth_getBlockByNumber", "latest", False)
        base = int(block["baseFeePerGas"], 16)
        return Fields(
            type=DYNAMIC_FEE,
            chain_id=self.chain_id,
            nonce=self._number("eth_getTransactionCount", hexed(self.sender), "pending"),
            max_priority_fee_per_gas=tip,
            max_fee_per_gas=2 * base + tip,
            gas=gas,
            to=to,
            value=value,
            data=data,
        )

    def _receipt(self, sent: Any) -> Receipt:
        last = time.monotonic() + RECEIPT_SECONDS
        while True:
            found = self._ask("eth_getTransactionReceipt", sent)
            if found is not None:
                break
            if time.monotonic() > last:
                raise RemoteError(f"{sent} is in no block after {RECEIPT_SECONDS:.0f} seconds")
            time.sleep(POLL_SECONDS)
        if int(found["status"], 16) != 1:
            raise RemoteError(f"{sent} failed in block {int(found['blockNumber'], 16)}")
        return Receipt(
            hash=str(sent),
            block_number=int(found["blockNumber"], 16),
            gas_used=int(found["gasUsed"], 16),
            logs=tuple(log_of(log) for log in found["logs"]),
        )

    def _number(self, method: str, *params: Any, refusing: Precompile | None = None) -> int:
        answer = self._ask(method, *params, refusing=refusing)
        try:
            return int(answer, 16)
        except (TypeError, ValueError):
            raise RemoteError(f"{method}: {str(answer)[:60]!r} is no number") from None

    def _ask(self, method: str, *params: Any, refusing: Precompile | None = None) -> Any:
        try:
            return self._client(method, *params)
        except SilentError as error:
            raise RemoteError(str(error)) from None
        except RefusedError as error:
            if refusing is not None and error.data:
                reason = f"{refusing.name} refuses: {in_words(refusing, error.data)}"
                raise RemoteError(reason) from None
            raise RemoteError(f"{method}: {error}") from None


def method_of(entry: Precompile, name: str) -> Method:
    """Return the method of an entry with this name, or this signature."""
    found = [
        each for each in entry.methods if name in (each.signature.name, each.signature.canonical)
    ]
    if len(found) != 1:
        raise KeyError(f"{entry.name} has {len(found)} methods {name}")
    return found[0]


def call_data(method: Method, arguments: Sequence[Any]) -> bytes:
    """Return the call data of a method."""
    return method.signature.selector + abi.encode(method.signature.inputs, arguments)


def log_of(log: Mapping[str, Any]) -> tuple[bytes, tuple[bytes, ...], bytes]:
    """Read a log of a receipt."""
    topics = tuple(unhexed(topic) for topic in log["topics"])
    return unhexed(log["address"]), topics, unhexed(log["data"])


def unhexed(value: Any) -> bytes:
    """Return the bytes of hex that a node sent."""
    try:
        return bytes.fromhex(value.removeprefix("0x"))
    except (AttributeError, ValueError):
        raise RemoteError(f"{str(value)[:60]!r} is not hex") from None


def read_key(path: Path) -> bytes:
    """Read a private key from a file that nobody else can read: 64 hexadecimal digits."""
    text = read_secret(path, KEY_FILE_BYTES_MAX)
    try:
        key = bytes.fromhex(text.removeprefix("0x"))
        if not 0 < int.from_bytes(key, "big") < signatures.SECP256K1_N or len(key) != 32:
            raise ValueError
    except ValueError:
        raise RemoteError(f"key file {path}: not a private key of 64 hexadecimal digits") from None
    return key


def read_secret(path: Path, bytes_max: int) -> str:
    """Read the text of a file that nobody else can read."""
    try:
        mode = path.stat().st_mode
        text = path.read_bytes()[:bytes_max].decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise RemoteError(f"key file {path}: {reason}") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise RemoteError(f"key file {path}: others can read it; chmod 600 it first")
    return text
