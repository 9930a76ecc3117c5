"""What comes after a product of int8: bias, rounding back to int8, activation. Knows no model.

Rounding by a multiplier is that of gemmlowp and TFLite: the high half of a doubled product, halves
upwards, then a shift, halves away from zero. The plain twins stand in
`precompiles/ai/models/reference.py`.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from .jit import inner, kernel

Words = npt.NDArray[np.int64]
Sums = npt.NDArray[np.int32]
Wide = npt.NDArray[np.int16]

INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
INT8_MIN, INT8_MAX = -128, 127
TABLE_SIZE = 256


@inner
def clamp(value: Any, least: Any, most: Any) -> Any:
    """Return the nearest number of a range."""
    return min(max(value, least), most)


@inner
def scaled(value: Any, multiplier: Any, shift: Any) -> Any:
    """Return value * multiplier / 2^(31 + shift), rounded twice. Both numbers fit int32."""
    high = (value * multiplier + (1 << 30)) >> 31
    if shift == 0:
        return high
    return (high + (1 << (shift - 1)) - (1 if high < 0 else 0)) >> shift


@kernel("void(int32[::1], int64[:, ::1], int64, int64, int64, int64[::1], int16[::1])")
def finish(
    sums: Sums, rounding: Words, zero: int, least: int, most: int, table: Words, result: Wide
) -> None:
    """Write the int8 outputs of a layer from its sums.

    `rounding` has a bias, a multiplier and a shift for each output; a multiplier of 0 means the
    plain shift. `table` is empty, or says what each of -128 to 127 becomes in the end.
    """
    for i in range(rounding.shape[0]):
        bias, multiplier, shift = rounding[i, 0], rounding[i, 1], rounding[i, 2]
        value = clamp(sums[i] + bias, INT32_MIN, INT32_MAX)
        value = scaled(value, multiplier, shift) if multiplier else value >> shift
        value = clamp(value + zero, least, most)
        result[i] = table[value - INT8_MIN] if table.size else value


@kernel("void(int32[::1], int64[:, ::1], int32[::1])")
def accumulate(sums: Sums, rounding: Words, result: Sums) -> None:
    """Write the int32 outputs of a layer that does not round."""
    for i in range(rounding.shape[0]):
        result[i] = clamp(sums[i] + rounding[i, 0], INT32_MIN, INT32_MAX)


def self_test() -> bool:
    """Return whether halves go the right way, in both roundings."""
    sums = np.array([3, -3, 5, -5, 2**31 - 1, -(2**31)], np.int32)
    rounding = np.array([[0, 1 << 30, 1]] * 4 + [[5, 0, 24]] * 2, np.int64)
    result = np.zeros(6, np.int16)
    finish(sums, rounding, 0, INT8_MIN, INT8_MAX, np.zeros(0, np.int64), result)
    return bool(result.tolist() == [1, -1, 2, -1, 127, -128])
