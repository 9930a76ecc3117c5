"""Whatever the order, and however often: the same state; and the one that the rules say."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.codec import Refused
from node.crdt.bodies import (
    Name,
    Type,
)
from node.crdt.documents import Document, Documents, merge

SEVEN = tuple(Type)[:7]
SEEDS = st.integers(0, (1 << 32) - 1)
ID = bytes(range(32))


@pytest.mark.parametrize("kind", SEVEN)
@given(seed=SEEDS)
@settings(max_examples=12)
def test_order_and_repetition_do_not_show(kind, seed, history, apply_all, twin) -> None:
    vertices = history(seed, (kind,))
    expected = apply_all(vertices)
    random.Random(seed).shuffle(shuffled := vertices * 2)

    assert apply_all(shuffled).snapshot() == expected.snapshot()
    assert apply_all(reversed(vertices)).state_hash() == expected.state_hash()
    assert expected.value(Name(kind, ID)) == twin(kind, vertices)


@pytest.mark.parametrize("kind", SEVEN)
@given(seed=SEEDS)
@settings(max_examples=12)
def test_merge_is_a_join(kind, seed, history, apply_all) -> None:
    vertices = history(seed, (kind,), steps=24)
    chance = random.Random(seed)
    parts = [chance.sample(vertices, chance.randrange(1, len(vertices))) for _ in range(3)]
    name = Name(kind, ID)
    a, b, c = (apply_all(part).document(name) for part in parts)

    assert merge(a, b) == merge(b, a)
    assert merge(merge(a, b), c) == merge(a, merge(b, c))
    assert merge(a, a) == a
    assert merge(a, b) == apply_all(parts[0] + parts[1]).document(name)


@given(seed=SEEDS)
@settings(max_examples=12)
def test_partitions_heal(seed, history, apply_all) -> None:
    """Two halves go their ways, then each takes over the other's documents, or its vertices."""
    vertices = history(seed, SEVEN, steps=60)
    split = random.Random(seed).randrange(len(vertices))
    left, right = apply_all(vertices[:split]), apply_all(vertices[split:])
    whole = apply_all(vertices)
    names = [*left.names()], [*right.names()]
    right.merge([left.document(name) for name in names[0]])
    for vertex in vertices[split:]:
        left.apply(*vertex)

    assert left.state_hash() == right.state_hash() == whole.state_hash()


@given(seed=SEEDS)
@settings(max_examples=12)
def test_a_snapshot_is_all_there_is(seed, history, apply_all) -> None:
    vertices = history(seed, SEVEN, steps=60)
    half = apply_all(vertices[:30])
    restored = Documents.restore(half.snapshot())
    for vertex in vertices[20:]:
        restored.apply(*vertex)

    assert restored.snapshot() == apply_all(vertices).snapshot()


@given(seed=SEEDS)
@settings(max_examples=12)
def test_the_vector_names_each_authors_last_lamport(seed, history, apply_all) -> None:
    vertices = history(seed, (Type.G_SET,))
    expected = {}
    for _, lamport, author, _ in vertices:
        expected[author] = max(lamport, expected.get(author, 0))

    document: Document = apply_all(vertices).document(Name(Type.G_SET, ID))

    assert dict(document.vector) == expected


def test_equal_hashes_mean_equal_vertices(history, apply_all) -> None:
    vertices = history(1, SEVEN, steps=60)
    hashes = {apply_all(vertices[:end]).state_hash() for end in range(61)}

    assert len(hashes) == 61


@pytest.mark.campaign
@given(seed=SEEDS)
@settings(max_examples=2_000)
def test_long_histories(seed, history, apply_all, twin) -> None:
    vertices = history(seed, SEVEN, steps=120, replicas=6)
    expected = apply_all(vertices)
    random.Random(seed).shuffle(shuffled := vertices * 2)

    assert apply_all(shuffled).snapshot() == expected.snapshot()
    for name in expected.names():
        assert expected.value(name) == twin(name.type, vertices)


@given(seed=SEEDS)
@settings(max_examples=12)
def test_a_checkpoint_takes_nothing_from_what_is_seen(seed, history, apply_all) -> None:
    """All that comes later is made by authors who have the whole past: as if nothing was lost."""
    past = history(seed, SEVEN, steps=40, replicas=3)
    whole = apply_all(past)
    collected = Documents.restore(whole.snapshot())
    collected.collect()
    assert [collected.value(name) for name in whole.names()] == [
        whole.value(name) for name in whole.names()
    ]
    assert len(collected.snapshot()) < len(whole.snapshot())

    later = history(seed, SEVEN, steps=30, before=past)
    random.Random(seed).shuffle(shuffled := later * 2)
    for vertex in later:
        whole.apply(*vertex)
    again = Documents.restore(collected.snapshot())
    for documents, vertices in ((collected, later), (again, shuffled)):
        for vertex in vertices:
            documents.apply(*vertex)
    assert again.snapshot() == collected.snapshot()
    for name in whole.names():
        assert collected.value(name) == whole.value(name)
    restored = Documents.restore(collected.snapshot())
    assert restored.state_hash() == collected.state_hash()
    restored.merge(again.document(name) for name in again.names())
    assert restored.state_hash() == collected.state_hash()


def test_states_of_two_checkpoints_are_not_merged(history, apply_all) -> None:
    vertices = history(1, (Type.RG_ARRAY,))
    one, other = apply_all(vertices), apply_all(vertices)
    other.collect()
    name = Name(Type.RG_ARRAY, ID)

    with pytest.raises(Refused, match="two checkpoints"):
        merge(one.document(name), other.document(name))
