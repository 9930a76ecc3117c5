"""Integer models beside numpy and onnxruntime, on one core; and what a multiply-accumulate costs.

Run as `python -m benchmarks.ai [--rounds N]`. Rounds of the contenders alternate, so that each
ratio is of one run; every number is a median. Numpy multiplies int32, which is what it makes of
int8 to have room for the sums: the widening is done before. onnxruntime has one thread and the same
int8 layers: MatMulInteger for the product alone, QLinearMatMul where sums are rounded to int8. The
exit status is 1 where a goal is missed: numpy's speed, half of onnxruntime's on single rows, 5 ms
for a network of a million weights. Rows in batches are shown without a goal: a chain asks one at a
time, and onnxruntime has matrix instructions for batches.
"""

import argparse
import struct
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from time import perf_counter_ns
from typing import Any

import numpy as np
import onnxruntime
from coincurve import PrivateKey, PublicKey
from onnx import TensorProto, helper, numpy_helper
from rich.console import Console
from rich.table import Table

from precompiles.ai.models import cost, dense, header, trees
from precompiles.backends.keccak import keccak256
from precompiles.kernels import int8

ROUNDS = 41
ECRECOVER_GAS = 3_000
SHAPES = ((256, 784), (1_024, 1_024), (4_096, 1_024))
BATCH = 64
NETWORK = (784, 1_024, 200, 10)
NETWORK_MICROSECONDS_MAX = 5_000
SHIFT = 10
WIDTH = 110

Work = Callable[[], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One comparison: microseconds of ours and of each peer."""

    name: str
    ours: float
    peers: dict[str, float]
    goals: dict[str, float]
    """How many times a peer's time ours may be."""

    @property
    def missed(self) -> list[str]:
        return [name for name, most in self.goals.items() if self.ours > most * self.peers[name]]


def microseconds(works: Sequence[Work], rounds: int) -> list[float]:
    """Return the median of each, run in turns."""
    times: list[list[int]] = [[] for _ in works]
    for _ in range(rounds):
        for work, found in zip(works, times, strict=True):
            start = perf_counter_ns()
            work()
            found.append(perf_counter_ns() - start)
    return [median(found) / 1_000 for found in times]


def session(nodes: list[Any], tensors: list[Any], width: int, output: Any) -> Any:
    """Return an onnxruntime session of one thread."""
    given = helper.make_tensor_value_info("x", TensorProto.UINT8, [None, width])
    graph = helper.make_graph(nodes, "peer", [given], [output], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(model.SerializeToString(), options)


def product_session(matrix: Any) -> Any:
    """Return onnxruntime's product of int8 with int32 sums."""
    node = helper.make_node("MatMulInteger", ["x", "w"], ["y"])
    output = helper.make_tensor_value_info("y", TensorProto.INT32, [None, len(matrix)])
    weights = numpy_helper.from_array(np.ascontiguousarray(matrix.T), "w")
    return session([node], [weights], matrix.shape[1], output)


def network_session(matrices: Sequence[Any]) -> Any:
    """Return onnxruntime's network of int8 layers, each rounded to uint8."""
    nodes, tensors, name = [], [], "x"
    for index, matrix in enumerate(matrices):
        weights = np.ascontiguousarray(matrix.T)
        tensors += [
            numpy_helper.from_array(weights, f"w{index}"),
            numpy_helper.from_array(np.float32(1), f"s{index}"),
            numpy_helper.from_array(np.float32(2**SHIFT), f"r{index}"),
            numpy_helper.from_array(np.uint8(128), f"z{index}"),
            numpy_helper.from_array(np.int8(0), f"o{index}"),
        ]
        scale, zero = (f"s{index}", f"z{index}")
        inputs = [name, scale, zero, f"w{index}", scale, f"o{index}", f"r{index}", zero]
        name = f"y{index}"
        nodes.append(helper.make_node("QLinearMatMul", inputs, [name]))
    output = helper.make_tensor_value_info(name, TensorProto.UINT8, [None, len(matrices[-1])])
    return session(nodes, tensors, matrices[0].shape[1], output)


def compare_product(outputs: int, inputs: int, rows: int, rounds: int) -> Row:
    """Time one product, and see that all have the same sums."""
    choose = np.random.default_rng(outputs + rows)
    matrix = choose.integers(-128, 128, (outputs, inputs), np.int8)
    given = choose.integers(-128, 128, (rows, inputs), np.int8)
    padded = int8.padded(matrix)
    wide = np.zeros((rows, padded.shape[1]), np.int16)
    wide[:, :inputs] = given
    sums = np.empty((rows, padded.shape[0]), np.int32)
    matrix32, given32 = matrix.astype(np.int32), given.astype(np.int32).T.copy()
    peer = product_session(matrix)
    # onnxruntime's fast product takes unsigned rows: its sums differ by 128 times the weights'.
    unsigned = {"x": (given.astype(np.int16) + 128).astype(np.uint8)}
    int8.products(padded, wide, sums)
    assert (sums[:, :outputs] == (matrix32 @ given32).T).all()
    offset = 128 * matrix.astype(np.int32).sum(axis=1)
    assert (peer.run(None, unsigned)[0] - offset == sums[:, :outputs]).all()
    ours, numpy_time, runtime = microseconds(
        [
            lambda: int8.products(padded, wide, sums),
            lambda: matrix32 @ given32,
            lambda: peer.run(None, unsigned),
        ],
        rounds,
    )
    goals = {"numpy": 1.0, "onnxruntime": 2.0} if rows == 1 else {"numpy": 1.0}
    return Row(
        name=f"product {outputs} x {inputs}, {rows} rows" if rows > 1 else
        f"product {outputs} x {inputs}",
        ours=ours,
        peers={"numpy": numpy_time, "onnxruntime": runtime},
        goals=goals,
    )  # fmt: skip


def shift_network(matrices: Sequence[Any]) -> tuple[header.Dense, bytes]:
    """Return a network of these weights that rounds by a shift."""
    layers = tuple(
        header.Layer(outputs=len(each), rounding=header.BY_SHIFT, shift=SHIFT) for each in matrices
    )
    known = header.Dense(inputs=matrices[0].shape[1], layers=layers)
    return known, b"".join(each.tobytes() + bytes(4 * len(each)) for each in matrices)


def compare_network(rows: int, rounds: int) -> Row:
    """Time a network of a million weights after it was loaded."""
    choose = np.random.default_rng(7)
    sizes = zip(NETWORK[1:], NETWORK, strict=False)
    matrices = [choose.integers(-128, 128, size, np.int8) for size in sizes]
    known, weights = shift_network(matrices)
    loaded = dense.load(known, weights)
    data = choose.integers(-128, 128, (rows, NETWORK[0]), np.int8)
    peer = network_session(matrices)
    unsigned = {"x": (data.astype(np.int16) + 128).astype(np.uint8)}
    content = data.tobytes()
    ours, runtime = microseconds(
        [lambda: loaded.answer(content), lambda: peer.run(None, unsigned)], rounds
    )
    count = sum(each.size for each in matrices)
    return Row(
        name=f"network of {count:,} weights" + (f", {rows} rows" if rows > 1 else ""),
        ours=ours,
        peers={"onnxruntime": runtime},
        goals={"onnxruntime": 2.0} if rows == 1 else {},
    )


def ecrecover() -> Work:
    """Return the measure of gas."""
    digest = keccak256(b"message")
    signature = PrivateKey(b"\1" * 32).sign_recoverable(digest, hasher=None)

    def recover() -> bytes:
        key = PublicKey.from_signature_and_message(signature, digest, hasher=None)
        return keccak256(key.format(compressed=False)[1:])[12:]

    return recover


def chain_tree(nodes: int) -> bytes:
    """Return a tree as deep as it has nodes, which a row of 0 goes through to the end."""
    content = struct.pack(">HH", nodes, nodes + 1)
    for node in range(nodes):
        following = node + 1 if node + 1 < nodes else 1 << 15
        content += struct.pack(">HiHH", node % 100, 0, following, (1 << 15) + node + 1)
    return content + bytes(4 * (nodes + 1))


def prices(rounds: int) -> list[tuple[str, float, float, float]]:
    """Return work, what a piece of it costs, what it is worth beside ecrecover, and the ratio."""
    unit = ecrecover()
    found = []
    choose = np.random.default_rng(3)
    for outputs, inputs in (*SHAPES, (4_000, 4_096)):
        matrix = choose.integers(-128, 128, (outputs, inputs), np.int8)
        known, weights = shift_network([matrix])
        loaded = dense.load(known, weights)
        content = bytes(inputs)
        took, recover = microseconds([lambda m=loaded, c=content: m.answer(c), unit], rounds)
        worth = took / recover * ECRECOVER_GAS
        charged = cost.in_gas(cost.of(known).row)
        pieces = outputs * inputs
        found.append(
            (f"MAC of {outputs} x {inputs}", charged / pieces, worth / pieces, charged / worth)
        )
    content = chain_tree(1_000) * 30
    known_trees = header.Trees(features=100, outputs=1, trees=30, arg_max=False, size=len(content))
    ensemble = trees.load(known_trees, content)
    zeros = bytes(400)
    took, recover = microseconds([lambda: ensemble.answer(zeros), unit], rounds)
    worth, charged = took / recover * ECRECOVER_GAS, cost.in_gas(cost.of(known_trees, 30_000).row)
    found.append(("level of a tree", charged / 30_000, worth / 30_000, charged / worth))
    return found


def main() -> int:
    """Measure, print, and say whether the goals are met."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N")
    rounds = parser.parse_args().rounds
    rows = [
        *(compare_product(*shape, 1, rounds) for shape in SHAPES),
        compare_product(1_024, 1_024, BATCH, rounds),
        compare_network(1, rounds),
        compare_network(BATCH, rounds),
    ]
    console = Console(width=WIDTH)
    table = Table("int8, one core", "ours us", "numpy us", "onnxruntime us", "numpy / ours",
                  "onnxruntime / ours")  # fmt: skip
    for row in rows:
        times = [row.peers.get(name) for name in ("numpy", "onnxruntime")]
        table.add_row(
            row.name,
            f"{row.ours:,.1f}",
            *(f"{time:,.1f}" if time else "" for time in times),
            *(f"{time / row.ours:.2f}" if time else "" for time in times),
        )
    console.print(table)
    table = Table("one", "gas charged", "gas by ecrecover", "charged / share")
    for name, charged, worth, ratio in prices(rounds):
        table.add_row(name, f"{charged:.5f}", f"{worth:.5f}", f"{ratio:.2f}")
    console.print(table)
    missed = [f"{row.name} beside {name}" for row in rows for name in row.missed]
    single = next(row for row in rows if row.name.startswith("network"))
    if single.ours > NETWORK_MICROSECONDS_MAX:
        missed.append(f"{single.name}: {single.ours:,.0f} us")
    for each in missed:
        print(f"missed: {each}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
