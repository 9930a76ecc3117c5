"""Products of an int8 matrix and vectors below 2^61 - 1, exact in words: Freivalds' heavy part.

A vector comes as two limbs of 31 bits, so that a sum of up to 2^17 products of a limb and an int8
stays below 2^(31 + 7 + 17) = 2^55. The twin is `freivalds.product`.
"""

import numpy as np
import numpy.typing as npt

from ...kernels.jit import kernel

Matrix = npt.NDArray[np.int8]
Words = npt.NDArray[np.int64]

LIMB_BITS = 31


@kernel("void(int8[:, ::1], int64[:, ::1], int64[:, ::1])")
def products(matrix: Matrix, limbs: Words, sums: Words) -> None:
    """Write, for each row of the matrix, its sum of products with each limb vector.

    At most 2^17 columns; a limb is at least 0 and below 2^31.
    """
    rows, columns = matrix.shape
    vectors = limbs.shape[0]
    for row in range(rows):
        for vector in range(vectors):
            total = 0
            for column in range(columns):
                total += matrix[row, column] * limbs[vector, column]
            sums[row, vector] = total


def self_test() -> bool:
    """Return whether the extremes come out."""
    matrix = np.array([[-128, 127], [1, -1]], np.int8)
    limbs = np.array([[2**31 - 1, 0], [2**31 - 1, 2**31 - 1]], np.int64)
    sums = np.zeros((2, 2), np.int64)
    products(matrix, limbs, sums)
    top = 2**31 - 1
    return bool(sums.tolist() == [[-128 * top, -top], [top, 0]])
