"""Builds precompiles/*/*/vectors.json from published vectors and hand-made cases.

Run as a script from the root of a checkout to write them; a test compares.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from eth_abi import encode
from eth_utils import keccak

from precompiles.precompile import price
from precompiles.registry import find

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
P = 2**256 - 2**32 - 977

Case = dict[str, Any]


def call(signature: str, *arguments: Any) -> bytes:
    types = split_types(signature)
    return keccak(text=signature)[:4] + encode(types, arguments)


def split_types(signature: str) -> list[str]:
    inner = signature[signature.index("(") + 1 : -1]
    return inner.split(",") if inner else []


def case(name: str, data: bytes, types: list[str], *values: Any, **more: Any) -> Case:
    return {"name": name, "input": hexed(data), "output": hexed(encode(types, values)), **more}


def refused(name: str, data: bytes, error: str, *arguments: Any, **more: Any) -> Case:
    reason = f"{error[: error.index('(')]}({', '.join(shown(value) for value in arguments)})"
    payload = hexed(call(error, *arguments))
    return {"name": name, "input": hexed(data), "error": payload, "reason": reason, **more}


def shown(value: Any) -> str:
    return hexed(value) if isinstance(value, bytes) else str(value)


def hexed(data: bytes) -> str:
    return "0x" + data.hex()


def changed(data: bytes, position: int, word: int) -> bytes:
    """Replace one word of the arguments."""
    start = 4 + position
    return data[:start] + word.to_bytes(32, "big") + data[start + 32 :]


# --- Poseidon -------------------------------------------------------------------------------

HASH = "hash(uint8,uint256[])"
PERMUTE = "permute(uint8,uint256[])"


def poseidon() -> Iterator[Case]:
    for vector in json.loads((HERE / "poseidon_circomlibjs.json").read_text()):
        inputs = [int(item) for item in vector["inputs"]]
        count = len(inputs)
        name = f"{vector['name']}-{count}"
        yield case(f"hash-{name}", call(HASH, 1, inputs), ["uint256"], int(vector["digest"]))
        if vector["name"] == "derived":
            state = [int(vector["capacity"]), *inputs]
            permuted = [int(item) for item in vector["permuted"]]
            yield case(f"permute-{name}", call(PERMUTE, 1, state), ["uint256[]"], permuted)

    good = call(HASH, 1, [1, 2])
    digest = int("115cc0f5e7d690413df64c6b9662e9cf2a3617f2743245519e19607a4417189a", 16)
    yield case("static-call", good, ["uint256"], digest, static=True)
    for instance in (0, 2, 255):
        data = call(HASH, instance, [1, 2])
        yield refused(f"instance-{instance}", data, "InvalidInstance(uint8)", instance)
    yield refused("no-elements", call(HASH, 1, []), "InvalidLength(uint256,uint256)", 1, 0)
    yield refused("17-elements", call(HASH, 1, [1] * 17), "InvalidLength(uint256,uint256)", 16, 17)
    yield refused("1-lane", call(PERMUTE, 1, [1]), "InvalidLength(uint256,uint256)", 2, 1)
    yield refused("18-lanes", call(PERMUTE, 1, [1] * 18), "InvalidLength(uint256,uint256)", 17, 18)
    for name, element in (("order", R), ("order-plus-1", R + 1), ("all-ones", 2**256 - 1)):
        data = call(HASH, 1, [0, element])
        yield refused(f"element-{name}", data, "NotCanonical(uint256)", 1)
    yield refused("lane-order", call(PERMUTE, 1, [R, 0]), "NotCanonical(uint256)", 0)
    largest = 4 + 2 * 32 + 32 + 16 * 32
    yield case("vyper-tail", padded_to(largest, good), ["uint256"], digest)
    yield from malformed(
        good, static_word=0, offset_word=32, length_word=64, length_max=16, size_max=largest
    )


def padded_to(size: int, data: bytes) -> bytes:
    """Add what Vyper leaves behind an encoding: anything, up to the largest one."""
    return data + b"\xa5" * (size - len(data))


def malformed(
    good: bytes,
    *,
    static_word: int,
    offset_word: int,
    length_word: int,
    length_max: int,
    size_max: int,
) -> Iterator[Case]:
    """Encodings that must be refused; `good` begins with a uint8 and has a dynamic argument."""
    words = (len(good) - 4) // 32
    unknown = b"\x01\x02\x03\x04" + good[4:]
    yield refused("no-data", b"", "UnknownSelector(bytes4)", bytes(4))
    yield refused("half-selector", good[:2], "UnknownSelector(bytes4)", good[:2] + bytes(2))
    yield refused("unknown-selector", unknown, "UnknownSelector(bytes4)", unknown[:4])
    yield refused("value", good, "ValueRefused(uint256)", 1, value=1)
    yield refused("selector-only", good[:4], "Truncated(uint256)", 4)
    short = len(good) - 1
    yield refused("one-byte-short", good[:-1], "Truncated(uint256)", short)
    yield refused("trailing-byte", good + b"\0", "TrailingBytes(uint256)", len(good))
    beyond = size_max - len(good) + 32
    yield refused("trailing-words", good + bytes(beyond), "TrailingBytes(uint256)", len(good))
    dirty = changed(good, static_word, 1 << 8 | 1)
    yield refused("uint8-of-257", dirty, "ValueOutOfRange(uint256)", 4 + static_word)
    high = changed(good, static_word, 1 << 255 | 1)
    yield refused("uint8-high-bit", high, "ValueOutOfRange(uint256)", 4 + static_word)
    for name, offset in (
        ("zero", 0),
        ("one-more", length_word + 1),
        ("next-word", length_word + 32),
        ("end", 32 * words),
        ("2-255", 1 << 255),
        ("wraps", 2**256 - 32),
    ):
        data = changed(good, offset_word, offset)
        yield refused(f"offset-{name}", data, "NonCanonicalOffset(uint256)", 4 + offset_word)
    for name, length in (("2-63", 1 << 63), ("2-64-plus-2", (1 << 64) + 2), ("max", 2**256 - 1)):
        data = changed(good, length_word, length)
        yield refused(f"length-{name}", data, "InvalidLength(uint256,uint256)", length_max, length)


# --- FROST ----------------------------------------------------------------------------------

VERIFY = "verify(uint8,bytes,bytes,bytes)"


def frost() -> Iterator[Case]:
    published = json.loads((HERE / "frost_published.json").read_text())
    for vector in published:
        arguments = [bytes.fromhex(vector[part]) for part in ("public_key", "message", "signature")]
        yield case(vector["name"], call(VERIFY, 1, *arguments), ["bool"], vector["valid"])
    for vector in json.loads((HERE / "frost_noble.json").read_text()):
        arguments = [bytes.fromhex(vector[part]) for part in ("public_key", "message", "signature")]
        size = len(arguments[1])
        name = f"noble-{vector['threshold']}-of-{vector['group']}-message-{size}"
        yield case(name, call(VERIFY, 1, *arguments), ["bool"], True)
        other = arguments[1][:-1] + bytes([arguments[1][-1] ^ 1]) if size else b"\0"
        wrong = call(VERIFY, 1, arguments[0], other, arguments[2])
        yield case(f"{name}-changed", wrong, ["bool"], False)

    key, message, signature = (
        bytes.fromhex(published[0][part]) for part in ("public_key", "message", "signature")
    )

    def verdict(name: str, valid: bool, sig: bytes, pk: bytes = key, msg: bytes = message) -> Case:
        return case(name, call(VERIFY, 1, pk, msg, sig), ["bool"], valid)

    for bit in (0, 7, 8, 100, 263, 264, 265, 400, 519):
        flipped = int.from_bytes(signature, "big") ^ 1 << 519 - bit
        yield verdict(f"signature-bit-{bit}", False, flipped.to_bytes(65, "big"))
    commitment, z = signature[:33], int.from_bytes(signature[33:], "big")
    for name, scalar in (("zero", 0), ("order", N), ("max", 2**256 - 1), ("negated", N - z)):
        yield verdict(f"scalar-{name}", False, commitment + scalar.to_bytes(32, "big"))
    for name, point in (
        ("infinity", bytes(33)),
        ("negated", bytes([commitment[0] ^ 1]) + commitment[1:]),
        ("off-curve", b"\2" + (5).to_bytes(32, "big")),
        ("beyond-field", b"\2" + (P + 1).to_bytes(32, "big")),
        ("the-key", key),
    ):
        yield verdict(f"commitment-{name}", False, point + signature[33:])
    for size in (0, 1, 33, 64):
        yield verdict(f"signature-of-{size}-bytes", False, signature[:size])
    yield verdict("signature-of-66-bytes", False, signature + b"\0")
    yield verdict("signature-of-128-bytes", False, signature + bytes(63))
    yield verdict("other-key", False, signature, pk=bytes([key[0] ^ 1]) + key[1:])
    yield verdict("other-message", False, signature, msg=b"Test")
    yield verdict("static-call", True, signature) | {"static": True}

    def bad_key(name: str, pk: bytes, error: str, *arguments: Any) -> Case:
        return refused(name, call(VERIFY, 1, pk, message, signature), error, *arguments)

    for size in (0, 32, 34, 65):
        resized = (key + bytes(32))[:size]
        name = f"key-of-{size}-bytes"
        yield bad_key(name, resized, "InvalidLength(uint256,uint256)", 33, size)
    yield bad_key("key-of-66-bytes", key + key, "InvalidLength(uint256,uint256)", 65, 66)
    yield bad_key("key-off-curve", b"\2" + (5).to_bytes(32, "big"), "InvalidPublicKey()")
    yield bad_key("key-beyond-field", b"\2" + (P + 1).to_bytes(32, "big"), "InvalidPublicKey()")
    yield bad_key("key-infinity", bytes(33), "InvalidPublicKey()")
    yield bad_key("key-prefix-4", b"\4" + key[1:], "InvalidPublicKey()")
    for suite in (0, 2, 255):
        data = call(VERIFY, suite, key, message, signature)
        yield refused(f"suite-{suite}", data, "InvalidSuite(uint8)", suite)
    data = call(VERIFY, 1, key, bytes(4097), signature)
    yield refused("message-of-4097-bytes", data, "InvalidLength(uint256,uint256)", 4096, 4097)
    good = call(VERIFY, 1, key, message, signature)
    largest = 4 + 4 * 32 + (32 + 96) + (32 + 4096) + (32 + 128)
    yield case("vyper-tail", padded_to(largest, good), ["bool"], True)
    yield from malformed(
        good, static_word=0, offset_word=32, length_word=128, length_max=65, size_max=largest
    )
    padding = 4 + 128 + 32 + 33
    dirty = good[:padding] + b"\1" + good[padding + 1 :]
    yield refused("dirty-padding", dirty, "DirtyPadding(uint256)", padding)


# --- Entity store ---------------------------------------------------------------------------

DEFINE = "defineType(string,string[],uint8[],uint16)"
APPEND = "append(bytes32,bytes,uint256[])"
UPSERT = "upsert(bytes32,bytes32,bytes,uint256[])"
UPDATE = "update(bytes32,uint256,bytes,uint256[])"
REMOVE = "remove(bytes32,uint256)"
PAGE = "page(bytes32,uint256,uint256)"
PAGE_BY = "pageByColumn(bytes32,uint8,bool,uint256,uint256)"

OWNER = bytes(19) + b"\1"
STRANGER = bytes(19) + b"\2"
TRADE = keccak(OWNER + b"trade")
KEY = keccak(text="key")
UNKNOWN = keccak(text="unknown")
COLUMNS = ["int256", "address", "bytes"]


def entity_store() -> Iterator[Case]:
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
        "topics": [hexed(topic), hexed(TRADE), hexed(bytes(12) + OWNER)],
        "data": hexed(encode(["string"], ["trade"])),
    }
    yield case("define", define, ["bytes32"], TRADE, logs=[log])
    yield case("id-of-type", call("typeIdOf(address,string)", OWNER, "trade"), ["bytes32"], TRADE)
    types = ["address", "string", "string[]", "uint8[]", "uint16"]
    declared = ("0x" + OWNER.hex(), "trade", ["price", "who", "note"], [1, 3, 4], 3)
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

    yield refused(
        "unknown-type", call(APPEND, UNKNOWN, rows[0], []), "UnknownType(bytes32)", UNKNOWN
    )
    yield refused("define-twice", define, "TypeExists(bytes32)", TRADE, before=defined)
    owner = "0x" + OWNER.hex()
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
            before=[{**step, "caller": hexed(OWNER)} for step in filled],
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


def document(name: str, cases: Iterator[Case]) -> str:
    entry = find(name)
    listed = []
    for each in cases:
        data = bytes.fromhex(each["input"][2:])
        listed.append({**each, "gas": price(entry, data)})
    names = [each["name"] for each in listed]
    assert len(set(names)) == len(names), name
    whole = {"precompile": name, "address": hexed(entry.address), "vectors": listed}
    return json.dumps(whole, indent=1) + "\n"


def products() -> dict[Path, str]:
    return {
        Path("precompiles/zk/poseidon/vectors.json"): document("poseidon", poseidon()),
        Path("precompiles/threshold/frost/vectors.json"): document("frost", frost()),
        Path("precompiles/graph/entity_store/vectors.json"): document(
            "entity_store", entity_store()
        ),
    }


if __name__ == "__main__":
    for path, text in products().items():
        (ROOT / path).write_text(text)
        print(path)
    sys.exit(0)
