"""Blocks, headers and receipts against py-evm's own encodings, and what a strict reader refuses."""

from dataclasses import replace
from typing import Any

import pytest
import rlp  # type: ignore[import-untyped]
from eth.vm.forks.prague.blocks import PragueBlock, PragueBlockHeader
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.accounts import DevAccount
from chain.blocks import (
    EMPTY_BLOOM,
    EMPTY_OMMERS,
    ZERO_HASH,
    Block,
    Header,
    Log,
    Receipt,
    Withdrawal,
    decode_block,
    derived_fields,
    header_from_item,
    receipt_from,
    withdrawals_root,
)
from chain.calls import CallRequest
from chain.encoding import DecodingError, decode, encode, encode_list
from chain.errors import ChainError
from chain.local_chain import LocalChain
from chain.transactions import Fields, sign_transaction
from chain.trie import EMPTY_ROOT

hashes = st.binary(min_size=32, max_size=32)
longs = st.integers(0, 2**64 - 1)

OPTIONAL: tuple[tuple[str, Any], ...] = (
    ("base_fee_per_gas", longs),
    ("withdrawals_root", hashes),
    ("blob_gas_used", longs),
    ("excess_blob_gas", longs),
    ("parent_beacon_block_root", hashes),
    ("requests_hash", hashes),
)


@st.composite
def headers(draw: Any, present: int | None = None) -> Header:
    """A header of a fork that knows the first `present` of the optional fields."""
    count = draw(st.integers(0, len(OPTIONAL))) if present is None else present
    return Header(
        parent_hash=draw(hashes),
        coinbase=draw(st.binary(min_size=20, max_size=20)),
        state_root=draw(hashes),
        difficulty=draw(longs),
        number=draw(longs),
        gas_limit=draw(longs),
        gas_used=draw(longs),
        timestamp=draw(longs),
        extra_data=draw(st.binary(max_size=32)),
        prev_randao=draw(hashes),
        **{name: draw(values) for name, values in OPTIONAL[:count]},
    )


@given(headers())
def test_a_header_is_read_as_it_was_written(header: Header) -> None:
    assert header_from_item(decode(header.encode())) == header


@settings(max_examples=30)
@given(headers(present=6))
def test_a_headers_hash_equals_the_twins(header: Header) -> None:
    twin = rlp.decode(header.encode(), PragueBlockHeader)
    assert twin.hash == header.hash
    assert rlp.encode(twin) == header.encode()


def test_the_first_header_of_mainnet() -> None:
    """The known hash of Ethereum's block 0, from its known fields."""
    header = Header(
        parent_hash=ZERO_HASH,
        state_root=bytes.fromhex(
            "d7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544"
        ),
        difficulty=17_179_869_184,
        number=0,
        gas_limit=5000,
        timestamp=0,
        extra_data=bytes.fromhex(
            "11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa"
        ),
        nonce=bytes.fromhex("0000000000000042"),
    )
    assert header.hash.hex() == "d4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3"
    assert header.ommers_hash == EMPTY_OMMERS
    assert header.logs_bloom == EMPTY_BLOOM


def test_fields_of_later_forks_are_carried() -> None:
    items = decode(header_of(6).encode())
    assert isinstance(items, list)
    later = header_from_item([*items, b"\1\2", b""])
    assert later.later == (b"\1\2", b"")
    assert decode(later.encode()) == [*items, b"\1\2", b""]


def header_of(present: int) -> Header:
    given = {"base_fee_per_gas": 7, "withdrawals_root": EMPTY_ROOT, "blob_gas_used": 0}
    given |= {"excess_blob_gas": 0, "parent_beacon_block_root": ZERO_HASH}
    given |= {"requests_hash": ZERO_HASH}
    names = [name for name, _ in OPTIONAL[:present]]
    fields = {name: given[name] for name in names}
    return Header(
        parent_hash=ZERO_HASH,
        state_root=ZERO_HASH,
        number=1,
        gas_limit=5000,
        timestamp=1,
        **fields,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize("index", range(21))
def test_a_malformed_field_is_named(index: int) -> None:
    items = decode(header_of(6).encode())
    assert isinstance(items, list)
    wrongs: tuple[Any, ...] = ([], b"\0" + b"\1" * 33)
    for wrong in wrongs:
        if index == 12 and wrong:
            continue  # Extra data is any bytes here; its length is a rule of blocks.
        changed: list[Any] = [*items[:index], wrong, *items[index + 1 :]]
        with pytest.raises(DecodingError, match=r"^header\.[a-z_]+: "):
            header_from_item(changed)


def test_a_short_header_is_refused() -> None:
    items = decode(header_of(0).encode())
    assert isinstance(items, list)
    with pytest.raises(DecodingError, match="14 fields, at least 15 expected"):
        header_from_item(items[:-1])


def test_mined_blocks_equal_the_twins(chain: LocalChain, accounts: tuple[DevAccount, ...]) -> None:
    for account in accounts[:2]:
        chain.send(CallRequest(sender=account.address, to=b"\1" * 20, value=1))
        chain.send(CallRequest(sender=account.address, to=b"\1" * 20, gas_price=10**10))
    for number in range(5):
        block = chain.block(number)
        assert block is not None
        twin = rlp.decode(block.encode(), PragueBlock)
        assert twin.header.hash == block.hash
        assert [tx.hash for tx in twin.transactions] == [tx.hash for tx in block.transactions]
        assert rlp.encode(twin) == block.encode()
        assert block.size == len(rlp.encode(twin))
        assert decode_block(block.encode()) == block


def sample() -> Block:
    key = b"\7" * 32
    transactions = tuple(
        sign_transaction(Fields(type=kind, chain_id=1, nonce=kind, gas=21_000, to=b"\1" * 20), key)
        for kind in (0, 1, 2)
    )
    entry = Withdrawal(index=1, validator_index=2, address=b"\3" * 20, amount=4)
    ommer = header_of(0)
    return Block(
        header=header_of(6), transactions=transactions, ommers=(ommer,), withdrawals=(entry,)
    )


def test_a_block_with_everything_is_read_again() -> None:
    block = sample()
    assert decode_block(block.encode()) == block
    before = replace(block, withdrawals=None)
    assert decode_block(before.encode()) == before
    senders = [b"\x0a" * 20, b"\x0b" * 20, b"\x0c" * 20]
    named = decode_block(block.encode(), senders)
    assert [tx.sender for tx in named.transactions] == senders


def test_a_legacy_transaction_in_a_string_is_refused() -> None:
    """Else two encodings would give the same block."""
    block = sample()
    legacy = block.transactions[0]
    wrapped = [
        block.header.encode(),
        encode_list([encode(legacy.raw)]),
        encode_list([]),
    ]
    with pytest.raises(ChainError):
        decode_block(encode_list(wrapped))


@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_a_block_has_three_or_four_parts(count: int) -> None:
    with pytest.raises(DecodingError, match=f"expected 3 or 4 parts, got {count}"):
        decode_block(encode_list([b"\xc0"] * count))


def test_broken_blocks_are_refused_and_never_crash() -> None:
    encoded = sample().encode()
    for end in range(0, len(encoded), 7):
        with pytest.raises(ChainError):
            decode_block(encoded[:end])
    with pytest.raises(ChainError):
        decode_block(encoded + b"\0")


@settings(max_examples=200)
@given(st.data())
def test_a_changed_byte_is_refused_or_read(data: Any) -> None:
    encoded = bytearray(sample().encode())
    encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    try:
        block = decode_block(bytes(encoded))
    except ChainError:
        return
    assert block.encode() == bytes(encoded)


logs = st.builds(
    Log,
    address=st.binary(min_size=20, max_size=20),
    topics=st.lists(hashes, max_size=4).map(tuple),
    data=st.binary(max_size=40),
)


@given(st.sampled_from([0, 1, 2, 3, 4]), st.sampled_from([0, 1, None]), st.lists(logs, max_size=3))
def test_receipts_are_read_as_they_were_written(
    kind: int, status: int | None, entries: list[Log]
) -> None:
    receipt = Receipt(
        type=kind,
        status=status,
        state_root=None if status is not None else b"\x11" * 32,
        cumulative_gas_used=50_000,
        logs_bloom=EMPTY_BLOOM,
        logs=tuple(entries),
        gas_used=21_000,
        effective_gas_price=7,
        contract_address=b"\2" * 20 if entries else None,
        blob_gas_used=131_072 if kind == 3 else None,
        blob_gas_price=1 if kind == 3 else None,
    )
    derived = decode(encode(derived_fields(receipt)))
    assert receipt_from(receipt.encode(), derived) == receipt


def test_the_root_of_no_withdrawals_is_that_of_an_empty_trie() -> None:
    assert withdrawals_root(()) == EMPTY_ROOT
