"""Finding logs: the filter's rules, blooms against eth_bloom, ranges."""

from typing import Any

import pytest
from eth_bloom.bloom import BloomFilter
from hypothesis import given
from hypothesis import strategies as st

from chain.accounts import DevAccount
from chain.blocks import Log, bloom_of
from chain.calls import CallRequest
from chain.errors import InvalidRequest, UnknownBlock
from chain.local_chain import LOG_RANGE_MAX, LocalChain
from chain.logs import matches

A, B = b"\xaa" * 20, b"\xbb" * 20
T = [bytes((i,)) * 32 for i in range(5)]

logs = st.builds(
    Log,
    address=st.sampled_from([A, B]),
    topics=st.lists(st.sampled_from(T), max_size=4).map(tuple),
    data=st.binary(max_size=4),
)


@given(st.lists(logs, max_size=5))
def test_blooms_equal_the_twin(entries: list[Log]) -> None:
    twin = BloomFilter()
    for entry in entries:
        for value in (entry.address, *entry.topics):
            twin.add(value)
    assert bloom_of(entries) == int(twin)


def one(*topics: bytes) -> Log:
    return Log(address=A, topics=topics, data=b"")


@pytest.mark.parametrize(
    ("log", "addresses", "topics", "expected"),
    [
        # The examples of the JSON-RPC specification's eth_newFilter.
        (one(), (), [], True),
        (one(T[1]), (), [], True),
        (one(T[1]), (), [[T[1]]], True),
        (one(T[2]), (), [[T[1]]], False),
        (one(T[1], T[2]), (), [None, [T[2]]], True),
        (one(T[2]), (), [None, [T[2]]], False),
        (one(T[1], T[2]), (), [[T[1]], [T[2]]], True),
        (one(T[2], T[1]), (), [[T[1], T[2]], [T[1], T[2]]], True),
        (one(T[3], T[1]), (), [[T[1], T[2]], [T[1], T[2]]], False),
        (one(), (), [None], False),
        (one(T[1]), (), [None], True),
        (one(T[1], T[2]), (), [[T[1]]], True),
        (one(), (A,), [], True),
        (one(), (B,), [], False),
        (one(), (A, B), [], True),
        (one(T[1]), (), [[]], False),
    ],
)
def test_the_filters_rules(log: Log, addresses: Any, topics: Any, expected: bool) -> None:
    wanted = [None if group is None else frozenset(group) for group in topics]
    assert matches(log, frozenset(addresses), wanted) == expected


def emitter(*topics: bytes) -> bytes:
    """Code that emits one log with these topics."""
    pushes = b"".join(b"\x7f" + topic for topic in reversed(topics))
    return pushes + bytes.fromhex("60006000") + bytes((0xA0 + len(topics),))


@pytest.fixture
def talk(chain: LocalChain, accounts: tuple[DevAccount, ...]) -> LocalChain:
    """Blocks 1 to 4: A says one, both say two, silence, B says one."""
    chain.set_code(A, emitter(T[1], T[2]))
    chain.set_code(B, emitter(T[2]) + emitter(T[3]))
    for targets in ((A,), (A, B), (), (B,)):
        chain.set_automine(False)
        for index, target in enumerate(targets):
            request = CallRequest(sender=accounts[index].address, to=target, gas=100_000)
            chain.send(request)
        chain.mine()
    return chain


def found(chain: LocalChain, **query: Any) -> list[tuple[int, int, int, bytes]]:
    return [
        (each.block.number, each.transaction_index, each.log_index, each.log.address)
        for each in chain.logs(**query)
    ]


def test_logs_come_in_order_with_their_places(talk: LocalChain) -> None:
    everything = [
        (1, 0, 0, A),
        (2, 0, 0, A),
        (2, 1, 1, B),
        (2, 1, 2, B),
        (4, 0, 0, B),
        (4, 0, 1, B),
    ]
    assert found(talk, from_block=0, to_block=99) == everything
    assert found(talk, from_block=2, to_block=2) == everything[1:4]
    assert found(talk, from_block=3, to_block=3) == []
    assert found(talk, from_block=3, to_block=2) == []
    block = talk.block(2)
    assert block is not None
    assert found(talk, block_hash=block.hash) == everything[1:4]
    for each in talk.logs(from_block=0, to_block=4):
        assert each.transaction_hash == each.block.transactions[each.transaction_index].hash
        assert not each.removed


def test_addresses_and_topics_narrow(talk: LocalChain) -> None:
    query: dict[str, Any] = {"from_block": 0, "to_block": 4}
    assert [f[0] for f in found(talk, addresses=frozenset([A]), **query)] == [1, 2]
    assert [f[0] for f in found(talk, addresses=frozenset([b"\1" * 20]), **query)] == []
    two = [frozenset([T[2]])]
    assert found(talk, topics=two, **query) == [(2, 1, 1, B), (4, 0, 0, B)]
    assert [f[3] for f in found(talk, topics=[None, *two], **query)] == [A, A]
    assert found(talk, topics=[frozenset([T[3], T[1]])], addresses=frozenset([B]), **query) == [
        (2, 1, 2, B),
        (4, 0, 1, B),
    ]
    assert found(talk, topics=[frozenset()], **query) == []


def test_the_headers_bloom_is_that_of_the_logs(talk: LocalChain) -> None:
    for number in range(5):
        block = talk.block(number)
        assert block is not None
        logs = [entry for receipt in talk.receipts(block.hash) or () for entry in receipt.logs]
        assert int.from_bytes(block.header.logs_bloom, "big") == bloom_of(logs)


def test_a_reverted_frame_says_nothing(chain: LocalChain, accounts: tuple[DevAccount, ...]) -> None:
    chain.set_code(A, emitter(T[1]) + bytes.fromhex("60006000fd"))
    chain.send(CallRequest(sender=accounts[0].address, to=A, gas=100_000))
    assert found(chain, from_block=0, to_block=9) == []


def test_wrong_ranges_are_refused(chain: LocalChain, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnknownBlock):
        chain.logs(block_hash=b"\1" * 32)
    assert chain.logs(from_block=0, to_block=10**9) == []
    monkeypatch.setattr("chain.local_chain.LOG_RANGE_MAX", 3)
    chain.mine(4)
    assert chain.logs(from_block=2, to_block=10**9) == []
    with pytest.raises(InvalidRequest, match="wider than 3"):
        chain.logs(from_block=0, to_block=4)
    assert LOG_RANGE_MAX > 3
