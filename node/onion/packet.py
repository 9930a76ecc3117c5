"""The onion packet: Sphinx with a hybrid key encapsulation for each hop. docs/onion.md has tables.

A packet is a header and a body, always of the same sizes. A hop decapsulates the ciphertext in
front, checks the header, takes its own block of the routes off and finds in it where the packet
goes next, with which ciphertext; what it took off the front it adds to the end, as bytes that
nobody can tell from the rest. So no hop learns how long the path is or where on it it stands.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..codec import Reader, Refused, u8, u16, u32
from ..crypto import (
    HYBRID_CIPHERTEXT,
    KEY,
    HybridKey,
    Random,
    decapsulate,
    encapsulate,
    equal,
    hkdf_expand,
    keystream,
    mac,
)
from . import wide_block
from .wide_block import xor

VERSION = 1
SLOTS = 4  # three relays and the node at the end
NODE_ID = 32
MAC = 16
TAG = 16
DELAY_MAX_MS = 60_000
PACKET_SIZE = 17_920  # a body of 4 KiB with its request, and one reply block

FORWARD, DELIVER, REPLY, DISCARD = 1, 2, 3, 4
NOBODY = bytes(NODE_ID)
NOT_FOR_THIS_KEY = "onion: not for this key, or changed"

ROUTING_SIZE = 1 + NODE_ID + 4
BLOCK_SIZE = ROUTING_SIZE + MAC + HYBRID_CIPHERTEXT
ROUTES_SIZE = (SLOTS - 1) * BLOCK_SIZE + ROUTING_SIZE
HEADER_SIZE = 1 + HYBRID_CIPHERTEXT + MAC + ROUTES_SIZE
BODY_SIZE = PACKET_SIZE - HEADER_SIZE
PAYLOAD_MAX = BODY_SIZE - TAG - 2

_KEM_LABEL = b"pars/onion/v1"
_KEM_CONTEXT = u8(VERSION) + u8(SLOTS) + u32(PACKET_SIZE)
_HOP_LABEL = b"pars/onion-hop/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """A node that takes packets: its id, its onion key, and what network it is reached in."""

    node_id: bytes
    public: bytes = field(repr=False)
    subnet: bytes = b""


class Routing(NamedTuple):
    """What one hop is told: what to do, for whom, and how long to wait before."""

    command: int
    target: bytes = NOBODY
    delay_ms: int = 0

    def encode(self) -> bytes:
        """Return the front of a block."""
        return u8(self.command) + self.target + u32(self.delay_ms)


class HopKeys(NamedTuple):
    """What a hop and the sender derive from the hop's secret."""

    mac: bytes
    stream: bytes
    body: bytes
    tag: bytes  # tells this packet from every other one under the same onion key

    @classmethod
    def derive(cls, secret: bytes) -> "HopKeys":
        """Return the keys of a hop."""
        keys = hkdf_expand(secret, _HOP_LABEL, 4 * KEY)
        return cls(keys[:32], keys[32:64], keys[64:96], keys[96:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A header with one layer off."""

    routing: Routing
    header: bytes = field(repr=False)
    body_key: bytes = field(repr=False)
    tag: bytes = field(repr=False)


def is_onion_key(public: bytes, random: Random) -> bool:
    """Return whether a packet can be built for this key."""
    try:
        encapsulate(public, _KEM_LABEL, _KEM_CONTEXT, random)
    except Refused:
        return False
    return True


def build(path: Sequence[Relay], delays: Sequence[int], payload: bytes, random: Random) -> bytes:
    """Return the packet that the last node of the path delivers to itself."""
    header, body_keys = build_header(path, delays, Routing(DELIVER), random)
    return header + wrap(body_keys, seal_payload(payload))


def build_header(
    path: Sequence[Relay], delays: Sequence[int], last: Routing, random: Random
) -> tuple[bytes, list[bytes]]:
    """Return a header, and the keys that the hops take off the body, the first hop's first.

    `delays` has one wait for each node that forwards, so one fewer than the path has nodes.
    """
    if not 1 <= len(path) <= SLOTS or len(delays) != len(path) - 1:
        raise ValueError(f"a path has 1 to {SLOTS} nodes, and all but the last one wait")
    pairs = [encapsulate(hop.public, _KEM_LABEL, _KEM_CONTEXT, random) for hop in path]
    keys = [HopKeys.derive(secret) for secret, _ in pairs]
    streams = [keystream(each.stream, ROUTES_SIZE + BLOCK_SIZE) for each in keys]
    filler = _filler(streams[:-1])
    # Random, not zeros: the last hop sees this, and would count the hops before it.
    routes = last.encode() + random(ROUTES_SIZE - ROUTING_SIZE - len(filler))
    routes = xor(routes, streams[-1][: len(routes)]) + filler
    for index in range(len(path) - 1, 0, -1):
        ciphertext = pairs[index][1]
        step = Routing(FORWARD, path[index].node_id, delays[index - 1])
        block = step.encode() + _header_mac(keys[index].mac, ciphertext, routes) + ciphertext
        routes = xor((block + routes)[:ROUTES_SIZE], streams[index - 1][:ROUTES_SIZE])
    ciphertext = pairs[0][1]
    code = _header_mac(keys[0].mac, ciphertext, routes)
    return _header(ciphertext, code, routes), [each.body for each in keys]


def _filler(streams: Sequence[bytes]) -> bytes:
    """Return what hops have added to the end of the routes by the time the last hop looks."""
    filler = b""
    for stream in streams:
        start = ROUTES_SIZE - len(filler)
        filler = xor(filler + bytes(BLOCK_SIZE), stream[start:])
    return filler


def open_header(key: HybridKey, header: bytes) -> Opened:
    """Take this node's layer off."""
    reader = Reader(header)
    if reader.u8() != VERSION:
        raise Refused("onion: unknown version")
    ciphertext = reader.take(HYBRID_CIPHERTEXT)
    code = reader.take(MAC)
    routes = reader.take(ROUTES_SIZE)
    reader.end()
    keys = HopKeys.derive(decapsulate(key, ciphertext, _KEM_LABEL, _KEM_CONTEXT))
    if not equal(code, _header_mac(keys.mac, ciphertext, routes)):
        raise Refused(NOT_FOR_THIS_KEY)
    stream = keystream(keys.stream, ROUTES_SIZE + BLOCK_SIZE)
    inner = Reader(xor(routes + bytes(BLOCK_SIZE), stream))
    routing = _routing(inner)
    next_code = inner.take(MAC)
    next_ciphertext = inner.take(HYBRID_CIPHERTEXT)
    return Opened(
        routing=routing,
        header=_header(next_ciphertext, next_code, inner.rest()),
        body_key=keys.body,
        tag=keys.tag,
    )


def _routing(reader: Reader) -> Routing:
    routing = Routing(reader.u8(), reader.take(NODE_ID), reader.u32())
    if not FORWARD <= routing.command <= DISCARD:
        raise Refused("onion: unknown command")
    if routing.command != FORWARD and routing.delay_ms:
        raise Refused("onion: a wait at the end")
    if routing.delay_ms > DELAY_MAX_MS:
        raise Refused("onion: too long a wait")
    if (routing.command in (DELIVER, DISCARD)) != (routing.target == NOBODY):
        raise Refused("onion: wrong target")
    return routing


def _header(ciphertext: bytes, code: bytes, routes: bytes) -> bytes:
    return u8(VERSION) + ciphertext + code + routes


def _header_mac(key: bytes, ciphertext: bytes, routes: bytes) -> bytes:
    return mac(key, _header(ciphertext, b"", routes))[:MAC]


def split(packet: bytes) -> tuple[bytes, bytes]:
    """Return header and body."""
    if len(packet) != PACKET_SIZE:
        raise Refused("onion: wrong size")
    return packet[:HEADER_SIZE], packet[HEADER_SIZE:]


def wrap(body_keys: Sequence[bytes], body: bytes) -> bytes:
    """Put on the layers that the hops with these keys take off, the first hop's outermost."""
    for key in reversed(body_keys):
        body = wide_block.encrypt(key, body)
    return body


def unwrap(body_key: bytes, body: bytes) -> bytes:
    """Take one layer off a body."""
    return wide_block.decrypt(body_key, body)


def seal_payload(payload: bytes) -> bytes:
    """Return a body: zeros by which a change is noticed, length, payload, zeros."""
    if len(payload) > PAYLOAD_MAX:
        raise ValueError(f"a payload has at most {PAYLOAD_MAX} bytes")
    return (bytes(TAG) + u16(len(payload)) + payload).ljust(BODY_SIZE, b"\0")


def open_payload(body: bytes) -> bytes:
    """Return the payload of a body from which all layers are off."""
    reader = Reader(body)
    if len(body) != BODY_SIZE or not equal(reader.take(TAG), bytes(TAG)):
        raise Refused("onion: body was changed")
    size = reader.u16()
    if size > PAYLOAD_MAX:
        raise Refused("onion: payload too long")
    payload = reader.take(size)
    if reader.rest().strip(b"\0"):
        raise Refused("onion: padding is not zero")
    return payload
