"""How much others may ask of this node: so many of each, and so many signatures in all."""

from dataclasses import dataclass, field

PEERS_MAX = 4096


@dataclass(slots=True)
class Allowance:
    """Tokens that come back with time, up to a number of them."""

    per_second: float
    most: float
    _left: float = field(init=False)
    _at: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._left = self.most

    def charge(self, cost: int) -> None:
        """Use up more, on credit."""
        self._left -= cost

    def take(self, now: int) -> bool:
        """Use one up; False where there is none."""
        passed = max(0, now - self._at)  # a clock that was set back is no debt
        self._left = min(self.most, self._left + passed * self.per_second / 1000)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Allowances:
    """One for each peer. The least lately used is forgotten where there are too many."""

    def __init__(self, per_second: float, most: float) -> None:
        self._per_second = per_second
        self._most = most
        self._peers: dict[bytes, Allowance] = {}

    def charge(self, peer_id: bytes, cost: int) -> None:
        """Use up more of what a peer has that took one just now."""
        self._peers[peer_id].charge(cost)

    def take(self, peer_id: bytes, now: int) -> bool:
        """Use one of a peer's up; False where it has none."""
        allowance = self._peers.pop(peer_id, None) or Allowance(self._per_second, self._most)
        self._peers[peer_id] = allowance
        if len(self._peers) > PEERS_MAX:
            del self._peers[next(iter(self._peers))]
        return allowance.take(now)
