"""FRI: the layers of a proof, and the check that its queries follow from one another.

Values stand as in proofs (times 2**256): every step is linear, so that none has to be converted.
Indices are those of bit-reversed domains: at 2i and 2i + 1 stand opposite points.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from operator import mul

from ...backends.keccak import keccak256
from .air import Profile
from .field import SIZE, P, powers, reversed_bits, root_of_unity
from .merkle import root_of
from .reader import ProofReader

STRIDE = 8
"""Coefficients that are summed before each step of Horner's rule: sums of products are cheap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A value of a layer that the queries need, and the inverse of its point."""

    value: int
    inverse: int


def log_last_layer(log_rows: int, profile: Profile) -> int:
    """Return log2 of the number of coefficients of the last layer: at least one fold is done."""
    return min(profile.log_last, log_rows - 1)


def fold_steps(log_rows: int, profile: Profile) -> list[int]:
    """Return log2 of how many values each fold joins.

    The first takes the pairs that the trace is opened at; the layers between the folds are
    committed to.
    """
    left = log_rows - log_last_layer(log_rows, profile) - 1
    steps = [1] + [profile.log_fold] * (left // profile.log_fold)
    return steps + [left % profile.log_fold] * (left % profile.log_fold > 0)


@cache
def fold_roots(log_fold: int) -> tuple[int, ...]:
    """Return, by place in a leaf, the root of unity that its point has over the first one's."""
    root = powers(root_of_unity(log_fold), 1 << log_fold)
    return tuple(root[reversed_bits(place, log_fold)] for place in range(1 << log_fold))


@cache
def inverse_roots(log_fold: int) -> tuple[int, ...]:
    """Return the inverses of the even places of `fold_roots`: of the points of the pairs."""
    return tuple(pow(root, -1, P) for root in fold_roots(log_fold)[::2])


def fold(values: Sequence[int], inverse: int, challenge: int) -> int:
    """Join a leaf's values; `inverse` is that of its first point.

    Pairs (a, b) become a + b + challenge * (a - b) / x; then the same with the squares, until one
    value is left.
    """
    while len(values) > 1:
        factor = challenge * inverse % P
        roots = inverse_roots(len(values).bit_length() - 1)
        values = [
            (a + b + (a - b) * (factor * root % P)) % P
            for a, b, root in zip(values[::2], values[1::2], roots, strict=True)
        ]
        inverse = inverse * inverse % P
        challenge = challenge * challenge % P
    return values[0]


def open_layer(
    reader: ProofReader,
    root: bytes,
    log_size: int,
    log_fold: int,
    challenge: int,
    known: dict[int, Opened],
) -> dict[int, Opened] | None:
    """Return the next layer's values, or None where the opened leaves do not match the root.

    What is known of a leaf is not in the proof: if it is wrong, so is the leaf's hash.
    """
    mask = (1 << log_fold) - 1
    leaves: dict[int, list[int | None]] = {}
    first_inverse: dict[int, int] = {}
    roots = fold_roots(log_fold)
    for index, each in known.items():
        leaf, place = index >> log_fold, index & mask
        if leaf not in leaves:
            leaves[leaf] = [None] * (mask + 1)
            first_inverse[leaf] = each.inverse * roots[place] % P
        leaves[leaf][place] = each.value
    filled: dict[int, list[int]] = {}
    hashes: dict[int, bytes] = {}
    sent = iter(reader.raw_elements((len(leaves) << log_fold) - len(known)))
    for leaf, values in leaves.items():
        whole = [next(sent) if value is None else value for value in values]
        filled[leaf] = whole
        hashes[leaf] = keccak256(b"".join([value.to_bytes(SIZE, "big") for value in whole]))
    if root_of(hashes, log_size - log_fold, reader) != root:
        return None
    return {
        leaf: Opened(
            value=fold(values, first_inverse[leaf], challenge),
            inverse=pow(first_inverse[leaf], 1 << log_fold, P),
        )
        for leaf, values in filled.items()
    }


def is_last_layer(known: dict[int, Opened], log_size: int, offset: int, last: list[int]) -> bool:
    """Return whether the values are those of the polynomial with these coefficients."""
    root = root_of_unity(log_size)
    blocks = [last[start : start + STRIDE] for start in range(0, len(last), STRIDE)]
    for index, each in known.items():
        point = offset * pow(root, reversed_bits(index, log_size), P) % P
        low = powers(point, STRIDE)
        stride = low[-1] * point % P
        value = 0
        for block in reversed(blocks):
            value = (value * stride + sum(map(mul, block, low))) % P
        if value != each.value:
            return False
    return True
