"""Makes the models and data sets beside this file: scikit-learn trains, skl2onnx and onnx write.

Run by hand with scikit-learn and skl2onnx installed; the tests only read what it leaves. The data
are made up, from seeds: readings of three instruments, to be told apart (classes) or to be turned
into a price (values). The files of the `exact` models have integers only, in data and thresholds.
"""

from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import to_onnx
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

HERE = Path(__file__).parent


def data(rows: int, seed: int) -> Any:
    choose = np.random.default_rng(seed)
    features = np.column_stack(
        [
            choose.normal(20, 5, rows),
            choose.exponential(2, rows),
            choose.uniform(-1, 1, rows),
            choose.integers(0, 5, rows),
            choose.normal(0, 0.01, rows),
            choose.normal(1000, 300, rows),
        ]
    ).astype(np.float32)
    x = features.astype(np.float64)
    score = (x[:, 0] - 20) / 5 + np.sin(3 * x[:, 2]) + 0.4 * x[:, 3] - 0.5 * x[:, 1]
    score += 30 * x[:, 4] + choose.normal(0, 0.2, rows)
    classes = np.digitize(score, [-0.6, 0.7])
    values = 50 + 10 * score + x[:, 5] / 100
    return features, classes, values.astype(np.float32)


def write_csv(name: str, features: Any, wanted: Any) -> None:
    lines = [
        ",".join([*(f"{each:.6g}" for each in row), f"{last:.6g}"])
        for row, last in zip(features, wanted, strict=True)
    ]
    header = ",".join([*(f"f{i}" for i in range(features.shape[1])), "label"])
    (HERE / name).write_text("\n".join([header, *lines]) + "\n")


def save(name: str, model: Any) -> None:
    (HERE / f"{name}.onnx").write_bytes(model.SerializeToString())


def dense(layers: list[tuple[Any, Any, str]], *, gemm: bool) -> Any:
    """Write layers as a framework would: Gemm, or MatMul and Add."""
    nodes, tensors, name = [], [], "x"
    for index, (weights, bias, activation) in enumerate(layers):
        out = f"sum{index}"
        tensors.append(numpy_helper.from_array(weights.astype(np.float32), f"w{index}"))
        tensors.append(numpy_helper.from_array(bias.astype(np.float32), f"b{index}"))
        if gemm:
            tensors[-2] = numpy_helper.from_array(weights.T.astype(np.float32).copy(), f"w{index}")
            inputs = [name, f"w{index}", f"b{index}"]
            nodes.append(helper.make_node("Gemm", inputs, [out], transB=1))
        else:
            nodes.append(helper.make_node("MatMul", [name, f"w{index}"], [f"p{index}"]))
            nodes.append(helper.make_node("Add", [f"p{index}", f"b{index}"], [out]))
        name = out
        if activation == "Clip":
            tensors.append(numpy_helper.from_array(np.float32(0), "low"))
            tensors.append(numpy_helper.from_array(np.float32(6), "high"))
            nodes.append(helper.make_node("Clip", [name, "low", "high"], [f"act{index}"]))
            name = f"act{index}"
        elif activation:
            nodes.append(helper.make_node(activation, [name], [f"act{index}"]))
            name = f"act{index}"
    graph = helper.make_graph(
        nodes,
        "dense",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, layers[0][0].shape[0]])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, layers[-1][0].shape[1]])],
        tensors,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def trained_dense(activation: str, features: Any, classes: Any, kind: Any = MLPClassifier) -> Any:
    scaler = StandardScaler().fit(features)
    model = kind(hidden_layer_sizes=(24, 16), activation=activation, max_iter=600, random_state=1)
    model.fit(scaler.transform(features), classes)
    weights = [each.copy() for each in model.coefs_]
    biases = [each.copy() for each in model.intercepts_]
    weights[0] = weights[0] / scaler.scale_[:, None]
    biases[0] = biases[0] - scaler.mean_ @ weights[0]
    return list(zip(weights, biases, strict=True))


def main() -> None:
    features, classes, values = data(1_500, 1)
    tested, right_classes, right_values = data(300, 2)
    write_csv("classes.csv", tested, right_classes)
    write_csv("values.csv", tested, right_values)

    scaled = make_pipeline(
        StandardScaler(), MLPClassifier((16,), max_iter=600, random_state=1)
    ).fit(features, classes)
    save("mlp_sklearn", to_onnx(scaled, features[:1], options={"zipmap": False}))
    parts = trained_dense("relu", features, classes)
    acts = ["Relu", "Relu", "Softmax"]
    save("mlp_gemm", dense([(w, b, a) for (w, b), a in zip(parts, acts, strict=True)], gemm=True))
    acts = ["Clip", "Relu", ""]
    save("mlp_clip", dense([(w, b, a) for (w, b), a in zip(parts, acts, strict=True)], gemm=False))
    parts = trained_dense("logistic", features, classes)
    acts = ["Sigmoid", "Sigmoid", "Softmax"]
    save(
        "mlp_sigmoid", dense([(w, b, a) for (w, b), a in zip(parts, acts, strict=True)], gemm=False)
    )
    parts = trained_dense("tanh", features, values, MLPRegressor)
    acts = ["Tanh", "Tanh", ""]
    save("mlp_values", dense([(w, b, a) for (w, b), a in zip(parts, acts, strict=True)], gemm=True))

    for name, model, wanted in (
        ("forest", RandomForestClassifier(12, max_depth=6, random_state=1), classes),
        ("boosted", GradientBoostingClassifier(n_estimators=10, random_state=1), classes),
        ("boosted_two", GradientBoostingClassifier(n_estimators=10, random_state=1), classes > 0),
        ("boosted_values", GradientBoostingRegressor(n_estimators=20, random_state=1), values),
        ("logistic", LogisticRegression(max_iter=5_000), classes),
        ("logistic_two", LogisticRegression(max_iter=5_000), classes > 0),
        ("line", LinearRegression(), values),
        ("line_scaled", make_pipeline(StandardScaler(), LinearRegression()), values),
    ):
        target = wanted.astype(np.int64) if wanted.dtype == np.bool_ else wanted
        save(name, to_onnx(model.fit(features, target), features[:1]))

    choose = np.random.default_rng(3)
    whole = choose.integers(-50, 50, (800, 5)).astype(np.float32)
    target = (np.maximum(whole[:, 0], whole[:, 1]) * 4 + (whole[:, 2] > 7) * 100).astype(np.int64)
    # The thresholds of a tree over even numbers are odd or even integers, all exact; each leaf has
    # one kind of row only, so its value is an integer.
    tree = DecisionTreeRegressor(random_state=1).fit(2 * whole, target)
    save("exact_tree", to_onnx(tree, whole[:1]))


if __name__ == "__main__":
    main()
