"""What a node does with an onion packet: pass it on later, hand it over, or drop it.

Knows neither who sent the packet nor how many hops there are. Packets wait for as long as their
sender chose, so the order in which they leave tells little about the order in which they came.
"""

import heapq
from dataclasses import dataclass, field

from ..codec import Refused
from . import packet as onion
from .keys import KeyRing, OnionKey
from .packet import DELIVER, DISCARD, FORWARD, NOT_FOR_THIS_KEY, Opened

QUEUE_MAX = 1024  # packets that wait: 18 MB


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """A packet for a node."""

    node_id: bytes
    packet: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """A packet for another node, at a time."""

    node_id: bytes
    packet: bytes = field(repr=False)
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliver:
    """A payload for the services of this node."""

    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mine:
    """What came back to this node: a reply, or a packet that it sent round to itself."""

    reply_id: bytes = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Discard:
    """A packet that was sent for nothing but to be seen."""


Outcome = Forward | Deliver | Mine | Discard


class RelayNode:
    """One node's part in everybody's paths."""

    def __init__(self, node_id: bytes, keys: KeyRing) -> None:
        self._node_id = node_id
        self._keys = keys

    def process(self, packet: bytes, now: int) -> Outcome:
        """Take one layer off a packet that came in; a replay or a changed header is refused."""
        header, body = onion.split(packet)
        key, opened = self._open(header, now)
        routing = opened.routing
        if routing.command == FORWARD and routing.target == self._node_id:
            raise Refused("onion: leads back here")
        if not key.seen.add(opened.tag):
            raise Refused("onion: replay")
        body = onion.unwrap(opened.body_key, body)
        if routing.command == FORWARD:
            at = now + routing.delay_ms
            return Forward(node_id=routing.target, packet=opened.header + body, at=at)
        if routing.command == DELIVER:
            return Deliver(payload=onion.open_payload(body))
        if routing.command == DISCARD:
            return Discard()
        return Mine(reply_id=routing.target, body=body)

    def _open(self, header: bytes, now: int) -> tuple[OnionKey, Opened]:
        for key in self._keys.accepting(now):
            try:
                return key, onion.open_header(key.key, header)
            except Refused as refusal:
                if refusal.reason != NOT_FOR_THIS_KEY:
                    raise
        raise Refused(NOT_FOR_THIS_KEY)


class DelayQueue:
    """Packets until they are due."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Send]] = []
        self._number = 0

    def __len__(self) -> int:
        """Return how many packets wait."""
        return len(self._heap)

    def push(self, forward: Forward) -> None:
        """Let a packet wait. Where there is no room, that goes which would wait longest.

        Waits are short but for those of somebody who wants to fill the queue.
        """
        if len(self._heap) >= QUEUE_MAX:
            latest = max(range(QUEUE_MAX), key=self._heap.__getitem__)
            if forward.at >= self._heap[latest][0]:
                raise Refused("onion: queue is full")
            self._heap[latest] = self._heap[-1]
            self._heap.pop()
            heapq.heapify(self._heap)
        self._number += 1  # keeps those of one millisecond apart
        send = Send(node_id=forward.node_id, packet=forward.packet)
        heapq.heappush(self._heap, (forward.at, self._number, send))

    @property
    def next_at(self) -> int | None:
        """When the next packet is due."""
        return self._heap[0][0] if self._heap else None

    def due(self, now: int) -> list[Send]:
        """Return the packets whose time has come."""
        sends = []
        while self._heap and self._heap[0][0] <= now:
            sends.append(heapq.heappop(self._heap)[2])
        return sends
