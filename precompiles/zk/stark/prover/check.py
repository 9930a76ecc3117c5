"""Which constraints a trace breaks, and where: row by row, in plain integers, to find mistakes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..air import Air
from ..constraints import node_values


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A constraint (transitions first, then boundaries) that does not hold on a row."""

    constraint: int
    row: int


def violations(
    air: Air,
    columns: Sequence[Sequence[int]],
    public: Sequence[int],
    challenges: Sequence[int] = (),
) -> Iterator[Violation]:
    """Return all violations, by row. `columns` are those of both phases."""
    rows = len(columns[0])
    placed: dict[int, list[int]] = {}
    for index, boundary in enumerate(air.boundaries):
        placed.setdefault(boundary.place(rows), []).append(index)
    for row in range(rows):
        cells = [[column[(row + k) % rows] for k in air.offsets] for column in columns]
        periodic = [values[row % len(values)] for values in air.periodic]
        values = node_values(air.nodes, cells, public, periodic, challenges)
        for index, constraint in enumerate(air.constraints):
            period = 1 << constraint.log_period
            end = rows - (constraint.exempt << constraint.log_period)
            held = row % period == constraint.shift and row < end + constraint.shift
            if held and values[constraint.node]:
                yield Violation(constraint=index, row=row)
        for index in placed.get(row, ()):
            boundary = air.boundaries[index]
            if cells[boundary.column][0] != values[boundary.node]:
                yield Violation(constraint=len(air.constraints) + index, row=row)
