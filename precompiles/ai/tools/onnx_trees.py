"""The tree ensembles of ONNX-ML, out of their attribute lists. Knows no file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .floats import FloatForest, Floats, FloatTree
from .refusal import OnnxRefusedError

TREE_NODES_MAX = 1 << 20
FEATURES_MAX = 65_535
OUTPUTS_MAX = 256

BRANCHES = {
    "BRANCH_LEQ": (False, False),
    "BRANCH_LT": (True, False),
    "BRANCH_GT": (False, True),
    "BRANCH_GTE": (True, True),
}
"""Whether a mode asks for less, not for at most; and whether its sides change places."""
LEAF = "LEAF"

Key = tuple[int, int]
"""Tree and node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One node as the lists have it."""

    mode: str
    feature: int
    threshold: float
    sides: tuple[int, int]


def read_trees(
    kind: str, attributes: Mapping[str, Any], width: int, labels: tuple[str, ...]
) -> FloatForest:
    """Return the ensemble of a node of this kind."""
    classifier = kind == "TreeEnsembleClassifier"
    outputs = len(labels) if classifier else int(attributes.get("n_targets", 1))
    if not 1 <= outputs <= OUTPUTS_MAX:
        raise OnnxRefusedError(f"{kind} has {outputs} outputs")
    aggregate = attributes.get("aggregate_function", "SUM")
    if aggregate not in ("SUM", "AVERAGE"):
        raise OnnxRefusedError(f"{kind} takes the {str(aggregate)[:20]} of its trees")
    nodes = read_nodes(kind, attributes)
    targets = read_targets(kind, "class" if classifier else "target", attributes, nodes, outputs)
    base = numbers(attributes, "base_values", np.zeros(0))
    if classifier and outputs == 2 and len({target for target, _, _ in targets}) == 1:
        # One score for two classes: the second, where it is above a half, or above 0 when there
        # are negative weights. So the first gets the threshold as its score.
        threshold = 0.5 if all(weight >= 0 for _, _, weight in targets) else 0.0
        targets = [(1, key, weight) for _, key, weight in targets]
        if len(base) > 1:
            raise OnnxRefusedError(f"{kind} has {len(base)} base values of one score")
        base = np.array([threshold, base.sum()])
    elif len(base) not in (0, outputs):
        raise OnnxRefusedError(f"{kind} has {len(base)} base values of {outputs} outputs")
    members: dict[int, dict[int, Node]] = {}
    for (tree, number), node in nodes.items():
        members.setdefault(tree, {})[number] = node
    values: dict[Key, Floats] = {}
    for target, key, weight in targets:
        values.setdefault(key, np.zeros(outputs))[target] += weight
    trees = [tree_of(kind, tree, members[tree], values, outputs) for tree in sorted(members)]
    features = max((int(tree.features.max()) for tree in trees if len(tree.features)), default=0)
    if max(features + 1, width) > FEATURES_MAX:
        raise OnnxRefusedError(f"{kind} has more than {FEATURES_MAX:,} features")
    if width and features >= width:
        raise OnnxRefusedError(f"{kind} asks for feature {features} of {width}")
    return FloatForest(
        features=max(features + 1, width),
        trees=tuple(trees),
        base=base if len(base) else np.zeros(outputs),
        factor=1.0 / len(trees) if aggregate == "AVERAGE" else 1.0,
        labels=labels,
    )


def numbers(attributes: Mapping[str, Any], name: str, otherwise: Any = None) -> Any:
    """Return a list of finite numbers, in single or, as a tensor, in double precision."""
    found = attributes.get(name, attributes.get(f"{name}_as_tensor", otherwise))
    if not isinstance(found, np.ndarray) or found.ndim != 1 or not np.isfinite(found).all():
        raise OnnxRefusedError(f"{name} is not a list of finite numbers")
    return found


def read_nodes(kind: str, attributes: Mapping[str, Any]) -> dict[Key, Node]:
    """Return all nodes by tree and number."""
    modes = attributes.get("nodes_modes", [])
    names = ("treeids", "nodeids", "featureids", "truenodeids", "falsenodeids")
    lists = [numbers(attributes, f"nodes_{name}").astype(np.int64).tolist() for name in names]
    thresholds = numbers(attributes, "nodes_values").tolist()
    if not isinstance(modes, list) or not 1 <= len(modes) <= TREE_NODES_MAX:
        raise OnnxRefusedError(f"{kind} has no nodes, or more than {TREE_NODES_MAX:,}")
    if any(len(each) != len(modes) for each in (*lists, thresholds)):
        raise OnnxRefusedError(f"{kind} has lists of different lengths")
    found: dict[Key, Node] = {}
    for mode, tree, number, feature, true, false, threshold in zip(
        modes, *lists, thresholds, strict=True
    ):
        if mode != LEAF and mode not in BRANCHES:
            raise OnnxRefusedError(f"{kind} has nodes of mode {mode[:20]}")
        if (tree, number) in found or (mode != LEAF and not 0 <= feature < FEATURES_MAX):
            raise OnnxRefusedError(f"{kind}: node {number} of tree {tree} is there twice, or wrong")
        found[tree, number] = Node(
            mode=mode, feature=feature, threshold=threshold, sides=(true, false)
        )
    return found


def read_targets(
    kind: str, prefix: str, attributes: Mapping[str, Any], nodes: Mapping[Key, Node], outputs: int
) -> list[tuple[int, Key, float]]:
    """Return what the leaves add: output, leaf, weight."""
    names = ("ids", "treeids", "nodeids")
    lists = [numbers(attributes, f"{prefix}_{name}").astype(np.int64).tolist() for name in names]
    weights = numbers(attributes, f"{prefix}_weights").tolist()
    if any(len(each) != len(weights) for each in lists):
        raise OnnxRefusedError(f"{kind} has lists of different lengths")
    found = []
    for target, tree, number, weight in zip(*lists, weights, strict=True):
        leaf = nodes.get((tree, number))
        if leaf is None or leaf.mode != LEAF or not 0 <= target < outputs:
            raise OnnxRefusedError(f"{kind} gives output {target} a weight at no leaf")
        found.append((target, (tree, number), weight))
    return found


def tree_of(
    kind: str,
    tree: int,
    own: Mapping[int, Node],
    values: Mapping[Key, Floats],
    outputs: int,
) -> FloatTree:
    """Return one tree, its nodes in an order in which children follow their parents."""
    order = ordered(kind, tree, own)
    inner = [number for number in order if own[number].mode != LEAF]
    leaves = [number for number in order if own[number].mode == LEAF]
    place = {number: index for index, number in enumerate(inner)}
    place |= {number: ~index for index, number in enumerate(leaves)}
    children = np.zeros((len(inner), 2), np.int64)
    for index, number in enumerate(inner):
        left, right = own[number].sides
        _, swapped = BRANCHES[own[number].mode]
        children[index] = [place[right], place[left]] if swapped else [place[left], place[right]]
    nothing = np.zeros(outputs)
    return FloatTree(
        features=np.array([own[number].feature for number in inner], np.int64),
        thresholds=np.array([own[number].threshold for number in inner]),
        less=np.array([BRANCHES[own[number].mode][0] for number in inner], np.bool_),
        children=children,
        leaves=np.array([values.get((tree, number), nothing) for number in leaves]),
    )


def ordered(kind: str, tree: int, own: Mapping[int, Node]) -> Sequence[int]:
    """Return the nodes level by level from the root; refuse what is not one tree."""
    inner = [node for node in own.values() if node.mode != LEAF]
    below = [number for node in inner for number in node.sides]
    roots = [number for number in own if number not in set(below)]
    once = len(set(below)) == len(below)
    if len(roots) != 1 or not once or any(number not in own for number in below):
        raise OnnxRefusedError(
            f"{kind}: tree {tree} has a cycle, a lost node or {len(roots)} roots"
        )
    order, level = [], roots
    while level:
        order += level
        parents = [own[number] for number in level if own[number].mode != LEAF]
        level = [number for node in parents for number in node.sides]
    if len(order) != len(own):
        raise OnnxRefusedError(f"{kind}: tree {tree} has a cycle")
    return order
