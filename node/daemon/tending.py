"""How much of its machine a daemon takes: readings in, settings of every part out."""

import asyncio
from dataclasses import replace
from math import inf
from pathlib import Path

from ..flags import RATES
from ..onion.cover import Rate
from ..probes import read
from ..resources import READ_MS, Budget, Prune, Reading, ResourceManager, Set, mesh_settings
from .finding import Finding
from .services import Node
from .spaces import Spaces


class Tending:
    """The resource manager of one daemon."""

    def __init__(
        self, node: Node, finding: Finding, spaces: Spaces, folder: Path, manager: ResourceManager
    ) -> None:
        self._node = node
        self._finding = finding
        self._spaces = spaces
        self._folder = folder
        self._chosen = node.routing.rate
        self.manager = manager
        self.reading = Reading(memory=0, storage=0)
        self.pruned = 0

    async def run(self) -> None:
        """Read and follow the rules until cancelled."""
        while True:
            self.reading = await asyncio.to_thread(read, self._folder)
            self.manager.read(self.reading, self._node.clock())
            for event in self.manager.events():
                match event:
                    case Set(budget):
                        self._set(budget)
                    case Prune(amount, _):
                        self.pruned += self._spaces.prune(amount)
            await asyncio.sleep(READ_MS / 1_000)

    def _set(self, budget: Budget) -> None:
        now, mesh = self._node.clock(), self._spaces.mesh
        settings = mesh_settings(budget, mesh.settings)
        mesh.set(replace(settings, critical=self._spaces.own), now)
        self._spaces.carries_for_others = budget.carries_for_others
        self._finding.dht.upkeep.pace = budget.dht_pace
        # What the user chose is never exceeded: cover that he switched off stays off.
        allowed = RATES[budget.cover]
        self._node.routing.set_rate(max(self._chosen, allowed, key=_sparing), now)
        self._node.pacing.set_wakes(budget.wakes_per_minute)
        self._node.cores.stir()


def _sparing(rate: Rate) -> float:
    """Return how little a rate sends."""
    return inf if rate.gap_ms is None else rate.gap_ms
