"""What each kind of model answers, in plain integers: the definition, and the kernels' twin.

Everything is exact: `>>` is a floor, sums do not wrap, and a number that leaves its word becomes
the nearest that fits. Takes the weights as they are in the format (`layout.py`), and slowly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt

from . import tables
from .header import (
    ARG_MAX,
    BY_MULTIPLIER,
    LOGISTIC,
    NOT_AT_ALL,
    OWN_TABLE,
    RELU,
    RELU6,
    SILU,
    Dense,
    Layer,
    Linear,
    Transformer,
    Trees,
    layer_widths,
    tensor_shapes,
)
from .layout import (
    BIAS_SIZE,
    LEAF_BIT,
    LINEAR_BIAS_SIZE,
    LINEAR_WEIGHT_SIZE,
    MULTIPLIER_SIZE,
    NODE_SIZE,
    layer_places,
    tensor_places,
)

INT8, INT32, INT64 = 8, 32, 64
PROBABILITY_ONE = 127
"""What a transformer's attention counts as 1."""


def saturated(value: int, bits: int) -> int:
    """Return the nearest signed number of so many bits."""
    limit = 1 << (bits - 1)
    return max(-limit, min(limit - 1, value))


def signed(data: bytes, position: int, size: int) -> int:
    """Return a signed number."""
    return int.from_bytes(data[position : position + size], "big", signed=True)


def int8s(data: bytes, position: int, count: int) -> list[int]:
    """Return int8 numbers that follow one another."""
    return [value - ((value & 0x80) << 1) for value in data[position : position + count]]


def dot(left: Sequence[int], right: Sequence[int]) -> int:
    """Return the sum of products."""
    return sum(x * y for x, y in zip(left, right, strict=True))


# --- Dense networks -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What makes one output of a dense layer."""

    weights: list[int]
    bias: int
    multiplier: int
    """0 where the layer does not round by multipliers."""
    shift: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerTrace:
    """What a layer computed for one input row: its products' sums, and what they became."""

    sums: list[int]
    """Without the bias."""
    outputs: list[int]


def row_of(header: Dense, weights: bytes, layer: int, output: int) -> Row:
    """Return one row of a layer."""
    inputs, _ = layer_widths(header)[layer]
    places, given = layer_places(header)[layer], header.layers[layer]
    scaled = given.rounding == BY_MULTIPLIER
    return Row(
        weights=int8s(weights, places.matrix + output * inputs, inputs),
        bias=signed(weights, places.biases + BIAS_SIZE * output, BIAS_SIZE),
        multiplier=signed(weights, places.multipliers + MULTIPLIER_SIZE * output, MULTIPLIER_SIZE)
        if scaled
        else 0,
        shift=weights[places.shifts + output] if scaled else given.shift,
    )


def rounded(value: int, multiplier: int, shift: int) -> int:
    """Return value * multiplier / 2^(31 + shift) as gemmlowp rounds it: twice.

    First the saturating rounding doubling high multiply, halves upwards; then the rounding divide
    by a power of two, halves away from zero.
    """
    high = (value * multiplier + (1 << 30)) >> 31
    half = (1 << shift) >> 1
    return (high + half) >> shift if high >= 0 else -((half - high) >> shift)


def finished(header: Dense, layer: Layer, row: Row, total: int) -> int:
    """Return the output that a sum of products becomes."""
    value = saturated(total + row.bias, INT32)
    if layer.rounding == NOT_AT_ALL:
        return value
    if layer.rounding == BY_MULTIPLIER:
        value = rounded(value, row.multiplier, row.shift)
    else:
        value >>= row.shift
    value = saturated(value + layer.zero, INT8)
    if layer.activation in (RELU, RELU6):
        value = max(value, layer.zero)
    if layer.activation == RELU6:
        value = min(value, layer.six)
    if layer.activation == SILU:
        value = tables.SILU[value + 128]
    if layer.activation == OWN_TABLE:
        value = int8s(header.tables[layer.table], value + 128, 1)[0]
    return value


def dense_trace(header: Dense, weights: bytes, inputs: Sequence[int]) -> list[LayerTrace]:
    """Return what every layer computes for one row of int8."""
    trace, current = [], list(inputs)
    for index, layer in enumerate(header.layers):
        rows = [row_of(header, weights, index, output) for output in range(layer.outputs)]
        sums = [dot(row.weights, current) for row in rows]
        current = [
            finished(header, layer, row, total) for row, total in zip(rows, sums, strict=True)
        ]
        trace.append(LayerTrace(sums=sums, outputs=current))
    return trace


def dense(header: Dense, weights: bytes, inputs: Sequence[int]) -> list[int]:
    """Return what the last layer computes."""
    return dense_trace(header, weights, inputs)[-1].outputs


# --- Trees ----------------------------------------------------------------------------------


def tree_answer(header: Trees, tree: bytes, nodes: int, features: Sequence[int]) -> list[int]:
    """Return the leaf that the features lead to. `tree` begins with its first node."""
    place = 0 if nodes else LEAF_BIT
    while not place & LEAF_BIT:
        node = tree[NODE_SIZE * place : NODE_SIZE * (place + 1)]
        feature = int.from_bytes(node[:2], "big")
        side = node[6:8] if features[feature] <= signed(node, 2, 4) else node[8:10]
        place = int.from_bytes(side, "big")
    start = NODE_SIZE * nodes + 4 * header.outputs * (place & ~LEAF_BIT)
    return [signed(tree, start + 4 * output, 4) for output in range(header.outputs)]


def trees(header: Trees, weights: bytes, features: Sequence[int]) -> list[int]:
    """Return the sum over all trees, or the lowest output with the largest sum."""
    totals, start = [0] * header.outputs, 0
    for _ in range(header.trees):
        nodes = int.from_bytes(weights[start : start + 2], "big")
        leaves = int.from_bytes(weights[start + 2 : start + 4], "big")
        end = start + 4 + NODE_SIZE * nodes + 4 * header.outputs * leaves
        leaf = tree_answer(header, weights[start + 4 : end], nodes, features)
        totals = [total + value for total, value in zip(totals, leaf, strict=True)]
        start = end
    # At most 4,096 int32 are added, so the saturation of the sums to int64 never shows.
    return [arg_max(totals)] if header.arg_max else totals


def arg_max(values: Sequence[int]) -> int:
    """Return the lowest index of the largest value."""
    return max(range(len(values)), key=lambda index: (values[index], -index))


# --- Linear models --------------------------------------------------------------------------


def linear(header: Linear, weights: bytes, features: Sequence[int]) -> list[int]:
    """Return scores, the arg-max, or probabilities in 65,535ths."""
    size = LINEAR_WEIGHT_SIZE * header.features
    scores = []
    for output in range(header.outputs):
        row = [signed(weights, output * size + 4 * i, 4) for i in range(header.features)]
        at = header.outputs * size + LINEAR_BIAS_SIZE * output
        bias = signed(weights, at, LINEAR_BIAS_SIZE)
        scores.append(saturated(dot(row, features) + bias, INT64))
    if header.answer == ARG_MAX:
        return [arg_max(scores)]
    if header.answer == LOGISTIC:
        return [tables.LOGISTIC[saturated(score >> header.shift, INT8) + 128] for score in scores]
    return scores


# --- Transformers ---------------------------------------------------------------------------


def normalised(header: Transformer, values: list[int], weights: list[int]) -> list[int]:
    """Return RMSNorm: x * w * multiplier / d, towards zero; d the root of the squares' sum."""
    root = max(1, isqrt(dot(values, values) + header.rms_eps))
    result = []
    for value, weight in zip(values, weights, strict=True):
        product = value * weight * header.rms_multiplier
        quotient = abs(product) // root
        result.append(saturated(quotient if product >= 0 else -quotient, INT8))
    return result


class Decoder:
    """A transformer with the keys and values of the tokens that it has read."""

    def __init__(self, header: Transformer, weights: bytes) -> None:
        self.header = header
        self.weights = weights
        self.shapes = tensor_shapes(header)
        self.places = tensor_places(header)
        self.keys: list[list[list[int]]] = [[] for _ in range(header.layers)]
        self.values: list[list[list[int]]] = [[] for _ in range(header.layers)]

    def tensor_row(self, name: str, row: int, layer: int = 0) -> list[int]:
        """Return a row of a tensor; a vector of one layer is its row."""
        shape = self.shapes[name]
        rows = shape[-2] if len(shape) == 3 else 0
        width = shape[-1]
        return int8s(self.weights, self.places[name] + (layer * rows + row) * width, width)

    def product(self, name: str, layer: int, vector: list[int], shift: int) -> list[int]:
        """Return a matrix times a vector, shifted to int8."""
        rows = range(self.shapes[name][-2])
        sums = (dot(self.tensor_row(name, row, layer), vector) for row in rows)
        return [saturated(total >> shift, INT8) for total in sums]

    def attention(self, layer: int, query: list[int]) -> list[int]:
        """Return the values of all tokens so far, weighted by how their keys meet the query."""
        shifts = self.header.shifts
        scores = [saturated(dot(query, key) >> shifts.query_key, INT8) for key in self.keys[layer]]
        best = max(scores)
        parts = [tables.EXPONENTIAL[min(255, best - score)] for score in scores]
        total = sum(parts)
        shares = [(part * PROBABILITY_ONE + total // 2) // total for part in parts]
        columns = zip(*self.values[layer], strict=True)
        return [saturated(dot(shares, column) >> shifts.attention, INT8) for column in columns]

    def read(self, token: int) -> list[int]:
        """Read one token and return the score of each that may follow."""
        header, shifts = self.header, self.header.shifts
        state = self.tensor_row("embed", token)
        for layer in range(header.layers):
            given = normalised(header, state, self.tensor_row("rms1", layer))
            query, key, value = (
                self.product(name, layer, given, shifts.gemm) for name in ("wq", "wk", "wv")
            )
            self.keys[layer].append(key)
            self.values[layer].append(value)
            seen = self.attention(layer, query)
            state = added(state, self.product("wo", layer, seen, shifts.gemm))
            given = normalised(header, state, self.tensor_row("rms2", layer))
            gate, up = (self.product(name, layer, given, shifts.gemm) for name in ("wgate", "wup"))
            hidden = [
                saturated((tables.SILU[g + 128] * u) >> shifts.swiglu, INT8)
                for g, u in zip(gate, up, strict=True)
            ]
            state = added(state, self.product("wdown", layer, hidden, shifts.down))
        given = normalised(header, state, self.tensor_row("rmsf", 0))
        return self.product("wlm", 0, given, shifts.head)


def added(left: list[int], right: list[int]) -> list[int]:
    """Return the sums of int8, saturated."""
    return [saturated(x + y, INT8) for x, y in zip(left, right, strict=True)]


def generate(header: Transformer, weights: bytes, prompt: Sequence[int], new: int) -> list[int]:
    """Return the prompt and so many new tokens, each the likeliest; of equals the lowest."""
    decoder, tokens = Decoder(header, weights), list(prompt)
    for position in range(len(prompt) + new - 1):
        scores = decoder.read(tokens[position])
        if position >= len(prompt) - 1:
            tokens.append(arg_max(scores))
    return tokens
