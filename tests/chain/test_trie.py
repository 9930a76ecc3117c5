"""Our trie against the `trie` package, on random histories of updates and deletions."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trie import HexaryTrie

from chain import trie
from chain.encoding import decode, encode, int_to_bytes

SHORT_KEYS = st.binary(min_size=0, max_size=3)
LONG_KEYS = st.binary(min_size=32, max_size=32)
VALUES = st.binary(max_size=40)  # The empty value deletes; short ones make embedded nodes.


histories = st.lists(
    st.dictionaries(SHORT_KEYS | LONG_KEYS, VALUES, min_size=1, max_size=12), max_size=6
)


@settings(max_examples=150)
@given(histories)
def test_updates_equal_the_twin(history: list[dict[bytes, bytes]]) -> None:
    compare(history)


@pytest.mark.campaign  # About two minutes.
@settings(max_examples=10_000)
@given(histories)
def test_updates_equal_the_twin_at_length(history: list[dict[bytes, bytes]]) -> None:
    compare(history)


def compare(history: list[dict[bytes, bytes]]) -> None:
    """Apply a history to both, and compare roots and content."""
    nodes: dict[bytes, bytes] = {}
    root = trie.EMPTY_ROOT
    twin = HexaryTrie({})
    model: dict[bytes, bytes] = {}
    for changes in history:
        root = trie.update(nodes, root, changes, nodes)
        for key, value in changes.items():
            model[key] = value
            if value:
                twin[key] = value
            elif key in twin:
                del twin[key]
    assert root == twin.root_hash
    present = {key: value for key, value in model.items() if value}
    assert dict(trie.items(nodes, root)) == present
    for key, value in model.items():
        assert trie.get(nodes, root, key) == value


@settings(max_examples=60)
@given(st.dictionaries(LONG_KEYS, st.binary(min_size=1, max_size=80), max_size=30), LONG_KEYS)
def test_proofs_are_accepted_by_the_twin(content: dict[bytes, bytes], absent: bytes) -> None:
    nodes: dict[bytes, bytes] = {}
    root = trie.update(nodes, trie.EMPTY_ROOT, content, nodes)
    for key in [*content, absent]:
        proof = [decode(node) for node in trie.prove(nodes, root, key)]
        assert HexaryTrie.get_from_proof(root, key, proof) == content.get(key, b"")


def test_changes_of_one_update_need_no_order() -> None:
    content = {bytes((i, i * 7 % 256)): bytes((i + 1,)) * 33 for i in range(100)}
    one: dict[bytes, bytes] = {}
    root = trie.update(one, trie.EMPTY_ROOT, content, one)
    many: dict[bytes, bytes] = {}
    step = trie.EMPTY_ROOT
    for key in reversed(content):
        step = trie.update(many, step, {key: content[key]}, many)
    assert step == root


def test_an_older_root_stays_readable() -> None:
    nodes: dict[bytes, bytes] = {}
    old = trie.update(nodes, trie.EMPTY_ROOT, {b"key": b"old" * 20}, nodes)
    new = trie.update(nodes, old, {b"key": b"new" * 20, b"kex": b"x" * 40}, nodes)
    assert trie.get(nodes, old, b"key") == b"old" * 20
    assert trie.get(nodes, new, b"key") == b"new" * 20


def test_a_missing_node_is_named() -> None:
    with pytest.raises(trie.MissingNode, match="0xabababab"):
        trie.get({}, b"\xab" * 32, b"key")


def test_ordered_root_equals_the_twin() -> None:
    values = [bytes((i % 256,)) * (i % 60 + 1) for i in range(300)]
    twin = HexaryTrie({})
    for i, value in enumerate(values):
        twin[encode(int_to_bytes(i))] = value
    assert trie.ordered_root(values) == twin.root_hash
    assert trie.ordered_root([]) == trie.EMPTY_ROOT
