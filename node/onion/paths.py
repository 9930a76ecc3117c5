"""Which relays a packet takes: pinned guards first, then strangers of different networks.

A sender who draws a new first relay each time will some day draw the observer's; so the first one
is one of a few that are kept for weeks. The way back ends at a guard too, because only guards are
known to have a link to us. Where too few relays are known a path is as long as it can be, and says
how long that is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..codec import Reader, Refused, u8, u64
from ..crypto import Random
from .chance import below, shuffled
from .packet import NODE_ID, SLOTS, Relay, is_onion_key

HOPS = SLOTS - 1
RELAYS_MAX = 4096
GUARDS = 3
GUARDS_MAX = 16  # with those that are not reachable at present
GUARD_LIFE_MIN_MS = 20 * 86_400_000
GUARD_LIFE_SPAN_MS = 20 * 86_400_000
GUARD_REST_MS = 600_000  # how long a guard that could not be reached is passed over

SCORE_START = 0.75
SCORE_BAD = 0.25
_GAIN = 0.2  # of what is missing to 1, for a loop that came back
_LOSS = 0.15  # of the score, for one that did not
_DRAWS = 64

_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """Relays, then the node at the end."""

    nodes: tuple[Relay, ...]
    diverse: bool  # no two nodes are in one /16

    @property
    def hops(self) -> int:
        """How many relays stand between the two ends; three, where enough are known."""
        return len(self.nodes) - 1


@dataclass(slots=True, kw_only=True)
class Guard:
    """A first relay, until when it is kept, and until when it is passed over."""

    node_id: bytes
    until_ms: int
    rests_until_ms: int = 0


class Paths:
    """The relays that are known, how they did, and who of them are guards."""

    def __init__(self, node_id: bytes, random: Random) -> None:
        self._node_id = node_id
        self._random = random
        self._relays: dict[bytes, Relay] = {}
        self._ids: list[bytes] = []
        self._scores: dict[bytes, float] = {}
        self._checked: dict[bytes, tuple[bytes, bool]] = {}  # keys, and whether they are any
        self._guards: list[Guard] = []

    def update(self, relays: Iterable[Relay]) -> None:
        """Take over which relays are known now; of more than 4,096 the rest is left out."""
        known = {each.node_id: each for each in relays if each.node_id != self._node_id}
        self._ids = sorted(known)[:RELAYS_MAX]
        self._relays = {node_id: known[node_id] for node_id in self._ids}
        for table in (self._scores, self._checked):
            for node_id in table.keys() - self._relays.keys():
                del table[node_id]

    def known(self, node_id: bytes) -> Relay | None:
        """Return the newest record of a node."""
        relay = self._relays.get(node_id)
        return relay if relay is not None and self.is_sound(relay) else None

    def is_sound(self, relay: Relay) -> bool:
        """Return whether a packet can be built for a relay: its record may say anything.

        That is found out when a key is first used, since it takes as long as a hop.
        """
        public, sound = self._checked.get(relay.node_id, (b"", False))
        if public != relay.public:
            sound = is_onion_key(relay.public, self._random)
            self._checked[relay.node_id] = relay.public, sound
        return sound

    def stranger(self) -> Relay | None:
        """Return some node; None where none is known."""
        return next(iter(self._drawn()), None)

    def forth(self, end: Relay, now: int) -> Path:
        """Return a path to a node."""
        if end.node_id == self._node_id:
            raise ValueError("a path leads to another node")
        relays = self._choose(end, now)
        return _path((*relays, end))

    def back(self, start: Relay, me: Relay, now: int) -> Path:
        """Return a path from a node to this one; the last relay on it is a guard."""
        relays = self._choose(start, now)
        return _path((*relays[1:], *relays[:1], me))

    def round(self, me: Relay, now: int) -> Path | None:
        """Return a path from here to here: out by one guard, in by another, a stranger between.

        None where no relay is known.
        """
        guards = self.guards(now)[:2]
        if not guards:
            return None
        taken = {each.node_id for each in guards}
        strangers = [each for each in self._drawn() if each.node_id not in taken][:1]
        return _path((*guards[:1], *strangers, *guards[1:], me))

    def guards(self, now: int) -> list[Relay]:
        """Return the guards to keep links with, the preferred one first.

        Those that rest or lose what they are given come last, but before any stranger: to go over
        to strangers is what somebody who cuts links is after.
        """
        self._guards = [each for each in self._guards if now < each.until_ms]
        known = [each for each in self._guards if self.known(each.node_id)]
        awake = [each for each in known if now >= each.rests_until_ms]
        subnets = {self._relays[each.node_id].subnet for each in awake}
        while len(awake) < GUARDS and len(self._guards) < GUARDS_MAX:
            fresh = self._fresh_guard(subnets, now)
            if fresh is None:
                break
            for guards in (self._guards, known, awake):
                guards.append(fresh)
            subnets.add(self._relays[fresh.node_id].subnet)
        known.sort(key=lambda each: (now < each.rests_until_ms, self._is_bad(each.node_id)))
        return [self._relays[each.node_id] for each in known[:GUARDS]]

    def _fresh_guard(self, subnets: set[bytes], now: int) -> Guard | None:
        """Return a guard that is none yet, of a network that has none if there is one."""
        taken = {each.node_id for each in self._guards}
        fresh = [each for each in self._drawn() if each.node_id not in taken]
        if not fresh:
            return None
        chosen = min(fresh, key=lambda each: each.subnet in subnets)
        until = now + GUARD_LIFE_MIN_MS + below(self._random, GUARD_LIFE_SPAN_MS)
        return Guard(node_id=chosen.node_id, until_ms=until)

    def unreachable(self, node_id: bytes, now: int) -> None:
        """Pass over a guard for a while: there is no link to it."""
        self._rest(node_id, now + GUARD_REST_MS)

    def reachable(self, node_id: bytes) -> None:
        """Take a guard that was passed over again: there is a link to it."""
        self._rest(node_id, 0)

    def _rest(self, node_id: bytes, until_ms: int) -> None:
        for each in self._guards:
            if each.node_id == node_id:
                each.rests_until_ms = until_ms

    def came_back(self, path: Path) -> None:
        """Raise the scores of the relays of a loop."""
        for each in path.nodes[:-1]:
            score = self.score(each.node_id)
            self._score(each.node_id, score + (1.0 - score) * _GAIN)

    def was_lost(self, path: Path) -> None:
        """Lower the scores of the relays of a loop; nobody can tell which one lost it."""
        for each in path.nodes[:-1]:
            self._score(each.node_id, self.score(each.node_id) * (1.0 - _LOSS))

    def score(self, node_id: bytes) -> float:
        """Return how a relay did lately, from 0 to 1."""
        return self._scores.get(node_id, SCORE_START)

    def _is_bad(self, node_id: bytes) -> bool:
        return self.score(node_id) < SCORE_BAD

    def _score(self, node_id: bytes, score: float) -> None:
        if node_id in self._relays:
            self._scores[node_id] = score

    def _choose(self, end: Relay, now: int) -> list[Relay]:
        """Return up to three relays that are neither us nor the end, a guard first."""
        guards = [each for each in self.guards(now) if each.node_id != end.node_id]
        chosen = sorted(guards, key=lambda each: each.subnet == end.subnet)[:1]
        candidates = [each for each in self._drawn() if each.node_id != end.node_id]
        for strict in (True, False):
            for each in candidates:
                subnets = {other.subnet for other in (*chosen, end)}
                if len(chosen) < HOPS and each not in chosen:
                    if strict and each.subnet in subnets:
                        continue
                    chosen.append(each)
        return chosen

    def _drawn(self) -> list[Relay]:
        """Return relays in a random order, the bad ones last: all, or a sample of many."""
        ids = self._ids
        if len(ids) > _DRAWS:
            ids = list({ids[below(self._random, len(ids))]: None for _ in range(_DRAWS)})
        order = shuffled(self._random, ids)
        order.sort(key=self._is_bad)
        return [relay for node_id in order if self.is_sound(relay := self._relays[node_id])]

    def encode(self) -> bytes:
        """Return the guards."""
        entries = b"".join(each.node_id + u64(each.until_ms) for each in self._guards)
        return u8(_VERSION) + u8(len(self._guards)) + entries

    @classmethod
    def decode(cls, data: bytes, node_id: bytes, random: Random) -> "Paths":
        """Read what `encode` wrote."""
        reader = Reader(data)
        if reader.u8() != _VERSION:
            raise Refused("onion: unknown version")
        count = reader.u8()
        if count > GUARDS_MAX:
            raise Refused("onion: too many guards")
        paths = cls(node_id, random)
        for _ in range(count):
            guard = Guard(node_id=reader.take(NODE_ID), until_ms=reader.u64())
            if guard.node_id in {each.node_id for each in paths._guards}:
                raise Refused("onion: a guard twice")
            paths._guards.append(guard)
        reader.end()
        return paths


def _path(nodes: Sequence[Relay]) -> Path:
    subnets = [each.subnet for each in nodes if each.subnet]
    return Path(nodes=tuple(nodes), diverse=len(subnets) == len(set(subnets)))
