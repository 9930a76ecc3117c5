"""The trace of an answer: the sums of every layer, before bias and rounding, under one root.

    cell    keccak256(0x02 | layer, 4 bytes | output, 4 bytes | an int32 for each input row)
    layer   the Merkle root over the cells of its outputs
    root    the Merkle root over its layers

Both trees are shaped as that over a model's weights: pairs from the left, and a node without a
right neighbour rises as it is. Sums are exact, so there is one trace of an answer; and as rounding
follows from the sums, nothing else has to be told.
"""

from ...backends.keccak import keccak256
from ..models.weights_tree import climb, node, parents, path_length, prove

__all__ = ["cell", "cells", "climb", "layer_root", "node", "path_length", "prove", "root", "split"]

SUM_SIZE = 4


def cell(layer: int, output: int, sums: bytes) -> bytes:
    """Return the hash of the sums of one output."""
    return keccak256(b"\2" + layer.to_bytes(4, "big") + output.to_bytes(4, "big") + sums)


def cells(layer: int, sums: bytes, rows: int) -> list[bytes]:
    """Return the cells of a layer, whose sums come output by output."""
    size = SUM_SIZE * rows
    starts = range(0, len(sums), size)
    return [cell(layer, at // size, sums[at : at + size]) for at in starts]


def root(level: list[bytes]) -> bytes:
    """Return the root over a level."""
    while len(level) > 1:
        level = parents(level)
    return level[0]


def layer_root(layer: int, sums: bytes, rows: int) -> bytes:
    """Return the root of a layer."""
    return root(cells(layer, sums, rows))


def split(count: int) -> int:
    """Return how many of a node's leaves are under its left child; there are two or more."""
    return 1 << (count - 1).bit_length() - 1
