"""What a node does unasked: once a minute, and little of it.

It renews what it published, hands on what it holds for others before its holders are gone, asks
long silent nodes whether they are there, and looks around itself and in one far bucket in turn.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from ..codec import Refused
from ..crypto import Random
from .contacts import Contact
from .jobs import Pings, Search, Searches, Spread
from .messages import Op
from .questions import Questions
from .records import LIFE_SECONDS, read_record
from .table import BUCKETS, K, Table, number_of
from .values import Values

MINUTE_MS = 60_000
REFRESH_MS = 10 * MINUTE_MS
SILENT_MS = 30 * MINUTE_MS  # a ping may take a new link, which costs much more than itself
RENEW_MS = 30 * MINUTE_MS
HAND_ON_MS = 10 * MINUTE_MS
HAND_ON_MAX = 16  # keys in a minute
HAND_ON_RECORDS_MAX = 8  # to one node
PROBES_MAX = 32  # in a minute
PUBLISHED_MAX = 256
SPREAD_TRUSTED = 10  # of the closest trusted nodes, beside the closest of all

Make = Callable[[int], bytes]
Tell = Callable[[int, int], None]


@dataclass(slots=True)
class _Published:
    make: Make
    due: int


@dataclass(slots=True)
class _Key:
    due: int
    last: int


class Upkeep:
    """The work that comes round."""

    def __init__(
        self,
        table: Table,
        questions: Questions,
        searches: Searches,
        values: Values,
        random: Random,
        stored: Tell,
    ) -> None:
        self.pace = 1
        """By how much rarer looking around is: more than 1 where power or traffic is dear."""
        self.next_tick = 0
        self._table = table
        self._questions = questions
        self._searches = searches
        self._values = values
        self._random = random
        self._stored = stored
        self._published: dict[int, _Published] = {}
        self._keys: dict[bytes, _Key] = {}
        self._refresh = 0
        self._far = BUCKETS - 1

    # --- What this node publishes ---

    def publish(self, token: int, make: Make, now: int) -> None:
        """Put a record, and again every half hour."""
        if len(self._published) >= PUBLISHED_MAX:
            raise Refused("dht: too much published")
        data = make(now)
        self._published[token] = _Published(make, now + RENEW_MS)
        try:
            self._put(token, data, now)
        except Refused:
            del self._published[token]
            raise

    def withdraw(self, token: int) -> None:
        """Let a record run out."""
        self._published.pop(token, None)

    # --- What it holds for others ---

    def noticed(self, key: bytes, now: int) -> None:
        """Take note that somebody else hands a key on; not for ever on anybody's word."""
        due = now + HAND_ON_MS + self._spread(HAND_ON_MS)
        known = self._keys.setdefault(key, _Key(due, now))
        known.due = max(known.due, min(due, known.last + 3 * HAND_ON_MS))

    # --- Time ---

    def tick(self, now: int) -> bool:
        """Do what is due; return whether it was time to look around, and to save the table."""
        if now < self.next_tick:
            return False
        self.next_tick = now + MINUTE_MS
        self._values.expire(now)
        self._renew(now)
        self._hand_on(now)
        silent = self._table.silent(now - self.pace * SILENT_MS)[:PROBES_MAX]
        if silent:
            Pings(self._questions, silent, now)
        if now < self._refresh:
            return False
        first = not self._refresh
        self._refresh = now + self.pace * REFRESH_MS + self._spread(MINUTE_MS)
        if len(self._table) and not first:
            self.look_around(1, now)
        return not first

    def look_around(self, far: int, now: int) -> None:
        """Search for this node itself, and in as many far buckets, each time in others."""
        places = [self._table.own_id]
        lowest = self._table.lowest_bucket()
        for _ in range(min(far, BUCKETS - 1 - lowest)):
            if self._far <= lowest:
                self._far = BUCKETS - 1
            places.append(self._in_bucket(self._far))
            self._far -= 1
        for place in places:
            with suppress(Refused):  # there are searches enough
                self._searches.start(Op.FIND_NODE, place, _learn, now)

    def _in_bucket(self, index: int) -> bytes:
        below = int.from_bytes(self._random(32), "big") % (1 << index)
        return (number_of(self._table.own_id) ^ (1 << index | below)).to_bytes(32, "big")

    def _spread(self, size: int) -> int:
        return int.from_bytes(self._random(4), "big") % size

    def _renew(self, now: int) -> None:
        for token, published in self._published.items():
            if published.due <= now:
                with suppress(Refused):  # there are searches enough: in a minute
                    self._put(token, published.make(now), now)
                    published.due = now + RENEW_MS

    def _put(self, token: int, data: bytes, now: int) -> None:
        record = read_record(data)

        def found(search: Search) -> None:
            targets = targets_of(search)
            mine = int(self._is_mine(record.key, targets))
            if mine:
                self._values.put(record, "", LIFE_SECONDS * 1000, search.at)
                self.noticed(record.key, search.at)

            def stored(copies: int) -> None:
                published = self._published.get(token)
                if published and not copies:  # nobody is there: perhaps in a minute
                    published.due = search.at + MINUTE_MS
                self._stored(token, copies + mine)

            Spread(self._questions, targets, data, search.at, done=stored)

        self._searches.start(Op.FIND_NODE, record.key, found, now)

    def _is_mine(self, key: bytes, closest: list[Contact]) -> bool:
        """Tell whether this node is one of the closest itself. One without an address is not."""
        if not self._questions.addresses:
            return False
        place = number_of(key)
        nearer = sum(
            number_of(one.peer_id) ^ place < number_of(self._table.own_id) ^ place
            for one in closest
        )
        return nearer < K

    def _hand_on(self, now: int) -> None:
        held = dict.fromkeys(self._values.keys())
        self._keys = {key: known for key, known in self._keys.items() if key in held}
        due = [key for key in held if self._keys.setdefault(key, _Key(now, now)).due <= now]
        for key in due[:HAND_ON_MAX]:
            self._keys[key] = _Key(now + HAND_ON_MS + self._spread(HAND_ON_MS), now)
            records = [held.record for held in self._values.get(key, now)]
            with suppress(Refused):  # there are searches enough: the next time
                self._searches.start(Op.FIND_VALUE, key, self._fill, now, records)

    def _fill(self, search: Search) -> None:
        """Give the closest nodes what they lack, for as long as it has to live here."""
        closest = {contact.peer_id for contact in targets_of(search)}
        lacking = [contact for contact in search.lacking if contact.peer_id in closest]
        held = self._values.get(search.place, search.at)
        held.sort(key=lambda one: -one.until)
        for one in held[:HAND_ON_RECORDS_MAX]:
            life = (one.until - search.at) // 1000
            if life:
                Spread(self._questions, lacking, one.record.raw, search.at, life=life)


def _learn(search: Search) -> None:
    """Nothing more is wanted of a search: the table has heard all who answered."""


def targets_of(search: Search) -> list[Contact]:
    """Return who should hold what is at a point: the closest, and the closest trusted nodes."""
    closest = search.lookup.closest(K)
    known = {contact.peer_id for contact in closest}
    trusted = search.lookup.closest_trusted(SPREAD_TRUSTED)
    return closest + [contact for contact in trusted if contact.peer_id not in known]
