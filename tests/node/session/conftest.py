"""The vectors of the session layer, and records to try."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from node.crypto import SigningKey
from node.session.ids import session_id
from node.session.records import Session, Step, StepKind, StepState
from node.session.states import SessionState

VECTORS = Path(__file__).parents[3] / "node" / "vectors" / "session.json"


def hashed(text: str) -> bytes:
    return sha256(text.encode()).digest()


@pytest.fixture(scope="session")
def vectors():
    return json.loads(VECTORS.read_text("utf-8"))


@pytest.fixture(scope="session")
def h():
    """SHA-256 of a text: what the vectors call H."""
    return hashed


@pytest.fixture(scope="session")
def signing_keys():
    """21 keys, in the order of their ids."""
    made = [SigningKey.from_seed(bytes([number]) * 32) for number in range(21)]
    return sorted(made, key=lambda key: sha256(key.public).digest())


@pytest.fixture
def step():
    return Step(
        step_index=0,
        kind=StepKind.WRITE_EXTERNAL,
        request_id=hashed("request"),
        retry_index=2,
        tx_id=hashed("tx"),
        input_hash=hashed("input"),
        output_hash=hashed("output"),
        oracle_commit_root=hashed("root"),
        attestation_id=hashed("attestation"),
        state=StepState.COMPLETED,
        started_at=1,
        completed_at=2,
    )


@pytest.fixture
def session(step):
    service, tx = hashed("service"), hashed("tx")
    return Session(
        id=session_id(service, 100, tx),
        service_id=service,
        epoch=100,
        tx_id=tx,
        committee=(hashed("node1"), hashed("node2"), hashed("node3")),
        state=SessionState.FAILED,
        steps=(step,),
        output_hash=hashed("outcome"),
        current_step=1,
        oracle_root=hashed("oracle"),
        receipts_root=hashed("receipts"),
        created_at=1_700_000_000_000_000_000,
        finalized_at=1_700_000_001_000_000_000,
        error="no quorum",
    )
