"""Base fees against the figures of the EIPs and of mainnet, and what fee histories tell."""

import hashlib
import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from eth.vm.forks.london.blocks import LondonBlockHeader
from eth.vm.forks.london.headers import calculate_expected_base_fee_per_gas
from eth_typing import BlockNumber
from hypothesis import given
from hypothesis import strategies as st

from chain.accounts import DevAccount
from chain.blocks import ZERO_HASH, Header
from chain.building import next_base_fee
from chain.calls import CallRequest
from chain.errors import InvalidRequest, UnknownBlock
from chain.fees import check_percentiles
from chain.forks import (
    BERLIN,
    BPO1,
    BPO2,
    CANCUN,
    LONDON,
    OSAKA,
    PRAGUE,
    BlobSchedule,
    Fork,
    fake_exponential,
)
from chain.local_chain import LocalChain

NewChain = Callable[..., LocalChain]
GWEI = 10**9


def header(**changes: int | None) -> Header:
    given = {"number": 1, "timestamp": 1, "gas_limit": 30_000_000, "base_fee_per_gas": GWEI}
    return Header(parent_hash=ZERO_HASH, state_root=ZERO_HASH, **{**given, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("base_fee", "gas_limit", "gas_used", "expected"),
    [
        # geth's TestCalcBaseFee.
        (GWEI, 20_000_000, 10_000_000, GWEI),
        (GWEI, 20_000_000, 9_000_000, 987_500_000),
        (GWEI, 20_000_000, 11_000_000, 1_012_500_000),
        # An empty and a full block move it by an eighth.
        (GWEI, 30_000_000, 0, 875_000_000),
        (GWEI, 30_000_000, 30_000_000, 1_125_000_000),
        # The rise is at least one; the fall may be nothing.
        (7, 30_000_000, 30_000_000, 8),
        (7, 30_000_000, 0, 7),
        (0, 30_000_000, 30_000_000, 1),
    ],
)
def test_base_fees(base_fee: int, gas_limit: int, gas_used: int, expected: int) -> None:
    parent = header(base_fee_per_gas=base_fee, gas_limit=gas_limit, gas_used=gas_used)
    assert next_base_fee(parent, LONDON) == expected


def test_the_first_base_fee() -> None:
    assert next_base_fee(header(base_fee_per_gas=None), LONDON) == GWEI
    assert next_base_fee(header(base_fee_per_gas=None), BERLIN) is None


@given(st.integers(0, 10**15), st.integers(5000, 10**8), st.floats(0, 1))
def test_base_fees_equal_the_twin(base_fee: int, gas_limit: int, share: float) -> None:
    used = int(gas_limit * share)
    parent = header(base_fee_per_gas=base_fee, gas_limit=gas_limit, gas_used=used)
    twin = LondonBlockHeader(
        difficulty=0,
        block_number=BlockNumber(1),
        gas_limit=gas_limit,
        timestamp=1,
        gas_used=used,
        base_fee_per_gas=base_fee,
    )
    assert next_base_fee(parent, LONDON) == calculate_expected_base_fee_per_gas(twin)


@pytest.mark.parametrize(
    ("factor", "numerator", "denominator", "expected"),
    [
        # geth's TestFakeExponential.
        (1, 0, 1, 1),
        (38493, 0, 1000, 38493),
        (0, 1234, 2345, 0),
        (1, 2, 1, 6),
        (1, 4, 2, 6),
        (1, 3, 1, 16),
        (1, 6, 2, 18),
        (1, 4, 1, 49),
        (1, 8, 2, 50),
        (10, 8, 2, 542),
        (11, 8, 2, 596),
        (1, 5, 1, 136),
        (1, 5, 2, 11),
        (2, 5, 2, 23),
        (1, 50_000_000, 2_225_652, 5_709_098_764),
    ],
)
def test_fake_exponential(factor: int, numerator: int, denominator: int, expected: int) -> None:
    assert fake_exponential(factor, numerator, denominator) == expected


def test_blob_fees() -> None:
    blob = 131_072
    assert CANCUN.blob_base_fee(0) == PRAGUE.blob_base_fee(0) == 1
    assert LONDON.blob_base_fee(0) == 0
    # geth's TestCalcBlobFee for Cancun.
    assert [CANCUN.blob_base_fee(x) for x in (2_314_057, 2_314_058, 10 * 2**20)] == [1, 2, 23]
    # EIP-7691: the target is six blobs, and was three.
    assert CANCUN.excess_blob_gas(0, 4 * blob, GWEI) == blob
    assert PRAGUE.excess_blob_gas(0, 4 * blob, GWEI) == 0
    assert PRAGUE.excess_blob_gas(5 * blob, 9 * blob, GWEI) == 8 * blob


@pytest.mark.parametrize(
    ("fork", "excess_blobs", "used_blobs", "base_fee", "expected_blobs"),
    [
        # Under the target there is no excess, whatever gas costs; at it, there may be.
        (OSAKA, 0, 5, 10**12, 0),
        (OSAKA, 0, 6, 16, 0),
        (OSAKA, 0, 6, 17, 2),
        (OSAKA, 3, 3, 17, 4),
        # A blob of 2^17 gas at 1 wei costs as much as 2^13 gas at 16 wei.
        (OSAKA, 40, 6, 16, 40),
        (PRAGUE, 40, 6, 17, 40),
        # At an excess of 40 blobs the price is 2 wei, and the edge at 32.
        (OSAKA, 40, 6, 32, 40),
        (OSAKA, 40, 6, 33, 42),
        (OSAKA, 40, 9, 33, 43),
        (OSAKA, 40, 9, 0, 43),
        (OSAKA, 40, 0, 33, 40),
        # The figures are those of the block whose excess it is.
        (BPO1, 0, 9, 10**12, 0),
        (BPO1, 0, 15, 17, 5),
        (BPO1, 0, 15, 16, 5),
        (BPO1, 7, 3, 17, 8),
        (BPO2, 0, 21, 17, 7),
        (BPO2, 7, 9, 17, 10),
        (BPO2, 7, 9, 16, 2),
    ],
)
def test_osaka_keeps_the_price_of_blobs_up(
    fork: Fork, excess_blobs: int, used_blobs: int, base_fee: int, expected_blobs: int
) -> None:
    """EIP-7918: where blobs cost less than the gas they displace, their excess does not fall."""
    blob = 131_072
    following = fork.excess_blob_gas(excess_blobs * blob, used_blobs * blob, base_fee)
    assert following == expected_blobs * blob


def test_the_excess_of_blob_gas_equals_the_executable_specification() -> None:
    """The digest is that of ethereum-execution 2.20's calculate_excess_blob_gas on these draws."""
    seen = hashlib.sha256()
    draw = random.Random(7918)
    for _ in range(3000):
        fork = draw.choice((OSAKA, BPO1, BPO2))
        assert fork.blobs is not None
        excess = draw.choice((0, 1, draw.randrange(2**24), draw.randrange(2**28)))
        used = draw.randrange(fork.blobs.max + 1) * 131_072
        base_fee = draw.choice((0, 7, 16, 17, draw.randrange(1000), draw.randrange(10**13)))
        following = fork.excess_blob_gas(excess, used, base_fee)
        seen.update(following.to_bytes(8, "big"))
    expected = "bb6cdac244d42780c95ad075471131d6de9506528ce6c105119769f0a57c18cb"
    assert seen.hexdigest() == expected


def test_blobs_switched_off_have_no_excess() -> None:
    """A genesis may give a chain no blobs at all."""
    off = BlobSchedule(target=0, max=0, base_fee_update_fraction=1)
    assert replace(OSAKA, blobs=off).excess_blob_gas(0, 0, 10**12) == 0


def test_the_history_of_a_chain(chain: LocalChain, accounts: tuple[DevAccount, ...]) -> None:
    sender = accounts[0].address
    for _ in range(3):
        chain.send(CallRequest(sender=sender, to=b"\x11" * 20, max_priority_fee_per_gas=5))
    told = chain.fee_history(2, "latest", [0, 50, 100])
    assert told.oldest == 2
    expected = [chain.block(2), chain.block(3)]
    assert told.base_fees[:2] == [b.header.base_fee_per_gas for b in expected if b]
    assert told.base_fees[2] == chain.base_fee()
    assert told.gas_used_ratios == [21_000 / 30_000_000] * 2
    assert told.rewards == [[5, 5, 5], [5, 5, 5]]
    assert told.blob_base_fees == [1, 1, 1]
    assert told.blob_gas_used_ratios == [0.0, 0.0]


def test_rewards_are_weighed_by_gas(new_chain: NewChain, accounts: tuple[DevAccount, ...]) -> None:
    chain = new_chain(mining="manual")
    burner = b"\xbb" * 20
    chain.set_code(burner, bytes.fromhex("5b600056"))  # Burns all the gas it gets.
    for account, tip, gas, to in zip(
        accounts,
        (30, 10, 20),
        (21_000, 21_000, 58_000),
        (b"\x11" * 20, b"\x12" * 20, burner),
        strict=False,
    ):
        chain.send(
            CallRequest(sender=account.address, to=to, gas=gas, max_priority_fee_per_gas=tip)
        )
    chain.mine()
    # By tip: 10 for 21,000, 20 for 58,000, 30 for 21,000, of 100,000 in all.
    told = chain.fee_history(1, "latest", [0, 21, 21.1, 79, 79.1, 100])
    assert told.rewards == [[10, 10, 20, 20, 30, 30]]


def test_an_empty_block_has_no_rewards(chain: LocalChain) -> None:
    chain.mine()
    assert chain.fee_history(1, "latest", [10, 20]).rewards == [[0, 0]]
    assert chain.fee_history(1, "latest", None).rewards is None


def test_history_stops_at_genesis_and_at_the_head(chain: LocalChain) -> None:
    chain.mine(3)
    told = chain.fee_history(100, "latest", None)
    assert (told.oldest, len(told.base_fees), len(told.gas_used_ratios)) == (0, 5, 4)
    with pytest.raises(UnknownBlock):
        chain.fee_history(1, 4, None)
    with pytest.raises(InvalidRequest):
        chain.fee_history(0, "latest", None)


@pytest.mark.parametrize("wrong", [[-1], [100.5], [5, 4], [5, 5], [float("nan")], [1] * 101])
def test_wrong_percentiles_are_refused(wrong: list[float]) -> None:
    with pytest.raises(InvalidRequest, match="ercentile"):
        check_percentiles(wrong)


def test_the_base_fee_moves_with_the_gas_used(
    new_chain: NewChain, accounts: tuple[DevAccount, ...]
) -> None:
    chain = new_chain(mining="manual")
    chain.set_block_gas_limit(42_000)
    chain.mine()
    before = chain.base_fee()
    assert before == next_base_fee(chain.head.header, PRAGUE)
    for account in accounts[:2]:
        chain.send(CallRequest(sender=account.address, to=b"\x11" * 20, gas=21_000))
    chain.mine()
    assert chain.base_fee() == before + before // 8
    parent = replace(chain.head.header)
    chain.mine()
    assert chain.head.header.base_fee_per_gas == next_base_fee(parent, PRAGUE)
