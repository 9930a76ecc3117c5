"""How a question to a full node is answered out of its chain node's JSON-RPC: flows of calls."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from ..codec import Reader, Refused, sized, u8, u64
from ..rlp import decode, encode, read_bytes, read_list
from .blocks import read_receipt, write_list
from .header import Header, read_header
from .questions import (
    ANSWER_MAX,
    HEADERS_MAX,
    SLOTS_MAX,
    TARGETS_MAX,
    Ask,
    Call,
    Kind,
    Located,
    Status,
    Target,
    read_call,
    read_targets,
    write_headers,
    write_nodes,
    write_targets,
)
from .trie import index_key, list_nodes, prove

CALL_MAX = 256  # calls in one batch
REASON_MAX = 256
SUCCEEDED, REVERTED, FAILED = range(3)


@dataclass(frozen=True, slots=True)
class Rpc:
    """One call of JSON-RPC."""

    method: str
    params: tuple[Any, ...]


class RpcFailed(Exception):
    """The chain node refused a call; `data` is a revert's payload, where it is one."""

    def __init__(self, message: str, output: bytes | None = None) -> None:
        super().__init__(message)
        self.output = output


Calls = Generator[list[Rpc], list[Any], Any]
Answered = tuple[Status, bytes]


def answer_of(ask: Ask) -> Generator[list[Rpc], list[Any], Answered]:
    """Answer a question about the chain."""
    body = Reader(ask.body)
    if ask.kind == Kind.HEADERS:
        return (yield from _headers(body.u64(), body.u16()))
    if ask.kind == Kind.STATE:
        return (yield from _state(body.u64(), read_targets(body)))
    if ask.kind == Kind.CODE:
        number, address = body.u64(), body.take(20)
        (code,) = yield [Rpc("eth_getCode", (shown(address), hex(number)))]
        return _found(data(code))
    if ask.kind == Kind.NUMBER:
        (block,) = yield [Rpc("eth_getBlockByHash", (shown(body.take(32)), False))]
        return _found(None if block is None else u64(word(member(block, "number"))))
    if ask.kind == Kind.TRANSACTION:
        return (yield from _transaction(body.take(32)))
    if ask.kind == Kind.TRANSACTIONS:
        transactions = yield from _transactions(body.u64())
        return Status.OK, write_list(transactions)
    if ask.kind == Kind.RECEIPTS:
        (receipts,) = yield [Rpc("debug_getRawReceipts", (hex(body.u64()),))]
        found = [read_receipt(data(each)).short() for each in listed(receipts)]
        return Status.OK, write_list(found)
    if ask.kind == Kind.CALL:
        return (yield from _call(body.u64(), read_call(body)))
    if ask.kind == Kind.SUBMIT:
        return (yield from _submit(body.rest()))
    raise Refused("gateway: not a question about the chain")


def _found(body: bytes | None) -> Answered:
    return (Status.UNKNOWN, b"") if body is None else (Status.OK, body)


def shown(value: bytes) -> str:
    """Return bytes as JSON-RPC writes them."""
    return "0x" + value.hex()


def data(value: Any) -> bytes:
    """Return the bytes that a chain node wrote."""
    if isinstance(value, RpcFailed):
        raise value
    if not isinstance(value, str) or not value.startswith("0x"):
        raise RpcFailed("malformed")
    try:
        return bytes.fromhex(value[2:])
    except ValueError:
        raise RpcFailed("malformed") from None


def word(value: Any) -> int:
    """Return the number that a chain node wrote."""
    if isinstance(value, RpcFailed):
        raise value
    if not isinstance(value, str) or not value.startswith("0x") or len(value) > 66:
        raise RpcFailed("malformed")
    try:
        return int(value, 16)
    except ValueError:
        raise RpcFailed("malformed") from None


def member(value: Any, name: str) -> Any:
    """Return a member of an object that a chain node wrote."""
    if isinstance(value, RpcFailed):
        raise value
    if not isinstance(value, dict) or name not in value:
        raise RpcFailed("malformed")
    return value[name]


def listed(value: Any) -> list[Any]:
    """Return the array that a chain node wrote."""
    if isinstance(value, RpcFailed):
        raise value
    if not isinstance(value, list):
        raise RpcFailed("malformed")
    return value


def raw_header(number: int) -> Generator[list[Rpc], list[Any], Header]:
    """Fetch a header."""
    (raw,) = yield [Rpc("debug_getRawHeader", (hex(number),))]
    return read_header(data(raw))


def _headers(number: int, count: int) -> Generator[list[Rpc], list[Any], Answered]:
    if not 0 < count <= min(HEADERS_MAX, number + 1):
        return Status.UNKNOWN, b""
    wanted = range(number, number - count, -1)
    headers = yield [Rpc("debug_getRawHeader", (hex(each),)) for each in wanted]
    return Status.OK, write_headers([data(each) for each in headers])


def _state(number: int, targets: list[Target]) -> Generator[list[Rpc], list[Any], Answered]:
    nodes = yield from _nodes(number, targets)
    return Status.OK, write_nodes(nodes)


def _nodes(number: int, targets: list[Target]) -> Generator[list[Rpc], list[Any], list[bytes]]:
    """Fetch the nodes that prove accounts and slots."""
    asked = [
        Rpc("eth_getProof", (shown(each.address), [hex(slot) for slot in each.slots], hex(number)))
        for each in targets
    ]
    nodes: list[bytes] = []
    for proof in (yield asked) if asked else []:
        nodes += map(data, listed(member(proof, "accountProof")))
        for entry in listed(member(proof, "storageProof")):
            nodes += map(data, listed(member(entry, "proof")))
    return nodes


def _transactions(number: int) -> Generator[list[Rpc], list[Any], list[bytes]]:
    (raw,) = yield [Rpc("debug_getRawBlock", (hex(number),))]
    parts = read_list(decode(data(raw)))
    return [encode(tx) if isinstance(tx, list) else read_bytes(tx) for tx in read_list(parts[1])]


def _transaction(tx_hash: bytes) -> Generator[list[Rpc], list[Any], Answered]:
    (found,) = yield [Rpc("eth_getTransactionByHash", (shown(tx_hash),))]
    if found is None or member(found, "blockNumber") is None:
        return Status.UNKNOWN, b""
    number, index = word(found["blockNumber"]), word(member(found, "transactionIndex"))
    raw = yield from _transactions(number)
    if index >= len(raw):
        raise RpcFailed("malformed")
    root, nodes = list_nodes(raw)
    located = Located(number, index, raw[index], tuple(prove(nodes, root, index_key(index))))
    return Status.OK, located.encode()


def call_object(call: Call) -> dict[str, str]:
    """Return a call as JSON-RPC takes it."""
    body = {"from": shown(call.sender), "input": shown(call.data), "value": hex(call.value)}
    if call.to:
        body["to"] = shown(call.to)
    if call.gas is not None:
        body["gas"] = hex(call.gas)
    return body


def _call(number: int, call: Call) -> Generator[list[Rpc], list[Any], Answered]:
    """Tell what a call returns and, with proofs, what it touches."""
    wanted, block = call_object(call), hex(number)
    output, found, header = yield [
        Rpc("eth_call", (wanted, block)),
        Rpc("eth_createAccessList", (wanted, block)),
        Rpc("debug_getRawHeader", (block,)),
    ]
    status = FAILED
    told = b""
    if not isinstance(output, RpcFailed):
        status, told = SUCCEEDED, data(output)
    elif output.output is not None:
        status, told = REVERTED, output.output
    touched: dict[bytes, tuple[int, ...]] = {
        call.sender: (),
        read_header(data(header)).coinbase: (),
    }
    if call.to:
        touched[call.to] = ()
    entries = [] if isinstance(found, RpcFailed) else listed(member(found, "accessList"))
    for entry in entries:
        keys = listed(member(entry, "storageKeys"))
        slots = tuple(int.from_bytes(data(key), "big") for key in keys)
        touched[data(member(entry, "address"))] = slots
    targets = [Target(address, slots) for address, slots in touched.items()]
    if len(targets) > TARGETS_MAX or sum(len(each.slots) for each in targets) > SLOTS_MAX:
        targets = []  # too much to be proved at once: it is asked for piece by piece
    nodes = yield from _nodes(number, targets)
    claim = u8(status) + sized(told) + write_targets(targets)
    proved = write_nodes(nodes)
    if len(claim) + len(proved) > ANSWER_MAX // 2:
        return Status.OK, u8(status) + sized(told) + write_targets([])
    return Status.OK, claim + proved


def _submit(raw: bytes) -> Generator[list[Rpc], list[Any], Answered]:
    (sent,) = yield [Rpc("eth_sendRawTransaction", (shown(raw),))]
    if isinstance(sent, RpcFailed):
        return Status.REFUSED, str(sent).encode("utf-8", "replace")[:REASON_MAX]
    return Status.OK, data(sent)
