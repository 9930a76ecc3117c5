"""What documents cost: operations a second of CPU, and bytes; beside Loro and a plain twin.

Run as `python -m benchmarks.crdt`. Medians of three runs in one process. Loro is the engine of the
rich documents; its operations are named (peer, counter), ours by the hash of a vertex. The twin is
an array that looks for the left neighbour in a list. The exit status is 1 where a goal is missed.
"""

import random
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from loro import ExportMode, LoroDoc, VersionVector
from rich.console import Console
from rich.table import Table

from node.crdt.bodies import (
    Add,
    Body,
    Delete,
    Grow,
    Insert,
    Name,
    Operation,
    Ref,
    Replace,
    Shift,
    Splice,
    Type,
    Write,
)
from node.crdt.documents import Documents
from node.crdt.operations import decode_operations, encode_operations
from node.crdt.rich import Rich
from node.crdt.states import Origin
from node.crypto import sha256

RUNS = 3
VERTICES = 2_000
BATCH = 20  # operations in a vertex
EDITS = 20_000
DELETED = 0.2
LONG = 200_000
DOCUMENT = bytes(range(32))
AUTHORS = [sha256(b"author %d" % number) for number in range(4)]
TEXT = Name(Type.RG_ARRAY, DOCUMENT)
GOAL_APPLY = 10_000  # a vertex's signature takes 300 us: nothing here may cost a third of that


def seconds(work: Callable[[], Any], runs: int = RUNS) -> float:
    """Return CPU seconds, the median of the runs."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)


# --- every type ----------------------------------------------------------------------------------


def bodies_of(kind: str, chance: random.Random, previous: bytes) -> list[Body]:
    """Return what a vertex does to one document."""
    many: dict[str, Callable[[int], Body]] = {
        "GCounter": lambda _: Grow(chance.randrange(1, 100)),
        "PNCounter": lambda _: Shift(chance.choice([-3, 4])),
        "GSet": lambda _: Insert(chance.randrange(1 << 40)),
        "ORSet": lambda _: Add(chance.randrange(1 << 40)),
        "LWWRegister": lambda _: Write(chance.randrange(1 << 40)),
        "MVRegister": lambda at: Replace(at, (Ref(previous, at),) if previous else ()),
        "RGArray": lambda at: Splice(Ref(b"", at - 1) if at else None, "x"),
    }
    return [many[kind](at) for at in range(BATCH)]


def one_type(kind: str) -> list[str]:
    """Return a row: apply, decode, bytes of an operation in a payload and in the state."""
    chance = random.Random(kind)
    names = [sha256(b"%d" % number) for number in range(VERTICES)]
    payloads = []
    for number in range(VERTICES):
        previous = names[number - 1] if number else b""
        listed = [Operation(DOCUMENT, body) for body in bodies_of(kind, chance, previous)]
        payloads.append(encode_operations(listed))
    decoded = [decode_operations(payload) for payload in payloads]
    total = VERTICES * BATCH

    def apply() -> Documents:
        documents = Documents()
        for number, operations in enumerate(decoded):
            documents.apply(names[number], number, AUTHORS[number % 4], operations)
        return documents

    applied = total / seconds(apply)
    read = total / seconds(lambda: [decode_operations(payload) for payload in payloads])
    state = len(apply().snapshot()) / total
    size = sum(map(len, payloads)) / total
    return [kind, f"{applied:,.0f}", f"{read:,.0f}", f"{size:.1f}", f"{state:.1f}"]


# --- one text, edited at random places -----------------------------------------------------------


def places() -> list[tuple[bool, float]]:
    """Return what is done: whether something is deleted, and where, from 0 to 1."""
    chance = random.Random(7)
    return [(chance.random() < DELETED, chance.random()) for _ in range(EDITS)]


def ours(edits: list[tuple[bool, float]]) -> tuple[dict[str, float], str]:
    """Write the text, and let a second replica read the payloads."""
    made: list[tuple[bytes, int, bytes, bytes]] = []

    def write() -> Documents:
        made.clear()
        documents = Documents()
        for number, (deletes, where) in enumerate(edits):
            array: Any = documents.state(TEXT)
            length = len(array) if array else 0
            at = int(where * length)
            if deletes and length:
                body: Body = Delete(array.spans(at, 1))
            else:
                body = Splice(array.left_of(at) if array else None, "x")
            payload = encode_operations([Operation(DOCUMENT, body)])
            vertex = (sha256(b"%d" % number), number, AUTHORS[number % 4], payload)
            documents.apply(*vertex[:3], decode_operations(payload))
            made.append(vertex)
        return documents

    def read(vertices: list[tuple[bytes, int, bytes, bytes]]) -> Documents:
        documents = Documents()
        for vertex in vertices:
            documents.apply_payload(*vertex)
        return documents

    local = seconds(write)
    documents = write()
    snapshot = documents.snapshot()
    shuffled = random.Random(1).sample(made, len(made))
    assert read(shuffled).snapshot() == snapshot
    array: Any = documents.state(TEXT)
    return {
        "local": EDITS / local,
        "in order": EDITS / seconds(lambda: read(made)),
        "any order": EDITS / seconds(lambda: read(shuffled)),
        "bytes": sum(len(vertex[3]) for vertex in made) / EDITS,
        "state": len(snapshot),
        "load": seconds(lambda: Documents.restore(snapshot)) * 1e3,
    }, array.text()


def loro(edits: list[tuple[bool, float]]) -> tuple[dict[str, float], int]:
    """Do the same with Loro, an update for each operation."""
    updates: list[bytes] = []

    def write() -> LoroDoc:
        updates.clear()
        doc = LoroDoc()
        doc.peer_id = 1
        text = doc.get_text("text")
        length, before = 0, VersionVector()
        for deletes, where in edits:
            at = int(where * length)
            if deletes and length:
                text.delete(at, 1)
                length -= 1
            else:
                text.insert(at, "x")
                length += 1
            doc.commit()
            updates.append(doc.export(ExportMode.Updates(before)))
            before = doc.oplog_vv
        return doc

    def read(listed: list[bytes]) -> LoroDoc:
        doc = LoroDoc()
        for update in listed:
            doc.import_(update)
        return doc

    local = seconds(write)
    snapshot = write().export(ExportMode.Snapshot())
    shuffled = random.Random(1).sample(updates, len(updates))

    def load() -> int:
        doc = LoroDoc()
        doc.import_(snapshot)
        return len(doc.get_text("text").to_string())

    return {
        "local": EDITS / local,
        "in order": EDITS / seconds(lambda: read(updates)),
        "any order": EDITS / seconds(lambda: read(shuffled), runs=1),  # half a minute
        "bytes": sum(map(len, updates)) / EDITS,
        "state": len(snapshot),
        "load": seconds(load) * 1e3,
    }, load()


def twin(edits: list[tuple[bool, float]]) -> dict[str, float]:
    """Keep all elements in a list, and look for each by its name."""

    def write() -> None:
        elements: list[list[Any]] = []
        seen = 0
        for number, (deletes, where) in enumerate(edits):
            at, index, passed = int(where * seen), -1, 0
            for index, element in enumerate(elements):  # noqa: B007 - where it stops is what counts
                if passed > at - (not deletes):
                    break
                passed += element[1]
            if deletes and seen:
                live = [element for element in elements if element[1]]
                live[at][1], seen = False, seen - 1
            else:
                elements.insert(index + 1, [number, True])
                seen += 1

    start = time.process_time()
    write()
    return {"local": EDITS / (time.process_time() - start)}


def guarded() -> tuple[float, float]:
    """Return updates a second of a rich document, and bytes of one, with every check."""
    writer, made = Rich(DOCUMENT), []
    for number in range(1_000):
        update = writer.change(
            AUTHORS[0], DOCUMENT, lambda doc, at=number: doc.get_text("t").insert(at, "x")
        )
        origin = Origin(sha256(b"%d" % number), number, AUTHORS[0])
        writer.apply(origin, [(0, update)])
        made.append((origin, update))

    def read() -> None:
        reader = Rich(DOCUMENT)
        for origin, update in made:
            reader.apply(origin, [(0, update)])

    return len(made) / seconds(read), sum(len(one.update) for _, one in made) / len(made)


def long_array() -> tuple[float, float]:
    """Return edits a second at random places of a short and of a long text."""
    rates = []
    for length in (1_000, LONG):
        documents, chance = Documents(), random.Random(3)
        for number in range(length // 1_000):
            state: Any = documents.state(TEXT)
            left = state.left_of(len(state)) if state else None
            documents.apply(
                sha256(b"base %d" % number),
                number,
                AUTHORS[0],
                [Operation(DOCUMENT, Splice(left, "y" * 1_000))],
            )
        array: Any = documents.state(TEXT)
        start = time.process_time()
        for number in range(EDITS):
            left = array.left_of(chance.randrange(len(array)))
            origin = Origin(sha256(b"%d" % number), 1_000 + number, AUTHORS[1])
            array.apply(origin, [(0, Splice(left, "x"))])
        rates.append(EDITS / (time.process_time() - start))
    return rates[0], rates[1]


def show(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """Print one table."""
    table = Table(title=title, title_justify="left")
    for number, column in enumerate(columns):
        table.add_column(column, justify="right" if number else "left")
    for row in rows:
        table.add_row(*row)
    Console(width=100).print(table)


def main() -> int:
    """Measure, print, compare."""
    kinds = ("GCounter", "PNCounter", "GSet", "ORSet", "LWWRegister", "MVRegister", "RGArray")
    rows = [one_type(kind) for kind in kinds]
    show(
        f"{BATCH} operations in a vertex, one document (goal: {GOAL_APPLY:,} applied /s)",
        ["type", "applied /s", "decoded /s", "bytes/op, payload", "bytes/op, state"],
        rows,
    )
    edits = places()
    (here, text), (there, length), plain = ours(edits), loro(edits), twin(edits)
    assert len(text) == length
    labels = {
        "local": "written /s, each encoded",
        "in order": "read /s, in order",
        "any order": "read /s, in any order",
        "bytes": "bytes of an update",
        "state": "bytes of the state",
        "load": "ms to load the state and read it",
    }
    show(
        f"A text: {EDITS:,} edits of one letter at random places, each a vertex of its own",
        ["", "RGArray", "Loro", "twin"],
        [
            [label, *(f"{one[key]:,.0f}" if key in one else "-" for one in (here, there, plain))]
            for key, label in labels.items()
        ],
    )
    rate, size = guarded()
    short, long_ = long_array()
    show(
        "",
        ["", ""],
        [
            ["rich updates read /s, each checked", f"{rate:,.0f}"],
            ["bytes of a rich update", f"{size:,.0f}"],
            ["edits /s in a text of 1,000", f"{short:,.0f}"],
            [f"edits /s in a text of {LONG:,}", f"{long_:,.0f}"],
        ],
    )
    applied = [float(row[1].replace(",", "")) for row in rows]
    return int(min(applied) < GOAL_APPLY or here["any order"] < GOAL_APPLY)


if __name__ == "__main__":
    sys.exit(main())
