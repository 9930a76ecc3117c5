"""Fields of the entity store, and what contracts anchor of sessions there.

Reads go through the store's own functions on the storage of its address. A row that is looked at
is paid for before, whether or not it is returned.
"""

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from ...backends.keccak import keccak256
from ...precompile import Revert
from ...storage import Foreign
from ..entity_store import contract, store
from . import errors
from .answer import Reading, Resolver
from .plan import Planned
from .scalars import LONG_MAX, PARSERS

SCAN_MAX = 1_000
"""How many rows one list may look at."""
ROW_GAS = 300
TEST_GAS = 150
OPERAND_GAS = 100
"""A variable may bring many, and be used in many lists."""

SESSION_TYPE = "SessionAnchor"

OPERAND_TYPES = {
    "uint256": "BigInt",
    "int256": "BigInt",
    "bytes32": "Bytes32",
    "address": "Address",
}
"""What a value is parsed as that a column of a kind is compared with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column as it was declared."""

    number: int
    name: str
    kind: str
    indexed: bool


@dataclass(slots=True, kw_only=True)
class Table:
    """A type of the store with what was read of it."""

    words: Foreign
    identifier: bytes
    entity: store.EntityType
    title: str = ""
    columns: dict[str, Column] = field(default_factory=dict)

    def name_columns(self) -> None:
        """Read the names, once."""
        if self.columns:
            return
        self.title, names = store.load_names(self.words, self.entity)
        for number, name in enumerate(names):
            self.columns[name] = Column(
                number=number,
                name=name,
                kind=store.KIND_NAMES[self.entity.kinds[number]],
                indexed=bool(self.entity.index_mask >> number & 1),
            )

    def column(self, name: str, position: int) -> Column:
        """Return a column by its name, or refuse the name."""
        self.name_columns()
        if name not in self.columns:
            raise errors.NOT_RESOLVED(position, "unknown column")
        return self.columns[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row that exists."""

    table: Table
    identifier: int
    slot: int

    def value(self, column: Column) -> Any:
        """Return what a column holds: an integer, or bytes."""
        words = self.table.words
        if column.kind == "bytes":
            content = store.load_column(words, self.table.entity, self.slot, column.number)
            return content[32 : 32 + int.from_bytes(content[:32], "big")]
        word = store.load_word(words, self.slot, column.number)
        match column.kind:
            case "uint256":
                return word
            case "int256":
                return word - (word >> 255 << 256)
            case "bytes32":
                return word.to_bytes(32, "big")
        return word.to_bytes(20, "big")


# --- Types and single rows ------------------------------------------------------------------


def table_of(reading: Reading, identifier: bytes) -> Table | None:
    """Return a type of the store, or None."""
    words = Foreign(host=reading.call.host, address=contract.PRECOMPILE.address)
    try:
        entity = store.load_type(words, identifier)
    except Revert:
        return None
    return Table(words=words, identifier=identifier, entity=entity)


def required_table(reading: Reading, planned: Planned) -> Table:
    """Return the type that a field asks for, or refuse it."""
    found = table_of(reading, planned.arguments["type"])
    if found is None:
        raise errors.NOT_RESOLVED(planned.position, "unknown type")
    return found


def row_of(table: Table, identifier: int) -> Row | None:
    """Return a row, or None."""
    if not store.exists(table.words, table.entity, identifier):
        return None
    return Row(table=table, identifier=identifier, slot=store.row_slot(table.entity, identifier))


def entity_type(reading: Reading, _: Any, planned: Planned) -> Table | None:
    """Resolve Query.entityType."""
    return table_of(reading, planned.arguments["id"])


def entity(reading: Reading, _: Any, planned: Planned) -> Row | None:
    """Resolve Query.entity."""
    identifier, key = planned.arguments.get("id"), planned.arguments.get("key")
    if (identifier is None) == (key is None):
        raise errors.NOT_RESOLVED(planned.position, "id or key")
    table = required_table(reading, planned)
    if key is not None:
        identifier = store.row_of_key(table.words, table.entity, key)
    assert identifier is not None, "one of the two was given"
    return row_of(table, identifier)


def title(_: Reading, table: Table, __: Planned) -> str:
    """Resolve EntityType.name."""
    table.name_columns()
    return table.title


def columns(_: Reading, table: Table, __: Planned) -> list[Column]:
    """Resolve EntityType.columns."""
    table.name_columns()
    return list(table.columns.values())


def value_of(kind: str) -> Resolver:
    """Return what resolves a column of this kind."""

    def resolve(_: Reading, row: Row, planned: Planned) -> Any:
        column = row.table.column(planned.arguments["column"], planned.position)
        if column.kind != kind:
            raise errors.NOT_RESOLVED(planned.position, "column of another kind")
        return row.value(column)

    return resolve


def key(_: Reading, row: Row, __: Planned) -> bytes | None:
    """Resolve Entity.key."""
    return store.load_key(row.table.words, row.slot)


# --- Lists ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """What a value must be: the name of a comparison, and with what."""

    name: str
    operand: Any

    def holds(self, value: Any) -> bool:
        """Return whether a value passes."""
        return OPERATORS[self.name](value, self.operand)

    def ends(self, value: Any, descending: bool) -> bool:
        """Return whether neither this value nor a later one of its order can pass."""
        end = ENDS[descending].get(self.name)
        return end is not None and end(value, self.operand)


Where = Mapping[str, tuple[Column, list[Test]]]
"""What the columns of a row must be, by their names."""

OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "_eq": operator.eq,
    "_not": operator.ne,
    "_gt": operator.gt,
    "_gte": operator.ge,
    "_lt": operator.lt,
    "_lte": operator.le,
    "_in": lambda value, operands: value in operands,
    "_not_in": lambda value, operands: value not in operands,
}
ENDS: Mapping[bool, Mapping[str, Callable[[Any, Any], bool]]] = {
    False: {"_eq": operator.gt, "_lt": operator.ge, "_lte": operator.gt},
    True: {"_eq": operator.lt, "_gt": operator.le, "_gte": operator.lt},
}
"""By whether the order descends: what a value is when neither it nor a later one can pass."""


def operand(column: Column, value: Any, position: int) -> Any:
    """Return a value as the column's kind, or refuse it."""
    try:
        return PARSERS[OPERAND_TYPES[column.kind]](value)
    except (KeyError, ValueError):
        raise errors.NOT_RESOLVED(position, "value of another kind") from None


def where_of(reading: Reading, table: Table, order: Column | None, planned: Planned) -> Where:
    """Return all that a row must pass, what it is ordered by first; pay for each operand."""
    found: dict[str, tuple[Column, list[Test]]] = {}
    if order is not None:
        found[order.name] = order, []
    for each in planned.arguments.get("where") or ():
        column = table.column(each["column"], planned.position)
        tests = found.setdefault(column.name, (column, []))[1]
        for name, value in each.items():
            if name == "column" or value is None:
                continue
            values = value if isinstance(value, list) else [value]
            reading.call.host.charge(OPERAND_GAS * len(values), "operands")
            operands = [operand(column, one, planned.position) for one in values]
            among = isinstance(value, list)
            tests.append(Test(name=name, operand=frozenset(operands) if among else operands[0]))
    return {name: (column, tests) for name, (column, tests) in found.items() if tests}


def entities(reading: Reading, _: Any, planned: Planned) -> list[Row]:
    """Resolve Query.entities."""
    table = required_table(reading, planned)
    given = planned.arguments
    order: Column | None = None
    if given.get("orderBy") is not None:
        order = table.column(given["orderBy"], planned.position)
        if not order.indexed:
            raise errors.NOT_RESOLVED(planned.position, "column without index")
    after = given.get("after") or 0
    if after and not store.exists(table.words, table.entity, after):
        raise errors.NOT_RESOLVED(planned.position, "unknown row")
    descending = given["orderDirection"] == "desc"
    where = where_of(reading, table, order, planned)
    rows = walk(table, order, after, descending)
    if where:
        rows = passing(reading, rows, where, order, descending)
    return list(islice(rows, given["skip"], given["skip"] + given["first"]))


def walk(table: Table, order: Column | None, after: int, descending: bool) -> Iterator[Row]:
    """Yield the rows of an order, reading no further than is asked for."""
    words, entity = table.words, table.entity
    chain = store.insertion_order(entity)
    links = 0
    if order is not None:
        chain = store.index_order(entity, order.number)
        links = store.LINKS + order.number
    direction = 0 if descending else 1
    if after:
        identifier = store.load_links(words, chain, after)[direction]
    else:
        identifier = store.load_ends(words, chain)[1 - direction]
    while identifier:
        slot = store.row_slot(entity, identifier)
        yield Row(table=table, identifier=identifier, slot=slot)
        # As `load_links` does, without hashing the row's slot a second time.
        word = words.load((slot + links) & store.WORD_MASK)
        identifier = store.links_in(word)[direction]


def passing(
    reading: Reading, rows: Iterator[Row], where: Where, order: Column | None, descending: bool
) -> Iterator[Row]:
    """Yield the rows that pass, paying for each that is looked at."""
    price = ROW_GAS + TEST_GAS * sum(len(tests) for _, tests in where.values())
    for number, row in enumerate(rows):
        if number == SCAN_MAX:
            raise errors.LIMIT("scan", SCAN_MAX)
        reading.call.host.charge(price, "row")
        for column, tests in where.values():
            value = row.value(column)
            if column is order and any(test.ends(value, descending) for test in tests):
                return
            if not all(test.holds(value) for test in tests):
                break
        else:
            yield row


# --- Sessions -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session that a namespace has anchored. The row under its own id is the newest anchor."""

    table: Table
    identifier: bytes
    latest: Row

    def anchor(self, epoch: int) -> Row | None:
        """Return the anchor of an epoch."""
        under = keccak256(self.identifier + epoch.to_bytes(32, "big"))
        found = store.row_of_key(self.table.words, self.table.entity, under)
        return row_of(self.table, found)


def session(reading: Reading, _: Any, planned: Planned) -> Session | None:
    """Resolve Query.session."""
    namespace, identifier = planned.arguments["namespace"], planned.arguments["id"]
    table = table_of(reading, store.type_id(namespace, SESSION_TYPE))
    if table is None or table.entity.kinds != SESSION_KINDS:
        return None
    latest = row_of(table, store.row_of_key(table.words, table.entity, identifier))
    if latest is None:
        return None
    return Session(table=table, identifier=identifier, latest=latest)


def epoch(_: Reading, anchor: Row, __: Planned) -> int:
    """Resolve Anchor.epoch."""
    return epoch_of(anchor)


def epoch_of(anchor: Row) -> int:
    """Return the epoch of an anchor. An epoch is a Long: a row with more is its writer's mistake,
    and shows its low 64 bits."""
    found: int = anchor.value(EPOCH)
    return found & LONG_MAX


def anchors(_: Reading, found: Session, planned: Planned) -> list[Row]:
    """Resolve Session.anchors: what there is of the epochs of a range."""
    start = planned.arguments["fromEpoch"]
    end = min(start + planned.arguments["first"], epoch_of(found.latest) + 1)
    rows = (found.anchor(number) for number in range(start, end))
    return [row for row in rows if row is not None]


EPOCH = Column(number=0, name="epoch", kind="uint256", indexed=False)
ROOT = Column(number=1, name="root", kind="bytes32", indexed=False)
SESSION_KINDS = tuple(store.KIND_NAMES.index(each.kind) for each in (EPOCH, ROOT))

RESOLVERS: Mapping[tuple[str, str], Resolver] = {
    ("Query", "entityType"): entity_type,
    ("Query", "entity"): entity,
    ("Query", "entities"): entities,
    ("Query", "session"): session,
    ("EntityType", "id"): lambda _, table, __: table.identifier,
    ("EntityType", "namespace"): lambda _, table, __: table.entity.owner,
    ("EntityType", "name"): title,
    ("EntityType", "count"): lambda _, table, __: store.count(table.words, table.entity),
    ("EntityType", "columns"): columns,
    ("Column", "name"): lambda _, column, __: column.name,
    ("Column", "kind"): lambda _, column, __: column.kind,
    ("Column", "indexed"): lambda _, column, __: column.indexed,
    ("Entity", "id"): lambda _, row, __: row.identifier,
    ("Entity", "key"): key,
    ("Entity", "uint"): value_of("uint256"),
    ("Entity", "int"): value_of("int256"),
    ("Entity", "bytes32"): value_of("bytes32"),
    ("Entity", "address"): value_of("address"),
    ("Entity", "bytes"): value_of("bytes"),
    ("Session", "id"): lambda _, found, __: found.identifier,
    ("Session", "latestEpoch"): lambda _, found, __: epoch_of(found.latest),
    ("Session", "anchor"): lambda _, found, field: found.anchor(field.arguments["epoch"]),
    ("Session", "anchors"): anchors,
    ("Anchor", "epoch"): epoch,
    ("Anchor", "root"): lambda _, anchor, __: anchor.value(ROOT),
}
