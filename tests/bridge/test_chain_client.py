"""A node that lies, babbles or is silent: bounded, named, and never believed for something else."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_bridge.chain_client import (
    FINALITY_DEPTH,
    Block,
    ChainClient,
    check_chain,
    revert_reason,
)
from session_bridge.contracts import load_contracts
from session_bridge.errors import BridgeError, NodeError, RefusedError, WrongChainError
from session_bridge.transport import HttpTransport

WORD = "0x" + "00" * 32
HEAD = Block(100, bytes(32), bytes(32), 0, 0, 0)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.just("0x"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


def saying(result: Any) -> ChainClient:
    """Return a client of a node that answers everything with one result."""

    def answer(message: bytes) -> bytes:
        asked = json.loads(message)
        if isinstance(asked, list):
            return json.dumps([reply(each["id"]) for each in asked]).encode()
        return json.dumps(reply(asked["id"])).encode()

    def reply(number: int) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": number, "result": result}

    return ChainClient(answer)


QUESTIONS: list[Callable[[ChainClient], object]] = [
    lambda client: client.chain_id(),
    lambda client: client.head(),
    lambda client: client.block(5),
    lambda client: client.code(bytes(20)),
    lambda client: client.nonce(bytes(20), 5),
    lambda client: client.balance(bytes(20), 5),
    lambda client: client.tip(),
    lambda client: client.estimate(bytes(20), bytes(20), b""),
    lambda client: client.receipt(bytes(32)),
    lambda client: client.call(5, load_contracts(None, 6134).anchor, "committeeSeats"),
    lambda client: client.call_each(5, load_contracts(None, 6134).relay, "undelivered", [[1], [2]]),
]


@pytest.mark.parametrize("question", QUESTIONS)
@settings(max_examples=30)
@given(result=JSON)
def test_any_result_is_a_value_or_a_named_error(
    question: Callable[[ChainClient], object], result: Any
) -> None:
    with suppress(BridgeError):
        question(saying(result))


@given(answer=st.binary(max_size=200))
def test_any_bytes_are_an_answer_or_a_named_error(answer: bytes) -> None:
    with pytest.raises(BridgeError):
        ChainClient(lambda _: answer).chain_id()


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"jsonrpc": "2.0", "id": 2, "result": "0x1"}',
        b'{"jsonrpc": "2.0", "id": 1}',
        b"[" * 100_000,
        b'{"id": 1, "result": "0x1"',
    ],
)
def test_what_is_no_answer_of_json_rpc_is_named(answer: bytes) -> None:
    with pytest.raises(NodeError, match="eth_chainId"):
        ChainClient(lambda _: answer).chain_id()


@pytest.mark.parametrize(
    "number", ["1", "0x", "0xg", "0x1_0", "-0x1", "0x-1", " 0x1", 1, None, "0x" + "f" * 65]
)
def test_what_is_no_number_is_named(number: Any) -> None:
    with pytest.raises(NodeError, match="is no number"):
        saying(number).chain_id()


@pytest.mark.parametrize("data", ["0x0", "0x 00", "00", "0xzz", 5, None])
def test_what_is_no_data_is_named(data: Any) -> None:
    with pytest.raises(NodeError, match="not what was asked for"):
        saying(data).code(bytes(20))


def test_a_batch_that_is_answered_in_another_order_is_read_by_numbers() -> None:
    relay = load_contracts(None, 6134).relay

    def answer(message: bytes) -> bytes:
        asked = json.loads(message)
        made = [
            {"id": each["id"], "result": "0x" + (at % 2).to_bytes(32, "big").hex()}
            for at, each in enumerate(asked)
        ]
        return json.dumps(made[::-1]).encode()

    found = ChainClient(answer).call_each(5, relay, "undelivered", [[each] for each in range(5)])
    assert found == [False, True, False, True, False]


def test_a_batch_that_lacks_an_answer_is_named() -> None:
    relay = load_contracts(None, 6134).relay
    client = ChainClient(lambda message: json.dumps([{"id": 1, "result": WORD}]).encode())

    with pytest.raises(NodeError, match="not one of JSON-RPC"):
        client.call_each(5, relay, "undelivered", [[1], [2]])


def test_a_receipt_of_another_transaction_is_not_believed() -> None:
    receipt = {
        "transactionHash": "0x" + "11" * 32,
        "blockNumber": "0x1",
        "blockHash": WORD,
        "status": "0x1",
        "gasUsed": "0x1",
    }

    with pytest.raises(NodeError, match="of another transaction"):
        saying(receipt).receipt(bytes(32))


def test_without_the_tag_of_final_blocks_depth_counts() -> None:
    def answer(message: bytes) -> bytes:
        number = json.loads(message)["id"]
        return json.dumps({"id": number, "error": {"code": -32602, "message": "no"}}).encode()

    client = ChainClient(answer)

    assert client.finalized(HEAD) == 100 - FINALITY_DEPTH
    assert client.finalized(Block(3, bytes(32), bytes(32), 0, 0, 0)) == 0


def test_another_chain_is_refused_at_every_pass(world, bridges, tell, sources) -> None:
    wrong: list[bool] = []

    def through(message: bytes) -> bytes:
        answer = world.transport(message)
        if wrong and json.loads(message)["method"] == "eth_chainId":
            return json.dumps(json.loads(answer) | {"result": "0x1"}).encode()
        return answer

    made = bridges(tell(sources.epoch(1)), client=ChainClient(through))
    made.once()
    wrong.append(True)

    with pytest.raises(WrongChainError, match="of chain 1, not 6134"):
        made.once()


def test_a_chain_without_the_contracts_is_refused(world) -> None:
    elsewhere = load_contracts(None, 6133)

    with pytest.raises(WrongChainError, match="SessionAnchor does not stand at 0x"):
        check_chain(world.client, 6134, elsewhere.needed())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", None),
        (b"\x08\xc3\x79\xa0" + (32).to_bytes(32, "big") + (3).to_bytes(32, "big") + b"why", "why"),
        (b"\x08\xc3\x79\xa0" + b"\xff" * 64 + b"\x1b[31mred\n\0", "[31mred"),
        (b"\x08\xc3\x79\xa0", ""),
        (b"\x4e\x48\x7b\x71" + (17).to_bytes(32, "big"), "panic 0x11"),
        (b"\x01\x02\x03\x04", "reverted with 01020304"),
    ],
)
def test_reasons_are_shown_in_one_line_and_without_controls(
    data: bytes, reason: str | None
) -> None:
    assert revert_reason(data) == reason


# --- Over HTTP ------------------------------------------------------------------------------


@contextmanager
def server(serve: Callable[[socket.socket], None], connections: int = 1) -> Iterator[str]:
    """Open a port that treats what connects to it in some way."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)

        def run() -> None:
            for _ in range(connections):
                with suppress(OSError):
                    connection, _ = listening.accept()
                    with connection, suppress(OSError):
                        connection.settimeout(20)
                        serve(connection)

        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        finally:
            thread.join()


def asked(connection: socket.socket) -> int:
    """Read a request; return its number."""
    text = b""
    while b"\r\n\r\n" not in text or not text.endswith(b"}"):
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError
        text += piece
    number: int = json.loads(text[text.index(b"\r\n\r\n") :])["id"]
    return number


def answered(number: int) -> bytes:
    body = json.dumps({"id": number, "result": "0x17f6"}).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def test_a_connection_is_kept_and_made_again() -> None:
    count = []

    def serve(connection: socket.socket) -> None:
        count.append(1)
        for _ in range(2):
            connection.sendall(answered(asked(connection)))

    with server(serve, 2) as url, closing(HttpTransport(url)) as through:
        client = ChainClient(through)
        assert [client.chain_id() for _ in range(4)] == [6134] * 4
    assert len(count) == 2


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (b"", "no answer|no connection"),
        (b"garbage\r\n\r\n", "no answer"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort", "cut off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "not JSON"),
        (b"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno", "not JSON"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"0" * 100_000, "more than"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"0" * 100_000, "more than"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "no answer"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * 200 + b"\r\n", "no answer"),
    ],
)
def test_what_is_no_answer_of_http_is_named(sent: bytes, reason: str) -> None:
    def serve(connection: socket.socket) -> None:
        asked(connection)
        connection.sendall(sent)

    with (
        server(serve) as url,
        closing(HttpTransport(url, bytes_max=10_000)) as through,
        pytest.raises(NodeError, match=reason),
    ):
        ChainClient(through).chain_id()


def test_an_answer_that_drips_is_given_up() -> None:
    stop = threading.Event()

    def serve(connection: socket.socket) -> None:
        asked(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not stop.wait(0.05):
            connection.sendall(b"0")

    with server(serve) as url, closing(HttpTransport(url, seconds=0.4)) as through:
        with pytest.raises(NodeError, match=r"takes too long|timed out"):
            ChainClient(through).chain_id()
        stop.set()


@pytest.mark.parametrize(
    "url", ["ftp://127.0.0.1", "127.0.0.1:8545", "http://", "http://127.0.0.1:99999", ""]
)
def test_what_is_no_url_is_named(url: str) -> None:
    with pytest.raises(NodeError, match="is no http or https URL"):
        HttpTransport(url)


def test_a_refusal_without_data_says_what_the_node_says() -> None:
    answer = b'{"id": 1, "error": {"code": 3, "message": "bad\\nline"}}'

    with pytest.raises(RefusedError, match="eth_chainId: bad line"):
        ChainClient(lambda _: answer).chain_id()
