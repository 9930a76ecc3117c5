"""A node's whole part in onion routing, without sockets: relays, serves, asks, and keeps cover.

Packets come in with `receive`; what `poll` returns is to be sent to the nodes it names. Requests of
others go to the `serve` that was handed in; answers to our own come out as events.
"""

from collections.abc import Callable, Iterable

from .crypto import Random
from .onion.cover import Cover, Rate
from .onion.keys import KeyRing
from .onion.packet import Relay
from .onion.paths import Paths
from .onion.relay import DelayQueue, Deliver, Discard, Forward, Mine, RelayNode, Send
from .onion.requests import Answered, Client, Failed
from .onion.service import Service

BULK = Rate(name="bulk", gap_ms=40)
BULK_FROM = 12  # packets that wait: a file, not a message
BULK_MS = 20_000

Serve = Callable[[bytes, int], bytes]
Outcome = Answered | Failed


class Routing:
    """Everything between a link and what is carried over it."""

    def __init__(
        self, node_id: bytes, serve: Serve, rate: Rate, now: int, random: Random, state: bytes = b""
    ) -> None:
        self._node_id = node_id
        self._serve = serve
        self._random = random
        self._rate = rate
        self._bulk_until = 0
        self.keys = KeyRing(now, random)
        self.paths = Paths.decode(state, node_id, random) if state else Paths(node_id, random)
        self.client = Client(node_id, self.keys, self.paths, random)
        self._relay = RelayNode(node_id, self.keys)
        self._service = Service(random)
        self._delays = DelayQueue()
        self._cover = Cover(rate, self.client, self.paths, self.keys, node_id, now, random)
        self.relayed = 0

    @property
    def rate(self) -> Rate:
        """How many packets leave at present."""
        return self._cover.rate

    def set_rate(self, rate: Rate, now: int) -> None:
        """Change how many packets leave from now on."""
        self._rate, self._bulk_until = rate, 0
        self._cover.change(rate, now)

    def know(self, relays: Iterable[Relay]) -> None:
        """Take over which relays there are."""
        self.paths.update(relays)

    def ask(self, service: Relay, body: bytes, now: int, answer_size: int = 0) -> int:
        """Begin a request to a node; its number comes back with the answer."""
        return self.client.request(service, body, now, answer_size)

    def receive(self, packet: bytes, now: int) -> list[Outcome]:
        """Take in a packet; return what has become of our requests by it."""
        outcome = self._relay.process(packet, now)
        match outcome:
            case Forward():
                self._delays.push(outcome)
                self.relayed += 1
            case Deliver():
                self._deliver(outcome.payload, now)
            case Mine():
                if not self._cover.returned(outcome):
                    return list(self.client.receive(outcome, now))
            case Discard():
                pass
        return []

    def _deliver(self, payload: bytes, now: int) -> None:
        request, sends = self._service.receive(payload, now)
        if request is not None:
            sends += self._service.answer(request, self._serve(request.body, now), now)
        for send in sends:
            self._delays.push(send)

    def poll(self, now: int) -> tuple[list[Send], list[Outcome]]:
        """Return the packets whose time has come, and the requests that nobody answers."""
        self._choose_rate(now)
        sends = self._delays.due(now)
        sends += self._cover.poll(now)
        return sends, list(self.client.expired(now))

    def _choose_rate(self, now: int) -> None:
        """Send faster while much waits: an observer sees that, and nothing of what it is."""
        if self._rate.gap_ms is None:
            return
        if self.client.waiting >= BULK_FROM:
            self._bulk_until = now + BULK_MS
        wanted = BULK if now < self._bulk_until else self._rate
        if self._cover.rate is not wanted:
            self._cover.change(wanted, now)

    def tick(self, now: int) -> bool:
        """Rotate keys where it is time; return whether the node's record has to be made anew."""
        return self.keys.tick(now, self._random)

    @property
    def next_at(self) -> int | None:
        """When `poll` has something to do, if nothing comes in before."""
        times = [self._delays.next_at, self._cover.next_at]
        return min((time for time in times if time is not None), default=None)

    def encode(self) -> bytes:
        """Return what outlives the process: the guards."""
        return self.paths.encode()
