"""What every protocol of the node looks like to whoever runs it: the daemon, or a simulation.

A protocol is told of links, messages and the time, and is asked afterwards what it wants to send.
It has no clock, socket or file of its own; what it keeps, it keeps in a `Store`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from .session.messages import MessageType


@dataclass(frozen=True, slots=True)
class Send:
    """A message for a node, over the link that there is or one that is to be made."""

    peer_id: bytes
    type: MessageType
    payload: bytes


class Core(Protocol):
    """A protocol. Times are in milliseconds and never run backwards."""

    types: frozenset[MessageType]
    """What it hears; no two cores of a node hear the same type."""

    def linked(self, peer_id: bytes, now: int) -> None:
        """Take note of a link that both sides have greeted on."""

    def unlinked(self, peer_id: bytes, now: int) -> None:
        """Take note that the last link to a node has ended."""

    def unreachable(self, peer_id: bytes, now: int) -> None:
        """Take note that a node could not be dialled, or that a message for it is lost."""

    def receive(self, peer_id: bytes, kind: MessageType, payload: bytes, now: int) -> None:
        """Take a message off a link; `Refused` where it breaks a rule."""

    def tick(self, now: int) -> None:
        """Do what is due; call at `next_tick`, or any time."""

    @property
    def next_tick(self) -> int:
        """When `tick` has something to do, if nothing happens before."""

    def outgoing(self) -> list[Send]:
        """Return what is to be sent, once, in its order."""


class Store(Protocol):
    """A sorted table of bytes. What was committed is there after a crash; the rest never was."""

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key."""

    def scan(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        """Return all pairs whose key begins so, in the order of keys."""

    def commit(self, changes: Mapping[bytes, bytes | None]) -> None:
        """Set values and take keys away (None), all of it or nothing; durable when it returns."""
