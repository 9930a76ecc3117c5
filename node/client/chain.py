"""What the wallet asks of a chain, by JSON-RPC on a URL that the user gives.

Whoever runs that node sees the address of the wallet and the network address of the caller: the
session layer hides neither here.
"""

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

from ..codec import read_json
from ..wallet import CHAIN_IDS, address_text

ANSWER_MAX = 1 << 20
SECONDS = 20
TRANSFER_GAS = 21_000


class ChainFailed(Exception):
    """The chain's node did not answer, or refused."""


def ask(url: str, method: str, *params: Any) -> Any:
    """Call a method of a chain's node."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ChainFailed(f"{url} is no address of a node: http://... or https://...")
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    try:
        connection = kind(parts.hostname, parts.port, timeout=SECONDS)
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            answer = read_json(connection.getresponse().read(ANSWER_MAX))
        finally:
            connection.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise ChainFailed(f"the node at {parts.hostname} does not answer: {error}") from None
    if not isinstance(answer, dict) or "result" not in answer:
        refusal = answer.get("error") if isinstance(answer, dict) else None
        message = refusal.get("message") if isinstance(refusal, dict) else "no result"
        raise ChainFailed(f"the node refused {method}: {message}")
    return answer["result"]


def quantity(value: Any) -> int:
    """Return the number of a hex quantity."""
    if not isinstance(value, str) or not value.startswith("0x") or len(value) > 66:
        raise ChainFailed("the node's answer is malformed")
    try:
        return int(value, 16)
    except ValueError:
        raise ChainFailed("the node's answer is malformed") from None


def balance(url: str, address: bytes) -> int:
    """Return what an address has, in wei."""
    return quantity(ask(url, "eth_getBalance", address_text(address), "latest"))


def prepare(url: str, sender: bytes, to: bytes, value: int) -> dict[str, Any]:
    """Return a transfer for the daemon to sign, at the chain's present fees."""
    chain_id = quantity(ask(url, "eth_chainId"))
    if chain_id not in CHAIN_IDS:
        raise ChainFailed(f"chain {chain_id} is none of Pars: 6133 or 6134")
    block = ask(url, "eth_getBlockByNumber", "latest", False)
    if not isinstance(block, dict):
        raise ChainFailed("the node's answer is malformed")
    tip = quantity(ask(url, "eth_maxPriorityFeePerGas"))
    call = {"from": address_text(sender), "to": address_text(to), "value": hex(value)}
    return {
        "chainId": chain_id,
        "nonce": quantity(ask(url, "eth_getTransactionCount", address_text(sender), "pending")),
        "maxPriorityFeePerGas": tip,
        "maxFeePerGas": 2 * quantity(block.get("baseFeePerGas")) + tip,
        "gas": max(TRANSFER_GAS, quantity(ask(url, "eth_estimateGas", call))),
        "to": address_text(to),
        "value": value,
    }


def send(url: str, raw: str) -> str:
    """Hand in a signed transaction; return its hash."""
    sent = ask(url, "eth_sendRawTransaction", raw)
    if not isinstance(sent, str) or len(sent) != 66:
        raise ChainFailed("the node's answer is malformed")
    return sent
