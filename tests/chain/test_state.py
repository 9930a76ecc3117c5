"""The flat state against py-evm's account database, on random histories."""

from typing import Any

import pytest
from eth.db.account import AccountDB
from eth.db.atomic import AtomicDB
from eth.db.backends.memory import MemoryDB
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.encoding import keccak
from chain.state import Reader, World
from chain.trie import EMPTY_ROOT

ADDRESSES = [bytes((i,)) * 20 for i in range(1, 5)]
SLOTS = [0, 1, 2**255, 7]

address = st.sampled_from(ADDRESSES)
slot = st.sampled_from(SLOTS)
change = st.one_of(
    st.tuples(st.just("set_balance"), address, st.sampled_from([0, 1, 10**18, 2**255])),
    st.tuples(st.just("set_nonce"), address, st.sampled_from([0, 1, 300])),
    st.tuples(st.just("set_code"), address, st.sampled_from([b"", b"\x60\x00", b"\x5b" * 40])),
    st.tuples(st.just("set_storage"), address, slot, st.sampled_from([0, 1, 2**256 - 1])),
    st.tuples(st.just("delete_account"), address),
    st.tuples(st.just("delete_storage"), address),
    st.tuples(st.just("touch_account"), address),
    st.tuples(st.just("increment_nonce"), address),
    st.tuples(st.just("mark_address_warm"), address),
    st.tuples(st.just("mark_storage_warm"), address, slot),
)
# A frame is a list of changes and inner frames, kept or undone as a whole.
frame = st.recursive(
    st.tuples(st.booleans(), st.lists(change, max_size=6)),
    lambda inner: st.tuples(st.booleans(), st.lists(change | inner, max_size=6)),
    max_leaves=6,
)
block = st.lists(frame, max_size=4)


def run(state: Any, parts: Any, *, ours: bool, emptied: set[bytes], kept: bool = True) -> None:
    keep, steps = parts
    kept = kept and keep
    mark = state.mark() if ours else state.record()
    for step in steps:
        if isinstance(step[0], bool):
            run(state, step, ours=ours, emptied=emptied, kept=kept)
        elif step[0].startswith("delete_"):
            # The twin loses older storage when it undoes a deletion. No transaction makes it do
            # so (EIP-7610), and the next test holds ours to plain expectations.
            if kept and step[1] not in emptied:
                emptied.add(step[1])
                state.touch_account(step[1])  # The twin's own way to empty storage makes one.
                getattr(state, step[0])(*step[1:])
        else:
            getattr(state, step[0])(*step[1:])
    if keep:
        if not ours:
            state.commit(mark)
    elif ours:
        state.undo(mark)
    else:
        state.discard(mark)


def seen(state: Any) -> list[Any]:
    """All that an execution can ask."""
    answers: list[Any] = []
    for account in ADDRESSES:
        answers += [
            state.get_balance(account),
            state.get_nonce(account),
            state.get_code(account),
            state.get_code_hash(account),
            state.account_exists(account),
            state.account_is_empty(account),
            state.account_has_code_or_nonce(account),
            state.is_address_warm(account),
        ]
        for each in SLOTS:
            answers += [
                state.get_storage(account, each),
                state.is_storage_warm(account, each),
            ]
    return answers


histories = st.lists(st.lists(block, max_size=3), max_size=3)


@given(histories)
def test_world_equals_the_twin(history: list[Any]) -> None:
    compare(history)


@pytest.mark.campaign  # About two minutes.
@settings(max_examples=10_000)
@given(histories)
def test_world_equals_the_twin_at_length(history: list[Any]) -> None:
    compare(history)


def compare(history: list[Any]) -> None:
    """Run a history on both, and compare all that can be asked after each transaction."""
    nodes: dict[bytes, bytes] = {}
    reader = Reader(nodes, EMPTY_ROOT)
    twin = AccountDB(AtomicDB(MemoryDB()), EMPTY_ROOT)
    for blocks in history:
        world = World(reader)
        for transactions in blocks:
            for transaction in transactions:
                run(world, transaction, ours=True, emptied=set())
                run(twin, transaction, ours=False, emptied=set())
                assert seen(world) == seen(twin)
                world.end_transaction()
                twin.lock_changes()
        reader = world.commit(nodes)
        twin.persist()
        assert reader.root == twin.state_root


def test_a_deletion_is_undone() -> None:
    nodes: dict[bytes, bytes] = {}
    world = World(Reader(nodes, EMPTY_ROOT))
    world.set_storage(ADDRESSES[0], 1, 5)
    world.set_balance(ADDRESSES[0], 3)
    world = World(world.commit(nodes))
    before = seen(world)
    mark = world.mark()
    world.set_storage(ADDRESSES[0], 7, 6)
    world.delete_account(ADDRESSES[0])
    assert world.get_storage(ADDRESSES[0], 1) == 0
    world.set_storage(ADDRESSES[0], 1, 9)
    world.delete_storage(ADDRESSES[0])
    world.undo(mark)
    assert seen(world) == before
    assert world.commit(nodes).root == Reader(nodes, world.reader.root).root


def test_original_value_is_that_of_the_transactions_start() -> None:
    nodes: dict[bytes, bytes] = {}
    world = World(Reader(nodes, EMPTY_ROOT))
    world.set_storage(ADDRESSES[0], 1, 5)
    world.end_transaction()
    mark = world.mark()
    world.set_storage(ADDRESSES[0], 1, 6)
    assert world.get_storage(ADDRESSES[0], 1, from_journal=False) == 5
    world.undo(mark)
    assert world.get_storage(ADDRESSES[0], 1) == 5
    world.set_storage(ADDRESSES[0], 1, 7)
    assert world.get_storage(ADDRESSES[0], 1, from_journal=False) == 5


def test_transient_storage_is_undone_and_forgotten() -> None:
    world = World(Reader({}, EMPTY_ROOT))
    world.set_transient_storage(ADDRESSES[0], 1, b"\x01")
    mark = world.mark()
    world.set_transient_storage(ADDRESSES[0], 1, b"\x02")
    world.undo(mark)
    assert world.get_transient_storage(ADDRESSES[0], 1) == b"\x01"
    world.end_transaction()
    assert world.get_transient_storage(ADDRESSES[0], 1) == b""


def test_a_scratch_reader_leaves_its_source_alone() -> None:
    nodes: dict[bytes, bytes] = {}
    world = World(Reader(nodes, EMPTY_ROOT))
    world.set_balance(ADDRESSES[0], 1)
    head = world.commit(nodes)
    assert head.account(ADDRESSES[0]) is not None
    below: dict[bytes, bytes] = {}
    scratch = World(head.scratch({**nodes}))
    scratch.set_balance(ADDRESSES[0], 2)
    after = scratch.commit(below)
    assert after.root != head.root
    account = head.account(ADDRESSES[0])
    assert account is not None
    assert account.balance == 1


def test_older_roots_stay_readable_after_the_head_moves_on() -> None:
    nodes: dict[bytes, bytes] = {}
    readers = [Reader(nodes, EMPTY_ROOT)]
    for value in range(1, 6):
        world = World(readers[-1])
        world.set_storage(ADDRESSES[0], 0, value)
        world.set_nonce(ADDRESSES[0], 1)
        readers.append(world.commit(nodes))
    for value, reader in enumerate(readers):
        assert Reader(nodes, reader.root).storage(ADDRESSES[0], 0) == value
        assert reader.storage(ADDRESSES[0], 0) == value


def test_names_of_what_changed_are_kept_under_their_hashes() -> None:
    nodes: dict[bytes, bytes] = {}
    world = World(Reader(nodes, EMPTY_ROOT))
    world.set_storage(ADDRESSES[0], 9, 1)
    world.set_nonce(ADDRESSES[0], 1)
    world.commit(nodes)
    assert nodes[keccak(ADDRESSES[0])] == ADDRESSES[0]
    assert nodes[keccak((9).to_bytes(32, "big"))] == (9).to_bytes(32, "big")


def test_leftover_storage_is_seen() -> None:
    nodes: dict[bytes, bytes] = {}
    world = World(Reader(nodes, EMPTY_ROOT))
    world.set_storage(ADDRESSES[0], 1, 1)
    assert world.has_storage(ADDRESSES[0])
    world = World(world.commit(nodes))
    assert world.has_storage(ADDRESSES[0])
    world.delete_storage(ADDRESSES[0])
    assert not world.has_storage(ADDRESSES[0])
