"""Rich documents: Loro behind a rule that gives every operation one name."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from loro import ExportMode, LoroDoc, LoroList, LoroMap, LoroText, VersionVector

from node.codec import Refused
from node.crdt.bodies import (
    Name,
    Operation,
    Ref,
    Type,
    Update,
)
from node.crdt.documents import Documents
from node.crdt.operations import encode_operations
from node.crdt.rich import UPDATE_MAX, Rich, peer_of
from node.crypto import sha256

D = bytes(range(32))
ANNA, BILL, EVE = (sha256(name) for name in (b"anna", b"bill", b"eve"))
CHAIN, OTHER = b"c" * 32, b"o" * 32
NAME = Name(Type.RICH, D)


def typed(place: int, text: str):
    return lambda doc: doc.get_text("text").insert(place, text)


def keyed(value: int):
    return lambda doc: doc.get_map("map").insert("key", value)


def write(rich: Rich, author: bytes, lamport: int, edit, chain: bytes = CHAIN):
    """Make a change, apply it, and return it as a vertex."""
    vertex = sha256(b"%d" % lamport, author)
    update = rich_of(rich).change(author, chain, edit)
    made = (vertex, lamport, author, [Operation(D, update)])
    rich.apply(*made)
    return made


def rich_of(documents: Documents) -> Rich:
    state = documents.state(NAME)
    return state if state else Rich(D)


def converge(*vertices) -> Documents:
    """Apply in every order and return the one result."""
    found = {}
    for order in itertools.permutations(vertices):
        documents = Documents()
        for one in (*order, order[0]):
            documents.apply(*one)
        found[documents.snapshot()] = documents
        assert rich_of(documents).value() == rich_of(next(iter(found.values()))).value()
    assert len(found) == 1
    return found.popitem()[1]


def test_two_authors_write_one_text() -> None:
    anna, bill = Documents(), Documents()
    first = write(anna, ANNA, 0, typed(0, "hello"))
    bill.apply(*first)
    made = [
        first,
        write(anna, ANNA, 1, typed(5, " world")),
        write(bill, BILL, 1, typed(0, "Oh, ")),
        write(anna, ANNA, 2, typed(11, "!")),
    ]

    assert rich_of(converge(*made)).value() == {"text": "Oh, hello world!"}
    assert rich_of(converge(*made)).equivocating == []


@given(st.integers(0, 1 << 32))
@settings(max_examples=8)
def test_any_order_is_the_same_document(seed: int) -> None:
    chance = random.Random(seed)
    replicas = {author: Documents() for author in (ANNA, BILL, EVE)}
    made = []
    for step in range(25):
        author = chance.choice(list(replicas))
        for vertex in made if chance.random() < 0.4 else []:
            replicas[author].apply(*vertex)
        edit = chance.choice([typed(0, "ab"), keyed(step)])
        made.append(write(replicas[author], author, step, edit))
    hashes, values = set(), []
    for _ in range(4):
        chance.shuffle(made)
        documents = Documents()
        for vertex in made:
            documents.apply(*vertex)
        hashes.add(documents.state_hash())
        values.append(documents.value(NAME))
        assert Documents.restore(documents.snapshot()).value(NAME) == documents.value(NAME)

    assert len(hashes) == 1
    assert values == [values[0]] * 4


def test_a_forked_chain_goes_on_by_its_lower_branch() -> None:
    """Eve uses the same counters of her peer twice: raw Loro would differ for ever."""
    base = Documents()
    made = [write(base, ANNA, 0, typed(0, "base")), write(base, EVE, 1, typed(4, "1"))]
    snapshot = base.snapshot()
    branches = []
    for text in ("left", "right"):
        documents = Documents.restore(snapshot)
        update = rich_of(documents).change(EVE, CHAIN, typed(0, text))
        branches.append((sha256(text.encode()), 2, EVE, [Operation(D, update)]))
    lower = min(branches)
    following = Documents.restore(snapshot)
    following.apply(*lower)
    more = write(following, EVE, 3, typed(0, "more "))
    result = rich_of(converge(*made, *branches, more))
    text = "left" if lower is branches[0] else "right"

    assert result.value() == {"text": f"more {text}base1"}
    assert result.equivocating == [EVE]


def test_another_chain_has_another_peer() -> None:
    """A device that was set back begins a new chain, and is no fork."""
    one, two = Documents(), Documents()
    made = [write(one, ANNA, 0, typed(0, "one")), write(two, ANNA, 0, typed(0, "two"), OTHER)]
    made[1] = (sha256(b"two"), *made[1][1:])
    result = rich_of(converge(*made))

    assert sorted(result.value()["text"]) == sorted("onetwo")
    assert result.equivocating == []


def test_an_update_in_anothers_name_is_refused() -> None:
    anna = Rich(D)
    update = anna.change(ANNA, CHAIN, typed(0, "anna"))
    documents = Documents()
    documents.apply(sha256(b"1"), 0, EVE, [Operation(D, update)])

    assert rich_of(documents).value() == {}
    assert rich_of(documents).refused == 1


def test_an_update_that_brings_anothers_operations_too_is_refused() -> None:
    doc = LoroDoc()
    for author in (ANNA, EVE):
        doc.peer_id = peer_of(author, D, CHAIN)
        doc.get_text("text").insert(0, "x")
        doc.commit()
    both = Update(CHAIN, None, doc.export(ExportMode.Updates(VersionVector())))
    documents = Documents()
    documents.apply(sha256(b"1"), 0, EVE, [Operation(D, both)])

    assert rich_of(documents).refused == 1
    assert documents.value(NAME) == {}


@pytest.mark.parametrize(
    "update",
    [b"", b"noise" * 20, bytes(UPDATE_MAX + 1)],
)
def test_noise_is_refused(update: bytes) -> None:
    documents = Documents()
    documents.apply(sha256(b"1"), 0, EVE, [Operation(D, Update(CHAIN, None, update))])

    assert rich_of(documents).refused == 1
    assert documents.value(NAME) == {}


def test_every_truncation_and_flipped_bit_is_refused_or_changes_nothing() -> None:
    """Loro's head has bytes that nothing reads; the vertex's hash covers them."""
    update = Rich(D).change(ANNA, CHAIN, typed(0, "some text"))
    data = update.update
    for place in range(len(data)):
        flipped = data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :]
        for damaged in (data[:place], flipped):
            documents = Documents()
            documents.apply(sha256(b"1"), 0, ANNA, [Operation(D, Update(CHAIN, None, damaged))])
            assert rich_of(documents).refused or (
                documents.value(NAME) == {"text": "some text"} and 4 <= place < 20
            )


def test_a_snapshot_in_place_of_an_update_is_refused() -> None:
    doc = LoroDoc()
    doc.peer_id = peer_of(EVE, D, CHAIN)
    doc.get_text("text").insert(0, "x")
    doc.commit()
    documents = Documents()
    whole = Update(CHAIN, None, doc.export(ExportMode.Snapshot()))
    documents.apply(sha256(b"1"), 0, EVE, [Operation(D, whole)])

    assert rich_of(documents).refused == 1


def test_what_hangs_on_nothing_waits() -> None:
    documents = Documents()
    first = write(documents, ANNA, 0, typed(0, "first"))
    second = write(documents, ANNA, 1, typed(5, " second"))
    late = Documents()
    late.apply(*second)

    assert late.value(NAME) == {}
    late.apply(*first)
    assert late.value(NAME) == {"text": "first second"}
    assert late.snapshot() == documents.snapshot()


def test_an_update_out_of_turn_is_not_taken() -> None:
    """It names the one before, but does not begin where that ended."""
    documents = Documents()
    write(documents, ANNA, 0, typed(0, "first"))
    second = write(documents, ANNA, 1, typed(5, " second"))
    skipping = Documents()
    write(skipping, ANNA, 0, typed(0, "first"))
    body = second[3][0].body
    write_again = Update(CHAIN, Ref(sha256(b"0", ANNA), 0), body.update)
    skipping.apply(sha256(b"s"), 2, ANNA, [Operation(D, Update(CHAIN, None, body.update))])

    assert skipping.value(NAME) == {"text": "first"}
    skipping.apply(sha256(b"t"), 3, ANNA, [Operation(D, write_again)])
    assert skipping.value(NAME) == {"text": "first second"}


def test_values_are_json() -> None:
    def edit(doc: LoroDoc) -> None:
        table = doc.get_map("map")
        table.insert("bytes", b"\1\2")
        table.insert("list", [1, None, {"deep": True}])
        inner = table.insert_container("inner", LoroList())
        inner.insert_container(0, LoroText()).insert(0, "hey")
        doc.get_counter("count").increment(3)
        tree = doc.get_tree("tree")
        tree.create(tree.create())

    documents = Documents()
    write(documents, ANNA, 0, edit)
    value = documents.value(NAME)

    assert value["map"] == {
        "bytes": {"bytes": "0102"},
        "list": [1, None, {"deep": True}],
        "inner": ["hey"],
    }
    assert value["count"] == 3
    assert [node["parent"] is None for node in value["tree"]] == [True, False]
    assert value["tree"][1]["parent"] == value["tree"][0]["id"]


def test_depth_is_bounded() -> None:
    """Loro's own way to a whole value goes down by recursion, and ends the process."""

    def edit(doc: LoroDoc) -> None:
        inner = doc.get_map("map")
        for _ in range(600):
            inner = inner.insert_container("k", LoroMap())

    documents = Documents()
    write(documents, EVE, 0, edit)
    value, depth = documents.value(NAME), 0
    while value:
        value, depth = next(iter(value.values())), depth + 1

    assert 10 < depth < 60


def test_too_much_for_one_update_is_not_made() -> None:
    with pytest.raises(ValueError, match="too much"):
        Rich(D).change(ANNA, CHAIN, typed(0, random.Random(1).randbytes(UPDATE_MAX).hex()))
    with pytest.raises(ValueError, match="nothing"):
        Rich(D).change(ANNA, CHAIN, lambda doc: None)


def test_a_damaged_state_is_refused() -> None:
    documents = Documents()
    write(documents, ANNA, 0, typed(0, "first"))
    first = len(documents.document(NAME).state)
    write(documents, ANNA, 1, typed(0, "second"))
    data = documents.document(NAME).state
    for size in range(len(data)):
        try:
            assert Rich.decode(D, data[:size]).encode() == data[:size]
        except Refused:
            continue
        assert size in {0, first}


def test_an_update_travels_as_a_payload() -> None:
    anna = Rich(D)
    payload = encode_operations([Operation(D, anna.change(ANNA, CHAIN, typed(0, "text")))])
    documents = Documents()

    assert documents.apply_payload(sha256(b"1"), 0, ANNA, payload) == [NAME]
    assert documents.value(NAME) == {"text": "text"}
