"""What a history has that is not in the past of some of its vertices."""

from collections.abc import Callable, Iterable
from heapq import heappop, heappush

Look = Callable[[bytes], tuple[int, tuple[bytes, ...]]]
"""Tells the lamport and the parents of a vertex by its id."""


def since(
    heads: Iterable[bytes], common: Iterable[bytes], look: Look, limit: int
) -> list[bytes] | None:
    """Return the ids that `common` neither has nor follows; None where more than `limit` are seen.

    It goes down from the highest lamport, so a vertex comes after all that follow it, and what it
    is has been settled by then. It ends where all that is left is common.
    """
    shared: dict[bytes, bool] = {}
    waiting: list[tuple[int, bytes, tuple[bytes, ...]]] = []
    left = 0  # of what waits and is not shared

    def reach(identity: bytes, is_shared: bool) -> None:
        nonlocal left
        if identity not in shared:
            lamport, parents = look(identity)
            heappush(waiting, (-lamport, identity, parents))
            shared[identity] = is_shared
            left += not is_shared
        elif is_shared and not shared[identity]:
            shared[identity] = True
            left -= 1

    for identity in common:
        reach(identity, is_shared=True)
    for identity in heads:
        reach(identity, is_shared=False)
    found = []
    while left:
        if len(shared) > limit:
            return None
        _, identity, parents = heappop(waiting)
        if not shared[identity]:
            left -= 1
            found.append(identity)
        for parent in parents:
            reach(parent, shared[identity])
    return found
