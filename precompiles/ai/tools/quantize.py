"""A model of floats -> integers of the format. Floats end here: what comes out is exact.

Dense networks: int8 throughout, each feature and each inner output with a scale and a zero that the
calibration rows call for, weights with a scale for each output, and the sums of the last layer as
they are, so that their order and their differences keep their full precision. Trees and linear
models: features, thresholds and weights in fixed point.
"""

from dataclasses import dataclass
from math import floor, frexp

import numpy as np

from ..models.header import (
    ARG_MAX,
    BY_MULTIPLIER,
    INPUTS_MAX,
    LAYERS_MAX,
    LINEAR_FEATURES_MAX,
    NOT_AT_ALL,
    OUTPUTS_MAX,
    OWN_TABLE,
    RELU,
    RELU6,
    SCORES,
    SHIFT_MAX,
    TABLES_MAX,
    TREES_MAX,
    WEIGHTS_SIZE_MAX,
    Dense,
    Header,
    Layer,
    Linear,
    Trees,
    encode,
    weights_size,
)
from ..models.layout import LEAF_BIT
from .floats import (
    FloatForest,
    FloatLayer,
    FloatLinear,
    FloatModel,
    FloatNetwork,
    Floats,
    FloatTree,
    Numbers,
    activated,
    feature_count,
    steps,
)
from .model_file import ModelFile, Notes, Scaling
from .refusal import NotRepresentableError

LEVELS = 255
INT8_MIN, INT8_MAX = -128, 127
WEIGHT_MAX = 127
INT32_MAX = 2**31 - 1
FEATURE_BITS, WEIGHT_BITS = 24, 30
"""Of the fixed point numbers of trees and linear models."""
FRACTION_MAX = 60
TINY = 1e-12
"""Stands for the scale of what never changes."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Grid:
    """Where int8 lie among real numbers: number = (integer - zero) * scale."""

    scale: Floats
    zero: Numbers

    def place(self, values: Floats) -> Numbers:
        """Return the nearest integers."""
        nearest = np.clip(np.rint(values / self.scale) + self.zero, INT8_MIN, INT8_MAX)
        return np.asarray(nearest, np.int64)


def quantize(model: FloatModel, rows: Floats) -> ModelFile:
    """Return the integer model, calibrated on rows of real input."""
    if rows.ndim != 2 or not rows.size or rows.shape[1] != feature_count(model):
        raise NotRepresentableError(f"rows of {feature_count(model)} numbers are needed")
    if not np.isfinite(rows).all():
        raise NotRepresentableError("a calibration row holds what is not a finite number")
    match model:
        case FloatNetwork():
            return quantize_network(model, rows)
        case FloatForest():
            return quantize_forest(model, rows)
        case FloatLinear():
            return quantize_linear(model, rows)


def model_file(header: Header, weights: bytes, notes: Notes) -> ModelFile:
    """Return the file of a model within the bounds of the format."""
    if len(weights) > WEIGHTS_SIZE_MAX:
        raise NotRepresentableError(f"{len(weights):,} bytes of weights; {WEIGHTS_SIZE_MAX:,} fit")
    assert len(weights) == weights_size(header), "the layout is that of the header"
    return ModelFile(header=encode(header), weights=weights, notes=notes)


# --- Dense networks ---------------------------------------------------------------------------


def quantize_network(model: FloatNetwork, rows: Floats) -> ModelFile:
    """Return a network of int8."""
    check_network(model)
    inputs = grid_of(rows.min(axis=0), rows.max(axis=0))
    grid, weights = inputs, b""
    layers: list[Layer] = []
    tables: list[bytes] = []
    values = steps(model, rows)
    for layer, (sums, outputs) in zip(model.layers[:-1], values[:-1], strict=True):
        made, table, content, grid = inner_layer(layer, grid, sums, outputs, len(tables))
        layers.append(made)
        tables += table
        weights += content
    if len(tables) > TABLES_MAX:
        raise NotRepresentableError(f"{len(tables)} layers with tables; {TABLES_MAX} fit")
    last = model.layers[-1]
    # One scale for all outputs: their sums are compared with each other.
    scale = weight_scale((last.weights * grid.scale).reshape(1, -1))
    weights += matrix_bytes(last, grid, np.repeat(scale, len(last.bias)))
    layers.append(Layer(outputs=len(last.bias), rounding=NOT_AT_ALL))
    header = Dense(inputs=rows.shape[1], layers=tuple(layers), tables=tuple(tables))
    notes = Notes(
        inputs=Scaling(scale=tuple(inputs.scale.tolist()), zero=tuple(inputs.zero.tolist())),
        output_scale=float(scale[0]),
        labels=model.labels,
    )
    return model_file(header, weights, notes)


def check_network(model: FloatNetwork) -> None:
    """Refuse a network that the format has no room for."""
    if len(model.layers) > LAYERS_MAX:
        raise NotRepresentableError(f"{len(model.layers)} layers; {LAYERS_MAX} fit")
    for layer in model.layers:
        outputs, inputs = layer.weights.shape
        if inputs > INPUTS_MAX or outputs > OUTPUTS_MAX:
            raise NotRepresentableError(f"a layer of {inputs:,} inputs and {outputs:,} outputs")
    if model.layers[-1].activation != "identity":
        name = model.layers[-1].activation
        raise NotRepresentableError(f"the last layer ends with {name}; its sums are the answer")


def grid_of(least: Floats, most: Floats) -> Grid:
    """Return the grid that covers these ranges and 0."""
    least, most = np.minimum(least, 0.0), np.maximum(most, 0.0)
    scale = np.maximum((most - least) / LEVELS, TINY)
    zero = np.clip(np.rint(INT8_MIN - least / scale), INT8_MIN, INT8_MAX)
    return Grid(scale=scale, zero=zero.astype(np.int64))


def weight_scale(effective: Floats) -> Floats:
    """Return the scale of each row of weights."""
    return np.asarray(np.maximum(np.abs(effective).max(axis=1) / WEIGHT_MAX, TINY))


def matrix_bytes(layer: FloatLayer, grid: Grid, scale: Floats) -> bytes:
    """Return the weights and biases of a layer whose inputs lie on a grid.

    The zeros of the inputs are taken into the bias, so that the chain multiplies plain int8.
    """
    effective = layer.weights * grid.scale
    whole = np.clip(np.rint(effective / scale[:, None]), -WEIGHT_MAX, WEIGHT_MAX).astype(np.int64)
    shifted = (whole * grid.zero).sum(axis=1)
    bias = np.rint(np.clip(layer.bias / scale, -INT32_MAX, INT32_MAX)).astype(np.int64) - shifted
    bias = np.clip(bias, -INT32_MAX, INT32_MAX)
    return bytes(whole.astype(np.int8).data) + bytes(bias.astype(">i4").data)


def inner_layer(
    layer: FloatLayer, grid: Grid, sums: Floats, outputs: Floats, table: int
) -> tuple[Layer, list[bytes], bytes, Grid]:
    """Return a layer that is rounded to int8, its table, its weights, and the grid it ends on."""
    scale = weight_scale(layer.weights * grid.scale)
    by_table = layer.activation in ("sigmoid", "tanh")
    reached = sums if by_table else outputs
    ends = grid_of(np.array([reached.min()]), np.array([reached.max()]))
    if ends.scale[0] < scale.max():  # A multiplier is below 1: so the grid is no finer than sums.
        ends = grid_of(np.array([-scale.max() * 128]), np.array([scale.max() * 127]))
    multipliers, shifts = zip(
        *(multiplier_of(float(each / ends.scale[0])) for each in scale), strict=True
    )
    content = matrix_bytes(layer, grid, scale)
    content += bytes(np.array(multipliers).astype(">i4").data) + bytes(shifts)
    kinds = {"relu": RELU, "clip": RELU6, "sigmoid": OWN_TABLE, "tanh": OWN_TABLE}
    activation = kinds.get(layer.activation, 0)
    zero = int(ends.zero[0])
    six = int(ends.place(np.array([layer.most]))[0]) if activation == RELU6 else INT8_MAX
    made = Layer(
        outputs=len(layer.bias),
        rounding=BY_MULTIPLIER,
        activation=activation,
        table=table if by_table else 0,
        zero=zero,
        six=max(six, zero),
    )
    if not by_table:
        return made, [], content, ends
    numbers = (np.arange(INT8_MIN, INT8_MAX + 1) - zero) * ends.scale[0]
    curve = activated(layer, numbers)
    after = grid_of(np.array([curve.min()]), np.array([curve.max()]))
    return made, [bytes(after.place(curve).astype(np.int8).data)], content, after


def multiplier_of(factor: float) -> tuple[int, int]:
    """Return the multiplier and the shift that are nearest to a factor of at most 1."""
    fraction, exponent = frexp(factor)
    multiplier, shift = round(fraction * 2**31), -exponent
    if multiplier == 2**31:
        multiplier, shift = 2**30, shift - 1
    if shift < 0:
        return INT32_MAX, 0
    if shift > SHIFT_MAX:  # So small that every sum becomes 0, as it does here.
        return 2**30, SHIFT_MAX
    return multiplier, shift


# --- Trees --------------------------------------------------------------------------------------


def fraction_bits(most: float, bits: int) -> int:
    """Return how many binary places a number of this size may have within so many bits."""
    _, exponent = frexp(max(most, TINY))
    return max(min(bits - exponent, FRACTION_MAX), -FRACTION_MAX)


def quantize_forest(model: FloatForest, rows: Floats) -> ModelFile:
    """Return an ensemble over int32 in fixed point; over integers it is exact."""
    if len(model.trees) >= TREES_MAX:
        raise NotRepresentableError(f"{len(model.trees):,} trees; {TREES_MAX - 1:,} fit")
    places = feature_places(model, rows)
    largest = max((np.abs(tree.leaves).max() for tree in model.trees), default=0.0)
    places_of_leaf = fraction_bits(
        max(float(largest), float(np.abs(model.base).max())), WEIGHT_BITS
    )
    if whole_numbers(np.concatenate([model.base, *(t.leaves.reshape(-1) for t in model.trees)])):
        places_of_leaf = min(places_of_leaf, 0)
    factor = 2.0**places_of_leaf
    content = b"".join(tree_bytes(tree, places, factor) for tree in model.trees)
    count = len(model.trees)
    if model.base.any():
        count += 1
        base = np.rint(model.base * factor).astype(">i4")
        content += b"\0\0\0\1" + bytes(base.data)
    header = Trees(
        features=model.features,
        outputs=len(model.base),
        trees=count,
        arg_max=bool(model.labels),
        size=len(content),
    )
    scale = tuple((2.0**-places).tolist())
    notes = Notes(
        inputs=Scaling(scale=scale, zero=(0,) * len(scale)),
        output_scale=model.factor / factor,
        labels=model.labels,
    )
    return model_file(header, content, notes)


def whole_numbers(values: Floats) -> bool:
    """Return whether there are integers only."""
    return bool((values == np.floor(values)).all())


def feature_places(model: FloatForest, rows: Floats) -> Floats:
    """Return the binary places of each feature: none where all rows have integers."""
    places = np.zeros(model.features)
    most = np.abs(rows).max(axis=0)
    for tree in model.trees:
        np.maximum.at(most, tree.features, np.abs(tree.thresholds))
    for feature in range(model.features):
        if not whole_numbers(rows[:, feature]):
            places[feature] = fraction_bits(float(most[feature]), WEIGHT_BITS)
    return places


def tree_bytes(tree: FloatTree, places: Floats, factor: float) -> bytes:
    """Return the bytes of one tree."""
    nodes, leaves = len(tree.features), len(tree.leaves)
    if nodes > LEAF_BIT or leaves > LEAF_BIT:
        raise NotRepresentableError(f"a tree of {nodes:,} nodes and {leaves:,} leaves")
    content = nodes.to_bytes(2, "big") + leaves.to_bytes(2, "big")
    for index in range(nodes):
        feature = int(tree.features[index])
        scaled = float(tree.thresholds[index]) * 2.0 ** places[feature]
        # x < t for what is rounded down: x is at most the integer below t.
        threshold = -floor(-scaled) - 1 if tree.less[index] else floor(scaled)
        content += feature.to_bytes(2, "big")
        content += min(max(threshold, -(2**31)), INT32_MAX).to_bytes(4, "big", signed=True)
        for child in tree.children[index].tolist():
            content += (child if child >= 0 else LEAF_BIT + ~child).to_bytes(2, "big")
    return content + bytes(np.rint(tree.leaves * factor).astype(">i4").data)


# --- Linear models ------------------------------------------------------------------------------


def quantize_linear(model: FloatLinear, rows: Floats) -> ModelFile:
    """Return a linear model in fixed point: of a classifier the arg-max, else the scores."""
    outputs, features = model.weights.shape
    if features > LINEAR_FEATURES_MAX or outputs > OUTPUTS_MAX:
        raise NotRepresentableError(f"{features:,} features and {outputs:,} outputs")
    most = np.abs(rows).max(axis=0)
    places = np.array([fraction_bits(float(each), FEATURE_BITS) for each in most])
    # A score has so many binary places that no weight leaves its word, nor a sum.
    by_weight = np.abs(model.weights).max(axis=0)
    room = [fraction_bits(float(each), WEIGHT_BITS) for each in by_weight]
    score_places = int(
        min((room + places).min(), fraction_bits(float(np.abs(model.bias).max()), 60))
    )
    weights = np.rint(model.weights * 2.0 ** (score_places - places)).astype(">i4")
    bias = [round(float(each) * 2.0**score_places) for each in model.bias]
    content = bytes(weights.data)
    content += b"".join(each.to_bytes(8, "big", signed=True) for each in bias)
    header = Linear(features=features, outputs=outputs, answer=ARG_MAX if model.labels else SCORES)
    notes = Notes(
        inputs=Scaling(scale=tuple((2.0**-places).tolist()), zero=(0,) * features),
        output_scale=2.0**-score_places,
        labels=model.labels,
    )
    return model_file(header, content, notes)
