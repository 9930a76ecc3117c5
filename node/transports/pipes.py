"""What a transport is: ways to carry bytes between two machines, and nothing that trusts them.

A pipe is a stream of bytes, in order. Whatever it promises beyond that (TLS inside QUIC, pairing of
Bluetooth) counts for nothing here: a link runs above it and proves who is there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from ..identity import Multiaddr
from ..link import Pace

READ_SIZE = 65_536


class Cost(Enum):
    """What it costs to send: whoever chooses what to send, and when, asks for it."""

    FREE = "free"  # a line of our own: wire, WiFi
    METERED = "metered"  # paid by volume
    SCARCE = "scarce"  # so slow that a handshake takes minutes


class Pipe(Protocol):
    """A stream of bytes to another machine."""

    source: bytes
    """What counts as one caller, as far as can be told."""

    def write(self, data: bytes) -> None:
        """Send bytes in their order; never waits, and says nothing where the pipe has ended."""

    @property
    def unsent(self) -> int:
        """How many bytes are written and not on their way."""

    async def drain(self) -> None:
        """Wait until there is room to send; an OSError where the pipe has ended."""

    async def read(self) -> bytes:
        """Return what has come, at most 64 KiB; nothing at the end, or an OSError."""

    def close(self) -> None:
        """Send what is left, then end: `read` returns nothing once that has happened."""

    def abort(self) -> None:
        """End at once."""


@dataclass(frozen=True, slots=True)
class Nearby:
    """A device that is in reach of the radio; its address is one of the radio, not of a node."""

    device: str
    peer_id: bytes | None = None
    protocol: str = "bluetooth"


@dataclass(frozen=True, slots=True)
class Circuit:
    """A node behind another one, which carries the bytes."""

    bridge: bytes
    peer_id: bytes | None = None
    protocol: str = "circuit"


Address = Multiaddr | Nearby | Circuit


class Server(Protocol):
    """What answers at an address."""

    @property
    def address(self) -> Address:
        """Where that is."""

    async def close(self) -> None:
        """Answer no more."""


class Transport(Protocol):
    """One way to carry bytes."""

    protocol: str
    """What addresses call it."""
    cost: Cost
    mtu: int
    """How much goes in one piece below the pipe."""
    pace: Pace
    """How patient links over it are."""
    per_source_max: int
    """How many links one source may have."""

    async def serve(self, address: Address, answer: Callable[[Pipe], None]) -> Server:
        """Answer at an address, and hand on each pipe that is opened to it."""

    async def dial(self, address: Address) -> Pipe:
        """Open a pipe; an OSError tells why there is none."""
