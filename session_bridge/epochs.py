"""Epochs with their trees, built once and kept while they are of use."""

from collections import OrderedDict
from collections.abc import Sequence

from node.session.anchoring import SessionLeaf, event_root, levels, root_of

from .source import Epoch, Source

KEPT = 16
"""Of epochs that were looked at last."""


class BuiltEpoch:
    """An epoch that is over, and its trees."""

    def __init__(self, epoch: Epoch, chain_id: int) -> None:
        self.number = epoch.number
        self.leaves = epoch.leaves
        self.events = epoch.events
        self._levels = levels([leaf.hash() for leaf in epoch.leaves])
        top = self._levels[-1][0] if epoch.leaves else bytes(32)
        self.root = root_of(chain_id, epoch.number, len(epoch.leaves), top)
        hashes = [event.hash() for event in epoch.events]
        self._event_levels = levels(hashes)
        self.events_root = (
            event_root(chain_id, epoch.number, epoch.events[0].number, hashes)
            if epoch.events
            else bytes(32)
        )

    def session_proof(self, index: int) -> list[bytes]:
        """Return the siblings of a session's leaf."""
        return siblings(self._levels, index)

    def event_proof(self, number: int) -> list[bytes]:
        """Return the siblings of an event's leaf."""
        return siblings(self._event_levels, number - self.events[0].number)

    def find(self, session_id: bytes) -> tuple[int, bool]:
        """Return where a session stands, or would stand, and whether it is there."""
        low, high = 0, len(self.leaves)
        while low < high:
            middle = (low + high) // 2
            if self.leaves[middle].session_id < session_id:
                low = middle + 1
            else:
                high = middle
        return low, low < len(self.leaves) and self.leaves[low].session_id == session_id


class Epochs:
    """Epochs of a source."""

    def __init__(self, source: Source, chain_id: int) -> None:
        self._source = source
        self._chain_id = chain_id
        self._built: OrderedDict[int, BuiltEpoch] = OrderedDict()

    def get(self, number: int) -> BuiltEpoch | None:
        """Return an epoch; None while it is not over."""
        built = self._built.get(number)
        if built is None:
            epoch = self._source.epoch(number)
            if epoch is None:
                return None
            built = self._built[number] = BuiltEpoch(epoch, self._chain_id)
            if len(self._built) > KEPT:
                self._built.popitem(last=False)
        self._built.move_to_end(number)
        return built


def siblings(tree: Sequence[Sequence[bytes]], index: int) -> list[bytes]:
    """Return a leaf's siblings from the bottom up, without those that there are not."""
    made = []
    for level in tree[:-1]:
        if index ^ 1 < len(level):
            made.append(level[index ^ 1])
        index >>= 1
    return made


def leaf_fields(leaf: SessionLeaf) -> tuple[bytes, int, bytes, bytes, bytes]:
    """Return a leaf as contracts take it."""
    roots = (leaf.output_hash, leaf.oracle_root, leaf.receipts_root)
    return (leaf.session_id, int(leaf.state), *roots)
