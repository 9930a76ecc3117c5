"""The full node's side: answers CHAIN_ASK out of its chain node, and takes part in certificates.

The chain node is asked by JSON-RPC, which the driver does: `requests` tells what to ask, `replied`
takes what came. The certificates are kept here, because a chain node knows none.
"""

from collections import Counter
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass
from typing import Any

from ..codec import Reader, Refused, u64
from ..core import Send, Store
from ..session.messages import MessageType
from . import registry as registry_layout
from .answers import CALL_MAX, Rpc, RpcFailed, answer_of, data, raw_header, word
from .certificate import (
    CHECKPOINT,
    Certificate,
    Statement,
    check_certificate,
    is_certified,
    statement_of,
)
from .header import Header
from .questions import (
    ANSWER_MAX,
    Answer,
    Ask,
    Kind,
    Status,
    read_ask,
    read_certified,
    write_certified,
)
from .validator import HEIGHTS_MAX, Collector, Evidence, Vote, Voter, read_vote
from .validators import ValidatorSet, read_set

FINAL_DEPTH = 2  # blocks that a certified one is below the newest
RECENT = 256  # certificates kept beside those of checkpoints
FOLLOW_MS = 1_000
TELL_MS = 8_000
BEHIND_MAX = 8  # certified heights that are voted for in one go
BEHIND_BLOCKS_MAX = 512
IN_FLIGHT_MAX = 64
PER_PEER_MAX = 8
PEERS_MAX = 1_024
CREDIT = 256  # what one peer may ask at once, in the prices below
CREDIT_PER_SECOND = 64
_PRICES = {Kind.STATE: 8, Kind.CALL: 16, Kind.TRANSACTION: 8, Kind.TRANSACTIONS: 8}
_PRICES |= {
    Kind.RECEIPTS: 8,
    Kind.HEADERS: 8,
    Kind.SUBMIT: 8,
    Kind.SET: 4,
    Kind.VOTE: 2,
    Kind.CERTIFIED: 4,
}
_CERTIFIED = b"light/g/c"
_HANDOVER = b"light/g/h"
_SET = b"light/g/s"

Flow = Generator[list[Rpc], list[Any], Any]


@dataclass(frozen=True, slots=True)
class Certified:
    """A block was certified; the node's own light client may be told."""

    certificate: Certificate
    header: Header


@dataclass(slots=True)
class _Peer:
    credit: float
    at: int
    in_flight: int = 0


@dataclass(slots=True)
class _Task:
    flow: Flow
    done: Callable[[Any], None]


class Gateway:
    """A core: see node/core.py."""

    types = frozenset({MessageType.CHAIN_ASK})

    def __init__(
        self,
        first: ValidatorSet,
        store: Store,
        *,
        voter: Voter | None = None,
        registry: bytes | None = None,
        validators_min: int = 1,
    ) -> None:
        """Begin with the set of the checkpoint, and go on with the one that is in office."""
        self._store = store
        self.voter = voter
        """Set once the node is a validator (see enable.py), None again when it leaves."""
        self._registry = registry
        self._validators_min = validators_min
        self.counts: Counter[str] = Counter()
        self.fellows: list[bytes] = []
        """The nodes that votes are sent to: those of the other validators."""
        self._numbers = [int.from_bytes(key[-8:], "big") for key, _ in store.scan(_CERTIFIED)]
        self._newest = store.get(_CERTIFIED + u64(self._numbers[-1])) if self._numbers else None
        self.office = self._in_office(first)
        self._sets = {self.office.hash: self.office}
        if store.get(_SET + first.hash) is None:
            store.commit({_SET + first.hash: first.raw})
        self._collector = Collector(self.office, self._certified)
        self._peers: dict[bytes, _Peer] = {}
        self._tasks: dict[int, _Task] = {}
        self._number = 0
        self._requests: list[tuple[int, list[Rpc]]] = []
        self._outgoing: list[Send] = []
        self._events: list[Certified | Evidence] = []
        self._accused = 0
        self._headers: dict[int, Header] = {}  # of heights that are voted on
        self._early: dict[int, Certificate] = {}  # of blocks that our chain node has not shown yet
        self._own: Vote | None = None
        self._following = False
        self._follow_at = 0
        self._tell_at = 0

    def _in_office(self, first: ValidatorSet) -> ValidatorSet:
        """Return the set that the last handover named."""
        found = first
        for _, number in self._store.scan(_HANDOVER):
            raw = self._store.get(_CERTIFIED + number)
            assert raw is not None, "handovers are kept"
            named = self._store.get(_SET + read_certified(raw)[0].statement.next_set_hash)
            assert named is not None, "the set is kept with its handover"
            coming = read_set(named)
            found = coming if coming.epoch > found.epoch else found
        return found

    # --- Asked --------------------------------------------------------------------------------

    def receive(self, peer_id: bytes, kind: MessageType, payload: bytes, now: int) -> None:
        """Take a question or a vote."""
        assert kind in self.types, "others hear other types"
        ask = read_ask(payload)
        peer = self._peer(peer_id, now)
        price = _PRICES.get(ask.kind, 2)
        if peer.credit < price:
            self._answer(peer_id, Answer(ask.id, Status.BUSY, b""))
            raise Refused("gateway: too much asked")
        peer.credit -= price
        if ask.kind in (Kind.VOTE, Kind.CERTIFIED):
            if peer_id not in self.fellows:
                raise Refused("gateway: vote of a stranger")
            self._hear(peer_id, ask)
            return
        kept = self._kept(ask)
        if kept is not None:
            self._answer(peer_id, kept)
            return
        if len(self._tasks) >= IN_FLIGHT_MAX or peer.in_flight >= PER_PEER_MAX:
            self._answer(peer_id, Answer(ask.id, Status.BUSY, b""))
            return
        peer.in_flight += 1

        def done(answered: tuple[Status, bytes]) -> None:
            peer.in_flight -= 1
            self._answer(peer_id, Answer(ask.id, *answered))

        self._start(answer_of(ask), done)

    def _peer(self, peer_id: bytes, now: int) -> _Peer:
        peer = self._peers.pop(peer_id, None) or _Peer(CREDIT, now)
        peer.credit = min(CREDIT, peer.credit + (now - peer.at) * CREDIT_PER_SECOND / 1000)
        peer.at = now
        self._peers[peer_id] = peer  # the one that asked last stands last
        while len(self._peers) > PEERS_MAX:
            del self._peers[next(iter(self._peers))]
        return peer

    def _answer(self, peer_id: bytes, answer: Answer) -> None:
        payload = answer.encode()
        if len(payload) > ANSWER_MAX:
            payload = Answer(answer.id, Status.TOO_LARGE, b"").encode()
        self._outgoing.append(Send(peer_id, MessageType.CHAIN_ANSWER, payload))

    def _kept(self, ask: Ask) -> Answer | None:
        """Answer what certificates and sets answer; None for what the chain is asked."""
        if ask.kind == Kind.HEAD:
            found = self._newest
        elif ask.kind == Kind.CERTIFICATE:
            wanted = _number(ask.body)
            above = next((number for number in self._numbers if number >= wanted), None)
            found = None if above is None else self._store.get(_CERTIFIED + u64(above))
        elif ask.kind == Kind.HANDOVER:
            number = self._store.get(_HANDOVER + u64(_number(ask.body)))
            found = None if number is None else self._store.get(_CERTIFIED + number)
        elif ask.kind == Kind.SET:
            found = self._store.get(_SET + Reader(ask.body).take(32))
        else:
            return None
        if found is None:
            return Answer(ask.id, Status.UNKNOWN, b"")
        return Answer(ask.id, Status.OK, found)

    # --- Certificates -------------------------------------------------------------------------

    def accept(self, certificate: Certificate, header: Header, coming: ValidatorSet | None) -> None:
        """Keep a certificate that was checked, with the set that it names where that is new."""
        statement = certificate.statement
        number = u64(statement.number)
        certified = write_certified(certificate, header)
        changes: dict[bytes, bytes | None] = {_CERTIFIED + number: certified}
        if statement.hands_over:
            if coming is None or coming.hash != statement.next_set_hash:
                raise Refused("gateway: the coming set is missing")
            changes |= {_HANDOVER + u64(statement.epoch): number, _SET + coming.hash: coming.raw}
        numbers = sorted({*self._numbers, statement.number})
        gone = [each for each in numbers[:-RECENT] if each % CHECKPOINT]
        self._store.commit(changes | {_CERTIFIED + u64(each): None for each in gone})
        self._numbers = [each for each in numbers if each not in set(gone)]
        self._newest = self._store.get(_CERTIFIED + u64(self._numbers[-1]))
        self._headers = {at: each for at, each in self._headers.items() if at > statement.number}
        self._early = {at: each for at, each in self._early.items() if at > statement.number}
        self._collector.pass_by(statement.number)
        if coming is not None and coming.epoch > self.office.epoch:
            self.office = coming
            self._collector = Collector(coming, statement.number)
            self._accused = 0
        self._events.append(Certified(certificate, header))

    def _hear(self, peer_id: bytes, ask: Ask) -> None:
        """Take a vote, or what others have certified; tell who votes late what came of it."""
        if ask.kind == Kind.CERTIFIED:
            certificate, header = read_certified(ask.body)
            if header.number > self._certified:
                check_certificate(certificate, self.office)
                self._take(certificate)
            return
        vote = read_vote(ask.body)
        kept = self._store.get(_CERTIFIED + u64(vote.statement.number))
        if kept is None:
            self._take_vote(vote)
        else:
            told = Ask(ask.id, Kind.CERTIFIED, kept).encode()
            self._outgoing.append(Send(peer_id, MessageType.CHAIN_ASK, told))

    def _take_vote(self, vote: Vote) -> None:
        certificate = self._collector.add(vote)
        for evidence in self._collector.evidence[self._accused :]:
            self._events.append(evidence)
        self._accused = len(self._collector.evidence)
        if certificate is not None:
            self._take(certificate)

    def _take(self, certificate: Certificate) -> None:
        number = certificate.statement.number
        if number in self._headers:
            self._settle(certificate, self._headers[number])
        elif len(self._early) < HEIGHTS_MAX:  # the others are ahead of our chain node
            self._early[number] = certificate

    def _settle(self, certificate: Certificate, header: Header) -> None:
        if header.hash != certificate.statement.block_hash:
            self.counts["gateway: our chain node is not on the quorum's chain"] += 1
            return
        self.accept(certificate, header, self._sets.get(certificate.statement.next_set_hash))

    def _follow(self) -> Flow:
        """Look which blocks of the chain are to be voted for."""
        (newest,) = yield [Rpc("eth_blockNumber", ())]
        top = word(newest) - FINAL_DEPTH
        first = max(self._certified + 1, top - BEHIND_BLOCKS_MAX, 0)
        due = filter(is_certified, range(first, top + 1))
        for number in list(due)[-BEHIND_MAX:]:
            if number not in self._headers:
                header = yield from raw_header(number)
                coming = yield from self._coming(header)
                self._see(header, coming)

    def _see(self, header: Header, coming: ValidatorSet) -> None:
        """Vote for a block of our chain, or keep what the others have certified already."""
        self._headers[header.number] = header
        self._collector.see(header.number)
        while len(self._headers) > HEIGHTS_MAX:
            del self._headers[min(self._headers)]
        early = self._early.pop(header.number, None)
        if early is not None:
            self._settle(early, header)
        else:
            self._vote(statement_of(header, self.office, coming.hash))

    def _coming(self, header: Header) -> Generator[list[Rpc], list[Any], ValidatorSet]:
        """Find the set that signs after a block: at checkpoints that of the registry."""
        office = self.office
        if self._registry is None or header.number % CHECKPOINT:
            return office
        found = yield from _registered(
            header, self._registry, office.chain_id, office.epoch + 1, self._validators_min
        )
        if found is None or found.seats == office.seats:
            return office
        self._sets = {office.hash: office, found.hash: found}
        return found

    def _vote(self, statement: Statement) -> None:
        if self.voter is None:
            return
        try:
            vote = self.voter.vote(statement, self.office)
            self._own = vote
            self._tell()
            self._take_vote(vote)
        except Refused as error:
            self.counts[error.reason] += 1

    def _tell(self) -> None:
        """Send our last vote, which may have been lost, while nothing certifies its height."""
        if self._own is None or self._own.statement.number <= self._certified:
            return
        ask = Ask(u64(self._own.statement.number), Kind.VOTE, self._own.encode()).encode()
        for peer_id in self.fellows:
            self._outgoing.append(Send(peer_id, MessageType.CHAIN_ASK, ask))

    @property
    def _certified(self) -> int:
        """The highest certified block; -1 where there is none."""
        return self._numbers[-1] if self._numbers else -1

    # --- The chain node -----------------------------------------------------------------------

    def _start(self, flow: Flow, done: Callable[[Any], None]) -> None:
        self._number += 1
        self._tasks[self._number] = _Task(flow, done)
        self._go_on(self._number, lambda: next(flow))

    def requests(self) -> list[tuple[int, list[Rpc]]]:
        """Return what to ask the chain node, once: all of one entry together, in one batch."""
        requests, self._requests = self._requests, []
        return requests

    def replied(self, number: int, results: list[Any] | None) -> None:
        """Take its replies: a value or an `RpcFailed` for each; None where it does not answer."""
        flow = self._tasks[number].flow
        if results is None:
            flow.close()
            self._tasks.pop(number).done((Status.BUSY, b""))
        else:
            self._go_on(number, lambda: flow.send(results))

    def _go_on(self, number: int, resume: Callable[[], list[Rpc]]) -> None:
        task = self._tasks[number]
        try:
            wanted = resume()
        except StopIteration as stop:
            del self._tasks[number]
            task.done(stop.value)
        except (Refused, RpcFailed) as error:
            del self._tasks[number]
            self.counts[str(error) if isinstance(error, Refused) else "gateway: chain refused"] += 1
            task.done((Status.UNKNOWN, b""))
        else:
            self._requests.append((number, wanted))

    # --- The rest of a core -------------------------------------------------------------------

    def linked(self, peer_id: bytes, now: int) -> None:
        """Nothing is said unasked, but votes."""

    def unlinked(self, peer_id: bytes, now: int) -> None:
        """An answer that finds no link is lost."""

    def unreachable(self, peer_id: bytes, now: int) -> None:
        """An answer that finds no link is lost."""

    def tick(self, now: int) -> None:
        """Look at the chain, once a second."""
        if self._following or now < self._follow_at:
            return
        self._following = True
        self._follow_at = now + FOLLOW_MS
        if now >= self._tell_at:
            self._tell_at = now + TELL_MS
            self._tell()
        self._start(self._follow(), lambda _: self._followed())

    def _followed(self) -> None:
        self._following = False

    @property
    def next_tick(self) -> int:
        """When to look at the chain again."""
        return self._follow_at

    def outgoing(self) -> list[Send]:
        """Return what is to be sent, once."""
        sends, self._outgoing = self._outgoing, []
        return sends

    def events(self) -> list[Certified | Evidence]:
        """Return what happened, once."""
        events, self._events = self._events, []
        return events


def _number(body: bytes) -> int:
    reader = Reader(body)
    number = reader.u64()
    reader.end()
    return number


def _registered(
    header: Header, registry: bytes, chain_id: int, epoch: int, minimum: int
) -> Generator[list[Rpc], list[Any], ValidatorSet | None]:
    """Read the registry's validators from the chain node."""
    reading = registry_layout.active_set(chain_id, epoch, minimum)
    block = hex(header.number)
    got: Any = None
    while True:
        try:
            wanted = reading.send(got)
        except StopIteration as stop:
            found: ValidatorSet | None = stop.value
            return found
        if isinstance(wanted, registry_layout.Slots):
            at = "0x" + registry.hex()
            asked = [Rpc("eth_getStorageAt", (at, hex(slot), block)) for slot in wanted.slots]
            got = [int.from_bytes(data(each), "big") for each in (yield from _all(asked))]
        else:
            codes = [Rpc("eth_getCode", ("0x" + at.hex(), block)) for at in wanted.addresses]
            got = [data(each) for each in (yield from _all(codes))]


def _all(asked: Iterable[Rpc]) -> Generator[list[Rpc], list[Any], list[Any]]:
    """Ask for all of these, in batches."""
    left = list(asked)
    results: list[Any] = []
    while left:
        results += yield left[:CALL_MAX]
        left = left[CALL_MAX:]
    return results
