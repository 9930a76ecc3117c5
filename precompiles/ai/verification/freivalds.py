"""Freivalds' check of C = A·B over the prime 2^61 - 1 with two random vectors.

For a vector r that was drawn after C was fixed, A(Br) = Cr is sure where C = A·B, and where it is
not it happens once in 2^61; so with two vectors once in 2^122. The check multiplies each matrix by
two vectors, where computing C anew multiplies A by every column of B. Knows no chain.
Importing this loads the compiler.

A and B are rows of int8, C rows of int32, big-endian.
"""

from collections.abc import Sequence
from hashlib import shake_256
from operator import mul

import numpy as np

from . import kernel

P = 2**61 - 1
VECTORS = 2
ENTRY_SIZE = 8
LIMB_BITS = 31
LIMB_MASK = (1 << LIMB_BITS) - 1

Vector = list[int]


def draw(seed: bytes, size: int) -> list[Vector]:
    """Return the two vectors of a seed: 61 bits of each 8 bytes of SHAKE-256, first to last."""
    stream = shake_256(seed).digest(ENTRY_SIZE * VECTORS * size)
    entries = [
        (int.from_bytes(stream[start : start + ENTRY_SIZE], "big") & P) % P
        for start in range(0, len(stream), ENTRY_SIZE)
    ]
    return [entries[:size], entries[size:]]


def int8s(data: bytes) -> list[int]:
    """Return the numbers of a matrix A or B."""
    numbers: list[int] = np.frombuffer(data, np.int8).tolist()
    return numbers


def int32s(data: bytes) -> list[int]:
    """Return the numbers of a matrix C."""
    numbers: list[int] = np.frombuffer(data, ">i4").tolist()
    return numbers


def product(matrix: Sequence[int], vector: Vector) -> Vector:
    """Return a matrix times a vector mod P, in plain integers."""
    width = len(vector)
    rows = (matrix[at : at + width] for at in range(0, len(matrix), width))
    return [sum(map(mul, row, vector)) % P for row in rows]


def products(matrix: bytes, rows: int, vectors: Sequence[Vector]) -> list[Vector]:
    """Return an int8 matrix times each vector mod P, through the kernel."""
    width = len(vectors[0])
    limbs = np.array(
        [
            [entry >> shift & LIMB_MASK for entry in vector]
            for vector in vectors
            for shift in (0, LIMB_BITS)
        ],
        np.int64,
    )
    sums = np.zeros((rows, len(limbs)), np.int64)
    entries = np.frombuffer(matrix, np.int8).reshape(rows, width).copy()
    kernel.products(entries, limbs, sums)
    columns = sums.T.tolist()
    return [
        [(low + (high << LIMB_BITS)) % P for low, high in zip(*columns[at : at + 2], strict=True)]
        for at in range(0, len(columns), 2)
    ]


def holds(seed: bytes, rows: int, columns: int, a: bytes, b: bytes, c: bytes) -> bool:
    """Return whether A·B and C agree on the seed's vectors. The sizes fit together."""
    vectors = draw(seed, columns)
    right = int8s(b)
    inner = [product(right, vector) for vector in vectors]
    totals = int32s(c)
    return products(a, rows, inner) == [product(totals, vector) for vector in vectors]
