"""Records as JSON and as bytes: what goes in comes out, and nothing else goes in."""

import json
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.codec import Refused
from node.session import encoding
from node.session.ids import EMPTY, Domain
from node.session.records import (
    FIELDS,
    Attestation,
    EpochBeaconAttestation,
    OracleCommit,
    OracleCommitAttestation,
    OracleRecord,
    OracleRequest,
    Receipt,
    ReceiptCommit,
    RequestKind,
    Session,
    SessionCompleteAttestation,
    SignedReceipt,
    Step,
    StepKind,
    StepState,
    from_json,
    to_dict,
    to_json,
)
from node.session.states import SessionState

A, B = sha256(b"a").digest(), sha256(b"b").digest()

ids = st.binary(min_size=32, max_size=32)
u32s = st.integers(0, 2**32 - 1)
u64s = st.integers(0, 2**64 - 1)
times = st.integers(-(2**63), 2**63 - 1)
steps = st.builds(
    Step,
    step_index=u32s,
    kind=st.sampled_from(StepKind),
    request_id=ids,
    retry_index=u32s,
    tx_id=ids,
    input_hash=ids,
    output_hash=ids,
    oracle_commit_root=ids,
    attestation_id=ids,
    state=st.sampled_from(StepState),
    started_at=times,
    completed_at=times,
)
sessions = st.builds(
    Session,
    id=ids,
    service_id=ids,
    epoch=u64s,
    tx_id=ids,
    committee=st.lists(ids, max_size=21).map(tuple),
    state=st.sampled_from(SessionState),
    steps=st.lists(steps, max_size=4).map(tuple),
    output_hash=ids,
    current_step=u32s,
    oracle_root=ids,
    receipts_root=ids,
    created_at=times,
    finalized_at=times,
    error=st.text(max_size=60),
)

RECORD = OracleRecord(record_id=A, request_id=B, submitter_id=A, data=b"data", data_hash=B)
ATTESTATION = Attestation(
    id=A, domain=Domain.ORACLE_READ, subject_id=B, commit_root=A, epoch=7, signers=(A, B)
)
RECEIPT = Receipt(
    id=A, session_id=B, step_index=1, message_hash=A, sender_id=B, receiver_id=A, signature=b"s"
)
OTHERS = [
    RECORD,
    OracleRequest(
        id=A,
        service_id=B,
        session_id=A,
        step_index=1,
        retry_index=2,
        tx_id=B,
        kind=RequestKind.READ,
        records=(RECORD,),
    ),
    OracleCommit(request_id=A, merkle_root=B, record_count=3, epoch=7, committed_at=9),
    ATTESTATION,
    OracleCommitAttestation(attestation=ATTESTATION, request_id=A),
    SessionCompleteAttestation(
        attestation=ATTESTATION, session_id=A, output_hash=B, oracle_root=EMPTY, receipts_root=A
    ),
    EpochBeaconAttestation(attestation=ATTESTATION, randomness=A),
    RECEIPT,
    SignedReceipt(receipt=RECEIPT, relay_node_id=B, relay_signature=b"r"),
    ReceiptCommit(session_id=A, merkle_root=B, receipt_count=1, epoch=7),
]


def test_the_eight_fields_come_first(session):
    keys = list(to_dict(session))

    assert keys[:8] == [
        "id",
        "serviceId",
        "epoch",
        "txId",
        "committee",
        "state",
        "steps",
        "outputHash",
    ]
    assert keys[8:] == [
        "currentStep",
        "oracleRoot",
        "receiptsRoot",
        "createdAt",
        "finalizedAt",
        "error",
    ]


def test_what_is_empty_is_left_out(session):
    bare = to_dict(
        replace(
            session,
            output_hash=EMPTY,
            oracle_root=EMPTY,
            receipts_root=EMPTY,
            created_at=0,
            finalized_at=0,
            error="",
        )
    )

    assert list(bare) == [*FIELD_KEYS[:7], "currentStep"]
    assert bare["id"] == session.id.hex()


FIELD_KEYS = [field.key for field in FIELDS[Session]]


@given(sessions)
def test_a_session_survives_json_and_bytes(session):
    assert from_json(Session, to_json(session)) == session
    assert encoding.decode_session(encoding.encode_session(session)) == session


@given(sessions)
def test_the_layout_of_go_keeps_what_it_keeps(session):
    data = encoding.encode_session_go(session)

    assert len(data) >= encoding.GO_SESSION_SIZE_MIN
    kept = replace(session, tx_id=EMPTY, steps=())
    assert encoding.decode_session_go(data) == kept


@pytest.mark.parametrize("record", OTHERS, ids=lambda record: type(record).__name__)
def test_records_survive_json(record):
    assert from_json(type(record), to_json(record)) == record


@pytest.mark.parametrize("record", OTHERS, ids=lambda record: type(record).__name__)
def test_a_missing_or_unknown_key_is_refused(record):
    value = to_dict(record)
    for field in FIELDS[type(record)]:
        if field.key in value and field.empty is None:
            fewer = {key: each for key, each in value.items() if key != field.key}
            with pytest.raises(Refused, match="missing key"):
                from_json(type(record), json.dumps(fewer))
    with pytest.raises(Refused, match="unknown key"):
        from_json(type(record), json.dumps({**value, "more": 1}))


BAD = [
    ("id", "00", "hex"),
    ("id", "AA" * 32, "hex"),
    ("id", "zz" * 32, "hex"),
    ("id", " " * 64, "hex"),
    ("id", 7, "hex"),
    ("id", [0] * 32, "hex"),
    ("epoch", -1, "bounds"),
    ("epoch", 2**64, "bounds"),
    ("epoch", "1", "bounds"),
    ("epoch", 1.0, "bounds"),
    ("epoch", True, "bounds"),
    ("committee", ["00" * 32] * 22, "list"),
    ("committee", "00", "list"),
    ("state", 5, "unknown state"),
    ("state", False, "unknown state"),
    ("steps", [{}] * 65, "list"),
    ("steps", [{}], "missing key"),
    ("steps", [7], "unknown key"),
    ("outputHash", "00" * 32, "left out"),
    ("error", "x" * 257, "text"),
    ("error", None, "text"),
]


@pytest.mark.parametrize(("key", "value", "reason"), BAD)
def test_json_out_of_bounds_is_refused(session, key, value, reason):
    with pytest.raises(Refused, match=reason):
        from_json(Session, json.dumps({**to_dict(session), key: value}))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"id":1,"id":1}',
        '{"epoch":NaN}',
        "[" * 100_000,
        " " * ((2 << 20) + 1),
        '{"epoch":' + "9" * 5000 + "}",
    ],
)
def test_what_is_no_json_object_is_refused(text):
    with pytest.raises(Refused):
        from_json(Session, text)


@pytest.mark.parametrize(
    ("encode", "decode"),
    [
        (encoding.encode_session, encoding.decode_session),
        (encoding.encode_session_go, encoding.decode_session_go),
    ],
)
def test_a_session_cut_short_or_longer_is_refused(session, encode, decode):
    data = encode(session)
    for size in range(len(data)):
        with pytest.raises(Refused):
            decode(data[:size])
    with pytest.raises(Refused, match="trailing"):
        decode(data + b"\x00")


@pytest.mark.parametrize(
    ("encode", "decode"),
    [
        (encoding.encode_session, encoding.decode_session),
        (encoding.encode_session_go, encoding.decode_session_go),
    ],
)
def test_a_bit_flipped_is_refused_or_another_session(session, encode, decode):
    data = encode(session)
    for at in range(len(data)):
        flipped = data[:at] + bytes([data[at] ^ 0x80]) + data[at + 1 :]
        with suppress(Refused):
            assert encode(decode(flipped)) == flipped


def test_steps_cut_short_or_of_unknown_kind_are_refused(step):
    data = encoding.encode_step(step)

    assert len(data) == encoding.STEP_SIZE
    assert encoding.decode_step(data) == step
    for size in range(len(data)):
        with pytest.raises(Refused):
            encoding.decode_step(data[:size])
    for at, value in ((4, 3), (201, 5)):
        with pytest.raises(Refused, match="unknown state or kind"):
            encoding.decode_step(data[:at] + bytes([value]) + data[at + 1 :])


def test_hostile_counts_are_refused_before_anything_is_read(session):
    data = encoding.encode_session(session)
    at = 1 + 32 + 32 + 8 + 32

    with pytest.raises(Refused, match="too many seats"):
        encoding.decode_session(data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :])
    at += 4 + 3 * 32 + 1 + 4
    with pytest.raises(Refused, match="too many steps"):
        encoding.decode_session(data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :])
