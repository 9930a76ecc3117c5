"""Shamir's sharing of a scalar, with Feldman's commitments. Party j, from 1, holds f(j)."""

from collections.abc import Sequence

from ....backends import secp256k1_group as curve
from ....backends.secp256k1_group import ORDER, Point
from ...ecdsa.groups import public_share
from .faults import FaultyPartyError
from .randomness import Draw, nonzero

__all__ = ["add_commitments", "commit", "polynomial", "public_share"]


def polynomial(threshold: int, draw: Draw) -> list[int]:
    """Return coefficients of a polynomial that `threshold` values determine; none is zero."""
    return [nonzero(ORDER, draw) for _ in range(threshold)]


def commit(coefficients: Sequence[int]) -> tuple[bytes, ...]:
    """Return the coefficients, none of them zero, times G."""
    return tuple(encode(curve.base(each)) for each in coefficients)


def add_commitments(lists: Sequence[Sequence[bytes]]) -> tuple[bytes, ...]:
    """Return the sums of checked commitments, place by place; all lists have one length.

    A sum at infinity cannot be met by chance: commitments were fixed before any was seen.
    """
    columns = zip(*lists, strict=True)
    return tuple(encode(curve.add(curve.parse(each) for each in column))
                 for column in columns)  # fmt: skip


def encode(point: Point | None) -> bytes:
    """Return the 33 bytes of a point that cannot be infinity."""
    assert point is not None
    return curve.encode(point)


def parse(encoded: bytes, sender: int) -> Point:
    """Return a point that a party sent."""
    point = curve.parse(encoded)
    if point is None:
        raise FaultyPartyError(sender, "sent what is no point")
    return point
