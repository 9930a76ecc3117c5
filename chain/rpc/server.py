"""One port for HTTP and WebSocket: bytes between sockets and the dispatcher.

The event loop owns the sockets; one other thread owns the chain, and everything that is not marked
inline runs there, one step at a time. Knows nothing of methods.
"""

import asyncio
import contextlib
import ipaddress
import logging
import secrets
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import uvicorn
import uvloop
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from ..local_chain import Event, LocalChain
from .dispatch import REQUEST_BYTES_MAX, Dispatcher, Request, error_response
from .errors import INVALID_MESSAGE, RpcError
from .filters import Filters
from .method import CallLog, Node
from .methods import TABLE
from .subscriptions import Hub, Session

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

CONNECTIONS_MAX: Final = 2_000
QUEUE_MESSAGES_MAX: Final = 4_096
QUEUE_BYTES_MAX: Final = 64 * 2**20
"""What waits for one WebSocket client; a client that reads more slowly is cut off."""

SHUTDOWN_SECONDS: Final = 5
SWITCH_SECONDS: Final = 0.0005
"""How long a thread may keep the interpreter while the other waits. The default of 5 ms would be
the delay of every answer that comes while a block is mined."""

POLL_SECONDS: Final = 0.05
RETRY_SECONDS: Final = 1.0

CONTENT_TYPES: Final = (b"application/json", b"application/json-rpc", b"application/jsonrequest")
ABORT: Final = "pars.abort"

log = logging.getLogger(__name__)


class PortInUse(Exception):
    """Nothing can listen there; the text names the remedy."""


class AbortableWebSocket(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, whose application may cut a connection that no longer reads.

    Closing properly would wait for the client to read what is queued, which is the trouble.
    """

    async def run_asgi(self) -> None:
        """Put the way to abort where the application finds it."""
        extensions: dict[str, Any] = self.scope["extensions"]
        extensions[ABORT] = self.transport.abort
        await super().run_asgi()


class Application:
    """The ASGI application."""

    def __init__(
        self,
        chain: LocalChain,
        worker: ThreadPoolExecutor,
        *,
        origins: str | Iterable[str] = "*",
        hosts: frozenset[str] | None = None,
        request_bytes_max: int = REQUEST_BYTES_MAX,
        write: Callable[[str], None] | None = None,
    ) -> None:
        self._chain = chain
        self._worker = worker
        self._jobs = 0
        self._call_log = CallLog(write=write or log.warning)
        self._origins = "*" if origins == "*" else frozenset(_origins(origins))
        self._hosts = hosts
        self._request_bytes_max = request_bytes_max
        self._dispatcher = Dispatcher(TABLE, request_bytes_max=request_bytes_max)
        self._instance = secrets.token_bytes(32)
        self.filters = Filters()
        self.hub = Hub()
        self._node = self._make_node(None)

    def _make_node(self, session: Session | None) -> Node:
        return Node(
            chain=self._chain,
            filters=self.filters,
            instance=self._instance,
            call_log=self._call_log,
            session=session,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one HTTP request or one WebSocket connection."""
        headers = dict(scope["headers"])
        if not self._host_allowed(headers.get(b"host", b"")):
            await _refuse(scope, receive, send, 403, "invalid host specified")
        elif scope["type"] == "websocket":
            await self._websocket(scope, headers, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, headers, receive, send)

    def _host_allowed(self, host: bytes) -> bool:
        """Say whether a Host header may lead here.

        A page of another site can make its own name resolve to this machine, and then speak to
        a node on loopback as if it were that site. It cannot forge the header.
        """
        if self._hosts is None:
            return True
        name = host.decode("latin-1").strip().lower()
        name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
        if name in self._hosts or name == "localhost" or name.endswith(".localhost"):
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

    async def _work(self, request: Request, node: Node) -> bytes:
        """Answer a request, on the loop where that is allowed and on the chain's thread else."""
        step = self._dispatcher.step
        while not request.done:
            if request.here:
                step(request, node)
            elif request.quick and not self._jobs:
                self._dispatcher.hurry(request, node)
            else:
                await self.on_worker(step, request, node)
        return request.response()

    async def on_worker(self, job: Callable[..., Any], *arguments: Any) -> None:
        """Run a job on the chain's thread.

        The loop counts the jobs that are not over, also those whose client has gone: while there
        are none the chain belongs to the loop.
        """
        loop = asyncio.get_running_loop()
        self._jobs += 1
        future = self._worker.submit(job, *arguments)

        def over(_: object) -> None:
            with contextlib.suppress(RuntimeError):  # The loop is closed: nobody counts any more.
                loop.call_soon_threadsafe(self._job_done)

        future.add_done_callback(over)
        await asyncio.wrap_future(future)

    def _job_done(self) -> None:
        self._jobs -= 1

    # HTTP.

    async def _http(
        self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, send: Send
    ) -> None:
        cors = self._cors(headers)
        method = scope["method"]
        if method == "POST":
            status, body = await self._post(headers, receive)
        elif method == "OPTIONS":
            status, body = 204, b""
            if any(name == b"access-control-allow-origin" for name, _ in cors):
                cors += _preflight(headers)
        elif method in ("GET", "HEAD"):
            status, body = 200, b""  # Health checks ask like this.
        else:
            status, body = 405, b""
            cors = [*cors, (b"allow", b"GET, HEAD, OPTIONS, POST")]
        length = [(b"content-length", b"%d" % len(body))] if status != 204 else []
        kind = [(b"content-type", b"application/json")] if body else []
        await send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [*kind, *length, *cors],
            }
        )
        await send({"type": "http.response.body", "body": body})

    async def _post(self, headers: dict[bytes, bytes], receive: Receive) -> tuple[int, bytes]:
        kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if kind not in CONTENT_TYPES:
            # Another type needs no preflight, so any page could send it to a node on loopback.
            return 415, _error("content-type: expected application/json")
        if headers.get(b"content-encoding", b"identity") != b"identity":
            return 415, _error("content-encoding: expected none")
        length = headers.get(b"content-length", b"")
        if length.isdigit() and int(length) > self._request_bytes_max:
            return 413, self._too_large()
        body = b""
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return 400, b""
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > self._request_bytes_max:
                return 413, self._too_large()
        answer = await self._work(self._dispatcher.parse(body), self._node)
        return (200, answer) if answer else (204, b"")

    def _too_large(self) -> bytes:
        return _error(f"request too large: at most {self._request_bytes_max} bytes are taken")

    def _cors(self, headers: dict[bytes, bytes]) -> list[tuple[bytes, bytes]]:
        origin = headers.get(b"origin")
        if origin is None:
            return []
        if self._origins == "*":
            return [(b"access-control-allow-origin", b"*")]
        if origin.decode("latin-1").lower() in self._origins:
            return [(b"access-control-allow-origin", origin), (b"vary", b"origin")]
        return [(b"vary", b"origin")]

    # WebSocket.

    async def _websocket(
        self, scope: Scope, headers: dict[bytes, bytes], receive: Receive, send: Send
    ) -> None:
        origin = headers.get(b"origin")
        foreign = origin is not None and self._origins != "*"
        if foreign and origin is not None and origin.decode("latin-1").lower() not in self._origins:
            await _refuse(scope, receive, send, 403, "origin not allowed")
            return
        if len(self.hub) >= CONNECTIONS_MAX:
            await _refuse(scope, receive, send, 503, "too many connections")
            return
        await receive()
        await send({"type": "websocket.accept"})
        outbox = Outbox(send, scope["extensions"][ABORT])
        session = Session(outbox.push)
        node = self._make_node(session)
        self.hub.join(session)
        writer = asyncio.create_task(outbox.write())
        try:
            async for body in _messages(receive):
                answer = await self._work(self._dispatcher.parse(body), node)
                if answer:
                    await outbox.put(answer)
                session.activate()
        finally:
            self.hub.leave(session)
            writer.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await writer


class Outbox:
    """What waits to be sent to one WebSocket client."""

    def __init__(self, send: Send, abort: Callable[[], None]) -> None:
        self._send = send
        self._abort = abort
        self._queue: asyncio.Queue[bytes] = asyncio.Queue(QUEUE_MESSAGES_MAX)
        self._bytes = 0
        self._closed = False

    async def put(self, message: bytes) -> None:
        """Queue an answer. A client that asks faster than it reads is not read from meanwhile."""
        self._bytes += len(message)
        await self._queue.put(message)

    def push(self, message: bytes) -> None:
        """Queue a notification; cut the client off if it has stopped reading them."""
        if self._closed:
            return
        if self._queue.full() or self._bytes + len(message) > QUEUE_BYTES_MAX:
            self._closed = True
            log.warning("a WebSocket client reads too slowly for its subscriptions: cut off")
            self._abort()
            return
        self._bytes += len(message)
        self._queue.put_nowait(message)

    async def write(self) -> None:
        """Send what is queued, for ever."""
        while True:
            message = await self._queue.get()
            await self._send({"type": "websocket.send", "text": message.decode()})
            self._bytes -= len(message)


async def _messages(receive: Receive) -> AsyncIterator[bytes | str]:
    while (message := await receive())["type"] == "websocket.receive":
        text = message.get("text")
        yield text if text is not None else message.get("bytes") or b""


def _preflight(headers: dict[bytes, bytes]) -> list[tuple[bytes, bytes]]:
    asked = headers.get(b"access-control-request-headers", b"content-type")
    return [
        (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
        (b"access-control-allow-headers", asked),
        (b"access-control-max-age", b"600"),
    ]


def _error(message: str) -> bytes:
    return error_response(None, RpcError(INVALID_MESSAGE, message))


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, why: str) -> None:
    start, body = "http.response.start", "http.response.body"
    if scope["type"] == "websocket":
        await receive()
        start, body = "websocket.http.response.start", "websocket.http.response.body"
    text = (why + "\n").encode()
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(text))]
    await send({"type": start, "status": status, "headers": headers})
    await send({"type": body, "body": text})


def _origins(given: str | Iterable[str]) -> Iterator[str]:
    for origin in given.split(",") if isinstance(given, str) else given:
        if origin.strip():
            yield origin.strip().rstrip("/").lower()


def listen(host: str, port: int) -> socket.socket:
    """Open the port, or say why not."""
    if not 0 <= port < 2**16:  # The resolver would take it modulo that.
        raise PortInUse(f"cannot listen on {host}:{port}: a port is a number from 0 to 65535")
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        infos = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
        server = socket.socket(*infos[0][:2])
    except OSError as error:
        raise PortInUse(f"cannot listen on {host}:{port}: {error}") from None
    try:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(infos[0][4])
        server.listen(1024)
    except OSError as error:
        server.close()
        reason = error.strerror or str(error)
        raise PortInUse(
            f"cannot listen on {host}:{port}: {reason}; choose another with --port"
        ) from None
    server.setblocking(False)
    return server


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach a host."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Server:
    """A chain behind a port, until somebody says stop."""

    def __init__(
        self,
        chain: LocalChain,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        cors: str | Iterable[str] = "*",
        hosts: Iterable[str] = (),
        request_bytes_max: int = REQUEST_BYTES_MAX,
        log: Callable[[str], None] | None = None,
    ) -> None:
        self._chain = chain
        self._socket = listen(host, port)
        self._worker = ThreadPoolExecutor(1, "chain")
        # Only who listens on loopback counts on being unreachable from elsewhere.
        allowed = frozenset(name.lower() for name in (host, *hosts))
        self._app = Application(
            chain,
            self._worker,
            origins=cors,
            hosts=allowed if is_loopback(host) else None,
            request_bytes_max=request_bytes_max,
            write=log,
        )
        shown = f"[{host}]" if ":" in host else host
        self.url = f"http://{shown}:{self._socket.getsockname()[1]}"
        self._uvicorn = uvicorn.Server(
            uvicorn.Config(
                self._app,
                loop="uvloop",
                http="httptools",
                ws=AbortableWebSocket,
                ws_max_size=request_bytes_max,
                ws_per_message_deflate=False,
                lifespan="off",
                log_config=None,
                log_level="critical",
                access_log=False,
                server_header=False,
                date_header=False,
                proxy_headers=False,
                limit_concurrency=CONNECTIONS_MAX,
                timeout_keep_alive=120,
                timeout_graceful_shutdown=SHUTDOWN_SECONDS,
            )
        )

    def run(self, on_ready: Callable[[str], None] | None = None) -> None:
        """Serve until `stop`, then finish what is under way and close the chain."""
        switch_seconds = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_SECONDS)
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._run(on_ready))
        finally:
            self._socket.close()
            self._worker.submit(self._chain.close).result()
            self._worker.shutdown()
            sys.setswitchinterval(switch_seconds)

    def stop(self, *_: object) -> None:
        """End `run`. Any thread may say so, and a signal handler."""
        self._uvicorn.should_exit = True

    async def _run(self, on_ready: Callable[[str], None] | None) -> None:
        loop = asyncio.get_running_loop()

        def take(event: Event) -> None:
            self._app.filters.notice(event)
            loop.call_soon_threadsafe(self._app.hub.publish, event)

        unlisten = self._chain.listen(take)
        miner = asyncio.create_task(self._mine_when_due())
        serving = asyncio.create_task(self._uvicorn.serve(sockets=[self._socket]))
        try:
            while not (self._uvicorn.started or serving.done()):
                await asyncio.sleep(0.005)
            if on_ready is not None and not serving.done():
                on_ready(self.url)
            await serving
        finally:
            self.stop()
            unlisten()
            miner.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await miner

    async def _mine_when_due(self) -> None:
        """Mine by the clock for as long as the chain asks for that."""
        while True:
            due = self._chain.next_block_due()
            if due is None or due > 0:
                # Not longer, because a client may set another interval meanwhile.
                await asyncio.sleep(POLL_SECONDS if due is None else min(due, POLL_SECONDS))
                continue
            try:
                await self._app.on_worker(self._chain.mine_due)
            except Exception:
                log.exception("no block could be mined")
                await asyncio.sleep(RETRY_SECONDS)


def serve(
    chain: LocalChain,
    host: str,
    port: int,
    *,
    on_ready: Callable[[str], None],
    log: Callable[[str], None] | None = None,
    cors: str | Iterable[str] = "*",
    hosts: Iterable[str] = (),
) -> None:
    """Serve a chain until SIGINT or SIGTERM, then close it. Raises PortInUse."""
    server = Server(chain, host, port, cors=cors, hosts=hosts, log=log)
    with signals_to(server.stop), logging_to(log):
        server.run(on_ready)


@contextlib.contextmanager
def signals_to(stop: Callable[..., None]) -> Iterator[None]:
    """Have the two signals that end a program end the server.

    uvicorn catches them while it runs, and raises them again afterwards for whoever caught them
    before: that is this handler, so that nothing else happens.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {each: signal.signal(each, stop) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


@contextlib.contextmanager
def logging_to(write: Callable[[str], None] | None) -> Iterator[None]:
    """Pass on what the chain logs, one line each, to a function that shows it."""
    if write is None:
        yield
        return
    logger = logging.getLogger("chain")
    lines = Lines(write)
    logger.addHandler(lines)
    try:
        yield
    finally:
        logger.removeHandler(lines)


class Lines(logging.Handler):
    """Writes one line per record: no traceback reaches a user."""

    def __init__(self, write: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        cause = record.exc_info[1] if record.exc_info else None
        self._write(record.getMessage() + (f": {cause!r}" if cause is not None else ""))
