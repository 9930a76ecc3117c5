"""The light node's port: JSON-RPC over HTTP on loopback, as any client of Ethereum speaks it.

Flows run on the event loop, calls of contracts in the worker's process. Every answer that rests on
a block says so in two headers: `Pars-State-Block`, and `Pars-State-Age` in seconds.
"""

import asyncio
import contextlib
import ipaddress
import json
import logging
import socket
from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence
from typing import Any

import uvicorn

from ..codec import read_json
from .calls import Job, Ran
from .client import LightClient, Outcome, Unanswered
from .errors import (
    INVALID_REQUEST,
    LIMIT_EXCEEDED,
    PARSE_ERROR,
    UNKNOWN_METHOD,
    RpcError,
)
from .header import Header
from .methods import Methods, error_of

REQUEST_MAX = 1 << 20
BATCH_MAX = 100
CONNECTIONS_MAX = 64
WAIT_SECONDS = 120.0
SHUTDOWN_SECONDS = 5
CONTENT_TYPE = b"application/json"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Fields = list[tuple[bytes, bytes]]

log = logging.getLogger(__name__)


class Service:
    """A light client at work: flows begun by callers, jobs handed to the machine.

    The driver calls `pump` after each thing it has told the client.
    """

    def __init__(
        self,
        client: LightClient,
        methods: Methods,
        execute: Callable[[Job], Awaitable[Ran]],
        wake: Callable[[], None],
    ) -> None:
        """`wake` tells the driver that the client may have something to send."""
        self._client = client
        self._methods = methods
        self._execute = execute
        self._wake = wake
        self._jobs: set[asyncio.Task[None]] = set()

    async def ask(self, method: str, params: Sequence[Any]) -> tuple[Any, Header | None]:
        """Answer a call; raise RpcError."""
        begin = self._methods.table.get(method)
        if begin is None:
            raise RpcError(
                UNKNOWN_METHOD, f"the method {method[:100]} does not exist/is not available"
            )
        future: asyncio.Future[tuple[Any, Header | None]] = (
            asyncio.get_running_loop().create_future()
        )

        def done(outcome: Outcome) -> None:
            if future.done():  # nobody waits any more
                return
            if outcome.error is not None:
                future.set_exception(outcome.error)
            else:
                future.set_result(outcome.value)

        try:
            self._client.start(_guarded(begin, params), done, self._methods.clock())
            self.pump()
            async with asyncio.timeout(WAIT_SECONDS):
                return await future
        except TimeoutError:
            raise error_of(Unanswered("no answer in time")) from None
        except Exception as error:
            raise error_of(error) from None

    def pump(self) -> None:
        """Begin what the client wants to have computed, and let its messages go."""
        for number, job in self._client.runs():
            task = asyncio.get_running_loop().create_task(self._run(number, job))
            self._jobs.add(task)
            task.add_done_callback(self._jobs.discard)
        self._wake()

    async def _run(self, number: int, job: Job) -> None:
        ran: Ran | Unanswered
        try:
            ran = await self._execute(job)
        except Unanswered as error:
            ran = error
        self._client.ran(number, ran, self._methods.clock())
        self.pump()

    async def close(self) -> None:
        """Let no job go on."""
        for task in list(self._jobs):
            task.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)


def _guarded(begin: Callable[[Sequence[Any]], Any], params: Sequence[Any]) -> Any:
    """Begin a flow inside itself, so that what its parameters break is its outcome."""
    return (yield from begin(params))


class Application:
    """The ASGI application."""

    def __init__(self, service: Service, methods: Methods, origins: frozenset[str]) -> None:
        self._service = service
        self._methods = methods
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            raise ValueError("only HTTP is spoken here")
        headers = dict(scope["headers"])
        status, body, fields = 403, b"", Fields()
        if _is_here(headers.get(b"host", b"")) and self._may_ask(headers.get(b"origin")):
            status, body, fields = await self._answer(scope["method"], headers, receive)
            fields += self._cors(headers)
        length = [(b"content-length", b"%d" % len(body))] if status != 204 else []
        kind = [(b"content-type", CONTENT_TYPE)] if body else []
        start = {"type": "http.response.start", "status": status}
        await send(start | {"headers": [*kind, *length, *fields]})
        await send({"type": "http.response.body", "body": body})

    def _may_ask(self, origin: bytes | None) -> bool:
        """Return whether a page may ask; what is no page sends no origin."""
        return origin is None or origin.decode("latin-1").lower() in self._origins

    def _cors(self, headers: dict[bytes, bytes]) -> Fields:
        origin = headers.get(b"origin")
        if origin is None:
            return []
        return [
            (b"access-control-allow-origin", origin),
            (b"access-control-allow-headers", b"content-type"),
            (b"access-control-expose-headers", b"pars-state-age, pars-state-block"),
            (b"vary", b"origin"),
        ]

    async def _answer(
        self, method: str, headers: dict[bytes, bytes], receive: Receive
    ) -> tuple[int, bytes, Fields]:
        if method == "OPTIONS":
            return 204, b"", []
        if method != "POST":
            return 405, b"", [(b"allow", b"OPTIONS, POST")]
        kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if kind != CONTENT_TYPE:
            # Another type needs no preflight: any page could send it.
            return 415, b"", []
        body = b""
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return 400, b"", []
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > REQUEST_MAX:
                return 413, b"", []
        answer, header = await self._message(body)
        fields = []
        if header is not None:
            age = self._methods.age_ms(header) // 1000
            fields.append((b"pars-state-age", b"%d" % age))
            fields.append((b"pars-state-block", b"%d" % header.number))
        return (200 if answer else 204), answer, fields

    async def _message(self, body: bytes) -> tuple[bytes, Header | None]:
        """Answer one call or a batch; the oldest block that an answer rests on is told."""
        try:
            message = read_json(body)
        except ValueError:
            return _failed(None, RpcError(PARSE_ERROR, "parse error")), None
        if not isinstance(message, list):
            answer, header = await self._one(message)
            return answer or b"", header
        if not 0 < len(message) <= BATCH_MAX:
            error = RpcError(LIMIT_EXCEEDED, f"a batch has 1 to {BATCH_MAX} calls")
            return _failed(None, error), None
        answered = [await self._one(entry) for entry in message]
        bodies = [answer for answer, _ in answered if answer is not None]
        headers = [header for _, header in answered if header is not None]
        oldest = min(headers, key=lambda each: each.number, default=None)
        return (b"[" + b",".join(bodies) + b"]" if bodies else b""), oldest

    async def _one(self, message: Any) -> tuple[bytes | None, Header | None]:
        """Answer a call; None for one that wants no answer."""
        call_id = message.get("id") if isinstance(message, dict) else None
        if isinstance(call_id, dict | list | bool):
            call_id = None
        header, notification = None, False
        try:
            method, params = _call_of(message)
            notification = "id" not in message
            result, header = await self._service.ask(method, params)
            answer = json.dumps({"jsonrpc": "2.0", "id": call_id, "result": result}).encode()
        except RpcError as error:
            answer = _failed(call_id, error)
        except Exception as error:
            # A bug of ours. It must not reach the client's screen.
            log.exception("a call failed")
            answer = _failed(call_id, RpcError(-32603, f"internal error: {type(error).__name__}"))
        return (None, None) if notification else (answer, header)


def _call_of(message: Any) -> tuple[str, list[Any]]:
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        raise RpcError(INVALID_REQUEST, "not a call of JSON-RPC 2.0")
    method, params = message.get("method"), message.get("params")
    if not isinstance(method, str) or not isinstance(params, list | None):
        raise RpcError(INVALID_REQUEST, "a call has a method, and an array of parameters")
    return method, params or []


def _failed(call_id: Any, error: RpcError) -> bytes:
    body = {"jsonrpc": "2.0", "id": call_id, "error": error.to_json()}
    return json.dumps(body).encode()


def _is_here(host: bytes) -> bool:
    """Return whether a Host header names this machine.

    A page elsewhere can let its own name lead to loopback, and would speak to us as if we were its
    site. It cannot forge the header.
    """
    name = host.decode("latin-1").strip().lower()
    name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class _Uvicorn(uvicorn.Server):
    """A server whose signals are its daemon's."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Catch none."""
        yield


class Server:
    """The port, from `start` to `close`."""

    def __init__(
        self, service: Service, methods: Methods, *, origins: frozenset[str] = frozenset()
    ) -> None:
        """Pages of `origins` may ask, such as a wallet's; by default none may."""
        application = Application(service, methods, origins)
        self._uvicorn = _Uvicorn(
            uvicorn.Config(
                application,
                http="httptools",
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="critical",
                access_log=False,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                limit_concurrency=CONNECTIONS_MAX,
                timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            )
        )
        self._task: asyncio.Task[None] | None = None

    async def start(self, port: int = 0) -> str:
        """Listen on loopback; return the URL."""
        listening = socket.create_server(("127.0.0.1", port))
        listening.setblocking(False)
        self._task = asyncio.create_task(self._uvicorn.serve(sockets=[listening]))
        while not self._uvicorn.started:
            await asyncio.sleep(0.005)
            if self._task.done():
                await self._task
        return f"http://127.0.0.1:{listening.getsockname()[1]}"

    async def close(self) -> None:
        """Finish what is under way, and listen no more."""
        self._uvicorn.should_exit = True
        if self._task is not None:
            await self._task
