"""The daemon's control interface: JSON-RPC 2.0, a line each way, for the user of this machine only.

A client speaks on a Unix socket in the data directory, or on a loopback port where one is asked
for, and proves by the token beside the socket that it may read the directory. Until then every
method but `Authenticate` is refused. Answers may overtake each other; events go to those who
called `Subscribe`, and one who does not read them is put out.
"""

import asyncio
import hmac
import json
import os
import re
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .codec import read_json

LINE_MAX = 1 << 20
CLIENTS_MAX = 32
CALLS_MAX = 32  # of one client at a time
EVENTS_MAX = 256  # waiting for one client
TOKEN_BYTES = 32
CAPITAL = re.compile("[A-Z]")

PARSE_ERROR, INVALID_REQUEST, NO_METHOD, INVALID_PARAMS = -32700, -32600, -32601, -32602
REFUSED, NOT_AUTHENTICATED, LOCKED, INTERNAL = -32000, -32001, -32002, -32603

Json = Any
Params = dict[str, Json]


class ControlError(Exception):
    """A call that is not done; the client sees code and message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Method:
    """A call: what does it, and the JSON type of each parameter (in `optional`, those left out)."""

    run: Callable[..., Awaitable[Json]]
    needs: Mapping[str, type] = field(default_factory=dict)
    optional: Mapping[str, type] = field(default_factory=dict)

    def check(self, params: Json) -> Params:
        """Return the parameters as Python spells them, every one expected and of its type."""
        if not isinstance(params, dict):
            raise ControlError(INVALID_PARAMS, "parameters are one object")
        for name in self.needs:
            if name not in params:
                raise ControlError(INVALID_PARAMS, f"{name} is missing")
        for name, value in params.items():
            expected = self.needs.get(name) or self.optional.get(name)
            if expected is None:
                raise ControlError(INVALID_PARAMS, f"no parameter {name[:40]!r}")
            if type(value) is not expected:
                raise ControlError(INVALID_PARAMS, f"{name} is not of type {expected.__name__}")
        return {CAPITAL.sub(r"_\g<0>", name).lower(): value for name, value in params.items()}


class Control:
    """The server; `publish` sends an event to every subscriber."""

    def __init__(self, methods: Mapping[str, Method], refused: Counter[str]) -> None:
        self._methods = methods
        self._refused = refused
        self._token = secrets.token_hex(TOKEN_BYTES)
        self._clients: set[_Client] = set()
        self._servers: list[asyncio.Server] = []
        self._files: list[Path] = []

    async def serve(self, folder: Path, port: tuple[str, int] | None) -> None:
        """Listen on `control.sock`, and on a loopback port if one is given."""
        token, socket = folder / "control.token", folder / "control.sock"
        write_private(token, self._token.encode())
        socket.unlink(missing_ok=True)
        mask = os.umask(0o177)
        try:
            server = await asyncio.start_unix_server(self._client, socket, limit=LINE_MAX)
        finally:
            os.umask(mask)
        self._servers.append(server)
        self._files += [token, socket]
        if port is not None:
            self._servers.append(await asyncio.start_server(self._client, *port, limit=LINE_MAX))

    async def close(self) -> None:
        """Stop listening, put out every client, and take token and socket away."""
        for server in self._servers:
            server.close()
        for client in list(self._clients):
            client.end()
        for path in self._files:
            path.unlink(missing_ok=True)

    def publish(self, params: Params) -> None:
        """Send an event to every subscriber."""
        line = _line({"jsonrpc": "2.0", "method": "event", "params": params})
        for client in list(self._clients):
            if client.subscribed and not client.push(line):
                self._refused["control: a client does not read its events"] += 1
                client.end()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._clients) >= CLIENTS_MAX:
            self._refused["control: too many clients"] += 1
            writer.close()
            return
        client = _Client(writer)
        self._clients.add(client)
        try:
            await self._converse(client, reader)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._clients.discard(client)
            client.end()

    async def _converse(self, client: "_Client", reader: asyncio.StreamReader) -> None:
        while True:
            try:
                line = await reader.readuntil(b"\n")
            except asyncio.LimitOverrunError:
                self._refused["control: line too long"] += 1
                client.push(_line(_error(None, PARSE_ERROR, "the line is too long")))
                return
            await client.room.acquire()
            client.start(self._answer(client, line))

    async def _answer(self, client: "_Client", line: bytes) -> None:
        try:
            answer = await self._call(client, line)
        finally:
            client.room.release()
        if not client.push(_line(answer)) or client.refused:
            client.end()

    async def _call(self, client: "_Client", line: bytes) -> Json:
        try:
            request = read_json(line)
        except ValueError:
            self._refused["control: not JSON"] += 1
            return _error(None, PARSE_ERROR, "this is not JSON")
        number = request.get("id") if isinstance(request, dict) else None
        if not _is_request(request) or not isinstance(number, int | str):
            self._refused["control: no request"] += 1
            return _error(None, INVALID_REQUEST, "this is no request")
        try:
            result = await self._run(client, request["method"], request.get("params", {}))
        except ControlError as error:
            self._refused[f"control: refused ({error.code})"] += 1
            return _error(number, error.code, str(error))
        except Exception as error:
            self._refused["control: internal error"] += 1
            return _error(number, INTERNAL, f"internal error: {type(error).__name__}")
        return {"jsonrpc": "2.0", "id": number, "result": result}

    async def _run(self, client: "_Client", name: str, params: Json) -> Json:
        if name == "Authenticate":
            token = Method(_nothing, {"token": str}).check(params)["token"]
            if not hmac.compare_digest(token.encode(), self._token.encode()):
                client.refused = True
                raise ControlError(NOT_AUTHENTICATED, "the token is wrong")
            client.trusted = True
            return True
        if not client.trusted:
            raise ControlError(NOT_AUTHENTICATED, "call Authenticate first")
        if name == "Subscribe":
            client.subscribed = True
            return True
        method = self._methods.get(name)
        if method is None:
            raise ControlError(NO_METHOD, f"no method {name[:40]!r}")
        return await method.run(**method.check(params))


class _Client:
    """One connection; its answers and events leave in the order they were made."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.trusted = False
        self.refused = False
        self.subscribed = False
        self.room = asyncio.Semaphore(CALLS_MAX)
        self._lines: asyncio.Queue[bytes] = asyncio.Queue(EVENTS_MAX)
        self._tasks = {asyncio.ensure_future(self._write())}

    def start(self, call: Awaitable[None]) -> None:
        task = asyncio.ensure_future(call)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def push(self, line: bytes) -> bool:
        try:
            self._lines.put_nowait(line)
        except asyncio.QueueFull:
            return False
        return True

    def end(self) -> None:
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()
        while not self._lines.empty():
            self.writer.write(self._lines.get_nowait())
        self.writer.close()  # after what was written

    async def _write(self) -> None:
        while True:
            self.writer.write(await self._lines.get())
            try:
                await self.writer.drain()
            except ConnectionError:
                return


async def _nothing() -> None:
    """Stand in for what `Authenticate` would run."""


def write_private(path: Path, content: bytes) -> None:
    """Write a file that only its owner reads, from its first moment on."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _is_request(request: Json) -> bool:
    return (
        isinstance(request, dict)
        and request.get("jsonrpc") == "2.0"
        and isinstance(request.get("method"), str)
        and set(request) <= {"jsonrpc", "id", "method", "params"}
    )


def _error(number: int | str | None, code: int, message: str) -> Json:
    return {"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": message}}


def _line(value: Json) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"
