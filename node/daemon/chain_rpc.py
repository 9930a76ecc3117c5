"""A chain node's JSON-RPC, for the part of a daemon that answers light nodes from it."""

import http.client
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from ..codec import read_json
from ..light.answers import Rpc, RpcFailed

ANSWER_MAX = 32 << 20
SECONDS = 20
REVERTED = 3  # the code of a call that was reverted, whose data is the payload


class Unusable(Exception):
    """The address is none of a chain node."""


class ChainNode:
    """One chain node. Its calls block: run them in a thread."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Unusable(f"{url} is no address of a node: http://... or https://...")
        self._kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        self._host, self._port, self._path = parts.hostname, parts.port, parts.path or "/"

    def ask(self, calls: Sequence[Rpc]) -> list[Any] | None:
        """Return the results in the order of the calls; None where the node does not answer."""
        body = json.dumps(
            [
                {"jsonrpc": "2.0", "id": number, "method": call.method, "params": call.params}
                for number, call in enumerate(calls)
            ]
        )
        connection = self._kind(self._host, self._port, timeout=SECONDS)
        try:
            connection.request("POST", self._path, body, {"Content-Type": "application/json"})
            answers = read_json(connection.getresponse().read(ANSWER_MAX))
            by_number = {answer["id"]: answer for answer in answers}
            return [_result(by_number[number]) for number in range(len(calls))]
        except (OSError, ValueError, TypeError, LookupError, http.client.HTTPException):
            return None
        finally:
            connection.close()


def _result(answer: dict[str, Any]) -> Any:
    error = answer.get("error")
    if error is None:
        return answer["result"]
    output = error.get("data") if error["code"] == REVERTED else None
    revert = bytes.fromhex(output.removeprefix("0x")) if isinstance(output, str) else None
    return RpcFailed(str(error["message"]), revert)
