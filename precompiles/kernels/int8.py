"""Products of int8 matrices and vectors, summed exactly in int32, on vectors of LLVM.

Both sides are widened to 16 bits, so that a product of two neighbours fits 32 bits: LLVM makes of
that one instruction where there is one (PMADDWD, VPDPWSSD, SMLAL), and plain words elsewhere, with
the same sums. The twin is `dot` of `precompiles/ai/models/reference.py`. Knows no model.

Matrices are padded: each row has STEP * n entries, and rows come in blocks of ROWS; what pads is
zero and changes no sum. A sum of up to TERMS_MAX products cannot leave int32.
"""

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir  # type: ignore[import-untyped]  # ships no types

from .jit import kernel
from .vectors import INDEX, WORD, Value, instruction

STEP = 32
"""Products of one turn and row: a vector of 16-bit numbers."""
ROWS = 4
"""Rows that share what is loaded of the other side."""
TOGETHER = 4
"""Vectors that share what is loaded of the matrix, where there are so many."""
TERMS_MAX = 131_071
"""The most products of -128 and -128 whose sum is below 2^31."""

Matrix = npt.NDArray[np.int8]
Wide = npt.NDArray[np.int16]
Sums = npt.NDArray[np.int32]

NARROW, MIDDLE, BROAD = (ir.IntType(bits) for bits in (8, 16, 32))
LANES = STEP // 2


def padded(matrix: Matrix) -> Matrix:
    """Return the matrix with rows and columns of zeros up to whole blocks."""
    rows, columns = matrix.shape
    result = np.zeros((-(-rows // ROWS) * ROWS, -(-columns // STEP) * STEP), np.int8)
    result[:rows, :columns] = matrix
    return result


def pair_products(builder: Any, left: Value, right: Value) -> Value:
    """Return the sums of the products of neighbours, in the shape that LLVM knows."""
    wide = ir.VectorType(BROAD, STEP)
    product = builder.mul(builder.sext(left, wide), builder.sext(right, wide))
    even, odd = (
        builder.shuffle_vector(
            product,
            product,
            ir.Constant(ir.VectorType(INDEX, LANES), list(range(first, STEP, 2))),
        )
        for first in (0, 1)
    )
    return builder.add(even, odd)


def total(builder: Any, vector: Value) -> Value:
    """Return the sum of all lanes."""
    while vector.type.count > 1:
        half = vector.type.count // 2
        low, high = (
            builder.shuffle_vector(
                vector,
                vector,
                ir.Constant(ir.VectorType(INDEX, half), list(range(start, start + half))),
            )
            for start in (0, half)
        )
        vector = builder.add(low, high)
    return builder.extract_element(vector, ir.Constant(INDEX, 0))


def emit(vectors: int, builder: Any, matrix: Value, data: Value, sums: Value, size: Value) -> None:
    """Emit the products of a padded matrix and so many vectors; `size` has block and turn counts.

    The vectors follow one another as rows, and so do their sums.
    """
    blocks = builder.load(size)
    turns = builder.load(builder.gep(size, [ir.Constant(INDEX, 1)], source_etype=WORD))
    stride = builder.mul(turns, ir.Constant(WORD, STEP))
    height = builder.mul(blocks, ir.Constant(WORD, ROWS))
    zero, one = ir.Constant(WORD, 0), ir.Constant(WORD, 1)
    nothing = ir.Constant(ir.VectorType(BROAD, LANES), [0] * LANES)

    before = builder.block
    outer, inner, done, after = (
        builder.append_basic_block(name) for name in ("block", "turn", "sums", "after")
    )
    builder.branch(outer)

    builder.position_at_end(outer)
    block = builder.phi(WORD)
    first_row = builder.mul(block, ir.Constant(WORD, ROWS))
    rows = [builder.add(first_row, ir.Constant(WORD, row)) for row in range(ROWS)]
    starts = [builder.mul(row, stride) for row in rows]
    others = [builder.mul(ir.Constant(WORD, each), stride) for each in range(vectors)]
    builder.branch(inner)

    builder.position_at_end(inner)
    turn = builder.phi(WORD)
    carried = [[builder.phi(nothing.type) for _ in range(vectors)] for _ in range(ROWS)]
    column = builder.mul(turn, ir.Constant(WORD, STEP))
    shared = [load(builder, data, builder.add(other, column), MIDDLE) for other in others]
    following = []
    for start, sums_before in zip(starts, carried, strict=True):
        entries = load(builder, matrix, builder.add(start, column), NARROW)
        wide = builder.sext(entries, ir.VectorType(MIDDLE, STEP))
        pairs = zip(sums_before, shared, strict=True)
        following.append(
            [builder.add(each, pair_products(builder, wide, vector)) for each, vector in pairs]
        )
    next_turn = builder.add(turn, one)
    turn.add_incoming(zero, outer)
    turn.add_incoming(next_turn, inner)
    for phis, values in zip(carried, following, strict=True):
        for phi, value in zip(phis, values, strict=True):
            phi.add_incoming(nothing, outer)
            phi.add_incoming(value, inner)
    builder.cbranch(builder.icmp_unsigned("<", next_turn, turns), inner, done)

    builder.position_at_end(done)
    for row, values in zip(rows, following, strict=True):
        for each, value in enumerate(values):
            place = builder.add(builder.mul(height, ir.Constant(WORD, each)), row)
            where = builder.gep(sums, [place], source_etype=BROAD)
            builder.store(total(builder, value), where, align=4)
    next_block = builder.add(block, one)
    block.add_incoming(zero, before)
    block.add_incoming(next_block, done)
    builder.cbranch(builder.icmp_unsigned("<", next_block, blocks), outer, after)
    builder.position_at_end(after)


def load(builder: Any, data: Value, position: Value, word: Any) -> Value:
    """Return STEP neighbours of an array."""
    place = builder.gep(data, [position], source_etype=word)
    where = builder.bitcast(place, ir.VectorType(word, STEP).as_pointer())
    return builder.load(where, align=word.width // 8)


multiply_all = instruction(partial(emit, 1))
"""Write the sums of a padded matrix times a padded vector. For kernels only. Arguments: matrix,
vector as int16, room for a sum for each row, and how many blocks of rows and turns there are."""

multiply_together = instruction(partial(emit, TOGETHER))
"""The same of TOGETHER vectors, rows of one array, as the sums are."""


@kernel("void(int8[:, ::1], int16[:, ::1], int32[:, ::1])")
def products(matrix: Matrix, vectors: Wide, sums: Sums) -> None:
    """Write the product of a padded matrix with each row of `vectors`, which is padded alike."""
    size = np.array([matrix.shape[0] // ROWS, matrix.shape[1] // STEP], np.int64)
    whole = vectors.shape[0] - vectors.shape[0] % TOGETHER
    for row in range(0, whole, TOGETHER):
        multiply_together(matrix, vectors[row:], sums[row:], size)
    for row in range(whole, vectors.shape[0]):
        multiply_all(matrix, vectors[row], sums[row], size)


def self_test() -> bool:
    """Return whether the largest sum that may be is exact, beside one of mixed signs."""
    matrix = np.full((2, TERMS_MAX), -128, np.int8)
    matrix[1, ::2] = 127
    vectors = np.zeros((1, padded(matrix).shape[1]), np.int16)
    vectors[0, :TERMS_MAX] = -128
    sums = np.zeros((1, ROWS), np.int32)
    products(padded(matrix), vectors, sums)
    half = TERMS_MAX // 2
    expected = [TERMS_MAX << 14, (half << 14) - 127 * 128 * (half + 1), 0, 0]
    return bool(sums[0].tolist() == expected)
