"""Rich documents: texts with marks, maps, lists, trees; merged by Loro, guarded against authors.

Loro names an operation (peer, counter), and one name used twice makes replicas differ for ever.
So a peer id belongs to one chain: one author's updates of one document, each naming the one
before, each beginning at the counter where that one ended. Where a chain forks, the branch with
the lower name is taken by everybody, and the author is known as equivocating.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, Self, TypeVar

from loro import (
    ContainerID,
    EncodedBlobMode,
    ExportMode,
    LoroCounter,
    LoroDoc,
    LoroText,
    LoroTree,
)

from ..codec import Reader, Refused, sized, u8, u64
from ..crypto import sha256
from .bodies import (
    Body,
    Ref,
    Update,
)
from .operations import ID
from .states import KEY, Origin, after, key_of, ref_of

# Loro turns nested values into Python's by recursion; two bytes make a level. 20 KB of them are
# safe in a stack of 8 MiB, 30 KB are not.
UPDATE_MAX = 16 << 10
OPERATIONS_MAX = 1 << 20  # of one update: a few bytes may claim billions
DEPTH_MAX = 48

_LABEL = b"pars/crdt-rich/v1"
_PEER_END = (1 << 64) - 1  # Loro keeps the last number for itself

_T = TypeVar("_T")
_Place = tuple[bytes, bytes, bytes]  # author, chain, name of the update before


class _Link(NamedTuple):
    """One update, well-formed, and of its own chain's peer alone."""

    origin: Origin
    chain: bytes
    previous: bytes  # name, or nothing for the first
    update: bytes
    start: int  # counters of the peer
    end: int


def peer_of(author: bytes, document: bytes, chain: bytes) -> int:
    """Return the Loro peer id of a chain."""
    digest = sha256(_LABEL, author, document, chain)
    return int.from_bytes(digest[:8], "big") % _PEER_END


class Rich:
    """The state of a rich document: every update, and Loro's view of the accepted ones."""

    def __init__(self, document: bytes) -> None:
        self._document = document
        self._links: dict[bytes, _Link] = {}
        self._behind: dict[_Place, list[bytes]] = {}
        self._accepted: dict[_Place, bytes] = {}
        self._broken: set[bytes] = set()
        self._doc = _new_doc()
        self.refused = 0

    def apply(self, origin: Origin, operations: list[tuple[int, Body]]) -> None:
        """Take up the updates of one vertex."""
        for index, body in operations:
            if isinstance(body, Update):
                previous = key_of(body.previous, origin) if body.previous else b""
                key = key_of(Ref(b"", index), origin)
                self._add(key, origin, body.chain, previous, body.update)

    def merge(self, other: Self) -> None:
        """Take up the other's updates."""
        for key, link in sorted(other._links.items()):
            self._add(key, link.origin, link.chain, link.previous, link.update)

    def change(self, author: bytes, chain: bytes, edit: Callable[[LoroDoc], object]) -> Update:
        """Return the operation for what `edit` does; ValueError where it is nothing, or too much.

        It continues what is applied: the one before has to be in a vertex by now.
        """
        doc = self._doc.fork()
        doc.peer_id = peer_of(author, self._document, chain)
        before = doc.oplog_vv
        edit(doc)
        doc.commit()
        update = doc.export(ExportMode.Updates(before))
        if _span(update, doc.peer_id) is None:
            raise ValueError("crdt: nothing changed, or too much for one update")
        tip = self._tip(author, chain)
        return Update(chain, ref_of(tip) if tip else None, update)

    def value(self) -> Any:
        """Return what the user sees; bytes as {"bytes": hex}, trees as lists of nodes."""
        return _guarded(lambda: self._plain(self._doc.get_value(), DEPTH_MAX))

    @property
    def equivocating(self) -> list[bytes]:
        """Return the authors of chains that fork."""
        authors = {place[0] for place in self._behind if len(self._fitting(place)) > 1}
        return sorted(authors)

    # --- chains ----------------------------------------------------------------------------------

    def _add(
        self, key: bytes, origin: Origin, chain: bytes, previous: bytes, update: bytes
    ) -> None:
        if key in self._links:
            return
        span = _span(update, peer_of(origin.author, self._document, chain))
        if span is None:
            self.refused += 1
            return
        self._links[key] = _Link(origin, chain, previous, update, *span)
        place = (origin.author, chain, previous)
        self._behind.setdefault(place, []).append(key)
        if previous and not self._is_accepted(previous, origin.author, chain):
            return
        if place in self._accepted:
            if min(self._fitting(place)) != self._accepted[place]:
                self._rebuild()
        elif not all(self._take_in(name) for name in self._follow(place)):
            self._rebuild()

    def _is_accepted(self, key: bytes, author: bytes, chain: bytes) -> bool:
        link = self._links.get(key)
        return (
            link is not None
            and (link.origin.author, link.chain) == (author, chain)
            and self._accepted.get((author, chain, link.previous)) == key
        )

    def _fitting(self, place: _Place) -> list[bytes]:
        """Return the updates that begin where the one before ended."""
        author, chain, previous = place
        before = self._links.get(previous)
        if previous and (before is None or (before.origin.author, before.chain) != (author, chain)):
            return []
        start = before.end if before else 0
        return [key for key in self._behind.get(place, ()) if self._links[key].start == start]

    def _follow(self, place: _Place) -> list[bytes]:
        """Accept a chain from a place on, and return the names in their order."""
        names = []
        while fitting := self._fitting(place):
            name = self._accepted[place] = min(fitting)
            names.append(name)
            place = (*place[:2], name)
        return names

    def _tip(self, author: bytes, chain: bytes) -> bytes:
        tip = b""
        while name := self._accepted.get((author, chain, tip)):
            tip = name
        return tip

    # --- Loro ------------------------------------------------------------------------------------

    def _take_in(self, name: bytes) -> bool:
        update = self._links[name].update
        return _guarded(lambda: self._doc.import_(update)) is not None

    def _rebuild(self) -> None:
        """Choose the branches anew, and give Loro what is accepted, in the order of lamports."""
        self._accepted = {}
        names = [n for place in sorted(self._behind) if not place[2] for n in self._follow(place)]
        names.sort(key=lambda name: (self._links[name].origin.lamport, name))
        while True:
            self._doc = _new_doc()
            sound = (name for name in names if name not in self._broken)
            broken = next((name for name in sound if not self._take_in(name)), None)
            if broken is None:
                return
            self._broken.add(broken)  # what failed half-way may have harmed the document
            self.refused += 1

    def _plain(self, value: Any, depth: int) -> Any:
        """Return a value as JSON can hold it; what is nested too deep is None."""
        if not depth:
            return None
        if isinstance(value, bytes):
            return {"bytes": value.hex()}
        if isinstance(value, list):
            return [self._plain(item, depth - 1) for item in value]
        if isinstance(value, dict):
            return {key: self._plain(item, depth - 1) for key, item in value.items()}
        if not isinstance(value, ContainerID):
            return value
        container: Any = self._doc.get_container(value)
        if isinstance(container, LoroText):
            return container.to_string()
        if isinstance(container, LoroCounter):
            return container.value
        if isinstance(container, LoroTree):
            return [self._plain(_tree_node(container, n), depth - 1) for n in _nodes(container)]
        return self._plain(container.get_value(), depth)

    def collected(self) -> Self:
        """Return the document: what follows in a chain needs what was before it."""
        return self

    # --- state -----------------------------------------------------------------------------------

    def encode(self) -> bytes:
        """Return all updates in the order of their names, those of lost branches too."""
        parts = []
        for key, link in sorted(self._links.items()):
            origin = link.origin
            previous = u8(bool(link.previous)) + link.previous
            parts += [key, u64(origin.lamport), origin.author, link.chain, previous]
            parts.append(sized(link.update))
        return b"".join(parts)

    @classmethod
    def decode(cls, document: bytes, data: bytes) -> Self:
        """Read a state."""
        state, reader, last = cls(document), Reader(data), b""
        while len(reader):
            last = after(last, reader.take(KEY))
            origin = Origin(last[:ID], reader.u64(), reader.take(ID))
            chain, known = reader.take(ID), reader.u8()
            if known > 1:
                raise Refused("crdt: unknown form of a link")
            previous = reader.take(KEY) if known else b""
            state._add(last, origin, chain, previous, reader.sized(UPDATE_MAX))
        if state.refused:
            raise Refused("crdt: malformed update")
        return state


def _span(update: bytes, peer: int) -> tuple[int, int] | None:
    """Return which counters an update has; None where it is not of this peer alone."""
    if len(update) > UPDATE_MAX:
        return None
    meta = _guarded(lambda: LoroDoc.decode_import_blob_meta(update, True))
    if meta is None or meta.mode != EncodedBlobMode.Updates:
        return None
    first, end = meta.partial_start_vv.get_last(peer), meta.partial_end_vv.get_last(peer)
    if end is None or end - (first or 0) > OPERATIONS_MAX:
        return None
    # What the head says is not what Loro reads: an empty document takes up exactly what is there.
    status = _guarded(lambda: _new_doc().import_(update))
    if status is None:
        return None
    spans = dict(status.success.inner())
    for other, (start, stop) in (status.pending.inner() if status.pending else {}).items():
        known = spans.get(other, (start, start))
        if known[1] != start:
            return None
        spans[other] = (known[0], stop)
    span = spans.pop(peer, None)
    return None if spans or span is None or span[0] >= span[1] else span


def _new_doc() -> LoroDoc:
    return LoroDoc()  # type: ignore[no-untyped-call]


def _guarded(work: Callable[[], _T]) -> _T | None:
    """Return what Loro returns, or None where it fails: by exceptions that derive from the base."""
    try:
        return work()
    except (KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError):
        raise
    except BaseException:
        return None


def _nodes(tree: LoroTree) -> list[Any]:
    return sorted(tree.get_nodes(False), key=lambda n: (n.fractional_index, n.index, _named(n.id)))


def _named(tree_id: Any) -> str:
    return f"{tree_id.counter}@{tree_id.peer}"


def _tree_node(tree: LoroTree, node: Any) -> dict[str, Any]:
    parent = _named(node.parent) if node.parent else None
    meta = tree.get_meta(node.id).get_value()
    return {"id": _named(node.id), "parent": parent, "index": node.index, "meta": meta}
