"""The nodes that there is a link to: which spaces they share, what they may do, who is banned."""

from collections import Counter, OrderedDict
from collections.abc import Mapping

from ..codec import Refused
from ..crypto import Random
from ..session.messages import MessageType
from .messages import NONCE, TAGS_STEP, Flag, Topics, read_topics
from .outgoing import Outgoing
from .peers import EXCESS, FAULT, Conduct, Peer
from .settings import Misbehaved
from .space import TOKEN, blinded

CONDUCT_MAX = 4_096
TELL_GAP_MAX_MS = 300_000
NEVER = 1 << 62


class Neighbours:
    """All of them, for one node."""

    def __init__(self, own_id: bytes, out: Outgoing, random: Random) -> None:
        self.refused: Counter[str] = Counter()
        self.linked: dict[bytes, Peer] = {}
        self._own_id, self._out, self._random = own_id, out, random
        self._conduct: OrderedDict[bytes, Conduct] = OrderedDict()

    def meet(self, peer_id: bytes, carriers: Mapping[bytes, bytes], now: int) -> None:
        """Begin with a node: tell it, blinded, which spaces are carried here."""
        if peer_id not in self.linked:
            self.linked[peer_id] = Peer(now)
        if not self.is_banned(peer_id, now):
            self._tell(peer_id, carriers, now)

    def part(self, peer_id: bytes) -> None:
        """Forget a link."""
        self.linked.pop(peer_id, None)

    def forget(self, topic: bytes) -> None:
        """Share a space with nobody any more."""
        for peer in self.linked.values():
            peer.topics.pop(topic, None)

    def tell_all(self, carriers: Mapping[bytes, bytes], now: int) -> None:
        """Say anew which spaces are carried, and ask the same."""
        for peer_id, peer in self.linked.items():
            peer.heard = False
            if not self.is_banned(peer_id, now):
                self._tell(peer_id, carriers, now, Flag.AGAIN)

    def hear(
        self, peer_id: bytes, data: bytes, carriers: Mapping[bytes, bytes], now: int
    ) -> tuple[list[bytes], list[bytes]]:
        """Take what a node says of its spaces; return the shared ones that are new, and gone."""
        message, peer = read_topics(data), self.linked[peer_id]
        tags = frozenset(message.tags)
        shared = {
            topic: None
            for topic, carrier in carriers.items()
            if blinded(carrier, peer_id, self._own_id, message.nonce) in tags
        }
        gained = [topic for topic in shared if topic not in peer.topics]
        gone = [topic for topic in peer.topics if topic not in shared]
        peer.topics, peer.heard, peer.tell_gap = shared, True, 5_000
        if message.flags & Flag.AGAIN:
            self._tell(peer_id, carriers, now)
        return gained, gone

    def tick(self, carriers: Mapping[bytes, bytes], now: int) -> None:
        """Ask those again who have not said which spaces they carry."""
        for peer_id, peer in self.linked.items():
            if peer.heard or peer.tell_at > now:
                continue
            if self.is_banned(peer_id, now):  # it may have come back on another link
                peer.tell_at = self._conduct[peer_id].until
            else:
                self._tell(peer_id, carriers, now, Flag.AGAIN)

    @property
    def next_tick(self) -> int:
        """When somebody is to be asked again."""
        times = (peer.tell_at for peer in self.linked.values() if not peer.heard)
        return min(times, default=NEVER)

    def ask_again(self, peer_id: bytes) -> None:
        """Note that a node may share more than it was heard to."""
        peer = self.linked.get(peer_id)
        if peer is not None:
            peer.heard = False

    def admit(self, peer_id: bytes, now: int) -> Peer:
        """Return the node of a message that may be heard."""
        peer = self.linked.get(peer_id)
        if peer is None:
            raise Refused("mesh: no link")
        if self.is_banned(peer_id, now):
            raise Refused("mesh: banned")
        return peer

    def is_banned(self, peer_id: bytes, now: int) -> bool:
        """Tell whether a node is not heard."""
        conduct = self._conduct.get(peer_id)
        return conduct is not None and conduct.banned(now)

    def fault(self, peer_id: bytes, reason: str, now: int) -> Misbehaved | None:
        """Count a broken rule."""
        return self._count(peer_id, reason, FAULT, now)

    def excess(self, peer_id: bytes, reason: str, now: int) -> Misbehaved | None:
        """Count what was too much, and may be so by chance."""
        return self._count(peer_id, reason, EXCESS, now)

    def _count(self, peer_id: bytes, reason: str, points: int, now: int) -> Misbehaved | None:
        self.refused[reason] += 1
        conduct = self._conduct.setdefault(peer_id, Conduct())
        self._conduct.move_to_end(peer_id)
        if len(self._conduct) > CONDUCT_MAX:
            self._conduct.popitem(last=False)
        if not conduct.fault(points, now):
            return None
        peer = self.linked.get(peer_id)
        if peer is not None:
            peer.topics, peer.heard, peer.tell_at = {}, False, conduct.until
        return Misbehaved(peer_id, reason)

    def _tell(
        self,
        peer_id: bytes,
        carriers: Mapping[bytes, bytes],
        now: int,
        flags: Flag = Flag.NONE,
    ) -> None:
        nonce = self._random(NONCE)
        tags = [blinded(carrier, self._own_id, peer_id, nonce) for carrier in carriers.values()]
        size = max(TAGS_STEP, -(-len(tags) // TAGS_STEP) * TAGS_STEP)
        tags += [self._random(TOKEN) for _ in range(size - len(tags))]
        message = Topics(nonce, tuple(sorted(tags)), flags)
        self._out.add(peer_id, MessageType.MESH_TOPICS, message.encode())
        peer = self.linked[peer_id]
        peer.tell_at = now + peer.tell_gap
        peer.tell_gap = min(TELL_GAP_MAX_MS, 2 * peer.tell_gap)
