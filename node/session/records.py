"""What the session layer keeps: plain records, and their JSON.

The first eight fields of a session, their order and their keys are the founding document's; the
rest follows. In JSON an id is 64 lower-case hex digits, a time is nanoseconds, and what is empty or
zero is left out where a record can do without it. Reading is strict: no unknown key, no key twice,
no number as text.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeVar

from ..codec import Refused, read_json
from ..crypto import SIGNATURE
from .committees import SEATS_MAX
from .ids import EMPTY, ID_SIZE, Domain
from .states import SessionState

STEPS_MAX = 64
RECORD_DATA_MAX = 16 * 1024
SIGNATURES_MAX = SEATS_MAX * SIGNATURE
ERROR_MAX = 256
JSON_MAX = 2 << 20

Kind = TypeVar("Kind")


class StepKind(IntEnum):
    """What a step does: compute, or reach outside through the committee."""

    COMPUTE = 0
    WRITE_EXTERNAL = 1
    READ_EXTERNAL = 2

    @property
    def domain(self) -> Domain | None:
        """What the committee attests to; computing needs no attestation."""
        return _DOMAINS.get(self)


_DOMAINS = {
    StepKind.WRITE_EXTERNAL: Domain.ORACLE_WRITE,
    StepKind.READ_EXTERNAL: Domain.ORACLE_READ,
}


class StepState(IntEnum):
    """Where a step is."""

    PENDING = 0
    EXECUTING = 1
    WAITING = 2
    COMPLETED = 3
    FAILED = 4


class RequestKind(IntEnum):
    """Which way an oracle request goes."""

    WRITE = 0
    READ = 1


class RequestStatus(IntEnum):
    """Where an oracle request is."""

    PENDING = 0
    COMMITTED = 1
    ATTESTED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a session."""

    step_index: int
    kind: StepKind
    request_id: bytes = EMPTY
    retry_index: int = 0
    tx_id: bytes = EMPTY
    input_hash: bytes = EMPTY
    output_hash: bytes = EMPTY
    oracle_commit_root: bytes = EMPTY
    attestation_id: bytes = EMPTY
    state: StepState = StepState.PENDING
    started_at: int = 0
    completed_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session of a service."""

    id: bytes
    service_id: bytes
    epoch: int
    tx_id: bytes
    committee: tuple[bytes, ...]
    state: SessionState = SessionState.PENDING
    steps: tuple[Step, ...] = ()
    output_hash: bytes = EMPTY
    current_step: int = 0
    oracle_root: bytes = EMPTY
    receipts_root: bytes = EMPTY
    created_at: int = 0
    finalized_at: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OracleRecord:
    """What one member submitted to a request."""

    record_id: bytes
    request_id: bytes
    submitter_id: bytes
    data: bytes
    data_hash: bytes
    signature: bytes = b""
    created_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OracleRequest:
    """What a step asks of the world outside."""

    id: bytes
    service_id: bytes
    session_id: bytes
    step_index: int
    retry_index: int
    tx_id: bytes
    kind: RequestKind
    status: RequestStatus = RequestStatus.PENDING
    input_hash: bytes = EMPTY
    records: tuple[OracleRecord, ...] = ()
    commit_root: bytes = EMPTY
    attestation_id: bytes = EMPTY
    created_at: int = 0
    committed_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OracleCommit:
    """The end of a request: nothing more is submitted to it."""

    request_id: bytes
    merkle_root: bytes
    record_count: int
    epoch: int
    committed_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """What a quorum signed; the signatures stand one after the other, in the signers' order."""

    id: bytes
    domain: Domain
    subject_id: bytes
    commit_root: bytes
    epoch: int
    signers: tuple[bytes, ...] = ()
    signature: bytes = b""
    created_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OracleCommitAttestation:
    """An attestation of the records of a request."""

    attestation: Attestation
    request_id: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCompleteAttestation:
    """An attestation of a session's outcome; its commit root is made of the three hashes here."""

    attestation: Attestation
    session_id: bytes
    output_hash: bytes
    oracle_root: bytes
    receipts_root: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochBeaconAttestation:
    """An attestation of an epoch's randomness."""

    attestation: Attestation
    randomness: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """That a message of a session arrived; the message itself is not kept."""

    id: bytes
    session_id: bytes
    step_index: int
    message_hash: bytes
    sender_id: bytes
    receiver_id: bytes
    timestamp: int = 0
    signature: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedReceipt:
    """A receipt that a relay has signed too."""

    receipt: Receipt
    relay_node_id: bytes
    relay_signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptCommit:
    """The root of a session's receipts."""

    session_id: bytes
    merkle_root: bytes
    receipt_count: int
    epoch: int
    committed_at: int = 0


# --- JSON -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Field:
    """A key of a JSON object: which attribute it is, how it is written and read."""

    key: str
    name: str
    write: Callable[[Any], Any]
    read: Callable[[Any], Any]
    empty: Any = None  # What may be left out; None: nothing.


def _fail(what: str) -> Refused:
    return Refused(f"session: {what}")


def _bytes(limit: int, exact: bool) -> Callable[[Any], bytes]:
    """Return a reader of hex digits, lower-case and in whole bytes."""

    def read(value: Any) -> bytes:
        if not isinstance(value, str) or len(value) > 2 * limit or value != value.lower():
            raise _fail("is not hex")
        try:
            data = bytes.fromhex(value)
        except ValueError:
            raise _fail("is not hex") from None
        if data.hex() != value or (exact and len(data) != limit):
            raise _fail("is not hex")
        return data

    return read


def _number(least: int, most: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise _fail("number out of bounds")
        return value

    return read


def _member(kind: type[IntEnum]) -> Callable[[Any], IntEnum]:
    def read(value: Any) -> IntEnum:
        if type(value) is not int or value not in set(kind):
            raise _fail("unknown state or kind")
        return kind(value)

    return read


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value.encode(errors="replace")) > ERROR_MAX:
        raise _fail("is not a short text")
    return value


def _domain(value: Any) -> Domain:
    if not isinstance(value, str) or value not in set(Domain):
        raise _fail("unknown domain")
    return Domain(value)


def _each(read: Callable[[Any], Any], limit: int) -> Callable[[Any], tuple[Any, ...]]:
    def read_all(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list) or len(value) > limit:
            raise _fail("is not a short list")
        return tuple(read(each) for each in value)

    return read_all


def _id(key: str, name: str) -> Field:
    return Field(key, name, bytes.hex, _bytes(ID_SIZE, exact=True))


def _hash(key: str, name: str) -> Field:
    return Field(key, name, bytes.hex, _bytes(ID_SIZE, exact=True), EMPTY)


def _blob(key: str, name: str, limit: int) -> Field:
    return Field(key, name, bytes.hex, _bytes(limit, exact=False), b"")


def _u32(key: str, name: str) -> Field:
    return Field(key, name, int, _number(0, 2**32 - 1))


def _u64(key: str, name: str) -> Field:
    return Field(key, name, int, _number(0, 2**64 - 1))


def _time(key: str, name: str) -> Field:
    return Field(key, name, int, _number(-(2**63), 2**63 - 1), 0)


def _enum(key: str, name: str, kind: type[IntEnum]) -> Field:
    return Field(key, name, int, _member(kind))


def to_dict(record: Any) -> dict[str, Any]:
    """Return a record as a JSON object, keys in their order."""
    made = {}
    for field in FIELDS[type(record)]:
        value = getattr(record, field.name)
        if field.empty is None or value != field.empty:
            made[field.key] = field.write(value)
    return made


def from_dict(kind: type[Kind], value: Any) -> Kind:
    """Return the record of a JSON object."""
    fields = {field.key: field for field in FIELDS[kind]}
    if not isinstance(value, dict) or not value.keys() <= fields.keys():
        raise _fail("unknown key")
    read = {}
    for key, field in fields.items():
        if key in value:
            read[field.name] = field.read(value[key])
            if field.empty is not None and read[field.name] == field.empty:
                raise _fail("an empty field is left out")
        elif field.empty is None:
            raise _fail("missing key")
        else:
            read[field.name] = field.empty
    return kind(**read)


def _object(key: str, name: str, kind: type[Any]) -> Field:
    return Field(key, name, to_dict, lambda value: from_dict(kind, value))


def _list(key: str, name: str, kind: type[Any], limit: int) -> Field:
    def write(values: Sequence[Any]) -> list[dict[str, Any]]:
        return [to_dict(value) for value in values]

    return Field(key, name, write, _each(lambda value: from_dict(kind, value), limit))


def _ids(key: str, name: str) -> Field:
    def write(values: Sequence[bytes]) -> list[str]:
        return [value.hex() for value in values]

    return Field(key, name, write, _each(_bytes(ID_SIZE, exact=True), SEATS_MAX))


FIELDS: dict[type[Any], tuple[Field, ...]] = {
    Step: (
        _u32("stepIndex", "step_index"),
        _enum("kind", "kind", StepKind),
        _hash("requestId", "request_id"),
        _u32("retryIndex", "retry_index"),
        _hash("txId", "tx_id"),
        _hash("inputHash", "input_hash"),
        _hash("outputHash", "output_hash"),
        _hash("oracleCommitRoot", "oracle_commit_root"),
        _hash("attestationId", "attestation_id"),
        _enum("state", "state", StepState),
        _time("startedAt", "started_at"),
        _time("completedAt", "completed_at"),
    ),
    Session: (
        _id("id", "id"),
        _id("serviceId", "service_id"),
        _u64("epoch", "epoch"),
        _id("txId", "tx_id"),
        _ids("committee", "committee"),
        _enum("state", "state", SessionState),
        _list("steps", "steps", Step, STEPS_MAX),
        _hash("outputHash", "output_hash"),
        _u32("currentStep", "current_step"),
        _hash("oracleRoot", "oracle_root"),
        _hash("receiptsRoot", "receipts_root"),
        _time("createdAt", "created_at"),
        _time("finalizedAt", "finalized_at"),
        Field("error", "error", str, _text, ""),
    ),
    OracleRecord: (
        _id("recordId", "record_id"),
        _id("requestId", "request_id"),
        _id("submitterId", "submitter_id"),
        _blob("data", "data", RECORD_DATA_MAX),
        _id("dataHash", "data_hash"),
        _blob("signature", "signature", SIGNATURES_MAX),
        _time("createdAt", "created_at"),
    ),
    OracleRequest: (
        _id("id", "id"),
        _id("serviceId", "service_id"),
        _id("sessionId", "session_id"),
        _u32("stepIndex", "step_index"),
        _u32("retryIndex", "retry_index"),
        _id("txId", "tx_id"),
        _enum("kind", "kind", RequestKind),
        _enum("status", "status", RequestStatus),
        _hash("inputHash", "input_hash"),
        _list("records", "records", OracleRecord, SEATS_MAX),
        _hash("commitRoot", "commit_root"),
        _hash("attestationId", "attestation_id"),
        _time("createdAt", "created_at"),
        _time("committedAt", "committed_at"),
    ),
    OracleCommit: (
        _id("requestId", "request_id"),
        _hash("merkleRoot", "merkle_root"),
        _u32("recordCount", "record_count"),
        _u64("epoch", "epoch"),
        _time("committedAt", "committed_at"),
    ),
    Attestation: (
        _id("id", "id"),
        Field("domain", "domain", str, _domain),
        _id("subjectId", "subject_id"),
        _hash("commitRoot", "commit_root"),
        _u64("epoch", "epoch"),
        _ids("signers", "signers"),
        _blob("signature", "signature", SIGNATURES_MAX),
        _time("createdAt", "created_at"),
    ),
    OracleCommitAttestation: (
        _object("attestation", "attestation", Attestation),
        _id("requestId", "request_id"),
    ),
    SessionCompleteAttestation: (
        _object("attestation", "attestation", Attestation),
        _id("sessionId", "session_id"),
        _hash("outputHash", "output_hash"),
        _hash("oracleRoot", "oracle_root"),
        _hash("receiptsRoot", "receipts_root"),
    ),
    EpochBeaconAttestation: (
        _object("attestation", "attestation", Attestation),
        _id("randomness", "randomness"),
    ),
    Receipt: (
        _id("id", "id"),
        _id("sessionId", "session_id"),
        _u32("stepIndex", "step_index"),
        _id("messageHash", "message_hash"),
        _id("senderId", "sender_id"),
        _id("receiverId", "receiver_id"),
        _time("timestamp", "timestamp"),
        _blob("signature", "signature", SIGNATURES_MAX),
    ),
    SignedReceipt: (
        _object("receipt", "receipt", Receipt),
        _id("relayNodeId", "relay_node_id"),
        _blob("relaySignature", "relay_signature", SIGNATURES_MAX),
    ),
    ReceiptCommit: (
        _id("sessionId", "session_id"),
        _hash("merkleRoot", "merkle_root"),
        _u32("receiptCount", "receipt_count"),
        _u64("epoch", "epoch"),
        _time("committedAt", "committed_at"),
    ),
}


def to_json(record: Any) -> str:
    """Return a record as JSON text."""
    return json.dumps(to_dict(record), separators=(",", ":"))


def from_json(kind: type[Kind], text: str) -> Kind:
    """Return the record of JSON text."""
    if len(text) > JSON_MAX:
        raise _fail("too much JSON")
    try:
        data = text.encode()
        value = read_json(data, object_pairs_hook=_once, parse_constant=_no_constant)
    except ValueError:
        raise _fail("is not JSON") from None
    return from_dict(kind, value)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _fail("a key twice")
    return made


def _no_constant(_: str) -> Any:
    raise _fail("is not JSON")
