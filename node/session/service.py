"""The engine of service sessions that a daemon runs as a member of a committee.

Messages and milliseconds in, `Effects` out: what to store, then what to send. Every member holds
every session, takes each step only as the table of states and its own records allow, and signs only
what it has computed. Whoever created a session leads it; nobody has to believe it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ..codec import Reader, Refused, sized, u8, u64
from ..crypto import SIGNING_PUBLIC, SigningKey, verify
from . import entries, ids, messages
from .anchoring import anchor_statement, event_statement
from .attestations import (
    CERTIFICATE_SIZE_MAX,
    GUARD,
    Certificate,
    Guard,
    Statement,
    assemble,
    check,
    decode_certificate,
    equivocations,
    to_record,
)
from .closing import BALLOT, Agreement, Ballot, decode_ballot
from .committees import SEATS_MAX, SEATS_MIN, quorum_size, select_committee
from .encoding import encode_session
from .entries import NANOSECONDS, RECORD_LABEL, Entry, decode_entry
from .epochs import (
    Chain,
    Closed,
    Content,
    Proposal,
    Vote,
    check_closed,
    choose,
    content_of,
    decode_closed,
    decode_proposal,
    decode_vote,
    epoch_key,
)
from .ids import EMPTY, ID_SIZE
from .messages import Message, MessageType, OracleRecordPayload, OracleRequestPayload
from .outcomes import SERVICES, Result, Service, decode_result, failure
from .records import RECORD_DATA_MAX, RequestStatus, Session, StepKind, to_json
from .shares import Effects, Share, Shares, decode_share
from .states import SessionState

SESSIONS_MAX = 100
TIMEOUT_MS = 5 * 60 * 1000
ATTEST_MS = 30_000
HEARTBEAT_MS = 30_000
RESEND_MS = 5_000
CATCH_UP_MS = 500
WANT_MAX = 64
EPOCH_MS = 10 * 60 * 1000
RESULTS_MAX = 4096  # that wait for an epoch
EPOCHS_BACK = 64  # How long a session may take to be anchored.
RESULT_SIZE_MAX = 64 * 1024

ENTRY = b"session/entry/"
RESULT = b"session/result/"
EVIDENCE = b"session/evidence/"
LAST = b"session/last"
PREFIX = b"session/"
RECORD = b"ended/"  # Read by `load` alone, as are epochs.

WANT_RESULT, WANT_EPOCH = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What all members of a committee have alike, but for the number of sessions."""

    chain: Chain
    members: tuple[bytes, ...]  # their public keys
    services: Mapping[bytes, Service] = field(default_factory=lambda: SERVICES)
    sessions_max: int = SESSIONS_MAX
    epoch_ms: int = EPOCH_MS


Load = Callable[[bytes], bytes | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """What a list of sessions makes of an epoch; worked out once."""

    content: Content
    digest: bytes
    statements: list[Statement]


class Engine:
    """One member. `entries` are what the store has under `PREFIX`; `load` reads one of them."""

    def __init__(
        self,
        settings: Settings,
        key: SigningKey,
        stored: Iterable[tuple[bytes, bytes]],
        load: Load,
        now: int,
    ) -> None:
        keys = sorted(settings.members, key=ids.hash_of)
        if not SEATS_MIN <= len(set(keys)) == len(keys) <= SEATS_MAX:
            raise ValueError(f"committee: {SEATS_MIN} to {SEATS_MAX} different members")
        if any(len(public) != SIGNING_PUBLIC for public in keys) or key.public not in keys:
            raise ValueError("committee: keys are ML-DSA-87, one of them ours")
        self.settings, self.keys = settings, keys
        self.nodes = [ids.hash_of(public) for public in keys]
        self.me = keys.index(key.public)
        self.quorum = quorum_size(len(keys))
        self._key, self._load, self._shares = key, load, Shares(keys)
        self.sessions: dict[bytes, Entry] = {}
        self.results: dict[bytes, tuple[Result, Certificate]] = {}
        self.last_seen: dict[int, int] = {}
        self._attested: dict[bytes, Certificate] = {}
        self._anchored: dict[int, frozenset[bytes]] = {}
        self._last: Closed | None = None
        self._contents: dict[tuple[bytes, ...], _Listed] = {}
        self._settled_at: dict[bytes, int] = {}
        self._helped_at: dict[int, int] = {}
        self.accused: set[bytes] = set()
        self._behind = 0
        self._sent_at, self._beat_at = now, now - HEARTBEAT_MS
        self._wanted_at = self._asked_at = now - CATCH_UP_MS
        self._restore(dict(stored), now)

    # --- Starting ---------------------------------------------------------------------------

    def _restore(self, stored: dict[bytes, bytes], now: int) -> None:
        """Take up what was stored. What is damaged is refused as a whole: we may have signed."""
        self._guard = Guard((k, v) for k, v in stored.items() if k.startswith(GUARD))
        for key, value in stored.items():
            if key.startswith(ENTRY):
                entry = decode_entry(value)
                self.sessions[entry.session.id] = entry
            elif key.startswith(EVIDENCE):
                self.accused.add(key[len(EVIDENCE) :])
            elif key.startswith(RESULT):
                result, certificate = _decode_certified(value)
                self.results[result.session_id] = (result, certificate)
        last = Reader(stored.get(LAST, bytes(8))).u64()
        for number in range(max(1, last - EPOCHS_BACK + 1), last + 1):
            data = self._load(epoch_key(number))
            if data is None:
                raise Refused("session: an epoch is missing")
            self._remember(decode_closed(data))
        ballot = stored.get(BALLOT)
        self._open_next(now, decode_ballot(ballot) if ballot else None)

    def _remember(self, closed: Closed) -> frozenset[bytes]:
        """Take an epoch as the last; return the sessions of the one that is too long ago."""
        content = closed.content
        self._last = closed
        self._anchored[content.epoch] = frozenset(leaf.session_id for leaf in content.leaves)
        return self._anchored.pop(content.epoch - EPOCHS_BACK, frozenset())

    def _open_next(self, now: int, ballot: Ballot | None = None) -> None:
        """Begin the epoch after the last."""
        last = self._last.content if self._last else None
        self.epoch = last.epoch + 1 if last else 1
        self._previous = last.root(self.settings.chain) if last else EMPTY
        self._first_event = last.first_event + len(last.events) if last else 0
        self._opened_at = now
        self._contents.clear()
        self._agreement = Agreement(
            epoch=self.epoch,
            opened=now,
            length=self.settings.epoch_ms,
            seats=len(self.nodes),
            quorum=self.quorum,
            ballot=ballot,
        )

    # --- What the daemon's user asks for ----------------------------------------------------

    def create(self, service_id: bytes, tx_id: bytes, now: int) -> tuple[bytes, Effects]:
        """Create a session that this member leads; it waits to be started."""
        asked = messages.SessionCreate(
            service_id=service_id,
            epoch=self.epoch,
            tx_id=tx_id,
            committee=self._committee(service_id, self.epoch),
        )
        effects = Effects(now=now)
        name = self._create(asked, self.me, effects)
        self._send(effects, MessageType.SESSION_CREATE, asked.encode())
        return name, effects

    def start(self, session_id: bytes, now: int) -> Effects:
        """Start a session that this member created."""
        effects = Effects(now=now)
        self._put(entries.start(self._led(session_id)), effects)
        self._send(effects, MessageType.SESSION_START, session_id)
        return effects

    def request(
        self, session_id: bytes, kind: StepKind, tx_id: bytes, input_hash: bytes, now: int
    ) -> Effects:
        """Begin a step, or ask anew for the one that waits."""
        asked = OracleRequestPayload(
            session_id=session_id, kind=kind, tx_id=tx_id, input_hash=input_hash
        )
        effects = Effects(now=now)
        self._begin_step(self._led(session_id), asked, effects)
        self._send(effects, MessageType.ORACLE_REQUEST, asked.encode())
        return effects

    def submit(self, request_id: bytes, data: bytes, now: int) -> Effects:
        """Submit what this member has seen; the leader gets it."""
        entry = self._asking(request_id)
        if len(data) > RECORD_DATA_MAX:
            raise Refused("session: record is too long")
        node = self.nodes[self.me]
        signed = ids.record_id(request_id, node, data)
        given = OracleRecordPayload(
            request_id=request_id,
            submitter_id=node,
            data=data,
            signature=self._key.sign(signed, RECORD_LABEL),
        )
        effects = Effects(now=now)
        if entry.creator == node:
            self._put(entries.add_record(entry, given, now), effects)
        else:
            self._send(effects, MessageType.ORACLE_RECORD, given.encode(), recipient=entry.creator)
        return effects

    def commit(self, request_id: bytes, now: int) -> Effects:
        """End a request that this member leads: everybody gets its records, then the end."""
        entry = self._led(self._asking(request_id).session.id)
        committed, statement = self._committed(entry, request_id, now)
        effects = Effects(now=now)
        for record in entry.requests[-1].records:
            given = OracleRecordPayload(
                request_id=request_id,
                submitter_id=record.submitter_id,
                data=record.data,
                signature=record.signature,
            )
            self._send(effects, MessageType.ORACLE_RECORD, given.encode())
        self._send(effects, MessageType.ORACLE_COMMIT, request_id)
        self._put(committed, effects)
        self._sign(statement, effects)
        self._settle(statement, effects)
        return effects

    def complete(self, session_id: bytes, output_hash: bytes, now: int) -> Effects:
        """End the step at hand; of one that asked, the output is what a quorum attested."""
        entry = self._led(session_id)
        said = entries.completion_of(entry, output_hash)
        effects = Effects(now=now)
        self._put(entries.complete(entry, said, now), effects)
        self._send(effects, MessageType.ATTESTATION, said.encode())
        return effects

    def finalize(self, session_id: bytes, now: int) -> Effects:
        """Ask the committee to sign what this session came to."""
        return self._end(self._result(self._led(session_id)), now)

    def fail(self, session_id: bytes, now: int) -> Effects:
        """Ask the committee to sign that this session failed."""
        return self._end(failure(session_id, self._led(session_id).session.epoch), now)

    def _end(self, result: Result, now: int) -> Effects:
        statement, effects = result.statement(), Effects(now=now)
        self._sign(statement, effects)
        self._settle(statement, effects)
        return effects

    # --- What comes from others -------------------------------------------------------------

    def receive(self, message: Message, now: int) -> Effects:
        """Take in a message of another member."""
        if message.recipient not in (EMPTY, self.nodes[self.me]):
            raise Refused("session: for somebody else")
        if message.sender not in self.nodes or message.sender == self.nodes[self.me]:
            raise Refused("session: not of the committee")
        handler = _HANDLERS.get(message.type)
        if handler is None:
            raise Refused("session: not for a committee")
        seat = self.nodes.index(message.sender)
        if not message.is_signed_by(self.keys[seat]):
            raise Refused("session: not signed")
        effects = Effects(now=now)
        self.last_seen[seat] = now
        handler(self, seat, message.payload, effects)
        return effects

    def _on_heartbeat(self, seat: int, payload: bytes, effects: Effects) -> None:
        reader = Reader(payload)
        epoch = reader.u64()
        reader.end()
        self._is_elsewhere(seat, epoch, effects)

    def _on_create(self, seat: int, payload: bytes, effects: Effects) -> None:
        asked = messages.decode_session_create(payload)
        if asked.committee != self._committee(asked.service_id, asked.epoch):
            raise Refused("session: other committee")
        self._create(asked, seat, effects)

    def _on_start(self, seat: int, payload: bytes, effects: Effects) -> None:
        entry = self._led(messages.decode_id(payload), seat)
        self._put(entries.start(entry), effects)

    def _on_request(self, seat: int, payload: bytes, effects: Effects) -> None:
        asked = messages.decode_oracle_request(payload)
        self._begin_step(self._led(asked.session_id, seat), asked, effects)

    def _on_record(self, seat: int, payload: bytes, effects: Effects) -> None:
        given = messages.decode_oracle_record(payload)
        entry = self._asking(given.request_id)
        sender, me = self.nodes[seat], self.nodes[self.me]
        # To the leader from whoever submits; from the leader to everybody.
        if sender != (given.submitter_id if entry.creator == me else entry.creator):
            raise Refused("session: record by another way")
        after = entries.add_record(entry, given, effects.now)
        signed = ids.record_id(given.request_id, given.submitter_id, given.data)
        public = self.keys[self.nodes.index(given.submitter_id)]
        if not verify(public, signed, given.signature, RECORD_LABEL):
            raise Refused("session: record is not signed")
        self._put(after, effects)

    def _on_commit(self, seat: int, payload: bytes, effects: Effects) -> None:
        request_id = messages.decode_id(payload)
        entry = self._led(self._asking(request_id).session.id, seat)
        committed, statement = self._committed(entry, request_id, effects.now)
        self._put(committed, effects)
        self._sign(statement, effects)
        self._settle(statement, effects)

    def _on_completion(self, seat: int, payload: bytes, effects: Effects) -> None:
        said = messages.decode_attestation(payload)
        entry = self._led(said.session_id, seat)
        request = entry.requests[-1] if entry.requests else None
        waits = entry.session.state is SessionState.WAITING_IO
        if waits and request and request.status is not RequestStatus.ATTESTED:
            self._put(entries.wait_for_quorum(entry, said), effects)
        else:
            self._put(entries.complete(entry, said, effects.now), effects)
            self._advance(said.session_id, effects)

    def _on_share(self, seat: int, payload: bytes, effects: Effects) -> None:
        share = decode_share(payload)
        statement = share.statement
        subject = statement.subject
        if subject in self.results or subject in self._attested:
            self._help(seat, subject, effects)
            return
        if not self._knows(statement):
            self._on_unknown(seat, share, effects)
            return
        other = self._shares.add(seat, share)
        if other is not None:
            self._accuse(seat, other, share, effects)
            return
        entry = self.sessions.get(subject)
        if entry is not None and entry.creator == self.nodes[seat]:
            self._follow(entry, statement, effects)
        self._settle(statement, effects, seat)

    def _on_certificate(self, _seat: int, payload: bytes, effects: Effects) -> None:
        reader = Reader(payload)
        data = reader.sized(RESULT_SIZE_MAX)
        certificate = decode_certificate(reader.sized(CERTIFICATE_SIZE_MAX))
        reader.end()
        if not data:
            if certificate.statement.subject not in self._attested:
                check(certificate, self.keys)
                self._attest(certificate, effects)
            return
        result = decode_result(data)
        if result.statement() != certificate.statement:
            raise Refused("session: other statement")
        if result.session_id in self.results:
            return
        if result.epoch > self.epoch or result.epoch + EPOCHS_BACK <= self.epoch:
            raise Refused("session: of another time")
        if any(result.session_id in names for names in self._anchored.values()):
            raise Refused("session: is anchored")
        if len(self.results) >= RESULTS_MAX:
            raise Refused("session: too many results")
        check(certificate, self.keys)
        self._certified(result, certificate, effects)

    def _on_proposal(self, seat: int, payload: bytes, effects: Effects) -> None:
        proposal = decode_proposal(payload)
        if self._is_elsewhere(seat, proposal.epoch, effects):
            return
        if self.nodes[seat] != self._proposer(proposal.round):
            raise Refused("epoch: not this member's turn")
        self._agreement.hear_proposal(seat, proposal)
        self._agree(effects)

    def _on_vote(self, seat: int, payload: bytes, effects: Effects) -> None:
        vote = decode_vote(payload)
        if self._is_elsewhere(seat, vote.epoch, effects):
            return
        self._agreement.hear_vote(seat, vote)
        self._agree(effects)

    def _on_want(self, seat: int, payload: bytes, effects: Effects) -> None:
        reader = Reader(payload)
        if reader.u8() == WANT_EPOCH:
            number = reader.u64()
            reader.end()
            self._send_epoch(seat, number, effects)
        else:
            name = reader.take(ID_SIZE)
            reader.end()
            if name in self.results:
                self._send_result(seat, name, effects)

    def _on_epoch(self, seat: int, payload: bytes, effects: Effects) -> None:
        closed = decode_closed(payload)
        if closed.content.epoch < self.epoch:
            return
        if (closed.content.epoch, closed.content.previous_root, closed.content.first_event) != (
            self.epoch,
            self._previous,
            self._first_event,
        ):
            raise Refused("epoch: does not follow")
        check_closed(closed, self.settings.chain, self.keys)
        self._close(closed, effects)
        if self.epoch < self._behind:
            self._want(seat, u8(WANT_EPOCH) + u64(self.epoch), effects)

    # --- Time -------------------------------------------------------------------------------

    def tick(self, now: int) -> Effects:
        """Do what time asks for; call it a few times a second."""
        effects = Effects(now=now)
        for entry in list(self.sessions.values()):
            self._watch(entry, effects)
        if now - self._beat_at >= HEARTBEAT_MS:
            self._beat_at = now
            self._send(effects, MessageType.HEARTBEAT, u64(self.epoch))
        if now - self._sent_at >= RESEND_MS:
            self._sent_at = now
            self._resend(effects)
        self._propose(effects)
        self._agree(effects)
        return effects

    def _watch(self, entry: Entry, effects: Effects) -> None:
        """End a session whose time is over; ask anew where no quorum has answered."""
        session = entry.session
        if effects.now >= entry.deadline + TIMEOUT_MS:
            self._drop(entry, effects)
            effects.notices.append(("expired", session.id))
        elif effects.now >= entry.deadline:
            failed = failure(session.id, session.epoch).statement()
            if not self._shares.has(self.me, failed) and self._guard.may(failed):
                self._sign(failed, effects)
                self._settle(failed, effects)
        elif (
            entry.creator == self.nodes[self.me]
            and session.state is SessionState.WAITING_IO
            and entry.requests[-1].status is RequestStatus.COMMITTED
            and effects.now - entry.asked_at >= ATTEST_MS
            and entry.requests[-1].retry_index < entries.RETRIES_MAX
        ):
            step = session.steps[-1]
            again = self.request(session.id, step.kind, step.tx_id, step.input_hash, effects.now)
            effects.store.update(again.store)
            effects.send += again.send
            effects.notices += again.notices

    def _resend(self, effects: Effects) -> None:
        """Send again what this member signed and no quorum has answered."""
        for entry in self.sessions.values():
            session = entry.session
            statements = [failure(session.id, session.epoch).statement()]
            if entry.requests and entry.requests[-1].status is RequestStatus.COMMITTED:
                statements.append(entries.commit_statement(entry, entry.requests[-1]))
            computed = self._computed(entry)
            if computed is not None:
                statements.append(computed.statement())
            for statement in statements:
                if self._guard.has(statement):
                    self._sign(statement, effects)
        ballot = self._agreement.ballot
        listed = self._content(ballot.proposal.sessions) if ballot else None
        if ballot is None or listed is None:
            return
        self._send_vote(ballot.proposal, listed, effects)
        for statement in listed.statements:
            if self._guard.has(statement):
                self._sign(statement, effects)

    # --- Sessions ---------------------------------------------------------------------------

    def _create(self, asked: messages.SessionCreate, seat: int, effects: Effects) -> bytes:
        name = ids.session_id(asked.service_id, asked.epoch, asked.tx_id)
        if asked.service_id not in self.settings.services:
            raise Refused("session: unknown service")
        if not self.epoch - 1 <= asked.epoch <= self.epoch + 1:
            raise Refused("session: of another time")
        known = name in self.sessions or name in self.results
        if known or self._guard.knows(failure(name, asked.epoch).statement()):
            raise Refused("session: is known")
        # Those whose time is over hold no slot.
        taken = [entry for entry in self.sessions.values() if effects.now < entry.deadline]
        mine = sum(entry.creator == self.nodes[seat] for entry in taken)
        share = max(1, self.settings.sessions_max // len(self.nodes))
        if len(taken) >= self.settings.sessions_max or mine >= share:
            raise Refused("session: no free slot")
        if len(self.results) + len(self.sessions) >= RESULTS_MAX:
            raise Refused("session: too many results")
        session = Session(
            id=name,
            service_id=asked.service_id,
            epoch=asked.epoch,
            tx_id=asked.tx_id,
            committee=asked.committee,
            created_at=effects.now * NANOSECONDS,
        )
        entry = Entry(session=session, creator=self.nodes[seat], deadline=effects.now + TIMEOUT_MS)
        self._put(entry, effects)
        return name

    def _committee(self, service_id: bytes, epoch: int) -> tuple[bytes, ...]:
        """Return all members in the order of an epoch. Anybody can foresee it: all are on it."""
        chain = self.settings.chain
        randomness = ids.hash_multi(u64(chain.chain_id), chain.anchor, chain.relay)
        return select_committee(randomness, service_id, epoch, self.nodes)

    def _led(self, session_id: bytes, seat: int | None = None) -> Entry:
        """Return a session that this seat leads; we, unless told."""
        if session_id not in self.sessions:
            raise Refused("session: unknown")
        entry = self.sessions[session_id]
        if entry.creator != self.nodes[self.me if seat is None else seat]:
            raise Refused("session: led by another")
        return entry

    def _asking(self, request_id: bytes) -> Entry:
        """Return the session that waits for a request."""
        for entry in self.sessions.values():
            if entry.requests and entry.requests[-1].id == request_id:
                return entry
        raise Refused("session: no such request")

    def _put(self, entry: Entry, effects: Effects) -> None:
        self.sessions[entry.session.id] = entry
        effects.store[ENTRY + entry.session.id] = entry.encode()

    def _drop(self, entry: Entry, effects: Effects) -> None:
        """Forget a session that is over, and what was signed on its way."""
        name = entry.session.id
        self.sessions.pop(name, None)
        effects.store[ENTRY + name] = None
        self._shares.forget(failure(name, entry.session.epoch).statement())
        for request in entry.requests:
            self._attested.pop(request.id, None)
            self._settled_at.pop(request.id, None)
            self._shares.forget(entries.commit_statement(entry, request))

    def _begin_step(self, entry: Entry, asked: OracleRequestPayload, effects: Effects) -> None:
        after = entries.begin_step(entry, asked, effects.now)
        if len(after.session.steps) == len(entry.session.steps):
            self._shares.forget(entries.commit_statement(entry, entry.requests[-1]))
        self._put(after, effects)
        if asked.kind is not StepKind.COMPUTE:
            effects.notices.append(("request", after.requests[-1].id))

    def _committed(self, entry: Entry, name: bytes, now: int) -> tuple[Entry, Statement]:
        """End a request; refuse before anything changes, if we may not sign it."""
        committed, statement = entries.commit(entry, name, now)
        if not self._guard.may(statement):
            raise Refused("attestation: signed another already")
        return committed, statement

    def _result(self, entry: Entry) -> Result:
        return entries.result_of(entry, self.settings.services[entry.session.service_id])

    def _computed(self, entry: Entry) -> Result | None:
        """Return what a session comes to, if it has come so far and to something."""
        try:
            return self._result(entry)
        except Refused:
            return None

    def _follow(self, entry: Entry, statement: Statement, effects: Effects) -> None:
        """Sign what the leader signed, if it is what we would sign; or wait until it is."""
        session = entry.session
        failed = failure(session.id, session.epoch).statement()
        if statement == failed:
            if self._guard.may(failed) and not self._shares.has(self.me, failed):
                self._sign(failed, effects)
            return
        if not entry.finishing:
            self._put(replace(entry, finishing=True), effects)
        self._advance(session.id, effects)

    def _advance(self, session_id: bytes, effects: Effects) -> None:
        """Go on with what waited: a completion, then the end."""
        entry = self.sessions.get(session_id)
        if entry is None or not entry.finishing:
            return
        result = self._computed(entry)
        if result is None:
            return
        statement = result.statement()
        if self._guard.may(statement) and not self._shares.has(self.me, statement):
            self._sign(statement, effects)
            self._settle(statement, effects)

    # --- Signatures -------------------------------------------------------------------------

    def _sign(self, statement: Statement, effects: Effects) -> None:
        """Sign, note it, and tell everybody. Raises before anything has changed."""
        signature, stored = self._guard.sign(self._key, statement)
        effects.store.update(stored)
        share = Share(statement=statement, signature=signature)
        if self._shares.add(self.me, share) is not None:
            raise AssertionError("the guard lets no other be signed")
        self._send(effects, MessageType.SHARE, share.encode())

    def _knows(self, statement: Statement) -> bool:
        """Tell whether a statement is about something at hand. Others take no memory."""
        entry = self.sessions.get(statement.subject)
        if entry is not None:
            complete = statement.domain is ids.Domain.SESSION_COMPLETE
            return complete and statement.epoch == entry.session.epoch
        for entry in self.sessions.values():
            if entry.requests and entry.requests[-1].id == statement.subject:
                known = entries.commit_statement(entry, entry.requests[-1])
                return (statement.domain, statement.epoch) == (known.domain, known.epoch)
        place = (statement.domain, statement.epoch)
        ours = place == (ids.Domain.SESSION_COMPLETE, self.epoch)
        return ours and statement.subject in self._subjects(self.epoch)

    def _subjects(self, epoch: int) -> set[bytes]:
        """Return the subjects of an epoch's anchor and of its events."""
        chain = self.settings.chain
        anchor = anchor_statement(chain.chain_id, chain.anchor, epoch, EMPTY, 0, EMPTY)
        events = event_statement(chain.chain_id, chain.relay, epoch, EMPTY)
        return {anchor.subject, events.subject}

    def _on_unknown(self, seat: int, share: Share, effects: Effects) -> None:
        """Help a member that is behind, or catch up; else there is nothing to sign."""
        statement = share.statement
        if statement.subject not in self._subjects(statement.epoch):
            raise Refused("session: unknown")
        closed = self.closed(statement.epoch)
        for certificate in closed.certificates if closed else ():
            signed = certificate.by_seat().get(seat)
            if certificate.statement.subject == statement.subject and signed is not None:
                known = Share(statement=certificate.statement, signature=signed)
                self._accuse(seat, known, share, effects)
        self._is_elsewhere(seat, statement.epoch, effects)

    def _settle(self, statement: Statement, effects: Effects, seat: int | None = None) -> None:
        """Do what a quorum makes possible, if there is one by now."""
        certificate = self._shares.certificate(statement)
        if certificate is None:
            return
        entry = self.sessions.get(statement.subject)
        if statement.domain is not ids.Domain.SESSION_COMPLETE:
            self._attest(certificate, effects)
        elif entry is None:
            self._agree(effects)
        else:
            failed = failure(entry.session.id, entry.session.epoch)
            result = failed if statement == failed.statement() else self._computed(entry)
            if result is not None and result.statement() == statement:
                self._certified(result, certificate, effects)
            elif seat is not None:
                self._want_results(seat, [statement.subject], effects)

    def _attest(self, certificate: Certificate, effects: Effects) -> None:
        """Note that the records of a request have a quorum; go on with what waited for it."""
        entry = self._asking(certificate.statement.subject)
        request = entry.requests[-1]
        if request.status is not RequestStatus.COMMITTED:
            return
        entry = entries.attest(entry, certificate.statement)
        if entry.completion is not None:
            try:
                entry = entries.complete(entry, entry.completion, effects.now)
            except Refused:
                entry = replace(entry, completion=None)
        self._attested[request.id] = certificate
        self._settled_at[request.id] = effects.now
        self._put(entry, effects)
        effects.notices.append(("attested", request.id))
        self._advance(entry.session.id, effects)

    def _certified(self, result: Result, certificate: Certificate, effects: Effects) -> None:
        """Keep the end of a session; its slot is free."""
        name = result.session_id
        entry = self.sessions.get(name)
        if entry is not None:
            self._drop(entry, effects)
            try:
                record = entries.ended(entry.session, result, effects.now)
                effects.store[RECORD + name] = encode_session(record)
            except Refused:
                # We missed its middle: there is a result and no record of ours.
                effects.notices.append(("missed", name))
        self.results[name] = (result, certificate)
        self._settled_at[name] = effects.now
        effects.store[RESULT + name] = sized(result.encode()) + certificate.encode()
        effects.notices.append(("failed" if result.outcome is None else "finalized", name))
        self._agree(effects)

    def _accuse(self, seat: int, one: Share, other: Share, effects: Effects) -> None:
        """Keep what shows that a member signed two commitments."""
        node = self.nodes[seat]
        first, second = (
            to_record(assemble(share.statement, {seat: share.signature}), self.nodes, effects.now)
            for share in (one, other)
        )
        keys = dict(zip(self.nodes, self.keys, strict=True))
        evidence = equivocations(first, second, keys, effects.now)
        if evidence and node not in self.accused:
            self.accused.add(node)
            effects.store[EVIDENCE + node] = b"".join(
                sized(to_json(record).encode()) for record in (first, second)
            )
            effects.notices.append(("equivocation", node))

    # --- The epoch --------------------------------------------------------------------------

    def _proposer(self, round_number: int) -> bytes:
        order = self._committee(EMPTY, self.epoch)
        return order[round_number % len(order)]

    def _is_elsewhere(self, seat: int, epoch: int, effects: Effects) -> bool:
        """Tell whether this is about another epoch; help who is behind, or catch up."""
        if epoch < self.epoch:
            self._help_behind(seat, epoch, effects)
        elif epoch > self.epoch and effects.now - self._wanted_at >= CATCH_UP_MS:
            self._wanted_at = effects.now
            self._behind = epoch
            self._want(seat, u8(WANT_EPOCH) + u64(self.epoch), effects)
        return epoch != self.epoch

    def _content(self, sessions: tuple[bytes, ...]) -> _Listed | None:
        """Return what these sessions make of the epoch, if we know all of them."""
        if sessions not in self._contents:
            if any(name not in self.results for name in sessions):
                return None
            results = [self.results[name][0] for name in sessions]
            made = content_of(self.epoch, self._previous, self._first_event, results)
            chain = self.settings.chain
            self._contents[sessions] = _Listed(
                content=made, digest=made.digest(chain), statements=made.statements(chain)
            )
        return self._contents[sessions]

    def _propose(self, effects: Effects) -> None:
        """Propose in our turn, once."""
        turn = self._agreement.round_at(effects.now)
        if turn < 0 or self._proposer(turn) != self.nodes[self.me]:
            return
        made = self._agreement.proposals.get(self.me)
        if made is not None and made.round == turn:
            return
        ours = choose({name: result for name, (result, _) in self.results.items()})
        proposal = self._agreement.to_propose(turn, tuple(ours))
        self._agreement.hear_proposal(self.me, proposal)
        self._send(effects, MessageType.PROPOSAL, proposal.encode())

    def _agree(self, effects: Effects) -> None:
        """Vote, sign what has a quorum of votes, and close the epoch when a quorum has signed."""
        for seat, proposal in self._by_round():
            listed = self._proposed(seat, proposal, effects)
            if listed is None:
                continue
            if self._agreement.may_vote(proposal, effects.now):
                self._cast(proposal, effects)
                self._send_vote(proposal, listed, effects)
            if self._agreement.has_quorum(proposal.round, listed.digest):
                self._agreement.favourite = proposal
                self._sign_epoch(proposal, listed, effects)
        for listed in list(self._contents.values()):
            found = [self._shares.certificate(statement) for statement in listed.statements]
            signed = tuple(certificate for certificate in found if certificate is not None)
            if len(signed) == len(listed.statements):
                self._close(Closed(content=listed.content, certificates=signed), effects)
                return

    def _by_round(self) -> list[tuple[int, Proposal]]:
        """Return the proposals, the latest first. The contents of others are forgotten."""
        agreement = self._agreement
        live = {proposal.sessions for proposal in agreement.proposals.values()}
        if agreement.ballot is not None:
            live.add(agreement.ballot.proposal.sessions)
        for sessions in self._contents.keys() - live:
            del self._contents[sessions]
        return sorted(agreement.proposals.items(), key=lambda item: -item[1].round)

    def _proposed(self, seat: int, proposal: Proposal, effects: Effects) -> _Listed | None:
        """Return what a proposal holds; ask for what we do not know, and drop what is too much."""
        try:
            listed = self._content(proposal.sessions)
        except Refused:
            del self._agreement.proposals[seat]
            return None
        if listed is None and seat != self.me:
            missing = [name for name in proposal.sessions if name not in self.results]
            self._want_results(seat, missing, effects)
        return listed

    def _cast(self, proposal: Proposal, effects: Effects) -> None:
        before = self._agreement.ballot
        ballot = Ballot(proposal=proposal, signed=before is not None and before.signed)
        self._agreement.ballot = ballot
        effects.store[BALLOT] = ballot.encode()

    def _send_vote(self, proposal: Proposal, listed: _Listed, effects: Effects) -> None:
        vote = Vote(epoch=self.epoch, round=proposal.round, digest=listed.digest)
        self._agreement.hear_vote(self.me, vote)
        self._send(effects, MessageType.VOTE, vote.encode())

    def _sign_epoch(self, proposal: Proposal, listed: _Listed, effects: Effects) -> None:
        """Sign an epoch, once, unless we have signed another."""
        statements = listed.statements
        if not all(self._guard.may(statement) for statement in statements):
            return
        if all(self._shares.has(self.me, statement) for statement in statements):
            return
        ballot = Ballot(proposal=proposal, signed=True)
        self._agreement.ballot = ballot
        effects.store[BALLOT] = ballot.encode()
        for statement in statements:
            self._sign(statement, effects)

    def _close(self, closed: Closed, effects: Effects) -> None:
        """Keep an epoch that a quorum signed, forget what it settles, and open the next."""
        content = closed.content
        effects.store[epoch_key(content.epoch)] = closed.encode()
        effects.store[LAST] = u64(content.epoch)
        effects.store[BALLOT] = None
        for statement in content.statements(self.settings.chain):
            self._shares.forget(statement)
        for leaf in content.leaves:
            self.results.pop(leaf.session_id, None)
            self._settled_at.pop(leaf.session_id, None)
            effects.store[RESULT + leaf.session_id] = None
            if leaf.session_id in self.sessions:
                self._drop(self.sessions[leaf.session_id], effects)
        for name in self._remember(closed):
            effects.store[RECORD + name] = None
        self._open_next(effects.now)
        oldest = self.epoch - EPOCHS_BACK
        for name, (result, _) in list(self.results.items()):
            if result.epoch < oldest:
                del self.results[name]
                self._settled_at.pop(name, None)
                effects.store[RESULT + name] = None
        for entry in list(self.sessions.values()):
            if entry.session.epoch < oldest:
                self._drop(entry, effects)
        effects.store.update(self._guard.forget(max(0, oldest)))
        effects.notices.append(("closed", u64(content.epoch)))

    # --- Sending ----------------------------------------------------------------------------

    def _send(
        self,
        effects: Effects,
        kind: MessageType,
        payload: bytes,
        recipient: bytes = EMPTY,
    ) -> None:
        message = Message(
            type=kind,
            payload=payload,
            sender=self.nodes[self.me],
            recipient=recipient,
            time=effects.now * NANOSECONDS,
        )
        effects.send.append(message.signed(self._key))

    def _want(self, seat: int, payload: bytes, effects: Effects) -> None:
        self._send(effects, MessageType.WANT, payload, recipient=self.nodes[seat])

    def _want_results(self, seat: int, names: Sequence[bytes], effects: Effects) -> None:
        """Ask for results, a few at a time and not too often."""
        if effects.now - self._asked_at < CATCH_UP_MS:
            return
        self._asked_at = effects.now
        for name in names[:WANT_MAX]:
            self._want(seat, u8(WANT_RESULT) + name, effects)

    def _help(self, seat: int, subject: bytes, effects: Effects) -> None:
        """Send a certificate to a member that goes on asking; not to those that were just late."""
        if effects.now - self._settled_at.get(subject, 0) < RESEND_MS:
            return
        if subject in self.results:
            self._send_result(seat, subject, effects)
        else:
            self._send_certificate(seat, b"", self._attested[subject], effects)

    def _send_result(self, seat: int, name: bytes, effects: Effects) -> None:
        result, certificate = self.results[name]
        self._send_certificate(seat, result.encode(), certificate, effects)

    def _send_certificate(
        self, seat: int, result: bytes, certificate: Certificate, effects: Effects
    ) -> None:
        payload = sized(result) + sized(certificate.encode())
        node = self.nodes[seat]
        self._send(effects, MessageType.CERTIFICATE, payload, recipient=node)

    def _help_behind(self, seat: int, number: int, effects: Effects) -> None:
        """Send an epoch to a member that is behind; not to one that was just late."""
        late = effects.now - self._opened_at < RESEND_MS and number == self.epoch - 1
        if not late and effects.now - self._helped_at.get(seat, 0) >= CATCH_UP_MS:
            self._helped_at[seat] = effects.now
            self._send_epoch(seat, number, effects)

    def _send_epoch(self, seat: int, number: int, effects: Effects) -> None:
        data = self._load(epoch_key(number))
        if data is not None:
            self._send(effects, MessageType.EPOCH, data, recipient=self.nodes[seat])

    # --- What others may read ---------------------------------------------------------------

    def closed(self, number: int) -> Closed | None:
        """Return an epoch that is closed."""
        if self._last is not None and self._last.content.epoch == number:
            return self._last
        data = self._load(epoch_key(number)) if 0 < number < self.epoch else None
        return decode_closed(data) if data is not None else None

    def open_content(self) -> Content:
        """Return what the open epoch would hold if it ended now."""
        names = choose({name: result for name, (result, _) in self.results.items()})
        results = [self.results[name][0] for name in names]
        return content_of(self.epoch, self._previous, self._first_event, results)


def _decode_certified(data: bytes) -> tuple[Result, Certificate]:
    reader = Reader(data)
    result = decode_result(reader.sized(RESULT_SIZE_MAX))
    return result, decode_certificate(reader.rest())


Handler = Callable[[Engine, int, bytes, Effects], None]
_HANDLERS: dict[MessageType, Handler] = {
    MessageType.HEARTBEAT: Engine._on_heartbeat,
    MessageType.SESSION_CREATE: Engine._on_create,
    MessageType.SESSION_START: Engine._on_start,
    MessageType.ORACLE_REQUEST: Engine._on_request,
    MessageType.ORACLE_RECORD: Engine._on_record,
    MessageType.ORACLE_COMMIT: Engine._on_commit,
    MessageType.ATTESTATION: Engine._on_completion,
    MessageType.SHARE: Engine._on_share,
    MessageType.CERTIFICATE: Engine._on_certificate,
    MessageType.PROPOSAL: Engine._on_proposal,
    MessageType.VOTE: Engine._on_vote,
    MessageType.WANT: Engine._on_want,
    MessageType.EPOCH: Engine._on_epoch,
}
