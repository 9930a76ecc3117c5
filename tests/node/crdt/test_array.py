"""The tree of runs beside a plain list: what the user of one replica types and deletes."""

import random

import pytest

from node.crdt.array import RUN_MAX, Array
from node.crdt.bodies import (
    Delete,
    Operation,
    Ref,
    Splice,
)
from node.crdt.operations import encode_operations
from node.crdt.sequence import FANOUT, Run, Sequence
from node.crdt.spans import Spans
from node.crdt.states import Origin
from node.crypto import sha256

AUTHOR = sha256(b"author")


def edit(array: Array, at: int, *bodies) -> None:
    array.apply(Origin(sha256(b"%d" % at), at, AUTHOR), list(enumerate(bodies)))


@pytest.mark.parametrize("seed", range(4))
def test_positions_are_a_lists(seed: int) -> None:
    chance, array, model = random.Random(seed), Array(), []
    for step in range(1_500):
        if model and chance.random() < 0.35:
            place = chance.randrange(len(model))
            length = min(len(model) - place, chance.randrange(1, 9))
            edit(array, step, Delete(array.spans(place, length)))
            del model[place : place + length]
        else:
            place = chance.choice([chance.randrange(len(model) + 1), len(model)])
            text = chance.choice(["a", "xyz", "k" * 30])
            edit(array, step, Splice(array.left_of(place), text))
            model[place:place] = text
        assert len(array) == len(model)

    assert array.text() == "".join(model)
    assert array.value() == model
    assert Array.decode(array.encode()).text() == array.text()


def test_typing_makes_one_run() -> None:
    """Letters of one vertex that follow each other are kept, and written, as one text."""
    array = Array()
    letters = [Splice(Ref(b"", n - 1) if n else None, "x") for n in range(500)]
    edit(array, 1, *letters)

    assert array.text() == "x" * 500
    assert len(array.encode()) < 500 + 120
    assert len(encode_operations([Operation(AUTHOR, one) for one in letters])) < 500 * 17


def test_a_long_text_is_cut_where_it_has_to_be() -> None:
    array = Array()
    edit(array, 1, Splice(None, "0123456789" * 1_000))
    edit(array, 2, Splice(array.left_of(5_000), "here"))

    assert array.text() == "0123456789" * 500 + "here" + "0123456789" * 500
    assert 10_000 // RUN_MAX > 8


def test_an_old_insertion_passes_by_all_that_is_younger() -> None:
    """Somebody who was away appends where others have typed a lot since."""
    array = Array()
    edit(array, 1, Splice(None, "begin"))
    for step in range(300):
        edit(array, 10 + step, Splice(array.left_of(5), "y"))
    edit(array, 2, Splice(Ref(sha256(b"1"), 4), "late"))

    assert array.text() == "begin" + "y" * 300 + "late"


def test_the_tree_stays_flat() -> None:
    order, last = Sequence(), None
    for step in range(5_000):
        run = Run((step, AUTHOR, AUTHOR, 0), None, "x", 1, False)
        order.insert(run, last if step % 2 else None)
        last = run
    node, depth = order._root, 0
    while not isinstance(node, Run):
        assert len(node.items) <= FANOUT
        node, depth = node.items[0], depth + 1

    assert len(order) == len(order.runs()) == 5_000
    assert depth <= 4
    assert all(order.find(place)[0] is run for place, run in enumerate(order.runs()))
    assert all(order.position(run) == place for place, run in enumerate(order.runs()))


@pytest.mark.parametrize("seed", range(3))
def test_spans_are_a_set(seed: int) -> None:
    chance, spans, model = random.Random(seed), Spans(), set()
    for _ in range(300):
        start = chance.randrange(60)
        end = start + chance.randrange(1, 9)
        if chance.random() < 0.5:
            spans.add(start, end)
            model |= set(range(start, end))
        else:
            taken = {n for a, b in spans.take(start, end) for n in range(a, b)}
            assert taken == model & set(range(start, end))
            model -= taken
        assert [n for a, b in spans for n in range(a, b)] == sorted(model)
        assert all(b < c for (_, b), (c, _) in zip(spans, list(spans)[1:], strict=False))
