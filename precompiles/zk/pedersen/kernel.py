"""Commitments over BN254 and Starknet's hash, compiled, by tables of fixed points' multiples."""

from functools import cache

import numpy as np

from ...kernels.curves import (
    Curve,
    add_multiple,
    add_point,
    fill_table,
    leave,
    to_montgomery,
)
from ...kernels.jit import kernel
from ...kernels.limbs import Elements, get, pack, put, unpack
from .generators import (
    BN254_BASE,
    STARKNET_LOW_BITS,
    STARKNET_POINTS,
    STARKNET_SHIFT,
    Affine,
    bn254_generator,
)

FACTOR_BITS = 256
BITS = 8
"""Of a window, for the points that most calls use: half a megabyte a point."""
VECTOR_BITS = 4
"""For those of a vector's values: sixty kilobytes a point."""

KNOWN_HASH = 0x030E480BED5FE53FA909CC0F8C4D99B8F9F2C016BE4C41E13A4848797979C662
"""Of the pair that StarkWare publishes."""
KNOWN_PAIR = (
    0x03D937C035C878245CAF64531A5756109C53068DA139362728FEB561405371CB,
    0x0208A0A10250E382E1E4BBE2880906C2791BF6275695E02FBBC6AEFF9CD8B31A,
)


# --- Tables ---------------------------------------------------------------------------------


def row_count(bits: int, windows: int) -> int:
    """Return how many rows a table has."""
    return windows * 2 * ((1 << bits) - 1)


def table_of(point: Affine, curve: Curve, bits: int, windows: int) -> Elements:
    """Return the multiples of a point; some milliseconds."""
    table = np.zeros((row_count(bits, windows), 4), dtype=np.uint64)
    coordinates = montgomery(point, curve)
    fill_table(table, get(coordinates, 0), get(coordinates, 1), bits, int(curve))
    return table


def montgomery(point: Affine, curve: Curve) -> Elements:
    """Return the coordinates in Montgomery form."""
    elements = pack(list(point))
    to_montgomery(elements, int(curve))
    return elements


@cache
def base_table() -> Elements:
    """Return the multiples of BN254's generator."""
    return table_of(BN254_BASE, Curve.BN254, BITS, FACTOR_BITS // BITS)


@cache
def blinding_table() -> Elements:
    """Return the multiples of the blinding's point."""
    return table_of(bn254_generator(0), Curve.BN254, BITS, FACTOR_BITS // BITS)


@cache
def value_table(index: int) -> Elements:
    """Return the multiples of the point of a vector's value, from 1."""
    windows = FACTOR_BITS // VECTOR_BITS
    return table_of(bn254_generator(index), Curve.BN254, VECTOR_BITS, windows)


@cache
def starknet_tables() -> tuple[Elements, Elements, Elements]:
    """Return the shift, and a table for each element of a pair.

    The point that belongs to an element's highest bits takes the place of the last window.
    """
    tables = []
    low_windows = STARKNET_LOW_BITS // BITS
    for low, high in (STARKNET_POINTS[:2], STARKNET_POINTS[2:]):
        parts = [
            table_of(low, Curve.STARK, BITS, low_windows),
            table_of(high, Curve.STARK, BITS, FACTOR_BITS // BITS - low_windows),
        ]
        tables.append(np.concatenate(parts))
    return montgomery(STARKNET_SHIFT, Curve.STARK), tables[0], tables[1]


# --- Commitments ----------------------------------------------------------------------------


def commit(value: int, blinding: int) -> Affine:
    """Return value * G + blinding * H on BN254; (0, 0) at infinity."""
    total = np.zeros((3, 4), dtype=np.uint64)
    factors = pack([value, blinding])
    add_multiple(total, base_table(), get(factors, 0), BITS, int(Curve.BN254))
    add_multiple(total, blinding_table(), get(factors, 1), BITS, int(Curve.BN254))
    return affine(total)


def vector_commit(values: list[int], blinding: int) -> Affine:
    """Return the sum of each value times its point, and blinding * H."""
    total = np.zeros((3, 4), dtype=np.uint64)
    factors = pack([blinding, *values])
    add_multiple(total, blinding_table(), get(factors, 0), BITS, int(Curve.BN254))
    for index in range(1, len(values) + 1):
        factor = get(factors, index)
        add_multiple(total, value_table(index), factor, VECTOR_BITS, int(Curve.BN254))
    return affine(total)


def sum_of(points: list[Affine]) -> Affine:
    """Return the sum of points of BN254; (0, 0) is the one at infinity."""
    total = np.zeros((3, 4), dtype=np.uint64)
    for point in points:
        if point != (0, 0):
            coordinates = montgomery(point, Curve.BN254)
            add_point(total, get(coordinates, 0), get(coordinates, 1), int(Curve.BN254))
    return affine(total)


def affine(total: Elements) -> Affine:
    """Return the coordinates of a sum on BN254."""
    leave(total, int(Curve.BN254))
    x, y, _ = unpack(total)
    return x, y


# --- Starknet's hash ------------------------------------------------------------------------

STARK = int(Curve.STARK)


@kernel("void(uint64[:, ::1], uint64[:, ::1], uint64[:, ::1], uint64[:, ::1], uint64[:, ::1])")
def chain(
    digest: Elements, elements: Elements, shift: Elements, first: Elements, second: Elements
) -> None:
    """Replace the digest by its hash with each element in turn; all plain, one row each."""
    total = np.zeros((3, 4), dtype=np.uint64)
    for i in range(elements.shape[0]):
        total[2] = np.uint64(0)
        add_point(total, get(shift, 0), get(shift, 1), STARK)
        add_multiple(total, first, get(digest, 0), BITS, STARK)
        add_multiple(total, second, get(elements, i), BITS, STARK)
        leave(total, STARK)
        put(digest, 0, get(total, 0))


def starknet_chain(start: int, elements: list[int]) -> int:
    """Return h(...h(h(start, first), second)..., last)."""
    digest = pack([start])
    chain(digest, pack(elements), *starknet_tables())
    return unpack(digest)[0]


def self_test() -> bool:
    """Return whether the compiled code gives the published hash, and an opening that holds."""
    left, right = KNOWN_PAIR
    whole = commit(5, 7)
    return starknet_chain(left, [right]) == KNOWN_HASH and whole == sum_of(
        [commit(2, 3), commit(3, 4)]
    )
