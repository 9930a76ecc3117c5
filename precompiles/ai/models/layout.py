"""Where each number stands among the weights of a model. Numbers are big-endian, int8 one byte.

    dense        for each layer: the matrix, one row for each output; then a bias (int32) for each
                 output; of BY_MULTIPLIER then a multiplier (int32, 2^30 to 2^31 - 1) for each, and
                 a shift (0 to 31, one byte) for each
    trees        for each tree: 2 nodes | 2 leaves | nodes | leaves
      node       2 feature | 4 threshold (int32) | 2 left | 2 right
      leaf       an int32 for each output
    transformer  its tensors, int8, in the order of `header.tensor_shapes`; each has all layers
    linear       the matrix (int32), one row for each output; then a bias (int64) for each

A child of a tree's node is a node further on, or, with the highest bit set, a leaf.
"""

from dataclasses import dataclass
from math import prod

from .header import BY_MULTIPLIER, Dense, Transformer, layer_size, layer_widths, tensor_shapes

BIAS_SIZE = 4
MULTIPLIER_SIZE = 4
NODE_SIZE = 10
LEAF_BIT = 1 << 15
LINEAR_WEIGHT_SIZE = 4
LINEAR_BIAS_SIZE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerPlaces:
    """Where a dense layer begins, by part; what it does not have has no bytes."""

    matrix: int
    biases: int
    multipliers: int
    shifts: int
    end: int


def layer_places(header: Dense) -> list[LayerPlaces]:
    """Return where each layer is."""
    places, start = [], 0
    for (inputs, outputs), layer in zip(layer_widths(header), header.layers, strict=True):
        biases = start + outputs * inputs
        multipliers = biases + BIAS_SIZE * outputs
        end = start + layer_size(inputs, layer)
        shifts = end - outputs if layer.rounding == BY_MULTIPLIER else end
        places.append(
            LayerPlaces(
                matrix=start, biases=biases, multipliers=multipliers, shifts=shifts, end=end
            )
        )
        start = end
    return places


def tensor_places(header: Transformer) -> dict[str, int]:
    """Return where each tensor begins."""
    places, start = {}, 0
    for name, shape in tensor_shapes(header).items():
        places[name] = start
        start += prod(shape)
    return places
