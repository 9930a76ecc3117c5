"""The Merkle Patricia trie in flat memory: what `tries.py` asks of compiled code.

`heap` holds encoded nodes one behind another, old and new. An item of a node, or a node, is named
by where its encoding begins. The heap starts with the empty string, so 0 is the empty subtrie. A
node that is known by its hash has the reference to it, as its parent holds it, on the heap too:
0xa0 and the hash.

`book` holds all numbers, in parts, of which only the first few are for others to read.

A change is a row of a key, how many nibbles of it count, and where its value stands as an item, 0
to delete. Keys are sorted, and none begins another: so no branch has a value.

What makes something returns where it is; MISSING where it needs a node that is not on the heap,
FULL where the heap has no more room. What is on the heap was made here, or checked against its
hash: its form is not checked again.
"""

import numpy as np
import numpy.typing as npt

from precompiles.kernels.jit import kernel
from precompiles.kernels.keccak import (
    KECCAK,
    LANES,
    LAST_BIT,
    RATE_KECCAK256,
    permute_8,
)
from precompiles.kernels.keccak_f import WORDS

from .memory import load_byte, load_int, move, store8, store64, zero

States = npt.NDArray[np.uint64]

HEAP_BYTES = 16 * 2**20
CHANGES_MAX = 4_000
MISSING, FULL = -1, -2

KEY_BYTES = 32
REFERENCE_BYTES = 33
BRANCH_KIDS = 16
LEVELS = 2 * KEY_BYTES + 2
SHORT_MAX = 55
STRING, LIST, HASHED, SHORT_PATH_ODD, SHORT_PATH_LEAF = 0x80, 0xC0, 0xA0, 0x10, 0x20
HASH_SIZE = 32

# The parts of the book.
USED, ENTRIES, WANTED, SEALED = range(4)
"""Bytes used of the heap; nodes that can be found; the reference that could not be; how many nodes
this update has sealed."""

PATH = 4
PATH_MAX = 2 * KEY_BYTES + 2
KIDS = PATH + PATH_MAX
INDEX = KIDS + LEVELS * BRANCH_KIDS
INDEX_BITS = 17
INDEX_MASK = (1 << INDEX_BITS) - 1
NODES = INDEX + (1 << INDEX_BITS)
NODES_MAX = 1 << (INDEX_BITS - 1)
SEALS = NODES + 2 * NODES_MAX
SEALS_MAX = 1 << 14
REFERENCE, NODE, END, HEIGHT, SEAL = range(5)
"""Of a sealed node: where the reference to it stands, where the node, its end, how many layers of
sealed nodes are below it, and how many numbers that makes."""

VALUES = SEALS + SEAL * SEALS_MAX
ORDER = VALUES + CHANGES_MAX
BUCKETS = ORDER + SEALS_MAX
BLOCKS_TOLD_APART = 8
BUCKET_COUNT = LEVELS * BLOCKS_TOLD_APART
BOOK_SIZE = BUCKETS + BUCKET_COUNT

PENDING = 1 << 40
"""Added to the number of a sealed node: an item that is the reference to it, not yet on the heap.
Hashing waits for the whole update, so that many nodes are hashed side by side."""

GIVEN, FIRST = 1, 1 + REFERENCE_BYTES
"""On the heap: the reference to the root that a caller has named, and what is put there first."""

MARGIN = 700
"""More than a branch of references takes, which is the largest node but for a value."""


@kernel("int64(int64, int64)")
def read(book: int, place: int) -> int:
    """Return a number of the book."""
    return load_int(book + 8 * place)


@kernel("void(int64, int64, int64)")
def write(book: int, place: int, value: int) -> None:
    """Write a number into the book."""
    store64(book + 8 * place, value)


@kernel("int64(int64, int64)")
def inside(heap: int, at: int) -> int:
    """Return where the content of an item begins."""
    first = load_byte(heap + at)
    if first < STRING:
        return at
    length = first & 0x3F
    return at + 1 if length <= SHORT_MAX else at + 1 + length - SHORT_MAX


@kernel("int64(int64, int64)")
def behind(heap: int, at: int) -> int:
    """Return where an item ends."""
    first = load_byte(heap + at)
    if first < STRING:
        return at + 1
    length = first & 0x3F
    if length <= SHORT_MAX:
        return at + 1 + length
    size = 0
    for i in range(length - SHORT_MAX):
        size = size << 8 | load_byte(heap + at + 1 + i)
    return at + 1 + length - SHORT_MAX + size


@kernel("int64(int64, int64, int64, int64)")
def put_header(heap: int, at: int, kind: int, size: int) -> int:
    """Write the beginning of an item with so much content; return where that goes."""
    if size <= SHORT_MAX:
        store8(heap + at, kind + size)
        return at + 1
    width = 1
    while size >> (8 * width) != 0:
        width += 1
    store8(heap + at, kind + SHORT_MAX + width)
    for i in range(width):
        store8(heap + at + 1 + i, size >> (8 * (width - 1 - i)) & 0xFF)
    return at + 1 + width


@kernel("int64(int64, int64, int64, int64)")
def copy_item(heap: int, to: int, begin: int, end: int) -> int:
    """Copy bytes of the heap; return where they end."""
    move(heap + to, heap + begin, end - begin)
    return to + end - begin


@kernel("int64(int64, int64, int64)")
def nibble(keys: int, row: int, i: int) -> int:
    """Return a nibble of a key."""
    pair = load_byte(keys + KEY_BYTES * row + (i >> 1))
    return pair & 15 if i & 1 else pair >> 4


@kernel("int64(int64, int64, int64)")
def find(heap: int, book: int, reference: int) -> int:
    """Return the place in the index where a reference is, or would be."""
    place = 0
    for i in range(1, 7):
        place = place << 8 | load_byte(heap + reference + i)
    place &= INDEX_MASK
    while read(book, INDEX + place) != 0:
        other = read(book, NODES + 2 * (read(book, INDEX + place) - 1))
        i = 1
        while i < REFERENCE_BYTES and load_byte(heap + other + i) == load_byte(
            heap + reference + i
        ):
            i += 1
        if i == REFERENCE_BYTES:
            break
        place = (place + 1) & INDEX_MASK
    return INDEX + place


@kernel("void(int64, int64, int64, int64)")
def remember(heap: int, book: int, reference: int, node: int) -> None:
    """Let a node be found by its reference. There is room for it."""
    place = find(heap, book, reference)
    if read(book, place) == 0:
        count = read(book, ENTRIES)
        write(book, NODES + 2 * count, reference)
        write(book, NODES + 2 * count + 1, node)
        write(book, ENTRIES, count + 1)
        write(book, place, count + 1)


@kernel("int64(int64, int64, int64)")
def resolve(heap: int, book: int, item: int) -> int:
    """Return the node that an item of a branch or an extension stands for."""
    if load_byte(heap + item) != HASHED:
        return item
    entry = read(book, find(heap, book, item))
    if entry == 0:
        write(book, WANTED, item)
        return MISSING
    return read(book, NODES + 2 * (entry - 1) + 1)


@kernel("int64(int64, int64, int64, int64)")
def seal(heap: int, book: int, node: int, end: int) -> int:
    """Note that a node is to be hashed; return what stands for the reference to it."""
    count = read(book, SEALED)
    if count == SEALS_MAX:
        return FULL
    place = SEALS + SEAL * count
    write(book, place + REFERENCE, 0)
    write(book, place + NODE, node)
    write(book, place + END, end)
    write(book, place + HEIGHT, load_byte(heap + node - 1))
    write(book, SEALED, count + 1)
    return PENDING + count


@kernel("int64(int64, int64, int64)")
def refer(heap: int, book: int, item: int) -> int:
    """Return how a parent holds an item: a node whose encoding is not shorter by its hash."""
    if item < 0 or item >= PENDING or load_byte(heap + item) < LIST:
        return item
    end = behind(heap, item)
    if end - item < HASH_SIZE:
        return item
    return seal(heap, book, item, end)


@kernel("int64(int64, int64)")
def size_of(heap: int, item: int) -> int:
    """Return how many bytes an item takes in its parent."""
    return REFERENCE_BYTES if item >= PENDING else behind(heap, item) - item


@kernel("int64(int64, int64, int64, int64, int64)")
def put_item(heap: int, book: int, at: int, item: int, parent: int) -> int:
    """Write an item into its parent; return where it ends."""
    if item < PENDING:
        return copy_item(heap, at, item, behind(heap, item))
    place = SEALS + SEAL * (item - PENDING)
    write(book, place + REFERENCE, at)
    store8(heap + parent - 1, max(load_byte(heap + parent - 1), read(book, place + HEIGHT) + 1))
    store8(heap + at, HASHED)
    return at + REFERENCE_BYTES


@kernel("int64(int64, int64, int64)")
def put_branch(heap: int, book: int, kids: int) -> int:
    """Write the branch of these kids."""
    size = 1
    for i in range(BRANCH_KIDS):
        item = refer(heap, book, read(book, kids + i))
        if item < 0:
            return item
        write(book, kids + i, item)
        size += size_of(heap, item)
    node = read(book, USED) + 1
    if node + MARGIN > HEAP_BYTES:
        return FULL
    store8(heap + node - 1, 0)
    at = put_header(heap, node, LIST, size)
    for i in range(BRANCH_KIDS):
        at = put_item(heap, book, at, read(book, kids + i), node)
    store8(heap + at, STRING)
    write(book, USED, at + 1)
    return node


@kernel("int64(int64, int64, int64, int64, int64)")
def put_short(heap: int, book: int, count: int, kind: int, item: int) -> int:
    """Write a node of the first nibbles of PATH: a leaf of a value, or an extension."""
    path_bytes = 1 + count // 2
    size = (path_bytes if path_bytes == 1 else path_bytes + 1) + size_of(heap, item)
    node = read(book, USED) + 1
    if node + size + MARGIN > HEAP_BYTES:
        return FULL
    store8(heap + node - 1, 0)
    at = put_header(heap, node, LIST, size)
    if path_bytes > 1:
        store8(heap + at, STRING + path_bytes)
        at += 1
    first = kind
    i = 0
    if count & 1:
        first |= SHORT_PATH_ODD | read(book, PATH)
        i = 1
    store8(heap + at, first)
    at += 1
    while i < count:
        store8(heap + at, read(book, PATH + i) << 4 | read(book, PATH + i + 1))
        at += 1
        i += 2
    write(book, USED, put_item(heap, book, at, item, node))
    return node


@kernel("int64(int64, int64)")
def packed(heap: int, node: int) -> int:
    """Return where the path of a short node begins; its first byte says its kind and evenness."""
    return inside(heap, inside(heap, node))


@kernel("int64(int64, int64)")
def path_size(heap: int, node: int) -> int:
    """Return how many nibbles the path of a short node has."""
    begin = packed(heap, node)
    size = 2 * (behind(heap, inside(heap, node)) - begin - 1)
    return size + 1 if load_byte(heap + begin) & SHORT_PATH_ODD else size


@kernel("int64(int64, int64, int64)")
def path_nibble(heap: int, node: int, i: int) -> int:
    """Return a nibble of the path of a short node."""
    begin = packed(heap, node)
    place = i + (1 if load_byte(heap + begin) & SHORT_PATH_ODD else 2)
    pair = load_byte(heap + begin + (place >> 1))
    return pair & 15 if place & 1 else pair >> 4


@kernel("int64(int64, int64)")
def second(heap: int, node: int) -> int:
    """Return the second item of a short node."""
    return behind(heap, inside(heap, node))


@kernel("boolean(int64, int64)")
def is_branch(heap: int, node: int) -> bool:
    """Return whether a node is a branch."""
    return behind(heap, second(heap, node)) != behind(heap, node)


@kernel("int64(int64, int64, int64, int64)")
def extend(heap: int, book: int, count: int, item: int) -> int:
    """Put the first nibbles of PATH in front of a node, joining them with its own path."""
    if item <= 0 or count == 0:
        return item
    node = resolve(heap, book, item)
    if node < 0:
        return node
    if is_branch(heap, node):
        item = refer(heap, book, item)
        return item if item < 0 else put_short(heap, book, count, 0, item)
    more = path_size(heap, node)
    for i in range(more):
        write(book, PATH + count + i, path_nibble(heap, node, i))
    kind = load_byte(heap + packed(heap, node)) & SHORT_PATH_LEAF
    item = second(heap, node)
    if kind == 0:
        for i in range(read(book, SEALED) - 1, -1, -1):
            if read(book, SEALS + SEAL * i + REFERENCE) == item:
                item = PENDING + i  # The reference is not filled in yet, and moves.
                break
    return put_short(heap, book, count + more, kind, item)


@kernel("int64(int64, int64, int64)")
def collapse(heap: int, book: int, kids: int) -> int:
    """Return the branch of these kids, or the shorter node that fewer than two of them make."""
    used = 0
    last = 0
    for i in range(BRANCH_KIDS):
        if read(book, kids + i) != 0:
            used += 1
            last = i
    if used > 1:
        return put_branch(heap, book, kids)
    if used == 0:
        return 0
    write(book, PATH, last)
    return extend(heap, book, 1, read(book, kids + last))


@kernel("void(int64, int64, int64, int64)")
def open_branch(heap: int, book: int, kids: int, node: int) -> None:
    """Take the kids of a branch out."""
    item = inside(heap, node)
    for i in range(BRANCH_KIDS):
        end = behind(heap, item)
        write(book, kids + i, 0 if load_byte(heap + item) == STRING else item)
        item = end


@kernel("int64(int64, int64, int64, int64, int64, int64)")
def split(heap: int, book: int, kids: int, node: int, shared: int, size: int) -> int:
    """Take out the one kid of the branch that stands where the path of a short node is left."""
    for i in range(BRANCH_KIDS):
        write(book, kids + i, 0)
    kind = load_byte(heap + packed(heap, node)) & SHORT_PATH_LEAF
    rest = size - shared - 1
    item = second(heap, node)
    if kind or rest:
        for i in range(rest):
            write(book, PATH + i, path_nibble(heap, node, shared + 1 + i))
        item = put_short(heap, book, rest, kind, item)
    if item >= 0:
        write(book, kids + path_nibble(heap, node, shared), item)
    return item


@kernel("int64(int64, int64, int64, int64, int64)")
def agreement(keys: int, sizes: int, low: int, high: int, depth: int) -> int:
    """Return how many nibbles the first and the last of some keys share from a depth on."""
    limit = min(load_int(sizes + 8 * low), load_int(sizes + 8 * (high - 1))) - depth
    count = 0
    while count < limit and nibble(keys, low, depth + count) == nibble(
        keys, high - 1, depth + count
    ):
        count += 1
    return count


@kernel("void(int64, int64, int64, int64, int64)")
def take_path(book: int, keys: int, row: int, depth: int, count: int) -> None:
    """Make nibbles of a key the beginning of PATH."""
    for i in range(count):
        write(book, PATH + i, nibble(keys, row, depth + i))


@kernel("int64(int64, int64, int64, int64, int64, int64, int64)")
def put_leaf(heap: int, book: int, keys: int, row: int, depth: int, count: int, value: int) -> int:
    """Write the leaf at the end of a key, or nothing where there is no value."""
    if value == 0:
        return 0
    take_path(book, keys, row, depth, count)
    return put_short(heap, book, count, SHORT_PATH_LEAF, value)


@kernel("int64(int64, int64, int64, int64, int64, int64, int64)")
def following(
    heap: int, node: int, size: int, keys: int, key_size: int, row: int, depth: int
) -> int:
    """Return how many nibbles of a node's path a key follows from a depth on."""
    limit = min(size, key_size - depth)
    count = 0
    while count < limit and path_nibble(heap, node, count) == nibble(keys, row, depth + count):
        count += 1
    return count


@kernel("int64(int64, int64, int64, int64, int64, int64, int64, int64, int64, int64)")
def apply(
    heap: int,
    book: int,
    keys: int,
    sizes: int,
    values: int,
    item: int,
    low: int,
    high: int,
    depth: int,
    level: int,
) -> int:
    """Apply the changes from `low` to before `high`, which agree up to `depth`, below an item."""
    node = resolve(heap, book, item)
    if node < 0:
        return node
    kids = KIDS + level * BRANCH_KIDS
    shared = 0
    if node == 0:
        if high - low == 1:
            count = load_int(sizes + 8 * low) - depth
            return put_leaf(heap, book, keys, low, depth, count, load_int(values + 8 * low))
        shared = agreement(keys, sizes, low, high, depth)
        for i in range(BRANCH_KIDS):
            write(book, kids + i, 0)
    elif is_branch(heap, node):
        open_branch(heap, book, kids, node)
    else:
        size = path_size(heap, node)
        shared = min(
            following(heap, node, size, keys, load_int(sizes + 8 * low), low, depth),
            following(heap, node, size, keys, load_int(sizes + 8 * (high - 1)), high - 1, depth),
        )
        if shared == size:
            if load_byte(heap + packed(heap, node)) & SHORT_PATH_LEAF:
                # The one key that is as long, and agrees: its value changes.
                return put_leaf(heap, book, keys, low, depth, size, load_int(values + 8 * low))
            made = apply(
                heap, book, keys, sizes, values,
                second(heap, node), low, high, depth + size, level + 1,
            )  # fmt: skip
            take_path(book, keys, low, depth, size)
            return extend(heap, book, size, made)
        made = split(heap, book, kids, node, shared, size)
        if made < 0:
            return made
    depth += shared
    start = low
    while start < high:
        turn = nibble(keys, start, depth)
        end = start + 1
        while end < high and nibble(keys, end, depth) == turn:
            end += 1
        made = apply(
            heap, book, keys, sizes, values,
            read(book, kids + turn), start, end, depth + 1, level + 1,
        )  # fmt: skip
        if made < 0:
            return made
        write(book, kids + turn, made)
        start = end
    made = collapse(heap, book, kids)
    take_path(book, keys, low, depth - shared, shared)
    return extend(heap, book, shared, made)


@kernel("int64(int64, int64)")
def refer_to(heap: int, node_hash: int) -> int:
    """Write a reference at a place for one; return where that is."""
    store8(heap + GIVEN, HASHED)
    move(heap + GIVEN + 1, node_hash, HASH_SIZE)
    return GIVEN


@kernel("int64(int64, int64)")
def bucket_of(book: int, place: int) -> int:
    """Return a number by which sealed nodes are ordered: height, then blocks to hash."""
    blocks = (read(book, place + END) - read(book, place + NODE)) // RATE_KECCAK256
    return read(book, place + HEIGHT) * BLOCKS_TOLD_APART + min(blocks, BLOCKS_TOLD_APART - 1)


@kernel("void(int64)")
def put_in_order(book: int) -> None:
    """Order the sealed nodes."""
    count = read(book, SEALED)
    for i in range(BUCKET_COUNT):
        write(book, BUCKETS + i, 0)
    for i in range(count):
        place = SEALS + SEAL * i
        bucket = bucket_of(book, place)
        write(book, BUCKETS + bucket, read(book, BUCKETS + bucket) + 1)
    total = 0
    for i in range(BUCKET_COUNT):
        before = total
        total += read(book, BUCKETS + i)
        write(book, BUCKETS + i, before)
    for i in range(count):
        place = SEALS + SEAL * i
        bucket = bucket_of(book, place)
        write(book, ORDER + read(book, BUCKETS + bucket), place)
        write(book, BUCKETS + bucket, read(book, BUCKETS + bucket) + 1)


@kernel("void(int64, int64, int64, uint64[:, ::1], int64)")
def absorb_block(heap: int, at: int, size: int, state: States, lane: int) -> None:
    """Take in a block of a message, of which so many bytes are left; pad the last."""
    for i in range(min(size, RATE_KECCAK256) >> 3):
        state[i, lane] ^= np.uint64(load_int(heap + at + 8 * i))
    if size < RATE_KECCAK256:
        last = np.uint64(KECCAK)
        for i in range(size & 7):
            last = last << np.uint64(8) | np.uint64(load_byte(heap + at + size - 1 - i))
        state[size >> 3, lane] ^= last
        state[(RATE_KECCAK256 >> 3) - 1, lane] ^= LAST_BIT


@kernel("void(int64, int64)")
def hash_all(heap: int, book: int) -> None:
    """Hash the sealed nodes, lowest first, and fill their references in."""
    put_in_order(book)
    count = read(book, SEALED)
    state = np.empty((WORDS, LANES), np.uint64)
    first = 0
    while first < count:
        height = read(book, read(book, ORDER + first) + HEIGHT)
        used = 1
        while (
            used < LANES
            and first + used < count
            and read(book, read(book, ORDER + first + used) + HEIGHT) == height
        ):
            used += 1
        state[:] = np.uint64(0)
        done = 0
        block = 0
        while done < used:
            for lane in range(used):
                place = read(book, ORDER + first + lane)
                size = read(book, place + END) - read(book, place + NODE) - block
                if size >= 0:
                    absorb_block(heap, read(book, place + NODE) + block, size, state, lane)
            permute_8(state)
            for lane in range(used):
                place = read(book, ORDER + first + lane)
                size = read(book, place + END) - read(book, place + NODE) - block
                if 0 <= size < RATE_KECCAK256:
                    done += 1
                    to = heap + read(book, place + REFERENCE) + 1
                    for i in range(HASH_SIZE >> 3):
                        store64(to + 8 * i, int(state[i, lane]))
            block += RATE_KECCAK256
        first += used


@kernel("int64(int64, int64, int64, int64, int64, int64, int64, int64, int64)")
def update(
    heap: int,
    book: int,
    count: int,
    keys: int,
    sizes: int,
    data: int,
    ends: int,
    root: int,
    keep: int,
) -> int:
    """Apply changes below the node with a hash, or below none (0); return the new reference.

    The values stand one behind another at `data`, and end where `ends` says. `keep` says whether
    the new nodes shall be found later.
    """
    begin = 0
    at = read(book, USED)
    if at + load_int(ends + 8 * (count - 1)) + 9 * count + MARGIN > HEAP_BYTES:
        return FULL
    for row in range(count):
        end = load_int(ends + 8 * row)
        size = end - begin
        write(book, VALUES + row, at if size else 0)
        if size:
            if size > 1 or load_byte(data + begin) >= STRING:
                at = put_header(heap, at, STRING, size)
            move(heap + at, data + begin, size)
            at += size
        begin = end
    write(book, USED, at)
    write(book, SEALED, 0)
    top = refer_to(heap, root) if root else 0
    node = apply(heap, book, keys, sizes, book + 8 * VALUES, top, 0, count, 0, 0)
    if node <= 0:
        return node
    top = seal(heap, book, node, behind(heap, node))
    at = read(book, USED)
    room = at + MARGIN <= HEAP_BYTES
    room = room and read(book, ENTRIES) + read(book, SEALED) <= NODES_MAX
    if top < 0 or not room:
        return FULL
    write(book, USED, put_item(heap, book, at + 1, top, at + 1))
    hash_all(heap, book)
    if keep:
        for i in range(read(book, SEALED)):
            place = SEALS + SEAL * i
            reference = read(book, place + REFERENCE)
            remember(heap, book, reference, read(book, place + NODE))
    return at + 1


@kernel("int64(int64, int64, int64, int64, int64)")
def walk(heap: int, book: int, keys: int, row: int, root: int) -> int:
    """Return the value at a key as an item, 0 where there is none."""
    item = root
    depth = 0
    while True:
        node = resolve(heap, book, item)
        if node <= 0:
            return node
        if is_branch(heap, node):
            item = inside(heap, node)
            for _ in range(nibble(keys, row, depth)):
                item = behind(heap, item)
            if load_byte(heap + item) == STRING:
                return 0
            depth += 1
            continue
        size = path_size(heap, node)
        if following(heap, node, size, keys, 2 * KEY_BYTES, row, depth) != size:
            return 0
        item = second(heap, node)
        if load_byte(heap + packed(heap, node)) & SHORT_PATH_LEAF:
            return item
        depth += size


@kernel("int64(int64, int64, int64, int64)")
def look_up(heap: int, book: int, root: int, key: int) -> int:
    """Return the value at a key: where it begins, shifted by 32 bits, and its size."""
    item = walk(heap, book, key, 0, refer_to(heap, root))
    if item <= 0:
        return item
    begin = inside(heap, item)
    return begin << 32 | behind(heap, item) - begin


@kernel("void(int64, int64, int64, int64, int64, int64)")
def look_for(heap: int, book: int, count: int, keys: int, root: int, wanted: int) -> None:
    """Write the references of missing nodes that keys lead to, or 0."""
    top = refer_to(heap, root) if root else 0
    for row in range(count):
        found = walk(heap, book, keys, row, top)
        store64(wanted + 8 * row, read(book, WANTED) if found == MISSING else 0)


@kernel("void(int64, int64)")
def forget(heap: int, book: int) -> None:
    """Begin with an empty heap."""
    zero(book + 8 * INDEX, 8 << INDEX_BITS)
    write(book, ENTRIES, 0)
    write(book, USED, FIRST)
    store8(heap, STRING)


@kernel("int64(int64, int64, int64, int64, int64)")
def take(heap: int, book: int, node_hash: int, encoded: int, size: int) -> int:
    """Put a node on the heap, to be found by its hash; return the reference to it."""
    at = read(book, USED)
    if read(book, ENTRIES) == NODES_MAX or at + size + MARGIN > HEAP_BYTES:
        return FULL
    store8(heap + at, HASHED)
    move(heap + at + 1, node_hash, HASH_SIZE)
    node = at + REFERENCE_BYTES
    move(heap + node, encoded, size)
    write(book, USED, node + size)
    remember(heap, book, at, node)
    return at
