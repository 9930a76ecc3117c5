"""Brings JSON-RPC messages to a node over HTTP and back. Answers are bounded in size and time."""

import socket
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urlsplit

from .errors import NodeError

Transport = Callable[[bytes], bytes]
"""Sends a message and returns the answer; raises NodeError where there is none."""

SECONDS = 20.0
"""For one answer, from the first byte of the question to its own last one."""
ANSWER_BYTES_MAX = 16 * 2**20
PIECE_BYTES = 2**16


class HttpTransport:
    """A connection that is kept, and made again when it breaks."""

    def __init__(
        self, url: str, seconds: float = SECONDS, bytes_max: int = ANSWER_BYTES_MAX
    ) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise NodeError(f"node: {url!r} is no http or https URL") from None
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise NodeError(f"node: {url!r} is no http or https URL")
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        self._connection = kind(parts.hostname, port, timeout=seconds)
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._seconds = seconds
        self._bytes_max = bytes_max

    def __call__(self, message: bytes) -> bytes:
        """Return the answer to a message.

        All that the bridge asks can be asked twice, so a connection that the node has closed in
        the meantime is made again, once.
        """
        kept = self._connection.sock is not None
        last = time.monotonic() + self._seconds
        try:
            return self._exchange(message, last)
        except ConnectionError as error:
            self.close()
            if not kept:
                raise NodeError(f"node: no connection: {error}") from None
        except (OSError, HTTPException) as error:
            self.close()
            raise NodeError(f"node: no answer: {error or type(error).__name__}") from None
        try:
            return self._exchange(message, last)
        except (OSError, HTTPException) as error:
            self.close()
            raise NodeError(f"node: no answer: {error or type(error).__name__}") from None

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def _exchange(self, message: bytes, last: float) -> bytes:
        if self._connection.sock is not None:
            self._connection.sock.settimeout(max(last - time.monotonic(), 0.001))
        self._connection.request("POST", self._path, message, {"Content-Type": "application/json"})
        # The response may take the socket from the connection, if the node will close it.
        connected = self._connection.sock
        response = self._connection.getresponse()
        return self._read(response, connected, last)

    def _read(self, response: HTTPResponse, connected: socket.socket, last: float) -> bytes:
        answer = bytearray()
        while True:
            left = last - time.monotonic()
            if left <= 0:
                raise TimeoutError("the answer takes too long")
            if response.fp is not None and connected.fileno() >= 0:
                connected.settimeout(left)
            piece = response.read1(PIECE_BYTES)
            if not piece:
                if response.length:
                    raise HTTPException("the answer is cut off")
                response.close()  # Otherwise the connection takes it for unread.
                return bytes(answer)
            answer += piece
            if len(answer) > self._bytes_max:
                raise HTTPException(f"the answer has more than {self._bytes_max:,} bytes")
