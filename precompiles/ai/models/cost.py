"""What an answer costs: multiply-accumulates, and what else takes as long as so many of them.

Part of the rules of the chain: the paddings here are those of the kernels of today, and stay when a
kernel changes. Measured by `benchmarks/ai.py`; knows no gas but the exchange rate.
"""

from dataclasses import dataclass

from .header import Dense, Header, Layer, Linear, Transformer, Trees, layer_widths

PER_GAS = 128
"""Multiply-accumulates that one unit of gas buys."""

ROWS = 4
COLUMNS = 32
"""What a matrix is padded to: a smaller one is no faster."""

LAYER = 600 * PER_GAS
"""Making a layer ready, once a call."""
LAYER_ROW = 200 * PER_GAS
"""Going through a layer with one input row."""
ELEMENT = PER_GAS
"""Bias, rounding and activation of one output; a part of a transformer's vectors."""
LEVEL = 20 * PER_GAS
TREE = 5 * PER_GAS
LINEAR_PRODUCT = 16
"""One product of int32, in halves."""
TOKEN = 500 * PER_GAS
TOKEN_LAYER = 100 * PER_GAS


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """In multiply-accumulates."""

    call: int
    row: int


def in_gas(work: int) -> int:
    """Return the gas of so much work."""
    return -(-work // PER_GAS)


def padded(outputs: int, inputs: int) -> int:
    """Return the multiply-accumulates that a kernel does for a matrix."""
    return -(-outputs // ROWS) * ROWS * (-(-inputs // COLUMNS) * COLUMNS)


def of(header: Header, depth: int = 0) -> Cost:
    """Return the cost of a model; `depth` is the sum over its trees.

    A transformer's rows are tokens, and priced by `of_sequence`.
    """
    match header:
        case Dense():
            pairs = zip(layer_widths(header), header.layers, strict=True)
            rows = (layer_row(inputs, layer) for (inputs, _), layer in pairs)
            return Cost(call=LAYER * len(header.layers), row=sum(rows))
        case Trees():
            values = header.trees * header.outputs
            return Cost(call=LAYER, row=LEVEL * depth + TREE * header.trees + ELEMENT * values)
        case Linear():
            products = LINEAR_PRODUCT * header.features * header.outputs
            return Cost(call=LAYER, row=products + ELEMENT * header.outputs)
        case Transformer():
            return Cost(call=LAYER * header.layers, row=0)


def layer_row(inputs: int, layer: Layer) -> int:
    """Return the cost of one input row in a dense layer."""
    return LAYER_ROW + padded(layer.outputs, inputs) + ELEMENT * layer.outputs


def of_sequence(header: Transformer, positions: int) -> int:
    """Return the cost of reading so many tokens, with keys and values kept."""
    width, hidden = header.width, header.hidden
    products = 4 * padded(width, width) + 2 * padded(hidden, width) + padded(width, hidden)
    vectors = ELEMENT * (10 * width + 4 * hidden)
    meetings = padded(positions, width) + padded(width, positions) + ELEMENT * positions
    by_layer = TOKEN_LAYER + products + vectors + meetings
    by_token = TOKEN + padded(header.vocabulary, width) + ELEMENT * header.vocabulary
    return positions * (by_token + header.layers * by_layer)
