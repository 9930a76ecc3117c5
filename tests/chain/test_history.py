"""What is kept of the blocks: found by number, hash and transaction, also when decoded anew."""

from collections.abc import Callable
from pathlib import Path

import pytest

from chain import history
from chain.accounts import DevAccount
from chain.calls import CallRequest
from chain.history import Nodes, Recent
from chain.local_chain import LocalChain
from chain.store import MemoryStore

NewChain = Callable[..., LocalChain]


def test_the_last_used_entries_are_kept() -> None:
    recent: Recent[int, str] = Recent(2)
    recent.put(1, "a")
    recent.put(2, "b")
    assert recent.get(1) == "a"
    recent.put(3, "c")
    assert [recent.get(key) for key in (1, 2, 3)] == ["a", None, "c"]
    recent.clear()
    assert recent.get(1) is None


def test_nodes_stand_in_front_of_the_store() -> None:
    store = MemoryStore()
    nodes = Nodes(store)
    nodes.pending[b"k"] = b"v"
    above = Nodes(nodes)
    above.pending[b"above"] = b"x"
    assert (above[b"k"], above[b"above"]) == (b"v", b"x")
    assert b"above" not in nodes
    assert store.get("nodes", b"k") is None
    store.write(nodes.take())
    assert (nodes.pending, store.get("nodes", b"k")) == ({}, b"v")
    assert above[b"k"] == b"v"
    with pytest.raises(KeyError):
        above[b"missing"]


@pytest.mark.parametrize("on_disk", [False, True])
def test_blocks_and_receipts_are_the_same_when_decoded_anew(
    new_chain: NewChain,
    accounts: tuple[DevAccount, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    on_disk: bool,
) -> None:
    monkeypatch.setattr(history, "BLOCKS_DECODED_MAX", 1)
    monkeypatch.setattr(history, "RECEIPTS_DECODED_MAX", 1)
    chain = new_chain(datadir=tmp_path / "data" if on_disk else None)
    logger = b"\xaa" * 20
    chain.set_code(logger, bytes.fromhex("60016000600160026003a3"))
    made = []
    for index in range(6):
        sender = accounts[index % 3].address
        requests = [
            CallRequest(sender=sender, to=logger, gas=100_000),
            CallRequest(sender=sender, data=bytes.fromhex("60006000f3")),
            CallRequest(sender=sender, to=b"\1" * 20, gas_price=10**10, value=index),
        ]
        tx_hash = chain.send(requests[index % 3])
        made.append((chain.head, chain.receipts(chain.head.hash), tx_hash))
    for block, receipts, tx_hash in made:
        assert chain.block(block.number) == block
        assert chain.block(block.hash) == block
        assert chain.receipts(block.hash) == receipts
        located = chain.transaction(tx_hash)
        assert located is not None
        assert (located.block, located.index) == (block, 0)
        assert located.transaction == block.transactions[0]
    assert chain.transaction(b"\1" * 32) is None
    assert chain.receipts(b"\1" * 32) is None


def test_ancestors_go_down_to_the_first(chain: LocalChain) -> None:
    chain.mine(5)
    hashes = [block.hash for n in range(5, -1, -1) if (block := chain.block(n)) is not None]
    (pending,) = (chain.block("pending"),)
    assert pending is not None
    assert list(chain._ancestors(pending.header)) == hashes


def test_negative_heights_are_unknown(chain: LocalChain) -> None:
    assert chain.block(-1) is None
