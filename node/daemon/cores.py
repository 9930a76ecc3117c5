"""Runs a node's protocol cores: hands them links, messages and the time, and sends what they say.

A core that was called from elsewhere is stirred afterwards: what it wants to send goes out at once,
and its next tick is looked up anew.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from ..codec import Refused
from ..core import Core
from ..session.messages import Message, MessageType
from .waiting import woken

SLEEP_MAX_MS = 60_000
SLEEP_MIN_MS = 5  # a core that is always due must not keep the loop from everything else


class Clock:
    """Milliseconds as others count them, which never run backwards when the clock is set."""

    def __init__(self) -> None:
        self._last = 0

    def __call__(self) -> int:
        """Return the time."""
        self._last = max(self._last, time.time_ns() // 1_000_000)
        return self._last


async def _at_once() -> None:
    """Wait for nothing."""


class Watcher(Protocol):
    """What follows links and time, and says nothing itself."""

    def linked(self, peer_id: bytes, now: int) -> None:
        """Take note of a link."""

    def unlinked(self, peer_id: bytes, now: int) -> None:
        """Take note that the last link to a node has ended."""

    def tick(self, now: int) -> None:
        """Do what is due."""

    @property
    def next_tick(self) -> int:
        """When `tick` has something to do."""


class Cores:
    """The cores of one node, on its network."""

    def __init__(
        self,
        send: Callable[[bytes, bytes], bool],
        links: Callable[[], Iterable[bytes]],
        refused: Counter[str],
        clock: Clock,
    ) -> None:
        self._send = send
        self._links = links
        self._refused = refused
        self._clock = clock
        self._cores: list[Core] = []
        self._watchers: list[Watcher] = []
        self._of: dict[MessageType, Core] = {}
        self._wake = asyncio.Event()
        self.awake: Callable[[], Awaitable[None]] = _at_once
        self.after: list[Callable[[], None]] = []
        """What is called after each round, to take the events of cores."""

    @property
    def types(self) -> frozenset[MessageType]:
        """What any of them hears."""
        return frozenset(self._of)

    def add(self, core: Core) -> None:
        """Run a core from now on; it is told of the links that there are."""
        self._cores.append(core)
        self._of.update(dict.fromkeys(sorted(core.types), core))
        for peer_id in self._links():
            core.linked(peer_id, self._clock())
        self.stir()

    def remove(self, core: Core) -> None:
        """Run a core no longer."""
        self._cores.remove(core)
        self._of = {kind: one for kind, one in self._of.items() if one is not core}

    def watch(self, watcher: Watcher) -> None:
        """Let something follow links and time from now on."""
        self._watchers.append(watcher)
        for peer_id in self._links():
            watcher.linked(peer_id, self._clock())
        self.stir()

    def forget(self, watcher: Watcher) -> None:
        """Tell it nothing any more."""
        self._watchers.remove(watcher)

    def linked(self, peer_id: bytes) -> None:
        """Tell of a node's first link."""
        for core in (*self._cores, *self._watchers):
            core.linked(peer_id, self._clock())
        self.stir()

    def unlinked(self, peer_id: bytes) -> None:
        """Tell of the end of a node's last link."""
        for core in (*self._cores, *self._watchers):
            core.unlinked(peer_id, self._clock())
        self.stir()

    def unreachable(self, peer_id: bytes) -> None:
        """Tell that a node could not be dialled."""
        for core in self._cores:
            core.unreachable(peer_id, self._clock())
        self.stir()

    def hear(self, peer_id: bytes, message: Message) -> None:
        """Hand a message to the core that it is for."""
        core = self._of.get(message.type)
        if core is None:
            raise Refused("node: no such service here")
        try:
            core.receive(peer_id, message.type, message.payload, self._clock())
        finally:
            self.stir()

    def stir(self) -> None:
        """Have everything that waits looked at, soon."""
        self._wake.set()

    async def run(self) -> None:
        """Tick and send until cancelled."""
        while True:
            await self.awake()
            self._wake.clear()
            now = self._clock()
            for core in (*self._cores, *self._watchers):
                if core.next_tick <= now:
                    core.tick(now)
            for take in self.after:
                take()
            self._flush(now)
            timed = (*self._cores, *self._watchers)
            due = min((core.next_tick for core in timed), default=now + SLEEP_MAX_MS)
            wait = min(max(due - self._clock(), SLEEP_MIN_MS), SLEEP_MAX_MS)
            await asyncio.sleep(0)  # even where there is always something: others have their turn
            await woken(self._wake, wait / 1_000)

    def _flush(self, now: int) -> None:
        for core in self._cores:
            for send in core.outgoing():
                message = Message(type=send.type, payload=send.payload).encode()
                if not self._send(send.peer_id, message):
                    self._refused["network: no way to a node"] += 1
                    core.unreachable(send.peer_id, now)
