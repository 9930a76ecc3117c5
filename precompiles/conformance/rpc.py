"""JSON-RPC over HTTP: asks a node, and says whether it refused or was silent. Knows no vectors."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

Transport = Callable[[bytes], bytes]
"""Sends a message and returns the answer; raises OSError or HTTPException when there is none."""

SECONDS = 30.0
ANSWER_BYTES_MAX = 64 * 2**20


class SilentError(Exception):
    """The node did not answer, or not in JSON-RPC."""


class RefusedError(Exception):
    """The node answered with an error object."""

    def __init__(self, code: int, message: str, data: bytes | None) -> None:
        super().__init__(f"{message} ({code})")
        self.code = code
        self.data = data


@contextmanager
def over_http(url: str, seconds: float = SECONDS) -> Iterator[Transport]:
    """Open the transport to a URL. It keeps its connection, and makes a new one when it breaks.

    Each wait is bounded. A broken connection is tried again only if no answer had begun.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is no http or https URL")
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname, parts.port, timeout=seconds)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def send(body: bytes) -> bytes:
        fresh = connection.sock is None
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            return connection.getresponse().read(ANSWER_BYTES_MAX)
        except ConnectionError:
            connection.close()
            if fresh:
                raise
            return send(body)
        except (OSError, HTTPException):
            connection.close()
            raise

    try:
        yield send
    finally:
        connection.close()


class Client:
    """Calls methods of one node."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._id = 0

    def __call__(self, method: str, *params: Any) -> Any:
        """Return the result of a method; raise SilentError or RefusedError."""
        self._id += 1
        message = {"jsonrpc": "2.0", "id": self._id, "method": method, "params": params}
        try:
            answer = json.loads(self._transport(json.dumps(message).encode()))
        except (OSError, HTTPException) as error:
            raise SilentError(f"{method}: {error or type(error).__name__}") from None
        except ValueError:
            raise SilentError(f"{method}: the answer is not JSON") from None
        refusal = answer.get("error") if isinstance(answer, dict) else None
        if isinstance(refusal, dict):
            code, said = refusal.get("code"), str(refusal.get("message"))
            raise RefusedError(code if isinstance(code, int) else 0, said, payload(refusal))
        if not isinstance(answer, dict) or answer.get("id") != self._id or "result" not in answer:
            raise SilentError(f"{method}: the answer is not one of JSON-RPC")
        return answer["result"]

    def offers(self, method: str, *params: Any) -> bool:
        """Return whether the node answers a method at all."""
        try:
            self(method, *params)
        except RefusedError:
            return False
        return True


def payload(error: dict[str, Any]) -> bytes | None:
    """Return the revert data of an error object, wherever the node puts it."""
    data = error.get("data")
    if isinstance(data, dict):
        data = data.get("data")
    if not isinstance(data, str) or not data.startswith("0x"):
        return None
    try:
        return bytes.fromhex(data[2:])
    except ValueError:
        return None
