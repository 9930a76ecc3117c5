"""circom's Poseidon permutation over BN254, compiled.

The matrix of the partial rounds is split into a sparse factor and one that leaves lane 0 alone;
the second commutes with the S-box of a partial round, so it moves backwards through all of them
into one dense matrix before the first (Grassi et al., ePrint 2019/458, appendix B). A partial round
then costs 2 * width multiplications instead of width squared.
`reference.py` states the permutation as the paper does; the tests hold the two equal.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np

from ...kernels.bn254 import add, fifth_power, from_montgomery, multiply, to_montgomery
from ...kernels.jit import kernel
from ...kernels.limbs import Elements, Limbs, get, pack, put, unpack
from .parameters import FULL_ROUNDS, HALF, R, parameters

Row = list[int]
Matrix = list[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The constants of one width, in Montgomery form, one element per row of four limbs."""

    full_constants: Elements
    """Of the full rounds, lane by lane."""
    partial_constants: Elements
    """Of the partial rounds, for lane 0."""
    matrix: Elements
    """Of the full rounds, row by row."""
    bridge: Elements
    """The dense matrix that stands in the last full round before the partial ones."""
    rows: Elements
    """Per partial round, the first row of the sparse matrix."""
    columns: Elements
    """Per partial round, its first column but for the corner."""


@cache
def tables(width: int) -> Tables:
    """Return the constants for this number of lanes; some tens of milliseconds the first time."""
    chosen = parameters(width)
    matrix = [list(row) for row in chosen.matrix]
    full, partial = push_constants(chosen.constants, matrix, chosen.partial_rounds)
    bridge, rows, columns = split_matrices(matrix, chosen.partial_rounds)
    return Tables(
        full_constants=montgomery(full),
        partial_constants=montgomery([partial]),
        matrix=montgomery(matrix),
        bridge=montgomery(bridge),
        rows=montgomery(rows),
        columns=montgomery(columns),
    )


def push_constants(
    constants: tuple[tuple[int, ...], ...], matrix: Matrix, partial_rounds: int
) -> tuple[Matrix, Row]:
    """Move what a partial round adds to lanes 1 and up behind its S-box, into the next round.

    Returns the constants of the full rounds and, for the partial ones, those of lane 0.
    """
    full = [list(row) for row in (*constants[:HALF], *constants[HALF + partial_rounds :])]
    partial = []
    carried = [0] * len(matrix)
    for row in constants[HALF : HALF + partial_rounds]:
        first, *rest = [(x + y) % R for x, y in zip(row, carried, strict=True)]
        partial.append(first)
        carried = times_vector(matrix, [0, *rest])
    full[HALF] = [(x + y) % R for x, y in zip(full[HALF], carried, strict=True)]
    return full, partial


def split_matrices(matrix: Matrix, partial_rounds: int) -> tuple[Matrix, Matrix, Matrix]:
    """Return the bridge and, for each partial round, first row and column of its sparse matrix.

    With M = [[m, v], [w, N]], the partial round that has k after it gets the row (m, v / N^(k+1))
    and the column N^k w; the bridge is diag(1, N^rounds) M.
    """
    corner, top = matrix[0][0], matrix[0][1:]
    column = [row[0] for row in matrix[1:]]
    inner = [row[1:] for row in matrix[1:]]
    inverse_columns = transpose(inverse(inner))
    power = [[int(i == j) for j in range(len(inner))] for i in range(len(inner))]
    rows, columns = [], []
    for _ in range(partial_rounds):
        top = times_vector(inverse_columns, top)
        rows.append([corner, *top])
        columns.append(column)
        column = times_vector(inner, column)
        power = times_matrix(inner, power)
    bridge = [matrix[0], *times_matrix(power, matrix[1:])]
    return bridge, rows[::-1], columns[::-1]


def times_vector(matrix: Matrix, vector: Row) -> Row:
    """Return the product mod R."""
    return [sum(x * y for x, y in zip(row, vector, strict=True)) % R for row in matrix]


def times_matrix(left: Matrix, right: Matrix) -> Matrix:
    """Return the product mod R."""
    columns = transpose(right)
    return [[sum(x * y for x, y in zip(row, c, strict=True)) % R for c in columns] for row in left]


def transpose(matrix: Matrix) -> Matrix:
    """Return the transposed matrix."""
    return [list(row) for row in zip(*matrix, strict=True)]


def inverse(matrix: Matrix) -> Matrix:
    """Return the inverse mod R, by elimination. Poseidon's matrices have no singular minor."""
    size = len(matrix)
    work = [[*row, *(int(i == j) for j in range(size))] for i, row in enumerate(matrix)]
    for i in range(size):
        scale = pow(work[i][i], -1, R)
        work[i] = [x * scale % R for x in work[i]]
        for j in range(size):
            if j != i and (factor := work[j][i]):
                work[j] = [(x - factor * y) % R for x, y in zip(work[j], work[i], strict=True)]
    return [row[size:] for row in work]


def montgomery(matrix: Matrix) -> Elements:
    """Return the entries of a matrix, row after row, in Montgomery form."""
    elements = pack([entry for row in matrix for entry in row])
    to_montgomery(elements)
    return elements


@kernel("UniTuple(uint64, 4)(uint64[:, ::1], int64, uint64[:, ::1])")
def dot(entries: Elements, start: int, state: Elements) -> Limbs:
    """Return the sum of entries[start + i] * state[i]."""
    total = multiply(get(entries, start), get(state, 0))
    for i in range(1, state.shape[0]):
        total = add(total, multiply(get(entries, start + i), get(state, i)))
    return total


@kernel("void(uint64[:, ::1], uint64[:, ::1], int64, uint64[:, ::1], uint64[:, ::1])")
def full_round(
    state: Elements, constants: Elements, number: int, matrix: Elements, scratch: Elements
) -> None:
    """Add constants, raise every lane to the fifth power, multiply by the matrix."""
    width = state.shape[0]
    for i in range(width):
        put(scratch, i, fifth_power(add(get(state, i), get(constants, number * width + i))))
    for i in range(width):
        put(state, i, dot(matrix, i * width, scratch))


@kernel(
    "void(uint64[:, ::1], uint64[:, ::1], uint64[:, ::1], uint64[:, ::1],"
    " uint64[:, ::1], uint64[:, ::1], uint64[:, ::1], uint64[:, ::1])"
)
def permute_limbs(
    state: Elements,
    scratch: Elements,
    full_constants: Elements,
    partial_constants: Elements,
    matrix: Elements,
    bridge: Elements,
    rows: Elements,
    columns: Elements,
) -> None:
    """Permute the lanes in place. They come and go in plain form, not in Montgomery's."""
    width = state.shape[0]
    to_montgomery(state)
    for number in range(HALF):
        full_round(state, full_constants, number, matrix if number < HALF - 1 else bridge, scratch)
    for number in range(partial_constants.shape[0]):
        first = fifth_power(add(get(state, 0), get(partial_constants, number)))
        put(state, 0, first)
        top = dot(rows, number * width, state)
        for i in range(1, width):
            step = multiply(get(columns, number * (width - 1) + i - 1), first)
            put(state, i, add(get(state, i), step))
        put(state, 0, top)
    for number in range(HALF, FULL_ROUNDS):
        full_round(state, full_constants, number, matrix, scratch)
    from_montgomery(state)


def permute(state: list[int]) -> list[int]:
    """Return the permuted lanes. There are 2 to 17, each below R."""
    lanes = pack(state)
    chosen = tables(len(state))
    permute_limbs(
        lanes,
        np.empty_like(lanes),
        chosen.full_constants,
        chosen.partial_constants,
        chosen.matrix,
        chosen.bridge,
        chosen.rows,
        chosen.columns,
    )
    return unpack(lanes)
