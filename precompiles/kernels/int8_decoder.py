"""One step of an int8 decoder: a token in, the score of each that may follow out.

Keys and values of the tokens before are kept, so a step costs the same products as one token of
the whole. Numbers are as in `int8.py`: matrices padded, vectors widened and padded with zeros. The
twin is `reference.Decoder`. Knows no format.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from .int8 import ROWS, STEP, multiply_all
from .jit import inner, int64, kernel

Tensor = npt.NDArray[np.int8]
Wide = npt.NDArray[np.int16]
Sums = npt.NDArray[np.int32]
Words = npt.NDArray[np.int64]

ONE = 127
"""What attention counts as 1."""
EXPONENTIAL_MAX = 255
ROOT_TOP = 1 << 40
"""A power of 4 above every sum of squares that is rooted."""


@inner
def saturated(value: Any) -> Any:
    """Return the nearest int8."""
    return min(max(value, -128), 127)


@inner
def root(value: Any) -> Any:
    """Return the integer square root, digit by digit."""
    result, bit = int64(0), int64(ROOT_TOP)
    rest = int64(value)
    while bit > rest:
        bit >>= 2
    while bit:
        if rest >= result + bit:
            rest -= result + bit
            result = (result >> 1) + bit
        else:
            result >>= 1
        bit >>= 2
    return result


@inner
def normalise(state: Any, weights: Any, width: Any, multiplier: Any, eps: Any, out: Any) -> Any:
    """Write RMSNorm of the state: x * w * multiplier / root, towards zero."""
    squares = int64(eps)
    for i in range(width):
        squares += int64(state[i]) * int64(state[i])
    divisor = max(int64(1), root(squares))
    for i in range(width):
        product = int64(state[i]) * int64(weights[i]) * multiplier
        quotient = abs(product) // divisor
        out[i] = saturated(quotient if product >= 0 else -quotient)


@inner
def multiply(matrix: Any, vector: Any, size: Any, sums: Any) -> Any:
    """Write the sums of a matrix times a vector."""
    size[0] = matrix.shape[0] // ROWS
    size[1] = matrix.shape[1] // STEP
    multiply_all(matrix, vector, sums, size)


@inner
def project(
    matrix: Any, vector: Any, count: Any, shift: Any, size: Any, sums: Any, out: Any
) -> Any:
    """Write a matrix times a vector, shifted to int8."""
    multiply(matrix, vector, size, sums)
    for i in range(count):
        out[i] = saturated(int64(sums[i]) >> shift)


@inner
def attend(
    keys: Any, values: Any, query: Any, position: Any, shifts: Any, exponential: Any, rest: Any
) -> Any:
    """Write what the tokens up to this position say to the query, over the query."""
    shares, size, sums = rest
    seen = position + 1
    size[0], size[1] = -(-seen // ROWS), keys.shape[1] // STEP
    multiply_all(keys, query, sums, size)
    best = int64(-128)
    for i in range(seen):
        sums[i] = saturated(int64(sums[i]) >> shifts[3])
        best = max(best, int64(sums[i]))
    total = int64(0)
    for i in range(seen):
        part = exponential[min(best - sums[i], EXPONENTIAL_MAX)]
        sums[i] = part
        total += part
    half = total // 2
    for i in range(seen):
        shares[i] = (int64(sums[i]) * ONE + half) // total
    multiply(values, shares, size, sums)
    for i in range(query.shape[0]):
        query[i] = saturated(int64(sums[i]) >> shifts[4]) if i < values.shape[0] else 0


@kernel(
    "int64(int64, int64, int64[::1], int64[::1], int8[:, ::1], int8[:, :, :, ::1],"
    " int8[:, :, :, ::1], int8[:, :, ::1], int8[:, ::1], int8[:, :, ::1], int8[:, :, ::1],"
    " int8[:, :, ::1], int64[::1], int64[::1])"
)
def step(
    token: int,
    position: int,
    dimensions: Words,
    shifts: Words,
    embed: Tensor,
    attention: Tensor,
    gates: Tensor,
    down: Tensor,
    head: Tensor,
    norms: Tensor,
    keys: Tensor,
    values: Tensor,
    exponential: Words,
    silu: Words,
) -> int:
    """Read a token, add its keys and values, and return the likeliest next; of equals the lowest.

    `dimensions` are vocabulary, width, hidden, RMS multiplier and eps; `shifts` are of gemm, down,
    head, query and key, attention, SwiGLU. `attention` has wq, wk, wv and wo of each layer, `gates`
    the gate and the up matrix; `norms` rms1 and rms2 of each layer, then rmsf. Values are kept as
    columns.
    """
    vocabulary, width, hidden = dimensions[0], dimensions[1], dimensions[2]
    multiplier, eps = dimensions[3], dimensions[4]
    state = np.zeros(embed.shape[1], np.int16)
    given, query = np.zeros_like(state), np.zeros_like(state)
    wide = np.zeros(down.shape[2], np.int16)
    up = np.zeros(down.shape[2], np.int16)
    shares = np.zeros(values.shape[2], np.int16)
    most = max(head.shape[0], keys.shape[1], gates.shape[2], values.shape[1], attention.shape[2])
    sums, size = np.zeros(most, np.int32), np.zeros(2, np.int64)
    for i in range(width):
        state[i] = embed[token, i]
    for layer in range(keys.shape[0]):
        normalise(state, norms[layer, 0], width, multiplier, eps, given)
        project(attention[layer, 1], given, width, shifts[0], size, sums, query)
        for i in range(width):
            keys[layer, position, i] = query[i]
        project(attention[layer, 2], given, width, shifts[0], size, sums, query)
        for i in range(width):
            values[layer, i, position] = query[i]
        project(attention[layer, 0], given, width, shifts[0], size, sums, query)
        rest = (shares, size, sums)
        attend(keys[layer], values[layer], query, position, shifts, exponential, rest)
        project(attention[layer, 3], query, width, shifts[0], size, sums, given)
        for i in range(width):
            state[i] = saturated(int64(state[i]) + given[i])
        normalise(state, norms[layer, 1], width, multiplier, eps, given)
        project(gates[layer, 0], given, hidden, shifts[0], size, sums, wide)
        project(gates[layer, 1], given, hidden, shifts[0], size, sums, up)
        for i in range(hidden):
            wide[i] = saturated((silu[int64(wide[i]) + 128] * int64(up[i])) >> shifts[5])
        project(down[layer], wide, width, shifts[1], size, sums, given)
        for i in range(width):
            state[i] = saturated(int64(state[i]) + given[i])
    normalise(state, norms[keys.shape[0], 0], width, multiplier, eps, given)
    multiply(head, given, size, sums)
    best, likeliest = int64(-129), int64(0)
    for i in range(vocabulary):
        score = saturated(int64(sums[i]) >> shifts[2])
        if score > best:
            best, likeliest = score, int64(i)
    return likeliest


def self_test() -> bool:
    """Return whether two layers of small numbers lead from token to token as worked out before."""
    width, rows = STEP, ROWS

    def numbers(*shape: int) -> Tensor:
        """Return int8 that differ from place to place."""
        places = np.arange(np.prod(shape))
        return ((places * places * 37 + places * 11) % 251 - 125).astype(np.int8).reshape(shape)

    layers = 2
    keys, values = np.zeros((layers, 8, width), np.int8), np.zeros((layers, width, STEP), np.int8)
    dimensions, shifts = np.array([8, width, width, 5, 16]), np.array([9, 9, 9, 9, 7, 6])
    exponential = np.arange(65_536, 0, -256)
    silu = np.arange(-128, 128)
    token, found = 1, []
    for position in range(6):
        token = step(
            token,
            position,
            dimensions,
            shifts,
            numbers(rows * 2, width),
            numbers(layers, 4, width, width),
            numbers(layers, 2, width, width),
            numbers(layers, width, width),
            numbers(rows * 2, width),
            numbers(layers + 1, 2, width),
            keys,
            values,
            exponential,
            silu,
        )
        found.append(token)
    return found == [4, 5, 0, 5, 0, 5]
