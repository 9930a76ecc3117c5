"""Ensembles of decision trees, through kernels. The twin is `reference.trees`."""

from dataclasses import dataclass

import numpy as np

from ...kernels import int8_trees as kernel
from .header import Trees
from .weights import INVALID_WEIGHTS


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ensemble:
    """An ensemble ready to answer."""

    header: Trees
    roots: kernel.Words
    features: kernel.Words
    thresholds: kernel.Words
    children: kernel.Words
    leaves: kernel.Words
    depth: int
    """The sum of all trees' depths: how many nodes a row visits at most."""

    @property
    def size(self) -> int:
        """Return how many bytes of memory it takes."""
        arrays = (self.roots, self.features, self.thresholds, self.children, self.leaves)
        return sum(each.nbytes for each in arrays)

    def answer(self, data: bytes) -> bytes:
        """Return the sums of each input row, or the lowest output with the largest."""
        rows = np.frombuffer(data, ">i4").astype(np.int32).reshape(-1, self.header.features)
        totals = np.zeros((len(rows), self.header.outputs), np.int64)
        for row, total in zip(rows, totals, strict=True):
            kernel.follow(
                self.roots, self.features, self.thresholds, self.children, self.leaves, row, total
            )
        if self.header.arg_max:
            return bytes(totals.argmax(axis=1).astype(">u4").data)
        return bytes(totals.astype(">i8").data)


def load(header: Trees, weights: bytes) -> Ensemble:
    """Return the ensemble that these weights are, or raise Revert."""
    data = np.frombuffer(weights, np.uint8).copy()  # kernels take what may be written
    table = np.zeros((header.trees, 3), np.int64)
    end = kernel.find(data, header.outputs, table)
    if end != len(weights):
        raise INVALID_WEIGHTS(end if end >= 0 else ~end)
    nodes, leaf_count = int(table[:, kernel.NODES].sum()), int(table[:, kernel.LEAVES].sum())
    roots = np.zeros(header.trees, np.int32)
    features, thresholds = np.zeros(nodes, np.int32), np.zeros(nodes, np.int32)
    children, leaves = (
        np.zeros((nodes, 2), np.int32),
        np.zeros((leaf_count, header.outputs), np.int32),
    )
    levels = np.zeros(int(table[:, kernel.NODES].max()), np.int32)
    depth = kernel.read(
        data, table, header.features, roots, features, thresholds, children, leaves, levels
    )
    if depth < 0:
        raise INVALID_WEIGHTS(~depth)
    return Ensemble(
        header=header,
        roots=roots,
        features=features,
        thresholds=thresholds,
        children=children,
        leaves=leaves,
        depth=depth,
    )
