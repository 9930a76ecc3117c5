"""What the queries of a proof open, checked in plain integers: the twin of `kernel.py`.

Values stand as in proofs (times 2**256): every step is linear, so that none has to be converted.
Indices are those of bit-reversed domains: at 2i and 2i + 1 stand opposite points.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import mul

from ...backends.keccak import keccak256
from .air import Air
from .field import (
    COSET_OFFSET,
    SIZE,
    TO_WIRE,
    P,
    fold_roots,
    inverse_roots,
    inverses,
    reversed_bits,
    root_of_unity,
)
from .fri import fold_steps, log_last_layer
from .queries import Commitments, claimed_places, claimed_sums, weights
from .reader import NODE_SIZE, ProofReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A value of a layer that the queries need, and the inverse of its point."""

    value: int
    inverse: int


def check_queries(
    air: Air, log_rows: int, sent: Commitments, queries: list[int], reader: ProofReader
) -> bool:
    """Return whether all that the queries open fits what was sent before."""
    log_size = log_rows + air.profile.log_blowup
    rows: dict[int, list[int]] = {2 * q + side: [] for q in queries for side in (0, 1)}
    columns = (air.columns, air.second_columns)
    for root, count in zip(sent.trace_roots, columns, strict=False):
        if not open_rows(reader, root, log_size, count, rows):
            return False
    pairs: dict[int, list[int]] = {q: [] for q in queries}
    if not open_rows(reader, sent.composition_root, log_size - 1, 2 * air.parts, pairs):
        return False
    known = first_layer(air, log_rows, sent, rows, pairs)
    log_size -= 1
    for root, step, challenge in zip(
        sent.layer_roots, fold_steps(log_rows, air.profile)[1:], sent.folds[1:], strict=True
    ):
        opened = open_layer(reader, root, log_size, step, challenge, known)
        if opened is None:
            return False
        known = opened
        log_size -= step
    reader.finish()
    offset = pow(COSET_OFFSET, 1 << log_rows - log_last_layer(log_rows, air.profile), P)
    return is_last_layer(known, log_size, offset, sent.last)


def open_rows(
    reader: ProofReader, root: bytes, depth: int, count: int, rows: dict[int, list[int]]
) -> bool:
    """Append this many values to each row; return whether they are under the root."""
    hashes = {}
    for index, row in rows.items():
        start = reader.position
        row += reader.raw_elements(count)
        hashes[index] = keccak256(reader.data[start : reader.position])
    return root_of(hashes, depth, reader) == root


def first_layer(
    air: Air,
    log_rows: int,
    sent: Commitments,
    rows: dict[int, list[int]],
    pairs: dict[int, list[int]],
) -> dict[int, Opened]:
    """Return the first folded layer, from what the trace and the composition were opened to.

    It is made of quotients (f(x) - f(z)) / (x - z), one for each value that was claimed at a point
    z outside the domain, weighted by the powers of gamma.
    """
    width = len(air.offsets)
    by_offset, of_parts = weights(air, sent.gamma)
    claimed = [total * TO_WIRE % P for total in claimed_sums(air, sent)]
    places = claimed_places(air, log_rows, sent.point)
    log_half = log_rows + air.profile.log_blowup - 1
    root = root_of_unity(log_half + 1)
    points = [COSET_OFFSET * pow(root, reversed_bits(q, log_half), P) % P for q in pairs]
    # Both points of a pair: x - z and x + z, whose quotients then change sign.
    denominators = [x + sign * z for x in points for z in places for sign in (-1, 1)]
    inverted = iter(inverses([x % P for x in [*points, *denominators]]))
    inverse_points = [next(inverted) for _ in points]
    known = {}
    for (query, parts), inverse in zip(pairs.items(), inverse_points, strict=True):
        at_x = at_opposite = 0
        for k, weight in enumerate([*by_offset, of_parts]):
            if k < width:
                left, right = rows[2 * query], rows[2 * query + 1]
            else:
                left, right = parts[: air.parts], parts[air.parts :]
            at_x += (sum(map(mul, weight, left)) - claimed[k]) % P * next(inverted)
            at_opposite -= (sum(map(mul, weight, right)) - claimed[k]) % P * next(inverted)
        value = (at_x + at_opposite + (at_x - at_opposite) % P * (sent.folds[0] * inverse % P)) % P
        known[query] = Opened(value=value, inverse=inverse * inverse % P)
    return known


def root_of(leaves: Mapping[int, bytes], depth: int, reader: ProofReader) -> bytes:
    """Return the root above these leaf hashes, given by ascending index; at least one."""
    level = dict(leaves)
    for _ in range(depth):
        missing = sum(index ^ 1 not in level for index in level)
        sent = reader.take(missing * NODE_SIZE)
        position = 0
        above: dict[int, bytes] = {}
        for index, node in level.items():
            sibling = level.get(index ^ 1)
            if sibling is None:
                sibling = sent[position : position + NODE_SIZE]
                position += NODE_SIZE
            elif index & 1:
                continue  # Hashed with its left neighbour, which came before it.
            above[index >> 1] = keccak256(sibling + node if index & 1 else node + sibling)
        level = above
    return level[0]


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
    for index, each in known.items():
        point = offset * pow(root, reversed_bits(index, log_size), P) % P
        value = 0
        for coefficient in reversed(last):
            value = (value * point + coefficient) % P
        if value != each.value:
            return False
    return True
