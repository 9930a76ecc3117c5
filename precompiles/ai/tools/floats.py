"""A model of floats as a reader found it, and what it answers: what a quantised one is held to.

Knows no ONNX and no integers.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]

ACTIVATIONS = ("identity", "relu", "clip", "sigmoid", "tanh")
EXPONENT_MAX = 700.0
"""Above it e^x leaves a double."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FloatLayer:
    """outputs = activation(inputs * weights^T + bias)."""

    weights: Floats
    bias: Floats
    activation: str = "identity"
    most: float = 0.0
    """Of "clip", whose least is 0."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FloatNetwork:
    """Dense layers. Of a classifier, the largest output names the class."""

    layers: tuple[FloatLayer, ...]
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FloatTree:
    """Nodes in an order in which children follow their parents; a negative child is ~leaf."""

    features: Numbers
    thresholds: Floats
    less: npt.NDArray[np.bool_]
    """Whether a node asks for less than its threshold, not for at most it."""
    children: Numbers
    leaves: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FloatForest:
    """Trees whose leaves are added to the base, and multiplied by the factor."""

    features: int
    trees: tuple[FloatTree, ...]
    base: Floats
    factor: float = 1.0
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FloatLinear:
    """Scores: inputs * weights^T + bias. With labels a classifier."""

    weights: Floats
    bias: Floats
    labels: tuple[str, ...] = ()


FloatModel = FloatNetwork | FloatForest | FloatLinear


def feature_count(model: FloatModel) -> int:
    """Return how many numbers a row has."""
    match model:
        case FloatNetwork():
            return int(model.layers[0].weights.shape[1])
        case FloatForest():
            return model.features
        case FloatLinear():
            return int(model.weights.shape[1])


def activated(layer: FloatLayer, values: Floats) -> Floats:
    """Return what a layer makes of its sums."""
    match layer.activation:
        case "relu":
            return np.maximum(values, 0.0)
        case "clip":
            return np.clip(values, 0.0, layer.most)
        case "sigmoid":
            return np.asarray(1.0 / (1.0 + np.exp(-np.clip(values, -EXPONENT_MAX, EXPONENT_MAX))))
        case "tanh":
            return np.tanh(values)
        case _:
            return values


def steps(model: FloatNetwork, rows: Floats) -> list[tuple[Floats, Floats]]:
    """Return sums and outputs of every layer."""
    found, current = [], rows
    for layer in model.layers:
        sums = current @ layer.weights.T + layer.bias
        current = activated(layer, sums)
        found.append((sums, current))
    return found


def tree_leaf(tree: FloatTree, row: Floats) -> Floats:
    """Return the leaf that a row leads to."""
    place = 0 if len(tree.features) else ~0
    while place >= 0:
        value, threshold = row[tree.features[place]], tree.thresholds[place]
        left = value < threshold if tree.less[place] else value <= threshold
        place = int(tree.children[place, 0 if left else 1])
    leaf: Floats = tree.leaves[~place]
    return leaf


def answers(model: FloatModel, rows: Floats) -> Floats:
    """Return the outputs of each row."""
    match model:
        case FloatNetwork():
            return steps(model, rows)[-1][1]
        case FloatForest():
            # ONNX compares in single precision.
            narrow: Any = rows.astype(np.float32)
            sums = [
                sum((tree_leaf(tree, row) for tree in model.trees), model.base * 1.0)
                for row in narrow
            ]
            return np.array(sums) * model.factor
        case FloatLinear():
            return rows @ model.weights.T + model.bias
