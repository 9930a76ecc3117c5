"""Bundles of a daemon: what others lack goes onto a stick, what a stick brings goes into the mesh.

A bundle is sealed to those who carry its space, and signed by the user's pseudonym there, or by a
key of the moment while the node is locked.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..codec import Refused
from ..crypto import SigningKey
from ..mesh.bundle import Recipients
from ..mesh.bundle_content import About, export, owed, take_in, tell, told
from ..mesh.bundle_file import FileSource, bundles_in, save_bundle
from ..mesh.sync.items import id_of
from .services import Node
from .spaces import Spaces


@dataclass(slots=True)
class Taken:
    """What became of the vertices of some bundles."""

    bundles: int = 0
    vertices: int = 0
    new: int = 0
    refused: int = 0
    orphans: int = 0


class Carrying:
    """Bundles out and in."""

    def __init__(self, node: Node, spaces: Spaces, refused: Counter[str]) -> None:
        self._node = node
        self._spaces = spaces
        self._refused = refused

    def export(self, topic: bytes, path: Path, *, whole: bool) -> tuple[int, Path]:
        """Write a bundle into a folder, or under a name; return how much it holds, and where."""
        mesh = self._spaces.mesh
        if topic not in mesh.topics:
            raise Refused("spaces: no such space here")
        if path.exists() and not path.is_dir():
            raise Refused("bundle: there is such a file")
        rows = self._owed(topic, whole=whole)
        items, heads = mesh.items(topic), mesh.heads(topic)
        about = tell(topic, items, [row for row in items if id_of(row) in heads], (), os.urandom)
        recipients = Recipients(space_keys=[mesh.carrier_key(topic)])
        signer = SigningKey.from_seed(self._seed(topic))
        parts = export(about, self._encoded(topic, rows), (), recipients, signer, os.urandom)
        folder = path if path.is_dir() else path.parent
        try:
            (made,) = [save_bundle(folder, part, os.urandom) for part in parts]
            if not path.is_dir():
                made = made.rename(path)  # no link first: sticks have file systems without
        except OSError as error:
            raise Refused(f"bundle: not written: {error.strerror}") from None
        return len(rows), made

    async def take_in(self, path: Path) -> Taken:
        """Take in a bundle, or all that lie in a folder; a second time it changes nothing."""
        taken = Taken()
        for file in bundles_in(path) if path.is_dir() else [path]:
            try:
                await self._take_in(file, taken)
            except Refused as refusal:
                if not path.is_dir():
                    raise
                self._refused[refusal.reason] += 1
        self._node.cores.stir()
        return taken

    # --- Inside ---

    async def _take_in(self, path: Path, taken: Taken) -> None:
        mesh = self._spaces.mesh
        keys = {mesh.carrier_key(topic): topic for topic in mesh.topics}
        with FileSource(path) as source:
            bundle = await asyncio.to_thread(take_in, source, self._spaces.store, keys)
            for batch in bundle.batches():
                await asyncio.sleep(0)  # the rest of the node has its turn between batches
                if bundle.about.topic not in mesh.topics:
                    raise Refused("bundle: its space was left")
                added = mesh.add(bundle.about.topic, batch.vertices, self._node.clock())
                bundle.keep(batch)
                taken.vertices += len(batch.vertices)
                taken.new += len(added.ids)
                taken.refused += added.refused
                taken.orphans += added.orphans
            bundle.finish()
        taken.bundles += 1

    def _owed(self, topic: bytes, *, whole: bool) -> list[bytes]:
        """Return the rows that anybody lacks who has told what he has; all where nobody has."""
        mesh = self._spaces.mesh
        items = mesh.items(topic)
        abouts: list[About | None] = list(told(self._spaces.store, topic).values())
        if whole or not abouts:
            return list(items)
        wanted: set[bytes] = set()
        for about in abouts:
            wanted.update(owed(items, about, lambda known: mesh.beyond(topic, known)))
        return [row for row in items if row in wanted]

    def _encoded(self, topic: bytes, rows: list[bytes]) -> Iterator[bytes]:
        for row in rows:
            data = self._spaces.mesh.encoded(topic, id_of(row))
            if data is not None:
                yield data

    def _seed(self, topic: bytes) -> bytes:
        member = self._spaces.member
        return member.seeds.get(topic, os.urandom(32)) if member else os.urandom(32)
