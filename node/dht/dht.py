"""A node's part in the table of all nodes: it answers, searches, publishes, and keeps up.

Sans-IO: messages of two types and the time go in, messages and events come out. What it holds for
others is soft: an hour long, at twenty nodes and more, and handed on; only the table is saved.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from ..codec import Refused
from ..core import Send, Store
from ..crypto import Random, SigningKey
from ..identity import Multiaddr
from ..session.messages import MessageType
from .answers import Answers
from .contacts import Contact, networks, pack_all, reachable
from .events import (
    Bootstrapped,
    Event,
    Found,
    Presences,
    Providers,
    Stored,
    Validators,
)
from .events import Values as ValuesFound
from .findings import is_presence, participants, validators
from .jobs import Pings, Search, Searches, Spread
from .limits import Allowances
from .messages import Op, decode_ask, encode_answer
from .questions import Questions
from .records import (
    Kind,
    Prove,
    Record,
    Validator,
    content_key,
    make_presence,
    make_provider,
    make_validator,
    open_provider,
    presence_epochs,
    presence_key,
    read_record,
    validators_key,
)
from .saved import decode_saved, encode_saved
from .table import Table, number_of
from .upkeep import Upkeep
from .values import Values

QUESTIONS_PER_SECOND = 32  # and a record in an answer counts as one
QUESTIONS_BURST = 256
BOOTSTRAP_MAX = 256
VALIDATORS_ASKED_MAX = 32
RETRY_MS = 60_000
SAVED = b"dht/table"


def no_stake(_: bytes) -> int:
    """Tell of a node without looking that it has no stake."""
    return 0


@dataclass(frozen=True, slots=True)
class Settings:
    """What a node brings along. Without a way to prove them there are no validators."""

    addresses: tuple[Multiaddr, ...] = ()
    stake: Callable[[bytes], int] = no_stake
    prove: Prove | None = None


class Dht:
    """The protocol, for one node."""

    types = frozenset({MessageType.DHT_ASK, MessageType.DHT_ANSWER})

    def __init__(
        self, peer_id: bytes, store: Store, random: Random, settings: Settings | None = None
    ) -> None:
        self._settings = settings or Settings()
        self._store = store
        self.table = Table(peer_id, self._settings.stake)
        self.values = Values(peer_id)
        self._questions = Questions(random, self.table.missed)
        self._searches = Searches(self.table, self._questions)
        self.upkeep = Upkeep(
            self.table, self._questions, self._searches, self.values, random, self._tell_stored
        )
        self._random = random
        self._events: list[Event] = []
        self._tokens = 0
        self._asks = Allowances(QUESTIONS_PER_SECOND, QUESTIONS_BURST)
        self._seen_at: dict[bytes, Multiaddr] = {}
        self._answers = Answers(
            self.table, self.values, self.upkeep, self._seen_at, self._settings.prove
        )
        self._roots: dict[bytes, Contact] = {}
        self._since: dict[bytes, int] = {}
        self._retry = 0
        self.moved(self._settings.addresses)
        with suppress(Refused):  # a table that cannot be read is as good as none
            for since, contact in decode_saved(store.get(SAVED) or encode_saved(())):
                self._since[contact.peer_id] = since  # keeps its age, once it answers
                self._roots[contact.peer_id] = contact

    # --- Links ---

    def moved(self, addresses: Iterable[Multiaddr]) -> None:
        """Say from now on that this node is reached there; nowhere makes it a client."""
        self._questions.addresses = pack_all(addresses)

    def met(
        self, peer_id: bytes, addresses: Iterable[Multiaddr], seen_at: Multiaddr | None, now: int
    ) -> None:
        """Take note of a link: what the peer says of itself, and where it was seen."""
        if seen_at is not None:
            self._seen_at[peer_id] = seen_at
        self._heard(Contact(peer_id, pack_all(addresses)), now)

    def linked(self, peer_id: bytes, now: int) -> None:
        """Nothing is to be said before there is something to ask."""

    def unlinked(self, peer_id: bytes, now: int) -> None:  # noqa: ARG002 - a `Core`
        """Forget where a peer was seen."""
        self._seen_at.pop(peer_id, None)

    def unreachable(self, peer_id: bytes, now: int) -> None:
        """Give up what the node was asked."""
        self._questions.lost(peer_id, now)

    def addresses(self, peer_id: bytes) -> list[Multiaddr]:
        """Return where to dial a node."""
        entry = self.table.entry(peer_id)
        packed = entry.contact.addresses if entry else self._questions.addresses_of(peer_id)
        return Contact(peer_id, packed).multiaddrs()

    # --- Messages ---

    def receive(self, peer_id: bytes, kind: MessageType, payload: bytes, now: int) -> None:
        """Take a question or an answer."""
        if self.table.is_shunned(peer_id, now):
            raise Refused("dht: of a node that lied")
        if kind is MessageType.DHT_ASK:
            if not self._asks.take(peer_id, now):
                raise Refused("dht: too many questions")
            ask = decode_ask(payload)
            silent = self._heard(Contact(peer_id, ask.addresses), now)
            if silent and ask.op is not Op.PING:  # or one ping would lead to another, and so on
                Pings(self._questions, [silent], now)
            answer = self._answers.answer(peer_id, ask, now)
            self._asks.charge(peer_id, len(answer.records))
            self._questions.send(peer_id, MessageType.DHT_ANSWER, encode_answer(answer))
            return
        contact, answered = self._questions.answer(peer_id, payload, now)
        self._heard(contact, now)
        if answered:
            job, got = answered
            self.table.rate(peer_id, 1, now)
            job.answered(contact, got, now)

    def tick(self, now: int) -> None:
        """Do what is due."""
        self._questions.tick(now)
        self._searches.tick(now)
        if self.upkeep.tick(now):
            self._store.commit({SAVED: encode_saved(self.table.entries())})
        if not len(self.table) and self._roots and now >= self._retry:
            self._retry = now + RETRY_MS
            Pings(self._questions, list(self._roots.values()), now, self._look_around)

    @property
    def next_tick(self) -> int:
        """When something is due."""
        return min(self._questions.next_tick, self._searches.next_tick, self.upkeep.next_tick)

    def outgoing(self) -> list[Send]:
        """Return what is to be sent."""
        return self._questions.outgoing()

    def events(self) -> list[Event]:
        """Return what has come of the calls, once."""
        events, self._events = self._events, []
        return events

    # --- Searching ---

    def bootstrap(self, contacts: Iterable[Contact], now: int) -> int:
        """Ask nodes, and those of the last start, whether they are there; then look around."""
        token = self._token()
        known = {
            contact.peer_id: contact for contact in contacts if contact.addresses
        } | self._roots
        known.pop(self.table.own_id, None)
        given = list(known.values())[:BOOTSTRAP_MAX]
        self._roots = {contact.peer_id: contact for contact in given}
        self._retry = now + RETRY_MS

        def done(alive: list[Contact], now: int) -> None:
            self._look_around(alive, now)
            self._events.append(Bootstrapped(token, len(alive), len(self.table)))

        Pings(self._questions, given, now, done)
        return token

    def find_node(self, place: bytes, now: int) -> int:
        """Search for the nodes closest to a point: `Found`."""
        token = self._token()

        def done(search: Search) -> None:
            contacts = tuple(search.lookup.closest())
            hops = search.lookup.depth_of(contacts[0].peer_id) if contacts else 0
            self._events.append(Found(token, contacts, hops))

        self._searches.start(Op.FIND_NODE, place, done, now)
        return token

    def find_value(self, key: bytes, now: int) -> int:
        """Search for the records at a key: `Values`."""
        token = self._token()

        def done(search: Search) -> None:
            records = tuple(search.records.values())
            contacts = tuple(search.lookup.closest())
            self._events.append(ValuesFound(token, records, contacts, search.hops))
            self._cache(search)

        self._find(key, done, now)
        return token

    def find_session_peers(self, session_id: bytes, now: int) -> int:
        """Search for those who take part in a session: `Presences`."""
        token, epochs = self._token(), presence_epochs(now)
        found: dict[bytes, tuple[int, Record]] = {}
        left = len(epochs)

        def done(epoch: int, search: Search) -> None:
            nonlocal left
            left -= 1
            for record in search.records.values():
                best = found.get(record.public)
                if best is None or best[1].sequence < record.sequence:
                    found[record.public] = (epoch, record)
            if not left:
                self._events.append(Presences(token, participants(session_id, found.values())))

        for epoch in epochs:
            key = presence_key(session_id, epoch)
            accept = partial(is_presence, session_id, epoch)
            self._find(key, partial(done, epoch), now, accept)
        return token

    def find_validators(self, chain_id: int, now: int) -> int:
        """Search for the registered validators of a chain, and see who is there: `Validators`."""
        token = self._token()

        def done(search: Search) -> None:
            proved = validators(search.records.values(), self._settings.prove)
            proved = proved[:VALIDATORS_ASKED_MAX]
            contacts = [validator.contact for validator in proved]

            def answered(there: list[Contact], _: int) -> None:
                ids = {contact.peer_id for contact in there}
                live = tuple(one for one in proved if one.contact.peer_id in ids)
                self._events.append(Validators(token, live))

            Pings(self._questions, contacts, search.at, answered)

        self._find(validators_key(chain_id), done, now)
        return token

    def providers(self, content_id: bytes, now: int) -> int:
        """Search for nodes that have a content: `Providers`."""
        token = self._token()

        def done(search: Search) -> None:
            kept = [one for one in search.records.values() if one.kind is Kind.PROVIDER]
            contacts = tuple(open_provider(record) for record in kept)
            self._events.append(Providers(token, contacts))

        self._find(content_key(content_id), done, now)
        return token

    # --- Publishing: put now, and again every half hour until withdrawn ---

    def put(self, record: bytes, now: int) -> int:
        """Store a record at the nodes closest to its key: `Stored`."""
        read_record(record)
        return self._publish(lambda _: record, now)

    def announce_presence(
        self, session_id: bytes, destination: bytes, key: SigningKey, now: int
    ) -> int:
        """Say where a participant of a session is left word, to those who know the session's id.

        The destination is a name in the swarm; the key is the participant's for this session only.
        """
        random = self._random
        return self._publish(
            lambda now: make_presence(session_id, destination, key, now, random), now
        )

    def announce_validator(self, validator: Validator, key: SigningKey, now: int) -> int:
        """Say which node answers for a validator; the key is the one that is registered."""
        return self._publish(lambda now: make_validator(validator, key, now), now)

    def provide(self, content_id: bytes, key: SigningKey, now: int) -> int:
        """Say that this node has a content; the key is the node's own."""
        questions = self._questions
        return self._publish(
            lambda now: make_provider(content_id, questions.addresses, key, now), now
        )

    def withdraw(self, token: int) -> None:
        """Renew something no more: it is gone within the hour."""
        self.upkeep.withdraw(token)

    # --- Inside ---

    def _token(self) -> int:
        self._tokens += 1
        return self._tokens

    def _tell_stored(self, token: int, copies: int) -> None:
        self._events.append(Stored(token, copies))

    def _publish(self, make: Callable[[int], bytes], now: int) -> int:
        token = self._token()
        self.upkeep.publish(token, make, now)
        return token

    def _find(
        self,
        key: bytes,
        done: Callable[[Search], None],
        now: int,
        accept: Callable[[Record], bool] | None = None,
    ) -> None:
        held = [one.record for one in self.values.get(key, now)]
        self._searches.start(Op.FIND_VALUE, key, done, now, held, accept)

    def _cache(self, search: Search) -> None:
        """Leave a copy of an owner's record at the closest node that had none."""
        owned = [one for one in search.records.values() if one.kind is Kind.OWNED]
        place = number_of(search.place)
        without = sorted(search.without, key=lambda one: number_of(one.peer_id) ^ place)
        if owned and without:
            Spread(self._questions, without[:1], owned[0].raw, search.at)

    def _heard(self, contact: Contact, now: int) -> Contact | None:
        """Give a node that spoke its place; return one to ask whether it is there, if need be."""
        seen_at = self._seen_at.get(contact.peer_id)
        contact = reachable(contact, seen_at)
        since = self._since.pop(contact.peer_id, None)
        return self.table.heard(contact, networks(contact, seen_at), now, since)

    def _look_around(self, alive: list[Contact], now: int) -> None:
        if alive:
            self.upkeep.look_around(3, now)
