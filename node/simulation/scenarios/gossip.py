"""Broadcasts to many nodes over lines that are far apart: does everybody get all, and when."""

from random import Random

from ..community import Community, tie
from ..invariants import nothing_lost, one_history, told_is_kept
from ..links import Terms
from ..outcome import Outcome, Recorder, Settings, Watch, gather, percentile
from ..world import World

NODES, BROADCASTS = 100, 100
CONTENT = 960  # bytes, which sealed and padded are 1 KiB
DEGREE = 3
TIE_MS = 30_000
GAP_MS = 200
QUIET_MAX_MS = 600_000


def run(settings: Settings, watch: Watch) -> Outcome:
    """Run it."""
    count, broadcasts = settings.nodes or NODES, settings.work or BROADCASTS
    chance = Random(f"pars/gossip/{settings.seed}")
    world = World(settings.seed, Terms())
    community = Community(world, edits=False)
    for _ in range(count):
        community.admit()
    tie(world, chance, list(range(count)), DEGREE)

    def broadcast() -> None:
        community.write(chance.choice(community.members), chance.randbytes(CONTENT))

    for number in range(broadcasts):
        world.at(TIE_MS + number * GAP_MS, broadcast)
    end = TIE_MS + broadcasts * GAP_MS
    recorder = Recorder(world, end, community.share, watch)
    recorder.what = "broadcasts"
    world.run_until(end)
    world.run_while(lambda: not community.is_quiet(), QUIET_MAX_MS)
    recorder.note()
    outcome = gather(settings, world)
    outcome.curve = recorder.curve
    outcome.state = community.state()
    wanted = broadcasts * count
    outcome.facts = {
        "broadcasts": broadcasts,
        "delivered": len(community.times),
        "of": wanted,
        "p50 ms": percentile(community.times, 0.5),
        "p99 ms": percentile(community.times, 0.99),
        "bytes a node": outcome.bytes // count,
    }
    rules = (nothing_lost, one_history, told_is_kept)
    outcome.violations = [text for rule in rules for text in rule(community)]
    return outcome
