"""Dense int8 networks, through kernels. The twin is `reference.dense`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ...kernels import int8
from ...kernels.int8_rounding import INT8_MAX, INT8_MIN, Words, accumulate, finish
from . import tables
from .header import (
    BY_MULTIPLIER,
    BY_SHIFT,
    NOT_AT_ALL,
    OWN_TABLE,
    RELU,
    RELU6,
    SHIFT_MAX,
    SILU,
    Dense,
    Layer,
    layer_widths,
)
from .layout import LayerPlaces, layer_places
from .weights import INVALID_WEIGHTS

MULTIPLIER_MIN = 1 << 30
NO_TABLE: Words = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoadedLayer:
    """A layer ready for the kernels."""

    matrix: int8.Matrix
    rounding: Words
    """Bias, multiplier and shift of each output."""
    zero: int
    least: int
    most: int
    table: Words
    raw: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Network:
    """A network ready to answer."""

    header: Dense
    layers: tuple[LoadedLayer, ...]

    @property
    def size(self) -> int:
        """Return how many bytes of memory it takes."""
        return sum(each.matrix.nbytes + each.rounding.nbytes for each in self.layers)

    def answer(self, data: bytes) -> bytes:
        """Return the outputs of each input row, one after another."""
        rows = np.frombuffer(data, np.int8).reshape(-1, self.header.inputs)
        current = np.zeros((len(rows), padded_width(self.header.inputs)), np.int16)
        current[:, : self.header.inputs] = rows
        for layer in self.layers[:-1]:
            current = run(layer, current)
        last = run(self.layers[-1], current)[:, : self.header.layers[-1].outputs]
        return bytes(last.astype(">i4" if self.layers[-1].raw else np.int8).data)


def padded_width(count: int) -> int:
    """Return how wide the kernels want a row of so many numbers."""
    return -(-count // int8.STEP) * int8.STEP


def run(layer: LoadedLayer, inputs: int8.Wide) -> npt.NDArray[Any]:
    """Return the outputs of a layer, as the next one takes them."""
    sums = np.empty((len(inputs), layer.matrix.shape[0]), np.int32)
    int8.products(layer.matrix, inputs, sums)
    if layer.raw:
        for row in sums:
            accumulate(row, layer.rounding, row)
        return sums
    outputs = np.zeros((len(inputs), padded_width(len(layer.rounding))), np.int16)
    for row, result in zip(sums, outputs, strict=True):
        finish(row, layer.rounding, layer.zero, layer.least, layer.most, layer.table, result)
    return outputs


def load(header: Dense, weights: bytes) -> Network:
    """Return the network that these weights are, or raise Revert."""
    places = layer_places(header)
    widths = layer_widths(header)
    layers = zip(header.layers, widths, places, strict=True)
    return Network(
        header=header,
        layers=tuple(
            load_layer(header.tables, layer, inputs, weights, where)
            for layer, (inputs, _), where in layers
        ),
    )


def load_layer(
    own: Sequence[bytes], layer: Layer, inputs: int, weights: bytes, places: LayerPlaces
) -> LoadedLayer:
    """Return one layer, or raise Revert where its multipliers or shifts are out of range."""
    content = np.frombuffer(weights, np.int8, layer.outputs * inputs, places.matrix)
    rounding = np.zeros((layer.outputs, 3), np.int64)
    rounding[:, 0] = np.frombuffer(weights, ">i4", layer.outputs, places.biases)
    if layer.rounding == BY_SHIFT:
        rounding[:, 2] = layer.shift
    if layer.rounding == BY_MULTIPLIER:
        rounding[:, 1] = np.frombuffer(weights, ">i4", layer.outputs, places.multipliers)
        rounding[:, 2] = np.frombuffer(weights, np.uint8, layer.outputs, places.shifts)
        if rounding[:, 1].min() < MULTIPLIER_MIN:
            raise INVALID_WEIGHTS(places.multipliers + 4 * int(rounding[:, 1].argmin()))
        if rounding[:, 2].max() > SHIFT_MAX:
            raise INVALID_WEIGHTS(places.shifts + int(rounding[:, 2].argmax()))
    return LoadedLayer(
        matrix=int8.padded(content.reshape(layer.outputs, inputs)),
        rounding=rounding,
        zero=layer.zero,
        least=layer.zero if layer.activation in (RELU, RELU6) else INT8_MIN,
        most=layer.six if layer.activation == RELU6 else INT8_MAX,
        table=table_of(own, layer),
        raw=layer.rounding == NOT_AT_ALL,
    )


def table_of(own: Sequence[bytes], layer: Layer) -> Words:
    """Return what each output becomes in the end, from -128 on."""
    if layer.activation == SILU:
        return np.array(tables.SILU, np.int64)
    if layer.activation == OWN_TABLE:
        return np.frombuffer(own[layer.table], np.int8).astype(np.int64)
    return NO_TABLE
