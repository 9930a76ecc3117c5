"""Identifiers of the session layer: what is hashed, in which order. They know no record.

An id is 32 bytes, a SHA-256 of fields one after the other, integers big-endian. Fields have fixed
lengths but for the last, so no two lists of fields have the same bytes.
"""

import hashlib
from enum import StrEnum

from ..codec import u32, u64

ID_SIZE = 32
EMPTY = bytes(ID_SIZE)

SESSION = b"LUX:Session:v1"
ORACLE_REQUEST = b"LUX:OracleRequest:v1"
RECEIPT = b"LUX:Receipt:v1"
EPOCH_BEACON = b"LUX:EpochBeacon:v1"
RESULT = b"PARS:SessionResult:v1"


class Domain(StrEnum):
    """What a quorum attests to."""

    ORACLE_WRITE = "oracle/write"
    ORACLE_READ = "oracle/read"
    SESSION_COMPLETE = "session/complete"
    EPOCH_BEACON = "epoch/beacon"

    @property
    def separator(self) -> bytes:
        """What begins a payload of this domain."""
        return f"LUX:QuantumAttest:{self.value}:v1".encode()


def hash_of(data: bytes) -> bytes:
    """Return SHA-256."""
    return hashlib.sha256(data).digest()


def hash_multi(*parts: bytes) -> bytes:
    """Return SHA-256 of parts one after the other, without their lengths."""
    return hashlib.sha256(b"".join(parts)).digest()


def hash_with_domain(domain: bytes, data: bytes) -> bytes:
    """Return SHA-256 of a domain's name and data."""
    return hash_multi(domain, data)


def id_from_bytes(data: bytes) -> bytes:
    """Return 32 bytes: longer data is cut, shorter is filled with zeros."""
    return data[:ID_SIZE].ljust(ID_SIZE, b"\x00")


def session_id(service_id: bytes, epoch: int, tx_id: bytes) -> bytes:
    """Return the id of a session record."""
    return hash_multi(SESSION, service_id, u64(epoch), tx_id)


def request_id(service_id: bytes, session: bytes, tx_id: bytes, step: int, retry: int) -> bytes:
    """Return the id of an oracle request; the transaction is hashed last."""
    return hash_multi(ORACLE_REQUEST, service_id, session, u32(step), u32(retry), tx_id)


def record_id(request: bytes, submitter: bytes, data: bytes) -> bytes:
    """Return the id of what somebody submitted to a request."""
    return hash_multi(request, submitter, hash_of(data))


def signing_payload(domain: Domain, subject: bytes, commitment: bytes, epoch: int) -> bytes:
    """Return the bytes that a signature of this domain is over."""
    return domain.separator + subject + commitment + u64(epoch)


def attestation_id(domain: Domain, subject: bytes, commitment: bytes, epoch: int) -> bytes:
    """Return the id of an attestation."""
    return hash_of(signing_payload(domain, subject, commitment, epoch))


def receipt_id(session: bytes, step: int, message: bytes, sender: bytes, receiver: bytes) -> bytes:
    """Return the id of a receipt; `message` is the hash of one."""
    return hash_multi(RECEIPT, session, u32(step), message, sender, receiver)


def beacon_id(epoch: int, randomness: bytes, previous: bytes) -> bytes:
    """Return the id of an epoch's beacon."""
    return hash_multi(EPOCH_BEACON, u64(epoch), randomness, previous)


def committee_seed(randomness: bytes, service_id: bytes, epoch: int) -> bytes:
    """Return what the scores of an epoch's committee are made from."""
    return hash_multi(randomness, service_id, u64(epoch))


def committee_score(seed: bytes, node_id: bytes) -> bytes:
    """Return a node's score; the lowest are chosen."""
    return hash_multi(seed, node_id)


def result_commitment(output_hash: bytes, oracle_root: bytes, receipts_root: bytes) -> bytes:
    """Return what a session/complete attestation commits to."""
    return hash_multi(RESULT, output_hash, oracle_root, receipts_root)
