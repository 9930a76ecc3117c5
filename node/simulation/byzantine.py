"""Nodes that run the real protocols and then spoil what they send.

A mangler stands between a node's cores and its lines. So the lies are as good as the truth but for
one thing, which is how real attackers look. Two nodes with one author's key write what contradicts
itself: that is not done here, but by giving both the same key.
"""

from collections import deque
from collections.abc import Iterator
from enum import Enum
from random import Random

from ..core import Send
from ..session.messages import MessageType
from .nodes import Node, Wire
from .world import World

REMEMBERED = 64
FLOOD_OF = 64
SPOKEN = tuple(kind for kind in MessageType if 0x20 <= kind <= 0x31)
CARRIES = frozenset((MessageType.MESH_PUSH, MessageType.DHT_ANSWER))


class Strategy(Enum):
    """What a Byzantine node does to the others."""

    WITHHOLD = "withhold"  # takes everything, and passes on next to nothing
    CORRUPT = "corrupt"  # turns bits
    REPLAY = "replay"  # says again, and to others, what it said before
    FLOOD = "flood"  # says it far too often
    NOISE = "noise"  # says random things
    TWIN = "twin"  # writes as an author who writes elsewhere at the same time


def wire(strategy: Strategy, world: World, seed: str) -> Wire | None:
    """Return the mangler of a strategy; what it draws follows from the seed."""
    chance = Random(seed)
    said: deque[Send] = deque(maxlen=REMEMBERED)

    def withhold(_: Node, send: Send) -> Iterator[Send]:
        if send.type not in CARRIES or chance.random() < 0.1:
            yield send

    def corrupt(_: Node, send: Send) -> Iterator[Send]:
        if send.payload and chance.random() < 0.3:
            spoilt = bytearray(send.payload)
            spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(8)
            cut = chance.randrange(8)
            yield Send(send.peer_id, send.type, bytes(spoilt[cut:] if cut == 7 else spoilt))
        else:
            yield send

    def replay(node: Node, send: Send) -> Iterator[Send]:
        yield send
        said.append(send)
        if node.lines and chance.random() < 0.2:
            old = said[chance.randrange(len(said))]
            yield Send(somebody(node), old.type, old.payload)

    def flood(_: Node, send: Send) -> Iterator[Send]:
        yield from [send] * (FLOOD_OF if chance.random() < 0.02 else 1)

    def noise(node: Node, send: Send) -> Iterator[Send]:
        yield send
        if node.lines and chance.random() < 0.2:
            data = chance.randbytes(chance.randrange(200))
            yield Send(somebody(node), SPOKEN[chance.randrange(len(SPOKEN))], data)

    def somebody(node: Node) -> bytes:
        linked = sorted(node.lines)
        return world.nodes[linked[chance.randrange(len(linked))]].peer_id

    manglers: dict[Strategy, Wire] = {
        Strategy.WITHHOLD: withhold,
        Strategy.CORRUPT: corrupt,
        Strategy.REPLAY: replay,
        Strategy.FLOOD: flood,
        Strategy.NOISE: noise,
    }
    return manglers.get(strategy)
