"""Lagrange's interpolation modulo a prime, for all that is shared by a polynomial."""

from collections.abc import Sequence


def lagrange(holders: Sequence[int], holder: int, order: int, x: int = 0) -> int:
    """Return the factor of one holder's share in f(x), when these holders interpolate."""
    top = bottom = 1
    for other in holders:
        if other != holder:
            top = top * (x - other) % order
            bottom = bottom * (holder - other) % order
    return top * pow(bottom, -1, order) % order
