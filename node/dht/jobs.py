"""What is done by questions and answers: a search, the spreading of records, a round of pings."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from ..codec import Refused
from ..crypto import SIGNATURE, sha256
from .contacts import Contact
from .lookup import Lookup
from .messages import MARK, Answer, Kept, Op
from .questions import NEVER, Questions
from .records import LIFE_SECONDS, Kind, Record, is_signed, read_record
from .table import LIE, K, Table

CHECKS_MAX = 256  # signatures of one search,
CHECKS_EACH = 8  # but so many of each node, or a few with much junk would use them up
ROUNDS_MAX = 16  # of questions to one node that has many records
AGREED = 3  # nodes with the same record of an owner, after which no more are asked
SEARCHES_MAX = 64


class Search:
    """One search for the nodes or the records at a point."""

    def __init__(
        self,
        table: Table,
        questions: Questions,
        op: Op,
        place: bytes,
        done: "Callable[[Search], None]",
        now: int,
        held: Iterable[Record] = (),
        accept: Callable[[Record], bool] | None = None,
    ) -> None:
        self.place = place
        self.at = now
        self.hops = 0
        self.records: dict[tuple[int, bytes], Record] = {}
        self.lacking: list[Contact] = []
        """Nodes that do not have all that was known when the search began."""
        self.without: list[Contact] = []
        """Nodes that have nothing at the key."""
        self.is_over = False
        self._table = table
        self._questions = questions
        self._op = op
        self._done = done
        self._accept = accept
        self._digests: dict[bytes, None] = {}
        self._checks: Counter[bytes] = Counter()
        self._rounds: dict[bytes, int] = {}
        self._agreeing = 0
        for record in held:
            self._keep(record, record.digest)
        trusted = table.closest_trusted(place, K, now)
        self.lookup = Lookup(
            place,
            dict.fromkeys(table.closest(place, 2 * K) + trusted),
            lambda peer_id: table.is_trusted(peer_id, now),
            table.own_id,
        )
        self._marks_at_first = self._marks()

    def step(self, now: int) -> None:
        """Ask on, or end."""
        self.at = now
        if self.is_over:
            return
        if self._agreeing >= AGREED or self.lookup.is_done(now, patient=not self.records):
            self.is_over = True
            self._done(self)
            return
        for contact in self.lookup.step(now):
            self._ask(contact, now)

    @property
    def next_tick(self) -> int:
        """When to step again, if nothing happens before."""
        return NEVER if self.is_over else self.lookup.wake(self.at)

    def answered(self, contact: Contact, answer: Answer, now: int) -> None:
        """Take an answer in; a node that hands out a forged record has lied."""
        if self.is_over:
            return
        peer_id = contact.peer_id
        try:
            fresh = self._take(peer_id, answer.records)
        except Refused:
            self.lookup.distrust(peer_id)
            self._table.rate(peer_id, LIE, now)
            self.step(now)
            raise
        rounds = self._rounds[peer_id] = self._rounds.get(peer_id, 0) + 1
        depth = self.lookup.depth_of(peer_id)
        if rounds == 1:
            self._note(contact, answer, depth)
        if answer.left > len(answer.records) and fresh and rounds < ROUNDS_MAX:
            self._ask(contact, now)
            return
        self.lookup.answered(peer_id, answer.contacts)
        self.step(now)

    def failed(self, contact: Contact, now: int) -> None:
        """Go on without a node."""
        if self.is_over:
            return
        for liar in self.lookup.failed(contact.peer_id, now):
            self._table.rate(liar, -1, now)
        self.step(now)

    def _ask(self, contact: Contact, now: int) -> None:
        marks = self._marks() if self._op is Op.FIND_VALUE else ()
        self._questions.ask(self, contact, self._op, now, place=self.place, marks=marks)

    def _marks(self) -> tuple[bytes, ...]:
        """Return what is known, by the last records of each signer, in order."""
        return tuple(sorted({record.digest[:MARK] for record in self.records.values()}))

    def _note(self, contact: Contact, answer: Answer, depth: int) -> None:
        if self._op is not Op.FIND_VALUE:
            return
        if answer.held and not self.hops:
            self.hops = depth
        if not answer.held:
            self.without.append(contact)
        if answer.held - answer.left < len(self._marks_at_first):
            self.lacking.append(contact)
        owned = [one for one in self.records.values() if one.kind is Kind.OWNED]
        told = [sha256(record[:-SIGNATURE]) for record in answer.records]
        counts = not self.lookup.has_trusted or self._table.is_trusted(contact.peer_id, self.at)
        if owned and counts and answer.held and (not answer.left or owned[0].digest in told):
            self._agreeing += 1

    def _take(self, peer_id: bytes, records: Sequence[bytes]) -> bool:
        """Keep what is genuine; return whether anything of it was new."""
        fresh = False
        for data in records:
            record = read_record(data)
            if record.key != self.place:
                raise Refused("dht: record of another key")
            digest = record.digest
            if digest in self._digests or (self._accept and not self._accept(record)):
                continue
            if self._checks.total() >= CHECKS_MAX and self._checks[peer_id] >= CHECKS_EACH:
                continue
            self._checks[peer_id] += 1
            if not is_signed(record):
                raise Refused("dht: forged record")
            fresh |= self._keep(record, digest)
        return fresh

    def _keep(self, record: Record, digest: bytes) -> bool:
        self._digests[digest] = None
        name = (int(record.kind), record.signer)
        known = self.records.get(name)
        if known is not None and known.sequence >= record.sequence:
            return False
        if known is not None:
            self._agreeing = 0  # what was agreed on was an old one
        self.records[name] = record
        return True


class Searches:
    """The searches that are going on."""

    def __init__(self, table: Table, questions: Questions) -> None:
        self._table = table
        self._questions = questions
        self._going: list[Search] = []

    def start(
        self,
        op: Op,
        place: bytes,
        done: Callable[[Search], None],
        now: int,
        held: Iterable[Record] = (),
        accept: Callable[[Record], bool] | None = None,
    ) -> None:
        """Begin a search; `done` hears of its end. Records that are not accepted cost nothing."""
        self._going = [search for search in self._going if not search.is_over]
        if len(self._going) >= SEARCHES_MAX:
            raise Refused("dht: too many searches")
        search = Search(self._table, self._questions, op, place, done, now, held, accept)
        self._going.append(search)
        search.step(now)

    def tick(self, now: int) -> None:
        """Go on where questions have become slow."""
        for search in list(self._going):
            if search.next_tick <= now:
                search.step(now)

    @property
    def next_tick(self) -> int:
        """When something is due."""
        return min((search.next_tick for search in self._going), default=NEVER)


class Spread:
    """Gives records to nodes, and counts those that keep them."""

    def __init__(
        self,
        questions: Questions,
        targets: Sequence[Contact],
        record: bytes,
        now: int,
        *,
        life: int = LIFE_SECONDS,
        done: Callable[[int], None] | None = None,
    ) -> None:
        self._copies = 0
        self._left = len(targets)
        self._done = done
        for contact in targets:
            questions.ask(self, contact, Op.STORE, now, life=life, record=record)
        if not targets:
            self._settle(0, 0)

    def answered(self, contact: Contact, answer: Answer, now: int) -> None:  # noqa: ARG002 - a `Job`
        """Count a copy, if it is one."""
        self._settle(1, answer.kept is Kept.STORED)

    def failed(self, contact: Contact, now: int) -> None:  # noqa: ARG002 - a `Job`
        """Go on without a node."""
        self._settle(1, 0)

    def _settle(self, settled: int, copies: int) -> None:
        self._left -= settled
        self._copies += copies
        if not self._left and self._done:
            self._done(self._copies)


class Pings:
    """Asks nodes whether they are there."""

    def __init__(
        self,
        questions: Questions,
        contacts: Sequence[Contact],
        now: int,
        done: Callable[[list[Contact], int], None] | None = None,
    ) -> None:
        self._alive: list[Contact] = []
        self._left = len(contacts)
        self._done = done
        for contact in contacts:
            questions.ask(self, contact, Op.PING, now)
        if not contacts:
            self._settle(0, now)

    def answered(self, contact: Contact, answer: Answer, now: int) -> None:  # noqa: ARG002 - a `Job`
        """Note that a node is there."""
        self._alive.append(contact)
        self._settle(1, now)

    def failed(self, contact: Contact, now: int) -> None:  # noqa: ARG002 - a `Job`
        """Go on without a node."""
        self._settle(1, now)

    def _settle(self, settled: int, now: int) -> None:
        self._left -= settled
        if not self._left and self._done:
            self._done(self._alive, now)
