"""Blob transactions as wallets send them: checked against their blobs, then kept without them.

A local chain has no beacon nodes to serve blobs, and a block commits to their hashes alone; so the
sidecar is verified, as every node would, and let go. The only file that names the KZG library.
"""

import hashlib
from functools import cache
from pathlib import Path
from typing import Any, Final

import ckzg  # type: ignore[import-not-found]
import eth

from .encoding import DecodingError, any_bytes, any_list, decode, encode
from .errors import InvalidTransaction, RejectedTransaction
from .transactions import BLOB, Transaction, decode_transaction

BLOB_SIZE: Final = 131_072
BLOBS_PER_TRANSACTION_MAX: Final = 9
"""Prague's; from Osaka on `rules` allows six."""

CELLS_PER_BLOB: Final = 128
NETWORK_FORM_MAX: Final = (BLOBS_PER_TRANSACTION_MAX + 1) * (BLOB_SIZE + CELLS_PER_BLOB * 48)


@cache
def trusted_setup() -> Any:
    """Load the ceremony's points, which py-evm ships. Takes about a second, once."""
    path = Path(eth.__file__).parent / "_utils" / "kzg_trusted_setup.txt"
    return ckzg.load_trusted_setup(str(path), 0)


def versioned_hash(commitment: bytes) -> bytes:
    """Return the hash by which a transaction names a blob."""
    return b"\x01" + hashlib.sha256(commitment).digest()[1:]


def opens_to(commitment: bytes, *, z: bytes, y: bytes, proof: bytes) -> bool:
    """Return whether p(z) = y for the polynomial under a commitment; false for what is no point."""
    try:
        return bool(ckzg.verify_kzg_proof(commitment, z, y, proof, trusted_setup()))
    except (RuntimeError, ValueError):
        return False


def open_network_form(raw: bytes) -> Transaction:
    """Read a blob transaction with its sidecar; refuse it where the blobs do not belong to it."""
    if len(raw) > NETWORK_FORM_MAX:
        raise RejectedTransaction(f"oversized data: {len(raw)} bytes, limit {NETWORK_FORM_MAX}")
    try:
        return _open(raw)
    except DecodingError as error:
        raise InvalidTransaction(f"blob transaction: {error}") from None


def _open(raw: bytes) -> Transaction:
    parts = any_list(decode(raw[1:]), "transaction")
    if not parts or isinstance(parts[0], bytes):
        raise RejectedTransaction(
            "missing blob sidecar: send the network form, which carries the blobs"
        )
    # Osaka's nodes pass on version 1 alone, but wallets may send either: geth converts them here.
    if len(parts) == 5 and parts[1] == b"\1":
        parts = [parts[0], *parts[2:]]
        proofs_per_blob = CELLS_PER_BLOB
    elif len(parts) == 4:
        proofs_per_blob = 1
    else:
        raise DecodingError("neither [tx, blobs, commitments, proofs] nor its version 1")
    tx = decode_transaction(bytes((BLOB,)) + encode(parts[0]))
    blobs, commitments, proofs = (
        [any_bytes(item, name) for item in any_list(part, name)]
        for part, name in zip(parts[1:], ("blobs", "commitments", "proofs"), strict=True)
    )
    hashes = tx.blob_versioned_hashes
    if not len(blobs) == len(commitments) == len(hashes):
        raise RejectedTransaction(
            f"invalid number of {len(blobs)} blobs and {len(commitments)} commitments "
            f"compared to {len(hashes)} blob hashes"
        )
    if len(proofs) != proofs_per_blob * len(blobs):
        raise RejectedTransaction(
            f"invalid number of {len(proofs)} proofs, expected {proofs_per_blob * len(blobs)}"
        )
    if tuple(versioned_hash(commitment) for commitment in commitments) != hashes:
        raise RejectedTransaction("blob hash mismatch: the commitments are of other blobs")
    if not _verify(blobs, commitments, proofs, proofs_per_blob):
        raise RejectedTransaction("invalid blob: the KZG proofs do not hold")
    return tx


def _verify(
    blobs: list[bytes], commitments: list[bytes], proofs: list[bytes], proofs_per_blob: int
) -> bool:
    setup = trusted_setup()
    try:
        if proofs_per_blob == 1:
            parts = zip(blobs, commitments, proofs, strict=True)
            return all(ckzg.verify_blob_kzg_proof(*each, setup) for each in parts)
        cells = [cell for blob in blobs for cell in ckzg.compute_cells(blob, setup)]
        repeated = [each for each in commitments for _ in range(CELLS_PER_BLOB)]
        indices = list(range(CELLS_PER_BLOB)) * len(blobs)
        return bool(ckzg.verify_cell_kzg_proof_batch(repeated, indices, cells, proofs, setup))
    except (RuntimeError, ValueError, TypeError, AssertionError):
        return False  # The library's way to say that sizes or field elements are wrong.
