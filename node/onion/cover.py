"""When a node sends packets of its own: at times that have nothing to do with what it has to say.

After Loopix: one Poisson process. Each of its slots is a packet: by a draw a loop, which comes back
and shows that relays work; otherwise what a request has to send, or a packet for nothing. Whoever
watches the link sees one rate and one size. What is sent for others as a relay comes on top.
"""

from dataclasses import dataclass

from ..codec import Refused
from ..crypto import Random
from . import packet as onion
from .chance import exponential_ms, uniform, wait_ms
from .keys import KeyRing
from .packet import DISCARD, REPLY, Relay, Routing
from .paths import Path, Paths
from .relay import Mine, Send
from .requests import DELAY_MEAN_MS, Client
from .surb import SURB_ID

LOOP_SHARE = 0.25
LOOP_LIFE_MS = 30_000
LOOPS_MAX = 256
BURST_MAX = 8  # slots made up for after a pause


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How many packets a node sends, by what its connection costs; no gap means no cover."""

    name: str
    gap_ms: int | None


FULL = Rate(name="full", gap_ms=2_000)  # 0.8 GB a day
METERED = Rate(name="metered", gap_ms=20_000)  # 77 MB a day
OFF = Rate(name="off", gap_ms=None)  # requests leave at once; whoever watches sees when


class Cover:
    """The schedule of one node's own packets."""

    def __init__(
        self,
        rate: Rate,
        client: Client,
        paths: Paths,
        keys: KeyRing,
        node_id: bytes,
        now: int,
        random: Random,
    ) -> None:
        self._client = client
        self._paths = paths
        self._keys = keys
        self._node_id = node_id
        self._random = random
        self._loops: dict[bytes, tuple[int, Path]] = {}  # until when each is waited for
        self._next_ms = now
        self.rate = rate
        self.change(rate, now)

    def change(self, rate: Rate, now: int) -> None:
        """Go over to another rate."""
        self.rate = rate
        self._next_ms = now + exponential_ms(self._random, rate.gap_ms or 0)

    @property
    def next_at(self) -> int | None:
        """When `poll` has something to do."""
        if self.rate.gap_ms is None:
            return self._client.next_at
        return self._next_ms

    def poll(self, now: int) -> list[Send]:
        """Return the packets whose time has come, from requests and for nothing."""
        self._give_up(now)
        if self.rate.gap_ms is None:
            return self._client.poll(now)
        sends: list[Send] = []
        slots = 0
        while self._next_ms <= now:
            self._next_ms += exponential_ms(self._random, self.rate.gap_ms)
            slots += 1
            if slots <= BURST_MAX:  # what a longer sleep has missed is not made up for
                sends += self._slot(now)
            elif self._next_ms <= now:
                self._next_ms = now + exponential_ms(self._random, self.rate.gap_ms)
        return sends

    def returned(self, mine: Mine) -> bool:
        """Take in a loop that came back; False for what is not one."""
        if mine.reply_id not in self._loops:
            return False
        _, path = self._loops.pop(mine.reply_id)
        try:
            onion.open_payload(mine.body)
        except Refused:  # somebody on the way marked it
            self._paths.was_lost(path)
            raise
        self._paths.came_back(path)
        return True

    def _slot(self, now: int) -> list[Send]:
        if uniform(self._random) < LOOP_SHARE:
            return self._loop(now)
        return self._client.poll(now, 1) or self._nothing(now)

    def _loop(self, now: int) -> list[Send]:
        me = Relay(node_id=self._node_id, public=self._keys.current.key.public)
        path = self._paths.round(me, now)
        if path is None:
            return []
        loop_id = self._random(SURB_ID)
        if len(self._loops) >= LOOPS_MAX:
            del self._loops[next(iter(self._loops))]
        self._loops[loop_id] = now + LOOP_LIFE_MS, path
        return [self._send(path, Routing(REPLY, loop_id))]

    def _nothing(self, now: int) -> list[Send]:
        end = self._paths.stranger()
        if end is None:
            return []
        return [self._send(self._paths.forth(end, now), Routing(DISCARD))]

    def _send(self, path: Path, last: Routing) -> Send:
        delays = [wait_ms(self._random, DELAY_MEAN_MS) for _ in range(path.hops)]
        header, body_keys = onion.build_header(path.nodes, delays, last, self._random)
        body = onion.wrap(body_keys, onion.seal_payload(b""))
        return Send(node_id=path.nodes[0].node_id, packet=header + body)

    def _give_up(self, now: int) -> None:
        """Count the loops that do not come back."""
        for loop_id, (until_ms, path) in list(self._loops.items()):
            if now < until_ms:
                return
            del self._loops[loop_id]
            self._paths.was_lost(path)
