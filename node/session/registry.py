"""Service nodes that a daemon knows: who they are, where, and whether they count."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

from ..codec import Refused
from ..crypto import SIGNING_PUBLIC
from .ids import hash_of

NODES_MAX = 1024
ENDPOINT_MAX = 256
REASON_MAX = 256


class NodeStatus(IntEnum):
    """Where a service node is."""

    UNKNOWN = 0
    REGISTERED = 1
    ACTIVE = 2
    SUSPENDED = 3
    EXITED = 4
    SLASHED = 5

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceNode:
    """A node that may sit on committees. Its id is the hash of its key."""

    id: bytes
    public_key: bytes
    endpoint: str
    status: NodeStatus = NodeStatus.REGISTERED
    stake: int = 0
    registered_at: int = 0
    last_seen_at: int = 0
    metadata: tuple[tuple[str, str], ...] = ()


class Registry:
    """Nodes by id; no two have one endpoint."""

    def __init__(self) -> None:
        self._nodes: dict[bytes, ServiceNode] = {}

    def __len__(self) -> int:
        return len(self._nodes)

    def __iter__(self) -> Iterator[ServiceNode]:
        return iter(self._nodes.values())

    def register(self, public_key: bytes, endpoint: str, stake: int, now: int) -> ServiceNode:
        """Take in a node, which is then registered and not yet active."""
        node = hash_of(public_key)
        if len(public_key) != SIGNING_PUBLIC or not 0 < len(endpoint) <= ENDPOINT_MAX or stake < 0:
            raise Refused("registry: malformed node")
        if node in self._nodes:
            raise Refused("registry: node is known")
        if any(other.endpoint == endpoint for other in self):
            raise Refused("registry: endpoint is taken")
        if len(self._nodes) >= NODES_MAX:
            raise Refused("registry: is full")
        made = ServiceNode(
            id=node,
            public_key=public_key,
            endpoint=endpoint,
            stake=stake,
            registered_at=now,
            last_seen_at=now,
        )
        self._nodes[node] = made
        return made

    def get(self, node: bytes) -> ServiceNode:
        """Return a node."""
        if node not in self._nodes:
            raise Refused("registry: unknown node")
        return self._nodes[node]

    def status(self, node: bytes) -> NodeStatus:
        """Return where a node is; unknown, if nobody has registered it."""
        return self._nodes[node].status if node in self._nodes else NodeStatus.UNKNOWN

    def active(self) -> list[ServiceNode]:
        """Return the nodes that committees are chosen from."""
        return [node for node in self if node.status is NodeStatus.ACTIVE]

    def seen(self, node: bytes, now: int) -> None:
        """Note that a node was heard of."""
        self._nodes[node] = replace(self.get(node), last_seen_at=now)

    def activate(self, node: bytes) -> None:
        """Let a registered or suspended node count."""
        known = self.get(node)
        if known.status not in (NodeStatus.REGISTERED, NodeStatus.SUSPENDED):
            raise Refused("registry: cannot activate")
        self._nodes[node] = replace(known, status=NodeStatus.ACTIVE)

    def suspend(self, node: bytes, reason: str) -> None:
        """Let an active node count no more, for a while."""
        if self.get(node).status is not NodeStatus.ACTIVE:
            raise Refused("registry: cannot suspend")
        self._set(node, NodeStatus.SUSPENDED, "suspend_reason", reason)

    def slash(self, node: bytes, evidence: str) -> None:
        """Let a node never count again."""
        self._set(node, NodeStatus.SLASHED, "slash_evidence", evidence)

    def exit(self, node: bytes) -> None:
        """Let a node go. One that was slashed stays slashed."""
        known = self.get(node)
        if known.status is NodeStatus.SLASHED:
            raise Refused("registry: node is slashed")
        self._nodes[node] = replace(known, status=NodeStatus.EXITED)

    def _set(self, node: bytes, status: NodeStatus, key: str, value: str) -> None:
        known = self.get(node)
        kept = tuple(pair for pair in known.metadata if pair[0] != key)
        metadata = (*kept, (key, value[:REASON_MAX]))
        self._nodes[node] = replace(known, status=status, metadata=metadata)
