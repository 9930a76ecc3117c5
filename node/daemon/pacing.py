"""Holds a node's links to a bandwidth, and its wake-ups to a number a minute."""

import asyncio

from ..resources import Bandwidth, Wakes
from .cores import Clock

AWAKE_MS = 2_000  # for so long a node that has woken does whatever there is to do


class Pacing:
    """What whoever sends or hears has to wait for."""

    def __init__(self, bandwidth_max: int | None, clock: Clock) -> None:
        self.sending, self.hearing = Bandwidth(bandwidth_max), Bandwidth(bandwidth_max)
        self.sent = self.heard = 0  # bytes of messages
        self._wakes = Wakes()
        self._per_minute: int | None = None
        self._awake_until = 0
        self._clock = clock

    def set_wakes(self, per_minute: int | None) -> None:
        """Change how often the node may wake; None is always awake."""
        self._per_minute = per_minute
        self._wakes.set(per_minute)

    async def to_send(self, size: int) -> None:
        """Wait until a message may be sent."""
        await self._spend(self.sending, size)
        self.sent += size

    async def to_hear(self, size: int) -> None:
        """Wait until a message may be taken in; the link is read no further meanwhile."""
        await self._spend(self.hearing, size)
        await self.awake()
        self.heard += size

    async def awake(self) -> None:
        """Wait until the node may be awake."""
        while self._per_minute is not None and self._clock() >= self._awake_until:
            now = self._clock()
            if self._wakes.wake(now):
                self._awake_until = now + AWAKE_MS
            else:
                await asyncio.sleep((self._wakes.next_at(now, now) - now) / 1_000)

    async def _spend(self, bucket: Bandwidth, size: int) -> None:
        while not bucket.spend(size, now := self._clock()):
            await asyncio.sleep(max(bucket.ready_at(now) - now, 1) / 1_000)
