"""A session at one member: the record, its requests, and every step it can take.

Functions take an entry and return the next one, or raise and change nothing. Who may ask for what,
and what is sent, is `service.py`'s.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..codec import Reader, Refused, sized, u8, u64
from .attestations import Statement, check_step
from .encoding import decode_session, encode_session
from .ids import EMPTY, ID_SIZE, Domain, hash_of, record_id, request_id
from .merkle import merkle_root
from .messages import (
    AttestationPayload,
    OracleRecordPayload,
    OracleRequestPayload,
    decode_attestation,
)
from .outcomes import Result, Service
from .records import (
    STEPS_MAX,
    OracleRecord,
    OracleRequest,
    RequestKind,
    RequestStatus,
    Session,
    Step,
    StepKind,
    StepState,
    from_json,
    to_json,
)
from .states import Event, Illegal, SessionState, next_state

VERSION = 1
RETRIES_MAX = 3
RECORDS_SIZE_MAX = 512 * 1024  # of one session, signatures included
ENTRY_SIZE_MAX = 4 * RECORDS_SIZE_MAX
RECORD_LABEL = b"pars/oracle-record/v1"
NANOSECONDS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A session, who created it, and until when it may take. One request for each step that asks;
    a completion may wait for the certificate of its step.
    """

    session: Session
    creator: bytes
    deadline: int
    asked_at: int = 0
    requests: tuple[OracleRequest, ...] = ()
    completion: AttestationPayload | None = None
    finishing: bool = False

    def encode(self) -> bytes:
        """Return its bytes."""
        requests = [sized(to_json(request).encode()) for request in self.requests]
        completion = self.completion.encode() if self.completion else b""
        return b"".join(
            (
                u8(VERSION),
                sized(encode_session(self.session)),
                self.creator,
                u64(self.deadline),
                u64(self.asked_at),
                u8(len(requests)),
                *requests,
                sized(completion),
                u8(self.finishing),
            )
        )


def decode_entry(data: bytes) -> Entry:
    """Return the entry of bytes from the store."""
    reader = Reader(data)
    if reader.u8() != VERSION:
        raise Refused("session: unknown version")
    session = decode_session(reader.sized(ENTRY_SIZE_MAX))
    creator, deadline, asked_at = reader.take(ID_SIZE), reader.u64(), reader.u64()
    count = reader.u8()
    if count > STEPS_MAX:
        raise Refused("session: too many steps")
    requests = tuple(_request(reader.sized(ENTRY_SIZE_MAX)) for _ in range(count))
    completion, finishing = reader.sized(ID_SIZE * 8), reader.u8()
    reader.end()
    if finishing > 1:
        raise Refused("session: damaged entry")
    return Entry(
        session=session,
        creator=creator,
        deadline=deadline,
        asked_at=asked_at,
        requests=requests,
        completion=decode_attestation(completion) if completion else None,
        finishing=bool(finishing),
    )


def _request(data: bytes) -> OracleRequest:
    try:
        return from_json(OracleRequest, data.decode("ascii"))
    except UnicodeDecodeError:
        raise Refused("session: is not JSON") from None


def moved(session: Session, event: Event) -> Session:
    """Return the session after an event; refuse one that its state does not have."""
    try:
        return replace(session, state=next_state(session.state, event))
    except Illegal:
        raise Refused("session: not in this state") from None


def start(entry: Entry) -> Entry:
    """Let a session run."""
    return replace(entry, session=moved(entry.session, Event.START))


def current(entry: Entry) -> Step:
    """Return the last step."""
    if not entry.session.steps:
        raise Refused("session: has no step")
    return entry.session.steps[-1]


def _with_step(session: Session, step: Step) -> Session:
    return replace(session, steps=(*session.steps[:-1], step))


def _with_request(entry: Entry, request: OracleRequest) -> Entry:
    return replace(entry, requests=(*entry.requests[:-1], request))


def begin_step(entry: Entry, asked: OracleRequestPayload, now: int) -> Entry:
    """Add a step, or ask anew for the one that waits: its request then has another id."""
    session = entry.session
    if session.state is SessionState.WAITING_IO:
        return _ask_again(entry, asked, now)
    if session.steps and session.steps[-1].state is not StepState.COMPLETED:
        raise Refused("session: a step is not done")
    if len(session.steps) >= STEPS_MAX:
        raise Refused("session: too many steps")
    computes = asked.kind is StepKind.COMPUTE
    index = len(session.steps)
    step = Step(
        step_index=index,
        kind=asked.kind,
        request_id=EMPTY if computes else _request_id(session, asked.tx_id, index, 0),
        tx_id=asked.tx_id,
        input_hash=asked.input_hash,
        state=StepState.EXECUTING if computes else StepState.WAITING,
        started_at=now * NANOSECONDS,
    )
    after = moved(session, Event.COMPUTE_DONE if computes else Event.ISSUE_IO)
    after = replace(after, steps=(*session.steps, step), current_step=index)
    if computes:
        return replace(entry, session=after)
    requests = (*entry.requests, _new_request(session, step, now))
    return replace(entry, session=after, requests=requests, asked_at=now)


def _ask_again(entry: Entry, asked: OracleRequestPayload, now: int) -> Entry:
    step = current(entry)
    if (asked.kind, asked.tx_id, asked.input_hash) != (step.kind, step.tx_id, step.input_hash):
        raise Refused("session: a step is not done")
    if step.attestation_id != EMPTY:
        raise Refused("session: step is attested")
    if step.retry_index >= RETRIES_MAX:
        raise Refused("session: no retries left")
    session = moved(entry.session, Event.RETRY)
    retry = step.retry_index + 1
    name = _request_id(session, step.tx_id, step.step_index, retry)
    again = replace(step, retry_index=retry, request_id=name)
    request = _new_request(session, again, now)
    after = replace(entry, session=_with_step(session, again), asked_at=now, completion=None)
    return _with_request(after, request)


def _request_id(session: Session, tx_id: bytes, step: int, retry: int) -> bytes:
    return request_id(session.service_id, session.id, tx_id, step, retry)


def _new_request(session: Session, step: Step, now: int) -> OracleRequest:
    reads = step.kind is StepKind.READ_EXTERNAL
    return OracleRequest(
        id=step.request_id,
        service_id=session.service_id,
        session_id=session.id,
        step_index=step.step_index,
        retry_index=step.retry_index,
        tx_id=step.tx_id,
        kind=RequestKind.READ if reads else RequestKind.WRITE,
        input_hash=step.input_hash,
        created_at=now * NANOSECONDS,
    )


def open_request(entry: Entry, name: bytes) -> OracleRequest:
    """Return the request that the session waits for."""
    if entry.session.state is not SessionState.WAITING_IO or entry.requests[-1].id != name:
        raise Refused("session: no such request")
    return entry.requests[-1]


def add_record(entry: Entry, given: OracleRecordPayload, now: int) -> Entry:
    """Take in what a member submits: once, and only before the commit."""
    request = open_request(entry, given.request_id)
    if request.status is not RequestStatus.PENDING:
        raise Refused("session: request is committed")
    if any(record.submitter_id == given.submitter_id for record in request.records):
        raise Refused("session: submitted already")
    if given.submitter_id not in entry.session.committee:
        raise Refused("session: not of the committee")
    kept = sum(
        len(record.data) + len(record.signature)
        for each in entry.requests
        for record in each.records
    )
    if kept + len(given.data) + len(given.signature) > RECORDS_SIZE_MAX:
        raise Refused("session: too many bytes of records")
    record = OracleRecord(
        record_id=record_id(given.request_id, given.submitter_id, given.data),
        request_id=given.request_id,
        submitter_id=given.submitter_id,
        data=given.data,
        data_hash=hash_of(given.data),
        signature=given.signature,
        created_at=now * NANOSECONDS,
    )
    return _with_request(entry, replace(request, records=(*request.records, record)))


def commit(entry: Entry, name: bytes, now: int) -> tuple[Entry, Statement]:
    """End a request; return what there is to sign about it."""
    request = open_request(entry, name)
    if request.status is not RequestStatus.PENDING:
        raise Refused("session: request is committed")
    if not request.records:
        raise Refused("session: request has no record")
    committed = replace(
        request,
        status=RequestStatus.COMMITTED,
        commit_root=merkle_root([record.data_hash for record in request.records]),
        committed_at=now * NANOSECONDS,
    )
    return _with_request(entry, committed), commit_statement(entry, committed)


def commit_statement(entry: Entry, request: OracleRequest) -> Statement:
    """Return what members sign about the records of a request."""
    reads = request.kind is RequestKind.READ
    domain = Domain.ORACLE_READ if reads else Domain.ORACLE_WRITE
    return Statement(
        domain=domain,
        subject=request.id,
        commitment=request.commit_root,
        epoch=entry.session.epoch,
    )


def attest(entry: Entry, statement: Statement) -> Entry:
    """Note that a quorum has signed the records; a completion that waited is then made."""
    request, step = open_request(entry, statement.subject), current(entry)
    check_step(step, statement)
    if request.status is not RequestStatus.COMMITTED:
        raise Refused("session: request is not committed")
    if statement.commitment != request.commit_root:
        raise Refused("session: other commit root")
    # The certificate vouches for the records from here on, so their signatures can go.
    bare = tuple(replace(record, signature=b"") for record in request.records)
    attested = replace(
        request, status=RequestStatus.ATTESTED, attestation_id=statement.id, records=bare
    )
    done = replace(step, oracle_commit_root=statement.commitment, attestation_id=statement.id)
    return replace(_with_request(entry, attested), session=_with_step(entry.session, done))


def complete(entry: Entry, said: AttestationPayload, now: int) -> Entry:
    """End the last step, as its creator says. Of a step that asked, a quorum has signed that."""
    step = current(entry)
    if said.step_index != step.step_index or step.state is StepState.COMPLETED:
        raise Refused("session: not the step at hand")
    if (said.commit_root, said.attestation_id) != (step.oracle_commit_root, step.attestation_id):
        raise Refused("session: other attestation")
    if step.kind is not StepKind.COMPUTE:
        if step.attestation_id == EMPTY:
            raise Refused("session: step is not attested")
        if said.output_hash != step.oracle_commit_root:
            raise Refused("session: other output")
    event = Event.COMPUTE_DONE if step.kind is StepKind.COMPUTE else Event.STEP_ATTESTED
    done = replace(
        step,
        state=StepState.COMPLETED,
        output_hash=said.output_hash,
        completed_at=now * NANOSECONDS,
    )
    session = _with_step(moved(entry.session, event), done)
    return replace(entry, session=session, completion=None)


def wait_for_quorum(entry: Entry, said: AttestationPayload) -> Entry:
    """Keep what the creator says of a step until its certificate is here."""
    if said.step_index != current(entry).step_index:
        raise Refused("session: not the step at hand")
    return replace(entry, completion=said)


def completion_of(entry: Entry, output_hash: bytes) -> AttestationPayload:
    """Return what the creator says of the step at hand."""
    step = current(entry)
    return AttestationPayload(
        session_id=entry.session.id,
        step_index=step.step_index,
        commit_root=step.oracle_commit_root,
        attestation_id=step.attestation_id,
        output_hash=output_hash if step.kind is StepKind.COMPUTE else step.oracle_commit_root,
    )


def result_of(entry: Entry, service: Service) -> Result:
    """Compute what a session comes to. All of its steps are completed, or the last is attested."""
    session = entry.session
    if session.state not in (SessionState.RUNNING, SessionState.WAITING_IO):
        raise Refused("session: not in this state")
    for step in session.steps:
        attested = step is session.steps[-1] and step.attestation_id != EMPTY
        if step.state is not StepState.COMPLETED and not attested:
            raise Refused("session: a step is not done")
    records: Sequence[Sequence[OracleRecord]] = [request.records for request in entry.requests]
    outcome = service(session, records)
    roots = [request.commit_root for request in entry.requests]
    return Result(
        session_id=session.id,
        epoch=session.epoch,
        outcome=outcome,
        oracle_root=merkle_root(roots),
    )


def ended(session: Session, result: Result, now: int) -> Session:
    """Return the record of a session that a quorum has ended, as every member then has it."""
    failed = result.outcome is None
    leaf = result.leaf()
    return replace(
        moved(session, Event.FAIL if failed else Event.FINALIZE),
        output_hash=leaf.output_hash,
        oracle_root=leaf.oracle_root,
        receipts_root=leaf.receipts_root,
        finalized_at=now * NANOSECONDS,
        error="failed" if failed else "",
    )
