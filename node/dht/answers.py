"""What a node answers: contacts, records it holds, and whether it keeps one that is brought."""

from ..codec import Refused
from ..identity import Multiaddr
from .contacts import Contact, networks, reachable
from .limits import Allowance, Allowances
from .messages import RECORDS_MAX, Answer, Ask, Kept, Op
from .records import LIFE_SECONDS, Kind, Prove, is_signed, open_validator, read_record
from .table import LIE, K, Table, number_of
from .upkeep import Upkeep
from .values import Values

CHECKS_PER_SECOND = 100  # signatures: 3 % of a core
CHECKS_BURST = 400
PEER_CHECKS_PER_SECOND = 8
PEER_CHECKS_BURST = 64
LIFE_SHIFT_MAX = 16


class Answers:
    """The side of a node that others see."""

    def __init__(
        self,
        table: Table,
        values: Values,
        upkeep: Upkeep,
        seen_at: dict[bytes, Multiaddr],
        prove: Prove | None,
    ) -> None:
        self._table = table
        self._values = values
        self._upkeep = upkeep
        self._seen_at = seen_at
        self._prove = prove
        self._checks = Allowance(CHECKS_PER_SECOND, CHECKS_BURST)
        self._peer_checks = Allowances(PEER_CHECKS_PER_SECOND, PEER_CHECKS_BURST)

    def answer(self, peer_id: bytes, ask: Ask, now: int) -> Answer:
        """Answer a question."""
        if ask.op is Op.STORE:
            return Answer(ask.op, ask.request_id, kept=self._keep(peer_id, ask, now))
        if ask.op is Op.PING:
            return Answer(ask.op, ask.request_id)
        contacts = self._told(peer_id, ask.place, now)
        if ask.op is Op.FIND_NODE:
            return Answer(ask.op, ask.request_id, contacts)
        held, left = self._values.unmarked(ask.place, ask.marks, now)
        if held and held - len(left) == len(ask.marks) and not left:
            self._upkeep.noticed(ask.place, now)
        records = tuple(record.raw for record in left[:RECORDS_MAX])
        return Answer(ask.op, ask.request_id, contacts, held, len(left), records)

    def _told(self, peer_id: bytes, place: bytes, now: int) -> tuple[Contact, ...]:
        contacts = self._table.told(place, now, but=peer_id)
        seen_at = self._seen_at.get(peer_id)
        if seen_at is None:
            return tuple(contacts)
        open_ones = (reachable(contact, seen_at) for contact in contacts)
        return tuple(contact for contact in open_ones if contact.addresses)

    def _keep(self, peer_id: bytes, ask: Ask, now: int) -> Kept:
        """Keep a record, if there is a reason to; signatures are checked within a budget."""
        record = read_record(ask.record)
        if self._values.is_outdated(record):
            return Kept.OUTDATED
        if not self._values.has(record):
            if not (self._peer_checks.take(peer_id, now) and self._checks.take(now)):
                return Kept.BUSY
            if not is_signed(record):
                self._table.rate(peer_id, LIE, now)
                raise Refused("dht: forged record")
            prove = self._prove if record.kind is Kind.VALIDATOR else None
            if prove and not prove(open_validator(record)):
                return Kept.NOT_PROVED
        life_ms = self._life_ms(record.key, min(ask.life, LIFE_SECONDS))
        kept = self._values.put(record, self._source(peer_id), life_ms, now)
        if kept is Kept.STORED:
            self._upkeep.noticed(record.key, now)
        return kept

    def _life_ms(self, key: bytes, life_seconds: int) -> int:
        """Return how long a record stays: half as long with each doubling of the distance.

        Among the closest it stays all its life; farther away it is a copy for those who pass by.
        """
        closest = self._table.closest(key)
        if len(closest) < K:
            return life_seconds * 1000
        place = number_of(key)
        border = (number_of(closest[-1].peer_id) ^ place).bit_length()
        here = (number_of(self._table.own_id) ^ place).bit_length()
        return life_seconds * 1000 >> min(max(0, here - border), LIFE_SHIFT_MAX)

    def _source(self, peer_id: bytes) -> str:
        """Return what a record's bringer counts as: its network, or itself where none is known."""
        seen_at = self._seen_at.get(peer_id)
        entry = self._table.entry(peer_id)
        if seen_at is not None:
            found = networks(Contact(peer_id, ()), seen_at)
        else:
            found = entry.networks if entry else frozenset()
        return min(found, default=peer_id.hex())
