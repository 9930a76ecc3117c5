"""What the queries of a proof open, checked by compiled code: trees, quotients, folds, last layer.

Elements are read as proofs have them, which is their Montgomery form. `reference.py` does the same
in plain integers, in the same order, and answers and refuses alike; the tests hold the two equal.
Knows no AIR: `queries.py` says what to check.
"""

import numpy as np
import numpy.typing as npt

from ...kernels.felt252 import (
    MODULUS,
    P,
    add_limbs,
    decode,
    encode,
    invert_rows,
    multiply_limbs,
    subtract_limbs,
)
from ...kernels.jit import kernel
from ...kernels.keccak import Bytes, octets
from ...kernels.limbs import Elements, Limbs, get, pack, put
from ...kernels.vectors import read_word
from .field import COSET_OFFSET, fold_roots, inverse_roots, root_of_unity
from .hashing import HASH_WORDS, Hashes, hash_leaves, hash_pairs, swapped

Indices = npt.NDArray[np.int64]

HOLDS, FAILS, TRUNCATED, HIGH, TOO_LONG = range(5)
"""What a check comes to. With it comes where the next byte is, or the element at fault."""

SIZE = 32
LOG_SIZE_MAX = 25
LOG_LEAF_MAX = 3
LEAF_MAX = 1 << LOG_LEAF_MAX

ZERO = np.uint64(0)
ZERO_ELEMENT = (ZERO, ZERO, ZERO, ZERO)
TOP = MODULUS[3]

KNOWN_ROOT = bytes.fromhex("ad3228b676f7d3cd4284a5443f17f1962b36e491b30a40b2405849e597ba5fb5")
"""Of a tree of two zero leaves: the Keccak-256 of 64 zero bytes, as Ethereum's deposits have it."""

LEVELS = encode([root_of_unity(bit + 1) for bit in range(LOG_SIZE_MAX)])
"""Of a bit-reversed domain: what bit b of an index multiplies its first point by."""


def table(rows: list[tuple[int, ...]]) -> Elements:
    """Return rows of elements, each filled up to the largest leaf."""
    return encode([x for row in rows for x in (*row, *[0] * (LEAF_MAX - len(row)))])


FOLD_ROOTS = table([fold_roots(log_leaf) for log_leaf in range(LOG_LEAF_MAX + 1)])
INVERSE_ROOTS = table([inverse_roots(log_leaf) for log_leaf in range(LOG_LEAF_MAX + 1)])


@kernel("UniTuple(int64, 2)(uint8[::1], int64, uint64[:, ::1])")
def read_elements(data: Bytes, position: int, out: Elements) -> tuple[int, int]:
    """Read as many elements as `out` has rows."""
    count = out.shape[0]
    if position + count * SIZE > data.shape[0]:
        return TRUNCATED, position
    for row in range(count):
        for limb in range(4):
            out[row, 3 - limb] = swapped(read_word(data, position + 8 * limb))
        low = out[row, 0] | out[row, 1] | out[row, 2]
        # P is its top limb and a 1.
        if out[row, 3] > TOP or (out[row, 3] == TOP and low != ZERO):
            return HIGH, position
        position += SIZE
    return HOLDS, position


@kernel("UniTuple(int64, 2)(uint8[::1], int64, int64[::1], uint64[:, ::1], int64, uint8[::1])")
def climb(
    data: Bytes, position: int, places: Indices, hashes: Hashes, depth: int, root: Bytes
) -> tuple[int, int]:
    """Hash leaves, by ascending place, with the nodes that are sent up to the root."""
    count = places.shape[0]
    level = places.copy()
    pairs = np.empty((2 * count, HASH_WORDS), np.uint64)
    above = hashes.copy()
    for _ in range(depth):
        made = 0
        i = 0
        while i < count:
            place = level[i]
            left = place & 1
            both = left == 0 and i + 1 < count and level[i + 1] == place + 1
            for word in range(HASH_WORDS):
                pairs[2 * made + left, word] = above[i, word]
            if both:
                for word in range(HASH_WORDS):
                    pairs[2 * made + 1, word] = above[i + 1, word]
                i += 1
            else:
                if position + SIZE > data.shape[0]:
                    return TRUNCATED, position
                for word in range(HASH_WORDS):
                    pairs[2 * made + 1 - left, word] = read_word(data, position + 8 * word)
                position += SIZE
            level[made] = place >> 1
            made += 1
            i += 1
        hash_pairs(pairs[: 2 * made], above[:made])
        count = made
    for word in range(HASH_WORDS):
        if above[0, word] != read_word(root, 8 * word):
            return FAILS, position
    return HOLDS, position


@kernel(
    "UniTuple(int64, 2)(uint8[::1], int64, int64[::1], uint64[:, :, ::1], int64, int64, uint8[::1])"
)
def open_rows(
    data: Bytes,
    position: int,
    places: Indices,
    columns: Elements,
    group: int,
    depth: int,
    root: Bytes,
) -> tuple[int, int]:
    """Read rows into columns, by column and row, `group` of which are one leaf under the root."""
    width, count = columns.shape[0], columns.shape[1]
    values = np.empty((width * count, 4), np.uint64)
    status, position = read_elements(data, position, values)
    if status != HOLDS:
        return status, position
    for row in range(count):
        for column in range(width):
            put(columns[column], row, get(values, row * width + column))
    hashes = np.empty((count // group, HASH_WORDS), np.uint64)
    hash_leaves(columns, group, hashes)
    return climb(data, position, places, hashes, depth, root)


@kernel("UniTuple(uint64, 4)(UniTuple(uint64, 4), int64)")
def point_at(first: Limbs, index: int) -> Limbs:
    """Return the point with this index of a bit-reversed domain."""
    point = first
    bit = 0
    while index:
        if index & 1:
            level = (LEVELS[bit, 0], LEVELS[bit, 1], LEVELS[bit, 2], LEVELS[bit, 3])
            point = multiply_limbs(point, level)
        index >>= 1
        bit += 1
    return point


@kernel(
    "void(uint64[:, :, ::1], uint64[:, ::1], UniTuple(uint64, 4), uint64[:, ::1], uint64[:, ::1])"
)
def add_weighted(
    columns: Elements, weights: Elements, claimed: Limbs, inverses: Elements, out: Elements
) -> None:
    """Add (the weighted sum of each row - claimed) * inverse to `out`."""
    for row in range(out.shape[0]):
        total = ZERO_ELEMENT
        for column in range(columns.shape[0]):
            value = multiply_limbs(get(weights, column), get(columns[column], row))
            total = add_limbs(total, value)
        total = multiply_limbs(subtract_limbs(total, claimed), get(inverses, row))
        put(out, row, add_limbs(get(out, row), total))


@kernel(
    "void(int64[::1], uint64[:, :, ::1], uint64[:, :, ::1], uint64[:, :, ::1], uint64[:, ::1],"
    " uint64[:, ::1], uint64[:, ::1], UniTuple(uint64, 4), UniTuple(uint64, 4), uint64[:, ::1],"
    " uint64[:, ::1])"
)
def first_layer(
    queries: Indices,
    columns: Elements,
    parts: Elements,
    weights: Elements,
    part_weights: Elements,
    claimed: Elements,
    places: Elements,
    offset: Limbs,
    challenge: Limbs,
    values: Elements,
    inverses: Elements,
) -> None:
    """Write the first folded layer at the queries, and the inverses of its points.

    `weights` are by row offset; `claimed` and `places` too, with those of the parts behind them.
    """
    count = queries.shape[0]
    width = weights.shape[0]
    points = np.empty((2 * count, 4), np.uint64)
    for i in range(count):
        point = point_at(offset, 2 * queries[i])
        put(points, 2 * i, point)
        put(points, 2 * i + 1, subtract_limbs(ZERO_ELEMENT, point))
    quotients = np.zeros((2 * count, 4), np.uint64)
    differences = np.empty((2 * count, 4), np.uint64)
    for k in range(width + 1):
        for i in range(2 * count):
            put(differences, i, subtract_limbs(get(points, i), get(places, k)))
        invert_rows(differences)
        if k < width:
            add_weighted(columns, weights[k], get(claimed, k), differences, quotients)
        else:
            add_weighted(parts, part_weights, get(claimed, k), differences, quotients)
    invert_rows(points)
    for i in range(count):
        a, b = get(quotients, 2 * i), get(quotients, 2 * i + 1)
        inverse = get(points, 2 * i)
        difference = multiply_limbs(subtract_limbs(a, b), multiply_limbs(challenge, inverse))
        put(values, i, add_limbs(add_limbs(a, b), difference))
        put(inverses, i, multiply_limbs(inverse, inverse))


@kernel("void(uint64[:, ::1], int64, UniTuple(uint64, 4), UniTuple(uint64, 4))")
def fold_leaf(values: Elements, log_leaf: int, inverse: Limbs, challenge: Limbs) -> None:
    """Join a leaf's values into its first one."""
    for level in range(log_leaf, 0, -1):
        factor = multiply_limbs(challenge, inverse)
        for i in range(1 << (level - 1)):
            a, b = get(values, 2 * i), get(values, 2 * i + 1)
            j = level * LEAF_MAX + i
            root = (
                INVERSE_ROOTS[j, 0],
                INVERSE_ROOTS[j, 1],
                INVERSE_ROOTS[j, 2],
                INVERSE_ROOTS[j, 3],
            )
            turned = multiply_limbs(factor, root)
            difference = multiply_limbs(subtract_limbs(a, b), turned)
            put(values, i, add_limbs(add_limbs(a, b), difference))
        inverse = multiply_limbs(inverse, inverse)
        challenge = multiply_limbs(challenge, challenge)


@kernel(
    "UniTuple(int64, 3)(uint8[::1], int64, int64[::1], uint64[:, ::1], uint64[:, ::1], int64,"
    " int64, uint8[::1], UniTuple(uint64, 4))"
)
def open_layer(
    data: Bytes,
    position: int,
    known: Indices,
    values: Elements,
    inverses: Elements,
    log_leaf: int,
    depth: int,
    root: Bytes,
    challenge: Limbs,
) -> tuple[int, int, int]:
    """Replace what is known of a layer by what follows for the next; return also how much it is.

    What is known of a leaf is not in the proof: if it is wrong, so is the leaf's hash.
    """
    size = 1 << log_leaf
    leaves = np.empty(known.shape[0], np.int64)
    count = 0
    for i in range(known.shape[0]):
        leaf = known[i] >> log_leaf
        if count == 0 or leaves[count - 1] != leaf:
            leaves[count] = leaf
            count += 1
    sent = np.empty((count * size - known.shape[0], 4), np.uint64)
    status, position = read_elements(data, position, sent)
    if status != HOLDS:
        return status, position, 0
    whole = np.empty((1, count * size, 4), np.uint64)
    first = np.empty((count, 4), np.uint64)
    seen = taken = 0
    for leaf in range(count):
        for place in range(size):
            row = leaf * size + place
            if seen < known.shape[0] and known[seen] == (leaves[leaf] << log_leaf) + place:
                put(whole[0], row, get(values, seen))
                j = log_leaf * LEAF_MAX + place
                turned = (
                    FOLD_ROOTS[j, 0],
                    FOLD_ROOTS[j, 1],
                    FOLD_ROOTS[j, 2],
                    FOLD_ROOTS[j, 3],
                )
                put(first, leaf, multiply_limbs(get(inverses, seen), turned))
                seen += 1
            else:
                put(whole[0], row, get(sent, taken))
                taken += 1
    hashes = np.empty((count, HASH_WORDS), np.uint64)
    hash_leaves(whole, size, hashes)
    status, position = climb(data, position, leaves[:count], hashes, depth, root)
    if status != HOLDS:
        return status, position, 0
    for leaf in range(count):
        inverse = get(first, leaf)
        content = whole[0, leaf * size : (leaf + 1) * size]
        fold_leaf(content, log_leaf, inverse, challenge)
        put(values, leaf, get(content, 0))
        for _ in range(log_leaf):
            inverse = multiply_limbs(inverse, inverse)
        put(inverses, leaf, inverse)
        known[leaf] = leaves[leaf]
    return HOLDS, position, count


@kernel("boolean(int64[::1], uint64[:, ::1], UniTuple(uint64, 4), uint64[:, ::1])")
def is_last_layer(known: Indices, values: Elements, offset: Limbs, last: Elements) -> bool:
    """Return whether the values are those of the polynomial with these coefficients."""
    for i in range(known.shape[0]):
        point = point_at(offset, known[i])
        value = ZERO_ELEMENT
        for step in range(last.shape[0]):
            coefficient = get(last, last.shape[0] - 1 - step)
            value = add_limbs(multiply_limbs(value, point), coefficient)
        for limb in range(4):
            if value[limb] != values[i, limb]:
                return False
    return True


def element(value: int) -> Limbs:
    """Return an integer as limbs in Montgomery form."""
    return get(encode([value]), 0)


def check(
    *,
    data: bytes,
    position: int,
    log_size: int,
    queries: list[int],
    trace_roots: list[bytes],
    widths: list[int],
    parts: int,
    parts_root: bytes,
    weights: list[list[int]],
    part_weights: list[int],
    claimed: list[int],
    places: list[int],
    layer_roots: list[bytes],
    steps: list[int],
    challenges: list[int],
    last_offset: int,
    last: list[int],
) -> tuple[int, int]:
    """Return what the openings from this position on come to, and where that was found.

    The domain has 2**log_size points; `queries` ascend, each a pair of them. `weights` are by row
    offset and column, `claimed` and `places` by row offset, with those of the parts behind them.
    `steps` are log2 of what each fold joins, the first a pair. `last` is in Montgomery form.
    """
    proof = octets(data)
    chosen = np.array(queries, np.int64)
    rows = np.repeat(2 * chosen, 2)
    rows[1::2] += 1
    trees = [(root, width, 1, rows) for root, width in zip(trace_roots, widths, strict=True)]
    opened = []
    for root, width, group, leaves in [*trees, (parts_root, parts, 2, chosen)]:
        columns = np.empty((width, len(rows), 4), np.uint64)
        depth = log_size - group + 1
        found = open_rows(proof, position, leaves, columns, group, depth, octets(root))
        status, position = found
        if status != HOLDS:
            return found
        opened.append(columns)
    values, inverses = np.empty((2, len(queries), 4), np.uint64)
    first_layer(
        chosen,
        np.concatenate(opened[:-1]),
        opened[-1],
        np.stack([encode(each) for each in weights]),
        encode(part_weights),
        encode(claimed),
        encode(places),
        element(COSET_OFFSET),
        element(challenges[0]),
        values,
        inverses,
    )
    layers = list(zip(layer_roots, steps[1:], challenges[1:], strict=True))
    status, position, count = open_layers(
        proof, position, chosen, values, inverses, log_size - 1, layers
    )
    if status != HOLDS:
        return status, position
    if position != len(data):
        return TOO_LONG, position
    fits = is_last_layer(chosen[:count], values, element(last_offset), pack(last))
    return HOLDS if fits else FAILS, position


def open_layers(
    proof: Bytes,
    position: int,
    known: Indices,
    values: Elements,
    inverses: Elements,
    log_size: int,
    layers: list[tuple[bytes, int, int]],
) -> tuple[int, int, int]:
    """Do `open_layer` for each root, log2 of a leaf and challenge."""
    count = len(known)
    for root, step, challenge in layers:
        log_size -= step
        status, position, count = open_layer(
            proof,
            position,
            known[:count],
            values,
            inverses,
            step,
            log_size,
            octets(root),
            element(challenge),
        )
        if status != HOLDS:
            return status, position, 0
    return HOLDS, position, count


def self_test() -> bool:
    """Return whether a pair that was folded by hand folds, and its leaf has the root it has."""
    values = encode([7, 3])
    fold_leaf(values, 1, element(pow(5, -1, P)), element(11))
    expected = (7 + 3 + 11 * (7 - 3) * pow(5, -1, P)) % P
    hashes = np.zeros((2, HASH_WORDS), np.uint64)
    proof = octets(b"")
    root = octets(KNOWN_ROOT)
    status, _ = climb(proof, 0, np.arange(2), hashes, 1, root)
    return decode(values)[0] == expected and status == HOLDS
