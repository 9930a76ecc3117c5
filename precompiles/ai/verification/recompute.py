"""Single rows and single layers of a dense network, by the kernels that answer for it.

Takes of the weights what it needs and no more. Sums come output by output: for each output an
int32, big-endian, for each input row. Inputs and outputs come row by row, as 0x0303 has them.
Importing this loads the compiler.
"""

import numpy as np

from ...kernels import int8
from ...kernels.int8_rounding import accumulate, finish
from ..models import dense
from ..models.header import NOT_AT_ALL, Dense, layer_widths
from ..models.layout import BIAS_SIZE, MULTIPLIER_SIZE, LayerPlaces, layer_places


def sums_of(weights: bytes, inputs: bytes, rows: int) -> bytes:
    """Return the sums of one output: its weights times each input row."""
    width = len(weights)
    wide = np.zeros((rows, dense.padded_width(width)), np.int16)
    wide[:, :width] = np.frombuffer(inputs, np.int8).reshape(rows, width)
    matrix = int8.padded(np.frombuffer(weights, np.int8).reshape(1, width))
    sums = np.empty((rows, len(matrix)), np.int32)
    int8.products(matrix, wide, sums)
    return sums[:, 0].astype(">i4").tobytes()


def outputs_of(header: Dense, layer: int, rounding: bytes, sums: bytes, rows: int) -> bytes:
    """Return what a layer's sums become. `rounding` is what follows the matrix in its weights."""
    given = header.layers[layer]
    count = given.outputs
    multipliers = BIAS_SIZE * count
    shifts = multipliers + MULTIPLIER_SIZE * count
    places = LayerPlaces(
        matrix=0, biases=0, multipliers=multipliers, shifts=shifts, end=len(rounding)
    )
    loaded = dense.load_layer(header.tables, given, 0, rounding, places)
    by_output = np.frombuffer(sums, ">i4").reshape(count, rows)
    by_row = np.ascontiguousarray(by_output.T, np.int32)
    if given.rounding == NOT_AT_ALL:
        for row in by_row:
            accumulate(row, loaded.rounding, row)
        return by_row.astype(">i4").tobytes()
    outputs = np.zeros((rows, count), np.int16)
    for row, result in zip(by_row, outputs, strict=True):
        finish(row, loaded.rounding, loaded.zero, loaded.least, loaded.most, loaded.table, result)
    return outputs.astype(np.int8).tobytes()


def trace_of(header: Dense, weights: bytes, inputs: bytes, rows: int) -> tuple[list[bytes], bytes]:
    """Return the sums of every layer, and the answer."""
    trace, current = [], inputs
    widths, places = layer_widths(header), layer_places(header)
    for layer, ((width, outputs), where) in enumerate(zip(widths, places, strict=True)):
        matrix = weights[where.matrix : where.biases]
        parts = (matrix[at : at + width] for at in range(0, outputs * width, width))
        trace.append(b"".join(sums_of(part, current, rows) for part in parts))
        rounding = weights[where.biases : where.end]
        current = outputs_of(header, layer, rounding, trace[-1], rows)
    return trace, current
