"""Sessions and steps as bytes: ours, and the layouts of the Go implementation.

Ours begins with a version and keeps everything. Go's leaves out transaction and steps: it is here
so that its bytes can be read and compared, and nothing is stored in it.
"""

from ..codec import Reader, Refused, sized, u8, u32, u64
from .committees import SEATS_MAX
from .ids import ID_SIZE
from .records import ERROR_MAX, STEPS_MAX, Session, Step, StepKind, StepState
from .states import SessionState

VERSION = 1
STEP_SIZE = 218
GO_SESSION_SIZE_MIN = 197
GO_ZERO_TIME = 0xA1B203EB3D1A0000 - 2**64  # Go's time.Time{} in nanoseconds, wrapped


def time(nanoseconds: int) -> bytes:
    """Return eight bytes, of two's complement."""
    return nanoseconds.to_bytes(8, "big", signed=True)


def read_time(reader: Reader) -> int:
    """Return the time that comes next."""
    return int.from_bytes(reader.take(8), "big", signed=True)


def encode_step(step: Step) -> bytes:
    """Return the 218 bytes of a step, which are Go's too."""
    return b"".join(
        (
            u32(step.step_index),
            u8(step.kind),
            step.request_id,
            u32(step.retry_index),
            step.tx_id,
            step.input_hash,
            step.output_hash,
            step.oracle_commit_root,
            step.attestation_id,
            u8(step.state),
            time(step.started_at),
            time(step.completed_at),
        )
    )


def decode_step(data: bytes) -> Step:
    """Return the step of 218 bytes."""
    reader = Reader(data)
    step = read_step(reader)
    reader.end()
    return step


def read_step(reader: Reader) -> Step:
    """Return the step that comes next."""
    index, kind, request, retry = reader.u32(), reader.u8(), reader.take(ID_SIZE), reader.u32()
    tx_id, input_hash, output_hash, root, attestation = (reader.take(ID_SIZE) for _ in range(5))
    state = reader.u8()
    if kind not in set(StepKind) or state not in set(StepState):
        raise Refused("session: unknown state or kind")
    return Step(
        step_index=index,
        kind=StepKind(kind),
        request_id=request,
        retry_index=retry,
        tx_id=tx_id,
        input_hash=input_hash,
        output_hash=output_hash,
        oracle_commit_root=root,
        attestation_id=attestation,
        state=StepState(state),
        started_at=read_time(reader),
        completed_at=read_time(reader),
    )


def encode_session(session: Session) -> bytes:
    """Return a session with all that it has."""
    return b"".join(
        (
            u8(VERSION),
            session.id,
            session.service_id,
            u64(session.epoch),
            session.tx_id,
            u32(len(session.committee)),
            *session.committee,
            u8(session.state),
            u32(session.current_step),
            u32(len(session.steps)),
            *map(encode_step, session.steps),
            session.output_hash,
            session.oracle_root,
            session.receipts_root,
            time(session.created_at),
            time(session.finalized_at),
            sized(session.error.encode()),
        )
    )


def decode_session(data: bytes) -> Session:
    """Return the session of bytes that `encode_session` made."""
    reader = Reader(data)
    if reader.u8() != VERSION:
        raise Refused("session: unknown version")
    name, service = reader.take(ID_SIZE), reader.take(ID_SIZE)
    epoch, tx_id = reader.u64(), reader.take(ID_SIZE)
    committee = _committee(reader)
    state, current = _state(reader), reader.u32()
    count = reader.u32()
    if count > STEPS_MAX:
        raise Refused("session: too many steps")
    steps = tuple(read_step(reader) for _ in range(count))
    output, oracle, receipts = (reader.take(ID_SIZE) for _ in range(3))
    created, finalized = read_time(reader), read_time(reader)
    error = _error(reader)
    reader.end()
    return Session(
        id=name,
        service_id=service,
        epoch=epoch,
        tx_id=tx_id,
        committee=committee,
        state=state,
        steps=steps,
        output_hash=output,
        current_step=current,
        oracle_root=oracle,
        receipts_root=receipts,
        created_at=created,
        finalized_at=finalized,
        error=error,
    )


def encode_session_go(session: Session) -> bytes:
    """Return a session as Go stores it: without transaction and steps."""
    return b"".join(
        (
            session.id,
            session.service_id,
            u64(session.epoch),
            u32(len(session.committee)),
            *session.committee,
            u8(session.state),
            u32(session.current_step),
            session.output_hash,
            session.oracle_root,
            session.receipts_root,
            time(session.created_at),
            time(session.finalized_at),
            sized(session.error.encode()),
        )
    )


def decode_session_go(data: bytes) -> Session:
    """Return what Go stored of a session."""
    reader = Reader(data)
    name, service, epoch = reader.take(ID_SIZE), reader.take(ID_SIZE), reader.u64()
    committee = _committee(reader)
    state, current = _state(reader), reader.u32()
    output, oracle, receipts = (reader.take(ID_SIZE) for _ in range(3))
    created, finalized = read_time(reader), read_time(reader)
    error = _error(reader)
    reader.end()
    return Session(
        id=name,
        service_id=service,
        epoch=epoch,
        tx_id=bytes(ID_SIZE),
        committee=committee,
        state=state,
        output_hash=output,
        current_step=current,
        oracle_root=oracle,
        receipts_root=receipts,
        created_at=created,
        finalized_at=finalized,
        error=error,
    )


def _committee(reader: Reader) -> tuple[bytes, ...]:
    count = reader.u32()
    if count > SEATS_MAX:
        raise Refused("session: too many seats")
    return tuple(reader.take(ID_SIZE) for _ in range(count))


def _state(reader: Reader) -> SessionState:
    state = reader.u8()
    if state not in set(SessionState):
        raise Refused("session: unknown state or kind")
    return SessionState(state)


def _error(reader: Reader) -> str:
    try:
        return reader.sized(ERROR_MAX).decode()
    except UnicodeDecodeError:
        raise Refused("session: is not a short text") from None
