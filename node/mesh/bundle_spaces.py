"""Spaces of a mesh in and out of bundles: what a node does with a stick."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from ..codec import Refused
from ..core import Store
from ..crypto import HybridKey, Random, SigningKey
from .bundle import Recipients, Source
from .bundle_content import About, export, owed, take_in, tell, told
from .mesh import Mesh
from .sync.graph import since
from .sync.items import id_of, row
from .vertex import read_vertex

FRESH_MAX = 100_000  # vertices that are looked at to find what follows somebody's heads


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What became of a bundle."""

    topic: bytes
    exporter: bytes  # by which one answers with `export_space`
    new: int
    refused: int
    is_whole: bool
    """False where vertices wait for those of an earlier part: that first, then this one again."""


def export_space(
    mesh: Mesh,
    store: Store,
    topic: bytes,
    recipients: Recipients,
    signer: SigningKey,
    random: Random,
    *,
    answers: bytes | None = None,
    snapshots: Iterable[bytes] = (),
    size_max: int | None = None,
) -> Iterator[Iterator[bytes]]:
    """Give the bundles of a space: all of it, or what the exporter of a bundle that came lacks."""
    items = mesh.items(topic)
    lacked = owed(items, _told_by(store, topic, answers), _beyond(mesh, topic))
    heads = [row(_look(mesh, topic, head)[0], head) for head in mesh.heads(topic)]
    vertices = (
        vertex.encode()
        for each in lacked
        if (vertex := mesh.vertex(topic, id_of(each))) is not None  # else it was pruned
    )
    about = tell(topic, items, heads, (), random)
    return export(about, vertices, snapshots, recipients, signer, random, size_max)


def import_bundle(
    mesh: Mesh,
    store: Store,
    source: Source,
    topics: Mapping[bytes, bytes],
    now: int,
    *,
    hybrids: Iterable[HybridKey] = (),
    hear_snapshot: Callable[[bytes], None],
) -> Imported:
    """Take a bundle into a space that is carried; a bundle that is wrong changes nothing.

    `topics` are by the keys of their spaces. A snapshot is worth as much as its exporter's word:
    `hear_snapshot` holds it to a checkpoint, or drops it.
    """
    imported = take_in(source, store, topics, hybrids)
    topic = imported.about.topic
    if topic not in mesh.topics:
        raise Refused("bundle: of a space that is not carried")
    new = refused = 0
    is_whole = True
    for batch in imported.batches():
        added = mesh.add(topic, batch.vertices, now)
        new += len(added.ids)
        refused += added.refused
        here = sum(_is_here(mesh, topic, data) for data in batch.vertices)
        is_whole = is_whole and here + added.refused == len(batch.vertices)
        for snapshot in batch.snapshots:
            hear_snapshot(snapshot)
        if is_whole:
            imported.keep(batch)
    if is_whole:
        imported.finish()
    return Imported(
        topic=topic, exporter=imported.exporter, new=new, refused=refused, is_whole=is_whole
    )


def _is_here(mesh: Mesh, topic: bytes, data: bytes) -> bool:
    try:
        vertex = read_vertex(data)
    except Refused:
        return False
    return row(vertex.lamport, vertex.id) in mesh.items(topic)


def _told_by(store: Store, topic: bytes, exporter: bytes | None) -> About | None:
    return None if exporter is None else told(store, topic).get(exporter)


def _look(mesh: Mesh, topic: bytes, name: bytes) -> tuple[int, tuple[bytes, ...]]:
    """Return where a vertex stands; what was pruned leads no further."""
    vertex = mesh.vertex(topic, name)
    return (0, ()) if vertex is None else (vertex.lamport, vertex.parents)


def _beyond(mesh: Mesh, topic: bytes) -> Callable[[Collection[bytes]], list[bytes] | None]:
    def fresh(common: Collection[bytes]) -> list[bytes] | None:
        return since(
            mesh.heads(topic),
            map(id_of, common),
            lambda name: _look(mesh, topic, name),
            FRESH_MAX,
        )

    return fresh
