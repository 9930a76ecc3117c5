"""The published vectors: replayed by our code, and read and worked out by other code."""

import hashlib
import json
from pathlib import Path

import pytest

from node.codec import Refused
from node.crdt import bodies
from node.crdt.bodies import Name, Operation, Ref, Span, Type
from node.crdt.documents import Documents
from node.crdt.operations import decode_operations
from node.vectors import make_crdt

FILE = Path(make_crdt.__file__).with_name("crdt.json")
VECTORS = json.loads(FILE.read_text("utf-8"))


class Bytes:
    """Numbers and texts off the front, as docs/crdt.md has them."""

    def __init__(self, data: bytes) -> None:
        self.data, self.vertices = data, [b""]

    def take(self, size: int) -> bytes:
        taken, self.data = self.data[:size], self.data[size:]
        assert len(taken) == size
        return taken

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def ref(self) -> Ref | None:
        slot = self.number(2)
        return Ref(self.vertices[slot - 1], self.number(4)) if slot else None

    def refs(self) -> tuple:
        return tuple(self.ref() for _ in range(self.number(2)))

    def value(self):
        tag = self.number(1)
        if tag < 3:
            return (None, False, True)[tag]
        if tag == 3:
            return int.from_bytes(self.take(8), "big", signed=True)
        data = self.take(self.number(4))
        return data.decode() if tag == 4 else data

    def body(self, kind: int):
        if kind == 0:
            return bodies.Grow(self.number(8))
        if kind == 1:
            return bodies.Shift((-1) ** self.number(1) * self.number(8))
        if kind == 2:
            return bodies.Insert(self.value())
        if kind == 3:
            return bodies.Remove(self.refs()) if self.number(1) else bodies.Add(self.value())
        if kind == 4:
            return bodies.Write(self.value())
        if kind == 5:
            refs = self.refs()
            return bodies.Replace(self.value(), refs)
        if self.number(1):
            spans = range(self.number(2))
            found = [(self.ref(), self.number(4)) for _ in spans]
            return bodies.Delete(tuple(Span(r.vertex, r.index, size) for r, size in found))
        left = self.ref()
        if self.number(1):
            return bodies.Splice(left, tuple(self.value() for _ in range(self.number(2))))
        return bodies.Splice(left, self.take(self.number(4)).decode())


def read(payload: bytes) -> list[Operation]:
    data = Bytes(payload)
    assert data.number(1) == 1
    data.take(16)
    documents = [(data.number(1), data.take(32)) for _ in range(data.number(2))]
    data.vertices += [data.take(32) for _ in range(data.number(2))]
    found = []
    for _ in range(data.number(2)):
        kind, document = documents[data.number(2)]
        found.append(Operation(document, data.body(kind)))
    assert data.data == b""
    return found


def history() -> list[tuple]:
    return [
        (
            bytes.fromhex(row["vertex"]),
            row["lamport"],
            bytes.fromhex(row["author"]),
            read(bytes.fromhex(row["payload"])),
        )
        for row in VECTORS["history"]
    ]


def test_the_file_is_what_its_maker_makes() -> None:
    assert make_crdt.vectors() == VECTORS


def test_other_code_reads_the_same_payloads() -> None:
    ours = [decode_operations(bytes.fromhex(row["payload"])) for row in VECTORS["history"]]

    assert [row[3] for row in history()] == ours


def test_other_code_finds_the_same_values(twin) -> None:
    for row in VECTORS["documents"]:
        assert twin(Type(row["type"]), history()) == row["value"]


def test_any_order_comes_to_the_same_state() -> None:
    documents = Documents()
    for row in reversed(VECTORS["history"] * 2):
        vertex, author = bytes.fromhex(row["vertex"]), bytes.fromhex(row["author"])
        documents.apply_payload(vertex, row["lamport"], author, bytes.fromhex(row["payload"]))

    assert documents.snapshot().hex() == VECTORS["snapshot"]
    for row in VECTORS["documents"]:
        document = documents.document(Name(Type(row["type"]), bytes.fromhex(row["id"])))
        assert document.state.hex() == row["state"]


def test_hashes_by_hashlib() -> None:
    documents = [bytes.fromhex(row["document"]) for row in VECTORS["documents"]]
    digests = b"".join(hashlib.sha3_256(document).digest() for document in documents)
    snapshot = b"\1" + len(documents).to_bytes(4, "big") + b"".join(documents)

    assert hashlib.sha3_256(b"PARS:Documents:v1" + digests).hexdigest() == VECTORS["state_hash"]
    assert snapshot.hex() == VECTORS["snapshot"]


@pytest.mark.parametrize("why", list(VECTORS["refused"]))
def test_what_is_refused(why: str) -> None:
    with pytest.raises(Refused):
        decode_operations(bytes.fromhex(VECTORS["refused"][why]))
