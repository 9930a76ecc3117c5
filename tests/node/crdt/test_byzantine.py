"""Authors who break the rules: every replica that has the same vertices is in the same state."""

import itertools
import random

import pytest

from node.codec import Refused
from node.crdt.array import Array
from node.crdt.bodies import (
    Add,
    Delete,
    Grow,
    Insert,
    Name,
    Operation,
    Ref,
    Remove,
    Replace,
    Span,
    Splice,
    Type,
    Write,
)
from node.crdt.documents import Document, Documents, merge
from node.crdt.operations import AMOUNT_MAX, encode_operations
from node.crdt.states import Origin
from node.crypto import sha256

D = b"d" * 32
ANNA, BILL, EVE = (sha256(name) for name in (b"anna", b"bill", b"eve"))
ARRAY = Name(Type.RG_ARRAY, D)


def vertex(name: str, lamport: int, author: bytes, *bodies):
    return sha256(name.encode()), lamport, author, [Operation(D, body) for body in bodies]


def converge(*vertices) -> Documents:
    """Apply in every order, twice each, and return the one state that comes of it."""
    states = {}
    for order in itertools.permutations(vertices):
        documents = Documents()
        for one in (*order, *order):
            documents.apply(*one)
        states[documents.snapshot()] = documents
    assert len(states) == 1
    return states.popitem()[1]


def test_one_lamport_twice_is_two_operations() -> None:
    """An equivocating author: two vertices at the same place of his own history."""
    both = converge(
        vertex("left", 5, EVE, Write("left"), Add("left"), Splice(None, "left"), Grow(1)),
        vertex("right", 5, EVE, Write("right"), Add("right"), Splice(None, "right"), Grow(2)),
        vertex("base", 4, ANNA, Write("base"), Add("base"), Splice(None, "base"), Grow(4)),
    )
    expected = max(
        "left",
        "right",
        key=lambda text: sha256(b"\4" + len(text).to_bytes(4, "big") + text.encode()),
    )

    assert both.value(Name(Type.LWW_REGISTER, D)) == expected
    assert both.value(Name(Type.OR_SET, D)) == ["base", "left", "right"]
    assert both.value(Name(Type.G_COUNTER, D)) == 7
    assert sorted(both.state(ARRAY).text()) == sorted("leftrightbase")


def test_a_name_of_what_is_not_an_ancestor_waits() -> None:
    """Eve hangs an element on one that her vertex does not descend from: order must not show."""
    anna = vertex("anna", 9, ANNA, Splice(None, "abc"))
    eve = vertex("eve", 0, EVE, Splice(Ref(anna[0], 1), "!"), Delete((Span(anna[0], 0, 1),)))
    bill = vertex("bill", 10, BILL, Splice(Ref(anna[0], 1), "?"))
    early = Documents()
    early.apply(*eve)

    assert converge(anna, eve, bill).state(ARRAY).text() in {"b!?c", "b?!c"}
    assert early.state(ARRAY).text() == ""
    assert early.state(ARRAY).waiting == 1


def test_a_lamport_below_the_neighbours_is_lifted() -> None:
    """Else what hangs on a low one would stand somewhere else for who had it earlier."""
    anna = vertex("anna", 9, ANNA, Splice(None, "a"))
    eve = vertex("eve", 0, EVE, Splice(Ref(anna[0], 0), "e"))
    bill = vertex("bill", 5, BILL, Splice(Ref(anna[0], 0), "b"))
    last = vertex("last", 11, ANNA, Splice(Ref(eve[0], 0), "l"), Splice(Ref(bill[0], 0), "m"))

    assert len(converge(anna, eve, bill, last).state(ARRAY).text()) == 5


def test_cycles_hang_on_nothing() -> None:
    """No author can make one, as names are hashes; a state that has one still ends."""
    one, two = sha256(b"one"), sha256(b"two")
    array = Documents()
    array.apply(one, 1, EVE, [Operation(D, Splice(Ref(two, 0), "o"))])
    array.apply(two, 1, EVE, [Operation(D, Splice(Ref(one, 0), "t"))])
    array.apply(*vertex("anna", 2, ANNA, Splice(None, "a"), Splice(Ref(one, 0), "x")))

    assert array.state(ARRAY).text() == "a"
    assert array.state(ARRAY).waiting == 3
    assert Documents.restore(array.snapshot()).snapshot() == array.snapshot()


def test_forged_removals_take_what_they_name_and_nothing_else() -> None:
    anna = vertex("anna", 1, ANNA, Add("a"), Add("b"), Replace("c"), Splice(None, "xyz"))
    stranger = sha256(b"stranger")
    eve = vertex(
        "eve",
        1,
        EVE,
        Remove((Ref(anna[0], 1), Ref(anna[0], 2), Ref(anna[0], 77), Ref(stranger, 0))),
        Replace("e", (Ref(anna[0], 0), Ref(stranger, 1))),
        Delete((Span(anna[0], 4, (1 << 32) - 4), Span(stranger, 0, 1 << 32))),
    )
    again = vertex("again", 2, ANNA, Add("b"))

    after = converge(anna, eve, again)

    assert after.value(Name(Type.OR_SET, D)) == ["a", "b"]
    assert after.value(Name(Type.MV_REGISTER, D)) == ["c", "e"]
    assert after.state(ARRAY).text() == "x"


def test_huge_amounts_are_added_up() -> None:
    many = [Grow(AMOUNT_MAX)] * 3_000
    after = converge(vertex("eve", 1, EVE, *many), vertex("anna", 1, ANNA, Grow(1)))

    assert after.value(Name(Type.G_COUNTER, D)) == 3_000 * AMOUNT_MAX + 1
    assert Documents.restore(after.snapshot()).state_hash() == after.state_hash()


def test_a_document_cannot_change_its_type() -> None:
    after = converge(
        vertex("anna", 1, ANNA, Insert("set")), vertex("eve", 1, EVE, Write("register"), Grow(1))
    )

    assert [name.type for name in after.names()] == [
        Type.G_COUNTER,
        Type.G_SET,
        Type.LWW_REGISTER,
    ]


def test_a_malformed_payload_is_skipped_whole_and_counted() -> None:
    payload = encode_operations([Operation(D, Grow(1)), Operation(D, Grow(2))])
    documents = Documents()

    assert documents.apply_payload(sha256(b"1"), 1, EVE, payload[:-1] + b"\7") != []
    assert documents.apply_payload(sha256(b"2"), 1, EVE, payload[:-8] + bytes(8)) == []
    assert documents.apply_payload(sha256(b"3"), 1, EVE, b"") == []
    assert documents.value(Name(Type.G_COUNTER, D)) == 8
    assert documents.refused == {"crdt: amount of nothing": 1, "codec: too short": 1}


def test_random_names_among_honest_work(history, apply_all) -> None:
    """Eve names elements at random, of earlier and later vertices, in every way there is."""
    for seed in range(15):
        chance = random.Random(seed)
        vertices = history(seed, (Type.OR_SET, Type.MV_REGISTER, Type.RG_ARRAY), steps=20)
        ids = [one[0] for one in vertices]
        for number in range(12):
            ref = Ref(chance.choice(ids), chance.randrange(8))
            span = Span(ref.vertex, ref.index, chance.randrange(1, 9))
            bodies = [
                Splice(ref, "eve"),
                Remove((ref,)),
                Replace("eve", (ref,)),
                Delete((span,)),
                Splice(Ref(b"", 1), "own"),
            ]
            evil = vertex(f"eve {seed} {number}", chance.randrange(30), EVE, *bodies)
            vertices.append((*evil[:3], [Operation(bytes(range(32)), body) for body in bodies]))
            ids.append(evil[0])
        expected = apply_all(vertices).snapshot()
        for _ in range(6):
            chance.shuffle(vertices)
            assert apply_all(vertices).snapshot() == expected
        halves = [apply_all(vertices[:15]), apply_all(vertices[10:])]
        halves[0].merge(halves[1].document(name) for name in halves[1].names())
        assert halves[0].snapshot() == expected


@pytest.mark.parametrize("collects", [False, True])
@pytest.mark.parametrize("kind", list(Type)[:7])
def test_a_damaged_state_is_refused_or_another_one(kind, collects, history, apply_all) -> None:
    """Truncated anywhere, or with any bit flipped."""
    name = Name(kind, bytes(range(32)))
    vertices = history(3, (kind,), steps=8)
    documents = apply_all(vertices)
    if collects:
        documents.collect()
        for vertex in history(3, (kind,), steps=2, before=vertices):
            documents.apply(*vertex)
    document = documents.document(name)
    data = document.state
    for place in range(len(data)):
        bit = 1 << (place % 8)
        for damaged in (
            data[:place],
            data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :],
        ):
            other = Document(name=name, state=damaged, vector=document.vector)
            try:
                read = merge(other, other)
            except Refused:
                continue
            assert read.state == damaged != data


def test_a_snapshot_is_read_strictly() -> None:
    documents = converge(vertex("anna", 1, ANNA, Add(1), Splice(None, "xyz"), Grow(1)))
    snapshot = documents.snapshot()

    for size in range(len(snapshot)):
        with pytest.raises(Refused):
            Documents.restore(snapshot[:size])
    with pytest.raises(Refused):
        Documents.restore(snapshot + b"\0")


def test_a_run_without_end_is_refused_at_once() -> None:
    row = b"\0\0\0\0" + b"\0" + b"\xff\xff\xff\xff"
    head = bytes(4) + b"\0\0\0\1" + b"v" * 32 + bytes(8) + b"a" * 32 + b"\0\0\0\1"
    for form in (b"\1", b"\0\0\0\0\1x", b"\3"):
        with pytest.raises(Refused):
            Array.decode(head + row + form)
    assert Array.decode(head + row + b"\2").text() == ""


def test_many_names_of_what_is_not_known_cost_no_more_than_their_number() -> None:
    """Each element of a vertex is looked for once, not once for all that waits."""

    class Counting(dict):
        looked = 0

        def __contains__(self, key: object) -> bool:
            Counting.looked += 1
            return super().__contains__(key)

        def __iter__(self):
            Counting.looked += len(self)
            return super().__iter__()

    target, array = sha256(b"target"), Array()
    for number in range(20):
        bodies = [Splice(Ref(target, number * 500 + at), "w") for at in range(500)]
        deletes = [Delete((Span(target, number * 1_000 + 2 * at, 1),)) for at in range(500)]
        origin = Origin(sha256(b"%d" % number), 1, EVE)
        array.apply(origin, list(enumerate([*bodies, *deletes])))
    array._waiting[target] = Counting(array._waiting[target])
    array.apply(Origin(target, 1, EVE), [(at, Splice(None, "t")) for at in range(1_000)])

    assert Counting.looked <= 3 * 1_000
    assert array.text().count("t") == 500
    assert array.text().count("w") == 1_000
