"""Errors of the light node's JSON-RPC."""

from typing import Any

from .client import FlowFailed

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
UNKNOWN_METHOD = -32601
INVALID_PARAMS = -32602
SERVER_ERROR = -32000
NOT_FOUND = -32001
UNVERIFIED = -32010
LIMIT_EXCEEDED = -32005


class RpcError(FlowFailed):
    """An error object on its way to the client."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    def to_json(self) -> dict[str, Any]:
        """Return the error object."""
        body = {"code": self.code, "message": self.message}
        return body if self.data is None else body | {"data": self.data}
