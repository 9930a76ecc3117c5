"""Transactions of every type against eth_account, and all that is refused while reading them."""

from dataclasses import fields as dataclass_fields
from typing import Any

import pytest
from eth_account import Account
from eth_utils.address import to_checksum_address
from hypothesis import given, settings
from hypothesis import strategies as st

from chain import transactions
from chain.encoding import decode, encode, int_to_bytes, keccak
from chain.errors import InvalidTransaction
from chain.signatures import SECP256K1_HALF_N, SECP256K1_N, address_of
from chain.transactions import (
    Authorization,
    Fields,
    Transaction,
    authorization_digest,
    decode_transaction,
    impersonated,
    sign_transaction,
    signing_digest,
)

KEY = bytes.fromhex("4646464646464646464646464646464646464646464646464646464646464646")
SENDER = address_of(KEY)
TO = bytes.fromhex("35" * 20)

words = st.integers(0, 2**256 - 1)
longs = st.integers(0, 2**64 - 1)
addresses = st.binary(min_size=20, max_size=20)
data = st.binary(max_size=80)
access_lists = st.lists(st.tuples(addresses, st.lists(words, max_size=3)), max_size=3)


def checksummed(address: bytes) -> str:
    return str(to_checksum_address(address))


def twin_access_list(entries: list[tuple[bytes, list[int]]]) -> list[dict[str, Any]]:
    return [
        {"address": checksummed(address), "storageKeys": [f"0x{slot:064x}" for slot in slots]}
        for address, slots in entries
    ]


@st.composite
def twins(draw: Any) -> tuple[int, dict[str, Any]]:
    """A type, and the fields as eth_account takes them."""
    kind = draw(st.sampled_from([0, 1, 2, 3, 4]))
    may_create = kind < 3
    to = draw(addresses | st.just(b"")) if may_create else draw(addresses)
    fields: dict[str, Any] = {
        "nonce": draw(longs),
        "gas": draw(longs),
        "to": checksummed(to) if to else b"",
        "value": draw(words),
        "data": draw(data),
        "chainId": draw(st.integers(1, 2**63)),
    }
    if kind:
        fields["type"] = kind
        fields["accessList"] = twin_access_list(draw(access_lists))
    if kind < 2:
        fields["gasPrice"] = draw(words)
    else:
        fields["maxFeePerGas"] = draw(words)
        fields["maxPriorityFeePerGas"] = draw(words)
    if kind == 3:
        fields["maxFeePerBlobGas"] = draw(words)
        fields["blobVersionedHashes"] = draw(
            st.lists(
                st.binary(min_size=31, max_size=31).map(lambda h: b"\1" + h), min_size=1, max_size=3
            )
        )
    if kind == 4:
        count = draw(st.integers(1, 3))
        fields["authorizationList"] = [
            Account.sign_authorization(
                {
                    "chainId": draw(st.integers(0, 2**63)),
                    "address": checksummed(draw(addresses)),
                    "nonce": draw(st.integers(0, 2**64 - 2)),
                },
                KEY,
            )
            for _ in range(count)
        ]
    return kind, fields


@settings(max_examples=60)
@given(twins())
def test_decoding_and_signing_equal_eth_account(case: tuple[int, dict[str, Any]]) -> None:
    kind, fields = case
    signed = Account.sign_transaction(fields, KEY)
    raw = bytes(signed.raw_transaction)
    tx = decode_transaction(raw)

    assert (tx.type, tx.sender, tx.raw, tx.hash) == (kind, SENDER, raw, bytes(signed.hash))
    again = Transaction(**{field.name: getattr(tx, field.name) for field in dataclass_fields(tx)})
    assert (tx, hash(tx), repr(tx)) == (again, hash(again), repr(again))
    assert tx.__dict__ == again.__dict__
    assert (tx.v, tx.r, tx.s) == (signed.v, signed.r, signed.s)
    assert (tx.nonce, tx.gas, tx.value) == (fields["nonce"], fields["gas"], fields["value"])
    assert tx.chain_id == fields["chainId"]
    assert (checksummed(tx.to) if tx.to else b"") == fields["to"]
    assert tx.data == fields["data"]
    cap = fields.get("gasPrice", fields.get("maxFeePerGas"))
    tip = fields.get("gasPrice", fields.get("maxPriorityFeePerGas"))
    assert (tx.gas_price, tx.max_fee_per_gas, tx.max_priority_fee_per_gas) == (cap, cap, tip)
    listed = [(address, list(slots)) for address, slots in tx.access_list]
    assert twin_access_list(listed) == fields.get("accessList", [])
    assert tx.max_fee_per_blob_gas == fields.get("maxFeePerBlobGas", 0)
    assert list(tx.blob_versioned_hashes) == fields.get("blobVersionedHashes", [])
    assert tx.blob_gas == 131_072 * len(fields.get("blobVersionedHashes", []))
    for entry, theirs in zip(
        tx.authorization_list, fields.get("authorizationList", []), strict=True
    ):
        assert entry.authority == SENDER
        assert (entry.chain_id, entry.nonce) == (theirs.chain_id, theirs.nonce)

    ours = sign_transaction(tx, KEY)
    assert ours == tx
    assert signing_digest(ours) == signing_digest(tx)


def test_the_example_of_eip_155() -> None:
    tx = sign_transaction(
        Fields(
            type=0,
            chain_id=1,
            nonce=9,
            gas_price=20 * 10**9,
            gas=21_000,
            to=TO,
            value=10**18,
        ),
        KEY,
    )
    assert signing_digest(tx).hex() == (
        "daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53"
    )
    assert tx.v == 37
    assert tx.raw.hex() == (
        "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080"
        "25a028ef61340bd939bc2195fe537567866003e1a15d3c71ff63e1590620aa636276"
        "a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83"
    )


def test_a_legacy_transaction_without_chain_id_is_read() -> None:
    tx = sign_transaction(
        Fields(
            type=0,
            chain_id=None,
            nonce=0,
            gas=21_000,
            to=TO,
            gas_price=1,
            max_fee_per_gas=1,
            max_priority_fee_per_gas=1,
        ),
        KEY,
    )
    assert tx.v in (27, 28)
    assert decode_transaction(tx.raw) == tx
    twin = Account.recover_transaction(tx.raw)
    assert twin == checksummed(SENDER)


def test_a_known_sender_is_taken_at_its_word() -> None:
    tx = sign_transaction(Fields(type=2, chain_id=1, nonce=0, gas=21_000, to=TO), KEY)
    assert decode_transaction(tx.raw, TO).sender == TO


def signed_parts(kind: int) -> list[Any]:
    fields = Fields(
        type=kind,
        chain_id=6133,
        nonce=1,
        gas=100_000,
        to=TO,
        access_list=((TO, (1,)),) if kind else (),
        blob_versioned_hashes=(b"\1" + bytes(31),) if kind == 3 else (),
        authorization_list=(authorization(),) if kind == 4 else (),
    )
    raw = sign_transaction(fields, KEY).raw
    parts = decode(raw[1:] if kind else raw)
    assert isinstance(parts, list)
    return parts


def authorization(**changes: int) -> Authorization:
    entry = {"chain_id": 6133, "address": TO, "nonce": 0, "y_parity": 0, "r": 1, "s": 1}
    return Authorization(**{**entry, **changes})  # type: ignore[arg-type]


def refused(kind: int, parts: Any, match: str) -> None:
    raw = encode(parts)
    with pytest.raises(InvalidTransaction, match=match):
        decode_transaction(bytes((kind,)) + raw if kind else raw)


@pytest.mark.parametrize("kind", range(5))
def test_a_field_too_many_or_too_few_is_refused(kind: int) -> None:
    parts = signed_parts(kind)
    refused(kind, parts[:-1], rf"expected {len(parts)} fields, got {len(parts) - 1}")
    refused(kind, [*parts, b""], rf"expected {len(parts)} fields, got {len(parts) + 1}")
    refused(kind, b"text", "expected a list, got bytes" if kind else "type 0x84 not supported")


@pytest.mark.parametrize("kind", range(5))
def test_every_field_refuses_a_list_or_bytes_of_the_wrong_kind(kind: int) -> None:
    parts = signed_parts(kind)
    for index, part in enumerate(parts):
        other: Any = [b"\1"] if isinstance(part, bytes) else b"\1"
        refused(kind, [*parts[:index], other, *parts[index + 1 :]], "got a list|got bytes")


@pytest.mark.parametrize("kind", range(5))
def test_leading_zeros_in_numbers_are_refused(kind: int) -> None:
    parts = signed_parts(kind)
    for index, part in enumerate(parts):
        if isinstance(part, bytes) and len(part) not in (20, 0):
            changed = [*parts[:index], b"\0" + part, *parts[index + 1 :]]
            refused(kind, changed, "leading zero byte|bytes, at most")


@pytest.mark.parametrize("size", [1, 19, 21, 32])
@pytest.mark.parametrize("kind", range(5))
def test_a_recipient_has_twenty_bytes(kind: int, size: int) -> None:
    parts = signed_parts(kind)
    index = parts.index(TO)
    parts[index] = bytes(size)
    refused(kind, parts, rf"^to: expected 20 bytes, got {size}$")


@pytest.mark.parametrize("kind", [3, 4])
def test_blob_and_set_code_transactions_create_nothing(kind: int) -> None:
    parts = signed_parts(kind)
    parts[parts.index(TO)] = b""
    refused(kind, parts, r"^to: expected 20 bytes, got 0$")


@pytest.mark.parametrize("name_and_index", [("nonce", 1), ("gas", 4)])
def test_nonce_and_gas_fit_64_bits(name_and_index: tuple[str, int]) -> None:
    name, index = name_and_index
    parts = signed_parts(2)
    parts[index] = b"\1" + bytes(8)
    refused(2, parts, rf"^{name}: 9 bytes, at most 8 are allowed$")


@pytest.mark.parametrize("v", [0, 1, 26, 29, 34])
def test_a_legacy_v_that_means_nothing_is_refused(v: int) -> None:
    parts = signed_parts(0)
    parts[6] = int_to_bytes(v)
    refused(0, parts, rf"^v: {v} is no legacy signature$")


@pytest.mark.parametrize("kind", [1, 2, 3, 4])
def test_a_parity_is_zero_or_one(kind: int) -> None:
    parts = signed_parts(kind)
    parts[-3] = b"\2"
    refused(kind, parts, r"^yParity: 2 is neither 0 nor 1$")
    parts[-3] = b"\1\1"
    refused(kind, parts, "yParity: 2 bytes")


@pytest.mark.parametrize("kind", range(5))
@pytest.mark.parametrize("which", [-2, -1])
@pytest.mark.parametrize("value", [0, SECP256K1_N, 2**256 - 1])
def test_a_signature_of_nobody_is_refused(kind: int, which: int, value: int) -> None:
    parts = signed_parts(kind)
    parts[which] = int_to_bytes(value)
    refused(kind, parts, "invalid sender")


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (b"text", r"accessList\[0\]: expected a list, got bytes"),
        ([TO], r"accessList\[0\]: expected 2 fields, got 1"),
        ([TO[1:], []], r"accessList\[0\].address: expected 20 bytes, got 19"),
        ([TO, b"1"], r"accessList\[0\].storageKeys: expected a list"),
        ([TO, [b"\1"]], r"accessList\[0\].storageKeys: expected 32 bytes, got 1"),
        ([TO, [bytes(33)]], r"accessList\[0\].storageKeys: expected 32 bytes, got 33"),
    ],
)
def test_a_malformed_access_list_is_refused(entry: Any, reason: str) -> None:
    parts = signed_parts(2)
    parts[8] = [entry]
    refused(2, parts, reason)


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ([b"\1", TO, b"", b"", b"\1"], "expected 6 fields, got 5"),
        ([b"\1", b"", b"", b"", b"\1", b"\1"], "address: expected 20 bytes, got 0"),
        ([b"\1", TO, b"\1" + bytes(8), b"", b"\1", b"\1"], "nonce: 9 bytes, at most 8"),
        ([b"\1" * 33, TO, b"", b"", b"\1", b"\1"], "chainId: 33 bytes, at most 32"),
        ([b"\1", TO, b"", b"\1\1", b"\1", b"\1"], "yParity: 2 bytes, at most 1"),
        ([b"\1", TO, b"", b"", b"\1" * 33, b"\1"], "r: 33 bytes, at most 32"),
        ([b"\1", TO, b"", b"", b"\1", b"\0\1"], "s: leading zero byte"),
    ],
)
def test_a_malformed_authorization_is_refused(entry: Any, reason: str) -> None:
    parts = signed_parts(4)
    parts[9] = [entry]
    refused(4, parts, r"^authorizationList\[0\].*" + reason)


def test_an_authorization_of_nobody_is_read_but_names_nobody() -> None:
    """EIP-7702 lets a transaction carry them; each is passed over."""
    twin = Account.sign_authorization(
        {"chainId": 6133, "address": checksummed(TO), "nonce": 0}, KEY
    )
    good = authorization(y_parity=twin.y_parity, r=twin.r, s=twin.s)
    assert good.authority == SENDER
    assert authorization(y_parity=2, r=twin.r, s=twin.s).authority is None
    assert authorization(y_parity=twin.y_parity, r=0, s=twin.s).authority is None
    high = SECP256K1_N - twin.s
    assert high > SECP256K1_HALF_N
    assert authorization(y_parity=1 - twin.y_parity, r=twin.r, s=high).authority is None
    assert authorization(y_parity=1 - twin.y_parity, r=twin.r, s=twin.s).authority != SENDER
    digest = keccak(b"\5" + encode([int_to_bytes(6133), TO, b""]))
    assert authorization_digest(6133, TO, 0) == digest


@pytest.mark.parametrize("first", [0, 5, 0x7F, 0x80, 0xBF])
def test_an_unknown_type_is_refused(first: int) -> None:
    with pytest.raises(InvalidTransaction, match=f"type {first:#04x} not supported"):
        decode_transaction(bytes((first,)) + b"\xc0")


@pytest.mark.parametrize("kind", range(5))
def test_truncated_and_trailing_bytes_are_refused(kind: int) -> None:
    raw = encode(signed_parts(kind))
    raw = bytes((kind,)) + raw if kind else raw
    with pytest.raises(InvalidTransaction, match="trailing"):
        decode_transaction(raw + b"\0")
    for end in range(len(raw)):
        with pytest.raises(InvalidTransaction):
            decode_transaction(raw[:end])


@settings(max_examples=300)
@given(st.integers(0, 4), st.data())
def test_a_changed_byte_never_breaks_the_reader(kind: int, draw: Any) -> None:
    raw = bytearray(encode(signed_parts(kind)))
    raw = bytearray(bytes((kind,)) + raw) if kind else raw
    index = draw.draw(st.integers(0, len(raw) - 1))
    raw[index] = draw.draw(st.integers(0, 255))
    try:
        tx = decode_transaction(bytes(raw))
    except InvalidTransaction:
        return
    assert tx.raw == bytes(raw)
    assert transactions.encode_signed(tx, tx.v, tx.r, tx.s) == tx.raw


def test_impersonated_transactions_of_two_senders_differ() -> None:
    fields = Fields(type=2, chain_id=6133, nonce=0, gas=21_000, to=TO)
    one, two = impersonated(fields, SENDER), impersonated(fields, TO)
    assert isinstance(one, Transaction)
    assert one.hash != two.hash
    assert (one.sender, two.sender) == (SENDER, TO)
    assert decode_transaction(one.raw, SENDER) == one
