"""The spaces of a daemon: carried by the node, read and written while its user has unlocked it.

What a node carries lies in `mesh.db`, encrypted as a whole, and in it sealed by the members. The
secrets of spaces, what the user wrote and no vertex says yet, and signed transactions that wait lie
in the vault.
"""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from ..codec import Reader, Refused, sized
from ..core import Store
from ..crdt.array import Array
from ..crdt.bodies import Name, Operation, is_text
from ..crdt.documents import Documents
from ..crdt.edits import WORDS, document_id, edit, named
from ..crdt.replica import Replica
from ..crypto import KEY
from ..lifecycle import Event, Lifecycle
from ..mesh.mesh import Mesh
from ..mesh.settings import Arrived, Equivocation, Misbehaved
from ..mesh.store import MeshStore
from .services import Node

SPACE = b"space/"
NAME_MAX = 64
FILE = "mesh.db"


class Member:
    """What is there of spaces while the user has unlocked the node."""

    def __init__(self, store: Store, lifecycle: Lifecycle) -> None:
        self.store = store
        self.lifecycle = lifecycle
        self.names: dict[bytes, str] = {}
        self.secrets: dict[bytes, bytes] = {}
        self.seeds: dict[bytes, bytes] = {}  # of the pseudonym in each space
        self.replicas: dict[bytes, Replica] = {}


class Spaces:
    """The mesh of one daemon, and its user's part in it."""

    def __init__(self, node: Node, folder: Path, key: bytes, refused: Counter[str]) -> None:
        self._node = node
        self._refused = refused
        self.store = MeshStore(folder / FILE, key)
        self.mesh = Mesh(node.peer_id, self.store, os.urandom)
        self.member: Member | None = None
        self.tell: Callable[[str, bytes], None] = lambda _kind, _topic: None
        self.heard: Callable[[Event], None] = lambda _: None
        self.forks = 0
        self.carries_for_others = True
        node.cores.add(self.mesh)
        node.cores.after.append(self._settle)

    # --- The user comes and goes --------------------------------------------------------------

    def unlock(self, store: Store) -> None:
        """Open the spaces whose secrets lie in a store."""
        now = self._node.clock()
        lifecycle = Lifecycle(
            self.mesh, store, os.urandom, is_local=self._node.network.is_near, merge=self._catch_up
        )
        self.member = Member(store, lifecycle)
        for _, value in store.scan(SPACE):
            reader = Reader(value)
            secret, seed, name = reader.take(KEY), reader.take(KEY), reader.sized(NAME_MAX)
            self._open(self.mesh.join(secret, seed), secret, seed, name.decode(), now)
        self._node.cores.watch(lifecycle)

    def lock(self) -> None:
        """Forget every secret; what is carried is carried on."""
        if self.member is not None:
            self._node.cores.forget(self.member.lifecycle)
            self.member = None
        self.mesh.lock()

    def close(self) -> None:
        """Let go of the file."""
        self.store.close()

    @property
    def own(self) -> frozenset[bytes]:
        """The spaces of the user: they flow on where traffic costs."""
        return frozenset(self.member.names) if self.member else frozenset()

    # --- Spaces -------------------------------------------------------------------------------

    def create(self, name: str) -> bytes:
        """Begin a space of the user's own; return its topic."""
        return self.join(os.urandom(KEY), name)

    def join(self, secret: bytes, name: str) -> bytes:
        """Be a member of a space; return its topic."""
        member = self._unlocked()
        if not 0 < len(name.encode()) <= NAME_MAX or not name.isprintable():
            raise Refused("spaces: a name is 1 to 64 bytes of printable text")
        if len(self.mesh.topics) >= self._node.spaces_max:
            raise Refused("spaces: as many as this node's profile lets it carry")
        seed = os.urandom(KEY)
        topic = self.mesh.join(secret, seed)
        if topic not in member.names:
            member.store.commit({SPACE + topic: secret + seed + sized(name.encode())})
            self._open(topic, secret, seed, name, self._node.clock())
        self._node.cores.stir()
        return topic

    def leave(self, topic: bytes) -> None:
        """Forget a space; who else has it keeps it."""
        member = self._unlocked()
        if topic not in self.mesh.topics:
            raise Refused("spaces: no such space here")
        member.store.commit({SPACE + topic: None})
        member.names.pop(topic, None)
        member.secrets.pop(topic, None)
        member.seeds.pop(topic, None)
        member.replicas.pop(topic, None)
        member.lifecycle.close(topic)
        self.mesh.leave(topic)
        self._node.cores.stir()

    def carry(self, carrier: bytes) -> bytes:
        """Keep and pass on a space without reading it; return its topic."""
        if not self.carries_for_others or len(self.mesh.topics) >= self._node.spaces_max:
            raise Refused("spaces: no room for others' at present")
        topic = self.mesh.carry(carrier)
        self._node.cores.stir()
        return topic

    def prune(self, room: int) -> int:
        """Free so many bytes of what others have too; return how many were.

        What documents come to is kept first; so nothing goes while the node is locked.
        """
        freed = 0
        if self.member is None:
            return freed
        for topic in sorted(self.member.replicas, key=self.mesh.size, reverse=True):
            if freed < room:
                self.member.replicas[topic].save(self.member.store)
                freed += self.mesh.prune(topic, room - freed)
        return freed

    # --- Documents ----------------------------------------------------------------------------

    def documents(self, topic: bytes) -> Documents:
        """Return the documents of a space, with what the user wrote and no vertex says yet."""
        member = self._unlocked()
        if topic not in member.replicas:
            raise Refused("spaces: no such space is open")
        if member.lifecycle.journal.waiting(topic):
            member.lifecycle.flush(topic, self._node.clock())
            self._node.cores.stir()
        member.replicas[topic].catch_up()
        return member.replicas[topic].documents

    def listed(self, topic: bytes) -> list[tuple[str, str]]:
        """Return type and name of every named document."""
        return sorted(named(self.documents(topic)))

    def value(self, topic: bytes, word: str, name: str) -> object:
        """Return what a document holds."""
        if word not in WORDS:
            raise Refused("edits: no such type of document")
        documents, document = self.documents(topic), Name(WORDS[word], document_id(name))
        value: object = documents.value(document)
        state = documents.state(document)
        if isinstance(state, Array) and is_text(state.value()):
            return state.text()
        return value

    def change(self, topic: bytes, word: str, name: str, change: dict[str, object]) -> None:
        """Change a document: durable when it returns, and on its way within two seconds."""
        member = self._unlocked()
        operations: list[Operation] = edit(self.documents(topic), word, name, change)
        try:
            member.lifecycle.write(topic, operations, self._node.clock())
        except ValueError as error:
            raise Refused(str(error)) from None
        self._node.cores.stir()

    # --- Inside -------------------------------------------------------------------------------

    def _unlocked(self) -> Member:
        if self.member is None:
            raise Refused("spaces: locked")
        return self.member

    def _open(self, topic: bytes, secret: bytes, seed: bytes, name: str, now: int) -> None:
        member = self._unlocked()
        member.names[topic], member.secrets[topic], member.seeds[topic] = name, secret, seed
        member.replicas[topic] = Replica(self.mesh, topic)
        member.replicas[topic].load(member.store)
        member.lifecycle.open(topic, now)

    def _catch_up(self, topic: bytes) -> None:
        if self.member is not None and topic in self.member.replicas:
            self.member.replicas[topic].catch_up()

    def _settle(self) -> None:
        """Take what the mesh tells into documents, and tell the lifecycle and the user of it."""
        now, member = self._node.clock(), self.member
        for event in self.mesh.events():
            if member is not None:
                member.lifecycle.heard(event, now)
            match event:
                case Arrived(topic, names):
                    if member is not None and topic in member.replicas:
                        member.replicas[topic].arrived(names)
                        self.tell("arrived", topic)
                case Equivocation(topic, _, _, _):
                    self.forks += 1
                    self.tell("fork", topic)
                case Misbehaved(peer_id, reason):
                    self._refused[reason] += 1
                    self._node.network.hang_up(peer_id)
                case _:
                    continue
        if member is not None:
            for told in member.lifecycle.events():
                self.heard(told)
