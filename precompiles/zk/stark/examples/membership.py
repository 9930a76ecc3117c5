"""A member of a Merkle tree acts once, and nobody learns which: the proof of an anonymous ballot.

A member has a secret; its leaf is hash(secret, 0), the hash being Starknet's Poseidon of two
numbers. Public inputs: the root; the topic (an election's number, not 0); the nullifier
hash(secret, topic), which is the same whenever the member acts on this topic; a message, such as
the vote, that no constraint mentions: every public input is bound to the proof.

Blocks of 128 rows: the leaf, one for each level of the tree, the nullifier, chance. Columns: three
lanes, the secret, and, on the last row of a block, the side on which the next level has its other
node (1: it is on the left) and that node; two masks.

The protocol by itself hides nothing: a proof opens every column at some hundred places. Here these
values are independent of the secret. The columns have more rows of chance than there are openings;
the first mask, all chance but for a zero, makes the openings of the composition uniform, and the
second one those of the folded layers.
"""

from collections.abc import Callable, Sequence

from ..air import Air, Profile
from ..field import P
from ..graph import P100, Graph
from .poseidon import BLOCK, CAPACITY, LOG_BLOCK, block_rows, hash_pair, rounds

SECRET, SIDE, OTHER, COMPOSITION_MASK, LAYER_MASK = range(3, 8)
ROOT, TOPIC, NULLIFIER, MESSAGE = range(4)

RANDOM_ROWS = BLOCK
"""At least two for each query and one for each row offset."""


def depth_of(log_rows: int) -> int:
    """Return the depth of the tree: the blocks less leaf, nullifier and chance."""
    return (1 << log_rows - LOG_BLOCK) - 3


def air(log_rows: int = 11, profile: Profile = P100) -> Air:
    """Return the AIR; with 2**11 rows the tree has 13 levels."""
    assert 2 * profile.queries + 2 <= RANDOM_ROWS, "more openings than rows of chance"
    graph = Graph()
    rounds(graph, free_rows=RANDOM_ROWS)
    secret, side, other = graph.cell(SECRET), graph.cell(SIDE), graph.cell(OTHER)
    node = graph.cell(0)
    public = [graph.public(index) for index in (ROOT, TOPIC, NULLIFIER, MESSAGE)]
    graph.require(graph.cell(SECRET, 1) - secret, exempt=RANDOM_ROWS + 1)
    # From one level to the next. What follows the last level, the nullifier and chance is free.
    level = {"log_period": LOG_BLOCK, "shift": BLOCK - 1, "exempt": 3}
    graph.require(side * (side - 1), **level)
    graph.require(graph.cell(0, 1) - node - side * (other - node), **level)
    graph.require(graph.cell(1, 1) - other - side * (node - other), **level)
    graph.require(graph.cell(2, 1) - CAPACITY, **level)
    graph.require_cell(1, 0, 0)
    graph.require_cell(2, 0, CAPACITY)
    nullifier_block = (1 << log_rows) - RANDOM_ROWS - BLOCK
    for row in (0, nullifier_block):
        graph.require(node - secret, log_period=log_rows, shift=row)
    graph.require_cell(0, nullifier_block - 1, public[ROOT])
    graph.require_cell(1, nullifier_block, public[TOPIC])
    graph.require_cell(2, nullifier_block, CAPACITY)
    graph.require_cell(0, RANDOM_ROWS, public[NULLIFIER], from_end=True)
    graph.require_cell(COMPOSITION_MASK, 0, 0)
    columns = LAYER_MASK + 1
    return graph.air(columns=columns, log_rows=(log_rows, log_rows), profile=profile)


def leaf_of(secret: int) -> int:
    """Return what a member puts into the tree."""
    return hash_pair(secret, 0)


def levels_of(leaves: Sequence[int], depth: int) -> list[list[int]]:
    """Return the levels of the tree, from the leaves up; where there is no leaf stands 0."""
    levels = [list(leaves)]
    empty = 0
    for _ in range(depth):
        level = levels[-1] + [empty] * (len(levels[-1]) % 2)
        pairs = zip(level[::2], level[1::2], strict=True)
        levels.append([hash_pair(left, right) for left, right in pairs])
        empty = hash_pair(empty, empty)
    return levels


def path_of(leaves: Sequence[int], index: int, depth: int) -> list[int]:
    """Return the other node at each level above a leaf."""
    path = []
    empty = 0
    for level in levels_of(leaves, depth)[:-1]:
        other = index ^ 1
        path.append(level[other] if other < len(level) else empty)
        empty = hash_pair(empty, empty)
        index >>= 1
    return path


def witness(
    secret: int,
    index: int,
    path: Sequence[int],
    topic: int,
    message: int,
    chance: Callable[[], int],
) -> tuple[list[list[int]], list[int]]:
    """Return the columns and the public inputs, for the leaf with this index in the tree.

    `chance` returns a field element that nobody can predict, another one each time.
    """
    secret %= P
    starts = [[secret, 0, CAPACITY]]
    for level, other in enumerate(path):
        node = block_rows(starts[-1])[-1][0]
        pair = [other, node] if index >> level & 1 else [node, other]
        starts.append([*pair, CAPACITY])
    root = block_rows(starts[-1])[-1][0]
    starts.append([secret, topic, CAPACITY])
    rows = [row for start in starts for row in block_rows(start)]
    columns = [list(column) for column in zip(*rows, strict=True)]
    public = [root, topic, columns[0][-1], message]
    sides, others = [0] * len(rows), [0] * len(rows)
    for level, other in enumerate(path):
        end = (level + 1) * BLOCK - 1
        sides[end], others[end] = index >> level & 1, other
    columns += [[secret] * len(rows), sides, others]
    columns = [column + [chance() for _ in range(RANDOM_ROWS)] for column in columns]
    count = len(columns[0])
    masks = [[0] + [chance() for _ in range(count - 1)], [chance() for _ in range(count)]]
    return [*columns, *masks], public
