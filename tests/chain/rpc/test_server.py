"""One port for HTTP and WebSocket, over a real socket on loopback."""

import asyncio
import base64
import http.client
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_utils.address import to_checksum_address
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection
from websockets.sync.client import connect as connect_sync

from chain.accounts import DevAccount
from chain.local_chain import LocalChain
from chain.rpc import server as server_module
from chain.rpc.server import Application, PortInUse, Server, is_loopback, listen, serve

WAIT_SECONDS = 20


class Running:
    """A server in a thread of its own, and the simplest of clients."""

    def __init__(self, chain: LocalChain, **options: Any) -> None:
        self.server = Server(chain, **options)
        ready = threading.Event()
        self.thread = threading.Thread(target=self.server.run, args=(lambda _: ready.set(),))
        self.thread.start()
        assert ready.wait(WAIT_SECONDS)
        self.url = self.server.url
        self.port = int(self.url.rpartition(":")[2])
        self.ws_url = f"ws://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.server.stop()
        self.thread.join(WAIT_SECONDS)
        assert not self.thread.is_alive()

    def http(
        self, method: str, body: bytes = b"", **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_SECONDS)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, "/", body, named)
            response = connection.getresponse()
            return (
                response.status,
                {key.lower(): value for key, value in response.getheaders()},
                response.read(),
            )
        finally:
            connection.close()

    def post(self, message: Any, **headers: str) -> Any:
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        status, _, answer = self.http("POST", body, content_type="application/json", **headers)
        assert status == 200
        return json.loads(answer)

    def call(self, method: str, *params: Any) -> Any:
        response = self.post(call(method, *params))
        assert "error" not in response, response
        return response["result"]


def call(method: str, *params: Any, call_id: int = 1) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": call_id, "method": method, "params": list(params)}


def ask(connection: ClientConnection, method: str, *params: Any) -> Any:
    """Send a call over WebSocket and return its response, whatever comes before."""
    connection.send(json.dumps(call(method, *params)))
    while True:
        message = json.loads(connection.recv(timeout=WAIT_SECONDS))
        if "id" in message:
            return message["result"] if "result" in message else message["error"]


def notice(connection: ClientConnection) -> dict[str, Any]:
    """Return the parameters of the next notification."""
    message = json.loads(connection.recv(timeout=WAIT_SECONDS))
    assert message["jsonrpc"] == "2.0"
    assert message["method"] == "eth_subscription"
    parameters: dict[str, Any] = message["params"]
    return parameters


@pytest.fixture
def start(new_chain: Callable[..., LocalChain]) -> Iterator[Callable[..., Running]]:
    """Start servers, and stop them when the test is over."""
    started: list[Running] = []

    def run(chain: LocalChain | None = None, **options: Any) -> Running:
        started.append(Running(chain or new_chain(), **options))
        return started[-1]

    yield run
    for each in started:
        each.stop()


@pytest.fixture
def node(start: Callable[..., Running]) -> Running:
    return start()


# HTTP.


def test_a_call(node: Running) -> None:
    assert node.call("eth_chainId") == "0x17f5"
    assert node.call("eth_getBalance", "0x" + "00" * 20) == "0x0"


def test_many_calls_on_one_connection(node: Running) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", node.port, timeout=WAIT_SECONDS)
    for call_id in range(50):
        body = json.dumps(call("eth_chainId", call_id=call_id))
        connection.request("POST", "/", body, {"content-type": "application/json"})
        assert json.loads(connection.getresponse().read())["id"] == call_id
    connection.close()


def test_many_clients_at_once(node: Running, me: str) -> None:
    methods = [("eth_blockNumber",), ("eth_getBalance", me), ("eth_call", {"to": me})]

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda i: node.call(*methods[i % 3]), range(120)))

    assert len(set(answers)) == 3


def test_a_batch_of_both_kinds_keeps_its_order(node: Running, me: str) -> None:
    batch = [
        call("eth_chainId", call_id=1),
        call("eth_getBalance", me, call_id=2),
        call("eth_blockNumber", call_id=3),
        call("eth_getTransactionCount", me, "pending", call_id=4),
    ]

    answers = node.post(batch)

    assert [answer["id"] for answer in answers] == [1, 2, 3, 4]
    assert [answer["result"] for answer in answers[::2]] == ["0x17f5", "0x0"]


def test_nothing_is_owed_for_a_notification(node: Running) -> None:
    body = json.dumps({"jsonrpc": "2.0", "method": "eth_chainId"}).encode()

    status, _, answer = node.http("POST", body, content_type="application/json")

    assert (status, answer) == (204, b"")


def test_no_json_is_an_answer_too(node: Running) -> None:
    assert node.post(b"{")["error"]["code"] == -32700


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_other_content_types_are_refused(node: Running, kind: str) -> None:
    """A browser sends these to anybody without asking first."""
    status, _, answer = node.http("POST", b"{}", content_type=kind)

    assert status == 415
    assert json.loads(answer)["error"]["message"] == "content-type: expected application/json"


def test_compressed_requests_are_refused(node: Running) -> None:
    headers = {"content_type": "application/json", "content_encoding": "gzip"}

    assert node.http("POST", b"{}", **headers)[0] == 415


def test_a_content_type_may_have_parameters(node: Running) -> None:
    body = json.dumps(call("eth_chainId")).encode()

    assert node.http("POST", body, content_type="Application/JSON; charset=utf-8")[0] == 200


@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("HEAD", 200), ("PUT", 405)])
def test_other_methods(node: Running, method: str, status: int) -> None:
    assert node.http(method)[0] == status


def test_large_requests_are_refused(start: Callable[..., Running]) -> None:
    node = start(request_bytes_max=1000)

    status, _, answer = node.http("POST", b" " * 1001, content_type="application/json")

    assert status == 413
    assert "at most 1000 bytes" in json.loads(answer)["error"]["message"]
    assert node.call("eth_chainId") == "0x17f5"


def test_large_requests_of_unknown_length_are_refused(start: Callable[..., Running]) -> None:
    node = start(request_bytes_max=1000)
    with socket.create_connection(("127.0.0.1", node.port), WAIT_SECONDS) as client:
        client.sendall(
            b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            b"transfer-encoding: chunked\r\n\r\n" + 3 * (b"200\r\n" + b" " * 512 + b"\r\n")
        )
        answer = client.recv(65536)

    assert answer.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    "bytes_",
    [b"\x00" * 100, b"GET\r\n\r\n", b"POST / HTTP/9.9\r\n\r\n", b"\x16\x03\x01" + b"x" * 50],
)
def test_no_http_at_all(node: Running, bytes_: bytes) -> None:
    with socket.create_connection(("127.0.0.1", node.port), WAIT_SECONDS) as client:
        client.sendall(bytes_)
        client.shutdown(socket.SHUT_WR)
        while client.recv(65536):
            pass

    assert node.call("eth_chainId") == "0x17f5"


def test_clients_that_leave_early_do_no_harm(node: Running) -> None:
    for size in (0, 10, 100):
        client = socket.create_connection(("127.0.0.1", node.port), WAIT_SECONDS)
        client.sendall(
            b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
            b"content-length: 1000\r\n\r\n" + b" " * size
        )
        client.close()

    assert node.call("eth_chainId") == "0x17f5"


# Who may ask.


def test_any_page_may_ask_by_default(node: Running) -> None:
    body = json.dumps(call("eth_chainId")).encode()
    headers = {"content_type": "application/json", "origin": "https://app.example"}

    assert node.http("POST", body, **headers)[1]["access-control-allow-origin"] == "*"


def test_preflight(node: Running) -> None:
    status, headers, _ = node.http(
        "OPTIONS",
        origin="https://app.example",
        access_control_request_method="POST",
        access_control_request_headers="content-type, x-extra",
    )

    assert status == 204
    assert headers["access-control-allow-origin"] == "*"
    assert headers["access-control-allow-headers"] == "content-type, x-extra"
    assert "POST" in headers["access-control-allow-methods"]


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [("https://app.example", True), ("https://evil.example", False), ("null", False)],
)
def test_only_the_pages_named_may_ask(
    start: Callable[..., Running], origin: str, allowed: bool
) -> None:
    node = start(cors="https://app.example, http://localhost:3000")

    _, headers, _ = node.http("OPTIONS", origin=origin, access_control_request_method="POST")

    assert ("access-control-allow-origin" in headers) is allowed
    assert headers["vary"] == "origin"
    assert ("access-control-allow-methods" in headers) is allowed


def test_only_the_pages_named_may_connect(start: Callable[..., Running]) -> None:
    node = start(cors="https://app.example")

    with pytest.raises(InvalidStatus, match="403"):
        connect_sync(node.ws_url, origin="https://evil.example")
    with connect_sync(node.ws_url, origin="https://app.example") as connection:
        assert ask(connection, "eth_chainId") == "0x17f5"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8545", 200),
        ("127.0.0.1", 200),
        ("[::1]:8545", 200),
        ("LOCALHOST", 200),
        ("pars.localhost:80", 200),
        ("192.168.1.7:8545", 200),
        ("evil.example:8545", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("", 403),
    ],
)
def test_names_that_somebody_else_owns_are_refused(node: Running, host: str, status: int) -> None:
    """A page whose name resolves to this machine must not reach the node as its own server."""
    body = json.dumps(call("eth_chainId")).encode()

    assert node.http("POST", body, content_type="application/json", host=host)[0] == status


def test_the_same_holds_for_websockets(node: Running) -> None:
    with (
        socket.create_connection(("127.0.0.1", node.port)) as raw,
        pytest.raises(InvalidStatus, match="403"),
    ):
        connect_sync(f"ws://evil.example:{node.port}", sock=raw)


def test_names_may_be_allowed(start: Callable[..., Running]) -> None:
    node = start(hosts=["Node.Example"])

    assert node.http("GET", host="node.example:8545")[0] == 200
    assert node.http("GET", host="evil.example")[0] == 403


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("x.y", False)],
)
def test_is_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


# WebSocket.


def test_calls_and_batches_over_websocket(node: Running) -> None:
    with connect_sync(node.ws_url) as connection:
        assert ask(connection, "eth_chainId") == "0x17f5"
        connection.send(json.dumps([call("eth_chainId"), call("net_version", call_id=2)]))
        assert len(json.loads(connection.recv(timeout=WAIT_SECONDS))) == 2
        connection.send(b'{"jsonrpc":"2.0","id":7,"method":"eth_chainId"}')
        assert json.loads(connection.recv(timeout=WAIT_SECONDS))["id"] == 7
        connection.send("{")
        assert json.loads(connection.recv(timeout=WAIT_SECONDS))["error"]["code"] == -32700


def test_answers_come_in_the_order_of_the_questions(node: Running, me: str) -> None:
    with connect_sync(node.ws_url) as connection:
        for call_id in range(100):
            method = ("eth_chainId",) if call_id % 3 else ("eth_getBalance", me)
            connection.send(json.dumps(call(*method, call_id=call_id)))
        ids = [json.loads(connection.recv(timeout=WAIT_SECONDS))["id"] for _ in range(100)]

    assert ids == list(range(100))


def test_heads_and_pending_transactions(node: Running, me: str, you: str, conforms: Any) -> None:
    with connect_sync(node.ws_url) as connection:
        heads = ask(connection, "eth_subscribe", "newHeads")
        hashes = ask(connection, "eth_subscribe", "newPendingTransactions", False)
        whole = ask(connection, "eth_subscribe", "newPendingTransactions", True)
        ask(connection, "eth_subscribe", "syncing")
        tx_hash = node.call("eth_sendTransaction", {"from": me, "to": you})
        found = {
            each["subscription"]: each["result"] for each in (notice(connection) for _ in "123")
        }

    assert found[hashes] == tx_hash
    conforms("TRANSACTION", found[whole])
    assert found[whole]["hash"] == tx_hash
    assert found[whole]["blockHash"] is None
    conforms("HEADER", found[heads])
    assert found[heads] == node.call("eth_getHeaderByNumber", "latest")


def test_logs(node: Running, me: str, contract: Any, conforms: Any) -> None:
    address = contract(node.call, "store")
    topic = "0x" + "00" * 31 + "07"
    other = "0x" + "11" * 32
    with connect_sync(node.ws_url) as connection:
        every = ask(connection, "eth_subscribe", "logs")
        wanted = ask(connection, "eth_subscribe", "logs", {"address": address, "topics": [topic]})
        ask(connection, "eth_subscribe", "logs", {"topics": [other]})
        ask(connection, "eth_subscribe", "logs", {"address": [me]})
        snapshot = node.call("evm_snapshot")
        node.call("eth_sendTransaction", {"from": me, "to": address})
        found = [notice(connection) for _ in "12"]
        node.call("evm_revert", snapshot)
        removed = [notice(connection) for _ in "12"]

    assert {each["subscription"] for each in found} == {every, wanted}
    for each in found:
        conforms("LOG", each["result"])
        assert each["result"]["removed"] is False
    assert [each["result"]["removed"] for each in removed] == [True, True]
    assert removed[0]["result"]["blockHash"] == found[0]["result"]["blockHash"]


def test_receipts(node: Running, me: str, you: str, conforms: Any) -> None:
    with connect_sync(node.ws_url) as connection:
        ask(connection, "eth_subscribe", "transactionReceipts")
        ask(
            connection,
            "eth_subscribe",
            "transactionReceipts",
            {"transactionHashes": ["0x" + "00" * 32]},
        )
        tx_hash = node.call("eth_sendTransaction", {"from": me, "to": you})
        found = notice(connection)["result"]

    conforms(["RECEIPT"], found)
    assert found[0]["transactionHash"] == tx_hash


def test_unsubscribe(node: Running) -> None:
    with connect_sync(node.ws_url) as connection:
        subscription = ask(connection, "eth_subscribe", "newHeads")
        assert ask(connection, "eth_unsubscribe", subscription) is True
        assert ask(connection, "eth_unsubscribe", subscription)["code"] == -32000
        assert ask(connection, "eth_unsubscribe", "0x1")["code"] == -32000
        node.call("evm_mine")
        assert ask(connection, "eth_blockNumber") == "0x1"
        with pytest.raises(TimeoutError):
            connection.recv(timeout=0.05)


def test_the_id_comes_before_what_it_announces(node: Running) -> None:
    """Even where one batch subscribes and causes what the subscription is about."""
    with connect_sync(node.ws_url) as connection:
        connection.send(
            json.dumps([call("eth_subscribe", "newHeads"), call("evm_mine", call_id=2)])
        )
        first = json.loads(connection.recv(timeout=WAIT_SECONDS))
        assert [answer["id"] for answer in first] == [1, 2]
        node.call("evm_mine")
        assert notice(connection)["subscription"] == first[0]["result"]


@pytest.mark.parametrize(
    ("params", "code"),
    [
        (["newBalances"], -32601),
        ([], -32602),
        (["logs", {"address": "0x1"}], -32602),
        (["logs", {"topics": ["0x1"]}], -32602),
        (["logs", {"topics": [None] * 5}], -32602),
        (["logs", True], -32602),
        (["newPendingTransactions", {}], -32602),
        (["transactionReceipts", {"transactionHashes": ["0x1"]}], -32602),
        ([{}], -32602),
    ],
)
def test_bad_subscriptions(node: Running, params: list[Any], code: int) -> None:
    with connect_sync(node.ws_url) as connection:
        assert ask(connection, "eth_subscribe", *params)["code"] == code


def test_subscriptions_need_a_websocket(node: Running) -> None:
    for method, param in (("eth_subscribe", "newHeads"), ("eth_unsubscribe", "0x1")):
        assert node.post(call(method, param))["error"]["code"] == -32601


def test_subscriptions_of_one_connection_are_limited(
    node: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chain.rpc.subscriptions.SUBSCRIPTIONS_MAX", 2)
    with connect_sync(node.ws_url) as connection:
        for _ in range(2):
            ask(connection, "eth_subscribe", "newHeads")
        assert ask(connection, "eth_subscribe", "newHeads")["code"] == -32005


def test_connections_are_limited(node: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "CONNECTIONS_MAX", 1)
    with connect_sync(node.ws_url), pytest.raises(InvalidStatus, match="503"):
        connect_sync(node.ws_url)


def test_a_client_that_stops_reading_is_cut_off(
    node: Running, monkeypatch: pytest.MonkeyPatch, me: str, you: str
) -> None:
    """And the others go on: nothing is kept for it for ever."""
    monkeypatch.setattr(server_module, "QUEUE_BYTES_MAX", 200_000)
    idle = socket.create_connection(("127.0.0.1", node.port), WAIT_SECONDS)
    key = base64.b64encode(os.urandom(16))
    idle.sendall(
        b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\n"
        b"sec-websocket-version: 13\r\nsec-websocket-key: " + key + b"\r\n\r\n"
    )
    assert idle.recv(12) == b"HTTP/1.1 101"
    for _ in range(400):
        body = json.dumps(call("eth_subscribe", "newHeads")).encode()
        idle.sendall(bytes((0x81, 0x80 | len(body))) + bytes(4) + body)
    with connect_sync(node.ws_url) as reader:
        ask(reader, "eth_subscribe", "newHeads")
        for number in range(1, 61):
            node.call("evm_mine")
            assert notice(reader)["result"]["number"] == hex(number)
    received = 0
    try:
        while chunk := idle.recv(1 << 20):
            received += len(chunk)
    except ConnectionResetError:
        pass
    idle.close()
    assert received < 400 * 60 * 1000


def test_large_messages_close_the_connection(start: Callable[..., Running]) -> None:
    node = start(request_bytes_max=1000)
    with connect_sync(node.ws_url) as connection:
        connection.send(" " * 2000)
        with pytest.raises(ConnectionClosed, match="1009"):
            connection.recv(timeout=WAIT_SECONDS)


# Mining by the clock, and the end.


def test_blocks_come_by_the_clock(start: Callable[..., Running], new_chain: Any) -> None:
    node = start(new_chain(mining="interval", block_time_seconds=0.05))
    with connect_sync(node.ws_url) as connection:
        ask(connection, "eth_subscribe", "newHeads")
        numbers = [int(notice(connection)["result"]["number"], 16) for _ in range(5)]

    assert numbers == list(range(numbers[0], numbers[0] + 5))


def test_an_interval_set_later_is_noticed(node: Running) -> None:
    with connect_sync(node.ws_url) as connection:
        ask(connection, "eth_subscribe", "newHeads")
        ask(connection, "evm_setIntervalMining", 20)
        assert notice(connection)["result"]["number"] == "0x1"
        ask(connection, "evm_setIntervalMining", 0)
    assert node.call("anvil_getIntervalMining") is None


def test_a_block_that_fails_does_not_stop_the_clock(
    start: Callable[..., Running], new_chain: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = new_chain(mining="interval", block_time_seconds=0.02)
    monkeypatch.setattr(server_module, "RETRY_SECONDS", 0.01)
    mine_due, failed = chain.mine_due, []

    def sometimes() -> Any:
        if len(failed) < 2:
            failed.append(1)
            raise RuntimeError("no")
        return mine_due()

    monkeypatch.setattr(chain, "mine_due", sometimes)
    node = start(chain)
    with connect_sync(node.ws_url) as connection:
        ask(connection, "eth_subscribe", "newHeads")
        assert int(notice(connection)["result"]["number"], 16) >= 1
    assert len(failed) == 2


def test_a_port_in_use() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortInUse, match=f"cannot listen on 127.0.0.1:{port}: .*--port"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize(("host", "port"), [("host.invalid", 0), ("127.0.0.1", 70000)])
def test_no_such_place(host: str, port: int) -> None:
    with pytest.raises(PortInUse, match="cannot listen on"):
        listen(host, port)


def test_ipv6(start: Callable[..., Running]) -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")

    assert start(host="::1").url.startswith("http://[::1]:")


def test_stopping_finishes_what_is_under_way(new_chain: Any) -> None:
    chain = new_chain()
    running = Running(chain)
    begun, closed = threading.Event(), []
    block_number = chain.gas_price
    chain.gas_price = lambda: (begun.set(), time.sleep(0.3), block_number())[2]
    close = chain.close
    chain.close = lambda: (closed.append(True), close())
    answers: list[Any] = []
    asking = threading.Thread(target=lambda: answers.append(running.call("eth_gasPrice")))
    asking.start()
    assert begun.wait(WAIT_SECONDS)

    running.stop()

    asking.join(WAIT_SECONDS)
    assert len(answers) == 1
    assert closed == [True]


def test_what_was_acknowledged_is_there_after_a_restart(
    new_chain: Any, tmp_path: Path, me: str, you: str
) -> None:
    running = Running(new_chain(datadir=tmp_path / "data"))
    tx_hash = running.call("eth_sendTransaction", {"from": me, "to": you, "value": "0x7"})
    running.stop()

    running = Running(new_chain(datadir=tmp_path / "data"))
    receipt = running.call("eth_getTransactionReceipt", tx_hash)
    running.stop()

    assert (receipt["status"], receipt["blockNumber"]) == ("0x1", "0x1")


def test_stopping_closes_websockets(new_chain: Any) -> None:
    async def connected(running: Running) -> int | None:
        async with connect(running.ws_url) as connection:
            running.server.stop()
            with pytest.raises(ConnectionClosed):
                await asyncio.wait_for(connection.recv(), WAIT_SECONDS)
            return connection.close_code

    running = Running(new_chain())
    assert asyncio.run(connected(running)) == 1012
    running.stop()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it(new_chain: Any, number: signal.Signals) -> None:
    """Quietly, and with the handlers back that were there before."""
    before = signal.getsignal(number)
    urls: list[str] = []

    def ready(url: str) -> None:
        urls.append(url)
        os.kill(os.getpid(), number)

    serve(new_chain(), "127.0.0.1", 0, on_ready=ready)

    assert urls[0].startswith("http://127.0.0.1:")
    assert signal.getsignal(number) is before


def test_the_log_has_one_line_each(new_chain: Any) -> None:
    chain, lines = new_chain(), []
    chain.gas_price = lambda: 1 // 0

    def ready(url: str) -> None:
        def ask_and_stop() -> None:
            port = int(url.rpartition(":")[2])
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=WAIT_SECONDS)
            body = json.dumps(call("eth_gasPrice"))
            client.request("POST", "/", body, {"content-type": "application/json"})
            client.getresponse().read()
            client.close()
            os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=ask_and_stop).start()

    serve(chain, "127.0.0.1", 0, on_ready=ready, log=lines.append)

    assert len(lines) == 1
    assert lines[0].startswith("eth_gasPrice failed: ZeroDivisionError")
    assert "\n" not in lines[0]


def test_nothing_of_the_machine_is_in_the_answers(node: Running) -> None:
    headers = node.http("POST", b"{", content_type="application/json")[1]

    assert set(headers) == {"content-type", "content-length"}
    assert str(Path.cwd()) not in json.dumps(node.post(b"{"))


LOOP_FOREVER = "0x5b600056"


def threads_of_calls(
    chain: LocalChain, monkeypatch: pytest.MonkeyPatch, name: str = "call"
) -> list[str]:
    """Note, for every eth_call, or another thing, from now on the thread that ran it."""
    seen: list[str] = []
    run = getattr(chain, name)

    def noted(*arguments: Any) -> Any:
        seen.append(threading.current_thread().name)
        return run(*arguments)

    monkeypatch.setattr(chain, name, noted)
    return seen


def test_a_quick_question_is_answered_on_the_loop(
    start: Callable[..., Running], chain: LocalChain, you: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = start(chain)
    seen = threads_of_calls(chain, monkeypatch)
    assert node.call("eth_call", {"to": you}, "latest") == "0x"
    assert seen == [node.thread.name]


def test_a_brief_transaction_is_mined_on_the_loop_and_another_is_not(
    start: Callable[..., Running],
    chain: LocalChain,
    accounts: tuple[DevAccount, ...],
    you: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    node = start(chain)
    seen = threads_of_calls(chain, monkeypatch, "send_raw")
    for nonce, gas in enumerate((21_000, 1_000_000)):
        fields = {"nonce": nonce, "gas": gas, "value": 1, "gasPrice": 10**10}
        fields["to"] = to_checksum_address(you)
        signed = Account.sign_transaction({**fields, "chainId": 6133}, accounts[0].private_key)
        sent = node.call("eth_sendRawTransaction", signed.raw_transaction.to_0x_hex())
        assert node.call("eth_getTransactionReceipt", sent)["status"] == "0x1"
    assert seen[:2] == [node.thread.name] * 2
    assert [name.startswith("chain") for name in seen[2:]] == [True]
    assert not chain.hurried


def test_a_slow_question_goes_on_where_it_holds_nobody_up(
    start: Callable[..., Running], chain: LocalChain, you: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain.set_code(bytes.fromhex(you[2:]), bytes.fromhex(LOOP_FOREVER[2:]))
    node = start(chain)
    seen = threads_of_calls(chain, monkeypatch)
    patience = chain.question_seconds
    response = node.post(call("eth_call", {"to": you, "gas": hex(50_000_000)}, "latest"))
    assert "out of gas" in response["error"]["message"]
    assert len(seen) == 2
    assert seen[0] == node.thread.name
    assert seen[1].startswith("chain")
    assert chain.question_seconds == patience


def test_a_question_waits_for_the_chains_thread_while_that_works(
    start: Callable[..., Running], chain: LocalChain, you: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = start(chain)
    seen = threads_of_calls(chain, monkeypatch)
    entered, leave = threading.Event(), threading.Event()
    mine = chain.mine

    def slow(*arguments: Any, **options: Any) -> Any:
        entered.set()
        assert leave.wait(WAIT_SECONDS)
        return mine(*arguments, **options)

    monkeypatch.setattr(chain, "mine", slow)
    with ThreadPoolExecutor(2) as clients:
        mining = clients.submit(node.call, "evm_mine")
        assert entered.wait(WAIT_SECONDS)
        queued = threading.Event()
        on_worker = Application.on_worker

        async def noted(app: Application, *arguments: Any) -> None:
            queued.set()
            await on_worker(app, *arguments)

        monkeypatch.setattr(Application, "on_worker", noted)
        asking = clients.submit(node.call, "eth_call", {"to": you}, "latest")
        assert queued.wait(WAIT_SECONDS)
        assert node.call("eth_blockNumber") == "0x0"  # What needs no chain still answers.
        assert not seen
        leave.set()
        mining.result(WAIT_SECONDS)
        assert asking.result(WAIT_SECONDS) == "0x"
    assert [name.startswith("chain") for name in seen] == [True]
