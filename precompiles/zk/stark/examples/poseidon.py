"""A chain of Starknet's Poseidon: after so many hashes this number becomes that one.

x becomes lane 0 of the permuted (x, 0, 2), once for every 128 rows. Public inputs: the first number
and the last. Columns: the three lanes. `rounds` serves other statements that hash.
"""

from functools import cache

from ...poseidon.parameters import STARKNET_MATRIX, STARKNET_PARTIAL_ROUNDS, starknet_constants
from ..air import Air, Profile
from ..field import P
from ..graph import P100, Expression, Graph

LOG_BLOCK = 7
BLOCK = 1 << LOG_BLOCK
"""Rows of one hash: a round each, then copies of the result."""

CAPACITY = 2
"""What lane 2 begins with where two numbers are hashed."""

Lanes = tuple[Expression, Expression, Expression]


@cache
def sparse_constants() -> tuple[tuple[int, ...], ...]:
    """Return the constants of the rounds, moved so that a partial round has one, on lane 2.

    What a partial round adds to the lanes that it does not cube may as well be added behind its
    matrix, to the next round's constants. A third of them is left, which is what an AIR stores.
    """
    rows = [list(row) for row in starknet_constants()]
    half = (len(rows) - STARKNET_PARTIAL_ROUNDS) // 2
    for number in range(half, half + STARKNET_PARTIAL_ROUNDS):
        moved = [*rows[number][:2], 0]
        rows[number][:2] = [0, 0]
        for lane, entries in enumerate(STARKNET_MATRIX):
            product = sum(entry * value for entry, value in zip(entries, moved, strict=True))
            rows[number + 1][lane] = (rows[number + 1][lane] + product) % P
    return tuple(tuple(row) for row in rows)


def is_full(number: int) -> bool:
    """Return whether a round cubes all lanes."""
    half = (len(sparse_constants()) - STARKNET_PARTIAL_ROUNDS) // 2
    return not half <= number < half + STARKNET_PARTIAL_ROUNDS


def padded(values: list[int]) -> tuple[int, ...]:
    """Return values for the rounds, and 0 for the rows behind them."""
    return tuple(values + [0] * (BLOCK - len(values)))


def rounds(graph: Graph, free_rows: int = 0) -> None:
    """Require that columns 0 to 2 hold permutations, one in each block of rows.

    Nothing is said of the step from the last row of a block to the next block, nor of the free
    rows at the end.
    """
    constants = sparse_constants()
    count = len(constants)
    lanes = [graph.cell(lane) for lane in range(3)]
    added = [
        lane + graph.repeating(padded([row[i] for row in constants]))
        for i, lane in enumerate(lanes)
    ]
    full = graph.repeating(padded([int(is_full(number)) for number in range(count)]))
    active = graph.repeating(padded([1] * count))
    copies = graph.repeating(padded([0] * count + [1] * (BLOCK - 1 - count)))
    boxes = [lane + full * (lane**3 - lane) for lane in added[:2]]
    boxes.append(added[2] ** 3)
    for i, entries in enumerate(STARKNET_MATRIX):
        after = sum((entry * box for entry, box in zip(entries, boxes, strict=True)), 0 * boxes[0])
        following = graph.cell(i, 1)
        graph.require(
            active * (following - after) + copies * (following - lanes[i]),
            exempt=free_rows + 1,
        )


def block_rows(state: list[int]) -> list[list[int]]:
    """Return the rows of a block that begins with this state."""
    rows = [state]
    for number, constants in enumerate(sparse_constants()):
        state = [(lane + constant) % P for lane, constant in zip(state, constants, strict=True)]
        cubed = (0, 1, 2) if is_full(number) else (2,)
        state = [pow(lane, 3, P) if i in cubed else lane for i, lane in enumerate(state)]
        state = [
            sum(entry * lane for entry, lane in zip(entries, state, strict=True)) % P
            for entries in STARKNET_MATRIX
        ]
        rows.append(state)
    return rows + [state] * (BLOCK - len(rows))


def hash_pair(left: int, right: int) -> int:
    """Return Starknet's Poseidon of two numbers."""
    return block_rows([left, right, CAPACITY])[-1][0]


def air(log_rows: tuple[int, int] = (8, 18), profile: Profile = P100) -> Air:
    """Return the AIR of the chain."""
    graph = Graph()
    rounds(graph)
    end = {"log_period": LOG_BLOCK, "shift": BLOCK - 1, "exempt": 1}
    graph.require(graph.cell(0, 1) - graph.cell(0), **end)
    graph.require(graph.cell(1, 1), **end)
    graph.require(graph.cell(2, 1) - CAPACITY, **end)
    graph.require_cell(0, 0, graph.public(0))
    graph.require_cell(1, 0, 0)
    graph.require_cell(2, 0, CAPACITY)
    graph.require_cell(0, 0, graph.public(1), from_end=True)
    return graph.air(columns=3, log_rows=log_rows, profile=profile)


def witness(log_rows: int, first: int) -> tuple[list[list[int]], list[int]]:
    """Return the columns and the public inputs."""
    rows: list[list[int]] = []
    value = first % P
    for _ in range(1 << log_rows - LOG_BLOCK):
        rows += block_rows([value, 0, CAPACITY])
        value = rows[-1][0]
    return [list(column) for column in zip(*rows, strict=True)], [first % P, value]
