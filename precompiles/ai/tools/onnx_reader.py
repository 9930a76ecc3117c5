"""ONNX -> a model of floats: dense networks, tree ensembles, linear models. Knows no integers.

A file is hostile until read: its size, the number of its nodes and numbers, and every index in it
are bounded or checked; data outside the file is not looked for. What is not known is refused by
name. The only file that names the onnx package, which the extra `ai` installs.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from .floats import (
    FloatLayer,
    FloatLinear,
    FloatModel,
    FloatNetwork,
    Floats,
)
from .onnx_trees import read_trees
from .refusal import OnnxRefusedError

FILE_SIZE_MAX = 64 << 20
NODES_MAX = 1_000
TENSORS_MAX = 1_000
ELEMENTS_MAX = 1 << 24
LABELS_MAX = 4_096

PASSING = {"Identity", "Cast", "Dropout", "Flatten", "ZipMap", "Normalizer"}
"""Nodes that change nothing, or no order of the outputs."""
DROPPED_LAST = {"Softmax", "LogSoftmax", "Sigmoid"}
"""Monotone, so the largest output stays the largest."""
ENSEMBLES = {"TreeEnsembleRegressor", "TreeEnsembleClassifier"}
LINEAR = {"LinearRegressor", "LinearClassifier"}
KNOWN = "known are Gemm, MatMul, Add, Relu, Clip, Sigmoid, Tanh, Softmax, Scaler, tree ensembles"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One node on the way from the input to the output."""

    kind: str
    attributes: dict[str, Any]
    constants: dict[int, Floats]
    """What its other inputs hold, by their place."""


@dataclass(slots=True)
class Layers:
    """Dense layers while they are read."""

    weights: list[Floats] = field(default_factory=list)
    biases: list[Floats] = field(default_factory=list)
    activations: list[tuple[str, float]] = field(default_factory=list)

    def begin(self, weights: Floats, bias: Floats) -> None:
        """Add a layer."""
        self.weights.append(weights)
        self.biases.append(bias)
        self.activations.append(("identity", 0.0))

    def activate(self, kind: str, name: str, most: float = 0.0) -> None:
        """Give the last layer its activation."""
        if not self.weights or self.activations[-1][0] != "identity":
            raise OnnxRefusedError(f"{kind} does not follow a product")
        self.activations[-1] = name, most


def read(data: bytes) -> FloatModel:
    """Return the model of a file, or raise OnnxRefusedError."""
    graph = parse_graph(data)
    path = path_of(graph)
    labels = labels_of(path)
    kinds = [step.kind for step in path]
    core = [step for step in path if step.kind not in PASSING]
    if not core:
        raise OnnxRefusedError("the graph computes nothing")
    offset, scale, core = prelude(core)
    if any(kind in ENSEMBLES for kind in kinds):
        if len(core) != 1 or offset is not None:
            raise OnnxRefusedError(f"{alien(core, ENSEMBLES)} beside a tree ensemble")
        return read_trees(core[0].kind, core[0].attributes, input_width(graph), labels)
    if any(kind in LINEAR for kind in kinds):
        if len(core) != 1:
            raise OnnxRefusedError(f"{alien(core, LINEAR)} beside a linear model")
        weights, bias = linear_weights(core[0], labels)
        weights, bias = scaled(weights, bias, offset, scale)
        return FloatLinear(weights=weights, bias=bias, labels=labels)
    return network(core, offset, scale, labels)


def alien(steps: Sequence[Step], known: set[str]) -> str:
    """Return the name of a node that does not belong."""
    return next((step.kind for step in steps if step.kind not in known), "Scaler")


# --- The graph ------------------------------------------------------------------------------


def parse_graph(data: bytes) -> Any:
    """Return the graph of a file, within the bounds."""
    if len(data) > FILE_SIZE_MAX:
        raise OnnxRefusedError(f"{len(data):,} bytes; {FILE_SIZE_MAX:,} are read")
    try:
        import onnx
        from google.protobuf.message import (  # type: ignore[import-untyped]  # ships no types
            DecodeError,
        )
    except ImportError:
        raise OnnxRefusedError("the package onnx is missing: pip install 'pars[ai]'") from None
    try:
        graph = onnx.ModelProto.FromString(data).graph
    except (DecodeError, ValueError, RecursionError):
        raise OnnxRefusedError("not an ONNX file") from None
    if not graph.node or not graph.output:
        raise OnnxRefusedError("not an ONNX file, or one without a graph")
    if len(graph.node) > NODES_MAX:
        raise OnnxRefusedError(f"{len(graph.node):,} nodes; {NODES_MAX:,} are read")
    if len(graph.initializer) > TENSORS_MAX or graph.sparse_initializer:
        raise OnnxRefusedError("too many tensors, or sparse ones")
    return graph


def inputs_of(graph: Any) -> list[Any]:
    """Return the inputs that are no constants."""
    constants = {tensor.name for tensor in graph.initializer}
    return [each for each in graph.input if each.name not in constants]


def input_width(graph: Any) -> int:
    """Return how many numbers a row has, 0 when the graph does not say."""
    shape = inputs_of(graph)[0].type.tensor_type.shape.dim
    return int(shape[-1].dim_value) if shape else 0


def path_of(graph: Any) -> list[Step]:
    """Return the nodes that lead from the only input to the last output."""
    inputs = inputs_of(graph)
    if len(inputs) != 1:
        raise OnnxRefusedError(f"{len(inputs)} inputs; one is read")
    constants = {tensor.name: tensor for tensor in graph.initializer}
    if sum(abs(prod(each.dims)) for each in graph.initializer) > ELEMENTS_MAX:
        raise OnnxRefusedError(f"more than {ELEMENTS_MAX:,} numbers")
    read_before: dict[str, Floats] = {}  # A tensor may be named by many nodes.
    made_by = {name: node for node in graph.node for name in node.output if name}
    path: list[Step] = []
    name = graph.output[-1].name
    while name != inputs[0].name:
        node = made_by.get(name)
        if node is None or len(path) >= NODES_MAX:
            raise OnnxRefusedError(f"no way from the input to {name[:40]!r}")
        open_inputs = [each for each in node.input if each and each not in constants]
        if len(open_inputs) != 1:
            raise OnnxRefusedError(f"{node.op_type[:40]} has {len(open_inputs)} inputs; {KNOWN}")
        path.append(
            Step(
                kind=node.op_type[:40],
                attributes={each.name: attribute(each) for each in node.attribute},
                constants={
                    place: once(read_before, constants[each])
                    for place, each in enumerate(node.input)
                    if each in constants and node.op_type not in PASSING
                },
            )
        )
        name = open_inputs[0]
    return path[::-1]


def once(read_before: dict[str, Floats], given: Any) -> Floats:
    """Return a tensor's numbers, reading them when they are not yet read."""
    if given.name not in read_before:
        read_before[given.name] = tensor(given)
    return read_before[given.name]


def attribute(given: Any) -> Any:
    """Return the value of an attribute; a graph in it is refused."""
    import onnx

    kinds = onnx.AttributeProto
    match given.type:
        case kinds.FLOAT:
            return float(given.f)
        case kinds.INT:
            return int(given.i)
        case kinds.STRING:
            return given.s.decode("utf-8", "replace")
        case kinds.TENSOR:
            return tensor(given.t)
        case kinds.FLOATS:
            return np.array(given.floats, np.float64)
        case kinds.INTS:
            return np.array(given.ints, np.int64)
        case kinds.STRINGS:
            return [each.decode("utf-8", "replace") for each in given.strings]
        case _:
            raise OnnxRefusedError(f"attribute {given.name[:40]!r} holds what is not read")


def tensor(given: Any) -> Floats:
    """Return a tensor's numbers."""
    import onnx

    if given.data_location == onnx.TensorProto.EXTERNAL or given.external_data:
        raise OnnxRefusedError(f"tensor {given.name[:40]!r} lies outside the file")
    kinds = (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE, onnx.TensorProto.INT64)
    if given.data_type not in kinds:
        name = onnx.TensorProto.DataType.Name(given.data_type) if given.data_type < 32 else "?"
        raise OnnxRefusedError(f"tensor {given.name[:40]!r} holds {name}, not float or double")
    if any(size < 0 for size in given.dims) or prod(given.dims) > ELEMENTS_MAX:
        raise OnnxRefusedError(f"tensor {given.name[:40]!r} is too large")
    try:
        found = onnx.numpy_helper.to_array(given).astype(np.float64)
    except (ValueError, TypeError):
        raise OnnxRefusedError(f"tensor {given.name[:40]!r} has not the size it says") from None
    return finite(found, given.name[:40])


def finite(values: Any, name: str) -> Floats:
    """Return numbers that are all finite."""
    found = np.asarray(values, np.float64)
    if not np.isfinite(found).all():
        raise OnnxRefusedError(f"{name!r} holds what is not a finite number")
    return found


def labels_of(path: Sequence[Step]) -> tuple[str, ...]:
    """Return the names of the classes, if any node tells them."""
    names = ("classlabels_int64s", "classlabels_ints", "classlabels_strings")
    for step in reversed(path):
        for name in names:
            found = step.attributes.get(name)
            if found is not None and len(found):
                if len(found) > LABELS_MAX:
                    raise OnnxRefusedError(f"{len(found):,} classes; {LABELS_MAX:,} are read")
                return tuple(str(each) for each in found)
    return ()


# --- Dense networks and linear models ---------------------------------------------------------


def prelude(steps: list[Step]) -> tuple[Floats | None, Floats, list[Step]]:
    """Return offset and scale of a Scaler before all else, and the steps after it."""
    if steps[0].kind != "Scaler" or len(steps) == 1:
        return None, np.ones(1), steps
    offset = finite(steps[0].attributes.get("offset", np.zeros(1)), "offset")
    scale = finite(steps[0].attributes.get("scale", np.ones(1)), "scale")
    if offset.ndim != 1 or scale.ndim != 1:
        raise OnnxRefusedError("Scaler needs lists of numbers")
    return offset, scale, steps[1:]


def scaled(
    weights: Floats, bias: Floats, offset: Floats | None, scale: Floats
) -> tuple[Floats, Floats]:
    """Return what a first layer is with a Scaler, (x - offset) * scale, taken into it."""
    if offset is None:
        return weights, bias
    count = weights.shape[1]
    if len(offset) not in (1, count) or len(scale) not in (1, count):
        raise OnnxRefusedError(f"Scaler has not {count} numbers, as the layer after it")
    inside = weights * scale
    return inside, bias - (inside * offset).sum(axis=1)


def linear_weights(step: Step, labels: Sequence[str]) -> tuple[Floats, Floats]:
    """Return weights and bias of a linear model, a row for each output."""
    numbers = finite(step.attributes.get("coefficients", []), "coefficients")
    outputs = int(step.attributes.get("targets", 1))
    if step.kind == "LinearClassifier":
        outputs = len(step.attributes.get("intercepts", ())) or len(labels)
    if outputs < 1 or numbers.ndim != 1 or not len(numbers) or len(numbers) % outputs:
        raise OnnxRefusedError(f"{step.kind} has {numbers.size} coefficients of {outputs} outputs")
    bias = finite(step.attributes.get("intercepts", np.zeros(outputs)), "intercepts")
    if bias.shape != (outputs,):
        raise OnnxRefusedError(f"{step.kind} has {bias.size} intercepts of {outputs} outputs")
    weights = numbers.reshape(outputs, -1)
    if step.kind == "LinearClassifier":
        if outputs == 1 and len(labels) == 2:  # The second class, where the score is above 0.
            return np.vstack([0.0 * weights, weights]), np.array([0.0, bias[0]])
        if outputs != len(labels):
            raise OnnxRefusedError(f"{step.kind} has {outputs} outputs of {len(labels)} classes")
    return weights, bias


def network(
    steps: Sequence[Step], offset: Floats | None, scale: Floats, labels: tuple[str, ...]
) -> FloatNetwork:
    """Return a dense network."""
    layers = Layers()
    for index, step in enumerate(steps):
        read_dense_step(layers, step, last=index == len(steps) - 1)
    if not layers.weights:
        raise OnnxRefusedError(f"no layer in the graph; {KNOWN}")
    first, bias = scaled(layers.weights[0], layers.biases[0], offset, scale)
    layers.weights[0], layers.biases[0] = first, bias
    for before, after in zip(layers.weights[:-1], layers.weights[1:], strict=True):
        if before.shape[0] != after.shape[1]:
            raise OnnxRefusedError(f"a layer of {before.shape[0]} before one for {after.shape[1]}")
    outputs = layers.weights[-1].shape[0]
    if labels and len(labels) != outputs:
        raise OnnxRefusedError(f"{len(labels)} classes of {outputs} outputs")
    found = zip(layers.weights, layers.biases, layers.activations, strict=True)
    return FloatNetwork(
        layers=tuple(
            FloatLayer(weights=weights, bias=bias, activation=name, most=most)
            for weights, bias, (name, most) in found
        ),
        labels=labels,
    )


def read_dense_step(layers: Layers, step: Step, *, last: bool) -> None:
    """Add one node to the layers."""
    match step.kind:
        case "Gemm":
            layers.begin(*gemm(step))
        case "MatMul":
            weights = matrix(step).T
            layers.begin(weights, np.zeros(weights.shape[0]))
        case "Add":
            add(layers, step)
        case kind if kind in DROPPED_LAST and last:
            pass
        case "Relu":
            layers.activate("Relu", "relu")
        case "Clip":
            layers.activate("Clip", "clip", clip_limit(step))
        case "Sigmoid" | "Tanh":
            layers.activate(step.kind, step.kind.lower())
        case kind:
            raise OnnxRefusedError(f"{kind}: {KNOWN}")


def matrix(step: Step) -> Floats:
    """Return the constant matrix of a product, its second factor."""
    found = step.constants.get(1)
    if found is None or found.ndim != 2 or not found.size:
        raise OnnxRefusedError(f"{step.kind} does not multiply by a constant matrix on the right")
    return found


def gemm(step: Step) -> tuple[Floats, Floats]:
    """Return weights and bias of a Gemm."""
    if step.attributes.get("transA", 0):
        raise OnnxRefusedError("Gemm with transA")
    given = matrix(step)
    weights = given if step.attributes.get("transB", 0) else given.T
    weights = weights * step.attributes.get("alpha", 1.0)
    bias = step.constants.get(2, np.zeros(1)) * step.attributes.get("beta", 1.0)
    return weights, spread(bias, weights.shape[0], "Gemm")


def spread(bias: Floats, outputs: int, kind: str) -> Floats:
    """Return a bias for each output."""
    if bias.size not in (1, outputs) or bias.ndim > 2:
        raise OnnxRefusedError(f"{kind} adds {bias.size} numbers to {outputs} outputs")
    return np.array(np.broadcast_to(bias.reshape(-1), (outputs,)))


def add(layers: Layers, step: Step) -> None:
    """Add a constant to the last product."""
    constant = step.constants.get(0, step.constants.get(1))
    if constant is None or not layers.weights or layers.activations[-1][0] != "identity":
        raise OnnxRefusedError("Add does not follow a product")
    layers.biases[-1] = layers.biases[-1] + spread(constant, len(layers.biases[-1]), "Add")


def clip_limit(step: Step) -> float:
    """Return the upper end of a Clip that begins at 0."""
    least = step.constants.get(1, np.array(step.attributes.get("min", np.nan)))
    most = step.constants.get(2, np.array(step.attributes.get("max", np.nan)))
    if least.size != 1 or most.size != 1 or float(least.item()) != 0 or not most.item() > 0:
        raise OnnxRefusedError("Clip that does not go from 0 to a positive number")
    return float(most.item())
