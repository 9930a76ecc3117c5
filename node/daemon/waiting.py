"""Waiting for something to do, or for the time of the next thing."""

import asyncio
from contextlib import suppress


async def woken(event: asyncio.Event, seconds: float) -> None:
    """Wait for an event, at most so long.

    Not asyncio.wait_for, which in Python 3.11 takes no notice of being cancelled in the moment in
    which the event comes: a task that waits in a loop would never end.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
