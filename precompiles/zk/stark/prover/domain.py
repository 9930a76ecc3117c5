"""The tables that one proof needs: roots, shifts of the cosets, and the order of their rows."""

from dataclasses import dataclass

import numpy as np

from ....kernels.felt252 import encode
from ....kernels.limbs import Elements, Limbs, get
from ..field import COSET_OFFSET, P, reversed_bits, root_of_unity
from . import transforms
from .composition import Table


def limbs_of(value: int) -> Limbs:
    """Return an integer as an element in Montgomery form."""
    return get(encode([value]), 0)


def roots(log_order: int, *, inverse: bool = False) -> Elements:
    """Return the first half of the roots of unity of this order, or their inverses."""
    root = root_of_unity(log_order)
    out = np.empty(((1 << log_order) >> 1 or 1, 4), np.uint64)
    transforms.powers(limbs_of(1), limbs_of(pow(root, -1, P) if inverse else root), out)
    return out


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """The domain of a proof: 2**log_blowup cosets of 2**log_rows points each."""

    log_rows: int
    log_blowup: int
    twiddles: Elements
    inverse_twiddles: Elements
    shifts: tuple[int, ...]
    """The first point of each coset."""
    order: Table
    """Where in a coset its row i stands."""
    points: Elements
    """All points, as they stand."""

    @property
    def rows(self) -> int:
        """Return the number of rows of a trace."""
        return 1 << self.log_rows


def make_domain(log_rows: int, log_blowup: int) -> Domain:
    """Return the tables for this size."""
    log_size = log_rows + log_blowup
    root = root_of_unity(log_size)
    shifts = tuple(
        COSET_OFFSET * pow(root, reversed_bits(block, log_blowup), P) % P
        for block in range(1 << log_blowup)
    )
    points = np.empty((1 << log_size, 4), np.uint64)
    levels = encode([root_of_unity(level + 1) for level in range(log_size)])
    transforms.points(limbs_of(COSET_OFFSET), levels, points)
    order = np.zeros(1, np.int64)
    for _ in range(log_rows):
        order = np.concatenate([2 * order, 2 * order + 1])
    return Domain(
        log_rows=log_rows,
        log_blowup=log_blowup,
        twiddles=roots(log_rows),
        inverse_twiddles=roots(log_rows, inverse=True),
        shifts=shifts,
        order=order,
        points=points,
    )


def coefficients(values: Elements, domain: Domain) -> Elements:
    """Return the polynomial through these values on the trace's rows."""
    found = values.copy()
    transforms.reverse(found)
    scale = limbs_of(pow(domain.rows, -1, P))
    transforms.interpolate(found, domain.inverse_twiddles, scale)
    return found


def extended(polynomials: list[Elements], domain: Domain) -> Elements:
    """Return the values of polynomials on the whole domain: by polynomial and point."""
    out = np.empty((len(polynomials), domain.rows << domain.log_blowup, 4), np.uint64)
    shifts = encode(list(domain.shifts))
    for polynomial, column in zip(polynomials, out, strict=True):
        transforms.extend(polynomial, shifts, domain.twiddles, column)
    return out


def coset_coefficients(values: Elements, offset: int) -> Elements:
    """Return the polynomial through values on offset * <roots>, given in reversed order."""
    count = len(values)
    log_count = count.bit_length() - 1
    found = values.copy()
    transforms.interpolate(found, roots(log_count, inverse=True), limbs_of(pow(count, -1, P)))
    transforms.unshift(found, limbs_of(pow(offset, -1, P)))
    return found
