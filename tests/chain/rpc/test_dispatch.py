"""JSON-RPC 2.0: single calls, notifications, batches, ids, limits, and bugs that stay inside."""

import json
import logging
from typing import Any

import pytest

from chain.errors import InvalidTransaction, RejectedTransaction, UnknownBlock
from chain.rpc.codec import QUANTITY
from chain.rpc.dispatch import Dispatcher
from chain.rpc.errors import RpcError
from chain.rpc.method import CallLog, Method, Node, Param
from chain.rpc.methods import by_name

ORDER: list[str] = []


def add(_: Node, x: int, y: int) -> str:
    """Add two numbers."""
    ORDER.append("add")
    return hex(x + y)


def bug(_: Node) -> None:
    """Fail as no method should."""
    raise KeyError("secret detail")


def refuse(_: Node) -> None:
    """Refuse with data."""
    raise RpcError(3, "no", "0x01")


def reject(_: Node) -> None:
    """Refuse as the chain refuses."""
    raise RejectedTransaction("nonce too low")


def lost(_: Node) -> None:
    """Not find a block."""
    raise UnknownBlock("")


def malformed(_: Node) -> None:
    """Refuse bytes."""
    raise InvalidTransaction("empty transaction")


def unprintable(_: Node) -> str:
    """Return what JSON cannot say."""
    return "\ud800"


def surrogate_error(_: Node) -> None:
    """Fail with what JSON cannot say."""
    raise RpcError(3, "execution reverted: \ud800", "0x")


METHODS = (
    Method(
        name="add", run=add, params=(Param("x", QUANTITY), Param("y", QUANTITY, 0)), inline=True
    ),
    *(Method(name=run.__name__, run=run) for run in (bug, refuse, reject, lost, malformed)),
    *(Method(name=run.__name__, run=run) for run in (unprintable, surrogate_error)),
)


def nowhere() -> Node:
    """A node without a chain: the methods here ask for none."""
    return Node(chain=None, filters=None, instance=b"", call_log=CallLog(write=ORDER.append))


@pytest.fixture
def ask() -> Any:
    dispatcher = Dispatcher(by_name(METHODS), batch_max=4, request_bytes_max=2000)
    node = nowhere()

    def send(message: Any) -> Any:
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        answer = dispatcher.answer(body, node)
        return json.loads(answer) if answer else None

    return send


def call(method: str, *params: Any, **more: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params), **more}


def test_a_call(ask: Any) -> None:
    assert ask(call("add", "0x1", "0x2")) == {"jsonrpc": "2.0", "id": 1, "result": "0x3"}


@pytest.mark.parametrize("call_id", [0, -1, 1.5, 2**63, "", "abc", None])
def test_the_id_comes_back(ask: Any, call_id: Any) -> None:
    assert ask(call("add", "0x1", id=call_id))["id"] == call_id


@pytest.mark.parametrize("params", [{}, {"params": None}, {"params": []}])
def test_params_may_be_missing(ask: Any, params: dict[str, Any]) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "add", **params}

    assert ask(message)["error"] == {
        "code": -32602,
        "message": "missing value for required argument 0: x",
    }


@pytest.mark.parametrize("y", [[], [None]])
def test_an_optional_parameter_may_be_null(ask: Any, y: list[None]) -> None:
    assert ask(call("add", "0x5", *y))["result"] == "0x5"


def test_a_notification_gets_no_answer(ask: Any) -> None:
    ORDER.clear()

    assert ask({"jsonrpc": "2.0", "method": "add", "params": ["0x1"]}) is None
    assert ask({"jsonrpc": "2.0", "method": "nothing"}) is None
    assert ask([{"jsonrpc": "2.0", "method": "add", "params": ["0x1"]}]) is None
    assert ORDER == ["add", "add"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[1,", b"\xff", b'{"a": NaN}', b"nul", b"{}{}", b"[" * 2000]
)
def test_no_json(ask: Any, body: bytes) -> None:
    response = ask(body)

    assert response["id"] is None
    assert response["error"]["code"] == -32700


@pytest.mark.parametrize(
    ("message", "call_id"),
    [
        (1, None),
        ("add", None),
        (None, None),
        ([], None),
        ({}, None),
        ({"id": 5}, 5),
        (call("add", jsonrpc="1.0"), 1),
        (call("add", jsonrpc=2), 1),
        (call("add", id=[]), None),
        (call("add", id={}), None),
        (call("add", id=True), None),
        ({"jsonrpc": "2.0", "id": 1}, 1),
        ({"jsonrpc": "2.0", "id": 1, "method": 7}, 1),
        ({"jsonrpc": "2.0", "id": 1, "method": None}, 1),
    ],
)
def test_no_call(ask: Any, message: Any, call_id: Any) -> None:
    response = ask(message)

    assert response["id"] == call_id
    assert response["error"]["code"] == -32600


def test_unknown_method(ask: Any) -> None:
    error = ask(call("foo" * 100))["error"]

    assert error["code"] == -32601
    assert len(error["message"]) < 200


@pytest.mark.parametrize("params", [{"x": "0x1"}, "0x1", 1, True])
def test_params_are_an_array(ask: Any, params: Any) -> None:
    assert ask(call("add", params=params))["error"]["code"] == -32602


def test_batches_keep_their_order(ask: Any) -> None:
    answers = ask([call("add", "0x1", id=1), 7, call("nothing", id=2), call("refuse", id=3)])

    assert [answer["id"] for answer in answers] == [1, None, 2, 3]
    assert answers[0]["result"] == "0x1"
    assert [answer["error"]["code"] for answer in answers[1:]] == [-32600, -32601, 3]


def test_batches_of_a_single_call_are_arrays(ask: Any) -> None:
    assert ask([call("add", "0x1")]) == [{"jsonrpc": "2.0", "id": 1, "result": "0x1"}]


def test_large_batches_are_refused_whole(ask: Any) -> None:
    ORDER.clear()
    response = ask([call("add", "0x1")] * 5)

    assert response["error"]["code"] == -32005
    assert "at most 4" in response["error"]["message"]
    assert ORDER == []


def test_large_requests_are_refused(ask: Any) -> None:
    assert ask(b"[" + b" " * 2000)["error"]["code"] == -32600


def test_large_responses_are_refused() -> None:
    dispatcher = Dispatcher(by_name(METHODS), response_bytes_max=100)
    body = json.dumps([call("add", "0x1", id=each) for each in range(5)]).encode()

    answers = json.loads(dispatcher.answer(body, nowhere()))

    assert [("result" in answer) for answer in answers] == [True, True, False, False, False]
    assert answers[-1]["error"]["message"] == "response too large"


@pytest.mark.parametrize(
    ("method", "error"),
    [
        ("refuse", {"code": 3, "message": "no", "data": "0x01"}),
        ("reject", {"code": -32000, "message": "nonce too low"}),
        ("lost", {"code": -32000, "message": "header not found"}),
        ("malformed", {"code": -32000, "message": "empty transaction"}),
        ("surrogate_error", {"code": 3, "message": "execution reverted: ?"}),
    ],
)
def test_refusals(ask: Any, method: str, error: dict[str, Any]) -> None:
    assert ask(call(method))["error"] == error


@pytest.mark.parametrize("method", ["bug", "unprintable"])
def test_a_bug_is_contained(ask: Any, method: str, caplog: pytest.LogCaptureFixture) -> None:
    """The client learns that it was ours, the log learns where; the next call is served."""
    with caplog.at_level(logging.ERROR):
        error = ask(call(method))["error"]

    assert error["code"] == -32603
    assert "secret" not in error["message"]
    assert f"{method} failed" in caplog.text
    assert ask(call("add", "0x1"))["result"] == "0x1"


def test_a_step_stays_in_its_place_and_within_its_time() -> None:
    """Inline calls are never mixed with the others, and a long batch yields in between."""
    now = iter(range(1000))
    dispatcher = Dispatcher(by_name(METHODS), clock=lambda: next(now))
    body = json.dumps([call("add", "0x1"), call("refuse"), call("refuse"), call("add", "0x1")])
    request = dispatcher.parse(body.encode())
    places = []
    while not request.done:
        places.append((request.here, request.position))
        dispatcher.step(request, nowhere())

    assert places == [(True, 0), (False, 1), (False, 2), (True, 3)]


def test_what_names_the_pending_block_waits_for_the_chain() -> None:
    dispatcher = Dispatcher(by_name(METHODS))

    assert dispatcher.parse(json.dumps(call("add", "0x1")).encode()).here
    assert dispatcher.parse(json.dumps(call("bug")).encode()).here is False
