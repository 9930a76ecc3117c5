"""From ONNX to integers: what is read, what is refused, and what is lost beside onnxruntime."""

import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from precompiles.ai.models import header
from precompiles.ai.tools import (
    chunks,
    floats,
    model_file,
    onnx_reader,
    onnx_trees,
    quantize,
    running,
)
from precompiles.ai.tools.model_file import FileRefusedError
from precompiles.ai.tools.refusal import NotRepresentableError, OnnxRefusedError

MODELS = Path(__file__).parent / "models"
CLASSES = ["mlp_sklearn", "mlp_gemm", "mlp_clip", "mlp_sigmoid", "forest", "boosted", "logistic"]
TWO = ["boosted_two", "logistic_two"]
VALUES = ["mlp_values", "boosted_values", "line", "line_scaled"]


def table(name: str) -> tuple[Any, Any]:
    found = np.loadtxt(MODELS / name, delimiter=",", skiprows=1)
    return found[:, :-1], found[:, -1]


def data_of(name: str) -> tuple[Any, Any]:
    rows, wanted = table("values.csv" if name in VALUES else "classes.csv")
    return rows, (wanted > 0).astype(np.float64) if name in TWO else wanted


def file_of(name: str) -> bytes:
    return (MODELS / f"{name}.onnx").read_bytes()


def runtime(content: bytes, rows: Any) -> Any:
    """What onnxruntime answers: scores or probabilities, a row for each row."""
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    inputs = {session.get_inputs()[0].name: rows.astype(np.float32)}
    found = session.run(None, inputs)[-1]
    if isinstance(found, list):
        return np.array([list(row.values()) for row in found])
    return np.asarray(found)


def quantized(name: str) -> tuple[Any, Any, Any]:
    model = onnx_reader.read(file_of(name))
    rows, _ = data_of(name)
    return model, quantize.quantize(model, rows), rows


@pytest.mark.parametrize("name", CLASSES + TWO)
def test_classes_beside_onnxruntime(name: str) -> None:
    model, made, rows = quantized(name)
    theirs = runtime(file_of(name), rows)
    expected = theirs.argmax(axis=1)
    assert (floats.answers(model, rows).argmax(axis=1) == expected).all(), "the reader is exact"
    lost = running.loss(model, made, rows, expected)
    exact = not isinstance(model, floats.FloatNetwork)
    assert lost.classes
    assert lost.floats == 1
    assert lost.integers >= (1 if exact else 0.98)


@pytest.mark.parametrize("name", CLASSES + TWO)
def test_little_accuracy_is_lost(name: str) -> None:
    model, made, rows = quantized(name)
    lost = running.loss(model, made, rows, data_of(name)[1])
    assert lost.floats > 0.7, "the models have learned something"
    assert lost.integers >= lost.floats - 0.01


@pytest.mark.parametrize("name", VALUES)
def test_values_beside_onnxruntime(name: str) -> None:
    model, made, rows = quantized(name)
    theirs = runtime(file_of(name), rows)[:, 0]
    np.testing.assert_allclose(floats.answers(model, rows)[:, 0], theirs, rtol=1e-4, atol=1e-4)
    found = running.run(made, running.integer_rows(made, rows))[:, 0] * made.notes.output_scale
    spread = theirs.max() - theirs.min()
    bound = 0.03 if isinstance(model, floats.FloatNetwork) else 1e-5
    assert np.abs(found - theirs).max() <= bound * spread


def test_a_tree_over_integers_is_exact() -> None:
    """Thresholds, data and leaves are integers: each answer is onnxruntime's, bit for bit."""
    choose = np.random.default_rng(5)
    model = onnx_reader.read(file_of("exact_tree"))
    rows = choose.integers(-120, 120, (4_000, 5)).astype(np.float64)
    made = quantize.quantize(model, rows)
    assert made.notes.inputs.scale == (1.0,) * 5
    assert made.notes.output_scale == 1.0
    found = running.run(made, running.integer_rows(made, rows))[:, 0]
    assert found.tolist() == runtime(file_of("exact_tree"), rows)[:, 0].astype(np.int64).tolist()
    assert len(set(found.tolist())) > 50


@pytest.mark.parametrize("name", [each for each in CLASSES + VALUES if each.startswith("mlp")])
def test_answers_stay_within_the_quantisation(name: str) -> None:
    """Each output differs from the float one by no more than what the scales explain."""
    model, made, rows = quantized(name)
    found = running.run(made, running.integer_rows(made, rows)) * made.notes.output_scale
    expected = floats.answers(model, rows)
    spread = expected.max() - expected.min()
    assert np.abs(found - expected).max() < 0.05 * spread
    assert np.abs(found - expected).mean() < 0.01 * spread


def test_a_network_beyond_its_calibration_saturates_quietly() -> None:
    model, made, _ = quantized("mlp_gemm")
    for value in (1e9, -1e9, 0.0):
        found = running.run(made, running.integer_rows(made, np.full((1, 6), value)))
        assert found.shape == (1, 3)
    assert isinstance(model, floats.FloatNetwork)


# --- Files ----------------------------------------------------------------------------------


def test_a_file_comes_back() -> None:
    _, made, _ = quantized("forest")
    content = model_file.encode(made)
    assert model_file.parse(content) == made
    assert model_file.parse(content).model_id == made.model_id
    pieces = chunks.chunks_of(made.weights)
    assert b"".join(pieces) == made.weights
    assert [len(each) for each in chunks.proofs_of(pieces)] == [0]


@pytest.mark.parametrize("cut", [0, 7, 8, 10, 12, 20, 40, -1])
def test_a_file_cut_short_is_refused(cut: int) -> None:
    content = model_file.encode(quantized("line")[1])
    with pytest.raises(FileRefusedError):
        model_file.parse(content[:cut])


def test_damaged_files_are_refused() -> None:
    made = quantized("line")[1]
    content = model_file.encode(made)
    at = content.index(b"PARS", 8)
    for damaged, reason in (
        (b"PARSFILX" + content[8:], "not a model file"),
        (content[: at + 4] + b"\7" + content[at + 5 :], "header is wrong at byte 4"),
        (content + b"x", "notes"),
        (content.replace(b'"inputScale"', b'"inputscale"'), "notes"),
        (content[:8] + struct.pack(">I", 2**32 - 1) + content[12:], "cut short"),
        (b"PARSFILE" + struct.pack(">I", 16) + made.header + struct.pack(">I", 1) + b"\0{}",
         "1 bytes of weights"),
        (content[:8] + b"[" * 1000, "cut short"),
    ):  # fmt: skip
        with pytest.raises(FileRefusedError, match=reason):
            model_file.parse(damaged)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_damage_to_an_onnx_file_is_refused_or_read(data: st.DataObject) -> None:
    """Whatever is flipped, the only exception is the refusal; and what is read can be made."""
    content = bytearray(file_of(data.draw(st.sampled_from(["line", "logistic", "mlp_sklearn"]))))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        model = onnx_reader.read(bytes(content))
    except OnnxRefusedError:
        return
    count = floats.feature_count(model)
    if count == 6:
        try:
            quantize.quantize(model, data_of("line")[0])
        except NotRepresentableError:
            return


# --- Hostile graphs -------------------------------------------------------------------------


def graph(
    nodes: list[Any], tensors: list[Any] | None = None, inputs: int = 1, output: str = "y"
) -> bytes:
    names = ["x", "x2"][:inputs]
    made = helper.make_graph(
        nodes,
        "g",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 2]) for name in names],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, [None, 2])],
        tensors or [],
    )
    content: bytes = helper.make_model(made, ir_version=8).SerializeToString()
    return content


def constant(name: str, values: Any, kind: Any = np.float32) -> Any:
    return numpy_helper.from_array(np.array(values, kind), name)


def external(name: str) -> Any:
    tensor = constant(name, [[1.0, 2.0], [3.0, 4.0]])
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/hostname")
    return tensor


def short(name: str) -> Any:
    tensor = constant(name, [[1.0, 2.0], [3.0, 4.0]])
    tensor.raw_data = tensor.raw_data[:-4]
    return tensor


def huge(name: str) -> Any:
    tensor = constant(name, [[1.0]])
    tensor.dims[:] = [2**40, 2**40]
    return tensor


def negative(name: str) -> Any:
    tensor = constant(name, [[1.0]])
    tensor.dims[:] = [-1, 1]
    return tensor


W, B = constant("w", [[1.0, 2.0], [3.0, 4.0]]), constant("b", [1.0, 2.0])
GEMM = helper.make_node("Gemm", ["x", "w", "b"], ["y"])
SUBGRAPH = helper.make_graph([GEMM], "inner", [], [])


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not an ONNX file"),
        (b"\xff" * 100, "not an ONNX file"),
        (b"\x0a" * 10_000, "not an ONNX file"),
        (graph([helper.make_node("Conv", ["x", "w"], ["y"])], [W]), "Conv"),
        (graph([helper.make_node("LSTM", ["x", "w"], ["y"])], [W]), "LSTM"),
        (graph([helper.make_node("Loop", ["x"], ["y"], body=SUBGRAPH)]), "attribute 'body'"),
        (graph([helper.make_node("Gemm", ["x", "x2"], ["y"])], inputs=2), "2 inputs"),
        (graph([helper.make_node("Gemm", ["x", "x"], ["y"])]), "Gemm has 2 inputs"),
        (graph([GEMM], [external("w"), B]), "outside the file"),
        (graph([GEMM], [short("w"), B]), "not the size it says"),
        (graph([GEMM], [huge("w"), B]), "more than 16,777,216 numbers"),
        (graph([GEMM], [negative("w"), B]), "too large"),
        (graph([GEMM], [constant("w", [[1, 2], [3, 4]], np.int8), B]), "INT8"),
        (graph([GEMM], [constant("w", [[1, np.nan], [3, 4]]), B]), "not a finite number"),
        (graph([GEMM], [constant("w", [[1, np.inf], [3, 4]]), B]), "not a finite number"),
        (graph([GEMM], [constant("w", [1.0, 2.0]), B]), "constant matrix"),
        (graph([GEMM], [W, constant("b", [1.0, 2.0, 3.0])]), "adds 3 numbers to 2"),
        (graph([helper.make_node("Gemm", ["x", "w"], ["y"], transA=1)], [W]), "transA"),
        (graph([helper.make_node("Relu", ["x"], ["y"])]), "Relu does not follow"),
        (graph([helper.make_node("Identity", ["x"], ["y"])]), "computes nothing"),
        (graph([helper.make_node("Softmax", ["x"], ["y"])]), "no layer"),
        (graph([helper.make_node("Add", ["x", "b"], ["y"])], [B]), "Add does not follow"),
        (graph([helper.make_node("Relu", ["y"], ["y"])]), "no way from the input"),
        (graph([helper.make_node("Relu", ["z"], ["y"]), helper.make_node("Relu", ["y"], ["z"])]),
         "no way from the input"),
        (graph([GEMM], [W, B], output="other"), "no way from the input"),
        (graph([helper.make_node("MatMul", ["w", "x"], ["y"])], [W]), "on the right"),
        (graph([helper.make_node("Gemm", ["x", "w"], ["a"]),
                helper.make_node("Clip", ["a", "low", "high"], ["c"]),
                helper.make_node("Gemm", ["c", "w"], ["y"])],
               [W, constant("low", -1.0), constant("high", 1.0)]), "Clip that does not go from 0"),
        (graph([helper.make_node("Gemm", ["x", "w"], ["a"]),
                helper.make_node("MatMul", ["a", "m"], ["y"])],
               [W, constant("m", [[1.0], [2.0], [3.0]])]), "a layer of 2 before one for 3"),
        (graph([helper.make_node("Relu", ["x"], ["y"])] * 1_001), "1,001 nodes"),
    ],
)  # fmt: skip
def test_graphs_that_are_refused(content: bytes, reason: str) -> None:
    with pytest.raises(OnnxRefusedError, match=reason):
        onnx_reader.read(content)


def test_one_tensor_named_by_many_nodes_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["x", *(f"t{i}" for i in range(29)), "y"]
    nodes = [helper.make_node("Gemm", [a, "w"], [b]) for a, b in pairwise(names)]
    seen = []
    original = onnx_reader.tensor
    monkeypatch.setattr(onnx_reader, "tensor", lambda given: seen.append(0) or original(given))
    model = onnx_reader.read(graph(nodes, [W]))
    assert isinstance(model, floats.FloatNetwork)
    assert (len(model.layers), len(seen)) == (30, 1)


def test_tensors_are_bounded_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_reader, "ELEMENTS_MAX", 5)
    with pytest.raises(OnnxRefusedError, match="more than 5 numbers"):
        onnx_reader.read(graph([GEMM], [W, B]))


def test_a_file_too_large_is_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_reader, "FILE_SIZE_MAX", 100)
    with pytest.raises(OnnxRefusedError, match="101 bytes; 100 are read"):
        onnx_reader.read(bytes(101))


STUMP: dict[str, Any] = {
    "nodes_treeids": [0, 0, 0],
    "nodes_nodeids": [0, 1, 2],
    "nodes_featureids": [1, 0, 0],
    "nodes_values": [2.5, 0.0, 0.0],
    "nodes_modes": ["BRANCH_LEQ", "LEAF", "LEAF"],
    "nodes_truenodeids": [1, 0, 0],
    "nodes_falsenodeids": [2, 0, 0],
    "target_treeids": [0, 0],
    "target_nodeids": [1, 2],
    "target_ids": [0, 0],
    "target_weights": [10.0, 20.0],
    "n_targets": 1,
}


def stump(**changes: Any) -> bytes:
    node = helper.make_node(
        "TreeEnsembleRegressor", ["x"], ["y"], domain="ai.onnx.ml", **{**STUMP, **changes}
    )
    return graph([node])


@pytest.mark.parametrize("mode", ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GT", "BRANCH_GTE"])
@pytest.mark.parametrize("threshold", [2.0, 2.5, -1.0])
def test_every_way_to_ask(mode: str, threshold: float) -> None:
    content = stump(nodes_modes=[mode, "LEAF", "LEAF"], nodes_values=[threshold, 0.0, 0.0])
    rows = np.array([[0, value] for value in range(-3, 5)], np.float64)
    model = onnx_reader.read(content)
    made = quantize.quantize(model, rows)
    found = running.run(made, running.integer_rows(made, rows))[:, 0] * made.notes.output_scale
    value = rows[:, 1]
    left = {
        "BRANCH_LEQ": value <= threshold,
        "BRANCH_LT": value < threshold,
        "BRANCH_GT": value > threshold,
        "BRANCH_GTE": value >= threshold,
    }[mode]
    assert found.tolist() == np.where(left, 10.0, 20.0).tolist()
    assert floats.answers(model, rows)[:, 0].tolist() == found.tolist()


def test_base_values_and_averages() -> None:
    for changes, expected in (
        ({"base_values": [5.0]}, [15.0, 25.0]),
        ({"aggregate_function": "AVERAGE"}, [10.0, 20.0]),
    ):
        rows = np.array([[0.0, 2.0], [0.0, 3.0]])
        model = onnx_reader.read(stump(**changes))
        made = quantize.quantize(model, rows)
        found = running.run(made, running.integer_rows(made, rows))[:, 0]
        assert (found * made.notes.output_scale).tolist() == expected


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"nodes_truenodeids": [0, 0, 0]}, "cycle"),
        ({"nodes_truenodeids": [2, 0, 0]}, "cycle"),
        ({"nodes_truenodeids": [9, 0, 0]}, "lost node"),
        ({"nodes_falsenodeids": [-1, 0, 0]}, "lost node"),
        ({"nodes_nodeids": [0, 1, 1]}, "there twice"),
        ({"nodes_featureids": [-1, 0, 0]}, "wrong"),
        ({"nodes_featureids": [2, 0, 0]}, "feature 2 of 2"),
        ({"nodes_featureids": [65_535, 0, 0]}, "wrong"),
        ({"nodes_modes": ["BRANCH_EQ", "LEAF", "LEAF"]}, "mode BRANCH_EQ"),
        ({"nodes_modes": ["BRANCH_LEQ", "LEAF"]}, "different lengths"),
        ({"nodes_values": [float("nan"), 0.0, 0.0]}, "finite"),
        ({"nodes_values": [1.0]}, "different lengths"),
        ({"target_nodeids": [0, 2]}, "at no leaf"),
        ({"target_ids": [0, 1]}, "at no leaf"),
        ({"target_weights": [10.0]}, "different lengths"),
        ({"target_weights": [10.0, float("inf")]}, "finite"),
        ({"n_targets": 0}, "0 outputs"),
        ({"n_targets": 257}, "257 outputs"),
        ({"base_values": [1.0, 2.0]}, "2 base values of 1"),
        ({"aggregate_function": "MIN"}, "takes the MIN"),
        ({"nodes_treeids": [0, 0, 1]}, "at no leaf"),
        ({"nodes_treeids": [0, 0, 1], "target_treeids": [0, 1]}, "lost node"),
    ],
)
def test_ensembles_that_are_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(OnnxRefusedError, match=reason):
        onnx_reader.read(stump(**changes))


def test_a_graph_of_nodes_without_end_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_trees, "TREE_NODES_MAX", 2)
    with pytest.raises(OnnxRefusedError, match="more than 2"):
        onnx_reader.read(stump())


def test_newer_ensembles_are_refused_by_name() -> None:
    node = helper.make_node("TreeEnsemble", ["x"], ["y"], domain="ai.onnx.ml")
    with pytest.raises(OnnxRefusedError, match="TreeEnsemble"):
        onnx_reader.read(graph([node]))


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (np.zeros((0, 6)), "rows of 6"),
        (np.zeros((3, 5)), "rows of 6"),
        (np.full((2, 6), np.nan), "not a finite number"),
    ],
)
def test_calibration_that_is_refused(rows: Any, reason: str) -> None:
    for name in ("mlp_gemm", "forest", "line"):
        with pytest.raises(NotRepresentableError, match=reason):
            quantize.quantize(onnx_reader.read(file_of(name)), rows)


def layer(outputs: int, inputs: int, activation: str = "identity") -> floats.FloatLayer:
    return floats.FloatLayer(
        weights=np.ones((outputs, inputs)), bias=np.zeros(outputs), activation=activation
    )


def test_networks_that_do_not_fit() -> None:
    for layers, reason in (
        ([layer(1, 1)] * 65, "65 layers"),
        ([layer(1, 131_072)], "131,072 inputs"),
        ([layer(1, 1, "relu")], "ends with relu"),
        ([layer(1, 1, "tanh")] * 17 + [layer(1, 1)], "17 layers with tables"),
        ([layer(130, 130_000, "relu"), layer(1, 130)], "bytes of weights"),
    ):
        network = floats.FloatNetwork(layers=tuple(layers))
        with pytest.raises(NotRepresentableError, match=reason):
            quantize.quantize(network, np.ones((1, layers[0].weights.shape[1])))


@pytest.mark.parametrize("constant_rows", [0.0, 3.5])
def test_features_that_never_change(constant_rows: float) -> None:
    """A scale of nothing would divide by zero."""
    for name in ("mlp_gemm", "mlp_sigmoid", "mlp_values", "forest", "line"):
        made = quantize.quantize(onnx_reader.read(file_of(name)), np.full((4, 6), constant_rows))
        assert header.parse(made.header)
        found = running.run(made, running.integer_rows(made, np.full((2, 6), constant_rows)))
        assert len(found) == 2


def test_onnx_is_told_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "onnx", None)
    with pytest.raises(OnnxRefusedError, match=r"pip install 'pars\[ai\]'"):
        onnx_reader.read(file_of("line"))


def test_the_models_are_small() -> None:
    assert all(path.stat().st_size < 100_000 for path in MODELS.iterdir())
    assert onnx.__version__
