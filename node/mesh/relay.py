"""What a node says to its neighbours in a space: vertices, announcements, receipts, requests."""

from ..session.messages import MessageType
from .carried import Carried, Fresh
from .comparisons import batches
from .messages import Flag, Ids, Push
from .orphans import Orphans
from .outgoing import Outgoing
from .peers import Peer
from .settings import Settings

ANSWER_BYTES = 1 << 20
ASK_MS = 30_000
ASKED_MAX = 1_024


class Relay:
    """Speaks for all spaces of a node. Whatever it tells of is on the disk."""

    def __init__(self, out: Outgoing, settings: Settings) -> None:
        self.settings = settings
        self._out = out

    def rests(self, space: Carried) -> bool:
        """Tell whether a space is not worth its traffic now."""
        return self.settings.metered and space.topic not in self.settings.critical

    def spread(self, space: Carried, fresh: list[Fresh], now: int) -> None:
        """Send vertices on to some neighbours, and gather announcements to the others."""
        tree, metered = space.tree, self.settings.metered
        for peer_id in tree.peers:
            sent = []
            for each in fresh:
                if each.source == peer_id:
                    tree.acknowledge(peer_id, each.id)
                elif each.eager and not metered and tree.is_eager(peer_id):
                    sent.append(each.encoded)
                elif each.source is None or not self.rests(space):
                    tree.announce(peer_id, each.id)
            for batch in batches(sent):
                push = Push(space.topic, batch)
                self._out.add(peer_id, MessageType.MESH_PUSH, push.encode())
        self.plan(space, now)

    def plan(self, space: Carried, now: int) -> None:
        """Set when what was gathered leaves."""
        if not space.tree.silent and space.tell_at <= now:
            space.tell_at = now + self.settings.push_ms

    def tell(self, space: Carried) -> None:
        """Send announcements and receipts."""
        tree = space.tree
        for peer_id, ids in tree.haves.items():
            told = Ids(space.topic, tuple(ids))
            self._out.add(peer_id, MessageType.MESH_HAVE, told.encode())
        for peer_id, ids in tree.stored.items():
            told = Ids(space.topic, tuple(ids))
            self._out.add(peer_id, MessageType.MESH_STORED, told.encode())
        tree.haves, tree.stored = {}, {}

    def prune(self, space: Carried, peer_id: bytes) -> None:
        """Ask a neighbour to tell of vertices, and not to send them."""
        message = Ids(space.topic, (), Flag.PRUNE)
        self._out.add(peer_id, MessageType.MESH_HAVE, message.encode())

    def answer(
        self, space: Carried, peer_id: bytes, peer: Peer, ids: tuple[bytes, ...], now: int
    ) -> None:
        """Send a neighbour what it asked for, parents first, as much as goes at once."""
        places = [(place.lamport, name) for name in ids if (place := space.dag.place(name))]
        found: list[bytes] = []
        size = 0
        for _, name in sorted(places):
            data = None if self._keeps_back(space, name) else space.dag.encoded(name)
            if data is None:
                continue
            size += len(data)
            if size > ANSWER_BYTES or not peer.served.take(len(data), now):
                break
            found.append(data)
        parts = batches(found) or [()]
        for number, batch in enumerate(parts):
            last = Flag.LAST if number == len(parts) - 1 else Flag.NONE
            message = Push(space.topic, batch, Flag.ANSWER | last)
            self._out.add(peer_id, MessageType.MESH_PUSH, message.encode())

    def ask(self, space: Carried, now: int, orphans: Orphans) -> None:
        """Ask neighbours for what is lacking and due."""
        asks = space.fetch.tick(
            now,
            space.tree.peers,
            lambda name: space.dag.place(name) is not None or (space.topic, name) in orphans,
            lambda name: orphans.is_missing(space.topic, name),
        )
        for each in asks:
            graft = each.graft and not self.settings.metered
            if graft:
                space.tree.graft(each.peer_id)
            message = Ids(space.topic, each.ids, Flag.GRAFT if graft else Flag.NONE)
            self._out.add(each.peer_id, MessageType.MESH_WANT, message.encode())

    def ask_stored(self, space: Carried, peer_id: bytes) -> None:
        """Ask a neighbour which vertices of one's own it has stored."""
        ids = tuple(space.unacknowledged[:ASKED_MAX])
        if ids:
            message = Ids(space.topic, ids, Flag.ASK)
            self._out.add(peer_id, MessageType.MESH_HAVE, message.encode())

    def _keeps_back(self, space: Carried, name: bytes) -> bool:
        """Tell whether a vertex is not worth its traffic now."""
        return self.rests(space) and not space.is_own(name)
