"""eth_subscribe: what a WebSocket client is told unasked.

Sessions live on the event loop. The chain's events arrive on its own thread, and are carried over
by whoever owns the loop; `Hub.publish` then writes each message once for all who want the same.
"""

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

import orjson

from ..local_chain import NewBlock, NewPending
from .codec import Kind, array_of, describe, hex_data, read_hash, read_text
from .errors import LIMIT_EXCEEDED, SERVER_ERROR, UNKNOWN_METHOD, InvalidParams, RpcError
from .filters import logs_of
from .method import Method, Node, Param
from .parameters import LogFilter, read_log_filter
from .results import header_json, log_json, receipts_json, transaction_json

if TYPE_CHECKING:
    from ..local_chain import Event

SUBSCRIPTIONS_MAX: Final = 1_000
"""By one connection."""

RECEIPT_HASHES_MAX: Final = 1_000

Produce = Callable[["Event"], list[Any]]
"""Returns the results that one event means to one subscription."""


class Session:
    """One connection and its subscriptions."""

    def __init__(self, push: Callable[[bytes], None]) -> None:
        self._push = push
        self._active: dict[str, Produce] = {}
        self._fresh: dict[str, Produce] = {}

    def add(self, produce: Produce) -> str:
        """Add a subscription, silent until `activate`: its id must reach the client first."""
        if len(self._active) + len(self._fresh) >= SUBSCRIPTIONS_MAX:
            raise RpcError(LIMIT_EXCEEDED, f"{SUBSCRIPTIONS_MAX} subscriptions on this connection")
        subscription_id = hex(secrets.randbits(127) | 1 << 127)
        self._fresh[subscription_id] = produce
        return subscription_id

    def remove(self, subscription_id: str) -> bool:
        """End a subscription; say whether there was one."""
        known = self._active.pop(subscription_id, None) or self._fresh.pop(subscription_id, None)
        return known is not None

    def activate(self) -> None:
        """Let the subscriptions speak whose ids have been sent."""
        if self._fresh:
            self._active |= self._fresh
            self._fresh = {}

    def publish(self, event: "Event", results: "Results") -> None:
        """Send what an event means to each subscription."""
        for subscription_id, produce in tuple(self._active.items()):
            for result in results.of(produce, event):
                self._push(
                    b'{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"'
                    + subscription_id.encode()
                    + b'","result":'
                    + result
                    + b"}}"
                )


class Results:
    """The results of one event, encoded once for each kind of subscription."""

    def __init__(self) -> None:
        self._known: dict[int, list[bytes]] = {}

    def of(self, produce: Produce, event: "Event") -> list[bytes]:
        """Return the encoded results."""
        key = id(produce)
        if key not in self._known:
            self._known[key] = [orjson.dumps(result) for result in produce(event)]
        return self._known[key]


class Hub:
    """All connections that may have subscriptions."""

    def __init__(self) -> None:
        self._sessions: set[Session] = set()

    def __len__(self) -> int:
        return len(self._sessions)

    def join(self, session: Session) -> None:
        """Add a connection."""
        self._sessions.add(session)

    def leave(self, session: Session) -> None:
        """Forget a connection, and its subscriptions with it."""
        self._sessions.discard(session)

    def publish(self, event: "Event") -> None:
        """Tell all."""
        results = Results()
        for session in tuple(self._sessions):
            session.publish(event, results)


def _heads(event: "Event") -> list[Any]:
    return [header_json(event.block.header)] if isinstance(event, NewBlock) else []


def _pending_hashes(event: "Event") -> list[Any]:
    return [hex_data(event.transaction.hash)] if isinstance(event, NewPending) else []


def _pending_transactions(event: "Event") -> list[Any]:
    return [transaction_json(event.transaction)] if isinstance(event, NewPending) else []


def _nothing(_: "Event") -> list[Any]:
    """Say nothing: this node is never behind, so `syncing` has nothing to tell."""
    return []


def _logs(wanted: LogFilter) -> Produce:
    return lambda event: [log_json(found) for found in logs_of(event, wanted)]


def _receipts(hashes: frozenset[str]) -> Produce:
    def produce(event: "Event") -> list[Any]:
        if not isinstance(event, NewBlock):
            return []
        found = receipts_json(event.block, event.receipts)
        wanted = [each for each in found if not hashes or each["transactionHash"] in hashes]
        return [wanted] if wanted else []

    return produce


_read_hashes = array_of(read_hash, RECEIPT_HASHES_MAX)


def _producer(kind: str, options: Any) -> Produce:
    if kind == "newHeads":
        return _heads
    if kind == "syncing":
        return _nothing
    if kind == "newPendingTransactions":
        if options is not None and not isinstance(options, bool):
            raise InvalidParams(f"options: expected true or false, got {describe(options)}")
        return _pending_transactions if options else _pending_hashes
    if kind == "logs":
        wanted = LogFilter() if options is None else read_log_filter(options, "options")
        # As in geth: a subscription is about what comes, whatever range it names.
        return _logs(LogFilter(addresses=wanted.addresses, topics=wanted.topics))
    if kind == "transactionReceipts":
        given = options.get("transactionHashes") if isinstance(options, dict) else None
        hashes = () if given is None else _read_hashes(given, "options.transactionHashes")
        return _receipts(frozenset(map(hex_data, hashes)))
    raise RpcError(UNKNOWN_METHOD, f'no "{kind[:100]}" subscription in eth namespace')


def _session(node: Node) -> Session:
    if node.session is None:
        raise RpcError(UNKNOWN_METHOD, "notifications not supported: connect by WebSocket")
    return node.session


def _read_options(value: Any, name: str) -> Any:
    if not isinstance(value, dict | bool):
        raise InvalidParams(f"{name}: expected an object or a boolean, got {describe(value)}")
    return value


def subscribe(node: Node, kind: str, options: Any) -> str:
    """Subscribe this WebSocket connection to `newHeads`, `logs`, `newPendingTransactions`
    (hashes, or whole with `true`), `transactionReceipts` or `syncing`.
    """
    session = _session(node)
    return session.add(_producer(kind, options))


def unsubscribe(node: Node, subscription_id: str) -> bool:
    """End a subscription."""
    if not _session(node).remove(subscription_id):
        raise RpcError(SERVER_ERROR, "subscription not found")
    return True


METHODS: Final = (
    Method(
        name="eth_subscribe",
        run=subscribe,
        params=(
            Param("kind", Kind("string", read_text)),
            Param("options", Kind("log filter or boolean", _read_options), None),
        ),
        inline=True,
    ),
    Method(
        name="eth_unsubscribe",
        run=unsubscribe,
        params=(Param("subscription", Kind("subscription id", read_text)),),
        inline=True,
    ),
)
