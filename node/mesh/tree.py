"""Who gets new vertices of a space at once, and who is only told of them.

After Plumtree: a neighbour that sends what is known already is asked to stop; one that announced
what then did not come is asked to send. What is left of the links is a tree, with all others in
reserve.
"""

from ..crypto import Random
from .messages import IDS_MAX

LATE_MAX = 3  # vertices in a row, from which on one in four makes a neighbour be asked to stop
PRUNED_OF_256 = 64
SPARE = 2  # neighbours beyond the fanout that may ask to be sent vertices


class Tree:
    """The neighbours of a node in one space."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._eager: dict[bytes, bool] = {}
        self.haves: dict[bytes, dict[bytes, None]] = {}  # neighbour -> what to announce to it
        self.stored: dict[bytes, dict[bytes, None]] = {}  # neighbour -> receipts for it
        self._useless: dict[bytes, int] = {}  # neighbour -> what it sent too late, in a row
        self._useful: dict[bytes, None] = {}  # neighbours that were first, and may go on

    @property
    def peers(self) -> list[bytes]:
        """All neighbours, in the order in which they came."""
        return list(self._eager)

    @property
    def eager(self) -> list[bytes]:
        """Those that get vertices at once."""
        return [peer_id for peer_id, eager in self._eager.items() if eager]

    def __contains__(self, peer_id: bytes) -> bool:
        return peer_id in self._eager

    def is_eager(self, peer_id: bytes) -> bool:
        """Tell whether a neighbour gets vertices at once."""
        return self._eager.get(peer_id, False)

    def join(self, peer_id: bytes, fanout: int) -> None:
        """Take in a neighbour."""
        self._eager.setdefault(peer_id, len(self.eager) < fanout)

    def leave(self, peer_id: bytes) -> None:
        """Forget a neighbour; another takes its place if it was the last that got vertices."""
        self._eager.pop(peer_id, None)
        self.haves.pop(peer_id, None)
        self.stored.pop(peer_id, None)
        self._useless.pop(peer_id, None)
        self._useful.pop(peer_id, None)
        if self._eager and not self.eager:
            self._eager[next(iter(self._eager))] = True

    def prune(self, peer_id: bytes) -> None:
        """Only tell a neighbour of vertices."""
        if peer_id in self._eager:
            self._eager[peer_id] = False

    def graft(self, peer_id: bytes) -> None:
        """Send a neighbour vertices."""
        if peer_id in self._eager:
            self._eager[peer_id] = True

    def first(self, peer_id: bytes) -> None:
        """Note that a neighbour sent what was new: a branch of the tree carries both ways."""
        self.graft(peer_id)
        self._useless.pop(peer_id, None)
        if peer_id in self._eager:
            self._useful[peer_id] = None

    def late(self, peer_id: bytes) -> bool:
        """Note that a neighbour sent what was known; return whether to ask it to stop.

        Not for one message, which may have been overtaken by chance; not always, or all nodes of a
        circle would cut it at once; and never the last neighbour that is of use.
        """
        self._useless[peer_id] = self._useless.get(peer_id, 0) + 1
        others = len(self._useful) - (peer_id in self._useful)
        if self._useless[peer_id] < LATE_MAX or not others or self._random(1)[0] >= PRUNED_OF_256:
            return False
        del self._useless[peer_id]
        self._useful.pop(peer_id, None)
        self.prune(peer_id)
        return True

    def balance(self, fanout: int) -> None:
        """Bring down how many get vertices at once, by chance."""
        eager = self.eager
        while len(eager) > fanout + SPARE:
            self._eager[eager.pop(int.from_bytes(self._random(4)) % len(eager))] = False

    def announce(self, peer_id: bytes, name: bytes) -> None:
        """Gather what to tell a neighbour."""
        _add(self.haves.setdefault(peer_id, {}), name)

    def acknowledge(self, peer_id: bytes, name: bytes) -> None:
        """Gather what to tell a neighbour that it is on the disk here."""
        _add(self.stored.setdefault(peer_id, {}), name)

    @property
    def silent(self) -> bool:
        """Whether nothing is to be told."""
        return not (self.haves or self.stored)


def _add(ids: dict[bytes, None], name: bytes) -> None:
    """Keep the newest: what is not told, a comparison finds."""
    ids[name] = None
    if len(ids) > IDS_MAX:
        del ids[next(iter(ids))]
