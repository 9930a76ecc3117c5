"""A client of the daemon's control interface: JSON-RPC lines on the socket of a data directory."""

import asyncio
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

DEFAULT_FOLDER = Path.home() / ".pars" / "session"
LINE_MAX = 16 << 20  # An answer may hold an epoch; the daemon is trusted.
EVENTS_MAX = 1024
CALL_SECONDS = 120  # Unlocking takes seconds on a small machine.
LOCKED = -32002


class Unavailable(Exception):
    """The daemon cannot be reached; the message says why and what to do."""


class Failed(Exception):
    """The daemon refused a call."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Client:
    """One connection. Calls may overlap; events wait in `events`, the oldest give way."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.events: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(EVENTS_MAX)
        self._reader, self._writer = reader, writer
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._last = 0
        self._task = asyncio.ensure_future(self._read())

    async def call(self, method: str, **params: Any) -> Any:
        """Call a method; raise `Failed` with the daemon's reason."""
        if self._task.done():
            raise Unavailable("the daemon has gone")
        self._last += 1
        number = self._last
        request = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
        answer = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            self._writer.write(json.dumps(request).encode() + b"\n")
            await self._writer.drain()
            return await asyncio.wait_for(answer, CALL_SECONDS)
        except (ConnectionError, TimeoutError):
            raise Unavailable("the daemon does not answer") from None
        finally:
            self._waiting.pop(number, None)

    async def close(self) -> None:
        """End the connection."""
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()

    async def _read(self) -> None:
        try:
            while line := await self._reader.readline():
                self._take(json.loads(line))
        except (ConnectionError, ValueError, TypeError, AttributeError, KeyError):
            pass  # What is no answer ends the connection; those who wait hear of it below.
        finally:
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(Unavailable("the daemon has gone"))
            self._tell(None)

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("method") == "event":
            self._tell(message["params"])
            return
        answer = self._waiting.get(message["id"])
        if answer is None or answer.done():
            return
        if "error" in message:
            error = message["error"]
            answer.set_exception(Failed(int(error["code"]), str(error["message"])))
        else:
            answer.set_result(message["result"])

    def _tell(self, event: dict[str, Any] | None) -> None:
        if self.events.full():
            self.events.get_nowait()
        self.events.put_nowait(event)


async def connect(folder: Path) -> Client:
    """Connect to the daemon of a data directory, and prove that we may read it."""
    try:
        token = (folder / "control.token").read_text("ascii").strip()
        reader, writer = await asyncio.open_unix_connection(folder / "control.sock", limit=LINE_MAX)
    except PermissionError:
        raise Unavailable(f"{folder} belongs to another user") from None
    except (OSError, ValueError):
        raise Unavailable(
            f"no daemon runs in {folder}: start one with `sessiond --datadir {folder}`"
        ) from None
    client = Client(reader, writer)
    try:
        await client.call("Authenticate", token=token)
    except BaseException:
        await client.close()
        raise
    return client
