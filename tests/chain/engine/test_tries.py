"""The compiled tries against `chain.trie`, and against the `trie` package."""

import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trie import HexaryTrie

from chain import trie
from chain.encoding import encode, int_to_bytes, keccak
from chain.engine import tries

Nodes = dict[bytes, bytes]
Changes = dict[bytes, bytes]

# Keys that agree for long make extensions, and branches with few kids; short values, which only
# keys that agree for very long make possible, make nodes that stand inside their parents.
PREFIXES = [b"", bytes(10), bytes(31), b"\x10" * 31, keccak(b"")[:30]]
KEYS = st.builds(
    lambda prefix, rest: (prefix + rest)[:32],
    st.sampled_from(PREFIXES),
    st.binary(min_size=32, max_size=32),
)
VALUES = st.binary(max_size=3) | st.binary(min_size=28, max_size=60)
HISTORIES = st.lists(st.dictionaries(KEYS, VALUES, min_size=1, max_size=12), max_size=6)


@pytest.fixture(autouse=True)
def empty_heap() -> Iterator[None]:
    tries._memory.forget()
    yield
    tries._memory.forget()


def compare(history: list[Changes], cold: bool) -> None:
    """Apply a history to all three, and compare roots and content."""
    ours: Nodes = {}
    twins: Nodes = {}
    root = twin_root = trie.EMPTY_ROOT
    reference = HexaryTrie({})
    for changes in history:
        if cold:
            tries._memory.forget()
        root = tries.update(ours, root, changes, ours)
        twin_root = trie.update(twins, twin_root, changes, twins)
        assert root == twin_root
        for key, value in changes.items():
            if value:
                reference[key] = value
            elif key in reference:
                del reference[key]
    assert root == reference.root_hash
    trie._decoded.clear()
    content = dict(trie.items(ours, root))
    assert content == dict(trie.items(twins, root))
    for key in {key for changes in history for key in changes}:
        if cold:
            tries._memory.forget()
        assert tries.get(ours, root, key) == content.get(key, b"")


@settings(max_examples=150)
@given(HISTORIES, st.booleans())
def test_updates_equal_the_twins(history: list[Changes], cold: bool) -> None:
    compare(history, cold)


@pytest.mark.campaign  # About two minutes.
@settings(max_examples=10_000)
@given(HISTORIES, st.booleans())
def test_updates_equal_the_twins_at_length(history: list[Changes], cold: bool) -> None:
    compare(history, cold)


def random_trie(count: int, seed: int) -> tuple[Nodes, bytes, list[bytes]]:
    chance = random.Random(seed)
    keys = [chance.randbytes(32) for _ in range(count)]
    nodes: Nodes = {}
    values = {key: chance.randbytes(70) for key in keys}
    return nodes, tries.update(nodes, trie.EMPTY_ROOT, values, nodes), keys


def test_large_updates_and_many_deletions_equal_the_twin() -> None:
    chance = random.Random(7)
    ours, root, keys = random_trie(3000, 1)
    twins = dict(ours)
    twin_root = root
    for _ in range(6):
        tries._memory.forget()
        changes = dict.fromkeys(chance.sample(keys, 900), b"")
        changes |= {key: chance.randbytes(40) for key in chance.sample(keys, 100)}
        changes |= {chance.randbytes(32): chance.randbytes(33) for _ in range(100)}
        root = tries.update(ours, root, changes, ours)
        twin_root = trie.update(twins, twin_root, changes, twins)

        assert root == twin_root
        trie._decoded.clear()
        assert dict(trie.items(ours, root)) == dict(trie.items(twins, root))


def test_a_trie_that_was_emptied_has_the_empty_root() -> None:
    nodes, root, keys = random_trie(50, 2)

    assert tries.update(nodes, root, dict.fromkeys(keys, b""), nodes) == trie.EMPTY_ROOT
    assert tries.get(nodes, trie.EMPTY_ROOT, keys[0]) == b""


def test_no_changes_change_nothing() -> None:
    nodes, root, _ = random_trie(3, 3)
    out: Nodes = {}

    assert tries.update(nodes, root, {}, out) == root
    assert out == {}


def test_what_was_absent_may_be_deleted() -> None:
    nodes, root, _ = random_trie(20, 4)

    assert tries.update(nodes, root, {keccak(b"absent"): b""}, {}) == root
    assert tries.get(nodes, root, keccak(b"absent")) == b""


def test_new_nodes_are_found_before_the_database_has_them() -> None:
    nodes, root, keys = random_trie(200, 5)
    out: Nodes = {}
    changed = tries.update(nodes, root, {keys[0]: b"new"}, out)
    tries._memory.forget()

    expected = trie.update({**nodes, **out}, changed, {keys[1]: b"newer"}, {})

    assert tries.update(nodes, changed, {keys[1]: b"newer"}, out) == expected


@pytest.mark.parametrize("wrong", [None, b"\xc0", b""])
def test_a_missing_or_damaged_node_is_named(wrong: bytes | None) -> None:
    nodes, root, keys = random_trie(200, 6)
    tries._memory.forget()
    (victim,) = set(trie.prove(nodes, root, keys[0])[1:2])
    del nodes[keccak(victim)]
    if wrong is not None:
        nodes[keccak(victim)] = wrong
    for ask in (
        lambda: tries.get(nodes, root, keys[0]),
        lambda: tries.update(nodes, root, {keys[0]: b"new"}, {}),
    ):
        with pytest.raises(trie.MissingNode) as caught:
            ask()
        assert caught.value.node_hash == keccak(victim)


def test_keys_of_another_size_are_left_to_the_twin() -> None:
    nodes: Nodes = {}
    root = tries.update(nodes, trie.EMPTY_ROOT, {b"ab": b"1", b"abc": b"2"}, nodes)

    assert root == trie.update({}, trie.EMPTY_ROOT, {b"ab": b"1", b"abc": b"2"}, {})
    assert tries.get(nodes, root, b"ab") == b"1"
    assert tries.get(nodes, root, b"abc") == b"2"


def test_a_heap_that_fills_up_is_emptied() -> None:
    nodes, root, keys = random_trie(2000, 8)
    memory = tries._memory
    for place in range(0, 300_000, 7_000):
        memory.book[tries.USED] = tries.HEAP_BYTES - place
        changes = {key: bytes((1 + place % 251,)) * 40 for key in keys[:300]}

        changed = tries.update(nodes, root, changes, {})

        assert changed == trie.update(nodes, root, changes, {})
        memory.book[tries.USED] = tries.HEAP_BYTES - place
        assert tries.get(nodes, root, keys[-1]) == trie.get(nodes, root, keys[-1])


def test_what_is_too_much_is_left_to_the_twin() -> None:
    chance = random.Random(9)
    many = {chance.randbytes(32): b"\1" for _ in range(tries.CHANGES_MAX + 1)}
    large = {keccak(b"large"): bytes(tries.BYTES_MAX + 1)}
    for changes in (many, large):
        assert tries.update({}, trie.EMPTY_ROOT, changes, {}) == trie.update(
            {}, trie.EMPTY_ROOT, changes, {}
        )
    values = [b"\1"] * (tries.CHANGES_MAX + 1)
    assert tries.ordered_root(values) == trie.ordered_root(values)


@pytest.mark.parametrize("count", [*range(18), 126, 127, 128, 129, 200, 255, 256, 257, 1000])
def test_lists_have_the_root_of_the_twins(count: int) -> None:
    chance = random.Random(count)
    sizes = (1, 1, 2, 30, 31, 32, 33, 54, 55, 56, 57, 255, 256, 300, 70_000)
    values = [chance.randbytes(chance.choice(sizes)) for _ in range(count)]
    reference = HexaryTrie({})
    for index, value in enumerate(values):
        reference[encode(int_to_bytes(index))] = value
    used = tries._memory.book[tries.USED]

    assert tries.ordered_root(values) == trie.ordered_root(values) == reference.root_hash
    assert tries._memory.book[tries.USED] == used, "nothing of it stays on the heap"


def test_the_longest_list() -> None:
    values = [bytes((i % 255 + 1,)) for i in range(tries.CHANGES_MAX)]

    assert tries.ordered_root(values) == trie.ordered_root(values)


def test_the_self_test_passes() -> None:
    assert tries.self_test()
