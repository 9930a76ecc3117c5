"""Bad ways: delay, jitter, loss and slowness for any pipe, the same again from the same chance.

`Stream` and `Datagrams` are one direction each, without clock or socket, so that a test can let
hours pass at once; `Impaired` puts two streams around the pipes of a transport.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from ..crypto import Random
from ..link import Pace
from .pipes import Address, Cost, Pipe, Server, Transport

SEND_LOW = 1 << 16
QUEUE_MAX = 1 << 18
SECOND_US = 1_000_000
CHANCES = 1 << 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What a way is like in one direction. Times are one way; what is lost is a share of pieces."""

    delay_ms: int = 0
    jitter_ms: int = 0
    loss: float = 0.0
    bits_per_second: int = 0
    """No limit where it is 0."""
    piece: int = 1_200
    cut: float = 0.0
    """The share of pieces with which a stream ends for good."""

    def __post_init__(self) -> None:
        if not 0 <= self.loss < 1 or not 0 <= self.cut <= 1 or self.piece < 1:
            raise ValueError("a share is below one, and a piece has a byte")


class _Way:
    """What both kinds share: a line that is busy while a piece goes out."""

    def __init__(self, conditions: Conditions, random: Random) -> None:
        self._conditions, self._random = conditions, random
        self._free_us = 0

    def _send(self, size: int, start_us: int) -> int:
        """Put a piece on the line; return when its last bit has left."""
        rate = self._conditions.bits_per_second
        self._free_us = start_us + (size * 8 * SECOND_US // rate if rate else 0)
        return self._free_us

    def _under_way_us(self) -> int:
        jitter_us = self._conditions.jitter_ms * 1_000
        return self._conditions.delay_ms * 1_000 + jitter_us * self._chance() // CHANCES

    def _happens(self, share: float) -> bool:
        return share > 0 and self._chance() < share * CHANCES

    def _chance(self) -> int:
        return int.from_bytes(self._random(4))


class Stream(_Way):
    """Bytes in their order: what is lost is sent again, and what is behind it waits."""

    def __init__(self, conditions: Conditions, random: Random) -> None:
        super().__init__(conditions, random)
        self.broken = False
        self.queued = 0
        """How many bytes have not left for the first time."""
        # When a piece may leave, which one it is, and what it holds.
        self._fresh: deque[tuple[int, int, bytes]] = deque()
        self._again: list[tuple[int, int, bytes]] = []
        self._there: dict[int, tuple[int, bytes]] = {}
        self._next_in = self._next_out = 0

    def put(self, data: bytes, now: int) -> None:
        """Send bytes."""
        for start in range(0, len(data), self._conditions.piece):
            piece = data[start : start + self._conditions.piece]
            self._fresh.append((now * 1_000, self._next_in, piece))
            self._next_in += 1
        self.queued += len(data)
        self.advance(now)

    def take(self, now: int) -> bytes:
        """Return what has arrived, once."""
        self.advance(now)
        taken = bytearray()
        while (there := self._there.get(self._next_out)) and there[0] <= now * 1_000:
            taken += there[1]
            del self._there[self._next_out]
            self._next_out += 1
        return bytes(taken)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is on its way."""
        return self._next_in == self._next_out

    @property
    def next_tick(self) -> int | None:
        """When `take` has something to do; None where nothing is on its way any more."""
        times = [start for start in (self._start(self._fresh), self._start(self._again)) if start]
        if self._next_out in self._there:
            times.append(self._there[self._next_out][0])
        return None if self.broken or not times else -(-min(times) // 1_000)

    def _start(self, queue: Sequence[tuple[int, int, bytes]]) -> int | None:
        return max(queue[0][0], self._free_us) if queue else None

    def advance(self, now: int) -> None:
        """Send whatever could leave until now; what is sent again goes first."""
        while not self.broken:
            fresh, again = self._start(self._fresh), self._start(self._again)
            starts = [start for start in (fresh, again) if start is not None]
            if not starts or min(starts) > now * 1_000:
                return
            if again == min(starts):
                _, number, piece = heapq.heappop(self._again)
            else:
                _, number, piece = self._fresh.popleft()
                self.queued -= len(piece)
            there = self._send(len(piece), min(starts)) + self._under_way_us()
            if self._happens(self._conditions.cut):
                self.broken = True
            elif self._happens(self._conditions.loss):
                # The sender knows once an answer would have come.
                heapq.heappush(self._again, (there + self._under_way_us(), number, piece))
            else:
                self._there[number] = there, piece


class Datagrams(_Way):
    """Datagrams: what is lost is gone, and who is slower on the way comes later."""

    def __init__(self, conditions: Conditions, random: Random) -> None:
        super().__init__(conditions, random)
        self._there: list[tuple[int, int, bytes]] = []
        self._number = 0

    def put(self, data: bytes, now: int) -> None:
        """Send a datagram; a line that is behind by more than a second drops it."""
        start_us = max(self._free_us, now * 1_000)
        if start_us > now * 1_000 + SECOND_US:
            return
        there = self._send(len(data), start_us) + self._under_way_us()
        self._number += 1
        if not self._happens(self._conditions.loss):
            heapq.heappush(self._there, (there, self._number, data))

    def take(self, now: int) -> list[bytes]:
        """Return what has arrived, once, in the order of arrival."""
        taken = []
        while self._there and self._there[0][0] <= now * 1_000:
            taken.append(heapq.heappop(self._there)[2])
        return taken

    @property
    def next_tick(self) -> int | None:
        """When the next one arrives."""
        return -(-self._there[0][0] // 1_000) if self._there else None


class ImpairedPipe:
    """A pipe under conditions, the same in both directions."""

    def __init__(
        self, pipe: Pipe, conditions: Conditions, random: Random, now: Callable[[], int]
    ) -> None:
        self.source = pipe.source
        self._pipe, self._now = pipe, now
        self._out, self._in = Stream(conditions, random), Stream(conditions, random)
        self._moved, self._wanted = asyncio.Event(), asyncio.Event()
        self._heard_end = self._closing = False
        self._mover = asyncio.create_task(self._move())
        self._hearer = asyncio.create_task(self._hear())

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self._out.put(data, self._now())
        self._wanted.set()

    @property
    def unsent(self) -> int:
        """How many bytes wait before the line, and behind it."""
        return self._out.queued + self._pipe.unsent

    async def drain(self) -> None:
        """Wait until little is left to send."""
        while self.unsent > SEND_LOW:
            if self._mover.done():
                raise ConnectionResetError("impaired: the way is cut")
            self._moved.clear()
            await self._moved.wait()
        await self._pipe.drain()

    async def read(self) -> bytes:
        """Return what has arrived."""
        while True:
            data = self._in.take(self._now())
            if data:
                self._wanted.set()
                return data
            ended = self._heard_end and self._in.is_empty
            if ended or self._mover.done():
                return b""
            self._moved.clear()
            await self._moved.wait()

    def close(self) -> None:
        """Send what is left, then end."""
        self._closing = True
        self._wanted.set()

    def abort(self) -> None:
        """End at once."""
        self._mover.cancel()
        self._hearer.cancel()
        self._pipe.abort()

    async def _hear(self) -> None:
        """Put what comes on the line, as long as little waits there."""
        try:
            while data := await self._pipe.read():
                self._in.put(data, self._now())
                self._wanted.set()
                while self._in.queued > QUEUE_MAX:
                    await asyncio.sleep(0.01)
        except OSError:
            pass
        self._heard_end = True
        self._wanted.set()
        self._moved.set()

    async def _move(self) -> None:
        """Hand on what has passed the line, whenever it is there."""
        try:
            while not (self._out.broken or self._in.broken):
                now = self._now()
                self._pipe.write(self._out.take(now))
                self._in.advance(now)
                self._moved.set()
                if self._closing and self._out.is_empty:
                    self._pipe.close()
                    return
                # What has come and is not read asks for nothing.
                ticks = (self._out.next_tick, self._in.next_tick)
                times = [at for at in ticks if at is not None and at > now]
                wait = (min(times) - now) / 1_000 if times else None
                self._wanted.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wanted.wait(), wait)
            self._pipe.abort()
        finally:
            self._moved.set()


class Impaired:
    """A transport under conditions."""

    def __init__(
        self,
        transport: Transport,
        conditions: Conditions,
        random: Random,
        now: Callable[[], int],
        *,
        pace: Pace,
        cost: Cost = Cost.FREE,
    ) -> None:
        self.protocol, self.per_source_max = transport.protocol, transport.per_source_max
        self.cost, self.mtu, self.pace = cost, conditions.piece, pace
        self._transport = transport
        self._conditions, self._random, self._now = conditions, random, now

    async def serve(self, address: Address, answer: Callable[[Pipe], None]) -> Server:
        """Answer at an address."""
        return await self._transport.serve(address, lambda pipe: answer(self._impaired(pipe)))

    async def dial(self, address: Address) -> ImpairedPipe:
        """Open a pipe."""
        return self._impaired(await self._transport.dial(address))

    def _impaired(self, pipe: Pipe) -> ImpairedPipe:
        return ImpairedPipe(pipe, self._conditions, self._random, self._now)
