"""Makes crdt.json: `python -m node.vectors.make_crdt > node/vectors/crdt.json`."""

import json
from collections.abc import Callable
from typing import Any

from ..crdt.bodies import (
    Add,
    Body,
    Delete,
    Grow,
    Insert,
    Operation,
    Ref,
    Remove,
    Replace,
    Shift,
    Span,
    Splice,
    Write,
)
from ..crdt.documents import Documents
from ..crdt.operations import decode_operations, encode_operations
from ..crypto import sha256

HEADER = {
    "what": "A history of documents in a space: the opened payload of each vertex, what every"
    " document comes to, its state as bytes, and the hash of all.",
    "made_by": "python -m node.vectors.make_crdt",
    "check": "Apply the payloads in any order, as often as you like. docs/crdt.md has the byte"
    " tables and the rules. The last two vertices are one author's, at one place of the history.",
    "encoding": "bytes are hex; ids of vertices stand for hashes and are SHA-256 of their names",
}
DOCUMENT = bytes(range(32))
ANNA, BILL, EVE = (sha256(name) for name in (b"anna", b"bill", b"eve"))
MARK = bytes(range(16))


def name(text: str) -> bytes:
    """Return the id of a vertex."""
    return sha256(text.encode())


HISTORY: list[tuple[str, int, bytes, list[Body]]] = [
    (
        "first",
        0,
        ANNA,
        [
            Grow(2**64 - 1),
            Shift(-7),
            Insert("in"),
            Add("a"),
            Add(5),
            Write("early"),
            Write("later"),
            Replace(None),
            Splice(None, "hello"),
            Splice(Ref(b"", 12), (b"\1\2", True, "x")),
        ],
    ),
    (
        "bill",
        1,
        BILL,
        [
            Grow(1),
            Remove((Ref(name("first"), 3),)),
            Add("a"),
            Replace("bill", (Ref(name("first"), 7),)),
            Splice(Ref(name("first"), 9), "E"),
            Delete((Span(name("first"), 9, 1), Span(name("first"), 12, 2))),
        ],
    ),
    (
        "anna",
        1,
        ANNA,
        [
            Shift(3),
            Replace("anna", (Ref(name("first"), 7),)),
            Splice(Ref(name("first"), 9), "ay, h"),
            Splice(Ref(name("first"), 12), "!"),
            Write(-1),
        ],
    ),
    ("eve, one way", 2, EVE, [Write("one"), Splice(None, "<"), Add(False)]),
    ("eve, another", 2, EVE, [Write("two"), Splice(None, ">"), Remove((Ref(name("bill"), 2),))]),
]

REFUSED: dict[str, Callable[[bytes], bytes]] = {
    "another version": lambda payload: b"\2" + payload[1:],
    "cut off": lambda payload: payload[:-1],
    "longer": lambda payload: payload + b"\0",
    "an unknown type": lambda payload: payload[:19] + b"\x08" + payload[20:],
    "names what comes after it": lambda payload: payload[:-6] + b"\0\1" + bytes(4),
}


def vectors() -> dict[str, Any]:
    """Return all vectors."""
    documents, rows = Documents(), []
    for text, lamport, author, bodies in HISTORY:
        payload = encode_operations([Operation(DOCUMENT, body) for body in bodies], MARK)
        documents.apply(name(text), lamport, author, decode_operations(payload))
        rows.append(
            {
                "vertex": name(text).hex(),
                "lamport": lamport,
                "author": author.hex(),
                "payload": payload.hex(),
            }
        )
    short = encode_operations([Operation(DOCUMENT, Remove((Ref(name("first"), 3),)))], MARK)
    listed = []
    for one in documents.names():
        document = documents.document(one)
        assert document is not None
        listed.append(
            {
                "type": int(one.type),
                "id": one.id.hex(),
                "value": documents.value(one),
                "state": document.state.hex(),
                "document": document.encode().hex(),
            }
        )
    return {
        "header": HEADER,
        "history": rows,
        "documents": listed,
        "state_hash": documents.state_hash().hex(),
        "snapshot": documents.snapshot().hex(),
        "refused": {why: spoil(short).hex() for why, spoil in REFUSED.items()},
    }


if __name__ == "__main__":
    print(json.dumps(vectors(), indent=1))
