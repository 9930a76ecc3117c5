"""Bundles of a daemon: what others lack goes onto a stick, what a stick brings goes into the mesh.

A bundle is sealed to those who carry its space, and signed by the user's pseudonym there, or by a
key of the moment while the node is locked.
"""

import asyncio
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from ..codec import Refused
from ..crypto import SigningKey
from ..mesh.bundle import Recipients
from ..mesh.bundle_content import take_in, told
from ..mesh.bundle_file import FileSource, bundles_in, save_bundle
from ..mesh.bundle_spaces import export_space, import_space
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
        exported = export_space(
            *(mesh, self._spaces.store, topic),
            Recipients(space_keys=[mesh.carrier_key(topic)]),
            SigningKey.from_seed(self._seed(topic)),
            os.urandom,
            answers=() if whole else tuple(told(self._spaces.store, topic)),
        )
        folder = path if path.is_dir() else path.parent
        try:
            (made,) = [save_bundle(folder, part, os.urandom) for part in exported.parts]
            if not path.is_dir():
                made = made.rename(path)  # no link first: sticks have file systems without
        except OSError as error:
            raise Refused(f"bundle: not written: {error.strerror}") from None
        return exported.vertices, made

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
            for batch, added in import_space(mesh, bundle, self._node.clock):
                taken.vertices += len(batch.vertices)
                taken.new += len(added.ids)
                taken.refused += added.refused
                taken.orphans += added.orphans
                await asyncio.sleep(0)  # the rest of the node has its turn between batches
        taken.bundles += 1

    def _seed(self, topic: bytes) -> bytes:
        member = self._spaces.member
        return member.seeds.get(topic, os.urandom(32)) if member else os.urandom(32)
