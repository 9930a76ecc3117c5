"""Scores of linear models: int32 times int32, summed beyond 64 bits. Knows no model.

A weight is split into a signed high and an unsigned low half of 16 bits, so that each of the two
sums of up to 4,096 products fits 64 bits. The twin is `reference.linear`.
"""

import numpy as np
import numpy.typing as npt

from .jit import kernel

Matrix = npt.NDArray[np.int32]
Words = npt.NDArray[np.int64]

HALF = 16
LOW = (1 << HALF) - 1
INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
HIGH_LIMIT = 1 << 47
"""From here on the high part of a score, times 2^16, leaves int64."""


@kernel("void(int32[:, ::1], int64[::1], int32[:, ::1], int64[:, ::1])")
def scores(matrix: Matrix, biases: Words, rows: Matrix, result: Words) -> None:
    """Write the scores of each row of features, saturated to int64."""
    for row in range(rows.shape[0]):
        for output in range(matrix.shape[0]):
            high, low = biases[output] >> HALF, biases[output] & LOW
            for i in range(rows.shape[1]):
                weight = np.int64(matrix[output, i])
                high += (weight >> HALF) * rows[row, i]
                low += (weight & LOW) * rows[row, i]
            high += low >> HALF
            if high >= HIGH_LIMIT:
                result[row, output] = INT64_MAX
            elif high < -HIGH_LIMIT:
                result[row, output] = INT64_MIN
            else:
                result[row, output] = (high << HALF) | (low & LOW)


def self_test() -> bool:
    """Return whether a sum in range is exact and one beyond saturates."""
    extreme = -(2**31)
    matrix = np.array([[extreme, extreme], [extreme, -extreme - 1]], np.int32)
    result = np.zeros((1, 2), np.int64)
    scores(matrix, np.array([0, 5], np.int64), np.full((1, 2), extreme, np.int32), result)
    return bool(result[0].tolist() == [INT64_MAX, 2**31 + 5])
