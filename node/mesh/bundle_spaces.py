"""Spaces of a mesh in and out of bundles: what a node does with a stick."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from ..codec import Refused
from ..core import Store
from ..crypto import Random, SigningKey
from .bundle import Recipients
from .bundle_content import Batch, Import, export, owed, tell, told
from .mesh import Added, Mesh
from .sync.items import id_of, row
from .vertex import read_vertex


@dataclass(frozen=True, slots=True)
class Exported:
    """Bundles that are to be written: each part before the next, and how much is in them all."""

    vertices: int
    parts: Iterator[Iterator[bytes]]


def export_space(
    mesh: Mesh,
    store: Store,
    topic: bytes,
    recipients: Recipients,
    signer: SigningKey,
    random: Random,
    *,
    answers: Collection[bytes],
    snapshots: Iterable[bytes] = (),
    size_max: int | None = None,
) -> Exported:
    """Take out what any of these exporters lacks, whose bundles came; everything for nobody."""
    items = mesh.items(topic)
    rows = list(items)
    if answers:
        tellers = told(store, topic)
        lacked: set[bytes] = set()
        for name in answers:
            about = tellers.get(name)
            lacked.update(owed(items, about, lambda known: mesh.beyond(topic, known)))
        rows = [each for each in rows if each in lacked]
    ends = set(mesh.heads(topic))
    about = tell(topic, items, [each for each in items if id_of(each) in ends], (), random)
    vertices = (
        data for each in rows if (data := mesh.encoded(topic, id_of(each))) is not None
    )  # what was pruned is not there
    parts = export(about, vertices, snapshots, recipients, signer, random, size_max)
    return Exported(len(rows), parts)


def import_space(
    mesh: Mesh, imported: Import, clock: Callable[[], int]
) -> Iterator[tuple[Batch, Added]]:
    """Take a bundle into its space; give each batch once its vertices are on the disk.

    A vertex that waits for those of an earlier part is not on the disk: that part is to come first,
    and then this bundle again, from its beginning. A snapshot is worth as much as its exporter's
    word: hold it to a checkpoint, or drop it.
    """
    topic = imported.about.topic
    is_whole = True
    for batch in imported.batches():
        if topic not in mesh.topics:
            raise Refused("bundle: of a space that is not carried")
        added = mesh.add(topic, batch.vertices, clock())
        here = sum(_is_here(mesh, topic, data) for data in batch.vertices)
        is_whole = is_whole and here + added.refused == len(batch.vertices)
        if is_whole:
            imported.keep(batch)
        yield batch, added
    if is_whole:
        imported.finish()
    else:
        imported.forget()


def _is_here(mesh: Mesh, topic: bytes, data: bytes) -> bool:
    try:
        vertex = read_vertex(data)
    except Refused:
        return False
    return row(vertex.lamport, vertex.id) in mesh.items(topic)
