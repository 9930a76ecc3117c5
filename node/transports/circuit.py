"""Pipes over circuits: a link to a node that only a third one can reach, from end to end.

`Circuits` (circuits.py) speaks with the bridge by messages; here its ends become pipes. Whoever
runs the core calls `handle` after each message and tick, and sends what the core wants to send.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from ..link import PROMPT
from .circuits import ENDS_PER_PEER, PIECE, Came, Circuits, Ended, Key, Opened, Room
from .pipes import Address, Circuit, Cost, Pipe

SEND_LOW = 1 << 16


class CircuitPipe:
    """One end of a circuit."""

    def __init__(
        self,
        core: Circuits,
        key: Key,
        wake: Callable[[], None],
        forget: Callable[[Key], object],
    ) -> None:
        self.source = key[0]
        self.key = key
        self._core, self._wake, self._forget = core, wake, forget
        self._inbox: deque[bytes] = deque()
        self._arrived, self._room = asyncio.Event(), asyncio.Event()
        self._over = self._closing = False

    def write(self, data: bytes) -> None:
        """Send bytes."""
        if data and not self._over and not self._closing:
            self._core.write(self.key, data)
            self._wake()

    @property
    def unsent(self) -> int:
        """How many bytes wait for credit."""
        return self._core.unsent(self.key)

    async def drain(self) -> None:
        """Wait until little is left to send."""
        while self.unsent > SEND_LOW and not self._over:
            self._room.clear()
            await self._room.wait()
        if self._over:
            raise ConnectionResetError("circuit: over")

    async def read(self) -> bytes:
        """Return what has come, and give credit for it."""
        while not self._inbox:
            if self._over:
                return b""
            self._arrived.clear()
            await self._arrived.wait()
        data = self._inbox.popleft()
        self._core.consumed(self.key, len(data))
        self._wake()
        return data

    def close(self) -> None:
        """Send what is left, then end."""
        self._closing = True
        if not self.unsent:
            self.abort()

    def abort(self) -> None:
        """End at once."""
        if not self._over:
            self._core.close(self.key)
            self._wake()
            self.end()

    # --- What the core tells ---

    def came(self, data: bytes) -> None:
        """Take bytes; they are no more than there was credit for."""
        self._inbox.append(data)
        self._arrived.set()

    def room(self) -> None:
        """Take note that all is sent."""
        self._room.set()
        if self._closing:
            self.abort()

    def end(self) -> None:
        """Take note that the circuit is over."""
        self._over = True
        self._forget(self.key)
        self._arrived.set()
        self._room.set()


class CircuitServer:
    """A node that answers circuits."""

    def __init__(self, transport: "ByCircuit") -> None:
        self.address = Circuit(b"")
        self._transport = transport

    async def close(self) -> None:
        """Answer no more."""
        self._transport.silence()


class ByCircuit:
    """Dials and answers by circuits. `wake` is told when the core has something to send."""

    protocol = "circuit"
    cost = Cost.METERED
    mtu = PIECE
    pace = PROMPT
    per_source_max = ENDS_PER_PEER  # All who come through one bridge come from one source.

    def __init__(self, core: Circuits, wake: Callable[[], None]) -> None:
        self._core, self._wake = core, wake
        self._answer: Callable[[Pipe], None] | None = None
        self._pipes: dict[Key, CircuitPipe] = {}

    async def serve(self, address: Address, answer: Callable[[Pipe], None]) -> CircuitServer:
        """Answer whoever comes through any bridge."""
        assert isinstance(address, Circuit)
        self._answer = answer
        return CircuitServer(self)

    async def dial(self, address: Address) -> CircuitPipe:
        """Open a circuit; where there is none, the pipe ends before anything came."""
        assert isinstance(address, Circuit)
        if address.peer_id is None:
            raise ConnectionError("circuit: to nobody")
        key = self._core.open(address.bridge, address.peer_id)
        self._wake()
        return self._pipe(key)

    def handle(self) -> None:
        """Hand on what happened at the ends of circuits."""
        for event in self._core.events():
            if isinstance(event, Opened):
                self._opened(event.key)
                continue
            pipe = self._pipes.get(event.key)
            if pipe is None:
                continue
            if isinstance(event, Came):
                pipe.came(event.data)
            elif isinstance(event, Room):
                pipe.room()
            elif isinstance(event, Ended):
                pipe.end()

    def silence(self) -> None:
        """Answer nobody."""
        self._answer = None

    def _opened(self, key: Key) -> None:
        if self._answer is None:
            self._core.close(key)
            self._wake()
        else:
            self._answer(self._pipe(key))

    def _pipe(self, key: Key) -> CircuitPipe:
        pipe = self._pipes[key] = CircuitPipe(
            *(self._core, key, self._wake), lambda key: self._pipes.pop(key, None)
        )
        return pipe
