"""What the user of a daemon may call about the mesh: spaces, documents, the state of the node."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..codec import Refused
from ..control import LOCKED, REFUSED, ControlError, Json, Method
from .carrying import Carrying
from .finding import Finding
from .inviting import Inviting
from .services import Node
from .spaces import Member, Spaces
from .tending import Tending

if TYPE_CHECKING:
    from .chain import Full, Light

ID = 32


class MeshMethods:
    """The daemon's answers about the mesh."""

    def __init__(
        self,
        node: Node,
        finding: Finding,
        spaces: Spaces,
        inviting: Inviting,
        tending: Tending,
        light: "Light | None",
        full: "Full | None",
        wallet_seed: Callable[[], bytes],
        refused: Counter[str],
    ) -> None:
        self.publish: Callable[[dict[str, Json]], None] = lambda _: None
        self._node = node
        self._finding = finding
        self._spaces = spaces
        self._inviting = inviting
        self._tending = tending
        self._light, self._full = light, full
        self._wallet_seed = wallet_seed
        self._carrying = Carrying(node, spaces, refused)
        self._refused = refused
        spaces.tell = self._tell

    def table(self) -> dict[str, Method]:
        """Return every method by its name."""
        space: dict[str, type] = {"space": str}
        document: dict[str, type] = {**space, "type": str, "document": str}
        return {
            "GetNode": Method(self.node),
            "GetSpaces": Method(self.spaces),
            "CreateSpace": Method(self._settled(self.create), {"name": str}),
            "LeaveSpace": Method(self._settled(self.leave), space),
            "GetDocuments": Method(self._settled(self.documents), space),
            "GetDocument": Method(self._settled(self.document), document),
            "EditDocument": Method(self._settled(self.edit), {**document, "change": dict}),
            "CreateInvite": Method(
                self._settled(self.invite), {"hours": int}, {"space": str, "carry": bool}
            ),
            "AcceptInvite": Method(self._settled(self.accept), {"text": str}),
            "ExportBundle": Method(_told(self.export), {**space, "path": str, "whole": bool}),
            "ImportBundle": Method(_told(self.take_in), {"path": str}),
            "AnnouncePresence": Method(
                _told(self.announce), {"sessionId": str, "destination": str}
            ),
            "FindSessionPeers": Method(_told(self.participants), {"sessionId": str}),
            "SendTransaction": Method(self._settled(self.send), {"raw": str}),
            "EnableValidator": Method(self._settled(self.enable), {"stake": str}),
            "GetTransactions": Method(self._settled(self.transactions)),
        }

    def _settled(self, run: Callable[..., Awaitable[Json]]) -> Callable[..., Awaitable[Json]]:
        """Ask for the store to be unlocked first."""

        async def settled(**params: Json) -> Json:
            if self._spaces.member is None:
                raise ControlError(LOCKED, "locked: call Unlock, or CreateIdentity first")
            return await _told(run)(**params)

        return settled

    async def node(self) -> Json:
        """Return how the node does."""
        node, mesh, dht = self._node, self._spaces.mesh, self._finding.dht
        told: dict[str, Any] = {
            "active": node.active,
            "links": {
                "nodes": len(node.network.peers),
                "by": dict(Counter(_protocols(node))),
                "near": sum(map(node.network.is_near, node.network.peers)),
            },
            "table": {"nodes": len(dht.table), "records": len(dht.values)},
            "bootstrap": {
                "joined": self._finding.planner.is_joined,
                "known": len(self._finding.planner.known),
                "warned": dict(self._finding.warned),
            },
            "mesh": {
                "spaces": len(mesh.topics),
                "vertices": sum(len(mesh.items(topic)) for topic in mesh.topics),
                "sizeBytes": sum(mesh.size(topic) for topic in mesh.topics),
                "forks": self._spaces.forks,
            },
            "resources": self._resources(),
            "refused": dict(self._refused + mesh.refused),
        }
        if self._light is not None:
            told["light"] = self._light_view(self._light)
        if self._full is not None:
            told["full"] = {
                "certified": self._full.certified,
                "stage": self._full.status.stage.value,
                "reason": self._full.status.reason,
                "fellows": len(self._full.gateway.fellows),
                **self._full.gateway.counts,
            }
        member = self._spaces.member
        if member is not None:
            view = member.lifecycle.overview()
            told["life"] = {
                "phase": view.phase.value,
                "step": view.step.name.lower() if view.step else "",
                "pendingVertices": view.pending_vertices,
                "pendingOperations": view.pending_operations,
                "pendingTransactions": view.pending_transactions,
                "problems": len(view.problems),
                "near": len(view.local_peers),
                "lastOnlineSync": view.last_online_sync,
                "offlineSince": view.offline_since,
            }
        return told

    def _light_view(self, light: "Light") -> dict[str, Any]:
        head = light.client.trust.head
        return {
            "block": head.number if head else None,
            "ageSeconds": self._node.clock() // 1_000 - head.timestamp if head else None,
            "validators": len(light.validators),
            "servers": len(light.client.servers),
            "agreement": light.agreement,
            "receivedBytes": light.client.received,
            "transactions": len(light.queue.entries()),
        }

    def _resources(self) -> dict[str, Any]:
        reading, manager = self._tending.reading, self._tending.manager
        return {
            "mode": manager.budget.mode.value,
            "memoryBytes": reading.memory,
            "memoryMaxBytes": manager.limits.memory_max,
            "storageBytes": reading.storage,
            "storageMaxBytes": manager.limits.storage_max,
            "battery": reading.battery,
            "metered": reading.metered,
            "prunedBytes": self._tending.pruned,
            "sentBytes": self._node.pacing.sent,
            "heardBytes": self._node.pacing.heard,
        }

    async def spaces(self) -> Json:
        """Return the spaces that are carried; those of the user have a name while unlocked."""
        mesh, member = self._spaces.mesh, self._spaces.member
        return [
            {
                "space": topic.hex(),
                "name": member.names.get(topic, "") if member else "",
                "vertices": len(mesh.items(topic)),
                "sizeBytes": mesh.size(topic),
                "unacknowledged": len(mesh.unacknowledged(topic)),
                "nodes": len(mesh.carriers(topic)),
                "stateHash": mesh.state_hash(topic).hex(),
            }
            for topic in mesh.topics
        ]

    async def create(self, name: str) -> Json:
        """Begin a space."""
        return {"space": self._spaces.create(name).hex()}

    async def leave(self, space: str) -> Json:
        """Forget a space."""
        self._spaces.leave(_topic(space))
        return True

    async def documents(self, space: str) -> Json:
        """Return the documents of a space that have names."""
        listed = self._spaces.listed(_topic(space))
        return [{"type": word, "name": name} for word, name in listed]

    async def document(self, space: str, type: str, document: str) -> Json:  # noqa: A002 - JSON's
        """Return what a document holds."""
        return self._spaces.value(_topic(space), type, document)

    async def edit(
        self,
        space: str,
        type: str,  # noqa: A002 - JSON's
        document: str,
        change: dict[str, Json],
    ) -> Json:
        """Change a document; return what it holds then."""
        topic = _topic(space)
        self._spaces.change(topic, type, document, change)
        return self._spaces.value(topic, type, document)

    async def invite(self, hours: int, space: str = "", carry: bool = False) -> Json:
        """Make an invite to this node, and into a space where one is named, or to carry it."""
        invite = self._inviting.make(_topic(space) if space else None, hours, carry=carry)
        return {"text": invite.text(), "expires": invite.expires}

    async def accept(self, text: str) -> Json:
        """Take up an invite; return the number that both sides see."""
        paired, space = await self._inviting.take_up(text)
        return {"number": paired.number, "space": space.hex() if space else ""}

    async def export(self, space: str, path: str, whole: bool) -> Json:
        """Write a bundle of a space into a folder, or under a name."""
        count, made = self._carrying.export(_topic(space), Path(path), whole=whole)
        return {"vertices": count, "path": str(made), "size": made.stat().st_size}

    async def take_in(self, path: str) -> Json:
        """Take in a bundle, or those of a folder."""
        taken = await self._carrying.take_in(Path(path))
        return asdict(taken)

    async def announce(self, session_id: str, destination: str) -> Json:
        """Say where a participant of a session is left word: a name in the swarm, no address."""
        self._finding.announce(_topic(session_id), _topic(destination))
        return True

    async def participants(self, session_id: str) -> Json:
        """Return where those who take part in a session are left word."""
        try:
            found = await self._finding.participants(_topic(session_id))
        except TimeoutError:
            raise Refused("node: nobody answered") from None
        return [each.hex() for each in found]

    async def send(self, raw: str) -> Json:
        """Keep a signed transaction, and hand it to validators when there is a way to them."""
        if self._light is None:
            raise Refused("chain: no light node here: --checkpoint")
        from ..light.blocks import read_transaction  # loads a curve

        data = _hex(raw)
        one = read_transaction(data)
        if one.chain_id is None:
            raise Refused("chain: a transaction without a chain could be sent on any")
        life = self._unlocked().lifecycle
        try:
            kept = life.submit(
                chain_id=one.chain_id,
                sender=one.sender,
                nonce=one.nonce,
                raw=data,
                now=self._node.clock(),
            )
        except ValueError as error:
            raise Refused(str(error)) from None
        self._node.cores.stir()
        return {"hash": "0x" + one.hash.hex(), "status": kept.status.name.lower()}

    async def enable(self, stake: str) -> Json:
        """Become a validator with a stake in wei, from the user's own account; 0 leaves."""
        if self._full is None:
            raise Refused("chain: no chain node here: --chain")
        if not stake.isdecimal():
            raise Refused("chain: a stake is a number of wei")
        from ..wallet import from_seed  # loads a curve, which a daemon otherwise does without

        own = from_seed(self._wallet_seed())
        self._full.enable(int(stake), own.address, own.sign)
        return True

    async def transactions(self) -> Json:
        """Return the transactions that wait, or need the user to decide."""
        return [
            {"nonce": one.nonce, "status": one.status.name.lower(), "raw": "0x" + one.raw.hex()}
            for one in self._unlocked().lifecycle.submissions.all()
        ]

    def _unlocked(self) -> Member:
        assert self._spaces.member is not None, "settled calls have one"
        return self._spaces.member

    def _tell(self, kind: str, topic: bytes) -> None:
        self.publish({"kind": kind, "space": topic.hex()})


def _told(run: Callable[..., Awaitable[Json]]) -> Callable[..., Awaitable[Json]]:
    """Let what the protocols refuse be an answer to the user."""

    async def told(**params: Json) -> Json:
        try:
            return await run(**params)
        except Refused as refusal:
            raise ControlError(REFUSED, refusal.reason) from None

    return told


def _protocols(node: Node) -> list[str]:
    network = node.network
    return [each.protocol for peer_id in network.peers for each in network.connections(peer_id)]


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise Refused("chain: not hex") from None


def _topic(text: str) -> bytes:
    try:
        topic = bytes.fromhex(text)
    except ValueError:
        raise Refused("node: an id has 64 hex digits") from None
    if len(topic) != ID:
        raise Refused("node: an id has 64 hex digits")
    return topic
