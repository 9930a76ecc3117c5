"""Whoever is near: on the same network by mDNS, within reach of the radio. Needs no internet.

What is heard is a hint that anybody could give. It is dialled, and the link proves who is there.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from ..identity import Multiaddr
from ..transports.circuits import Circuits
from ..transports.pipes import Address, Nearby
from .finding import Finding
from .services import Node

if TYPE_CHECKING:
    from ..transports.bluetooth import Bluetooth

ROTATE_SECONDS = 900.0  # the radio's address is another one after so long


class Near:
    """The local level of one daemon."""

    def __init__(
        self, node: Node, finding: Finding, circuits: Circuits, refused: Counter[str]
    ) -> None:
        self.circuits = circuits
        self._node = node
        self._finding = finding
        self._refused = refused
        self.ways: list[str] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def by_network(self, name: str, places: Sequence[Multiaddr]) -> None:
        """Tell the local network of this node, and dial whom it hears of."""
        from ..transports.mdns import Neighbours  # a library that a node elsewhere never needs

        neighbours = Neighbours(name, places, self._heard, self._refused)
        try:
            await neighbours.start()
        except OSError as error:
            self._finding.near_failed(f"mdns: {error.strerror}")
            return
        self.ways.append("mdns")
        self._tasks.append(asyncio.ensure_future(_until_cancelled(neighbours.close)))

    async def by_radio(self, radio: "Bluetooth") -> None:
        """Advertise by Bluetooth, and dial whom it hears of."""
        try:
            await self._node.network.serve(Nearby(""))
            await radio.scan(self._heard)
        except OSError as error:
            self._finding.near_failed(f"bluetooth: {error}")
            return
        self.ways.append("bluetooth")

        async def rotate() -> None:
            while True:
                await asyncio.sleep(ROTATE_SECONDS)
                await radio.rotate()

        self._tasks.append(asyncio.ensure_future(rotate()))

    async def close(self) -> None:
        """Say goodbye."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def _heard(self, place: Address) -> None:
        self._node.network.call_hint(place)


async def _until_cancelled(close: Callable[[], Awaitable[None]]) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        await close()
