"""Changes that users write in JSON."""

from typing import Any

import pytest

from node.codec import Refused
from node.crdt.documents import Documents
from node.crdt.edits import WORDS, document_id, edit, named
from node.crdt.operations import Name, decode_operations, encode_operations

AUTHOR = bytes(32)


class Desk:
    """Documents, and the vertices that one author writes."""

    def __init__(self) -> None:
        self.documents = Documents()
        self.written = 0

    def change(self, word: str, name: str, change: dict[str, Any]) -> Any:
        operations = edit(self.documents, word, name, change)
        self.written += 1
        vertex = self.written.to_bytes(32)
        sent = decode_operations(encode_operations(operations))
        self.documents.apply(vertex, self.written, AUTHOR, sent)
        return self.documents.value(Name(WORDS[word], document_id(name)))


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize(
    ("word", "steps"),
    [
        ("gcounter", [({"add": 2}, 2), ({"add": 3}, 5)]),
        ("pncounter", [({"add": 2}, 2), ({"add": -3}, -1)]),
        ("gset", [({"insert": "a"}, ["a"]), ({"insert": 1}, None)]),
        ("orset", [({"insert": "a"}, ["a"]), ({"remove": "a"}, [])]),
        ("lww", [({"set": "a"}, "a"), ({"set": {"bytes": "00ff"}}, {"bytes": "00ff"})]),
        ("mv", [({"set": "a"}, ["a"]), ({"set": None}, [None])]),
        (
            "array",
            [
                ({"at": 0, "insert": "salam"}, list("salam")),
                ({"at": 5, "insert": [1, True]}, [*"salam", 1, True]),
                ({"at": 1, "delete": 5}, ["s", True]),
            ],
        ),
    ],
)
def test_changes_do_what_they_say(desk: Desk, word: str, steps: list[tuple[Any, Any]]) -> None:
    for change, expected in steps:
        value = desk.change(word, "one", change)
        if expected is not None:
            assert value == expected


def test_documents_are_listed_by_type_and_name(desk: Desk) -> None:
    desk.change("lww", "motd", {"set": "salam"})
    desk.change("lww", "motd", {"set": "khodahafez"})
    desk.change("array", "notes: of today", {"at": 0, "insert": "x"})

    assert sorted(named(desk.documents)) == [("array", "notes: of today"), ("lww", "motd")]


@pytest.mark.parametrize(
    ("word", "change"),
    [
        ("gcounter", {"add": 0}),
        ("gcounter", {"add": -1}),
        ("gcounter", {"add": True}),
        ("gcounter", {"add": 1 << 64}),
        ("gcounter", {"add": 1, "set": 2}),
        ("pncounter", {"add": "1"}),
        ("pncounter", {"add": -(1 << 64)}),
        ("gset", {"remove": "a"}),
        ("gset", {"insert": 1.5}),
        ("orset", {"remove": "never there"}),
        ("lww", {"set": [1]}),
        ("lww", {"set": {"bytes": "xy"}}),
        ("lww", {}),
        ("array", {"at": 1, "insert": "beyond"}),
        ("array", {"at": -1, "insert": "before"}),
        ("array", {"at": 0, "insert": ""}),
        ("array", {"at": 0, "delete": 1}),
        ("array", {"at": True, "insert": "a"}),
        ("rich", {"set": 1}),
    ],
)
def test_what_is_no_change_is_refused(desk: Desk, word: str, change: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=r"^edits: "):
        edit(desk.documents, word, "one", change)


@pytest.mark.parametrize("name", ["", "x" * 129, "two\nlines", "\u202ereversed"])
def test_a_name_is_short_and_printable(name: str) -> None:
    with pytest.raises(Refused, match="name"):
        document_id(name)
