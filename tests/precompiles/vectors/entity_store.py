"""Vectors of the entity store, worked out by hand from its description."""

from collections.abc import Callable, Iterator

from cases import CALLER, Case, call, case, hexed, refused
from eth_abi import encode
from eth_utils import keccak

DEFINE = "defineType(string,string[],uint8[],uint16)"
APPEND = "append(bytes32,bytes,uint256[])"
UPSERT = "upsert(bytes32,bytes32,bytes,uint256[])"
UPDATE = "update(bytes32,uint256,bytes,uint256[])"
REMOVE = "remove(bytes32,uint256)"
PAGE = "page(bytes32,uint256,uint256)"
PAGE_BY = "pageByColumn(bytes32,uint8,bool,uint256,uint256)"

STRANGER = b"\x77" * 20
TRADE = keccak(CALLER + b"trade")
KEY = keccak(text="key")
UNKNOWN = keccak(text="unknown")
COLUMNS = ["int256", "address", "bytes"]


SOURCE = "worked out by hand from the description in precompiles/graph/entity_store"


def cases() -> Iterator[Case]:
    define = call(DEFINE, "trade", ["price", "who", "note"], [1, 3, 4], 0b11)
    prices = (30, -5, 30, 2)
    rows = [encode(COLUMNS, [price, STRANGER, b"n" * 40]) for price in prices]
    defined = [{"input": hexed(define)}]
    filled = defined + [{"input": hexed(call(APPEND, TRADE, row, []))} for row in rows]

    def entity_log(identifier: int, row: bytes | None) -> Case:
        topic = keccak(text="EntityChanged(bytes32,uint256,bytes32)")
        topics = [topic, TRADE, identifier.to_bytes(32, "big")]
        return {
            "topics": [hexed(each) for each in topics],
            "data": hexed(keccak(row) if row is not None else bytes(32)),
        }

    topic = keccak(text="TypeDefined(bytes32,address,string)")
    log = {
        "topics": [hexed(topic), hexed(TRADE), hexed(bytes(12) + CALLER)],
        "data": hexed(encode(["string"], ["trade"])),
    }
    yield case("define", define, ["bytes32"], TRADE, logs=[log])
    yield case("id-of-type", call("typeIdOf(address,string)", CALLER, "trade"), ["bytes32"], TRADE)
    types = ["address", "string", "string[]", "uint8[]", "uint16"]
    declared = ("0x" + CALLER.hex(), "trade", ["price", "who", "note"], [1, 3, 4], 3)
    yield case("type", call("typeOf(bytes32)", TRADE), types, *declared, before=defined)

    append = call(APPEND, TRADE, rows[0], [])
    logs = [entity_log(1, rows[0])]
    yield case("append-first", append, ["uint256"], 1, before=defined, logs=logs)
    append = call(APPEND, TRADE, rows[1], [4, 2])
    logs = [entity_log(5, rows[1])]
    yield case("append-with-hints", append, ["uint256"], 5, before=filled, logs=logs)
    yield case(
        "append-with-stale-hints",
        call(APPEND, TRADE, rows[1], [99, 2**256 - 1]),
        ["uint256"],
        5,
        before=filled,
        logs=logs,
    )
    for identifier, row in enumerate(rows, start=1):
        data = call("get(bytes32,uint256)", TRADE, identifier)
        yield case(f"get-{identifier}", data, ["bytes"], row, before=filled, static=True)
    yield case("count", call("count(bytes32)", TRADE), ["uint256"], 4, before=filled)
    yield case("count-of-none", call("count(bytes32)", TRADE), ["uint256"], 0, before=defined)

    for name, after, first, ids in (
        ("all", 0, 100, [1, 2, 3, 4]), ("first-two", 0, 2, [1, 2]), ("next-two", 2, 2, [3, 4]),
        ("past-the-end", 4, 10, []),
    ):  # fmt: skip
        data = call(PAGE, TRADE, after, first)
        yield case(f"page-{name}", data, ["uint256[]"], ids, before=filled)
    for name, descending, after, first, ids in (
        ("ascending", False, 0, 100, [2, 4, 1, 3]), ("descending", True, 0, 100, [3, 1, 4, 2]),
        ("ascending-after-4", False, 4, 1, [1]), ("descending-after-4", True, 4, 9, [2]),
    ):  # fmt: skip
        data = call(PAGE_BY, TRADE, 0, descending, after, first)
        yield case(f"by-price-{name}", data, ["uint256[]"], ids, before=filled)

    upsert = call(UPSERT, TRADE, KEY, rows[0], [])
    keyed = [*filled, {"input": hexed(upsert)}]
    yield case("upsert-new", upsert, ["uint256"], 5, before=filled, logs=[entity_log(5, rows[0])])
    again = call(UPSERT, TRADE, KEY, rows[1], [])
    yield case("upsert-again", again, ["uint256"], 5, before=keyed, logs=[entity_log(5, rows[1])])
    id_of = call("idOf(bytes32,bytes32)", TRADE, KEY)
    yield case("id-of-key", id_of, ["uint256"], 5, before=keyed)
    yield case("id-of-no-key", id_of, ["uint256"], 0, before=filled)
    update = call(UPDATE, TRADE, 1, rows[1], [])
    yield case("update", update, [], before=filled, logs=[entity_log(1, rows[1])])
    moved = [*filled, {"input": hexed(update)}]
    by_price = call(PAGE_BY, TRADE, 0, False, 0, 100)
    yield case("update-moves", by_price, ["uint256[]"], [1, 2, 4, 3], before=moved)
    remove = call(REMOVE, TRADE, 4)
    yield case("remove", remove, [], before=filled, logs=[entity_log(4, None)])
    left = [*filled, {"input": hexed(remove)}]
    yield case("remove-leaves-index", by_price, ["uint256[]"], [2, 1, 3], before=left)
    yield case(
        "remove-leaves-order", call(PAGE, TRADE, 0, 9), ["uint256[]"], [1, 2, 3], before=left
    )
    unkeyed = [*keyed, {"input": hexed(call(REMOVE, TRADE, 5))}]
    yield case("remove-frees-key", id_of, ["uint256"], 0, before=unkeyed)
    yield case(
        "ids-are-not-reused", append, ["uint256"], 6, before=unkeyed, logs=[entity_log(6, rows[1])]
    ) | {"input": hexed(call(APPEND, TRADE, rows[1], []))}

    remove_keyed = call(REMOVE, TRADE, 5)
    yield case("remove-keyed", remove_keyed, [], before=keyed, logs=[entity_log(5, None)])
    yield from hinted(defined, entity_log)
    yield from scanned()
    second = call(DEFINE, "second", ["a", "b"], [0, 4], 0b10)
    yield refused("define-second-column-bytes", second, "InvalidColumn(uint256)", 1)

    yield refused(
        "unknown-type", call(APPEND, UNKNOWN, rows[0], []), "UnknownType(bytes32)", UNKNOWN
    )
    yield refused("define-twice", define, "TypeExists(bytes32)", TRADE, before=defined)
    owner = "0x" + CALLER.hex()
    for name, data in (
        ("append", append),
        ("update", update),
        ("remove", remove),
        ("upsert", upsert),
    ):
        yield refused(
            f"{name}-by-stranger",
            data,
            "NotOwner(address)",
            owner,
            caller=hexed(STRANGER),
            before=[{**step, "caller": hexed(CALLER)} for step in filled],
        )
        yield refused(f"{name}-static", data, "WriteProtection()", before=filled, static=True)
    yield refused("define-static", define, "WriteProtection()", static=True)
    for name, data, error, *arguments in (
        ("empty-name", call(DEFINE, "", ["a"], [0], 0), "InvalidName()"),
        ("long-name", call(DEFINE, "x" * 32, ["a"], [0], 0), "InvalidName()"),
        ("empty-column-name", call(DEFINE, "t", [""], [0], 0), "InvalidName()"),
        ("no-columns", call(DEFINE, "t", [], [], 0), "InvalidLength(uint256,uint256)", 1, 0),
        ("17-columns", call(DEFINE, "t", ["a"] * 17, [0] * 17, 0),
         "InvalidLength(uint256,uint256)", 16, 17),
        ("kinds-missing", call(DEFINE, "t", ["a", "b"], [0], 0),
         "InvalidLength(uint256,uint256)", 2, 1),
        ("same-column", call(DEFINE, "t", ["a", "a"], [0, 0], 0), "InvalidColumn(uint256)", 1),
        ("kind-5", call(DEFINE, "t", ["a", "b"], [0, 5], 0), "InvalidColumn(uint256)", 1),
        ("indexed-bytes", call(DEFINE, "t", ["a"], [4], 1), "InvalidColumn(uint256)", 0),
        ("index-beyond", call(DEFINE, "t", ["a"], [0], 4), "InvalidColumn(uint256)", 2),
    ):  # fmt: skip
        yield refused(f"define-{name}", data, error, *arguments)
    long_note = encode(COLUMNS, [1, STRANGER, bytes(257)])
    for name, row, reason in (
        ("empty", b"", call("Truncated(uint256)", 0)),
        ("short", rows[0][:-1], call("Truncated(uint256)", len(rows[0]) - 1)),
        ("long", rows[0] + bytes(32), call("TrailingBytes(uint256)", len(rows[0]))),
        (
            "dirty-address",
            rows[0][:32] + b"\1" + rows[0][33:],
            call("ValueOutOfRange(uint256)", 32),
        ),
        ("note-of-257", long_note, call("InvalidLength(uint256,uint256)", 256, 257)),
    ):
        data = call(APPEND, TRADE, row, [])
        yield refused(f"row-{name}", data, "InvalidRow(bytes)", reason, before=defined)
    one_hint = call(APPEND, TRADE, rows[0], [1])
    yield refused(
        "one-hint-for-two", one_hint, "InvalidLength(uint256,uint256)", 2, 1, before=filled
    )
    no_key = call(UPSERT, TRADE, bytes(32), rows[0], [])
    yield refused("zero-key", no_key, "InvalidKey()", before=defined)
    for identifier in (0, 5, 2**256 - 1):
        for name, data in (
            ("get", call("get(bytes32,uint256)", TRADE, identifier)),
            ("remove", call(REMOVE, TRADE, identifier)),
            ("update", call(UPDATE, TRADE, identifier, rows[0], [])),
        ):
            label = identifier if identifier < 99 else "max"
            yield refused(
                f"{name}-row-{label}", data, "RowNotFound(uint256)", identifier, before=filled
            )
    yield refused(
        "page-after-none", call(PAGE, TRADE, 9, 1), "RowNotFound(uint256)", 9, before=filled
    )
    for size in (0, 101):
        data = call(PAGE, TRADE, 0, size)
        yield refused(f"page-of-{size}", data, "InvalidPageSize(uint256)", size, before=filled)
    for column in (2, 3, 255):
        data = call(PAGE_BY, TRADE, column, False, 0, 1)
        yield refused(f"by-column-{column}", data, "NotIndexed(uint256)", column, before=filled)
    yield refused("value", append, "ValueRefused(uint256)", 7, before=filled, value=7)
    yield refused("trailing-byte", append + b"\0", "TrailingBytes(uint256)", len(append))


def hinted(defined: list[Case], entity_log: Callable[[int, bytes], Case]) -> Iterator[Case]:
    """Two indexes that order the rows differently, and hints that save steps."""
    people = [bytes(19) + bytes([number]) for number in (4, 3, 2, 1, 9)]
    given = zip((10, 20, 30, 40), people, strict=False)
    rows = [encode(COLUMNS, [price, who, b""]) for price, who in given]
    filled = defined + [{"input": hexed(call(APPEND, TRADE, row, []))} for row in rows]
    by_who = call(PAGE_BY, TRADE, 1, False, 0, 9)
    yield case("by-who", by_who, ["uint256[]"], [4, 3, 2, 1], before=filled)

    added = encode(COLUMNS, [15, bytes(19) + b"\x05", b""])
    logs = [entity_log(5, added)]
    hints = [1, 1]
    append = call(APPEND, TRADE, added, hints)
    yield case("append-at-hints", append, ["uint256"], 5, before=filled, logs=logs)
    upsert = call(UPSERT, TRADE, KEY, added, hints)
    yield case("upsert-new-at-hints", upsert, ["uint256"], 5, before=filled, logs=logs)
    keyed = [*filled, {"input": hexed(upsert)}]
    moved = encode(COLUMNS, [25, bytes(20), b""])
    again = call(UPSERT, TRADE, KEY, moved, [2, 4])
    logs = [entity_log(5, moved)]
    yield case("upsert-again-at-hints", again, ["uint256"], 5, before=keyed, logs=logs)
    for name, row, hints in (
        ("both-at-hints", moved, [2, 4]),
        ("both-without-hints", moved, []),
        ("at-itself", moved, [4, 4]),
        ("at-others", moved, [4, 2]),
        ("one-of-two", encode(COLUMNS, [5, people[3], b""]), [1, 1]),
    ):
        update = call(UPDATE, TRADE, 4, row, hints)
        logs = [entity_log(4, row)]
        yield case(f"update-{name}", update, [], before=filled, logs=logs)
    logs = [entity_log(2, None)]
    remove = call(REMOVE, TRADE, 2)
    yield case("remove-from-both", remove, [], before=filled, logs=logs)


def scanned() -> Iterator[Case]:
    """An insertion may take 128 steps from its hint, and no more."""
    scan = keccak(CALLER + b"scan")
    define = {"input": hexed(call(DEFINE, "scan", ["a", "b"], [0, 0], 0b10))}

    def append(number: int, hints: list[int]) -> bytes:
        return call(APPEND, scan, encode(["uint256", "uint256"], [0, number]), hints)

    def with_rows(count: int) -> list[Case]:
        rows = [{"input": hexed(append(number, []))} for number in range(1, count + 1)]
        return [define, *rows]

    topic = keccak(text="EntityChanged(bytes32,uint256,bytes32)")
    for name, rows, number, hints in (
        ("back-128", 128, 0, []),
        ("on-128", 129, 1_000, [1]),
    ):
        identifier = (rows + 1).to_bytes(32, "big")
        row = encode(["uint256", "uint256"], [0, number])
        topics = [hexed(each) for each in (topic, scan, identifier)]
        log = {"topics": topics, "data": hexed(keccak(row))}
        data = append(number, hints)
        before = with_rows(rows)
        yield case(f"scan-{name}", data, ["uint256"], rows + 1, before=before, logs=[log])
    for name, rows, number, hints in (
        ("back-129", 129, 0, []),
        ("on-129", 130, 1_000, [1]),
    ):
        data = append(number, hints)
        yield refused(f"scan-{name}", data, "ScanLimit(uint256)", 1, before=with_rows(rows))
