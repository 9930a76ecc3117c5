"""How a mesh is set, what of it the resource manager changes, and what it says has happened."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How much a node gives to gossip. Times are in milliseconds."""

    fanout: int = 6  # nodes that get new vertices at once
    push_ms: int = 250  # for how long announcements and receipts are gathered
    pull_ms: int = 5_000
    pull_peers: int = 3
    commit_ms: int = 20  # at most one commit in this time, while vertices stream in
    copies: int = 1  # receipts after which a vertex of one's own is safe
    storage_max: int = 8 << 30  # bytes of vertices; beyond, only one's own are taken
    metered: bool = False
    """Traffic costs: nothing is pushed, critical topics are asked for as they arise and compared
    ten times more rarely, and of all others only what is one's own leaves."""
    low_power: bool = False
    """At most one wake-up a minute of one's own accord."""
    critical: frozenset[bytes] = frozenset()
    """Topics that flow on while traffic costs."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """Vertices are on the disk, in causal order, whoever wrote them."""

    topic: bytes
    ids: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A vertex of one's own is on the disk of others."""

    topic: bytes
    id: bytes
    peers: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Equivocation:
    """An author wrote two vertices of which neither follows the other. Both stay."""

    topic: bytes
    author: bytes
    first: bytes
    second: bytes


@dataclass(frozen=True, slots=True)
class Synced:
    """A comparison with a node has ended; how many vertices each side lacked."""

    topic: bytes
    peer_id: bytes
    received: int
    sent: int


@dataclass(frozen=True, slots=True)
class Misbehaved:
    """A node is not heard for a time."""

    peer_id: bytes
    reason: str


Event = Arrived | Acknowledged | Equivocation | Synced | Misbehaved
