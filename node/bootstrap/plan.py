"""What to try, when, to find others: who was named, old contacts, DNS, and the shipped list last.

Nothing that fails is fatal. A round goes through all levels and ends with the first link; if there
is none, the next round comes later, and later each time. The local level is on all the while: what
it finds is dialled at once and does not end a round, for whoever is near could be the one who
wants this node to know nobody else. From the first link on the DHT finds the others.

The planner dials and asks nobody itself: `events` says what is to be done, and the daemon tells it
what came of that.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from ..codec import Refused
from ..core import Send, Store
from ..crypto import Random
from ..session.messages import MessageType
from .contact import Contact, spread
from .known import Known


class Level(IntEnum):
    """Where contacts come from; the first four numbers are the founding document's."""

    LISTED = 1
    DNS = 2
    DHT = 3
    LOCAL = 4
    NAMED = 5  # by the user: a flag, an address, a code


ORDER = (Level.NAMED, Level.DHT, Level.DNS, Level.LISTED)
PARALLEL = 4
LOCAL_PARALLEL = 16
NAMED_MAX = 32
FOUND_MAX = 256  # of one level
DIAL_MS = 20_000
ASK_MS = 60_000
LEVEL_MS = 20_000  # after which the next level is tried too
AGAIN_LOCAL_MS = 30_000  # for one node that is near
FIRST_PAUSE_MS = 5_000
LAST_PAUSE_MS = 30 * 60_000
TRIED_MAX = 512
NEVER = 1 << 62


class Ask(NamedTuple):
    """Find out what a level has to offer, and tell by `found` or `failed`."""

    level: Level


class Dial(NamedTuple):
    """Try to have a link to a node; it is `linked` then, or `unreachable`."""

    contact: Contact
    level: Level


class Warn(NamedTuple):
    """Tell the user, if he wants to know; it is tried again."""

    level: Level
    reason: str


class Joined(NamedTuple):
    """There is a link: the DHT is to begin with this node."""

    peer_id: bytes


Event = Ask | Dial | Warn | Joined


@dataclass(slots=True)
class _Dialling:
    contact: Contact
    level: Level
    until: int


@dataclass(slots=True)
class _Round:
    """One pass through the levels."""

    left: deque[Level]
    next_at: int  # when the next level is tried, whatever this one still has
    asked: Level | None = None
    waiting: dict[Level, deque[Contact]] = field(default_factory=dict)


class Planner:
    """The four levels of one node; has the shape of a core that says nothing itself."""

    types: frozenset[MessageType] = frozenset()

    def __init__(self, own_id: bytes, store: Store, random: Random, now: int) -> None:
        self.known = Known(own_id, store)
        self._own_id = own_id
        self._random = random
        self._named: dict[bytes, Contact] = {}
        self._links: set[bytes] = set()
        self._near: set[bytes] = set()  # linked or dialled because the local level found them
        self._dialling: dict[bytes, _Dialling] = {}
        self._tried: dict[bytes, int] = {}  # when a node that is near was dialled last
        self._round: _Round | None = None
        self._rounds = 0
        self._next_round = now
        self._local_at = now
        self._events: list[Event] = []

    # --- What the node is told ------------------------------------------------------------------

    @property
    def is_joined(self) -> bool:
        """Whether there is a link to anybody who is not merely near."""
        return bool(self._links - self._near)

    def name(self, contacts: Iterable[Contact], now: int) -> None:
        """Dial nodes that the user named, whatever else there is; they begin every round."""
        for contact in self._others(contacts):
            peer_id = contact.peer_id
            if peer_id not in self._named and len(self._named) >= NAMED_MAX:
                raise Refused("bootstrap: too many nodes named")
            self._named[peer_id] = contact
            self._near.discard(peer_id)
            if peer_id not in self._links:
                self._dial(contact, Level.NAMED, now)
        self._end_if_joined()
        self.tick(now)

    def found(self, level: Level, contacts: Iterable[Contact], now: int) -> None:
        """Take what a level has to offer; it may be nothing."""
        offered = self._others(contacts)[:FOUND_MAX]
        if level is Level.LOCAL:
            self._dial_near(offered, now)
        elif self._round and self._round.asked is level:
            self._round.asked = None
            self._offer(self._round, level, offered, now)
        self.tick(now)

    def failed(self, level: Level, reason: str, now: int) -> None:
        """Note that a level had no answer."""
        self._events.append(Warn(level, reason))
        if level is Level.LOCAL:
            self._local_at = now + ASK_MS
        elif self._round and self._round.asked is level:
            self._round.asked = None
            self._round.next_at = now
        self.tick(now)

    def met(self, contact: Contact, now: int) -> None:
        """Remember where a linked node says that it is reached, unless it is merely near."""
        if contact.peer_id in self._links - self._near:
            self.known.good(contact, now)

    def near(self, peer_id: bytes) -> None:
        """Take note that a link that comes up is to a node that is merely near."""
        if peer_id not in self._named and peer_id not in self._links:
            self._near.add(peer_id)

    # --- A core's calls -------------------------------------------------------------------------

    def linked(self, peer_id: bytes, now: int) -> None:
        """End the round, unless the node is merely near: the DHT takes over."""
        was_alone = not self._links
        dialled = self._dialling.pop(peer_id, None)
        if dialled and dialled.level is not Level.LOCAL:
            self._near.discard(peer_id)
            self.known.good(dialled.contact, now)
        self._links.add(peer_id)
        if was_alone or (self._round and self.is_joined):
            self._events.append(Joined(peer_id))
        self._end_if_joined()
        self.tick(now)

    def unlinked(self, peer_id: bytes, now: int) -> None:
        """Begin a round soon where this was the last link."""
        was_joined = self.is_joined
        self._links.discard(peer_id)
        self._near.discard(peer_id)
        if was_joined and not self.is_joined:
            self._next_round = now + self._jittered(FIRST_PAUSE_MS)
        self.tick(now)

    def unreachable(self, peer_id: bytes, now: int) -> None:
        """Go on with the next one."""
        self._missed(peer_id)
        self.tick(now)

    def receive(
        self,
        peer_id: bytes,  # noqa: ARG002 - as below
        kind: MessageType,  # noqa: ARG002 - as below
        payload: bytes,  # noqa: ARG002 - as below
        now: int,  # noqa: ARG002 - every core has these
    ) -> None:
        """Refuse every message: there is none for the planner."""
        raise Refused("bootstrap: no message for the planner")

    def tick(self, now: int) -> None:
        """Give up what takes too long, and go on."""
        for peer_id in [k for k, dialled in self._dialling.items() if dialled.until <= now]:
            self._missed(peer_id)
        if now >= self._local_at:
            self._local_at = NEVER
            self._events.append(Ask(Level.LOCAL))
        if self._round is None and now >= self._next_round and not self.is_joined:
            self._round = _Round(deque(ORDER), now)
            self._next_round = NEVER
        if self._round:
            self._go_on(self._round, now)

    @property
    def next_tick(self) -> int:
        """When something is due."""
        dues = [dialled.until for dialled in self._dialling.values()]
        dues += [self._local_at, self._next_round]
        if self._round and (self._round.left or self._round.asked):
            dues.append(self._round.next_at)
        return min(dues)

    def outgoing(self) -> list[Send]:
        """Return nothing: links are asked for by events."""
        return []

    def events(self) -> list[Event]:
        """Return what is to be done, once, in its order."""
        events, self._events = self._events, []
        return events

    # --- Inside ---------------------------------------------------------------------------------

    def _go_on(self, current: _Round, now: int) -> None:
        """Dial what there is; take the next level where that is nothing, or takes too long."""
        while True:
            self._dial_waiting(current, now)
            is_dialling = any(self._busy(level) for level in ORDER)
            is_busy = is_dialling or any(current.waiting.values())
            if current.asked and now >= current.next_at:
                self._events.append(Warn(current.asked, "bootstrap: no answer in time"))
                current.asked = None
            elif current.asked or (is_busy and (now < current.next_at or not current.left)):
                return
            elif current.left:
                self._begin(current, current.left.popleft(), now)
            else:
                self._give_up(now)
                return

    def _begin(self, current: _Round, level: Level, now: int) -> None:
        if level is Level.NAMED:
            self._offer(current, level, list(self._named.values()), now)
        elif level is Level.DHT:
            self._offer(current, level, self.known.candidates(), now)
        else:
            current.asked = level
            current.next_at = now + ASK_MS
            self._events.append(Ask(level))

    def _offer(self, current: _Round, level: Level, offered: list[Contact], now: int) -> None:
        """Have contacts dialled, and give them a while before the next level is tried too."""
        if offered:
            current.next_at = now + LEVEL_MS
        elif level is not Level.NAMED:
            self._events.append(Warn(level, "bootstrap: nothing found"))
        fresh = [each for each in offered if each.peer_id not in self._dialling]
        current.waiting[level] = deque(spread(fresh))

    def _dial_waiting(self, current: _Round, now: int) -> None:
        """Dial, a few of each level at a time: silent old contacts keep nobody else waiting."""
        for level, contacts in current.waiting.items():
            while contacts and self._busy(level) < PARALLEL:
                contact = contacts.popleft()
                if contact.peer_id not in self._links and contact.peer_id not in self._dialling:
                    self._dial(contact, level, now)

    def _dial_near(self, offered: list[Contact], now: int) -> None:
        """Dial nodes that are near, each once in a while and not too many at a time."""
        for contact in offered:
            peer_id = contact.peer_id
            if peer_id in self._links or peer_id in self._dialling:
                continue
            if now < self._tried.get(peer_id, -AGAIN_LOCAL_MS) + AGAIN_LOCAL_MS:
                continue
            if self._busy(Level.LOCAL) >= LOCAL_PARALLEL:
                return
            self._tried.pop(peer_id, None)
            if len(self._tried) >= TRIED_MAX:
                del self._tried[next(iter(self._tried))]
            self._tried[peer_id] = now
            if peer_id not in self._named:
                self._near.add(peer_id)
            self._dial(contact, Level.LOCAL, now)

    def _dial(self, contact: Contact, level: Level, now: int) -> None:
        self._dialling[contact.peer_id] = _Dialling(contact, level, now + DIAL_MS)
        self._events.append(Dial(contact, level))

    def _missed(self, peer_id: bytes) -> None:
        if self._dialling.pop(peer_id, None):
            self.known.bad(peer_id)
        if peer_id not in self._links:
            self._near.discard(peer_id)

    def _busy(self, level: Level) -> int:
        return sum(each.level is level for each in self._dialling.values())

    def _others(self, contacts: Iterable[Contact]) -> list[Contact]:
        return [each for each in contacts if each.peer_id != self._own_id and each.addresses]

    def _end_if_joined(self) -> None:
        if self.is_joined:
            self._round = None
            self._rounds = 0
            self._next_round = NEVER

    def _give_up(self, now: int) -> None:
        """End a round without a link; the next one comes after a pause that doubles."""
        self._round = None
        pause = min(FIRST_PAUSE_MS << min(self._rounds, 16), LAST_PAUSE_MS)
        self._rounds += 1
        self._next_round = now + self._jittered(pause)
        self._events.append(Warn(Level.LISTED, "bootstrap: no node reached, tried again later"))

    def _jittered(self, pause: int) -> int:
        """Add up to a quarter, so that nodes that lost each other do not all come back at once."""
        return pause + pause * int.from_bytes(self._random(2)) // (4 << 16)
