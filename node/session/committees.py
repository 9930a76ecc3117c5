"""Who sits on a session's committee, and how many of them decide.

Scores are hashes of the epoch's randomness, the service and the node: nobody chooses, and everybody
computes the same. Whoever can bias the randomness can bias the choice.
"""

from collections.abc import Sequence

from .ids import committee_score, committee_seed

SEATS_MIN = 3
SEATS_MAX = 21


def quorum_size(seats: int) -> int:
    """Return how many of so many decide: floor(2n/3) + 1, in whole numbers."""
    if seats < 1:
        raise ValueError("committee: has no seat")
    return 2 * seats // 3 + 1


def select_committee(
    randomness: bytes,
    service_id: bytes,
    epoch: int,
    nodes: Sequence[bytes],
    seats_max: int = SEATS_MAX,
) -> tuple[bytes, ...]:
    """Return the nodes with the lowest scores, lowest first."""
    if not SEATS_MIN <= seats_max <= SEATS_MAX:
        raise ValueError(f"committee: {SEATS_MIN} to {SEATS_MAX} seats")
    if len(set(nodes)) != len(nodes):
        raise ValueError("committee: a node is named twice")
    if len(nodes) < SEATS_MIN:
        raise ValueError(f"committee: {len(nodes)} nodes, {SEATS_MIN} are needed")
    seed = committee_seed(randomness, service_id, epoch)
    return tuple(sorted(nodes, key=lambda node: committee_score(seed, node))[:seats_max])
