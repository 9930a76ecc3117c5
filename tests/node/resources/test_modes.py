"""What the modes do to a real mesh: how often it wakes of its own accord, and how much it sends."""

import pytest

from node.crypto import sha256
from node.mesh.mesh import Mesh
from node.mesh.settings import Settings
from node.resources import CRITICAL, FULL, LOW_POWER, MINUTE_MS, Budget, mesh_settings
from node.simulation.world import World

MINUTES = 30
SECRET = sha256(b"secret")


class Counted(Mesh):
    """A mesh that counts how often it is woken by its own timers."""

    def __init__(self, peer_id: bytes, store, random) -> None:
        super().__init__(peer_id, store, random)
        self.topic = self.join(SECRET, sha256(b"author", peer_id))
        self.ticks = 0

    def tick(self, now: int) -> None:
        self.ticks += 1
        super().tick(now)


def run(budget: Budget) -> tuple[int, int]:
    """Return the bytes that a node sent while others wrote each minute, and its wakes."""
    world = World(5)
    nodes = [world.add(lambda *parts: [Counted(*parts)]) for _ in range(5)]
    for low in range(5):
        for high in range(low + 1, 5):
            world.keep(low, high)
    world.run_for(20_000)
    mesh = nodes[0].cores[0]
    world.act(nodes[0], lambda now: mesh.set(mesh_settings(budget, mesh.settings), now))
    world.run_for(MINUTE_MS)
    sent, ticks = nodes[0].sent, mesh.ticks
    for minute in range(MINUTES):
        writer = nodes[1 + minute % 4]
        other, text = writer.cores[0], b"%d" % minute
        world.act(writer, lambda now, m=other, t=text: m.append(m.topic, t, now))
        world.run_for(MINUTE_MS)
    return nodes[0].sent - sent, mesh.ticks - ticks


@pytest.mark.parametrize("budget", [LOW_POWER, CRITICAL])
def test_low_power_wakes_once_a_minute(budget: Budget) -> None:
    full, low = run(FULL), run(budget)

    assert low[1] <= MINUTES + 1 < full[1]
    assert low[0] < full[0]
    assert low[0] * 60 / MINUTES < 1_000_000


def test_the_rest_of_a_meshs_settings_stays() -> None:
    base = Settings(commit_ms=7, copies=3, critical=frozenset([b"t"]))
    changed = mesh_settings(CRITICAL, base)

    assert (changed.commit_ms, changed.copies, changed.critical) == (7, 3, frozenset([b"t"]))
    assert (changed.fanout, changed.metered, changed.low_power) == (1, True, True)
    assert mesh_settings(FULL, Settings()) == Settings()
