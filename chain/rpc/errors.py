"""What a client is told when something went wrong: codes, messages, data.

The codes are those of JSON-RPC 2.0, EIP-1474, EIP-1898 and the execution-apis catalogue; where
these leave room, geth's answer.
"""

from typing import Final

from ..calls import CallFailed
from ..errors import ChainError, InvalidRequest, UnknownBlock
from ..reverts import reason_of

PARSE_ERROR: Final = -32700
INVALID_MESSAGE: Final = -32600
UNKNOWN_METHOD: Final = -32601
INVALID_PARAMS: Final = -32602
INTERNAL_ERROR: Final = -32603
SERVER_ERROR: Final = -32000
NOT_FOUND: Final = -32001
LIMIT_EXCEEDED: Final = -32005
REVERTED: Final = 3


class RpcError(Exception):
    """An error object on its way to the client."""

    def __init__(self, code: int, message: str, data: object = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data

    def to_json(self) -> dict[str, object]:
        """Return the error object."""
        body: dict[str, object] = {"code": self.code, "message": self.message}
        if self.data is not None:
            body["data"] = self.data
        return body


class InvalidParams(RpcError):
    """A parameter that is not what the method expects; the message begins with its name."""

    def __init__(self, message: str) -> None:
        super().__init__(INVALID_PARAMS, message)


def reverted(output: bytes) -> RpcError:
    """Return the error of a call that reverted with this payload."""
    reason = reason_of(output)
    message = f"execution reverted: {reason}" if reason else "execution reverted"
    return RpcError(REVERTED, message, "0x" + output.hex())


def from_chain(error: ChainError) -> RpcError:
    """Translate what the chain refused."""
    if isinstance(error, CallFailed):
        if error.result.reverted:
            return reverted(error.result.output)
        return RpcError(SERVER_ERROR, error.result.error or "execution failed")
    if isinstance(error, InvalidRequest):
        return InvalidParams(str(error))
    if isinstance(error, UnknownBlock):
        return RpcError(SERVER_ERROR, str(error) or "header not found")
    return RpcError(SERVER_ERROR, str(error))
