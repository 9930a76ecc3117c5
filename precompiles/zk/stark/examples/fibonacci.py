"""The Fibonacci sequence from any two numbers: after so many steps it arrives at this one.

Public inputs: the first two numbers, the number in the last row. Columns: a number, the next one.
"""

from ..air import Air, Profile
from ..field import P
from ..graph import P100, Graph


def air(log_rows: tuple[int, int] = (6, 20), profile: Profile = P100) -> Air:
    """Return the AIR."""
    graph = Graph()
    a, b = graph.cell(0), graph.cell(1)
    graph.require(graph.cell(0, 1) - b, exempt=1)
    graph.require(graph.cell(1, 1) - a - b, exempt=1)
    graph.require_cell(0, 0, graph.public(0))
    graph.require_cell(1, 0, graph.public(1))
    graph.require_cell(0, 0, graph.public(2), from_end=True)
    return graph.air(columns=2, log_rows=log_rows, profile=profile)


def witness(log_rows: int, first: int, second: int) -> tuple[list[list[int]], list[int]]:
    """Return the columns and the public inputs."""
    columns: list[list[int]] = [[], []]
    a, b = first % P, second % P
    for _ in range(1 << log_rows):
        columns[0].append(a)
        columns[1].append(b)
        a, b = b, (a + b) % P
    return columns, [first % P, second % P, columns[0][-1]]
