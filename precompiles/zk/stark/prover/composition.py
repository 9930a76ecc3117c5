"""The constraints of an AIR on whole cosets: its graph run over the rows, a block at a time."""

import numpy as np
import numpy.typing as npt

from ....kernels.felt252 import UNIT, add_limbs, multiply_limbs, subtract_limbs
from ....kernels.jit import kernel
from ....kernels.limbs import Elements, get, put
from .transforms import ZERO_ELEMENT

Table = npt.NDArray[np.int64]

BLOCK = 64
"""Rows at a time: few enough for the values of the graph to stay in the cache."""


@kernel(
    "void(uint64[:, :, ::1], int64[::1], int64[::1], int64[:, ::1], uint64[:, ::1],"
    " uint64[:, ::1], int64[:, ::1], int64, int64, uint64[:, :, ::1])"
)
def run_graph(
    columns: Elements,
    order: Table,
    offsets: Table,
    nodes: Table,
    constants: Elements,
    periodic: Elements,
    periodic_places: Table,
    first: int,
    used: int,
    values: Elements,
) -> None:
    """Write the value of each node on `used` rows from `first` on.

    `columns` are one coset; `order` says where its row i stands. A node is kind, a, b.
    """
    mask = order.shape[0] - 1
    for number in range(nodes.shape[0]):
        kind, a, b = nodes[number, 0], nodes[number, 1], nodes[number, 2]
        out = values[number]
        if kind == 1:
            for i in range(used):
                put(out, i, get(columns[a], order[(first + i + offsets[b]) & mask]))
        elif kind == 3:
            start, period = periodic_places[a, 0], periodic_places[a, 1]
            for i in range(used):
                put(out, i, get(periodic, start + ((first + i) & (period - 1))))
        elif kind == 5:
            for i in range(used):
                put(out, i, add_limbs(get(values[a], i), get(values[b], i)))
        elif kind == 6:
            for i in range(used):
                put(out, i, subtract_limbs(get(values[a], i), get(values[b], i)))
        elif kind == 7:
            for i in range(used):
                put(out, i, multiply_limbs(get(values[a], i), get(values[b], i)))
        elif kind == 8:
            for i in range(used):
                put(out, i, subtract_limbs(ZERO_ELEMENT, get(values[a], i)))
        elif kind == 9:
            for i in range(used):
                base = get(values[a], i)
                result = UNIT
                bits = b
                while bits:
                    if bits & 1:
                        result = multiply_limbs(result, base)
                    base = multiply_limbs(base, base)
                    bits >>= 1
                put(out, i, result)
        else:
            for i in range(used):
                put(out, i, get(constants, number))


@kernel(
    "void(uint64[:, :, ::1], int64[:, ::1], uint64[:, ::1], int64[:, ::1], uint64[:, ::1],"
    " uint64[:, ::1], uint64[:, ::1], int64[::1], int64, int64, uint64[:, ::1])"
)
def combine(
    values: Elements,
    terms: Table,
    weights: Elements,
    groups: Table,
    inverses: Elements,
    exempt: Elements,
    points: Elements,
    order: Table,
    first: int,
    used: int,
    out: Elements,
) -> None:
    """Add to `out` the weighted constraints over their zeros.

    A term is a node; a group, which shares its zeros, is its first term and the end of its terms,
    where its inverses start and how often they repeat, and the range of its exempt points.
    """
    for g in range(groups.shape[0]):
        begin, end = groups[g, 0], groups[g, 1]
        start, period = groups[g, 2], groups[g, 3]
        exempt_begin, exempt_end = groups[g, 4], groups[g, 5]
        for i in range(used):
            total = ZERO_ELEMENT
            for k in range(begin, end):
                node = terms[k, 0]
                total = add_limbs(total, multiply_limbs(get(weights, k), get(values[node], i)))
            place = order[first + i]
            point = get(points, place)
            for k in range(exempt_begin, exempt_end):
                total = multiply_limbs(total, subtract_limbs(point, get(exempt, k)))
            inverse = get(inverses, start + ((first + i) & (period - 1)))
            put(out, place, add_limbs(get(out, place), multiply_limbs(total, inverse)))
