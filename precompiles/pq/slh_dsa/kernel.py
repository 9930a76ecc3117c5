"""The hypertree and the FORS trees of SLH-DSA (FIPS 205, sections 5 to 8), eight hashes at a time.

A hash value is a row of n / 8 words of 64 bits: big end first for SHA-2, little end first for
SHAKE. What is hashed side by side stands in the columns of `work`, one lane each: eight leaves of a
tree when signing, eight chains or eight FORS trees when verifying. Where a value waits for the one
before it, seven lanes idle.
Knows no message and no digest (message.py). `reference.py` is the twin.
"""

import numpy as np
import numpy.typing as npt

from ...kernels.jit import kernel, part
from ...kernels.keccak import permutation_8, permute_8
from ...kernels.sha2 import IV_256, IV_512, LANES, compress_256, compress_512
from . import chains
from .message import Position
from .parameters import PARAMETER_SETS, WINTERNITZ, ParameterSet

# The first keys of these sets in NIST's ACVP samples: SK.seed, PK.seed and PK.root.
KNOWN_ROOTS = (
    (
        0x01,
        ("c42bcb3b5a6f331f5cce899253c6d9e2", "a868f1bd5debc12d4c9fad66aabd0a94"),
        "b546df247be4c457f3d467cdfcfabd39",
    ),
    (
        0x03,
        (
            "a021b4b9d6dee168722bc10225e50a946642af630c3c7c7d",
            "ee4823d09e79854706daa80ae3179b5bc8c2e9409d6328a3",
        ),
        "3577fd584bc0784c559cdb2437a46f7f753c336369419acf",
    ),
    (
        0x11,
        ("3956ab391b4d22fc907af0740326d061", "56505c229f4e7fa6b201714c7dcc9da3"),
        "66578f1f24c3fe371c97c14ce0e79cdc",
    ),
)

Words = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int64]

# What a set is for the kernels: an array with these entries.
SHAKE, WORDS, CHAINS, LAYERS, HEIGHT, FORS_HEIGHT, FORS_TREES = range(7)

# The rows of `work`.
STATE = 0  # Of the hash: its result is in the first rows.
BLOCK = STATE + 25
ADDRESS = BLOCK + 16
VALUES = ADDRESS + 4  # A row more than the longest value: SHA-2's padding begins behind each.
SPONGE = VALUES + 5  # The state before a permutation, in chains.
MESSAGE = SPONGE + 25
WORK_ROWS = MESSAGE + 67 * 4  # As many words as the longest message has: all ends of a 256-bit key.

# The rows of `seeds`, the same in all lanes.
PK_SEED = 0  # For SHAKE. For SHA-2 the states after a block that begins with it:
STATE_256 = 0
STATE_512 = 4
CHAIN = 12  # For SHA-256: see chains.py.
SK_SEED = CHAIN + chains.ROWS
SEED_ROWS = SK_SEED + 4

WOTS_HASH, WOTS_PK, TREE, FORS_TREE, FORS_ROOTS, WOTS_PRF, FORS_PRF = range(7)

LAST = WINTERNITZ - 1
RATE = 17  # Words of SHAKE256's state that take a message.
NONE = -1

# Numba types a bare literal as int64, and int64 with uint64 makes float64: constants are uint64.
ONE = np.uint64(1)
LOW_HALF = np.uint64(0xFFFF_FFFF)
BYTE = np.uint64(8)
QUARTER = np.uint64(16)
HALF = np.uint64(32)
THREE_QUARTERS = np.uint64(48)
TO_TOP_BYTE = np.uint64(56)
SHA2_END = np.uint64(0x8000)  # The bit after a message that ends in the middle of a word.
SHAKE_END = np.uint64(0x1F)
RATE_END = np.uint64(1 << 63)
SHA2_PADDING = np.uint64(1 << 63)
SWAPPED_STEP = np.uint64(1 << 56)  # One more in the last byte of the address.
ALL_ONES = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
EVEN_BYTES = np.uint64(0x00FF_00FF_00FF_00FF)
EVEN_QUARTERS = np.uint64(0x0000_FFFF_0000_FFFF)


@kernel("uint64(uint64)")
def swapped(x: np.uint64) -> np.uint64:
    """Return a word with its bytes in reverse."""
    x = ((x >> BYTE) & EVEN_BYTES) | ((x & EVEN_BYTES) << BYTE)
    x = ((x >> QUARTER) & EVEN_QUARTERS) | ((x & EVEN_QUARTERS) << QUARTER)
    return (x >> HALF) | (x << HALF)


@kernel("void(uint64[:, ::1], int64, int64, int64, int64)")
def fill(work: Words, row: int, high: int, low: int, step: int) -> None:
    """Write two 32-bit fields of the address; the second rises by `step` from lane to lane."""
    for lane in range(LANES):
        work[row, lane] = (np.uint64(high) << HALF) | np.uint64(low + step * lane)


@kernel("void(uint64[:, ::1], int64, uint64)")
def place(work: Words, layer: int, tree: np.uint64) -> None:
    """Write layer and tree of the address."""
    for lane in range(LANES):
        work[ADDRESS, lane] = np.uint64(layer) << HALF
        work[ADDRESS + 1, lane] = tree


@kernel("void(uint64[:, ::1], int64, uint64[:, ::1], int64, int64)")
def copy(target: Words, to: int, source: Words, start: int, count: int) -> None:
    """Copy rows."""
    for row in range(count):
        for lane in range(LANES):
            target[to + row, lane] = source[start + row, lane]


@kernel("void(uint64[:, ::1], int64)")
def swap_address(work: Words, to: int) -> None:
    """Write the address as SHAKE reads it."""
    for row in range(4):
        for lane in range(LANES):
            work[to + row, lane] = swapped(work[ADDRESS + row, lane])


@kernel("void(uint64[:, ::1], int64, int64)")
def clear(work: Words, start: int, end: int) -> None:
    """Fill rows with zeros."""
    for row in range(start, end):
        for lane in range(LANES):
            work[row, lane] = np.uint64(0)


@part
def hash_shake(
    work: Words, seeds: Words, words: int, source: Words, start: int, count: int
) -> None:
    """SHAKE256(PK.seed || ADRS || message) in every lane: section 11.1."""
    clear(work, STATE, BLOCK)
    copy(work, STATE, seeds, PK_SEED, words)
    swap_address(work, STATE + words)
    position = words + 4
    for row in range(count):
        if position == RATE:
            permute_8(work[STATE:BLOCK])
            position = 0
        for lane in range(LANES):
            work[STATE + position, lane] ^= source[start + row, lane]
        position += 1
    if position == RATE:
        permute_8(work[STATE:BLOCK])
        position = 0
    for lane in range(LANES):
        work[STATE + position, lane] ^= SHAKE_END
        work[STATE + RATE - 1, lane] ^= RATE_END
    permute_8(work[STATE:BLOCK])


@part
def compress(work: Words, size: int) -> None:
    """Take the block into the state: of SHA-256 when it has 8 words, of SHA-512 when it has 16."""
    if size == 8:
        compress_256(work[STATE:BLOCK], work[BLOCK:ADDRESS])
    else:
        compress_512(work[STATE:BLOCK], work[BLOCK:ADDRESS])


@kernel("void(uint64[:, ::1], uint64[:, ::1], int64)")
def begin_block(work: Words, source: Words, start: int) -> None:
    """Write the compressed address and 16 bits of the message: three rows of a block of SHA-2."""
    for lane in range(LANES):
        layer, tree = work[ADDRESS, lane], work[ADDRESS + 1, lane]
        key, place = work[ADDRESS + 2, lane], work[ADDRESS + 3, lane]
        work[BLOCK, lane] = (layer >> HALF) << TO_TOP_BYTE | tree >> BYTE
        work[BLOCK + 1, lane] = (
            tree << TO_TOP_BYTE
            | (key >> HALF) << THREE_QUARTERS
            | (key & LOW_HALF) << QUARTER
            | place >> THREE_QUARTERS
        )
        work[BLOCK + 2, lane] = place << QUARTER | source[start, lane] >> THREE_QUARTERS


@part
def hash_sha2(
    work: Words, seeds: Words, first: int, size: int, source: Words, start: int, count: int
) -> None:
    """SHA-2(PK.seed || zeros || ADRS compressed || message) in every lane: section 11.2.

    `size` is the number of words in a block. The compressed address has 22 bytes, so every word of
    the message is split, 16 bits to 48.
    """
    copy(work, STATE, seeds, first, size // 2)
    begin_block(work, source, start)
    filled = 3
    for i in range(start, start + count - 1):
        if filled == size:
            compress(work, size)
            filled = 0
        for lane in range(LANES):
            word = source[i, lane] << QUARTER | source[i + 1, lane] >> THREE_QUARTERS
            work[BLOCK + filled, lane] = word
        filled += 1
    if filled == size:
        compress(work, size)
        filled = 0
    for lane in range(LANES):
        work[BLOCK + filled, lane] = source[start + count - 1, lane] << QUARTER | SHA2_END
    filled += 1
    if filled > size - size // 8:  # No room for the length.
        clear(work, BLOCK + filled, BLOCK + size)
        compress(work, size)
        filled = 0
    clear(work, BLOCK + filled, BLOCK + size - 1)
    bits = np.uint64(64 * size + 8 * 22 + 64 * count)
    for lane in range(LANES):
        work[BLOCK + size - 1, lane] = bits
    compress(work, size)


@kernel("void(int64[::1], uint64[:, ::1], uint64[:, ::1], int64, int64)")
def tweaked(shape: Numbers, seeds: Words, work: Words, start: int, count: int) -> None:
    """Leave F, H, T_l or PRF in the state: of `count` words a lane, from the row `start` of work.

    For the rows of SK.seed, see `secret`.
    """
    words = shape[WORDS]
    if shape[SHAKE]:
        hash_shake(work, seeds, words, work, start, count)
    elif words == 2 or count == words:
        hash_sha2(work, seeds, STATE_256, 8, work, start, count)
    else:
        hash_sha2(work, seeds, STATE_512, 16, work, start, count)


@part
def secret(shape: Numbers, seeds: Words, work: Words) -> None:
    """Put PRF of SK.seed into the values."""
    copy(work, VALUES, seeds, SK_SEED, shape[WORDS])
    tweaked(shape, seeds, work, VALUES, shape[WORDS])
    copy(work, VALUES, work, STATE, shape[WORDS])


@part
def advance_sha2(work: Words, seeds: Words, words: int, steps: int) -> None:
    """Take the values that many steps along their chains with SHA-256."""
    begin_block(work, work, VALUES)
    bits = np.uint64(64 * 8 + 8 * 22 + 64 * words)
    for lane in range(LANES):
        for i in range(4):
            word = work[VALUES + i, lane] << QUARTER | work[VALUES + i + 1, lane] >> THREE_QUARTERS
            work[BLOCK + 3 + i, lane] = word
        work[BLOCK + 7, lane] = bits
    for _ in range(steps):
        chains.step(work[BLOCK:ADDRESS], seeds[CHAIN:SK_SEED])
    for lane in range(LANES):
        for i in range(words):
            work[VALUES + i, lane] = (
                work[BLOCK + 2 + i, lane] << THREE_QUARTERS | work[BLOCK + 3 + i, lane] >> QUARTER
            )


@part
def advance_shake(work: Words, seeds: Words, words: int, steps: int) -> None:
    """Take the values that many steps along their chains with SHAKE256."""
    value = SPONGE + words + 4
    clear(work, SPONGE, SPONGE + 25)
    copy(work, SPONGE, seeds, PK_SEED, words)
    swap_address(work, SPONGE + words)
    copy(work, value, work, VALUES, words)
    for lane in range(LANES):
        work[value + words, lane] = SHAKE_END
        work[SPONGE + RATE - 1, lane] = RATE_END
    for _ in range(steps):
        permutation_8(work[SPONGE:MESSAGE], work[STATE:BLOCK])
        for lane in range(LANES):
            work[value - 1, lane] += SWAPPED_STEP
        copy(work, value, work, STATE, words)
    copy(work, VALUES, work, value, words)


@kernel("void(int64[::1], uint64[:, ::1], uint64[:, ::1], int64)")
def advance(shape: Numbers, seeds: Words, work: Words, steps: int) -> None:
    """Take the values that many steps along their chains, with the address: algorithm 5."""
    if shape[SHAKE]:
        advance_shake(work, seeds, shape[WORDS], steps)
    else:
        advance_sha2(work, seeds, shape[WORDS], steps)
    for lane in range(LANES):
        work[ADDRESS + 3, lane] += np.uint64(steps)


@kernel("void(int64[::1], uint64[::1], int64[::1])")
def wots_digits(shape: Numbers, value: Words, digits: Numbers) -> None:
    """Write the digits of a hash value and of their checksum, four bits each."""
    count = 16 * shape[WORDS]
    checksum = 0
    for i in range(count):
        word = swapped(value[i // 16]) if shape[SHAKE] else value[i // 16]
        digits[i] = np.int64(word >> np.uint64(60 - 4 * (i % 16))) & LAST
        checksum += LAST - digits[i]
    for i in range(3):
        digits[count + i] = checksum >> (8 - 4 * i) & LAST


@part
def wots_leaves(
    shape: Numbers,
    seeds: Words,
    work: Words,
    first: int,
    leaves: Words,
    signer: int,
    digits: Numbers,
    signature: Words,
) -> None:
    """Write the public keys of eight key pairs, one a lane: algorithm 6.

    The lane `signer`, if it is not NONE, also writes its signature of the digits: algorithm 7.
    """
    words = shape[WORDS]
    for i in range(shape[CHAINS]):
        fill(work, ADDRESS + 2, WOTS_PRF, first, 1)
        fill(work, ADDRESS + 3, i, 0, 0)
        secret(shape, seeds, work)
        fill(work, ADDRESS + 2, WOTS_HASH, first, 1)
        done = 0
        if signer != NONE:
            done = digits[i]
            advance(shape, seeds, work, done)
            for word in range(words):
                signature[i, word] = work[VALUES + word, signer]
        advance(shape, seeds, work, LAST - done)
        copy(work, MESSAGE + i * words, work, VALUES, words)
    fill(work, ADDRESS + 2, WOTS_PK, first, 1)
    fill(work, ADDRESS + 3, 0, 0, 0)
    tweaked(shape, seeds, work, MESSAGE, shape[CHAINS] * words)
    for lane in range(LANES):
        for word in range(words):
            leaves[first + lane, word] = work[STATE + word, lane]


@part
def merge(
    shape: Numbers,
    seeds: Words,
    work: Words,
    nodes: Words,
    height: int,
    first: int,
    leaf: int,
    path: Words,
) -> None:
    """Reduce the leaves of a tree to its root in row 0, eight nodes at a time: algorithm 9.

    The first leaf has the index `first`. Writes the authentication path of the leaf to `path`. The
    address has its layer, tree, type and key pair already.
    """
    words = shape[WORDS]
    for level in range(height):
        for word in range(words):
            path[level, word] = nodes[leaf >> level ^ 1, word]
        above = 1 << (height - level - 1)
        for start in range(0, above, LANES):
            used = min(LANES, above - start)
            for lane in range(used):
                for word in range(words):
                    left = nodes[2 * (start + lane), word]
                    work[MESSAGE + word, lane] = left
                    right = nodes[2 * (start + lane) + 1, word]
                    work[MESSAGE + words + word, lane] = right
            fill(work, ADDRESS + 3, level + 1, (first >> (level + 1)) + start, 1)
            tweaked(shape, seeds, work, MESSAGE, 2 * words)
            for lane in range(used):
                for word in range(words):
                    nodes[start + lane, word] = work[STATE + word, lane]


@kernel(
    "void(int64[::1], uint64[:, ::1], uint64[:, ::1], int64, uint64, int64, uint64[:, ::1],"
    " int64[::1], uint64[:, ::1])"
)
def xmss(
    shape: Numbers,
    seeds: Words,
    work: Words,
    layer: int,
    tree: np.uint64,
    leaf: int,
    nodes: Words,
    digits: Numbers,
    signature: Words,
) -> None:
    """Leave the root of a tree in row 0 of the nodes, and sign the digits: algorithms 9 and 10."""
    place(work, layer, tree)
    height = shape[HEIGHT]
    for first in range(0, 1 << height, LANES):
        signer = leaf - first if first <= leaf < first + LANES else NONE
        wots_leaves(shape, seeds, work, first, nodes, signer, digits, signature)
    fill(work, ADDRESS + 2, TREE, 0, 0)
    merge(shape, seeds, work, nodes, height, 0, leaf, signature[shape[CHAINS] :])


@part
def fors_sign(
    shape: Numbers,
    seeds: Words,
    work: Words,
    indices: Numbers,
    tree: np.uint64,
    leaf: int,
    nodes: Words,
    signature: Words,
) -> None:
    """Write a FORS signature; leave its public key in row 0 of the nodes: algorithms 14 to 16."""
    words, height, trees = shape[WORDS], shape[FORS_HEIGHT], shape[FORS_TREES]
    roots = np.empty((trees, words), np.uint64)
    place(work, 0, tree)
    for i in range(trees):
        part = signature[i * (1 + height) :]
        base = i << height
        for first in range(0, 1 << height, LANES):
            fill(work, ADDRESS + 2, FORS_PRF, leaf, 0)
            fill(work, ADDRESS + 3, 0, base + first, 1)
            secret(shape, seeds, work)
            if first <= indices[i] < first + LANES:
                for word in range(words):
                    part[0, word] = work[VALUES + word, indices[i] - first]
            fill(work, ADDRESS + 2, FORS_TREE, leaf, 0)
            tweaked(shape, seeds, work, VALUES, words)
            for lane in range(LANES):
                for word in range(words):
                    nodes[first + lane, word] = work[STATE + word, lane]
        merge(shape, seeds, work, nodes, height, base, indices[i], part[1:])
        for word in range(words):
            roots[i, word] = nodes[0, word]
    for i in range(trees):
        for word in range(words):
            work[MESSAGE + i * words + word, 0] = roots[i, word]
    fill(work, ADDRESS + 2, FORS_ROOTS, leaf, 0)
    fill(work, ADDRESS + 3, 0, 0, 0)
    tweaked(shape, seeds, work, MESSAGE, trees * words)
    for word in range(words):
        nodes[0, word] = work[STATE + word, 0]


@kernel("uint64[:, ::1](int64[::1])")
def workspace(shape: Numbers) -> Words:
    """Return the rows that everything is hashed in."""
    work = np.zeros((WORK_ROWS, LANES), np.uint64)
    for lane in range(LANES):
        work[VALUES + shape[WORDS], lane] = SHA2_PADDING
    return work


@kernel(
    "void(int64[::1], uint64[:, ::1], int64[::1], uint64, int64, uint64[:, ::1], uint64[:, ::1])"
)
def sign_trees(
    shape: Numbers,
    seeds: Words,
    indices: Numbers,
    tree: np.uint64,
    leaf: int,
    nodes: Words,
    signature: Words,
) -> None:
    """Write FORS and hypertree signatures: algorithm 19 from line 12 on, with algorithm 12."""
    work = workspace(shape)
    digits = np.empty(shape[CHAINS], np.int64)
    fors_sign(shape, seeds, work, indices, tree, leaf, nodes, signature)
    done = shape[FORS_TREES] * (1 + shape[FORS_HEIGHT])
    for layer in range(shape[LAYERS]):
        wots_digits(shape, nodes[0], digits)
        xmss(shape, seeds, work, layer, tree, leaf, nodes, digits, signature[done:])
        done += shape[CHAINS] + shape[HEIGHT]
        leaf = int(np.int64(tree) & ((1 << shape[HEIGHT]) - 1))
        tree >>= np.uint64(shape[HEIGHT])


@part
def climb(
    shape: Numbers,
    seeds: Words,
    work: Words,
    indices: Numbers,
    used: int,
    paths: Words,
    stride: int,
    height: int,
) -> None:
    """Take the values of the first `used` lanes up to the roots above them: algorithms 11 and 17.

    Lane i starts at the leaf `indices[i]`; its path begins in row `i * stride`.
    """
    words = shape[WORDS]
    for level in range(height):
        for lane in range(used):
            right = indices[lane] >> level & 1
            for word in range(words):
                own = words * right + word
                other = words - words * right + word
                work[MESSAGE + own, lane] = work[VALUES + word, lane]
                work[MESSAGE + other, lane] = paths[lane * stride + level, word]
            work[ADDRESS + 3, lane] = np.uint64(level + 1) << HALF | np.uint64(
                indices[lane] >> (level + 1)
            )
        tweaked(shape, seeds, work, MESSAGE, 2 * words)
        copy(work, VALUES, work, STATE, words)


@kernel("int64[::1](int64[::1])")
def longest_first(digits: Numbers) -> Numbers:
    """Return the chains in the order of their digits, by counting."""
    ends = np.zeros(WINTERNITZ + 1, np.int64)
    for i in range(digits.size):
        ends[digits[i] + 1] += 1
    for digit in range(WINTERNITZ):
        ends[digit + 1] += ends[digit]
    order = np.empty(digits.size, np.int64)
    for i in range(digits.size):
        order[ends[digits[i]]] = i
        ends[digits[i]] += 1
    return order


@part
def finish_chains(
    shape: Numbers, seeds: Words, work: Words, digits: Numbers, values: Words
) -> None:
    """Put the ends of all chains, of lane 0, into the message: algorithm 8 but for its last line.

    The longest chains start first. A lane whose chain ends takes the next one.
    """
    words, chains = shape[WORDS], shape[CHAINS]
    left = np.zeros(LANES, np.int64)
    chain = np.zeros(LANES, np.int64)
    order = longest_first(digits)
    begun = ended = 0
    while ended < chains:
        for lane in range(LANES):
            while left[lane] == 0 and begun < chains:
                i = order[begun]
                begun += 1
                for word in range(words):
                    work[VALUES + word, lane] = values[i, word]
                    work[MESSAGE + i * words + word, 0] = values[i, word]
                work[ADDRESS + 3, lane] = np.uint64(i) << HALF | np.uint64(digits[i])
                chain[lane] = i
                left[lane] = LAST - digits[i]
                if left[lane] == 0:
                    ended += 1
        steps = LAST if ended < chains else 0
        for lane in range(LANES):
            if left[lane] > 0:
                steps = min(steps, left[lane])
        advance(shape, seeds, work, steps)
        for lane in range(LANES):
            if left[lane] > 0:
                left[lane] -= steps
                if left[lane] == 0:
                    ended += 1
                    for word in range(words):
                        work[MESSAGE + chain[lane] * words + word, 0] = work[VALUES + word, lane]


@part
def fors_root(
    shape: Numbers,
    seeds: Words,
    work: Words,
    indices: Numbers,
    tree: np.uint64,
    leaf: int,
    signature: Words,
    root: Words,
) -> None:
    """Write the public key that a FORS signature leads to, eight trees at a time: algorithm 17."""
    words, height, trees = shape[WORDS], shape[FORS_HEIGHT], shape[FORS_TREES]
    roots = np.empty((trees, words), np.uint64)
    leaves = np.zeros(LANES, np.int64)
    place(work, 0, tree)
    fill(work, ADDRESS + 2, FORS_TREE, leaf, 0)
    stride = 1 + height
    for first in range(0, trees, LANES):
        used = min(LANES, trees - first)
        for lane in range(used):
            i = first + lane
            leaves[lane] = (i << height) + indices[i]
            work[ADDRESS + 3, lane] = np.uint64(leaves[lane])
            for word in range(words):
                work[VALUES + word, lane] = signature[i * stride, word]
        tweaked(shape, seeds, work, VALUES, words)
        copy(work, VALUES, work, STATE, words)
        paths = signature[first * stride + 1 :]
        climb(shape, seeds, work, leaves, used, paths, stride, height)
        for lane in range(used):
            for word in range(words):
                roots[first + lane, word] = work[VALUES + word, lane]
    for i in range(trees):
        for word in range(words):
            work[MESSAGE + i * words + word, 0] = roots[i, word]
    fill(work, ADDRESS + 2, FORS_ROOTS, leaf, 0)
    fill(work, ADDRESS + 3, 0, 0, 0)
    tweaked(shape, seeds, work, MESSAGE, trees * words)
    for word in range(words):
        root[word] = work[STATE + word, 0]


@kernel("void(int64[::1], uint64[:, ::1], int64[::1], uint64, int64, uint64[:, ::1], uint64[::1])")
def verify_trees(
    shape: Numbers,
    seeds: Words,
    indices: Numbers,
    tree: np.uint64,
    leaf: int,
    signature: Words,
    root: Words,
) -> None:
    """Write the root that a signature leads to: algorithm 20 from line 14 on, with algorithm 13."""
    words, chains, height = shape[WORDS], shape[CHAINS], shape[HEIGHT]
    work = workspace(shape)
    digits = np.empty(chains, np.int64)
    leaves = np.zeros(LANES, np.int64)
    fors_root(shape, seeds, work, indices, tree, leaf, signature, root)
    done = shape[FORS_TREES] * (1 + shape[FORS_HEIGHT])
    for layer in range(shape[LAYERS]):
        wots_digits(shape, root, digits)
        place(work, layer, tree)
        fill(work, ADDRESS + 2, WOTS_HASH, leaf, 0)
        finish_chains(shape, seeds, work, digits, signature[done:])
        fill(work, ADDRESS + 2, WOTS_PK, leaf, 0)
        fill(work, ADDRESS + 3, 0, 0, 0)
        tweaked(shape, seeds, work, MESSAGE, chains * words)
        copy(work, VALUES, work, STATE, words)
        fill(work, ADDRESS + 2, TREE, 0, 0)
        leaves[0] = leaf
        climb(shape, seeds, work, leaves, 1, signature[done + chains :], height, height)
        for word in range(words):
            root[word] = work[VALUES + word, 0]
        done += chains + height
        leaf = int(np.int64(tree) & ((1 << height) - 1))
        tree >>= np.uint64(height)


def public_root(chosen: ParameterSet, sk_seed: bytes, pk_seed: bytes) -> bytes:
    """Return PK.root: algorithm 18. The signature of zeros that comes with it is dropped."""
    shape, nodes = shape_of(chosen), empty_nodes(chosen)
    xmss(
        shape,
        seed_rows(chosen, pk_seed, sk_seed),
        workspace(shape),
        chosen.d - 1,
        np.uint64(0),
        0,
        nodes,
        np.zeros(chosen.chains, np.int64),
        np.empty((chosen.chains + chosen.tree_height, chosen.n // 8), np.uint64),
    )
    return to_bytes(chosen, nodes[0])


def sign_position(chosen: ParameterSet, sk_seed: bytes, pk_seed: bytes, place: Position) -> bytes:
    """Return a signature but for R."""
    signature = np.empty((chosen.signature_values - 1, chosen.n // 8), np.uint64)
    sign_trees(
        shape_of(chosen),
        seed_rows(chosen, pk_seed, sk_seed),
        np.array(place.fors_leaves, np.int64),
        np.uint64(place.tree),
        place.leaf,
        empty_nodes(chosen),
        signature,
    )
    return to_bytes(chosen, signature)


def signed_root(chosen: ParameterSet, signature: bytes, pk_seed: bytes, place: Position) -> bytes:
    """Return the root that a signature without its R leads to."""
    root = np.empty(chosen.n // 8, np.uint64)
    verify_trees(
        shape_of(chosen),
        seed_rows(chosen, pk_seed, bytes(chosen.n)),
        np.array(place.fors_leaves, np.int64),
        np.uint64(place.tree),
        place.leaf,
        to_words(chosen, signature).reshape(-1, chosen.n // 8),
        root,
    )
    return to_bytes(chosen, root)


def shape_of(chosen: ParameterSet) -> Numbers:
    """Return what the kernels need to know of a set."""
    return np.array(
        [
            chosen.hash == "SHAKE",
            chosen.n // 8,
            chosen.chains,
            chosen.d,
            chosen.tree_height,
            chosen.a,
            chosen.k,
        ],
        np.int64,
    )


def empty_nodes(chosen: ParameterSet) -> Words:
    """Return room for the leaves of one tree of either kind."""
    return np.empty((1 << max(chosen.a, chosen.tree_height), chosen.n // 8), np.uint64)


def seed_rows(chosen: ParameterSet, pk_seed: bytes, sk_seed: bytes) -> Words:
    """Return what every hash begins with, in all lanes, and SK.seed."""
    rows = np.zeros((SEED_ROWS, LANES), np.uint64)
    words = chosen.n // 8
    rows[SK_SEED : SK_SEED + words] = to_words(chosen, sk_seed)[:, None]
    if chosen.hash == "SHAKE":
        rows[PK_SEED : PK_SEED + words] = to_words(chosen, pk_seed)[:, None]
        return rows
    block = np.zeros((16, LANES), np.uint64)
    block[:words] = to_words(chosen, pk_seed)[:, None]
    rows[STATE_256:STATE_512] = START_256[:, None]
    compress_256(rows[STATE_256:STATE_512], block[:8])
    rows[STATE_512:CHAIN] = START_512[:, None]
    compress_512(rows[STATE_512:CHAIN], block)
    rows[CHAIN + chains.STATE : CHAIN + chains.KEPT] = rows[STATE_256:STATE_512]
    rows[CHAIN + chains.KEPT : CHAIN + chains.KEPT + words - 2] = ALL_ONES
    rows[CHAIN + chains.PADDING + words - 2] = SHA2_PADDING
    return rows


def to_words(chosen: ParameterSet, data: bytes) -> Words:
    """Return bytes as words."""
    order = "<u8" if chosen.hash == "SHAKE" else ">u8"
    return np.frombuffer(data, order).astype(np.uint64)


def to_bytes(chosen: ParameterSet, words: Words) -> bytes:
    """Return words as bytes."""
    return words.astype("<u8" if chosen.hash == "SHAKE" else ">u8").tobytes()


START_256 = np.array(IV_256, ">u4").view(">u8").astype(np.uint64)
START_512 = np.array(IV_512, np.uint64)


def self_test() -> bool:
    """Return whether the compiled code gives published roots: of SHA-256, SHA-512 and SHAKE."""
    for number, seeds, root in KNOWN_ROOTS:
        chosen = PARAMETER_SETS[number]
        sk_seed, pk_seed = map(bytes.fromhex, seeds)
        if public_root(chosen, sk_seed, pk_seed).hex() != root:
            return False
    return True
