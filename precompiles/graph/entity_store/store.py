"""Typed rows in a precompile's storage: insertion order, keys, sorted indexes. Knows no methods.

Layout. A type's id is the hash of its namespace and name. Its slots are counted from T = hash(id):
so no id can be chosen whose slots are another type's rows.

    T + 0         owner (160 bits) | index mask (16) at 72 | column count (8) at 64 | kinds (4 each)
    T + 1         rows now (128) | last row id given (128)
    T + 2         last row (128) | first row (128), in order of insertion
    T + 3 + c     last row (128) | first row (128), in order of column c
    T + 20        name, and T + 32 + c name of column c: length in the lowest byte, text at the top

A row's slots are counted from R = hash(T, 1, row id).

    R + 0         flags (16) at 240 | next row (120) | previous row (120), in order of insertion
    R + 1         the row's key, if it has one
    R + 2 + c     the word of column c; of a bytes column, its length
    R + 32 + c    next row (120) | previous row (120), in order of column c
    R + 64 + 8c   the content of a bytes column, 32 bytes a slot

The slot hash(T, 2, key) holds the row id of a key. Row ids start at 1; 0 is no row. An index
orders by value, then by row id, so its order is total.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from ... import abi
from ...backends.keccak import keccak256
from ...ids import slot_of_id
from ...precompile import Host
from ...storage import Words
from .. import short_text

KIND_NAMES = ("uint256", "int256", "bytes32", "address", "bytes")
INT256 = 1
BYTES = 4

COLUMNS_MAX = 16
BYTES_MAX = 256
NAME_MAX = short_text.SIZE_MAX
ROW_SIZE_MAX = COLUMNS_MAX * (2 * abi.WORD + BYTES_MAX)
SCAN_STEPS_MAX = 128
"""How far an insertion may walk from its hint: what bounds the work of one call."""

TOTALS, ORDER, INDEX, NAME, COLUMN_NAMES = 1, 2, 3, 20, 32
KEY, VALUES, LINKS, CONTENT = 1, 2, 32, 64
CONTENT_SLOTS = BYTES_MAX // abi.WORD
ROW_TAG, KEY_TAG = 1, 2

EXISTS = 1 << 240
HAS_KEY = 1 << 241

WORD_MASK = (1 << 256) - 1
HALF = 128
HALF_MASK = (1 << HALF) - 1
LINK = 120
LINK_MASK = (1 << LINK) - 1
SIGN = 1 << 255

UNKNOWN_TYPE = abi.error("UnknownType(bytes32 typeId)")
TYPE_EXISTS = abi.error("TypeExists(bytes32 typeId)")
NOT_OWNER = abi.error("NotOwner(address owner)")
INVALID_NAME = abi.error("InvalidName()")
INVALID_COLUMN = abi.error("InvalidColumn(uint256 column)")
INVALID_ROW = abi.error("InvalidRow(bytes reason)", {"reason": 4 + 2 * abi.WORD})
INVALID_KEY = abi.error("InvalidKey()")
ROW_NOT_FOUND = abi.error("RowNotFound(uint256 id)")
NOT_INDEXED = abi.error("NotIndexed(uint256 column)")
SCAN_LIMIT = abi.error("ScanLimit(uint256 column)")

ERRORS = (
    UNKNOWN_TYPE,
    TYPE_EXISTS,
    NOT_OWNER,
    INVALID_NAME,
    INVALID_COLUMN,
    INVALID_ROW,
    INVALID_KEY,
    ROW_NOT_FOUND,
    NOT_INDEXED,
    SCAN_LIMIT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityType:
    """What the first slot of a type says, and where the type is."""

    slot: int
    owner: bytes
    kinds: tuple[int, ...]
    index_mask: int

    def indexed_columns(self) -> list[int]:
        """Return the columns that have an index."""
        return [column for column in range(len(self.kinds)) if self.index_mask >> column & 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """One doubly linked list: where its ends are, and where the links of a row are."""

    ends: int
    links: Callable[[int], int]


# --- Types ----------------------------------------------------------------------------------


def type_id(namespace: bytes, name: str) -> bytes:
    """Return the id of a type of this namespace."""
    return keccak256(namespace + name.encode("utf-8"))


def type_slot(identifier: bytes) -> int:
    """Return where the slots of a type begin."""
    return slot_of_id(identifier)


def define(
    host: Host, owner: bytes, name: str, columns: Sequence[str], kinds: Sequence[int], mask: int
) -> bytes:
    """Write a new type and return its id."""
    identifier = type_id(owner, name)
    slot = type_slot(identifier)
    texts = [name_word(text) for text in (name, *columns)]
    if not columns:
        raise abi.INVALID_LENGTH(1, 0)
    if len(kinds) != len(columns):
        raise abi.INVALID_LENGTH(len(columns), len(kinds))
    for column, kind in enumerate(kinds):
        indexed_bytes = kind == BYTES and mask >> column & 1
        if kind >= len(KIND_NAMES) or indexed_bytes or columns[column] in columns[:column]:
            raise INVALID_COLUMN(column)
    if mask >> len(columns):
        raise INVALID_COLUMN(mask.bit_length() - 1)
    if host.load(slot):
        raise TYPE_EXISTS(identifier)
    packed = sum(kind << 4 * column for column, kind in enumerate(kinds))
    owner_word = int.from_bytes(owner, "big")
    host.store(slot, owner_word << 96 | mask << 72 | len(columns) << 64 | packed)
    host.store((slot + NAME) & WORD_MASK, texts[0])
    for column, text in enumerate(texts[1:]):
        host.store((slot + COLUMN_NAMES + column) & WORD_MASK, text)
    return identifier


def load_type(host: Words, identifier: bytes) -> EntityType:
    """Return a type that exists."""
    slot = type_slot(identifier)
    header = host.load(slot)
    if not header:
        raise UNKNOWN_TYPE(identifier)
    count = header >> 64 & 0xFF
    return EntityType(
        slot=slot,
        owner=(header >> 96).to_bytes(20, "big"),
        kinds=tuple(header >> 4 * column & 0xF for column in range(count)),
        index_mask=header >> 72 & 0xFFFF,
    )


def load_own_type(host: Host, identifier: bytes, caller: bytes) -> EntityType:
    """Return a type that exists and that the caller may write."""
    found = load_type(host, identifier)
    if found.owner != caller:
        raise NOT_OWNER(found.owner)
    return found


def load_names(host: Words, entity: EntityType) -> tuple[str, list[str]]:
    """Return the names of the type and of its columns."""
    name = host.load((entity.slot + NAME) & WORD_MASK)
    columns = [
        host.load((entity.slot + COLUMN_NAMES + column) & WORD_MASK)
        for column in range(len(entity.kinds))
    ]
    return short_text.unpack(name), [short_text.unpack(word) for word in columns]


def name_word(text: str) -> int:
    """Return the word that holds a name."""
    word = short_text.pack(text)
    if word is None:
        raise INVALID_NAME()
    return word


@cache
def column_types(kinds: tuple[int, ...]) -> tuple[abi.Type, ...]:
    """Return the ABI types of a row."""
    return tuple(
        abi.parse_type(KIND_NAMES[kind], (BYTES_MAX,) if kind == BYTES else ()) for kind in kinds
    )


# --- Rows -----------------------------------------------------------------------------------


def row_slot(entity: EntityType, row: int) -> int:
    """Return where the slots of a row begin."""
    return hashed(entity.slot, ROW_TAG, row)


def key_slot(entity: EntityType, key: bytes) -> int:
    """Return the slot that holds the row id of a key."""
    return hashed(entity.slot, KEY_TAG, int.from_bytes(key, "big"))


def hashed(slot: int, tag: int, number: int) -> int:
    """Return a slot that no other type, tag or number shares."""
    words = (slot, tag, number)
    return int.from_bytes(keccak256(b"".join(word.to_bytes(32, "big") for word in words)), "big")


def exists(host: Words, entity: EntityType, row: int) -> bool:
    """Return whether there is a row with this id."""
    return 0 < row <= LINK_MASK and host.load(row_slot(entity, row)) & EXISTS != 0


def require(host: Words, entity: EntityType, row: int) -> None:
    """Refuse an id that no row has."""
    if not exists(host, entity, row):
        raise ROW_NOT_FOUND(row)


def row_of_key(host: Words, entity: EntityType, key: bytes) -> int:
    """Return the row id of a key, or 0."""
    return host.load(key_slot(entity, key))


def insert(host: Host, entity: EntityType, key: bytes, row: bytes, hints: Sequence[int]) -> int:
    """Append a row, with this key unless it is empty, and return its id."""
    values = parse_row(entity, row)
    places = placed_hints(entity, hints)
    totals = host.load((entity.slot + TOTALS) & WORD_MASK)
    identifier = (totals & HALF_MASK) + 1
    host.store((entity.slot + TOTALS) & WORD_MASK, totals + (1 << HALF) + 1)
    slot = row_slot(entity, identifier)
    host.store(slot, EXISTS | (HAS_KEY if key else 0))
    if key:
        host.store((slot + KEY) & WORD_MASK, int.from_bytes(key, "big"))
        host.store(key_slot(entity, key), identifier)
    order = insertion_order(entity)
    _, last = load_ends(host, order)
    link(host, order, identifier, last, 0)
    write_values(host, entity, slot, values)
    for column in entity.indexed_columns():
        insert_sorted(host, entity, column, identifier, places.get(column, 0))
    return identifier


def replace(
    host: Host, entity: EntityType, identifier: int, row: bytes, hints: Sequence[int]
) -> None:
    """Give a row that exists new values. An index moves it only when its value changed."""
    values = parse_row(entity, row)
    places = placed_hints(entity, hints)
    slot = row_slot(entity, identifier)
    moved = [
        column
        for column in entity.indexed_columns()
        if host.load((slot + VALUES + column) & WORD_MASK) != int.from_bytes(values[column], "big")
    ]
    for column in moved:
        unlink(host, index_order(entity, column), identifier)
    write_values(host, entity, slot, values)
    for column in moved:
        insert_sorted(host, entity, column, identifier, places.get(column, 0))


def remove(host: Host, entity: EntityType, identifier: int) -> None:
    """Delete a row that exists, leaving no slot of it behind."""
    slot = row_slot(entity, identifier)
    for column in entity.indexed_columns():
        unlink(host, index_order(entity, column), identifier)
    unlink(host, insertion_order(entity), identifier)
    if host.load(slot) & HAS_KEY:
        key = host.load((slot + KEY) & WORD_MASK)
        host.store(key_slot(entity, key.to_bytes(32, "big")), 0)
        host.store((slot + KEY) & WORD_MASK, 0)
    write_values(host, entity, slot, [b"" for _ in entity.kinds])
    host.store(slot, 0)
    totals = host.load((entity.slot + TOTALS) & WORD_MASK)
    host.store((entity.slot + TOTALS) & WORD_MASK, totals - (1 << HALF))


def load_row(host: Words, entity: EntityType, identifier: int) -> bytes:
    """Return the ABI encoding of a row that exists."""
    slot = row_slot(entity, identifier)
    types = column_types(entity.kinds)
    encoded = [load_column(host, entity, slot, column) for column in range(len(types))]
    values = [kind.decode(content, 0)[0] for kind, content in zip(types, encoded, strict=True)]
    return abi.encode_sequence(types, values)


def load_column(host: Words, entity: EntityType, slot: int, column: int) -> bytes:
    """Return a column of the row whose slots begin here: its word, and what a bytes one holds."""
    word = load_word(host, slot, column)
    content = word.to_bytes(32, "big")
    if entity.kinds[column] == BYTES:
        for part in range(-(-word // abi.WORD)):
            content += host.load(content_slot(slot, column, part)).to_bytes(32, "big")
    return content


def load_word(host: Words, slot: int, column: int) -> int:
    """Return the word of a column of the row whose slots begin here."""
    return host.load((slot + VALUES + column) & WORD_MASK)


def load_key(host: Words, slot: int) -> bytes | None:
    """Return the key of the row whose slots begin here, if it has one."""
    if not host.load(slot) & HAS_KEY:
        return None
    return host.load((slot + KEY) & WORD_MASK).to_bytes(32, "big")


def count(host: Words, entity: EntityType) -> int:
    """Return the number of rows."""
    return host.load((entity.slot + TOTALS) & WORD_MASK) >> HALF


def parse_row(entity: EntityType, row: bytes) -> list[bytes]:
    """Return what each column is to hold: its word, or the content of a bytes column."""
    types = column_types(entity.kinds)
    try:
        values, end = abi.decode_sequence(types, row, 0)
        if end != len(row):
            raise abi.TRAILING_BYTES(end)
    except abi.Revert as reason:
        raise INVALID_ROW(reason.data) from None
    return [
        value if kind == BYTES else column_type.encode(value)
        for kind, column_type, value in zip(entity.kinds, types, values, strict=True)
    ]


def write_values(host: Host, entity: EntityType, slot: int, values: Sequence[bytes]) -> None:
    """Write what `parse_row` returned; empty bytes clear a column."""
    for column, kind in enumerate(entity.kinds):
        position = (slot + VALUES + column) & WORD_MASK
        value = values[column]
        if kind != BYTES:
            host.store(position, int.from_bytes(value, "big"))
            continue
        before = -(-host.load(position) // abi.WORD)
        host.store(position, len(value))
        for part in range(max(before, -(-len(value) // abi.WORD))):
            content = value[part * abi.WORD : (part + 1) * abi.WORD].ljust(abi.WORD, b"\0")
            host.store(content_slot(slot, column, part), int.from_bytes(content, "big"))


def content_slot(slot: int, column: int, part: int) -> int:
    """Return where a part of a bytes column is."""
    return (slot + CONTENT + CONTENT_SLOTS * column + part) & WORD_MASK


def placed_hints(entity: EntityType, hints: Sequence[int]) -> dict[int, int]:
    """Return the hint of each indexed column; hints are given for all of them or for none."""
    columns = entity.indexed_columns()
    if hints and len(hints) != len(columns):
        raise abi.INVALID_LENGTH(len(columns), len(hints))
    return dict(zip(columns, hints, strict=False))


# --- Linked lists ---------------------------------------------------------------------------


def insertion_order(entity: EntityType) -> Chain:
    """Return the list of all rows as they came."""
    return Chain(ends=(entity.slot + ORDER) & WORD_MASK, links=lambda row: row_slot(entity, row))


def index_order(entity: EntityType, column: int) -> Chain:
    """Return the list of all rows sorted by a column."""
    return Chain(
        ends=(entity.slot + INDEX + column) & WORD_MASK,
        links=lambda row: (row_slot(entity, row) + LINKS + column) & WORD_MASK,
    )


def load_ends(host: Words, chain: Chain) -> tuple[int, int]:
    """Return the first and the last row."""
    word = host.load(chain.ends)
    return word & HALF_MASK, word >> HALF


def load_links(host: Words, chain: Chain, row: int) -> tuple[int, int]:
    """Return the previous and the next row."""
    return links_in(host.load(chain.links(row)))


def links_in(word: int) -> tuple[int, int]:
    """Return the previous and the next row that a word of links names."""
    return word & LINK_MASK, word >> LINK & LINK_MASK


def store_links(host: Host, chain: Chain, row: int, previous: int, following: int) -> None:
    """Write both links of a row, keeping its flags."""
    slot = chain.links(row)
    flags = host.load(slot) >> 2 * LINK << 2 * LINK
    host.store(slot, flags | following << LINK | previous)


def link(host: Host, chain: Chain, row: int, previous: int, following: int) -> None:
    """Put a row between two neighbours; 0 stands for an end."""
    first, last = load_ends(host, chain)
    store_links(host, chain, row, previous, following)
    if previous:
        store_links(host, chain, previous, load_links(host, chain, previous)[0], row)
    else:
        first = row
    if following:
        store_links(host, chain, following, row, load_links(host, chain, following)[1])
    else:
        last = row
    host.store(chain.ends, last << HALF | first)


def unlink(host: Host, chain: Chain, row: int) -> None:
    """Take a row out of a list."""
    first, last = load_ends(host, chain)
    previous, following = load_links(host, chain, row)
    if previous:
        store_links(host, chain, previous, load_links(host, chain, previous)[0], following)
    else:
        first = following
    if following:
        store_links(host, chain, following, previous, load_links(host, chain, following)[1])
    else:
        last = previous
    store_links(host, chain, row, 0, 0)
    host.store(chain.ends, last << HALF | first)


def insert_sorted(host: Host, entity: EntityType, column: int, row: int, hint: int) -> None:
    """Link a row, whose values are written, into the index of a column.

    The walk begins at the hint, or at the largest value when there is no such row: a hint that
    went stale costs gas, never correctness.
    """
    chain = index_order(entity, column)
    position = sort_position(host, entity, column, row)
    first, last = load_ends(host, chain)
    usable = hint != row and exists(host, entity, hint)
    previous = hint if usable else last
    steps = 0
    while previous and sort_position(host, entity, column, previous) > position:
        previous, steps = load_links(host, chain, previous)[0], steps + 1
        if steps > SCAN_STEPS_MAX:
            raise SCAN_LIMIT(column)
    following = load_links(host, chain, previous)[1] if previous else first
    while following and sort_position(host, entity, column, following) < position:
        previous, following = following, load_links(host, chain, following)[1]
        steps += 1
        if steps > SCAN_STEPS_MAX:
            raise SCAN_LIMIT(column)
    link(host, chain, row, previous, following)


def sort_position(host: Words, entity: EntityType, column: int, row: int) -> tuple[int, int]:
    """Return what a row is sorted by: its value, signed where the column is, then its id."""
    word = host.load((row_slot(entity, row) + VALUES + column) & WORD_MASK)
    return (word ^ SIGN if entity.kinds[column] == INT256 else word), row


def walk(
    host: Words, chain: Chain, after: int, length_max: int, *, descending: bool = False
) -> list[int]:
    """Return the rows that follow `after`, or that begin the list when it is 0."""
    direction = 0 if descending else 1
    if after:
        row = load_links(host, chain, after)[direction]
    else:
        row = load_ends(host, chain)[1 - direction]
    rows: list[int] = []
    while row and len(rows) < length_max:
        rows.append(row)
        if len(rows) < length_max:
            row = load_links(host, chain, row)[direction]
    return rows
