"""JSON-RPC 2.0 over bytes: single calls, notifications, batches, error objects.

Knows no socket and starts no thread. A request is worked off in steps, because some methods may be
answered at once on the event loop while the rest has to wait for the chain's thread; whoever owns
both asks `Request.here` and calls `Dispatcher.step` in the right place until nothing is left.
"""

import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson

from ..errors import ChainError
from ..frames import Cancelled
from .errors import (
    INTERNAL_ERROR,
    INVALID_MESSAGE,
    INVALID_PARAMS,
    LIMIT_EXCEEDED,
    PARSE_ERROR,
    UNKNOWN_METHOD,
    InvalidParams,
    RpcError,
    from_chain,
)
from .method import REQUIRED, Method, Node

REQUEST_BYTES_MAX: Final = 10 * 2**20
RESPONSE_BYTES_MAX: Final = 256 * 2**20
BATCH_MAX: Final = 1_000
HURRY_SECONDS: Final = 0.003
"""How long a question may hold the event loop. Handing it to the chain's thread and taking the
answer back costs a twentieth of that, which is most of a small call."""

STEP_SECONDS: Final = 0.005
"""How long a batch may hold the chain's thread before others get their turn."""

log = logging.getLogger(__name__)


class Call:
    """One entry of a request, parsed as far as it could be."""

    __slots__ = ("arguments", "error", "id", "inline", "method", "notification", "quick")

    def __init__(self, call_id: Any, *, notification: bool = False) -> None:
        self.id = call_id
        self.notification = notification
        self.method: Method | None = None
        self.arguments: list[Any] = []
        self.error: RpcError | None = None
        self.inline = True
        self.quick = False


class Request:
    """The calls of one message, and the answers so far."""

    __slots__ = ("answers", "batch", "calls", "position", "size")

    def __init__(self, calls: list[Call], *, batch: bool) -> None:
        self.calls = calls
        self.batch = batch
        self.position = 0
        self.answers: list[bytes] = []
        self.size = 0

    @property
    def done(self) -> bool:
        """Say whether every call has been answered."""
        return self.position == len(self.calls)

    @property
    def here(self) -> bool:
        """Say whether the next call may be answered on the event loop."""
        return self.calls[self.position].inline

    @property
    def quick(self) -> bool:
        """Say whether the next call may be tried on the event loop."""
        return self.calls[self.position].quick

    def response(self) -> bytes:
        """Return the message to send back; empty where nothing is owed."""
        if not self.batch:
            return self.answers[0] if self.answers else b""
        return b"[" + b",".join(self.answers) + b"]" if self.answers else b""


class Dispatcher:
    """Answers requests with the methods of a table."""

    def __init__(
        self,
        methods: Mapping[str, Method],
        *,
        clock: Callable[[], float] = time.perf_counter,
        request_bytes_max: int = REQUEST_BYTES_MAX,
        response_bytes_max: int = RESPONSE_BYTES_MAX,
        batch_max: int = BATCH_MAX,
    ) -> None:
        self._methods = methods
        self._clock = clock
        self._request_bytes_max = request_bytes_max
        self._response_bytes_max = response_bytes_max
        self._batch_max = batch_max

    def answer(self, body: bytes, node: Node) -> bytes:
        """Answer a message in one go, where there is only one thread."""
        request = self.parse(body)
        while not request.done:
            self.step(request, node)
        return request.response()

    def parse(self, body: bytes | str) -> Request:
        """Read a message. Whatever is wrong with it becomes the answer of its calls."""
        if len(body) > self._request_bytes_max:
            return _refused(
                RpcError(
                    INVALID_MESSAGE,
                    f"request of {len(body)} bytes; at most {self._request_bytes_max} are taken",
                )
            )
        try:
            message = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            return _refused(RpcError(PARSE_ERROR, f"parse error: {error}"))
        if not isinstance(message, list):
            return Request([self._read_call(message)], batch=False)
        if not message:
            return _refused(RpcError(INVALID_MESSAGE, "empty batch"))
        if len(message) > self._batch_max:
            return _refused(
                RpcError(
                    LIMIT_EXCEEDED,
                    f"batch of {len(message)} calls; at most {self._batch_max} are taken",
                )
            )
        return Request([self._read_call(entry) for entry in message], batch=True)

    def _read_call(self, message: Any) -> Call:
        if not isinstance(message, dict):
            return _failed(None, RpcError(INVALID_MESSAGE, "a call is an object"))
        call_id = message.get("id")
        if isinstance(call_id, dict | list | bool):
            return _failed(None, RpcError(INVALID_MESSAGE, "id: expected a string or a number"))
        if message.get("jsonrpc") != "2.0":
            return _failed(call_id, RpcError(INVALID_MESSAGE, 'jsonrpc: expected "2.0"'))
        name = message.get("method")
        if not isinstance(name, str):
            return _failed(call_id, RpcError(INVALID_MESSAGE, "method: expected a string"))
        call = Call(call_id, notification="id" not in message)
        method = self._methods.get(name)
        if method is None:
            call.error = RpcError(
                UNKNOWN_METHOD, f"the method {name[:100]} does not exist/is not available"
            )
            return call
        given = message.get("params")
        if given is None:
            given = []
        elif not isinstance(given, list):
            call.error = RpcError(INVALID_PARAMS, "params: expected an array")
            return call
        try:
            call.arguments = _read_arguments(method, given)
        except RpcError as error:
            call.error = error
            return call
        call.method = method
        # The pending block is made when it is asked for, which is work for the chain's thread.
        call.inline = method.inline and "pending" not in given
        call.quick = method.quick and "pending" not in given
        return call

    def step(self, request: Request, node: Node) -> None:
        """Answer the calls that belong where the next one belongs, for a while."""
        here = request.here
        deadline = self._clock() + STEP_SECONDS
        while not request.done and request.here is here:
            call = request.calls[request.position]
            request.position += 1
            self._keep(request, call, self._answer(call, node))
            if self._clock() > deadline:
                return

    def hurry(self, request: Request, node: Node) -> None:
        """Try to answer the next call at once; where that takes too long, leave it as it was."""
        call = request.calls[request.position]
        patience = node.chain.question_seconds
        node.chain.question_seconds = min(patience, HURRY_SECONDS)
        node.chain.hurried = True
        try:
            answer = self._answer(call, node, hurried=True)
        except Cancelled:
            call.quick = False
            return
        finally:
            node.chain.question_seconds = patience
            node.chain.hurried = False
        request.position += 1
        self._keep(request, call, answer)

    def _keep(self, request: Request, call: Call, answer: bytes) -> None:
        if call.notification:
            return
        request.size += len(answer)
        if request.size > self._response_bytes_max:
            answer = error_response(call.id, RpcError(LIMIT_EXCEEDED, "response too large"))
        request.answers.append(answer)

    def _answer(self, call: Call, node: Node, *, hurried: bool = False) -> bytes:
        if call.method is None:
            assert call.error is not None, "a call has a method or an error"
            return error_response(call.id, call.error)
        if node.call_log.enabled:
            node.call_log.write(call.method.name)
        try:
            result = call.method.run(node, *call.arguments)
            return _encoded({"jsonrpc": "2.0", "id": call.id, "result": result})
        except RpcError as error:
            return error_response(call.id, error)
        except ChainError as error:
            if hurried and isinstance(error, Cancelled):
                raise
            return error_response(call.id, from_chain(error))
        except Exception as error:
            # A bug of ours. It must reach neither the client's screen nor the other clients.
            log.exception("%s failed", call.method.name)
            text = f"internal error: {type(error).__name__}"
            return error_response(call.id, RpcError(INTERNAL_ERROR, text))


def _read_arguments(method: Method, given: list[Any]) -> list[Any]:
    params = method.params
    if len(given) > len(params):
        raise InvalidParams(f"too many arguments, want at most {len(params)}")
    arguments = []
    for index, param in enumerate(params):
        value = given[index] if index < len(given) else None
        if value is not None:
            arguments.append(param.kind.read(value, param.name))
        elif param.default is REQUIRED:
            raise InvalidParams(f"missing value for required argument {index}: {param.name}")
        else:
            arguments.append(param.default)
    return arguments


def _refused(error: RpcError) -> Request:
    """Return a request that is answered by one error with a null id."""
    return Request([_failed(None, error)], batch=False)


def _failed(call_id: Any, error: RpcError) -> Call:
    call = Call(call_id)
    call.error = error
    return call


def _encoded(response: Any) -> bytes:
    try:
        return orjson.dumps(response)
    except TypeError as error:
        if "Recursion limit" not in str(error):
            raise
        # A call trace nests as deep as calls do, up to 2,048 levels; orjson gives up at 254.
        return json.dumps(response, separators=(",", ":")).encode()


def error_response(call_id: Any, error: RpcError) -> bytes:
    """Write an error response."""
    try:
        return orjson.dumps({"jsonrpc": "2.0", "id": call_id, "error": error.to_json()})
    except TypeError:  # Text that is no UTF-8: revert reasons are chosen by contracts.
        plain = error.message.encode("utf-8", "replace").decode()
        return orjson.dumps(
            {"jsonrpc": "2.0", "id": call_id, "error": {"code": error.code, "message": plain}}
        )
