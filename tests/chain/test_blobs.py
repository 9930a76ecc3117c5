"""Blob transactions: a real one is taken, and each corruption of it refused."""

from collections.abc import Iterator
from typing import Any

import ckzg  # type: ignore[import-not-found]
import pytest
from eth_account import Account
from eth_account.typed_transactions import base
from eth_utils.address import to_checksum_address

from chain import blobs
from chain.accounts import DevAccount
from chain.blobs import open_network_form, trusted_setup, versioned_hash
from chain.encoding import decode, encode
from chain.errors import ChainError, InvalidTransaction, RejectedTransaction
from chain.local_chain import LocalChain

TO = b"\x35" * 20
BLOB = b"".join(b"\0" + bytes((i % 256,)) * 31 for i in range(4096))
OTHER = b"".join(b"\0" + bytes((i % 7,)) * 31 for i in range(4096))


def network_form(
    account: DevAccount, content: tuple[bytes, ...] = (BLOB,), **changes: Any
) -> bytes:
    """As eth_account makes it, with commitments and proofs of its own."""
    fields = {"type": 3, "chainId": 6133, "nonce": 0, "gas": 21_000, "value": 0, "data": b""}
    fields |= {"to": to_checksum_address(TO), "maxFeePerGas": 10**10, "maxPriorityFeePerGas": 1}
    fields |= {"maxFeePerBlobGas": 10, "accessList": []} | changes
    signed = Account.sign_transaction(fields, account.private_key, blobs=list(content))
    return bytes(signed.raw_transaction)


@pytest.fixture(scope="module", autouse=True)
def one_setup() -> Iterator[None]:
    """Let eth_account, which loads the ceremony's points for each proof, load them once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(base, "load_trusted_setup", lambda *_: trusted_setup())
        yield


@pytest.fixture(scope="module")
def raw(accounts: tuple[DevAccount, ...], one_setup: None) -> bytes:
    return network_form(accounts[0])


def parts_of(raw: bytes) -> list[Any]:
    parts = decode(raw[1:])
    assert isinstance(parts, list)
    return parts


def packed(parts: list[Any]) -> bytes:
    return b"\3" + encode(parts)


def test_a_real_blob_is_mined(
    chain: LocalChain, accounts: tuple[DevAccount, ...], raw: bytes
) -> None:
    before = chain.state().balance(accounts[0].address)
    tx_hash = chain.send_raw(raw)
    located = chain.transaction(tx_hash)
    assert located is not None
    tx = located.transaction
    commitment = ckzg.blob_to_kzg_commitment(BLOB, trusted_setup())
    assert tx.blob_versioned_hashes == (versioned_hash(commitment),)
    assert tx.raw == b"\3" + encode(parts_of(raw)[0])  # The block holds it without its blobs.
    (receipt,) = chain.receipts(located.block.hash) or ()
    assert (receipt.status, receipt.blob_gas_used, receipt.blob_gas_price) == (1, 131_072, 1)
    assert located.block.header.blob_gas_used == 131_072
    paid = 21_000 * receipt.effective_gas_price + 131_072
    assert chain.state().balance(accounts[0].address) == before - paid


def test_two_blobs_are_verified_together(accounts: tuple[DevAccount, ...]) -> None:
    tx = open_network_form(network_form(accounts[0], (BLOB, OTHER)))
    assert len(tx.blob_versioned_hashes) == 2


def test_cell_proofs_are_verified(accounts: tuple[DevAccount, ...], raw: bytes) -> None:
    """EIP-7594's form, which newer wallets send: a version, and proofs for each cell."""
    tx, content, commitments, _ = parts_of(raw)
    _, proofs = ckzg.compute_cells_and_kzg_proofs(BLOB, trusted_setup())
    assert open_network_form(packed([tx, b"\1", content, commitments, list(proofs)]))
    swapped = [proofs[1], proofs[0], *proofs[2:]]
    with pytest.raises(RejectedTransaction, match="proofs do not hold"):
        open_network_form(packed([tx, b"\1", content, commitments, swapped]))
    with pytest.raises(RejectedTransaction, match="invalid number of 127 proofs, expected 128"):
        open_network_form(packed([tx, b"\1", content, commitments, list(proofs)[1:]]))


def spoil(parts: list[Any], name: str) -> list[Any]:
    tx, content, commitments, proofs = parts
    point = ckzg.blob_to_kzg_commitment(OTHER, trusted_setup())
    spoilt: dict[str, list[Any]] = {
        "no sidecar": tx,
        "another blob": [tx, [OTHER], commitments, proofs],
        "a bit of the blob": [tx, [BLOB[:-1] + bytes((BLOB[-1] ^ 1,))], commitments, proofs],
        "a blob too short": [tx, [BLOB[:-1]], commitments, proofs],
        "a blob too long": [tx, [BLOB + b"\0"], commitments, proofs],
        "an element not of the field": [tx, [b"\xff" * 32 + BLOB[32:]], commitments, proofs],
        "another commitment": [tx, content, [point], proofs],
        "a commitment too short": [tx, content, [commitments[0][:-1]], proofs],
        "another proof": [tx, content, commitments, [point]],
        "a proof that is no point": [tx, content, commitments, [b"\xff" * 48]],
        "a proof too short": [tx, content, commitments, [proofs[0][:-1]]],
        "no proof": [tx, content, commitments, []],
        "two proofs": [tx, content, commitments, proofs * 2],
        "no blob": [tx, [], commitments, proofs],
        "two blobs": [tx, content * 2, commitments * 2, proofs * 2],
        "nothing": [tx, [], [], []],
        "a part too few": [tx, content, commitments],
        "a part too many": [tx, content, commitments, proofs, b""],
        "another version": [tx, b"\2", content, commitments, proofs],
        "a blob that is a list": [tx, [[BLOB]], commitments, proofs],
        "blobs that are bytes": [tx, BLOB, commitments, proofs],
    }
    return spoilt[name]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("no sidecar", "missing blob sidecar"),
        ("another blob", "proofs do not hold"),
        ("a bit of the blob", "proofs do not hold"),
        ("a blob too short", "proofs do not hold"),
        ("a blob too long", "proofs do not hold"),
        ("an element not of the field", "proofs do not hold"),
        ("another commitment", "blob hash mismatch"),
        ("a commitment too short", "blob hash mismatch"),
        ("another proof", "proofs do not hold"),
        ("a proof that is no point", "proofs do not hold"),
        ("a proof too short", "proofs do not hold"),
        ("no proof", "invalid number of 0 proofs, expected 1"),
        ("two proofs", "invalid number of 2 proofs, expected 1"),
        ("no blob", "invalid number of 0 blobs and 1 commitments compared to 1 blob hashes"),
        ("two blobs", "invalid number of 2 blobs"),
        ("nothing", "invalid number of 0 blobs"),
        ("a part too few", "neither .tx, blobs, commitments, proofs. nor its version 1"),
        ("a part too many", "neither|expected a number"),
        ("another version", "neither"),
        ("a blob that is a list", "blobs: expected bytes, got a list"),
        ("blobs that are bytes", "blobs: expected a list, got bytes"),
    ],
)
def test_a_corruption_is_refused(chain: LocalChain, raw: bytes, name: str, reason: str) -> None:
    with pytest.raises((RejectedTransaction, InvalidTransaction), match=reason):
        chain.send_raw(packed(spoil(parts_of(raw), name)))
    assert (chain.head.number, len(chain.pool)) == (0, 0)


@pytest.mark.parametrize("junk", [b"\3", b"\3\x80", b"\3\xc0", b"\3\xc1\xc0", b"\3" + b"\xff" * 9])
def test_junk_is_refused(junk: bytes) -> None:
    with pytest.raises(ChainError):
        open_network_form(junk)


def test_a_message_too_long_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blobs, "decode", None)
    with pytest.raises(RejectedTransaction, match="oversized data"):
        open_network_form(b"\3" + bytes(blobs.NETWORK_FORM_MAX))


def test_blob_fees_and_balance_are_checked(
    chain: LocalChain, accounts: tuple[DevAccount, ...]
) -> None:
    with pytest.raises(RejectedTransaction, match="invalid chain id"):
        chain.send_raw(network_form(accounts[0], chainId=1))
    balance = chain.state().balance(accounts[0].address)
    with pytest.raises(RejectedTransaction, match="insufficient funds"):
        chain.send_raw(network_form(accounts[0], maxFeePerBlobGas=balance // 131_072 + 1))


def test_the_known_commitment_of_zeros() -> None:
    """A blob of zeros commits to the point at infinity: consensus-spec-tests, blob 0."""
    commitment = ckzg.blob_to_kzg_commitment(bytes(131_072), trusted_setup())
    assert commitment == b"\xc0" + bytes(47)
    assert versioned_hash(commitment).hex() == (
        "010657f37554c781402a22917dee2f75def7ab966d7b770905398eba3c444014"
    )
