"""The pool: replacement, gaps, limits, order."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain import pool as pool_module
from chain.errors import RejectedTransaction
from chain.pool import Pool
from chain.transactions import BLOB, Fields, Transaction, impersonated

A, B, C = (bytes((i,)) * 20 for i in (1, 2, 3))


def tx(
    sender: bytes = A, nonce: int = 0, cap: int = 100, tip: int | None = None, **changes: Any
) -> Transaction:
    tip = cap if tip is None else tip
    given: dict[str, Any] = {"type": 2, "chain_id": 6133, "gas": 21_000, "to": C}
    given |= {"gas_price": cap, "max_fee_per_gas": cap, "max_priority_fee_per_gas": tip}
    return impersonated(Fields(**{**given, "nonce": nonce, **changes}), sender)


def new_pool(**nonces: int) -> Pool:
    table = {A: nonces.get("a", 0), B: nonces.get("b", 0)}
    return Pool(lambda sender: table.get(sender, 0))


def test_what_comes_in_is_found() -> None:
    pool = new_pool()
    one = tx()
    assert pool.add(one) == []
    assert pool.get(one.hash) == one
    assert (len(pool), pool.all()) == (1, (one,))
    assert pool.get(bytes(32)) is None
    with pytest.raises(RejectedTransaction, match=r"^already known$"):
        pool.add(one)


def test_every_change_is_counted() -> None:
    pool = new_pool()
    versions = [pool.version]
    pool.add(tx())
    versions.append(pool.version)
    pool.add(tx(cap=200))
    versions.append(pool.version)
    pool.remove(pool.all()[0])
    versions.append(pool.version)
    assert versions == sorted(set(versions))
    assert not pool.remove(tx())
    assert pool.version == versions[-1]


@pytest.mark.parametrize(
    ("cap", "tip", "taken"),
    [
        (110, 11, True),
        (109, 11, False),
        (110, 10, False),  # Both must rise.
        (1000, 10, False),
        (100, 100, False),
        (220, 22, True),
    ],
)
def test_a_replacement_bids_ten_percent_more_in_both(cap: int, tip: int, taken: bool) -> None:
    pool = new_pool()
    old = tx(cap=100, tip=10)
    pool.add(old)
    new = tx(cap=cap, tip=tip, value=1)
    if taken:
        assert pool.add(new) == [old]
        assert pool.all() == (new,)
    else:
        with pytest.raises(RejectedTransaction, match=r"^replacement transaction underpriced$"):
            pool.add(new)
        assert pool.all() == (old,)


def test_free_transactions_cannot_replace_each_other_for_ever() -> None:
    pool = new_pool()
    pool.add(tx(cap=0))
    with pytest.raises(RejectedTransaction, match="underpriced"):
        pool.add(tx(cap=0, value=1))


@pytest.mark.parametrize(
    ("cap", "blob_cap", "taken"), [(200, 20, True), (200, 19, False), (199, 20, False)]
)
def test_a_blob_transaction_is_replaced_for_double(cap: int, blob_cap: int, taken: bool) -> None:
    pool = new_pool()
    kind: dict[str, Any] = {"type": BLOB, "blob_versioned_hashes": (b"\1" * 32,)}
    pool.add(tx(cap=100, max_fee_per_blob_gas=10, **kind))
    new = tx(cap=cap, max_fee_per_blob_gas=blob_cap, **kind)
    if taken:
        assert len(pool.add(new)) == 1
    else:
        with pytest.raises(RejectedTransaction, match="underpriced"):
            pool.add(new)


def test_a_gap_queues_what_is_behind_it() -> None:
    pool = new_pool(a=5)
    five, six, eight, stale = (tx(nonce=n) for n in (5, 6, 8, 4))
    for each in (eight, six, five, stale):
        pool.add(each)
    assert pool.pending() == {A: {5: five, 6: six}}
    assert pool.queued() == {A: {4: stale, 8: eight}}
    assert pool.nonce_after(A) == 7
    seven = tx(nonce=7)
    pool.add(seven)
    assert list(pool.pending()[A]) == [5, 6, 7, 8]
    assert pool.nonce_after(A) == 9
    assert pool.nonce_after(B) == 0


def test_settling_drops_what_was_overtaken() -> None:
    nonces = {A: 0}
    pool = Pool(lambda sender: nonces.get(sender, 0))
    waiting = [tx(nonce=n) for n in range(3)]
    other = tx(B)
    for each in [*waiting, other]:
        pool.add(each)
    nonces[A] = 2
    assert pool.settle({A, B, C}) == waiting[:2]
    assert pool.all() == (waiting[2], other)


def test_the_best_tip_goes_first_and_nonces_in_order() -> None:
    pool = new_pool()
    cheap, dear = tx(A, 0, tip=1), tx(A, 1, tip=50)
    middle, low = tx(B, 0, tip=10), tx(B, 1, tip=5)
    for each in (dear, low, middle, cheap):
        pool.add(each)
    assert list(pool.best_first(0)) == [middle, low, cheap, dear]


def test_equal_tips_go_by_arrival() -> None:
    pool = new_pool()
    first, second = tx(B), tx(A)
    pool.add(first)
    pool.add(second)
    assert list(pool.best_first(0)) == [first, second]


def test_the_tip_is_what_the_base_fee_leaves() -> None:
    pool = new_pool()
    squeezed, small = tx(A, cap=100, tip=100), tx(B, cap=1000, tip=20)
    pool.add(squeezed)
    pool.add(small)
    assert list(pool.best_first(0)) == [squeezed, small]
    assert list(pool.best_first(90)) == [small, squeezed]
    assert list(pool.best_first(101)) == [small]


def test_a_sender_that_cannot_pay_holds_back_its_later_ones() -> None:
    pool = new_pool()
    pool.add(tx(A, 0, cap=5))
    pool.add(tx(A, 1, cap=500))
    assert list(pool.best_first(10)) == []


def test_a_full_pool_takes_only_better_bids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "TRANSACTIONS_MAX", 3)
    pool = new_pool()
    first, second, third = tx(A, 0, cap=10), tx(A, 1, cap=10), tx(B, 0, cap=30)
    for each in (first, second, third):
        pool.add(each)
    with pytest.raises(RejectedTransaction, match=r"^txpool is full$"):
        pool.add(tx(C, cap=10))
    better = tx(C, cap=11)
    assert pool.add(better) == [second]  # The youngest tail, so that no gap opens.
    assert pool.all() == (first, third, better)


def test_bytes_are_limited_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "BYTES_MAX", 1000)
    pool = new_pool()
    pool.add(tx(A, data=bytes(400), cap=10))
    with pytest.raises(RejectedTransaction, match="full"):
        pool.add(tx(B, data=bytes(700), cap=10))
    assert len(pool.add(tx(B, data=bytes(700), cap=20))) == 1
    pool.remove(pool.all()[0])
    pool.add(tx(A, data=bytes(800), cap=1))


def test_one_sender_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool_module, "PER_SENDER_MAX", 2)
    pool = new_pool()
    pool.add(tx(A, 0))
    pool.add(tx(A, 1))
    with pytest.raises(RejectedTransaction, match="account limit exceeded: 2 transactions"):
        pool.add(tx(A, 2, cap=10**6))
    pool.add(tx(A, 1, cap=200))  # A replacement adds none.


def test_a_minimum_price_holds_for_newcomers_alone() -> None:
    pool = new_pool()
    cheap = tx(A, cap=1)
    pool.add(cheap)
    pool.price_min = 50
    with pytest.raises(RejectedTransaction, match="underpriced: gas fee cap 49, minimum needed 50"):
        pool.add(tx(B, cap=49))
    pool.replace_all([cheap])
    assert pool.all() == (cheap,)


@given(
    st.lists(
        st.tuples(st.sampled_from([A, B]), st.integers(0, 4), st.sampled_from([1, 10, 11, 100]))
    ),
    st.integers(0, 2),
)
def test_the_views_agree(bids: list[tuple[bytes, int, int]], next_nonce: int) -> None:
    pool = new_pool(a=next_nonce)
    for index, (sender, nonce, cap) in enumerate(bids):
        try:
            pool.add(tx(sender, nonce, cap, value=index))
        except RejectedTransaction:
            continue
    listed = [
        each
        for view in (pool.pending(), pool.queued())
        for waiting in view.values()
        for each in waiting.values()
    ]
    assert {each.hash for each in listed} == {each.hash for each in pool.all()}
    assert len(listed) == len(pool)
    tried = list(pool.best_first(0))
    assert {each.hash for each in tried} == {
        each.hash for waiting in pool.pending().values() for each in waiting.values()
    }
    for sender in (A, B):
        nonces = [each.nonce for each in tried if each.sender == sender]
        assert nonces == list(range(nonces[0], nonces[0] + len(nonces))) if nonces else True
    for each in pool.all():
        assert pool.remove(each)
    assert (len(pool), pool.pending(), pool.queued()) == (0, {}, {})
