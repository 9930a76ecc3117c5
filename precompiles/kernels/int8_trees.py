"""Decision trees: from their bytes to flat arrays, checked on the way, and following them.

The format is that of `precompiles/ai/models/layout.py`, whose numbers are big-endian. In the arrays
a child is the index of a node, or ~index of a leaf. The twin is `reference.trees`.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from .jit import inner, int64, kernel

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.int32]
Sums = npt.NDArray[np.int64]

COUNTS_SIZE = 4
NODE_SIZE = 10
VALUE_SIZE = 4
LEAF_BIT = 1 << 15

START, NODES, LEAVES = 0, 1, 2
"""Columns of a table of trees: where the first node is, and how many nodes and leaves there are."""


@inner
def unsigned16(data: Any, position: Any) -> Any:
    """Return the number of two bytes."""
    return np.int64(data[position]) << 8 | np.int64(data[position + 1])


@inner
def signed32(data: Any, position: Any) -> Any:
    """Return the number of four bytes."""
    high = unsigned16(data, position)
    return ((high ^ 0x8000) - 0x8000) << 16 | unsigned16(data, position + 2)


@kernel("int64(uint8[::1], int64, int64[:, ::1])")
def find(data: Bytes, outputs: int, table: Sums) -> int:
    """Write where each tree is; return where the last ends, or ~position of counts that are wrong.

    Right is a tree with a leaf, with at most 2^15 nodes and as many leaves, that is within `data`.
    """
    position = int64(0)
    for tree in range(table.shape[0]):
        if position + COUNTS_SIZE > data.size:
            return int64(~position)
        nodes, leaves = unsigned16(data, position), unsigned16(data, position + 2)
        start = position + COUNTS_SIZE
        end = start + NODE_SIZE * nodes + VALUE_SIZE * outputs * leaves
        if leaves == 0 or nodes > LEAF_BIT or leaves > LEAF_BIT or end > data.size:
            return int64(~position)
        table[tree, START], table[tree, NODES], table[tree, LEAVES] = start, nodes, leaves
        position = end
    return position


@kernel(
    "int64(uint8[::1], int64[:, ::1], int64, int32[::1], int32[::1], int32[::1], int32[:, ::1],"
    " int32[:, ::1], int32[::1])"
)
def read(
    data: Bytes,
    table: Sums,
    feature_count: int,
    roots: Words,
    features: Words,
    thresholds: Words,
    children: Words,
    leaves: Words,
    levels: Words,
) -> int:
    """Fill the arrays from the trees of a table; return the sum of their depths.

    Or return ~position of a node whose feature does not exist, or whose child is neither a node
    further on nor a leaf. `levels` is room for a number for each node of the largest tree.
    """
    depth, first, first_leaf = int64(0), int64(0), int64(0)
    for tree in range(table.shape[0]):
        start, nodes, leaf_count = table[tree, START], table[tree, NODES], table[tree, LEAVES]
        roots[tree] = first if nodes else ~first_leaf
        levels[:nodes] = 0
        if nodes:
            levels[0] = 1
        deepest = int64(0)
        for node in range(nodes):
            position = start + NODE_SIZE * node
            feature = unsigned16(data, position)
            if feature >= feature_count:
                return int64(~position)
            features[first + node] = feature
            thresholds[first + node] = signed32(data, position + 2)
            deepest = max(deepest, int64(levels[node]))
            for side in range(2):
                child = unsigned16(data, position + 6 + 2 * side)
                if child >= LEAF_BIT:
                    if child - LEAF_BIT >= leaf_count:
                        return int64(~position)
                    children[first + node, side] = ~(first_leaf + child - LEAF_BIT)
                else:
                    if child <= node or child >= nodes:
                        return int64(~position)
                    if levels[node] > 0:  # Else nothing leads here.
                        levels[child] = max(levels[child], levels[node] + 1)
                    children[first + node, side] = first + child
        depth += deepest
        for leaf in range(leaf_count):
            for output in range(leaves.shape[1]):
                value = leaf * leaves.shape[1] + output
                place = start + NODE_SIZE * nodes + VALUE_SIZE * value
                leaves[first_leaf + leaf, output] = signed32(data, place)
        first, first_leaf = first + nodes, first_leaf + leaf_count
    return depth


@kernel(
    "void(int32[::1], int32[::1], int32[::1], int32[:, ::1], int32[:, ::1], int32[::1], int64[::1])"
)
def follow(
    roots: Words,
    features: Words,
    thresholds: Words,
    children: Words,
    leaves: Words,
    row: Words,
    totals: Sums,
) -> None:
    """Add to `totals` the leaf of each tree that the features of a row lead to."""
    for tree in range(roots.shape[0]):
        place = int64(roots[tree])
        while place >= 0:
            side = 0 if row[features[place]] <= thresholds[place] else 1
            place = int64(children[place, side])
        leaf = ~place
        for output in range(totals.shape[0]):
            totals[output] += leaves[leaf, output]


def self_test() -> bool:
    """Return whether a node leads both ways, an equal feature to the left; and a cycle is found."""
    good = bytes.fromhex("000100020000fffffffe800080010000000afffffc18")
    cyclic = good[:10] + bytes(2) + good[12:]
    totals = np.zeros(1, np.int64)
    for content, expected in ((good, 1), (cyclic, ~4)):
        data = np.array(bytearray(content))
        table = np.zeros((1, 3), np.int64)
        rows, children = np.zeros((4, 1), np.int32), np.zeros((1, 2), np.int32)
        leaves = np.zeros((2, 1), np.int32)
        arrays = (rows[0], rows[1], rows[2], children, leaves)
        if (
            find(data, 1, table) != len(content)
            or read(data, table, 1, *arrays, rows[3]) != expected
        ):
            return False
        if content == good:
            for value in (-2, -1):
                follow(*arrays, np.array([value], np.int32), totals)
    return bool(totals[0] == 10 - 1000)
