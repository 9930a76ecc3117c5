"""Single-use reply blocks: a way back that its user can walk but not see.

The client lays out a path that ends at itself and hands over the first node, the header and a key.
Whoever answers encrypts under that key and sends; the relays each turn the body once more, and the
client, who knows all keys, turns it back. Nothing of a reply is equal to anything of a request.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..codec import Reader, Refused
from ..crypto import KEY, Random
from . import wide_block
from .packet import (
    HEADER_SIZE,
    NODE_ID,
    REPLY,
    VERSION,
    Relay,
    Routing,
    build_header,
    open_payload,
    seal_payload,
    wrap,
)

SURB_SIZE = NODE_ID + HEADER_SIZE + KEY
SURB_ID = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Surb:
    """What the one who answers holds."""

    first: bytes
    header: bytes = field(repr=False)
    key: bytes = field(repr=False)

    def encode(self) -> bytes:
        """Return SURB_SIZE bytes."""
        return self.first + self.header + self.key

    @classmethod
    def decode(cls, data: bytes) -> "Surb":
        """Read a block; whether its header leads anywhere, only relays can tell."""
        reader = Reader(data)
        first = reader.take(NODE_ID)
        header = reader.take(HEADER_SIZE)
        key = reader.take(KEY)
        reader.end()
        if header[0] != VERSION:
            raise Refused("onion: unknown version")
        return cls(first=first, header=header, key=key)


@dataclass(frozen=True, slots=True, kw_only=True)
class SurbSecret:
    """What the client keeps to open the reply, under the id that comes back with it."""

    surb_id: bytes
    key: bytes = field(repr=False)
    body_keys: tuple[bytes, ...] = field(repr=False)

    def open(self, body: bytes) -> bytes:
        """Return the payload of a reply, as the client's own node hands it over."""
        # The hops took off layers that nobody had put on, so that is undone first.
        return open_payload(wide_block.decrypt(self.key, wrap(self.body_keys, body)))


def make_surb(
    path: Sequence[Relay], delays: Sequence[int], random: Random
) -> tuple[Surb, SurbSecret]:
    """Return a reply block for a path that ends at the node which makes it."""
    surb_id, key = random(SURB_ID), random(KEY)
    header, body_keys = build_header(path, delays, Routing(REPLY, surb_id), random)
    secret = SurbSecret(surb_id=surb_id, key=key, body_keys=tuple(body_keys))
    return Surb(first=path[0].node_id, header=header, key=key), secret


def reply(surb: Surb, payload: bytes) -> tuple[bytes, bytes]:
    """Return the node to send to and the packet; whoever does this twice loses the second one."""
    return surb.first, surb.header + wide_block.encrypt(surb.key, seal_payload(payload))
