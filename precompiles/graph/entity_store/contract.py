"""0x0501: tables that contracts write and anybody reads, in order of insertion or of a column.

A namespace is the address that writes it; nobody else can. A row goes in and comes out as the ABI
encoding of its columns, so `abi.encode` and `abi.decode` are all a contract needs.
"""

from ... import abi
from ...backends.keccak import keccak256
from ...gas import Constant, PerItem, PerUnit
from ...precompile import Call, Precompile, method
from . import store

PAGE_MAX = 100
NO_KEY = b""

INVALID_PAGE_SIZE = abi.error("InvalidPageSize(uint256 first)")

TYPE_DEFINED = abi.event(
    "TypeDefined(bytes32 indexed typeId, address indexed namespace, string name)",
    {"name": store.NAME_MAX},
)
ENTITY_CHANGED = abi.event(
    "EntityChanged(bytes32 indexed typeId, uint256 indexed id, bytes32 rowHash)"
)
REMOVED_HASH = bytes(32)

TEXT_MAX = 64  # Above store.NAME_MAX, so that a long name is refused by name.


def define_type(
    call: Call, name: str, columns: list[str], kinds: list[int], index_mask: int
) -> bytes:
    """Declare a type in the caller's namespace."""
    identifier = store.define(call.host, call.caller, name, columns, kinds, index_mask)
    call.host.emit(*TYPE_DEFINED.log(identifier, call.caller, name))
    return identifier


def append(call: Call, type_id: bytes, row: bytes, hints: list[int]) -> int:
    """Add a row without a key."""
    entity = store.load_own_type(call.host, type_id, call.caller)
    identifier = store.insert(call.host, entity, NO_KEY, row, hints)
    changed(call, type_id, identifier, keccak256(row))
    return identifier


def upsert(call: Call, type_id: bytes, key: bytes, row: bytes, hints: list[int]) -> int:
    """Add a row with a key, or replace the one that has it."""
    entity = store.load_own_type(call.host, type_id, call.caller)
    if not any(key):
        raise store.INVALID_KEY()
    identifier = store.row_of_key(call.host, entity, key)
    if identifier:
        store.replace(call.host, entity, identifier, row, hints)
    else:
        identifier = store.insert(call.host, entity, key, row, hints)
    changed(call, type_id, identifier, keccak256(row))
    return identifier


def update(call: Call, type_id: bytes, identifier: int, row: bytes, hints: list[int]) -> None:
    """Replace the row with this id."""
    entity = store.load_own_type(call.host, type_id, call.caller)
    store.require(call.host, entity, identifier)
    store.replace(call.host, entity, identifier, row, hints)
    changed(call, type_id, identifier, keccak256(row))


def remove(call: Call, type_id: bytes, identifier: int) -> None:
    """Delete the row with this id."""
    entity = store.load_own_type(call.host, type_id, call.caller)
    store.require(call.host, entity, identifier)
    store.remove(call.host, entity, identifier)
    changed(call, type_id, identifier, REMOVED_HASH)


def changed(call: Call, type_id: bytes, identifier: int, row_hash: bytes) -> None:
    """Log a change."""
    call.host.emit(*ENTITY_CHANGED.log(type_id, identifier, row_hash))


def get(call: Call, type_id: bytes, identifier: int) -> bytes:
    """Return a row."""
    entity = store.load_type(call.host, type_id)
    store.require(call.host, entity, identifier)
    return store.load_row(call.host, entity, identifier)


def id_of(call: Call, type_id: bytes, key: bytes) -> int:
    """Return the row id of a key."""
    return store.row_of_key(call.host, store.load_type(call.host, type_id), key)


def count(call: Call, type_id: bytes) -> int:
    """Return the number of rows."""
    return store.count(call.host, store.load_type(call.host, type_id))


def page(call: Call, type_id: bytes, after: int, first: int) -> list[int]:
    """Return row ids in order of insertion."""
    entity = store.load_type(call.host, type_id)
    check_page(call, entity, after, first)
    return store.walk(call.host, store.insertion_order(entity), after, first)


def page_by_column(
    call: Call, type_id: bytes, column: int, descending: bool, after: int, first: int
) -> list[int]:
    """Return row ids in order of an indexed column."""
    entity = store.load_type(call.host, type_id)
    if column >= len(entity.kinds) or not entity.index_mask >> column & 1:
        raise store.NOT_INDEXED(column)
    check_page(call, entity, after, first)
    chain = store.index_order(entity, column)
    return store.walk(call.host, chain, after, first, descending=descending)


def check_page(call: Call, entity: store.EntityType, after: int, first: int) -> None:
    """Refuse a page of no or too many rows, and a cursor that is no row."""
    if not 1 <= first <= PAGE_MAX:
        raise INVALID_PAGE_SIZE(first)
    if after:
        store.require(call.host, entity, after)


def type_of(call: Call, type_id: bytes) -> tuple[object, ...]:
    """Return what a type was declared as."""
    entity = store.load_type(call.host, type_id)
    name, columns = store.load_names(call.host, entity)
    return entity.owner, name, columns, list(entity.kinds), entity.index_mask


def type_id_of(_: Call, namespace: bytes, name: str) -> bytes:
    """Return the id that a type has or would have."""
    return store.type_id(namespace, name)


ROW_BOUNDS: dict[str, abi.Bound] = {"row": store.ROW_SIZE_MAX, "hints": store.COLUMNS_MAX}
WRITE_GAS = (Constant(amount=2_000), PerItem(argument="row", amount=1))
PAGE_GAS = (Constant(amount=500), PerUnit(argument="first", amount=20, maximum=PAGE_MAX))

PRECOMPILE = Precompile(
    address=(0x0501).to_bytes(20, "big"),
    family="graph",
    name="entity_store",
    interface="IEntityStore",
    version=1,
    summary="Typed tables that contracts write and anybody pages through",
    methods=(
        method(
            "defineType(string name, string[] columns, uint8[] kinds, uint16 indexMask)"
            " returns (bytes32 typeId)",
            mutability="nonpayable",
            gas=(Constant(amount=1_500), PerItem(argument="columns", amount=100)),
            handler=define_type,
            summary="Declare a type in the caller's namespace. Kinds: 0 uint256, 1 int256,"
            " 2 bytes32, 3 address, 4 bytes. Bit c of the mask gives column c a sorted index.",
            bounds={
                "name": TEXT_MAX,
                "columns": (store.COLUMNS_MAX, TEXT_MAX),
                "kinds": store.COLUMNS_MAX,
            },
        ),
        method(
            "append(bytes32 typeId, bytes row, uint256[] hints) returns (uint256 id)",
            mutability="nonpayable",
            gas=WRITE_GAS,
            handler=append,
            summary="Add a row: the ABI encoding of its columns. Hints, one for each indexed column"
            " or none, are rows near which the new one belongs.",
            bounds=ROW_BOUNDS,
        ),
        method(
            "upsert(bytes32 typeId, bytes32 key, bytes row, uint256[] hints) returns (uint256 id)",
            mutability="nonpayable",
            gas=WRITE_GAS,
            handler=upsert,
            summary="Add a row under a key that is not zero, or replace the one it names.",
            bounds=ROW_BOUNDS,
        ),
        method(
            "update(bytes32 typeId, uint256 id, bytes row, uint256[] hints)",
            mutability="nonpayable",
            gas=WRITE_GAS,
            handler=update,
            summary="Replace the row with this id.",
            bounds=ROW_BOUNDS,
        ),
        method(
            "remove(bytes32 typeId, uint256 id)",
            mutability="nonpayable",
            gas=(Constant(amount=2_000),),
            handler=remove,
            summary="Delete the row with this id.",
        ),
        method(
            "get(bytes32 typeId, uint256 id) returns (bytes row)",
            mutability="view",
            gas=(Constant(amount=500),),
            handler=get,
            summary="Return a row as the ABI encoding of its columns.",
            bounds={"row": store.ROW_SIZE_MAX},
        ),
        method(
            "idOf(bytes32 typeId, bytes32 key) returns (uint256 id)",
            mutability="view",
            gas=(Constant(amount=300),),
            handler=id_of,
            summary="Return the row that has a key, or 0.",
        ),
        method(
            "count(bytes32 typeId) returns (uint256 rows)",
            mutability="view",
            gas=(Constant(amount=300),),
            handler=count,
            summary="Return the number of rows.",
        ),
        method(
            "page(bytes32 typeId, uint256 afterId, uint256 first) returns (uint256[] ids)",
            mutability="view",
            gas=PAGE_GAS,
            handler=page,
            summary="Return 1 to 100 row ids in order of insertion: those after a row, or, after 0,"
            " from the beginning. A cursor that was removed is refused.",
            bounds={"ids": PAGE_MAX},
        ),
        method(
            "pageByColumn(bytes32 typeId, uint8 column, bool descending, uint256 afterId,"
            " uint256 first) returns (uint256[] ids)",
            mutability="view",
            gas=PAGE_GAS,
            handler=page_by_column,
            summary="Return 1 to 100 row ids in order of an indexed column; equal values in order"
            " of insertion.",
            bounds={"ids": PAGE_MAX},
        ),
        method(
            "typeOf(bytes32 typeId) returns (address namespace, string name, string[] columns,"
            " uint8[] kinds, uint16 indexMask)",
            mutability="view",
            gas=(Constant(amount=1_000),),
            handler=type_of,
            summary="Return what a type was declared as.",
            bounds={
                "name": store.NAME_MAX,
                "columns": (store.COLUMNS_MAX, store.NAME_MAX),
                "kinds": store.COLUMNS_MAX,
            },
        ),
        method(
            "typeIdOf(address namespace, string name) returns (bytes32 typeId)",
            mutability="pure",
            gas=(Constant(amount=100),),
            handler=type_id_of,
            summary="Return the id that a type of this name in this namespace has.",
            bounds={"name": TEXT_MAX},
        ),
    ),
    errors=(*store.ERRORS, INVALID_PAGE_SIZE),
    events=(TYPE_DEFINED, ENTITY_CHANGED),
    references=("EIP-1767, for the vocabulary of later queries",),
)
